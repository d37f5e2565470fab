/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/listing.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "verify/image/image.h"
#include "verify/play/matrix.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>

void
listing_text(struct buf *out, const struct matrix *m)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct matrix_testcase *c = &m->v[i];

		buf_addf(out, "%s %s %s%s%s\n", c->image->m.arch, c->image->net, c->scenario->name,
		    c->skip ? "   skip: " : "", c->skip ? c->skip : "");
	}
}

/*
 * RFC 8259; a byte that is not ASCII is taken for its own code point, so that the result is always
 * valid
 */
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
add_testcase(struct buf *b, const struct matrix_testcase *c, bool skips)
{
	const struct {
		const char *name, *value;
	} members[] = {
		{ "manifest", c->image->path },
		{ "triple", c->image->m.triple },
		{ "arch", c->image->m.arch },
		{ "profile", c->image->m.profile },
		{ "set", c->image->m.set },
		{ "net", c->image->net },
		{ "scenario", c->scenario->name },
		{ "skip", c->skip },
	};

	for (size_t i = 0; i < sizeof members / sizeof *members - !skips; i++) {
		buf_addf(b, "%s\"%s\": ", i ? ", " : "{", members[i].name);
		add_string(b, members[i].value);
	}
	buf_adds(b, "}");
}

void
listing_json(struct buf *out, const struct matrix *m)
{
	buf_adds(out, "{\"test cases\": [");
	for (size_t i = 0; i < m->n; i++) {
		buf_adds(out, i ? ",\n" : "\n");
		add_testcase(out, &m->v[i], true);
	}
	buf_adds(out, "\n]}\n");
}

void
listing_github(struct buf *out, const struct matrix *m)
{
	size_t n = 0;

	buf_adds(out, "{\"include\": [");
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].skip)
			continue;
		buf_adds(out, n++ ? ", " : "");
		add_testcase(out, &m->v[i], false);
	}
	buf_adds(out, "]}\n");
}

/* what is text in JSON is the same text in YAML 1.2 */
void
listing_gitlab(struct buf *out, const struct matrix *m)
{
	const struct image *image = NULL;

	buf_adds(out,
	    "verify:\n"
	    "  script:\n"
	    "    - bin/lh-verify run -o \"runs/$CI_NODE_INDEX\" -s \"$SCENARIO\" \"$MANIFEST\"\n"
	    "  artifacts:\n"
	    "    when: always\n"
	    "    paths: [runs]\n"
	    "    reports:\n"
	    "      junit: runs/*/junit.xml\n"
	    "  parallel:\n"
	    "    matrix:\n");
	/* test cases of one image follow each other */
	for (size_t i = 0; i < m->n; i++) {
		const struct matrix_testcase *c = &m->v[i];

		if (c->skip)
			continue;
		if (c->image != image) {
			buf_adds(out, "      - MANIFEST: ");
			add_string(out, c->image->path);
			buf_adds(out, "\n        SCENARIO:\n");
			image = c->image;
		}
		buf_adds(out, "          - ");
		add_string(out, c->scenario->name);
		buf_adds(out, "\n");
	}
}

void
listing_slurm(struct buf *out, const struct matrix *m)
{
	struct arena *a = arena_new();
	struct buf tasks = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct argv v = { .a = a };

		if (m->v[i].skip)
			continue;
		argv_pushv(&v, m->v[i].scenario->name, m->v[i].image->path, NULL);
		buf_addf(&tasks, "%zu) set -- %s ;;\n", ++n, argv_quoted(&v));
	}
	buf_addf(out,
	    "#!/bin/sh\n"
	    "#SBATCH --job-name=lh-verify\n"
	    "#SBATCH --array=1-%zu\n"
	    "# where bin/lh-verify and the images are; and when all tasks have ended:\n"
	    "#   bin/lh-verify merge -o report $(seq -f runs/%%.0f %zu)\n"
	    "case $SLURM_ARRAY_TASK_ID in\n"
	    "%s"
	    "*) exit 100 ;;\n"
	    "esac\n"
	    "exec bin/lh-verify run -o \"runs/$SLURM_ARRAY_TASK_ID\" -s \"$1\" \"$2\"\n",
	    n, n, n ? tasks.p : "");
	buf_free(&tasks);
	arena_free(a);
}
