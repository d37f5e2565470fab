/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/timeserver.h"

#include "verify/guest/ntp.h"
#include "verify/peer/words.h"

#include <string.h>
#include <time.h>

#define SERVER 123
#define ERA_ENDS 2085978495u /* seconds since 1970, the last that NTP can tell */

static const struct manner {
	const char *word;
	int manner;
	enum { NOTHING, SECONDS, LATENESS } takes;
} manners[] = {
	{ "pass", TIMESERVER_PASS, NOTHING },
	{ "at", TIMESERVER_OK, SECONDS }, /* its time now, since 1970 */
	{ "late", TIMESERVER_OK, LATENESS },
	{ "silent", TIMESERVER_SILENT, NOTHING },
	{ "kiss", TIMESERVER_KISS, NOTHING },
};

static const struct manner *
manner_of(const char *word)
{
	for (size_t i = 0; i < sizeof manners / sizeof *manners; i++)
		if (!strcmp(manners[i].word, word))
			return &manners[i];
	return NULL;
}

static int
unknown(const char *what, struct err *e)
{
	return fail_usage(e, "net ntp %s: unknown; one of pass at late silent kiss", what);
}

static int
check_value(const char *what, const struct manner *m, bool has_value, struct err *e)
{
	if ((m->takes != NOTHING) == has_value)
		return 0;
	return fail_usage(
	    e, "net ntp %s: %s", what, has_value ? "takes no value" : "needs a value behind it");
}

int
timeserver_check(const char *what, bool has_value, struct err *e)
{
	const struct manner *m = manner_of(what);

	return m ? check_value(what, m, has_value, e) : unknown(what, e);
}

int
timeserver_tell(struct timeserver *s, const char *what, const char *value, struct err *e)
{
	const struct manner *m = manner_of(what);
	uint32_t seconds;
	nstime late = 0;

	if (!m)
		return unknown(what, e);
	if (check_value(what, m, value != NULL, e) < 0)
		return -1;
	if (m->takes == SECONDS) {
		if (words_number(value, 0, ERA_ENDS, "seconds since 1970", &seconds, e) < 0)
			return wrap(e, "net ntp %s", what);
		s->offset = (nstime)seconds * NS_PER_S - clock_now();
	} else if (m->takes == LATENESS && words_time(value, &late, e) < 0) {
		return wrap(e, "net ntp %s", what);
	}
	s->late = late;
	/* one that was told no time has the host's */
	if (!s->offset)
		s->offset = (nstime)time(NULL) * NS_PER_S - clock_now();
	s->manner = m->manner;
	return 0;
}

bool
timeserver_asks(const struct datagram *d)
{
	unsigned char out[NTP_SIZE];

	return d->to_port == SERVER && ntp_answer(d->p, d->n, 0, out);
}

void
timeserver_answer(
    const struct timeserver *s, const struct datagram *d, frame_reply *reply, void *arg)
{
	unsigned char out[NTP_SIZE];
	struct datagram r = frame_back(d);

	if (s->manner == TIMESERVER_SILENT || s->manner == TIMESERVER_PASS ||
	    !ntp_answer(d->p, d->n, clock_now() + s->offset, out))
		return;
	if (s->manner == TIMESERVER_KISS)
		ntp_kiss(out);
	r.p = out;
	r.n = sizeof out;
	reply(arg, &r, s->late);
}
