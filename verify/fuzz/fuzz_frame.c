/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a guest sends to who stands between it and its network: the bytes as a frame, and the same
 * as what a datagram has in it, for each protocol.  The first byte says how the servers behave.
 */
#include "build/fuzz/fuzz.h"
#include "verify/peer/dhcp.h"
#include "verify/peer/dhcp6.h"
#include "verify/peer/dns.h"
#include "verify/peer/frame.h"
#include "verify/peer/neighbour.h"
#include "verify/peer/timeserver.h"

#include <stdlib.h>
#include <string.h>

static unsigned replies;

static void
on_reply(void *unused, const struct datagram *d, nstime after)
{
	unsigned char frame[FRAME_MAX];
	struct datagram got;
	size_t n;

	(void)unused;
	replies++;
	fuzz_must(d->n <= FRAME_PAYLOAD_MAX && after >= 0, "an answer fits into a frame");
	n = frame_write(d, frame);
	fuzz_must(frame_read(frame, n, &got) != d->spoilt, "an answer is whole, or is not to be");
	fuzz_must(d->spoilt || (got.n == d->n && !memcmp(got.p, d->p, d->n)),
	    "an answer arrives as it was sent");
}

static void
ask(const struct datagram *d, unsigned how)
{
	static const unsigned char address[4] = { 10, 7, 0, 9 }, router[4] = { 10, 7, 0, 1 },
				   dns[4] = { 10, 7, 0, 3 };
	static const char *const words[] = { "empty", "truncated", "wrong-id", "10.0.0.1" };
	static const char *const manners[] = { "ok", "silent", "nak", "two-servers", "malformed" };
	static struct dns_server names;
	struct dhcp_server leases;
	struct timeserver times = { .manner = how & 1 ? TIMESERVER_KISS : TIMESERVER_OK };
	struct err e;

	dhcp_init(&leases, address, router, dns);
	dhcp_tell(&leases, manners[how % 5], NULL, &e);
	dns_tell(&names, "a.test", words[how % 4], how & 4 ? "1s" : NULL, &e);
	replies = 0;
	dhcp_answer(&leases, d, on_reply, NULL);
	fuzz_must(replies <= 12, "one question, few answers");
	fuzz_must(!replies || dhcp_type(d), "what is answered is a message");
	replies = 0;
	dns_answer(&names, d, on_reply, NULL);
	fuzz_must(replies == dns_asks(d), "each question has its answer");
	replies = 0;
	dhcp6_answer(&(const struct dhcp6_server){ .manner = DHCP6_OK }, d, on_reply, NULL);
	fuzz_must(replies == dhcp6_asks(d), "so has each request of IPv6");
	replies = 0;
	timeserver_answer(&times, d, on_reply, NULL);
	fuzz_must(replies == timeserver_asks(d) || d->to_port != 123, "so has each of a time");
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint16_t ports[] = { 67, 53, 123, 547 };
	static const struct neighbour neighbour = { true, { 10, 7, 0, 9 } };
	unsigned char answer[NEIGHBOUR_FRAME];
	struct datagram d;

	if (!n)
		return 0;
	if (neighbour_answer(&neighbour, p + 1, n - 1, answer))
		fuzz_must(!neighbour_answer(&neighbour, answer, sizeof answer, answer),
		    "what a machine answers is no question");
	if (frame_read(p + 1, n - 1, &d)) {
		fuzz_must(d.p >= p + 1 && d.n <= n - 1 && d.p + d.n <= p + n,
		    "what a frame has in it is within it");
		ask(&d, p[0]);
	}
	for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
		d = (struct datagram){
			.ipv6 = ports[i] == 547, .to_port = ports[i], .p = p + 1, .n = n - 1
		};
		ask(&d, p[0]);
	}
	return 0;
}
