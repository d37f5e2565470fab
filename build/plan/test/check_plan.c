/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/tools.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define PIN(file) "source " file "\nsha256 " HEX "\nfrom https://a.example/\n"

/* two needs one; both exist on the host as well, where two needs nothing but one */
static const struct {
	const char *rel, *text;
} files[] = {
	{ "recipes/libc/recipe", "name libc\nlicence MIT\nvariant toolchain\n[build]\nmake\n" },
	{ "recipes/one/recipe",
	    "name one\nlicence ISC\nvariant host target\nneeds toolchain/libc\nversion 1.0\n" PIN(
		"one-1.0.tar") "version 0.9\n" PIN("one-0.9.tar") "[build]\nmake\n" },
	{ "recipes/two/recipe",
	    "name two\nlicence ISC\nvariant host target\nneeds same/one target/three "
	    "host/tool\nneeds target/one\n"
	    "config USE_DHCP ROOT_HASH SERVICES\nfile f\ninput layout\nkit k\nversion 2.0\n" PIN(
		"two-2.0.tar") "source two-2.0-b.tar\nsha256 " OTHER
			       "\ngit v2\n[build]\nmake\n[install]\ncp x ${SHORT} $OUT\n" },
	{ "recipes/two/f", "f\n" },
	{ "recipes/three/recipe",
	    "name three\nlicence ISC\nvariant target\nneeds target/one\nsource-of "
	    "one\n[build]\ncat $SYSDEPS/kernel.conf\n" },
	{ "recipes/tool/recipe", "name tool\nlicence ISC\nvariant host\n[build]\nmake\n" },
	{ "recipes/unlisted/recipe",
	    "name unlisted\nlicence ISC\nvariant target\nversion 1\n" PIN("u.tar") },
	{ "recipes/kits/k.sh", "# kit $CFLAGS-x, $GCCX and KERNEL_ARCH\n" },
	{ "layout/etc/passwd", "root:x\n" },
};

struct setting {
	struct arena *a;
	char *top;
	struct config cfg;
	struct recipes r;
	struct set set;
	struct sysdeps sd;
	struct plan p;
};

/* the plan of profile s6 of that checkout, with one NAME=VALUE if not NULL */
static int
plan(struct setting *t, const char *arg, struct err *e)
{
	char *args[] = { arena_strdup(t->a, arg ? arg : "") };

	if (config_read(t->a, t->top, args, arg != NULL, &t->cfg, e) < 0)
		return -1;
	if (recipe_read_all(t->a, t->top, &t->r, e) < 0 ||
	    set_read(t->a, t->top, t->cfg.set, &t->set, e) < 0)
		return -1;
	if (sysdeps_read(t->a, t->top, t->cfg.triple, &t->sd, e) < 0)
		return -1;
	return plan_make(t->a, &t->cfg, &t->r, &t->set, "s6", &t->p, e);
}

static struct setting
begin(void)
{
	struct setting t = { .a = arena_new() };

	t.top = checkout_new(t.a);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		checkout_file(t.a, t.top, files[i].rel, files[i].text);
	return t;
}

static char *
dump(struct arena *a, const struct plan *p)
{
	struct buf b = { 0 };
	char *text;

	for (size_t i = 0; i < p->n; i++) {
		const struct node *n = &p->v[i];

		buf_addf(&b, "%s %s:", n->id, n->version ? n->version->version : "-");
		for (size_t j = 0; j < n->nneeds; j++)
			buf_addf(&b, " %s", p->v[n->needs[j]].id);
		buf_adds(&b, " /");
		for (size_t j = 0; j < n->nclosure; j++)
			buf_addf(&b, " %zu", n->closure[j]);
		buf_adds(&b, "\n");
	}
	text = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return text;
}

START_TEST(order_and_closure)
{
	struct setting t = begin();
	struct err e = { 0 };

	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(t.a, &t.p),
	    "toolchain/libc -: /\n"
	    "target/one 1.0: toolchain/libc / 0\n"
	    "target/three 1.0: target/one / 0 1\n"
	    "host/tool -: /\n"
	    "target/two 2.0: target/one target/three host/tool / 0 1 2 3\n");
	ck_assert_ptr_eq(t.p.v[2].origin, t.p.v[1].recipe);
	ck_assert_str_eq(t.p.profile, "s6");

	/* on the host, nothing of the target or the toolchain is needed */
	ck_assert_msg(plan(&t, "PACKAGES=host/two one", &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(t.a, &t.p),
	    "toolchain/libc -: /\n"
	    "target/one 1.0: toolchain/libc / 0\n"
	    "target/three 1.0: target/one / 0 1\n"
	    "host/tool -: /\n"
	    "target/two 2.0: target/one target/three host/tool / 0 1 2 3\n"
	    "host/one 1.0: /\n"
	    "host/two 2.0: host/one host/tool / 3 5\n");

	ck_assert_ptr_null(plan_find(&t.p, "host/three"));
	ck_assert_int_eq(plan_keep(t.a, &t.p, "host/two", &e), 0);
	ck_assert_str_eq(dump(t.a, &t.p), "host/tool -: /\n"
					  "host/one 1.0: /\n"
					  "host/two 2.0: host/one host/tool / 0 1\n");
	ck_assert_int_eq(plan_keep(t.a, &t.p, "target/two", &e), -1);
	ck_assert_str_eq(e.msg, "target/two: profile s6 has no such package");
	arena_free(t.a);
}
END_TEST

START_TEST(one_profile_needs_more)
{
	struct setting t = begin();
	struct err e = { 0 };

	checkout_file(t.a, t.top, "recipes/profiles/s6", "target/one\n");
	checkout_file(t.a, t.top, "recipes/profiles/minimal", "target/one\n");
	checkout_file(t.a, t.top, "recipes/libc/recipe",
	    "name libc\nlicence MIT\nvariant toolchain\nneeds@s6 host/tool\n");
	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(t.a, &t.p), "host/tool -: /\n"
					  "toolchain/libc -: host/tool / 0\n"
					  "target/one 1.0: toolchain/libc / 0 1\n");
	ck_assert_msg(plan_make(t.a, &t.cfg, &t.r, &t.set, "minimal", &t.p, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(dump(t.a, &t.p), "toolchain/libc -: /\n"
					  "target/one 1.0: toolchain/libc / 0\n");
	arena_free(t.a);
}
END_TEST

START_TEST(a_given_toolchain_is_not_built)
{
	struct setting t = begin();
	struct err e = { 0 };

	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	t.cfg.cross_base = "/opt/cross";
	ck_assert_msg(plan_make(t.a, &t.cfg, &t.r, &t.set, "s6", &t.p, &e) == 0, "%s", e.msg);
	ck_assert_ptr_null(plan_find(&t.p, "toolchain/libc"));
	ck_assert_uint_eq(t.p.n, 4);
	arena_free(t.a);
}
END_TEST

/* the version that comes out for target/one, or the message */
static const struct {
	const char *arg, *version, *message;
} versions[] = {
	{ NULL, "1.0", NULL },
	{ "VERSION_one=0.9", "0.9", NULL },
	{ "VERSION_one=", "1.0", NULL },
	{ "VERSION_one=2", NULL, "one 2, from VERSION_one: the recipe pins only 1.0 0.9" },
	{ "VERSION_three=2", "1.0", NULL }, /* its versions are those of one */
	{ "VERSION_four=2", NULL,
	    "command line: VERSION_four: no such recipe; recipes/ has them all" },
	{ "OVERRIDE_four=/usr", NULL,
	    "command line: OVERRIDE_four: no such recipe; recipes/ has them all" },
	{ "SET=2024-10", NULL,
	    "two: set 2024-10 has no version of it; add one to recipes/sets/2024-10, or set "
	    "VERSION_two" },
	{ "PACKAGES=unlisted", NULL,
	    "unlisted: set 2026-07 has no version of it; add one to recipes/sets/2026-07, or set "
	    "VERSION_unlisted" },
	{ "PACKAGES=four", NULL, "PACKAGES: four: no such recipe; recipes/ has them all" },
	{ "PACKAGES=native/one", NULL,
	    "PACKAGES: native/one: no such recipe; recipes/ has them all" },
	{ "PACKAGES=host/three", NULL, "PACKAGES: host/three: the recipe has no variant host" },
};

START_TEST(choice_of_versions)
{
	struct setting t = begin();
	struct err e = { 0 };
	int r = plan(&t, versions[_i].arg, &e);

	if (versions[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(e.msg, versions[_i].message);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	} else {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_str_eq(
		    plan_find(&t.p, "target/one")->version->version, versions[_i].version);
	}
	arena_free(t.a);
}
END_TEST

START_TEST(an_override_is_any_version)
{
	struct setting t = begin();
	char *args[] = { arena_strdup(t.a, "OVERRIDE_one=/usr"),
		arena_strdup(t.a, "VERSION_one=9.9") };
	struct err e = { 0 };

	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(config_read(t.a, t.top, args, 2, &t.cfg, &e), 0);
	ck_assert_msg(plan_make(t.a, &t.cfg, &t.r, &t.set, "s6", &t.p, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(plan_find(&t.p, "target/one")->version->version, "9.9");
	ck_assert_str_eq(plan_find(&t.p, "target/one")->override, "/usr");
	ck_assert_str_eq(
	    plan_find(&t.p, "target/three")->override, "/usr"); /* of the same source */
	ck_assert_ptr_null(plan_find(&t.p, "target/two")->override);
	arena_free(t.a);
}
END_TEST

START_TEST(circles)
{
	struct setting t = begin();
	struct err e = { 0 };

	checkout_file(t.a, t.top, "recipes/libc/recipe",
	    "name libc\nlicence MIT\nvariant toolchain\nneeds host/tool\n");
	checkout_file(t.a, t.top, "recipes/tool/recipe",
	    "name tool\nlicence ISC\nvariant host\nneeds host/two\n");
	ck_assert_int_eq(plan(&t, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "dependency cycle: host/tool -> host/two -> host/tool");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(t.a);
}
END_TEST

/* ---- keys ---- */

static const struct tools tools = {
	.v = {
	    { "make", "GNU Make 4.3", USED_BY_ALL },
	    { "BUILD_CC", "gcc 12", USED_BY_HOST },
	    { "gcc", "cross gcc 12", USED_BY_TARGET },
	},
	.n = 3,
};

/* a plan whose first nodes count as built, with outputs 1, 2, .. */
static void
pretend(struct setting *t)
{
	t->p.tools = &tools;
	for (size_t i = 0; i < t->p.n; i++) {
		memset(t->p.v[i].output, '0' + (int)i, DIGEST_HEX - 1);
		t->p.v[i].form = t->p.v[i].version ? &t->p.v[i].version->forms[0] : NULL;
		t->p.v[i].override_hash = t->p.v[i].override ? "tree abc" : NULL;
	}
}

static char *
key_of(struct setting *t, const char *id)
{
	struct err e = { 0 };
	char *text;

	ck_assert_msg(plan_key(t->a, &t->cfg, &t->sd, &t->p, plan_find(&t->p, id), &text, &e) == 0,
	    "%s", e.msg);
	return text;
}

START_TEST(golden)
{
	struct setting t = begin();
	struct err e = { 0 };
	char layout[DIGEST_HEX], secret[DIGEST_HEX];

	ck_assert_msg(plan(&t, "PACKAGES=host/two", &e) == 0, "%s", e.msg);
	pretend(&t);
	config_set(t.a, &t.cfg, "ROOT_HASH", "a\nb\\", "test");
	ck_assert_str_eq(key_of(&t, "host/one"),
	    "config EPOCH 1784000000\n"
	    "format 1\n"
	    "node host/one\n"
	    "section build c117ade9ea8a00abe926dfed79297a9a3632defb97a3ffd1baf33fe92704aa0f\n"
	    "source " HEX "\n"
	    "system none\n"
	    "tool BUILD_CC gcc 12\n"
	    "tool make GNU Make 4.3\n"
	    "version 1.0\n");
	ck_assert_int_eq(digest_tree(arena_printf(t.a, "%s/layout", t.top), layout, &e), 0);
	/* keys are kept and sent: what is secret is told by its digest */
	digest_bytes("a\nb\\", 4, secret);
	ck_assert_str_eq(key_of(&t, "target/two"),
	    arena_printf(t.a,
		"config EPOCH 1784000000\n"
		"config ROOT_HASH %s\n"
		"config USE_DHCP true\n"
		"fact cflags -O1 -march=x86_64\n"
		"fact short x86_64\n"
		"file f 092fcfbbcfca3b5be7ae1b5e58538e92c35ab273ae13664fed0d67484c8e78a6\n"
		"format 1\n"
		"input layout %s\n"
		"kit k 9dfbb9330582abaf6b89711ef7e44ac347df8a90efab78d62172db12913ad6d2\n"
		"need host/tool 3333333333333333333333333333333333333333333333333333333333333333\n"
		"need target/one 1111111111111111111111111111111111111111111111111111111111111111\n"
		"need target/three "
		"2222222222222222222222222222222222222222222222222222222222222222\n"
		"need toolchain/libc "
		"0000000000000000000000000000000000000000000000000000000000000000\n"
		"node target/two\n"
		"section build c117ade9ea8a00abe926dfed79297a9a3632defb97a3ffd1baf33fe92704aa0f\n"
		"section install c5a1954ad41ecba30603f2f8ece69b2d450ae300f93e28aeb9d293749716dd17\n"
		"source " HEX "\n"
		"system none\n"
		"tool gcc cross gcc 12\n"
		"tool make GNU Make 4.3\n"
		"triple x86_64-linux-musl\n"
		"version 2.0\n",
		secret, layout));
	arena_free(t.a);
}
END_TEST

/* what is changed, and which of the three keys it changes */
static const struct {
	const char *rel, *text; /* a file */
	const char *arg;	/* or a variable */
	bool libc, one, two;	/* toolchain/libc target/one target/two */
} changes[] = {
	{ "README", "x", NULL, false, false, false },
	{ "recipes/two/f", "g\n", NULL, false, false, true },
	{ "recipes/kits/k.sh", "# other\n", NULL, false, false, true },
	{ "layout/etc/passwd", "other\n", NULL, false, false, true },
	{ "layout/etc/new", "", NULL, false, false, true },
	{ "patches/one/0001-x.patch", "x", NULL, false, true, false },
	{ "patches/two/0001-x.patch", "x", NULL, false, false, true },
	{ "patches/two/README", "x", NULL, false, false, false },
	{ "recipes/libc/recipe", "name libc\nlicence GPL\nvariant toolchain # x\n\n[build]\nmake\n",
	    NULL, false, false, false },
	{ "recipes/libc/recipe", "name libc\nlicence MIT\nvariant toolchain\n[build]\nmake all\n",
	    NULL, true, false, false },
	{ "recipes/libc/recipe", "name libc\nlicence MIT\nvariant toolchain\n[configure]\nmake\n",
	    NULL, true, false, false },
	{ "sysdeps/x86_64-linux-musl/kernel.conf", "other\n", NULL, false, false, false },
	{ "sysdeps/x86_64-linux-musl/facts", CHECKOUT_FACTS("x86_64", "gcc", "ELF64 X86"), NULL,
	    true, false, false },
	{ "sysdeps/x86_64-linux-musl/facts", CHECKOUT_FACTS("x86_65", "gcc", "ELF64 X86_64"), NULL,
	    false, false, true },
	{ "sysdeps/x86_64-linux-musl/facts", CHECKOUT_FACTS("x86_64", "cc", "ELF64 X86_64"), NULL,
	    false, false, false },
	{ NULL, NULL, "USE_DHCP=false", false, false, true },
	{ NULL, NULL, "SERVICES=recipes/two", false, false, true },
	{ NULL, NULL, "LOCAL_IP=10.0.2.16", false, false, false },
	{ NULL, NULL, "EPOCH=1", true, true, true },
	{ NULL, NULL, "TRIPLE=i486-linux-musl", true, true, true },
	{ NULL, NULL, "VERSION_one=0.9", false, true, false },
	{ NULL, NULL, "OVERRIDE_two=/usr", false, false, true },
	{ NULL, NULL, "JOBS=77", false, false, false },
	{ NULL, NULL, "OUTPUT=elsewhere", false, false, false },
};

START_TEST(what_changes_a_key)
{
	static const char *const ids[] = { "toolchain/libc", "target/one", "target/two" };
	const bool expected[] = { changes[_i].libc, changes[_i].one, changes[_i].two };
	struct setting t = begin();
	char *before[3];
	struct err e = { 0 };

	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	pretend(&t);
	for (int i = 0; i < 3; i++)
		before[i] = key_of(&t, ids[i]);
	if (changes[_i].rel)
		checkout_file(t.a, t.top, changes[_i].rel, changes[_i].text);
	ck_assert_msg(plan(&t, changes[_i].arg, &e) == 0, "%s", e.msg);
	pretend(&t);
	for (int i = 0; i < 3; i++)
		ck_assert_msg((strcmp(before[i], key_of(&t, ids[i])) != 0) == expected[i],
		    "%s: before\n%sthen\n%s", ids[i], before[i], key_of(&t, ids[i]));
	arena_free(t.a);
}
END_TEST

START_TEST(what_else_changes_a_key)
{
	struct setting t = begin();
	struct tools unboxed = tools;
	struct node *two;
	struct err e = { 0 };
	char *before, *text;

	ck_assert_msg(plan(&t, NULL, &e) == 0, "%s", e.msg);
	pretend(&t);
	two = &t.p.v[4];
	before = key_of(&t, "target/two");

	/* any need's output, also of those it does not name itself */
	t.p.v[0].output[0] = 'x';
	ck_assert_str_ne(before, key_of(&t, "target/two"));
	t.p.v[0].output[0] = '0';
	ck_assert_str_eq(before, key_of(&t, "target/two"));
	/* the byte form */
	two->form = &two->version->forms[1];
	ck_assert_str_ne(before, key_of(&t, "target/two"));
	/* that of the preferred one is meant when none is there yet */
	two->form = NULL;
	ck_assert_str_eq(before, key_of(&t, "target/two"));

	/* a file that became a program; what the umask of the checkout was is no matter */
	before = key_of(&t, "target/two");
	ck_assert_int_eq(chmod(arena_printf(t.a, "%s/recipes/two/f", t.top), 0600), 0);
	ck_assert_str_eq(before, key_of(&t, "target/two"));
	ck_assert_int_eq(chmod(arena_printf(t.a, "%s/recipes/two/f", t.top), 0755), 0);
	ck_assert_str_ne(before, key_of(&t, "target/two"));
	ck_assert_int_eq(chmod(arena_printf(t.a, "%s/recipes/two/f", t.top), 0644), 0);
	/* an input is seen where it lies */
	ck_assert_int_eq(chmod(arena_printf(t.a, "%s/layout", t.top), 0700), 0);
	ck_assert_str_ne(before, key_of(&t, "target/two"));
	ck_assert_int_eq(chmod(arena_printf(t.a, "%s/layout", t.top), 0755), 0);
	/* what was built without a sandbox */
	unboxed.unboxed = "no bwrap";
	t.p.tools = &unboxed;
	ck_assert_str_ne(before, key_of(&t, "target/two"));
	ck_assert(strstr(key_of(&t, "target/two"), "\nsandbox none\n"));
	t.p.tools = &tools;
	ck_assert_str_eq(before, key_of(&t, "target/two"));

	/* files of sysdeps/TRIPLE, for whoever speaks of them */
	before = key_of(&t, "target/three");
	checkout_file(t.a, t.top, "sysdeps/x86_64-linux-musl/kernel.conf", "other\n");
	ck_assert_str_ne(before, key_of(&t, "target/three"));

	/* without the outputs of its needs there is no key */
	t.p.v[2].output[0] = '\0';
	ck_assert_int_eq(plan_key(t.a, &t.cfg, &t.sd, &t.p, two, &text, &e), -1);
	ck_assert_str_eq(e.msg, "target/two: target/three, which it needs, is not built");
	arena_free(t.a);
}
END_TEST

/* DEBUG names recipes as PACKAGES does */
START_TEST(tools_for_debugging)
{
	struct setting t = begin();
	struct err e = { 0 };

	ck_assert_int_eq(plan(&t, "DEBUG=strace", &e), -1);
	ck_assert_str_eq(e.msg, "DEBUG: strace: no such recipe; recipes/ has them all");
	checkout_file(t.a, t.top, "recipes/strace/recipe",
	    "name strace\nlicence MIT\nvariant target\n[build]\nmake\n");
	ck_assert_msg(plan(&t, "DEBUG=strace", &e) == 0, "%s", e.msg);
	ck_assert_ptr_nonnull(plan_find(&t.p, "target/strace"));
	ck_assert_msg(plan(&t, "DEBUG=", &e) == 0, "%s", e.msg);
	ck_assert_ptr_null(plan_find(&t.p, "target/strace"));
	arena_free(t.a);
}
END_TEST

/* by what is in them, in their order, and not by where they lie */
START_TEST(folders_are_keyed_by_content)
{
	static const struct {
		const char *services;
		bool same;
	} rows[] = { { "SERVICES=a b", true }, { "SERVICES=c b", true }, { "SERVICES=b a", false },
		{ "SERVICES=a", false }, { "SERVICES=a d", false } };
	static const char *const defs[][2] = { { "a/x/type", "oneshot\n" },
		{ "b/y/type", "bundle\n" }, { "c/x/type", "oneshot\n" },
		{ "d/y/type", "longrun\n" } };
	struct setting t = begin();
	struct err e = { 0 };
	char *first = NULL;

	for (size_t i = 0; i < sizeof defs / sizeof *defs; i++)
		checkout_file(t.a, t.top, defs[i][0], defs[i][1]);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(plan(&t, rows[i].services, &e) == 0, "%s", e.msg);
		pretend(&t);
		if (!first)
			first = key_of(&t, "target/two");
		ck_assert_msg((strcmp(first, key_of(&t, "target/two")) == 0) == rows[i].same,
		    "%s:\n%s", rows[i].services, key_of(&t, "target/two"));
	}
	arena_free(t.a);
}
END_TEST

Suite *
plan_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = harness_case(s, "plan");

	tcase_add_test(tc, order_and_closure);
	tcase_add_test(tc, one_profile_needs_more);
	tcase_add_test(tc, a_given_toolchain_is_not_built);
	tcase_add_loop_test(tc, choice_of_versions, 0, sizeof versions / sizeof *versions);
	tcase_add_test(tc, an_override_is_any_version);
	tcase_add_test(tc, circles);
	tcase_add_test(tc, golden);
	tcase_add_loop_test(tc, what_changes_a_key, 0, sizeof changes / sizeof *changes);
	tcase_add_test(tc, what_else_changes_a_key);
	tcase_add_test(tc, folders_are_keyed_by_content);
	tcase_add_test(tc, tools_for_debugging);
	return s;
}
