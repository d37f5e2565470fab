/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

struct err;

/* Messages to stderr: "lh-build: warning: ...", one line each. */
void log_program(const char *name);
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* "lh-build: fatal: MESSAGE"; returns the exit status that fits */
int log_fatal(const struct err *e);
/* stderr is a terminal that can redraw a line */
bool log_is_terminal(void);
/* a line that the next message or status replaces; does nothing unless log_is_terminal(); "" wipes it */
void log_status(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
