/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/test/suites.h"

#include <string.h>

#define HEAD "lh-manifest 2\n"
#define LEAST HEAD "triple x86_64-linux-musl\nqemu qemu-system-x86_64\nmachine q35\nconsole ttyS0\n"

static const char whole[] =
    HEAD "triple x86_64-linux-musl\narch x86_64\nprofile s6\nwhy asked for\nset 2024-10\nnet "
	 "static\nhostname lh-x86_64\n"
	 "address 10.0.2.15\nrouter 10.0.2.2\ndns 10.0.2.3\ncountry fr\n"
	 "qemu qemu-system-x86_64\nmachine q35\ncpu qemu64\nconsole ttyS0\npanic pvpanic\n"
	 "vm-generation vmgenid,guid=auto\nsilent-exit guest-shutdown\nafter-loadvm writeq "
	 "0x2004000 0x0\npc-register RIP\nkvm "
	 "x86_64\nelf "
	 "ELF64 X86_64\nrefuse sse3 !tzcnt\nguarded rootfs:/bin/x aesenc\ndisk-bus virtio\n"
	 "nic e1000\nfirmware efi\nkernel kernel\nkernel-sha256 00\nkernel-mark 0x38=41\ninitrd "
	 "initrd.gz\nappend root=PARTUUID=1 ro\nimage "
	 "disk-image.raw\nimage-digest 11\nsymbols System.map\n"
	 "credentials ../credentials\nagent serial\nlogin root open sesame\nkey 22\n"
	 "memory 128\ncpus 2\n"
	 "partition rootfs ext4 1048576 1073741824 aa\n"
	 "partition swap swap 1074790400 268435456 bb\n"
	 "partition rwfs ext4 1343225856 536870912 cc\n"
	 "form tar rootfs.tar 55\n"
	 "form qcow2 disk-image.qcow2 66\n"
	 "sbom sbom.spdx.json 77\n"
	 "package skalibs 2.14.3.0 33\n"
	 "package s6 2.13.1.0 44 modified\n"
	 "package s6-rc HEAD 45 modified 00112233\n"
	 "cached target/s6 PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
	 "service sshd longrun\n"
	 "differs files /boot/dtb an ARM kernel needs one\n"
	 "special rwfs:/tmp 0:0 1777\n"
	 "listen tcp :: 22 sshd\n"
	 "path /lh/\n";

static int
read_text(struct arena *a, const char *text, struct manifest *m, struct err *e)
{
	char *path = arena_printf(a, "%s/manifest", test_dir());

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, e), 0);
	return manifest_read(a, path, m, e);
}

START_TEST(round_trip)
{
	struct arena *a = arena_new();
	struct buf b = { 0 };
	struct err e = { 0 };
	struct manifest m;

	ck_assert_msg(read_text(a, whole, &m, &e) == 0, "%s", e.msg);
	manifest_format(&m, &b);
	ck_assert_str_eq(b.p, whole);
	ck_assert_uint_eq(m.nparts, 3);
	ck_assert_uint_eq(m.parts[1].size, 268435456);
	ck_assert(m.packages[1].modified && !m.packages[1].commit);
	ck_assert_str_eq(m.packages[2].commit, "00112233");
	ck_assert_str_eq(manifest_path(a, &m, m.kernel), arena_printf(a, "%s/kernel", test_dir()));
	ck_assert_str_eq(manifest_path(a, &m, "/boot/k"), "/boot/k");
	ck_assert_ptr_null(manifest_path(a, &m, NULL));
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(little_is_enough)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct manifest m;

	ck_assert_msg(read_text(a, LEAST "kernel /boot/vmlinuz\n", &m, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(m.memory, 256);
	ck_assert_ptr_null(m.cpu);
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *msg; /* behind the path */
} wrong[] = {
	{ "", ":1: not a manifest: its first line must be \"lh-manifest 2\"" },
	{ "lh-manifest 1\n", ":1: not a manifest: its first line must be \"lh-manifest 2\"" },
	{ LEAST, ": names neither kernel nor image: nothing to boot" },
	{ HEAD "listen tcp :: 22\n", ":2: listen: needs PROTOCOL ADDRESS PORT SERVICE" },
	{ HEAD "listen tcp :: 0 sshd\n", ":2: listen: port 0: from 1 to 65535" },
	{ HEAD "listen tcp :: ssh sshd\n", ":2: listen ssh: not a number" },
	{ HEAD "special rwfs:/tmp 0:0\n", ":2: special: needs FS:/PATH UID:GID MODE" },
	{ HEAD "special rwfs:/tmp 0:0 1778\n", ":2: special: needs FS:/PATH UID:GID MODE" },
	{ HEAD "path lh/\n", ":2: path lh/: not absolute" },
	{ HEAD "kernel k\n", ": missing required key triple" },
	{ HEAD "tripel x\n", ":2: tripel: unknown key; lh-manifest(5) has them all" },
	{ HEAD "triple x\ntriple y\n", ":3: triple: duplicate key" },
	{ HEAD "triple\n", ":2: triple: has no value" },
	{ HEAD "memory lots\n", ":2: memory lots: not a number" },
	{ HEAD "memory 4\n", ":2: memory 4: from 8 to 1048576 MiB" },
	{ HEAD "cpus 0\n", ":2: cpus 0: from 1 to 255" },
	{ LEAST "image i\ninitrd r\n",
	    ": initrd r: without a kernel nobody loads it; name that, too" },
	{ HEAD "form qcow2 f\n", ":2: form: needs NAME FILE SHA256" },
	{ HEAD "sbom f\n", ":2: sbom: needs FILE SHA256" },
	{ HEAD "partition a b 1 2\n", ":2: partition: needs NAME TYPE START SIZE UUID" },
	{ HEAD "partition a b -1 2 u\n", ":2: partition -1: not a number" },
	{ HEAD "package a 1 k changed\n",
	    ":2: package: needs NAME VERSION KEY [modified [COMMIT]]" },
	{ HEAD "service a\n", ":2: service: needs NAME TYPE" },
	{ HEAD "added overlay\n", ":2: added: needs WHAT DIGEST-OR-NAME" },
	{ HEAD "differs files /boot/dtb\n", ":2: differs: needs SUBJECT WORD REASON" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct manifest m;

	ck_assert_int_eq(read_text(a, wrong[_i].text, &m, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/manifest%s", test_dir(), wrong[_i].msg));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

Suite *
manifest_suite(void)
{
	Suite *s = suite_of("manifest", (const TTest *[]){ round_trip, little_is_enough, NULL });

	tcase_add_loop_test(harness_case(s, "refused"), refused, 0, sizeof wrong / sizeof *wrong);
	return s;
}
