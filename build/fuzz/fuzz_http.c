/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of servers, as build/source/http.c takes them: libcurl reads the bytes, what is made of
 * them is ours.  Each input is the answer to each connection that is made.
 */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "build/source/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
	int fd;
	unsigned port;
	pthread_mutex_t lock; /* of the answer: one may still be sent when its asker is gone */
	const uint8_t *p;
	size_t n;
} server = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void
answer(int s)
{
	pthread_mutex_lock(&server.lock);
	send(s, server.p, server.n, MSG_NOSIGNAL);
	pthread_mutex_unlock(&server.lock);
}

static void
answer_with(const uint8_t *p, size_t n)
{
	pthread_mutex_lock(&server.lock);
	server.p = p;
	server.n = n;
	pthread_mutex_unlock(&server.lock);
}

static void *
serve(void *unused)
{
	char block[4096];

	for (;;) {
		int s = accept(server.fd, NULL, NULL);

		if (s < 0)
			continue;
		if (read(s, block, sizeof block) > 0)
			answer(s);
		close(s);
	}
	return unused;
}

static void
start(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	pthread_t thread;

	/* nobody's passwords */
	setenv("HOME", fuzz_dir(), 1);
	server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fuzz_must(bind(server.fd, (struct sockaddr *)&sa, sizeof sa) == 0 &&
		      listen(server.fd, 16) == 0 &&
		      getsockname(server.fd, (struct sockaddr *)&sa, &len) == 0 &&
		      pthread_create(&thread, NULL, serve, NULL) == 0,
	    "there is a server");
	server.port = ntohs(sa.sin_port);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct http_patience patience = {
		.connect = NS_PER_S, .seconds = 1, .slow = 1
	};
	struct arena *a = arena_new();
	struct http_request rq = { .verb = n & 1 ? HTTP_HEAD : HTTP_GET, .fd = -1, .size = 100 };

	if (!server.port)
		start();
	answer_with(p, n);
	rq.url = "http://fuzz.invalid/x";
	/* so that whoever an answer sends us to is this server, too */
	rq.proxy = arena_printf(a, "http://127.0.0.1:%u", server.port);
	http_all(a, &patience, &rq, 1);
	if (!rq.failed) {
		fuzz_must(rq.status > 0, "an answer has a status");
		fuzz_must(rq.got <= rq.size, "no more is taken than was asked for");
		fuzz_must(rq.type, "there is a type, though it may be empty");
	}
	answer_with(NULL, 0);
	arena_free(a);
	return 0;
}
