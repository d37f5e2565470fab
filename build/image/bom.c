/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/bom.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/lines.h"
#include "build/plan/patch.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/plan/tools.h"

#include <stdlib.h>
#include <string.h>

#define LINKED_MOST ((size_t)1 << 28) /* bytes of the list of what was linked */

static int
gather_patches(struct arena *a, const struct config *cfg, const struct node *n,
    struct bom_package *out, struct err *e)
{
	char **names;

	if (patch_list(a, cfg->top, n->origin->name, &names, &out->npatches, e) < 0)
		return -1;
	out->patches = arena_array(a, out->npatches + 1, sizeof *out->patches);
	for (size_t i = 0; i < out->npatches; i++) {
		out->patches[i].name = names[i];
		if (digest_file(
			arena_printf(a, "%s/patches/%s/%s", cfg->top, n->origin->name, names[i]),
			out->patches[i].sha256, e) < 0)
			return -1;
	}
	return 0;
}

static int
gather_package(struct arena *a, const struct config *cfg, const struct node *n,
    struct bom_package *out, struct err *e)
{
	*out = (struct bom_package){
		.id = n->id,
		.name = n->recipe->name,
		.version = n->version ? n->version->version : NULL,
		.variant = n->variant,
		.licence = n->recipe->licence,
		.modified = n->override != NULL,
	};
	if (!n->store)
		return fail(e, "%s not built; run lh-build build", n->id);
	if (n->override || !n->form)
		return 0;
	out->file = n->form->file;
	out->sha256 = n->form->sha256;
	out->url = source_url(n->form);
	out->licences = n->version->licences;
	out->nlicences = n->version->nlicences;
	return gather_patches(a, cfg, n, out, e);
}

const struct bom_package *
bom_package(const struct bom *b, const char *id)
{
	for (size_t i = 0; i < b->npackages; i++)
		if (!strcmp(b->packages[i].id, id))
			return &b->packages[i];
	return NULL;
}

static int
by_path(const void *a, const void *b)
{
	return strcmp(((const struct bom_file *)a)->path, ((const struct bom_file *)b)->path);
}

/* SHA-1, which the table of files lacks, of the bytes that it has there: its folder is no image */
static int
digest_again(const char *path, struct bom_file *f, struct err *e)
{
	char hex[DIGEST_HEX];

	if (digest_file_both(path, hex, f->sha1, e) < 0)
		return -1;
	return strcmp(hex, f->sha256)
		   ? fail(e, "%s: not what the table of files has; build the image again", path)
		   : 0;
}

static int
gather_files(struct arena *a, const char *dir, struct bom *b, struct err *e)
{
	const char *path = arena_printf(a, "%s/files", dir);
	struct filetable l;

	if (!file_exists(path))
		return fail(e, "%s: lists no files; build the image first", path);
	if (filetable_read(a, path, &l, e) < 0)
		return -1;
	b->files = arena_array(a, l.n, sizeof *b->files);
	for (size_t i = 0; i < l.n; i++) {
		char *name = arena_strdup(a, l.v[i].name), *colon = strchr(name, ':');
		struct bom_file *f = &b->files[b->nfiles];

		/* what is on extra comes from this machine, not from us */
		if (!l.v[i].sha256 || !colon || !strncmp(name, "extra:", 6))
			continue;
		memmove(colon, colon + 1, strlen(colon)); /* rootfs:/bin -> rootfs/bin */
		*f = (struct bom_file){ .path = name,
			.sha256 = l.v[i].sha256,
			.package = bom_package(b, arena_printf(a, "target/%s", l.v[i].package)) };
		if (digest_again(arena_printf(a, "%s/%s", dir, name), f, e) < 0)
			return -1;
		b->nfiles++;
	}
	qsort(b->files, b->nfiles, sizeof *b->files, by_path);
	return 0;
}

static const char *
linked_path(struct arena *a, const struct node *n)
{
	return arena_printf(a, "%s/linked", n->store);
}

/* the entry's list of what was linked, as links.c wrote it */
static int
gather_links(struct arena *a, const struct node *n, struct bom *b, struct err *e)
{
	struct lines l;
	char *text, *line;

	if (beneath_type(n->store, "linked") == BENEATH_NONE)
		return 0;
	if (beneath_read(a, n->store, "linked", LINKED_MOST, &text, NULL, e) < 0)
		return -1;
	lines_text(a, linked_path(a, n), text, &l);
	while ((line = lines_next(&l))) {
		char *whose = strchr(line, '\t'), *name = whose ? strchr(whose + 1, '\t') : NULL;
		struct bom_file *f;

		if (!name)
			return lines_fail(&l, e, "needs FILE, WHOSE and INPUT");
		*whose++ = *name++ = '\0';
		f = bsearch(&(struct bom_file){ .path = line }, b->files, b->nfiles,
		    sizeof *b->files, by_path);
		if (!f || !f->package || strcmp(f->package->id, n->id) != 0)
			continue;
		f->inputs = arena_more(a, f->inputs, f->ninputs, sizeof *f->inputs);
		f->inputs[f->ninputs++] = (struct bom_input){ whose, name };
	}
	return 0;
}

static void
say_package(struct buf *b, const struct bom_package *p)
{
	buf_addf(b, "package %s %s %s %d\n", p->id, p->version ? p->version : "-", p->licence,
	    p->modified);
	if (p->sha256)
		buf_addf(b, "source %s %s %s\n", p->file, p->sha256, p->url ? p->url : "-");
	for (size_t i = 0; i < p->nlicences; i++)
		buf_addf(b, "licence %s %s\n", p->licences[i].path, p->licences[i].sha256);
	for (size_t i = 0; i < p->npatches; i++)
		buf_addf(b, "patch %s %s\n", p->patches[i].name, p->patches[i].sha256);
}

static int
identify(struct arena *a, const struct plan *p, struct bom *b, struct err *e)
{
	struct buf text = { 0 };
	char hex[DIGEST_HEX];
	int r = 0;

	buf_addf(&text, "lh-bom 1\nversion %s\nimage %s %s\nepoch %lld\ncompiler %s\n", b->version,
	    b->key, b->image_digest, b->epoch, b->compiler ? b->compiler : "-");
	if (b->unboxed)
		buf_adds(&text, "sandbox no\n");
	for (size_t i = 0; i < p->n && r == 0; i++) {
		const char *linked = linked_path(a, &p->v[i]);

		say_package(&text, &b->packages[i]);
		r = file_is_there(linked, e);
		if (r == 0)
			continue;
		r = r < 0 ? -1 : digest_file(linked, hex, e);
		buf_addf(&text, "linked %s\n", hex);
	}
	digest_bytes(text.p, text.n, b->id);
	buf_free(&text);
	return r;
}

int
bom_gather(struct arena *a, const struct config *cfg, const struct plan *p, const char *dir,
    struct bom *out, struct err *e)
{
	struct manifest m;

	if (manifest_read(a, arena_printf(a, "%s/manifest", dir), &m, e) < 0)
		return -1;
	if (!m.image_digest || !m.key || !m.set)
		return fail(e, "%s/manifest: missing required key image-digest, key or set", dir);
	*out = (struct bom){
		.triple = m.triple,
		.profile = m.profile,
		.set = m.set,
		.version = LH_VERSION,
		.image_digest = m.image_digest,
		.key = m.key,
		.said = m,
		.epoch = strtoll(config_get(cfg, "EPOCH"), NULL, 10),
		.packages = arena_array(a, p->n + 1, sizeof *out->packages),
	};
	out->unboxed = p->tools && p->tools->unboxed;
	for (size_t i = 0; p->tools && i < p->tools->n; i++)
		if (!strcmp(p->tools->v[i].name, "gcc"))
			out->compiler = p->tools->v[i].said;
	for (size_t i = 0; i < p->n; i++)
		if (gather_package(a, cfg, &p->v[i], &out->packages[out->npackages++], e) < 0)
			return -1;
	return identify(a, p, out, e);
}

int
bom_files(struct arena *a, const struct plan *p, const char *dir, struct bom *b, struct err *e)
{
	if (gather_files(a, dir, b, e) < 0)
		return -1;
	for (size_t i = 0; i < p->n; i++)
		if (gather_links(a, &p->v[i], b, e) < 0)
			return -1;
	return 0;
}
