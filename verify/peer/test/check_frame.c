/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/frame.h"

#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define N 46 /* of the frame below */
#define N6 66

/* "hi!!" from 10.0.2.15:4660 to 10.0.2.3:53, as a Linux guest sent it */
static const unsigned char good[N] = { 0x52, 0x55, 0x0a, 0, 2, 3, 0x52, 0x54, 0, 0x12, 0x34, 0x56,
	0x08, 0x00, 0x45, 0, 0, 32, 0xbe, 0xef, 0x40, 0, 64, 17, 0x63, 0xcc, 10, 0, 2, 15, 10, 0, 2,
	3, 0x12, 0x34, 0, 53, 0, 12, 0x4b, 0xd1, 'h', 'i', '!', '!' };

/* the same over IPv6, to fec0::3 */
static const unsigned char good6[N6] = { 0x52, 0x56, 0, 0, 0, 3, 0x52, 0x54, 0, 0x12, 0x34, 0x56,
	0x86, 0xdd, 0x60, 0, 0, 0, 0, 0x0c, 0x11, 0x40, 0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0x50, 0x54, 0,
	0xff, 0xfe, 0x12, 0x34, 0x56, 0xfe, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0x12,
	0x34, 0, 0x35, 0, 0x0c, 0xe2, 0xa1, 0x68, 0x69, 0x21, 0x21 };

START_TEST(read)
{
	struct datagram d;

	ck_assert(frame_read(good, N, &d));
	ck_assert_uint_eq(d.from_port, 0x1234);
	ck_assert_uint_eq(d.to_port, 53);
	ck_assert_mem_eq(d.from, "\x0a\0\x02\x0f", 4);
	ck_assert_mem_eq(d.to, "\x0a\0\x02\x03", 4);
	ck_assert_mem_eq(d.to_mac, good, 6);
	ck_assert_mem_eq(d.from_mac, good + 6, 6);
	ck_assert_uint_eq(d.n, 4);
	ck_assert_mem_eq(d.p, "hi!!", 4);
	ck_assert(!d.ipv6);
}
END_TEST

START_TEST(read_ipv6)
{
	struct datagram d;

	ck_assert(frame_read(good6, N6, &d));
	ck_assert(d.ipv6);
	ck_assert_uint_eq(d.from_port, 0x1234);
	ck_assert_uint_eq(d.to_port, 53);
	ck_assert_mem_eq(d.from, good6 + 22, 16);
	ck_assert_mem_eq(d.to, good6 + 38, 16);
	ck_assert_uint_eq(d.n, 4);
	ck_assert_mem_eq(d.p, "hi!!", 4);
}
END_TEST

/* one byte is another, and the head's checksum is put right again when `mend` */
static const struct {
	size_t at;
	unsigned char byte;
	bool mend;
} wrong[] = {
	{ 12, 0x86, false }, /* no IPv4 */
	{ 14, 0x65, true },  /* of another version */
	{ 14, 0x44, true },  /* a head of 16 bytes */
	{ 14, 0x4f, true },  /* one that goes beyond the end */
	{ 17, 33, true },    /* longer than the frame */
	{ 17, 27, true },    /* too short for UDP */
	{ 16, 0xff, true },  /* much longer */
	{ 20, 0x20, true },  /* more fragments come */
	{ 21, 0x01, true },  /* the end of one */
	{ 23, 6, true },     /* TCP */
	{ 24, 0, false },    /* its checksum */
	{ 39, 7, false },    /* UDP: shorter than its head */
	{ 39, 13, false },   /* longer than the packet */
	{ 38, 0xff, false }, /* much longer */
	{ 41, 0, false },    /* its checksum */
	{ 45, '?', false },  /* a byte is lost on the way */
};

static void
mend(unsigned char *ip)
{
	uint32_t sum = 0;

	frame_put16(ip + 10, 0);
	for (size_t i = 0; i < 20; i += 2)
		sum += frame_get16(ip + i);
	frame_put16(ip + 10, ~(sum % 0xffff) & 0xffff);
}

START_TEST(refused)
{
	unsigned char p[N];
	struct datagram d;

	memcpy(p, good, N);
	ck_assert_int_ne(p[wrong[_i].at], wrong[_i].byte);
	p[wrong[_i].at] = wrong[_i].byte;
	if (wrong[_i].mend)
		mend(p + 14);
	ck_assert(!frame_read(p, N, &d));
}
END_TEST

/* two bytes from there on are others */
static const struct {
	size_t at;
	unsigned value;
} wrong6[] = {
	{ 12, 0x0800 }, /* of IPv4, says the frame */
	{ 14, 0x4000 }, /* and it says so itself */
	{ 18, 7 },	/* too short for UDP */
	{ 18, 11 },	/* UDP goes beyond its end */
	{ 18, 13 },	/* it goes beyond the frame's */
	{ 18, 0xffff }, /* far beyond */
	{ 20, 0x0640 }, /* TCP */
	{ 20, 0x2c40 }, /* a fragment */
	{ 36, 0 },	/* from another address */
	{ 58, 7 },	/* UDP: shorter than its head */
	{ 58, 13 },	/* longer than the packet */
	{ 60, 0 },	/* no checksum */
	{ 60, 1 },	/* a wrong one */
	{ 64, 0 },	/* bytes are lost on the way */
};

START_TEST(refused_ipv6)
{
	unsigned char p[N6];
	struct datagram d;

	memcpy(p, good6, N6);
	ck_assert_uint_ne(frame_get16(p + wrong6[_i].at), wrong6[_i].value);
	frame_put16(p + wrong6[_i].at, wrong6[_i].value);
	ck_assert(!frame_read(p, N6, &d));
}
END_TEST

static const struct {
	const unsigned char *p;
	size_t n;
} whole[] = { { good, N }, { good6, N6 } };

START_TEST(short_ones)
{
	struct datagram d;

	for (size_t n = 0; n < whole[_i].n; n++) {
		unsigned char *p = malloc(n ? n : 1); /* a sanitizer sees what is read behind it */

		memcpy(p, whole[_i].p, n);
		ck_assert_msg(!frame_read(p, n, &d), "%zu bytes", n);
		free(p);
	}
}
END_TEST

/* what the card adds so that the frame has 60 bytes is no payload */
START_TEST(padded)
{
	unsigned char p[60] = { 0 };
	struct datagram d;

	memcpy(p, good, N);
	ck_assert(frame_read(p, sizeof p, &d));
	ck_assert_uint_eq(d.n, 4);
}
END_TEST

/* what is written can be read, whatever its length; but for what is spoilt */
START_TEST(written)
{
	unsigned char payload[FRAME_PAYLOAD_MAX], out[FRAME_MAX];
	struct datagram d = { .to_mac = "abcdef",
		.from_mac = "ghijkl",
		.to = { 255, 255, 255, 255 },
		.from = { 10, 0, 2, 2 },
		.to_port = 68,
		.from_port = 67,
		.ipv6 = _i != 0,
		.p = payload },
			got;
	size_t heads = d.ipv6 ? 62 : 42;

	for (size_t n = 0; n <= FRAME_PAYLOAD_MAX; n++) {
		memset(payload, (int)n, sizeof payload);
		d.n = n;
		d.spoilt = false;
		ck_assert_uint_eq(frame_write(&d, out), n + heads);
		ck_assert(frame_read(out, n + heads, &got));
		ck_assert_uint_eq(got.n, n);
		ck_assert_uint_eq(got.to_port, 68);
		ck_assert_mem_eq(got.to_mac, d.to_mac, 6);
		if (n)
			ck_assert_mem_eq(got.p, payload, n);
		d.spoilt = true;
		frame_write(&d, out);
		ck_assert(!frame_read(out, n + heads, &got));
	}
}
END_TEST

Suite *
frame_suite(void)
{
	Suite *s = suite_create("frame");

	tcase_add_test(harness_case(s, "read"), read);
	tcase_add_test(harness_case(s, "read IPv6"), read_ipv6);
	tcase_add_loop_test(harness_case(s, "refused"), refused, 0, sizeof wrong / sizeof *wrong);
	tcase_add_loop_test(
	    harness_case(s, "refused IPv6"), refused_ipv6, 0, sizeof wrong6 / sizeof *wrong6);
	tcase_add_loop_test(harness_case(s, "short"), short_ones, 0, sizeof whole / sizeof *whole);
	tcase_add_test(harness_case(s, "padded"), padded);
	tcase_add_loop_test(harness_case(s, "written"), written, 0, 2);
	return s;
}
