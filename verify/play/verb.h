/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_VERB_H
#define VERIFY_PLAY_VERB_H

#include "verify/play/testcase.h"

#include <stdint.h>

struct auditing;
struct subprocess;
struct ssh;
struct want;

/* What the files of verbs share: a row a form.  Only step.c and verb_*.c see this. */
struct verb {
	struct verb_form form;
	/* NULL: nothing to do there; late: a failure that has nothing special to say */
	void (*start)(struct testcase *c, const struct step *s);
	void (*console)(struct testcase *c, const struct step *s);
	void (*ended)(struct testcase *c, const struct step *s);
	void (*late)(struct testcase *c, const struct step *s);
};

/* each ended by a row without a verb */
extern const struct verb verbs_console[], verbs_run[], verbs_host[], verbs_ssh[], verbs_vm[],
    verbs_audit[];

/* of the step under way; zeroed at its start; step_cancel undoes what is set here */
struct step_state {
	const struct verb *verb;
	unsigned alarm; /* prompt: quiet time; wait: the next try; sleep */
	unsigned ssh_port;
	struct ssh *ssh;
	struct subprocess *subprocess;
	struct auditing *audit;

	struct pattern **patterns; /* expect, prompt */
	struct want *want;	   /* run, wait, ssh */
	const char *command;
	const char *got;  /* of the last try */
	nstime got_since; /* it has been so since then */
	const char *user, *password, *key;
	const char *path; /* of a file of the host that the step made */
	void *bytes;	  /* sent, and wanted back */
	size_t nbytes;
};

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
/* the want of a step; NULL: the step is inconclusive over it */
struct want *step_want(struct testcase *c, const struct step *s);
/* a long script is told by its beginning: the failure names the line that has the rest */
const char *step_brief(struct arena *a, const char *command);
/*
 * ends the step by what the command said: pass, fail with its beginning and what was wanted, or
 * inconclusive
 */
void step_judge(struct testcase *c, const char *command, int status, const char *out, size_t n);
/* the child is killed and reaped; NULL is fine */
void auditing_cancel(struct auditing *d);
/* the guest has to run for this step; else it has failed */
bool step_needs_guest(struct testcase *c);

#endif
