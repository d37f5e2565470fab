/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/files/digest.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/command/command.h"
#include "verify/image/mark.h"
#include "verify/options.h"

#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* as much of a file as tells what it is */
#define HEAD_MAX (1 << 17)
/* MiB that a distribution's initrd is unpacked into */
#define MEMORY_INITRD 1024

enum kind { KERNEL, INITRD, PARTITIONS, FILESYSTEM, OTHER_FORM, NKINDS };

static const char *const kinds[NKINDS] = { "a kernel", "an initrd", "a disk with partitions",
	"a filesystem", "a disk image, but not a raw one" };

/*
 * What each begins with, in the words of verify/image/mark.h; the first that fits.  A kernel is
 * known by its triple's facts, before these: a PC's has the signature of a boot sector, too.
 */
static const struct {
	enum kind kind;
	const char *mark, *name;
} marks[] = {
	{ INITRD, "0x0=1f8b", "gzip" },
	{ INITRD, "0x0=fd377a585a00", "xz" },
	{ INITRD, "0x0=28b52ffd", "zstd" },
	{ INITRD, "0x0=425a68", "bzip2" },
	{ INITRD, "0x0=02214c18", "lz4" },
	{ INITRD, "0x0=5d0000", "lzma" },
	{ INITRD, "0x0=303730373031", "cpio" },
	{ INITRD, "0x0=303730373032", "cpio" },
	{ OTHER_FORM, "0x0=514649fb", "qcow2" },
	{ OTHER_FORM, "0x0=4b444d56", "vmdk" },
	{ OTHER_FORM, "0x0=7668647866696c65", "vhdx" },
	{ PARTITIONS, "0x200=4546492050415254", "GPT" },
	{ FILESYSTEM, "0x438=53ef", "ext2, 3 or 4" },
	{ FILESYSTEM, "0x0=68737173", "squashfs" },
	{ FILESYSTEM, "0x0=58465342", "XFS" },
	{ FILESYSTEM, "0x8001=4344303031", "ISO 9660" },
	{ FILESYSTEM, "0x10040=5f42485266535f4d", "btrfs" },
	{ PARTITIONS, "0x1fe=55aa", "MBR" },
};

/* ---- looking at a file ---- */

static int
read_head(struct arena *a, const char *path, const char **p, size_t *n, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	char *head = arena_alloc(a, HEAD_MAX);
	ssize_t got = -1;

	*n = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail_errno(e, "%s", path);
	} else if (!S_ISREG(st.st_mode)) {
		fail(e, "%s: is not a regular file", path);
	} else {
		while (*n < HEAD_MAX && (got = read(fd, head + *n, HEAD_MAX - *n)) > 0)
			*n += (size_t)got;
		if (got < 0)
			fail_errno(e, "%s", path);
	}
	*p = head;
	if (fd >= 0)
		close(fd);
	if (got < 0)
		e->code = EXIT_USAGE;
	return got < 0 ? -1 : 0;
}

/* has it all marks of a line? */
static int
has_marks(struct arena *a, const char *line, const char *p, size_t n, bool *has, struct err *e)
{
	char *rest = arena_strdup(a, line), *word;
	struct mark m;

	*has = true;
	while ((word = word_next(&rest))) {
		if (mark_read(word, &m, e) < 0)
			return -1;
		*has &= mark_fits(&m, p, n);
	}
	return 0;
}

/* ---- the triples ---- */

/* what a triple's facts say of its machine; kernel_mark NULL: they do not say it */
static int
read_facts(struct arena *a, const char *path, struct manifest *m, struct err *e)
{
	const char *memory = NULL, *cpu = NULL;
	const struct {
		const char *key, **member;
	} texts[] = { { "short", &m->arch }, { "qemu", &m->qemu }, { "machine", &m->machine },
		{ "cpu", &m->cpu }, { "cpu-of-others", &cpu }, { "console", &m->console },
		{ "panic-device", &m->panic }, { "vm-generation", &m->generation },
		{ "silent-exit", &m->silent_exit }, { "after-loadvm", &m->after_loadvm },
		{ "pc-register", &m->pc_register }, { "kvm", &m->kvm }, { "memory", &memory },
		{ "kernel-mark", &m->kernel_mark }, { "append", &m->append } };
	char *slash = strrchr(path, '/'), *line, *key;
	struct lines l;

	*m = (struct manifest){ .profile = "theirs" };
	m->triple = arena_strndup(a, path, (size_t)(slash - path));
	m->triple = strrchr(m->triple, '/') + 1;
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		key = word_next(&line);
		for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
			if (!strcmp(texts[i].key, key) && strcmp(line, "none"))
				*texts[i].member = line;
	}
	m->cpu = cpu ? cpu : m->cpu;
	m->memory = memory ? (unsigned)strtoul(memory, NULL, 10) : 0;
	return 0;
}

/* the triple whose kernel that is; m->triple NULL: none */
static int
find_triple(struct arena *a, const char *sysdeps, const char *p, size_t n, struct manifest *m,
    struct err *e)
{
	glob_t g;
	int r = 0;

	*m = (struct manifest){ 0 };
	if (glob(arena_printf(a, "%s/*/facts", sysdeps), 0, NULL, &g))
		return fail_usage(e, "%s: has no facts of a triple", sysdeps);
	for (size_t i = 0; i < g.gl_pathc && r == 0 && !m->triple; i++) {
		const char *path = arena_strdup(a, g.gl_pathv[i]);
		struct manifest of;
		bool fits = false;

		r = read_facts(a, path, &of, e);
		if (r == 0 && of.kernel_mark)
			r = has_marks(a, of.kernel_mark, p, n, &fits, e);
		if (r == 0 && fits)
			*m = of;
	}
	globfree(&g);
	return r;
}

/* ---- the manifest ---- */

struct seen {
	const char *paths[NKINDS]; /* NULL: none was given */
	struct manifest m;	   /* of the kernel's triple */
};

static int
look(struct arena *a, const char *sysdeps, const char *path, struct seen *s, struct err *e)
{
	struct manifest m;
	const char *p, *what = NULL;
	enum kind kind = NKINDS;
	bool fits;
	size_t n;

	if (!*path || strpbrk(path, "#\n") || strcmp(trim(arena_strdup(a, path)), path) != 0)
		return fail_usage(e,
		    "%s: no manifest can name that: a # or a line break, or a blank at an end",
		    path);
	if (read_head(a, path, &p, &n, e) < 0 || find_triple(a, sysdeps, p, n, &m, e) < 0)
		return -1;
	if (m.triple) {
		kind = KERNEL;
		what = m.arch;
		s->m = m;
	}
	for (size_t i = 0; i < sizeof marks / sizeof *marks && kind == NKINDS; i++) {
		if (has_marks(a, marks[i].mark, p, n, &fits, e) < 0)
			return -1;
		if (fits) {
			kind = marks[i].kind;
			what = marks[i].name;
		}
	}
	if (kind == NKINDS)
		return fail_usage(e,
		    "%s: is neither a kernel of a triple that this knows, nor an initrd, nor a raw "
		    "disk; write the manifest by hand: lh-manifest(5)",
		    path);
	if (kind == OTHER_FORM)
		return fail_usage(e, "%s: is %s (%s): qemu-img convert -O raw makes one of it",
		    path, kinds[kind], what);
	log_info("%s: %s (%s)", path, kinds[kind], what);
	if (s->paths[kind])
		return fail_usage(
		    e, "%s: %s, and so is %s: one of them", path, kinds[kind], s->paths[kind]);
	s->paths[kind] = path;
	return 0;
}

/* root= is a guess, which the next one who reads it sees */
static const char *
append_of(struct arena *a, const struct seen *s)
{
	struct buf b = { 0 };
	const char *append;

	buf_addf(&b, "console=%s panic=-1", s->m.console);
	if (s->paths[PARTITIONS])
		buf_addf(&b, " root=/dev/vda1 ro");
	if (s->paths[FILESYSTEM])
		buf_addf(&b, " root=/dev/vda ro");
	if (s->m.append)
		buf_addf(&b, " %s", s->m.append);
	append = arena_strdup(a, b.p);
	buf_free(&b);
	return append;
}

static int
compose(struct arena *a, struct seen *s, struct err *e)
{
	struct manifest *m = &s->m;
	char *hex = arena_alloc(a, DIGEST_HEX);

	if (!s->paths[KERNEL])
		return fail_usage(e,
		    "init: none of these is a kernel, which shows what machine they are for; write "
		    "the manifest by hand: lh-manifest(5)");
	if (s->paths[PARTITIONS] && s->paths[FILESYSTEM])
		return fail_usage(e, "%s, %s: one disk; name the other in append by hand",
		    s->paths[PARTITIONS], s->paths[FILESYSTEM]);
	if (!s->paths[INITRD] && !s->paths[PARTITIONS] && !s->paths[FILESYSTEM])
		log_warn(
		    "neither an initrd nor a disk: what such a kernel boots ends in a panic, for "
		    "want of a root");
	if (digest_file(s->paths[KERNEL], hex, e) < 0)
		return -1;
	m->kernel = s->paths[KERNEL];
	m->kernel_sha256 = hex;
	m->initrd = s->paths[INITRD];
	m->image = s->paths[PARTITIONS] ? s->paths[PARTITIONS] : s->paths[FILESYSTEM];
	m->append = append_of(a, s);
	if (m->initrd)
		m->memory = MEMORY_INITRD;
	return 0;
}

int
command_init(struct arena *a, struct options *o, struct err *e)
{
	struct seen s = { .paths = { 0 } };
	struct buf b = { 0 };
	const char *sysdeps;

	if (!o->nwords)
		return fail_usage(e, "init: needs a kernel, and what is booted with it; see "
				     "lh-verify init --help");
	if (options_folder(a, "sysdeps", &sysdeps, e) < 0)
		return -1;
	for (size_t i = 0; i < o->nwords; i++)
		if (look(a, sysdeps, o->words[i], &s, e) < 0)
			return -1;
	if (compose(a, &s, e) < 0)
		return -1;
	manifest_format(&s.m, &b);
	fputs(b.p, stdout);
	puts("# for commands in the guest, by its console: agent serial, and login USER PASSWORD");
	buf_free(&b);
	return 0;
}
