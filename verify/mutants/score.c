/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/score.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/interrupt.h"
#include "verify/loop.h"
#include "verify/mutants/derive.h"
#include "verify/mutants/edit.h"
#include "verify/mutants/schedule.h"
#include "verify/play/accel.h"
#include "verify/play/run.h"
#include "verify/play/testcase.h"
#include "verify/scenario/one_line.h"
#include "verify/scenario/scenario.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* guests whose scenario sleeps are that many more, for each that is awake */
#define RESTING 2
#define REASON 200 /* characters of one */

enum control_state { CONTROL_UNNEEDED, CONTROL_WAITING, CONTROL_RUNNING, CONTROL_OVER };

/* a scenario that has killed, on the image as it is */
struct control {
	enum control_state state;
	const char *bad; /* why it has not passed; NULL: it has */
};

/* a mutant that meets its turns, or a control that has one */
struct attempt {
	struct score *s;
	struct arena *a; /* its own, as it ends long before the run does */
	size_t number;	 /* of the mutant */
	struct outcome *outcome;
	struct control *control; /* instead, or NULL */
	struct image image;	 /* the mutant's */
	const char *dir;
	const char *raw[2]; /* copies of the disk: as it is built, with the guest agent; or NULL */
	size_t turn;
	nstime began;
	struct testcase *testcase; /* NULL: none is under way */
	struct testcase_job job;
	struct testcase_result result;
	struct saved saved;
	const char *unjudged; /* why a turn could not tell, the first one; NULL: each could */
	const char *refused;  /* by this turn, once: it is played again; NULL: it was not */
	bool is_saved, cannot_boot, ended;
	bool look; /* its folder tells why it could not be judged */
};

struct score {
	struct arena *a;
	struct loop *loop;
	struct image *image;
	const struct turn *turns;
	size_t nturns;
	struct outcome *v;
	size_t n, next; /* mutant to be started */
	const struct score_opts *o;
	struct accel accel;
	double scale;
	struct control *controls; /* one a turn */
	struct attempt **slots;
	size_t nslots, jobs;
	const char *stopped;
};

static const char *
joined(struct arena *a, const char *what, const char *got)
{
	const char *all = got ? arena_printf(a, "%s: %s", what, got) : what;

	return one_line(a, all, strlen(all), REASON);
}

/* ---- how an attempt ends ---- */

static void
close_attempt(struct attempt *t)
{
	struct score *s = t->s;
	struct err e;

	/* the disks are too large to be left */
	for (size_t i = 0; i < 2; i++)
		if (t->raw[i] && !s->o->keep && unlink(t->raw[i]) < 0)
			log_warn("%s: not removed", t->raw[i]);
	if (t->is_saved && t->saved.disk && !s->o->keep)
		unlink(t->saved.disk);
	if (!t->look && !s->o->keep && file_remove(t->dir, &e) < 0)
		log_warn("%s", e.msg);
	for (size_t i = 0; i < s->nslots; i++)
		if (s->slots[i] == t)
			s->slots[i] = NULL;
	arena_free(t->a);
}

static void
note_killer(struct attempt *t)
{
	struct score *s = t->s;
	struct outcome *o = t->outcome;
	const struct failure *f = &t->result.failure;
	struct control *c = &s->controls[t->turn];

	if (!o->nkillers) {
		o->where = f->where ? arena_strdup(s->a, f->where) : NULL;
		o->reason = joined(s->a, f->what ? f->what : "refused", f->got);
	} else { /* the report has room for the first reason alone */
		log_info("%s %s: %s: %s", o->mutant->class, o->mutant->target,
		    s->turns[t->turn].scenario->name,
		    joined(t->a, f->what ? f->what : "refused", f->got));
	}
	o->killers = arena_more(s->a, o->killers, o->nkillers, sizeof *o->killers);
	o->killers[o->nkillers++] = s->turns[t->turn].scenario->name;
	if (c->state == CONTROL_UNNEEDED)
		c->state = CONTROL_WAITING;
}

static void
end_mutant(struct attempt *t, const char *inconclusive)
{
	struct outcome *o = t->outcome;

	o->kind = inconclusive	? OUTCOME_INCONCLUSIVE
		  : o->nkillers ? OUTCOME_KILLED
				: OUTCOME_SURVIVED;
	o->took = clock_now() - t->began;
	t->look = inconclusive != NULL;
	if (inconclusive)
		o->reason = joined(t->s->a, inconclusive, NULL);
	t->s->o->told(t->s->o->arg, o);
	close_attempt(t);
}

static void
end_control(struct attempt *t, const char *bad)
{
	const struct scenario *scn = t->s->turns[t->turn].scenario;

	t->control->state = CONTROL_OVER;
	t->look = bad != NULL;
	t->control->bad = bad ? arena_printf(t->s->a, "%s refuses the image as it is: %s",
				    scn->name, joined(t->s->a, bad, NULL))
			      : NULL;
	close_attempt(t);
}

/* ---- turns ---- */

static void
on_done(void *arg)
{
	struct attempt *t = arg;

	t->ended = true; /* the test case is still on the stack: reap() goes on */
}

/* the copy of the disk that this turn starts from, made when the first one needs it */
static int
choose_disk(struct attempt *t, bool agent, const char **out, struct err *e)
{
	const char *from = agent ? t->s->image->agent : t->s->image->base;
	const struct derived *m = t->control ? NULL : t->outcome->mutant;

	*out = from;
	if (!from || !m || !m->nedits)
		return 0;
	if (!t->raw[agent]) {
		const char *to = arena_printf(t->a, "%s/%s.raw", t->dir, agent ? "agent" : "base");

		if (file_mkdirs(t->dir, 0755, e) < 0)
			return -1;
		t->raw[agent] = to;
		if (edit_copy(m->edits, m->nedits, &t->image.m, from, to, e) < 0)
			return -1;
	}
	*out = t->raw[agent];
	return 0;
}

static void
fill_job(struct attempt *t, const char *disk, bool agent)
{
	struct score *s = t->s;
	const struct turn *turn = &s->turns[t->turn];

	t->job = (struct testcase_job){ .image = &t->image,
		.scenario = turn->scenario,
		.dir = arena_printf(t->a, "%s/%s", t->dir, turn->scenario->name),
		.base = disk,
		.agent = agent,
		.accel = s->accel.name,
		.cpu = s->accel.cpu,
		.scale = s->scale,
		.keep = s->o->keep };
	if (turn->kind == TURN_BOOTED) {
		t->saved = (struct saved){ .state = turn->scenario->name };
		t->job.save = &t->saved;
		t->is_saved = true;
	} else if (turn->kind == TURN_AFTER && t->is_saved && !t->saved.why_not) {
		t->job.from = &t->saved;
	}
}

static int
start_turn(struct attempt *t, struct err *e)
{
	struct score *s = t->s;
	const struct scenario *scn = s->turns[t->turn].scenario;
	bool agent = !scn->pristine && s->image->agent;
	const char *disk;

	if (choose_disk(t, agent, &disk, e) < 0)
		return -1;
	if (t->raw[agent] && !agent) {
		t->image.base = disk;
		stat(disk, &t->image.as_read);
	}
	fill_job(t, disk, agent);
	t->ended = false;
	t->result = (struct testcase_result){ .scenario = scn->name, .dir = t->job.dir };
	t->testcase = testcase_start(t->a, s->loop, &t->job, &t->result, on_done, t);
	return 0;
}

/* the next one, from `at` on, or the end */
static void
go_on(struct attempt *t, size_t at)
{
	struct score *s = t->s;
	struct err e;

	while (at < s->nturns && t->cannot_boot && s->turns[at].kind == TURN_AFTER)
		at++;
	t->turn = at;
	if (at == s->nturns)
		end_mutant(t, t->outcome->nkillers ? NULL : t->unjudged);
	else if (start_turn(t, &e) < 0)
		t->control ? end_control(t, e.msg) : end_mutant(t, e.msg);
}

/*
 * A test case under load may fail for once, and would have killed what another run has survive:
 * what a guest was refused for has to come again.  A boot is what all start with, and shown by the
 * control.
 */
static bool
is_to_be_seen_twice(struct attempt *t, bool failed)
{
	const struct turn *turn = &t->s->turns[t->turn];
	const struct derived *m = t->outcome->mutant;
	const char *before = t->refused;

	t->refused = NULL;
	if (failed && !before && (turn->kind == TURN_AFTER || turn->kind == TURN_COLD)) {
		t->refused = joined(t->a, t->result.failure.what, t->result.failure.got);
		return true;
	}
	if (!failed && before)
		log_warn("%s %s: %s refused it once, and then not: %s", m->class, m->target,
		    turn->scenario->name, before);
	return false;
}

/* a test case of it is over */
static void
take_verdict(struct attempt *t)
{
	struct score *s = t->s;
	const struct testcase_result *r = &t->result;
	bool failed = r->verdict == VERDICT_FAIL,
	     goes_on = s->o->all || (s->o->function && s->turns[t->turn].kind == TURN_OFFLINE),
	     last = failed && !goes_on;

	if (t->control) {
		if (r->booted && s->o->scale <= 0)
			s->scale = run_learn(s->scale, r->booted);
		end_control(t, r->verdict == VERDICT_PASS ? NULL
			       : r->reason		  ? r->reason
							  : r->failure.what);
	} else {
		/* the next turn may well refuse what this one could not even look at */
		if (r->verdict == VERDICT_INCONCLUSIVE && !t->unjudged)
			t->unjudged = r->reason;
		if (is_to_be_seen_twice(t, failed)) {
			go_on(t, t->turn);
			return;
		}
		if (failed)
			note_killer(t);
		t->cannot_boot |=
		    r->verdict != VERDICT_PASS && s->turns[t->turn].kind == TURN_BOOTED;
		go_on(t, last ? s->nturns : t->turn + 1);
	}
}

static void
reap(struct score *s)
{
	for (size_t i = 0; i < s->nslots; i++) {
		struct attempt *t = s->slots[i];

		if (!t || !t->ended)
			continue;
		testcase_free(t->testcase);
		t->testcase = NULL;
		if (!s->stopped) {
			take_verdict(t);
			continue;
		}
		if (t->outcome) /* it has not met all that it should have */
			t->outcome->nkillers = 0;
		close_attempt(t);
	}
}

/* ---- starting ---- */

static struct attempt *
new_attempt(struct score *s, size_t slot, const char *name)
{
	struct arena *a = arena_new();
	struct attempt *t = arena_alloc(a, sizeof *t);

	*t = (struct attempt){ .s = s,
		.a = a,
		.image = *s->image,
		.began = clock_now(),
		.dir = arena_printf(a, "%s/%s", s->o->out, name) };
	s->slots[slot] = t;
	return t;
}

/* what the kernel is told, but for that word */
static const char *
without(struct arena *a, const char *append, const char *word)
{
	const char *at = append;
	size_t n = strlen(word);

	while (
	    (at = strstr(at, word)) && ((at > append && at[-1] != ' ') || (at[n] && at[n] != ' ')))
		at++;
	return at ? arena_printf(a, "%.*s%s", (int)(at - append), append, at + n) : append;
}

static void
start_mutant(struct score *s, size_t slot, size_t number)
{
	struct outcome *o = &s->v[number];
	struct attempt *t = new_attempt(s, slot, arena_printf(s->a, "mutant-%zu", number + 1));

	t->number = number;
	t->outcome = o;
	t->image.m.image_digest = NULL; /* it is another one by intent */
	if (o->mutant->without)
		t->image.m.append = without(t->a, s->image->m.append, o->mutant->without);
	if (o->mutant->without && !strcmp(t->image.m.append, s->image->m.append))
		end_mutant(
		    t, arena_printf(t->a, "the kernel is not told %s: nothing would be broken",
			   o->mutant->without));
	else
		go_on(t, 0);
}

static void
start_control(struct score *s, size_t slot, size_t turn)
{
	struct attempt *t =
	    new_attempt(s, slot, arena_printf(s->a, "control-%s", s->turns[turn].scenario->name));

	t->control = &s->controls[turn];
	t->control->state = CONTROL_RUNNING;
	go_on(t, turn);
}

static bool
start_one(struct score *s, size_t slot)
{
	for (size_t i = 0; i < s->nturns; i++)
		if (s->controls[i].state == CONTROL_WAITING) {
			start_control(s, slot, i);
			return true;
		}
	while (s->next < s->n && s->v[s->next].kind != OUTCOME_NONE)
		s->next++;
	if (s->next == s->n)
		return false;
	start_mutant(s, slot, s->next++);
	return true;
}

static size_t
running(const struct score *s, bool awake)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nslots; i++)
		n += s->slots[i] && !(awake && s->slots[i]->testcase &&
					testcase_is_sleeping(s->slots[i]->testcase));
	return n;
}

static void
start_what_fits(struct score *s)
{
	for (size_t i = 0; i < s->nslots; i++)
		while (!s->slots[i] && !s->stopped && running(s, true) < s->jobs)
			if (!start_one(s, i))
				return;
}

static void
on_signal(void *arg, int fd, short revents)
{
	struct score *s = arg;
	unsigned number = interrupt_take(fd);

	(void)revents;
	if (!number || s->stopped)
		return;
	s->stopped = arena_printf(s->a, "interrupted by signal %u", number);
	for (size_t i = 0; i < s->nslots; i++)
		if (s->slots[i])
			testcase_interrupt(s->slots[i]->testcase, s->stopped);
}

/* ---- all of it ---- */

/* whatever killed in an earlier run has to be shown to be true, too */
static void
want_controls(struct score *s)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->v[i].nkillers; k++)
			for (size_t t = 0; t < s->nturns; t++)
				if (!strcmp(s->turns[t].scenario->name, s->v[i].killers[k]))
					s->controls[t].state = CONTROL_WAITING;
}

/* takes the kill back; what was told of the mutant is what the first killer said */
static void
take_back(struct outcome *o, const char *name, const char *bad)
{
	for (size_t k = 0; k < o->nkillers; k++) {
		if (strcmp(o->killers[k], name) != 0)
			continue;
		if (k == 0) {
			o->kind = OUTCOME_INCONCLUSIVE;
			o->reason = bad;
		}
		memmove(
		    &o->killers[k], &o->killers[k + 1], (o->nkillers - k - 1) * sizeof *o->killers);
		o->nkillers--;
		return;
	}
}

static const char *
check_controls(struct score *s)
{
	const char *untrue = NULL;

	for (size_t t = 0; t < s->nturns; t++) {
		const struct control *c = &s->controls[t];

		if (!c->bad)
			continue;
		untrue = c->bad;
		for (struct outcome *o = s->v; o < s->v + s->n; o++)
			take_back(o, s->turns[t].scenario->name, c->bad);
	}
	return untrue;
}

static int
prepare(struct score *s, struct err *e)
{
	const struct score_opts *o = s->o;
	unsigned cpus = run_processors();
	bool boots = false;

	s->jobs = o->jobs ? o->jobs : cpus;
	s->scale = o->scale > 0 ? o->scale : run_scale(cpus, run_contention(), (unsigned)s->jobs);
	s->nslots = RESTING * s->jobs;
	s->slots = arena_array(s->a, s->nslots, sizeof(struct attempt *));
	s->controls = arena_array(s->a, s->nturns + 1, sizeof *s->controls);
	for (size_t i = 0; i < s->nturns; i++)
		boots |= s->turns[i].kind != TURN_OFFLINE;
	if (file_mkdirs(s->image->dir, 0755, e) < 0)
		return -1;
	if (!boots)
		return 0;
	return accel_choose(s->a, o->accel, s->image, &s->accel, e) < 0 ||
		       image_make_agent(s->a, s->image, e) < 0
		   ? -1
		   : 0;
}

int
score_play(struct arena *a, struct image *image, const struct turn *turns, size_t nturns,
    struct outcome *v, size_t n, const struct score_opts *o, const char **untrue,
    const char **stopped, struct err *e)
{
	struct score s = {
		.a = a, .image = image, .turns = turns, .nturns = nturns, .v = v, .n = n, .o = o
	};
	struct interrupt signals = { .fd = -1 };
	int bad;

	if (prepare(&s, e) < 0)
		return -1;
	want_controls(&s);
	s.loop = loop_new();
	bad = interrupt_begin(&signals, s.loop, on_signal, &s, e);
	while (bad == 0) {
		start_what_fits(&s);
		if (!running(&s, false))
			break;
		bad = loop_once(s.loop, e);
		reap(&s);
	}
	*untrue = check_controls(&s);
	*stopped = s.stopped;
	loop_free(s.loop);
	interrupt_end(&signals);
	return bad == 0 ? image_check_digest(image, e) : bad;
}
