/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FUZZ_FUZZ_H
#define BUILD_FUZZ_FUZZ_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * What the fuzz targets of both programs share.  A target is fuzz_NAME.c: libFuzzer calls its
 * LLVMFuzzerTestOneInput with bytes, again and again, and looks for those that reach new code.  A
 * finding is whatever a sanitizer reports, a leak, what takes too long, and a fuzz_must() that does
 * not hold.  ci/fuzz knows where each target's first inputs come from, and runs them.
 */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

/* an empty folder of this process, absolute, below TMPDIR; removed at its end */
const char *fuzz_dir(void);
/* writes a file below it, its folders too; its path */
char *fuzz_file(struct arena *a, const char *rel, const void *p, size_t n);
/* removes what is below it */
void fuzz_clean(const char *rel);
/* what must hold whatever the input; if it does not, that is a finding */
void fuzz_must(bool holds, const char *what);
/* r is what a function returned that fails by err.h: an error has a text and a code of ours */
bool fuzz_failed(int r, const struct err *e);

#endif
