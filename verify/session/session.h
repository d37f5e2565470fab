/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SESSION_SESSION_H
#define VERIFY_SESSION_SESSION_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct image;
struct saved;
struct scenario;

/*
 * Somebody works on one guest: its console is on the terminal, and what is typed is a word of ours
 * (session_help()), a step to be played, or in a recording a command for the guest.
 */
struct session_opts {
	struct image *image; /* with its guest agent made */
	const struct scenario *scenario;
	const char *head;	  /* of a scenario that no file has; else NULL */
	const char *dir;	  /* of the test case, made fresh */
	const char *accel, *cpu;  /* as for struct testcase_job */
	double scale;		  /* of timeouts */
	const struct saved *from; /* as there */
	bool slot;		  /* as there */
	unsigned until;		  /* plays up to this line first; 0: nothing */
	const char *record;	  /* the file that a recording is written to, or NULL */
	const char *start;	  /* one line, said first */
};

/* exit status, or -1 with e: EXIT_WORK when a step failed that did not pass later */
int session_run(struct arena *a, const struct session_opts *o, struct err *e);

#endif
