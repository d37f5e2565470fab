/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/show.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/history/night.h"
#include "verify/history/quarantine.h"
#include "verify/history/words.h"

#include <string.h>

/* of nights in a row, which is what fits beside a name */
#define NIGHTS 40

struct show {
	struct arena *a;
	const struct past *p;
	const struct night *n;
	const struct quarantine *q;
	size_t nq;
	struct buf *out;
};

static size_t
first_night(const struct show *s)
{
	return s->n->night + 1 > NIGHTS ? s->n->night + 1 - NIGHTS : 0;
}

static void
add_changes(const struct show *s, const struct past_image *was, const struct past_image *is)
{
	struct change *v;
	size_t n = was && is ? changes_between(s->a, was, is, &v) : 0;

	if (n)
		buf_addf(s->out, "%s", words_changes(s->a, v, n));
	else
		buf_adds(s->out,
		    was && is
			? past_same_image(was, is) ? "nothing, it is the same image" : "no package"
			: "not known");
}

static void
add_standing(const struct show *s, size_t c)
{
	const struct standing *t = &s->n->standings[c];
	const struct quarantine *q = quarantine_of(s->q, s->nq, &s->p->cases[c]);

	if (t->letter == 'F' && t->good == PAST_NONE) {
		buf_addf(s->out, "    red since %s; it never passed\n", s->p->nights[t->since]);
	} else if (t->letter == 'F') {
		buf_addf(s->out,
		    "    %s since %s, passed on %s; changed: ", t->red ? "red" : "failing",
		    s->p->nights[t->since], s->p->nights[t->good]);
		add_changes(s, past_image_of(s->p, c, t->good, VERDICT_PASS),
		    past_image_of(s->p, c, t->since, VERDICT_FAIL));
		buf_addf(s->out, "; sure: %s\n", words_percent(s->a, 1 - t->chance));
	}
	if (t->flaky)
		buf_addf(s->out,
		    "    flaky: failed %u of %u, so the next run fails with (%u + 1) / (%u + 2) = "
		    "%s\n",
		    t->bad, t->runs, t->bad, t->runs, words_percent(s->a, t->rate));
	if (q)
		buf_addf(s->out, "    in quarantine until %s%s: %s\n", q->until,
		    quarantine_is_over(q, s->p->nights[s->n->night]) ? ", which is over" : "",
		    q->reason);
}

static void
add_row(const struct show *s, size_t c, int width)
{
	buf_addf(s->out, "%-*s ", width, s->p->cases[c].name);
	for (size_t i = first_night(s); i <= s->n->night; i++) {
		char letter = past_letter(s->p, c, i);

		buf_add(s->out, &letter, 1);
	}
	buf_adds(s->out, "\n");
	add_standing(s, c);
}

/* each night on which it was judged, where letter or image differ from the time before */
static void
add_nights(const struct show *s, size_t c)
{
	const struct past_image *was = NULL;
	char before = 0;

	for (size_t i = 0; i <= s->n->night; i++) {
		size_t n = past_tries(s->p, c, i);
		const struct past_result *r = n ? past_result(s->p, c, i, n - 1) : NULL;
		const struct past_image *is =
		    r && r->image != PAST_NONE ? &s->p->images[r->image] : NULL;
		char letter = past_letter(s->p, c, i);

		if (!r || (letter == before && (was == is || past_same_image(was, is))))
			continue;
		buf_addf(s->out, "    %s %c", s->p->nights[i], letter);
		if (was && !past_same_image(was, is)) {
			buf_adds(s->out, "  changed: ");
			add_changes(s, was, is);
		}
		if (r->what)
			buf_addf(s->out, "  %s", words_line(s->a, r->what));
		buf_adds(s->out, "\n");
		before = letter;
		was = is ? is : was;
	}
}

int
show_text(struct arena *a, const struct past *p, const struct night *n, const struct quarantine *q,
    size_t nq, const char *name, struct buf *out, struct err *e)
{
	struct show s = { a, p, n, q, nq, out };
	size_t width = 0, shown = 0;

	for (size_t c = 0; c < p->ncases; c++)
		if ((!name || past_case_is(&p->cases[c], name)) && strlen(p->cases[c].name) > width)
			width = strlen(p->cases[c].name);
	buf_addf(out, "nights of %s to %s: P passed, F failed, B both, S skipped, I inconclusive\n",
	    p->nights[first_night(&s)], p->nights[n->night]);
	for (size_t c = 0; c < p->ncases; c++) {
		if (name && !past_case_is(&p->cases[c], name))
			continue;
		add_row(&s, c, (int)width);
		if (name)
			add_nights(&s, c);
		shown++;
	}
	return shown ? 0
		     : fail_usage(e, "%s: no case has that name; show without it lists all", name);
}
