/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/test/harness.h"

/* one line a suite, in the order of the picture in STYLE: base first */
#define SUITES(X) \
	X(err) \
	X(arena) \
	X(argv) \
	X(buf) \
	X(lines) \
	X(clock) \
	X(file) \
	X(child) \
	X(digest) \
	X(manifest) \
	X(config) \
	X(sysdeps) \
	X(recipe) \
	X(fetch) \
	X(unpack) \
	X(override) \
	X(plan) \
	X(credentials) \
	X(output) \
	X(why) \
	X(lint) \
	X(tree) \
	X(owners) \
	X(fsplan) \
	X(blocks) \
	X(fs) \
	X(disk) \
	X(image) \
	X(store) \
	X(stage) \
	X(patch) \
	X(sandbox) \
	X(jobserver) \
	X(toolchain) \
	X(work) \
	X(job)

#define DECLARE(name) Suite *name##_suite(void);
SUITES(DECLARE)

int
main(void)
{
#define NAME(name) name##_suite,
	static Suite *(*const suites[])(void) = { SUITES(NAME) NULL };

	return harness_run(suites);
}
