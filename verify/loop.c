/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/loop.h"

#include "build/base/arena.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct watcher {
	int fd; /* -1: forgotten, the row is free */
	short events;
	unsigned round; /* in which it was registered: events read before are not its own */
	loop_ready *ready;
	void *arg;
};

struct alarm {
	unsigned id; /* 0: the row is free */
	nstime deadline;
	loop_late *late;
	void *arg;
};

struct loop {
	struct watcher *watchers;
	size_t nwatchers, watchers_cap;
	struct alarm *alarms;
	size_t nalarms, alarms_cap;
	struct pollfd *polled;
	size_t polled_cap;
	unsigned last_id, round;
};

struct loop *
loop_new(void)
{
	struct loop *l = xmalloc(sizeof *l);

	*l = (struct loop){ 0 };
	return l;
}

void
loop_free(struct loop *l)
{
	if (!l)
		return;
	free(l->watchers);
	free(l->alarms);
	free(l->polled);
	free(l);
}

static struct watcher *
find(struct loop *l, int fd)
{
	for (size_t i = 0; i < l->nwatchers; i++)
		if (l->watchers[i].fd == fd)
			return &l->watchers[i];
	return NULL;
}

/* makes room for one more row of a vector that doubles */
static void *
room(void *v, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return v;
	*cap = *cap ? 2 * *cap : 16;
	return xrealloc(v, *cap * size);
}

void
loop_watch(struct loop *l, int fd, short events, loop_ready *ready, void *arg)
{
	struct watcher *w = find(l, fd);
	unsigned round = l->round;

	if (w)
		round = w->round; /* the same descriptor: what was read about it still holds */
	else if (!(w = find(l, -1))) {
		l->watchers =
		    room(l->watchers, l->nwatchers, &l->watchers_cap, sizeof *l->watchers);
		w = &l->watchers[l->nwatchers++];
	}
	*w = (struct watcher){
		.fd = fd, .events = events, .round = round, .ready = ready, .arg = arg
	};
}

void
loop_forget(struct loop *l, int fd)
{
	struct watcher *w = fd < 0 ? NULL : find(l, fd);

	if (w)
		w->fd = -1;
}

unsigned
loop_at(struct loop *l, nstime deadline, loop_late *late, void *arg)
{
	struct alarm *a = NULL;

	for (size_t i = 0; i < l->nalarms && !a; i++)
		if (!l->alarms[i].id)
			a = &l->alarms[i];
	if (!a) {
		l->alarms = room(l->alarms, l->nalarms, &l->alarms_cap, sizeof *l->alarms);
		a = &l->alarms[l->nalarms++];
	}
	if (++l->last_id == 0)
		l->last_id = 1;
	*a = (struct alarm){ .id = l->last_id, .deadline = deadline, .late = late, .arg = arg };
	return a->id;
}

void
loop_cancel(struct loop *l, unsigned id)
{
	for (size_t i = 0; id && i < l->nalarms; i++)
		if (l->alarms[i].id == id)
			l->alarms[i].id = 0;
}

/* fills polled; returns how many, and the next deadline */
static size_t
prepare(struct loop *l, nstime *next)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nwatchers; i++) {
		if (l->watchers[i].fd < 0)
			continue;
		l->polled = room(l->polled, n, &l->polled_cap, sizeof *l->polled);
		l->polled[n++] =
		    (struct pollfd){ .fd = l->watchers[i].fd, .events = l->watchers[i].events };
	}
	*next = NS_NEVER;
	for (size_t i = 0; i < l->nalarms; i++)
		if (l->alarms[i].id && l->alarms[i].deadline < *next)
			*next = l->alarms[i].deadline;
	return n;
}

static bool
registered(const struct loop *l)
{
	for (size_t i = 0; i < l->nwatchers; i++)
		if (l->watchers[i].fd >= 0)
			return true;
	for (size_t i = 0; i < l->nalarms; i++)
		if (l->alarms[i].id)
			return true;
	return false;
}

/* those that are due now, earliest first; what they add waits for the next round */
static void
serve_alarms(struct loop *l)
{
	nstime now = clock_now();
	unsigned newest = l->last_id;

	for (;;) {
		struct alarm *first = NULL, due;

		for (size_t i = 0; i < l->nalarms; i++) {
			struct alarm *a = &l->alarms[i];

			if (!a->id || a->deadline > now || (int)(a->id - newest) > 0)
				continue;
			if (!first || a->deadline < first->deadline ||
			    (a->deadline == first->deadline && (int)(a->id - first->id) < 0))
				first = a;
		}
		if (!first)
			return;
		due = *first;
		first->id = 0;
		due.late(due.arg);
	}
}

int
loop_once(struct loop *l, struct err *e)
{
	nstime next;
	size_t n;
	int r;

	if (!registered(l))
		return fail(
		    e, "nothing to wait for: neither a descriptor nor a deadline is registered");
	n = prepare(l, &next);
	r = poll(l->polled, n, clock_poll_ms(next));
	if (r < 0 && errno != EINTR)
		return fail_errno(e, "poll");
	l->round++;
	for (size_t i = 0; r > 0 && i < n; i++) {
		struct watcher *w;

		if (!l->polled[i].revents)
			continue;
		/*
		 * a callback before us may have forgotten it, or closed it and got the same number
		 * for another
		 */
		w = find(l, l->polled[i].fd);
		if (w && w->round != l->round)
			w->ready(w->arg, w->fd, l->polled[i].revents);
	}
	serve_alarms(l);
	return 0;
}

bool
loop_is_ready(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, 0) > 0;
}
