/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/store.h"

#include "build/base/arena.h"
#include "build/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

int
store_open(struct arena *a, const char *cache, struct store *s, struct err *e)
{
	s->dir = arena_printf(a, "%s/store", cache);
	return file_mkdirs(s->dir, 0755, e);
}

char *
store_path(struct arena *a, const struct store *s, const char *key, const char *name)
{
	return arena_printf(a, "%s/%s-%s", s->dir, key, name);
}

int
store_lookup(const struct store *s, const char *key, const char *name, char output[DIGEST_HEX],
    struct err *e)
{
	struct arena *a = arena_new();
	char *entry = store_path(a, s, key, name), *text;
	size_t n;
	int r = 0;

	if (!file_isdir(entry))
		goto free_arena;
	r = -1;
	if (file_read(a, arena_printf(a, "%s/output", entry), &text, &n, e) < 0)
		goto free_arena;
	if (n != DIGEST_HEX || text[n - 1] != '\n' ||
	    !file_isdir(arena_printf(a, "%s/out", entry))) {
		fail(e, "%s: damaged; remove this folder to have it built again", entry);
		goto free_arena;
	}
	memcpy(output, text, DIGEST_HEX - 1);
	output[DIGEST_HEX - 1] = '\0';
	r = 1;

free_arena:
	arena_free(a);
	return r;
}

/* dir is where the walk began */
static int
write_protect(void *dir, const char *rel, const struct stat *st, struct err *e)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", (const char *)dir,
	    rel); /* the walk has seen that it fits */
	if (!S_ISLNK(st->st_mode) && (st->st_mode & S_IWUSR) &&
	    chmod(path, st->st_mode & 07777 & ~(mode_t)S_IWUSR) < 0)
		return fail_errno(e, "%s", path);
	return 0;
}

/* makes tmp, a folder in the store, a whole entry */
static int
fill(struct arena *a, char *tmp, const char *workdir, const char *key_text, char output[DIGEST_HEX],
    struct err *e)
{
	char *out = arena_printf(a, "%s/out", tmp), *log = arena_printf(a, "%s/log", workdir),
	     *linked = arena_printf(a, "%s/linked", workdir), line[DIGEST_HEX + 1];

	/* moved while it may still be: a folder that may not be written to can't be */
	if (rename(arena_printf(a, "%s/out", workdir), out) < 0)
		return fail_errno(e, "move %s/out to the store", workdir);
	if (file_walk(out, write_protect, out, e) < 0)
		return -1;
	if (chmod(out, 0555) < 0)
		return fail_errno(e, "%s", out);
	if (digest_tree(out, output, e) < 0)
		return -1;
	snprintf(line, sizeof line, "%s\n", output);
	if (file_write(arena_printf(a, "%s/output", tmp), line, strlen(line), 0444, e) < 0 ||
	    file_write(arena_printf(a, "%s/key", tmp), key_text, strlen(key_text), 0444, e) < 0)
		return -1;
	if (file_exists(log) && rename(log, arena_printf(a, "%s/log", tmp)) < 0)
		return fail_errno(e, "move %s to the store", log);
	if (file_exists(linked) && rename(linked, arena_printf(a, "%s/linked", tmp)) < 0)
		return fail_errno(e, "move %s to the store", linked);
	if (chmod(tmp, 0755) < 0) /* mkdtemp's 0700 would keep other users out */
		return fail_errno(e, "%s", tmp);
	return 0;
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
	r = rename(tmp, entry);
	if (r == 0)
		goto free_arena;
	if (errno != EEXIST && errno != ENOTEMPTY) {
		fail_errno(e, "%s", entry);
		goto remove_tmp;
	}
	/* somebody was faster: what others have seen must not change under them */
	r = store_lookup(s, key, name, output, e) == 1 ? 0 : -1;

remove_tmp:
	file_remove(tmp, &ignored);
free_arena:
	arena_free(a);
	return r;
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
	struct stat held, named;

	lock_path(s, key, path);
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

		if (fd < 0)
			return fail_errno(e, "%s", path);
		if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
			int why = errno;

			close(fd);
			*lock = -1;
			errno = why;
			return why == EWOULDBLOCK ? 0 : fail_errno(e, "%s", path);
		}
		/* who had it may have removed it since we opened it */
		if (fstat(fd, &held) == 0 && stat(path, &named) == 0 &&
		    held.st_ino == named.st_ino) {
			*lock = fd;
			return 0;
		}
		close(fd);
	}
}

void
store_unlock(const struct store *s, const char *key, int lock)
{
	char path[PATH_MAX];

	lock_path(s, key, path);
	unlink(path);
	close(lock);
}
