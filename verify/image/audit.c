/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/audit.h"

#include "build/base/arena.h"
#include "build/files/elf.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/image/asbuilt.h"
#include "verify/image/disasm.h"
#include "verify/image/elf.h"
#include "verify/image/guestfs.h"
#include "verify/image/hardening.h"
#include "verify/image/mark.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* a file that is larger is no file of an image; a sparse one could be of any size */
#define SIZE_MAX_READ (UINT64_C(256) << 20)

/* an audit under way */
struct work {
	struct arena *a;    /* of the results */
	struct arena *file; /* of the file at hand */
	const struct manifest *m;
	const struct audit_input *in;
	struct audit *out;
	struct guestfs *g;
	struct elf_kind kind; /* what each ELF file is to be */
	struct disasm *disasm;
	const char *fs;
	const struct guestfs_entry *entry;
	const char *name; /* "rootfs:/bin/busybox" */
	const char
	    *bytes; /* of a regular file, or a symlink's target, where the check wants them */
	size_t n;
};

struct check {
	const char *name, *rule, *unit;
	bool bytes;    /* it reads regular files, and looks at nothing else.. */
	bool symlinks; /* ..but at where symlinks lead */
	bool not_extra;
	int (*start)(struct work *w, struct err *e); /* or NULL */
	void (*look)(struct work *w);
};

static void found(struct work *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
found(struct work *w, const char *fmt, ...)
{
	struct audit *o = w->out;
	va_list ap;

	va_start(ap, fmt);
	o->found = arena_more(w->a, o->found, o->nfound, sizeof *o->found);
	o->found[o->nfound++] = arena_vprintf(w->a, fmt, ap);
	va_end(ap);
}

/* ---- static ---- */

static int
need_elf(struct work *w, struct err *e)
{
	return elf_kind(w->m->elf, w->m->elf_flags, &w->kind, e);
}

static void
look_static(struct work *w)
{
	const char *differs;
	struct elf f;
	struct err e;

	if (!elf_is(w->bytes, w->n))
		return;
	w->out->looked++;
	if (elf_read(w->file, w->bytes, w->n, &f, &e) < 0)
		found(w, "%s: damaged: %s", w->name, e.msg);
	else if ((differs = elf_differs(w->file, &f, &w->kind)))
		found(w, "%s: %s", w->name, differs);
	else if (f.type != ET_EXEC && f.type != ET_DYN)
		found(w, "%s: not a program, but ELF type %u", w->name, f.type);
	else if (f.type == ET_DYN && !f.interp && !f.pie)
		found(w, "%s: is a shared library", w->name);
	else if (f.interp)
		found(w, "%s: is not static: %s would load it", w->name, f.interp);
	else if (f.nneeded)
		found(w, "%s: is not static: it needs %zu shared librar%s", w->name, f.nneeded,
		    f.nneeded == 1 ? "y" : "ies");
	/* what a user lays over the image may be as it likes */
	else if (f.debugging && !manifest_added(w->m, "overlay") && strcmp(w->fs, "extra") != 0)
		found(w, "%s: has what only a debugger reads", w->name);
}

/* ---- baseline ---- */

static int
start_baseline(struct work *w, struct err *e)
{
	if (need_elf(w, e) < 0)
		return -1;
	if (!w->m->refuse)
		return fail_usage(e,
		    "manifest: missing required key refuse, which names the instructions "
		    "that its processor lacks");
	return disasm_new(w->a, w->m->elf, w->m->refuse, &w->disasm, e);
}

/*
 * `guarded` is files, then the instructions that they have and use only where the processor does,
 * again and again
 */
static bool
is_guarded(struct work *w, const char *instruction)
{
	char *rest = w->m->guarded ? arena_strdup(w->file, w->m->guarded) : NULL, *word;
	bool named = false, ours = false;

	while (rest && (word = word_next(&rest))) {
		if (strstr(word, ":/")) {
			ours = (named && ours) || !strcmp(word, w->name);
			named = true;
		} else {
			named = false;
			if (ours && !strcmp(word, instruction))
				return true;
		}
	}
	return false;
}

static void
on_refused(void *arg, uint64_t address, const char *name, const char *text)
{
	struct work *w = arg;

	if (!is_guarded(w, name))
		found(w, "%s: 0x%llx: %s", w->name, (unsigned long long)address, text);
}

static void
look_baseline(struct work *w)
{
	const char *differs;
	struct elf f;
	struct err e;

	if (!elf_is(w->bytes, w->n))
		return;
	if (elf_read(w->file, w->bytes, w->n, &f, &e) < 0)
		found(w, "%s: damaged: %s", w->name, e.msg);
	else if ((differs = elf_differs(w->file, &f, &w->kind)))
		found(w, "%s: %s", w->name, differs);
	else if (disasm_sweep(w->disasm, &f, w->bytes, on_refused, w))
		w->out->looked++;
	else
		found(w, "%s: no code was found in it", w->name);
}

/* ---- modes ---- */

/* what a mode grants that has to be meant; NULL: nothing */
static const char *
grants(mode_t mode)
{
	if (S_ISLNK(mode))
		return NULL;
	if (S_ISBLK(mode) || S_ISCHR(mode))
		return "a device";
	if (mode & S_ISUID)
		return "setuid";
	if (mode & S_ISGID)
		return "setgid";
	return mode & S_IWOTH ? "writable by everyone" : NULL;
}

static void
look_modes(struct work *w)
{
	const struct guestfs_entry *n = w->entry;
	const char *what = grants(n->mode), *allowed = NULL;

	w->out->looked++;
	if (n->xattrs) /* security.capability is as good as setuid, an access list as a mode */
		found(w, "%s: has the extended attributes %s; lh-build sets none", w->name,
		    n->xattrs);
	if (!what)
		return;
	for (size_t i = 0; i < w->m->nspecials; i++) {
		const struct man_special *s = &w->m->specials[i];

		if (strcmp(s->name, w->name))
			continue;
		if (s->uid == n->uid && s->gid == n->gid && s->mode == (n->mode & 07777))
			return;
		allowed = arena_printf(w->file, "expected %u:%u %04o", s->uid, s->gid, s->mode);
	}
	found(w, "%s: is %s, %u:%u %04o; %s", w->name, what, (unsigned)n->uid, (unsigned)n->gid,
	    (unsigned)n->mode & 07777, allowed ? allowed : "layout/owners does not list it");
}

/* ---- paths ---- */

static int
start_paths(struct work *w, struct err *e)
{
	return w->m->npaths ? 0
			    : fail_usage(e, "manifest: missing required key path, which names the "
					    "folders of the build");
}

static void
look_paths(struct work *w)
{
	bool link = S_ISLNK(w->entry->mode);

	w->out->looked++;
	for (size_t i = 0; i < w->m->npaths; i++) {
		const char *path = w->m->paths[i];
		const char *at = memmem(w->bytes, w->n, path, strlen(path));

		if (at && link)
			found(
			    w, "%s: points to %s, which is in %s", w->name, w->entry->target, path);
		else if (at)
			found(w, "%s: has %s at byte %zu", w->name, path, (size_t)(at - w->bytes));
	}
}

/* ---- files ---- */

/* libanswer.so, libanswer.so.1.2.3 */
static bool
is_shared_library(const char *name)
{
	const char *so = strstr(name, ".so");

	while (so && so[3 + strspn(so + 3, ".0123456789")])
		so = strstr(so + 3, ".so");
	return so != NULL;
}

static void
look_files(struct work *w)
{
	static const char *const suffixes[] = { ".a", ".o", ".la", ".pc", ".h", ".hpp" };
	const char *base = strrchr(w->name, '/'), *dot = strrchr(base, '.');

	w->out->looked++;
	if (S_ISDIR(w->entry->mode))
		return;
	for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
		if (!strcmp(dot, suffixes[i]))
			found(w, "%s: is for compiling only", w->name);
	if (is_shared_library(base))
		found(w, "%s: is a shared library, which no static program loads", w->name);
	if (strstr(base, "host_key"))
		found(w, "%s: is a host key, and each machine makes its own", w->name);
}

/* ---- hardening ---- */

static void
kernel_lacks(void *arg, const char *what)
{
	struct work *w = arg;

	found(w, "%s: %s", w->m->kernel_config, what);
}

static int
start_hardening(struct work *w, struct err *e)
{
	if (need_elf(w, e) < 0)
		return -1;
	return hardening_kernel(w->a, w->m, w->in->kernel, kernel_lacks, w, e);
}

static void
program_lacks(void *arg, const char *what)
{
	struct work *w = arg;

	found(w, "%s: %s", w->name, what);
}

static void
look_hardening(struct work *w)
{
	struct elf f;
	struct err e;

	if (!elf_is(w->bytes, w->n))
		return;
	w->out->looked++;
	if (elf_read(w->file, w->bytes, w->n, &f, &e) < 0)
		found(w, "%s: damaged: %s", w->name, e.msg);
	else
		hardening_program(w->m, &f, program_lacks, w);
}

/* ---- what there is ---- */

static const struct check checks[] = {
	{ "static", "every ELF file is a static, stripped program of the manifest's machine",
	    "programs", true, false, false, need_elf, look_static },
	{ "baseline", "no program has an instruction that its processor may lack", "programs", true,
	    false, false, start_baseline, look_baseline },
	{ "modes",
	    "nothing is setuid, setgid, a device or writable by everyone that layout/owners does "
	    "not list, nor has extended attributes",
	    "names", false, false, false, NULL, look_modes },
	{ "paths", "no file has a folder of the build in it, and no symlink leads to one", "files",
	    true, true, true, start_paths, look_paths },
	{ "files", "nothing is there that only a compiler or a dynamic loader uses", "names", false,
	    false, true, NULL, look_files },
	{ "hardening",
	    "every program and the kernel have what verify/image/hardening.c lists, but for what "
	    "`differs hardening` excuses",
	    "programs", true, false, true, start_hardening, look_hardening },
};

#define NCHECKS (sizeof checks / sizeof *checks)

static int
look_at_entry(struct work *w, const struct check *c, const struct guestfs_entry *n, struct err *e)
{
	w->entry = n;
	w->name = arena_printf(w->file, "%s:%s", w->fs, n->path);
	if (S_ISLNK(n->mode) && c->symlinks) {
		/* with a slash, as the folders of the build are named with one */
		w->bytes = arena_printf(w->file, "%s/", n->target);
		w->n = strlen(w->bytes);
	} else if (c->bytes) {
		char *bytes;

		if (!S_ISREG(n->mode))
			return 0;
		if (n->size > SIZE_MAX_READ)
			return fail(e, "%s: %llu bytes are too large to examine", w->name,
			    (unsigned long long)n->size);
		if (guestfs_read(w->file, w->g, n->path, &bytes, &w->n, e) < 0)
			return -1;
		w->bytes = bytes;
	}
	c->look(w);
	return 0;
}

static int
look_at_fs(struct work *w, const struct check *c, const struct man_part *p, struct err *e)
{
	struct guestfs_entry *v;
	size_t n;
	int r;

	if (guestfs_open_fd(w->in->disk, w->in->image, p->start, 0, &w->g, e) < 0)
		return -1;
	w->fs = p->name;
	r = guestfs_entries(w->a, w->g, &v, &n, e);
	for (size_t i = 0; r == 0 && i < n; i++) {
		w->file = arena_new();
		r = look_at_entry(w, c, &v[i], e);
		arena_free(w->file);
	}
	if (guestfs_close(w->g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

static int
look_at_disk(struct work *w, const struct check *c, struct err *e)
{
	int r = c->start ? c->start(w, e) : 0;

	for (size_t i = 0; r == 0 && i < w->m->nparts; i++) {
		const struct man_part *p = &w->m->parts[i];

		if (!strcmp(p->type, "ext4") && !(c->not_extra && !strcmp(p->name, "extra")))
			r = look_at_fs(w, c, p, e);
	}
	if (w->disasm)
		disasm_free(w->disasm);
	return r;
}

/* ---- kernel ---- */

static int
look_at_kernel(struct work *w, struct err *e)
{
	char *rest, *word;

	w->out->looked = 1;
	rest = arena_strdup(w->a, w->m->kernel_mark);
	while ((word = word_next(&rest))) {
		struct mark m;

		if (mark_read(word, &m, e) < 0)
			return -1;
		if (!mark_fits(&m, w->in->kernel, w->in->nkernel))
			found(w, "%s: lacks what a kernel for this machine has: %s", w->m->kernel,
			    word);
	}
	return 0;
}

/* ---- table ---- */

static void
table_differs(void *arg, const char *what)
{
	found(arg, "%s", what);
}

/* ---- all of them ---- */

static bool
is_table(const char *name)
{
	return !strcmp(name, "table");
}

/* NULL: it is one of the kernel, or the table */
static const struct check *
check_of(const char *name)
{
	for (size_t i = 0; i < NCHECKS; i++)
		if (!strcmp(checks[i].name, name))
			return &checks[i];
	return NULL;
}

/* the file of the manifest's that a check reads besides the disk; NULL: none */
static const char *
file_of(const char *name, const struct check *c, const struct manifest *m)
{
	if (is_table(name))
		return NULL;
	return !c ? m->kernel : !strcmp(name, "hardening") ? m->kernel_config : NULL;
}

int
audit_open(struct arena *a, const char *name, const struct manifest *m, const char *image,
    struct audit_input *out, struct err *e)
{
	const struct check *c = check_of(name);
	const char *file = file_of(name, c, m);
	bool of_kernel = !c && !is_table(name);

	*out = (struct audit_input){ .m = m, .image = image, .disk = -1 };
	if (of_kernel && (!m->kernel || !m->kernel_mark))
		return fail_usage(
		    e, "manifest: missing required key %s", m->kernel ? "kernel-mark" : "kernel");
	if (c && !file && !strcmp(name, "hardening"))
		return fail_usage(e, "manifest: missing required key kernel-config, which names "
				     "the configuration of the kernel");
	if (is_table(name) && asbuilt_open(a, m, &out->table, e) < 0)
		return -1;
	if (file && file_read(a, manifest_path(a, m, file), &out->kernel, &out->nkernel, e) < 0)
		return -1;
	if (!of_kernel && m->nparts && (out->disk = open(image, O_RDONLY | O_CLOEXEC)) < 0)
		return fail_errno(e, "%s", image);
	return 0;
}

void
audit_close(struct audit_input *in)
{
	if (in->disk >= 0)
		close(in->disk);
	in->disk = -1;
}

int
audit_look(struct arena *a, const char *name, const struct audit_input *in, struct audit *out,
    struct err *e)
{
	struct work w = { .a = a, .m = in->m, .in = in, .out = out };
	const struct check *c = check_of(name);

	if (is_table(name)) {
		*out = (struct audit){ .rule = "every name is as the build's table of files says, "
					       "and there is no other",
			.unit = "names" };
		return asbuilt_compare(
		    a, in->m, in->table, in->disk, in->image, table_differs, &w, &out->looked, e);
	}
	*out = (struct audit){ .rule = c ? c->rule : "the kernel is one for the manifest's machine",
		.unit = c ? c->unit : "kernel" };
	return c ? look_at_disk(&w, c, e) : look_at_kernel(&w, e);
}

int
audit_run(struct arena *a, const char *name, const struct manifest *m, const char *image,
    struct audit *out, struct err *e)
{
	struct audit_input in;
	int r;

	if (audit_open(a, name, m, image, &in, e) < 0)
		return -1;
	r = audit_look(a, name, &in, out, e);
	audit_close(&in);
	return r;
}
