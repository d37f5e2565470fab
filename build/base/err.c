/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static int set(struct err *e, int code, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

static int
set(struct err *e, int code, const char *fmt, va_list ap)
{
	e->code = code;
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	return -1;
}

int
fail(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, EXIT_WORK, fmt, ap);
	va_end(ap);
	return -1;
}

int
fail_usage(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(e, EXIT_USAGE, fmt, ap);
	va_end(ap);
	return -1;
}

int
fail_errno(struct err *e, const char *fmt, ...)
{
	int why = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	set(e, EXIT_SYSTEM, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(why));
	errno = why;
	return -1;
}

int
wrap(struct err *e, const char *fmt, ...)
{
	char old[sizeof e->msg];
	size_t n;
	va_list ap;

	memcpy(old, e->msg, sizeof old);
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof e->msg, fmt, ap);
	va_end(ap);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", old);
	return -1;
}
