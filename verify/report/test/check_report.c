/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/report.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "verify/report/markup.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct step_result steps[] = {
	{ 9, "expect /lh: default up/ @60s", VERDICT_PASS, 1900 * NS_PER_MS, NULL },
	{ 14, "wait \"s6-svstat -o up,ready klogd\" -> /^true true$/", VERDICT_FAIL, 10 * NS_PER_S,
	    NULL },
};
static const char *warnings[] = { "svc: s6-rc: warning: \"odd\" \001 <byte>" };

static const struct testcase_result testcases[] = {
	{ .arch = "x86_64",
	    .net = "dhcp",
	    .scenario = "boot",
	    .scenario_path = "scenarios/boot.scn",
	    .verdict = VERDICT_PASS,
	    .took = 1900 * NS_PER_MS,
	    .booted = 1500 * NS_PER_MS,
	    .again = "lh-verify run -s boot m",
	    .steps = steps,
	    .nsteps = 1,
	    .warnings = warnings,
	    .nwarnings = 1 },
	{ .arch = "x86_64",
	    .net = "dhcp",
	    .scenario = "services",
	    .verdict = VERDICT_FAIL,
	    .took = 12 * NS_PER_S,
	    .steps = steps,
	    .nsteps = 2,
	    .again = "lh-verify run -s services m",
	    .failure = { .where = "scenarios/services.scn:14",
		.what = "klogd is not ready",
		.expected = "/^true true$/   within 10 s",
		.got = "true false\nfor 10.0 s",
		.guest = "idle",
		.nearest = "s6-log: fatal: \033[31mno\033[m",
		.look = "x86_64/dhcp/services/console" } },
	{ .arch = "x86_64",
	    .net = "dhcp",
	    .scenario = "net-static",
	    .verdict = VERDICT_SKIP,
	    .reason = "requires net static, the image has dhcp" },
	{ .arch = "armv7",
	    .net = "dhcp",
	    .scenario = "boot",
	    .verdict = VERDICT_INCONCLUSIVE,
	    .reason = "qemu-system-arm: No such file or directory" },
};
static const struct report_head head = { .version = "0.1",
	.set = "2024-10",
	.profile = "minimal",
	.why = "s6 1.0: no <origin> has it",
	.sandbox = "no",
	.cached = "2 results were taken from a shared cache, signed by <key>",
	.accel = "tcg",
	.jobs = 2,
	.scale = 1.3,
	.took = 14 * NS_PER_S,
	.date = "2026-01-02 03:04 UTC" };

static const char tap[] =
    "TAP version 13\n1..4\n"
    "# profile minimal, set 2024-10; tcg; 2 at a time, timeouts x 1.3\n"
    "# profile minimal: s6 1.0: no <origin> has it\n"
    "# packages were built without a sandbox\n"
    "# 2 results were taken from a shared cache, signed by <key>\n"
    "ok 1 - x86_64 dhcp boot # 1.9 s\n"
    "#   warning    svc: s6-rc: warning: \"odd\" \\x01 <byte>\n"
    "not ok 2 - x86_64 dhcp services: scenarios/services.scn:14\n"
    "#   what       klogd is not ready\n"
    "#   expected   /^true true$/   within 10 s\n"
    "#   got        true false\n"
    "#              for 10.0 s\n"
    "#   nearest    s6-log: fatal: \\x1b[31mno\\x1b[m\n"
    "#   guest      idle\n"
    "#   look       x86_64/dhcp/services/console\n"
    "#   again      lh-verify run -s services m\n"
    "ok 3 - x86_64 dhcp net-static # SKIP requires net static, the image has dhcp\n"
    "not ok 4 - armv7 dhcp boot\n"
    "#   inconclusive qemu-system-arm: No such file or directory\n"
    "# 1 of the failed is inconclusive\n"
    "# 14.0 s; report: out/index.html\n"
    "# profile minimal: s6 1.0: no <origin> has it\n"
    "# packages were built without a sandbox\n"
    "# 2 results were taken from a shared cache, signed by <key>\n"
    "1 passed, 2 failed, 1 skipped\n";

START_TEST(tap_golden)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	report_tap_start(f, 4, &head);
	for (size_t i = 0; i < 4; i++)
		report_tap_testcase(f, i + 1, &testcases[i]);
	report_tap_end(f, testcases, 4, &head, "out/index.html");
	fclose(f);
	ck_assert_str_eq(text, tap);
	free(text);
}
END_TEST

START_TEST(a_warning_is_told_once)
{
	static const char *again[] = { "a: no", "b: no", "a: no", "a: no" };
	struct testcase_result c = testcases[0];
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	c.warnings = again;
	c.nwarnings = 4;
	report_testcase(f, 1, &c, 0);
	fclose(f);
	ck_assert_str_eq(text, "ok 1 - x86_64 dhcp boot # 1.9 s\n"
			       "  warning    a: no (3 times)\n"
			       "  warning    b: no\n"
			       "\n");
	free(text);
}
END_TEST

/* of results that are merged, names may be anything: they are no lines, nor remarks */
START_TEST(tap_of_strange_words)
{
	static const char odd[] = "x\nok 9 - y # TODO\033[2J";
#define ODD "x\\x0aok 9 - y \\# TODO\\x1b[2J"
	const struct testcase_result c[] = {
		{ .arch = odd,
		    .net = odd,
		    .scenario = odd,
		    .verdict = VERDICT_FAIL,
		    .failure.where = odd },
		{ .scenario = "s", .verdict = VERDICT_SKIP },
		{ .scenario = "s", .verdict = VERDICT_SKIP, .reason = odd },
		{ .scenario = "s", .verdict = VERDICT_PASS, .from = odd },
	};
	const struct report_head h = {
		.profile = odd, .set = odd, .why = odd, .cached = odd, .accel = odd
	};
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	report_tap_start(f, 4, &h);
	for (size_t i = 0; i < 4; i++)
		report_tap_testcase(f, i + 1, &c[i]);
	fclose(f);
	ck_assert_str_eq(text, "TAP version 13\n1..4\n# profile " ODD ", set " ODD "; " ODD "\n"
			       "# profile " ODD ": " ODD "\n# " ODD "\n"
			       "not ok 1 - " ODD " " ODD " " ODD ": " ODD "\n"
			       "ok 2 - ? ? s # SKIP ?\n"
			       "ok 3 - ? ? s # SKIP " ODD "\n"
			       "ok 4 - ? ? s # 0.0 s, from state " ODD "\n");
	free(text);
}
END_TEST

/* what is not known is not told */
START_TEST(tap_of_an_image_from_elsewhere)
{
	static const struct report_head theirs = { .accel = "kvm", .jobs = 1, .scale = 1 },
					nothing = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	report_tap_start(f, 1, &theirs);
	report_tap_start(f, 0, &nothing);
	fclose(f);
	ck_assert_str_eq(text, "TAP version 13\n1..1\n# kvm; 1 at a time, timeouts x 1.0\n"
			       "TAP version 13\n1..0\n");
	free(text);
}
END_TEST

static const char tty[] = "not ok 2 - x86_64 dhcp services: scenarios/services.scn:14\n"
			  "  what       klogd is not ready\n"
			  "  expected   /^true true$/   within 10 s\n"
			  "  got        true false\n"
			  "             for 10.0 s\n"
			  "  nearest    s6-log: fatal: \\x1b[31mno\\x1b[m\n"
			  "  guest      idle\n"
			  "  look       x86_64/dhcp/services/console\n"
			  "  again      lh-verify run -s services m\n"
			  "\n"
			  "not ok 2 - x86_64 dhcp services: scenarios/services.scn:14\n"
			  "  what       klogd is not ready\n"
			  "  expected   /^true true$/   within 10 s\n"
			  "  got        true false\n"
			  "             for 10.0 s\n"
			  "  nearest    s6-log: fatal:\n"
			  "             \\x1b[31mno\\x1b[m\n"
			  "  guest      idle\n"
			  "  look       x86_64/dhcp/services/console\n"
			  "  again      lh-verify run -s services m\n"
			  "\n"
			  "failed: x86_64 dhcp services: scenarios/services.scn:14\n"
			  "1 of the failed is inconclusive\n"
			  "14.0 s; report: file:///my%20out/%25/index.html\n"
			  "profile minimal: s6 1.0: no <origin> has it\n"
			  "packages were built without a sandbox\n"
			  "2 results were taken from a shared cache, signed by <key>\n"
			  "1 passed, 2 failed, 1 skipped\n";

START_TEST(says_the_same_to_a_person)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	report_testcase(f, 2, &testcases[1], 0);
	report_testcase(f, 2, &testcases[1], 44);
	report_end(f, testcases, 4, &head, "/my out/%/index.html");
	fclose(f);
	ck_assert_str_eq(text, tty);
	free(text);
}
END_TEST

static const struct {
	unsigned columns;
	const char *text, *out;
} rows[] = {
	{ 0, "a bc def", "  x          a bc def\n" },
	{ 27, "a bc def", "  x          a bc def\n" }, /* 13 and 13, and the last is free */
	{ 27, "123456 890123", "  x          123456 890123\n" },
	{ 27, "123456 8901234", "  x          123456\n             8901234\n" },
	{ 27, "a word-of-many-letters b",
	    "  x          a\n             word-of-many-letters\n"
	    "             b\n" },
	{ 27, "word-of-many-letters", "  x          word-of-many-letters\n" },
	{ 27, "a b\nc d e f g h i j k\n",
	    "  x          a b\n             c d e f g h i\n             j k\n" },
	{ 27, "\n\n x", "  x          \n             \n              x\n" },
	{ 27, "", "  x          \n" },
	{ 26, "123456 8901234", "  x          123456 8901234\n" }, /* too narrow to be of use */
};

START_TEST(row_fits_the_terminal)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	markup_row(f, "", "x", rows[_i].text, rows[_i].columns);
	fclose(f);
	ck_assert_str_eq(text, rows[_i].out);
	free(text);
}
END_TEST

static const struct {
	const char *in;
	size_t n;
	const char *out;
} markup[] = {
	{ "a<b>&\"c'", 8, "a&lt;b&gt;&amp;&quot;c&#39;" }, { "\0x", 2, "\\x00x" },
	{ "a\r\nb\rc", 6, "a\nb\\x0dc" }, { "\xc3\xa9", 2, "\xc3\xa9" },
	{ "\xe2\x82\xac", 3, "\xe2\x82\xac" }, { "\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80" },
	{ "\xc3", 1, "\\xc3" },			  /* cut off */
	{ "\xc0\xaf", 2, "\\xc0\\xaf" },	  /* overlong */
	{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" }, /* surrogate */
	{ "\xef\xbf\xbf", 3, "\\xef\\xbf\\xbf" }, /* U+FFFF: not XML */
	{ "\xc2\x9b", 2, "\\xc2\\x9b" },	  /* C1: a terminal would obey */
};

START_TEST(markup_escapes)
{
	struct buf b = { 0 };

	markup_add(&b, markup[_i].in, markup[_i].n);
	ck_assert_str_eq(b.p, markup[_i].out);
	buf_free(&b);
}
END_TEST

START_TEST(junit_is_xml)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/junit.xml", test_dir()), *text;
	struct argv v = { .a = a };
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	ck_assert_int_eq(report_junit(path, testcases, 4, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(
	    strstr(text, "tests=\"4\" failures=\"1\" errors=\"1\" skipped=\"1\" time=\"14.000\""));
	ck_assert_ptr_nonnull(
	    strstr(text, "<skipped message=\"requires net static, the image has dhcp\"/>"));
	ck_assert_ptr_nonnull(
	    strstr(text, "<error message=\"qemu-system-arm: No such file or directory\">"));
	ck_assert_ptr_nonnull(
	    strstr(text, "<failure message=\"klogd is not "
			 "ready\">scenarios/services.scn:14\nexpected   /^true true$/"));
	argv_pushv(&v, "xmllint", "--noout", path, NULL);
	ck_assert_msg(child_run(v.v, NULL, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "%s", out.p);
	buf_free(&out);
	arena_free(a);
}
END_TEST

START_TEST(html_says_it_all)
{
	static const char *const parts[] = {
		"<h1>1 of 3 passed <span class=dim>in 14 s, 1 skipped</span></h1>",
		"profile minimal (s6 1.0: no &lt;origin&gt; has it)",
		" · <strong>packages were built without a sandbox</strong> · 2 results were "
		"taken from a shared cache, signed by &lt;key&gt; · ",
		"<th scope=col>boot<th scope=col>services<th scope=col>net-static<th "
		"scope=col class=took>seconds",
		"<a class=skip href=\"#c3\">skip</a>",
		"<tr id=c3><th scope=row>x86_64 <span class=dim>dhcp</span><td>net-static<td "
		"class=\"dim wrap\">requires net static, the image has dhcp",
		"<a class=fail href=\"#c2\">FAIL</a>",
		"<h2 id=c2>x86_64, dhcp, services</h2>",
		"<dt>nearest<dd>s6-log: fatal: \\x1b[31mno\\x1b[m",
		"<h2 id=c4>armv7, dhcp, boot</h2><div class=card><b>qemu-system-arm: No such file "
		"or directory</b>",
		"<details class=\"\" id=c1><summary>x86_64, dhcp, boot",
	};
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	struct err e = { 0 };

	ck_assert_int_eq(report_html(path, testcases, 4, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		ck_assert_msg(strstr(text, parts[i]) != NULL, "lacks: %s", parts[i]);
	/* self-contained: nothing is fetched, nothing runs */
	ck_assert_ptr_null(strstr(text, "http"));
	ck_assert_ptr_null(strstr(text, "<script"));
	arena_free(a);
}
END_TEST

/* every square of the matrix leads somewhere, whatever came out */
/* the one that took the most is slow, and each step has a bar beside the longest */
START_TEST(html_tells_what_to_look_at)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	struct testcase_result many[4];
	struct err e;

	for (size_t i = 0; i < 4; i++) {
		many[i] = testcases[0];
		many[i].took = NS_PER_S;
	}
	many[2].took = 30 * NS_PER_S;
	many[3].verdict = VERDICT_FAIL;
	many[3].steps = steps;
	many[3].nsteps = 2;
	ck_assert_int_eq(report_html(path, many, 4, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(text, "<details class=\"\" id=c2>"));
	ck_assert_ptr_nonnull(strstr(text, "<details class=\"slow\" id=c3>"));
	ck_assert_ptr_nonnull(strstr(text, "<details open class=\"bad \" id=s4>"));
	ck_assert_ptr_nonnull(
	    strstr(text, "<td class=dim>1.90 s<td><i class=bar style=\"width:1.1rem\">"));
	ck_assert_ptr_nonnull(
	    strstr(text, "<td class=dim>10.00 s<td><i class=bar style=\"width:6.0rem\">"));
	for (const char *at = text; (at = strstr(at, " id=only-")); at++)
		ck_assert_ptr_nonnull(strstr(text,
		    arena_printf(a, "body:has(#%.*s:checked)", (int)strcspn(at + 4, ">"), at + 4)));
	arena_free(a);
}
END_TEST

/* what would be far wider than a page goes down it instead */
START_TEST(html_with_many_scenarios_is_tall)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	struct testcase_result many[40];
	struct err e;

	for (size_t i = 0; i < 40; i++) {
		many[i] = testcases[0];
		many[i].net = i < 20 ? "dhcp" : "static";
		many[i].scenario = arena_printf(a, "s%zu", i % 20);
		many[i].took = i < 20 ? NS_PER_S : 2 * NS_PER_S;
	}
	ck_assert_int_eq(report_html(path, many, 40, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(text,
	    "<tr><td><th scope=col>x86_64 <span class=dim>dhcp</span><th scope=col>x86_64 "
	    "<span class=dim>static</span></tr>\n"
	    "<tr><th scope=row>s0<td><a class=pass href=\"#c1\">1.0</a>"
	    "<td><a class=pass href=\"#c21\">2.0</a></tr>\n"));
	ck_assert_ptr_nonnull(strstr(text,
	    "<tr><th scope=row>seconds<td class=took>20.0<td class=took>40.0</tr>\n</table>"));
	arena_free(a);
}
END_TEST

START_TEST(html_links_lead_somewhere)
{
	struct testcase_result all[2 * NVERDICTS];
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	size_t links = 0;
	struct err e = { 0 };

	for (size_t i = 0; i < 2 * NVERDICTS; i++)
		all[i] = (struct testcase_result){ .arch = i < NVERDICTS ? "i486" : "all",
			.net = "dhcp",
			.scenario = arena_printf(a, "s%zu", i),
			.verdict = (enum verdict)(i % NVERDICTS),
			.comparison = i >= NVERDICTS,
			.steps = steps,
			.nsteps = i < NVERDICTS,
			.reason = "why" };
	all[NVERDICTS + VERDICT_SKIP].verdict = VERDICT_PASS; /* none is ever skipped */
	ck_assert_int_eq(report_html(path, all, 2 * NVERDICTS, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	for (const char *p = strstr(text, "href=\"#"); p; p = strstr(p + 1, "href=\"#"), links++) {
		const char *id = arena_printf(a, " id=%.*s>", (int)strcspn(p + 7, "\""), p + 7);

		ck_assert_msg(strstr(text, id) != NULL, "lacks%s", id);
		ck_assert_msg(strstr(strstr(text, id) + 1, id) == NULL, "twice%s", id);
	}
	ck_assert_uint_eq(links, 2 * NVERDICTS);
	ck_assert_ptr_null(strstr(text, "<th scope=col>s5")); /* a comparison is no column */
	ck_assert_ptr_nonnull(strstr(text, "<h2>Between triples</h2>"));
	arena_free(a);
}
END_TEST

/* a picture of a failure is in the page, and what only has its name is not */
static const struct {
	const char *bytes;
	size_t n;
	const char *shown;
} pictures[] = {
	{ "\x89PNG\r\n\x1a\n<>", 10, "\"data:image/png;base64,iVBORw0KGgo8Pg==\">" },
	{ "\x89PNG\r\n\x1a\n<>?", 11, "\"data:image/png;base64,iVBORw0KGgo8Pj8=\">" },
	{ "\x89PNG\r\n\x1a\n\0\xff\xfe\"", 12, "\"data:image/png;base64,iVBORw0KGgoA//4i\">" },
	{ "<script>alert(1)</script>", 25, NULL },
	{ "\x89PNG\r\n\x1a\n", 8, NULL },
	{ "", 0, NULL },
};

START_TEST(html_shows_the_screen)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	struct testcase_result one = testcases[1];
	struct err e;

	one.dir = test_dir();
	ck_assert_int_eq(file_write(arena_printf(a, "%s/screen.png", one.dir), pictures[_i].bytes,
			     pictures[_i].n, 0644, &e),
	    0);
	ck_assert_int_eq(report_html(path, &one, 1, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_int_eq(strstr(text, "<img") != NULL, pictures[_i].shown != NULL);
	ck_assert(!pictures[_i].shown || strstr(text, pictures[_i].shown));
	ck_assert_ptr_null(strstr(text, "<script"));
	/* nor what is somewhere else */
	unlink(arena_printf(a, "%s/screen.png", one.dir));
	ck_assert_int_eq(symlink("/dev/zero", arena_printf(a, "%s/screen.png", one.dir)), 0);
	ck_assert_int_eq(report_html(path, &one, 1, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_null(strstr(text, "<img"));
	arena_free(a);
}
END_TEST

/* a console, and what is shown of it beside the steps that failed; NULL: nothing */
static const struct {
	const char *console, *shown;
} consoles[] = {
	{ "[    1.500000] eth0: up\r\nlogin: ",
	    "<pre><span class=dim>[    1.500000] eth0: up</span>\nlogin: \n</pre>" },
	{ "\033[1;31mred\033[0m \033cplain <b>\n", "<pre>red plain &lt;b&gt;\n</pre>" },
	{ "[x] no\n[ 2.1]no\n\033[1", "<pre>[x] no\n[ 2.1]no\n\n</pre>" },
	{ "", NULL },
};

START_TEST(html_shows_the_console)
{
	struct arena *a = arena_new();
	char *path = arena_printf(a, "%s/index.html", test_dir()), *text;
	char *console = arena_printf(a, "%s/console", test_dir());
	struct testcase_result one = testcases[1];
	struct buf many = { 0 };
	struct err e;

	one.dir = test_dir();
	one.steps = steps;
	one.nsteps = 1;
	ck_assert_int_eq(
	    file_write(console, consoles[_i].console, strlen(consoles[_i].console), 0644, &e), 0);
	ck_assert_int_eq(report_html(path, &one, 1, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_int_eq(strstr(text, "<pre") != NULL, consoles[_i].shown != NULL);
	ck_assert(!consoles[_i].shown || strstr(text, consoles[_i].shown));
	/* of a long one the end */
	for (int i = 0; i < 9000; i++)
		buf_addf(&many, "line %d\n", i);
	ck_assert_int_eq(file_write(console, many.p, many.n, 0644, &e), 0);
	ck_assert_int_eq(report_html(path, &one, 1, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_nonnull(strstr(text, "<pre>line 8960\n"));
	ck_assert_ptr_nonnull(strstr(text, "line 8999\n</pre>"));
	/* nor what is somewhere else */
	unlink(console);
	ck_assert_int_eq(symlink("/etc/passwd", console), 0);
	ck_assert_int_eq(report_html(path, &one, 1, &head, &e), 0);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_ptr_null(strstr(text, "<pre"));
	buf_free(&many);
	arena_free(a);
}
END_TEST

Suite *
report_suite(void)
{
	Suite *s = suite_of(
	    "report", (const TTest *[]){ tap_golden, a_warning_is_told_once, tap_of_strange_words,
			  tap_of_an_image_from_elsewhere, says_the_same_to_a_person, junit_is_xml,
			  html_says_it_all, html_tells_what_to_look_at,
			  html_with_many_scenarios_is_tall, html_links_lead_somewhere, NULL });

	tcase_add_loop_test(harness_case(s, "pictures"), html_shows_the_screen, 0,
	    sizeof pictures / sizeof *pictures);
	tcase_add_loop_test(harness_case(s, "consoles"), html_shows_the_console, 0,
	    sizeof consoles / sizeof *consoles);
	tcase_add_loop_test(
	    harness_case(s, "markup"), markup_escapes, 0, sizeof markup / sizeof *markup);
	tcase_add_loop_test(
	    harness_case(s, "rows"), row_fits_the_terminal, 0, sizeof rows / sizeof *rows);
	return s;
}
