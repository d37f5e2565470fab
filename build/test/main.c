/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/test/suites.h"

int
main(void)
{
#define NAME(name) name##_suite,
	static Suite *(*const suites[])(void) = { SUITES(NAME) NULL };

	return harness_run(suites);
}
