/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_TESTCASE_H
#define VERIFY_PLAY_TESTCASE_H

#include "build/base/err.h"
#include "verify/play/state.h"

struct templ;

/*
 * One test case: a scenario played on a guest of one image, from the overlay to the verdict.  A
 * step ends once, by testcase_pass(), testcase_fail() or testcase_inconclusive(); what comes next
 * is decided from the loop, so a step may end wherever it likes.
 */
/*
 * a, job, result: live until the report; the test case itself until testcase_free().  done is
 * called once, from the loop, when the verdict stands and QEMU is gone; the result is on a then,
 * and of what the guest said it has lines, and what was kept.
 */
struct testcase *testcase_start(struct arena *a, struct loop *l, const struct testcase_job *job,
    struct testcase_result *result, testcase_done *done, void *arg);
/* ends it as inconclusive */
void testcase_interrupt(struct testcase *c, const char *why);
void testcase_free(struct testcase *c); /* after done */
/*
 * For a conductor, when no step is under way.  Plays the i-th step of the scenario, which may have
 * been added behind the others; how it ended is in the result when `ready` is called, and nothing
 * stops at a failure.
 */
void testcase_do(struct testcase *c, size_t i);
/* has it failed since then, be it between two steps; and as if nothing had been */
bool testcase_has_failed(const struct testcase *c);
void testcase_forgive(struct testcase *c);
/* it is over: the guest ends, then `done` is called */
void testcase_finish(struct testcase *c);
/* the step under way as it is written, or NULL */
const char *testcase_doing(const struct testcase *c);
/* its scenario sleeps: nothing is wanted of the guest */
bool testcase_is_sleeping(const struct testcase *c);

/* ---- for the verbs ---- */

void testcase_pass(struct testcase *c);
void testcase_pass_saying(
    struct testcase *c, const char *said); /* one line, for who compares it with another run's */
/* expected, got: one line each, or NULL */
void testcase_fail(struct testcase *c, const char *expected, const char *got, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* inconclusive: the host or the programs are at fault */
void testcase_inconclusive(struct testcase *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/*
 * QEMU did not answer: inconclusive, but when the guest is gone it has failed (or else it could end
 * its failure by ending)
 */
void testcase_unanswered(struct testcase *c, const char *what, const char *why);
/* the text with its names filled in; NULL: the step has failed over it */
const char *testcase_fill(struct testcase *c, const struct templ *t);
/* "10.0 s", on the arena */
const char *testcase_seconds(struct testcase *c, nstime t);
/* starts QEMU on the test case's disk; an error is inconclusive */
int testcase_boot(struct testcase *c, struct err *e);
/* the name of a guest's state on the way from one QEMU to another */
#define TESTCASE_MOVING "moving"
/*
 * the guest goes on at another pace, in another QEMU; done as for guest_move(), with arg.  What
 * leads to PACE_RACE and PACE_CALM: qemu.h; the latter waits for its state: arrival.h
 */
void testcase_move(struct testcase *c, enum qemu_pace pace, guest_moved *done, void *arg);
nstime testcase_timeout(const struct testcase *c); /* of the step under way */
/* the step under way has come on: its time begins anew */
void testcase_extend(struct testcase *c);
/* the deadline of the step under way has passed; arg is the test case: for loop_at */
void testcase_overdue(void *arg);
const struct step *testcase_step(const struct testcase *c); /* the one under way */
/* n bytes for the comparison across triples: in the test case's result, and in its folder */
int testcase_keep(
    struct testcase *c, const char *subject, const char *text, size_t n, struct err *e);
bool testcase_guest_runs(const struct testcase *c);

#endif
