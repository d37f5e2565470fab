/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/origins.h"

#include "build/base/arena.h"
#include "build/base/url.h"
#include "build/config/config.h"
#include "build/files/lines.h"
#include "build/source/aptmirror.h"

#include <stdbool.h>
#include <string.h>

struct list {
	struct arena *a;
	const struct config *cfg;
	const struct source *forms;
	size_t nforms;
	struct places found;
};

static bool
is_local(const char *url)
{
	return !strncmp(url, "file:", 5);
}

static void
add(struct list *l, const struct source *form, enum place_kind kind, const char *where)
{
	struct place *p;

	l->found.v = arena_more(l->a, l->found.v, l->found.n, sizeof *l->found.v);
	p = &l->found.v[l->found.n++];
	*p = (struct place){
		.form = form, .kind = kind, .where = where, .url = kind == PLACE_URL ? where : NULL
	};
	if (l->cfg->offline && kind != PLACE_GIT && !is_local(where))
		p->closed = "not asked: OFFLINE is true";
}

/* base may be a URL, or a folder of this machine */
static void
add_mirror(struct list *l, const char *base)
{
	const char *slash = base[strlen(base) - 1] == '/' ? "" : "/";

	for (size_t i = 0; i < l->nforms; i++)
		add(l, &l->forms[i], PLACE_URL,
		    arena_printf(l->a, "%s%s%s%s", *base == '/' ? "file://" : "", base, slash,
			l->forms[i].file));
}

/* CACHE_URL keeps sources by their sha256, as it does anything else */
static void
add_cache(struct list *l, const char *url)
{
	const char *slash = url[strlen(url) - 1] == '/' ? "" : "/";

	for (size_t i = 0; i < l->nforms; i++) {
		add(l, &l->forms[i], PLACE_URL,
		    arena_printf(l->a, "%s%scas/%s", url, slash, l->forms[i].sha256));
		l->found.v[l->found.n - 1].cache = true;
	}
}

static void
add_kind(struct list *l, enum origin_kind origin, enum place_kind kind)
{
	for (size_t i = 0; i < l->nforms; i++)
		for (size_t k = 0; k < l->forms[i].norigins; k++)
			if (l->forms[i].origins[k].kind == origin)
				add(l, &l->forms[i], kind, l->forms[i].origins[k].where);
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

struct places
origins_list(struct arena *a, const struct config *cfg, const char *name,
    const struct source *forms, size_t nforms)
{
	struct list l = { .a = a, .cfg = cfg, .forms = forms, .nforms = nforms };
	char *rest = arena_strdup(a, cfg->mirrors ? cfg->mirrors : ""), *base;

	if (*config_get(cfg, "CACHE_URL"))
		add_cache(&l, config_get(cfg, "CACHE_URL"));
	while ((base = word_next(&rest)))
		add_mirror(&l, base);
	add_kind(&l, ORIGIN_URL, PLACE_URL);
	add_kind(&l, ORIGIN_DEBIAN, PLACE_DEBIAN);
	add_kind(&l, ORIGIN_GIT, PLACE_GIT);
	for (size_t i = 0; i < l.found.n; i++) {
		struct place *p = &l.found.v[i];

		if (p->kind != PLACE_GIT)
			continue;
		if (cfg->git_mirror && *cfg->git_mirror)
			p->clone = clone_of(a, cfg->git_mirror, name);
		else
			p->closed = "GIT_MIRROR is not set";
	}
	return l.found;
}

void
origins_resolve(struct arena *a, struct place *p, struct aptmirror *apt)
{
	if (p->kind != PLACE_DEBIAN || p->closed)
		return;
	if (!apt->base && !apt->why)
		aptmirror_ask(a, apt);
	if (!apt->base) {
		p->closed = apt->why;
		return;
	}
	p->url = arena_printf(a, "%s/%s", apt->base, p->where);
	p->proxy = apt->proxy;
}

const char *
origins_text(struct arena *a, const struct place *p)
{
	switch (p->kind) {
	case PLACE_URL:
		return url_shown(a, p->where);
	case PLACE_DEBIAN:
		return arena_printf(a, "Debian archive, %s", p->where);
	case PLACE_GIT:
		return arena_printf(
		    a, "%s%stag %s", p->clone ? p->clone : "git", p->clone ? ", " : " ", p->where);
	}
	return "";
}
