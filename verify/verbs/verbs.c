/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"

#define TABLE(file) verbs_##file,
static const struct verb *const tables[] = { VERB_FILES(TABLE) };
#undef TABLE

const struct verb_form *
verb_forms(struct arena *a)
{
	struct verb_form *forms = NULL;
	size_t n = 0;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct verb *v = tables[i]; v->form.verb; v++) {
			forms = arena_more(a, forms, n, sizeof *forms);
			forms[n] = v->form;
			forms[n++].row = v;
		}
	forms = arena_more(a, forms, n, sizeof *forms);
	forms[n] = (struct verb_form){ 0 };
	return forms;
}
