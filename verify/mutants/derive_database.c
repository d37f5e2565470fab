/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Services that are not started, or before what they need: the compiled database of s6-rc, whose
 * numbers are big endian.  The file n has the counts: oneshots and longruns, bytes of strings,
 * words of arguments, dependencies each way, producers.  In db, behind a banner, are the strings,
 * the dependencies (who needs it, then what it needs), the producers, and an entry for each
 * service.  In resolve.cdb each name has the numbers of its services.
 */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/edit.h"

#include <stdbool.h>
#include <string.h>

#define FOLDER "/etc/s6-rc/compiled/boot"
#define BANNER "s6rc-db: start\n"
#define END 0xfe /* behind each entry */
#define LAST "\ns6rc-db: end\n"
#define BUNDLE "default"
#define LONGRUN 44 /* bytes of an entry */
/* of the other kind: until 0.6, and from 0.7 on, which has a third command line */
static const size_t oneshot_sizes[] = { 48, 56 };

enum count { ONESHOTS, LONGRUNS, STRINGS, ARGVS, DEPS, PRODUCERS, NCOUNTS };

struct database {
	const unsigned char *db, *names;
	size_t ndb, nnames;
	uint32_t counts[NCOUNTS];
};

static uint32_t
word_at(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const char *
word_of(struct arena *a, uint32_t n)
{
	const char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	return arena_strndup(a, bytes, sizeof bytes);
}

/* four bytes of a file of the database are the number's */
static void
add(struct derivation *d, const char *class, const char *target, const char *file, size_t at,
    uint32_t number)
{
	const char *path = arena_printf(d->a, "%s/%s", FOLDER, file);
	const struct guestfs_entry *f = derive_entry(d->o, path);

	derive_one(d, class, target,
	    &(struct edit){ .kind = EDIT_BYTES,
		.fs = "rootfs",
		.file = path,
		.mode = f->mode & 07777,
		.uid = f->uid,
		.gid = f->gid,
		.text = word_of(d->a, number),
		.n = 4,
		.offset = at });
}

/* ---- dependencies ---- */

/* its last need, unless that is of s6-rc's own making, becomes number 0: that is always up */
static void
lose(struct derivation *d, const struct database *s, size_t needs, const unsigned char *entry)
{
	uint32_t name = word_at(entry), n = word_at(entry + 20), from = word_at(entry + 28);

	if (name >= s->counts[STRINGS] || from > s->counts[DEPS] || n > s->counts[DEPS] - from)
		return;
	for (uint32_t i = n; i-- > 0;) {
		size_t at = needs + 4 * (from + i);

		if (word_at(s->db + at) < 2)
			continue;
		add(d, "service-loses-dependency", (const char *)s->db + strlen(BANNER) + name,
		    "db", at, 0);
		return;
	}
}

/* of everything that has bytes in it: no more than these, so that no sum of them is beyond size_t
 */
static bool
counts_fit(const struct database *s)
{
	for (size_t i = 0; i < NCOUNTS; i++)
		if (i != ARGVS && s->counts[i] > s->ndb)
			return false;
	return true;
}

/* bytes of a oneshot's entry, with which the entries, which begin there, fill the file; 0: none */
static size_t
oneshot_size(const struct database *s, size_t at)
{
	for (size_t i = 0; i < sizeof oneshot_sizes / sizeof *oneshot_sizes; i++)
		if (s->ndb == at + s->counts[LONGRUNS] * (size_t)(LONGRUN + 1) +
				  s->counts[ONESHOTS] * (oneshot_sizes[i] + 1) + strlen(LAST))
			return oneshot_sizes[i];
	return 0;
}

static bool
add_dependencies(struct derivation *d, const struct database *s)
{
	const uint32_t *c = s->counts;
	size_t needs = strlen(BANNER) + c[STRINGS] + 4 * (size_t)c[DEPS],
	       at = needs + 4 * ((size_t)c[DEPS] + c[PRODUCERS]), oneshot = oneshot_size(s, at);

	if (!oneshot || s->ndb < strlen(BANNER) || memcmp(s->db, BANNER, strlen(BANNER)))
		return false;
	for (uint32_t i = 0; i < c[LONGRUNS] + c[ONESHOTS]; i++) {
		size_t n = i < c[LONGRUNS] ? LONGRUN : oneshot;

		if (at > s->ndb || n + 1 > s->ndb - at || s->db[at + n] != END)
			return false;
		lose(d, s, needs, s->db + at);
		at += n + 1;
	}
	return true;
}

/* ---- the bundle ---- */

/* a record of a cdb, whose lengths are little endian: the value behind that name, or NULL */
static const unsigned char *
value_of(const struct database *s, const char *name, uint32_t *n)
{
	size_t length = strlen(name);
	const unsigned char *p = s->names + 2048, *end = s->names + s->nnames;

	while (s->nnames >= 2056 && p + 8 + length <= end) {
		uint32_t key = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16,
			 value = p[4] | (uint32_t)p[5] << 8 | (uint32_t)p[6] << 16;

		if (key == length && !memcmp(p + 8, name, length)) {
			*n = value;
			return (size_t)(end - p) - 8 - key >= value ? p + 8 + key : NULL;
		}
		if (8 + (size_t)key + value > (size_t)(end - p))
			return NULL;
		p += 8 + key + value;
	}
	return NULL;
}

/* in its place the bundle has another of its services twice */
static bool
add_absent(struct derivation *d, const struct database *s)
{
	const struct manifest *m = d->o->m;
	uint32_t size, one;
	const unsigned char *members = value_of(s, BUNDLE, &size);

	if (!members || size < 8 || size % 4)
		return false;
	for (size_t i = 0; i < m->nservices; i++) {
		const char *name = m->services[i].name;
		const unsigned char *number = value_of(s, name, &one);

		for (uint32_t at = 0; number && one == 4 && at < size; at += 4)
			if (!memcmp(members + at, number, 4))
				add(d, "service-absent", name, "resolve.cdb",
				    (size_t)(members - s->names) + at,
				    word_at(members + (at ? 0 : 4)));
	}
	return true;
}

static int
read_bytes(
    struct derivation *d, const char *file, const unsigned char **out, size_t *n, struct err *e)
{
	char *text;

	if (derive_read(d, arena_printf(d->a, "%s/%s", FOLDER, file), &text, n, e) < 0)
		return -1;
	*out = (const unsigned char *)text;
	return 0;
}

int
derive_database(struct derivation *d, struct err *e)
{
	struct database s;
	const unsigned char *counts;
	size_t n;

	if (!derive_entry(d->o, FOLDER "/n"))
		return 0;
	if (read_bytes(d, "n", &counts, &n, e) < 0 || read_bytes(d, "db", &s.db, &s.ndb, e) < 0 ||
	    read_bytes(d, "resolve.cdb", &s.names, &s.nnames, e) < 0)
		return -1;
	for (size_t i = 0; i < NCOUNTS; i++)
		s.counts[i] = n == sizeof s.counts ? word_at(counts + 4 * i) : 0;
	if (!n || n != sizeof s.counts || !counts_fit(&s) || !add_dependencies(d, &s) ||
	    !add_absent(d, &s))
		log_warn("%s: not a database as it is known here: fewer mutants", FOLDER);
	return 0;
}
