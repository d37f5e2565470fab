/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/qemu.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/guest/lan.h"
#include "verify/guest/lane.h"
#include "verify/test/suites.h"

#include <stdlib.h>
#include <string.h>

#define DATA "verify/test/data/qemu/"

/* each NAME.manifest has a NAME.argv beside it, one word a line; LH_GOLDEN=write makes them anew */
static const struct {
	const char *name;
	struct qemu_opts o;
} goldens[] = {
	{ "x86_64", { .disk = "/cell/disk.qcow2",
			.console = "/cell/serial",
			.qmp_fd = 6,
			.agent_fd = 7,
			.nonce = "00c0ffee",
			.accel = "tcg",
			.slot = true,
			.reboot = true,
			.ssh = true } },
	{ "i486", { .disk = "/cell/a,b/disk.qcow2",
		      .console = "/cell/a,b/serial",
		      .qmp_fd = 6,
		      .agent_fd = -1,
		      .nonce = "00c0ffee",
		      .append = "init=/bin/false",
		      .slot = true,
		      .ssh = true } },
	{ "armv7", { .disk = "/cell/disk.qcow2",
		       .console = "/cell/serial",
		       .qmp_fd = 6,
		       .agent_fd = 7,
		       .nonce = "00c0ffee",
		       .accel = "tcg",
		       .faults = true,
		       .reboot = true,
		       .ssh = true } },
	{ "aarch64", { .disk = "/cell/disk.qcow2",
			 .console = "/cell/serial",
			 .qmp_fd = 6,
			 .agent_fd = 7,
			 .nonce = "00c0ffee",
			 .accel = "kvm",
			 .cpu = "host",
			 .loadvm = "booted",
			 .ssh = true } },
	{ "riscv64", { .disk = "/cell/disk.qcow2",
			 .console = "/cell/serial",
			 .qmp_fd = 6,
			 .agent_fd = 7,
			 .loadvm = "booted",
			 .pace = PACE_CALM,
			 .told = "/cell/a,b/told",
			 .ssh = true } },
	/* the same with a disk that is kept and a folder that is shared */
	{ "kept", { .disk = "/home/me/a,b.raw",
		      .kept = "raw",
		      .console = NULL,
		      .qmp_fd = -1,
		      .agent_fd = -1,
		      .memory = 1024,
		      .cpus = 4,
		      .share = "/home/me/c,d",
		      .ssh = true,
		      .ssh_port = 2222 } },
	/* its time races */
	{ "race", { .disk = "/cell/disk.qcow2",
		      .console = "/cell/serial",
		      .qmp_fd = 6,
		      .agent_fd = 7,
		      .nonce = "00c0ffee",
		      .accel = "tcg",
		      .pace = PACE_RACE,
		      .loadvm = "moving",
		      .ssh = true } },
	/* and no more: a state is loaded later */
	{ "raced", { .disk = "/cell/disk.qcow2",
		       .console = "/cell/serial",
		       .qmp_fd = 6,
		       .agent_fd = 7,
		       .nonce = "00c0ffee",
		       .accel = "tcg",
		       .pace = PACE_CALM,
		       .loadvm = "moving",
		       .waits = true,
		       .ssh = true } },
	/* somebody between it and its network */
	{ "between", { .disk = "/cell/disk.qcow2",
			 .console = "/cell/serial",
			 .qmp_fd = 6,
			 .agent_fd = -1,
			 .net = (const int[]){ 8, 9, 10, 11 } } },
	/* a person at the terminal: no QMP, no guest agent, no ssh */
	{ "by-hand",
	    { .disk = "/cell/disk.qcow2", .console = NULL, .qmp_fd = -1, .agent_fd = -1 } },
};

static void
line_each(struct arena *a, const struct argv *v, char **text)
{
	*text = arena_strdup(a, "");
	for (size_t i = 0; i < v->n; i++)
		*text = arena_printf(a, "%s%s\n", *text, v->v[i]);
}

START_TEST(golden)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, DATA "%s.argv", goldens[_i].name);
	struct argv v = { .a = a };
	struct manifest m;
	struct err e;
	char *want, *got;

	ck_assert_msg(
	    manifest_read(a, arena_printf(a, DATA "%s.manifest", goldens[_i].name), &m, &e) == 0,
	    "%s", e.msg);
	m.dir = "/images";
	qemu_argv(&v, &m, &goldens[_i].o);
	line_each(a, &v, &got);
	if (getenv("LH_GOLDEN"))
		ck_assert_msg(file_write(path, got, strlen(got), 0644, &e) == 0, "%s", e.msg);
	ck_assert_msg(file_read(a, path, &want, NULL, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(got, want);
	arena_free(a);
}
END_TEST

/* what slirp is told, for an image's address, router and name server */
static const struct {
	const char *address, *router, *dns, *netdev;
} nets[] = {
	{ NULL, NULL, NULL, "user,id=net,hostfwd=tcp:127.0.0.1:0-:22" },
	{ "10.0.2.15", "10.0.2.2", "10.0.2.3",
	    "user,id=net,net=10.0.2.0/"
	    "24,host=10.0.2.2,dns=10.0.2.3,dhcpstart=10.0.2.16,hostfwd=tcp:127.0.0.1:0-10.0.2.15:"
	    "22" },
	{ "192.168.7.20", "192.168.7.1", NULL,
	    "user,id=net,net=192.168.7.0/"
	    "24,host=192.168.7.1,dns=192.168.7.3,dhcpstart=192.168.7.15,hostfwd=tcp:127.0.0.1:0-"
	    "192.168.7.20:22" },
	/* a name server at the router, or outside the net, slirp would refuse */
	{ "192.168.7.3", "192.168.7.4", "192.168.7.4",
	    "user,id=net,net=192.168.7.0/"
	    "24,host=192.168.7.4,dns=192.168.7.5,dhcpstart=192.168.7.15,hostfwd=tcp:127.0.0.1:0-"
	    "192.168.7.3:22" },
	{ "10.0.2.9", "10.0.2.15", "9.9.9.9",
	    "user,id=net,net=10.0.2.0/"
	    "24,host=10.0.2.15,dns=10.0.2.3,dhcpstart=10.0.2.16,hostfwd=tcp:127.0.0.1:0-10.0.2.9:"
	    "22" },
	{ "10.0.2.1", "10.0.2.2", "10.0.2.15",
	    "user,id=net,net=10.0.2.0/"
	    "24,host=10.0.2.2,dns=10.0.2.15,dhcpstart=10.0.2.16,hostfwd=tcp:127.0.0.1:0-10.0.2.1:"
	    "22" },
};

START_TEST(net)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/",
		.triple = "x86_64-linux-musl",
		.qemu = "q",
		.machine = "pc",
		.memory = 64,
		.address = nets[_i].address,
		.router = nets[_i].router,
		.dns = nets[_i].dns };
	struct qemu_opts o = { .agent_fd = -1, .ssh = true };
	struct argv v = { .a = a };
	size_t i = 0;

	qemu_argv(&v, &m, &o);
	while (i < v.n && strcmp(v.v[i], "-netdev"))
		i++;
	ck_assert_uint_lt(i + 1, v.n);
	ck_assert_str_eq(v.v[i + 1], nets[_i].netdev);
	arena_free(a);
}
END_TEST

/* what the random bytes make of it; a static image has none of it */
static const struct {
	unsigned char random[5];
	const char *netdev;
} lans[] = {
	{ { 0, 0, 0, 0, 0 }, "10.16.0.0/24,host=10.16.0.2,dns=10.16.0.3,dhcpstart=10.16.0.4" },
	{ { 255, 255, 255, 255, 255 },
	    "10.31.255.0/24,host=10.31.255.37,dns=10.31.255.43,dhcpstart=10.31.255.99" },
	{ { 1, 255, 9, 219, 49 },
	    "172.31.9.0/24,host=172.31.9.221,dns=172.31.9.51,dhcpstart=172.31.9.101" },
	{ { 2, 7, 200, 100, 99 },
	    "192.168.200.0/24,host=192.168.200.102,dns=192.168.200.152,dhcpstart=192.168.200.32" },
};

START_TEST(drawn)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/", .qemu = "q", .machine = "pc", .memory = 64 };
	struct lan lan;
	struct qemu_opts o = { .agent_fd = -1, .ssh = true, .lan = &lan };
	struct argv v = { .a = a };
	size_t i = 0;

	lan_of(lans[_i].random, &lan);
	qemu_argv(&v, &m, &o);
	while (i < v.n && strcmp(v.v[i], "-netdev"))
		i++;
	ck_assert_uint_lt(i + 1, v.n);
	ck_assert_str_eq(v.v[i + 1],
	    arena_printf(a, "user,id=net,net=%s,hostfwd=tcp:127.0.0.1:0-:22", lans[_i].netdev));
	arena_free(a);
}
END_TEST

/* QEMU refuses two roles at one address */
START_TEST(lans_are_sound)
{
	for (unsigned i = 0; i < 65536; i++) {
		unsigned char random[5] = { 0, 0, 0, (unsigned char)(i >> 8), (unsigned char)i };
		struct lan l;

		lan_of(random, &l);
		ck_assert_str_ne(l.router, l.dns);
		ck_assert_str_ne(l.router, l.address);
		ck_assert_str_ne(l.dns, l.address);
	}
}
END_TEST

static const struct {
	const char *bus, *devices;
} buses[] = {
	{ NULL, "-device virtio-blk-pci,drive=disk" },
	{ "virtio", "-device virtio-blk-pci,drive=disk" },
	{ "ahci", "-device ich9-ahci,id=ahci -device ide-hd,drive=disk,bus=ahci.0" },
	{ "nvme", "-device nvme,drive=disk,serial=lh" },
	{ "sd", "-device sdhci-pci -device sd-card,drive=disk" },
};

START_TEST(bus)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/",
		.triple = "arm-linux-musleabihf",
		.qemu = "q",
		.machine = "virt",
		.memory = 64,
		.disk_bus = buses[_i].bus };
	struct qemu_opts o = { .disk = "d", .agent_fd = -1 };
	struct argv v = { .a = a };
	const char *at;

	qemu_argv(&v, &m, &o);
	at = strstr(argv_quoted(&v), "file=d ");
	ck_assert_ptr_nonnull(at);
	ck_assert_msg(!strncmp(at + 7, buses[_i].devices, strlen(buses[_i].devices)), "%s", at);
	arena_free(a);
}
END_TEST

/* no kernel is handed over, and the nonce is where a guest of any bus finds it */
static const struct {
	const char *lane, *bus, *has;
} lanes[] = {
	{ "efi", NULL, "-bios /usr/share/f/OVMF.fd -chardev " },
	{ "uboot", NULL, "-kernel /usr/lib/u/boot.elf -chardev " },
	{ "bios", NULL, "-bios /usr/share/s/bios.bin -chardev " },
	{ "efi", NULL, "-device virtio-blk-pci,drive=disk,serial=00c0ffee " },
	{ "efi", "nvme", "-device nvme,drive=disk,serial=00c0ffee " },
	{ "efi", "ahci", "-device ide-hd,drive=disk,bus=ahci.0,serial=00c0ffee " },
	{ "efi", "sd", "-device sd-card,drive=disk " },
	{ "bios", "usb",
	    "-device qemu-xhci,id=usb -device "
	    "usb-storage,drive=disk,bus=usb.0,serial=00c0ffee " },
	{ "bios", NULL, "-device VGA" },
};

START_TEST(firmware_starts_it)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/images",
		.qemu = "q",
		.machine = "virt",
		.memory = 64,
		.kernel = "vmlinuz",
		.append = "quiet",
		.lane = lanes[_i].lane,
		.disk_bus = lanes[_i].bus,
		.screen = "VGA",
		.boot_bios = "bios /usr/share/s/bios.bin seabios",
		.boot_efi = "bios /usr/share/f/OVMF.fd ovmf ahci sd",
		.boot_uboot = "kernel /usr/lib/u/boot.elf u-boot-qemu" };
	struct qemu_opts o = { .disk = "d", .console = "/c", .agent_fd = -1, .nonce = "00c0ffee" };
	struct argv v = { .a = a };
	const char *said;

	qemu_argv(&v, &m, &o);
	said = argv_quoted(&v);
	ck_assert_msg(strstr(said, lanes[_i].has) != NULL, "%s", said);
	ck_assert_ptr_null(strstr(said, "vmlinuz"));
	ck_assert_ptr_null(strstr(said, "-append"));
	arena_free(a);
}
END_TEST

static const struct {
	const char *value;
	bool is;
} firmwares[] = {
	{ "bios /usr/share/ovmf/OVMF.fd ovmf", true },
	{ "kernel /usr/lib/u-boot/u-boot.elf u-boot-qemu", true },
	{ "bios /usr/share/ovmf/OVMF.fd ovmf ahci sd", true },
	{ "bios /usr/share/ovmf/OVMF.fd ovmf ahci scsi", false },
	{ "bios /usr/share/ovmf/OVMF.fd ovmf sd sd sd sd sd sd sd sd", true },
	{ "bios /usr/share/ovmf/OVMF.fd ovmf sd sd sd sd sd sd sd sd sd", false },
	{ "bios /usr/share/ovmf/OVMF.fd", false },
	{ "chardev /usr/share/ovmf/OVMF.fd ovmf", false },
	{ "bios /home/me/OVMF.fd ovmf", false },
	{ "bios /usr/share/../../home/me/OVMF.fd ovmf", false },
};

START_TEST(firmware_is_installed)
{
	ck_assert_msg(
	    lane_is_firmware(firmwares[_i].value) == firmwares[_i].is, "%s", firmwares[_i].value);
}
END_TEST

/* the kernel is handed over, and its root, which stays in memory */
START_TEST(without_a_disk)
{
	struct arena *a = arena_new();
	const struct manifest m = { .qemu = "qemu",
		.machine = "pc",
		.dir = "/i",
		.kernel = "vmlinuz",
		.initrd = "initrd",
		.append = "console=ttyS0",
		.lane = "diskless",
		.screen = "VGA",
		.boot_diskless = "diskless.cpio.gz" };
	struct qemu_opts o = { .console = "/c", .agent_fd = -1, .nonce = "00c0ffee" };
	struct argv v = { .a = a };
	const char *said;

	qemu_argv(&v, &m, &o);
	said = argv_quoted(&v);
	ck_assert_msg(strstr(said, "-kernel /i/vmlinuz -initrd /i/diskless.cpio.gz -append "
				   "'console=ttyS0 lh.nonce=00c0ffee'") != NULL,
	    "%s", said);
	ck_assert_ptr_null(strstr(said, "VGA"));
	ck_assert_ptr_null(strstr(said, "-drive"));
	arena_free(a);
}
END_TEST

/* which cannot be, of a firmware that is there; /usr/share itself always is */
static const struct {
	const char *lane, *bus, *image, *why;
} starts[] = {
	{ "efi", NULL, "disk", NULL },
	{ "efi", "virtio", "disk", NULL },
	{ "efi", "nvme", "disk", NULL },
	{ "efi", "ahci", "disk", "this firmware starts nothing from bus ahci" },
	{ "efi", "sd", "disk", "this firmware starts nothing from bus sd" },
	{ "efi", "sd", NULL, NULL },
	{ NULL, "sd", "disk", NULL },
	{ "uboot", "ahci", "disk", NULL },
	{ "uboot", "sd", "disk", "on bus sd a disk has no number, to know this boot by" },
	{ "bios", "sd", "disk", "needs /usr/share/nowhere/bios, of package seabios" },
};

START_TEST(firmware_starts_from)
{
	struct arena *a = arena_new();
	const struct manifest m = { .lane = starts[_i].lane,
		.disk_bus = starts[_i].bus,
		.image = starts[_i].image,
		.boot_uboot = "kernel /usr/share/. u-boot-qemu",
		.boot_bios = "bios /usr/share/nowhere/bios seabios",
		.boot_efi = "bios /usr/share/. ovmf ahci sd" };

	ck_assert_pstr_eq(lane_missing(a, &m), starts[_i].why);
	arena_free(a);
}
END_TEST

static const struct {
	const char *asked, *lane;
	bool meant;
} asked[] = {
	{ "kernel", "kernel", true },
	{ "kernel", "efi", false },
	{ "efi", "efi", true },
	{ "efi", "uboot", false },
	{ "firmware", "uboot", true },
	{ "firmware", "diskless", false },
	{ "diskless", "diskless", true },
	{ "all", "diskless", true },
	{ "firmware", "kernel", false },
	{ "all", "kernel", true },
	{ "all", "efi", true },
};

START_TEST(asked_for)
{
	ck_assert_msg(lane_meant(asked[_i].asked, asked[_i].lane) == asked[_i].meant, "%s %s",
	    asked[_i].asked, asked[_i].lane);
}
END_TEST

static const struct {
	const char *nic, *device;
} nics[] = {
	{ NULL, "virtio-net-pci,netdev=net,id=eth0,romfile=,guest_announce=off" },
	{ "virtio", "virtio-net-pci,netdev=net,id=eth0,romfile=,guest_announce=off" },
	{ "e1000", "e1000,netdev=net,id=eth0,romfile=" },
	{ "e1000e", "e1000e,netdev=net,id=eth0,romfile=" },
	{ "rtl8139", "rtl8139,netdev=net,id=eth0,romfile=" },
};

START_TEST(nic)
{
	struct arena *a = arena_new();
	struct manifest m = {
		.dir = "/", .qemu = "q", .machine = "virt", .memory = 64, .nic = nics[_i].nic
	};
	struct qemu_opts o = { .agent_fd = -1 };
	struct argv v = { .a = a };

	qemu_argv(&v, &m, &o);
	ck_assert_ptr_nonnull(
	    strstr(argv_quoted(&v), arena_printf(a, " -device %s ", nics[_i].device)));
	arena_free(a);
}
END_TEST

/* whose kernel and whose machine it is, the manifest says; run-qemu's --cpus says more */
START_TEST(by_hand)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/images",
		.qemu = "q",
		.machine = "virt",
		.memory = 64,
		.cpus = 3,
		.firmware = "efi",
		.kernel = "vmlinuz",
		.initrd = "initrd.gz",
		.append = "quiet" };
	struct qemu_opts o = { .agent_fd = -1 };
	struct argv v = { .a = a }, w = { .a = a };

	qemu_argv(&v, &m, &o);
	ck_assert_ptr_nonnull(strstr(argv_quoted(&v),
	    " -bios /images/efi -kernel /images/vmlinuz -initrd /images/initrd.gz "
	    "-append quiet "));
	ck_assert_ptr_nonnull(strstr(argv_quoted(&v), " -smp 3 "));
	o.cpus = 5;
	qemu_argv(&w, &m, &o);
	ck_assert_ptr_nonnull(strstr(argv_quoted(&w), " -smp 5 "));
	arena_free(a);
}
END_TEST

START_TEST(a_program_with_a_path_is_beside_the_manifest)
{
	struct arena *a = arena_new();
	struct manifest m = { .dir = "/images",
		.triple = "x86_64-linux-musl",
		.qemu = "bin/qemu",
		.machine = "pc",
		.memory = 64 };
	struct qemu_opts o = { .agent_fd = -1 };
	struct argv v = { .a = a };

	qemu_argv(&v, &m, &o);
	ck_assert_str_eq(v.v[0], "/images/bin/qemu");
	arena_free(a);
}
END_TEST

Suite *
qemu_suite(void)
{
	Suite *s = suite_create("qemu");
	TCase *tc = harness_case(s, "qemu");

	tcase_add_loop_test(tc, golden, 0, sizeof goldens / sizeof *goldens);
	tcase_add_loop_test(tc, net, 0, sizeof nets / sizeof *nets);
	tcase_add_loop_test(tc, drawn, 0, sizeof lans / sizeof *lans);
	tcase_add_test(tc, lans_are_sound);
	tcase_add_loop_test(tc, bus, 0, sizeof buses / sizeof *buses);
	tcase_add_loop_test(tc, firmware_starts_it, 0, sizeof lanes / sizeof *lanes);
	tcase_add_loop_test(tc, firmware_is_installed, 0, sizeof firmwares / sizeof *firmwares);
	tcase_add_loop_test(tc, firmware_starts_from, 0, sizeof starts / sizeof *starts);
	tcase_add_loop_test(tc, asked_for, 0, sizeof asked / sizeof *asked);
	tcase_add_loop_test(tc, nic, 0, sizeof nics / sizeof *nics);
	tcase_add_test(tc, by_hand);
	tcase_add_test(tc, without_a_disk);
	tcase_add_test(tc, a_program_with_a_path_is_beside_the_manifest);
	return s;
}
