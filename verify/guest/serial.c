/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/serial.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/clock.h"
#include "build/files/manifest.h"
#include "verify/guest/agent.h"
#include "verify/guest/nonce.h"
#include "verify/guest/sieve.h"
#include "verify/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define QUIET (300 * NS_PER_MS)	  /* a prompt that has stood so long is one */
#define NO_PROMPT (20 * NS_PER_S) /* a shell's may look like anything */
#define NUDGE (5 * NS_PER_S)	  /* something has come behind the prompt */
#define HEAD_WAIT (1 * NS_PER_S)  /* what began like a frame goes on by then */
#define AGAIN (3 * NS_PER_S)	  /* doubled with each try */
#define AGAIN_RUNNING (60 * NS_PER_S)
#define LOGINS_MAX 5
#define TRIES_MAX 12
#define TAIL_MAX 2048 /* bytes: where a prompt is looked for */
#define BURST 1500    /* bytes: a tty keeps 4095 that nobody reads */
#define CHUNK 160     /* bytes of a line */
#define BLOCK 2048    /* bytes of output in a frame; h() of the program knows it, too */

/*
 * One statement a line, each under 200 bytes.  f TEXT: a frame; h N: block N of the output; g, r:
 * what the host asks for.  In I there is the command that ran last: it does not run again when its
 * answer was damaged.  X removes the folder: a console that goes hangs up more than once, and the
 * second time would end rm.
 */
static const char program[] =
    "C=;I=;unset TMOUT HISTFILE;cd /;u=$(umask);umask 077\n"
    "for D in /run /dev/shm /tmp /var/tmp;do D=$D/.lh-agent$$;[ -d $D ]||mkdir "
    "$D&&break;D=/-;done\n"
    "X='trap \"\" 1 15;rm -rf $D';trap \"$X\" 0;trap \"$X;exit\" 1 15;trap : 2;umask $u\n"
    "f(){ set -- $T:$1;set -- $1 $(printf %s $1|cksum);printf @lh:%s:%s:%s. $1 $2 $3;}\n"
    "h(){ dd if=$D/o bs=2048 skip=$1 count=1|od -An -v -tx1|tr -d ' \\n';}\n"
    "g(){ f $1:5:$2:$(h $2);}\n"
    "x(){ (exec /bin/sh -c \"$c\" >$D/o 2>&1 </dev/null);S=$?;set -- $(cksum <$D/o);Z=$2;}\n"
    "q(){ f $1:1;I=$1;rm -f $D/o;if command : >$D/o;then c=$(printf \"$C.\");c=${c%.};x;"
    "else S=e;Z=0;fi;}\n"
    "r(){ set -- $* $(printf \"$C\"|cksum);if [ $1 = \"$I\" ]||{ [ $2$3 = $4$5 ]&&q $1;};"
    "then f $1:3:$S:$Z:$(h 0);else f $1:2;fi;}\n";

/* the second number of a frame's */
enum kind { HEARD, ACCEPTED, DAMAGED, DONE, PRESENT = 4, PART };

enum state {
	WAITING,  /* for a login prompt */
	NAMED,	  /* the user was typed */
	ADMITTED, /* and the password, or none was asked for */
	STARTING, /* the loop was typed */
	LOADING,  /* and the program */
	IDLE,
	SENDING,
	RUNNING,
	FETCHING,
	LOST
};

struct serial {
	struct loop *loop;
	struct agent *agent;
	struct serial_opts o;
	enum state state;
	struct sieve sieve;
	struct buf tail; /* what the guest said last, without the kernel's lines */
	bool in_kernel;	 /* in one */
	enum { TEXT, ESCAPE, SEQUENCE } control;
	bool prompted; /* a login prompt was seen */
	char token[NONCE_SIZE];
	uint64_t seq;
	nstime typed, entered; /* anything; the name or the password */
	unsigned alarm, hold, logins, tries, probes;
	/* the command under way */
	char *command;
	size_t sent; /* bytes of it */
	uint32_t sum;
	bool accepted;
	int status;
	size_t size;
	struct buf out;
	char why[256];
};

static void on_alarm(void *arg);

static void
wait_for(struct serial *s, nstime t)
{
	loop_cancel(s->loop, s->alarm);
	s->alarm = loop_at(s->loop, clock_now() + t, on_alarm, s);
}

static void
type(struct serial *s, const char *text)
{
	s->typed = clock_now();
	s->o.type(s->o.arg, text, strlen(text));
}

static void
lose(struct serial *s, const char *why)
{
	s->state = LOST;
	loop_cancel(s->loop, s->alarm);
	s->alarm = 0;
	agent_gone(s->agent, why);
}

/* of POSIX's cksum */
static uint32_t
checksum(const char *p, size_t n)
{
	uint32_t sum = 0;
	size_t rest = n;

	for (size_t i = 0; i < n || rest; i++) {
		unsigned char c = i < n ? (unsigned char)p[i] : rest & 0xff;

		rest = i < n ? rest : rest >> 8;
		sum ^= (uint32_t)c << 24;
		for (int bit = 0; bit < 8; bit++)
			sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7u : 0);
	}
	return ~sum;
}

/* ---- what the console ends with ---- */

/* colours of a prompt, and what a shell asks the terminal: control sequences (ECMA-48, 5.4) */
static bool
is_control(struct serial *s, char c)
{
	switch (s->control) {
	case TEXT:
		s->control = c == '\033' ? ESCAPE : TEXT;
		return s->control == ESCAPE;
	case ESCAPE:
		s->control = c == '[' ? SEQUENCE : TEXT;
		return true;
	default:
		s->control = c >= '@' && c <= '~' ? TEXT : SEQUENCE;
		return true;
	}
}

/* a kernel's line may come behind a prompt */
static void
remember(struct serial *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_control(s, p[i]))
			continue;
		if (p[i] == '[' && i + 1 < n &&
		    (p[i + 1] == ' ' || (p[i + 1] >= '0' && p[i + 1] <= '9')))
			s->in_kernel = true;
		if (!s->in_kernel)
			buf_add(&s->tail, p + i, 1);
		s->in_kernel = s->in_kernel && p[i] != '\n';
	}
	if (s->tail.n > TAIL_MAX)
		buf_drop(&s->tail, s->tail.n - TAIL_MAX);
}

static bool
ends_with(const struct serial *s, const char *prompt)
{
	size_t n = s->tail.n, len = strlen(prompt);

	while (n && (s->tail.p[n - 1] == ' ' || s->tail.p[n - 1] == '\t'))
		n--;
	return n >= len && !memcmp(s->tail.p + n - len, prompt, len);
}

static bool
asks_login(const struct serial *s)
{
	return ends_with(s, "ogin:");
}

static bool
asks_password(const struct serial *s)
{
	return ends_with(s, "assword:");
}

static bool
asks_command(const struct serial *s)
{
	return ends_with(s, "#") || ends_with(s, "$");
}

/* ---- logging in ---- */

/* announces when the echo is off; what is typed before would be seen */
static void
start_loop(struct serial *s)
{
	char line[256];

	snprintf(line, sizeof line,
	    " exec sh -c 'stty -echo;printf @lh:%%s:. %s;while IFS= read -r l;do command eval "
	    "\"$l\";done 2>/dev/null'",
	    s->token);
	sieve_expect_echo(&s->sieve, line);
	type(s, line);
	type(s, "\n");
	s->state = STARTING;
	wait_for(s, AGAIN << (s->tries < 2 ? s->tries : 2));
}

static void
greet(struct serial *s)
{
	char line[64];

	snprintf(line, sizeof line, "\nI=;T=%s;f 0:%d\n", s->token, PRESENT);
	type(s, line);
	s->state = LOADING;
	wait_for(s, AGAIN << (s->tries < 4 ? s->tries : 4));
}

static void
load(struct serial *s)
{
	char line[64];

	sieve_expect_echo(&s->sieve, "");
	snprintf(line, sizeof line, "\nT=%s\n", s->token);
	type(s, line);
	type(s, program);
	greet(s);
}

/* the name, or the password */
static void
enter(struct serial *s, const char *text, enum state then)
{
	buf_clear(&s->tail);
	type(s, text);
	type(s, "\n");
	s->state = then;
	s->entered = s->typed;
	wait_for(s, QUIET);
}

static void
log_in(struct serial *s)
{
	char line[160];

	if (s->logins++ == LOGINS_MAX) {
		snprintf(line, sizeof line,
		    "the guest agent is lost: %.64s is not let in on the console", s->o.user);
		lose(s, line);
		return;
	}
	enter(s, s->o.user, NAMED);
}

static void
give_password(struct serial *s)
{
	if (!s->o.password) {
		lose(s, "the guest agent is lost: the console asks for a password, and the "
			"manifest has none behind `login`");
		return;
	}
	enter(s, s->o.password, ADMITTED);
}

/* the console has been quiet for a while, and no shell is known to be there */
static void
look(struct serial *s)
{
	nstime since = clock_now() - s->typed;

	if (asks_login(s)) {
		s->prompted = true;
		log_in(s);
	} else if (s->state == WAITING) {
		if (s->prompted || (s->tail.n && memmem(s->tail.p, s->tail.n, "ogin: ", 6))) {
			s->prompted = true;
			if (since > NUDGE)
				type(s, "\n");
			wait_for(s, NUDGE);
		}
	} else if (asks_password(s)) {
		give_password(s);
	} else if (asks_command(s) || clock_now() - s->entered > NO_PROMPT) {
		start_loop(s);
	} else {
		/* login takes its time, and is not to be disturbed; a shell prompts again */
		if (s->state == ADMITTED && since > NUDGE)
			type(s, "\n");
		wait_for(s, QUIET);
	}
}

/* the loop, or the program, did not answer */
static void
start_again(struct serial *s)
{
	if (asks_login(s) || asks_password(s)) {
		s->state = NAMED;
		look(s);
	} else if (s->tries++ == TRIES_MAX) {
		lose(s, "the guest agent is lost: on the console there is no shell that has "
			"printf, cksum and stty");
	} else if (s->state == LOADING && s->o.awake) {
		greet(s);
	} else if (s->state == LOADING && s->tries % 3) {
		load(s);
	} else {
		/* an unfinished line goes first; a program that is no shell last, it may be login
		 */
		type(s, s->tries < 2 ? "\025\n" : "\003\n");
		start_loop(s);
	}
}

/* ---- a command ---- */

static bool
is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       strchr("/_=,:+ ", c);
}

/* the next lines of it, and then a question whether they are there, or the order to run it */
static void
send_more(struct serial *s)
{
	size_t n = strlen(s->command);
	struct buf b = { 0 };

	buf_adds(&b, s->sent ? "" : "\nC=\n");
	while (s->sent < n && b.n < BURST) {
		size_t from = b.n;

		buf_adds(&b, "C=$C\"");
		for (; s->sent < n && b.n - from < CHUNK; s->sent++)
			if (is_plain(s->command[s->sent]))
				buf_add(&b, s->command + s->sent, 1);
			else
				buf_addf(&b, "\\%03o", (unsigned char)s->command[s->sent]);
		buf_adds(&b, "\"\n");
	}
	if (s->sent < n)
		buf_addf(&b, "f %" PRIu64 ":%d:%zu\n", s->seq, HEARD, s->sent);
	else
		buf_addf(&b, "r %" PRIu64 " %" PRIu32 " %zu\n", s->seq, s->sum, n);
	s->state = s->sent < n ? SENDING : RUNNING;
	type(s, b.p);
	buf_free(&b);
	wait_for(s, AGAIN << (s->tries < 8 ? s->tries : 8));
}

static void
send_command(struct serial *s)
{
	s->sent = 0;
	send_more(s);
}

static void
ask_end(struct serial *s)
{
	char line[80];

	snprintf(line, sizeof line, "\nr %" PRIu64 " %" PRIu32 " %zu\n", s->seq, s->sum,
	    strlen(s->command));
	type(s, line);
	wait_for(s, s->accepted && s->tries > 4 ? AGAIN_RUNNING : AGAIN << (s->tries & 7));
}

static void
ask_block(struct serial *s)
{
	char line[64];

	snprintf(line, sizeof line, "\ng %" PRIu64 " %zu\n", s->seq, s->out.n / BLOCK);
	s->state = FETCHING;
	type(s, line);
	wait_for(s, AGAIN << (s->tries < 6 ? s->tries : 6));
}

static void
ask_again(struct serial *s)
{
	if (s->tries++ >= TRIES_MAX && !s->accepted) {
		lose(s, "the guest agent is lost: the shell on the console does not answer");
	} else if (s->state == SENDING) {
		send_command(s);
	} else if (s->state == RUNNING) {
		ask_end(s);
	} else if (s->tries > TRIES_MAX) {
		lose(s, "the guest agent is lost: the guest cannot tell what the command said; it "
			"needs dd, od and tr");
	} else {
		ask_block(s);
	}
}

static bool
has_command(const struct serial *s)
{
	return s->state == SENDING || s->state == RUNNING || s->state == FETCHING;
}

/*
 * Somebody asks for a login where our loop should be: when that is no text of somebody else,
 * an empty line brings it anew, each time.
 */
static bool
probe(struct serial *s)
{
	if (!asks_login(s) && !(s->probes && asks_password(s))) {
		s->probes = 0;
		return false;
	}
	if (s->probes++ == 3) {
		lose(s, "the guest agent is lost: its shell has ended, and the console asks for a "
			"login again");
		return true;
	}
	buf_clear(&s->tail);
	type(s, "\n");
	wait_for(s, AGAIN);
	return true;
}

static void
on_alarm(void *arg)
{
	struct serial *s = arg;

	s->alarm = 0;
	if (s->state <= ADMITTED)
		look(s);
	else if (s->state <= LOADING)
		start_again(s);
	else if (s->state < LOST && !probe(s) && has_command(s))
		ask_again(s);
}

/* ---- frames ---- */

static void
finish(struct serial *s)
{
	struct buf out = s->out;
	char *command = s->command;

	s->out = (struct buf){ 0 };
	s->command = NULL;
	s->state = IDLE;
	loop_cancel(s->loop, s->alarm);
	s->alarm = 0;
	buf_add(&out, "", 0);
	agent_answered(s->agent, out.p, s->size, s->status);
	buf_free(&out);
	free(command);
}

static int
digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* false: it is not as long as it has to be */
static bool
take_block(struct serial *s, const char *hex)
{
	size_t rest = s->size - s->out.n, want = rest < BLOCK ? rest : BLOCK;

	if (strlen(hex) < 2 * want || hex[strspn(hex, "0123456789abcdef")])
		return false;
	for (size_t i = 0; i < want; i++) {
		char c = (char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));

		buf_add(&s->out, &c, 1);
	}
	s->tries = 0;
	return true;
}

static void
on_block(struct serial *s, const char *hex)
{
	if (!take_block(s, hex))
		ask_again(s);
	else if (s->out.n < s->size)
		ask_block(s);
	else
		finish(s);
}

/* STATUS:SIZE:HEX */
static void
on_end(struct serial *s, const char *body)
{
	char *end;
	unsigned long status = strtoul(body, &end, 10);

	if (end == body || *end != ':' || status > 255) {
		lose(s, "the guest agent is lost: there is no room for what a command says in any "
			"of /run, /dev/shm, /tmp and /var/tmp");
		return;
	}
	s->status = (int)status;
	s->size = strtoul(end + 1, &end, 10);
	if (s->size > AGENT_SAID_MAX) {
		lose(s, "the guest agent is lost: a command wrote more than 1 MiB");
		return;
	}
	buf_clear(&s->out);
	s->state = FETCHING;
	on_block(s, *end ? end + 1 : "");
}

static void
on_frame(struct serial *s, uint64_t seq, unsigned long kind, const char *body)
{
	if (s->state == LOADING && kind == PRESENT) {
		s->state = IDLE;
		s->tries = s->logins = 0;
		loop_cancel(s->loop, s->alarm);
		s->alarm = 0;
		agent_greeted(s->agent);
	} else if (!has_command(s) || seq != s->seq) {
		return; /* an answer to what was asked again */
	} else if (s->state == SENDING && kind == HEARD && strtoul(body, NULL, 10) == s->sent) {
		s->tries = 0;
		send_more(s);
	} else if (s->state == RUNNING && kind == ACCEPTED) {
		s->accepted = true;
		s->tries = 0;
	} else if (s->state == RUNNING && kind == DAMAGED && s->tries++ < TRIES_MAX) {
		send_command(s);
	} else if (s->state == RUNNING && kind == DONE) {
		s->tries = 0;
		on_end(s, body);
	} else if (s->state == FETCHING && kind == PART &&
		   strtoul(body, NULL, 10) == s->out.n / BLOCK && strchr(body, ':')) {
		on_block(s, strchr(body, ':') + 1);
	}
}

/* SEQ:KIND[:BODY]:SUM:LENGTH, where the last two are of the token and what is before them */
static bool
read_frame(struct serial *s, char *text)
{
	char *length = strrchr(text, ':'), *sum, *end;
	struct buf whole = { 0 };
	unsigned long kind;
	uint64_t seq;
	bool good;

	if (!length)
		return false;
	*length = '\0';
	sum = strrchr(text, ':');
	if (!sum)
		return false;
	*sum = '\0';
	buf_addf(&whole, "%s:%s", s->token, text);
	good = strtoul(length + 1, NULL, 10) == whole.n &&
	       strtoul(sum + 1, NULL, 10) == checksum(whole.p, whole.n);
	buf_free(&whole);
	if (!good)
		return false;
	seq = strtoull(text, &end, 10);
	kind = strtoul(*end ? end + 1 : end, &end, 10);
	s->probes = 0;
	on_frame(s, seq, kind, *end ? end + 1 : end);
	return true;
}

static void
on_text(struct serial *s, char *text)
{
	if (!*text && s->state == STARTING)
		load(s);
	else if (*text && !read_frame(s, text) && has_command(s))
		ask_again(s);
}

static void
serve(struct serial *s)
{
	struct buf frames = s->sieve.frames;

	s->sieve.frames = (struct buf){ 0 };
	for (size_t i = 0; i < frames.n && s->state != LOST;) {
		size_t n = strlen(frames.p + i);

		on_text(s, frames.p + i);
		i += n + 1;
	}
	buf_free(&frames);
}

/* ---- the console ---- */

/* the guest's own words */
static void
tell(struct serial *s)
{
	struct buf words = s->sieve.words;

	s->sieve.words = (struct buf){ 0 };
	if (words.n) {
		remember(s, words.p, words.n);
		s->o.said(s->o.arg, words.p, words.n);
	}
	buf_free(&words);
}

/* nothing waits for the rest of what began like a frame */
static void
on_hold(void *arg)
{
	struct serial *s = arg;

	s->hold = 0;
	sieve_settle(&s->sieve);
	tell(s);
}

void
serial_hear(struct serial *s, const char *p, size_t n)
{
	sieve_add(&s->sieve, p, n);
	loop_cancel(s->loop, s->hold);
	s->hold =
	    sieve_holds(&s->sieve) ? loop_at(s->loop, clock_now() + HEAD_WAIT, on_hold, s) : 0;
	tell(s);
	if (s->state <= ADMITTED)
		wait_for(s, QUIET);
	else if (s->state > LOADING && s->state < LOST && asks_login(s))
		wait_for(s, AGAIN / 3);
	serve(s);
}

/* ---- as the agent's way ---- */

static void
run(void *arg, const char *command)
{
	struct serial *s = arg;
	size_t n = strlen(command) + 1;

	s->seq++;
	free(s->command);
	s->command = memcpy(xmalloc(n), command, n);
	s->sum = checksum(command, n - 1);
	s->tries = 0;
	s->accepted = false;
	send_command(s);
}

static void
begin(struct serial *s)
{
	nonce_make(s->token);
	sieve_settle(&s->sieve);
	sieve_begin(&s->sieve, s->token);
	buf_clear(&s->tail);
	s->state = WAITING;
	s->prompted = s->in_kernel = false;
	s->control = TEXT;
	s->logins = s->tries = s->probes = 0;
	loop_cancel(s->loop, s->alarm);
	s->alarm = 0;
}

static void
reset(void *arg)
{
	struct serial *s = arg;

	s->o.awake = false;
	begin(s);
}

static void
stop(void *arg)
{
	struct serial *s = arg;

	loop_cancel(s->loop, s->alarm);
	s->alarm = 0;
	s->state = LOST;
}

static const char *
why_shut(void *arg)
{
	const struct serial *s = arg;

	return s->prompted ? "the guest agent never started: nobody could log in on the console"
			   : "the guest agent never started: the console showed no login prompt";
}

static const struct agent_way way = {
	.run = run, .reset = reset, .stop = stop, .why_shut = why_shut
};

bool
serial_is_asked(const struct manifest *m)
{
	return m->agent && !strcmp(m->agent, "serial");
}

struct serial *
serial_new(struct loop *l, const struct serial_opts *o)
{
	struct serial *s = xmalloc(sizeof *s);

	*s = (struct serial){ .loop = l, .o = *o };
	begin(s);
	s->agent = agent_over(l, &way, s);
	if (o->awake)
		greet(s);
	return s;
}

struct agent *
serial_agent(struct serial *s)
{
	return s->agent;
}

void
serial_free(struct serial *s)
{
	if (!s)
		return;
	loop_cancel(s->loop, s->alarm);
	loop_cancel(s->loop, s->hold);
	sieve_free(&s->sieve);
	buf_free(&s->tail);
	buf_free(&s->out);
	free(s->command);
	free(s);
}
