/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_DEVICE_H
#define BUILD_FORM_DEVICE_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;

/*
 * A disk that somebody wants to overwrite, as /proc, /sys and udev know it: nothing is opened but
 * their files, so nothing that a disk claims is looked at by us.  Texts that come from a disk, such
 * as a label, have no byte but printable ASCII.
 */
struct device_part {
	const char *name;	  /* sda1 */
	uint64_t size;		  /* bytes */
	const char *type, *label; /* of its filesystem or partition, "" when it is not known */
};

struct device {
	const char *path; /* without symlinks */
	const char *name; /* sda */
	bool block;	  /* false: a regular file */
	dev_t dev;	  /* of the block device, or the filesystem that the file is on */
	ino_t ino;
	uint64_t size;	   /* bytes */
	unsigned sector;   /* bytes; 0 when it is not known */
	const char *model; /* "" when it is not known */
	const char *table; /* gpt dos, "" when it is not known */
	bool removable;	   /* or at the end of a cable: USB, an SD card */
	bool readonly;
	const char *whole;   /* the disk that this is only a partition of, or NULL */
	const char *backing; /* the file that a loop device shows, or NULL */
	const char *busy;    /* why it must not be written to, as "/dev/sda1 is mounted on /" */
	struct device_part *parts;
	size_t nparts;
};

/*
 * root: in front of /proc, /sys and /run, "" but for tests.  path may be a symlink, as those of
 * /dev/disk are.  EXIT_USAGE when it is neither a disk nor a file.
 */
int device_look(
    struct arena *a, const char *root, const char *path, struct device *out, struct err *e);
/* the same of a block device whose numbers are known already */
int device_read(struct arena *a, const char *root, struct device *d, struct err *e);
/*
 * May so many bytes be written to it?  force: also when it is no removable disk.  What is mounted,
 * swapped to or part of something else never is.  The error says what would have to be done.
 */
int device_fit(const struct device *d, uint64_t size, bool force, struct err *e);
/* what it is and holds, a line each, without newline at the end: for those who are to decide */
char *device_told(struct arena *a, const struct device *d);
/* "14.9 GiB" */
char *device_size(struct arena *a, uint64_t bytes);

#endif
