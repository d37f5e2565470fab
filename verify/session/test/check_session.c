/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step, resume and record as somebody types them, on a pipe */
#include "build/base/arena.h"
#include "verify/test/program.h"
#include "verify/test/suites.h"

#include <string.h>

#define GUEST "say Command line: $cmdline\\n\nsay one\\n\nsay two\\n\n"
/* lines 3 to 5 are its steps */
#define SCENARIO                                                                                   \
	"printf '# SPDX\\nscenario up \"it comes up\"\\nimage pristine\\nexpect /one/\\n\\n# a "   \
	"remark\\nexpect /three/ @200ms\\nexpect /two/\\n' >scenarios/up.scn\n"
#define STEP "$VERIFY step --accel tcg --scale 1 --scenarios scenarios -s up "
#define TYPE(words) SCENARIO "printf '" words "' | " STEP "o/manifest"

static const struct {
	const char *script;
	int status;
	const char *says;
	const char * not ; /* does not say; or NULL */
} cases[] = {
	/* the console is there, and each step is told */
	{ TYPE("next\\n"), 0, "ok     ", "FAIL" },
	{ TYPE("next\\n"), 0, "\none\n", NULL },
	{ TYPE("\\n\\n"), 1, "FAIL   0.", NULL },
	{ TYPE("n\\nn\\n"), 1,
	    "  what       /three/ never appeared on the console\n  expected   /three/\n", NULL },
	/* nothing ends at a failure */
	{ TYPE("n\\nn\\nskip\\nn\\n"), 1, "   8  expect /two/\nok ", NULL },
	{ TYPE("n\\nn\\ndelete\\nn\\n"), 0, "   8  expect /two/\nok ", NULL },
	{ TYPE("go\\n"), 1, "FAIL   0.", "   8  expect /two/" },
	{ TYPE("to 7\\n"), 0, "   7  expect /three/ @200ms\n", "FAIL" },
	{ TYPE("to 7\\nat 8\\nn\\nlist\\n"), 0,
	    "  ok      4  expect /one/\n          7  expect /three/ @200ms\n  ok      8  expect "
	    "/two/\n",
	    NULL },
	/* written anew, and saved; the rest is as it was */
	{ TYPE("n\\nn\\nedit expect /t.o/\\nn\\nsave x\\n") "; s=$?; diff scenarios/up.scn x; exit "
							    "$s",
	    0, "7c7\n< expect /three/ @200ms\n---\n> expect /t.o/\n", NULL },
	{ TYPE("save x\\n") " && cmp scenarios/up.scn x", 0, "x: 3 steps; lh-verify lint x\n",
	    "differ" },
	/* a step of one's own stands before the next */
	{ TYPE(
	      "expect /(?<w>l)ine/\\ncheck ${w} == l\\nn\\ndelete\\nsave x\\n") " && sed -n 4,9p x "
										"&& cp x "
										"scenarios/up.scn "
										"&& $VERIFY run "
										"--accel tcg "
										"--scenarios "
										"scenarios "
										"-o out o/manifest",
	    0, "\nexpect /(?<w>l)ine/\ncheck ${w} == l\nexpect /one/\n\n# a remark\nexpect /two/\n",
	    NULL },
	{ TYPE("send <<END\\nabc\\nEND\\nlist\\n"), 0, "  ok      4  send <<END\n>         4  ",
	    NULL },
	{ TYPE("repeat\\nrepeat\\n"), 1, "FAIL", NULL },
	/* what is wrong is said, and nothing happens */
	{ TYPE("frobnicate\\n"), 0, "frobnicate: unknown verb; one of ", "typed" },
	{ TYPE("expect /(/\\n"), 0, "pattern /(/: missing closing parenthesis", "typed" },
	{ TYPE("check ${nothing} == 1\\n"), 0, "${nothing}", "typed" },
	{ TYPE("timeout 5s\\n"), 0, "has no step, so it tests nothing", "typed" },
	{ TYPE("to soon\\n"), 0, "soon: not the number of a line\n", NULL },
	{ TYPE("n\\nto 4\\n"), 0, "line 4 is not ahead; `at 4` goes there, and plays nothing\n",
	    NULL },
	{ TYPE("edit\\n"), 0, "edit: write the step anew behind it\n", NULL },
	{ TYPE("edit frobnicate\\nlist\\n"), 0, ">         4  expect /one/\n", NULL },
	{ TYPE("save\\n"), 0, "save: name the file to write\n", NULL },
	{ TYPE("save /nowhere/x\\n"), 0, "/nowhere/", NULL },
	{ TYPE("console\\n"), 0, "console: only on a terminal; ", NULL },
	{ TYPE("! ls\\n"), 0, "the guest has no agent to run a command\n", NULL },
	{ TYPE("help\\n"), 0, "  n  next             play this step; an empty line does, too\n",
	    NULL },
	{ SCENARIO "printf 'l\\n' | " STEP "--until 7 o/manifest", 0,
	    "  ok      4  expect /one/\n>         7  expect /three/ @200ms\n", NULL },
	/* Ctrl-C ends the step, and what is typed behind it is still done */
	{ SCENARIO
	    "sed -i 's/@200ms/@60s/' scenarios/up.scn; mkfifo f; env --default-signal=INT " STEP
	    "o/manifest <f >log & exec 3>f; echo go >&3; until grep -q three log; do sleep "
	    "0.05; done; sleep 0.1; kill -INT $!; echo list >&3; exec 3>&-; wait $!; s=$?; cat "
	    "log; exit $s",
	    1, "  what       interrupted\n", NULL },
	/* how it is called */
	{ "$VERIFY step -s up", 100, "fatal: step: needs one manifest; see lh-verify step --help\n",
	    NULL },
	{ "$VERIFY step --scenarios scenarios o/manifest", 100,
	    "fatal: step: needs -s NAME, one scenario; lh-verify list has them\n", NULL },
	{ "$VERIFY step --scenarios scenarios -s nosuch o/manifest", 100,
	    "fatal: scenario nosuch: no such scenario; one of up\n", NULL },
	{ "sed -i '1a requires arch z80' scenarios/up.scn; "
	  "$VERIFY step --scenarios scenarios -s up o/manifest",
	    100, "fatal: step: up: requires arch z80, here it is x86_64\n", NULL },
	/* what could not be started is no answer */
	{ SCENARIO "sed -i 's/^qemu .*/qemu qemu-system-none/' o/manifest; " STEP
		   "o/manifest </dev/null",
	    125, "fatal: qemu-system-none: not found in PATH\n", NULL },
};

START_TEST(types)
{
	struct arena *a = arena_new();
	const char *said;

	program_prepare(a, GUEST);
	said = program_ends(a, cases[_i].script, cases[_i].status, cases[_i].says);
	ck_assert_msg(!cases[_i].not || !strstr(said, cases[_i].not ), "%s", said);
	arena_free(a);
}
END_TEST

/* ---- record ---- */

#define LOGIN                                                                                      \
	"echo\nsay Command line: $cmdline\\nlh login: \nhear root\\n\nsay # \nhear ls\\n\nsay a "  \
	"b\\n# "
#define RECORD(words) "printf '" words "' | $VERIFY record --accel tcg --scale 1 x.scn o/manifest"

static const struct {
	const char *script;
	int status;
	const char *says;
} recordings[] = {
	{ RECORD("> root\\n> ls\\n:expect /^a b/\\n:quit\\n") " && cat x.scn", 0,
	    "x.scn: 5 steps; lh-verify lint x.scn\nscenario x \"what was recorded\"\nimage    "
	    "pristine\ntimeout  60s\nlimit    600s\n\nprompt /lh login: $/\nsend "
	    "\"root\\n\"\nprompt /# $/\nsend \"ls\\n\"\nexpect /^a b/\n" },
	/* and it passes */
	{ RECORD("> root\\n> ls\\n:expect /^a b/\\n") " && $VERIFY lint x.scn && mv x.scn "
						      "scenarios && "
						      "rm scenarios/up.scn && $VERIFY run --accel "
						      "tcg --scenarios scenarios -o out o/manifest",
	    0, "1 passed, 0 failed, 0 skipped\n" },
	/* nothing was done: there is nothing to write */
	{ RECORD("") "; ls x.scn", 2, "x.scn" },
	{ RECORD("ls\\n") "; ls x.scn", 2, "the guest has no agent to run a command\n" },
	{ RECORD(":help\\n"), 0, "  n  :next " },
	{ "touch x.scn; $VERIFY record x.scn o/manifest", 100,
	    "fatal: record: x.scn: is there already; name another\n" },
	{ "$VERIFY record x o/manifest", 100,
	    "fatal: record: x: not a name such as motto.scn, of a-z, 0-9 and -\n" },
	{ "$VERIFY record o/manifest", 100,
	    "fatal: record: needs a file to write, and a manifest; see lh-verify record --help\n" },
};

START_TEST(records)
{
	struct arena *a = arena_new();

	program_prepare(a, LOGIN);
	program_ends(a, recordings[_i].script, recordings[_i].status, recordings[_i].says);
	arena_free(a);
}
END_TEST

/* ---- resume ---- */

/* an image to know it by, and a scenario that fails */
#define FAILS                                                                                      \
	"truncate -s 1M o/disk; printf 'image disk\\nimage-digest %s\\n' $(sh digest) "            \
	">>o/manifest\n"                                                                           \
	"printf 'scenario up \"x\"\\nimage pristine\\nexpect /one/\\nexpect /three/ @200ms\\n' "   \
	">scenarios/up.scn\n"                                                                      \
	"$VERIFY run --capsule --accel tcg --scale 1 --scenarios scenarios -o out o/manifest\n"

#define CASE "out/x86_64/dhcp/up"

static const struct {
	const char *script;
	int status;
	const char *says;
} capsules[] = {
	{ FAILS, 1, "/lh-verify resume --trusted " },
	/* what its state and its disk do, they do here; and it says itself that it may be believed
	 */
	{ FAILS "$VERIFY resume " CASE, 100,
	    ": it is not in OUTPUT, and a capsule of somebody else's could do anything here; if it "
	    "is yours, say --trusted\n" },
	{ FAILS "$VERIFY resume --untrusted " CASE, 100, "say --trusted\n" },
	{ FAILS "printf 'expect /one/\\n:\\n' | $VERIFY resume --trusted " CASE, 0, "ok " },
	/* it says more from where it was, and can be opened again */
	{ FAILS "for i in 1 2; do printf 'expect /resumed/\\n' | $VERIFY resume --trusted " CASE
		" || exit; done",
	    0, "scenarios/up.scn:4 failed: `console` types on its console, " },
	{ FAILS "sed -i 's/^digest .*/digest 0123456789abcdef/' " CASE
		"/capsule; $VERIFY resume --trusted " CASE,
	    100, "it is of another image, 0123456789ab, and " },
	{ FAILS "LH_FAKE_VERSION='QEMU emulator version 9.9' $VERIFY resume --trusted " CASE, 100,
	    "it was made by QEMU emulator version 0.0.0, and this is QEMU emulator version 9.9, "
	    "which may not know its state; play the case again\n" },
	{ "$VERIFY resume out", 100,
	    "/out: there is no capsule; lh-verify run --capsule keeps one of a case that fails\n" },
	{ "$VERIFY resume", 100, "fatal: resume: needs the folder of one test case; " },
	/* without being asked nothing is kept */
	{ FAILS
	    "$VERIFY run --accel tcg --scale 1 --scenarios scenarios -o out o/manifest; ls " CASE
	    "/capsule",
	    2, "/lh-verify step -s up --until 4 " },
};

START_TEST(resumes)
{
	struct arena *a = arena_new();

	program_prepare(a, GUEST "restored\nsay resumed\\n\n");
	program_put(a, "digest", "x=$(echo lh-disk 1 1048576 | sha256sum); echo ${x%% *}\n");
	program_ends(a, capsules[_i].script, capsules[_i].status, capsules[_i].says);
	arena_free(a);
}
END_TEST

Suite *
session_suite(void)
{
	Suite *s = suite_create("session");
	TCase *tc = harness_case(s, "session");

	tcase_add_loop_test(tc, types, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, records, 0, sizeof recordings / sizeof *recordings);
	tcase_add_loop_test(tc, resumes, 0, sizeof capsules / sizeof *capsules);
	return s;
}
