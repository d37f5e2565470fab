/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/tail.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/printk.h"
#include "verify/report/markup.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TAIL_LINES 40
#define TAIL_BYTES 16384

/* "\033c", or "\033[", what follows, and the letter that ends it */
static const char *
behind_escape(const char *p, const char *end)
{
	if (end - p < 2)
		return end;
	if (p[1] != '[')
		return p + 2;
	for (p += 2; p < end && (*p < '@' || *p > '~'); p++)
		;
	return p < end ? p + 1 : end;
}

static void
add_line(struct buf *b, const char *p, const char *end)
{
	bool dim = printk_stamp(p, (size_t)(end - p)) > 0;

	buf_adds(b, dim ? "<span class=dim>" : "");
	while (p < end) {
		const char *stop = p;

		while (stop < end && *stop != '\r' && *stop != '\033')
			stop++;
		markup_add(b, p, (size_t)(stop - p));
		p = stop == end ? end : *stop == '\r' ? stop + 1 : behind_escape(stop, end);
	}
	buf_adds(b, dim ? "</span>\n" : "\n");
}

void
tail_add(struct buf *b, const char *dir)
{
	struct arena *a = arena_new();
	struct err ignored;
	int fd = dir ? file_open(arena_printf(a, "%s/console", dir), O_NOFOLLOW, &ignored) : -1;
	char *text = arena_alloc(a, TAIL_BYTES);
	size_t lines = 0;
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	ssize_t n =
	    size > 0 ? pread(fd, text, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0) : 0;
	const char *end = text + (n > 0 ? n : 0), *p = end;

	while (p > text && (p[-1] != '\n' || ++lines <= TAIL_LINES))
		p--;
	if (n > 0)
		buf_adds(b, "<div class=end tabindex=0><pre>");
	for (const char *stop; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		stop = stop ? stop : end;
		add_line(b, p, stop);
	}
	if (n > 0)
		buf_adds(b, "</pre></div>");
	if (fd >= 0)
		close(fd);
	arena_free(a);
}
