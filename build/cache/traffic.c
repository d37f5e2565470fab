/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/cache/traffic.h"

#include "build/base/arena.h"
#include "build/base/child.h"
#include "build/base/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* how many children there are at most */
#define GETS 6
#define PUTS 2
/* transfer.h gives up a server long before; a process that is stopped would stay for ever */
#define LONGEST (1800 * NS_PER_S)

/* one look-up, or one file to be sent */
struct errand {
	struct shared *shared;
	const struct shared_want *wants; /* NULL: it is to be sent */
	size_t n;
	const char *name, *key; /* of a source: its path and its sha256 */
	bool source;
	void *user;
	nstime until;
	struct child child; /* pid 0: it waits, or is over */
	struct errand *next;
};

struct traffic {
	struct arena *a;
	struct errand *first;
	bool told_lost, told_refused, stopped;
};

struct traffic *
traffic_new(struct arena *a)
{
	struct traffic *t = arena_alloc(a, sizeof *t);

	*t = (struct traffic){ .a = a };
	return t;
}

/* behind all others */
static void
add(struct traffic *t, const struct errand *one)
{
	struct errand *m = arena_alloc(t->a, sizeof *m), **at = &t->first;

	if (t->stopped)
		return;
	*m = *one;
	while (*at)
		at = &(*at)->next;
	*at = m;
}

void
traffic_get(struct traffic *t, struct shared *s, const struct shared_want *v, size_t n,
    const char *name, void *user)
{
	add(t, &(struct errand){ .shared = s, .wants = v, .n = n, .name = name, .user = user });
}

void
traffic_put(struct traffic *t, struct shared *s, const char *key, const char *name)
{
	if (shared_sends(s))
		add(t, &(struct errand){ .shared = s, .key = key, .name = name });
}

void
traffic_put_source(struct traffic *t, struct shared *s, const char *path, const char *sha256)
{
	if (shared_sends(s))
		add(t,
		    &(struct errand){ .shared = s, .key = sha256, .name = path, .source = true });
}

/* ---- in the child ---- */

static int
run_errand(void *arg, struct err *e)
{
	const struct errand *m = arg;
	int r = 0;

	if (!m->wants) {
		setpriority(PRIO_PROCESS, 0, 10); /* nobody waits for it, and it has no token */
		r = m->source ? shared_put_source(m->shared, m->name, m->key, e)
			      : shared_put(m->shared, m->key, m->name, e);
		return r < 0 ? -1 : 0;
	}
	for (size_t i = 0; i < m->n && r == 0; i++)
		r = shared_get(m->shared, &m->wants[i], m->name, e);
	return r < 0 ? -1 : 0;
}

/* ---- in the parent ---- */

/* each kind of trouble is told once: all are the same server's, or the same signer's */
static void
tell(struct traffic *t, const struct errand *m, const char *why)
{
	bool lost = shared_lost(m->shared);
	bool *told = lost ? &t->told_lost : &t->told_refused;

	if (!*told)
		log_warn("%s; %s", why, lost ? "going on without it" : "going on");
	*told = true;
}

static bool
useless(const struct errand *m)
{
	return shared_lost(m->shared);
}

static void
start(struct traffic *t, struct errand *m)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct err e;

	m->until = clock_now() + LONGEST;
	if (null < 0 || child_call(&m->child, run_errand, m, null, &e) < 0) {
		shared_lose(m->shared);
		tell(t, m,
		    arena_printf(t->a, "CACHE_URL %s: %s", shared_shown(m->shared),
			null < 0 ? "/dev/null cannot be opened" : e.msg));
	}
	if (null >= 0)
		close(null);
}

static void
start_more(struct traffic *t)
{
	size_t room[] = { PUTS, GETS };

	for (const struct errand *m = t->first; m; m = m->next)
		if (m->child.pid)
			room[m->wants != NULL]--;
	for (struct errand *m = t->first; m; m = m->next)
		if (!m->child.pid && room[m->wants != NULL] && !useless(m)) {
			start(t, m);
			room[m->wants != NULL]--;
		}
}

/* is it dead, or to be given up; reaped then */
static bool
over(struct traffic *t, struct errand *m)
{
	siginfo_t si = { 0 };
	bool late = clock_now() >= m->until;
	struct err why = { 0 }, e = { 0 };
	int status = 0;

	if (!m->child.pid)
		return useless(m);
	if (late) {
		shared_lose(m->shared);
		child_kill(&m->child, SIGKILL);
	} else if (waitid(P_PID, (id_t)m->child.pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		   !si.si_pid) {
		return false;
	}
	if (child_call_wait(&m->child, &status, &why, &e) < 0)
		why = e;
	if (late)
		fail(&why, "CACHE_URL %s: %s: not done after %d minutes", shared_shown(m->shared),
		    m->name, (int)(LONGEST / NS_PER_S / 60));
	else if (status && !*why.msg)
		fail(&why, "CACHE_URL %s: %s: %s", shared_shown(m->shared), m->name,
		    child_status_text(t->a, status));
	if (*why.msg)
		tell(t, m, why.msg);
	return true;
}

void *
traffic_turn(struct traffic *t)
{
	struct errand **at = &t->first;

	while (*at) {
		struct errand *m = *at;

		if (!over(t, m)) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		if (m->wants)
			return m->user;
	}
	start_more(t);
	return NULL;
}

size_t
traffic_gets(const struct traffic *t)
{
	size_t n = 0;

	for (const struct errand *m = t->first; m; m = m->next)
		n += m->wants != NULL;
	return n;
}

size_t
traffic_pending(const struct traffic *t)
{
	size_t n = 0;

	for (const struct errand *m = t->first; m; m = m->next)
		n++;
	return n;
}

size_t
traffic_poll(const struct traffic *t, struct pollfd *v)
{
	size_t n = 0;

	for (const struct errand *m = t->first; m; m = m->next)
		if (m->child.pid)
			v[n++] = (struct pollfd){ .fd = m->child.pidfd, .events = POLLIN };
	return n;
}

nstime
traffic_deadline(const struct traffic *t)
{
	nstime first = NS_NEVER;

	for (const struct errand *m = t->first; m; m = m->next)
		if (m->child.pid && m->until < first)
			first = m->until;
	return first;
}

void
traffic_stop(struct traffic *t, bool all)
{
	struct err ignored;
	int status;

	for (struct errand **at = &t->first; *at;) {
		struct errand *m = *at;

		if (!all && !m->wants) {
			at = &m->next;
			continue;
		}
		*at = m->next;
		if (m->child.pid) {
			child_kill(&m->child, SIGKILL);
			child_call_wait(&m->child, &status, &ignored, &ignored);
		}
	}
	t->stopped |= all;
}
