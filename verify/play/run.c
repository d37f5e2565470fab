/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/run.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/image/image.h"
#include "verify/interrupt.h"
#include "verify/loop.h"
#include "verify/outdir.h"
#include "verify/play/accel.h"
#include "verify/play/again.h"
#include "verify/play/capsule.h"
#include "verify/play/matrix.h"
#include "verify/play/plan.h"
#include "verify/play/prepare.h"
#include "verify/play/testcase.h"
#include "verify/report/before.h"
#include "verify/report/compare.h"
#include "verify/report/live.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"
#include "verify/report/screen.h"
#include "verify/scenario/scenario.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* a loaded machine is slow, a broken one is not excused */
#define SCALE_MAX 8
/* of QEMU itself, beside the guest's memory, in MiB */
#define QEMU_MIB 128
/* a guest that boots waits for its disk and its own timers a good part of the time */
#define PER_PROCESSOR 2
/* of ours, on an idle machine of the days these timeouts were written in */
#define BOOT_TIME (3 * NS_PER_S)
#define PROBE (50 * NS_PER_MS)

enum task_state { TASK_WAITING, TASK_RUNNING, TASK_OVER };

/* one test case of the matrix on its way, or the boot that test cases of one image start from */
struct task {
	struct run *run;
	const struct matrix_testcase *what;
	struct testcase_result *result;
	struct testcase_job job;
	enum task_state state;
	nstime began;
	struct testcase *testcase;
	struct task *parent; /* whose state it starts from, or NULL */
	struct saved *save;  /* a parent's, or NULL */
	size_t children;     /* a parent's, that are not over */
};

struct run {
	struct arena *a;
	struct loop *loop;
	const struct matrix *m;
	const struct run_opts *o;
	struct report_head *head;
	struct accel *accels; /* of each image */
	const char **qemus;   /* version of each one's QEMU, for capsules */
	struct capsule_room capsules;
	struct task *tasks, *parents; /* of each test case; of each image */
	struct task **order;	      /* all of both, those that are to be started first in front */
	struct testcase_result *results;
	size_t norder, running, over, told; /* told: so many are on stdout */
	unsigned most;			    /* guests, those that rest with them */
	bool *checked;			    /* each image: it is still what it was, or told of */
	struct table_testcase *shown;	    /* on the terminal, one a task; then the parents */
	nstime *usual;			    /* what each test case took the last time, or 0 */
	unsigned tick;
	struct interrupt signals;
	const char *stopped; /* the signal's name, or NULL */
};

/* ---- how much at a time ---- */

unsigned
run_jobs(unsigned processors, unsigned long long available_mib, unsigned guest_mib)
{
	unsigned long long fit = available_mib / (guest_mib + QEMU_MIB);
	unsigned wanted = PER_PROCESSOR * processors;

	return fit >= wanted ? wanted : fit ? (unsigned)fit : 1;
}

static double
within(double scale)
{
	return scale < 1 ? 1 : scale > SCALE_MAX ? SCALE_MAX : scale;
}

double
run_scale(unsigned processors, double contention, unsigned jobs)
{
	return within(contention * (jobs > processors ? (double)jobs / processors : 1));
}

double
run_learn(double scale, nstime booted)
{
	double seen = within((double)booted / BOOT_TIME);

	return seen > scale ? seen : scale;
}

unsigned
run_processors(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof set, &set) < 0 ? 1 : (unsigned)CPU_COUNT(&set);
}

static unsigned long long
available_mib(struct arena *a)
{
	char *text, *at;
	unsigned long long kib;

	if (file_read(a, "/proc/meminfo", &text, NULL, &(struct err){ 0 }) < 0 ||
	    !(at = strstr(text, "MemAvailable:")) || sscanf(at, "MemAvailable: %llu", &kib) != 1)
		return 1 << 20; /* not known: the processors decide */
	return kib / 1024;
}

double
run_contention(void)
{
	nstime began = clock_now(), wall;
	clock_t from = clock(), cpu;

	do {
		wall = clock_now() - began;
		cpu = clock() - from;
	} while (cpu < PROBE * CLOCKS_PER_SEC / NS_PER_S && wall < PROBE * SCALE_MAX);
	return cpu > 0 ? (double)wall / NS_PER_S / ((double)cpu / CLOCKS_PER_SEC) : SCALE_MAX;
}

static void
choose_load(struct run *r)
{
	unsigned memory = 0, cpus = run_processors();
	unsigned long long available;

	for (size_t i = 0; i < r->m->nimages; i++)
		if (r->m->images[i].m.memory > memory)
			memory = r->m->images[i].m.memory;
	available = available_mib(r->a);
	r->head->jobs = r->o->jobs ? r->o->jobs : run_jobs(cpus, available, memory);
	/* resting ones come on top, as many again */
	r->most = r->o->jobs ? r->o->jobs : run_jobs(2 * cpus, available, memory);
	r->head->scale =
	    r->o->scale > 0 ? r->o->scale : run_scale(cpus, run_contention(), r->head->jobs);
}

/* ---- results ---- */

static void
init_task(struct task *t, struct run *r, const struct matrix_testcase *what,
    struct testcase_result *result)
{
	*t = (struct task){ .run = r, .what = what, .result = result };
	plan_testcase(r->a, what, result);
	if (!what->variant && r->o->asked)
		result->again = again_run(r->a, r->o->asked, what->image, result->scenario);
	result->dir = arena_printf(r->a, "%s/%s", what->image->dir, result->scenario);
	if (what->skip) {
		t->state = TASK_OVER;
		r->over++;
	}
}

/* a person has passes in the table, and wants to read of the others at once */
static void
print_result(const struct run *r, size_t i)
{
	const struct testcase_result *c = &r->results[i];

	if (!r->head->tty) {
		report_tap_testcase(stdout, i + 1, c);
	} else if (c->verdict != VERDICT_PASS || c->nwarnings) {
		screen_wipe();
		report_testcase(stdout, i + 1, c, screen_columns());
	}
}

static size_t
index_of(const struct run *r, const struct image *i)
{
	return (size_t)(i - r->m->images);
}

/*
 * stdout has the test cases in their order, whichever is over first; a pass is none before its
 * image has been checked
 */
static void
tell(struct run *r)
{
	while (r->told < r->m->n && r->tasks[r->told].state == TASK_OVER &&
	       r->checked[index_of(r, r->tasks[r->told].what->image)])
		print_result(r, r->told++);
}

static bool
is_over(const struct run *r, const struct image *i)
{
	for (size_t c = 0; c < r->m->n; c++)
		if (r->tasks[c].what->image == i && r->tasks[c].state != TASK_OVER)
			return false;
	return true;
}

/* a guest that wrote through to the image would have made every verdict on it worthless */
static void
check_image(struct run *r, const struct image *i)
{
	struct err e;

	r->checked[index_of(r, i)] = true;
	if (image_check_digest(i, &e) == 0)
		return;
	log_warn("%s", e.msg);
	for (size_t c = 0; c < r->m->n; c++) {
		struct testcase_result *t = r->tasks[c].result;
		bool untold = r->head->tty && t->verdict == VERDICT_PASS && !t->nwarnings;

		if (r->tasks[c].what->image != i || t->verdict == VERDICT_SKIP)
			continue;
		t->verdict = VERDICT_INCONCLUSIVE;
		t->reason = arena_strdup(r->a, e.msg);
		if (untold)
			print_result(r, c);
	}
}

static struct table_testcase
shown_of(const struct task *t)
{
	const struct testcase_result *c = t->result;
	struct table_testcase s = { .arch = c->arch,
		.net = c->net,
		.scenario = c->scenario,
		.verdict = c->verdict,
		.took = c->took,
		.dir = c->dir };

	s.state = t->state == TASK_OVER	     ? TABLE_OVER
		  : t->state == TASK_RUNNING ? TABLE_RUNNING
					     : TABLE_WAITING;
	if (t->state == TASK_RUNNING) {
		s.took = clock_now() - t->began;
		s.doing = t->testcase ? testcase_doing(t->testcase) : NULL;
	}
	return s;
}

static const struct table_testcase *
show(struct run *r)
{
	for (size_t i = 0; i < r->m->n; i++) {
		r->shown[i] = shown_of(&r->tasks[i]);
		r->shown[i].usual = r->usual[i];
	}
	return r->shown;
}

/*
 * What show() has just filled, with the boots that others start from, or nothing would seem to
 * happen at first.  Who looks on does without what cannot be written: the results have to be, and
 * say why not.
 */
static void
tell_others(struct run *r)
{
	size_t n = r->m->n;

	for (size_t i = 0; i < r->m->nimages; i++)
		if (r->parents[i].save)
			r->shown[n++] = shown_of(&r->parents[i]);
	live_write(r->o->out, r->shown, n, &(struct err){ 0 });
}

static void
on_tick(void *arg)
{
	struct run *r = arg;

	screen_draw(show(r), r->m->n);
	tell_others(r);
	r->tick = loop_at(r->loop, clock_now() + NS_PER_S, on_tick, r);
}

/* the state has served all */
static void
forget_state(struct task *parent)
{
	if (parent->save->disk && parent->result->verdict == VERDICT_PASS && !parent->run->o->keep)
		unlink(parent->save->disk);
}

static void
finish(struct task *t)
{
	struct run *r = t->run;
	const struct testcase_result *c = t->result;

	if (r->o->asked && !t->what->variant)
		t->result->open = again_open(r->a, r->o->asked, t->what->image, t->result);
	if (t->what->variant)
		t->what->variant->judge(r->a, t->what->variant->arg, t->result);
	t->state = TASK_OVER;
	r->over += !t->save;
	if (c->booted && !c->from && r->o->scale <= 0)
		r->head->scale = run_learn(r->head->scale, c->booted);
	if (t->parent && --t->parent->children == 0)
		forget_state(t->parent);
	if (t->save && t->save->why_not)
		log_warn("%s: every guest boots: %s", t->what->image->path, t->save->why_not);
	if (!log_is_terminal())
		log_info("%s %s %s: %s, %.1f s%s%s", c->arch, c->net, c->scenario,
		    verdict_names[c->verdict], (double)c->took / NS_PER_S,
		    c->verdict == VERDICT_PASS ? "" : ": ",
		    c->verdict == VERDICT_PASS ? ""
		    : c->reason		       ? c->reason
					       : c->failure.what);
	if (r->head->tty && !t->save)
		print_result(r, (size_t)(t - r->tasks));
	if (!r->checked[index_of(r, t->what->image)] && is_over(r, t->what->image))
		check_image(r, t->what->image);
	if (!r->head->tty)
		tell(r);
	screen_draw(show(r), r->m->n);
}

static void
on_done(void *arg)
{
	struct task *t = arg;

	t->run->running--;
	finish(t);
	/* the test case is still on the stack: reap() frees it */
}

/* ---- who starts from a saved state, and who first ---- */

static const struct accel *
accel_of(const struct run *r, const struct image *i)
{
	return &r->accels[index_of(r, i)];
}

static struct accel
accel_for(const struct run *r, const struct matrix_testcase *w)
{
	return scenario_needs_tcg(w->scenario) ? (struct accel){ .name = "tcg" }
					       : *accel_of(r, w->image);
}

static bool
can_fork(const struct run *r, const struct matrix_testcase *w)
{
	return r->o->booted && !w->skip && !w->variant && w->image->agent && w->scenario->after &&
	       matrix_has_agent(w->image, w->scenario) &&
	       !strcmp(accel_for(r, w).name, accel_of(r, w->image)->name);
}

/* one boot saves another only when two or more start from it */
static void
find_parents(struct run *r)
{
	struct matrix_testcase *whats = arena_array(r->a, r->m->nimages, sizeof *whats);
	struct testcase_result *results = arena_array(r->a, r->m->nimages, sizeof *results);

	r->parents = arena_array(r->a, r->m->nimages, sizeof *r->parents);
	for (size_t i = 0; i < r->m->nimages; i++) {
		struct image *im = &r->m->images[i];
		size_t n = 0;

		for (size_t c = 0; c < r->m->n; c++)
			n += r->m->v[c].image == im && can_fork(r, &r->m->v[c]);
		if (n < 2)
			continue;
		whats[i] = (struct matrix_testcase){ .image = im, .scenario = r->o->booted };
		init_task(&r->parents[i], r, &whats[i], &results[i]);
		r->parents[i].save = arena_alloc(r->a, sizeof(struct saved));
		*r->parents[i].save = (struct saved){ .state = r->o->booted->name };
		r->parents[i].children = n;
		r->order[r->norder++] = &r->parents[i];
		for (size_t c = 0; c < r->m->n; c++)
			if (r->m->v[c].image == im && can_fork(r, &r->m->v[c]))
				r->tasks[c].parent = &r->parents[i];
	}
}

/*
 * those that others wait for, then the longest, by their own limits: what is short fills the gaps
 * at the end
 */
static int
by_urgency(const void *va, const void *vb)
{
	const struct task *a = *(struct task *const *)va, *b = *(struct task *const *)vb;
	nstime la = a->what->scenario->limit, lb = b->what->scenario->limit;

	if (!a->save != !b->save)
		return a->save ? -1 : 1;
	if (la != lb)
		return la > lb ? -1 : 1;
	return a->what < b->what ? -1 : a->what > b->what;
}

/* it may start, or be judged without */
static bool
is_ready(const struct task *t)
{
	return t->state == TASK_WAITING && (!t->parent || t->parent->state == TASK_OVER);
}

/* a boot that failed is a failure of all that begins with it */
static void
inherit(struct task *t)
{
	const struct testcase_result *p = t->parent->result;

	t->result->from = t->parent->save->state;
	t->result->verdict = p->verdict;
	t->result->reason = p->reason;
	t->result->failure = p->failure;
	t->result->booted = p->booted;
}

/* ---- starting ---- */

static int
start(struct task *t, struct err *e)
{
	struct run *r = t->run;
	const struct matrix_testcase *w = t->what;
	const struct accel accel = accel_for(r, w);
	bool agent = matrix_has_agent(w->image, w->scenario);

	t->job = (struct testcase_job){ .image = w->image,
		.scenario = w->scenario,
		.dir = t->result->dir,
		.base = agent ? w->image->agent : w->image->base,
		.agent = agent,
		.accel = accel.name,
		.cpu = accel.cpu,
		.scale = r->head->scale,
		.keep = r->o->keep,
		.capsules = r->o->capsule ? &r->capsules : NULL,
		.qemu = r->qemus[index_of(r, w->image)] };
	if (w->variant)
		t->job.append = w->variant->append;
	if (w->variant && t->job.base) {
		const char *base = arena_printf(r->a, "%s.raw", t->result->dir);

		if (file_mkparent(base, e) < 0 ||
		    w->variant->make(r->a, w->variant->arg, w->image, t->job.base, base, e) < 0)
			return -1;
		t->job.base = base;
	}
	if (t->save)
		t->job.save = t->save;
	else if (t->parent && !t->parent->save->why_not)
		t->job.from = t->parent->save;
	t->result->reason = NULL;
	t->state = TASK_RUNNING;
	t->began = clock_now();
	r->running++;
	t->testcase = testcase_start(r->a, r->loop, &t->job, t->result, on_done, t);
	return 0;
}

static void
begin(struct task *t)
{
	struct err e;

	if (t->parent && t->parent->result->verdict != VERDICT_PASS) {
		inherit(t);
		finish(t);
	} else if (start(t, &e) < 0) {
		t->result->reason = arena_strdup(t->run->a, e.msg);
		finish(t);
	}
}

/* a guest whose scenario sleeps leaves its processor to another */
static size_t
awake(const struct run *r)
{
	size_t n = r->running;

	for (size_t i = 0; i < r->norder; i++)
		n -= r->order[i]->state == TASK_RUNNING && r->order[i]->testcase &&
		     testcase_is_sleeping(r->order[i]->testcase);
	return n;
}

static void
start_what_fits(struct run *r)
{
	for (size_t i = 0;
	     i < r->norder && !r->stopped && r->running < r->most && awake(r) < r->head->jobs; i++)
		if (is_ready(r->order[i]))
			begin(r->order[i]);
}

static void
reap(struct run *r)
{
	for (size_t i = 0; i < r->norder; i++) {
		struct task *t = r->order[i];

		if (t->state != TASK_OVER || !t->testcase)
			continue;
		testcase_free(t->testcase);
		t->testcase = NULL;
		if (t->what->variant && t->job.base && !r->o->keep &&
		    t->result->verdict == VERDICT_PASS)
			unlink(t->job.base);
	}
}

/* ---- signals ---- */

static void
on_signal(void *arg, int fd, short revents)
{
	struct run *r = arg;
	unsigned number = interrupt_take(fd);

	(void)revents;
	if (!number || r->stopped)
		return;
	r->stopped = arena_printf(r->a, "interrupted by signal %u", number);
	log_info("%s: ending %zu guest%s", r->stopped, r->running, r->running == 1 ? "" : "s");
	for (size_t i = 0; i < r->norder; i++) {
		struct task *t = r->order[i];

		if (t->state == TASK_RUNNING)
			testcase_interrupt(t->testcase, r->stopped);
		else if (t->state == TASK_WAITING) {
			t->result->reason = r->stopped;
			t->state = TASK_OVER;
			r->over += !t->save;
		}
	}
}

/* ---- images ---- */

static bool
is_used(const struct matrix *m, const struct image *i)
{
	for (size_t c = 0; c < m->n; c++)
		if (m->v[c].image == i && !m->v[c].skip)
			return true;
	return false;
}

/* is a guest started on it? */
static bool
boots(const struct matrix *m, const struct image *i)
{
	for (size_t c = 0; c < m->n; c++)
		if (m->v[c].image == i && !m->v[c].skip && !m->v[c].scenario->offline)
			return true;
	return false;
}

static int
prepare(struct run *r, struct err *e)
{
	r->accels = arena_array(r->a, r->m->nimages, sizeof *r->accels);
	r->qemus = arena_array(r->a, r->m->nimages, sizeof *r->qemus);
	r->capsules = CAPSULE_ROOM;
	for (size_t i = 0; i < r->m->nimages; i++) {
		struct image *im = &r->m->images[i];

		if (!is_used(r->m, im))
			continue;
		if (file_mkdirs(im->dir, 0755, e) < 0)
			return wrap(e, "%s", im->path);
		if (!boots(r->m, im))
			continue;
		if (prepare_image(r->a, r->o->accel, im, &r->accels[i], e) < 0 ||
		    (r->o->capsule && capsule_qemu(r->a, &im->m, &r->qemus[i], e) < 0))
			return -1;
		if (!r->head->accel || strcmp(r->accels[i].name, "tcg"))
			r->head->accel = r->accels[i].why ? arena_printf(r->a, "%s (%s)",
								r->accels[i].name, r->accels[i].why)
							  : r->accels[i].name;
	}
	return 0;
}

/* those whose last test case was never finished */
static void
check_images(struct run *r)
{
	for (size_t i = 0; i < r->m->nimages; i++)
		if (!r->checked[i])
			check_image(r, &r->m->images[i]);
}

/* a task for each test case, whose result is at the same place of r->results */
static void
make_tasks(struct run *r)
{
	const struct matrix *m = r->m;

	r->tasks = arena_array(r->a, m->n + 1, sizeof *r->tasks);
	r->checked = arena_array(r->a, m->nimages + 1, sizeof *r->checked);
	for (size_t i = 0; i < m->nimages; i++)
		r->checked[i] = !is_used(m, &m->images[i]);
	r->order = arena_array(r->a, m->n + m->nimages + 1, sizeof(struct task *));
	for (size_t i = 0; i < m->n; i++) {
		init_task(&r->tasks[i], r, &m->v[i], &r->results[i]);
		r->order[r->norder++] = &r->tasks[i];
	}
}

/* all of them, to the end or to a signal */
static int
play(struct run *r, struct err *e)
{
	const struct matrix *m = r->m;
	int bad;

	find_parents(r);
	qsort(r->order, r->norder, sizeof(struct task *), by_urgency);
	r->loop = loop_new();
	bad = interrupt_begin(&r->signals, r->loop, on_signal, r, e);
	r->shown = arena_array(r->a, m->n + m->nimages + 1, sizeof *r->shown);
	r->usual = arena_array(r->a, m->n + 1, sizeof *r->usual);
	before_took(r->a, r->o->out, r->results, m->n, r->usual);
	on_tick(r);
	while (bad == 0 && (r->over < m->n || r->running)) {
		start_what_fits(r);
		if (r->running)
			bad = loop_once(r->loop, e);
		reap(r);
	}
	screen_wipe();
	loop_free(r->loop);
	interrupt_end(&r->signals);
	if (bad == 0)
		check_images(r);
	return bad;
}

/* the results, as many as there are with the comparisons; they are printed as they come */
static int
judge_all(struct run *r, size_t n, struct err *e)
{
	size_t planned = r->m->n;
	int bad;

	r->head->tty = screen_is_tty();
	if (!r->head->tty) {
		report_tap_start(stdout, n, r->head);
		tell(r);
	}
	bad = play(r, e);
	if (!r->head->tty)
		tell(r);
	screen_leave(show(r), planned);
	tell_others(r);
	compare_make(r->a, r->results, planned, r->results + planned);
	for (size_t i = planned; i < n; i++)
		print_result(r, i);
	return bad;
}

int
run_testcases(struct arena *a, struct matrix *m, const struct run_opts *o, struct report_head *head,
    struct testcase_result **results, size_t *nresults, struct err *e)
{
	struct run r = { .a = a, .m = m, .o = o, .head = head, .signals = { .fd = -1 } };
	nstime began = clock_now();
	size_t most = m->n;
	int bad, locked = outdir_lock(a, o->out, e);

	if (locked < 0)
		return -1;
	if (prepare(&r, e) < 0) {
		close(locked);
		return -1;
	}
	if (!head->accel)
		head->accel = "no guest";
	choose_load(&r);
	log_info("%zu image%s, %zu test case%s; %s, %u guest%s at a time, scale %.1f", m->nimages,
	    m->nimages == 1 ? "" : "s", m->n, m->n == 1 ? "" : "s", head->accel, head->jobs,
	    head->jobs == 1 ? "" : "s", head->scale);
	/* one a step that keeps is more than there can be comparisons */
	for (size_t i = 0; i < m->n; i++)
		most += m->v[i].scenario->nsteps;
	r.results = *results = arena_array(a, most + 1, sizeof **results);
	make_tasks(&r);
	*nresults = m->n + compare_count(*results, m->n);
	/* whoever kills us finds what was planned, and nothing of it judged */
	bad = results_write(a, o->out, *results, m->n, head, e);
	if (bad == 0)
		bad = judge_all(&r, *nresults, e);
	for (size_t i = 0; i < m->nimages; i++)
		prepare_undo(&m->images[i]);
	close(locked);
	head->took = clock_now() - began;
	return bad;
}
