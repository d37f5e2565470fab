/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_ERR_H
#define BUILD_BASE_ERR_H

/*
 * What went wrong, told once.  The caller lends a struct err; whoever meets the
 * trouble fills it and returns -1; whoever knows something the message lacks
 * wraps it on the way up; main() prints it and exits with its code.
 *
 *     if (disk_write(path, parts, nparts, e) < 0)
 *             return wrap(e, "image %s", cfg->name);
 *
 * On success a struct err is not touched.
 */
enum {
	EXIT_WORK = 1,	   /* judged, or done, and not good */
	EXIT_USAGE = 100,  /* wrong usage or configuration */
	EXIT_SYSTEM = 111, /* the system refused */
	EXIT_NOJUDGE = 125 /* lh-verify: inconclusive */
};

struct err {
	int code; /* exit status that fits */
	char msg[2048];
};

#define BASE_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* all return -1, so that `return fail(...)` is the idiom */
int fail(struct err *e, const char *fmt, ...) BASE_PRINTF(2, 3);       /* EXIT_WORK */
int fail_usage(struct err *e, const char *fmt, ...) BASE_PRINTF(2, 3); /* EXIT_USAGE */
int fail_errno(struct err *e, const char *fmt, ...)
    BASE_PRINTF(2, 3); /* EXIT_SYSTEM; appends ": " and errno's text */
/*
 * For those whose message does not come from fail_errno: when why is ENOSPC or EDQUOT,
 * appends which filesystem path is on.  fail_errno does so for the first absolute path it names.
 */
void err_full(struct err *e, int why, const char *path);
/* puts "fmt: " in front of the message, keeps the code */
int wrap(struct err *e, const char *fmt, ...) BASE_PRINTF(2, 3);

#endif
