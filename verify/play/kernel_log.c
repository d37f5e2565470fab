/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/kernel_log.h"

#include "build/base/arena.h"
#include "verify/expect.h"
#include "verify/play/watches.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN 300
/* <N>: the level and eight times the facility, of which the kernel's is 0 */
#define PROGRAMS 8

#define TAINTED "cat /proc/sys/kernel/tainted"

const char kernel_log_command[] = "{ " TAINTED " 2>/dev/null || echo 0; } && dmesg -r";
const char kernel_log_at_end[] =
    "{ " TAINTED " 2>/dev/null || { mount -t proc proc /proc && " TAINTED "; }; } && dmesg -r";

static bool
read_record(struct arena *a, const char *line, size_t n, struct kernel_record *r)
{
	char *end;
	unsigned long mark;

	if (n < 3 || *line != '<')
		return false;
	mark = strtoul(line + 1, &end, 10);
	if (end == line + 1 || *end != '>' || mark >= PROGRAMS)
		return false;
	end++;
	*r = (struct kernel_record){ .level = (unsigned)mark,
		.text = arena_strndup(a, end, n - (size_t)(end - line)) };
	return true;
}

int
kernel_log_read(struct arena *a, const char *out, size_t n, struct kernel_log *log, struct err *e)
{
	const char *p = arena_strndup(a, out, n), *eol;
	struct kernel_record r;
	char *end;

	*log = (struct kernel_log){ .tainted = strtoul(p, &end, 10) };
	if (end == p || *end != '\n')
		return fail(e, "the kernel log cannot be read: %s", one_line(a, out, n, SHOWN));
	for (p = end + 1; *p; p = *eol ? eol + 1 : eol) {
		eol = p + strcspn(p, "\n");
		if (!read_record(a, p, (size_t)(eol - p), &r))
			continue;
		log->v = arena_more(a, log->v, log->n, sizeof r);
		log->v[log->n++] = r;
	}
	if (!log->n)
		return fail(e, "the kernel log has no record of the kernel");
	return 0;
}

const char *
kernel_log_find(struct arena *a, const struct kernel_log *log, const struct scenario *s,
    const struct watch *w, unsigned level)
{
	for (size_t i = 0; i < log->n; i++) {
		const struct kernel_record *r = &log->v[i];
		const char *line;

		/* a pattern that cannot be judged has not been found: it is the console's to say so
		 */
		if (r->level > level || pattern_match(a, w->pattern, r->text, strlen(r->text), NULL,
					    &(struct err){ 0 }) != 1)
			continue;
		line = one_line(a, r->text, strlen(r->text), SHOWN);
		if (!watches_excuse(s, a, w, line))
			return line;
	}
	return NULL;
}
