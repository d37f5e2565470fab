/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_PROGRAM_H
#define VERIFY_TEST_PROGRAM_H

struct arena;

/* The programs themselves, called by a shell. */

/*
 * The test's folder gets a manifest of a fake guest that plays this script, scenarios/, and in out/
 * the results of an earlier run.
 */
void program_prepare(struct arena *a, const char *guest);
/* runs a script in that folder, where VERIFY and BISECT are the programs; its exit status */
int program_sh(struct arena *a, const char *script, char **said);
/* the same, checked: it ends with that status, and says that among other things, which it returns
 */
const char *program_ends(struct arena *a, const char *script, int status, const char *says);
/* a file in that folder */
void program_put(struct arena *a, const char *name, const char *text);

#endif
