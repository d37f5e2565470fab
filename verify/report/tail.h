/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_REPORT_TAIL_H
#define VERIFY_REPORT_TAIL_H

struct buf;

/*
 * The end of the console in the folder of a test case, as HTML: what the kernel said is dim, and
 * what is for a terminal alone is left out.  The folder may be a stranger's; nothing is added
 * when it has none.
 */
void tail_add(struct buf *b, const char *dir);

#endif
