/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/kconfig.h"

#include <string.h>

char
kconfig_get(const char *config, const char *symbol, size_t n)
{
	static const char prefix[] = "CONFIG_";
	const size_t head = sizeof prefix - 1;

	for (const char *line = config; line; line = strchr(line, '\n')) {
		const char *value;

		line += *line == '\n';
		if (strncmp(line, prefix, head) != 0 || strncmp(line + head, symbol, n) != 0)
			continue;
		value = line + head + n;
		if (*value == '=' && (value[1] == 'y' || value[1] == 'm') && value[2] == '\n')
			return value[1];
	}
	return '\0';
}
