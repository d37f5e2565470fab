/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/symbols.h"

#include "build/base/arena.h"
#include "build/files/lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* kernels are moved by multiples of it: CONFIG_PHYSICAL_ALIGN of x86, MIN_KIMG_ALIGN of arm64 */
#define SLIDE_STEP UINT64_C(0x200000)

struct symbol {
	uint64_t address;
	const char *name;
};

struct symbols {
	struct symbol *v;
	size_t n;
	uint64_t end; /* of the text: the first address that is no function any more */
	uint64_t banner;
};

/* System.map is sorted by address; a line is "ffffffff81000000 T _stext" */
int
symbols_read(struct arena *a, const char *path, struct symbols **out, struct err *e)
{
	struct symbols *s = arena_alloc(a, sizeof *s);
	struct lines l;
	size_t cap = 0;
	char *line, *w[3];

	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next(&l))) {
		char *end;
		uint64_t address;

		if (words(line, w, 3) != 3 || strlen(w[1]) != 1)
			return lines_fail(&l, e, "not a line of a System.map");
		address = strtoull(w[0], &end, 16);
		if (*end)
			return lines_fail(&l, e, "%s: not an address", w[0]);
		if (!strcmp(w[2], "_etext"))
			s->end = address;
		else if (!strcmp(w[2], "linux_banner"))
			s->banner = address;
		/* text only, and no mapping symbols */
		if (!strchr("tTwW", *w[1]) || *w[2] == '$')
			continue;
		if (s->n == cap) {
			size_t more = cap ? 2 * cap : 16384;

			s->v = arena_grow(a, s->v, s->n, more, sizeof *s->v);
			cap = more;
		}
		s->v[s->n++] = (struct symbol){ address, w[2] };
	}
	if (!s->n)
		return fail_usage(e, "%s: names no function", path);
	*out = s;
	return 0;
}

const char *
symbols_name(const struct symbols *s, uint64_t address)
{
	size_t low = 0, high;

	if (!s || address < s->v[0].address || (s->end && address >= s->end))
		return NULL;
	/* the last one at or below the address */
	for (high = s->n; high - low > 1;) {
		size_t middle = (low + high) / 2;

		if (s->v[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return s->v[low].name;
}

bool
symbols_slide(const struct symbols *s, uint64_t address, unsigned n, uint64_t *slide)
{
	uint64_t base;

	if (!s || !s->end || address < s->v[0].address)
		return false;
	/* the largest that leaves it behind the first symbol, then ever smaller ones */
	base = (address - s->v[0].address) / SLIDE_STEP;
	if (n > base || address - (base - n) * SLIDE_STEP >= s->end)
		return false;
	*slide = (base - n) * SLIDE_STEP;
	return true;
}

uint64_t
symbols_banner(const struct symbols *s)
{
	return s ? s->banner : 0;
}

/* what follows the register's name, or NULL: QEMU says RIP=123, or pc 123 */
static const char *
value_of(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at++)
		if ((at == text || isspace((unsigned char)at[-1])) && strchr(" =", at[n]))
			return at + n + strspn(at + n, " =");
	return NULL;
}

bool
processor_parse(const char *text, const char *pc_register, struct processor *out)
{
	const char *at = pc_register ? value_of(text, pc_register) : NULL;
	char *end;

	if (!at)
		return false;
	out->pc = strtoull(at, &end, 16);
	out->halted = strstr(text, "HLT=1") != NULL;
	return end != at;
}
