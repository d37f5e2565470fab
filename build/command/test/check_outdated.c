/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/outdated.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"
#include "build/test/suites.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(t) (int)(sizeof(t) / sizeof *(t))

static const struct {
	const char *x, *y;
	int order;
} orders[] = {
	{ "1.2.3", "1.2.3", 0 },
	{ "1.10", "1.9", 1 },
	{ "1.9", "1.9.0", -1 },
	{ "2", "1.9.9", 1 },
	{ "2022.83", "2025.9", -1 },
	{ "2.4.01", "2.4.1", 0 },
	{ "0.9", "10.0", -1 },
	{ "123456789012345678901234567890", "123456789012345678901234567891", -1 },
};

START_TEST(ordered)
{
	int r = outdated_order(orders[_i].x, orders[_i].y),
	    back = outdated_order(orders[_i].y, orders[_i].x);

	ck_assert_int_eq((r > 0) - (r < 0), orders[_i].order);
	ck_assert_int_eq((back > 0) - (back < 0), -orders[_i].order);
}
END_TEST

static const struct {
	const char *text, *name, *version;
	const char *newest; /* NULL: none */
} pages[] = {
	{ "<a href=\"x-1.9.tar.gz\">x-1.9.tar.gz</a> <a href='x-1.10.tar.gz'>", "x-1.2.tar.gz",
	    "1.2", "1.10" },
	{ "<a href=\"/pub/x-1.3.tar.gz\">", "x-1.2.tar.gz", "1.2", "1.3" },
	{ "x-1.1.tar.gz", "x-1.2.tar.gz", "1.2", "1.1" },
	/* other names than the one with another version in it */
	{ "<a href=\"x-1.3.tar.gz.sig\">x-1.3.tar.xz xx-1.3.tar.gz x-1.3-rc1.tar.gz x-1.3a.tar.gz "
	  "x-.tar.gz x-1..3.tar.gz",
	    "x-1.2.tar.gz", "1.2", NULL },
	{ "x-1.2.tar.gz.old", "x-1.2.tar.gz", "1.2", NULL }, { "", "x-1.2.tar.gz", "1.2", NULL },
	{ "v1.2\nv1.3\nv1.4-rc1\n2.0\nnv3.0\n", "v1.2", "1.2", "1.3" },
	{ "x2-3.tar", "x2-2.tar", "2", "3" }, { "x-1.3.tar.gz", "x-latest.tar.gz", "1.2", NULL },
	{ "x-11.3.tar.gz", "x-11.2.tar.gz", "1.2", NULL }, /* it is not 1.2 that the name has */
};

START_TEST(found)
{
	struct arena *a = arena_new();
	const char *newest = outdated_newest(a, pages[_i].text, pages[_i].name, pages[_i].version);

	if (pages[_i].newest)
		ck_assert_str_eq(newest, pages[_i].newest);
	else
		ck_assert_ptr_null(newest);
	arena_free(a);
}
END_TEST

/* folders of a server; any other is not there */
static enum MHD_Result
serve(void *arg, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *data, size_t *n, void **state)
{
	static const struct {
		const char *url, *text;
	} folders[] = {
		{ "/old/", "<a href=\"x-1.0.tar.gz\">" },
		{ "/same/", "<a href=\"x-1.0.tar.gz\"> <a href=\"x-1.2.tar.gz\">" },
		{ "/new/", "<a href=\"x-1.2.tar.gz\"> <a href=\"x-1.3.tar.gz\">" },
		{ "/none/", "<a href=\"y-1.3.tar.gz\">" },
	};
	const char *text = NULL;
	struct MHD_Response *r;
	enum MHD_Result ret;

	(void)arg, (void)method, (void)version, (void)data, (void)n, (void)state;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!strcmp(folders[i].url, url))
			text = folders[i].text;
	r = MHD_create_response_from_buffer(text ? strlen(text) : 2,
	    (void *)(uintptr_t)(text ? text : "no"), MHD_RESPMEM_MUST_COPY);
	ret = MHD_queue_response(c, text ? 200 : 404, r);
	MHD_destroy_response(r);
	return ret;
}

/* where the recipe says that it is from; %P is the server, %D the test's folder */
static const struct {
	const char *url, *debian, *tag;
	bool offline;
	const char *told;
} recipes[] = {
	{ "%P/new/x-1.2.tar.gz", NULL, NULL, false, "x 1.2 -> 1.3 (%P/new/)\n" },
	{ "%P/same/x-1.2.tar.gz", NULL, NULL, false, "" },
	{ "%P/old/x-1.2.tar.gz", NULL, NULL, false, "x 1.2 unknown: %P/old/: has 1.0 at most\n" },
	{ "%P/none/x-1.2.tar.gz", NULL, NULL, false,
	    "x 1.2 unknown: %P/none/: lists nothing like x-1.2.tar.gz\n" },
	{ "%P/gone/x-1.2.tar.gz", NULL, NULL, false, "x 1.2 unknown: %P/gone/: HTTP status 404\n" },
	{ "%P/new/x.tar.gz", NULL, NULL, false,
	    "x 1.2 unknown: %P/new/: x.tar.gz: has no version in it\n" },
	{ "%P/new/x-1.2.tar.gz", NULL, NULL, true,
	    "x 1.2 unknown: %P/new/: not asked: OFFLINE is true\n" },
	{ NULL, NULL, "v1.2", true, "x 1.2 -> 1.10 (%D/x)\n" },
	{ NULL, NULL, "r1.2", false, "x 1.2 unknown: %D/x: has 1.1 at most\n" },
	{ NULL, "pool/main/x/x_1.2.orig.tar.gz", NULL, false, "x 1.2 -> 1.4 (Debian archive)\n" },
	{ NULL, "pool/main/z/z_1.2.orig.tar.gz", NULL, false,
	    "x 1.2 unknown: Debian archive: apt has no package z\n" },
	{ NULL, "pool/main/x/x_1.2.tar.gz", NULL, false,
	    "x 1.2 unknown: Debian archive: is not an upstream archive\n" },
	{ "%P/new/x-1.2.tar.gz", "pool/main/x/x_1.2.orig.tar.gz", "v1.2", false,
	    "x 1.2 -> 1.10 (%D/x)\n" },
	{ "%P/gone/x-1.2.tar.gz", "pool/main/z/z_1.2.orig.tar.gz", "r1.2", false,
	    "x 1.2 unknown: %P/gone/: HTTP status 404; Debian archive: apt has no package z; "
	    "%D/x: has 1.1 at most\n" },
	{ NULL, NULL, NULL, false, "x 1.2 unknown: it has no origin\n" },
};

static char *
filled(struct arena *a, const char *text, unsigned port)
{
	struct buf b = { 0 };
	char *out;

	for (; *text; text++)
		if (!strncmp(text, "%P", 2)) {
			buf_addf(&b, "http://127.0.0.1:%u", port);
			text++;
		} else if (!strncmp(text, "%D", 2)) {
			buf_adds(&b, test_dir());
			text++;
		} else {
			buf_add(&b, text, 1);
		}
	out = arena_strdup(a, b.p ? b.p : "");
	buf_free(&b);
	return out;
}

/* a clone, and an apt that knows one package */
static void
make_origins(struct arena *a)
{
	static const char script[] =
	    "exec >/dev/null 2>&1; set -e; export HOME=%D GIT_CONFIG_NOSYSTEM=1; cd %D; git init "
	    "x; cd x\n"
	    "git config user.name A; git config user.email a@example.org; git commit --allow-empty "
	    "-m one\n"
	    "for t in v1.2 v1.10 v1.11-rc1 r1.1 2.0; do git tag $t; done; mkdir ../bin\n"
	    "printf '#!/bin/sh\\n[ \"$1 $2\" = \"madison x\" ] && echo \"  x | 1:1.4-2+b1 | "
	    "http://a.example s/main amd64 Packages\"\\nexit 0\\n' >../bin/apt-cache\n"
	    "chmod +x ../bin/apt-cache\n";

	ck_assert_int_eq(system(filled(a, script, 0)), 0);
	setenv("PATH", arena_printf(a, "%s/bin:%s", test_dir(), getenv("PATH")), 1);
}

START_TEST(told)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL,
	    serve, NULL, MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
	struct arena *a = arena_new();
	struct config cfg = { .mirrors = "",
		.git_mirror = arena_printf(a, "%s/%%s", test_dir()),
		.offline = recipes[_i].offline };
	struct origin origins[3];
	struct source form = { .file = "x-1.2.tar.gz", .origins = origins };
	struct version versions[] = { { .version = "1.1" },
		{ .version = "1.2", .forms = &form, .nforms = 1 } };
	struct recipe recipe = { .name = "x", .versions = versions, .nversions = 2 };
	struct recipes all = { .v = &recipe, .n = 1 };
	struct outdated counts;
	struct buf out = { 0 };
	unsigned port;

	ck_assert_ptr_nonnull(daemon);
	port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	make_origins(a);
	if (recipes[_i].url)
		origins[form.norigins++] =
		    (struct origin){ ORIGIN_URL, filled(a, recipes[_i].url, port) };
	if (recipes[_i].debian)
		origins[form.norigins++] = (struct origin){ ORIGIN_DEBIAN, recipes[_i].debian };
	if (recipes[_i].tag)
		origins[form.norigins++] = (struct origin){ ORIGIN_GIT, recipes[_i].tag };
	outdated_find(a, &cfg, &all, &counts, &out);
	ck_assert_str_eq(out.p ? out.p : "", filled(a, recipes[_i].told, port));
	ck_assert_uint_eq(counts.current, !out.n);
	ck_assert_uint_eq(counts.older, out.p && strstr(out.p, " -> "));
	ck_assert_uint_eq(counts.unknown, out.p && strstr(out.p, " unknown: "));
	buf_free(&out);
	arena_free(a);
	MHD_stop_daemon(daemon);
}
END_TEST

Suite *
outdated_suite(void)
{
	Suite *s = suite_create("outdated");
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, ordered, 0, ROWS(orders));
	tcase_add_loop_test(tc, found, 0, ROWS(pages));
	tcase_add_loop_test(tc, told, 0, ROWS(recipes));
	return s;
}
