/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/sums.h"

#include "build/base/arena.h"
#include "build/publish/legal.h"
#include "build/publish/provenance.h"
#include "build/test/suites.h"

#include <string.h>

#define ROWS(t) (int)(sizeof(t) / sizeof *(t))
#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const struct {
	const char *text, *why; /* NULL: it can be read */
} lists[] = {
	{ A "  x\n", NULL },
	{ A "  x/y.z\n" B "  .hidden\n", NULL },
	{ "", "SHA256SUMS: lists no file" },
	{ "\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ A " x\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ A " *x\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ "\\" A "  x\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ A "a  x\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ "AA" A "  x\n", "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ A "  \n", "SHA256SUMS:1: : names no file of this folder" },
	{ A, "SHA256SUMS:1: not a sha256, two blanks and a name" },
	{ A "  ../x\n", "SHA256SUMS:1: ../x: names no file of this folder" },
	{ A "  x/../y\n", "SHA256SUMS:1: x/../y: names no file of this folder" },
	{ A "  x/..\n", "SHA256SUMS:1: x/..: names no file of this folder" },
	{ A "  ./x\n", "SHA256SUMS:1: ./x: names no file of this folder" },
	{ A "  x//y\n", "SHA256SUMS:1: x//y: names no file of this folder" },
	{ A "  x/\n", "SHA256SUMS:1: x/: names no file of this folder" },
	{ A "  /etc/passwd\n", "SHA256SUMS:1: /etc/passwd: names no file of this folder" },
	{ A "  x\033[2J\n", "SHA256SUMS:1: x\\033[2J: names no file of this folder" },
	{ A "  x\\ny\n", "SHA256SUMS:1: x\\134ny: names no file of this folder" },
	{ A "  x\n" A "  x\n", "SHA256SUMS: lists x twice" },
};

START_TEST(parsed)
{
	struct arena *a = arena_new();
	struct sums s;
	struct err e = { 0 };

	ck_assert_int_eq(sums_parse(a, lists[_i].text, &s, &e), lists[_i].why ? -1 : 0);
	if (lists[_i].why)
		ck_assert_str_eq(e.msg, lists[_i].why);
	arena_free(a);
}
END_TEST

static const struct {
	const char *told, *are, *why;
} pairs[] = {
	{ A "  x\n" B "  y\n", B "  y\n" A "  x\n", NULL },
	{ A "  x\n", B "  x\n", "x: is not what SHA256SUMS lists: sha256 is " B },
	{ A "  x\n" B "  y\n", A "  x\n", "y: is listed in SHA256SUMS, but is not there" },
	{ A "  x\n", A "  x\n" B "  y\n", "y: is there, but is not listed in SHA256SUMS" },
};

START_TEST(compared)
{
	struct arena *a = arena_new();
	struct sums told, are;
	struct err e = { 0 };

	ck_assert_int_eq(sums_parse(a, pairs[_i].told, &told, &e), 0);
	ck_assert_int_eq(sums_parse(a, pairs[_i].are, &are, &e), 0);
	ck_assert_int_eq(sums_compare(&told, &are, &e), pairs[_i].why ? -1 : 0);
	if (pairs[_i].why)
		ck_assert_str_eq(e.msg, pairs[_i].why);
	arena_free(a);
}
END_TEST

#define STATEMENT(subject)                                                                         \
	"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":"                        \
	"\"https://slsa.dev/provenance/v1\",\"predicate\":{\"buildDefinition\":{\"buildType\":"    \
	"\"" PROVENANCE_TYPE                                                                       \
	"\",\"resolvedDependencies\":[{\"digest\":{\"gitCommit\":\"c0\"}}]}},"                     \
	"\"subject\":" subject "}"
#define OF(name, sha256) "{\"name\":\"" name "\",\"digest\":{\"sha256\":\"" sha256 "\"}}"

static const struct {
	const char *text, *why;
} statements[] = {
	{ STATEMENT("[" OF("x", A) "," OF("y", B) "]"), NULL },
	{ STATEMENT("[" OF("x", A) "]"), "provenance.json: tells of 1 files, and there are 2" },
	{ STATEMENT("[" OF("x", B) "," OF("y", B) "]"), "provenance.json: tells of another x" },
	{ STATEMENT("[" OF("y", B) "," OF("x", A) "]"),
	    "provenance.json: x is not in the order of names" },
	{ STATEMENT("[" OF("x", A) "," OF("x", A) "]"),
	    "provenance.json: x is not in the order of names" },
	{ STATEMENT("[" OF("x", A) "," OF("z", B) "]"),
	    "provenance.json: tells of a file that is not in the release" },
	{ STATEMENT("[1,[]]"), "provenance.json: tells of a file that is not in the release" },
	{ STATEMENT("7"), "provenance.json: tells of 0 files, and there are 2" },
	{ "{}", "provenance.json: is no statement of lh-build" },
	{ "[]", "provenance.json: is no statement of lh-build" },
};

START_TEST(provenance)
{
	struct arena *a = arena_new();
	struct sums s;
	struct err e = { 0 };

	ck_assert_int_eq(sums_parse(a, A "  x\n" B "  y\n" A "  " PROVENANCE_FILE "\n", &s, &e), 0);
	ck_assert_int_eq(provenance_check(statements[_i].text, strlen(statements[_i].text), &s,
			     "c0", NULL, 0, &e),
	    statements[_i].why ? -1 : 0);
	if (statements[_i].why)
		ck_assert_str_eq(e.msg, statements[_i].why);
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *why;
} indexes[] = {
	{ "lh-legal 1\npackage x 1 ISC AND MIT\ntext x 1 legal/x\nsource x 1 sources/x y\n", NULL },
	{ "", "legal/index: does not begin with `lh-legal 1`" },
	{ "lh-legal 2\n", "legal/index: does not begin with `lh-legal 1`" },
	{ "lh-legal 1\npackage x 1\n",
	    "legal/index:2: expected `package|text|source NAME VERSION ..`" },
	{ "lh-legal 1\n\n", "legal/index:2: expected `package|text|source NAME VERSION ..`" },
	{ "lh-legal 1\nlicence x 1 ISC\n",
	    "legal/index:2: expected `package|text|source NAME VERSION ..`" },
};

START_TEST(legal)
{
	struct arena *a = arena_new();
	struct legal l;
	struct err e = { 0 };

	ck_assert_int_eq(legal_parse(a, indexes[_i].text, &l, &e), indexes[_i].why ? -1 : 0);
	if (indexes[_i].why)
		ck_assert_str_eq(e.msg, indexes[_i].why);
	else
		ck_assert_str_eq(l.v[0].value, "ISC AND MIT");
	arena_free(a);
}
END_TEST

Suite *
sums_suite(void)
{
	Suite *s = suite_create("sums");
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, parsed, 0, ROWS(lists));
	tcase_add_loop_test(tc, compared, 0, ROWS(pairs));
	tcase_add_loop_test(tc, provenance, 0, ROWS(statements));
	tcase_add_loop_test(tc, legal, 0, ROWS(indexes));
	return s;
}
