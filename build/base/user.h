/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_USER_H
#define BUILD_BASE_USER_H

#include "build/base/err.h"

#include <sys/types.h>

/* Somebody whom root may become; uid 0: nobody, as when we are not root. */
struct user {
	uid_t uid;
	gid_t gid;
};

typedef int user_work(void *arg, struct err *e);

/*
 * Started as root: does work as that user, with no other group, and is root again.  Else, or when
 * there is nobody to become, just does it.
 */
int user_as(const struct user *u, user_work *work, void *arg, struct err *e);
/*
 * In the midst of it: does work as root, such as starting a program that becomes a user by itself.
 * Any other program that is started there is that user for good.
 */
int user_as_root(user_work *work, void *arg, struct err *e);
/* Started as root: becomes that user for good; else, or when there is nobody to become, nothing. */
int user_become(const struct user *u, struct err *e);
/* whose file or folder it is, not whose symlink; nobody's when it is root's, or not there */
struct user user_of(const char *path);

#endif
