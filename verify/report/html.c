/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/markup.h"
#include "verify/report/report.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/report/chart.h"
#include "verify/report/results.h"
#include "verify/report/style.h"
#include "verify/report/tail.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* the bar of the step of a case that took longest */
#define BAR_REM 6.0
#define COLUMNS_MAX 4	      /* scenarios that a phone has room for side by side */
#define OPEN_MAX 3	      /* failures whose steps are shown without being asked for */
#define PICTURE_MAX (1 << 20) /* bytes; a screen of text is a few thousand */

static const char *
or_unknown(const char *s)
{
	return s && *s ? s : "?";
}

static bool
same(const char *a, const char *b)
{
	return !strcmp(or_unknown(a), or_unknown(b));
}

static bool
same_scenario(const struct testcase_result *a, const struct testcase_result *b)
{
	return same(a->scenario, b->scenario);
}

typedef bool alike(const struct testcase_result *, const struct testcase_result *);

/* the first test case of its row or column; what compares images is neither */
static bool
starts(const struct testcase_result *testcases, size_t i, alike *like)
{
	for (size_t k = 0; k < i; k++)
		if (!testcases[k].comparison && like(&testcases[k], &testcases[i]))
			return false;
	return !testcases[i].comparison;
}

/* always a link, so that a keyboard reaches it: to the failure, the steps or the reason */
static void
add_square(struct buf *b, const struct testcase_result *c, size_t number)
{
	const char *v = verdict_names[c->verdict];

	if (c->verdict == VERDICT_PASS && !c->comparison)
		buf_addf(
		    b, "<a class=pass href=\"#c%zu\">%.1f</a>", number, report_seconds(c->took));
	else
		buf_addf(b, "<a class=%s href=\"#c%zu\">%s</a>", v, number,
		    c->verdict == VERDICT_FAIL ? "FAIL" : v);
}

/* what all rows have in common needs no saying */
static void
add_image_name(struct buf *b, const struct testcase_result *testcases, size_t n,
    const struct testcase_result *c)
{
	bool mixed = false;

	for (size_t i = 0; i < n; i++)
		mixed |= !same(testcases[i].profile, c->profile) || !same(testcases[i].set, c->set);
	markup_adds(b, or_unknown(c->arch));
	buf_adds(b, " <span class=dim>");
	markup_adds(b, or_unknown(c->net));
	if (mixed) {
		buf_adds(b, " ");
		markup_adds(b, or_unknown(c->profile));
		buf_adds(b, " ");
		markup_adds(b, or_unknown(c->set));
	}
	buf_adds(b, "</span>");
}

/* which way the matrix lies: a page scrolls down more willingly than sideways */
struct axes {
	alike *row, *column;
	bool tall; /* a row a scenario; else a row an image */
};

static size_t
count_starts(const struct testcase_result *testcases, size_t n, alike *like)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += starts(testcases, i, like);
	return k;
}

static struct axes
choose_axes(const struct testcase_result *testcases, size_t n)
{
	size_t scenarios = count_starts(testcases, n, same_scenario);

	if (scenarios > COLUMNS_MAX && scenarios > count_starts(testcases, n, results_same_image))
		return (struct axes){ same_scenario, results_same_image, true };
	return (struct axes){ results_same_image, same_scenario, false };
}

static void
add_name(struct buf *b, const struct testcase_result *testcases, size_t n, size_t i, bool scenario)
{
	if (scenario)
		markup_adds(b, testcases[i].scenario);
	else
		add_image_name(b, testcases, n, &testcases[i]);
}

static void
add_took(struct buf *b, const struct testcase_result *testcases, size_t n, size_t image)
{
	double took = 0;

	for (size_t k = 0; k < n; k++)
		if (!testcases[k].comparison &&
		    results_same_image(&testcases[k], &testcases[image]))
			took += report_seconds(testcases[k].took);
	buf_addf(b, "<td class=took>%.1f", took);
}

static void
add_row(struct buf *b, const struct testcase_result *testcases, size_t n, const struct axes *x,
    size_t row)
{
	buf_adds(b, "<tr><th scope=row>");
	add_name(b, testcases, n, row, x->tall);
	for (size_t col = 0; col < n; col++) {
		if (!starts(testcases, col, x->column))
			continue;
		buf_adds(b, "<td>");
		for (size_t k = 0; k < n; k++)
			if (x->row(&testcases[k], &testcases[row]) &&
			    x->column(&testcases[k], &testcases[col]))
				add_square(b, &testcases[k], k + 1);
	}
	if (!x->tall)
		add_took(b, testcases, n, row);
	buf_adds(b, "</tr>\n");
}

static void
add_matrix(struct buf *b, const struct testcase_result *testcases, size_t n)
{
	const struct axes x = choose_axes(testcases, n);

	buf_adds(b, "<h2>Matrix</h2><div class=wide tabindex=0 role=region "
		    "aria-label=Matrix><table><tr><td>");
	for (size_t i = 0; i < n; i++)
		if (starts(testcases, i, x.column)) {
			buf_adds(b, "<th scope=col>");
			add_name(b, testcases, n, i, !x.tall);
		}
	buf_adds(b, x.tall ? "</tr>\n" : "<th scope=col class=took>seconds</tr>\n");
	for (size_t i = 0; i < n; i++)
		if (starts(testcases, i, x.row))
			add_row(b, testcases, n, &x, i);
	if (x.tall) {
		buf_adds(b, "<tr><th scope=row>seconds");
		for (size_t i = 0; i < n; i++)
			if (starts(testcases, i, x.column))
				add_took(b, testcases, n, i);
		buf_adds(b, "</tr>\n");
	}
	buf_adds(b, "</table></div>\n");
}

static void
add_comparisons(struct buf *b, const struct testcase_result *testcases, size_t n)
{
	const char *open = "<h2>Between triples</h2><div class=wide><table>\n";

	for (size_t i = 0; i < n; i++) {
		if (!testcases[i].comparison)
			continue;
		buf_adds(b, open);
		open = "";
		buf_adds(b, "<tr><th scope=row>");
		add_image_name(b, testcases, n, &testcases[i]);
		buf_adds(b, "<td>");
		add_square(b, &testcases[i], i + 1);
		if (testcases[i].verdict == VERDICT_PASS) /* else it has a card of its own */
			buf_addf(b, "<td id=c%zu>", i + 1);
		else
			buf_adds(b, "<td>");
		markup_adds(b, testcases[i].failure.what ? testcases[i].failure.what
			       : testcases[i].title	 ? testcases[i].title
							 : testcases[i].scenario);
		for (size_t w = 0; w < testcases[i].nwarnings; w++) {
			buf_adds(b, "<br><code>warning: ");
			markup_adds(b, testcases[i].warnings[w]);
			buf_adds(b, "</code>");
		}
		buf_adds(b, "</tr>\n");
	}
	if (!*open)
		buf_adds(b, "</table></div>\n");
}

static void
add_chart(struct buf *b, const struct testcase_result *c)
{
	if (!c->chart)
		return;
	buf_adds(b, "<h2>Boot, ");
	markup_adds(b, or_unknown(c->arch));
	buf_adds(b, ", ");
	markup_adds(b, or_unknown(c->net));
	buf_adds(b, " <span class=dim>seconds since the kernel began, from start to readiness; "
		    "what took longest in orange; dashed: a oneshot, which was done somewhere in "
		    "that time</span></h2>\n");
	chart_svg(b, c->chart);
}

static void
add_skipped(struct buf *b, const struct testcase_result *testcases, size_t n)
{
	const char *open = "<h2>Skipped</h2><div class=wide><table>\n";

	for (size_t i = 0; i < n; i++) {
		if (testcases[i].verdict != VERDICT_SKIP)
			continue;
		buf_adds(b, open);
		open = "";
		buf_addf(b, "<tr id=c%zu><th scope=row>", i + 1);
		add_image_name(b, testcases, n, &testcases[i]);
		buf_adds(b, "<td>");
		markup_adds(b, testcases[i].scenario);
		buf_adds(b, "<td class=\"dim wrap\">");
		markup_adds(b, testcases[i].reason ? testcases[i].reason : "");
		buf_adds(b, "</tr>\n");
	}
	if (!*open)
		buf_adds(b, "</table></div>\n");
}

static void
add_heading(struct buf *b, const struct testcase_result *c)
{
	markup_adds(b, or_unknown(c->arch));
	buf_adds(b, ", ");
	markup_adds(b, or_unknown(c->net));
	buf_adds(b, ", ");
	markup_adds(b, c->scenario);
}

/* pass, was fail */
static void
add_verdict(struct buf *b, const struct testcase_result *c)
{
	buf_adds(b, verdict_names[c->verdict]);
	if (c->was) {
		buf_adds(b, ", was ");
		markup_adds(b, c->was);
	}
}

/* what its screen showed, in the page itself, which is one file; a picture may be anything */
static void
add_picture(struct buf *b, const struct testcase_result *c)
{
	static const char head[] = "\x89PNG\r\n\x1a\n";
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/" RESULT_PICTURE, c->dir ? c->dir : "");
	struct stat st;
	char *p;
	size_t n;

	if (c->dir && lstat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= PICTURE_MAX &&
	    file_read(a, path, &p, &n, &(struct err){ 0 }) == 0 && n > sizeof head - 1 &&
	    !memcmp(p, head, sizeof head - 1)) {
		buf_adds(b, "<img alt=\"the guest's screen\" src=\"data:image/png;base64,");
		markup_base64(b, p, n);
		buf_adds(b, "\">\n");
	}
	arena_free(a);
}

static void
add_failure(struct buf *b, const struct testcase_result *c, size_t number)
{
	struct report_row rows[REPORT_ROWS];
	size_t n = report_rows(c, rows);
	const char *what = c->failure.what ? c->failure.what
			   : c->reason	   ? c->reason
					   : verdict_names[c->verdict];

	buf_addf(b, "<h2 id=c%zu>", number);
	add_heading(b, c);
	if (c->was) {
		buf_adds(b, " <span class=dim>");
		add_verdict(b, c);
		buf_adds(b, "</span>");
	}
	buf_adds(b, "</h2><div class=card><b>");
	markup_adds(b, what);
	buf_adds(b, "</b> <code class=dim>");
	markup_adds(b, c->failure.where ? c->failure.where : "");
	buf_adds(b, "</code><dl>");
	for (size_t i = 0; i < n; i++)
		style_row(b, rows[i].name, rows[i].text);
	buf_adds(b, "</dl>\n");
	add_picture(b, c);
	buf_adds(b, "</div>\n");
}

/* more than twice what the others take, that is what one may want to look at */
static nstime
slow_from(const struct testcase_result *testcases, size_t n)
{
	double sum = 0; /* of files that others may have written: no sum of them overflows */
	size_t judged = 0;

	for (size_t i = 0; i < n; i++)
		if (testcases[i].verdict != VERDICT_SKIP && !testcases[i].comparison) {
			sum += (double)testcases[i].took;
			judged++;
		}
	return judged ? (nstime)(2 * sum / (double)judged) : 0;
}

/* which of them are shown: style.c does it, without a script */
static void
add_choice(struct buf *b, const struct testcase_result *testcases, size_t n)
{
	bool changed = false;

	for (size_t i = 0; i < n; i++)
		changed |= testcases[i].was != NULL;
	buf_addf(b,
	    "<p class=choice>"
	    "<label><input type=radio name=choice checked> all</label> "
	    "<label><input type=radio name=choice id=only-bad> not passed</label> "
	    "%s<label><input type=radio name=choice id=only-slow> slow</label></p>\n",
	    changed ? "<label><input type=radio name=choice id=only-new> changed</label> " : "");
}

/* every step with its time: what there is to say of a pass; else beside the console */
static void
add_steps(struct buf *b, const struct testcase_result *c, size_t number, nstime slow, size_t failed)
{
	bool bad = c->verdict != VERDICT_PASS;
	struct buf console = { 0 };
	nstime longest = 1;

	if (c->verdict == VERDICT_SKIP || !c->nsteps)
		return;
	buf_addf(b, "<details%s class=\"%s%s%s\" id=%c%zu><summary>",
	    bad && failed <= OPEN_MAX ? " open" : "", bad ? "bad " : "", c->was ? "new " : "",
	    c->took > slow ? "slow" : "", bad ? 's' : 'c', number);
	add_heading(b, c);
	buf_adds(b, " <span class=dim>");
	add_verdict(b, c);
	buf_addf(b, ", %.1f s", report_seconds(c->took));
	if (c->from) {
		buf_adds(b, ", from state ");
		markup_adds(b, c->from);
	}
	if (c->booted > 0)
		buf_addf(b, ", booted in %.1f s", report_seconds(c->booted));
	if (bad)
		tail_add(&console, c->dir);
	buf_addf(b, "</span></summary>%s<table>", console.n ? "<div class=two><div>" : "");
	for (size_t i = 0; i < c->nsteps; i++)
		longest = c->steps[i].took > longest ? c->steps[i].took : longest;
	for (size_t i = 0; i < c->nsteps; i++) {
		const struct step_result *p = &c->steps[i];

		buf_addf(b,
		    "<tr><td class=%s>%s<td class=dim>%.2f s<td><i class=bar "
		    "style=\"width:%.1frem\">"
		    "</i><td class=dim>%u<td><code>",
		    verdict_names[p->verdict], verdict_names[p->verdict], report_seconds(p->took),
		    BAR_REM * (double)p->took / (double)longest, p->line);
		markup_adds(b, p->source);
		buf_adds(b, "</code></tr>\n");
	}
	buf_adds(b, "</table>");
	for (size_t i = 0; i < c->nwarnings; i++) {
		buf_adds(b, "<div class=dim>warning: <code>");
		markup_adds(b, c->warnings[i]);
		buf_adds(b, "</code></div>");
	}
	if (console.n) {
		buf_adds(b, "</div><div>");
		buf_add(b, console.p, console.n);
		buf_adds(b, "</div></div>");
	}
	buf_free(&console);
	buf_adds(b, "</details>\n");
}

int
report_html(const char *path, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e)
{
	struct report_counts k;
	struct buf b = { 0 };
	char title[64];
	size_t judged;
	nstime slow;
	int r;

	report_count(testcases, n, &k);
	judged = k.of[VERDICT_PASS] + k.failed;
	snprintf(title, sizeof title, "verify: %zu of %zu", k.of[VERDICT_PASS], judged);
	style_begin(&b, title);
	buf_addf(&b, "<h1>%zu of %zu passed <span class=dim>in %.0f s", k.of[VERDICT_PASS], judged,
	    report_seconds(h->took));
	if (k.of[VERDICT_SKIP])
		buf_addf(&b, ", %zu skipped", k.of[VERDICT_SKIP]);
	buf_adds(&b, "</span></h1>\n<div class=dim>");
	if (h->set) { /* an image from elsewhere is of none */
		buf_adds(&b, "set ");
		markup_adds(&b, h->set);
		buf_adds(&b, ", ");
	}
	if (h->profile) {
		buf_adds(&b, "profile ");
		markup_adds(&b, h->profile);
	} else {
		buf_adds(&b, "an image from elsewhere");
	}
	if (h->why) {
		buf_adds(&b, " (");
		markup_adds(&b, h->why);
		buf_adds(&b, ")");
	}
	if (h->sandbox)
		buf_addf(&b, " · <strong>%s</strong>", report_unboxed);
	if (h->untrusted)
		buf_addf(&b, " · <strong>%s</strong>", report_untrusted);
	if (h->cached) {
		buf_adds(&b, " · ");
		markup_adds(&b, h->cached);
	}
	buf_adds(&b, " · ");
	markup_adds(&b, or_unknown(h->accel));
	buf_addf(&b, " · %u at a time, timeouts × %.1f · lh-verify ", h->jobs, h->scale);
	markup_adds(&b, or_unknown(h->version));
	buf_adds(&b, " · ");
	markup_adds(&b, or_unknown(h->date));
	buf_adds(&b, "</div>\n");
	add_matrix(&b, testcases, n);
	add_comparisons(&b, testcases, n);
	for (size_t i = 0; i < n; i++)
		if (testcases[i].verdict != VERDICT_PASS && testcases[i].verdict != VERDICT_SKIP)
			add_failure(&b, &testcases[i], i + 1);
	for (size_t i = 0; i < n; i++)
		add_chart(&b, &testcases[i]);
	buf_adds(&b, "<h2>Steps</h2>\n");
	add_choice(&b, testcases, n);
	slow = slow_from(testcases, n);
	for (size_t i = 0; i < n; i++)
		add_steps(&b, &testcases[i], i + 1, slow, k.failed);
	add_skipped(&b, testcases, n);
	buf_adds(&b, "</html>\n");
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}
