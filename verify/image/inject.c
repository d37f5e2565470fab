/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/inject.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"

#include <stdlib.h>
#include <string.h>

/*
 * By glob, not by name: this runs before /sys is mounted.  Without a port (the image was started by
 * hand) there is nothing to do, slowly.
 */
static const char script[] = "#!/bin/sh\n"
			     "for port in /dev/vport*p1; do\n"
			     "	[ -c \"$port\" ] || continue\n"
			     "	cd /\n"
			     "	exec 0<>\"$port\" 1>&0 2>&0\n"
			     "	printf '\\n@lh-%s open\\n' agent\n"
			     "	exec /bin/sh\n"
			     "done\n"
			     "exec sleep 1\n";

static const struct entrance {
	const char *name;	  /* the manifest's agent */
	const char *path;	  /* of the script, on rootfs */
	const char *table, *line; /* and what is added where, so that it is run; or NULL */
} entrances[] = {
	/* among the early services, so that it answers even when stage 2 is broken */
	{ "s6-linux-init", "/etc/s6-linux-init/current/run-image/service/lh-ctl/run", NULL, NULL },
	{ "inittab", "/etc/lh-ctl", "/etc/inittab", "::respawn:/etc/lh-ctl\n" },
};

static const struct entrance *
entrance_of(const struct manifest *m)
{
	for (size_t i = 0; m->agent && i < sizeof entrances / sizeof *entrances; i++)
		if (!strcmp(entrances[i].name, m->agent))
			return &entrances[i];
	return NULL;
}

bool
inject_fits(const struct manifest *m)
{
	return m->image && entrance_of(m);
}

/* where a user lives, from the image's own passwd */
struct home {
	char *path;
	uid_t uid;
	gid_t gid;
};

static bool
home_of(struct arena *a, const char *passwd, const char *user, struct home *h)
{
	struct lines l;
	char *line;

	lines_text(a, "passwd", passwd, &l);
	while ((line = lines_next(&l))) {
		char *field[7] = { 0 };

		for (size_t i = 0; i < 7 && line; i++)
			field[i] = strsep(&line, ":");
		if (!field[5] || strcmp(field[0], user))
			continue;
		*h = (struct home){ .path = field[5],
			.uid = (uid_t)strtoul(field[2], NULL, 10),
			.gid = (gid_t)strtoul(field[3], NULL, 10) };
		return true;
	}
	return false;
}

/* lets the key in for a user whose home is on this filesystem, at dir */
static int
admit(struct arena *a, struct guestfs *g, const char *dir, const struct home *h, const char *pubkey,
    struct err *e)
{
	/* a newline first: the file may be there, and end without one */
	const char *text = arena_printf(a, "\n%s\n", pubkey);

	return guestfs_append(g,
	    &(struct guestfs_file){ .path = arena_printf(a, "%s/.ssh/authorized_keys", dir),
		.bytes = text,
		.n = strlen(text),
		.mode = 0600,
		.uid = h->uid,
		.gid = h->gid },
	    e);
}

/* users other than root live on userfs, which is mounted on /home */
static int
admit_guest(struct arena *a, const struct manifest *m, int disk, const char *image,
    const char *passwd, const char *pubkey, struct err *e)
{
	const struct man_part *userfs = manifest_part(m, "userfs");
	struct guestfs *g;
	struct home h;
	int r;

	if (!userfs || !home_of(a, passwd, "guest", &h) || strncmp(h.path, "/home/", 6))
		return 0;
	if (guestfs_open_fd(disk, image, userfs->start, 1, &g, e) < 0)
		return -1;
	r = admit(a, g, h.path + strlen("/home"), &h, pubkey, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

static int
put_all(struct arena *a, struct guestfs *g, const struct entrance *in, const char *pubkey,
    char **passwd, struct err *e)
{
	static const struct home root = { .uid = 0 };
	const struct guestfs_file agent = {
		.path = in->path, .bytes = script, .n = strlen(script), .mode = 0755
	};

	if (guestfs_put(g, &agent, e) < 0)
		return -1;
	if (in->table &&
	    guestfs_append(g,
		&(struct guestfs_file){
		    .path = in->table, .bytes = in->line, .n = strlen(in->line), .mode = 0644 },
		e) < 0)
		return -1;
	if (pubkey && admit(a, g, "/root", &root, pubkey, e) < 0)
		return -1;
	return pubkey ? guestfs_read(a, g, "/etc/passwd", passwd, NULL, e) : 0;
}

int
inject_agent(
    const struct manifest *m, int disk, const char *image, const char *pubkey, struct err *e)
{
	const struct entrance *in = entrance_of(m);
	const struct man_part *rootfs = manifest_part(m, "rootfs");
	struct arena *a;
	struct guestfs *g;
	char *passwd = NULL;
	int r;

	if (!in)
		return fail_usage(e,
		    "manifest: agent %s: unknown; one of s6-linux-init inittab serial",
		    m->agent ? m->agent : "(none)");
	if (!rootfs)
		return fail_usage(e, "manifest: no partition rootfs to put the guest agent into");
	if (guestfs_open_fd(disk, image, rootfs->start, 1, &g, e) < 0)
		return wrap(e, "agent");
	a = arena_new();
	r = put_all(a, g, in, pubkey, &passwd, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	if (r == 0 && pubkey)
		r = admit_guest(a, m, disk, image, passwd, pubkey, e);
	arena_free(a);
	return r < 0 ? wrap(e, "agent") : 0;
}
