/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/scenario.h"

#include <ctype.h>
#include <string.h>

const char *const scenario_lanes[] = { "quick", "long", "faults", NULL };

bool
scenario_is_lane(const char *name)
{
	for (const char *const *l = scenario_lanes; *l; l++)
		if (!strcmp(*l, name))
			return true;
	return false;
}

/* a word of a form that stands for itself, unlike USER */
static bool
is_literal(const char *word)
{
	for (; *word; word++)
		if (isupper((unsigned char)*word))
			return false;
	return true;
}

const char *
scenario_word_text(const struct templ *t)
{
	return t->n == 1 && !t->v[0].is_name ? t->v[0].text : NULL;
}

bool
scenario_word_fits(const char *form_word, const struct templ *t)
{
	const char *text = scenario_word_text(t);

	return !is_literal(form_word) || (text && !strcmp(text, form_word));
}

bool
scenario_needs(const struct scenario *s, enum needs what)
{
	for (size_t i = 0; i < s->nsteps; i++)
		if (s->steps[i].form->needs & what)
			return true;
	return false;
}

/* time races, and instructions are counted, only where QEMU executes them one by one */
bool
scenario_needs_tcg(const struct scenario *s)
{
	return s->races || s->counts;
}
