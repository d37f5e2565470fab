/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/watched.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "verify/guest/http.h"
#include "verify/report/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* of a console, at a time */
#define PIECE (256 * 1024)
/*
 * nothing is fetched from elsewhere, no other page may read this one, and only ours has a script:
 * all others have words of a guest
 */
#define HEADERS(script, type)                                                                      \
	"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"                           \
	"Cross-Origin-Resource-Policy: same-origin\r\n"                                            \
	"Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; " script          \
	"\r\nContent-Type: text/" type "; charset=utf-8\r\n"

static const char page_headers[] =
    HEADERS("script-src 'unsafe-inline'; connect-src 'self'", "html");
static const char report_headers[] = HEADERS("", "html");
static const char plain_headers[] = HEADERS("", "plain");

static void
refuse(struct buf *out, const char *status, const char *why)
{
	http_reply(out, status, plain_headers, why, strlen(why));
}

/* a page of elsewhere, whose name leads to 127.0.0.1, is not to read what is here */
static bool
is_meant(const struct watched *w, const char *request)
{
	static const char *const names[] = { "127.0.0.1", "localhost" };
	const char *at = strcasestr(request, "\r\nHost:");
	char want[64];

	if (!at)
		return false;
	at += strlen("\r\nHost:");
	at += strspn(at, " \t");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(want, sizeof want, "%s:%u\r\n", names[i], w->port);
		if (!strncasecmp(at, want, strlen(want)))
			return true;
	}
	return false;
}

/* AGE REPORT: seconds since it was written, and whether the report is there; then the file */
static void
answer_live(struct arena *a, const struct watched *w, struct buf *out)
{
	int fd = beneath_open(w->dir, "live", BENEATH_FILE, &(struct err){ 0 });
	struct buf b = { 0 };
	struct stat st;
	struct err e;
	char *text;
	size_t n;

	if (fd < 0 || fstat(fd, &st) < 0 || fd_read(a, fd, FILE_MOST, "live", &text, &n, &e) < 0) {
		refuse(out, "404 Not Found", "no run here yet\n");
	} else {
		buf_addf(&b, "%lld %s\n", (long long)(time(NULL) - st.st_mtime),
		    beneath_type(w->dir, "index.html") == BENEATH_FILE ? "yes" : "no");
		buf_add(&b, text, n);
		http_reply(out, "200 OK", plain_headers, b.p, b.n);
		buf_free(&b);
	}
	if (fd >= 0)
		close(fd);
}

static void
answer_report(struct arena *a, const struct watched *w, struct buf *out)
{
	struct err e;
	char *text;
	size_t n;

	if (beneath_read(a, w->dir, "index.html", FILE_MOST, &text, &n, &e) < 0)
		refuse(out, "404 Not Found", "the run has no report yet\n");
	else
		http_reply(out, "200 OK", report_headers, text, n);
}

/* NUMBER/OFFSET; a console that is shorter than that has begun anew */
static void
answer_console(struct arena *a, const struct watched *w, const char *which, struct buf *out)
{
	char *end, *text, *piece = arena_alloc(a, PIECE);
	unsigned long number = strtoul(which, &end, 10);
	unsigned long long from = *end == '/' ? strtoull(end + 1, &end, 10) : 0;
	const char *folder = NULL;
	struct stat st;
	struct err e;
	ssize_t n = -1;
	int fd = -1;

	if (!*end && beneath_read(a, w->dir, "live", FILE_MOST, &text, NULL, &e) == 0)
		folder = live_folder(a, text, number);
	if (folder)
		fd = beneath_open(w->dir, arena_printf(a, "%s/console", folder), BENEATH_FILE, &e);
	if (fd < 0) {
		refuse(out, "404 Not Found", "no console yet\n");
		return;
	}
	if (fstat(fd, &st) == 0 && from <= (unsigned long long)st.st_size)
		n = pread(fd, piece, PIECE, (off_t)from);
	if (n < 0)
		refuse(out, "416 Range Not Satisfiable", "it begins anew\n");
	else
		http_reply(out, "200 OK", plain_headers, piece, (size_t)n);
	close(fd);
}

void
watched_answer(void *arg, const char *path, const char *request, struct buf *out)
{
	const struct watched *w = arg;
	struct arena *a = arena_new();
	struct buf page = { 0 };

	if (!is_meant(w, request)) {
		refuse(out, "403 Forbidden", "ask for it as 127.0.0.1, with the port\n");
	} else if (!strcmp(path, "/")) {
		live_page(&page);
		http_reply(out, "200 OK", page_headers, page.p, page.n);
	} else if (!strcmp(path, "/live")) {
		answer_live(a, w, out);
	} else if (!strcmp(path, "/report")) {
		answer_report(a, w, out);
	} else if (!strncmp(path, "/console/", 9)) {
		answer_console(a, w, path + 9, out);
	} else {
		refuse(out, "404 Not Found", "there is /, /live, /report, /console/N/OFFSET\n");
	}
	buf_free(&page);
	arena_free(a);
}
