/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/kconfig.h"

#include "build/test/suites.h"

#include <string.h>

static const char config[] = "CONFIG_FIRST=y\n"
			     "# CONFIG_NOT is not set\n"
			     "CONFIG_MODULE=m\n"
			     "CONFIG_NAME=\"y\"\n"
			     "CONFIG_NUMBER=1\n"
			     "CONFIG_YES=yes\n"
			     " CONFIG_BLANK=y\n"
			     "XCONFIG_OTHER=y\n"
			     "CONFIG_LONGER_ONE=y\n"
			     "\n"
			     "CONFIG_8139CP=y\n"
			     "CONFIG_CUT=y";

static const struct {
	const char *symbol;
	char is;
} symbols[] = {
	{ "FIRST", 'y' },
	{ "MODULE", 'm' },
	{ "8139CP", 'y' },
	{ "LONGER_ONE", 'y' },
	{ "LONGER", '\0' },
	{ "NOT", '\0' },
	{ "NAME", '\0' },
	{ "NUMBER", '\0' },
	{ "YES", '\0' },
	{ "BLANK", '\0' },
	{ "OTHER", '\0' },
	{ "CUT", '\0' },
	{ "NOWHERE", '\0' },
};

START_TEST(tells_a_symbol)
{
	ck_assert_int_eq(
	    kconfig_get(config, symbols[_i].symbol, strlen(symbols[_i].symbol)), symbols[_i].is);
	ck_assert_int_eq(kconfig_get("", symbols[_i].symbol, strlen(symbols[_i].symbol)), '\0');
}
END_TEST

Suite *
kconfig_suite(void)
{
	Suite *s = suite_create("kconfig");

	tcase_add_loop_test(
	    harness_case(s, "kconfig"), tells_a_symbol, 0, sizeof symbols / sizeof *symbols);
	return s;
}
