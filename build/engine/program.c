/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/program.h"

#include "build/base/arena.h"
#include "build/files/elf.h"
#include "build/files/file.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int
digest_loaded(const struct elf_file *f, char hex[DIGEST_HEX])
{
	struct digest *d = digest_new();
	bool any = false;

	for (size_t i = 0; i < f->nsections; i++) {
		const struct elf_section *s = &f->sections[i];
		char line[96];

		if (!(s->flags & SHF_ALLOC) || s->type == SHT_NOTE)
			continue;
		snprintf(line, sizeof line, "%u %llx %llx\n", s->type,
		    (unsigned long long)s->address, (unsigned long long)s->size);
		digest_add(d, line, strlen(line));
		any = true;
		if (elf_has_bytes(s))
			digest_add(d, f->bytes + s->offset, s->size);
	}
	digest_end(d, hex);
	return any;
}

int
program_digest(const char *path, char hex[DIGEST_HEX], struct err *e)
{
	struct arena *a;
	struct elf_file f;
	char *bytes;
	size_t n;
	int r;

	/* most files of a package are none, and need not be read */
	if (!elf_is_file(path))
		return access(path, R_OK) == 0 ? 0 : fail_errno(e, "%s", path);
	a = arena_new();
	r = file_read(a, path, &bytes, &n, e);
	if (r == 0 && elf_open(a, bytes, n, &f, &(struct err){ 0 }) == 0 &&
	    (f.type == ET_EXEC || f.type == ET_DYN))
		r = digest_loaded(&f, hex);
	arena_free(a);
	return r;
}
