/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_STEP_H
#define VERIFY_PLAY_STEP_H

#include "verify/scenario/scenario.h"

struct arena;
struct testcase;

/*
 * What the verbs of a scenario do.  Every step is asynchronous on the loop and has a deadline;
 * it ends once, through testcase_pass() or testcase_fail().
 *
 *   expect /re/                      earliest match from where the last one ended; | lines: more
 * patterns prompt /re/                      the console ends like this, and has been quiet send
 * TEXT                      to the console run    COMMAND                   through the guest
 * agent; -> and status as for every command wait   COMMAND                   the same again and
 * again until it holds keep   SUBJECT COMMAND           like run; what it says is compared across
 * triples (compare.h) keep   files                     the same for the paths of the image's
 * filesystems, as it is shipped chart  COMMAND                   like run; what it says is drawn in
 * the report (chart.h) check  A == B, A != B, A < B, A > B (numbers), check VALUE -> ... sleep TIME
 *   host   http serve TEXT as NAME   defines NAME.port NAME.url (as the guest sees it)
 *   host   ssh USER key COMMAND      the throw-away key that the guest agent brought
 *   host   ssh USER password WORD COMMAND
 *   host   ssh USER key denied, ssh USER password WORD denied, ssh USER wrong-key denied
 *   host   openssh USER COMMAND      OpenSSH's own client
 *   host   scp USER SIZE PATH        random bytes to the guest's PATH and back, equal
 *   host   echo USER SIZE            random bytes through ssh and `cat`, equal
 *   host   fsck PARTITION clean      after the guest ended
 *   vm     await REASON              the guest ends like this: guest-shutdown, guest-panic; or is
 * reset and goes on: guest-reset.  A reset that no step awaits is a failure. vm     boot again, on
 * the same disk, after it has ended vm     save                      in the file of a state: the
 * guest stops, and is kept for others vm     reset|powerdown|nmi       the buttons; the reset
 * button's reason is host-qmp-system-reset vm     link up|down              the network cable audit
 * static|baseline|modes|paths|files|kernel what audit.h says of the files; only with `image
 * offline`
 */

/* all forms, ended by a NULL verb; for scenario_read (the names known from the start: facts.h) */
const struct verb_form *step_forms(struct arena *a);

/*
 * what a step keeps for the comparison, or NULL: it does not, or names it by more than a-z, 0-9 and
 * -
 */
const char *step_keeps(const struct step *s);
/* begins a step; its end is told to the test case */
void step_start(struct testcase *c, const struct step *s);
/* there are new bytes on the console, or it has ended */
void step_console(struct testcase *c, const struct step *s);
/* QEMU is gone */
void step_ended(struct testcase *c, const struct step *s);
/* the guest was reset, and goes on */
void step_reset(struct testcase *c, const struct step *s, const char *reason);
/* does it wait for this end, or reset? */
bool step_awaits(const struct step *s, const char *reason);
/* its deadline has passed: fills the failure */
void step_late(struct testcase *c, const struct step *s);
/* undoes what is pending; after it no callback of this step comes */
void step_cancel(struct testcase *c, const struct step *s);

#endif
