/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/run.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/engine/job.h"
#include "build/engine/sandbox.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/plan/tools.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* one run of a plan, in a checkout of its own */
struct trial {
	struct arena *a;
	struct plan plan;
	int r;
	struct err e;
	size_t count, nodes; /* what was known before */
	const char *why;
	struct run *opened;
	char *said, *printed; /* on stderr, on stdout */
};

/* a recipe of one section: header lines, then what [build] does */
static void
recipe(struct arena *a, const char *name, const char *header, const char *build)
{
	char *top = arena_printf(a, "%s/top", test_dir());

	checkout_file(a, top, arena_printf(a, "recipes/%s/recipe", name),
	    arena_printf(a, "name %s\nlicence ISC\n%s\n[build]\n%s\n", name, header, build));
}

static void
roots(struct arena *a, const char *ids)
{
	char *copy = arena_strdup(a, ids);

	for (char *s = copy; *s; s++)
		*s = *s == ' ' ? '\n' : *s;
	checkout_file(a, arena_printf(a, "%s/top", test_dir()), "recipes/profiles/minimal", copy);
}

static int
aside(struct arena *a, int fd, const char *path)
{
	int kept = dup(fd), file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0644);

	(void)a;
	ck_assert_int_ge(file, 0);
	dup2(file, fd);
	close(file);
	return kept;
}

/* what a job stands on */
struct world {
	struct config cfg;
	struct sysdeps sd;
	struct set set;
	struct tools tools;
	struct plan plan;
	struct store store;
};

/*
 * args: blank-separated NAME=VALUE words; who: name of this builder's output folder; recipes are
 * read when there are none
 */
static struct job
open_world(struct arena *a, struct world *w, const char *who, const char *triple, const char *args,
    struct recipes *recipes)
{
	char *top = arena_printf(a, "%s/top", test_dir()), *copy = arena_strdup(a, args), *v[16];
	struct err e = { 0 };
	size_t n = 0;

	v[n++] = arena_printf(a, "OUTPUT=%s/%s", test_dir(), who);
	v[n++] = arena_printf(a, "CACHE=%s/cache", test_dir());
	v[n++] = arena_printf(a, "TRIPLE=%s", triple);
	v[n++] = arena_strdup(a, "OFFLINE=true");
	for (char *word; (word = strsep(&copy, " "));)
		if (*word)
			v[n++] = word;
	ck_assert_msg(recipes->n || recipe_read_all(a, top, recipes, &e) == 0, "%s", e.msg);
	ck_assert_msg(config_read(a, top, v, n, &w->cfg, &e) == 0 &&
			  sysdeps_read(a, top, w->cfg.triple, &w->sd, &e) == 0 &&
			  set_read(a, top, "2026-07", &w->set, &e) == 0 &&
			  plan_make(a, &w->cfg, recipes, &w->set, "minimal", &w->plan, &e) == 0 &&
			  store_open(a, w->cfg.cache, &w->store, &e) == 0 &&
			  sandbox_works(a, &w->tools.unboxed, &e) >= 0,
	    "%s", e.msg);
	w->plan.tools = &w->tools;
	return (struct job){ .cfg = &w->cfg, .sd = &w->sd, .plan = &w->plan, .store = &w->store };
}

static int
go(struct run *r, bool dry, struct err *e)
{
	int result = 0;

	if (dry)
		run_print(r);
	else if (run_fetch(r, e) < 0 || run_build(r, e) < 0)
		result = -1;
	run_close(r);
	return result;
}

/* runs them; what is said and printed is kept */
static void
run_jobs(struct trial *run, const char *who, const struct run_opts *o, struct job *jobs, size_t n)
{
	static const struct run_opts plain, dry = { .dry = true };
	struct arena *a = run->a;
	char *errors = arena_printf(a, "%s/%s.stderr", test_dir(), who),
	     *words = arena_printf(a, "%s/%s.stdout", test_dir(), who);
	struct err e = { 0 };
	int kept[2];

	run->e = (struct err){ 0 };
	ck_assert_msg(run_open(a, jobs, n, &dry, &run->opened, &e) == 0, "%s", e.msg);
	run->count = run_missing(run->opened, &run->why);
	run->nodes = run_nodes(run->opened);
	kept[0] = aside(a, 1, words);
	kept[1] = aside(a, 2, errors);
	run->r = run_open(a, jobs, n, o ? o : &plain, &run->opened, &run->e);
	if (run->r == 0)
		run->r = go(run->opened, o && o->dry, &run->e);
	fflush(stdout);
	for (int i = 0; i < 2; i++) {
		dup2(kept[i], i + 1);
		close(kept[i]);
	}
	ck_assert_int_eq(file_read(a, errors, &run->said, NULL, &e) |
			     file_read(a, words, &run->printed, NULL, &e),
	    0);
}

static void
run_as(struct trial *run, const char *who, const struct run_opts *o, const char *args)
{
	struct arena *a = run->a = arena_new();
	struct world *w = arena_alloc(a, sizeof *w);
	struct recipes recipes = { 0 };
	struct job job = open_world(a, w, who, "i486-linux-musl", args, &recipes);

	run_jobs(run, who, o, &job, 1);
	run->plan = w->plan;
}

static void
run(struct trial *r, const char *args)
{
	run_as(r, "out", NULL, args);
}

/* the nodes that were built, in the order in which they were ready */
static const char *
built(const struct trial *r)
{
	struct buf b = { 0 };
	char *copy = arena_strdup(r->a, r->said), *result;

	for (char *line; (line = strsep(&copy, "\n"));) {
		char *id = strstr(line, "] "), *colon = id ? strchr(id, ':') : NULL;

		if (colon && !strncmp(line, "lh: [", 5) && isdigit((unsigned char)colon[2]))
			buf_addf(&b, "%s%.*s", b.n ? " " : "", (int)(colon - id - 2), id + 2);
	}
	result = arena_strdup(r->a, b.n ? b.p : "");
	buf_free(&b);
	return result;
}

static void
expect_built(struct trial *r, const char *args, const char *ids)
{
	run(r, args);
	ck_assert_msg(r->r == 0, "%s\n%s", r->e.msg, r->said);
	ck_assert_str_eq(built(r), ids);
}

static char *
result_of(const struct trial *r, const char *id, const char *file)
{
	const struct node *n = plan_find(&r->plan, id);
	struct err e = { 0 };
	char *text;

	ck_assert_ptr_nonnull(n);
	ck_assert_msg(
	    file_read(r->a, arena_printf(r->a, "%s/out/%s", n->store, file), &text, NULL, &e) == 0,
	    "%s", e.msg);
	return text;
}

/* files that match, within the folder of the test */
static size_t
matches(struct arena *a, const char *pattern, char **first)
{
	glob_t g;
	size_t n;

	if (glob(arena_printf(a, "%s/%s", test_dir(), pattern), 0, NULL, &g) != 0)
		return 0;
	n = g.gl_pathc;
	if (first)
		*first = arena_strdup(a, g.gl_pathv[0]);
	globfree(&g);
	return n;
}

static bool
have_sandbox(struct arena *a)
{
	const char *why;

	return sandbox_works(a, &why, &(struct err){ 0 }) > 0;
}

/* without bwrap in the path there is no sandbox */
static void
take_bwrap_away(struct arena *a)
{
	struct err e = { 0 };
	char *bin = arena_printf(a, "%s/bin", test_dir());
	static const char *const needed[] = { "patch", "git", "tar", "gzip" };

	ck_assert_int_eq(file_mkdirs(bin, 0755, &e), 0);
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
		ck_assert_int_eq(file_symlink(arena_printf(a, "/usr/bin/%s", needed[i]),
				     arena_printf(a, "%s/%s", bin, needed[i]), &e),
		    0);
	setenv("PATH", bin, 1);
}

/* a b c: each sees what it needs; also of those whom it needs; d needs nothing and sees nothing */
static void
small_world(struct arena *a)
{
	checkout_new(a);
	recipe(a, "tool", "variant host",
	    "mkdir -p \"$OUT/sdk/bin\"; printf '#!/bin/sh\\necho tool\\n' >\"$OUT/sdk/bin/tool\"; "
	    "chmod 755 \"$OUT/sdk/bin/tool\"");
	recipe(a, "a", "variant target",
	    "mkdir -p \"$OUT/sdk/include\"; echo a >\"$OUT/sdk/include/a.h\"");
	recipe(a, "b", "variant target\nneeds target/a host/tool",
	    "mkdir -p \"$OUT/sdk/include\"; { tool; cat \"$STAGE/include/a.h\"; } "
	    ">\"$OUT/sdk/include/b.h\"");
	recipe(a, "c", "variant target\nneeds target/b",
	    "mkdir \"$OUT/rootfs\"; cat \"$STAGE/include/a.h\" \"$STAGE/include/b.h\" "
	    ">\"$OUT/rootfs/c\"");
	recipe(a, "d", "variant target",
	    "! [ -e \"$STAGE/include\" ]; ! command -v tool; pwd >&2; ls >\"$OUT/seen\"");
	roots(a, "target/c target/d");
}

START_TEST(what_is_needed_is_there)
{
	struct arena *a = arena_new();
	struct trial r;

	small_world(a);
	if (_i)
		take_bwrap_away(a);
	expect_built(&r, "JOBS=1", "target/a host/tool target/b target/c target/d");
	ck_assert_str_eq(result_of(&r, "target/c", "rootfs/c"), "a\ntool\na\n");
	ck_assert_str_eq(result_of(&r, "target/d", "seen"), "");
	ck_assert(strstr(r.said, "no sandbox: ") ? _i || !have_sandbox(a) : !_i);
	ck_assert_uint_eq(matches(a, "cache/work/*", NULL), 0);
	ck_assert_uint_eq(matches(a, "out/i486-linux-musl/logs/*.log", NULL), 5);
	ck_assert_uint_eq(matches(a, "out/i486-linux-musl/keys/*.how", NULL), 5);
	ck_assert_uint_eq(matches(a, "cache/store/.*-*", NULL), 0);
	arena_free(r.a);

	/* once more: nothing to do, and not a word */
	expect_built(&r, "", "");
	ck_assert_str_eq(r.said, "");
	ck_assert_str_eq(result_of(&r, "target/c", "rootfs/c"), "a\ntool\na\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

static int
say_there(void *arg, struct err *e)
{
	(void)e;
	return *(int *)arg;
}

/* what the store has is read when it is to be used, and what is damaged is then built again */
START_TEST(what_is_not_used_is_not_read)
{
	struct arena *a = arena_new();
	struct recipes recipes = { 0 };
	struct world *w = arena_alloc(a, sizeof *w);
	struct trial r = { .a = a };
	struct job job;
	int there;

	small_world(a);
	job = open_world(a, w, "out", "i486-linux-musl", "JOBS=1", &recipes);
	r.plan = w->plan;
	job.is_there = say_there;
	job.arg = &there;
	for (there = 1; there >= 0; there--) {
		run_jobs(&r, "out", NULL, &job, 1);
		ck_assert_msg(r.r == 0, "%s", r.e.msg);
		ck_assert_str_eq(
		    built(&r), r.count ? "target/a host/tool target/b target/c target/d" : "");
	}
	ck_assert_int_eq(system(arena_printf(a,
			     "cd '%s'/cache/store/*-target-c && chmod -R u+w out && echo x "
			     ">>out/rootfs/c",
			     test_dir())),
	    0);
	there = 1;
	run_jobs(&r, "out", NULL, &job, 1);
	ck_assert_str_eq(r.said, "");
	there = 0;
	run_jobs(&r, "out", NULL, &job, 1);
	ck_assert_msg(strstr(r.said, "building it again") != NULL, "%s", r.said);
	ck_assert_str_eq(built(&r), "target/c");
	ck_assert_str_eq(result_of(&r, "target/c", "rootfs/c"), "a\ntool\na\n");
	arena_free(a);
}
END_TEST

/* what was built with access to everything is nothing that was built without it */
START_TEST(a_sandbox_is_part_of_the_key)
{
	struct arena *a = arena_new();
	char *path = arena_strdup(a, getenv("PATH"));
	struct trial r;

	if (!have_sandbox(a)) {
		puts("no sandbox here");
		arena_free(a);
		return;
	}
	small_world(a);
	take_bwrap_away(a);
	expect_built(&r, "JOBS=1", "target/a host/tool target/b target/c target/d");
	arena_free(r.a);
	setenv("PATH", path, 1);
	run(&r, "");
	ck_assert_msg(r.r == 0, "%s", r.e.msg);
	/* all five, in an order that depends on how long each has taken */
	ck_assert_uint_eq(
	    strlen(built(&r)), strlen("target/a host/tool target/b target/c target/d"));
	arena_free(r.a);
	expect_built(&r, "", "");
	arena_free(r.a);
	take_bwrap_away(a);
	expect_built(&r, "", "");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(only_what_changed)
{
	struct arena *a = arena_new();
	struct trial r;

	small_world(a);
	expect_built(&r, "JOBS=1", "target/a host/tool target/b target/c target/d");
	arena_free(r.a);
	/* another way to the same: nobody else notices */
	recipe(a, "a", "variant target",
	    "mkdir -p \"$OUT/sdk/include\"; printf 'a\\n' >\"$OUT/sdk/include/a.h\"");
	expect_built(&r, "JOBS=1", "target/a");
	arena_free(r.a);
	/* another result: it goes through b, whose result is another, too, to c */
	recipe(a, "a", "variant target",
	    "mkdir -p \"$OUT/sdk/include\"; echo A >\"$OUT/sdk/include/a.h\"");
	expect_built(&r, "JOBS=1", "target/a target/b target/c");
	ck_assert_str_eq(result_of(&r, "target/c", "rootfs/c"), "A\ntool\nA\n");
	arena_free(r.a);
	/* b comes out the same, but c sees a new a.h all the same */
	recipe(a, "b", "variant target\nneeds target/a host/tool",
	    "mkdir -p \"$OUT/sdk/include\"; echo b >\"$OUT/sdk/include/b.h\"");
	expect_built(&r, "JOBS=1", "target/b target/c");
	arena_free(r.a);
	recipe(a, "a", "variant target",
	    "mkdir -p \"$OUT/sdk/include\"; echo aa >\"$OUT/sdk/include/a.h\"");
	expect_built(&r, "JOBS=1", "target/a target/b target/c");
	ck_assert_str_eq(result_of(&r, "target/c", "rootfs/c"), "aa\nb\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(dry_says_what_and_why)
{
	struct arena *a = arena_new();
	struct trial r;

	small_world(a);
	run_as(&r, "out", &(struct run_opts){ .dry = true }, "");
	ck_assert_int_eq(r.r, 0);
	ck_assert_str_eq(r.printed,
	    "target/a: build, it was not built here before\n"
	    "host/tool: build, it was not built here before\n"
	    "target/b: build, if the result of one of these changes: target/a host/tool\n"
	    "target/c: build, if the result of one of these changes: target/b\n"
	    "target/d: build, it was not built here before\n");
	ck_assert_uint_eq(matches(a, "out/*", NULL) + matches(a, "cache/store/*", NULL) +
			      matches(a, "cache/work/*", NULL),
	    0);
	arena_free(r.a);

	run(&r, "");
	arena_free(r.a);
	recipe(a, "d", "variant target", "true");
	run_as(&r, "out", &(struct run_opts){ .dry = true }, "");
	ck_assert_str_eq(r.said, "");
	ck_assert_str_eq(r.printed, "target/d: build, section build changed\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* whose [build] makes something else each time it runs */
static void
dice(struct arena *a, const char *build, const char *install)
{
	recipe(a, "dice", "variant target",
	    arena_printf(
		a, "%scat /proc/sys/kernel/random/uuid >thrown\n[install]\n%s", build, install));
}

START_TEST(install_alone)
{
	static const struct run_opts dry = { .dry = true };
	const char *plain = "cp thrown \"$OUT/thrown\"";
	struct arena *a = arena_new();
	char *first, *second;
	struct trial r;

	if (!have_sandbox(a)) { /* then nothing is kept */
		arena_free(a);
		return;
	}
	checkout_new(a);
	roots(a, "target/dice");
	dice(a, "", plain);
	expect_built(&r, "", "target/dice");
	first = arena_strdup(a, result_of(&r, "target/dice", "thrown"));
	arena_free(r.a);

	/* a step that spoils what it finds spoils it for nobody else */
	dice(a, "", "mv thrown \"$OUT/thrown\"; echo so >>\"$OUT/thrown\"");
	run_as(&r, "out", &dry, "");
	ck_assert_str_eq(r.printed, "target/dice: [install] only, section install changed\n");
	arena_free(r.a);
	expect_built(&r, "", "target/dice");
	ck_assert_str_eq(result_of(&r, "target/dice", "thrown"), arena_printf(a, "%sso\n", first));
	ck_assert_ptr_nonnull(strstr(r.said, "s, [install] only\n"));
	arena_free(r.a);

	/* also after an [install] that failed */
	dice(a, "", "false");
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	arena_free(r.a);
	dice(a, "", "mkdir \"$OUT/etc\"; cp thrown \"$OUT/thrown\"");
	expect_built(&r, "", "target/dice");
	ck_assert_str_eq(result_of(&r, "target/dice", "thrown"), first);
	arena_free(r.a);

	/* anything else: all of it */
	dice(a, "true; ", plain);
	run_as(&r, "out", &dry, "");
	ck_assert_str_eq(r.printed, "target/dice: build, section build changed\n");
	arena_free(r.a);
	expect_built(&r, "", "target/dice");
	second = result_of(&r, "target/dice", "thrown");
	ck_assert_str_ne(second, first);
	ck_assert_uint_eq(matches(a, "cache/checkpoints/i486-linux-musl/*", NULL), 1);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(counted_before_it_is_done)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	char *before, *now;
	struct trial r;

	small_world(a);
	run(&r, "");
	ck_assert_uint_eq(r.count, 5);
	ck_assert_ptr_null(r.why);
	arena_free(r.a);
	run(&r, "");
	ck_assert_uint_eq(r.count, 0);
	ck_assert_ptr_null(r.why);
	arena_free(r.a);
	ck_assert_uint_eq(matches(a, "out/i486-linux-musl/keys/*.before", NULL), 0);
	recipe(a, "b", "variant target\nneeds target/a", "true");
	run(&r, "");
	ck_assert_uint_eq(r.count, 2); /* b, and c perhaps */
	ck_assert_str_eq(r.why, "target/b: section build changed");
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/out/i486-linux-musl/keys/target-b.before", test_dir()),
		&before, NULL, &e),
	    0);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/out/i486-linux-musl/keys/target-b", test_dir()), &now,
		NULL, &e),
	    0);
	ck_assert(strstr(before, "need host/tool ") && !strstr(now, "need host/tool "));
	arena_free(r.a);
	recipe(a, "a", "variant target\nneeds host/tool", "true");
	run(&r, "");
	ck_assert_str_eq(r.why, "target/a: need host/tool is new");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* ---- side by side ---- */

#define WAIT_FOR_GO "touch here; while ! [ -e go ]; do sleep 0.01; done; echo \"$NAME\" >\"$OUT/x\""

/* waits until n of them wait, and lets them go */
static void
let_go(struct arena *a, size_t n)
{
	while (matches(a, "cache/work/*/src/here", NULL) < n)
		usleep(10000);
	ck_assert_int_eq(system(arena_printf(a,
			     "for dir in %s/cache/work/*/src; do touch $dir/go; done", test_dir())),
	    0);
}

START_TEST(several_at_once)
{
	struct arena *a = arena_new();
	int status;
	struct trial r;

	checkout_new(a);
	recipe(a, "a", "variant target", WAIT_FOR_GO);
	recipe(a, "b", "variant target", WAIT_FOR_GO);
	recipe(a, "c", "variant target", WAIT_FOR_GO);
	roots(a, "target/a target/b target/c");
	if (fork() == 0) {
		let_go(a, 3); /* with fewer than three at once this would not end */
		_exit(0);
	}
	run(&r, "JOBS=3");
	ck_assert_msg(r.r == 0, "%s", r.e.msg);
	ck_assert_uint_eq(strlen(built(&r)), strlen("target/a target/b target/c"));
	wait(&status);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* more packages than tokens, each with a make that wants many */
START_TEST(tokens_are_shared_and_come_back)
{
	static const char build[] =
	    "printf '%s\\n' 'all: 1 2 3 4' '%:' '\t@echo + >>trace; sleep 0.01; echo - >>trace' "
	    ">Makefile\n"
	    "make -s\n"
	    "case $NAME in c) kill -9 $$;; esac\n"
	    "mkdir \"$OUT/sdk\"; echo \"$NAME\" >\"$OUT/sdk/$NAME\"; cat trace >\"$OUT/trace\"";
	struct arena *a = arena_new();
	struct trial r;

	checkout_new(a);
	for (int i = 0; i < 6; i++)
		recipe(a, arena_printf(a, "%c", 'a' + i), "variant target", build);
	recipe(a, "last", "variant target\nneeds target/a target/b target/d target/e target/f",
	    "ls \"$STAGE\" >\"$OUT/x\"");
	roots(a, "target/last target/c");
	run_as(&r, "out", &(struct run_opts){ .keep_going = true }, "JOBS=3");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(!strncmp(r.e.msg, "target/c: build: ", 17), "%s", r.e.msg);
	ck_assert_str_eq(result_of(&r, "target/last", "x"), "a\nb\nd\ne\nf\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

static struct trial *
run_in_background(struct arena *a, const char *who, pid_t *pid)
{
	struct err e = { 0 };
	struct trial r;
	char *text;

	*pid = fork();
	if (*pid)
		return NULL;
	run_as(&r, who, NULL, "");
	text = arena_printf(r.a, "%d %d %s\n%s", r.r, r.e.code, r.e.msg, built(&r));
	file_write(arena_printf(a, "%s/%s.result", test_dir(), who), text, strlen(text), 0644, &e);
	_exit(0);
}

static char *
result_in_background(struct arena *a, const char *who, pid_t pid)
{
	struct err e = { 0 };
	char *text;
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_msg(
	    file_read(a, arena_printf(a, "%s/%s.result", test_dir(), who), &text, NULL, &e) == 0,
	    "%s", e.msg);
	return text;
}

START_TEST(two_builders_build_once)
{
	struct arena *a = arena_new();
	pid_t first, second;
	struct err e = { 0 };
	char *said;

	checkout_new(a);
	recipe(a, "a", "variant target", WAIT_FOR_GO);
	roots(a, "target/a");
	run_in_background(a, "one", &first);
	while (!matches(a, "cache/work/*/src/here", NULL))
		usleep(10000);
	run_in_background(a, "two", &second);
	do
		usleep(10000);
	while (file_read(a, arena_printf(a, "%s/two.stderr", test_dir()), &said, NULL, &e) < 0 ||
	       !strstr(said, "lh: target/a: waiting: another lh-build is building this\n"));
	let_go(a, 1);
	ck_assert_str_eq(result_in_background(a, "one", first), "0 0 \ntarget/a");
	ck_assert_str_eq(result_in_background(a, "two", second), "0 0 \n");
	ck_assert_uint_eq(matches(a, "cache/store/*", NULL), 1);
	ck_assert_uint_eq(matches(a, "two/i486-linux-musl/logs/target-a.log", NULL), 1);
	arena_free(a);
}
END_TEST

/* a process with this word on its command line */
static bool
somebody_runs(const char *word)
{
	DIR *d = opendir("/proc");
	struct dirent *ent;
	bool found = false;

	while ((ent = readdir(d)) && !found) {
		char path[300], text[4096];
		int fd;
		ssize_t n;

		snprintf(path, sizeof path, "/proc/%s/cmdline", ent->d_name);
		fd = open(path, O_RDONLY);
		if (fd < 0)
			continue;
		n = read(fd, text, sizeof text);
		close(fd);
		found = n > 0 && memmem(text, (size_t)n, word, strlen(word) + 1);
	}
	closedir(d);
	return found;
}

static const struct {
	int sig;
	const char *result;
	bool unboxed;
} signals[] = {
	{ SIGINT, "-1 130 stopped by Interrupt\n", false },
	{ SIGTERM, "-1 143 stopped by Terminated\n", false },
	{ SIGINT, "-1 130 stopped by Interrupt\n", true },
	{ SIGKILL, NULL, false },
};

START_TEST(nobody_survives)
{
	struct arena *a = arena_new();
	char *seconds = arena_printf(a, "9%ld", (long)getpid());
	struct trial r;
	int status;
	pid_t pid;

	checkout_new(a);
	if (signals[_i].unboxed)
		take_bwrap_away(a);
	recipe(a, "a", "variant target",
	    arena_printf(a, "sleep %s & touch here; sleep %s", seconds, seconds));
	roots(a, "target/a");
	run_in_background(a, "out", &pid);
	while (!matches(a, "cache/work/*/src/here", NULL) || !somebody_runs(seconds))
		usleep(10000);
	kill(pid, signals[_i].sig);
	if (signals[_i].result)
		ck_assert_str_eq(result_in_background(a, "out", pid), signals[_i].result);
	else
		waitpid(pid, &status, 0);
	while (somebody_runs(seconds)) /* dying takes a moment */
		usleep(10000);
	/* what we tidied up, or what the next builder does */
	ck_assert_uint_eq(matches(a, "cache/work/*", NULL), signals[_i].result ? 0 : 1);
	recipe(a, "a", "variant target", "true");
	expect_built(&r, "", "target/a");
	ck_assert_uint_eq(matches(a, "cache/work/*", NULL), 0);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* a folder that takes long to remove stays, and is the next builder's */
START_TEST(a_second_signal_is_not_kept_waiting)
{
	struct arena *a = arena_new();
	struct trial r;
	pid_t pid;

	checkout_new(a);
	recipe(a, "a", "variant target",
	    "mkdir -p $(seq -f 'd%g' 1 2000); for i in 1 2 3 4 5 6 7 8 9 10; do touch $(seq -f "
	    "\"d$i/%g\" 1 2000); done; mv d1 here; sleep 1000");
	roots(a, "target/a");
	run_in_background(a, "out", &pid);
	while (!matches(a, "cache/work/*/src/here", NULL))
		usleep(10000);
	kill(pid, SIGTERM);
	kill(pid, SIGINT);
	ck_assert_msg(strstr(result_in_background(a, "out", pid), "stopped by "), "not stopped");
	ck_assert_uint_eq(matches(a, "cache/work/*", NULL), 1);
	recipe(a, "a", "variant target", "true");
	expect_built(&r, "", "target/a");
	ck_assert_uint_eq(matches(a, "cache/work/*", NULL), 0);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* ---- when it goes wrong ---- */

/* with a sandbox and without one; the rest of the build goes on when it may */
START_TEST(a_step_without_end_is_stopped)
{
	struct arena *a = arena_new();
	static const struct run_opts o = { .keep_going = true };
	char *seconds = arena_printf(a, "8%ld", (long)getpid());
	struct trial r;

	checkout_new(a);
	if (_i)
		take_bwrap_away(a);
	recipe(a, "a", "variant target", arena_printf(a, "sleep %s & sleep %s", seconds, seconds));
	recipe(a, "b", "variant target", "true");
	roots(a, "target/a target/b");
	run_as(&r, "out", &o, "STEP_LIMIT=1 JOBS=2");
	ck_assert_int_eq(r.r, -1);
	ck_assert_int_eq(r.e.code, EXIT_WORK);
	ck_assert_msg(strstr(r.e.msg, "target/a: build: took more than the 1 s of STEP_LIMIT; log"),
	    "%s", r.e.msg);
	ck_assert_str_eq(built(&r), "target/b");
	while (somebody_runs(seconds)) /* dying takes a moment */
		usleep(10000);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(a_failure_is_told_exactly)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct buf tail = { 0 };
	char *folder, *log, *text;
	struct trial r;

	checkout_new(a);
	recipe(a, "bad", "variant target",
	    "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do echo line $i; "
	    "done; exit 3");
	recipe(a, "next", "variant target\nneeds target/bad", "true");
	roots(a, "target/next");
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	ck_assert_int_eq(r.e.code, EXIT_WORK);
	ck_assert_uint_eq(matches(a, "cache/work/*-target-bad.*", &folder), 1);
	log = arena_printf(a, "%s/out/i486-linux-musl/logs/target-bad.log", test_dir());
	ck_assert_str_eq(r.e.msg,
	    arena_printf(a, "target/bad: build: exit status 3; log %s, folder %s", log, folder));
	buf_adds(&tail, "lh: target/bad: build failed; the log ends with\n");
	for (int i = 3; i <= 22; i++)
		buf_addf(&tail, "line %d\n", i);
	ck_assert_str_eq(strstr(r.said, "lh: target/bad"), tail.p);
	buf_free(&tail);
	ck_assert_int_eq(file_read(a, log, &text, NULL, &e), 0);
	ck_assert(strstr(text, "target/bad\nkey: ") == text &&
		  strstr(text, "== stage\n== build\nline 1\n"));
	ck_assert(file_isdir(arena_printf(a, "%s/src", folder)));
	ck_assert_uint_eq(matches(a, "cache/store/*", NULL), 0);
	arena_free(r.a);

	/* the folder goes when it is built again */
	recipe(a, "bad", "variant target", "true");
	expect_built(&r, "", "target/bad target/next");
	ck_assert(!file_exists(folder));
	ck_assert_uint_eq(matches(a, "out/i486-linux-musl/logs/*.work", NULL), 0);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(after_a_failure)
{
	struct arena *a = arena_new();
	struct trial r;

	checkout_new(a);
	recipe(a, "bad", "variant target", "exit 1");
	recipe(a, "next", "variant target\nneeds target/bad", "true");
	recipe(a, "other", "variant target", "true");
	roots(a, "target/bad target/next target/other");
	/* JOBS=1: other has not begun when bad ends */
	run_as(&r, "out", &(struct run_opts){ .keep_going = _i }, "JOBS=1");
	ck_assert_int_eq(r.r, -1);
	ck_assert_str_eq(built(&r), _i ? "target/other" : "");
	ck_assert_msg(
	    !strncmp(r.e.msg, "target/bad: build: exit status 1; log ", 38), "%s", r.e.msg);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(packages_must_not_overlap)
{
	struct arena *a = arena_new();
	struct trial r;

	checkout_new(a);
	recipe(a, "a", "variant target", "mkdir \"$OUT/sdk\"; echo a >\"$OUT/sdk/x\"");
	recipe(a, "b", "variant target", "mkdir \"$OUT/sdk\"; echo b >\"$OUT/sdk/x\"");
	recipe(a, "c", "variant target\nneeds target/a target/b", "true");
	roots(a, "target/c");
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(!strncmp(r.e.msg,
			  "target/c: stage: target/a and target/b both install sdk/x; log ", 61),
	    "%s", r.e.msg);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(a_step_has_no_network_and_no_neighbours)
{
	struct arena *a = arena_new();
	struct trial r;

	if (!have_sandbox(a)) {
		puts("no sandbox here");
		arena_free(a);
		return;
	}
	checkout_new(a);
	checkout_file(a, arena_printf(a, "%s/top", test_dir()), "recipes/a/declared", "declared\n");
	checkout_file(a, arena_printf(a, "%s/top", test_dir()), "recipes/a/other", "other\n");
	recipe(a, "a", "variant target\nfile declared",
	    "{ tail -n +3 /proc/net/dev | cut -d: -f1; ls \"$RECIPE\"; ls \"$TOP\"; env | cut -d= "
	    "-f1 | grep -x 'HOME\\|USER\\|LOGNAME'; touch \"$STAGE/x\" || echo read-only; } "
	    ">\"$OUT/x\" 2>/dev/null");
	roots(a, "target/a");
	setenv("USER", "somebody", 1);
	expect_built(&r, "", "target/a");
	ck_assert_str_eq(result_of(&r, "target/a", "x"), "    lo\ndeclared\nHOME\nread-only\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* ---- sources ---- */

/* an archive of one file in out/sources; its checksum */
static char *
archive(struct arena *a, const char *name, const char *content)
{
	char *dir = arena_printf(a, "%s/tar/two-2.0", test_dir()),
	     *file = arena_printf(a, "%s/out/sources/%s", test_dir(), name),
	     *hex = arena_alloc(a, DIGEST_HEX);
	struct err e = { 0 };

	ck_assert_int_eq(
	    file_mkdirs(dir, 0755, &e) | file_mkparent(file, &e) |
		file_write(arena_printf(a, "%s/file", dir), content, strlen(content), 0644, &e),
	    0);
	ck_assert_int_eq(
	    system(arena_printf(a, "tar -C %s/tar -czf %s two-2.0", test_dir(), file)), 0);
	ck_assert_int_eq(digest_file(file, hex, &e), 0);
	return hex;
}

static void
recipe_two(
    struct arena *a, const char *first, const char *second, const char *header, const char *build)
{
	recipe(a, "two",
	    arena_printf(a,
		"variant target\n%sversion 2.0\nsource two.tar.gz\nsha256 %s\nfrom "
		"https://127.0.0.1/\nsource two.orig.tar.gz\nsha256 %s\nfrom https://127.0.0.1/",
		header, first, second),
	    build);
}

/* each gets its own bytes */
START_TEST(two_sources_of_one_name)
{
	struct arena *a = arena_new();
	char *one, *two, *file = arena_printf(a, "%s/out/sources/two.tar.gz", test_dir());
	struct trial r;

	checkout_new(a);
	one = archive(a, "two.tar.gz", "of one\n");
	ck_assert_int_eq(
	    rename(file, arena_printf(a, "%s/out/sources/%s-two.tar.gz", test_dir(), one)), 0);
	two = archive(a, "two.tar.gz", "of two\n");
	recipe(a, "one",
	    arena_printf(a,
		"variant target\nversion 1.0\nsource two.tar.gz\nsha256 %s\nfrom "
		"https://127.0.0.1/",
		one),
	    "cat file >\"$OUT/x\"");
	recipe(a, "two",
	    arena_printf(a,
		"variant target\nversion 2.0\nsource two.tar.gz\nsha256 %s\nfrom "
		"https://127.0.0.1/",
		two),
	    "cat file >\"$OUT/x\"");
	roots(a, "target/one target/two");
	run(&r, "");
	ck_assert_msg(r.r == 0, "%s\n%s", r.e.msg, r.said);
	ck_assert_str_eq(result_of(&r, "target/one", "x"), "of one\n");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "of two\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(any_form_of_a_source_will_do)
{
	struct arena *a = arena_new();
	char *first, *second,
	    *file = arena_printf(a, "%s/out/sources/two.tar.gz", test_dir()),
	    *other = arena_printf(a, "%s/out/sources/two.orig.tar.gz", test_dir());
	struct trial r;

	checkout_new(a);
	first = archive(a, "two.tar.gz", "form 1\n");
	second = archive(a, "two.orig.tar.gz", "form 2\n");
	recipe_two(a, first, second, "", "cat file >\"$OUT/x\"");
	roots(a, "target/two");
	ck_assert_int_eq(rename(file, arena_printf(a, "%s/hidden", test_dir())), 0);
	expect_built(&r, "", "target/two");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "form 2\n");
	ck_assert(strstr(result_of(&r, "target/two", "../key"),
		      arena_printf(a, "source %s\n", second)) != NULL);
	arena_free(r.a);

	/* the one that is here is not what made the difference */
	recipe_two(a, first, second, "unpack file\n", "cat file >\"$OUT/x\"");
	run_as(&r, "out", &(struct run_opts){ .dry = true }, "");
	ck_assert_str_eq(r.printed, "target/two: build, unpack is new\n");
	arena_free(r.a);
	recipe_two(a, first, second, "", "cat file >\"$OUT/x\"");

	/* what was made of the one need not be made of the other, nor be fetched */
	ck_assert_int_eq(rename(arena_printf(a, "%s/hidden", test_dir()), file), 0);
	expect_built(&r, "", "");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "form 2\n");
	arena_free(r.a);
	ck_assert_int_eq(unlink(file) | unlink(other), 0);
	expect_built(&r, "", "");
	arena_free(r.a);

	recipe_two(a, first, second, "", "cat file file >\"$OUT/x\"");
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(
	    !strncmp(r.e.msg, "two 2.0: two.tar.gz is not fetched, and OFFLINE is true; ", 57),
	    "%s", r.e.msg);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

#define PATCH(from, to) "--- a/file\n+++ b/file\n@@ -1 +1 @@\n-" from "\n+" to "\n"

START_TEST(patches_go_in_order)
{
	struct arena *a = arena_new();
	char *top = arena_printf(a, "%s/top", test_dir()), *sha;
	struct trial r;

	checkout_new(a);
	if (_i)
		take_bwrap_away(a);
	sha = archive(a, "two.tar.gz", "one\n");
	recipe_two(a, sha, sha, "", "cat file >\"$OUT/x\"");
	roots(a, "target/two");
	checkout_file(a, top, "patches/two/0001-a.patch", PATCH("one", "two"));
	checkout_file(a, top, "patches/two/0002-b.patch", PATCH("two", "three"));
	expect_built(&r, "", "target/two");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "three\n");
	arena_free(r.a);

	checkout_file(a, top, "patches/two/0002-b.patch", PATCH("one", "three"));
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(!strncmp(r.e.msg, "target/two: patch 0002-b.patch: exit status 1; log ", 51),
	    "%s", r.e.msg);
	ck_assert(strstr(r.said,
		      "lh: target/two: patch 0002-b.patch failed; the log ends with\n") != NULL);
	ck_assert(strstr(r.said, "1 out of 1 hunk FAILED") != NULL);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* a step of our own that fails tells what a failure it is: here the source is gone meanwhile */
START_TEST(a_refusal_is_the_systems)
{
	struct arena *a = arena_new();
	char *sha;
	struct trial r;

	checkout_new(a);
	take_bwrap_away(a);
	sha = archive(a, "two.tar.gz", "one\n");
	recipe(a, "one", "variant target", arena_printf(a, "rm -r %s/out/sources", test_dir()));
	recipe_two(a, sha, sha, "needs target/one\n", "cat file >\"$OUT/x\"");
	roots(a, "target/two");
	run(&r, "");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(!strncmp(r.e.msg, "target/two: unpack: ", 20) &&
			  strstr(r.e.msg, "No such file or directory"),
	    "%s", r.e.msg);
	ck_assert_int_eq(r.e.code, EXIT_SYSTEM);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* once the step runs, edits what it reads */
static pid_t
edit_during(struct arena *a, const char *rel)
{
	pid_t pid = fork();

	if (pid == 0) {
		while (!matches(a, "cache/work/*-target-x.*/src/began", NULL))
			usleep(10000);
		checkout_file(a, arena_printf(a, "%s/top", test_dir()), rel, "edited\n");
		_exit(0);
	}
	return pid;
}

/* what it was made of is no longer what its key tells */
START_TEST(inputs_must_be_at_rest)
{
	struct arena *a = arena_new();
	char *dir;
	struct trial r;
	int status;
	pid_t pid;

	checkout_new(a);
	checkout_file(a, arena_printf(a, "%s/top", test_dir()), "layout/old", "");
	recipe(a, "x", "variant target\ninput layout",
	    "touch began; while [ ! -e \"$TOP/layout/new\" ]; do sleep 0.05; done; ls "
	    "\"$TOP/layout\" >seen\n[install]\ncp seen \"$OUT/\"");
	roots(a, "target/x");
	pid = edit_during(a, "layout/new");
	run(&r, "");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(r.r, -1);
	ck_assert_uint_eq(matches(a, "cache/work/*-target-x.*", &dir), 1);
	ck_assert_str_eq(
	    r.e.msg, arena_printf(a,
			 "target/x: store: input layout changed while it was built; build again; "
			 "log %s/out/i486-linux-musl/logs/target-x.log, folder %s",
			 test_dir(), dir));
	ck_assert_uint_eq(
	    matches(a, "cache/store/*-target-x", NULL) + matches(a, "cache/checkpoints/*/*", NULL),
	    0);
	arena_free(r.a);
	expect_built(&r, "", "target/x");
	ck_assert_str_eq(result_of(&r, "target/x", "seen"), "new\nold\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(an_override_is_built_as_it_is)
{
	struct arena *a = arena_new();
	char *top = arena_printf(a, "%s/top", test_dir()), *sha;
	struct trial r;

	checkout_new(a);
	sha = archive(a, "two.tar.gz", "pinned\n");
	recipe_two(a, sha, sha, "", "cat file >\"$OUT/x\"");
	roots(a, "target/two");
	checkout_file(a, top, "patches/two/0001-a.patch", PATCH("pinned", "patched"));
	checkout_file(a, arena_printf(a, "%s/mine", test_dir()), "file", "mine\n");
	expect_built(&r, arena_printf(a, "OVERRIDE_two=%s/mine", test_dir()), "target/two");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "mine\n");
	arena_free(r.a);
	expect_built(&r, arena_printf(a, "OVERRIDE_two=%s/mine", test_dir()), "");
	arena_free(r.a);
	checkout_file(a, arena_printf(a, "%s/mine", test_dir()), "file", "mine, later\n");
	expect_built(&r, arena_printf(a, "OVERRIDE_two=%s/mine", test_dir()), "target/two");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "mine, later\n");
	arena_free(r.a);
	expect_built(&r, "", "target/two");
	ck_assert_str_eq(result_of(&r, "target/two", "x"), "patched\n");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* what took longest, with all that waits for it, goes first */
START_TEST(the_longest_chain_first)
{
	struct arena *a = arena_new();
	struct trial r;

	checkout_new(a);
	recipe(a, "a", "variant target", "true");
	recipe(a, "b", "variant target", "true");
	recipe(a, "c", "variant target\nneeds target/b", "true");
	recipe(a, "d", "variant target", "true");
	roots(a, "target/a target/c target/d");
	checkout_file(
	    a, arena_printf(a, "%s/cache", test_dir()), "times/target-a-i486-linux-musl", "20\n");
	checkout_file(
	    a, arena_printf(a, "%s/cache", test_dir()), "times/target-b-i486-linux-musl", "5\n");
	checkout_file(
	    a, arena_printf(a, "%s/cache", test_dir()), "times/target-c-i486-linux-musl", "16\n");
	checkout_file(
	    a, arena_printf(a, "%s/cache", test_dir()), "times/target-d-i486-linux-musl", "18\n");
	expect_built(&r, "JOBS=1", "target/b target/a target/d target/c");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* ---- several plans ---- */

/* two triples, each for two networks */
static const struct {
	const char *triple, *args, *dir, *label;
} quarters[] = {
	{ "i486-linux-musl", "", "i486", "i486" },
	{ "i486-linux-musl", "USE_DHCP=false", "i486/static", "i486" },
	{ "x86_64-linux-musl", "", "x86_64", "x86_64" },
	{ "x86_64-linux-musl", "USE_DHCP=false", "x86_64/static", "x86_64" },
};

#define NQUARTERS (sizeof quarters / sizeof *quarters)

/* says and leaves what the plan's node x came to */
static int
make_thing(void *arg, struct err *e)
{
	const struct job *j = arg;
	const struct node *n = plan_find(j->plan, "target/x");
	struct arena *a = arena_new();
	char *text;
	int r = file_read(a, arena_printf(a, "%s/out/x", n->store), &text, NULL, e);

	if (r == 0 && !strcmp(text, "deadly\n"))
		raise(SIGKILL);
	if (r == 0 && !strcmp(text, "bad\n"))
		r = fail_usage(e, "thing: what is bad is not made");
	if (r == 0)
		r = file_write(arena_printf(a, "%s/thing", j->dir), text, strlen(text), 0644, e);
	if (r == 0)
		fprintf(stderr, "made %s", text);
	arena_free(a);
	return r;
}

static struct job *
run_quarters(struct trial *t, const struct run_opts *o, const char *args)
{
	struct arena *a = t->a = arena_new();
	struct job *jobs = arena_array(a, NQUARTERS, sizeof *jobs);
	struct world *w = arena_array(a, NQUARTERS, sizeof *w);
	struct recipes recipes = { 0 };

	for (size_t i = 0; i < NQUARTERS; i++) {
		jobs[i] = open_world(a, &w[i], "out", quarters[i].triple,
		    arena_printf(a, "%s %s", quarters[i].args, args), &recipes);
		jobs[i].dir = arena_printf(a, "%s/out/%s", test_dir(), quarters[i].dir);
		jobs[i].label = quarters[i].label;
		jobs[i].finish = make_thing;
		jobs[i].finish_name = "thing";
		jobs[i].arg = &jobs[i];
	}
	run_jobs(t, "out", o, jobs, NQUARTERS);
	t->plan = w[0].plan;
	return jobs;
}

/*
 * a tool for all, a library for a triple, something for a triple and a network, each of it heard of
 * at CACHE/trace
 */
static void
quartered_world(struct arena *a)
{
	checkout_new(a);
	recipe(a, "tool", "variant host",
	    "mkdir -p \"$OUT/sdk/bin\"; printf '#!/bin/sh\\necho tool\\n' >\"$OUT/sdk/bin/tool\"; "
	    "chmod 755 \"$OUT/sdk/bin/tool\"");
	recipe(a, "lib", "variant target\nneeds host/tool",
	    "mkdir \"$OUT/sdk\"; { tool; echo $TRIPLE; } >\"$OUT/sdk/lib\"");
	recipe(a, "x", "variant target\nneeds target/lib\nconfig USE_DHCP",
	    "{ cat \"$STAGE/lib\"; echo dhcp $USE_DHCP; } >\"$OUT/x\"");
	roots(a, "target/x");
}

static const char *
thing_of(const struct trial *t, size_t i)
{
	struct err e = { 0 };
	char *text;

	ck_assert_msg(
	    file_read(t->a, arena_printf(t->a, "%s/out/%s/thing", test_dir(), quarters[i].dir),
		&text, NULL, &e) == 0,
	    "%s", e.msg);
	return text;
}

/* nothing is to be done, and yet the terminal would stand still */
START_TEST(a_person_sees_what_is_removed)
{
	struct arena *a = arena_new();
	const struct winsize size = { .ws_row = 24, .ws_col = 200 };
	int tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), screen, kept = dup(2);
	struct world w;
	struct recipes recipes = { 0 };
	struct job job;
	struct run *r;
	struct trial t;
	struct err e = { 0 };
	char said[4096] = { 0 };

	small_world(a);
	run(&t, "");
	ck_assert_msg(t.r == 0, "%s", t.e.msg);
	arena_free(t.a);
	checkout_file(a, test_dir(), "cache/work/.old-x/file", "");
	job = open_world(a, &w, "out", "i486-linux-musl", "", &recipes);
	ck_assert_int_eq(grantpt(tty) | unlockpt(tty), 0);
	screen = open(ptsname(tty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	ck_assert_int_eq(ioctl(screen, TIOCSWINSZ, &size), 0);
	setenv("TERM", "xterm", 1);
	dup2(screen, 2);
	ck_assert_int_eq(run_open(a, &job, 1, &(struct run_opts){ .dry = false }, &r, &e), 0);
	ck_assert_int_eq(go(r, false, &e), 0);
	dup2(kept, 2);
	ck_assert_int_gt(read(tty, said, sizeof said - 1), 0);
	ck_assert_msg(
	    strstr(said, arena_printf(a, "removing what a killed build has left in %s/cache/work",
			     test_dir())) != NULL,
	    "%s", said);
	ck_assert(!file_exists(arena_printf(a, "%s/cache/work/.old-x", test_dir())));
	close(kept);
	close(screen);
	close(tty);
	arena_free(a);
}
END_TEST

START_TEST(dry_says_what_is_written)
{
	struct arena *a = arena_new();
	struct trial r;

	quartered_world(a);
	run_quarters(&r, &(struct run_opts){ .dry = true }, "");
	ck_assert_ptr_nonnull(strstr(
	    r.printed, "\nx86_64 thing: write, unless what is there is of the same results\n"));
	arena_free(r.a);
	run_quarters(&r, NULL, "");
	ck_assert_msg(r.r == 0, "%s", r.e.msg);
	arena_free(r.a);
	/* its parts are there, and nobody knows of the whole */
	run_quarters(&r, &(struct run_opts){ .dry = true }, "");
	ck_assert_ptr_null(strstr(r.printed, "build"));
	ck_assert_ptr_nonnull(strstr(r.printed, "x86_64 thing: write\n"));
	arena_free(r.a);
	arena_free(a);
}
END_TEST

START_TEST(plans_share_what_is_the_same)
{
	struct arena *a = arena_new();
	struct job *jobs;
	struct trial r;

	quartered_world(a);
	jobs = run_quarters(&r, NULL, "JOBS=1");
	ck_assert_msg(r.r == 0, "%s\n%s", r.e.msg, r.said);
	/* one tool, two libraries, four of x; the libraries first, as more waits for them */
	ck_assert_str_eq(built(&r), "i486 host/tool i486 target/lib x86_64 target/lib i486 "
				    "target/x i486 target/x x86_64 target/x x86_64 target/x");
	ck_assert_uint_eq(matches(a, "cache/store/*", NULL), 7);
	ck_assert_str_eq(thing_of(&r, 0), "tool\ni486-linux-musl\ndhcp true\n");
	ck_assert_str_eq(thing_of(&r, 1), "tool\ni486-linux-musl\ndhcp false\n");
	ck_assert_str_eq(thing_of(&r, 2), "tool\nx86_64-linux-musl\ndhcp true\n");
	ck_assert_str_eq(thing_of(&r, 3), "tool\nx86_64-linux-musl\ndhcp false\n");
	for (size_t i = 0; i < NQUARTERS; i++) {
		ck_assert(run_complete(r.opened, &jobs[i]));
		/* whoever made it: its log and key are where one looks for them */
		ck_assert_uint_eq(
		    matches(a, arena_printf(a, "out/%s/logs/*.log", quarters[i].dir), NULL), 4);
		ck_assert_uint_eq(
		    matches(a, arena_printf(a, "out/%s/keys/*", quarters[i].dir), NULL), 6);
		ck_assert_uint_eq(
		    matches(a, arena_printf(a, "out/%s/keys/*.how", quarters[i].dir), NULL), 3);
	}
	ck_assert(strstr(r.said, "\nmade tool\nx86_64-linux-musl\ndhcp false\n") != NULL);
	arena_free(r.a);

	/* once more: only the ends */
	run_quarters(&r, NULL, "");
	ck_assert_int_eq(r.r, 0);
	ck_assert_uint_eq(r.count, 0);
	ck_assert_str_eq(built(&r), "");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/*
 * ends are written while others still build: the first would wait for ever for a last that waits
 * for it
 */
START_TEST(an_end_does_not_wait_for_other_plans)
{
	struct arena *a = arena_new();
	struct trial r;
	int status;

	quartered_world(a);
	recipe(a, "x", "variant target\nneeds target/lib\nconfig USE_DHCP",
	    "case $TRIPLE$USE_DHCP in x86*true) touch here; while ! [ -e go ]; do sleep 0.01; "
	    "done; esac; cp \"$STAGE/lib\" \"$OUT/x\"");
	if (fork() == 0) {
		while (matches(a, "out/*/thing", NULL) + matches(a, "out/*/*/thing", NULL) < 3)
			usleep(10000);
		let_go(a, 1);
		_exit(0);
	}
	run_quarters(&r, NULL, "JOBS=2");
	ck_assert_msg(r.r == 0, "%s", r.e.msg);
	ck_assert_uint_eq(matches(a, "out/*/thing", NULL), 2);
	wait(&status);
	arena_free(r.a);
	arena_free(a);
}
END_TEST

static const struct {
	const char *name, *recipe; /* what is made worse */
	bool keep_going;
	const char *error; /* begins so */
	int code;
	const char *complete; /* a letter a quarter */
} troubles[] = {
	{ "lib",
	    "[ $TRIPLE = x86_64-linux-musl ] || exit 3; mkdir \"$OUT/sdk\"; echo lib "
	    ">\"$OUT/sdk/lib\"",
	    true, "i486 target/lib: build: exit status 3; log ", EXIT_WORK, "--++" },
	{ "lib",
	    "[ $TRIPLE = x86_64-linux-musl ] || exit 3; mkdir \"$OUT/sdk\"; echo lib "
	    ">\"$OUT/sdk/lib\"",
	    false, "i486 target/lib: build: exit status 3; log ", EXIT_WORK, "----" },
	{ "x",
	    "if [ $TRIPLE$USE_DHCP = i486-linux-muslfalse ]; then echo bad; else echo good; fi "
	    ">\"$OUT/x\"",
	    true, "i486: thing: what is bad is not made", EXIT_USAGE, "+-++" },
	{ "x",
	    "if [ $TRIPLE$USE_DHCP = i486-linux-muslfalse ]; then echo deadly; else echo good; fi "
	    ">\"$OUT/x\"",
	    true, "i486: thing: killed by signal 9", EXIT_WORK, "+-++" },
};

START_TEST(a_broken_triple_does_not_stop_the_others)
{
	struct arena *a = arena_new();
	struct job *jobs;
	struct trial r;

	quartered_world(a);
	recipe(a, troubles[_i].name,
	    strcmp(troubles[_i].name, "x") ? "variant target\nneeds host/tool"
					   : "variant target\nneeds target/lib\nconfig USE_DHCP",
	    troubles[_i].recipe);
	jobs =
	    run_quarters(&r, &(struct run_opts){ .keep_going = troubles[_i].keep_going }, "JOBS=1");
	ck_assert_int_eq(r.r, -1);
	ck_assert_msg(
	    !strncmp(r.e.msg, troubles[_i].error, strlen(troubles[_i].error)), "%s", r.e.msg);
	ck_assert_int_eq(r.e.code, troubles[_i].code);
	for (size_t i = 0; i < NQUARTERS; i++) {
		ck_assert_int_eq(run_complete(r.opened, &jobs[i]), troubles[_i].complete[i] == '+');
		ck_assert_int_eq(file_exists(arena_printf(a, "%s/thing", jobs[i].dir)),
		    troubles[_i].complete[i] == '+');
	}
	/* it failed once, for all that share it */
	ck_assert_ptr_null(
	    strstr(strstr(r.said, " failed;") ? strstr(r.said, " failed;") + 1 : "", " failed;"));
	arena_free(r.a);
	arena_free(a);
}
END_TEST

/* the chain that was longest goes first, whichever plan it is in */
START_TEST(the_longest_chain_of_all_plans_first)
{
	struct arena *a = arena_new();
	struct trial r;

	quartered_world(a);
	checkout_file(a, arena_printf(a, "%s/cache", test_dir()),
	    "times/target-lib-x86_64-linux-musl", "50\n");
	run_quarters(&r, NULL, "JOBS=1");
	ck_assert_str_eq(built(&r), "i486 host/tool x86_64 target/lib i486 target/lib i486 "
				    "target/x i486 target/x x86_64 target/x x86_64 target/x");
	arena_free(r.a);
	arena_free(a);
}
END_TEST

Suite *
run_suite(void)
{
	Suite *s = suite_create("run");
	TCase *tc = harness_case(s, "run");

	tcase_add_loop_test(tc, what_is_needed_is_there, 0, 2);
	tcase_add_test(tc, what_is_not_used_is_not_read);
	tcase_add_test(tc, a_sandbox_is_part_of_the_key);
	tcase_add_test(tc, only_what_changed);
	tcase_add_test(tc, dry_says_what_and_why);
	tcase_add_test(tc, install_alone);
	tcase_add_test(tc, counted_before_it_is_done);
	tcase_add_test(tc, several_at_once);
	tcase_add_test(tc, tokens_are_shared_and_come_back);
	tcase_add_test(tc, two_builders_build_once);
	tcase_add_test(tc, a_second_signal_is_not_kept_waiting);
	tcase_add_loop_test(tc, nobody_survives, 0, sizeof signals / sizeof *signals);
	tcase_add_loop_test(tc, a_step_without_end_is_stopped, 0, 2);
	tcase_add_test(tc, a_failure_is_told_exactly);
	tcase_add_loop_test(tc, after_a_failure, 0, 2);
	tcase_add_test(tc, packages_must_not_overlap);
	tcase_add_test(tc, a_step_has_no_network_and_no_neighbours);
	tcase_add_test(tc, two_sources_of_one_name);
	tcase_add_test(tc, any_form_of_a_source_will_do);
	tcase_add_loop_test(tc, patches_go_in_order, 0, 2);
	tcase_add_test(tc, a_refusal_is_the_systems);
	tcase_add_test(tc, inputs_must_be_at_rest);
	tcase_add_test(tc, an_override_is_built_as_it_is);
	tcase_add_test(tc, the_longest_chain_first);
	tcase_add_test(tc, dry_says_what_is_written);
	tcase_add_test(tc, a_person_sees_what_is_removed);
	tcase_add_test(tc, plans_share_what_is_the_same);
	tcase_add_test(tc, an_end_does_not_wait_for_other_plans);
	tcase_add_loop_test(
	    tc, a_broken_triple_does_not_stop_the_others, 0, sizeof troubles / sizeof *troubles);
	tcase_add_test(tc, the_longest_chain_of_all_plans_first);
	return s;
}
