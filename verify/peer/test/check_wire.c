/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/wire.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "verify/loop.h"
#include "verify/peer/frame.h"
#include "verify/test/suites.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct heard {
	unsigned n;
	size_t last;	     /* bytes of the last one */
	unsigned char first; /* and its first byte */
};

static void
on_frame(void *arg, const unsigned char *p, size_t n)
{
	struct heard *h = arg;

	h->n++;
	h->last = n;
	h->first = *p;
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* what is there now */
static void
turn(struct loop *l)
{
	struct err e;

	loop_at(l, clock_now(), nothing, NULL);
	ck_assert_int_eq(loop_once(l, &e), 0);
}

static void
put(int fd, size_t length, size_t bytes)
{
	static unsigned char block[4 + WIRE_FRAME_MAX + 1];

	frame_put32(block, (uint32_t)length);
	memset(block + 4, (int)(length & 0xff), bytes);
	ck_assert_int_eq(send(fd, block, 4 + bytes, 0), (ssize_t)(4 + bytes));
}

START_TEST(frames)
{
	struct loop *l = loop_new();
	struct heard h = { 0 };
	struct wire *w;
	int fd[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	w = wire_new(l, fd[0], on_frame, &h);
	/* two at once, one of no bytes between them */
	put(fd[1], 60, 60);
	put(fd[1], 0, 0);
	put(fd[1], 61, 61);
	turn(l);
	ck_assert_uint_eq(h.n, 2);
	ck_assert_uint_eq(h.last, 61);
	/* byte by byte */
	for (size_t i = 0; i < 4 + 3; i++) {
		ck_assert_int_eq(send(fd[1], &"\0\0\0\3abc"[i], 1, 0), 1);
		turn(l);
	}
	ck_assert_uint_eq(h.n, 3);
	ck_assert_uint_eq(h.last, 3);
	ck_assert_int_eq(h.first, 'a');
	/* the longest; one that is longer is left out, and the next one is heard */
	put(fd[1], WIRE_FRAME_MAX, WIRE_FRAME_MAX);
	turn(l);
	turn(l);
	ck_assert_uint_eq(h.n, 4);
	put(fd[1], WIRE_FRAME_MAX + 1, WIRE_FRAME_MAX + 1);
	put(fd[1], 62, 62);
	turn(l);
	turn(l);
	ck_assert_uint_eq(h.n, 5);
	ck_assert_uint_eq(h.last, 62);
	/* a length without an end, and the other side goes */
	put(fd[1], 0xffffffff, 100);
	turn(l);
	close(fd[1]);
	turn(l);
	ck_assert_uint_eq(h.n, 5);
	wire_free(w);
	loop_free(l);
}
END_TEST

/* nobody reads: what is sent is dropped at some point, whole frames of it; the rest arrives */
START_TEST(flood)
{
	struct loop *l = loop_new();
	unsigned char frame[1500], block[65536];
	struct wire *w;
	size_t all = 0;
	ssize_t n;
	int fd[2];

	memset(frame, 'x', sizeof frame);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	w = wire_new(l, fd[0], NULL, NULL);
	for (unsigned i = 0; i < 10000; i++)
		wire_send(w, frame, sizeof frame);
	for (unsigned idle = 0; idle < 2; turn(l)) {
		idle++;
		while ((n = read(fd[1], block, sizeof block)) > 0) {
			all += (size_t)n;
			idle = 0;
		}
	}
	ck_assert_uint_eq(all % (4 + sizeof frame), 0);
	ck_assert_uint_gt(all, 200 * 1024);
	ck_assert_uint_lt(all, 2 * 1024 * 1024);
	/* there is room again */
	wire_send(w, frame, sizeof frame);
	ck_assert_int_eq(read(fd[1], block, sizeof block), (ssize_t)(4 + sizeof frame));
	wire_free(w);
	close(fd[1]);
	loop_free(l);
}
END_TEST

Suite *
wire_suite(void)
{
	Suite *s = suite_create("wire");

	tcase_add_test(harness_case(s, "frames"), frames);
	tcase_add_test(harness_case(s, "flood"), flood);
	return s;
}
