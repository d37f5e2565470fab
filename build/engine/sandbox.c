/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/sandbox.h"

#include "build/base/argv.h"
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/engine/filter.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * The system's programs.  Of /etc only what programs cannot do without: the
 * alternatives (cc, awk), the linker's cache, names of users; no host name, no
 * resolver, nothing a result could come to depend on.  -try because distributions
 * differ; a symlink such as /bin -> usr/bin is seen as the folder it means.
 */
static const char *const system_paths[] = {
	"/usr",
	"/bin",
	"/lib",
	"/lib32",
	"/lib64",
	"/libx32",
	"/sbin",
	"/etc/alternatives",
	"/etc/group",
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/nsswitch.conf",
	"/etc/passwd",
};

/*
 * More than any build needs, and the same on every machine that does not allow less.  Processes
 * count in the sandbox's user namespace; a step without one shares the bound with the user's other
 * processes.
 */
static const struct child_limit limits[] = {
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_NPROC, 4096 },
	{ RLIMIT_NOFILE, 4096 },
	{ RLIMIT_FSIZE, 16ULL << 30 },
};

void
sandbox_limit(struct child_opts *o)
{
	o->limits = limits;
	o->nlimits = sizeof limits / sizeof *limits;
}

static void
show_machine(struct argv *v)
{
	for (size_t i = 0; i < sizeof system_paths / sizeof *system_paths; i++)
		argv_pushv(v, "--ro-bind-try", system_paths[i], system_paths[i], NULL);
}

/* what it does not have, as a 32-bit libc, is a symlink that leads nowhere */
static void
show_copy(struct argv *v, const char *root)
{
	static const char *const folders[] = { "bin", "lib", "lib32", "lib64", "libx32", "sbin" };

	for (int i = 0; i < 2; i++) {
		const char *name = i ? "/etc" : "/usr";

		argv_push(v, "--ro-bind");
		argv_pushf(v, "%s%s", root, name);
		argv_push(v, name);
	}
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		argv_push(v, "--symlink");
		argv_pushf(v, "usr/%s", folders[i]);
		argv_pushf(v, "/%s", folders[i]);
	}
}

/* files in memory would be bounded by nothing but the machine's; so none can be made in /dev either
 */
static void
show_scratch(struct argv *v, const char *dir)
{
	if (!dir) {
		argv_pushv(v, "--tmpfs", "/tmp", NULL);
		return;
	}
	argv_push(v, "--bind");
	argv_pushf(v, "%s/tmp", dir);
	argv_pushv(v, "/tmp", "--bind", NULL);
	argv_pushf(v, "%s/shm", dir);
	argv_pushv(v, "/dev/shm", "--remount-ro", "/dev", NULL);
}

void
sandbox_wrap(struct argv *v, const struct sandbox *s)
{
	const struct mount *m = s->mounts;

	/* whoever runs the build, inside it is the same machine and the same user */
	argv_pushv(v, "bwrap", "--unshare-user", "--uid", "1000", "--gid", "1000", "--unshare-uts",
	    "--hostname", "lh", "--unshare-net", "--unshare-ipc", "--unshare-pid",
	    "--die-with-parent", "--new-session", NULL);
	if (s->system)
		show_copy(v, s->system);
	else
		show_machine(v);
	argv_pushv(v, "--proc", "/proc", "--dev", "/dev", NULL);
	show_scratch(v, s->scratch);
	for (size_t i = 0; i < s->n; i++) {
		if (m[i].real)
			argv_pushv(v, m[i].writable ? "--bind" : "--ro-bind", m[i].real,
			    m[i].inside, NULL);
		else
			argv_pushv(v, "--dir", m[i].inside, NULL);
	}
	argv_pushv(v, "--remount-ro", "/", "--seccomp", NULL); /* all mount points are there */
	argv_pushf(v, "%d", s->filter);
	/*
	 * bwrap's own pid 1 is not waited for by bwrap, and nobody would learn what processor
	 * time the command took.  The command can't be pid 1: then it could not kill itself.
	 */
	argv_pushv(v, "--as-pid-1", "--chdir", s->cwd, "--", "/bin/sh", "-c", "\"$@\"; exit $?",
	    "sh", NULL);
}

/* in PATH */
static bool
is_installed(struct arena *a, const char *program)
{
	const char *path = getenv("PATH");

	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (access(arena_printf(a, "%.*s/%s", (int)n, path, program), X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

int
sandbox_works(struct arena *a, const char **why, struct err *e)
{
	struct sandbox s = { .cwd = "/", .filter = filter_open(e) };
	struct child_opts o = { .keep = &s.filter, .nkeep = 1 };
	struct argv v = { .a = a };
	struct buf said = { 0 };
	int status, works = 0;

	if (s.filter < 0)
		return -1;
	sandbox_wrap(&v, &s);
	argv_push(&v, "true");
	sandbox_limit(&o);
	if (child_run(v.v, &o, &said, &status, e) < 0) {
		if (is_installed(a, *v.v)) /* too many processes or open files, for a moment */
			works = -1;
		*why = arena_strdup(a, e->msg);
	} else if (status != 0) {
		if (said.n && said.p[said.n - 1] == '\n')
			said.p[said.n - 1] = '\0';
		*why = said.n ? arena_strdup(a, said.p) : child_status_text(a, status);
	} else {
		works = 1;
	}
	buf_free(&said);
	close(s.filter);
	return works;
}
