/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_PART_H
#define BUILD_SOURCE_PART_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct arena;

/*
 * FILE.part: a source while it comes.  Whoever fetches it holds its lock; what is in it when a
 * fetch ends early is there for the next one to go on with.
 */
struct part {
	int fd; /* -1: not open */
	const char *path;
};

enum part_open { PART_OURS, PART_TAKEN, PART_ERROR };

/* had: bytes that are in it already; fresh: it is emptied first.  Taken: another lh-build has it */
enum part_open part_open(
    struct arena *a, struct part *p, const char *file, bool fresh, uint64_t *had, struct err *e);
/* unlocks it; keep: there is something in it to go on with.  Nothing happens to one not open */
void part_close(struct part *p, bool keep);
/* a login page, an error page: it starts with markup, after blanks and perhaps a byte order mark */
bool part_is_web_page(const struct part *p);

#endif
