/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/hardware.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/test/suites.h"

/* of a kernel that has E1000 as a module, and neither NVMe nor SD cards whole */
static const char config[] = "CONFIG_VIRTIO_BLK=y\nCONFIG_VIRTIO_NET=y\nCONFIG_E1000=m\n"
			     "# CONFIG_BLK_DEV_NVME is not set\nCONFIG_SATA_AHCI=y\n"
			     "CONFIG_BLK_DEV_SD=y\nCONFIG_MMC_BLOCK=y\nCONFIG_E1000E=\n"
			     "CONFIG_USB_XHCI_HCD=y\nCONFIG_USB_STORAGE_X=y\nXCONFIG_8139CP=y\n";

static const struct {
	const char *bus, *nic, *image, *why;
} machines[] = {
	{ NULL, NULL, "disk", NULL },
	{ "virtio", "virtio", "disk", NULL },
	{ "ahci", "e1000", "disk", NULL },
	{ "nvme", NULL, "disk", "the kernel has no CONFIG_BLK_DEV_NVME, for bus nvme" },
	{ "nvme", NULL, NULL, NULL }, /* there is no disk */
	{ "sd", NULL, "disk", "the kernel has no CONFIG_MMC_SDHCI_PCI, for bus sd" },
	{ "usb", NULL, "disk", "the kernel has no CONFIG_USB_STORAGE, for bus usb" },
	{ NULL, "e1000e", "disk", "the kernel has no CONFIG_E1000E, for nic e1000e" },
	{ NULL, "rtl8139", NULL, "the kernel has no CONFIG_8139CP, for nic rtl8139" },
};

START_TEST(a_kernel_without_a_driver)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/config", test_dir());
	struct manifest m = { .dir = "/",
		.kernel_config = path,
		.image = machines[_i].image,
		.disk_bus = machines[_i].bus,
		.nic = machines[_i].nic };
	struct err e;

	ck_assert_int_eq(file_write(path, config, sizeof config - 1, 0644, &e), 0);
	ck_assert_pstr_eq(hardware_missing(a, &m), machines[_i].why);
	/* who tells nothing of the kernel is played */
	m.kernel_config = NULL;
	ck_assert_ptr_null(hardware_missing(a, &m));
	arena_free(a);
}
END_TEST

START_TEST(names)
{
	for (size_t i = 0; bus_at(i); i++)
		ck_assert(bus_is(bus_at(i)->name) && bus_of(bus_at(i)->name) == bus_at(i));
	for (size_t i = 0; nic_at(i); i++)
		ck_assert(nic_is(nic_at(i)->name) && nic_of(nic_at(i)->name) == nic_at(i));
	ck_assert(!bus_is("scsi") && !bus_is("") && !nic_is("ne2000"));
	ck_assert_ptr_eq(bus_of(NULL), bus_at(0));
	ck_assert_ptr_eq(nic_of("ne2000"), nic_at(0));
}
END_TEST

Suite *
hardware_suite(void)
{
	Suite *s = suite_of("hardware", (const TTest *[]){ names, NULL });

	tcase_add_loop_test(harness_case(s, "drivers"), a_kernel_without_a_driver, 0,
	    sizeof machines / sizeof *machines);
	return s;
}
