/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/run.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/log.h"
#include "build/cache/shared.h"
#include "build/cache/store.h"
#include "build/cache/traffic.h"
#include "build/config/config.h"
#include "build/engine/chart.h"
#include "build/engine/job.h"
#include "build/engine/jobserver.h"
#include "build/engine/orphans.h"
#include "build/engine/progress.h"
#include "build/engine/ready.h"
#include "build/engine/task.h"
#include "build/engine/weight.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/plan/tools.h"
#include "build/source/fetch.h"
#include "build/source/override.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* seconds: what takes so long is announced */
#define LONG 10
/* how long a signal may keep us */
#define TIDY_MS 2000

struct run {
	struct run_context ctx;
	struct job *jobs;
	size_t njobs;
	const struct run_opts *o;
	struct task *tasks; /* plan after plan, each as plan->v and then its end */
	size_t n, ndone;
	struct task **asked; /* all they need is there: to be looked up */
	size_t nasked;
	struct ready ready;
	struct task **running; /* those with a child */
	size_t nrunning, nelsewhere;
	struct task **makers; /* by key: a hash table, never more than half full */
	size_t nmakers;
	struct pollfd *polled;
	nstime shown;  /* the block */
	int signals;   /* signalfd */
	int killed_by; /* signal that ends the run, or 0 */
	size_t nfailed;
	struct err first; /* failure */
};

/* ---- what is known already ---- */

static void
ask(struct run *r, struct task *t)
{
	t->state = TASK_PENDING;
	r->asked[r->nasked++] = t;
}

/* for those who need it, and those who have waited for its result as for their own */
static int
done(struct run *r, struct task *t, struct err *e)
{
	struct task *next = t->same_key;

	t->state = TASK_DONE;
	t->same_key = NULL;
	r->ndone++;
	if (t->node && !r->o->dry &&
	    journal_done(&t->job->journal, t->node, t->key_text, t->built, e) < 0)
		return -1;
	for (size_t i = 0; i < t->nwanted_by; i++)
		if (--t->wanted_by[i]->unmet == 0 && t->wanted_by[i]->state == TASK_PENDING)
			ask(r, t->wanted_by[i]);
	if (!next)
		return 0;
	next->built = t->built;
	next->node->form = t->node->form;
	next->node->store = t->node->store;
	memcpy(next->node->output, t->node->output, sizeof next->node->output);
	return done(r, next, e);
}

/* where in the table the maker of a key is, or would be */
static struct task **
maker_of(struct run *r, const char *key)
{
	char head[9] = { 0 };
	size_t i;

	memcpy(head, key, sizeof head - 1);
	for (i = strtoul(head, NULL, 16) % r->nmakers;
	     r->makers[i] && strcmp(r->makers[i]->node->key, key) != 0; i = (i + 1) % r->nmakers)
		;
	return &r->makers[i];
}

/* is to be built: by this task, or by one that is to do it already */
static void
wanted(struct run *r, struct task *t)
{
	struct task **maker = t->node ? maker_of(r, t->node->key) : NULL;

	if (maker && !*maker)
		*maker = t;
	if (!maker || *maker == t) {
		t->state = TASK_READY;
		t->ready = clock_now();
		ready_add(&r->ready, t);
		return;
	}
	t->state = TASK_SHARED;
	t->seconds = 0;
	t->same_key = (*maker)->same_key;
	(*maker)->same_key = t;
}

/* those whose look-up at CACHE_URL is over are asked for again, here */
static void
take_answers(struct run *r)
{
	struct task *t;

	while ((t = traffic_turn(r->ctx.traffic)))
		r->asked[r->nasked++] = t;
}

/* what became of those whose needs are all there, and then of those who need them */
static int
advance(struct run *r, struct err *e)
{
	for (;;) {
		struct task *t;
		int found;

		if (!r->nasked)
			take_answers(r);
		if (!r->nasked)
			return 0;
		t = r->asked[--r->nasked];
		found = t->node ? task_look_up(&r->ctx, t, e) : 0;
		if (found < 0)
			return -1;
		if (found == TASK_WAITS)
			continue;
		if (!found)
			wanted(r, t);
		else if (done(r, t, e) < 0)
			return -1;
	}
}

/*
 * Before the loop, when nothing is built yet: until nothing is looked up any more.  A signal ends
 * us as it does anybody.
 */
static int
settle(struct run *r, struct err *e)
{
	struct traffic *t = r->ctx.traffic;
	struct pollfd v[TRAFFIC_POLLS];

	for (;;) {
		if (advance(r, e) < 0)
			return -1;
		if (!traffic_gets(t))
			return 0;
		if (poll(v, traffic_poll(t, v), clock_poll_ms(traffic_deadline(t))) < 0 &&
		    errno != EINTR)
			return fail_errno(e, "poll");
	}
}

/* ---- sources ---- */

static bool
wants_source(const struct task *t)
{
	return t->node && t->state != TASK_DONE && t->node->version && !t->override;
}

/* each folder is read once */
static int
read_overrides(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];
		const char *uncommitted;
		struct override *o;

		if (!t->node || !t->node->override)
			continue;
		for (size_t j = 0; j < i && !t->override; j++)
			if (r->tasks[j].override &&
			    !strcmp(r->tasks[j].node->override, t->node->override))
				t->override = r->tasks[j].override;
		if (!t->override) {
			o = arena_alloc(r->ctx.a, sizeof *o);
			if (override_read(r->ctx.a, t->job->plan->memo, t->node->override, o, e) <
			    0)
				return wrap(e, "%s", t->node->origin->name);
			uncommitted = override_uncommitted(r->ctx.a, o);
			if (uncommitted)
				log_warn("%s", uncommitted);
			t->override = o;
		}
		t->node->override_hash = t->override->id;
	}
	return 0;
}

/* the first failure is what the run ends with; others are told at once */
static void
take_note(struct run *r, const struct err *failure)
{
	if (r->nfailed++ == 0)
		r->first = *failure;
	else
		log_warn("%s", failure->msg);
}

/* what has no source is not looked up */
static void
drop_failed(struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nasked; i++)
		if (r->asked[i]->state != TASK_FAILED)
			r->asked[n++] = r->asked[i];
	r->nasked = n;
}

/* the sources of all nodes that may have to be built, each once; of: task -> want */
static size_t
wanted_sources(const struct run *r, struct want *wants, size_t *of)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct node *node = r->tasks[i].node;

		if (!wants_source(&r->tasks[i]))
			continue;
		for (of[i] = 0; of[i] < n && wants[of[i]].forms != node->version->forms; of[i]++)
			;
		if (of[i] == n)
			wants[n++] = (struct want){ .name = node->origin->name,
				.version = node->version->version,
				.forms = node->version->forms,
				.nforms = node->version->nforms };
	}
	return n;
}

/*
 * Known only now is which form they come in, and so the keys of those that seemed ready: they are
 * asked for again.
 */
static int
get_sources(struct run *r, struct err *e)
{
	struct want *wants = arena_array(r->ctx.a, r->n + 1, sizeof *wants);
	size_t *of = arena_array(r->ctx.a, r->n + 1, sizeof *of), n = wanted_sources(r, wants, of);

	if (n && fetch_all(r->ctx.a, r->jobs[0].cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got) {
			traffic_put_source(
			    r->ctx.traffic, r->jobs[0].shared, wants[i].path, wants[i].got->sha256);
			continue;
		}
		fetch_lack(r->jobs[0].cfg, &wants[i], &lack);
		take_note(r, &lack);
	}
	memset(r->makers, 0, r->nmakers * sizeof(struct task *));
	r->ready.n = 0;
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];

		if (t->state == TASK_READY || t->state == TASK_SHARED)
			ask(r, t);
		t->same_key = NULL;
		if (!wants_source(t))
			continue;
		t->node->form = wants[of[i]].got;
		t->archive = wants[of[i]].path;
		if (!t->node->form)
			t->state = TASK_FAILED;
	}
	drop_failed(r);
	return 0;
}

/* ---- the run ---- */

static bool
over(const struct run *r)
{
	return r->killed_by || (r->nfailed && !r->o->keep_going);
}

/* another lh-build has built it, or is dead, or still builds it */
static void
ask_again(struct run *r)
{
	nstime now = clock_now();

	for (size_t i = 0; r->nelsewhere && i < r->n; i++)
		if (r->tasks[i].state == TASK_ELSEWHERE && r->tasks[i].again <= now) {
			ask(r, &r->tasks[i]);
			r->nelsewhere--;
		}
}

/* what runs long says so where no block is shown, so that a log is not silent for minutes */
static void
announce(const struct run *r, const struct task *t)
{
	if (log_is_terminal() || t->seconds < LONG)
		return;
	log_info("%s %s: started, %s %.0f s", clock_stamp(r->ctx.a, clock_now() - r->ctx.began),
	    t->id, t->guessed ? "estimated" : "last time", t->seconds);
}

static int
start_ready(struct run *r, struct err *e)
{
	struct task *t;

	while (!over(r) && jobserver_free(r->ctx.tokens) && (t = ready_take(&r->ready))) {
		if (task_start(&r->ctx, t, e) < 0)
			return wrap(e, "%s", t->id);
		if (t->state == TASK_ELSEWHERE) {
			r->nelsewhere++;
			continue;
		}
		if (t->work.checkpoint)
			t->seconds = 0; /* what it took last time was all of it */
		r->running[r->nrunning++] = t;
		announce(r, t);
	}
	return 0;
}

static void
show(struct run *r)
{
	struct progress p = { .done = r->ndone, .n = r->n };
	struct buf b = { 0 };

	if (!log_is_terminal() || clock_now() - r->shown < NS_PER_S / 5)
		return;
	r->shown = clock_now();
	p.left = weight_left(r->tasks, r->n, r->jobs[0].cfg->jobs);
	p.passed = (double)(r->shown - r->ctx.began) / NS_PER_S;
	p.rows = arena_array(r->ctx.a, r->nrunning + 1, sizeof *p.rows);
	for (size_t i = 0; i < r->nrunning; i++) {
		const struct task *t = r->running[i];

		if (t->state == TASK_RUNNING)
			p.rows[p.nrows++] = (struct progress_row){ t->id, task_step(t),
				(double)(r->shown - t->since) / NS_PER_S,
				t->guessed ? 0 : t->seconds };
	}
	progress_text(&p, &b);
	log_block(b.p);
	buf_free(&b);
}

static nstime
deadline(const struct run *r)
{
	nstime first = jobserver_deadline(r->ctx.tokens), answer = traffic_deadline(r->ctx.traffic);

	if (answer < first)
		first = answer;

	for (size_t i = 0; r->nelsewhere && i < r->n && !over(r); i++)
		if (r->tasks[i].state == TASK_ELSEWHERE && r->tasks[i].again < first)
			first = r->tasks[i].again;
	for (size_t i = 0; i < r->nrunning; i++)
		if (task_deadline(r->running[i]) < first)
			first = task_deadline(r->running[i]);
	if (log_is_terminal() && clock_now() + NS_PER_S < first)
		first = clock_now() + NS_PER_S;
	return first;
}

static int
go_on(struct run *r, struct task *t, struct err *e)
{
	bool was_done = t->state == TASK_DONE;
	struct err failure;

	if (task_go_on(&r->ctx, t, &failure, e) < 0)
		return wrap(e, "%s", t->id);
	if (t->state == TASK_FAILED) {
		take_note(r, &failure);
		for (struct task *next = t->same_key; next; next = next->same_key)
			next->state = TASK_FAILED;
	}
	return t->state == TASK_DONE && !was_done ? done(r, t, e) : 0;
}

static void
stop_late(struct run *r)
{
	nstime now = clock_now();

	for (size_t i = 0; i < r->nrunning; i++)
		if (task_deadline(r->running[i]) <= now)
			task_stop(r->running[i]);
}

/* waits until something happens; children that died are taken note of */
static int
turn(struct run *r, struct err *e)
{
	bool waiting = !over(r) && r->ready.n;
	struct pollfd *v = r->polled;
	size_t n = 0, children = r->nrunning;

	for (size_t i = 0; i < children; i++)
		v[n++] = (struct pollfd){ .fd = r->running[i]->child.pidfd, .events = POLLIN };
	v[n++] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	n += jobserver_poll(r->ctx.tokens, waiting, v + n);
	n += traffic_poll(r->ctx.traffic, v + n);

	if (poll(v, n, clock_poll_ms(deadline(r))) < 0 && errno != EINTR)
		return fail_errno(e, "poll");
	if (v[children].revents) {
		struct signalfd_siginfo s;

		if (read(r->signals, &s, sizeof s) == (ssize_t)sizeof s)
			r->killed_by = (int)s.ssi_signo;
		return 0;
	}
	/* from the end: the last one takes the place of one that goes */
	for (size_t i = children; i-- > 0;) {
		struct task *t = r->running[i];

		if (!v[i].revents)
			continue;
		if (go_on(r, t, e) < 0)
			return -1;
		if (!t->child.pid)
			r->running[i] = r->running[--r->nrunning];
	}
	stop_late(r);
	return 0;
}

static int
tidy(void *arg, struct err *e)
{
	struct run *r = arg;

	(void)e;
	for (size_t i = 0; i < r->nrunning; i++)
		task_tidy(r->running[i]);
	return 0;
}

/*
 * Nobody survives us.  What they leave half-done is removed for a moment only, and not after
 * another signal: it may be a hundred thousand files.  The rest is the next builder's to sweep.
 */
static void
kill_all(struct run *r)
{
	struct child tidier;
	struct err ignored;
	size_t n = 0;
	int status;

	for (size_t i = 0; i < r->nrunning; i++)
		if (r->running[i]->child.pid || r->running[i]->state == TASK_RUNNING)
			r->running[n++] = r->running[i];
	r->nrunning = n;
	for (size_t i = 0; i < n; i++)
		child_kill(&r->running[i]->child, SIGKILL);
	traffic_stop(r->ctx.traffic, r->killed_by);
	for (size_t i = 0; i < n; i++)
		if (r->running[i]->child.pid)
			child_wait(&r->running[i]->child, &status, &ignored);
	if (n && task_aside(&tidier, tidy, r, &ignored) == 0) {
		struct pollfd v[] = { { .fd = tidier.pidfd, .events = POLLIN },
			{ .fd = r->signals, .events = POLLIN } };

		poll(v, 2, TIDY_MS);
		child_kill(&tidier, SIGKILL);
		child_wait(&tidier, &status, &ignored);
	}
	for (size_t i = 0; i < n; i++)
		task_abandon(&r->ctx, r->running[i]);
}

/* may there be something to be started, now or later */
static bool
is_to_come(const struct run *r)
{
	return r->nelsewhere || r->ready.n || r->nasked || traffic_gets(r->ctx.traffic);
}

static int
loop(struct run *r, struct err *e)
{
	for (;;) {
		ask_again(r);
		if (advance(r, e) < 0)
			return -1;
		jobserver_turn(r->ctx.tokens, !over(r) && r->ready.n);
		if (start_ready(r, e) < 0)
			return -1;
		if (!r->nrunning && (over(r) || !is_to_come(r)))
			return 0;
		show(r);
		if (turn(r, e) < 0)
			return -1;
		if (r->killed_by)
			return 0;
	}
}

/* a kernel's folder takes minutes on a slow disk, and nothing else happens any more */
static void
say_sweeping(const struct run *r)
{
	log_status("removing what a killed build has left in %s/work", r->jobs[0].cfg->cache);
}

/* while others work */
static int
sweep(void *arg, struct err *e)
{
	const struct run *r = arg;

	(void)e;
	orphans_sweep(r->ctx.a, r->jobs, r->njobs, true);
	return 0;
}

/* the run itself, beside the removal of what others left behind */
static int
run_swept(struct run *r, struct err *e)
{
	struct child sweeper;
	struct err ignored;
	int result, status;
	bool sweeping;

	orphans_mark(r->ctx.a, r->jobs, r->njobs);
	sweeping = orphans_sweep(r->ctx.a, r->jobs, r->njobs, false);
	if (sweeping && task_aside(&sweeper, sweep, r, e) < 0)
		return -1;
	result = loop(r, e);
	kill_all(r);
	log_status("%s", "");
	if (sweeping && r->killed_by)
		child_kill(&sweeper, SIGKILL);
	else if (sweeping)
		say_sweeping(r);
	if (sweeping)
		child_wait(&sweeper, &status, &ignored);
	log_status("%s", "");
	return result;
}

/* with signals as descriptors, and with tokens */
static int
build_all(struct run *r, struct err *e)
{
	sigset_t ours, before;
	struct signalfd_siginfo late;
	int result;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigaddset(&ours, SIGHUP);
	sigprocmask(SIG_BLOCK, &ours, &before);
	r->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (r->signals < 0) {
		result = fail_errno(e, "signalfd");
		goto unblock;
	}
	result =
	    jobserver_open(r->ctx.a, r->jobs[0].cfg->jobs, getenv("MAKEFLAGS"), &r->ctx.tokens, e);
	if (result < 0)
		goto close_signals;
	result = run_swept(r, e);
	jobserver_close(r->ctx.tokens);
	/* what came after the first is not to end us without a word */
	while (read(r->signals, &late, sizeof late) > 0)
		;
close_signals:
	close(r->signals);
unblock:
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

/* ---- the whole ---- */

static void
add_edge(struct arena *a, struct task *need, struct task *by, size_t most)
{
	if (!need->wanted_by)
		need->wanted_by = arena_array(a, most, sizeof(struct task *));
	need->wanted_by[need->nwanted_by++] = by;
	by->unmet++;
}

/* the tasks of a plan, and its end behind them; returns what is free behind that */
static struct task *
add_plan(struct run *r, struct job *j, struct task *t)
{
	struct arena *a = r->ctx.a;
	struct task *end = t + j->plan->n;
	const char *before = *j->label ? arena_printf(a, "%s ", j->label) : "";

	for (size_t i = 0; i < j->plan->n; i++) {
		struct node *n = &j->plan->v[i];

		t[i] = (struct task){ .job = j,
			.node = n,
			.name = plan_node_name(a, n),
			.id = arena_printf(a, "%s%s", before, n->id) };
		for (size_t k = 0; k < n->nneeds; k++)
			add_edge(a, &t[n->needs[k]], &t[i], j->plan->n + 1);
	}
	if (!j->finish)
		return end;
	*end = (struct task){ .job = j,
		.name = j->finish_name,
		.id = arena_printf(a, "%s%s", before, j->finish_name) };
	for (size_t i = 0; i < j->plan->n; i++)
		add_edge(a, &t[i], end, j->plan->n + 1);
	return end + 1;
}

/* one for all plans with the same CACHE and CACHE_URL */
static void
open_shared(struct run *r, struct job *j)
{
	for (const struct job *k = r->jobs; k < j; k++)
		if (!strcmp(k->cfg->cache, j->cfg->cache) &&
		    !strcmp(config_get(k->cfg, "CACHE_URL"), config_get(j->cfg, "CACHE_URL"))) {
			j->shared = k->shared;
			return;
		}
	j->shared = shared_open(r->ctx.a, j->cfg, j->store, &transfer_brisk);
}

void
run_close(struct run *r)
{
	struct traffic *t = r->ctx.traffic;
	struct pollfd v[TRAFFIC_POLLS];

	traffic_stop(t, r->killed_by);
	while (!traffic_turn(t) && traffic_pending(t))
		if (poll(v, traffic_poll(t, v), clock_poll_ms(traffic_deadline(t))) < 0 &&
		    errno != EINTR)
			traffic_stop(t, true);
	for (struct job *j = r->jobs; j < r->jobs + r->njobs; j++) {
		bool last = true;

		for (const struct job *k = j + 1; k < r->jobs + r->njobs; k++)
			last = last && k->shared != j->shared;
		if (last)
			shared_close(j->shared);
	}
}

static int
open_job(struct run *r, struct job *j, struct err *e)
{
	struct arena *a = r->ctx.a;

	if (!j->label)
		j->label = "";
	if (!j->dir)
		j->dir = arena_printf(a, "%s/%s", j->cfg->output, j->cfg->triple);
	j->journal = (struct journal){
		.a = a, .dir = j->dir, .cache = j->cfg->cache, .triple = j->cfg->triple
	};
	return r->o->dry ? 0 : journal_open(&j->journal, e);
}

/* the tasks of all jobs, and room for what becomes of them */
static void
make_tasks(struct run *r)
{
	struct arena *a = r->ctx.a;
	struct task *next;
	size_t most = 0;

	for (size_t i = 0; i < r->njobs; i++)
		most += r->jobs[i].plan->n + 1;
	r->tasks = next = arena_array(a, most, sizeof *r->tasks);
	for (size_t i = 0; i < r->njobs; i++)
		next = add_plan(r, &r->jobs[i], next);
	r->n = (size_t)(next - r->tasks);
	r->asked = arena_array(a, most, sizeof *r->asked);
	r->running = arena_array(a, most, sizeof *r->running);
	r->ready.v = arena_array(a, most, sizeof *r->ready.v);
	r->nmakers = 2 * most + 1;
	r->makers = arena_array(a, r->nmakers, sizeof *r->makers);
	r->polled =
	    arena_array(a, most + 1 + JOBSERVER_POLLS(most) + TRAFFIC_POLLS, sizeof *r->polled);
}

/* everything, from the beginning */
static int
look_up_all(struct run *r, struct err *e)
{
	r->ndone = r->nasked = r->ready.n = 0;
	memset(r->makers, 0, r->nmakers * sizeof(struct task *));
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];

		t->state = TASK_PENDING;
		t->same_key = NULL;
		t->unmet = t->node ? t->node->nneeds : t->job->plan->n;
		if (t->node)
			t->node->form = NULL;
		if (!t->unmet)
			ask(r, t);
	}
	return settle(r, e);
}

/* nothing is to be built, and what was made of each plan is there: 1, 0 or -1 */
static int
is_up_to_date(const struct run *r, struct err *e)
{
	int there = 1;

	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].node && r->tasks[i].state != TASK_DONE)
			return 0;
	for (size_t i = 0; i < r->njobs && there > 0; i++)
		there = r->jobs[i].is_there ? r->jobs[i].is_there(r->jobs[i].arg, e) : 0;
	return there;
}

/*
 * What the store has is read and compared when it is used, and not when nothing is to be done.
 * What CACHE_URL has is asked for then as well.
 */
static int
look_up(struct run *r, struct err *e)
{
	int there = look_up_all(r, e) < 0 ? -1 : is_up_to_date(r, e);

	for (size_t i = 0; there > 0 && i < r->n; i++)
		r->tasks[i].state = TASK_DONE;
	if (there > 0)
		r->ndone = r->n;
	r->ctx.verify = true;
	return there ? there : look_up_all(r, e);
}

int
run_open(struct arena *a, struct job *jobs, size_t n, const struct run_opts *o, struct run **out,
    struct err *e)
{
	struct run *r = arena_alloc(a, sizeof *r);

	*r = (struct run){ .ctx = { .a = a, .traffic = traffic_new(a), .began = clock_now() },
		.jobs = jobs,
		.njobs = n,
		.o = o };
	for (size_t i = 0; i < n; i++)
		if (open_job(r, &jobs[i], e) < 0)
			return -1;
	if (n && jobs->plan->tools)
		r->ctx.unboxed = jobs->plan->tools->unboxed;
	make_tasks(r);
	if (read_overrides(r, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !o->dry; i++)
		open_shared(r, &jobs[i]);
	*out = r;
	if (look_up(r, e) < 0) {
		run_close(r);
		return -1;
	}
	return 0;
}

static bool
counts(const struct task *t)
{
	return t->node && t->state != TASK_SHARED;
}

size_t
run_nodes(const struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += counts(&r->tasks[i]);
	return n;
}

size_t
run_missing(const struct run *r, const char **why)
{
	size_t n = 0;

	*why = NULL;
	for (size_t i = 0; i < r->n; i++) {
		const struct task *t = &r->tasks[i];
		const char *changed = counts(t) && t->state == TASK_READY && !*why
					  ? journal_changed(&t->job->journal, t->node, t->key_text)
					  : NULL;

		n += counts(t) && t->state != TASK_DONE;
		if (changed)
			*why = arena_printf(r->ctx.a, "%s: %s", t->id, changed);
	}
	return n;
}

bool
run_complete(const struct run *r, const struct job *j)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].job == j && r->tasks[i].state != TASK_DONE)
			return false;
	return true;
}

void
run_print(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct task *t = &r->tasks[i];

		if (!t->node) {
			if (t->state != TASK_DONE)
				printf("%s: write%s\n", t->id,
				    t->state == TASK_PENDING
					? ", unless what is there is of the same results"
					: "");
			continue;
		}
		if (t->state == TASK_READY) {
			const char *why = journal_changed(&t->job->journal, t->node, t->key_text);

			printf("%s: %s, %s\n", t->id,
			    work_checkpoint(r->ctx.a, t->job->cfg, t->job->sd, t->node, t->key_text)
				? "[install] only"
				: "build",
			    why ? why : "it was not built here before");
		} else if (t->state == TASK_PENDING) {
			const struct task *first = t - (t->node - t->job->plan->v);

			printf("%s: build, if the result of one of these changes:", t->id);
			for (size_t j = 0; j < t->node->nneeds; j++)
				if (first[t->node->needs[j]].state != TASK_DONE)
					printf(" %s", first[t->node->needs[j]].node->id);
			putchar('\n');
		}
	}
}

/* ---- the phases ---- */

/* what ends a run that was not done; 0: nothing did */
static int
ending(const struct run *r, struct err *e)
{
	if (r->killed_by) {
		fail(e, "stopped by %s", strsignal(r->killed_by));
		e->code = 128 + r->killed_by;
		return -1;
	}
	if (r->nfailed) {
		*e = r->first;
		return -1;
	}
	return 0;
}

int
run_fetch(struct run *r, struct err *e)
{
	if (r->ndone == r->n)
		return 0;
	if (get_sources(r, e) < 0 || settle(r, e) < 0)
		return -1;
	return over(r) ? ending(r, e) : 0;
}

static double
cpu_of(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* what is ready, by weight */
static void
weigh(struct run *r)
{
	weight_all(r->tasks, r->n, r->jobs);
	r->ready.n = 0;
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state == TASK_READY)
			ready_add(&r->ready, &r->tasks[i]);
}

int
run_build(struct run *r, struct err *e)
{
	struct chart c = { .tasks = r->tasks, .n = r->n, .cores = r->jobs[0].cfg->jobs };
	const char *ignored;
	size_t missing = run_missing(r, &ignored);

	if (r->ndone == r->n) {
		orphans_mark(r->ctx.a, r->jobs, r->njobs);
		if (orphans_sweep(r->ctx.a, r->jobs, r->njobs, false))
			say_sweeping(r);
		orphans_sweep(r->ctx.a, r->jobs, r->njobs, true);
		log_status("%s", "");
		return 0;
	}
	if (missing && r->ctx.unboxed)
		log_warn("no sandbox: %s; packages are built with access to the network and the "
			 "whole system",
		    r->ctx.unboxed);
	else if (missing && r->jobs->plan->tools && r->jobs->plan->tools->whole)
		log_info("steps see all of /usr: %s; keys do not tell what they use",
		    r->jobs->plan->tools->whole);
	c.own = -cpu_of(RUSAGE_SELF);
	c.cpu = -cpu_of(RUSAGE_CHILDREN);
	c.from = clock_now();
	weigh(r);
	if (build_all(r, e) < 0)
		return -1;
	c.own += cpu_of(RUSAGE_SELF);
	c.cpu += cpu_of(RUSAGE_CHILDREN);
	if (r->o->timeline && run_missing(r, &ignored) < missing &&
	    chart_write(r->ctx.a, &c, r->o->timeline, e) < 0)
		return -1;
	return ending(r, e);
}
