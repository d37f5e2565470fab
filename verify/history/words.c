/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/words.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/history/changes.h"

#include <string.h>

const char *
words_changes(struct arena *a, const struct change *v, size_t n)
{
	struct buf b = { 0 };
	const char *text;

	for (size_t i = 0; i < n; i++) {
		buf_addf(&b, "%s%s ", i ? ", " : "", v[i].name);
		if (v[i].rebuilt)
			buf_addf(&b, "%s rebuilt", v[i].to);
		else if (!v[i].from)
			buf_addf(&b, "%s is new", v[i].to);
		else if (!v[i].to)
			buf_addf(&b, "%s is gone", v[i].from);
		else
			buf_addf(&b, "%s -> %s", v[i].from, v[i].to);
	}
	text = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return text;
}

const char *
words_percent(struct arena *a, double part)
{
	double from_end = part > 0.5 ? 1 - part : part;
	int digits = 0;

	for (double d = 100 * from_end; d < 1 && digits < 4; d *= 10)
		digits++;
	/* never more than is known, and never certain */
	if (part > 0.5 && from_end < 1e-6)
		return "99.9999 %";
	return arena_printf(a, "%.*f %%", digits, 100 * part);
}

const char *
words_amount(struct arena *a, double amount, bool bytes)
{
	static const struct unit {
		double from, one;
		const char *name;
		bool bytes;
	} units[] = { { 1 << 20, 1 << 20, "MiB", true }, { 1 << 10, 1 << 10, "KiB", true },
		{ 0, 1, "bytes", true }, { 7200e9, 3600e9, "h", false }, { 1e9, 1e9, "s", false },
		{ 0, 1e6, "ms", false } };

	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (units[i].bytes == bytes && amount >= units[i].from)
			return arena_printf(a, "%.*f %s", amount / units[i].one < 100 ? 2 : 0,
			    amount / units[i].one, units[i].name);
	return "0";
}

const char *
words_line(struct arena *a, const char *text)
{
	char *line = arena_strdup(a, text);

	for (char *p = line; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = *p == '\n' ? ' ' : '?';
	return line;
}
