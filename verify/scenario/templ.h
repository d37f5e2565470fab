/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_TEMPL_H
#define VERIFY_SCENARIO_TEMPL_H

#include <stdbool.h>
#include <stddef.h>

/* a text with ${name} in it, cut at the names: literal and name parts in turn */
struct templ {
	struct templ_part {
		const char *text; /* literal, or the name */
		bool is_name;
	} * v;
	size_t n;
};

#endif
