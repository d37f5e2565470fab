/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/session/recording.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/play/facts.h"
#include "verify/scenario/names.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"
#include "verify/verbs/verbs.h"

#include <string.h>

static struct names
some_names(struct arena *a)
{
	struct names n = { .a = a };

	names_set(&n, "hostname", "lh-x86_64");
	names_set(&n, "arch", "x86_64");
	names_set(&n, "address", "10.0.2.15");
	names_set(&n, "router", "10.0.2.1");
	names_set(&n, "version.linux", "6.12");
	names_set(&n, "net", "dhcp");
	names_set(&n, "profile", "s6");
	names_set(&n, "root.password", "sesame");
	names_set(&n, "dns", NULL);
	return n;
}

static const struct {
	const char *command;
	int status;
	const char *out, *step;
} runs[] = {
	{ "hostname", 0, "lh-x86_64\n", "run \"hostname\" -> /^${hostname}$/\n" },
	{ "uname -m", 0, "x86_64\n", "run \"uname -m\" -> /^${arch}$/\n" },
	{ "true", 0, "", "run \"true\" -> empty\n" },
	{ "false", 1, "\n", "run \"false\" -> empty status 1\n" },
	{ "ping -c 1 10.0.2.1", 0, "64 bytes from 10.0.2.1: time=0.5 ms\n",
	    "run \"ping -c 1 ${router}\" -> /^[0-9]+ bytes from ${router}: time=[0-9]+\\.[0-9]+ "
	    "ms$/\n" },
	/* a value that is a part of something else */
	{ "ip a", 0, "inet 10.0.2.150/24\n",
	    "run \"ip a\" -> /^inet [0-9]+\\.[0-9]+\\.[0-9]+\\.[0-9]+\\/[0-9]+$/\n" },
	{ "ip a", 0, "inet 10.0.2.15/24\n", "run \"ip a\" -> /^inet ${address}\\/[0-9]+$/\n" },
	{ "uname -r", 0, "6.12.1\n", "run \"uname -r\" -> /^[0-9]+\\.[0-9]+\\.[0-9]+$/\n" },
	/* what has a meaning in quotes, and in a pattern */
	{ "echo \"a\\tb\" ${HOME} $((1+2))", 0, "a\tb /root 3\n",
	    "run \"echo \\\"a\\\\tb\\\" \\${HOME} \\$((1+2))\" -> /^a.b \\/root [0-9]+$/\n" },
	{ "cat /proc/sys/kernel/random/uuid | cut -c 1-8", 0, "3f2a61b0\n",
	    "run \"cat /proc/sys/kernel/random/uuid | cut -c 1-8\" -> /^[0-9a-f]+$/\n" },
	/* the longest of several lines */
	{ "ls", 2, "a\nlonger one\nb\n", "run \"ls\" -> /^longer one$/ status 2\n" },
};

static const struct {
	const char *prompt, *text, *steps;
} lines[] = {
	{ "lh-x86_64 login: ", "root", "prompt /${hostname} login: $/\nsend \"root\\n\"\n" },
	{ "Password: ", "sesame", "prompt /Password: $/\nsend \"${root.password}\\n\"\n" },
	{ "~ # ", "ls \"$x\"", "prompt /~ # $/\nsend \"ls \\\"\\$x\\\"\\n\"\n" },
	{ "", "x", "send \"x\\n\"\n" },
};

/* what is written is a scenario */
static void
check_read(struct arena *a, const char *steps)
{
	const char *path = arena_printf(a, "%s/t.scn", test_dir()),
		   *text = arena_printf(a, "scenario t \"t\"\n%s", steps);
	struct scenario s;
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(
	    scenario_read(a, path, NULL, verb_forms(a), facts_known(a), &s, &e) == 0, "%s", e.msg);
}

START_TEST(commands)
{
	struct arena *a = arena_new();
	const struct names n = some_names(a);
	const char *step = recording_run(
	    a, runs[_i].command, runs[_i].status, runs[_i].out, strlen(runs[_i].out), &n);

	ck_assert_str_eq(step, runs[_i].step);
	check_read(a, step);
	arena_free(a);
}
END_TEST

START_TEST(keys)
{
	struct arena *a = arena_new();
	const struct names n = some_names(a);
	const char *steps = recording_typed(a, lines[_i].prompt, lines[_i].text, &n);

	ck_assert_str_eq(steps, lines[_i].steps);
	check_read(a, steps);
	arena_free(a);
}
END_TEST

Suite *
recording_suite(void)
{
	Suite *s = suite_create("recording");
	TCase *tc = harness_case(s, "recording");

	tcase_add_loop_test(tc, commands, 0, sizeof runs / sizeof *runs);
	tcase_add_loop_test(tc, keys, 0, sizeof lines / sizeof *lines);
	return s;
}
