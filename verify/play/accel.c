/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/accel.h"

#include "build/base/arena.h"
#include "build/base/clock.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/expect.h"
#include "verify/guest/guest.h"
#include "verify/image/image.h"
#include "verify/loop.h"

#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PROBE_TIME (10 * NS_PER_S)

/*
 * Can this host's processor run the image's guests by itself?  *cpu is what it then is for QEMU, or
 * NULL: what the manifest says.
 */
static bool
is_native(struct arena *a, const struct manifest *m, const char **cpu)
{
	char *rest = m->kvm ? arena_strdup(a, m->kvm) : NULL, *host = NULL;
	struct utsname u;

	*cpu = NULL;
	if (rest)
		host = word_next(&rest);
	if (!host || uname(&u) < 0 || strcmp(host, u.machine))
		return false;
	*cpu = word_next(&rest);
	return true;
}

struct probe {
	struct arena *a;
	struct guest *guest;
	struct cursor *cursor;
	bool good, over;
};

static void
on_console(void *arg)
{
	struct probe *p = arg;
	struct hit h;
	struct err e;

	if (p->cursor && cursor_find(p->a, p->cursor, &h, &e) == 1) {
		p->good = true;
		guest_stop(p->guest, NS_PER_S);
	}
}

static void
on_ended(void *arg)
{
	((struct probe *)arg)->over = true;
}

static void
on_late(void *arg)
{
	guest_stop(((struct probe *)arg)->guest, NS_PER_S);
}

/*
 * There is no disk, so the kernel comes as far as looking for its root, which is far behind where
 * guests hang.  -1: could not be tried.
 */
static int
probe(struct arena *a, const struct image *i, const char *cpu, bool *good, struct err *e)
{
	static const struct guest_calls calls = { .console = on_console, .ended = on_ended };
	struct qemu_opts o = { .agent_fd = -1, .accel = "kvm", .cpu = cpu, .island = i->island };
	const char *dir = arena_printf(a, "%s/probe", i->dir);
	struct pattern *root;
	struct probe p = { .a = a };
	struct loop *l;
	int r = -1;

	if (file_remove(dir, e) < 0 || file_mkdirs(dir, 0755, e) < 0 ||
	    pattern_compile(a, "VFS: |Waiting for root device|Run \\S+ as init process", &root, e) <
		0)
		return -1;
	l = loop_new();
	if (guest_start(a, l, &i->m, &o, dir, &calls, &p, &p.guest, e) < 0)
		goto free_loop;
	p.cursor = cursor_new(guest_console(p.guest), &root, 1);
	loop_at(l, clock_now() + PROBE_TIME, on_late, &p);
	r = 0;
	while (!p.over && r == 0)
		r = loop_once(l, e);
	cursor_free(p.cursor);
	guest_free(p.guest);
	*good = p.good;
free_loop:
	loop_free(l);
	return r;
}

int
accel_choose(
    struct arena *a, const char *wanted, const struct image *i, struct accel *out, struct err *e)
{
	const char *cpu;
	bool native = is_native(a, &i->m, &cpu), good = false;

	*out = (struct accel){ .name = "tcg" };
	if (!strcmp(wanted, "tcg"))
		return 0;
	if (!strcmp(wanted, "kvm")) {
		*out = (struct accel){ "kvm", NULL, cpu };
		return 0;
	}
	if (!native)
		out->why = "kvm: host has another architecture";
	else if (access("/dev/kvm", R_OK | W_OK) < 0)
		out->why = "kvm: no access to /dev/kvm";
	else if (!i->m.kernel)
		out->why = "kvm: nothing to probe it with";
	else if (probe(a, i, cpu, &good, e) < 0)
		return wrap(e, "probing KVM");
	else if (good)
		*out = (struct accel){ "kvm", "probe guest booted", cpu };
	else
		out->why = "kvm: probe guest hung";
	return 0;
}
