/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/encoding.h"

#include "build/base/arena.h"
#include "build/files/lines.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct encodings {
	struct encoding {
		uint32_t value, mask;
		size_t size; /* bytes: 2 or 4 */
	} * v;
	size_t n, step;
};

bool
encodings_are(const char *rule)
{
	return rule[0] == '!' && strchr(rule, '/') != NULL;
}

/* how many hexadecimal digits s begins with */
static size_t
digits(const char *s)
{
	size_t n = 0;

	while (isxdigit((unsigned char)s[n]))
		n++;
	return n;
}

static int
read_word(const char *word, struct encoding *out, struct err *e)
{
	const char *value = word + 1, *mask;
	size_t n = digits(value);

	mask = value + n + 1;
	if (*word != '!' || (n != 4 && n != 8) || value[n] != '/' || digits(mask) != n || mask[n])
		return fail_usage(
		    e, "refuse %s: not !VALUE/MASK, of 4 or of 8 hexadecimal digits each", word);
	*out = (struct encoding){ .value = (uint32_t)strtoul(value, NULL, 16),
		.mask = (uint32_t)strtoul(mask, NULL, 16),
		.size = n / 2 };
	if (out->value & ~out->mask)
		return fail_usage(
		    e, "refuse %s: nothing can be so: the value has bits beyond its mask", word);
	return 0;
}

int
encodings_read(struct arena *a, const char *rule, struct encodings **out, struct err *e)
{
	struct encodings *c = arena_alloc(a, sizeof *c);
	char *rest = arena_strdup(a, rule), *word;

	while ((word = word_next(&rest))) {
		struct encoding x;

		if (read_word(word, &x, e) < 0)
			return -1;
		if (!c->n || x.size < c->step)
			c->step = x.size;
		c->v = arena_more(a, c->v, c->n, sizeof x);
		c->v[c->n++] = x;
	}
	*out = c;
	return 0;
}

size_t
encodings_fit(const struct encodings *c, const unsigned char *p, size_t n)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < n && i < sizeof bits; i++)
		bits |= (uint32_t)p[i] << 8 * i;
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].size <= n && (bits & c->v[i].mask) == c->v[i].value)
			return c->v[i].size;
	return 0;
}

size_t
encodings_step(const struct encodings *c)
{
	return c->step;
}
