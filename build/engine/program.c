/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/program.h"

#include "build/base/arena.h"
#include "build/base/file.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* what both classes have, in the wider type */
struct header {
	unsigned type, entsize, count;
	uint64_t offset; /* of the section headers */
};

struct section {
	uint32_t type;
	uint64_t flags, addr, offset, size;
};

static bool
read_header(const char *p, size_t n, bool wide, struct header *h)
{
	Elf64_Ehdr e64;
	Elf32_Ehdr e32;

	if (n < (wide ? sizeof e64 : sizeof e32))
		return false;
	if (wide) {
		memcpy(&e64, p, sizeof e64);
		*h = (struct header){ e64.e_type, e64.e_shentsize, e64.e_shnum, e64.e_shoff };
	} else {
		memcpy(&e32, p, sizeof e32);
		*h = (struct header){ e32.e_type, e32.e_shentsize, e32.e_shnum, e32.e_shoff };
	}
	return h->entsize >= (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) && h->offset < n &&
	       (n - h->offset) / h->entsize >= h->count;
}

static void
read_section(const char *p, bool wide, struct section *s)
{
	Elf64_Shdr s64;
	Elf32_Shdr s32;

	if (wide) {
		memcpy(&s64, p, sizeof s64);
		*s = (struct section){ s64.sh_type, s64.sh_flags, s64.sh_addr, s64.sh_offset,
			s64.sh_size };
	} else {
		memcpy(&s32, p, sizeof s32);
		*s = (struct section){ s32.sh_type, s32.sh_flags, s32.sh_addr, s32.sh_offset,
			s32.sh_size };
	}
}

static int
digest_loaded(const char *p, size_t n, char hex[DIGEST_HEX])
{
	bool wide = p[EI_CLASS] == ELFCLASS64;
	struct digest *d;
	struct header h;
	bool any = false;

	if (!read_header(p, n, wide, &h) || (h.type != ET_EXEC && h.type != ET_DYN))
		return 0;
	d = digest_new();
	for (unsigned i = 0; i < h.count; i++) {
		struct section s;
		char line[96];

		read_section(p + h.offset + (size_t)i * h.entsize, wide, &s);
		if (!(s.flags & SHF_ALLOC) || s.type == SHT_NOTE)
			continue;
		snprintf(line, sizeof line, "%u %llx %llx\n", s.type, (unsigned long long)s.addr,
		    (unsigned long long)s.size);
		digest_add(d, line, strlen(line));
		any = true;
		if (s.type != SHT_NOBITS && s.offset <= n && s.size <= n - s.offset)
			digest_add(d, p + s.offset, s.size);
	}
	digest_end(d, hex);
	return any;
}

int
program_digest(const char *path, char hex[DIGEST_HEX], struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	char magic[EI_NIDENT], *text;
	struct arena *a;
	size_t n;

	if (fd < 0)
		return fail_errno(e, "%s", path);
	r = read(fd, magic, sizeof magic) == (ssize_t)sizeof magic &&
	    !memcmp(magic, ELFMAG, SELFMAG) && magic[EI_DATA] == ELFDATA2LSB;
	close(fd);
	if (!r)
		return 0;
	a = arena_new();
	r = file_read(a, path, &text, &n, e);
	if (r == 0)
		r = digest_loaded(text, n, hex);
	arena_free(a);
	return r;
}
