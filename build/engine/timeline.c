/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/timeline.h"

#include "build/base/buf.h"

#include <string.h>

#define NAMES 220 /* pixels on the left */
#define WIDTH 900 /* of the time */
#define ROW 18

/* a colour for each kind of step: the class of its bar; the last is for all others */
static const struct {
	const char *begins, *class, *colour;
} kinds[] = {
	{ "unpack", "u", "#7a8fa6" },
	{ "stage", "g", "#9d8fc7" },
	{ "patch", "p", "#c78fa9" },
	{ "configure", "c", "#d9a441" },
	{ "build", "b", "#3f7fbf" },
	{ "install", "i", "#3fa796" },
	{ "store", "s", "#8aa84f" },
	{ "image", "m", "#c2603f" },
	{ "", "o", "#888888" },
};

#define NKINDS (sizeof kinds / sizeof *kinds)

static size_t
kind_of(const char *label)
{
	size_t i = 0;

	while (strncmp(label, kinds[i].begins, strlen(kinds[i].begins)) != 0)
		i++;
	return i;
}

static void
add_text(struct buf *out, const char *s)
{
	for (; *s; s++)
		switch (*s) {
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		default:
			buf_add(out, s, 1);
		}
}

static void
add_head(const struct timeline *t, struct buf *out)
{
	buf_adds(out, "<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>");
	add_text(out, t->title);
	buf_adds(out, "</title>\n<style>\n:root{color-scheme:light dark}\nbody{font:14px "
		      "sans-serif;margin:2em}\n"
		      "text{font:12px "
		      "sans-serif;fill:CanvasText}\nline{stroke:CanvasText;opacity:.15}\n.k{font-"
		      "weight:bold}\n.k rect{stroke:#d22;stroke-width:2}\n");
	for (size_t i = 0; i < NKINDS; i++)
		buf_addf(out, ".%s{fill:%s;background:%s}\n", kinds[i].class, kinds[i].colour,
		    kinds[i].colour);
	buf_adds(out, "span{padding:0 .5em;margin-right:.5em}\n</style>\n<h1>");
	add_text(out, t->title);
	buf_addf(out,
	    "</h1>\n<p>%zu actions in %.1f s on %u cores, which were %.0f %% busy: %.1f s of "
	    "processor, %.2f s (%.1f %%) of it lh-build's own.\n",
	    t->nbars, t->wall, t->cores,
	    t->wall > 0 ? 100 * (t->cpu + t->own) / (t->wall * t->cores) : 0, t->cpu + t->own,
	    t->own, t->cpu + t->own > 0 ? 100 * t->own / (t->cpu + t->own) : 0);
	buf_adds(out, "Bold, with a red edge: the critical path.</p>\n<p>");
	for (size_t i = 0; i < NKINDS; i++)
		buf_addf(out, "<span class=\"%s\">%s</span>", kinds[i].class,
		    *kinds[i].begins ? kinds[i].begins : "other");
	buf_adds(out, "</p>\n");
}

static void
add_bar(const struct timeline *t, const struct timeline_bar *b, size_t row, struct buf *out)
{
	size_t y = row * ROW;

	buf_addf(out, "<g%s><text x=\"0\" y=\"%zu\">", b->critical ? " class=\"k\"" : "", y + 13);
	add_text(out, b->name);
	buf_adds(out, "</text>");
	for (const struct timeline_step *s = b->steps; s < b->steps + b->nsteps; s++) {
		double x = NAMES + WIDTH * s->from / t->wall,
		       width = WIDTH * (s->to - s->from) / t->wall;

		buf_addf(out,
		    "<rect class=\"%s\" x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\"><title>",
		    kinds[kind_of(s->label)].class, x, y + 2, width < 1 ? 1 : width, ROW - 4);
		add_text(out, b->name);
		buf_adds(out, " ");
		add_text(out, s->label);
		buf_addf(out, ": %.1f s from %.1f, %.1f s of processor</title></rect>",
		    s->to - s->from, s->from, s->cpu);
	}
	buf_adds(out, "</g>\n");
}

void
timeline_html(const struct timeline *t, struct buf *out)
{
	size_t height = (t->nbars + 1) * ROW;

	add_head(t, out);
	if (t->wall <= 0)
		return;
	buf_addf(out,
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%zu\" role=\"img\">\n",
	    NAMES + WIDTH + 20, height);
	for (int i = 0; i <= 10; i++) {
		int x = NAMES + WIDTH * i / 10;

		buf_addf(out,
		    "<line x1=\"%d\" x2=\"%d\" y1=\"0\" y2=\"%zu\"/><text x=\"%d\" y=\"%zu\" "
		    "text-anchor=\"middle\">%.0f s</text>\n",
		    x, x, height - ROW, x, height - 4, t->wall * i / 10);
	}
	for (size_t i = 0; i < t->nbars; i++)
		add_bar(t, &t->bars[i], i, out);
	buf_adds(out, "</svg>\n</html>\n");
}
