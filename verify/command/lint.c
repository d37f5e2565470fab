/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/command.h"
#include "verify/command/proofs.h"
#include "verify/command/suite.h"
#include "verify/history/quarantine.h"
#include "verify/image/image.h"
#include "verify/mutants/equivalent.h"
#include "verify/options.h"
#include "verify/play/matrix.h"
#include "verify/scenario/scenario.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <string.h>

/* the requirements, against an image that meets none */
static int
check_requires(struct arena *a, const struct scenario *v, size_t n, struct err *e)
{
	struct image none = { 0 };
	struct matrix m;

	return matrix_make(
	    a, &none, 1, v, n, &(struct matrix_choice){ .lanes = scenario_lanes }, &m, e);
}

int
command_lint(struct arena *a, struct options *o, struct err *e)
{
	const char *watches = arena_printf(a, "%s/watches", o->scenarios);
	const char *services = arena_printf(a, "%s/../layout/s6-rc", o->scenarios);
	struct suite s = { .watches = file_exists(watches) ? watches : NULL };
	const struct image none = { 0 };
	struct scenario one;
	struct equivalent *equivalents;
	struct quarantine *quarantine;
	size_t n;

	/* given files are read with the folder's watches, whatever else is wrong in the folder */
	for (size_t i = 0; i < o->nwords; i++)
		if (options_file(o->words[i], e) < 0 ||
		    suite_read_one(a, &s, o->words[i], &one, e) < 0 ||
		    check_requires(a, &one, 1, e) < 0)
			return -1;
	if (o->nwords)
		return 0;
	if (suite_read(a, o, &s, e) < 0 || check_requires(a, s.v, s.n, e) < 0 ||
	    equivalent_read(a, arena_printf(a, "%s/equivalent", o->scenarios), &none, &equivalents,
		&n, e) < 0 ||
	    quarantine_read(a, arena_printf(a, "%s/quarantine", o->scenarios), &quarantine, &n, e) <
		0)
		return -1;
	/* a folder of scenarios from elsewhere has no services beside it */
	return file_isdir(services) ? proofs_lint(a, services, s.v, s.n, e) : 0;
}
