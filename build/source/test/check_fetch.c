/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/source/fetch.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 100000

/*
 * A server on 127.0.0.1 with good and bad manners, chosen by the first name of the path:
 * GET /MANNER/file.
 */
static struct server {
	struct MHD_Daemon *daemon;
	unsigned port;
	char body[SIZE];
	char sha256[DIGEST_HEX];
	atomic_uint requests, sick;
	atomic_bool stop;
	char last_range[64];
} server;

struct reply {
	uint64_t from, n; /* part of the body */
	uint64_t cut;	  /* the connection ends after so many bytes; 0: it does not */
	bool flip, trickle, endless;
};

static ssize_t
read_reply(void *arg, uint64_t pos, char *p, size_t max)
{
	struct reply *r = arg;

	if (r->cut && pos >= r->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (r->cut && max > r->cut - pos)
		max = (size_t)(r->cut - pos);
	if (r->trickle) {
		usleep(1000);
		max = 1;
		if (server.stop)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	if (r->endless) {
		memset(p, 'x', max);
		return (ssize_t)max;
	}
	if (pos >= r->n)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (max > r->n - pos)
		max = (size_t)(r->n - pos);
	memcpy(p, server.body + r->from + pos, max);
	if (r->flip && pos == 0)
		p[0] ^= 1;
	return (ssize_t)max;
}

static enum MHD_Result
answer(struct MHD_Connection *c, unsigned status, struct reply what, const char *header,
    const char *value)
{
	struct reply *r = malloc(sizeof *r);
	struct MHD_Response *resp;
	enum MHD_Result ret;

	*r = what;
	resp = MHD_create_response_from_callback(
	    r->endless ? MHD_SIZE_UNKNOWN : r->n, 1024, read_reply, r, free);
	if (header)
		MHD_add_response_header(resp, header, value);
	ret = MHD_queue_response(c, status, resp);
	MHD_destroy_response(resp);
	return ret;
}

static enum MHD_Result
answer_text(struct MHD_Connection *c, unsigned status, const char *text, const char *header,
    const char *value)
{
	struct MHD_Response *resp = MHD_create_response_from_buffer(
	    strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ret;

	if (header)
		MHD_add_response_header(resp, header, value);
	ret = MHD_queue_response(c, status, resp);
	MHD_destroy_response(resp);
	return ret;
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *ndata, void **state)
{
	const char *range = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Range");
	struct reply all = { .n = SIZE }, rest = all;
	char text[64], manner[32];

	(void)arg, (void)method, (void)version, (void)data, (void)ndata, (void)state;
	server.requests++;
	snprintf(server.last_range, sizeof server.last_range, "%s", range ? range : "");
	sscanf(url, "/%31[^/]", manner);
	if (range && !strncmp(range, "bytes=", 6)) {
		rest.from = strtoull(range + 6, NULL, 10);
		if (rest.from > SIZE)
			rest.from = SIZE;
		rest.n = SIZE - rest.from;
	}
	snprintf(
	    text, sizeof text, "bytes %llu-%d/%d", (unsigned long long)rest.from, SIZE - 1, SIZE);

	if (!strcmp(manner, "sick") && server.sick > 0) {
		server.sick--;
		return answer_text(c, 500, "no", NULL, NULL);
	}
	if (!strcmp(manner, "good") || !strcmp(manner, "sick")) {
		if (rest.n == 0)
			return answer_text(c, 416, "nothing there", NULL, NULL);
		return answer(
		    c, rest.from ? 206 : 200, rest, rest.from ? "Content-Range" : NULL, text);
	}
	if (!strcmp(manner, "cut")) { /* every connection carries 30000 bytes more */
		rest.cut = 30000;
		return answer(
		    c, rest.from ? 206 : 200, rest, rest.from ? "Content-Range" : NULL, text);
	}
	if (!strcmp(manner, "stubborn")) /* cuts, and knows no ranges */
		return answer(c, 200, (struct reply){ .n = SIZE, .cut = 30000 }, NULL, NULL);
	if (!strcmp(manner, "whole"))
		return answer(c, 200, all, NULL, NULL);
	if (!strcmp(manner, "elsewhere"))
		return rest.from ? answer(c, 206, rest, "Content-Range", "bytes 7-99999/100000")
				 : answer(c, 200, all, NULL, NULL);
	if (!strcmp(manner, "flip"))
		return answer(c, 200, (struct reply){ .n = SIZE, .flip = true }, NULL, NULL);
	if (!strcmp(manner, "short"))
		return answer(c, 200, (struct reply){ .n = SIZE / 2 }, NULL, NULL);
	if (!strcmp(manner, "page"))
		return answer_text(c, 200,
		    "\n <!DOCTYPE HTML>\n<html><body>Please log in</body></html>\n", "Content-Type",
		    "text/html");
	if (!strcmp(manner, "endless"))
		return answer(c, 200, (struct reply){ .endless = true }, NULL, NULL);
	if (!strcmp(manner, "trickle"))
		return answer(c, 200, (struct reply){ .n = SIZE, .trickle = true }, NULL, NULL);
	if (!strcmp(manner, "moved"))
		return answer_text(c, 302, "", "Location", "/good/pkg.tar.gz");
	if (!strcmp(manner, "hang"))
		while (!server.stop)
			usleep(1000);
	if (!strcmp(manner, "hang") || !strcmp(manner, "rude"))
		return MHD_NO;
	return answer_text(c, 404, "no such file", NULL, NULL);
}

/* what a run of fetch is about; on the arena of the test */
struct world {
	struct arena *a;
	struct config cfg;
	struct patience patience;
	struct source forms[2];
	struct want want;
	char *log;
};

static struct world
world_new(void)
{
	struct world w = { .a = arena_new() };
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	unsigned x = 1;
	int fd;

	for (size_t i = 0; i < SIZE; i++)
		server.body[i] = (char)((x = x * 1103515245u + 12345u) >> 16);
	digest_bytes(server.body, SIZE, server.sha256);
	server.stop = false;
	server.requests = server.sick = 0;
	server.daemon =
	    MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
		NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
	ck_assert_ptr_nonnull(server.daemon);
	server.port = MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;

	w.cfg.output = arena_printf(w.a, "%s/out", test_dir());
	w.cfg.cache = arena_printf(w.a, "%s/cache", test_dir());
	w.cfg.top = arena_printf(w.a, "%s/top", test_dir());
	w.cfg.mirrors = w.cfg.git_mirror = "";
	w.patience = (struct patience){
		.server = { .connect = 20 * NS_PER_S, .window = 60 * NS_PER_S, .slow = 1 },
		.tries = 3,
		.backoff = NS_PER_MS
	};
	w.forms[0] = (struct source){ .file = "pkg.tar.gz", .sha256 = server.sha256, .size = SIZE };
	w.forms[1] =
	    (struct source){ .file = "pkg-tag.tar.gz", .sha256 = server.sha256, .size = SIZE };
	w.want = (struct want){ .name = "pkg", .version = "1.0", .nforms = 1 };
	/* what it says to people is looked at, not shown */
	w.log = arena_printf(w.a, "%s/log", test_dir());
	fd = open(w.log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(fd, 2);
	close(fd);
	return w;
}

static void
world_end(struct world *w)
{
	server.stop = true;
	MHD_stop_daemon(server.daemon);
	arena_free(w->a);
}

/* %P in text becomes the server's port, %D the test's folder, %S its content's sha256 */
static char *
filled(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, "");

	for (; *text; text++) {
		if (!strncmp(text, "%P", 2))
			out = arena_printf(a, "%s%u", out, server.port), text++;
		else if (!strncmp(text, "%D", 2))
			out = arena_printf(a, "%s%s", out, test_dir()), text++;
		else if (!strncmp(text, "%S", 2))
			out = arena_printf(a, "%s%s", out, server.sha256), text++;
		else
			out = arena_printf(a, "%s%c", out, *text);
	}
	return out;
}

static void
add_origin(struct world *w, size_t form, enum origin_kind kind, const char *where)
{
	struct source *s = &w->forms[form];

	s->origins = arena_grow(w->a, s->origins, s->norigins, s->norigins + 1, sizeof *s->origins);
	s->origins[s->norigins++] = (struct origin){ kind, filled(w->a, where) };
}

static void
fetch_it(struct world *w, bool probe)
{
	struct err e = { 0 };

	w->want.forms = w->forms;
	ck_assert_msg(
	    fetch_with(w->a, &w->cfg, &w->patience, probe, &w->want, 1, &e) == 0, "%s", e.msg);
}

static void
put(struct world *w, const char *path, const void *p, size_t n)
{
	struct err e = { 0 };

	path = filled(w->a, arena_printf(w->a, "%%D/%s", path));
	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, p, n, 0644, &e) == 0, "%s", e.msg);
}

static bool
there(struct world *w, const char *path)
{
	return file_exists(filled(w->a, arena_printf(w->a, "%%D/%s", path)));
}

static void
assert_got(struct world *w)
{
	char hex[DIGEST_HEX];
	struct err e = { 0 };

	ck_assert_msg(w->want.got != NULL, "%s", w->want.why);
	ck_assert_ptr_null(w->want.why);
	ck_assert_msg(digest_file(w->want.path, hex, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(hex, w->want.got->sha256);
	ck_assert(!there(w, "out/sources/%S-pkg.tar.gz.part"));
}

/* lines is what the want should say, with a newline behind every line */
static void
assert_why(struct world *w, char *lines)
{
	ck_assert_ptr_null(w->want.got);
	lines[strlen(lines) - 1] = '\0';
	ck_assert_str_eq(w->want.why, lines);
}

/* what servers may do, and what comes of it */
static const struct manner_case {
	const char *urls[2]; /* the second is tried after the first */
	size_t left;	     /* bytes of the right content that an earlier run left */
	bool no_size;	     /* the recipe does not tell it */
	unsigned sick;	     /* times that /sick/ fails */
	unsigned requests;   /* that the server sees */
	const char
	    *why; /* of the first origin, when it fails; NULL: the file is there in the end */
} manners[] = {
	{ { "good" }, 0, false, 0, 1, NULL },
	{ { "good" }, 0, true, 0, 1, NULL },
	{ { "moved" }, 0, false, 0, 2, NULL },
	/* resuming */
	{ { "good" }, 40000, false, 0, 1, NULL },
	{ { "whole" }, 40000, false, 0, 1, NULL },
	{ { "elsewhere" }, 40000, false, 0, 2, NULL },
	{ { "good" }, SIZE, false, 0, 0, NULL }, /* it was complete */
	{ { "good" }, SIZE, true, 0, 1, NULL },	 /* 416 */
	{ { "cut", "good" }, 20000, false, 0, 3, NULL },
	{ { "cut" }, 0, false, 0, 3, "connection ended after 90000 of 100000 bytes (3 attempts)" },
	{ { "cut", "good" }, 0, false, 0, 4, NULL },
	{ { "stubborn" }, 0, false, 0, 3,
	    "connection ended after 30000 of 100000 bytes (3 attempts)" },
	{ { "stubborn", "good" }, 0, false, 0, 4, NULL },
	/* trouble that passes, or does not */
	{ { "sick" }, 0, false, 2, 3, NULL },
	{ { "sick" }, 40000, false, 2, 3, NULL },
	{ { "sick" }, 0, false, 3, 3, "HTTP status 500 (3 attempts)" },
	{ { "sick", "good" }, 0, false, 3, 4, NULL },
	{ { "rude" }, 0, false, 0, 3, "Empty reply from server (3 attempts)" },
	{ { "gone" }, 0, false, 0, 1, "HTTP status 404" },
	/* not what was asked for */
	{ { "page" }, 0, false, 0, 1, "answered with a web page instead of the file" },
	{ { "page" }, 40000, false, 0, 1, "answered with a web page instead of the file" },
	{ { "page", "good" }, 0, false, 0, 2, NULL },
	{ { "endless" }, 0, false, 0, 1, "sends more than 100000 bytes" },
	{ { "endless", "good" }, 0, false, 0, 2, NULL },
	{ { "short" }, 0, false, 0, 3, "ended after 50000 of 100000 bytes (3 attempts)" },
	{ { "short", "good" }, 0, false, 0, 4, NULL },
	{ { "flip", "good" }, 0, false, 0, 2, NULL },
	{ { "flip", "good" }, 40000, false, 0, 2, NULL },
};

START_TEST(servers_with_manners)
{
	const struct manner_case *c = &manners[_i];
	struct world w = world_new();

	server.sick = c->sick;
	if (c->no_size)
		w.forms[0].size = 0;
	for (size_t i = 0; i < 2 && c->urls[i]; i++)
		add_origin(&w, 0, ORIGIN_URL,
		    arena_printf(w.a, "http://127.0.0.1:%%P/%s/pkg.tar.gz", c->urls[i]));
	if (c->left)
		put(&w, "out/sources/%S-pkg.tar.gz.part", server.body, c->left);
	fetch_it(&w, false);
	if (c->why) {
		ck_assert_ptr_null(w.want.got);
		assert_why(&w, filled(w.a, arena_printf(w.a,
					       "  %%D/out/sources/pkg.tar.gz: missing\n  "
					       "http://127.0.0.1:%%P/%s/pkg.tar.gz: %s\n",
					       c->urls[0], c->why)));
		ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz"));
	} else {
		assert_got(&w);
	}
	ck_assert_uint_eq(server.requests, c->requests);
	world_end(&w);
}
END_TEST

START_TEST(wrong_sha256_names_both)
{
	struct world w = world_new();
	char flipped[DIGEST_HEX];

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/flip/pkg.tar.gz");
	fetch_it(&w, false);
	server.body[0] ^= 1;
	digest_bytes(server.body, SIZE, flipped);
	assert_why(&w,
	    filled(w.a, arena_printf(w.a,
			    "  %%D/out/sources/pkg.tar.gz: missing\n"
			    "  http://127.0.0.1:%%P/flip/pkg.tar.gz: sha256 is %s, expected %s\n",
			    flipped, server.sha256)));
	ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz"));
	ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz.part"));
	world_end(&w);
}
END_TEST

/* what another run left is wrong from its first byte: no origin may be blamed for it */
START_TEST(spoiled_part)
{
	struct world w = world_new();

	put(&w, "out/sources/%S-pkg.tar.gz.part", "<html>Please log in</html>", 26);
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_uint_eq(server.requests, 2);
	ck_assert_str_eq(server.last_range, "");
	world_end(&w);
}
END_TEST

START_TEST(too_long_part)
{
	struct world w = world_new();
	char *more = arena_alloc(w.a, SIZE + 1);

	memcpy(more, server.body, SIZE);
	put(&w, "out/sources/%S-pkg.tar.gz.part", more, SIZE + 1);
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	fetch_it(&w, false);
	assert_got(&w);
	world_end(&w);
}
END_TEST

START_TEST(hanging_and_trickling)
{
	struct world w = world_new();
	const char *start, *tail = " bytes in 0.5 s";

	w.patience.server.window = NS_PER_S / 2;
	w.patience.server.slow = 50000;
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/hang/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/trickle/pkg.tar.gz");
	fetch_it(&w, false);
	ck_assert_ptr_null(w.want.got);
	start = filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n"
			    "  http://127.0.0.1:%P/hang/pkg.tar.gz: sends nothing for 0.5 s\n"
			    "  http://127.0.0.1:%P/trickle/pkg.tar.gz: too slow: ");
	ck_assert_msg(!strncmp(w.want.why, start, strlen(start)), "%s", w.want.why);
	ck_assert_str_eq(w.want.why + strlen(w.want.why) - strlen(tail), tail);
	ck_assert_uint_eq(server.requests, 2);
	world_end(&w);
}
END_TEST

/* a server that is not there is asked once, whoever wants something of it */
START_TEST(dead_server)
{
	struct world w = world_new();
	char *line, *text;
	struct err e;

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:1/one.tar.gz");
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:1/two.tar.gz");
	fetch_it(&w, false);
	line = filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n"
			   "  http://127.0.0.1:1/one.tar.gz: cannot connect: Connection refused\n"
			   "  http://127.0.0.1:1/two.tar.gz: cannot connect: Connection refused\n");
	assert_why(&w, line);
	ck_assert_int_eq(file_read(w.a, w.log, &text, NULL, &e), 0);
	ck_assert_str_eq(text, "lh: fetching pkg.tar.gz from http://127.0.0.1:1/one.tar.gz\n");
	world_end(&w);
}
END_TEST

START_TEST(file_urls)
{
	struct world w = world_new();

	put(&w, "srv/pkg.tar.gz", server.body, SIZE);
	put(&w, "out/sources/%S-pkg.tar.gz.part", "left", 4);
	add_origin(&w, 0, ORIGIN_URL, "file://%D/nowhere/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_URL, "file://%D/srv/pkg.tar.gz");
	w.cfg.offline = true; /* this is no network */
	fetch_it(&w, false);
	assert_got(&w);
	world_end(&w);
}
END_TEST

START_TEST(offline_asks_nobody)
{
	struct world w = world_new();

	w.cfg.offline = true;
	w.cfg.mirrors = filled(w.a, "http://user:p@ssword@127.0.0.1:%P/good");
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_DEBIAN, "pool/main/p/pkg/pkg_1.0.orig.tar.gz");
	add_origin(&w, 0, ORIGIN_GIT, "v1.0");
	fetch_it(&w, false);
	ck_assert_ptr_null(w.want.got);
	assert_why(
	    &w, filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n"
			    "  http://127.0.0.1:%P/good/pkg.tar.gz: not asked: OFFLINE is true\n"
			    "  http://127.0.0.1:%P/good/pkg.tar.gz: not asked: OFFLINE is true\n"
			    "  Debian archive, pool/main/p/pkg/pkg_1.0.orig.tar.gz: not asked: "
			    "OFFLINE is true\n"
			    "  git tag v1.0: GIT_MIRROR is not set\n"));
	ck_assert_uint_eq(server.requests, 0);
	world_end(&w);
}
END_TEST

/* mirrors first, each with all forms; then the recipe's own */
START_TEST(order_of_origins)
{
	struct world w = world_new();

	w.want.nforms = 2;
	w.cfg.mirrors = filled(w.a, "http://127.0.0.1:%P/gone  %D/srv/");
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/gone/official.tar.gz");
	add_origin(&w, 1, ORIGIN_URL, "http://127.0.0.1:%P/gone/tag.tar.gz");
	fetch_it(&w, false);
	assert_why(&w,
	    filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n"
			"  %D/out/sources/pkg-tag.tar.gz: missing\n"
			"  http://127.0.0.1:%P/gone/pkg.tar.gz: HTTP status 404\n"
			"  http://127.0.0.1:%P/gone/pkg-tag.tar.gz: HTTP status 404\n"
			"  file://%D/srv/pkg.tar.gz: Couldn't open file %D/srv/pkg.tar.gz\n"
			"  file://%D/srv/pkg-tag.tar.gz: Couldn't open file %D/srv/pkg-tag.tar.gz\n"
			"  http://127.0.0.1:%P/gone/official.tar.gz: HTTP status 404\n"
			"  http://127.0.0.1:%P/gone/tag.tar.gz: HTTP status 404\n"));
	put(&w, "srv/pkg-tag.tar.gz", server.body, SIZE);
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_ptr_eq(w.want.got, &w.forms[1]);
	world_end(&w);
}
END_TEST

/* one output's download is the next one's file, without a copy */
START_TEST(cache_is_shared)
{
	struct world w = world_new();
	struct stat one, two;

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_int_eq(stat(w.want.path, &one), 0);
	w.cfg.output = arena_printf(w.a, "%s/other", test_dir());
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_str_eq(w.want.path, filled(w.a, "%D/other/sources/%S-pkg.tar.gz"));
	ck_assert_int_eq(stat(w.want.path, &two), 0);
	ck_assert_uint_eq(one.st_ino, two.st_ino);
	ck_assert_uint_eq(server.requests, 1);
	world_end(&w);
}
END_TEST

/* a file that has rotted is not used, though it was right when it was last looked at */
START_TEST(rotten_file)
{
	struct world w = world_new();
	char rotten[DIGEST_HEX];

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	fetch_it(&w, false);
	assert_got(&w);
	fetch_it(&w, false); /* and is not asked for again */
	assert_got(&w);
	ck_assert_uint_eq(server.requests, 1);

	ck_assert_int_eq(unlink(filled(w.a, "%D/cache/sources/%S-pkg.tar.gz")), 0);
	put(&w, "out/sources/%S-pkg.tar.gz", "rotten", 6);
	digest_bytes("rotten", 6, rotten);
	w.cfg.offline = true;
	fetch_it(&w, false);
	ck_assert_ptr_null(w.want.got);
	assert_why(&w,
	    filled(w.a, arena_printf(w.a,
			    "  %%D/out/sources/pkg.tar.gz: sha256 is %s, expected %s\n"
			    "  http://127.0.0.1:%%P/good/pkg.tar.gz: not asked: OFFLINE is true\n",
			    rotten, server.sha256)));
	w.cfg.offline = false;
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_uint_eq(server.requests, 2);
	world_end(&w);
}
END_TEST

START_TEST(what_it_says)
{
	struct world w = world_new();
	char *text;
	struct err e;

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/gone/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	fetch_it(&w, false);
	ck_assert_int_eq(file_read(w.a, w.log, &text, NULL, &e), 0);
	ck_assert_str_eq(text,
	    filled(w.a,
		"lh: fetching pkg.tar.gz from http://127.0.0.1:%P/gone/pkg.tar.gz\n"
		"lh: fetching pkg.tar.gz from http://127.0.0.1:%P/good/pkg.tar.gz\n"
		"lh: fetched pkg.tar.gz, 100000 bytes from http://127.0.0.1:%P/good/pkg.tar.gz\n"));
	world_end(&w);
}
END_TEST

START_TEST(many_at_once)
{
	struct world w = world_new();
	enum { N = 20 };
	struct want wants[N + 1];
	struct source forms[N];
	struct origin from[N];
	struct err e = { 0 };

	for (size_t i = 0; i < N; i++) {
		from[i] = (struct origin){ ORIGIN_URL,
			filled(w.a, i % 5 == 4 ? "http://127.0.0.1:%P/gone/x"
					       : "http://127.0.0.1:%P/good/x") };
		forms[i] = (struct source){ .file = arena_printf(w.a, "%zu.tar", i),
			.sha256 = server.sha256,
			.origins = &from[i],
			.norigins = 1 };
		wants[i] =
		    (struct want){ .name = "x", .version = "1", .forms = &forms[i], .nforms = 1 };
	}
	wants[N] = wants[0]; /* two packages of one source */
	ck_assert_msg(
	    fetch_with(w.a, &w.cfg, &w.patience, false, wants, N + 1, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < N; i++) {
		ck_assert_int_eq(wants[i].got != NULL, i % 5 != 4);
		ck_assert_int_eq(
		    there(&w, arena_printf(w.a, "out/sources/%%S-%zu.tar", i)), i % 5 != 4);
	}
	ck_assert_str_eq(wants[N].path, wants[0].path);
	ck_assert_uint_eq(server.requests, N);
	world_end(&w);
}
END_TEST

/* another lh-build holds FILE.part: its file is taken when it is done */
START_TEST(two_builds_at_once)
{
	struct world w = world_new();
	const char *part = filled(w.a, "%D/out/sources/%S-pkg.tar.gz.part"),
		   *path = filled(w.a, "%D/out/sources/%S-pkg.tar.gz");
	pid_t pid;
	int fd, ready[2];
	char c;

	put(&w, "out/sources/%S-pkg.tar.gz.part", server.body, SIZE / 2);
	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = open(part, O_RDWR);
		flock(fd, LOCK_EX);
		c = 'x';
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		usleep(300000);
		if (pwrite(fd, server.body + SIZE / 2, SIZE / 2, SIZE / 2) != SIZE / 2 ||
		    rename(part, path) < 0)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/gone/pkg.tar.gz");
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_uint_eq(server.requests, 0);
	world_end(&w);
}
END_TEST

/* full or forbidden is no origin's fault */
START_TEST(no_folder)
{
	struct world w = world_new();
	struct err e = { 0 };

	put(&w, "out", "a file", 6);
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	w.want.forms = w.forms;
	ck_assert_int_eq(fetch_with(w.a, &w.cfg, &w.patience, false, &w.want, 1, &e), -1);
	ck_assert_str_eq(e.msg, filled(w.a, "%D/out/sources: Not a directory"));
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	world_end(&w);
}
END_TEST

START_TEST(part_cannot_be_opened)
{
	struct world w = world_new();
	struct err e = { 0 };

	ck_assert_int_eq(
	    file_mkdirs(filled(w.a, "%D/out/sources/%S-pkg.tar.gz.part"), 0755, &e), 0);
	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	w.want.forms = w.forms;
	ck_assert_int_eq(fetch_with(w.a, &w.cfg, &w.patience, false, &w.want, 1, &e), -1);
	ck_assert_str_eq(e.msg, filled(w.a, "%D/out/sources/%S-pkg.tar.gz.part: Is a directory"));
	world_end(&w);
}
END_TEST

/* what has come stays for the next time; a limit stands for the full disk */
START_TEST(full_disk)
{
	struct world w = world_new();
	struct rlimit limit = { SIZE / 2, RLIM_INFINITY };
	struct err e = { 0 };

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	w.want.forms = w.forms;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(fetch_with(w.a, &w.cfg, &w.patience, false, &w.want, 1, &e), -1);
	ck_assert_str_eq(e.msg,
	    filled(w.a, "%D/out/sources/%S-pkg.tar.gz.part: File too large (see ulimit -f)"));
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	limit.rlim_cur = RLIM_INFINITY;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_str_ne(server.last_range, "");
	world_end(&w);
}
END_TEST

static const struct probe_case {
	const char *manner;
	uint64_t size;
	const char *why;
} probes[] = {
	{ "good", SIZE, NULL },
	{ "good", 0, NULL },
	{ "good", 7, "has 100000 bytes, expected 7" },
	{ "gone", SIZE, "HTTP status 404" },
	{ "sick", SIZE, "HTTP status 500 (3 attempts)" },
};

START_TEST(probing)
{
	const struct probe_case *c = &probes[_i];
	struct world w = world_new();

	server.sick = 3;
	w.forms[0].size = c->size;
	add_origin(
	    &w, 0, ORIGIN_URL, arena_printf(w.a, "http://127.0.0.1:%%P/%s/pkg.tar.gz", c->manner));
	fetch_it(&w, true);
	ck_assert_int_eq(w.want.got != NULL, c->why == NULL);
	ck_assert_ptr_null(w.want.path);
	if (c->why)
		assert_why(&w, filled(w.a, arena_printf(w.a,
					       "  %%D/out/sources/pkg.tar.gz: missing\n  "
					       "http://127.0.0.1:%%P/%s/pkg.tar.gz: %s\n",
					       c->manner, c->why)));
	ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz"));
	ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz.part"));
	world_end(&w);
}
END_TEST

/* a script that stands for a program, found before the real one */
static void
script(struct world *w, const char *name, const char *text)
{
	char *bin = arena_printf(w->a, "%s/bin", test_dir());

	put(w, arena_printf(w->a, "bin/%s", name), text, strlen(text));
	ck_assert_int_eq(chmod(arena_printf(w->a, "%s/%s", bin, name), 0755), 0);
	if (!strstr(getenv("PATH"), bin))
		setenv("PATH", arena_printf(w->a, "%s:%s", bin, getenv("PATH")), 1);
}

static const struct apt_case {
	const char *says; /* apt-get; %P as usual */
	const char *why;  /* NULL: the archive is found */
} apts[] = {
	{ "echo http://127.0.0.1:1/security main Debian Debian-Security; echo "
	  "http://127.0.0.1:%P/good main Debian Debian",
	    NULL },
	{ "case \"$*\" in *--no-release-info*) echo 'http://127.0.0.1:%P/good/ main $(ORIGIN) "
	  "$(LABEL)';; esac",
	    NULL },
	{ "echo http://127.0.0.1:%P/good main Ubuntu Ubuntu", "apt has no Debian archive" },
	{ "echo http://127.0.0.1:%P/good contrib Debian Debian", "apt has no Debian archive" },
	{ "echo cdrom://disc/ main Debian Debian",
	    "apt's archive cdrom://disc is not an http, https or file URL" },
	{ "echo tor+http://me:secret@disc/ main Debian Debian",
	    "apt's archive tor+http://disc is not an http, https or file URL" },
	{ "exit 7", "apt names no archive (apt-get: exit status 7)" },
};

START_TEST(debian_archive)
{
	const struct apt_case *c = &apts[_i];
	struct world w = world_new();

	script(&w, "apt-get", filled(w.a, arena_printf(w.a, "#!/bin/sh\n%s\n", c->says)));
	script(&w, "apt-config", "#!/bin/sh\n");
	add_origin(&w, 0, ORIGIN_DEBIAN, "pool/main/p/pkg/pkg_1.0.orig.tar.gz");
	fetch_it(&w, false);
	if (c->why)
		assert_why(&w, filled(w.a, arena_printf(w.a,
					       "  %%D/out/sources/pkg.tar.gz: missing\n  Debian "
					       "archive, pool/main/p/pkg/pkg_1.0.orig.tar.gz: %s\n",
					       c->why)));
	else
		assert_got(&w);
	world_end(&w);
}
END_TEST

START_TEST(debian_through_apts_proxy)
{
	struct world w = world_new();

	script(&w, "apt-get", "#!/bin/sh\necho http://archive.invalid/debian main Debian Debian\n");
	script(&w, "apt-config", filled(w.a, "#!/bin/sh\necho \"$2='http://127.0.0.1:%P/'\"\n"));
	add_origin(&w, 0, ORIGIN_DEBIAN, "pool/pkg_1.0.orig.tar.gz");
	fetch_it(&w, false);
	/*
	 * the server takes the whole URL for a path that it does not have: it was asked, no name
	 * was looked up
	 */
	assert_why(&w, filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n  Debian archive, "
				   "pool/pkg_1.0.orig.tar.gz: HTTP status 404\n"));
	ck_assert_uint_eq(server.requests, 1);
	world_end(&w);
}
END_TEST

START_TEST(no_apt)
{
	struct world w = world_new();

	setenv("PATH", "/nonexistent", 1);
	add_origin(&w, 0, ORIGIN_DEBIAN, "pool/pkg_1.0.orig.tar.gz");
	fetch_it(&w, false);
	assert_why(
	    &w, filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n"
			    "  Debian archive, pool/pkg_1.0.orig.tar.gz: cannot run apt to find "
			    "its archive (apt-get: not found in PATH)\n"));
	world_end(&w);
}
END_TEST

/* a clone with one commit and the tag v1.0, and the sha256 its archive should have */
static void
make_clone(struct world *w)
{
	char *command =
	    filled(w->a, "exec >/dev/null 2>&1; set -e; export HOME=%D GIT_CONFIG_NOSYSTEM=1; cd "
			 "%D; git init clone/pkg; cd clone/pkg\n"
			 "git config user.name A; git config user.email a@example.org; git config "
			 "tar.umask 0077\n"
			 "echo '*.txt text eol=crlf' >../../attributes; git config "
			 "core.attributesFile %D/attributes\n"
			 "printf 'one\\n' >a.txt; git add a.txt; GIT_COMMITTER_DATE='1700000000 "
			 "+0000' git commit -m one; git tag v1.0; git tag -a -m signed v1.1\n"
			 "cd ../..; git clone --bare clone/pkg bare/pkg\n"
			 "git -C clone/pkg -c tar.umask=0002 -c core.attributesFile=/dev/null "
			 "archive --prefix=pkg-1.0/ v1.0 | gzip -n >expected\n");
	char *hex = arena_alloc(w->a, DIGEST_HEX);
	struct err e = { 0 };

	ck_assert_int_eq(system(command), 0);
	ck_assert_msg(digest_file(filled(w->a, "%D/expected"), hex, &e) == 0, "%s", e.msg);
	w->forms[0].sha256 = hex;
	w->forms[0].size = 0;
}

static const struct git_case {
	const char *mirror, *tag, *why;
} gits[] = {
	{ "%D/clone/%s", "v1.0", NULL },
	{ "%D/bare/%s", "v1.0", NULL },
	{ "%D/bare/pkg", "v1.0", NULL },
	{ "%D/bare/%s", "v2.0", "  %D/bare/pkg, tag v2.0: it has no tag v2.0\n" },
	{ "%D/none/%s", "v1.0", "  %D/none/pkg, tag v1.0: No such file or directory\n" },
	{ "%D/cache/%s", "v1.0",
	    "  %D/cache/pkg, tag v1.0: not a git repository: HEAD is missing\n" },
};

START_TEST(git_clones)
{
	const struct git_case *c = &gits[_i];
	struct world w = world_new();
	struct err e;

	make_clone(&w);
	ck_assert_int_eq(file_mkdirs(filled(w.a, "%D/cache/pkg"), 0755, &e), 0);
	w.cfg.git_mirror = filled(w.a, c->mirror);
	w.cfg.offline = true; /* a clone is no network */
	add_origin(&w, 0, ORIGIN_GIT, c->tag);
	fetch_it(&w, true);
	ck_assert_int_eq(w.want.got != NULL, c->why == NULL);
	fetch_it(&w, false);
	if (c->why)
		assert_why(&w,
		    filled(w.a,
			arena_printf(w.a, "  %%D/out/sources/pkg.tar.gz: missing\n%s", c->why)));
	else
		assert_got(&w);
	world_end(&w);
}
END_TEST

START_TEST(git_must_match_pin)
{
	struct world w = world_new();
	const char *right;

	make_clone(&w);
	right = w.forms[0].sha256;
	w.forms[0].sha256 = server.sha256;
	w.cfg.git_mirror = filled(w.a, "%D/clone/%s");
	add_origin(&w, 0, ORIGIN_GIT, "v1.0");
	fetch_it(&w, false);
	assert_why(&w, filled(w.a, arena_printf(w.a,
				       "  %%D/out/sources/pkg.tar.gz: missing\n"
				       "  %%D/clone/pkg, tag v1.0: sha256 is %s, expected %s\n",
				       right, server.sha256)));
	ck_assert(!there(&w, "out/sources/%S-pkg.tar.gz.part"));
	world_end(&w);
}
END_TEST

/* a clone can make an archive without end of very little */
START_TEST(git_within_size)
{
	struct world w = world_new();

	make_clone(&w);
	w.forms[0].size = 50;
	w.cfg.git_mirror = filled(w.a, "%D/clone/%s");
	add_origin(&w, 0, ORIGIN_GIT, "v1.0");
	fetch_it(&w, false);
	assert_why(
	    &w, filled(w.a, "  %D/out/sources/pkg.tar.gz: missing\n  %D/clone/pkg, tag v1.0: its "
			    "archive has more than 50 bytes\n"));
	world_end(&w);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* from now on a process that opens a socket is killed, at the kernel's door */
static void
forbid_sockets(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_socket, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { .len = sizeof f / sizeof *f, .filter = f };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) < 0)
		_exit(77);
}

/* whatever is missing: with OFFLINE not even a socket is opened; without it, one would be */
START_TEST(offline_opens_no_socket)
{
	bool offline = _i, probe = _i == 2;
	struct world w = world_new();
	struct err e = { 0 }, lack;
	int status;
	pid_t pid;

	add_origin(&w, 0, ORIGIN_URL, "http://127.0.0.1:%P/good/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_DEBIAN, "pool/main/p/pkg/pkg.tar.gz");
	add_origin(&w, 0, ORIGIN_GIT, "v1.0");
	w.cfg.mirrors = filled(w.a, "file://%D/nowhere http://127.0.0.1:%P/good/");
	w.cfg.git_mirror = filled(w.a, "%D/%%s");
	w.cfg.offline = offline;
	w.want.forms = w.forms;
	pid = fork();
	if (pid == 0) {
		forbid_sockets();
		_exit(
		    fetch_with(w.a, &w.cfg, &w.patience, probe, &w.want, 1, &e) == 0 && !w.want.got
			? 0
			: 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (offline)
		ck_assert_msg(
		    WIFEXITED(status) && WEXITSTATUS(status) == 0, "wait status %d", status);
	else
		ck_assert_msg(
		    WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "wait status %d", status);
	ck_assert_uint_eq(server.requests, 0);

	w.want.why = "  one: missing\n  two: HTTP status 404";
	fetch_lack(&w.cfg, &w.want, &lack);
	if (!offline)
		ck_assert_str_eq(lack.msg,
		    "pkg 1.0: no origin has its source: one: missing; two: HTTP status 404");
	else
		ck_assert_str_eq(lack.msg,
		    "pkg 1.0: pkg.tar.gz is not fetched, and OFFLINE is true; run `./make "
		    "sources` where there is a network, or unpack a bundle made there");
	world_end(&w);
}
END_TEST

/* what a bundle brought: sources/ of the checkout, checked like all others */
START_TEST(sources_beside_the_recipes)
{
	struct world w = world_new();

	w.cfg.offline = true;
	put(&w, "top/sources/pkg.tar.gz", server.body, SIZE - 1);
	fetch_it(&w, false);
	ck_assert_ptr_null(w.want.got);
	put(&w, "top/sources/pkg.tar.gz", server.body, SIZE);
	fetch_it(&w, false);
	assert_got(&w);
	ck_assert_str_eq(w.want.path, filled(w.a, "%D/out/sources/%S-pkg.tar.gz"));
	world_end(&w);
}
END_TEST

Suite *
fetch_suite(void)
{
	Suite *s = suite_create("fetch");
	TCase *tc = harness_case(s, "fetch");

	tcase_add_loop_test(tc, servers_with_manners, 0, COUNT(manners));
	tcase_add_test(tc, wrong_sha256_names_both);
	tcase_add_test(tc, spoiled_part);
	tcase_add_test(tc, too_long_part);
	tcase_add_test(tc, hanging_and_trickling);
	tcase_add_test(tc, dead_server);
	tcase_add_test(tc, file_urls);
	tcase_add_test(tc, offline_asks_nobody);
	tcase_add_loop_test(tc, offline_opens_no_socket, 0, 3);
	tcase_add_test(tc, sources_beside_the_recipes);
	tcase_add_test(tc, order_of_origins);
	tcase_add_test(tc, cache_is_shared);
	tcase_add_test(tc, rotten_file);
	tcase_add_test(tc, what_it_says);
	tcase_add_test(tc, many_at_once);
	tcase_add_test(tc, two_builds_at_once);
	tcase_add_test(tc, no_folder);
	tcase_add_test(tc, part_cannot_be_opened);
	tcase_add_test(tc, full_disk);
	tcase_add_loop_test(tc, probing, 0, COUNT(probes));
	tcase_add_loop_test(tc, debian_archive, 0, COUNT(apts));
	tcase_add_test(tc, debian_through_apts_proxy);
	tcase_add_test(tc, no_apt);
	tcase_add_loop_test(tc, git_clones, 0, COUNT(gits));
	tcase_add_test(tc, git_must_match_pin);
	tcase_add_test(tc, git_within_size);
	return s;
}
