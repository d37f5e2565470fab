/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_QMP_H
#define VERIFY_GUEST_QMP_H

#include "build/base/err.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * The words of QEMU's machine protocol: one JSON object a line in both directions.  Pure; who
 * asked what is known to guest.c.
 */
enum qmp_kind { QMP_GREETING, QMP_RETURN, QMP_ERROR, QMP_EVENT };

struct qmp_message {
	enum qmp_kind kind;
	uint64_t id;	  /* RETURN, ERROR: of the command; 0: it had none */
	const char *name; /* EVENT: SHUTDOWN */
	/*
	 * RETURN: the "return" member as JSON; ERROR: its text; EVENT: the data's "reason" or
	 * "action", or NULL
	 */
	const char *text;
};

/* one line, without its end */
int qmp_parse(struct arena *a, const char *line, size_t n, struct qmp_message *out, struct err *e);
/* a line to send, its end included; arguments is the JSON text of an object, or NULL */
char *qmp_format(
    struct arena *a, uint64_t id, const char *command, const char *arguments, struct err *e);
/* arguments for human-monitor-command */
char *qmp_hmp_arguments(struct arena *a, const char *command_line);
/* the JSON string that stands for a text */
char *qmp_quote(struct arena *a, const char *text);
/* the text that a JSON string stands for; NULL when it is no string */
char *qmp_string(struct arena *a, const char *json);
/* a string member of a JSON object; NULL when there is none */
char *qmp_member(struct arena *a, const char *json, const char *name);

#endif
