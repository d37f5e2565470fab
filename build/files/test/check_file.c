/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/elf.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char *
in_dir(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", test_dir(), name);
}

START_TEST(write_and_read)
{
	struct arena *a = arena_new();
	char *path = in_dir(a, "f"), *text;
	struct err e = { 0 };
	struct stat st;
	size_t n;

	ck_assert_int_eq(file_write(path, "old", 3, 0600, &e), 0);
	ck_assert_int_eq(file_write(path, "n\0w", 3, 0640, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, &n, &e), 0);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(text, "n\0w", 4);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0640);
	/* /proc files say that they are empty */
	ck_assert_int_eq(file_read(a, "/proc/self/status", &text, &n, &e), 0);
	ck_assert_uint_gt(n, 100);
	arena_free(a);
}
END_TEST

static const struct {
	const char *path, *msg;
} unreadable[] = {
	{ "/nonexistent/f", "/nonexistent/f: No such file or directory" },
	{ "/", "/: Is a directory" },
};

START_TEST(read_fails)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(file_read(a, unreadable[_i].path, &text, NULL, &e), -1);
	ck_assert_str_eq(e.msg, unreadable[_i].msg);
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	arena_free(a);
}
END_TEST

/* whose bytes never come, or never end: nobody waits for them */
START_TEST(no_bytes_of_others)
{
	struct arena *a = arena_new();
	const char *fifo = arena_printf(a, "%s/fifo", test_dir()),
		   *copy = arena_printf(a, "%s/copy", test_dir()),
		   *link = arena_printf(a, "%s/link", test_dir());
	const char *const paths[] = { fifo, "/dev/zero" };
	char *text, hex[DIGEST_HEX];

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(symlink("copy", link), 0);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct err e = { 0 };
		const char *said = arena_printf(a, "%s: not a regular file", paths[i]);

		ck_assert_int_eq(file_read(a, paths[i], &text, NULL, &e), -1);
		ck_assert_str_eq(e.msg, said);
		ck_assert_int_eq(file_copy(paths[i], copy, 0644, &e), -1);
		ck_assert_str_eq(e.msg, said);
		ck_assert_int_eq(digest_file(paths[i], hex, &e), -1);
		ck_assert_str_eq(e.msg, said);
		ck_assert(!elf_is_file(paths[i]));
		ck_assert(!file_exists(copy));
	}
	ck_assert_int_eq(file_write(copy, "x", 1, 0644, &(struct err){ 0 }), 0);
	ck_assert_int_eq(file_open(link, O_NOFOLLOW, &(struct err){ 0 }), -1);
	arena_free(a);
}
END_TEST

START_TEST(failed_write_leaves_nothing)
{
	struct arena *a = arena_new();
	char *path = in_dir(a, "f");
	struct err e = { 0 };

	/* the name is taken by a folder: rename must fail, and no temporary file may stay */
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(file_write(path, "x", 1, 0644, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: Is a directory", path));
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(rmdir(test_dir()), 0);
	ck_assert_int_eq(mkdir(test_dir(), 0700), 0);
	arena_free(a);
}
END_TEST

START_TEST(remove_never_follows)
{
	struct arena *a = arena_new();
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(in_dir(a, "keep"), 0755, &e), 0);
	ck_assert_int_eq(file_write(in_dir(a, "keep/me"), "x", 1, 0644, &e), 0);
	ck_assert_int_eq(file_mkdirs(in_dir(a, "tree/a/b"), 0755, &e), 0);
	ck_assert_int_eq(file_write(in_dir(a, "tree/a/f"), "x", 1, 0444, &e), 0);
	ck_assert_int_eq(file_symlink("../keep", in_dir(a, "tree/link"), &e), 0);
	ck_assert_int_eq(chmod(in_dir(a, "tree/a"), 0555), 0);
	ck_assert_msg(file_remove(in_dir(a, "tree"), &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(in_dir(a, "tree")));
	ck_assert(file_exists(in_dir(a, "keep/me")));
	ck_assert_int_eq(file_remove(in_dir(a, "absent"), &e), 0);
	arena_free(a);
}
END_TEST

/* a builder that sweeps, and one that tidies up: whoever comes second finds nothing wrong */
/* deeper than there are descriptors, and than a path can be long */
START_TEST(remove_deep)
{
	struct arena *a = arena_new();
	char *top = arena_printf(a, "%s/deep", test_dir());
	int fd = open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct rlimit before, few;
	struct err e = { 0 };

	for (int i = 0; i < 3000; i++) {
		const char *name = i ? "d" : "deep";
		int sub;

		ck_assert_int_eq(symlinkat("/", fd, "beside"), 0);
		ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
		sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(sub, 0);
		close(fd);
		fd = sub;
	}
	close(fd);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ 32, before.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	ck_assert_msg(file_remove(top, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
	ck_assert(!file_exists(top));
	arena_free(a);
}
END_TEST

START_TEST(two_may_remove_the_same)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;

	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 200; i++)
			ck_assert_msg(file_mkdirs(in_dir(a, arena_printf(a, "tree/%d/a/b", i)),
					  0755, &e) == 0,
			    "%s", e.msg);
		pid_t pid = fork();
		if (pid == 0)
			_exit(file_remove(in_dir(a, "tree"), &e) < 0);
		ck_assert_msg(file_remove(in_dir(a, "tree"), &e) == 0, "%s", e.msg);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(status, 0);
		ck_assert(!file_exists(in_dir(a, "tree")));
	}
	arena_free(a);
}
END_TEST

START_TEST(copy_keeps_holes)
{
	struct arena *a = arena_new();
	char *from = in_dir(a, "from"), *to = in_dir(a, "to"), *text;
	struct err e = { 0 };
	struct stat st;
	size_t n;
	int fd = open(from, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "middle", 6, 32 << 20), 6);
	ck_assert_int_eq(ftruncate(fd, 64 << 20), 0);
	close(fd);
	ck_assert_msg(file_copy(from, to, 0600, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(stat(to, &st), 0);
	ck_assert_int_eq(st.st_size, 64 << 20);
	ck_assert_int_lt(st.st_blocks * 512, 1 << 20);
	ck_assert_int_eq(file_read(a, to, &text, &n, &e), 0);
	ck_assert_mem_eq(text + (32 << 20), "middle", 7);
	arena_free(a);
}
END_TEST

static int
note(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)e;
	buf_addf(arg, "%s%s ", rel, S_ISDIR(st->st_mode) ? "/" : "");
	return 0;
}

static int
stop(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)arg;
	(void)st;
	return fail(e, "stopped at %s", rel);
}

static int
note_but_b(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	note(arg, rel, st, e);
	return !strcmp(rel, "b") ? FILE_PRUNE : 0;
}

START_TEST(walk_in_order)
{
	struct arena *a = arena_new();
	struct buf seen = { 0 };
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(in_dir(a, "b/c"), 0755, &e), 0);
	ck_assert_int_eq(file_write(in_dir(a, "b/c/z"), "", 0, 0644, &e), 0);
	ck_assert_int_eq(file_write(in_dir(a, "b.x"), "", 0, 0644, &e), 0);
	ck_assert_int_eq(file_write(in_dir(a, "B"), "", 0, 0644, &e), 0);
	ck_assert_int_eq(file_symlink("b", in_dir(a, "a"), &e), 0);
	ck_assert_int_eq(file_walk(test_dir(), note, &seen, &e), 0);
	ck_assert_str_eq(seen.p, "B a b/ b/c/ b/c/z b.x ");
	buf_clear(&seen);
	ck_assert_int_eq(file_walk(test_dir(), note_but_b, &seen, &e), 0);
	ck_assert_str_eq(seen.p, "B a b/ b.x ");
	ck_assert_int_eq(file_walk(test_dir(), stop, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "stopped at B");
	buf_free(&seen);
	arena_free(a);
}
END_TEST

static int
count(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)rel, (void)st, (void)e;
	++*(size_t *)arg;
	return 0;
}

/* as deep as a path can be, where so many descriptors are allowed: a stack is none the larger */
START_TEST(walk_deep)
{
	struct rlimit files = { 4096, 4096 }, stack = { 2 << 20, 2 << 20 };
	size_t most = (PATH_MAX - strlen(test_dir()) - 8) / 2, n = 0;
	struct err e = { 0 };
	int at = open(test_dir(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), status;
	pid_t pid;

	for (size_t i = 0; i < most; i++) {
		int below;

		ck_assert_int_eq(mkdirat(at, "d", 0755), 0);
		below = openat(at, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		ck_assert_int_ge(below, 0);
		close(at);
		at = below;
	}
	close(at);
	pid = fork();
	if (pid == 0) {
		int r;

		setrlimit(RLIMIT_NOFILE, &files);
		setrlimit(RLIMIT_STACK, &stack);
		r = file_walk(test_dir(), count, &n, &e);
		_exit(r == 0 ? n != most : !strstr(e.msg, strerror(EMFILE)));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* what can no longer be read is no folder that ends there */
START_TEST(next_tells_the_end_from_an_error)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/d", test_dir());
	const struct dirent *next;
	struct err e = { 0 };
	DIR *d;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(file_mkdirs(arena_printf(a, "%s/x", path), 0755, &e), 0);
	ck_assert_ptr_nonnull(d = opendir(path));
	ck_assert_int_eq(file_next(d, path, &next, &e), 1);
	ck_assert_str_eq(next->d_name, "x");
	errno = EIO; /* of something else */
	ck_assert_int_eq(file_next(d, path, &next, &e), 0);
	ck_assert_int_eq(dup2(null, dirfd(d)), dirfd(d));
	ck_assert_int_eq(file_next(d, path, &next, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: %s", path, strerror(ENOTDIR)));
	closedir(d);
	close(null);
	arena_free(a);
}
END_TEST

START_TEST(mkdirs)
{
	struct arena *a = arena_new();
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(in_dir(a, "x/y/z"), 0755, &e), 0);
	ck_assert_int_eq(file_mkdirs(in_dir(a, "x/y/z"), 0755, &e), 0);
	ck_assert(file_isdir(in_dir(a, "x/y/z")));
	ck_assert_int_eq(file_mkparent(in_dir(a, "p/q/file"), &e), 0);
	ck_assert(file_isdir(in_dir(a, "p/q")));
	ck_assert(!file_exists(in_dir(a, "p/q/file")));
	ck_assert_int_eq(file_write(in_dir(a, "f"), "", 0, 0644, &e), 0);
	ck_assert_int_eq(file_mkdirs(in_dir(a, "f"), 0755, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: Not a directory", in_dir(a, "f")));
	arena_free(a);
}
END_TEST

/* TMPDIR, in the test's folder; what counts; %D: that folder */
static const struct {
	const char *tmpdir, *is;
} places[] = {
	{ NULL, "/tmp" },
	{ "", "/tmp" },
	{ ".", "/tmp" },
	{ "%D", "%D" },
	{ "%D/none", "/tmp" },
	{ "%D/file", "/tmp" },
	{ "%D/locked", "/tmp" },
};

static const char *
place(struct arena *a, const char *text)
{
	return !strncmp(text, "%D", 2) ? arena_printf(a, "%s%s", test_dir(), text + 2) : text;
}

/* root's may be nobody else's, and root becomes somebody else */
START_TEST(tmp_is_ours)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;
	pid_t pid;

	ck_assert_int_eq(file_write(in_dir(a, "file"), "", 0, 0755, &e), 0);
	ck_assert_int_eq(mkdir(in_dir(a, "locked"), getuid() ? 0500 : 0700), 0);
	ck_assert_int_eq(chmod(test_dir(), 0777), 0);
	ck_assert_int_eq(chdir(test_dir()), 0);
	pid = fork();
	for (size_t i = 0; pid == 0 && i < sizeof places / sizeof *places; i++) {
		if (getuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
			_exit(1);
		unsetenv("TMPDIR");
		if (places[i].tmpdir)
			setenv("TMPDIR", place(a, places[i].tmpdir), 1);
		if (strcmp(file_tmp(), place(a, places[i].is)) != 0)
			_exit(2 + (int)i);
	}
	if (pid == 0)
		_exit(0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	arena_free(a);
}
END_TEST

Suite *
file_suite(void)
{
	Suite *s = suite_of(
	    "file", (const TTest *[]){ write_and_read, no_bytes_of_others,
			failed_write_leaves_nothing, remove_never_follows, remove_deep,
			copy_keeps_holes, walk_in_order, walk_deep, mkdirs, tmp_is_ours, NULL });

	tcase_add_test(harness_case(s, "two remove"), two_may_remove_the_same);
	tcase_add_test(harness_case(s, "next"), next_tells_the_end_from_an_error);
	tcase_add_loop_test(
	    harness_case(s, "read fails"), read_fails, 0, sizeof unreadable / sizeof *unreadable);
	return s;
}
