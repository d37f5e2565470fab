/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_FAKEBUILD_H
#define VERIFY_TEST_FAKEBUILD_H

struct arena;

/*
 * Two programs in the test's folder, lh-build and lh-verify, that build and judge version sets of
 * packages a, b and c in no time.  Set `old` has all at version 1, set `new` at 4; 2 and 3 are
 * pinned, too, and c 4 wants b 4.  rule is sh text which sees $a $b $c, and $n, how often a verdict
 * was asked for; what it exits with is the verdict, what it prints is the line where it fails (3).
 * refuse is the same for building: 0 builds; it may set $more, a further line of the manifest.
 * Both count their calls in files `runs` and `builds`; `judged` has the arguments of the last
 * verdict.
 */
void fake_programs(struct arena *a, const char *rule, const char *refuse);
/* lines of a file in the test's folder */
unsigned fake_count(struct arena *a, const char *name);

#endif
