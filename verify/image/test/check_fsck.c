/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/fsck.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/confine.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define OFFSET 1048576

static void
sh(struct arena *a, const char *script)
{
	struct argv v = { .a = a };
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	argv_pushv(&v, "/bin/sh", "-euc", NULL);
	argv_pushf(&v, "PATH=$PATH:/sbin:/usr/sbin; cd %s; %s", test_dir(), script);
	ck_assert_msg(child_run(v.v, NULL, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "%s", out.n ? out.p : script);
	buf_free(&out);
}

/* what is done to a filesystem, and what must be said of it; NULL: it is sound */
static const struct {
	const char *debugfs, *said;
} harms[] = {
	{ "stats", NULL },
	{ "ssv mtime 20400101000000", NULL },
	{ "sif <13> links_count 5", "Inode 13 ref count is 5, should be 1.  Fix? no" },
	{ "ssv free_inodes_count 5", "Free inodes count wrong (5, counted=" },
	{ "ssv free_blocks_count 5", "Free blocks count wrong (5, counted=" },
	{ "setb 3000 4", "Block bitmap differences:" },
	{ "freeb 8", "Block bitmap differences:" },
	{ "seti <900>", "Inode bitmap differences:" },
	{ "freei /etc/f", "Inode bitmap differences:" },
	{ "unlink /etc/f", "Unattached inode 13" },
	{ "sif /etc mode 0100644", "has an incorrect filetype (was 2, should be 1)" },
};

START_TEST(judges)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	struct argv v;
	struct err e;
	const char *said;
	enum fsck_verdict verdict;
	int status;

	sh(a, arena_printf(a,
		  "mkdir -p t/etc; echo x >t/etc/f; truncate -s 17M img; mke2fs -q -F -t ext4 -E "
		  "offset=1048576 -d t img 16M; debugfs -w -R '%s' 'img?offset=1048576'",
		  harms[_i].debugfs));
	/* where it is, PATH need not say */
	ck_assert_int_eq(setenv("PATH", "/usr/bin:/bin", 1), 0);
	ck_assert_msg(fsck_command(a, "img", OFFSET, &v, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    child_run(v.v, &(struct child_opts){ .dir = test_dir() }, &out, &status, &e) == 0, "%s",
	    e.msg);
	verdict = fsck_judge(a, status, out.n ? out.p : "", out.n, &said);
	if (harms[_i].said) {
		ck_assert_msg(verdict == FSCK_DAMAGED, "%s", out.p);
		ck_assert_msg(strstr(said, harms[_i].said) != NULL, "%s", said);
		ck_assert_ptr_null(strchr(said, '\n'));
	} else {
		ck_assert_msg(verdict == FSCK_SOUND, "%s", out.p);
		ck_assert_str_eq(said, "");
	}
	buf_free(&out);
	arena_free(a);
}
END_TEST

static const struct {
	int status; /* as waitpid gives it */
	const char *out;
	enum fsck_verdict verdict;
	const char *said;
} ends[] = {
	{ 0, "e2fsck 1.47.0 (5-Feb-2023)\nPass 1: Checking\nimg: 1/9 files (0.0%), 3/9 blocks\n",
	    FSCK_SOUND, "" },
	{ 4 << 8,
	    "e2fsck 1.47.0\nA is wrong.\nFix? no\n\nimg: ** WARNING: Filesystem still has "
	    "errors **\n",
	    FSCK_DAMAGED, "A is wrong. Fix? no" },
	{ 12 << 8, "B\n", FSCK_DAMAGED, "B" },
	{ 8 << 8, "e2fsck: out of memory\n", FSCK_UNKNOWN, "exit status 8: e2fsck: out of memory" },
	{ 9, "", FSCK_UNKNOWN, "killed by signal 9 (Killed)" },
};

START_TEST(reads_the_end)
{
	struct arena *a = arena_new();
	const char *said;

	ck_assert_int_eq(fsck_judge(a, ends[_i].status, ends[_i].out, strlen(ends[_i].out), &said),
	    ends[_i].verdict);
	ck_assert_str_eq(said, ends[_i].said);
	arena_free(a);
}
END_TEST

/* it reads the maps of so large a filesystem in threads, one for each processor */
START_TEST(large)
{
	struct arena *a = arena_new();
	struct child_opts o = { .dir = test_dir() };
	struct buf out = { 0 };
	const char *said;
	struct argv v;
	struct err e;
	int status;

	sh(a, "mke2fs -q -F -t ext4 -O ^has_journal -E lazy_itable_init=1 img 64G");
	ck_assert_msg(fsck_command(a, "img", 0, &v, &e) == 0, "%s", e.msg);
	o.calls = confine_program(&o.limits, &o.nlimits);
	ck_assert_msg(child_run(v.v, &o, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    fsck_judge(a, status, out.n ? out.p : "", out.n, &said) == FSCK_SOUND, "%s", said);
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
fsck_suite(void)
{
	Suite *s = suite_create("fsck");
	TCase *tc = harness_case(s, "filesystems");

	tcase_add_loop_test(tc, judges, 0, (int)(sizeof harms / sizeof *harms));
	tcase_add_test(tc, large);
	tcase_add_loop_test(tc, reads_the_end, 0, (int)(sizeof ends / sizeof *ends));
	return s;
}
