/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/markup.h"
#include "verify/report/report.h"

#include "build/base/buf.h"
#include "build/files/file.h"

#include <string.h>

/* an inconclusive test case is an <error>, a failed one a <failure> */
static const char *
element(enum verdict v)
{
	return v == VERDICT_INCONCLUSIVE ? "error" : "failure";
}

static void
add_case(struct buf *b, const struct testcase_result *c)
{
	struct report_row rows[REPORT_ROWS];
	size_t n = report_rows(c, rows);
	const char *message = c->failure.what ? c->failure.what : c->reason ? c->reason : "";
	const char *const class[] = { c->arch, c->net, c->profile, c->set };

	buf_adds(b, "  <testcase classname=\"");
	for (size_t i = 0; i < (c->mixed ? 4 : 2); i++) {
		buf_adds(b, i ? "." : "");
		markup_adds(b, class[i] ? class[i] : "?");
	}
	buf_adds(b, "\" name=\"");
	markup_adds(b, c->scenario);
	buf_addf(b, "\" time=\"%.3f\"", report_seconds(c->took));
	if (c->verdict == VERDICT_PASS && !c->nwarnings) {
		buf_adds(b, "/>\n");
		return;
	}
	buf_adds(b, ">\n");
	if (c->verdict == VERDICT_SKIP) {
		buf_adds(b, "    <skipped message=\"");
		markup_adds(b, c->reason ? c->reason : "");
		buf_adds(b, "\"/>\n");
	} else if (c->verdict != VERDICT_PASS) {
		buf_addf(b, "    <%s message=\"", element(c->verdict));
		markup_adds(b, message);
		buf_adds(b, "\">");
		markup_adds(b, c->failure.where ? c->failure.where : "");
		for (size_t i = 0; i < n; i++) {
			buf_addf(b, "\n%-10s ", rows[i].name);
			markup_adds(b, rows[i].text);
		}
		buf_addf(b, "</%s>\n", element(c->verdict));
	}
	if (c->nwarnings) {
		buf_adds(b, "    <system-err>");
		for (size_t i = 0; i < c->nwarnings; i++) {
			markup_adds(b, c->warnings[i]);
			buf_adds(b, "\n");
		}
		buf_adds(b, "</system-err>\n");
	}
	buf_adds(b, "  </testcase>\n");
}

int
report_junit(const char *path, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e)
{
	struct report_counts k;
	struct buf b = { 0 };
	int r;

	report_count(testcases, n, &k);
	buf_addf(&b,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"lh-verify\" "
	    "tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\">\n",
	    n, k.failed - k.of[VERDICT_INCONCLUSIVE], k.of[VERDICT_INCONCLUSIVE],
	    k.of[VERDICT_SKIP], report_seconds(h->took));
	for (size_t i = 0; i < n; i++)
		add_case(&b, &testcases[i]);
	buf_adds(&b, "</testsuite>\n");
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}
