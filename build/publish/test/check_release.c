/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/release.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/publish/folder.h"
#include "build/publish/given.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS(t) (int)(sizeof(t) / sizeof *(t))
#define SIZE (3 << 20)

static char *
at(struct arena *a, const char *rel)
{
	return arena_printf(a, "%s/%s", test_dir(), rel);
}

static void
put(struct arena *a, const char *rel, const char *text)
{
	struct err e = { 0 };

	ck_assert_msg(file_mkparent(at(a, rel), &e) == 0 &&
			  file_write(at(a, rel), text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

/* an image with a little in much of nothing, a kernel, and what lh-build writes beside them */
static void
make_image(struct arena *a, struct manifest *m)
{
	static const char *const files[] = { "manifest", "files", "sbom.spdx.json", "sbom.cdx.json",
		"kernel", "System.map", "kernel-config" };
	char *kernel = arena_alloc(a, DIGEST_HEX), *image = arena_alloc(a, DIGEST_HEX),
	     *config = arena_alloc(a, DIGEST_HEX), *symbols = arena_alloc(a, DIGEST_HEX),
	     *bmap = arena_alloc(a, DIGEST_HEX), *table = arena_alloc(a, DIGEST_HEX);
	struct man_form *form = arena_alloc(a, sizeof *form);
	struct man_sbom *sboms = arena_array(a, 2, sizeof *sboms);
	struct err e = { 0 };
	int fd;

	for (size_t i = 0; i < ROWS(files); i++)
		put(a, arena_printf(a, "in/%s", files[i]),
		    arena_printf(a, "the file %s\n", files[i]));
	fd = open(at(a, "in/disk-image.raw"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	ck_assert(fd >= 0 && ftruncate(fd, SIZE) == 0 && pwrite(fd, "here", 4, 1 << 20) == 4 &&
		  pwrite(fd, "there", 5, SIZE - 5) == 5);
	close(fd);
	ck_assert(digest_file(at(a, "in/kernel"), kernel, &e) == 0 &&
		  digest_file(at(a, "in/kernel-config"), config, &e) == 0 &&
		  digest_file(at(a, "in/System.map"), symbols, &e) == 0 &&
		  digest_disk(at(a, "in/disk-image.raw"), image, &e) == 0);
	put(a, "in/disk-image.bmap", "the map\n");
	ck_assert_int_eq(digest_file(at(a, "in/disk-image.bmap"), bmap, &e), 0);
	*form = (struct man_form){ "bmap", "disk-image.bmap", bmap };
	ck_assert_int_eq(digest_file(at(a, "in/files"), table, &e), 0);
	for (size_t i = 0; i < 2; i++) {
		char *hex = arena_alloc(a, DIGEST_HEX);

		sboms[i] = (struct man_sbom){ files[2 + i], hex };
		ck_assert_int_eq(
		    digest_file(at(a, arena_printf(a, "in/%s", files[2 + i])), hex, &e), 0);
	}
	*m = (struct manifest){ .dir = at(a, "in"),
		.triple = "x86_64-linux-musl",
		.arch = "x86_64",
		.profile = "s6",
		.set = "2026-07",
		.sandbox = "yes",
		.net = "dhcp",
		.qemu = "qemu-system-x86_64",
		.machine = "q35",
		.cpu = "qemu64",
		.memory = 256,
		.console = "ttyS0",
		.append = "root=/dev/vda1 ro",
		.kernel = "kernel",
		.kernel_sha256 = kernel,
		.image = "disk-image.raw",
		.image_digest = image,
		.forms = form,
		.nforms = 1,
		.symbols = "System.map",
		.symbols_sha256 = symbols,
		.kernel_config = "kernel-config",
		.kernel_config_sha256 = config,
		.files = "files",
		.files_sha256 = table,
		.sboms = sboms,
		.nsboms = 2 };
}

static void
unpack(const char *file, const char *to)
{
	struct archive *ar = archive_read_new();
	struct archive_entry *en;
	int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	archive_read_support_filter_zstd(ar);
	archive_read_support_format_raw(ar);
	ck_assert_int_eq(archive_read_open_filename(ar, file, 65536), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_next_header(ar, &en), ARCHIVE_OK);
	ck_assert_int_eq(archive_read_data_into_fd(ar, fd), ARCHIVE_OK);
	ck_assert_int_eq(archive_filter_code(ar, 0), ARCHIVE_FILTER_ZSTD);
	archive_read_free(ar);
	close(fd);
}

/* a checkout that is committed, and what would be given away of it */
static void
make_release(struct arena *a, const struct manifest *m, struct release *r)
{
	static const struct recipes none;
	struct err e = { 0 };
	char *commit;

	put(a, "top/COPYING", "free\n");
	put(a, "top/build/publish/first-login", "echo hello\n");
	ck_assert_int_eq(
	    system(arena_printf(a,
		"exec >/dev/null 2>&1; set -e; export HOME=%s GIT_CONFIG_NOSYSTEM=1; cd %s; git "
		"init; git config user.name A; git config user.email a@example.org; git add .; "
		"git commit -m one --date @0",
		test_dir(), at(a, "top"))),
	    0);
	ck_assert_msg(release_commit(a, at(a, "top"), &commit, &e) == 0, "%s", e.msg);
	*r = (struct release){ .top = at(a, "top"),
		.commit = commit,
		.images = m,
		.nimages = 1,
		.reports = at(a, "verify"),
		.recipes = &none,
		.key = "" };
}

/* what is there, that it is the same twice, and that the image comes out as it went in */
START_TEST(written)
{
	static const char *const files[] = { "SHA256SUMS", "commit", "README", "first-login",
		"provenance.json", "legal/COPYING", "legal/index",
		"lh-x86_64-linux-musl-2026-07-dhcp/System.map",
		"lh-x86_64-linux-musl-2026-07-dhcp/disk-image.bmap",
		"lh-x86_64-linux-musl-2026-07-dhcp/disk-image.raw.zst",
		"lh-x86_64-linux-musl-2026-07-dhcp/files",
		"lh-x86_64-linux-musl-2026-07-dhcp/kernel",
		"lh-x86_64-linux-musl-2026-07-dhcp/kernel-config",
		"lh-x86_64-linux-musl-2026-07-dhcp/manifest",
		"lh-x86_64-linux-musl-2026-07-dhcp/sbom.cdx.json",
		"lh-x86_64-linux-musl-2026-07-dhcp/sbom.spdx.json", "verify/index.html",
		"verify/junit.xml", "verify/results" };
	struct arena *a = arena_new();
	char one[DIGEST_HEX], two[DIGEST_HEX];
	struct manifest m;
	struct release r;
	struct err e = { 0 };

	make_image(a, &m);
	make_release(a, &m, &r);
	for (size_t i = ROWS(files) - 3; i < ROWS(files); i++)
		put(a, files[i], "report\nhost this\n");
	put(a, "out/old", "of the release before\n");
	ck_assert_msg(folder_write(a, &r, at(a, "out"), &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < ROWS(files); i++)
		ck_assert_msg(
		    file_exists(at(a, arena_printf(a, "out/%s", files[i]))), "lacks %s", files[i]);
	ck_assert(!file_exists(at(a, "out/old")) && !file_exists(at(a, "out.new")));
	/* every file is in the list, but the list; the name of a machine is nobody's concern */
	ck_assert_int_eq(
	    system(arena_printf(a,
		"cd %s && sha256sum --quiet -c SHA256SUMS && [ $(wc -l <SHA256SUMS) = "
		"$(find . -type f ! -name SHA256SUMS | wc -l) ] && ! grep -q host verify/results "
		"&& "
		"[ -x first-login ] && ls sources/lh-bootstrap-%.12s.tar.zst >/dev/null",
		at(a, "out"), r.commit)),
	    0);

	unpack(at(a, "out/lh-x86_64-linux-musl-2026-07-dhcp/disk-image.raw.zst"), at(a, "back"));
	ck_assert_int_eq(digest_disk(at(a, "back"), one, &e), 0);
	ck_assert_str_eq(one, m.image_digest);

	ck_assert_int_eq(digest_tree(at(a, "out"), one, &e), 0);
	ck_assert_msg(folder_write(a, &r, at(a, "out"), &e) == 0, "%s", e.msg);
	ck_assert_int_eq(digest_tree(at(a, "out"), two, &e), 0);
	ck_assert_str_eq(one, two);
	arena_free(a);
}
END_TEST

/* what is missing is told, and the release before stays */
START_TEST(not_written)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct release r;
	struct err e = { 0 };

	make_image(a, &m);
	make_release(a, &m, &r);
	put(a, "out/old", "of the release before\n");
	ck_assert_int_eq(unlink(at(a, "in/files")), 0);
	ck_assert_int_eq(folder_write(a, &r, at(a, "out"), &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s: No such file or directory", at(a, "in/files")));
	ck_assert(file_exists(at(a, "out/old")));
	arena_free(a);
}
END_TEST

#define CLOSED "rootfs:/etc/shadow 100600 0 0 24 SHADOW layout\n"
#define KEYS(name, sha256) name "/.ssh/authorized_keys 100600 0 0 1 " sha256 " layout\n"
#define NEWLINE "01ba4719c80b6fe911b091a7c05124b64eeece964e09c058ef8f9805daca546b"
#define OTHER_SHA "4355a46b19d348dc2f57c046f8ef63d4538ebb936000f3c9ee954a27460dd865"
#define REFUSED(name)                                                                              \
	"release: x86_64 dhcp: whoever built it can log in to everybody's copy (" name             \
	"); build it with ROOT_PASSWORD='*' GUEST_PASSWORD='*' SSH_AUTHORIZED_KEYS="

static const struct {
	const char *shadow, *table, *credentials, *why;
} doors[] = {
	{ "root:@ROOT_HASH@:::::::\n", CLOSED KEYS("rootfs:/root", NEWLINE), NULL, NULL },
	{ "root:@ROOT_HASH@:::::::\n",
	    CLOSED KEYS("rootfs:/root", NEWLINE) KEYS("userfs:/guest", NEWLINE), NULL, NULL },
	{ "root:@ROOT_HASH@:::::::\n", CLOSED KEYS("rootfs:/root", NEWLINE), "../credentials",
	    REFUSED("rootfs:/etc/shadow") },
	{ "root:@ROOT_HASH@:::::::\nx:*:::::::\n", CLOSED, NULL, REFUSED("rootfs:/etc/shadow") },
	{ "root:@ROOT_HASH@:::::::\n", KEYS("rootfs:/root", NEWLINE), NULL,
	    REFUSED("rootfs:/etc/shadow") },
	{ "root:@ROOT_HASH@:::::::\n", CLOSED KEYS("rootfs:/root", OTHER_SHA), NULL,
	    REFUSED("rootfs:/root/.ssh/authorized_keys") },
	{ "root:@ROOT_HASH@:::::::\n",
	    CLOSED KEYS("rootfs:/root", NEWLINE) KEYS("userfs:/guest", OTHER_SHA), NULL,
	    REFUSED("userfs:/guest/.ssh/authorized_keys") },
	{ "root:$6$salt$hash:::::::\n", CLOSED, NULL,
	    "release: x86_64 dhcp: layout/rootfs/etc/shadow has a password of its own" },
	{ "root\n", CLOSED, NULL,
	    "release: x86_64 dhcp: layout/rootfs/etc/shadow has a password of its own" },
};

/* nobody gives away what he can log in to */
START_TEST(closed)
{
	struct arena *a = arena_new();
	char hex[DIGEST_HEX];
	const char *table = doors[_i].table, *at_sha = strstr(table, "SHADOW");
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.credentials = doors[_i].credentials;
	digest_bytes("root:*:::::::\n", 14, hex);
	put(a, "top/layout/rootfs/etc/shadow", doors[_i].shadow);
	put(a, "in/files",
	    at_sha ? arena_printf(
			 a, "lh-files 2\n%.*s%s%s", (int)(at_sha - table), table, hex, at_sha + 6)
		   : arena_printf(a, "lh-files 2\n%s", table));
	ck_assert_int_eq(release_closed(a, at(a, "top"), &m, &e), doors[_i].why ? -1 : 0);
	if (doors[_i].why)
		ck_assert_str_eq(e.msg, doors[_i].why);
	arena_free(a);
}
END_TEST

static const struct {
	const char *profile, *set, *spoil; /* a file that somebody wrote to */
	const char *sandbox;
	bool modified;
	const char *why; /* NULL: it fits */
} fits[] = {
	{ "s6", "2026-07", NULL, "yes", false, NULL },
	{ "minimal", "2026-07", NULL, "yes", false,
	    "release: x86_64 dhcp: profile is s6, not minimal" },
	{ "s6", "2024-10", NULL, "yes", false,
	    "release: x86_64 dhcp: set is 2026-07, not 2024-10" },
	{ "s6", "2026-07", NULL, "yes", true,
	    "release: x86_64 dhcp: the source of s6 is modified" },
	{ "s6", "2026-07", "in/kernel", "yes", false,
	    "release: x86_64 dhcp: kernel does not match the manifest" },
	{ "s6", "2026-07", "in/kernel-config", "yes", false,
	    "release: x86_64 dhcp: kernel-config does not match the manifest" },
	{ "s6", "2026-07", "in/System.map", "yes", false,
	    "release: x86_64 dhcp: System.map does not match the manifest" },
	{ "s6", "2026-07", "in/disk-image.raw", "yes", false,
	    "release: x86_64 dhcp: disk-image.raw does not match the manifest" },
	{ "s6", "2026-07", "in/disk-image.bmap", "yes", false,
	    "release: x86_64 dhcp: disk-image.bmap does not match the manifest" },
	{ "s6", "2026-07", "in/files", "yes", false,
	    "release: x86_64 dhcp: files does not match the manifest" },
	{ "s6", "2026-07", "in/sbom.cdx.json", "yes", false,
	    "release: x86_64 dhcp: sbom.cdx.json does not match the manifest" },
	{ "s6", "2026-07", NULL, "no", false,
	    "release: x86_64 dhcp: its packages were not built in a sandbox; build it where "
	    "bubblewrap works" },
	{ "s6", "2026-07", NULL, NULL, false,
	    "release: x86_64 dhcp: its packages were not built in a sandbox; build it where "
	    "bubblewrap works" },
};

/* nor what cannot be told to belong together */
START_TEST(bills)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.nsboms = 0;
	ck_assert_int_eq(release_fit(a, &m, "s6", "2026-07", &e), -1);
	ck_assert_str_eq(
	    e.msg, "release: x86_64 dhcp: its manifest lacks bills of materials; build it again");
	arena_free(a);
}
END_TEST

START_TEST(names_elsewhere)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.symbols = "../in/System.map";
	ck_assert_int_eq(release_fit(a, &m, "s6", "2026-07", &e), -1);
	ck_assert_str_eq(
	    e.msg, "release: x86_64 dhcp: ../in/System.map is not in its manifest's folder");
	arena_free(a);
}
END_TEST

/* syslinux is no package */
START_TEST(bios)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.boot_bios = "bios bios.bin seabios";
	ck_assert_int_eq(release_fit(a, &m, "s6", "2026-07", &e), -1);
	ck_assert_str_eq(e.msg,
	    "release: x86_64 dhcp: a BIOS starts it by syslinux of this machine, whose licence and "
	    "source are not here to be given; build it with BOOT=nobios");
	arena_free(a);
}
END_TEST

#define GIVEN "release: x86_64 dhcp: contains what is not of the commit"

static const struct {
	const char *what, *why;
} givens[] = {
	{ "services", GIVEN "; build it without SERVICES" },
	{ "overlay", GIVEN "; build it without OVERLAY" },
	{ "toolchain", GIVEN "; build it without CROSS_BASE" },
	{ "native", GIVEN "; build it without HOST_HOST_BASE" },
	{ "kernel-config", GIVEN "; build it without KERNEL_CONFIG" },
	{ "debug", GIVEN "; build it without DEBUG" },
	{ "more", GIVEN ": more" },
};

/* what the user gave has no commit, no source and no licence in a release */
START_TEST(given)
{
	struct arena *a = arena_new();
	struct man_added added = { givens[_i].what, "0011" };
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.added = &added;
	m.nadded = 1;
	ck_assert_int_eq(release_fit(a, &m, "s6", "2026-07", &e), -1);
	ck_assert_str_eq(e.msg, givens[_i].why);
	arena_free(a);
}
END_TEST

START_TEST(fitting)
{
	struct arena *a = arena_new();
	struct man_package packages[] = { { .name = "musl" },
		{ .name = "s6", .modified = fits[_i].modified } };
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	m.packages = packages;
	m.npackages = 2;
	m.sandbox = fits[_i].sandbox;
	if (fits[_i].spoil)
		put(a, fits[_i].spoil, "something else");
	ck_assert_int_eq(
	    release_fit(a, &m, fits[_i].profile, fits[_i].set, &e), fits[_i].why ? -1 : 0);
	if (fits[_i].why)
		ck_assert_str_eq(e.msg, fits[_i].why);
	arena_free(a);
}
END_TEST

#define CELL(arch, scenario, verdict)                                                              \
	"case\narch " arch                                                                         \
	"\nnet dhcp\nprofile s6\nset 2026-07\nimage IMAGE\nkernel KERNEL\nscenario " scenario      \
	"\nverdict " verdict "\nkept verdict fail\n"
#define OTHER(judged)                                                                              \
	"case\narch x86_64\nnet dhcp\nprofile s6\nset 2026-07\n" judged                            \
	"scenario ssh\nverdict pass\n"

static const struct {
	const char *results; /* IMAGE and KERNEL: the digests of what is there */
	const char *why;     /* NULL: verified */
} runs[] = {
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		CELL("x86_64", "ssh", "skip\nreason requires net static, here it is dhcp")
		    CELL("all", "same-files", "pass") "end 3\n",
	    NULL },
	/* it is not the image that lacks it */
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		CELL("x86_64", "ssh", "skip\nreason requires tool nc") "end 2\n",
	    "release: x86_64 dhcp: ssh was skipped, and not for the image: requires tool nc; "
	    "verify where it can be played" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		CELL("x86_64", "ssh", "skip\nreason needs /x/bios, of package y") "end 2\n",
	    "release: x86_64 dhcp: ssh was skipped, and not for the image: needs /x/bios, of "
	    "package y; verify where it can be played" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") CELL("x86_64", "ssh", "fail") "end 2\n",
	    "release: x86_64 dhcp ssh: fail" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "inconclusive")
		CELL("x86_64", "ssh", "pass") "end 2\n",
	    "release: x86_64 dhcp boot: inconclusive" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") CELL("x86_64", "ssh", "pass")
		CELL("all", "same-files", "fail") "end 3\n",
	    "release: all dhcp same-files: fail" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") "end 1\n",
	    "release: x86_64 dhcp: ssh was not played" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") CELL("i486", "ssh", "pass") "end 2\n",
	    "release: x86_64 dhcp: ssh was not played" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") CELL("x86_64", "ssh", "pass"),
	    "release: %s/results: the run is incomplete" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		OTHER("image 00\nkernel KERNEL\n") "end 2\n",
	    "release: x86_64 dhcp: ssh was played on another image" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		OTHER("image IMAGE\nkernel 00\n") "end 2\n",
	    "release: x86_64 dhcp: ssh was played on another image" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") OTHER("") "end 2\n",
	    "release: x86_64 dhcp: ssh was played on another image" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		CELL("x86_64", "ssh", "pass") "end 2\n" CELL("x86_64", "ssh", "pass") "end 3\n",
	    "%s/results:23: case: behind the end" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass") CELL("x86_64", "ssh", "pass") "end 3\n",
	    "release: %s/results: the run is incomplete" },
	{ "lh-results 2\n" CELL("x86_64", "boot", "pass")
		CELL("x86_64", "ssh", "fail\nverdict pass") "end 2\n",
	    "%s/results:21: verdict: duplicate key" },
	{ NULL, "release: nothing was verified: %s/results: No such file or directory" },
};

/* text with the digests in it */
static const char *
filled(struct arena *a, const struct manifest *m, const char *text)
{
	for (const char *at; (at = strstr(text, "IMAGE")) || (at = strstr(text, "KERNEL"));)
		text = arena_printf(a, "%.*s%s%s", (int)(at - text), text,
		    *at == 'I' ? m->image_digest : m->kernel_sha256, at + (*at == 'I' ? 5 : 6));
	return text;
}

START_TEST(verified)
{
	struct arena *a = arena_new();
	struct manifest m;
	struct err e = { 0 };

	make_image(a, &m);
	put(a, "scenarios/boot.scn", "");
	put(a, "scenarios/ssh.scn", "");
	/* who wants it played asks for its lane */
	put(a, "scenarios/flood.scn", "# long\nlane   long\n");
	put(a, "scenarios/watches", "");
	if (runs[_i].results)
		put(a, "results", filled(a, &m, runs[_i].results));
	ck_assert_int_eq(release_verified(a, at(a, "results"), at(a, "scenarios"), &m, 1, &e),
	    runs[_i].why ? -1 : 0);
	if (runs[_i].why) {
		const char *dir = strstr(runs[_i].why, "%s");

		ck_assert_str_eq(e.msg, dir ? arena_printf(a, "%.*s%s%s", (int)(dir - runs[_i].why),
						  runs[_i].why, test_dir(), dir + 2)
					    : runs[_i].why);
	}
	arena_free(a);
}
END_TEST

static const struct {
	const char *pin, *why;
} pins[] = {
	{ "2f3e7a5e9d7c9b8d6bbf4b9e1c4b3f6e0a55f7d1a1f0c9a1a0d5f3c4e2b1a0f9",
	    "release: 1 findings in the licences of sources" },
	{ NULL, NULL },
};

START_TEST(licensed)
{
	struct arena *a = arena_new();
	const char *top = checkout_new(a), *archive = at(a, "out/sources/one-1.0.tar.gz");
	char *args[] = { arena_printf(a, "OUTPUT=%s/out", test_dir()),
		arena_printf(a, "CACHE=%s/cache", test_dir()) };
	char sha256[DIGEST_HEX], copying[DIGEST_HEX];
	struct config cfg;
	struct recipes r;
	struct err e = { 0 };

	put(a, "one-1.0/COPYING", "free\n");
	put(a, "out/sources/.keep", "");
	ck_assert_int_eq(
	    system(arena_printf(a, "tar -C %s -czf %s one-1.0", test_dir(), archive)), 0);
	ck_assert(digest_file(archive, sha256, &e) == 0 &&
		  digest_file(at(a, "one-1.0/COPYING"), copying, &e) == 0);
	checkout_file(a, top, "recipes/one/recipe",
	    arena_printf(a,
		"name one\nlicence ISC\nvariant target\nversion 1.0\nlicence-file COPYING "
		"%s\nsource one-1.0.tar.gz\nsha256 %s\nfrom https://a.example/\n",
		pins[_i].pin ? pins[_i].pin : copying, sha256));
	ck_assert_msg(
	    config_read(a, top, args, 2, &cfg, &e) == 0 && recipe_read_all(a, top, &r, &e) == 0,
	    "%s", e.msg);
	ck_assert_int_eq(release_licensed(a, &cfg, &r, &e), pins[_i].why ? -1 : 0);
	if (pins[_i].why)
		ck_assert_str_eq(e.msg, pins[_i].why);
	arena_free(a);
}
END_TEST

static const struct {
	const char *script, *why; /* done in a checkout; %s: its folder */
} checkouts[] = {
	{ "true", NULL },
	{ "echo >ignored", NULL },
	{ "echo more >file", "release: the checkout has uncommitted changes:  M file" },
	{ "echo >new", "release: the checkout has uncommitted changes: ?? new" },
	{ "git update-index --skip-worktree file; echo more >file",
	    "release: the checkout has uncommitted changes:  M file" },
	{ "git update-index --assume-unchanged file; echo more >file",
	    "release: the checkout has uncommitted changes:  M file" },
	{ "mkdir d; echo >d/evil; echo '*' >d/.gitignore",
	    "release: the checkout has uncommitted changes: ?? d/" },
	{ "echo >evil; echo evil >>.git/info/exclude",
	    "release: the checkout has uncommitted changes: ?? evil" },
	{ "git rm -q --cached .gitignore; git commit -qm two; echo '*' >.gitignore; echo >evil",
	    "release: the checkout has uncommitted changes: ?? .gitignore" },
	{ "echo '* text' >.gitattributes; git add .; git commit -m two; printf '\\r\\n' >file",
	    "release: the checkout has uncommitted changes:  M file" },
	{ "echo '* -text' >.git/info/attributes", NULL },
	{ "chmod 755 file", "release: the checkout has uncommitted changes:  M file" },
	{ "git config core.fileMode false; chmod 755 file",
	    "release: the checkout has uncommitted changes:  M file" },
	{ "mkdir d; echo >d/file; git add .; git commit -m two; mkdir d/.git; echo >d/.git/evil",
	    "release: the checkout has uncommitted changes: ?? d/.git" },
	{ "mkdir d; echo >d/file; git add .; git commit -m two; mkfifo d/evil",
	    "release: the checkout has uncommitted changes: ?? d/evil" },
	{ "mkdir d", "release: the checkout has uncommitted changes: ?? d/" },
	{ "git init s; git -C s -c user.name=A -c user.email=a@example.org commit --allow-empty -m "
	  "one; git add .; git commit -m two",
	    "release: the checkout has uncommitted changes: ?? s/" },
	{ "rm -f .git/index", NULL },
	{ "rm -rf .git", "release: %s/top is not a git checkout, so the images have no commit" },
};

START_TEST(committed)
{
	struct arena *a = arena_new();
	char *commit, *script = arena_printf(a,
			  "exec >/dev/null 2>&1; set -e; export HOME=%s GIT_CONFIG_NOSYSTEM=1; cd "
			  "%s; git init top; cd top\n"
			  "git config user.name A; git config user.email a@example.org; echo "
			  ">file; echo ignored >.gitignore; git add .; git commit -m one\n%s\n",
			  test_dir(), test_dir(), checkouts[_i].script);
	struct err e = { 0 };
	int r;

	ck_assert_int_eq(system(script), 0);
	setenv("GIT_CEILING_DIRECTORIES", test_dir(), 1);
	r = release_commit(a, at(a, "top"), &commit, &e);
	if (!checkouts[_i].why) {
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_uint_eq(strlen(commit), 40);
	} else {
		const char *dir = strstr(checkouts[_i].why, "%s");

		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(e.msg, dir ? arena_printf(a, "release: %s%s", test_dir(), dir + 2)
					    : checkouts[_i].why);
	}
	arena_free(a);
}
END_TEST

Suite *
release_suite(void)
{
	Suite *s = suite_of("release",
	    (const TTest *[]){ written, not_written, bills, bios, names_elsewhere, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, closed, 0, ROWS(doors));
	tcase_add_loop_test(tc, fitting, 0, ROWS(fits));
	tcase_add_loop_test(tc, given, 0, ROWS(givens));
	tcase_add_loop_test(tc, verified, 0, ROWS(runs));
	tcase_add_loop_test(tc, licensed, 0, ROWS(pins));
	tcase_add_loop_test(tc, committed, 0, ROWS(checkouts));
	return s;
}
