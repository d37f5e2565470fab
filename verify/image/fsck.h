/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_FSCK_H
#define VERIFY_IMAGE_FSCK_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;
struct argv;

/*
 * Whether an ext4 filesystem inside a disk image is sound, by e2fsck -fn of e2fsprogs.  It looks at
 * the filesystem alone; that it was unmounted, guestfs_unmounted() tells: e2fsck passes over a
 * journal that it may not replay.
 */

/*
 * The command, to be run in the image's folder.  image: its name there, without a '?', behind which
 * libext2fs looks for options.  -1: e2fsck is not installed
 */
int fsck_command(
    struct arena *a, const char *image, uint64_t offset, struct argv *v, struct err *e);

enum fsck_verdict { FSCK_SOUND, FSCK_DAMAGED, FSCK_UNKNOWN };

/*
 * What its exit status, as waitpid gives it, and what it printed mean.  said: the damage, or why it
 * could not tell, on one line; empty when sound.
 */
enum fsck_verdict fsck_judge(
    struct arena *a, int status, const char *out, size_t n, const char **said);

#endif
