/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/report.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/bisect/finding.h"
#include "verify/bisect/run.h"
#include "verify/report/markup.h"
#include "verify/report/style.h"
#include "verify/report/tail.h"

#include <stdio.h>
#include <string.h>

/* changed files on the terminal */
#define SHOWN 8
/* characters of a statement there */
#define STATEMENT 120

/* ---- on the terminal ---- */

/* a sentence with words of packages, commits or guests */
static void
put_plain(FILE *out, const char *text)
{
	for (; *text; text++)
		markup_plain(out, *text);
	putc('\n', out);
}

static void
put(FILE *out, const char *name, const char *text)
{
	if (text && *text)
		markup_row(out, "", name, text, 0);
}

static void
print_text(const struct finding *f, const char *html, FILE *out)
{
	struct buf b = { 0 };

	put_plain(out, f->headline);
	if (f->note) {
		fputs("  ", out);
		put_plain(out, f->note);
	}
	if (f->where)
		put(out, "fails at",
		    f->statement ? arena_printf(f->a, "%s  %.*s", f->where, STATEMENT, f->statement)
				 : f->where);
	put(out, "expected", f->expected);
	if (f->got && *f->got)
		put(out, "got", f->got);
	if (f->where && f->bis->answer.good)
		put(out, "passes",
		    arena_printf(f->a, "with %s%s%s",
			arguments_version_set(f->a, &f->bis->args, f->bis->answer.good),
			f->there ? ", where it got: " : "", f->there ? f->there : ""));
	for (size_t i = 0; i < f->nchanged && i < SHOWN; i++)
		buf_addf(&b, "%s%s", i ? " " : "", f->changed[i]);
	if (f->nchanged > SHOWN)
		buf_addf(&b, " and %zu more", f->nchanged - SHOWN);
	put(out, "changed", b.p);
	buf_free(&b);
	put(out, "again", f->again);
	put(out, "steps", f->sure);
	put(out, "report", html);
}

/* ---- report.html ---- */

static void
html_console(const struct finding *f, struct buf *b, const struct version_set *m, const char *name)
{
	buf_addf(b, "<div><h3>%s</h3>\n<p>", name);
	markup_adds(b, arguments_version_set(f->a, &f->bis->args, m->versions));
	buf_adds(b, "</p>\n");
	for (const char **s = f->bis->opts->only; *s && !m->cannot; s++)
		tail_add(b, arena_printf(f->a, "%s/%s", m->testcases, *s));
	buf_adds(b, "</div>\n");
}

static void
html_steps(const struct finding *f, struct buf *b)
{
	const struct bisect *bis = f->bis;

	buf_adds(b, "<h2>Steps</h2>\n<div class=wide><table><tr><th>#</th><th>versions</th>"
		    "<th>verdict</th><th>image</th></tr>\n");
	for (size_t i = 0; i < bis->nversion_sets; i++) {
		const struct version_set *m = &bis->version_sets[i];
		struct tally t = bisect_tally(bis, m);

		buf_addf(b, "<tr><td>%u</td><td>", m->step);
		markup_adds(b, arguments_version_set(f->a, &bis->args, m->versions));
		buf_addf(b, "</td><td class=\"%s\">", t.bad ? "fail" : t.good ? "pass" : "");
		if (m->cannot)
			markup_adds(b, arena_printf(f->a, "cannot be built: %s", m->cannot));
		else
			buf_addf(b, "%u passed, %u failed%s", t.good, t.bad,
			    t.none ? arena_printf(f->a, ", %u inconclusive", t.none) : "");
		buf_addf(b, "</td><td>%.12s</td></tr>\n", m->cannot ? "" : m->subject);
	}
	buf_adds(b, "</table></div>\n");
}

static int
write_html(const struct finding *f, const char *path, struct err *e)
{
	const struct version_set *good = finding_side(f, false), *bad = finding_side(f, true);
	struct buf b = { 0 };
	int r;

	style_begin(&b, arena_printf(f->a, "bisect: %s", f->headline));
	buf_adds(&b, "<h1>");
	markup_adds(&b, f->headline);
	buf_adds(&b, "</h1>\n<dl>\n");
	style_row(&b, "note", f->note);
	style_row(&b, "bisected",
	    arena_printf(f->a, "%s%sgood %s, bad %s, %s, profile %s",
		f->bis->args.package ? f->bis->args.package : "", f->bis->args.package ? ": " : "",
		f->bis->args.good, f->bis->args.bad, f->bis->args.triple, f->bis->args.profile));
	style_row(&b, "fails at", f->where);
	style_row(&b, "step", f->statement);
	style_row(&b, "expected", f->expected);
	style_row(&b, "got", f->got);
	style_row(&b, "got where it passes", f->there);
	style_row(&b, "again", f->again);
	style_row(&b, "steps", f->sure);
	buf_adds(&b, "</dl>\n");
	html_steps(f, &b);
	if (f->nchanged)
		buf_addf(&b, "<h2>%zu files differ</h2>\n<pre>", f->nchanged);
	for (size_t i = 0; i < f->nchanged; i++) {
		markup_adds(&b, f->changed[i]);
		buf_adds(&b, "\n");
	}
	buf_adds(&b, f->nchanged ? "</pre>\n" : "");
	if (good && bad) {
		buf_adds(&b, "<h2>The consoles</h2>\n<div class=two>\n");
		html_console(f, &b, good, "passes");
		html_console(f, &b, bad, "fails");
		buf_adds(&b, "</div>\n");
	}
	buf_adds(&b, "</html>\n");
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}

int
bisect_report(struct bisect *bis, FILE *out, struct err *e)
{
	const char *html = arena_printf(bis->a, "%s/report.html", bis->dir);
	struct finding f;

	if (finding_make(bis, &f, e) < 0 || write_html(&f, html, e) < 0)
		return -1;
	print_text(&f, html, out);
	return fflush(out) ? fail_errno(e, "stdout") : f.status;
}

void
bisect_print_plan(const struct bisect *bis, FILE *out)
{
	const struct arguments *args = &bis->args;

	fprintf(out, "%s, profile %s: good end %s, bad end %s\n", args->triple, args->profile,
	    args->good, args->bad);
	fprintf(out,
	    "%zu package%s differ%s; %zu constraint%s; expecting %zu steps when one package is to "
	    "blame, each of the ends tested %u times\n",
	    args->space.npackages, args->space.npackages == 1 ? "" : "s",
	    args->space.npackages == 1 ? "s" : "", args->space.nneeds,
	    args->space.nneeds == 1 ? "" : "s", bis->expected, args->repeat);
	for (size_t p = 0; p < args->space.npackages; p++) {
		const struct search_package *pkg = &args->space.packages[p];

		fprintf(out, "  %-18s", pkg->name);
		if (args->repo)
			fprintf(out, " %s .. %s, %zu commits", pkg->versions[0],
			    pkg->versions[pkg->nversions - 1], pkg->nversions - 1);
		for (size_t v = 0; !args->repo && v < pkg->nversions; v++)
			fprintf(out, " %s", arguments_version(args, p, v));
		putc('\n', out);
	}
	for (size_t i = 0; args->dry && i < args->space.nneeds; i++) {
		const struct search_need *n = &args->space.needs[i];
		const struct search_package *pkg = &args->space.packages[n->package],
					    *on = &args->space.packages[n->on];

		if (n->from > n->to)
			fprintf(out, "  %s %s rules out what both ends have\n", pkg->name,
			    pkg->versions[n->version]);
		else
			fprintf(out, "  %s %s needs %s %s%s%s\n", pkg->name,
			    pkg->versions[n->version], on->name, on->versions[n->from],
			    n->from == n->to ? "" : " to ",
			    n->from == n->to ? "" : on->versions[n->to]);
	}
}
