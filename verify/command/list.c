/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "verify/command/command.h"
#include "verify/command/suite.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/play/listing.h"
#include "verify/play/matrix.h"
#include "verify/play/plan.h"
#include "verify/scenario/scenario.h"
#include "verify/trust.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	listing *print;
} formats[] = { { "text", listing_text }, { "json", listing_json }, { "github", listing_github },
	{ "gitlab", listing_gitlab }, { "slurm", listing_slurm }, { "plan", listing_plan } };

/* no array of Slurm's, and no matrix of GitLab's, is without a task */
static int
check_tasks(const struct matrix *m, const char *format, struct err *e)
{
	if (strcmp(format, "slurm") != 0 && strcmp(format, "gitlab") != 0)
		return 0;
	for (size_t i = 0; i < m->n; i++)
		if (!m->v[i].skip)
			return 0;
	return fail_usage(e, "--format %s: every test case is skipped, there is no task", format);
}

int
command_matrix(struct arena *a, struct options *o, struct err *e)
{
	struct suite s;
	struct image *images;
	struct buf b = { 0 };
	struct matrix m;
	size_t n = o->nwords;

	if (!o->nwords)
		return fail_usage(e, "matrix: needs a manifest; see lh-verify --help");
	if (suite_read(a, o, &s, e) < 0 ||
	    image_open_all(a, o->words, n, "", trust_asked(o), &images, e) < 0 ||
	    image_lanes(a, &(struct image_ways){ o->boot, o->bus, o->nic }, "", &images, &n, e) <
		0 ||
	    matrix_make(a, images, n, s.v, s.n, &(struct matrix_choice){ o->only.v, o->lanes.v },
		&m, e) < 0 ||
	    check_tasks(&m, o->format, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (!strcmp(o->format, formats[i].name))
			formats[i].print(&b, &m, &(struct listing_how){ o, plan_name(a) });
	log_stdout(b.n ? b.p : "");
	buf_free(&b);
	return 0;
}

int
command_list(struct arena *a, struct options *o, struct err *e)
{
	const struct matrix_choice choice = { o->only.v, o->lanes.n ? o->lanes.v : scenario_lanes };
	struct suite s;

	if (o->nwords)
		return command_matrix(a, o, e);
	if (strcmp(o->format, "text") != 0)
		return fail_usage(e, "list: --format %s: needs a manifest", o->format);
	if (suite_read(a, o, &s, e) < 0 || matrix_check_choice(a, s.v, s.n, &choice, e) < 0)
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (matrix_wants(&s.v[i], &choice))
			log_stdout(arena_printf(a, "%-16s %s%s\n", s.v[i].name, s.v[i].title,
			    strcmp(s.v[i].lane, *scenario_lanes)
				? arena_printf(a, " (lane %s)", s.v[i].lane)
				: ""));
	return 0;
}
