/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_RESULT_H
#define VERIFY_REPORT_RESULT_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>

struct man_differs;

/*
 * What came out.  A test case is one image x one scenario; a point is one step of it.
 * A pass needs positive evidence of every step, the nonce, the expected way of ending,
 * no forbidden pattern on the console, QEMU reaped, the base image unchanged.
 */
enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_INCONCLUSIVE, /* the host or the programs are at fault, not the image */
	NVERDICTS
};

extern const char *const verdict_names[NVERDICTS];

/* in a test case's folder: what the guest's screen showed when it failed, where it has one */
#define RESULT_PICTURE "screen.png"

struct step_result {
	unsigned line;	    /* of the scenario */
	const char *source; /* the statement */
	enum verdict verdict;
	nstime took;
	const char *said; /* what a command said that was as expected, as one short line; or NULL */
};

/* why a test case is not a pass, as a person should see it; members may be NULL */
struct failure {
	const char *where; /* scenarios/services.scn:14 */
	const char *what;  /* one line */
	const char *expected;
	const char *got;
	const char *guest;   /* idle, spinning in SYMBOL, waiting for disk, host CPU contention,
				panicked, gone */
	const char *nearest; /* what came closest to what was expected */
	const char *console; /* else the line of the console that tells most */
	const char *look;    /* paths */
};

/* the reason of what is planned: of a run that has ended, none has it */
#define RESULT_UNJUDGED "not judged"

/* what a scenario keeps of an image, to be compared across triples (compare.h) */
struct kept {
	const char *subject;
	const char *text; /* NULL: it should be kept, and was not yet */
};

struct testcase_result {
	const char *arch, *net, *profile, *set, *scenario, *title;
	const char *scenario_path;
	const char *image, *kernel; /* image_digest and kernel_sha256 of its manifest: what was
				       judged; NULL: not told */
	const char *dir;	    /* the test case's folder: console, qmp, argv, verdict */
	enum verdict verdict;
	const char *was;    /* the verdict of last time, when that was another: before.h */
	const char *reason; /* skip and inconclusive: one line */
	struct failure failure;
	const char *again; /* the command that plays this one alone, or NULL */
	const char *open;  /* the one that opens the guest there, or NULL */
	bool offline;	   /* it starts no guest */
	bool capsule;	   /* the guest is kept as it was then: capsule.h */
	struct step_result *steps;
	size_t nsteps;
	nstime took, booted; /* wall time; from qemu start to readiness, 0: not measured */
	const char *from;    /* the saved state it started from, which booted once for all of them;
				NULL: booted itself */
	const char **warnings; /* what warn watches saw */
	size_t nwarnings;
	const char *chart; /* what there is to draw of the boot (chart.h), or NULL */
	struct kept *kept;
	size_t nkept;
	const struct man_differs
	    *differs; /* what the manifest says about this triple, see build/files/manifest.h */
	size_t ndiffers;
	bool comparison; /* not of one image, but of several */
	bool mixed;	 /* beside those of other profiles or sets: only with them it has a name */
};

#endif
