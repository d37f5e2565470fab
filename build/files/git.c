/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/git.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/path.h"
#include "build/files/beneath.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_MOST 65536			/* bytes of a file that is looked into: HEAD, config */
#define MEMORY_MOST (UINT64_C(2) << 30) /* bytes; a kernel's tree needs a tenth of it */
#define WORKTREE_SECONDS 20 /* of a look at a work tree, in which git may wait for a fifo */
#define ALTERNATES_MOST 6   /* clones that lead to each other: git follows no more */

/* ---- what git sees ---- */

/* of a clone: where its references and objects are, and where its HEAD is */
struct spots {
	const char *head, *common;
};

/* the path that a small file of git's holds behind `prefix`; relative to dir */
static const char *
path_in(struct arena *a, const char *dir, const char *file, const char *prefix)
{
	struct err ignored;
	char *text;

	if (beneath_read(a, dir, file, TEXT_MOST, &text, NULL, &ignored) < 0 ||
	    strncmp(text, prefix, strlen(prefix)) != 0)
		return NULL;
	text[strcspn(text, "\n")] = '\0';
	return path_absolute(a, dir, text + strlen(prefix));
}

/* whoever named the folder may have named a symlink to it */
static const char *
without_links(struct arena *a, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? arena_strdup(a, real) : path;
}

/* a work tree has .git, which is a folder, or a file that says where one is */
static void
find(struct arena *a, const char *clone, struct spots *out)
{
	const char *inner, *other;

	out->head = clone = without_links(a, clone);
	inner = arena_printf(a, "%s/.git", clone);
	if (file_exists(inner)) {
		other = path_in(a, clone, ".git", "gitdir: ");
		out->head = without_links(a, other ? other : inner);
	}
	other = path_in(a, out->head, "commondir", "");
	out->common = other ? without_links(a, other) : out->head;
}

/* all that matters of a clone's configuration */
static bool
has_sha256(struct arena *a, const char *common)
{
	struct err ignored;
	struct lines l;
	char *text, *line;

	if (beneath_read(a, common, "config", TEXT_MOST, &text, NULL, &ignored) < 0)
		return false;
	lines_text(a, "config", text, &l);
	while ((line = lines_next(&l))) {
		line = trim(line);
		if (strncasecmp(line, "objectformat", 12))
			continue;
		line = trim(line + 12);
		if (*line == '=' && !strcasecmp(trim(line + 1), "sha256"))
			return true;
	}
	return false;
}

/* git opens what is there: a fifo would keep it waiting, a symlink leads anywhere */
static int
check_spot(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	if (S_ISDIR(st->st_mode) || S_ISREG(st->st_mode))
		return 0;
	return fail(e, "%s%s%s: is neither a file nor a folder, which git would have to read",
	    (const char *)arg, *rel ? "/" : "", rel);
}

static int
check_spots(struct arena *a, const char *path, struct err *e)
{
	char *real = arena_strdup(a, without_links(a, path));
	struct stat st;

	if (lstat(real, &st) < 0)
		return 0;
	return S_ISDIR(st.st_mode) ? beneath_walk(real, "", check_spot, real, e)
				   : check_spot(real, "", &st, e);
}

/* other folders of objects, which git reads, too, and theirs: it goes as deep */
static int
check_alternates(struct arena *a, const char *objects, unsigned depth, struct err *e)
{
	struct err ignored;
	struct lines l;
	char *text, *line;

	if (beneath_read(a, objects, "info/alternates", TEXT_MOST, &text, NULL, &ignored) < 0)
		return 0;
	if (!depth)
		return fail(
		    e, "%s/info/alternates: leads from clone to clone without end", objects);
	lines_text(a, "alternates", text, &l);
	while ((line = lines_next(&l))) {
		const char *other = path_absolute(a, objects, line);

		if (*line && *line != '#' &&
		    (check_spots(a, other, e) < 0 ||
			check_alternates(a, without_links(a, other), depth - 1, e) < 0))
			return -1;
	}
	return 0;
}

static int
fill_view(struct arena *a, const char *view, const char *clone, struct err *e)
{
	static const char *const linked[] = { "refs", "packed-refs", "objects" };
	struct spots p;
	const char *config;
	char *head;
	size_t n;

	find(a, clone, &p);
	if (beneath_type(p.head, "HEAD") == BENEATH_NONE)
		return fail(e, "%s: not a git repository: HEAD is missing", clone);
	if (beneath_read(a, p.head, "HEAD", TEXT_MOST, &head, &n, e) < 0)
		return -1;
	config = has_sha256(a, p.common) ? "[core]\n\trepositoryformatversion = 1\n\tbare = true\n"
					   "[extensions]\n\tobjectformat = sha256\n"
					 : "[core]\n\trepositoryformatversion = 0\n\tbare = true\n";
	if (file_write(arena_printf(a, "%s/HEAD", view), head, n, 0644, e) < 0 ||
	    file_write(arena_printf(a, "%s/config", view), config, strlen(config), 0644, e) < 0)
		return -1;
	for (size_t i = 0; i < sizeof linked / sizeof *linked; i++) {
		const char *there = arena_printf(a, "%s/%s", p.common, linked[i]);

		if (check_spots(a, there, e) < 0)
			return -1;
		if (!strcmp(linked[i], "objects") &&
		    check_alternates(a, without_links(a, there), ALTERNATES_MOST, e) < 0)
			return -1;
		if (file_exists(there) &&
		    file_symlink(there, arena_printf(a, "%s/%s", view, linked[i]), e) < 0)
			return -1;
	}
	return 0;
}

static void
close_view(const char *view)
{
	struct err ignored;

	file_remove(view, &ignored);
}

static int
open_view(struct arena *a, const char *clone, const char **view, struct err *e)
{
	char *dir = arena_printf(a, "%s/lh-git.XXXXXX", file_tmp());

	if (!file_isdir(clone)) {
		errno = ENOENT;
		return fail_errno(e, "%s", clone);
	}
	if (!mkdtemp(dir))
		return fail_errno(e, "%s", dir);
	*view = dir;
	if (fill_view(a, dir, clone, e) == 0)
		return 0;
	close_view(dir);
	return -1;
}

/* ---- git ---- */

/* git, with everything pinned that would change an archive's bytes */
static void
start(struct argv *v, const char *view)
{
	argv_pushv(v, "git", "-c", "tar.umask=0002", "-c", "tar.tar.gz.command=gzip -cn", "-c",
	    "core.attributesFile=/dev/null", "-c", "core.autocrlf=false", "-c", "core.eol=lf",
	    NULL);
	argv_pushf(v, "--git-dir=%s", view);
}

/*
 * neither the user's configuration nor the machine's, which may name programs for attributes;
 * index: of a work tree, or NULL
 */
static char *const *
environment(struct arena *a, const char *index)
{
	struct argv v = { .a = a };
	const char *path = getenv("PATH");

	argv_pushf(&v, "PATH=%s", path ? path : "/usr/bin:/bin");
	argv_pushv(&v, "LC_ALL=C", "HOME=/nonexistent", "GIT_CONFIG_NOSYSTEM=1",
	    "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1",
	    "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0", NULL);
	if (index)
		argv_pushf(&v, "GIT_INDEX_FILE=%s", index);
	return v.v;
}

/*
 * The bounds of git and its gzip, of a file that they write (RLIM_INFINITY: none) and of memory:
 * git lists all of a tree before it archives the first file, and a few trees that name each other
 * are thousands of millions of files.
 */
enum { NLIMITS = 2 };

static void
bounds(uint64_t most, struct child_limit v[NLIMITS])
{
	v[0] = (struct child_limit){ RLIMIT_FSIZE, most };
	v[1] = (struct child_limit){ RLIMIT_DATA, MEMORY_MOST };
}

/* why git, who was to write a file of so many bytes, did not */
static int
fail_archive(
    struct arena *a, const char *file, uint64_t most, const char *said, int status, struct err *e)
{
	struct stat st;

	if (stat(file, &st) == 0 && (uint64_t)st.st_size >= most)
		return fail(e, "its archive has more than %" PRIu64 " bytes", most);
	return fail(e, "%s", *said ? said : child_status_text(a, status));
}

/* what git says of the clone, and the status it ends with; it writes no file larger than that */
static int
ask_within(struct arena *a, const char *clone, const struct argv *words, uint64_t most, char **said,
    int *status, struct err *e)
{
	struct child_limit limits[NLIMITS];
	struct argv v = { .a = a };
	struct buf out = { 0 };
	const char *view;
	int r;

	if (open_view(a, clone, &view, e) < 0)
		return -1;
	start(&v, view);
	for (size_t i = 0; i < words->n; i++)
		argv_push(&v, words->v[i]);
	bounds(most, limits);
	r = child_run(v.v,
	    &(struct child_opts){
		.env = environment(a, NULL), .limits = limits, .nlimits = NLIMITS },
	    &out, status, e);
	*said = arena_strdup(a, out.p ? out.p : "");
	buf_free(&out);
	close_view(view);
	return r;
}

static int
ask(struct arena *a, const char *clone, const struct argv *words, char **said, int *status,
    struct err *e)
{
	return ask_within(a, clone, words, RLIM_INFINITY, said, status, e);
}

/* ---- a work tree ---- */

struct worktree {
	struct arena *a;
	const char *top, *view, *index;
};

/* the same of a work tree, into out; git's failure is ours */
static int
ask_worktree(const struct worktree *w, const struct argv *words, struct buf *out, struct err *e)
{
	struct argv v = { .a = w->a };
	int status;

	start(&v, w->view);
	argv_pushf(&v, "--work-tree=%s", w->top);
	argv_pushv(
	    &v, "--no-optional-locks", "-c", "core.excludesFile=/dev/null", "-C", w->top, NULL);
	for (size_t i = 0; i < words->n; i++)
		argv_push(&v, words->v[i]);
	if (child_run(v.v,
		&(struct child_opts){
		    .env = environment(w->a, w->index), .seconds = WORKTREE_SECONDS },
		out, &status, e) < 0)
		return wrap(e, "%s", w->top);
	return status ? fail(e, "%s: git %s: %.*s", w->top, words->v[0],
			    (int)strcspn(out->n ? out->p : "", "\n"), out->n ? out->p : "")
		      : 0;
}

/* by the index that git has of it */
static int
ask_indexed(
    struct arena *a, const char *top, const struct argv *words, struct buf *out, struct err *e)
{
	struct worktree w = { .a = a, .top = top };
	struct spots p;
	int r;

	find(a, top, &p);
	w.index = arena_printf(a, "%s/index", p.head);
	if (beneath_type(p.head, "index") != BENEATH_FILE)
		return fail(e, "%s: git has no index of it", top);
	if (open_view(a, top, &w.view, e) < 0)
		return -1;
	r = ask_worktree(&w, words, out, e);
	close_view(w.view);
	return r;
}

int
git_status(struct arena *a, const char *top, struct buf *out, struct err *e)
{
	struct argv v = { .a = a };
	struct spots p;

	find(a, top, &p);
	if (beneath_type(p.head, "index") == BENEATH_NONE)
		return 0; /* no work tree */
	/* git would run another git in a submodule, with the configuration that is there */
	argv_pushv(&v, "status", "--porcelain", "--ignore-submodules=all", NULL);
	return ask_indexed(a, top, &v, out, e);
}

int
git_files(struct arena *a, const char *top, struct buf *out, struct err *e)
{
	struct argv v = { .a = a };

	argv_pushv(&v, "ls-files", "-z", NULL);
	return ask_indexed(a, top, &v, out, e);
}

/* an index that says nothing of the files but what they are in HEAD's commit */
static int
open_commit(const struct worktree *w, struct err *e)
{
	static const char plain[] = "* -text -ident -filter -working-tree-encoding\n";
	const char *attributes = arena_printf(w->a, "%s/info/attributes", w->view);
	struct argv v = { .a = w->a };
	struct buf said = { 0 };
	int r;

	argv_pushv(&v, "read-tree", "HEAD", NULL);
	r = file_mkparent(attributes, e) < 0 ||
		    file_write(attributes, plain, sizeof plain - 1, 0644, e) < 0
		? -1
		: ask_worktree(w, &v, &said, e);
	buf_free(&said);
	return r;
}

/* lines of what is there and not of the commit: its .gitignore says what may be */
static int
add_others(const struct worktree *w, struct buf *out, struct err *e)
{
	const char *ignored = arena_printf(w->a, "%s/ignored", w->view);
	struct argv patterns = { .a = w->a }, others = { .a = w->a };
	struct buf said = { 0 };
	char *line, *rest;
	int r;

	argv_pushv(&patterns, "cat-file", "blob", "HEAD:.gitignore", NULL);
	if (ask_worktree(w, &patterns, &said, &(struct err){ 0 }) < 0)
		buf_clear(&said); /* it has none */
	r = file_write(ignored, said.n ? said.p : "", said.n, 0644, e);
	argv_pushv(&others, "ls-files", "--others", "--directory", NULL);
	argv_pushf(&others, "--exclude-from=%s", ignored);
	buf_clear(&said);
	if (r == 0)
		r = ask_worktree(w, &others, &said, e);
	rest = r == 0 && said.n ? arena_strdup(w->a, said.p) : arena_strdup(w->a, "");
	while ((line = strsep(&rest, "\n")))
		if (*line)
			buf_addf(out, "?? %s\n", line);
	buf_free(&said);
	return r;
}

/* lines of what git does not tell of in a folder that the commit has: fifos, and what is git's */
static int
add_untold(const struct worktree *w, const char *folder, struct buf *out, struct err *e)
{
	const char *dir = arena_printf(w->a, "%s/%s", w->top, folder);
	char **names;

	if (file_names(w->a, dir, true, &names, NULL, e) < 0)
		return -1;
	for (; *names; names++) {
		struct stat st;

		if (lstat(arena_printf(w->a, "%s/%s", dir, *names), &st) < 0)
			return fail_errno(e, "%s/%s", dir, *names);
		if ((*folder && !strcmp(*names, ".git")) ||
		    (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) && !S_ISLNK(st.st_mode)))
			buf_addf(out, "?? %s%s%s\n", folder, *folder ? "/" : "", *names);
	}
	return 0;
}

/* names in HEAD's tree, behind mode, type and id; a line for each submodule, whose files it lacks
 */
static int
add_folders(const struct worktree *w, struct buf *out, struct err *e)
{
	struct argv v = { .a = w->a };
	struct buf said = { 0 };
	int r;

	argv_pushv(&v, "ls-tree", "-r", "-t", "-z", "HEAD", NULL);
	r = ask_worktree(w, &v, &said, e) < 0 ? -1 : add_untold(w, "", out, e);
	for (const char *s = said.p; r == 0 && s && s < said.p + said.n; s += strlen(s) + 1) {
		const char *name = strchr(s, '\t');

		if (!name)
			continue;
		if (!strncmp(s, "160000 ", 7))
			buf_addf(out, "?? %s/\n", name + 1);
		else if (!strncmp(s, "040000 ", 7) &&
			 beneath_type(w->top, name + 1) == BENEATH_FOLDER)
			r = add_untold(w, name + 1, out, e);
	}
	buf_free(&said);
	return r;
}

int
git_differences(struct arena *a, const char *top, struct buf *out, struct err *e)
{
	struct worktree w = { .a = a, .top = top };
	struct argv v = { .a = a };
	int r;

	argv_pushv(
	    &v, "status", "--porcelain", "--ignore-submodules=all", "--untracked-files=no", NULL);
	if (open_view(a, top, &w.view, e) < 0)
		return -1;
	w.index = arena_printf(a, "%s/index", w.view);
	r = open_commit(&w, e) < 0 || ask_worktree(&w, &v, out, e) < 0 ||
		    add_others(&w, out, e) < 0 || add_folders(&w, out, e) < 0
		? -1
		: 0;
	close_view(w.view);
	return r;
}

/* ---- a clone ---- */

int
git_id(struct arena *a, const char *clone, const char *rev, char **id, struct err *e)
{
	struct argv v = { .a = a };
	int status;

	argv_pushv(&v, "rev-parse", "--verify", "--quiet", "--end-of-options", rev, NULL);
	if (ask(a, clone, &v, id, &status, e) < 0)
		return -1;
	(*id)[strcspn(*id, "\n")] = '\0';
	if (status == 0)
		return 0;
	if (**id) /* quiet about a name it does not know, not about what is no repository */
		return fail(e, "%s: %s", clone, *id);
	return fail(e, "%s: it has no %s", clone, rev);
}

int
git_tag(struct arena *a, const char *clone, const char *tag, char **commit, struct err *e)
{
	struct err inner;

	if (git_id(a, clone, arena_printf(a, "refs/tags/%s^{commit}", tag), commit, &inner) == 0)
		return 0;
	if (strstr(inner.msg, "it has no "))
		return fail(e, "%s: it has no tag %s", clone, tag);
	*e = inner;
	return -1;
}

/* the same; git's failure is ours */
static int
ask_well(struct arena *a, const char *clone, const struct argv *words, char **said, struct err *e)
{
	int status;

	if (ask(a, clone, words, said, &status, e) < 0)
		return -1;
	return status == 0 ? 0 : fail(e, "%s: %.*s", clone, (int)strcspn(*said, "\n"), *said);
}

int
git_commits(struct arena *a, const char *clone, const char *from, const char *to, char **text,
    struct err *e)
{
	struct argv base = { .a = a }, first = { .a = a }, rest = { .a = a };
	char *ids[2], *said, *lines[2];
	int status;

	if (git_id(a, clone, from, &ids[0], e) < 0 || git_id(a, clone, to, &ids[1], e) < 0)
		return -1;
	argv_pushv(&base, "merge-base", "--is-ancestor", ids[0], ids[1], NULL);
	argv_pushv(&first, "log", "-1", "--format=%H %s", ids[0], NULL);
	argv_pushv(&rest, "log", "--reverse", "--first-parent", "--format=%H %s", NULL);
	argv_pushf(&rest, "%s..%s", ids[0], ids[1]);
	if (ask(a, clone, &base, &said, &status, e) < 0)
		return -1;
	if (status && *said)
		return fail(e, "%s: %.*s", clone, (int)strcspn(said, "\n"), said);
	if (status)
		return fail(e, "%s: %s is not an ancestor of %s", clone, from, to);
	if (ask_well(a, clone, &first, &lines[0], e) < 0 ||
	    ask_well(a, clone, &rest, &lines[1], e) < 0)
		return -1;
	*text = arena_printf(a, "%s%s", lines[0], lines[1]);
	return 0;
}

int
git_tags(struct arena *a, const char *clone, char **tags, struct err *e)
{
	struct argv v = { .a = a };

	argv_pushv(&v, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags", NULL);
	return ask_well(a, clone, &v, tags, e);
}

int
git_export(struct arena *a, const char *clone, const char *tree, const char *file, uint64_t most,
    struct err *e)
{
	struct argv v = { .a = a };
	char *said;
	int status;

	argv_pushv(&v, "archive", "--format=tar", NULL);
	argv_pushf(&v, "--output=%s", file);
	argv_push(&v, tree);
	if (ask_within(a, clone, &v, most ? most : RLIM_INFINITY, &said, &status, e) < 0)
		return -1;
	said[strcspn(said, "\n")] = '\0';
	return status == 0 ? 0
			   : fail_archive(a, file, most ? most : RLIM_INFINITY, said, status, e);
}

int
git_archive_start(struct arena *a, struct git_archive *g, const char *clone, const char *tag,
    const char *prefix, const char *file, uint64_t most, struct err *e)
{
	struct child_limit limits[NLIMITS];
	struct argv v = { .a = a };

	bounds(most, limits);
	g->file = file;
	g->most = most;
	if (open_view(a, clone, &g->view, e) < 0)
		return -1;
	start(&v, g->view);
	argv_pushv(&v, "archive", "--format=tar.gz", NULL);
	argv_pushf(&v, "--prefix=%s", prefix);
	argv_pushf(&v, "--output=%s", file);
	argv_pushf(&v, "refs/tags/%s", tag);
	g->said = memfd_create("git", MFD_CLOEXEC);
	if (g->said < 0)
		fail_errno(e, "memfd_create");
	else if (child_start(&g->child, v.v,
		     &(struct child_opts){ .out = g->said,
			 .env = environment(a, NULL),
			 .limits = limits,
			 .nlimits = NLIMITS },
		     e) == 0)
		return 0;
	close_view(g->view);
	return -1;
}

int
git_archive_end(struct arena *a, struct git_archive *g, struct err *e)
{
	char said[512];
	ssize_t n = pread(g->said, said, sizeof said - 1, 0);
	int status, r;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	r = child_wait(&g->child, &status, e);
	close_view(g->view);
	if (r < 0)
		return -1;
	return status == 0 ? 0 : fail_archive(a, g->file, g->most, said, status, e);
}

void
git_archive_kill(struct git_archive *g)
{
	struct err ignored;
	int status;

	if (g->child.pid) {
		child_kill(&g->child, SIGKILL);
		child_wait(&g->child, &status, &ignored);
		close_view(g->view);
	}
	if (g->said >= 0)
		close(g->said);
	g->said = -1;
}
