/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/fd.h"
#include "build/cache/shared.h"

#include "build/base/arena.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* a server of ac/ and cas/ in the test's folder; bad manners are for one of the two */
static struct server {
	struct MHD_Daemon *daemon;
	unsigned port;
	const char *manner, *in; /* "ac" or "cas" */
	atomic_uint requests, puts;
	atomic_bool stop;
} server;

struct upload {
	int fd;
};

static ssize_t
slowly(void *arg, uint64_t pos, char *p, size_t max)
{
	(void)arg, (void)max;
	if (server.stop)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!strcmp(server.manner, "cut"))
		return pos < 10 ? (*p = 'x', 1) : MHD_CONTENT_READER_END_WITH_ERROR;
	usleep(20000);
	*p = 'x';
	return 1;
}

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned status, const char *text, size_t n)
{
	struct MHD_Response *r =
	    MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result ret = MHD_queue_response(c, status, r);

	MHD_destroy_response(r);
	return ret;
}

static enum MHD_Result
take(struct MHD_Connection *c, const char *path, const char *data, size_t *n, void **state)
{
	struct upload *u = *state;
	struct err e;

	if (!u) {
		u = *state = calloc(1, sizeof *u);
		file_mkparent(path, &e);
		u->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		return MHD_YES;
	}
	if (*n) {
		fd_write(u->fd, data, *n, path, &e);
		*n = 0;
		return MHD_YES;
	}
	close(u->fd);
	free(u);
	*state = NULL;
	server.puts++;
	return reply(c, 201, "", 0);
}

static enum MHD_Result
handle(void *arg, struct MHD_Connection *c, const char *url, const char *method,
    const char *version, const char *data, size_t *n, void **state)
{
	struct arena *a;
	char *path, *text;
	enum MHD_Result ret;
	struct err e;
	size_t len;
	bool bad = server.in && !strncmp(url + 1, server.in, strlen(server.in));

	(void)arg, (void)version;
	if (!*state)
		server.requests++;
	if (bad && !strcmp(server.manner, "sick"))
		return reply(c, 500, "no", 2);
	if (bad && !strcmp(server.manner, "closed"))
		return reply(c, 401, "no", 2);
	if (bad && !strcmp(server.manner, "lost"))
		return reply(c, 404, "no", 2);
	if (bad && !strcmp(server.manner, "wordy")) {
		static char page[20000];

		memset(page, 'x', sizeof page);
		return reply(c, 404, page, sizeof page);
	}
	if (bad && !strcmp(server.manner, "page"))
		return reply(c, 200, "<html>hello</html>", 18);
	if (bad && (!strcmp(server.manner, "cut") || !strcmp(server.manner, "trickle"))) {
		struct MHD_Response *r =
		    MHD_create_response_from_callback(200, 16, slowly, NULL, NULL);

		ret = MHD_queue_response(c, 200, r);
		MHD_destroy_response(r);
		return ret;
	}
	if (bad && !strcmp(server.manner, "hang")) {
		while (!server.stop)
			usleep(1000);
		return MHD_NO;
	}
	a = arena_new();
	path = arena_printf(a, "%s/srv%s", test_dir(), url);
	if (!strcmp(method, "PUT"))
		ret = take(c, path, data, n, state);
	else if (file_read(a, path, &text, &len, &e) < 0)
		ret = reply(c, 404, "no", 2);
	else {
		if (bad && !strcmp(server.manner, "flip"))
			text[len / 2] ^= 1;
		if (bad && !strcmp(server.manner, "short"))
			len -= 5;
		if (bad && !strcmp(server.manner, "long"))
			len++;				  /* the NUL behind it */
		if (bad && !strcmp(server.manner, "lie")) /* a digest, but not this one */
			memset(strstr(text, "output ") + 7, 'a', 64);
		ret = reply(c, 200, text, len);
	}
	arena_free(a);
	return ret;
}

struct world {
	struct arena *a;
	struct config cfg;
	struct config_var vars[1];
	struct store store;
	struct transfer_patience patience;
	char *log;
};

/* a machine: its CACHE is test_dir()/name */
static void
machine(struct world *w, const char *name)
{
	struct err e = { 0 };

	w->cfg = (struct config){
		.cache = arena_printf(w->a, "%s/%s", test_dir(), name), .vars = w->vars, .nvars = 1
	};
	ck_assert_msg(store_open(w->a, w->cfg.cache, &w->store, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_mkdirs(arena_printf(w->a, "%s/work", w->cfg.cache), 0755, &e), 0);
}

static void
world_new(struct world *w)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd;

	*w = (struct world){ .a = arena_new(),
		.patience = { .connect = 20 * NS_PER_S, .window = 60 * NS_PER_S, .slow = 1 } };
	server.manner = "good";
	server.in = NULL;
	server.stop = false;
	server.requests = server.puts = 0;
	server.daemon =
	    MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
		NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
	ck_assert_ptr_nonnull(server.daemon);
	server.port = MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	w->vars[0] = (struct config_var){ .name = "CACHE_URL",
		.value = arena_printf(w->a, "http://user:secret@127.0.0.1:%u/", server.port) };
	w->log = arena_printf(w->a, "%s/log", test_dir());
	fd = open(w->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	dup2(fd, 2);
	close(fd);
	machine(w, "one");
}

static void
world_end(struct world *w)
{
	server.stop = true;
	MHD_stop_daemon(server.daemon);
	arena_free(w->a);
}

static void
enter(struct world *w, char output[DIGEST_HEX])
{
	char *dir = arena_printf(w->a, "%s/made", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(file_mkdirs(arena_printf(w->a, "%s/out/bin", dir), 0755, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(w->a, "%s/out/bin/s6", dir), "program", 7, 04755, &e), 0);
	ck_assert_int_eq(symlink("/run/x", arena_printf(w->a, "%s/out/link", dir)), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(w->a, "%s/log", dir), "== build\n", 9, 0644, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(w->a, "%s/linked", dir), "bin/s6\town\ts6.o\n", 17, 0444, &e),
	    0);
	ck_assert_msg(
	    store_enter(&w->store, dir, KEY, "target-s6", "node target/s6\n", output, &e) == 0,
	    "%s", e.msg);
}

static void
upload(struct world *w)
{
	struct shared *s = shared_open(w->a, &w->cfg, &w->store, &w->patience);

	ck_assert_ptr_nonnull(s);
	shared_put(s, KEY, "target-s6");
	shared_close(s, false);
}

static char *
said(struct world *w)
{
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(file_read(w->a, w->log, &text, NULL, &e), 0);
	return text;
}

/* from one machine to another; what is there is not sent again */
START_TEST(there_and_back)
{
	char output[DIGEST_HEX], again[DIGEST_HEX], *text;
	struct world w;
	struct shared *s;
	struct err e = { 0 };

	world_new(&w);
	enter(&w, output);
	upload(&w);
	ck_assert_uint_eq(server.puts, 2);
	upload(&w);
	ck_assert_uint_eq(server.puts, 2);

	machine(&w, "two");
	s = shared_open(w.a, &w.cfg, &w.store, &w.patience);
	ck_assert_int_eq(shared_get(s, "ff" KEY, "target-s6", "k", again, &e), 0);
	ck_assert_msg(
	    shared_get(s, KEY, "target-s6", "node target/s6\n", again, &e) == 1, "%s", said(&w));
	shared_close(s, false);
	ck_assert_str_eq(again, output);
	ck_assert_int_eq(store_lookup(&w.store, KEY, "target-s6", again, &e), 1);
	ck_assert_int_eq(
	    file_read(w.a, arena_printf(w.a, "%s/log", store_path(w.a, &w.store, KEY, "target-s6")),
		&text, NULL, &e),
	    0);
	ck_assert_str_eq(text, "== build\n");
	/* or the bill of materials would tell less than where it was built */
	ck_assert_int_eq(
	    file_read(w.a,
		arena_printf(w.a, "%s/linked", store_path(w.a, &w.store, KEY, "target-s6")), &text,
		NULL, &e),
	    0);
	ck_assert_str_eq(text, "bin/s6\town\ts6.o\n");
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a, "lh: target-s6: from http://127.0.0.1:%u\n", server.port));
	world_end(&w);
}
END_TEST

/* what a server may do to who asks; trouble is told once, and then it is not asked again */
static const struct {
	const char *in, *manner;
	const char *warns; /* of it, %s: the archive's digest, 12 of it; a part of the line; NULL:
			      it is no trouble */
	unsigned requests;
} manners[] = {
	{ "ac", "lost", NULL, 2 },
	{ "ac", "wordy", NULL, 2 },
	{ "cas", "lost", NULL, 4 },
	{ "cas", "wordy", NULL, 4 },
	{ "ac", "sick", "ac/001122334455: HTTP status 500; going on without it\n", 1 },
	{ "ac", "closed", "ac/001122334455: HTTP status 401; going on without it\n", 1 },
	{ "ac", "page", "ac/001122334455: not an entry for target-s6; going on without it\n", 1 },
	{ "ac", "short", "ac/001122334455: not an entry for target-s6; going on without it\n", 1 },
	{ "ac", "cut",
	    "ac/001122334455: connection ended after 10 of 200 bytes; going on without it\n", 1 },
	{ "ac", "hang", "ac/001122334455: sends nothing for 1 s; going on without it\n", 1 },
	{ "ac", "trickle", "ac/001122334455: too slow: ", 1 },
	{ "ac", "lie", ": contents do not match its entry in ac/; going on without it\n", 2 },
	{ "cas", "sick", ": HTTP status 500; going on without it\n", 2 },
	{ "cas", "flip", ": its sha256 is ", 2 },
	{ "cas", "short", ": its sha256 is ", 2 },
	{ "cas", "page", ": its sha256 is ", 2 },
	{ "cas", "long", ": sends more than ", 2 },
	{ "cas", "cut", ": connection ended after 10 of 200 bytes; going on without it\n", 2 },
	{ "cas", "hang", ": sends nothing for 1 s; going on without it\n", 2 },
};

START_TEST(servers_with_manners)
{
	char output[DIGEST_HEX], *text;
	struct world w;
	struct shared *s;
	struct err e = { 0 };

	world_new(&w);
	enter(&w, output);
	upload(&w);
	machine(&w, "two");
	server.in = manners[_i].in;
	server.manner = manners[_i].manner;
	server.requests = 0;
	if (!strcmp(server.manner, "hang") || !strcmp(server.manner, "trickle"))
		w.patience = (struct transfer_patience){
			.connect = 20 * NS_PER_S, .window = NS_PER_S, .slow = 100
		};
	s = shared_open(w.a, &w.cfg, &w.store, &w.patience);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(
		    shared_get(s, KEY, "target-s6", "node target/s6\n", output, &e), 0);
	ck_assert_uint_eq(server.requests, manners[_i].requests);
	if (manners[_i].warns) /* nor is anything sent */
		shared_put(s, KEY, "target-s6");
	shared_close(s, false);
	ck_assert_uint_eq(server.requests, manners[_i].requests);
	ck_assert_int_eq(store_lookup(&w.store, KEY, "target-s6", output, &e), 0);
	text = said(&w);
	if (!manners[_i].warns) {
		ck_assert_str_eq(text, "");
	} else {
		const char *begin =
		    arena_printf(w.a, "lh: warning: CACHE_URL http://127.0.0.1:%u: ", server.port);

		ck_assert_msg(
		    !strncmp(text, begin, strlen(begin)) && strstr(text, manners[_i].warns), "%s",
		    text);
		ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1); /* once */
	}
	world_end(&w);
}
END_TEST

/* what sends gives up too, and tells it once */
START_TEST(sending_gives_up)
{
	char output[DIGEST_HEX];
	struct world w;
	struct shared *s;

	world_new(&w);
	enter(&w, output);
	server.in = "cas";
	server.manner = "sick";
	s = shared_open(w.a, &w.cfg, &w.store, &w.patience);
	shared_put(s, KEY, "target-s6");
	shared_put(s, KEY, "target-s6");
	shared_close(s, false);
	ck_assert_uint_eq(server.requests, 2); /* HEAD ac, HEAD cas */
	ck_assert_uint_eq(server.puts, 0);
	ck_assert_ptr_nonnull(strstr(said(&w), ": HTTP status 500; going on without it\n"));
	world_end(&w);
}
END_TEST

START_TEST(a_server_that_is_down)
{
	char output[DIGEST_HEX];
	struct world w;
	struct shared *s;
	struct err e = { 0 };

	world_new(&w);
	server.stop = true;
	MHD_stop_daemon(server.daemon);
	s = shared_open(w.a, &w.cfg, &w.store, &w.patience);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(shared_get(s, KEY, "target-s6", "k", output, &e), 0);
	shared_close(s, false);
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a,
			  "lh: warning: CACHE_URL http://127.0.0.1:%u: ac/001122334455: cannot "
			  "connect: Connection refused; going on without it\n",
			  server.port));
	arena_free(w.a);
}
END_TEST

START_TEST(who_may)
{
	size_t needs[] = { 0, 1 };
	const char *secret[] = { "TRIPLE", "ROOT_HASH" };
	struct recipe plain = { 0 }, layout = { .config = secret, .nconfig = 2 };
	struct node v[] = { { .id = "host/make", .recipe = &plain },
		{ .id = "target/skalibs", .recipe = &plain, .override = "/src" },
		{ .id = "target/s6", .recipe = &plain, .closure = needs, .nclosure = 2 },
		{ .id = "target/x", .recipe = &plain, .closure = needs, .nclosure = 1 },
		{ .id = "target/layout", .recipe = &layout } };
	struct plan p = { .v = v, .n = 5 };
	struct config cfg = { .offline = true };

	ck_assert(shared_may(&p, &v[0]) && shared_may(&p, &v[3]));
	ck_assert(!shared_may(&p, &v[1]) && !shared_may(&p, &v[2]));
	/* it holds hashes of passwords */
	ck_assert(!shared_may(&p, &v[4]));
	ck_assert_ptr_null(shared_open(NULL, &cfg, NULL, NULL));
}
END_TEST

Suite *
shared_suite(void)
{
	Suite *s = suite_of("shared", (const TTest *[]){ there_and_back, sending_gives_up,
					  a_server_that_is_down, who_may, NULL });

	tcase_add_loop_test(
	    harness_case(s, "manners"), servers_with_manners, 0, sizeof manners / sizeof *manners);
	return s;
}
