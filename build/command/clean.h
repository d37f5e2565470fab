/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_CLEAN_H
#define BUILD_COMMAND_CLEAN_H

#include "build/base/err.h"

struct request;

/* lh-build clean: what is in OUTPUT but the sources */
int clean_command(const struct request *rq, struct err *e);
/* lh-build distclean: all of it */
int distclean_command(const struct request *rq, struct err *e);

#endif
