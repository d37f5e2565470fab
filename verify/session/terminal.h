/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SESSION_TERMINAL_H
#define VERIFY_SESSION_TERMINAL_H

#include "build/base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct arena;
struct loop;

/*
 * stdin and stdout of somebody who works on a guest: lines that are typed, a guest's console and
 * what we say in between, each on lines of its own.  stdin may be a pipe; on a terminal the keys
 * may go to the guest, one by one.
 */
struct terminal {
	struct loop *loop;
	void (*typed)(void *arg); /* there is something new, or the end */
	void *arg;
	struct buf in;
	bool is_tty, ended, keys;
	bool within;   /* the cursor is behind something on its line */
	bool prompted; /* and that is our prompt */
	struct termios before;
};

void terminal_begin(struct terminal *t, struct loop *l, void (*typed)(void *arg), void *arg);
/* as it was */
void terminal_end(struct terminal *t);
/* the next whole line without its newline; or NULL */
char *terminal_line(struct terminal *t, struct arena *a);
/* keys instead of lines from now on, or no longer; nothing is shown of them */
void terminal_keys(struct terminal *t, bool on);
/* asks for a line, once for each */
void terminal_prompt(struct terminal *t, const char *text);
/* the guest's own bytes */
void terminal_console(struct terminal *t, const char *p, size_t n);
/* one line, or several */
void terminal_say(struct terminal *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* begins a line, for who writes to stdout by another way: whole lines */
void terminal_fresh(struct terminal *t);

#endif
