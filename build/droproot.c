/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config.h"

#include "build/base/file.h"

#include <dirent.h>
#include <grp.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* makes the folder; as root, it becomes NORMALUSER's when it is new or empty */
static int
make_folder(const struct config *c, const char *name, const char *path, struct err *e)
{
	if (file_mkdirs(path, 0755, e) < 0)
		return wrap(e, "%s", name);
	if (geteuid() == 0) {
		DIR *d = opendir(path);
		bool empty = true;
		const struct dirent *ent;

		while (d && (ent = readdir(d)))
			empty &= !strcmp(ent->d_name, ".") || !strcmp(ent->d_name, "..");
		if (d)
			closedir(d);
		if (empty && chown(path, c->uid, c->gid) < 0)
			return fail_errno(e, "%s %s: give it to %s", name, path, c->normaluser);
	}
	return 0;
}

/* the first folder above path that we may not pass through, named with the way out */
static int
reach(const struct config *c, const char *name, const char *path, int mode, struct err *e)
{
	char part[PATH_MAX];

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/' || i >= sizeof part)
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (access(part, X_OK) < 0)
			return fail_usage(e, "%s %s: %s may not enter %s; chmod o+x %s, or move elsewhere", name, path, c->normaluser, part, part);
	}
	if (access(path, mode) < 0)
		return fail_usage(e, "%s %s: %s may not %s it; chown it, or name another folder", name, path, c->normaluser, mode & W_OK ? "write to" : "read");
	return 0;
}

int
config_make_folders(const struct config *c, struct err *e)
{
	if (make_folder(c, "OUTPUT", c->output, e) < 0)
		return -1;
	return make_folder(c, "CACHE", c->cache, e);
}

int
config_drop_root(const struct config *c, bool write, struct err *e)
{
	struct config shown = *c;

	if (geteuid() == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(c->gid, c->gid, c->gid) < 0 || setresuid(c->uid, c->uid, c->uid) < 0)
			return fail_errno(e, "become NORMALUSER %s", c->normaluser);
	} else {
		shown.normaluser = "this user";
	}
	if (reach(&shown, "the checkout", c->top, R_OK | X_OK, e) < 0)
		return -1;
	if (write && reach(&shown, "OUTPUT", c->output, R_OK | W_OK | X_OK, e) < 0)
		return -1;
	return write ? reach(&shown, "CACHE", c->cache, R_OK | W_OK | X_OK, e) : 0;
}
