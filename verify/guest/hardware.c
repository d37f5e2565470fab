/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/hardware.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/kconfig.h"
#include "build/files/manifest.h"

#include <string.h>

static const struct bus buses[] = {
	{ "virtio", NULL, "virtio-blk-pci,drive=disk", "", "vda", "VIRTIO_BLK" },
	{ "ahci", "ich9-ahci,id=ahci", "ide-hd,drive=disk,bus=ahci.0", "", "sda",
	    "SATA_AHCI BLK_DEV_SD" },
	{ "nvme", NULL, "nvme,drive=disk", "lh", "nvme0n1p", "BLK_DEV_NVME" },
	{ "sd", "sdhci-pci", "sd-card,drive=disk", NULL, "mmcblk0p", "MMC_BLOCK MMC_SDHCI_PCI" },
	{ "usb", "qemu-xhci,id=usb", "usb-storage,drive=disk,bus=usb.0", "", "sda",
	    "USB_XHCI_HCD USB_STORAGE BLK_DEV_SD" },
};

/*
 * No option ROM: there is nothing to boot from the net, and it costs time.  Nor is a guest told to
 * announce itself when its state is loaded: nobody is there to hear it, and Linux 6.12 hangs for
 * ever when the interface goes down at that moment (virtnet_close() waits, with the lock of all
 * interfaces, for work that waits for this lock).
 */
static const struct nic nics[] = {
	{ "virtio", "virtio-net-pci,netdev=net,id=eth0,romfile=,guest_announce=off", "VIRTIO_NET" },
	{ "e1000", "e1000,netdev=net,id=eth0,romfile=", "E1000" },
	{ "e1000e", "e1000e,netdev=net,id=eth0,romfile=", "E1000E" },
	{ "rtl8139", "rtl8139,netdev=net,id=eth0,romfile=", "8139CP" },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

const struct bus *
bus_at(size_t i)
{
	return i < COUNT(buses) ? &buses[i] : NULL;
}

const struct nic *
nic_at(size_t i)
{
	return i < COUNT(nics) ? &nics[i] : NULL;
}

const struct bus *
bus_of(const char *name)
{
	for (size_t i = 1; name && i < COUNT(buses); i++)
		if (!strcmp(name, buses[i].name))
			return &buses[i];
	return &buses[0];
}

const struct nic *
nic_of(const char *name)
{
	for (size_t i = 1; name && i < COUNT(nics); i++)
		if (!strcmp(name, nics[i].name))
			return &nics[i];
	return &nics[0];
}

bool
bus_is(const char *name)
{
	return !strcmp(bus_of(name)->name, name);
}

bool
nic_is(const char *name)
{
	return !strcmp(nic_of(name)->name, name);
}

/* the first of the symbols that a configuration has not, or NULL */
static const char *
lacking(struct arena *a, const char *config, const char *symbols)
{
	for (const char *s = symbols; *s; s += *s == ' ') {
		size_t n = strcspn(s, " ");

		if (!kconfig_get(config, s, n))
			return arena_printf(a, "CONFIG_%.*s", (int)n, s);
		s += n;
	}
	return NULL;
}

static const char *
missing_in(struct arena *a, const char *config, const struct manifest *m)
{
	const struct bus *bus = bus_of(m->disk_bus);
	const struct nic *nic = nic_of(m->nic);
	const char *symbol;

	if (m->image && (symbol = lacking(a, config, bus->symbols)))
		return arena_printf(a, "the kernel has no %s, for bus %s", symbol, bus->name);
	if ((symbol = lacking(a, config, nic->symbols)))
		return arena_printf(a, "the kernel has no %s, for nic %s", symbol, nic->name);
	return NULL;
}

/* asked for each test case: what was read is not kept */
const char *
hardware_missing(struct arena *a, const struct manifest *m)
{
	struct arena *scratch = arena_new();
	const char *path = manifest_path(scratch, m, m->kernel_config), *why = NULL;
	char *config;

	if (path && file_read(scratch, path, &config, NULL, &(struct err){ 0 }) == 0)
		why = missing_in(scratch, config, m);
	if (why)
		why = arena_strdup(a, why);
	arena_free(scratch);
	return why;
}
