/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "verify/command/command.h"
#include "verify/command/watched.h"
#include "verify/droproot.h"
#include "verify/guest/http.h"
#include "verify/interrupt.h"
#include "verify/loop.h"
#include "verify/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct watch {
	struct watched of;
	struct http *http;
	bool stopped;
};

static void
on_signal(void *arg, int fd, short revents)
{
	struct watch *w = arg;

	(void)revents;
	w->stopped |= interrupt_take(fd) != 0;
}

static int
serve(struct watch *w, unsigned port, struct err *e)
{
	struct interrupt signals = { .fd = -1 };
	struct loop *l = loop_new();
	int r = interrupt_begin(&signals, l, on_signal, w, e);

	if (r == 0)
		r = http_listen(l, NULL, port, watched_answer, &w->of, &w->http, e);
	if (r == 0) {
		w->of.port = http_port(w->http);
		printf("http://127.0.0.1:%u/\n", w->of.port);
		fflush(stdout);
		log_info("shows what passes in %s; Ctrl-C ends it", w->of.dir);
	}
	while (r == 0 && !w->stopped)
		r = loop_once(l, e);
	http_free(w->http);
	interrupt_end(&signals);
	loop_free(l);
	return r;
}

int
command_watch(struct arena *a, struct options *o, struct err *e)
{
	struct watch w = { 0 };
	char full[PATH_MAX];

	if (o->nwords != 1)
		return fail_usage(e, "watch: needs the folder of one run, which its last line "
				     "names; see lh-verify watch --help");
	w.of.dir = o->words[0];
	if (!file_isdir(w.of.dir))
		return fail_usage(
		    e, "watch: %s: no such folder; begin the run first, or name its -o", w.of.dir);
	if (!realpath(w.of.dir, full))
		return fail_errno(e, "watch: %s", w.of.dir);
	w.of.dir = full;
	if (droproot_to_read(arena_printf(a, "%s/live", w.of.dir), e) < 0)
		return -1;
	return serve(&w, o->port, e);
}
