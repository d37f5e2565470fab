/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/store.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/test/suites.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char key[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void
put(struct arena *a, const char *dir, const char *rel, const char *text, mode_t mode)
{
	char *path = arena_printf(a, "%s/%s", dir, rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), mode, &e) == 0,
	    "%s", e.msg);
}

static mode_t
mode_of(struct arena *a, const char *dir, const char *rel)
{
	struct stat st;

	ck_assert_int_eq(lstat(arena_printf(a, "%s/%s", dir, rel), &st), 0);
	return st.st_mode & 07777;
}

/* a work folder with one file */
static char *
work(struct arena *a, const char *name, const char *text)
{
	char *dir = arena_printf(a, "%s/%s", test_dir(), name);

	put(a, dir, "out/sdk/lib/libx.a", text, 0644);
	return dir;
}

static void
open_store(struct arena *a, struct store *s)
{
	struct err e = { 0 };

	ck_assert_msg(store_open(a, test_dir(), s, &e) == 0, "%s", e.msg);
}

START_TEST(what_is_entered_is_found)
{
	struct arena *a = arena_new();
	char output[DIGEST_HEX], again[DIGEST_HEX], tree[DIGEST_HEX], *dir, *entry, *text;
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	ck_assert_int_eq(store_lookup(&s, key, "target-x", output, &e), 0);
	dir = work(a, "w", "code");
	put(a, dir, "out/rootfs/bin/x", "#!/bin/sh\n", 0755);
	put(a, dir, "log", "== build\n", 0644);
	ck_assert_int_eq(mkdir(arena_printf(a, "%s/out/tmp", dir), 0755), 0);
	ck_assert_int_eq(chmod(arena_printf(a, "%s/out/tmp", dir), 01777), 0);
	ck_assert_int_eq(mkfifo(arena_printf(a, "%s/out/fifo", dir), 0600), 0);
	ck_assert_int_eq(symlink("/nonexistent", arena_printf(a, "%s/out/link", dir)), 0);

	ck_assert_msg(
	    store_enter(&s, dir, key, "target-x", "node target/x\n", output, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(store_lookup(&s, key, "target-x", again, &e), 1);
	ck_assert_str_eq(again, output);
	ck_assert_int_eq(store_lookup(&s, key, "target-y", again, &e), 0);

	entry = store_path(a, &s, key, "target-x");
	ck_assert_str_eq(entry, arena_printf(a, "%s/store/%s-target-x", test_dir(), key));
	ck_assert_int_eq(digest_tree(arena_printf(a, "%s/out", entry), tree, &e), 0);
	ck_assert_str_eq(tree, output);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/key", entry), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "node target/x\n");
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/log", entry), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "== build\n");

	/* read-only, and nothing else about it */
	ck_assert_uint_eq(mode_of(a, entry, "out"), 0555);
	ck_assert_uint_eq(mode_of(a, entry, "out/sdk/lib"), 0555);
	ck_assert_uint_eq(mode_of(a, entry, "out/sdk/lib/libx.a"), 0444);
	ck_assert_uint_eq(mode_of(a, entry, "out/rootfs/bin/x"), 0555);
	ck_assert_uint_eq(mode_of(a, entry, "out/tmp"), 01577);
	ck_assert_uint_eq(mode_of(a, entry, "out/fifo"), 0400);
	ck_assert(!file_exists(arena_printf(a, "%s/out", dir)));
	ck_assert_uint_eq(test_entries(s.dir), 1);
	arena_free(a);
}
END_TEST

/* what it says goes into bills of materials */
START_TEST(what_was_linked_is_known)
{
	struct arena *a = arena_new();
	char output[DIGEST_HEX], *dir = work(a, "w", "code"), *linked;
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	put(a, dir, "linked", "rootfs/x\town\tx.o\n", 0444);
	ck_assert_int_eq(store_enter(&s, dir, key, "target-x", "node target/x\n", output, &e), 0);
	ck_assert_msg(store_lookup(&s, key, "target-x", output, &e) == 1, "%s", e.msg);
	linked = arena_printf(a, "%s/linked", store_path(a, &s, key, "target-x"));
	ck_assert_int_eq(unlink(linked), 0);
	ck_assert_int_eq(file_write(linked, "rootfs/x\town\ty.o\n", 17, 0444, &e), 0);
	ck_assert_int_eq(store_lookup(&s, key, "target-x", output, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: changed since it was stored", linked));
	arena_free(a);
}
END_TEST

START_TEST(the_first_stays)
{
	struct arena *a = arena_new();
	char first[DIGEST_HEX], second[DIGEST_HEX], *text;
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	ck_assert_int_eq(store_enter(&s, work(a, "w1", "one"), key, "x", "k\n", first, &e), 0);
	ck_assert_int_eq(store_enter(&s, work(a, "w2", "two"), key, "x", "k\n", second, &e), 0);
	ck_assert_str_eq(first, second);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/out/sdk/lib/libx.a", store_path(a, &s, key, "x")),
		&text, NULL, &e),
	    0);
	ck_assert_str_eq(text, "one");
	ck_assert_uint_eq(test_entries(s.dir), 1);
	arena_free(a);
}
END_TEST

/* several processes at once, a different content each: one wins, all agree */
START_TEST(a_race_has_one_winner)
{
	struct arena *a = arena_new();
	char outputs[4][DIGEST_HEX], tree[DIGEST_HEX];
	int go[2], told[4][2], status;
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	ck_assert_int_eq(pipe(go), 0);
	for (int i = 0; i < 4; i++) {
		char *dir = work(a, arena_printf(a, "w%d", i), arena_printf(a, "content %d", i));

		ck_assert_int_eq(pipe(told[i]), 0);
		if (fork() == 0) {
			char c, output[DIGEST_HEX];

			close(go[1]);
			(void)!read(go[0], &c, 1); /* until the starter lets go */
			_exit(store_enter(&s, dir, key, "x", "k\n", output, &e) < 0 ||
			      write(told[i][1], output, DIGEST_HEX) != DIGEST_HEX);
		}
		close(told[i][1]);
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(read(told[i][0], outputs[i], DIGEST_HEX), DIGEST_HEX);
		close(told[i][0]);
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
		ck_assert_str_eq(outputs[i], outputs[0]);
	}
	ck_assert_int_eq(
	    digest_tree(arena_printf(a, "%s/out", store_path(a, &s, key, "x")), tree, &e), 0);
	ck_assert_str_eq(tree, outputs[0]);
	ck_assert_uint_eq(test_entries(s.dir), 1);
	arena_free(a);
}
END_TEST

START_TEST(half_an_entry_is_none)
{
	struct arena *a = arena_new();
	char output[DIGEST_HEX], *dir = work(a, "w", "x");
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	/* what a builder that was killed leaves */
	put(a, s.dir, arena_printf(a, ".new-%s-x.abcdef/out/sdk/lib/libx.a", key), "x", 0644);
	ck_assert_int_eq(store_lookup(&s, key, "x", output, &e), 0);

	/* a result without out/ is none, and leaves nothing behind */
	ck_assert_int_eq(
	    rename(arena_printf(a, "%s/out", dir), arena_printf(a, "%s/elsewhere", dir)), 0);
	ck_assert_int_eq(store_enter(&s, dir, key, "x", "k\n", output, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "move %s/out to the store: No such file or directory", dir));
	ck_assert_uint_eq(test_entries(s.dir), 1);

	arena_free(a);
}
END_TEST

/* what happens to an entry, what is said of it, and that the next result takes its place */
static const struct {
	const char *script, *why;
} damages[] = {
	{ ": >output", "/output: holds no digest" },
	{ "rm output", "/output is missing" },
	{ "rm key", "/key is missing" },
	{ "rm -r out", "/out is missing" },
	{ "rm key; ln -s /etc/passwd key", "/key: is a symlink, not a regular file" },
	{ "rm -f log; mkfifo log", "/log: is a fifo, not a regular file" },
	{ "mv out o; ln -s o out", "/out: is a symlink, not a folder" },
	{ "mv out/sdk o; ln -s ../o out/sdk", "/out/sdk: is a symlink, not a folder" },
	{ "ln -s /etc out/rootfs", "/out/rootfs: is a symlink, not a folder" },
	{ "ln -s /etc/passwd out/kernel", "/out/kernel: is a symlink, not a regular file" },
	{ ": >out/sdk/lib/libx.a", "/out: changed since it was stored: digest " },
	{ "echo more >>out/sdk/lib/libx.a", "/out: changed since it was stored: digest " },
	{ "rm out/sdk/lib/libx.a", "/out: changed since it was stored: digest " },
	{ ": >out/more", "/out: changed since it was stored: digest " },
	{ "chmod +x out/sdk/lib/libx.a", "/out: changed since it was stored: digest " },
};

START_TEST(damage_is_noticed_and_mended)
{
	struct arena *a = arena_new();
	char output[DIGEST_HEX], *entry;
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	s.memo = memo_open(a, arena_printf(a, "%s/memo", test_dir()));
	ck_assert_int_eq(store_enter(&s, work(a, "w", "x"), key, "x", "k\n", output, &e), 0);
	ck_assert_int_eq(store_lookup(&s, key, "x", output, &e), 1);
	entry = store_path(a, &s, key, "x");
	ck_assert_int_eq(
	    system(arena_printf(a, "cd '%s' && chmod -R u+w . && %s", entry, damages[_i].script)),
	    0);
	ck_assert_int_eq(store_lookup(&s, key, "x", output, &e), -1);
	ck_assert_msg(!strncmp(e.msg, entry, strlen(entry)) &&
			  !strncmp(e.msg + strlen(entry), damages[_i].why, strlen(damages[_i].why)),
	    "%s", e.msg);
	ck_assert_int_eq(store_enter(&s, work(a, "w2", "x"), key, "x", "k\n", output, &e), 0);
	ck_assert_int_eq(store_lookup(&s, key, "x", output, &e), 1);
	ck_assert_uint_eq(test_entries(s.dir), 1);
	arena_free(a);
}
END_TEST

/* what a step may leave in out/, and must not */
static const struct {
	const char *script, *why;
} odd[] = {
	{ "rm -r out; ln -s /etc out", "/out: is a symlink, not a folder" },
	{ "rm -r out; : >out", "/out: is a regular file, not a folder" },
	{ "ln -s /etc out/rootfs", "/out/rootfs: is a symlink, not a folder" },
	{ "mkfifo out/userfs", "/out/userfs: is a fifo, not a folder" },
	{ ": >out/rwfs", "/out/rwfs: is a regular file, not a folder" },
	{ "mkfifo out/services", "/out/services: is a fifo, not a regular file" },
	{ "ln -s /etc/passwd out/System.map", "/out/System.map: is a symlink, not a regular file" },
	{ "mkdir out/kernel", "/out/kernel: is a folder, not a regular file" },
};

START_TEST(a_step_leaves_no_traps)
{
	struct arena *a = arena_new();
	char output[DIGEST_HEX], *dir = work(a, "w", "x");
	struct err e = { 0 };
	struct store s;

	open_store(a, &s);
	ck_assert_int_eq(system(arena_printf(a, "cd '%s' && %s", dir, odd[_i].script)), 0);
	ck_assert_int_eq(store_enter(&s, dir, key, "x", "k\n", output, &e), -1);
	ck_assert_msg(strstr(e.msg, odd[_i].why) != NULL, "%s", e.msg);
	ck_assert_uint_eq(test_entries(s.dir), 0);
	arena_free(a);
}
END_TEST

START_TEST(one_builder_has_the_lock)
{
	struct arena *a = arena_new();
	int mine, theirs, other, status, ready[2];
	struct err e = { 0 };
	struct store s;
	pid_t pid;
	char c;

	open_store(a, &s);
	ck_assert_int_eq(store_lock(&s, key, &mine, &e), 0);
	ck_assert_int_ge(mine, 0);
	ck_assert_int_eq(store_lock(&s, key, &theirs, &e), 0);
	ck_assert_int_eq(theirs, -1);
	ck_assert_int_eq(store_lock(&s, "another key", &other, &e), 0);
	ck_assert_int_ge(other, 0);
	store_unlock(&s, "another key", other);
	store_unlock(&s, key, mine);
	ck_assert_uint_eq(test_entries(s.dir), 0);

	/* it ends with who had it */
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		if (store_lock(&s, key, &mine, &e) == 0 && mine >= 0)
			(void)!write(ready[1], "", 1);
		pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(store_lock(&s, key, &theirs, &e), 0);
	ck_assert_int_eq(theirs, -1);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ck_assert_int_eq(store_lock(&s, key, &theirs, &e), 0);
	ck_assert_int_ge(theirs, 0);
	store_unlock(&s, key, theirs);
	close(ready[0]);
	close(ready[1]);
	arena_free(a);
}
END_TEST

Suite *
store_suite(void)
{
	Suite *s = suite_of("store",
	    (const TTest *[]){ what_is_entered_is_found, what_was_linked_is_known, the_first_stays,
		a_race_has_one_winner, half_an_entry_is_none, one_builder_has_the_lock, NULL });
	TCase *tc = harness_case(s, "hostile");

	tcase_add_loop_test(tc, damage_is_noticed_and_mended, 0, sizeof damages / sizeof *damages);
	tcase_add_loop_test(tc, a_step_leaves_no_traps, 0, sizeof odd / sizeof *odd);
	return s;
}
