/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_LINKS_H
#define BUILD_ENGINE_LINKS_H

#include "build/base/err.h"

struct arena;
struct buf;

/*
 * What went into each program of a package, as its linker told while it was built.  Our
 * TRIPLE-gcc (recipes/musl) writes two files for each program: X has the folder it was
 * in, X.d is what GNU ld --dependency-file writes: "OUTPUT: \", then "  INPUT \" for each
 * file that ld read, up to an empty line, nothing quoted.
 */
struct links {
	const char *records;	  /* folder of these files */
	const char *inside, *dir; /* what is below inside in a record is below dir for us */
	const char *out;	  /* what the package installs */
	/* whose the file REL of dir's folder NAME is, as `target/skalibs`; NULL: nobody's */
	const char *(*whose)(const void *arg, const char *name, const char *rel);
	const void *arg;
};

/*
 * Adds lines FILE <tab> WHOSE <tab> INPUT: FILE below out; WHOSE is "own" with a path in
 * src/, a package with a path in its sdk/, or "system" with an absolute path.  A program
 * is matched with what was linked by what of it gets into memory (program.h); where
 * there is no match the only line is FILE <tab> unknown <tab> -.
 *
 * An archive is told when the linker read it, though it may have taken nothing from it.
 */
int links_text(struct arena *a, const struct links *l, struct buf *text, struct err *e);

#endif
