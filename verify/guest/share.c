/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/share.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* who hardly wants to run is not starved */
#define WANTED UINT64_C(500000000)
/*
 * Timeouts, ours and those inside a guest, leave room for some four times what an idle host needs;
 * ours are lengthened besides, those inside are not.
 */
#define ROOM 4
#define MOST 12

bool
share_of(pid_t pid, struct share *s)
{
	char path[64];
	DIR *d;
	const struct dirent *ent;
	int more;

	*s = (struct share){ 0 };
	snprintf(path, sizeof path, "/proc/%ld/task", (long)pid);
	if (pid <= 0 || !(d = opendir(path)))
		return false;
	while ((more = file_next(d, path, &ent, &(struct err){ 0 })) > 0) {
		struct arena *a = arena_new();
		char *text;
		unsigned long long ran, waited;

		if (*ent->d_name != '.' &&
		    file_read(a, arena_printf(a, "%s/%s/schedstat", path, ent->d_name), &text, NULL,
			&(struct err){ 0 }) == 0 &&
		    sscanf(text, "%llu %llu", &ran, &waited) == 2) {
			s->ran += ran;
			s->waited += waited;
		}
		arena_free(a);
	}
	closedir(d);
	return more == 0;
}

struct share
share_between(const struct share *from, const struct share *to)
{
	return (struct share){ .ran = to->ran > from->ran ? to->ran - from->ran : 0,
		.waited = to->waited > from->waited ? to->waited - from->waited : 0 };
}

double
share_slowdown(const struct share *s)
{
	return s->ran ? 1 + (double)s->waited / (double)s->ran : s->waited ? MOST + 1 : 1;
}

bool
share_starved(const struct share *s, double scale)
{
	double room = ROOM * scale;

	return s->ran + s->waited > WANTED && share_slowdown(s) > (room < MOST ? room : MOST);
}

bool
share_tells(const char *line)
{
	static const char *const words[] = { "timed out", "timeout", "stall", "soft lockup",
		"blocked for more than" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasestr(line, words[i]))
			return true;
	return false;
}
