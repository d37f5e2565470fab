/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/outdated.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/files/git.h"
#include "build/files/lines.h"
#include "build/plan/recipe.h"
#include "build/source/origins.h"
#include "build/source/transfer.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LARGEST_PAGE (UINT64_C(8) << 20)
#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-._~%"

/* ---- versions ---- */

int
outdated_order(const char *x, const char *y)
{
	for (;;) {
		size_t n, m;
		int r;

		x += strspn(x, "0");
		y += strspn(y, "0");
		n = strspn(x, "0123456789");
		m = strspn(y, "0123456789");
		r = n != m ? (n > m) - (n < m) : strncmp(x, y, n);
		x += n;
		y += m;
		if (r || !*x || !*y)
			return r ? r : (*x != '\0') - (*y != '\0');
		x += *x == '.';
		y += *y == '.';
	}
}

/* characters of 1.2.3 at s */
static size_t
version_length(const char *s)
{
	size_t n = strspn(s, "0123456789");

	while (n && s[n] == '.' && isdigit((unsigned char)s[n + 1]))
		n += 1 + strspn(s + n + 1, "0123456789");
	return n;
}

/* where the version is in the name: the last place where all of a number is it */
static const char *
find_version(const char *name, const char *version)
{
	const char *found = NULL;

	for (const char *p = name; (p = strstr(p, version)); p++)
		if ((p == name || !strchr("0123456789.", p[-1])) &&
		    !isdigit((unsigned char)p[strlen(version)]))
			found = p;
	return found;
}

const char *
outdated_newest(struct arena *a, const char *text, const char *name, const char *version)
{
	const char *at = find_version(name, version), *post, *newest = NULL;
	size_t npre;

	if (!at)
		return NULL;
	npre = (size_t)(at - name);
	post = at + strlen(version);
	for (const char *p = text; *p; p++) {
		bool begins = p == text || !strchr(NAME_CHARS, p[-1]);
		const char *v = p + npre, *end;
		size_t n;

		if (!begins || strncmp(p, name, npre) != 0 || !(n = version_length(v)))
			continue;
		end = v + n + strlen(post);
		if (strncmp(v + n, post, strlen(post)) != 0 || (*end && strchr(NAME_CHARS, *end)))
			continue;
		v = arena_strndup(a, v, n);
		if (!newest || outdated_order(v, newest) > 0)
			newest = v;
	}
	return newest;
}

/* ---- asking ---- */

/* one place of a recipe */
struct question {
	const struct place *place;
	const char *name;  /* what is looked for, with the pinned version in it */
	const char *where; /* as a person may see it */
	const char *text;  /* what it answered; NULL: nothing, and why tells */
	const char *why;
	size_t page; /* its request, or NO_PAGE */
};
#define NO_PAGE ((size_t)-1)

struct asked {
	const struct recipe *recipe;
	const char *pinned;
	struct question *v;
	size_t n;
};

struct survey {
	struct arena *a;
	const struct config *cfg;
	struct asked *v;
	size_t n;
	struct transfer *pages;
	size_t npages;
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
ask_folder(struct survey *s, struct question *q)
{
	const char *url = q->place->where;
	struct transfer rq = { .verb = TRANSFER_GET, .most = LARGEST_PAGE };

	q->name = last_part(url);
	rq.url = arena_strndup(s->a, url, (size_t)(q->name - url));
	q->where = url_shown(s->a, rq.url);
	if (q->why)
		return;
	rq.fd = memfd_create("page", MFD_CLOEXEC);
	if (rq.fd < 0) {
		q->why = "out of memory";
		return;
	}
	q->page = s->npages;
	s->pages = arena_more(s->a, s->pages, s->npages, sizeof rq);
	s->pages[s->npages++] = rq;
}

static void
ask_tags(struct survey *s, struct question *q)
{
	struct err e;
	char *text;

	q->name = q->place->where;
	q->where = q->place->clone ? q->place->clone : "git";
	if (q->why)
		return;
	if (git_tags(s->a, q->place->clone, &text, &e) == 0)
		q->text = text;
	else
		q->why = arena_strdup(s->a, e.msg);
}

/*
 * "dropbear | 1:2026.94-1+b1 | SITE SUITE SECTION": the upstream version is without what is before
 * the colon and behind the last hyphen, deb-version(7); it is told as the file that an archive has
 * of it.
 */
static void
add_archive_name(struct buf *out, const char *package, const char *suffix, char *line)
{
	char *w[3], *version, *hyphen;

	if (words(line, w, 3) < 3 || strcmp(w[0], package) != 0)
		return;
	version = strchr(w[2], ':') ? strchr(w[2], ':') + 1 : w[2];
	hyphen = strrchr(version, '-');
	if (hyphen)
		*hyphen = '\0';
	buf_addf(out, "%s_%s%s\n", package, version, suffix);
}

static void
ask_apt(struct survey *s, struct question *q)
{
	const char *file = last_part(q->place->where), *suffix = strstr(file, ".orig.");
	const char *package = arena_strndup(s->a, file, strcspn(file, "_"));
	struct argv v = { .a = s->a };
	struct buf out = { 0 }, names = { 0 };
	struct lines l;
	struct err e;
	char *line;
	int status;

	q->name = file;
	q->where = "Debian archive";
	if (q->why)
		return;
	argv_pushv(&v, "apt-cache", "madison", package, NULL);
	if (!suffix) {
		q->why = "is not an upstream archive";
	} else if (child_run(v.v, NULL, &out, &status, &e) < 0) {
		q->why = arena_printf(s->a, "cannot run apt (%s)", e.msg);
	} else if (status != 0) {
		q->why = arena_printf(s->a, "apt-cache: %s", child_status_text(s->a, status));
	} else {
		lines_text(s->a, "apt-cache", out.p ? out.p : "", &l);
		while ((line = lines_next(&l)))
			add_archive_name(&names, package, suffix, line);
		if (names.n)
			q->text = arena_strdup(s->a, names.p);
		else
			q->why = arena_printf(s->a, "apt has no package %s", package);
	}
	buf_free(&out);
	buf_free(&names);
}

static void
ask(struct survey *s, const struct recipe *r)
{
	const struct version *pinned = r->versions;
	struct asked *t;
	struct places places;

	for (size_t i = 1; i < r->nversions; i++)
		if (outdated_order(r->versions[i].version, pinned->version) > 0)
			pinned = &r->versions[i];
	s->v = arena_more(s->a, s->v, s->n, sizeof *s->v);
	t = &s->v[s->n++];
	*t = (struct asked){ .recipe = r, .pinned = pinned->version };
	places = origins_list(s->a, s->cfg, r->name, pinned->forms, pinned->nforms);
	t->n = places.n;
	t->v = arena_array(s->a, t->n, sizeof *t->v);
	for (size_t i = 0; i < t->n; i++) {
		static void (*const by[])(struct survey *, struct question *) = {
			[PLACE_URL] = ask_folder, [PLACE_DEBIAN] = ask_apt, [PLACE_GIT] = ask_tags
		};
		struct question *q = &t->v[i];

		*q = (struct question){
			.place = &places.v[i], .why = places.v[i].closed, .page = NO_PAGE
		};
		/* apt's lists are here */
		if (q->place->kind == PLACE_DEBIAN)
			q->why = NULL;
		by[q->place->kind](s, q);
		if (!q->why && !find_version(q->name, t->pinned))
			q->why = arena_printf(s->a, "%s: has no version in it", q->name);
	}
}

/* ---- answers ---- */

static void
take_page(struct survey *s, struct question *q)
{
	const struct transfer *rq = &s->pages[q->page];
	char *text;

	if (rq->failed || rq->status >= 400) {
		q->why =
		    rq->failed ? rq->failed : arena_printf(s->a, "HTTP status %ld", rq->status);
		return;
	}
	text = arena_alloc(s->a, rq->have + 1);
	if (pread(rq->fd, text, rq->have, 0) == (ssize_t)rq->have)
		q->text = text;
	else
		q->why = "its page could not be read";
}

static void
print_recipe(struct survey *s, const struct asked *t, struct outdated *counts, struct buf *out)
{
	const char *newest = NULL, *where = NULL, *why = "it has no origin";

	for (size_t i = 0; i < t->n; i++) {
		struct question *q = &t->v[i];
		const char *has;

		if (!q->why && q->page != NO_PAGE)
			take_page(s, q);
		has =
		    q->text && !q->why ? outdated_newest(s->a, q->text, q->name, t->pinned) : NULL;
		if (!q->why && !has)
			q->why = arena_printf(s->a, "lists nothing like %s", q->name);
		else if (has && outdated_order(has, t->pinned) < 0)
			q->why = arena_printf(s->a, "has %s at most", has);
		else if (has && (!newest || outdated_order(has, newest) > 0)) {
			newest = has;
			where = q->where;
		}
		if (q->why)
			why = arena_printf(
			    s->a, "%s%s%s: %s", i ? why : "", i ? "; " : "", q->where, q->why);
	}
	if (!newest) {
		buf_addf(out, "%s %s unknown: %s\n", t->recipe->name, t->pinned, why);
		counts->unknown++;
	} else if (outdated_order(newest, t->pinned) > 0) {
		buf_addf(out, "%s %s -> %s (%s)\n", t->recipe->name, t->pinned, newest, where);
		counts->older++;
	} else {
		counts->current++;
	}
}

void
outdated_find(struct arena *a, const struct config *cfg, const struct recipes *rs,
    struct outdated *counts, struct buf *out)
{
	struct survey s = { .a = a, .cfg = cfg };

	*counts = (struct outdated){ 0 };
	for (size_t i = 0; i < rs->n; i++)
		if (rs->v[i].nversions)
			ask(&s, &rs->v[i]);
	transfer_all(a, &transfer_usual, s.pages, s.npages);
	for (size_t i = 0; i < s.n; i++)
		print_recipe(&s, &s.v[i], counts, out);
	for (size_t i = 0; i < s.npages; i++)
		close(s.pages[i].fd);
}

int
outdated_command(const struct request *rq, struct err *e)
{
	struct recipes recipes;
	struct outdated counts;
	struct config cfg;
	struct buf out = { 0 };

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    config_drop_root(&cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0)
		return -1;
	cfg.mirrors = ""; /* they have what they were told to have */
	outdated_find(rq->a, &cfg, &recipes, &counts, &out);
	log_stdout(out.p ? out.p : "");
	printf("%zu recipes: %zu current, %zu outdated, %zu unknown\n",
	    counts.current + counts.older + counts.unknown, counts.current, counts.older,
	    counts.unknown);
	buf_free(&out);
	return rq->check && counts.older + counts.unknown
		   ? fail(e, "outdated: %zu recipes are outdated, and %zu may be", counts.older,
			 counts.unknown)
		   : 0;
}
