/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SUBPROCESS_H
#define VERIFY_SUBPROCESS_H

#include "build/base/clock.h"
#include "build/base/err.h"

#include <stddef.h>

struct bpf;
struct child_limit;
struct island;
struct loop;

/*
 * A program of the host, run to its end on the loop: qemu-img, OpenSSH.  Its stdin is
 * empty, its stdout and stderr are collected together: SUBPROCESS_SAID_MAX bytes of them, for what
 * it says may be a guest's.  One that says more is killed.
 */
struct subprocess;

#define SUBPROCESS_SAID_MAX (1u << 20)

enum subprocess_end {
	SUBPROCESS_EXITED, /* or was killed by somebody else: see status */
	SUBPROCESS_LATE,   /* the deadline passed, it was killed */
	SUBPROCESS_EXCESS  /* it said too much and was killed */
};

struct subprocess_result {
	enum subprocess_end end;
	int status;	 /* as waitpid gives it */
	const char *out; /* a NUL behind the bytes; valid in the callback */
	size_t n;	 /* at most SUBPROCESS_SAID_MAX */
};
typedef void subprocess_done(void *arg, const struct subprocess_result *r);

struct subprocess_opts {
	const char *dir; /* cwd, or NULL */
	nstime deadline;
	const struct child_limit *limits; /* bounds that it has, as child.h; none: NULL */
	size_t nlimits;
	const struct island *island; /* the network that it is in; NULL: this machine's */
	const struct bpf *calls;     /* the same for its system calls */
};

/* done is called once, from the loop; the subprocess frees itself after it */
int subprocess_start(struct loop *l, char *const argv[], const struct subprocess_opts *o,
    subprocess_done *done, void *arg, struct subprocess **out, struct err *e);
/* killed and reaped; done is not called */
void subprocess_cancel(struct subprocess *p);

#endif
