/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/droproot.h"

#include "build/base/child.h"
#include "build/base/log.h"
#include "build/files/file.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
make_for(const char *out, const struct stat *owner, struct err *e)
{
	if (!out || file_exists(out))
		return 0;
	if (file_mkdirs(out, 0755, e) < 0)
		return -1;
	return chown(out, owner->st_uid, owner->st_gid) < 0 ? fail_errno(e, "%s", out) : 0;
}

/* path itself, or of the folders above it the first that is there */
static bool
nearest(const char *path, char full[PATH_MAX], bool *whole)
{
	char *front = strdupa(path), *slash;

	*whole = realpath(front, full);
	if (*whole)
		return true;
	while ((slash = strrchr(front, '/')) && slash != front) {
		*slash = '\0';
		if (realpath(front, full))
			return true;
	}
	return realpath(*path == '/' ? "/" : ".", full);
}

static int
become_owner(const char *path, const char *out, bool qemu, struct err *e)
{
	char dir[PATH_MAX], *slash;
	bool whole;
	struct stat st;
	const struct passwd *pw;
	struct child_tie tie;

	if (geteuid() != 0)
		return 0;
	if (!nearest(path, dir, &whole) || stat(dir, &st) < 0)
		return fail_errno(e, "%s", path);
	slash = strrchr(dir, '/');
	if (!S_ISDIR(st.st_mode)) {
		slash[slash == dir] = '\0';
		if (stat(dir, &st) < 0)
			return fail_errno(e, "%s", dir);
	}
	if (st.st_uid == 0) {
		if (qemu)
			log_warn("%s belongs to root: QEMU runs as root", dir);
		return 0;
	}
	if (whole && make_for(out, &st, e) < 0)
		return -1;
	pw = getpwuid(st.st_uid);
	child_tie_note(&tie);
	if ((pw ? initgroups(pw->pw_name, pw->pw_gid) : setgroups(0, NULL)) < 0 ||
	    setgid(pw ? pw->pw_gid : st.st_gid) < 0 || setuid(st.st_uid) < 0)
		return fail_errno(e, "become the owner of %s (%lu)", dir, (unsigned long)st.st_uid);
	child_tie_again(&tie);
	setenv("HOME", pw ? pw->pw_dir : "/nonexistent", 1);
	if (getenv("TMPDIR")) /* QEMU writes there, too */
		setenv("TMPDIR", file_tmp(), 1);
	return 0;
}

int
droproot_to_owner_of(const char *path, const char *out, struct err *e)
{
	return become_owner(path, out, true, e);
}

int
droproot_to_read(const char *path, struct err *e)
{
	return become_owner(path, NULL, false, e);
}
