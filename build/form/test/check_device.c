/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/form/device.h"
#include "build/test/suites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define GIB (UINT64_C(1) << 30)

static void
sh(struct arena *a, const char *script)
{
	ck_assert_int_eq(system(arena_printf(a, "set -e; cd %s; %s", test_dir(), script)), 0);
}

/* a stick with two partitions, the disk that / is on, an SD card, a disk at a USB cable */
static const char machine[] =
    "disk() { mkdir -p sys/devices/$1/device sys/devices/$1/holders sys/dev/block "
    "sys/class/block; n=${1##*/}; printf 'MAJOR=8\\nDEVNAME=%s\\n' $n >sys/devices/$1/uevent; "
    "echo $2 >sys/devices/$1/dev; echo $3 >sys/devices/$1/size; echo $4 "
    ">sys/devices/$1/removable; echo 0 >sys/devices/$1/ro; ln -s ../../devices/$1 "
    "sys/dev/block/$2; ln -s ../../devices/$1 sys/class/block/$n; }; "
    "part() { disk $1 $2 $3 0; rm sys/devices/$1/removable; echo 1 >sys/devices/$1/partition; }; "
    "disk pci/ata1/sda 8:0 500118192 0; echo 'ATA     ' >sys/devices/pci/ata1/sda/device/vendor; "
    "echo 'Samsung SSD 860 ' >sys/devices/pci/ata1/sda/device/model; "
    "part pci/ata1/sda/sda1 8:1 1048576; part pci/ata1/sda/sda2 8:2 499067904; "
    "disk pci/usb2/sdb 8:16 31266816 1; echo SanDisk >sys/devices/pci/usb2/sdb/device/vendor; "
    "echo Ultra >sys/devices/pci/usb2/sdb/device/model; "
    "part pci/usb2/sdb/sdb1 8:17 2097152; part pci/usb2/sdb/sdb2 8:18 1024; "
    "echo PARTNAME=data >>sys/devices/pci/usb2/sdb/sdb2/uevent; "
    "disk pci/mmc0/mmcblk0 179:0 62333952 0; echo SD >sys/devices/pci/mmc0/mmcblk0/device/type; "
    "echo SL32G >sys/devices/pci/mmc0/mmcblk0/device/name; "
    "disk pci/usb3/sdc 8:32 1953525168 0; disk virtual/loop0 7:0 81920 0; "
    "disk virtual/dm-0 254:0 81920 0; "
    "mkdir -p run/udev/data proc/self; "
    "printf 'S:disk/by-id/x\\nE:ID_PART_TABLE_TYPE=dos\\n' >run/udev/data/b8:16; "
    "printf 'E:ID_FS_LABEL=BO\\033[31mOT\\nE:ID_FS_LABEL_ENC=x\\nE:ID_FS_TYPE=vfat\\n' "
    ">run/udev/data/b8:17; "
    "printf '22 1 8:2 / / rw,noatime shared:1 - ext4 /dev/sda2 rw\\n23 22 0:21 / /proc rw - proc "
    "proc rw\\n24 22 0:44 /sub /home rw - btrfs /dev/sdd1 rw\\n' >proc/self/mountinfo; "
    "printf 'Filename\\t\\t\\t\\tType\\n/dev/sde1 partition 1 0 -2\\n' >proc/swaps";

/* what it is found to be, and whether so many bytes may be written to it, with force or without */
static const struct {
	const char *script; /* what is another in that machine */
	unsigned major, minor;
	bool force;
	uint64_t size;
	const char *told, *refused; /* NULL: it is not */
} disks[] = {
	{ ":", 8, 16, false, 4 * GIB,
	    "/dev/it: 14.9 GiB, removable, SanDisk Ultra, partition table dos\n"
	    "  sdb1: 1 GiB, vfat, BO?[31mOT\n"
	    "  sdb2: 512 KiB, data",
	    NULL },
	{ ":", 8, 32, false, GIB, "/dev/it: 931.5 GiB, removable", NULL },
	{ ":", 179, 0, false, GIB, "/dev/it: 29.7 GiB, removable, SL32G", NULL },
	{ ":", 179, 0, true, 40 * GIB, NULL,
	    "DEVICE /dev/it: has 29.7 GiB, the image needs 40 GiB: smaller partitions fit, see "
	    "ROOTFS_SIZE" },
	{ ":", 7, 0, false, 1, "/dev/it: 40 MiB, not removable",
	    "DEVICE /dev/it: not a removable disk; FORCE=1 overwrites it, and all that is on it" },
	{ ":", 7, 0, true, 40 << 20, NULL, NULL },
	{ ":", 7, 0, true, (40 << 20) + 1, NULL,
	    "DEVICE /dev/it: has 40 MiB, the image needs 40.0 MiB: smaller partitions fit, see "
	    "ROOTFS_SIZE" },
	/* whatever is forced */
	{ ":", 8, 0, true, 1,
	    "/dev/it: 238.5 GiB, not removable, ATA Samsung SSD 860\n  sda1: 512 MiB\n  sda2: "
	    "238.0 "
	    "GiB",
	    "DEVICE /dev/it: /dev/sda2 is mounted on /; free it, or name another disk" },
	{ ":", 8, 2, true, 1, NULL, "DEVICE /dev/it: only a partition; name the disk, /dev/sda" },
	{ ":", 8, 17, true, 1, NULL, "DEVICE /dev/it: only a partition; name the disk, /dev/sdb" },
	{ "echo '30 22 8:16 / /mnt/a\\\\040b rw - ext4 /dev/root rw' >>proc/self/mountinfo", 8, 16,
	    true, 1, NULL,
	    "DEVICE /dev/it: /dev/sdb is mounted on /mnt/a\\040b; free it, or name another disk" },
	{ "sed -i s/sdd1/sdb2/ proc/self/mountinfo", 8, 16, true, 1, NULL,
	    "DEVICE /dev/it: /dev/sdb2 is mounted on /home; free it, or name another disk" },
	{ "rm proc/self/mountinfo", 8, 16, true, 1, NULL,
	    "DEVICE /dev/it: nobody can tell what is mounted without /proc/self/mountinfo; free "
	    "it, or name another disk" },
	{ "sed -i s/sde1/sdb1/ proc/swaps", 8, 16, true, 1, NULL,
	    "DEVICE /dev/it: /dev/sdb1 is swapped to; free it, or name another disk" },
	{ "rm proc/swaps", 8, 16, true, 1, NULL, NULL }, /* a kernel without swap */
	{ "mkdir sys/devices/pci/usb2/sdb/sdb1/holders/dm-0", 8, 16, true, 1, NULL,
	    "DEVICE /dev/it: /dev/sdb1 is part of /dev/dm-0; free it, or name another disk" },
	{ "echo 1 >sys/devices/pci/usb2/sdb/ro", 8, 16, true, 1, NULL,
	    "DEVICE /dev/it: is read-only" },
	/* the table is of sectors of 512 bytes: the kernel would look elsewhere for it */
	{ "mkdir sys/devices/pci/usb2/sdb/queue; echo 4096 "
	  ">sys/devices/pci/usb2/sdb/queue/logical_block_size",
	    8, 16, true, 1, NULL,
	    "DEVICE /dev/it: has sectors of 4096 bytes, the image's partition table is of 512: "
	    "no partition would be found on it; name another disk" },
	{ "mkdir sys/devices/pci/usb2/sdb/queue; echo 512 "
	  ">sys/devices/pci/usb2/sdb/queue/logical_block_size",
	    8, 16, true, 1, NULL, NULL },
	/* nothing is known of it but that it is there */
	{ "rm -r run sys/devices/pci/usb2/sdb/device sys/devices/pci/usb2/sdb/removable", 8, 16,
	    false, 1, "/dev/it: 14.9 GiB, removable\n  sdb1: 1 GiB\n  sdb2: 512 KiB, data", NULL },
	{ "rm sys/devices/pci/usb2/sdb/size", 8, 16, false, 1, NULL,
	    "DEVICE /dev/it: has 0 B, the image needs 1 B: smaller partitions fit, see "
	    "ROOTFS_SIZE" },
	{ "rm sys/dev/block/8:16", 8, 16, true, 1, NULL, "/dev/it: /sys has no block device 8:16" },
};

START_TEST(looked_at)
{
	struct arena *a = arena_new();
	struct device d = {
		.path = "/dev/it", .block = true, .dev = makedev(disks[_i].major, disks[_i].minor)
	};
	struct err e = { 0 };
	int r;

	sh(a, machine);
	sh(a, disks[_i].script);
	r = device_read(a, test_dir(), &d, &e);
	if (r == 0 && disks[_i].told)
		ck_assert_str_eq(device_told(a, &d), disks[_i].told);
	if (r == 0)
		r = device_fit(&d, disks[_i].size, disks[_i].force, &e);
	ck_assert_int_eq(r, disks[_i].refused ? -1 : 0);
	if (disks[_i].refused)
		ck_assert_str_eq(e.msg, disks[_i].refused);
	arena_free(a);
}
END_TEST

START_TEST(loops)
{
	struct arena *a = arena_new();
	struct device d = { .path = "/dev/it", .block = true, .dev = makedev(7, 0) };
	struct err e = { 0 };

	sh(a, machine);
	ck_assert_int_eq(device_read(a, test_dir(), &d, &e), 0);
	ck_assert_ptr_null(d.backing);
	sh(a, "mkdir sys/devices/virtual/loop0/loop; echo /srv/disk-image.raw "
	      ">sys/devices/virtual/loop0/loop/backing_file");
	ck_assert_int_eq(device_read(a, test_dir(), &d, &e), 0);
	ck_assert_str_eq(d.backing, "/srv/disk-image.raw");
	arena_free(a);
}
END_TEST

/* a symlink is what it leads to, and a file is told from a disk */
START_TEST(files)
{
	struct arena *a = arena_new();
	const char *link = arena_printf(a, "%s/by-id", test_dir());
	struct device d;
	struct err e = { 0 };

	sh(a, "truncate -s 3M it; ln -s it by-id; mkfifo pipe; ln -s none broken");
	ck_assert_msg(device_look(a, "", link, &d, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(device_told(a, &d), arena_printf(a, "%s/it: 3 MiB, a file", test_dir()));
	ck_assert_int_eq(device_fit(&d, 3 << 20, true, &e), 0);
	ck_assert_int_eq(device_fit(&d, 3 << 20, false, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "DEVICE %s/it: a file, not a disk; FORCE=1 overwrites it", test_dir()));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	for (const char *const *name = (const char *const[]){ "pipe", "broken", "none", "", NULL };
	     *name; name++) {
		ck_assert_int_eq(
		    device_look(a, "", arena_printf(a, "%s/%s", test_dir(), *name), &d, &e), -1);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	}
	arena_free(a);
}
END_TEST

Suite *
device_suite(void)
{
	Suite *s = suite_of("device", (const TTest *[]){ files, loops, NULL });

	tcase_add_loop_test(harness_case(s, "tables"), looked_at, 0, sizeof disks / sizeof *disks);
	return s;
}
