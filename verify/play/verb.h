/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_VERB_H
#define VERIFY_PLAY_VERB_H

#include "build/base/clock.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>

struct knock;
struct pattern;
struct reading;
struct ssh;
struct subprocess;
struct testcase;
struct want;

/*
 * What a verb of a scenario does, a row a form.  Every step is asynchronous on the loop and has a
 * deadline; it ends once, through testcase_pass(), testcase_fail() or testcase_inconclusive().
 * To add one: a row and its functions in the verb_*.c where it belongs (step.h has what they
 * share), and a line in lh-scenario(5).
 *
 *   expect /re/                      earliest match from where the last one ended; | lines: more
 *   prompt /re/                      the console ends like this, and has been quiet
 *   send   TEXT                      to the console
 *   run    COMMAND                   through the guest agent; -> and status, as for every command
 *   wait   COMMAND                   the same again and again until it holds
 *   keep   SUBJECT COMMAND           like run; what it says is compared across triples (compare.h)
 *   keep   files                     the same for the paths of the image's filesystems
 *   chart  COMMAND                   like run; what it says is drawn in the report (chart.h)
 *   check  A == B, A != B, A < B, A > B (numbers), check VALUE -> ...
 *   sleep  TIME
 *   host   http serve TEXT as NAME   defines NAME.port NAME.url (as the guest sees it)
 *   host   ntp serve SECONDS as NAME a clock that stands there now; defines NAME.port
 *   host   ssh USER key COMMAND      the throw-away key that the guest agent brought
 *   host   ssh USER password WORD COMMAND
 *   host   ssh USER key denied, ssh USER password WORD denied, ssh USER wrong-key denied
 *   host   openssh USER COMMAND      OpenSSH's own client
 *   host   scp USER SIZE PATH        random bytes to the guest's PATH and back, equal
 *   host   echo USER SIZE            random bytes through ssh and `cat`, equal
 *   host   tcp-closed PORT           a connection to that port of the guest is refused by it
 *   host   fsck PARTITION clean      after the guest ended
 *   vm     await REASON              the guest ends like this: guest-shutdown, guest-panic; or is
 *                                    reset and goes on: guest-reset; a reset that no step awaits
 *                                    is a failure
 *   vm     boot                      again, on the same disk, after it has ended
 *   vm     save                      in the file of a state: the guest stops, and is kept
 *   vm     reset|powerdown|nmi       the buttons; reset's reason is host-qmp-system-reset
 *   vm     plug|unplug disk|copy|network
 *                                    a device, while it runs
 *   vm     inject read|write|all|none
 *                                    what the machine's disk fails to do from now on
 *   vm     throttle RATE             so many requests a second are what it takes
 *   vm     link up|down              the network cable
 *   vm     skip TIME                 so much time goes by in the guest at once, in a race
 *   race   <<END                     time races during the steps up to END (lapse.h)
 *   net    peer                      we stand between guest and network, and keep its frames; as do
 *                                    all that follow here
 *   net    dhcp WHAT [VALUE]         how the DHCP server behaves, or what it gives (peer/dhcp.h)
 *   net    dhcp other as NAME        it gives another address from now on; defines NAME
 *   net    dns NAME ANSWER [late TIME]
 *                                    an address or a word (peer/dns.h); others do not exist
 *   net    dns draw as NAME          a name and its address at random; defines NAME.name,
 *                                    NAME.address
 *   net    dhcp6 WHAT                one of IPv6 (peer/dhcp6.h)
 *   net    ntp WHAT [VALUE]          servers of time (peer/timeserver.h)
 *   net    await WHAT                the guest asks: discover, request ... since the last `net`
 *   audit  static|baseline|modes|paths|files|table|kernel
 *                                    what audit.h says of the files; only with `image offline`
 */
struct verb {
	struct verb_form form;
	void (*start)(struct testcase *c, const struct step *s);
	/* NULL: nothing to do then */
	void (*console)(struct testcase *c, const struct step *s); /* new bytes, or it has ended */
	void (*asked)(struct testcase *c, const struct step *s);   /* the guest asked the peer */
	void (*ended)(struct testcase *c, const struct step *s);   /* QEMU is gone */
	void (*late)(struct testcase *c, const struct step *s);	   /* tells more than that it is */
	/* undoes what is pending: no callback of this step comes after it; the alarm is not its */
	void (*cancel)(struct testcase *c);
	/* does it wait for this end, or this reset? */
	bool (*awaits)(const struct step *s, const char *reason);
	/* what it keeps for the comparison */
	const char *(*keeps)(const struct step *s);
};

/* of the step under way; zeroed at its start */
struct step_state {
	unsigned alarm; /* prompt: quiet time; wait: the next try; sleep */
	bool sleeps;	/* nothing is wanted of the guest meanwhile */
	unsigned ssh_port;
	unsigned port; /* tcp-closed: of the guest */
	struct ssh *ssh;
	struct subprocess *subprocess;
	struct reading *reading;
	struct knock *knock;
	void (*lapsed)(struct testcase *c); /* verbs/lapse.c */
	struct skip {			    /* race.c; seconds of the guest */
		double seconds, from, until, before, chunk, most;
		nstime asked;
	} * skip;

	struct pattern **patterns; /* expect, prompt */
	struct want *want;	   /* run, wait, ssh */
	const char *command;
	const char *got;  /* of the last try */
	nstime got_since; /* it has been so since then */
	char *said;	  /* the beginning of what the last try said; or NULL */
	size_t nsaid;
	const char *nearest; /* what came closest, when the verb knows better than the console */
	const char *user, *password, *key;
	const char *path; /* of a file of the host that the step made */
	void *bytes;	  /* sent, and wanted back */
	size_t nbytes;
};

#endif
