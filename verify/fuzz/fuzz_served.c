/* SPDX-License-Identifier: GPL-2.0-or-later */
/* requests of guests to the server of `host http`; a byte 0xff is the end of a read */
#include "build/fuzz/fuzz.h"
#include "verify/guest/http.h"
#include "verify/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void
nothing(void *unused)
{
	(void)unused;
}

/* serves what is ready now, without waiting */
static void
turn(struct loop *l)
{
	loop_at(l, clock_now(), nothing, NULL);
	loop_once(l, &(struct err){ 0 });
}

/* a client of the one server; -1: this machine is out of ports for the moment */
static int
client(unsigned port)
{
	/* closed by a reset, or those ports would all be waiting for a last word */
	static const struct linger at_once = { .l_onoff = 1 };
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	close(fd);
	return -1;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct loop *l;
	static struct http *h;
	struct err e;
	int fd;

	if (!l)
		l = loop_new();
	fuzz_must(h || http_serve(l, NULL, "body", 4, &h, &e) == 0, "there is a server");
	fd = client(http_port(h));
	if (fd < 0)
		return -1;
	turn(l);
	while (n) {
		const uint8_t *end = memchr(p, 0xff, n);
		size_t k = end ? (size_t)(end - p) : n;

		if (k && send(fd, p, k, MSG_NOSIGNAL) < 0)
			break; /* it has hung up */
		turn(l);
		p += k + (end != NULL);
		n -= k + (end != NULL);
	}
	turn(l);
	close(fd);
	turn(l);
	return 0;
}
