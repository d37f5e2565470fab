/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/quarantine.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "verify/history/past.h"

#include <string.h>
#include <time.h>

static bool
is_date(const char *s)
{
	struct tm tm = { 0 };
	const char *end = s && strlen(s) == 10 ? strptime(s, "%Y-%m-%d", &tm) : NULL;

	return end && !*end;
}

int
quarantine_read(
    struct arena *a, const char *path, struct quarantine **out, size_t *n, struct err *e)
{
	struct lines l;
	char *line;

	*out = NULL;
	*n = 0;
	if (lines_open_if_there(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		struct quarantine q = { .where = arena_printf(a, "%s:%u", path, l.no) };

		q.name = word_next(&line);
		q.until = word_next(&line);
		q.reason = line;
		if (!is_date(q.until))
			return lines_fail(
			    &l, e, "expected CASE UNTIL REASON, with UNTIL as 2026-11-26");
		if (!*q.reason)
			return lines_fail(&l, e, "%s: why?  Give a reason behind the date", q.name);
		*out = arena_more(a, *out, *n, sizeof q);
		(*out)[(*n)++] = q;
	}
	return 0;
}

const struct quarantine *
quarantine_of(const struct quarantine *v, size_t n, const struct past_case *c)
{
	for (size_t i = 0; i < n; i++)
		if (past_case_is(c, v[i].name))
			return &v[i];
	return NULL;
}

bool
quarantine_is_over(const struct quarantine *q, const char *night)
{
	return strcmp(night, q->until) > 0;
}
