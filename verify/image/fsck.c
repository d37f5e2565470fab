/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/fsck.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/child.h"
#include "build/files/lines.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOWN 300
#define UNCORRECTED 4 /* a bit of its exit status, e2fsck(8) */
/* its clock, in seconds, as late as it knows any: what a guest's says is no damage */
#define CLOCK "E2FSCK_TIME"
#define CLOCK_LATEST "4294967295"

/* where the distribution puts it is in root's PATH only */
static const char *
find_e2fsck(struct arena *a)
{
	const char *path = getenv("PATH");
	char *rest = arena_printf(a, "%s:/usr/sbin:/sbin", path ? path : ""), *dir;

	while ((dir = strsep(&rest, ":"))) {
		const char *program = arena_printf(a, "%s/e2fsck", dir);

		if (*dir && access(program, X_OK) == 0)
			return program;
	}
	return NULL;
}

int
fsck_command(struct arena *a, const char *image, uint64_t offset, struct argv *v, struct err *e)
{
	const char *program = find_e2fsck(a);

	if (!program)
		return fail(e, "e2fsck: not found; install e2fsprogs");
	if (setenv(CLOCK, CLOCK_LATEST, 1) < 0)
		return fail_errno(e, CLOCK);
	*v = (struct argv){ .a = a };
	argv_pushv(v, program, "-fn", NULL);
	argv_pushf(v, "%s?offset=%" PRIu64, image, offset);
	return 0;
}

/* what e2fsck prints whatever it finds */
static bool
is_routine(const char *line)
{
	return !*line || !strncmp(line, "e2fsck ", 7) || !strncmp(line, "Pass ", 5) ||
	       strstr(line, "WARNING: Filesystem still has errors") || strstr(line, " files (");
}

enum fsck_verdict
fsck_judge(struct arena *a, int status, const char *out, size_t n, const char **said)
{
	const char *text = arena_strndup(a, out, n), *line;
	bool asked = false; /* "Fix? no": some damage it does not count as an error */
	char *found = arena_strdup(a, "");
	struct lines l;

	lines_text(a, "e2fsck", text, &l);
	while ((line = lines_next(&l))) {
		size_t len = strlen(line);

		asked = asked || (len >= 4 && !strcmp(line + len - 4, "? no"));
		if (!is_routine(line) && strlen(found) < SHOWN)
			found = arena_printf(a, "%s%s%s", found, *found ? " " : "", line);
	}
	*said = found;
	if (asked || (WIFEXITED(status) && WEXITSTATUS(status) & UNCORRECTED))
		return FSCK_DAMAGED;
	if (status == 0) {
		*said = "";
		return FSCK_SOUND;
	}
	*said = arena_printf(a, "%s%s%s", child_status_text(a, status), *found ? ": " : "", found);
	return FSCK_UNKNOWN;
}
