/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/gather.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/history/past.h"
#include "verify/image/record.h"
#include "verify/report/chart.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char *
or_dash(const char *s)
{
	return s && *s ? s : "-";
}

/* ---- images ---- */

static void
take_packages(struct arena *a, const struct manifest *m, struct past_image *im)
{
	im->packages = arena_array(a, m->npackages + 1, sizeof *im->packages);
	for (size_t i = 0; i < m->npackages; i++) {
		const struct man_package *p = &m->packages[i];

		im->packages[im->npackages++] = (struct past_package){ .name = p->name,
			.version = p->modified && !p->commit
				       ? arena_printf(a, "%s, changed", p->version)
				       : p->version,
			.key = p->key,
			.commit = p->commit };
	}
}

static int
take_sizes(struct arena *a, const char *path, struct past_image *im, struct err *e)
{
	struct record_size *v;
	size_t n;

	if (record_sizes(a, path, &v, &n, e) < 0)
		return -1;
	im->sizes = arena_array(a, n + 1, sizeof *im->sizes);
	for (size_t i = 0; i < n; i++)
		im->sizes[im->nsizes++] = (struct past_size){ v[i].name, v[i].bytes };
	return 0;
}

static int
read_image(struct arena *a, const char *folder, const struct testcase_result *c,
    struct past_image *im, struct err *e)
{
	const char *path = arena_printf(a, "%s/manifest", folder);
	char hex[DIGEST_HEX];
	struct manifest m;

	if (digest_file(path, hex, e) < 0 || manifest_read(a, path, &m, e) < 0)
		return -1;
	if (c->image && m.image_digest && strcmp(c->image, m.image_digest) != 0)
		return fail_usage(e,
		    "%s: of another image than the results beside it; verify that one again", path);
	*im = (struct past_image){ .digest = arena_strdup(a, hex),
		.arch = c->arch,
		.triple = m.triple,
		.net = c->net,
		.profile = or_dash(m.profile),
		.set = or_dash(m.set),
		.image = m.image_digest,
		.kernel = m.kernel_sha256 };
	take_packages(a, &m, im);
	return take_sizes(a, arena_printf(a, "%s/sizes", folder), im, e);
}

static size_t
find_image(const struct past *p, const struct testcase_result *c)
{
	for (size_t i = 0; i < p->nimages; i++)
		if (!strcmp(p->images[i].arch, c->arch) && !strcmp(p->images[i].net, c->net))
			return i;
	return PAST_NONE;
}

/* each once, in the order of the results */
static int
take_image(struct arena *a, const char *dir, const struct testcase_result *c, struct past *p,
    struct err *e)
{
	const char *folder = arena_printf(a, "%s/%s/%s", dir, c->arch, c->net);

	if (c->comparison || find_image(p, c) != PAST_NONE ||
	    !file_exists(arena_printf(a, "%s/manifest", folder)))
		return 0;
	p->images = arena_more(a, p->images, p->nimages, sizeof *p->images);
	if (read_image(a, folder, c, &p->images[p->nimages], e) < 0)
		return -1;
	p->nimages++;
	return 0;
}

/* ---- results ---- */

static const char *
what_of(const struct testcase_result *c)
{
	if (c->verdict == VERDICT_PASS)
		return NULL;
	return c->failure.what ? c->failure.what : c->reason;
}

static void
take_result(struct arena *a, const struct testcase_result *c, bool cold, struct past *p)
{
	const char *name = arena_printf(a, "%s/%s/%s/%s/%s%s", c->arch, c->net, or_dash(c->profile),
	    or_dash(c->set), c->scenario, cold ? PAST_COLD : "");

	p->cases = arena_more(a, p->cases, p->ncases, sizeof *p->cases);
	p->cases[p->ncases] = past_case_of(a, name);
	p->results = arena_more(a, p->results, p->nresults, sizeof *p->results);
	p->results[p->nresults++] = (struct past_result){ .testcase = p->ncases++,
		.image = c->comparison ? PAST_NONE : find_image(p, c),
		.verdict = c->verdict,
		.took = c->took,
		.booted = c->booted,
		.from = c->from,
		.what = what_of(c) };
}

static bool
has_phase(const struct past *p, size_t image, const char *name)
{
	for (size_t i = 0; i < p->nphases; i++)
		if (p->phases[i].image == image && !strcmp(p->phases[i].name, name))
			return true;
	return false;
}

static void
take_phases(struct arena *a, const struct testcase_result *c, struct past *p)
{
	size_t image = find_image(p, c), n;
	struct chart_phase *v;

	if (!c->chart || image == PAST_NONE)
		return;
	n = chart_phases(a, c->chart, &v);
	for (size_t i = 0; i < n; i++) {
		if (has_phase(p, image, v[i].name))
			continue;
		p->phases = arena_more(a, p->phases, p->nphases, sizeof *p->phases);
		p->phases[p->nphases++] =
		    (struct past_phase){ .image = image, .name = v[i].name, .took = v[i].took };
	}
}

static int
take_run(
    struct arena *a, const char *dir, const struct report_head *h, struct past *p, struct err *e)
{
	const char *path = arena_printf(a, "%s/results", dir);
	char hex[DIGEST_HEX], night[11], full[PATH_MAX];

	if (digest_file(path, hex, e) < 0)
		return -1;
	if (!past_night(h->date, night))
		return fail_usage(e, "%s: %s: no date as 2026-11-26T23:51:19Z; verify again", path,
		    h->date ? h->date : "none");
	if (!realpath(dir, full))
		return fail_errno(e, "%s", dir);
	p->runs = arena_alloc(a, sizeof *p->runs);
	p->nruns = 1;
	*p->runs = (struct past_run){ .digest = arena_strdup(a, hex),
		.night = arena_strdup(a, night),
		.began = h->date,
		.program = h->version,
		.host = h->host,
		.accel = h->accel,
		.dir = arena_strdup(a, full),
		.took = h->took };
	return 0;
}

/*
 * `results` is there before the first guest is, for whoever kills the run: what is still planned in
 * it was neither judged nor inconclusive
 */
static bool
has_ended(const struct testcase_result *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].verdict == VERDICT_INCONCLUSIVE && v[i].reason &&
		    !strcmp(v[i].reason, RESULT_UNJUDGED))
			return false;
	return true;
}

int
gather_run(struct arena *a, const char *dir, struct past *out, struct err *e)
{
	struct testcase_result *v;
	struct report_head h;
	size_t n;

	*out = (struct past){ 0 };
	if (!file_exists(arena_printf(a, "%s/results", dir)))
		return fail_usage(e, "%s: no folder of a finished run: it has no results", dir);
	if (results_read(a, dir, &v, &n, &h, e) < 0)
		return -1;
	if (!has_ended(v, n))
		return 1;
	if (take_run(a, dir, &h, out, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (take_image(a, dir, &v[i], out, e) < 0)
			return -1;
	for (size_t i = 0; i < n; i++) {
		take_result(a, &v[i], h.cold != NULL, out);
		take_phases(a, &v[i], out);
	}
	if (!out->nimages)
		log_warn("%s: no manifest in ARCH/NET/ there: what was judged was made of is not "
			 "known",
		    dir);
	return 0;
}
