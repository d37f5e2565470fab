/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/task.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/log.h"
#include "build/cache/shared.h"
#include "build/cache/store.h"
#include "build/cache/traffic.h"
#include "build/config/config.h"
#include "build/engine/filter.h"
#include "build/engine/job.h"
#include "build/engine/jobserver.h"
#include "build/files/file.h"
#include "build/plan/plan.h"
#include "build/source/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define TAIL_LINES 20
#define TAIL_BYTES 16384
/* with so few to be had a filesystem is full */
#define FULL_BLOCKS 4
/* what another lh-build builds is asked for again */
#define ELSEWHERE_AGAIN (NS_PER_S / 2)

/* 1: the store has the node when it is built from this form; its key is set either way */
static int
look_up_form(
    const struct run_context *ctx, struct task *t, const struct source *form, struct err *e)
{
	struct node *n = t->node;
	int found;

	n->form = form;
	if (plan_key(ctx->a, t->job->cfg, t->job->sd, t->job->plan, n, &t->key_text, e) < 0)
		return -1;
	digest_bytes(t->key_text, strlen(t->key_text), n->key);
	found =
	    (ctx->verify ? store_lookup : store_find)(t->job->store, n->key, t->name, n->output, e);
	if (found < 0) {
		if (ctx->verify)
			log_warn("%s; building it again", e->msg);
		*e = (struct err){ 0 };
		return 0;
	}
	if (found > 0)
		n->store = store_path(ctx->a, t->job->store, n->key, t->name);
	return found;
}

/* before sources are fetched: the form that is here, or else the one that is preferred */
static const struct source *
likely_form(struct arena *a, const struct config *cfg, const struct version *v)
{
	for (size_t i = 0; i < v->nforms; i++)
		if (local_seems(a, cfg, &v->forms[i]))
			return &v->forms[i];
	return v->nforms ? &v->forms[0] : NULL;
}

/*
 * Each form, until one is found; the one that is at hand is tried last, so that it is what stays
 * when none is.  wants gets what was looked for, in that order.
 */
static int
look_up_forms(const struct run_context *ctx, struct task *t, struct shared_want *wants, size_t *n,
    struct err *e)
{
	const struct version *v = t->override ? NULL : t->node->version;
	const struct source *have = t->node->form;
	int found = 0;

	if (v && !have)
		have = likely_form(ctx->a, t->job->cfg, v);
	*n = 0;
	for (size_t i = 0; v && i < v->nforms && !found; i++) {
		if (&v->forms[i] == have)
			continue;
		found = look_up_form(ctx, t, &v->forms[i], e);
		wants[(*n)++] =
		    (struct shared_want){ arena_strdup(ctx->a, t->node->key), t->key_text };
	}
	if (!found) {
		found = look_up_form(ctx, t, have, e);
		wants[(*n)++] =
		    (struct shared_want){ arena_strdup(ctx->a, t->node->key), t->key_text };
	}
	return found;
}

int
task_look_up(const struct run_context *ctx, struct task *t, struct err *e)
{
	const struct version *v = t->node->version;
	struct shared_want *wants = arena_array(ctx->a, (v ? v->nforms : 0) + 1, sizeof *wants);
	const char *signer;
	size_t n;
	int found = look_up_forms(ctx, t, wants, &n, e);

	if (found > 0 && t->state == TASK_ASKED && (signer = store_signer(ctx->a, t->node->store)))
		log_info("%s: from %s, signed by %s", t->id, shared_shown(t->job->shared), signer);
	if (found || t->asked || t->override || !ctx->verify || !shared_takes(t->job->shared))
		return found;
	t->asked = true;
	t->state = TASK_ASKED;
	traffic_get(ctx->traffic, t->job->shared, wants, n, t->name, t);
	return TASK_WAITS;
}

/* the end of what a step said, which may be of any length, on the arena; NULL: cannot be read */
static char *
read_end(struct arena *a, const char *log, size_t *n)
{
	struct err ignored;
	int fd = file_open(log, O_NOFOLLOW, &ignored);
	char *text = arena_alloc(a, TAIL_BYTES + 1);
	off_t size;
	ssize_t got;

	if (fd < 0)
		return NULL;
	size = lseek(fd, 0, SEEK_END);
	got = pread(fd, text, TAIL_BYTES, size > TAIL_BYTES ? size - TAIL_BYTES : 0);
	close(fd);
	*n = 0;
	for (ssize_t i = 0; i < got; i++) /* a hole is nothing that was said */
		if (text[i])
			text[(*n)++] = text[i];
	text[*n] = '\0';
	return text;
}

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
let_go(const struct run_context *ctx, struct task *t)
{
	jobserver_end(ctx->tokens, t->client);
	if (t->node)
		store_unlock(t->job->store, t->node->key, t->lock);
	if (t->node && t->work.filter >= 0)
		close(t->work.filter);
	close(t->log);
}

/*
 * A program may fail for this, and say what it likes.  When it says so in the usual words, another
 * task may have left some room since.
 */
static bool
is_full(const char *dir, const char *said)
{
	struct statvfs st;

	if (statvfs(dir, &st) < 0)
		return false;
	return st.f_bavail < FULL_BLOCKS || (st.f_files && st.f_favail == 0) ||
	       (said && strstr(said, strerror(ENOSPC)) && st.f_bavail < st.f_blocks / 2);
}

/* why: what the step's child said in the end; one of ours knows whether the system refused */
static void
failed(const struct run_context *ctx, struct task *t, struct err *why, struct err *failure)
{
	const struct step *s = &t->work.steps[t->step];
	char *log = journal_failed(&t->job->journal, t->node, t->work.dir), *text = NULL;
	size_t n;

	t->state = TASK_FAILED;
	if (!step_is_ours(s) && (text = read_end(t->work.a, t->work.log, &n)))
		text = tail_of(text, n);
	if (!step_is_ours(s) && is_full(t->work.dir, text)) {
		fail(why, "%s, no space left", arena_strdup(t->work.a, why->msg));
		err_full(why, ENOSPC, t->work.dir);
		why->code = EXIT_SYSTEM;
	}
	if (text) {
		log_info("%s: %s failed; the log ends with", t->id, s->label);
		log_text(arena_printf(t->work.a, "%s\n", text));
	}
	fail(failure, "%s: %s: %s; log %s, folder %s", t->id, s->label, why->msg, log, t->work.dir);
	failure->code = why->code;
	let_go(ctx, t);
	arena_free(t->work.a);
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

int
task_aside(struct child *c, child_work *work, void *arg, struct err *e)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), r;

	if (null < 0)
		return fail_errno(e, "/dev/null");
	r = child_call(c, work, arg, null, e);
	close(null);
	return r;
}

static int
cleaned(struct task *t, struct err *e)
{
	struct err why = { 0 };
	int status, waited = child_call_wait(&t->child, &status, &why, e);

	if (waited == 0 && status != 0)
		log_warn("%s: cannot remove work directory: %s", t->id,
		    *why.msg ? why.msg : child_status_text(t->work.a, status));
	arena_free(t->work.a);
	return waited;
}

/* the result is in the store */
static int
finished(const struct run_context *ctx, struct task *t, struct err *e)
{
	struct node *n = t->node;
	double seconds = (double)(clock_now() - t->since) / NS_PER_S;
	int found;

	t->state = TASK_DONE;
	t->built = true;
	let_go(ctx, t);
	found = store_find(t->job->store, n->key, t->name, n->output, e);
	if (found <= 0)
		return found < 0 ? -1 : fail(e, "%s: went missing from the store", t->id);
	n->store = store_path(ctx->a, t->job->store, n->key, t->name);
	if (shared_may(t->job->plan, n) &&
	    !ctx->unboxed) /* what is built here may have seen anything */
		traffic_put(ctx->traffic, t->job->shared, n->key, t->name);
	if (!t->work.checkpoint) /* only [install] is no measure of the next time */
		journal_took(&t->job->journal, n, seconds);
	log_info("%s %s: %.1f s%s", clock_stamp(ctx->a, clock_now() - ctx->began), t->id, seconds,
	    t->work.checkpoint ? ", [install] only" : "");
	return task_aside(
	    &t->child, do_step, &(struct call){ &t->work, &t->work.steps[t->step] }, e);
}

/* in the sandbox, or without one, within its bounds */
static int
start_command(struct task *t, const struct step *s, struct err *e)
{
	const int *fds = client_fds(t->client), keep[] = { fds[0], fds[1], t->work.filter };
	struct argv v = { .a = t->work.a }, env = { .a = t->work.a };
	struct child_opts o = { .out = t->log,
		.dir = arena_printf(t->work.a, "%s/src", t->work.dir),
		.keep = keep,
		.nkeep = t->work.unboxed ? 2 : 3 };

	if (!t->work.unboxed && lseek(t->work.filter, 0, SEEK_SET) < 0)
		return fail_errno(e, "system call filter");
	work_command(&t->work, s, &v);
	work_env(&t->work, client_makeflags(t->client), &env);
	o.env = env.v;
	sandbox_limit(&o);
	return child_start(&t->child, v.v, &o, e);
}

static int
start_step(struct task *t, struct err *e)
{
	const struct step *s = &t->work.steps[t->step];

	t->step_since = clock_now();
	if (dprintf(t->log, "== %s\n", s->label) < 0)
		return fail_errno(e, "%s", t->work.log);
	if (step_is_ours(s))
		return child_call(&t->child, do_step, &(struct call){ &t->work, s }, t->log, e);
	return start_command(t, s, e);
}

/* seconds of processor that all children we have waited for took */
static double
children_cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_CHILDREN, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* the child of the step is dead: reaps it and writes down what it took */
static int
reap(const struct run_context *ctx, struct task *t, bool ours, int *status, struct err *why,
    struct err *e)
{
	double before = children_cpu();
	int waited =
	    ours ? child_call_wait(&t->child, status, why, e) : child_wait(&t->child, status, e);

	t->spans[t->nspans++] = (struct span){
		.label = arena_strdup(ctx->a, task_step(t)),
		.ours = ours,
		.from = t->step_since,
		.to = clock_now(),
		.cpu = children_cpu() - before,
	};
	jobserver_settle(ctx->tokens, t->client);
	return waited;
}

nstime
task_deadline(const struct task *t)
{
	unsigned limit = t->job->cfg->step_limit;

	if (t->state != TASK_RUNNING || !t->node || !limit || t->late)
		return NS_NEVER;
	return t->step_since + (nstime)limit * NS_PER_S;
}

void
task_stop(struct task *t)
{
	t->late = true;
	child_kill(&t->child, SIGKILL);
}

const char *
task_step(const struct task *t)
{
	return t->node ? t->work.steps[t->step].label : t->job->finish_name;
}

/* ---- the end of a plan ---- */

static const char *
finish_log(const struct run_context *ctx, const struct task *t)
{
	return arena_printf(ctx->a, "%s/logs/%s.log", t->job->dir, t->job->finish_name);
}

static int
start_finish(const struct run_context *ctx, struct task *t, struct err *e)
{
	const char *path = finish_log(ctx, t);

	if (jobserver_begin(ctx->tokens, &t->client, e) < 0)
		return -1;
	t->log = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (t->log < 0) {
		fail_errno(e, "%s", path);
		goto end_client;
	}
	t->spans = arena_array(ctx->a, 1, sizeof *t->spans);
	t->since = t->step_since = clock_now();
	if (child_call(&t->child, t->job->finish, t->job->arg, t->log, e) < 0)
		goto close_log;
	t->state = TASK_RUNNING;
	return 0;

close_log:
	close(t->log);
end_client:
	jobserver_end(ctx->tokens, t->client);
	return -1;
}

/*
 * what it said is for people, as if we had done it ourselves; its error is told once, with the
 * others
 */
static int
end_finish(const struct run_context *ctx, struct task *t, struct err *failure, struct err *e)
{
	struct err why = { 0 };
	char *said;
	int status;

	if (reap(ctx, t, true, &status, &why, e) < 0)
		return -1;
	let_go(ctx, t);
	t->state = status ? TASK_FAILED : TASK_DONE;
	if (status) {
		if (!*why.msg)
			fail(
			    &why, "%s: %s", t->job->finish_name, child_status_text(ctx->a, status));
		fail(failure, "%s%s%s", t->job->label, *t->job->label ? ": " : "", why.msg);
		failure->code = why.code;
		return 0;
	}
	journal_took(&t->job->journal, NULL, (double)(clock_now() - t->since) / NS_PER_S);
	if (file_read(ctx->a, finish_log(ctx, t), &said, NULL, e) < 0)
		return -1;
	if (*said)
		log_text(said);
	return 0;
}

/* ---- from step to step ---- */

int
task_go_on(const struct run_context *ctx, struct task *t, struct err *failure, struct err *e)
{
	struct err why = { 0 };
	int status;

	if (t->state == TASK_DONE)
		return cleaned(t, e);
	if (!t->node)
		return end_finish(ctx, t, failure, e);
	if (reap(ctx, t, step_is_ours(&t->work.steps[t->step]), &status, &why, e) < 0)
		return -1;
	if (status != 0) {
		if (t->late)
			fail(
			    &why, "took more than the %u s of STEP_LIMIT", t->job->cfg->step_limit);
		else if (!*why.msg)
			fail(&why, "%s", child_status_text(t->work.a, status));
		failed(ctx, t, &why, failure);
		return 0;
	}
	t->step++;
	return t->work.steps[t->step].kind == STEP_CLEAN ? finished(ctx, t, e) : start_step(t, e);
}

/* its key is locked and it has a token: the folder, the log and the first step */
static int
start_work(const struct run_context *ctx, struct task *t, struct err *e)
{
	t->work = (struct work){
		.a = arena_new(),
		.cfg = t->job->cfg,
		.sd = t->job->sd,
		.plan = t->job->plan,
		.node = t->node,
		.store = t->job->store,
		.source = t->archive,
		.override = t->override,
		.stale = journal_clear_failure(&t->job->journal, t->node),
		.key_text = t->key_text,
		.unboxed = ctx->unboxed,
		.filter = ctx->unboxed ? -1 : filter_open(e),
	};
	if (!ctx->unboxed && t->work.filter < 0)
		goto free_arena;
	if (work_open(&t->work, e) < 0)
		goto close_filter;
	t->log = open(t->work.log, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (t->log < 0) {
		fail_errno(e, "%s", t->work.log);
		goto remove_work;
	}
	t->step = 0;
	t->spans = arena_array(ctx->a, t->work.nsteps, sizeof *t->spans);
	t->since = clock_now();
	if (start_step(t, e) < 0)
		goto close_log;
	t->state = TASK_RUNNING;
	return 0;

close_log:
	close(t->log);
remove_work:
	work_remove(&t->work, &(struct err){ 0 });
close_filter:
	if (t->work.filter >= 0)
		close(t->work.filter);
free_arena:
	arena_free(t->work.a);
	return -1;
}

int
task_start(const struct run_context *ctx, struct task *t, struct err *e)
{
	int found;

	if (!t->node)
		return start_finish(ctx, t, e);
	if (store_lock(t->job->store, t->node->key, &t->lock, e) < 0)
		return -1;
	if (t->lock < 0) {
		if (!t->again)
			log_info("%s: waiting: another lh-build is building this", t->id);
		t->state = TASK_ELSEWHERE;
		t->again = clock_now() + ELSEWHERE_AGAIN;
		return 0;
	}
	found = store_lookup(t->job->store, t->node->key, t->name, t->node->output, e);
	if (found > 0) { /* it was there by the time we had the lock */
		store_unlock(t->job->store, t->node->key, t->lock);
		t->state = TASK_ELSEWHERE;
		return 0;
	}
	if (jobserver_begin(ctx->tokens, &t->client, e) < 0)
		goto unlock;
	if (start_work(ctx, t, e) < 0)
		goto end_client;
	return 0;

end_client:
	jobserver_end(ctx->tokens, t->client);
unlock:
	store_unlock(t->job->store, t->node->key, t->lock);
	return -1;
}

void
task_tidy(const struct task *t)
{
	struct err ignored;

	/* in its sandbox somebody may be dying still, and writing */
	for (int i = 0; t->node && work_remove(&t->work, &ignored) < 0 && i < 50; i++)
		usleep(20000);
}

void
task_abandon(const struct run_context *ctx, struct task *t)
{
	if (t->state == TASK_RUNNING) {
		let_go(ctx, t);
		t->state = TASK_FAILED;
	}
	if (t->node)
		arena_free(t->work.a);
}
