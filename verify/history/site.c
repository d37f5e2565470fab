/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/site.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/history/changes.h"
#include "verify/history/measure.h"
#include "verify/history/message.h"
#include "verify/history/night.h"
#include "verify/history/past.h"
#include "verify/history/quarantine.h"
#include "verify/history/trend.h"
#include "verify/history/words.h"
#include "verify/report/markup.h"
#include "verify/report/style.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct site {
	struct arena *a;
	const struct past *p;
	const struct measures *m;
	const struct quarantine *q;
	size_t nq;
	const char *dir;
	const char **packages; /* each name once, in order */
	size_t npackages;
	const char **slugs;	/* of the cases, in names of files */
	const char **scenarios; /* each name once, in order */
	size_t nscenarios;
	size_t *grid;	       /* [scenario][place]: a case, or PAST_NONE */
	const char ***changes; /* [place][night]: what changed in its image, or NULL */
	struct counts {
		size_t of[128]; /* letters */
		size_t news;
	} * counts;
};

/* ---- names and links ---- */

/* a name as part of a file's, of which no other name has the same: / is _, and what is not a
 * letter, a digit, a dot or a dash is = and its code */
static const char *
slug(struct arena *a, const char *name)
{
	struct buf b = { 0 };
	const char *s;

	for (; *name; name++)
		if (isalnum((unsigned char)*name) || strchr(".-", *name))
			buf_add(&b, name, 1);
		else if (*name == '/')
			buf_adds(&b, "_");
		else
			buf_addf(&b, "=%02x", (unsigned char)*name);
	s = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return s;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* returns how many are left */
static size_t
sort_unique(const char **v, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(v, n, sizeof *v, by_text);
	for (size_t i = 0; i < n; i++)
		if (!i || strcmp(v[i], v[kept - 1]) != 0)
			v[kept++] = v[i];
	return kept;
}

static size_t
place_of(const struct past *p, const char *place)
{
	for (size_t i = 0; i < p->nplaces; i++)
		if (!strcmp(p->places[i], place))
			return i;
	return 0;
}

static void
find_grid(struct site *s)
{
	const struct past *p = s->p;
	size_t n = 0;

	s->slugs = arena_array(s->a, p->ncases + 1, sizeof *s->slugs);
	s->scenarios = arena_array(s->a, p->ncases + 1, sizeof *s->scenarios);
	for (size_t c = 0; c < p->ncases; c++) {
		s->slugs[c] = slug(s->a, p->cases[c].name);
		s->scenarios[n++] = p->cases[c].scenario;
	}
	s->nscenarios = sort_unique(s->scenarios, n);
	s->grid = arena_array(s->a, s->nscenarios * p->nplaces + 1, sizeof *s->grid);
	for (size_t i = 0; i < s->nscenarios * p->nplaces; i++)
		s->grid[i] = PAST_NONE;
	for (size_t c = 0; c < p->ncases; c++)
		for (size_t i = 0; i < s->nscenarios; i++)
			if (!strcmp(s->scenarios[i], p->cases[c].scenario))
				s->grid[i * p->nplaces + place_of(p, p->cases[c].place)] = c;
}

static void
add_link(struct site *s, struct buf *b, const char *kind, const char *name, const char *text)
{
	buf_addf(b, "<a href=\"%s-%s.html\">", kind, slug(s->a, name));
	markup_adds(b, text);
	buf_adds(b, "</a>");
}

static void
begin_page(struct buf *b, const char *title)
{
	style_begin(b, title);
	buf_adds(b, "<p class=dim><a href=\"index.html\">all nights</a></p><h1>");
	markup_adds(b, title);
	buf_adds(b, "</h1>\n");
}

static int
end_page(struct site *s, struct buf *b, const char *kind, const char *name, struct err *e)
{
	const char *path =
	    arena_printf(s->a, "%s/%s%s%s.html", s->dir, kind, *name ? "-" : "", slug(s->a, name));
	int r = file_write(path, b->p, b->n, 0644, e);

	buf_free(b);
	return r;
}

static const char *
amount_time(struct arena *a, double v)
{
	return words_amount(a, v, false);
}

static const char *
amount_bytes(struct arena *a, double v)
{
	return words_amount(a, v, true);
}

/* ---- what changed when ---- */

static void
find_changes(struct site *s)
{
	const struct past *p = s->p;

	s->changes = arena_array(s->a, p->nplaces + 1, sizeof *s->changes);
	for (size_t i = 0; i < p->nplaces; i++) {
		const struct past_image *was = NULL;

		s->changes[i] = arena_array(s->a, p->nnights, sizeof **s->changes);
		for (size_t n = 0; n < p->nnights; n++) {
			const struct past_image *is = past_image_at(p, i, n);
			struct change *v;
			size_t count;

			if (was && is && was != is && !past_same_image(was, is)) {
				count = changes_between(s->a, was, is, &v);
				s->changes[i][n] = count ? words_changes(s->a, v, count)
							 : "another image, of the same packages";
			}
			was = is ? is : was;
		}
	}
}

static void
find_packages(struct site *s)
{
	const struct past *p = s->p;
	size_t n = 0;

	for (size_t i = 0; i < p->nimages; i++)
		for (size_t k = 0; k < p->images[i].npackages; k++) {
			s->packages = arena_more(s->a, s->packages, n, sizeof *s->packages);
			s->packages[n++] = p->images[i].packages[k].name;
		}
	s->npackages = sort_unique(s->packages, n);
}

/* ---- a night ---- */

/* a letter as a square that leads to its case */
static void
add_square(struct site *s, struct buf *b, size_t c, const struct night *n)
{
	static const char *const classes[128] = { ['P'] = "pass",
		['F'] = "fail",
		['B'] = "fail",
		['S'] = "skip",
		['I'] = "inconclusive" };
	char letter = c == PAST_NONE ? '-' : n->standings[c].letter;

	if (letter == '-') {
		buf_adds(b, "<td>");
		return;
	}
	buf_addf(b, "<td><a class=%s href=\"case-%s.html\">%c</a>", classes[(int)letter],
	    s->slugs[c], letter);
}

/* a row a scenario, of which there are many, and a column a place: a page is read downwards */
static void
add_matrix(struct site *s, struct buf *b, const struct night *n)
{
	const struct past *p = s->p;

	buf_adds(b, "<h2>Cases</h2><div class=wide tabindex=0 role=region aria-label=Cases>"
		    "<table><tr><td>");
	for (size_t i = 0; i < p->nplaces; i++) {
		buf_adds(b, "<th scope=col>");
		for (const char *w = p->places[i]; *w; w++)
			if (*w == '/')
				buf_adds(b, "<br>");
			else
				markup_add(b, w, 1);
	}
	buf_adds(b, "</tr>\n");
	for (size_t i = 0; i < s->nscenarios; i++) {
		buf_adds(b, "<tr><th scope=row>");
		markup_adds(b, s->scenarios[i]);
		for (size_t k = 0; k < p->nplaces; k++)
			add_square(s, b, s->grid[i * p->nplaces + k], n);
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</table></div>\n");
}

static void
add_night_changes(struct site *s, struct buf *b, size_t night)
{
	const char *open = "<h2>What changed</h2><dl class=long>\n";

	for (size_t i = 0; i < s->p->nplaces; i++) {
		if (!s->changes[i][night])
			continue;
		buf_adds(b, open);
		open = "";
		style_row(b, s->p->places[i], s->changes[i][night]);
	}
	if (!*open)
		buf_adds(b, "</dl>\n");
}

static void
add_neighbours(struct site *s, struct buf *b, size_t night)
{
	buf_adds(b, "<p>");
	if (night > 0)
		add_link(s, b, "night", s->p->nights[night - 1], "the night before");
	buf_adds(b, night > 0 && night + 1 < s->p->nnights ? ", " : "");
	if (night + 1 < s->p->nnights)
		add_link(s, b, "night", s->p->nights[night + 1], "the night after");
	buf_adds(b, "</p>\n");
}

static int
write_night(struct site *s, size_t night, struct err *e)
{
	struct arena *a = arena_new(); /* a night's own, or a year's would pile up */
	struct buf b = { 0 }, text = { 0 };
	struct night n;

	night_decide(a, s->p, s->m, s->q, s->nq, night, &n);
	for (size_t c = 0; c < s->p->ncases; c++)
		s->counts[night].of[(int)n.standings[c].letter]++;
	s->counts[night].news = n.nreds + n.nmoves + n.nexpired;
	begin_page(&b, arena_printf(a, "Night of %s", s->p->nights[night]));
	add_neighbours(s, &b, night);
	message_text(a, s->p, &n, &text);
	buf_adds(&b, "<pre tabindex=0>");
	markup_add(&b, text.p, text.n);
	buf_adds(&b, "</pre>\n");
	add_night_changes(s, &b, night);
	add_matrix(s, &b, &n);
	buf_free(&text);
	arena_free(a);
	return end_page(s, &b, "night", s->p->nights[night], e);
}

/* ---- a case ---- */

static const struct measure *
measure_of(const struct measures *m, const struct past_case *c, bool forked)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].kind == MEASURE_TEST && m->v[i].forked == forked &&
		    !strcmp(m->v[i].name, c->scenario) && !strcmp(m->v[i].place, c->place))
			return &m->v[i];
	return NULL;
}

static void
add_case_trend(struct site *s, struct buf *b, size_t c, const struct measure *m, const char *label)
{
	const struct past *p = s->p;
	char *letters = arena_alloc(s->a, p->nnights + 1);
	double *values = arena_array(s->a, p->nnights, sizeof *values);

	for (size_t n = 0; n < p->nnights; n++) {
		letters[n] = past_letter(p, c, n);
		values[n] = m ? m->nights[n].took : 0;
	}
	trend_svg(s->a,
	    &(struct trend){ .label = label,
		.nights = p->nights,
		.n = p->nnights,
		.letters = letters,
		.values = m ? values : NULL,
		.marks = s->changes[place_of(p, p->cases[c].place)],
		.amount = amount_time },
	    b);
}

static void
add_standing(struct site *s, struct buf *b, size_t c)
{
	const struct quarantine *q = quarantine_of(s->q, s->nq, &s->p->cases[c]);
	struct standing t;

	judge_case(s->p, c, s->p->nnights - 1, &t);
	buf_adds(b, "<dl>\n");
	if (t.letter == 'F')
		style_row(b, "red since", s->p->nights[t.since]);
	if (t.letter == 'F' && t.good != PAST_NONE)
		style_row(b, "passed on", s->p->nights[t.good]);
	if (t.flaky)
		style_row(b, "flaky",
		    arena_printf(s->a,
			"failed %u of %u; the next run fails with (%u + 1) / (%u + 2) = %s", t.bad,
			t.runs, t.bad, t.runs, words_percent(s->a, t.rate)));
	if (q)
		style_row(b, "quarantine",
		    arena_printf(s->a, "until %s%s: %s", q->until,
			quarantine_is_over(q, s->p->nights[s->p->nnights - 1]) ? ", which is over"
									       : "",
			q->reason));
	buf_adds(b, "</dl>\n");
}

/* nights with another letter or another image than the one before */
static void
add_case_nights(struct site *s, struct buf *b, size_t c)
{
	const struct past *p = s->p;
	const char *const *changes = s->changes[place_of(p, p->cases[c].place)];
	char before = 0;

	buf_adds(b, "<h2>Nights on which something changed</h2><div class=wide><table>"
		    "<tr><th>night<th>verdict<th>what changed, and what failed</tr>\n");
	for (size_t n = p->nnights; n-- > 0;) {
		char letter = past_letter(p, c, n);
		size_t tries = past_tries(p, c, n);
		const struct past_result *r = tries ? past_result(p, c, n, tries - 1) : NULL;

		before = n ? past_letter(p, c, n - 1) : 0;
		if (!r || (letter == before && !changes[n]))
			continue;
		buf_adds(b, "<tr><th scope=row>");
		add_link(s, b, "night", p->nights[n], p->nights[n]);
		buf_addf(b, "<td>%c<td class=text>", letter);
		markup_adds(b, changes[n] ? changes[n] : "");
		if (r->what) {
			buf_adds(b, changes[n] ? "<br>" : "");
			markup_adds(b, words_line(s->a, r->what));
		}
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</table></div>\n");
}

static int
write_case(struct site *s, size_t c, struct err *e)
{
	const struct past_case *pc = &s->p->cases[c];
	const struct measure *cold = measure_of(s->m, pc, false),
			     *forked = measure_of(s->m, pc, true);
	struct buf b = { 0 };

	begin_page(&b, pc->name);
	add_standing(s, &b, c);
	buf_adds(&b,
	    "<p class=dim>A bar a night: passed, failed, both; a line: how long it took; a "
	    "stroke: the image changed.</p>\n");
	if (cold || !forked)
		add_case_trend(s, &b, c, cold, "verdicts and times, each guest booted");
	if (forked) {
		buf_adds(&b, "<h2>From a saved state</h2>\n");
		add_case_trend(s, &b, c, forked, "verdicts and times, from a saved state");
	}
	add_case_nights(s, &b, c);
	return end_page(s, &b, "case", pc->name, e);
}

/* ---- a package ---- */

static const struct past_package *
package_at(const struct past_image *im, const char *name)
{
	for (size_t i = 0; im && i < im->npackages; i++)
		if (!strcmp(im->packages[i].name, name))
			return &im->packages[i];
	return NULL;
}

static double
bytes_at(const struct past_image *im, const char *name)
{
	for (size_t i = 0; im && i < im->nsizes; i++)
		if (!strcmp(im->sizes[i].name, name))
			return (double)im->sizes[i].bytes;
	return 0;
}

static bool
differs(const struct past_package *x, const struct past_package *y)
{
	return !x || strcmp(x->version, y->version) != 0 || !x->commit != !y->commit ||
	       (x->commit && strcmp(x->commit, y->commit) != 0);
}

/* a row for each night on which an image got another version of it */
static void
add_versions(struct site *s, struct buf *b, const char *const *marks)
{
	const struct past *p = s->p;

	buf_adds(b, "<div class=wide><table>\n");
	for (size_t n = p->nnights; n-- > 0;)
		if (marks[n]) {
			buf_adds(b, "<tr><th scope=row>");
			add_link(s, b, "night", p->nights[n], p->nights[n]);
			buf_adds(b, "<td>");
			markup_adds(b, marks[n]);
			buf_adds(b, "</tr>\n");
		}
	buf_adds(b, "</table></div>\n");
}

static void
add_package_place(struct site *s, struct buf *b, const char *name, size_t place)
{
	const struct past_package *was = NULL;
	const struct past *p = s->p;
	double *sizes = arena_array(s->a, p->nnights, sizeof *sizes);
	const char **marks = arena_array(s->a, p->nnights, sizeof *marks);
	bool any = false, sized = false;

	for (size_t n = 0; n < p->nnights; n++) {
		const struct past_image *im = past_image_at(p, place, n);
		const struct past_package *is = package_at(im, name);

		sizes[n] = bytes_at(im, name);
		sized |= sizes[n] > 0;
		if (!is || !differs(was, is))
			continue;
		marks[n] = is->commit ? arena_printf(s->a, "%s@%.12s", is->version, is->commit)
				      : is->version;
		was = is;
		any = true;
	}
	if (!any)
		return;
	buf_adds(b, "<h2>");
	markup_adds(b, p->places[place]);
	buf_adds(b, "</h2>\n");
	if (sized)
		trend_svg(s->a,
		    &(struct trend){ .label = "bytes of its files",
			.nights = p->nights,
			.n = p->nnights,
			.values = sizes,
			.marks = marks,
			.amount = amount_bytes },
		    b);
	add_versions(s, b, marks);
}

static int
write_package(struct site *s, const char *name, struct err *e)
{
	struct buf b = { 0 };

	begin_page(&b, arena_printf(s->a, "Package %s", name));
	for (size_t i = 0; i < s->p->nplaces; i++)
		add_package_place(s, &b, name, i);
	return end_page(s, &b, "package", name, e);
}

/* ---- the boot of an image ---- */

static void
add_phase(struct site *s, struct buf *b, const struct measure *m, const char **marks)
{
	const struct past *p = s->p;
	double *values = arena_array(s->a, p->nnights, sizeof *values);

	for (size_t n = 0; n < p->nnights; n++)
		values[n] = m->nights[n].took;
	buf_adds(b, "<h2>");
	markup_adds(b, m->name);
	buf_adds(b, "</h2>\n");
	trend_svg(s->a,
	    &(struct trend){ .label = m->name,
		.nights = p->nights,
		.n = p->nnights,
		.values = values,
		.marks = marks,
		.amount = amount_time },
	    b);
}

static int
write_boot(struct site *s, size_t place, struct err *e)
{
	const char *name = s->p->places[place], **marks = s->changes[place];
	struct buf b = { 0 };

	begin_page(&b, arena_printf(s->a, "Boots of %s", name));
	buf_adds(&b,
	    "<p class=dim>From the start of QEMU, or of the kernel, or of a service, until "
	    "it is ready; a stroke in the first: the image changed.</p>\n");
	for (size_t i = 0; i < s->m->n; i++) {
		if (s->m->v[i].kind == MEASURE_TEST || strcmp(s->m->v[i].place, name) != 0)
			continue;
		add_phase(s, &b, &s->m->v[i], marks);
		marks = NULL; /* once: a year of them at each phase would be most of the page */
	}
	return end_page(s, &b, "boot", name, e);
}

/* ---- the index ---- */

static const char *
changed_names(struct site *s, size_t night)
{
	const char *first = NULL;
	size_t n = 0;

	for (size_t i = 0; i < s->p->nplaces; i++)
		if (s->changes[i][night]) {
			first = first ? first : s->changes[i][night];
			n++;
		}
	if (n < 2)
		return n ? first : "";
	return arena_printf(s->a, "%s; %zu images changed", first, n);
}

static void
add_nights(struct site *s, struct buf *b)
{
	buf_adds(b,
	    "<h2>Nights</h2><div class=wide tabindex=0 role=region aria-label=Nights><table>"
	    "<tr><th>night<th>news<th>passed<th>failed<th>both<th>skipped<th>inconclusive"
	    "<th>what changed</tr>\n");
	for (size_t n = s->p->nnights; n-- > 0;) {
		const struct counts *c = &s->counts[n];

		buf_adds(b, "<tr><th scope=row>");
		add_link(s, b, "night", s->p->nights[n], s->p->nights[n]);
		buf_addf(b,
		    "<td class=took>%zu<td class=took>%zu<td class=\"took%s\">%zu<td class=took>%zu"
		    "<td class=took>%zu<td class=took>%zu<td class=\"text cut\">",
		    c->news, c->of['P'], c->of['F'] ? " fail" : "", c->of['F'], c->of['B'],
		    c->of['S'], c->of['I']);
		markup_adds(b, changed_names(s, n));
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</table></div>\n");
}

static double
took_together(const struct site *s, size_t night)
{
	double sum = 0;

	for (size_t i = 0; i < s->p->nruns; i++)
		if (s->p->night_of[i] == night)
			sum += (double)s->p->runs[i].took;
	return sum;
}

static void
add_index_trends(struct site *s, struct buf *b)
{
	const struct past *p = s->p;
	double *took = arena_array(s->a, p->nnights, sizeof *took);
	char *letters = arena_alloc(s->a, p->nnights + 1);

	for (size_t n = 0; n < p->nnights; n++) {
		took[n] = took_together(s, n);
		letters[n] = s->counts[n].of['F'] ? 'F' : s->counts[n].of['B'] ? 'B' : 'P';
	}
	trend_svg(s->a,
	    &(struct trend){ .label = "verdicts of the nights, and what they took",
		.nights = p->nights,
		.n = p->nnights,
		.letters = letters,
		.values = took,
		.amount = amount_time },
	    b);
}

static void
add_index_lists(struct site *s, struct buf *b)
{
	const struct past *p = s->p;

	buf_adds(b, "<h2>Packages</h2><p class=list>");
	for (size_t i = 0; i < s->npackages; i++) {
		add_link(s, b, "package", s->packages[i], s->packages[i]);
		buf_adds(b, "\n");
	}
	buf_adds(b, "</p><h2>Boots</h2><p class=list>");
	for (size_t i = 0; i < p->nplaces; i++) {
		add_link(s, b, "boot", p->places[i], p->places[i]);
		buf_adds(b, "\n");
	}
	buf_adds(b, "</p><details><summary>All cases</summary><p class=list>");
	for (size_t c = 0; c < p->ncases; c++) {
		add_link(s, b, "case", p->cases[c].name, p->cases[c].name);
		buf_adds(b, "\n");
	}
	buf_adds(b, "</p></details>\n");
}

static const char index_title[] = "Nights";

/* somebody's own is not written over, nor the report of a run */
static int
check_index(struct arena *a, const char *dir, struct err *e)
{
	const char *path = arena_printf(a, "%s/index.html", dir);
	char *text;

	if (!file_exists(path))
		return 0;
	if (file_read(a, path, &text, NULL, e) < 0)
		return -1;
	return strstr(text, arena_printf(a, "<title>%s</title>", index_title))
		   ? 0
		   : fail_usage(e,
			 "%s: holds index.html, and no pages of history site; name another folder",
			 dir);
}

static int
write_index(struct site *s, struct err *e)
{
	struct buf b = { 0 };

	style_begin(&b, index_title);
	buf_adds(&b,
	    "<h1>Nights</h1>\n<p class=dim>A bar a night: all passed, some failed, some both "
	    "passed and failed; the line is what its runs took together.</p>\n");
	add_index_trends(s, &b);
	add_nights(s, &b);
	add_index_lists(s, &b);
	return end_page(s, &b, "index", "", e);
}

int
site_write(struct arena *a, const struct past *p, const struct measures *m,
    const struct quarantine *q, size_t nq, const char *dir, struct err *e)
{
	struct site s = { .a = a, .p = p, .m = m, .q = q, .nq = nq, .dir = dir };

	if (check_index(a, dir, e) < 0 || file_mkdirs(dir, 0755, e) < 0)
		return -1;
	s.counts = arena_array(a, p->nnights + 1, sizeof *s.counts);
	find_grid(&s);
	find_changes(&s);
	find_packages(&s);
	for (size_t n = 0; n < p->nnights; n++)
		if (write_night(&s, n, e) < 0)
			return -1;
	for (size_t c = 0; c < p->ncases; c++)
		if (write_case(&s, c, e) < 0)
			return -1;
	for (size_t i = 0; i < s.npackages; i++)
		if (write_package(&s, s.packages[i], e) < 0)
			return -1;
	for (size_t i = 0; i < p->nplaces; i++)
		if (write_boot(&s, i, e) < 0)
			return -1;
	return write_index(&s, e);
}
