/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/overlay.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/play/state.h"
#include "verify/play/trouble.h"
#include "verify/subprocess.h"

#include <string.h>

#define PREPARE_TIME (60 * NS_PER_S)

static void
on_overlay(void *arg, const struct subprocess_result *r)
{
	struct testcase *c = arg;

	c->subprocess = NULL;
	if (r->end != SUBPROCESS_EXITED || r->status)
		c->disk_ready(c, arena_printf(c->a, "qemu-img create: %s", trouble_of(c->a, r)));
	else
		c->disk_ready(c, NULL);
}

/* QEMU takes only a power of two for an SD card */
static uint64_t
card_size(const char *base)
{
	uint64_t size = 1, have = image_size(base);

	while (size < have)
		size *= 2;
	return size;
}

static void
make_overlay(struct testcase *c)
{
	const struct manifest *m = &c->job->image->m;
	struct argv v = { .a = c->a };
	struct subprocess_opts o = { .deadline =
					 clock_now() + (nstime)(PREPARE_TIME * c->job->scale) };
	struct err e;

	c->disk = arena_printf(c->a, "%s/disk.qcow2", c->job->dir);
	argv_pushv(&v, "qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", c->job->base,
	    c->disk, NULL);
	if (m->disk_bus && !strcmp(m->disk_bus, "sd"))
		argv_pushf(&v, "%llu", (unsigned long long)card_size(c->job->base));
	if (subprocess_start(c->loop, v.v, &o, on_overlay, c, &c->subprocess, &e) < 0)
		c->disk_ready(c, arena_strdup(c->a, e.msg));
}

/* forks share a disk and its state by having a copy each */
static void
copy_overlay(struct testcase *c)
{
	const struct saved *s = c->job->from;
	struct err e;

	c->result->from = s->state;
	c->result->booted = s->booted;
	if (s->disk) {
		c->disk = arena_printf(c->a, "%s/disk.qcow2", c->job->dir);
		if (file_copy(s->disk, c->disk, 0644, &e) < 0) {
			c->disk_ready(c, arena_strdup(c->a, e.msg));
			return;
		}
	}
	c->disk_ready(c, NULL);
}

void
overlay_make(struct testcase *c, overlay_done *done)
{
	c->disk_ready = done;
	if (c->job->from)
		copy_overlay(c);
	else if (c->job->base && !c->job->scenario->offline)
		make_overlay(c);
	else
		done(c, NULL);
}
