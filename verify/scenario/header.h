/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_HEADER_H
#define VERIFY_SCENARIO_HEADER_H

#include <stddef.h>

struct err;
struct reading;

/*
 * The statements of a scenario that are no steps: scenario, requires, watch, section and their
 * like; each is a row of header.c.
 */

/* word begins the line.  1: it is a statement's, which has been read; 0: it is no statement */
int header_read(struct reading *r, const char *word, struct err *e);
/* what follows the word watch */
int header_watch(struct reading *r, struct err *e);

/* the words that a line of the head may begin with, and the kinds of watches; NULL behind the last
 */
const char *scenario_statement(size_t i);
const char *scenario_watch_kind(size_t i);

#endif
