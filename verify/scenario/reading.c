/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/reading.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/expect.h"

#include <ctype.h>
#include <string.h>

void
reading_add(struct arena *a, const char ***v, size_t *n, const char *text)
{
	*v = arena_more(a, *v, *n, sizeof **v);
	(*v)[(*n)++] = text;
}

void
reading_define(struct reading *r, const char *name)
{
	reading_add(r->a, &r->names, &r->nnames, name);
}

int
reading_names(struct reading *r, const struct templ *t, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		bool known = !t->v[i].is_name;

		for (size_t k = 0; k < r->nnames && !known; k++)
			known = !strcmp(r->names[k], t->v[i].text);
		if (!known)
			return FAIL(
			    r, e, "${%s}: nothing before this line defines it", t->v[i].text);
	}
	return 0;
}

bool
reading_has_names(const struct templ *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].is_name)
			return true;
	return false;
}

/* the named groups of a pattern: (?<name>...), (?P<name>...), (?'name'...) */
static void
define_groups(struct reading *r, const char *re)
{
	static const char *const openings[] = { "(?<", "(?P<", "(?'" };

	for (const char *p = re; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
			const char *name = p + strlen(openings[i]);

			if (!strncmp(p, openings[i], strlen(openings[i])) &&
			    (isalpha((unsigned char)*name) || *name == '_'))
				reading_define(r, arena_strndup(r->a, name, strcspn(name, ">'")));
		}
	}
}

static bool
matches(struct pattern *p, const char *text)
{
	struct arena *a = arena_new();
	struct err e;
	int r = pattern_match(a, p, text, strlen(text), NULL, &e);

	arena_free(a);
	return r == 1;
}

int
reading_pattern(struct reading *r, const struct token *t, struct pattern **out, struct err *e)
{
	struct buf b = { 0 };
	struct pattern *p;
	int result;

	if (!*t->text)
		return FAIL(r, e, "//: an empty pattern matches anything");
	if (reading_names(r, &t->templ, e) < 0)
		return -1;
	for (size_t i = 0; i < t->templ.n; i++)
		buf_adds(&b, t->templ.v[i].is_name ? "x" : t->templ.v[i].text);
	result = pattern_compile(r->a, b.n ? b.p : "", &p, e);
	buf_free(&b);
	if (result < 0)
		return wrap(e, "%s:%u", r->l.path, r->l.no);
	/* it holds whatever is there, unless it is there to capture that */
	if (!*pattern_names(p) && matches(p, "") && matches(p, "\1"))
		return FAIL(r, e, "/%s/: matches anything, so it would always hold", t->text);
	*out = reading_has_names(&t->templ) ? NULL : p;
	define_groups(r, t->text);
	return 0;
}
int
reading_next(struct reading *r, bool pattern, struct token *t, struct err *e)
{
	return scan_next(&r->scan, pattern, t, e);
}

int
reading_word(struct reading *r, const char *name, const char **out, struct err *e)
{
	struct token t;

	if (reading_next(r, false, &t, e) < 0)
		return -1;
	if (t.kind != TOKEN_WORD && t.kind != TOKEN_QUOTED)
		return FAIL(r, e, "needs %s here", name);
	if (reading_has_names(&t.templ))
		return FAIL(r, e, "%s: ${...} has a value only in steps", t.text);
	*out = t.text;
	return 0;
}

int
reading_end(struct reading *r, struct err *e)
{
	struct token t;

	if (reading_next(r, false, &t, e) < 0)
		return -1;
	return t.kind == TOKEN_END ? 0 : FAIL(r, e, "%s: one word too many", t.text);
}
