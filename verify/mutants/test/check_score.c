/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/score.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/mutants/derive.h"
#include "verify/mutants/edit.h"
#include "verify/mutants/schedule.h"
#include "verify/play/facts.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"
#include "verify/verbs/verbs.h"

#include <string.h>

#define MIB 1048576

static void
sh(struct arena *a, const char *script)
{
	struct argv v = { .a = a };
	struct child_opts o = { .dir = test_dir() };
	struct buf b = { 0 };
	struct err e = { 0 };
	int status;

	argv_pushv(
	    &v, "/bin/sh", "-euc", arena_printf(a, "PATH=$PATH:/sbin:/usr/sbin\n%s", script), NULL);
	ck_assert_msg(child_run(v.v, &o, &b, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "%s: %s", script, b.n ? b.p : "");
	buf_free(&b);
}

static struct man_part parts[] = { { "rootfs", "ext4", MIB, 8 * MIB, "" } };

#define EDIT(...) (&(struct edit){ .fs = "rootfs", .mode = 0644, .kind = __VA_ARGS__ }), 1
#define ADD_SETUID                                                                                 \
	(&(struct edit){                                                                           \
	    .fs = "rootfs", .mode = 04755, .kind = EDIT_ADD, .file = "/su", .text = "x" }),        \
	    1

/* two scenarios without a guest: `files` and `modes`; the image is fine, or has a setuid file */
static const struct {
	bool bad_image; /* `modes` refuses it as it is */
	struct edit *edits;
	size_t nedits;
	const char *without;
	const char *had[3]; /* it was killed by these in an earlier run */
	enum outcome_kind kind;
	const char *killers, *reason, *untrue; /* reason: how it begins */
} cases[] = {
	{ false, ADD_SETUID, NULL, { NULL }, OUTCOME_KILLED, "modes ", "audit modes: 1 violation, ",
	    NULL },
	{ false, EDIT(EDIT_ADD, .file = "/a.o", .text = ""), NULL, { NULL }, OUTCOME_KILLED,
	    "files ", "audit files: 1 violation, ", NULL },
	{ false, EDIT(EDIT_PUT, .file = "/f", .text = "b"), NULL, { NULL }, OUTCOME_SURVIVED, "",
	    NULL, NULL },
	/* what breaks nothing is no mutant, and must not survive, or be killed, as one */
	{ false, EDIT(EDIT_PUT, .file = "/nowhere", .text = "b"), NULL, { NULL },
	    OUTCOME_INCONCLUSIVE, "", "/nowhere: there is no such file", NULL },
	{ false, EDIT(EDIT_PUT, .file = "/f", .text = "a\n"), NULL, { NULL }, OUTCOME_INCONCLUSIVE,
	    "", "/f: is so already: nothing would be broken", NULL },
	{ false, NULL, 0, "quiet", { NULL }, OUTCOME_INCONCLUSIVE, "",
	    "the kernel is not told quiet: nothing would be broken", NULL },
	/* what refuses the image itself has killed nothing */
	{ true, ADD_SETUID, NULL, { NULL }, OUTCOME_INCONCLUSIVE, "",
	    "modes refuses the image as it is: ", "modes refuses the image as it is: " },
	/* neither in this run nor in the one before */
	{ true, EDIT(EDIT_PUT, .file = "/f", .text = "b"), NULL, { "modes" }, OUTCOME_INCONCLUSIVE,
	    "", "modes refuses the image as it is: ", "modes refuses the image as it is: " },
	{ false, EDIT(EDIT_PUT, .file = "/f", .text = "b"), NULL, { "modes" }, OUTCOME_KILLED,
	    "modes ", "as it was", NULL },
	/* and the one that remains has killed it */
	{ true, EDIT(EDIT_PUT, .file = "/f", .text = "b"), NULL, { "files", "modes" },
	    OUTCOME_KILLED, "files ", "as it was", "modes refuses the image as it is: " },
};

static void
prepare(struct arena *a, struct image *image, struct turn turns[2], struct scenario scenarios[2])
{
	static const char *const names[] = { "files", "modes" };
	struct err e = { 0 };

	sh(a, "umask 022; mkdir t; echo a >t/f; truncate -s 9M disk; mke2fs -q -F -t ext4 -E "
	      "offset=1048576,root_owner=0:0 -d t disk 8M\n"
	      "for n in uid gid; do debugfs -w -R \"sif f $n 0\" 'disk?offset=1048576'; done");
	*image = (struct image){ .name = "x/dhcp",
		.path = "manifest",
		.dir = arena_printf(a, "%s/out", test_dir()),
		.base = arena_printf(a, "%s/disk", test_dir()),
		.m = { .dir = test_dir(),
		    .triple = "x",
		    .append = "ro",
		    .image = "disk",
		    .parts = parts,
		    .nparts = 1 } };
	for (size_t i = 0; i < 2; i++) {
		const char *path = arena_printf(a, "%s/%s.scn", test_dir(), names[i]),
			   *text = arena_printf(a, "scenario %s \"x\"\nimage offline\naudit %s\n",
			       names[i], names[i]);

		ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
		ck_assert_msg(scenario_read(a, path, NULL, verb_forms(a), facts_known(a),
				  &scenarios[i], &e) == 0,
		    "%s", e.msg);
		turns[i] = (struct turn){ &scenarios[i], TURN_OFFLINE };
	}
}

static void
told(void *arg, const struct outcome *o)
{
	(void)o;
	*(size_t *)arg += 1;
}

static void
begins(const char *text, const char *with)
{
	if (!with)
		ck_assert_ptr_null(text);
	else
		ck_assert_msg(text && !strncmp(text, with, strlen(with)), "%s", text);
}

START_TEST(plays)
{
	struct arena *a = arena_new();
	struct derived m = { .source = "files",
		.class = "x",
		.target = "y",
		.edits = cases[_i].edits,
		.nedits = cases[_i].nedits,
		.without = cases[_i].without };
	struct outcome o = { .mutant = &m };
	struct scenario scenarios[2];
	struct turn turns[2];
	struct image image;
	size_t ntold = 0;
	const struct score_opts how = { .out = arena_printf(a, "%s/out", test_dir()),
		.jobs = 1,
		.scale = 1,
		.told = told,
		.arg = &ntold };
	const char *untrue, *stopped, *killers = "";
	struct err e = { 0 };

	prepare(a, &image, turns, scenarios);
	if (cases[_i].bad_image)
		sh(a, "debugfs -w -R 'sif f mode 0104755' 'disk?offset=1048576'");
	for (; cases[_i].had[o.nkillers]; o.nkillers++) {
		o.killers = arena_more(a, o.killers, o.nkillers, sizeof *o.killers);
		o.killers[o.nkillers] = cases[_i].had[o.nkillers];
		o.kind = OUTCOME_KILLED;
		o.reason = "as it was";
	}
	ck_assert_msg(
	    score_play(a, &image, turns, 2, &o, 1, &how, &untrue, &stopped, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(o.kind, cases[_i].kind);
	for (size_t i = 0; i < o.nkillers; i++)
		killers = arena_printf(a, "%s%s ", killers, o.killers[i]);
	ck_assert_str_eq(killers, cases[_i].killers);
	if (o.kind == OUTCOME_INCONCLUSIVE && o.reason && cases[_i].reason[0] == '/')
		ck_assert_msg(strstr(o.reason, cases[_i].reason), "%s", o.reason);
	else
		begins(o.reason, cases[_i].reason);
	begins(untrue, cases[_i].untrue);
	ck_assert_ptr_null(stopped);
	ck_assert_uint_eq(ntold, cases[_i].had[0] ? 0 : 1);
	arena_free(a);
}
END_TEST

Suite *
score_suite(void)
{
	Suite *s = suite_create("score");

	tcase_add_loop_test(harness_case(s, "plays"), plays, 0, sizeof cases / sizeof *cases);
	return s;
}
