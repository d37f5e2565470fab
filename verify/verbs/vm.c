/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vm: what is done to the machine, not in it */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "verify/guest/ending.h"
#include "verify/guest/lan.h"
#include "verify/guest/qmp.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/scenario/one_line.h"

#include <string.h>

#define SHOWN 300
#define AGAIN (20 * NS_PER_MS)

/* ---- await: the end, and how ---- */

static bool
awaits(const struct step *s, const char *reason)
{
	return scenario_word_fits(reason, &s->args[1]);
}

static void
await_look(struct testcase *c, const struct step *s)
{
	const char *wanted, *reason;

	if (!c->guest || guest_state(c->guest) != GUEST_ENDED)
		return;
	wanted = step_word(c, s, 1);
	if (!wanted)
		return;
	reason = guest_reason(c->guest);
	if (strcmp(reason, wanted)) {
		testcase_fail(c, ending_words(c->a, wanted), ending_words(c->a, reason),
		    "the guest ended otherwise than expected: %s", reason);
		return;
	}
	c->awaited = arena_strdup(c->a, reason);
	testcase_pass(c);
}

static void
await_start(struct testcase *c, const struct step *s)
{
	if (!c->guest) {
		testcase_fail(c, NULL, NULL, "there is no guest");
	} else if (c->resets && awaits(s, c->reset_reason)) {
		/* it came while a step before this one was under way */
		c->resets--;
		testcase_pass(c);
	} else {
		await_look(c, s);
	}
}

static void
await_late(struct testcase *c, const struct step *s)
{
	const char *wanted = step_word(c, s, 1);

	if (wanted)
		testcase_fail(c,
		    arena_printf(c->a, "%s within %s", wanted,
			testcase_seconds(c, c->step_deadline - c->step_began)),
		    NULL, "the guest still runs: %s never came", wanted);
}

/* ---- boot: again, on the same disk ---- */

static void
boot_start(struct testcase *c, const struct step *s)
{
	struct err e;

	(void)s;
	if (c->guest && guest_state(c->guest) != GUEST_ENDED)
		testcase_fail(c, NULL, "the guest runs",
		    "vm boot: only after it has ended; say `vm await` first");
	else if (testcase_boot(c, &e) < 0)
		testcase_inconclusive(c, "%s", e.msg);
	else
		testcase_pass(c);
}

/* ---- save: the guest as it is, for others ---- */

static void
on_saved(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (!answer) {
		testcase_unanswered(c, "savevm", error);
		return;
	}
	/* silence is consent */
	c->job->save->why_not = *answer ? one_line(c->a, answer, strlen(answer), SHOWN) : NULL;
	testcase_pass(c);
}

static void
on_stopped(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (answer)
		guest_hmp(
		    c->guest, arena_printf(c->a, "savevm %s", c->job->save->state), on_saved, arg);
	else
		testcase_unanswered(c, "stop", error);
}

/*
 * a stopped guest shows its nonce to nobody, so that comes first; what it says after the stop
 * nobody would hear
 */
static void
save_when_known(void *arg)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	c->step->alarm = 0;
	if (c->identity.inside)
		guest_qmp(c->guest, "stop", NULL, on_stopped, arg);
	else
		c->step->alarm = loop_at(c->loop, clock_now() + AGAIN, save_when_known, arg);
}

static void
save_start(struct testcase *c, const struct step *s)
{
	(void)s;
	if (!step_needs_guest(c))
		return;
	if (c->job->save)
		save_when_known(ticket_new(c));
	else
		testcase_inconclusive(c, "vm save: only in the file of a state");
}

/* ---- buttons and cables: one QMP command ---- */

static const struct button {
	const char *word[2]; /* behind vm; the second NULL: there is one */
	const char *command, *arguments;
} buttons[] = {
	{ { "reset", NULL }, "system_reset", NULL },
	{ { "powerdown", NULL }, "system_powerdown", NULL },
	{ { "nmi", NULL }, "inject-nmi", NULL },
	{ { "link", "up" }, "set_link", "{\"name\": \"eth0\", \"up\": true}" },
	{ { "link", "down" }, "set_link", "{\"name\": \"eth0\", \"up\": false}" },
};

static void
on_pressed(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);

	if (!c)
		return;
	if (answer)
		testcase_pass(c);
	else
		testcase_fail(c, NULL, error, "QEMU: %s", error);
}

static void
button_start(struct testcase *c, const struct step *s)
{
	if (!step_needs_guest(c))
		return;
	for (const struct button *b = buttons; b < buttons + sizeof buttons / sizeof *buttons;
	     b++) {
		if (strcmp(b->word[0], s->args[0].v[0].text) ||
		    (b->word[1] && strcmp(b->word[1], s->args[1].v[0].text)))
			continue;
		guest_qmp(c->guest, b->command, b->arguments, on_pressed, ticket_new(c));
		return;
	}
}

/* ---- plug, unplug: a device, in the guest's only slot ---- */

/*
 * Nothing of it is on the host: a disk of zeros that forgets, a network of its own; but for the
 * image as it is shipped, which may be read.
 */
static const struct device {
	const char *word;
	const char *back, *back_arguments; /* the host's side of it */
	const char *arguments;		   /* of device_add, without the bus */
	const char *id;
	bool image; /* it stands on the image */
} devices[] = {
	{ "disk", "blockdev-add",
	    "\"driver\": \"null-co\", \"node-name\": \"plugged\", \"size\": 16777216, "
	    "\"read-zeroes\": true",
	    "\"driver\": \"virtio-blk-pci\", \"drive\": \"plugged\", \"id\": \"disk1\"", "disk1",
	    false },
	{ "copy", "blockdev-add",
	    "\"driver\": \"raw\", \"node-name\": \"plugged\", \"read-only\": true",
	    "\"driver\": \"virtio-blk-pci\", \"drive\": \"plugged\", \"id\": \"disk1\"", "disk1",
	    true },
	{ "network", "netdev_add", "\"type\": \"user\", \"id\": \"plugged\"",
	    "\"driver\": \"virtio-net-pci\", \"netdev\": \"plugged\", \"id\": \"eth1\", "
	    "\"romfile\": \"\"",
	    "eth1", false },
};

static const struct device *
device_of(const struct step *s)
{
	const struct device *d = devices;

	while (strcmp(d->word, s->args[1].v[0].text)) /* the forms below have no other word */
		d++;
	return d;
}

static void
on_backed(void *arg, const char *answer, const char *error)
{
	struct testcase *c = ticket_testcase(arg);
	const struct device *d;

	if (!c)
		return;
	if (!answer) {
		testcase_fail(c, NULL, error, "QEMU: %s", error);
		return;
	}
	d = device_of(testcase_step(c));
	guest_qmp(c->guest, "device_add",
	    arena_printf(c->a, "{%s, \"bus\": \"%s\"}", d->arguments, qemu_slot(&c->job->image->m)),
	    on_pressed, arg);
}

/* the rest of its arguments; drawn, and not the net that the guest has already */
static const char *
network_as(struct testcase *c, const char *name)
{
	const char *own = names_get(&c->names, "address"), *dot = own ? strrchr(own, '.') : NULL;
	struct lan lan;

	do
		lan_draw(&lan);
	while (dot && !strncmp(own, lan.net, (size_t)(dot + 1 - own)));
	names_set(&c->names, arena_printf(c->a, "%s.router", name), arena_strdup(c->a, lan.router));
	names_set(&c->names, arena_printf(c->a, "%s.dns", name), arena_strdup(c->a, lan.dns));
	names_set(
	    &c->names, arena_printf(c->a, "%s.address", name), arena_strdup(c->a, lan.address));
	return arena_printf(c->a,
	    ", \"net\": \"%s/24\", \"host\": \"%s\", \"dns\": \"%s\", \"dhcpstart\": \"%s\"",
	    lan.net, lan.router, lan.dns, lan.address);
}

static void
plug_start(struct testcase *c, const struct step *s)
{
	const struct device *d = device_of(s);
	const char *more = "", *name;

	if (!step_needs_guest(c))
		return;
	if (d->image && !c->job->image->base) {
		testcase_inconclusive(c, "vm plug %s: the manifest names no image", d->word);
		return;
	}
	if (d->image)
		more = arena_printf(c->a, ", \"file\": {\"driver\": \"file\", \"filename\": %s}",
		    qmp_quote(c->a, c->job->image->base));
	if (s->nargs > 2) {
		if (!(name = step_word(c, s, 3)))
			return;
		more = network_as(c, name);
	}
	guest_qmp(c->guest, d->back, arena_printf(c->a, "{%s%s}", d->back_arguments, more),
	    on_backed, ticket_new(c));
}

/* done when the guest has been asked; it lets go of the device, or does not */
static void
unplug_start(struct testcase *c, const struct step *s)
{
	const struct device *d = device_of(s);

	if (step_needs_guest(c))
		guest_qmp(c->guest, "device_del", arena_printf(c->a, "{\"id\": \"%s\"}", d->id),
		    on_pressed, ticket_new(c));
}

#define PLUG(what, as, names)                                                                      \
	{ .form = { .verb = "vm",                                                                  \
	      .form = "plug " what as,                                                             \
	      .defines = names,                                                                    \
	      .needs = NEEDS_SLOT },                                                               \
		.start = plug_start },                                                             \
	{                                                                                          \
		.form = { .verb = "vm", .form = "unplug " what, .needs = NEEDS_SLOT },             \
		.start = unplug_start                                                              \
	}

const struct verb verbs_vm[] = {
	{ .form = { .verb = "vm", .form = "await REASON" },
	    .start = await_start,
	    .ended = await_look,
	    .late = await_late,
	    .awaits = awaits },
	{ .form = { .verb = "vm", .form = "boot" }, .start = boot_start },
	{ .form = { .verb = "vm", .form = "save" }, .start = save_start },
	{ .form = { .verb = "vm", .form = "reset" }, .start = button_start },
	{ .form = { .verb = "vm", .form = "powerdown" }, .start = button_start },
	{ .form = { .verb = "vm", .form = "nmi" }, .start = button_start },
	{ .form = { .verb = "vm", .form = "link up", .race = RACE_MAY }, .start = button_start },
	{ .form = { .verb = "vm", .form = "link down", .race = RACE_MAY }, .start = button_start },
	PLUG("disk", "", NULL),
	PLUG("copy", "", NULL),
	PLUG("network", " as NAME", ".router .dns .address"),
	{ .form = { .verb = NULL } },
};
