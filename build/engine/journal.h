/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_JOURNAL_H
#define BUILD_ENGINE_JOURNAL_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct node;

/*
 * What a build leaves for people and for the next build: dir/logs/VARIANT-NAME.log, the
 * text of its key in dir/keys/VARIANT-NAME, that of the one before it in .before, and in .how
 * where the result came from; dir/logs/VARIANT-NAME.work, a link to the folder of a failure; and
 * how long it took, in CACHE/times.
 */
struct journal {
	struct arena *a;
	const char *dir, *cache, *triple;
};

int journal_open(const struct journal *j, struct err *e); /* makes the folders */
/*
 * The node is in the store, built in this run or found there: its log and key; a failure before it
 * is over.
 */
int journal_done(
    const struct journal *j, const struct node *n, const char *key_text, bool built, struct err *e);
/* where its result came from: what .how may hold */
#define HOW_BUILT "built\n"
#define HOW_BUILT_AGAIN "built again\n" /* with the same key: CACHE had it no more */
#define HOW_FOUND "found\n"		/* in CACHE, where it was already */
/*
 * marks its folder by a file `kept`, so that it is not cleaned up; path of the log, which is a
 * copy
 */
char *journal_failed(const struct journal *j, const struct node *n, const char *workdir);
/* the folder of the last failure, no longer kept, or NULL */
char *journal_clear_failure(const struct journal *j, const struct node *n);

/*
 * how long it took, in seconds; 0 when it was never built with this cache; no node: the end of the
 * plan
 */
double journal_seconds(const struct journal *j, const struct node *n);
void journal_took(const struct journal *j, const struct node *n, double seconds);

/* what is not as it was when it was built last, as "section build changed"; NULL: it never was */
const char *journal_changed(const struct journal *j, const struct node *n, const char *key_text);

#endif
