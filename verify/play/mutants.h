/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_MUTANTS_H
#define VERIFY_PLAY_MUTANTS_H

#include "build/base/err.h"
#include "verify/play/matrix.h"

#include <stddef.h>
#include <sys/types.h>

struct arena;
struct testcase_result;
struct image;
struct pattern;
struct scenario;

/*
 * Broken on purpose: what is done to a copy of an image, and which scenario must refuse it for
 * which reason.  A verifier is as good as the broken images it refuses.  One file each, a
 * statement a line:
 *
 *   mutant      NAME "what is wrong with it"
 *   requires    KEY VALUE...             as in a scenario
 *   put         FS PATH MODE <<END       the lines up to END become the file
 *   replace     FS PATH MODE /re/ TEXT   the first match in the file
 *   bytes       FS PATH OFFSET HEX...    written over what the file has there
 *   remove      FS PATH
 *   append      KERNELWORD
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
	struct mutant_edit {
		enum mutant_kind { MUTANT_PUT, MUTANT_REPLACE, MUTANT_BYTES, MUTANT_REMOVE } kind;
		const char *fs, *file;
		mode_t mode;
		const char *text; /* bytes: n of them */
		size_t n, offset; /* bytes */
		struct pattern *re;
		unsigned line;
	} * edits;
	size_t nedits;
	const char *append; /* NULL: none */
	const char *scenario;
	struct pattern *reason;
};

int mutants_read(struct arena *a, const char *path, struct mutant *out, struct err *e);
/* every file of a folder, in order of name; or the one file */
int mutants_read_all(
    struct arena *a, const char *dir, struct mutant **out, size_t *n, struct err *e);
/* one test case for each image and each sabotage that applies to it */
int mutants_matrix(struct arena *a, struct image *images, size_t nimages, const struct mutant *s,
    size_t n, const struct scenario *scenarios, size_t nscenarios, struct matrix *out,
    struct err *e);
/*
 * a copy of from, which is the image with or without its guest agent, with the edits done, as file
 * to
 */
int mutants_make(struct arena *a, const struct mutant *s, const struct image *i, const char *from,
    const char *to, struct err *e);
/* turns the verdict: refused for the right reason is a pass, everything else is not */
void mutants_judge(struct arena *a, const struct mutant *s, struct testcase_result *r);

#endif
