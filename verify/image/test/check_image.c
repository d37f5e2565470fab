/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/image.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* a folder with a manifest and what it names; more is added to the manifest */
static const char *
made(struct arena *a, const char *more)
{
	static const char head[] = "lh-manifest 2\ntriple x86_64-linux-musl\nqemu "
				   "qemu-system-x86_64\nmachine m\nconsole ttyS0\nkernel "
				   "kernel\nimage disk\ncredentials credentials\n";
	static const char credentials[] = "# who may log in\nroot sEcret salt\nguest other\n\n";
	const char *path = arena_printf(a, "%s/manifest", test_dir()),
		   *text = arena_printf(a, "%s%s", head, more);
	struct err e;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/kernel", test_dir()), "kernel", 6, 0644, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/disk", test_dir()), "disk", 4, 0644, &e), 0);
	ck_assert_int_eq(file_write(arena_printf(a, "%s/credentials", test_dir()), credentials,
			     strlen(credentials), 0600, &e),
	    0);
	return path;
}

static const char *
disk_digest(struct arena *a)
{
	char hex[DIGEST_HEX];
	struct err e;

	ck_assert_int_eq(digest_disk(arena_printf(a, "%s/disk", test_dir()), hex, &e), 0);
	return arena_strdup(a, hex);
}

START_TEST(takes_what_is_as_it_says)
{
	struct arena *a = arena_new();
	char kernel[DIGEST_HEX];
	struct image i;
	struct err e;

	made(a, "");
	digest_bytes("kernel", 6, kernel);
	ck_assert_msg(image_open(a,
			  made(a, arena_printf(a, "kernel-sha256 %s\nimage-digest %s\n", kernel,
				      disk_digest(a))),
			  "/out", TRUST_YES, &i, &e) == 0,
	    "%s", e.msg);
	ck_assert_str_eq(i.name, "x86_64/dhcp");
	ck_assert_str_eq(i.dir, "/out/x86_64/dhcp");
	ck_assert_str_eq(i.root_password, "sEcret");
	ck_assert_str_eq(i.guest_password, "other");
	ck_assert_str_eq(i.base, arena_printf(a, "%s/disk", test_dir()));
	ck_assert(image_unchanged(&i, &e));
	/* touched, and the same */
	ck_assert_int_eq(chmod(i.base, 0600), 0);
	ck_assert(image_unchanged(&i, &e));
	/* written to */
	ck_assert_int_eq(file_write(i.base, "dusk", 4, 0644, &e), 0);
	ck_assert(!image_unchanged(&i, &e));
	ck_assert_ptr_nonnull(strstr(e.msg, "/disk is not the image of its manifest: digest "));
	ck_assert_int_eq(unlink(i.base), 0);
	ck_assert(!image_unchanged(&i, &e));
	arena_free(a);
}
END_TEST

START_TEST(without_a_digest_any_touch_counts)
{
	struct arena *a = arena_new();
	struct image i;
	struct err e;

	ck_assert_int_eq(
	    image_open(a, made(a, "address 10.0.2.9\narch pc\n"), "", TRUST_YES, &i, &e), 0);
	ck_assert_str_eq(i.name, "pc/static");
	ck_assert(image_unchanged(&i, &e));
	ck_assert_int_eq(chmod(i.base, 0600), 0);
	ck_assert(!image_unchanged(&i, &e));
	ck_assert_str_eq(e.msg, arena_printf(a, "%s was changed during the run", i.base));
	arena_free(a);
}
END_TEST

/*
 * message: the folder, file, 12 characters of the digest that is there, rest, and the manifest's
 * path
 */
static const struct {
	const char *more, *file, *rest;
} bad[] = {
	{ "image-digest 0123456789abcdef\n", "/disk is not the image of its manifest: digest ",
	    ", expected 0123456789ab; build again, or correct " },
	{ "symbols kernel\nsymbols-sha256 0123456789abcdef\n",
	    "/kernel is not the table of symbols of its manifest: sha256 ",
	    ", expected 0123456789ab; build again, or correct " },
	{ "kernel-config kernel\nkernel-config-sha256 0123456789abcdef\n",
	    "/kernel is not the kernel configuration of its manifest: sha256 ",
	    ", expected 0123456789ab; build again, or correct " },
	{ "kernel-sha256 0123456789abcdef\n", "/kernel is not the kernel of its manifest: sha256 ",
	    ", expected 0123456789ab; build again, or correct " },
};

START_TEST(refuses_what_is_not)
{
	struct arena *a = arena_new();
	const char *path = made(a, bad[_i].more),
		   *begin = arena_printf(a, "%s%s", test_dir(), bad[_i].file);
	struct image i;
	struct err e;

	ck_assert_int_eq(image_open(a, path, "", TRUST_YES, &i, &e), -1);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_str_eq(arena_strndup(a, e.msg, strlen(begin)), begin);
	ck_assert_str_eq(e.msg + strlen(begin) + 12, arena_printf(a, "%s%s", bad[_i].rest, path));
	arena_free(a);
}
END_TEST

/* what is promised is promised whole: without one of these lines its scenarios would be skipped */
static const struct {
	const char *key, *line;
} promises[] = {
	{ NULL, "files kernel\n" },
	{ "authorized-keys-sha256", "authorized-keys-sha256 0123\n" },
	{ "elf", "elf ELF64 X86_64\n" },
	{ "kernel-config", "kernel-config kernel\n" },
	{ "kernel-mark", "kernel-mark 0x202=48647253\n" },
	{ "listen", "listen tcp :: 22 sshd\n" },
	{ "path", "path /lh/\n" },
	{ "refuse", "refuse avx\n" },
	{ "symbols", "symbols map\n" },
};

#define NPROMISES (sizeof promises / sizeof *promises)

START_TEST(refuses_half_a_promise)
{
	struct arena *a = arena_new();
	const char *lines = "", *path;
	struct image i;
	struct err e;

	ck_assert_int_eq(file_write(arena_printf(a, "%s/map", test_dir()),
			     "ffffffff81000000 T _text\n", 25, 0644, &e),
	    0);
	for (size_t k = 0; k < NPROMISES; k++)
		if (!_i || k != (size_t)_i)
			lines = arena_printf(a, "%s%s", lines, promises[k].line);
	path = made(a, lines);
	if (!_i) {
		ck_assert_msg(image_open(a, path, "", TRUST_YES, &i, &e) == 0, "%s", e.msg);
	} else {
		ck_assert_int_eq(image_open(a, path, "", TRUST_YES, &i, &e), -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
		ck_assert_str_eq(e.msg,
		    arena_printf(a,
			"%s: has the line `files`, and none of `%s`: a part of what it promises is "
			"missing, and nothing could refuse an image for it; build it again",
			path, promises[_i].key));
	}
	arena_free(a);
}
END_TEST

START_TEST(an_image_for_each_lane)
{
	static const struct {
		struct image_ways ways;
		const char *names[11];
	} lanes[] = {
		{ { NULL, NULL, NULL }, { "x86_64/dhcp" } },
		{ { "kernel", NULL, NULL }, { "x86_64/dhcp" } },
		{ { "efi", NULL, NULL }, { "x86_64/dhcp-efi" } },
		{ { "firmware", NULL, NULL }, { "x86_64/dhcp-efi" } },
		{ { "all", NULL, NULL }, { "x86_64/dhcp", "x86_64/dhcp-efi" } },
		{ { NULL, "virtio", "virtio" }, { "x86_64/dhcp" } },
		{ { NULL, "nvme", NULL }, { "x86_64/dhcp-nvme" } },
		{ { NULL, NULL, "all" }, { "x86_64/dhcp", "x86_64/dhcp-e1000", "x86_64/dhcp-e1000e",
					     "x86_64/dhcp-rtl8139" } },
		{ { "all", "all", "e1000" },
		    { "x86_64/dhcp-e1000", "x86_64/dhcp-ahci-e1000", "x86_64/dhcp-nvme-e1000",
			"x86_64/dhcp-sd-e1000", "x86_64/dhcp-usb-e1000", "x86_64/dhcp-efi-e1000",
			"x86_64/dhcp-efi-ahci-e1000", "x86_64/dhcp-efi-nvme-e1000",
			"x86_64/dhcp-efi-sd-e1000", "x86_64/dhcp-efi-usb-e1000" } },
		{ { "uboot", NULL, NULL }, { NULL } },
	};
	struct arena *a = arena_new();
	const char *path = made(a, "boot-efi bios /usr/share/ovmf/OVMF.fd ovmf\n");
	struct image i, *v;
	struct err e;

	for (size_t l = 0; l < sizeof lanes / sizeof *lanes; l++) {
		size_t n = 1, named = 0;

		while (lanes[l].names[named])
			named++;
		ck_assert_int_eq(image_open(a, path, "/out", TRUST_YES, &i, &e), 0);
		v = &i;
		ck_assert_int_eq(
		    image_lanes(a, &lanes[l].ways, "/out", &v, &n, &e), named ? 0 : -1);
		for (size_t k = 0; k < named; k++) {
			ck_assert_str_eq(v[k].name, lanes[l].names[k]);
			ck_assert_str_eq(v[k].dir, arena_printf(a, "/out/%s", lanes[l].names[k]));
			ck_assert_pstr_eq(v[k].m.lane, strstr(v[k].name, "efi") ? "efi" : NULL);
			ck_assert(!strstr(v[k].name, "nvme") || !strcmp(v[k].m.disk_bus, "nvme"));
			ck_assert(!strstr(v[k].name, "e1000") || strstr(v[k].m.nic, "e1000"));
		}
		if (named)
			ck_assert_uint_eq(n, named);
	}
	ck_assert_str_eq(
	    e.msg, arena_printf(a,
		       "--boot uboot: %s names no firmware for it; build with another BOOT", path));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* nothing of a disk is left, and who wants in has to log in */
START_TEST(an_image_without_a_disk)
{
	struct arena *a = arena_new();
	const char *file = arena_printf(a, "%s/diskless.cpio.gz", test_dir()), *path;
	char hex[DIGEST_HEX];
	struct image i, *v = &i;
	size_t n = 1;
	struct err e;

	ck_assert_int_eq(file_write(file, "cpio", 4, 0644, &e), 0);
	ck_assert_int_eq(digest_file(file, hex, &e), 0);
	path = made(
	    a, arena_printf(a, "boot-diskless %s\nform cpio %s %s\npartition rootfs ext4 0 1 u\n",
		   file, file, hex));
	ck_assert_msg(image_open(a, path, "/out", TRUST_YES, &i, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(
	    image_lanes(a, &(struct image_ways){ "all", "all", NULL }, "/out", &v, &n, &e), 0);
	ck_assert_uint_eq(n, 6); /* with a disk on each of five buses, and without */
	ck_assert_str_eq(v[5].name, "x86_64/dhcp-diskless");
	ck_assert(!v[5].base && !v[5].m.image && !v[5].m.files && !v[5].m.nparts);
	ck_assert_str_eq(v[5].m.agent, "serial");
	ck_assert(v[0].base && v[0].m.nparts == 1);
	ck_assert_int_eq(file_write(file, "other", 5, 0644, &e), 0);
	ck_assert_int_eq(image_open(a, path, "/out", TRUST_YES, &i, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, "is not the diskless form of its manifest"));
	arena_free(a);
}
END_TEST

Suite *
image_suite(void)
{
	Suite *s = suite_create("image");
	TCase *tc = harness_case(s, "image");

	tcase_add_test(tc, takes_what_is_as_it_says);
	tcase_add_test(tc, without_a_digest_any_touch_counts);
	tcase_add_test(tc, an_image_for_each_lane);
	tcase_add_test(tc, an_image_without_a_disk);
	tcase_add_loop_test(tc, refuses_half_a_promise, 0, NPROMISES);
	tcase_add_loop_test(tc, refuses_what_is_not, 0, sizeof bad / sizeof *bad);
	return s;
}
