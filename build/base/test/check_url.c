/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/url.h"

#include "build/base/arena.h"
#include "build/test/suites.h"

static const struct {
	const char *text, *shown;
} cases[] = {
	{ "", "" },
	{ "sources", "sources" },
	{ "http://host/a", "http://host/a" },
	{ "http://user@host/a", "http://host/a" },
	{ "http://user:password@host", "http://host" },
	{ "http://user:p@ss@word@host:80/a@b", "http://host:80/a@b" },
	{ "https://host/@scope/a", "https://host/@scope/a" },
	{ "http://host?q=a@b", "http://host?q=a@b" },
	{ "http://u:p@one/ /mnt/two  https://u:p@three/", "http://one/ /mnt/two  https://three/" },
	/* what has to be written %2f, and is not */
	{ "http://user:pass/word?@host/a", "http://host/a" },
	{ "http://user:/word@host/a", "http://host/a" },
	{ "http://user:1/2@host:80/a b@c", "http://user:1/2@host:80/a b@c" },
	{ "http://host:80/@scope/a", "http://host:80/@scope/a" },
	{ "http://[::1]:80/@scope/a", "http://[::1]:80/@scope/a" },
	{ "get it from http://u:p@host", "get it from http://host" },
};

static const struct {
	const char *url, *host;
} hosts[] = {
	{ "", "" },
	{ "sources", "" },
	{ "file:///a", "" },
	{ "file://localhost/a", "localhost" },
	{ "http://host", "host" },
	{ "http://host:80/a:b", "host" },
	{ "http://user:p@ss@host?q", "host" },
	{ "http://user:pass/word?@host/a", "host" },
	{ "http://[::1]:80/a", "[::1]" },
	{ "http://[::1", "[::1" },
};

START_TEST(shown)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(url_shown(a, cases[_i].text), cases[_i].shown);
	arena_free(a);
}
END_TEST

START_TEST(host)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(url_host(a, hosts[_i].url), hosts[_i].host);
	arena_free(a);
}
END_TEST

Suite *
url_suite(void)
{
	Suite *s = suite_create("url");
	TCase *tc = harness_case(s, "url");

	tcase_add_loop_test(tc, shown, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, host, 0, sizeof hosts / sizeof *hosts);
	return s;
}
