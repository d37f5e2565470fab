/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/fsck.h"

#include "build/base/arena.h"
#include "build/cache/seal.h"
#include "build/cache/store.h"
#include "build/command/gc.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/recipe.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY "node target/s6\n"
#define SOURCE "bytes of a source\n"

/* a CACHE with one of each kind, all sound, and where they are, below the test's folder */
struct sound {
	struct arena *a;
	struct config cfg;
	struct recipes recipes;
	char *result, *source, *named, *checkpoint, *root, *system;
};

static void
put(struct sound *s, const char *rel, const char *text)
{
	char *path = arena_printf(s->a, "%s/%s", test_dir(), rel);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

static char *
digest_of(struct arena *a, const char *text)
{
	char *hex = arena_alloc(a, DIGEST_HEX);

	digest_bytes(text, strlen(text), hex);
	return hex;
}

static void
make_sound(struct sound *s)
{
	struct arena *a = arena_new();
	char *sha256 = digest_of(a, SOURCE), *key = digest_of(a, KEY), output[DIGEST_HEX];
	struct source *form = arena_alloc(a, sizeof *form);
	struct version *version = arena_alloc(a, sizeof *version);
	struct recipe *recipe = arena_alloc(a, sizeof *recipe);
	struct store store;
	struct err e = { 0 };
	int fd;

	*form = (struct source){ .file = "s6-1.0.tar.gz", .sha256 = sha256 };
	*version = (struct version){ .version = "1.0", .forms = form, .nforms = 1 };
	*recipe = (struct recipe){ .name = "s6", .versions = version, .nversions = 1 };
	*s = (struct sound){ .a = a,
		.cfg = { .top = test_dir(),
		    .output = arena_printf(a, "%s/out", test_dir()),
		    .cache = arena_printf(a, "%s/cache", test_dir()) },
		.recipes = { recipe, 1 },
		.result = arena_printf(a, "cache/store/%s-target-s6", key),
		.source = arena_printf(a, "cache/sources/%s-s6-1.0.tar.gz", sha256),
		.named = arena_printf(a, "out/sources/s6-1.0.tar.gz"),
		.checkpoint = arena_printf(
		    a, "cache/checkpoints/i486-linux-musl/target-s6.%s.%s", key, sha256) };
	s->root = arena_printf(a, "cache/roots/%s", digest_of(a, s->cfg.output));
	s->system = arena_printf(a, "cache/system/%s", sha256);
	put(s, arena_printf(a, "%s/usr/bin/cc", s->system), "a compiler\n");
	ck_assert_int_eq(seal_put(arena_printf(a, "%s/%s", test_dir(), s->system), &e), 0);
	put(s, "cache/system/.tmp.x/usr/bin/cc", "half");
	put(s, arena_printf(a, "cache/system/lists/%s", key), "end\n");
	put(s, s->source, SOURCE);
	put(s, s->named, SOURCE);
	put(s, s->checkpoint, SOURCE);
	put(s, "out/sources/notes", "not pinned\n");
	put(s, arena_printf(a, "%s.part", s->source), "half");
	put(s, "cache/store/.new-x/out/f", "half");
	put(s, arena_printf(a, "%s.lh-x1Y2z3", s->root), "");
	put(s, "work/out/rootfs/bin/s6", "a program\n");
	put(s, "work/log", "said\n");
	ck_assert_msg(store_open(a, s->cfg.cache, &store, &e) == 0 &&
			  store_enter(&store, arena_printf(a, "%s/work", test_dir()), key,
			      "target-s6", KEY, output, &e) == 0 &&
			  gc_hold(a, &s->cfg, &fd, &e) == 0,
	    "%s", e.msg);
	close(fd);
}

/* what it prints; *damaged: how many */
static char *
fsck(struct sound *s, bool repair, unsigned *damaged)
{
	char *log = arena_printf(s->a, "%s/said", test_dir()), *text;
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), before = dup(1);
	struct fsck_found found;
	struct err e = { 0 };

	fflush(stdout);
	dup2(fd, 1);
	ck_assert_msg(fsck_run(s->a, &s->cfg, &s->recipes, repair, &found, &e) == 0, "%s", e.msg);
	fflush(stdout);
	dup2(before, 1);
	close(before);
	close(fd);
	ck_assert_int_eq(file_read(s->a, log, &text, NULL, &e), 0);
	*damaged = found.damaged;
	return text;
}

static bool
there(struct sound *s, const char *rel)
{
	return file_exists(arena_printf(s->a, "%s/%s", test_dir(), rel));
}

START_TEST(sound_one)
{
	struct sound s;
	struct fsck_found found;
	struct err e = { 0 };
	unsigned damaged;

	make_sound(&s);
	ck_assert_str_eq(fsck(&s, false, &damaged), "");
	ck_assert_int_eq(fsck_run(s.a, &s.cfg, &s.recipes, true, &found, &e), 0);
	ck_assert_uint_eq(found.damaged, 0);
	ck_assert_uint_eq(found.results, 1);
	ck_assert_uint_eq(found.sources, 2);
	ck_assert_uint_eq(found.checkpoints, 1);
	ck_assert_uint_eq(found.systems, 1);
	ck_assert_uint_eq(found.roots, 1);
	ck_assert(there(&s, s.result) && there(&s, s.source) && there(&s, s.named) &&
		  there(&s, s.checkpoint) && there(&s, s.root) && there(&s, s.system));
	arena_free(s.a);
}
END_TEST

enum { RESULT, SOURCE_BY_DIGEST, SOURCE_BY_NAME, CHECKPOINT, ROOT, SYSTEM };

/* each kind of damage, as a disk, a power cut or a hand makes it */
static const struct {
	int what;
	const char *below; /* of a result */
	const char *text;  /* NULL: the file is removed; "->": a symlink takes its place */
	const char *said;
} damages[] = {
	{ RESULT, "/out/rootfs/bin/s6", "a Program\n", "changed since it was stored" },
	{ RESULT, "/out/rootfs/bin/s6", "", "changed since it was stored" },
	{ RESULT, "/out/rootfs/bin/s6", NULL, "changed since it was stored" },
	{ RESULT, "/out/more", "x", "changed since it was stored" },
	{ RESULT, "/output", "", "holds no digest" },
	{ RESULT, "/output", NULL, "output is missing" },
	{ RESULT, "/output", "->", "is a symlink" },
	{ RESULT, "/key", "", "its key is not that of its name" },
	{ RESULT, "/key", NULL, "key is missing" },
	{ SOURCE_BY_DIGEST, "", "", "sha256 is " },
	{ SOURCE_BY_DIGEST, "", "->", "is a symlink" },
	{ SOURCE_BY_NAME, "", "another's\n", "pinned is " },
	{ CHECKPOINT, "", "cut o", "sha256 is " },
	{ ROOT, "", "", "names no OUTPUT" },
	{ SYSTEM, "/usr/bin/cc", "a Compiler\n", "changed since it was made" },
	{ SYSTEM, "/usr/bin/cc", NULL, "changed since it was made" },
	{ SYSTEM, "/seal", NULL, "seal: No such file" },
	{ SYSTEM, "", "->", "is a symlink" },
};

/* folders of a result may not be written to */
static void
let_write(const struct sound *s, mode_t mode)
{
	static const char *const folders[] = { "out", "out/rootfs", "out/rootfs/bin" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		ck_assert_int_eq(
		    chmod(arena_printf(s->a, "%s/%s/%s", test_dir(), s->result, folders[i]), mode),
		    0);
}

START_TEST(damaged_one)
{
	struct sound s;
	const char *where, *path;
	char *said;
	unsigned damaged;
	bool in_result;
	struct err e = { 0 };

	make_sound(&s);
	const char *const places[] = { [RESULT] = s.result,
		[SOURCE_BY_DIGEST] = s.source,
		[SOURCE_BY_NAME] = s.named,
		[CHECKPOINT] = s.checkpoint,
		[ROOT] = s.root,
		[SYSTEM] = s.system };
	where = places[damages[_i].what];
	path = arena_printf(s.a, "%s/%s%s", test_dir(), where, damages[_i].below);
	in_result = !strncmp(damages[_i].below, "/out/", 5);
	if (in_result)
		let_write(&s, 0755);
	ck_assert_int_eq(file_remove(path, &e), 0);
	if (damages[_i].text && !strcmp(damages[_i].text, "->"))
		ck_assert_int_eq(symlink("/etc/hostname", path), 0);
	else if (damages[_i].text)
		put(&s, arena_printf(s.a, "%s%s", where, damages[_i].below), damages[_i].text);
	if (in_result) { /* modes are as before: it is the content that tells */
		chmod(path, 0444);
		let_write(&s, 0555);
	}

	said = fsck(&s, false, &damaged);
	ck_assert_msg(damaged == 1 && strstr(said, where) && strstr(said, damages[_i].said) &&
			  strchr(said, '\n') == said + strlen(said) - 1,
	    "%u: %s", damaged, said);
	ck_assert(there(&s, where));
	said = fsck(&s, true, &damaged);
	ck_assert_msg(damaged == 1 && strstr(said, "; removed\n"), "%s", said);
	ck_assert(!there(&s, where));
	ck_assert_str_eq(fsck(&s, false, &damaged), "");
	arena_free(s.a);
}
END_TEST

/* in a CACHE that is ours nobody has a reason to keep us out */
START_TEST(unreadable_one)
{
	struct sound s;
	const char *said;
	unsigned damaged;

	if (geteuid() == 0) /* who is let in everywhere */
		return;
	make_sound(&s);
	ck_assert_int_eq(chmod(arena_printf(s.a, "%s/%s/output", test_dir(), s.result), 0), 0);
	said = fsck(&s, false, &damaged);
	ck_assert_msg(damaged == 1 && strstr(said, "/output: Permission denied\n"), "%s", said);
	said = fsck(&s, true, &damaged);
	ck_assert_msg(damaged == 1 && strstr(said, "; removed\n"), "%s", said);
	ck_assert(!there(&s, s.result));
	arena_free(s.a);
}
END_TEST

/* looking disturbs nobody; what somebody builds with is not removed */
START_TEST(not_while_building)
{
	struct sound s;
	struct fsck_found found;
	struct err e = { 0 };
	unsigned damaged;
	int fd;

	make_sound(&s);
	put(&s, s.source, "");
	ck_assert_int_eq(gc_hold(s.a, &s.cfg, &fd, &e), 0);
	fsck(&s, false, &damaged);
	ck_assert_uint_eq(damaged, 1);
	ck_assert_int_eq(fsck_run(s.a, &s.cfg, &s.recipes, true, &found, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(s.a, "CACHE %s: a build is using it; run fsck --repair when it has ended",
		s.cfg.cache));
	ck_assert(there(&s, s.source));
	close(fd);
	arena_free(s.a);
}
END_TEST

Suite *
fsck_suite(void)
{
	const TTest *const tests[] = { sound_one, not_while_building, unreadable_one, NULL };
	Suite *s = suite_of("fsck", tests);

	tcase_add_loop_test(
	    harness_case(s, "damages"), damaged_one, 0, (int)(sizeof damages / sizeof *damages));
	return s;
}
