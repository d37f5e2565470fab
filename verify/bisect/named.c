/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/named.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/files/lines.h"
#include "verify/bisect/program.h"
#include "verify/options.h"

#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

/* what `lh-verify list` prints, a scenario a line, its name first */
static int
ask_verify(
    struct arena *a, const char *lh_verify, const struct named *o, char **list, struct err *e)
{
	struct argv v = { .a = a };
	struct buf said = { 0 };
	int status;

	argv_pushv(&v, lh_verify, "list", "--scenarios", o->scenarios, NULL);
	for (size_t i = 0; i < o->also->n; i++)
		argv_pushv(&v, "--also", o->also->v[i], NULL);
	if (program_run(v.v, NULL, &said, &status, e) < 0)
		return -1;
	*list = arena_strdup(a, said.n ? said.p : "");
	buf_free(&said);
	if (!status)
		return 0;
	fail(e, "%s", program_reason(*list));
	e->code = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_SYSTEM;
	return -1;
}

static bool
is_listed(const struct argv *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

int
named_check(struct arena *a, const char *lh_verify, const struct named *o, struct err *e)
{
	struct argv names = { .a = a };
	struct lines l;
	char *list, *line;

	if (ask_verify(a, lh_verify, o, &list, e) < 0)
		return -1;
	lines_text(a, "list", list, &l);
	while ((line = lines_next(&l))) {
		const char *name = word_next(&line);

		if (name)
			argv_push(&names, name);
	}
	for (const char **s = o->only; *s; s++)
		if (!is_listed(&names, *s))
			return fail_usage(
			    e, "scenario %s: no such scenario; one of %s", *s, argv_quoted(&names));
	return 0;
}
