/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_ENDING_H
#define VERIFY_GUEST_ENDING_H

#include <stdbool.h>

struct arena;

/*
 * How a QEMU ended, and by whose doing.  Pure: what was seen goes in, words and a verdict come out.
 *
 * A guest ends QEMU by powering off, a reset or a panic, and QEMU tells of each with SHUTDOWN.  It
 * can also make QEMU crash (a jump to where there is no memory aborts), and its kernel can be one
 * that QEMU refuses.  Everything else is the host's: no memory, no accelerator, a signal, an exit
 * without SHUTDOWN.
 */
struct ending {
	int status;		 /* as waitpid gives it */
	const char *shutdown;	 /* the reason of SHUTDOWN, or NULL */
	bool ran;		 /* QMP answered, or the console said something */
	bool killed;		 /* by us, because it would not end */
	const char *words;	 /* the last of what QEMU wrote to stderr; "" */
	const char *silent_exit; /* the manifest's: what an exit with 0 and no SHUTDOWN means */
};

/* "guest-shutdown", or "qemu: exit status 1: LAST WORDS", on the arena */
const char *ending_text(struct arena *a, const struct ending *x);
/* what QEMU's word for an end means, behind it: "guest-panic (its kernel panicked)" */
const char *ending_words(struct arena *a, const char *reason);
/* nothing that a guest did can have brought it about */
bool ending_is_hosts(const struct ending *x);

#endif
