/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers of servers, as build/source/transfer.c takes them: libcurl reads the bytes, what is made
 * of them is ours.  Each input is the answer to each connection that is made.
 */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "build/source/transfer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
	static const struct transfer_patience patience = {
		.connect = 5 * NS_PER_S, .window = 5 * NS_PER_S, .slow = 1
	};
	struct arena *a = arena_new();
	struct transfer t = { .verb = n % 4 ? TRANSFER_GET : TRANSFER_HEAD, .fd = -1, .most = 100 };

	if (!server.port)
		start();
	answer_with(p, n);
	t.url = "http://fuzz.invalid/x";
	/* so that whoever an answer sends us to is this server, too */
	t.proxy = arena_printf(a, "http://127.0.0.1:%u", server.port);
	if (n % 4 == 1) { /* the rest of a file */
		t.fd = memfd_create("fuzz", MFD_CLOEXEC);
		fuzz_must(write(t.fd, "abc", 3) == 3, "a file can be written");
		t.start = 3;
	}
	transfer_all(a, &patience, &t, 1);
	fuzz_must(t.end != TRANSFER_RUNNING, "it has ended");
	fuzz_must(t.have <= t.most, "no more is taken than was asked for");
	fuzz_must(t.type, "there is a type, though it may be empty");
	if (t.end == TRANSFER_ANSWERED)
		fuzz_must(t.status > 0, "an answer has a status");
	else
		fuzz_must(t.failed && *t.failed, "what failed has a reason");
	if (t.fd >= 0)
		close(t.fd);
	answer_with(NULL, 0);
	arena_free(a);
	return 0;
}
