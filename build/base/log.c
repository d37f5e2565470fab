/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/log.h"

#include "build/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* the one piece of state that is nobody's argument: who we are and what is on the terminal's last line */
static const char *program = "lh";
static bool status_shown;

void
log_program(const char *name)
{
	program = name;
}

bool
log_is_terminal(void)
{
	const char *term = getenv("TERM");

	return isatty(2) && term && strcmp(term, "dumb");
}

static void
wipe(void)
{
	if (status_shown)
		fputs("\r\033[K", stderr);
	status_shown = false;
}

static void line(const char *kind, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

static void
line(const char *kind, const char *fmt, va_list ap)
{
	wipe();
	fprintf(stderr, "%s: %s", program, kind);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
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

int
log_fatal(const struct err *e)
{
	wipe();
	fprintf(stderr, "%s: fatal: %s\n", program, e->msg);
	return e->code ? e->code : EXIT_WORK;
}

void
log_status(const char *fmt, ...)
{
	struct winsize w = { .ws_col = 80 };
	char text[512];
	va_list ap;

	if (!log_is_terminal())
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	wipe();
	if (!*text)
		return;
	if (ioctl(2, TIOCGWINSZ, &w) < 0 || w.ws_col < 2)
		w.ws_col = 80;
	fprintf(stderr, "%.*s", w.ws_col - 1, text);
	fflush(stderr);
	status_shown = true;
}
