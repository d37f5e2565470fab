/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/http.h"

#include "build/base/arena.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PARALLEL 6

const struct http_patience http_usual = { .connect = 10 * NS_PER_S, .seconds = 20, .slow = 100 };

/* one on its way */
struct transfer {
	struct arena *a;
	struct http_request *rq;
	const struct http_patience *patience;
	CURL *curl; /* NULL: free */
	struct digest *digest;
	uint64_t sent;
	char said[CURL_ERROR_SIZE];
};

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	struct http_request *rq = t->rq;

	n *= size;
	if (rq->size && rq->got + n > rq->size) {
		rq->failed = arena_printf(t->a, "sends more than %" PRIu64 " bytes", rq->size);
		return CURL_WRITEFUNC_ERROR;
	}
	for (size_t put = 0; rq->fd >= 0 && put < n;) {
		ssize_t w = pwrite(rq->fd, p + put, n - put, (off_t)(rq->got + put));

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			rq->failed = arena_printf(t->a, "cannot keep it: %s", strerror(errno));
			return CURL_WRITEFUNC_ERROR;
		}
		put += (size_t)w;
	}
	digest_add(t->digest, p, n);
	rq->got += n;
	return n;
}

static size_t
give(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	ssize_t r = pread(t->rq->fd, p, size * n, (off_t)t->sent);

	if (r < 0)
		return CURL_READFUNC_ABORT;
	t->sent += (uint64_t)r;
	return (size_t)r;
}

/* a server may want the body again, with a password */
static int
rewind_to(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->sent = (uint64_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void
start(struct transfer *t, CURLM *multi)
{
	struct http_request *rq = t->rq;
	CURL *c = curl_easy_init();

	rq->failed = rq->moved = NULL;
	rq->absent = false;
	rq->status = 0;
	rq->got = 0;
	rq->length = -1;
	rq->sha256[0] = '\0';
	rq->type = "";
	t->curl = c;
	t->sent = 0;
	t->said[0] = '\0';
	t->digest = rq->verb == HTTP_GET ? digest_new() : NULL;
	curl_easy_setopt(c, CURLOPT_URL, rq->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(t->patience->connect / NS_PER_MS));
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)t->patience->seconds);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, (long)t->patience->slow);
	curl_easy_setopt(c, CURLOPT_USERAGENT, "lh-build/" LH_VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->said);
	curl_easy_setopt(c, CURLOPT_PRIVATE, t);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	if (rq->proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, rq->proxy);
	if (rq->verb != HTTP_PUT) {
		curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
		curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	}
	if (rq->verb == HTTP_HEAD)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (rq->verb == HTTP_PUT) {
		/* what the server has to say to it does not matter */
		t->digest = digest_new();
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)rq->size);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give);
		curl_easy_setopt(c, CURLOPT_READDATA, t);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, rewind_to);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, t);
	}
	curl_multi_add_handle(multi, c);
}

/* where it was in the end, when it was sent on; whether for good or for now */
static const char *
new_url(struct transfer *t)
{
	long count = 0;
	char *url = NULL;

	curl_easy_getinfo(t->curl, CURLINFO_REDIRECT_COUNT, &count);
	curl_easy_getinfo(t->curl, CURLINFO_EFFECTIVE_URL, &url);
	return count && url ? arena_strdup(t->a, url) : NULL;
}

static void
finish(struct transfer *t, CURLM *multi, CURLcode result)
{
	struct http_request *rq = t->rq;
	curl_off_t length = -1;
	char *type = NULL;
	long os = 0;
	char ignored[DIGEST_HEX];

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &rq->status);
	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	curl_easy_getinfo(t->curl, CURLINFO_CONTENT_TYPE, &type);
	rq->length = length;
	rq->type = type ? arena_strdup(t->a, type) : "";
	rq->moved = new_url(t);
	if (t->digest)
		digest_end(t->digest, rq->verb == HTTP_GET ? rq->sha256 : ignored);
	if (result != CURLE_OK && !rq->failed) {
		rq->failed = t->said[0] ? arena_strdup(t->a, t->said) : curl_easy_strerror(result);
		rq->absent = result == CURLE_COULDNT_RESOLVE_HOST ||
			     result == CURLE_COULDNT_CONNECT || result == CURLE_OPERATION_TIMEDOUT;
	}
	if (result == CURLE_COULDNT_CONNECT &&
	    curl_easy_getinfo(t->curl, CURLINFO_OS_ERRNO, &os) == CURLE_OK && os)
		rq->failed = arena_printf(t->a, "cannot connect: %s", strerror((int)os));
	else if (result == CURLE_OPERATION_TIMEDOUT && rq->got)
		rq->failed = arena_printf(t->a,
		    "too slow: %" PRIu64 " bytes, then fewer than %u a second for %u s", rq->got,
		    t->patience->slow, t->patience->seconds);
	else if (result == CURLE_OPERATION_TIMEDOUT)
		rq->failed = "does not answer";
	else if (result == CURLE_PARTIAL_FILE)
		rq->failed = arena_printf(
		    t->a, "ended after %" PRIu64 " of %" PRId64 " bytes", rq->got, rq->length);
	curl_multi_remove_handle(multi, t->curl);
	curl_easy_cleanup(t->curl);
	t->curl = NULL;
}

void
http_all(struct arena *a, const struct http_patience *p, struct http_request *v, size_t n)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	struct transfer slots[PARALLEL] = { 0 };
	size_t next = 0, ended = 0;
	CURLM *multi;

	sigaction(SIGPIPE, &ignore, &before); /* a TLS connection that goes away raises it */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	while (ended < n) {
		CURLMsg *m;
		int left;

		for (size_t i = 0; i < PARALLEL && next < n; i++)
			if (!slots[i].curl) {
				slots[i] =
				    (struct transfer){ .a = a, .rq = &v[next++], .patience = p };
				start(&slots[i], multi);
			}
		curl_multi_perform(multi, &left);
		while ((m = curl_multi_info_read(multi, &left))) {
			struct transfer *t;

			if (m->msg != CURLMSG_DONE)
				continue;
			curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
			finish(t, multi, m->data.result);
			ended++;
		}
		if (ended < n)
			curl_multi_poll(multi, NULL, 0, 1000, NULL);
	}
	curl_multi_cleanup(multi);
	curl_global_cleanup();
	sigaction(SIGPIPE, &before, NULL);
}
