/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SUBPROCESS_H
#define VERIFY_SUBPROCESS_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct loop;

/*
 * A program of the host, run to its end on the loop: qemu-img, OpenSSH.  Its stdin is
 * empty, its stdout and stderr are collected together.
 */
struct subprocess;

struct subprocess_result {
	int status;	 /* as waitpid gives it */
	bool late;	 /* the deadline passed, it was killed */
	const char *out; /* a NUL behind the bytes; valid in the callback */
	size_t n;
};
typedef void subprocess_done(void *arg, const struct subprocess_result *r);

struct subprocess_opts {
	const char *dir; /* cwd, or NULL */
	nstime deadline;
};

/* done is called once, from the loop; the prog frees itself after it */
int subprocess_start(struct loop *l, char *const argv[], const struct subprocess_opts *o,
    subprocess_done *done, void *arg, struct subprocess **out, struct err *e);
/* killed and reaped; done is not called */
void subprocess_cancel(struct subprocess *p);

#endif
