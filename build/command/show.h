/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_SHOW_H
#define BUILD_COMMAND_SHOW_H

#include "build/base/err.h"

struct request;

/* Commands that print something that is known, and write nothing. */
int show_why(const struct request *rq, struct err *e);
/* lh-build compare: an error when there is one */
int show_difference(const struct request *rq, struct err *e);
int show_graph(const struct request *rq, struct err *e);
/* all variables, passwords hidden; or the value of the one that is named */
int show_config(const struct request *rq, struct err *e);
int show_manifests(const struct request *rq, struct err *e);

#endif
