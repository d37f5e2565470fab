/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/configfile.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* bytes: a word of a command line has 128 KiB, and assignments get longer */
#define LARGEST 65536

/* what ends the file's own output and begins ours */
static const char mark[] = "\0\0lh-config";

/* the shell's own, and what keeps its messages English */
static const char *const shells_own[] = { "PWD", "OLDPWD", "SHLVL", "_", "LC_ALL" };

static size_t
name_length(const char *s)
{
	return strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
}

static const struct assignment *
find(const struct assignment *v, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(v[i].name) == len && !memcmp(v[i].name, name, len))
			return &v[i];
	return NULL;
}

/* the file's text, with assignments to what is fixed going to lh_NAME instead */
static void
rewrite(const struct configfile *f, const char *text, struct buf *out)
{
	while (*text) {
		const char *word = text + strspn(text, " \t"), *end = strchrnul(text, '\n');
		size_t n;

		if (!strncmp(word, "export ", 7))
			word += 7 + strspn(word + 7, " \t");
		n = name_length(word);
		buf_add(out, text, (size_t)(word - text));
		if (word[n] == '=' && find(f->given.v, f->nfixed, word, n))
			buf_adds(out, "lh_");
		if (*end)
			end++;
		buf_add(out, word, (size_t)(end - word));
		text = end;
	}
}

/*
 * What sh said, as "shown:LINE: message".  dash writes "$0: 3: ...", bash "$0: line 3: ..."
 * or "$0: -c: line 3: ...", busybox "$0: line 3: ...".
 */
static int
shell_error(struct arena *a, const char *shown, const char *said, int status, struct err *e)
{
	size_t digits, n = strlen(shown);
	char *line = arena_strndup(a, said, strcspn(said, "\n"));

	if (!*line)
		return fail_usage(e, "%s: a command in it fails and says nothing: %s", shown,
		    child_status_text(a, status));
	if (!strncmp(line, shown, n) && !strncmp(line + n, ": ", 2))
		line += n + 2;
	if (!strncmp(line, "-c: ", 4))
		line += 4;
	if (!strncmp(line, "line ", 5))
		line += 5;
	digits = strspn(line, "0123456789");
	if (digits && !strncmp(line + digits, ": ", 2))
		return fail_usage(e, "%s:%s", shown, line);
	return fail_usage(e, "%s: %s", shown, line);
}

/* the environment that sh ended with, without what it was given and still has */
static void
collect(struct arena *a, const struct assignments *given, const char *p, const char *end,
    struct assignments *out)
{
	*out = (struct assignments){ 0 };
	for (; p < end; p += strlen(p) + 1) {
		size_t len = name_length(p);
		const struct assignment *was;
		bool own = false;

		if (!len || p[len] != '=')
			continue;
		for (size_t i = 0; i < sizeof shells_own / sizeof *shells_own; i++)
			own |= strlen(shells_own[i]) == len && !memcmp(shells_own[i], p, len);
		was = find(given->v, given->n, p, len);
		if (own || (was && !strcmp(was->value, p + len + 1)))
			continue;
		out->v = arena_more(a, out->v, out->n, sizeof *out->v);
		out->v[out->n++] =
		    (struct assignment){ arena_strndup(a, p, len), arena_strdup(a, p + len + 1) };
	}
}

/*
 * Started as root, we do not run what somebody else has written: the file is read and run as the
 * first of these who is not root: whose folder it is in, whose symlink it is, whose file it is.  A
 * file of root's own home is none of the checkout's owner.
 */
static int
find_owner(struct configfile *f, struct err *e)
{
	struct stat st[3];
	size_t n = strlen(f->dir);
	bool inside = !strncmp(f->path, f->dir, n) && f->path[n] == '/';

	f->owner = (struct user){ 0 };
	if (geteuid() != 0)
		return 0;
	if (stat(f->dir, &st[0]) < 0)
		return fail_errno(e, "%s", f->dir);
	if (lstat(f->path, &st[1]) < 0 || stat(f->path, &st[2]) < 0)
		return fail_errno(e, "%s", f->path);
	for (size_t i = !inside; i < 3 && !f->owner.uid; i++) {
		f->owner = (struct user){ st[i].st_uid, st[i].st_gid };
		if (!f->owner.uid && (st[i].st_mode & S_IWOTH) && !S_ISLNK(st[i].st_mode) &&
		    !(st[i].st_mode & S_ISVTX))
			return fail_usage(e,
			    "%s: everybody may change it, and root runs it; chmod o-w",
			    i ? f->path : f->dir);
	}
	return 0;
}

struct reading {
	struct arena *a;
	const char *path;
	char *text;
	size_t n;
};

static int
read_text(void *arg, struct err *e)
{
	struct reading *r = arg;

	return file_read(r->a, r->path, &r->text, &r->n, e);
}

int
configfile_read(struct arena *a, struct configfile *f, struct assignments *out, struct err *e)
{
	struct argv argv = { .a = a }, env = { .a = a };
	struct reading file = { a, f->path, NULL, 0 };
	struct child_opts o = { .dir = f->dir };
	struct buf script = { 0 }, said = { 0 };
	const char *ours;
	int status, r;

	if (file_isdir(f->path))
		return fail_usage(e, "%s: is a folder; it has to be a file", f->path);
	if (find_owner(f, e) < 0 || user_as(&f->owner, read_text, &file, e) < 0)
		return -1;
	if (strlen(file.text) != file.n)
		return fail_usage(e, "%s: contains a NUL byte: not a text file", f->shown);
	if (!strncmp(file.text, "\xef\xbb\xbf", 3)) /* which nobody sees */
		return fail_usage(e,
		    "%s: begins with a byte order mark, which sh takes for a part of the first "
		    "word; save it without",
		    f->shown);
	if (file.n > LARGEST)
		return fail_usage(e, "%s: larger than the limit of %d bytes", f->shown, LARGEST);
	o.uid = f->owner.uid;
	o.gid = f->owner.gid;
	/* -a: set is exported; -e: "TRIPLE = x" is a mistake, not a command that is not there */
	buf_adds(&script, "set -ae; ");
	rewrite(f, file.text, &script);
	buf_adds(&script, "\nset +ae; printf '\\000\\000lh-config'; exec /usr/bin/env -0\n");
	argv_pushv(&argv, "sh", "-c", script.p, f->shown, NULL);
	for (size_t i = 0; i < f->given.n; i++)
		argv_pushf(&env, "%s=%s", f->given.v[i].name, f->given.v[i].value);
	argv_push(&env, "LC_ALL=C");
	o.env = env.v;

	r = child_run(argv.v, &o, &said, &status, e);
	if (r < 0)
		goto free_all;
	ours = said.n ? memmem(said.p, said.n, mark, sizeof mark - 1) : NULL;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		r = shell_error(a, f->shown, said.n ? said.p : "", status, e);
	else if (!ours)
		r = fail_usage(e, "%s: ends the shell before its last line", f->shown);
	else
		collect(a, &f->given, ours + sizeof mark - 1, said.p + said.n, out);

free_all:
	buf_free(&script);
	buf_free(&said);
	return r;
}
