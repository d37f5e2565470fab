/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_LOCAL_H
#define BUILD_SOURCE_LOCAL_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;
struct source;

/*
 * The sources that this machine has complete, SHA256-NAME: two recipes may both call theirs
 * v1.0.tar.gz.  What was put there as NAME, by hand or out of a bundle, is found, too.  They lie
 * in three folders:  in OUTPUT/sources, in CACHE/sources, which all
 * builds of a user share, and in the checkout's sources/, which a bundle brings.  A file counts
 * only when its sha256 is the pinned one; that 150 MB of kernel are not read again by every build,
 * OUTPUT/sources/.memo remembers digests (base/memo.h).
 */
struct local;

struct local *local_open(struct arena *a, const struct config *cfg);
/* OUTPUT/sources */
const char *local_dir(const struct local *l);
/* where it is to be in the end, in OUTPUT/sources */
const char *local_path(const struct local *l, const struct source *form);
/* is this what the file is called in any of the folders */
bool local_is(const struct source *form, const char *name);
/* there is a file of its name in OUTPUT/sources or CACHE/sources; whatever is in it */
bool local_seems(struct arena *a, const struct config *cfg, const struct source *form);
/* where it is, in the first folder that has it; NULL: nowhere.  Nothing is written */
const char *local_look(struct local *l, const struct source *form);
/* its path in OUTPUT/sources, linked there from another folder if need be; NULL: why tells what is
 * wrong with the one there */
const char *local_find(struct local *l, const struct source *form, const char **why);
/* file, complete and right, gets its name in OUTPUT/sources and a link in CACHE/sources */
const char *local_enter(
    struct local *l, const struct source *form, const char *file, struct err *e);
/* writes what was learned of digests */
int local_save(const struct local *l, struct err *e);

#endif
