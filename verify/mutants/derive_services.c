/* SPDX-License-Identifier: GPL-2.0-or-later */
/* daemons that run, and do not serve */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/edit.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* a service directory's run script, or what it goes on to, as the compiled database has it */
struct daemon {
	const struct guestfs_entry *script;
	const char *name;
	char *text;
	bool shell; /* the script is one for sh, else for execlineb */
};

/* the folders that have service directories, on their way to the supervisor */
static const char *
service_of(struct arena *a, const char *path)
{
	static const char *const folders[] = { "/servicedirs/", "/run-image/service/" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		const char *at = strstr(path, folders[i]), *slash;

		if (!at)
			continue;
		at += strlen(folders[i]);
		slash = strchr(at, '/');
		if (slash && !strcmp(slash, "/run"))
			return arena_strndup(a, at, (size_t)(slash - at));
	}
	return NULL;
}

static struct edit
edit_of(const struct daemon *s, enum edit_kind kind, const char *text)
{
	return (struct edit){ .kind = kind,
		.fs = "rootfs",
		.file = s->script->path,
		.mode = s->script->mode & 07777,
		.uid = s->script->uid,
		.gid = s->script->gid,
		.text = text,
		.at = 1 };
}

static void
add(struct derivation *d, const struct daemon *s, const char *class, enum edit_kind kind,
    const char *text)
{
	struct edit edit = edit_of(s, kind, text);

	derive_one(d, class, s->name, &edit);
}

/* ---- what is done to each ---- */

static void
add_deaths(struct derivation *d, const struct daemon *s)
{
	static const struct {
		const char *class, *seconds;
	} deaths[] = { { "service-dies-5s", "5" }, { "service-dies-20s", "20" },
		{ "service-dies-60s", "60" } };

	for (size_t i = 0; i < sizeof deaths / sizeof *deaths; i++)
		add(d, s, deaths[i].class, EDIT_INSERT,
		    arena_printf(d->a,
			s->shell ? "{ sleep %s; kill -9 $$; } &\n"
				 : "getpid -E pid\n"
				   "background -d { if { sleep %s } kill -9 $pid }\n",
			deaths[i].seconds));
}

/* what it would say so with leads nowhere */
static int
add_never_ready(struct derivation *d, const struct daemon *s, const char *folder, struct err *e)
{
	const char *path = arena_printf(d->a, "%snotification-fd", folder);
	char *fd;
	size_t n;

	if (!derive_entry(d->o, path))
		return 0;
	if (derive_read(d, path, &fd, &n, e) < 0)
		return -1;
	fd[strspn(fd, "0123456789")] = '\0';
	add(d, s, "service-never-ready", EDIT_INSERT,
	    arena_printf(d->a, s->shell ? "exec %s>/dev/null\n" : "redirfd -w %s /dev/null\n", fd));
	add(d, s, "service-idle", EDIT_PUT,
	    arena_printf(d->a,
		"#!/bin/execlineb -P\n"
		"foreground { fdmove 1 %s echo }\n"
		"sleep 1000000\n",
		fd));
	return 0;
}

/* which gives its privileges up is root, and who should be root is nobody */
static void
add_wrong_user(struct derivation *d, const struct daemon *s)
{
	static const char *const programs[] = { "s6-setuidgid ", "s6-envuidgid " };
	struct edit edit = edit_of(s, EDIT_LINE, NULL);
	const char *line = s->text;

	for (edit.at = 1; *line; edit.at++) {
		size_t n = strcspn(line, "\n");

		for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
			if (!strncmp(line, programs[i], strlen(programs[i]))) {
				edit.text = arena_printf(d->a, "%sroot", programs[i]);
				derive_one(d, "service-wrong-user", s->name, &edit);
				return;
			}
		line += n + (line[n] == '\n');
	}
	if (!s->shell)
		add(d, s, "service-wrong-user", EDIT_INSERT, "s6-setuidgid nobody\n");
}

static int
add_daemon(struct derivation *d, struct daemon *s, struct err *e)
{
	const char *slash = strrchr(s->script->path, '/'),
		   *folder =
		       arena_strndup(d->a, s->script->path, (size_t)(slash + 1 - s->script->path)),
		   *user = arena_printf(d->a, "%srun.user", folder);
	bool notifies = derive_entry(d->o, arena_printf(d->a, "%snotification-fd", folder));

	if (derive_entry(d->o, user)) /* run has the pipe to the logger, and goes on to that */
		s->script = derive_entry(d->o, user);
	if (derive_read(d, s->script->path, &s->text, NULL, e) < 0)
		return -1;
	s->shell = !strncmp(s->text, "#!/bin/sh", 9);
	add(d, s, "service-exits", EDIT_PUT, "#!/bin/execlineb -P\nexit 1\n");
	add_deaths(d, s);
	if (add_never_ready(d, s, folder, e) < 0)
		return -1;
	if (!notifies)
		add(d, s, "service-idle", EDIT_PUT, "#!/bin/execlineb -P\nsleep 1000000\n");
	add_wrong_user(d, s);
	return 0;
}

int
derive_services(struct derivation *d, struct err *e)
{
	for (size_t i = 0; i < d->o->n; i++) {
		struct daemon s = { .script = &d->o->v[i] };

		s.name = S_ISREG(s.script->mode) ? service_of(d->a, s.script->path) : NULL;
		if (s.name && add_daemon(d, &s, e) < 0)
			return -1;
	}
	return 0;
}
