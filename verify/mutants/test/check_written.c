/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/written.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/image/image.h"
#include "verify/report/result.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#include <string.h>

static const char *
written(struct arena *a, const char *text)
{
	const char *path = arena_printf(a, "%s/case", test_dir());
	struct err e;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	return path;
}

START_TEST(reads)
{
	struct arena *a = arena_new();
	struct mutant s;
	struct err e;
	const char *text = "# a comment\n"
			   "mutant   sshd-exits \"its run script exits\"\n"
			   "requires profile s6\n"
			   "requires arch i486 x86_64\n"
			   "put      rootfs /etc/run 0755 <<END\n"
			   "#!/bin/sh\n"
			   "  exit 1 # not a comment\n"
			   "END\n"
			   "replace  rwfs /etc/sh#adow 0600 /^root:[^\\/]*:/   root::\n"
			   "remove   rootfs /bin/udhcpc\n"
			   "append   init=/bin/false\n"
			   "append   quiet\n"
			   "refused-by services /not (ready|up) #/\n";

	ck_assert_msg(written_read(a, written(a, text), &s, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(s.name, "sshd-exits");
	ck_assert_str_eq(s.title, "its run script exits");
	ck_assert_uint_eq(s.nrequires, 2);
	ck_assert_uint_eq(s.requires[1].nvalues, 2);
	ck_assert_str_eq(s.requires[1].values[1], "x86_64");
	ck_assert_uint_eq(s.nedits, 3);
	ck_assert_str_eq(s.edits[0].text, "#!/bin/sh\n  exit 1 # not a comment\n");
	ck_assert_uint_eq(s.edits[0].mode, 0755);
	ck_assert_uint_eq(s.edits[0].line, 5);
	ck_assert_int_eq(s.edits[1].kind, EDIT_REPLACE);
	ck_assert_str_eq(pattern_text(s.edits[1].re), "^root:[^\\/]*:");
	ck_assert_str_eq(s.edits[1].text, "root::");
	ck_assert_str_eq(s.edits[1].file, "/etc/sh#adow");
	ck_assert_int_eq(s.edits[2].kind, EDIT_REMOVE);
	ck_assert_str_eq(s.append, "init=/bin/false quiet");
	ck_assert_str_eq(s.scenario, "services");
	ck_assert_str_eq(pattern_text(s.reason), "not (ready|up) #");
	arena_free(a);
}
END_TEST

#define POKE ":1: poke: needs PARTITION HEX HEX, which are as long as each other"

static const struct {
	const char *text, *message; /* behind "DIR/case" */
} bad[] = {
	{ "breaks all\n",
	    ":1: breaks: unknown; one of mutant requires put add replace bytes remove "
	    "append poke uuid refused-by" },
	{ "mutant x\n", ":1: mutant: needs NAME \"what is wrong with it\"" },
	{ "mutant x/../y \"z\"\n",
	    ":1: mutant x/../y: a name is of letters, digits, . _ and -, neither . nor - first" },
	{ "requires arch\n", ":1: requires: needs KEY VALUE..." },
	{ "put rootfs etc 0755 <<END\n", ":1: needs FS /PATH" },
	{ "put rootfs /etc/x 0999 <<END\n", ":1: needs a mode such as 0755" },
	{ "put rootfs /etc/x 0755\n", ":1: needs <<WORD, and the text on the next lines" },
	{ "put rootfs /etc/x 0755 <<END\nEND \n", ":1: no line END ends the text" },
	{ "replace rootfs /x 0644 word y\n", ":1: needs a /pattern/ here: word y" },
	{ "replace rootfs /x 0644 /word\n", ":1: the pattern has no end: /word" },
	{ "bytes rootfs /x\n", ":1: bytes: needs OFFSET HEX..." },
	{ "bytes rootfs /x 12\n", ":1: bytes: needs OFFSET HEX..." },
	{ "bytes rootfs /x 0x12 7f 100\n", ":1: bytes: 100: not a byte such as 7f" },
	{ "remove rootfs /x y\n", ":1: remove: too many words" },
	{ "poke boot 00\n", POKE },
	{ "poke boot 00 0102\n", POKE },
	{ "poke boot 0 1\n", POKE },
	{ "poke boot 0x 0y\n", POKE },
	{ "poke boot 00 01 02\n", POKE },
	{ "uuid rootfs\n", ":1: uuid: needs PARTITION UUID" },
	{ "append \n", ":1: append: needs a kernel word" },
	{ "refused-by boot\n", ":1: needs a /pattern/ here: " },
	{ "append x\nrefused-by boot /x/\n", ": lacks the line mutant" },
	{ "mutant x \"y\"\nappend x\n", ": lacks the line refused-by" },
	{ "mutant x \"y\"\nrefused-by boot /x/\n", ": breaks nothing" },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	const char *path = written(a, bad[_i].text);
	struct mutant s;
	struct err e;

	ck_assert_int_eq(written_read(a, path, &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, bad[_i].message));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* what a scenario said of a broken image, and what that makes of the test case */
static const struct {
	enum verdict had;
	struct failure f;
	enum verdict is;
	const char *what;
} verdicts[] = {
	{ VERDICT_FAIL, { .what = "sshd: not as expected", .got = "down (exitcode 1)" },
	    VERDICT_PASS, NULL },
	{ VERDICT_FAIL, { .what = "the guest was reset", .nearest = "exitcode 1" }, VERDICT_PASS,
	    NULL },
	{ VERDICT_FAIL, { .what = "a warning tells" }, VERDICT_PASS, NULL },
	{ VERDICT_FAIL, { .what = "no network", .got = "status 1" }, VERDICT_FAIL,
	    "refused, but for another reason" },
	{ VERDICT_PASS, { 0 }, VERDICT_FAIL, "nothing noticed that it is broken" },
	{ VERDICT_INCONCLUSIVE, { 0 }, VERDICT_INCONCLUSIVE, NULL },
	{ VERDICT_SKIP, { 0 }, VERDICT_SKIP, NULL },
};

START_TEST(judges)
{
	struct arena *a = arena_new();
	struct mutant s;
	struct testcase_result r = { .verdict = verdicts[_i].had, .failure = verdicts[_i].f };
	const char *warnings[] = { "s6: exitcode 5" };
	struct err e;

	if (verdicts[_i].f.what && !strcmp(verdicts[_i].f.what, "a warning tells")) {
		r.warnings = warnings;
		r.nwarnings = 1;
	}
	ck_assert_int_eq(
	    written_read(a,
		written(a, "mutant x \"y\"\nappend x\nrefused-by boot /exitcode [1-9]/\n"), &s, &e),
	    0);
	written_judge(a, &s, &r);
	ck_assert_int_eq(r.verdict, verdicts[_i].is);
	ck_assert_pstr_eq(r.failure.what, verdicts[_i].what);
	if (r.verdict == VERDICT_FAIL)
		ck_assert_str_eq(r.failure.expected, "refused by boot for /exitcode [1-9]/");
	arena_free(a);
}
END_TEST

/* those that are really used: each is well formed, and its scenario exists */
START_TEST(all_of_ours_are_sound)
{
	struct arena *a = arena_new();
	struct mutant *s;
	size_t n;
	struct err e;

	ck_assert_msg(written_read_all(a, "verify/test/broken", &s, &n, &e) == 0, "%s", e.msg);
	ck_assert_uint_gt(n, 5);
	for (size_t i = 0; i < n; i++) {
		ck_assert_str_eq(strrchr(s[i].path, '/') + 1, s[i].name);
		ck_assert_msg(file_exists(arena_printf(a, "scenarios/%s.scn", s[i].scenario)), "%s",
		    s[i].path);
	}
	arena_free(a);
}
END_TEST

/* by its own name, or by the one that reports have; one that is not there is no silence */
START_TEST(chosen_by_name)
{
	const char *const none[] = { NULL }, *two[] = { "mutant-deaf", "leak", NULL },
			  *const wrong[] = { "leak", "mute", NULL };
	struct mutant all[] = { { .name = "deaf" }, { .name = "idle" }, { .name = "leak" } };
	size_t n = 3;
	struct err e;

	ck_assert_int_eq(written_choose(all, &n, none, &e), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_lt(written_choose(all, &n, wrong, &e), 0);
	ck_assert_str_eq(e.msg, "mutant mute: no such mutant there");
	ck_assert_int_eq(written_choose(all, &n, two, &e), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(all[0].name, "deaf");
	ck_assert_str_eq(all[1].name, "leak");
}
END_TEST

/* one that only a week shows is not played with the others, but where it is the only one */
START_TEST(lanes)
{
	struct arena *a = arena_new();
	struct image image = { .name = "x86_64/dhcp", .base = "/disk" };
	struct scenario scenarios[] = { { .name = "boot", .lane = "quick" },
		{ .name = "week", .lane = "long" } };
	struct mutant s[] = { { .name = "leak", .append = "leak", .scenario = "week" },
		{ .name = "deaf", .append = "deaf", .scenario = "boot" } };
	const char *const both[] = { "quick", "long", NULL };
	struct matrix m;
	struct err e;

	ck_assert_int_eq(written_matrix(a, &image, 1, s, 2, scenarios, 2, NULL, &m, &e), 0);
	ck_assert_str_eq(m.v[0].skip, "lane long");
	ck_assert_ptr_null(m.v[1].skip);
	ck_assert_int_eq(written_matrix(a, &image, 1, s, 2, scenarios, 2, both, &m, &e), 0);
	ck_assert_ptr_null(m.v[0].skip);
	ck_assert_int_eq(written_matrix(a, &image, 1, s, 1, scenarios, 2, NULL, &m, &e), 0);
	ck_assert_ptr_null(m.v[0].skip);
	arena_free(a);
}
END_TEST

Suite *
written_suite(void)
{
	Suite *s = suite_create("written");
	TCase *tc = harness_case(s, "written");

	tcase_add_test(tc, reads);
	tcase_add_test(tc, all_of_ours_are_sound);
	tcase_add_test(tc, chosen_by_name);
	tcase_add_test(tc, lanes);
	tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof *bad);
	tcase_add_loop_test(tc, judges, 0, sizeof verdicts / sizeof *verdicts);
	return s;
}
