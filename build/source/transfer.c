/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/transfer.h"

#include "build/base/arena.h"
#include "build/base/fd.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARALLEL 6		       /* of transfer_all */
#define OTHERS 16		       /* descriptors that a wait can take */
#define LONGEST 60000		       /* ms: a wait ends at the latest */
#define HEADERS_MOST ((size_t)1 << 18) /* bytes, those of servers that sent us on included */
#define HEADER 128		       /* what one counts for beside its bytes: it takes time */

const struct transfer_patience transfer_usual = {
	.connect = 10 * NS_PER_S, .window = 20 * NS_PER_S, .slow = 2000
};
const struct transfer_patience transfer_brisk = {
	.connect = 10 * NS_PER_S, .window = 20 * NS_PER_S, .slow = 2000, .rate = 64 * 1024
};

/* what libcurl has of one */
struct running {
	struct transfers *all;
	struct transfer *t;
	CURL *curl;
	struct digest *digest;
	bool begun;	 /* the body has */
	size_t headers;	 /* bytes of them */
	nstime start;	 /* when it was asked */
	nstime look;	 /* end of the window */
	uint64_t looked; /* bytes that had come or gone when it began */
	char said[CURL_ERROR_SIZE];
	struct running *next;
};

/* a server that was not there at all */
struct absent {
	const char *host, *why;
	struct absent *next;
};

struct transfers {
	struct arena *a;
	const struct transfer_patience *patience;
	CURLM *multi;
	struct running *running;
	struct absent *absent;
	struct sigaction before; /* what SIGPIPE did */
};

struct transfers *
transfers_open(struct arena *a, const struct transfer_patience *p)
{
	struct transfers *ts = arena_alloc(a, sizeof *ts);

	*ts = (struct transfers){ .a = a, .patience = p };
	/* a TLS connection that goes away raises it */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, &ts->before);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	ts->multi = curl_multi_init();
	return ts;
}

void
transfers_close(struct transfers *ts)
{
	while (ts->running)
		transfer_stop(ts, ts->running->t);
	curl_multi_cleanup(ts->multi);
	curl_global_cleanup();
	sigaction(SIGPIPE, &ts->before, NULL);
}

/* --- what curl calls --- */

/* ends it from within; returns what tells curl so */
static size_t
refuse(struct running *r, enum transfer_end end, const char *why)
{
	r->t->error = errno;
	r->t->end = end;
	r->t->failed = why;
	return CURL_WRITEFUNC_ERROR;
}

static const char without_end[] = "sends headers without end";

/* a server may send them for ever, and all are kept */
static size_t
take_header(char *p, size_t size, size_t n, void *arg)
{
	struct running *r = arg;

	(void)p;
	r->headers += HEADER + size * n;
	return r->headers <= HEADERS_MOST ? size * n : refuse(r, TRANSFER_WRONG, without_end);
}

/* an answer that has no file: a refusal, or a redirection to nowhere */
static bool
is_refusal(long status)
{
	return status >= 300;
}

/* the answer is there, before its first byte is: from where does it count? */
static size_t
begin_body(struct running *r)
{
	struct transfer *t = r->t;
	struct curl_header *range;
	char *end;

	r->begun = true;
	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &t->status);
	if (t->start == 0 || is_refusal(t->status))
		return 0;
	if (t->status != 206) { /* it sends all of it */
		t->start = t->have = r->looked = 0;
		if (ftruncate(t->fd, 0) < 0)
			return refuse(r, TRANSFER_UNKEPT, strerror(errno));
		return 0;
	}
	if (curl_easy_header(r->curl, "Content-Range", 0, CURLH_HEADER, -1, &range) == CURLHE_OK &&
	    !strncmp(range->value, "bytes ", 6) &&
	    strtoull(range->value + 6, &end, 10) == t->start && *end == '-')
		return 0;
	return refuse(r, TRANSFER_WRONG,
	    arena_printf(
		r->all->a, "answered with another range than bytes %" PRIu64 "-", t->start));
}

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct running *r = arg;
	struct transfer *t = r->t;

	n *= size;
	if (!r->begun && begin_body(r) != 0)
		return CURL_WRITEFUNC_ERROR;
	if (is_refusal(t->status) || t->verb == TRANSFER_PUT) /* what it has to say to that */
		return n;
	if (t->most && t->have + n > t->most)
		return refuse(r, TRANSFER_WRONG,
		    arena_printf(r->all->a, "sends more than %" PRIu64 " bytes", t->most));
	if (t->fd >= 0 && fd_pwrite(t->fd, p, n, &(uint64_t){ t->have }) < 0)
		return refuse(r, TRANSFER_UNKEPT, strerror(errno));
	digest_add(r->digest, p, n);
	t->have += n;
	return n;
}

static size_t
give(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = ((struct running *)arg)->t;
	ssize_t got = pread(t->fd, p, size * n, (off_t)t->have);

	if (got < 0)
		return CURL_READFUNC_ABORT;
	t->have += (uint64_t)got;
	return (size_t)got;
}

/* a server may want the body again, with a password */
static int
rewind_to(void *arg, curl_off_t offset, int origin)
{
	struct running *r = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	r->t->have = r->looked = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

/* --- servers --- */

/* "https://host:port" of a URL; NULL for a file */
static const char *
host_of(struct arena *a, const char *url)
{
	const char *s = strstr(url, "://");

	if (!s || !strncmp(url, "file:", 5))
		return NULL;
	return arena_strndup(a, url, (size_t)(s - url) + 3 + strcspn(s + 3, "/"));
}

const char *
transfers_absent(const struct transfers *ts, const char *url)
{
	const char *host = host_of(ts->a, url);

	for (const struct absent *it = ts->absent; it && host; it = it->next)
		if (!strcmp(it->host, host))
			return it->why;
	return NULL;
}

static void
remember_absent(struct transfers *ts, const char *url, const char *why)
{
	struct absent *it = arena_alloc(ts->a, sizeof *it);

	*it = (struct absent){ .host = host_of(ts->a, url), .why = why, .next = ts->absent };
	if (it->host)
		ts->absent = it;
}

/* --- starting --- */

void
transfer_start(struct transfers *ts, struct transfer *t)
{
	struct running *r = arena_alloc(ts->a, sizeof *r);
	CURL *c = curl_easy_init();

	t->end = TRANSFER_RUNNING;
	t->failed = t->moved = NULL;
	t->status = 0;
	t->length = -1;
	t->sha256[0] = '\0';
	t->type = "";
	t->have = t->start;
	t->running = r;
	*r = (struct running){ .all = ts,
		.t = t,
		.curl = c,
		.digest = digest_new(),
		.start = clock_now(),
		.look = clock_now() + ts->patience->window,
		.looked = t->have,
		.next = ts->running };
	ts->running = r;
	curl_easy_setopt(c, CURLOPT_URL, t->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L); /* error pages are not waited for */
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* a file needs no password, and looking up whose home has one may ask a daemon */
	if (strncmp(t->url, "file:", 5))
		curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(ts->patience->connect / NS_PER_MS));
	curl_easy_setopt(c, CURLOPT_USERAGENT, "lh-build/" LH_VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, r->said);
	curl_easy_setopt(c, CURLOPT_PRIVATE, r);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
	if (t->proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, t->proxy);
	if (t->verb == TRANSFER_HEAD)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (t->start > 0)
		curl_easy_setopt(c, CURLOPT_RANGE, arena_printf(ts->a, "%" PRIu64 "-", t->start));
	if (t->verb != TRANSFER_PUT) {
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	} else {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)t->size);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
		curl_easy_setopt(c, CURLOPT_READDATA, r);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind_to);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, r);
	}
	curl_multi_add_handle(ts->multi, c);
}

/* --- the end --- */

void
transfer_stop(struct transfers *ts, struct transfer *t)
{
	struct running **at = &ts->running, *r = t->running;
	char hex[DIGEST_HEX];

	if (!r)
		return;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	curl_multi_remove_handle(ts->multi, r->curl);
	curl_easy_cleanup(r->curl);
	digest_end(r->digest, hex);
	if (t->verb == TRANSFER_GET && t->start == 0 && t->end == TRANSFER_ANSWERED)
		memcpy(t->sha256, hex, sizeof hex);
	t->running = NULL;
}

static struct transfer *
end_with(struct running *r, enum transfer_end end, const char *why)
{
	struct transfer *t = r->t;

	t->end = end;
	t->failed = why;
	transfer_stop(r->all, t);
	return t;
}

static const struct {
	CURLcode code;
	enum transfer_end end;
} ends[] = {
	{ CURLE_OK, TRANSFER_ANSWERED },
	{ CURLE_HTTP_RETURNED_ERROR, TRANSFER_ANSWERED },
	{ CURLE_COULDNT_RESOLVE_HOST, TRANSFER_ABSENT },
	{ CURLE_COULDNT_CONNECT, TRANSFER_ABSENT },
	{ CURLE_OPERATION_TIMEDOUT, TRANSFER_ABSENT }, /* only connecting has a limit of curl's */
	{ CURLE_PARTIAL_FILE, TRANSFER_CUT },
	{ CURLE_GOT_NOTHING, TRANSFER_CUT },
	{ CURLE_RECV_ERROR, TRANSFER_CUT },
	{ CURLE_SEND_ERROR, TRANSFER_CUT },
	{ CURLE_HTTP2, TRANSFER_CUT },
	{ CURLE_HTTP2_STREAM, TRANSFER_CUT },
};

static const char *
reason(struct running *r, CURLcode result, enum transfer_end end)
{
	struct arena *a = r->all->a;
	struct transfer *t = r->t;
	long os = 0;

	if (result == CURLE_COULDNT_CONNECT &&
	    curl_easy_getinfo(r->curl, CURLINFO_OS_ERRNO, &os) == CURLE_OK && os)
		return arena_printf(a, "cannot connect: %s", strerror((int)os));
	if (result == CURLE_OUT_OF_MEMORY) /* what libcurl calls a line that is too long for it */
		return without_end;
	if (result == CURLE_OPERATION_TIMEDOUT)
		return arena_printf(
		    a, "no connection within %g s", (double)r->all->patience->connect / NS_PER_S);
	if (end == TRANSFER_CUT && t->verb == TRANSFER_GET && t->have > t->start)
		return t->length < 0
			   ? arena_printf(a, "connection ended after %" PRIu64 " bytes", t->have)
			   : arena_printf(a,
				 "connection ended after %" PRIu64 " of %" PRIu64 " bytes", t->have,
				 t->start + (uint64_t)t->length);
	return r->said[0] ? arena_strdup(a, r->said) : curl_easy_strerror(result);
}

static struct transfer *
ended(struct running *r, CURLcode result)
{
	struct transfer *t = r->t;
	enum transfer_end end = TRANSFER_FAILED;
	char *type = NULL, *url = NULL;
	curl_off_t length = -1;
	long moves = 0;

	curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &t->status);
	curl_easy_getinfo(r->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(r->curl, CURLINFO_CONTENT_TYPE, &type);
	curl_easy_getinfo(r->curl, CURLINFO_REDIRECT_COUNT, &moves);
	curl_easy_getinfo(r->curl, CURLINFO_EFFECTIVE_URL, &url);
	t->length = length;
	if (type)
		t->type = arena_strdup(r->all->a, type);
	if (moves && url) /* whether for good or for now */
		t->moved = arena_strdup(r->all->a, url);
	if (t->failed) /* it was us who ended it */
		return end_with(r, t->end, t->failed);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (ends[i].code == result)
			end = ends[i].end;
	/* libcurl takes "HTTP/200" for a status line, and a long number for a negative one */
	if (end == TRANSFER_ANSWERED && t->status < 100 && host_of(r->all->a, t->url)) {
		t->status = 0;
		return end_with(r, TRANSFER_FAILED, "sends no HTTP");
	}
	if (end == TRANSFER_ANSWERED)
		return end_with(r, end, NULL);
	t->failed = reason(r, result, end);
	if (end == TRANSFER_ABSENT)
		remember_absent(r->all, url ? url : t->url, t->failed);
	return end_with(r, end, t->failed);
}

/* has it had the time that so many bytes may take */
static bool
is_late(const struct running *r, nstime now)
{
	const struct transfer_patience *p = r->all->patience;
	uint64_t bytes = r->t->verb == TRANSFER_PUT ? r->t->size : r->t->most;

	return p->rate && now - r->start >= p->window + (nstime)(bytes / p->rate) * NS_PER_S;
}

/* gives up a server that hangs or trickles */
static struct transfer *
give_up(struct running *r, nstime now)
{
	const struct transfer_patience *p = r->all->patience;
	double seconds = (double)p->window / NS_PER_S;
	uint64_t moved = r->t->have - r->looked;

	if (now < r->look)
		return NULL;
	if (is_late(r, now))
		return end_with(r, TRANSFER_SLOW,
		    arena_printf(r->all->a, "too slow: %" PRIu64 " bytes in %g s", r->t->have,
			(double)(now - r->start) / NS_PER_S));
	if (moved >= p->slow) {
		r->looked = r->t->have;
		r->look += p->window;
		return NULL;
	}
	return end_with(r, TRANSFER_SLOW,
	    moved ? arena_printf(r->all->a, "too slow: %" PRIu64 " bytes in %g s", moved, seconds)
		  : arena_printf(r->all->a, "%s nothing for %g s",
			r->t->verb == TRANSFER_PUT ? "takes" : "sends", seconds));
}

struct transfer *
transfers_next(struct transfers *ts)
{
	nstime now;
	CURLMsg *m;
	int n;

	curl_multi_perform(ts->multi, &n);
	while ((m = curl_multi_info_read(ts->multi, &n))) {
		struct running *r;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
		return ended(r, m->data.result);
	}
	now = clock_now();
	for (struct running *r = ts->running; r; r = r->next) {
		struct transfer *t = give_up(r, now);

		if (t)
			return t;
	}
	return NULL;
}

void
transfers_wait(struct transfers *ts, struct transfer_fd *also, unsigned n, nstime until)
{
	struct curl_waitfd fds[OTHERS];
	int ms;

	for (const struct running *r = ts->running; r; r = r->next)
		if (r->look < until)
			until = r->look;
	ms = clock_poll_ms(until);
	if (n > OTHERS)
		n = OTHERS;
	for (unsigned i = 0; i < n; i++)
		fds[i] = (struct curl_waitfd){ .fd = also[i].fd, .events = CURL_WAIT_POLLIN };
	curl_multi_poll(ts->multi, fds, n, ms < 0 || ms > LONGEST ? LONGEST : ms, NULL);
	for (unsigned i = 0; i < n; i++)
		also[i].ready = fds[i].revents != 0;
}

void
transfer_all(struct arena *a, const struct transfer_patience *p, struct transfer *v, size_t n)
{
	struct transfers *ts = transfers_open(a, p);
	size_t next = 0, running = 0;

	while (next < n || running) {
		for (; next < n && running < PARALLEL; running++)
			transfer_start(ts, &v[next++]);
		if (transfers_next(ts))
			running--;
		else
			transfers_wait(ts, NULL, 0, NS_NEVER);
	}
	transfers_close(ts);
}
