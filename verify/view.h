/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_VIEW_H
#define VERIFY_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream;

/*
 * A console as its programs wrote it.  The kernel writes a line of its log whenever it likes, also
 * in the middle of "login: ", and it writes it whole: "[   12.345678] TEXT" and a newline
 * (CONFIG_PRINTK_TIME; kernel/printk/printk.c, print_time).  The view leaves out those that begin
 * behind another byte of a line, so that the line goes on behind them; it keeps all others, as
 * those cut nothing.
 *
 * A program that writes such a line itself, behind other text, is not seen here; it is in the
 * console, where all is.
 */
struct view;

/* window: of its stream (expect.h) */
struct view *view_new(size_t window);
void view_free(struct view *v);
/* what the console got, whatever the boundaries */
void view_add(struct view *v, const char *p, size_t n);
void view_eof(struct view *v);
/* what is left of it; it is the view's */
struct stream *view_stream(struct view *v);
/* a place of the console as one of the view, and back: there, before what was left out behind it */
uint64_t view_place(const struct view *v, uint64_t console);
uint64_t view_console_place(const struct view *v, uint64_t place);
/* was something left out between these places of the view */
bool view_is_cut(const struct view *v, uint64_t from, uint64_t to);

#endif
