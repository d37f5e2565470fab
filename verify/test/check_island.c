/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/island.h"

#include "build/base/child.h"
#include "verify/test/suites.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* a port of 127.0.0.1, on that network, where somebody listens */
static unsigned
listen_on(const struct island *i, int *fd)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;

	*fd = island_socket(i, AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
	ck_assert_int_ge(*fd, 0);
	ck_assert_int_eq(bind(*fd, (struct sockaddr *)&sa, n), 0);
	ck_assert_int_eq(listen(*fd, 1), 0);
	ck_assert_int_eq(getsockname(*fd, (struct sockaddr *)&sa, &n), 0);
	return ntohs(sa.sin_port);
}

static bool
reaches(const struct island *from, const char *address, unsigned port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = island_socket(from, AF_INET, SOCK_STREAM | SOCK_CLOEXEC), r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(inet_pton(AF_INET, address, &sa.sin_addr), 1);
	r = connect(fd, (struct sockaddr *)&sa, sizeof sa);
	close(fd);
	return r == 0;
}

START_TEST(apart)
{
	struct island one, two;
	struct err e;
	int here, there;
	unsigned ours, theirs;

	ck_assert_msg(island_open(&one, &e) == 0, "%s", e.msg);
	ck_assert_msg(island_open(&two, &e) == 0, "%s", e.msg);
	ours = listen_on(NULL, &here);
	theirs = listen_on(&one, &there);
	ck_assert(reaches(NULL, "127.0.0.1", ours));
	ck_assert(reaches(&one, "127.0.0.1", theirs));
	/* neither way, and not from one to the other */
	ck_assert(!reaches(&one, "127.0.0.1", ours));
	ck_assert(!reaches(NULL, "127.0.0.1", theirs));
	ck_assert(!reaches(&two, "127.0.0.1", theirs));
	/* 192.0.2.0/24 is nobody's */
	ck_assert(!reaches(&one, "192.0.2.1", 80));
	close(here);
	close(there);
	island_close(&one);
	island_close(&two);
}
END_TEST

/* what is started there has no other interface, is still who it was, and dies with us */
START_TEST(programs)
{
	char sh[] = "/bin/sh", c[] = "-c",
	     script[] =
		 "test \"$(id -u)\" = \"$WAS\" || exit 2; test \"$(wc -l </proc/net/dev)\" = "
		 "3 || exit 3; grep -q '^CapEff:[[:space:]]*0*[1-9a-f]' /proc/self/status && test "
		 "$WAS != 0 "
		 "&& exit 4; exit 0",
	     *argv[] = { sh, c, script, NULL }, was[32];
	char *env[] = { was, (char[]){ "PATH=/usr/bin:/bin" }, NULL };
	struct island i;
	struct err e;
	int status;

	snprintf(was, sizeof was, "WAS=%u", (unsigned)geteuid());
	ck_assert_msg(island_open(&i, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    child_run(argv,
		&(struct child_opts){ .env = env, .spaces = i.spaces, .nspaces = ISLAND_SPACES },
		NULL, &status, &e) == 0,
	    "%s", e.msg);
	ck_assert_int_eq(status, 0);
	island_close(&i);
}
END_TEST

Suite *
island_suite(void)
{
	return suite_of("island", (const TTest *[]){ apart, programs, NULL });
}
