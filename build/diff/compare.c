/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/diff/compare.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/diff/differences.h"
#include "build/diff/fsdiff.h"
#include "build/diff/spans.h"
#include "build/engine/keydiff.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/image/disk.h"
#include "build/plan/recipe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AT_MOST 25 /* lines of a kind */

struct side {
	const char *path;  /* as given */
	const char *image; /* NULL: there is none */
	const char *text;  /* of the manifest; NULL: there is none */
	struct manifest m;
	struct filetable files;
};

struct comparing {
	struct arena *a;
	struct side s[2];
	struct differences d;
	struct disk_table table[2];
	struct buf why;		/* of packages */
	const char **explained; /* packages of which that was told */
	size_t nexplained;
};

/* ---- what is compared ---- */

/* 1 or 0 */
static int
begins_as_manifest(const char *path, struct err *e)
{
	static const char head[] = "lh-manifest ";
	char said[sizeof head - 1];
	int fd = file_open(path, 0, e), is;

	if (fd < 0)
		return -1;
	is =
	    read(fd, said, sizeof said) == (ssize_t)sizeof said && !memcmp(said, head, sizeof said);
	close(fd);
	return is;
}

static int
open_side(struct arena *a, const char *path, struct side *s, struct err *e)
{
	struct manifest *m = &s->m;
	char *text;

	s->path = path;
	if (!file_exists(path))
		return fail_usage(e, "%s: no such file or folder", path);
	if (file_isdir(path)) {
		const char *folder = path;

		path = arena_printf(a, "%s/manifest", folder);
		if (access(path, F_OK) < 0 && errno != ENOENT)
			return fail_errno(e, "%s", path);
		if (!file_exists(path))
			return fail_usage(e,
			    "%s: has no manifest; name a folder that an image was built in, such "
			    "as output/TRIPLE",
			    folder);
	} else {
		int is = begins_as_manifest(path, e);

		if (is <= 0) {
			s->image = path;
			return is;
		}
	}
	if (manifest_read(a, path, m, e) < 0 || file_read(a, path, &text, NULL, e) < 0)
		return -1;
	s->text = text;
	s->image = manifest_path(a, m, m->image);
	path = arena_printf(a, "%s/files", m->dir);
	return file_exists(path) ? filetable_read(a, path, &s->files, e) : 0;
}

/* ---- manifests ---- */

/* lines that change with anything else, and tell nothing by themselves */
static bool
follows(const char *key)
{
	static const char *const keys[] = { "kernel-sha256", "image-digest", "files-sha256", "key",
		"append", "partition", "special", "form", "sbom" };

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strncmp(key, keys[i], strlen(keys[i])) && strchr(" ", key[strlen(keys[i])]))
			return true;
	return false;
}

/* a line as its name, "set" or "package busybox", and the rest */
struct entry {
	char *name, *rest;
};

static struct entry *
split(struct arena *a, const char *text, size_t *n)
{
	/* so many words after it belong to the name */
	static const struct {
		const char *key;
		unsigned words;
	} named[] = { { "package ", 1 }, { "partition ", 1 }, { "service ", 1 }, { "special ", 1 },
		{ "form ", 2 }, { "sbom ", 1 }, { "differs ", 2 } };
	struct entry *v = arena_array(a, 1, sizeof *v);
	struct lines l;
	char *line;

	*n = 0;
	lines_text(a, "manifest", text, &l);
	while ((line = lines_next_datum(&l))) {
		char *blank = strchr(line, ' ');

		if (!strncmp(line, "path ", 5)) /* where it was built: both may be right */
			continue;
		for (size_t i = 0; i < sizeof named / sizeof *named; i++)
			if (!strncmp(line, named[i].key, strlen(named[i].key)))
				for (unsigned words = 0; blank && words < named[i].words; words++)
					blank = strchr(blank + 1, ' ');
		if (blank)
			*blank++ = '\0';
		v = arena_more(a, v, *n, sizeof *v);
		v[(*n)++] = (struct entry){ line, blank ? blank : line + strlen(line) };
	}
	return v;
}

static const char *
rest_of(const struct entry *v, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i].name, name))
			return v[i].rest;
	return NULL;
}

/* digests are told by their ends */
static const char *
shortened(struct arena *a, const char *text)
{
	char *copy = arena_strdup(a, text), *out = arena_strdup(a, ""), *word;

	while ((word = word_next(&copy)))
		out = arena_printf(a,
		    strspn(word, "0123456789abcdef") == DIGEST_HEX - 1 ? "%s%s%.8s.." : "%s%s%s",
		    out, *out ? " " : "", word);
	return out;
}

static void
diff_manifests(struct comparing *c)
{
	size_t n[2];
	struct entry *v[2] = { split(c->a, c->s[0].text, &n[0]), split(c->a, c->s[1].text, &n[1]) };

	for (int i = 0; i < 2; i++)
		for (size_t j = 0; j < n[i]; j++) {
			const char *name = v[i][j].name, *other = rest_of(v[!i], n[!i], name),
				   *here = v[i][j].rest;
			enum diff_rank rank = follows(name) ? DIFF_FOLLOWS : DIFF_MADE_OF;

			if (other && (i == 1 || !strcmp(here, other)))
				continue;
			if (other)
				diff_add(&c->d, rank, NULL, NULL, "manifest: %s: %s -> %s", name,
				    shortened(c->a, here), shortened(c->a, other));
			else
				diff_add(&c->d, rank, NULL, NULL,
				    "manifest: %s: only the %s has it", name,
				    i ? "second" : "first");
		}
}

/* ---- files beside the manifests ---- */

static void
diff_file(struct comparing *c, const char *name, const char *const paths[2], const char *package,
    struct err *e, int *r)
{
	bool there[2] = { paths[0] && file_exists(paths[0]), paths[1] && file_exists(paths[1]) };
	struct spans s;
	size_t before = c->d.n;

	if (!there[0] && !there[1])
		return;
	if (there[0] != there[1]) {
		diff_add(&c->d, DIFF_THERE, NULL, NULL, "%s: only the %s has it", name,
		    there[0] ? "first" : "second");
		return;
	}
	if (*r < 0 || spans_find(c->a, paths, &s, e) < 0) {
		*r = -1;
		return;
	}
	if (s.size[0] != s.size[1])
		diff_add(&c->d, DIFF_BYTES, NULL, NULL,
		    "%s: size %" PRIu64 " -> %" PRIu64
		    ", the first byte that differs at 0x%" PRIx64,
		    name, s.size[0], s.size[1],
		    s.n			    ? s.first
		    : s.size[0] < s.size[1] ? s.size[0]
					    : s.size[1]);
	else if (s.n)
		diff_add(&c->d, DIFF_BYTES, NULL, NULL,
		    "%s: %" PRIu64 " byte%s, the first at 0x%" PRIx64, name, s.bytes,
		    s.bytes == 1 ? " differs" : "s differ", s.first);
	if (c->d.n > before)
		c->d.v[before].owner = package;
}

static int
diff_beside(struct comparing *c, struct err *e)
{
	static const struct {
		const char *name, *package;
	} beside[] = { { "System.map", "linux" }, { "kernel-config", "linux" }, { "files", NULL },
		{ "sbom.spdx.json", NULL } };
	const struct manifest *m[2] = { &c->s[0].m, &c->s[1].m };
	int r = 0;

	diff_file(c, "kernel",
	    (const char *const[]){
		manifest_path(c->a, m[0], m[0]->kernel), manifest_path(c->a, m[1], m[1]->kernel) },
	    "linux", e, &r);
	for (size_t i = 0; i < sizeof beside / sizeof *beside; i++)
		diff_file(c, beside[i].name,
		    (const char *const[]){ arena_printf(c->a, "%s/%s", m[0]->dir, beside[i].name),
			arena_printf(c->a, "%s/%s", m[1]->dir, beside[i].name) },
		    beside[i].package, e, &r);
	for (size_t i = 0; i < m[0]->nforms; i++)
		for (size_t j = 0; j < m[1]->nforms; j++)
			if (!strcmp(m[0]->forms[i].file, m[1]->forms[j].file))
				diff_file(c, m[0]->forms[i].file,
				    (const char *const[]){
					manifest_path(c->a, m[0], m[0]->forms[i].file),
					manifest_path(c->a, m[1], m[1]->forms[j].file) },
				    NULL, e, &r);
	return r;
}

/* ---- images ---- */

static void
diff_text(struct comparing *c, enum diff_rank rank, const char *fs, const char *what, const char *x,
    const char *y)
{
	if (strcmp(x, y) != 0)
		diff_add(&c->d, rank, fs, NULL, "partition: %s %s -> %s", what, *x ? x : "(none)",
		    *y ? y : "(none)");
}

/* by place: the n-th of one and the n-th of the other */
static void
diff_tables(struct comparing *c)
{
	const struct disk_table *t = c->table;

	if (strcmp(t[0].uuid, t[1].uuid) != 0)
		diff_add(&c->d, DIFF_FOLLOWS, NULL, NULL, "partition table: uuid %s -> %s",
		    t[0].uuid, t[1].uuid);
	for (size_t i = 0; i < t[0].n || i < t[1].n; i++) {
		const struct disk_entry *x = &t[0].v[i], *y = &t[1].v[i];

		if (i >= t[0].n || i >= t[1].n) {
			diff_add(&c->d, DIFF_TABLE, i < t[0].n ? x->name : y->name, NULL,
			    "partition: only the %s has it", i < t[0].n ? "first" : "second");
			continue;
		}
		diff_text(c, DIFF_TABLE, x->name, "name", x->name, y->name);
		diff_text(c, DIFF_TABLE, x->name, "type", x->type, y->type);
		diff_text(c, DIFF_TABLE, x->name, "attributes", x->attributes, y->attributes);
		diff_text(c, DIFF_FOLLOWS, x->name, "uuid", x->uuid, y->uuid);
		if (x->start != y->start)
			diff_add(&c->d, DIFF_TABLE, x->name, NULL,
			    "partition: start %" PRIu64 " -> %" PRIu64, x->start, y->start);
		if (x->size != y->size)
			diff_add(&c->d, DIFF_TABLE, x->name, NULL,
			    "partition: size %" PRIu64 " -> %" PRIu64, x->size, y->size);
	}
}

/* where partitions of either are */
static bool
in_partition(const struct comparing *c, uint64_t at)
{
	for (int t = 0; t < 2; t++)
		for (size_t i = 0; i < c->table[t].n; i++)
			if (at >= c->table[t].v[i].start &&
			    at - c->table[t].v[i].start < c->table[t].v[i].size)
				return true;
	return false;
}

/* blocks of [from, to) that no filesystem accounts for; outside: only those in no partition */
static void
diff_raw(struct comparing *c, const char *name, const struct spans *raw, uint64_t from, uint64_t to,
    bool outside, enum diff_rank rank)
{
	uint64_t blocks = 0, first = 0;

	for (size_t i = 0; i < raw->n; i++)
		for (uint64_t b = raw->v[i].start; b < raw->v[i].start + raw->v[i].len; b++) {
			uint64_t at = b * SPAN_BLOCK;

			if (at >= from && at < to && !(outside && in_partition(c, at)) &&
			    blocks++ == 0)
				first = at;
		}
	if (blocks)
		diff_add(&c->d, rank, NULL, NULL,
		    "%s: %" PRIu64 " block%s of 4096 bytes differ%s, the first at 0x%" PRIx64, name,
		    blocks, blocks == 1 ? "" : "s", blocks == 1 ? "s" : "", first);
}

static int
diff_partitions(struct comparing *c, const struct spans *raw, struct err *e)
{
	const struct disk_table *t = c->table;

	for (size_t i = 0; i < t[0].n && i < t[1].n; i++) {
		const struct disk_entry *x = &t[0].v[i], *y = &t[1].v[i];
		struct fs_side sides[2] = { { c->s[0].image, x->start, x->size },
			{ c->s[1].image, y->start, y->size } };
		uint64_t to = x->start + (x->size > y->size ? x->size : y->size);

		if (x->start != y->start) {
			diff_add(&c->d, DIFF_FOLLOWS, x->name, NULL,
			    "not compared, as it starts elsewhere");
			continue;
		}
		if (!spans_touch(raw, x->start / SPAN_BLOCK, to / SPAN_BLOCK))
			continue;
		if (!strcmp(x->type, "swap") && !strcmp(y->type, "swap"))
			diff_raw(c, x->name, raw, x->start, to, false, DIFF_FOLLOWS);
		else if (!strcmp(x->type, "esp") && !strcmp(y->type, "esp"))
			diff_raw(c, x->name, raw, x->start, to, false, DIFF_BYTES);
		else if (fs_diff(sides, x->name, raw, &c->d, e) < 0)
			return -1;
	}
	return 0;
}

static int
diff_images(struct comparing *c, struct err *e)
{
	const char *const paths[2] = { c->s[0].image, c->s[1].image };
	bool tables = true;
	struct spans raw;
	size_t before;

	if (!paths[0] || !paths[1]) {
		if (paths[0] || paths[1])
			diff_add(&c->d, DIFF_THERE, NULL, NULL, "image: only the %s has one",
			    paths[0] ? "first" : "second");
		return 0;
	}
	if (spans_find(c->a, paths, &raw, e) < 0)
		return -1;
	if (raw.size[0] != raw.size[1])
		diff_add(&c->d, DIFF_TABLE, NULL, NULL, "image: size %" PRIu64 " -> %" PRIu64,
		    raw.size[0], raw.size[1]);
	if (!raw.n)
		return 0;
	for (int i = 0; i < 2; i++)
		tables = tables && disk_read(c->a, paths[i], &c->table[i], &(struct err){ 0 }) == 0;
	if (!tables) {
		diff_raw(c, "image, which has no partition table in both", &raw, 0, UINT64_MAX,
		    false, DIFF_TABLE);
		return 0;
	}
	before = c->d.n;
	diff_tables(c);
	/* names and places have been told; what is left is in no field that libfdisk shows */
	diff_raw(c, "partition table", &raw, 0, UINT64_MAX, true,
	    c->d.n > before ? DIFF_FOLLOWS : DIFF_TABLE);
	return diff_partitions(c, &raw, e);
}

/* ---- where it comes from ---- */

static const struct man_package *
package_of(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->npackages; i++)
		if (!strcmp(m->packages[i].name, name))
			return &m->packages[i];
	return NULL;
}

/* the text of a key, which the build left beside the manifest; NULL when it is of another build */
static const char *
key_text(struct comparing *c, const struct side *s, const struct man_package *p)
{
	char hex[DIGEST_HEX], *text;

	for (int v = 0; v < NVARIANTS; v++) {
		char *path =
		    arena_printf(c->a, "%s/keys/%s-%s", s->m.dir, variant_names[v], p->name);

		if (file_read(c->a, path, &text, NULL, &(struct err){ 0 }) < 0)
			continue;
		digest_bytes(text, strlen(text), hex);
		if (!strcmp(hex, p->key))
			return text;
	}
	return NULL;
}

static void
explain(struct comparing *c, const char *name)
{
	const struct man_package *p[2] = { package_of(&c->s[0].m, name),
		package_of(&c->s[1].m, name) };
	const char *text[2];

	for (size_t i = 0; i < c->nexplained; i++)
		if (!strcmp(c->explained[i], name))
			return;
	c->explained = arena_more(c->a, c->explained, c->nexplained, sizeof *c->explained);
	c->explained[c->nexplained++] = name;
	if (!p[0] || !p[1])
		return;
	if (!strcmp(p[0]->key, p[1]->key)) {
		buf_addf(&c->why,
		    "%s: same inputs (key %.8s..), different result: its build is not "
		    "reproducible\n",
		    name, p[0]->key);
		return;
	}
	text[0] = key_text(c, &c->s[0], p[0]);
	text[1] = key_text(c, &c->s[1], p[1]);
	buf_addf(&c->why, "%s: built from different inputs\n", name);
	if (text[0] && text[1])
		key_diff_add(c->a, text[0], text[1], 1, &c->why);
	else
		buf_addf(&c->why,
		    "  key %.8s.. -> %.8s..; the key files are missing beside the manifest of "
		    "the %s\n",
		    p[0]->key, p[1]->key, text[0] ? "second" : "first");
}

static void
name_owners(struct comparing *c)
{
	for (size_t i = 0; i < c->d.n; i++) {
		struct difference *d = &c->d.v[i];

		for (int s = 0; s < 2 && d->fs && d->path && !d->owner; s++) {
			const struct filetable_row *r = filetable_find(
			    &c->s[s].files, arena_printf(c->a, "%s:%s", d->fs, d->path));

			d->owner = r ? r->package : NULL;
		}
		if (d->owner && d->rank < DIFF_STRUCTURE)
			explain(c, d->owner);
	}
}

int
compare(struct arena *a, const char *const paths[2], struct verdict *out, struct err *e)
{
	struct comparing c = { .a = a, .d = { .a = a } };
	struct buf text = { 0 };
	bool whole;

	for (int i = 0; i < 2; i++)
		if (open_side(a, paths[i], &c.s[i], e) < 0)
			return -1;
	whole = c.s[0].text && c.s[1].text;
	if (whole)
		diff_manifests(&c);
	if ((whole && diff_beside(&c, e) < 0) || diff_images(&c, e) < 0)
		return -1;
	name_owners(&c);
	diff_report(&c.d, AT_MOST, &text);
	if (c.why.n)
		buf_add(&text, c.why.p, c.why.n);
	if (!c.d.n) {
		buf_addf(
		    &text, "equal: %simage", whole ? "manifest, kernel, System.map, files, " : "");
		for (size_t i = 0; whole && i < c.s[0].m.nforms; i++)
			buf_addf(&text, ", %s", c.s[0].m.forms[i].file);
		buf_adds(&text, "\n");
	}
	*out = (struct verdict){ c.d.n, arena_strdup(a, text.p) };
	buf_free(&c.why);
	buf_free(&text);
	return 0;
}
