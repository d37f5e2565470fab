/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/version.h"

/* LH_COMMIT: "" or " (abc1234)"; the Makefile gives it to this file alone */
const char lh_version[] = LH_VERSION LH_COMMIT;
