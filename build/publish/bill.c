/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/bill.h"

#include "build/base/arena.h"
#include "build/files/filetable.h"
#include "build/files/manifest.h"

#include <jansson.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

/* how each of the two says the same; one has packages and files in a list */
static const struct form {
	const char *mark, *packages, *files, *path, *version, *hashes, *algorithm, *kind, *digest;
} forms[] = {
	{ "spdxVersion", "packages", "files", "fileName", "versionInfo", "checksums", "algorithm",
	    "SHA256", "checksumValue" },
	{ "bomFormat", "components", "components", "name", "version", "hashes", "alg", "SHA-256",
	    "content" },
};

struct bill {
	struct arena *a;
	const char *name;
	const struct form *form;
	const json_t *o;
};

static const char *
text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static bool
is_file(const struct bill *b, const json_t *o)
{
	return strcmp(b->form->packages, b->form->files) || !strcmp(text_at(o, "type"), "file");
}

static const char *
digest_of(const struct bill *b, const json_t *file)
{
	const json_t *all = json_object_get(file, b->form->hashes);

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *o = json_array_get(all, i);

		if (!strcmp(text_at(o, b->form->algorithm), b->form->kind))
			return text_at(o, b->form->digest);
	}
	return "";
}

/* "rootfs:/bin/sh", from "./rootfs/bin/sh" or without the first two */
static const char *
table_name(const struct bill *b, const char *path)
{
	size_t n;

	path += strncmp(path, "./", 2) ? 0 : 2;
	n = strcspn(path, "/");
	return arena_printf(b->a, "%.*s:%s", (int)n, path, path + n);
}

static int
check_files(const struct bill *b, const struct filetable *t, struct err *e)
{
	const json_t *list = json_object_get(b->o, b->form->files);
	const char *before = "";
	size_t told = 0, are = 0;

	for (size_t i = 0; i < t->n; i++)
		are += S_ISREG(t->v[i].mode);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);
		const char *path = text_at(o, b->form->path);
		const struct filetable_row *is;

		if (!is_file(b, o))
			continue;
		is = filetable_find(t, table_name(b, path));
		if (!is || !is->sha256 || strcmp(is->sha256, digest_of(b, o)) != 0)
			return fail(e, "%s: tells of %s, which is not so in the image", b->name,
			    filetable_escape(b->a, path));
		/* in order, so that none is there twice */
		if (strcmp(before, path) >= 0)
			return fail(e, "%s: %s is not in the order of names", b->name,
			    filetable_escape(b->a, path));
		before = path;
		told++;
	}
	return told == are
		   ? 0
		   : fail(e, "%s: tells of %zu files, and the image has %zu", b->name, told, are);
}

static bool
has_package(const struct bill *b, const struct man_package *p)
{
	const json_t *list = json_object_get(b->o, b->form->packages);
	const char *version = strcmp(p->version, "-") ? p->version : "";

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *o = json_array_get(list, i);

		if (!strcmp(text_at(o, "name"), p->name) &&
		    !strcmp(text_at(o, b->form->version), version))
			return true;
	}
	return false;
}

static int
check_packages(const struct bill *b, const struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < m->npackages; i++)
		if (!has_package(b, &m->packages[i]))
			return fail(e, "%s: does not tell of %s %s, which is in the image", b->name,
			    m->packages[i].name, m->packages[i].version);
	return 0;
}

int
bill_check(struct arena *a, const char *name, const char *text, size_t n, const struct manifest *m,
    const struct filetable *t, struct err *e)
{
	json_error_t why;
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	struct bill b = { .a = a, .name = name, .o = o };
	int r;

	if (!o)
		return fail(e, "%s:%d: %s", name, why.line, why.text);
	for (size_t i = 0; i < sizeof forms / sizeof *forms && !b.form; i++)
		if (json_object_get(o, forms[i].mark))
			b.form = &forms[i];
	r = !b.form			? fail(e, "%s: is neither SPDX nor CycloneDX", name)
	    : check_files(&b, t, e) < 0 ? -1
					: check_packages(&b, m, e);
	json_decref(o);
	return r;
}
