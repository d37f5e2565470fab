/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/command/cli.h"
#include "build/files/lines.h"
#include "build/test/suites.h"

static const struct command commands[] = {
	{ .name = "build", .options = "nkjNULC" },
	{ .name = "fetch", .options = "LEC" },
	{ .name = "why", .options = "C", .words = 1 },
	{ .name = "compare", .options = "", .words = 2 },
	{ 0 },
};

/* what was asked, as text */
static char *
dump(struct arena *a, const struct request *rq)
{
	static const char *const stages[NSTAGES] = { "sources", "packages", "kernel", "image" };
	struct buf b = { 0 };
	char *text;

	buf_addf(&b, "%s until %s", rq->command->name, stages[rq->until]);
	if (rq->top)
		buf_addf(&b, " top %s", rq->top);
	buf_adds(&b, rq->dry ? " dry" : "");
	buf_adds(&b, rq->keep_going ? " going" : "");
	buf_adds(&b, rq->nets[0] ? " static" : "");
	buf_adds(&b, rq->nets[1] ? " dhcp" : "");
	for (size_t i = 0; i < rq->nvars; i++)
		buf_addf(&b, " var(%s)", rq->vars[i]);
	for (size_t i = 0; i < rq->nwords; i++)
		buf_addf(&b, " word(%s)", rq->words[i]);
	text = arena_strdup(a, b.p);
	buf_free(&b);
	return text;
}

static const struct {
	const char *line; /* blank-separated */
	const char *dump, *message;
} cases[] = {
	{ "build", "build until image", NULL },
	{ "build A=1 B=x=y", "build until image var(A=1) var(B=x=y)", NULL },
	{ "A=1 build", "build until image var(A=1)", NULL },
	{ "build -n -k", "build until image dry going", NULL },
	{ "build --dry-run --keep-going", "build until image dry going", NULL },
	{ "build -j4 A=1", "build until image var(JOBS=4) var(A=1)", NULL },
	{ "build -j 4", "build until image var(JOBS=4)", NULL },
	{ "build --jobs=4", "build until image var(JOBS=4)", NULL },
	{ "build --jobs 4", "build until image var(JOBS=4)", NULL },
	{ "build --until=sources", "build until sources", NULL },
	{ "build --until kernel", "build until kernel", NULL },
	{ "build --net=dhcp", "build until image dhcp", NULL },
	{ "build --net=static --net=dhcp", "build until image static dhcp", NULL },
	{ "-C /x build", "build until image top /x", NULL },
	{ "build -C/x", "build until image top /x", NULL },
	{ "why s6", "why until image word(s6)", NULL },
	{ "why s6 A=1", "why until image var(A=1) word(s6)", NULL },
	{ "", NULL, "no command; see lh-build --help" },
	{ "A=1", NULL, "no command; see lh-build --help" },
	{ "make", NULL, "make: unknown command; see lh-build --help" },
	{ "=x", NULL, "=x: unknown command; see lh-build --help" },
	{ "build build", NULL, "build: does not take build" },
	{ "why a b", NULL, "why: does not take b" },
	{ "build -x", NULL, "-x: unknown option; see lh-build --help" },
	{ "build --frob", NULL, "--frob: unknown option; see lh-build --help" },
	{ "build --", NULL, "--: unknown option; see lh-build --help" },
	{ "build -", NULL, "-: unknown option; see lh-build --help" },
	{ "build --untill=image", NULL, "--untill=image: unknown option; see lh-build --help" },
	{ "build -j", NULL, "-j: needs a value" },
	{ "build --net", NULL, "--net: needs a value" },
	{ "build -nk", NULL, "-nk: takes no value" },
	{ "build --dry-run=1", NULL, "--dry-run=1: takes no value" },
	{ "build --net=wifi", NULL, "--net=wifi: dhcp or static" },
	{ "build --until=lunch", NULL, "--until=lunch: one of sources packages kernel image" },
	{ "why -n s6", NULL, "-n: not an option of why; see lh-build why --help" },
	{ "compare a b -C x", NULL, "-C: not an option of compare; see lh-build compare --help" },
	{ "build TRIPLES=all", "build until image var(TRIPLES=all)", NULL },
	{ "fetch TRIPLES= SETS=a", "fetch until image var(TRIPLES=) var(SETS=a)", NULL },
	{ "build SETS=a", NULL, "SETS: not a word of build; see lh-build build --help" },
	{ "TRIPLES=all why s6", NULL, "TRIPLES: not a word of why; see lh-build why --help" },
	{ "why s6 TRIPLES=", NULL, "TRIPLES: not a word of why; see lh-build why --help" },
	{ "why s6 TRIPLESX=1", "why until image var(TRIPLESX=1) word(s6)", NULL },
	{ "compare a b A=1", NULL, "A: compare has no variables; leave it out" },
	{ "build TRIPLES", NULL, "build: does not take TRIPLES" },
	{ "why EMPTY", NULL, "an empty word: a variable without a value? see lh-build --help" },
	{ "EMPTY", NULL, "an empty word: a variable without a value? see lh-build --help" },
	{ "-n build", NULL, "-n: not an option of lh-build itself; put the command before it" },
};

START_TEST(lines)
{
	struct arena *a = arena_new();
	struct request rq = { .a = a };
	struct err e = { 0 };
	char *rest = arena_strdup(a, cases[_i].line), *word,
	     *argv[10] = { arena_strdup(a, "lh-build") };
	int argc = 1, r;

	while ((word = word_next(&rest)))
		argv[argc++] = word;
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "EMPTY"))
			argv[i] = arena_strdup(a, "");
	r = cli_parse(argc, argv, commands, &rq, &e);
	if (cases[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(e.msg, cases[_i].message);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_str_eq(dump(a, &rq), cases[_i].dump);
	}
	arena_free(a);
}
END_TEST

Suite *
cli_suite(void)
{
	Suite *s = suite_create("cli");

	tcase_add_loop_test(harness_case(s, "cli"), lines, 0, sizeof cases / sizeof *cases);
	return s;
}
