/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/checkpoint.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/cache/pack.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/stamp.h"
#include "build/plan/recipe.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define HEX (DIGEST_HEX - 1)
/* of the work folder: what was unpacked, and what of that is no more */
#define UNPACKED "unpacked"
#define GONE "gone"
/* bytes of that list */
#define GONE_MOST ((size_t)1 << 28)
/* bytes that one unpacks to: more than any source tree */
#define UNPACKED_MOST ((uint64_t)1 << 37)

/* beside src/, what sections write to */
static const char *const written[] = { "out", "links" };

bool
checkpoint_helps(const struct recipe *r)
{
	return r->sections[SECTION_INSTALL] &&
	       (r->sections[SECTION_CONFIGURE] || r->sections[SECTION_BUILD]);
}

/* the key is that of the text without what [install] says */
char *
checkpoint_stem(struct arena *a, const struct checkpoint *c)
{
	static const char mine[] = "section install ";
	const char *line = c->key_text;
	char hex[DIGEST_HEX];
	struct buf b = { 0 };

	while (*line) {
		size_t n = strcspn(line, "\n");

		n += line[n] == '\n';
		if (strncmp(line, mine, sizeof mine - 1) != 0)
			buf_add(&b, line, n);
		line += n;
	}
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
	return arena_printf(a, "%s.%s", c->name, hex);
}

char *
checkpoint_find(struct arena *a, const struct checkpoint *c)
{
	char *stem = checkpoint_stem(a, c), **names;
	size_t n = strlen(stem);
	struct err ignored;

	if (file_names(a, c->dir, true, &names, NULL, &ignored) < 0)
		return NULL;
	for (; *names; names++)
		if (!strncmp(*names, stem, n) && (*names)[n] == '.')
			return arena_printf(a, "%s/%s", c->dir, *names);
	return NULL;
}

/* is a file one of this package's */
static bool
is_ours(const struct checkpoint *c, const char *file)
{
	size_t n = strlen(c->name);

	return !strncmp(file, c->name, n) && file[n] == '.' &&
	       strlen(file + n + 1) == HEX + 1 + HEX;
}

/* one that another build put there meanwhile goes too: it can be made again */
static void
remove_others(struct arena *a, const struct checkpoint *c, const char *kept)
{
	struct err ignored;
	char **names;

	if (file_names(a, c->dir, true, &names, NULL, &ignored) < 0)
		return;
	for (; *names; names++)
		if (is_ours(c, *names) && strcmp(*names, kept) != 0)
			unlink(arena_printf(a, "%s/%s", c->dir, *names));
}

/* ---- what is as it was unpacked ---- */

/*
 * A name in src/, its type, and what else stat(2) told of it when it was unpacked; the latter is
 * left out when that was so late that a change might not show.
 */
struct known {
	const char *rel, *told;
	bool seen;
};

/* a folder that becomes a symlink, or a file, has to go before what replaces it comes */
static char *
type_text(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "%o ", st->st_mode & S_IFMT);
}

/* no bytes are compared: the change time cannot be set back */
static char *
stat_text(struct arena *a, const struct stat *st)
{
	return arena_printf(a, "%s%ju %o %jd %jd.%ld %jd.%ld", type_text(a, st),
	    (uintmax_t)st->st_ino, st->st_mode, (intmax_t)st->st_size, (intmax_t)st->st_mtim.tv_sec,
	    st->st_mtim.tv_nsec, (intmax_t)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);
}

struct noting {
	struct buf *out;
	time_t now;
};

static int
note(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct noting *n = arg;
	struct arena *a = arena_new();
	const char *told = stamp_settled(st, n->now) ? stat_text(a, st) : type_text(a, st);

	(void)e;
	buf_add(n->out, rel, strlen(rel) + 1);
	buf_add(n->out, told, strlen(told) + 1);
	arena_free(a);
	return 0;
}

int
checkpoint_begin(const char *workdir, struct err *e)
{
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct noting n = { &b, time(NULL) };
	int r = beneath_walk(workdir, "src", note, &n, e);

	if (r == 0)
		r = file_write(arena_printf(a, "%s/" UNPACKED, workdir), b.p, b.n, 0644, e);
	buf_free(&b);
	arena_free(a);
	return r;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct known *)a)->rel, ((const struct known *)b)->rel);
}

struct keeping {
	struct arena *a;
	const char *workdir;
	struct pack *p;
	struct known *v;
	size_t n;
};

/* nothing is known where nothing was unpacked */
static int
read_known(struct keeping *k, struct err *e)
{
	char *text;
	size_t n, names = 0;
	int there = beneath_is(k->workdir, UNPACKED, BENEATH_FILE, e);

	if (there <= 0)
		return there;
	if (beneath_read(k->a, k->workdir, UNPACKED, GONE_MOST, &text, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		names += !text[i];
	k->v = arena_array(k->a, names / 2 + 1, sizeof *k->v);
	for (const char *s = text; s < text + n; k->n++) {
		k->v[k->n].rel = s;
		s += strlen(s) + 1;
		k->v[k->n].told = s;
		s += strlen(s) + 1;
	}
	qsort(k->v, k->n, sizeof *k->v, by_name);
	return 0;
}

static struct known *
known_of(const struct keeping *k, const char *rel)
{
	struct known want = { .rel = rel };

	return k->n ? bsearch(&want, k->v, k->n, sizeof *k->v, by_name) : NULL;
}

/* what is of another type than it was counts as gone, and comes back as what it is now */
static int
see(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct keeping *k = arg;
	struct known *was = known_of(k, rel);
	struct arena *a = arena_new();
	const char *type = type_text(a, st);

	(void)e;
	if (was)
		was->seen = !strncmp(was->told, type, strlen(type));
	arena_free(a);
	return 0;
}

static int
keep_changed(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct keeping *k = arg;
	struct arena *a = arena_new();
	const struct known *was = known_of(k, rel);
	int r = 0;

	if (!was || strcmp(was->told, stat_text(a, st)) != 0)
		r = pack_add(k->p, arena_printf(a, "%s/src/%s", k->workdir, rel),
		    arena_printf(a, "src/%s", rel), e);
	arena_free(a);
	return r;
}

/* a list of what was unpacked and is no more */
static int
keep_gone(struct keeping *k, struct err *e)
{
	char *path = arena_printf(k->a, "%s/" GONE, k->workdir);
	struct buf b = { 0 };
	int r;

	for (size_t i = 0; i < k->n; i++)
		if (!k->v[i].seen)
			buf_add(&b, k->v[i].rel, strlen(k->v[i].rel) + 1);
	r = file_write(path, b.n ? b.p : "", b.n, 0644, e);
	buf_free(&b);
	if (r == 0)
		r = pack_add(k->p, path, GONE, e);
	unlink(path);
	return r;
}

/* what is to be removed comes first */
static int
keep_all(struct keeping *k, struct err *e)
{
	if (read_known(k, e) < 0 || beneath_walk(k->workdir, "src", see, k, e) < 0 ||
	    keep_gone(k, e) < 0 || beneath_walk(k->workdir, "src", keep_changed, k, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof written / sizeof *written; i++)
		if (pack_tree(k->p, arena_printf(k->a, "%s/%s", k->workdir, written[i]), written[i],
			e) < 0)
			return -1;
	return 0;
}

/* ---- keeping and going on ---- */

int
checkpoint_keep(const struct checkpoint *c, const char *workdir, struct err *e)
{
	struct arena *a = arena_new();
	char *tmp = arena_printf(a, "%s/checkpoint.zst", workdir), sum[DIGEST_HEX], *file;
	struct keeping k = { .a = a, .workdir = workdir, .p = pack_new(tmp, PACK_OWN_TIMES, e) };
	int r = -1;

	if (!k.p)
		goto free_arena;
	if (keep_all(&k, e) < 0) {
		pack_abandon(k.p);
		goto free_arena;
	}
	if (pack_end(k.p, e) < 0)
		goto free_arena;
	if (digest_file(tmp, sum, e) < 0 || file_mkdirs(c->dir, 0755, e) < 0)
		goto remove_tmp;
	file = arena_printf(a, "%s.%s", checkpoint_stem(a, c), sum);
	if (file_settle(tmp, arena_printf(a, "%s/%s", c->dir, file), e) < 0)
		goto remove_tmp;
	remove_others(a, c, file);
	r = 0;
	goto free_arena;

remove_tmp:
	unlink(tmp);
free_arena:
	arena_free(a);
	return r;
}

/* before anything comes back: a folder may be where a symlink is to be */
static int
remove_gone(struct arena *a, const char *file, const char *workdir, struct err *e)
{
	const char *src = arena_printf(a, "%s/src", workdir);
	char *text;
	size_t n;

	if (pack_first(a, file, GONE, GONE_MOST, &text, &n, e) < 0)
		return -1;
	for (const char *s = text; s < text + n; s += strlen(s) + 1)
		if (beneath_remove(src, s, e) < 0)
			return -1;
	return 0;
}

static int
put_back(struct arena *a, const char *file, const char *workdir, struct err *e)
{
	const char *gone = arena_printf(a, "%s/" GONE, workdir);

	if (remove_gone(a, file, workdir, e) < 0 ||
	    pack_open(file, workdir, true, UNPACKED_MOST, e) < 0)
		return -1;
	return unlink(gone) < 0 ? fail_errno(e, "%s", gone) : 0;
}

char *
checkpoint_take(struct arena *a, const struct checkpoint *c, const char *workdir)
{
	char *found = checkpoint_find(a, c), *mine;

	if (!found)
		return NULL;
	mine = arena_printf(a, "%s%s", workdir, strrchr(found, '/'));
	return link(found, mine) == 0 ? mine : NULL;
}

int
checkpoint_restore(
    const struct checkpoint *c, const char *taken, const char *workdir, struct err *e)
{
	struct arena *a = arena_new();
	char hex[DIGEST_HEX], *file = arena_printf(a, "%s%s", c->dir, strrchr(taken, '/'));
	int r = digest_file(taken, hex, e);

	if (r == 0 && strcmp(hex, strrchr(taken, '.') + 1) != 0) {
		unlink(file);
		r = fail(e, "%s: damaged, and removed; build again", file);
	} else if (r == 0 && put_back(a, taken, workdir, e) < 0) {
		unlink(file); /* or the next build would come to the same end */
		r = wrap(e, "%s: removed; build again", file);
	}
	unlink(taken);
	arena_free(a);
	return r;
}
