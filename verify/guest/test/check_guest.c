/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/guest.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/expect.h"
#include "verify/loop.h"
#include "verify/test/fake.h"
#include "verify/test/suites.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define KILLED                                                                                     \
	"qemu: killed by signal 9 (Killed); dmesg of this machine may tell that it ran out of "    \
	"memory"

/* a guest under test, and what its owner heard */
struct scene {
	struct arena *a;
	struct loop *l;
	struct manifest m;
	struct guest *g;
	struct buf story; /* events, in order */
	bool over;
	uint64_t seen; /* console bytes at the last call */
};

static void
on_console(void *arg)
{
	struct scene *s = arg;

	s->seen = stream_size(guest_console(s->g));
}

static void
on_event(void *arg, const char *name, const char *reason)
{
	struct scene *s = arg;

	buf_addf(&s->story, "%s(%s) ", name, reason ? reason : "");
}

static void
on_unheard(void *arg, const char *why)
{
	buf_addf(&((struct scene *)arg)->story, "unheard(%s) ", why);
}

static void
on_ended(void *arg)
{
	((struct scene *)arg)->over = true;
}

static const struct guest_calls calls = {
	.console = on_console, .event = on_event, .unheard = on_unheard, .ended = on_ended
};

static int
begin(struct scene *s, const char *script, bool agent, struct err *e)
{
	struct qemu_opts o = { .agent_fd = agent ? 0 : -1, .nonce = "00c0ffee", .ssh = true };

	*s = (struct scene){ .a = arena_new(), .l = loop_new() };
	fake_script(script);
	fake_manifest(&s->m);
	buf_adds(&s->story, "");
	return guest_start(s->a, s->l, &s->m, &o, test_dir(), &calls, s, &s->g, e);
}

static void
start(struct scene *s, const char *script, bool agent)
{
	struct err e;

	ck_assert_msg(begin(s, script, agent, &e) == 0, "%s", e.msg);
}

static void
once(struct scene *s)
{
	struct err e;

	ck_assert_msg(loop_once(s->l, &e) == 0, "%s", e.msg);
}

static void
to_the_end(struct scene *s)
{
	while (!s->over)
		once(s);
	ck_assert_int_eq(guest_state(s->g), GUEST_ENDED);
}

static void
end(struct scene *s)
{
	guest_free(s->g);
	buf_free(&s->story);
	loop_free(s->l);
	arena_free(s->a);
}

static char *
testcase_file(struct scene *s, const char *name, size_t *n)
{
	struct err e;
	char *text;

	ck_assert_msg(
	    file_read(s->a, arena_printf(s->a, "%s/%s", test_dir(), name), &text, n, &e) == 0, "%s",
	    e.msg);
	return text;
}

/* how guests end by themselves */
static const struct {
	const char *script, *console, *reason, *story;
} ends[] = {
	{ "say hello\\r\\n\nshutdown guest-shutdown", "hello\r\n", "guest-shutdown",
	    "SHUTDOWN(guest-shutdown) " },
	{ "drip one by one\\n\nshutdown guest-reset", "one by one\n", "guest-reset",
	    "SHUTDOWN(guest-reset) " },
	{ "say \\x00\\xff\\e[K\nshutdown guest-shutdown", "", "guest-shutdown",
	    "SHUTDOWN(guest-shutdown) " },
	/* what is said after the panic event still counts */
	{ "event GUEST_PANICKED poweroff\nsay Kernel panic - not syncing\\n\nshutdown guest-panic",
	    "Kernel panic - not syncing\n", "guest-panic",
	    "GUEST_PANICKED(poweroff) SHUTDOWN(guest-panic) " },
	{ "words qemu: one thing\nwords qemu: out of luck\nexit 3", "",
	    "qemu: exit status 3: qemu: out of luck", "" },
	{ "exit 0", "", "qemu: exit status 0", "" },
	/* the process is dead, and the console is not yet at its end */
	{ "event SHUTDOWN guest-panic\norphan Kernel panic\\n", "Kernel panic\n", "guest-panic",
	    "SHUTDOWN(guest-panic) " },
	{ "die", "", KILLED, "" },
	{ "event SHUTDOWN guest-shutdown\nwords it crashed\nexit 7", "",
	    "guest-shutdown, then qemu: exit status 7: it crashed", "SHUTDOWN(guest-shutdown) " },
};

/* a busy harness reads late, and a serial port does not wait */
START_TEST(a_late_reader_loses_nothing)
{
	struct scene s;
	siginfo_t dead;

	start(&s, "uart 50000\nexit 0", false);
	ck_assert_int_eq(waitid(P_ALL, 0, &dead, WEXITED | WNOWAIT), 0);
	to_the_end(&s);
	ck_assert_uint_eq(s.seen, 50000);
	end(&s);
}
END_TEST

START_TEST(ends_by_itself)
{
	struct scene s;
	size_t n;

	start(&s, ends[_i].script, false);
	to_the_end(&s);
	ck_assert_str_eq(guest_reason(s.g), ends[_i].reason);
	ck_assert_str_eq(s.story.p, ends[_i].story);
	if (*ends[_i].console)
		ck_assert_str_eq(testcase_file(&s, "console", &n), ends[_i].console);
	testcase_file(&s, "console", &n);
	ck_assert_uint_eq(stream_size(guest_console(s.g)), n);
	ck_assert_uint_eq(s.seen, n);
	end(&s);
}
END_TEST

/* QEMU's virt for RISC-V, before 8.2, says nothing when the guest powers off */
static const struct {
	const char *script, *reason;
} silent[] = {
	{ "exit 0", "guest-shutdown" },
	{ "exit 3", "qemu: exit status 3" },
	{ "shutdown guest-reset", "guest-reset" },
	{ "die", KILLED },
};

START_TEST(ends_without_a_word)
{
	struct scene s;

	start(&s, silent[_i].script, false);
	s.m.silent_exit = "guest-shutdown";
	to_the_end(&s);
	ck_assert_str_eq(guest_reason(s.g), silent[_i].reason);
	end(&s);
}
END_TEST

/* more than any socket holds, and the last of it just before the end */
START_TEST(loses_nothing_of_a_flood)
{
	struct scene s;
	size_t n;
	char *text;

	start(&s, "flood 200000 0123456789abcdef\\n\nsay the end\nshutdown guest-shutdown", false);
	to_the_end(&s);
	text = testcase_file(&s, "console", &n);
	ck_assert_uint_eq(n, 200000 * 17 + 7);
	ck_assert_str_eq(text + n - 7, "the end");
	ck_assert_uint_eq(stream_size(guest_console(s.g)), n);
	end(&s);
}
END_TEST

/* how they end when they are told to; linger and deaf are those that would not */
static const struct {
	const char *script, *reason;
} stops[] = {
	{ "say up\\n", "host-qmp-quit" },
	{ "deaf\nsay up\\n", "killed: it did not end when asked to" },
	{ "linger guest-shutdown\nsay up\\n", "guest-shutdown, then it hung and was killed" },
};

START_TEST(ends_when_told_to)
{
	struct scene s;

	start(&s, stops[_i].script, false);
	while (!s.seen)
		once(&s);
	guest_stop(s.g, 300 * NS_PER_MS);
	guest_stop(s.g, 300 * NS_PER_MS); /* twice does no harm */
	to_the_end(&s);
	ck_assert_str_eq(guest_reason(s.g), stops[_i].reason);
	end(&s);
}
END_TEST

START_TEST(a_console_that_ends_early_ends_the_guest)
{
	struct scene s;

	start(&s, "say half a li\neof\nshutdown guest-shutdown", false);
	to_the_end(&s);
	ck_assert_str_eq(guest_reason(s.g), "guest-shutdown");
	ck_assert_uint_eq(s.seen, 9);
	end(&s);
}
END_TEST

START_TEST(what_cannot_be_started_is_an_error)
{
	struct scene s;
	struct err e;

	setenv("LH_FAKE_QEMU", "/nonexistent/qemu", 1);
	ck_assert_int_eq(begin(&s, "exit 0", true, &e), -1);
	ck_assert_str_eq(e.msg, "/nonexistent/qemu: No such file or directory");
	buf_free(&s.story);
	loop_free(s.l);
	arena_free(s.a);
}
END_TEST

/* ---- QMP ---- */

struct answer {
	char *text;
	bool given;
};

static void
on_answer(void *arg, const char *answer, const char *error)
{
	struct answer *a = arg;

	ck_assert(!a->given);
	a->given = true;
	a->text = strdup(answer ? answer : error);
}

START_TEST(answers_go_to_who_asked)
{
	struct answer a[5] = { 0 };
	struct scene s;

	start(&s, "port 4711\nregisters EIP=c1000000 HLT=1\nsay up", false);
	while (!s.seen)
		once(&s);
	guest_qmp(s.g, "query-status", NULL, on_answer, &a[0]);
	guest_qmp(s.g, "no-such-thing", "{\"x\": 1}", on_answer, &a[1]);
	guest_hmp(s.g, "info registers", on_answer, &a[2]);
	guest_port(s.g, 22, on_answer, &a[3]);
	while (!a[3].given)
		once(&s);
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	guest_qmp(s.g, "query-status", NULL, on_answer, &a[4]);
	ck_assert(!a[4].given);
	while (!a[4].given)
		once(&s);
	ck_assert_str_eq(
	    a[0].text, "{\"running\":true,\"singlestep\":false,\"status\":\"running\"}");
	ck_assert_str_eq(a[1].text, "The command no-such-thing has not been found");
	ck_assert_str_eq(a[2].text, "EIP=c1000000 HLT=1");
	ck_assert_str_eq(a[3].text, "4711");
	ck_assert_str_eq(a[4].text, "the guest has ended");
	for (size_t i = 0; i < 5; i++)
		free(a[i].text);
	ck_assert_ptr_nonnull(
	    strstr(testcase_file(&s, "qmp", NULL), "< {\"return\": {\"status\": \"running\""));
	end(&s);
}
END_TEST

/* ---- the guest agent ---- */

struct heard {
	bool given;
	int status;
	char out[256];
	size_t n;
	char why[128];
};

static void
on_done(void *arg, const struct agent_result *r)
{
	struct heard *h = arg;

	ck_assert(!h->given);
	h->given = true;
	h->status = r->status;
	h->n = r->n;
	memcpy(h->out, r->out, r->n < sizeof h->out ? r->n : sizeof h->out - 1);
	snprintf(h->why, sizeof h->why, "%s", r->why ? r->why : "");
}

static const struct {
	const char *command, *out;
	int status;
} commands[] = {
	{ "echo hello", "hello\n", 0 },
	{ "printf 'no newline'", "no newline", 0 },
	{ "exit 7", "", 7 },
	{ "echo 'it'\\''s \"quoted\" $HOME' >&2; false", "it's \"quoted\" $HOME\n", 1 },
	{ "cat; echo stdin is empty", "stdin is empty\n", 0 },
	{ "kill -9 $$", "Killed\n", 137 }, /* the shell that waits for it says so */
	{ "grep -o 'lh.nonce=[0-9a-f]*' /proc/cmdline", "lh.nonce=00c0ffee\n", 0 },
	{ "printf '\\n@lh-0123 0\\n@lh-\\n@lh-agent'", "\n@lh-0123 0\n@lh-\n@lh-agent", 0 },
	{ "echo one\necho two", "one\ntwo\n", 0 },
};

#define NCOMMANDS (sizeof commands / sizeof *commands)

START_TEST(the_agent_answers_in_order)
{
	struct heard h[NCOMMANDS] = { 0 };
	struct scene s;

	start(&s, "pause 20ms\nagent", true); /* asked before it opens */
	for (size_t i = 0; i < NCOMMANDS; i++)
		guest_run(s.g, commands[i].command, NS_NEVER, on_done, &h[i]);
	while (!h[NCOMMANDS - 1].given)
		once(&s);
	for (size_t i = 0; i < NCOMMANDS; i++) {
		ck_assert(h[i].given);
		ck_assert_int_eq(h[i].status, commands[i].status);
		ck_assert_str_eq(h[i].out, commands[i].out);
		ck_assert_uint_eq(h[i].n, strlen(commands[i].out));
	}
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(much_output_comes_through)
{
	struct heard h = { 0 };
	struct scene s;

	start(&s, "agent", true);
	guest_run(s.g, "head -c 1000000 /dev/zero | tr '\\0' x", NS_NEVER, on_done, &h);
	while (!h.given)
		once(&s);
	ck_assert_int_eq(h.status, 0);
	ck_assert_uint_eq(h.n, 1000000);
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(too_much_output_ends_the_agent)
{
	struct heard h = { 0 };
	struct scene s;

	start(&s, "agent", true);
	guest_run(s.g, "head -c 2000000 /dev/zero", NS_NEVER, on_done, &h);
	while (!h.given)
		once(&s);
	ck_assert_int_eq(h.status, -1);
	ck_assert_str_eq(h.why, "the guest agent is lost: a command wrote more than 1 MiB");
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(a_guest_without_agent_runs_nothing)
{
	struct heard h = { 0 };
	struct scene s;

	start(&s, "say up\\n", false);
	guest_run(s.g, "true", NS_NEVER, on_done, &h);
	ck_assert(!h.given); /* never from there */
	while (!h.given)
		once(&s);
	ck_assert_int_eq(h.status, -1);
	ck_assert_str_eq(h.why, "the guest has no agent");
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(a_command_that_hangs_takes_the_agent_with_it)
{
	struct heard h[4] = { 0 };
	struct scene s;

	start(&s, "agent", true);
	guest_run(s.g, "true", NS_NEVER, on_done, &h[3]);
	while (!h[3].given)
		once(&s);
	guest_run(s.g, "exec sleep 5", clock_now() + 100 * NS_PER_MS, on_done, &h[0]);
	guest_run(s.g, "echo behind", NS_NEVER, on_done, &h[1]);
	while (!h[1].given)
		once(&s);
	ck_assert_int_eq(h[0].status, -1);
	ck_assert_str_eq(h[0].why, "command timed out after 0.1 s");
	ck_assert_int_eq(h[1].status, -1);
	ck_assert_str_eq(h[1].why, "the guest agent is lost: \"exec sleep 5\" never came back");
	guest_run(s.g, "echo later", NS_NEVER, on_done, &h[2]);
	ck_assert(!h[2].given); /* never from there */
	while (!h[2].given)
		once(&s);
	ck_assert_str_eq(h[2].why, h[1].why);
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(a_agent_that_never_opens_is_told)
{
	struct heard h = { 0 };
	struct scene s;

	start(&s, "say Linux\\n", true);
	guest_run(s.g, "true", clock_now() + 50 * NS_PER_MS, on_done, &h);
	while (!h.given)
		once(&s);
	ck_assert_str_eq(h.why, "the guest agent never started");
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

START_TEST(who_waits_hears_of_the_end)
{
	struct heard h[2] = { 0 };
	struct scene s;

	start(&s, "agent\npause 50ms\nshutdown guest-panic", true);
	guest_run(s.g, "sleep 5", NS_NEVER, on_done, &h[0]);
	guest_run(s.g, "true", NS_NEVER, on_done, &h[1]);
	while (!h[0].given || !h[1].given || !s.over)
		once(&s);
	ck_assert_str_eq(h[0].why, "the guest has ended");
	ck_assert_str_eq(h[1].why, "the guest has ended");
	end(&s);
}
END_TEST

START_TEST(a_reset_ends_what_runs_and_keeps_what_waits)
{
	struct heard h[2] = { 0 };
	struct scene s;

	start(&s, "agent\npause 100ms\nevent RESET guest-reset\nagent", true);
	guest_run(s.g, "exec sleep 1", NS_NEVER, on_done, &h[0]);
	guest_run(s.g, "echo after", NS_NEVER, on_done, &h[1]);
	while (!h[1].given)
		once(&s);
	ck_assert_str_eq(h[0].why, "the guest was reset while it ran");
	ck_assert_str_eq(h[1].out, "after\n");
	guest_stop(s.g, NS_PER_S);
	to_the_end(&s);
	end(&s);
}
END_TEST

/* ---- typing ---- */

START_TEST(what_is_sent_arrives)
{
	char long_line[901];
	struct scene s;
	struct err e;
	size_t n;

	memset(long_line, 'x', sizeof long_line);
	start(&s, "echo\nsay login: \nhear root\\n\nsay welcome\nshutdown guest-shutdown", false);
	ck_assert_int_eq(guest_send(s.g, long_line, sizeof long_line, &e), -1);
	ck_assert_str_eq(e.msg, "send: 901 bytes; a guest's line editor drops what is over 900");
	ck_assert_int_eq(guest_send(s.g, "ro", 2, &e), 0);
	ck_assert_int_eq(guest_send(s.g, "ot\n", 3, &e), 0);
	to_the_end(&s);
	ck_assert_ptr_nonnull(strstr(testcase_file(&s, "console", &n), "welcome"));
	ck_assert_int_eq(guest_send(s.g, "x", 1, &e), -1);
	ck_assert_str_eq(e.msg, "send: the console has ended");
	end(&s);
}
END_TEST

START_TEST(the_command_line_can_be_pasted)
{
	struct scene s;
	char *argv;

	start(&s, "exit 0", true);
	to_the_end(&s);
	argv = testcase_file(&s, "argv", NULL);
	ck_assert_ptr_nonnull(
	    strstr(argv, " -chardev stdio,id=console,mux=on,signal=off -serial chardev:console "));
	ck_assert_ptr_nonnull(strstr(argv, " -append 'console=ttyS0 lh.nonce=00c0ffee' "));
	ck_assert_ptr_nonnull(strstr(argv, "\n# as it was run, with inherited descriptors:\n# "));
	end(&s);
}
END_TEST

Suite *
guest_suite(void)
{
	Suite *s = suite_create("guest");
	TCase *tc = harness_case(s, "guest");
	const TTest *const tests[] = { loses_nothing_of_a_flood, a_late_reader_loses_nothing,
		a_console_that_ends_early_ends_the_guest, what_cannot_be_started_is_an_error,
		answers_go_to_who_asked, the_agent_answers_in_order, much_output_comes_through,
		too_much_output_ends_the_agent, a_guest_without_agent_runs_nothing,
		a_command_that_hangs_takes_the_agent_with_it, a_agent_that_never_opens_is_told,
		who_waits_hears_of_the_end, a_reset_ends_what_runs_and_keeps_what_waits,
		what_is_sent_arrives, the_command_line_can_be_pasted };

	tcase_add_loop_test(tc, ends_by_itself, 0, sizeof ends / sizeof *ends);
	tcase_add_loop_test(tc, ends_without_a_word, 0, sizeof silent / sizeof *silent);
	tcase_add_loop_test(tc, ends_when_told_to, 0, sizeof stops / sizeof *stops);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	return s;
}
