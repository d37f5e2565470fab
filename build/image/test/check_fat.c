/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/form/blockmap.h"
#include "build/image/bios.h"
#include "build/image/fat.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define EPOCH 1784000000

static void
cut_out(struct arena *a)
{
	ck_assert_int_eq(
	    system(arena_printf(
		a, "cd %s && dd if=disk of=fat bs=1M skip=3 conv=sparse status=none", test_dir())),
	    0);
}

/* a filesystem begins somewhere in its image; the tools of others are shown it alone */
static char *
written(struct arena *a, unsigned mb, const struct fat_file *files, size_t n, struct blockmap *used)
{
	const char *image = arena_printf(a, "%s/disk", test_dir());
	char *alone = arena_printf(a, "%s/fat", test_dir());
	struct fat_opts o = { .image = image,
		.offset = 3 * MIB,
		.size = mb * MIB,
		.label = "boot",
		.serial = 0x4c480001,
		.epoch = EPOCH,
		.used = used };
	struct err e = { 0 };
	int fd;

	unlink(image);
	fd = open(image, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)(o.offset + o.size)), 0);
	close(fd);
	ck_assert_msg(fat_check(o.size, files, n, "BOOT_SIZE", &e) == 0, "%s", e.msg);
	ck_assert_msg(fat_write(&o, files, n, &e) == 0, "%s", e.msg);
	cut_out(a);
	return alone;
}

static void
must_be_sound(struct arena *a, const char *fat)
{
	const char *said = arena_printf(a, "%s/said", test_dir());
	char *text;
	struct err e = { 0 };
	int status = system(
	    arena_printf(a, "PATH=$PATH:/usr/sbin:/sbin fsck.fat -n %s >%s 2>&1", fat, said));

	ck_assert_int_eq(file_read(a, said, &text, NULL, &e), 0);
	ck_assert_msg(status == 0, "%.900s", text);
	ck_assert_msg(!strstr(text, "differ") && !strstr(text, "ree cluster"), "%.900s", text);
}

/* smallest, largest, and where the size of a cluster changes */
static const unsigned sizes[] = { 3, 4, 8, 15, 16, 17, 32, 33, 127, 128, 129, 512, 2047 };

START_TEST(is_sound)
{
	static const struct fat_file files[] = { { "EFI/BOOT/BOOTX64.EFI", "kernel", 6 } };
	struct arena *a = arena_new();
	struct blockmap used = { .a = a };
	const char *fat = written(a, sizes[_i], files, 1, &used);

	must_be_sound(a, fat);
	ck_assert_uint_eq(used.n, 1);
	ck_assert_uint_eq(used.v[0].start, 3 * MIB / MAP_BLOCK);
	arena_free(a);
}
END_TEST

/* as mtools reads them: another reader than the one that wrote */
START_TEST(others_read_it)
{
	static const char long_name[] = "extlinux/a name of thirty-nine characters.. .conf";
	struct arena *a = arena_new();
	char *big = arena_alloc(a, 3 * MIB + 1);
	struct fat_file files[64] = { { "EFI/BOOT/BOOTAA64.EFI", big, 3 * MIB + 1 },
		{ "extlinux/extlinux.conf", "default lh\n", 11 },
		{ "extlinux/extlinux.cfg", "another\n", 8 }, { long_name, "long\n", 5 },
		{ "EMPTY", "", 0 }, { "thirteen.char", "13", 2 }, { "Mixed.Txt", big, 2048 },
		{ "extlinux/extlinuxes.conf", "numbered\n", 9 } };
	size_t n = 8;
	const char *fat;

	for (size_t i = 0; i < 3 * MIB + 1; i++)
		big[i] = (char)(i * 31 >> 7);
	for (; n < 64; n++) /* a folder of several clusters */
		files[n] = (struct fat_file){ arena_printf(a, "many/file number %zu", n), "x", 1 };
	fat = written(a, 32, files, n, NULL);
	must_be_sound(a, fat);
	for (size_t i = 0; i < n; i++) {
		const char *back = arena_printf(a, "%s/back", test_dir());
		char *bytes;
		size_t size;
		struct err e = { 0 };

		ck_assert_int_eq(system(arena_printf(a, "mcopy -n -i %s %s - >%s", fat,
				     sh_quoted(a, arena_printf(a, "::%s", files[i].path)), back)),
		    0);
		ck_assert_int_eq(file_read(a, back, &bytes, &size, &e), 0);
		ck_assert_uint_eq(size, files[i].n);
		ck_assert_msg(!memcmp(bytes, files[i].bytes, size), "%s", files[i].path);
	}
	arena_free(a);
}
END_TEST

START_TEST(same_files_same_bytes)
{
	static const struct fat_file files[] = { { "EFI/BOOT/BOOTX64.EFI", "kernel", 6 },
		{ "extlinux/extlinux.conf", "default lh\n", 11 } };
	struct arena *a = arena_new();
	char hex[DIGEST_HEX];
	struct err e = { 0 };

	setenv("TZ", "Asia/Tokyo", 1);
	ck_assert_int_eq(digest_file(written(a, 4, files, 2, NULL), hex, &e), 0);
	ck_assert_str_eq(hex, "fef106a00d91d21b17458c0f12d5b260d7f92d73e844da904361122484bbb844");
	arena_free(a);
}
END_TEST

/* what it adds is in the map, it is the same wherever and whenever, and the rest stays */
START_TEST(bios_starts_it)
{
	static const struct fat_file files[] = { { "EFI/BOOT/BOOTX64.EFI", "kernel", 6 },
		{ BIOS_CONFIG, "default lh\n", 11 } };
	static const char *const zones[] = { "Asia/Tokyo", "America/Lima" };
	struct arena *a = arena_new();
	const char *image = arena_printf(a, "%s/disk", test_dir()), *fat;
	char hex[2][DIGEST_HEX], *bytes;
	struct fat_opts o = { .image = image, .offset = 3 * MIB, .size = 8 * MIB };
	struct blockmap used = { .a = a };
	size_t n;
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++) {
		setenv("TZ", zones[i], 1);
		fat = written(a, 8, files, 2, NULL);
		ck_assert_msg(bios_install(image, o.offset, EPOCH, &e) == 0, "%s", e.msg);
		ck_assert_int_eq(digest_file(image, hex[i], &e), 0);
	}
	ck_assert_str_eq(hex[0], hex[1]);
	cut_out(a);
	must_be_sound(a, fat);
	ck_assert_int_eq(
	    system(arena_printf(
		a, "mdir -a -b -i %s ::/ >%s.said && grep -qi ldlinux.sys %s.said", fat, fat, fat)),
	    0);
	o.used = &used;
	ck_assert_msg(fat_used(&o, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(used.n, 1);
	ck_assert_int_eq(file_read(a, image, &bytes, &n, &e), 0);
	for (size_t i = (used.v[0].start + used.v[0].len) * MAP_BLOCK; i < n; i++)
		ck_assert_msg(!bytes[i], "byte %zu is not in the map", i);
	n = (used.v[0].start + used.v[0].len - 1) * MAP_BLOCK; /* and no more than that */
	ck_assert(memcmp(bytes + n, bytes + n + MAP_BLOCK, MAP_BLOCK) != 0);
	ck_assert(bytes[0]);
	arena_free(a);
}
END_TEST

static const struct {
	unsigned mb;
	size_t n; /* bytes of the kernel */
	const char *message;
} refused[] = {
	{ 2, 1, "BOOT_SIZE 2: from 3 to 2047 is what a FAT16 filesystem is" },
	{ 2048, 1, "BOOT_SIZE 2048: from 3 to 2047 is what a FAT16 filesystem is" },
	{ 4, 5 * MIB,
	    "BOOT_SIZE 4: too small for what boots, which is 5242880 bytes; set it to 7 or more" },
	/* less than its size, and more than fits beside its tables */
	{ 4, 4 * MIB - 1,
	    "BOOT_SIZE 4: too small for what boots, which is 4194303 bytes; set it to 5 or more" },
};

START_TEST(too_small)
{
	struct fat_file kernel = { "EFI/BOOT/BOOTX64.EFI", "", refused[_i].n };
	struct err e = { 0 };

	ck_assert_int_eq(fat_check(refused[_i].mb * MIB, &kernel, 1, "BOOT_SIZE", &e), -1);
	ck_assert_str_eq(e.msg, refused[_i].message);
	ck_assert_int_eq(e.code, EXIT_USAGE);
}
END_TEST

Suite *
fat_suite(void)
{
	Suite *s = suite_create("fat");
	TCase *tc = harness_case(s, "fat");

	tcase_add_loop_test(tc, is_sound, 0, sizeof sizes / sizeof *sizes);
	tcase_add_test(tc, others_read_it);
	tcase_add_test(tc, same_files_same_bytes);
	tcase_add_test(tc, bios_starts_it);
	tcase_add_loop_test(tc, too_small, 0, sizeof refused / sizeof *refused);
	return s;
}
