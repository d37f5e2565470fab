/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/keydiff.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/lines.h"

#include <string.h>

/* where the value begins: after the last blank, or after so many words where it may have blanks */
static char *
value_of(char *line)
{
	static const struct {
		const char *kind;
		int words;
	} wide[] = { { "source ", 1 }, { "tool ", 2 }, { "fact ", 2 }, { "config ", 2 } };

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++) {
		char *blank = line - 1;

		if (strncmp(line, wide[i].kind, strlen(wide[i].kind)) != 0)
			continue;
		for (int n = 0; blank && n < wide[i].words; n++)
			blank = strchr(blank + 1, ' ');
		return blank ? blank + 1 : NULL;
	}
	line = strrchr(line, ' ');
	return line ? line + 1 : NULL;
}

size_t
key_lines(struct arena *a, const char *text, struct key_line **out)
{
	struct key_line *v = arena_array(a, strlen(text) / 2 + 1, sizeof *v);
	struct lines l;
	size_t n = 0;
	char *line, *value;

	lines_text(a, "key", text, &l);
	while ((line = lines_next(&l)))
		if ((value = value_of(line))) {
			value[-1] = '\0';
			v[n++] = (struct key_line){ line, value };
		}
	*out = v;
	return n;
}

static bool
same(const struct key_line *a, const struct key_line *b)
{
	return !strcmp(a->what, b->what) && !strcmp(a->value, b->value);
}

static bool
has(const struct key_line *v, size_t n, const struct key_line *line)
{
	for (size_t i = 0; i < n; i++)
		if (same(&v[i], line))
			return true;
	return false;
}

/* takes out of v what is in other, too */
static size_t
leave_own(const struct key_line *v, size_t n, const struct key_line *other, size_t nother,
    struct key_line *out)
{
	size_t own = 0;

	for (size_t i = 0; i < n; i++)
		if (!has(other, nother, &v[i]))
			out[own++] = v[i];
	return own;
}

size_t
key_diff(struct arena *a, const char *old, const char *now, struct key_change **out)
{
	struct key_line *was, *is, *gone, *come;
	size_t nwas = key_lines(a, old, &was), nis = key_lines(a, now, &is), n = 0, ngone, ncome;
	struct key_change *v = arena_array(a, nwas + nis + 1, sizeof *v);

	gone = arena_array(a, nwas + 1, sizeof *gone);
	come = arena_array(a, nis + 1, sizeof *come);
	ngone = leave_own(was, nwas, is, nis, gone);
	ncome = leave_own(is, nis, was, nwas, come);
	for (size_t i = 0; i < ncome; i++) {
		v[n] = (struct key_change){ .what = come[i].what, .is = come[i].value };
		for (size_t j = 0; j < ngone && !v[n].was; j++)
			if (gone[j].what && !strcmp(gone[j].what, come[i].what)) {
				v[n].was = gone[j].value;
				gone[j].what = NULL; /* told of */
			}
		n++;
	}
	for (size_t j = 0; j < ngone; j++)
		if (gone[j].what)
			v[n++] = (struct key_change){ .what = gone[j].what, .was = gone[j].value };
	*out = v;
	return n;
}

const char *
key_value_shown(struct arena *a, const char *value)
{
	const char *blank = strrchr(value, ' '), *last = blank ? blank + 1 : value;
	size_t n = strlen(last);

	if (!strncmp(value, "$6$", 3)) /* a password's hash is nobody's business */
		return arena_printf(a, "%.8s..", value);
	if (n != DIGEST_HEX - 1 || strspn(last, "0123456789abcdef") != n)
		return *value ? value : "(empty)";
	return arena_printf(a, "%.*s%.8s..", (int)(last - value), value, last);
}

void
key_change_add(struct arena *a, const struct key_change *c, unsigned depth, struct buf *out)
{
	buf_addf(out, "%*s%s: ", (int)(2 * depth), "", c->what);
	if (!c->was)
		buf_adds(out, "new\n");
	else if (!c->is)
		buf_adds(out, "gone\n");
	else
		buf_addf(out, "%s -> %s\n", key_value_shown(a, c->was), key_value_shown(a, c->is));
}

bool
key_diff_add(struct arena *a, const char *old, const char *now, unsigned depth, struct buf *out)
{
	struct key_change *v;
	size_t n = key_diff(a, old, now, &v);

	for (size_t i = 0; i < n; i++)
		key_change_add(a, &v[i], depth, out);
	return n > 0;
}

const char *
key_first_change(struct arena *a, const char *old, const char *now)
{
	struct key_change *v;

	if (!key_diff(a, old, now, &v))
		return NULL;
	return arena_printf(a, "%s %s", v->what,
	    !v->was  ? "is new"
	    : !v->is ? "is gone"
		     : "changed");
}
