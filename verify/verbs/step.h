/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_VERBS_STEP_H
#define VERIFY_VERBS_STEP_H

#include "verify/play/testcase.h"
#include "verify/play/verb.h"

#include <stdbool.h>
#include <stddef.h>

/* What the files of verbs share: a verb is a row in one of them (verb.h). */

struct subprocess;
struct want;

/* what an asynchronous answer needs to know whether it still matters */
struct ticket {
	struct testcase *testcase;
	unsigned number;
};

struct ticket *ticket_new(struct testcase *c);
/* the test case, or NULL: that step is over */
struct testcase *ticket_testcase(const struct ticket *t);

/* n-th word of a step, filled in; NULL: the step has failed over it */
const char *step_word(struct testcase *c, const struct step *s, size_t n);
/* the want of a step; NULL: the step has failed over it */
struct want *step_want(struct testcase *c, const struct step *s);
/* a long script is told by its beginning, on one line: the failure names the line with the rest */
const char *step_brief(struct arena *a, const char *command);
/*
 * what came closest in what a command said to what the step under way wants of it; of a long one
 * else the line that tells most; NULL: the rest of the report tells it all
 */
const char *step_nearest(struct testcase *c, const char *out, size_t n);
/* ends the step by what the command said: pass, or fail with its beginning and what was wanted */
void step_judge(struct testcase *c, const char *command, int status, const char *out, size_t n);
/* the guest has to run for this step; else it has failed */
bool step_needs_guest(struct testcase *c);
/* the cancel of a verb that reads an image */
void step_cancel_reading(struct testcase *c);

#endif
