/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/reading.h"

#include "build/base/argv.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/confine.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEEN "the process that read it did what nobody has to who reads an image, and was ended"

/* what a parser that an image has taken over tries */
enum attack {
	NOTHING,
	OPENS,
	MAKES_A_FILE,
	CONNECTS,
	FORKS,
	EXECUTES,
	SIGNALS,
	TALKS_TO_THE_TERMINAL,
	USES_OUR_DESCRIPTORS,
	FILLS_MEMORY,
	FILLS_THE_DISK,
	FAILS
};

struct victim {
	enum attack attack;
	int ours; /* a descriptor of the parent's */
};

static int
open_nothing(void *arg, struct err *e)
{
	(void)arg;
	(void)e;
	return 0;
}

static void
fill(void)
{
	static char block[1 << 16];

	for (size_t i = 0; i < (CONFINE_WRITES << 4) + 1; i++)
		fwrite(block, 1, sizeof block, stdout);
}

static int
do_evil(void *arg, struct err *e)
{
	const struct victim *v = arg;
	char *const argv[] = { (char[]){ "/bin/true" }, NULL };

	switch (v->attack) {
	case NOTHING:
		printf("fine");
		return 0;
	case OPENS:
		return open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? fail(e, "no") : 0;
	case MAKES_A_FILE:
		return mkdir("evil", 0777) == 0 ? 0 : fail_errno(e, "mkdir");
	case CONNECTS:
		return socket(AF_UNIX, SOCK_STREAM, 0) < 0 ? fail(e, "no") : 0;
	case FORKS:
		return fork() < 0 ? fail(e, "no") : 0;
	case EXECUTES:
		return execv(argv[0], argv);
	case SIGNALS:
		return kill(getppid(), 0);
	case TALKS_TO_THE_TERMINAL:
		return isatty(0) || read(0, &(char){ 0 }, 1) != 0 ? 0 : fail(e, "nobody there");
	case USES_OUR_DESCRIPTORS:
		return write(v->ours, "x", 1) == 1 ? 0 : fail_errno(e, "ours");
	case FILLS_MEMORY:
		for (;;)
			memset(xmalloc(64 << 20), 1, 1);
	case FILLS_THE_DISK:
		fill();
		return 0;
	case FAILS:
		return fail(e, "image: not to be read");
	}
	return 0;
}

static const struct {
	enum attack attack;
	const char *told;
} attacks[] = {
	{ NOTHING, NULL },
	{ OPENS, "disk: " SEEN },
	{ MAKES_A_FILE, "mkdir: Operation not permitted" },
	{ CONNECTS, "disk: " SEEN },
	{ FORKS, "disk: " SEEN },
	{ EXECUTES, "disk: " SEEN },
	{ SIGNALS, "disk: " SEEN },
	{ TALKS_TO_THE_TERMINAL, "nobody there" },
	{ USES_OUR_DESCRIPTORS, "ours: Bad file descriptor" },
#ifndef __SANITIZE_ADDRESS__
	{ FILLS_MEMORY, "disk: reading it takes more than 2048 MiB of memory, which is the limit" },
#endif
	{ FILLS_THE_DISK, "disk: the process that read it wrote more than the limit" },
	{ FAILS, "image: not to be read" },
};

struct heard {
	bool done;
	char *trouble, *out;
};

static void
on_done(void *arg, const struct reading_result *r)
{
	struct heard *h = arg;

	h->done = true;
	h->trouble = r->trouble ? strdup(r->trouble) : NULL;
	h->out = r->out ? strdup(r->out) : NULL;
}

START_TEST(shut_in)
{
	struct victim v = { attacks[_i].attack, dup(2) };
	struct reading_opts o = {
		.what = "disk", .open = open_nothing, .work = do_evil, .arg = &v
	};
	struct loop *l = loop_new();
	struct heard h = { .done = false };
	struct reading *r;
	struct err e;

	ck_assert_int_eq(reading_start(l, &o, on_done, &h, &r, &e), 0);
	while (!h.done)
		ck_assert_int_eq(loop_once(l, &e), 0);
	if (attacks[_i].told)
		ck_assert_str_eq(h.trouble, attacks[_i].told);
	else
		ck_assert_msg(!h.trouble, "%s", h.trouble);
	if (!attacks[_i].told)
		ck_assert_str_eq(h.out, "fine");
	/* and the same without a loop, where nobody hears what it writes */
	if (v.attack != FILLS_THE_DISK) {
		ck_assert_int_eq(reading_run(&o, &e), attacks[_i].told ? -1 : 0);
		if (attacks[_i].told)
			ck_assert_str_eq(e.msg, attacks[_i].told);
	}
	free(h.trouble);
	free(h.out);
	loop_free(l);
	close(v.ours);
}
END_TEST

START_TEST(cancelled)
{
	struct victim v = { NOTHING, -1 };
	struct reading_opts o = {
		.what = "disk", .open = open_nothing, .work = do_evil, .arg = &v
	};
	struct loop *l = loop_new();
	struct reading *r;
	struct err e;

	ck_assert_int_eq(reading_start(l, &o, on_done, NULL, &r, &e), 0);
	reading_cancel(r);
	reading_cancel(NULL);
	loop_free(l);
}
END_TEST

/* a program that looks at an image: what others do that are nearest to hand */
static const struct {
	const char *command;
	bool can;
} programs[] = {
	{ "cat readable", true },
	{ "cp readable made", false },
	{ "tee made", false },
	{ "tee -a readable", false },
	{ "mkdir made", false },
	{ "mv readable made", false },
	{ "rm readable", false },
	{ "chmod 777 readable", false },
	{ "ln -s readable made", false },
	{ "timeout 9 true", false },
};

START_TEST(a_program_only_reads)
{
	struct arena *a = arena_new();
	struct child_opts o = { .dir = test_dir() };
	const char *readable = arena_printf(a, "%s/readable", test_dir());
	char *rest = arena_strdup(a, programs[_i].command), *word, *text;
	struct argv v = { .a = a };
	struct err e = { 0 };
	int status;

	ck_assert_int_eq(file_write(readable, "text", 4, 0644, &e), 0);
	while ((word = word_next(&rest)))
		argv_push(&v, word);
	o.calls = confine_program(&o.limits, &o.nlimits);
	ck_assert_msg(child_run(v.v, &o, NULL, &status, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(status == 0, programs[_i].can);
	ck_assert(!file_exists(arena_printf(a, "%s/made", test_dir())));
	ck_assert_int_eq(file_read(a, readable, &text, NULL, &e), 0);
	ck_assert_str_eq(text, "text");
	arena_free(a);
}
END_TEST

Suite *
reading_suite(void)
{
	Suite *s = suite_create("reading");

	tcase_add_loop_test(
	    harness_case(s, "attacks"), shut_in, 0, sizeof attacks / sizeof *attacks);
	tcase_add_test(harness_case(s, "cancel"), cancelled);
	tcase_add_loop_test(harness_case(s, "programs"), a_program_only_reads, 0,
	    sizeof programs / sizeof *programs);
	return s;
}
