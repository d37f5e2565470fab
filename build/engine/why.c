/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/why.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/engine/journal.h"
#include "build/engine/keydiff.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/plan.h"

#include <stdbool.h>
#include <string.h>

struct telling {
	struct arena *a;
	const struct why *w;
	struct buf *out;
	bool *told; /* by node: it is said once */
};

static void print_node(struct telling *t, const struct node *n, unsigned depth);

/* the lines that differ; a need is followed to its own cause.  false: nothing differs */
static bool
print_changes(struct telling *t, const char *old, const char *now, unsigned depth)
{
	const struct plan *p = t->w->plan;
	struct key_change *v;
	size_t n = key_diff(t->a, old, now, &v);

	for (size_t i = 0; i < n; i++) {
		const struct node *need = v[i].was && v[i].is && !strncmp(v[i].what, "need ", 5)
					      ? plan_find(p, v[i].what + 5)
					      : NULL;

		key_change_add(t->a, &v[i], depth, t->out);
		if (need && !t->told[need - p->v])
			print_node(t, need, depth + 1);
	}
	return n > 0;
}

/* a kept key; NULL when there is none */
static char *
kept(struct telling *t, const struct node *n, const char *suffix)
{
	char *path = arena_printf(t->a, "%s/keys/%s%s", t->w->dir, plan_node_name(t->a, n), suffix),
	     *text;

	return file_read(t->a, path, &text, NULL, &(struct err){ 0 }) < 0 ? NULL : text;
}

static void
print_waiting(struct telling *t, const struct node *n, unsigned depth)
{
	const struct node *v = t->w->plan->v;

	buf_addf(t->out, "%*s%s will be built if the result of a dependency changes\n",
	    (int)(2 * depth), "", n->id);
	for (size_t i = 0; i < n->nneeds; i++)
		if (!v[n->needs[i]].store && !t->told[n->needs[i]])
			print_node(t, &v[n->needs[i]], depth + 1);
}

/* the store has it: whether that was built, and if so why, or what is not as it was before it */
static void
print_there(struct telling *t, const struct node *n, unsigned depth)
{
	const struct why *w = t->w;
	char *old = kept(t, n, ""), *before = kept(t, n, ".before"), *how = kept(t, n, ".how"),
	     *now = NULL, hex[DIGEST_HEX] = "";
	int indent = (int)(2 * depth);

	if (old)
		digest_bytes(old, strlen(old), hex);
	if (old && strcmp(hex, n->key) != 0 &&
	    plan_key(t->a, w->cfg, w->sd, w->plan, n, &now, &(struct err){ 0 }) == 0) {
		buf_addf(t->out, "%*s%s will be taken from CACHE, not built; what changed:\n",
		    indent, "", n->id);
		print_changes(t, old, now, depth + 1);
	} else if (!old || (how && !strcmp(how, HOW_FOUND) && !before)) {
		buf_addf(t->out, "%*s%s was in CACHE, and was not built here\n", indent, "", n->id);
	} else if (how && !strcmp(how, HOW_FOUND)) {
		buf_addf(t->out, "%*s%s was taken from CACHE, not built; what changed:\n", indent,
		    "", n->id);
		print_changes(t, before, old, depth + 1);
	} else if (how && !strcmp(how, HOW_BUILT_AGAIN)) {
		buf_addf(t->out, "%*s%s was built again because\n%*sits result was not in CACHE\n",
		    indent, "", n->id, indent + 2, "");
	} else if (before) {
		buf_addf(t->out, "%*s%s was built because\n", indent, "", n->id);
		print_changes(t, before, old, depth + 1);
	} else {
		buf_addf(t->out, "%*s%s was built, here for the first time\n", indent, "", n->id);
	}
}

static void
print_node(struct telling *t, const struct node *n, unsigned depth)
{
	const struct why *w = t->w;
	char *old = kept(t, n, ""), *now = NULL;
	int indent = (int)(2 * depth);
	bool waits = false;

	t->told[n - w->plan->v] = true;
	for (size_t i = 0; i < n->nclosure; i++)
		waits |= !w->plan->v[n->closure[i]].store;

	if (n->store) {
		print_there(t, n, depth);
	} else if (waits) {
		print_waiting(t, n, depth);
	} else if (!old) {
		buf_addf(t->out, "%*s%s will be built: it was not built here before\n", indent, "",
		    n->id);
	} else if (plan_key(t->a, w->cfg, w->sd, w->plan, n, &now, &(struct err){ 0 }) == 0) {
		buf_addf(t->out, "%*s%s will be built because\n", indent, "", n->id);
		if (!print_changes(t, old, now, depth + 1))
			buf_addf(t->out, "%*sits result was removed from CACHE\n", indent + 2, "");
	}
}

int
why_text(struct arena *a, const struct why *w, const char *id, struct buf *out, struct err *e)
{
	const struct plan *p = w->plan;
	struct telling t = {
		.a = a, .w = w, .out = out, .told = arena_array(a, p->n + 1, sizeof *t.told)
	};
	const struct node *n = plan_find(p, id);

	for (int v = NVARIANTS - 1; !n && v >= 0; v--)
		n = plan_find(p, arena_printf(a, "%s/%s", variant_names[v], id));
	if (!n)
		return fail_usage(e,
		    "why %s: no such package in profile %s; lh-build graph prints all", id,
		    p->profile);
	print_node(&t, n, 0);
	if (n->store)
		buf_addf(out, "%s is up to date: %s\n", n->id, n->store);
	return 0;
}
