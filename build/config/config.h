/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_CONFIG_H
#define BUILD_CONFIG_CONFIG_H

#include "build/base/err.h"
#include "build/base/user.h"
#include "build/files/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

/*
 * What the user asked for.  Command line beats environment beats lh-config beats
 * ~/.config/lh-bootstrap/lh-config beats defaults.  Everything is checked before
 * anything is written: one line that names variable, value and what is allowed.
 */
struct config {
	const char *top;    /* the checkout, absolute */
	const char *output; /* OUTPUT, absolute */
	const char *cache;  /* CACHE, absolute: store/ work/ */
	/* who named them, when that was not root: root makes and gives away no other's folder */
	struct user output_by, cache_by;

	const char *normaluser;
	uid_t uid; /* who runs foreign code; ours unless started as root */
	gid_t gid;

	const char *triple;
	const char *profile; /* "s6" "minimal" "auto" */
	const char *set;
	const char *build_cc;
	const char *cross_base; /* "" when not set, as everywhere below */
	const char *host_host_base;
	const char *country; /* uk fr rs vn cn or "" */
	const char *local_ip, *router_ip, *dns_ip;
	bool use_dhcp;
	unsigned rootfs_mb, swap_mb, rwfs_mb, userfs_mb, extra_mb,
	    boot_mb; /* MiB; 0: no such partition */
	const char *console;
	const char *kernel_config;
	unsigned jobs;
	unsigned step_limit;	/* seconds; 0: none */
	unsigned unpack_limit;	/* MiB; 0: none */
	const char *mirrors;	/* blank-separated base URLs */
	const char *git_mirror; /* pattern with one %s */
	bool offline;

	struct config_var
	    *vars; /* every variable that has a value, defaults included, sorted by name */
	size_t nvars;
};

struct config_var {
	const char *name, *value;
	/* "default", "lh-config", "environment", "command line", or the file's path */
	const char *from;
};

/*
 * args: NAME=VALUE words of the command line.  Reads top/lh-config and
 * ~/.config/lh-bootstrap/lh-config if they are there.  All errors EXIT_USAGE.
 */
int config_read(struct arena *a, const char *top, char *const *args, size_t nargs,
    struct config *out, struct err *e);
/* value of any variable, "" when it has none */
const char *config_get(const struct config *c, const char *name);
/* what is found out later: hashes of passwords, the profile that auto became */
void config_set(
    struct arena *a, struct config *c, const char *name, const char *value, const char *from);
/* a password, or the hash of one: its value is for nobody but the step that needs it */
bool config_secret(const char *name);
/*
 * PARTUUID of the root partition: that of every image of a triple, for its kernel has it built in,
 * to find its root where nobody gives it a command line
 */
void config_root_uuid(const char *triple, char text[UUID_TEXT]);
/* may a recipe name it on a `config` line */
bool config_known(const char *name);
/* is it OVERRIDE_name, VERSION_name or HEAD_name: of this package, or of any when it is NULL */
bool config_of_package(const char *variable, const char *package);
/* is it for this once: of the command line, or of the environment */
bool config_once(const struct config_var *v);
/* is its value a list of folders; a step that it is given to sees them, and its key what they hold
 */
bool config_is_folders(const char *name);
/* those of its folders, absolute; the last named counts most */
const char **config_folders(struct arena *a, const struct config *c, const char *name, size_t *n);
/* the names a user may set, in the order in which lh-config.dist tells them; NULL behind the last
 */
const char *config_name(size_t i);
/* what the i-th is when nobody gives it; NULL: it is found out, or empty */
const char *config_default(size_t i);
/*
 * OVERRIDE_name / VERSION_name / HEAD_name: '-' in the package name is '_' in the variable; NULL
 * when not set or empty
 */
const char *config_override(const struct config *c, const char *package);
const char *config_version(const struct config *c, const char *package);
const char *config_branch(const struct config *c, const char *package);
void config_set_override(
    struct arena *a, struct config *c, const char *package, const char *value, const char *from);
/* the same but for USE_DHCP */
void config_with_dhcp(struct arena *a, const struct config *c, bool dhcp, struct config *out);
/*
 * Started as root: becomes NORMALUSER for good.  write: OUTPUT and CACHE are made first, as who
 * named them, and become NORMALUSER's when they are new or empty.  A folder that is in the way is
 * named, before anything is made.
 */
int config_drop_root(const struct config *c, bool write, struct err *e);
/* started as root: does work as NORMALUSER, and is root again; else just does it */
int config_as_normaluser(
    const struct config *c, int (*work)(void *arg, struct err *e), void *arg, struct err *e);

#endif
