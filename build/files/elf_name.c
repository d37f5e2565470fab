/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/elf_name.h"

#include "build/base/arena.h"

#include <elf.h>
#include <string.h>

/* what Linux runs on (e_machine in the System V gABI's registry), whether we have a triple for it
 */
static const struct {
	unsigned machine;
	const char *name;
} machines[] = {
	{ EM_386, "386" },
	{ EM_68K, "68K" },
	{ EM_AARCH64, "AARCH64" },
	{ EM_ALPHA, "ALPHA" },
	{ EM_ARC_COMPACT, "ARC_COMPACT" },
	{ EM_ARM, "ARM" },
	{ EM_CSKY, "CSKY" },
	{ EM_IA_64, "IA_64" },
	{ 258, "LOONGARCH" },
	{ EM_MICROBLAZE, "MICROBLAZE" },
	{ EM_MIPS, "MIPS" },
	{ EM_ALTERA_NIOS2, "ALTERA_NIOS2" },
	{ EM_OPENRISC, "OPENRISC" },
	{ EM_PARISC, "PARISC" },
	{ EM_PPC, "PPC" },
	{ EM_PPC64, "PPC64" },
	{ EM_RISCV, "RISCV" },
	{ EM_S390, "S390" },
	{ EM_SH, "SH" },
	{ EM_SPARC, "SPARC" },
	{ EM_SPARCV9, "SPARCV9" },
	{ EM_X86_64, "X86_64" },
	{ EM_XTENSA, "XTENSA" },
};

const char *
elf_name(struct arena *a, unsigned bits, unsigned machine)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (machines[i].machine == machine)
			return arena_printf(a, "ELF%u %s", bits, machines[i].name);
	return arena_printf(a, "ELF%u machine %u", bits, machine);
}

bool
elf_name_known(const char *name)
{
	if (strncmp(name, "ELF32 ", 6) && strncmp(name, "ELF64 ", 6))
		return false;
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (!strcmp(name + 6, machines[i].name))
			return true;
	return false;
}
