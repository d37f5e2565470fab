/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_WORDS_H
#define VERIFY_HISTORY_WORDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct change;

/* Figures and changes as a person reads them, in the message, the table and the pages. */

/* "dropbear 2025.88 -> 2025.89, musl 1.2.6 rebuilt, strace gone" */
const char *words_changes(struct arena *a, const struct change *v, size_t n);
/* "99.9 %": as many digits as tell it from 0 and 100 */
const char *words_percent(struct arena *a, double part);
/* "33.5 ms", "4.2 s" of nanoseconds; "1.25 MiB" when it is bytes */
const char *words_amount(struct arena *a, double amount, bool bytes);
/* printable ASCII alone, for who reads a message may be a terminal */
const char *words_line(struct arena *a, const char *text);

#endif
