/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/help.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 80

void
help_row(const char *left, int column, const char *text)
{
	int at = column;

	if (column && (int)strlen(left) >= column)
		printf("%s\n%*s", left, column, "");
	else
		printf("%-*s", column, left);
	for (int n; *text; text += n + (text[n] == ' ')) {
		n = (int)strcspn(text, " ");
		if (at > column && at + 1 + n > COLUMNS) {
			printf("\n%*s", column, "");
			at = column;
		}
		at += printf("%s%.*s", at > column ? " " : "", n, text);
	}
	putchar('\n');
}
