/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/listing.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lane.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/play/again.h"
#include "verify/play/matrix.h"
#include "verify/play/plan.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>

void
listing_text(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	(void)how;
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
		{ "boot", lane_of(&c->image->m) },
		{ "bus", bus_of(c->image->m.disk_bus)->name },
		{ "nic", nic_of(c->image->m.nic)->name },
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
listing_json(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	(void)how;
	buf_adds(out, "{\"test cases\": [");
	for (size_t i = 0; i < m->n; i++) {
		buf_adds(out, i ? ",\n" : "\n");
		add_testcase(out, &m->v[i], true);
	}
	buf_adds(out, "\n]}\n");
}

void
listing_github(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	size_t n = 0;

	(void)how;
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
listing_gitlab(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	const struct image *image = NULL;
	/* else each image is started in its own way */
	bool boot = how->asked->boot, bus = how->asked->bus, nic = how->asked->nic;

	buf_addf(out,
	    "verify:\n"
	    "  script:\n"
	    "    - bin/lh-verify run -o \"runs/$CI_NODE_INDEX\"%s%s%s -s \"$SCENARIO\" "
	    "\"$MANIFEST\"\n"
	    "  artifacts:\n"
	    "    when: always\n"
	    "    paths: [runs]\n"
	    "    reports:\n"
	    "      junit: runs/*/junit.xml\n"
	    "  parallel:\n"
	    "    matrix:\n",
	    boot ? " --boot \"$BOOT\"" : "", bus ? " --bus \"$BUS\"" : "",
	    nic ? " --nic \"$NIC\"" : "");
	/* test cases of one image follow each other */
	for (size_t i = 0; i < m->n; i++) {
		const struct matrix_testcase *c = &m->v[i];

		if (c->skip)
			continue;
		if (c->image != image) {
			buf_adds(out, "      - MANIFEST: ");
			add_string(out, c->image->path);
			if (boot)
				buf_addf(out, "\n        BOOT: %s", lane_of(&c->image->m));
			if (bus)
				buf_addf(
				    out, "\n        BUS: %s", bus_of(c->image->m.disk_bus)->name);
			if (nic)
				buf_addf(out, "\n        NIC: %s", nic_of(c->image->m.nic)->name);
			buf_adds(out, "\n        SCENARIO:\n");
			image = c->image;
		}
		buf_adds(out, "          - ");
		add_string(out, c->scenario->name);
		buf_adds(out, "\n");
	}
}

/* what is in the script of a task, but for the test cases and the plan */
static const char task_head[] =
    "#!/bin/sh\n"
    "#SBATCH --job-name=lh-verify\n"
    "#SBATCH --array=1-%zu\n"
    "#SBATCH --requeue\n"
    "#SBATCH --output=/dev/null\n"
    "# For sbatch(1), where the program and the images are, on a filesystem that all nodes have.\n"
    "# Each task has folders of its own.  Submitted again, it plays what has no verdict yet.\n"
    "# When all tasks have ended:\n"
    "#   lh-verify merge -o report runs/%s\n"
    "task=$SLURM_ARRAY_TASK_ID runs=runs/%s\n"
    "case $task in\n";
static const char task_body[] =
    "*) exit 100 ;;\n"
    "esac\n"
    "if grep -Eqsx 'verdict (pass|fail)' \"$runs/$task\"-*/results; then exit 0; fi\n"
    "own=$runs/$task-$SLURM_JOB_ID.${SLURM_RESTART_COUNT-0}\n"
    "mkdir -p \"$own\" || exit 125\n"
    "plan() {\n"
    "\tcat >\"$own/plan\" && mv \"$own/plan\" \"$runs/plan\"\n"
    "}\n"
    "[ -s \"$runs/plan\" ] || plan <<'END' || exit 125\n";
static const char task_tail[] =
    "END\n"
    "exec %s run --plan \"$runs/plan\" -o \"$own\" \"$@\" >\"$own/log\" 2>&1\n";

void
listing_slurm(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	struct arena *a = arena_new();
	const char *program = sh_quoted(a, how->asked->program);
	struct buf tasks = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].skip)
			buf_addf(&tasks, "%zu) set -- %s ;;\n", ++n,
			    again_words(a, how->asked, m->v[i].image, m->v[i].scenario->name));
	buf_addf(out, task_head, n, how->plan, how->plan);
	buf_adds(out, n ? tasks.p : "");
	buf_adds(out, task_body);
	plan_text(a, m, how->plan, out);
	buf_addf(out, task_tail, program);
	buf_free(&tasks);
	arena_free(a);
}

void
listing_plan(struct buf *out, const struct matrix *m, const struct listing_how *how)
{
	struct arena *a = arena_new();

	plan_text(a, m, how->plan, out);
	arena_free(a);
}
