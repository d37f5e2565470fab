/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FORM_FLASH_H
#define BUILD_FORM_FLASH_H

#include "build/base/err.h"

#include <stdint.h>

struct bmap;

/*
 * An image on its way to a disk, through its block map.  Until all the rest is on the disk for
 * good, the disk has no partition table: one that was only half written, whatever ended it, passes
 * for nothing that can be booted, neither as the old nor as the new.
 */
struct flash {
	const char *image, *device; /* for messages */
	int from, to;		    /* open; to: for reading as well */
	uint64_t room;		    /* bytes that the device has */
	const struct bmap *map;
};

/* is the image what the map was made of?  Nothing is written */
int flash_judge(const struct flash *f, struct err *e);
/* all blocks of the map; what is behind the image at the device's end is no table any more */
int flash_write(const struct flash *f, struct err *e);
/* reads them back, from the disk and not from memory, and compares them with the map */
int flash_check(const struct flash *f, struct err *e);

#endif
