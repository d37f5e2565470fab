/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CACHE_SYSTEM_H
#define BUILD_CACHE_SYSTEM_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct memo;

/*
 * The system that a build step sees instead of this machine's: CACHE/system/DIGEST with usr/ and
 * etc/, copies of the files of the packages that own the wanted programs and of what those packages
 * depend on.  DIGEST is of names, bytes and permissions, so it is part of keys: a step can see
 * nothing that is not in its key, and another program in /usr makes another system.  The copy is
 * sealed (seal.h).
 *
 * Without dpkg, or where /bin is no symlink, there is none: steps see the whole machine.
 */
struct system {
	const char *root;     /* folder, or NULL */
	char hex[DIGEST_HEX]; /* its digest, or "" */
	const char *why;      /* there is none, though programs are wanted; or NULL */
};

struct system_opts {
	const char *database; /* dpkg's: DEBIAN_DATABASE */
	const char *cache;    /* CACHE */
	struct memo *memo;    /* or NULL */
	/* programs, as in /usr/bin, and absolute paths; one that is not there is no error here */
	const char *const *wanted;
	size_t nwanted;
	bool make; /* copies it, unless that is done; else only its digest is found out */
	/* with make: a copy that is there is read, and made again unless it is as it was made */
	bool verify;
};

int system_find(struct arena *a, const struct system_opts *o, struct system *out, struct err *e);

#endif
