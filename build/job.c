/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/job.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/clock.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/config.h"
#include "build/fetch.h"
#include "build/jobserver.h"
#include "build/journal.h"
#include "build/override.h"
#include "build/plan.h"
#include "build/store.h"
#include "build/sysdeps.h"
#include "build/work.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TAIL_LINES 20
/* another builder is asked again whether it is ready */
#define ELSEWHERE_AGAIN (NS_PER_S / 2)
/* what a node takes that was never built here, in seconds */
#define UNKNOWN_TIME 30

enum state { PENDING, /* something it needs is not there */
	READY,
	ELSEWHERE, /* another builder makes it */
	RUNNING,
	DONE, /* though its folder may still be being removed */
	FAILED,
	DROPPED }; /* something it needs failed */

/* one node on its way */
struct task {
	struct node *node;
	enum state state;
	const char *name;		 /* "target-dropbear" */
	const struct override *override; /* of its source, or NULL */
	const char *archive;		 /* source, when it had to be fetched */
	char *key_text;
	double weight; /* seconds of it and of the longest chain of those who need it */
	nstime again;  /* ELSEWHERE */

	/* RUNNING; and as long as child.pid is not 0 */
	struct work work;
	size_t step;
	struct child child;
	struct account *account;
	int log, lock;
	nstime since, step_since;
};

struct run {
	struct arena *a;
	const struct config *cfg;
	const struct sysdeps *sd;
	struct plan *plan;
	const struct store *store;
	const struct job_opts *o;
	struct jobserver *tokens;
	struct task *tasks; /* as plan->v */
	size_t n, nchildren;
	struct pollfd *polled; /* room for the most there can be */
	nstime shown;	       /* the status line */
	struct journal journal;
	const char *unboxed; /* why there is no sandbox, or NULL */
	int signals;	     /* signalfd */
	int killed_by;	     /* signal that ends the run, or 0 */
	size_t nfailed;
	struct err *e; /* the first failure */
};

/* ---- what is known already ---- */

/* 1: the store has the node when it is built from this form; its key is set either way */
static int
look_up_form(struct run *r, struct task *t, const struct source *form, struct err *e)
{
	struct node *n = t->node;
	int found;

	n->form = form;
	if (plan_key(r->a, r->cfg, r->sd, r->plan, n, &t->key_text, e) < 0)
		return -1;
	digest_bytes(t->key_text, strlen(t->key_text), n->key);
	found = store_lookup(r->store, n->key, t->name, n->output, e);
	if (found > 0)
		n->store = store_path(r->a, r->store, n->key, t->name);
	return found;
}

/* any form will do; the one that is at hand is tried last, so that it is what stays when none is found */
static int
look_up(struct run *r, struct task *t, struct err *e)
{
	const struct version *v = t->override ? NULL : t->node->version;
	const struct source *have = t->node->form;

	for (size_t i = 0; v && i < v->nforms; i++) {
		int found = &v->forms[i] == have ? 0 : look_up_form(r, t, &v->forms[i], e);

		if (found)
			return found;
	}
	if (!have && v && v->nforms)
		have = &v->forms[0];
	return look_up_form(r, t, have, e);
}

static bool
all_done(const struct run *r, const struct node *n)
{
	for (size_t i = 0; i < n->nneeds; i++)
		if (r->tasks[n->needs[i]].state != DONE)
			return false;
	return true;
}

static bool
any_lost(const struct run *r, const struct node *n)
{
	for (size_t i = 0; i < n->nneeds; i++)
		if (r->tasks[n->needs[i]].state == FAILED || r->tasks[n->needs[i]].state == DROPPED)
			return true;
	return false;
}

/* what became of the nodes that others wait for; a node comes after all it needs, so once round will do */
static int
advance(struct run *r, struct err *e)
{
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];
		int found;

		if (t->state != PENDING)
			continue;
		if (any_lost(r, t->node)) {
			t->state = DROPPED;
			continue;
		}
		if (!all_done(r, t->node))
			continue;
		found = look_up(r, t, e);
		if (found < 0)
			return -1;
		t->state = found ? DONE : READY;
		if (found && !r->o->dry && journal_done(&r->journal, t->node, t->key_text, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- sources ---- */

static bool
wants_source(const struct task *t)
{
	return t->state != DONE && t->node->version && !t->override;
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
			o = arena_alloc(r->a, sizeof *o);
			if (override_read(r->a, n->override, o, e) < 0)
				return wrap(e, "%s", n->origin->name);
			r->tasks[i].override = o;
		}
		n->override_hash = r->tasks[i].override->id;
	}
	return 0;
}

static void
lacks_source(struct run *r, const struct want *w)
{
	if (r->nfailed++ == 0)
		fail(r->e, "%s %s: no origin has its source\n%s", w->name, w->version, w->why);
	else
		log_warn("%s %s: no origin has its source\n%s", w->name, w->version, w->why);
}

/*
 * The sources of all nodes that may have to be built, each once.  Known only now is
 * which form they come in, and so the keys of those that seemed ready.
 */
static int
get_sources(struct run *r, struct err *e)
{
	struct want *wants = arena_array(r->a, r->n + 1, sizeof *wants);
	size_t *of = arena_array(r->a, r->n + 1, sizeof *of), n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct node *node = r->tasks[i].node;

		if (!wants_source(&r->tasks[i]))
			continue;
		for (of[i] = 0; of[i] < n && wants[of[i]].forms != node->version->forms; of[i]++)
			;
		if (of[i] == n)
			wants[n++] = (struct want){ .name = node->origin->name, .version = node->version->version, .forms = node->version->forms, .nforms = node->version->nforms };
	}
	if (n && fetch_all(r->a, r->cfg, wants, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (!wants[i].got)
			lacks_source(r, &wants[i]);
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];

		if (t->state == READY)
			t->state = PENDING;
		if (!wants_source(t))
			continue;
		t->node->form = wants[of[i]].got;
		t->archive = wants[of[i]].path;
		if (!t->node->form)
			t->state = FAILED;
	}
	return 0;
}

/* ---- order ---- */

/* the longest chain of work that begins with a node: what lies on the critical path starts first */
static void
weigh(struct run *r)
{
	for (size_t i = r->n; i-- > 0;) {
		struct task *t = &r->tasks[i];

		if (t->state != DONE)
			t->weight += journal_seconds(&r->journal, t->node, UNKNOWN_TIME); /* those who need it have left the heaviest of theirs here */
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
		if (r->tasks[i].state == READY && (!best || r->tasks[i].weight > best->weight))
			best = &r->tasks[i];
	return best;
}

/* ---- one node ---- */

/* the last lines of a text, cut in place */
static char *
tail_of(char *text, size_t n)
{
	size_t lines = 0;

	while (n && text[n - 1] == '\n')
		text[--n] = '\0';
	for (char *s = text + n; s > text; s--)
		if (s[-1] == '\n' && ++lines == TAIL_LINES)
			return s;
	return text;
}

/* what a running task holds of what others want */
static void
let_go(struct run *r, struct task *t)
{
	jobserver_end(r->tokens, t->account);
	store_unlock(r->store, t->node->key, t->lock);
	close(t->log);
}

/* no child any more */
static void
retire(struct run *r, struct task *t)
{
	arena_free(t->work.a);
	r->nchildren--;
}

/* why: what the step's child said in the end */
static void
failed(struct run *r, struct task *t, const char *why)
{
	const struct step *s = &t->work.steps[t->step];
	char *log = journal_failed(&r->journal, t->node, t->work.dir), *text = NULL;
	struct err ignored;
	size_t n;

	t->state = FAILED;
	if (!step_is_ours(s) && file_read(t->work.a, t->work.log, &text, &n, &ignored) == 0) {
		log_info("%s: %s failed; the log ends with", t->node->id, s->label);
		fprintf(stderr, "%s\n", tail_of(text, n));
	}
	if (r->nfailed++ == 0)
		fail(r->e, "%s: %s: %s; log %s, folder %s", t->node->id, s->label, why, log, t->work.dir);
	else
		log_warn("%s: %s: %s; log %s, folder %s", t->node->id, s->label, why, log, t->work.dir);
	let_go(r, t);
	retire(r, t);
}

struct call {
	const struct work *work;
	const struct step *step;
};

static int
do_step(void *arg, struct err *e)
{
	const struct call *c = arg;

	return work_do(c->work, c->step, e);
}

/* for what says nothing and nobody waits for, such as removing a kernel's source */
static int
start_aside(struct child *c, child_work *work, void *arg, struct err *e)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	if (null < 0)
		return fail_errno(e, "/dev/null");
	r = child_call(c, work, arg, null, e);
	close(null);
	return r;
}

static int
cleaned(struct run *r, struct task *t, struct err *e)
{
	struct err why = { 0 };
	int status, waited = child_call_wait(&t->child, &status, &why, e);

	if (waited == 0 && status != 0)
		log_warn("%s: its folder stays: %s", t->node->id, *why.msg ? why.msg : child_status_text(t->work.a, status));
	retire(r, t);
	return waited;
}

/* the result is in the store */
static int
finished(struct run *r, struct task *t, struct err *e)
{
	struct node *n = t->node;
	double seconds = (double)(clock_now() - t->since) / NS_PER_S;
	int found;

	t->state = DONE;
	let_go(r, t);
	found = store_lookup(r->store, n->key, t->name, n->output, e);
	if (found <= 0)
		return found < 0 ? -1 : fail(e, "%s: went missing from the store", n->id);
	n->store = store_path(r->a, r->store, n->key, t->name);
	journal_took(&r->journal, n, seconds);
	log_info("%s: build %.1f s", n->id, seconds);
	if (journal_done(&r->journal, n, t->key_text, e) < 0)
		return -1;
	return start_aside(&t->child, do_step, &(struct call){ &t->work, &t->work.steps[t->step] }, e);
}

static int
start_step(struct task *t, struct err *e)
{
	const struct step *s = &t->work.steps[t->step];
	struct argv v = { .a = t->work.a }, env = { .a = t->work.a };
	struct child_opts o = { .out = t->log, .dir = arena_printf(t->work.a, "%s/src", t->work.dir), .keep = account_fds(t->account), .nkeep = 2 };

	t->step_since = clock_now();
	if (dprintf(t->log, "== %s\n", s->label) < 0)
		return fail_errno(e, "%s", t->work.log);
	if (step_is_ours(s))
		return child_call(&t->child, do_step, &(struct call){ &t->work, s }, t->log, e);
	work_command(&t->work, s, &v);
	work_env(&t->work, account_makeflags(t->account), &env);
	o.env = env.v;
	return child_start(&t->child, v.v, &o, e);
}

/* the child of a step is dead, or about to be: on with the next one */
static int
end_step(struct run *r, struct task *t, struct err *e)
{
	struct err why = { 0 };
	int status, waited;

	if (t->state == DONE)
		return cleaned(r, t, e);
	waited = step_is_ours(&t->work.steps[t->step]) ? child_call_wait(&t->child, &status, &why, e) : child_wait(&t->child, &status, e);
	jobserver_settle(r->tokens, t->account);
	if (waited < 0)
		return -1;
	if (status != 0) {
		failed(r, t, *why.msg ? why.msg : child_status_text(t->work.a, status));
		return 0;
	}
	t->step++;
	return t->work.steps[t->step].kind == STEP_CLEAN ? finished(r, t, e) : start_step(t, e);
}

/* begins a task, unless another builder is at it; there is a free token */
static int
start_task(struct run *r, struct task *t, struct err *e)
{
	int found;

	if (store_lock(r->store, t->node->key, &t->lock, e) < 0)
		return -1;
	if (t->lock < 0) {
		if (!t->again)
			log_info("%s: another builder is at it", t->node->id);
		t->state = ELSEWHERE;
		t->again = clock_now() + ELSEWHERE_AGAIN;
		return 0;
	}
	found = store_lookup(r->store, t->node->key, t->name, t->node->output, e);
	if (found) { /* it was there by the time we had the lock */
		store_unlock(r->store, t->node->key, t->lock);
		t->state = ELSEWHERE;
		return found < 0 ? -1 : 0;
	}
	if (jobserver_begin(r->tokens, &t->account, e) < 0)
		goto unlock;
	t->work = (struct work){
		.a = arena_new(),
		.cfg = r->cfg,
		.sd = r->sd,
		.plan = r->plan,
		.node = t->node,
		.store = r->store,
		.source = t->archive,
		.override = t->override,
		.stale = journal_forgive(&r->journal, t->node),
		.key_text = t->key_text,
		.unboxed = r->unboxed,
	};
	if (work_open(&t->work, e) < 0)
		goto free_arena;
	t->log = open(t->work.log, O_WRONLY | O_APPEND | O_CLOEXEC);
	if (t->log < 0) {
		fail_errno(e, "%s", t->work.log);
		goto remove_work;
	}
	t->step = 0;
	t->since = clock_now();
	if (start_step(t, e) < 0)
		goto close_log;
	t->state = RUNNING;
	r->nchildren++;
	return 0;

close_log:
	close(t->log);
remove_work:
	work_remove(&t->work, &(struct err){ 0 });
free_arena:
	arena_free(t->work.a);
	jobserver_end(r->tokens, t->account);
unlock:
	store_unlock(r->store, t->node->key, t->lock);
	return -1;
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
		if (r->tasks[i].state == ELSEWHERE && r->tasks[i].again <= now)
			r->tasks[i].state = PENDING; /* and looked up once more */
}

static bool
anything(const struct run *r, enum state state)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->tasks[i].state == state)
			return true;
	return false;
}

static int
start_ready(struct run *r, struct err *e)
{
	struct task *t;

	while (!over(r) && jobserver_free(r->tokens) && (t = heaviest_ready(r)))
		if (start_task(r, t, e) < 0)
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

		done += t->state == DONE;
		if (t->state == RUNNING)
			buf_addf(&b, "%s %s %s %d s", b.n ? "," : "", t->node->id, t->work.steps[t->step].label, (int)((clock_now() - t->step_since) / NS_PER_S));
	}
	log_status("[%zu/%zu]%s", done, r->n, b.n ? b.p : "");
	buf_free(&b);
}

static nstime
deadline(const struct run *r)
{
	nstime first = over(r) ? NS_NEVER : jobserver_deadline(r->tokens);

	for (size_t i = 0; i < r->n && !over(r); i++)
		if (r->tasks[i].state == ELSEWHERE && r->tasks[i].again < first)
			first = r->tasks[i].again;
	if (log_is_terminal() && clock_now() + NS_PER_S < first)
		first = clock_now() + NS_PER_S;
	return first;
}

/* waits until something happens; children that died are taken note of */
static int
turn(struct run *r, struct err *e)
{
	bool waiting = !over(r) && anything(r, READY);
	struct pollfd *v = r->polled;
	size_t n = 0;

	/* a place each, whether it runs or not: poll(2) passes over -1 */
	for (size_t i = 0; i < r->n; i++)
		v[n++] = (struct pollfd){ .fd = r->tasks[i].child.pid ? r->tasks[i].child.pidfd : -1, .events = POLLIN };
	v[n++] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	n += jobserver_poll(r->tokens, waiting, v + n);

	if (poll(v, n, clock_poll_ms(deadline(r))) < 0 && errno != EINTR)
		return fail_errno(e, "poll");
	if (v[r->n].revents) {
		struct signalfd_siginfo s;

		if (read(r->signals, &s, sizeof s) == (ssize_t)sizeof s)
			r->killed_by = (int)s.ssi_signo;
		return 0;
	}
	for (size_t i = 0; i < r->n; i++)
		if (v[i].revents && end_step(r, &r->tasks[i], e) < 0)
			return wrap(e, "%s", r->tasks[i].node->id);
	return 0;
}

/* nobody survives us, and nothing half-done stays */
static void
kill_all(struct run *r)
{
	struct err ignored;
	int status;

	for (size_t i = 0; i < r->n; i++)
		child_kill(&r->tasks[i].child, SIGKILL);
	for (size_t i = 0; i < r->n; i++) {
		struct task *t = &r->tasks[i];

		if (t->child.pid)
			child_wait(&t->child, &status, &ignored);
		else if (t->state != RUNNING)
			continue;
		work_remove(&t->work, &ignored);
		if (t->state == RUNNING) {
			let_go(r, t);
			t->state = DROPPED;
		}
		retire(r, t);
	}
}

static int
loop(struct run *r, struct err *e)
{
	for (;;) {
		ask_again(r);
		if (advance(r, e) < 0)
			return -1;
		jobserver_turn(r->tokens, !over(r) && anything(r, READY));
		if (start_ready(r, e) < 0)
			return -1;
		if (!r->nchildren && (over(r) || !(anything(r, ELSEWHERE) || anything(r, READY))))
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
	const char *dir = arena_printf(r->a, "%s/work", r->cfg->cache);
	DIR *d = opendir(dir);
	struct dirent *ent;
	struct err ignored;

	(void)e;
	while (d && (ent = readdir(d))) {
		char *path = arena_printf(r->a, "%s/%s", dir, ent->d_name), *old = arena_printf(r->a, "%s/.old-%s", dir, ent->d_name);
		char *key = arena_strndup(r->a, ent->d_name, DIGEST_HEX - 1);
		int lock;

		if (!strncmp(ent->d_name, ".old-", 5))
			file_remove(path, &ignored);
		if (strlen(key) < DIGEST_HEX - 1 || *key == '.' || file_exists(arena_printf(r->a, "%s/kept", path)))
			continue;
		if (store_lock(r->store, key, &lock, &ignored) < 0 || lock < 0)
			continue;
		rename(path, old);
		store_unlock(r->store, key, lock);
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
	struct err swept;
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
	result = jobserver_open(r->a, r->cfg->jobs, getenv("MAKEFLAGS"), &r->tokens, e);
	if (result < 0)
		goto close_signals;
	result = start_aside(&sweeper, sweep, r, e);
	if (result < 0)
		goto close_tokens;
	result = loop(r, e);
	kill_all(r);
	log_status("%s", "");
	if (r->killed_by)
		child_kill(&sweeper, SIGKILL);
	child_call_wait(&sweeper, &status, &swept, &swept);
close_tokens:
	jobserver_close(r->tokens);
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

		if (t->state == READY) {
			const char *why = journal_changed(&r->journal, t->node, t->key_text);

			printf("%s: build, %s\n", t->node->id, why ? why : "it was not built here before");
		} else if (t->state == PENDING) {
			printf("%s: build, if these come out different:", t->node->id);
			for (size_t j = 0; j < t->node->nneeds; j++)
				if (r->tasks[t->node->needs[j]].state != DONE)
					printf(" %s", r->tasks[t->node->needs[j]].node->id);
			putchar('\n');
		}
	}
}

static void
prepare(struct run *r)
{
	r->journal = (struct journal){
		.a = r->a,
		.dir = r->o->dir ? r->o->dir : arena_printf(r->a, "%s/%s", r->cfg->output, r->cfg->triple),
		.cache = r->cfg->cache,
		.triple = r->cfg->triple,
	};
	r->n = r->plan->n;
	r->tasks = arena_array(r->a, r->n + 1, sizeof *r->tasks);
	r->polled = arena_array(r->a, r->n + 1 + JOBSERVER_POLLS(r->n), sizeof *r->polled);
	for (size_t i = 0; i < r->n; i++)
		r->tasks[i] = (struct task){ .node = &r->plan->v[i], .name = work_name(r->a, &r->plan->v[i]) };
}

int
job_count(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const char *dir, size_t *n, const char **why, struct err *e)
{
	struct run r = { .a = a, .cfg = cfg, .sd = sd, .plan = p, .store = s, .o = &(struct job_opts){ .dir = dir, .dry = true }, .e = e };

	prepare(&r);
	if (read_overrides(&r, e) < 0 || advance(&r, e) < 0)
		return -1;
	*n = 0;
	*why = NULL;
	for (size_t i = 0; i < r.n; i++) {
		const struct task *t = &r.tasks[i];
		const char *changed = t->state == READY && !*why ? journal_changed(&r.journal, t->node, t->key_text) : NULL;

		*n += t->state != DONE;
		if (changed)
			*why = arena_printf(a, "%s: %s", t->node->id, changed);
	}
	return 0;
}

int
job_run(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct plan *p, const struct store *s, const struct job_opts *o, struct err *e)
{
	struct err first = { 0 };
	struct run r = { .a = a, .cfg = cfg, .sd = sd, .plan = p, .store = s, .o = o, .e = &first };

	prepare(&r);
	if (!o->dry && journal_open(&r.journal, e) < 0)
		return -1;
	if (read_overrides(&r, e) < 0 || advance(&r, e) < 0)
		return -1;
	if (o->dry) {
		tell(&r);
		return 0;
	}
	if (!anything(&r, READY))
		return 0;
	if (get_sources(&r, e) < 0)
		return -1;
	if (!r.nfailed || o->keep_going) {
		if (!sandbox_works(a, &r.unboxed))
			log_warn("no sandbox: %s; packages are built with the network and the whole system in reach", r.unboxed);
		weigh(&r);
		if (build_all(&r, e) < 0)
			return -1;
	}
	if (r.killed_by) {
		fail(e, "stopped by %s", strsignal(r.killed_by));
		e->code = 128 + r.killed_by;
		return -1;
	}
	if (r.nfailed) {
		*e = first;
		return -1;
	}
	return 0;
}
