/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/again.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/manifest.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lane.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/report/result.h"
#include "verify/trust.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* as somebody who is here would type it */
static const char *
from_here(struct arena *a, const char *path)
{
	char here[PATH_MAX];
	size_t n = getcwd(here, sizeof here) ? strlen(here) : 0;

	return sh_quoted(
	    a, n > 1 && !strncmp(path, here, n) && path[n] == '/' ? path + n + 1 : path);
}

/* what is ours by where it is needs no word for it */
static bool
is_ours(struct arena *a, const char *manifest)
{
	struct manifest m;
	struct err ignored;

	return manifest_read(a, manifest, &m, &ignored) == 0 &&
	       trust_settle(&m, manifest, TRUST_BY_PLACE, &ignored) == 0 && !m.untrusted;
}

/* -s SCENARIO, options, and what is between them and the manifest */
static const char *
words_of(struct arena *a, const struct options *asked, const char *more, const char *out,
    const struct image *i, const char *scenario)
{
	struct options one = *asked, *o = &one;

	if (o->boot)
		o->boot = lane_of(&i->m);
	if (o->bus)
		o->bus = bus_of(i->m.disk_bus)->name;
	if (o->nic)
		o->nic = nic_of(i->m.nic)->name;
	return arena_printf(a, "-s %s%s%s%s %s", sh_quoted(a, scenario), more,
	    options_again(a, o, !is_ours(a, i->path)), out, from_here(a, i->path));
}

static const char *
command(struct arena *a, const struct options *o, const char *name, const char *more,
    const struct image *i, const char *scenario)
{
	const char *usual = outdir_choose(a, NULL, i->path);
	const char *out = o->out && strcmp(o->out, usual) != 0 && strcmp(name, "step") != 0
			      ? arena_printf(a, " -o %s", from_here(a, o->out))
			      : "";

	return arena_printf(
	    a, "%s %s %s", sh_quoted(a, o->program), name, words_of(a, o, more, out, i, scenario));
}

const char *
again_words(struct arena *a, const struct options *o, const struct image *i, const char *scenario)
{
	return words_of(a, o, "", "", i, scenario);
}

const char *
again_run(struct arena *a, const struct options *o, const struct image *i, const char *scenario)
{
	return command(a, o, "run", "", i, scenario);
}

/* of the scenario's own; 0: it failed of something else */
static unsigned
failed_line(const struct testcase_result *r)
{
	const char *where = r->failure.where;
	size_t n = strlen(r->scenario_path);

	return where && !strncmp(where, r->scenario_path, n) && where[n] == ':'
		   ? (unsigned)strtoul(where + n + 1, NULL, 10)
		   : 0;
}

const char *
again_open(struct arena *a, const struct options *o, const struct image *i,
    const struct testcase_result *r)
{
	unsigned line = failed_line(r);

	if (r->verdict != VERDICT_FAIL)
		return NULL;
	if (r->capsule)
		return arena_printf(a, "%s resume %s%s", sh_quoted(a, o->program),
		    trust_place(r->dir) ? "" : "--trusted ", from_here(a, r->dir));
	if (!line || r->offline)
		return NULL;
	return command(a, o, "step", arena_printf(a, " --until %u", line), i, r->scenario);
}
