/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_KCONFIG_H
#define BUILD_FILES_KCONFIG_H

#include <stddef.h>

/*
 * What a kernel's configuration, the text of its .config, says of CONFIG_SYMBOL: 'y', 'm', or '\0'
 * when neither.  symbol: its n bytes, without the prefix.
 */
char kconfig_get(const char *config, const char *symbol, size_t n);

#endif
