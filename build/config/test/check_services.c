/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/config/services.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* the definitions that a checkout has, and good ones of the user's in mine/ */
static const char *const there[][2] = {
	{ "layout/s6-rc/default/type", "bundle\n" },
	{ "layout/s6-rc/default/contents.d/sshd", "" },
	{ "layout/s6-rc/sshd/type", "longrun\n" },
	{ "layout/s6-rc/sshd-log/type", "longrun\n" },
	{ "layout/s6-rc/sshd-log/pipeline-name", "sshd-pipeline\n" },
	{ "mine/hello/type", "longrun\n" },
	{ "mine/hello/run", "#!/bin/sh\n" },
	{ "mine/hello/data/two words\n\xff", "any bytes\n" },
	{ "mine/hello/dependencies.d/sshd-pipeline", "" },
	{ "mine/default/contents.d/hello", "" },
	{ "more/pair/type", "bundle" },
	{ "more/pair/contents", "hello\nsshd # and a comment\n" },
};

#define NO_NAME                                                                                    \
	": a service's name has no blank, no control character and none of * ? [ ] \\, and does "  \
	"not begin with #"

/* what is added below mine/, and what is said of it; "" is none */
static const struct {
	const char *rel, *text, *says;
} cases[] = {
	{ NULL, NULL, "" },
	{ "hello/finish -> run", NULL, "" },
	{ "hello/finish -> ../other/run", NULL, "" },
	{ "hello/finish -> ../../lh-config", NULL,
	    "SERVICES: TOP/mine/hello/finish: a symlink to ../../lh-config, out of the folder; "
	    "copy "
	    "what it leads to" },
	{ "hello/data/x -> /etc/passwd", NULL,
	    "SERVICES: TOP/mine/hello/data/x: a symlink to /etc/passwd, out of the folder; copy "
	    "what it leads to" },
	{ "hello/fifo |", NULL,
	    "SERVICES: TOP/mine/hello/fifo: neither file, folder nor symlink; remove it" },
	{ "README", "",
	    "SERVICES: TOP/mine/README: a definition is a folder; move the file elsewhere" },
	{ "two words/type", "oneshot", "SERVICES: TOP/mine/two words" NO_NAME },
	{ "a\nb/type", "oneshot", "SERVICES: TOP/mine/a\nb" NO_NAME },
	{ "#a/type", "oneshot", "SERVICES: TOP/mine/#a" NO_NAME },
	{ "a*/type", "oneshot", "SERVICES: TOP/mine/a*" NO_NAME },
	{ "a\\b/type", "oneshot", "SERVICES: TOP/mine/a\\b" NO_NAME },
	{ "hello/pipeline-name", "a b\n", "SERVICES: TOP/mine/a b" NO_NAME },
	{ "\xff\xc3\xa4/type", "oneshot", "" },
	{ "s6rc-own/type", "oneshot",
	    "SERVICES: TOP/mine/s6rc-own: names that begin with s6rc- are s6-rc's own; rename it" },
	{ "sshd/type", "longrun",
	    "SERVICES: TOP/mine/sshd: TOP/layout/s6-rc has a service of that name; rename it" },
	{ "sshd/contents.d/hello", "",
	    "SERVICES: TOP/mine/sshd: TOP/layout/s6-rc has a service of that name; rename it" },
	{ "default/type", "bundle",
	    "SERVICES: TOP/mine/default: TOP/layout/s6-rc has a service of that name; rename it" },
	{ "sshd-pipeline/type", "bundle",
	    "SERVICES: TOP/mine/sshd-pipeline: TOP/layout/s6-rc has a service of that name; rename "
	    "it" },
	{ "pair/type", "bundle",
	    "SERVICES: TOP/more/pair: TOP/mine has a service of that name; rename it" },
	{ "none/run", "",
	    "SERVICES: TOP/mine/none: has no file type; write longrun, oneshot or bundle to it" },
	{ "odd/type", "longrunning",
	    "SERVICES: TOP/mine/odd/type: longrunning: longrun, oneshot or bundle" },
	{ "odd/type/x", "", "SERVICES: TOP/mine/odd/type: is a folder, not a regular file" },
	{ "hello/dependencies.d/ntpdd", "",
	    "SERVICES: TOP/mine/hello/dependencies.d: names ntpdd, which neither layout/s6-rc nor "
	    "SERVICES defines" },
	{ "hello/dependencies", "pair\nntpdd\n",
	    "SERVICES: TOP/mine/hello/dependencies: names ntpdd, which neither layout/s6-rc nor "
	    "SERVICES defines" },
	{ "default/contents.d/hallo", "",
	    "SERVICES: TOP/mine/default/contents.d: names hallo, which neither layout/s6-rc nor "
	    "SERVICES defines" },
};

static void
add(struct arena *a, const char *top, const char *rel, const char *text)
{
	const char *arrow = strstr(rel, " -> "), *bar = strstr(rel, " |"),
		   *end = arrow ? arrow : bar;
	char *path = arena_printf(
	    a, "%s/mine/%.*s", top, (int)(end ? (size_t)(end - rel) : strlen(rel)), rel);
	struct err e;

	if (!end)
		checkout_file(a, top, arena_printf(a, "mine/%s", rel), text);
	else if (arrow)
		ck_assert_int_eq(file_symlink(arrow + 4, path, &e), 0);
	else
		ck_assert_int_eq(mkfifo(path, 0600), 0);
}

/* the checkout's own path is TOP in the table */
static const char *
shown(struct arena *a, const char *top, const char *msg)
{
	const char *out = "", *at;

	for (; (at = strstr(msg, top)); msg = at + strlen(top))
		out = arena_printf(a, "%s%.*sTOP", out, (int)(at - msg), msg);
	return arena_printf(a, "%s%s", out, msg);
}

START_TEST(checked)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), words[] = "SERVICES=mine more", *args[] = { words };
	struct err e = { 0 };
	struct config cfg;

	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		checkout_file(a, top, there[i][0], there[i][1]);
	if (cases[_i].rel)
		add(a, top, cases[_i].rel, cases[_i].text);
	ck_assert_int_eq(config_read(a, top, args, 1, &cfg, &e), 0);
	services_check(a, &cfg, "s6", &e);
	ck_assert_str_eq(shown(a, top, e.msg), cases[_i].says);
	ck_assert_int_eq(e.code, *cases[_i].says ? EXIT_USAGE : 0);
	arena_free(a);
}
END_TEST

START_TEST(needs_s6)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), words[] = "SERVICES=mine", *args[] = { words };
	struct err e = { 0 };
	struct config cfg;

	checkout_file(a, top, "mine/hello/type", "oneshot\n");
	ck_assert_int_eq(config_read(a, top, args, 1, &cfg, &e), 0);
	ck_assert_int_eq(services_check(a, &cfg, "minimal", &e), -1);
	ck_assert_str_eq(
	    e.msg, "SERVICES: profile minimal has no s6-rc to run them; set PROFILE=s6");
	arena_free(a);
}
END_TEST

Suite *
services_suite(void)
{
	Suite *s = suite_create("services");
	TCase *tc = harness_case(s, "services");

	tcase_add_loop_test(tc, checked, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, needs_s6);
	return s;
}
