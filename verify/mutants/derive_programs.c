/* SPDX-License-Identifier: GPL-2.0-or-later */
/* programs that succeed and do nothing */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/edit.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

static bool
is_program(const struct guestfs_entry *f)
{
	static const char *const folders[] = { "/bin/", "/sbin/", "/usr/" };

	if (!S_ISLNK(f->mode) && !(S_ISREG(f->mode) && f->mode & 0111))
		return false;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (!strncmp(f->path, folders[i], strlen(folders[i])))
			return true;
	return false;
}

static bool
leads_to(const struct guestfs_entry *f, const char *program)
{
	const char *path = f->target ? f->target : f->path, *slash = strrchr(path, '/');

	return !strcmp(slash ? slash + 1 : path, program);
}

/*
 * What does nothing, on every architecture: an empty script, for an interpreter that is not what is
 * to be replaced.  A file without any is one that a shell runs.
 */
static const char *
nothing_for(const struct origin *o, const struct guestfs_entry *f)
{
	if (derive_entry(o, "/bin/execlineb") && !leads_to(f, "execline") &&
	    !leads_to(f, "execlineb"))
		return "#!/bin/execlineb -P\n";
	if (derive_entry(o, "/bin/busybox") && !leads_to(f, "busybox"))
		return "#!/bin/busybox true\n";
	return "";
}

int
derive_programs(struct derivation *d, struct err *e)
{
	(void)e;
	for (size_t i = 0; i < d->o->n; i++) {
		const struct guestfs_entry *f = &d->o->v[i];

		if (!is_program(f))
			continue;
		derive_add(d, "program-does-nothing", f->path);
		if (S_ISLNK(f->mode))
			derive_edit(d,
			    &(struct edit){ .kind = EDIT_REMOVE, .fs = "rootfs", .file = f->path });
		derive_edit(d, &(struct edit){ .kind = S_ISLNK(f->mode) ? EDIT_ADD : EDIT_PUT,
				   .fs = "rootfs",
				   .file = f->path,
				   .mode = 0755,
				   .text = nothing_for(d->o, f) });
	}
	return 0;
}
