/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/origins.h"

#include "build/base/arena.h"
#include "build/base/lines.h"
#include "build/config/config.h"
#include "build/source/fetch.h"

#include <stdbool.h>
#include <string.h>

struct list {
	struct arena *a;
	const struct config *cfg;
	struct place *v;
	size_t n, cap;
};

static bool
is_local(const char *url)
{
	return !strncmp(url, "file:", 5);
}

static struct place *
add(struct list *l, const struct source *form, enum place_kind kind, const char *where)
{
	struct place *p;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 8;

		l->v = arena_grow(l->a, l->v, l->n, cap, sizeof *l->v);
		l->cap = cap;
	}
	p = &l->v[l->n++];
	*p = (struct place){ .form = form, .kind = kind, .where = where };
	if (l->cfg->offline && kind != PLACE_GIT && !is_local(where))
		p->closed = "not asked: OFFLINE is set";
	return p;
}

/* base may be a URL, or a folder of this machine */
static void
add_mirror(struct list *l, const struct want *w, const char *base)
{
	const char *slash = base[strlen(base) - 1] == '/' ? "" : "/";

	for (size_t i = 0; i < w->nforms; i++)
		add(l, &w->forms[i], PLACE_URL,
		    arena_printf(l->a, "%s%s%s%s", *base == '/' ? "file://" : "", base, slash,
			w->forms[i].file));
}

static void
add_kind(struct list *l, const struct want *w, enum origin_kind origin, enum place_kind kind)
{
	for (size_t i = 0; i < w->nforms; i++)
		for (size_t k = 0; k < w->forms[i].norigins; k++)
			if (w->forms[i].origins[k].kind == origin)
				add(l, &w->forms[i], kind, w->forms[i].origins[k].where);
}

/* the pattern's %s becomes the package's name; by hand, for the pattern is not ours */
static const char *
clone_of(struct arena *a, const char *pattern, const char *name)
{
	const char *s = strstr(pattern, "%s");

	if (!s)
		return pattern;
	return arena_printf(a, "%.*s%s%s", (int)(s - pattern), pattern, name, s + 2);
}

void
origins_list(
    struct arena *a, const struct config *cfg, const struct want *w, struct place **out, size_t *n)
{
	struct list l = { .a = a, .cfg = cfg };
	char *rest = arena_strdup(a, cfg->mirrors ? cfg->mirrors : ""), *base;

	while ((base = word_next(&rest)))
		add_mirror(&l, w, base);
	add_kind(&l, w, ORIGIN_URL, PLACE_URL);
	add_kind(&l, w, ORIGIN_DEBIAN, PLACE_DEBIAN);
	add_kind(&l, w, ORIGIN_GIT, PLACE_GIT);
	for (size_t i = 0; i < l.n; i++) {
		if (l.v[i].kind != PLACE_GIT)
			continue;
		if (cfg->git_mirror && *cfg->git_mirror)
			l.v[i].clone = clone_of(a, cfg->git_mirror, w->name);
		else
			l.v[i].closed = "GIT_MIRROR is not set";
	}
	*out = l.v;
	*n = l.n;
}

const char *
origins_text(struct arena *a, const struct place *p)
{
	switch (p->kind) {
	case PLACE_URL:
		return p->where;
	case PLACE_DEBIAN:
		return arena_printf(a, "Debian archive, %s", p->where);
	case PLACE_GIT:
		return arena_printf(
		    a, "%s%stag %s", p->clone ? p->clone : "git", p->clone ? ", " : " ", p->where);
	}
	return "";
}
