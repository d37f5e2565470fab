/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/lane.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/guest/hardware.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const struct lane {
	const char *name;
	size_t member; /* of the manifest: its firmware; of the first: the kernel */
} lanes[] = {
	{ LANE_KERNEL, offsetof(struct manifest, kernel) },
	{ "bios", offsetof(struct manifest, boot_bios) },
	{ "efi", offsetof(struct manifest, boot_efi) },
	{ "uboot", offsetof(struct manifest, boot_uboot) },
	{ LANE_DISKLESS, offsetof(struct manifest, boot_diskless) },
};

#define NLANES (sizeof lanes / sizeof *lanes)

const char *
lane_name(size_t i)
{
	return i < NLANES ? lanes[i].name : NULL;
}

const char *
lane_of(const struct manifest *m)
{
	return m->lane ? m->lane : LANE_KERNEL;
}

static const struct lane *
find(const char *name)
{
	for (size_t i = 0; i < NLANES; i++)
		if (!strcmp(lanes[i].name, name))
			return &lanes[i];
	return NULL;
}

static const char *
value_of(const struct manifest *m, const char *lane)
{
	const struct lane *l = find(lane);

	return l ? *(const char *const *)(const void *)((const char *)m + l->member) : NULL;
}

/* in the other ones QEMU is handed the kernel */
static bool
is_firmware(const char *lane)
{
	return strcmp(lane, LANE_KERNEL) && strcmp(lane, LANE_DISKLESS);
}

bool
lane_fits(const struct manifest *m, const char *lane)
{
	return value_of(m, lane) != NULL;
}

bool
lane_meant(const char *asked, const char *lane)
{
	return !strcmp(asked, lane) || !strcmp(asked, "all") ||
	       (!strcmp(asked, "firmware") && is_firmware(lane));
}

bool
lane_has_firmware(const struct manifest *m)
{
	return m->lane && is_firmware(m->lane);
}

int
lane_unfit(const char *asked, const char *manifest, struct err *e)
{
	return !strcmp(asked, LANE_DISKLESS)
		   ? fail_usage(e, "--boot %s: %s names no root for it; build with cpio in FORMS",
			 asked, manifest)
		   : fail_usage(e,
			 "--boot %s: %s names no firmware for it; build with another BOOT", asked,
			 manifest);
}

bool
lane_is_diskless(const struct manifest *m)
{
	return m->lane && !strcmp(m->lane, LANE_DISKLESS);
}

/* NULL: QEMU is handed the kernel */
static const char *
firmware(const struct manifest *m)
{
	return lane_has_firmware(m) ? value_of(m, m->lane) : NULL;
}

/* OPTION FILE PACKAGE [BUS...]; what is behind the words of w is told apart by NULL */
#define NWORDS 12

static bool
read_firmware(struct arena *a, const char *value, char *w[NWORDS])
{
	size_t n;

	memset(w, 0, NWORDS * sizeof *w);
	n = value ? words(arena_strdup(a, value), w, NWORDS) : 0;
	return n >= 3 && n < NWORDS;
}

const char *
lane_missing(struct arena *a, const struct manifest *m)
{
	const struct bus *bus = bus_of(m->disk_bus);
	char *w[NWORDS];

	if (!read_firmware(a, firmware(m), w))
		return NULL;
	if (access(w[1], R_OK) < 0)
		return arena_printf(a, "needs %s, of package %s", w[1], w[2]);
	for (char **lacks = w + 3; m->image && *lacks; lacks++)
		if (!strcmp(*lacks, bus->name))
			return arena_printf(
			    a, "this firmware starts nothing from bus %s", bus->name);
	return m->image && !bus->serial
		   ? arena_printf(
			 a, "on bus %s a disk has no number, to know this boot by", bus->name)
		   : NULL;
}

bool
lane_is_firmware(const char *value)
{
	struct arena *a = arena_new();
	char *w[NWORDS];
	bool is = read_firmware(a, value, w) &&
		  (!strcmp(w[0], "bios") || !strcmp(w[0], "kernel")) &&
		  (!strncmp(w[1], "/usr/share/", 11) || !strncmp(w[1], "/usr/lib/", 9)) &&
		  !strstr(w[1], "/../") && !strchr(w[1], ',');

	for (char **lacks = w + 3; is && *lacks; lacks++)
		is = bus_is(*lacks);
	arena_free(a);
	return is;
}

void
lane_push(struct argv *v, const struct manifest *m)
{
	char *w[NWORDS];

	if (read_firmware(v->a, firmware(m), w))
		argv_pushv(v, arena_printf(v->a, "-%s", w[0]), w[1], NULL);
}
