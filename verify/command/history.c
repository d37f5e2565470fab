/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/command/command.h"
#include "verify/history/gather.h"
#include "verify/history/measure.h"
#include "verify/history/message.h"
#include "verify/history/night.h"
#include "verify/history/past.h"
#include "verify/history/quarantine.h"
#include "verify/history/show.h"
#include "verify/history/site.h"
#include "verify/history/store.h"
#include "verify/options.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* what all but `add` read, and what they were asked for */
struct asked {
	struct past past;
	struct measures measures;
	struct quarantine *quarantine;
	size_t nquarantine;
	const char *word; /* behind DB, or NULL */
};

static int
read_all(struct arena *a, const struct options *o, struct asked *q, struct err *e)
{
	struct store *s;
	int r;

	if (quarantine_read(a, arena_printf(a, "%s/quarantine", o->scenarios), &q->quarantine,
		&q->nquarantine, e) < 0 ||
	    store_open(a, o->words[1], false, &s, e) < 0)
		return -1;
	r = store_load(a, s, &q->past, e);
	store_close(s);
	if (r < 0)
		return -1;
	if (!q->past.nnights)
		return fail_usage(e, "%s: no run is in it; add some with history add", o->words[1]);
	q->word = o->nwords > 2 ? o->words[2] : NULL;
	measure_all(a, &q->past, &q->measures);
	return 0;
}

/* a clock that was ahead has left nights that are still to come */
static int
decide(struct arena *a, const struct options *o, const struct asked *q, const char *date,
    struct night *out, struct err *e)
{
	const char *last = q->past.nights[q->past.nnights - 1];
	char now[32], tonight[11] = "";
	time_t t = time(NULL);
	struct tm tm;
	size_t night;

	if (gmtime_r(&t, &tm) && strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", &tm))
		past_night(now, tonight);
	if (!past_find_night(&q->past, date, tonight, &night))
		return fail_usage(e, "%s: no night %s %s is in it; the last is that of %s",
		    o->words[1], date ? "of" : "until", date ? date : tonight, last);
	if (!date && night + 1 < q->past.nnights)
		log_warn("%s: no night is later than that of %s, but that of %s is in it: left "
			 "out; give a date to see it",
		    o->words[1], tonight, last);
	night_decide(a, &q->past, &q->measures, q->quarantine, q->nquarantine, night, out);
	return 0;
}

static int
print(struct buf *b, int status)
{
	log_stdout(b->n ? b->p : "");
	buf_free(b);
	return status;
}

/* ---- the words ---- */

static int
add(struct arena *a, const struct options *o, struct err *e)
{
	struct store *s;
	size_t added = 0, unfinished = 0, n = o->nwords - 2;
	int r = 0;

	if (store_open(a, o->words[1], true, &s, e) < 0)
		return -1;
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct past run;

		r = gather_run(a, o->words[2 + i], &run, e);
		if (r > 0) {
			/* its cases were not played in that night; those of the others were */
			log_warn("%s: not finished: it is under way, or was killed; left out",
			    o->words[2 + i]);
			unfinished++;
			continue;
		}
		if (r == 0)
			r = store_add(s, &run, e);
		added += r > 0;
	}
	store_close(s);
	if (r < 0)
		return added ? wrap(e, "after %zu of %zu runs, which are added", added, n) : -1;
	printf("%s: %zu runs added, %zu were there%s\n", o->words[1], added, n - unfinished - added,
	    unfinished ? arena_printf(a, ", %zu not finished", unfinished) : "");
	return 0;
}

static int
show(struct arena *a, const struct options *o, struct err *e)
{
	struct buf b = { 0 };
	struct asked q;
	struct night n;

	if (read_all(a, o, &q, e) < 0 || decide(a, o, &q, NULL, &n, e) < 0)
		return -1;
	if (show_text(a, &q.past, &n, q.quarantine, q.nquarantine, q.word, &b, e) < 0) {
		buf_free(&b);
		return -1;
	}
	return print(&b, 0);
}

static int
night(struct arena *a, const struct options *o, struct err *e)
{
	struct buf b = { 0 };
	struct asked q;
	struct night n;

	if (read_all(a, o, &q, e) < 0 || decide(a, o, &q, q.word, &n, e) < 0)
		return -1;
	message_text(a, &q.past, &n, &b);
	return print(&b, night_is_news(&n) ? EXIT_WORK : 0);
}

static int
site(struct arena *a, const struct options *o, struct err *e)
{
	struct asked q;

	if (read_all(a, o, &q, e) < 0 ||
	    site_write(a, &q.past, &q.measures, q.quarantine, q.nquarantine, q.word, e) < 0)
		return -1;
	printf("%s/index.html: %zu nights, %zu cases\n", q.word, q.past.nnights, q.past.ncases);
	return 0;
}

static const struct {
	const char *name, *words;
	size_t least, most; /* words, DB among them */
	int (*run)(struct arena *a, const struct options *o, struct err *e);
} kinds[] = {
	{ "add", "a database, and folders of runs", 2, (size_t)-1, add },
	{ "show", "a database, and perhaps a case", 1, 2, show },
	{ "night", "a database, and perhaps a date", 1, 2, night },
	{ "site", "a database, and a folder for the pages", 2, 2, site },
};

int
command_history(struct arena *a, struct options *o, struct err *e)
{
	const char *what = o->nwords ? o->words[0] : "";

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i].name, what) != 0)
			continue;
		if (o->nwords - 1 < kinds[i].least || o->nwords - 1 > kinds[i].most)
			return fail_usage(e, "history %s: give it %s", what, kinds[i].words);
		return kinds[i].run(a, o, e);
	}
	return fail_usage(e,
	    "history%s%s: one of add show night site; see lh-verify history --help",
	    *what ? " " : "", what);
}
