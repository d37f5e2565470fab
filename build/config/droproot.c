/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/config.h"

#include "build/base/user.h"
#include "build/files/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
make_dirs(void *arg, struct err *e)
{
	const char *const *path = arg;

	return file_mkdirs(*path, 0755, e);
}

/*
 * To NORMALUSER, when it is empty; not when it is another's than whose word it is: a checkout could
 * have a symlink for OUTPUT, to a folder that root has elsewhere.
 */
static int
give(const struct config *c, const char *name, const char *path, const struct user *by,
    struct err *e)
{
	DIR *d = opendir(path);
	const struct dirent *ent;
	struct stat st;
	int used, r;

	if (!d)
		return fail_errno(e, "%s %s", name, path);
	used = file_next(d, path, &ent, e);
	r = used < 0 ? wrap(e, "%s", name) : 0;
	if (r == 0 && (fstat(dirfd(d), &st) < 0 || (!used && (!by->uid || st.st_uid == by->uid) &&
						       fchown(dirfd(d), c->uid, c->gid) < 0)))
		r = fail_errno(e, "%s %s: give it to %s", name, path, c->normaluser);
	closedir(d);
	return r;
}

/* as who named it; made by root, it becomes NORMALUSER's when it is new or empty */
static int
make_folder(const struct config *c, const char *name, const char *path, const struct user *by,
    struct err *e)
{
	struct err why = { 0 };

	if (user_as(by, make_dirs, &path, &why) < 0) {
		if (by->uid)
			fail(e, "%s, as user %u who named it: %s; set another %s", name,
			    (unsigned)by->uid, why.msg, name);
		else
			fail(e, "%s: %s; set another %s", name, why.msg, name);
		e->code = why.code;
		return -1;
	}
	return geteuid() == 0 ? give(c, name, path, by, e) : 0;
}

/*
 * the first folder above path, as far as there are any, that may not be passed through, named with
 * the way out
 */
static int
reach(const char *who, const char *name, const char *path, struct err *e)
{
	char part[PATH_MAX];

	for (size_t i = 1; path[i] && i < sizeof part; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (faccessat(AT_FDCWD, part, X_OK, AT_EACCESS) < 0 && errno != ENOENT)
			return fail_usage(e,
			    "%s %s: %s may not enter %s; chmod o+x %s, or move elsewhere", name,
			    path, who, part, part);
	}
	return 0;
}

static int
reach_all(const char *who, const struct config *c, bool write, struct err *e)
{
	if (reach(who, "the checkout", c->top, e) < 0)
		return -1;
	if (faccessat(AT_FDCWD, c->top, R_OK | X_OK, AT_EACCESS) < 0)
		return fail_usage(e,
		    "the checkout %s: %s may not read it; chmod o+rx it, or move it elsewhere",
		    c->top, who);
	if (!write)
		return 0;
	return reach(who, "OUTPUT", c->output, e) < 0 ? -1 : reach(who, "CACHE", c->cache, e);
}

int
config_as_normaluser(
    const struct config *c, int (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
	return user_as(&(struct user){ c->uid, c->gid }, work, arg, e);
}

struct asking {
	const struct config *c;
	const char *who;
	bool write;
};

/* nothing is made where it could not be used */
static int
ask(void *arg, struct err *e)
{
	const struct asking *q = arg;

	return reach_all(q->who, q->c, q->write, e);
}

/* what others may change is not ours to believe */
static int
is_ours(const char *name, const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail_errno(e, "%s %s", name, path);
	if (st.st_uid != geteuid())
		return fail_usage(e,
		    "%s %s: belongs to user %u, who may change what is in it; chown it, or name "
		    "another folder",
		    name, path, (unsigned)st.st_uid);
	if ((st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && st.st_gid != getegid()))
		return fail_usage(e,
		    "%s %s: others may change what is in it; chmod go-w it, or name another folder",
		    name, path);
	return 0;
}

static int
may_write(const char *who, const char *name, const char *path, struct err *e)
{
	if (access(path, R_OK | W_OK | X_OK) == 0)
		return is_ours(name, path, e);
	if (errno != EACCES && errno != EPERM) /* such as a filesystem that is read-only */
		return fail_errno(e, "%s %s", name, path);
	return fail_usage(
	    e, "%s %s: %s may not write to it; chown it, or name another folder", name, path, who);
}

int
config_drop_root(const struct config *c, bool write, struct err *e)
{
	bool root = geteuid() == 0;
	const char *who = root ? c->normaluser : "this user";

	if (config_as_normaluser(c, ask, &(struct asking){ c, who, write }, e) < 0)
		return -1;
	if (write && (make_folder(c, "OUTPUT", c->output, &c->output_by, e) < 0 ||
			 make_folder(c, "CACHE", c->cache, &c->cache_by, e) < 0))
		return -1;
	if (user_become(&(struct user){ c->uid, c->gid }, e) < 0)
		return wrap(e, "NORMALUSER %s", c->normaluser);
	if (!write)
		return 0;
	return may_write(who, "OUTPUT", c->output, e) < 0 ? -1
							  : may_write(who, "CACHE", c->cache, e);
}
