/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/shared.h"

#include "build/base/arena.h"
#include "build/base/fd.h"
#include "build/cache/pack.h"
#include "build/cache/store.h"
#include "build/cache/traffic.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/sign.h"
#include "build/plan/plan.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER_KEY "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

/* two signers, for these tests alone */
#define PEM(base64) "-----BEGIN PRIVATE KEY-----\n" base64 "\n-----END PRIVATE KEY-----\n"
static const char *const signers[] = {
	PEM("MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"),
	PEM("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
};
#define OURS "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
#define THEIRS "/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="

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
	if (bad && (!strcmp(server.manner, "cut") || !strcmp(server.manner, "trickle") ||
		       !strcmp(server.manner, "crawl"))) {
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
	struct config_var vars[3];
	struct store store;
	struct transfer_patience patience;
	struct traffic *traffic;
	char *log;
};

/* a machine: its CACHE is test_dir()/name */
static void
machine(struct world *w, const char *name)
{
	struct err e = { 0 };

	w->cfg = (struct config){
		.cache = arena_printf(w->a, "%s/%s", test_dir(), name), .vars = w->vars, .nvars = 3
	};
	ck_assert_msg(store_open(w->a, w->cfg.cache, &w->store, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_mkdirs(arena_printf(w->a, "%s/work", w->cfg.cache), 0755, &e), 0);
}

static const char *
signer(struct world *w, size_t i)
{
	return arena_printf(w->a, "%s/signer%zu", test_dir(), i);
}

static void
world_new(struct world *w)
{
	struct err e = { 0 };
	struct sockaddr_in any = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd;

	*w = (struct world){ .a = arena_new(),
		.patience = { .connect = 20 * NS_PER_S, .window = 60 * NS_PER_S, .slow = 1 } };
	w->traffic = traffic_new(w->a);
	server.manner = "good";
	server.in = NULL;
	server.stop = false;
	server.requests = server.puts = 0;
	server.daemon =
	    MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD, 0,
		NULL, NULL, handle, NULL, MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_END);
	ck_assert_ptr_nonnull(server.daemon);
	server.port = MHD_get_daemon_info(server.daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
		    file_write(signer(w, i), signers[i], strlen(signers[i]), 0600, &e), 0);
	/* in the order of their names, as config.c has them */
	w->vars[0] = (struct config_var){ .name = "CACHE_KEY", .value = signer(w, 0) };
	w->vars[1] = (struct config_var){ .name = "CACHE_TRUST", .value = "" };
	w->vars[2] = (struct config_var){ .name = "CACHE_URL",
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
	    file_write(arena_printf(w->a, "%s/out/bin/s6", dir), "program", 7, 0755, &e), 0);
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

static struct shared *
open_one(struct world *w)
{
	struct shared *s = shared_open(w->a, &w->cfg, &w->store, &w->patience);

	ck_assert_ptr_nonnull(s);
	return s;
}

/* until nothing is left to be done */
static void
finish(struct traffic *t)
{
	struct pollfd v[TRAFFIC_POLLS];

	for (;;) {
		while (traffic_turn(t))
			;
		if (!traffic_pending(t))
			return;
		poll(v, traffic_poll(t, v), -1);
	}
}

static void
upload(struct world *w)
{
	struct shared *s = open_one(w);
	struct traffic *t = traffic_new(w->a);

	traffic_put(t, s, KEY, "target-s6");
	finish(t);
	shared_close(s);
}

/* is it in the store after a look-up in a process of its own */
static int
look_up(struct world *w, struct shared *s, const char *key, const char *name)
{
	struct shared_want *want = arena_alloc(w->a, sizeof *want);
	struct traffic *t = w->traffic;
	char output[DIGEST_HEX];
	struct err e = { 0 };

	*want = (struct shared_want){ key, "node target/s6\n" };
	traffic_get(t, s, want, 1, name, want);
	finish(t);
	return store_lookup(&w->store, key, name, output, &e);
}

static char *
said(struct world *w)
{
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(file_read(w->a, w->log, &text, NULL, &e), 0);
	return text;
}

static char *
kept(struct world *w, const char *name)
{
	struct err e = { 0 };
	char *text;

	ck_assert_int_eq(
	    file_read(w->a,
		arena_printf(w->a, "%s/%s", store_path(w->a, &w->store, KEY, "target-s6"), name),
		&text, NULL, &e),
	    0);
	return text;
}

/* from one machine to another; what is there is not sent again */
START_TEST(there_and_back)
{
	char output[DIGEST_HEX], again[DIGEST_HEX];
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
	w.vars[0].value = "";
	w.vars[1].value = THEIRS " " OURS;
	s = open_one(&w);
	ck_assert(shared_takes(s) && !shared_sends(s));
	ck_assert_int_eq(look_up(&w, s, OTHER_KEY, "target-s6"), 0);
	ck_assert_msg(look_up(&w, s, KEY, "target-s6") == 1, "%s", said(&w));
	shared_close(s);
	ck_assert_int_eq(store_lookup(&w.store, KEY, "target-s6", again, &e), 1);
	ck_assert_str_eq(again, output);
	ck_assert_str_eq(kept(&w, "log"), "== build\n");
	/* or the bill of materials would tell less than where it was built */
	ck_assert_str_eq(kept(&w, "linked"), "bin/s6\town\ts6.o\n");
	ck_assert_str_eq(store_signer(w.a, store_path(w.a, &w.store, KEY, "target-s6")), OURS);
	ck_assert_str_eq(said(&w), "");
	/* where it was built, nobody else vouches for it */
	machine(&w, "one");
	ck_assert_ptr_null(store_signer(w.a, store_path(w.a, &w.store, KEY, "target-s6")));
	world_end(&w);
}
END_TEST

/* a source goes to its sha256, once, and again when what is there is shorter */
START_TEST(a_source)
{
	struct world w;
	struct shared *s;
	struct traffic *t;
	char hex[DIGEST_HEX];
	const char *path, *there;
	struct err e = { 0 };

	world_new(&w);
	path = arena_printf(w.a, "%s/x.tar", test_dir());
	ck_assert_int_eq(file_write(path, "source", 6, 0644, &e), 0);
	digest_bytes("source", 6, hex);
	there = arena_printf(w.a, "%s/srv/cas/%s", test_dir(), hex);
	s = open_one(&w);
	t = traffic_new(w.a);
	for (unsigned i = 1; i <= 3; i++) {
		traffic_put_source(t, s, path, hex);
		finish(t);
		ck_assert_uint_eq(server.puts, (i + 1) / 2);
		ck_assert(file_exists(there));
		if (i == 2)
			ck_assert_int_eq(truncate(there, 3), 0);
	}
	shared_close(s);
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
	{ "ac", "cut",
	    "ac/001122334455: connection ended after 10 of 200 bytes; going on without it\n", 1 },
	{ "ac", "hang", "ac/001122334455: sends nothing for 1 s; going on without it\n", 1 },
	{ "ac", "trickle", "ac/001122334455: too slow: ", 1 },
	{ "ac", "crawl", "ac/001122334455: too slow: ", 1 },
	{ "cas", "sick", ": HTTP status 500; going on without it\n", 2 },
	{ "cas", "flip", ": its sha256 is ", 2 },
	{ "cas", "short", ": its sha256 is ", 2 },
	{ "cas", "page", ": its sha256 is ", 2 },
	{ "cas", "long", ": sends more than ", 2 },
	{ "cas", "cut", ": connection ended after 10 of 200 bytes; going on without it\n", 2 },
	{ "cas", "hang", ": sends nothing for 1 s; going on without it\n", 2 },
	/* no fault of the server's alone: it is asked again for something else */
	{ "ac", "short", "ac/001122334455: not a complete signed entry; going on\n", 2 },
	{ "ac", "lie", "ac/001122334455: its signature does not hold; going on\n", 2 },
};

START_TEST(servers_with_manners)
{
	const struct shared_want want = { KEY, "node target/s6\n" };
	char output[DIGEST_HEX], *text;
	struct world w;
	struct shared *s;
	struct traffic *t;
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
	if (!strcmp(server.manner, "crawl")) /* just as quick as it has to be, for ever */
		w.patience = (struct transfer_patience){
			.connect = 20 * NS_PER_S, .window = NS_PER_S, .slow = 5, .rate = 1 << 20
		};
	s = open_one(&w);
	t = traffic_new(w.a);
	for (int i = 0; i < 2; i++) {
		traffic_get(t, s, &want, 1, "target-s6", t);
		finish(t);
	}
	ck_assert_uint_eq(server.requests, manners[_i].requests);
	if (shared_lost(s)) { /* nor is anything sent */
		traffic_put(t, s, KEY, "target-s6");
		finish(t);
	}
	shared_close(s);
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

/* ---- what a server, or who may write there, makes up ---- */

/* an entry, with the lines that begin with a word of `instead` as they are there, signed again */
static char *
forged(struct world *w, const char *text, const char *instead, int by)
{
	char *copy = arena_strdup(w->a, text), *all = arena_strdup(w->a, ""), *line;
	char signature[SIGN_SIGNATURE];
	struct sign_key k;
	struct err e = { 0 };

	while ((line = strsep(&copy, "\n")) && strncmp(line, "signature ", 10)) {
		size_t n = strcspn(line, " ") + 1;

		all = arena_printf(
		    w->a, "%s%s\n", all, instead && !strncmp(line, instead, n) ? instead : line);
	}
	if (by < 0)
		return arena_printf(w->a, "%s%s\nend\n", all, line);
	ck_assert_int_eq(sign_read(signer(w, (size_t)by), &k, &e), 0);
	sign_text(&k, all, strlen(all), signature);
	return arena_printf(w->a, "%ssignature %s\nend\n", all, signature);
}

#define DIGEST_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct forgery {
	const char *instead; /* of a line */
	int by;		     /* who signs it; -1: the signature stays */
	const char *said;    /* behind ac/KEY: */
	const char *key;     /* that is asked for, when not KEY */
} forgeries[] = {
	{ "lh-cache 1", 0, "not a complete signed entry", NULL },
	{ "key " DIGEST_A, -1, "is the entry of target-s6 aaaaaaaaaaaa, not of target-s6", NULL },
	{ NULL, -1, "is the entry of target-s6 001122334455, not of target-s6", OTHER_KEY },
	{ "key " OTHER_KEY, -1, "its signature does not hold", OTHER_KEY },
	{ "name host-s6", 0, "is the entry of host-s6 001122334455, not of target-s6", NULL },
	{ "name target-s6 ", 0, "not a complete signed entry", NULL },
	{ "cas " DIGEST_A, -1, "its signature does not hold", NULL },
	{ "cas ../../etc/passwd", 0, "not a complete signed entry", NULL },
	{ "output " DIGEST_A, -1, "its signature does not hold", NULL },
	{ "size 1", -1, "its signature does not hold", NULL },
	{ "size 00001", 0, "not a complete signed entry", NULL },
	{ "size 18446744073709551616", 0, "not a complete signed entry", NULL },
	{ "unpacked 600000000", -1, "its signature does not hold", NULL },
	{ "unpacked 99999999999999", 0, "not a complete signed entry", NULL },
	{ "signer " THEIRS, 1, "signed by " THEIRS ", which CACHE_TRUST does not name", NULL },
	{ "signer " THEIRS, -1, "signed by " THEIRS ", which CACHE_TRUST does not name", NULL },
	{ "signer " OURS, 1, "its signature does not hold", NULL },
	{ "signer x", 0, "signed by x, which CACHE_TRUST does not name", NULL },
};

START_TEST(forged_entries)
{
	const struct forgery *f = &forgeries[_i];
	const char *key = f->key ? f->key : KEY, *path;
	char output[DIGEST_HEX], *text;
	struct world w;
	struct shared *s;
	struct err e = { 0 };

	world_new(&w);
	enter(&w, output);
	upload(&w);
	path = arena_printf(w.a, "%s/srv/ac/%s", test_dir(), KEY);
	ck_assert_int_eq(file_read(w.a, path, &text, NULL, &e), 0);
	text = forged(&w, text, f->instead, f->by);
	path = arena_printf(w.a, "%s/srv/ac/%s", test_dir(), key);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	machine(&w, "two");
	s = open_one(&w);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(look_up(&w, s, key, "target-s6"), 0);
	ck_assert(!shared_lost(s));
	shared_close(s);
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a,
			  "lh: warning: CACHE_URL http://127.0.0.1:%u: ac/%.12s: %s; going on\n",
			  server.port, key, f->said));
	world_end(&w);
}
END_TEST

/* each shorter entry, and each that goes on */
START_TEST(entries_of_other_lengths)
{
	char output[DIGEST_HEX], *text;
	struct world w;
	struct shared *s;
	struct err e = { 0 };
	const char *path;
	size_t n;

	world_new(&w);
	enter(&w, output);
	upload(&w);
	path = arena_printf(w.a, "%s/srv/ac/%s", test_dir(), KEY);
	ck_assert_int_eq(file_read(w.a, path, &text, &n, &e), 0);
	machine(&w, "two");
	for (size_t i = 10; i < n; i += 7) {
		ck_assert_int_eq(file_write(path, text, i, 0644, &e), 0);
		s = open_one(&w);
		ck_assert_int_eq(look_up(&w, s, KEY, "target-s6"), 0);
		shared_close(s);
	}
	text = arena_printf(w.a, "%s\n", text);
	ck_assert_int_eq(file_write(path, text, n + 1, 0644, &e), 0);
	s = open_one(&w);
	ck_assert_int_eq(look_up(&w, s, KEY, "target-s6"), 0);
	shared_close(s);
	world_end(&w);
}
END_TEST

/* ---- what a signer whom we trust may send, as somebody has his key ---- */

static void
make_link(const char *dir)
{
	ck_assert_int_eq(rmdir(dir), 0);
	ck_assert_int_eq(symlink("/etc", dir), 0);
}

static void
make_kernel_fifo(const char *dir)
{
	char path[4200];

	snprintf(path, sizeof path, "%s/kernel", dir);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
}

static void
make_setuid(const char *dir)
{
	char path[4200];
	struct err e;

	snprintf(path, sizeof path, "%s/su", dir);
	ck_assert_int_eq(file_write(path, "x", 1, 04755, &e), 0);
}

static void
make_rootfs_link(const char *dir)
{
	char path[4200];

	snprintf(path, sizeof path, "%s/rootfs", dir);
	ck_assert_int_eq(symlink("/etc", path), 0);
}

/* 600 MB that are less than one in the archive */
static void
make_large(const char *dir)
{
	char path[4200];
	struct err e;

	snprintf(path, sizeof path, "%s/large", dir);
	ck_assert_int_eq(file_write(path, "x", 1, 0644, &e), 0);
	ck_assert_int_eq(truncate(path, 600000000), 0);
}

static void
make_nothing(const char *dir)
{
	(void)dir;
}

static const struct content {
	void (*make)(const char *out);
	const char *also; /* a symlink to /etc beside out/ */
	uint64_t unpacked;
	const char *said; /* part of it; NULL: it is taken */
} contents[] = {
	{ make_nothing, NULL, 1 << 20, NULL },
	{ make_nothing, NULL, 1, "refused: unpacks to more than it should; going on\n" },
	{ make_large, NULL, 1 << 20, "refused: unpacks to more than it should; going on\n" },
	{ make_link, NULL, 1 << 20, "out: is a symlink, not a folder; going on\n" },
	{ make_rootfs_link, NULL, 1 << 20, "rootfs: is a symlink, not a folder; going on\n" },
	{ make_kernel_fifo, NULL, 1 << 20, "kernel: is a fifo, not a regular file; going on\n" },
	{ make_setuid, NULL, 1 << 20, "out/su: is setuid or setgid, which CACHE does not keep" },
	{ make_nothing, "log", 1 << 20, "log: is a symlink, not a regular file; going on\n" },
	{ make_nothing, "linked", 1 << 20, "linked: is a symlink, not a regular file; going on\n" },
	{ make_nothing, "key", 1 << 20, "has a key; going on\n" },
	{ make_nothing, "signer", 1 << 20, "has a signer; going on\n" },
};

/* what it makes is there as KEY, signed by us */
static void
offer(struct world *w, const struct content *c)
{
	char *out = arena_printf(w->a, "%s/evil", test_dir()),
	     *file = arena_printf(w->a, "%s/evil.tar.zst", test_dir()), hex[DIGEST_HEX],
	     tree[DIGEST_HEX] = DIGEST_A, *text;
	struct err e = { 0 };
	struct pack *p;
	struct stat st;

	ck_assert_int_eq(mkdir(out, 0755), 0);
	c->make(out);
	p = pack_new(file, 0, &e);
	ck_assert_int_eq(
	    c->make == make_link ? pack_add(p, out, "out", &e) : pack_tree(p, out, "out", &e), 0);
	if (c->also) {
		ck_assert_int_eq(symlink("/etc", arena_printf(w->a, "%s/also", test_dir())), 0);
		ck_assert_int_eq(
		    pack_add(p, arena_printf(w->a, "%s/also", test_dir()), c->also, &e), 0);
	}
	ck_assert_int_eq(pack_end(p, &e), 0);
	ck_assert_int_eq(digest_file(file, hex, &e), 0);
	digest_tree(out, tree, &e);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_lt(st.st_size, 1000000);
	text = forged(w,
	    arena_printf(w->a,
		"lh-cache 2\nkey " KEY "\nname target-s6\ncas %s\nsize %jd\nunpacked %ju\n"
		"output %s\nsigner " OURS "\nsignature x\nend\n",
		hex, (intmax_t)st.st_size, (uintmax_t)c->unpacked, tree),
	    NULL, 0);
	ck_assert_int_eq(file_mkdirs(arena_printf(w->a, "%s/srv/cas", test_dir()), 0755, &e), 0);
	ck_assert_int_eq(file_mkdirs(arena_printf(w->a, "%s/srv/ac", test_dir()), 0755, &e), 0);
	ck_assert_int_eq(rename(file, arena_printf(w->a, "%s/srv/cas/%s", test_dir(), hex)), 0);
	ck_assert_int_eq(file_write(arena_printf(w->a, "%s/srv/ac/" KEY, test_dir()), text,
			     strlen(text), 0644, &e),
	    0);
}

START_TEST(signed_contents)
{
	const struct content *c = &contents[_i];
	struct world w;
	struct shared *s;

	world_new(&w);
	offer(&w, c);
	s = open_one(&w);
	ck_assert_int_eq(look_up(&w, s, KEY, "target-s6"), !c->said);
	shared_close(s);
	if (c->said)
		ck_assert_msg(strstr(said(&w), c->said) != NULL, "%s", said(&w));
	else
		ck_assert_str_eq(said(&w), "");
	/* nothing is left of it, but what is taken */
	ck_assert_uint_eq(test_entries(arena_printf(w.a, "%s/one/work", test_dir())), 0);
	ck_assert_uint_eq(test_entries(arena_printf(w.a, "%s/one/store", test_dir())), !c->said);
	world_end(&w);
}
END_TEST

/* ---- sending ---- */

/* what we would not take is replaced: it is of another format, or of one whom we do not trust */
START_TEST(a_bad_entry_is_replaced)
{
	char output[DIGEST_HEX], *text, *good;
	struct world w;
	struct shared *s;
	struct err e = { 0 };
	const char *path;

	world_new(&w);
	enter(&w, output);
	upload(&w);
	path = arena_printf(w.a, "%s/srv/ac/" KEY, test_dir());
	ck_assert_int_eq(file_read(w.a, path, &good, NULL, &e), 0);
	text = forged(&w, good, "signer " THEIRS, 1);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	upload(&w);
	ck_assert_int_eq(file_read(w.a, path, &text, NULL, &e), 0);
	ck_assert_str_eq(text, good);
	ck_assert_uint_eq(server.puts, 3);
	/* who trusts them leaves theirs */
	text = forged(&w, good, "signer " THEIRS, 1);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	w.vars[1].value = THEIRS;
	upload(&w);
	ck_assert_uint_eq(server.puts, 3);
	machine(&w, "two");
	s = open_one(&w);
	ck_assert_int_eq(look_up(&w, s, KEY, "target-s6"), 1);
	shared_close(s);
	ck_assert_str_eq(said(&w), "");
	world_end(&w);
}
END_TEST

/* what sends gives up too, and tells it once */
START_TEST(sending_gives_up)
{
	char output[DIGEST_HEX];
	struct world w;
	struct shared *s;
	struct traffic *t;

	world_new(&w);
	enter(&w, output);
	server.in = "cas";
	server.manner = "sick";
	s = open_one(&w);
	t = traffic_new(w.a);
	for (int i = 0; i < 2; i++) {
		traffic_put(t, s, KEY, "target-s6");
		finish(t);
	}
	ck_assert(shared_lost(s) && !shared_sends(s) && !shared_takes(s));
	shared_close(s);
	ck_assert_uint_eq(server.requests, 2); /* GET ac, HEAD cas */
	ck_assert_uint_eq(server.puts, 0);
	ck_assert_ptr_nonnull(strstr(said(&w), ": HTTP status 500; going on without it\n"));
	world_end(&w);
}
END_TEST

START_TEST(a_server_that_is_down)
{
	struct world w;
	struct shared *s;

	world_new(&w);
	server.stop = true;
	MHD_stop_daemon(server.daemon);
	s = open_one(&w);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(look_up(&w, s, KEY, "target-s6"), 0);
	shared_close(s);
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a,
			  "lh: warning: CACHE_URL http://127.0.0.1:%u: ac/001122334455: cannot "
			  "connect: Connection refused; going on without it\n",
			  server.port));
	arena_free(w.a);
}
END_TEST

/* with nobody's key there is nothing to take and nothing to send; one line says so */
START_TEST(without_keys)
{
	struct world w;

	world_new(&w);
	w.vars[0].value = "";
	ck_assert_ptr_null(shared_open(w.a, &w.cfg, &w.store, &w.patience));
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a,
			  "lh: warning: CACHE_URL http://127.0.0.1:%u: only sources are taken from "
			  "it, as neither CACHE_TRUST nor CACHE_KEY is set\n",
			  server.port));
	ck_assert(!shared_takes(NULL) && !shared_sends(NULL));
	world_end(&w);
}
END_TEST

/* ---- children ---- */

static int
pidfd_kill(int pidfd, int sig)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0);
}

/* two servers that hang, a look-up and an upload each: any may be killed, none keeps the others */
START_TEST(a_child_that_is_killed)
{
	const struct shared_want want = { KEY, "node target/s6\n" };
	struct pollfd v[TRAFFIC_POLLS];
	char output[DIGEST_HEX];
	struct shared *s[2];
	struct traffic *t;
	struct world w;
	size_t n;

	world_new(&w);
	signal(SIGTERM, SIG_DFL); /* Check has a handler of its own */
	enter(&w, output);
	server.in = "ac";
	server.manner = "hang";
	t = traffic_new(w.a);
	for (int i = 0; i < 2; i++) {
		s[i] = open_one(&w);
		traffic_get(t, s[i], &want, 1, "target-s6", s[i]);
		traffic_put(t, s[i], KEY, "target-s6");
	}
	ck_assert_ptr_null(traffic_turn(t));
	n = traffic_poll(t, v);
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(traffic_gets(t), 2);
	/* SIGTERM for the first, a look-up; nothing of it is in the way of the others */
	ck_assert_int_eq(pidfd_kill(v[0].fd, SIGTERM), 0);
	ck_assert_int_eq(poll(v, 1, 20000), 1);
	ck_assert_ptr_eq(traffic_turn(t), s[0]);
	ck_assert_ptr_null(traffic_turn(t));
	ck_assert_uint_eq(traffic_pending(t), 3);
	ck_assert(!shared_lost(s[0]));
	traffic_stop(t, false);
	ck_assert_uint_eq(traffic_gets(t), 0);
	ck_assert_uint_eq(traffic_pending(t), 2);
	traffic_stop(t, true);
	ck_assert_uint_eq(traffic_pending(t), 0);
	shared_close(s[0]);
	shared_close(s[1]);
	ck_assert_str_eq(
	    said(&w), arena_printf(w.a,
			  "lh: warning: CACHE_URL http://127.0.0.1:%u: target-s6: killed by signal "
			  "15 (Terminated); going on\n",
			  server.port));
	world_end(&w);
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
	Suite *s = suite_of(
	    "shared", (const TTest *[]){ there_and_back, a_source, entries_of_other_lengths,
			  a_bad_entry_is_replaced, sending_gives_up, a_server_that_is_down,
			  without_keys, a_child_that_is_killed, who_may, NULL });

	tcase_add_loop_test(
	    harness_case(s, "manners"), servers_with_manners, 0, sizeof manners / sizeof *manners);
	tcase_add_loop_test(
	    harness_case(s, "forged"), forged_entries, 0, sizeof forgeries / sizeof *forgeries);
	tcase_add_loop_test(
	    harness_case(s, "contents"), signed_contents, 0, sizeof contents / sizeof *contents);
	return s;
}
