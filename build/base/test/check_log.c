/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/log.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/err.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define COLS 20
#define ROWS 5

/* as much of a terminal as we use: what is seen, and what has scrolled away above it */
struct screen {
	int fd, kept, slave;
	char cell[ROWS][COLS][5];
	unsigned row, col;
	struct buf gone;
};

static void
screen_open(struct screen *s)
{
	struct winsize w = { .ws_row = ROWS, .ws_col = COLS };

	*s = (struct screen){ .fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), .kept = dup(2) };
	ck_assert_int_eq(grantpt(s->fd) | unlockpt(s->fd), 0);
	s->slave = open(ptsname(s->fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_ge(s->slave, 0);
	ck_assert_int_eq(ioctl(s->slave, TIOCSWINSZ, &w), 0);
	dup2(s->slave, 2);
	setenv("TERM", "xterm", 1);
}

static void
screen_close(struct screen *s)
{
	log_block("");
	dup2(s->kept, 2);
	close(s->kept);
	close(s->slave);
	close(s->fd);
	buf_free(&s->gone);
}

static void
add_row(struct buf *b, char (*cells)[5])
{
	unsigned last = COLS;

	while (last && !*cells[last - 1])
		last--;
	for (unsigned i = 0; i < last; i++)
		buf_adds(b, *cells[i] ? cells[i] : " ");
	buf_adds(b, "\n");
}

static void
line_feed(struct screen *s)
{
	if (++s->row < ROWS)
		return;
	add_row(&s->gone, s->cell[0]);
	memmove(s->cell[0], s->cell[1], sizeof s->cell - sizeof s->cell[0]);
	memset(s->cell[ROWS - 1], 0, sizeof s->cell[0]);
	s->row = ROWS - 1;
}

/* ECMA-48: CUU, EL, ED, SGR; another one is a mistake of ours.  Returns its length. */
static size_t
sequence(struct screen *s, const char *p)
{
	char *end;
	unsigned long n = strtoul(p + 2, &end, 10);

	ck_assert_int_eq(p[1], '[');
	switch (*end) {
	case 'A':
		ck_assert_uint_le(n, s->row);
		s->row -= n;
		break;
	case 'J':
		memset(s->cell[s->row][s->col], 0,
		    sizeof s->cell - (s->row * COLS + s->col) * sizeof s->cell[0][0]);
		break;
	case 'K':
		memset(s->cell[s->row][s->col], 0, (COLS - s->col) * sizeof s->cell[0][0]);
		break;
	default:
		ck_assert_int_eq(*end, 'm');
	}
	return (size_t)(end + 1 - p);
}

static size_t
character(struct screen *s, const char *p)
{
	size_t n = 1;

	while ((p[n] & 0xc0) == 0x80)
		n++;
	if (s->col == COLS) {
		s->col = 0;
		line_feed(s);
	}
	snprintf(s->cell[s->row][s->col++], 5, "%.*s", (int)n, p);
	return n;
}

/*
 * a terminal hands on when it pleases: all that was written until now is there when a mark of ours
 * is
 */
static void
receive(const struct screen *s, char *in, size_t room)
{
	size_t n = 0;
	ssize_t got;

	ck_assert_int_eq(write(s->slave, "\005", 1), 1);
	do {
		got = read(s->fd, in + n, room - n);
		ck_assert_int_gt(got, 0);
		n += (size_t)got;
	} while (in[n - 1] != '\005');
	in[n - 1] = '\0';
}

/* what has scrolled away, a line of dashes, what is seen, without empty lines at its end */
static void
expect_screen(struct screen *s, const char *text)
{
	char in[4096], *p = in;
	struct buf b = { 0 };

	receive(s, in, sizeof in);
	while (*p)
		switch (*p) {
		case '\r':
			s->col = 0;
			p++;
			break;
		case '\n':
			line_feed(s);
			p++;
			break;
		case '\033':
			p += sequence(s, p);
			break;
		default:
			p += character(s, p);
		}
	if (s->gone.n)
		buf_addf(&b, "%s--\n", s->gone.p);
	for (int i = 0; i < ROWS; i++)
		add_row(&b, s->cell[i]);
	while (b.n > 1 && b.p[b.n - 2] == '\n')
		b.p[--b.n] = '\0';
	ck_assert_str_eq(b.p, text);
	buf_free(&b);
}

START_TEST(a_block_stays_below_the_messages)
{
	struct screen s;

	screen_open(&s);
	log_info("%s", "start");
	log_block("one\ntwo");
	expect_screen(&s, "lh: start\none\ntwo\n");
	log_block("1\nzwei\ndrei\n"); /* longer and shorter lines, and one more */
	expect_screen(&s, "lh: start\n1\nzwei\ndrei\n");
	log_info("hello");
	expect_screen(&s, "lh: start\nlh: hello\n1\nzwei\ndrei\n");
	log_warn("x");
	log_text("end of\na log\n");
	expect_screen(
	    &s, "lh: start\nlh: hello\nlh: warning: x\n--\nend of\na log\n1\nzwei\ndrei\n");
	log_block("one");
	expect_screen(&s, "lh: start\nlh: hello\nlh: warning: x\n--\nend of\na log\none\n");
	log_status("%d of %d", 3, 4);
	expect_screen(&s, "lh: start\nlh: hello\nlh: warning: x\n--\nend of\na log\n3 of 4\n");
	log_block("");
	expect_screen(&s, "lh: start\nlh: hello\nlh: warning: x\n--\nend of\na log\n");
	log_block("");
	log_info("after");
	expect_screen(&s, "lh: start\nlh: hello\nlh: warning: x\n--\nend of\na log\nlh: after\n");
	screen_close(&s);
}
END_TEST

START_TEST(a_long_message_takes_several_rows)
{
	struct screen s;

	screen_open(&s);
	log_block("a\nb\nc");
	log_info("0123456789abcdefghij");
	expect_screen(&s, "lh: 0123456789abcdef\nghij\na\nb\nc\n");
	screen_close(&s);
}
END_TEST

START_TEST(an_error_ends_it)
{
	struct err e = { .msg = "no", .code = EXIT_USAGE };
	struct screen s;

	screen_open(&s);
	log_block("a\nb");
	ck_assert_int_eq(log_fatal(&e), EXIT_USAGE);
	expect_screen(&s, "lh: fatal: no\n");
	screen_close(&s);
}
END_TEST

static const struct {
	const char *text, *seen;
} cuts[] = {
	{ "0123456789abcdefghi", "0123456789abcdefghi\n" },
	{ "0123456789abcdefghij", "0123456789abcdefghi\n" },
	{ "\xc3\xa4"
	  "123456789abcdefghij\nnext",
	    "\xc3\xa4"
	    "123456789abcdefghi\nnext\n" },
	{ "012345678\xe2\x80\xa6"
	  "abcdefgh\xc3\xa4"
	  "j\nnext",
	    "012345678\xe2\x80\xa6"
	    "abcdefgh\xc3\xa4\nnext\n" },
	{ "\033[31m012345678\033[m9abcdefghij\nnext", "0123456789abcdefghi\nnext\n" },
	{ "1\n\n3\n4\n5\n6\n7", "1\n\n3\n4\n" },
};

START_TEST(a_block_fits)
{
	struct screen s;

	screen_open(&s);
	for (int i = 0; i < 2; i++) { /* wherever the block begins */
		log_block(cuts[_i].text);
		expect_screen(&s, cuts[_i].seen);
	}
	screen_close(&s);
}
END_TEST

/* a pipe, or a terminal that cannot: messages and nothing else */
START_TEST(elsewhere_there_is_no_block)
{
	struct screen s;

	screen_open(&s);
	setenv("TERM", "dumb", 1);
	log_block("a\nb");
	log_status("c");
	log_info("hello");
	log_block("");
	expect_screen(&s, "lh: hello\n");
	screen_close(&s);
}
END_TEST

/* what others say, and what is shown of it */
START_TEST(words_of_others_have_no_power)
{
	static const char said[] = "\033[2Jowned\007\rlh: fatal: forged\x7f\xc2\x9b"
				   "31m na\xc3\xaf"
				   "ve\t\x9b\xed\xa0\x80\xf0\x9f\x90\xa7\xc0\xaf\xe2\x82";
	static const char shown[] = "\\x1b[2Jowned\\x07\\x0dlh: fatal: forged\\x7f\\xc2\\x9b"
				    "31m na\xc3\xaf"
				    "ve\t\\x9b\\xed\\xa0\\x80\xf0\x9f\x90\xa7\\xc0\\xaf\\xe2\\x82";
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/said", test_dir());
	struct err e = { 0 };
	char *text;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(open(path, O_WRONLY | O_CREAT, 0600), 2);
		log_program("lh");
		log_info("%s", said);
		log_warn("a\nb");
		log_text("one\ntwo \033c\n");
		fail(&e, "%s\n", said);
		log_fatal(&e);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(file_read(a, path, &text, NULL, &e), 0);
	ck_assert_str_eq(text,
	    arena_printf(a, "lh: %s\nlh: warning: a\\x0ab\none\ntwo \\x1bc\nlh: fatal: %s\\x0a\n",
		shown, shown));
	arena_free(a);
}
END_TEST

/* how much is printed: less than what stdout holds back, and more */
static const size_t printed[] = { 5, 5000, 100000 };

START_TEST(a_full_stdout_is_no_success)
{
	int kept = dup(1), full = open("/dev/full", O_WRONLY | O_CLOEXEC), lost, empty;
	struct err e = { 0 }, ignored = { 0 };

	fflush(stdout);
	dup2(full, 1);
	empty = log_end_stdout(&ignored); /* nothing was printed, nothing is lost */
	for (size_t i = 0; i < printed[_i]; i++)
		putchar('x');
	lost = log_end_stdout(&e);
	dup2(kept, 1);
	clearerr(stdout);
	__fpurge(stdout);
	close(kept);
	close(full);
	ck_assert_int_eq(empty, 0);
	ck_assert_int_eq(lost, -1);
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	ck_assert_msg(!strncmp(e.msg, "write to stdout: ", 17), "%s", e.msg);
}
END_TEST

Suite *
log_suite(void)
{
	Suite *s =
	    suite_of("log", (const TTest *[]){ a_block_stays_below_the_messages,
				a_long_message_takes_several_rows, an_error_ends_it,
				words_of_others_have_no_power, elsewhere_there_is_no_block, NULL });

	tcase_add_loop_test(harness_case(s, "cuts"), a_block_fits, 0, sizeof cuts / sizeof *cuts);
	tcase_add_loop_test(harness_case(s, "stdout"), a_full_stdout_is_no_success, 0,
	    sizeof printed / sizeof *printed);
	return s;
}
