/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"
#include "verify/image/image.h"
#include "verify/mutants/edit.h"

#include <stdlib.h>
#include <string.h>

/* in the order in which they are listed */
static const struct {
	const char *name;
	derive_source *derive;
} sources[] = {
	{ "boot", derive_boot },
	{ "services", derive_services },
	{ "oneshots", derive_oneshots },
	{ "database", derive_database },
	{ "files", derive_files },
	{ "programs", derive_programs },
};

#define NSOURCES (sizeof sources / sizeof *sources)

/* ---- for the sources ---- */

void
derive_add(struct derivation *d, const char *class, const char *target)
{
	d->v = arena_more(d->a, d->v, d->n, sizeof *d->v);
	d->v[d->n++] = (struct derived){ .class = class, .target = target };
}

void
derive_edit(struct derivation *d, const struct edit *edit)
{
	struct derived *m = &d->v[d->n - 1];

	m->edits = arena_more(d->a, m->edits, m->nedits, sizeof *m->edits);
	m->edits[m->nedits++] = *edit;
}

void
derive_one(struct derivation *d, const char *class, const char *target, const struct edit *edit)
{
	derive_add(d, class, target);
	derive_edit(d, edit);
}

const struct guestfs_entry *
derive_entry(const struct origin *o, const char *path)
{
	for (size_t i = 0; i < o->n; i++)
		if (!strcmp(o->v[i].path, path))
			return &o->v[i];
	return NULL;
}

int
derive_read(struct derivation *d, const char *path, char **text, size_t *n, struct err *e)
{
	return d->o->read(d->a, d->o->arg, path, text, n, e);
}

/* ---- all of them ---- */

static int
derive(struct derivation *d, struct err *e)
{
	for (size_t i = 0; i < NSOURCES; i++) {
		size_t from = d->n;

		if (sources[i].derive(d, e) < 0)
			return wrap(e, "mutants of %s", sources[i].name);
		for (size_t k = from; k < d->n; k++)
			d->v[k].source = sources[i].name;
	}
	return 0;
}

static int
by_path(const void *va, const void *vb)
{
	const struct guestfs_entry *a = va, *b = vb;

	return strcmp(a->path, b->path);
}

int
derive_all(struct arena *a, const struct origin *o, struct derived **out, size_t *n, struct err *e)
{
	struct guestfs_entry *sorted = arena_array(a, o->n + 1, sizeof *sorted);
	struct origin in_order = *o;
	struct derivation d = { .a = a, .o = &in_order };

	for (size_t i = 0; i < o->n; i++)
		sorted[i] = o->v[i];
	qsort(sorted, o->n, sizeof *sorted, by_path);
	in_order.v = sorted;
	if (derive(&d, e) < 0)
		return -1;
	*out = d.v;
	*n = d.n;
	return 0;
}

static int
read_file(struct arena *a, void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	return guestfs_read(a, arg, path, text, n, e);
}

int
derive_image(struct arena *a, const struct image *i, struct derived **out, size_t *n, struct err *e)
{
	const struct man_part *rootfs = manifest_part(&i->m, "rootfs");
	struct origin o = { .m = &i->m, .read = read_file };
	struct guestfs_entry *v;
	struct guestfs *g;
	int r;

	if (!i->base || !rootfs)
		return derive_all(a, &o, out, n, e);
	if (guestfs_open(i->base, rootfs->start, 0, &g, e) < 0)
		return -1;
	o.arg = g;
	r = guestfs_entries(a, g, &v, &o.n, e);
	o.v = v;
	if (r == 0)
		r = derive_all(a, &o, out, n, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

size_t
derive_find(const struct derived *v, size_t n, const char *class, const char *target)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].class, class) && !strcmp(v[i].target, target))
			return i;
	return SIZE_MAX;
}
