/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/session/session.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/expect.h"
#include "verify/image/image.h"
#include "verify/interrupt.h"
#include "verify/loop.h"
#include "verify/play/testcase.h"
#include "verify/report/markup.h"
#include "verify/report/report.h"
#include "verify/report/screen.h"
#include "verify/scenario/block.h"
#include "verify/session/recording.h"
#include "verify/session/script.h"
#include "verify/session/terminal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* of what a guest had said before, so much is shown */
#define RECALLED 1500
/* a command that is typed has so long, scaled */
#define COMMAND_TIME (60 * NS_PER_S)
/* nothing from the console for so long: it waits for somebody; scaled */
#define QUIET (300 * NS_PER_MS)
/* a guest that talks on, or shows no prompt, is not waited for any longer */
#define QUIET_MAX (20 * NS_PER_S)
/* and before anybody runs a command in it */
#define SETTLED (2 * NS_PER_S)
/* of a prompt */
#define LINE 200
#define KEY_LEAVE 0x1d /* Ctrl-] */
#define NOWHERE SIZE_MAX

struct session {
	struct arena *a;
	const struct session_opts *o;
	struct loop *loop;
	struct terminal tty;
	struct script script;
	struct testcase_job job;
	struct testcase_result result;
	struct testcase *c;
	struct interrupt signals;

	uint64_t shown; /* of the console */
	unsigned boots; /* it was in this boot */
	bool idle;	/* no step is under way */
	bool asked;	/* a command is, and its answer is awaited */
	bool quits, over;
	size_t at;	     /* the item that comes next */
	size_t doing;	     /* the one under way, or NOWHERE */
	size_t told;	     /* the one that was shown, and is still to be played, or NOWHERE */
	size_t stop_at;	     /* plays on up to this item without asking; NOWHERE: does not */
	const char *command; /* that the guest was asked to run */
	const char *text;    /* of a recording: what is to be typed on the console */
	unsigned quiet;	     /* the alarm that says that the guest waits for somebody, or 0 */
	nstime quiet_for, quiet_until;
	loop_late *on_quiet;
	bool has_settled;	  /* the guest, before the first command of a recording */
	unsigned failures;	  /* items whose last verdict is no pass */
	const char *block, *mark; /* what is typed of a step, and the line that ends it; or NULL */
	struct buf keys;	  /* typed since the last Return */
	const char *prompt;	  /* what stood there before them */
	bool typed;		  /* a whole line, which is text */
};

static void proceed(struct session *s);

/* ---- what is said ---- */

static const char *
prompt_of(const struct session *s)
{
	return s->o->record ? "(record) " : "(step) ";
}

static void
show_item(struct session *s, size_t i)
{
	const struct script_item *x = &s->script.v[i];

	s->told = i;
	terminal_say(&s->tty, "%4u  %.*s", x->line, (int)strcspn(x->text, "\n"), x->text);
}

static void
show_next(struct session *s)
{
	if (s->o->record)
		return;
	if (s->at < s->script.n)
		show_item(s, s->at);
	else if (s->script.n)
		terminal_say(&s->tty, "      the end; `save FILE`, `quit`, or one more step");
}

static void
show_failure(const struct testcase_result *r)
{
	struct report_row rows[REPORT_ROWS];
	size_t n = report_rows(r, rows);

	if (r->failure.what)
		markup_row(stdout, "", "what", r->failure.what, screen_columns());
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, "look") != 0)
			markup_row(stdout, "", rows[i].name, rows[i].text,
			    rows[i].copied ? 0 : screen_columns());
	fflush(stdout);
}

/* ---- the guest's side ---- */

/* it has said nothing for a while; one that talks without end is taken for quiet at last */
static void
await_quiet(struct session *s)
{
	nstime at = clock_now() + s->quiet_for;

	loop_cancel(s->loop, s->quiet);
	s->quiet = loop_at(s->loop, at < s->quiet_until ? at : s->quiet_until, s->on_quiet, s);
}

/* nothing else is done meanwhile */
static void
when_quiet(struct session *s, nstime t, loop_late *then)
{
	s->asked = true;
	s->on_quiet = then;
	s->quiet_for = (nstime)((double)t * s->o->scale);
	s->quiet_until = clock_now() + (nstime)((double)QUIET_MAX * s->o->scale);
	await_quiet(s);
}

static void
on_console(void *arg)
{
	struct session *s = arg;
	struct guest *g = s->c ? s->c->guest : NULL;
	struct arena *scratch;
	size_t n;
	char *text;

	if (!g)
		return;
	if (s->boots != s->c->boots) {
		s->boots = s->c->boots;
		s->shown = 0;
	}
	scratch = arena_new();
	text = stream_text(scratch, guest_console(g), s->shown, UINT64_MAX, &n);
	if (!s->shown && s->o->from && s->boots == 1 && n > RECALLED) {
		char *from = text + n - RECALLED, *line = memchr(from, '\n', RECALLED);

		from = line ? line + 1 : from;
		n -= (size_t)(from - text);
		text = from;
	}
	terminal_console(&s->tty, text, n);
	s->shown = stream_size(guest_console(g));
	arena_free(scratch);
	if (s->quiet)
		await_quiet(s);
	if (s->idle && testcase_has_failed(s->c)) {
		terminal_say(&s->tty, "FAIL      between two steps");
		show_failure(&s->result);
		testcase_forgive(s->c);
	}
	if (s->idle && !s->asked && !s->tty.keys && !s->tty.within)
		terminal_prompt(&s->tty, prompt_of(s));
}

static void
note_verdict(struct session *s, struct script_item *x, enum verdict v)
{
	if (x->played && x->verdict != VERDICT_PASS)
		s->failures--;
	x->played = true;
	x->verdict = v;
	if (v != VERDICT_PASS)
		s->failures++;
}

/* what became of the step that was under way */
static void
tell_step(struct session *s)
{
	struct script_item *x = &s->script.v[s->doing];
	const struct step_result *r = &s->result.steps[x->step];
	bool good = r->verdict == VERDICT_PASS && !testcase_has_failed(s->c);

	note_verdict(s, x, good ? VERDICT_PASS : VERDICT_FAIL);
	terminal_say(&s->tty, "%-6s %.1f s%s%s", good ? "ok" : "FAIL", report_seconds(r->took),
	    r->said ? "   " : "", r->said ? r->said : "");
	if (!good) {
		s->stop_at = NOWHERE;
		show_failure(&s->result);
		testcase_forgive(s->c);
	} else {
		s->at = s->doing + 1;
	}
	s->doing = NOWHERE;
}

static void
on_ready(void *arg)
{
	struct session *s = arg;

	s->idle = true;
	if (s->doing != NOWHERE)
		tell_step(s);
	if (s->stop_at == NOWHERE && !s->quits)
		show_next(s);
	proceed(s);
}

static void
on_note(void *arg, const char *text)
{
	terminal_say(&((struct session *)arg)->tty, "%s", text);
}

static const struct conductor conductor = {
	.ready = on_ready, .console = on_console, .note = on_note
};

static void
on_done(void *arg)
{
	((struct session *)arg)->over = true;
}

static void
do_item(struct session *s, size_t i)
{
	s->idle = false;
	s->doing = i;
	if (s->stop_at != NOWHERE && s->told != i)
		show_item(s, i);
	s->told = NOWHERE;
	testcase_do(s->c, s->script.v[i].step);
}

/* ---- words ---- */

static void
word_next_step(struct session *s, char *rest)
{
	(void)rest;
	if (s->at < s->script.n)
		do_item(s, s->at);
	else
		terminal_say(&s->tty, "no step is left; type one, `at LINE` to go back, or `quit`");
}

static void
word_repeat(struct session *s, char *rest)
{
	(void)rest;
	if (!s->at || (s->at < s->script.n && s->script.v[s->at].played &&
			  s->script.v[s->at].verdict != VERDICT_PASS))
		word_next_step(s, rest);
	else
		do_item(s, s->at - 1);
}

static void
word_skip(struct session *s, char *rest)
{
	(void)rest;
	s->at += s->at < s->script.n;
	show_next(s);
}

static void
word_go(struct session *s, char *rest)
{
	(void)rest;
	s->stop_at = s->script.n;
}

/* 0: it is none, and that was said */
static unsigned
line_number(struct session *s, const char *word)
{
	char *end;
	unsigned long n = strtoul(word, &end, 10);

	if (n && !*end && n <= UINT32_MAX)
		return (unsigned)n;
	terminal_say(&s->tty, "%s: not the number of a line", *word ? word : "nothing");
	return 0;
}

static void
word_to(struct session *s, char *rest)
{
	unsigned line = line_number(s, rest);
	size_t to = line ? script_at(&s->script, line) : 0;

	if (!line)
		return;
	if (to <= s->at)
		terminal_say(&s->tty, "line %u is not ahead; `at %u` goes there, and plays nothing",
		    line, line);
	else
		s->stop_at = to;
}

static void
word_at(struct session *s, char *rest)
{
	unsigned line = line_number(s, rest);

	if (!line)
		return;
	s->at = script_at(&s->script, line);
	show_next(s);
}

static void
word_list(struct session *s, char *rest)
{
	static const char *const marks[NVERDICTS] = {
		[VERDICT_PASS] = "ok", [VERDICT_FAIL] = "FAIL"
	};

	(void)rest;
	for (size_t i = 0; i < s->script.n; i++) {
		const struct script_item *x = &s->script.v[i];

		terminal_say(&s->tty, "%c %-4s %4u  %.*s", i == s->at ? '>' : ' ',
		    x->played ? marks[x->verdict] : "", x->line, (int)strcspn(x->text, "\n"),
		    x->text);
	}
}

static void
word_delete(struct session *s, char *rest)
{
	struct script_item *x = &s->script.v[s->at];

	(void)rest;
	if (s->at >= s->script.n) {
		terminal_say(&s->tty, "no step is here; `at LINE` goes to one");
		return;
	}
	if (x->played && x->verdict != VERDICT_PASS)
		s->failures--;
	script_delete(&s->script, s->at);
	show_next(s);
}

static bool
in_race(const struct session *s, size_t i)
{
	const struct step *x = &s->script.s.steps[s->script.v[i].step];

	return x->races || x->form->race == RACE_OPENS;
}

/* statements in the place of an item, or before it; how many, 0: what is wrong was said */
static size_t
put(struct session *s, size_t at, bool replace, const char *text)
{
	struct err e = { 0 };
	int n;

	if (replace && in_race(s, at))
		fail(&e, "line %u is part of a race: edit the file", s->script.v[at].line);
	else if ((n = script_put(&s->script, at, replace, text, s->o->dir, &s->c->names, &e)) > 0)
		return (size_t)n;
	terminal_say(&s->tty, "%s", e.msg);
	return 0;
}

/* the item's text as somebody's editor leaves it, or NULL */
static const char *
edited(struct session *s, const char *text)
{
	const char *editor = getenv("VISUAL") ? getenv("VISUAL") : getenv("EDITOR");
	const char *path = arena_printf(s->a, "%s/edited", s->o->dir);
	char *argv[] = { arena_strdup(s->a, "/bin/sh"), arena_strdup(s->a, "-c"),
		arena_printf(s->a, "exec %s \"$0\" </dev/tty >/dev/tty 2>&1",
		    editor && *editor ? editor : "vi"),
		arena_strdup(s->a, path), NULL };
	struct err e = { 0 };
	char *out = NULL;
	int status;

	if (file_write(path, text, strlen(text), 0644, &e) < 0 ||
	    child_run(argv, &(struct child_opts){ 0 }, NULL, &status, &e) < 0 ||
	    (status && fail(&e, "the editor: %s", child_status_text(s->a, status)) < 0) ||
	    file_read(s->a, path, &out, NULL, &e) < 0) {
		terminal_say(&s->tty, "%s", e.msg);
		return NULL;
	}
	return out;
}

static void
word_edit(struct session *s, char *rest)
{
	const char *text = *rest ? arena_printf(s->a, "%s\n", rest) : NULL;

	if (s->at >= s->script.n) {
		terminal_say(&s->tty, "no step is here; `at LINE` goes to one");
		return;
	}
	if (!text && s->tty.is_tty)
		text = edited(s, s->script.v[s->at].text);
	else if (!text)
		terminal_say(&s->tty, "edit: write the step anew behind it");
	if (text && s->script.v[s->at].played && s->script.v[s->at].verdict != VERDICT_PASS &&
	    !in_race(s, s->at)) {
		s->script.v[s->at].played = false;
		s->failures--;
	}
	if (text && put(s, s->at, true, text))
		show_next(s);
}

static void
word_save(struct session *s, char *rest)
{
	const char *path = *rest ? rest : s->o->record;
	struct err e = { 0 };

	if (!path)
		terminal_say(&s->tty, "save: name the file to write");
	else if (!s->script.n)
		terminal_say(&s->tty, "save: there is no step yet");
	else if (script_save(&s->script, path, &e) < 0)
		terminal_say(&s->tty, "%s", e.msg);
	else
		terminal_say(&s->tty, "%s: %zu step%s; lh-verify lint %s", path, s->script.n,
		    s->script.n == 1 ? "" : "s", path);
}

static void
word_console(struct session *s, char *rest)
{
	(void)rest;
	if (!s->tty.is_tty) {
		terminal_say(
		    &s->tty, "console: only on a terminal; `send \"TEXT\\n\"` does without");
		return;
	}
	terminal_say(&s->tty, "the keys go to the guest; Ctrl-] comes back");
	terminal_keys(&s->tty, true);
}

static void
word_quit(struct session *s, char *rest)
{
	(void)rest;
	s->quits = true;
}

static void word_help(struct session *s, char *rest);

static const struct word {
	const char *name, *letter, *arguments, *what;
	void (*obey)(struct session *s, char *rest);
} words_known[] = {
	{ "next", "n", "", "play this step; an empty line does, too", word_next_step },
	{ "repeat", "r", "", "play the last one again", word_repeat },
	{ "skip", "s", "", "go on without playing it", word_skip },
	{ "edit", "e", "[STEP]", "write it anew, here or in $EDITOR", word_edit },
	{ "delete", "d", "", "take it out", word_delete },
	{ "to", "t", "LINE", "play up to that line of the file", word_to },
	{ "go", "g", "", "play up to the end, or a failure", word_go },
	{ "at", "a", "LINE", "go there, and play nothing", word_at },
	{ "list", "l", "", "all steps, and what became of them", word_list },
	{ "save", "w", "FILE", "write the scenario as it is now", word_save },
	{ "console", "c", "", "type on the guest's console; Ctrl-] comes back", word_console },
	{ "help", "h", "", "this list", word_help },
	{ "quit", "q", "", "end the guest", word_quit },
};

static void
word_help(struct session *s, char *rest)
{
	(void)rest;
	for (size_t i = 0; i < sizeof words_known / sizeof *words_known; i++)
		terminal_say(&s->tty, "  %-2s %s%-8s %-6s  %s", words_known[i].letter,
		    s->o->record ? ":" : "", words_known[i].name, words_known[i].arguments,
		    words_known[i].what);
	terminal_say(&s->tty,
	    s->o->record ? "  :STEP plays it; > TEXT types on the console; else: a command"
			 : "  a step is played before this one; ! COMMAND runs in the guest");
}

/* ---- what is typed ---- */

static const struct word *
find_word(const char *name)
{
	for (size_t i = 0; i < sizeof words_known / sizeof *words_known; i++)
		if (!strcmp(name, words_known[i].name) || !strcmp(name, words_known[i].letter))
			return &words_known[i];
	return NULL;
}

/* a step of somebody's own comes before the next one, and is played */
static void
do_typed(struct session *s, const char *line)
{
	if (put(s, s->at, false, line))
		do_item(s, s->at);
}

static void
on_command(void *arg, const struct agent_result *r)
{
	struct session *s = arg;
	const char *step;

	s->asked = false;
	if (s->quits)
		return;
	if (r->status < 0) {
		terminal_say(&s->tty, "%s", r->why);
	} else {
		terminal_fresh(&s->tty);
		terminal_console(&s->tty, r->out, r->n);
		if (r->status)
			terminal_say(&s->tty, "status %d", r->status);
		step = recording_run(s->a, s->command, r->status, r->out, r->n, &s->c->names);
		if (s->o->record && put(s, s->at, false, step))
			note_verdict(s, &s->script.v[s->at++], VERDICT_PASS);
	}
	proceed(s);
}

/* before the first command: what shows that the guest has come so far */
static void
record_seen(struct session *s)
{
	struct stream *console = guest_console(s->c->guest);
	uint64_t size = stream_size(console);
	size_t n;
	const char *text = stream_text(s->a, console, 0, size, &n),
		   *step = recording_seen(s->a, text, n, &s->c->names);

	if (step && put(s, s->at, false, step))
		note_verdict(s, &s->script.v[s->at++], VERDICT_PASS);
}

static void do_command(struct session *s, const char *command);

static void
on_settled(void *arg)
{
	struct session *s = arg;

	s->quiet = 0;
	s->asked = false;
	if (s->quits)
		return;
	if (testcase_guest_runs(s->c))
		record_seen(s);
	do_command(s, s->command);
	proceed(s);
}

static void
do_command(struct session *s, const char *command)
{
	if (!*command)
		return;
	if (!testcase_guest_runs(s->c) || !guest_has_agent(s->c->guest)) {
		terminal_say(&s->tty, "%s",
		    testcase_guest_runs(s->c) ? "the guest has no agent to run a command"
					      : "the guest has ended; `vm boot` boots it again");
		return;
	}
	s->command = command;
	/* nobody types into a boot, and what is played later must not, either */
	if (s->o->record && !s->script.n && !s->has_settled) {
		s->has_settled = true;
		when_quiet(s, SETTLED, on_settled);
		return;
	}
	s->asked = true;
	guest_run(s->c->guest, command, clock_now() + (nstime)((double)COMMAND_TIME * s->o->scale),
	    on_command, s);
}

/* what stands on the console's last line, which has not ended */
static const char *
last_line(struct session *s)
{
	struct stream *console = guest_console(s->c->guest);
	uint64_t size = stream_size(console);
	size_t n, from;
	const char *text = stream_text(s->a, console, size > LINE ? size - LINE : 0, size, &n);

	for (from = n; from && text[from - 1] != '\n'; from--)
		;
	return text + from;
}

/* what was typed on the console, once the guest waits for it: two steps */
static void
on_prompt(void *arg)
{
	struct session *s = arg;
	const char *steps;
	size_t n;

	s->quiet = 0;
	s->asked = false;
	if (s->quits)
		return;
	if (!testcase_guest_runs(s->c)) {
		terminal_say(&s->tty, "the guest has ended; `:vm boot` boots it again");
	} else if (!*last_line(s) && clock_now() < s->quiet_until) {
		s->asked = true;
		await_quiet(s);
		return;
	} else {
		steps = recording_typed(s->a, last_line(s), s->text, &s->c->names);
		n = put(s, s->at, false, steps);
		s->stop_at = n ? s->at + n : NOWHERE;
	}
	proceed(s);
}

static void
do_typing(struct session *s, const char *text)
{
	s->text = text;
	when_quiet(s, QUIET, on_prompt);
}

/* a step whose words go on below it, up to a line with the mark */
static void
begin_block(struct session *s, const char *line)
{
	const char *at = strstr(line, "<<");

	s->block = line;
	s->mark = at ? block_mark(arena_strndup(s->a, at, strcspn(at, " \t"))) : NULL;
}

static void
go_on_block(struct session *s, const char *line)
{
	s->block = arena_printf(s->a, "%s\n%s", s->block, line);
	if (strcmp(line, s->mark) != 0)
		return;
	s->mark = NULL;
	do_typed(s, s->block);
}

static void
obey(struct session *s, char *line)
{
	char *rest, *name;
	const struct word *w;
	bool marked = s->o->record && *line == ':';

	if (s->mark) {
		go_on_block(s, line);
		return;
	}
	if (s->o->record && *line == '>') {
		do_typing(s, line + 1 + (line[1] == ' '));
		return;
	}
	if (s->o->record && !marked) {
		do_command(s, trim(line));
		return;
	}
	if (*line == '!') {
		do_command(s, trim(line + 1));
		return;
	}
	line = trim(line + marked);
	rest = arena_strdup(s->a, line);
	name = word_next(&rest);
	w = find_word(name ? name : "next");
	if (w) {
		w->obey(s, trim(rest ? rest : arena_strdup(s->a, "")));
		return;
	}
	begin_block(s, line);
	if (!s->mark)
		do_typed(s, line);
}

static void
finish(struct session *s)
{
	s->quits = true;
	s->idle = false;
	loop_cancel(s->loop, s->quiet);
	testcase_finish(s->c);
}

/* plays what is to be played; asks for what comes next */
static void
proceed(struct session *s)
{
	while (s->idle && !s->asked && !s->over) {
		char *line;

		if (s->quits) {
			finish(s);
			return;
		}
		if (s->stop_at != NOWHERE && s->at < s->stop_at && s->at < s->script.n) {
			do_item(s, s->at);
			return;
		}
		if (s->stop_at != NOWHERE)
			show_next(s);
		s->stop_at = NOWHERE;
		line = s->tty.keys ? NULL : terminal_line(&s->tty, s->a);
		if (line) {
			obey(s, line);
		} else if (s->tty.ended) {
			s->quits = true;
		} else {
			if (!s->tty.keys)
				terminal_prompt(&s->tty, prompt_of(s));
			return;
		}
	}
}

/* ---- what comes in ---- */

/* of a recording: lines that are typed key by key, and corrected */
static void
note_key(struct session *s, char key)
{
	if (key == '\r' || key == '\n') {
		s->text = arena_strndup(s->a, s->keys.n ? s->keys.p : "", s->keys.n);
		buf_clear(&s->keys);
		s->typed = true;
	} else if (key == 0x7f || key == '\b') {
		s->keys.n -= s->keys.n > 0;
	} else if ((unsigned char)key >= ' ') {
		buf_add(&s->keys, &key, 1);
	}
}

/* what a guest is sent by somebody's keys, and in a recording the steps that do so again */
static void
send_key(struct session *s, char key)
{
	struct err ignored;
	const char *prompt = NULL;

	if (!testcase_guest_runs(s->c))
		return;
	if (s->o->record && !s->keys.n && key >= ' ')
		s->prompt = last_line(s);
	guest_send(s->c->guest, &key, 1, &ignored);
	if (!s->o->record)
		return;
	note_key(s, key);
	if (!s->typed)
		return;
	s->typed = false;
	prompt = s->prompt ? s->prompt : "";
	s->prompt = NULL;
	for (size_t n = put(s, s->at, false, recording_typed(s->a, prompt, s->text, &s->c->names));
	     n; n--)
		note_verdict(s, &s->script.v[s->at++], VERDICT_PASS);
}

static void
take_keys(struct session *s)
{
	struct buf in = s->tty.in;
	size_t i;

	s->tty.in = (struct buf){ 0 };
	for (i = 0; i < in.n && in.p[i] != KEY_LEAVE; i++)
		send_key(s, in.p[i]);
	if (i < in.n) {
		terminal_keys(&s->tty, false);
		if (s->c->guest) /* that the person has read is read */
			cursor_seek(s->c->read, stream_size(guest_console(s->c->guest)));
		show_next(s);
	}
	buf_free(&in);
}

static void
on_typed(void *arg)
{
	struct session *s = arg;

	if (s->tty.keys)
		take_keys(s);
	proceed(s);
}

/* ends what is under way; nothing: the session */
static void
on_signal(void *arg, int fd, short revents)
{
	struct session *s = arg;
	unsigned number = interrupt_take(fd);

	(void)revents;
	if (!number)
		return;
	if (s->quits || number != SIGINT) {
		testcase_interrupt(s->c, arena_printf(s->a, "interrupted by signal %u", number));
	} else if (s->doing != NOWHERE && !s->idle) {
		testcase_fail(s->c, NULL, NULL, "interrupted");
	} else {
		s->quits = true;
		s->asked = false;
		proceed(s);
	}
}

static int
status_of(const struct session *s, struct err *e)
{
	if (s->result.verdict == VERDICT_INCONCLUSIVE)
		return fail(e, "%s", s->result.reason);
	return s->failures ? EXIT_WORK : 0;
}

static int
serve(struct session *s, struct err *e)
{
	s->c = testcase_start(s->a, s->loop, &s->job, &s->result, on_done, s);
	while (!s->over)
		if (loop_once(s->loop, e) < 0)
			return -1;
	return status_of(s, e);
}

static void
save_recording(struct session *s)
{
	if (s->o->record && s->script.n)
		word_save(s, arena_strdup(s->a, ""));
}

int
session_run(struct arena *a, const struct session_opts *o, struct err *e)
{
	struct session s = { .a = a,
		.o = o,
		.doing = NOWHERE,
		.told = NOWHERE,
		.stop_at = NOWHERE,
		.signals = { .fd = -1 } };
	bool agent = o->image->has_agent && !o->scenario->pristine;
	int status;

	if (o->head)
		script_begin(a, o->scenario, o->head, &s.script);
	else if (script_open(a, o->scenario, &s.script, e) < 0)
		return -1;
	if (o->until)
		s.stop_at = script_at(&s.script, o->until);
	s.job = (struct testcase_job){ .image = o->image,
		.scenario = &s.script.s,
		.dir = o->dir,
		.agent = agent,
		.base = agent ? o->image->agent : o->image->base,
		.accel = o->accel,
		.cpu = o->cpu,
		.scale = o->scale,
		.from = o->from,
		.slot = o->slot,
		.conductor = &conductor,
		.conducting = &s,
		.room = SCRIPT_ROOM };
	s.loop = loop_new();
	if (interrupt_begin(&s.signals, s.loop, on_signal, &s, e) < 0) {
		loop_free(s.loop);
		return -1;
	}
	terminal_begin(&s.tty, s.loop, on_typed, &s);
	terminal_say(&s.tty, "%s", o->start);
	status = serve(&s, e);
	save_recording(&s);
	terminal_end(&s.tty);
	testcase_free(s.c);
	interrupt_end(&s.signals);
	loop_free(s.loop);
	buf_free(&s.keys);
	return status;
}
