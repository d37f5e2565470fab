/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/store.h"

#include "build/base/arena.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/lock.h"
#include "build/files/memo.h"
#include "build/files/sign.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
store_open(struct arena *a, const char *cache, struct store *s, struct err *e)
{
	*s = (struct store){ .dir = arena_printf(a, "%s/store", cache) };
	return file_mkdirs(s->dir, 0755, e);
}

char *
store_path(struct arena *a, const struct store *s, const char *key, const char *name)
{
	return arena_printf(a, "%s/%s-%s", s->dir, key, name);
}

#define COUNT(v) (sizeof(v) / sizeof *(v))

/*
 * What each name of an entry has to be.  A build step or a cache server made it, and what we do
 * with it later follows paths in it: so none of them is a symlink, a fifo or a device.
 */
static const struct part {
	const char *rel;
	enum beneath type;
	bool needed;
} result[] = {
	{ "out", BENEATH_FOLDER, true },
	{ "out/sdk", BENEATH_FOLDER, false },
	{ "out/rootfs", BENEATH_FOLDER, false },
	{ "out/rwfs", BENEATH_FOLDER, false },
	{ "out/userfs", BENEATH_FOLDER, false },
	{ "out/kernel", BENEATH_FILE, false },
	{ "out/System.map", BENEATH_FILE, false },
	{ "out/kernel-config", BENEATH_FILE, false },
	{ "out/services", BENEATH_FILE, false },
}, beside[] = {
	{ "output", BENEATH_FILE, true },
	{ "key", BENEATH_FILE, true },
	{ "log", BENEATH_FILE, false },
	{ "linked", BENEATH_FILE, false },
	{ "linked.sha256", BENEATH_FILE, false },
	{ "signer", BENEATH_FILE, false },
};

/* of a work folder, what goes with out/ into its entry */
static const char *const kept[] = { "log", "linked", "signer" };

static int
check_parts(const char *dir, const struct part *v, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		int there = beneath_is(dir, v[i].rel, v[i].type, e);

		if (there < 0)
			return -1;
		if (!there && v[i].needed)
			return fail(e, "%s/%s is missing", dir, v[i].rel);
	}
	return 0;
}

/* the bytes are those that were stored */
static int
check_content(
    struct arena *a, const struct store *s, const char *entry, const char *output, struct err *e)
{
	static const struct memo_kind way = {
		.name = "stored", .digest = digest_tree, .until_boot = true
	};
	char *out = arena_printf(a, "%s/out", entry), hex[DIGEST_HEX];

	if (memo_digest(s->memo, &way, out, hex, e) < 0)
		return -1;
	if (strcmp(hex, output))
		return fail(e, "%s: changed since it was stored: digest %.12s, recorded %.12s", out,
		    hex, output);
	return 0;
}

/* what the SBOM will say was linked into each program; an older entry has no digest of it */
static int
check_linked(struct arena *a, const struct store *s, const char *entry, struct err *e)
{
	static const struct memo_kind way = {
		.name = "linked", .digest = digest_file, .until_boot = true
	};
	char *sum, hex[DIGEST_HEX];

	if (beneath_type(entry, "linked.sha256") == BENEATH_NONE)
		return 0;
	if (beneath_read(a, entry, "linked.sha256", DIGEST_HEX, &sum, NULL, e) < 0 ||
	    memo_digest(s->memo, &way, arena_printf(a, "%s/linked", entry), hex, e) < 0)
		return -1;
	sum[strcspn(sum, "\n")] = '\0';
	return strcmp(sum, hex) ? fail(e, "%s/linked: changed since it was stored", entry) : 0;
}

static int
look_up(const struct store *s, const char *key, const char *name, bool verify,
    char output[DIGEST_HEX], struct err *e)
{
	struct arena *a = arena_new();
	char *entry = store_path(a, s, key, name), *text;
	size_t n;
	int r = 0;

	if (!file_exists(entry))
		goto free_arena;
	r = -1;
	if (check_parts(entry, result, COUNT(result), e) < 0 ||
	    check_parts(entry, beside, COUNT(beside), e) < 0 ||
	    beneath_read(a, entry, "output", DIGEST_HEX, &text, &n, e) < 0)
		goto free_arena;
	if (n != DIGEST_HEX || text[n - 1] != '\n') {
		fail(e, "%s/output: holds no digest", entry);
		goto free_arena;
	}
	memcpy(output, text, DIGEST_HEX - 1);
	output[DIGEST_HEX - 1] = '\0';
	r = verify &&
		    (check_content(a, s, entry, output, e) < 0 || check_linked(a, s, entry, e) < 0)
		? -1
		: 1;

free_arena:
	arena_free(a);
	return r;
}

int
store_lookup(const struct store *s, const char *key, const char *name, char output[DIGEST_HEX],
    struct err *e)
{
	return look_up(s, key, name, true, output, e);
}

int
store_find(const struct store *s, const char *key, const char *name, char output[DIGEST_HEX],
    struct err *e)
{
	return look_up(s, key, name, false, output, e);
}

static int
check_readable(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)arg;
	if ((!S_ISREG(st->st_mode) || st->st_mode & S_IRUSR) &&
	    (!S_ISDIR(st->st_mode) || (~st->st_mode & (S_IRUSR | S_IXUSR)) == 0))
		return 0;
	return fail(e,
	    "out/%s: may not be read by who builds, mode %04o: chmod u+rX in [install], and give "
	    "the image's file its mode in layout/owners",
	    rel, (unsigned)st->st_mode & 07777);
}

int
store_prepare(const char *workdir, struct err *e)
{
	char out[PATH_MAX];

	snprintf(out, sizeof out, "%s/out", workdir);
	if (beneath_type(workdir, "out") == BENEATH_FOLDER && chmod(out, 0755) < 0)
		return fail_errno(e, "%s", out);
	return beneath_walk(workdir, "out", check_readable, NULL, e);
}

/* dir is where the walk began; what others may run does not run as us */
static int
write_protect(void *dir, const char *rel, const struct stat *st, struct err *e)
{
	char path[PATH_MAX];

	if (S_ISREG(st->st_mode) && (st->st_mode & (S_ISUID | S_ISGID)))
		return fail(e,
		    "out/%s: is setuid or setgid, which CACHE does not keep: chmod ug-s in "
		    "[install], and give the image's file its mode in layout/owners",
		    rel);
	snprintf(path, sizeof path, "%s/%s", (const char *)dir,
	    rel); /* the walk has seen that it fits */
	if (!S_ISLNK(st->st_mode) && (st->st_mode & S_IWUSR) &&
	    chmod(path, st->st_mode & 07777 & ~(mode_t)S_IWUSR) < 0)
		return fail_errno(e, "%s", path);
	return 0;
}

static int
write_digest(const char *path, const char hex[DIGEST_HEX], struct err *e)
{
	char line[DIGEST_HEX + 1];

	snprintf(line, sizeof line, "%s\n", hex);
	return file_write(path, line, strlen(line), 0444, e);
}

/* makes tmp, a folder in the store, a whole entry */
static int
fill(struct arena *a, char *tmp, const char *workdir, const char *key_text, char output[DIGEST_HEX],
    struct err *e)
{
	char *out = arena_printf(a, "%s/out", tmp), *linked = arena_printf(a, "%s/linked", tmp),
	     hex[DIGEST_HEX];
	int there;

	/* moved while it may still be: a folder that may not be written to can't be */
	if (rename(arena_printf(a, "%s/out", workdir), out) < 0)
		return fail_errno(e, "move %s/out to the store", workdir);
	if (check_parts(tmp, result, COUNT(result), e) < 0 ||
	    beneath_walk(out, "", write_protect, out, e) < 0)
		return -1;
	if (chmod(out, 0555) < 0)
		return fail_errno(e, "%s", out);
	if (digest_tree(out, output, e) < 0)
		return -1;
	if (write_digest(arena_printf(a, "%s/output", tmp), output, e) < 0 ||
	    file_write(arena_printf(a, "%s/key", tmp), key_text, strlen(key_text), 0444, e) < 0)
		return -1;
	for (size_t i = 0; i < COUNT(kept); i++) {
		const char *from = arena_printf(a, "%s/%s", workdir, kept[i]);

		if (rename(from, arena_printf(a, "%s/%s", tmp, kept[i])) < 0 && errno != ENOENT)
			return fail_errno(e, "move %s to the store", from);
	}
	if (check_parts(tmp, beside, COUNT(beside), e) < 0)
		return -1;
	there = file_is_there(linked, e);
	if (there < 0 ||
	    (there && (digest_file(linked, hex, e) < 0 ||
			  write_digest(arena_printf(a, "%s.sha256", linked), hex, e) < 0)))
		return -1;
	if (chmod(tmp, 0755) < 0) /* mkdtemp's 0700 would keep other users out */
		return fail_errno(e, "%s", tmp);
	return file_sync_tree(tmp, e);
}

/* the entry that is there is damaged: tmp takes its place, and its folder goes with tmp's */
static int
replace(struct arena *a, const char *tmp, const char *entry, char output[DIGEST_HEX], struct err *e)
{
	char *text;

	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, entry, RENAME_EXCHANGE) < 0)
		return fail_errno(e, "%s", entry);
	if (beneath_read(a, entry, "output", DIGEST_HEX, &text, NULL, e) < 0)
		return -1;
	memcpy(output, text, DIGEST_HEX - 1);
	output[DIGEST_HEX - 1] = '\0';
	return file_sync_parent(entry, e);
}

int
store_enter(const struct store *s, const char *workdir, const char *key, const char *name,
    const char *key_text, char output[DIGEST_HEX], struct err *e)
{
	struct arena *a = arena_new();
	char *entry = store_path(a, s, key, name),
	     *tmp = arena_printf(a, "%s/.new-%s-%s.XXXXXX", s->dir, key, name);
	struct err ignored;
	int r = -1;

	if (!mkdtemp(tmp)) {
		fail_errno(e, "%s", tmp);
		goto free_arena;
	}
	if (fill(a, tmp, workdir, key_text, output, e) < 0)
		goto remove_tmp;
	if (rename(tmp, entry) == 0) {
		r = file_sync(s->dir, e);
		goto free_arena;
	}
	if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) {
		fail_errno(e, "%s", entry);
		goto remove_tmp;
	}
	/* somebody was faster: what others have seen must not change under them */
	if (store_lookup(s, key, name, output, &ignored) == 1)
		r = 0;
	else
		r = replace(a, tmp, entry, output, e);

remove_tmp:
	file_remove(tmp, &ignored);
free_arena:
	arena_free(a);
	return r;
}

char *
store_signer(struct arena *a, const char *entry)
{
	struct err ignored;
	char *text;

	if (beneath_read(a, entry, "signer", SIGN_PUBLIC, &text, NULL, &ignored) < 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return sign_is_public(text) ? text : NULL;
}

static void
lock_path(const struct store *s, const char *key, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/.lock-%s", s->dir, key);
}

int
store_lock(const struct store *s, const char *key, int *lock, struct err *e)
{
	char path[PATH_MAX];

	lock_path(s, key, path);
	return lock_take(path, lock, e);
}

void
store_unlock(const struct store *s, const char *key, int lock)
{
	char path[PATH_MAX];

	lock_path(s, key, path);
	unlink(path);
	close(lock);
}
