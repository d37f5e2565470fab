/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/picture.h"

#include "build/base/arena.h"
#include "build/base/clock.h"
#include "verify/guest/guest.h"
#include "verify/guest/qmp.h"
#include "verify/loop.h"

#define PATIENCE (3 * NS_PER_S)

struct picture {
	struct loop *loop;
	unsigned deadline;
	bool over;
	picture_done *done;
	void *arg;
};

static void
finish(struct picture *p, const char *why)
{
	if (p->over)
		return;
	p->over = true;
	loop_cancel(p->loop, p->deadline);
	p->done(p->arg, why);
}

static void
on_answer(void *arg, const char *answer, const char *error)
{
	finish(arg, answer ? NULL : error);
}

static void
on_late(void *arg)
{
	struct picture *p = arg;

	p->deadline = 0;
	finish(p, "QEMU does not answer");
}

void
picture_take(struct arena *a, struct loop *l, struct guest *g, const char *path, const char *format,
    picture_done *done, void *arg)
{
	struct picture *p = arena_alloc(a, sizeof *p);

	*p = (struct picture){ .loop = l, .done = done, .arg = arg };
	p->deadline = loop_at(l, clock_now() + PATIENCE, on_late, p);
	guest_qmp(g, "screendump",
	    arena_printf(a, "{\"filename\": %s, \"format\": \"%s\"}", qmp_quote(a, path), format),
	    on_answer, p);
}
