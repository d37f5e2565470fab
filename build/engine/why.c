/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/why.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/file.h"
#include "build/base/lines.h"
#include "build/plan/plan.h"
#include "build/engine/work.h"

#include <stdbool.h>
#include <string.h>

struct telling {
	struct arena *a;
	const struct config *cfg;
	const struct sysdeps *sd;
	const struct plan *p;
	const char *dir;
	struct buf *out;
	bool *told; /* by node: it is said once */
};

/* a line of a key as WHAT and VALUE; WHAT is all but the last word, as in "section build" */
struct fact {
	char *what, *value;
};

struct facts {
	struct fact *v;
	size_t n;
};

static struct facts
split(struct arena *a, const char *text)
{
	/* these have one word of name and then a value that may have blanks */
	static const char *const wide[] = { "tool ", "fact ", "config " };
	struct facts f = { .v = arena_array(a, strlen(text) / 2 + 1, sizeof *f.v) };
	struct lines l;
	char *line;

	lines_text(a, "key", text, &l);
	while ((line = lines_next(&l))) {
		char *blank = strrchr(line, ' ');

		for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
			if (!strncmp(line, wide[i], strlen(wide[i])))
				blank = strchr(line + strlen(wide[i]), ' ');
		if (!blank)
			continue;
		*blank = '\0';
		f.v[f.n++] = (struct fact){ line, blank + 1 };
	}
	return f;
}

static const struct fact *
find(const struct facts *f, const char *what)
{
	for (size_t i = 0; i < f->n; i++)
		if (!strcmp(f->v[i].what, what))
			return &f->v[i];
	return NULL;
}

/* digests are told by their ends */
static const char *
shortened(struct arena *a, const char *value)
{
	size_t n = strlen(value);

	if (!strncmp(value, "$6$", 3)) /* a password's hash is nobody's business */
		return arena_printf(a, "%.8s..", value);
	if (n != DIGEST_HEX - 1 || strspn(value, "0123456789abcdef") != n)
		return *value ? value : "(empty)";
	return arena_printf(a, "%.8s..", value);
}

static void tell(struct telling *t, const struct node *n, unsigned depth);

/* a line that differs; a need is followed to its own cause */
static void
differ(struct telling *t, const char *what, const struct fact *old, const struct fact *now,
    unsigned depth)
{
	const struct node *need =
	    strncmp(what, "need ", 5) || !t->p ? NULL : plan_find(t->p, what + 5);

	buf_addf(t->out, "%*s%s: ", (int)(2 * depth), "", what);
	if (!old)
		buf_adds(t->out, "new\n");
	else if (!now)
		buf_adds(t->out, "gone\n");
	else
		buf_addf(
		    t->out, "%s -> %s\n", shortened(t->a, old->value), shortened(t->a, now->value));
	if (need && old && now && !t->told[need - t->p->v])
		tell(t, need, depth + 1);
}

/* false: nothing differs */
static bool
compare(struct telling *t, const char *old_text, const char *now_text, unsigned depth)
{
	struct facts old = split(t->a, old_text), now = split(t->a, now_text);
	bool any = false;

	for (size_t i = 0; i < now.n; i++) {
		const struct fact *was = find(&old, now.v[i].what);

		if (was && !strcmp(was->value, now.v[i].value))
			continue;
		differ(t, now.v[i].what, was, &now.v[i], depth);
		any = true;
	}
	for (size_t i = 0; i < old.n; i++)
		if (!find(&now, old.v[i].what)) {
			differ(t, old.v[i].what, &old.v[i], NULL, depth);
			any = true;
		}
	return any;
}

/* a kept key; NULL when there is none */
static char *
kept(struct telling *t, const struct node *n, const char *suffix)
{
	char *path = arena_printf(t->a, "%s/keys/%s%s", t->dir, work_name(t->a, n), suffix), *text;

	return file_read(t->a, path, &text, NULL, &(struct err){ 0 }) < 0 ? NULL : text;
}

static void
tell(struct telling *t, const struct node *n, unsigned depth)
{
	char *old = kept(t, n, ""), *before = kept(t, n, ".before"), *now = NULL;
	int indent = (int)(2 * depth);
	bool waits = false;

	t->told[n - t->p->v] = true;
	for (size_t i = 0; i < n->nclosure; i++)
		waits |= !t->p->v[n->closure[i]].store;

	if (n->store && before && old) {
		buf_addf(t->out, "%*s%s was built because\n", indent, "", n->id);
		compare(t, before, old, depth + 1);
	} else if (n->store) {
		buf_addf(t->out, "%*s%s was built, here for the first time\n", indent, "", n->id);
	} else if (waits) {
		buf_addf(t->out, "%*s%s will be built if what it needs comes out different\n",
		    indent, "", n->id);
		for (size_t i = 0; i < n->nneeds; i++)
			if (!t->p->v[n->needs[i]].store && !t->told[n->needs[i]])
				tell(t, &t->p->v[n->needs[i]], depth + 1);
	} else if (!old) {
		buf_addf(t->out, "%*s%s will be built: it was not built here before\n", indent, "",
		    n->id);
	} else if (plan_key(t->a, t->cfg, t->sd, t->p, n, &now, &(struct err){ 0 }) == 0) {
		buf_addf(t->out, "%*s%s will be built because\n", indent, "", n->id);
		if (!compare(t, old, now, depth + 1))
			buf_addf(t->out, "%*sits result is gone from CACHE\n", indent + 2, "");
	}
}

bool
why_differ(struct arena *a, const char *old, const char *now, unsigned depth, struct buf *out)
{
	return compare(&(struct telling){ .a = a, .out = out }, old, now, depth);
}

size_t
why_lines(struct arena *a, const char *key, struct why_line **out)
{
	struct facts f = split(a, key);

	*out = arena_array(a, f.n + 1, sizeof **out);
	for (size_t i = 0; i < f.n; i++)
		(*out)[i] = (struct why_line){ f.v[i].what, shortened(a, f.v[i].value) };
	return f.n;
}

int
why_tell(struct arena *a, const struct config *cfg, const struct sysdeps *sd, const struct plan *p,
    const char *dir, const char *id, struct buf *out, struct err *e)
{
	struct telling t = { .a = a,
		.cfg = cfg,
		.sd = sd,
		.p = p,
		.dir = dir,
		.out = out,
		.told = arena_array(a, p->n + 1, sizeof *t.told) };
	const struct node *n = plan_find(p, id);

	for (int v = NVARIANTS - 1; !n && v >= 0; v--)
		n = plan_find(p, arena_printf(a, "%s/%s", variant_names[v], id));
	if (!n)
		return fail_usage(e,
		    "why %s: profile %s builds no such package; lh-build graph shows all", id,
		    p->profile);
	tell(&t, n, 0);
	if (n->store)
		buf_addf(out, "%s is up to date: %s\n", n->id, n->store);
	return 0;
}
