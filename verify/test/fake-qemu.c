/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest without a machine: takes QEMU's command line as qemu.c makes it, speaks enough of
 * its protocol on the inherited descriptors, and plays the script that $LH_FAKE names.  After
 * the script's end it idles until it is told to quit.  With --version it prints $LH_FAKE_VERSION.
 *
 *   say TEXT           to the console; \n \r \e \t \\ \xHH; $cmdline: the kernel command line
 *   drip TEXT          the same, one byte at a time
 *   flood N TEXT       the same N times
 *   uart N             N bytes one by one, as a serial port: what is not taken at once is lost
 *   echo               from here on what the console receives is sent back, as a tty does
 *   hear TEXT          waits until the console has received TEXT
 *   pause TIME
 *   agent              opens the private channel: greets, and a local sh answers
 *   awake              the same, and it was open before: no greeting
 *   restored           with -loadvm the script begins here, otherwise it ends here; `savevm`
 *                      keeps the command line.  With -S it begins when `loadvm` has been asked for,
 *                      of a processor that runs with the second `cont`, and goes on with the next
 *   savevm TEXT        what `savevm` answers, and then it keeps nothing
 *   cmdline TEXT       what /proc/cmdline has from here on; without TEXT that of -append, as at
 *                      first; none: no such file
 *   log TEXT           a line more of what `dmesg -r` says
 *   tainted TEXT       what /proc/sys/kernel/tainted has from here on
 *   uptime N           what /proc/uptime has; from here on `sleep` takes no time and adds to it
 *   insomnia           from here on it adds nothing
 *   coma               from here on it does not end
 *   registers TEXT     what `info registers` answers
 *   banner ADDRESS     where memory has the word Linux, as "0x1000", and nowhere else
 *   blind              there is no screen to make a picture of
 *   port N             what `info usernet` answers
 *   event NAME REASON  a QMP event
 *   events N NAME ...  the same N times
 *   message N          N bytes of a QMP message, and no end of it
 *   ssh N              a server on a port of its own, which `info usernet` tells: greets, and then
 *                      sends N packets of 32 KiB that nobody asked for
 *   frame TEXT         on the wire to the guest's network; escapes as with say
 *   shutdown REASON    the event, then exits
 *   linger REASON      the event, and does not exit
 *   eof                closes the console
 *   deaf               from here on `quit` and the buttons do nothing
 *   forward WORD...    how `hostfwd_add` treats a connection, a word each, the last for all others:
 *                      refuse, as slirp does; early, that before a byte is there; answer; close,
 *                      when a byte has been read; hush; die, all of it by a signal; off, all of
 *                      it in order; nothing: it opens none
 *   words TEXT         to stderr
 *   spoil FILE         appends to a file of the host, which no guest should be able to
 *   exit N             exits without an event
 *   die N              is killed by signal N; without it by SIGKILL
 *   orphan TEXT        exits, and a child that stays a little then writes TEXT
 */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/base/fd.h"
#include "build/base/log.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/guest/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake {
	struct arena *a;
	int console, keys, qmp, agent; /* -1: not there; keys: what is typed on the console */
	int wire;		       /* to who stands between the guest and its network */
	const char *append;
	/* files that stand for /proc/cmdline, the kernel's log and /proc/sys/kernel/tainted */
	char *cmdline_path, *log_path, *tainted_path;
	char *uptime_path, *sleep_path, *vm_path; /* for /proc/uptime, sleep, /proc/sys/vm */
	struct lines script;
	bool script_over, echo, deaf, blind;
	nstime until;	    /* pause */
	const char *wanted; /* hear, or NULL */
	struct buf heard, qmp_in, agent_in;
	const char *registers, *savevm, *banner;
	unsigned turns;		/* `cont`, before a state is loaded */
	unsigned snapshots;	/* told */
	bool waits, loaded;	/* for a state, and for the `cont` behind it */
	bool slot;		/* a device may be plugged in */
	bool faulty, faults;	/* there is a node that makes the disk fail; and it is used */
	const char *saved_path; /* the file that stands for a saved state */
	unsigned port;
	char *forward;	/* the words that are left */
	int forward_fd; /* listens; -1: nothing is forwarded but the port of ssh */
	unsigned forward_port, forward_to;
	pid_t shell;
	int shell_in;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "fake-qemu: %s: %s\n", what, strerror(errno));
	_exit(111);
}

static void
put(int fd, const char *p, size_t n)
{
	while (fd >= 0 && n) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return;
		p += w;
		n -= (size_t)w;
	}
}

static void
qmp_say(struct fake *f, const char *text)
{
	put(f->qmp, text, strlen(text));
	put(f->qmp, "\r\n", 2);
}

static void
qmp_event(struct fake *f, const char *name, const char *reason)
{
	qmp_say(f, arena_printf(f->a,
		       "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 2}, \"event\": \"%s\", "
		       "\"data\": {\"%s\": \"%s\"}}",
		       name, strcmp(name, "GUEST_PANICKED") ? "reason" : "action", reason));
}

static _Noreturn void
end(struct fake *f, int status)
{
	if (f->shell)
		kill(-f->shell, SIGKILL);
	unlink(f->cmdline_path);
	_exit(status);
}

/* ---- QMP ---- */

static void write_cmdline(const char *path, const char *text);

/* ---- a forwarded port ---- */

static const char *
forward_add(struct fake *f, const char *line)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *to = strstr(line, "0-10.0.2.15:");
	socklen_t n = sizeof sa;

	if (!f->forward || !to || sscanf(to, "0-10.0.2.15:%u", &f->forward_to) != 1)
		return "\"could not set up host forwarding rule\\r\\n\"";
	f->forward_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (f->forward_fd < 0 || bind(f->forward_fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
	    listen(f->forward_fd, 1) < 0 ||
	    getsockname(f->forward_fd, (struct sockaddr *)&sa, &n) < 0)
		die("forward");
	f->forward_port = ntohs(sa.sin_port);
	return "\"\"";
}

static void
forward_accept(struct fake *f)
{
	int fd = accept(f->forward_fd, NULL, NULL);
	char *word = f->forward, *blank = strchr(word, ' '), byte;

	if (blank) {
		*blank = '\0';
		f->forward = blank + 1;
	}
	if (fd < 0)
		die("accept");
	if (!strcmp(word, "hush"))
		return;
	if (!strcmp(word, "early"))
		shutdown(fd, SHUT_WR);
	if (recv(fd, &byte, 1, strcmp(word, "close") ? MSG_PEEK : 0) < 0)
		die("recv");
	if (!strcmp(word, "die")) {
		unlink(f->cmdline_path);
		raise(SIGKILL);
	}
	if (!strcmp(word, "off")) {
		qmp_event(f, "SHUTDOWN", "guest-shutdown");
		end(f, 0);
	}
	if (!strcmp(word, "answer") && recv(fd, &byte, 1, 0) == 1)
		put(fd, "hello\r\nyou", 10);
	close(fd);
}

/* with the command line that the guest has, which may be that of another QEMU */
/* goes on where a guest was saved, with its command line */
static void
restore(struct fake *f)
{
	char *text, *line;
	struct err e;

	if (file_read(f->a, f->saved_path, &text, NULL, &e) < 0) {
		fprintf(stderr, "fake-qemu: there is no saved state\n");
		end(f, 1);
	}
	write_cmdline(f->cmdline_path, text);
	while ((line = lines_next(&f->script)) && strcmp(line, "restored"))
		;
}

/* QEMU's clock of a guest is right where the processor has run before */
static const char *
loadvm(struct fake *f)
{
	if (f->turns < 2)
		return "\"Error: the processor has never run\"";
	if (!f->loaded)
		restore(f);
	f->loaded = true;
	return "\"\"";
}

static void
save(struct fake *f)
{
	char *text;
	struct err e;

	if (file_read(f->a, f->cmdline_path, &text, NULL, &e) < 0)
		die(f->cmdline_path);
	text[strcspn(text, "\n")] = '\0';
	write_cmdline(f->saved_path, text);
}

static const char *
human(struct fake *f, const char *line)
{
	if (strstr(line, "hostfwd_add"))
		return forward_add(f, line);
	if (strstr(line, "info usernet") && f->forward_fd >= 0)
		return arena_printf(f->a,
		    "\"  TCP[HOST_FORWARD]  14       127.0.0.1 %u       10.0.2.15    %u     0     0"
		    "\\r\\n  TCP[HOST_FORWARD]  13       127.0.0.1 %u       10.0.2.15    22     0  "
		    "   "
		    "0\\r\\n\"",
		    f->forward_port, f->forward_to, f->port);
	if (strstr(line, "info usernet"))
		return arena_printf(f->a,
		    "\"Hub -1 (net):\\r\\n  Protocol[State]    FD  Source Address  Port   Dest. "
		    "Address  Port RecvQ SendQ\\r\\n"
		    "  TCP[HOST_FORWARD]  13       127.0.0.1 %u       10.0.2.15    22     0     "
		    "0\\r\\n\"",
		    f->port);
	if (strstr(line, "info registers"))
		return arena_printf(f->a, "\"%s%s\"", f->registers,
		    f->turns < 2	     ? ""
		    : f->waits || !f->loaded ? "\\r\\nit has run"
					     : "\\r\\nit is awake");
	if (strstr(line, "info snapshots")) /* woken too early, unless somebody tells it when */
		return arena_printf(f->a,
		    "\"--  moving  1 MiB 2026-01-01 00:00:00 00:00:01.500\\r\\n"
		    "--  now  1 MiB 2026-01-01 00:00:00 00:00:0%u.000\\r\\n\"",
		    ++f->snapshots < 2 && access("told.in", F_OK) < 0 ? 0 : 2);
	if (f->banner && strstr(line, arena_printf(f->a, "x/5xb %s\"", f->banner)))
		return arena_printf(f->a, "\"%s: 0x4c 0x69 0x6e 0x75 0x78\\r\\n\"", f->banner + 2);
	if (strstr(line, "x/5xb "))
		return "\"Cannot access memory\\r\\n\"";
	if (strstr(line, "savevm") && f->savevm)
		return arena_printf(f->a, "\"%s\"", f->savevm);
	if (strstr(line, "savevm"))
		save(f);
	if (strstr(line, "loadvm"))
		return loadvm(f);
	return "\"\"";
}

static bool
is_known(const char *command)
{
	static const char *const known[] = { "qmp_capabilities", "quit", "stop", "cont",
		"system_reset", "system_powerdown", "set_link", "blockdev-add", "netdev_add",
		"device_add", "device_del", "blockdev-reopen", "blockdev-del",
		"block_set_io_throttle", "screendump", "chardev-add", "object-add" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i], command))
			return true;
	return false;
}

/* the command's own: a device of its arguments may have one too */
static const char *
id_of(const char *line)
{
	const char *id = NULL;

	for (const char *at = line; (at = strstr(at, "\"id\":")); at++)
		if (strchr("0123456789", at[5 + strspn(at + 5, " ")]))
			id = at;
	return id;
}

/* nodes of its disk: there is what was added, and what stands under another is not taken away */
static const char *
refusal(struct fake *f, const char *command, const char *line)
{
	bool faulty = strstr(line, "\"node-name\": \"faulty\"") != NULL;

	if (!strcmp(command, "device_add") && strstr(line, "\"spare\"") && !f->slot)
		return "Bus 'spare' not found";
	if (!strcmp(command, "blockdev-reopen")) {
		f->faults = strstr(line, "\"file\": \"faulty\"") != NULL;
		if (f->faults && !f->faulty)
			return "Cannot find device='' nor node-name='faulty'";
	}
	if (!strcmp(command, "blockdev-del") && (!f->faulty || f->faults))
		return f->faults ? "Node 'faulty' is busy" : "Failed to find node 'faulty'";
	if (!strcmp(command, "blockdev-add") && faulty && f->faulty)
		return "Duplicate nodes with node-name='faulty'";
	if (faulty)
		f->faulty = !strcmp(command, "blockdev-add");
	return NULL;
}

/* what looks like a picture; with `blind` there is no screen */
static const char *
screendump(struct fake *f, const char *line)
{
	static const char name[] = "\"filename\":\"", png[] = "\x89PNG\r\n\x1a\nof a guest";
	const char *at = strstr(line, name);
	struct err e;

	if (f->blind || !at)
		return "There is no console to take a screendump from";
	at += sizeof name - 1;
	if (file_write(arena_strndup(f->a, at, strcspn(at, "\"")), png, sizeof png - 1, 0644, &e) <
	    0)
		die(e.msg);
	return NULL;
}

/* loaded, it is the guest; before that, a processor that is not quick to run */
static void
goes_on(struct fake *f)
{
	f->waits = !f->loaded;
	f->turns++;
}

static void
qmp_line(struct fake *f, const char *line)
{
	const char *command = qmp_member(f->a, line, "execute"), *id = id_of(line), *answer = "{}";
	const char *refused;
	unsigned long n = id ? strtoul(id + 5, NULL, 10) : 0;

	if (!command)
		command = "";
	refused = strcmp(command, "screendump") ? refusal(f, command, line) : screendump(f, line);
	if (refused) {
		qmp_say(f, arena_printf(f->a,
			       "{\"id\": %lu, \"error\": {\"class\": \"GenericError\", "
			       "\"desc\": \"%s\"}}",
			       n, refused));
		return;
	}
	if (!strcmp(command, "query-status"))
		answer = "{\"status\": \"running\", \"singlestep\": false, \"running\": true}";
	else if (!strcmp(command, "human-monitor-command"))
		answer = human(f, line);
	else if (!is_known(command)) {
		qmp_say(f, arena_printf(f->a,
			       "{\"id\": %lu, \"error\": {\"class\": \"CommandNotFound\", "
			       "\"desc\": \"The command %s has not been found\"}}",
			       n, command));
		return;
	}
	if (f->waits && !strcmp(command, "cont"))
		goes_on(f);
	qmp_say(f, arena_printf(f->a, "{\"return\": %s, \"id\": %lu}", answer, n));
	if (f->deaf)
		return;
	if (!strcmp(command, "quit")) {
		qmp_event(f, "SHUTDOWN", "host-qmp-quit");
		end(f, 0);
	}
	if (!strcmp(command, "system_reset")) {
		qmp_event(f, "SHUTDOWN", "host-qmp-system-reset");
		end(f, 0);
	}
}

/* ---- the guest agent ---- */

static void
write_cmdline(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (!file || fprintf(file, "%s\n", text) < 0 || fclose(file) < 0)
		die(path);
}

static void
open_agent(struct fake *f, bool greets)
{
	int in[2];

	if (f->agent < 0)
		return;
	if (f->shell) { /* of the boot before: it must not write into our greeting */
		kill(-f->shell, SIGKILL);
		waitpid(f->shell, NULL, 0);
		close(f->shell_in);
	}
	if (pipe(in) < 0)
		die("pipe");
	for (const char *p = greets ? "\n@lh-agent open\n" : ""; *p;
	     p++) { /* as a guest's shell may cut it */
		put(f->agent, p, 1);
		usleep(100);
	}
	f->shell = fork();
	if (f->shell < 0)
		die("fork");
	if (f->shell == 0) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(in[0], 0);
		dup2(f->agent, 1);
		dup2(f->agent, 2);
		close(in[0]);
		close(in[1]);
		close(f->console);
		close(f->keys);
		close(f->qmp);
		close(f->agent);
		close(f->wire);
		execl("/bin/sh", "sh", (char *)NULL);
		_exit(127);
	}
	setpgid(f->shell, f->shell);
	close(in[0]);
	f->shell_in = in[1];
}

struct swap {
	const char *from, *to;
};

static void
swap(struct buf *b, const struct swap *s)
{
	size_t n = strlen(s->from);
	const char *p = b->p, *stop = b->p + b->n, *at;
	struct buf out = { 0 };

	while ((at = memmem(p, (size_t)(stop - p), s->from, n))) {
		buf_add(&out, p, (size_t)(at - p));
		buf_adds(&out, s->to);
		p = at + n;
	}
	buf_add(&out, p, (size_t)(stop - p));
	buf_free(b);
	*b = out;
}

/*
 * commands for the shell, a whole line at a time, with our own /proc/cmdline; the host's clock is
 * not theirs
 */
static void
agent_lines(struct fake *f)
{
	const struct swap swaps[] = { { "date -s", "true" }, { "/proc/cmdline", f->cmdline_path },
		{ "/proc/sys/kernel/tainted", f->tainted_path }, { "/proc/uptime", f->uptime_path },
		{ "/proc/sys/vm", f->vm_path },
		{ "dmesg -r", arena_printf(f->a, "cat %s", f->log_path) },
		{ "sleep ", arena_printf(f->a, "sh %s ", f->sleep_path) } };
	size_t nswaps = sizeof swaps / sizeof *swaps - (access(f->sleep_path, F_OK) != 0);
	char *end_of_line;

	while (f->agent_in.n && (end_of_line = memchr(f->agent_in.p, '\n', f->agent_in.n))) {
		size_t n = (size_t)(end_of_line - f->agent_in.p) + 1;
		struct buf b = { 0 };

		buf_add(&b, f->agent_in.p, n);
		for (size_t i = 0; i < nswaps; i++)
			swap(&b, &swaps[i]);
		if (write(f->shell_in, b.p, b.n) != (ssize_t)b.n)
			die("write to the shell");
		buf_free(&b);
		buf_drop(&f->agent_in, n);
	}
}

/* ---- the script ---- */

/* text with its escapes resolved */
static void
resolve(struct fake *f, const char *s, struct buf *b)
{
	static const char from[] = "nret\\", to[] = "\n\r\033\t\\";
	unsigned hex;

	for (; *s; s++) {
		const char *at;

		if (!strncmp(s, "$cmdline", 8)) {
			buf_adds(b, f->append);
			s += 7;
		} else if (s[0] == '\\' && s[1] == 'x' && sscanf(s + 2, "%2x", &hex) == 1) {
			buf_add(b, &(char){ (char)hex }, 1);
			s += 3;
		} else if (s[0] == '\\' && s[1] && (at = strchr(from, s[1]))) {
			buf_add(b, &to[at - from], 1);
			s++;
		} else {
			buf_add(b, s, 1);
		}
	}
}

static void
say(struct fake *f, const char *text)
{
	struct buf b = { 0 };

	resolve(f, text, &b);
	put(f->console, b.p, b.n);
	buf_free(&b);
}

static void
drip(struct fake *f, const char *text)
{
	struct buf b = { 0 };

	resolve(f, text, &b);
	for (size_t i = 0; i < b.n; i++) {
		put(f->console, b.p + i, 1);
		sched_yield();
	}
	buf_free(&b);
}

static void
frame(struct fake *f, const char *text)
{
	struct buf b = { 0 };
	uint32_t n;

	resolve(f, text, &b);
	n = htonl((uint32_t)b.n);
	put(f->wire, (const char *)&n, sizeof n);
	put(f->wire, b.p, b.n);
	buf_free(&b);
}

static void
uart(struct fake *f, const char *n)
{
	fd_nonblock(f->console);
	for (unsigned long i = strtoul(n, NULL, 10); i; i--)
		if (write(f->console, i % 64 ? "u" : "\n", 1) < 0 && errno != EAGAIN)
			die("write");
}

static void
flood(struct fake *f, const char *args)
{
	char *text;
	unsigned long n = strtoul(args, &text, 10);
	struct buf one = { 0 }, all = { 0 };

	resolve(f, text + 1, &one);
	for (unsigned long i = 0; i < n; i++) {
		buf_add(&all, one.p, one.n);
		if (all.n > 1 << 16 || i == n - 1) {
			put(f->console, all.p, all.n);
			buf_clear(&all);
		}
	}
	buf_free(&one);
	buf_free(&all);
}

static void
echo(struct fake *f, const char *args)
{
	(void)args;
	f->echo = true;
}

static void
hear(struct fake *f, const char *args)
{
	struct buf b = { 0 };

	resolve(f, args, &b);
	f->wanted = arena_strndup(f->a, b.p, b.n);
	buf_free(&b);
}

static void
rest(struct fake *f, const char *args)
{
	f->until = clock_now() + clock_parse(args);
}

static void
agent(struct fake *f, const char *args)
{
	(void)args;
	open_agent(f, true);
}

static void
awake_agent(struct fake *f, const char *args)
{
	(void)args;
	open_agent(f, false);
}

static void
cmdline(struct fake *f, const char *args)
{
	if (!strcmp(args, "none"))
		unlink(f->cmdline_path);
	else
		write_cmdline(f->cmdline_path, *args ? args : f->append);
}

static void
add_log(struct fake *f, const char *args)
{
	FILE *file = fopen(f->log_path, "a");

	if (!file || fprintf(file, "%s\n", args) < 0 || fclose(file) < 0)
		die(f->log_path);
}

static void
tainted(struct fake *f, const char *args)
{
	write_cmdline(f->tainted_path, args);
}

static void
uptime(struct fake *f, const char *args)
{
	write_cmdline(f->uptime_path, args);
	write_cmdline(
	    f->sleep_path, arena_printf(f->a, "read up idle <%s; echo $((${up%%.*} + $1)).00 0 >%s",
			       f->uptime_path, f->uptime_path));
}

static void
insomnia(struct fake *f, const char *args)
{
	write_cmdline(f->sleep_path, args);
}

static void
coma(struct fake *f, const char *args)
{
	(void)args;
	write_cmdline(f->sleep_path, "exec sleep 1000");
}

static void
restored(struct fake *f, const char *args)
{
	(void)args;
	f->script_over = true;
}

static void
savevm(struct fake *f, const char *args)
{
	f->savevm = arena_strdup(f->a, args);
}

static void
registers(struct fake *f, const char *args)
{
	f->registers = arena_strdup(f->a, args);
}

static void
banner(struct fake *f, const char *args)
{
	f->banner = arena_strdup(f->a, args);
}

static void
port(struct fake *f, const char *args)
{
	f->port = (unsigned)atoi(args);
}

static void
event(struct fake *f, const char *args)
{
	const char *blank = strchr(args, ' ');

	qmp_event(f, arena_strndup(f->a, args, (size_t)(blank - args)), blank + 1);
}

static void
events(struct fake *f, const char *args)
{
	char *rest;

	for (unsigned long n = strtoul(args, &rest, 10); n; n--)
		event(f, rest + 1);
}

static void
message(struct fake *f, const char *args)
{
	char block[65536];

	memset(block, 'x', sizeof block);
	put(f->qmp, "{\"", 2);
	for (unsigned long n = strtoul(args, NULL, 10); n > sizeof block; n -= sizeof block)
		put(f->qmp, block, sizeof block);
}

/* length, padding's length, type: SSH_MSG_USERAUTH_BANNER, which may come at any time */
static void
ssh_packets(int fd, unsigned long n)
{
	unsigned char block[32768] = { 0, 0, 0x7f, 0xfc, 4, 53 };

	put(fd, "SSH-2.0-flood\r\n", 15);
	for (; n; n--)
		put(fd, (const char *)block, sizeof block);
	usleep(500000);
}

static void
ssh(struct fake *f, const char *args)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&sa, n) < 0 || listen(fd, 1) < 0 ||
	    getsockname(fd, (struct sockaddr *)&sa, &n) < 0)
		die("ssh");
	f->port = ntohs(sa.sin_port);
	if (fork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(f->qmp);
		ssh_packets(accept(fd, NULL, NULL), strtoul(args, NULL, 10));
		_exit(0);
	}
	close(fd);
}

static void
shutdown_now(struct fake *f, const char *args)
{
	qmp_event(f, "SHUTDOWN", args);
	end(f, 0);
}

static void
linger(struct fake *f, const char *args)
{
	qmp_event(f, "SHUTDOWN", args);
	f->deaf = true;
}

static void
eof(struct fake *f, const char *args)
{
	(void)args;
	close(f->console);
	close(f->keys);
	f->console = f->keys = -1;
}

static void
deaf(struct fake *f, const char *args)
{
	(void)args;
	f->deaf = true;
}

static void
blind(struct fake *f, const char *args)
{
	(void)args;
	f->blind = true;
}

static void
forward(struct fake *f, const char *args)
{
	f->forward = arena_strdup(f->a, args);
}

static void
say_words(struct fake *f, const char *args)
{
	(void)f;
	fprintf(stderr, "%s\n", args);
}

static void
spoil(struct fake *f, const char *args)
{
	FILE *file = fopen(args, "a");

	(void)f;
	if (!file || fputs("spoilt", file) < 0 || fclose(file) < 0)
		die(args);
}

static void
leave(struct fake *f, const char *args)
{
	end(f, atoi(args));
}

static void
orphan(struct fake *f, const char *args)
{
	if (fork() == 0) {
		usleep(100000);
		say(f, args);
		_exit(0);
	}
	end(f, 0);
}

static void
crash(struct fake *f, const char *args)
{
	unlink(f->cmdline_path);
	raise(*args ? atoi(args) : SIGKILL);
}

static const struct {
	const char *name;
	void (*act)(struct fake *f, const char *args);
} acts[] = {
	{ "say", say },
	{ "drip", drip },
	{ "flood", flood },
	{ "frame", frame },
	{ "uart", uart },
	{ "echo", echo },
	{ "hear", hear },
	{ "pause", rest },
	{ "agent", agent },
	{ "awake", awake_agent },
	{ "uptime", uptime },
	{ "insomnia", insomnia },
	{ "coma", coma },
	{ "restored", restored },
	{ "savevm", savevm },
	{ "cmdline", cmdline },
	{ "log", add_log },
	{ "tainted", tainted },
	{ "registers", registers },
	{ "banner", banner },
	{ "port", port },
	{ "event", event },
	{ "events", events },
	{ "message", message },
	{ "ssh", ssh },
	{ "shutdown", shutdown_now },
	{ "linger", linger },
	{ "eof", eof },
	{ "deaf", deaf },
	{ "blind", blind },
	{ "forward", forward },
	{ "words", say_words },
	{ "spoil", spoil },
	{ "exit", leave },
	{ "orphan", orphan },
	{ "die", crash },
};

static void
next_line(struct fake *f)
{
	char *line = lines_next(&f->script), *word;

	if (!line) {
		f->script_over = true;
		return;
	}
	if (!*line || *line == '#')
		return;
	word = strsep(&line, " ");
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (!strcmp(acts[i].name, word)) {
			acts[i].act(f, line ? line : "");
			return;
		}
	fprintf(stderr, "fake-qemu: %s:%u: %s: no such act\n", f->script.path, f->script.no, word);
	end(f, 100);
}

/* may the script go on? */
static bool
awake(struct fake *f)
{
	if (f->waits || f->script_over || f->until > clock_now())
		return false;
	if (f->wanted &&
	    (!f->heard.n || !memmem(f->heard.p, f->heard.n, f->wanted, strlen(f->wanted))))
		return false;
	if (f->wanted)
		buf_clear(&f->heard);
	f->wanted = NULL;
	return true;
}

/* ---- the machine ---- */

/* what there is, into b; -1 at the end */
static int
take(int fd, struct buf *b)
{
	char block[65536];
	ssize_t n = read(fd, block, sizeof block);

	if (n <= 0)
		return -1;
	buf_add(b, block, (size_t)n);
	return 0;
}

static void
serve(struct fake *f)
{
	struct pollfd p[] = { { f->qmp, POLLIN, 0 }, { f->keys, POLLIN, 0 },
		{ f->shell ? f->agent : -1, POLLIN, 0 }, { f->forward_fd, POLLIN, 0 } };
	size_t had = f->heard.n;
	char *eol;

	if (poll(p, 4, f->until > clock_now() ? clock_poll_ms(f->until) : awake(f) ? 0 : -1) < 0)
		die("poll");
	/* the harness closed QMP: it is gone, and so is a real QEMU's reason to live */
	if (p[0].revents && take(f->qmp, &f->qmp_in) < 0)
		end(f, 0);
	while (f->qmp_in.n && (eol = memchr(f->qmp_in.p, '\n', f->qmp_in.n))) {
		size_t n = (size_t)(eol - f->qmp_in.p) + 1;

		*eol = '\0';
		qmp_line(f, f->qmp_in.p);
		buf_drop(&f->qmp_in, n);
	}
	if (p[1].revents && take(f->keys, &f->heard) < 0)
		eof(f, "");
	else if (f->echo && f->heard.n > had)
		put(f->console, f->heard.p + had, f->heard.n - had);
	if (p[2].revents && take(f->agent, &f->agent_in) < 0)
		f->agent = -1;
	agent_lines(f);
	if (p[3].revents)
		forward_accept(f);
}

/* the descriptor of "socket,id=NAME,fd=N" */
static int
chardev_fd(char **argv, const char *name)
{
	int fd;

	for (; *argv; argv++) {
		size_t n = strlen(name);

		if (!strncmp(*argv, "socket,id=", 10) && !strncmp(*argv + 10, name, n) &&
		    sscanf(*argv + 10 + n, ",fd=%d", &fd) == 1)
			return fd;
	}
	return -1;
}

/* QEMU opens both ends for reading and writing, the console's input first */
static void
open_console(struct fake *f, char **argv)
{
	static const char prefix[] = "pipe,id=console,path=";

	f->console = f->keys = -1;
	for (; *argv; argv++) {
		const char *path = *argv + sizeof prefix - 1;

		if (strncmp(*argv, prefix, sizeof prefix - 1))
			continue;
		f->keys = open(arena_printf(f->a, "%s.in", path), O_RDWR);
		f->console = open(arena_printf(f->a, "%s.out", path), O_RDWR);
		if (f->keys < 0 || f->console < 0)
			die(path);
	}
}

static const char *
after(char **argv, const char *option)
{
	for (; *argv && argv[1]; argv++)
		if (!strcmp(*argv, option))
			return argv[1];
	return "";
}

static bool
has_word(char **argv, const char *word)
{
	for (; *argv; argv++)
		if (!strcmp(*argv, word))
			return true;
	return false;
}

/*
 * From here on a child is the guest.  Whoever started us asks how long we had to wait for a
 * processor, and a test has to end the same on a busy host: we only wait for the child.
 */
static void
stand_before(void)
{
	pid_t self = getpid(), pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != self)
			_exit(EXIT_FAILURE);
		return;
	}
	closefrom(0);
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (WIFSIGNALED(status)) {
		signal(WTERMSIG(status), SIG_DFL);
		raise(WTERMSIG(status));
	}
	_exit(pid < 0 ? EXIT_FAILURE : WEXITSTATUS(status));
}

int
main(int argc, char **argv)
{
	struct fake f = { .a = arena_new(),
		.registers = "RIP=0000000000000000",
		.port = 1,
		.forward_fd = -1,
		.shell_in = -1 };
	const char *script = getenv("LH_FAKE");
	char cwd[PATH_MAX];
	struct err e = { 0 };

	if (argc == 2 && !strcmp(argv[1], "--version")) {
		puts(getenv("LH_FAKE_VERSION") ? getenv("LH_FAKE_VERSION")
					       : "QEMU emulator version 0.0.0");
		fflush(stdout);
		_exit(0);
	}
	log_program("fake-qemu");
	stand_before();
	signal(SIGPIPE, SIG_IGN);
	if (!script)
		return log_fatal(&(struct err){ EXIT_USAGE, "LH_FAKE names no script" });
	if (lines_open(f.a, script, &f.script, &e) < 0)
		return log_fatal(&e);
	open_console(&f, argv);
	f.qmp = chardev_fd(argv, "qmp");
	f.agent = chardev_fd(argv, "agent");
	f.wire = chardev_fd(argv, "wire0");
	f.append = after(argv, "-append");
	f.slot = has_word(argv, "pcie-root-port,id=spare");
	f.cmdline_path = arena_printf(
	    f.a, "%s/fake-cmdline", getcwd(cwd, sizeof cwd)); /* the test case's folder */
	f.saved_path = arena_printf(f.a, "%s.saved", script);
	write_cmdline(f.cmdline_path, f.append);
	f.log_path = arena_printf(f.a, "%s/fake-log", getcwd(cwd, sizeof cwd));
	f.tainted_path = arena_printf(f.a, "%s/fake-tainted", cwd);
	f.uptime_path = arena_printf(f.a, "%s/fake-uptime", cwd);
	f.sleep_path = arena_printf(f.a, "%s/fake-sleep", cwd);
	f.vm_path = arena_printf(f.a, "%s/fake-vm", cwd);
	write_cmdline(f.log_path, "<5>[    0.000000] Linux version 6.12");
	write_cmdline(f.tainted_path, "0");
	f.waits = has_word(argv, "-S");
	if (*after(argv, "-loadvm"))
		restore(&f);
	qmp_say(&f, "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": "
		    "0}, \"package\": \"fake\"}, \"capabilities\": []}}");
	for (;;) {
		serve(&f);
		if (awake(&f))
			next_line(&f);
	}
}
