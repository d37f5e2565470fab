/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/changes.h"

#include "build/base/arena.h"
#include "verify/history/past.h"

#include <string.h>

static bool
equal(const char *x, const char *y)
{
	return x == y || (x && y && !strcmp(x, y));
}

static const char *
told(struct arena *a, const struct past_package *p)
{
	return p->commit ? arena_printf(a, "%s@%.12s", p->version, p->commit) : p->version;
}

static const struct past_package *
package_of(const struct past_image *im, const char *name)
{
	for (size_t i = 0; i < im->npackages; i++)
		if (!strcmp(im->packages[i].name, name))
			return &im->packages[i];
	return NULL;
}

static void
add(struct arena *a, struct change **v, size_t *n, struct change c)
{
	*v = arena_more(a, *v, *n, sizeof c);
	(*v)[(*n)++] = c;
}

size_t
changes_between(
    struct arena *a, const struct past_image *was, const struct past_image *is, struct change **out)
{
	size_t n = 0;

	*out = NULL;
	for (size_t i = 0; i < is->npackages; i++) {
		const struct past_package *p = &is->packages[i], *o = package_of(was, p->name);
		struct change c = { p->name, o ? told(a, o) : NULL, told(a, p), false };

		if (o && equal(o->version, p->version) && equal(o->commit, p->commit)) {
			if (equal(o->key, p->key) || !o->key || !p->key)
				continue;
			c.rebuilt = true;
		}
		add(a, out, &n, c);
	}
	for (size_t i = 0; i < was->npackages; i++)
		if (!package_of(is, was->packages[i].name))
			add(a, out, &n,
			    (struct change){
				was->packages[i].name, told(a, &was->packages[i]), NULL, false });
	return n;
}

/* ---- suspects ---- */

static const struct change *
find(const struct change *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return &v[i];
	return NULL;
}

/* keeps of v what the other turn has, too; a change of version there makes a rebuild one */
static void
keep_common(struct change *v, size_t *n, const struct change *other, size_t nother)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		const struct change *o = find(other, nother, v[i].name);

		if (!o)
			continue;
		v[kept] = v[i].rebuilt && !o->rebuilt ? *o : v[i];
		kept++;
	}
	*n = kept;
}

static void
drop_rebuilt(struct change *v, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!v[i].rebuilt)
			v[kept++] = v[i];
	if (kept)
		*n = kept;
}

/* it changed from the same to the same where nothing came of it */
static bool
was_harmless(struct arena *a, const struct change *c, const struct turn *steady, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct change *o;
		struct change *v;
		size_t nv;

		if (!steady[i].was || !steady[i].is)
			continue;
		nv = changes_between(a, steady[i].was, steady[i].is, &v);
		o = find(v, nv, c->name);
		if (o && equal(o->from, c->from) && equal(o->to, c->to))
			return true;
	}
	return false;
}

static void
sort_likely(struct arena *a, const struct turn *steady, size_t nsteady, struct suspects *s)
{
	struct change *v = arena_array(a, s->n + 1, sizeof *v);
	size_t n = 0;

	for (int harmless = 0; harmless < 2; harmless++) {
		for (size_t i = 0; i < s->n; i++)
			if (was_harmless(a, &s->v[i], steady, nsteady) == harmless)
				v[n++] = s->v[i];
		if (!harmless)
			s->likely = n;
	}
	s->v = v;
	if (!s->likely)
		s->likely = s->n;
}

static void
take_program(const struct turn *t, bool first, struct suspects *s)
{
	if (first && t->was_program && t->is_program && !equal(t->was_program, t->is_program)) {
		s->was_program = t->was_program;
		s->is_program = t->is_program;
	} else if (equal(t->was_program, t->is_program)) {
		s->was_program = s->is_program = NULL;
	}
}

void
suspects_find(struct arena *a, const struct turn *turned, size_t nturned, const struct turn *steady,
    size_t nsteady, struct suspects *out)
{
	bool first = true;

	*out = (struct suspects){ 0 };
	for (size_t i = 0; i < nturned; i++) {
		struct change *v;
		size_t n;

		take_program(&turned[i], i == 0, out);
		if (!turned[i].was || !turned[i].is) {
			out->unknown = true;
			continue;
		}
		out->same_image |= past_same_image(turned[i].was, turned[i].is);
		n = changes_between(a, turned[i].was, turned[i].is, &v);
		if (first) {
			out->v = v;
			out->n = n;
		} else {
			keep_common(out->v, &out->n, v, n);
		}
		first = false;
	}
	drop_rebuilt(out->v, &out->n);
	sort_likely(a, steady, nsteady, out);
}

bool
suspects_meet(const struct suspects *x, const struct suspects *y)
{
	for (size_t i = 0; i < x->n; i++)
		if (find(y->v, y->n, x->v[i].name))
			return true;
	return !x->n && !y->n;
}
