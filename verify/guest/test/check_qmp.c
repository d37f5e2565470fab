/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/qmp.h"

#include "build/base/arena.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct {
	const char *line;
	enum qmp_kind kind;
	unsigned id;
	const char *name, *text;
} lines[] = {
	{ "{\"QMP\": {\"version\": {}, \"capabilities\": [\"oob\"]}}", QMP_GREETING, 0, NULL,
	    NULL },
	{ "{\"return\": {}, \"id\": 7}", QMP_RETURN, 7, NULL, "{}" },
	{ "{\"return\": {\"status\": \"running\", \"b\": [1, 2]}, \"id\": 8}", QMP_RETURN, 8, NULL,
	    "{\"b\":[1,2],\"status\":\"running\"}" },
	{ "{\"return\": \"a\\r\\nb\"}", QMP_RETURN, 0, NULL, "\"a\\r\\nb\"" },
	{ "{\"id\": 9, \"error\": {\"class\": \"GenericError\", \"desc\": \"Device 'x' not "
	  "found\"}}",
	    QMP_ERROR, 9, NULL, "Device 'x' not found" },
	{ "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"SHUTDOWN\", "
	  "\"data\": {\"guest\": true, \"reason\": \"guest-panic\"}}",
	    QMP_EVENT, 0, "SHUTDOWN", "guest-panic" },
	{ "{\"event\": \"GUEST_PANICKED\", \"data\": {\"action\": \"poweroff\"}}", QMP_EVENT, 0,
	    "GUEST_PANICKED", "poweroff" },
	{ "{\"event\": \"STOP\"}", QMP_EVENT, 0, "STOP", NULL },
};

START_TEST(understands)
{
	struct arena *a = arena_new();
	struct qmp_message m;
	struct err e;

	ck_assert_msg(
	    qmp_parse(a, lines[_i].line, strlen(lines[_i].line), &m, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(m.kind, lines[_i].kind);
	ck_assert_uint_eq(m.id, lines[_i].id);
	ck_assert_pstr_eq(m.name, lines[_i].name);
	ck_assert_pstr_eq(m.text, lines[_i].text);
	arena_free(a);
}
END_TEST

static const struct {
	const char *line, *message;
} bad[] = {
	{ "{\"return\": ", "QMP: column 11: unexpected token near end of file: {\"return\": " },
	{ "{\"whatever\": 1}", "QMP: neither answer nor event: {\"whatever\": 1}" },
	{ "{\"event\": 1}", "QMP: neither answer nor event: {\"event\": 1}" },
	{ "[1]", "QMP: neither answer nor event: [1]" },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	struct qmp_message m;
	struct err e;

	ck_assert_int_eq(qmp_parse(a, bad[_i].line, strlen(bad[_i].line), &m, &e), -1);
	ck_assert_str_eq(e.msg, bad[_i].message);
	arena_free(a);
}
END_TEST

START_TEST(formats)
{
	struct arena *a = arena_new();
	struct err e;

	ck_assert_str_eq(qmp_format(a, 3, "quit", NULL, &e), "{\"execute\":\"quit\",\"id\":3}\n");
	ck_assert_str_eq(qmp_format(a, 4, "set_link", "{\"name\": \"eth0\", \"up\": false}", &e),
	    "{\"arguments\":{\"name\":\"eth0\",\"up\":false},\"execute\":\"set_link\",\"id\":4}\n");
	ck_assert_ptr_null(qmp_format(a, 5, "set_link", "{name}", &e));
	ck_assert_str_eq(
	    e.msg, "QMP: arguments of set_link: column 5: string or '}' expected near 'name'");
	ck_assert_str_eq(qmp_hmp_arguments(a, "savevm \"a\\b\""),
	    "{\"command-line\":\"savevm \\\"a\\\\b\\\"\"}");
	arena_free(a);
}
END_TEST

START_TEST(takes_apart)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(qmp_string(a, "\"one\\r\\ntwo\""), "one\r\ntwo");
	ck_assert_ptr_null(qmp_string(a, "{}"));
	ck_assert_str_eq(qmp_quote(a, "a\"b\\c"), "\"a\\\"b\\\\c\"");
	ck_assert_str_eq(
	    qmp_member(a, "{\"status\":\"paused\",\"running\":false}", "status"), "paused");
	ck_assert_ptr_null(qmp_member(a, "{\"status\":1}", "status"));
	ck_assert_ptr_null(qmp_member(a, "[]", "status"));
	arena_free(a);
}
END_TEST

Suite *
qmp_suite(void)
{
	Suite *s = suite_create("qmp");
	TCase *tc = harness_case(s, "qmp");

	tcase_add_loop_test(tc, understands, 0, sizeof lines / sizeof *lines);
	tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, formats);
	tcase_add_test(tc, takes_apart);
	return s;
}
