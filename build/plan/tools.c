/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/tools.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/config/value.h"
#include "build/files/digest.h"
#include "build/files/elf.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/memo.h"
#include "build/files/stamp.h"
#include "build/plan/toolchain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* what build steps get to see */
static char path_env[] = "PATH=/usr/bin:/bin", locale_env[] = "LC_ALL=C";
static char *const env[] = { path_env, locale_env, NULL };
static const char *const folders[] = { "/usr/bin", "/bin" };

/* the default of BUILD_CC, which every key that says nothing else means */
#define BUILD_CC_USUAL "gcc"
#define NFOLDERS (sizeof folders / sizeof *folders)

/* as a build step finds it, whatever our own PATH is */
static const char *
found(struct arena *a, const char *name)
{
	for (size_t i = 0; i < NFOLDERS && !strchr(name, '/'); i++) {
		const char *path = arena_printf(a, "%s/%s", folders[i], name);

		if (access(path, X_OK) == 0)
			return path;
	}
	return name;
}

/* what it prints; -1: it cannot be run or does not succeed */
static int
ask(struct arena *a, const struct argv *v, char **said, struct err *e)
{
	struct buf b = { 0 };
	int status, r = child_run(v->v, &(struct child_opts){ .env = env }, &b, &status, e);

	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		r = fail(e, "%s: %s\n%s", argv_quoted(v), child_status_text(a, status),
		    b.n ? trim(b.p) : "");
	*said = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return r;
}

static void
add(struct tools *t, const char *name, const char *said, enum tool_use use)
{
	t->v[t->n++] = (struct tool){ name, said, use };
}

/*
 * What its version depends on, as a question for the memo; NULL when that cannot be told.  A
 * script may call anything, and so may a word that is no option; a program such as ccache calls
 * what lies in the system's folders, which change when something else is installed there.
 */
static const char *
version_question(struct arena *a, const struct argv *v)
{
	const char *question = arena_printf(a, "version %s", argv_quoted(v));
	struct err ignored;
	struct stamp s;

	for (size_t i = 1; i < v->n; i++)
		if (*v->v[i] != '-')
			return NULL;
	if (!elf_is_file(v->v[0]))
		return NULL;
	for (size_t i = 0; i <= NFOLDERS; i++) {
		if (stamp_one(i < NFOLDERS ? folders[i] : v->v[0], &s, &ignored) < 0 || !s.settled)
			return NULL;
		question = arena_printf(a, "%s %s", question, s.hex);
	}
	return question;
}

/*
 * a command line of blank-separated words, asked for its version; hint: what to do when it is not
 * there
 */
static int
add_version(struct arena *a, struct tools *t, const char *name, const char *command,
    enum tool_use use, const char *hint, struct err *e)
{
	struct argv v = { .a = a };
	char *rest = arena_strdup(a, command), *word, *said;
	const char *question, *known;

	while ((word = word_next(&rest)))
		argv_push(&v, v.n ? word : found(a, word));
	argv_push(&v, "--version");
	question = version_question(a, &v);
	known = question ? memo_get(t->memo, question) : NULL;
	if (known) {
		add(t, name, known, use);
		return 0;
	}
	if (ask(a, &v, &said, e) < 0) {
		/* it is there, but no process could be had for it: nothing is to be installed */
		if (e->code == EXIT_SYSTEM && strchr(*v.v, '/') && access(*v.v, X_OK) == 0)
			return wrap(e, "%s: does not run", command);
		return fail_usage(e, "%s: does not run; %s", command, hint);
	}
	said[strcspn(said, "\n")] = '\0';
	add(t, name, said, use);
	if (question)
		memo_put(t->memo, question, said);
	return 0;
}

/* ---- a toolchain that was given ---- */

/* what it tells of itself, without where it lies: it may move */
static int
add_self(struct arena *a, const struct config *cfg, const char *gcc, struct tools *t, struct err *e)
{
	struct argv verbose = { .a = a }, where = { .a = a };
	char *said, *libc, *at, hex[DIGEST_HEX];

	argv_pushv(&verbose, gcc, "-v", NULL);
	argv_pushv(&where, gcc, "-print-file-name=libc.a", NULL);
	if (ask(a, &verbose, &said, e) < 0 || ask(a, &where, &libc, e) < 0)
		return -1;
	while ((at = strstr(said, cfg->cross_base)))
		memmove(at, at + strlen(cfg->cross_base), strlen(at + strlen(cfg->cross_base)) + 1);
	digest_bytes(said, strlen(said), hex);
	add(t, "gcc -v", arena_strdup(a, hex), USED_BY_TARGET);
	libc[strcspn(libc, "\n")] = '\0';
	if (*libc != '/') /* one of ours finds it by its specs, and so does not know */
		libc = arena_printf(a, "%s/lib/libc.a", cfg->cross_base);
	if (digest_file(libc, hex, e) < 0)
		return -1;
	add(t, "libc.a", arena_strdup(a, hex), USED_BY_TARGET);
	/* headers, cc1, libgcc: a step sees the whole folder */
	if (memo_digest(t->memo, &memo_plain, cfg->cross_base, hex, e) < 0)
		return -1;
	add(t, "CROSS_BASE", arena_strdup(a, hex), USED_BY_TARGET);
	return 0;
}

static int
add_given(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct tools *t,
    struct err *e)
{
	char *gcc = arena_printf(a, "%s/bin/%s-gcc", cfg->cross_base, sd->triple),
	     *dir = arena_strdup(a, "/tmp/lh-toolchain.XXXXXX");
	struct toolchain probe = { .gcc = gcc, .env = env, .dir = dir, .inside = dir };
	int r;

	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	r = toolchain_check(a, &probe, sd, e);
	if (file_remove(dir, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	if (r < 0 || add_self(a, cfg, gcc, t, e) < 0) {
		e->code = EXIT_USAGE;
		return wrap(e, "CROSS_BASE %s", cfg->cross_base);
	}
	return add_version(a, t, "ld", arena_printf(a, "%s/bin/%s-ld", cfg->cross_base, sd->triple),
	    USED_BY_TARGET, "CROSS_BASE has no binutils", e);
}

/* ---- the distribution's ---- */

/* x86_64-linux-gnu-gcc is in Debian's gcc-x86-64-linux-gnu */
static const char *
debian_package(struct arena *a, const char *gcc)
{
	size_t n = strlen(gcc);
	char *triple = arena_strndup(a, gcc, n > 4 ? n - 4 : n);

	for (char *p = triple; *p; p++)
		if (*p == '_')
			*p = '-';
	return arena_printf(a, "gcc-%s", triple);
}

static int
add_ours(struct arena *a, const struct sysdeps *sd, struct tools *t, struct err *e)
{
	const char *gcc = sysdeps_get(sd, "gcc");
	char *hint = arena_printf(a,
	    "install the compiler for %s (Debian: %s), or name a musl toolchain with CROSS_BASE",
	    sd->triple, debian_package(a, gcc));

	if (add_version(a, t, "gcc", gcc, USED_BY_TARGET, hint, e) < 0)
		return -1;
	return add_version(a, t, "ld", arena_printf(a, "%sld", sysdeps_get(sd, "binutils")),
	    USED_BY_TARGET, hint, e);
}

/* what lies beside a compiler that is not the system's: its headers, its libraries, its cc1 */
static int
add_folder(struct arena *a, const struct config *cfg, struct tools *t, struct err *e)
{
	const char *dir = value_compiler_folder(a, cfg->build_cc);
	char hex[DIGEST_HEX];

	if (!dir)
		return 0;
	if (memo_digest(t->memo, &memo_plain, dir, hex, e) < 0)
		return wrap(e, "BUILD_CC %s", cfg->build_cc);
	add(t, "BUILD_CC folder", arena_strdup(a, hex), USED_BY_HOST);
	return 0;
}

int
tools_ask(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct memo *m,
    struct tools *out, struct err *e)
{
	*out = (struct tools){ .memo = m };
	if (add_version(a, out, "make", "make", USED_BY_ALL, "install GNU make", e) < 0)
		return -1;
	if (add_version(a, out, "BUILD_CC", cfg->build_cc, USED_BY_HOST,
		"install gcc, or name another native compiler with BUILD_CC", e) < 0)
		return -1;
	/* its options, which --version does not repeat, and its name, are what steps run */
	if (strcmp(cfg->build_cc, BUILD_CC_USUAL) != 0)
		add(out, "BUILD_CC command", cfg->build_cc, USED_BY_HOST);
	if (add_folder(a, cfg, out, e) < 0)
		return -1;
	if (add_version(a, out, "build ld", "ld", USED_BY_HOST, "install binutils", e) < 0)
		return -1;
	return *cfg->cross_base ? add_given(a, cfg, sd, out, e) : add_ours(a, sd, out, e);
}

const struct tools_system *
tools_system(const struct tools *t, enum variant v)
{
	return v == VARIANT_HOST ? &t->host : &t->target;
}
