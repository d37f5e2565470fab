/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/clean.h"

#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/config/output.h"

static int
clean(const struct request *rq, bool all, struct err *e)
{
	struct config cfg;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0)
		return -1;
	return output_clean(rq->a, &cfg, all, e);
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
