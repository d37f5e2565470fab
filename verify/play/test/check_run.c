/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/run.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/outdir.h"
#include "verify/play/facts.h"
#include "verify/play/matrix.h"
#include "verify/report/report.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/test/fake.h"
#include "verify/test/suites.h"
#include "verify/verbs/verbs.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define IMAGES 2
#define SCENARIOS 3

/* a whole run on fake guests */
struct show {
	struct arena *a;
	struct image images[IMAGES];
	struct scenario scenarios[SCENARIOS];
	size_t nscenarios;
	struct matrix m;
	struct run_opts o;
	struct report_head head;
	struct testcase_result *r;
	size_t nr;
	char *tap;
};

static void
add_scenario(struct show *s, const char *name, const char *steps)
{
	const char *path = arena_printf(s->a, "%s/%s.scn", test_dir(), name),
		   *text = arena_printf(s->a,
		       "# SPDX-License-Identifier: GPL-2.0-or-later\nscenario %s \"a test\"\n%s",
		       name, steps);
	struct err e;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(scenario_read(s->a, path, NULL, verb_forms(s->a), facts_known(s->a),
			  &s->scenarios[s->nscenarios++], &e) == 0,
	    "%s", e.msg);
}

static void
add_image(struct show *s, size_t i, const char *arch)
{
	struct image *im = &s->images[i];

	fake_manifest(&im->m);
	im->m.arch = arch;
	im->path = im->name = arch;
	im->net = "dhcp";
	im->dir = arena_printf(s->a, "%s/%s", test_dir(), arch);
}

static void
begin(struct show *s, const char *script)
{
	*s = (struct show){ .a = arena_new() };
	fake_script(script);
	s->o = (struct run_opts){ .out = test_dir(), .jobs = 2, .scale = 1, .accel = "tcg" };
	add_image(s, 0, "one");
	add_image(s, 1, "two");
}

/* what it prints on stdout lands in tap, what on stderr nowhere */
static void
play(struct show *s, size_t nimages)
{
	const char *path = arena_printf(s->a, "%s/tap", test_dir());
	int out = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644),
	    null = open("/dev/null", O_WRONLY), saved[] = { dup(1), dup(2) }, r;
	struct err e = { 0 };

	ck_assert_int_eq(matrix_make(s->a, s->images, nimages, s->scenarios, s->nscenarios,
			     &(struct matrix_choice){ 0 }, &s->m, &e),
	    0);
	fflush(stdout);
	dup2(out, 1);
	dup2(null, 2);
	close(out);
	close(null);
	r = run_testcases(s->a, &s->m, &s->o, &s->head, &s->r, &s->nr, &e);
	fflush(stdout);
	for (int fd = 0; fd < 2; fd++) {
		dup2(saved[fd], fd + 1);
		close(saved[fd]);
	}
	ck_assert_msg(r == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(s->a, path, &s->tap, NULL, &e), 0);
}

#define BOOTS "say Command line: $cmdline\\n\n"

START_TEST(runs_all_and_tells_them_in_order)
{
	struct show s;

	begin(&s, BOOTS "say up\\n");
	add_scenario(&s, "slow", "expect /up/\nsleep 300ms\n");
	add_scenario(&s, "quick", "expect /up/\n");
	add_scenario(&s, "other", "requires arch two\nexpect /up/\n");
	play(&s, 2);
	ck_assert_uint_eq(s.m.n, 6);
	ck_assert_int_eq(s.r[0].verdict, VERDICT_PASS);
	ck_assert_int_eq(s.r[1].verdict, VERDICT_PASS);
	ck_assert_int_eq(s.r[2].verdict, VERDICT_SKIP);
	ck_assert_str_eq(s.r[2].reason, "requires arch two, here it is one");
	ck_assert_int_eq(s.r[5].verdict, VERDICT_PASS);
	ck_assert(s.r[1].took < s.r[0].took);
	/* stdout has the order of the matrix */
	for (int i = 1, at = 0; i <= 6; i++) {
		const char *line = strstr(s.tap + at, arena_printf(s.a, "ok %d - ", i));

		ck_assert_msg(line, "%s", s.tap);
		at = (int)(line - s.tap);
	}
	ck_assert(file_exists(arena_printf(s.a, "%s/two/other/verdict", test_dir())));
	arena_free(s.a);
}
END_TEST

/* a state `booted`, and two scenarios that start from it */
static void
add_forks(struct show *s)
{
	static const char *const names[] = { "first", "second" };
	const char *path = arena_printf(s->a, "%s/booted", test_dir()),
		   *text = "# SPDX-License-Identifier: GPL-2.0-or-later\nscenario booted "
			   "\"up\"\nlimit 5s\nwatch fail amiss /amiss/\nexpect /up/\nvm save\n";
	struct scenario *state = arena_alloc(s->a, sizeof *state);
	struct err e;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(
	    scenario_read(s->a, path, NULL, verb_forms(s->a), facts_known(s->a), state, &e) == 0,
	    "%s", e.msg);
	s->o.booted = state;
	s->images[0].has_agent = true;
	s->images[0].agent =
	    arena_printf(s->a, "%s/agent", test_dir()); /* the fake brings its own shell */
	ck_assert_int_eq(file_write(s->images[0].agent, "disk", 4, 0644, &e), 0);
	for (size_t i = 0; i < 2; i++)
		add_scenario(s, names[i], "after booted\nexpect /up/\nrun \"echo in\" -> \"in\"\n");
}

START_TEST(boots_once_for_those_who_come_after)
{
	struct show s;

	begin(&s, BOOTS "say up\\n\nagent\nrestored\nawake");
	add_forks(&s);
	add_scenario(&s, "alone", "expect /up/\nrun \"true\"\n");
	play(&s, 1);
	for (int i = 0; i < 3; i++)
		ck_assert_msg(s.r[i].verdict == VERDICT_PASS, "%s", s.r[i].failure.what);
	ck_assert_str_eq(s.r[0].from, "booted");
	ck_assert_str_eq(s.r[1].from, "booted");
	ck_assert_ptr_null(s.r[2].from);
	ck_assert_ptr_nonnull(strstr(s.tap, ", from state booted\n"));
	ck_assert_ptr_nonnull(strstr(s.tap, "1..3\n"));
	arena_free(s.a);

	/* cold: the same, and everyone boots */
	begin(&s, BOOTS "say up\\n\nagent\nrestored\nexit 1");
	add_forks(&s);
	s.o.booted = NULL;
	play(&s, 1);
	ck_assert_int_eq(s.r[0].verdict, VERDICT_PASS);
	ck_assert_ptr_null(s.r[0].from);
	arena_free(s.a);

	/* QEMU cannot save it: everyone boots */
	begin(&s, BOOTS "say up\\n\nagent\nsavevm Error: no\nrestored\nexit 1");
	add_forks(&s);
	play(&s, 1);
	ck_assert_int_eq(s.r[1].verdict, VERDICT_PASS);
	ck_assert_ptr_null(s.r[1].from);
	arena_free(s.a);
}
END_TEST

START_TEST(a_boot_that_fails_fails_all_that_come_after)
{
	struct show s;

	begin(&s, BOOTS "say amiss\\nup\\n\nagent\nrestored\nawake");
	add_forks(&s);
	play(&s, 1);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(s.r[i].verdict, VERDICT_FAIL);
		ck_assert_str_eq(s.r[i].failure.what, "forbidden pattern \"amiss\" matched");
		ck_assert_str_eq(s.r[i].failure.got, "amiss");
		ck_assert_str_eq(s.r[i].from, "booted");
	}
	arena_free(s.a);

	begin(&s, "");
	add_forks(&s);
	s.images[0].m.qemu = "/nonexistent/qemu";
	play(&s, 1);
	ck_assert_int_eq(s.r[1].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(s.r[1].reason, "/nonexistent/qemu: No such file or directory");
	arena_free(s.a);
}
END_TEST

/* the comparison is in the plan, in the results, and on stdout */
START_TEST(judges_what_differs)
{
	struct show s;

	begin(&s, BOOTS);
	for (size_t i = 0; i < 2; i++)
		s.images[i].m.net = "dhcp";
	add_scenario(&s, "asks", "image offline\nkeep files\n");
	play(&s, 2);
	/*
	 * without an image there is nothing to keep: both test cases fail, and their comparison is
	 * no pass
	 */
	ck_assert_uint_eq(s.nr, 3);
	ck_assert_int_eq(s.r[2].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(s.r[2].reason,
	    "nothing was kept of one two: one dhcp asks: keep files: there is nothing");
	ck_assert_ptr_nonnull(strstr(s.tap, "\n1..3\n"));
	ck_assert_ptr_nonnull(strstr(s.tap, "\nnot ok 3 - all dhcp same-files\n"));
	arena_free(s.a);
}
END_TEST

static void
on_alarm(int sig)
{
	(void)sig;
	kill(getpid(), SIGTERM); /* blocked: it waits for the loop */
}

START_TEST(a_signal_ends_the_guests)
{
	struct show s;

	begin(&s, BOOTS "say up\\n");
	s.o.jobs = 1;
	add_scenario(&s, "waits", "timeout 60s\nexpect /never/\n");
	add_scenario(&s, "unborn", "expect /up/\n");
	signal(SIGALRM, on_alarm);
	alarm(1);
	play(&s, 1);
	ck_assert_int_eq(s.r[0].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(s.r[0].reason, "interrupted by signal 15");
	ck_assert_int_eq(s.r[1].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(s.r[1].reason, "interrupted by signal 15");
	arena_free(s.a);
}
END_TEST

START_TEST(who_writes_to_the_image_is_found_out)
{
	char hex[DIGEST_HEX];
	struct show s;
	struct err e;

	begin(&s, "");
	s.images[0].base = arena_printf(s.a, "%s/disk", test_dir());
	ck_assert_int_eq(file_write(s.images[0].base, "disk", 4, 0644, &e), 0);
	ck_assert_int_eq(digest_disk(s.images[0].base, hex, &e), 0);
	ck_assert_int_eq(stat(s.images[0].base, &s.images[0].as_read), 0);
	s.images[0].m.image_digest = hex;
	s.o.jobs = 1;
	add_scenario(&s, "before", "image pristine\nexpect /up/\n");
	add_scenario(&s, "writes", "image pristine\nexpect /up/\nsleep 500ms\n");
	fake_script(arena_printf(s.a, BOOTS "say up\\n\npause 50ms\nspoil %s", s.images[0].base));
	play(&s, 1);
	ck_assert_int_eq(s.r[1].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(s.r[1].reason, "/disk is not the image of its manifest"));
	/* and what was judged on it before is worth nothing either, nor was it told to be */
	ck_assert_int_eq(s.r[0].verdict, VERDICT_INCONCLUSIVE);
	ck_assert_ptr_nonnull(strstr(s.tap, "\nnot ok 1 "));
	ck_assert_ptr_nonnull(strstr(s.tap, "\nnot ok 2 "));
	ck_assert_ptr_null(strstr(s.tap, "\nok "));
	arena_free(s.a);
}
END_TEST

START_TEST(two_runs_do_not_share_a_folder)
{
	struct show s;
	struct err e;
	int fd;

	begin(&s, BOOTS "say up\\n");
	s.images[0].m.image_digest = "d1";
	s.images[0].m.kernel_sha256 = "d2";
	add_scenario(&s, "one", "expect /up/\n");
	play(&s, 1);
	ck_assert_int_eq(s.r[0].verdict, VERDICT_PASS);
	/* what a release goes by */
	ck_assert_str_eq(s.r[0].image, "d1");
	ck_assert_str_eq(s.r[0].kernel, "d2");
	fd = open(arena_printf(s.a, "%s/lock", test_dir()), O_RDWR);
	ck_assert_int_eq(flock(fd, LOCK_EX | LOCK_NB), 0); /* it let go */
	ck_assert_int_eq(run_testcases(s.a, &s.m, &s.o, &s.head, &s.r, &s.nr, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(s.a, "%s: in use by another lh-verify; wait for it, or give another -o",
		test_dir()));
	/* and who comes second leaves what the first has written */
	ck_assert_int_eq(outdir_clear(s.a, test_dir(), &e), -1);
	ck_assert(file_exists(arena_printf(s.a, "%s/results", test_dir())));
	close(fd);
	ck_assert_msg(outdir_clear(s.a, test_dir(), &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(arena_printf(s.a, "%s/results", test_dir())));
	arena_free(s.a);
}
END_TEST

Suite *
run_suite(void)
{
	return suite_of(
	    "run", (const TTest *[]){ runs_all_and_tells_them_in_order, judges_what_differs,
		       a_signal_ends_the_guests, who_writes_to_the_image_is_found_out,
		       two_runs_do_not_share_a_folder, boots_once_for_those_who_come_after,
		       a_boot_that_fails_fails_all_that_come_after, NULL });
}
