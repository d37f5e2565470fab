/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_SERVICES_H
#define BUILD_CONFIG_SERVICES_H

#include "build/base/err.h"

struct arena;
struct config;

/*
 * The folders of SERVICES: each holds s6-rc source definitions, a folder a service, that are
 * compiled together with those of layout/s6-rc.  One with nothing but contents.d adds to the bundle
 * of that name.
 *
 * Checks what would end the build later, or be another thing than it looks like: what is neither
 * file nor folder, a symlink that leads out, a name that is taken or that s6-rc does not take, a
 * definition without a type, a name that nobody defines.  profile: the image's.  Errors are
 * EXIT_USAGE.
 */
int services_check(struct arena *a, const struct config *cfg, const char *profile, struct err *e);

#endif
