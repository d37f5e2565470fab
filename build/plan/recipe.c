/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/recipe.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const variant_names[NVARIANTS] = {
	[VARIANT_HOST] = "host", [VARIANT_TOOLCHAIN] = "toolchain", [VARIANT_TARGET] = "target"
};
const char *const section_names[NSECTIONS] = {
	[SECTION_CONFIGURE] = "configure", [SECTION_BUILD] = "build", [SECTION_INSTALL] = "install"
};

/* a recipe being read: which version and which byte form the lines at hand belong to */
struct reading {
	struct arena *a;
	struct lines l;
	struct recipe *r;
	struct version *version; /* NULL before the first */
	struct source *source;	 /* NULL before the version's first */
	const char *profile;	 /* of the line at hand: KEY@PROFILE; NULL: of all */
	unsigned seen;		 /* bit i: headers[i] was told, in its scope */
};

/* what one header line does with its value */
typedef int header(struct reading *rd, char *value, struct err *e);

static header name_line, licence_line, variant_line, needs_line, config_line, file_line, input_line,
    unpack_line, kit_line, image_line, source_of_line, version_line, licence_file_line, source_line,
    sha256_line, size_line, from_line, debian_line, git_line;

enum scope { TOP, IN_VERSION, IN_SOURCE };

static const struct {
	const char *key;
	header *take;
	enum scope scope;
	bool once; /* in its scope */
} headers[] = {
	{ "name", name_line, TOP, true },
	{ "licence", licence_line, TOP, true },
	{ "variant", variant_line, TOP, true },
	{ "needs", needs_line, TOP, false },
	{ "config", config_line, TOP, false },
	{ "file", file_line, TOP, false },
	{ "input", input_line, TOP, false },
	{ "unpack", unpack_line, TOP, false },
	{ "kit", kit_line, TOP, true },
	{ "image", image_line, TOP, true },
	{ "source-of", source_of_line, TOP, true },
	{ "version", version_line, TOP, false },
	{ "licence-file", licence_file_line, IN_VERSION, false },
	{ "source", source_line, IN_VERSION, false },
	{ "sha256", sha256_line, IN_SOURCE, true },
	{ "size", size_line, IN_SOURCE, true },
	{ "from", from_line, IN_SOURCE, false },
	{ "debian", debian_line, IN_SOURCE, false },
	{ "git", git_line, IN_SOURCE, false },
};

#define NHEADERS (sizeof headers / sizeof *headers)

const char *
recipe_key(size_t i)
{
	return i < NHEADERS ? headers[i].key : NULL;
}

/* room for one more behind n members; vectors here are short */
#define MORE(a, v, n) ((v) = arena_grow(a, v, n, (n) + 1, sizeof *(v)), &(v)[(n)++])

static void
forget(struct reading *rd, enum scope from)
{
	for (size_t i = 0; i < NHEADERS; i++)
		if (headers[i].scope >= from)
			rd->seen &= ~(1u << i);
}

/* names become folder, file and variable names */
static bool
is_name(const char *s)
{
	return *s && *s != '.' && *s != '-' &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-") ==
		   strlen(s);
}

/* a path that stays below where it starts */
static bool
is_inner_path(const char *s)
{
	if (!*s || *s == '/')
		return false;
	for (const char *p = s; p; p = strchr(p, '/') ? strchr(p, '/') + 1 : NULL)
		if (!strncmp(p, "..", 2) && (!p[2] || p[2] == '/'))
			return false;
	return true;
}

/* the variant that a word names; NVARIANTS: none */
static enum variant
variant_of(const char *word, size_t n)
{
	for (enum variant v = 0; v < NVARIANTS; v++)
		if (strlen(variant_names[v]) == n && !memcmp(variant_names[v], word, n))
			return v;
	return NVARIANTS;
}

static int
expand(struct reading *rd, const char *text, const char **out, struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	while (*text && r == 0) {
		size_t n = strcspn(text, "$");

		buf_add(&b, text, n);
		text += n;
		if (!*text)
			break;
		if (!strncmp(text, "${version}", 10)) {
			buf_adds(&b, rd->version->version);
			text += 10;
		} else if (!strncmp(text, "${name}", 7)) {
			buf_adds(&b, rd->r->name);
			text += 7;
		} else {
			r = lines_fail(&rd->l, e, "%s: only ${version} and ${name} expand", text);
		}
	}
	*out = arena_strdup(rd->a, b.n ? b.p : "");
	buf_free(&b);
	return r;
}

/* is the word among those that were told */
static bool
is_told(const char *const *v, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(v[i], word))
			return true;
	return false;
}

/* ---- header lines ---- */

static int
name_line(struct reading *rd, char *value, struct err *e)
{
	const char *folder = strrchr(rd->r->dir, '/') + 1;

	if (strcmp(value, folder))
		return lines_fail(&rd->l, e, "name %s: the folder's name is %s", value, folder);
	rd->r->name = value;
	return 0;
}

static int
licence_line(struct reading *rd, char *value, struct err *e)
{
	(void)e;
	rd->r->licence = value;
	return 0;
}

static int
variant_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		enum variant v = variant_of(word, strlen(word));

		if (v == NVARIANTS)
			return lines_fail(
			    &rd->l, e, "variant %s: one of host toolchain target", word);
		if (rd->r->variants[v])
			return lines_fail(&rd->l, e, "variant %s: duplicate", word);
		rd->r->variants[v] = true;
	}
	return 0;
}

/* in a profile in which the other is needed, too */
static bool
is_needed(const struct recipe *r, const struct need *other)
{
	for (size_t i = 0; i < r->nneeds; i++) {
		const struct need *n = &r->needs[i];

		if (n->same == other->same && n->variant == other->variant &&
		    !strcmp(n->name, other->name) &&
		    (!n->profile || !other->profile || !strcmp(n->profile, other->profile)))
			return true;
	}
	return false;
}

static int
needs_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		const char *slash = strchr(word, '/');
		struct need need;
		bool same = !strncmp(word, "same/", 5);
		enum variant v = slash ? variant_of(word, (size_t)(slash - word)) : NVARIANTS;

		if ((v == NVARIANTS && !same) || !is_name(slash + 1))
			return lines_fail(&rd->l, e,
			    "needs %s: write host/NAME toolchain/NAME target/NAME or same/NAME",
			    word);
		need = (struct need){ .variant = v,
			.same = same,
			.name = slash + 1,
			.profile = rd->profile,
			.line = rd->l.no };
		if (is_needed(rd->r, &need))
			return lines_fail(&rd->l, e, "needs %s: duplicate", word);
		*MORE(rd->a, rd->r->needs, rd->r->nneeds) = need;
	}
	return 0;
}

static int
config_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		if (!config_known(word))
			return lines_fail(
			    &rd->l, e, "config %s: lh-config has no such variable", word);
		if (is_told(rd->r->config, rd->r->nconfig, word))
			return lines_fail(&rd->l, e, "config %s: duplicate", word);
		*MORE(rd->a, rd->r->config, rd->r->nconfig) = word;
	}
	return 0;
}

static int
file_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		if (!is_inner_path(word) ||
		    !file_exists(arena_printf(rd->a, "%s/%s", rd->r->dir, word)))
			return lines_fail(
			    &rd->l, e, "file %s: is not in the recipe's folder", word);
		if (is_told(rd->r->files, rd->r->nfiles, word))
			return lines_fail(&rd->l, e, "file %s: duplicate", word);
		*MORE(rd->a, rd->r->files, rd->r->nfiles) = word;
	}
	return 0;
}

static int
input_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		if (!is_inner_path(word))
			return lines_fail(
			    &rd->l, e, "input %s: expected a path inside the checkout", word);
		if (is_told(rd->r->inputs, rd->r->ninputs, word))
			return lines_fail(&rd->l, e, "input %s: duplicate", word);
		*MORE(rd->a, rd->r->inputs, rd->r->ninputs) = word;
	}
	return 0;
}

static int
unpack_line(struct reading *rd, char *value, struct err *e)
{
	char *word;

	while ((word = word_next(&value))) {
		if (!is_inner_path(word))
			return lines_fail(
			    &rd->l, e, "unpack %s: expected a path inside the source", word);
		if (is_told(rd->r->unpack, rd->r->nunpack, word))
			return lines_fail(&rd->l, e, "unpack %s: duplicate", word);
		*MORE(rd->a, rd->r->unpack, rd->r->nunpack) = word;
	}
	return 0;
}

static int
kit_line(struct reading *rd, char *value, struct err *e)
{
	if (!is_name(value))
		return lines_fail(&rd->l, e, "kit %s: not a valid name", value);
	rd->r->kit = value;
	return 0;
}

static int
image_line(struct reading *rd, char *value, struct err *e)
{
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return lines_fail(&rd->l, e, "image %s: yes or no", value);
	rd->r->image = !strcmp(value, "yes");
	return 0;
}

static int
source_of_line(struct reading *rd, char *value, struct err *e)
{
	if (!is_name(value))
		return lines_fail(&rd->l, e, "source-of %s: not a valid name", value);
	rd->r->source_of = value;
	return 0;
}

static int
version_line(struct reading *rd, char *value, struct err *e)
{
	if (!is_name(value))
		return lines_fail(&rd->l, e, "version %s: not a valid version", value);
	for (size_t i = 0; i < rd->r->nversions; i++)
		if (!strcmp(rd->r->versions[i].version, value))
			return lines_fail(&rd->l, e, "version %s: duplicate", value);
	rd->version = MORE(rd->a, rd->r->versions, rd->r->nversions);
	rd->version->version = value;
	rd->source = NULL;
	forget(rd, IN_VERSION);
	return 0;
}

static int
source_line(struct reading *rd, char *value, struct err *e)
{
	const char *file;

	if (expand(rd, value, &file, e) < 0)
		return -1;
	if (!is_name(file))
		return lines_fail(&rd->l, e, "source %s: not a valid file name", file);
	rd->source = MORE(rd->a, rd->version->forms, rd->version->nforms);
	rd->source->file = file;
	forget(rd, IN_SOURCE);
	return 0;
}

static bool
is_sha256(const char *s)
{
	return strlen(s) == DIGEST_HEX - 1 && strspn(s, "0123456789abcdef") == DIGEST_HEX - 1;
}

/* no build reads it, and no key: licences.c does */
static int
licence_file_line(struct reading *rd, char *value, struct err *e)
{
	struct version *v = rd->version;
	char *path = word_next(&value);

	if (!is_inner_path(path))
		return lines_fail(
		    &rd->l, e, "licence-file %s: expected a path inside the source", path);
	if (!is_sha256(value))
		return lines_fail(&rd->l, e,
		    "licence-file %s: expected its sha256, 64 digits 0-9 a-f, after it", path);
	for (size_t i = 0; i < v->nlicences; i++)
		if (!strcmp(v->licences[i].path, path))
			return lines_fail(&rd->l, e, "licence-file %s: duplicate", path);
	*MORE(rd->a, v->licences, v->nlicences) = (struct licence_file){ path, value };
	return 0;
}

static int
sha256_line(struct reading *rd, char *value, struct err *e)
{
	if (!is_sha256(value))
		return lines_fail(&rd->l, e, "sha256 %s: expected 64 digits 0-9 a-f", value);
	rd->source->sha256 = value;
	return 0;
}

static int
size_line(struct reading *rd, char *value, struct err *e)
{
	if (strspn(value, "0123456789") != strlen(value) || strlen(value) > 15 || *value == '0')
		return lines_fail(&rd->l, e, "size %s: expected a number of bytes", value);
	rd->source->size = strtoull(value, NULL, 10);
	return 0;
}

static int
origin(struct reading *rd, enum origin_kind kind, const char *where)
{
	*MORE(rd->a, rd->source->origins, rd->source->norigins) = (struct origin){ kind, where };
	return 0;
}

static int
from_line(struct reading *rd, char *value, struct err *e)
{
	const char *url;

	if (expand(rd, value, &url, e) < 0)
		return -1;
	if (!strstr(url, "://"))
		return lines_fail(&rd->l, e, "from %s: not a URL", url);
	if (url[strlen(url) - 1] == '/')
		url = arena_printf(rd->a, "%s%s", url, rd->source->file);
	return origin(rd, ORIGIN_URL, url);
}

static int
debian_line(struct reading *rd, char *value, struct err *e)
{
	const char *path;

	if (expand(rd, value, &path, e) < 0)
		return -1;
	if (!is_inner_path(path))
		return lines_fail(&rd->l, e,
		    "debian %s: expected a path below the archive, such as pool/main/...", path);
	return origin(rd, ORIGIN_DEBIAN, path);
}

static int
git_line(struct reading *rd, char *value, struct err *e)
{
	const char *tag;

	if (expand(rd, value, &tag, e) < 0)
		return -1;
	if (!is_name(tag))
		return lines_fail(&rd->l, e, "git %s: not a valid tag name", tag);
	return origin(rd, ORIGIN_GIT, tag);
}

/* ---- the file ---- */

/* what has to be there once the version's, and the form's, last line was read */
static int
complete(const struct reading *rd, struct err *e)
{
	if (rd->source && !rd->source->sha256)
		return fail_usage(
		    e, "%s: source %s: missing required key sha256", rd->l.path, rd->source->file);
	if (rd->source && !rd->source->norigins)
		return fail_usage(e, "%s: source %s: has no origin; add from, debian or git",
		    rd->l.path, rd->source->file);
	return 0;
}

static int
complete_version(const struct reading *rd, struct err *e)
{
	if (rd->version && !rd->version->nforms)
		return fail_usage(
		    e, "%s: version %s: has no source", rd->l.path, rd->version->version);
	return complete(rd, e);
}

static int
header_line(struct reading *rd, char *line, struct err *e)
{
	char *key = word_next(&line), *at = strchr(key, '@');
	size_t i;

	if (at)
		*at = '\0';
	for (i = 0; i < NHEADERS; i++)
		if (!strcmp(headers[i].key, key))
			break;
	if (i == NHEADERS)
		return lines_fail(&rd->l, e, "%s: unknown key; lh-recipe(5) has them all", key);
	if (at && headers[i].take != needs_line)
		return lines_fail(
		    &rd->l, e, "%s@%s: only needs can be of one profile", key, at + 1);
	if (at && !is_name(at + 1))
		return lines_fail(&rd->l, e, "%s@%s: not a profile's name", key, at + 1);
	rd->profile = at ? at + 1 : NULL;
	if (!*line)
		return lines_fail(&rd->l, e, "%s: has no value", key);
	if (headers[i].scope == IN_VERSION && !rd->version)
		return lines_fail(&rd->l, e, "%s: comes before any version", key);
	if (headers[i].scope == IN_SOURCE && !rd->source)
		return lines_fail(&rd->l, e, "%s: comes before any source of the version", key);
	if (headers[i].once && rd->seen & 1u << i)
		return lines_fail(&rd->l, e, "%s: duplicate key", key);
	if (headers[i].take == source_line && complete(rd, e) < 0)
		return -1;
	if (headers[i].take == version_line && complete_version(rd, e) < 0)
		return -1;
	rd->seen |= 1u << i;
	return headers[i].take(rd, line, e);
}

/*
 * "[build]" alone on a line: the section's number; -1: it is none; NSECTIONS: of that shape, but
 * not ours
 */
static int
section_of(const char *line)
{
	size_t n = strlen(line);

	if (n < 3 || *line != '[' || line[n - 1] != ']' ||
	    strspn(line + 1, "abcdefghijklmnopqrstuvwxyz-") != n - 2)
		return -1;
	for (int s = 0; s < NSECTIONS; s++)
		if (strlen(section_names[s]) == n - 2 && !memcmp(section_names[s], line + 1, n - 2))
			return s;
	return NSECTIONS;
}

/* from the first section's line on; the text is kept as it is */
static int
read_sections(struct reading *rd, const char *line, struct err *e)
{
	struct buf text = { 0 };
	int at = -1, r = 0;

	do {
		int s = section_of(line);

		if (s < 0) {
			buf_adds(&text, line);
			buf_adds(&text, "\n");
			continue;
		}
		if (s == NSECTIONS)
			r = lines_fail(&rd->l, e,
			    "%s: no such section; [configure], [build] and [install] are", line);
		else if (s == at)
			r = lines_fail(&rd->l, e, "%s: duplicate section", line);
		else if (s < at)
			r = lines_fail(&rd->l, e,
			    "%s: comes after [%s]; the order is configure, build, install", line,
			    section_names[at]);
		if (r < 0)
			break;
		if (at >= 0)
			rd->r->sections[at] = arena_strndup(rd->a, text.n ? text.p : "", text.n);
		buf_clear(&text);
		at = s;
		rd->r->section_line[s] = rd->l.no;
	} while ((line = lines_next(&rd->l)));
	if (r == 0 && at >= 0)
		rd->r->sections[at] = arena_strndup(rd->a, text.n ? text.p : "", text.n);
	buf_free(&text);
	return r;
}

static int
add_file(struct arena *a, const char *path, struct buf *b, struct err *e)
{
	char *text;
	size_t n;
	int there = file_is_there(path, e);

	if (there <= 0 || file_isdir(path)) /* what should be there is told by others */
		return there < 0 ? -1 : 0;
	if (file_read(a, path, &text, &n, e) < 0)
		return -1;
	buf_add(b, text, n);
	buf_adds(b, "\n");
	return 0;
}

static int
gather_text(struct arena *a, struct recipe *r, struct err *e)
{
	struct buf b = { 0 };
	int done = 0;

	for (int s = 0; s < NSECTIONS; s++)
		buf_adds(&b, r->sections[s] ? r->sections[s] : "");
	if (r->kit)
		done = add_file(a, arena_printf(a, "%s/../kits/%s.sh", r->dir, r->kit), &b, e);
	for (size_t i = 0; i < r->nfiles && done == 0; i++)
		done = add_file(a, arena_printf(a, "%s/%s", r->dir, r->files[i]), &b, e);
	r->text = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return done;
}

const char *
source_url(const struct source *form)
{
	for (size_t i = 0; i < form->norigins; i++)
		if (form->origins[i].kind == ORIGIN_URL)
			return form->origins[i].where;
	return NULL;
}

bool
recipe_mentions(const struct recipe *r, const char *variable)
{
	size_t n = strlen(variable);

	for (const char *p = strchr(r->text, '$'); p; p = strchr(p, '$')) {
		p += p[1] == '{' ? 2 : 1;
		if (!strncmp(p, variable, n) && !isalnum((unsigned char)p[n]) && p[n] != '_')
			return true;
	}
	return false;
}

int
recipe_read(struct arena *a, const char *dir, struct recipe *out, struct err *e)
{
	struct reading rd = { .a = a, .r = out };
	char *line;

	*out = (struct recipe){ .dir = arena_strdup(a, dir), .image = true };
	if (lines_open(a, arena_printf(a, "%s/recipe", dir), &rd.l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&rd.l)) && section_of(line) < 0) {
		const char *first = word_next(&(char *){ arena_strdup(a, line) });

		if (!out->name && strcmp(first, "name"))
			return lines_fail(&rd.l, e, "%s: comes before the name", first);
		if (header_line(&rd, line, e) < 0)
			return -1;
	}
	if (!out->name)
		return fail_usage(e, "%s: missing required key name", rd.l.path);
	if (complete_version(&rd, e) < 0)
		return -1;
	if (!out->licence)
		return fail_usage(e, "%s: missing required key licence", rd.l.path);
	if (!out->variants[VARIANT_HOST] && !out->variants[VARIANT_TOOLCHAIN] &&
	    !out->variants[VARIANT_TARGET])
		return fail_usage(e, "%s: missing required key variant", rd.l.path);
	if (out->source_of && out->nversions)
		return fail_usage(
		    e, "%s: has source-of %s and versions of its own", rd.l.path, out->source_of);
	if (line && read_sections(&rd, line, e) < 0)
		return -1;
	return gather_text(a, out, e);
}

/* ---- all of them ---- */

bool
need_applies(const struct need *n, enum variant of, enum variant *as)
{
	*as = n->same ? of : n->variant;
	return *as <= of;
}

bool
need_in_profile(const struct need *n, const char *profile)
{
	return !n->profile || !strcmp(n->profile, profile);
}

static int
check_need(const struct recipes *all, const struct recipe *r, const struct need *n, struct err *e)
{
	const struct recipe *other = recipe_find(all, n->name);
	bool used = false;

	if (!other)
		return fail_usage(
		    e, "%s/recipe:%u: needs %s: no such recipe", r->dir, n->line, n->name);
	for (enum variant of = 0, as; of < NVARIANTS; of++) {
		if (!r->variants[of] || !need_applies(n, of, &as))
			continue;
		used = true;
		if (!other->variants[as])
			return fail_usage(e, "%s/recipe:%u: needs %s/%s: %s has no such variant",
			    r->dir, n->line, variant_names[as], n->name, n->name);
	}
	if (!used)
		return fail_usage(e,
		    "%s/recipe:%u: needs %s/%s: none of its variants can need that", r->dir,
		    n->line, variant_names[n->variant], n->name);
	return 0;
}

static int
check_profile(
    struct arena *a, const char *top, const struct recipe *r, const struct need *n, struct err *e)
{
	if (!n->profile || file_exists(arena_printf(a, "%s/recipes/profiles/%s", top, n->profile)))
		return 0;
	return fail_usage(e, "%s/recipe:%u: needs@%s: no such profile: recipes/profiles/%s", r->dir,
	    n->line, n->profile, n->profile);
}

static int
check_links(struct arena *a, const char *top, const struct recipes *all, const struct recipe *r,
    struct err *e)
{
	const struct recipe *origin = r->source_of ? recipe_find(all, r->source_of) : NULL;

	if (r->source_of && !origin)
		return fail_usage(
		    e, "%s/recipe: source-of %s: no such recipe", r->dir, r->source_of);
	if (origin && !origin->nversions)
		return fail_usage(
		    e, "%s/recipe: source-of %s: has no versions itself", r->dir, r->source_of);
	for (size_t i = 0; i < r->nneeds; i++)
		if (check_need(all, r, &r->needs[i], e) < 0 ||
		    check_profile(a, top, r, &r->needs[i], e) < 0)
			return -1;
	for (size_t i = 0; i < r->ninputs; i++)
		if (!file_exists(arena_printf(a, "%s/%s", top, r->inputs[i])))
			return fail_usage(
			    e, "%s/recipe: input %s: is not in the checkout", r->dir, r->inputs[i]);
	if (r->kit && !file_exists(arena_printf(a, "%s/recipes/kits/%s.sh", top, r->kit)))
		return fail_usage(e, "%s/recipe: kit %s: no such file: recipes/kits/%s.sh", r->dir,
		    r->kit, r->kit);
	return 0;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
recipe_read_all(struct arena *a, const char *top, struct recipes *out, struct err *e)
{
	char *dir = arena_printf(a, "%s/recipes", top);
	struct dirent **v = NULL;
	int n = scandir(dir, &v, NULL, by_name), r = 0;

	*out = (struct recipes){ 0 };
	if (n < 0)
		return fail_errno(e, "%s", dir);
	out->v = arena_array(a, (size_t)n + 1, sizeof *out->v);
	for (int i = 0; i < n; i++) {
		char *sub = arena_printf(a, "%s/%s", dir, v[i]->d_name);

		if (r == 0 && v[i]->d_name[0] != '.' &&
		    file_exists(arena_printf(a, "%s/recipe", sub)))
			r = recipe_read(a, sub, &out->v[out->n++], e);
		free(v[i]);
	}
	free(v);
	for (size_t i = 0; i < out->n && r == 0; i++)
		r = check_links(a, top, out, &out->v[i], e);
	return r;
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct recipe *)a)->name, ((const struct recipe *)b)->name);
}

const struct recipe *
recipe_find(const struct recipes *r, const char *name)
{
	struct recipe want = { .name = name };

	return r->n ? bsearch(&want, r->v, r->n, sizeof *r->v, compare) : NULL;
}

/* ---- sets ---- */

int
set_read(struct arena *a, const char *top, const char *name, struct set *out, struct err *e)
{
	struct lines l;
	char *line;

	*out = (struct set){ .name = arena_strdup(a, name) };
	if (lines_open(a, arena_printf(a, "%s/recipes/sets/%s", top, name), &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		char *w[2];

		if (words(line, w, 2) != 2)
			return lines_fail(&l, e, "expected NAME VERSION");
		if (set_version(out, w[0]))
			return lines_fail(&l, e, "%s: duplicate key", w[0]);
		*MORE(a, out->v, out->n) = (struct set_entry){ w[0], w[1] };
	}
	return 0;
}

const char *
set_version(const struct set *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return s->v[i].version;
	return NULL;
}
