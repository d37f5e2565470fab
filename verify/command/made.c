/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/command.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/play/matrix.h"

#include <stdio.h>
#include <unistd.h>

int
command_made(struct arena *a, const struct options *o, const struct matrix *m, struct err *e)
{
	const char *disk = arena_printf(a, "%s/mutant.raw", o->out);
	int status = 0, locked;

	if (outdir_make(o->out, e) < 0 || (locked = outdir_lock(a, o->out, e)) < 0)
		return -1;
	for (size_t i = 0; i < m->n; i++) {
		const struct matrix_testcase *c = &m->v[i];
		const struct matrix_variant *v = c->variant;
		struct err why = { 0 };

		if (c->skip) {
			log_stdout(arena_printf(a, "%s # SKIP %s\n", v->name, c->skip));
			continue;
		}
		if (c->image->base && v->make(a, v->arg, c->image, c->image->base, disk, &why) < 0)
			status = 1;
		log_stdout(arena_printf(a, "%s%s%s\n", v->name, *why.msg ? ": " : "", why.msg));
		unlink(disk);
	}
	close(locked);
	return status;
}
