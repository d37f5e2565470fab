/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/disk.h"

#include "build/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <libfdisk.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define SECTOR 512
#define GRAIN (1 << 20)
#define PAGE 4096

static const struct {
	const char *name, *guid;
} types[] = {
	{ "linux", "0FC63DAF-8483-4772-8E79-3D69D8477DE4" },
	{ "swap", "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F" },
	{ "esp", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" },
};

/* libfdisk answers with negative errno values */
static int
refused(int r, const char *image, const char *doing, struct err *e)
{
	errno = -r;
	return fail_errno(e, "%s: %s", image, doing);
}

static struct fdisk_parttype *
type_of(struct fdisk_context *cxt, const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!strcmp(types[i].name, name))
			return fdisk_label_get_parttype_from_string(
			    fdisk_get_label(cxt, NULL), types[i].guid);
	return NULL;
}

static int
add(struct fdisk_context *cxt, size_t no, const struct disk_part *p)
{
	struct fdisk_partition *pa = fdisk_new_partition();
	int r = pa ? 0 : -ENOMEM;

	if (!r)
		r = fdisk_partition_set_partno(pa, no);
	if (!r)
		r = fdisk_partition_set_start(pa, p->start / SECTOR);
	if (!r)
		r = fdisk_partition_set_size(pa, p->size / SECTOR);
	if (!r)
		r = fdisk_partition_size_explicit(
		    pa, 1); /* else the end is moved to a multiple of the grain */
	if (!r)
		r = fdisk_partition_set_type(pa, type_of(cxt, p->type));
	if (!r)
		r = fdisk_partition_set_name(pa, p->name);
	if (!r)
		r = fdisk_partition_set_uuid(pa, p->uuid); /* else it is drawn at random */
	if (!r && !strcmp(p->type, "esp")) /* for who is no UEFI, and would take the first one */
		r = fdisk_partition_set_attrs(pa, "LegacyBIOSBootable");
	if (!r)
		r = fdisk_add_partition(cxt, pa, NULL);
	fdisk_unref_partition(pa);
	return r;
}

static int
write_table(struct fdisk_context *cxt, const char *image, const char *disk_uuid,
    const struct disk_part *parts, size_t nparts, struct err *e)
{
	int r = fdisk_create_disklabel(cxt, "gpt");

	if (!r)
		r = fdisk_set_disklabel_id_from_string(cxt, disk_uuid);
	if (r)
		return refused(r, image, "make a partition table", e);
	for (size_t i = 0; i < nparts; i++) {
		r = add(cxt, i, &parts[i]);
		if (r) {
			refused(r, image, "add a partition", e);
			return wrap(e, "%s", parts[i].name);
		}
	}
	r = fdisk_write_disklabel(cxt);
	return r ? refused(r, image, "write the partition table", e) : 0;
}

struct disk {
	struct fdisk_context *cxt;
	int fd;
};

static int
open_disk(const char *image, bool write, struct disk *d, struct err *e)
{
	int r = -ENOMEM;

	d->fd = open(image, (write ? O_RDWR : O_RDONLY | O_NONBLOCK) | O_CLOEXEC);
	if (d->fd < 0)
		return fail_errno(e, "%s", image);
	d->cxt = fdisk_new_context();
	if (d->cxt) {
		fdisk_disable_dialogs(d->cxt, 1);
		/* before assigning, which would ask the file what it likes */
		r = fdisk_save_user_sector_size(d->cxt, SECTOR, SECTOR);
		if (!r)
			r = fdisk_save_user_grain(d->cxt, GRAIN);
		if (!r)
			r = fdisk_assign_device_by_fd(d->cxt, d->fd, image, !write);
	}
	if (!r)
		return 0;
	fdisk_unref_context(d->cxt);
	close(d->fd);
	return refused(r, image, "open", e);
}

static void
close_disk(struct disk *d)
{
	fdisk_deassign_device(d->cxt, 1); /* 1: no sync(2) of the whole machine */
	fdisk_unref_context(d->cxt);
	close(d->fd);
}

const char *
disk_library(void)
{
	const char *version = "";

	fdisk_get_library_version(&version);
	return version;
}

/*
 * The library does not say of each call that failed: a backup header gets a wrong place then.  A
 * header that it finds damaged it makes anew in memory, which is a change.
 */
static int
look_again(const char *image, struct err *e)
{
	struct disk d;
	int r;

	if (open_disk(image, false, &d, e) < 0)
		return -1;
	r = 0;
	if (!fdisk_is_label(d.cxt, GPT) || fdisk_label_is_changed(fdisk_get_label(d.cxt, NULL)))
		r = fail(e, "%s: the partition table is not as it was written", image);
	close_disk(&d);
	return r;
}

int
disk_write(const char *image, const char *disk_uuid, const struct disk_part *parts, size_t nparts,
    struct err *e)
{
	struct disk d;
	int r;

	if (open_disk(image, true, &d, e) < 0)
		return -1;
	r = write_table(d.cxt, image, disk_uuid, parts, nparts, e);
	close_disk(&d);
	return r < 0 ? r : look_again(image, e);
}

static char *
text_of(struct arena *a, const char *text)
{
	return arena_strdup(a, text ? text : "");
}

static void
take_partition(struct arena *a, struct fdisk_partition *pa, struct disk_entry *out)
{
	const char *guid = fdisk_parttype_get_string(fdisk_partition_get_type(pa));

	*out = (struct disk_entry){
		.name = text_of(a, fdisk_partition_get_name(pa)),
		.type = text_of(a, guid),
		.uuid = text_of(a, fdisk_partition_get_uuid(pa)),
		.attributes = text_of(a, fdisk_partition_get_attrs(pa)),
		.start = fdisk_partition_get_start(pa) * SECTOR,
		.size = fdisk_partition_get_size(pa) * SECTOR,
	};
	for (size_t i = 0; guid && i < sizeof types / sizeof *types; i++)
		if (!strcasecmp(types[i].guid, guid))
			out->type = types[i].name;
}

static int
read_table(struct arena *a, struct fdisk_context *cxt, const char *image, struct disk_table *out,
    struct err *e)
{
	char *id = NULL;

	if (!fdisk_is_label(cxt, GPT) || fdisk_get_disklabel_id(cxt, &id) < 0)
		return fail(e, "%s: has no GPT", image);
	*out = (struct disk_table){ .uuid = text_of(a, id) };
	free(id);
	for (size_t i = 0;
	     i < fdisk_get_npartitions(cxt) && out->n < sizeof out->v / sizeof *out->v; i++) {
		struct fdisk_partition *pa = NULL;

		if (!fdisk_is_partition_used(cxt, i) || fdisk_get_partition(cxt, i, &pa) != 0)
			continue;
		take_partition(a, pa, &out->v[out->n++]);
		fdisk_unref_partition(pa);
	}
	return 0;
}

int
disk_read(struct arena *a, const char *image, struct disk_table *out, struct err *e)
{
	struct disk d;
	int r;

	if (open_disk(image, false, &d, e) < 0)
		return -1;
	r = read_table(a, d.cxt, image, out, e);
	close_disk(&d);
	return r;
}

static void
put_le32(unsigned char *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(v >> 8 * i);
}

int
swap_write(const char *image, uint64_t offset, uint64_t size, const char *label,
    const unsigned char uuid[16], struct err *e)
{
	unsigned char page[PAGE] = { 0 };
	int fd = open(image, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return fail_errno(e, "%s", image);
	put_le32(page + 1024, 1);			    /* version */
	put_le32(page + 1028, (uint32_t)(size / PAGE - 1)); /* last page */
	memcpy(page + 1036, uuid, 16);
	strncpy((char *)page + 1052, label, 16);
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	n = pwrite(fd, page, sizeof page, (off_t)offset);
	if (n != (ssize_t)sizeof page) {
		if (n >= 0)
			errno = ENOSPC;
		fail_errno(e, "%s", image);
		close(fd);
		return -1;
	}
	return close(fd) < 0 ? fail_errno(e, "%s", image) : 0;
}
