/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_HELP_H
#define BUILD_BASE_HELP_H

/*
 * A row of --help on stdout: left, and text from so many columns on, which goes on below its
 * beginning when a line of 80 columns has no room for it.  Where left reaches that column, all of
 * text is below it.
 */
void help_row(const char *left, int column, const char *text);

#endif
