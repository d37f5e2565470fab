/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/bisect/trials.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/fd.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define NFIELDS 5

static const char *const words_of[] = {
	[BISECT_GOOD] = "good", [BISECT_BAD] = "bad", [BISECT_SKIP] = "none"
};

static void
keep(struct arena *a, struct trials *t, const struct trial *one)
{
	t->v = arena_more(a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = *one;
}

/* false: no line of ours, such as one that was cut off */
static bool
read_line(char *line, struct trial *out)
{
	char *fields[NFIELDS], *tab = line;
	size_t n = 0;

	while (n < NFIELDS && tab) {
		fields[n++] = tab;
		tab = strchr(tab, '\t');
		if (tab)
			*tab++ = '\0';
	}
	if (n != NFIELDS || tab || strlen(fields[0]) != DIGEST_HEX - 1)
		return false;
	*out = (struct trial){ .where = fields[2], .expected = fields[3], .got = fields[4] };
	memcpy(out->subject, fields[0], DIGEST_HEX);
	for (enum search_verdict v = BISECT_GOOD; v <= BISECT_SKIP; v++)
		if (!strcmp(fields[1], words_of[v]))
			out->verdict = v;
	return out->verdict != BISECT_UNKNOWN;
}

int
trials_open(struct arena *a, const char *path, struct trials *t, struct err *e)
{
	struct trial one;
	char *text, *end;
	size_t n;

	*t = (struct trials){ .path = path };
	if (!file_exists(path))
		return 0;
	if (file_read(a, path, &text, &n, e) < 0)
		return -1;
	for (; (end = strchr(text, '\n')); text = end + 1) {
		*end = '\0';
		if (read_line(text, &one))
			keep(a, t, &one);
	}
	return 0;
}

/* a field has neither tabs nor line ends */
static const char *
flat(struct arena *a, const char *s)
{
	char *copy = arena_strdup(a, s ? s : "");

	for (char *p = copy; *p; p++)
		if (*p == '\t' || *p == '\n' || *p == '\r')
			*p = ' ';
	return copy;
}

int
trials_add(struct arena *a, struct trials *t, const struct trial *one, struct err *e)
{
	struct trial copy = *one;
	struct buf b = { 0 };
	off_t end;
	char last = '\n';
	int fd = open(t->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0644), r = -1;

	if (fd < 0)
		return fail_errno(e, "%s", t->path);
	copy.where = flat(a, one->where);
	copy.expected = flat(a, one->expected);
	copy.got = flat(a, one->got);
	/* behind a line that was cut off, on a line of its own */
	end = lseek(fd, 0, SEEK_END);
	if (end > 0 && pread(fd, &last, 1, end - 1) < 0)
		last = '\n';
	buf_addf(&b, "%s%s\t%s\t%s\t%s\t%s\n", last == '\n' ? "" : "\n", copy.subject,
	    words_of[copy.verdict], copy.where, copy.expected, copy.got);
	if (fd_write(fd, b.p, b.n, t->path, e) == 0)
		r = fdatasync(fd) < 0 ? fail_errno(e, "%s", t->path) : 0;
	close(fd);
	buf_free(&b);
	if (r == 0)
		keep(a, t, &copy);
	return r;
}

struct tally
trials_tally(const struct trials *t, const char *subject, const char *where)
{
	struct tally out = { 0, 0, 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct trial *one = &t->v[i];

		if (strcmp(one->subject, subject))
			continue;
		if (one->verdict == BISECT_GOOD)
			out.good++;
		else if (one->verdict == BISECT_BAD && (!where || !strcmp(where, one->where)))
			out.bad++;
		else
			out.none++;
	}
	return out;
}

const struct trial *
trials_last(const struct trials *t, const char *subject, enum search_verdict verdict)
{
	for (size_t i = t->n; i-- > 0;)
		if (!strcmp(t->v[i].subject, subject) && t->v[i].verdict == verdict)
			return &t->v[i];
	return NULL;
}
