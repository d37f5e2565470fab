/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/again.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/manifest.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/trust.h"

#include <string.h>

/* what is ours by where it is needs no word for it */
static bool
is_ours(struct arena *a, const char *manifest)
{
	struct manifest m;
	struct err ignored;

	return manifest_read(a, manifest, &m, &ignored) == 0 &&
	       trust_settle(&m, manifest, TRUST_BY_PLACE, &ignored) == 0 && !m.untrusted;
}

static const char *
command(struct arena *a, const struct options *o, const char *name, const char *manifest,
    const char *scenario)
{
	const char *usual = outdir_choose(a, NULL, manifest);
	const char *out = o->out && strcmp(o->out, usual) != 0
			      ? arena_printf(a, " -o %s", sh_quoted(a, o->out))
			      : "";

	return arena_printf(a, "%s %s -s %s%s%s %s", sh_quoted(a, o->program), name,
	    sh_quoted(a, scenario), options_again(a, o, !is_ours(a, manifest)), out,
	    sh_quoted(a, manifest));
}

const char *
again_run(struct arena *a, const struct options *o, const char *manifest, const char *scenario)
{
	return command(a, o, "run", manifest, scenario);
}
