/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/unused.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/plan/plan.h"
#include "build/plan/recipe.h"
#include "build/source/heads.h"

#include <string.h>

const char *
unused_why(
    struct arena *a, const struct config *cfg, const struct plan *p, const struct config_var *var)
{
	const struct node *n = p->v;

	if (!config_of_package(var->name, NULL) || !*var->value)
		return NULL;
	while (n < p->v + p->n && !config_of_package(var->name, n->origin->name))
		n++;
	if (n == p->v + p->n)
		return arena_printf(a,
		    "profile %s does not build that package; leave it out, or see PROFILE and "
		    "PACKAGES",
		    p->profile);
	if (!strncmp(var->name, "HEAD_", 5) && !heads_chose(cfg, n->origin->name))
		return arena_printf(a,
		    "the package is not built from HEAD of its clone; leave it out, or set "
		    "VERSION_%s=HEAD",
		    var->name + 5);
	return NULL;
}
