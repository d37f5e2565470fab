/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_BIOS_H
#define BUILD_IMAGE_BIOS_H

#include "build/base/err.h"
#include "build/files/digest.h"

#include <stddef.h>
#include <stdint.h>

/*
 * What the BIOS of a PC starts: syslinux in the boot partition, and in the first sector of the disk
 * what finds that partition.  Both are from packages of the host; they write the same bytes each
 * time, into a file, without being root.
 */

/* what it is to start, for its configuration: a path in the partition */
#define BIOS_CONFIG "syslinux.cfg"
#define BIOS_CONFIG_TEXT "default lh\nprompt 0\nserial 0 115200\nlabel lh\n\tlinux /%s\n"

/* what it takes, and the tables of the filesystem, at most */
#define BIOS_ROOM ((size_t)1 << 20)

/* of the programs that it is made with; one that is not installed is EXIT_USAGE */
int bios_digest(char hex[DIGEST_HEX], struct err *e);
/* into the FAT filesystem at that byte of the image, whose files are there, and before all */
int bios_install(const char *image, uint64_t offset, int64_t epoch, struct err *e);

#endif
