/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/tree.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ID_MAX 65534u /* 65535 is what some system calls take for "leave it" */

/* the line that gave an entry its owner; no path: none did */
struct spoken {
	const char *path;
	unsigned line;
};

/* layout/owners: who owns what in the image, and nowhere else is that said. */
struct rule {
	size_t fs;	     /* which of the trees */
	const char *pattern; /* relative, as in the tree */
	uid_t uid;
	gid_t gid;
	mode_t mode;
	struct spoken from;
};

static bool
number(const char *s, int base, unsigned long max, unsigned long *out)
{
	char *end;

	if (*s < '0' || *s > '9')
		return false;
	*out = strtoul(s, &end, base);
	return !*end && *out <= max;
}

static int
parse_ids(const struct lines *l, char *word, struct rule *r, struct err *e)
{
	char *colon = strchr(word, ':');
	unsigned long uid, gid;

	if (colon)
		*colon = '\0';
	if (!colon || !number(word, 10, ID_MAX, &uid) || !number(colon + 1, 10, ID_MAX, &gid))
		return lines_fail(l, e, "%s%s%s: not UID:GID, two numbers from 0 to %u", word,
		    colon ? ":" : "", colon ? colon + 1 : "", ID_MAX);
	r->uid = (uid_t)uid;
	r->gid = (gid_t)gid;
	return 0;
}

static int
parse_place(const struct lines *l, char *word, struct tree **trees, size_t ntrees, struct rule *r,
    struct err *e)
{
	char *colon = strchr(word, ':');

	if (!colon || colon[1] != '/')
		return lines_fail(l, e, "%s: not FS:/PATH, such as rootfs:/bin/su", word);
	*colon = '\0';
	for (r->fs = 0; r->fs < ntrees; r->fs++)
		if (!strcmp(trees[r->fs]->name, word))
			break;
	if (r->fs == ntrees)
		return lines_fail(l, e, "%s: no such filesystem", word);
	r->pattern = colon + 2;
	return 0;
}

/* 1: a rule for this profile, 0: for another one */
static int
parse(const struct lines *l, char *line, const char *profile, struct tree **trees, size_t ntrees,
    struct rule *r, struct err *e)
{
	char *w[4];
	size_t n = words(line, w, 4);
	unsigned long mode;

	*r = (struct rule){ .from = { l->path, l->no } };
	if (n != 3 && n != 4)
		return lines_fail(l, e, "needs FS:/PATH UID:GID MODE [PROFILE]");
	if (parse_place(l, w[0], trees, ntrees, r, e) < 0 || parse_ids(l, w[1], r, e) < 0)
		return -1;
	if (!number(w[2], 8, 07777, &mode))
		return lines_fail(l, e, "%s: not a mode, an octal number up to 7777", w[2]);
	if (n == 4 && strcmp(w[3], "s6") && strcmp(w[3], "minimal"))
		return lines_fail(l, e, "%s: no such profile: s6 or minimal", w[3]);
	r->mode = (mode_t)mode;
	return n == 3 || !strcmp(w[3], profile);
}

/* "line 3", or where it is when that is another file */
static const char *
line_of(struct arena *a, const struct lines *l, const struct spoken *s)
{
	return strcmp(s->path, l->path) ? arena_printf(a, "%s:%u", s->path, s->line)
					: arena_printf(a, "line %u", s->line);
}

/* spoken: by entry */
static int
apply(const struct lines *l, const struct rule *r, struct tree *t, struct spoken *spoken,
    struct err *e)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		struct entry *n = &t->v[i];
		mode_t mode =
		    n->type == ENTRY_LINK ? n->mode : r->mode; /* a symlink's mode means nothing */

		if (fnmatch(r->pattern, n->path, FNM_PATHNAME | FNM_NOESCAPE) != 0)
			continue;
		any = true;
		if (spoken[i].path && (n->uid != r->uid || n->gid != r->gid || n->mode != mode))
			return lines_fail(l, e, "%s:/%s: %s says %u:%u %04o", t->name, n->path,
			    line_of(t->a, l, &spoken[i]), (unsigned)n->uid, (unsigned)n->gid,
			    (unsigned)n->mode);
		n->uid = r->uid;
		n->gid = r->gid;
		n->mode = mode;
		spoken[i] = r->from;
	}
	if (!any)
		return lines_fail(l, e,
		    "%s:/%s: matches nothing in the image; remove the line or correct the path",
		    t->name, r->pattern);
	return 0;
}

/*
 * does a line of passwd(5) or group(5) have the id as its third field; without the file nothing can
 * be said
 */
static bool
has_id(struct arena *a, const char *layout, const char *file, unsigned long id)
{
	char *path = arena_printf(a, "%s/rootfs/etc/%s", layout, file), *line;
	struct lines l;
	struct err ignored;

	if (lines_open(a, path, &l, &ignored) < 0)
		return true;
	while ((line = lines_next(&l))) {
		char *field = NULL;

		for (int i = 0; i < 3 && line; i++)
			field = strsep(&line, ":");
		if (field && *field && line && strtoul(field, NULL, 10) == id)
			return true;
	}
	return false;
}

int
owners_lint(struct arena *a, const char *layout, void (*found)(void *arg, const char *what),
    void *arg, struct err *e)
{
	struct tree rootfs = { .name = "rootfs" }, rwfs = { .name = "rwfs" },
		    userfs = { .name = "userfs" };
	struct tree *trees[] = { &rootfs, &rwfs, &userfs };
	struct told {
		const char *place, *profile;
		unsigned line;
	} *told = NULL;
	char *path = arena_printf(a, "%s/owners", layout), *line;
	struct lines l;
	size_t n = 0;

	if (!file_exists(path))
		return 0;
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		char *w[4];
		size_t count = words(arena_strdup(a, line), w, 4);
		struct told now = { w[0], count == 4 ? w[3] : NULL, l.no };
		struct err wrong = { 0 };
		struct rule r;

		if (parse(&l, line, "", trees, 3, &r, &wrong) < 0) {
			found(arg, wrong.msg);
			continue;
		}
		if (!has_id(a, layout, "passwd", r.uid))
			found(arg,
			    arena_printf(a, "%s:%u: %s: uid %u is not in layout/rootfs/etc/passwd",
				path, l.no, now.place, (unsigned)r.uid));
		if (!has_id(a, layout, "group", r.gid))
			found(arg,
			    arena_printf(a, "%s:%u: %s: gid %u is not in layout/rootfs/etc/group",
				path, l.no, now.place, (unsigned)r.gid));
		for (size_t i = 0; i < n; i++)
			if (!strcmp(told[i].place, now.place) &&
			    (!told[i].profile || !now.profile ||
				!strcmp(told[i].profile, now.profile)))
				found(arg, arena_printf(a, "%s:%u: %s: line %u lists it, too", path,
					       l.no, now.place, told[i].line));
		told = arena_more(a, told, n, sizeof *told);
		told[n++] = now;
	}
	return 0;
}

/* what a mode must not grant unless a line says so; NULL when it is harmless */
static const char *
danger(const struct entry *n)
{
	if (n->type == ENTRY_LINK)
		return NULL;
	if (n->mode & S_ISUID)
		return "setuid";
	if (n->mode & S_ISGID)
		return "setgid";
	if (n->mode & S_IWOTH && !(n->type == ENTRY_DIR && n->mode & S_ISVTX))
		return "writable by everyone";
	return NULL;
}

/* paths: by layer, where the line belongs */
static int
check_dangers(
    const struct tree *t, const struct spoken *spoken, const char *const *paths, struct err *e)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct entry *n = &t->v[i];
		const char *what = danger(n);

		/* it is a line of the manifest */
		if (what && n->path[strcspn(n->path, " \t\n\v\f\r")])
			return fail(e,
			    "%s: %s:/%s from %s is %s, so its name may have no blank and no line "
			    "break; rename it",
			    paths[n->layer], t->name, n->path, n->package, what);
		if (what && !spoken[i].path)
			return fail(e,
			    "%s: %s:/%s from %s is %s: if that is intended, add the line \"%s:/%s "
			    "0:0 "
			    "%04o\"",
			    paths[n->layer], t->name, n->path, n->package, what, t->name, n->path,
			    (unsigned)n->mode);
	}
	return 0;
}

/* the lines of one file */
static int
apply_all(struct arena *a, const char *path, const char *profile, struct tree **trees,
    size_t ntrees, struct spoken **spoken, struct err *e)
{
	struct lines l;
	char *line;

	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		struct rule r;
		int ours = parse(&l, line, profile, trees, ntrees, &r, e);

		if (ours < 0)
			return -1;
		if (ours && apply(&l, &r, trees[r.fs], spoken[r.fs], e) < 0)
			return -1;
	}
	return 0;
}

int
owners_apply(struct arena *a, const char *const *paths, size_t npaths, const char *profile,
    struct tree **trees, size_t ntrees, struct err *e)
{
	struct spoken **spoken = arena_array(a, ntrees, sizeof *spoken);

	for (size_t i = 0; i < ntrees; i++)
		spoken[i] = arena_array(a, trees[i]->n, sizeof *spoken[i]);
	for (size_t i = 0; i < npaths; i++) {
		int there = i ? file_is_there(paths[i], e) : 1;

		if (there < 0 ||
		    (there && apply_all(a, paths[i], profile, trees, ntrees, spoken, e) < 0))
			return -1;
	}
	for (size_t i = 0; i < ntrees; i++)
		if (check_dangers(trees[i], spoken[i], paths, e) < 0)
			return -1;
	return 0;
}
