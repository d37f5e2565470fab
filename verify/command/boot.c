/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/command.h"
#include "verify/droproot.h"
#include "verify/guest/interactive.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/trust.h"

#include <string.h>
#include <unistd.h>

/* without one, what ./make leaves beside bin/ */
static int
choose_manifest(struct arena *a, const struct options *o, const char **out, struct err *e)
{
	if (o->nwords > 1)
		return fail_usage(e, "boot: %s: one manifest at a time", o->words[1]);
	if (o->nwords) {
		*out = o->words[0];
		return 0;
	}
	if (options_beside(a, "../output/manifest", out, e) < 0)
		return -1;
	return access(*out, F_OK) < 0
		   ? fail_usage(e, "boot: no image in output/; run ./make, or name a manifest")
		   : 0;
}

int
command_boot(struct arena *a, struct options *o, struct err *e)
{
	/* no probe: a person sees whether it boots, and may choose otherwise */
	struct interactive_opts how = { .accel = strcmp(o->accel, "auto") ? o->accel : "tcg",
		.disk = o->disk,
		.share = o->share,
		.boot = o->boot,
		.memory = o->memory,
		.cpus = o->cpus,
		.port = o->port,
		.print = o->print,
		.trust = trust_asked(o) };
	const char *manifest;

	if (choose_manifest(a, o, &manifest, e) < 0 || image_manifest_given(manifest, e) < 0 ||
	    droproot_to_owner_of(manifest, NULL, e) < 0)
		return -1;
	return interactive_boot(a, manifest, &how, e);
}
