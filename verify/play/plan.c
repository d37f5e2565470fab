/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/plan.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/version.h"
#include "build/files/manifest.h"
#include "verify/guest/nonce.h"
#include "verify/image/image.h"
#include "verify/play/matrix.h"
#include "verify/play/verb.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"
#include "verify/scenario/scenario.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* what the scenario will keep: known before it runs, so that it can be missed */
static void
promise(struct arena *a, const struct scenario *s, struct testcase_result *out)
{
	for (size_t i = 0; i < s->nsteps; i++) {
		const struct verb *v = s->steps[i].form->row;

		if (!v->keeps)
			continue;
		out->kept = arena_more(a, out->kept, out->nkept, sizeof *out->kept);
		out->kept[out->nkept++] = (struct kept){ .subject = v->keeps(&s->steps[i]) };
	}
}

void
plan_testcase(struct arena *a, const struct matrix_testcase *what, struct testcase_result *out)
{
	const struct manifest *m = &what->image->m;
	const struct matrix_variant *v = what->variant;

	*out = (struct testcase_result){
		.arch = m->arch,
		.net = what->image->net,
		.profile = m->profile,
		.set = m->set,
		.scenario = v ? v->name : what->scenario->name,
		.title = v ? v->title : what->scenario->title,
		.scenario_path = v ? v->path : what->scenario->path,
		.image = m->image_digest,
		.kernel = m->kernel_sha256,
		.offline = what->scenario->offline,
		.verdict = what->skip ? VERDICT_SKIP : VERDICT_INCONCLUSIVE,
		.reason = what->skip ? what->skip : RESULT_UNJUDGED,
		.differs = m->differs,
		.ndiffers = m->ndiffers,
	};
	if (!v)
		promise(a, what->scenario, out);
}

const char *
plan_name(struct arena *a)
{
	char day[16], word[NONCE_SIZE];
	time_t now = time(NULL);
	struct tm tm;

	strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&now, &tm));
	nonce_make(word);
	return arena_printf(a, "%s-%s", day, word);
}

void
plan_text(struct arena *a, const struct matrix *m, const char *name, struct buf *out)
{
	struct testcase_result *v = arena_array(a, m->n + 1, sizeof *v);

	for (size_t i = 0; i < m->n; i++)
		plan_testcase(a, &m->v[i], &v[i]);
	results_text(
	    a, "", v, m->n, &(struct report_head){ .version = lh_version, .plan = name }, out);
}

static const struct testcase_result *
find(const struct testcase_result *v, size_t n, const struct testcase_result *of)
{
	for (size_t i = 0; i < n; i++)
		if (results_same_testcase(&v[i], of))
			return &v[i];
	return NULL;
}

int
plan_join(
    struct arena *a, const char *path, const struct matrix *m, const char **name, struct err *e)
{
	struct testcase_result *v;
	struct report_head head;
	size_t n;

	if (results_read_file(a, path, &v, &n, &head, e) < 0)
		return -1;
	if (!head.plan)
		return fail_usage(e, "%s: no plan; lh-verify matrix --format=plan makes one", path);
	if (!head.version || strcmp(head.version, lh_version) != 0)
		return fail_usage(e, "%s: made by lh-verify %s, and this is %s", path,
		    head.version ? head.version : "?", lh_version);
	for (size_t i = 0; i < m->n; i++) {
		struct testcase_result here;
		const struct testcase_result *planned;

		plan_testcase(a, &m->v[i], &here);
		if (here.verdict == VERDICT_SKIP)
			continue;
		planned = find(v, n, &here);
		if (!planned)
			return fail_usage(e, "%s does not plan %s %s %s", path, here.arch, here.net,
			    here.scenario);
		if (results_other_image(planned, &here))
			return fail_usage(e, "%s plans %s %s with another image than %s", path,
			    here.arch, here.net, m->v[i].image->path);
	}
	*name = head.plan;
	return 0;
}
