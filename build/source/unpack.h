/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_UNPACK_H
#define BUILD_SOURCE_UNPACK_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stddef.h>

struct buf;

/*
 * Archive -> source tree, and nothing outside it: absolute names, "..", names that
 * pass through a symlink, hard links to the outside, devices and fifos are refused by
 * name, before anything of that entry is written.  strip leading path components are cut off.
 */
int unpack(const char *archive, const char *dir, unsigned strip, struct err *e);

struct unpack_opts {
	const char *sha256; /* what has another is refused before its first entry; NULL: any */
	unsigned strip;
	/*
	 * only what one of these glob patterns matches, whole folders included; * stays within a
	 * name.  None: all.  A pattern that nothing matches is an error.
	 */
	const char *const *only;
	size_t nonly;
	unsigned most; /* MiB that may come out, as UNPACK_LIMIT says; 0: any */
};
int unpack_with(const char *archive, const char *dir, const struct unpack_opts *o, struct err *e);

/*
 * Looks at n files of an archive and unpacks nothing: path is what unpack() would call
 * them, most as above.  sha256 is left empty for what is no file in it.  Reads no further than the
 * last of them.
 */
struct unpack_look {
	const char *path;
	struct buf *text; /* gets its bytes; NULL: nobody asks */
	char sha256[DIGEST_HEX];
};
int unpack_look(const char *archive, unsigned strip, unsigned most, struct unpack_look *v, size_t n,
    struct err *e);

#endif
