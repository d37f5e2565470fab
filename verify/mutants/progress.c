/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/progress.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/version.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
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

int
progress_key(struct arena *a, const struct image *i, const char *scenarios, const char *played,
    const char **key, struct err *e)
{
	const char *image = i->m.image_digest ? i->m.image_digest : "",
		   *kernel = i->m.kernel_sha256 ? i->m.kernel_sha256 : "", *append = i->m.append;
	struct digest *d;
	char hex[DIGEST_HEX], **names;
	size_t n;

	if (file_names(a, scenarios, false, &names, &n, e) < 0)
		return -1;
	d = digest_new();
	for (size_t k = 0; k < n; k++) {
		const char *path = arena_printf(a, "%s/%s", scenarios, names[k]);

		/* which mutants are equivalent changes no outcome */
		if (!strcmp(names[k], "equivalent") || file_isdir(path))
			continue;
		if (digest_file(path, hex, e) < 0) {
			digest_end(d, hex);
			return -1;
		}
		digest_add(d, names[k], strlen(names[k]) + 1);
		digest_add(d, hex, strlen(hex));
	}
	{
		const char *const words[] = { image, kernel, append ? append : "", played,
			lh_version };

		for (size_t k = 0; k < sizeof words / sizeof *words; k++)
			digest_add(d, words[k], strlen(words[k]) + 1);
	}
	digest_end(d, hex);
	*key = arena_strdup(a, hex);
	return 0;
}

/* ---- reading ---- */

/* KIND MILLISECONDS CLASS TARGET KILLERS WHERE REASON, with - for what there is none of */
static bool
read_line(struct arena *a, char *line, struct outcome *out, struct derived *mutant)
{
	char *kind = word_next(&line), *took = word_next(&line), *killers, *where;

	mutant->class = word_next(&line);
	mutant->target = word_next(&line);
	killers = word_next(&line);
	where = word_next(&line);
	if (!where)
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
	const char *first = arena_printf(a, "lh-mutants 1 %s", key);
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

int
progress_add(struct progress *p, const struct outcome *o, struct err *e)
{
	struct buf b = { 0 };
	int r = 0;

	if (o->kind != OUTCOME_KILLED && o->kind != OUTCOME_SURVIVED)
		return 0;
	buf_addf(&b, "%s %lld %s %s ", outcome_names[o->kind], (long long)(o->took / NS_PER_MS),
	    o->mutant->class, o->mutant->target);
	for (size_t i = 0; i < o->nkillers; i++)
		buf_addf(&b, "%s%s", i ? "," : "", o->killers[i]);
	buf_addf(&b, "%s %s %s\n", o->nkillers ? "" : "-", o->where ? o->where : "-",
	    o->reason ? o->reason : "");
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
