/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_LOG_H
#define BUILD_BASE_LOG_H

#include <stdbool.h>

struct err;

/* Messages to stderr: "lh-build: warning: ...", one line each. */
void log_program(const char *name);
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* whole lines as they are, such as the end of somebody's log */
void log_text(const char *text);
/* the same on stdout, for what was asked for and has others' words in it */
void log_stdout(const char *text);
/* "lh-build: fatal: MESSAGE"; returns the exit status that fits */
int log_fatal(const struct err *e);
/*
 * All that was printed on stdout is where it should be.  Once, at the end: a disk that is full, or
 * a pipe that is gone, must not pass for success.
 */
int log_end_stdout(struct err *e);
/* stderr is a terminal that can redraw a line */
bool log_is_terminal(void);
/*
 * Lines that stay at the bottom of the terminal until others take their place or "" wipes
 * them; messages appear above.  Nothing unless log_is_terminal().  A line is cut to the
 * width, in characters, where SGR sequences (ESC [ ... m) count for none; of more lines
 * than the terminal has, the first are shown.  Who writes to the terminal by another way,
 * as to stdout, wipes the block before.
 */
void log_block(const char *text);
/* a block of one line */
void log_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
