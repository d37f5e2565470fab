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

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	/* closed by a reset, or the ports of a machine would all be waiting for a last word */
	static const struct linger at_once = { .l_onoff = 1 };
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct loop *l = loop_new();
	struct http *h;
	struct err e;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fuzz_must(http_serve(l, "body", 4, &h, &e) == 0, "there is a server");
	sa.sin_port = htons((uint16_t)http_port(h));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	fuzz_must(connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0, "it can be reached");
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
	http_free(h);
	close(fd);
	loop_free(l);
	return 0;
}
