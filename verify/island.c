/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/island.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- what is handed from a child to us ---- */

static int
send_fds(int to, const int *fds, size_t n)
{
	char byte = 0, control[CMSG_SPACE(ISLAND_SPACES * sizeof(int))] = { 0 };
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	return sendmsg(to, &m, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

static int
receive_fds(int from, int *fds, size_t n)
{
	char byte, control[CMSG_SPACE(ISLAND_SPACES * sizeof(int))] = { 0 };
	struct iovec v = { &byte, 1 };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };
	struct cmsghdr *c;

	if (recvmsg(from, &m, MSG_CMSG_CLOEXEC) != 1)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(n * sizeof(int)))
		return -1;
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return 0;
}

/* work is done by a child that has only `pair[1]` of us, and gives n descriptors */
static int
from_child(child_work *work, void *arg, int pair[2], int *fds, size_t n, struct err *e)
{
	struct err failed = { .msg = "" };
	struct child c;
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), status, r;

	if (null < 0 || child_call(&c, work, arg, null, e) < 0) {
		if (null < 0)
			fail_errno(e, "/dev/null");
		else
			close(null);
		return -1;
	}
	close(null);
	if (child_call_wait(&c, &status, &failed, e) < 0)
		return -1;
	if (status) {
		*e = failed;
		return -1;
	}
	r = receive_fds(pair[0], fds, n);
	return r < 0 ? fail(e, "no descriptor came from a child") : 0;
}

static int
make_pair(int pair[2], struct err *e)
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0
		   ? fail_errno(e, "socketpair")
		   : 0;
}

static void
close_pair(int pair[2])
{
	close(pair[0]);
	close(pair[1]);
}

/* ---- making it ---- */

static int
put(const char *path, const char *text, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return fail_errno(e, "%s", path);
	r = fd_write(fd, text, strlen(text), path, e);
	close(fd);
	return r;
}

/* who we are stays what it is: files of ours are still ours */
static int
map_ids(unsigned uid, unsigned gid, struct err *e)
{
	char text[64];

	/* a process that was root owns nothing below /proc until it says so */
	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (put("/proc/self/setgroups", "deny", e) < 0)
		return -1;
	snprintf(text, sizeof text, "%u %u 1", uid, uid);
	if (put("/proc/self/uid_map", text, e) < 0)
		return -1;
	snprintf(text, sizeof text, "%u %u 1", gid, gid);
	return put("/proc/self/gid_map", text, e);
}

static int
raise_loopback(struct err *e)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), done;

	if (fd < 0)
		return fail_errno(e, "socket");
	r.ifr_flags = IFF_UP;
	done = ioctl(fd, SIOCSIFFLAGS, &r);
	if (done < 0)
		fail_errno(e, "loopback of a network namespace");
	close(fd);
	return done;
}

static int
settle(void *arg, struct err *e)
{
	const int *pair = arg;
	unsigned uid = geteuid(), gid = getegid();
	int spaces[ISLAND_SPACES];

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0)
		return fail_errno(e, "user namespace");
	if (map_ids(uid, gid, e) < 0 || raise_loopback(e) < 0)
		return -1;
	spaces[0] = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	spaces[1] = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (spaces[0] < 0 || spaces[1] < 0)
		return fail_errno(e, "/proc/self/ns");
	return send_fds(pair[1], spaces, ISLAND_SPACES) < 0 ? fail_errno(e, "sendmsg") : 0;
}

int
island_open(struct island *out, struct err *e)
{
	int pair[2], r;
	struct err why;

	if (make_pair(pair, e) < 0)
		return -1;
	r = from_child(settle, pair, pair, out->spaces, ISLAND_SPACES, &why);
	close_pair(pair);
	return r < 0 ? fail_usage(e,
			   "an image that is not trusted needs a network of its own, and this "
			   "machine refuses it: %s; allow user namespaces, or say --trusted",
			   why.msg)
		     : 0;
}

void
island_close(struct island *i)
{
	for (size_t s = 0; s < ISLAND_SPACES; s++)
		close(i->spaces[s]);
}

/* ---- using it ---- */

struct wanted {
	const struct island *island;
	int domain, type, to;
};

static int
make_socket(void *arg, struct err *e)
{
	const struct wanted *w = arg;
	int fd;

	for (size_t s = 0; s < ISLAND_SPACES; s++)
		if (setns(w->island->spaces[s], 0) < 0)
			return fail_errno(e, "setns");
	fd = socket(w->domain, w->type, 0);
	return fd < 0 || send_fds(w->to, &fd, 1) < 0 ? fail_errno(e, "socket") : 0;
}

int
island_socket(const struct island *i, int domain, int type)
{
	struct wanted w = { i, domain, type, -1 };
	int pair[2], fd = -1;
	struct err ignored;

	if (!i)
		return socket(domain, type, 0);
	if (make_pair(pair, &ignored) < 0)
		return -1;
	w.to = pair[1];
	if (from_child(make_socket, &w, pair, &fd, 1, &ignored) < 0) {
		fd = -1;
		errno = ENETUNREACH;
	}
	close_pair(pair);
	return fd;
}
