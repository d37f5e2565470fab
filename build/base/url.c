/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/url.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <string.h>

const char *
url_shown(struct arena *a, const char *text)
{
	struct buf out = { 0 };
	const char *shown, *host;

	while ((host = strstr(text, "://"))) {
		const char *at;

		host += 3;
		/* a password may hold an @ itself: the last one is before the host */
		at = memrchr(host, '@', strcspn(host, "/?# \t\n"));
		buf_add(&out, text, (size_t)(host - text));
		text = at ? at + 1 : host;
	}
	buf_adds(&out, text);
	shown = arena_strdup(a, out.p ? out.p : "");
	buf_free(&out);
	return shown;
}
