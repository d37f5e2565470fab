/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/shared.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/cache/pack.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/plan/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_MOST 4096 /* bytes of an ac/ entry */
#define FIRST_LINE "lh-cache 1"

struct shared {
	const char *url, *shown, *work; /* work: CACHE/work */
	const struct store *store;
	const struct transfer_patience *patience;
	bool *lost;   /* seen by both processes: it is no use any more */
	int to, from; /* pipe: `KEY NAME` lines of what is to be sent */
	struct child sender;
};

/* what ac/KEY says */
struct action {
	const char *name, *archive, *output;
	uint64_t size;
};

static void lose(struct shared *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
lose(struct shared *s, const char *fmt, ...)
{
	struct arena *a = arena_new();
	va_list ap;

	va_start(ap, fmt);
	if (!*s->lost)
		log_warn(
		    "CACHE_URL %s: %s; going on without it", s->shown, arena_vprintf(a, fmt, ap));
	va_end(ap);
	*s->lost = true;
	arena_free(a);
}

/* 1: done, 0: it has no such thing; -1: it is lost */
static int
ask(struct arena *a, struct shared *s, struct transfer *rq, const char *folder, const char *name)
{
	sigset_t none, before;

	rq->url = arena_printf(a, "%s/%s/%s", s->url, folder, name);
	/* a server may let us wait: who wants us to end needs not */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, &before);
	transfer_all(a, s->patience, rq, 1);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (rq->failed) {
		lose(s, "%s/%.12s: %s", folder, name, rq->failed);
		return -1;
	}
	if (rq->status == 404 && rq->verb != TRANSFER_PUT)
		return 0;
	if (rq->status < 200 || rq->status > 299) {
		lose(s, "%s/%.12s: HTTP status %ld", folder, name, rq->status);
		return -1;
	}
	return 1;
}

/* ---- getting ---- */

static bool
is_digest(const char *s)
{
	return s && strlen(s) == DIGEST_HEX - 1 && strspn(s, "0123456789abcdef") == DIGEST_HEX - 1;
}

/* the last line says that all of it is there */
static bool
parse(struct arena *a, const char *text, struct action *out)
{
	char *line, *w[2];
	struct lines l;

	*out = (struct action){ 0 };
	lines_text(a, "ac", text, &l);
	line = lines_next(&l);
	if (!line || strcmp(line, FIRST_LINE))
		return false;
	while ((line = lines_next(&l))) {
		if (!strcmp(line, "end"))
			return out->name && out->size && is_digest(out->archive) &&
			       is_digest(out->output);
		if (words(line, w, 2) != 2)
			return false;
		if (!strcmp(w[0], "name"))
			out->name = w[1];
		else if (!strcmp(w[0], "cas"))
			out->archive = w[1];
		else if (!strcmp(w[0], "size"))
			out->size = strtoull(w[1], NULL, 10);
		else if (!strcmp(w[0], "output"))
			out->output = w[1];
	}
	return false;
}

/* 1, 0 and -1 as ask(); a lie loses it too */
static int
get_action(struct arena *a, struct shared *s, const char *key, const char *name, struct action *out)
{
	struct transfer rq = { .verb = TRANSFER_GET, .most = ENTRY_MOST };
	char text[ENTRY_MOST + 1];
	int r;

	rq.fd = memfd_create("ac", MFD_CLOEXEC);
	if (rq.fd < 0)
		return 0;
	r = ask(a, s, &rq, "ac", key);
	if (r == 1) {
		ssize_t n = pread(rq.fd, text, ENTRY_MOST, 0);

		text[n > 0 ? n : 0] = '\0';
		if (!parse(a, arena_strdup(a, text), out) || strcmp(out->name, name)) {
			lose(s, "ac/%.12s: not an entry for %s", key, name);
			r = -1;
		}
	}
	close(rq.fd);
	return r;
}

/* the archive in dir, unpacked there, and what came out is what the entry tells */
static int
get_tree(struct arena *a, struct shared *s, const struct action *ac, const char *dir, struct err *e)
{
	const char *file = arena_printf(a, "%s/archive.tar.zst", dir),
		   *out = arena_printf(a, "%s/out", dir);
	struct transfer rq = { .verb = TRANSFER_GET, .most = ac->size };
	char hex[DIGEST_HEX];
	struct err why;
	int r;

	rq.fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (rq.fd < 0)
		return fail_errno(e, "%s", file);
	r = ask(a, s, &rq, "cas", ac->archive);
	close(rq.fd);
	if (r <= 0)
		return 0;
	if (strcmp(rq.sha256, ac->archive) != 0) {
		lose(s, "cas/%.12s: its sha256 is %s", ac->archive, rq.sha256);
		return 0;
	}
	if (pack_open(file, dir, false, &why) < 0) {
		lose(s, "cas/%.12s: %s", ac->archive, why.msg);
		return 0;
	}
	if (!file_isdir(out) || digest_tree(out, hex, &why) < 0 || strcmp(hex, ac->output)) {
		lose(s, "cas/%.12s: contents do not match its entry in ac/", ac->archive);
		return 0;
	}
	/* or it could not be moved */
	return chmod(out, 0755) < 0 ? fail_errno(e, "%s", out) : 1;
}

static int
get_into_store(struct arena *a, struct shared *s, const struct action *ac, const char *key,
    const char *name, const char *key_text, char output[DIGEST_HEX], struct err *e)
{
	char *dir = arena_printf(a, "%s/%s-%s.XXXXXX", s->work, key, name);
	struct err ignored;
	int r;

	if (file_mkparent(dir, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	r = get_tree(a, s, ac, dir, e);
	if (r > 0 && store_enter(s->store, dir, key, name, key_text, output, e) < 0)
		r = -1;
	file_remove(dir, &ignored);
	return r;
}

int
shared_get(struct shared *s, const char *key, const char *name, const char *key_text,
    char output[DIGEST_HEX], struct err *e)
{
	struct arena *a;
	struct action ac;
	int r, lock;

	if (!s || *s->lost)
		return 0;
	a = arena_new();
	r = get_action(a, s, key, name, &ac) == 1;
	if (!r)
		goto free_arena;
	r = store_lock(
	    s->store, key, &lock, e); /* else its folder could be taken for a dead builder's */
	if (r < 0 || lock < 0)
		goto free_arena;
	r = get_into_store(a, s, &ac, key, name, key_text, output, e);
	store_unlock(s->store, key, lock);
	if (r > 0)
		log_info("%s: from %s", name, s->shown);

free_arena:
	arena_free(a);
	return r;
}

/* ---- putting ---- */

static int
put_file(struct arena *a, struct shared *s, const char *path, const char *folder, const char *name)
{
	struct transfer rq = { .verb = TRANSFER_PUT };
	struct stat st;
	int r;

	rq.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (rq.fd < 0 || fstat(rq.fd, &st) < 0)
		return -1;
	rq.size = (uint64_t)st.st_size;
	r = ask(a, s, &rq, folder, name);
	close(rq.fd);
	return r;
}

static int
there(struct arena *a, struct shared *s, const char *folder, const char *name)
{
	struct transfer rq = { .verb = TRANSFER_HEAD, .fd = -1 };

	return ask(a, s, &rq, folder, name);
}

static int
pack_entry(const char *entry, const char *file, struct arena *a, struct err *e)
{
	static const char *const beside[] = { "log", "linked" };
	struct pack *p = pack_new(file, 0, e);
	int r;

	if (!p)
		return -1;
	r = pack_tree(p, arena_printf(a, "%s/out", entry), "out", e);
	for (size_t i = 0; i < sizeof beside / sizeof *beside && r == 0; i++) {
		const char *path = arena_printf(a, "%s/%s", entry, beside[i]);

		r = file_exists(path) ? pack_add(p, path, beside[i], e) : 0;
	}
	if (r == 0)
		return pack_end(p, e);
	pack_abandon(p);
	return -1;
}

/* an entry is there only after its archive */
static int
send_from(struct arena *a, struct shared *s, const char *dir, const char *key, const char *name,
    struct err *e)
{
	const char *entry = store_path(a, s->store, key, name),
		   *file = arena_printf(a, "%s/archive.tar.zst", dir),
		   *text = arena_printf(a, "%s/ac", dir);
	char hex[DIGEST_HEX], output[DIGEST_HEX];
	struct stat st;
	char *ac;
	int r;

	if (store_lookup(s->store, key, name, output, e) <= 0 ||
	    pack_entry(entry, file, a, e) < 0 || digest_file(file, hex, e) < 0)
		return -1;
	if (stat(file, &st) < 0)
		return fail_errno(e, "%s", file);
	r = there(a, s, "cas", hex);
	if (r < 0 || (r == 0 && put_file(a, s, file, "cas", hex) < 0))
		return 0;
	ac = arena_printf(a, FIRST_LINE "\nname %s\ncas %s\nsize %" PRIu64 "\noutput %s\nend\n",
	    name, hex, (uint64_t)st.st_size, output);
	if (file_write(text, ac, strlen(ac), 0644, e) < 0)
		return -1;
	put_file(a, s, text, "ac", key);
	return 0;
}

static void
send_one(struct shared *s, const char *key, const char *name)
{
	struct arena *a = arena_new();
	char *dir = arena_printf(a, "%s/upload.XXXXXX", s->work);
	struct err e;

	if (there(a, s, "ac", key) == 0) {
		if (!mkdtemp(dir)) {
			lose(s, "%s: cannot create a folder for the upload", dir);
		} else {
			if (send_from(a, s, dir, key, name, &e) < 0)
				log_warn("%s: not uploaded to %s: %s", name, s->shown, e.msg);
			file_remove(dir, &e);
		}
	}
	arena_free(a);
}

/* the process that sends: until the pipe's other end is closed */
static int
send_all(void *arg, struct err *e)
{
	struct shared *s = arg;
	FILE *f;
	char line[512], *end, *name;

	(void)e;
	close(s->to);
	f = fdopen(s->from, "r");
	while (f && fgets(line, sizeof line, f)) {
		end = strchr(line, '\n');
		name = strchr(line, ' ');
		if (!end || !name || *s->lost)
			continue;
		*end = *name = '\0';
		send_one(s, line, name + 1);
	}
	if (f)
		fclose(f);
	return 0;
}

void
shared_put(struct shared *s, const char *key, const char *name)
{
	if (s && s->to >= 0 && !*s->lost)
		dprintf(s->to, "%s %s\n", key,
		    name); /* a pipe holds hundreds of them; one that is not taken is not sent */
}

bool
shared_may(const struct plan *p, const struct node *n)
{
	if (n->override)
		return false;
	for (size_t i = 0; i < n->recipe->nconfig; i++)
		if (config_secret(n->recipe->config[i]))
			return false;
	for (size_t i = 0; i < n->nclosure; i++)
		if (p->v[n->closure[i]].override)
			return false;
	return true;
}

/* ---- both ---- */

struct shared *
shared_open(struct arena *a, const struct config *cfg, const struct store *store,
    const struct transfer_patience *p)
{
	const char *url = config_get(cfg, "CACHE_URL");
	struct shared *s;
	size_t n = strlen(url);
	int ends[2];
	struct err e;

	if (!n || cfg->offline)
		return NULL;
	while (n && url[n - 1] == '/')
		n--;
	s = arena_alloc(a, sizeof *s);
	*s = (struct shared){ .url = arena_strndup(a, url, n),
		.work = arena_printf(a, "%s/work", cfg->cache),
		.store = store,
		.patience = p,
		.to = -1,
		.from = -1 };
	s->shown = url_shown(a, s->url);
	s->lost =
	    mmap(NULL, sizeof *s->lost, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s->lost == MAP_FAILED)
		return NULL;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return s;
	s->from = ends[0];
	s->to = ends[1];
	if (child_call(&s->sender, send_all, s, STDERR_FILENO, &e) < 0) {
		log_warn("CACHE_URL %s: not uploading to it: %s", s->shown, e.msg);
		close(s->to);
		s->to = -1;
	} else {
		fcntl(s->to, F_SETFL, O_NONBLOCK);
	}
	close(s->from);
	return s;
}

void
shared_close(struct shared *s, bool hasty)
{
	struct err ignored;
	int status;

	if (!s)
		return;
	if (s->to >= 0) {
		close(s->to);
		if (hasty)
			child_kill(&s->sender, SIGKILL);
		child_call_wait(&s->sender, &status, &ignored, &ignored);
	}
	munmap(s->lost, sizeof *s->lost);
}
