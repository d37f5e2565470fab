/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/alarms.h"

#include "build/base/arena.h"
#include "verify/guest/guest.h"
#include "verify/play/kernel_log.h"

#include <ctype.h>
#include <string.h>

/* a program may write such words without end: of more, those that look like the kernel's stay open
 */
#define QUESTIONS_MAX 20

struct question {
	struct alarms *alarms;
	unsigned number;
};

static void ask(struct alarms *s);

/* "[   12.345678] " somewhere in the line: printk cuts into what a program writes */
static bool
has_stamp(const char *line)
{
	for (const char *p = strchr(line, '['), *q; p; p = strchr(p + 1, '[')) {
		for (q = p + 1; *q == ' '; q++)
			;
		if (!isdigit((unsigned char)*q))
			continue;
		q += strspn(q, "0123456789");
		if (*q++ != '.' || !isdigit((unsigned char)*q))
			continue;
		q += strspn(q, "0123456789");
		if (*q == ']')
			return true;
	}
	return false;
}

/* takes the first of the list out of it */
static void
settle(struct alarms *s, bool real)
{
	const struct alarm *x = s->open;

	s->open = x->next;
	s->settled(s->arg, x, real);
}

void
alarms_confirm(struct alarms *s)
{
	while (s->open)
		settle(s, true);
}

static void
on_log(void *arg, const struct agent_result *r)
{
	const struct question *q = arg;
	struct alarms *s = q->alarms;
	struct arena *scratch;
	struct kernel_log log;
	struct err e;

	if (q->number != s->number)
		return;
	s->asking = false;
	scratch = arena_new();
	if (r->status != 0 || kernel_log_read(scratch, r->out, r->n, &log, &e) < 0)
		alarms_confirm(s);
	while (s->open && s->open->asked)
		settle(s, kernel_log_find(
			      scratch, &log, s->scenario, s->open->watch, KERNEL_LOG_ALL) != NULL);
	arena_free(scratch);
	if (s->open && s->questions < QUESTIONS_MAX)
		ask(s);
}

static void
ask(struct alarms *s)
{
	struct question *q = arena_alloc(s->a, sizeof *q);

	*q = (struct question){ s, s->number };
	for (struct alarm *x = s->open; x; x = x->next)
		x->asked = true;
	s->asking = true;
	s->questions++;
	guest_run(s->guest, kernel_log_command, s->deadline, on_log, q);
}

void
alarms_renew(struct alarms *s, struct guest *g, nstime deadline)
{
	s->guest = g;
	s->deadline = deadline;
	s->open = NULL;
	s->questions = 0;
	s->asking = s->closed = false;
	s->number++;
}

void
alarms_raise(struct alarms *s, const struct watch *w, const char *line, uint64_t at)
{
	struct alarm *x, **p = &s->open;

	while (*p && (*p)->watch != w)
		p = &(*p)->next;
	if (*p || (s->questions == QUESTIONS_MAX && !has_stamp(line)))
		return;
	x = arena_alloc(s->a, sizeof *x);
	*x = (struct alarm){ .watch = w, .line = arena_strdup(s->a, line), .at = at };
	*p = x;
	if (!guest_has_agent(s->guest) || s->closed)
		settle(s, has_stamp(line));
	else if (guest_state(s->guest) != GUEST_RUNNING)
		alarms_confirm(s);
	else if (!s->asking && s->questions < QUESTIONS_MAX)
		ask(s);
}

void
alarms_read(struct alarms *s)
{
	if (s->questions == QUESTIONS_MAX && !s->asking)
		s->open = NULL;
}
