/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/services.h"

#include "build/base/arena.h"
#include "build/base/path.h"
#include "build/config/config.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_LIST ((size_t)1 << 20) /* bytes of a file that lists names */

/* a name, and the folder whose definition it is: layout/s6-rc, or one of SERVICES */
struct known {
	const char *name, *dir;
	bool bundle;
};

struct check {
	struct arena *a;
	const char *dir; /* the folder of definitions that is looked at */
	struct known *v;
	size_t n;
};

static const struct known *
find(const struct check *c, const char *name)
{
	for (size_t i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

static void
know(struct check *c, const char *name, bool bundle)
{
	c->v = arena_more(c->a, c->v, c->n, sizeof *c->v);
	c->v[c->n++] = (struct known){ arena_strdup(c->a, name), c->dir, bundle };
}

/* ---- what is there ---- */

static int
check_link(const struct check *c, const char *rel, struct err *e)
{
	char target[PATH_MAX];
	ssize_t n = readlink(arena_printf(c->a, "%s/%s", c->dir, rel), target, sizeof target - 1);

	target[n > 0 ? n : 0] = '\0';
	if (n > 0 && path_stays(rel, target))
		return 0;
	return fail_usage(e,
	    "SERVICES: %s/%s: a symlink to %s, out of the folder; copy what it leads to", c->dir,
	    rel, target);
}

/* what files there are does not depend on what the names mean */
static int
check_entry(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	const struct check *c = arg;

	if (S_ISLNK(st->st_mode))
		return check_link(c, rel, e);
	if (!S_ISREG(st->st_mode) && !S_ISDIR(st->st_mode))
		return fail_usage(
		    e, "SERVICES: %s/%s: neither file, folder nor symlink; remove it", c->dir, rel);
	if (!strchr(rel, '/') && !S_ISDIR(st->st_mode))
		return fail_usage(e,
		    "SERVICES: %s/%s: a definition is a folder; move the file elsewhere", c->dir,
		    rel);
	return 0;
}

/* ---- names ---- */

/* the text of DIR/NAME/FILE; NULL: there is none */
static int
read_list(const struct check *c, const char *name, const char *file, char **text, struct err *e)
{
	const char *rel = arena_printf(c->a, "%s/%s", name, file);

	*text = NULL;
	if (beneath_type(c->dir, rel) == BENEATH_NONE)
		return 0;
	if (beneath_read(c->a, c->dir, rel, LARGEST_LIST, text, NULL, e) < 0) {
		e->code = EXIT_USAGE;
		return wrap(e, "SERVICES");
	}
	return 0;
}

/* its first line */
static int
read_word(const struct check *c, const char *name, const char *file, char **word, struct err *e)
{
	if (read_list(c, name, file, word, e) < 0)
		return -1;
	if (*word)
		(*word)[strcspn(*word, "\n")] = '\0';
	return 0;
}

/* s6-rc keeps its own; what the manifest and the list of services cannot tell is no name either */
static int
check_name(const struct check *c, const char *name, struct err *e)
{
	const char *p = name;

	while (*p && !isspace((unsigned char)*p) && !iscntrl((unsigned char)*p) &&
	       !strchr("*?[]\\", *p))
		p++;
	if (*p || *name == '#')
		return fail_usage(e,
		    "SERVICES: %s/%s: a service's name has no blank, no control character and none "
		    "of * ? [ ] \\, and does not begin with #",
		    c->dir, name);
	if (!strncmp(name, "s6rc-", 5))
		return fail_usage(e,
		    "SERVICES: %s/%s: names that begin with s6rc- are s6-rc's own; rename it",
		    c->dir, name);
	return 0;
}

/* nothing but contents.d: more for a bundle that there is */
static int
is_addition(const struct check *c, const char *name, bool *adds, struct err *e)
{
	char **names;
	size_t n;

	if (file_names(c->a, arena_printf(c->a, "%s/%s", c->dir, name), true, &names, &n, e) < 0)
		return -1;
	*adds = n == 1 && !strcmp(names[0], "contents.d");
	return 0;
}

static int
define(struct check *c, const char *name, struct err *e)
{
	const struct known *was = find(c, name);
	char *type;
	bool adds;

	if (check_name(c, name, e) < 0 || is_addition(c, name, &adds, e) < 0)
		return -1;
	if (was && adds && was->bundle)
		return 0;
	if (was)
		return fail_usage(e, "SERVICES: %s/%s: %s has a service of that name; rename it",
		    c->dir, name, was->dir);
	if (read_word(c, name, "type", &type, e) < 0)
		return -1;
	if (!type)
		return fail_usage(e,
		    "SERVICES: %s/%s: has no file type; write longrun, oneshot or bundle to it",
		    c->dir, name);
	if (strcmp(type, "longrun") && strcmp(type, "oneshot") && strcmp(type, "bundle"))
		return fail_usage(
		    e, "SERVICES: %s/%s/type: %s: longrun, oneshot or bundle", c->dir, name, type);
	know(c, name, !strcmp(type, "bundle"));
	return 0;
}

/* the bundle of a pipeline has no folder */
static int
define_pipeline(struct check *c, const char *name, struct err *e)
{
	char *text;

	if (read_word(c, name, "pipeline-name", &text, e) < 0)
		return -1;
	if (text && *text && check_name(c, text, e) < 0)
		return -1;
	if (text && *text && !find(c, text))
		know(c, text, true);
	return 0;
}

/* ---- who is spoken of ---- */

static int
need(const struct check *c, const char *rel, const char *name, struct err *e)
{
	if (find(c, name))
		return 0;
	return fail_usage(e,
	    "SERVICES: %s/%s: names %s, which neither layout/s6-rc nor SERVICES defines", c->dir,
	    rel, name);
}

/* names as files of a folder, and as lines of a file, which s6-rc takes too */
static int
check_names(const struct check *c, const char *service, struct err *e)
{
	static const char *const folders[] = { "dependencies.d", "contents.d" };
	static const char *const lists[] = { "dependencies", "contents", "producer-for",
		"consumer-for" };
	struct lines l;
	char **names, *text, *line;
	size_t n;

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		const char *rel = arena_printf(c->a, "%s/%s", service, folders[i]);

		if (file_names(
			c->a, arena_printf(c->a, "%s/%s", c->dir, rel), false, &names, &n, e) < 0)
			return -1;
		for (size_t j = 0; j < n; j++)
			if (need(c, rel, names[j], e) < 0)
				return -1;
	}
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		if (read_list(c, service, lists[i], &text, e) < 0)
			return -1;
		lines_text(c->a, lists[i], text ? text : "", &l);
		while ((line = lines_next_datum(&l)))
			if (need(c, arena_printf(c->a, "%s/%s", service, lists[i]), line, e) < 0)
				return -1;
	}
	return 0;
}

/* each definition of the folder */
static int
each(struct check *c, const char *dir,
    int (*visit)(struct check *c, const char *name, struct err *e), struct err *e)
{
	char **names;
	size_t n;

	c->dir = dir;
	if (file_names(c->a, dir, true, &names, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (visit(c, names[i], e) < 0)
			return -1;
	return 0;
}

static int
visit_names(struct check *c, const char *name, struct err *e)
{
	return check_names(c, name, e);
}

int
services_check(struct arena *a, const struct config *cfg, const char *profile, struct err *e)
{
	struct check c = { .a = a };
	size_t n;
	const char **v = config_folders(a, cfg, "SERVICES", &n);
	const char *layout = arena_printf(a, "%s/layout/s6-rc", cfg->top);

	if (!n)
		return 0;
	if (strcmp(profile, "s6"))
		return fail_usage(
		    e, "SERVICES: profile %s has no s6-rc to run them; set PROFILE=s6", profile);
	if (each(&c, layout, define, e) < 0 || each(&c, layout, define_pipeline, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		c.dir = v[i];
		if (beneath_walk(v[i], "", check_entry, &c, e) < 0 ||
		    each(&c, v[i], define, e) < 0 || each(&c, v[i], define_pipeline, e) < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++)
		if (each(&c, v[i], visit_names, e) < 0)
			return -1;
	return 0;
}
