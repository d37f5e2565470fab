/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/clean.h"

#include "build/base/user.h"
#include "build/command/cli.h"
#include "build/command/downloads.h"
#include "build/config/config.h"
#include "build/config/output.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

struct cleaning {
	struct arena *a;
	const struct config *cfg;
	bool all;
};

static int
remove_content(void *arg, struct err *e)
{
	const struct cleaning *c = arg;
	struct downloads d = { 0 };

	if (c->all && downloads_list(c->a, c->cfg, &d, e) < 0)
		return -1;
	if (output_clean(c->a, c->cfg, c->all, e) < 0)
		return -1;
	return c->all ? downloads_drop(c->a, c->cfg, &d, e) : 0;
}

/* an empty folder that is not NORMALUSER's was none of OUTPUT */
static int
remove_folder(void *arg, struct err *e)
{
	const struct config *cfg = arg;
	struct stat st;

	if (lstat(cfg->output, &st) == 0 && getuid() == 0 && st.st_uid != cfg->uid)
		return 0;
	if (rmdir(cfg->output) < 0 && errno != ENOENT)
		return fail_errno(e, "OUTPUT %s", cfg->output);
	return 0;
}

/*
 * root removes nothing itself in a folder where NORMALUSER may put symlinks; the empty folder goes
 * as who named it could remove it
 */
static int
clean(const struct request *rq, bool all, struct err *e)
{
	struct config cfg;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	if (config_as_normaluser(&cfg, remove_content, &(struct cleaning){ rq->a, &cfg, all }, e) <
	    0)
		return -1;
	return all ? user_as(&cfg.output_by, remove_folder, &cfg, e) : 0;
}

int
clean_command(const struct request *rq, struct err *e)
{
	return clean(rq, false, e);
}

int
distclean_command(const struct request *rq, struct err *e)
{
	return clean(rq, true, e);
}
