/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/interactive.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/guest/grammar.h"
#include "verify/guest/keptdisk.h"
#include "verify/guest/lane.h"
#include "verify/guest/qemu.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A port that is free now: that one, or any when it is 0.  Somebody may take it before QEMU does;
 * QEMU then says so and ends, and a person can try again.  (The verifier lets the kernel choose
 * and asks QEMU, which no person wants to.)
 */
static int
free_port(unsigned *port, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)*port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, r = 0;

	/* connections of a guest that has just ended do not count */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		r = *port ? fail_usage(e, "--port %u: %s", *port, strerror(errno))
			  : fail_errno(e, "a port for ssh");
	if (fd >= 0)
		close(fd);
	*port = ntohs(sa.sin_port);
	return r;
}

/* can the kernel mount a folder of the host: its symbols tell */
static bool
has_9p(struct arena *a, const struct manifest *m)
{
	const char *path = manifest_path(a, m, m->symbols);
	struct err ignored;
	char *text;

	return path && file_read(a, path, &text, NULL, &ignored) == 0 &&
	       strstr(text, " p9_virtio_create") && strstr(text, " v9fs_mount");
}

static void
say_share(const struct interactive_opts *o, bool shared, unsigned port)
{
	if (!o->share)
		return;
	if (shared)
		log_info("%s in the guest: mount -t 9p -o trans=virtio share /mnt/extra", o->share);
	else
		log_warn("--share: this kernel has no 9p; to copy it, once the guest is up: "
			 "scp -O -r -P %u %s root@127.0.0.1:/var/",
		    port, o->share);
}

static void
say_how(struct arena *a, const struct manifest *m, const struct interactive_opts *o, unsigned port)
{
	/* a guest that forgets what it wrote has another host key each time */
	const char *any =
	    o->disk ? "" : " -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null";

	if (m->untrusted)
		log_info("this image is not trusted: it reaches nothing by the network; see "
			 "--trusted");
	if (m->credentials)
		log_info("users and passwords: %s", manifest_path(a, m, m->credentials));
	log_info("by ssh, once it is up: ssh -p %u%s root@127.0.0.1", port, any);
	if (o->disk)
		log_info("the console is this terminal; Ctrl-A x ends QEMU; what the guest writes "
			 "is kept in %s",
		    o->disk);
	else
		log_info("the console is this terminal; Ctrl-A x ends QEMU; what the guest writes "
			 "is discarded");
}

/* the disk: the image, or a copy of it that is kept; *made: which is to be made */
static int
choose_disk(struct arena *a, const struct manifest *m, const struct interactive_opts *o,
    struct qemu_opts *q, bool *made, struct err *e)
{
	const char *image = manifest_path(a, m, m->image);

	*made = false;
	if (o->disk && keptdisk_look(m, o->disk, &q->kept, made, e) < 0)
		return -1;
	q->disk = o->disk ? o->disk : image;
	if (image && (*made || !o->disk) && access(image, R_OK) < 0)
		return fail_errno(e, "%s", image);
	return 0;
}

static int
choose_lane(
    struct arena *a, const char *manifest, const char *boot, struct manifest *m, struct err *e)
{
	const char *missing;

	if (!boot)
		return 0;
	for (size_t i = 0; lane_name(i) && !m->lane; i++)
		if (lane_meant(boot, lane_name(i)) && lane_fits(m, lane_name(i)))
			m->lane = lane_name(i);
	if (!m->lane)
		return lane_unfit(boot, manifest, e);
	if (!strcmp(m->lane, LANE_KERNEL))
		m->lane = NULL;
	if (lane_is_diskless(m))
		m->image = NULL;
	missing = lane_missing(a, m);
	return missing ? fail(e, "--boot %s: %s", boot, missing) : 0;
}

/* QEMU takes a path relative to its working directory, which is ours */
int
interactive_boot(
    struct arena *a, const char *manifest, const struct interactive_opts *o, struct err *e)
{
	struct qemu_opts q = { .console = NULL,
		.qmp_fd = -1,
		.agent_fd = -1,
		.accel = o->accel,
		.memory = o->memory,
		.cpus = o->cpus,
		.ssh = true,
		.ssh_port = o->port,
		.raw = !o->disk,
		.reboot = true };
	struct argv v = { .a = a };
	struct manifest m;
	bool made;

	if (o->share && !file_isdir(o->share))
		return fail_usage(e, "--share %s: no such folder", o->share);
	if (manifest_read(a, manifest, &m, e) < 0 || grammar_check(&m, manifest, e) < 0 ||
	    trust_settle(&m, manifest, o->trust, e) < 0 ||
	    choose_lane(a, manifest, o->boot, &m, e) < 0 ||
	    choose_disk(a, &m, o, &q, &made, e) < 0 || free_port(&q.ssh_port, e) < 0)
		return -1;
	if (o->share && has_9p(a, &m))
		q.share = o->share;
	qemu_argv(&v, &m, &q);
	if (o->print) {
		puts(argv_quoted(&v));
		return 0;
	}
	if (made && keptdisk_make(manifest_path(a, &m, m.image), o->disk, e) < 0)
		return -1;
	say_share(o, q.share, q.ssh_port);
	say_how(a, &m, o, q.ssh_port);
	execvp(v.v[0], v.v);
	return fail_errno(e, "%s", v.v[0]);
}
