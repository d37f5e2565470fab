/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/interactive.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/manifest.h"
#include "verify/guest/grammar.h"
#include "verify/guest/qemu.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A port that is free now.  Somebody may take it before QEMU does; QEMU then says so and ends, and
 * a person can try again.  (The verifier lets the kernel choose and asks QEMU, which no person
 * wants to.)
 */
static int
free_port(unsigned *port, struct err *e)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), r = 0;

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		r = fail_errno(e, "a port for ssh");
	if (fd >= 0)
		close(fd);
	*port = ntohs(sa.sin_port);
	return r;
}

static void
say_how(struct arena *a, const struct manifest *m, unsigned port)
{
	if (m->credentials)
		log_info("users and passwords: %s", manifest_path(a, m, m->credentials));
	log_info("by ssh, once it is up: ssh -p %u root@127.0.0.1", port);
	log_info(
	    "the console is this terminal; Ctrl-A x ends QEMU; what the guest writes is discarded");
}

int
interactive_boot(
    struct arena *a, const char *manifest, const char *accel, bool print, struct err *e)
{
	struct qemu_opts o = { .console = NULL,
		.qmp_fd = -1,
		.agent_fd = -1,
		.accel = accel,
		.ssh = true,
		.raw = true,
		.reboot = true };
	struct argv v = { .a = a };
	struct manifest m;

	if (manifest_read(a, manifest, &m, e) < 0 || grammar_check(&m, manifest, e) < 0 ||
	    free_port(&o.ssh_port, e) < 0)
		return -1;
	o.disk = manifest_path(a, &m, m.image);
	if (o.disk && access(o.disk, R_OK) < 0)
		return fail_errno(e, "%s", o.disk);
	qemu_argv(&v, &m, &o);
	if (print) {
		puts(argv_quoted(&v));
		return 0;
	}
	say_how(a, &m, o.ssh_port);
	execvp(v.v[0], v.v);
	return fail_errno(e, "%s", v.v[0]);
}
