/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_KNOCK_H
#define VERIFY_GUEST_KNOCK_H

struct island;
struct loop;

/*
 * Is a port of the guest open?  Asked through a port of 127.0.0.1, where slirp accepts everybody
 * before the guest has.  So we send a byte at once, which slirp takes only when the guest accepts:
 * that it closes with our byte unread is a reset, and says that the guest has refused; that it
 * closes otherwise is an end of file, and says that the guest's server has closed.
 */
enum knock_end {
	KNOCK_REFUSED,	/* by the guest; or QEMU is gone, which the caller has to rule out */
	KNOCK_ANSWERED, /* said has the beginning */
	KNOCK_CLOSED,	/* accepted, and closed without a word */
	KNOCK_SILENT,	/* nothing in the time after which slirp would give up by itself */
	KNOCK_FAILED	/* of this side: said */
};

struct knock;
typedef void knock_done(void *arg, enum knock_end end, const char *said);

/* done is called once, from the loop, never from here; the knock frees itself after it */
void knock_start(struct loop *l, const struct island *on, unsigned port, knock_done *done,
    void *arg, struct knock **out);
void knock_cancel(struct knock *k); /* NULL is fine; done is not called */

#endif
