/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/command/explain.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct world {
	struct arena *a;
	char *top, *cache;
	struct config cfg;
	struct recipes recipes;
	struct set set;
	struct sysdeps sd;
	struct plan plan;
};

/* profile s6 is target/two, which needs target/one; triple i486 */
static void
world_make(struct world *w, const char *one)
{
	struct arena *a = w->a = arena_new();
	char *top = w->top = checkout_new(a);
	char *args[] = { arena_printf(a, "CACHE=%s/cache", test_dir()),
		arena_strdup(a, "TRIPLE=i486-linux-musl"), arena_strdup(a, one) };
	struct err e = { 0 };

	w->cache = arena_printf(a, "%s/cache", test_dir());
	checkout_file(a, top, "recipes/one/recipe",
	    "name one\nlicence ISC\nvariant target\nconfig ROOT_HASH\nunpack src\nversion "
	    "1.0\nlicence-file COPYING " HEX "\nlicence-file doc/MIT " HEX "\n"
	    "source one-1.0.tar\nsha256 " HEX
	    "\nfrom https://a.example/\ndebian pool/one.tar\nsource one-tag.tar\nsha256 " HEX
	    "\ngit v1.0\n"
	    "[build]\nmake\n");
	checkout_file(a, top, "recipes/two/recipe",
	    "name two\nlicence MIT\nvariant target\nneeds target/one\n[build]\nmake\n");
	checkout_file(a, top, "recipes/sets/2026-07", "one 1.0\n");
	ck_assert_msg(config_read(a, top, args, 3, &w->cfg, &e) == 0, "%s", e.msg);
	config_set(a, &w->cfg, "ROOT_HASH", "$6$abcdefghijk", "test");
	ck_assert_msg(recipe_read_all(a, top, &w->recipes, &e) == 0, "%s", e.msg);
	ck_assert_msg(set_read(a, top, "2026-07", &w->set, &e) == 0, "%s", e.msg);
	ck_assert_msg(sysdeps_read(a, top, "i486-linux-musl", &w->sd, &e) == 0, "%s", e.msg);
	ck_assert_msg(
	    plan_make(a, &w->cfg, &w->recipes, &w->set, "s6", &w->plan, &e) == 0, "%s", e.msg);
}

static char *
explained(struct world *w, const char *id)
{
	struct buf out = { 0 };
	struct err e = { 0 };
	char *text;

	ck_assert_msg(explain_text(w->a, &w->cfg, &w->sd, &w->plan, test_dir(), id, &out, &e) == 0,
	    "%s", e.msg);
	text = arena_strdup(w->a, out.p);
	buf_free(&out);
	return text;
}

/* one is built and in an image; its program is this one */
START_TEST(built)
{
	struct world w;
	struct node *one;
	struct stat st;
	struct err e = { 0 };
	char *key, make[DIGEST_HEX];

	world_make(&w, "OVERRIDE_one=");
	one = &w.plan.v[0];
	ck_assert_str_eq(one->id, "target/one");
	ck_assert_msg(plan_key(w.a, &w.cfg, &w.sd, &w.plan, one, &key, &e) == 0, "%s", e.msg);
	digest_bytes(key, strlen(key), one->key);
	digest_bytes("make\n", 5, make);
	memcpy(one->output, HEX, sizeof HEX);
	one->form = &one->version->forms[1];
	one->store = arena_printf(w.a, "%s/store/one", w.cache);
	checkout_file(w.a, one->store, "out/sdk/lib/one.a", "1234");
	checkout_file(w.a, one->store, "out/rootfs/bin/empty", "");
	ck_assert_int_eq(
	    file_copy("/proc/self/exe",
		arena_printf(w.a, "%s/out/rootfs/bin/x\033[31mRED\nlog", one->store), 0755, &e),
	    0);
	checkout_file(w.a, one->store, "linked",
	    "rootfs/bin/prog\town\ta.o\nrootfs/bin/other\tsystem\tcrt.o\nrootfs/bin/"
	    "prog\ttoolchain/musl\tc.a\nrootfs/bin/prog\town\tb.o\n");
	ck_assert_int_eq(file_copy("/proc/self/exe",
			     arena_printf(w.a, "%s/out/rootfs/bin/prog", one->store), 0755, &e),
	    0);
	ck_assert_int_eq(stat("/proc/self/exe", &st), 0);
	checkout_file(w.a, test_dir(), "logs/target-one.log", "");
	checkout_file(w.a, w.cache, "times/target-one-i486-linux-musl", "12.5\n");
	checkout_file(w.a, w.cache, "roots/1", arena_printf(w.a, "%s/gone\n", test_dir()));
	checkout_file(w.a, w.cache, "roots/2", arena_printf(w.a, "%s/o\n", test_dir()));
	for (int i = 0; i < 3; i++) /* the last is of another build */
		checkout_file(w.a, test_dir(),
		    ((const char *[]){ "o/t/manifest", "o/t/static/manifest", "o/u/manifest" })[i],
		    arena_printf(w.a,
			"lh-manifest 2\ntriple i486-linux-musl\nqemu q\nmachine m\nconsole "
			"c\nkernel k\npackage one 1.0 %s\n",
			i < 2 ? one->key : HEX));
	ck_assert_str_eq(explained(&w, "one"),
	    arena_printf(w.a,
		"package   target/one 1.0, ISC\n"
		"source    one-1.0.tar, sha256 " HEX "\n"
		"          from https://a.example/one-1.0.tar\n"
		"          from Debian archive, pool/one.tar\n"
		"or        one-tag.tar (this one), sha256 " HEX "\n"
		"          from git tag v1.0: GIT_MIRROR is not set\n"
		"licence   COPYING, sha256 " HEX "\n"
		"          doc/MIT, sha256 " HEX "\n"
		"needed by target/two\n"
		"key       %s, computed from\n"
		"          EPOCH of the configuration: 1784000000\n"
		"          ROOT_HASH of the configuration: 72f11e92..\n"
		"          text of [build]: %.8s..\n"
		"          source: 01234567..\n"
		"          triple: i486-linux-musl\n"
		"          unpacked part of the source: src\n"
		"          version: 1.0\n"
		"result    %s\n"
		"          sha256 of all of it: " HEX "\n"
		"          files 4, programs 2, bytes %ju\n"
		"          rootfs/bin/prog, %ju bytes, linked from own 2, toolchain/musl 1\n"
		"          rootfs/bin/x\\033[31mRED\\012log, %ju bytes\n"
		"log       %s/logs/target-one.log\n"
		"took      12.5 s, last time\n"
		"images    %s/o/t\n"
		"          %s/o/t/static\n",
		one->key, make, one->store, 2 * (uintmax_t)st.st_size + 4, (uintmax_t)st.st_size,
		(uintmax_t)st.st_size, test_dir(), test_dir(), test_dir()));
	arena_free(w.a);
}
END_TEST

/* nothing is built, one is overridden, two has no source */
START_TEST(not_built)
{
	struct world w;
	struct buf out = { 0 };
	struct err e = { 0 };

	world_make(&w, "OVERRIDE_one=/usr");
	ck_assert_str_eq(explained(&w, "target/one"),
	    arena_printf(w.a,
		"package   target/one 1.0, ISC\nsource    OVERRIDE: /usr\nneeded by target/two\n"
		"key       unknown until its dependencies are built\nresult    not in "
		"%s/store\nlog "
		"      %s/logs/target-one.log: missing\n",
		w.cache, test_dir()));
	ck_assert_str_eq(explained(&w, "two"),
	    arena_printf(w.a,
		"package   target/two without a version, MIT\nsource    none\nneeds     "
		"target/one\n"
		"key       unknown until its dependencies are built\nresult    not in "
		"%s/store\nlog "
		"      %s/logs/target-two.log: missing\n",
		w.cache, test_dir()));
	ck_assert_int_eq(
	    explain_text(w.a, &w.cfg, &w.sd, &w.plan, test_dir(), "host/one", &out, &e), -1);
	ck_assert_str_eq(
	    e.msg, "explain host/one: no such package in profile s6; lh-build graph prints all");
	arena_free(w.a);
}
END_TEST

Suite *
explain_suite(void)
{
	return suite_of("explain", (const TTest *[]){ built, not_built, NULL });
}
