/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_CHECKPOINT_H
#define BUILD_CACHE_CHECKPOINT_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct recipe;

/*
 * A package's work folder as it is when [install] begins, so that who edits only [install]
 * waits for nothing else: CACHE/checkpoints/TRIPLE/VARIANT-NAME.KEY.SHA256.  KEY is that of
 * the package without its [install]; SHA256 is the file's own, so that a damaged one is
 * known.  Each package has one at most for a triple, of its last build.
 *
 * Of src/ it holds what differs from the unpacked source, as a kernel's is large: who goes on
 * from it unpacks and patches first.  Files come back with their times, on which make(1)
 * depends; a hard link comes back as a file of its own.
 */
struct checkpoint {
	const char *dir;      /* CACHE/checkpoints/TRIPLE */
	const char *name;     /* "target-dropbear" */
	const char *key_text; /* of the whole package: plan.h */
};

/* has it an [install] after something that takes time */
bool checkpoint_helps(const struct recipe *r);
/* "VARIANT-NAME.KEY", with which its name begins */
char *checkpoint_stem(struct arena *a, const struct checkpoint *c);
/* the file that goes with the key; NULL: none */
char *checkpoint_find(struct arena *a, const struct checkpoint *c);
/* the source is unpacked: what is in workdir/src now need not be kept; notes it in workdir */
int checkpoint_begin(const char *workdir, struct err *e);
/*
 * src/ out/ links/ of workdir as a file that replaces the package's other ones; it is made in
 * workdir
 */
int checkpoint_keep(const struct checkpoint *c, const char *workdir, struct err *e);
/*
 * the same file under a name in workdir, where no other build replaces it; NULL: there is none, or
 * no longer
 */
char *checkpoint_take(struct arena *a, const struct checkpoint *c, const char *workdir);
/*
 * workdir has the source, unpacked and patched; a file that is damaged or does not fit is removed,
 * and an error
 */
int checkpoint_restore(
    const struct checkpoint *c, const char *taken, const char *workdir, struct err *e);

#endif
