/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/report.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/report/markup.h"

#include <ctype.h>
#include <string.h>

#define FAILED_MAX 15 /* that are named at the end: with what is below, on one screen */

const char *const verdict_names[NVERDICTS] = {
	[VERDICT_PASS] = "pass",
	[VERDICT_FAIL] = "fail",
	[VERDICT_SKIP] = "skip",
	[VERDICT_INCONCLUSIVE] = "inconclusive",
};

const char report_unboxed[] = "packages were built without a sandbox";
const char report_untrusted[] =
    "not trusted, so without a network beyond this test: see lh-verify --trusted";

void
report_count(const struct testcase_result *testcases, size_t n, struct report_counts *out)
{
	*out = (struct report_counts){ 0 };
	for (size_t i = 0; i < n; i++)
		out->of[testcases[i].verdict]++;
	out->failed = out->of[VERDICT_FAIL] + out->of[VERDICT_INCONCLUSIVE];
}

double
report_seconds(nstime t)
{
	return (double)t / 1e9;
}

/* the rows of a failure, in the order in which a person asks */
size_t
report_rows(const struct testcase_result *c, struct report_row rows[REPORT_ROWS])
{
	const struct failure *f = &c->failure;
	bool is_bad = c->verdict == VERDICT_FAIL || c->verdict == VERDICT_INCONCLUSIVE;
	const struct report_row all[REPORT_ROWS] = {
		{ "expected", f->expected, false },
		{ "got", f->got, false },
		{ "nearest", f->nearest, false },
		{ "console", f->console, false },
		{ "guest", f->guest, false },
		{ "look",
		    f->look		  ? f->look
		    : c->reason && is_bad ? c->dir
					  : NULL,
		    true },
		{ "again", is_bad ? c->again : NULL, true },
		{ "open", is_bad ? c->open : NULL, true },
	};
	size_t n = 0;

	for (size_t i = 0; i < REPORT_ROWS; i++)
		if (all[i].text && *all[i].text)
			rows[n++] = all[i];
	return n;
}

/* ---- TAP, version 13 ---- */

/*
 * Others' words in a line of ours, which they neither end nor make a remark of: `not ok 1 - x #
 * TODO` passes
 */
static void
put_words(FILE *f, const char *before, const char *words)
{
	fputs(before, f);
	for (const char *p = words ? words : "?"; *p; p++) {
		if (*p == '#')
			putc('\\', f);
		markup_plain(f, *p);
	}
}

static void
put_name(FILE *f, const char *before, const struct testcase_result *c)
{
	put_words(f, before, c->arch);
	put_words(f, " ", c->net);
	if (c->mixed) {
		put_words(f, " ", c->profile);
		put_words(f, " ", c->set);
	}
	put_words(f, " ", c->scenario);
}

/* what a reader has to know of the images, before the verdicts and after them */
static void
put_doubts(FILE *f, const char *hash, const struct report_head *h)
{
	if (h->why) {
		fputs(hash, f);
		put_words(f, "profile ", h->profile);
		put_words(f, ": ", h->why);
		putc('\n', f);
	}
	if (h->sandbox)
		fprintf(f, "%s%s\n", hash, report_unboxed);
	if (h->untrusted)
		fprintf(f, "%s%s\n", hash, report_untrusted);
	if (h->cached) {
		put_words(f, hash, h->cached);
		putc('\n', f);
	}
}

void
report_tap_start(FILE *f, size_t ncases, const struct report_head *h)
{
	const char *before = "# ";

	fprintf(f, "TAP version 13\n1..%zu\n", ncases);
	/* an image from elsewhere is of no set, nor of a profile; runs that are merged have none of
	 * it */
	if (h->profile) {
		put_words(f, "# profile ", h->profile);
		if (h->set)
			put_words(f, ", set ", h->set);
		before = "; ";
	}
	if (h->accel) {
		put_words(f, before, h->accel);
		before = "; ";
	}
	if (h->jobs) {
		fprintf(f, "%s%u at a time, timeouts x %.1f", before, h->jobs, h->scale);
		before = "; ";
	}
	if (*before == ';')
		putc('\n', f);
	put_doubts(f, "# ", h);
	fflush(f);
}

/* each once: a service that tries again says the same again */
static void
put_warnings(FILE *f, const char *hash, const struct testcase_result *c, unsigned columns)
{
	for (size_t i = 0; i < c->nwarnings; i++) {
		size_t before = 0, times = 0;
		char count[32] = "";
		struct buf b = { 0 };

		for (size_t k = 0; k < c->nwarnings; k++)
			if (!strcmp(c->warnings[k], c->warnings[i])) {
				times++;
				before += k < i;
			}
		if (before)
			continue;
		if (times > 1)
			snprintf(count, sizeof count, " (%zu times)", times);
		buf_addf(&b, "%s%s", c->warnings[i], count);
		markup_row(f, hash, "warning", b.p, columns);
		buf_free(&b);
	}
}

/* hash: what makes a line a remark; columns: of the terminal, or 0 */
static void
put_testcase(
    FILE *f, const char *hash, size_t number, const struct testcase_result *c, unsigned columns)
{
	static const char *const words[NVERDICTS] = { [VERDICT_PASS] = "ok",
		[VERDICT_FAIL] = "not ok",
		[VERDICT_SKIP] = "ok",
		[VERDICT_INCONCLUSIVE] = "not ok" };
	struct report_row rows[REPORT_ROWS];
	size_t n = report_rows(c, rows);

	fprintf(f, "%s %zu", words[c->verdict], number);
	put_name(f, " - ", c);
	if (c->verdict == VERDICT_SKIP)
		put_words(f, " # SKIP ", c->reason);
	else if (c->failure.where)
		put_words(f, ": ", c->failure.where);
	if (c->verdict == VERDICT_PASS) {
		fprintf(f, " # %.1f s", report_seconds(c->took));
		if (c->from)
			put_words(f, ", from state ", c->from);
	}
	putc('\n', f);
	if (c->verdict == VERDICT_INCONCLUSIVE)
		markup_row(f, hash, verdict_names[c->verdict], c->reason ? c->reason : "", columns);
	if (c->failure.what)
		markup_row(f, hash, "what", c->failure.what, columns);
	for (size_t i = 0; i < n; i++)
		markup_row(f, hash, rows[i].name, rows[i].text, rows[i].copied ? 0 : columns);
	put_warnings(f, hash, c, columns);
	fflush(f);
}

void
report_tap_testcase(FILE *f, size_t number, const struct testcase_result *c)
{
	put_testcase(f, "# ", number, c, 0);
}

void
report_testcase(FILE *f, size_t number, const struct testcase_result *c, unsigned columns)
{
	put_testcase(f, "", number, c, columns);
	putc('\n', f);
	fflush(f);
}

/* a terminal opens what begins with file:// (RFC 8089) when it is clicked on */
static void
put_link(FILE *f, const char *path)
{
	fputs("file://", f);
	for (const char *p = path; *p; p++)
		if (isalnum((unsigned char)*p) || strchr("/-._~", *p))
			putc(*p, f);
		else
			fprintf(f, "%%%02X", (unsigned char)*p);
}

static void
put_end(FILE *f, const char *hash, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, const char *html)
{
	struct report_counts k;

	report_count(testcases, n, &k);
	if (k.of[VERDICT_INCONCLUSIVE])
		fprintf(f, "%s%zu of the failed %s inconclusive\n", hash,
		    k.of[VERDICT_INCONCLUSIVE], k.of[VERDICT_INCONCLUSIVE] == 1 ? "is" : "are");
	fprintf(f, "%s%.1f s; report: ", hash, report_seconds(h->took));
	if (*hash)
		fputs(html, f);
	else
		put_link(f, html);
	putc('\n', f);
	put_doubts(f, hash, h);
	fprintf(f, "%zu passed, %zu failed, %zu skipped\n", k.of[VERDICT_PASS], k.failed,
	    k.of[VERDICT_SKIP]);
	fflush(f);
}

void
report_tap_end(FILE *f, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, const char *html)
{
	put_end(f, "# ", testcases, n, h, html);
}

/* of many test cases the first to fail is no longer on the screen */
static void
put_failed(FILE *f, const struct testcase_result *testcases, size_t n)
{
	size_t told = 0, left = 0;

	for (size_t i = 0; i < n; i++) {
		const struct testcase_result *c = &testcases[i];

		if (c->verdict != VERDICT_FAIL)
			continue;
		if (told == FAILED_MAX) {
			left++;
			continue;
		}
		told++;
		put_name(f, "failed: ", c);
		if (c->failure.where)
			put_words(f, ": ", c->failure.where);
		putc('\n', f);
	}
	if (left)
		fprintf(f, "failed: %zu more\n", left);
}

void
report_end(FILE *f, const struct testcase_result *testcases, size_t n, const struct report_head *h,
    const char *html)
{
	if (n > 1)
		put_failed(f, testcases, n);
	put_end(f, "", testcases, n, h, html);
}

/* ---- the end ---- */

int
report_files(struct arena *a, const char *dir, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e)
{
	return report_junit(arena_printf(a, "%s/junit.xml", dir), testcases, n, h, e) < 0
		   ? -1
		   : report_html(arena_printf(a, "%s/index.html", dir), testcases, n, h, e);
}

int
report_status(const struct testcase_result *testcases, size_t n)
{
	struct report_counts k;

	report_count(testcases, n, &k);
	if (k.of[VERDICT_FAIL])
		return EXIT_WORK;
	/* a run that judged nothing proves nothing */
	return k.of[VERDICT_INCONCLUSIVE] || !k.of[VERDICT_PASS] ? EXIT_NOJUDGE : 0;
}
