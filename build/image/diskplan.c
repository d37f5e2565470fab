/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/diskplan.h"

#include "build/config/config.h"
#include "build/files/uuid.h"

#include <stddef.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

const struct partition partitions[NPARTITIONS] = {
	{ "rootfs", "linux", "ROOTFS_SIZE", offsetof(struct config, rootfs_mb) },
	{ "swap", "swap", "SWAP_SIZE", offsetof(struct config, swap_mb) },
	{ "rwfs", "linux", "RWFS_SIZE", offsetof(struct config, rwfs_mb) },
	{ "userfs", "linux", "USERFS_SIZE", offsetof(struct config, userfs_mb) },
	{ "extra", "linux", "EXTRA_SIZE", offsetof(struct config, extra_mb) },
	{ "boot", "esp", "BOOT_SIZE", offsetof(struct config, boot_mb) },
};

unsigned
partition_mb(const struct config *cfg, bool boots, const struct partition *p)
{
	unsigned mb;

	memcpy(&mb, (const char *)cfg + p->mb, sizeof mb);
	return boots || strcmp(p->type, "esp") ? mb : 0;
}

static void
set_uuid(const struct config *cfg, const char *seed_hex, struct disk_part *p)
{
	unsigned char ignored[16];

	if (!strcmp(p->name, "rootfs"))
		config_root_uuid(cfg->triple, p->uuid);
	else
		uuid_derived(seed_hex, p->name, ignored, p->uuid);
}

int
diskplan_make(
    const struct config *cfg, bool boots, const char *seed_hex, struct diskplan *out, struct err *e)
{
	const struct partition *boot = &partitions[NPARTITIONS - 1];
	uint64_t first = MIB; /* the partition table comes first */
	uint64_t at = first + partition_mb(cfg, boots, boot) * MIB;
	unsigned char ignored[16];

	if (!cfg->rootfs_mb)
		return fail_usage(e, "ROOTFS_SIZE 0: an image needs a root filesystem");
	*out = (struct diskplan){ 0 };
	uuid_derived(seed_hex, "disk", ignored, out->disk_uuid);
	for (const struct partition *is = partitions; is < partitions + NPARTITIONS; is++) {
		struct disk_part *p = &out->parts[out->nparts];
		uint64_t size = partition_mb(cfg, boots, is) * MIB;

		if (!size)
			continue;
		*p = (struct disk_part){ .name = is->name,
			.type = is->type,
			.start = is == boot ? first : at,
			.size = size };
		set_uuid(cfg, seed_hex, p);
		at += is == boot ? 0 : size;
		out->nparts++;
	}
	out->size = at + MIB; /* and its copy last */
	return 0;
}
