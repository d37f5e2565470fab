/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/user.h"

#include <grp.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

int
user_as(const struct user *u, user_work *work, void *arg, struct err *e)
{
	gid_t groups[NGROUPS_MAX], group = getegid();
	int n, r;

	if (geteuid() != 0 || !u->uid)
		return work(arg, e);
	n = getgroups(NGROUPS_MAX, groups);
	if (n < 0 || setgroups(0, NULL) < 0 || setegid(u->gid) < 0 || seteuid(u->uid) < 0)
		return fail_errno(e, "become user %u", (unsigned)u->uid);
	r = work(arg, e);
	if (seteuid(0) < 0 || setegid(group) < 0 || setgroups((size_t)n, groups) < 0)
		return fail_errno(e, "become root again");
	return r;
}

struct user
user_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid ? (struct user){ st.st_uid, st.st_gid }
						 : (struct user){ 0 };
}
