/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/disasm.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "verify/image/elf.h"
#include "verify/image/encoding.h"

#include <capstone/capstone.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAMES 8192 /* more instructions than any machine of Capstone's has */
#define GROUPS 256

enum rule { RULE_NONE, RULE_REFUSED, RULE_FINE };

struct disasm {
	csh handles[2]; /* the second one: Thumb */
	cs_insn *insn;
	const struct kind *kind;
	unsigned char names[NAMES], groups[GROUPS]; /* enum rule, by Capstone's numbers */
	enum rule nopl;
	struct encodings *fine; /* all that there are, and no Capstone; NULL: the rest of this */
};

static const struct kind {
	const char *elf;
	cs_arch arch;
	cs_mode mode;
	unsigned step; /* how far after bytes that are no instruction */
	unsigned nop;  /* number of the instruction that has a form of several bytes, or 0 */
} kinds[] = {
	{ "ELF32 386", CS_ARCH_X86, CS_MODE_32, 1, X86_INS_NOP },
	{ "ELF64 X86_64", CS_ARCH_X86, CS_MODE_64, 1, X86_INS_NOP },
	{ "ELF32 ARM", CS_ARCH_ARM, CS_MODE_V8, 4, 0 }, /* v8 too, to call it by its name */
	{ "ELF64 AARCH64", CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, 4, 0 },
};

#define NKINDS (sizeof kinds / sizeof *kinds)

/* ---- the rule ---- */

static bool
fits(const char *pattern, const char *name)
{
	size_t n = strlen(pattern);

	return pattern[n - 1] == '*' ? !strncmp(pattern, name, n - 1) : !strcmp(pattern, name);
}

static void
mark(unsigned char *rule, enum rule what)
{
	if (*rule != RULE_FINE) /* whichever comes first */
		*rule = (unsigned char)what;
}

static int
add_word(struct disasm *d, const char *word, struct err *e)
{
	enum rule what = *word == '!' ? RULE_FINE : RULE_REFUSED;
	const char *pattern = word + (*word == '!'), *name;
	bool known = strchr(pattern, '*') != NULL;

	if (!*pattern)
		return fail_usage(e, "refuse %s: not a name", word);
	if (d->kind->nop && !strcmp(pattern, "nopl")) {
		d->nopl = what;
		return 0;
	}
	for (unsigned i = 1; i < NAMES; i++)
		if ((name = cs_insn_name(d->handles[0], i)) && fits(pattern, name)) {
			mark(&d->names[i], what);
			known = true;
		}
	for (unsigned i = 1; i < GROUPS; i++)
		if ((name = cs_group_name(d->handles[0], i)) && fits(pattern, name)) {
			mark(&d->groups[i], what);
			known = true;
		}
	return known ? 0
		     : fail_usage(e, "refuse %s: Capstone has no such instruction or group on %s",
			   word, d->kind->elf);
}

static int
open_handle(struct disasm *d, int which, cs_mode mode, struct err *e)
{
	cs_err r = cs_open(d->kind->arch, d->kind->mode | mode, &d->handles[which]);

	if (r == CS_ERR_OK)
		r = cs_option(d->handles[which], CS_OPT_DETAIL, CS_OPT_ON);
	return r == CS_ERR_OK ? 0 : fail(e, "Capstone, for %s: %s", d->kind->elf, cs_strerror(r));
}

static int
start(struct disasm *d, char *rule, struct err *e)
{
	const char *word;

	if (open_handle(d, 0, 0, e) < 0 ||
	    (d->kind->arch == CS_ARCH_ARM && open_handle(d, 1, CS_MODE_THUMB, e) < 0))
		return -1;
	d->insn = cs_malloc(d->handles[0]);
	if (!d->insn)
		return fail(e, "Capstone: out of memory");
	while ((word = word_next(&rule)))
		if (add_word(d, word, e) < 0)
			return -1;
	return 0;
}

int
disasm_new(struct arena *a, const char *elf, const char *rule, struct disasm **out, struct err *e)
{
	struct disasm *d = arena_alloc(a, sizeof *d);

	if (encodings_are(rule)) {
		*out = d;
		return encodings_read(a, rule, &d->fine, e);
	}
	for (size_t i = 0; i < NKINDS; i++)
		if (!strcmp(kinds[i].elf, elf))
			d->kind = &kinds[i];
	if (!d->kind)
		return fail_usage(e, "elf %s: no disassembler for it", elf);
	if (start(d, arena_strdup(a, rule), e) < 0) {
		disasm_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void
disasm_free(struct disasm *d)
{
	if (d->insn)
		cs_free(d->insn, 1);
	for (int i = 0; i < 2; i++)
		if (d->handles[i])
			cs_close(&d->handles[i]);
}

static bool
is_refused(const struct disasm *d)
{
	const cs_insn *n = d->insn;
	bool refused = false;

	if (n->id == d->kind->nop && d->kind->nop && n->detail->x86.opcode[0] == 0x0f)
		return d->nopl == RULE_REFUSED;
	if (n->id < NAMES && d->names[n->id])
		return d->names[n->id] == RULE_REFUSED;
	for (int i = 0; i < n->detail->groups_count; i++) {
		unsigned char rule = d->groups[n->detail->groups[i]];

		if (rule == RULE_FINE)
			return false;
		refused = refused || rule == RULE_REFUSED;
	}
	return refused;
}

/* ---- data in Thumb code ---- */

/* one stretch of code: of one kind, and without holes */
struct stretch {
	const unsigned char *p;
	size_t n;
	uint64_t address;
	bool thumb;
	unsigned char
	    *data; /* Thumb: which bytes are known to be data; NULL: it has its mapping symbols */
	uint64_t adr;	 /* the last address that was computed from the pc */
	arm_reg adr_reg; /* and where to */
	uint64_t
	    compared; /* the last register that was compared with a number, with which, where */
	arm_reg compared_reg;
	uint64_t compared_at;
};

static void
mark_data(struct stretch *s, uint64_t address, size_t n)
{
	for (; n; n--, address++)
		if (address >= s->address && address - s->address < s->n)
			s->data[address - s->address] = 1;
}

/*
 * A table begins at the byte at: entries of size bytes, each of which tells where a case begins, up
 * to the first of these cases that lies further on, or an entry that leads nowhere, and no more
 * than most.
 */
static void
mark_table(struct stretch *s, uint64_t at, unsigned size, uint64_t most)
{
	uint64_t start = at, end = s->n;

	if (at < end && most < (end - at) / size)
		end = at + most * size;
	for (; at + size <= end; at += size) {
		uint64_t entry = 0, target;

		for (unsigned i = size; i-- > 0;)
			entry = entry << 8 | s->p[at + i];
		target = size == 4 ? (entry & ~UINT64_C(1)) - s->address
				   : start + 2 * entry; /* bit 0 says Thumb */
		if (target >= s->n || (size == 4 ? !(entry & 1) : target <= at))
			return;
		if (target > at && target < end)
			end = target;
		mark_data(s, s->address + at, size);
	}
}

/* where the pc is for an instruction that reads it (ARMv7-A, A4.6) */
static uint64_t
pc_of(const cs_insn *n)
{
	return (n->address + 4) & ~UINT64_C(3);
}

/* a load relative to the pc */
static void
mark_pool(struct stretch *s, const cs_insn *n, const cs_arm_op *to, const cs_arm_op *from)
{
	bool twice = n->id == ARM_INS_LDRD ||
		     (to->type == ARM_OP_REG && to->reg >= ARM_REG_D0 && to->reg <= ARM_REG_D31);

	mark_data(s, pc_of(n) + (uint64_t)(int64_t)from->mem.disp, twice ? 8 : 4);
}

/* behind a comparison there is a branch for what is larger, or it is about something else */
#define COMPARED_FAR 8

/* how many entries a table has for this index, which was compared just before */
static uint64_t
entries_of(const struct stretch *s, const cs_insn *n, arm_reg index)
{
	return index == s->compared_reg && n->address - s->compared_at <= COMPARED_FAR
		   ? s->compared + 1
		   : UINT64_MAX;
}

/* what this instruction tells of data further on */
static void
find_data(struct stretch *s, const cs_insn *n)
{
	const cs_arm *x = &n->detail->arm;
	const cs_arm_op *first = &x->operands[0],
			*last = &x->operands[x->op_count ? x->op_count - 1 : 0];

	if (n->id == ARM_INS_CMP && last->type == ARM_OP_IMM) {
		s->compared = (uint64_t)(uint32_t)last->imm;
		s->compared_reg = first->reg;
		s->compared_at = n->address;
	} else if (n->id == ARM_INS_TBB || n->id == ARM_INS_TBH) {
		mark_table(s, n->address + 4 - s->address, n->id == ARM_INS_TBB ? 1 : 2,
		    entries_of(s, n, first->mem.index));
	} else if (n->id == ARM_INS_ADR ||
		   (n->id == ARM_INS_ADDW && x->operands[1].reg == ARM_REG_PC)) {
		/* for a pair of words, or for what comes next */
		s->adr = pc_of(n) + (uint64_t)(int64_t)last->imm;
		s->adr_reg = first->reg;
		mark_data(s, s->adr, 8);
	} else if (last->type == ARM_OP_MEM && last->mem.base == ARM_REG_PC) {
		mark_pool(s, n, first, last);
	} else if (n->id == ARM_INS_LDR && first->reg == ARM_REG_PC && last->type == ARM_OP_MEM &&
		   last->mem.base == s->adr_reg && last->mem.index) {
		mark_table(s, s->adr - s->address, 4, UINT64_MAX);
	}
}

/* ---- the sweep ---- */

static bool
all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* the byte at hand is data, or one of the few behind a table that make it end on an instruction */
static size_t
data_at(const struct stretch *s, size_t at)
{
	size_t n = 0;

	while (s->data && at + n < s->n && s->data[at + n])
		n++;
	return n && (at + n) % 2 ? n + 1 : n;
}

static void
unknown(const struct stretch *s, size_t at, size_t n, disasm_found *found, void *arg)
{
	char text[40];

	snprintf(text, sizeof text, "no instruction: %02x%s", s->p[at], n > 1 ? "" : "..");
	for (size_t i = 1; i < n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " %02x", s->p[at + i]);
	found(arg, s->address + at, "unknown", text);
}

/* by the encodings alone */
static size_t
sweep_encodings(const struct encodings *c, const struct stretch *s, disasm_found *found, void *arg)
{
	size_t count = 0;

	for (size_t at = 0, n; at < s->n; at += n) {
		size_t left = s->n - at;

		n = encodings_fit(c, s->p + at, left);
		if (n) {
			count++;
			continue;
		}
		n = left < encodings_step(c) ? left : encodings_step(c);
		if (!all_zero(s->p + at, n))
			unknown(s, at, left < 4 ? left : 4, found, arg);
	}
	return count;
}

static size_t
sweep(struct disasm *d, struct stretch *s, disasm_found *found, void *arg)
{
	csh handle = d->handles[s->thumb];
	size_t at = 0, count = 0;

	if (d->fine)
		return sweep_encodings(d->fine, s, found, arg);
	while (at < s->n) {
		const uint8_t *p = s->p + at;
		size_t left = s->n - at, n = data_at(s, at);
		uint64_t address = s->address + at;

		if (n) {
			at += n;
		} else if (cs_disasm_iter(handle, &p, &left, &address, d->insn)) {
			count++;
			if (is_refused(d)) {
				char text[256];
				bool nopl = d->insn->id == d->kind->nop;

				snprintf(
				    text, sizeof text, "%s %s", d->insn->mnemonic, d->insn->op_str);
				found(arg, d->insn->address,
				    nopl ? "nopl" : cs_insn_name(handle, d->insn->id), text);
			}
			if (s->data)
				find_data(s, d->insn);
			at += d->insn->size;
		} else {
			n = s->thumb ? 2 : d->kind->step;
			if (n > left)
				n = left;
			/* what fills up between functions; run, it stops the program */
			if (!all_zero(p, n))
				unknown(s, at, n, found, arg);
			at += n;
		}
	}
	return count;
}

static void
count_found(void *arg, uint64_t address, const char *name, const char *text)
{
	(void)address;
	(void)name;
	(void)text;
	++*(size_t *)arg;
}

/* twice, if need be: some data is read only by code that comes after it */
static size_t
sweep_unmarked(struct disasm *d, struct stretch *s, disasm_found *found, void *arg)
{
	struct arena *a = arena_new();
	size_t n = 0, count;

	s->data = arena_alloc(a, s->n);
	count = sweep(d, s, count_found, &n);
	if (n)
		count = sweep(d, s, found, arg);
	arena_free(a);
	return count;
}

/* the code from one mapping symbol to the next */
static size_t
sweep_marked(struct disasm *d, const struct elf *f, const struct elf_code *c,
    const unsigned char *bytes, bool thumb, disasm_found *found, void *arg)
{
	size_t count = 0, m = 0;
	uint64_t at = c->address, end = c->address + c->size;
	char kind = thumb ? 't' : 'a';

	while (at < end) {
		uint64_t until = end;

		for (; m < f->nmarks && f->marks[m].address <= at; m++)
			kind = f->marks[m].kind;
		if (m < f->nmarks && f->marks[m].address < end)
			until = f->marks[m].address;
		if (kind != 'd') {
			struct stretch s = { .p = bytes + c->offset + (at - c->address),
				.n = (size_t)(until - at),
				.address = at,
				.thumb = kind == 't' && d->handles[1] };

			count += sweep(d, &s, found, arg);
		}
		at = until;
	}
	return count;
}

size_t
disasm_sweep(
    struct disasm *d, const struct elf *f, const void *bytes, disasm_found *found, void *arg)
{
	size_t count = 0;

	for (size_t i = 0; i < f->ncode; i++) {
		const struct elf_code *c = &f->code[i];
		struct stretch s = { .p = (const unsigned char *)bytes + c->offset,
			.n = c->size,
			.address = c->address,
			.thumb = f->thumb && d->handles[1] };

		if (f->nmarks) {
			count += sweep_marked(d, f, c, bytes, f->thumb, found, arg);
			continue;
		}
		count += s.thumb ? sweep_unmarked(d, &s, found, arg) : sweep(d, &s, found, arg);
	}
	return count;
}
