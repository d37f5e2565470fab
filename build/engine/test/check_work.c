/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/work.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char recipe_text[] =
    "name one\n"
    "licence ISC\n"
    "variant host toolchain target\n"
    "config CONSOLE USE_DHCP SERVICES\n"
    "file local.h\n"
    "input layout\n"
    "kit common\n"
    "version 1.0\n"
    "  source one-1.0.tar.gz\n"
    "    sha256 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "    from https://example.org/\n"
    "[configure]\n"
    "say configure\n"
    "nonsense\n"
    "[install]\n"
    "say install $SHORT $GCC ${KERNEL_ARCH}\n";

/* everything a struct work points to */
struct world {
	struct arena *a;
	struct config cfg;
	struct sysdeps sd;
	struct recipes recipes;
	struct set set;
	struct plan plan;
	struct store store;
	struct work work;
	const char *top;
};

static void
world_make(struct world *w, const char *root, const char *extra, const char *unboxed)
{
	struct arena *a = w->a = arena_new();
	struct err e = { 0 };
	char *args[4];

	w->top = checkout_new(a);
	checkout_file(a, w->top, "recipes/one/recipe", recipe_text);
	checkout_file(a, w->top, "recipes/one/local.h", "/* local */\n");
	checkout_file(a, w->top, "recipes/one/other.h", "/* not declared */\n");
	checkout_file(a, w->top, "recipes/kits/common.sh", "say()\n{\n\techo \"$@\"\n}\n");
	checkout_file(a, w->top, "recipes/profiles/minimal", root);
	checkout_file(a, w->top, "layout/rootfs/x", "x\n");
	checkout_file(a, w->top, "patches/one/0001-a.patch", "");
	args[0] = arena_printf(a, "OUTPUT=%s/out", test_dir());
	args[1] = arena_printf(a, "CACHE=%s/cache", test_dir());
	args[2] = arena_strdup(a, "TRIPLE=i486-linux-musl");
	args[3] = arena_strdup(a, extra);
	ck_assert_msg(
	    config_read(a, w->top, args, *extra ? 4 : 3, &w->cfg, &e) == 0 &&
		sysdeps_read(a, w->top, w->cfg.triple, &w->sd, &e) == 0 &&
		recipe_read_all(a, w->top, &w->recipes, &e) == 0 &&
		set_read(a, w->top, "2026-07", &w->set, &e) == 0 &&
		plan_make(a, &w->cfg, &w->recipes, &w->set, "minimal", &w->plan, &e) == 0 &&
		store_open(a, w->cfg.cache, &w->store, &e) == 0,
	    "%s", e.msg);
	ck_assert_uint_eq(w->plan.n, 1);
	strcpy(w->plan.v[0].key, "KEY");
	w->plan.v[0].form = &w->plan.v[0].version->forms[0];
	w->work = (struct work){ .a = a,
		.cfg = &w->cfg,
		.sd = &w->sd,
		.plan = &w->plan,
		.node = &w->plan.v[0],
		.store = &w->store,
		.source = "/s/one-1.0.tar.gz",
		.key_text = "k\n",
		.unboxed = unboxed };
	ck_assert_msg(work_open(&w->work, &e) == 0, "%s", e.msg);
}

static void
world_free(struct world *w)
{
	struct err e = { 0 };

	ck_assert_int_eq(work_remove(&w->work, &e), 0);
	ck_assert(!file_exists(w->work.dir));
	arena_free(w->a);
}

/* what differs from run to run gets a name */
static char *
named(struct world *w, const char *text)
{
	const struct {
		const char *real, *name;
	} names[] = { { w->work.dir, "WORK" }, { w->top, "TOP" } };
	struct buf b = { 0 };
	char *copy;

	while (*text) {
		size_t i;

		for (i = 0; i < 2; i++)
			if (!strncmp(text, names[i].real, strlen(names[i].real)))
				break;
		if (i < 2) {
			buf_adds(&b, names[i].name);
			text += strlen(names[i].real);
		} else {
			buf_add(&b, text++, 1);
		}
	}
	copy = arena_strdup(w->a, b.p);
	buf_free(&b);
	return copy;
}

/* sections of a golden file: "## NAME" lines begin them */
static char *
golden(struct arena *a, const char *section)
{
	char *text, *at, *end;
	struct err e = { 0 };

	ck_assert_msg(file_read(a, "build/test/data/work.txt", &text, NULL, &e) == 0, "%s", e.msg);
	at = strstr(text, arena_printf(a, "## %s\n", section));
	ck_assert_msg(at != NULL, "no %s", section);
	at = strchr(at, '\n') + 1;
	end = strstr(at, "## ");
	return end ? arena_strndup(a, at, (size_t)(end - at)) : at;
}

static const struct {
	const char *section, *root, *extra, *unboxed;
} worlds[] = {
	{ "target", "target/one\n", "CONSOLE=ttyS7", NULL },
	{ "target, no sandbox", "target/one\n", "SERVICES=layout recipes", "no bwrap" },
	{ "host", "host/one\n", "BUILD_CC=/opt/gcc/bin/gcc -pipe", NULL },
	{ "toolchain", "toolchain/one\n", "SERVICES=layout recipes", NULL },
};

/* steps with their commands, what they see, environment and the beginning of the log */
START_TEST(all_that_a_step_gets)
{
	struct buf b = { 0 };
	struct world w;
	struct argv env = { 0 };
	char *log;
	struct err e = { 0 };

	world_make(&w, worlds[_i].root, worlds[_i].extra, worlds[_i].unboxed);
	for (size_t i = 0; i < w.work.nsteps; i++) {
		struct argv v = { .a = w.a };
		char *line;

		buf_addf(&b, "step %s\n", w.work.steps[i].label);
		if (step_is_ours(&w.work.steps[i]))
			continue;
		work_command(&w.work, &w.work.steps[i], &v);
		line = argv_quoted(&v);
		buf_addf(&b, "  %s\n",
		    worlds[_i].unboxed
			? line
			: strstr(line, "' sh ") + 5); /* how it is shut in: sandbox.argv */
	}
	for (size_t i = 0; i < w.work.nmounts; i++)
		buf_addf(&b, "%s %s%s\n", w.work.mounts[i].inside,
		    w.work.mounts[i].real ? w.work.mounts[i].real : "(empty)",
		    w.work.mounts[i].writable ? " writable" : "");
	env.a = w.a;
	work_env(&w.work, " -j3 --jobserver-auth=64,65", &env);
	for (size_t i = 0; i < env.n; i++)
		buf_addf(&b, "%s\n", env.v[i]);
	ck_assert_int_eq(file_read(w.a, w.work.log, &log, NULL, &e), 0);
	buf_adds(&b, log);
	ck_assert_str_eq(named(&w, b.p), golden(w.a, worlds[_i].section));
	buf_free(&b);
	world_free(&w);
}
END_TEST

/* what the shell complains about is found in the recipe, at that line */
START_TEST(line_numbers_are_the_recipes)
{
	char *script, *command, said[200];
	struct world w;
	struct err e = { 0 };
	FILE *p;

	world_make(&w, "target/one\n", "", "no bwrap");
	script = arena_printf(w.a, "%s/step/configure", w.work.dir);
	command = arena_printf(w.a, "sh -eu %s 2>&1", script);
	p = popen(command, "r");
	ck_assert_ptr_nonnull(p);
	ck_assert(fgets(said, sizeof said, p));
	ck_assert_str_eq(said, "configure\n");
	ck_assert(fgets(said, sizeof said, p));
	ck_assert_str_eq(said, arena_printf(w.a, "%s: 14: nonsense: not found\n", script));
	pclose(p);
	ck_assert_int_eq(
	    file_read(w.a, arena_printf(w.a, "%s/step/install", w.work.dir), &script, NULL, &e), 0);
	ck_assert_str_eq(script, arena_printf(w.a,
				     ". %s/step/kit\n\n\n\n\n\n\n\n\n\n\n\n\n\n\nsay install "
				     "$SHORT $GCC ${KERNEL_ARCH}\n",
				     w.work.dir));
	world_free(&w);
}
END_TEST

Suite *
work_suite(void)
{
	Suite *s = suite_create("work");
	TCase *tc = harness_case(s, "work");

	tcase_add_loop_test(tc, all_that_a_step_gets, 0, sizeof worlds / sizeof *worlds);
	tcase_add_test(tc, line_numbers_are_the_recipes);
	return s;
}
