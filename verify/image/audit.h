/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_AUDIT_H
#define VERIFY_IMAGE_AUDIT_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct manifest;

/*
 * What can be told of an image by reading its files, before anything boots.  A check looks at all
 * filesystems of the disk (kernel: at the kernel) and compares them with the manifest:
 *
 *   static    every ELF file is a program for the manifest's machine, and needs no other to run
 *   baseline  none of them has an instruction that `refuse` names, those of `guarded` aside
 *   modes     setuid, setgid, writable by everyone, device: only as `special` says; nothing has
 *             extended attributes, which may grant as much
 *   paths     no file has a folder of the build, a `path`, in its bytes; no symlink leads there
 *   files     nothing that only a compiler wants, no shared library, no host key of ssh
 *   hardening every program, and the kernel's configuration, has what hardening.h is about
 *   table     every name is as the table that the manifest names says: asbuilt.h
 *   kernel    the kernel is one for the manifest's machine
 *
 * The partition extra holds what the user gave, a compiler perhaps: paths, files and hardening pass
 * it over.
 */
struct audit {
	const char *rule; /* what should be so, one line */
	const char *unit; /* "programs" */
	size_t looked;	  /* at so many of them */
	const char **found;
	size_t nfound;
};

/* what a check reads, open: so that what looks into it needs to open nothing (confine.h) */
struct audit_input {
	const struct manifest *m;
	const char *image; /* its name, for messages */
	int disk;	   /* -1: this check does not read it */
	char *kernel;	   /* bytes, of the kernel or of its configuration, or NULL */
	size_t nkernel;
	char *table; /* text of the table of files, or NULL */
};

/*
 * name: of the check.  image: the disk, absolute; the manifest's own, or a copy that was changed.
 * An error: the audit is inconclusive
 */
int audit_open(struct arena *a, const char *name, const struct manifest *m, const char *image,
    struct audit_input *out, struct err *e);
void audit_close(struct audit_input *in);
int audit_look(struct arena *a, const char *name, const struct audit_input *in, struct audit *out,
    struct err *e);
/* all three, in this process */
int audit_run(struct arena *a, const char *name, const struct manifest *m, const char *image,
    struct audit *out, struct err *e);

#endif
