/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/provenance.h"

#include "build/base/arena.h"
#include "build/base/version.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"
#include "build/plan/tools.h"
#include "build/publish/given.h"
#include "build/publish/sums.h"
#include "build/source/fetch.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STATEMENT "https://in-toto.io/Statement/v1"
#define PREDICATE "https://slsa.dev/provenance/v1"

/* ---- writing ---- */

/* {name, uri, digest: {kind: digits}}; any but name may be NULL */
static json_t *
resource(const char *name, const char *uri, const char *kind, const char *digits)
{
	json_t *o = json_pack("{ss}", "name", name);

	if (uri)
		json_object_set_new(o, "uri", json_string(uri));
	if (digits)
		json_object_set_new(o, "digest", json_pack("{ss}", kind, digits));
	return o;
}

static json_t *
subjects(const struct sums *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].name, PROVENANCE_FILE) != 0)
			json_array_append_new(
			    list, resource(s->v[i].name, NULL, "sha256", s->v[i].sha256));
	return list;
}

/* each program once: most triples have the same */
static void
add_tools(json_t *list, const struct release *r)
{
	for (size_t i = 0; i < r->ntools; i++)
		for (size_t k = 0; k < r->tools[i].n; k++) {
			const struct tool *t = &r->tools[i].v[k];
			json_t *o = json_pack(
			    "{sss{ss}}", "name", t->name, "annotations", "version", t->said);
			bool told = false;

			for (size_t j = 0; j < json_array_size(list); j++)
				told |= json_equal(json_array_get(list, j), o);
			if (told)
				json_decref(o);
			else
				json_array_append_new(list, o);
		}
}

static json_t *
dependencies(const struct release *r)
{
	json_t *list = json_array();

	json_array_append_new(list, resource("lh-bootstrap", NULL, "gitCommit", r->commit));
	for (size_t i = 0; i < r->nsources; i++)
		json_array_append_new(
		    list, resource(r->sources[i].got->file, source_url(r->sources[i].got), "sha256",
			      r->sources[i].got->sha256));
	add_tools(list, r);
	return list;
}

static json_t *
packages(const struct manifest *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->npackages; i++) {
		const struct man_package *p = &m->packages[i];
		json_t *o =
		    json_pack("{ssssss}", "name", p->name, "version", p->version, "key", p->key);

		if (p->commit)
			json_object_set_new(o, "commit", json_string(p->commit));
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *
images(const struct release *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nimages; i++) {
		const struct manifest *m = &r->images[i];

		json_array_append_new(
		    list, json_pack("{ssssssssssss}", "triple", m->triple, "profile", m->profile,
			      "set", m->set, "net", m->net, "image", m->image_digest, "key",
			      m->key ? m->key : ""));
	}
	return list;
}

static json_t *
built(const struct release *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->nimages; i++)
		json_array_append_new(list, json_pack("{ssso}", "image", r->images[i].image_digest,
						"packages", packages(&r->images[i])));
	return list;
}

int
provenance_write(
    struct arena *a, const struct release *r, const struct sums *s, const char *to, struct err *e)
{
	json_t *statement = json_pack("{sssosss{s{sss{so}s{so}so}s{s{sss{ss}}}}}", "_type",
	    STATEMENT, "subject", subjects(s), "predicateType", PREDICATE, "predicate",
	    "buildDefinition", "buildType", PROVENANCE_TYPE, "externalParameters", "images",
	    images(r), "internalParameters", "built", built(r), "resolvedDependencies",
	    dependencies(r), "runDetails", "builder", "id", "urn:lh-bootstrap:lh-build", "version",
	    "lh-build", lh_version);
	char *text = statement ? json_dumps(statement, JSON_INDENT(1)) : NULL;
	int done = text ? file_write(arena_printf(a, "%s/" PROVENANCE_FILE, to), text, strlen(text),
			      0644, e)
			: fail(e, "release: what it was built from has a name that is not UTF-8");

	free(text);
	json_decref(statement);
	return done;
}

/* ---- reading ---- */

static const char *
text_at(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static int
check_subjects(const json_t *list, const struct sums *s, struct err *e)
{
	size_t n = json_array_size(list), others = 0;

	for (size_t i = 0; i < s->n; i++)
		others += strcmp(s->v[i].name, PROVENANCE_FILE) != 0;
	for (size_t i = 0; i < n; i++) {
		const json_t *o = json_array_get(list, i);
		const char *name = text_at(o, "name"), *is = sums_find(s, name);

		if (!is)
			return fail(
			    e, "%s: tells of a file that is not in the release", PROVENANCE_FILE);
		if (strcmp(is, text_at(json_object_get(o, "digest"), "sha256")) != 0)
			return fail(e, "%s: tells of another %s", PROVENANCE_FILE, name);
		/* in order, so that none is there twice */
		if (i && strcmp(text_at(json_array_get(list, i - 1), "name"), name) >= 0)
			return fail(
			    e, "%s: %s is not in the order of names", PROVENANCE_FILE, name);
	}
	return n == others ? 0
			   : fail(e, "%s: tells of %zu files, and there are %zu", PROVENANCE_FILE,
				 n, others);
}

/* in any order; of what is, nothing is there twice.  Takes is */
static bool
is_same(const json_t *told, json_t *is)
{
	size_t n = json_array_size(is), found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < json_array_size(told); k++)
			if (json_equal(json_array_get(told, k), json_array_get(is, i))) {
				found++;
				break;
			}
	json_decref(is);
	return found == n && json_array_size(told) == n;
}

/* what the manifests say */
static int
check_images(const json_t *of, const struct manifest *m, size_t n, struct err *e)
{
	const struct release r = { .images = m, .nimages = n };
	const json_t *asked = json_object_get(of, "externalParameters"),
		     *made = json_object_get(of, "internalParameters");

	return is_same(json_object_get(asked, "images"), images(&r)) &&
		       is_same(json_object_get(made, "built"), built(&r))
		   ? 0
		   : fail(e, "%s: tells of other images, or packages, than their manifests",
			 PROVENANCE_FILE);
}

static int
check_statement(const json_t *o, const struct sums *s, const char *commit, const struct manifest *m,
    size_t n, struct err *e)
{
	const json_t *of = json_object_get(json_object_get(o, "predicate"), "buildDefinition");
	const json_t *checkout = json_array_get(json_object_get(of, "resolvedDependencies"), 0);

	if (strcmp(text_at(o, "_type"), STATEMENT) != 0 ||
	    strcmp(text_at(o, "predicateType"), PREDICATE) != 0 ||
	    strcmp(text_at(of, "buildType"), PROVENANCE_TYPE) != 0)
		return fail(e, "%s: is no statement of lh-build", PROVENANCE_FILE);
	if (strcmp(text_at(json_object_get(checkout, "digest"), "gitCommit"), commit) != 0)
		return fail(
		    e, "%s: is of another commit than the file commit names", PROVENANCE_FILE);
	return check_images(of, m, n, e) < 0 ? -1
					     : check_subjects(json_object_get(o, "subject"), s, e);
}

int
provenance_check(const char *text, size_t n, const struct sums *s, const char *commit,
    const struct manifest *images, size_t nimages, struct err *e)
{
	json_error_t why;
	json_t *o = json_loadb(text, n, JSON_REJECT_DUPLICATES, &why);
	int r;

	if (!o)
		return fail(e, "%s:%d: %s", PROVENANCE_FILE, why.line, why.text);
	r = check_statement(o, s, commit, images, nimages, e);
	json_decref(o);
	return r;
}
