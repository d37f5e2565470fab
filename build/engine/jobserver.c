/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/jobserver.h"

#include "build/base/arena.h"
#include "build/base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* how long an offer may be ignored while others want it */
#define GRACE (50 * NS_PER_MS)
/* a package's descriptors are out of the way of shell scripts that say 3> */
#define FIRST_FD 64
/* no make has so many, nor does a pipe hold them */
#define MOST_TOKENS 65536

struct client {
	struct client *next;
	int feed;	/* we write a token here */
	int take;	/* the same pipe's other end, ours: to take back what was not claimed */
	int back;	/* what make returns */
	int room;	/* bytes that feed takes: PIPE_BUF, or a page */
	int fds[2];	/* what make gets: reads from [0], writes to [1] */
	unsigned given; /* tokens in its hands or on offer, beyond its own */
	bool offered;	/* one of them lies in the pipe */
	bool idle;	/* let an offer lapse */
	bool liar;	/* made up tokens, or another pipe of it: is not served any more */
	nstime since;	/* of the offer */
	char makeflags[96];
};

struct jobserver {
	struct arena *a;
	unsigned jobs;
	unsigned pool;		/* tokens nobody has */
	int parent_r, parent_w; /* of the make that started us, or -1 */
	char *borrowed;		/* its tokens: it wants the same bytes back */
	size_t nborrowed, cap;
	struct client *clients; /* the open ones */
	struct client *spare;	/* closed ones, to be used again */
};

static void
shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/*
 * the same pipe by a description of our own: O_NONBLOCK must not be seen by those who share the
 * other
 */
static int
reopen(int fd, int flags)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return open(path, flags | O_NONBLOCK | O_CLOEXEC);
}

static bool
is_pipe(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* a descriptor of our own to read from without waiting; -1: there can't be one */
static int
read_end(int fd)
{
	int own = reopen(fd, O_RDONLY);

	/*
	 * after dropping root, root's pipe can't be opened anew; but make reads without waiting
	 * itself
	 */
	if (own < 0 && fcntl(fd, F_GETFL) & O_NONBLOCK)
		own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	return own;
}

/* the last one counts: make appends */
static const char *
last_auth(const char *makeflags)
{
	static const char *const names[] = { "--jobserver-auth=", "--jobserver-fds=" };
	const char *found = NULL;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		for (const char *s = makeflags; (s = strstr(s, names[i]));) {
			s += strlen(names[i]);
			if (!found || s > found)
				found = s;
		}
	return found;
}

/* whatever is not right: we have a pool of our own then */
static void
join(struct jobserver *j, const char *makeflags)
{
	const char *auth = makeflags ? last_auth(makeflags) : NULL;
	int r, w;

	if (!auth)
		return;
	if (!strncmp(auth, "fifo:", 5)) {
		const char *path = auth + 5;

		/* both ways, or opening would wait for the other side */
		r = open(
		    arena_strndup(j->a, path, strcspn(path, " ")), O_RDWR | O_NONBLOCK | O_CLOEXEC);
		if (!is_pipe(r))
			shut(&r);
		j->parent_r = r;
		j->parent_w = r < 0 ? -1 : fcntl(r, F_DUPFD_CLOEXEC, 0);
	} else if (sscanf(auth, "%d,%d", &r, &w) == 2 && is_pipe(r) && is_pipe(w)) {
		fd_cloexec(r); /* the packages have theirs */
		fd_cloexec(w);
		j->parent_r = read_end(r);
		j->parent_w = j->parent_r < 0 ? -1 : fcntl(w, F_DUPFD_CLOEXEC, 0);
	}
	if (j->parent_w < 0)
		shut(&j->parent_r);
}

int
jobserver_open(
    struct arena *a, unsigned jobs, const char *makeflags, struct jobserver **out, struct err *e)
{
	struct jobserver *j = arena_alloc(a, sizeof *j);

	if (!jobs)
		return fail_usage(e, "JOBS must be at least 1");
	j->a = a;
	j->jobs = jobs;
	j->parent_r = j->parent_w = -1;
	join(j, makeflags);
	j->pool = jobserver_joined(j) ? 1 : jobs; /* the make that runs us has given us one */
	*out = j;
	return 0;
}

bool
jobserver_joined(const struct jobserver *j)
{
	return j->parent_r >= 0;
}

unsigned
jobserver_free(const struct jobserver *j)
{
	return j->pool;
}

/* one more token from the parent make, if it has one */
static bool
borrow(struct jobserver *j)
{
	char token;

	if (!jobserver_joined(j) || read(j->parent_r, &token, 1) != 1)
		return false;
	if (j->nborrowed == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 16;

		j->borrowed = arena_grow(j->a, j->borrowed, j->nborrowed, cap, 1);
		j->cap = cap;
	}
	j->borrowed[j->nborrowed++] = token;
	j->pool++;
	return true;
}

static void
give_back(struct jobserver *j)
{
	while (j->pool && j->nborrowed) {
		if (write(j->parent_w, &j->borrowed[j->nborrowed - 1], 1) != 1)
			return; /* a full pipe has enough tokens; the next turn tries again */
		j->nborrowed--;
		j->pool--;
	}
}

void
jobserver_close(struct jobserver *j)
{
	give_back(j);
	shut(&j->parent_r);
	shut(&j->parent_w);
}

static void
client_shut(struct client *client)
{
	shut(&client->feed);
	shut(&client->take);
	shut(&client->back);
	shut(&client->fds[0]);
	shut(&client->fds[1]);
}

/* moves a descriptor to where shell scripts don't come */
static int
lift(int *fd)
{
	int high = fcntl(*fd, F_DUPFD_CLOEXEC, FIRST_FD), why = errno;

	shut(fd);
	errno = why == EINVAL ? EMFILE : why; /* the limit is lower */
	return high;
}

static int
client_open(struct client *client, unsigned jobs, struct err *e)
{
	int feed[2] = { -1, -1 }, back[2] = { -1, -1 };

	*client = (struct client){ .feed = -1, .take = -1, .back = -1, .fds = { -1, -1 } };
	if (pipe2(feed, O_CLOEXEC) < 0 || pipe2(back, O_CLOEXEC) < 0) {
		fail_errno(e, "jobserver");
		shut(&feed[0]);
		shut(&feed[1]);
		return -1;
	}
	client->feed = feed[1];
	client->back = back[0];
	client->fds[0] = lift(&feed[0]);
	client->fds[1] = client->fds[0] < 0 ? -1 : lift(&back[1]);
	client->take = client->fds[1] < 0 ? -1 : reopen(client->fds[0], O_RDONLY);
	/*
	 * With room for PIPE_BUF bytes and no more, the pipe is writable when it is empty
	 * and not before: poll tells when make has claimed the offer.
	 */
	if (client->fds[0] < 0 || client->fds[1] < 0 || client->take < 0 ||
	    (client->room = fcntl(client->feed, F_SETPIPE_SZ, PIPE_BUF)) < 0 ||
	    fd_nonblock(client->feed) < 0 || fd_nonblock(client->back) < 0) {
		fail_errno(e, "jobserver");
		shut(&back[1]);
		client_shut(client);
		return -1;
	}
	snprintf(client->makeflags, sizeof client->makeflags, " -j%u --jobserver-auth=%d,%d", jobs,
	    client->fds[0], client->fds[1]);
	return 0;
}

int
jobserver_begin(struct jobserver *j, struct client **out, struct err *e)
{
	struct client *client = j->spare;

	*out = NULL;
	if (!j->pool)
		return 0;
	if (client)
		j->spare = client->next;
	else
		client = arena_alloc(j->a, sizeof *client);
	if (client_open(client, j->jobs, e) < 0) {
		client->next = j->spare;
		j->spare = client;
		return -1;
	}
	client->next = j->clients;
	j->clients = client;
	j->pool--;
	*out = client;
	return 0;
}

const char *
client_makeflags(const struct client *client)
{
	return client->makeflags;
}

const int *
client_fds(const struct client *client)
{
	return client->fds;
}

/*
 * Empties a pipe of a client, as far as that can be: whoever writes to it without end would keep us
 * here, so that neither a signal nor a deadline is seen.  Returns how many bytes there were.
 */
static unsigned
drain(int fd)
{
	char block[256];
	unsigned bytes = 0;
	ssize_t n;

	while (bytes < MOST_TOKENS && (n = read(fd, block, sizeof block)) > 0)
		bytes += (unsigned)n;
	return bytes;
}

/* what make has taken and returned since we last looked */
static void
collect(struct jobserver *j, struct client *client)
{
	unsigned returned;
	int lying = 0;

	if (client->liar)
		return;
	returned = drain(client->back);
	/* looked at after that: what was returned had been taken before */
	if (client->offered && ioctl(client->take, FIONREAD, &lying) == 0 && lying == 0)
		client->offered = client->idle = false;
	/*
	 * A client that makes up tokens gets us no more than we gave it.  One that goes on, or
	 * whose pipe takes more than an offer, would keep us busy with nothing until it ends.
	 */
	client->liar = returned >= MOST_TOKENS || fcntl(client->feed, F_GETPIPE_SZ) != client->room;
	if (returned > client->given - client->offered)
		returned = client->given - client->offered;
	client->given -= returned;
	j->pool += returned;
}

/* false: make was faster */
static bool
withdraw(struct jobserver *j, struct client *client)
{
	char token;

	if (!client->offered)
		return false;
	client->offered = false;
	if (read(client->take, &token, 1) != 1) {
		client->idle = false;
		return false;
	}
	client->given--;
	j->pool++;
	return true;
}

void
jobserver_settle(struct jobserver *j, struct client *client)
{
	drain(client->take);
	drain(client->back);
	j->pool += client->given;
	client->given = 0;
	client->offered = client->idle = false;
}

void
jobserver_end(struct jobserver *j, struct client *client)
{
	struct client **at = &j->clients;

	jobserver_settle(j, client);
	j->pool++;
	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	client_shut(client);
	client->next = j->spare;
	j->spare = client;
}

static bool
wants_token(const struct client *client)
{
	return !client->offered && !client->idle && !client->liar;
}

static bool
anyone_wants_token(const struct jobserver *j)
{
	for (const struct client *client = j->clients; client; client = client->next)
		if (wants_token(client))
			return true;
	return false;
}

/*
 * who is to have the next token: who wants one before the idle, then who has fewest; NULL: all have
 * an offer
 */
static struct client *
fewest_tokens(struct jobserver *j)
{
	struct client *best = NULL;

	for (struct client *client = j->clients; client; client = client->next) {
		if (client->offered || client->liar)
			continue;
		if (!best || client->idle < best->idle ||
		    (client->idle == best->idle && client->given < best->given))
			best = client;
	}
	return best;
}

/* offers that have lapsed go round */
static void
rotate(struct jobserver *j)
{
	nstime now = clock_now();

	if (j->pool || !anyone_wants_token(j))
		return;
	for (struct client *client = j->clients; client && !j->pool; client = client->next)
		if (client->offered && now - client->since >= GRACE && withdraw(j, client))
			client->idle = true;
}

static void
offer(struct jobserver *j)
{
	struct client *client;

	while (j->pool && (client = fewest_tokens(j))) {
		if (write(client->feed, "+", 1) != 1)
			return;
		client->offered = true;
		client->since = clock_now();
		client->given++;
		j->pool--;
	}
}

void
jobserver_turn(struct jobserver *j, bool waiting)
{
	for (struct client *client = j->clients; client; client = client->next)
		collect(j, client);
	if (waiting) {
		for (struct client *client = j->clients; client && !j->pool; client = client->next)
			withdraw(j, client);
		if (!j->pool)
			borrow(j);
		return; /* what is in the pool is for who waits */
	}
	do {
		rotate(j);
		offer(j);
	} while (!j->pool && anyone_wants_token(j) && borrow(j));
	give_back(j);
}

nstime
jobserver_deadline(const struct jobserver *j)
{
	nstime first = NS_NEVER;

	if (j->pool || !anyone_wants_token(j))
		return NS_NEVER;
	for (const struct client *client = j->clients; client; client = client->next)
		if (client->offered && client->since + GRACE < first)
			first = client->since + GRACE;
	return first;
}

size_t
jobserver_poll(const struct jobserver *j, bool waiting, struct pollfd *v)
{
	size_t n = 0;

	for (const struct client *client = j->clients; client; client = client->next) {
		if (client->liar)
			continue;
		v[n++] = (struct pollfd){ .fd = client->back, .events = POLLIN };
		if (client->offered)
			v[n++] = (struct pollfd){ .fd = client->feed, .events = POLLOUT };
	}
	if (jobserver_joined(j) && !j->pool && (waiting || anyone_wants_token(j)))
		v[n++] = (struct pollfd){ .fd = j->parent_r, .events = POLLIN };
	return n;
}
