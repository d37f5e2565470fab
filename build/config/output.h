/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_OUTPUT_H
#define BUILD_CONFIG_OUTPUT_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;

/*
 * The folder OUTPUT: sources/, credentials, a folder a triple, links to the one that was
 * built last, and the file `lock`, by which the folder is known to be ours.
 */

/*
 * One builder at a time; *fd holds the lock until it is closed; who has it is named by its process.
 * A folder without a lock that holds anything else becomes no OUTPUT.
 */
int output_lock(struct arena *a, const struct config *cfg, int *fd, struct err *e);
/*
 * OUTPUT/TRIPLE for the network mode that is configured, OUTPUT/TRIPLE/dhcp or /static for the
 * other one
 */
char *output_dir(struct arena *a, const struct config *cfg, bool dhcp);
/* OUTPUT/kernel, OUTPUT/disk-image.raw.. to what OUTPUT/TRIPLE has of them */
int output_link(struct arena *a, const struct config *cfg, struct err *e);
/*
 * Removes all that is in OUTPUT but sources/ and the lock; all: these, too, so that the folder is
 * empty.  A folder that holds something but no lock is not ours, and refused.
 */
int output_clean(struct arena *a, const struct config *cfg, bool all, struct err *e);

#endif
