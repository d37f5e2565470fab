/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TRUST_H
#define VERIFY_TRUST_H

#include "build/base/err.h"

#include <stdbool.h>

struct manifest;
struct options;

/*
 * Whether an image is ours.  Its manifest cannot say so: anybody can write the same words.  It is
 * where the manifest lies: in output/ beside bin/, where this checkout's lh-build puts them, in a
 * folder that nobody else may write to.  Whoever knows better says --trusted: ./make and lh-bisect
 * do, of what lh-build has just written.
 *
 * A guest that is not trusted is in a network of its own (island.h), where it meets only what the
 * scenario serves it.  QEMU may start no program, and what the manifest names is in the manifest's
 * folder.
 */
enum trust { TRUST_BY_PLACE, TRUST_YES, TRUST_NO };

/* what the command line says of its images */
enum trust trust_asked(const struct options *o);

/*
 * Sets m->untrusted.  path: the manifest's.  A file outside its folder, of one that is not trusted,
 * is EXIT_USAGE; credentials there are passed over.
 */
int trust_settle(struct manifest *m, const char *path, enum trust asked, struct err *e);
/* is it in the program's OUTPUT, where nobody but us, and root, could have put it */
bool trust_place(const char *path);
/* an image that is changed in this process, by what: one that is not trusted is EXIT_USAGE */
int trust_needed(const struct manifest *m, const char *path, const char *what, struct err *e);

#endif
