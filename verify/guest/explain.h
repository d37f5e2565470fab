/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_EXPLAIN_H
#define VERIFY_GUEST_EXPLAIN_H

#include "build/base/clock.h"

#include <stdbool.h>

struct arena;
struct guest;
struct loop;
struct symbols;

/*
 * What is the guest doing?  Asked when a step has failed: two looks at the processor, a fifth of a
 * second apart, and at what the host gives QEMU; one line for the report, such as
 *
 *   idle (cpu_do_idle), console silent for 8.2 s, load 0.1
 *   spinning in calibrate_delay, console silent for 30.0 s, load 1.2
 *   host CPU contention: runnable but not scheduled 84 %; idle, ...
 */
typedef void explain_done(void *arg, const char *text);

/*
 * silent: since when the console has said nothing; symbols may be NULL; done is called once, from
 * the loop, within about 3 s
 */
void explain_start(struct arena *a, struct loop *l, struct guest *g, const struct symbols *s,
    nstime silent_since, explain_done *done, void *arg);

/* what was seen; the words are made from it by a pure function */
struct sighting {
	const char *status; /* of QMP query-status, or NULL: QEMU did not answer */
	bool gone;	    /* QEMU is not running any more */
	const char *reason; /* gone: how it ended */
	int nlooks;	    /* at the processor: 0, 1, 2 */
	bool halted[2];
	const char *symbol[2]; /* or NULL: outside the kernel's text */
	bool user[2];	       /* an address of user space */
	double contention; /* of the time QEMU's threads could have run, the share they waited for a
			   processor */
	double silent;	   /* seconds */
	double load;
};

const char *explain_text(struct arena *a, const struct sighting *s);

#endif
