/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_MUTANTS_GPT_H
#define VERIFY_MUTANTS_GPT_H

#include "build/base/err.h"

#include <stdint.h>

/*
 * Gives the partition that begins at byte `start` of a disk another identifier, in both copies of
 * its table, whose checksums are right again.  uuid: as text.
 */
int gpt_set_uuid(const char *disk, uint64_t start, const char *uuid, struct err *e);

#endif
