/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/tools.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/digest.h"
#include "build/base/file.h"
#include "build/base/lines.h"
#include "build/config.h"
#include "build/sysdeps.h"
#include "build/toolchain.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* what build steps get to see */
static char path_env[] = "PATH=/usr/bin:/bin", locale_env[] = "LC_ALL=C";
static char *const env[] = { path_env, locale_env, NULL };

/* what it prints; -1: it cannot be run or does not succeed */
static int
ask(struct arena *a, const struct argv *v, char **said, struct err *e)
{
	struct buf b = { 0 };
	int status, r = child_run(v->v, &(struct child_opts){ .env = env }, &b, &status, e);

	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		r = fail(e, "%s: %s\n%s", argv_quoted(v), child_status_text(a, status), b.n ? trim(b.p) : "");
	*said = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return r;
}

static void
add(struct tools *t, const char *name, const char *said, enum tool_use use)
{
	t->v[t->n++] = (struct tool){ name, said, use };
}

/* a command line of blank-separated words, asked for its version; hint: what to do when it is not there */
static int
add_version(struct arena *a, struct tools *t, const char *name, const char *command, enum tool_use use, const char *hint, struct err *e)
{
	struct argv v = { .a = a };
	char *rest = arena_strdup(a, command), *word, *said;

	while ((word = word_next(&rest)))
		argv_push(&v, word);
	argv_push(&v, "--version");
	if (ask(a, &v, &said, e) < 0)
		return fail_usage(e, "%s: does not run; %s", command, hint);
	said[strcspn(said, "\n")] = '\0';
	add(t, name, said, use);
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
	return 0;
}

static int
add_given(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct tools *t, struct err *e)
{
	char *gcc = arena_printf(a, "%s/bin/%s-gcc", cfg->cross_base, sd->triple), *dir = arena_strdup(a, "/tmp/lh-toolchain.XXXXXX");
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
	return add_version(a, t, "ld", arena_printf(a, "%s/bin/%s-ld", cfg->cross_base, sd->triple), USED_BY_TARGET, "CROSS_BASE holds no binutils", e);
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
	char *hint = arena_printf(a, "install the compiler for %s (Debian: %s), or name a musl toolchain with CROSS_BASE", sd->triple, debian_package(a, gcc));

	if (add_version(a, t, "gcc", gcc, USED_BY_TARGET, hint, e) < 0)
		return -1;
	return add_version(a, t, "ld", arena_printf(a, "%sld", sysdeps_get(sd, "binutils")), USED_BY_TARGET, hint, e);
}

int
tools_ask(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct tools *out, struct err *e)
{
	*out = (struct tools){ 0 };
	if (add_version(a, out, "make", "make", USED_BY_ALL, "install GNU make", e) < 0)
		return -1;
	if (add_version(a, out, "BUILD_CC", cfg->build_cc, USED_BY_HOST, "install gcc, or name another native compiler with BUILD_CC", e) < 0)
		return -1;
	if (add_version(a, out, "build ld", "ld", USED_BY_HOST, "install binutils", e) < 0)
		return -1;
	return *cfg->cross_base ? add_given(a, cfg, sd, out, e) : add_ours(a, sd, out, e);
}
