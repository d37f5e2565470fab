/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_VERIFY_RELEASE_H
#define BUILD_PUBLISH_VERIFY_RELEASE_H

#include "build/base/err.h"

struct request;

/*
 * lh-build verify-release DIR [SIGNERS]: is the folder a release as it was made, and does all that
 * it says of its images hold?  The folder is anybody's: nothing outside of it is opened, and what
 * its images are unpacked into has no name.
 */
int verify_release_command(const struct request *rq, struct err *e);

#endif
