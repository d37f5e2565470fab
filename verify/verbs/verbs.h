/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_VERBS_VERBS_H
#define VERIFY_VERBS_VERBS_H

#include "verify/play/verb.h"

struct arena;

/* all of them: console.c has verbs_console, and so on; each ends with a row without a verb */
#define VERB_FILES(X) X(console) X(run) X(host) X(ssh) X(vm) X(disk) X(race) X(net) X(audit)

#define VERB_TABLE(file) extern const struct verb verbs_##file[];
VERB_FILES(VERB_TABLE)
#undef VERB_TABLE

/* every form, ended by one without a verb; for scenario_read (names known at the start: facts.h) */
const struct verb_form *verb_forms(struct arena *a);

#endif
