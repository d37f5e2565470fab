/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/links.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/path.h"
#include "build/engine/program.h"
#include "build/files/beneath.h"
#include "build/files/lines.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* a step writes these: bytes of a record, and files that one may name */
#define RECORD_MOST (16 << 20)
#define INPUTS_MOST 20000

/* one run of the linker */
struct record {
	const char *output; /* below links.dir; "": it is elsewhere */
	char **inputs;	    /* as the record has them, absolute and clean */
	size_t n;
	struct timespec when;
	char digest[DIGEST_HEX]; /* of output; empty: it is no program, or gone */
};

struct listing {
	struct arena *a;
	const struct links *l;
	struct record *v;
	size_t n;
	struct buf *text;
};

/* what follows dir and its slash in path; NULL: it is not below */
static const char *
below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return !strncmp(path, dir, n) && path[n] == '/' ? path + n + 1 : NULL;
}

/* ---- records ---- */

/* what a step said of one run of the linker; when is the time of the file */
static int
read_record(struct listing *t, const char *name, const struct timespec *when, struct record *r,
    struct err *e)
{
	const char *dir = t->l->records, *rule = arena_printf(t->a, "%s/%s", dir, name), *inner;
	char *folder, *text, *line;
	struct lines l;

	*r = (struct record){ .when = *when };
	if (beneath_read(t->a, dir, arena_strndup(t->a, name, strlen(name) - 2), PATH_MAX, &folder,
		NULL, e) < 0 ||
	    beneath_read(t->a, dir, name, RECORD_MOST, &text, NULL, e) < 0)
		return -1;
	lines_text(t->a, rule, text, &l);
	folder[strcspn(folder, "\n")] = '\0';
	line = lines_next(&l);
	if (!line || !strstr(line, ": \\"))
		return lines_fail(&l, e, "expected OUTPUT: \\, as ld --dependency-file writes it");
	*strstr(line, ": \\") = '\0';
	inner = below(path_absolute(t->a, folder, line), t->l->inside);
	r->output = inner ? inner : "";
	while ((line = lines_next(&l)) && *line) {
		size_t n = strlen(line);

		if (n > 2 && !strcmp(line + n - 2, " \\"))
			line[n - 2] = '\0';
		if (r->n == INPUTS_MOST)
			return lines_fail(&l, e, "more than %d inputs", INPUTS_MOST);
		r->inputs = arena_more(t->a, r->inputs, r->n, sizeof *r->inputs);
		r->inputs[r->n++] = path_absolute(t->a, folder, line + strspn(line, " "));
	}
	return 0;
}

static int
by_output(const void *a, const void *b)
{
	const struct record *x = a, *y = b;
	int r = strcmp(x->output, y->output);

	if (r)
		return r;
	if (x->when.tv_sec != y->when.tv_sec)
		return x->when.tv_sec < y->when.tv_sec ? -1 : 1;
	return (x->when.tv_nsec > y->when.tv_nsec) - (x->when.tv_nsec < y->when.tv_nsec);
}

static int
see_record(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct listing *t = arg;
	size_t len = strlen(rel);

	if (S_ISDIR(st->st_mode))
		return FILE_PRUNE;
	if (len <= 2 || strcmp(rel + len - 2, ".d"))
		return 0;
	t->v = arena_more(t->a, t->v, t->n, sizeof *t->v);
	return read_record(t, rel, &st->st_mtim, &t->v[t->n++], e);
}

static int
read_records(struct listing *t, struct err *e)
{
	if (beneath_walk(t->l->records, "", see_record, t, e) < 0)
		return -1;
	if (t->n)
		qsort(t->v, t->n, sizeof *t->v, by_output);
	/* what is there now was written by the last of those who wrote it */
	for (size_t i = 0; i < t->n; i++) {
		struct record *now = &t->v[i];

		if ((i + 1 < t->n && !strcmp(now->output, now[1].output)) ||
		    beneath_type(t->l->dir, now->output) != BENEATH_FILE)
			continue;
		if (program_digest(
			arena_printf(t->a, "%s/%s", t->l->dir, now->output), now->digest, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- listing ---- */

static void
add_row(struct listing *t, const char *file, const char *whose, const char *input)
{
	buf_addf(t->text, "%s\t%s\t%s\n", file, whose, input);
}

static void
add_input(struct listing *t, const char *file, const char *input)
{
	const char *inner = below(input, t->l->inside), *rel = inner ? strchr(inner, '/') : NULL,
		   *whose = NULL;

	if (!rel &&
	    below(input, "/tmp")) /* compiled and linked at once; the name is a random one */
		add_row(t, file, "own", "(temporary object)");
	else if (!rel)
		add_row(t, file, "system", input);
	else if (!strncmp(inner, "src/", 4))
		add_row(t, file, "own", rel + 1);
	else if ((whose = t->l->whose(
		      t->l->arg, arena_strndup(t->a, inner, (size_t)(rel - inner)), rel + 1)))
		add_row(t, file, whose, rel + 1);
	else
		add_row(t, file, "unknown", inner);
}

static void
add_record(struct listing *t, const char *file, const struct record *r)
{
	for (size_t i = 0; i < r->n; i++) {
		bool told = false;

		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(r->inputs[i], r->inputs[j]);
		if (!told)
			add_input(t, file, r->inputs[i]);
	}
}

static int
visit(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct listing *t = arg;
	char hex[DIGEST_HEX];
	int is;

	if (!S_ISREG(st->st_mode))
		return 0;
	is = program_digest(arena_printf(t->a, "%s/%s", t->l->out, rel), hex, e);
	if (is <= 0)
		return is;
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].digest, hex)) {
			add_record(t, rel, &t->v[i]);
			return 0;
		}
	add_row(t, rel, "unknown", "-");
	return 0;
}

int
links_text(struct arena *a, const struct links *l, struct buf *text, struct err *e)
{
	struct listing t = { .a = a, .l = l, .text = text };

	return read_records(&t, e) < 0 ? -1 : beneath_walk(l->out, "", visit, &t, e);
}
