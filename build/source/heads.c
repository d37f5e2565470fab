/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/heads.h"

#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/plan/recipe.h"

#include <stdbool.h>
#include <string.h>

const char heads_from[] = "version HEAD";

static bool
is_head(const struct config *cfg, const struct set *set, const char *package)
{
	const char *asked = config_version(cfg, package),
		   *version = asked ? asked : set_version(set, package);

	return version && !strcmp(version, "HEAD") && !config_override(cfg, package);
}

/* the clone, where GIT_MIRROR has the name in place of its %s */
static int
find_clone(struct arena *a, const struct config *cfg, const char *package, const char **clone,
    struct err *e)
{
	const char *mark = strstr(cfg->git_mirror, "%s");

	if (!mark)
		return fail_usage(e,
		    "%s HEAD: set GIT_MIRROR to where the clones are, such as /srv/git/%%s",
		    package);
	*clone = arena_printf(
	    a, "%.*s%s%s", (int)(mark - cfg->git_mirror), cfg->git_mirror, package, mark + 2);
	return file_isdir(*clone) ? 0
				  : fail_usage(e,
					"%s HEAD: GIT_MIRROR: no clone %s; make it, or set "
					"OVERRIDE_name or VERSION_name for this package",
					package, *clone);
}

static int
choose(struct arena *a, struct config *cfg, const char *package, struct err *e)
{
	const char *branch = config_branch(cfg, package), *clone = NULL;
	char *commit;
	struct err why;

	if (find_clone(a, cfg, package, &clone, e) < 0)
		return -1;
	if (git_id(a, clone, arena_printf(a, "%s^{commit}", branch ? branch : "HEAD"), &commit,
		&why) < 0)
		return fail_usage(e, "%s HEAD: %s", package, why.msg);
	config_set_override(
	    a, cfg, package, arena_printf(a, "git:%s@%s", clone, commit), heads_from);
	return 0;
}

int
heads_choose(struct arena *a, struct config *cfg, const struct recipes *r, const struct set *set,
    struct err *e)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->v[i].nversions && is_head(cfg, set, r->v[i].name) &&
		    choose(a, cfg, r->v[i].name, e) < 0)
			return -1;
	return 0;
}

bool
heads_chose(const struct config *cfg, const char *package)
{
	for (size_t i = 0; i < cfg->nvars; i++)
		if (cfg->vars[i].from == heads_from &&
		    config_of_package(cfg->vars[i].name, package))
			return true;
	return false;
}
