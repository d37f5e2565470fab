/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what is made of the bytes that a server answers with; libcurl reads them */
#include "build/source/transfer.h"

#include "build/base/arena.h"
#include "build/test/suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
	const char *answer;
	enum transfer_end end;
	long status;
	uint64_t got;
	const char *failed;
} answers[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", TRANSFER_ANSWERED, 200, 5, NULL },
	{ "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", TRANSFER_ANSWERED, 404, 0, NULL },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", TRANSFER_CUT, 200, 5,
	    "connection ended after 5 of 9 bytes" },
	{ "HTTP/1.1 200 OK\r\n\r\nhello, world", TRANSFER_WRONG, 200, 0,
	    "sends more than 10 bytes" },
	/* what has not changed since never, and what is nowhere else */
	{ "HTTP/1.1 304 Not Modified\r\n\r\n", TRANSFER_ANSWERED, 304, 0, NULL },
	{ "HTTP/1.1 302 Found\r\nContent-Length: 5\r\n\r\nhello", TRANSFER_ANSWERED, 302, 0, NULL },
	/* a status line for libcurl, but there is no status in it; a number that becomes negative
	 */
	{ "HTTP/200\nContent-Type: text/plain\nhello", TRANSFER_FAILED, 0, 0, "sends no HTTP" },
	{ "HTTP/2011111111111111111111111111111\n", TRANSFER_FAILED, 0, 0, "sends no HTTP" },
};

/* answers one connection in a child */
static pid_t
serve(const char *answer, unsigned *port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), s;
	char block[4096];
	pid_t pid;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sa, sizeof sa), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&sa, &len), 0);
	*port = ntohs(sa.sin_port);
	pid = fork();
	if (pid == 0) {
		s = accept(fd, NULL, NULL);
		if (read(s, block, sizeof block) > 0)
			send(s, answer, strlen(answer), MSG_NOSIGNAL);
		_exit(0);
	}
	close(fd);
	return pid;
}

START_TEST(understood)
{
	struct arena *a = arena_new();
	struct transfer t = { .verb = TRANSFER_GET, .fd = -1, .most = 10 };
	unsigned port;
	pid_t pid = serve(answers[_i].answer, &port);

	t.url = arena_printf(a, "http://127.0.0.1:%u/x", port);
	t.proxy = "";
	transfer_all(a, &transfer_usual, &t, 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(t.end, answers[_i].end);
	ck_assert_int_eq(t.status, answers[_i].status);
	ck_assert_uint_eq(t.have, answers[_i].got);
	if (answers[_i].failed)
		ck_assert_str_eq(t.failed, answers[_i].failed);
	else
		ck_assert_ptr_null(t.failed);
	arena_free(a);
}
END_TEST

/* they are kept in memory, and are nothing of what was asked for; or one of them has no end */
static const char *const endless[] = { "X-More: and more\r\n", "X: y\r\n", "xxxxxxxxxxxxxxxxxxx" };

START_TEST(headers_without_end)
{
	struct arena *a = arena_new();
	struct transfer t = { .verb = TRANSFER_GET, .fd = -1, .most = 10 };
	char *answer = arena_alloc(a, 1 << 20), *end = answer;
	unsigned port;
	pid_t pid;

	end = stpcpy(end, "HTTP/1.1 200 OK\r\n");
	for (int i = 0; i < 30000; i++)
		end = stpcpy(end, endless[_i]);
	stpcpy(end, "\r\nhello");
	pid = serve(answer, &port);
	t.url = arena_printf(a, "http://127.0.0.1:%u/x", port);
	t.proxy = "";
	transfer_all(a, &transfer_usual, &t, 1);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert(t.end == TRANSFER_WRONG || t.end == TRANSFER_FAILED);
	ck_assert_str_eq(t.failed, "sends headers without end");
	arena_free(a);
}
END_TEST

Suite *
transfer_suite(void)
{
	Suite *s = suite_create("transfer");

	tcase_add_loop_test(
	    harness_case(s, "headers"), headers_without_end, 0, sizeof endless / sizeof *endless);
	tcase_add_loop_test(
	    harness_case(s, "transfer"), understood, 0, sizeof answers / sizeof *answers);
	return s;
}
