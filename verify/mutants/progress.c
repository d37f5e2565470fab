/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/progress.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/version.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/image/image.h"
#include "verify/mutants/derive.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const outcome_names[NOUTCOMES] = { [OUTCOME_NONE] = "not played",
	[OUTCOME_KILLED] = "killed",
	[OUTCOME_SURVIVED] = "survived",
	[OUTCOME_INCONCLUSIVE] = "inconclusive" };

struct source {
	struct arena *a;
	struct digest *d;
	const char *dir;
};

/* all of a folder that scenarios are read from, as load.c reads it */
static int
add_file(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct source *s = arg;
	char hex[DIGEST_HEX];

	/* which mutants are equivalent changes no outcome */
	if (!S_ISREG(st->st_mode) || !strcmp(rel, "equivalent"))
		return 0;
	if (digest_file(arena_printf(s->a, "%s/%s", s->dir, rel), hex, e) < 0)
		return -1;
	digest_add(s->d, rel, strlen(rel) + 1);
	digest_add(s->d, hex, strlen(hex));
	return 0;
}

int
progress_key(struct arena *a, const struct image *i, const char *scenarios, const char *played,
    const char **key, struct err *e)
{
	struct source s = { a, digest_new(), scenarios };
	char hex[DIGEST_HEX], manifest[DIGEST_HEX];
	int r = file_walk(scenarios, add_file, &s, e);

	/* it has the digests of the image and of what lies beside it, and what they are held to */
	if (r == 0)
		r = digest_file(i->path, manifest, e);
	if (r == 0)
		digest_add(s.d, manifest, strlen(manifest));
	digest_add(s.d, played, strlen(played) + 1);
	digest_add(s.d, lh_version, strlen(lh_version) + 1);
	digest_end(s.d, hex);
	*key = arena_strdup(a, hex);
	return r;
}

/* ---- reading ---- */

/* what ends at the next tab, or at the end: empty from there on */
static char *
field_next(char **line)
{
	char *field = *line;
	size_t n = strcspn(field, "\t");

	*line = field + n + (field[n] != '\0');
	field[n] = '\0';
	return field;
}

/* KIND MILLISECONDS CLASS TARGET KILLERS WHERE REASON, with - for what there is none of */
static bool
read_line(struct arena *a, char *line, struct outcome *out, struct derived *mutant)
{
	char *kind = field_next(&line), *took = field_next(&line), *killers, *where;

	mutant->class = field_next(&line);
	mutant->target = field_next(&line);
	killers = field_next(&line);
	where = field_next(&line);
	if (!*where)
		return false;
	*out = (struct outcome){ .resumed = true,
		.took = strtoll(took, NULL, 10) * NS_PER_MS,
		.where = strcmp(where, "-") ? where : NULL,
		.reason = *line ? line : NULL };
	for (int k = OUTCOME_KILLED; k <= OUTCOME_SURVIVED; k++)
		if (!strcmp(kind, outcome_names[k]))
			out->kind = (enum outcome_kind)k;
	while (strcmp(killers, "-") && *killers) {
		char *name = strsep(&killers, ",");

		out->killers = arena_more(a, out->killers, out->nkillers, sizeof *out->killers);
		out->killers[out->nkillers++] = name;
		if (!killers)
			break;
	}
	return out->kind == (out->nkillers ? OUTCOME_KILLED : OUTCOME_SURVIVED);
}

static void
take(struct outcome *v, size_t n, const struct derived *mutant, const struct outcome *had)
{
	for (size_t i = 0; i < n; i++) {
		const struct derived *m = v[i].mutant;

		if (strcmp(m->class, mutant->class) || strcmp(m->target, mutant->target))
			continue;
		v[i].kind = had->kind;
		v[i].killers = had->killers;
		v[i].nkillers = had->nkillers;
		v[i].where = had->where;
		v[i].reason = had->reason;
		v[i].took = had->took;
		v[i].resumed = true;
	}
}

/* the lines that are whole and make sense go to kept: the last one may have been cut off */
static void
read_text(struct arena *a, const char *text, const char *key, struct outcome *v, size_t n,
    struct buf *kept)
{
	size_t whole = strrchr(text, '\n') ? (size_t)(strrchr(text, '\n') + 1 - text) : 0;
	struct lines l;
	char *line;

	lines_text(a, "mutants", arena_strndup(a, text, whole), &l);
	line = lines_next(&l);
	if (!line || strcmp(line, key))
		return;
	while ((line = lines_next(&l))) {
		const char *as_it_is = arena_strdup(a, line);
		struct derived mutant;
		struct outcome had;

		if (!read_line(a, line, &had, &mutant))
			continue;
		take(v, n, &mutant, &had);
		buf_addf(kept, "%s\n", as_it_is);
	}
}

int
progress_open(struct arena *a, const char *path, const char *key, struct outcome *v, size_t n,
    struct progress *out, struct err *e)
{
	const char *first = arena_printf(a, "lh-mutants 2 %s", key);
	struct buf b = { 0 };
	char *text;
	int r;

	*out = (struct progress){ .path = path, .fd = -1 };
	buf_addf(&b, "%s\n", first);
	if (file_exists(path)) {
		if (file_read(a, path, &text, NULL, e) < 0) {
			buf_free(&b);
			return -1;
		}
		read_text(a, text, first, v, n, &b);
	}
	r = file_write(path, b.p, b.n, 0644, e);
	buf_free(&b);
	if (r < 0)
		return -1;
	out->fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	return out->fd < 0 ? fail_errno(e, "%s", path) : 0;
}

/* ---- writing ---- */

/* a field ends at a tab, and a line at its end, whatever is in the text */
static void
add_field(struct buf *b, const char *text, char end)
{
	for (; *text; text++)
		buf_add(b, strchr("\t\n", *text) ? " " : text, 1);
	buf_add(b, &end, 1);
}

int
progress_add(struct progress *p, const struct outcome *o, struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	if (o->kind != OUTCOME_KILLED && o->kind != OUTCOME_SURVIVED)
		return 0;
	buf_addf(&b, "%s\t%lld\t", outcome_names[o->kind], (long long)(o->took / NS_PER_MS));
	add_field(&b, o->mutant->class, '\t');
	add_field(&b, o->mutant->target, '\t');
	for (size_t i = 0; i < o->nkillers; i++)
		add_field(&b, o->killers[i], i + 1 < o->nkillers ? ',' : '\t');
	if (!o->nkillers)
		buf_add(&b, "-\t", 2);
	add_field(&b, o->where ? o->where : "-", '\t');
	add_field(&b, o->reason ? o->reason : "", '\n');
	if (write(p->fd, b.p, b.n) != (ssize_t)b.n)
		r = fail_errno(e, "%s", p->path);
	buf_free(&b);
	return r;
}

void
progress_close(struct progress *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
