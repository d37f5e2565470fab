/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_STORE_H
#define VERIFY_HISTORY_STORE_H

#include "build/base/err.h"
#include "verify/history/past.h"

#include <stdbool.h>

struct arena;
struct store;

/*
 * The database of nights: one SQLite file, whose tables are in store.c.  A run is there as a whole
 * or not at all, whatever ends the program or the disk; who finds another program writing waits for
 * it.  Errors name the file, what is wrong with it and the way out.
 */

/* write: makes the file when it is not there, and looks whether it is whole */
int store_open(struct arena *a, const char *path, bool write, struct store **out, struct err *e);
void store_close(struct store *s);
/* one run; 1: added, 0: it was there */
int store_add(struct store *s, const struct past *run, struct err *e);
/* all there is, indexed */
int store_load(struct arena *a, struct store *s, struct past *out, struct err *e);

#endif
