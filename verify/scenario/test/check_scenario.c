/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/test/suites.h"

#include <string.h>

static const struct verb_form forms[] = {
	{ .verb = "expect", .form = "", .takes_patterns = true },
	{ .verb = "prompt", .form = "", .takes_patterns = true },
	{ .verb = "send", .form = "TEXT" },
	{ .verb = "run", .form = "COMMAND", .takes_want = true, .race = RACE_MAY },
	{ .verb = "check", .form = "A == B" },
	{ .verb = "check", .form = "VALUE", .takes_want = true },
	{ .verb = "host", .form = "http serve TEXT as NAME", .defines = ".port .url" },
	{ .verb = "host", .form = "scp USER SIZE PATH" },
	{ .verb = "vm", .form = "link up" },
	{ .verb = "vm", .form = "link down" },
	{ .verb = "vm", .form = "plug WHAT", .needs = NEEDS_SLOT },
	{ .verb = "vm", .form = "inject WHAT", .needs = NEEDS_FAULTS },
	{ .verb = "vm", .form = "guard", .needs = NEEDS_PEER },
	{ .verb = "vm", .form = "skip TIME", .race = RACE_ALONE },
	{ .verb = "race", .form = "BLOCK", .race = RACE_OPENS },
	{ .verb = "race", .form = "over", .race = RACE_CLOSES },
	{ .verb = "audit", .form = "files", .on = ON_FILES },
	{ .verb = "keep", .form = "files", .on = ON_EITHER },
	{ .verb = "keep", .form = "SUBJECT COMMAND", .takes_want = true },
	{ .verb = NULL },
};
static const char *const known[] = { "nonce", "root.password", "services", NULL };

#define HEAD "scenario t \"title\"\n"
#define NAME "a name is of letters, digits, _ and -, - not first, 64 at most"

static int
read_text(struct arena *a, const char *text, const char *watches, struct scenario *s, struct err *e)
{
	char *path = arena_printf(a, "%s/t.scn", test_dir()),
	     *wpath = arena_printf(a, "%s/watches", test_dir());

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, e), 0);
	if (watches)
		ck_assert_int_eq(file_write(wpath, watches, strlen(watches), 0644, e), 0);
	return scenario_read(a, path, watches ? wpath : NULL, forms, known, s, e);
}

/* "literal${name}literal", to compare with */
static const char *
shown(struct arena *a, const struct templ *t)
{
	const char *s = "";

	for (size_t i = 0; i < t->n; i++)
		s = arena_printf(a, t->v[i].is_name ? "%s${%s}" : "%s%s", s, t->v[i].text);
	return s;
}

static const char whole[] = "# a comment\n"
			    "scenario whole \"all there is\" # and another\n"
			    "requires arch x86_64 i486\n"
			    "requires agent yes\n"
			    "proves   syslogd klogd\n"
			    "proves   sshd\n"
			    "dies     sshd klogd # killed here\n"
			    "says     \"no room\" # there is none\n"
			    "says     late # it is\n"
			    "after    booted\n"
			    "image    agent\n"
			    "timeout  250ms\n"
			    "limit    2m\n"
			    "watch    warn odd /odd \\/ thing/\n"
			    "allow    panic /sysrq triggered/  # it asks for one\n"
			    "section  setup\n"
			    "host     http serve \"two words\" as www\n"
			    "section  steps\n"
			    "expect   /login: (?<who>\\w+) ${nonce}/ @60s\n"
			    "|        nologin /no ${who} login/\n"
			    "run      \"echo \\\"${who}\\\" \\$HOME ${s##*/} \\\\n\"  status 3 -> "
			    "/^(?<n>\\d+)\\/${root.password}$/\n"
			    "run      \"list\" -> all ${services} \"a b\" c status any\n"
			    "run      \"list\" -> has x\n"
			    "run      \"true\" -> empty @5s\n"
			    "check    ${n} == 7\n"
			    "check    ${www.port} -> \"80\"\n"
			    "host     scp guest 100 /home/guest/f\n"
			    "section  teardown\n"
			    "vm       link down\n";

START_TEST(everything)
{
	struct arena *a = arena_new();
	struct scenario s;
	struct err e = { 0 };

	ck_assert_msg(
	    read_text(a, whole, "watch fail panic /Kernel panic/\n", &s, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(s.name, "whole");
	ck_assert_str_eq(s.title, "all there is");
	ck_assert_uint_eq(s.nrequires, 2);
	ck_assert_str_eq(s.requires[0].values[1], "i486");
	ck_assert_uint_eq(s.nproofs, 3);
	ck_assert_str_eq(s.proofs[2].service, "sshd");
	ck_assert_uint_eq(s.proofs[2].line, 6);
	ck_assert_str_eq(s.dies, "sshd klogd");
	ck_assert_str_eq(s.says, "no room\nlate\n");
	ck_assert_str_eq(s.after, "booted");
	ck_assert(!s.pristine && !s.offline);
	ck_assert_int_eq(s.timeout, 250 * NS_PER_MS);
	ck_assert_int_eq(s.limit, 120 * NS_PER_S);
	ck_assert_uint_eq(s.nwatches, 2);
	ck_assert(s.watches[0].kind == WATCH_FAIL && s.watches[1].kind == WATCH_WARN);
	ck_assert_str_eq(pattern_text(s.watches[1].pattern), "odd / thing");
	ck_assert_uint_eq(s.nallows, 1);
	ck_assert_uint_eq(s.nsteps, 10);

	ck_assert_int_eq(s.steps[0].section, SECTION_SETUP);
	ck_assert_uint_eq(s.steps[0].nargs, 5);
	ck_assert_str_eq(shown(a, &s.steps[0].args[2]), "two words");

	ck_assert_uint_eq(s.steps[1].nalts, 2);
	ck_assert_uint_eq(s.steps[1].line, 19);
	ck_assert(s.steps[1].alts[0].has_names && !s.steps[1].alts[0].pattern);
	ck_assert_str_eq(s.steps[1].alts[0].re, "login: (?<who>\\w+) ${nonce}");
	ck_assert_str_eq(s.steps[1].alts[1].label, "nologin");
	ck_assert_int_eq(s.steps[1].timeout, 60 * NS_PER_S);
	ck_assert_str_eq(s.steps[1].source, "expect   /login: (?<who>\\w+) ${nonce}/ @60s");

	ck_assert_str_eq(shown(a, &s.steps[2].args[0]), "echo \"${who}\" $HOME ${s##*/} \\n");
	ck_assert_uint_eq(s.steps[2].args[0].n, 3); /* what the shell cuts is no name of ours */
	ck_assert_int_eq(s.steps[2].status, 3);
	ck_assert_int_eq(s.steps[2].want, WANT_RE);
	ck_assert_str_eq(shown(a, &s.steps[2].want_text), "^(?<n>\\d+)/${root.password}$");

	ck_assert_int_eq(s.steps[3].want, WANT_ALL);
	ck_assert_uint_eq(s.steps[3].nwant_words, 3);
	ck_assert_int_eq(s.steps[3].status, -1);
	ck_assert_int_eq(s.steps[4].want, WANT_HAS);
	ck_assert_int_eq(s.steps[5].want, WANT_EMPTY);
	ck_assert_int_eq(s.steps[5].timeout, 5 * NS_PER_S);
	ck_assert_int_eq(s.steps[7].want, WANT_TEXT);
	ck_assert_str_eq(shown(a, &s.steps[8].args[3]), "/home/guest/f");
	ck_assert_int_eq(s.steps[9].section, SECTION_TEARDOWN);
	arena_free(a);
}
END_TEST

static const char blocks[] = HEAD "run      <<END -> \"x\" status 3 @20s # why\n"
				  "\tfor s in ${services}; do # kept\n"
				  "\n"
				  "\t\techo \"\\$s\" '${s%:*}'\n"
				  "\tdone | sort | uniq\n"
				  "END\n"
				  "keep     words <<SCRIPT\n"
				  "END\n"
				  "  run \"x\"\n"
				  "SCRIPT\n"
				  "run      \"<<END\"\n";

/* a word of several lines is as it is written, but for its names and what all lines begin with */
START_TEST(words_of_several_lines)
{
	struct arena *a = arena_new();
	struct scenario s;
	struct err e = { 0 };

	ck_assert_msg(read_text(a, blocks, NULL, &s, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(s.nsteps, 3);
	ck_assert_str_eq(shown(a, &s.steps[0].args[0]),
	    "for s in ${services}; do # kept\n\n\techo \"\\$s\" '${s%:*}'\ndone | sort | uniq\n");
	ck_assert_uint_eq(s.steps[0].args[0].v[1].is_name, true);
	ck_assert_int_eq(s.steps[0].status, 3);
	ck_assert_int_eq(s.steps[0].want, WANT_TEXT);
	ck_assert_int_eq(s.steps[0].timeout, 20 * NS_PER_S);
	ck_assert_uint_eq(s.steps[0].line, 2);
	ck_assert_str_eq(s.steps[0].source, "run      <<END -> \"x\" status 3 @20s # why: "
					    "for s in ${services}; do # kept echo \"\\$s\" "
					    "'${s%:*}' done | s ...");
	ck_assert_str_eq(shown(a, &s.steps[1].args[1]), "END\n  run \"x\"\n");
	ck_assert_uint_eq(s.steps[1].line, 8);
	ck_assert_str_eq(shown(a, &s.steps[2].args[0]), "<<END");
	ck_assert_uint_eq(s.steps[2].line, 12);
	arena_free(a);
}
END_TEST

static const char raced[] = HEAD "run \"a\"\n"
				 "race <<RACE # why\n"
				 "\tvm skip 1h\n"
				 "\trun <<END @2s\n"
				 "\tb\n"
				 "END\n"
				 "RACE\n"
				 "run \"c\"\n";

/* the steps of a race are steps as others are, and its end is one more */
START_TEST(a_race)
{
	static const struct {
		const char *source;
		unsigned line;
		bool races;
	} steps[] = { { "run \"a\"", 2, false }, { "race <<RACE # why", 3, false },
		{ "vm skip 1h", 4, true }, { "run <<END @2s: b", 5, true }, { "RACE", 8, true },
		{ "run \"c\"", 9, false } };
	struct arena *a = arena_new();
	struct scenario s;
	struct err e = { 0 };

	ck_assert_msg(read_text(a, raced, NULL, &s, &e) == 0, "%s", e.msg);
	ck_assert(s.races);
	ck_assert_uint_eq(s.nsteps, sizeof steps / sizeof *steps);
	for (size_t i = 0; i < s.nsteps; i++) {
		ck_assert_str_eq(s.steps[i].source, steps[i].source);
		ck_assert_uint_eq(s.steps[i].line, steps[i].line);
		ck_assert(s.steps[i].races == steps[i].races);
	}
	ck_assert_int_eq(s.steps[4].form->race, RACE_CLOSES);
	arena_free(a);
}
END_TEST

static const struct {
	const char *text, *msg; /* behind the path */
} wrong[] = {
	{ "", ": is empty: the first statement must be: scenario NAME \"title\"" },
	{ "# only this\n", ": is empty: the first statement must be: scenario NAME \"title\"" },
	{ HEAD, ": has no step, so it tests nothing" },
	{ "run \"x\"\n", ":1: run: the first statement must be: scenario NAME \"title\"" },
	{ "limit 1s\n", ":1: limit: the first statement must be: scenario NAME \"title\"" },
	{ "scenario t\n", ":1: needs a \"title\" here" },
	{ HEAD HEAD, ":2: scenario: duplicate statement" },
	{ HEAD "timeout 10\n", ":2: 10: not a time, such as 10s or 250ms" },
	{ HEAD "timeout 0s\n", ":2: 0s: not a time, such as 10s or 250ms" },
	{ HEAD "limit 1s 2s\n", ":2: 2s: one word too many" },
	{ HEAD "audit files\n", ":2: audit: needs the line `image offline`" },
	{ HEAD "image offline\nrun \"x\"\n",
	    ":3: run: needs a guest, and with `image offline` there is none" },
	{ HEAD "image offline\nkeep files\nkeep x \"y\"\n",
	    ":4: keep: needs a guest, and with `image offline` there is none" },
	{ HEAD "after booted\nimage offline\naudit files\n",
	    ": after booted: with `image offline` there is no guest" },
	{ HEAD "after booted\nimage pristine\nsend \"x\"\n",
	    ": after booted: with `image pristine` there is no guest agent to resume with" },
	{ HEAD "run \"x\" -> \"\"\n",
	    ":2: -> \"\": any output has it; for none there is -> empty" },
	{ HEAD "run \"x\" -> // status 1\n", ":2: //: an empty pattern matches anything" },
	{ HEAD "expect //\n", ":2: //: an empty pattern matches anything" },
	{ HEAD "expect /x*/\n", ":2: /x*/: matches anything, so it would always hold" },
	{ HEAD "run \"x\" -> /^|/ status any\n",
	    ":2: /^|/: matches anything, so it would always hold" },
	{ HEAD "check \"a\" -> /(?:)/\n", ":2: /(?:)/: matches anything, so it would always hold" },
	{ HEAD "run \"x\" status 1 status 0\n", ":2: a second status" },
	{ HEAD "run \"x\" @5s @10s\n", ":2: @10s: a second time" },
	{ "scenario ../x \"y\"\n", ":1: scenario ../x: " NAME },
	{ "scenario . \"y\"\n", ":1: scenario .: " NAME },
	{ "scenario agent.raw \"y\"\n", ":1: scenario agent.raw: " NAME },
	{ "scenario \"\" \"y\"\n", ":1: scenario : " NAME },
	{ "scenario -x \"y\"\n", ":1: scenario -x: " NAME },
	{ "scenario \"a b\" \"y\"\n", ":1: scenario a b: " NAME },
	{ "scenario a,b \"y\"\n", ":1: scenario a,b: " NAME },
	{ "scenario key \"y\"\n",
	    ":1: scenario key: a file of lh-verify's own has this name; choose another" },
	{ HEAD "image other\n", ":2: image other: unknown; agent, pristine or offline" },
	{ HEAD "after lunch\n", ":2: after lunch: unknown state; there is: booted" },
	{ HEAD "requires net\n", ":2: needs a value here" },
	{ HEAD "watch perhaps x /y/\n", ":2: watch perhaps: unknown; fail, warn, kernel or log" },
	{ HEAD "watch fail x y\n", ":2: needs a /pattern/ here" },
	{ HEAD "watch fail x /y/\nwatch warn x /z/\n", ":3: watch x: duplicate name" },
	{ HEAD "watch fail x /${nonce}/\n", ":2: /${nonce}/: ${...} has a value only in steps" },
	{ HEAD "watch fail x /(/\n", ":2: pattern /(/: missing closing parenthesis at column 2" },
	{ HEAD "says a\n", ":2: says \"a\": needs a comment that says why" },
	{ HEAD "says \"it's\" # so\n", ":2: says: needs some of one line, without '" },
	{ HEAD "says \"\" # so\n", ":2: says: needs some of one line, without '" },
	{ HEAD "dies a b\n", ":2: dies a: needs a comment that says why" },
	{ HEAD "proves a b\nproves b\n", ":3: proves b: duplicate service" },
	{ HEAD "watch fail x /y/\nallow x /z/\n", ":3: allow x: needs a comment that says why" },
	{ HEAD "allow x /z/ # why\n", ":2: allow x: no such watch" },
	{ HEAD "section middle\n", ":2: section middle: unknown; one of setup steps teardown" },
	{ HEAD "section steps\nsection setup\n",
	    ":3: section setup: comes once, in the order setup, steps, teardown" },
	{ HEAD "section steps\nsection steps\n",
	    ":3: section steps: comes once, in the order setup, steps, teardown" },
	{ HEAD "run \"x\"\nsection steps\n",
	    ":3: section steps: there are steps before the first section" },
	{ HEAD "run \"x\"\nlimit 1s\n", ":3: limit: belongs before the first step" },
	{ HEAD "expct /x/\n",
	    ":2: expct: unknown verb; one of expect prompt send run check host vm race audit "
	    "keep" },
	{ HEAD "vm link sideways\n",
	    ":2: vm: its arguments fit no form; one of: vm link up, vm link down, vm plug WHAT, "
	    "vm inject WHAT, vm guard, vm skip TIME" },
	{ HEAD "vm guard\nvm skip 24h\n", ": net: nobody stands between a guest and its network "
					  "while its time races; make it two "
					  "scenarios" },
	{ HEAD "after booted\nvm plug disk\n",
	    ": after booted: the guest of a saved state has no slot to plug anything into; leave "
	    "it out" },
	{ HEAD "after booted\nvm inject all\n",
	    ": after booted: the disk of a saved state cannot be made to fail; leave it out" },
	{ HEAD "run\n", ":2: run: its arguments fit no form; one of: run COMMAND" },
	{ HEAD "run echo x\n", ":2: run: its arguments fit no form; one of: run COMMAND" },
	{ HEAD "run \"x\n", ":2: the quoted text has no end: \"x" },
	{ HEAD "run \"x\"y\n", ":2: the quoted text: a blank must follow it: \"y" },
	{ HEAD "run \"\\q\"\n",
	    ":2: \\q: unknown escape; one of \\n \\r \\t \\e \\c \\R \\\\ \\\" \\$" },
	{ HEAD "run \"${nobody}\"\n", ":2: ${nobody}: nothing before this line defines it" },
	{ HEAD "run \"${n}\" -> /(?<n>x)/\n", ":2: ${n}: nothing before this line defines it" },
	{ HEAD "run \"x\" -> /${n}/\n", ":2: ${n}: nothing before this line defines it" },
	{ HEAD "run \"x\" -> /a(/\n", ":2: pattern /a(/: missing closing parenthesis at column 3" },
	{ HEAD "run \"x\" -> /a/ b\n", ":2: b: one word too many" },
	{ HEAD "run \"x\" ->\n",
	    ":2: -> needs /pattern/, \"text\", empty, all WORDS or has WORDS" },
	{ HEAD "run \"x\" -> all\n", ":2: -> all: needs words" },
	{ HEAD "run \"x\" -> empty -> empty\n", ":2: a second ->" },
	{ HEAD "run \"x\" status 256\n", ":2: status 256: 0 to 255, or any" },
	{ HEAD "run \"x\" status\n", ":2: needs a number or any here" },
	{ HEAD "run \"x\" @soon\n", ":2: @soon: not a time, such as @10s or @250ms" },
	{ HEAD "send \"x\" -> empty\n", ":2: send TEXT: takes neither -> nor status" },
	{ HEAD "expect\n", ":2: expect: needs a /pattern/" },
	{ HEAD "expect /a/ /b/\n",
	    ":2: expect: one /pattern/ a line; more go on lines that begin with |" },
	{ HEAD "expect /a\n", ":2: the pattern has no end: /a" },
	{ HEAD "| x /a/\n", ":2: |: only right below expect or prompt" },
	{ HEAD "expect /a/\nrun \"x\"\n| x /a/\n", ":4: |: only right below expect or prompt" },
	{ HEAD "expect /a/\n| x /a/\n| x /b/\n", ":4: | x: duplicate label" },
	{ HEAD "expect /a/\n| x\n", ":3: | x: needs a /pattern/" },
	{ HEAD "host http serve x as Www\n",
	    ":2: as Www: a name is lower-case letters, digits, _ and -" },
	{ HEAD "run <<END @5s\ntrue\n", ":2: <<END: no line END follows" },
	{ HEAD "run <<END\ntrue\n END\nEND2\n", ":2: <<END: no line END follows" },
	{ HEAD "run <<END\n\n  \t\nEND\n", ":2: <<END: there is nothing before the line END" },
	{ HEAD "run <<end\ntrue\nend\n",
	    ":2: <<end: << needs a word of capitals behind it, such as <<END" },
	{ HEAD "run <<\n", ":2: <<: << needs a word of capitals behind it, such as <<END" },
	{ HEAD "run <<A <<B\nx\nA\ny\nB\n", ":2: <<B: a second << on one line" },
	{ HEAD "run <<END\n\necho ${nobody}\nEND\n",
	    ":4: ${nobody}: nothing before this line defines it" },
	{ HEAD "run <<END -> /(/\ntrue\nEND\n",
	    ":2: pattern /(/: missing closing parenthesis at column 2" },
	{ HEAD "run x <<END\ntrue\nEND\n",
	    ":2: run: its arguments fit no form; one of: run COMMAND" },
	{ HEAD "run <<END\ntrue\nEND\nrn\n",
	    ":5: rn: unknown verb; one of expect prompt send run check host vm race audit "
	    "keep" },
	{ HEAD "clock\n", ":2: needs host or instructions here" },
	{ HEAD "clock sand\n", ":2: clock sand: unknown; host or instructions" },
	{ HEAD "clock host\nclock instructions\n", ":3: clock: duplicate statement" },
	{ HEAD "clock instructions\nafter booted\nrun \"x\"\n",
	    ": clock instructions: a guest is booted with it and keeps it; leave `after` out" },
	{ HEAD "clock instructions\nvm skip 24h\n",
	    ": clock instructions: a guest is booted with it and keeps it; leave the race out" },
	{ HEAD "lane slow\n", ":2: lane slow: unknown; quick, long or faults" },
	{ HEAD "race 1h\n", ":2: race: needs a block of steps behind it, such as <<END" },
	{ HEAD "race over\n", ":2: race: needs a block of steps behind it, such as <<END" },
	{ HEAD "race\n", ":2: race: its arguments fit no form; one of: race BLOCK" },
	{ HEAD "race <<END\n# nothing\nEND\n", ":4: <<END: there is nothing before the line END" },
	{ HEAD "race <<END\nrun \"x\"\n END\n",
	    ":4: END: unknown verb; one of expect prompt send run "
	    "check host vm race audit keep" },
	{ HEAD "race <<END\nrun \"x\"\n", ":2: <<END: no line END follows" },
	{ HEAD "race <<END\nhost scp a b c\nEND\n",
	    ":3: host scp USER SIZE PATH: not in a race, where its own time would be hours of the "
	    "guest; put it behind the line END" },
	{ HEAD "race <<A\nrace <<B\nrun \"x\"\nB\nA\n",
	    ":3: race BLOCK: not in a race, where its own time would be hours of the guest; put it "
	    "behind the line A" },
	{ HEAD "race <<END\nrun \"x\"\nsection teardown\nEND\n", ":4: section: not in a race" },
	{ HEAD "vm skip 1h\nvm skip 1h\n",
	    ":3: vm: a second race: QEMU has one for a guest; write `race <<END` once, around all "
	    "of it" },
	{ HEAD "image pristine\nvm skip 1h\n",
	    ":3: vm: a race needs the guest agent; leave `image` out" },
	{ HEAD "\"run\" x\n", ":2: \"run\" x: a line begins with a verb" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	struct scenario s;
	struct err e = { 0 };

	ck_assert_int_eq(read_text(a, wrong[_i].text, NULL, &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/t.scn%s", test_dir(), wrong[_i].msg));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

START_TEST(a_folder)
{
	struct arena *a = arena_new();
	struct scenario *v;
	struct err e = { 0 };
	size_t n;
	const char *watches = arena_printf(a, "%s/watches", test_dir());

#define PUT(name, text)                                                                            \
	ck_assert_int_eq(                                                                          \
	    file_write(arena_printf(a, "%s/" name, test_dir()), text, strlen(text), 0644, &e), 0)
	ck_assert_int_eq(scenario_read_all(a, test_dir(), NULL, forms, known, &v, &n, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: contains no scenario (NAME.scn)", test_dir()));
	PUT("watches", "watch fail panic /Kernel panic/\n");
	PUT("b.scn", "scenario second \"t\"\nrun \"x\"\n");
	PUT("c.scn", "scenario first \"t\"\nrun \"x\"\n");
	PUT("README", "no scenario\n");
	ck_assert_msg(
	    scenario_read_all(a, test_dir(), watches, forms, known, &v, &n, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(v[0].name, "first");
	ck_assert_uint_eq(v[1].nwatches, 1);
	PUT("d.scn", "scenario first \"t\"\nrun \"x\"\n");
	ck_assert_int_eq(scenario_read_all(a, test_dir(), watches, forms, known, &v, &n, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/d.scn: scenario first: %s/c.scn has that name",
				    test_dir(), test_dir()));
	PUT("watches", "allow panic /x/ # y\n");
	ck_assert_int_eq(scenario_read_all(a, test_dir(), watches, forms, known, &v, &n, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s/watches:1: allow: only watch lines here", test_dir()));
	arena_free(a);
}
END_TEST

Suite *
scenario_suite(void)
{
	Suite *s = suite_of(
	    "scenario", (const TTest *[]){ everything, words_of_several_lines, a_folder, NULL });

	tcase_add_test(harness_case(s, "race"), a_race);
	tcase_add_loop_test(harness_case(s, "refused"), refused, 0, sizeof wrong / sizeof *wrong);
	return s;
}
