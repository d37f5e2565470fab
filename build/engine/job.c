/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/job.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/config/config.h"
#include "build/source/fetch.h"
#include "build/engine/jobserver.h"
#include "build/source/override.h"
#include "build/plan/plan.h"
#include "build/engine/progress.h"
#include "build/engine/ready.h"
#include "build/engine/sandbox.h"
#include "build/cache/shared.h"
#include "build/cache/store.h"
#include "build/config/sysdeps.h"
#include "build/engine/task.h"
#include "build/engine/timeline.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * what was never built here is guessed at, in seconds and bytes of source a second: a kernel is
 * large
 */
#define GUESS_LEAST 5
#define GUESS_RATE 200000
#define GUESS_FINISH 2
/* seconds: what takes so long is announced */
#define LONG 10
/* how long a signal may keep us */
#define TIDY_MS 2000

struct run {
	struct bench b;
	struct job *jobs;
	size_t njobs;
	const struct job_opts *o;
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
	struct task *twin = t->twin;

	t->state = TASK_DONE;
	t->twin = NULL;
	r->ndone++;
	if (t->node && !r->o->dry && journal_done(&t->job->journal, t->node, t->key_text, e) < 0)
		return -1;
	for (size_t i = 0; i < t->nwanted_by; i++)
		if (--t->wanted_by[i]->unmet == 0 && t->wanted_by[i]->state == TASK_PENDING)
			ask(r, t->wanted_by[i]);
	if (!twin)
		return 0;
	twin->node->form = t->node->form;
	twin->node->store = t->node->store;
	memcpy(twin->node->output, t->node->output, sizeof twin->node->output);
	return done(r, twin, e);
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
	t->twin = (*maker)->twin;
	(*maker)->twin = t;
}

/* what became of those whose needs are all there, and then of those who need them */
static int
advance(struct run *r, struct err *e)
{
	while (r->nasked) {
		struct task *t = r->asked[--r->nasked];
		int found = t->node ? task_look_up(&r->b, t, e) : 0;

		if (found < 0)
			return -1;
		if (!found)
			wanted(r, t);
		else if (done(r, t, e) < 0)
			return -1;
	}
	return 0;
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
		struct override *o;

		if (!t->node || !t->node->override)
			continue;
		for (size_t j = 0; j < i && !t->override; j++)
			if (r->tasks[j].override &&
			    !strcmp(r->tasks[j].node->override, t->node->override))
				t->override = r->tasks[j].override;
		if (!t->override) {
			o = arena_alloc(r->b.a, sizeof *o);
			if (override_read(r->b.a, t->job->plan->memo, t->node->override, o, e) < 0)
				return wrap(e, "%s", t->node->origin->name);
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

/*
 * The sources of all nodes that may have to be built, each once.  Known only now is
 * which form they come in, and so the keys of those that seemed ready.
 */
static int
get_sources(struct run *r, struct err *e)
{
	struct want *wants = arena_array(r->b.a, r->n + 1, sizeof *wants);
	size_t *of = arena_array(r->b.a, r->n + 1, sizeof *of), n = 0;

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
	if (n && fetch_all(r->b.a, r->jobs[0].cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got)
			continue;
		fetch_lack(r->jobs[0].cfg, &wants[i], &lack);
		take_note(r, &lack);
	}
	memset(r->makers, 0, r->nmakers * sizeof(struct task *));
	r->ready.n = 0;
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];

		if (t->state == TASK_READY || t->state == TASK_SHARED)
			ask(r, t);
		t->twin = NULL;
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

/* ---- order ---- */

static double
guess(const struct task *t)
{
	struct stat st;

	if (!t->node)
		return GUESS_FINISH;
	return GUESS_LEAST +
	       (t->archive && stat(t->archive, &st) == 0 ? (double)st.st_size / GUESS_RATE : 0);
}

/*
 * another plan before it has the same node, for the same triple or for none: it is likely to come
 * from there
 */
static bool
seen_before(const struct run *r, const struct task *t)
{
	for (const struct job *j = r->jobs; t->node && j < t->job; j++)
		if ((t->node->variant == VARIANT_HOST ||
			!strcmp(j->sd->triple, t->job->sd->triple)) &&
		    plan_find(j->plan, t->node->id))
			return true;
	return false;
}

/* the longest chain of work that begins with a node: what lies on the critical path starts first */
static void
weigh(struct run *r)
{
	r->ready.n = 0;
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];
		double seconds =
		    t->state == TASK_DONE ? 0 : journal_seconds(&t->job->journal, t->node);

		t->guessed = seconds <= 0;
		if (t->guessed && t->state != TASK_DONE)
			seconds = guess(t);
		for (size_t j = 0; j < t->nwanted_by; j++)
			if (t->weight < t->wanted_by[j]->weight)
				t->weight = t->wanted_by[j]->weight;
		t->weight += seconds;
		t->seconds = seen_before(r, t) ? 0 : seconds;
	}
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];

		for (const struct task *twin = t->state == TASK_READY ? t->twin : NULL; twin;
		     twin = twin->twin)
			if (t->weight < twin->weight)
				t->weight = twin->weight;
		if (t->state == TASK_READY)
			ready_add(&r->ready, t);
	}
}

/* seconds: the longest chain, or all there is to do on all processors, whichever is more */
static double
left(const struct run *r)
{
	double all = 0, chain = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct task *t = &r->tasks[i];
		double ran =
		    t->state == TASK_RUNNING ? (double)(clock_now() - t->since) / NS_PER_S : 0;

		if (t->state == TASK_DONE || t->state == TASK_FAILED)
			continue;
		all += t->seconds > ran ? t->seconds - ran : 0;
		if (chain < t->weight - ran)
			chain = t->weight - ran;
	}
	all /= r->jobs[0].cfg->jobs;
	return all > chain ? all : chain;
}

/* ---- the run ---- */

static bool
over(const struct run *r)
{
	return r->killed_by || (r->nfailed && !r->o->keep_going);
}

/* another builder is ready, or dead, or still at it */
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
	log_info("%s %s: begins, %s %.0f s", clock_stamp(r->b.a, clock_now() - r->b.began), t->id,
	    t->guessed ? "may take" : "took", t->seconds);
}

static int
start_ready(struct run *r, struct err *e)
{
	struct task *t;

	while (!over(r) && jobserver_free(r->b.tokens) && (t = ready_take(&r->ready))) {
		if (task_start(&r->b, t, e) < 0)
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
	p.left = left(r);
	p.passed = (double)(r->shown - r->b.began) / NS_PER_S;
	p.rows = arena_array(r->b.a, r->nrunning + 1, sizeof *p.rows);
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
	nstime first = jobserver_deadline(r->b.tokens);

	for (size_t i = 0; r->nelsewhere && i < r->n && !over(r); i++)
		if (r->tasks[i].state == TASK_ELSEWHERE && r->tasks[i].again < first)
			first = r->tasks[i].again;
	if (log_is_terminal() && clock_now() + NS_PER_S < first)
		first = clock_now() + NS_PER_S;
	return first;
}

static int
go_on(struct run *r, struct task *t, struct err *e)
{
	bool was_done = t->state == TASK_DONE;
	struct err failure;

	if (task_go_on(&r->b, t, &failure, e) < 0)
		return wrap(e, "%s", t->id);
	if (t->state == TASK_FAILED) {
		take_note(r, &failure);
		for (struct task *twin = t->twin; twin; twin = twin->twin)
			twin->state = TASK_FAILED;
	}
	return t->state == TASK_DONE && !was_done ? done(r, t, e) : 0;
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
	n += jobserver_poll(r->b.tokens, waiting, v + n);

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
		task_abandon(&r->b, r->running[i]);
}

static int
loop(struct run *r, struct err *e)
{
	for (;;) {
		ask_again(r);
		if (advance(r, e) < 0)
			return -1;
		jobserver_turn(r->b.tokens, !over(r) && r->ready.n);
		if (start_ready(r, e) < 0)
			return -1;
		if (!r->nrunning && (over(r) || !(r->nelsewhere || r->ready.n || r->nasked)))
			return 0;
		show(r);
		if (turn(r, e) < 0)
			return -1;
		if (r->killed_by)
			return 0;
	}
}

/*
 * what a builder that was killed has left in a folder under the name SKIP KEY-NAME.XXXXXX; it gets
 * a name for the sweeper
 */
static void
disown_in(struct arena *a, const struct job *j, const char *dir, const char *skip)
{
	DIR *d = opendir(dir);
	size_t n = strlen(skip);
	struct dirent *ent;
	struct err ignored;

	while (d && (ent = readdir(d))) {
		const char *path = arena_printf(a, "%s/%s", dir, ent->d_name),
			   *rest = ent->d_name + n;
		char *key;
		int lock;

		if (strncmp(ent->d_name, skip, n) != 0)
			continue;
		key = arena_printf(a, "%.*s", DIGEST_HEX - 1, rest);
		if (strspn(key, "0123456789abcdef") < DIGEST_HEX - 1 || !strchr(rest, '.') ||
		    file_exists(arena_printf(a, "%s/kept", path)))
			continue;
		if (store_lock(j->store, key, &lock, &ignored) < 0 || lock < 0)
			continue;
		rename(path, arena_printf(a, "%s/work/.old-%s", j->cfg->cache, rest));
		store_unlock(j->store, key, lock);
	}
	if (d)
		closedir(d);
}

static bool
first_with_cache(const struct run *r, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(r->jobs[k].cfg->cache, r->jobs[i].cfg->cache))
			return false;
	return true;
}

/* nothing that is kept, and nothing of who is at work: its key is locked.  We have not begun */
static void
disown(const struct run *r)
{
	for (size_t i = 0; i < r->njobs; i++)
		if (first_with_cache(r, i)) {
			disown_in(r->b.a, &r->jobs[i],
			    arena_printf(r->b.a, "%s/work", r->jobs[i].cfg->cache), "");
			disown_in(r->b.a, &r->jobs[i], r->jobs[i].store->dir, ".new-");
		}
}

/* is there anything to sweep; really: removes it */
static bool
sweep_cache(struct arena *a, const char *dir, bool really)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	struct err ignored;
	bool any = false;

	while (d && (ent = readdir(d)))
		if (!strncmp(ent->d_name, ".old-", 5)) {
			any = true;
			if (really)
				file_remove(arena_printf(a, "%s/%s", dir, ent->d_name), &ignored);
		}
	if (d)
		closedir(d);
	return any;
}

static bool
sweep_all(const struct run *r, bool really)
{
	bool any = false;

	for (size_t i = 0; i < r->njobs; i++)
		if (first_with_cache(r, i))
			any |= sweep_cache(
			    r->b.a, arena_printf(r->b.a, "%s/work", r->jobs[i].cfg->cache), really);
	return any;
}

/* while others work: a kernel's folder has 100,000 files */
static int
sweep(void *arg, struct err *e)
{
	(void)e;
	sweep_all(arg, true);
	return 0;
}

static int
build_all(struct run *r, struct err *e)
{
	sigset_t ours, before;
	mode_t mask = umask(022); /* a result does not depend on it */
	struct child sweeper;
	struct signalfd_siginfo late;
	struct err ignored;
	int result, status;
	bool sweeping;

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
	result = jobserver_open(r->b.a, r->jobs[0].cfg->jobs, getenv("MAKEFLAGS"), &r->b.tokens, e);
	if (result < 0)
		goto close_signals;
	disown(r);
	sweeping = sweep_all(r, false);
	result = sweeping ? task_aside(&sweeper, sweep, r, e) : 0;
	if (result < 0)
		goto close_tokens;
	result = loop(r, e);
	kill_all(r);
	log_status("%s", "");
	if (sweeping && r->killed_by)
		child_kill(&sweeper, SIGKILL);
	if (sweeping)
		child_wait(&sweeper, &status, &ignored);
close_tokens:
	jobserver_close(r->b.tokens);
	/* what came after the first is not to end us without a word */
	while (read(r->signals, &late, sizeof late) > 0)
		;
close_signals:
	close(r->signals);
unblock:
	sigprocmask(SIG_SETMASK, &before, NULL);
	umask(mask);
	return result;
}

/* ---- telling ---- */

static void
tell(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++) {
		const struct task *t = &r->tasks[i];

		if (!t->node)
			continue;
		if (t->state == TASK_READY) {
			const char *why = journal_changed(&t->job->journal, t->node, t->key_text);

			printf("%s: %s, %s\n", t->id,
			    work_checkpoint(r->b.a, t->job->cfg, t->job->sd, t->node, t->key_text)
				? "[install] only"
				: "build",
			    why ? why : "it was not built here before");
		} else if (t->state == TASK_PENDING) {
			const struct task *first = t - (t->node - t->job->plan->v);

			printf("%s: build, if these come out different:", t->id);
			for (size_t j = 0; j < t->node->nneeds; j++)
				if (first[t->node->needs[j]].state != TASK_DONE)
					printf(" %s", first[t->node->needs[j]].node->id);
			putchar('\n');
		}
	}
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
	struct arena *a = r->b.a;
	struct task *end = t + j->plan->n;
	const char *before = *j->label ? arena_printf(a, "%s ", j->label) : "";

	for (size_t i = 0; i < j->plan->n; i++) {
		struct node *n = &j->plan->v[i];

		t[i] = (struct task){ .job = j,
			.node = n,
			.name = work_name(a, n),
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
	j->shared = shared_open(r->b.a, j->cfg, j->store, &transfer_usual);
}

static void
close_shared(struct run *r)
{
	for (struct job *j = r->jobs; j < r->jobs + r->njobs; j++) {
		bool last = true;

		for (const struct job *k = j + 1; k < r->jobs + r->njobs; k++)
			last = last && k->shared != j->shared;
		if (last)
			shared_close(j->shared, r->killed_by);
	}
}

int
job_open(struct arena *a, struct job *jobs, size_t n, const struct job_opts *o, struct run **out,
    struct err *e)
{
	struct run *r = arena_alloc(a, sizeof *r);
	struct task *next;
	size_t most = 0;

	*r =
	    (struct run){ .b = { .a = a, .began = clock_now() }, .jobs = jobs, .njobs = n, .o = o };
	for (size_t i = 0; i < n; i++) {
		struct job *j = &jobs[i];

		if (!j->label)
			j->label = "";
		if (!j->dir)
			j->dir = arena_printf(a, "%s/%s", j->cfg->output, j->cfg->triple);
		j->journal = (struct journal){
			.a = a, .dir = j->dir, .cache = j->cfg->cache, .triple = j->cfg->triple
		};
		if (!o->dry && journal_open(&j->journal, e) < 0)
			return -1;
		most += j->plan->n + 1;
	}
	r->tasks = next = arena_array(a, most, sizeof *r->tasks);
	for (size_t i = 0; i < n; i++)
		next = add_plan(r, &jobs[i], next);
	r->n = (size_t)(next - r->tasks);
	r->asked = arena_array(a, most, sizeof *r->asked);
	r->running = arena_array(a, most, sizeof *r->running);
	r->ready.v = arena_array(a, most, sizeof *r->ready.v);
	r->nmakers = 2 * most + 1;
	r->makers = arena_array(a, r->nmakers, sizeof *r->makers);
	r->polled = arena_array(a, most + 1 + JOBSERVER_POLLS(most), sizeof *r->polled);
	if (read_overrides(r, e) < 0)
		return -1;
	for (size_t i = 0; i < n && !o->dry; i++)
		open_shared(r, &jobs[i]);
	for (size_t i = r->n; i-- > 0;)
		if (!r->tasks[i].unmet)
			ask(r, &r->tasks[i]);
	*out = r;
	if (advance(r, e) < 0) {
		close_shared(r);
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
job_nodes(const struct run *r)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += counts(&r->tasks[i]);
	return n;
}

size_t
job_missing(const struct run *r, const char **why)
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
			*why = arena_printf(r->b.a, "%s: %s", t->id, changed);
	}
	return n;
}

bool
job_complete(const struct run *r, const struct job *j)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].job == j && r->tasks[i].state != TASK_DONE)
			return false;
	return true;
}

/* ---- the chart ---- */

static double
cpu_of(int who)
{
	struct rusage u;

	getrusage(who, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static nstime
ended(const struct task *t)
{
	return t->spans[t->nspans - 1].to;
}

static bool
wants(const struct task *t, const struct task *need)
{
	for (size_t i = 0; i < need->nwanted_by; i++)
		if (need->wanted_by[i] == t)
			return true;
	return false;
}

/*
 * the last to end, and then, from each, the last of what it waited for; what is there already ended
 * before all
 */
static void
mark_critical(const struct run *r, bool *critical)
{
	const struct task *last = NULL;

	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].nspans && (!last || ended(&r->tasks[i]) > ended(last)))
			last = &r->tasks[i];
	while (last) {
		const struct task *before = NULL;

		critical[last - r->tasks] = true;
		for (size_t i = 0; i < r->n; i++)
			if (r->tasks[i].nspans && wants(last, &r->tasks[i]) &&
			    (!before || ended(&r->tasks[i]) > ended(before)))
				before = &r->tasks[i];
		last = before;
	}
}

/* own, others: what we and our children had used when it began */
static int
draw(const struct run *r, nstime from, double own, double others, struct err *e)
{
	struct arena *a = r->b.a;
	bool *critical = arena_array(a, r->n, sizeof *critical);
	struct timeline t = { .title = "lh-build",
		.cores = r->jobs[0].cfg->jobs,
		.own = cpu_of(RUSAGE_SELF) - own,
		.cpu = cpu_of(RUSAGE_CHILDREN) - others };
	struct buf b = { 0 };
	int result;

	t.wall = (double)(clock_now() - from) / NS_PER_S;
	t.bars = arena_array(a, r->n, sizeof *t.bars);
	mark_critical(r, critical);
	for (size_t i = 0; i < r->n; i++) {
		const struct task *task = &r->tasks[i];
		struct timeline_bar *bar = &t.bars[t.nbars];

		if (!task->nspans)
			continue;
		*bar = (struct timeline_bar){ task->id, critical[i],
			arena_array(a, task->nspans, sizeof *bar->steps), task->nspans };
		for (size_t j = 0; j < task->nspans; j++)
			bar->steps[j] = (struct timeline_step){ task->spans[j].label,
				(double)(task->spans[j].from - from) / NS_PER_S,
				(double)(task->spans[j].to - from) / NS_PER_S, task->spans[j].cpu };
		t.nbars++;
	}
	timeline_html(&t, &b);
	result = file_mkparent(r->o->timeline, e) < 0
		     ? -1
		     : file_write(r->o->timeline, b.p, b.n, 0644, e);
	buf_free(&b);
	return result;
}

static int
run_plans(struct run *r, struct err *e)
{
	const char *ignored;

	if (r->ndone == r->n)
		return 0;
	if (get_sources(r, e) < 0 || advance(r, e) < 0)
		return -1;
	if (!over(r)) {
		size_t missing = job_missing(r, &ignored);

		if (missing && !sandbox_works(r->b.a, &r->b.unboxed))
			log_warn("no sandbox: %s; packages are built with the network and the "
				 "whole system in reach",
			    r->b.unboxed);
		double own = cpu_of(RUSAGE_SELF), others = cpu_of(RUSAGE_CHILDREN);
		nstime from = clock_now();

		weigh(r);
		if (build_all(r, e) < 0)
			return -1;
		if (r->o->timeline && job_missing(r, &ignored) < missing &&
		    draw(r, from, own, others, e) < 0)
			return -1;
	}
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
job_run(struct run *r, struct err *e)
{
	int result = 0;

	if (r->o->dry)
		tell(r);
	else
		result = run_plans(r, e);
	close_shared(r);
	return result;
}
