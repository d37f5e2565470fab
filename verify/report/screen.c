/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/screen.h"

#include "build/base/buf.h"
#include "build/base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool
screen_is_tty(void)
{
	return log_is_terminal() && isatty(1);
}

unsigned
screen_columns(void)
{
	struct winsize w;

	return ioctl(2, TIOCGWINSZ, &w) == 0 ? w.ws_col : 0;
}

static void
format(struct buf *b, const struct table_testcase *testcases, size_t n)
{
	const char *no = getenv("NO_COLOR"); /* no-color.org: any value but the empty one */
	struct winsize w;
	struct table_look look = { .columns = 80, .lines = 24, .colour = !no || !*no };

	if (ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col && w.ws_row) {
		look.columns = w.ws_col;
		look.lines = w.ws_row;
	}
	table_format(b, testcases, n, &look);
}

void
screen_draw(const struct table_testcase *testcases, size_t n)
{
	struct buf b = { 0 };

	if (!log_is_terminal())
		return;
	format(&b, testcases, n);
	log_block(b.n ? b.p : "");
	buf_free(&b);
}

void
screen_wipe(void)
{
	log_block("");
}

void
screen_leave(const struct table_testcase *testcases, size_t n)
{
	struct buf b = { 0 };

	log_block("");
	if (!log_is_terminal())
		return;
	format(&b, testcases, n);
	fprintf(stderr, "%s\n", b.n ? b.p : "");
	buf_free(&b);
}
