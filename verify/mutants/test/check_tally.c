/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/tally.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/mutants/derive.h"
#include "verify/mutants/equivalent.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const played[] = { "audit", "boot", "ssh", NULL };
static const struct tally_head head = { .offline = (const char *const[]){ "audit", NULL },
	.played = played };
static const struct derived mutant = { .source = "files", .class = "emptied", .target = "/etc/a" };
static const struct equivalent equivalent = {
	.path = "scenarios/equivalent", .line = 3, .reason = "nobody reads it"
};

#define AUDIT (const char *[]){ "audit" }, 1
#define BOOT (const char *[]){ "boot" }, 1
#define TWO (const char *[]){ "audit", "ssh" }, 2
#define NOBODY NULL, 0
#define O(...)                                                                                     \
	{                                                                                          \
		.mutant = &mutant, __VA_ARGS__                                                     \
	}

/* one outcome: its line, and the exit status of a run that has only that */
static const struct {
	enum outcome_kind kind;
	const struct equivalent *equivalent;
	const char **killers;
	size_t nkillers;
	bool resumed;
	const char *reason, *line;
	int status;
} lines[] = {
	{ OUTCOME_KILLED, NULL, BOOT, false, "late",
	    "ok 7 - emptied /etc/a # killed by boot at b:1: late\n", 0 },
	{ OUTCOME_KILLED, NULL, TWO, false, "late",
	    "ok 7 - emptied /etc/a # killed by audit at b:1: late; and by ssh\n", 0 },
	{ OUTCOME_SURVIVED, NULL, NOBODY, false, NULL, "not ok 7 - emptied /etc/a # survived\n",
	    1 },
	{ OUTCOME_SURVIVED, NULL, NOBODY, true, NULL,
	    "not ok 7 - emptied /etc/a # survived (played before)\n", 1 },
	{ OUTCOME_SURVIVED, &equivalent, NOBODY, false, NULL,
	    "ok 7 - emptied /etc/a # SKIP equivalent: nobody reads it\n", 0 },
	{ OUTCOME_KILLED, &equivalent, BOOT, false, "late",
	    "not ok 7 - emptied /etc/a # no longer equivalent (scenarios/equivalent:3): killed by "
	    "boot at b:1: late\n",
	    1 },
	{ OUTCOME_INCONCLUSIVE, NULL, NOBODY, false, "disk full",
	    "not ok 7 - emptied /etc/a # inconclusive: disk full\n", 125 },
	/* it was not judged, whatever is said of it */
	{ OUTCOME_INCONCLUSIVE, &equivalent, NOBODY, false, "disk full",
	    "not ok 7 - emptied /etc/a # inconclusive: disk full\n", 125 },
	{ OUTCOME_NONE, NULL, NOBODY, false, NULL, "not ok 7 - emptied /etc/a # not played: ?\n",
	    125 },
};

START_TEST(tells)
{
	const struct outcome o = { .mutant = &mutant,
		.kind = lines[_i].kind,
		.equivalent = lines[_i].equivalent,
		.killers = lines[_i].killers,
		.nkillers = lines[_i].nkillers,
		.where = "b:1",
		.reason = lines[_i].reason,
		.resumed = lines[_i].resumed };
	struct tally t;
	char *said = NULL;
	size_t n;
	FILE *f = open_memstream(&said, &n);

	tally_line(f, 7, &o);
	fclose(f);
	ck_assert_str_eq(said, lines[_i].line);
	free(said);
	tally_count(&o, 1, &head, &t);
	ck_assert_int_eq(tally_status(&t), lines[_i].status);
}
END_TEST

static const struct outcome outcomes[] = {
	O(.kind = OUTCOME_KILLED, .killers = (const char *[]){ "audit" }, .nkillers = 1,
	    .where = "a:1", .reason = "\"<x>\"\n"),
	O(.kind = OUTCOME_KILLED, .killers = (const char *[]){ "boot" }, .nkillers = 1),
	O(.kind = OUTCOME_KILLED, .killers = (const char *[]){ "boot", "ssh" }, .nkillers = 2),
	O(.kind = OUTCOME_SURVIVED),
	O(.kind = OUTCOME_SURVIVED, .equivalent = &equivalent),
	O(.kind = OUTCOME_NONE),
};

/* all that were judged; one more was not */
#define N (sizeof outcomes / sizeof *outcomes - 1)

#define CLASSES                                                                                    \
	"# class                       all  guest  audit  alive  other\n"                          \
	"# emptied                       5      2      1      1      1\n"

static const struct {
	bool all, function;
	size_t n;
	const char *text;
} ends[] = {
	{ false, false, N,
	    "# audit          kills first 1\n# boot           is the first guest to kill 1\n"
	    "# ssh            is the first guest to kill 0\n" CLASSES
	    "# score 0.750: 3 killed, 1 survived, 1 equivalent\n"
	    "# function at least 0.500: 2 killed by a guest, 1 by audits alone, of which no guest "
	    "was asked (--function asks)\n3 passed, 1 failed, 1 skipped\n" },
	{ false, true, N,
	    "# audit          kills first 1\n# boot           is the first guest to kill 1\n"
	    "# ssh            is the first guest to kill 0\n" CLASSES
	    "# score 0.750: 3 killed, 1 survived, 1 equivalent\n"
	    "# function 0.500: 2 killed by a guest, 1 by audits alone\n"
	    "3 passed, 1 failed, 1 skipped\n" },
	{ true, false, N,
	    "# audit          is the only one to kill 1\n# boot           is the only guest to "
	    "kill "
	    "1\n"
	    "# ssh            is the only guest to kill 0\n" CLASSES
	    "# score 0.750: 3 killed, 1 survived, 1 equivalent\n"
	    "# function 0.500: 2 killed by a guest, 1 by audits alone\n"
	    "3 passed, 1 failed, 1 skipped\n" },
	{ true, false, N + 1,
	    "# audit          is the only one to kill 1\n# boot           is the only guest to "
	    "kill 1\n"
	    "# ssh            is the only guest to kill 0\n"
	    "# class                       all  guest  audit  alive  other\n"
	    "# emptied                       6      2      1      1      2\n"
	    "# score 0.750 of those judged: 3 killed, 1 survived, 1 equivalent, 0 inconclusive, "
	    "1 not played\n"
	    "# function 0.500: 2 killed by a guest, 1 by audits alone\n"
	    "3 passed, 2 failed, 1 skipped\n" },
};

START_TEST(ends_with)
{
	struct tally_head h = head;
	char *said = NULL;
	size_t n;
	FILE *f = open_memstream(&said, &n);

	h.all_scenarios = ends[_i].all;
	h.function = ends[_i].function;
	tally_end(f, outcomes, ends[_i].n, &h);
	fclose(f);
	ck_assert_str_eq(said, ends[_i].text);
	free(said);
}
END_TEST

/* nothing was judged: there is no score, and it is no pass */
START_TEST(nothing)
{
	static const struct outcome none = O(.kind = OUTCOME_NONE);
	struct tally t;
	char *said = NULL;
	size_t n;
	FILE *f = open_memstream(&said, &n);

	tally_end(f, &none, 1, &head);
	fclose(f);
	ck_assert_msg(strstr(said, "# no score: no mutant was judged\n"), "%s", said);
	free(said);
	tally_count(&none, 0, &head, &t);
	ck_assert_int_eq(tally_status(&t), 125);

	struct arena *a = arena_new();
	struct err e;
	char *text;

	ck_assert_int_eq(tally_files(a, test_dir(), &none, 1, &head, &e), 0);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/mutants.json", test_dir()), &text, NULL, &e), 0);
	ck_assert_msg(strstr(text, "{\"score\": null, \"killed\": 0,"), "%s", text);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/mutants.html", test_dir()), &text, NULL, &e), 0);
	ck_assert_msg(strstr(text, "<h1>No mutation score: no mutant was judged</h1>"), "%s", text);
	arena_free(a);
}
END_TEST

START_TEST(writes)
{
	struct arena *a = arena_new();
	struct err e;
	char *text;

	ck_assert_int_eq(tally_files(a, test_dir(), outcomes, N, &head, &e), 0);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/mutants.json", test_dir()), &text, NULL, &e), 0);
	ck_assert_msg(
	    strstr(text, "{\"score\": 0.7500, \"killed\": 3, \"survived\": 1,"), "%s", text);
	ck_assert_msg(strstr(text, "\"reason\": \"\\\"<x>\\\"\\u000a\""), "%s", text);
	ck_assert_msg(strstr(text, "\"killers\": [\"boot\", \"ssh\"]}"), "%s", text);
	/* what no guest was asked for is told from what a guest refused */
	ck_assert_msg(strstr(text, " \"function\": 0.5000, \"killed_by_a_guest\": 2, "
				   "\"killed_by_audits_alone\": 1,\n"),
	    "%s", text);
	ck_assert_msg(strstr(text, "\"proof\": \"audit, no guest asked\""), "%s", text);
	ck_assert_msg(strstr(text, "\"proof\": \"guest\""), "%s", text);
	ck_assert_msg(strstr(text, "{\"class\": \"emptied\", \"all\": 5, "), "%s", text);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/mutants.html", test_dir()), &text, NULL, &e), 0);
	/* those that survived stand in front */
	ck_assert_ptr_nonnull(strstr(text, "<td class=fail>survived"));
	ck_assert(strstr(text, "<td class=fail>survived") < strstr(text, "<td class=skip>"));
	ck_assert(strstr(text, "<td class=skip>") < strstr(text, "<td class=pass>"));
	ck_assert_msg(!strstr(text, "<x>"), "%s", text);
	ck_assert_msg(
	    strstr(text, "<td class=pass>killed<td>audit, no guest asked<td>audit"), "%s", text);
	ck_assert_msg(
	    strstr(text, "<tr><th scope=row>emptied<td>5<td>2<td>1<td>1<td>1</tr>"), "%s", text);
	arena_free(a);
}
END_TEST

Suite *
tally_suite(void)
{
	Suite *s = suite_of("tally", (const TTest *[]){ nothing, writes, NULL });

	tcase_add_loop_test(harness_case(s, "tells"), tells, 0, sizeof lines / sizeof *lines);
	tcase_add_loop_test(harness_case(s, "ends"), ends_with, 0, sizeof ends / sizeof *ends);
	return s;
}
