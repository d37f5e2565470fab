/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/program.h"

#include "build/base/user.h"

#include <string.h>

struct running {
	char *const *argv;
	const struct child_opts *o;
	struct buf *out;
	int *status;
};

static int
work(void *arg, struct err *e)
{
	const struct running *r = arg;

	return child_run(r->argv, r->o, r->out, r->status, e);
}

int
program_run(
    char *const argv[], const struct child_opts *o, struct buf *out, int *status, struct err *e)
{
	return user_as_root(work, &(struct running){ argv, o, out, status }, e);
}

const char *
program_reason(char *said)
{
	static const char fatal[] = ": fatal: ";
	char *at = strstr(said, fatal);

	if (!at)
		return "unknown";
	at += strlen(fatal);
	at[strcspn(at, ";\n")] = '\0'; /* behind a semicolon there are paths */
	return at;
}
