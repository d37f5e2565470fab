/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/links.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/path.h"
#include "build/engine/program.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* one run of the linker */
struct record {
	const char *output; /* for us, clean */
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

static int
read_record(struct listing *t, const char *name, struct record *r, struct err *e)
{
	char *rule = arena_printf(t->a, "%s/%s", t->l->records, name), *folder, *line;
	const char *inner;
	struct lines l;
	struct stat st;

	*r = (struct record){ 0 };
	if (file_read(t->a, arena_strndup(t->a, rule, strlen(rule) - 2), &folder, NULL, e) < 0 ||
	    lines_open(t->a, rule, &l, e) < 0)
		return -1;
	if (stat(rule, &st) < 0)
		return fail_errno(e, "%s", rule);
	r->when = st.st_mtim;
	folder[strcspn(folder, "\n")] = '\0';
	line = lines_next(&l);
	if (!line || !strstr(line, ": \\"))
		return lines_fail(&l, e, "expected OUTPUT: \\, as ld --dependency-file writes it");
	*strstr(line, ": \\") = '\0';
	r->output = path_absolute(t->a, folder, line);
	inner = below(r->output, t->l->inside);
	if (inner)
		r->output = arena_printf(t->a, "%s/%s", t->l->dir, inner);
	while ((line = lines_next(&l)) && *line) {
		size_t n = strlen(line);

		if (n > 2 && !strcmp(line + n - 2, " \\"))
			line[n - 2] = '\0';
		r->inputs = arena_grow(t->a, r->inputs, r->n, r->n + 1, sizeof *r->inputs);
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
read_records(struct listing *t, struct err *e)
{
	struct dirent **v = NULL;
	int n = scandir(t->l->records, &v, NULL, alphasort), r = 0;

	t->v = arena_array(t->a, n > 0 ? (size_t)n : 1, sizeof *t->v);
	for (int i = 0; i < n; i++) {
		size_t len = strlen(v[i]->d_name);

		if (r == 0 && len > 2 && !strcmp(v[i]->d_name + len - 2, ".d"))
			r = read_record(t, v[i]->d_name, &t->v[t->n++], e);
		free(v[i]);
	}
	free(v);
	if (r < 0)
		return -1;
	qsort(t->v, t->n, sizeof *t->v, by_output);
	/* what is there now was written by the last of those who wrote it */
	for (size_t i = 0; i < t->n; i++) {
		struct record *now = &t->v[i];

		if ((i + 1 < t->n && !strcmp(now->output, now[1].output)) ||
		    !file_exists(now->output) || file_isdir(now->output))
			continue;
		if (program_digest(now->output, now->digest, e) < 0)
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

	return read_records(&t, e) < 0 ? -1 : file_walk(l->out, visit, &t, e);
}
