/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/gitsource.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* git itself, pointed at the clone, with everything pinned that would change an archive's bytes */
static void
start(struct argv *v, const char *clone)
{
	const char *inner = arena_printf(v->a, "%s/.git", clone);

	/* a configuration that may not be read would be a warning among what it says */
	argv_pushv(v, "env", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "git",
	    "-c", "tar.umask=0002", "-c", "tar.tar.gz.command=gzip -cn", "-c",
	    "core.attributesFile=/dev/null", "-c", "core.autocrlf=false", "-c", "core.eol=lf", "-c",
	    NULL);
	argv_pushf(v, "safe.directory=%s", clone);
	argv_pushf(v, "--git-dir=%s", file_exists(inner) ? inner : clone);
}

/* what git says of the clone, and the status it ends with */
static int
ask(struct arena *a, const char *clone, const struct argv *words, char **said, int *status,
    struct err *e)
{
	struct argv v = { .a = a };
	struct buf out = { 0 };
	int r;

	if (!file_isdir(clone)) {
		errno = ENOENT;
		return fail_errno(e, "%s", clone);
	}
	start(&v, clone);
	for (size_t i = 0; i < words->n; i++)
		argv_push(&v, words->v[i]);
	r = child_run(v.v, NULL, &out, status, e);
	*said = arena_strdup(a, out.p ? out.p : "");
	buf_free(&out);
	return r;
}

int
gitsource_id(struct arena *a, const char *clone, const char *rev, char **id, struct err *e)
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
gitsource_tag(struct arena *a, const char *clone, const char *tag, char **commit, struct err *e)
{
	struct err inner;

	if (gitsource_id(a, clone, arena_printf(a, "refs/tags/%s^{commit}", tag), commit, &inner) ==
	    0)
		return 0;
	if (strstr(inner.msg, "it has no "))
		return fail(e, "%s: it has no tag %s", clone, tag);
	*e = inner;
	return -1;
}

int
gitsource_tags(struct arena *a, const char *clone, char **tags, struct err *e)
{
	struct argv v = { .a = a };
	int status;

	argv_pushv(&v, "for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags", NULL);
	if (ask(a, clone, &v, tags, &status, e) < 0)
		return -1;
	return status == 0 ? 0 : fail(e, "%s: %.*s", clone, (int)strcspn(*tags, "\n"), *tags);
}

void
gitsource_archive(struct argv *v, const char *clone, const char *rev, const char *prefix,
    const char *format, const char *file)
{
	start(v, clone);
	argv_push(v, "archive");
	argv_pushf(v, "--format=%s", format);
	argv_pushf(v, "--prefix=%s", prefix);
	argv_pushf(v, "--output=%s", file);
	argv_push(v, rev);
}

int
git_archive_start(struct arena *a, struct git_archive *g, const char *clone, const char *tag,
    const char *prefix, const char *file, struct err *e)
{
	struct argv v = { .a = a };

	gitsource_archive(&v, clone, arena_printf(a, "refs/tags/%s", tag), prefix, "tar.gz", file);
	g->said = memfd_create("git", MFD_CLOEXEC);
	if (g->said < 0)
		return fail_errno(e, "memfd_create");
	return child_start(&g->child, v.v, &(struct child_opts){ .out = g->said }, e);
}

int
git_archive_end(struct arena *a, struct git_archive *g, struct err *e)
{
	char said[512];
	ssize_t n = pread(g->said, said, sizeof said - 1, 0);
	int status;

	said[n > 0 ? n : 0] = '\0';
	said[strcspn(said, "\n")] = '\0';
	if (child_wait(&g->child, &status, e) < 0)
		return -1;
	if (status != 0)
		return fail(e, "%s", said[0] ? said : child_status_text(a, status));
	return 0;
}

void
git_archive_kill(struct git_archive *g)
{
	struct err ignored;
	int status;

	if (g->child.pid) {
		child_kill(&g->child, SIGKILL);
		child_wait(&g->child, &status, &ignored);
	}
	if (g->said >= 0)
		close(g->said);
	g->said = -1;
}
