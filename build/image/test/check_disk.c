/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/le.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/image/disk.h"
#include "build/test/suites.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)
#define SECTOR 512

static const struct disk_part parts[] = {
	{ "rootfs", "linux", 1 * MIB, 24 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a01" },
	{ "swap", "swap", 25 * MIB, 8 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a02" },
	{ "rwfs", "linux", 33 * MIB, 7 * MIB, "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a03" },
};

static const char disk_uuid[] = "0b3d9dd1-2f4a-8c0e-9b3f-6d0f1f6f4a00";

static char *
blank(struct arena *a, const char *name, uint64_t size)
{
	char *path = arena_printf(a, "%s/%s", test_dir(), name);
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
	close(fd);
	return path;
}

static uint32_t
crc32(const unsigned char *p, size_t n)
{
	uint32_t c = 0xffffffff;

	while (n--) {
		c ^= *p++;
		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
	}
	return ~c;
}

/* the first three fields are numbers, the rest is bytes */
static void
add_guid(struct buf *b, const unsigned char *p)
{
	buf_addf(b, "%08x-%04x-%04x-%02x%02x-", (unsigned)le_get(p, 4), (unsigned)le_get(p + 4, 2),
	    (unsigned)le_get(p + 6, 2), p[8], p[9]);
	for (int i = 10; i < 16; i++)
		buf_addf(b, "%02x", p[i]);
}

/* one of the two copies of the table, as the specification says and not as libfdisk does */
static void
dump_copy(struct buf *b, const unsigned char *disk, uint64_t at)
{
	unsigned char h[92];
	const unsigned char *entries;

	memcpy(h, disk + at * SECTOR, sizeof h);
	ck_assert_mem_eq(h, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
	memset(h + 16, 0, 4);
	ck_assert_uint_eq(crc32(h, sizeof h), le_get(disk + at * SECTOR + 16, 4));
	ck_assert_uint_eq(le_get(h + 24, 8), at);
	entries = disk + le_get(h + 72, 8) * SECTOR;
	ck_assert_uint_eq(crc32(entries, le_get(h + 80, 4) * le_get(h + 84, 4)), le_get(h + 88, 4));
	buf_addf(b, "at %u other %u usable %u-%u disk ", (unsigned)at, (unsigned)le_get(h + 32, 8),
	    (unsigned)le_get(h + 40, 8), (unsigned)le_get(h + 48, 8));
	add_guid(b, h + 56);
	buf_adds(b, "\n");
	for (unsigned i = 0; i < le_get(h + 80, 4); i++) {
		const unsigned char *p = entries + i * le_get(h + 84, 4);

		if (!le_get(p, 8))
			continue;
		buf_addf(b, "%u: %u-%u attributes %u ", i + 1, (unsigned)le_get(p + 32, 8),
		    (unsigned)le_get(p + 40, 8), (unsigned)le_get(p + 48, 8));
		add_guid(b, p);
		buf_adds(b, " ");
		add_guid(b, p + 16);
		buf_adds(b, " ");
		for (p += 56; *p; p += 2)
			buf_add(b, p, 1);
		buf_adds(b, "\n");
	}
}

START_TEST(table_is_golden)
{
	struct arena *a = arena_new();
	char *image = blank(a, "disk", 41 * MIB), *bytes, *golden;
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t n;

	ck_assert_msg(disk_write(image, disk_uuid, parts, 3, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(file_read(a, image, &bytes, &n, &e), 0);
	ck_assert_uint_eq(n, 41 * MIB);
	/* the protective MBR covers it all */
	ck_assert_mem_eq(bytes + 510, "\x55\xaa", 2);
	ck_assert_int_eq((unsigned char)bytes[450], 0xee);
	ck_assert_uint_eq(le_get((unsigned char *)bytes + 458, 4), 41 * MIB / SECTOR - 1);
	dump_copy(&b, (unsigned char *)bytes, 1);
	dump_copy(&b, (unsigned char *)bytes, 41 * MIB / SECTOR - 1);
	ck_assert_msg(file_read(a, "build/test/data/gpt.txt", &golden, NULL, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(b.p, golden);
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(same_table_same_bytes)
{
	struct arena *a = arena_new();
	char hex[2][DIGEST_HEX];
	struct err e = { 0 };
	struct stat st;

	for (int i = 0; i < 2; i++) {
		char *image = blank(a, i ? "one" : "two", 41 * MIB);

		ck_assert_int_eq(disk_write(image, disk_uuid, parts, 3, &e), 0);
		ck_assert_int_eq(swap_write(image, parts[1].start, parts[1].size, "swap",
				     (const unsigned char *)"0123456789abcdef", &e),
		    0);
		ck_assert_int_eq(digest_disk(image, hex[i], &e), 0);
		ck_assert_int_eq(stat(image, &st), 0);
		ck_assert_int_eq(st.st_size, (off_t)(41 * MIB));
		ck_assert_int_lt(st.st_blocks * 512, 200000);
	}
	ck_assert_str_eq(hex[0], hex[1]);
	arena_free(a);
}
END_TEST

START_TEST(no_room_for_the_backup)
{
	struct arena *a = arena_new();
	char *image = blank(a, "disk", 40 * MIB),
	     *message = arena_printf(a, "rwfs: %s: add a partition: ", image);
	struct err e = { 0 };

	ck_assert_int_eq(disk_write(image, disk_uuid, parts, 3, &e), -1);
	ck_assert_msg(!strncmp(e.msg, message, strlen(message)), "%s", e.msg);
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	arena_free(a);
}
END_TEST

START_TEST(swap_header)
{
	struct arena *a = arena_new();
	char *image = blank(a, "disk", 10 * MIB), *bytes;
	const unsigned char *p;
	struct err e = { 0 };

	ck_assert_int_eq(swap_write(image, 1 * MIB, 8 * MIB, "swap",
			     (const unsigned char *)"0123456789abcdef", &e),
	    0);
	ck_assert_int_eq(file_read(a, image, &bytes, NULL, &e), 0);
	p = (unsigned char *)bytes + MIB;
	ck_assert_uint_eq(le_get(p + 1024, 4), 1);
	ck_assert_uint_eq(le_get(p + 1028, 4), 2047);
	ck_assert_uint_eq(le_get(p + 1032, 4), 0); /* no bad pages */
	ck_assert_mem_eq(p + 1036, "0123456789abcdef", 16);
	ck_assert_str_eq((const char *)p + 1052, "swap");
	ck_assert_mem_eq(p + 4086, "SWAPSPACE2", 10);
	arena_free(a);
}
END_TEST

START_TEST(image_is_not_there)
{
	struct arena *a = arena_new();
	char *image = arena_printf(a, "%s/none", test_dir()),
	     *message = arena_printf(a, "%s: No such file or directory", image);
	struct err e = { 0 };

	ck_assert_int_eq(disk_write(image, disk_uuid, parts, 3, &e), -1);
	ck_assert_str_eq(e.msg, message);
	ck_assert_int_eq(
	    swap_write(image, 0, 8 * MIB, "swap", (const unsigned char *)"0123456789abcdef", &e),
	    -1);
	ck_assert_str_eq(e.msg, message);
	arena_free(a);
}
END_TEST

Suite *
disk_suite(void)
{
	return suite_of(
	    "disk", (const TTest *[]){ table_is_golden, same_table_same_bytes,
			no_room_for_the_backup, swap_header, image_is_not_there, NULL });
}
