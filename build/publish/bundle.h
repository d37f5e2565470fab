/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_BUNDLE_H
#define BUILD_PUBLISH_BUNDLE_H

#include "build/base/err.h"

struct request;

/* lh-build bundle FILE: the checkout and its sources in one archive */
int bundle_command(const struct request *rq, struct err *e);

#endif
