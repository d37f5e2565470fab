/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_WRITTEN_H
#define VERIFY_MUTANTS_WRITTEN_H

#include "build/base/err.h"
#include "verify/mutants/edit.h"
#include "verify/play/matrix.h"

#include <stddef.h>

struct arena;
struct testcase_result;
struct image;
struct pattern;
struct scenario;

/*
 * Mutants that somebody has written: what is done to a copy of an image, and which scenario must
 * refuse it for which reason.  A verifier is as good as the broken images it refuses.  One file
 * each, a statement a line:
 *
 *   mutant      NAME "what is wrong with it"
 *   requires    KEY VALUE...             as in a scenario
 *   put         FS PATH MODE <<END       the lines up to END become the file, which is there
 *   add         FS PATH MODE <<END       the same, and it is not there yet
 *   replace     FS PATH MODE /re/ TEXT   the first match in the file
 *   bytes       FS PATH OFFSET HEX...    written over what the file has there
 *   remove      FS PATH
 *   append      KERNELWORD
 *   poke        PARTITION HEX HEX        the first bytes that are the first become the second
 *   uuid        PARTITION UUID           in the partition table
 *   refused-by  SCENARIO /re/            found in what the report says of the failure
 */
struct mutant {
	const char *path, *name, *title;
	struct mutant_requires {
		const char *key, **values;
		size_t nvalues;
		unsigned line;
	} * requires;
	size_t nrequires;
	struct edit *edits;
	size_t nedits;
	const char *append; /* NULL: none */
	const char *scenario;
	struct pattern *reason;
};

int written_read(struct arena *a, const char *path, struct mutant *out, struct err *e);
/* every file of a folder, in order of name; or the one file */
int written_read_all(
    struct arena *a, const char *dir, struct mutant **out, size_t *n, struct err *e);
/* leaves those of these names, with or without "mutant-"; NULL, or none: all of them */
int written_choose(struct mutant *v, size_t *n, const char *const *names, struct err *e);
/*
 * one test case for each image and each mutant, where a firmware starts the image for those that
 * require something of boot; one whose scenario is of another lane than these is
 * skipped, but when it is the only mutant
 */
int written_matrix(struct arena *a, struct image *images, size_t nimages, const struct mutant *s,
    size_t n, const struct scenario *scenarios, size_t nscenarios, const char *const *lanes,
    struct matrix *out, struct err *e);
/* turns the verdict: refused for the right reason is a pass, everything else is not */
void written_judge(struct arena *a, const struct mutant *s, struct testcase_result *r);

#endif
