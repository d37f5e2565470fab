/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/http.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/island.h"
#include "verify/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS_MAX 32
#define HEAD_MAX 8192 /* of a request; more is nobody we know */

/* one client; in is its request until the empty line, then out is what is still to be sent */
struct client {
	struct http *h;
	struct client *next;
	int fd;
	struct buf in, out;
	size_t sent;
};

struct http {
	struct loop *loop;
	int fd;
	unsigned port;
	http_answer *answer;
	void *arg;
	struct buf body; /* http_serve() */
	struct client *clients;
	unsigned nclients;
};

static void
client_end(struct client *c)
{
	struct client **at = &c->h->clients;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->h->nclients--;
	loop_forget(c->h->loop, c->fd);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	free(c);
}

static void
client_write(void *arg, int fd, short revents)
{
	struct client *c = arg;
	ssize_t n = send(fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		client_end(c);
		return;
	}
	c->sent += (size_t)n;
	if (c->sent < c->out.n)
		return;
	client_end(c); /* HTTP/1.0: the end of the answer is the end of the connection */
}

void
http_reply(struct buf *out, const char *status, const char *headers, const void *body, size_t n)
{
	buf_addf(out, "HTTP/1.0 %s\r\n%sContent-Length: %zu\r\n\r\n", status, headers, n);
	buf_add(out, body, n);
}

static void
reply(struct client *c)
{
	struct buf path = { 0 };

	if (strncmp(c->in.p, "GET ", 4)) {
		http_reply(&c->out, "405 Method Not Allowed", "", "", 0);
		return;
	}
	buf_add(&path, c->in.p + 4, strcspn(c->in.p + 4, " \r\n"));
	c->h->answer(c->h->arg, path.n ? path.p : "", c->in.p, &c->out);
	buf_free(&path);
}

static void
client_read(void *arg, int fd, short revents)
{
	struct client *c = arg;
	char block[1024];
	ssize_t n = read(fd, block, sizeof block);

	(void)revents;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->in.n + (size_t)n > HEAD_MAX) {
		client_end(c);
		return;
	}
	buf_add(&c->in, block, (size_t)n);
	if (!strstr(c->in.p, "\r\n\r\n"))
		return;
	reply(c);
	loop_watch(c->h->loop, fd, POLLOUT, client_write, c);
}

static struct client *
oldest(const struct http *h)
{
	struct client *c = h->clients;

	while (c->next)
		c = c->next;
	return c;
}

static void
http_accept(void *arg, int fd, short revents)
{
	struct http *h = arg;
	struct client *c;
	int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)revents;
	if (s < 0) /* who hung up before being answered is no trouble of ours */
		return;
	if (h->nclients == CLIENTS_MAX) /* or a guest could have all our descriptors */
		client_end(oldest(h));	/* an answer takes no time, but silence does */
	h->nclients++;
	c = xmalloc(sizeof *c);
	*c = (struct client){ .h = h, .next = h->clients, .fd = s };
	h->clients = c;
	loop_watch(h->loop, s, POLLIN, client_read, c);
}

int
http_listen(struct loop *l, const struct island *on, unsigned port, http_answer *answer, void *arg,
    struct http **out, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof sa;
	struct http *h;
	int fd = island_socket(on, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return fail_errno(e, "http server: socket");
	if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 || listen(fd, 16) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &len) < 0) {
		fail_errno(e, "http server: listen on 127.0.0.1");
		close(fd);
		return -1;
	}
	h = xmalloc(sizeof *h);
	*h = (struct http){
		.loop = l, .fd = fd, .port = ntohs(sa.sin_port), .answer = answer, .arg = arg
	};
	loop_watch(l, fd, POLLIN, http_accept, h);
	*out = h;
	return 0;
}

static void
answer_alike(void *arg, const char *path, const char *request, struct buf *out)
{
	const struct buf *body = arg;

	(void)path;
	(void)request;
	http_reply(out, "200 OK", "Content-Type: application/octet-stream\r\n", body->p, body->n);
}

int
http_serve(struct loop *l, const struct island *on, const void *body, size_t n, struct http **out,
    struct err *e)
{
	if (http_listen(l, on, 0, answer_alike, NULL, out, e) < 0)
		return -1;
	(*out)->arg = &(*out)->body;
	buf_add(&(*out)->body, body, n);
	return 0;
}

unsigned
http_port(const struct http *h)
{
	return h->port;
}

void
http_free(struct http *h)
{
	if (!h)
		return;
	while (h->clients)
		client_end(h->clients);
	loop_forget(h->loop, h->fd);
	close(h->fd);
	buf_free(&h->body);
	free(h);
}
