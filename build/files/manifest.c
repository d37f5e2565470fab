/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/manifest.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char first_line[] = "lh-manifest 2";

/* the members that are one text each; the rest of a line is the value */
static const struct key {
	const char *name;
	size_t member;
	bool needed;
} keys[] = {
#define TEXT(name, member, needed)                                                                 \
	{                                                                                          \
		name, offsetof(struct manifest, member), needed                                    \
	}
	TEXT("triple", triple, true),
	TEXT("arch", arch, false),
	TEXT("profile", profile, false),
	TEXT("why", why, false),
	TEXT("set", set, false),
	TEXT("sandbox", sandbox, false),
	TEXT("net", net, false),
	TEXT("hostname", hostname, false),
	TEXT("address", address, false),
	TEXT("router", router, false),
	TEXT("dns", dns, false),
	TEXT("country", country, false),
	TEXT("qemu", qemu, true),
	TEXT("machine", machine, true),
	TEXT("cpu", cpu, false),
	TEXT("console", console, true),
	TEXT("panic", panic, false),
	TEXT("vm-generation", generation, false),
	TEXT("silent-exit", silent_exit, false),
	TEXT("after-loadvm", after_loadvm, false),
	TEXT("pc-register", pc_register, false),
	TEXT("kvm", kvm, false),
	TEXT("elf", elf, false),
	TEXT("elf-flags", elf_flags, false),
	TEXT("refuse", refuse, false),
	TEXT("guarded", guarded, false),
	TEXT("disk-bus", disk_bus, false),
	TEXT("nic", nic, false),
	TEXT("firmware", firmware, false),
	TEXT("boot-bios", boot_bios, false),
	TEXT("boot-efi", boot_efi, false),
	TEXT("boot-uboot", boot_uboot, false),
	TEXT("boot-diskless", boot_diskless, false),
	TEXT("screen", screen, false),
	TEXT("kernel", kernel, false),
	TEXT("kernel-sha256", kernel_sha256, false),
	TEXT("kernel-mark", kernel_mark, false),
	TEXT("initrd", initrd, false),
	TEXT("append", append, false),
	TEXT("image", image, false),
	TEXT("image-digest", image_digest, false),
	TEXT("files", files, false),
	TEXT("files-sha256", files_sha256, false),
	TEXT("symbols", symbols, false),
	TEXT("symbols-sha256", symbols_sha256, false),
	TEXT("kernel-config", kernel_config, false),
	TEXT("kernel-config-sha256", kernel_config_sha256, false),
	TEXT("credentials", credentials, false),
	TEXT("root-login", root_login, false),
	TEXT("authorized-keys-sha256", authorized_keys_sha256, false),
	TEXT("agent", agent, false),
	TEXT("login", login, false),
	TEXT("key", key, false),
#undef TEXT
};

#define NKEYS (sizeof keys / sizeof *keys)
#define DEFAULT_MEMORY 256

static const char **
text_of(const struct key *k, const struct manifest *m)
{
	return (const char **)((uintptr_t)m + k->member);
}

static int
number(const struct lines *l, const char *key, const char *word, uint64_t *out, struct err *e)
{
	char *end;

	errno = 0;
	*out = strtoull(word, &end, 10);
	if (*word < '0' || *word > '9' || *end || errno)
		return lines_fail(l, e, "%s %s: not a number", key, word);
	return 0;
}

static int
read_part(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	struct man_part p = { 0 };
	char *w[5];

	if (words(value, w, 5) != 5)
		return lines_fail(l, e, "partition: needs NAME TYPE START SIZE UUID");
	if (number(l, "partition", w[2], &p.start, e) < 0 ||
	    number(l, "partition", w[3], &p.size, e) < 0)
		return -1;
	p.name = w[0];
	p.type = w[1];
	p.uuid = w[4];
	m->parts = arena_more(a, m->parts, m->nparts, sizeof p);
	m->parts[m->nparts++] = p;
	return 0;
}

static int
read_form(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[3];

	if (words(value, w, 3) != 3)
		return lines_fail(l, e, "form: needs NAME FILE SHA256");
	m->forms = arena_more(a, m->forms, m->nforms, sizeof *m->forms);
	m->forms[m->nforms++] = (struct man_form){ w[0], w[1], w[2] };
	return 0;
}

static int
read_sbom(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[2];

	if (words(value, w, 2) != 2)
		return lines_fail(l, e, "sbom: needs FILE SHA256");
	m->sboms = arena_more(a, m->sboms, m->nsboms, sizeof *m->sboms);
	m->sboms[m->nsboms++] = (struct man_sbom){ w[0], w[1] };
	return 0;
}

static int
read_package(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[5];
	size_t n = words(value, w, 5);

	if (n < 3 || n > 5 || (n > 3 && strcmp(w[3], "modified")))
		return lines_fail(l, e, "package: needs NAME VERSION KEY [modified [COMMIT]]");
	m->packages = arena_more(a, m->packages, m->npackages, sizeof *m->packages);
	m->packages[m->npackages++] = (struct man_package){ .name = w[0],
		.version = w[1],
		.key = w[2],
		.modified = n > 3,
		.commit = n > 4 ? w[4] : NULL };
	return 0;
}

static int
read_cached(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[2];

	if (words(value, w, 2) != 2)
		return lines_fail(l, e, "cached: needs NODE SIGNER");
	m->cached = arena_more(a, m->cached, m->ncached, sizeof *m->cached);
	m->cached[m->ncached++] = (struct man_cached){ .node = w[0], .signer = w[1] };
	return 0;
}

static int
read_service(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[2];

	if (words(value, w, 2) != 2)
		return lines_fail(l, e, "service: needs NAME TYPE");
	m->services = arena_more(a, m->services, m->nservices, sizeof *m->services);
	m->services[m->nservices++] = (struct man_service){ .name = w[0], .type = w[1] };
	return 0;
}

static int
read_added(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	char *w[2];

	if (words(value, w, 2) != 2)
		return lines_fail(l, e, "added: needs WHAT DIGEST-OR-NAME");
	m->added = arena_more(a, m->added, m->nadded, sizeof *m->added);
	m->added[m->nadded++] = (struct man_added){ .what = w[0], .is = w[1] };
	return 0;
}

int
man_differs_read(const struct lines *l, char *value, struct man_differs *out, struct err *e)
{
	out->subject = word_next(&value);
	out->word = word_next(&value);
	out->reason = value;
	return out->word && *out->reason ? 0
					 : lines_fail(l, e, "differs: needs SUBJECT WORD REASON");
}

static int
read_differs(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	struct man_differs d;

	if (man_differs_read(l, value, &d, e) < 0)
		return -1;
	m->differs = arena_more(a, m->differs, m->ndiffers, sizeof d);
	m->differs[m->ndiffers++] = d;
	return 0;
}

static int
read_special(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	struct man_special s;
	char *w[3], end;

	if (words(value, w, 3) != 3 || !strstr(w[0], ":/") ||
	    sscanf(w[1], "%u:%u%c", &s.uid, &s.gid, &end) != 2 ||
	    sscanf(w[2], "%o%c", &s.mode, &end) != 1)
		return lines_fail(l, e, "special: needs FS:/PATH UID:GID MODE");
	s.name = w[0];
	m->specials = arena_more(a, m->specials, m->nspecials, sizeof s);
	m->specials[m->nspecials++] = s;
	return 0;
}

static int
read_listen(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	struct man_listen n = { 0 };
	char *w[4];
	uint64_t port;

	if (words(value, w, 4) != 4)
		return lines_fail(l, e, "listen: needs PROTOCOL ADDRESS PORT SERVICE");
	if (number(l, "listen", w[2], &port, e) < 0)
		return -1;
	if (port < 1 || port > 65535)
		return lines_fail(l, e, "listen: port %s: from 1 to 65535", w[2]);
	n = (struct man_listen){ w[0], w[1], (unsigned)port, w[3] };
	m->listens = arena_more(a, m->listens, m->nlistens, sizeof n);
	m->listens[m->nlistens++] = n;
	return 0;
}

static int
read_path(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	if (*value != '/')
		return lines_fail(l, e, "path %s: not absolute", value);
	m->paths = arena_more(a, m->paths, m->npaths, sizeof *m->paths);
	m->paths[m->npaths++] = value;
	return 0;
}

static int
read_memory(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	uint64_t n;

	(void)a;
	if (number(l, "memory", value, &n, e) < 0)
		return -1;
	if (n < 8 || n > 1 << 20)
		return lines_fail(l, e, "memory %s: from 8 to 1048576 MiB", value);
	m->memory = (unsigned)n;
	return 0;
}

static int
read_cpus(struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e)
{
	uint64_t n;

	(void)a;
	if (number(l, "cpus", value, &n, e) < 0)
		return -1;
	if (n < 1 || n > 255)
		return lines_fail(l, e, "cpus %s: from 1 to 255", value);
	m->cpus = (unsigned)n;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(
	    struct arena *a, const struct lines *l, char *value, struct manifest *m, struct err *e);
} tables[] = {
	{ "memory", read_memory },
	{ "cpus", read_cpus },
	{ "partition", read_part },
	{ "form", read_form },
	{ "sbom", read_sbom },
	{ "package", read_package },
	{ "cached", read_cached },
	{ "service", read_service },
	{ "added", read_added },
	{ "differs", read_differs },
	{ "special", read_special },
	{ "listen", read_listen },
	{ "path", read_path },
};

#define NTABLES (sizeof tables / sizeof *tables)

const char *
manifest_key(size_t i)
{
	if (i < NKEYS)
		return keys[i].name;
	return i - NKEYS < NTABLES ? tables[i - NKEYS].name : NULL;
}

static int
read_line(struct arena *a, const struct lines *l, const char *name, char *value, struct manifest *m,
    struct err *e)
{
	for (size_t i = 0; i < NKEYS; i++) {
		const char **text = text_of(&keys[i], m);

		if (strcmp(keys[i].name, name))
			continue;
		if (*text)
			return lines_fail(l, e, "%s: duplicate key", name);
		*text = value;
		return 0;
	}
	for (size_t i = 0; i < NTABLES; i++)
		if (!strcmp(tables[i].name, name))
			return tables[i].read(a, l, value, m, e);
	return lines_fail(l, e, "%s: unknown key; lh-manifest(5) has them all", name);
}

/* absolute folder that holds path */
static int
folder_of(struct arena *a, const char *path, const char **dir, struct err *e)
{
	char full[PATH_MAX], *slash;

	if (!realpath(path, full))
		return fail_errno(e, "%s", path);
	slash = strrchr(full, '/');
	*dir = slash == full ? "/" : arena_strndup(a, full, (size_t)(slash - full));
	return 0;
}

static int
parse(struct arena *a, struct lines *l, struct manifest *m, struct err *e)
{
	char *line = lines_next(l), *name;

	if (!line || strcmp(line, first_line))
		return fail_usage(
		    e, "%s:1: not a manifest: its first line must be \"%s\"", l->path, first_line);
	while ((line = lines_next_datum(l))) {
		name = word_next(&line);
		if (!*line)
			return lines_fail(l, e, "%s: has no value", name);
		if (read_line(a, l, name, line, m, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < NKEYS; i++)
		if (keys[i].needed && !*text_of(&keys[i], m))
			return fail_usage(e, "%s: missing required key %s", l->path, keys[i].name);
	if (!m->kernel && !m->image)
		return fail_usage(
		    e, "%s: names neither kernel nor image: nothing to boot", l->path);
	if (m->initrd && !m->kernel)
		return fail_usage(e,
		    "%s: initrd %s: without a kernel nobody loads it; name that, too", l->path,
		    m->initrd);
	return 0;
}

int
manifest_read(struct arena *a, const char *path, struct manifest *m, struct err *e)
{
	struct lines l;

	*m = (struct manifest){ .memory = DEFAULT_MEMORY };
	if (lines_open(a, path, &l, e) < 0 || folder_of(a, path, &m->dir, e) < 0)
		return wrap(e, "manifest");
	return parse(a, &l, m, e);
}

int
manifest_parse(
    struct arena *a, const char *name, const char *text, struct manifest *m, struct err *e)
{
	struct lines l;

	*m = (struct manifest){ .memory = DEFAULT_MEMORY };
	lines_text(a, name, text, &l);
	return parse(a, &l, m, e);
}

void
manifest_format(const struct manifest *m, struct buf *out)
{
	buf_addf(out, "%s\n", first_line);
	for (size_t i = 0; i < NKEYS; i++)
		if (*text_of(&keys[i], m))
			buf_addf(out, "%s %s\n", keys[i].name, *text_of(&keys[i], m));
	buf_addf(out, "memory %u\n", m->memory);
	if (m->cpus)
		buf_addf(out, "cpus %u\n", m->cpus);
	for (size_t i = 0; i < m->nparts; i++) {
		const struct man_part *p = &m->parts[i];

		buf_addf(out, "partition %s %s %" PRIu64 " %" PRIu64 " %s\n", p->name, p->type,
		    p->start, p->size, p->uuid);
	}
	for (size_t i = 0; i < m->nforms; i++)
		buf_addf(out, "form %s %s %s\n", m->forms[i].name, m->forms[i].file,
		    m->forms[i].sha256 ? m->forms[i].sha256 : "-");
	for (size_t i = 0; i < m->nsboms; i++)
		buf_addf(out, "sbom %s %s\n", m->sboms[i].file, m->sboms[i].sha256);
	for (size_t i = 0; i < m->npackages; i++) {
		const struct man_package *p = &m->packages[i];

		buf_addf(out, "package %s %s %s%s%s%s\n", p->name, p->version, p->key,
		    p->modified ? " modified" : "", p->commit ? " " : "",
		    p->commit ? p->commit : "");
	}
	for (size_t i = 0; i < m->ncached; i++)
		buf_addf(out, "cached %s %s\n", m->cached[i].node, m->cached[i].signer);
	for (size_t i = 0; i < m->nservices; i++)
		buf_addf(out, "service %s %s\n", m->services[i].name, m->services[i].type);
	for (size_t i = 0; i < m->nadded; i++)
		buf_addf(out, "added %s %s\n", m->added[i].what, m->added[i].is);
	for (size_t i = 0; i < m->ndiffers; i++)
		buf_addf(out, "differs %s %s %s\n", m->differs[i].subject, m->differs[i].word,
		    m->differs[i].reason);
	for (size_t i = 0; i < m->nspecials; i++)
		buf_addf(out, "special %s %u:%u %04o\n", m->specials[i].name, m->specials[i].uid,
		    m->specials[i].gid, m->specials[i].mode);
	for (size_t i = 0; i < m->nlistens; i++)
		buf_addf(out, "listen %s %s %u %s\n", m->listens[i].protocol, m->listens[i].address,
		    m->listens[i].port, m->listens[i].service);
	for (size_t i = 0; i < m->npaths; i++)
		buf_addf(out, "path %s\n", m->paths[i]);
}

int
manifest_write(const struct manifest *m, const char *path, struct err *e)
{
	struct buf b = { 0 };
	int r;

	manifest_format(m, &b);
	r = file_write_durable(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}

char *
manifest_path(struct arena *a, const struct manifest *m, const char *file)
{
	if (!file)
		return NULL;
	return *file == '/' ? arena_strdup(a, file) : arena_printf(a, "%s/%s", m->dir, file);
}

const struct man_added *
manifest_added(const struct manifest *m, const char *what)
{
	for (size_t i = 0; i < m->nadded; i++)
		if (!strcmp(m->added[i].what, what))
			return &m->added[i];
	return NULL;
}

const struct man_part *
manifest_part(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->nparts; i++)
		if (!strcmp(m->parts[i].name, name))
			return &m->parts[i];
	return NULL;
}
