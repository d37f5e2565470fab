/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/debian.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct package {
	const char *name, *arch;
	const char *depends[2]; /* Depends, Pre-Depends; "" for none */
	const char *provides;
	char *list; /* text of its list of files, once read */
	bool listed, wanted;
};

struct database {
	struct arena *a;
	const char *dir;
	struct package *v;
	size_t n;
};

/* no program looks at these */
static const char *const for_people[] = { "/usr/share/doc/", "/usr/share/man/",
	"/usr/share/locale/", "/usr/share/info/", "/usr/share/bug/", "/usr/share/lintian/",
	"/usr/share/bash-completion/" };

/* ---- the database ---- */

/* the value of "KEY: value" in a paragraph, "" without; lines that go on are not looked at */
static const char *
field(struct arena *a, const char *paragraph, const char *key)
{
	size_t n = strlen(key);

	for (const char *s = paragraph; s && *s; s = strchr(s, '\n'), s += s != NULL) {
		if (strncmp(s, key, n) != 0 || s[n] != ':')
			continue;
		s += n + 1;
		s += strspn(s, " ");
		return arena_strndup(a, s, strcspn(s, "\n"));
	}
	return "";
}

/* "WANT FLAG STATE": are its files where its list says */
static bool
is_there(const char *status)
{
	static const char *const states[] = { "installed", "triggers-pending", "triggers-awaited",
		"half-configured", "unpacked" };
	const char *state = strrchr(status, ' ');

	for (size_t i = 0; state && i < sizeof states / sizeof *states; i++)
		if (!strcmp(state + 1, states[i]))
			return true;
	return false;
}

static void
add_package(struct database *d, const char *paragraph)
{
	if (!is_there(field(d->a, paragraph, "Status")))
		return;
	d->v = arena_more(d->a, d->v, d->n, sizeof *d->v);
	d->v[d->n++] = (struct package){
		.name = field(d->a, paragraph, "Package"),
		.arch = field(d->a, paragraph, "Architecture"),
		.depends = { field(d->a, paragraph, "Depends"),
		    field(d->a, paragraph, "Pre-Depends") },
		.provides = field(d->a, paragraph, "Provides"),
	};
}

static int
read_status(struct database *d, struct err *e)
{
	char *text, *end;

	if (file_read(d->a, arena_printf(d->a, "%s/status", d->dir), &text, NULL, e) < 0)
		return -1;
	for (; *text; text = end) {
		end = strstr(text, "\n\n");
		if (end) {
			end[1] = '\0';
			end += 2;
		} else {
			end = text + strlen(text);
		}
		add_package(d, text);
	}
	return d->n ? 0
		    : fail(e,
			  "%s/status: says that no package is installed; %s/status-old may be "
			  "the one before it",
			  d->dir, d->dir);
}

/*
 * A package that exists for several architectures has them in the name of its list.  One without a
 * list has no files, as dpkg sees it.
 */
static int
read_list(struct database *d, struct package *p, struct err *e)
{
	char *path = arena_printf(d->a, "%s/info/%s:%s.list", d->dir, p->name, p->arch);
	int there;

	if (p->list)
		return 0;
	there = file_is_there(path, e);
	if (!there) {
		path = arena_printf(d->a, "%s/info/%s.list", d->dir, p->name);
		there = file_is_there(path, e);
	}
	if (there < 0)
		return -1;
	p->listed = there;
	if (!p->listed) {
		p->list = arena_strdup(d->a, "");
		return 0;
	}
	return file_read(d->a, path, &p->list, NULL, e);
}

/* /bin/sh is /usr/bin/sh where /bin is a symlink, which is so wherever this is used: system.h */
static const char *
below_usr(struct arena *a, const char *line, size_t n)
{
	static const char *const merged[] = { "/bin/", "/sbin/", "/lib" };

	for (size_t i = 0; i < sizeof merged / sizeof *merged; i++)
		if (!strncmp(line, merged[i], strlen(merged[i])))
			return arena_printf(a, "/usr%.*s", (int)n, line);
	return arena_strndup(a, line, n);
}

typedef void visit_path(void *arg, struct package *p, const char *path);

static void
each_path(struct database *d, struct package *p, visit_path *visit, void *arg)
{
	for (const char *s = p->list; *s; s += strspn(s, "\n")) {
		size_t n = strcspn(s, "\n");

		visit(arg, p, below_usr(d->a, s, n));
		s += n;
	}
}

/* ---- what is wanted ---- */

struct wanting {
	const char *const *paths;
	size_t n;
};

static int
by_text(const void *x, const void *y)
{
	return strcmp(*(char *const *)x, *(char *const *)y);
}

static void
owns(void *arg, struct package *p, const char *path)
{
	const struct wanting *w = arg;

	for (size_t i = 0; !p->wanted && i < w->n; i++)
		p->wanted = !strcmp(w->paths[i], path);
}

/* are these, up to a blank, a version or an architecture, the same name? */
static bool
same_name(const char *x, const char *y)
{
	size_t n = strcspn(x, " (:,|");

	return n && strcspn(y, " (:,|") == n && !strncmp(x, y, n);
}

/* the next of a list of words between commas, or bars */
static const char *
next_word(const char *s)
{
	s += strcspn(s, ",|");
	return s + strspn(s, ",| ");
}

static bool
is_called(const struct package *p, const char *word)
{
	if (same_name(word, p->name))
		return true;
	for (const char *s = p->provides; *s; s = next_word(s))
		if (same_name(word, s))
			return true;
	return false;
}

/* one that is there, of the same architecture if there are several; NULL: none */
static struct package *
find(const struct database *d, const char *word, const char *arch)
{
	struct package *found = NULL;

	for (struct package *p = d->v; p < d->v + d->n; p++)
		if (is_called(p, word) && (!found || !strcmp(p->arch, arch)))
			found = p;
	return found;
}

/* of alternatives the first that is there; *s goes on behind all of them */
static struct package *
choose(const struct database *d, const char **s, const char *arch)
{
	struct package *found = NULL;
	bool over = false;

	while (!over && **s) {
		if (!found)
			found = find(d, *s, arch);
		over = (*s)[strcspn(*s, ",|")] != '|';
		*s = next_word(*s);
	}
	return found;
}

/* with all that it depends on */
static int
want(struct database *d, struct package *p, struct err *e)
{
	p->wanted = true;
	if (!p->listed)
		return fail(e,
		    "%s/info: there is no list of the files of %s; apt-get install --reinstall %s "
		    "makes one",
		    d->dir, p->name, p->name);
	for (int i = 0; i < 2; i++)
		for (const char *s = p->depends[i]; *s;) {
			const char *word = s;
			struct package *need = choose(d, &s, p->arch);

			if (!need)
				return fail(e,
				    "%s/status: %s depends on %.*s, which is not installed; "
				    "apt-get --fix-broken install mends that",
				    d->dir, p->name, (int)strcspn(word, " (:,|"), word);
			if (!need->wanted && want(d, need, e) < 0)
				return -1;
		}
	return 0;
}

/* ---- their files ---- */

struct taking {
	struct arena *a;
	char **v;
	size_t n;
};

static void
take(void *arg, struct package *p, const char *path)
{
	struct taking *t = arg;

	(void)p;
	if (strncmp(path, "/usr/", 5) != 0 || strstr(path, "/../"))
		return;
	for (size_t i = 0; i < sizeof for_people / sizeof *for_people; i++)
		if (!strncmp(path, for_people[i], strlen(for_people[i])))
			return;
	t->v = arena_more(t->a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = arena_strdup(t->a, path);
}

static int
gather(struct database *d, struct wanting *w, struct taking *t, struct err *e)
{
	size_t kept = 0;

	if (read_status(d, e) < 0)
		return -1;
	for (size_t i = 0; i < d->n; i++) {
		if (read_list(d, &d->v[i], e) < 0)
			return -1;
		each_path(d, &d->v[i], owns, w);
	}
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].wanted && want(d, &d->v[i], e) < 0)
			return -1;
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].wanted)
			each_path(d, &d->v[i], take, t);
	if (t->n)
		qsort(t->v, t->n, sizeof *t->v, by_text);
	for (size_t i = 0; i < t->n; i++)
		if (!kept || strcmp(t->v[kept - 1], t->v[i]) != 0)
			t->v[kept++] = t->v[i];
	t->n = kept;
	return 0;
}

int
debian_files(struct arena *a, const char *database, const char *const *wanted, size_t nwanted,
    char ***paths, size_t *n, struct err *e)
{
	struct database d = { .a = arena_new(), .dir = database };
	struct wanting w = { wanted, nwanted };
	struct taking t = { .a = a };
	int r = 0;

	*paths = NULL;
	*n = 0;
	if (file_exists(arena_printf(d.a, "%s/status", database))) {
		r = gather(&d, &w, &t, e) < 0 ? -1 : 1;
		*paths = t.v;
		*n = t.n;
	}
	arena_free(d.a);
	return r;
}
