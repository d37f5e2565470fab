/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/peer.h"

#include "build/base/arena.h"
#include "verify/guest/qemu.h"
#include "verify/loop.h"
#include "verify/peer/pcap.h"
#include "verify/peer/wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LATE_MAX 64

struct peer {
	struct loop *loop;
	peer_told *told;
	void *arg;
	struct pcap pcap;
	struct wire *wires[QEMU_NET_ENDS]; /* NULL: no guest */
	struct late {			   /* an answer that waits */
		struct peer *peer;
		unsigned alarm; /* 0: the row is free */
		size_t n;
		unsigned char frame[FRAME_MAX];
	} late[LATE_MAX];
	unsigned heard[PEER_NWORDS]; /* how often, since peer_attend() */

	unsigned char resolver[4]; /* where the name server is */
	struct dhcp_server dhcp;
	struct dhcp6_server dhcp6;
	struct dns_server dns;
	struct neighbour neighbour;
	struct timeserver time;
};

/* ---- answers ---- */

static void
send_to_guest(struct peer *p, const unsigned char *frame, size_t n)
{
	pcap_add(&p->pcap, frame, n);
	if (p->wires[QEMU_NET_TO_GUEST])
		wire_send(p->wires[QEMU_NET_TO_GUEST], frame, n);
}

static void
on_late(void *arg)
{
	struct late *t = arg;

	t->alarm = 0;
	send_to_guest(t->peer, t->frame, t->n);
}

static void
on_reply(void *arg, const struct datagram *d, nstime after)
{
	struct peer *p = arg;
	unsigned char frame[FRAME_MAX];
	size_t n = frame_write(d, frame);
	struct late *t = p->late;

	if (!after) {
		send_to_guest(p, frame, n);
		return;
	}
	while (t < p->late + LATE_MAX && t->alarm)
		t++;
	if (t == p->late + LATE_MAX)
		return;
	t->peer = p;
	t->n = n;
	memcpy(t->frame, frame, n);
	t->alarm = loop_at(p->loop, clock_now() + after, on_late, t);
}

static void
forget_late(struct peer *p)
{
	for (struct late *t = p->late; t < p->late + LATE_MAX; t++) {
		loop_cancel(p->loop, t->alarm);
		t->alarm = 0;
	}
}

/* ---- protocols: a row each; true: it is the peer's, and does not pass ---- */

static void
hear(struct peer *p, enum peer_word w)
{
	p->heard[w]++;
	p->told(p->arg);
}

static bool
on_dhcp(struct peer *p, const struct datagram *d)
{
	static const enum peer_word words[] = { [DHCP_DISCOVER] = PEER_DISCOVER,
		[DHCP_REQUEST] = PEER_REQUEST,
		[DHCP_DECLINE] = PEER_DECLINE,
		[DHCP_RELEASE] = PEER_RELEASE,
		[DHCP_INFORM] = PEER_INFORM };
	unsigned type = dhcp_type(d);

	/* types that only a server sends are no word of a guest's */
	if (type && type != DHCP_OFFER && type != DHCP_ACKNOWLEDGE && type != DHCP_REFUSE)
		hear(p, words[type]);
	dhcp_answer(&p->dhcp, d, on_reply, p);
	return p->dhcp.manner != DHCP_PASS;
}

/* the name server is where the guest's network has one, and wherever its lease says */
static bool
is_resolver(const struct peer *p, const struct datagram *d)
{
	if (d->ipv6)
		return !memcmp(d->to, dhcp6_resolver, sizeof dhcp6_resolver);
	return !memcmp(d->to, p->resolver, 4) || dhcp_names_resolver(&p->dhcp, d->to);
}

static bool
on_dns(struct peer *p, const struct datagram *d)
{
	if (!is_resolver(p, d))
		return false;
	if (dns_asks(d))
		hear(p, PEER_DNS);
	if (p->dns.on)
		dns_answer(&p->dns, d, on_reply, p);
	return p->dns.on;
}

static bool
on_dhcp6(struct peer *p, const struct datagram *d)
{
	if (dhcp6_asks(d))
		hear(p, PEER_INFORM6);
	dhcp6_answer(&p->dhcp6, d, on_reply, p);
	return p->dhcp6.manner != DHCP6_PASS;
}

static bool
on_ntp(struct peer *p, const struct datagram *d)
{
	if (timeserver_asks(d))
		hear(p, PEER_NTP);
	timeserver_answer(&p->time, d, on_reply, p);
	return p->time.manner != TIMESERVER_PASS;
}

static const struct protocol {
	unsigned port; /* that a guest sends to */
	bool ipv6;     /* too */
	bool (*take)(struct peer *p, const struct datagram *d);
} protocols[] = {
	{ 53, true, on_dns },
	{ 67, false, on_dhcp },
	{ 123, false, on_ntp },
	{ 547, true, on_dhcp6 },
	{ 0 },
};

/* ---- the wire ---- */

static void
from_guest(void *arg, const unsigned char *frame, size_t n)
{
	struct peer *p = arg;
	unsigned char answer[NEIGHBOUR_FRAME];
	struct datagram d;

	pcap_add(&p->pcap, frame, n);
	if (neighbour_answer(&p->neighbour, frame, n, answer)) {
		send_to_guest(p, answer, sizeof answer);
		return;
	}
	if (frame_read(frame, n, &d))
		for (const struct protocol *q = protocols; q->port; q++)
			if (q->port == d.to_port && (q->ipv6 || !d.ipv6) && q->take(p, &d))
				return;
	wire_send(p->wires[QEMU_NET_TO_NET], frame, n);
}

static void
from_net(void *arg, const unsigned char *frame, size_t n)
{
	send_to_guest(arg, frame, n);
}

static void
unplug(struct peer *p)
{
	forget_late(p);
	for (size_t i = 0; i < QEMU_NET_ENDS; i++) {
		wire_free(p->wires[i]);
		p->wires[i] = NULL;
	}
}

int
peer_plug(struct peer *p, int ends[], struct err *e)
{
	static wire_frame *const frames[QEMU_NET_ENDS] = {
		[QEMU_NET_FROM_GUEST] = from_guest, [QEMU_NET_FROM_NET] = from_net
	};
	int pair[2];

	unplug(p);
	peer_attend(p);
	for (size_t i = 0; i < QEMU_NET_ENDS; i++) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
			fail_errno(e, "socketpair");
			while (i--)
				close(ends[i]);
			unplug(p);
			return -1;
		}
		ends[i] = pair[1];
		p->wires[i] = wire_new(p->loop, pair[0], frames[i], p);
	}
	return 0;
}

int
peer_new(struct loop *l, const struct peer_opts *o, peer_told *told, void *arg, struct peer **out,
    struct err *e)
{
	struct peer *p = xmalloc(sizeof *p);

	*p = (struct peer){ .loop = l, .told = told, .arg = arg };
	dhcp_init(&p->dhcp, o->address, o->router, o->dns);
	memcpy(p->resolver, o->dns, sizeof p->resolver);
	if (pcap_open(&p->pcap, o->pcap, e) < 0) {
		free(p);
		return -1;
	}
	*out = p;
	return 0;
}

void
peer_free(struct peer *p)
{
	if (!p)
		return;
	unplug(p);
	pcap_close(&p->pcap);
	free(p);
}

struct dhcp_server *
peer_dhcp(struct peer *p)
{
	return &p->dhcp;
}

struct dhcp6_server *
peer_dhcp6(struct peer *p)
{
	return &p->dhcp6;
}

struct dns_server *
peer_dns(struct peer *p)
{
	return &p->dns;
}

struct neighbour *
peer_neighbour(struct peer *p)
{
	return &p->neighbour;
}

struct timeserver *
peer_timeserver(struct peer *p)
{
	return &p->time;
}

bool
peer_heard(struct peer *p, enum peer_word w)
{
	if (!p->heard[w])
		return false;
	p->heard[w]--;
	return true;
}

void
peer_attend(struct peer *p)
{
	memset(p->heard, 0, sizeof p->heard);
}
