/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/gc.h"

#include "build/base/arena.h"
#include "build/cache/checkpoint.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT(digit) digit digit digit digit digit digit digit digit
#define A OUT("aaaaaaaa")
#define B OUT("bbbbbbbb")
#define C OUT("cccccccc")

static struct config
config_in(struct arena *a)
{
	return (struct config){ .top = test_dir(),
		.output = arena_printf(a, "%s/out", test_dir()),
		.cache = arena_printf(a, "%s/cache", test_dir()) };
}

static void
put(struct arena *a, const char *rel, const char *text)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

static bool
there(struct arena *a, const char *rel)
{
	return file_exists(arena_printf(a, "%s/%s", test_dir(), rel));
}

/* an entry of the store; its folder */
static char *
enter(struct arena *a, const char *name, const char *key, const char *output)
{
	char hex[DIGEST_HEX], *dir;

	digest_bytes(key, strlen(key), hex);
	dir = arena_printf(a, "cache/store/%s-%s", hex, name);
	put(a, arena_printf(a, "%s/key", dir), key);
	put(a, arena_printf(a, "%s/output", dir), arena_printf(a, "%s\n", output));
	put(a, arena_printf(a, "%s/out/file", dir), "bytes");
	return dir;
}

static void
image_of(struct arena *a, const char *dir, const char *key)
{
	char hex[DIGEST_HEX];
	struct man_package package = { .name = "s6", .version = "1.0", .key = hex };
	struct manifest m = { .triple = "i486-linux-musl",
		.qemu = "q",
		.machine = "pc",
		.console = "ttyS0",
		.memory = 64,
		.kernel = "kernel",
		.packages = &package,
		.npackages = 1 };
	struct err e = { 0 };

	digest_bytes(key, strlen(key), hex);
	put(a, arena_printf(a, "%s/kernel", dir), "");
	ck_assert_msg(
	    manifest_write(&m, arena_printf(a, "%s/%s/manifest", test_dir(), dir), &e) == 0, "%s",
	    e.msg);
}

static void
root(struct arena *a, const struct config *c)
{
	struct err e = { 0 };
	int fd;

	ck_assert_msg(gc_hold(a, c, &fd, &e) == 0, "%s", e.msg);
	close(fd);
}

/* what it prints */
static char *
gc(struct arena *a, const struct config *c, const struct recipes *r, const struct gc_opts *o)
{
	char *log = arena_printf(a, "%s/said", test_dir()), *text;
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), before = dup(1);
	struct err e = { 0 };

	fflush(stdout);
	dup2(fd, 1);
	ck_assert_msg(gc_run(a, c, r, o, &e) == 0, "%s", e.msg);
	fflush(stdout);
	dup2(before, 1);
	close(before);
	close(fd);
	ck_assert_int_eq(file_read(a, log, &text, NULL, &e), 0);
	return text;
}

/* an image's packages, and all they were built with, by output and not by key */
START_TEST(what_an_image_reaches)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	const char *s6 = "need host/make " A "\nneed target/skalibs " B "\nnode target/s6\n";
	char *make = enter(a, "host-make", "node host/make\n", A),
	     *twin = enter(a, "host-make", "node host/make\nsection build x\n", A);
	char *other = enter(a, "host-make", "node host/make\nsection build y\n", C),
	     *named = enter(a, "host-patch", "node host/patch\n", A);
	char *skalibs =
		 enter(a, "target-skalibs", "need host/make " A "\nnode target/skalibs\n", B),
	     *old = enter(a, "target-skalibs", "node target/skalibs\n", C);
	char *kept = enter(a, "target-s6", s6, C),
	     *broken = enter(a, "target-s6-rc", "node target/s6-rc\n", "short");

	root(a, &c);
	image_of(a, "out/i486-linux-musl", s6);
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, kept) && there(a, skalibs));
	ck_assert(there(a, make) && there(a, twin)); /* either may be what it was built with */
	ck_assert(!there(a, other) && !there(a, old) && !there(a, named) && !there(a, broken));

	put(a, "out/i486-linux-musl/keys/host-make", "node host/make\n");
	put(a, "out/i486-linux-musl/keys/host-make.before", "node host/make\nsection build x\n");
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, kept) && there(a, skalibs) && there(a, make));
	ck_assert(!there(a, twin));
	arena_free(a);
}
END_TEST

/* a checkpoint stays with a result that can be had from it */
START_TEST(checkpoints)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	const char *kept_key = "node target/s6\nsection install two\n",
		   *lost_key = "node target/s6-rc\n";
	const struct checkpoint kept = { .name = "target-s6",
		.key_text = "node target/s6\nsection install one\n" },
				lost = { .name = "target-s6-rc", .key_text = lost_key };
	char *stays = arena_printf(
		 a, "cache/checkpoints/i486-linux-musl/%s." A, checkpoint_stem(a, &kept)),
	     *goes = arena_printf(
		 a, "cache/checkpoints/i486-linux-musl/%s." B, checkpoint_stem(a, &lost));

	enter(a, "target-s6", kept_key, A);
	enter(a, "target-s6-rc", lost_key, B);
	put(a, stays, "");
	put(a, goes, "");
	root(a, &c);
	image_of(a, "out/i486-linux-musl", kept_key);
	ck_assert_ptr_nonnull(strstr(
	    gc(a, &c, NULL, &(struct gc_opts){ .dry = true }), "  checkpoint target-s6-rc\n"));
	ck_assert(there(a, goes));
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, stays) && !there(a, goes));
	arena_free(a);
}
END_TEST

/* what results were made in stays with them; a list is made again */
START_TEST(systems)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	const char *key = "node target/s6\nsystem " A "\n";

	enter(a, "target-s6", key, B);
	enter(a, "target-old", "node target/old\nsystem " C "\n", C);
	put(a, "cache/system/" A "/usr/bin/cc", "");
	put(a, "cache/system/" C "/usr/bin/cc", "");
	put(a, "cache/system/.tmp.x/usr/bin/cc", "");
	put(a, "cache/system/lists/" B, "");
	root(a, &c);
	image_of(a, "out/i486-linux-musl", key);
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, "cache/system/" A "/usr/bin/cc"));
	ck_assert(!there(a, "cache/system/" C) && !there(a, "cache/system/.tmp.x") &&
		  !there(a, "cache/system/lists"));
	arena_free(a);
}
END_TEST

/* images of both network modes and of several OUTPUTs count; an OUTPUT that is gone does not */
START_TEST(roots)
{
	struct arena *a = arena_new();
	struct config c = config_in(a), other = config_in(a);
	char *one = enter(a, "target-s6", "one", A), *two = enter(a, "target-s6", "two", B),
	     *three = enter(a, "target-s6", "three", C);
	struct err e = { 0 };

	other.output = arena_printf(a, "%s/other", test_dir());
	root(a, &c);
	root(a, &other);
	image_of(a, "out/i486-linux-musl/static", "one");
	image_of(a, "other/i486-linux-musl", "two");
	/* the power went before it had its name */
	put(a, "cache/roots/" A ".lh-x1Y2z3", arena_printf(a, "%s\n", c.output));
	gc(a, &c, NULL, &(struct gc_opts){ .dry = true });
	ck_assert(there(a, "cache/roots/" A ".lh-x1Y2z3"));
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, one) && there(a, two) && !there(a, three));
	ck_assert(!there(a, "cache/roots/" A ".lh-x1Y2z3"));

	ck_assert_int_eq(file_remove(other.output, &e), 0);
	gc(a, &c, NULL, &(struct gc_opts){ .dry = true });
	ck_assert(there(a, two));
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(there(a, one) && !there(a, two));
	image_of(a, "other/i486-linux-musl", "one"); /* it is no root any more, though it is back */
	put(a, "other/i486-linux-musl/manifest", "nonsense\n");
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	arena_free(a);
}
END_TEST

/* what an OUTPUT on a disk that is not mounted needs is not known; where it was, a build notes */
START_TEST(unmounted)
{
	struct arena *a = arena_new();
	struct config c = config_in(a), away = config_in(a);
	char *entry = enter(a, "target-s6", "one", A), *root_file, *text, hex[DIGEST_HEX];
	struct err e = { 0 };

	away.output = arena_printf(a, "%s/disk/out", test_dir());
	digest_bytes(away.output, strlen(away.output), hex);
	root_file = arena_printf(a, "%s/roots/%s", c.cache, hex);
	root(a, &away);
	ck_assert_int_eq(file_read(a, root_file, &text, NULL, &e), 0);
	ck_assert_msg(!strncmp(text, away.output, strlen(away.output)) &&
			  !strncmp(text + strlen(away.output), "\nmount /", 8),
	    "%s", text);

	put(a, arena_printf(a, "cache/roots/%s", hex),
	    arena_printf(a, "%s\nmount %s/disk\n", away.output, test_dir()));
	for (int dry = 0; dry < 2; dry++) {
		ck_assert_int_eq(gc_run(a, &c, NULL, &(struct gc_opts){ .dry = dry }, &e), -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a,
			       "OUTPUT %s: its filesystem is not mounted at %s/disk, so nothing is "
			       "removed; mount it, or remove %s if it is gone for good",
			       away.output, test_dir(), root_file));
	}
	ck_assert(there(a, entry));
	ck_assert_int_eq(unlink(root_file), 0);
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(!there(a, entry));
	arena_free(a);
}
END_TEST

/* deeper than descriptors reach, and than a path may be long */
START_TEST(deep)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct rlimit before, few = { .rlim_cur = 64 };
	struct err e = { 0 };
	int at;

	root(a, &c);
	put(a, "cache/work/deep/f", "x");
	at = open(arena_printf(a, "%s/work/deep", c.cache), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 1500; i++) {
		int below;

		ck_assert_int_eq(mkdirat(at, "deeper", 0755), 0);
		below = openat(at, "deeper", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(at);
		at = below;
	}
	close(at);
	getrlimit(RLIMIT_NOFILE, &before);
	few.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	ck_assert_msg(gc_run(a, &c, NULL, &(struct gc_opts){ 0 }, &e) == 0, "%s", e.msg);
	setrlimit(RLIMIT_NOFILE, &before);
	ck_assert(!there(a, "cache/work/deep"));
	ck_assert_uint_eq(test_entries(arena_printf(a, "%s/work", c.cache)), 0);
	arena_free(a);
}
END_TEST

/* a manifest that cannot be read may be that of an image: then nothing goes */
START_TEST(no_guessing)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	char *entry = enter(a, "target-s6", "one", A);
	struct err e = { 0 };

	root(a, &c);
	put(a, "out/i486-linux-musl/manifest", "nonsense\n");
	ck_assert_int_eq(gc_run(a, &c, NULL, &(struct gc_opts){ 0 }, &e), -1);
	ck_assert_msg(
	    !strncmp(e.msg, "cannot determine what this image needs, so nothing is removed: ", 58),
	    "%s", e.msg);
	ck_assert(there(a, entry));
	arena_free(a);
}
END_TEST

/*
 * what killed builders and a killed gc left; folders of failures stay while somebody may look at
 * them
 */
START_TEST(leavings)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	char *said;

	root(a, &c);
	put(a, "cache/store/.new-x/out/f", "x");
	put(a, "cache/store/.lock-x", "");
	put(a, "cache/store/.gone-x/out/f", "x");
	put(a, "cache/work/.old-y/f", "x");
	put(a, "cache/work/dead/f", "x");
	put(a, "cache/work/failed/kept", "");
	put(a, "cache/work/forgotten/kept", "");
	put(a, "out/i486-linux-musl/logs/target-s6.log", "");
	ck_assert_int_eq(symlink(arena_printf(a, "%s/work/failed", c.cache),
			     arena_printf(a, "%s/i486-linux-musl/logs/target-s6.work", c.output)),
	    0);
	said = gc(a, &c, NULL, &(struct gc_opts){ .dry = true });
	ck_assert_msg(strstr(said, " MB: 0 of 0 packages, 2 work folders, 0 sources\n") &&
			  !strncmp(said, "would free", 10),
	    "%s", said);
	ck_assert(there(a, "cache/store/.new-x/out/f") && there(a, "cache/work/dead/f"));
	said = gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert_msg(strstr(said, "MB  work folder dead\n") &&
			  strstr(said, "MB  work folder forgotten\n") && !strncmp(said, "free ", 5),
	    "%s", said);
	ck_assert(there(a, "cache/work/failed/kept"));
	ck_assert(!there(a, "cache/work/dead") && !there(a, "cache/work/forgotten") &&
		  !there(a, "cache/work/.old-y"));
	ck_assert(!there(a, "cache/store/.new-x") && !there(a, "cache/store/.lock-x") &&
		  !there(a, "cache/store/.gone-x"));
	arena_free(a);
}
END_TEST

START_TEST(sources)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct source form = { .file = "s6-1.0.tar.gz", .sha256 = "abc" };
	struct version version = { .version = "1.0", .forms = &form, .nforms = 1 };
	struct recipe recipe = { .name = "s6", .versions = &version, .nversions = 1 };
	struct recipes recipes = { &recipe, 1 };

	put(a, "cache/sources/s6-1.0.tar.gz", "x");
	put(a, "cache/sources/s6-0.9.tar.gz", "x");
	put(a, "cache/sources/abc-s6-1.0.tar.gz", "x");
	put(a, "cache/sources/abd-s6-1.0.tar.gz", "x"); /* what another version pinned */
	put(a, "cache/sources/.s6-1.0.tar.gz.123", "");
	gc(a, &c, &recipes, &(struct gc_opts){ 0 });
	ck_assert(there(a, "cache/sources/s6-0.9.tar.gz"));
	gc(a, &c, &recipes, &(struct gc_opts){ .sources = true });
	ck_assert(!there(a, "cache/sources/s6-0.9.tar.gz"));
	ck_assert(there(a, "cache/sources/s6-1.0.tar.gz"));
	ck_assert(there(a, "cache/sources/abc-s6-1.0.tar.gz"));
	ck_assert(!there(a, "cache/sources/abd-s6-1.0.tar.gz"));
	ck_assert(!there(a, "cache/sources/.s6-1.0.tar.gz.123"));
	arena_free(a);
}
END_TEST

/* builders share, gc does not, and looking disturbs nobody */
START_TEST(not_while_building)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	char *entry = enter(a, "target-s6", "one", A);
	struct err e = { 0 };
	int first, second;

	ck_assert_msg(gc_hold(a, &c, &first, &e) == 0, "%s", e.msg);
	ck_assert_msg(gc_hold(a, &c, &second, &e) == 0, "%s", e.msg);
	close(first);
	ck_assert_int_eq(gc_run(a, &c, NULL, &(struct gc_opts){ 0 }, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "CACHE %s: a build is using it; run gc when it has ended", c.cache));
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	put(a, "cache/work/in-use/f", "x");
	ck_assert_ptr_null(
	    strstr(gc(a, &c, NULL, &(struct gc_opts){ .dry = true }), "work folder in-use"));
	ck_assert(there(a, entry));
	close(second);
	ck_assert_ptr_nonnull(
	    strstr(gc(a, &c, NULL, &(struct gc_opts){ .dry = true }), "work folder in-use"));
	gc(a, &c, NULL, &(struct gc_opts){ 0 });
	ck_assert(!there(a, entry));
	arena_free(a);
}
END_TEST

Suite *
gc_suite(void)
{
	const TTest *const tests[] = { what_an_image_reaches, checkpoints, systems, roots,
		unmounted, deep, no_guessing, leavings, sources, not_while_building, NULL };

	return suite_of("gc", tests);
}
