/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/identity.h"

#include "build/base/arena.h"
#include "verify/guest/guest.h"
#include "verify/loop.h"
#include "verify/scenario/one_line.h"

#include <string.h>
#include <time.h>

#define SHOWN 300
#define RETRY (200 * NS_PER_MS)
#define LAST_WORDS (1 * NS_PER_S)

void
identity_stop(struct identity *i)
{
	loop_cancel(i->loop, i->alarm);
	i->alarm = 0;
}

void
identity_renew(struct identity *i)
{
	identity_stop(i);
	i->guest = NULL;
	i->inside = i->on_console = false;
	i->asleep = i->parent = NULL;
	nonce_make(i->nonce);
}

static const char *
word_of(const struct identity *i, const char *nonce)
{
	return arena_printf(i->a, "%s%s", i->by_serial ? "" : "lh.nonce=", nonce);
}

const char *
identity_question(const struct identity *i)
{
	/* each bus has its own place for it, and SATA's is binary */
	return i->by_serial ? "cat /sys/block/*/serial /sys/block/*/device/serial "
			      "/sys/block/*/device/vpd_pg80 /sys/bus/usb/devices/*/serial "
			      "2>/dev/null | tr -dc 'a-z0-9\\n'"
			    : "cat /proc/cmdline";
}

const char *
identity_word(const struct identity *i)
{
	return word_of(i, i->nonce);
}

bool
identity_is_on(const struct identity *i, const char *cmdline)
{
	return strstr(cmdline, identity_word(i)) ||
	       (i->parent && strstr(cmdline, word_of(i, i->parent)));
}

static bool
has(const struct agent_result *r, const char *word)
{
	return memmem(r->out, r->n, word, strlen(word)) != NULL;
}

/* ---- a guest that boots ---- */

static void ask(void *arg);

static void
on_cmdline(void *arg, const struct agent_result *r)
{
	struct identity *i = arg;
	const char *word = identity_word(i);

	if (r->status < 0)
		return; /* that it was not seen is found when the test case is judged */
	if (r->status != 0 || !r->n) /* /proc is not mounted yet */
		i->alarm = loop_at(i->loop, clock_now() + RETRY, ask, i);
	else if (has(r, word))
		i->inside = true;
	else
		i->calls->wrong(i->arg, word, one_line(i->a, r->out, r->n, SHOWN));
}

static void
ask(void *arg)
{
	struct identity *i = arg;

	i->alarm = 0;
	if (guest_state(i->guest) == GUEST_RUNNING)
		guest_run(i->guest, identity_question(i), i->deadline, on_cmdline, i);
}

void
identity_ask(struct identity *i, struct guest *g, nstime deadline)
{
	if (i->inside || i->alarm)
		return;
	i->guest = g;
	i->deadline = deadline;
	ask(i);
}

/* ---- a guest from a snapshot ---- */

/* what QEMU says when it ends tells more than that the guest agent is gone */
static void
not_awake(void *arg)
{
	struct identity *i = arg;

	i->alarm = 0;
	i->calls->unusable(
	    i->arg, arena_printf(i->a, "did not resume: %s",
			guest_state(i->guest) == GUEST_ENDED ? guest_reason(i->guest) : i->asleep));
}

bool
identity_ended(struct identity *i)
{
	if (!i->asleep)
		return false;
	loop_cancel(i->loop, i->alarm);
	not_awake(i);
	return true;
}

static void
on_awake(void *arg, const struct agent_result *r)
{
	struct identity *i = arg;
	/* the disk is that of this QEMU, whatever boot the state is of */
	const char *word = word_of(i, i->by_serial ? i->nonce : i->parent);

	if (r->status < 0) {
		i->asleep = arena_strdup(i->a, r->why);
		i->alarm = loop_at(i->loop,
		    guest_state(i->guest) == GUEST_ENDED ? 0 : clock_now() + LAST_WORDS, not_awake,
		    i);
		return;
	}
	if (r->status != 0) {
		i->calls->unusable(i->arg, arena_printf(i->a, "its clock cannot be set: %s",
					       one_line(i->a, r->out, r->n, SHOWN)));
		return;
	}
	if (has(r, i->nonce) && has(r, word))
		i->inside = true;
	else
		i->calls->wrong(i->arg, arena_printf(i->a, "%s %s", i->nonce, word),
		    one_line(i->a, r->out, r->n, SHOWN));
	i->calls->awake(i->arg);
}

/*
 * Its clock stood still meanwhile, and its random numbers are those of every other fork: both are
 * put right before a step looks.
 */
void
identity_wake(struct identity *i, struct guest *g, const char *parent, nstime deadline)
{
	const char *command =
	    arena_printf(i->a, "date -s @%lld >/dev/null && echo %s >/dev/urandom && echo %s && %s",
		(long long)time(NULL), i->nonce, i->nonce, identity_question(i));

	i->guest = g;
	i->parent = parent;
	guest_run(g, command, deadline, on_awake, i);
}
