/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/lines.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* bytes: nobody has so many lines, and a hole of a terabyte is no text */
#define LINES_MOST ((size_t)64 << 20)

static const char blanks[] = " \t\r";

int
lines_open(struct arena *a, const char *path, struct lines *l, struct err *e)
{
	char *text;
	size_t n;

	int fd = file_open(path, 0, e), r;

	if (fd < 0)
		return -1;
	r = fd_read(a, fd, LINES_MOST, path, &text, &n, e);
	close(fd);
	if (r < 0)
		return -1;
	if (memchr(text, '\0', n))
		return fail_usage(e, "%s: contains a NUL byte: not a text file", path);
	*l = (struct lines){ .path = arena_strdup(a, path), .next = text };
	return 0;
}

int
lines_open_if_there(struct arena *a, const char *path, struct lines *l, struct err *e)
{
	int there = file_is_there(path, e);

	if (there)
		return there < 0 ? -1 : lines_open(a, path, l, e);
	*l = (struct lines){ .path = arena_strdup(a, path) };
	return 0;
}

void
lines_text(struct arena *a, const char *name, const char *text, struct lines *l)
{
	*l = (struct lines){ .path = arena_strdup(a, name), .next = arena_strdup(a, text) };
}

char *
lines_next(struct lines *l)
{
	char *line = l->next, *end;

	if (!line || !*line)
		return NULL;
	l->no++;
	end = strchr(line, '\n');
	if (end) {
		*end = '\0';
		l->next = end + 1;
	} else {
		l->next = NULL;
	}
	return line;
}

char *
trim(char *s)
{
	size_t n;

	s += strspn(s, blanks);
	n = strlen(s);
	while (n && strchr(blanks, s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

char *
lines_next_datum(struct lines *l)
{
	char *line;

	while ((line = lines_next(l))) {
		for (char *p = line; (p = strchr(p, '#')); p++)
			if (p == line || strchr(blanks, p[-1])) {
				*p = '\0';
				break;
			}
		line = trim(line);
		if (*line)
			return line;
	}
	return NULL;
}

int
lines_fail(const struct lines *l, struct err *e, const char *fmt, ...)
{
	char msg[sizeof e->msg / 2];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof msg, fmt, ap);
	va_end(ap);
	return fail_usage(e, "%s:%u: %s", l->path, l->no, msg);
}

char *
word_next(char **rest)
{
	char *word = *rest + strspn(*rest, blanks), *end;

	if (!*word)
		return NULL;
	end = word + strcspn(word, blanks);
	if (*end) {
		*end++ = '\0';
		end += strspn(end, blanks);
	}
	*rest = end;
	return word;
}

size_t
words(char *line, char **v, size_t max)
{
	size_t n = 0;
	char *w;

	while ((w = word_next(&line))) {
		if (n < max)
			v[n] = w;
		n++;
	}
	return n;
}
