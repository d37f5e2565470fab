/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/filelist.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/image/tree.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const mode_t types[] = {
	[ENTRY_DIR] = S_IFDIR,
	[ENTRY_FILE] = S_IFREG,
	[ENTRY_LINK] = S_IFLNK,
	[ENTRY_FIFO] = S_IFIFO,
	[ENTRY_CHAR] = S_IFCHR,
	[ENTRY_BLOCK] = S_IFBLK,
};

static void
add_path(struct buf *out, const char *fs, const char *path)
{
	buf_addf(out, "%s:/", fs);
	for (; *path; path++)
		if (*path == '\\' || (unsigned char)*path < ' ')
			buf_addf(out, "\\%03o", (unsigned char)*path);
		else
			buf_add(out, path, 1);
}

static int
add_entry(struct buf *out, const char *fs, const struct entry *n, struct err *e)
{
	char hex[DIGEST_HEX] = "-", size[24] = "-";

	if (n->type == ENTRY_FILE) {
		if (digest_file(n->from, hex, e) < 0)
			return -1;
		snprintf(size, sizeof size, "%" PRIu64, n->size);
	} else if (n->type == ENTRY_LINK) {
		digest_bytes(n->target, strlen(n->target), hex);
		snprintf(size, sizeof size, "%zu", strlen(n->target));
	}
	add_path(out, fs, n->path);
	buf_addf(out, " %06o %u %u %s %s %s\n", (unsigned)(types[n->type] | n->mode),
	    (unsigned)n->uid, (unsigned)n->gid, size, hex, n->package);
	return 0;
}

int
filelist_write(struct tree *const *trees, size_t ntrees, const char *path, struct err *e)
{
	struct buf out = { 0 };
	int r = 0;

	for (size_t t = 0; t < ntrees; t++)
		for (size_t i = 0; i < trees[t]->n && r == 0; i++)
			r = add_entry(&out, trees[t]->name, &trees[t]->v[i], e);
	if (r == 0)
		r = file_write(path, out.p, out.n, 0644, e);
	buf_free(&out);
	return r;
}

/* \ooo back to bytes, in place */
static void
unescape(char *s)
{
	char *to = s;

	while (*s)
		if (*s == '\\' && strspn(s + 1, "01234567") >= 3) {
			*to++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
			s += 4;
		} else {
			*to++ = *s++;
		}
	*to = '\0';
}

static int
by_path(const void *x, const void *y)
{
	return strcmp(((const struct file_owner *)x)->path, ((const struct file_owner *)y)->path);
}

int
filelist_read(struct arena *a, const char *path, struct filelist *out, struct err *e)
{
	struct lines l;
	char *line;

	*out = (struct filelist){ 0 };
	if (!file_exists(path))
		return 0;
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next(&l))) {
		char *blank = strrchr(line, ' '), *word[6]; /* the last first */

		/* six words behind the path, which may have blanks */
		for (int i = 0; i < 6 && blank; i++) {
			*blank = '\0';
			word[i] = blank + 1;
			if (i < 5)
				blank = strrchr(line, ' ');
		}
		if (!blank || !*word[0])
			return lines_fail(&l, e, "needs FS:/PATH MODE UID GID SIZE SHA256 PACKAGE");
		unescape(line);
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] = (struct file_owner){ line, word[0],
			S_ISREG(strtoul(word[5], NULL, 8)), word[1] };
	}
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_path);
	return 0;
}

const char *
filelist_owner(const struct filelist *l, const char *fs, const char *path)
{
	char name[PATH_MAX];
	struct file_owner key = { .path = name }, *found;

	snprintf(name, sizeof name, "%s:%s", fs, path);
	found = l->n ? bsearch(&key, l->v, l->n, sizeof *l->v, by_path) : NULL;
	return found ? found->package : NULL;
}
