/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/diskplan.h"

#include "build/config/config.h"
#include "build/files/digest.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

const struct partition partitions[NPARTITIONS] = {
	{ "rootfs", "linux", "ROOTFS_SIZE", offsetof(struct config, rootfs_mb) },
	{ "swap", "swap", "SWAP_SIZE", offsetof(struct config, swap_mb) },
	{ "rwfs", "linux", "RWFS_SIZE", offsetof(struct config, rwfs_mb) },
	{ "userfs", "linux", "USERFS_SIZE", offsetof(struct config, userfs_mb) },
	{ "extra", "linux", "EXTRA_SIZE", offsetof(struct config, extra_mb) },
};

unsigned
partition_mb(const struct config *cfg, const struct partition *p)
{
	unsigned mb;

	memcpy(&mb, (const char *)cfg + p->mb, sizeof mb);
	return mb;
}

void
diskplan_uuid(const char *seed_hex, const char *name, unsigned char uuid[16], char text[37])
{
	char seed[256], hex[DIGEST_HEX];

	snprintf(seed, sizeof seed, "lh-uuid 1 %s %s\n", seed_hex, name);
	digest_bytes(seed, strlen(seed), hex);
	for (int i = 0; i < 16; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		uuid[i] = (unsigned char)strtoul(byte, NULL, 16);
	}
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
	if (!text)
		return;
	for (int i = 0; i < 16; i++)
		text += sprintf(
		    text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}

int
diskplan_make(const struct config *cfg, const char *seed_hex, struct diskplan *out, struct err *e)
{
	uint64_t at = MIB; /* the partition table comes first */
	unsigned char ignored[16];

	if (!cfg->rootfs_mb)
		return fail_usage(e, "ROOTFS_SIZE 0: an image needs a root filesystem");
	*out = (struct diskplan){ 0 };
	diskplan_uuid(seed_hex, "disk", ignored, out->disk_uuid);
	for (size_t i = 0; i < NPARTITIONS; i++) {
		struct disk_part *p = &out->parts[out->nparts];

		if (!partition_mb(cfg, &partitions[i]))
			continue;
		*p = (struct disk_part){ .name = partitions[i].name,
			.type = partitions[i].type,
			.start = at,
			.size = partition_mb(cfg, &partitions[i]) * MIB };
		diskplan_uuid(seed_hex, p->name, ignored, p->uuid);
		at += p->size;
		out->nparts++;
	}
	out->size = at + MIB; /* and its copy last */
	return 0;
}
