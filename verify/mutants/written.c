/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/written.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/path.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/expect.h"
#include "verify/guest/lane.h"
#include "verify/image/image.h"
#include "verify/report/result.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- reading ---- */

struct reader {
	struct arena *a;
	struct lines l;
	struct mutant *s;
};

/* "/re/" at the start of *rest, which then points behind it */
static int
read_pattern(struct reader *r, char **rest, struct pattern **out, struct err *e)
{
	char *re = *rest, *end;

	if (*re != '/')
		return lines_fail(&r->l, e, "needs a /pattern/ here: %s", re);
	for (end = ++re; *end && *end != '/'; end++)
		if (*end == '\\' && end[1])
			end++;
	if (!*end)
		return lines_fail(&r->l, e, "the pattern has no end: /%s", re);
	*end++ = '\0';
	*rest = trim(end);
	if (pattern_compile(r->a, re, out, e) < 0)
		return wrap(e, "%s:%u", r->l.path, r->l.no);
	return 0;
}

/* the lines up to the one that is exactly word */
static int
read_here(struct reader *r, const char *word, const char **out, struct err *e)
{
	struct buf b = { 0 };
	unsigned from = r->l.no;
	char *line;

	while ((line = lines_next(&r->l)) && strcmp(line, word))
		buf_addf(&b, "%s\n", line);
	*out = arena_strndup(r->a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return line ? 0 : fail_usage(e, "%s:%u: no line %s ends the text", r->l.path, from, word);
}

static int
read_name(struct reader *r, char *rest, struct err *e)
{
	const char *name = word_next(&rest);
	size_t n = strlen(rest);

	if (!name || n < 3 || rest[0] != '"' || rest[n - 1] != '"')
		return lines_fail(&r->l, e, "mutant: needs NAME \"what is wrong with it\"");
	if (!path_is_name(name))
		return lines_fail(&r->l, e,
		    "mutant %s: a name is of letters, digits, . _ and -, neither . nor - first",
		    name);
	r->s->name = name;
	r->s->title = arena_strndup(r->a, rest + 1, n - 2);
	return 0;
}

static int
read_requires(struct reader *r, char *rest, struct err *e)
{
	struct mutant *s = r->s;
	struct mutant_requires q = { .key = word_next(&rest), .line = r->l.no };
	char *word;

	while ((word = word_next(&rest))) {
		q.values = arena_more(r->a, q.values, q.nvalues, sizeof *q.values);
		q.values[q.nvalues++] = word;
	}
	if (!q.nvalues)
		return lines_fail(&r->l, e, "requires: needs KEY VALUE...");
	s->requires = arena_more(r->a, s->requires, s->nrequires, sizeof q);
	s->requires[s->nrequires++] = q;
	return 0;
}

static int
read_mode(struct reader *r, const char *word, mode_t *mode, struct err *e)
{
	char *end = NULL;
	unsigned long n = word ? strtoul(word, &end, 8) : 0;

	if (!word || *end || n > 07777)
		return lines_fail(&r->l, e, "needs a mode such as 0755");
	*mode = (mode_t)n;
	return 0;
}

/* OFFSET HEX... */
static int
read_bytes(struct reader *r, char *rest, struct edit *d, struct err *e)
{
	char *bytes = arena_alloc(r->a, strlen(rest) + 1), *word = word_next(&rest), *end = NULL;

	d->offset = word ? strtoul(word, &end, 0) : 0;
	if (!word || *end)
		return lines_fail(&r->l, e, "bytes: needs OFFSET HEX...");
	while ((word = word_next(&rest))) {
		unsigned long byte = strtoul(word, &end, 16);

		if (*end || byte > 255)
			return lines_fail(&r->l, e, "bytes: %s: not a byte such as 7f", word);
		bytes[d->n++] = (char)byte;
	}
	d->text = bytes;
	return d->n ? 0 : lines_fail(&r->l, e, "bytes: needs OFFSET HEX...");
}

static int
read_edit(struct reader *r, enum edit_kind kind, char *rest, struct err *e)
{
	struct mutant *s = r->s;
	struct edit d = { .kind = kind, .path = r->l.path, .line = r->l.no };

	d.fs = word_next(&rest);
	d.file = word_next(&rest);
	if (!d.file || *d.file != '/')
		return lines_fail(&r->l, e, "needs FS /PATH");
	if (kind == EDIT_BYTES) {
		if (read_bytes(r, rest, &d, e) < 0)
			return -1;
		d.mode = 0755; /* it is for programs */
		rest += strlen(rest);
	} else if (kind != EDIT_REMOVE && read_mode(r, word_next(&rest), &d.mode, e) < 0)
		return -1;
	if (kind == EDIT_PUT || kind == EDIT_ADD) {
		if (strncmp(rest, "<<", 2) || !rest[2])
			return lines_fail(&r->l, e, "needs <<WORD, and the text on the next lines");
		if (read_here(r, rest + 2, &d.text, e) < 0)
			return -1;
	} else if (kind == EDIT_REPLACE) {
		if (read_pattern(r, &rest, &d.re, e) < 0)
			return -1;
		d.text = rest;
	} else if (*rest) {
		return lines_fail(&r->l, e, "remove: too many words");
	}
	s->edits = arena_more(r->a, s->edits, s->nedits, sizeof d);
	s->edits[s->nedits++] = d;
	return 0;
}

static int
read_put(struct reader *r, char *rest, struct err *e)
{
	return read_edit(r, EDIT_PUT, rest, e);
}

static int
read_add(struct reader *r, char *rest, struct err *e)
{
	return read_edit(r, EDIT_ADD, rest, e);
}

static int
read_replace(struct reader *r, char *rest, struct err *e)
{
	return read_edit(r, EDIT_REPLACE, rest, e);
}

static int
read_remove(struct reader *r, char *rest, struct err *e)
{
	return read_edit(r, EDIT_REMOVE, rest, e);
}

static int
read_overwrite(struct reader *r, char *rest, struct err *e)
{
	return read_edit(r, EDIT_BYTES, rest, e);
}

static int
add_edit(struct reader *r, const struct edit *d)
{
	struct mutant *s = r->s;

	s->edits = arena_more(r->a, s->edits, s->nedits, sizeof *d);
	s->edits[s->nedits++] = *d;
	return 0;
}

static int
read_uuid(struct reader *r, char *rest, struct err *e)
{
	struct edit d = { .kind = EDIT_UUID, .path = r->l.path, .line = r->l.no };

	d.fs = word_next(&rest);
	d.text = word_next(&rest);
	if (!d.text || *rest)
		return lines_fail(&r->l, e, "uuid: needs PARTITION UUID");
	return add_edit(r, &d);
}

/* so many bytes, in hexadecimal; 0: that is none */
static size_t
read_hex(struct reader *r, const char *word, const char **out)
{
	size_t digits = word ? strspn(word, "0123456789abcdef") : 0;
	char *bytes = arena_alloc(r->a, digits / 2 + 1);

	*out = bytes;
	if (digits % 2 || !word || word[digits])
		return 0;
	for (size_t i = 0; i < digits; i += 2)
		bytes[i / 2] =
		    (char)strtoul((const char[]){ word[i], word[i + 1], '\0' }, NULL, 16);
	return digits / 2;
}

static int
read_poke(struct reader *r, char *rest, struct err *e)
{
	struct edit d = { .kind = EDIT_POKE, .path = r->l.path, .line = r->l.no };
	size_t n;

	d.fs = word_next(&rest);
	n = read_hex(r, word_next(&rest), &d.was);
	d.n = read_hex(r, word_next(&rest), &d.text);
	if (!n || n != d.n || *rest)
		return lines_fail(
		    &r->l, e, "poke: needs PARTITION HEX HEX, which are as long as each other");
	return add_edit(r, &d);
}

static int
read_append(struct reader *r, char *rest, struct err *e)
{
	if (!*rest)
		return lines_fail(&r->l, e, "append: needs a kernel word");
	r->s->append = r->s->append ? arena_printf(r->a, "%s %s", r->s->append, rest) : rest;
	return 0;
}

static int
read_refused_by(struct reader *r, char *rest, struct err *e)
{
	r->s->scenario = word_next(&rest);
	if (!r->s->scenario)
		return lines_fail(&r->l, e, "refused-by: needs SCENARIO /pattern/");
	return read_pattern(r, &rest, &r->s->reason, e);
}

static const struct {
	const char *name;
	int (*read)(struct reader *r, char *rest, struct err *e);
} statements[] = {
	{ "mutant", read_name },
	{ "requires", read_requires },
	{ "put", read_put },
	{ "add", read_add },
	{ "replace", read_replace },
	{ "bytes", read_overwrite },
	{ "remove", read_remove },
	{ "append", read_append },
	{ "poke", read_poke },
	{ "uuid", read_uuid },
	{ "refused-by", read_refused_by },
};

#define NSTATEMENTS (sizeof statements / sizeof *statements)

static int
read_line(struct reader *r, char *line, struct err *e)
{
	const char *word = word_next(&line);

	for (size_t i = 0; i < NSTATEMENTS; i++)
		if (!strcmp(statements[i].name, word))
			return statements[i].read(r, line, e);
	return lines_fail(&r->l, e,
	    "%s: unknown; one of mutant requires put add replace bytes remove append poke uuid "
	    "refused-by",
	    word);
}

int
written_read(struct arena *a, const char *path, struct mutant *out, struct err *e)
{
	struct reader r = { .a = a, .s = out };
	char *line;

	*out = (struct mutant){ .path = path };
	if (lines_open(a, path, &r.l, e) < 0)
		return -1;
	/* whole lines only are comments: a pattern may have a # */
	while ((line = lines_next(&r.l))) {
		line = trim(line);
		if (*line && *line != '#' && read_line(&r, line, e) < 0)
			return -1;
	}
	if (!out->name || !out->scenario)
		return fail_usage(
		    e, "%s: lacks the line %s", path, out->name ? "refused-by" : "mutant");
	if (!out->nedits && !out->append)
		return fail_usage(e, "%s: breaks nothing", path);
	return 0;
}

struct found {
	struct arena *a;
	const char *dir;
	struct mutant *v;
	size_t n;
};

static int
on_file(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct found *f = arg;

	if (!S_ISREG(st->st_mode) || *rel == '.' || rel[strlen(rel) - 1] == '~')
		return 0;
	f->v = arena_more(f->a, f->v, f->n, sizeof *f->v);
	return written_read(f->a, arena_printf(f->a, "%s/%s", f->dir, rel), &f->v[f->n++], e);
}

int
written_read_all(struct arena *a, const char *dir, struct mutant **out, size_t *n, struct err *e)
{
	struct found f = { .a = a, .dir = dir };

	if (!file_isdir(dir)) { /* one of them */
		*n = 1;
		*out = arena_alloc(a, sizeof **out);
		return written_read(a, dir, *out, e);
	}
	if (file_walk(dir, on_file, &f, e) < 0)
		return -1;
	if (!f.n)
		return fail_usage(e, "%s: holds nothing that is broken on purpose", dir);
	*out = f.v;
	*n = f.n;
	return 0;
}

/* reports call it mutant-NAME */
static bool
is_called(const struct mutant *s, const char *name)
{
	return !strcmp(s->name, name) ||
	       (!strncmp(name, "mutant-", 7) && !strcmp(s->name, name + 7));
}

int
written_choose(struct mutant *v, size_t *n, const char *const *names, struct err *e)
{
	size_t kept = 0;

	if (!names || !*names)
		return 0;
	for (const char *const *name = names; *name; name++) {
		size_t i = 0;

		while (i < *n && !is_called(&v[i], *name))
			i++;
		if (i == *n)
			return fail_usage(e, "mutant %s: no such mutant there", *name);
	}
	for (size_t i = 0; i < *n; i++)
		for (const char *const *name = names; *name; name++)
			if (is_called(&v[i], *name)) {
				v[kept++] = v[i];
				break;
			}
	*n = kept;
	return 0;
}

/* ---- which on which ---- */

static int
find_skip(struct arena *a, const struct mutant *s, const struct scenario *scn,
    const struct image *i, const char **skip, struct err *e)
{
	*skip = scn->offline ? NULL : lane_missing(a, &i->m);
	for (size_t r = 0; r < s->nrequires + scn->nrequires; r++) {
		const char *why;
		int bad = r < s->nrequires
			      ? matrix_requires(a, i, s->requires[r].key, s->requires[r].values,
				    s->requires[r].nvalues, &why, e)
			      : matrix_requires(a, i, scn->requires[r - s->nrequires].key,
				    scn->requires[r - s->nrequires].values,
				    scn->requires[r - s->nrequires].nvalues, &why, e);

		if (bad)
			return r < s->nrequires ? wrap(e, "%s:%u", s->path, s->requires[r].line)
						: wrap(e, "%s", scn->path);
		if (!*skip)
			*skip = why;
	}
	return 0;
}

/* ---- judging ---- */

/* all that the report would say */
static const char *
told(struct arena *a, const struct testcase_result *r)
{
	const struct failure *f = &r->failure;
	const char *const v[] = { f->what, f->expected, f->got, f->guest, f->nearest, f->console };
	struct buf b = { 0 };
	const char *s;

	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (v[i])
			buf_addf(&b, "%s\n", v[i]);
	for (size_t i = 0; i < r->nwarnings; i++)
		buf_addf(&b, "%s\n", r->warnings[i]);
	s = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return s;
}

void
written_judge(struct arena *a, const struct mutant *s, struct testcase_result *r)
{
	const char *text = told(a, r), *wanted = arena_printf(a, "refused by %s for /%s/",
					   s->scenario, pattern_text(s->reason));
	struct err e;

	if (r->verdict == VERDICT_PASS) {
		r->verdict = VERDICT_FAIL;
		r->failure = (struct failure){ .where = s->path,
			.what = "nothing noticed that it is broken",
			.expected = wanted,
			.got = "pass",
			.look = r->dir };
	} else if (r->verdict == VERDICT_FAIL &&
		   pattern_match(a, s->reason, text, strlen(text), NULL, &e) == 1) {
		r->verdict = VERDICT_PASS;
		r->failure = (struct failure){ 0 };
	} else if (r->verdict == VERDICT_FAIL) {
		r->failure.expected = wanted;
		r->failure.got = r->failure.what;
		r->failure.what = "refused, but for another reason";
	}
}

/* ---- what the matrix has of it ---- */

static int
make(struct arena *a, const void *arg, const struct image *i, const char *from, const char *to,
    struct err *e)
{
	const struct mutant *s = arg;

	(void)a;
	return edit_copy(s->edits, s->nedits, &i->m, from, to, e);
}

static void
judge(struct arena *a, const void *arg, struct testcase_result *r)
{
	written_judge(a, arg, r);
}

static struct matrix_variant
variant_of(struct arena *a, const struct mutant *s)
{
	return (struct matrix_variant){ .name = arena_printf(a, "mutant-%s", s->name),
		.title = s->title,
		.path = s->path,
		.append = s->append,
		.make = make,
		.judge = judge,
		.arg = s };
}

/* what is broken is how it boots: only where a firmware starts it can anybody tell */
static bool
is_of_boot(const struct mutant *s)
{
	for (size_t i = 0; i < s->nrequires; i++)
		if (!strcmp(s->requires[i].key, "boot"))
			return true;
	return false;
}

/* every word of a mutant's is there: it would be the image itself */
static bool
has_words(struct arena *a, const char *append, const char *words)
{
	char *rest = arena_strdup(a, words), *word;

	while ((word = word_next(&rest))) {
		char *had = arena_strdup(a, append ? append : ""), *one;

		while ((one = word_next(&had)) && strcmp(one, word) != 0)
			;
		if (!one)
			return false;
	}
	return true;
}

int
written_matrix(struct arena *a, struct image *images, size_t nimages, const struct mutant *s,
    size_t n, const struct scenario *scenarios, size_t nscenarios, const char *const *lanes,
    struct matrix *out, struct err *e)
{
	struct matrix_variant *variants = arena_array(a, n + 1, sizeof *variants);

	for (size_t k = 0; k < n; k++)
		variants[k] = variant_of(a, &s[k]);
	*out = (struct matrix){ .images = images, .nimages = nimages };
	out->v = arena_array(a, nimages * n + 1, sizeof *out->v);
	for (size_t i = 0; i < nimages; i++)
		for (size_t k = 0; k < n; k++) {
			struct matrix_testcase *c = &out->v[out->n];

			if (images[i].m.lane && !is_of_boot(&s[k]))
				continue;
			out->n++;

			*c = (struct matrix_testcase){ .image = &images[i],
				.scenario = matrix_scenario(scenarios, nscenarios, s[k].scenario),
				.variant = &variants[k] };
			if (!c->scenario)
				return fail_usage(e, "%s: refused-by %s: no such scenario",
				    s[k].path, s[k].scenario);
			if (find_skip(a, &s[k], c->scenario, &images[i], &c->skip, e) < 0)
				return -1;
			if (!c->skip && s[k].nedits && !images[i].base)
				c->skip = "there is no disk to break something on";
			if (!c->skip && !s[k].nedits && s[k].append &&
			    has_words(a, images[i].m.append, s[k].append))
				return fail_usage(e,
				    "%s: append %s: the kernel of %s is told so already: nothing "
				    "would be broken",
				    s[k].path, s[k].append, images[i].name);
			if (!c->skip && n > 1 && !matrix_plays_lane(c->scenario, lanes))
				c->skip = arena_printf(a, "lane %s", c->scenario->lane);
		}
	return 0;
}
