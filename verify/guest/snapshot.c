/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/snapshot.h"

#include <stdio.h>
#include <string.h>

double
snapshot_clock(const char *text, const char *tag)
{
	char name[32];
	unsigned h, m;
	double s;

	for (; text; text = strchr(text, '\n'), text += text != NULL)
		if (sscanf(text, "%*s %31s %*s %*s %*s %*s %u:%u:%lf", name, &h, &m, &s) == 4 &&
		    !strcmp(name, tag))
			return h * 3600.0 + m * 60.0 + s;
	return -1;
}
