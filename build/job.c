/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/job.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/config.h"
#include "build/fetch.h"
#include "build/jobserver.h"
#include "build/override.h"
#include "build/plan.h"
#include "build/sandbox.h"
#include "build/shared.h"
#include "build/store.h"
#include "build/task.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

/* what was never built here is guessed at, in seconds and bytes of source a second: a kernel is large */
#define GUESS_LEAST 5
#define GUESS_RATE 200000

struct run {
	struct bench b;
	struct plan *plan;
	const struct job_opts *o;
	struct task *tasks; /* as plan->v */
	size_t n;
	struct pollfd *polled; /* room for the most there can be */
	nstime shown;	       /* the status line */
	int signals;	       /* signalfd */
	int killed_by;	       /* signal that ends the run, or 0 */
	size_t nfailed;
	struct err first; /* failure */
};

/* ---- what is known already ---- */

static bool
all_done(const struct run *r, const struct node *n)
{
	for (size_t i = 0; i < n->nneeds; i++)
		if (r->tasks[n->needs[i]].state != TASK_DONE)
			return false;
	return true;
}

/* what became of the nodes that others wait for; a node comes after all it needs, so once round will do */
static int
advance(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];
		int found;

		if (t->state != TASK_PENDING || !all_done(r, t->node))
			continue;
		found = task_look_up(&r->b, t, e);
		if (found < 0)
			return -1;
		t->state = found ? TASK_DONE : TASK_READY;
		if (found && !r->o->dry && journal_done(&r->b.journal, t->node, t->key_text, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- sources ---- */

static bool
wants_source(const struct task *t)
{
	return t->state != TASK_DONE && t->node->version && !t->override;
}

static int
read_overrides(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct node *n = r->tasks[i].node;
		struct override *o;

		if (!n->override)
			continue;
		for (size_t j = 0; j < i && !r->tasks[i].override; j++)
			if (r->plan->v[j].origin == n->origin)
				r->tasks[i].override = r->tasks[j].override;
		if (!r->tasks[i].override) {
			o = arena_alloc(r->b.a, sizeof *o);
			if (override_read(r->b.a, n->override, o, e) < 0)
				return wrap(e, "%s", n->origin->name);
			r->tasks[i].override = o;
		}
		n->override_hash = r->tasks[i].override->id;
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
			wants[n++] = (struct want){ .name = node->origin->name, .version = node->version->version, .forms = node->version->forms, .nforms = node->version->nforms };
	}
	if (n && fetch_all(r->b.a, r->b.cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		struct err lack;

		if (wants[i].got)
			continue;
		fetch_lack(r->b.cfg, &wants[i], &lack);
		take_note(r, &lack);
	}
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];

		if (t->state == TASK_READY)
			t->state = TASK_PENDING;
		if (!wants_source(t))
			continue;
		t->node->form = wants[of[i]].got;
		t->archive = wants[of[i]].path;
		if (!t->node->form)
			t->state = TASK_FAILED;
	}
	return 0;
}

/* ---- order ---- */

static double
guess(const struct task *t)
{
	struct stat st;

	return GUESS_LEAST + (t->archive && stat(t->archive, &st) == 0 ? (double)st.st_size / GUESS_RATE : 0);
}

/* the longest chain of work that begins with a node: what lies on the critical path starts first */
static void
weigh(struct run *r)
{
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];

		if (t->state != TASK_DONE)
			t->weight += journal_seconds(&r->b.journal, t->node, guess(t)); /* those who need it have left the heaviest of theirs here */
		for (size_t j = 0; j < t->node->nneeds; j++)
			if (r->tasks[t->node->needs[j]].weight < t->weight)
				r->tasks[t->node->needs[j]].weight = t->weight;
	}
}

static struct task *
heaviest_ready(const struct run *r)
{
	struct task *best = NULL;

	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state == TASK_READY && (!best || r->tasks[i].weight > best->weight))
			best = &r->tasks[i];
	return best;
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

	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state == TASK_ELSEWHERE && r->tasks[i].again <= now)
			r->tasks[i].state = TASK_PENDING; /* and looked up once more */
}

static bool
anything(const struct run *r, enum task_state state)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state == state)
			return true;
	return false;
}

static bool
any_child(const struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].child.pid)
			return true;
	return false;
}

static int
start_ready(struct run *r, struct err *e)
{
	struct task *t;

	while (!over(r) && jobserver_free(r->b.tokens) && (t = heaviest_ready(r)))
		if (task_start(&r->b, t, e) < 0)
			return wrap(e, "%s", t->node->id);
	return 0;
}

static void
show(struct run *r)
{
	struct buf b = { 0 };
	size_t done = 0;

	if (!log_is_terminal() || clock_now() - r->shown < NS_PER_S / 5)
		return;
	r->shown = clock_now();
	for (size_t i = 0; i < r->n; i++) {
		const struct task *t = &r->tasks[i];

		done += t->state == TASK_DONE;
		if (t->state == TASK_RUNNING)
			buf_addf(&b, "%s %s %s %d s", b.n ? "," : "", t->node->id, t->work.steps[t->step].label, (int)((clock_now() - t->step_since) / NS_PER_S));
	}
	log_status("[%zu/%zu]%s", done, r->n, b.n ? b.p : "");
	buf_free(&b);
}

static nstime
deadline(const struct run *r)
{
	nstime first = jobserver_deadline(r->b.tokens);

	for (size_t i = 0; i < r->n && !over(r); i++)
		if (r->tasks[i].state == TASK_ELSEWHERE && r->tasks[i].again < first)
			first = r->tasks[i].again;
	if (log_is_terminal() && clock_now() + NS_PER_S < first)
		first = clock_now() + NS_PER_S;
	return first;
}

/* waits until something happens; children that died are taken note of */
static int
turn(struct run *r, struct err *e)
{
	bool waiting = !over(r) && anything(r, TASK_READY);
	struct pollfd *v = r->polled;
	size_t n = 0;

	/* a place each, whether it runs or not: poll(2) passes over -1 */
	for (size_t i = 0; i < r->n; i++)
		v[n++] = (struct pollfd){ .fd = r->tasks[i].child.pid ? r->tasks[i].child.pidfd : -1, .events = POLLIN };
	v[n++] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	n += jobserver_poll(r->b.tokens, waiting, v + n);

	if (poll(v, n, clock_poll_ms(deadline(r))) < 0 && errno != EINTR)
		return fail_errno(e, "poll");
	if (v[r->n].revents) {
		struct signalfd_siginfo s;

		if (read(r->signals, &s, sizeof s) == (ssize_t)sizeof s)
			r->killed_by = (int)s.ssi_signo;
		return 0;
	}
	for (size_t i = 0; i < r->n; i++) {
		struct err failure;

		if (!v[i].revents)
			continue;
		if (task_go_on(&r->b, &r->tasks[i], &failure, e) < 0)
			return wrap(e, "%s", r->tasks[i].node->id);
		if (r->tasks[i].state == TASK_FAILED)
			take_note(r, &failure);
	}
	return 0;
}

/* nobody survives us, and nothing half-done stays */
static void
kill_all(struct run *r)
{
	for (size_t i = 0; i < r->n; i++)
		child_kill(&r->tasks[i].child, SIGKILL);
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].child.pid || r->tasks[i].state == TASK_RUNNING)
			task_abandon(&r->b, &r->tasks[i]);
}

static int
loop(struct run *r, struct err *e)
{
	for (;;) {
		ask_again(r);
		if (advance(r, e) < 0)
			return -1;
		jobserver_turn(r->b.tokens, !over(r) && anything(r, TASK_READY));
		if (start_ready(r, e) < 0)
			return -1;
		if (!any_child(r) && (over(r) || !(anything(r, TASK_ELSEWHERE) || anything(r, TASK_READY))))
			return 0;
		show(r);
		if (turn(r, e) < 0)
			return -1;
		if (r->killed_by)
			return 0;
	}
}

/*
 * Removes what builders that were killed have left, but nothing that is kept.  The key is
 * locked only until the folder has a name of its own: it may be built again meanwhile.
 */
static int
sweep(void *arg, struct err *e)
{
	const struct run *r = arg;
	const char *dir = arena_printf(r->b.a, "%s/work", r->b.cfg->cache);
	DIR *d = opendir(dir);
	struct dirent *ent;
	struct err ignored;

	(void)e;
	while (d && (ent = readdir(d))) {
		char *path = arena_printf(r->b.a, "%s/%s", dir, ent->d_name), *old = arena_printf(r->b.a, "%s/.old-%s", dir, ent->d_name);
		char *key = arena_strndup(r->b.a, ent->d_name, DIGEST_HEX - 1);
		int lock;

		if (!strncmp(ent->d_name, ".old-", 5))
			file_remove(path, &ignored);
		if (strlen(key) < DIGEST_HEX - 1 || *key == '.' || file_exists(arena_printf(r->b.a, "%s/kept", path)))
			continue;
		if (store_lock(r->b.store, key, &lock, &ignored) < 0 || lock < 0)
			continue;
		rename(path, old);
		store_unlock(r->b.store, key, lock);
		file_remove(old, &ignored);
	}
	if (d)
		closedir(d);
	return 0;
}

static int
build_all(struct run *r, struct err *e)
{
	sigset_t ours, before;
	mode_t mask = umask(022); /* a result does not depend on it */
	struct child sweeper;
	struct err ignored;
	int result, status;

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
	result = jobserver_open(r->b.a, r->b.cfg->jobs, getenv("MAKEFLAGS"), &r->b.tokens, e);
	if (result < 0)
		goto close_signals;
	result = task_aside(&sweeper, sweep, r, e);
	if (result < 0)
		goto close_tokens;
	result = loop(r, e);
	kill_all(r);
	log_status("%s", "");
	if (r->killed_by)
		child_kill(&sweeper, SIGKILL);
	child_wait(&sweeper, &status, &ignored);
close_tokens:
	jobserver_close(r->b.tokens);
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

		if (t->state == TASK_READY) {
			const char *why = journal_changed(&r->b.journal, t->node, t->key_text);

			printf("%s: build, %s\n", t->node->id, why ? why : "it was not built here before");
		} else if (t->state == TASK_PENDING) {
			printf("%s: build, if these come out different:", t->node->id);
			for (size_t j = 0; j < t->node->nneeds; j++)
				if (r->tasks[t->node->needs[j]].state != TASK_DONE)
					printf(" %s", r->tasks[t->node->needs[j]].node->id);
			putchar('\n');
		}
	}
}

/* looks up what can be looked up before anything is built */
static int
open_run(struct run *r, struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const struct job_opts *o, struct err *e)
{
	*r = (struct run){ .b = { .a = a, .cfg = cfg, .sd = sd, .plan = p, .store = s }, .plan = p, .o = o, .n = p->n };
	r->b.journal = (struct journal){
		.a = a,
		.dir = o->dir ? o->dir : arena_printf(a, "%s/%s", cfg->output, cfg->triple),
		.cache = cfg->cache,
		.triple = cfg->triple,
	};
	r->tasks = arena_array(a, r->n + 1, sizeof *r->tasks);
	r->polled = arena_array(a, r->n + 1 + JOBSERVER_POLLS(r->n), sizeof *r->polled);
	for (size_t i = 0; i < r->n; i++)
		r->tasks[i] = (struct task){ .node = &p->v[i], .name = work_name(a, &p->v[i]) };
	if (!o->dry && journal_open(&r->b.journal, e) < 0)
		return -1;
	if (read_overrides(r, e) < 0)
		return -1;
	if (!o->dry)
		r->b.shared = shared_open(a, cfg, s, &http_usual);
	return advance(r, e);
}

int
job_count(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const char *dir, size_t *n, const char **why, struct err *e)
{
	struct run r;

	if (open_run(&r, a, cfg, sd, p, s, &(struct job_opts){ .dir = dir, .dry = true }, e) < 0)
		return -1;
	*n = 0;
	*why = NULL;
	for (size_t i = 0; i < r.n; i++) {
		const struct task *t = &r.tasks[i];
		const char *changed = t->state == TASK_READY && !*why ? journal_changed(&r.b.journal, t->node, t->key_text) : NULL;

		*n += t->state != TASK_DONE;
		if (changed)
			*why = arena_printf(a, "%s: %s", t->node->id, changed);
	}
	return 0;
}

static int
run_plan(struct run *r, struct err *e)
{
	if (!anything(r, TASK_READY))
		return 0;
	if (get_sources(r, e) < 0)
		return -1;
	if (!over(r)) {
		if (!sandbox_works(r->b.a, &r->b.unboxed))
			log_warn("no sandbox: %s; packages are built with the network and the whole system in reach", r->b.unboxed);
		weigh(r);
		if (build_all(r, e) < 0)
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
job_run(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const struct job_opts *o, struct err *e)
{
	struct run r;
	int result = open_run(&r, a, cfg, sd, p, s, o, e);

	if (result == 0 && o->dry)
		tell(&r);
	else if (result == 0)
		result = run_plan(&r, e);
	shared_close(r.b.shared, r.killed_by);
	return result;
}
