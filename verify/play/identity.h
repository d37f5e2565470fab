/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_IDENTITY_H
#define VERIFY_PLAY_IDENTITY_H

#include "build/base/clock.h"
#include "verify/guest/nonce.h"

#include <stdbool.h>

struct arena;
struct guest;
struct loop;

/*
 * Is it this boot that answers?  Each has a nonce on its kernel command line, or, where a firmware
 * starts the kernel, its disk has it as its serial number: the guest agent is asked for it, and
 * where there is none the console has to show it.  A guest from a snapshot has
 * its parent's command line, and answers besides with a nonce that nobody knew before this QEMU
 * ran.
 */
struct identity_calls {
	void (*wrong)(void *arg, const char *expected, const char *got);
	/* a guest from a snapshot has answered, and its clock is set */
	void (*awake)(void *arg);
	/* or has not */
	void (*unusable)(void *arg, const char *why);
};

struct identity {
	struct arena *a;
	struct loop *loop;
	const struct identity_calls *calls;
	void *arg;

	bool by_serial; /* it is the disk's serial number */
	char nonce[NONCE_SIZE];
	bool inside;	 /* what is asked through the guest agent has it */
	bool on_console; /* the console has shown it; set by who watches that */

	struct guest *guest;
	nstime deadline;    /* of the answer */
	const char *parent; /* nonce of the boot that the snapshot was made of */
	const char *asleep; /* why there was no answer */
	unsigned alarm;
};

/* another boot, with a nonce of its own; nothing of the last one is answered any more */
void identity_renew(struct identity *i);
/* nothing is asked any more */
void identity_stop(struct identity *i);
/* a command that prints what has the word, and nothing before it can be known */
const char *identity_question(const struct identity *i);
/* "lh.nonce=...", as the kernel has it, or the serial number */
const char *identity_word(const struct identity *i);
/* has this command line the word: the boot's own or, of a guest from a snapshot, its parent's */
bool identity_is_on(const struct identity *i, const char *cmdline);
/* asks until there is an answer; again after a reset that took the answer with it */
void identity_ask(struct identity *i, struct guest *g, nstime deadline);
/* the same of a guest from a snapshot, which is set right first */
void identity_wake(struct identity *i, struct guest *g, const char *parent, nstime deadline);
/* the guest has ended; true: that is why it did not wake up, and was told */
bool identity_ended(struct identity *i);

#endif
