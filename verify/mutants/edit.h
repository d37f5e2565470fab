/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_EDIT_H
#define VERIFY_MUTANTS_EDIT_H

#include "build/base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct arena;
struct manifest;
struct pattern;

/*
 * One change of a copy of an image's disk.  A change that would leave everything as it is, or whose
 * file is not there, or is a symlink, is an error: nobody shall take the image itself for a mutant.
 */
enum edit_kind {
	EDIT_PUT,     /* text becomes the file, which is there */
	EDIT_ADD,     /* text becomes a file that is not there yet */
	EDIT_REPLACE, /* text takes the place of what re matches first */
	EDIT_BYTES,   /* the n bytes of text are written over those at offset */
	EDIT_REMOVE,  /* the file is no longer there */
	EDIT_LINE,    /* text takes the place of line `at`; NULL: the line is removed */
	EDIT_INSERT,  /* text, whole lines, comes behind line `at` */
	EDIT_SET,     /* mode and owner alone */
	/* of a whole partition: there is no file */
	EDIT_LABEL,	/* text is its filesystem's label, or its swap area's */
	EDIT_READ_ONLY, /* the filesystem says that it can be read only */
	EDIT_WIPE,	/* it holds no filesystem that anybody would know */
	EDIT_UUID,	/* text is its identifier in the partition table */
	EDIT_POKE /* the n bytes of text are written over the first ones that are as those of was */
};

struct edit {
	enum edit_kind kind;
	const char *fs, *file; /* the partition's name; the path on it */
	mode_t mode;	       /* permissions that the file has afterwards */
	uid_t uid;	       /* EDIT_ADD, EDIT_SET: its owner; otherwise that one stays */
	gid_t gid;
	const char *text;
	const char *was;  /* EDIT_POKE: as many bytes as text has */
	size_t n, offset; /* EDIT_BYTES */
	size_t at;	  /* a line, from 1 */
	struct pattern *re;
	const char *path; /* for messages: the file and line that asks for this; NULL: nobody's */
	unsigned line;
};

/* a copy of the disk `from` with n edits done, as file `to`; m tells where the partitions are */
int edit_copy(const struct edit *v, size_t n, const struct manifest *m, const char *from,
    const char *to, struct err *e);

#endif
