/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/test/stage.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/guest/symbols.h"
#include "verify/image/image.h"
#include "verify/loop.h"
#include "verify/play/facts.h"
#include "verify/play/watches.h"
#include "verify/scenario/load.h"
#include "verify/test/fake.h"
#include "verify/test/suites.h"
#include "verify/verbs/verbs.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define NO_USER(name) "user \"" name "\": not a name of letters, digits, _ . and -, the first no -"

/* what every good guest of these tests says */
#define BOOTS "say Command line: $cmdline\\n\n"
#define RESET "event RESET guest-reset\n"
#define KERNEL "watch kernel oops /Oops: .*/\n"
#define LOG "watch log log /./\n"
#define DIED                                                                                       \
	"qemu: killed by signal 9 (Killed); dmesg of this machine may tell that it ran out of "    \
	"memory"
/* where a guest goes on that was saved */
#define ENDS "restored\n"
#define MOVED ENDS "awake\n"
/* what a guest asks of 10.0.2.3: the address of "a" */
#define QUESTION                                                                                   \
	"frame "                                                                                   \
	"\\x72\\x6f\\x75\\x74\\x65\\x72\\x67\\x75\\x65\\x73\\x74\\x2e\\x08\\x00\\x45"              \
	"\\x00\\x00\\x2f\\x00\\x00\\x00\\x00\\x40\\x11\\x62\\xad\\x0a\\x00\\x02\\x0f"              \
	"\\x0a\\x00\\x02\\x03\\x11\\x11\\x00\\x35\\x00\\x1b\\xbf\\xca\\x12\\x34\\x01"              \
	"\\x00\\x00\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x01\\x61\\x00\\x00\\x01\\x00"              \
	"\\x01"                                                                                    \
	"\n"
#define RUNS "a guest that runs until its scenario is over"
#define RESETS RESET RESET RESET RESET RESET

static const struct {
	const char *script, *steps;
	bool agent;
	enum verdict verdict;
	/* of the failure, what also the reason of what is inconclusive; NULL: not looked at */
	const char *where, *what, *expected, *got;
} cases[] = {
	/* ---- what passes ---- */
	{ BOOTS "agent\n", "host ntp serve 2000000000 as clock\nrun \"test ${clock.port} -gt 0\"\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "drip lh login: ", "expect /login: /\n", false, VERDICT_PASS, NULL, NULL, NULL,
	    NULL },
	{ BOOTS "drip lh login: ", "prompt /login: $/\n", false, VERDICT_PASS, NULL, NULL, NULL,
	    NULL },
	{ BOOTS "agent\n", "run \"echo hello; exit 3\" status 3 -> \"hello\"\n", true, VERDICT_PASS,
	    NULL, NULL, NULL, NULL },
	{ BOOTS "agent\n",
	    "run <<END -> /^a b\\n${nonce}$/\nfor i in a b\ndo\n\techo \"$i\"\ndone | tr '\\n' ' ' "
	    "| sed 's/ $//'\necho\necho ${nonce}\nEND\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\n", "wait \"date +%N\" -> /[02468]$/\n", true, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	{ BOOTS "echo\nsay login: \nhear root\\n\nsay # \n",
	    "expect /login: /\nsend \"root\\n\"\nprompt /# $/\n", false, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	{ BOOTS "say addr 10.0.2.15\\n\nagent\n",
	    "expect /addr (?<addr>[0-9.]+)/\ncheck ${addr} == 10.0.2.15\ncheck ${addr} -> "
	    "/^10[.]0[.]/\nrun \"echo ${addr}\" -> /^${addr}$/\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "pause 20ms\nshutdown guest-shutdown", "vm await guest-shutdown\n", false,
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\npause 20ms\nevent RESET guest-reset\nsay late words of the old "
		"one\\n\nevent RESET guest-reset\nhear on\n" BOOTS "say again\\n\nagent",
	    "vm await guest-reset\nsend \"on\"\nexpect /again/\nrun \"true\"\n", true, VERDICT_PASS,
	    NULL, NULL, NULL, NULL },
	{ BOOTS, "vm plug disk\nvm unplug disk\nvm plug network as n\nsleep 1ms\n", false,
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS,
	    "vm inject none\nvm inject read\nvm inject write\nvm inject all\nvm inject none\n"
	    "vm throttle 20\nvm throttle none\nsleep 1ms\n",
	    false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	/* the time is that of each step, and a capture of that name is what was captured */
	{ BOOTS, "check ${now} -> /^(?<before>\\d+)$/\nsleep 1100ms\ncheck ${now} > ${before}\n",
	    false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS, "check 5 -> /(?<now>5)/\nsleep 1100ms\ncheck ${now} == 5\n", false, VERDICT_PASS,
	    NULL, NULL, NULL, NULL },
	{ BOOTS, "vm link down\nvm link up\nsleep 1ms\n", false, VERDICT_PASS, NULL, NULL, NULL,
	    NULL },
	{ BOOTS "pause 20ms\nshutdown guest-shutdown",
	    "vm await guest-shutdown\nvm boot\nvm await guest-shutdown\n", false, VERDICT_PASS,
	    NULL, NULL, NULL, NULL },
	{ BOOTS "say Kernel panic - in a dream\\n",
	    "allow panic /in a dream/ # a test\nexpect /dream/\n", false, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	/* an excuse at the end of the line counts, however the line comes */
	{ BOOTS "drip Kernel panic - in a dream\\n\nsay woke\\n\n",
	    "allow panic /in a dream/ # a test\nexpect /woke/\n", false, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	{ BOOTS "say Kernel panic - in a dream",
	    "allow panic /in a dream$/ # a test\nexpect /dream/\n", false, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	/* over before /proc is there */
	{ BOOTS "cmdline none\nagent\npause 300ms\ncmdline", "run \"true\"\n", true, VERDICT_PASS,
	    NULL, NULL, NULL, NULL },
	{ BOOTS "forward refuse\nsay go\n\n",
	    "expect /go/\nhost tcp-closed 81\nhost tcp-closed 81\n", false, VERDICT_PASS, NULL,
	    NULL, NULL, NULL },
	/* the kernel in the middle of a line, and behind a prompt; the next step begins behind it
	 */
	{ BOOTS "say lo[    3.200000] random: crng init done\\r\\n[    3.200001] x\\r\\ngin: a",
	    "expect /login: /\nexpect /a/\n", false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "say login: [    3.200000] random: crng init done\\r\\n", "prompt /login: $/\n",
	    false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "say lo[    3.200000] random: b\\r\\ngin: ",
	    "expect /random: b/\nprompt /gin: $/\n", false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	/* the guest was quicker than we */
	{ BOOTS "forward early early refuse\nsay go\n\n", "expect /go/\nhost tcp-closed 81\n",
	    false, VERDICT_PASS, NULL, NULL, NULL, NULL },

	/* time passes in the guest, and it is the same guest; what it had said it has said */
	{ BOOTS "agent\nuptime 100 0\nsay before\\n\n" MOVED "say behind\\n\n",
	    "expect /before/\nvm skip 24h\nexpect /behind/\nexpect /behind/\n"
	    "run \"cat /proc/uptime\" -> /^86502/\nrun \"cat /proc/sys/vm/stat_interval\" status "
	    "1\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\nuptime 100 0\n" MOVED,
	    "run \"mkdir /proc/sys/vm; echo 7 >/proc/sys/vm/stat_interval\"\nrace <<END\n"
	    "\trun \"cat /proc/sys/vm/stat_interval\" -> /^86400$/\n\tvm skip 1h\n"
	    "\trun \"sleep 10; cat /proc/uptime\" -> /^3711/\nEND\n"
	    "run \"cat /proc/sys/vm/stat_interval\" -> /^7$/\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	/* a clock that is ahead until the guest has slept where it has come to */
	{ BOOTS "agent\nuptime 100 0\n" MOVED
		"insomnia [ $1 = 1 ] && echo 83 0 >fake-uptime || echo 383 0 >fake-uptime\n",
	    "race <<END\n\trun \"cat /proc/uptime\" -> /^83/\n\tvm skip 5m\nEND\n", true,
	    VERDICT_PASS, NULL, NULL, NULL, NULL },

	/* what was asked since it was told something; then each question once */
	{ BOOTS "agent\nhear go\n" QUESTION QUESTION,
	    "net dns a servfail\nsend \"go\"\nnet await dns\nnet await dns\nrun \"true\"\n", true,
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\n",
	    "net dhcp other as next\nrun \"echo ${next}\" -> /^10\\.0\\.2\\.16$/\nnet dns draw as "
	    "www\nrun \"echo ${www.name} ${www.address}\" -> /^[0-9a-f]+\\.example "
	    "203\\.0\\.113\\./\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },

	/* ---- what fails, and how it is told ---- */
	{ BOOTS "agent\nuptime 100 0\n" MOVED "coma\n", "vm skip 24h @2s\n", true, VERDICT_FAIL,
	    "test.scn:7", "vm skip 24h @2s: the guest's time stands still",
	    "a second of the guest in the other QEMU", "command timed out after 2.0 s" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "insomnia [ $1 = 1 ] || exec sleep 1000\n",
	    "vm skip 24h @2s\n", true, VERDICT_FAIL, "test.scn:7",
	    "vm skip 24h @2s: the guest's time stands still",
	    "another 300 s of the guest within 2.0 s, after 0 s", "command timed out after 2.0 s" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "insomnia\n", "vm skip 24h\n", true, VERDICT_FAIL,
	    "test.scn:7", "vm skip 24h: the guest slept for 300 s, and its uptime grew by 0 s",
	    "uptime 400", "uptime 100" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "insomnia [ $1 = 1 ] || echo 999999 0 >fake-uptime\n",
	    "vm skip 24h\n", true, VERDICT_FAIL, "test.scn:7",
	    "vm skip 24h: the guest slept for 300 s, and its uptime grew by 999899 s", "uptime 400",
	    "uptime 999999" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "insomnia [ $1 = 1 ] || echo 397 0 >fake-uptime\n",
	    "vm skip 24h\n", true, VERDICT_FAIL, "test.scn:7",
	    "vm skip 24h: the guest slept for 300 s, and its uptime grew by 297 s", "uptime 400",
	    "uptime 397" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "insomnia\n", "vm skip 30s\n", true, VERDICT_FAIL,
	    "test.scn:7", "vm skip 30s: the guest slept for 30 s, and its uptime grew by 0 s",
	    "uptime 130", "uptime 100" },
	{ BOOTS "agent\nuptime inf 0\n" MOVED, "vm skip 24h\n", true, VERDICT_FAIL, "test.scn:7",
	    "vm skip 24h: the guest does not tell its uptime", "uptime N", NULL },
	{ BOOTS "agent\n" MOVED, "vm skip 24h\n", true, VERDICT_FAIL, "test.scn:7",
	    "vm skip 24h: the guest does not tell its uptime", "uptime N", NULL },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "cmdline lh.nonce=another\n", "vm skip 24h\n", true,
	    VERDICT_FAIL, "test.scn:7", "wrong guest: it shows the boot nonce of another", NULL,
	    NULL },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "hear go\nsay Kernel panic - late\\n",
	    "vm skip 24h\nsend \"go\"\nsleep 15s\n", true, VERDICT_FAIL, NULL,
	    "forbidden pattern \"panic\" matched", NULL, "Kernel panic - late" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "hear go\nshutdown guest-shutdown\n",
	    "vm skip 1h\nsend \"go\"\nsleep 15s\n", true, VERDICT_FAIL, NULL,
	    "the guest ended otherwise than expected: guest-shutdown", RUNS,
	    "guest-shutdown (it powered off)" },
	{ BOOTS "agent\nuptime 100 0\n" MOVED "coma\npause 200ms\nshutdown guest-shutdown\n",
	    "vm skip 1h\n", true, VERDICT_FAIL, "test.scn:7", "vm skip 1h: the guest has ended",
	    NULL, "guest-shutdown" },
	/* ---- what cannot be judged ---- */
	{ BOOTS, "vm plug copy\n", false, VERDICT_INCONCLUSIVE, NULL,
	    "vm plug copy: the manifest names no image", NULL, NULL },
	/* of a guest that moves */
	{ BOOTS "agent\nuptime 100 0\nsavevm Error: no room\\r\\n\n" MOVED, "vm skip 24h\n", true,
	    VERDICT_INCONCLUSIVE, NULL, "QEMU cannot take this guest over: Error: no room", NULL,
	    NULL },
	{ BOOTS "agent\nuptime 100 0\n" ENDS "words error while loading state\nexit 1\n",
	    "vm skip 24h\n", true, VERDICT_INCONCLUSIVE, NULL,
	    "qemu: exit status 1: error while loading state", NULL, NULL },
	{ BOOTS "agent\nhear go\n" QUESTION,
	    "net peer\nsend \"go\"\nnet await dns\nnet await dns @300ms\n", true, VERDICT_FAIL,
	    "test.scn:10", "the guest did not ask: dns", "dns", "none within 0.3 s" },
	{ BOOTS "agent\nhear go\n" QUESTION, "net peer\nsend \"go\"\nnet await discover @300ms\n",
	    true, VERDICT_FAIL, NULL, "the guest did not ask: discover", NULL, NULL },
	{ BOOTS "agent\nhear go\nshutdown guest-shutdown", "net peer\nsend \"go\"\nnet await dns\n",
	    true, VERDICT_FAIL, NULL, "the guest ended, and did not ask: dns", "dns",
	    "guest-shutdown" },
	{ BOOTS "agent\nsay mtu=70000\\n\n", "expect /mtu=(?<m>.*)/\nnet dhcp mtu ${m}\n", true,
	    VERDICT_FAIL, NULL, "net dhcp mtu: 70000: not an MTU, from 0 to 65535", NULL, NULL },
	{ BOOTS "agent\nsay name=..\\n\n", "expect /name=(?<n>.*)/\nnet dns ${n} empty\n", true,
	    VERDICT_FAIL, NULL, "net dns ..: ..: not a name of DNS, such as www.example", NULL,
	    NULL },
	{ BOOTS "say logni: \\n", "expect /login: / @200ms\n", false, VERDICT_FAIL, "test.scn:8",
	    "/login: / never appeared on the console", "/login: /", NULL },
	{ BOOTS "shutdown guest-shutdown", "expect /login: /\n", false, VERDICT_FAIL, "test.scn:8",
	    "/login: / never appeared on the console", "/login: /",
	    "the console has ended: guest-shutdown (it powered off)" },
	/* in the wrong order */
	{ BOOTS "say login: \\nup\\n", "expect /up/\nexpect /login: / @200ms\n", false,
	    VERDICT_FAIL, "test.scn:9", "/login: / did not appear on the console again",
	    "/login: /",
	    "nothing within 0.2 s; before what an earlier step matched there was \"login:\"" },
	/* what is no line of the kernel's after the prompt: it does not end like one */
	{ BOOTS "say login: [    3.2] random: crng init done\\n", "prompt /login: $/ @300ms\n",
	    false, VERDICT_FAIL, NULL, "/login: $/ never appeared on the console", NULL, NULL },
	{ BOOTS "agent", "run \"echo no\"\nrun \"false\"\nrun \"true\"\n", true, VERDICT_FAIL,
	    "test.scn:8", "false: not as expected", "false   status 0", "status 1" },
	{ BOOTS "agent",
	    "run \"echo no\"\nrun \"false "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 123456789\"\nrun \"true\"\n",
	    true, VERDICT_FAIL, "test.scn:8",
	    "false "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 12345...: not as expected",
	    "false "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 12345...   status 0",
	    "status 1" },
	{ BOOTS "agent", "run <<END\n\techo no\n\tfalse\nEND\n", true, VERDICT_FAIL, "test.scn:7",
	    "echo no false: not as expected", "echo no false   status 0", "status 1: no" },
	{ BOOTS "agent", "run \"true\"\nwait \"echo no\" -> /yes/ @1s\n", true, VERDICT_FAIL, NULL,
	    "echo no: did not become as expected", "echo no   /yes/   within 1.0 s", NULL },
	{ BOOTS "agent",
	    "wait \"echo no "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 123456789\" -> /yes/ @1s\n",
	    true, VERDICT_FAIL, NULL,
	    "echo no "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 123...: did not become as expected",
	    "echo no "
	    "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345"
	    "67 123...   /yes/   within 1.0 s",
	    NULL },
	{ BOOTS "agent", "run \"true\"\nrun \"exec sleep 5\" @1s\n", true, VERDICT_FAIL, NULL,
	    "exec sleep 5: command timed out after 1.0 s", NULL, NULL },
	{ BOOTS, "run \"true\" @200ms\n", true, VERDICT_FAIL, NULL,
	    "true: the guest agent never started", NULL, NULL },
	{ BOOTS "agent", "run \"true\"\n", false, VERDICT_FAIL, NULL,
	    "run: needs the guest agent, and this scenario boots the pristine image", NULL, NULL },
	/* a guest names no option of OpenSSH */
	{ BOOTS "say user=-oProxyCommand=id\\n", "expect /user=(?<u>.*)/\nhost openssh ${u} true\n",
	    false, VERDICT_FAIL, "test.scn:9", NO_USER("-oProxyCommand=id"), NULL, NULL },
	{ BOOTS "say path=-t\\n", "expect /path=(?<p>.*)/\nhost scp root 10 ${p}\n", false,
	    VERDICT_FAIL, "test.scn:9", "path \"-t\": it is empty or begins with -", NULL, NULL },
	{ BOOTS "say one>", "expect /one>/\ncheck 3 < 2\n", false, VERDICT_FAIL, "test.scn:9",
	    "check 3 < 2: does not hold", NULL, "3 < 2" },
	{ BOOTS "say x", "check 3 < two\n", false, VERDICT_FAIL, NULL,
	    "check 3 < two: not two numbers", NULL, NULL },
	{ BOOTS "drip [   1.0] Kernel panic - not\npause 50ms\nsay  syncing: VFS\\n\nsay "
		"Rebooting\\n\n",
	    "expect /login: /\n", false, VERDICT_FAIL, NULL, "forbidden pattern \"panic\" matched",
	    NULL, "[ 1.0] Kernel panic - not syncing: VFS" },
	{ BOOTS "drip Kernel panic - in a ditch\\n\n",
	    "allow panic /in a dream/ # a test\nexpect /login: /\n", false, VERDICT_FAIL, NULL,
	    "forbidden pattern \"panic\" matched", NULL, "Kernel panic - in a ditch" },
	{ BOOTS "say Kernel panic - in a ditch",
	    "allow panic /in a dream/ # a test\nexpect /ditch/\n", false, VERDICT_FAIL, NULL,
	    "forbidden pattern \"panic\" matched", NULL, "Kernel panic - in a ditch" },
	/* nor does it help to say so much that a watch can't be judged */
	{ BOOTS "say begin\nflood 2000 begin of it",
	    "watch fail long /begin.*end$/\nexpect /login: /\n", false, VERDICT_FAIL, NULL,
	    "watches: pattern /begin.*end$/: needs over 16 KiB of lookahead at byte 54", NULL,
	    NULL },
	/* a panic is seen whatever the step waits for, and told before its deadline */
	{ BOOTS "drip [   1.0] Kernel panic - not syncing: VFS\\n", "expect /login: /\n", false,
	    VERDICT_FAIL, "test.scn:8", "forbidden pattern \"panic\" matched",
	    "never /Kernel panic.*/", "[ 1.0] Kernel panic - not syncing: VFS" },
	{ BOOTS "say one>\\nKernel panic in the last line", "expect /one>/\n", false, VERDICT_FAIL,
	    NULL, "forbidden pattern \"panic\" matched", NULL, NULL },
	{ BOOTS "event GUEST_PANICKED poweroff\nshutdown guest-panic",
	    "expect /Command/\nsleep 500ms\n", false, VERDICT_FAIL, NULL,
	    "the guest ended otherwise than expected: guest-panic", RUNS,
	    "guest-panic (its kernel panicked)" },
	{ BOOTS "shutdown guest-panic", "vm await guest-shutdown\n", false, VERDICT_FAIL, NULL,
	    "the guest ended otherwise than expected: guest-panic",
	    "guest-shutdown (it powered off)", "guest-panic (its kernel panicked)" },
	{ BOOTS "say one>", "expect /one>/\nvm await guest-shutdown @200ms\n", false, VERDICT_FAIL,
	    NULL, "the guest still runs: guest-shutdown never came", "guest-shutdown within 0.2 s",
	    NULL },
	{ BOOTS "linger guest-shutdown", "vm await guest-shutdown @300ms\n", false, VERDICT_FAIL,
	    NULL, "the guest still runs: guest-shutdown never came", NULL, NULL },
	/* the second kernel starts when the first reset was told: two pipes have no order */
	{ BOOTS RESET "hear on\n" BOOTS "hear go\n" RESET,
	    "vm await guest-reset\nsend \"on\"\nexpect /Command/\nexpect /Command/\n"
	    "send \"go\"\nexpect /login: /\n",
	    false, VERDICT_FAIL, NULL, "the guest was reset (guest-reset)", NULL, NULL },
	/* who reboots may not live to answer; the next step tells whether it was that.
	   the command is asked for while the guest makes its pause */
	{ BOOTS "agent\nhear go\npause 500ms\n" RESET "hear on\n" BOOTS "agent",
	    "run \"true\"\nsend \"go\"\nrun \"sleep 3\" status any\nvm await guest-reset\n"
	    "send \"on\"\nrun \"true\"\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\nhear go\npause 500ms\n" RESET "hear on\n" BOOTS "agent",
	    "run \"true\"\nsend \"go\"\nrun \"sleep 3\" status 0\nvm await guest-reset\n"
	    "send \"on\"\nrun \"true\"\n",
	    true, VERDICT_FAIL, NULL, "sleep 3: the guest was reset while it ran", NULL, NULL },
	{ BOOTS "agent\nhear go\npause 500ms\n" RESET "hear on\n" BOOTS "agent",
	    "run \"true\"\nsend \"go\"\nrun \"sleep 3\" status any\nsend \"on\"\nvm await "
	    "guest-reset\nrun \"true\"\n",
	    true, VERDICT_FAIL, NULL, "sleep 3: the guest was reset while it ran", NULL, NULL },
	{ BOOTS "agent\nhear go\npause 500ms\nshutdown guest-shutdown",
	    "run \"true\"\nsend \"go\"\nrun \"sleep 3\" status any\nvm await guest-shutdown\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "agent\nhear go\npause 500ms\nshutdown guest-panic",
	    "run \"true\"\nsend \"go\"\nrun \"sleep 3\" status any\nvm await guest-shutdown\n",
	    true, VERDICT_FAIL, NULL, NULL, NULL, NULL },
	/* one reboot is several resets, but not any number of them */
	{ BOOTS RESETS RESETS "pause 20ms\n" RESETS "hear never\n",
	    "vm await guest-reset\nexpect /login: /\n", false, VERDICT_FAIL, NULL,
	    "the guest was reset (guest-reset)", NULL, NULL },
	{ BOOTS "hear go\n" RESETS "hear on\n" BOOTS "say again\\n\n",
	    "expect /Command/\nsend \"go\"\nvm await guest-reset\nsend \"on\"\n"
	    "expect /again/\n",
	    false, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "event RESET guest-reset\n", "expect /login: /\n", false, VERDICT_FAIL, NULL,
	    "the guest was reset (guest-reset)", NULL, NULL },
	/* QEMU crashed of what the guest did, and so it does what it likes */
	{ BOOTS "words qemu: fatal: code outside RAM or ROM\ndie 6", "expect /login: /\n", false,
	    VERDICT_FAIL, NULL, "/login: / never appeared on the console", NULL,
	    "the console has ended: qemu: killed by signal 6 (Aborted): qemu: fatal: code outside "
	    "RAM or ROM" },
	{ BOOTS "forward off\nsay go\n\n", "expect /go/\nhost tcp-closed 81\n", false, VERDICT_FAIL,
	    NULL, NULL, NULL, "guest-shutdown" },
	/* it has failed, and then the host did something too */
	{ BOOTS "agent\nhear go\ndie",
	    "section steps\nrun \"false\"\nsection teardown\nsend \"go\"\nsleep 300ms\nhost "
	    "tcp-closed 81\n",
	    true, VERDICT_FAIL, "test.scn:8", "false: not as expected", NULL, NULL },
	{ BOOTS "say Kernel panic - not syncing\\n\ndie", "expect /login: /\n", false, VERDICT_FAIL,
	    NULL, "forbidden pattern \"panic\" matched", NULL, NULL },
	/* all steps passed, and it is no pass */
	{ "say login: ", "expect /login: /\n", false, VERDICT_FAIL, NULL,
	    "nothing inside the guest showed this boot's nonce", NULL, NULL },
	{ "say Command line: lh.nonce=0123456789abcdef\\nlogin: ", "expect /login: /\n", false,
	    VERDICT_FAIL, NULL, "nothing inside the guest showed this boot's nonce", NULL, NULL },
	{ BOOTS "cmdline lh.nonce=0123456789abcdef\nagent", "run \"sleep 0.1\"\nrun \"true\"\n",
	    true, VERDICT_FAIL, NULL, "wrong guest: it shows the boot nonce of another", NULL,
	    "lh.nonce=0123456789abcdef" },
	{ BOOTS "say login: \nshutdown guest-shutdown", "expect /login: /\nsleep 500ms\n", false,
	    VERDICT_FAIL, NULL, "the guest ended otherwise than expected: guest-shutdown", RUNS,
	    "guest-shutdown (it powered off)" },
	{ BOOTS "deaf\nsay login: ", "expect /login: /\n", false, VERDICT_FAIL, NULL,
	    "the guest ended otherwise than expected: killed: it did not end when asked to", NULL,
	    NULL },
	{ BOOTS "cmdline none\nagent", "run \"true\"\n", true, VERDICT_FAIL, NULL,
	    "nothing inside the guest showed this boot's nonce", NULL, NULL },
	{ BOOTS "forward answer\nsay go\n\n", "expect /go/\nhost tcp-closed 81\n", false,
	    VERDICT_FAIL, "test.scn:9", "port 81: not refused", "refused by the guest",
	    "accepted, and answered \"hello you\"" },
	{ BOOTS "forward early close\nsay go\n\n", "expect /go/\nhost tcp-closed 81\n", false,
	    VERDICT_FAIL, NULL, "port 81: not refused", "refused by the guest",
	    "accepted, then closed without a word" },
	{ BOOTS "forward hush\nsay go\n\n", "expect /go/\nhost tcp-closed 81 @300ms\n", false,
	    VERDICT_FAIL, NULL, "port 81: not refused", "refused by the guest", "no answer" },

	/* ---- words of the kernel, and who said them ---- */
	{ BOOTS "say Oops: in a book\\n\nsay more\\n\n", KERNEL "expect /more/\n", false,
	    VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "say [   12.345678] Oops: 0002\\n\nsay more\\n\n", KERNEL "expect /more/\n", false,
	    VERDICT_FAIL, NULL, "forbidden pattern \"oops\" matched", "never /Oops: .*/",
	    "[ 12.345678] Oops: 0002" },
	/* printk cuts into what a program writes */
	{ BOOTS "say lh log[   12.345678] Oops: 0002\\nin: \nsay more\\n\n",
	    KERNEL "expect /more/\n", false, VERDICT_FAIL, NULL,
	    "forbidden pattern \"oops\" matched", NULL, "lh log[ 12.345678] Oops: 0002" },
	/* the log knows, whatever the console looks like */
	{ BOOTS "log <12>[   12.345678] Oops: 0002\nsay [   12.345678] Oops: 0002\\n\nagent\n",
	    KERNEL "expect /Oops/\nrun \"true\"\nsleep 100ms\n", true, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	{ BOOTS "log <1>[   12.345678] Oops: 0002\nsay Oops: 0002\\n\nagent\n",
	    KERNEL "expect /Oops/\nexpect /never/\n", true, VERDICT_FAIL, NULL,
	    "forbidden pattern \"oops\" matched", NULL, "Oops: 0002" },
	{ BOOTS "log <1>[   12.345678] Oops: 0002\nagent\n", KERNEL LOG "run \"true\"\n", true,
	    VERDICT_FAIL, NULL, "kernel log: forbidden pattern \"oops\" matched", NULL,
	    "[ 12.345678] Oops: 0002" },
	{ BOOTS "log <1>[   12.345678] Oops: 0002\nsay Oops: 0002\\n\nagent\n",
	    KERNEL LOG "allow oops /0002/ # a test\nallow log /0002/ # a test\nrun \"true\"\n",
	    true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	/* a kernel that says nothing more has said it */
	{ BOOTS "agent\nhear go\nsay Oops: a panic\\n\nevent GUEST_PANICKED poweroff\n"
		"shutdown guest-panic",
	    KERNEL "run \"true\"\nsend \"go\"\nrun \"sleep 3\"\n", true, VERDICT_FAIL, NULL,
	    "forbidden pattern \"oops\" matched", NULL, "Oops: a panic" },
	{ BOOTS "agent\nhear go\nsay Oops: a panic\\n\nevent RESET guest-reset\n",
	    KERNEL "run \"true\"\nsend \"go\"\nrun \"sleep 3\"\nvm await guest-reset\n", true,
	    VERDICT_FAIL, NULL, "forbidden pattern \"oops\" matched", NULL, "Oops: a panic" },
/* a program cannot make us deaf; which of the last two is told depends on the host */
#define FIVE                                                                                       \
	"say Oops: a\\n\npause 100ms\nsay Oops: a\\n\npause 100ms\nsay Oops: a\\n\npause 100ms\n"  \
	"say Oops: a\\n\npause 100ms\nsay Oops: a\\n\npause 100ms\n"
	{ BOOTS "agent\nhear go\n" FIVE FIVE FIVE FIVE
		"say [   12.345678] Oops: 0002\\n\nshutdown guest-shutdown\n",
	    KERNEL "run \"true\"\nsend \"go\"\nvm await guest-shutdown\n", true, VERDICT_FAIL, NULL,
	    "forbidden pattern \"oops\" matched", NULL, NULL },
	{ BOOTS "say Oops: a panic\\n\n", KERNEL "expect /never/ @2s\n", true, VERDICT_FAIL, NULL,
	    "forbidden pattern \"oops\" matched", NULL, "Oops: a panic" },
	/* ---- and what its log has at the end ---- */
	{ BOOTS "log <12>[    1.0] a program's\nlog <4>[    1.0] a warning\nagent\n",
	    LOG "run \"true\"\n", true, VERDICT_PASS, NULL, NULL, NULL, NULL },
	{ BOOTS "log <3>[    1.0] an error\nagent\n", LOG "run \"true\"\n", true, VERDICT_FAIL,
	    "test.scn:8", "kernel log: forbidden pattern \"log\" matched", "never /./",
	    "[ 1.0] an error" },
	{ BOOTS "log <3>[    1.0] an error\nagent\n",
	    LOG "allow log /an error$/ # a test\nrun \"true\"\n", true, VERDICT_PASS, NULL, NULL,
	    NULL, NULL },
	{ BOOTS "tainted 512\nagent\n", LOG "run \"true\"\n", true, VERDICT_FAIL, NULL,
	    "the kernel is tainted: /proc/sys/kernel/tainted is not 0", "0", "512" },
	{ BOOTS "tainted nonsense\nagent\n", LOG "run \"true\"\n", true, VERDICT_FAIL, NULL,
	    "the kernel log cannot be read: nonsense <5>[ 0.000000] Linux version 6.12", NULL,
	    NULL },

	/* ---- what the host has done, whichever step hears of it first ---- */
	{ BOOTS "words out of memory\nexit 1", "expect /login: /\n", false, VERDICT_INCONCLUSIVE,
	    NULL, "qemu: exit status 1: out of memory", NULL, NULL },
	{ BOOTS "die", "prompt /login: $/\n", false, VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "die", "sleep 300ms\n", false, VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "agent\nhear go\ndie", "run \"true\"\nsend \"go\"\nrun \"sleep 5\"\n", true,
	    VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "agent\nhear go\ndie", "run \"true\"\nsend \"go\"\nwait \"false\"\n", true,
	    VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "hear go\ndie", "expect /Command/\nsend \"go\"\nvm await guest-shutdown\n", false,
	    VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "agent\nhear go\ndie",
	    "section steps\nrun \"true\"\nsend \"go\"\nrun \"sleep 5\"\nsection teardown\nsleep "
	    "1s\n",
	    true, VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS "say up\nshutdown host-signal", "expect /up/\nsleep 300ms\n", false,
	    VERDICT_INCONCLUSIVE, NULL, "host-signal", NULL, NULL },
	{ BOOTS "say up\nevent BLOCK_IO_ERROR No space left on device", "expect /login: /\n", false,
	    VERDICT_INCONCLUSIVE, NULL, "QEMU's disk: No space left on device", NULL, NULL },
	/* a reset, and nobody in the guest has said it */
	{ BOOTS "forward die\nsay go\n\n", "expect /go/\nhost tcp-closed 81\n", false,
	    VERDICT_INCONCLUSIVE, NULL, DIED, NULL, NULL },
	{ BOOTS, "host tcp-closed 81\n", false, VERDICT_INCONCLUSIVE, NULL, NULL, NULL, NULL },
	{ BOOTS "say one>\npause 100ms\nsay two>", "expect /one>/\nexpect /three>/\n", false,
	    VERDICT_FAIL, NULL, "the scenario's limit of 0.3 s has passed", NULL, NULL },
};

START_TEST(plays)
{
	struct stage t;

	set_stage(&t, cases[_i].script, cases[_i].steps, cases[_i].agent);
	if (strstr(cases[_i].script, "deaf") || strstr(cases[_i].script, "linger"))
		t.job.scale = 0.1; /* of the 10 s that it may take to end */
	if (cases[_i].what && strstr(cases[_i].what, "limit"))
		t.s.limit = 300 * NS_PER_MS;
	else if (cases[_i].what && strstr(cases[_i].script, "none"))
		t.s.limit = 3 * NS_PER_S; /* enough for the step before it, on a busy machine too */
	play(&t);
	ck_assert_msg(t.r.verdict == cases[_i].verdict, "%s: %s %s (%s)",
	    verdict_names[t.r.verdict], t.r.reason, t.r.failure.what, t.r.failure.got);
	if (cases[_i].where)
		ck_assert_str_eq(t.r.failure.where, cases[_i].where);
	if (cases[_i].what)
		ck_assert_str_eq(t.r.reason ? t.r.reason : t.r.failure.what, cases[_i].what);
	if (cases[_i].expected)
		ck_assert_str_eq(t.r.failure.expected, cases[_i].expected);
	if (cases[_i].got)
		ck_assert_str_eq(t.r.failure.got, cases[_i].got);
	/* the frames are there to be looked at, and only where a scenario asks for them */
	if (t.r.failure.look)
		ck_assert((strstr(t.r.failure.look, "/cell/net.pcap") != NULL) ==
			  (strstr(cases[_i].steps, "net ") != NULL));
	strike(&t);
}
END_TEST

/* ---- saved, and started from there ---- */

static const struct {
	const char *script; /* behind the parent's */
	const char *steps;
	enum verdict verdict;
	const char *reason, *what, *got; /* or NULL */
} forks[] = {
	/* what the parent said is there to be expected, what the fork says comes behind it */
	{ "say more\\n\nawake",
	    "expect /up\\n/\nexpect /^more/\nrun \"echo ${nonce}\" -> \"${nonce}\"\n", VERDICT_PASS,
	    NULL, NULL, NULL },
	{ "awake\nhear go\nevent RESET guest-reset\nhear on\n" BOOTS "agent",
	    "send \"go\"\nvm await guest-reset\nsend \"on\"\nexpect /lh.nonce=${nonce}/\nrun "
	    "\"true\"\n",
	    VERDICT_PASS, NULL, NULL, NULL },
	{ "awake\nhear go\nshutdown guest-shutdown",
	    "send \"go\"\nvm await guest-shutdown\nvm boot\nrun \"cat /proc/cmdline\" -> "
	    "\"lh.nonce=${nonce}\"\n",
	    VERDICT_PASS, NULL, NULL, NULL },
	/* it moves with its parent's command line, or with its own after it has booted again */
	{ "uptime 100 0\nawake", "vm skip 1h\nrun \"true\"\n", VERDICT_PASS, NULL, NULL, NULL },
	{ "uptime 100 0\nawake\nhear go\nevent RESET guest-reset\nhear on\ncmdline\n" BOOTS "agent",
	    "send \"go\"\nvm await guest-reset\nsend \"on\"\nexpect /lh.nonce=${nonce}/\nrun "
	    "\"true\"\nvm skip 1h\nrun \"cat /proc/cmdline\" -> \"lh.nonce=${nonce}\"\n",
	    VERDICT_PASS, NULL, NULL, NULL },
	/* a watch of the fork sees what the parent said, and what it says itself */
	{ "awake", "watch fail early /^up/\nrun \"true\"\n", VERDICT_FAIL, NULL,
	    "forbidden pattern \"early\" matched", "up" },
	{ "awake\nsay Kernel panic - not syncing\\n\n", "expect /never/\n", VERDICT_FAIL, NULL,
	    "forbidden pattern \"panic\" matched", "Kernel panic - not syncing" },
	{ "awake\nhear go\nshutdown guest-shutdown", "send \"go\"\nsleep 500ms\n", VERDICT_FAIL,
	    NULL, "the guest ended otherwise than expected: guest-shutdown",
	    "guest-shutdown (it powered off)" },
	/* another guest, with a command line that the parent did not have */
	{ "cmdline lh.nonce=0123456789abcdef\nawake", "expect /up/\n", VERDICT_FAIL, NULL,
	    "wrong guest: it shows the boot nonce of another", NULL },
	/* it cannot be judged */
	{ "", "expect /up/\n", VERDICT_INCONCLUSIVE,
	    "snapshot \"booted\" did not resume: command timed out after 0.3 s", NULL, NULL },
	{ "words no such state\nexit 1", "expect /up/\n", VERDICT_INCONCLUSIVE,
	    "snapshot \"booted\" did not resume: qemu: exit status 1: no such state", NULL, NULL },
	{ "pause 50ms\nshutdown guest-reset", "expect /up/\n", VERDICT_INCONCLUSIVE,
	    "snapshot \"booted\" did not resume: guest-reset", NULL, NULL },
};

#define PARENT BOOTS "say up\\n\nagent\n"

/* a parent plays until it is saved; t is struck */
static void
save(struct saved *s, const char *script)
{
	struct stage t;

	*s = (struct saved){ .state = "booted" };
	set_stage(&t, script, "expect /up/\nvm save\n", true);
	t.job.save = s;
	play(&t);
	ck_assert_msg(t.r.verdict == VERDICT_PASS, "%s", t.r.failure.what);
	ck_assert_msg(s->why_not || strstr(s->console, "\nup\n"), "%s", s->console);
	s->console = memcpy(xmalloc(s->nconsole), s->console, s->nconsole);
	if (s->why_not)
		s->why_not = strdup(s->why_not);
	strike(&t);
}

START_TEST(starts_from_a_saved_state)
{
	struct saved s;
	struct stage t;
	struct err e;
	char *told;

	save(&s, PARENT "restored");
	set_stage(&t, "", forks[_i].steps, true);
	fake_script(arena_printf(t.a, PARENT "restored\n%s", forks[_i].script));
	t.image.m.after_loadvm = "writeq 0x10 0x0";
	t.job.from = &s;
	if (!*forks[_i].script)
		t.job.scale = 0.005; /* of the minute it has */
	play(&t);
	ck_assert_msg(t.r.verdict == forks[_i].verdict, "%s: %s %s (%s)",
	    verdict_names[t.r.verdict], t.r.reason, t.r.failure.what, t.r.failure.got);
	ck_assert_str_eq(t.r.from, "booted");
	if (forks[_i].reason)
		ck_assert_str_eq(t.r.reason, forks[_i].reason);
	if (forks[_i].what)
		ck_assert_str_eq(t.r.failure.what, forks[_i].what);
	if (forks[_i].got)
		ck_assert_str_eq(t.r.failure.got, forks[_i].got);
	ck_assert_msg(
	    file_read(t.a, arena_printf(t.a, "%s/told.in", t.job.dir), &told, NULL, &e) == 0, "%s",
	    e.msg);
	ck_assert_str_eq(told, "writeq 0x10 0x0\n");
	ck_assert(file_exists(arena_printf(t.a, "%s/told.out", t.job.dir)));
	strike(&t);
	free((void *)(uintptr_t)s.console);
}
END_TEST

/*
 * QEMU would take a processor that never ran for one that is idle since its clock was 0.  Into a
 * race a state comes asleep: it is told what may wake it when QEMU's clock is right, or loaded
 * again then.
 */
#define NEVER_RAN                                                                                  \
	"info registers", "\"cont\"", "\"stop\"", "info registers", "\"cont\"", "\"stop\"",        \
	    "info registers", "loadvm moving"
#define LOOK "\"stop\"", "savevm now", "info snapshots"
#define TOLD "told\"", "chardev-add", "object-add", "\"cont\""

static const struct {
	const char *tell;
	const char *said[48];
} arrivals[] = {
	{ "writeq 0x10 0x0",
	    { NEVER_RAN, "\"cont\"", LOOK, TOLD, "savevm moving", NEVER_RAN, TOLD } },
	{ NULL, { NEVER_RAN, "\"cont\"", LOOK, "\"cont\"", LOOK, "loadvm moving", "\"cont\"",
		    "savevm moving", NEVER_RAN, "\"cont\"" } },
};

START_TEST(arrives_when_the_clock_is_right)
{
	struct stage t;
	struct err e;
	char *qmp;
	const char *at;

	set_stage(&t, BOOTS "agent\nuptime 100 0\n" MOVED, "vm skip 1h\n", true);
	t.image.m.after_loadvm = arrivals[_i].tell;
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_PASS);
	ck_assert_msg(file_read(t.a, arena_printf(t.a, "%s/qmp", t.job.dir), &qmp, NULL, &e) == 0,
	    "%s", e.msg);
	at = qmp;
	for (const char *const *said = arrivals[_i].said; *said; said++) {
		at = strstr(at, *said);
		ck_assert_msg(at, "%s is missing: %s", *said, qmp);
		at += strlen(*said);
	}
	strike(&t);
}
END_TEST

START_TEST(a_stale_state_is_inconclusive)
{
	struct saved s;
	struct stage t;

	save(&s, PARENT "restored");
	set_stage(&t, PARENT "restored\nawake", "expect /up/\n", true);
	ck_assert_int_eq(unlink(arena_printf(t.a, "%s/script.saved", test_dir())), 0);
	t.job.from = &s;
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(t.r.reason, "snapshot \"booted\" did not resume: qemu: exit "
				     "status 1: fake-qemu: there is no saved state");
	strike(&t);
	free((void *)(uintptr_t)s.console);
}
END_TEST

START_TEST(says_why_it_cannot_be_saved)
{
	struct saved s;

	save(&s, PARENT "savevm Error: State blocked by device\nrestored");
	ck_assert_str_eq(s.why_not, "Error: State blocked by device");
	free((void *)(uintptr_t)s.why_not);
	free((void *)(uintptr_t)s.console);
}
END_TEST

START_TEST(marks_every_step)
{
	struct stage t;

	set_stage(&t, BOOTS "say one\\ntwo\\n\n",
	    "section steps\nexpect /one/\nexpect /three/ @100ms\nexpect /two/\nsection "
	    "teardown\nexpect /two/\ncheck 1 == 2\n",
	    false);
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_FAIL);
	ck_assert_uint_eq(t.r.nsteps, 5);
	ck_assert_int_eq(t.r.steps[0].verdict, VERDICT_PASS);
	ck_assert_int_eq(t.r.steps[1].verdict, VERDICT_FAIL);
	ck_assert_int_eq(t.r.steps[2].verdict, VERDICT_SKIP); /* not reached */
	ck_assert_int_eq(t.r.steps[3].verdict, VERDICT_PASS); /* teardown is played all the same */
	ck_assert_int_eq(t.r.steps[4].verdict, VERDICT_FAIL);
	ck_assert_str_eq(t.r.steps[1].source, "expect /three/ @100ms");
	ck_assert_str_eq(t.r.failure.what,
	    "/three/ never appeared on the console"); /* the first failure counts */
	strike(&t);
}
END_TEST

/* what its image says of where its functions are */
static void
put_map(struct stage *t, const char *map)
{
	const char *path = arena_printf(t->a, "%s/System.map", test_dir());
	struct err e;

	ck_assert_int_eq(file_write(path, map, strlen(map), 0644, &e), 0);
	ck_assert_int_eq(symbols_read(t->a, path, &t->image.symbols, &e), 0);
}

START_TEST(explains_what_the_guest_did)
{
	static const char map[] = "c1000000 T _stext\nc1000000 T startup\nc1000100 t "
				  "calibrate_delay\nc1000200 T _etext\n";
	struct stage t;

	set_stage(&t, BOOTS "registers EIP=c1000120 HLT=0",
	    "expect /Command/\nexpect /login: / @100ms\n", false);
	t.image.m.pc_register = "EIP";
	put_map(&t, map);
	play(&t);
	ck_assert_ptr_nonnull(t.r.failure.guest);
	ck_assert_msg(
	    strstr(t.r.failure.guest, "spinning in calibrate_delay, console silent for ") != NULL,
	    "%s", t.r.failure.guest);
	ck_assert_msg(
	    strstr(t.r.failure.console, "line: console=ttyS0") != NULL, "%s", t.r.failure.console);
	strike(&t);
}
END_TEST

/* whatever the guest does while we look elsewhere: it has said all before the first step begins */
START_TEST(explains_what_fails_between_two_steps)
{
	const char *said;
	struct stage t;

	set_stage(&t, "", "send \"x\"\n", false);
	said = arena_printf(t.a, "%s/said", test_dir());
	fake_script(arena_printf(t.a,
	    "registers RIP=0 HLT=1\nsay $cmdline\\nKernel panic - of all\\n\nspoil %s\n", said));
	t.image.m.pc_register = "RIP";
	t.c = testcase_start(t.a, t.l, &t.job, &t.r, stage_over, &t);
	while (!t.over) {
		while (t.c->guest && !file_exists(said))
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		once(&t);
	}
	ck_assert_int_eq(t.r.steps[0].verdict, VERDICT_SKIP);
	ck_assert_ptr_nonnull(t.r.failure.guest);
	/* a host that is busy has it said first that it is */
	ck_assert_msg(strstr(t.r.failure.guest, "idle, console silent for ") != NULL, "%s",
	    t.r.failure.guest);
	strike(&t);
}
END_TEST

/* one that is moved by 0x600000, and one that shows its banner nowhere */
static const struct {
	const char *script, *guest;
} moves[] = {
#define UNKNOWN "busy, first in an unknown place, then in an unknown place, "
	{ BOOTS "registers EIP=c1600120 HLT=0\nbanner 0xc1850000",
	    "spinning in calibrate_delay, console silent for " },
	{ BOOTS "registers EIP=c1600120 HLT=0\nbanner 0xc1650000",
	    "spinning in other, console silent for " },
	/* with this one, it would not be in the kernel's text */
	{ BOOTS "registers EIP=c1600120 HLT=0\nbanner 0xc1250000", UNKNOWN },
	{ BOOTS "registers EIP=c1600120 HLT=0", UNKNOWN },
	{ BOOTS "registers EIP=c1000120 HLT=0\nbanner 0xc1250000",
	    "spinning in calibrate_delay, console silent for " },
#undef UNKNOWN
};

START_TEST(explains_a_kernel_that_was_moved)
{
	static const char map[] = "c1000000 T _stext\nc1000000 T startup\nc1000100 t "
				  "calibrate_delay\nc1000200 t other\nc1240000 T "
				  "_etext\nc1250000 D linux_banner\n";
	struct stage t;

	set_stage(&t, moves[_i].script, "expect /Command/\nexpect /login: / @100ms\n", false);
	t.image.m.pc_register = "EIP";
	put_map(&t, map);
	play(&t);
	ck_assert_ptr_nonnull(t.r.failure.guest);
	ck_assert_msg(strstr(t.r.failure.guest, moves[_i].guest) != NULL, "%s", t.r.failure.guest);
	strike(&t);
}
END_TEST

START_TEST(measures_how_long_a_boot_takes)
{
	struct stage t;

	set_stage(&t, BOOTS "say lh: default up\\n\nsay login: ", "expect /login: /\n", false);
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_PASS);
	ck_assert(t.r.booted > 0 && t.r.booted <= t.r.took);
	strike(&t);

	set_stage(&t, BOOTS "say login: ", "expect /login: /\n",
	    false); /* a foreign image does not say */
	play(&t);
	ck_assert_int_eq(t.r.booted, 0);
	strike(&t);
}
END_TEST

START_TEST(warns_and_goes_on)
{
	struct stage t;

	set_stage(&t, BOOTS "say odd: one\\nodd: two\\nend\\n", "expect /end/\n", false);
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_PASS);
	ck_assert_uint_eq(t.r.nwarnings, 2);
	ck_assert_str_eq(t.r.warnings[1], "odd: odd: two");
	strike(&t);
}
END_TEST

START_TEST(what_cannot_be_judged_is_inconclusive)
{
	struct stage t;

	set_stage(&t, "exit 0", "expect /x/\n", false);
	t.image.m.qemu = "/nonexistent/qemu";
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(t.r.reason, "/nonexistent/qemu: No such file or directory");
	strike(&t);
}
END_TEST

/* of a failure where a firmware starts the kernel, on a machine with a screen */
static const struct {
	const char *lane, *screen, *script;
	bool pictured;
} screens[] = {
	{ "bios", "VGA", "say Booting from Hard Disk...\\n", true },
	{ "bios", NULL, "say Booting from Hard Disk...\\n", false },
	{ NULL, "VGA", "say Booting from Hard Disk...\\n", false },
	{ "bios", "VGA", "blind\nsay Booting from Hard Disk...\\n", false },
	{ "bios", "VGA", "say Booting from Hard Disk...\\n\nshutdown guest-reset", false },
};

START_TEST(what_the_screen_shows_is_kept)
{
	struct stage t;
	char *text = NULL;
	size_t n;
	struct err e;

	set_stage(&t, screens[_i].script, "expect /Disk/\nexpect /Linux/ @200ms\n", false);
	t.image.m.kernel = "kernel";
	t.image.m.lane = screens[_i].lane;
	t.image.m.boot_bios = "bios /usr/share/seabios/bios.bin seabios";
	t.image.m.screen = screens[_i].screen;
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_FAIL);
	ck_assert_int_eq(
	    file_read(t.a, arena_printf(t.a, "%s/screen.png", t.job.dir), &text, &n, &e) == 0,
	    screens[_i].pictured);
	ck_assert_int_eq(strstr(t.r.failure.look, "/screen.png") != NULL, screens[_i].pictured);
	if (screens[_i].pictured)
		ck_assert_str_eq(text, "\x89PNG\r\n\x1a\nof a guest");
	strike(&t);
}
END_TEST

static void
interrupt(void *arg)
{
	struct stage *t = arg;

	ck_assert(t->c->step_open);
	testcase_interrupt(t->c, "interrupted by signal 2");
}

START_TEST(can_be_interrupted)
{
	struct stage t;

	set_stage(&t, BOOTS "say up", "expect /never/\nexpect /ever/\n", false);
	t.c = testcase_start(t.a, t.l, &t.job, &t.r, stage_over, &t);
	loop_at(t.l, clock_now() + 50 * NS_PER_MS, interrupt, &t);
	while (!t.over)
		once(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(t.r.reason, "interrupted by signal 2");
	ck_assert_int_eq(t.r.steps[0].verdict, VERDICT_INCONCLUSIVE);
	strike(&t);
}
END_TEST

START_TEST(writes_down_its_verdict)
{
	struct stage t;
	struct err e;
	char *text;

	set_stage(&t, BOOTS "say odd: x\\n\nagent", "run \"echo wrong\" -> \"right\"\n", true);
	play(&t);
	ck_assert_int_eq(
	    file_read(t.a, arena_printf(t.a, "%s/verdict", t.job.dir), &text, NULL, &e), 0);
	ck_assert_msg(
	    strstr(text, "fail\nwhere      test.scn:7\nwhat       echo wrong: not as "
			 "expected\nexpected   echo wrong   \"right\"\ngot        wrong\n") == text,
	    "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\nwarning    odd: odd: x\n"));
	ck_assert(file_exists(arena_printf(t.a, "%s/console", t.job.dir)) &&
		  file_exists(arena_printf(t.a, "%s/qmp", t.job.dir)) &&
		  file_exists(arena_printf(t.a, "%s/argv", t.job.dir)));
	strike(&t);
}
END_TEST

START_TEST(keeps_what_is_to_be_compared)
{
	struct kept kept[] = { { "words", NULL }, { "never", NULL } };
	struct stage t;
	struct err e;
	char *text;

	set_stage(&t, BOOTS "agent",
	    "keep words \"echo one; echo two\" -> \"two\"\nkeep unasked \"echo 3\"\nkeep never "
	    "\"true\"\n",
	    true);
	t.r.kept = kept;
	t.r.nkept = 2;
	play(&t);
	ck_assert_str_eq(kept[0].text, "one\ntwo\n");
	ck_assert_int_eq(
	    file_read(t.a, arena_printf(t.a, "%s/keep.words", t.job.dir), &text, NULL, &e), 0);
	ck_assert_str_eq(text, "one\ntwo\n");
	/* nothing would be like nothing */
	ck_assert_ptr_null(kept[1].text);
	ck_assert_int_eq(t.r.verdict, VERDICT_FAIL);
	ck_assert_str_eq(t.r.failure.what, "keep never \"true\": there is nothing");
	strike(&t);

	kept[0].text = NULL;
	set_stage(&t, BOOTS "agent", "keep words \"echo one; false\"\n", true);
	t.r.kept = kept;
	t.r.nkept = 1;
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_FAIL);
	ck_assert_ptr_null(kept[0].text);
	strike(&t);
}
END_TEST

/* the line is of the boot that it came in */
START_TEST(keeps_a_forbidden_line_over_a_boot)
{
	struct stage t;

	set_stage(&t, BOOTS "say Kernel panic $cmdline\\n\npause 50ms\nshutdown guest-shutdown",
	    "section steps\nexpect /login: /\nsection teardown\nvm await guest-shutdown\nvm boot\n",
	    false);
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_FAIL);
	ck_assert_uint_eq(t.c->boots, 2);
	ck_assert_str_eq(t.r.failure.what, "forbidden pattern \"panic\" matched");
	ck_assert_msg(
	    strstr(t.r.failure.got, "lh.nonce=") && !strstr(t.r.failure.got, t.c->identity.nonce),
	    "%s", t.r.failure.got);
	strike(&t);
}
END_TEST

static void
count_seen(void *arg, const struct watch *w, const char *line, uint64_t at)
{
	(void)at;
	ck_assert_str_eq(w->name, "odd");
	ck_assert_str_eq(line, "odd: the same again");
	++*(unsigned *)arg;
}

/* a guest may write what it likes, as often as it likes */
START_TEST(many_warnings_cost_little)
{
	static const struct watches_calls calls = { .seen = count_seen };
	struct stream *console = stream_new(1 << 21);
	struct rusage before, after;
	struct watches *w;
	struct stage t;
	unsigned n = 0;
	struct err e;

	set_stage(&t, "", "expect /login: /\n", false);
	for (int i = 0; i < 60000; i++)
		stream_add(console, "odd: the same again\n", 20);
	ck_assert_int_eq(watches_new(t.a, &t.s, console, NULL, 0, &calls, &n, &w, &e), 0);
	getrusage(RUSAGE_SELF, &before);
	watches_look(w);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_uint_eq(n, 60000);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 400 << 10);
	watches_free(w);
	stream_free(console);
	strike(&t);
}
END_TEST

/* what the forms refuse before anything boots */
static const struct {
	const char *step, *msg;
} refused[] = {
	{ "keep ../words \"echo one\"", "keep: SUBJECT is a name of a-z, 0-9 and -" },
	{ "check \"anything\"", "check VALUE: needs -> and an expectation" },
	{ "check \"x\" status 7", "check VALUE: needs -> and an expectation" },
	{ "check \"x\" -> \"x\" status 0", "check VALUE: a value has no status" },
	{ "sleep soon", "sleep soon: not a time, such as 10s or 250ms" },
	{ "host echo root 0", "0: not a size from 1 to 67108864" },
	{ "host scp root 1k /tmp/x", "1k: not a size from 1 to 67108864" },
	{ "host ntp serve soon as clock",
	    "soon: not a time, in seconds since 1970, before 2085978496" },
	{ "host ntp serve 2085978496 as clock",
	    "2085978496: not a time, in seconds since 1970, before 2085978496" },
	{ "host tcp-closed ssh", "ssh: not a port from 1 to 65535" },
	{ "host tcp-closed 65536", "65536: not a port from 1 to 65535" },
	{ "host openssh \"-oProxyCommand=id\" true", NO_USER("-oProxyCommand=id") },
	{ "host openssh \"\" true", NO_USER("") },
	{ "host scp x:y 10 /tmp/x", NO_USER("x:y") },
	{ "host ssh -l key denied", NO_USER("-l") },
	{ "host scp root 10 -t", "path \"-t\": it is empty or begins with -" },
	{ "host scp root 10 \"\"", "path \"\": it is empty or begins with -" },
	{ "net dhcp loud",
	    "net dhcp loud: unknown; one of pass ok late silent nak two-servers malformed mask "
	    "router dns domain mtu ntp lease search routes" },
	{ "net dhcp ${nonce}", "net dhcp: which word it is has to be known beforehand" },
	{ "net dhcp late ", "net dhcp late: needs a value behind it" },
	{ "net dhcp mask 33", "net dhcp mask: 33: not a number of bits, from 0 to 32" },
	{ "net dhcp other as Next", "as Next: a name is lower-case letters, digits, _ and -" },
	{ "net dns a 1.2.3",
	    "net dns a: 1.2.3: an IPv4 address, or one of empty nxdomain servfail refused "
	    "truncated wrong-id silent" },
	{ "net dns a.test empty late soon",
	    "net dns a.test: soon: not a time, such as 5s or 250ms" },
	{ "net ntp fast", "net ntp fast: unknown; one of pass at late silent kiss" },
	{ "net ntp at 2085978496",
	    "net ntp at: 2085978496: not seconds since 1970, from 0 to 2085978495" },
	{ "net await lease", "net await lease: unknown; one of discover request decline release "
			     "inform inform6 dns ntp" },
	{ "audit files", "audit: needs the line `image offline`" },
};

START_TEST(refuses_when_read)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/t.scn", test_dir()),
		   *text = arena_printf(a, "scenario t \"t\"\n%s\n", refused[_i].step);
	struct scenario s;
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_int_eq(scenario_read(a, path, NULL, verb_forms(a), facts_known(a), &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s:2: %s", path, refused[_i].msg));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* what all scenarios end with, while there is somebody to ask */
static const struct {
	const char *script, *steps;
	bool agent;
	enum verdict verdict;
	const char *where;
	enum verdict ending; /* of its step */
} endings[] = {
	{ BOOTS "agent\n", "run \"echo ended >&2; true\"\n", true, VERDICT_FAIL,
	    "scenarios/ending:1", VERDICT_FAIL },
	{ BOOTS "agent\n", "run \"true\"\n", true, VERDICT_PASS, NULL, VERDICT_PASS },
	{ BOOTS "agent\n", "run \"false\"\n", true, VERDICT_FAIL, "test.scn:7", VERDICT_SKIP },
	{ BOOTS "drip login: ", "expect /login: /\n", false, VERDICT_PASS, NULL, VERDICT_SKIP },
};

START_TEST(ending)
{
	struct scenario last = { .path = "scenarios/ending", .timeout = NS_PER_S };
	struct step step;
	struct stage t;

	set_stage(&t, endings[_i].script, endings[_i].steps, endings[_i].agent);
	step = t.s.steps[0];
	step.line = 1;
	if (_i == 0)
		step.status = 1;
	last.steps = &step;
	last.nsteps = 1;
	t.s.pristine = false;
	scenario_append(t.a, &t.s, &last);
	play(&t);
	ck_assert_int_eq(t.r.verdict, endings[_i].verdict);
	if (endings[_i].where)
		ck_assert_str_eq(t.r.failure.where, endings[_i].where);
	ck_assert_int_eq(t.r.steps[t.r.nsteps - 1].verdict, endings[_i].ending);
	strike(&t);
}
END_TEST

/* the clock that a scenario wants is the one that its guest has from the first instruction */
START_TEST(has_the_clock_that_is_wanted)
{
	struct stage t;
	char *argv;
	struct err e;

	set_stage(&t, BOOTS "say login:\n", "expect /login:/\n", false);
	t.s.counts = _i != 0;
	play(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_PASS);
	ck_assert_int_eq(
	    file_read(t.a, arena_printf(t.a, "%s/argv", t.job.dir), &argv, NULL, &e), 0);
	ck_assert_int_eq(strstr(argv, "shift=3,sleep=on") != NULL, t.s.counts);
	strike(&t);
}
END_TEST

static bool
is_leaving(const struct testcase *c)
{
	return c->pace == PACE_RACE;
}

static bool
is_between(const struct testcase *c)
{
	return is_leaving(c) && guest_state(c->guest) == GUEST_ENDING;
}

static bool was_between;

static bool
is_there(const struct testcase *c)
{
	was_between = was_between || is_between(c);
	return was_between && guest_state(c->guest) == GUEST_RUNNING;
}

static bool (*const moments[])(const struct testcase *c) = { is_leaving, is_between, is_there };

/* wherever a guest is on its way to another QEMU, there is none when the test case is over */
START_TEST(interrupted_on_its_way)
{
	struct stage t;

	set_stage(&t, BOOTS "agent\nuptime 100 0\n" MOVED "coma\n", "vm skip 1h\n", true);
	was_between = false;
	t.c = testcase_start(t.a, t.l, &t.job, &t.r, stage_over, &t);
	while (!moments[_i](t.c))
		once(&t);
	testcase_interrupt(t.c, "Ctrl-C");
	while (!t.over)
		once(&t);
	ck_assert_int_eq(t.r.verdict, VERDICT_INCONCLUSIVE);
	ck_assert_str_eq(t.r.reason, "Ctrl-C");
	ck_assert_int_eq(guest_state(t.c->guest), GUEST_ENDED);
	ck_assert_int_eq(guest_pid(t.c->guest), 0);
	strike(&t);
}
END_TEST

Suite *
testcase_suite(void)
{
	Suite *s = suite_create("testcase");
	TCase *tc = harness_case(s, "testcase");
	const TTest *const tests[] = { a_stale_state_is_inconclusive, says_why_it_cannot_be_saved,
		marks_every_step, explains_what_the_guest_did,
		explains_what_fails_between_two_steps, measures_how_long_a_boot_takes,
		warns_and_goes_on, what_cannot_be_judged_is_inconclusive, can_be_interrupted,
		writes_down_its_verdict, keeps_what_is_to_be_compared,
		keeps_a_forbidden_line_over_a_boot, many_warnings_cost_little };

	tcase_add_loop_test(tc, plays, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(tc, starts_from_a_saved_state, 0, sizeof forks / sizeof *forks);
	tcase_add_loop_test(tc, has_the_clock_that_is_wanted, 0, 2);
	tcase_add_loop_test(tc, ending, 0, sizeof endings / sizeof *endings);
	tcase_add_loop_test(tc, refuses_when_read, 0, sizeof refused / sizeof *refused);
	tcase_add_loop_test(tc, what_the_screen_shows_is_kept, 0, sizeof screens / sizeof *screens);
	tcase_add_loop_test(tc, explains_a_kernel_that_was_moved, 0, sizeof moves / sizeof *moves);
	tcase_add_loop_test(
	    tc, arrives_when_the_clock_is_right, 0, sizeof arrivals / sizeof *arrivals);
	for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(
	    harness_case(s, "moves"), interrupted_on_its_way, 0, sizeof moments / sizeof *moments);
	return s;
}
