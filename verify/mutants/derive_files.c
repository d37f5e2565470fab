/* SPDX-License-Identifier: GPL-2.0-or-later */
/* configuration and scripts that are not as they were written */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/edit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define NOBODY 65534

/*
 * Below the services' definitions and their database only what is run: the rest is what the
 * database was made of, or belongs to the mutants of the services.
 */
static bool
is_wanted(const struct guestfs_entry *f)
{
	if (!S_ISREG(f->mode) || strncmp(f->path, "/etc/", 5))
		return false;
	if (!strncmp(f->path, "/etc/s6-rc/source/", 18))
		return false;
	return strncmp(f->path, "/etc/s6-rc/compiled/", 20) || f->mode & 0111;
}

static struct edit
edit_of(const struct guestfs_entry *f, enum edit_kind kind)
{
	return (struct edit){ .kind = kind,
		.fs = "rootfs",
		.file = f->path,
		.mode = f->mode & 07777,
		.uid = f->uid,
		.gid = f->gid };
}

/* ---- lines ---- */

/* is it more than a comment?  The first line of a script is. */
static bool
says_something(const char *line, size_t n, size_t number)
{
	size_t blank = strspn(line, " \t");

	if (number == 1 && n > 2 && !strncmp(line, "#!", 2))
		return true;
	return blank < n && line[blank] != '#';
}

/* of those that say something, which one is up to the path; *from is 0 when there is none */
static const char *
choose_line(const char *path, const char *text, size_t *number, size_t *length)
{
	size_t all = 0, wanted = 0;
	const char *found = NULL;

	for (const char *p = path; *p; p++)
		wanted = wanted * 31 + (unsigned char)*p;
	for (int round = 0; round < 2; round++) {
		size_t no = 0, seen = 0;

		for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
			size_t n = strcspn(p, "\n");

			no++;
			if (!says_something(p, n, no))
				continue;
			if (round && seen++ == wanted % all) {
				found = p;
				*number = no;
				*length = n;
			}
			all += !round;
		}
	}
	return found;
}

/* one letter or digit, that in the middle of the line, is another one */
static const char *
changed(struct arena *a, const char *line, size_t n)
{
	char *s = arena_strndup(a, line, n);
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < n; i++)
		if (isalnum((unsigned char)s[i]) && (best == SIZE_MAX || i <= n / 2))
			best = i;
	if (best == SIZE_MAX)
		return NULL;
	s[best] = s[best] == 'z' || s[best] == 'Z' || s[best] == '9' ? (char)(s[best] - 1)
								     : (char)(s[best] + 1);
	return s;
}

static void
add_lines(struct derivation *d, const struct guestfs_entry *f, const char *text)
{
	struct edit edit = edit_of(f, EDIT_LINE);
	const char *target, *line;
	size_t n;

	line = choose_line(f->path, text, &edit.at, &n);
	if (!line)
		return;
	target = arena_printf(d->a, "%s:%zu", f->path, edit.at);
	derive_one(d, "line-removed", target, &edit);
	edit.text = changed(d->a, line, n);
	if (edit.text)
		derive_one(d, "line-changed", target, &edit);
}

/* ---- permissions ---- */

/* the next group of permissions that others do not have yet */
static mode_t
wider(mode_t mode)
{
	mode_t x = mode & 0111 ? 0111 : 0;

	if ((mode & 0444) != 0444)
		return mode | 0444 | x;
	return mode | 0222;
}

static mode_t
narrower(mode_t mode)
{
	if (mode & 0077)
		return mode & (mode_t)~0077;
	return mode & (mode_t)~0200;
}

static void
add_permissions(struct derivation *d, const struct guestfs_entry *f)
{
	struct edit edit = edit_of(f, EDIT_SET);
	mode_t mode = edit.mode;

	edit.mode = wider(mode);
	if (edit.mode != mode)
		derive_one(d, "mode-wider", f->path, &edit);
	edit.mode = narrower(mode);
	if (edit.mode != mode)
		derive_one(d, "mode-narrower", f->path, &edit);
	edit.mode = mode;
	edit.uid = f->uid ? 0 : NOBODY;
	derive_one(d, "other-owner", f->path, &edit);
}

int
derive_files(struct derivation *d, struct err *e)
{
	for (size_t i = 0; i < d->o->n; i++) {
		const struct guestfs_entry *f = &d->o->v[i];
		struct edit emptied = edit_of(f, EDIT_PUT);
		char *text;
		size_t n;

		if (!is_wanted(f))
			continue;
		if (derive_read(d, f->path, &text, &n, e) < 0)
			return -1;
		if (!memchr(text, '\0', n))
			add_lines(d, f, text);
		emptied.text = "";
		if (n)
			derive_one(d, "emptied", f->path, &emptied);
		add_permissions(d, f);
	}
	return 0;
}
