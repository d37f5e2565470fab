/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_SAVED_H
#define VERIFY_PLAY_SAVED_H

#include "build/base/clock.h"
#include "verify/guest/nonce.h"

#include <stddef.h>

/*
 * A booted guest, kept for others to start from.  What it said until then is theirs too: every
 * watch of theirs sees it, and a step may expect it.
 */
struct saved {
	const char *state; /* its name, also inside the disk */
	const char *disk;  /* the overlay that has it; NULL: the image has no disk */
	const char *console;
	size_t nconsole;
	char nonce[NONCE_SIZE]; /* on the kernel command line of that boot */
	nstime booted;		/* as in struct testcase_result */
	const char *why_not;	/* QEMU cannot save such a guest: its words; else NULL */
};

#endif
