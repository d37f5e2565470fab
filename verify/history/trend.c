/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/trend.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/report/markup.h"

#include <stdbool.h>

#define WIDTH 720
#define LEFT 80 /* for the scale */
#define BARS 26
#define LINE 110

static double
across(const struct trend *t, size_t night)
{
	return LEFT + ((double)night + 0.5) * WIDTH / (double)(t->n ? t->n : 1);
}

static const char *
class_of(char letter)
{
	switch (letter) {
	case 'P':
		return "ok";
	case 'F':
		return "no";
	case 'B':
		return "both";
	default:
		return "none";
	}
}

/* equal nights in a row are one bar */
static void
add_bars(const struct trend *t, struct buf *out)
{
	double one = (double)WIDTH / (double)t->n;

	for (size_t i = 0, next; i < t->n; i = next) {
		for (next = i; next < t->n && t->letters[next] == t->letters[i]; next++)
			;
		if (t->letters[i] == '-')
			continue;
		buf_addf(out, "<rect class=%s x=%.1f y=16 width=%.1f height=18><title>%c %s",
		    class_of(t->letters[i]), LEFT + (double)i * one, (double)(next - i) * one,
		    t->letters[i], t->nights[i]);
		if (next - i > 1)
			buf_addf(out, " to %s", t->nights[next - 1]);
		buf_adds(out, "</title></rect>\n");
	}
}

static void
add_line(struct arena *a, const struct trend *t, double top, struct buf *out)
{
	double most = 0;
	bool open = false;

	for (size_t i = 0; i < t->n; i++)
		if (t->values[i] > most)
			most = t->values[i];
	if (most <= 0)
		return;
	buf_adds(out, "<path class=line d=\"");
	for (size_t i = 0; i < t->n; i++) {
		if (t->values[i] <= 0)
			continue;
		buf_addf(out, "%c%.1f %.1f", open ? 'L' : 'M', across(t, i),
		    top + LINE * (1 - t->values[i] / most));
		open = true;
	}
	buf_addf(out, "\"/>\n<path class=base d=\"M%d %.1fh%d\"/>\n", LEFT, top + LINE, WIDTH);
	buf_addf(out, "<text class=ax x=0 y=%.1f>", top + 10);
	markup_adds(out, t->amount(a, most));
	buf_addf(out, "</text><text class=ax x=0 y=%.1f>0</text>\n", top + LINE);
}

/* strokes above the rest: a year has many */
static void
add_marks(const struct trend *t, struct buf *out)
{
	for (size_t i = 0; t->marks && i < t->n; i++) {
		if (!t->marks[i])
			continue;
		buf_addf(out, "<path class=mark d=\"M%.1f 1v10\"><title>%s: ", across(t, i),
		    t->nights[i]);
		markup_adds(out, t->marks[i]);
		buf_adds(out, "</title></path>\n");
	}
}

void
trend_svg(struct arena *a, const struct trend *t, struct buf *out)
{
	double top = t->letters ? 12 + BARS : 12, height = top + (t->values ? LINE + 8 : 0) + 22;

	if (!t->n)
		return;
	buf_addf(out,
	    "<div class=wide tabindex=0><svg class=trend width=%d height=%.0f role=img "
	    "aria-label=\"",
	    LEFT + WIDTH + 8, height);
	markup_adds(out, t->label);
	buf_adds(out, "\">\n");
	add_marks(t, out);
	if (t->letters)
		add_bars(t, out);
	if (t->values)
		add_line(a, t, top, out);
	buf_addf(out, "<text class=ax x=%d y=%.0f>%s</text>", LEFT, height - 4, t->nights[0]);
	if (t->n > 1)
		buf_addf(out, "<text class=\"ax end\" x=%d y=%.0f>%s</text>", LEFT + WIDTH,
		    height - 4, t->nights[t->n - 1]);
	buf_adds(out, "</svg></div>\n");
}
