/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/user.h"

#include "build/base/arena.h"
#include "build/base/child.h"

#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int
user_as(const struct user *u, user_work *work, void *arg, struct err *e)
{
	gid_t *groups, group = getegid();
	struct child_tie tie;
	int n, r;

	if (geteuid() != 0 || !u->uid)
		return work(arg, e);
	child_tie_note(&tie);
	n = getgroups(0, NULL); /* there may be 65536, which are more than a stack may have */
	groups = xmalloc((n > 0 ? (size_t)n : 1) * sizeof *groups);
	n = n > 0 ? getgroups(n, groups) : n;
	if (n < 0 || setgroups(0, NULL) < 0 || setegid(u->gid) < 0 || seteuid(u->uid) < 0) {
		r = fail_errno(e, "become user %u", (unsigned)u->uid);
	} else {
		child_tie_again(&tie);
		r = work(arg, e);
		if (seteuid(0) < 0 || setegid(group) < 0 || setgroups((size_t)n, groups) < 0)
			r = fail_errno(e, "become root again");
	}
	child_tie_again(&tie);
	free(groups);
	return r;
}

int
user_as_root(user_work *work, void *arg, struct err *e)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct child_tie tie;
	int r;

	if (!uid || getuid() != 0)
		return work(arg, e);
	child_tie_note(&tie);
	if (seteuid(0) < 0 || setegid(0) < 0)
		return fail_errno(e, "become root again");
	child_tie_again(&tie);
	r = work(arg, e);
	if (setegid(gid) < 0 || seteuid(uid) < 0)
		r = fail_errno(e, "become user %u again", (unsigned)uid);
	child_tie_again(&tie);
	return r;
}

int
user_become(const struct user *u, struct err *e)
{
	struct child_tie tie;

	if (geteuid() != 0 || !u->uid)
		return 0;
	child_tie_note(&tie);
	if (setgroups(0, NULL) < 0 || setresgid(u->gid, u->gid, u->gid) < 0 ||
	    setresuid(u->uid, u->uid, u->uid) < 0)
		return fail_errno(e, "become user %u", (unsigned)u->uid);
	child_tie_again(&tie);
	return 0;
}

struct user
user_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_uid ? (struct user){ st.st_uid, st.st_gid }
						 : (struct user){ 0 };
}
