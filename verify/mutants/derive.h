/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_DERIVE_H
#define VERIFY_MUTANTS_DERIVE_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct edit;
struct guestfs_entry;
struct image;
struct manifest;

/*
 * Mutants that nobody has thought of one by one: what can go wrong with each thing of a kind.  They
 * come from what the image holds and from its manifest, always the same in the same order.  A
 * source of them is a file derive_NAME.c with one function, and a row in derive.c.
 */
struct derived {
	const char *source; /* "files" */
	const char *class;  /* what is done: "line-removed" */
	const char *target; /* to what, a word: "/etc/passwd:1" */
	struct edit *edits;
	size_t nedits;
	const char *without; /* a word that the kernel is not given; NULL: it has all */
};

/* what there is to break */
struct origin {
	const struct manifest *m;
	const struct guestfs_entry *v; /* every file of rootfs */
	size_t n;
	int (*read)(
	    struct arena *a, void *arg, const char *path, char **text, size_t *n, struct err *e);
	void *arg;
};

int derive_all(
    struct arena *a, const struct origin *o, struct derived **out, size_t *n, struct err *e);
/* the same from an image's disk as it was built; one without a disk has only kernel words */
int derive_image(
    struct arena *a, const struct image *i, struct derived **out, size_t *n, struct err *e);
/* the number of the mutant, or SIZE_MAX */
size_t derive_find(const struct derived *v, size_t n, const char *class, const char *target);

/* ---- for the sources ---- */

struct derivation {
	struct arena *a;
	const struct origin *o;
	struct derived *v;
	size_t n;
};

typedef int derive_source(struct derivation *d, struct err *e);
derive_source derive_files, derive_programs, derive_services, derive_oneshots, derive_database,
    derive_boot;

/* a new mutant, to which edits are added; both words live as long as the arena */
void derive_add(struct derivation *d, const char *class, const char *target);
void derive_edit(struct derivation *d, const struct edit *edit); /* of the last one */
/* a new mutant with one edit */
void derive_one(
    struct derivation *d, const char *class, const char *target, const struct edit *edit);
const struct guestfs_entry *derive_entry(const struct origin *o, const char *path); /* or NULL */
int derive_read(struct derivation *d, const char *path, char **text, size_t *n, struct err *e);

#endif
