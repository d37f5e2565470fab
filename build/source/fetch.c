/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/fetch.h"

#include "build/source/aptmirror.h"
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/source/checked.h"
#include "build/config/config.h"
#include "build/source/gitsource.h"
#include "build/source/origins.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARALLEL 6		      /* transfers at once */
#define UNBOUNDED (UINT64_C(2) << 30) /* bytes of a source whose size nobody told */
#define LOCK_WAIT (200 * NS_PER_MS)   /* before looking again whether another lh-build is done */
#define REDRAW (100 * NS_PER_MS)

static const struct patience usual = {
	.connect = 20 * NS_PER_S,
	.window = 30 * NS_PER_S,
	.slow = 30 * 1024,
	.tries = 3,
	.backoff = NS_PER_S,
};

enum fetch_state {
	READY,	 /* to go on with the place it is at */
	WAITING, /* for the time `wake` */
	RUNNING,
	DONE
};

/* one want on its way: its places one after the other, until one has delivered */
struct fetch {
	struct engine *en;
	struct want *want;
	struct fetch *twin; /* another want for the same files; it does the work */
	struct places places;
	size_t at;
	enum fetch_state state;
	nstime wake;
	bool raced; /* another lh-build has been seen at it */
	struct buf why;

	/* of the place it is at */
	unsigned failed; /* tries that did */
	bool fresh;	 /* what an earlier try or origin left is of no use: start at byte 0 */

	/* of the try that is running */
	CURL *curl;	      /* NULL: it is git's turn */
	struct child git;     /* pid 0: it is curl's turn */
	int talk;	      /* what git says, a memfd */
	int fd;		      /* FILE.part, locked; -1 */
	char *part;	      /* its path */
	uint64_t start, have; /* bytes that were there; that are there */
	bool begun;	      /* the body has begun */
	const char *broke;    /* why we broke it off */
	bool spoiled;	      /* ... and what is in the file is not what we want */
	nstime look;	      /* end of the window */
	uint64_t looked;      /* bytes that had come when it began */
	char said[CURL_ERROR_SIZE];
};

/* a server that was not there at all; nobody else needs to wait for it */
struct dead {
	const char *host, *why;
	struct dead *next;
};

struct engine {
	struct arena *a;
	const struct config *cfg;
	const struct patience *patience;
	bool probe;
	const char *dir;	 /* OUTPUT/sources */
	struct checked *checked; /* what is in it */
	struct elsewhere {
		const char *dir;
		struct checked *checked;
	} elsewhere[2]; /* CACHE/sources, and the sources/ that a bundle has */
	struct aptmirror apt;
	bool asked_apt;
	CURLM *multi;
	struct fetch *v;
	size_t n, running, ndone;
	struct dead *dead;
	nstime drawn;
	struct err *e;
	bool broken; /* e is filled */
};

/* --- what a person gets to see --- */

static const struct place *
place_of(const struct fetch *f)
{
	return &f->places.v[f->at];
}

static const struct source *
form_of(const struct fetch *f)
{
	return place_of(f)->form;
}

static void
note(struct fetch *f, const char *origin, const char *reason)
{
	buf_addf(&f->why, "%s  %s: %s", f->why.n ? "\n" : "", origin, reason);
}

static void
draw(struct engine *en)
{
	const struct fetch *most = NULL;
	nstime now = clock_now();
	char size[32] = "";

	if (en->probe || !log_is_terminal() || now - en->drawn < REDRAW)
		return;
	en->drawn = now;
	for (size_t i = 0; i < en->n; i++)
		if (en->v[i].state == RUNNING && (!most || en->v[i].have > most->have))
			most = &en->v[i];
	if (!most)
		return;
	if (form_of(most)->size)
		snprintf(size, sizeof size, " of %.1f", (double)form_of(most)->size / 1e6);
	log_status("fetch %zu/%zu  %s %.1f%s MB", en->ndone, en->n, form_of(most)->file,
	    (double)most->have / 1e6, size);
}

/* --- the end of a try --- */

static void
done(struct fetch *f)
{
	f->state = DONE;
	f->en->ndone++;
}

/* gives up what the running try holds */
static void
release(struct fetch *f)
{
	if (f->curl) {
		curl_multi_remove_handle(f->en->multi, f->curl);
		curl_easy_cleanup(f->curl);
		f->curl = NULL;
	}
	if (f->git.pid) {
		int status;

		child_kill(&f->git, SIGKILL);
		child_wait(&f->git, &status, &(struct err){ 0 });
	}
	if (f->talk >= 0)
		close(f->talk);
	f->talk = -1;
	if (f->fd >= 0) {
		if (f->spoiled || f->have == 0)
			unlink(f->part);
		close(f->fd); /* and unlocks */
		f->fd = -1;
	}
	if (f->state == RUNNING)
		f->en->running--;
}

static void
next_place(struct fetch *f)
{
	f->at++;
	f->failed = 0;
	f->fresh = false;
	f->state = READY;
}

/* this place has not delivered; one that may recover gets another chance, after a while */
static void
failed(struct fetch *f, bool may_recover, const char *reason)
{
	struct engine *en = f->en;
	const char *origin = origins_text(en->a, place_of(f));

	release(f);
	f->failed++;
	if (may_recover && f->failed < en->patience->tries) {
		f->state = WAITING;
		f->wake = clock_now() + (en->patience->backoff << (f->failed - 1));
		return;
	}
	if (f->failed > 1)
		reason = arena_printf(en->a, "%s (%u tries)", reason, f->failed);
	note(f, origin, reason);
	next_place(f);
}

/* the content is wrong.  If it began with what another try or origin left, that may be to blame */
static void
spoiled(struct fetch *f, const char *reason)
{
	f->spoiled = true;
	if (f->start > 0) {
		release(f);
		f->fresh = true;
		f->state = READY;
		return;
	}
	failed(f, false, reason);
}

/* en->e says why nothing can go on */
static void
broken(struct engine *en)
{
	en->broken = true;
}

/* --- what is in the file --- */

/* a login page, an error page: it starts with markup, after blanks and perhaps a byte order mark */
static bool
is_web_page(int fd)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head" };
	char text[512];
	ssize_t n = pread(fd, text, sizeof text - 1, 0);
	const char *s = text;

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (!strncmp(s, "\xef\xbb\xbf", 3))
		s += 3;
	s += strspn(s, " \t\r\n");
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (!strncasecmp(s, starts[i], strlen(starts[i])))
			return true;
	return false;
}

/* hard link, or copy where there can be none; an older file of that name is replaced */
static int
share(struct engine *en, const char *from, const char *to, struct err *e)
{
	char *tmp = arena_printf(en->a, "%s.%ld", to, (long)getpid());
	int r = 0;

	if (file_mkparent(to, e) < 0)
		return -1;
	unlink(tmp);
	if (link(from, tmp) < 0)
		return file_copy(from, to, 0644, e);
	if (rename(tmp, to) < 0)
		r = fail_errno(e, "%s", to);
	unlink(tmp); /* still there when both were the same file already */
	return r;
}

/* it is complete and right: gives it its name */
static void
publish(struct fetch *f)
{
	struct engine *en = f->en;
	const struct source *form = form_of(f);
	const char *path = arena_printf(en->a, "%s/%s", en->dir, form->file);
	struct err e;

	if (fchmod(f->fd, 0644) < 0 || rename(f->part, path) < 0) {
		fail_errno(en->e, "%s", path);
		broken(en);
		return;
	}
	if (share(en, path, arena_printf(en->a, "%s/%s", en->elsewhere[0].dir, form->file), &e) < 0)
		log_warn("%s: not kept for other builds: %s", form->file, e.msg);
	checked_sha256(en->checked, form->file);
	log_info("fetched %s, %" PRIu64 " bytes from %s", form->file, f->have,
	    origins_text(en->a, place_of(f)));
	close(f->fd);
	f->fd = -1;
	release(f);
	f->want->got = form;
	f->want->path = path;
	done(f);
}

/* all that will come has come */
static void
judge(struct fetch *f)
{
	struct engine *en = f->en;
	const struct source *form = form_of(f);
	char hex[DIGEST_HEX];

	if (digest_file(f->part, hex, en->e) < 0) {
		broken(en);
		return;
	}
	if (!strcmp(hex, form->sha256))
		publish(f);
	else if (is_web_page(f->fd))
		spoiled(f, "answered with a web page instead of the file");
	else if (f->start == 0 && form->size && f->have < form->size)
		failed(f, true,
		    arena_printf(en->a, "ended after %" PRIu64 " of %" PRIu64 " bytes", f->have,
			form->size));
	else
		spoiled(f, arena_printf(en->a, "sha256 is %s, expected %s", hex, form->sha256));
}

/* --- curl --- */

static uint64_t
bound(const struct source *form)
{
	return form->size ? form->size : UNBOUNDED;
}

/* the answer is there, before its first byte is: from where does it count? */
static bool
begin_body(struct fetch *f)
{
	struct curl_header *range;
	uint64_t from;
	long status = 0;
	char *end;

	f->begun = true;
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (f->start == 0)
		return true;
	if (status != 206) { /* it sends all of it */
		f->start = f->have = 0;
		return ftruncate(f->fd, 0) == 0;
	}
	if (curl_easy_header(f->curl, "Content-Range", 0, CURLH_HEADER, -1, &range) == CURLHE_OK &&
	    !strncmp(range->value, "bytes ", 6)) {
		from = strtoull(range->value + 6, &end, 10);
		if (*end == '-' && from == f->start)
			return true;
	}
	f->broke =
	    arena_printf(f->en->a, "answered with another range than bytes %" PRIu64 "-", f->start);
	f->spoiled = true;
	return false;
}

static size_t
take(char *p, size_t size, size_t n, void *arg)
{
	struct fetch *f = arg;

	n *= size;
	if (!f->begun && !begin_body(f)) {
		if (!f->broke) {
			fail_errno(f->en->e, "%s", f->part);
			broken(f->en);
		}
		return CURL_WRITEFUNC_ERROR;
	}
	if (f->have + n > bound(form_of(f))) {
		f->broke = arena_printf(f->en->a, "sends more than %" PRIu64 " bytes%s",
		    bound(form_of(f)), form_of(f)->size ? ", the size it should have" : "");
		f->spoiled = true;
		return CURL_WRITEFUNC_ERROR;
	}
	for (size_t put = 0; put < n;) {
		ssize_t w = pwrite(f->fd, p + put, n - put, (off_t)(f->have + put));

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			fail_errno(f->en->e, "%s", f->part);
			broken(f->en);
			return CURL_WRITEFUNC_ERROR;
		}
		put += (size_t)w;
	}
	f->have += n;
	return n;
}

/* "https://host:port" of a URL; NULL for a file */
static const char *
host_of(struct arena *a, const char *url)
{
	const char *s = strstr(url, "://");

	if (!s || !strncmp(url, "file:", 5))
		return NULL;
	return arena_strndup(a, url, (size_t)(s - url) + 3 + strcspn(s + 3, "/"));
}

static const char *
dead_host(const struct engine *en, const char *url)
{
	const char *host = host_of(en->a, url);

	for (const struct dead *d = en->dead; d && host; d = d->next)
		if (!strcmp(d->host, host))
			return d->why;
	return NULL;
}

static void
start_curl(struct fetch *f, const char *url, const char *proxy)
{
	const struct patience *p = f->en->patience;
	CURL *c = curl_easy_init();

	f->curl = c;
	f->begun = false;
	f->said[0] = '\0';
	f->looked = f->have;
	f->look = clock_now() + p->window;
	curl_easy_setopt(c, CURLOPT_URL, url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https,file");
	curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
	curl_easy_setopt(c, CURLOPT_MAXREDIRS, 10L);
	curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)(p->connect / NS_PER_MS));
	curl_easy_setopt(c, CURLOPT_USERAGENT, "lh-build/" LH_VERSION);
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->said);
	curl_easy_setopt(c, CURLOPT_PRIVATE, f);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, f);
	if (proxy)
		curl_easy_setopt(c, CURLOPT_PROXY, proxy);
	if (f->en->probe)
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	if (f->start > 0)
		curl_easy_setopt(
		    c, CURLOPT_RANGE, arena_printf(f->en->a, "%" PRIu64 "-", f->start));
	curl_multi_add_handle(f->en->multi, c);
	f->state = RUNNING;
	f->en->running++;
}

/* the server was not there at all, which is so for whoever asks next */
static void
bury(struct fetch *f, const char *why)
{
	char *url;
	struct dead *d;

	curl_easy_getinfo(f->curl, CURLINFO_EFFECTIVE_URL, &url);
	if (!url || !host_of(f->en->a, url))
		return;
	d = arena_alloc(f->en->a, sizeof *d);
	d->host = host_of(f->en->a, url);
	d->why = why;
	d->next = f->en->dead;
	f->en->dead = d;
}

/* a HEAD was answered well */
static void
probed(struct fetch *f)
{
	const struct source *form = form_of(f);
	curl_off_t n = -1;

	curl_easy_getinfo(f->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n);
	if (form->size && n >= 0 && (uint64_t)n != form->size) {
		failed(f, false,
		    arena_printf(f->en->a, "has %" PRIu64 " bytes, expected %" PRIu64, (uint64_t)n,
			form->size));
		return;
	}
	release(f);
	f->want->got = form;
	done(f);
}

static bool
may_recover(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status != 501 && status != 505);
}

static void
ended(struct fetch *f, CURLcode result)
{
	struct arena *a = f->en->a;
	const char *said = f->said[0] ? arena_strdup(a, f->said) : curl_easy_strerror(result);
	long status = 0;

	if (f->en->broken)
		return;
	curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &status);
	if (f->broke) {
		if (is_web_page(f->fd))
			f->broke = "answered with a web page instead of the file";
		spoiled(f, f->broke);
		return;
	}
	switch (result) {
	case CURLE_OK:
		if (f->en->probe)
			probed(f);
		else
			judge(f);
		return;
	case CURLE_HTTP_RETURNED_ERROR:
		if (status == 416 && f->start > 0) /* there is nothing behind what we have */
			judge(f);
		else
			failed(f, may_recover(status), arena_printf(a, "HTTP status %ld", status));
		return;
	case CURLE_COULDNT_RESOLVE_HOST:
		bury(f, said);
		failed(f, false, said);
		return;
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(f->curl, CURLINFO_OS_ERRNO, &status);
		said = arena_printf(a, "cannot connect: %s", strerror((int)status));
		bury(f, said);
		failed(f, false, said);
		return;
	case CURLE_OPERATION_TIMEDOUT: /* only connecting has a time limit of curl's */
		said = arena_printf(
		    a, "no connection within %g s", (double)f->en->patience->connect / NS_PER_S);
		bury(f, said);
		failed(f, false, said);
		return;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		if (f->have > f->start)
			said = arena_printf(a, "connection ended after %" PRIu64 " bytes", f->have);
		failed(f, true, said);
		return;
	default:
		failed(f, false, said);
	}
}

/* gives up a server that hangs or trickles */
static void
look(struct fetch *f)
{
	const struct patience *p = f->en->patience;
	uint64_t came = f->have > f->looked ? f->have - f->looked : 0;
	double seconds = (double)p->window / NS_PER_S;

	if (clock_now() < f->look)
		return;
	if (came >= p->slow) {
		f->looked = f->have;
		f->look += p->window;
	} else if (came) {
		failed(f, false,
		    arena_printf(f->en->a, "too slow: %" PRIu64 " bytes in %g s", came, seconds));
	} else {
		failed(f, false, arena_printf(f->en->a, "sends nothing for %g s", seconds));
	}
}

/* --- starting --- */

/* 0: f->fd is the locked FILE.part; 1: another lh-build is at it; -1: e is filled */
static int
open_part(struct fetch *f)
{
	struct engine *en = f->en;
	struct stat st, now;

	f->part = arena_printf(en->a, "%s/%s.part", en->dir, form_of(f)->file);
	f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (f->fd < 0)
		return fail_errno(en->e, "%s", f->part);
	if (flock(f->fd, LOCK_EX | LOCK_NB) < 0 || fstat(f->fd, &st) < 0 ||
	    stat(f->part, &now) < 0 || st.st_ino != now.st_ino) {
		close(f->fd); /* locked, or renamed by whoever had it locked */
		f->fd = -1;
		return 1;
	}
	if (f->fresh && ftruncate(f->fd, 0) < 0)
		return fail_errno(en->e, "%s", f->part);
	f->start = f->have = f->fresh ? 0 : (uint64_t)st.st_size;
	return 0;
}

static void
start_git(struct fetch *f)
{
	struct engine *en = f->en;
	const struct place *p = place_of(f);
	struct argv v = { .a = en->a };
	struct err e;
	char *commit;

	if (gitsource_tag(en->a, p->clone, p->where, &commit, &e) < 0) {
		const char *said = e.msg;
		size_t n = strlen(p->clone);

		if (!strncmp(said, p->clone, n) &&
		    !strncmp(said + n, ": ", 2)) /* the place has been named */
			said += n + 2;
		failed(f, false, arena_strdup(en->a, said));
		return;
	}
	if (en->probe) {
		f->want->got = p->form;
		done(f);
		return;
	}
	f->start = f->have = 0; /* git can't resume */
	gitsource_archive(&v, p->clone, arena_printf(en->a, "refs/tags/%s", p->where),
	    arena_printf(en->a, "%s-%s/", f->want->name, f->want->version), "tar.gz", f->part);
	f->talk = memfd_create("git", MFD_CLOEXEC);
	if (f->talk < 0) {
		fail_errno(en->e, "memfd_create");
		broken(en);
		return;
	}
	if (child_start(&f->git, v.v, &(struct child_opts){ .out = f->talk }, &e) < 0) {
		failed(f, false, arena_strdup(en->a, e.msg));
		return;
	}
	f->state = RUNNING;
	en->running++;
}

static void
ended_git(struct fetch *f)
{
	struct engine *en = f->en;
	char said[512];
	struct err e;
	struct stat st;
	ssize_t n = pread(f->talk, said, sizeof said - 1, 0);
	int status;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (child_wait(&f->git, &status, &e) < 0)
		failed(f, false, arena_strdup(en->a, e.msg));
	else if (status != 0)
		failed(f, false,
		    arena_strdup(en->a, said[0] ? said : child_status_text(en->a, status)));
	else if (fstat(f->fd, &st) < 0) {
		fail_errno(en->e, "%s", f->part);
		broken(en);
	} else {
		f->have = (uint64_t)st.st_size;
		judge(f);
	}
}

/*
 * is form in OUTPUT/sources, or can it be put there from CACHE/sources?  Else why tells what is
 * wrong with it
 */
static bool
have_form(struct engine *en, const struct source *form, const char *path, const char **why)
{
	const char *hex = checked_sha256(en->checked, form->file);
	struct err e;

	if (hex && !strcmp(hex, form->sha256))
		return true;
	*why =
	    hex ? arena_printf(en->a, "sha256 is %s, expected %s", hex, form->sha256) : "not there";
	for (size_t i = 0; i < sizeof en->elsewhere / sizeof *en->elsewhere; i++) {
		const struct elsewhere *w = &en->elsewhere[i];
		const char *kept = checked_sha256(w->checked, form->file);

		if (!kept || strcmp(kept, form->sha256))
			continue;
		if (share(en, arena_printf(en->a, "%s/%s", w->dir, form->file), path, &e) == 0) {
			checked_sha256(en->checked, form->file);
			return true;
		}
		*why = arena_strdup(en->a, e.msg);
	}
	return false;
}

/* any form that this machine has complete; true when one was found */
static bool
find_local(struct fetch *f)
{
	struct engine *en = f->en;
	const struct want *w = f->want;

	for (size_t i = 0; i < w->nforms; i++) {
		const char *path = arena_printf(en->a, "%s/%s", en->dir, w->forms[i].file), *why;

		if (have_form(en, &w->forms[i], path, &why)) {
			f->want->got = &w->forms[i];
			f->want->path = path;
			return true;
		}
		if (!f->raced)
			note(f, path, why);
	}
	return false;
}

/* starts the place it is at; one that can't even be started is noted, and the next is at hand */
static void
begin(struct fetch *f)
{
	struct engine *en = f->en;
	const struct place *p;
	const char *url = NULL, *proxy = NULL, *closed;

	if (f->at == f->places.n) {
		done(f);
		return;
	}
	p = place_of(f);
	closed = p->closed;
	if (!closed && p->kind == PLACE_DEBIAN) {
		if (!en->asked_apt)
			aptmirror_ask(en->a, &en->apt);
		en->asked_apt = true;
		closed = en->apt.base ? NULL : en->apt.why;
		proxy = en->apt.proxy;
		url = arena_printf(en->a, "%s/%s", en->apt.base ? en->apt.base : "", p->where);
	} else if (p->kind == PLACE_URL) {
		url = p->where;
	}
	if (!closed && url)
		closed = dead_host(en, url);
	if (closed) {
		note(f, origins_text(en->a, p), closed);
		next_place(f);
		return;
	}
	f->broke = NULL;
	f->spoiled = false;
	f->start = f->have = 0;
	if (url && !strncmp(url, "file:", 5)) /* not worth resuming */
		f->fresh = true;
	if (!en->probe) {
		switch (open_part(f)) {
		case -1:
			broken(en);
			return;
		case 1:
			f->raced = true;
			f->state = WAITING;
			f->wake = clock_now() + LOCK_WAIT;
			return;
		}
		if (f->raced && find_local(f)) { /* the other one was quicker */
			unlink(f->part);
			close(f->fd);
			f->fd = -1;
			done(f);
			return;
		}
		if (f->start >= bound(p->form)) { /* nothing is missing */
			judge(f);
			return;
		}
		if (!log_is_terminal())
			log_info("fetching %s from %s", p->form->file, origins_text(en->a, p));
	}
	if (p->kind == PLACE_GIT)
		start_git(f);
	else
		start_curl(f, url, proxy);
}

/* --- the loop --- */

static bool
same_files(const struct want *x, const struct want *y)
{
	return x->nforms && x->nforms == y->nforms && !strcmp(x->forms[0].file, y->forms[0].file) &&
	       !strcmp(x->forms[0].sha256, y->forms[0].sha256);
}

static void
prepare(struct engine *en, struct want *wants)
{
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		*f = (struct fetch){ .en = en,
			.want = &wants[i],
			.fd = -1,
			.talk = -1,
			.git = { .pidfd = -1, .out = -1, .in = -1 } };
		f->want->got = NULL;
		f->want->path = f->want->why = NULL;
		for (size_t k = 0; k < i && !f->twin; k++)
			if (same_files(f->want, en->v[k].want))
				f->twin = en->v[k].twin ? en->v[k].twin : &en->v[k];
		if (f->twin || find_local(f)) {
			done(f);
			continue;
		}
		f->places =
		    origins_list(en->a, en->cfg, f->want->name, f->want->forms, f->want->nforms);
	}
}

static void
start_ready(struct engine *en)
{
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		if (f->state == WAITING && f->wake <= clock_now())
			f->state = READY;
		while (f->state == READY && en->running < PARALLEL && !en->broken)
			begin(f);
	}
}

static void
serve_curl(struct engine *en)
{
	CURLMsg *m;
	int n;

	curl_multi_perform(en->multi, &n);
	while (!en->broken && (m = curl_multi_info_read(en->multi, &n))) {
		struct fetch *f;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &f);
		ended(f, m->data.result);
	}
}

/* gives up who is too slow; returns when there is something to do again even if nothing moves */
static nstime
look_around(struct engine *en)
{
	nstime next = NS_NEVER;

	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		if (f->state == RUNNING && f->curl)
			look(f);
		if (f->state == READY && en->running < PARALLEL)
			return 0;
		if (f->state == WAITING && f->wake < next)
			next = f->wake;
		if (f->state == RUNNING && f->curl && f->look < next)
			next = f->look;
	}
	return next;
}

/* until something moves: curl's sockets, the end of a git, the time `until` */
static void
wait_for(struct engine *en, nstime until)
{
	struct curl_waitfd fds[PARALLEL];
	struct fetch *who[PARALLEL];
	unsigned n = 0;
	int ms = clock_poll_ms(until);

	if (log_is_terminal() && !en->probe && (ms < 0 || ms > 200))
		ms = 200; /* the progress line */
	else if (ms < 0)
		ms = 60000;
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		if (f->state != RUNNING || !f->git.pid)
			continue;
		fds[n] = (struct curl_waitfd){ .fd = f->git.pidfd, .events = CURL_WAIT_POLLIN };
		who[n++] = f;
	}
	curl_multi_poll(en->multi, fds, n, ms, NULL);
	for (unsigned i = 0; i < n && !en->broken; i++)
		if (fds[i].revents)
			ended_git(who[i]);
}

static void
run(struct engine *en)
{
	while (!en->broken && en->ndone < en->n) {
		start_ready(en);
		serve_curl(en);
		if (en->broken || en->ndone == en->n)
			break;
		draw(en);
		wait_for(en, look_around(en));
	}
	log_status("%s", "");
}

static void
finish(struct engine *en)
{
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		release(f);
		if (f->twin) {
			f->want->got = f->twin->want->got;
			f->want->path = f->twin->want->path;
			f->want->why = f->twin->want->why;
		} else if (!f->want->got) {
			f->want->why =
			    arena_strdup(en->a, f->why.p ? f->why.p : "  no origin is known");
		}
		buf_free(&f->why);
	}
}

int
fetch_with(struct arena *a, const struct config *cfg, const struct patience *p, bool probe,
    struct want *wants, size_t n, struct err *e)
{
	struct engine en = { .a = a, .cfg = cfg, .patience = p, .probe = probe, .n = n, .e = e };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;

	if (n == 0)
		return 0;
	en.dir = arena_printf(a, "%s/sources", cfg->output);
	en.elsewhere[0].dir = arena_printf(a, "%s/sources", cfg->cache);
	en.elsewhere[1].dir = arena_printf(a, "%s/sources", cfg->top);
	if (!probe && file_mkdirs(en.dir, 0755, e) < 0) /* who only asks writes nothing */
		return -1;
	en.checked = checked_open(a, en.dir);
	for (size_t i = 0; i < sizeof en.elsewhere / sizeof *en.elsewhere; i++)
		en.elsewhere[i].checked = checked_open(a, en.elsewhere[i].dir);
	en.v = arena_array(a, n, sizeof *en.v);
	sigaction(SIGPIPE, &ignore, &before); /* a TLS connection that goes away raises it */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	en.multi = curl_multi_init();
	prepare(&en, wants);
	run(&en);
	finish(&en);
	curl_multi_cleanup(en.multi);
	curl_global_cleanup();
	sigaction(SIGPIPE, &before, NULL);
	if (en.broken)
		return -1;
	return probe ? 0 : checked_save(en.checked, e);
}

int
fetch_all(struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e)
{
	return fetch_with(a, cfg, &usual, false, wants, n, e);
}

int
fetch_probe(struct arena *a, const struct config *cfg, struct want *wants, size_t n, struct err *e)
{
	return fetch_with(a, cfg, &usual, true, wants, n, e);
}

int
fetch_lack(const struct config *cfg, const struct want *w, struct err *e)
{
	if (cfg->offline)
		return fail(e,
		    "%s %s: %s is not here, and OFFLINE is set; get it with `./make sources` where "
		    "there is a network, or bring a bundle from there",
		    w->name, w->version, w->nforms ? w->forms[0].file : "its source");
	return fail(e, "%s %s: no origin has its source\n%s", w->name, w->version, w->why);
}
