/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/sbom.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/command/cli.h"
#include "build/command/session.h"
#include "build/config/output.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/files/uuid.h"
#include "build/image/bom.h"
#include "build/image/image.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SBOM_MOST ((size_t)1 << 30) /* bytes of one that is read again */

/* a document on its way; jansson refuses text that is not UTF-8, which is noted here */
struct doc {
	struct arena *a;
	const struct bom *b;
	char uuid[37]; /* of what is told, near the beginning of each document */
	bool bad;
	const char *odd; /* the first such text */
};

/* json_object_set_new, or nothing for NULL text */
static void
set(struct doc *d, json_t *o, const char *key, const char *text)
{
	if (text && json_object_set_new(o, key, json_string(text)) < 0) {
		d->bad = true;
		d->odd = d->odd ? d->odd : text;
	}
}

static void
put(struct doc *d, json_t *o, const char *key, json_t *v)
{
	if (json_object_set_new(o, key, v) < 0)
		d->bad = true;
}

static void
push(struct doc *d, json_t *list, json_t *v)
{
	if (json_array_append_new(list, v) < 0)
		d->bad = true;
}

static const char *
time_text(struct doc *d)
{
	time_t t = (time_t)d->b->epoch;
	char text[32];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	return arena_strdup(d->a, text);
}

static const char *
name_of(struct doc *d)
{
	return arena_printf(d->a, "lh-bootstrap %s %s %s", d->b->triple, d->b->profile, d->b->set);
}

static bool
is_known(const struct bom_file *f)
{
	return strcmp(f->inputs[0].whose, "unknown") != 0 || strcmp(f->inputs[0].name, "-") != 0;
}

/* what the linker read, for people */
static const char *
inputs_text(struct doc *d, const struct bom_file *f)
{
	struct buf b = { 0 };
	const char *text;

	if (!f->ninputs)
		return NULL;
	if (!is_known(f))
		return "It is not known what was linked into this program.";
	buf_adds(&b, "Linked from:");
	for (size_t i = 0; i < f->ninputs; i++)
		buf_addf(&b, "\n%s %s", f->inputs[i].whose, f->inputs[i].name);
	text = arena_strdup(d->a, b.p);
	buf_free(&b);
	return text;
}

/*
 * the i-th input's package, told for the first time in this file; "system" is the compiler's; NULL:
 * none, or told
 */
static const char *
linked(const struct doc *d, const struct bom_file *f, size_t i)
{
	const char *whose = f->inputs[i].whose;

	for (size_t j = 0; j < i; j++)
		if (!strcmp(f->inputs[j].whose, whose))
			return NULL;
	if (!strcmp(whose, "system"))
		return d->b->compiler ? "compiler" : NULL;
	return bom_package(d->b, whose) ? whose : NULL;
}

/* ---- SPDX 2.3 (spdx.github.io/spdx-spec/v2.3) ---- */

/* only letters, digits, "." and "-" */
static const char *
spdx_id(struct doc *d, const char *kind, const char *name)
{
	char *id = arena_printf(d->a, "SPDXRef-%s-%s", kind, name);

	for (char *s = id; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *s))
			*s = '-';
	return id;
}

/* a path may have any letter, and two paths must not meet */
static const char *
spdx_file_id(struct doc *d, const struct bom_file *f)
{
	return arena_printf(d->a, "SPDXRef-File-%zu", (size_t)(f - d->b->files) + 1);
}

static const char *
spdx_package_id(struct doc *d, const char *id)
{
	return spdx_id(d, "Package", id);
}

static json_t *
spdx_checksum(const char *algorithm, const char *hex)
{
	return json_pack("{s:s, s:s}", "algorithm", algorithm, "checksumValue", hex);
}

static void
spdx_relate(struct doc *d, json_t *list, const char *from, const char *type, const char *to)
{
	push(d, list,
	    json_pack("{s:s, s:s, s:s}", "spdxElementId", from, "relationshipType", type,
		"relatedSpdxElement", to));
}

static json_t *
spdx_bare_package(struct doc *d, const char *id, const char *name, const char *version,
    const char *purpose, const char *licence)
{
	json_t *o = json_object();

	set(d, o, "SPDXID", id);
	set(d, o, "name", name);
	set(d, o, "versionInfo", version);
	set(d, o, "downloadLocation", "NOASSERTION");
	put(d, o, "filesAnalyzed", json_false());
	set(d, o, "licenseConcluded", "NOASSERTION");
	set(d, o, "licenseDeclared", licence);
	set(d, o, "copyrightText", "NOASSERTION");
	set(d, o, "primaryPackagePurpose", purpose);
	return o;
}

/* what was done to a source, for people; NULL: nothing */
static const char *
changes_text(struct doc *d, const struct bom_package *p)
{
	struct buf b = { 0 };
	const char *text;

	if (p->modified)
		return "Modified: built from an override, not from the source that the recipe "
		       "pins.";
	for (size_t i = 0; i < p->npatches; i++)
		buf_addf(&b, "%s%s sha256 %s", i ? "\n" : "Patched:\n", p->patches[i].name,
		    p->patches[i].sha256);
	text = b.n ? arena_strdup(d->a, b.p) : NULL;
	buf_free(&b);
	return text;
}

/* the texts its licence was read from, for people; NULL: none is pinned */
static const char *
licences_text(struct doc *d, const struct bom_package *p)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < p->nlicences; i++)
		buf_addf(&b, "%s%s sha256 %s", i ? "\n" : "In the source:\n", p->licences[i].path,
		    p->licences[i].sha256);
	text = b.n ? arena_strdup(d->a, b.p) : NULL;
	buf_free(&b);
	return text;
}

static json_t *
spdx_package(struct doc *d, const struct bom_package *p)
{
	json_t *o = spdx_bare_package(d, spdx_package_id(d, p->id), p->name, p->version,
	    strcmp(p->id, "target/linux") ? "SOURCE" : "OPERATING_SYSTEM", p->licence);

	set(d, o, "downloadLocation", p->url);
	set(d, o, "packageFileName", p->file);
	set(d, o, "sourceInfo", changes_text(d, p));
	set(d, o, "licenseComments", licences_text(d, p));
	if (p->sha256)
		put(d, o, "checksums", json_pack("[o]", spdx_checksum("SHA256", p->sha256)));
	return o;
}

static json_t *
spdx_file(struct doc *d, const struct bom_file *f)
{
	json_t *o = json_object();

	set(d, o, "SPDXID", spdx_file_id(d, f));
	set(d, o, "fileName", arena_printf(d->a, "./%s", f->path));
	put(d, o, "checksums",
	    json_pack(
		"[o, o]", spdx_checksum("SHA1", f->sha1), spdx_checksum("SHA256", f->sha256)));
	set(d, o, "licenseConcluded", "NOASSERTION");
	set(d, o, "copyrightText", "NOASSERTION");
	set(d, o, "comment", inputs_text(d, f));
	return o;
}

/* each package, and what it has to do with the image */
static void
spdx_packages(struct doc *d, const char *image, json_t *packages, json_t *relations)
{
	static const char *const relation[NVARIANTS] = {
		[VARIANT_HOST] = "BUILD_TOOL_OF",
		[VARIANT_TOOLCHAIN] = "BUILD_DEPENDENCY_OF",
	};
	const struct bom *b = d->b;
	const char *compiler = spdx_package_id(d, "compiler");

	for (size_t i = 0; i < b->npackages; i++) {
		const char *id = spdx_package_id(d, b->packages[i].id),
			   *how = relation[b->packages[i].variant];

		push(d, packages, spdx_package(d, &b->packages[i]));
		if (how)
			spdx_relate(d, relations, id, how, image);
		else
			spdx_relate(d, relations, image, "CONTAINS", id);
	}
	if (!b->compiler)
		return;
	push(d, packages,
	    spdx_bare_package(d, compiler, "gcc", b->compiler, "APPLICATION", "NOASSERTION"));
	spdx_relate(d, relations, compiler, "BUILD_TOOL_OF", image);
}

/* each file, and what it was made of */
static void
spdx_files(struct doc *d, const char *image, json_t *files, json_t *relations)
{
	const struct bom *b = d->b;

	for (size_t i = 0; i < b->nfiles; i++) {
		const struct bom_file *f = &b->files[i];
		const char *id = spdx_file_id(d, f), *package;

		push(d, files, spdx_file(d, f));
		spdx_relate(d, relations, image, "CONTAINS", id);
		if (f->package) /* which is a source, as it does not hold files that were built */
			spdx_relate(
			    d, relations, id, "GENERATED_FROM", spdx_package_id(d, f->package->id));
		for (size_t j = 0; j < f->ninputs; j++)
			if ((package = linked(d, f, j)))
				spdx_relate(
				    d, relations, id, "STATIC_LINK", spdx_package_id(d, package));
	}
}

static json_t *
spdx_document(struct doc *d)
{
	const struct bom *b = d->b;
	const char *image = "SPDXRef-Package-image";
	json_t *o = json_object(), *packages = json_array(), *files = json_array(),
	       *relations = json_array(),
	       *disk = spdx_bare_package(
		   d, image, name_of(d), b->key, "OPERATING_SYSTEM", "NOASSERTION");

	set(d, disk, "comment",
	    arena_printf(d->a, "disk-image.raw, lh-disk digest %s%s", b->image_digest,
		b->unboxed ? "\nIts packages were built without a sandbox." : ""));
	push(d, packages, disk);
	spdx_relate(d, relations, "SPDXRef-DOCUMENT", "DESCRIBES", image);
	spdx_packages(d, image, packages, relations);
	spdx_files(d, image, files, relations);
	set(d, o, "spdxVersion", "SPDX-2.3");
	set(d, o, "dataLicense", "CC0-1.0");
	set(d, o, "SPDXID", "SPDXRef-DOCUMENT");
	set(d, o, "name", name_of(d));
	set(d, o, "documentNamespace",
	    arena_printf(d->a, "https://lh-bootstrap.invalid/spdx/%s", d->uuid));
	put(d, o, "creationInfo",
	    json_pack("{s:s, s:[s]}", "created", time_text(d), "creators",
		arena_printf(d->a, "Tool: lh-build-%s", b->version)));
	put(d, o, "packages", packages);
	put(d, o, "files", files);
	put(d, o, "relationships", relations);
	return o;
}

/* ---- CycloneDX 1.5 (cyclonedx.org/docs/1.5/json) ---- */

static json_t *
cdx_hash(const char *hex)
{
	return json_pack("[{s:s, s:s}]", "alg", "SHA-256", "content", hex);
}

static json_t *
cdx_component(
    struct doc *d, const char *type, const char *ref, const char *name, const char *version)
{
	json_t *o = json_object();

	set(d, o, "type", type);
	set(d, o, "bom-ref", ref);
	set(d, o, "name", name);
	set(d, o, "version", version);
	return o;
}

static json_t *
cdx_package(struct doc *d, const struct bom_package *p)
{
	json_t *o =
	    cdx_component(d, strcmp(p->id, "target/linux") ? "application" : "operating-system",
		p->id, p->name, p->version);
	const char *changes = changes_text(d, p);
	json_t *elsewhere = json_array();

	if (p->variant == VARIANT_HOST)
		set(d, o, "scope", "excluded"); /* nothing of it is in the image */
	put(d, o, "licenses", json_pack("[{s:s}]", "expression", p->licence));
	if (p->url)
		push(d, elsewhere,
		    json_pack("{s:s, s:s, s:s, s:o}", "type", "distribution", "url", p->url,
			"comment", "source", "hashes", cdx_hash(p->sha256)));
	for (size_t i = 0; i < p->nlicences; i++)
		push(d, elsewhere,
		    json_pack("{s:s, s:s, s:s, s:o}", "type", "license", "url", p->licences[i].path,
			"comment", "in the source", "hashes", cdx_hash(p->licences[i].sha256)));
	if (json_array_size(elsewhere))
		put(d, o, "externalReferences", elsewhere);
	else
		json_decref(elsewhere);
	if (changes)
		put(d, o, "pedigree", json_pack("{s:s}", "notes", changes));
	if (p->modified)
		put(d, o, "modified", json_true());
	return o;
}

static json_t *
cdx_file(struct doc *d, const struct bom_file *f)
{
	json_t *o = cdx_component(d, "file", f->path, f->path, NULL), *properties = json_array();

	put(d, o, "hashes", cdx_hash(f->sha256));
	if (f->package)
		push(d, properties,
		    json_pack("{s:s, s:s}", "name", "lh:package", "value", f->package->id));
	for (size_t i = 0; i < f->ninputs; i++)
		push(d, properties,
		    json_pack("{s:s, s:s}", "name", "lh:linked", "value",
			arena_printf(d->a, "%s %s", f->inputs[i].whose, f->inputs[i].name)));
	put(d, o, "properties", properties);
	return o;
}

static json_t *
cdx_document(struct doc *d)
{
	const struct bom *b = d->b;
	json_t *o = json_object(), *components = json_array(), *depend = json_array(),
	       *all = json_array(), *meta = json_object();

	for (size_t i = 0; i < b->npackages; i++) {
		push(d, components, cdx_package(d, &b->packages[i]));
		if (b->packages[i].variant == VARIANT_TARGET)
			push(d, all, json_string(b->packages[i].id));
	}
	if (b->compiler)
		push(
		    d, components, cdx_component(d, "application", "compiler", "gcc", b->compiler));
	push(d, depend, json_pack("{s:s, s:o}", "ref", "image", "dependsOn", all));
	for (size_t i = 0; i < b->nfiles; i++) {
		const struct bom_file *f = &b->files[i];
		json_t *on = json_array();
		const char *package;

		push(d, components, cdx_file(d, f));
		for (size_t j = 0; j < f->ninputs; j++)
			if ((package = linked(d, f, j)))
				push(d, on, json_string(package));
		if (json_array_size(on))
			push(d, depend, json_pack("{s:s, s:o}", "ref", f->path, "dependsOn", on));
		else
			json_decref(on);
	}
	set(d, o, "bomFormat", "CycloneDX");
	set(d, o, "specVersion", "1.5");
	set(d, o, "serialNumber", arena_printf(d->a, "urn:uuid:%s", d->uuid));
	put(d, o, "version", json_integer(1));
	set(d, meta, "timestamp", time_text(d));
	put(d, meta, "tools",
	    json_pack("{s:[{s:s, s:s, s:s}]}", "components", "type", "application", "name",
		"lh-build", "version", b->version));
	put(d, meta, "component",
	    cdx_component(d, "operating-system", "image", name_of(d), b->key));
	if (b->unboxed)
		put(d, meta, "properties",
		    json_pack("[{s:s, s:s}]", "name", "lh:sandbox", "value", "no"));
	put(d, o, "metadata", meta);
	put(d, o, "components", components);
	put(d, o, "dependencies", depend);
	return o;
}

/* ---- both ---- */

static const struct {
	const char *name;
	json_t *(*make)(struct doc *d);
} documents[] = {
	{ "sbom.spdx.json", spdx_document },
	{ "sbom.cdx.json", cdx_document },
};

#define NDOCUMENTS (sizeof documents / sizeof *documents)

/* and its digest */
static int
write_document(struct doc *d, const char *path, json_t *o, char *sha256, struct err *e)
{
	char *text = json_dumps(o, JSON_INDENT(1));
	int r;

	if (d->bad || !text)
		r = fail(e,
		    "%s: a name in the image is not UTF-8, so JSON cannot represent it; rename %s",
		    path, d->odd ? d->odd : "it");
	else
		r = file_write_durable(path, text, strlen(text), 0644, e);
	if (r == 0)
		digest_bytes(text, strlen(text), sha256);
	free(text);
	json_decref(o);
	return r;
}

/* what is told here was told there already, and the file is the one that the manifest means */
static bool
is_told(const struct doc *d, const char *dir, const char *name)
{
	const struct manifest *m = &d->b->said;
	char hex[DIGEST_HEX], *text;
	struct err ignored;
	size_t n;

	for (size_t i = 0; i < m->nsboms; i++) {
		if (strcmp(m->sboms[i].file, name) != 0)
			continue;
		if (beneath_read(d->a, dir, name, SBOM_MOST, &text, &n, &ignored) < 0)
			return false;
		digest_bytes(text, n, hex);
		return strcmp(hex, m->sboms[i].sha256) == 0 && strstr(text, d->uuid);
	}
	return false;
}

static int
gather(struct doc *d, const struct config *cfg, const struct plan *p, const char *dir,
    struct bom *b, struct err *e)
{
	unsigned char ignored[16];

	if (bom_gather(d->a, cfg, p, dir, b, e) < 0)
		return wrap(e, "sbom");
	d->b = b;
	uuid_derived(b->id, "sbom", ignored, d->uuid);
	return 0;
}

/* the manifest, which vouches for them, comes after them */
static int
write_documents(struct doc *d, const struct plan *p, const char *dir, struct bom *b, struct err *e)
{
	struct manifest *m = &b->said;

	if (bom_files(d->a, p, dir, b, e) < 0)
		return wrap(e, "sbom");
	m->sboms = arena_array(d->a, NDOCUMENTS, sizeof *m->sboms);
	m->nsboms = NDOCUMENTS;
	for (size_t i = 0; i < NDOCUMENTS; i++) {
		char *hex = arena_alloc(d->a, DIGEST_HEX);

		m->sboms[i] = (struct man_sbom){ documents[i].name, hex };
		if (write_document(d, arena_printf(d->a, "%s/%s", dir, documents[i].name),
			documents[i].make(d), hex, e) < 0)
			return wrap(e, "sbom");
	}
	return manifest_write(m, arena_printf(d->a, "%s/manifest", dir), e) < 0 ? wrap(e, "sbom")
										: 0;
}

static bool
are_told(const struct doc *d, const char *dir)
{
	for (size_t i = 0; i < NDOCUMENTS; i++)
		if (!is_told(d, dir, documents[i].name))
			return false;
	return true;
}

int
sbom_write(
    struct arena *a, const struct config *cfg, const struct plan *p, const char *dir, struct err *e)
{
	struct doc d = { .a = a };
	struct bom b;

	return gather(&d, cfg, p, dir, &b, e) < 0 ? -1 : write_documents(&d, p, dir, &b, e);
}

int
sbom_is_there(
    struct arena *a, const struct config *cfg, const struct plan *p, const char *dir, struct err *e)
{
	struct doc d = { .a = a };
	struct bom b;

	return gather(&d, cfg, p, dir, &b, e) < 0 ? -1 : are_told(&d, dir);
}

int
sbom_refresh(
    struct arena *a, const struct config *cfg, const struct plan *p, const char *dir, struct err *e)
{
	struct doc d = { .a = a };
	struct bom b;

	if (gather(&d, cfg, p, dir, &b, e) < 0)
		return -1;
	return are_told(&d, dir) ? 0 : write_documents(&d, p, dir, &b, e);
}

int
sbom_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct session s;
	struct job job;
	int there, r = -1;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    session_open(rq->a, &cfg, 1, true, &s, e) < 0)
		return -1;
	if (session_look_up(&s, &job, e) < 0)
		goto close_session;
	if (!file_exists(arena_printf(s.a, "%s/manifest", job.dir))) {
		fail_usage(e, "sbom: no image in %s yet; lh-build build makes one", job.dir);
		goto close_session;
	}
	/* its manifest is written again: what somebody has done to the image would no longer show
	 */
	there = image_is_there(s.a, &s.cfg, &s.sd, &s.plan, job.dir, e);
	if (there <= 0) {
		if (there == 0)
			fail_usage(e,
			    "sbom: the image in %s is not what would be built, or was changed; "
			    "lh-build build makes it again",
			    job.dir);
		goto close_session;
	}
	if (sbom_write(s.a, &s.cfg, &s.plan, job.dir, e) < 0)
		goto close_session;
	for (size_t i = 0; i < NDOCUMENTS; i++)
		printf("%s/%s\n", job.dir, documents[i].name);
	r = 0;

close_session:
	session_close(&s, 1);
	return r;
}
