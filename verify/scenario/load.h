/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_LOAD_H
#define VERIFY_SCENARIO_LOAD_H

#include <stddef.h>

struct arena;
struct err;
struct scenario;
struct verb_form;

/* Scenarios from files: what they may say is in lh-scenario(5). */

/*
 * known: names that exist before the first step (from manifest and matrix), NULL-terminated.
 * forms: table of verbs, ended by a NULL verb.
 */
int scenario_read(struct arena *a, const char *path, const char *watches,
    const struct verb_form *forms, const char *const *known, struct scenario *out, struct err *e);
/*
 * the steps of ending, behind those of a scenario whose guest has an agent: it is asked at the end
 * when it still runs
 */
void scenario_append(struct arena *a, struct scenario *s, const struct scenario *ending);
/* every *.scn of a folder, sorted by name; two with one name are an error */
int scenario_read_all(struct arena *a, const char *dir, const char *watches,
    const struct verb_form *forms, const char *const *known, struct scenario **out, size_t *n,
    struct err *e);

#endif
