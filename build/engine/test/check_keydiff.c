/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/keydiff.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/test/harness.h"
#include "build/test/suites.h"

#define ONE "1111111111111111111111111111111111111111111111111111111111111111"
#define TWO "2222222222222222222222222222222222222222222222222222222222222222"

/* two keys; all that differs, and the first of it */
static const struct {
	const char *old, *now, *all, *first;
} keys[] = {
	{ "node x\n", "node x\n", NULL, NULL },
	{ "node x\nsource " ONE "\n", "source " TWO "\nnode x\n",
	    "  source: 11111111.. -> 22222222..\n", "source changed" },
	{ "source " ONE "\n", "source override tree " TWO "\n",
	    "  source: 11111111.. -> override tree 22222222..\n", "source changed" },
	{ "config X a b\n", "config X \n", "  config X: a b -> (empty)\n", "config X changed" },
	{ "tool gcc gcc 12 (x)\n", "tool gcc gcc 13 (x)\n",
	    "  tool gcc: gcc 12 (x) -> gcc 13 (x)\n", "tool gcc changed" },
	{ "fact cpu a b\nnode x\n", "node x\n", "  fact cpu: gone\n", "fact cpu is gone" },
	{ "node x\n", "file f " ONE "\nnode x\n", "  file f: new\n", "file f is new" },
	{ "patch a " ONE "\n", "patch b " ONE "\n", "  patch b: new\n  patch a: gone\n",
	    "patch b is new" },
	/* of what there are several, each is told of by itself */
	{ "unpack a\nunpack b\n", "unpack a\nunpack b\nunpack c\n", "  unpack: new\n",
	    "unpack is new" },
	{ "unpack a\nunpack b\n", "unpack a\nunpack c\n", "  unpack: b -> c\n", "unpack changed" },
	{ "config ROOT_HASH $6$abcdefgh$x\n", "config ROOT_HASH $6$ijklmnop$y\n",
	    "  config ROOT_HASH: $6$abcde.. -> $6$ijklm..\n", "config ROOT_HASH changed" },
};

START_TEST(differ)
{
	struct arena *a = arena_new();
	struct buf out = { 0 };
	const char *first = key_first_change(a, keys[_i].old, keys[_i].now);
	bool any = key_diff_add(a, keys[_i].old, keys[_i].now, 1, &out);

	ck_assert_int_eq(any, keys[_i].all != NULL);
	if (keys[_i].all) {
		ck_assert_str_eq(out.p, keys[_i].all);
		ck_assert_str_eq(first, keys[_i].first);
	} else {
		ck_assert_ptr_null(first);
	}
	buf_free(&out);
	arena_free(a);
}
END_TEST

Suite *
keydiff_suite(void)
{
	Suite *s = suite_create("keydiff");

	tcase_add_loop_test(harness_case(s, "keys"), differ, 0, sizeof keys / sizeof *keys);
	return s;
}
