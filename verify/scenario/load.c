/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/load.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/scenario/header.h"
#include "verify/scenario/reading.h"
#include "verify/scenario/scenario.h"
#include "verify/scenario/steps.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define TIMEOUT (10 * NS_PER_S)
#define LIMIT (120 * NS_PER_S)

static int
read_line(struct reading *r, const struct token *t, const char *source, struct err *e)
{
	int is;

	if (t->kind == TOKEN_BAR)
		return steps_bar(r, e);
	if (t->kind != TOKEN_WORD)
		return FAIL(r, e, "%s: a line begins with a verb", source);
	is = header_read(r, t->text, e);
	return is ? is : steps_read(r, t->text, source, e);
}

static int
read_file(struct reading *r, const char *path, bool only_watches, struct err *e)
{
	char *line;

	if (lines_open(r->a, path, &r->l, e) < 0)
		return -1;
	while ((line = lines_next(&r->l))) {
		const char *source = arena_strdup(r->a, trim(line));
		struct token t;
		int result;

		if (r->race && !strcmp(line, r->race)) {
			if (steps_close_race(r, e) < 0)
				return -1;
			continue;
		}
		scan_start(&r->scan, r->a, &r->l, line);
		if (reading_next(r, false, &t, e) < 0)
			return -1;
		if (t.kind == TOKEN_END)
			continue;
		if (!only_watches)
			result = read_line(r, &t, source, e);
		else if (t.kind == TOKEN_WORD && !strcmp(t.text, "watch"))
			result = header_watch(r, e);
		else
			result = FAIL(r, e, "%s: only watch lines here", t.text ? t.text : "|");
		if (result < 0)
			return -1;
	}
	r->l.no = r->race_at;
	return r->race ? FAIL(r, e, "<<%s: no line %s follows", r->race, r->race) : 0;
}

int
scenario_read(struct arena *a, const char *path, const char *watches, const struct verb_form *forms,
    const char *const *known, struct scenario *out, struct err *e)
{
	struct reading r = { .a = a, .s = out, .forms = forms, .section = -1 };

	*out = (struct scenario){ .path = arena_strdup(a, path),
		.lane = *scenario_lanes,
		.dies = "",
		.says = "",
		.timeout = TIMEOUT,
		.limit = LIMIT };
	if (watches && read_file(&r, watches, true, e) < 0)
		return -1;
	r.nnames = 0; /* what a watch captures is nobody's value */
	for (; *known; known++)
		reading_define(&r, *known);
	if (read_file(&r, path, false, e) < 0)
		return -1;
	if (!out->name)
		return fail_usage(
		    e, "%s: is empty: the first statement must be: scenario NAME \"title\"", path);
	if (out->offline && out->after)
		return fail_usage(
		    e, "%s: after %s: with `image offline` there is no guest", path, out->after);
	if (out->pristine && out->after)
		return fail_usage(e,
		    "%s: after %s: with `image pristine` there is no guest agent to resume with",
		    path, out->after);
	if (out->after && scenario_needs(out, NEEDS_SLOT))
		return fail_usage(e,
		    "%s: after %s: the guest of a saved state has no slot to plug anything into; "
		    "leave it out",
		    path, out->after);
	if (out->after && scenario_needs(out, NEEDS_FAULTS))
		return fail_usage(e,
		    "%s: after %s: the disk of a saved state cannot be made to fail; leave it out",
		    path, out->after);
	if (out->counts && (out->after || out->races))
		return fail_usage(e,
		    "%s: clock instructions: a guest is booted with it and keeps it; leave %s out",
		    path, out->after ? "`after`" : "the race");
	if (out->races && scenario_needs(out, NEEDS_PEER))
		return fail_usage(e,
		    "%s: net: nobody stands between a guest and its network while its time races; "
		    "make it two scenarios",
		    path);
	if (!out->nsteps)
		return fail_usage(e, "%s: has no step, so it tests nothing", path);
	return 0;
}

void
scenario_append(struct arena *a, struct scenario *s, const struct scenario *ending)
{
	struct step *v = arena_array(a, s->nsteps + ending->nsteps, sizeof *v);

	if (s->pristine)
		return;
	memcpy(v, s->steps, s->nsteps * sizeof *v);
	for (size_t i = 0; i < ending->nsteps; i++) {
		struct step *t = &v[s->nsteps + i];

		*t = ending->steps[i];
		t->ending = ending->path;
		if (!t->timeout)
			t->timeout = ending->timeout;
	}
	s->steps = v;
	s->nsteps += ending->nsteps;
}

struct folder {
	struct arena *a;
	const char *dir, *watches;
	const struct verb_form *forms;
	const char *const *known;
	struct scenario *v;
	size_t n;
};

static int
visit(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct folder *f = arg;
	size_t n = strlen(rel);

	/* those are for images of others, named by --scenarios */
	if (!strncmp(rel, "examples/", 9))
		return 0;
	if (S_ISDIR(st->st_mode) || n < 5 || strcmp(rel + n - 4, ".scn") != 0)
		return 0;
	if (!S_ISREG(st->st_mode))
		return fail_usage(e,
		    "%s/%s: is no regular file, so it would not be played; copy the scenario here, "
		    "or name its folder with --also",
		    f->dir, rel);
	f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
	if (scenario_read(f->a, arena_printf(f->a, "%s/%s", f->dir, rel), f->watches, f->forms,
		f->known, &f->v[f->n], e) < 0)
		return -1;
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].name, f->v[f->n].name))
			return fail_usage(e, "%s: scenario %s: %s has that name", f->v[f->n].path,
			    f->v[f->n].name, f->v[i].path);
	f->n++;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct scenario *)a)->name, ((const struct scenario *)b)->name);
}

int
scenario_read_all(struct arena *a, const char *dir, const char *watches,
    const struct verb_form *forms, const char *const *known, struct scenario **out, size_t *n,
    struct err *e)
{
	struct folder f = {
		.a = a, .dir = dir, .watches = watches, .forms = forms, .known = known
	};

	if (file_walk(dir, visit, &f, e) < 0)
		return -1;
	if (!f.n)
		return fail_usage(e, "%s: contains no scenario (NAME.scn)", dir);
	qsort(f.v, f.n, sizeof *f.v, by_name);
	*out = f.v;
	*n = f.n;
	return 0;
}
