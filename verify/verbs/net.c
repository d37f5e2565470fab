/* SPDX-License-Identifier: GPL-2.0-or-later */
/* net: who stands between the guest and its network, what it answers, and what it is asked */
#include "verify/verbs/step.h"
#include "verify/verbs/verbs.h"

#include "build/base/arena.h"
#include "build/base/err.h"
#include "verify/guest/nonce.h"
#include "verify/peer/peer.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/random.h>

/* what a step tells the peer is told at once, and then what the guest has asked counts anew */
static void
told(struct testcase *c, int result, const struct err *e)
{
	peer_attend(c->peer);
	if (result < 0)
		testcase_fail(c, NULL, NULL, "%s", e->msg);
	else
		testcase_pass(c);
}

static void
peer_start(struct testcase *c, const struct step *s)
{
	(void)s;
	told(c, 0, NULL);
}

/* ---- dhcp WHAT [VALUE], dhcp6 WHAT [VALUE], ntp WHAT [VALUE] ---- */

/* n-th word, when it is there and has no name in it; else NULL */
static const char *
literal(const struct step *s, size_t n)
{
	return n < s->nargs ? scenario_word_text(&s->args[n]) : NULL;
}

static int
dhcp_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *what = literal(s, 1), *value = literal(s, 2);
	struct dhcp_server scratch = { .manner = DHCP_OK };

	(void)a;
	if (!what)
		return fail_usage(e, "net dhcp: which word it is has to be known beforehand");
	if (dhcp_check(what, s->nargs > 2, e) < 0)
		return -1;
	return s->nargs > 2 && !value ? 0 : dhcp_tell(&scratch, what, value, e);
}

static void
dhcp_start(struct testcase *c, const struct step *s)
{
	const char *value = s->nargs > 2 ? step_word(c, s, 2) : NULL;
	struct err e;

	if (s->nargs <= 2 || value)
		told(c, dhcp_tell(peer_dhcp(c->peer), s->args[1].v[0].text, value, &e), &e);
}

static int
dhcp6_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *what = literal(s, 1), *value = literal(s, 2);
	struct dhcp6_server scratch;

	(void)a;
	if (!what)
		return fail_usage(e, "net dhcp6: which word it is has to be known beforehand");
	/* what is not known yet is right for now */
	return dhcp6_tell(&scratch, what, s->nargs > 2 && !value ? "none" : value, e);
}

static void
dhcp6_start(struct testcase *c, const struct step *s)
{
	const char *value = s->nargs > 2 ? step_word(c, s, 2) : NULL;
	struct err e;

	if (s->nargs <= 2 || value)
		told(c, dhcp6_tell(peer_dhcp6(c->peer), s->args[1].v[0].text, value, &e), &e);
}

static int
ntp_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *what = literal(s, 1), *value = literal(s, 2);
	struct timeserver scratch = { 0 };

	(void)a;
	if (!what)
		return fail_usage(e, "net ntp: which word it is has to be known beforehand");
	if (timeserver_check(what, s->nargs > 2, e) < 0)
		return -1;
	return s->nargs > 2 && !value ? 0 : timeserver_tell(&scratch, what, value, e);
}

static void
ntp_start(struct testcase *c, const struct step *s)
{
	const char *value = s->nargs > 2 ? step_word(c, s, 2) : NULL;
	struct err e;

	if (s->nargs <= 2 || value)
		told(c, timeserver_tell(peer_timeserver(c->peer), s->args[1].v[0].text, value, &e),
		    &e);
}

/* ---- dhcp other as NAME ---- */

static const char *
address_text(struct arena *a, const unsigned char address[4])
{
	return inet_ntop(AF_INET, address, arena_alloc(a, INET_ADDRSTRLEN), INET_ADDRSTRLEN);
}

static void
other_start(struct testcase *c, const struct step *s)
{
	const char *name = step_word(c, s, 3);

	if (!name)
		return;
	dhcp_move(peer_dhcp(c->peer));
	names_set(&c->names, name, address_text(c->a, peer_dhcp(c->peer)->address));
	told(c, 0, NULL);
}

/* ---- dns NAME ANSWER [late TIME], dns draw as NAME ---- */

static int
dns_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *name = literal(s, 1), *answer = literal(s, 2), *late = literal(s, 4);
	struct dns_server *scratch = arena_alloc(a, sizeof *scratch);

	/* what is not known yet is right for now */
	return dns_tell(scratch, name ? name : "a", answer ? answer : "empty", late, e);
}

static void
dns_start(struct testcase *c, const struct step *s)
{
	const char *name = step_word(c, s, 1), *answer = name ? step_word(c, s, 2) : NULL,
		   *late = answer && s->nargs > 4 ? step_word(c, s, 4) : NULL;
	struct err e;

	if (answer && (s->nargs <= 4 || late))
		told(c, dns_tell(peer_dns(c->peer), name, answer, late, &e), &e);
}

/* in a net that is nobody's, RFC 5737 */
static void
draw_start(struct testcase *c, const struct step *s)
{
	unsigned char address[4] = { 203, 0, 113, 0 };
	const char *name = step_word(c, s, 3), *drawn, *text;
	char word[NONCE_SIZE];
	struct err e;

	if (!name)
		return;
	nonce_make(word);
	while (getrandom(&address[3], 1, 0) != 1)
		; /* only a signal can come between */
	drawn = arena_printf(c->a, "%s.example", word);
	text = address_text(c->a, address);
	names_set(&c->names, arena_printf(c->a, "%s.name", name), drawn);
	names_set(&c->names, arena_printf(c->a, "%s.address", name), text);
	told(c, dns_tell(peer_dns(c->peer), drawn, text, NULL, &e), &e);
}

/* ---- neighbour ADDRESS ---- */

static int
neighbour_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *address = literal(s, 1);
	struct neighbour scratch;

	(void)a;
	return address ? neighbour_tell(&scratch, address, e) : 0;
}

static void
neighbour_start(struct testcase *c, const struct step *s)
{
	const char *address = step_word(c, s, 1);
	struct err e;

	if (address)
		told(c, neighbour_tell(peer_neighbour(c->peer), address, &e), &e);
}

/* ---- await WHAT ---- */

static const struct {
	const char *word;
	enum peer_word heard;
} asks[] = {
	{ "discover", PEER_DISCOVER },
	{ "request", PEER_REQUEST },
	{ "decline", PEER_DECLINE },
	{ "release", PEER_RELEASE },
	{ "inform", PEER_INFORM },
	{ "inform6", PEER_INFORM6 },
	{ "dns", PEER_DNS },
	{ "ntp", PEER_NTP },
};

#define NASKS (sizeof asks / sizeof *asks)

static size_t
ask_of(const char *word)
{
	size_t i = 0;

	while (i < NASKS && strcmp(asks[i].word, word) != 0)
		i++;
	return i;
}

static int
await_parse(struct arena *a, const struct step *s, struct err *e)
{
	const char *what = literal(s, 1);

	(void)a;
	if (what && ask_of(what) < NASKS)
		return 0;
	return fail_usage(e,
	    "net await %s: unknown; one of discover request decline release inform inform6 dns ntp",
	    what ? what : "");
}

static void
await_look(struct testcase *c, const struct step *s)
{
	if (peer_heard(c->peer, asks[ask_of(s->args[1].v[0].text)].heard))
		testcase_pass(c);
}

static void
await_start(struct testcase *c, const struct step *s)
{
	if (step_needs_guest(c))
		await_look(c, s);
}

static void
await_late(struct testcase *c, const struct step *s)
{
	const char *what = s->args[1].v[0].text;

	testcase_fail(c, arena_printf(c->a, "%s", what),
	    arena_printf(
		c->a, "none within %s", testcase_seconds(c, c->step_deadline - c->step_began)),
	    "the guest did not ask: %s", what);
}

static void
await_ended(struct testcase *c, const struct step *s)
{
	testcase_fail(c, s->args[1].v[0].text, guest_reason(c->guest),
	    "the guest ended, and did not ask: %s", s->args[1].v[0].text);
}

#define NET(text, check, begin)                                                                    \
	.form = { .verb = "net", .form = text, .parse = check, .needs = NEEDS_PEER }, .start = begin

const struct verb verbs_net[] = {
	{ NET("peer", NULL, peer_start) },
	{ NET("dhcp WHAT", dhcp_parse, dhcp_start) },
	{ NET("dhcp WHAT VALUE", dhcp_parse, dhcp_start) },
	{ .form = { .verb = "net",
	      .form = "dhcp other as NAME",
	      .defines = "",
	      .needs = NEEDS_PEER },
	    .start = other_start },
	{ NET("dhcp6 WHAT", dhcp6_parse, dhcp6_start) },
	{ NET("dhcp6 WHAT VALUE", dhcp6_parse, dhcp6_start) },
	{ NET("dns NAME ANSWER", dns_parse, dns_start) },
	{ NET("dns NAME ANSWER late TIME", dns_parse, dns_start) },
	{ .form = { .verb = "net",
	      .form = "dns draw as NAME",
	      .defines = ".name .address",
	      .needs = NEEDS_PEER },
	    .start = draw_start },
	{ NET("neighbour ADDRESS", neighbour_parse, neighbour_start) },
	{ NET("ntp WHAT", ntp_parse, ntp_start) },
	{ NET("ntp WHAT VALUE", ntp_parse, ntp_start) },
	{ NET("await WHAT", await_parse, await_start), .asked = await_look, .ended = await_ended,
	    .late = await_late },
	{ .form = { .verb = NULL } },
};
