/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_GUEST_H
#define VERIFY_GUEST_GUEST_H

#include "build/base/clock.h"
#include "build/base/err.h"
#include "verify/guest/agent.h"
#include "verify/guest/qemu.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct loop;
struct manifest;
struct stream;
struct view;

/*
 * One guest: the QEMU process, its console from the first byte to the last, QMP, and the
 * private command channel.  That QEMU runs does not mean that the guest is up.
 *
 * What it says has bounds.  Of the console the newest MiB is in memory, and 256 MiB are told and
 * logged, of all boots of one guest together: the rest is dropped, see guest_console_is_full().  A
 * QMP message of more than 1 MiB is dropped and told, see `unheard`; of QMP's log the first 16 MiB
 * are kept; of QEMU's own words the last 4 KiB.
 */
enum guest_state {
	GUEST_OFF,
	GUEST_RUNNING,
	GUEST_ENDING, /* SHUTDOWN seen, or process dead; console not yet at its end */
	GUEST_ENDED,  /* reaped, console at its end */
	GUEST_NSTATES
};

struct guest;

/* what the owner wants to hear; all called from the loop */
struct guest_calls {
	void (*console)(void *arg); /* new bytes in the stream, or its end */
	void (*event)(void *arg, const char *name,
	    const char
		*reason); /* QMP: SHUTDOWN guest-shutdown, RESET guest-reset, GUEST_PANICKED ... */
	/* NULL or: QEMU says what is too long to be understood; inconclusive */
	void (*unheard)(void *arg, const char *why);
	void (*ended)(void *arg); /* GUEST_ENDED */
};

/*
 * dir: the test case's folder: console, qmp, argv are written there from the first byte on.  Of o
 * the descriptors qmp_fd and agent_fd are not read, but that the latter is negative when there
 * shall be no guest agent; those of net stay open here, and are the caller's to close.
 */
int guest_start(struct arena *a, struct loop *l, const struct manifest *m,
    const struct qemu_opts *o, const char *dir, const struct guest_calls *calls, void *arg,
    struct guest **out, struct err *e);
/*
 * o->loadvm: what the console had said when the state was saved, so that its story is whole; right
 * after guest_start
 */
void guest_recall(struct guest *g, const void *p, size_t n);
/*
 * The same guest in another QEMU: it is stopped, saved inside its disk as o->loadvm, and goes on
 * where it was with QEMU's options o.  Its console goes on, too; what the guest agent has been
 * asked meanwhile, it is asked there.  done is called once, from the loop: why NULL, or QEMU's
 * words for that it cannot save such a guest, which stands still then.  It is not called when the
 * guest ends meanwhile, or cannot go on: that is told as its end.  o and dir as for guest_start(),
 * to live as long as the guest.
 */
typedef void guest_moved(void *arg, const char *why);
void guest_move(
    struct guest *g, const struct qemu_opts *o, const char *dir, guest_moved *done, void *arg);
enum guest_state guest_state(const struct guest *g);
struct stream *guest_console(struct guest *g);
/* without the kernel's lines that cut others in two */
struct view *guest_view(struct guest *g);
/* it has said more than may be: what comes now is dropped */
bool guest_console_is_full(const struct guest *g);
/*
 * how it ended: "guest-shutdown" "guest-reset" "guest-panic" "host-qmp-quit" "host-signal", or
 * "qemu: exit status 1: LAST WORDS"
 */
const char *guest_reason(const struct guest *g);
/* it has ended, and nothing that a guest does can have brought that about (ending.h) */
bool guest_ended_by_host(const struct guest *g);
/* it has ended, or there is a sign that it does: what failed just now may have failed of that */
bool guest_is_going(const struct guest *g);
int guest_send(
    struct guest *g, const void *p, size_t n, struct err *e); /* to the console; n <= 900 */

/*
 * QMP: arguments is JSON text or NULL; answer is the "return" member as JSON text, or error the
 * message; called once
 */
typedef void guest_answer(void *arg, const char *answer, const char *error);
void guest_qmp(
    struct guest *g, const char *command, const char *arguments, guest_answer *done, void *arg);
/* human monitor command: answer is its text */
void guest_hmp(struct guest *g, const char *command, guest_answer *done, void *arg);

/*
 * a command through the guest agent (agent.h); when the guest has none, or is gone, it comes back
 * with status -1
 */
void guest_run(struct guest *g, const char *command, nstime deadline, agent_done *done, void *arg);

bool guest_has_agent(const struct guest *g);
/* what it was started with */
const struct manifest *guest_manifest(const struct guest *g);
/* what its QEMU is told of a state: qemu_opts.told */
const char *guest_told(const struct guest *g);
/* of QEMU; 0: reaped */
pid_t guest_pid(const struct guest *g);

/*
 * port of 127.0.0.1 that leads to this one of the guest, forwarded from now on when it was not yet;
 * answer is the number as text
 */
void guest_port(struct guest *g, unsigned to, guest_answer *done, void *arg);
/* QMP quit, KILL after grace; ended is called when it is over */
void guest_stop(struct guest *g, nstime grace);
void guest_free(struct guest *g); /* only when GUEST_OFF or GUEST_ENDED */

#endif
