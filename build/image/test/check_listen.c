/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/listen.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/test/suites.h"

#include <string.h>

/* of profile s6; said: what is wrong, behind the path */
static const struct {
	const char *text, *said;
	size_t n;
	const char *last; /* service of the last one */
} cases[] = {
	{ "# none\n", NULL, 0, NULL },
	{ "tcp 0.0.0.0 22 sshd\ntcp :: 22 sshd6 s6\n", NULL, 2, "sshd6" },
	{ "udp ::1 53 dns\ntcp :: 22 other minimal\n", NULL, 1, "dns" },
	{ "tcp :: 22\n", ":1: needs PROTOCOL ADDRESS PORT SERVICE [PROFILE]", 0, NULL },
	{ "sctp :: 22 sshd\n", ":1: sctp: not a protocol: tcp, udp or raw", 0, NULL },
	{ "tcp * 22 sshd\n", ":1: *: not an address, such as 0.0.0.0 or ::", 0, NULL },
	{ "tcp :: 0 sshd\n", ":1: 0: not a port from 1 to 65535", 0, NULL },
	{ "tcp :: 65536 sshd\n", ":1: 65536: not a port from 1 to 65535", 0, NULL },
	{ "\ntcp :: 22 sshd s7\n", ":2: s7: no such profile: s6 or minimal", 0, NULL },
};

START_TEST(reads)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/listen", test_dir());
	struct man_listen *v;
	struct err e = { 0 };
	size_t n;
	int r;

	ck_assert_int_eq(file_write(path, cases[_i].text, strlen(cases[_i].text), 0644, &e), 0);
	r = listen_read(a, path, "s6", &v, &n, &e);
	ck_assert_int_eq(r, cases[_i].said ? -1 : 0);
	if (cases[_i].said) {
		ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", path, cases[_i].said));
	} else {
		ck_assert_uint_eq(n, cases[_i].n);
		if (n)
			ck_assert_str_eq(v[n - 1].service, cases[_i].last);
	}
	arena_free(a);
}
END_TEST

Suite *
listen_suite(void)
{
	Suite *s = suite_create("listen");

	tcase_add_loop_test(harness_case(s, "reads"), reads, 0, sizeof cases / sizeof *cases);
	return s;
}
