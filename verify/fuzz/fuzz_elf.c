/* SPDX-License-Identifier: GPL-2.0-or-later */
/* programs of an image: their headers and symbols, and every instruction */
#include "build/base/arena.h"
#include "build/files/elf.h"
#include "build/fuzz/fuzz.h"
#include "verify/image/disasm.h"
#include "verify/image/elf.h"

#include <string.h>

static void
instruction(void *arg, uint64_t address, const char *name, const char *text)
{
	(void)address;
	*(size_t *)arg += strlen(name) + strlen(text);
}

static void
symbol(void *arg, const char *name, uint64_t value)
{
	(void)value;
	*(size_t *)arg += strlen(name);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const char *const kinds[][2] = { { "ELF32 386", "cmov sse2 nopl" },
		{ "ELF64 X86_64", "avx popcnt" }, { "ELF32 ARM", "neon" },
		{ "ELF64 AARCH64", "crypto" } };
	struct arena *a = arena_new();
	struct elf_file f;
	struct elf elf;
	struct err e = { 0 };
	size_t seen = 0;

	if (!fuzz_failed(elf_open(a, p, n, &f, &e), &e)) {
		for (size_t i = 0; i < f.nsections; i++) {
			fuzz_must(!elf_has_bytes(&f.sections[i]) || !f.sections[i].size ||
				      (f.sections[i].offset <= n &&
					  f.sections[i].size <= n - f.sections[i].offset),
			    "a section lies in the file");
			seen += strlen(f.sections[i].name);
			elf_section_at(&f, f.sections[i].offset);
		}
		fuzz_failed(elf_symbols(&f, symbol, &seen, &e), &e);
	}
	if (!fuzz_failed(elf_read(a, p, n, &elf, &e), &e))
		for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
			struct elf_kind kind;
			struct disasm *d;

			if (elf_kind(kinds[i][0], NULL, &kind, &e) < 0 ||
			    elf_differs(a, &elf, &kind))
				continue;
			if (fuzz_failed(disasm_new(a, kinds[i][0], kinds[i][1], &d, &e), &e))
				continue;
			disasm_sweep(d, &elf, p, instruction, &seen);
			disasm_free(d);
		}
	arena_free(a);
	return 0;
}
