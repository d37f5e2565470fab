/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/equivalent.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/test/suites.h"

#include <string.h>

/* what holds for an s6 image of x86_64 with DHCP: class, target, reason; or the message */
static const struct {
	const char *text, *holds, *message;
} files[] = {
	{ "", "", NULL },
	{ "# why\n\na x  it is # so\n b /y:1 the same \n", "a x (it is # so) b /y:1 (the same) ",
	    NULL },
	{ "a x r\nrequires profile minimal\nb x r\nrequires profile s6\nc x r\n",
	    "a x (r) c x (r) ", NULL },
	{ "requires profile s6\nrequires net static\na x r\nrequires net dhcp static\nb x r\n",
	    "b x (r) ", NULL },
	{ "requires net static\nrequires profile s6\na x r\n", "", NULL },
	/* what is not for this image may be there once more */
	{ "requires net static\na x r\nrequires net dhcp\na x r\n", "a x (r) ", NULL },
	{ "a x r\na x again\n", NULL, ":2: a x: is here twice" },
	{ "a x\n", NULL, ":1: needs CLASS TARGET, and the reason why" },
	{ "a\n", NULL, ":1: needs CLASS TARGET, and the reason why" },
	{ "requires net\n", NULL, ":1: requires: needs KEY VALUE..." },
	{ "requires color red\n", NULL, ":1: requires color: unknown; one of arch audit " },
};

START_TEST(reads)
{
	const struct image i = {
		.m = { .triple = "x", .arch = "x86_64", .profile = "s6", .net = "dhcp" }
	};
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/equivalent", test_dir()), *holds = "";
	struct equivalent *v;
	struct err e = { 0 };
	size_t n;
	int r;

	ck_assert_int_eq(file_write(path, files[_i].text, strlen(files[_i].text), 0644, &e), 0);
	r = equivalent_read(a, path, &i, &v, &n, &e);
	if (files[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
		ck_assert_msg(strstr(e.msg, files[_i].message), "%s", e.msg);
		arena_free(a);
		return;
	}
	ck_assert_msg(r == 0, "%s", e.msg);
	for (size_t k = 0; k < n; k++) {
		holds =
		    arena_printf(a, "%s%s %s (%s) ", holds, v[k].class, v[k].target, v[k].reason);
		ck_assert_ptr_eq(equivalent_find(v, n, v[k].class, v[k].target), &v[k]);
	}
	ck_assert_str_eq(holds, files[_i].holds);
	ck_assert_ptr_null(equivalent_find(v, n, "a", "y"));
	arena_free(a);
}
END_TEST

START_TEST(absent)
{
	const struct image i = { .path = "x" };
	struct arena *a = arena_new();
	struct equivalent *v;
	struct err e;
	size_t n = 1;

	ck_assert_int_eq(
	    equivalent_read(a, arena_printf(a, "%s/none", test_dir()), &i, &v, &n, &e), 0);
	ck_assert_uint_eq(n, 0);
	arena_free(a);
}
END_TEST

Suite *
equivalent_suite(void)
{
	Suite *s = suite_of("equivalent", (const TTest *[]){ absent, NULL });

	tcase_add_loop_test(harness_case(s, "reads"), reads, 0, sizeof files / sizeof *files);
	return s;
}
