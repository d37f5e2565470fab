/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_UTF8_H
#define BUILD_BASE_UTF8_H

#include <locale.h>
#include <stddef.h>

/*
 * Names of files are bytes, most often UTF-8.  libarchive converts those in archives from and to
 * the locale, and in the C locale drops what is not ASCII: whoever hands it names is in C.UTF-8
 * meanwhile.  Of this thread; utf8_leave takes what utf8_enter gave.
 */
locale_t utf8_enter(void);
void utf8_leave(locale_t before);
/* how many bytes the character at s has (RFC 3629); 0: it is none, as at the end of the text */
size_t utf8_size(const char *s);

#endif
