/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/url.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <stdbool.h>
#include <string.h>

/* is it behind a colon and no port: then its writer has left a / in a password as it is */
static bool
is_cut_password(const char *host, size_t n)
{
	const char *colon = *host == '[' ? NULL : memrchr(host, ':', n);

	size_t port = colon ? n - (size_t)(colon + 1 - host) : 0;

	return colon && (!port || strspn(colon + 1, "0123456789") < port);
}

const char *
url_shown(struct arena *a, const char *text)
{
	struct buf out = { 0 };
	const char *shown, *host;

	while ((host = strstr(text, "://"))) {
		const char *at;
		size_t n;

		host += 3;
		n = strcspn(host, "/?# \t\n");
		/* a password may hold an @ itself: the last one is before the host */
		at = memrchr(host, '@', n);
		if (!at && is_cut_password(host, n))
			at = memrchr(host, '@', strcspn(host, " \t\n"));
		buf_add(&out, text, (size_t)(host - text));
		text = at ? at + 1 : host;
	}
	buf_adds(&out, text);
	shown = arena_strdup(a, out.p ? out.p : "");
	buf_free(&out);
	return shown;
}

const char *
url_host(struct arena *a, const char *url)
{
	const char *host = strstr(url_shown(a, url), "://");
	size_t n;

	if (!host)
		return "";
	host += 3;
	n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?#");
	return arena_strndup(a, host, strnlen(host, n));
}
