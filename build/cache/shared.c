/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/shared.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/cache/pack.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/sign.h"
#include "build/plan/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRY_MOST 4096			  /* bytes of an ac/ entry */
#define PACKED_MOST ((uint64_t)1 << 33)	  /* ... of an archive, whoever signed that it has more */
#define UNPACKED_MOST ((uint64_t)1 << 36) /* ... of what comes out */
#define FIRST_WORD "lh-cache "
#define FIRST_LINE FIRST_WORD "2"

struct shared {
	const char *url, *shown, *work; /* work: CACHE/work */
	const struct store *store;
	const struct transfer_patience *patience;
	atomic_bool *lost;    /* seen by all processes: it is no use any more */
	const char *key_file; /* NULL: nothing is sent */
	const char **trusted; /* public keys */
	size_t ntrusted;
};

/* what ac/KEY says */
struct action {
	const char *key, *name, *archive, *output, *signer, *signature;
	uint64_t size, unpacked;
};

bool
shared_lost(const struct shared *s)
{
	return *s->lost;
}

void
shared_lose(struct shared *s)
{
	*s->lost = true;
}

bool
shared_takes(const struct shared *s)
{
	return s && s->ntrusted && !*s->lost;
}

bool
shared_sends(const struct shared *s)
{
	return s && s->key_file && !*s->lost;
}

const char *
shared_shown(const struct shared *s)
{
	return s->shown;
}

/* the server is at fault, and is not asked any more */
#define lose(s, e, ...) (shared_lose(s), fail(e, __VA_ARGS__))

/* 1: done, 0: it has no such thing; -1: it is lost */
static int
ask(struct arena *a, struct shared *s, struct transfer *rq, const char *folder, const char *name,
    struct err *e)
{
	rq->url = arena_printf(a, "%s/%s/%s", s->url, folder, name);
	transfer_all(a, s->patience, rq, 1);
	if (rq->end == TRANSFER_UNKEPT) /* our disk is, not the server */
		return fail(e, "%s/%.12s: cannot be kept: %s", folder, name, rq->failed);
	if (rq->failed)
		return lose(s, e, "%s/%.12s: %s", folder, name, rq->failed);
	if (rq->status == 404 && rq->verb != TRANSFER_PUT)
		return 0;
	if (rq->status < 200 || rq->status > 299)
		return lose(s, e, "%s/%.12s: HTTP status %ld", folder, name, rq->status);
	return 1;
}

/* ---- entries ---- */

/* what is signed: all but the signature itself */
static char *
entry_signed(struct arena *a, const struct action *ac)
{
	return arena_printf(a,
	    FIRST_LINE "\nkey %s\nname %s\ncas %s\nsize %" PRIu64 "\nunpacked %" PRIu64
		       "\noutput %s\nsigner %s\n",
	    ac->key, ac->name, ac->archive, ac->size, ac->unpacked, ac->output, ac->signer);
}

/* the last line says that all of it is there */
static char *
entry_text(struct arena *a, const struct action *ac)
{
	return arena_printf(a, "%ssignature %s\nend\n", entry_signed(a, ac), ac->signature);
}

static bool
is_digest(const char *s)
{
	return strlen(s) == DIGEST_HEX - 1 && strspn(s, "0123456789abcdef") == DIGEST_HEX - 1;
}

/* nothing is an entry but what we would write for what it says */
static bool
parse(struct arena *a, const char *text, struct action *out)
{
	const struct {
		const char *word, **value;
	} fields[] = { { "key", &out->key }, { "name", &out->name }, { "cas", &out->archive },
		{ "output", &out->output }, { "signer", &out->signer },
		{ "signature", &out->signature } };
	char *line, *w[2];
	struct lines l;

	*out = (struct action){
		.key = "", .name = "", .archive = "", .output = "", .signer = "", .signature = ""
	};
	lines_text(a, "ac", arena_strdup(a, text), &l);
	lines_next(&l);
	while ((line = lines_next(&l))) {
		if (words(line, w, 2) != 2)
			continue;
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (!strcmp(w[0], fields[i].word))
				*fields[i].value = w[1];
		if (!strcmp(w[0], "size"))
			out->size = strtoull(w[1], NULL, 10);
		if (!strcmp(w[0], "unpacked"))
			out->unpacked = strtoull(w[1], NULL, 10);
	}
	return is_digest(out->archive) && is_digest(out->output) && out->size &&
	       out->size <= PACKED_MOST && out->unpacked <= UNPACKED_MOST &&
	       !strcmp(text, entry_text(a, out));
}

static bool
is_trusted(const struct shared *s, const char *public)
{
	for (size_t i = 0; i < s->ntrusted; i++)
		if (!strcmp(s->trusted[i], public))
			return true;
	return false;
}

/* is it what somebody whom we trust says of this key; the text as the server sent it */
static int
judge(struct arena *a, struct shared *s, const char *text, const char *key, const char *name,
    struct action *out, struct err *e)
{
	const char *body;

	if (strncmp(text, FIRST_WORD, strlen(FIRST_WORD)) != 0)
		return lose(s, e, "ac/%.12s: not an entry for %s", key, name);
	if (!parse(a, text, out))
		return fail(e, "ac/%.12s: not a complete signed entry", key);
	if (strcmp(out->key, key) || strcmp(out->name, name))
		return fail(e, "ac/%.12s: is the entry of %s %.12s, not of %s", key, out->name,
		    out->key, name);
	if (!is_trusted(s, out->signer))
		return fail(
		    e, "ac/%.12s: signed by %s, which CACHE_TRUST does not name", key, out->signer);
	body = entry_signed(a, out);
	if (!sign_holds(out->signer, body, strlen(body), out->signature))
		return fail(e, "ac/%.12s: its signature does not hold", key);
	return 1;
}

/* 1, 0 and -1 as ask() */
static int
get_action(struct arena *a, struct shared *s, const char *key, const char *name, struct action *out,
    struct err *e)
{
	struct transfer rq = { .verb = TRANSFER_GET, .most = ENTRY_MOST };
	char text[ENTRY_MOST + 1];
	int r;

	rq.fd = memfd_create("ac", MFD_CLOEXEC);
	if (rq.fd < 0)
		return fail_errno(e, "memfd_create");
	r = ask(a, s, &rq, "ac", key, e);
	if (r == 1) {
		ssize_t n = pread(rq.fd, text, ENTRY_MOST, 0);

		text[n > 0 ? n : 0] = '\0';
		r = judge(a, s, text, key, name, out, e);
	}
	close(rq.fd);
	return r;
}

/* ---- getting ---- */

/* only what an entry of ours has comes into the work folder of one */
static int
check_names(struct arena *a, const char *tree, const struct action *ac, struct err *e)
{
	static const char *const known[] = { "out", "log", "linked" };
	char **names;

	if (file_names(a, tree, true, &names, NULL, e) < 0)
		return -1;
	for (; *names; names++) {
		bool is = false;

		for (size_t i = 0; i < sizeof known / sizeof *known; i++)
			is |= !strcmp(*names, known[i]);
		if (!is)
			return fail(e, "cas/%.12s: has a %s", ac->archive, *names);
	}
	return 0;
}

/* the archive, unpacked in tree, and what came out is what the entry tells */
static int
open_tree(
    struct arena *a, const char *file, const char *tree, const struct action *ac, struct err *e)
{
	const char *out = arena_printf(a, "%s/out", tree),
		   *signer = arena_printf(a, "%s\n", ac->signer);
	char hex[DIGEST_HEX];
	int there;

	if (file_mkdirs(tree, 0700, e) < 0)
		return -1;
	if (pack_open(file, tree, false, ac->unpacked, e) < 0)
		return wrap(e, "cas/%.12s", ac->archive);
	there = beneath_is(tree, "out", BENEATH_FOLDER, e);
	if (there < 0 || check_names(a, tree, ac, e) < 0)
		return -1;
	if (!there || digest_tree(out, hex, e) < 0 || strcmp(hex, ac->output))
		return fail(e, "cas/%.12s: contents do not match its entry in ac/", ac->archive);
	if (chmod(out, 0755) < 0) /* or it could not be moved */
		return fail_errno(e, "%s", out);
	return file_write(arena_printf(a, "%s/signer", tree), signer, strlen(signer), 0444, e);
}

static int
get_tree(struct arena *a, struct shared *s, const struct action *ac, const char *dir, struct err *e)
{
	const char *file = arena_printf(a, "%s/archive.tar.zst", dir);
	struct transfer rq = { .verb = TRANSFER_GET, .most = ac->size };
	int r;

	rq.fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (rq.fd < 0)
		return fail_errno(e, "%s", file);
	r = ask(a, s, &rq, "cas", ac->archive, e);
	close(rq.fd);
	if (r <= 0)
		return r;
	if (strcmp(rq.sha256, ac->archive) != 0)
		return lose(s, e, "cas/%.12s: its sha256 is %s", ac->archive, rq.sha256);
	return open_tree(a, file, arena_printf(a, "%s/tree", dir), ac, e) < 0 ? -1 : 1;
}

static int
get_into_store(struct arena *a, struct shared *s, const struct action *ac,
    const struct shared_want *w, struct err *e)
{
	char *dir = arena_printf(a, "%s/%s-%s.XXXXXX", s->work, w->key, ac->name),
	     output[DIGEST_HEX];
	struct err ignored;
	int r;

	if (file_mkparent(dir, e) < 0)
		return -1;
	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	r = get_tree(a, s, ac, dir, e);
	if (r > 0 && store_enter(s->store, arena_printf(a, "%s/tree", dir), w->key, ac->name,
			 w->text, output, e) < 0)
		r = -1;
	file_remove(dir, &ignored);
	return r;
}

int
shared_get(struct shared *s, const struct shared_want *w, const char *name, struct err *e)
{
	struct arena *a = arena_new();
	struct action ac;
	int r = get_action(a, s, w->key, name, &ac, e), lock = 0;

	/* else its folder could be taken for a dead builder's */
	if (r > 0 && (store_lock(s->store, w->key, &lock, e) < 0 || lock < 0))
		r = lock < 0 ? 0 : -1;
	if (r > 0) {
		r = get_into_store(a, s, &ac, w, e);
		store_unlock(s->store, w->key, lock);
	}
	if (r < 0)
		wrap(e, "CACHE_URL %s", s->shown);
	arena_free(a);
	return r;
}

/* ---- putting ---- */

static int
put_fd(
    struct arena *a, struct shared *s, int fd, const char *folder, const char *name, struct err *e)
{
	struct transfer rq = { .verb = TRANSFER_PUT, .fd = fd };
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fail_errno(e, "%s/%.12s", folder, name);
	rq.size = (uint64_t)st.st_size;
	return ask(a, s, &rq, folder, name, e);
}

/* a file by its digest; it is not sent again when one as long is there */
static int
put_file(struct arena *a, struct shared *s, const char *path, const char *sha256, struct err *e)
{
	struct transfer rq = { .verb = TRANSFER_HEAD, .fd = -1 };
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		fail_errno(e, "%s", path);
		r = -1;
	} else {
		r = ask(a, s, &rq, "cas", sha256, e);
		if (r > 0 && rq.length >= 0 && rq.length != st.st_size)
			r = 0;
		if (r == 0)
			r = put_fd(a, s, fd, "cas", sha256, e);
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int
put_text(struct arena *a, struct shared *s, const char *key, const char *text, struct err *e)
{
	int fd = memfd_create("ac", MFD_CLOEXEC), r;

	if (fd < 0)
		return fail_errno(e, "memfd_create");
	r = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? put_fd(a, s, fd, "ac", key, e)
								   : fail_errno(e, "ac/%.12s", key);
	close(fd);
	return r;
}

static int
pack_entry(const char *entry, const char *file, struct arena *a, uint64_t *unpacked, struct err *e)
{
	static const char *const beside[] = { "log", "linked" };
	struct pack *p = pack_new(file, 0, e);
	int r;

	if (!p)
		return -1;
	r = pack_tree(p, arena_printf(a, "%s/out", entry), "out", e);
	for (size_t i = 0; i < sizeof beside / sizeof *beside && r == 0; i++) {
		const char *path = arena_printf(a, "%s/%s", entry, beside[i]);

		r = file_is_there(path, e);
		if (r > 0)
			r = pack_add(p, path, beside[i], e);
	}
	*unpacked = pack_unpacked(p);
	if (r == 0)
		return pack_end(p, e);
	pack_abandon(p);
	return -1;
}

/* the private key is in memory for as long as it takes */
static int
sign_entry(struct arena *a, const struct shared *s, struct action *ac, char **text, struct err *e)
{
	char signature[SIGN_SIGNATURE], *body;
	struct sign_key k;

	if (sign_read(s->key_file, &k, e) < 0)
		return -1;
	ac->signer = arena_strdup(a, k.public);
	body = entry_signed(a, ac);
	sign_text(&k, body, strlen(body), signature);
	sign_forget(&k);
	ac->signature = signature;
	*text = entry_text(a, ac);
	return 0;
}

/* an entry is there only after its archive */
static int
send_from(struct arena *a, struct shared *s, const char *dir, const char *key, const char *name,
    struct err *e)
{
	const char *file = arena_printf(a, "%s/archive.tar.zst", dir);
	char hex[DIGEST_HEX], output[DIGEST_HEX], *text;
	struct action ac = { .key = key, .name = name, .archive = hex, .output = output };
	struct stat st;
	int r = store_lookup(s->store, key, name, output, e);

	if (r <= 0)
		return r;
	if (pack_entry(store_path(a, s->store, key, name), file, a, &ac.unpacked, e) < 0 ||
	    digest_file(file, hex, e) < 0)
		return -1;
	if (lstat(file, &st) < 0)
		return fail_errno(e, "%s", file);
	ac.size = (uint64_t)st.st_size;
	if (ac.size > PACKED_MOST || ac.unpacked > UNPACKED_MOST)
		return 0;
	if (sign_entry(a, s, &ac, &text, e) < 0 || put_file(a, s, file, hex, e) < 0)
		return -1;
	return put_text(a, s, key, text, e);
}

int
shared_put(struct shared *s, const char *key, const char *name, struct err *e)
{
	struct arena *a = arena_new();
	char *dir = arena_printf(a, "%s/upload.XXXXXX", s->work);
	struct action ac;
	struct err ignored;
	int r = get_action(a, s, key, name, &ac, e);

	if (r > 0) {
		r = 0;
	} else if (r == 0 || !*s->lost) { /* what we would not take, we replace */
		if (!mkdtemp(dir)) {
			r = fail_errno(e, "%s", dir);
		} else {
			r = send_from(a, s, dir, key, name, e);
			file_remove(dir, &ignored);
		}
	}
	if (r < 0)
		wrap(e, "CACHE_URL %s: %s was not sent", s->shown, name);
	arena_free(a);
	return r;
}

int
shared_put_source(struct shared *s, const char *path, const char *sha256, struct err *e)
{
	struct arena *a = arena_new();
	int r = put_file(a, s, path, sha256, e);

	if (r < 0)
		wrap(e, "CACHE_URL %s: %s was not sent", s->shown, path);
	arena_free(a);
	return r;
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

/* CACHE_TRUST, and who signs here */
static void
read_keys(struct arena *a, const struct config *cfg, struct shared *s)
{
	const char *file = config_get(cfg, "CACHE_KEY");
	char *rest = arena_strdup(a, config_get(cfg, "CACHE_TRUST")), *word;
	struct sign_key k;
	struct err e;

	s->trusted = arena_array(a, strlen(rest) / (SIGN_PUBLIC - 1) + 2, sizeof *s->trusted);
	while ((word = word_next(&rest)))
		s->trusted[s->ntrusted++] = word;
	if (!*file)
		return;
	if (sign_read(file, &k, &e) < 0) {
		log_warn("CACHE_KEY: %s; no result is sent", e.msg);
		return;
	}
	s->key_file = file;
	s->trusted[s->ntrusted++] = arena_strdup(a, k.public);
	sign_forget(&k);
}

struct shared *
shared_open(struct arena *a, const struct config *cfg, const struct store *store,
    const struct transfer_patience *p)
{
	const char *url = config_get(cfg, "CACHE_URL");
	struct shared *s;
	size_t n = strlen(url);
	void *lost;

	if (!n || cfg->offline)
		return NULL;
	while (n && url[n - 1] == '/')
		n--;
	s = arena_alloc(a, sizeof *s);
	*s = (struct shared){ .url = arena_strndup(a, url, n),
		.work = arena_printf(a, "%s/work", cfg->cache),
		.store = store,
		.patience = p };
	s->shown = url_shown(a, s->url);
	read_keys(a, cfg, s);
	if (!s->ntrusted) {
		log_warn("CACHE_URL %s: only sources are taken from it, as neither CACHE_TRUST nor "
			 "CACHE_KEY is set",
		    s->shown);
		return NULL;
	}
	lost =
	    mmap(NULL, sizeof *s->lost, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (lost == MAP_FAILED)
		return NULL;
	s->lost = lost;
	return s;
}

void
shared_close(struct shared *s)
{
	if (s)
		munmap(s->lost, sizeof *s->lost);
}
