/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/run.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/bisect/report.h"
#include "verify/test/fakebuild.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *only_x[] = { "x", NULL };
/* what is not of the test's folder */
static const struct bisect_opts plain = { .only = only_x, .accel = "tcg" };

/* a whole bisection; the answer's text, without the line on steps, the paths as T and IMAGE */
static int
bisect_by(struct arena *a, const struct bisect_opts *by, char **words, size_t n, struct bisect *h,
    const char **text, struct err *e)
{
	struct bisect_opts *o = arena_alloc(a, sizeof *o);
	char *said = NULL, *at, *out;
	size_t size;
	FILE *f;
	int r;

	*o = *by;
	o->lh_build = arena_printf(a, "%s/lh-build", test_dir());
	o->lh_verify = arena_printf(a, "%s/lh-verify", test_dir());
	o->scenarios = arena_printf(a, "%s/scenarios", test_dir());
	if (bisect_open(a, o, words, n, h, e) < 0)
		return -1;
	if (bisect_run(h, e) < 0) {
		bisect_close(h);
		return -1;
	}
	f = open_memstream(&said, &size);
	r = bisect_report(h, f, e);
	fclose(f);
	bisect_close(h);
	out = arena_alloc(a, size + 1);
	*text = out;
	for (at = said; *at;) {
		if (!strncmp(at, test_dir(), strlen(test_dir()))) {
			*out++ = 'T';
			at += strlen(test_dir());
		} else if (!strncmp(at, "steps/", 6) && strspn(at + 6, "0123456789abcdef") == 12) {
			out = stpcpy(out, "steps/IMAGE");
			at += 18;
		} else {
			*out++ = *at++;
		}
	}
	free(said);
	return r;
}

static int
bisect(struct arena *a, char **words, size_t n, struct bisect *h, const char **text, struct err *e)
{
	return bisect_by(a, &plain, words, n, h, text, e);
}

#define AGAIN(args)                                                                                \
	"  again      ./make verify " args                                                         \
	" TRIPLE=x86_64-linux-musl PROFILE=s6 NETS=dhcp SCENARIO=x\n"
#define REPORT "  report     T/out/bisect/report.html\n"
#define FAILS(got)                                                                                 \
	"  fails at   T/scenarios/x.scn:3  run \"thing\" -> up\n  expected   up\n  got        "    \
	"down, "                                                                                   \
	"in \\x1b[1m" got "\n"

/* a rule that passes, and lets the run's chart say so much */
#define WORKS(seconds) "sed -i \"s/^verdict pass/&\\nchart work all " seconds "/\" \"$out/results\""

/* rule: exits 1 when it fails; sh */
static const struct {
	const char *rule, *refuse, *words[4];
	int status;
	const char *text;
} cases[] = {
	/* one package, and the version in it; what needs what is not built */
	{ "[ $b -lt 3 ]", "[ $c -lt 4 ] || [ $b = 4 ]", { "GOOD=old", "BAD=new" }, 0,
	    "b 2 -> 3 broke it\n" FAILS("1") "  passes     with b 2, where it got: up, in 1\n  "
					     "changed    /bin/b\n" AGAIN(
						 "SET=old VERSION_b=3") "  steps      7 steps (8 "
									"expected), 15 runs; no "
									"verdict "
									"flipped\n" REPORT },
	/* two that are harmless alone */
	{ "[ $a -lt 2 ] || [ $b -lt 4 ]", "true", { "GOOD=old", "BAD=new" }, 0,
	    "a 1 -> 2 and b 3 -> 4 broke it together: without any one of them it passes\n" FAILS(
		"2") "  passes     with a 2, b 3, where it got: up, in 2\n  changed    "
		     "/bin/b\n" AGAIN("SET=old VERSION_a=2 VERSION_b=4") "  steps      9 steps (8 "
									 "expected), 17 runs; no "
									 "verdict "
									 "flipped\n" REPORT },
	/* c needs b */
	{ "[ $c -lt 4 ]", "true", { "GOOD=old", "BAD=new" }, 0,
	    "c 3 -> 4 broke it\n  it needs b 1 -> 4, which alone passes\n" FAILS(
		"1") "  passes     with b 4, c 3, where it got: up, in 1\n  changed    "
		     "/bin/c\n" AGAIN("SET=old VERSION_b=4 VERSION_c=4") "  steps      8 steps (8 "
									 "expected), 16 runs; no "
									 "verdict "
									 "flipped\n" REPORT },
	/* a version that cannot be built is never called bad */
	{ "[ $a -lt 3 ]", "[ $a != 2 ]", { "PACKAGE=a", "GOOD=1", "BAD=4" }, 125,
	    "a 1 -> 3 broke it, and it could not be narrowed further\n  skipped between "
	    "the two: a 2 (c: does not compile)\n" FAILS(
		"3") "  passes     with good end 1, where it got: up, in 1\n  changed    "
		     "/bin/a\n" AGAIN(
			 "VERSION_a=3") "  steps      4 steps (4 expected), 7 runs; no "
					"verdict flipped\n" REPORT },
	{ "[ $a -lt 3 ]", "[ $a != 2 ] || [ $b = 1 ]", { "PACKAGE=a", "GOOD=1", "BAD=4" }, 0,
	    "a 2 -> 3 broke it\n" FAILS(
		"3") "  passes     with a 2, where it got: up, in 2\n  "
		     "changed    /bin/a\n" AGAIN(
			 "VERSION_a=3") "  steps      4 steps (4 expected), "
					"12 runs; no verdict "
					"flipped\n" REPORT },
	{ "true", "true", { "GOOD=old", "BAD=new" }, 1,
	    "both ends pass: there is nothing to look for\n  steps      2 steps (8 expected), 6 "
	    "runs; no verdict flipped\n" REPORT },
	{ "false", "true", { "GOOD=old", "BAD=new" }, 1,
	    "both ends fail: what breaks it is older than the good end, or lies elsewhere\n" FAILS(
		"4") "  steps      2 steps (8 expected), 6 runs; no verdict flipped\n" REPORT },
	/* how much there is of something, with noise that is less than what changed */
	{ WORKS("1.$((b > 2 ? 3 : 1))0$((n % 3))"), "true",
	    { "GOOD=old", "BAD=new", "METRIC=work all" }, 0,
	    "b 2 -> 3: work all 1.101 s -> 1.302 s, +18.3 %\n  changed    /bin/b\n" AGAIN(
		"SET=old VERSION_b=3") "  steps      7 steps (8 expected), 15 runs; no verdict "
				       "flipped\n" REPORT },
	{ WORKS("$((a > 3 ? 2 : 3))"), "true",
	    { "GOOD=1", "BAD=4", "PACKAGE=a", "METRIC=work all" }, 0,
	    "a 3 -> 4: work all 3 s -> 2 s, -33.3 %\n  changed    /bin/a\n" AGAIN(
		"VERSION_a=4") "  steps      4 steps (4 expected), 10 runs; no verdict "
			       "flipped\n" REPORT },
	{ WORKS("1.00$b"), "true", { "GOOD=old", "BAD=new", "METRIC=work all" }, 1,
	    "the ends do not differ: work all 1.001 s -> 1.004 s, +0.3 %\n  steps      2 steps (8 "
	    "expected), 6 runs; no verdict flipped\n" REPORT },
	/* a run that fails has measured nothing, nor has one without that measure */
	{ WORKS("1") "; [ $b -lt 3 ]", "true", { "GOOD=old", "BAD=new", "METRIC=work all" }, 125,
	    "the bad end new could not be tested: down, in \\x1b[1m4\n  see "
	    "T/out/bisect/steps/IMAGE.log\n"
	    "  steps      2 steps (8 expected), 5 runs; no verdict flipped\n" REPORT },
	{ WORKS("1"), "true", { "GOOD=old", "BAD=new", "METRIC=work none" }, 125,
	    "the good end old could not be tested: work none: not measured there\n  see "
	    "T/out/bisect/steps/IMAGE.log\n"
	    "  steps      2 steps (8 expected), 4 runs; no verdict flipped\n" REPORT },
	{ "true", "[ $a = 1 ]", { "GOOD=old", "BAD=new" }, 125,
	    "the bad end new could not be tested: c: does not compile\n  steps      2 steps (8 "
	    "expected), 3 runs; no verdict flipped\n" REPORT },
};

START_TEST(answers)
{
	struct arena *a = arena_new();
	char *words[4], *html;
	const char *text = NULL;
	struct bisect h;
	struct err e = { 0 };
	size_t n = 0;
	int r;

	for (; n < 4 && cases[_i].words[n]; n++)
		words[n] = arena_strdup(a, cases[_i].words[n]);
	fake_programs(a, cases[_i].rule, cases[_i].refuse);
	r = bisect(a, words, n, &h, &text, &e);
	ck_assert_msg(r >= 0, "%s", e.msg);
	ck_assert_str_eq(text, cases[_i].text);
	ck_assert_int_eq(r, cases[_i].status);
	ck_assert_uint_eq(fake_count(a, "runs"), h.runs);
	ck_assert_msg(file_read(a, arena_printf(a, "%s/out/bisect/report.html", test_dir()), &html,
			  NULL, &e) == 0,
	    "%s", e.msg);
	ck_assert_ptr_nonnull(strstr(html, "<title>bisect: "));
	ck_assert_ptr_nonnull(strstr(html, "prefers-color-scheme:dark"));
	ck_assert_ptr_null(strchr(html, '\033'));
	arena_free(a);
}
END_TEST

static char package_a[] = "PACKAGE=a", first[] = "GOOD=HEAD~4", last[] = "BAD=HEAD";
static char good[] = "GOOD=old", bad[] = "BAD=new", same[] = "FAILURE=same";

/* the bad ones pass every third time: judged until it is clear, and the answer is the right one */
START_TEST(flips)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(a, "[ $b -lt 3 ] || [ $((n % 3)) = 0 ]", "true");
	ck_assert_msg(bisect(a, words, 2, &h, &text, &e) == 0, "%s", e.msg);
	ck_assert(!strncmp(text, "b 2 -> 3 broke it\n", 18));
	ck_assert(h.flaky);
	ck_assert_double_gt(h.error, 0);
	ck_assert_double_le(h.error, ODDS_RISK);
	ck_assert(strstr(text, "verdicts flip: the chance that this is wrong is 0."));
	arena_free(a);
}
END_TEST

/*
 * stopped in the middle, at each run in turn: it goes on, nothing is judged twice, and the answer
 * is the same
 */
START_TEST(resumed)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text, *whole;
	size_t before, all;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(a, "[ $b -lt 3 ]", "true");
	ck_assert_int_eq(bisect(a, words, 2, &h, &whole, &e), 0);
	ck_assert_uint_gt(h.runs, (size_t)_i);
	all = h.runs;
	ck_assert(file_remove(arena_printf(a, "%s/out", test_dir()), &e) == 0 &&
		  file_remove(arena_printf(a, "%s/runs", test_dir()), &e) == 0);
	fake_programs(a, arena_printf(a, "[ $n != %d ] || exit 100; [ $b -lt 3 ]", _i + 1), "true");
	ck_assert_int_eq(bisect(a, words, 2, &h, &text, &e), -1);
	before = fake_count(a, "runs") - 1; /* the last one told nothing */
	ck_assert_int_eq(bisect(a, words, 2, &h, &text, &e), 0);
	ck_assert(!strncmp(text, whole, strcspn(whole, "\n")));
	ck_assert_uint_eq(before + h.runs, all);
	ck_assert(
	    strstr(text, arena_printf(a, before ? "%zu runs, %zu of them earlier; " : "%zu runs; ",
			     all, before)));
	arena_free(a);
}
END_TEST

/* among a clone's commits; the third is what breaks it, and then it does not compile either */
static const struct {
	const char *refuse;
	int status;
	const char *begins;
} clones[] = {
	{ "true", 0, "a commit 890e167c2604 \"third\" broke it\n" },
	{ "[ $(git -C \"$here/clone\" show $a:n) != 3 ]", 125,
	    "one of a's 2 commits from 890e167c2604 \"third\" to ece9bb7cb950 \"fourth\" broke it, "
	    "and it could not be narrowed further\n"
	    "  skipped between the two: a 890e167c2604 \"third\" (c: does not "
	    "compile)\n" },
};

START_TEST(commits)
{
	struct arena *a = arena_new();
	char *words[] = { package_a, arena_printf(a, "REPO=%s/clone", test_dir()), first, last };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(a, "[ $(git -C \"$here/clone\" show $a:n) -lt 3 ]", clones[_i].refuse);
	ck_assert_int_eq(
	    system(arena_printf(a,
		"mkdir %s/clone && cd %s/clone && export GIT_CONFIG_GLOBAL=/dev/null HOME=. "
		"GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'"
		" GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t "
		"&& git init -q . && n=0 &&"
		" for s in zeroth first second third fourth fifth; do echo $n >n && git add n && "
		"git commit -qm $s || exit; n=$((n + 1)); done",
		test_dir(), test_dir())),
	    0);
	ck_assert_msg(bisect(a, words, 4, &h, &text, &e) == clones[_i].status, "%s", e.msg);
	ck_assert_msg(!strncmp(text, clones[_i].begins, strlen(clones[_i].begins)), "%s", text);
	ck_assert_uint_eq(h.args.space.packages[0].nversions, 5);
	arena_free(a);
}
END_TEST

/* fails elsewhere on the way: bad with any failure, skipped when only the same counts */
START_TEST(elsewhere)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad, same };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(
	    a, "{ [ $a = 2 ] || [ $a = 3 ]; } && { echo 9; exit 1; }; [ $a -lt 4 ]", "true");
	ck_assert_int_eq(bisect(a, words, 2, &h, &text, &e), 0);
	ck_assert_msg(!strncmp(text, "a 1 -> 2 broke it\n  fails at   T/scenarios/x.scn:9\n", 50),
	    "%s", text);

	ck_assert_int_eq(bisect(a, words, 3, &h, &text, &e), 125);
	ck_assert_msg(strstr(text, "a 1 -> 4 broke it, and it could not be narrowed further\n  "
				   "skipped between the two: a 2, a 3\n"),
	    "%s", text);
	arena_free(a);
}
END_TEST

/* an inconclusive run of an image that has failed before does not have that failure's place */
START_TEST(inconclusive)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const struct trial *t;
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	/* the good end takes three runs */
	fake_programs(a, "[ $n != 5 ] || exit 125; [ $b -lt 3 ]", "true");
	ck_assert_msg(bisect(a, words, 2, &h, &text, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(h.trials.v[3].verdict, BISECT_BAD);
	t = &h.trials.v[4];
	ck_assert_str_eq(t->subject, h.trials.v[3].subject);
	ck_assert_int_eq(t->verdict, BISECT_SKIP);
	ck_assert_str_eq(t->where, "");
	ck_assert(!strncmp(text, "b 2 -> 3 broke it\n", 18));
	arena_free(a);
}
END_TEST

/* two version sets with one image are judged once */
START_TEST(equal_images)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	/* a and c do nothing to the image */
	fake_programs(a, "[ $b -lt 2 ]", "a=0; c=0");
	ck_assert_msg(bisect(a, words, 2, &h, &text, &e) == 0, "%s", e.msg);
	ck_assert(!strncmp(text, "b 1 -> 2 broke it\n", 18));
	ck_assert_uint_lt(h.runs, 13);
	arena_free(a);
}
END_TEST

#define SKIPS                                                                                      \
	"sed -i 's/^end 1/case\\narch x86_64\\nnet dhcp\\nscenario y\\nverdict skip\\n"            \
	"reason requires package z\\nend 2/' \"$out/results\""

/* x passes and y is skipped: at a version that nobody asked y at, and at an end */
static const struct {
	const char *rule, *begins;
	int status;
} skipping[] = {
	{ "if [ $a = 2 ]; then " SKIPS "; else [ $a -lt 3 ]; fi",
	    "a 1 -> 3 broke it, and it could not be narrowed further\n", 125 },
	{ "if [ $a = 1 ]; then " SKIPS "; else [ $a -lt 3 ]; fi",
	    "the good end 1 could not be tested: y is skipped there (requires package z); leave "
	    "out -s y\n",
	    125 },
	/* whatever was skipped beside it, a failure is one */
	{ "[ $a -lt 3 ] || { " SKIPS "; false; }", "a 2 -> 3 broke it\n", 0 },
};

START_TEST(skipped)
{
	static const char *two[] = { "x", "y", NULL };
	struct arena *a = arena_new();
	char one[] = "GOOD=1", four[] = "BAD=4", *words[] = { package_a, one, four };
	const char *text;
	struct bisect h;
	struct err e = { 0 };
	int r;

	fake_programs(a, skipping[_i].rule, "true");
	r = bisect_by(
	    a, &(struct bisect_opts){ .only = two, .accel = "tcg" }, words, 3, &h, &text, &e);
	ck_assert_msg(r == skipping[_i].status, "%s", e.msg);
	ck_assert_msg(!strncmp(text, skipping[_i].begins, strlen(skipping[_i].begins)), "%s", text);
	arena_free(a);
}
END_TEST

/* a second one in the same folder, where something else decides: nothing is known yet */
static const struct {
	struct bisect_opts by;
	const char *more; /* a line of the manifests */
	bool known;
} others[] = {
	{ { .only = only_x, .accel = "tcg" }, "", true },
	{ { .only = only_x, .accel = "tcg", .keep = true }, "", true },
	{ { .only = only_x, .accel = "tcg" }, "key 1", true },
	{ { .only = only_x, .accel = "tcg" }, "package d 9 1", true },
	{ { .only = only_x, .accel = "kvm" }, "", false },
	{ { .only = only_x, .accel = "tcg", .scale = 2 }, "", false },
	{ { .only = only_x, .accel = "tcg", .cold = true }, "", false },
	{ { .only = only_x, .accel = "tcg", .jobs = 2 }, "", false },
	{ { .only = only_x, .accel = "tcg" }, "nic e1000", false },
	{ { .only = only_x, .accel = "tcg" }, "memory 64", false },
	{ { .only = only_x, .accel = "tcg" }, "listen tcp 0.0.0.0 22 sshd", false },
};

START_TEST(other_conditions)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(a, "[ $b -lt 3 ]", "true");
	ck_assert_int_eq(bisect(a, words, 2, &h, &text, &e), 0);
	fake_programs(a, "[ $b -lt 4 ]", arena_printf(a, "more=\"%s\"; true", others[_i].more));
	ck_assert_msg(bisect_by(a, &others[_i].by, words, 2, &h, &text, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(h.runs > 0, !others[_i].known);
	ck_assert_msg(!strncmp(text, others[_i].known ? "b 2 -> 3" : "b 3 -> 4", 8), "%s", text);
	arena_free(a);
}
END_TEST

/* two in one folder would judge each other's images */
START_TEST(one_at_a_time)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text, *out = arena_printf(a, "%s/o", test_dir());
	const struct bisect_opts o = { .only = only_x,
		.accel = "tcg",
		.out = out,
		.lh_build = arena_printf(a, "%s/lh-build", test_dir()),
		.lh_verify = arena_printf(a, "%s/lh-verify", test_dir()),
		.scenarios = arena_printf(a, "%s/scenarios", test_dir()) };
	struct bisect h, other;
	struct err e = { 0 };

	fake_programs(a, "[ $b -lt 3 ]", "true");
	ck_assert_msg(bisect_open(a, &o, words, 2, &h, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(bisect_by(a, &o, words, 2, &other, &text, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(
		       a, "%s: in use by another lh-bisect; wait for it, or give another -o", out));
	ck_assert_uint_eq(fake_count(a, "builds"), 0);
	bisect_close(&h);
	ck_assert_msg(bisect_by(a, &o, words, 2, &other, &text, &e) == 0, "%s", e.msg);
	arena_free(a);
}
END_TEST

/* who else builds there, before a run or while it is played: its verdict is filed nowhere */
static const struct {
	const char *rule, *refuse;
	size_t verdicts; /* before it */
} meddling[] = {
	{ "[ $n != 3 ] || echo memory 64 >>\"$1\"; [ $b -lt 3 ]", "true", 2 },
	/* the last good one is built once more, to be played again: to another image */
	{ "[ $b -lt 3 ]", "[ $(wc -l <\"$here/builds\") -lt 8 ] || b=7", 11 },
};

START_TEST(another_image)
{
	struct arena *a = arena_new();
	char *words[] = { good, bad };
	const char *text;
	struct bisect h;
	struct err e = { 0 };

	fake_programs(a, meddling[_i].rule, meddling[_i].refuse);
	ck_assert_int_eq(bisect(a, words, 2, &h, &text, &e), -1);
	ck_assert_msg(strstr(e.msg, "/out/bisect/build: has another image than was built there; "
				    "is another lh-build at work in it?"),
	    "%s", e.msg);
	ck_assert_uint_eq(h.trials.n, meddling[_i].verdicts);
	arena_free(a);
}
END_TEST

Suite *
bisect_run_suite(void)
{
	Suite *s = suite_create("bisect_run");
	TCase *c = harness_case(s, "bisect_run");

	tcase_set_timeout(c, 600);
	tcase_add_loop_test(c, answers, 0, sizeof cases / sizeof *cases);
	tcase_add_test(c, flips);
	tcase_add_loop_test(c, resumed, 0, 8);
	tcase_add_loop_test(c, commits, 0, sizeof clones / sizeof *clones);
	tcase_add_test(c, elsewhere);
	tcase_add_test(c, inconclusive);
	tcase_add_test(c, equal_images);
	tcase_add_loop_test(c, skipped, 0, sizeof skipping / sizeof *skipping);
	tcase_add_loop_test(c, other_conditions, 0, sizeof others / sizeof *others);
	tcase_add_test(c, one_at_a_time);
	tcase_add_loop_test(c, another_image, 0, sizeof meddling / sizeof *meddling);
	return s;
}
