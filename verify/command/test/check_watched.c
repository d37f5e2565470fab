/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/watched.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/test/suites.h"

#include <string.h>
#include <unistd.h>

#define HOST "Host: 127.0.0.1:8080"
#define LIVE                                                                                       \
	"lh-live 1\n"                                                                              \
	"running\t1000\tx86_64\tdhcp\tssh\tx86_64/dhcp/ssh\trun\n"                                 \
	"pass\t1000\tx86_64\tdhcp\tlink\tlink\t-\n"                                                \
	"pass\t1000\tx86_64\tdhcp\tout\tout\t-\n"

static void
put(struct arena *a, const char *name, const char *text)
{
	const char *path = arena_printf(a, "%s/%s", test_dir(), name);
	struct err e;

	ck_assert_int_eq(file_mkparent(path, &e), 0);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
}

/* of a run with a console of ten bytes, one that is a symlink, and one in a folder that is */
static const struct {
	const char *path, *header, *status, *body; /* body: what it ends with */
} rows[] = {
	{ "/", HOST, "200 OK", "</html>\n" },
	{ "/", "host:  LOCALHOST:8080", "200 OK", "</html>\n" },
	{ "/live", HOST, "200 OK", " no\n" LIVE },
	{ "/report", HOST, "404 Not Found", "the run has no report yet\n" },
	{ "/console/1/0", HOST, "200 OK", "\r\n\r\n0123456789" },
	{ "/console/1/7", HOST, "200 OK", "\r\n\r\n789" },
	{ "/console/1/10", HOST, "200 OK", "\r\n\r\n" },
	{ "/console/1/11", HOST, "416 Range Not Satisfiable", "it begins anew\n" },
	{ "/console/1/18446744073709551615", HOST, "416 Range", "it begins anew\n" },
	{ "/console/1/-1", HOST, "416 Range", "it begins anew\n" },
	{ "/console/2/0", HOST, "404 Not Found", "no console yet\n" },
	{ "/console/3/0", HOST, "404 Not Found", "no console yet\n" },
	{ "/console/4/0", HOST, "404 Not Found", "no console yet\n" },
	{ "/console/1/0/x", HOST, "404 Not Found", "no console yet\n" },
	{ "/console/", HOST, "404 Not Found", "no console yet\n" },
	{ "/x86_64/dhcp/ssh/console", HOST, "404 Not Found", "there is /, " },
	{ "", HOST, "404 Not Found", "there is /, " },
	/* a name of elsewhere that leads here */
	{ "/live", "Host: example.org:8080", "403 Forbidden", "ask for it as 127.0.0.1" },
	{ "/live", "Host: 127.0.0.1:80", "403 Forbidden", "ask for it as 127.0.0.1" },
	{ "/live", "X: 127.0.0.1:8080", "403 Forbidden", "ask for it as 127.0.0.1" },
};

START_TEST(answers)
{
	struct arena *a = arena_new();
	struct watched w = { .dir = test_dir(), .port = 8080 };
	const char *request =
	    arena_printf(a, "GET %s HTTP/1.1\r\n%s\r\n\r\n", rows[_i].path, rows[_i].header);
	struct buf b = { 0 };

	put(a, "live", LIVE);
	put(a, "x86_64/dhcp/ssh/console", "0123456789");
	put(a, "link/x", "");
	ck_assert_int_eq(symlink("x86_64/dhcp/ssh", arena_printf(a, "%s/out", test_dir())), 0);
	ck_assert_int_eq(symlink("/etc/passwd", arena_printf(a, "%s/link/console", test_dir())), 0);
	watched_answer(&w, rows[_i].path, request, &b);
	ck_assert_msg(!strncmp(b.p, "HTTP/1.0 ", 9) &&
			  !strncmp(b.p + 9, rows[_i].status, strlen(rows[_i].status)),
	    "%s: %s", rows[_i].path, b.p);
	ck_assert_msg(strstr(b.p, rows[_i].body), "%s: %s", rows[_i].path, b.p);
	ck_assert_ptr_nonnull(strstr(b.p, "\r\nContent-Security-Policy: default-src 'none'; "));
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(a_report_is_shown)
{
	struct arena *a = arena_new();
	struct watched w = { .dir = test_dir(), .port = 1 };
	const char *request = "GET / HTTP/1.0\r\nHost: 127.0.0.1:1\r\n\r\n";
	struct buf b = { 0 };

	watched_answer(&w, "/live", request, &b);
	ck_assert_ptr_nonnull(strstr(b.p, "\r\n\r\nno run here yet\n"));
	buf_clear(&b);
	put(a, "live", LIVE);
	put(a, "index.html", "<p>all");
	watched_answer(&w, "/live", request, &b);
	ck_assert_ptr_nonnull(strstr(b.p, " yes\nlh-live 1\n"));
	buf_clear(&b);
	watched_answer(&w, "/report", request, &b);
	ck_assert_ptr_nonnull(strstr(b.p, "Content-Type: text/html"));
	ck_assert_ptr_nonnull(strstr(b.p, "\r\n\r\n<p>all"));
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* somebody else's folder, whose files are links to what only we may read */
START_TEST(no_link_is_followed)
{
	static const char *const names[] = { "live", "index.html" };
	static const char *const paths[] = { "/live", "/report" };
	struct arena *a = arena_new();
	struct watched w = { .dir = test_dir(), .port = 8080 };
	struct buf b = { 0 };

	put(a, "secret", "lh-live 1\n");
	ck_assert_int_eq(symlink("secret", arena_printf(a, "%s/%s", test_dir(), names[_i])), 0);
	watched_answer(
	    &w, paths[_i], arena_printf(a, "GET %s HTTP/1.1\r\n" HOST "\r\n\r\n", paths[_i]), &b);
	ck_assert_msg(!strncmp(b.p, "HTTP/1.0 404 ", 13), "%s", b.p);
	buf_free(&b);
	arena_free(a);
}
END_TEST

Suite *
watched_suite(void)
{
	Suite *s = suite_of("watched", (const TTest *[]){ a_report_is_shown, NULL });

	tcase_add_loop_test(harness_case(s, "answers"), answers, 0, sizeof rows / sizeof *rows);
	tcase_add_loop_test(harness_case(s, "links"), no_link_is_followed, 0, 2);
	return s;
}
