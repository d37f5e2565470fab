/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PRINTK_H
#define VERIFY_PRINTK_H

#include <stddef.h>

/*
 * The stamp of a line of the kernel's on a console: "[", blanks, seconds, ".", six digits, "] "
 * (kernel/printk/printk.c, print_time).  Returns the length of the one that these n bytes begin
 * with; 0: they may become one with more; -1: they do not.
 */
int printk_stamp(const char *p, size_t n);

#endif
