/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/log.h"

#include "build/base/buf.h"
#include "build/base/err.h"
#include "build/base/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* the state that is nobody's argument: who we are, and what is at the bottom of the terminal */
static const char *program = "lh";
static struct buf block; /* its text */
static unsigned rows;	 /* that it takes; the cursor is in the last */

void
log_program(const char *name)
{
	program = name;
}

int
log_end_stdout(struct err *e)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	if (errno)
		return fail_errno(e, "write to stdout");
	/* an earlier write failed, and its reason is gone */
	fail(e, "write to stdout: output is incomplete");
	e->code = EXIT_SYSTEM;
	return -1;
}

bool
log_is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && term && strcmp(term, "dumb");
}

/* to where the block begins; what is written next takes its place */
static void
go_up(struct buf *out)
{
	if (rows)
		buf_adds(out, "\r");
	if (rows > 1)
		buf_addf(out, "\033[%uA", rows - 1);
	rows = 0;
}

/* as much of a line as fits; what is behind it in the row is wiped */
static void
add_row(struct buf *out, const char *line, size_t n, unsigned width)
{
	bool coloured = false;
	size_t i = 0;

	for (unsigned used = 0; i < n; i++) {
		if (line[i] == '\033' && i + 1 < n && line[i + 1] == '[') {
			coloured = true;
			i += strcspn(line + i, "m\n");
			continue;
		}
		/* a character is counted by its first byte (RFC 3629) */
		if ((line[i] & 0xc0) != 0x80 && used++ == width)
			break;
	}
	buf_add(out, line, i < n ? i : n);
	buf_adds(out, coloured && i < n ? "\033[m\033[K" : "\033[K");
}

/* the block as the terminal is now; the last column stays free, so that no row ever wraps */
static void
add_block(struct buf *out)
{
	struct winsize w = { 0 };

	if (ioctl(2, TIOCGWINSZ, &w) < 0 || w.ws_col < 2 || w.ws_row < 2)
		w = (struct winsize){ .ws_col = 80, .ws_row = 24 };
	for (const char *line = block.p; *line && rows + 1 < w.ws_row; rows++) {
		size_t n = strcspn(line, "\n");

		if (rows)
			buf_adds(out, "\n");
		add_row(out, line, n, w.ws_col - 1);
		line += n + (line[n] == '\n');
	}
	buf_adds(out, "\033[J");
}

/* one write(2), so that a terminal has nothing half-drawn to show */
static void
put(struct buf *out)
{
	fwrite(out->p, 1, out->n, stderr);
	buf_free(out);
}

/*
 * Others' words cannot move the cursor, change the title, or end a line of ours and begin one that
 * looks like it: of control characters (ECMA-48, C0 and C1) only those in `kept` get through.  The
 * others are shown as \\xNN, and so is each byte that is not UTF-8: an 8-bit terminal takes a
 * lone 0x9b for the beginning of a command.
 */
static void
add_clean(struct buf *out, const char *s, const char *kept)
{
	while (*s) {
		const unsigned char *c = (const unsigned char *)s;
		size_t n = utf8_size(s);
		bool c1 = n == 2 && c[0] == 0xc2 && c[1] < 0xa0;

		if (n && ((*c >= ' ' && *c != 0x7f && !c1) || strchr(kept, *c)))
			buf_add(out, s, n);
		else
			for (size_t i = 0; i < n + !n; i++)
				buf_addf(out, "\\x%02x", c[i]);
		s += n + !n;
	}
}

/* lines above the block */
static void
put_above(const struct buf *lines)
{
	struct buf out = { 0 };
	bool drawn = rows && log_is_terminal(); /* a child of ours may have another stderr */

	if (drawn) {
		go_up(&out);
		buf_adds(&out, "\033[J");
	}
	buf_add(&out, lines->p, lines->n);
	if (drawn)
		add_block(&out);
	put(&out);
}

static void line(const char *kind, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

static void
line(const char *kind, const char *fmt, va_list ap)
{
	struct buf b = { 0 }, said = { 0 };

	buf_addv(&said, fmt, ap);
	buf_addf(&b, "%s: %s", program, kind);
	add_clean(&b, said.n ? said.p : "", "\t");
	buf_adds(&b, "\n");
	put_above(&b);
	buf_free(&b);
	buf_free(&said);
}

void
log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("", fmt, ap);
	va_end(ap);
}

void
log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("warning: ", fmt, ap);
	va_end(ap);
}

void
log_text(const char *text)
{
	struct buf b = { 0 };

	add_clean(&b, text, "\n\t");
	put_above(&b);
	buf_free(&b);
}

void
log_stdout(const char *text)
{
	struct buf b = { 0 };

	add_clean(&b, text, "\n\t");
	fwrite(b.p, 1, b.n, stdout);
	buf_free(&b);
}

int
log_fatal(const struct err *e)
{
	struct buf b = { 0 };

	log_block("");
	buf_addf(&b, "%s: fatal: ", program);
	add_clean(&b, e->msg, "\t");
	buf_adds(&b, "\n");
	put(&b);
	buf_free(&b);
	return e->code ? e->code : EXIT_WORK;
}

void
log_block(const char *text)
{
	struct buf out = { 0 };

	if (!log_is_terminal() || (!*text && !rows))
		return;
	buf_clear(&block);
	buf_adds(&block, text);
	go_up(&out);
	add_block(&out);
	put(&out);
	if (!*text)
		buf_free(&block);
}

void
log_status(const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	log_block(b.p);
	buf_free(&b);
}
