/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/elf.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SIZE 2048
#define TABLE 1024 /* where the section headers are */

/* what lies in the file, and where; dynamic and symbols are as wide as the file is */
enum { AT_TEXT = 512, AT_INTERP = 544, AT_DYNAMIC = 576, AT_SYMBOLS = 704, AT_NAMES = 832 };

static const char interp[] = "/lib/ld\33.so";
static const char names[] = "\0.text\0.bss\0.sym\0.names\0$t\0main\0\1";
#define NAMES_SIZE (sizeof names - 2) /* ends with a NUL; behind it is none */
enum { NAME_TEXT = 1, NAME_BSS = 7, NAME_SYM = 12, NAME_NAMES = 17, NAME_T = 24, NAME_MAIN = 27 };

/* one type of the two classes after the other, from the wider one; C has no templates */
static const Elf64_Phdr segments[] = {
	{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_vaddr = 0x10000, .p_filesz = SIZE / 2 },
	{ .p_type = PT_INTERP, .p_offset = AT_INTERP, .p_filesz = sizeof interp },
	{ .p_type = PT_DYNAMIC, .p_offset = AT_DYNAMIC, .p_filesz = 5 * sizeof(Elf64_Dyn) },
};
static const Elf64_Shdr sections[] = {
	{ 0 },
	{ NAME_TEXT, SHT_PROGBITS, SHF_ALLOC, 0x10000 + AT_TEXT, AT_TEXT, 16, 0, 0, 0, 0 },
	{ NAME_BSS, SHT_NOBITS, SHF_ALLOC, 0x20000, AT_INTERP, 4096, 0, 0, 0, 0 },
	{ NAME_SYM, SHT_SYMTAB, 0, 0, AT_SYMBOLS, 3 * sizeof(Elf64_Sym), 4, 0, 0, 0 },
	{ NAME_NAMES, SHT_STRTAB, 0, 0, AT_NAMES, NAMES_SIZE, 0, 0, 0, 0 },
};
static const Elf64_Dyn dynamic[] = { { DT_NEEDED, { 1 } }, { DT_NEEDED, { 1 } },
	{ DT_FLAGS_1, { DF_1_PIE } }, { DT_NULL, { 0 } }, { DT_NEEDED, { 1 } } };
static const Elf64_Sym symbols[] = { { 0 }, { .st_name = NAME_T, .st_value = 0x10200 },
	{ .st_name = NAME_MAIN, .st_value = 0x10204 } };

#define COUNT(v) (sizeof(v) / sizeof *(v))

static void
make64(unsigned char *p)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_X86_64,
		.e_version = EV_CURRENT,
		.e_entry = 0x10200,
		.e_phoff = sizeof h,
		.e_shoff = TABLE,
		.e_flags = 7,
		.e_phentsize = sizeof *segments,
		.e_phnum = COUNT(segments),
		.e_shentsize = sizeof *sections,
		.e_shnum = COUNT(sections),
		.e_shstrndx = 4 };

	memcpy(p, &h, sizeof h);
	memcpy(p + sizeof h, segments, sizeof segments);
	memcpy(p + AT_DYNAMIC, dynamic, sizeof dynamic);
	memcpy(p + AT_SYMBOLS, symbols, sizeof symbols);
	memcpy(p + TABLE, sections, sizeof sections);
}

static void
make32(unsigned char *p)
{
	Elf32_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN,
		.e_machine = EM_ARM,
		.e_version = EV_CURRENT,
		.e_entry = 0x10200,
		.e_phoff = sizeof h,
		.e_shoff = TABLE,
		.e_flags = 7,
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = COUNT(segments),
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = COUNT(sections),
		.e_shstrndx = 4 };

	memcpy(p, &h, sizeof h);
	for (size_t i = 0; i < COUNT(segments); i++) {
		const Elf64_Phdr *s = &segments[i];
		Elf32_Phdr n = { .p_type = s->p_type,
			.p_flags = s->p_flags,
			.p_offset = (Elf32_Off)s->p_offset,
			.p_vaddr = (Elf32_Addr)s->p_vaddr,
			.p_filesz = (Elf32_Word)s->p_filesz };

		memcpy(p + sizeof h + i * sizeof n, &n, sizeof n);
	}
	for (size_t i = 0; i < COUNT(sections); i++) {
		const Elf64_Shdr *s = &sections[i];
		Elf32_Shdr n = { .sh_name = s->sh_name,
			.sh_type = s->sh_type,
			.sh_flags = (Elf32_Word)s->sh_flags,
			.sh_addr = (Elf32_Addr)s->sh_addr,
			.sh_offset = (Elf32_Off)s->sh_offset,
			.sh_size = s->sh_type == SHT_SYMTAB ? 3 * sizeof(Elf32_Sym)
							    : (Elf32_Word)s->sh_size,
			.sh_link = s->sh_link };

		memcpy(p + TABLE + i * sizeof n, &n, sizeof n);
	}
	for (size_t i = 0; i < COUNT(dynamic); i++) {
		Elf32_Dyn n = { (Elf32_Sword)dynamic[i].d_tag,
			{ (Elf32_Word)dynamic[i].d_un.d_val } };

		memcpy(p + AT_DYNAMIC + i * sizeof n, &n, sizeof n);
	}
	for (size_t i = 0; i < COUNT(symbols); i++) {
		Elf32_Sym n = { .st_name = symbols[i].st_name,
			.st_value = (Elf32_Addr)symbols[i].st_value };

		memcpy(p + AT_SYMBOLS + i * sizeof n, &n, sizeof n);
	}
}

/* the size, which is where the last header ends */
static size_t
make(unsigned char p[SIZE], bool wide)
{
	memset(p, 0, SIZE);
	if (wide)
		make64(p);
	else
		make32(p);
	memcpy(p + AT_INTERP, interp, sizeof interp);
	memcpy(p + AT_NAMES, names, sizeof names);
	return TABLE + COUNT(sections) * (wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr));
}

struct said {
	char text[256];
};

static void
say(void *arg, const char *name, uint64_t value)
{
	struct said *s = arg;
	size_t n = strlen(s->text);

	snprintf(s->text + n, sizeof s->text - n, "%s=%llx ", name, (unsigned long long)value);
}

START_TEST(reads)
{
	struct arena *a = arena_new();
	unsigned char p[SIZE + 1];
	bool wide = _i & 1, odd = _i & 2; /* as bytes lie in an arena, or not aligned */
	unsigned char *at = p + odd;
	size_t n = make(at, wide);
	struct said said = { "" };
	struct elf_file f;
	struct err e;

	ck_assert_msg(elf_open(a, at, n, &f, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(f.bits, wide ? 64 : 32);
	ck_assert_uint_eq(f.type, ET_DYN);
	ck_assert_uint_eq(f.machine, wide ? EM_X86_64 : EM_ARM);
	ck_assert_uint_eq(f.flags, 7);
	ck_assert_uint_eq(f.entry, 0x10200);
	ck_assert_uint_eq(f.nsegments, 3);
	ck_assert_uint_eq(f.segments[0].address, 0x10000);
	ck_assert_uint_eq(f.segments[0].size, SIZE / 2);
	ck_assert_uint_eq(f.nsections, 5);
	ck_assert_str_eq(f.sections[1].name, ".text");
	ck_assert_uint_eq(f.sections[1].address, 0x10000 + AT_TEXT);
	ck_assert(elf_has_bytes(&f.sections[1]) && !elf_has_bytes(&f.sections[2]));
	ck_assert_str_eq(f.interp, "/lib/ld?.so");
	ck_assert_uint_eq(f.nneeded, 2); /* what stands behind DT_NULL is none */
	ck_assert(f.pie);
	ck_assert_int_eq(elf_symbols(&f, say, &said, &e), 0);
	ck_assert_str_eq(said.text, "$t=10200 main=10204 ");
	arena_free(a);
}
END_TEST

static const struct {
	uint64_t at;
	const char *name;
} places[] = { { 0, NULL }, { AT_TEXT - 1, NULL }, { AT_TEXT, ".text" }, { AT_TEXT + 15, ".text" },
	{ AT_INTERP, NULL }, /* .bss is there only by its header */
	{ AT_NAMES, ".names" }, { AT_NAMES + NAMES_SIZE, NULL }, { UINT64_MAX, NULL } };

START_TEST(finds_sections)
{
	struct arena *a = arena_new();
	unsigned char p[SIZE];

	for (int wide = 0; wide < 2; wide++) {
		size_t n = make(p, wide);
		const struct elf_section *s;
		struct elf_file f;
		struct err e;

		ck_assert_msg(elf_open(a, p, n, &f, &e) == 0, "%s", e.msg);
		s = elf_section_at(&f, places[_i].at);
		ck_assert_pstr_eq(s ? s->name : NULL, places[_i].name);
	}
	arena_free(a);
}
END_TEST

/* what is changed in the wide one, and what is said of it */
static const struct {
	size_t at;
	unsigned char bytes[8];
	size_t n;
	const char *msg; /* of elf_open, or of elf_symbols; NULL: none */
} damages[] = {
	{ EI_DATA, { ELFDATA2MSB }, 1, "ELF header: not little-endian" },
	{ EI_CLASS, { 3 }, 1, "ELF header: class 3 is neither 32 nor 64 bits" },
	{ EI_VERSION, { 2 }, 1, "ELF header: version 2 is not 1" },
	{ 0, { 'M', 'Z' }, 2, "ELF header: cut off" },
	/* names that are nowhere are no names, and no damage */
	{ offsetof(Elf64_Ehdr, e_shstrndx), { 9 }, 1, NULL },
	{ offsetof(Elf64_Ehdr, e_shstrndx), { 2 }, 1, NULL },
	/* more sections than the header can count, which the first of them tells */
	{ TABLE + offsetof(Elf64_Shdr, sh_size), { 0, 0, 0, 0, 1 }, 5, NULL },
	{ TABLE + sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_size), { 0, 0, 0, 0, 0, 0, 0, 255 },
	    8, "section 1: outside the file" },
	{ sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), { PT_DYNAMIC }, 1,
	    "segment 2: a second PT_DYNAMIC" },
	{ AT_NAMES + NAMES_SIZE - 1, { 1 }, 1, "section 3: its symbols have no names" },
	{ TABLE + 3 * sizeof(Elf64_Shdr) + offsetof(Elf64_Shdr, sh_link), { 9 }, 1,
	    "section 3: its symbols have no names" },
};

START_TEST(tells_damage)
{
	struct arena *a = arena_new();
	unsigned char p[SIZE];
	size_t n = make(p, true);
	struct said said = { "" };
	struct elf_file f;
	struct err e = { .msg = "" };

	memcpy(p + damages[_i].at, damages[_i].bytes, damages[_i].n);
	if (elf_open(a, p, n, &f, &e) == 0 && elf_symbols(&f, say, &said, &e) == 0)
		*e.msg = '\0';
	ck_assert_str_eq(e.msg, damages[_i].msg ? damages[_i].msg : "");
	arena_free(a);
}
END_TEST

/* a count that is larger than what the header can hold: the first section has it */
START_TEST(counts_beyond_the_header)
{
	struct arena *a = arena_new();
	unsigned char p[SIZE];
	size_t n = make(p, true);
	struct elf_file f;
	struct err e;

	memset(p + offsetof(Elf64_Ehdr, e_shnum), 0, 2);
	p[TABLE + offsetof(Elf64_Shdr, sh_size)] = COUNT(sections);
	ck_assert_msg(elf_open(a, p, n, &f, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(f.nsections, COUNT(sections));
	p[TABLE + offsetof(Elf64_Shdr, sh_size) + 7] = 0x70;
	ck_assert_int_eq(elf_open(a, p, n, &f, &e), -1);
	ck_assert_str_eq(e.msg, "section headers: outside the file");
	arena_free(a);
}
END_TEST

/* names in a section that is not there, where the one that stands for none looks as if it had them
 */
START_TEST(names_nowhere)
{
	struct arena *a = arena_new();
	const size_t shdr = sizeof(Elf64_Shdr);
	unsigned char p[SIZE];
	size_t n = make(p, true);
	struct said said = { "" };
	struct elf_file f;
	struct err e;

	memcpy(p + TABLE, p + TABLE + 4 * shdr, shdr);
	p[TABLE + 3 * shdr + offsetof(Elf64_Shdr, sh_link) + 3] = 0x50;
	ck_assert_msg(elf_open(a, p, n, &f, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(f.sections[0].type, SHT_STRTAB);
	ck_assert_int_eq(elf_symbols(&f, say, &said, &e), -1);
	ck_assert_str_eq(e.msg, "section 3: its symbols have no names");
	arena_free(a);
}
END_TEST

/* symbols that many sections show, so that reading all of them would take for ever */
START_TEST(symbols_once)
{
	struct arena *a = arena_new();
	const size_t many = 1000, shdr = sizeof(Elf64_Shdr), size = TABLE + (many + 5) * shdr;
	unsigned char *p = arena_alloc(a, size);
	Elf64_Half count = (Elf64_Half)(many + 5);
	Elf64_Xword all = size - AT_SYMBOLS;
	struct said said = { "" };
	struct elf_file f;
	struct err e;

	make(p, true);
	memcpy(p + offsetof(Elf64_Ehdr, e_shnum), &count, sizeof count);
	for (size_t i = 5; i < many + 5; i++) {
		memcpy(p + TABLE + i * shdr, &sections[3], shdr);
		memcpy(p + TABLE + i * shdr + offsetof(Elf64_Shdr, sh_size), &all, sizeof all);
	}
	ck_assert_msg(elf_open(a, p, size, &f, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(elf_symbols(&f, say, &said, &e), -1);
	ck_assert_str_eq(e.msg, "section 6: overlapping symbol tables");
	arena_free(a);
}
END_TEST

static void
touch(void *arg, const char *name, uint64_t value)
{
	*(size_t *)arg += strlen(name) + (value != 0);
}

/*
 * Reads all that a file shows.  It ends where a page does, with none behind it, and cannot be
 * written: libelf, which no sanitizer sees into, is caught as well.
 */
static void
read_all(const unsigned char *bytes, size_t n)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (n / page + 1) * page;
	unsigned char *memory = mmap(NULL, room + page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		      *copy = memory + room - n;
	struct arena *a = arena_new();
	struct elf_file f;
	struct err e;
	size_t sum = 0;

	ck_assert(memory != MAP_FAILED);
	memcpy(copy, bytes, n);
	ck_assert_int_eq(mprotect(memory, room, PROT_READ), 0);
	ck_assert_int_eq(mprotect(memory + room, page, PROT_NONE), 0);
	if (elf_open(a, copy, n, &f, &e) == 0) {
		for (size_t i = 0; i < f.nsegments; i++)
			ck_assert(f.segments[i].offset <= n &&
				  f.segments[i].size <= n - f.segments[i].offset);
		for (size_t i = 0; i < f.nsections; i++) {
			const struct elf_section *s = &f.sections[i];

			sum += strlen(s->name);
			ck_assert(!elf_has_bytes(s) || !s->size ||
				  (s->offset <= n && s->size <= n - s->offset));
		}
		ck_assert(!f.interp || strlen(f.interp) < n);
		ck_assert_uint_le(f.nneeded, n / sizeof(Elf32_Dyn));
		elf_symbols(&f, touch, &sum, &e);
		elf_section_at(&f, n / 2);
	} else {
		ck_assert_uint_gt(strlen(e.msg), 0);
	}
	arena_free(a);
	munmap(memory, room + page);
}

START_TEST(survives_anything)
{
	unsigned char p[SIZE], copy[SIZE];
	size_t n = make(p, _i);
	unsigned seed = 1;

	for (size_t i = 0; i <= n; i++)
		read_all(p, i);
	for (int k = 0; k < 2000; k++) {
		memcpy(copy, p, n);
		for (int j = 0; j < 1 + k % 6; j++) { /* in the headers, for the most part */
			seed = seed * 1103515245 + 12345;
			copy[(seed >> 8) % 4 ? (seed >> 10) % 300 : (seed >> 10) % n] ^=
			    (unsigned char)(1u << (seed >> 24) % 8);
		}
		read_all(copy, n);
		for (int j = 0; j < 4; j++) { /* and whole bytes in the table of sections */
			seed = seed * 1103515245 + 12345;
			copy[TABLE + (seed >> 8) % (n - TABLE)] = (unsigned char)(seed >> 24);
		}
		read_all(copy, n);
	}
}
END_TEST

START_TEST(told_by_its_beginning)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/x", test_dir());
	struct err e;

	ck_assert(!elf_is_file(path));
	ck_assert_int_eq(file_write(path, "\177EL", 3, 0644, &e), 0);
	ck_assert(!elf_is_file(path));
	ck_assert_int_eq(file_write(path, "\177ELF", 4, 0644, &e), 0);
	ck_assert(elf_is_file(path));
	arena_free(a);
}
END_TEST

Suite *
elf_suite(void)
{
	Suite *s = suite_of("elf", (const TTest *[]){ counts_beyond_the_header, names_nowhere,
				       symbols_once, told_by_its_beginning, NULL });
	TCase *tc = harness_case(s, "files");

	tcase_add_loop_test(tc, reads, 0, 4);
	tcase_add_loop_test(tc, finds_sections, 0, (int)COUNT(places));
	tcase_add_loop_test(tc, tells_damage, 0, (int)COUNT(damages));
	tcase_add_loop_test(tc, survives_anything, 0, 2);
	return s;
}
