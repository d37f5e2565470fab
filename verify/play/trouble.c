/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/trouble.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "verify/scenario/one_line.h"
#include "verify/subprocess.h"

#include <sys/wait.h>

#define SHOWN 300

const char *
trouble_of(struct arena *a, const struct subprocess_result *r)
{
	const char *said = one_line(a, r->out, r->n, SHOWN);

	if (r->end == SUBPROCESS_LATE)
		return "took too long";
	if (r->end == SUBPROCESS_EXCESS)
		return arena_printf(a, "said more than %d KiB", SUBPROCESS_SAID_MAX / 1024);
	return r->status && *said && WIFEXITED(r->status)
		   ? said
		   : arena_printf(
			 a, "%s%s%s", child_status_text(a, r->status), *said ? ": " : "", said);
}
