/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/listing.h"

#include "build/base/buf.h"
#include "verify/image.h"
#include "verify/matrix.h"
#include "verify/scenario.h"

#include <stddef.h>

void
listing_text(struct buf *out, const struct matrix *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct matrix_cell *c = &m->v[i];

		buf_addf(out, "%s %s %s%s%s\n", c->image->m.arch, c->image->m.net, c->scenario->name, c->skip ? "   skip: " : "", c->skip ? c->skip : "");
	}
}

/* RFC 8259; a byte that is not ASCII is taken for its own code point, so that the result is always valid */
static void
add_string(struct buf *b, const char *s)
{
	if (!s) {
		buf_adds(b, "null");
		return;
	}
	buf_adds(b, "\"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			buf_addf(b, "\\%c", *s);
		else if (*s < ' ' || *s > '~')
			buf_addf(b, "\\u%04x", (unsigned char)*s);
		else
			buf_add(b, s, 1);
	buf_adds(b, "\"");
}

static void
add_cell(struct buf *b, const struct matrix_cell *c)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "manifest", c->image->path },
		{ "triple", c->image->m.triple },
		{ "arch", c->image->m.arch },
		{ "profile", c->image->m.profile },
		{ "set", c->image->m.set },
		{ "net", c->image->m.net },
		{ "scenario", c->scenario->name },
		{ "skip", c->skip },
	};

	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		buf_addf(b, "%s\"%s\": ", i ? ", " : "{", members[i].name);
		add_string(b, members[i].value);
	}
	buf_adds(b, "}");
}

void
listing_json(struct buf *out, const struct matrix *m)
{
	buf_adds(out, "{\"cells\": [");
	for (size_t i = 0; i < m->n; i++) {
		buf_adds(out, i ? ",\n" : "\n");
		add_cell(out, &m->v[i]);
	}
	buf_adds(out, "\n]}\n");
}
