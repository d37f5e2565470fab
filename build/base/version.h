/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_VERSION_H
#define BUILD_BASE_VERSION_H

/* "0.1", and "0.1 (abc1234)" when built in a git checkout: what --version says */
extern const char lh_version[];

#endif
