/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_ELF_NAME_H
#define BUILD_FILES_ELF_NAME_H

#include <stdbool.h>

struct arena;

/*
 * Machines as readelf names them, behind their class: "ELF64 X86_64"; on the arena.  One that the
 * table lacks is "ELF64 machine 42".
 */
const char *elf_name(struct arena *a, unsigned bits, unsigned machine);
/* is this such a name, of a machine in the table */
bool elf_name_known(const char *name);

#endif
