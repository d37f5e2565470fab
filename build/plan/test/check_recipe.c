/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/recipe.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define TOP "name one\nlicence ISC\nvariant target\n"
#define VERSION TOP "version 1.0\n"
#define SOURCE VERSION "source one-${version}.tar.gz\n"
#define PINNED SOURCE "sha256 " HEX "\nfrom https://a.example/\n"

/* everything a recipe can say, as text again */
static char *
dump(struct arena *a, const struct recipe *r)
{
	static const char *const kinds[] = {
		[ORIGIN_URL] = "url", [ORIGIN_DEBIAN] = "debian", [ORIGIN_GIT] = "git"
	};
	struct buf b = { 0 };
	char *text;

	buf_addf(&b, "%s, %s:", r->name, r->licence);
	for (int v = 0; v < NVARIANTS; v++)
		if (r->variants[v])
			buf_addf(&b, " %s", variant_names[v]);
	buf_addf(&b, "; kit %s; source-of %s; image %d\n", r->kit ? r->kit : "-",
	    r->source_of ? r->source_of : "-", r->image);
	for (size_t i = 0; i < r->nneeds; i++)
		buf_addf(&b, "need %s/%s%s%s\n",
		    r->needs[i].same ? "same" : variant_names[r->needs[i].variant],
		    r->needs[i].name, r->needs[i].profile ? " in " : "",
		    r->needs[i].profile ? r->needs[i].profile : "");
	for (size_t i = 0; i < r->nconfig; i++)
		buf_addf(&b, "config %s\n", r->config[i]);
	for (size_t i = 0; i < r->nfiles; i++)
		buf_addf(&b, "file %s\n", r->files[i]);
	for (size_t i = 0; i < r->ninputs; i++)
		buf_addf(&b, "input %s\n", r->inputs[i]);
	for (size_t i = 0; i < r->nversions; i++) {
		buf_addf(&b, "version %s\n", r->versions[i].version);
		for (size_t j = 0; j < r->versions[i].nlicences; j++)
			buf_addf(&b, " licence %s %.4s\n", r->versions[i].licences[j].path,
			    r->versions[i].licences[j].sha256);
		for (size_t j = 0; j < r->versions[i].nforms; j++) {
			const struct source *s = &r->versions[i].forms[j];

			buf_addf(
			    &b, " %s %.4s %llu\n", s->file, s->sha256, (unsigned long long)s->size);
			for (size_t k = 0; k < s->norigins; k++)
				buf_addf(&b, "  %s %s\n", kinds[s->origins[k].kind],
				    s->origins[k].where);
		}
	}
	for (int s = 0; s < NSECTIONS; s++)
		if (r->sections[s])
			buf_addf(&b, "[%s] %u\n%s", section_names[s], r->section_line[s],
			    r->sections[s]);
	text = arena_strdup(a, b.p);
	buf_free(&b);
	return text;
}

static const struct {
	const char *text, *dump;
} good[] = {
	{ TOP, "one, ISC: target; kit -; source-of -; image 1\n" },
	{ "# a comment\n\n  name\tone   # like the folder\nlicence MIT AND (ISC OR X)\nvariant "
	  "host target\nimage no\nkit k\n"
	  "needs same/a target/b\nneeds toolchain/c\nconfig TRIPLE ROOT_HASH\nfile "
	  "patch.txt\ninput layout recipes/kits\n"
	  "version 2\n  licence-file COPYING " HEX "\n  licence-file doc/MIT " HEX
	  "\n  source one-${version}.tar.gz\n    sha256 " HEX
	  "\n    size 12\n    from https://a.example/dir/\n    from "
	  "https://b.example/${name}/v${version}.tgz\n"
	  "    debian pool/main/o/one/one_${version}.orig.tar.gz\n  source "
	  "one-${version}-tag.tar.gz\n    sha256 " HEX "\n    git v${version}\n"
	  "version 1.9\n  source one-1.9.zip\n    sha256 " HEX "\n    from https://a.example/dir/\n"
	  "\n[build]\n# kept\nmake # this, too\n\n[install]\n\tmake install\n[ -d x ]\n",
	    "one, MIT AND (ISC OR X): host target; kit k; source-of -; image 0\n"
	    "need same/a\nneed target/b\nneed toolchain/c\nconfig TRIPLE\nconfig ROOT_HASH\nfile "
	    "patch.txt\ninput layout\ninput recipes/kits\n"
	    "version 2\n licence COPYING 0123\n licence doc/MIT 0123\n one-2.tar.gz 0123 12\n  url "
	    "https://a.example/dir/one-2.tar.gz\n  url https://b.example/one/v2.tgz\n"
	    "  debian pool/main/o/one/one_2.orig.tar.gz\n one-2-tag.tar.gz 0123 0\n  git v2\n"
	    "version 1.9\n one-1.9.zip 0123 0\n  url https://a.example/dir/one-1.9.zip\n"
	    "[build] 30\n# kept\nmake # this, too\n\n[install] 34\n\tmake install\n[ -d x ]\n" },
	{ TOP "needs target/a\nneeds@s6 same/b target/c\nneeds@minimal target/c\n",
	    "one, ISC: target; kit -; source-of -; image 1\nneed target/a\nneed same/b in "
	    "s6\nneed target/c in s6\nneed target/c in minimal\n" },
	{ TOP "source-of linux\n[configure]\n[build]\n",
	    "one, ISC: target; kit -; source-of linux; image 1\n[configure] 5\n[build] 6\n" },
};

START_TEST(reads)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct recipe r;
	struct err e = { 0 };

	checkout_file(a, top, "recipes/one/recipe", good[_i].text);
	checkout_file(a, top, "recipes/one/patch.txt", "");
	ck_assert_msg(
	    recipe_read(a, arena_printf(a, "%s/recipes/one", top), &r, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(a, &r), good[_i].dump);
	arena_free(a);
}
END_TEST

/* messages begin with the recipe's path and, where a number stands here, the line */
static const struct {
	const char *text, *message;
} bad[] = {
	{ "", ": missing required key name" },
	{ "# nothing\n", ": missing required key name" },
	{ "licence ISC\nname one\n", ":1: licence: comes before the name" },
	{ "name two\n", ":1: name two: the folder's name is one" },
	{ "name one\nname one\n", ":2: name: duplicate key" },
	{ "name one\nvariant target\n", ": missing required key licence" },
	{ "name one\nlicence ISC\n", ": missing required key variant" },
	{ "name one\nlicence\n", ":2: licence: has no value" },
	{ "name one\nlicense ISC\n", ":2: license: unknown key; lh-recipe(5) has them all" },
	{ TOP "variant host\n", ":4: variant: duplicate key" },
	{ "name one\nvariant native\n", ":2: variant native: one of host toolchain target" },
	{ TOP "needs a\n", ":4: needs a: write host/NAME toolchain/NAME target/NAME or same/NAME" },
	{ TOP "needs native/a\n",
	    ":4: needs native/a: write host/NAME toolchain/NAME target/NAME or same/NAME" },
	{ TOP "needs host/\n",
	    ":4: needs host/: write host/NAME toolchain/NAME target/NAME or same/NAME" },
	{ TOP "needs host/../a\n",
	    ":4: needs host/../a: write host/NAME toolchain/NAME target/NAME or same/NAME" },
	{ TOP "config HOME\n", ":4: config HOME: lh-config has no such variable" },
	{ TOP "file absent\n", ":4: file absent: is not in the recipe's folder" },
	{ TOP "file ../two\n", ":4: file ../two: is not in the recipe's folder" },
	{ TOP "input /etc\n", ":4: input /etc: expected a path inside the checkout" },
	{ TOP "input a/../../b\n", ":4: input a/../../b: expected a path inside the checkout" },
	{ TOP "unpack ../a\n", ":4: unpack ../a: expected a path inside the source" },
	{ "name one\nlicence ISC\nvariant host host\n", ":3: variant host: duplicate" },
	{ TOP "needs target/a same/a\nneeds target/a\n", ":5: needs target/a: duplicate" },
	{ TOP "needs target/a\nneeds@s6 target/a\n", ":5: needs target/a: duplicate" },
	{ TOP "needs@s6 target/a\nneeds target/a\n", ":5: needs target/a: duplicate" },
	{ TOP "needs@s6 target/a target/a\n", ":4: needs target/a: duplicate" },
	{ TOP "needs@ target/a\n", ":4: needs@: not a profile's name" },
	{ TOP "needs@../s6 target/a\n", ":4: needs@../s6: not a profile's name" },
	{ TOP "config@s6 SET\n", ":4: config@s6: only needs can be of one profile" },
	{ TOP "needy@s6 target/a\n", ":4: needy: unknown key; lh-recipe(5) has them all" },
	{ TOP "config SET TRIPLE SET\n", ":4: config SET: duplicate" },
	{ TOP "file recipe recipe\n", ":4: file recipe: duplicate" },
	{ TOP "input a b\ninput b\n", ":5: input b: duplicate" },
	{ TOP "unpack a a\n", ":4: unpack a: duplicate" },
	{ TOP "image maybe\n", ":4: image maybe: yes or no" },
	{ TOP "kit a/b\n", ":4: kit a/b: not a valid name" },
	{ TOP "version ../1\n", ":4: version ../1: not a valid version" },
	{ TOP "licence-file COPYING " HEX "\n", ":4: licence-file: comes before any version" },
	{ VERSION "licence-file ../a " HEX "\n",
	    ":5: licence-file ../a: expected a path inside the source" },
	{ VERSION "licence-file a\n",
	    ":5: licence-file a: expected its sha256, 64 digits 0-9 a-f, after it" },
	{ VERSION "licence-file a " HEX "\nlicence-file a " HEX "\n",
	    ":6: licence-file a: duplicate" },
	{ TOP "source x\n", ":4: source: comes before any version" },
	{ TOP "sha256 x\n", ":4: sha256: comes before any source of the version" },
	{ VERSION "sha256 x\n", ":5: sha256: comes before any source of the version" },
	{ VERSION, ": version 1.0: has no source" },
	{ VERSION "version 2\n", ": version 1.0: has no source" },
	{ SOURCE, ": source one-1.0.tar.gz: missing required key sha256" },
	{ SOURCE "sha256 " HEX "\n",
	    ": source one-1.0.tar.gz: has no origin; add from, debian or git" },
	{ SOURCE "sha256 0123\n", ":6: sha256 0123: expected 64 digits 0-9 a-f" },
	{ SOURCE "sha256 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF\n",
	    ":6: sha256 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF: expected "
	    "64 digits 0-9 a-f" },
	{ SOURCE "size 1k\n", ":6: size 1k: expected a number of bytes" },
	{ SOURCE "size 0\n", ":6: size 0: expected a number of bytes" },
	{ SOURCE "from a.example/\n", ":6: from a.example/: not a URL" },
	{ SOURCE "from https://a.example/${major}/\n",
	    ":6: ${major}/: only ${version} and ${name} expand" },
	{ SOURCE "debian /pool\n",
	    ":6: debian /pool: expected a path below the archive, such as pool/main/..." },
	{ SOURCE "git -x\n", ":6: git -x: not a valid tag name" },
	{ SOURCE "size 1\nsize 1\n", ":7: size: duplicate key" },
	{ VERSION "source a/b\n", ":5: source a/b: not a valid file name" },
	{ VERSION "source .hidden\n", ":5: source .hidden: not a valid file name" },
	{ SOURCE "source two\n", ": source one-1.0.tar.gz: missing required key sha256" },
	{ PINNED "version 1.0\n", ":8: version 1.0: duplicate" },
	{ PINNED "source-of two\n", ": has source-of two and versions of its own" },
	{ TOP "[test]\n", ":4: [test]: no such section; [configure], [build] and [install] are" },
	{ TOP "[build]\n[build]\n", ":5: [build]: duplicate section" },
	{ TOP "[install]\nx\n[build]\n",
	    ":6: [build]: comes after [install]; the order is configure, build, install" },
	{ TOP "[build]\n[check]\n",
	    ":5: [check]: no such section; [configure], [build] and [install] are" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *dir = arena_printf(a, "%s/recipes/one", top);
	struct recipe r;
	struct err e = { 0 };

	checkout_file(a, top, "recipes/one/recipe", bad[_i].text);
	ck_assert_int_eq(recipe_read(a, dir, &r, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/recipe%s", dir, bad[_i].message));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* what only shows when all recipes are known; two/recipe is what is told here */
static const struct {
	const char *two, *message;
} links[] = {
	{ "variant host\nneeds host/one\n", NULL },
	{ "variant target\nneeds target/one host/one\n", NULL },
	{ "variant host target\nneeds target/one same/one\n", NULL },
	{ "variant target\nneeds target/three\n", ":4: needs three: no such recipe" },
	{ "variant target\nneeds toolchain/one\n",
	    ":4: needs toolchain/one: one has no such variant" },
	{ "variant toolchain\nneeds same/one\n",
	    ":4: needs toolchain/one: one has no such variant" },
	{ "variant host\nneeds target/one\n",
	    ":4: needs target/one: none of its variants can need that" },
	{ "variant target\nneeds@p target/one\n", NULL },
	{ "variant target\nneeds@q target/one\n",
	    ":4: needs@q: no such profile: recipes/profiles/q" },
	{ "variant target\nneeds@p target/three\n", ":4: needs three: no such recipe" },
	{ "variant target\nsource-of three\n", ": source-of three: no such recipe" },
	{ "variant target\nsource-of two\n", ": source-of two: has no versions itself" },
	{ "variant target\ninput nowhere\n", ": input nowhere: is not in the checkout" },
	{ "variant target\ninput recipes\n", NULL },
	{ "variant target\nkit absent\n", ": kit absent: no such file: recipes/kits/absent.sh" },
};

START_TEST(together)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct recipes all;
	struct err e = { 0 };
	int r;

	checkout_file(a, top, "recipes/one/recipe", "name one\nlicence ISC\nvariant host target\n");
	checkout_file(a, top, "recipes/two/recipe",
	    arena_printf(a, "name two\nlicence ISC\n%s", links[_i].two));
	checkout_file(a, top, "recipes/kits/k.sh", "");
	checkout_file(a, top, "recipes/profiles/p", "");
	r = recipe_read_all(a, top, &all, &e);
	if (links[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a, "%s/recipes/two/recipe%s", top, links[_i].message));
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_uint_eq(all.n, 2);
		ck_assert_str_eq(recipe_find(&all, "two")->name, "two");
		ck_assert_ptr_null(recipe_find(&all, "kits"));
	}
	arena_free(a);
}
END_TEST

START_TEST(who_needs_what)
{
	/* need, then whether each variant takes it, and as which */
	static const struct {
		struct need need;
		int as[NVARIANTS]; /* -1: not */
	} table[] = {
		{ { .variant = VARIANT_HOST }, { VARIANT_HOST, VARIANT_HOST, VARIANT_HOST } },
		{ { .variant = VARIANT_TOOLCHAIN }, { -1, VARIANT_TOOLCHAIN, VARIANT_TOOLCHAIN } },
		{ { .variant = VARIANT_TARGET }, { -1, -1, VARIANT_TARGET } },
		{ { .same = true }, { VARIANT_HOST, VARIANT_TOOLCHAIN, VARIANT_TARGET } },
	};

	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		for (enum variant of = 0; of < NVARIANTS; of++) {
			enum variant as;
			bool applies = need_applies(&table[i].need, of, &as);

			ck_assert_int_eq(applies ? (int)as : -1, table[i].as[of]);
		}
}
END_TEST

static const struct {
	const char *text, *message; /* NULL: fine */
} sets[] = {
	{ "", NULL },
	{ "# c\na 1\nb 2 # d\n", NULL },
	{ "a 1\nb\n", ":2: expected NAME VERSION" },
	{ "a 1 2\n", ":1: expected NAME VERSION" },
	{ "a 1\na 2\n", ":2: a: duplicate key" },
};

START_TEST(set_files)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct set s;
	struct err e = { 0 };
	int r;

	checkout_file(a, top, "recipes/sets/x", sets[_i].text);
	r = set_read(a, top, "x", &s, &e);
	if (sets[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(
		    e.msg, arena_printf(a, "%s/recipes/sets/x%s", top, sets[_i].message));
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_str_eq(s.name, "x");
		ck_assert_ptr_null(set_version(&s, "c"));
		if (s.n)
			ck_assert_str_eq(set_version(&s, "b"), "2");
	}
	arena_free(a);
}
END_TEST

/* a layout has the words of lh-config put in; what the user gave is as it was given */
static const struct {
	const char *profile, *given;
} layouts[] = {
	{ "minimal", "rootfs/root/.ssh/authorized_keys" },
	{ "s6", "rootfs/root/.ssh/authorized_keys" },
	{ "s6", "rootfs/etc/s6-rc/source/mine/run" },
	{ "s6", "rootfs/etc/s6-rc/compiled/boot/mine" },
};

START_TEST(layout_of_others)
{
	const char *profile = layouts[_i].profile, *given = layouts[_i].given;
	struct arena *a = arena_new();

	/* [install] as a step runs it, after a [build] of nothing but a service of the user's */
	ck_assert_int_eq(
	    system(arena_printf(a,
		"exec >/dev/null; set -eu; TOP=$PWD OUT=%s/out SHORT=x86_64 "
		"SSH_AUTHORIZED_KEYS='ssh-rsa "
		"AAAA a@HOSTNAME@b c@LAPTOP@d' CONSOLE=ttyS0 USE_DHCP=true LOCAL_IP=10.0.2.15 "
		"ROUTER_IP=10.0.2.2 DNS_IP=10.0.2.3 COUNTRY_CODE= SWAP_SIZE=1 RWFS_SIZE=1 "
		"USERFS_SIZE=1 EXTRA_SIZE=0 HARDWARE=false ROOT_HASH= GUEST_HASH= "
		"SSH_ROOT_PASSWORD=false; "
		". recipes/kits/layout.sh; cd %s; mkdir -p compiled services/mine init/bin; "
		"echo 'a@HOSTNAME@b c@LAPTOP@d' | tee compiled/mine >services/mine/run; "
		"mkdir bin; echo '#!/bin/sh' >bin/s6-rc-db; chmod +x bin/*; PATH=$PWD/bin:$PATH; "
		"sed '1,/^.install.$/d' $TOP/recipes/layout-%s/recipe >install; "
		". ./install; cd $OUT; grep 'a@HOSTNAME@b c@LAPTOP@d' %s; if grep @ "
		"rootfs/etc/hosts; then exit 1; fi; "
		"grep lh-x86_64 rootfs/etc/hosts; grep '^root:[*]:' rootfs/etc/shadow",
		test_dir(), test_dir(), profile, given)),
	    0);
	arena_free(a);
}
END_TEST

Suite *
recipe_suite(void)
{
	Suite *s = suite_create("recipe");
	TCase *tc = harness_case(s, "recipe");

	tcase_add_loop_test(tc, reads, 0, sizeof good / sizeof *good);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	tcase_add_loop_test(tc, together, 0, sizeof links / sizeof *links);
	tcase_add_test(tc, who_needs_what);
	tcase_add_loop_test(tc, set_files, 0, sizeof sets / sizeof *sets);
	tcase_add_loop_test(tc, layout_of_others, 0, sizeof layouts / sizeof *layouts);
	return s;
}
