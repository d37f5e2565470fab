/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_LISTEN_H
#define BUILD_IMAGE_LISTEN_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct man_listen;

/*
 * layout/listen, `PROTOCOL ADDRESS PORT SERVICE [PROFILE]` a line: the lines that are for this
 * profile.  *out is on the arena; an absent file has none.
 */
int listen_read(struct arena *a, const char *path, const char *profile, struct man_listen **out,
    size_t *n, struct err *e);

#endif
