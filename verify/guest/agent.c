/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/agent.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/lines.h"
#include "build/base/manifest.h"
#include "verify/guest/channel.h"
#include "verify/image/guestfs.h"
#include "verify/loop.h"
#include "verify/guest/nonce.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the wire ---- */

struct request {
	struct request *next;
	struct door *door;
	char *command;
	nstime deadline, asked, sent; /* sent 0: still queued */
	unsigned alarm;
	door_done *done;
	void *arg;
	char why[256]; /* filled when it failed before it was sent */
};

enum door_state { DOOR_SHUT, /* the guest's shell has not greeted yet */
	DOOR_OPEN,
	DOOR_LOST }; /* a command did not come back, or the guest is gone: see why */

struct door {
	struct loop *loop;
	struct channel *channel, *qmp;
	enum door_state state;
	struct request *first;	/* the oldest: the one under way, when any is */
	struct request *failed; /* to be told from the loop */
	unsigned telling;
	struct buf in;
	size_t scanned; /* of in: no marker begins before */
	uint64_t serial;
	char token[NONCE_SIZE];
	nstime greeted;
	char why[256];
};

/* more than any check wants; a flood ends the door, not the harness */
#define OUTPUT_MAX (16u << 20)

/* written by the script in two parts, so that printing the script does not greet */
static const char greeting[] = "\n@lh-door open\n";

static struct request *
under_way(struct door *d)
{
	return d->first && d->first->sent ? d->first : NULL;
}

static void
request_free(struct request *r)
{
	loop_cancel(r->door->loop, r->alarm);
	free(r->command);
	free(r);
}

static void
tell_failed(void *arg)
{
	struct door *d = arg;

	d->telling = 0;
	while (d->failed) {
		struct request *r = d->failed;
		struct door_result result = { .status = -1, .out = "", .took = clock_now() - (r->sent ? r->sent : r->asked), .why = r->why };

		d->failed = r->next;
		r->done(r->arg, &result);
		request_free(r);
	}
}

/* takes r out of the queue; its owner hears from the loop */
static void
request_fail(struct request *r, const char *why)
{
	struct door *d = r->door;
	struct request **p = &d->first;

	while (*p && *p != r)
		p = &(*p)->next;
	if (*p)
		*p = r->next;
	snprintf(r->why, sizeof r->why, "%s", why);
	loop_cancel(d->loop, r->alarm);
	r->alarm = 0;
	r->next = NULL;
	for (p = &d->failed; *p;)
		p = &(*p)->next;
	*p = r;
	if (!d->telling)
		d->telling = loop_at(d->loop, 0, tell_failed, d);
}

static void
lose(struct door *d, const char *why)
{
	d->state = DOOR_LOST;
	snprintf(d->why, sizeof d->why, "%s", why);
	buf_clear(&d->in);
	while (d->first)
		request_fail(d->first, d->why);
}

static void
on_late(void *arg)
{
	struct request *r = arg, *busy = under_way(r->door);
	struct door *d = r->door;
	char why[sizeof r->why];

	r->alarm = 0;
	if (r == busy) {
		request_fail(r, "it did not come back in time");
		snprintf(why, sizeof why, "the door is lost: \"%.150s\" never came back", r->command);
		lose(d, why);
	} else if (d->state == DOOR_SHUT) {
		request_fail(r, "the door in the guest never opened");
	} else {
		snprintf(why, sizeof why, "it waited for \"%.150s\"", busy ? busy->command : "nothing");
		request_fail(r, why);
	}
}

/* 'command' as one word for sh */
static void
add_quoted(struct buf *b, const char *s)
{
	buf_adds(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(b, "'\\''");
		else
			buf_add(b, s, 1);
	}
	buf_adds(b, "'");
}

static void
send_next(struct door *d)
{
	struct request *r = d->first;
	struct buf b = { 0 };

	if (d->state != DOOR_OPEN || !r || r->sent)
		return;
	d->serial++;
	buf_clear(&d->in);
	d->scanned = 0;
	buf_adds(&b, "/bin/sh -c ");
	add_quoted(&b, r->command);
	/* stdin: the shell reads the same port, and a command must not eat the next one */
	buf_addf(&b, " </dev/null 2>&1; printf '\\n@lh-%%s %%d\\n' '%s-%" PRIu64 "' $?\n", d->token, d->serial);
	r->sent = clock_now();
	channel_send(d->channel, b.p, b.n);
	buf_free(&b);
}

static void
answered(struct door *d, size_t n, int status)
{
	struct request *r = d->first;
	struct door_result result = { .status = status, .out = d->in.p, .n = n, .took = clock_now() - r->sent };
	struct buf out = d->in; /* done may ask for the next command, which would overwrite it */

	d->in = (struct buf){ 0 };
	d->first = r->next;
	out.p[n] = '\0';
	r->done(r->arg, &result);
	request_free(r);
	buf_free(&out);
	send_next(d);
}

static void
greeted(struct door *d)
{
	if (!d->greeted)
		d->greeted = clock_now();
	buf_clear(&d->in);
	d->scanned = 0;
	if (under_way(d))
		request_fail(d->first, "the door's shell in the guest was started anew while it ran");
	if (d->state == DOOR_SHUT)
		d->state = DOOR_OPEN;
	send_next(d);
}

/* looks for the end of the command under way in what came; true when it was there */
static bool
find_marker(struct door *d)
{
	char marker[64], *at, *end;
	size_t n = (size_t)snprintf(marker, sizeof marker, "\n@lh-%s-%" PRIu64 " ", d->token, d->serial);

	at = memmem(d->in.p + d->scanned, d->in.n - d->scanned, marker, n);
	if (!at) {
		d->scanned = d->in.n > n ? d->in.n - n : 0;
		return false;
	}
	d->scanned = (size_t)(at - d->in.p);
	end = memchr(at + n, '\n', d->in.n - d->scanned - n);
	if (!end)
		return false;
	answered(d, d->scanned, (int)strtol(at + n, NULL, 10));
	return true;
}

static void
on_bytes(void *arg, const char *p, size_t n)
{
	struct door *d = arg;
	size_t from;

	channel_pump(d->qmp);
	if (!n) {
		door_gone(d, "the guest is gone");
		return;
	}
	if (d->state == DOOR_LOST)
		return;
	from = d->in.n > sizeof greeting ? d->in.n - sizeof greeting : 0;
	buf_add(&d->in, p, n);
	if (memmem(d->in.p + from, d->in.n - from, greeting, sizeof greeting - 1)) {
		greeted(d);
		return;
	}
	if (!under_way(d)) {
		/* a child that outlived its command still writes; the end may be the beginning of a greeting */
		if (d->in.n > sizeof greeting)
			buf_drop(&d->in, d->in.n - sizeof greeting);
	} else if (!find_marker(d) && d->in.n > OUTPUT_MAX) {
		lose(d, "the door is lost: a command wrote more than 16 MiB");
	}
}

struct door *
door_new(struct loop *l, int fd, bool awake, struct channel *qmp)
{
	struct door *d = xmalloc(sizeof *d);

	*d = (struct door){ .loop = l, .qmp = qmp, .state = awake ? DOOR_OPEN : DOOR_SHUT };
	nonce_make(d->token);
	d->channel = channel_new(l, fd, on_bytes, d);
	return d;
}

void
door_run(struct door *d, const char *command, nstime deadline, door_done *done, void *arg)
{
	struct request *r = xmalloc(sizeof *r), **p = &d->first;
	size_t n = strlen(command) + 1;

	*r = (struct request){ .door = d, .command = memcpy(xmalloc(n), command, n), .deadline = deadline, .asked = clock_now(), .done = done, .arg = arg };
	while (*p)
		p = &(*p)->next;
	*p = r;
	if (d->state == DOOR_LOST) {
		request_fail(r, d->why);
		return;
	}
	if (deadline != NS_NEVER)
		r->alarm = loop_at(d->loop, deadline, on_late, r);
	send_next(d);
}

void
door_reset(struct door *d)
{
	if (under_way(d))
		request_fail(d->first, "the guest was reset while it ran");
	if (d->state != DOOR_LOST || !channel_ended(d->channel))
		d->state = DOOR_SHUT;
	buf_clear(&d->in);
	d->scanned = 0;
}

void
door_gone(struct door *d, const char *why)
{
	if (d->state != DOOR_LOST)
		lose(d, why);
}

nstime
door_greeted(const struct door *d)
{
	return d->greeted;
}

void
door_free(struct door *d)
{
	if (!d)
		return;
	loop_cancel(d->loop, d->telling);
	for (struct request *lists[] = { d->first, d->failed }, **l = lists; l < lists + 2; l++)
		while (*l) {
			struct request *next = (*l)->next;

			request_free(*l);
			*l = next;
		}
	channel_free(d->channel);
	buf_free(&d->in);
	free(d);
}

/* ---- the guest's side ---- */

/*
 * By glob, not by name: this runs before /sys is mounted.  Without a port (the image was started by
 * hand) there is nothing to do, slowly.
 */
static const char script[] =
    "#!/bin/sh\n"
    "for port in /dev/vport*p1; do\n"
    "	[ -c \"$port\" ] || continue\n"
    "	cd /\n"
    "	exec 0<>\"$port\" 1>&0 2>&0\n"
    "	printf '\\n@lh-%s open\\n' door\n"
    "	exec /bin/sh\n"
    "done\n"
    "exec sleep 1\n";

static const struct entrance {
	const char *name;	  /* the manifest's door */
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
	for (size_t i = 0; m->door && i < sizeof entrances / sizeof *entrances; i++)
		if (!strcmp(entrances[i].name, m->door))
			return &entrances[i];
	return NULL;
}

bool
door_fits(const struct manifest *m)
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
		*h = (struct home){ .path = field[5], .uid = (uid_t)strtoul(field[2], NULL, 10), .gid = (gid_t)strtoul(field[3], NULL, 10) };
		return true;
	}
	return false;
}

/* lets the key in for a user whose home is on this filesystem, at dir */
static int
admit(struct arena *a, struct guestfs *g, const char *dir, const struct home *h, const char *pubkey, struct err *e)
{
	/* a newline first: the file may be there, and end without one */
	const char *text = arena_printf(a, "\n%s\n", pubkey);

	return guestfs_append(g, arena_printf(a, "%s/.ssh/authorized_keys", dir), text, strlen(text), 0600, h->uid, h->gid, e);
}

/* users other than root live on userfs, which is mounted on /home */
static int
admit_guest(struct arena *a, const struct manifest *m, const char *image, const char *passwd, const char *pubkey, struct err *e)
{
	const struct man_part *userfs = manifest_part(m, "userfs");
	struct guestfs *g;
	struct home h;
	int r;

	if (!userfs || !home_of(a, passwd, "guest", &h) || strncmp(h.path, "/home/", 6))
		return 0;
	if (guestfs_open(image, userfs->start, 1, &g, e) < 0)
		return -1;
	r = admit(a, g, h.path + strlen("/home"), &h, pubkey, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	return r;
}

static int
inject(struct arena *a, struct guestfs *g, const struct entrance *in, const char *pubkey, char **passwd, struct err *e)
{
	static const struct home root = { .uid = 0 };

	if (guestfs_put(g, in->path, script, strlen(script), 0755, 0, 0, e) < 0)
		return -1;
	if (in->table && guestfs_append(g, in->table, in->line, strlen(in->line), 0644, 0, 0, e) < 0)
		return -1;
	if (pubkey && admit(a, g, "/root", &root, pubkey, e) < 0)
		return -1;
	return pubkey ? guestfs_read(a, g, "/etc/passwd", passwd, NULL, e) : 0;
}

int
door_inject(const struct manifest *m, const char *image, const char *pubkey, struct err *e)
{
	const struct entrance *in = entrance_of(m);
	const struct man_part *rootfs = manifest_part(m, "rootfs");
	struct arena *a;
	struct guestfs *g;
	char *passwd = NULL;
	int r;

	if (!in)
		return fail_usage(e, "manifest: door %s: unknown; one of s6-linux-init inittab", m->door ? m->door : "(none)");
	if (!rootfs)
		return fail_usage(e, "manifest: no partition rootfs to put the door into");
	if (guestfs_open(image, rootfs->start, 1, &g, e) < 0)
		return wrap(e, "door");
	a = arena_new();
	r = inject(a, g, in, pubkey, &passwd, e);
	if (guestfs_close(g, r < 0 ? &(struct err){ 0 } : e) < 0)
		r = -1;
	if (r == 0 && pubkey)
		r = admit_guest(a, m, image, passwd, pubkey, e);
	arena_free(a);
	return r < 0 ? wrap(e, "door") : 0;
}
