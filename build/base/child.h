/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_CHILD_H
#define BUILD_BASE_CHILD_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;
struct bpf;
struct buf;

/*
 * One child process.  Both descriptors are readable in poll(2): out has what the
 * child writes to stdout and stderr, pidfd becomes ready when it is dead.  A child
 * leads its own process group and dies with us.
 */
struct child {
	pid_t pid; /* 0: none */
	int pidfd;
	int out; /* -1 when opts.out was given, or after it was closed */
	int in;	 /* -1 unless opts.want_in */
};

/* a bound of setrlimit(2), hard and soft; a lower one that is there stays */
struct child_limit {
	int resource;
	unsigned long long most;
};

struct child_opts {
	const char *dir;  /* cwd, or NULL */
	char *const *env; /* or NULL: ours */
	int out;      /* descriptor for stdout and stderr when > 0: no pipe is made (a log file) */
	bool want_in; /* make a pipe to stdin (nonblocking); else stdin is /dev/null */
	bool split_err;	 /* stderr stays ours */
	const int *keep; /* descriptors the child inherits under their own numbers */
	size_t nkeep;
	const int *spaces; /* namespaces that it enters, in this order, before all else */
	size_t nspaces;
	unsigned seconds; /* child_run: what takes longer is killed, and our error; 0: it may */
	int nice;
	const struct child_limit *limits;
	size_t nlimits;
	const struct bpf *calls; /* which system calls it may make, exec among them; NULL: all */
	uid_t uid; /* other than 0: become this user, with gid and no other group, first */
	gid_t gid;
};

/* returns once the program runs; a program that cannot be executed is our error, naming it */
int child_start(struct child *c, char *const argv[], const struct child_opts *o, struct err *e);
/* reaps; *status as waitpid gives it; blocks until it is dead; closes all descriptors */
int child_wait(struct child *c, int *status, struct err *e);
/* signal to the whole group */
void child_kill(const struct child *c, int sig);
/*
 * The kernel forgets that a process is to die with the one who started it when it becomes another
 * user.  t: what holds before, and is made to hold again after; a parent that died in between ends
 * us.
 */
struct child_tie {
	pid_t parent;
	int sig;
};
void child_tie_note(struct child_tie *t);
void child_tie_again(const struct child_tie *t);
/* "exit status 3", "killed by signal 9 (Killed)"; on the arena */
const char *child_status_text(struct arena *a, int status);

/*
 * A child that runs a function of ours instead of a program, so that long work such as
 * unpacking a kernel does not block the loop.  log becomes its stdout and stderr; its exit
 * status is 0 or 1.  To be ended by child_call_wait, where *failed is the function's error.
 */
typedef int child_work(void *arg, struct err *e);
int child_call(struct child *c, child_work *work, void *arg, int log, struct err *e);
/* the same, and it has none of our descriptors but log; its stdin is empty */
int child_call_alone(struct child *c, child_work *work, void *arg, int log, struct err *e);
int child_call_wait(struct child *c, int *status, struct err *failed, struct err *e);

/*
 * The simple case: run, wait, collect what it printed (out may be NULL) until it was dead: what
 * it has left behind in the background is not waited for.  *status as waitpid gives it; only
 * failing to run it is an error.
 */
int child_run(
    char *const argv[], const struct child_opts *o, struct buf *out, int *status, struct err *e);

#endif
