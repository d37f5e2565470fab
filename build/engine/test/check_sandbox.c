/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/sandbox.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/engine/filter.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(the_whole_command_line)
{
	static const struct mount mounts[] = {
		{ "/c/work/k/src", "/lh/src", true },
		{ "/c/work/k/stage", "/lh/stage", false },
		{ NULL, "/lh/top", false },
	};
	struct arena *a = arena_new();
	struct argv v = { .a = a };
	struct err e = { 0 };
	char *golden, *got;

	sandbox_wrap(&v, &(struct sandbox){ mounts, 3, "/lh/src", NULL, 9, "/c/work/k/scratch/0" });
	argv_pushv(&v, "/bin/sh", "-eu", "/lh/step/build", NULL);
	got = arena_printf(a, "%s\n", argv_quoted(&v));
	for (char *s = got; (s = strstr(s, " --")); s++)
		*s = '\n'; /* an option a line, for who reads it */
	ck_assert_msg(
	    file_read(a, "build/test/data/sandbox.argv", &golden, NULL, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(got, golden);
	arena_free(a);
}
END_TEST

/* nothing of this machine's /usr and /etc */
START_TEST(a_copy_of_the_system)
{
	struct arena *a = arena_new();
	struct argv v = { .a = a };
	char *words;

	sandbox_wrap(&v, &(struct sandbox){ NULL, 0, "/", "/c/system/d", 9, NULL });
	words = argv_quoted(&v);
	ck_assert_msg(
	    strstr(words, " --new-session --ro-bind /c/system/d/usr /usr --ro-bind "
			  "/c/system/d/etc /etc --symlink usr/bin /bin --symlink usr/lib /lib "
			  "--symlink usr/lib32 /lib32 --symlink usr/lib64 /lib64 --symlink "
			  "usr/libx32 /libx32 --symlink usr/sbin /sbin --proc /proc --dev /dev "
			  "--tmpfs /tmp --remount-ro / --seccomp 9 "),
	    "%s", words);
	arena_free(a);
}
END_TEST

/* what a step in the sandbox says; NULL where this machine has none */
static char *
inside(struct arena *a, const char *script)
{
	struct mount mounts[] = {
		{ arena_printf(a, "%s/rw", test_dir()), "/lh/rw", true },
		{ arena_printf(a, "%s/ro", test_dir()), "/lh/ro", false },
		{ NULL, "/lh/empty", false },
	};
	struct sandbox box = { .mounts = mounts, .n = 3, .cwd = "/lh/rw", .scratch = test_dir() };
	struct child_opts o = { .nkeep = 1 };
	struct argv v = { .a = a };
	struct err e = { 0 };
	struct buf out = { 0 };
	const char *why;
	char *said;
	int status;

	if (sandbox_works(a, &why, &(struct err){ 0 }) <= 0) {
		printf("no sandbox here: %s\n", why);
		return NULL;
	}
	ck_assert_int_eq(file_mkdirs(mounts[0].real, 0755, &e) |
			     file_mkdirs(mounts[1].real, 0755, &e) |
			     file_mkdirs(arena_printf(a, "%s/tmp", test_dir()), 0755, &e) |
			     file_mkdirs(arena_printf(a, "%s/shm", test_dir()), 0755, &e),
	    0);
	box.filter = filter_open(&e);
	ck_assert_int_ge(box.filter, 0);
	sandbox_wrap(&v, &box);
	argv_pushv(&v, "/bin/sh", "-c", script, NULL);
	o.keep = &box.filter;
	sandbox_limit(&o);
	ck_assert_msg(child_run(v.v, &o, &out, &status, &e) == 0, "%s", e.msg);
	close(box.filter);
	buf_addf(&out, "%s", child_status_text(a, status));
	said = arena_strdup(a, out.p);
	buf_free(&out);
	return said;
}

static const struct {
	const char *script, *said;
} steps[] = {
	/* only the loopback device, and that is down */
	{ "sed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev; cat /proc/net/route | wc -l",
	    "lo\n1\nexit status 0" },
	{ "pwd; id -u; id -g; uname -n", "/lh/rw\n1000\n1000\nlh\nexit status 0" },
	{ "ls /lh; ls -A /lh/empty /tmp | grep -v :", "empty\nro\nrw\n\nexit status 0" },
	{ "ls -A / | tr '\\n' ' ' | sed 's/lib32 //; s/libx32 //'",
	    "bin dev etc lh lib lib64 proc sbin tmp usr exit status 0" },
	{ "echo x >file && cat /lh/rw/file && echo y >/tmp/file", "x\nexit status 0" },
	{ "echo x 2>&- >/lh/ro/file", "exit status 2" },
	{ "echo x 2>&- >/usr/file", "exit status 2" },
	/* what would lie in memory */
	{ "echo x 2>&- >/file", "exit status 2" },
	{ "echo x 2>&- >/lh/file", "exit status 2" },
	{ "echo x 2>&- >/dev/file", "exit status 2" },
	{ "echo x >/dev/shm/file && echo y >/dev/null && cat /dev/shm/file", "x\nexit status 0" },
	{ "exit 7", "exit status 7" },
	{ "kill -9 $$; echo alive", "Killed\nexit status 137 (signal 9, Killed)" },
	{ "kill $$; echo alive", "Terminated\nexit status 143 (signal 15, Terminated)" },
	{ "cc -xc -c -o x.o - <<-END && test -s x.o\n\tint x;\n\tEND\n", "exit status 0" },
};

START_TEST(only_what_is_declared)
{
	struct arena *a = arena_new();
	char *said = inside(a, steps[_i].script);

	if (said)
		ck_assert_str_eq(said, steps[_i].said);
	arena_free(a);
}
END_TEST

static double
children_seconds(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* what the shell knows of its child's time, we learn when we wait for the sandbox */
START_TEST(its_time_is_accounted)
{
	struct arena *a = arena_new();
	double before = children_seconds(), user, system;
	char *said = inside(a, "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done'; times "
			       ">took; tail -n 1 took");

	if (said) {
		ck_assert_msg(sscanf(said, "0m%lfs 0m%lfs", &user, &system) == 2, "%s", said);
		ck_assert(user > 0);
		ck_assert(children_seconds() - before >= user + system);
	}
	arena_free(a);
}
END_TEST

START_TEST(why_it_does_not_work)
{
	static const struct {
		const char *bwrap, *why;
	} cases[] = {
		{ NULL, "bwrap: not found in PATH" },
		{ "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1\n",
		    "bwrap: No permissions to create new namespace" },
		{ "#!/bin/sh\nexit 3\n", "exit status 3" },
	};
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/bwrap", test_dir());
	struct err e = { 0 };

	setenv("PATH", test_dir(), 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = NULL;

		if (cases[i].bwrap)
			ck_assert_msg(
			    file_write(path, cases[i].bwrap, strlen(cases[i].bwrap), 0755, &e) == 0,
			    "%s", e.msg);
		ck_assert_int_eq(sandbox_works(a, &why, &e), 0);
		ck_assert_str_eq(why, cases[i].why);
	}
	arena_free(a);
}
END_TEST

Suite *
sandbox_suite(void)
{
	Suite *s = suite_create("sandbox");
	TCase *tc = harness_case(s, "sandbox");

	tcase_add_test(tc, the_whole_command_line);
	tcase_add_test(tc, a_copy_of_the_system);
	tcase_add_loop_test(tc, only_what_is_declared, 0, sizeof steps / sizeof *steps);
	tcase_add_test(tc, its_time_is_accounted);
	tcase_add_test(tc, why_it_does_not_work);
	return s;
}
