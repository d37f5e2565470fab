/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/http.h"

#include "build/base/buf.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int
connect_to(const struct http *h)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)http_port(h)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

/* what the server says until it hangs up */
static void
hear(struct loop *l, int fd, struct buf *out)
{
	char block[4096];
	struct err e = { 0 };
	ssize_t n;

	buf_clear(out);
	while ((n = read(fd, block, sizeof block)) != 0) {
		if (n > 0)
			buf_add(out, block, (size_t)n);
		else
			ck_assert_msg(loop_once(l, &e) == 0, "%s", e.msg);
	}
}

static const struct {
	const char *request, *status;
} requests[] = {
	{ "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.0 200 OK\r\n" },
	{ "GET /any/path?x HTTP/1.0\r\n\r\n", "HTTP/1.0 200 OK\r\n" },
	{ "PUT / HTTP/1.1\r\n\r\n", "HTTP/1.0 405 " },
};

START_TEST(answers)
{
	static char body[300000];
	struct loop *l = loop_new();
	struct buf got = { 0 };
	struct err e = { 0 };
	struct http *h;
	const char *req = requests[_i].request, *text;
	int fd;

	memset(body, 'b', sizeof body);
	ck_assert_int_eq(http_serve(l, NULL, body, sizeof body, &h, &e), 0);
	fd = connect_to(h);
	/* in two pieces: a request may arrive in any number */
	ck_assert_int_eq(write(fd, req, 6), 6);
	ck_assert_int_eq(loop_once(l, &e), 0);
	ck_assert_int_eq(loop_once(l, &e), 0);
	ck_assert_int_eq(write(fd, req + 6, strlen(req + 6)), (ssize_t)strlen(req + 6));
	hear(l, fd, &got);
	ck_assert_int_eq(strncmp(got.p, requests[_i].status, strlen(requests[_i].status)), 0);
	text = strstr(got.p, "\r\n\r\n") + 4;
	if (*req == 'G') {
		ck_assert_uint_eq(got.n - (size_t)(text - got.p), sizeof body);
		ck_assert_mem_eq(text, body, sizeof body);
	}
	close(fd);
	http_free(h);
	loop_free(l);
	buf_free(&got);
}
END_TEST

START_TEST(who_hangs_up_or_floods_is_let_go)
{
	struct loop *l = loop_new();
	struct buf got = { 0 };
	struct err e = { 0 };
	struct http *h;
	char flood[10000];
	int quitter, flooder, good;

	ck_assert_int_eq(http_serve(l, NULL, "x", 1, &h, &e), 0);
	quitter = connect_to(h);
	ck_assert_int_eq(write(quitter, "GET", 3), 3);
	close(quitter);
	flooder = connect_to(h);
	memset(flood, 'f', sizeof flood);
	ck_assert_int_eq(write(flooder, flood, sizeof flood), (ssize_t)sizeof flood);
	good = connect_to(h);
	ck_assert_int_eq(write(good, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	hear(l, good, &got);
	ck_assert_ptr_nonnull(strstr(got.p, "\r\n\r\nx"));
	close(good);
	close(flooder);
	http_free(h);
	loop_free(l);
	buf_free(&got);
}
END_TEST

/* those who say nothing do not keep out who asks */
START_TEST(a_crowd_of_silent_ones)
{
	struct loop *l = loop_new();
	struct buf got = { 0 };
	struct err e = { 0 };
	struct http *h;
	int silent[100], good;

	ck_assert_int_eq(http_serve(l, NULL, "x", 1, &h, &e), 0);
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++) {
		silent[i] = connect_to(h);
		ck_assert_int_eq(loop_once(l, &e), 0);
	}
	good = connect_to(h);
	ck_assert_int_eq(write(good, "GET / HTTP/1.0\r\n\r\n", 18), 18);
	hear(l, good, &got);
	ck_assert_msg(got.n && strstr(got.p, "\r\n\r\nx"), "it is not answered");
	close(good);
	for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
		close(silent[i]);
	http_free(h);
	loop_free(l);
	buf_free(&got);
}
END_TEST

Suite *
http_suite(void)
{
	Suite *s = suite_of("http",
	    (const TTest *[]){ who_hangs_up_or_floods_is_let_go, a_crowd_of_silent_ones, NULL });

	tcase_add_loop_test(
	    harness_case(s, "answers"), answers, 0, sizeof requests / sizeof *requests);
	return s;
}
