/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/audit.h"

#include "build/base/arena.h"
#include "build/test/suites.h"

#define SHA "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct {
	uint64_t size; /* pinned */
	struct transfer answer;
	enum verdict verdict;
	const char *why;
} cases[] = {
	{ 10, { .verb = TRANSFER_HEAD, .status = 200, .length = 10, .type = "" }, AUDIT_GOOD,
	    NULL },
	{ 0, { .verb = TRANSFER_HEAD, .status = 200, .length = 10, .type = "application/gzip" },
	    AUDIT_GOOD, NULL },
	{ 10, { .verb = TRANSFER_HEAD, .status = 200, .length = -1, .type = "" }, AUDIT_GOOD,
	    NULL },
	{ 10,
	    { .verb = TRANSFER_HEAD,
		.status = 200,
		.length = 10,
		.type = "",
		.moved = "https://u:p@new.example/x" },
	    AUDIT_MOVED, "is at https://new.example/x" },
	{ 10, { .verb = TRANSFER_HEAD, .status = 200, .length = 11, .type = "" }, AUDIT_CHANGED,
	    "has 11 bytes, expected 10" },
	{ 10,
	    { .verb = TRANSFER_HEAD,
		.status = 200,
		.length = 11,
		.type = "",
		.moved = "https://new.example/x" },
	    AUDIT_CHANGED, "has 11 bytes, expected 10" },
	{ 0,
	    { .verb = TRANSFER_HEAD,
		.status = 200,
		.length = 10,
		.type = "text/html; charset=utf-8" },
	    AUDIT_CHANGED, "answers with a web page" },
	{ 10, { .verb = TRANSFER_HEAD, .status = 404, .length = 10, .type = "text/html" },
	    AUDIT_DEAD, "HTTP status 404" },
	{ 10, { .verb = TRANSFER_HEAD, .status = 410, .type = "" }, AUDIT_DEAD, "HTTP status 410" },
	{ 10, { .verb = TRANSFER_HEAD, .status = 503, .type = "" }, AUDIT_UNKNOWN,
	    "HTTP status 503" },
	{ 10, { .verb = TRANSFER_HEAD, .status = 405, .type = "" }, AUDIT_UNKNOWN,
	    "HTTP status 405" },
	{ 10, { .verb = TRANSFER_HEAD, .failed = "cannot connect: Connection refused", .type = "" },
	    AUDIT_DEAD, "cannot connect: Connection refused" },
	{ 10,
	    { .verb = TRANSFER_GET,
		.status = 200,
		.have = 10,
		.length = 10,
		.sha256 = SHA,
		.type = "" },
	    AUDIT_GOOD, NULL },
	{ 10,
	    { .verb = TRANSFER_GET,
		.status = 200,
		.have = 10,
		.length = 10,
		.sha256 = OTHER,
		.type = "" },
	    AUDIT_CHANGED, "sha256 is " OTHER ", expected " SHA },
	{ 10,
	    { .verb = TRANSFER_GET,
		.status = 200,
		.have = 9,
		.length = 10,
		.end = TRANSFER_CUT,
		.failed = "connection ended after 9 of 10 bytes",
		.type = "" },
	    AUDIT_DEAD, "connection ended after 9 of 10 bytes" },
	{ 10,
	    { .verb = TRANSFER_GET,
		.status = 200,
		.have = 10,
		.length = -1,
		.end = TRANSFER_WRONG,
		.failed = "sends more than 10 bytes",
		.type = "" },
	    AUDIT_CHANGED, "sends more than 10 bytes" },
	{ 10,
	    { .verb = TRANSFER_GET,
		.status = 200,
		.have = 8,
		.length = -1,
		.sha256 = OTHER,
		.type = "" },
	    AUDIT_CHANGED, "has 8 bytes, expected 10" },
};

START_TEST(judged)
{
	struct arena *a = arena_new();
	struct source form = { .file = "x.tar.gz", .sha256 = SHA, .size = cases[_i].size };
	const char *why;

	ck_assert_int_eq(audit_judge(a, &form, &cases[_i].answer, &why), cases[_i].verdict);
	if (cases[_i].why)
		ck_assert_str_eq(why, cases[_i].why);
	else
		ck_assert_ptr_null(why);
	arena_free(a);
}
END_TEST

Suite *
audit_suite(void)
{
	Suite *s = suite_create("audit");

	tcase_add_loop_test(harness_case(s, "judged"), judged, 0, sizeof cases / sizeof *cases);
	return s;
}
