/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/err.h"

#include "build/base/mount.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int set(struct err *e, int code, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));

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

void
err_full(struct err *e, int why, const char *path)
{
	char mount[PATH_MAX];
	size_t n = strlen(e->msg);

	if (why != ENOSPC && why != EDQUOT)
		return;
	if (*path == '/' && snprintf(mount, sizeof mount, "%s", path) < (int)sizeof mount &&
	    mount_of(mount))
		snprintf(e->msg + n, sizeof e->msg - n, " (the filesystem %s)", mount);
}

/* the first of a message; it ends as words do */
static void
first_path(const char *msg, char path[PATH_MAX])
{
	size_t n;

	while (*msg && *msg != '/')
		msg += strcspn(msg, " ") + (msg[strcspn(msg, " ")] == ' ');
	n = strcspn(msg, " :,;");
	snprintf(path, PATH_MAX, "%.*s", (int)n, msg);
}

int
fail_errno(struct err *e, const char *fmt, ...)
{
	int why = errno;
	char path[PATH_MAX];
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	set(e, EXIT_SYSTEM, fmt, ap);
	va_end(ap);
	first_path(e->msg, path);
	n = strlen(e->msg);
	snprintf(e->msg + n, sizeof e->msg - n, ": %s", strerror(why));
	err_full(e, why, path);
	n = strlen(e->msg);
	if (why == EMFILE)
		snprintf(e->msg + n, sizeof e->msg - n, " (raise ulimit -n)");
	else if (why == EFBIG)
		snprintf(e->msg + n, sizeof e->msg - n, " (see ulimit -f)");
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
