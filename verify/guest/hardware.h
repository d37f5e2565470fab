/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_HARDWARE_H
#define VERIFY_GUEST_HARDWARE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct manifest;

/*
 * What a machine has for a disk and for a network card: QEMU's words for each, and what a kernel
 * has to have for it.  The controller is always our own, whatever the machine brings.
 */
struct bus {
	const char *name;
	const char *controller; /* or NULL */
	const char *disk;
	const char *serial;  /* its number, when nobody gives one; NULL: it can have none */
	const char *part;    /* what Linux calls its partitions, less their number: "vda" */
	const char *symbols; /* of a kernel's configuration, all of them */
};

struct nic {
	const char *name, *device, *symbols;
};

/* all of them, virtio first; NULL behind the last */
const struct bus *bus_at(size_t i);
const struct nic *nic_at(size_t i);
/* the one of that name, or virtio: for NULL, and for another name, which is refused before */
const struct bus *bus_of(const char *name);
const struct nic *nic_of(const char *name);
bool bus_is(const char *name);
bool nic_is(const char *name);
/*
 * Why a guest of this manifest cannot be: what its kernel has no driver for, as its configuration
 * says.  NULL: it can, or the manifest names no configuration.
 */
const char *hardware_missing(struct arena *a, const struct manifest *m);

#endif
