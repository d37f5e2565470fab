/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/sbom.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/plan/tools.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
/* of "one\n", "two\n" and of nothing */
#define ONE "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806"
#define TWO "27dd8ed44a83ff94d557f9fd0412ed5a8cbca69ea04922d88c01184a07300a5a"
#define NIL "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char manifest[] =
    "lh-manifest 2\ntriple i486-linux-musl\nprofile minimal\nset 2026-07\nqemu "
    "qemu-system-i386\nmachine pc\nmemory 256\nconsole ttyS0\n"
    "kernel kernel\nimage disk-image.raw\nimage-digest 1111\nkey 2222\n";

static const char files[] = "lh-files 2\n"
			    "rootfs:/ 040755 0 0 - - lh-build\n"
			    "rootfs:/bin/one 100755 0 0 4 " ONE " one\n"
			    "rootfs:/bin/two 120777 0 0 - one one\n"
			    "rootfs:/bin/unknown 100755 0 0 4 " TWO " one\n"
			    "rootfs:/etc/caf\303\251 100644 0 0 0 " NIL " lh-build\n"
			    "extra:/mine 100644 0 0 4 " HEX " HOST_HOST_BASE\n";

static const char linked[] = "rootfs/bin/one\ttoolchain/musl\tlib/crt1.o\n"
			     "rootfs/bin/one\town\tmain.o\n"
			     "rootfs/bin/one\tsystem\t/usr/lib/gcc/libgcc.a\n"
			     "rootfs/bin/one\ttoolchain/musl\tlib/libc.a\n"
			     "rootfs/bin/unknown\tunknown\t-\n"
			     "sdk/bin/other\town\tother.o\n";

static struct origin origins[] = { { ORIGIN_GIT, "v1" },
	{ ORIGIN_URL, "https://example.org/one-1.0.tar.gz" } };
static struct source form = {
	.file = "one-1.0.tar.gz", .sha256 = HEX, .origins = origins, .norigins = 2
};
static struct licence_file licences[] = { { "COPYING", HEX }, { "doc/BSD", HEX } };
static struct version version = {
	.version = "1.0", .forms = &form, .nforms = 1, .licences = licences, .nlicences = 2
};

struct world {
	struct arena *a;
	struct config cfg;
	struct recipe one, musl;
	struct node nodes[2];
	struct tools tools;
	struct plan plan;
	const char *dir;
};

static void
world_make(struct world *w, const char *names)
{
	struct arena *a = w->a = arena_new();
	const char *top = checkout_new(a);
	char *args[] = { arena_printf(a, "OUTPUT=%s/out", test_dir()),
		arena_printf(a, "CACHE=%s/cache", test_dir()),
		arena_strdup(a, "TRIPLE=i486-linux-musl") };
	struct err e = { 0 };

	ck_assert_msg(config_read(a, top, args, 3, &w->cfg, &e) == 0, "%s", e.msg);
	checkout_file(a, top, "patches/one/0001-a.patch", "");
	checkout_file(a, test_dir(), "store/linked", linked);
	checkout_file(a, test_dir(), "image/manifest", manifest);
	checkout_file(a, test_dir(), "image/files", names);
	checkout_file(a, test_dir(), "image/rootfs/bin/one", "one\n");
	checkout_file(a, test_dir(), "image/rootfs/bin/unknown", "two\n");
	checkout_file(a, test_dir(), "image/rootfs/etc/caf\303\251", "");
	w->one = (struct recipe){ .name = "one", .licence = "MIT AND ISC" };
	w->musl = (struct recipe){ .name = "musl", .licence = "MIT" };
	w->nodes[0] = (struct node){ .recipe = &w->musl,
		.origin = &w->musl,
		.variant = VARIANT_TOOLCHAIN,
		.id = "toolchain/musl",
		.version = &version,
		.override = "/tree",
		.store = test_dir() };
	w->nodes[1] = (struct node){ .recipe = &w->one,
		.origin = &w->one,
		.variant = VARIANT_TARGET,
		.id = "target/one",
		.version = &version,
		.form = &form,
		.store = arena_printf(a, "%s/store", test_dir()) };
	w->tools = (struct tools){ .v = { { "gcc", "gcc (GCC) 12", USED_BY_TARGET } }, .n = 1 };
	w->plan = (struct plan){ .v = w->nodes, .n = 2, .tools = &w->tools };
	w->dir = arena_printf(a, "%s/image", test_dir());
}

static char *
text_of(struct arena *a, const char *path)
{
	struct err e = { 0 };
	char *text;

	ck_assert_msg(file_read(a, path, &text, NULL, &e) == 0, "%s", e.msg);
	return text;
}

START_TEST(documents)
{
	static const char *const names[] = { "sbom.spdx.json", "sbom.cdx.json" };
	struct err e = { 0 };
	struct world w;

	world_make(&w, files);
	ck_assert_msg(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < 2; i++)
		ck_assert_str_eq(text_of(w.a, arena_printf(w.a, "%s/%s", w.dir, names[i])),
		    text_of(w.a, arena_printf(w.a, "build/test/data/%s", names[i])));
	arena_free(w.a);
}
END_TEST

START_TEST(no_sandbox_is_told)
{
	static const char *const told[][2] = {
		{ "sbom.spdx.json", "Its packages were built without a sandbox." },
		{ "sbom.cdx.json", "\"name\": \"lh:sandbox\",\n    \"value\": \"no\"" },
	};
	struct err e = { 0 };
	struct world w;

	world_make(&w, files);
	w.tools.unboxed = "no bwrap";
	ck_assert_msg(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < 2; i++)
		ck_assert_msg(strstr(text_of(w.a, arena_printf(w.a, "%s/%s", w.dir, told[i][0])),
				  told[i][1]) != NULL,
		    "%s", told[i][0]);
	arena_free(w.a);
}
END_TEST

/* each document that is written gets a new file; the manifest has the digest of what is there */
static void
rewrite(struct world *w, const char *path, bool written)
{
	struct err e = { 0 };
	struct stat before, after;
	char hex[DIGEST_HEX];

	ck_assert_int_eq(stat(path, &before), 0);
	ck_assert_msg(sbom_refresh(w->a, &w->cfg, &w->plan, w->dir, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_int_eq(after.st_ino != before.st_ino, written);
	ck_assert_int_eq(digest_file(path, hex, &e), 0);
	ck_assert(strstr(text_of(w->a, arena_printf(w->a, "%s/manifest", w->dir)),
	    arena_printf(w->a, "\nsbom sbom.spdx.json %s\n", hex)));
}

/* what says the same is left alone; what a recipe says may change without the image */
START_TEST(refreshed)
{
	struct err e = { 0 };
	const char *path;
	struct world w;

	world_make(&w, files);
	path = arena_printf(w.a, "%s/sbom.spdx.json", w.dir);
	ck_assert_msg(sbom_refresh(w.a, &w.cfg, &w.plan, w.dir, &e) == 0, "%s", e.msg);
	rewrite(&w, path, false);
	w.one.licence = "MIT";
	rewrite(&w, path, true);
	w.tools.unboxed = "no bwrap";
	rewrite(&w, path, true);
	checkout_file(w.a, w.cfg.top, "patches/one/0001-a.patch", "other");
	rewrite(&w, path, true);
	checkout_file(w.a, test_dir(), "store/linked", "rootfs/bin/one\town\tother.o\n");
	rewrite(&w, path, true);
	ck_assert_int_eq(unlink(arena_printf(w.a, "%s/sbom.cdx.json", w.dir)), 0);
	rewrite(&w, path, true);
	rewrite(&w, path, false);
	checkout_file(w.a, w.dir, "sbom.spdx.json", arena_printf(w.a, "%s#", text_of(w.a, path)));
	rewrite(&w, path, true);
	checkout_file(w.a, w.dir, "manifest", manifest);
	rewrite(&w, path, true);
	rewrite(&w, path, false);
	arena_free(w.a);
}
END_TEST

/* what lies beside the image is not the image */
START_TEST(other_bytes)
{
	struct err e = { 0 };
	struct world w;

	world_make(&w, files);
	checkout_file(w.a, w.dir, "rootfs/bin/one", "own\n");
	ck_assert_int_eq(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(w.a,
				    "sbom: %s/rootfs/bin/one: not what the table of files has; "
				    "build the image again",
				    w.dir));
	arena_free(w.a);
}
END_TEST

START_TEST(refused)
{
	struct err e = { 0 };
	struct world w;

	world_make(&w, "");
	ck_assert_int_eq(unlink(arena_printf(w.a, "%s/files", w.dir)), 0);
	ck_assert_int_eq(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(w.a, "sbom: %s/files: lists no files; build the image first", w.dir));
	w.nodes[1].store = NULL;
	ck_assert_int_eq(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e), -1);
	ck_assert_str_eq(e.msg, "sbom: target/one not built; run lh-build build");
	arena_free(w.a);
}
END_TEST

START_TEST(not_utf8)
{
	struct err e = { 0 };
	struct world w;

	world_make(&w, "lh-files 2\nrootfs:/bin/\377 100755 0 0 0 " NIL " one\n");
	checkout_file(w.a, test_dir(), "image/rootfs/bin/\377", "");
	ck_assert_int_eq(sbom_write(w.a, &w.cfg, &w.plan, w.dir, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(w.a,
				    "sbom: %s/sbom.spdx.json: a name in the image is not UTF-8, so "
				    "JSON cannot represent it; rename ./rootfs/bin/\377",
				    w.dir));
	arena_free(w.a);
}
END_TEST

Suite *
sbom_suite(void)
{
	return suite_of("sbom", (const TTest *[]){ documents, no_sandbox_is_told, refreshed,
				    other_bytes, refused, not_utf8, NULL });
}
