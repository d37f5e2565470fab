/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/fetch.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/source/aptmirror.h"
#include "build/source/local.h"
#include "build/source/origins.h"
#include "build/source/part.h"
#include "build/source/transfer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PARALLEL 6		      /* transfers at once */
#define UNBOUNDED (UINT64_C(2) << 30) /* bytes of a source whose size nobody told */
#define LOCK_WAIT (200 * NS_PER_MS)   /* before looking again whether another lh-build is done */
#define REDRAW (100 * NS_PER_MS)

static const struct patience usual = {
	.server = { .connect = 20 * NS_PER_S, .window = 30 * NS_PER_S, .slow = 30 * 1024 },
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
	struct fetch *same; /* an earlier one for the same files, which does the work */
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
	struct transfer transfer; /* of an URL; .have and .start hold for git, too */
	struct git_archive git;	  /* .child.pid is 0 when it is not git's turn */
	struct part part;
	bool spoiled; /* what is in the file is not what we want */
};

struct engine {
	struct arena *a;
	const struct config *cfg;
	const struct patience *patience;
	bool probe;
	struct local *local;
	struct aptmirror apt;
	struct transfers *transfers;
	struct fetch *v;
	size_t n, running, ndone;
	nstime drawn;
	const char *no_cache; /* what became of CACHE_URL; NULL: it may be asked */
	struct err *e;
	bool broken; /* e is filled */
};

/* --- what a person gets to see --- */

static struct place *
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
		if (en->v[i].state == RUNNING &&
		    (!most || en->v[i].transfer.have > most->transfer.have))
			most = &en->v[i];
	if (!most)
		return;
	if (form_of(most)->size)
		snprintf(size, sizeof size, " of %.1f", (double)form_of(most)->size / 1e6);
	log_status("fetch %zu/%zu  %s %.1f%s MB", en->ndone, en->n, form_of(most)->file,
	    (double)most->transfer.have / 1e6, size);
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
	transfer_stop(f->en->transfers, &f->transfer);
	git_archive_kill(&f->git);
	part_close(&f->part, f->transfer.have > 0 && !f->spoiled);
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
		reason = arena_printf(en->a, "%s (%u attempts)", reason, f->failed);
	note(f, origin, reason);
	next_place(f);
}

/* the content is wrong.  If it began with what another try or origin left, that may be to blame */
static void
spoiled(struct fetch *f, const char *reason)
{
	f->spoiled = true;
	if (f->transfer.start > 0) {
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

/* it is complete and right: gives it its name */
static void
publish(struct fetch *f)
{
	struct engine *en = f->en;
	const struct source *form = form_of(f);
	const char *path;

	if (fchmod(f->part.fd, 0644) < 0) {
		fail_errno(en->e, "%s", f->part.path);
		broken(en);
		return;
	}
	path = local_enter(en->local, form, f->part.path, en->e);
	if (!path) {
		broken(en);
		return;
	}
	log_info("fetched %s, %" PRIu64 " bytes from %s", form->file, f->transfer.have,
	    origins_text(en->a, place_of(f)));
	part_close(&f->part, true); /* it has its name now */
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

	if (*f->transfer.sha256) {
		memcpy(hex, f->transfer.sha256, sizeof hex);
	} else if (digest_file(f->part.path, hex, en->e) < 0) {
		broken(en);
		return;
	}
	if (!strcmp(hex, form->sha256))
		publish(f);
	else if (part_is_web_page(&f->part))
		spoiled(f, "answered with a web page instead of the file");
	else if (f->transfer.start == 0 && form->size && f->transfer.have < form->size)
		failed(f, true,
		    arena_printf(en->a, "ended after %" PRIu64 " of %" PRIu64 " bytes",
			f->transfer.have, form->size));
	else
		spoiled(f, arena_printf(en->a, "sha256 is %s, expected %s", hex, form->sha256));
}

/* --- URLs --- */

static uint64_t
bound(const struct source *form)
{
	return form->size ? form->size : UNBOUNDED;
}

static void
start_transfer(struct fetch *f)
{
	struct transfer *t = &f->transfer;

	t->verb = f->en->probe ? TRANSFER_HEAD : TRANSFER_GET;
	t->url = place_of(f)->url;
	t->proxy = place_of(f)->proxy;
	t->fd = f->part.fd;
	t->most = bound(form_of(f));
	t->user = f;
	f->state = RUNNING;
	f->en->running++;
	transfer_start(f->en->transfers, t);
}

/* a HEAD was answered well */
static void
probed(struct fetch *f)
{
	const struct source *form = form_of(f);
	int64_t n = f->transfer.length;

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
ended(struct fetch *f)
{
	const struct transfer *t = &f->transfer;

	switch (t->end) {
	case TRANSFER_ANSWERED:
		/* 416: there is nothing behind what we have; 304: it has not changed since never */
		if (t->status >= 300 && !(t->status == 416 && t->start > 0))
			failed(f, may_recover(t->status),
			    arena_printf(f->en->a, "HTTP status %ld", t->status));
		else if (f->en->probe)
			probed(f);
		else
			judge(f);
		break;
	case TRANSFER_WRONG:
		spoiled(f, part_is_web_page(&f->part)
			       ? "answered with a web page instead of the file"
			       : t->failed);
		break;
	case TRANSFER_UNKEPT:
		errno = t->error;
		fail_errno(f->en->e, "%s", f->part.path);
		broken(f->en);
		break;
	case TRANSFER_SLOW: /* a cache that is no quicker than others is of no use */
		if (place_of(f)->cache)
			f->en->no_cache = t->failed;
		failed(f, false, t->failed);
		break;
	default:
		failed(f, t->end == TRANSFER_CUT, t->failed);
	}
}

/* --- starting --- */

static void
start_git(struct fetch *f)
{
	struct engine *en = f->en;
	const struct place *p = place_of(f);
	struct err e;
	char *commit;

	if (git_tag(en->a, p->clone, p->where, &commit, &e) < 0) {
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
	f->transfer.start = f->transfer.have = 0; /* git can't resume */
	if (git_archive_start(en->a, &f->git, p->clone, p->where,
		arena_printf(en->a, "%s-%s/", f->want->name, f->want->version), f->part.path,
		bound(p->form), &e) < 0) {
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
	struct stat st;
	struct err e;

	if (git_archive_end(en->a, &f->git, &e) < 0) {
		failed(f, false, arena_strdup(en->a, e.msg));
	} else if (fstat(f->part.fd, &st) < 0) {
		fail_errno(en->e, "%s", f->part.path);
		broken(en);
	} else {
		f->transfer.have = (uint64_t)st.st_size;
		judge(f);
	}
}

/* any form that this machine has complete; true when one was found */
static bool
find_local(struct fetch *f)
{
	struct engine *en = f->en;
	const struct want *w = f->want;

	for (size_t i = 0; i < w->nforms; i++) {
		const struct source *form = &w->forms[i];
		const char *why, *path = local_find(en->local, form, &why);

		if (path) {
			f->want->got = form;
			f->want->path = path;
			return true;
		}
		if (!f->raced)
			note(
			    f, arena_printf(en->a, "%s/%s", local_dir(en->local), form->file), why);
	}
	return false;
}

/* starts the place it is at; one that can't even be started is noted, and the next is at hand */
static void
begin(struct fetch *f)
{
	struct engine *en = f->en;
	struct place *p;
	const char *closed;

	if (f->at == f->places.n) {
		done(f);
		return;
	}
	p = place_of(f);
	origins_resolve(en->a, p, &en->apt);
	closed = p->closed;
	if (!closed && p->cache)
		closed = en->no_cache;
	if (!closed && p->url)
		closed = transfers_absent(en->transfers, p->url);
	if (closed) {
		note(f, origins_text(en->a, p), closed);
		next_place(f);
		return;
	}
	f->spoiled = false;
	f->transfer = (struct transfer){ 0 };
	if (p->url && !strncmp(p->url, "file:", 5)) /* not worth resuming */
		f->fresh = true;
	if (!en->probe) {
		const char *file = local_path(en->local, p->form);

		switch (part_open(en->a, &f->part, file, f->fresh, &f->transfer.start, en->e)) {
		case PART_ERROR:
			broken(en);
			return;
		case PART_TAKEN:
			f->raced = true;
			f->state = WAITING;
			f->wake = clock_now() + LOCK_WAIT;
			return;
		case PART_OURS:
			f->transfer.have = f->transfer.start;
		}
		if (f->raced && find_local(f)) { /* the other one was quicker */
			part_close(&f->part, false);
			done(f);
			return;
		}
		if (f->transfer.start >= bound(p->form)) { /* nothing is missing */
			judge(f);
			return;
		}
		if (!log_is_terminal())
			log_info("fetching %s from %s", p->form->file, origins_text(en->a, p));
	}
	if (p->kind == PLACE_GIT)
		start_git(f);
	else
		start_transfer(f);
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

		*f = (struct fetch){
			.en = en, .want = &wants[i], .part = { .fd = -1 }, .git = { .said = -1 }
		};
		f->want->got = NULL;
		f->want->path = f->want->why = NULL;
		for (size_t k = 0; k < i && !f->same; k++)
			if (same_files(f->want, en->v[k].want))
				f->same = en->v[k].same ? en->v[k].same : &en->v[k];
		if (f->same || find_local(f)) {
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

/* until something moves: a transfer, the end of a git, a try whose time has come */
static void
wait_for_any(struct engine *en)
{
	struct transfer_fd fds[PARALLEL];
	struct fetch *who[PARALLEL];
	nstime until = NS_NEVER;
	unsigned n = 0;

	if (log_is_terminal() && !en->probe)
		until = clock_now() + 2 * REDRAW;
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		if (f->state == READY && en->running < PARALLEL)
			return;
		if (f->state == WAITING && f->wake < until)
			until = f->wake;
		if (f->state != RUNNING || !f->git.child.pid)
			continue;
		fds[n].fd = f->git.child.pidfd;
		who[n++] = f;
	}
	transfers_wait(en->transfers, fds, n, until);
	for (unsigned i = 0; i < n && !en->broken; i++)
		if (fds[i].ready)
			ended_git(who[i]);
}

static void
run(struct engine *en)
{
	while (!en->broken && en->ndone < en->n) {
		struct transfer *t;

		start_ready(en);
		while (!en->broken && (t = transfers_next(en->transfers)))
			ended(t->user);
		if (en->broken || en->ndone == en->n)
			break;
		draw(en);
		wait_for_any(en);
	}
	log_status("%s", "");
}

static void
finish(struct engine *en)
{
	for (size_t i = 0; i < en->n; i++) {
		struct fetch *f = &en->v[i];

		release(f);
		if (f->same) {
			f->want->got = f->same->want->got;
			f->want->path = f->same->want->path;
			f->want->why = f->same->want->why;
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

	if (n == 0)
		return 0;
	en.local = local_open(a, cfg);
	/* who only asks writes nothing */
	if (!probe && file_mkdirs(local_dir(en.local), 0755, e) < 0)
		return -1;
	en.v = arena_array(a, n, sizeof *en.v);
	en.transfers = transfers_open(a, &p->server);
	prepare(&en, wants);
	run(&en);
	finish(&en);
	transfers_close(en.transfers);
	if (en.broken)
		return -1;
	return probe ? 0 : local_save(en.local, e);
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
	const char *said = w->why ? w->why : "";
	struct buf why = { 0 };

	if (cfg->offline)
		return fail(e,
		    "%s %s: %s is not fetched, and OFFLINE is true; run `./make sources` where "
		    "there is a network, or unpack a bundle made there",
		    w->name, w->version, w->nforms ? w->forms[0].file : "its source");
	/* an error is one line */
	for (const char *s = said + strspn(said, " "); *s; s += strspn(s, "\n ")) {
		size_t n = strcspn(s, "\n");

		buf_addf(&why, "%s%.*s", why.n ? "; " : "", (int)n, s);
		s += n;
	}
	fail(e, "%s %s: no origin has its source: %s", w->name, w->version, why.n ? why.p : "");
	buf_free(&why);
	return -1;
}
