/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/testcase.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/play/facts.h"
#include "verify/scenario/load.h"
#include "verify/test/fake.h"
#include "verify/test/suites.h"
#include "verify/verbs/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Guests that say 100 MB each, by every way there is, at once and beside one that behaves: each
 * gets the verdict that it would alone, and all of it fits into little memory.
 */
#if defined __SANITIZE_ADDRESS__
#define PEAK_MAX_KIB (1024 << 10) /* its own */
#define A_WHILE "20s"
#else
#define PEAK_MAX_KIB (64 << 10)
#define A_WHILE "10s"
#endif

#define BOOTS "say Command line: $cmdline\\n\n"
#define LINE " 0123456789012345678901234567890123456789012345678901234567890123456789 a line\\n\n"
#define TEN(x) x x x x x x x x x x
#define LONG TEN(TEN("twelve bytes"))
/* a watch that sees itself in each line */
#define ODD "odd: 0123456789012345678901234567890123456789012345678901234567890123456789012\\n\n"

static const struct {
	const char *script, *steps;
	bool agent;
	enum verdict verdict;
	const char *why; /* what has failed, or the reason; NULL: passes */
} guests[] = {
	{ BOOTS "agent\nhear on\nsay more\\n\n",
	    "run \"echo ${nonce}\" -> \"${nonce}\"\nsend \"on\"\nexpect /more/\n"
	    "run \"echo still here\" -> \"still here\"\nsleep 1s\nrun \"true\"\n",
	    true, VERDICT_PASS, NULL },
	{ BOOTS "flood 1250000" LINE "say the end\n", "expect /the end/\n", false, VERDICT_PASS,
	    NULL },
	{ BOOTS "flood 1250000 " ODD "say the end\n", "expect /the end/\n", false, VERDICT_PASS,
	    NULL },
	{ BOOTS "agent\n", "run \"head -c 100000000 /dev/zero\"\n", true, VERDICT_FAIL,
	    "head -c 100000000 /dev/zero: the guest agent is lost: a command wrote more than 1 "
	    "MiB" },
	/* while nothing is asked, and in pieces that are each small enough */
	{ BOOTS "agent\n",
	    "run \"head -c 20000000 /dev/zero &\"\nsleep " A_WHILE "\nrun \"echo in\"\n", true,
	    VERDICT_PASS, NULL },
	{ BOOTS "agent\n",
	    "wait \"printf '%900000s\\\\n' a b | tr ' ' '\\\\n'; date +%N\" -> /^x/ @2s\n", true,
	    VERDICT_FAIL, NULL },
	{ BOOTS "events 80000 NICE_DAY " LONG "\nsay the end\n", "expect /the end/\n", false,
	    VERDICT_PASS, NULL },
	{ BOOTS "hear on\nevents 20000 RESET guest-reset\n", "send \"on\"\nexpect /the end/\n",
	    false, VERDICT_FAIL, "the guest was reset (guest-reset)" },
	{ BOOTS "hear on\nmessage 100000000\n", "send \"on\"\nexpect /the end/\n", false,
	    VERDICT_INCONCLUSIVE, "QMP: a message of more than 1 MiB" },
	{ BOOTS "ssh 3100\nsay up\n", "expect /up/\nhost ssh root password \"x\" \"id\" @300s\n",
	    false, VERDICT_FAIL,
	    "ssh root (password) id: key exchange: the server sends more than 8 MiB that nobody "
	    "asked for" },
};

#define NGUESTS (sizeof guests / sizeof *guests)

struct stage {
	struct image image;
	struct scenario s;
	struct testcase_job job;
	struct testcase_result r;
	struct testcase *c;
	size_t *over;
};

static void
on_done(void *arg)
{
	++*((struct stage *)arg)->over;
}

/* each has a file of its own: it may not have been read when the next one is written */
static void
script(struct arena *a, size_t i)
{
	const char *path = arena_printf(a, "%s/%zu.script", test_dir(), i);
	struct err e;

	ck_assert_int_eq(file_write(path, guests[i].script, strlen(guests[i].script), 0644, &e), 0);
	setenv("LH_FAKE", path, 1);
}

static void
start(struct arena *a, struct loop *l, struct stage *t, size_t i, size_t *over)
{
	const char *dir = arena_printf(a, "%s/%zu", test_dir(), i),
		   *path = arena_printf(a, "%s.scn", dir),
		   *text = arena_printf(a,
		       "scenario test \"a test\"\n%stimeout 500s\nlimit 550s\n"
		       "watch warn odd /odd: .*/\nwatch fail panic /Kernel panic - .*/\n%s",
		       guests[i].agent ? "" : "image pristine\n", guests[i].steps);
	struct err e;

	*t = (struct stage){ .over = over };
	script(a, i);
	fake_manifest(&t->image.m);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(scenario_read(a, path, NULL, verb_forms(a), facts_known(a), &t->s, &e) == 0,
	    "%s", e.msg);
	t->job = (struct testcase_job){ .image = &t->image,
		.scenario = &t->s,
		.dir = dir,
		.agent = guests[i].agent,
		.scale = 1 };
	t->c = testcase_start(a, l, &t->job, &t->r, on_done, t);
}

static long
peak_kib(struct arena *a)
{
	struct err e;
	char *text;
	long kib;

	ck_assert_int_eq(file_read(a, "/proc/self/status", &text, NULL, &e), 0);
	ck_assert_int_eq(sscanf(strstr(text, "VmHWM:"), "VmHWM: %ld", &kib), 1);
	return kib;
}

START_TEST(what_guests_say_has_bounds)
{
	static struct stage stages[NGUESTS];
	struct arena *a = arena_new();
	struct loop *l = loop_new();
	size_t over = 0;
	struct err e;

	for (size_t i = 0; i < NGUESTS; i++)
		start(a, l, &stages[i], i, &over);
	while (over < NGUESTS)
		ck_assert_msg(loop_once(l, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < NGUESTS; i++) {
		const struct testcase_result *r = &stages[i].r;
		const char *why = r->reason ? r->reason : r->failure.what;

		ck_assert_msg(r->verdict == guests[i].verdict, "guest %zu: %s: %s (%s)", i,
		    verdict_names[r->verdict], why, r->failure.got);
		if (guests[i].why)
			ck_assert_str_eq(why, guests[i].why);
		testcase_free(stages[i].c);
	}
	ck_assert_int_lt(peak_kib(a), PEAK_MAX_KIB);
	loop_free(l);
	arena_free(a);
}
END_TEST

Suite *
flood_suite(void)
{
	return suite_of("flood", (const TTest *[]){ what_guests_say_has_bounds, NULL });
}
