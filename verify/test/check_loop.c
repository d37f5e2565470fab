/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/loop.h"

#include "verify/test/suites.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* what happened, in order, one letter each */
struct diary {
	struct loop *l;
	char text[64];
	int fd, other;
	unsigned alarm;
};

static void
note(struct diary *d, char what)
{
	size_t n = strlen(d->text);

	ck_assert_uint_lt(n + 1, sizeof d->text);
	d->text[n] = what;
}

static void
a_late(void *arg)
{
	note(arg, 'a');
}

static void
b_late(void *arg)
{
	note(arg, 'b');
}

static void
a_cancels(void *arg)
{
	struct diary *d = arg;

	note(d, 'a');
	loop_cancel(d->l, d->alarm);
}

static void
a_adds_b(void *arg)
{
	struct diary *d = arg;

	note(d, 'a');
	loop_at(d->l, 0, b_late, d);
}

static void
reads(void *arg, int fd, short revents)
{
	char byte;

	ck_assert(revents & POLLIN);
	ck_assert_int_eq(read(fd, &byte, 1), 1);
	note(arg, byte);
}

/* two pipes are ready; whoever comes first takes the other one out of the loop */
static void
reads_and_forgets(void *arg, int fd, short revents)
{
	struct diary *d = arg;

	reads(d, fd, revents);
	loop_forget(d->l, d->fd);
	loop_forget(d->l, d->other);
}

/* ... or closes it, and the next descriptor gets its number */
static void
reads_and_replaces(void *arg, int fd, short revents)
{
	struct diary *d = arg;
	int victim = fd == d->fd ? d->other : d->fd, fresh[2];

	reads(d, fd, revents);
	loop_forget(d->l, fd);
	loop_forget(d->l, victim);
	ck_assert_int_eq(pipe(fresh), 0);
	ck_assert_int_eq(dup2(fresh[0], victim), victim);
	loop_watch(d->l, victim, POLLIN, reads, d);
	close(fresh[0]);
	close(fresh[1]);
	/* it is at its end, so reads() would fail: it must not be called for what the old one had
	 */
}

static void
once(struct diary *d)
{
	struct err e;

	ck_assert_msg(loop_once(d->l, &e) == 0, "%s", e.msg);
}

START_TEST(alarms_come_by_deadline)
{
	struct diary d = { .l = loop_new() };

	loop_at(d.l, 2, b_late, &d);
	loop_at(d.l, 1, a_late, &d);
	loop_at(d.l, NS_NEVER, a_late, &d);
	loop_at(d.l, 2, a_late, &d);
	once(&d);
	ck_assert_str_eq(d.text, "aba");
	loop_free(d.l);
}
END_TEST

START_TEST(an_alarm_may_cancel_another)
{
	struct diary d = { .l = loop_new() };

	loop_at(d.l, 1, a_cancels, &d);
	d.alarm = loop_at(d.l, 2, b_late, &d);
	once(&d);
	ck_assert_str_eq(d.text, "a");
	loop_free(d.l);
}
END_TEST

START_TEST(an_alarm_set_by_an_alarm_waits_for_the_next_round)
{
	struct diary d = { .l = loop_new() };

	loop_at(d.l, 0, a_adds_b, &d);
	once(&d);
	ck_assert_str_eq(d.text, "a");
	once(&d);
	ck_assert_str_eq(d.text, "ab");
	loop_free(d.l);
}
END_TEST

static void
two_pipes(struct diary *d, loop_ready *ready)
{
	int p[2], q[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pipe(q), 0);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	ck_assert_int_eq(write(q[1], "x", 1), 1);
	close(p[1]);
	close(q[1]);
	d->fd = p[0];
	d->other = q[0];
	loop_watch(d->l, d->fd, POLLIN, ready, d);
	loop_watch(d->l, d->other, POLLIN, ready, d);
}

START_TEST(who_is_forgotten_is_not_served)
{
	struct diary d = { .l = loop_new() };
	struct err e;

	two_pipes(&d, reads_and_forgets);
	once(&d);
	ck_assert_str_eq(d.text, "x");
	ck_assert_int_eq(loop_once(d.l, &e), -1);
	ck_assert_str_eq(
	    e.msg, "nothing to wait for: neither a descriptor nor a deadline is registered");
	close(d.fd);
	close(d.other);
	loop_free(d.l);
}
END_TEST

START_TEST(a_new_descriptor_is_not_served_for_an_old_one)
{
	struct diary d = { .l = loop_new() };

	two_pipes(&d, reads_and_replaces);
	once(&d);
	ck_assert_str_eq(d.text, "x");
	close(d.fd);
	close(d.other);
	loop_free(d.l);
}
END_TEST

START_TEST(a_second_watch_replaces_the_first)
{
	struct diary d = { .l = loop_new() }, other = { .l = d.l };
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	loop_watch(d.l, p[0], POLLIN, reads, &d);
	loop_watch(d.l, p[0], POLLIN, reads, &other);
	once(&d);
	ck_assert_str_eq(d.text, "");
	ck_assert_str_eq(other.text, "x");
	close(p[0]);
	close(p[1]);
	loop_free(d.l);
}
END_TEST

Suite *
loop_suite(void)
{
	const TTest *const tests[] = { alarms_come_by_deadline, an_alarm_may_cancel_another,
		an_alarm_set_by_an_alarm_waits_for_the_next_round, who_is_forgotten_is_not_served,
		a_new_descriptor_is_not_served_for_an_old_one, a_second_watch_replaces_the_first,
		NULL };

	return suite_of("loop", tests);
}
