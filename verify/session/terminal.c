/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/session/terminal.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "verify/loop.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void
on_input(void *arg, int fd, short revents)
{
	struct terminal *t = arg;
	char block[4096];
	ssize_t n = read(fd, block, sizeof block);

	(void)revents;
	if (n > 0)
		buf_add(&t->in, block, (size_t)n);
	t->ended = n <= 0;
	if (t->ended)
		loop_forget(t->loop, fd);
	/* the terminal has ended its line itself */
	if (n > 0 && block[n - 1] == '\n' && t->is_tty && !t->keys)
		t->within = t->prompted = false;
	t->typed(t->arg);
}

void
terminal_begin(struct terminal *t, struct loop *l, void (*typed)(void *arg), void *arg)
{
	*t = (struct terminal){ .loop = l,
		.typed = typed,
		.arg = arg,
		.is_tty = tcgetattr(0, &t->before) == 0 && isatty(1) };
	if (t->is_tty)
		tcgetattr(0, &t->before);
	loop_watch(l, 0, POLLIN, on_input, t);
}

void
terminal_end(struct terminal *t)
{
	terminal_keys(t, false);
	terminal_fresh(t);
	loop_forget(t->loop, 0);
	buf_free(&t->in);
}

char *
terminal_line(struct terminal *t, struct arena *a)
{
	char *end = t->in.n ? memchr(t->in.p, '\n', t->in.n) : NULL, *line;
	size_t n;

	if (!end && !(t->ended && t->in.n))
		return NULL;
	n = end ? (size_t)(end - t->in.p) : t->in.n;
	line = arena_strndup(a, t->in.p, n);
	buf_drop(&t->in, end ? n + 1 : n);
	return line;
}

void
terminal_keys(struct terminal *t, bool on)
{
	struct termios raw = t->before;

	if (!t->is_tty || t->keys == on)
		return;
	t->keys = on;
	cfmakeraw(&raw);
	raw.c_oflag = t->before.c_oflag;
	tcsetattr(0, TCSADRAIN, on ? &raw : &t->before);
}

static void
put(struct terminal *t, const char *p, size_t n)
{
	if (!n)
		return;
	fwrite(p, 1, n, stdout);
	t->within = p[n - 1] != '\n';
	t->prompted = false;
	fflush(stdout);
}

void
terminal_fresh(struct terminal *t)
{
	if (t->prompted)
		put(t, "\r\033[K", 4);
	else if (t->within)
		put(t, "\n", 1);
	t->within = false;
}

void
terminal_prompt(struct terminal *t, const char *text)
{
	if (!t->is_tty || t->prompted)
		return;
	terminal_fresh(t);
	put(t, text, strlen(text));
	t->prompted = true;
}

void
terminal_console(struct terminal *t, const char *p, size_t n)
{
	if (t->prompted)
		terminal_fresh(t);
	put(t, p, n);
}

void
terminal_say(struct terminal *t, const char *fmt, ...)
{
	struct buf b = { 0 };
	va_list ap;

	terminal_fresh(t);
	va_start(ap, fmt);
	buf_addv(&b, fmt, ap);
	va_end(ap);
	buf_adds(&b, "\n");
	log_stdout(b.p);
	buf_free(&b);
	fflush(stdout);
}
