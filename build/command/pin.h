/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_PIN_H
#define BUILD_COMMAND_PIN_H

#include "build/base/err.h"

struct request;

/*
 * lh-build pin NAME VERSION: the block of a recipe that pins a version which it does not have yet,
 * on stdout, after comment lines with where each checksum is from.  It is the newest block with
 * other checksums: each archive is downloaded from all of its origins, mirrors included, CACHE_URL
 * not, and one is believed when two have the same bytes, or with --one-origin when there is one.
 * Two that differ are an error whatever is asked.
 */
int pin_command(const struct request *rq, struct err *e);

#endif
