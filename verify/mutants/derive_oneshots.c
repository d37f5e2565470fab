/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Oneshots that do not do their work.  Their commands are words in the compiled database, so what
 * they begin with is given another name of the same length, that of a program of ours.
 */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/edit.h"

#include <stdint.h>
#include <string.h>

#define DATABASE "/etc/s6-rc/compiled/boot/db"
#define SOURCE "/etc/s6-rc/source"

/* the program that the command of a definition begins with, or NULL */
static const char *
first_word(struct arena *a, const char *path, const char *text)
{
	struct lines l;
	char *line;

	lines_text(a, path, text, &l);
	line = lines_next_datum(&l);
	return line ? word_next(&line) : NULL;
}

/* where the word is that comes behind the service's name; SIZE_MAX: the database has none such */
static size_t
find_command(const char *db, size_t n, const char *name, const char *word)
{
	size_t before = strlen(name) + 2;
	struct buf wanted = { 0 };
	const char *at;

	buf_add(&wanted, "", 1);
	buf_add(&wanted, name, strlen(name) + 1);
	buf_add(&wanted, word, strlen(word) + 1);
	at = memmem(db, n, wanted.p, wanted.n);
	buf_free(&wanted);
	return at ? (size_t)(at - db) + before : SIZE_MAX;
}

/* n characters: a path in /bin when the word is one, else a name that is found there */
static const char *
substitute(struct arena *a, const char *word)
{
	size_t n = strlen(word);
	char *s = arena_strdup(a, word);

	memset(s, 'z', n);
	if (strchr(word, '/') && n > strlen("/bin/"))
		memcpy(s, "/bin/", strlen("/bin/"));
	return s;
}

static void
add(struct derivation *d, const char *name, const char *word, size_t at)
{
	static const struct {
		const char *class, *script;
	} ways[] = {
		{ "oneshot-does-nothing", "#!/bin/execlineb -P\n" },
		{ "oneshot-fails", "#!/bin/execlineb -P\nexit 1\n" },
		{ "oneshot-hangs", "#!/bin/execlineb -P\nsleep 1000000\n" },
	};
	const struct guestfs_entry *db = derive_entry(d->o, DATABASE);
	const char *other = substitute(d->a, word);

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		derive_one(d, ways[i].class, name,
		    &(struct edit){ .kind = EDIT_BYTES,
			.fs = "rootfs",
			.file = DATABASE,
			.mode = db->mode & 07777,
			.uid = db->uid,
			.gid = db->gid,
			.text = other,
			.n = strlen(other),
			.offset = at });
		derive_edit(
		    d, &(struct edit){ .kind = EDIT_ADD,
			   .fs = "rootfs",
			   .file = *other == '/' ? other : arena_printf(d->a, "/bin/%s", other),
			   .mode = 0755,
			   .text = ways[i].script });
	}
}

int
derive_oneshots(struct derivation *d, struct err *e)
{
	const struct manifest *m = d->o->m;
	char *db, *up;
	size_t n;

	if (!derive_entry(d->o, DATABASE))
		return 0;
	if (derive_read(d, DATABASE, &db, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < m->nservices; i++) {
		const char *name = m->services[i].name, *word,
			   *path = arena_printf(d->a, "%s/%s/up", SOURCE, name);
		size_t at;

		if (strcmp(m->services[i].type, "oneshot") || !derive_entry(d->o, path))
			continue;
		if (derive_read(d, path, &up, NULL, e) < 0)
			return -1;
		word = first_word(d->a, path, up);
		at = word ? find_command(db, n, name, word) : SIZE_MAX;
		if (at == SIZE_MAX)
			log_warn("%s: the compiled database does not have it: no mutants", path);
		else
			add(d, name, word, at);
	}
	return 0;
}
