/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/manifest.h"
#include "verify/command/command.h"
#include "verify/play/matrix.h"
#include "verify/scenario/header.h"
#include "verify/scenario/scenario.h"
#include "verify/verbs/verbs.h"

#include <stdio.h>

static void
print(const char *kind, const char *of, const char *(*name)(size_t i))
{
	for (size_t i = 0; name(i); i++)
		printf("%s\t%s\t%s\t\t\n", kind, of, name(i));
}

void
command_words(struct arena *a)
{
	print("statement", "scenario", scenario_statement);
	print("key", "requires", matrix_key);
	print("kind", "watch", scenario_watch_kind);
	for (const struct verb_form *f = verb_forms(a); f->verb; f++)
		if (f->race != RACE_CLOSES) /* nobody writes that */
			printf("verb\t%s\t%s\t\t\n", f->verb, f->form);
	print("key", "manifest", manifest_key);
}
