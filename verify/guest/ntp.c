/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ntp.h"

#include "build/base/arena.h"
#include "verify/island.h"
#include "verify/loop.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SINCE_1900 2208988800u /* seconds, to 1970 */
#define MODE_CLIENT 3
#define MODE_SERVER 4
#define STRATUM 2
#define UNKNOWN 0xc0   /* leap indicator: the clock is not synchronized */
#define PRECISION 0xec /* 2^-20 s */
/* where they are in a packet */
#define ROOT_DELAY 4
#define ROOT_DISPERSION 8
#define REFERENCE_ID 12
#define REFERENCE 16
#define ORIGINATE 24
#define RECEIVE 32
#define TRANSMIT 40

struct ntp {
	struct loop *loop;
	int fd;
	unsigned port;
	nstime offset; /* of its clock from the monotonic one */
};

static void
put(unsigned char *p, uint32_t v)
{
	v = htonl(v);
	memcpy(p, &v, sizeof v);
}

static void
put_time(unsigned char *p, nstime t)
{
	put(p, (uint32_t)(t / NS_PER_S + SINCE_1900));
	put(p + 4, (uint32_t)(((uint64_t)(t % NS_PER_S) << 32) / NS_PER_S));
}

bool
ntp_answer(const unsigned char *query, size_t n, nstime now, unsigned char out[NTP_SIZE])
{
	unsigned version = n ? query[0] >> 3 & 7 : 0;

	if (n < NTP_SIZE || (query[0] & 7) != MODE_CLIENT)
		return false;
	memset(out, 0, NTP_SIZE);
	out[0] = (unsigned char)(version << 3 | MODE_SERVER);
	out[1] = STRATUM;
	out[2] = query[2];
	out[3] = PRECISION;
	put(out + ROOT_DELAY, 1);
	put(out + ROOT_DISPERSION, 1);
	put_time(out + REFERENCE, now);
	memcpy(out + ORIGINATE, query + TRANSMIT, 8);
	put_time(out + RECEIVE, now);
	put_time(out + TRANSMIT, now);
	return true;
}

void
ntp_kiss(unsigned char out[NTP_SIZE])
{
	out[0] |= UNKNOWN;
	out[1] = 0;
	memcpy(out + REFERENCE_ID, "DENY", 4);
}

static void
on_query(void *arg, int fd, short revents)
{
	struct ntp *s = arg;
	unsigned char query[128], answer[NTP_SIZE];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(fd, query, sizeof query, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

	(void)revents;
	/* an answer that is lost is asked for again */
	if (n > 0 && ntp_answer(query, (size_t)n, clock_now() + s->offset, answer))
		(void)!sendto(
		    fd, answer, sizeof answer, MSG_DONTWAIT, (struct sockaddr *)&from, len);
}

int
ntp_serve(
    struct loop *l, const struct island *on, unsigned long unix, struct ntp **out, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	int fd = island_socket(on, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return fail_errno(e, "NTP server: socket");
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		fail_errno(e, "NTP server: bind to 127.0.0.1");
		close(fd);
		return -1;
	}
	*out = xmalloc(sizeof **out);
	**out = (struct ntp){ .loop = l,
		.fd = fd,
		.port = ntohs(sa.sin_port),
		.offset = (nstime)unix * NS_PER_S - clock_now() };
	loop_watch(l, fd, POLLIN, on_query, *out);
	return 0;
}

unsigned
ntp_port(const struct ntp *s)
{
	return s->port;
}

void
ntp_free(struct ntp *s)
{
	if (!s)
		return;
	loop_forget(s->loop, s->fd);
	close(s->fd);
	free(s);
}
