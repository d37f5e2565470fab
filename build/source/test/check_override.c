/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/override.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

/* runs a script in the test's folder; it must succeed */
static void
sh(struct arena *a, const char *script)
{
	ck_assert_int_eq(
	    system(arena_printf(a,
		"cd %s && export HOME=$PWD GIT_CONFIG_NOSYSTEM=1 && set -e && (%s) >log 2>&1",
		test_dir(), script)),
	    0);
}

static char *
in_dir(struct arena *a, const char *name)
{
	return arena_printf(a, "%s/%s", test_dir(), name);
}

static const char tree[] =
    "mkdir -p t/src t/.git/objects t/sub; echo main >t/src/main.c; touch -d @1000000000 "
    "t/src/main.c; echo '#!/bin/sh' >t/configure; chmod 755 t/configure\n"
    "ln -s src/main.c t/link; touch -hd @1100000000 t/link; echo secret >t/.git/objects/x; echo "
    "'gitdir: elsewhere' >t/sub/.git; echo kept >t/.gitignore; mkdir t/empty";

START_TEST(folder)
{
	struct arena *a = arena_new();
	struct override o;
	struct err e = { 0 };
	struct stat st;
	char was[DIGEST_HEX], is[DIGEST_HEX];

	sh(a, tree);
	ck_assert_msg(override_read(a, NULL, in_dir(a, "t"), &o, &e) == 0, "%s", e.msg);
	ck_assert(!o.git);
	ck_assert_str_eq(o.dir, in_dir(a, "t"));
	ck_assert_uint_eq(strlen(o.id), strlen("tree ") + 64);
	ck_assert_msg(override_export(a, &o, 0, in_dir(a, "out/src"), &e) == 0, "%s", e.msg);

	sh(a, "cp -a t expected; rm -rf expected/.git expected/sub/.git");
	ck_assert_int_eq(digest_tree(in_dir(a, "expected"), was, &e), 0);
	ck_assert_int_eq(digest_tree(in_dir(a, "out/src"), is, &e), 0);
	ck_assert_str_eq(was, is);
	ck_assert_int_eq(stat(in_dir(a, "out/src/src/main.c"), &st), 0);
	ck_assert_int_eq(st.st_mtime, 1000000000);
	ck_assert_int_eq(lstat(in_dir(a, "out/src/link"), &st), 0);
	ck_assert_int_eq(st.st_mtime, 1100000000);
	arena_free(a);
}
END_TEST

/* what changes the id of a folder, and what does not */
static const struct change {
	const char *script;
	bool same;
} changes[] = {
	{ "true", true },
	{ "touch t/src/main.c", false }, /* it was the oldest: make would see to it */
	{ "touch -d @900000000 t/src/main.c", true },
	{ "touch -r t/configure t/src/main.c", false },
	{ "chmod 600 t/src/main.c", true }, /* only the owner's x counts, as in git */
	{ "echo more >>t/.git/objects/x", true },
	{ "rm -r t/.git t/sub/.git", true },
	{ "echo more >>t/src/main.c", false },
	{ "chmod 755 t/src/main.c", false },
	{ "chmod 644 t/configure", false },
	{ "mv t/configure t/configure2", false },
	{ "rmdir t/empty", false },
	{ "ln -snf src t/link", false },
	{ "rm t/link; cp t/src/main.c t/link", false },
	{ "echo more >>t/.gitignore", false },
	{ "touch t/new", false },
};

START_TEST(ids)
{
	struct arena *a = arena_new();
	struct override one, two;
	struct err e = { 0 };

	sh(a, tree);
	ck_assert_msg(override_read(a, NULL, in_dir(a, "t"), &one, &e) == 0, "%s", e.msg);
	sh(a, changes[_i].script);
	ck_assert_msg(override_read(a, NULL, in_dir(a, "t"), &two, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(!strcmp(one.id, two.id), changes[_i].same);
	if (!changes[_i].same) { /* what is exported must be what was read */
		ck_assert_int_eq(override_export(a, &one, 0, in_dir(a, "out"), &e), -1);
		ck_assert_str_eq(e.msg, arena_printf(a,
					    "override %s/t: changed since the build began; build "
					    "again when it is no longer edited",
					    test_dir()));
	}
	arena_free(a);
}
END_TEST

static const char repository[] =
    "git init -q g; cd g; git config user.name A; git config user.email a@example.org; echo one "
    ">a; mkdir d; echo two >d/b; chmod 755 d/b; ln -s d/b l\n"
    "git add .; git commit -qm one; git tag v1; echo dirty >>a; git clone -q --bare . ../bare; git "
    "clone -q . ../at@sign";

static const struct git_case {
	const char *text, *rev, *uncommitted;
} gits[] = {
	{ "git:%s/g", "HEAD", "/g: HEAD is built, without 1 file not committed, such as a; " },
	{ "git:%s/g@v1", "v1", NULL },
	{ "git:%s/bare@v1", "v1", NULL },
	{ "git:%s/bare", "HEAD", NULL },
	{ "git:%s/at@sign", "HEAD", NULL },
	{ "git:%s/at@sign@v1", "v1", NULL },
};

START_TEST(git)
{
	struct arena *a = arena_new();
	char *text = arena_printf(a, "git:%s/%s", test_dir(), gits[_i].text + strlen("git:%s/")),
	     *id;
	const char *said;
	struct override o;
	struct stat st, other;
	struct err e = { 0 };
	char was[DIGEST_HEX], is[DIGEST_HEX];

	sh(a, repository);
	ck_assert_msg(override_read(a, NULL, text, &o, &e) == 0, "%s", e.msg);
	ck_assert(o.git);
	ck_assert_str_eq(o.rev, gits[_i].rev);
	sh(a,
	    "git --git-dir=g/.git rev-parse 'v1^{tree}' >../$(basename $PWD)/id; mkdir expected; "
	    "cd expected; printf 'one\\n' >a; mkdir d; echo two >d/b; chmod 755 d/b; ln -s d/b l");
	ck_assert_int_eq(file_read(a, in_dir(a, "id"), &id, NULL, &e), 0);
	id[strcspn(id, "\n")] = '\0';
	ck_assert_str_eq(o.id, arena_printf(a, "git-tree %s", id));
	said = override_uncommitted(a, &o);
	ck_assert_int_eq(said != NULL, gits[_i].uncommitted != NULL);
	ck_assert(!said || strstr(said, gits[_i].uncommitted));

	ck_assert_msg(override_export(a, &o, 0, in_dir(a, "src"), &e) == 0, "%s", e.msg);
	ck_assert_int_eq(digest_tree(in_dir(a, "expected"), was, &e), 0);
	ck_assert_int_eq(digest_tree(in_dir(a, "src"), is, &e), 0);
	ck_assert_str_eq(was, is);
	ck_assert(!file_exists(in_dir(a, "src.tar")));
	/* one time for all: no file looks newer than what was made from it */
	ck_assert_int_eq(lstat(in_dir(a, "src/a"), &st), 0);
	ck_assert_int_eq(st.st_mtime, 946684800);
	ck_assert_int_eq(lstat(in_dir(a, "src/d"), &other), 0);
	ck_assert_int_eq(st.st_mtime, other.st_mtime);
	ck_assert_int_eq(lstat(in_dir(a, "src/l"), &other), 0);
	ck_assert_int_eq(st.st_mtime, other.st_mtime);
	arena_free(a);
}
END_TEST

/* a clone is somebody else's: what it, or a .gitattributes in it, would have run is not run */
static const struct {
	bool fails; /* there is nothing to be had then */
	const char *name, *trick;
} hostile[] = {
	{ false, "a filter of its configuration",
	    "echo '* filter=x' >.gitattributes; git config filter.x.smudge \"sh -c 'touch "
	    "$HOME/owned; cat'\"; two" },
	{ false, "a filter in info/attributes",
	    "echo '* filter=x' >.git/info/attributes; git config filter.x.smudge \"sh -c 'touch "
	    "$HOME/owned; cat'\"" },
	{ false, "a process filter",
	    "echo '* filter=x' >.gitattributes; two; git config filter.x.process \"touch "
	    "$HOME/owned\"" },
	{ false, "an include",
	    "echo '* filter=x' >.gitattributes; git config -f ../more filter.x.smudge \"sh -c "
	    "'touch $HOME/owned; cat'\"; git config include.path ../../more; two" },
	{ false, "a filter of whoever builds",
	    "echo '* filter=x' >.gitattributes; git config --global filter.x.smudge \"sh -c "
	    "'touch $HOME/owned; cat'\"; two" },
	{ false, "attributes for every clone",
	    "echo '* filter=x' >../all; git config core.attributesFile $HOME/all; git config "
	    "filter.x.smudge \"sh -c 'touch $HOME/owned; cat'\"" },
	{ false, "a monitor of files", "git config core.fsmonitor \"touch $HOME/owned; false\"" },
	{ false, "a submodule",
	    "git init -q s; git -C s config user.name A; git -C s config user.email a@b; git -C s "
	    "commit -q --allow-empty -m one; two; echo >s/b; git -C s config core.fsmonitor "
	    "\"touch $HOME/owned; false\"" },
	{ false, "hooks",
	    "for h in post-checkout post-index-change reference-transaction; do printf "
	    "'#!/bin/sh\\n"
	    "touch %s/owned\\n' $HOME >.git/hooks/$h; chmod 755 .git/hooks/$h; done" },
	{ false, "aliases",
	    "git config alias.archive \"!touch $HOME/owned\"; git config alias.rev-parse \"!touch "
	    "$HOME/owned\"" },
	{ false, "a replaced blob",
	    "git replace $(git rev-parse HEAD:a) $(echo evil | git hash-object -w "
	    "--stdin)" },
	{ true, "a promise of objects",
	    "git config protocol.ext.allow always; git config remote.p.url \"ext::sh -c 'touch "
	    "$HOME/owned'\"; git config remote.p.promisor true; git config "
	    "extensions.partialClone p; git config core.repositoryFormatVersion 1; rm -f "
	    ".git/objects/$(git rev-parse HEAD:a | sed 's|..|&/|')" },
	{ true, "HEAD is a fifo", "rm .git/HEAD; mkfifo .git/HEAD" },
	{ true, "HEAD is a symlink", "rm .git/HEAD; ln -s $HOME/owned .git/HEAD" },
	{ true, "a reference is a fifo", "mkfifo .git/refs/heads/a" },
	{ true, "a reference is a symlink to a fifo",
	    "mkfifo $HOME/f; ln -s $HOME/f .git/refs/heads/a" },
	{ true, "packed references are a fifo", "rm -f .git/packed-refs; mkfifo .git/packed-refs" },
	{ true, "an object is a fifo",
	    "f=.git/objects/$(git rev-parse HEAD:a | sed 's|..|&/|'); rm -f $f; mkfifo $f" },
	{ true, "alternates are a fifo", "mkfifo .git/objects/info/alternates" },
	{ true, ".git names a file that is none", "rm -rf .git; echo 'gitdir: /dev' >.git" },
};

START_TEST(git_of_strangers)
{
	struct arena *a = arena_new();
	struct override o;
	struct err e = { 0 };
	char *text;
	bool got;

	sh(a, "git init -q g; cd g; git config user.name A; git config user.email a@example.org; "
	      "echo one >a");
	sh(a, arena_printf(a,
		  "two() { git add .; git -c core.hooksPath=/dev/null commit -qm two; }; cd g; git "
		  "add .; git commit -qm one; %s; rm -f $HOME/owned",
		  hostile[_i].trick));
	got = override_read(a, NULL, arena_printf(a, "git:%s/g", test_dir()), &o, &e) == 0 &&
	      override_export(a, &o, 0, in_dir(a, "src"), &e) == 0;
	ck_assert_msg(got != hostile[_i].fails, "%s: %s", hostile[_i].name, e.msg);
	ck_assert_msg(!file_exists(in_dir(a, "owned")), "%s", hostile[_i].name);
	if (got) {
		override_uncommitted(a, &o);
		ck_assert_msg(!file_exists(in_dir(a, "owned")), "%s", hostile[_i].name);
		ck_assert_int_eq(file_read(a, in_dir(a, "src/a"), &text, NULL, &e), 0);
		ck_assert_str_eq(text, "one\n");
	}
	arena_free(a);
}
END_TEST

/* a clone that is found by a symlink, and one of several work trees of a clone */
START_TEST(git_elsewhere)
{
	static const char *const ways[] = { "link", "tree", "tree-link" };
	struct arena *a = arena_new();
	struct err e = { 0 };

	sh(a, repository);
	sh(a, "ln -s g link; git -C g worktree add -q ../tree v1; ln -s tree tree-link");
	for (size_t i = 0; i < COUNT(ways); i++) {
		const char *into = in_dir(a, arena_printf(a, "into-%s", ways[i]));
		struct override o;

		ck_assert_msg(override_read(a, NULL,
				  arena_printf(a, "git:%s/%s", test_dir(), ways[i]), &o, &e) == 0,
		    "%s", e.msg);
		ck_assert_msg(override_export(a, &o, 0, into, &e) == 0, "%s", e.msg);
		ck_assert(file_exists(arena_printf(a, "%s/d/b", into)));
	}
	arena_free(a);
}
END_TEST

/* a branch that moves on meanwhile: the tree that was read is what comes out */
START_TEST(git_moves_on)
{
	struct arena *a = arena_new();
	struct override o;
	struct err e = { 0 };
	char *text;

	sh(a, repository);
	ck_assert_msg(override_read(a, NULL, arena_printf(a, "git:%s/g", test_dir()), &o, &e) == 0,
	    "%s", e.msg);
	sh(a, "cd g; git commit -qam two");
	ck_assert_msg(override_export(a, &o, 0, in_dir(a, "src"), &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, in_dir(a, "src/a"), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "one\n");
	arena_free(a);
}
END_TEST

/* %D: the test's folder */
static const struct wrong {
	const char *text, *why;
} wrongs[] = {
	{ "%D/none", "override %D/none: %D/none: No such file or directory" },
	{ "%D/log", "override %D/log: %D/log: Not a directory" },
	{ "%D/odd", "override: %D/odd/pipe: neither file, folder nor symlink: move it out of the "
		    "source tree" },
	{ "git:%D/none@v1", "override git:%D/none@v1: %D/none: No such file or directory" },
	{ "git:%D/g@v2", "override git:%D/g@v2: %D/g: it has no v2^{tree}" },
	{ "git:%D/odd", "override git:%D/odd: %D/odd: not a git repository: HEAD is missing" },
};

static char *
filled(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, "");

	for (; *text; text++)
		if (!strncmp(text, "%D", 2))
			out = arena_printf(a, "%s%s", out, test_dir()), text++;
		else
			out = arena_printf(a, "%s%c", out, *text);
	return out;
}

START_TEST(wrong_ones)
{
	struct arena *a = arena_new();
	struct override o;
	struct err e = { 0 };

	sh(a, repository);
	sh(a, "mkdir odd; mkfifo odd/pipe");
	ck_assert_int_eq(override_read(a, NULL, filled(a, wrongs[_i].text), &o, &e), -1);
	ck_assert_str_eq(e.msg, filled(a, wrongs[_i].why));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

Suite *
override_suite(void)
{
	Suite *s =
	    suite_of("override", (const TTest *[]){ folder, git_moves_on, git_elsewhere, NULL });
	TCase *tc = harness_case(s, "cases");

	tcase_add_loop_test(tc, ids, 0, COUNT(changes));
	tcase_add_loop_test(tc, git, 0, COUNT(gits));
	tcase_add_loop_test(tc, git_of_strangers, 0, COUNT(hostile));
	tcase_add_loop_test(tc, wrong_ones, 0, COUNT(wrongs));
	return s;
}
