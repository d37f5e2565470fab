/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/output.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/lock.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* folders below OUTPUT: a triple, and what that has, such as keys/ */
#define DEPTH 2

/* a lock begins so, and goes on with the process that has it; it is never empty once it was so */
static const char mark[] = "lh-build OUTPUT, process ";
/* bytes of one */
#define LOCK_MOST 64

static const char *const linked[] = { "kernel", "disk-image.raw", "rootfs", "rwfs", "userfs",
	"manifest" };

static char *
lock_path(struct arena *a, const struct config *cfg)
{
	return arena_printf(a, "%s/lock", cfg->output);
}

/*
 * what a killed builder has left, as deep as we write; not through our links, so no folder is read
 * twice.  The lock is ours
 */
static void
sweep(struct arena *a, const char *dir, unsigned depth)
{
	DIR *d = opendir(dir);
	const struct dirent *ent;

	/* what cannot be read now is swept the next time */
	while (d && file_next(d, dir, &ent, &(struct err){ 0 }) > 0) {
		if (file_is_half_made(ent->d_name))
			unlink(arena_printf(a, "%s/%s", dir, ent->d_name));
		else if (depth && ent->d_type == DT_DIR && *ent->d_name != '.')
			sweep(a, arena_printf(a, "%s/%s", dir, ent->d_name), depth - 1);
	}
	if (d)
		closedir(d);
}

static const char *
lock_text(struct arena *a, const struct config *cfg)
{
	char *text;

	return beneath_read(a, cfg->output, "lock", LOCK_MOST, &text, NULL, &(struct err){ 0 }) < 0
		   ? NULL
		   : text;
}

static int
fail_held(struct arena *a, const struct config *cfg, struct err *e)
{
	const char *holder = lock_text(a, cfg);

	if (!holder)
		holder = "";
	if (!strncmp(holder, mark, strlen(mark)))
		holder += strlen(mark);
	fail(e, "OUTPUT %s: in use by lh-build, process %.*s; wait for it, or set another OUTPUT",
	    cfg->output, (int)strspn(holder, "0123456789"), holder);
	e->code = EXIT_SYSTEM;
	return -1;
}

/* in OUTPUT itself, manifest is a symlink to an image's: a file is in the folder of an image */
static int
no_image(struct arena *a, const struct config *cfg, struct err *e)
{
	struct stat st;

	if (lstat(arena_printf(a, "%s/manifest", cfg->output), &st) < 0 || S_ISLNK(st.st_mode))
		return 0;
	return fail_usage(e,
	    "OUTPUT %s: is the folder of an image, in another OUTPUT; name another folder",
	    cfg->output);
}

/*
 * what is in an OUTPUT before its first lock: what was put there for it, such as the sources of a
 * bundle; what lh-bisect, lh-verify and ci/ make there; CACHE, which is made first; or where a disk
 * of its own is mounted
 */
static bool
may_be_first(struct arena *a, const struct config *cfg, const char *name)
{
	static const char *const names[] = { "sources", "credentials", "verify", "bisect", "boots",
		"bump", "nights", "steady", "workflows", "lost+found" };
	const char *path = arena_printf(a, "%s/%s", cfg->output, name);
	size_t n = strlen(path);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(name, names[i]))
			return true;
	return file_is_half_made(name) || (cfg->cache && !strncmp(cfg->cache, path, n) &&
					      (!cfg->cache[n] || cfg->cache[n] == '/'));
}

/*
 * What is in the folder that no OUTPUT has before its first lock; NULL: nothing.  A lock of earlier
 * versions, a process and no more, counts as nothing; *ours: beside it there is what only we make.
 */
static int
find_others(struct arena *a, const struct config *cfg, const char *lock, const char **other,
    bool *ours, struct err *e)
{
	bool old = lock && lock[strspn(lock, "0123456789")] == (*lock ? '\n' : '\0');
	char **names;

	*other = NULL;
	*ours = false;
	if (file_names(a, cfg->output, true, &names, NULL, e) < 0)
		return wrap(e, "OUTPUT");
	for (; *names; names++) {
		if (old && strstr(*names, "-linux-musl") &&
		    file_isdir(arena_printf(a, "%s/%s/keys", cfg->output, *names)))
			*ours = true;
		if (!*other && !may_be_first(a, cfg, *names) && (!old || strcmp(*names, "lock")))
			*other = *names;
	}
	return 0;
}

/* a file that is called `lock` makes nobody's folder ours: it says so itself */
static int
is_ours(struct arena *a, const struct config *cfg, const char **other, struct err *e)
{
	const char *lock = lock_text(a, cfg);
	bool ours;

	*other = NULL;
	if (lock && !strncmp(lock, mark, strlen(mark)))
		return 1;
	if (find_others(a, cfg, lock, other, &ours, e) < 0)
		return -1;
	return ours || (lock && *lock && !*other);
}

/* a folder of somebody's files is not made ours by a lock: `clean` would remove them */
static int
no_others_files(struct arena *a, const struct config *cfg, struct err *e)
{
	const char *other;
	int ours;

	if (!file_isdir(cfg->output) || beneath_type(cfg->output, "lock") >= BENEATH_FOLDER)
		return 0; /* lock_take says what it is */
	ours = is_ours(a, cfg, &other, e);
	if (ours || !other)
		return ours < 0 ? -1 : 0;
	return fail_usage(e,
	    "OUTPUT %s: holds files of others, such as %s, and clean would remove them; name a "
	    "folder used for nothing else",
	    cfg->output, other);
}

int
output_lock(struct arena *a, const struct config *cfg, int *fd, struct err *e)
{
	char *path = lock_path(a, cfg), *line = arena_printf(a, "%s%ld\n", mark, (long)getpid());
	size_t n = strlen(line);

	if (no_image(a, cfg, e) < 0 || no_others_files(a, cfg, e) < 0 || lock_take(path, fd, e) < 0)
		return -1;
	if (*fd < 0)
		return fail_held(a, cfg, e);
	if (pwrite(*fd, line, n, 0) != (ssize_t)n || ftruncate(*fd, (off_t)n) < 0) {
		fail_errno(e, "%s", path);
		close(*fd);
		return -1;
	}
	sweep(a, cfg->output, DEPTH);
	return 0;
}

char *
output_dir(struct arena *a, const struct config *cfg, bool dhcp)
{
	char *dir = arena_printf(a, "%s/%s", cfg->output, cfg->triple);

	return dhcp == cfg->use_dhcp ? dir
				     : arena_printf(a, "%s/%s", dir, dhcp ? "dhcp" : "static");
}

int
output_link(struct arena *a, const struct config *cfg, struct err *e)
{
	for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
		char *link = arena_printf(a, "%s/%s", cfg->output, linked[i]),
		     *target = arena_printf(a, "%s/%s", cfg->triple, linked[i]);

		if (!file_exists(arena_printf(a, "%s/%s", cfg->output, target)))
			unlink(link); /* it may be there for another triple */
		else if (file_symlink(target, link, e) < 0)
			return -1;
	}
	return 0;
}

int
output_clean(struct arena *a, const struct config *cfg, bool all, struct err *e)
{
	DIR *d = opendir(cfg->output);
	const struct dirent *ent;
	const char *other;
	int ours, lock, r = 0, more = 1;

	if (!d)
		return errno == ENOENT ? 0 : fail_errno(e, "OUTPUT %s", cfg->output);
	ours = is_ours(a, cfg, &other, e);
	if (ours < 0 || (ours && output_lock(a, cfg, &lock, e) < 0)) {
		closedir(d);
		return -1;
	}
	while (r == 0 && (more = file_next(d, cfg->output, &ent, e)) > 0) {
		const char *name = ent->d_name;

		if (!ours)
			r = fail_usage(e,
			    "OUTPUT %s: was not created by lh-build: its file `lock` is missing, "
			    "or another's; remove it yourself",
			    cfg->output);
		else if (all ? strcmp(name, "lock")
			     : strcmp(name, "lock") && strcmp(name, "sources"))
			r = file_remove(arena_printf(a, "%s/%s", cfg->output, name), e);
	}
	closedir(d);
	r = more < 0 ? wrap(e, "OUTPUT") : r;
	if (r == 0 && all && ours) /* what marks it as ours goes last */
		r = file_remove(lock_path(a, cfg), e);
	if (ours)
		close(lock);
	return r;
}
