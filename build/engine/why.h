/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_WHY_H
#define BUILD_ENGINE_WHY_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct config;
struct plan;
struct sysdeps;

/*
 * Why a node will be built, or was built last: the lines of its key that differ, and the
 * same for every need among them.  id is "target/s6", or "s6" for that.  The plan has
 * been through job_count(); dir is where the jobs left their keys/.
 */
int why_tell(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, const char *id, struct buf *out, struct err *e);

/* what two keys' texts differ in, a line each, indented twice depth; false: in nothing */
bool why_differ(struct arena *a, const char *old, const char *now, unsigned depth, struct buf *out);

/*
 * a key's lines in their order, as WHAT ("section build") and VALUE; digests and hashes of
 * passwords are told by their ends
 */
struct why_line {
	const char *what, *value;
};
size_t why_lines(struct arena *a, const char *key, struct why_line **out);

#endif
