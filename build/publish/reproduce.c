/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/reproduce.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/base/confine.h"
#include "build/base/log.h"
#include "build/base/path.h"
#include "build/base/url.h"
#include "build/base/user.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/config/output.h"
#include "build/config/value.h"
#include "build/diff/compare.h"
#include "build/files/file.h"
#include "build/files/manifest.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* of the folder that this makes, and removes */
#define SECOND "the-second-of-two-builds-to-compare"

struct making {
	struct arena *a;
	const struct config *cfg;
	struct manifest first;
	const char *folder; /* checkout/ output/ cache/ of the second build */
	const char *user;   /* its NORMALUSER, NULL: ours */
	/*
	 * Started as root: whose the first build and folder/checkout/ are, and whose the second.
	 * Root itself touches nothing there, for both do what a checkout says.
	 */
	struct user one, two;
	char *credentials; /* of the first; NULL: there are none */
};

/* what the second build is told in its own words, or nothing of */
static bool
is_own(const char *name)
{
	static const char *const own[] = { "OUTPUT", "CACHE", "NORMALUSER", "JOBS", "TRIPLE",
		"SECOND", "KERNEL" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (!strcmp(name, own[i]))
			return true;
	return false;
}

/* a variable that a command line may set; the others lh-build makes itself */
static bool
may_set(const char *name)
{
	if (!strncmp(name, "OVERRIDE_", 9) || !strncmp(name, "VERSION_", 8))
		return true;
	for (size_t i = 0; config_name(i); i++)
		if (!strcmp(name, config_name(i)))
			return !is_own(name);
	return false;
}

static bool
is_private(struct arena *a, const char *name, const char *value)
{
	return config_secret(name) || strcmp(url_shown(a, value), value) != 0;
}

void
reproduce_words(const struct config *cfg, const char *folder, const char *user, struct argv *out,
    struct argv *env)
{
	argv_pushv(out, "/proc/self/exe", "build", "-C", NULL);
	argv_pushf(out, "%s/checkout", folder);
	argv_push(out, cfg->use_dhcp ? "--net=dhcp" : "--net=static");
	argv_pushf(out, "OUTPUT=%s/output", folder);
	argv_pushf(out, "CACHE=%s/cache", folder);
	argv_pushf(out, "JOBS=%u", cfg->jobs + 1);
	argv_pushf(out, "TRIPLE=%s", cfg->triple);
	if (user)
		argv_pushf(out, "NORMALUSER=%s", user);
	for (size_t i = 0; i < cfg->nvars; i++) {
		const struct config_var *v = &cfg->vars[i];

		if (may_set(v->name) && strcmp(v->from, "default") != 0)
			argv_pushf(is_private(out->a, v->name, v->value) ? env : out, "%s=%s",
			    v->name, v->value);
	}
}

/* runs it with our stderr, as somebody; what it is, for the message when it fails */
static int
run(const struct argv *v, char *const *env, const struct user *as, const char *what, struct err *e)
{
	const struct child_opts o = {
		.env = env, .out = STDERR_FILENO, .uid = as->uid, .gid = as->gid
	};
	int status;

	if (child_run(v->v, &o, NULL, &status, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	fail(e, "%s: %s", what, child_status_text(v->a, status));
	if (WIFEXITED(status) && WEXITSTATUS(status) >= EXIT_USAGE) /* it has told why */
		e->code = WEXITSTATUS(status);
	return -1;
}

/* lh-build itself, which drops root as it does for anybody */
static const struct user ourselves;

/* NAME=VALUE: in our environment, which children have, when it is nothing for a command line */
static bool
tell_privately(struct arena *a, const char *word)
{
	const char *value = strchr(word, '='), *name;

	if (!value)
		return false;
	name = arena_strndup(a, word, (size_t)(value - word));
	return is_private(a, name, value + 1) && setenv(name, value + 1, 1) == 0;
}

static int
read_first(void *arg, struct err *e)
{
	struct making *k = arg;
	const char *dir = output_dir(k->a, k->cfg, k->cfg->use_dhcp);

	return manifest_read(k->a, arena_printf(k->a, "%s/manifest", dir), &k->first, e);
}

static int
build_first(struct making *k, const struct request *rq, struct err *e)
{
	struct argv v = { .a = k->a };

	argv_pushv(&v, "/proc/self/exe", "build", "-C", rq->top, NULL);
	argv_push(&v, k->cfg->use_dhcp ? "--net=dhcp" : "--net=static");
	for (size_t i = 0; i < rq->nvars; i++)
		if (!tell_privately(rq->a, rq->vars[i]))
			argv_push(&v, rq->vars[i]);
	if (run(&v, NULL, &ourselves, "the first build", e) < 0)
		return -1;
	return user_as(&k->one, read_first, k, e);
}

/* somebody else than NORMALUSER, whom every system has; only root can become another */
static void
choose_users(struct making *k)
{
	static const char *const users[] = { "daemon", "bin", "games", "mail", "nobody" };

	if (geteuid() != 0)
		return;
	k->one = k->two = (struct user){ k->cfg->uid, k->cfg->gid };
	for (size_t i = 0; i < sizeof users / sizeof *users && !k->user; i++) {
		const struct passwd *pw = getpwnam(users[i]);

		if (!pw || pw->pw_uid == 0 || pw->pw_uid == k->cfg->uid)
			continue;
		k->user = users[i];
		k->two.uid = pw->pw_uid; /* and the group of the first, who is to read it */
	}
}

static int
copy(struct making *k, const char *from, const char *to, struct err *e)
{
	struct argv v = { .a = k->a };
	int there = file_is_there(from, e);

	if (there <= 0)
		return there;
	argv_pushv(&v, "cp", "-RP", from, to, NULL);
	return run(&v, NULL, &k->one, arena_printf(k->a, "copy %s", from), e);
}

static const char *
in_folder(const struct making *k, const char *name)
{
	return arena_printf(k->a, "%s/%s", k->folder, name);
}

/* ---- what the first user does ---- */

/* in it, the second makes what is its own */
static int
make_folder(void *arg, struct err *e)
{
	struct making *k = arg;
	const char *checkout = in_folder(k, "checkout"),
		   *credentials = arena_printf(k->a, "%s/credentials", k->cfg->output);
	int there;

	if (file_remove(k->folder, e) < 0 || file_mkdirs(checkout, 0755, e) < 0)
		return -1;
	if (k->user && chmod(k->folder, S_ISVTX | 0777) < 0)
		return fail_errno(e, "%s", k->folder);
	there = file_is_there(credentials, e);
	return there > 0 ? file_read(k->a, credentials, &k->credentials, NULL, e) : there;
}

static int
remove_folder(void *arg, struct err *e)
{
	return file_remove(((struct making *)arg)->folder, e);
}

/* ---- what the second does ---- */

static int
remove_own(void *arg, struct err *e)
{
	struct making *k = arg;

	return file_remove(in_folder(k, "output"), e) < 0 ||
		       file_remove(in_folder(k, "cache"), e) < 0
		   ? -1
		   : 0;
}

/* the kernel of the first build, as if the second had made it */
static int
lend_kernel(struct making *k, struct err *e)
{
	for (size_t i = 0; i < k->first.npackages; i++) {
		const struct man_package *p = &k->first.packages[i];
		char *name = arena_printf(k->a, "%s-target-%s", p->key, p->name);

		if (!strcmp(p->name, "linux"))
			return file_symlink(arena_printf(k->a, "%s/store/%s", k->cfg->cache, name),
			    arena_printf(k->a, "%s/cache/store/%s", k->folder, name), e);
	}
	return fail(e, "KERNEL=cached: the manifest lists no package linux");
}

static int
make_own(void *arg, struct err *e)
{
	struct making *k = arg;

	if (file_mkdirs(in_folder(k, "output"), 0755, e) < 0 ||
	    file_mkdirs(in_folder(k, "cache/store"), 0755, e) < 0)
		return -1;
	if (k->credentials && file_write(in_folder(k, "output/credentials"), k->credentials,
				  strlen(k->credentials), 0600, e) < 0)
		return -1;
	return strcmp(config_get(k->cfg, "KERNEL"), "cached") ? 0 : lend_kernel(k, e);
}

/* so that the first can compare: they are in one group while it does */
static int
open_output(struct making *k, struct err *e)
{
	const char *output = in_folder(k, "output");
	struct argv group = { .a = k->a }, mode = { .a = k->a };

	if (!k->user)
		return 0;
	argv_pushv(&group, "chgrp", "-R", NULL);
	argv_pushf(&group, "%u", (unsigned)k->two.gid);
	argv_push(&group, output);
	argv_pushv(&mode, "chmod", "-R", "g+rX", output, NULL);
	return run(&group, NULL, &k->two, "let the first user read", e) < 0 ||
		       run(&mode, NULL, &k->two, "let the first user read", e) < 0
		   ? -1
		   : 0;
}

/* ---- both ---- */

/*
 * what the second build starts from: a checkout with the sources in it, the passwords; everything
 * else it makes
 */
static int
prepare(struct making *k, struct err *e)
{
	static const char *const parts[] = { "recipes", "sysdeps", "layout", "patches" };
	const char *checkout = in_folder(k, "checkout");

	if (user_as(&k->two, remove_own, k, e) < 0 || user_as(&k->one, make_folder, k, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (copy(k, arena_printf(k->a, "%s/%s", k->cfg->top, parts[i]), checkout, e) < 0)
			return -1;
	if (copy(k, arena_printf(k->a, "%s/sources", k->cfg->cache), checkout, e) < 0)
		return -1;
	return user_as(&k->two, make_own, k, e);
}

static int
build_second(struct making *k, struct err *e)
{
	/* fourteen hours from UTC, and a locale with its own order of letters where there is one */
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"TZ=Pacific/Kiritimati", "LC_ALL=et_EE.UTF-8", "LANG=et_EE.UTF-8", NULL };
	const char *home = getenv("HOME");
	struct argv words = { .a = k->a }, v = { .a = k->a };
	mode_t mask;
	int r;

	for (size_t i = 0; env[i]; i++)
		argv_push(&v, env[i]);
	if (home) /* lh-config of the machine, which says where sources are */
		argv_pushf(&v, "HOME=%s", home);
	reproduce_words(k->cfg, k->folder, k->user, &words, &v);
	mask = umask(077);
	r = run(&words, v.v, &ourselves, "the second build", e);
	umask(mask);
	return r < 0 ? -1 : open_output(k, e);
}

static int
compare_both(void *arg, struct err *e)
{
	const struct making *k = arg;
	const char *there = arena_printf(k->a, "%s/output/%s", k->folder, k->cfg->triple);
	const char *const paths[2] = { output_dir(k->a, k->cfg, k->cfg->use_dhcp), there };
	struct verdict v;
	if (user_become(&k->one, e) < 0)
		return wrap(e, "NORMALUSER %s", k->cfg->normaluser);
	if (confine_reader(e) < 0 || compare(k->a, paths, &v, e) < 0)
		return -1;
	log_stdout(v.told);
	if (fflush(stdout) < 0)
		return fail_errno(e, "write to stdout");
	if (v.differences)
		return fail(e, "%s, profile %s: two builds differ; the second one is in %s",
		    k->cfg->triple, k->first.profile, there);
	return 0;
}

/* in a process of its own, which is the first user for good: others have made what is compared */
static int
judge(struct making *k, struct err *e)
{
	struct err failed = { 0 };
	struct child c;
	int status;

	if (child_call(&c, compare_both, k, STDOUT_FILENO, e) < 0 ||
	    child_call_wait(&c, &status, &failed, e) < 0)
		return -1;
	if (status == 0)
		return 0;
	*e = failed;
	return *failed.msg ? -1 : fail(e, "compare: %s", child_status_text(k->a, status));
}

static void
tell(const struct making *k)
{
	bool lent = !strcmp(config_get(k->cfg, "KERNEL"), "cached");

	printf("%s, profile %s, set %s: reproduced: image-digest %s\n", k->cfg->triple,
	    k->first.profile, k->first.set, k->first.image_digest);
	printf("  rebuilt: %zu packages, the toolchain among them%s\n", k->first.npackages - lent,
	    lent ? "; not rebuilt: linux, as KERNEL=cached says" : ", and linux");
	printf("  other: checkout, OUTPUT, CACHE, %sTZ, locale, umask, JOBS; the same: this "
	       "machine, its compiler, its kernel\n",
	    k->user ? arena_printf(k->a, "user (%s), ", k->user) : "");
}

int
reproduce_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct making k = { .a = rq->a, .cfg = &cfg };
	const char *where;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	where = config_get(&cfg, "SECOND");
	k.folder = arena_printf(
	    rq->a, "%s/" SECOND, *where ? path_absolute(rq->a, cfg.top, where) : cfg.output);
	choose_users(&k);
	unsetenv("MAKEFLAGS"); /* whose jobserver the builds do not have */
	if (build_first(&k, rq, e) < 0 || prepare(&k, e) < 0 || build_second(&k, e) < 0)
		return wrap(e, "reproduce");
	if (judge(&k, e) < 0)
		return -1;
	tell(&k);
	return user_as(&k.two, remove_own, &k, e) < 0 ? -1 : user_as(&k.one, remove_folder, &k, e);
}
