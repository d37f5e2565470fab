/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/config/credentials.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>

static struct config
config_in(struct arena *a, const char *root, const char *guest)
{
	struct config c = { .output = test_dir() };

	config_set(a, &c, "ROOT_PASSWORD", root, "test");
	config_set(a, &c, "GUEST_PASSWORD", guest, "test");
	return c;
}

static char *
stored(struct arena *a)
{
	char *text;
	struct err e = { 0 };

	ck_assert_msg(
	    file_read(a, arena_printf(a, "%s/credentials", test_dir()), &text, NULL, &e) == 0, "%s",
	    e.msg);
	return text;
}

/* the first as openssl passwd -6 has it, the second with a salt as ours are */
START_TEST(known_hashes)
{
	struct arena *a = arena_new();
	struct config c = config_in(a, "", "");
	struct credentials cr;
	struct err e = { 0 };
	static const char text[] = "# comment\n\nroot Hello saltstring\nguest x abcdefghijklmnop\n";

	ck_assert_int_eq(file_write(arena_printf(a, "%s/credentials", test_dir()), text,
			     sizeof text - 1, 0600, &e),
	    0);
	ck_assert_msg(credentials_get(a, &c, NULL, true, &cr, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(cr.root_password, "Hello");
	ck_assert_str_eq(cr.root_hash, "$6$saltstring$aQzKv7HhksN4CNT5HySRdxOEHxZvlWWP2je/"
				       "lOgbrHx5iLYj3NJfVnC287n/dwkODYWL1.LZUdO9vX84fkCna/");
	ck_assert_msg(!strncmp(cr.guest_hash, "$6$abcdefghijklmnop$", 20), "%s", cr.guest_hash);
	ck_assert_str_eq(stored(a), text); /* nothing new, nothing written */
	arena_free(a);
}
END_TEST

START_TEST(random_ones_are_made_once)
{
	struct arena *a = arena_new();
	struct config c = config_in(a, "", "");
	struct credentials first, second, loose;
	struct stat st;
	struct err e = { 0 };

	ck_assert_msg(credentials_get(a, &c, NULL, false, &loose, &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(arena_printf(a, "%s/credentials", test_dir())));
	ck_assert_msg(credentials_get(a, &c, NULL, true, &first, &e) == 0, "%s", e.msg);
	ck_assert_str_ne(first.root_password, loose.root_password);
	ck_assert_uint_eq(strlen(first.root_password), 16);
	ck_assert_uint_eq(strcspn(first.root_password, "0O1lI"), 16);
	ck_assert_str_ne(first.root_password, first.guest_password);
	ck_assert_int_eq(stat(arena_printf(a, "%s/credentials", test_dir()), &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert_msg(credentials_get(a, &c, NULL, true, &second, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(first.root_password, second.root_password);
	ck_assert_str_eq(first.root_hash, second.root_hash);
	ck_assert_str_eq(first.guest_hash, second.guest_hash);
	arena_free(a);
}
END_TEST

START_TEST(configured_ones_win)
{
	struct arena *a = arena_new();
	struct config none = config_in(a, "", ""), some = config_in(a, "se:cret", "");
	struct memo *m = memo_open(a, arena_printf(a, "%s/memo", test_dir()));
	struct credentials before, after, again;
	struct err e = { 0 };

	ck_assert_msg(credentials_get(a, &none, m, true, &before, &e) == 0, "%s", e.msg);
	ck_assert_msg(credentials_get(a, &some, m, true, &after, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(after.root_password, "se:cret");
	ck_assert_str_ne(after.root_hash, before.root_hash);
	ck_assert_str_eq(after.guest_hash, before.guest_hash);
	ck_assert_ptr_nonnull(strstr(stored(a), "\nroot se:cret "));
	/* no longer asked for, it stays what it is: it is in an image somewhere */
	ck_assert_msg(credentials_get(a, &none, m, true, &again, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(again.root_hash, after.root_hash);
	arena_free(a);
}
END_TEST

/* nobody has such a password, and what the file keeps for another time stays as it is */
START_TEST(locked_ones)
{
	struct arena *a = arena_new();
	struct config none = config_in(a, "", ""), both = config_in(a, "*", "*"),
		      one = config_in(a, "", "*");
	struct credentials before, locked, after;
	struct err e = { 0 };

	ck_assert_msg(credentials_get(a, &both, NULL, true, &locked, &e) == 0, "%s", e.msg);
	ck_assert_ptr_null(locked.root_password);
	ck_assert_str_eq(locked.root_hash, "*");
	ck_assert_str_eq(locked.guest_hash, "*");
	ck_assert(!file_exists(arena_printf(a, "%s/credentials", test_dir())));
	ck_assert_msg(credentials_get(a, &one, NULL, true, &locked, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(locked.guest_hash, "*");
	ck_assert_ptr_null(strstr(stored(a), "\nguest "));
	ck_assert_msg(credentials_get(a, &none, NULL, true, &before, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(before.root_hash, locked.root_hash);
	ck_assert_msg(credentials_get(a, &both, NULL, true, &locked, &e) == 0, "%s", e.msg);
	ck_assert_msg(credentials_get(a, &none, NULL, true, &after, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(after.root_hash, before.root_hash);
	ck_assert_str_eq(after.guest_hash, before.guest_hash);
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *message;
} bad[] = {
	{ "root x\n", ":1: expected `user password salt`" },
	{ "root x y z\n", ":1: expected `user password salt`" },
	{ "root x y\nroot x y\n", ":2: root: duplicate key" },
	{ "admin x y\n", ":1: admin: no such user in the image" },
	{ "root x sa$lt\n", ":1: root: the salt is up to 16 of the characters . / 0-9 A-Z a-z" },
	{ "root x abcdefghijklmnopq\n",
	    ":1: root: the salt is up to 16 of the characters . / 0-9 A-Z a-z" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	struct config c = config_in(a, "", "");
	struct credentials cr;
	struct err e = { 0 };
	char *path = arena_printf(a, "%s/credentials", test_dir());

	ck_assert_int_eq(file_write(path, bad[_i].text, strlen(bad[_i].text), 0600, &e), 0);
	ck_assert_int_eq(credentials_get(a, &c, NULL, true, &cr, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, bad[_i].message));
	arena_free(a);
}
END_TEST

Suite *
credentials_suite(void)
{
	Suite *s = suite_create("credentials");
	TCase *tc = harness_case(s, "credentials");

	tcase_add_test(tc, known_hashes);
	tcase_add_test(tc, random_ones_are_made_once);
	tcase_add_test(tc, configured_ones_win);
	tcase_add_test(tc, locked_ones);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	return s;
}
