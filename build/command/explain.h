/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_EXPLAIN_H
#define BUILD_COMMAND_EXPLAIN_H

#include "build/base/err.h"

struct arena;
struct buf;
struct config;
struct plan;
struct request;
struct sysdeps;

/*
 * All that is known here of one node, as text: where its source comes from, who needs
 * whom, what its key is made of, what it came out as, and which images have it.  id is
 * "target/s6", or "s6" for that.  The plan has been through run_open(); dir is where jobs
 * leave logs.
 */
int explain_text(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, const char *id, struct buf *out, struct err *e);

/* lh-build explain */
int explain_command(const struct request *rq, struct err *e);

#endif
