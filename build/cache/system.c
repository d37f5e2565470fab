/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/system.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/cache/seal.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/memo.h"
#include "build/files/stamp.h"
#include "build/plan/debian.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* a symlink that leads through more is a circle */
#define MOST_LINKS 16
#define LIST_END "end\n"
/* before a path of a list */
#define WATCHED '!'

struct names {
	const char **v;
	size_t n;
};

struct making {
	struct arena *a;
	const struct system_opts *o;
	const char *dir;      /* CACHE/system */
	struct names chain;   /* wanted programs, and all that their symlinks lead through */
	struct names files;   /* all that is to be seen, sorted */
	struct names watched; /* of them, those that are looked at each time */
	const char *list;     /* a file with both, named by what they follow from */
};

static void
add(struct arena *a, struct names *n, const char *text)
{
	n->v = arena_more(a, n->v, n->n, sizeof *n->v);
	n->v[n->n++] = text;
}

/*
 * The same file without a symlink, or "..", on the way to it, so that a copy of it below another
 * folder lies there; NULL: it is not there, or we may not look.
 */
static const char *
by_folders(struct arena *a, const char *path)
{
	char real[PATH_MAX];
	const char *name = strrchr(path, '/');
	size_t up = 0;

	if (!name || !name[1] || !strcmp(name, "/.") || !strcmp(name, "/.."))
		return realpath(path, real) ? arena_strdup(a, real) : NULL;
	up = (size_t)(name - path);
	if (!realpath(up ? arena_strndup(a, path, up) : "/", real))
		return NULL;
	return arena_printf(a, "%s%s", strcmp(real, "/") ? real : "", name);
}

/* ---- what is to be seen ---- */

/* the path, and what its symlinks lead to, one after the other */
static void
follow(struct making *k, const char *path)
{
	struct stat st;

	for (int i = 0; i < MOST_LINKS && (path = by_folders(k->a, path)) && lstat(path, &st) == 0;
	     i++) {
		char target[PATH_MAX];
		ssize_t n;

		add(k->a, &k->chain, path);
		n = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof target - 1) : -1;
		if (n < 0)
			return;
		target[n] = '\0';
		path = *target == '/' ? arena_strdup(k->a, target)
				      : arena_printf(k->a, "%.*s/%s",
					    (int)(strrchr(path, '/') - path), path, target);
	}
}

static void
resolve(struct making *k)
{
	for (size_t i = 0; i < k->o->nwanted; i++) {
		const char *name = k->o->wanted[i];

		follow(k, strchr(name, '/') ? name : arena_printf(k->a, "/usr/bin/%s", name));
	}
}

/* the list of files, as it was found out when dpkg's database and the programs were these */
static int
list_path(struct making *k, struct err *e)
{
	struct buf b = { 0 };
	char hex[DIGEST_HEX];
	struct stamp s;

	if (stamp_one(arena_printf(k->a, "%s/status", k->o->database), &s, e) < 0)
		return -1;
	buf_addf(&b, "list 1\n%s\n", s.hex);
	for (size_t i = 0; i < k->chain.n; i++)
		buf_addf(&b, "%s\n", k->chain.v[i]);
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
	k->list = arena_printf(k->a, "%s/lists/%s", k->dir, hex);
	return 0;
}

/* are these the bytes of a list, to its end: absolute paths that lead up nowhere */
static bool
is_list(const char *text, size_t n)
{
	if (strlen(text) != n || n < strlen(LIST_END) ||
	    strcmp(text + n - strlen(LIST_END), LIST_END) != 0 || strstr(text, "/../"))
		return false;
	for (; strcmp(text, LIST_END) != 0; text = strchr(text, '\n') + 1)
		if (text[*text == WATCHED] != '/')
			return false;
	return true;
}

static bool
read_list(struct making *k)
{
	struct err ignored;
	char *text, *end;
	size_t n;

	if (file_read(k->a, k->list, &text, &n, &ignored) < 0 || !is_list(text, n))
		return false;
	for (; strcmp(text, LIST_END) != 0 && (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (*text == WATCHED)
			add(k->a, &k->watched, ++text);
		add(k->a, &k->files, text);
	}
	return true;
}

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static int
ask_dpkg(struct making *k, struct err *e)
{
	char **paths;
	size_t n, kept = 0;

	if (debian_files(k->a, k->o->database, k->chain.v, k->chain.n, &paths, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		add(k->a, &k->files, paths[i]);
	for (size_t i = 0; i < k->chain.n; i++)
		add(k->a, &k->files, k->chain.v[i]);
	if (k->files.n)
		qsort(k->files.v, k->files.n, sizeof *k->files.v, by_text);
	for (size_t i = 0; i < k->files.n; i++)
		if (!kept || strcmp(k->files.v[kept - 1], k->files.v[i]) != 0)
			k->files.v[kept++] = k->files.v[i];
	k->files.n = kept;
	return 0;
}

/*
 * Programs, libraries and symlinks, which people replace.  Of headers and the like the word of
 * dpkg's database is taken: a step sees a copy in any case, and its key is of what it sees.
 */
static bool
is_watched(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && !S_ISDIR(st.st_mode) &&
	       (S_ISLNK(st.st_mode) || st.st_mode & 0111 || strstr(path, ".so"));
}

static int
list(struct making *k, bool make, struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	if (list_path(k, e) < 0)
		return -1;
	if (read_list(k))
		return 0;
	if (ask_dpkg(k, e) < 0)
		return -1;
	for (size_t i = 0; i < k->files.n; i++) {
		bool watched = is_watched(k->files.v[i]);

		if (watched)
			add(k->a, &k->watched, k->files.v[i]);
		buf_addf(&b, "%s%s\n", watched ? "!" : "", k->files.v[i]);
	}
	buf_adds(&b, LIST_END);
	if (make && (file_mkparent(k->list, e) < 0 || file_write(k->list, b.p, b.n, 0644, e) < 0))
		r = -1;
	buf_free(&b);
	return r;
}

/* ---- its digest ---- */

static mode_t
mode_of(const struct stat *st)
{
	return st->st_mode & 0111 ? 0755 : 0644;
}

/* the question for the memo: NULL when a file may still change within this second */
static const char *
question(struct making *k)
{
	struct digest *d = digest_new();
	time_t now = time(NULL);
	char hex[DIGEST_HEX];
	bool settled = true;

	/* with dpkg's database: an upgrade of headers changes nothing else of what is asked here */
	digest_add(d, k->list, strlen(k->list) + 1);
	for (size_t i = 0; i < k->files.n; i++)
		digest_add(d, k->files.v[i], strlen(k->files.v[i]) + 1);
	for (size_t i = 0; i < k->watched.n; i++) {
		struct stat st;
		char line[256];
		int n;

		if (lstat(k->watched.v[i], &st) < 0)
			continue;
		settled = settled && stamp_settled(&st, now);
		n = snprintf(line, sizeof line, "%zu %ju %ju %o %jd %jd.%09ld %jd.%09ld\n", i,
		    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino, (unsigned)st.st_mode,
		    (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		    (intmax_t)st.st_ctim.tv_sec, st.st_ctim.tv_nsec);
		digest_add(d, line, (size_t)n);
	}
	digest_end(d, hex);
	return settled ? arena_printf(k->a, "system 3 %s", hex) : NULL;
}

/* what may not be read is not there for steps, which are the same user's */
static int
see_nothing(const char *path, struct buf *b, struct err *e)
{
	if (errno == ENOENT)
		return 0;
	if (errno != EACCES)
		return fail_errno(e, "%s", path);
	buf_addf(b, "locked %s\n", path);
	return 0;
}

/* one file as the digest has it, and, with to, as a copy there */
static int
see(const char *path, const char *to, struct buf *b, struct err *e)
{
	char hex[DIGEST_HEX], target[PATH_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(path, &st) < 0 || (S_ISREG(st.st_mode) && access(path, R_OK) < 0))
		return see_nothing(path, b, e);
	if (to && file_mkparent(to, e) < 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		buf_addf(b, "dir %s\n", path);
		return to ? file_mkdirs(to, 0755, e) : 0;
	}
	if (S_ISLNK(st.st_mode)) {
		n = readlink(path, target, sizeof target - 1);
		if (n < 0)
			return fail_errno(e, "%s", path);
		target[n] = '\0';
		buf_addf(b, "link %s %s\n", path, target);
		return to ? file_symlink(target, to, e) : 0;
	}
	if (!S_ISREG(st.st_mode))
		return 0;
	if (to && file_copy(path, to, mode_of(&st), e) < 0)
		return -1;
	if (digest_file(to ? to : path, hex, e) < 0)
		return -1;
	buf_addf(b, "file %s %o %s\n", path, (unsigned)mode_of(&st), hex);
	return 0;
}

/* to: folder for copies, or NULL */
static int
see_all(struct making *k, const char *to, char hex[DIGEST_HEX], struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	buf_adds(&b, "lh-system 1\n");
	for (size_t i = 0; i < k->files.n && r == 0; i++) {
		struct arena *a = arena_new();
		const char *path = by_folders(a, k->files.v[i]);

		if (path)
			r = see(path, to ? arena_printf(a, "%s%s", to, path) : NULL, &b, e);
		arena_free(a);
	}
	digest_bytes(b.p, b.n, hex);
	buf_free(&b);
	return r;
}

/* ---- the copy ---- */

/* whoever runs the build, its users are these; part of "lh-system 1" */
static const struct {
	const char *path, *text;
} own[] = {
	{ "etc/passwd", "root:x:0:0:root:/:/bin/sh\nlh:x:1000:1000:lh:/nonexistent:/bin/sh\n" },
	{ "etc/group", "root:x:0:\nlh:x:1000:\n" },
};

static int
add_own(struct making *k, const char *tmp, struct err *e)
{
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		const char *path = arena_printf(k->a, "%s/%s", tmp, own[i].path);

		if (file_mkparent(path, e) < 0 ||
		    file_write(path, own[i].text, strlen(own[i].text), 0644, e) < 0)
			return -1;
	}
	return 0;
}

/*
 * Another builder may have been faster: its copy is as good, and tmp is removed.  If it is damaged,
 * tmp takes its place; the damaged one is left for gc, as a step may be running in it.
 */
static int
settle(const char *tmp, const char *root, struct err *e)
{
	struct err ignored;

	if (rename(tmp, root) == 0)
		return file_sync_parent(root, e);
	if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		return fail_errno(e, "%s", root);
	if (seal_check(root, NULL, &ignored) == 0)
		return file_remove(tmp, e);
	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, root, RENAME_EXCHANGE) < 0)
		return fail_errno(e, "%s", root);
	return file_sync_parent(root, e);
}

/* the digest is that of what was copied, whatever was on the machine a moment ago */
static int
copy(struct making *k, struct system *out, struct err *e)
{
	char *tmp = arena_printf(k->a, "%s/.tmp.XXXXXX", k->dir);
	struct err ignored;
	int r;

	if (file_mkdirs(k->dir, 0755, e) < 0)
		return -1;
	if (!mkdtemp(tmp))
		return fail_errno(e, "%s", tmp);
	r = see_all(k, tmp, out->hex, e);
	out->root = arena_printf(k->a, "%s/%s", k->dir, out->hex);
	if (r == 0 && chmod(tmp, 0755) < 0)
		r = fail_errno(e, "%s", tmp);
	if (r == 0 && add_own(k, tmp, e) == 0 && seal_put(tmp, e) == 0 &&
	    file_sync_all(tmp, e) == 0 && settle(tmp, out->root, e) == 0)
		return 0;
	file_remove(tmp, &ignored);
	return -1;
}

/* is there a copy that may be used */
static bool
is_made(struct making *k, const char *root)
{
	struct err why = { 0 };

	if (!k->o->verify || !file_exists(root))
		return beneath_type(root, "") == BENEATH_FOLDER;
	if (seal_check(root, k->o->memo, &why) == 0)
		return true;
	log_warn("%s; copying it again", why.msg);
	return false;
}

/* /bin and the like are symlinks into usr, as the copy has them */
static bool
is_merged(void)
{
	struct stat st;

	return lstat("/bin", &st) == 0 && S_ISLNK(st.st_mode) && lstat("/lib", &st) == 0 &&
	       S_ISLNK(st.st_mode);
}

int
system_find(struct arena *a, const struct system_opts *o, struct system *out, struct err *e)
{
	struct making k = { .a = a, .o = o, .dir = arena_printf(a, "%s/system", o->cache) };
	const char *asked, *known;

	*out = (struct system){ 0 };
	if (!o->nwanted)
		return 0;
	if (!file_exists(arena_printf(a, "%s/status", o->database)) || !is_merged()) {
		out->why = "this is no Debian with a merged /usr";
		return 0;
	}
	resolve(&k);
	if (list(&k, o->make, e) < 0)
		return wrap(e, "the system that steps see");
	asked = question(&k);
	known = asked ? memo_get(o->memo, asked) : NULL;
	if (known)
		snprintf(out->hex, sizeof out->hex, "%s", known);
	else if (see_all(&k, NULL, out->hex, e) < 0)
		return wrap(e, "the system that steps see");
	out->root = arena_printf(a, "%s/%s", k.dir, out->hex);
	if (o->make && !is_made(&k, out->root) && copy(&k, out, e) < 0)
		return wrap(e, "the system that steps see");
	if (asked && (!known || strcmp(known, out->hex) != 0))
		memo_put(o->memo, asked, out->hex);
	return 0;
}
