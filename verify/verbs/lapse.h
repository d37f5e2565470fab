/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_VERBS_LAPSE_H
#define VERIFY_VERBS_LAPSE_H

struct step;
struct testcase;

/*
 * A race, in which hours of a guest go by in a second: it is saved, and goes on in a QEMU where an
 * idle guest's clock jumps to its next timer; saved again, it goes on where the clocks are real.
 * What it waits for from without is late by hours in a race, so it boots at the host's pace first.
 *
 * Each move costs the guest some seconds, up to a minute.  For the race the kernel's settings are
 * others that wake an idle guest every half second, or take such a leap for a fault; they are put
 * back.
 */
typedef void lapse_done(struct testcase *c);

/* of the step under way, which has failed when done is not called; each part has its whole timeout
 */
void lapse_begin(struct testcase *c, lapse_done *done); /* then it races */
void lapse_end(struct testcase *c, lapse_done *done);	/* then it does not race any more */
/* the guest has ended meanwhile: for the verb's row */
void lapse_ended(struct testcase *c, const struct step *s);
/*
 * runs a command in the guest, "" or one that ends in "; ", and reads its uptime (c->lapse.uptime,
 * in seconds); what: is that which it has not done, when it does not come back
 */
void lapse_run(struct testcase *c, const char *command, const char *what, lapse_done *done);

#endif
