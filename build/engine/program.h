/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_ENGINE_PROGRAM_H
#define BUILD_ENGINE_PROGRAM_H

#include "build/base/err.h"
#include "build/files/digest.h"

/*
 * A program (ELF, little endian) told by what of it gets into memory: sections that are
 * loaded, notes aside.  strip(1), a copy and another name change nothing of that, so an
 * installed program can be matched with what the linker wrote.
 */

/* 1: hex is the digest of that; 0: no program, or one without section headers to tell by */
int program_digest(const char *path, char hex[DIGEST_HEX], struct err *e);

#endif
