/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/command.h"
#include "verify/droproot.h"
#include "verify/guest/interactive.h"
#include "verify/image/image.h"
#include "verify/options.h"

#include <string.h>

int
command_boot(struct arena *a, struct options *o, struct err *e)
{
	if (!o->nwords)
		return fail_usage(e, "boot: needs a manifest; see lh-verify --help");
	if (image_manifest_given(o->words[0], e) < 0 ||
	    droproot_to_owner_of(o->words[0], NULL, e) < 0)
		return -1;
	/* no probe: a person sees whether it boots, and may choose otherwise */
	return interactive_boot(
	    a, o->words[0], strcmp(o->accel, "auto") ? o->accel : "tcg", o->print, e);
}
