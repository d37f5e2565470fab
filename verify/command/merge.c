/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/command/command.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/report/merge.h"
#include "verify/report/report.h"
#include "verify/report/result.h"

#include <stdio.h>
#include <unistd.h>

/*
 * an old report must not outlive a merge that fails; -o may be one of the runs, and keeps its
 * results.  That of a run under way is no old one
 */
static int
clear(struct arena *a, const char *out, struct err *e)
{
	int lock = -1, r;

	if (file_exists(out) && !file_isdir(out))
		return fail_usage(e, "%s: not a folder; name another with -o", out);
	if (outdir_fits(a, out, e) < 0)
		return -1;
	if (file_exists(arena_printf(a, "%s/lock", out)) && (lock = outdir_lock(a, out, e)) < 0)
		return -1;
	r = file_remove(arena_printf(a, "%s/junit.xml", out), e);
	if (r == 0)
		r = file_remove(arena_printf(a, "%s/index.html", out), e);
	if (lock >= 0)
		close(lock);
	return r;
}

int
command_merge(struct arena *a, struct options *o, struct err *e)
{
	struct report_head head;
	struct testcase_result *results;
	int locked;
	size_t n;

	if (!o->out)
		return fail_usage(e, "merge: needs -o, the folder for the report");
	if (!o->nwords)
		return fail_usage(e, "merge: needs folders of runs; see lh-verify --help");
	if (clear(a, o->out, e) < 0)
		return -1;
	if (merge_runs(a, o->words, o->nwords, &results, &n, &head, e) < 0)
		return -1;
	head.version = LH_VERSION;
	if (outdir_make(o->out, e) < 0 || (locked = outdir_lock(a, o->out, e)) < 0)
		return -1;
	if (report_files(a, o->out, results, n, &head, e) < 0) {
		close(locked);
		return -1;
	}
	close(locked);
	report_tap_start(stdout, n, &head);
	for (size_t i = 0; i < n; i++)
		report_tap_testcase(stdout, i + 1, &results[i]);
	report_tap_end(stdout, results, n, &head, arena_printf(a, "%s/index.html", o->out));
	return report_status(results, n);
}
