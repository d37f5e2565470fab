/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/capsule.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/test/suites.h"

#include <string.h>
#include <sys/stat.h>

static const struct capsule full = { .manifest = "/a b/manifest",
	.digest = "d1",
	.qemu = "QEMU emulator version 1",
	.accel = "tcg",
	.cpu = "max,x=y",
	.where = "scenarios/x.scn:4",
	.scenario = "x",
	.slot = "yes",
	.nonce = "0123",
	.net = "10.1.2.0",
	.router = "10.1.2.1",
	.dns = "10.1.2.2",
	.address = "10.1.2.3" };

START_TEST(is_read_as_it_was_written)
{
	struct arena *a = arena_new();
	const char *base = arena_printf(a, "%s/base", test_dir()),
		   *dir = arena_printf(a, "%s/case", test_dir());
	struct capsule x;
	struct stat from, to;
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
	ck_assert_int_eq(file_write(base, "disk", 4, 0644, &e), 0);
	ck_assert_msg(
	    capsule_write(a, dir, &full, base, NULL, "one\ntwo", 7, &e) == 0, "%s", e.msg);
	ck_assert_msg(capsule_read(a, dir, &x, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(x.manifest, full.manifest);
	ck_assert_str_eq(x.cpu, full.cpu);
	ck_assert_str_eq(x.address, full.address);
	ck_assert_ptr_null(x.untrusted);
	/* the base takes no room, and what replaces it leaves this one */
	ck_assert_int_eq(stat(base, &from), 0);
	ck_assert_int_eq(stat(arena_printf(a, "%s/capsule.base", dir), &to), 0);
	ck_assert_uint_eq(from.st_ino, to.st_ino);
	ck_assert_int_eq(file_write(base, "other", 5, 0644, &e), 0);
	ck_assert_int_eq(file_read(a, arena_printf(a, "%s/capsule.base", dir), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "disk");
	ck_assert(!file_exists(arena_printf(a, "%s/capsule.key", dir)));
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *msg;
} bad[] = {
	{ "", ":0: not \"lh-capsule 1\": another lh-verify wrote it" },
	{ "lh-capsule 2\n", ":1: not \"lh-capsule 1\": another lh-verify wrote it" },
	{ "lh-capsule 1\ncolour red\n", ":2: colour: no such key" },
	{ "lh-capsule 1\nmanifest m\n", ":2: digest is missing" },
};

START_TEST(refuses_what_is_none)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/capsule", test_dir());
	struct capsule x;
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, bad[_i].text, strlen(bad[_i].text), 0644, &e), 0);
	ck_assert_int_eq(capsule_read(a, test_dir(), &x, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, bad[_i].msg));
	arena_free(a);
}
END_TEST

START_TEST(there_is_no_room_without_end)
{
	struct capsule_room r = CAPSULE_ROOM, small = { .left = 8, .mib = 300 };
	unsigned n = 0;

	while (capsule_take_room(&r, 256))
		n++;
	ck_assert_uint_eq(n, 8);
	ck_assert(capsule_take_room(&small, 256));
	ck_assert(!capsule_take_room(&small, 256));
	ck_assert(!capsule_take_room(NULL, 1));
}
END_TEST

Suite *
capsule_suite(void)
{
	Suite *s = suite_of("capsule",
	    (const TTest *[]){ is_read_as_it_was_written, there_is_no_room_without_end, NULL });

	tcase_add_loop_test(
	    harness_case(s, "bad"), refuses_what_is_none, 0, sizeof bad / sizeof *bad);
	return s;
}
