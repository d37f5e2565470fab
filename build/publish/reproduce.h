/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_REPRODUCE_H
#define BUILD_PUBLISH_REPRODUCE_H

#include "build/base/argv.h"
#include "build/base/err.h"

struct arena;
struct config;
struct request;

/*
 * Builds the image once more and compares.  The second build differs in all that must
 * not matter: another checkout in another folder with a longer name, its own OUTPUT and
 * an empty CACHE, so that every package is compiled, another user (when started as
 * root, who touches nothing of either), time zone, locale, umask and number of jobs.
 */

/*
 * `lh-build build` for the second time, into folder; user: another NORMALUSER, or NULL.  Everybody
 * can read a command line: passwords, and URLs that have one, are in env as NAME=VALUE.
 */
void reproduce_words(const struct config *cfg, const char *folder, const char *user,
    struct argv *out, struct argv *env);

/* lh-build reproduce */
int reproduce_command(const struct request *rq, struct err *e);

#endif
