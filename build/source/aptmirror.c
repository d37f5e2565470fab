/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/aptmirror.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/url.h"
#include "build/files/lines.h"

#include <string.h>

#define FORMAT "$(SITE) $(COMPONENT) $(ORIGIN) $(LABEL)"

/* what the command prints; NULL when it cannot be run or fails */
static char *
output_of(struct arena *a, struct argv *v, const char **why)
{
	struct buf out = { 0 };
	struct err e;
	int status;
	char *text = NULL;

	if (child_run(v->v, NULL, &out, &status, &e) < 0)
		*why = arena_printf(a, "cannot run apt to find its archive (%s)", e.msg);
	else if (status != 0)
		*why = arena_printf(
		    a, "apt names no archive (%s: %s)", v->v[0], child_status_text(a, status));
	else
		text = arena_strdup(a, out.p ? out.p : "");
	buf_free(&out);
	return text;
}

/*
 * The main archive among the sites: Debian's security archive has another label and
 * another pool.  Without downloaded indexes apt knows neither origin nor label and
 * leaves them as they are written in the format; then the first `main` has to do.
 */
static const char *
choose(struct arena *a, const char *text)
{
	struct lines l;
	char *line;

	lines_text(a, "apt-get", text, &l);
	while ((line = lines_next(&l))) {
		char *w[4];

		if (words(line, w, 4) != 4 || strcmp(w[1], "main"))
			continue;
		if ((!strcmp(w[2], "Debian") && !strcmp(w[3], "Debian")) || w[2][0] == '$') {
			size_t n = strlen(w[0]);

			while (n && w[0][n - 1] == '/')
				w[0][--n] = '\0';
			return w[0];
		}
	}
	return NULL;
}

static const char *
ask_proxy(struct arena *a, const char *base)
{
	struct argv v = { .a = a };
	const char *why;
	char *text, *quote;

	argv_pushv(&v, "apt-config", "shell", "proxy", NULL);
	argv_push(
	    &v, strncmp(base, "https:", 6) ? "Acquire::http::Proxy" : "Acquire::https::Proxy");
	text = output_of(a, &v, &why); /* proxy='http://...', or nothing */
	if (!text || !(quote = strchr(text, '\'')))
		return NULL;
	text = quote + 1;
	quote = strchr(text, '\'');
	if (!quote)
		return NULL;
	*quote = '\0';
	return strcmp(text, "DIRECT") ? text : "";
}

void
aptmirror_ask(struct arena *a, struct aptmirror *out)
{
	static const char *const ways[] = { NULL, "--no-release-info" };

	*out = (struct aptmirror){ .why = "apt has no Debian archive" };
	for (size_t i = 0; i < 2 && !out->base; i++) {
		struct argv v = { .a = a };
		char *text;

		argv_pushv(&v, "apt-get", "indextargets", "--format", FORMAT, ways[i], NULL);
		text = output_of(a, &v, &out->why);
		if (!text)
			return;
		out->base = choose(a, text);
	}
	if (!out->base)
		return;
	if (strncmp(out->base, "http://", 7) && strncmp(out->base, "https://", 8) &&
	    strncmp(out->base, "file:", 5)) {
		out->why = arena_printf(a, "apt's archive %s is not an http, https or file URL",
		    url_shown(a, out->base));
		out->base = NULL;
		return;
	}
	out->proxy = ask_proxy(a, out->base);
}
