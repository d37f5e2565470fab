/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/listen.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool
is_protocol(const char *s)
{
	return !strcmp(s, "tcp") || !strcmp(s, "udp") || !strcmp(s, "raw");
}

static bool
is_address(const char *s)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, s, bytes) == 1 || inet_pton(AF_INET6, s, bytes) == 1;
}

static int
parse(const struct lines *l, char **w, size_t nw, struct man_listen *out, struct err *e)
{
	char *end;
	unsigned long port;

	if (nw != 4 && nw != 5)
		return lines_fail(l, e, "needs PROTOCOL ADDRESS PORT SERVICE [PROFILE]");
	if (!is_protocol(w[0]))
		return lines_fail(l, e, "%s: not a protocol: tcp, udp or raw", w[0]);
	if (!is_address(w[1]))
		return lines_fail(l, e, "%s: not an address, such as 0.0.0.0 or ::", w[1]);
	port = strtoul(w[2], &end, 10);
	if (*w[2] < '1' || *w[2] > '9' || *end || port > 65535)
		return lines_fail(l, e, "%s: not a port from 1 to 65535", w[2]);
	if (nw == 5 && strcmp(w[4], "s6") && strcmp(w[4], "minimal"))
		return lines_fail(l, e, "%s: no such profile: s6 or minimal", w[4]);
	*out = (struct man_listen){ w[0], w[1], (unsigned)port, w[3] };
	return 0;
}

int
listen_read(struct arena *a, const char *path, const char *profile, struct man_listen **out,
    size_t *n, struct err *e)
{
	struct lines l;
	char *line;

	*out = NULL;
	*n = 0;
	if (lines_open_if_there(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		struct man_listen one;
		char *w[5];
		size_t nw = words(line, w, 5);

		if (parse(&l, w, nw, &one, e) < 0)
			return -1;
		if (nw == 5 && strcmp(w[4], profile))
			continue;
		*out = arena_more(a, *out, *n, sizeof one);
		(*out)[(*n)++] = one;
	}
	return 0;
}
