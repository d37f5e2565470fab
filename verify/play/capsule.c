/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/capsule.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char first_line[] = "lh-capsule 1";

#define KEY(name, wanted)                                                                          \
	{                                                                                          \
#name, offsetof(struct capsule, name), wanted                                      \
	}
static const struct key {
	const char *name;
	size_t member;
	bool wanted;
} keys[] = {
	KEY(manifest, true),
	KEY(digest, true),
	KEY(qemu, true),
	KEY(accel, true),
	KEY(cpu, false),
	KEY(where, true),
	KEY(scenario, true),
	KEY(untrusted, false),
	KEY(pristine, false),
	KEY(slot, false),
	KEY(nonce, true),
	KEY(net, false),
	KEY(router, false),
	KEY(dns, false),
	KEY(address, false),
};

static const char **
member(const struct key *k, const struct capsule *c)
{
	return (const char **)((uintptr_t)c + k->member);
}

bool
capsule_take_room(struct capsule_room *r, unsigned mib)
{
	if (!r || !r->left || r->mib < mib)
		return false;
	r->left--;
	r->mib -= mib;
	return true;
}

/* a run that comes replaces these files, and does not write into them: so a name is enough */
static int
keep(struct arena *a, const char *from, const char *dir, const char *name, struct err *e)
{
	const char *to = arena_printf(a, "%s/%s", dir, name);

	if (!from || link(from, to) == 0)
		return 0;
	return file_copy(from, to, 0600, e);
}

int
capsule_write(struct arena *a, const char *dir, const struct capsule *c, const char *base,
    const char *key, const char *console, size_t nconsole, struct err *e)
{
	const char *pub = key ? arena_printf(a, "%s.pub", key) : NULL;
	struct buf b = { 0 };
	int r = -1;

	buf_addf(&b, "%s\n", first_line);
	for (const struct key *k = keys; k < keys + sizeof keys / sizeof *keys; k++)
		if (*member(k, c))
			buf_addf(&b, "%s %s\n", k->name, *member(k, c));
	if (keep(a, base, dir, "capsule.base", e) == 0 &&
	    keep(a, key, dir, "capsule.key", e) == 0 &&
	    keep(a, pub, dir, "capsule.key.pub", e) == 0 &&
	    file_write(arena_printf(a, "%s/capsule.console", dir), console, nconsole, 0644, e) == 0)
		r = file_write(arena_printf(a, "%s/capsule", dir), b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}

static const struct key *
find_key(const char *name)
{
	for (const struct key *k = keys; k < keys + sizeof keys / sizeof *keys; k++)
		if (!strcmp(k->name, name))
			return k;
	return NULL;
}

int
capsule_read(struct arena *a, const char *dir, struct capsule *out, struct err *e)
{
	const char *path = arena_printf(a, "%s/capsule", dir);
	struct lines l;
	char *line;

	*out = (struct capsule){ 0 };
	if (!file_exists(path))
		return fail_usage(e,
		    "resume %s: there is no capsule; lh-verify run --capsule keeps one of a case "
		    "that fails",
		    dir);
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	line = lines_next(&l);
	if (!line || strcmp(line, first_line) != 0)
		return lines_fail(&l, e, "not \"%s\": another lh-verify wrote it", first_line);
	while ((line = lines_next(&l))) {
		char *name = word_next(&line);
		const struct key *k = name ? find_key(name) : NULL;

		if (!k)
			return lines_fail(&l, e, "%s: no such key", name ? name : "");
		*member(k, out) = line;
	}
	for (const struct key *k = keys; k < keys + sizeof keys / sizeof *keys; k++)
		if (k->wanted && !*member(k, out))
			return lines_fail(&l, e, "%s is missing", k->name);
	return 0;
}

int
capsule_qemu(struct arena *a, const struct manifest *m, const char **version, struct err *e)
{
	struct argv v = { .a = a };
	struct buf b = { 0 };
	int status, r = -1;

	argv_pushv(
	    &v, strchr(m->qemu, '/') ? manifest_path(a, m, m->qemu) : m->qemu, "--version", NULL);
	if (child_run(v.v, &(struct child_opts){ 0 }, &b, &status, e) < 0)
		;
	else if (status || !b.n)
		fail(e, "%s --version: %s", m->qemu, child_status_text(a, status));
	else
		r = 0;
	if (r == 0)
		*version = arena_strndup(a, b.p, strcspn(b.p, "\r\n"));
	buf_free(&b);
	return r;
}
