/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/device.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* that sysfs counts in, whatever the disk's own is, and that the image's table is of */
#define SECTOR 512

/* ---- the kernel's files ---- */

/* what is no printable ASCII could be an escape sequence for the terminal */
static char *
printable(char *s)
{
	for (char *p = s; *p; p++)
		if ((unsigned char)*p < ' ' || (unsigned char)*p > '~')
			*p = '?';
	return s;
}

/* the first line of a file; "" when there is none */
static char *
attribute(struct arena *a, const char *path)
{
	char *text;
	struct err ignored;

	if (file_read(a, path, &text, NULL, &ignored) < 0)
		return arena_strdup(a, "");
	text[strcspn(text, "\n")] = '\0';
	return printable(trim(text));
}

/* the value of KEY in a file of KEY=VALUE lines, each of which begins with prefix */
static char *
property(struct arena *a, const char *path, const char *prefix, const char *key)
{
	const char *whole = arena_printf(a, "%s%s=", prefix, key);
	struct lines l;
	struct err ignored;
	char *line;

	if (lines_open(a, path, &l, &ignored) == 0)
		while ((line = lines_next(&l)))
			if (!strncmp(line, whole, strlen(whole)))
				return printable(line + strlen(whole));
	return arena_strdup(a, "");
}

static char *
numbers(struct arena *a, dev_t dev)
{
	return arena_printf(a, "%u:%u", major(dev), minor(dev));
}

static char *
in_sys(struct arena *a, const char *root, dev_t dev)
{
	return arena_printf(a, "%s/sys/dev/block/%s", root, numbers(a, dev));
}

static uint64_t
sectors(struct arena *a, const char *sys)
{
	return strtoull(attribute(a, arena_printf(a, "%s/size", sys)), NULL, 10) * SECTOR;
}

/* ---- what is in use ---- */

/* the disk itself and its partitions: their names, and what the kernel calls them in lists */
struct names {
	const char **name, **number;
	size_t n;
};

static void
add_name(struct arena *a, struct names *v, const char *name, const char *number)
{
	v->name = arena_more(a, v->name, v->n, sizeof *v->name);
	v->number = arena_more(a, v->number, v->n, sizeof *v->number);
	v->name[v->n] = name;
	v->number[v->n++] = number;
}

/* the one that a list means by its numbers, or by a path below /dev; NULL: none */
static const char *
meant(const struct names *v, const char *number, const char *source)
{
	for (size_t i = 0; i < v->n; i++)
		if ((number && !strcmp(v->number[i], number)) ||
		    (source && !strncmp(source, "/dev/", 5) && !strcmp(source + 5, v->name[i])))
			return v->name[i];
	return NULL;
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS.. - TYPE SOURCE OPTIONS"; ID is not needed */
static const char *
mounted(struct arena *a, const char *root, const struct names *v)
{
	struct lines l;
	struct err ignored;
	char *line;

	if (lines_open(a, arena_printf(a, "%s/proc/self/mountinfo", root), &l, &ignored) < 0)
		return "nobody can tell what is mounted without /proc/self/mountinfo";
	while ((line = lines_next(&l))) {
		char *dash = strstr(line, " - "), *w[5], *source = NULL;
		const char *name;

		if (dash) {
			char *rest = dash + 3;

			word_next(&rest); /* the type */
			source = word_next(&rest);
			*dash = '\0';
		}
		if (words(line, w, 5) < 5)
			continue;
		name = meant(v, w[2], source);
		if (name)
			return arena_printf(a, "/dev/%s is mounted on %s", name, printable(w[4]));
	}
	return NULL;
}

static const char *
swapped(struct arena *a, const char *root, const struct names *v)
{
	struct lines l;
	struct err ignored;
	char *line;

	if (lines_open(a, arena_printf(a, "%s/proc/swaps", root), &l, &ignored) < 0)
		return NULL;
	while ((line = lines_next(&l))) {
		const char *name = meant(v, NULL, word_next(&line));

		if (name)
			return arena_printf(a, "/dev/%s is swapped to", name);
	}
	return NULL;
}

/* a device mapper's, a RAID's */
static const char *
held(struct arena *a, const char *root, const struct names *v)
{
	for (size_t i = 0; i < v->n; i++) {
		char **holders;
		struct err ignored;
		size_t n = 0;

		if (file_names(a,
			arena_printf(a, "%s/sys/class/block/%s/holders", root, v->name[i]), false,
			&holders, &n, &ignored) == 0 &&
		    n)
			return arena_printf(
			    a, "/dev/%s is part of /dev/%s", v->name[i], holders[0]);
	}
	return NULL;
}

/* ---- what it is ---- */

static void
read_parts(
    struct arena *a, const char *root, const char *sys, struct device *d, struct names *names)
{
	char **v;
	struct err ignored;
	size_t n = 0;

	if (file_names(a, sys, false, &v, &n, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		const char *part = arena_printf(a, "%s/%s", sys, v[i]), *number, *udev;
		struct device_part *p;

		if (!file_exists(arena_printf(a, "%s/partition", part)))
			continue;
		number = attribute(a, arena_printf(a, "%s/dev", part));
		udev = arena_printf(a, "%s/run/udev/data/b%s", root, number);
		add_name(a, names, v[i], number);
		d->parts = arena_more(a, d->parts, d->nparts, sizeof *d->parts);
		p = &d->parts[d->nparts++];
		*p = (struct device_part){ .name = v[i],
			.size = sectors(a, part),
			.type = property(a, udev, "E:", "ID_FS_TYPE"),
			.label = property(a, udev, "E:", "ID_FS_LABEL") };
		if (!*p->label)
			p->label = property(a, arena_printf(a, "%s/uevent", part), "", "PARTNAME");
	}
}

/* USB and SD say of some disks that they are not removable, and mean the medium in its case */
static bool
is_removable(struct arena *a, const char *sys)
{
	char real[PATH_MAX];

	return !strcmp(attribute(a, arena_printf(a, "%s/removable", sys)), "1") ||
	       !strcmp(attribute(a, arena_printf(a, "%s/device/type", sys)), "SD") ||
	       (realpath(sys, real) && strstr(real, "/usb"));
}

int
device_read(struct arena *a, const char *root, struct device *d, struct err *e)
{
	const char *sys = in_sys(a, root, d->dev);
	struct names names = { 0 };

	if (!file_isdir(sys))
		return fail(e, "%s: /sys has no block device %s", d->path, numbers(a, d->dev));
	d->name = property(a, arena_printf(a, "%s/uevent", sys), "", "DEVNAME");
	d->size = sectors(a, sys);
	d->sector = (unsigned)strtoul(
	    attribute(a, arena_printf(a, "%s/queue/logical_block_size", sys)), NULL, 10);
	d->model =
	    trim(arena_printf(a, "%s %s", attribute(a, arena_printf(a, "%s/device/vendor", sys)),
		attribute(a, arena_printf(a, "%s/device/model", sys))));
	if (!*d->model) /* an SD card's */
		d->model = attribute(a, arena_printf(a, "%s/device/name", sys));
	d->table = property(a, arena_printf(a, "%s/run/udev/data/b%s", root, numbers(a, d->dev)),
	    "E:", "ID_PART_TABLE_TYPE");
	d->removable = is_removable(a, sys);
	d->backing = attribute(a, arena_printf(a, "%s/loop/backing_file", sys));
	if (!*d->backing)
		d->backing = NULL;
	d->readonly = !strcmp(attribute(a, arena_printf(a, "%s/ro", sys)), "1");
	if (file_exists(arena_printf(a, "%s/partition", sys)))
		d->whole = property(a, arena_printf(a, "%s/../uevent", sys), "", "DEVNAME");
	add_name(a, &names, d->name, numbers(a, d->dev));
	read_parts(a, root, sys, d, &names);
	d->busy = mounted(a, root, &names);
	if (!d->busy)
		d->busy = swapped(a, root, &names);
	if (!d->busy)
		d->busy = held(a, root, &names);
	return 0;
}

int
device_look(struct arena *a, const char *root, const char *path, struct device *out, struct err *e)
{
	char real[PATH_MAX];
	struct stat st;

	if (!realpath(path, real) || stat(real, &st) < 0) {
		fail_errno(e, "DEVICE %s", path);
		e->code = EXIT_USAGE;
		return -1;
	}
	*out = (struct device){ .path = arena_strdup(a, real),
		.block = S_ISBLK(st.st_mode),
		.dev = S_ISBLK(st.st_mode) ? st.st_rdev : st.st_dev,
		.ino = st.st_ino,
		.size = (uint64_t)st.st_size,
		.model = "",
		.table = "" };
	if (out->block)
		return device_read(a, root, out, e);
	out->name = strrchr(out->path, '/') + 1;
	return S_ISREG(st.st_mode) ? 0
				   : fail_usage(e, "DEVICE %s: neither a disk nor a file", path);
}

/* ---- may it be overwritten ---- */

int
device_fit(const struct device *d, uint64_t size, bool force, struct err *e)
{
	struct arena *a;

	if (d->whole)
		return fail_usage(
		    e, "DEVICE %s: only a partition; name the disk, /dev/%s", d->path, d->whole);
	if (d->busy)
		return fail_usage(
		    e, "DEVICE %s: %s; free it, or name another disk", d->path, d->busy);
	if (d->readonly)
		return fail_usage(e, "DEVICE %s: is read-only", d->path);
	if (d->sector && d->sector != SECTOR)
		return fail_usage(e,
		    "DEVICE %s: has sectors of %u bytes, the image's partition table is of %u: no "
		    "partition would be found on it; name another disk",
		    d->path, d->sector, SECTOR);
	if (d->size < size) {
		a = arena_new();
		fail_usage(e,
		    "DEVICE %s: has %s, the image needs %s: smaller partitions fit, see "
		    "ROOTFS_SIZE",
		    d->path, device_size(a, d->size), device_size(a, size));
		arena_free(a);
		return -1;
	}
	if (!force && !d->block)
		return fail_usage(
		    e, "DEVICE %s: a file, not a disk; FORCE=1 overwrites it", d->path);
	if (!force && !d->removable)
		return fail_usage(e,
		    "DEVICE %s: not a removable disk; FORCE=1 overwrites it, and all that is on it",
		    d->path);
	return 0;
}

char *
device_size(struct arena *a, uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double n = (double)bytes;
	size_t u = 0;

	while (n >= 1024 && u < 4) {
		n /= 1024;
		u++;
	}
	return arena_printf(a, n == (double)(uint64_t)n ? "%.0f %s" : "%.1f %s", n, units[u]);
}

char *
device_told(struct arena *a, const struct device *d)
{
	char *told = arena_printf(a, "%s: %s, %s%s%s%s%s", d->path, device_size(a, d->size),
	    !d->block	   ? "a file"
	    : d->removable ? "removable"
			   : "not removable",
	    *d->model ? ", " : "", d->model, *d->table ? ", partition table " : "", d->table);

	for (size_t i = 0; i < d->nparts; i++) {
		const struct device_part *p = &d->parts[i];

		told =
		    arena_printf(a, "%s\n  %s: %s%s%s%s%s", told, p->name, device_size(a, p->size),
			*p->type ? ", " : "", p->type, *p->label ? ", " : "", p->label);
	}
	return told;
}
