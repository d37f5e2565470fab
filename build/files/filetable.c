/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/filetable.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char first_line[] = "lh-files 2";

/* ---- writing ---- */

static bool
is_plain(char c)
{
	return c > ' ' && c <= '~' && c != '\\';
}

static void
add_escaped(struct buf *out, const char *s)
{
	for (; *s; s++)
		if (is_plain(*s))
			buf_add(out, s, 1);
		else
			buf_addf(out, "\\%03o", (unsigned char)*s);
}

const char *
filetable_escape(struct arena *a, const char *text)
{
	struct buf b = { 0 };
	const char *s;

	add_escaped(&b, text);
	s = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return s;
}

void
filetable_begin(struct buf *out)
{
	buf_addf(out, "%s\n", first_line);
}

void
filetable_add(struct buf *out, const struct filetable_row *r)
{
	add_escaped(out, r->name);
	buf_addf(out, " %06o %u %u ", (unsigned)r->mode, (unsigned)r->uid, (unsigned)r->gid);
	if (S_ISREG(r->mode))
		buf_addf(out, "%" PRIu64 " ", r->size);
	else if (S_ISCHR(r->mode) || S_ISBLK(r->mode))
		buf_addf(out, "%u:%u ", r->major, r->minor);
	else
		buf_adds(out, "- ");
	add_escaped(out, r->sha256 ? r->sha256 : r->target ? r->target : "-");
	buf_adds(out, " ");
	add_escaped(out, r->package);
	buf_adds(out, "\n");
}

/* ---- reading ---- */

/* \ooo back to bytes, in place; false: something else is behind a backslash, or it says NUL */
static bool
unescape(char *s)
{
	char *to = s;

	while (*s) {
		unsigned byte = 0;

		if (*s != '\\') {
			*to++ = *s++;
			continue;
		}
		for (int i = 1; i <= 3; i++) {
			if (s[i] < '0' || s[i] > '7')
				return false;
			byte = byte << 3 | (unsigned)(s[i] - '0');
		}
		if (!byte || byte > 255)
			return false;
		*to++ = (char)byte;
		s += 4;
	}
	*to = '\0';
	return true;
}

/* a whole word of digits, up to most, in *s, which then points behind it and behind `end` */
static bool
take_number(char **s, int base, uint64_t most, char end, uint64_t *out)
{
	char *behind;

	errno = 0;
	*out = strtoull(*s, &behind, base);
	if (**s < '0' || **s > '9' || errno || *out > most || *behind != end)
		return false;
	*s = behind + (end != '\0');
	return true;
}

static bool
is_number(char *word, int base, uint64_t most, uint64_t *out)
{
	return take_number(&word, base, most, '\0', out);
}

static bool
is_type(mode_t mode)
{
	return S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode) || S_ISFIFO(mode) || S_ISCHR(mode) ||
	       S_ISBLK(mode);
}

/* what SIZE and CONTENT are, each type has its own */
static bool
read_content(char *size, char *content, struct filetable_row *r)
{
	uint64_t major, minor;

	if (S_ISREG(r->mode)) {
		r->sha256 = content;
		return is_number(size, 10, UINT64_MAX, &r->size) &&
		       strlen(content) == DIGEST_HEX - 1 &&
		       strspn(content, "0123456789abcdef") == DIGEST_HEX - 1;
	}
	if (S_ISLNK(r->mode)) {
		r->target = content;
		return !strcmp(size, "-") && *content && unescape(content);
	}
	if (strcmp(content, "-") != 0)
		return false;
	if (!S_ISCHR(r->mode) && !S_ISBLK(r->mode))
		return !strcmp(size, "-");
	if (!take_number(&size, 10, UINT32_MAX, ':', &major) ||
	    !is_number(size, 10, UINT32_MAX, &minor))
		return false;
	r->major = (unsigned)major;
	r->minor = (unsigned)minor;
	return true;
}

static bool
read_row(char *line, struct filetable_row *r)
{
	uint64_t mode, uid, gid;
	char *w[7], *at;

	if (words(line, w, 7) != 7 || !unescape(w[0]) || !unescape(w[6]) ||
	    !is_number(w[1], 8, 0177777, &mode) || !is_number(w[2], 10, UINT32_MAX, &uid) ||
	    !is_number(w[3], 10, UINT32_MAX, &gid) || !is_type((mode_t)mode))
		return false;
	*r = (struct filetable_row){ .name = w[0],
		.mode = (mode_t)mode,
		.uid = (uid_t)uid,
		.gid = (gid_t)gid,
		.package = w[6] };
	at = strchr(w[0], ':');
	return at && at > w[0] && at[1] == '/' && read_content(w[4], w[5], r);
}

static int
by_name(const void *x, const void *y)
{
	return strcmp(
	    ((const struct filetable_row *)x)->name, ((const struct filetable_row *)y)->name);
}

int
filetable_parse(
    struct arena *a, const char *name, const char *text, struct filetable *out, struct err *e)
{
	struct filetable_row row;
	struct lines l;
	char *line;

	*out = (struct filetable){ 0 };
	lines_text(a, name, text, &l);
	line = lines_next(&l);
	if (!line || strcmp(line, first_line) != 0)
		return fail_usage(e,
		    "%s:1: not a table of files: its first line must be \"%s\"; build the image "
		    "again",
		    name, first_line);
	while ((line = lines_next(&l))) {
		if (!read_row(line, &row))
			return lines_fail(
			    &l, e, "needs FS:/PATH MODE UID GID SIZE CONTENT PACKAGE");
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] = row;
	}
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_name);
	for (size_t i = 1; i < out->n; i++)
		if (!strcmp(out->v[i - 1].name, out->v[i].name))
			return fail_usage(
			    e, "%s: %s: is there twice", name, filetable_escape(a, out->v[i].name));
	return 0;
}

int
filetable_read(struct arena *a, const char *path, struct filetable *out, struct err *e)
{
	char *text;

	*out = (struct filetable){ 0 };
	if (file_read(a, path, &text, NULL, e) < 0) {
		e->code = EXIT_USAGE;
		return -1;
	}
	return filetable_parse(a, path, text, out, e);
}

const struct filetable_row *
filetable_find(const struct filetable *t, const char *name)
{
	const struct filetable_row key = { .name = name };

	return t->n ? bsearch(&key, t->v, t->n, sizeof *t->v, by_name) : NULL;
}
