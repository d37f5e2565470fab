/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/sysdeps.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

/* what no architecture can do without */
static const char *const required[] = { "short", "gcc", "binutils", "cflags", "elf", "kernel-arch",
	"kernel-image", "qemu", "machine", "memory", "console" };

/* what builds nothing: of the machine that QEMU plays, of the verifier, of ci/setup */
static const char *const machines[] = { "qemu", "machine", "cpu", "cpu-of-others", "memory",
	"panic-device", "boot", "efi-file", "boot-bios", "boot-efi", "boot-uboot", "screen",
	"vm-generation", "silent-exit", "after-loadvm", "pc-register", "kvm", "append", "elf-flags",
	"kernel-mark", "refuse", "guarded", "packages" };

#define NREQUIRED (sizeof required / sizeof *required)

static char *
facts_path(struct arena *a, const char *top, const char *triple)
{
	return arena_printf(a, "%s/sysdeps/%s/facts", top, triple);
}

char *
sysdeps_supported(struct arena *a, const char *top)
{
	struct dirent **v = NULL;
	struct buf b = { 0 };
	char *all;
	int n = scandir(arena_printf(a, "%s/sysdeps", top), &v, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		if (v[i]->d_name[0] != '.' && file_exists(facts_path(a, top, v[i]->d_name)))
			buf_addf(&b, "%s%s", b.n ? " " : "", v[i]->d_name);
		free(v[i]);
	}
	free(v);
	all = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return all;
}

int
sysdeps_default(struct arena *a, const char *top, const char **out, struct err *e)
{
	char *rest = sysdeps_supported(a, top), *name, *first = word_next(&rest);
	struct lines l;

	*out = first ? first : "";
	if (lines_open_if_there(a, arena_printf(a, "%s/sysdeps/default", top), &l, e) < 0)
		return -1;
	if ((name = lines_next_datum(&l)))
		*out = name;
	return 0;
}

/* no fact that builds anything: where this triple's images are not as those of others */
static int
read_differs(struct arena *a, const struct lines *l, char *value, struct sysdeps *s, struct err *e)
{
	struct man_differs d;

	if (man_differs_read(l, value, &d, e) < 0)
		return -1;
	s->differs = arena_more(a, s->differs, s->ndiffers, sizeof d);
	s->differs[s->ndiffers++] = d;
	return 0;
}

static int
read_facts(struct arena *a, struct lines *l, struct sysdeps *s, struct err *e)
{
	size_t cap = 0;
	char *line, *key;

	while ((line = lines_next_datum(l))) {
		key = word_next(&line);
		if (!*line)
			return lines_fail(l, e, "%s: has no value", key);
		if (!strcmp(key, "differs")) {
			if (read_differs(a, l, line, s, e) < 0)
				return -1;
			continue;
		}
		if (sysdeps_get(s, key))
			return lines_fail(l, e, "%s: duplicate key", key);
		if (s->nfacts == cap) {
			size_t more = cap ? 2 * cap : 32;

			s->facts = arena_grow(a, s->facts, cap, more, sizeof *s->facts);
			cap = more;
		}
		s->facts[s->nfacts++] = (struct fact){ key, line };
	}
	for (size_t i = 0; i < NREQUIRED; i++)
		if (!sysdeps_get(s, required[i]))
			return fail_usage(e, "%s: missing required key %s", l->path, required[i]);
	return 0;
}

const char *
sysdeps_resolve(struct arena *a, const char *top, const char *name)
{
	char *rest = sysdeps_supported(a, top), *triple;

	while ((triple = word_next(&rest))) {
		struct sysdeps sd;
		struct err ignored;
		const char *brief;

		if (!strcmp(triple, name))
			return triple;
		if (sysdeps_read(a, top, triple, &sd, &ignored) < 0)
			continue;
		brief = sysdeps_get(&sd, "short");
		if (brief && !strcmp(brief, name)) /* all have one: it is required */
			return triple;
	}
	return NULL;
}

int
sysdeps_read(
    struct arena *a, const char *top, const char *triple, struct sysdeps *out, struct err *e)
{
	char *path = facts_path(a, top, triple);
	struct lines l;
	int there = 0;

	*out = (struct sysdeps){ .triple = arena_strdup(a, triple),
		.dir = arena_printf(a, "%s/sysdeps/%s", top, triple) };
	if (*triple && *triple != '.' && !strchr(triple, '/'))
		there = file_is_there(path, e);
	if (there < 0)
		return -1;
	if (!there)
		return fail_usage(e, "TRIPLE %s: not supported; one of %s",
		    *triple ? triple : "is empty", sysdeps_supported(a, top));
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	return read_facts(a, &l, out, e);
}

const char *
sysdeps_get(const struct sysdeps *s, const char *key)
{
	for (size_t i = 0; i < s->nfacts; i++)
		if (!strcmp(s->facts[i].key, key))
			return s->facts[i].value;
	return NULL;
}

static bool
is_in(const char *key, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(key, list[i]))
			return true;
	return false;
}

bool
fact_builds(const struct fact *f)
{
	return !is_in(f->key, machines, sizeof machines / sizeof *machines);
}

bool
fact_is_ours(const struct fact *f)
{
	return !fact_builds(f) || is_in(f->key, required, NREQUIRED);
}

const char *
fact_variable(struct arena *a, const struct fact *f)
{
	char *name = arena_strdup(a, f->key);

	for (char *s = name; *s; s++)
		*s = *s == '-' ? '_' : (char)toupper((unsigned char)*s);
	return name;
}
