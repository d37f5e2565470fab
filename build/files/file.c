/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/file.h"

#include "build/base/arena.h"
#include "build/base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int
fd_read(
    struct arena *a, int fd, size_t most, const char *name, char **text, size_t *n, struct err *e)
{
	struct stat st;
	size_t used = 0, cap;
	char *p;

	if (fstat(fd, &st) < 0)
		return fail_errno(e, "%s", name);
	if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return fail_errno(e, "%s", name);
	}
	/* a hole of terabytes costs whoever made it nothing */
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > most)
		return fail(e, "%s: larger than the limit of %zu bytes", name, most);
	/* for its end, and for what would be behind that */
	cap = st.st_size > 0 && (uint64_t)st.st_size < most ? (size_t)st.st_size + 2 : 4096;
	p = arena_alloc(a, cap);
	for (;;) {
		ssize_t r = read(fd, p + used, cap - used - 1);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return fail_errno(e, "%s", name);
		if (r == 0)
			break;
		used += (size_t)r;
		if (used > most)
			return fail(e, "%s: larger than the limit of %zu bytes", name, most);
		if (used == cap - 1) { /* /proc says 0, or it grew */
			p = arena_grow(a, p, used, 2 * cap, 1);
			cap *= 2;
		}
	}
	p[used] = '\0';
	*text = p;
	if (n)
		*n = used;
	return 0;
}

static int
fail_irregular(const char *path, struct err *e)
{
	fail(e, "%s: not a regular file", path);
	e->code = EXIT_SYSTEM;
	return -1;
}

int
file_open(const char *path, int flags, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
	struct stat st;

	if (fd < 0 && errno == ENXIO) /* a socket, or a device that is not there */
		return fail_irregular(path, e);
	if (fd < 0)
		return fail_errno(e, "%s", path);
	if (fstat(fd, &st) < 0) {
		fail_errno(e, "%s", path);
	} else if (S_ISREG(st.st_mode)) {
		return fd;
	} else if (S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		fail_errno(e, "%s", path);
	} else {
		fail_irregular(path, e);
	}
	close(fd);
	return -1;
}

int
file_read(struct arena *a, const char *path, char **text, size_t *n, struct err *e)
{
	int fd = file_open(path, 0, e), r;

	if (fd < 0)
		return -1;
	r = fd_read(a, fd, FILE_MOST, path, text, n, e);
	close(fd);
	return r;
}

bool
file_is_half_made(const char *name)
{
	const char *end = strrchr(name, '.');

	return end && !strncmp(end, ".lh-", 4) && strlen(end) == 10;
}

/* a fresh file beside path; its name lands in tmp */
static int
open_beside(const char *path, char tmp[PATH_MAX], struct err *e)
{
	int fd;

	if (snprintf(tmp, PATH_MAX, "%s.lh-XXXXXX", path) >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s", path);
	}
	fd = mkostemp(tmp, O_CLOEXEC);
	return fd < 0 ? fail_errno(e, "%s", path) : fd;
}

/* gives the temporary file its mode and its name; removes it when that fails */
static int
settle(int fd, const char *tmp, const char *path, mode_t mode, bool durable, struct err *e)
{
	int r = 0;

	if (fchmod(fd, mode) < 0 || (durable && fsync(fd) < 0))
		r = fail_errno(e, "%s", path);
	if (close(fd) < 0 && r == 0) /* where a full disk shows on network filesystems */
		r = fail_errno(e, "%s", path);
	if (r == 0 && rename(tmp, path) < 0)
		r = fail_errno(e, "%s", path);
	if (r < 0)
		unlink(tmp);
	return r == 0 && durable ? file_sync_parent(path, e) : r;
}

static int
write_new(const char *path, const void *p, size_t n, mode_t mode, bool durable, struct err *e)
{
	char tmp[PATH_MAX];
	int fd = open_beside(path, tmp, e);

	if (fd < 0)
		return -1;
	if (fd_write(fd, p, n, path, e) < 0) {
		close(fd);
		unlink(tmp);
		return -1;
	}
	return settle(fd, tmp, path, mode, durable, e);
}

int
file_write(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	return write_new(path, p, n, mode, false, e);
}

int
file_write_durable(const char *path, const void *p, size_t n, mode_t mode, struct err *e)
{
	return write_new(path, p, n, mode, true, e);
}

/* ---- what stays after a power cut ---- */

/* more files than this are not asked for one by one: all of the filesystem is quicker then */
#define MOST_SYNCED 32

static int
sync_by(int (*call)(int fd), const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW), r;

	if (fd < 0)
		return fail_errno(e, "%s", path);
	r = call(fd) < 0 ? fail_errno(e, "%s", path) : 0;
	close(fd);
	return r;
}

int
file_sync(const char *path, struct err *e)
{
	return sync_by(fsync, path, e);
}

int
file_sync_all(const char *path, struct err *e)
{
	return sync_by(syncfs, path, e);
}

int
file_sync_parent(const char *path, struct err *e)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return file_sync(".", e);
	if (snprintf(dir, sizeof dir, "%.*s", (int)(slash - path + (slash == path)), path) >=
	    (int)sizeof dir) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s", path);
	}
	return file_sync(dir, e);
}

static int
count_one(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	(void)rel, (void)e;
	*(size_t *)arg += S_ISREG(st->st_mode) || S_ISDIR(st->st_mode);
	return 0;
}

/* dir is where the walk began */
static int
sync_one(void *dir, const char *rel, const struct stat *st, struct err *e)
{
	char path[PATH_MAX];

	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return 0;
	snprintf(path, sizeof path, "%s/%s", (const char *)dir, rel); /* as walk() saw, it fits */
	return file_sync(path, e);
}

int
file_sync_tree(const char *dir, struct err *e)
{
	char root[PATH_MAX];
	size_t n = 0;

	if (file_walk(dir, count_one, &n, e) < 0)
		return -1;
	if (n > MOST_SYNCED)
		return file_sync_all(dir, e);
	snprintf(root, sizeof root, "%s", dir);
	return file_walk(dir, sync_one, root, e) < 0 ? -1 : file_sync(dir, e);
}

int
file_settle(const char *tmp, const char *path, struct err *e)
{
	struct stat st;

	if (lstat(tmp, &st) < 0)
		return fail_errno(e, "%s", tmp);
	if ((S_ISDIR(st.st_mode) ? file_sync_tree(tmp, e) : file_sync(tmp, e)) < 0)
		return -1;
	if (rename(tmp, path) < 0)
		return fail_errno(e, "%s", path);
	return file_sync_parent(path, e);
}

int
file_mkdirs(const char *path, mode_t mode, struct err *e)
{
	char p[PATH_MAX];
	size_t n = strlen(path);

	if (n >= sizeof p) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s", path);
	}
	memcpy(p, path, n + 1);
	for (char *s = p + 1;; s++) {
		bool end = !*s;

		if (*s != '/' && !end)
			continue;
		*s = '\0';
		if (mkdir(p, mode) < 0 && errno != EEXIST)
			return fail_errno(e, "%s", p);
		if (end)
			break;
		*s = '/';
	}
	if (!file_isdir(path)) {
		errno = ENOTDIR;
		return fail_errno(e, "%s", path);
	}
	return 0;
}

int
file_mkparent(const char *path, struct err *e)
{
	char p[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return 0;
	if ((size_t)(slash - path) >= sizeof p) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s", path);
	}
	memcpy(p, path, (size_t)(slash - path));
	p[slash - path] = '\0';
	return file_mkdirs(p, 0755, e);
}

const char *
file_tmp(void)
{
	const char *tmp = getenv("TMPDIR");

	return tmp && *tmp == '/' && file_isdir(tmp) && access(tmp, W_OK | X_OK) == 0 ? tmp
										      : "/tmp";
}

bool
file_exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int
file_is_there(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : fail_errno(e, "%s", path);
}

bool
file_isdir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * Removing holds two descriptors, however deep a folder lies: on the way down the names that are
 * still to be removed are noted, on the way up ".." leads back.
 */
struct level {
	struct level *above;
	const char *name; /* in the folder above; of the first: the path */
	char **subs;	  /* the folders in it */
	size_t n, at;
	dev_t dev;
	ino_t ino;
};

static char *
level_path(struct arena *a, const struct level *l)
{
	char *path = arena_strdup(a, l->name);

	while ((l = l->above))
		path = arena_printf(a, "%s/%s", l->name, path);
	return path;
}

static int
fail_remove(struct arena *a, const struct level *l, const char *name, struct err *e)
{
	int why = errno;
	const char *path = l ? arena_printf(a, "%s/%s", level_path(a, l), name) : name;

	errno = why;
	return fail_errno(e, "remove %s", path);
}

/* 1: it is gone, 0: it is a folder; -1: errno */
static int
remove_file(int dir, const char *name)
{
	struct stat st;

	if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
		return 1;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : -1;
	if (S_ISDIR(st.st_mode) && (st.st_mode & 0700) != 0700)
		fchmodat(dir, name, 0700, 0); /* if it may not be, opening says so */
	return 0;
}

int
file_next(DIR *d, const char *name, const struct dirent **next, struct err *e)
{
	do {
		errno = 0;
		*next = readdir(d);
	} while (*next && (!strcmp((*next)->d_name, ".") || !strcmp((*next)->d_name, "..")));
	if (!*next && errno)
		return fail_errno(e, "%s", name);
	return *next != NULL;
}

/* removes the files in the folder fd, and notes the folders */
static int
empty(struct arena *a, struct level *l, int fd, struct err *e)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0), r = 0, more;
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	const struct dirent *ent;

	if (!d) {
		if (copy >= 0)
			close(copy);
		return fail_remove(a, l->above, l->name, e);
	}
	while (r == 0 && (more = file_next(d, l->name, &ent, e))) {
		if (more < 0) {
			r = fail_remove(a, l->above, l->name, e);
			break;
		}
		r = remove_file(fd, ent->d_name);
		if (r < 0)
			fail_remove(a, l, ent->d_name, e);
		if (r == 0) {
			l->subs = arena_more(a, l->subs, l->n, sizeof *l->subs);
			l->subs[l->n++] = arena_strdup(a, ent->d_name);
		}
		r = r < 0 ? -1 : 0;
	}
	closedir(d);
	return r;
}

/* the folder `name` in dir, as a level below; its files are gone.  1: it is gone itself */
static int
go_down(struct arena *a, struct level **at, const char *name, int dir, int *fd, struct err *e)
{
	struct level *l;
	struct stat st;

	*fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*fd < 0 && errno == ENOENT)
		return 1;
	if (*fd < 0 || fstat(*fd, &st) < 0)
		return fail_remove(a, *at, name, e);
	l = arena_alloc(a, sizeof *l);
	*l = (struct level){ .above = *at, .name = name, .dev = st.st_dev, .ino = st.st_ino };
	*at = l;
	return empty(a, l, *fd, e);
}

/* *fd becomes the folder above.  1: another process has removed it meanwhile */
static int
go_up(struct arena *a, const struct level *l, int *fd, struct err *e)
{
	int up = openat(*fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;

	if (up < 0 && errno == ENOENT)
		return 1;
	if (up < 0 || fstat(up, &st) < 0) {
		if (up >= 0)
			close(up);
		return fail_remove(a, l->above, l->name, e);
	}
	close(*fd);
	*fd = up;
	if (st.st_dev != l->above->dev || st.st_ino != l->above->ino)
		return fail(e, "remove %s: it was moved at the same time", level_path(a, l));
	return 0;
}

/* 0: removed; 1: another process took away what we stood in: to be done again */
static int
remove_folder(struct arena *a, const char *path, struct err *e)
{
	struct level *l = NULL;
	int fd = -1, r = go_down(a, &l, path, AT_FDCWD, &fd, e);

	if (r == 1)
		return 0;
	while (r == 0) {
		const char *name;
		int sub;

		if (l->at < l->n) {
			r = go_down(a, &l, l->subs[l->at], fd, &sub, e);
			if (sub >= 0) {
				close(fd);
				fd = sub;
			} else if (r == 1) {
				l->at++;
				r = 0;
			}
			continue;
		}
		if (!l->above)
			break;
		r = go_up(a, l, &fd, e);
		if (r != 0)
			break;
		l = l->above;
		name = l->subs[l->at++];
		if (unlinkat(fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
			r = fail_remove(a, l, name, e);
	}
	if (fd >= 0)
		close(fd);
	if (r == 0 && unlinkat(AT_FDCWD, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = fail_remove(a, NULL, path, e);
	return r;
}

int
file_remove(const char *path, struct err *e)
{
	struct arena *a = arena_new();
	int r = remove_file(AT_FDCWD, path);

	if (r < 0)
		r = fail_remove(a, NULL, path, e);
	else if (r == 1)
		r = 0;
	else
		while ((r = remove_folder(a, path, e)) == 1)
			;
	arena_free(a);
	return r;
}

/* where the kernel can't copy between the two filesystems; as copy_file_range(2), both at *pos */
static ssize_t
copy_some(int in, int out, off_t *pos, off_t end)
{
	char block[16384]; /* some have little of a stack */
	size_t want = end - *pos < (off_t)sizeof block ? (size_t)(end - *pos) : sizeof block;
	ssize_t n = pread(in, block, want, *pos);
	uint64_t at = (uint64_t)*pos;

	if (n > 0 && fd_pwrite(out, block, (size_t)n, &at) < 0)
		return -1;
	*pos = (off_t)at;
	return n;
}

/* copies the data of one file into another, new and empty; holes stay holes */
static int
copy_data(int in, int out, off_t size, const char *name, struct err *e)
{
	off_t pos = 0, end;

	if (ftruncate(out, size) < 0)
		return fail_errno(e, "%s", name);
	while (pos < size) {
		pos = lseek(in, pos, SEEK_DATA);
		if (pos < 0) {
			if (errno == ENXIO) /* only a hole is left */
				return 0;
			return fail_errno(e, "%s", name);
		}
		end = lseek(in, pos, SEEK_HOLE);
		if (end < 0)
			return fail_errno(e, "%s", name);
		while (pos < end) {
			off_t to = pos;
			ssize_t n = copy_file_range(in, &pos, out, &to, (size_t)(end - pos), 0);

			if (n < 0 && errno == EINTR)
				continue;
			if (n < 0 && (errno == EXDEV || errno == EINVAL || errno == ENOSYS ||
					 errno == EOPNOTSUPP))
				n = copy_some(in, out, &pos, end);
			if (n < 0)
				return fail_errno(e, "%s", name);
			if (n == 0)
				return fail(e, "%s: was truncated while it was copied", name);
		}
	}
	return 0;
}

int
fd_copy(int in, const char *to, mode_t mode, struct err *e)
{
	char tmp[PATH_MAX];
	struct stat st;
	int out;

	if (fstat(in, &st) < 0)
		return fail_errno(e, "%s", to);
	out = open_beside(to, tmp, e);
	if (out < 0)
		return -1;
	if (copy_data(in, out, st.st_size, to, e) < 0) {
		close(out);
		unlink(tmp);
		return -1;
	}
	return settle(out, tmp, to, mode, false, e);
}

int
fd_copy_new(int in, const char *to, mode_t mode, struct err *e)
{
	struct stat st;
	int out, r;

	if (fstat(in, &st) < 0)
		return fail_errno(e, "%s", to);
	out = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (out < 0)
		return fail_errno(e, "%s", to);
	r = copy_data(in, out, st.st_size, to, e);
	if (r == 0 && fchmod(out, mode) < 0)
		r = fail_errno(e, "%s", to);
	if (close(out) < 0 && r == 0)
		r = fail_errno(e, "%s", to);
	return r;
}

int
file_copy(const char *from, const char *to, mode_t mode, struct err *e)
{
	int in = file_open(from, 0, e), r;

	if (in < 0)
		return -1;
	r = fd_copy(in, to, mode, e);
	close(in);
	return r;
}

int
file_symlink(const char *target, const char *path, struct err *e)
{
	char tmp[PATH_MAX];

	if (snprintf(tmp, sizeof tmp, "%s.%ld", path, (long)getpid()) >= (int)sizeof tmp) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s", path);
	}
	unlink(tmp);
	if (symlink(target, tmp) < 0)
		return fail_errno(e, "%s", path);
	if (rename(tmp, path) < 0) {
		fail_errno(e, "%s", path);
		unlink(tmp);
		return -1;
	}
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name); /* not alphasort: it follows the locale */
}

static int
not_dots(const struct dirent *d)
{
	return strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
}

int
file_names(struct arena *a, const char *dir, bool hidden, char ***names, size_t *n, struct err *e)
{
	struct dirent **v = NULL;
	int found = scandir(dir, &v, not_dots, by_name);
	size_t count = 0;

	if (found < 0 && errno != ENOENT)
		return fail_errno(e, "%s", dir);
	*names = arena_array(a, found > 0 ? (size_t)found + 1 : 1, sizeof **names);
	for (int i = 0; i < found; i++) {
		if (hidden || v[i]->d_name[0] != '.')
			(*names)[count++] = arena_strdup(a, v[i]->d_name);
		free(v[i]);
	}
	free(v);
	if (n)
		*n = count;
	return 0;
}

/* one walk; there is one buffer for all levels, for a tree may be deeper than a stack */
struct walking {
	const char *dir;
	file_visit *visit;
	void *arg;
	char rel[PATH_MAX]; /* where it is, below dir */
};

static int walk(struct walking *w, int at, size_t len, struct err *e);

/* the name behind the first len bytes of rel, which are where `at` is, and what is in it */
static int
walk_one(struct walking *w, int at, size_t len, const char *name, struct err *e)
{
	size_t n = strlen(name);
	struct stat st;
	int fd, r;

	if (strlen(w->dir) + 1 + len + n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return fail_errno(e, "%s/%.*s%s", w->dir, (int)len, w->rel, name);
	}
	memcpy(w->rel + len, name, n + 1);
	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail_errno(e, "%s/%s", w->dir, w->rel);
	r = w->visit(w->arg, w->rel, &st, e);
	if (r != 0 || !S_ISDIR(st.st_mode))
		return r == FILE_PRUNE ? 0 : r;
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(e, "%s/%s", w->dir, w->rel);
	r = walk(w, fd, len + n, e);
	close(fd);
	return r;
}

/* what lies in the folder at, which is the first len bytes of rel */
static int
walk(struct walking *w, int at, size_t len, struct err *e)
{
	struct dirent **names;
	int n = scandirat(at, ".", &names, not_dots, by_name), r = 0;

	if (n < 0)
		return fail_errno(e, "%s%s%.*s", w->dir, len ? "/" : "", (int)len, w->rel);
	if (len)
		w->rel[len++] = '/';
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = walk_one(w, at, len, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return r;
}

int
fd_walk(int fd, const char *name, file_visit *visit, void *arg, struct err *e)
{
	struct walking w = { .dir = name, .visit = visit, .arg = arg };

	return walk(&w, fd, 0, e);
}

int
file_walk(const char *dir, file_visit *visit, void *arg, struct err *e)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	if (at < 0)
		return fail_errno(e, "%s", dir);
	r = fd_walk(at, dir, visit, arg, e);
	close(at);
	return r;
}
