/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_BOOT_H
#define BUILD_IMAGE_BOOT_H

#include "build/base/err.h"
#include "build/image/fat.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct sysdeps;

/*
 * The boot partition: which firmware it is for, as BOOT asks and the triple can, and so what is in
 * it.  There is one copy of the kernel, which each firmware finds in its own way.
 */
struct boot {
	const char *words;  /* "efi uboot bios", or "": there is none */
	const char *kernel; /* where it is: "EFI/BOOT/BOOTX64.EFI" */
	const char *bios;   /* the digest of what a BIOS is served with; NULL: none is */
	struct fat_file files[3];
	size_t n;
};

/* what U-Boot reads, for the path of the kernel */
#define BOOT_UBOOT_TEXT "default lh\nlabel lh\n\tlinux /%s\n"

/* is it for that firmware? */
bool boot_has(const struct boot *b, const char *word);
/* all but the bytes of the kernel; a firmware that the triple has not is EXIT_USAGE */
int boot_decide(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    struct boot *out, struct err *e);
/*
 * the kernel, from the store entry of its package: one that cannot be started so is EXIT_USAGE when
 * BOOT names the firmware, else that is told
 */
int boot_fill(
    struct arena *a, const struct config *cfg, const char *store, struct boot *b, struct err *e);

#endif
