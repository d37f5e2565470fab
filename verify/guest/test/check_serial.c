/* SPDX-License-Identifier: GPL-2.0-or-later */
/* a shell behind a login prompt on a terminal, and a kernel that talks into everything */
#include "verify/guest/serial.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/files/file.h"
#include "verify/guest/agent.h"
#include "verify/guest/channel.h"
#include "verify/guest/sieve.h"
#include "verify/loop.h"
#include "verify/test/suites.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOGIN "verify/guest/test/data/console-login"
#define FEW 15 /* commands; LH_SERIAL_COMMANDS has another number, CK_RUN_CASE the shell */
/* so many sessions share that number: a test of libcheck must not take 36 minutes */
#define SESSIONS 4
#define KERNEL "[ 1234.567890] abc: @lh 0123:4567 login: \r\n"
#define PLAIN "usb 1-1: no stamp\r\n"

static const struct shell {
	const char *program, *argument; /* that has a console after the login */
	bool applets;			/* so are its tools */
} shells[] = { { "busybox", "ash", true }, { "dash", "-i", false }, { "bash", "-i", false } };

struct bench {
	struct arena *a;
	struct loop *loop;
	struct serial *serial;
	struct agent *agent;
	struct channel *console;
	pid_t pid;
	char dir[64];
	unsigned seed, noise; /* noise: of 1000 reads so many are talked into */
	size_t damage;	      /* so many reads from here one has another byte; 0: none */
	size_t lines;	      /* of the kernel, so far */
	struct buf words;
	bool done;
	int status;
	const char *why;
	struct buf out;
};

static unsigned
draw(struct bench *b, unsigned n)
{
	b->seed = b->seed * 1664525 + 1013904223;
	return (b->seed >> 10) % n;
}

static void
said(void *arg, const char *p, size_t n)
{
	struct bench *b = arg;

	buf_add(&b->words, p, n);
}

static void
on_console(void *arg, const char *p, size_t n)
{
	struct bench *b = arg;
	char *copy = arena_strndup(b->a, p, n);

	if (b->damage && !--b->damage && n)
		copy[draw(b, (unsigned)n)] = '#';
	while (n && draw(b, 1000) < b->noise) {
		size_t part = draw(b, (unsigned)n + 1);
		bool plain = !draw(b, 8);

		serial_hear(b->serial, copy, part);
		serial_hear(b->serial, plain ? PLAIN : KERNEL, strlen(plain ? PLAIN : KERNEL));
		b->lines += !plain;
		copy += part;
		n -= part;
	}
	if (n)
		serial_hear(b->serial, copy, n);
}

static void
type(void *arg, const char *p, size_t n)
{
	struct bench *b = arg;

	for (const char *line = p, *end; (end = memchr(line, '\n', (size_t)(p + n - line)));
	     line = end + 1)
		ck_assert_int_lt(end - line, 200);
	channel_send(b->console, p, n);
}

static void
on_done(void *arg, const struct agent_result *r)
{
	struct bench *b = arg;

	b->done = true;
	b->status = r->status;
	b->why = r->why ? arena_strdup(b->a, r->why) : NULL;
	buf_clear(&b->out);
	buf_add(&b->out, r->out, r->status < 0 ? 0 : r->n);
}

/* its tools are what the loop finds in PATH */
static void
make_path(struct bench *b, const struct shell *s)
{
	static const char *const tools[] = { "dd", "mkdir", "od", "printf", "rm", "stty", "tr" };
	const char *program = arena_printf(b->a, "/usr/bin/%s", s->program);
	size_t n = s->applets ? sizeof tools / sizeof *tools : 0;

	snprintf(b->dir, sizeof b->dir, "/tmp/check-serial-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(b->dir));
	ck_assert_int_eq(symlink(program, arena_printf(b->a, "%s/sh", b->dir)), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(
		    symlink(program, arena_printf(b->a, "%s/%s", b->dir, tools[i])), 0);
}

static void
be_console(struct bench *b, const struct shell *s, const char *tty)
{
	int fd;

	setsid();
	fd = open(tty, O_RDWR);
	for (int i = 0; i < 3; i++)
		dup2(fd, i);
	setenv("PATH", arena_printf(b->a, "%s:/usr/bin:/bin", b->dir), 1);
	setenv("PS1", "\033[32mroot@host:~# ", 1);
	setenv("TERM", "vt220", 1);
	execl("/bin/sh", "sh", LOGIN, s->program, s->argument, (char *)NULL);
	_exit(127);
}

static struct bench *
bench_new(const struct shell *s, const char *password)
{
	struct arena *a = arena_new();
	struct bench *b = arena_alloc(a, sizeof *b);
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	*b = (struct bench){ .a = a, .loop = loop_new(), .seed = 1 };
	ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	make_path(b, s);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(grantpt(fd) | unlockpt(fd), 0);
	b->pid = fork();
	if (!b->pid)
		be_console(b, s, ptsname(fd));
	b->console = channel_of_pipes(b->loop, fd, fcntl(fd, F_DUPFD_CLOEXEC, 0), on_console, b);
	b->serial = serial_new(b->loop,
	    &(struct serial_opts){
		.user = "root", .password = password, .type = type, .said = said, .arg = b });
	b->agent = serial_agent(b->serial);
	return b;
}

/* what a shell that is gone has left of its own */
static bool
has_left(struct bench *b, pid_t pid)
{
	static const char *const folders[] = { "/run", "/dev/shm", "/tmp", "/var/tmp" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (file_exists(arena_printf(b->a, "%s/.lh-agent%d", folders[i], (int)pid)))
			return true;
	return false;
}

static void
bench_free(struct bench *b)
{
	pid_t pid;
	struct err e;

	agent_free(b->agent);
	serial_free(b->serial);
	channel_free(b->console); /* hangs up */
	kill(b->pid, SIGKILL);
	/* the shells behind the login are ours then: see bench_new() */
	while ((pid = waitpid(-1, NULL, 0)) > 0)
		ck_assert_msg(!has_left(b, pid), "shell %d left its folder", (int)pid);
	ck_assert_int_eq(file_remove(b->dir, &e), 0);
	loop_free(b->loop);
	buf_free(&b->words);
	buf_free(&b->out);
	arena_free(b->a);
}

static void
run(struct bench *b, const char *command, nstime deadline)
{
	struct err e;

	b->done = false;
	agent_run(b->agent, command, deadline, on_done, b);
	while (!b->done)
		ck_assert_int_eq(loop_once(b->loop, &e), 0);
}

/* bytes of all kinds, and what looks like ours, a prompt, the kernel's */
static void
draw_output(struct bench *b, struct buf *out, size_t n)
{
	static const char *const pieces[] = { "@lh:0123456789abcdef:1:3:0:0::1:2.",
		"host login: ", "Password: ", "root@host:~# ", "\033[31mred\033[0m", KERNEL, "\r",
		"\n", "\177", "\004", "%s%d\\n", "`$(exit 3)'\"" };

	buf_clear(out);
	while (out->n < n) {
		if (draw(b, 4)) {
			buf_adds(out, pieces[draw(b, sizeof pieces / sizeof *pieces)]);
		} else {
			for (unsigned i = draw(b, 400); i; i--) {
				char c = (char)draw(b, 256);

				buf_add(out, &c, 1);
			}
		}
	}
	if (out->n > n)
		out->n = n;
}

static const char *
printing(struct bench *b, const struct buf *out)
{
	struct buf command = { 0 };
	const char *text;

	buf_adds(&command, "printf '");
	for (size_t i = 0; i < out->n; i++)
		buf_addf(&command,
		    !i || draw(b, 2) || strchr("%\\'", out->p[i]) || out->p[i] < ' ' ? "\\%03o"
										     : "%c",
		    (unsigned char)out->p[i]);
	buf_addf(&command, "'\nexit ");
	text = arena_strdup(b->a, command.p);
	buf_free(&command);
	return text;
}

static size_t
times(const struct buf *b, const char *what)
{
	size_t n = 0, len = strlen(what);

	for (const char *p = b->p, *end = p + b->n;
	     p && (p = memmem(p, (size_t)(end - p), what, len)); p += len)
		n++;
	return n;
}

static void
one_command(struct bench *b, size_t i, struct buf *expected)
{
	const char *file = arena_printf(b->a, "%s/out", b->dir), *command;
	size_t size = draw(b, 3) ? draw(b, 300) : draw(b, 9000);
	int status = draw(b, 2) ? 0 : (int)draw(b, 256);
	struct err e;

	if (i == 11)
		size = 30000;
	if (i % 500 == 111)
		size = i % 1000 == 111 ? AGENT_SAID_MAX : AGENT_SAID_MAX / 2 + 1;
	b->noise = i % 3 ? 100 : 0;
	b->damage = i % 40 == 5 ? 1 + draw(b, 3) : 0;
	draw_output(b, expected, size);
	if (size > 700) {
		ck_assert_int_eq(
		    file_write(file, expected->p ? expected->p : "", expected->n, 0644, &e), 0);
		command = arena_printf(b->a, "cat %s; exit %d", file, status);
	} else {
		command = arena_printf(b->a, "%s%d", printing(b, expected), status);
	}
	run(b, command, NS_NEVER);
	ck_assert_msg(!b->why, "%zu: %s", i, b->why);
	ck_assert_msg(b->status == status, "%zu: %s: status %d", i, command, b->status);
	ck_assert_msg(b->out.n == expected->n &&
			  (!expected->n || !memcmp(b->out.p, expected->p, expected->n)),
	    "%zu: %s: %zu bytes", i, command, b->out.n);
}

START_TEST(commands)
{
	const char *number = getenv("LH_SERIAL_COMMANDS");
	size_t n = number ? strtoul(number, NULL, 10) / SESSIONS : FEW;
	struct buf expected = { 0 };
	struct bench *b = bench_new(&shells[_i / SESSIONS], "open sesame");

	b->seed = (unsigned)_i + 1;
	for (size_t i = 0; i < n; i++)
		one_command(b, i, &expected);
	/*
	 * the kernel's lines, and nothing that was typed; a busy host may take the beginning of a
	 * frame for words
	 */
	ck_assert_uint_eq(times(&b->words, KERNEL), b->lines);
	ck_assert_uint_eq(times(&b->words, "exec sh -c"), 0);
	ck_assert_uint_eq(times(&b->words, "while IFS"), 0);
	ck_assert_uint_eq(times(&b->words, "cksum"), 0);
	buf_free(&expected);
	bench_free(b);
}
END_TEST

/* what else there is to say of a command, and what comes of it */
static const struct {
	const char *command, *out;
	int status;
	const char *why;
} rows[] = {
	{ "true", "", 0, NULL },
	{ "echo out; echo err >&2; exit 3", "out\nerr\n", 3, NULL },
	{ "cat; read x || echo none", "none\n", 0, NULL },
	{ "kill -9 $$", "", 137, NULL },
	{ "no-such-program 2>/dev/null", "", 127, NULL },
	{ "umask; echo $C$T$I; pwd", "0022\n\n/\n", 0, NULL },
	{ "(sleep 1; echo late) & echo now", "now\n", 0, NULL },
	{ "stty echo </dev/tty; printf '@lh:%s:1:3:7:0::1:2.' 0123456789abcdef >/dev/tty; echo "
	  "real",
	    "real\n", 0, NULL },
	{ "printf '\\nhost login: ' >/dev/tty; sleep 3; echo real", "real\n", 0, NULL },
	/* no trap of it removes its folder then */
	{ "rm -rf /*/.lh-agent$PPID /*/*/.lh-agent$PPID; kill -9 $PPID; sleep 60", "", -1,
	    "the guest agent is lost: its shell has ended, and the console asks for a login "
	    "again" },
	{ "head -c 1048577 /dev/zero", "", -1,
	    "the guest agent is lost: a command wrote more than 1 MiB" },
};

START_TEST(endings)
{
	struct bench *b = bench_new(&shells[1], "open sesame");

	run(b, rows[_i].command, NS_NEVER);
	if (rows[_i].why) {
		ck_assert_ptr_nonnull(b->why);
		ck_assert_str_eq(b->why, rows[_i].why);
	} else {
		ck_assert_msg(!b->why, "%s", b->why);
		ck_assert_str_eq(b->out.n ? b->out.p : "", rows[_i].out);
	}
	ck_assert_int_eq(b->status, rows[_i].status);
	bench_free(b);
}
END_TEST

START_TEST(nobody)
{
	struct bench *b = bench_new(&shells[1], _i ? "wrong" : NULL);

	run(b, "true", NS_NEVER);
	ck_assert_int_eq(b->status, -1);
	ck_assert_str_eq(b->why, _i ? "the guest agent is lost: root is not let in on the console"
				    : "the guest agent is lost: the console asks for a password, "
				      "and the manifest has none behind `login`");
	bench_free(b);
}
END_TEST

/* a machine may be so busy that it takes its time to let somebody in */
START_TEST(a_slow_login_is_waited_for)
{
	struct bench *b = bench_new(&shells[1], "slowly");

	run(b, "echo real", NS_NEVER);
	ck_assert_msg(!b->why, "%s", b->why);
	ck_assert_str_eq(b->out.p, "real\n");
	/* and not let in anew */
	ck_assert_uint_eq(times(&b->words, "host login: "), 1);
	bench_free(b);
}
END_TEST

/* what a console says, and what is left of it without ours */
static const struct {
	const char *said, *words, *frames;
} sieves[] = {
	{ "a@lh:t:1:2.b", "ab", "1:2|" },
	{ "a@lh:t:1[ 1.0] x@y\r\n:2.b", "a[ 1.0] x@y\r\nb", "1:2|" },
	{ "a@l[ 1.0] x\nh:t:1:2.b", "a[ 1.0] x\nb", "1:2|" },
	{ "me@lhost # @@lh:t:.", "me@lhost # @", "|" },
	{ "@lh:u:1:2.@lh:t:", "@lh:u:1:2.", "" },
	{ "@lh:t:12@lh:t:3.", "", "3|" },
	{ "@lh:t:12[ 1.0] cut@lh:t:3.z", "[ 1.0] cutz", "3|" },
	{ "# exec it\r\nok", "# \r\nok", "" },
	{ "# exe\033[1mc\r \r\nit\r\nok", "# \r\nok", "" },
	{ "# exec\rc it\r\nok", "# \r\nok", "" },
	{ "# exec no", "# exec no", "" },
};

START_TEST(sieve)
{
	struct sieve s = { 0 };

	sieve_begin(&s, "t");
	sieve_expect_echo(&s, "exec it");
	for (const char *p = sieves[_i].said; *p; p++)
		sieve_add(&s, p, 1);
	for (size_t i = 0; i < s.frames.n; i++)
		if (!s.frames.p[i])
			s.frames.p[i] = '|';
	ck_assert_str_eq(s.words.n ? s.words.p : "", sieves[_i].words);
	ck_assert_str_eq(s.frames.n ? s.frames.p : "", sieves[_i].frames);
	sieve_free(&s);
}
END_TEST

#define ROWS(table) (int)(sizeof table / sizeof *table)

Suite *
serial_suite(void)
{
	Suite *s = suite_of("serial", (const TTest *[]){ a_slow_login_is_waited_for, NULL });

	tcase_add_loop_test(harness_case(s, "sieve"), sieve, 0, ROWS(sieves));
	tcase_add_loop_test(harness_case(s, "nobody"), nobody, 0, 2);
	tcase_add_loop_test(harness_case(s, "endings"), endings, 0, ROWS(rows));
	for (int i = 0; i < ROWS(shells); i++) {
		TCase *t = harness_case(s, shells[i].program);

		tcase_set_timeout(t, 36000);
		tcase_add_loop_test(t, commands, i * SESSIONS,
		    i * SESSIONS + (getenv("LH_SERIAL_COMMANDS") ? SESSIONS : 1));
	}
	return s;
}
