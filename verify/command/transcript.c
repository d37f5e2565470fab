/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/transcript.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/command/command.h"
#include "verify/options.h"

#include <string.h>

/* what the file knows; nothing, when it is not there and is to be made */
static int
read_known(struct arena *a, const char *path, bool bless, struct transcript *t, struct err *e)
{
	int there = file_is_there(path, e);
	char *text;
	size_t n;

	*t = (struct transcript){ 0 };
	if (there < 0)
		return -1;
	if (!there)
		return bless ? 0
			     : fail_usage(
				   e, "%s: no such file; --bless makes it of these consoles", path);
	if (file_read(a, path, &text, &n, e) < 0)
		return -1;
	return strlen(text) < n ? fail(e, "%s: no transcript: it has a byte 0", path)
				: transcript_parse(a, path, text, t, e);
}

static int
read_console(struct arena *a, const char *path, struct transcript *c, struct err *e)
{
	char *text;
	size_t n;

	if (options_file(path, e) < 0 || file_read(a, path, &text, &n, e) < 0 ||
	    transcript_of(a, path, text, n, c, e) < 0)
		return -1;
	/* after it nothing would be known to be always there */
	return c->n ? 0 : fail_usage(e, "%s: no line is in it", path);
}

static int
bless(const char *path, struct transcript *t, struct err *e)
{
	struct buf b = { 0 };
	size_t sometimes = 0;
	int r;

	for (size_t i = 0; i < t->n; i++)
		sometimes += !t->v[i].always;
	transcript_write(t, &b);
	r = file_write(path, b.p, b.n, 0644, e);
	buf_clear(&b);
	buf_addf(&b, "%s: %zu line%s of %zu console%s, %zu of them not always there\n", path, t->n,
	    t->n == 1 ? "" : "s", t->consoles, t->consoles == 1 ? "" : "s", sometimes);
	if (r == 0)
		log_stdout(b.p);
	buf_free(&b);
	return r;
}

static int
compare(
    struct arena *a, const char *path, const struct transcript *t, const struct transcript *console)
{
	struct buf b = { 0 };
	size_t n = transcript_compare(a, t, console, &b);

	buf_addf(&b, "%s: %zu of %zu lines differ\n", path, n, console->n);
	log_stdout(b.p);
	buf_free(&b);
	return n ? EXIT_WORK : 0;
}

int
command_transcript(struct arena *a, struct options *o, struct err *e)
{
	struct transcript t, console;
	int status = 0;

	if (o->nwords < 2)
		return fail_usage(e, "transcript: needs a FILE and a CONSOLE, such as that of a "
				     "test case; see lh-verify transcript --help");
	if (read_known(a, o->words[0], o->bless, &t, e) < 0)
		return -1;
	for (size_t i = 1; i < o->nwords; i++) {
		if (read_console(a, o->words[i], &console, e) < 0)
			return -1;
		if (!o->bless)
			status |= compare(a, o->words[i], &t, &console);
		else if (transcript_learn(a, &t, &console, e) < 0)
			return -1;
	}
	return o->bless ? bless(o->words[0], &t, e) : status;
}
