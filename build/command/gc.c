/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/gc.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/base/mount.h"
#include "build/cache/checkpoint.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/source/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_LENGTH (DIGEST_HEX - 1)
#define GONE ".gone-"
#define MOUNT "mount "

/* one result in the store */
struct entry {
	const char *name;   /* KEY-NAME */
	const char *id;	    /* "target/s6" */
	const char *output; /* NULL: damaged */
	bool kept, followed;
};

struct gc {
	struct arena *a;
	const struct config *cfg;
	const struct gc_opts *o;
	bool busy; /* somebody builds meanwhile: only to look */
	struct entry *v;
	size_t n;
	const char **folders; /* of failures that somebody may still look at */
	size_t nfolders;
	uint64_t freed; /* bytes */
	unsigned packages, works, sources;
};

/* ---- folders ---- */

/* what has two names is half of it gone with one */
static int
add_size(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)rel, (void)e;
	*(uint64_t *)arg +=
	    (uint64_t)st->st_blocks * 512 / (S_ISDIR(st->st_mode) ? 1 : st->st_nlink);
	return 0;
}

static uint64_t
size_of(const char *path)
{
	struct err ignored;
	struct stat st;
	uint64_t n = 0;

	if (lstat(path, &st) < 0)
		return 0;
	add_size(&n, "", &st, &ignored);
	if (S_ISDIR(st.st_mode))
		file_walk(path, add_size, &n, &ignored);
	return n;
}

/* dir/name is no more; what says what it was */
static int
drop(struct gc *g, const char *dir, const char *name, const char *what, struct err *e)
{
	char *path = arena_printf(g->a, "%s/%s", dir, name), *gone = path;
	uint64_t size = size_of(path);

	g->freed += size;
	if (what)
		printf("%s %8.1f MB  %s\n", g->o->dry ? "would free" : "free", (double)size / 1e6,
		    what);
	if (g->o->dry)
		return 0;
	if (*name != '.') {
		gone = arena_printf(g->a, "%s/" GONE "%s", dir, name);
		if (rename(path, gone) < 0)
			return fail_errno(e, "%s", path);
	}
	return file_remove(gone, e);
}

/* ---- what there is ---- */

/*
 * What the file `output` of an entry says; NULL: the entry is damaged.  That it cannot be read is
 * an error: it may be one that an image needs.
 */
static int
read_output(struct gc *g, const char *entry, const char **output, struct err *e)
{
	struct err why = { 0 };
	char *text;
	size_t n;
	int there = beneath_is(entry, "output", BENEATH_FILE, &why);

	*output = NULL;
	if (there == 0)
		return 0;
	if (there < 0 || beneath_read(g->a, entry, "output", DIGEST_HEX, &text, &n, &why) < 0) {
		if (why.code != EXIT_SYSTEM)
			return 0;
		*e = why;
		return wrap(e, "cannot tell what is in the store, so nothing is removed");
	}
	if (n == DIGEST_HEX) {
		text[KEY_LENGTH] = '\0';
		*output = text;
	}
	return 0;
}

static int
read_store(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/store", g->cfg->cache), **names;
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	g->v = arena_array(g->a, n + 1, sizeof *g->v);
	for (size_t i = 0; i < n; i++) {
		struct entry *en = &g->v[g->n];
		char *id;

		if (*names[i] == '.' || strlen(names[i]) < KEY_LENGTH + 2 ||
		    names[i][KEY_LENGTH] != '-')
			continue;
		id = arena_strdup(g->a, names[i] + KEY_LENGTH + 1);
		id[strcspn(id, "-")] = '/'; /* the variant's name has no hyphen */
		*en = (struct entry){ .name = names[i], .id = id };
		if (read_output(g, arena_printf(g->a, "%s/%s", dir, names[i]), &en->output, e) < 0)
			return -1;
		g->n++;
	}
	return 0;
}

/* ---- what is reached ---- */

static void
keep_key(struct gc *g, const char *key)
{
	for (size_t i = 0; i < g->n; i++)
		if (!strncmp(g->v[i].name, key, KEY_LENGTH))
			g->v[i].kept = g->v[i].output != NULL;
}

static int
keep_manifest(struct gc *g, const char *path, struct err *e)
{
	struct manifest m;
	int there = file_is_there(path, e);

	if (there == 0)
		return 0;
	if (there < 0 || manifest_read(g->a, path, &m, e) < 0)
		return wrap(e, "cannot determine what this image needs, so nothing is removed");
	for (size_t i = 0; i < m.npackages; i++)
		if (m.packages[i].key && strlen(m.packages[i].key) == KEY_LENGTH)
			keep_key(g, m.packages[i].key);
	return 0;
}

/* keys/ has the texts whose digests are the keys */
static int
keep_keys(struct gc *g, const char *dir, struct err *e)
{
	char **names, hex[DIGEST_HEX];
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i]);

		if ((len > 7 && !strcmp(names[i] + len - 7, ".before")) ||
		    (len > 4 && !strcmp(names[i] + len - 4, ".how")))
			continue;
		if (digest_file(arena_printf(g->a, "%s/%s", dir, names[i]), hex, e) < 0)
			return -1;
		keep_key(g, hex);
	}
	return 0;
}

/* logs/NAME.work leads to the folder of a failure */
static int
keep_failures(struct gc *g, const char *dir, struct err *e)
{
	char **names, to[PATH_MAX];
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		ssize_t len =
		    readlink(arena_printf(g->a, "%s/%s", dir, names[i]), to, sizeof to - 1);

		if (len <= 0)
			continue;
		g->folders = arena_more(g->a, g->folders, g->nfolders, sizeof *g->folders);
		g->folders[g->nfolders++] = arena_strndup(g->a, to, (size_t)len);
	}
	return 0;
}

/* a folder of OUTPUT that may be that of a triple, or of a network mode of one */
static int
keep_below(struct gc *g, const char *dir, unsigned depth, struct err *e)
{
	struct stat st;
	char **names;
	size_t n;

	if (keep_manifest(g, arena_printf(g->a, "%s/manifest", dir), e) < 0 ||
	    keep_keys(g, arena_printf(g->a, "%s/keys", dir), e) < 0 ||
	    keep_failures(g, arena_printf(g->a, "%s/logs", dir), e) < 0)
		return -1;
	if (!depth)
		return 0;
	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char *path = arena_printf(g->a, "%s/%s", dir, names[i]);

		if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
		    keep_below(g, path, depth - 1, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * An OUTPUT that is gone needs nothing.  One on a disk that is not mounted is not gone, but what it
 * needs cannot be read: then nothing may go.
 */
static int
keep_output(struct gc *g, const char *root, const char *output, const char *mount, struct err *e)
{
	struct stat st;

	if (mount && !mount_is(mount))
		return fail(e,
		    "OUTPUT %s: its filesystem is not mounted at %s, so nothing is removed; mount "
		    "it, or remove %s if it is gone for good",
		    output, mount, root);
	if (stat(output, &st) == 0 && S_ISDIR(st.st_mode))
		return keep_below(g, output, 2, e);
	if (errno != ENOENT && errno != ENOTDIR) {
		fail_errno(e, "%s", output);
		return wrap(e, "cannot tell what this OUTPUT needs, so nothing is removed");
	}
	return g->o->dry || unlink(root) == 0 ? 0 : fail_errno(e, "%s", root);
}

/* a root: OUTPUT's path, and in a second line `mount PATH`, where its filesystem was mounted */
static int
read_root(struct arena *a, const char *path, const char **output, const char **mount, struct err *e)
{
	struct lines l;
	const char *line;

	if (lines_open(a, path, &l, e) < 0)
		return -1;
	line = lines_next(&l);
	*output = line ? line : "";
	line = lines_next(&l);
	*mount = line && !strncmp(line, MOUNT, strlen(MOUNT)) ? line + strlen(MOUNT) : NULL;
	return 0;
}

static int
keep_roots(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/roots", g->cfg->cache), **names;
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *path = arena_printf(g->a, "%s/%s", dir, names[i]), *output, *mount;

		if (file_is_half_made(names[i])) { /* when the power went */
			if (!g->o->dry && unlink(path) < 0)
				return fail_errno(e, "%s", path);
			continue;
		}
		if (read_root(g->a, path, &output, &mount, e) < 0 ||
		    keep_output(g, path, output, mount, e) < 0)
			return -1;
	}
	return 0;
}

int
gc_each_output(
    struct arena *a, const struct config *cfg, gc_output_visit *visit, void *arg, struct err *e)
{
	char *dir = arena_printf(a, "%s/roots", cfg->cache), **names;
	size_t n;

	if (file_names(a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *output, *mount;

		if (file_is_half_made(names[i]))
			continue;
		if (read_root(a, arena_printf(a, "%s/%s", dir, names[i]), &output, &mount, e) < 0 ||
		    visit(arg, output, !mount || mount_is(mount), e) < 0)
			return -1;
	}
	return 0;
}

/* an entry that is kept for its key does; without one, all that came out the same */
static void
keep_need(struct gc *g, const char *id, const char *output)
{
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < g->n; i++) {
			struct entry *en = &g->v[i];

			if (!en->output || strcmp(en->id, id) || strcmp(en->output, output))
				continue;
			if (pass)
				en->kept = true;
			else if (en->kept)
				return;
		}
}

static int
follow(struct gc *g, struct entry *en, struct err *e)
{
	struct lines l;
	char *line, *w[3];

	en->followed = true;
	if (lines_open(
		g->a, arena_printf(g->a, "%s/store/%s/key", g->cfg->cache, en->name), &l, e) < 0)
		return -1;
	while ((line = lines_next(&l)))
		if (!strncmp(line, "need ", 5) && words(line, w, 3) == 3)
			keep_need(g, w[1], w[2]);
	return 0;
}

static int
keep_closure(struct gc *g, struct err *e)
{
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < g->n; i++)
			if (g->v[i].kept && !g->v[i].followed) {
				if (follow(g, &g->v[i], e) < 0)
					return -1;
				more = true;
			}
	}
	return 0;
}

/* ---- what goes ---- */

/*
 * half-made entries, locks, and what an earlier gc did not get to; nobody is at work, so they are
 * nobody's
 */
static int
drop_leavings(struct gc *g, const char *dir, struct err *e)
{
	char **names;
	size_t n;

	if (g->busy)
		return 0;
	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (*names[i] == '.' && drop(g, dir, names[i], NULL, e) < 0)
			return -1;
	return 0;
}

static int
drop_packages(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/store", g->cfg->cache);

	for (size_t i = 0; i < g->n; i++) {
		const struct entry *en = &g->v[i];

		if (en->kept)
			continue;
		if (drop(g, dir, en->name, arena_printf(g->a, "%s %.12s", en->id, en->name), e) < 0)
			return -1;
		g->packages++;
	}
	return drop_leavings(g, dir, e);
}

static int
drop_works(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/work", g->cfg->cache), **names;
	size_t n;

	if (g->busy) /* which of them are in use is not known here */
		return 0;
	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		char *path = arena_printf(g->a, "%s/%s", dir, names[i]);
		bool kept = false;

		for (size_t k = 0; k < g->nfolders && !kept; k++)
			kept = !strcmp(path, g->folders[k]) &&
			       file_exists(arena_printf(g->a, "%s/kept", path));
		if (kept || *names[i] == '.')
			continue;
		if (drop(g, dir, names[i], arena_printf(g->a, "work folder %s", names[i]), e) < 0)
			return -1;
		g->works++;
	}
	return drop_leavings(g, dir, e);
}

/* may somebody go on from it whose result is kept */
static bool
goes_on(char *const *stems, size_t n, const char *file)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(stems[i]);

		if (!strncmp(file, stems[i], len) && file[len] == '.')
			return true;
	}
	return false;
}

/* the systems that kept results were made in, and none of what is soon found out again */
static int
drop_systems(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/system", g->cfg->cache), **names, *key;
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *line = arena_printf(g->a, "system %s\n", names[i]);
		bool kept = false;

		for (size_t j = 0; j < g->n && !kept; j++) {
			if (!g->v[j].kept)
				continue;
			if (file_read(g->a,
				arena_printf(g->a, "%s/store/%s/key", g->cfg->cache, g->v[j].name),
				&key, NULL, e) < 0)
				return -1;
			kept = strstr(key, line) != NULL;
		}
		if (!kept &&
		    drop(g, dir, names[i],
			strlen(names[i]) == KEY_LENGTH ? arena_printf(g->a, "system %s", names[i])
						       : NULL,
			e) < 0)
			return -1;
	}
	return 0;
}

static int
drop_checkpoints(struct gc *g, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/checkpoints", g->cfg->cache), **triples, **files, *key;
	char **stems = arena_array(g->a, g->n + 1, sizeof *stems);
	size_t ntriples, nfiles, nstems = 0;

	for (size_t i = 0; i < g->n; i++) {
		const struct entry *en = &g->v[i];

		if (!en->kept)
			continue;
		if (file_read(g->a, arena_printf(g->a, "%s/store/%s/key", g->cfg->cache, en->name),
			&key, NULL, e) < 0)
			return -1;
		stems[nstems++] = checkpoint_stem(g->a,
		    &(struct checkpoint){ .name = en->name + KEY_LENGTH + 1, .key_text = key });
	}
	if (file_names(g->a, dir, true, &triples, &ntriples, e) < 0)
		return -1;
	for (size_t t = 0; t < ntriples; t++) {
		char *below = arena_printf(g->a, "%s/%s", dir, triples[t]);

		if (!file_isdir(below))
			continue;
		if (file_names(g->a, below, true, &files, &nfiles, e) < 0)
			return -1;
		for (size_t i = 0; i < nfiles; i++)
			if (!goes_on(stems, nstems, files[i]) &&
			    drop(g, below, files[i],
				arena_printf(
				    g->a, "checkpoint %.*s", (int)strcspn(files[i], "."), files[i]),
				e) < 0)
				return -1;
	}
	return 0;
}

static bool
pinned(const struct recipes *r, const char *file)
{
	for (size_t i = 0; i < r->n; i++)
		for (size_t v = 0; v < r->v[i].nversions; v++)
			for (size_t f = 0; f < r->v[i].versions[v].nforms; f++)
				if (local_is(&r->v[i].versions[v].forms[f], file))
					return true;
	return false;
}

static int
drop_sources(struct gc *g, const struct recipes *r, struct err *e)
{
	char *dir = arena_printf(g->a, "%s/sources", g->cfg->cache), **names;
	size_t n;

	if (file_names(g->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (*names[i] == '.' || pinned(r, names[i]))
			continue;
		if (drop(g, dir, names[i], arena_printf(g->a, "source %s", names[i]), e) < 0)
			return -1;
		g->sources++;
	}
	return drop_leavings(g, dir, e);
}

static int
collect(struct arena *a, const struct config *cfg, const struct recipes *recipes,
    const struct gc_opts *o, bool busy, struct err *e)
{
	struct gc g = { .a = a, .cfg = cfg, .o = o, .busy = busy };

	if (read_store(&g, e) < 0 || keep_roots(&g, e) < 0 || keep_closure(&g, e) < 0)
		return -1;
	if (drop_packages(&g, e) < 0 || drop_checkpoints(&g, e) < 0 || drop_systems(&g, e) < 0 ||
	    drop_works(&g, e) < 0 || (o->sources && drop_sources(&g, recipes, e) < 0))
		return -1;
	printf("%s %.1f MB: %u of %zu packages, %u work folders, %u sources\n",
	    o->dry ? "would free" : "freed", (double)g.freed / 1e6, g.packages, g.n, g.works,
	    g.sources);
	return 0;
}

/* ---- who may ---- */

static int
open_lock(struct arena *a, const struct config *cfg, int *fd, struct err *e)
{
	char *path = arena_printf(a, "%s/.gc", cfg->cache);

	if (file_mkdirs(cfg->cache, 0755, e) < 0)
		return -1;
	*fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0644);
	return *fd < 0 ? fail_errno(e, "%s", path) : 0;
}

int
gc_hold(struct arena *a, const struct config *cfg, int *fd, struct err *e)
{
	char hex[DIGEST_HEX], mount[PATH_MAX], *root, *text, *was;

	if (open_lock(a, cfg, fd, e) < 0)
		return -1;
	if (flock(*fd, LOCK_SH | LOCK_NB) < 0) {
		log_info("CACHE %s: waiting: another lh-build gc is running there", cfg->cache);
		while (flock(*fd, LOCK_SH) < 0)
			if (errno != EINTR) {
				fail_errno(e, "%s/.gc", cfg->cache);
				goto close_lock;
			}
	}
	digest_bytes(cfg->output, strlen(cfg->output), hex);
	root = arena_printf(a, "%s/roots/%s", cfg->cache, hex);
	snprintf(mount, sizeof mount, "%s", cfg->output);
	text = mount_of(mount) ? arena_printf(a, "%s\n" MOUNT "%s\n", cfg->output, mount)
			       : arena_printf(a, "%s\n", cfg->output);
	if (file_read(a, root, &was, NULL, &(struct err){ 0 }) == 0 && !strcmp(was, text))
		return 0;
	if (file_mkparent(root, e) == 0 &&
	    file_write_durable(root, text, strlen(text), 0644, e) == 0)
		return 0;

close_lock:
	close(*fd);
	*fd = -1;
	return -1;
}

int
gc_alone(struct arena *a, const struct config *cfg, const char *what, int *fd, struct err *e)
{
	if (open_lock(a, cfg, fd, e) < 0)
		return -1;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK) {
		fail(
		    e, "CACHE %s: a build is using it; run %s when it has ended", cfg->cache, what);
		e->code = EXIT_SYSTEM;
	} else {
		fail_errno(e, "%s/.gc", cfg->cache);
	}
	close(*fd);
	*fd = -1;
	return -1;
}

/* does somebody build with it now */
static bool
is_used(struct arena *a, const struct config *cfg)
{
	int fd = open(arena_printf(a, "%s/.gc", cfg->cache), O_RDONLY | O_CLOEXEC);
	bool used = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0;

	if (fd >= 0)
		close(fd);
	return used;
}

int
gc_run(struct arena *a, const struct config *cfg, const struct recipes *recipes,
    const struct gc_opts *o, struct err *e)
{
	int lock, r;

	if (!file_isdir(cfg->cache))
		return fail_usage(e, "CACHE %s: no such folder", cfg->cache);
	if (o->dry) { /* who only looks keeps nobody waiting */
		bool busy = is_used(a, cfg);

		if (busy)
			log_info(
			    "CACHE %s: a build is using it; work folders are left out", cfg->cache);
		return collect(a, cfg, recipes, o, busy, e);
	}
	if (gc_alone(a, cfg, "gc", &lock, e) < 0)
		return -1;
	r = collect(a, cfg, recipes, o, false, e);
	close(lock);
	return r;
}

int
gc_command(const struct request *rq, struct err *e)
{
	struct gc_opts o = { .dry = rq->dry, .sources = rq->sources };
	struct config cfg;
	struct recipes recipes;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0)
		return -1;
	return gc_run(rq->a, &cfg, &recipes, &o, e);
}
