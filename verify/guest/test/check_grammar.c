/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/guest/grammar.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

/* a line of a manifest; how the error goes on behind the manifest's path, or NULL: it is fine */
static const struct {
	const char *line, *refused;
} lines[] = {
	{ "machine virt,highmem=off", NULL },
	{ "machine virt,gic-version=3,highmem=off", NULL },
	{ "machine q35,dumpdtb=/etc/passwd", "machine q35,dumpdtb=/etc/passwd: has to be NAME" },
	{ "machine q35,firmware=x", "machine q35,firmware=x: has to be NAME" },
	{ "machine q35,,hpet=on", "machine q35,,hpet=on: has to be" },
	{ "machine q35,hpet", "machine q35,hpet: has to be" },
	{ "machine ,hpet=on", "machine ,hpet=on: has to be" },
	{ "machine -help", "machine -help: has to be" },
	{ "cpu qemu64,+ssse3,-cx16,vendor=x", NULL },
	{ "cpu qemu64 -monitor stdio", "cpu qemu64 -monitor stdio: has to be MODEL[,FEATURE...]" },
	{ "qemu ./evil.sh", "qemu ./evil.sh: has to be qemu-system-ARCH" },
	{ "qemu qemu-system-x/../../bin/sh", "qemu qemu-system-x/../../bin/sh: has to be" },
	{ "qemu sh", "qemu sh: has to be qemu-system-ARCH" },
	{ "arch ../..", "arch ../..: has to be a name" },
	{ "arch .", "arch .: has to be a name" },
	{ "profile a/b", "profile a/b: has to be a name" },
	{ "set -o", "set -o: has to be a name" },
	{ "hostname a,b", "hostname a,b: has to be a name" },
	{ "router 10.0.2.2,guestfwd=tcp:1.2.3.4:5-cmd:id", "router 10.0.2.2,guestfwd=tcp:1.2.3.4" },
	{ "address 10.0.2.15/24", "address 10.0.2.15/24: has to be an IPv4 address" },
	{ "dns 10.0.2.3", NULL },
	{ "dns 10.0.2.3,hostfwd=tcp::1-:1", "dns 10.0.2.3,hostfwd=tcp::1-:1: has to be an IPv4" },
	{ "console ttyS0 init=/bin/sh", "console ttyS0 init=/bin/sh: has to be a name" },
	{ "disk-bus nvme", NULL },
	{ "disk-bus nvme,file=x", "disk-bus nvme,file=x: has to be virtio, ahci, nvme, sd or usb" },
	{ "disk-bus scsi", "disk-bus scsi: has to be virtio, ahci, nvme, sd or usb" },
	{ "disk-bus usb", NULL },
	{ "nic e1000e", NULL },
	{ "screen VGA", NULL },
	{ "screen ramfb", NULL },
	{ "screen VGA,romfile=/etc/passwd",
	    "screen VGA,romfile=/etc/passwd: has to be VGA or ramfb" },
	{ "nic e1000,mac=1", "nic e1000,mac=1: has to be virtio, e1000, e1000e or rtl8139" },
	{ "initrd nowhere", "initrd " },
	{ "initrd /dev/zero", "initrd /dev/zero: is not a regular file" },
	{ "firmware fifo", "firmware " },
	{ "agent serial", NULL },
	{ "agent telnet", "agent telnet: has to be s6-linux-init, inittab or serial" },
	{ "login root open sesame", NULL },
	{ "login root \003", "login root \003: has to be USER [PASSWORD]" },
	{ "login -froot", "login -froot: has to be USER [PASSWORD]" },
	{ "panic pvpanic,x", "panic pvpanic,x: has to be pvpanic" },
	{ "panic vhost-vsock-pci", "panic vhost-vsock-pci: has to be pvpanic or pvpanic-pci" },
	{ "panic pvpanic-pci", NULL },
	{ "vm-generation vmgenid,guid=auto", NULL },
	{ "vm-generation loader,file=/etc/passwd",
	    "vm-generation loader,file=/etc/passwd: has to be vmgenid,guid=auto" },
	{ "after-loadvm writeq 0x2004000 0x0", NULL },
	{ "after-loadvm module_load x", "after-loadvm module_load x: has to be writeb" },
	{ "after-loadvm writeq 0x0 0x0; quit", "after-loadvm writeq 0x0 0x0; quit: has to be" },
	{ "kvm aarch64 host", NULL },
	{ "kvm x86_64", NULL },
	{ "kvm x86_64 host,x;y", "kvm x86_64 host,x;y: has to be HOST [CPU]" },
	{ "kvm x86_64 -monitor", "kvm x86_64 -monitor: has to be HOST [CPU]" },
	{ "credentials fifo", "credentials " },
	{ "credentials /dev/zero", "credentials /dev/zero: is not a regular file" },
	{ "credentials nowhere", NULL },
	{ "image fifo", "image " },
	{ "image /dev/zero", "image /dev/zero: is not a regular file" },
	{ "symbols .", "symbols " },
	{ "image nowhere", "image " },
};

START_TEST(values_have_a_grammar)
{
	static const char head[] = "lh-manifest 2\ntriple t\n";
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/manifest", test_dir()), *key = lines[_i].line;
	char *text = arena_printf(a, "%s%s\n", head, key);
	struct manifest m;
	struct err e = { 0 };

	ck_assert_int_eq(
	    system(arena_printf(a, "cd %s && : >kernel && mkfifo fifo", test_dir())), 0);
	if (strncmp(key, "qemu", 4))
		text = arena_printf(a, "%sqemu qemu-system-x86_64\n", text);
	if (strncmp(key, "machine", 7))
		text = arena_printf(a, "%smachine q35\n", text);
	if (strncmp(key, "console", 7))
		text = arena_printf(a, "%sconsole ttyS0\n", text);
	text = arena_printf(a, "%skernel kernel\n", text);
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(manifest_read(a, path, &m, &e) == 0, "%s", e.msg);
	if (!lines[_i].refused) {
		ck_assert_msg(grammar_check(&m, path, &e) == 0, "%s", e.msg);
	} else {
		const char *want = arena_printf(a, "%s: %s", path, lines[_i].refused);

		ck_assert_int_eq(grammar_check(&m, path, &e), -1);
		ck_assert_msg(!strncmp(e.msg, want, strlen(want)), "%s", e.msg);
		ck_assert_int_eq(e.code, EXIT_USAGE);
	}
	arena_free(a);
}
END_TEST

Suite *
grammar_suite(void)
{
	Suite *s = suite_create("grammar");

	tcase_add_loop_test(
	    harness_case(s, "grammar"), values_have_a_grammar, 0, sizeof lines / sizeof *lines);
	return s;
}
