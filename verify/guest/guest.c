/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/guest.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/expect.h"
#include "verify/guest/channel.h"
#include "verify/guest/ending.h"
#include "verify/guest/qmp.h"
#include "verify/guest/serial.h"
#include "verify/guest/snapshot.h"
#include "verify/island.h"
#include "verify/loop.h"
#include "verify/view.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* a match can't be longer; enough for a panic with its whole trace */
#define CONSOLE_WINDOW (1u << 20)
/* the tty's line editor in the guest drops what is longer, silently */
#define SEND_MAX 900
/* from the first sign of the end to the last byte of everything */
#define END_GRACE (10 * NS_PER_S)
#define WORDS_MAX 4096
#define CONSOLE_MAX (256u << 20)
#define QMP_LINE_MAX (1u << 20)
#define QMP_LOG_MAX (16u << 20)
#define QUIET_AGAIN (10 * NS_PER_MS)
/* at a guest that is to be seen asleep, before it has to go as it is */
#define LOOKS 500

enum event {
	EV_SHUTDOWN, /* QMP says that it is about to end */
	EV_EXIT,     /* the process is dead */
	EV_CLOSED,   /* console or QMP at its end */
	EV_STOP,     /* we want it to end */
	EV_LATE,     /* it should have ended by now */
	NEVENTS
};

/* who waits for an answer to a QMP command */
struct request {
	struct request *next;
	uint64_t id;
	bool human; /* the answer is a string to decode */
	guest_answer *done;
	void *arg;
};

/* it is on its way to another QEMU */
struct move {
	struct qemu_opts opts;
	const char *dir;
	const char *registers; /* of the look before, or NULL */
	unsigned looks;
	bool saved; /* the end of this QEMU is not the guest's */
	guest_moved *done;
	void *arg;
};

struct guest {
	struct arena *a;
	struct loop *loop;
	const struct manifest *manifest;
	const struct guest_calls *calls;
	void *arg;
	enum guest_state state;
	nstime started;

	struct child qemu; /* pid 0: reaped */
	struct buf words;  /* the last of what it wrote to stdout and stderr */
	int status;	   /* as waitpid gave it */
	bool killed;	   /* by us, because it would not end */

	struct channel *console, *qmp;
	const char *serial; /* the console's named pipes; NULL when QEMU has opened them */
	const char *told;   /* as qemu_opts.told */
	struct agent *agent;
	struct serial *serial_agent; /* how it gets there, or NULL: by a port of its own */
	struct stream *stream;
	struct view *view; /* of it */
	int console_log, qmp_log;
	struct buf qmp_in;
	bool qmp_skips;	   /* the rest of a line that is too long */
	size_t qmp_logged; /* bytes */

	uint64_t last_id;
	struct request *requests;

	const char *shutdown;			 /* the reason QMP gave */
	const char *reason;			 /* of the end, for everybody */
	struct move *move;			 /* or NULL */
	bool full;				 /* the console has said all that it may */
	bool ran;				 /* QMP answered, or the console said something */
	bool hosts;				 /* the end was the host's doing */
	unsigned alarm, telling, silence, quiet; /* of the loop */
};

typedef void guest_action(struct guest *g);

static void happen(struct guest *g, enum event ev);

/* ---- logs ---- */

static int
open_log(struct arena *a, const char *dir, const char *name, struct err *e)
{
	const char *path = arena_printf(a, "%s/%s", dir, name);
	/* appended: a guest that boots again in the same test case tells one story */
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	return fd < 0 ? fail_errno(e, "%s", path) : fd;
}

static void
log_bytes(int fd, const void *p, size_t n)
{
	struct err ignored; /* a full disk shows when the verdict is written */

	fd_write(fd, p, n, "log", &ignored);
}

static void
log_qmp(struct guest *g, char direction, const char *line, size_t n)
{
	static const char rest[] = "(the rest is not kept)\n";
	char head[48];
	int len = snprintf(head, sizeof head, "%9.3f %c ",
	    (double)(clock_now() - g->started) / NS_PER_S, direction);

	if (g->qmp_logged > QMP_LOG_MAX)
		return;
	g->qmp_logged += (size_t)len + n + 1;
	if (g->qmp_logged > QMP_LOG_MAX) {
		log_bytes(g->qmp_log, rest, sizeof rest - 1);
		return;
	}
	log_bytes(g->qmp_log, head, (size_t)len);
	log_bytes(g->qmp_log, line, n);
	log_bytes(g->qmp_log, "\n", 1);
}

/* ---- the serial console's pipes ---- */

/*
 * A socket counts each byte that a serial port writes as a packet: some 300 fill it, and a kernel
 * waits for its port 10 ms and then drops what it has to say.  A pipe takes a whole boot.
 */
#define PIPE_BYTES (1 << 20)

static void
serial_unlink(struct guest *g)
{
	if (!g->serial)
		return;
	unlink(arena_printf(g->a, "%s.in", g->serial));
	unlink(arena_printf(g->a, "%s.out", g->serial));
	g->serial = NULL;
}

/* QEMU opens its ends by name; fd: where to read it, where to write to it */
static int
serial_make(struct guest *g, const char *dir, int fd[2], struct err *e)
{
	static const struct {
		const char *suffix;
		int flags;
	} ends[] = { { "out", O_RDONLY }, { "in", O_RDWR } };

	g->serial = arena_printf(g->a, "%s/serial", dir);
	for (size_t i = 0; i < 2; i++) {
		const char *path = arena_printf(g->a, "%s.%s", g->serial, ends[i].suffix);

		unlink(path); /* of a run that was killed */
		if (mkfifo(path, 0600) < 0)
			return fail_errno(e, "%s", path);
		fd[i] = open(path, ends[i].flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
		if (fd[i] < 0)
			return fail_errno(e, "%s", path);
	}
	fcntl(fd[0], F_SETPIPE_SZ, PIPE_BYTES); /* refused: 64 KiB do */
	return 0;
}

/* ---- QMP ---- */

/* whoever still waits for an answer gets none */
static void
answer_nothing(void *arg)
{
	struct guest *g = arg;

	g->silence = 0;
	while (g->requests) {
		struct request *q = g->requests;

		g->requests = q->next;
		if (q->done)
			q->done(q->arg, NULL, "the guest has ended");
	}
}

static void
ask(struct guest *g, const char *command, const char *arguments, bool human, guest_answer *done,
    void *arg)
{
	struct request *q = arena_alloc(g->a, sizeof *q), **p = &g->requests;
	struct arena *a = arena_new();
	struct err e;
	char *line;

	*q = (struct request){ .id = ++g->last_id, .human = human, .done = done, .arg = arg };
	while (*p)
		p = &(*p)->next;
	*p = q;
	line = qmp_format(a, q->id, command, arguments, &e);
	if (g->state == GUEST_ENDED || !line) {
		if (!g->silence)
			g->silence = loop_at(g->loop, 0, answer_nothing, g);
	} else {
		log_qmp(g, '>', line, strlen(line) - 1);
		channel_send(g->qmp, line, strlen(line));
	}
	arena_free(a);
}

void
guest_qmp(
    struct guest *g, const char *command, const char *arguments, guest_answer *done, void *arg)
{
	ask(g, command, arguments, false, done, arg);
}

void
guest_hmp(struct guest *g, const char *command, guest_answer *done, void *arg)
{
	struct arena *a = arena_new();

	ask(g, "human-monitor-command", qmp_hmp_arguments(a, command), true, done, arg);
	arena_free(a);
}

static void
on_answer(struct guest *g, struct arena *a, const struct qmp_message *m)
{
	struct request **p = &g->requests, *q;
	const char *text;

	g->ran = true;
	while (*p && (*p)->id != m->id)
		p = &(*p)->next;
	q = *p;
	if (!q)
		return;
	*p = q->next;
	if (!q->done)
		return;
	if (m->kind == QMP_ERROR) {
		q->done(q->arg, NULL, m->text);
		return;
	}
	text = q->human ? qmp_string(a, m->text) : m->text;
	q->done(q->arg, text, text ? NULL : "not a text");
}

static void
on_event(struct guest *g, const struct qmp_message *m)
{
	if (!strcmp(m->name, "RESET") && g->agent)
		agent_reset(g->agent);
	if (!strcmp(m->name, "SHUTDOWN")) {
		if (!g->shutdown) /* the first is what it ended of, the rest would fill the arena */
			g->shutdown = arena_strdup(g->a, m->text ? m->text : "unknown");
		happen(g, EV_SHUTDOWN);
	}
	if (g->calls->event)
		g->calls->event(g->arg, m->name, m->text);
}

static void
on_qmp_line(struct guest *g, const char *line, size_t n)
{
	struct arena *a = arena_new();
	struct qmp_message m;
	struct err e;

	log_qmp(g, '<', line, n);
	if (qmp_parse(a, line, n, &m, &e) < 0)
		log_qmp(g, '!', e.msg, strlen(e.msg));
	else if (m.kind == QMP_EVENT)
		on_event(g, &m);
	else if (m.kind == QMP_GREETING)
		serial_unlink(g);
	else
		on_answer(g, a, &m);
	arena_free(a);
}

/* a line, or the part of one behind what qmp_in has; whole: it ends here */
static void
on_qmp_part(struct guest *g, const char *p, size_t n, bool whole)
{
	if (!g->qmp_skips && g->qmp_in.n + n > QMP_LINE_MAX) {
		g->qmp_skips = true;
		if (g->calls->unheard)
			g->calls->unheard(g->arg, "QMP: a message of more than 1 MiB");
	}
	if (!g->qmp_skips)
		buf_add(&g->qmp_in, p, n);
	if (!g->qmp_skips && whole) {
		n = g->qmp_in.n;
		on_qmp_line(g, n ? g->qmp_in.p : "", n && g->qmp_in.p[n - 1] == '\r' ? n - 1 : n);
	}
	if (g->qmp_skips || whole)
		buf_clear(&g->qmp_in);
	g->qmp_skips = g->qmp_skips && !whole;
}

/* each byte is looked at once, however long the lines */
static void
on_qmp(void *arg, const char *p, size_t n)
{
	struct guest *g = arg;
	const char *end, *stop = p + n;

	if (!n)
		happen(g, EV_CLOSED);
	for (; (end = memchr(p, '\n', (size_t)(stop - p))); p = end + 1)
		on_qmp_part(g, p, (size_t)(end - p), true);
	if (p < stop)
		on_qmp_part(g, p, (size_t)(stop - p), false);
}

/* ---- the console ---- */

/* n 0: the console has ended */
static void
say(void *arg, const char *p, size_t n)
{
	struct guest *g = arg;

	if (n && (g->full = g->full || stream_size(g->stream) + n > CONSOLE_MAX)) {
		;
	} else if (n) {
		log_bytes(g->console_log, p, n);
		stream_add(g->stream, p, n);
		view_add(g->view, p, n);
	} else {
		stream_eof(g->stream);
		view_eof(g->view);
	}
	if (g->calls->console)
		g->calls->console(g->arg);
}

static void
on_console(void *arg, const char *p, size_t n)
{
	struct guest *g = arg;

	channel_pump(g->qmp); /* a reset is told before what the new boot says */
	if (!n && g->move && g->move->saved) {
		happen(g, EV_CLOSED);
		return;
	}
	g->ran = g->ran || n;
	if (n && g->serial_agent) {
		serial_hear(g->serial_agent, p, n);
	} else {
		say(g, p, n);
	}
	if (!n)
		happen(g, EV_CLOSED);
}

int
guest_send(struct guest *g, const void *p, size_t n, struct err *e)
{
	if (n > SEND_MAX)
		return fail(
		    e, "send: %zu bytes; a guest's line editor drops what is over %d", n, SEND_MAX);
	if (g->state == GUEST_ENDED || channel_ended(g->console))
		return fail(e, "send: the console has ended");
	channel_send(g->console, p, n);
	return 0;
}

/* ---- the process ---- */

/* true when there were some */
static bool
hear_words(struct guest *g)
{
	char block[4096];
	ssize_t n = read(g->qemu.out, block, sizeof block);

	if (n == 0)
		loop_forget(g->loop, g->qemu.out);
	if (n <= 0)
		return false;
	buf_add(&g->words, block, (size_t)n);
	if (g->words.n > WORDS_MAX)
		buf_drop(&g->words, g->words.n - WORDS_MAX);
	return true;
}

static void
on_words(void *arg, int fd, short revents)
{
	(void)fd;
	(void)revents;
	hear_words(arg);
}

static void
on_dead(void *arg, int fd, short revents)
{
	struct guest *g = arg;
	struct err e;

	(void)fd;
	(void)revents;
	while (hear_words(g))
		;
	loop_forget(g->loop, g->qemu.out);
	loop_forget(g->loop, g->qemu.pidfd);
	if (child_wait(&g->qemu, &g->status, &e) < 0)
		g->status = -1;
	channel_pump(g->console); /* a pipe that QEMU has never opened does not tell its end */
	happen(g, EV_EXIT);
}

/* ---- how it ends ---- */

static void
on_late(void *arg)
{
	struct guest *g = arg;

	g->alarm = 0;
	happen(g, EV_LATE);
}

static void
set_alarm(struct guest *g, nstime grace)
{
	loop_cancel(g->loop, g->alarm);
	g->alarm = loop_at(g->loop, clock_now() + grace, on_late, g);
}

static void
notify_ended(void *arg)
{
	struct guest *g = arg;

	g->telling = 0;
	if (g->calls->ended)
		g->calls->ended(g->arg);
}

static void resume(struct guest *g);

/* reason NULL: as the process ended */
static void
over(struct guest *g, const char *reason)
{
	struct ending x = { .status = g->status,
		.shutdown = g->shutdown,
		.ran = g->ran,
		.killed = g->killed,
		.words = g->words.n ? g->words.p : "",
		.silent_exit = g->manifest->silent_exit };

	loop_cancel(g->loop, g->alarm);
	g->alarm = 0;
	if (g->move && g->move->saved && !reason) {
		resume(g);
		return;
	}
	g->move = NULL;
	stream_eof(g->stream);
	view_eof(g->view);
	g->state = GUEST_ENDED;
	g->reason = reason ? reason : ending_text(g->a, &x);
	g->hosts = ending_is_hosts(&x);
	if (g->agent)
		agent_gone(g->agent, "the guest has ended");
	answer_nothing(g);
	g->telling = loop_at(g->loop, 0, notify_ended, g);
}

/* is it all over?  Judging before the console's last byte would miss what it died of */
static void
settle(struct guest *g)
{
	if (!g->qemu.pid && channel_ended(g->console) && channel_ended(g->qmp))
		over(g, NULL);
}

static void
begin_end(struct guest *g)
{
	g->state = GUEST_ENDING;
	set_alarm(g, END_GRACE);
	settle(g);
}

static void
quit(struct guest *g)
{
	g->state = GUEST_ENDING;
	ask(g, "quit", NULL, false, NULL, NULL);
}

static void
force(struct guest *g)
{
	g->state = GUEST_ENDING;
	if (g->qemu.pid) {
		g->killed = true;
		child_kill(&g->qemu, SIGKILL);
		set_alarm(g, END_GRACE);
		return;
	}
	/* dead, and still somebody holds its descriptors */
	channel_free(g->console);
	channel_free(g->qmp);
	g->console = g->qmp = NULL;
	stream_eof(g->stream);
	view_eof(g->view);
	over(g, "qemu left a process behind that keeps its console open");
}

static void
ignore(struct guest *g)
{
	(void)g;
}

/* every state answers every event */
static guest_action *const actions[GUEST_NSTATES][NEVENTS] = {
	[GUEST_OFF] = { ignore, ignore, ignore, ignore, ignore },
	/*                SHUTDOWN   EXIT       CLOSED     STOP    LATE */
	[GUEST_RUNNING] = { begin_end, begin_end, begin_end, quit, ignore },
	[GUEST_ENDING] = { ignore, settle, settle, ignore, force },
	[GUEST_ENDED] = { ignore, ignore, ignore, ignore, ignore },
};

static void
happen(struct guest *g, enum event ev)
{
	actions[g->state][ev](g);
}

void
guest_stop(struct guest *g, nstime grace)
{
	g->move = NULL;
	if (g->state == GUEST_RUNNING)
		set_alarm(g, grace);
	happen(g, EV_STOP);
}

/* ---- the beginning ---- */

/* both ends close on exec; ours is [0] */
static int
make_pair(int fd[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return fail_errno(e, "socketpair");
	return 0;
}

/* one line to paste into a shell, with the console on the terminal; and what was really run */
static int
write_argv(const struct guest *g, const struct manifest *m, const struct qemu_opts *o,
    const struct argv *v, const char *dir, struct err *e)
{
	struct qemu_opts by_hand = *o;
	struct argv p = { .a = g->a };
	const char *text;

	by_hand.console = NULL;
	by_hand.qmp_fd = by_hand.agent_fd = -1;
	by_hand.net = NULL;
	by_hand.waits = false;
	qemu_argv(&p, m, &by_hand);
	text = arena_printf(g->a, "%s\n# as it was run, with inherited descriptors:\n# %s\n",
	    argv_quoted(&p), argv_quoted(v));
	return file_write(arena_printf(g->a, "%s/argv", dir), text, strlen(text), 0644, e);
}

/* what QEMU does not restore of a state, it is told beside it */
static int
tell(const struct guest *g, const struct manifest *m, struct qemu_opts *o, const char *dir,
    struct err *e)
{
	const char *line;

	if (!o->loadvm || !m->after_loadvm)
		return 0;
	line = arena_printf(g->a, "%s\n", m->after_loadvm);
	o->told = arena_printf(g->a, "%s/told", dir);
	if (file_write(arena_printf(g->a, "%s.in", o->told), line, strlen(line), 0644, e) < 0)
		return -1;
	return file_write(arena_printf(g->a, "%s.out", o->told), "", 0, 0644, e);
}

static void
close_all(int fd[][2], size_t n, int end)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i][end] >= 0)
			close(fd[i][end]);
}

static void
type_in(void *arg, const char *p, size_t n)
{
	struct guest *g = arg;

	if (g->console)
		channel_send(g->console, p, n);
}

/* restored: it did so before it was saved */
static void
log_in(struct guest *g, bool restored)
{
	const char *login = g->manifest->login ? g->manifest->login : "root";
	size_t n = strcspn(login, " \t");
	const char *password = login[n] ? login + n + strspn(login + n, " \t") : NULL;

	g->serial_agent =
	    serial_new(g->loop, &(struct serial_opts){ .user = arena_strndup(g->a, login, n),
				    .password = password,
				    .awake = restored,
				    .type = type_in,
				    .said = say,
				    .arg = g });
	g->agent = serial_agent(g->serial_agent);
}

/* our ends of what QEMU has just been started with; those of the one before it are gone */
static void
attach(struct guest *g, int qmp, int agent, bool by_serial, const int serial[2], bool restored)
{
	fd_nonblock(g->qemu.out);
	channel_free(g->qmp);
	channel_free(g->console);
	g->qmp = channel_new(g->loop, qmp, on_qmp, g);
	g->console = channel_of_pipes(g->loop, serial[0], serial[1], on_console, g);
	if (g->agent)
		agent_rewire(g->agent, agent, g->qmp);
	else if (by_serial)
		log_in(g, restored);
	else if (agent >= 0)
		g->agent = agent_new(g->loop, agent, restored, g->qmp);
	loop_watch(g->loop, g->qemu.out, POLLIN, on_words, g);
	loop_watch(g->loop, g->qemu.pidfd, POLLIN, on_dead, g);
	g->state = GUEST_RUNNING;
	ask(g, "qmp_capabilities", NULL, false, NULL, NULL);
}

static int
launch(struct guest *g, const struct qemu_opts *o, const char *dir, struct err *e)
{
	enum { QMP, AGENT, NPAIRS };
	int pair[NPAIRS][2] = { { -1, -1 }, { -1, -1 } }, serial[2] = { -1, -1 };
	int keep[NPAIRS + QEMU_NET_ENDS];
	const struct manifest *m = g->manifest;
	struct qemu_opts opts = *o;
	struct argv v = { .a = g->a };
	bool by_serial = o->agent_fd >= 0 && serial_is_asked(m),
	     agent = o->agent_fd >= 0 && !by_serial;
	struct child_opts co = { .dir = dir,
		.keep = keep,
		.nkeep = agent ? NPAIRS : AGENT,
		.spaces = o->island ? o->island->spaces : NULL,
		.nspaces = o->island ? ISLAND_SPACES : 0 };

	if (serial_make(g, dir, serial, e) < 0 || make_pair(pair[QMP], e) < 0 ||
	    (agent && make_pair(pair[AGENT], e) < 0))
		goto undo;
	opts.console = g->serial;
	opts.qmp_fd = keep[QMP] = pair[QMP][1];
	opts.agent_fd = keep[AGENT] = pair[AGENT][1];
	for (size_t i = 0; o->net && i < QEMU_NET_ENDS; i++)
		keep[co.nkeep++] = o->net[i];
	if (tell(g, m, &opts, dir, e) < 0)
		goto undo;
	g->told = opts.told;
	qemu_argv(&v, m, &opts);
	if (write_argv(g, m, &opts, &v, dir, e) < 0 || child_start(&g->qemu, v.v, &co, e) < 0)
		goto undo;
	close_all(pair, NPAIRS, 1); /* or we would never see their end */
	attach(g, pair[QMP][0], pair[AGENT][0], by_serial, serial, o->loadvm != NULL);
	return 0;

undo:
	close_all(pair, NPAIRS, 0);
	close_all(pair, NPAIRS, 1);
	close_all(&serial, 1, 0);
	close_all(&serial, 1, 1);
	serial_unlink(g);
	return -1;
}

int
guest_start(struct arena *a, struct loop *l, const struct manifest *m, const struct qemu_opts *o,
    const char *dir, const struct guest_calls *calls, void *arg, struct guest **out, struct err *e)
{
	struct guest *g = arena_alloc(a, sizeof *g);

	*g = (struct guest){ .a = a,
		.loop = l,
		.manifest = m,
		.calls = calls,
		.arg = arg,
		.started = clock_now(),
		.console_log = -1,
		.qmp_log = -1 };
	if ((g->console_log = open_log(a, dir, "console", e)) < 0 ||
	    (g->qmp_log = open_log(a, dir, "qmp", e)) < 0 || launch(g, o, dir, e) < 0)
		goto undo;
	g->stream = stream_new(CONSOLE_WINDOW);
	g->view = view_new(CONSOLE_WINDOW);
	*out = g;
	return 0;

undo:
	if (g->console_log >= 0)
		close(g->console_log);
	if (g->qmp_log >= 0)
		close(g->qmp_log);
	return -1;
}

/* ---- to another QEMU ---- */

/* what the one that is gone had said and was asked is not the next one's */
static void
forget_qemu(struct guest *g)
{
	answer_nothing(g);
	buf_clear(&g->qmp_in);
	buf_clear(&g->words);
	g->qmp_skips = g->ran = g->killed = false;
	g->shutdown = NULL;
}

static void
resume(struct guest *g)
{
	const struct move *m = g->move;
	struct err e;

	g->move = NULL;
	forget_qemu(g);
	if (launch(g, &m->opts, m->dir, &e) < 0) {
		over(g, arena_printf(g->a, "qemu: %s", e.msg));
		g->hosts = true;
		return;
	}
	m->done(m->arg, NULL);
}

static void
leave(struct guest *g)
{
	g->move->saved = true;
	quit(g);
	set_alarm(g, END_GRACE);
}

/* a race's clock shall begin where this one's has ended */
static void
on_snapshots(void *arg, const char *answer, const char *error)
{
	struct guest *g = arg;
	struct move *m = g->move;
	double now;

	(void)error;
	if (!m)
		return;
	now = answer ? snapshot_clock(answer, m->opts.loadvm) : -1;
	if (now >= 0)
		m->opts.leap = (unsigned)(now * 1000) + 2;
	leave(g);
}

static void
on_saved(void *arg, const char *answer, const char *error)
{
	struct guest *g = arg;
	const struct move *m = g->move;
	size_t n = answer ? strcspn(answer, "\r\n") : 0;

	if (!m)
		return;
	if (answer && !*answer) { /* silence is consent */
		if (m->opts.pace == PACE_RACE)
			guest_hmp(g, "info snapshots", on_snapshots, g);
		else
			leave(g);
		return;
	}
	g->move = NULL;
	if (g->agent)
		agent_take(g->agent);
	m->done(m->arg, answer ? arena_strndup(g->a, answer, n) : error);
}

static void
save(struct guest *g)
{
	guest_hmp(g, arena_printf(g->a, "savevm %s", g->move->opts.loadvm), on_saved, g);
}

static void move_when_quiet(void *arg);

static void
on_goes_on(void *arg, const char *answer, const char *error)
{
	struct guest *g = arg;

	if (!g->move)
		return;
	if (answer)
		g->quiet = loop_at(g->loop, clock_now() + QUIET_AGAIN, move_when_quiet, g);
	else
		on_saved(g, NULL, error);
}

/* into a race it goes asleep, as arrival.h has it: so it was when it was looked at twice */
static void
on_registers(void *arg, const char *answer, const char *error)
{
	struct guest *g = arg;
	struct move *m = g->move;

	if (!m)
		return;
	if (!answer) {
		on_saved(g, NULL, error);
	} else if ((m->registers && !strcmp(answer, m->registers)) || m->looks++ == LOOKS) {
		save(g);
	} else {
		m->registers = arena_strdup(g->a, answer);
		guest_qmp(g, "cont", NULL, on_goes_on, g);
	}
}

static void
on_stopped(void *arg, const char *answer, const char *error)
{
	struct guest *g = arg;

	if (!g->move)
		return;
	if (!answer)
		on_saved(g, NULL, error);
	else if (g->move->opts.pace == PACE_RACE)
		guest_hmp(g, "info registers", on_registers, g);
	else
		save(g);
}

/* a command that is under way would be half here, half there */
static void
move_when_quiet(void *arg)
{
	struct guest *g = arg;

	g->quiet = 0;
	if (!g->move || g->state != GUEST_RUNNING)
		return;
	if (g->agent && !agent_is_quiet(g->agent))
		g->quiet = loop_at(g->loop, clock_now() + QUIET_AGAIN, move_when_quiet, g);
	else
		guest_qmp(g, "stop", NULL, on_stopped, g);
}

void
guest_move(
    struct guest *g, const struct qemu_opts *o, const char *dir, guest_moved *done, void *arg)
{
	struct move *m = arena_alloc(g->a, sizeof *m);

	*m = (struct move){ .opts = *o, .dir = dir, .done = done, .arg = arg };
	g->move = m;
	if (g->agent)
		agent_hold(g->agent);
	g->quiet = loop_at(g->loop, 0, move_when_quiet, g);
}

void
guest_recall(struct guest *g, const void *p, size_t n)
{
	log_bytes(g->console_log, p, n);
	stream_add(g->stream, p, n);
	view_add(g->view, p, n);
}

enum guest_state
guest_state(const struct guest *g)
{
	return g->state;
}

struct stream *
guest_console(struct guest *g)
{
	return g->stream;
}

struct view *
guest_view(struct guest *g)
{
	return g->view;
}

const char *
guest_reason(const struct guest *g)
{
	return g->reason;
}

bool
guest_console_is_full(const struct guest *g)
{
	return g->full;
}

bool
guest_ended_by_host(const struct guest *g)
{
	return g->state == GUEST_ENDED && g->hosts;
}

bool
guest_is_going(const struct guest *g)
{
	return g->state != GUEST_RUNNING || channel_hung_up(g->console) ||
	       channel_hung_up(g->qmp) || (g->agent && agent_ended(g->agent)) ||
	       loop_is_ready(g->qemu.pid ? g->qemu.pidfd : -1, POLLIN);
}

const struct manifest *
guest_manifest(const struct guest *g)
{
	return g->manifest;
}

const char *
guest_told(const struct guest *g)
{
	return g->told;
}

pid_t
guest_pid(const struct guest *g)
{
	return g->qemu.pid;
}

/* ---- through the guest agent ---- */

struct unheard {
	agent_done *done;
	void *arg;
};

static void
notify_unheard(void *arg)
{
	const struct unheard *u = arg;

	u->done(u->arg,
	    &(struct agent_result){ .status = -1, .out = "", .why = "the guest has no agent" });
}

void
guest_run(struct guest *g, const char *command, nstime deadline, agent_done *done, void *arg)
{
	struct unheard *u;

	if (g->agent) {
		agent_run(g->agent, command, deadline, done, arg);
		return;
	}
	u = arena_alloc(g->a, sizeof *u);
	*u = (struct unheard){ done, arg };
	loop_at(g->loop, 0, notify_unheard, u);
}

bool
guest_has_agent(const struct guest *g)
{
	return g->agent != NULL;
}

/* ---- ports of 127.0.0.1 that lead to the guest's ---- */

struct port_arguments {
	struct guest *guest;
	unsigned to;
	bool opened;
	guest_answer *done;
	void *arg;
};

/*
 * "info usernet" has a line for each forward, the first of which is the one of ssh:
 *   TCP[HOST_FORWARD]  13       127.0.0.1 40123       10.0.2.15    22 ...
 * The port here that leads to this one there; 0: none does.  address: the guest's; "": no forward.
 */
static unsigned
forwarded(const char *table, unsigned to, char address[INET_ADDRSTRLEN])
{
	unsigned here, there;

	*address = '\0';
	while ((table = strstr(table, "[HOST_FORWARD]"))) {
		if (sscanf(table, "[HOST_FORWARD] %*d %*s %u %15s %u", &here, address, &there) ==
			3 &&
		    there == to && here && here <= 65535)
			return here;
		table++;
	}
	return 0;
}

static void on_opened(void *arg, const char *answer, const char *error);

static void
on_usernet(void *arg, const char *answer, const char *error)
{
	struct port_arguments *q = arg;
	char text[80], address[INET_ADDRSTRLEN];
	unsigned port;

	if (!answer) {
		q->done(q->arg, NULL, error);
	} else if ((port = forwarded(answer, q->to, address))) {
		snprintf(text, sizeof text, "%u", port);
		q->done(q->arg, text, NULL);
	} else if (!*address || q->opened) {
		q->done(q->arg, NULL, "info usernet names no forwarded port");
	} else {
		snprintf(
		    text, sizeof text, "hostfwd_add net tcp:127.0.0.1:0-%s:%u", address, q->to);
		guest_hmp(q->guest, text, on_opened, q);
	}
}

/* says nothing when all is well */
static void
on_opened(void *arg, const char *answer, const char *error)
{
	struct port_arguments *q = arg;

	if (!answer || *answer) {
		q->done(q->arg, NULL, answer ? answer : error);
		return;
	}
	q->opened = true;
	guest_hmp(q->guest, "info usernet", on_usernet, q);
}

void
guest_port(struct guest *g, unsigned to, guest_answer *done, void *arg)
{
	struct port_arguments *q = arena_alloc(g->a, sizeof *q);

	*q = (struct port_arguments){ .guest = g, .to = to, .done = done, .arg = arg };
	guest_hmp(g, "info usernet", on_usernet, q);
}

void
guest_free(struct guest *g)
{
	if (!g)
		return;
	loop_cancel(g->loop, g->alarm);
	loop_cancel(g->loop, g->telling);
	loop_cancel(g->loop, g->silence);
	loop_cancel(g->loop, g->quiet);
	serial_unlink(g);
	channel_free(g->console);
	channel_free(g->qmp);
	agent_free(g->agent);
	serial_free(g->serial_agent);
	stream_free(g->stream);
	view_free(g->view);
	buf_free(&g->qmp_in);
	buf_free(&g->words);
	close(g->console_log);
	close(g->qmp_log);
}
