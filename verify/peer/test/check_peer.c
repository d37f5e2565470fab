/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/peer.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/guest/ntp.h"
#include "verify/guest/qemu.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct stage {
	struct arena *a;
	struct loop *l;
	struct peer *p;
	int ends[QEMU_NET_ENDS];
	const char *pcap;
	unsigned told;
};

static void
on_told(void *arg)
{
	((struct stage *)arg)->told++;
}

static void
set_stage(struct stage *t)
{
	struct peer_opts o = {
		.address = { 10, 7, 0, 9 }, .router = { 10, 7, 0, 1 }, .dns = { 10, 7, 0, 3 }
	};
	struct err e;

	*t = (struct stage){ .a = arena_new(), .l = loop_new() };
	o.pcap = t->pcap = arena_printf(t->a, "%s/net.pcap", test_dir());
	ck_assert_msg(peer_new(t->l, &o, on_told, t, &t->p, &e) == 0, "%s", e.msg);
	ck_assert_msg(peer_plug(t->p, t->ends, &e) == 0, "%s", e.msg);
}

static void
unplug(struct stage *t)
{
	for (size_t i = 0; i < QEMU_NET_ENDS; i++)
		close(t->ends[i]);
}

static void
strike(struct stage *t)
{
	unplug(t);
	peer_free(t->p);
	loop_free(t->l);
	arena_free(t->a);
}

static void
nothing(void *arg)
{
	(void)arg;
}

static void
turn(struct stage *t)
{
	struct err e;

	loop_at(t->l, clock_now(), nothing, NULL);
	ck_assert_int_eq(loop_once(t->l, &e), 0);
}

static void
put(int fd, const unsigned char *p, size_t n)
{
	unsigned char length[4];

	frame_put32(length, (uint32_t)n);
	ck_assert_int_eq(send(fd, length, 4, 0), 4);
	ck_assert_int_eq(send(fd, p, n, 0), (ssize_t)n);
}

/* the next frame that is there; 0: there is none */
static size_t
get(int fd, unsigned char out[FRAME_MAX])
{
	unsigned char length[4];

	if (recv(fd, length, 4, MSG_DONTWAIT) != 4)
		return 0;
	ck_assert_uint_le(frame_get32(length), FRAME_MAX);
	return (size_t)recv(fd, out, frame_get32(length), MSG_DONTWAIT);
}

/* from the guest: d, but for what each of them has */
static void
put_datagram(struct stage *t, struct datagram d)
{
	unsigned char frame[FRAME_MAX];

	memcpy(d.to_mac, "router", 6);
	memcpy(d.from_mac, "guest.", 6);
	d.from_port = 4000;
	put(t->ends[QEMU_NET_FROM_GUEST], frame, frame_write(&d, frame));
	turn(t);
}

static void
put_to(struct stage *t, unsigned host, unsigned port, const void *p, size_t n)
{
	put_datagram(t, (struct datagram){ .to = { 10, 7, 0, (unsigned char)host },
			    .from = { 10, 7, 0, 9 },
			    .to_port = (uint16_t)port,
			    .p = p,
			    .n = n });
}

/* to where QEMU has a name server over IPv6, or beside it */
static void
put_ipv6(struct stage *t, unsigned char last, unsigned port, const void *p, size_t n)
{
	put_datagram(t, (struct datagram){ .to = { 0xfe, 0xc0, [15] = last },
			    .from = { 0xfe, 0xc0, [15] = 9 },
			    .ipv6 = true,
			    .to_port = (uint16_t)port,
			    .p = p,
			    .n = n });
}

static void
put_udp(struct stage *t, unsigned port, const void *p, size_t n)
{
	put_to(t, 3, port, p, n);
}

#define QUESTION "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"
#define NQUESTION (sizeof QUESTION - 1)

/* ARP, TCP and noise, and questions too as long as nobody was told to answer them */
START_TEST(passes)
{
	static const unsigned char arp[60] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5, 6,
		8, 6 };
	unsigned char frame[FRAME_MAX];
	struct stage t;

	set_stage(&t);
	put(t.ends[QEMU_NET_FROM_GUEST], arp, sizeof arp);
	put(t.ends[QEMU_NET_FROM_GUEST], (const unsigned char *)"x", 1);
	put(t.ends[QEMU_NET_FROM_NET], arp, 42);
	turn(&t);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), sizeof arp);
	ck_assert_mem_eq(frame, arp, sizeof arp);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 1);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 42);
	ck_assert_uint_eq(t.told, 0);
	put_udp(&t, 53, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 42 + NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 0);
	ck_assert_uint_eq(t.told, 1);
	ck_assert(peer_heard(t.p, PEER_DNS));
	ck_assert(!peer_heard(t.p, PEER_DNS));
	strike(&t);
}
END_TEST

START_TEST(answers)
{
	unsigned char frame[FRAME_MAX], query[NTP_SIZE] = { 0x23 };
	struct datagram d;
	struct stage t;
	struct err e;
	size_t n;

	set_stage(&t);
	ck_assert_int_eq(dns_tell(peer_dns(t.p), "a", "203.0.113.7", NULL, &e), 0);
	put_udp(&t, 53, QUESTION, NQUESTION);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert(frame_read(frame, n, &d));
	ck_assert_mem_eq(d.from, "\x0a\7\0\3", 4);
	ck_assert_mem_eq(d.to_mac, "guest.", 6);
	ck_assert_uint_eq(d.n, NQUESTION + 16);
	/* another port is another's */
	put_udp(&t, 54, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 42 + NQUESTION);

	/* and another address, until the lease says so */
	put_to(&t, 5, 53, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 42 + NQUESTION);
	ck_assert_int_eq(dhcp_tell(peer_dhcp(t.p), "dns", "10.9.9.9 10.7.0.5", &e), 0);
	put_to(&t, 5, 53, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 42 + NQUESTION + 16);

	ck_assert_int_eq(timeserver_tell(peer_timeserver(t.p), "at", "2000000000", &e), 0);
	put_udp(&t, 123, query, sizeof query);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert(frame_read(frame, n, &d));
	ck_assert_int_eq(d.p[0], 0x24);
	ck_assert_mem_eq(d.p + 40, "\xfa\xe0\x12", 3); /* 4208988800 s since 1900 */
	ck_assert_int_eq(timeserver_tell(peer_timeserver(t.p), "kiss", NULL, &e), 0);
	put_udp(&t, 123, query, sizeof query);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert(frame_read(frame, n, &d));
	ck_assert_mem_eq(d.p, "\xe4\0", 2);
	ck_assert_mem_eq(d.p + 12, "DENY", 4);
	ck_assert_int_eq(timeserver_tell(peer_timeserver(t.p), "silent", NULL, &e), 0);
	put_udp(&t, 123, query, sizeof query);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 0);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 0);
	ck_assert(peer_heard(t.p, PEER_NTP) && peer_heard(t.p, PEER_NTP) &&
		  peer_heard(t.p, PEER_NTP) && !peer_heard(t.p, PEER_NTP));
	strike(&t);
}
END_TEST

/* names over IPv6, too, and nothing else there */
START_TEST(answers_over_ipv6)
{
	static const unsigned char server[16] = { 0xfe, 0xc0, [15] = 3 },
				   guest[16] = { 0xfe, 0xc0, [15] = 9 };
	unsigned char frame[FRAME_MAX], query[NTP_SIZE] = { 0x23 };
	struct datagram d;
	struct stage t;
	struct err e;
	size_t n;

	set_stage(&t);
	put_ipv6(&t, 3, 53, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 62 + NQUESTION);
	ck_assert(peer_heard(t.p, PEER_DNS));
	ck_assert_int_eq(dns_tell(peer_dns(t.p), "a", "203.0.113.7", NULL, &e), 0);
	put_ipv6(&t, 3, 53, QUESTION, NQUESTION);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert(frame_read(frame, n, &d));
	ck_assert(d.ipv6);
	ck_assert_mem_eq(d.from, server, 16);
	ck_assert_mem_eq(d.to, guest, 16);
	ck_assert_mem_eq(d.to_mac, "guest.", 6);
	ck_assert_mem_eq(d.from_mac, "router", 6);
	ck_assert_uint_eq(d.to_port, 4000);
	ck_assert_uint_eq(d.n, NQUESTION + 16);
	put_ipv6(&t, 2, 53, QUESTION, NQUESTION);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 62 + NQUESTION);
	ck_assert_int_eq(timeserver_tell(peer_timeserver(t.p), "at", "2000000000", &e), 0);
	put_ipv6(&t, 3, 123, query, sizeof query);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 62 + NTP_SIZE);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 0);
	strike(&t);
}
END_TEST

/* from a client as busybox is one; its option 6 asks for name servers */
#define INFORM "\x0b\x0b\x33\xdf\0\x08\0\2\0\0\0\6\0\4\0\x17\0\x18\0\1\0\4\0\3\0\1"
#define NINFORM (sizeof INFORM - 1)

static const struct {
	const char *p;
	size_t n;
	bool passes;
} informs[] = {
	{ INFORM, NINFORM, false }, { "\1" INFORM, NINFORM + 1, true }, /* it wants an address */
	{ INFORM, NINFORM - 1, true },		    /* cut short in an option's value */
	{ INFORM, NINFORM - 5, true },		    /* in its head */
	{ INFORM, NINFORM - 8, true },		    /* it does not say who it is */
	{ INFORM, 3, true },			    /* nor which question */
	{ INFORM "\0\1\0\x83", NINFORM + 4, true }, /* an option beyond the end */
};

START_TEST(tells_name_servers_of_ipv6)
{
	static const unsigned char own[] = { 0, 2, 0, 10, 0, 3, 0, 1, 0x52, 0x56, 0, 0, 0, 2 },
				   servers[] = { 0, 23, 0, 16, 0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0,
					   0, 0, 0, 0, 0, 3 };
	unsigned char frame[FRAME_MAX];
	struct datagram d;
	struct stage t;
	struct err e;
	size_t n;

	set_stage(&t);
	put_ipv6(&t, 3, 547, informs[_i].p, informs[_i].n);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 62 + informs[_i].n);
	ck_assert_int_eq(peer_heard(t.p, PEER_INFORM6), !informs[_i].passes);
	ck_assert_int_eq(dhcp6_tell(peer_dhcp6(t.p), "ok", NULL, &e), 0);
	put_ipv6(&t, 3, 547, informs[_i].p, informs[_i].n);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 0);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert_int_eq(n == 0, informs[_i].passes);
	if (n) {
		ck_assert(frame_read(frame, n, &d));
		ck_assert_uint_eq(d.n, 4 + 8 + sizeof own + sizeof servers);
		ck_assert_mem_eq(d.p, "\7\x0b\x33\xdf\0\1\0\4\0\3\0\1", 12);
		ck_assert_mem_eq(d.p + 12, own, sizeof own);
		ck_assert_mem_eq(d.p + 12 + sizeof own, servers, sizeof servers);
		ck_assert_uint_eq(d.from_port, 547);
		ck_assert_mem_eq(d.to_mac, "guest.", 6);
	}
	ck_assert_int_eq(dhcp6_tell(peer_dhcp6(t.p), "silent", NULL, &e), 0);
	put_ipv6(&t, 3, 547, informs[_i].p, informs[_i].n);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 0);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_NET], frame), 0);
	strike(&t);
}
END_TEST

static const struct {
	const char *what, *value;
	const char *options; /* as they are, in hexadecimal; "!" and a message: refused */
} tellings6[] = {
	{ "search", "a.test b",
	    "0017 0010 fec00000000000000000000000000003 "
	    "0018 000b 016104746573740001 6200" },
	{ "search", "none", "0017 0010 fec00000000000000000000000000003" },
	{ "dns", "fec0::4 fe80::5",
	    "0017 0020 fec00000000000000000000000000004 "
	    "fe800000000000000000000000000005" },
	{ "dns", "none", "" },
	{ "dns", "10.0.2.3", "!net dhcp6 dns: 10.0.2.3: not an IPv6 address, such as fec0::3" },
	{ "dns", "", "!net dhcp6 dns: needs a value, or none" },
	{ "dns", NULL, "!net dhcp6 dns: needs a value behind it" },
	{ "ok", "well", "!net dhcp6 ok: takes no value" },
	{ "loud", NULL, "!net dhcp6 loud: unknown; one of pass ok silent dns search" },
};

START_TEST(tells_what_it_is_told_of_ipv6)
{
	const char *wanted = tellings6[_i].options;
	unsigned char frame[FRAME_MAX];
	struct datagram d;
	struct stage t;
	struct err e;
	size_t n, at = 4 + 8 + 14; /* behind its head and both identifiers */

	set_stage(&t);
	ck_assert_int_eq(dhcp6_tell(peer_dhcp6(t.p), "ok", NULL, &e), 0);
	n = (size_t)dhcp6_tell(peer_dhcp6(t.p), tellings6[_i].what, tellings6[_i].value, &e);
	if (*wanted == '!') {
		ck_assert_str_eq(e.msg, wanted + 1);
		strike(&t);
		return;
	}
	ck_assert_uint_eq(n, 0);
	put_ipv6(&t, 3, 547, INFORM, NINFORM);
	n = get(t.ends[QEMU_NET_TO_GUEST], frame);
	ck_assert(frame_read(frame, n, &d));
	for (const char *p = wanted; *p; p += *p == ' ') {
		unsigned byte;

		ck_assert_int_eq(sscanf(p, "%2x", &byte), 1);
		ck_assert_uint_lt(at, d.n);
		ck_assert_uint_eq(d.p[at++], byte);
		p += 2;
	}
	ck_assert_uint_eq(at, d.n);
	strike(&t);
}
END_TEST

/* who asks for 10.7.0.9 as one does who would take it: ARP has its addresses of both kinds */
#define PROBE                                                                                      \
	"\xff\xff\xff\xff\xff\xff"                                                                 \
	"guest.\x08\6\0\1\x08\0\6\4\0\1guest.\0\0\0\0\0\0\0\0\0\0\x0a\7\0\x09"
#define NPROBE (sizeof PROBE - 1)

static const struct {
	const char *p;
	size_t n;
	const char *neighbour;
	bool answered;
} probes[] = {
	{ PROBE, NPROBE, "10.7.0.9", true }, { PROBE "and so on", NPROBE + 9, "10.7.0.9", true },
	{ PROBE, NPROBE - 1, "10.7.0.9", false }, /* cut short */
	{ PROBE, NPROBE, "10.7.0.8", false },	  /* somebody else's */
	{ PROBE, NPROBE, "none", false }, { &PROBE[1], NPROBE - 1, "10.7.0.9", false }, /* no ARP */
};

START_TEST(has_a_neighbour)
{
	unsigned char frame[FRAME_MAX];
	const char *p = probes[_i].p;
	struct stage t;
	struct err e;

	set_stage(&t);
	ck_assert_int_eq(neighbour_tell(peer_neighbour(t.p), probes[_i].neighbour, &e), 0);
	put(t.ends[QEMU_NET_FROM_GUEST], (const unsigned char *)p, probes[_i].n);
	turn(&t);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), probes[_i].answered ? 60 : 0);
	if (probes[_i].answered) {
		ck_assert_mem_eq(frame, "guest.", 6);
		ck_assert_mem_eq(frame + 12, "\x08\6\0\1\x08\0\6\4\0\2", 10);
		ck_assert_mem_eq(frame + 22, frame + 6, 6);
		ck_assert_mem_ne(frame + 22, "guest.", 6);
		ck_assert_mem_eq(frame + 28, "\x0a\7\0\x09guest.\0\0\0\0", 14);
	}
	ck_assert_uint_eq(
	    get(t.ends[QEMU_NET_TO_NET], frame), probes[_i].answered ? 0 : probes[_i].n);
	ck_assert_int_eq(neighbour_tell(peer_neighbour(t.p), "10.7", &e), -1);
	ck_assert_str_eq(e.msg, "10.7: not an IPv4 address, such as 192.0.2.1");
	strike(&t);
}
END_TEST

/* late answers come, so many as may wait; those to a guest that is gone do not */
START_TEST(late)
{
	unsigned char frame[FRAME_MAX];
	struct stage t;
	struct err e;
	unsigned n = 0;

	set_stage(&t);
	ck_assert_int_eq(dns_tell(peer_dns(t.p), "a", "203.0.113.7", "20ms", &e), 0);
	for (unsigned i = 0; i < 100; i++)
		put_udp(&t, 53, QUESTION, NQUESTION);
	while (n < 64) {
		ck_assert_int_eq(loop_once(t.l, &e), 0);
		while (get(t.ends[QEMU_NET_TO_GUEST], frame))
			n++;
	}
	ck_assert_uint_ge(n, 64);
	put_udp(&t, 53, QUESTION, NQUESTION);
	unplug(&t);
	ck_assert_int_eq(peer_plug(t.p, t.ends, &e), 0);
	usleep(30000);
	turn(&t);
	ck_assert_uint_eq(get(t.ends[QEMU_NET_TO_GUEST], frame), 0);
	strike(&t);
}
END_TEST

/* more than is kept: no more is, and all of it passes that there is room for */
START_TEST(flood)
{
	static unsigned char block[60000];
	unsigned char frame[1000] = { 0 };
	struct stage t;
	struct err e;
	size_t size, n;
	char *text;

	set_stage(&t);
	for (unsigned i = 0; i < 20000; i++) {
		put(t.ends[QEMU_NET_FROM_GUEST], frame, sizeof frame);
		turn(&t);
		if (i % 50 == 0)
			while (recv(t.ends[QEMU_NET_TO_NET], block, sizeof block, MSG_DONTWAIT) > 0)
				;
	}
	ck_assert_msg(file_read(t.a, t.pcap, &text, &size, &e) == 0, "%s", e.msg);
	ck_assert_uint_le(size, 16u << 20);
	ck_assert_uint_gt(size, 15u << 20);
	ck_assert_mem_eq(text, "\x4d\x3c\xb2\xa1\2\0\4\0", 8);
	ck_assert_uint_eq((size - 24) % (16 + sizeof frame), 0);
	/* nor a smaller one, that there would be room for: what is kept has no gap */
	put(t.ends[QEMU_NET_FROM_GUEST], frame, 14);
	turn(&t);
	ck_assert_msg(file_read(t.a, t.pcap, &text, &n, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(n, size);
	strike(&t);
}
END_TEST

Suite *
peer_suite(void)
{
	Suite *s = suite_create("peer");

	tcase_add_test(harness_case(s, "passes"), passes);
	tcase_add_test(harness_case(s, "answers"), answers);
	tcase_add_test(harness_case(s, "answers over IPv6"), answers_over_ipv6);
	tcase_add_loop_test(harness_case(s, "name servers of IPv6"), tells_name_servers_of_ipv6, 0,
	    sizeof informs / sizeof *informs);
	tcase_add_loop_test(harness_case(s, "what it is told of IPv6"),
	    tells_what_it_is_told_of_ipv6, 0, sizeof tellings6 / sizeof *tellings6);
	tcase_add_loop_test(
	    harness_case(s, "neighbour"), has_a_neighbour, 0, sizeof probes / sizeof *probes);
	tcase_add_test(harness_case(s, "late"), late);
	tcase_add_test(harness_case(s, "flood"), flood);
	return s;
}
