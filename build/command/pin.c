/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/pin.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/command/cli.h"
#include "build/command/outdated.h"
#include "build/config/config.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/git.h"
#include "build/files/lines.h"
#include "build/plan/recipe.h"
#include "build/source/aptmirror.h"
#include "build/source/origins.h"
#include "build/source/transfer.h"
#include "build/source/unpack.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST (UINT64_C(2) << 30) /* of an archive */

/* one origin of one archive, and what it gave */
struct answer {
	const struct place *place;
	const char *path; /* of what it gave */
	const char *why;  /* it gave nothing; or NULL */
	char sha256[DIGEST_HEX];
	struct transfer rq;
	bool asked;
};

struct pinning {
	struct arena *a;
	const struct config *cfg;
	const struct recipe *recipe;
	const struct version *old; /* the newest that is pinned */
	const char *version;
	const char *dir; /* for downloads */
	bool one;	 /* origin is enough */
	struct version new;
	struct places places;
	struct answer *v; /* by place */
	struct buf out, notes;
};

/* ---- what it would be called ---- */

/* text of the old version, as the new one has it */
static const char *
renamed(struct pinning *p, const char *text)
{
	size_t n = strlen(p->old->version);
	struct buf b = { 0 };
	const char *at, *done;

	while ((at = strstr(text, p->old->version))) {
		buf_add(&b, text, (size_t)(at - text));
		buf_adds(&b, p->version);
		text = at + n;
	}
	buf_adds(&b, text);
	done = arena_strdup(p->a, b.p);
	buf_free(&b);
	return done;
}

static void
rename_forms(struct pinning *p)
{
	const struct version *old = p->old;

	p->new = (struct version){ .version = p->version,
		.forms = arena_array(p->a, old->nforms, sizeof *p->new.forms),
		.nforms = old->nforms,
		.licences = old->licences,
		.nlicences = old->nlicences };
	for (size_t i = 0; i < old->nforms; i++) {
		const struct source *o = &old->forms[i];
		struct source *n = &p->new.forms[i];

		*n = (struct source){ .file = renamed(p, o->file),
			.sha256 = "",
			.origins = arena_array(p->a, o->norigins, sizeof *n->origins),
			.norigins = o->norigins };
		for (size_t k = 0; k < o->norigins; k++)
			n->origins[k] =
			    (struct origin){ o->origins[k].kind, renamed(p, o->origins[k].where) };
	}
}

/* ---- asking ---- */

static void
ask_url(struct pinning *p, struct answer *q)
{
	q->rq = (struct transfer){ .verb = TRANSFER_GET,
		.url = q->place->url,
		.proxy = q->place->proxy,
		.fd = open(q->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600),
		.most = LARGEST };
	if (q->rq.fd < 0)
		q->why = arena_printf(p->a, "%s cannot be made", q->path);
	q->asked = q->rq.fd >= 0;
}

static void
ask_git(struct pinning *p, struct answer *q)
{
	struct git_archive g = { .said = -1 };
	const char *clone = q->place->clone;
	struct err e = { 0 };
	char *commit;

	if (git_tag(p->a, clone, q->place->where, &commit, &e) < 0 ||
	    git_archive_start(p->a, &g, clone, q->place->where,
		arena_printf(p->a, "%s-%s/", p->recipe->name, p->version), q->path, LARGEST,
		&e) < 0 ||
	    git_archive_end(p->a, &g, &e) < 0 || digest_file(q->path, q->sha256, &e) < 0)
		q->why = arena_strdup(p->a, e.msg);
	if (g.said >= 0)
		close(g.said);
}

/* a transfer that has ended, as an answer */
static void
take_answer(struct pinning *p, struct answer *q)
{
	const struct transfer *rq = &q->rq;

	if (rq->failed)
		q->why = rq->failed;
	else if (rq->status >= 400)
		q->why = arena_printf(p->a, "HTTP status %ld", rq->status);
	else if (!strncmp(rq->type, "text/html", 9))
		q->why = "answers with a web page";
	else if (!rq->have)
		q->why = "is empty";
	else
		memcpy(q->sha256, rq->sha256, sizeof q->sha256);
	close(rq->fd);
}

static void
ask_all(struct pinning *p)
{
	struct aptmirror apt = { 0 };
	struct transfer *v;
	size_t n = 0;

	p->places = origins_list(p->a, p->cfg, p->recipe->name, p->new.forms, p->new.nforms);
	p->v = arena_array(p->a, p->places.n + 1, sizeof *p->v);
	v = arena_array(p->a, p->places.n + 1, sizeof *v);
	for (size_t i = 0; i < p->places.n; i++) {
		struct answer *q = &p->v[i];

		origins_resolve(p->a, &p->places.v[i], &apt);
		*q = (struct answer){ .place = &p->places.v[i],
			.path = arena_printf(p->a, "%s/%zu", p->dir, i),
			.why = p->places.v[i].closed };
		/* what it has, somebody put there who got it elsewhere */
		if (q->place->cache)
			q->why = "is a cache";
		if (q->why)
			continue;
		if (q->place->kind == PLACE_GIT)
			ask_git(p, q);
		else
			ask_url(p, q);
		if (q->asked)
			v[n++] = q->rq;
	}
	transfer_all(p->a, &transfer_usual, v, n);
	n = 0;
	for (size_t i = 0; i < p->places.n; i++)
		if (p->v[i].asked) {
			p->v[i].rq = v[n++];
			take_answer(p, &p->v[i]);
		}
}

/* ---- judging ---- */

/* a line for who reads the block; what an origin or a clone said does not end it and begin another
 */
static void note(struct pinning *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void
note(struct pinning *p, const char *fmt, ...)
{
	size_t from = p->notes.n;
	va_list ap;

	va_start(ap, fmt);
	buf_addv(&p->notes, fmt, ap);
	va_end(ap);
	for (; from < p->notes.n; from++)
		if ((unsigned char)p->notes.p[from] < ' ' || p->notes.p[from] == 0x7f)
			p->notes.p[from] = '?';
	buf_adds(&p->notes, "\n");
}

/* one host, asked twice, says one thing */
static bool
asked_before(const struct pinning *p, const struct answer *q)
{
	const char *host = q->place->url ? url_host(p->a, q->place->url) : "";

	for (const struct answer *was = p->v; *host && was < q; was++)
		if (was->place->form == q->place->form && !was->place->cache && !was->why &&
		    was->place->url && !strcasecmp(url_host(p->a, was->place->url), host))
			return true;
	return false;
}

/* the archive as it is to be believed: *sum is NULL when it is not; an error is two that differ */
static int
judge(struct pinning *p, const struct source *form, const struct answer **is, struct err *e)
{
	struct buf from = { 0 };
	size_t n = 0;
	int r = 0;

	*is = NULL;
	for (size_t i = 0; i < p->places.n && r == 0; i++) {
		const struct answer *q = &p->v[i];
		const char *where = origins_text(p->a, q->place);

		if (q->place->form != form || q->place->cache)
			continue;
		if (q->why) {
			note(p, "# %s: not from %s: %s", form->file, where, q->why);
		} else if (!*is) {
			*is = q;
			buf_addf(&from, "%s", where);
			n = 1;
		} else if (strcmp((*is)->sha256, q->sha256) != 0) {
			r = fail(e, "%s: sha256 is %s from %s, but %s from %s", form->file,
			    (*is)->sha256, origins_text(p->a, (*is)->place), q->sha256, where);
		} else {
			buf_addf(&from, " and from %s", where);
			n += !asked_before(p, q);
		}
	}
	if (r == 0 && n == 1 && !p->one) {
		note(p, "# %s: only from %s", form->file, from.p);
		*is = NULL;
	} else if (r == 0 && n) {
		note(p, "# %s: %s%s", form->file, n > 1 ? "the same from " : "only from ", from.p);
	}
	buf_free(&from);
	return r;
}

/* ---- writing ---- */

static int
add_licences(struct pinning *p, const char *archive, struct err *e)
{
	size_t n = p->new.nlicences;
	struct unpack_look *look = arena_array(p->a, n + 1, sizeof *look);

	for (size_t i = 0; i < n; i++)
		look[i].path = p->new.licences[i].path;
	if (unpack_look(archive, 1, p->cfg->unpack_limit, look, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const struct licence_file *was = &p->new.licences[i];

		if (!*look[i].sha256)
			return fail(
			    e, "%s: is not in the new source; where is its licence?", was->path);
		if (strcmp(look[i].sha256, was->sha256) != 0)
			note(p, "# %s: has another text; read it", was->path);
		buf_addf(&p->out, "  licence-file %s %s\n", was->path, look[i].sha256);
	}
	return 0;
}

/* in place of the version, ${version}, as a recipe has it */
static const char *
general(struct pinning *p, const char *text)
{
	struct pinning back = { .a = p->a, .version = "${version}", .old = &p->new };

	return renamed(&back, text);
}

static void
add_form(struct pinning *p, const struct source *form, const struct answer *is)
{
	static const char *const keys[] = {
		[ORIGIN_URL] = "from", [ORIGIN_DEBIAN] = "debian", [ORIGIN_GIT] = "git"
	};
	struct stat st;

	buf_addf(&p->out, "  source   %s\n    sha256   %s\n", general(p, form->file), is->sha256);
	if (stat(is->path, &st) == 0)
		buf_addf(&p->out, "    size     %" PRIu64 "\n", (uint64_t)st.st_size);
	for (size_t i = 0; i < form->norigins; i++) {
		const struct origin *o = &form->origins[i];
		size_t n = strlen(o->where), tail = strlen(form->file);

		/* the file's name is put behind a folder by whoever reads it */
		if (o->kind == ORIGIN_URL && n > tail && o->where[n - tail - 1] == '/' &&
		    !strcmp(o->where + n - tail, form->file))
			n -= tail;
		buf_addf(&p->out, "    %-8s %s\n", keys[o->kind],
		    general(p, arena_strndup(p->a, o->where, n)));
	}
}

static int
write_block(struct pinning *p, struct err *e)
{
	const struct answer **is = arena_array(p->a, p->new.nforms, sizeof *is), *any = NULL;

	for (size_t i = 0; i < p->new.nforms; i++) {
		if (judge(p, &p->new.forms[i], &is[i], e) < 0)
			return -1;
		any = any ? any : is[i];
	}
	if (!any)
		return fail(e,
		    "no archive comes from two origins%s; MIRRORS and GIT_MIRROR can name others",
		    p->one ? ", and none from one" : " (--one-origin: one is enough)");
	buf_addf(&p->out, "version  %s\n", p->version);
	if (add_licences(p, any->path, e) < 0)
		return -1;
	for (size_t i = 0; i < p->new.nforms; i++)
		if (is[i])
			add_form(p, &p->new.forms[i], is[i]);
	return 0;
}

/* ---- the command ---- */

/* the newest that is pinned, to be followed; NULL: e says why there is none */
static const struct version *
newest(const struct pinning *p, struct err *e)
{
	const struct recipe *r = p->recipe;
	const struct version *found = r->versions;

	if (!r->nversions) {
		fail_usage(e, "%s: pins no version", r->name);
		return NULL;
	}
	for (size_t i = 0; i < r->nversions; i++) {
		if (!strcmp(r->versions[i].version, p->version)) {
			fail_usage(e, "%s: version %s is pinned already", r->name, p->version);
			return NULL;
		}
		if (outdated_order(r->versions[i].version, found->version) > 0)
			found = &r->versions[i];
	}
	return found;
}

static int
pin(struct pinning *p, struct err *e)
{
	char *dir = arena_printf(p->a, "%s/lh-pin.XXXXXX", file_tmp());
	struct err ignored;
	int r;

	p->old = newest(p, e);
	if (!p->old)
		return -1;
	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	p->dir = dir;
	rename_forms(p);
	ask_all(p);
	r = write_block(p, e);
	file_remove(dir, &ignored);
	(r < 0 ? log_text : log_stdout)(p->notes.p ? p->notes.p : "");
	if (r == 0)
		log_stdout(p->out.p);
	return r;
}

int
pin_command(const struct request *rq, struct err *e)
{
	struct recipes recipes;
	struct config cfg;
	struct pinning p = { .a = rq->a, .cfg = &cfg, .one = rq->one_origin };
	int r;

	if (rq->nwords < 2)
		return fail_usage(e, "pin: name a package and its new version");
	p.version = rq->words[1];
	if (!*p.version || strspn(p.version, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					     "0123456789._+-") != strlen(p.version))
		return fail_usage(
		    e, "pin: %s: a version is made of letters, digits and . _ + -", p.version);
	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0)
		return -1;
	p.recipe = recipe_find(&recipes, rq->words[0]);
	if (!p.recipe)
		return fail_usage(e, "pin: %s: no such recipe", rq->words[0]);
	r = pin(&p, e);
	buf_free(&p.out);
	buf_free(&p.notes);
	return r < 0 ? wrap(e, "pin: %s %s", p.recipe->name, p.version) : 0;
}
