/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/explain.h"

#include "build/base/arena.h"
#include "build/files/manifest.h"
#include "verify/guest/guest.h"
#include "verify/guest/qmp.h"
#include "verify/guest/share.h"
#include "verify/guest/symbols.h"
#include "verify/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define APART (200 * NS_PER_MS)
#define PATIENCE (3 * NS_PER_S)

struct explain {
	struct arena *a;
	struct loop *loop;
	struct guest *guest;
	const struct symbols *symbols;
	nstime silent_since;
	struct sighting seen;
	struct share before;
	bool has_before;
	bool placed;	/* the slide is known */
	uint64_t slide; /* symbols.h */
	uint64_t pc;	/* of the look under way */
	unsigned tried; /* slides, with that one */
	unsigned deadline, second;
	bool over;
	explain_done *done;
	void *arg;
};

/* ---- words ---- */

/* parts of the names of where kernels wait for work; few processors' state says so */
static bool
is_idle(const char *symbol)
{
	static const char *const idle[] = { "_idle", "cpu_startup_entry", "safe_halt" };

	for (size_t i = 0; symbol && i < sizeof idle / sizeof *idle; i++)
		if (strstr(symbol, idle[i]))
			return true;
	return false;
}

static const char *
place(struct arena *a, const struct sighting *s, int look)
{
	if (s->symbol[look])
		return s->symbol[look];
	return s->user[look] ? "a user program" : arena_strdup(a, "an unknown place");
}

static const char *
doing(struct arena *a, const struct sighting *s)
{
	bool idle = s->nlooks > 0;

	for (int i = 0; i < s->nlooks; i++)
		idle &= s->halted[i] || is_idle(s->symbol[i]);
	if (!s->nlooks)
		return "unknown: QEMU reports nothing about its CPU";
	if (idle && s->symbol[s->nlooks - 1])
		return arena_printf(a, "idle (%s)", s->symbol[s->nlooks - 1]);
	if (idle)
		return "idle";
	if (s->nlooks == 2 && s->symbol[0] && s->symbol[1] && !strcmp(s->symbol[0], s->symbol[1]))
		return arena_printf(a, "spinning in %s", s->symbol[0]);
	if (s->nlooks == 2)
		return arena_printf(
		    a, "busy, first in %s, then in %s", place(a, s, 0), place(a, s, 1));
	return arena_printf(a, "busy in %s", place(a, s, 0));
}

const char *
explain_text(struct arena *a, const struct sighting *s)
{
	const char *tail =
	    arena_printf(a, "console silent for %.1f s, load %.1f", s->silent, s->load);

	if (s->gone)
		return arena_printf(a, "gone: %s", s->reason ? s->reason : "ending");
	if (!s->status)
		return arena_printf(a, "QEMU does not answer, %s", tail);
	if (!strcmp(s->status, "guest-panicked"))
		return arena_printf(a, "panicked, %s", tail);
	if (strcmp(s->status, "running"))
		return arena_printf(a, "not running: %s, %s", s->status, tail);
	if (s->contention > 0.5)
		return arena_printf(a,
		    "host CPU contention: runnable but not scheduled %.0f %%; %s, %s",
		    100 * s->contention, doing(a, s), tail);
	return arena_printf(a, "%s, %s", doing(a, s), tail);
}

/* ---- looking ---- */

static void
finish(struct explain *x)
{
	struct share now;
	double load[1] = { 0 };

	if (x->over)
		return;
	x->over = true;
	loop_cancel(x->loop, x->deadline);
	loop_cancel(x->loop, x->second);
	if (guest_state(x->guest) != GUEST_RUNNING) {
		x->seen.gone = true;
		x->seen.reason = guest_reason(x->guest);
	}
	if (x->has_before && share_of(guest_pid(x->guest), &now)) {
		struct share s = share_between(&x->before, &now);

		/* who hardly wants to run does not contend */
		if (s.ran + s.waited > (uint64_t)APART / 4)
			x->seen.contention = (double)s.waited / (double)(s.ran + s.waited);
	}
	getloadavg(load, 1);
	x->seen.load = load[0];
	x->seen.silent = (double)(clock_now() - x->silent_since) / NS_PER_S;
	x->done(x->arg, explain_text(x->a, &x->seen));
}

static void look(void *arg);

static void
looked(struct explain *x)
{
	x->seen.symbol[x->seen.nlooks++] =
	    x->placed ? symbols_name(x->symbols, x->pc - x->slide) : NULL;
	if (x->seen.nlooks == 2)
		finish(x);
	else
		x->second = loop_at(x->loop, clock_now() + APART, look, x);
}

static void try_slide(struct explain *x);

/* "ffffffff81c00060: 0x4c 0x69 0x6e 0x75 0x78" is where a kernel has its name */
static void
on_memory(void *arg, const char *answer, const char *error)
{
	static const char name[] = ": 0x4c 0x69 0x6e 0x75 0x78";
	struct explain *x = arg;

	(void)error;
	if (x->over)
		return;
	x->placed = answer && strstr(answer, name);
	if (x->placed) {
		looked(x);
	} else {
		x->tried++;
		try_slide(x);
	}
}

/* a guest may be moved: the slide is one that puts its banner where it has one */
static void
try_slide(struct explain *x)
{
	uint64_t banner = symbols_banner(x->symbols);

	if (!banner) { /* nothing to tell by */
		x->placed = true;
		looked(x);
	} else if (symbols_slide(x->symbols, x->pc, x->tried, &x->slide)) {
		guest_hmp(x->guest,
		    arena_printf(x->a, "x/5xb 0x%llx", (unsigned long long)(banner + x->slide)),
		    on_memory, x);
	} else {
		looked(x);
	}
}

static void
on_registers(void *arg, const char *answer, const char *error)
{
	struct explain *x = arg;
	struct processor p;
	int n = x->seen.nlooks;

	(void)error;
	if (x->over)
		return;
	if (!answer || !processor_parse(answer, guest_manifest(x->guest)->pc_register, &p)) {
		finish(x);
		return;
	}
	x->seen.halted[n] = p.halted;
	/* kernels live in the upper half of 64 bits, in the upper quarter of 32 */
	x->seen.user[n] = p.pc < (p.pc >> 32 ? UINT64_C(1) << 63 : UINT64_C(0xc0000000));
	x->pc = p.pc;
	x->tried = 0;
	if (x->seen.user[n] || x->placed)
		looked(x);
	else
		try_slide(x);
}

static void
look(void *arg)
{
	struct explain *x = arg;

	x->second = 0;
	if (guest_state(x->guest) != GUEST_RUNNING) {
		finish(x);
		return;
	}
	guest_hmp(x->guest, "info registers", on_registers, x);
}

static void
on_status(void *arg, const char *answer, const char *error)
{
	struct explain *x = arg;

	(void)error;
	if (x->over)
		return;
	x->seen.status = answer ? qmp_member(x->a, answer, "status") : NULL;
	look(x);
}

static void
on_late(void *arg)
{
	struct explain *x = arg;

	x->deadline = 0;
	finish(x);
}

void
explain_start(struct arena *a, struct loop *l, struct guest *g, const struct symbols *s,
    nstime silent_since, explain_done *done, void *arg)
{
	struct explain *x = arena_alloc(a, sizeof *x);

	*x = (struct explain){ .a = a,
		.loop = l,
		.guest = g,
		.symbols = s,
		.silent_since = silent_since,
		.done = done,
		.arg = arg };
	if (guest_state(g) != GUEST_RUNNING) {
		x->deadline = loop_at(l, 0, on_late, x); /* never from here */
		return;
	}
	x->deadline = loop_at(l, clock_now() + PATIENCE, on_late, x);
	x->has_before = share_of(guest_pid(g), &x->before);
	guest_qmp(g, "query-status", NULL, on_status, x);
}
