/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/explain.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/command/session.h"
#include "build/config/output.h"
#include "build/engine/journal.h"
#include "build/engine/keydiff.h"
#include "build/engine/program.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/source/origins.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct telling {
	struct arena *a;
	const struct config *cfg;
	const struct sysdeps *sd;
	const struct plan *p;
	const struct node *n;
	struct buf *out;
};

static void row(struct telling *t, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* "needs     toolchain/musl"; what may be "" below a row of its kind */
static void
row(struct telling *t, const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_addf(t->out, "%-9s %s\n", what, arena_vprintf(t->a, fmt, ap));
	va_end(ap);
}

/* ---- what it is made of ---- */

static void
print_source(struct telling *t)
{
	const struct node *n = t->n;
	const struct version *v = n->version;
	struct places places;

	if (n->override) {
		row(t, "source", "OVERRIDE: %s", n->override);
		return;
	}
	if (!v) {
		row(t, "source", "none");
		return;
	}
	places = origins_list(t->a, t->cfg, n->origin->name, v->forms, v->nforms);
	for (size_t i = 0; i < v->nforms; i++) {
		const struct source *form = &v->forms[i];

		row(t, i ? "or" : "source", "%s%s, sha256 %s", form->file,
		    form == n->form ? " (this one)" : "", form->sha256);
		for (size_t j = 0; j < places.n; j++)
			if (places.v[j].form == form)
				row(t, "", "from %s%s%s", origins_text(t->a, &places.v[j]),
				    places.v[j].closed ? ": " : "",
				    places.v[j].closed ? places.v[j].closed : "");
	}
	for (size_t i = 0; i < v->nlicences; i++)
		row(t, i ? "" : "licence", "%s, sha256 %s", v->licences[i].path,
		    v->licences[i].sha256);
}

static void
print_needs(struct telling *t)
{
	bool any = false;

	for (size_t i = 0; i < t->n->nneeds; i++)
		row(t, i ? "" : "needs", "%s", t->p->v[t->n->needs[i]].id);
	for (size_t i = 0; i < t->p->n; i++)
		for (size_t j = 0; j < t->p->v[i].nneeds; j++)
			if (&t->p->v[t->p->v[i].needs[j]] == t->n) {
				row(t, any ? "" : "needed by", "%s", t->p->v[i].id);
				any = true;
			}
}

/* a key's line in words; what has no row here says enough */
static const char *
in_words(struct telling *t, const char *what)
{
	static const struct {
		const char *kind, *before, *after;
	} kinds[] = {
		{ "need ", "result of ", "" },
		{ "section ", "text of [", "]" },
		{ "file ", "file ", " of the recipe" },
		{ "input ", "", " of the checkout" },
		{ "sysdeps ", "", " of the triple" },
		{ "fact ", "", " of the triple" },
		{ "config ", "", " of the configuration" },
		{ "tool ", "", " of this machine" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].kind);

		if (!strncmp(what, kinds[i].kind, n))
			return arena_printf(
			    t->a, "%s%s%s", kinds[i].before, what + n, kinds[i].after);
	}
	if (!strcmp(what, "unpack"))
		return "unpacked part of the source";
	return what;
}

static void
print_key(struct telling *t)
{
	struct key_line *v;
	struct err why = { 0 };
	char *text;
	size_t n;

	if (!*t->n->key || plan_key(t->a, t->cfg, t->sd, t->p, t->n, &text, &why) < 0) {
		row(t, "key", "unknown until its dependencies are built");
		return;
	}
	row(t, "key", "%s, computed from", t->n->key);
	n = key_lines(t->a, text, &v);
	for (size_t i = 0; i < n; i++)
		if (strcmp(v[i].what, "node") != 0 && strcmp(v[i].what, "format") != 0)
			row(t, "", "%s: %s", in_words(t, v[i].what),
			    key_value_shown(t->a, v[i].value));
}

/* ---- what came of it ---- */

/* "own 12, toolchain/musl 3": whose files the linker read for a program; NULL: it is not recorded
 */
static const char *
linked_text(struct telling *t, const char *rel)
{
	struct counted {
		const char *whose;
		unsigned n;
	} *v = NULL;
	size_t n = 0, i;
	struct buf b = { 0 };
	struct lines l;
	struct err ignored;
	const char *text;
	char *line;

	if (lines_open(t->a, arena_printf(t->a, "%s/linked", t->n->store), &l, &ignored) < 0)
		return NULL;
	while ((line = lines_next(&l))) {
		char *file = strsep(&line, "\t"), *whose = strsep(&line, "\t");

		if (!whose || strcmp(file, rel) != 0)
			continue;
		for (i = 0; i < n && strcmp(v[i].whose, whose) != 0; i++)
			;
		if (i == n) {
			v = arena_more(t->a, v, n, sizeof *v);
			v[n++] = (struct counted){ .whose = whose };
		}
		v[i].n++;
	}
	for (i = 0; i < n; i++)
		buf_addf(&b, "%s%s %u", i ? ", " : "", v[i].whose, v[i].n);
	text = b.n ? arena_strdup(t->a, b.p) : NULL;
	buf_free(&b);
	return text;
}

struct counting {
	struct telling *t;
	const char *dir;
	unsigned files, programs;
	uint64_t bytes;
	struct buf told;
};

static int
count(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct counting *c = arg;
	char hex[DIGEST_HEX];
	const char *linked;
	int program;

	if (!S_ISREG(st->st_mode))
		return 0;
	c->files++;
	c->bytes += (uint64_t)st->st_size;
	if (!(st->st_mode & 0100))
		return 0;
	program = program_digest(arena_printf(c->t->a, "%s/%s", c->dir, rel), hex, e);
	if (program <= 0)
		return program;
	c->programs++;
	linked = linked_text(c->t, rel);
	buf_addf(&c->told, "%-9s %s, %ju bytes%s%s\n", "", filetable_escape(c->t->a, rel),
	    (uintmax_t)st->st_size, linked ? ", linked from " : "", linked ? linked : "");
	return 0;
}

static int
print_result(struct telling *t, struct err *e)
{
	struct counting c = { .t = t };
	int r;

	if (!t->n->store) {
		row(t, "result", "not in %s/store", t->cfg->cache);
		return 0;
	}
	row(t, "result", "%s", t->n->store);
	row(t, "", "sha256 of all of it: %s", t->n->output);
	c.dir = arena_printf(t->a, "%s/out", t->n->store);
	r = file_walk(c.dir, count, &c, e);
	row(t, "", "files %u, programs %u, bytes %ju", c.files, c.programs, (uintmax_t)c.bytes);
	if (c.told.n)
		buf_add(t->out, c.told.p, c.told.n);
	buf_free(&c.told);
	return r;
}

static void
print_journal(struct telling *t, const char *dir)
{
	struct journal j = {
		.a = t->a, .dir = dir, .cache = t->cfg->cache, .triple = t->cfg->triple
	};
	char *log = arena_printf(t->a, "%s/logs/%s.log", dir, plan_node_name(t->a, t->n));
	double took = journal_seconds(&j, t->n);

	row(t, "log", "%s%s", log, file_exists(log) ? "" : ": missing");
	if (took > 0)
		row(t, "took", "%.1f s, last time", took);
}

/* ---- who has it ---- */

static char **
names(struct telling *t, const char *dir, size_t *n)
{
	struct err ignored;
	char **out = NULL;

	if (file_names(t->a, dir, false, &out, n, &ignored) < 0)
		*n = 0;
	return out;
}

static bool
has_key(const struct manifest *m, const char *key)
{
	for (size_t i = 0; i < m->npackages; i++)
		if (m->packages[i].key && !strcmp(m->packages[i].key, key))
			return true;
	return false;
}

/* the images of an OUTPUT: of each triple, and of the network mode that is not configured */
static void
print_output(struct telling *t, const char *output, bool *any)
{
	static const char *const nets[] = { "", "/dhcp", "/static" };
	char **triples;
	size_t n;

	triples = names(t, output, &n);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sizeof nets / sizeof *nets; k++) {
			char *path =
			    arena_printf(t->a, "%s/%s%s/manifest", output, triples[i], nets[k]);
			struct manifest m;
			struct err ignored;

			if (!file_exists(path) || manifest_read(t->a, path, &m, &ignored) < 0 ||
			    !has_key(&m, t->n->key))
				continue;
			row(t, *any ? "" : "images", "%s/%s%s", output, triples[i], nets[k]);
			*any = true;
		}
}

static void
print_images(struct telling *t)
{
	char *roots = arena_printf(t->a, "%s/roots", t->cfg->cache), **v, *output;
	struct err ignored;
	bool any = false;
	size_t n;

	if (!*t->n->key)
		return;
	v = names(t, roots, &n);
	for (size_t i = 0; i < n; i++)
		if (!file_is_half_made(v[i]) &&
		    file_read(t->a, arena_printf(t->a, "%s/%s", roots, v[i]), &output, NULL,
			&ignored) == 0) {
			output[strcspn(output, "\n")] = '\0';
			print_output(t, output, &any);
		}
	if (!any)
		row(t, "images", "none that was built with %s", t->cfg->cache);
}

int
explain_text(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const char *dir, const char *id, struct buf *out, struct err *e)
{
	struct telling t = {
		.a = a, .cfg = cfg, .sd = sd, .p = p, .n = plan_find(p, id), .out = out
	};

	for (int v = NVARIANTS - 1; !t.n && v >= 0; v--)
		t.n = plan_find(p, arena_printf(a, "%s/%s", variant_names[v], id));
	if (!t.n)
		return fail_usage(e,
		    "explain %s: no such package in profile %s; lh-build graph prints all", id,
		    p->profile);
	row(&t, "package", "%s %s, %s", t.n->id,
	    t.n->version ? t.n->version->version : "without a version", t.n->recipe->licence);
	print_source(&t);
	print_needs(&t);
	print_key(&t);
	if (print_result(&t, e) < 0)
		return -1;
	print_journal(&t, dir);
	print_images(&t);
	return 0;
}

int
explain_command(const struct request *rq, struct err *e)
{
	struct session s;
	struct job job;
	struct buf out = { 0 };
	int r;

	if (!rq->nwords)
		return fail_usage(e, "explain: name a package, such as s6 or host/s6");
	if (session_look(rq, &s, e) < 0 || session_look_up(&s, &job, e) < 0)
		return -1;
	r = explain_text(s.a, &s.cfg, &s.sd, &s.plan, job.dir, rq->words[0], &out, e);
	if (r == 0)
		log_stdout(out.p);
	buf_free(&out);
	return r;
}
