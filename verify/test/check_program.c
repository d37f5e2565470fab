/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/test/fake.h"
#include "verify/test/fakebuild.h"
#include "verify/test/program.h"
#include "verify/test/suites.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define PASSES "say Command line: $cmdline\\n\nsay up\\n\n"
/* what an earlier run has left must be gone */
#define GONE                                                                                       \
	"s=$?; cd out; for f in results junit.xml index.html; do [ ! -e $f ] || echo old $f; "     \
	"done; exit $s"
/* a mutant that somebody has described, made of the image and not played */
#define MADE(line, disk)                                                                           \
	disk "mkdir b; printf 'mutant a \"t\"\\n" line                                             \
	     "\\nrefused-by up /x/\\n' >b/a; $VERIFY mutants "                                     \
	     "--trusted --list --scenarios scenarios -o out b o/manifest"
/* a kernel alone is broken by telling it less */
#define MUTANTS                                                                                    \
	"sed -i 's/^append.*/append console=ttyS0 a b/' o/manifest\n"                              \
	"echo 'scenario needs \"a word\"\nimage pristine\ntimeout 2s\nlimit 4s\n"                  \
	"expect /line: .* a .*lh/' >scenarios/needs.scn\n"                                         \
	"play() { $VERIFY mutants --trusted -j 2 --accel tcg --scale 1 --scenarios scenarios -o "  \
	"out "                                                                                     \
	"o/manifest \"$@\"; }\n"
/* and a file, whose permissions an audit looks at, and no guest */
#define AUDITED                                                                                    \
	MUTANTS                                                                                    \
	"PATH=$PATH:/sbin:/usr/sbin; umask 022; mkdir -p t/etc; echo x >t/etc/a\n"                 \
	"truncate -s 9M o/disk; mke2fs -q -F -t ext4 -E offset=1048576 -d t o/disk 8M\n"           \
	"printf 'image disk\\npartition rootfs ext4 1048576 8388608 u\\n' >>o/manifest\n"          \
	"printf 'scenario modes \"x\"\\nimage offline\\naudit modes\\n' >scenarios/modes.scn\n"
#define FACTS                                                                                      \
	"mkdir -p sysdeps/t; printf 'short q\nkernel-mark 0x202=48647253 0x236=01/01\nmachine m\n" \
	"qemu qemu-system-q\nconsole ttyS0\nmemory 64\nappend none\n' >sysdeps/t/facts; "
/* one that has these marks, and is no boot sector */
#define KERNEL                                                                                     \
	FACTS "truncate -s 1k k; printf '\\125\\252' | dd of=k bs=1 seek=510 conv=notrunc "        \
	      "2>/dev/null; "                                                                      \
	      "printf HdrS | dd of=k bs=1 seek=514 conv=notrunc 2>/dev/null; "                     \
	      "printf '\\001' | dd of=k bs=1 seek=566 conv=notrunc 2>/dev/null; "
#define RUN "$VERIFY run -j 2 --accel tcg --scenarios scenarios "

#define SUM                                                                                        \
	"sed -i '/^kernel-sha256/d' o/manifest; "                                                  \
	"echo kernel-sha256 $(sha256sum <o/kernel | cut -c 1-64) >>o/manifest; "
#define PLAN SUM "mkdir p; $VERIFY matrix --format=plan --scenarios scenarios o/manifest >p/plan; "
#define TASKS                                                                                      \
	"$VERIFY matrix --format=slurm --accel tcg --scenarios scenarios o/manifest >job; "        \
	"task() { SLURM_ARRAY_TASK_ID=1 SLURM_JOB_ID=$1 sh job; }; "

#define NOT_TRUSTED                                                                                \
	"# not trusted, so without a network beyond this test: see lh-verify --trusted\n"
#define CREDENTIALS                                                                                \
	"printf 'root a\\nguest b\\n' >x; echo credentials ../x >>o/manifest; "                    \
	"sed -i '1a requires credentials yes' scenarios/up.scn; "
#define OUTSIDE                                                                                    \
	"x: is outside the manifest's folder, and this manifest is not trusted; put it there, or " \
	"say --trusted\n"

#define BOOT "$VERIFY boot --print "
/* the manifest gets an image whose table of partitions has the UUID of its root */
#define GPT                                                                                        \
	"printf 'image disk\\npartition rootfs ext4 1048576 1048576 "                              \
	"33221100-5544-7766-8899-aabbccddeeff\\n' >>o/manifest; truncate -s 1040 o/disk; "         \
	"printf '\\0\\021\\042\\063\\104\\125\\146\\167\\210\\231\\252\\273\\314\\335\\356\\377' " \
	">>o/disk; printf 'EFI PART' | dd of=o/disk bs=512 seek=1 conv=notrunc 2>/dev/null; "

/* says: part of what the program prints */
static const struct {
	const char *script;
	int status;
	const char *says;
} cases[] = {
	{ RUN "-o out o/manifest", 0, "1 passed, 0 failed, 0 skipped\n" },
	/* beside the manifest, but for one in a folder that lh-build made */
	{ RUN "o/manifest >&2; ls o verify", 2, "\nmanifest\nverify\n" },
	{ ": >lock; " RUN "o/manifest >&2; ls o verify", 0, "\nverify:\nindex.html\n" },
	{ RUN "-o out o/manifest >&2; " RUN "-o out o/manifest >&2; grep -c changed out/index.html",
	    1, "0\n" },
	{ RUN
	    "-o out o/manifest >&2; sed -i 's/^expect.*/expect \\/never\\//' scenarios/up.scn; " RUN
	    "--scale 0.1 -o out o/manifest; grep -o 'changed\\|fail, was pass, ' out/index.html",
	    0, "0 passed, 1 failed, 0 skipped\nchanged\nfail, was pass, \n" },
	/* as often as is asked for, and no further than what fails, whose files stay */
	{ RUN "--until-fail 3 -o out o/manifest", 0,
	    "lh-verify: run 3 of 3: passed; there will be no other\n" },
	{ RUN "--until-fail 1000000 --scale 0.1 -o out o/manifest 2>said & until grep -q 'run 2 ' "
	      "said; do kill -0 $! || break; sleep 0.05; done; sed -i 's/^expect.*/expect "
	      "\\/never\\//' scenarios/up.scn; wait $!; [ $? = 1 ]; echo $?; "
	      "sed -n '$s/[0-9][0-9]* of/N of/p' said; cat out/x86_64/dhcp/up/verdict",
	    0, "0\nlh-verify: run N of 1000000: not passed\nfail\n" },
	{ "$VERIFY watch --scenarios scenarios out", 100, "--scenarios: not an option of watch" },
	{ "$VERIFY watch o/manifest", 100, "watch: o/manifest: no such folder; " },
	{ "$VERIFY watch out >url & until [ -s url ]; do kill -0 $! || exit; sleep 0.05; done; "
	  "kill $!; wait $! && sed 's/[0-9]*.$/PORT/' url",
	    0, "http://127.0.0.1:PORT\n" },
	/* what was judged stays beside the results, and is remembered once */
	{ "printf 'lh-files 2\\nrootfs:/a 100644 0 0 7 %064d p\\n' 0 >o/files; echo x >o/kernel; "
	  "echo ffffffff81000000 T _text >o/map; printf '%s\\n' 'files files' 'symbols map' "
	  "'kernel-config files' 'elf ELF64 X86_64' 'kernel-mark 0x0=78' 'path /lh/' 'refuse avx' "
	  "'listen tcp :: 22 sshd' 'authorized-keys-sha256 00' >>o/manifest; " RUN
	  "-o out o/manifest >&2; cat out/x86_64/dhcp/sizes; cmp o/manifest "
	  "out/x86_64/dhcp/manifest",
	    0, "lh-sizes 1\nkernel 2\np 7\n" },
	{ RUN "-o out o/manifest >&2; $VERIFY history add db out out; $VERIFY history show "
	      "--scenarios scenarios db | tail -n 1",
	    0, "db: 1 runs added, 1 were there\nx86_64/dhcp/s6/1/up P\n" },
	{ RUN "--cold -o out o/manifest >&2; $VERIFY history add db out; $VERIFY history show "
	      "--scenarios scenarios db up:cold | sed -n 's/ P$/+/p'",
	    0, "x86_64/dhcp/s6/1/up:cold+\n" },
	{ RUN "-o out o/manifest >&2; $VERIFY history add db out; $VERIFY history night "
	      "--scenarios scenarios db",
	    0, "1 passed, 0 failed, 0 both, 0 skipped, 0 inconclusive, 0 not played\n" },
	{ RUN "-o out o/manifest >&2; $VERIFY history add db out; $VERIFY history site "
	      "--scenarios scenarios db site && ls site | sed s/2[0-9-]*/DATE/",
	    0,
	    "boot-x86=5f64_dhcp_s6_1.html\ncase-x86=5f64_dhcp_s6_1_up.html\nindex.html\nnight-DATE."
	    "html\n" },
	/* while it is played it is not, and then once */
	{ "printf 'scenario xlong \"it takes its time\"\nimage pristine\nsleep 60s\n' "
	  ">scenarios/xlong.scn\n" RUN "-o out o/manifest >tap 2>log & "
	  "until grep -q 'up: pass' log; do kill -0 $! || exit; sleep 0.05; done; "
	  "$VERIFY history add db out; kill $!; wait $!; $VERIFY history add db out; "
	  "$VERIFY history show --scenarios scenarios db | sed -n 's,.*/1/,,p'",
	    0,
	    "db: 0 runs added, 0 were there, 1 not finished\ndb: 1 runs added, 0 were there\n"
	    "up    P\nxlong I\n" },
	/* pages of nights are written over, and nothing else */
	{ RUN
	    "-o out o/manifest >&2; $VERIFY history add db out; s() { $VERIFY history site "
	    "--scenarios scenarios db $1; }; s site; s site; s out; echo mine >o/index.html; s o; "
	    "s=$?; cat o/index.html; ls o; exit $s",
	    100,
	    "site/index.html: 1 nights, 1 cases\n"
	    "lh-verify: fatal: out: holds index.html, and no pages of history site; name another "
	    "folder\n"
	    "lh-verify: fatal: o: holds index.html, and no pages of history site; name another "
	    "folder\n"
	    "mine\nindex.html\nkernel\nmanifest\n" },
	/* what a guest says is learned, and compared */
	{ RUN "-o out o/manifest >&2; c=out/x86_64/dhcp/up/console; $VERIFY transcript --bless t "
	      "$c; $VERIFY transcript t $c; echo more >>$c; $VERIFY transcript t $c",
	    1, "+ more\nout/x86_64/dhcp/up/console: 1 of 3 lines differ\n" },
	{ "$VERIFY transcript t o/manifest", 100,
	    "t: no such file; --bless makes it of these consoles\n" },
	{ "$VERIFY transcript --bless t", 100, "transcript: needs a FILE and a CONSOLE, such as " },
	{ ":>c; $VERIFY transcript --bless t c; s=$?; cat t; exit $s", 100,
	    "fatal: c: no line is in it\n" },
	/* a file that is none is not written over */
	{ "printf 'lh-transcript 1\\nconsoles 1\\n= a\\n\\0b\\n' >m; cp m n; $VERIFY transcript "
	  "--bless "
	  "m o/manifest; cmp m n",
	    0, "fatal: m: no transcript: it has a byte 0\n" },
	{ "cp o/manifest m; $VERIFY transcript --bless m o/manifest; cmp m o/manifest", 0,
	    "fatal: m: no transcript: its first line is not \"lh-transcript 1\"\n" },
	/* a manifest that is not in output/ is a stranger's, unless we are told that it is not */
	{ RUN "-o out o/manifest | grep '# not trusted'", 0, NOT_TRUSTED },
	{ RUN "--untrusted -o out o/manifest | grep '# not trusted'", 0, NOT_TRUSTED },
	{ RUN "--trusted -o out o/manifest | grep '# not trusted'", 1, "" },
	{ RUN "--trusted --untrusted -o out o/manifest", 100,
	    "fatal: --trusted and --untrusted: one of them\n" },
	{ BOOT "o/manifest", 0, " -netdev user,id=net,restrict=on,hostfwd=" },
	{ BOOT "o/manifest", 0, " -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny," },
	{ BOOT "--trusted o/manifest | grep -e restrict -e sandbox", 1, "" },
	{ "mkdir bin output; cp $VERIFY bin/; mv o output/; bin/lh-verify boot --print "
	  "output/o/manifest | grep -e restrict",
	    1, "" },
	{ "mkdir bin output; cp $VERIFY bin/; ln -s ../o output/o; bin/lh-verify boot --print "
	  "output/o/manifest",
	    0, "restrict=on" },
	{ "mkdir bin output; cp $VERIFY bin/; mv o output/; chmod 777 output; bin/lh-verify boot "
	  "--print output/o/manifest",
	    0, "restrict=on" },
	{ ": >x; ln -s ../x o/x; echo symbols x >>o/manifest; " RUN "-o out o/manifest; " GONE, 100,
	    "fatal: o/manifest: symbols " },
	{ ": >x; ln -s ../x o/x; echo symbols x >>o/manifest; " RUN "-o out o/manifest", 100,
	    OUTSIDE },
	/* credentials there are another image's, perhaps */
	{ CREDENTIALS "$VERIFY matrix --scenarios scenarios o/manifest", 0,
	    "requires credentials yes, here it is no" },
	{ CREDENTIALS "$VERIFY matrix --trusted --scenarios scenarios o/manifest | grep here", 1,
	    "" },
	/* such a guest is alone with what this test serves it */
	{ "echo 'scenario alone \"x\"\nimage pristine\nexpect /up/\nhost http serve \"x\" as www' "
	  ">scenarios/alone.scn; " RUN "-o out o/manifest; cat out/x86_64/dhcp/alone/argv",
	    0, "-netdev user,id=net,net=" },
	{ "$VERIFY mutants --scenarios scenarios -o out o/manifest", 100,
	    "mutants: o/manifest: only for an image that is trusted; if it is, say --trusted\n" },
	{ RUN "-o out o/missing; " GONE, 100,
	    "fatal: o/missing: No such file or directory; lh-build build makes one, and init, for "
	    "files of others\n" },
	{ RUN "-o out; " GONE, 100, "run: needs a manifest; see lh-verify --help\n" },
	{ RUN "-o out o; " GONE, 100, "fatal: o: is a folder; name the manifest in it\n" },
	{ "$VERIFY run --scenarios none -o out o/manifest; " GONE, 100,
	    "fatal: none: no such folder of scenarios; name one with --scenarios\n" },
	/* folders of further scenarios */
	{ "mkdir a b; sed 's/io up/io uq/' scenarios/up.scn >a/uq.scn; "
	  "sed 's/io up/io ur/' scenarios/up.scn >b/ur.scn; " RUN
	  "--also a --also b -o out o/manifest",
	    0, "3 passed, 0 failed, 0 skipped\n" },
	{ "mkdir a; cp scenarios/up.scn a; " RUN "--also a -o out o/manifest", 100,
	    "fatal: a/up.scn: scenarios/up.scn has that name, too; rename one of them\n" },
	{ "mkdir a; " RUN "--also a -o out o/manifest", 100,
	    "a: contains no scenario (NAME.scn)\n" },
	{ "mkdir a; touch a/booted; " RUN "--also a -o out o/manifest", 100,
	    "fatal: a/booted: a folder of further scenarios has none; write it into the "
	    "scenarios\n" },
	{ RUN "--also none -o out o/manifest", 100,
	    "fatal: none: no such folder of scenarios; name one with --also\n" },
	{ "echo 'scenario x' >scenarios/x.scn; " RUN "-o out o/manifest; " GONE, 100, "" },
	{ "echo x >>o/manifest; " RUN "-o out o/manifest; " GONE, 100, "o/manifest:" },
	{ RUN "-o new o/missing; s=$?; [ ! -e new ] || echo made; exit $s", 100,
	    "fatal: o/missing: No such file or directory; lh-build build makes" },
	{ RUN "-o o/kernel/x o/manifest", 100, "/o/kernel" },
	{ RUN "-o out o/manifest >/dev/full", 125, "fatal: stdout: output is incomplete\n" },
	{ "$VERIFY list --scenarios scenarios >/dev/full", 125,
	    "lh-verify: fatal: stdout: No space left on device\n" },
	{ "$VERIFY --help >/dev/full", 125, "lh-verify: fatal: stdout: No space left" },
	{ "$VERIFY boot --print o/manifest >/dev/full", 125, "fatal: stdout: No space left" },
	/* a guest for a person: only its command line is printed */
	{ BOOT "--memory 512 --cpus 2 --port 54321 o/manifest", 0, " -m 512 -smp 2 -" },
	{ BOOT "--port 54321 o/manifest", 0, "hostfwd=tcp:127.0.0.1:54321-:22" },
	{ BOOT "--memory 7 o/manifest", 100,
	    "--memory 7: needs a whole number from 8 to 1048576\n" },
	{ BOOT "--memory 1G o/manifest", 100, "--memory 1G: needs a whole number from 8 to" },
	{ BOOT "--cpus 0 o/manifest", 100, "--cpus 0: needs a whole number from 1 to 255\n" },
	{ BOOT "--cpus -1 o/manifest", 100, "--cpus -1: needs a whole number from 1 to 255\n" },
	{ BOOT "--port 65536 o/manifest", 100, "--port 65536: needs a whole number from 1 to" },
	{ BOOT "--share nowhere o/manifest", 100, "fatal: --share nowhere: no such folder\n" },
	{ BOOT "--disk x o/manifest", 100, "--disk x: the manifest names no image to copy\n" },
	{ BOOT "o/manifest o/manifest", 100, "boot: o/manifest: one manifest at a time\n" },
	{ RUN "--disk x o/manifest", 100,
	    "--disk: not an option of run; see lh-verify run --help\n" },
	{ RUN "--print o/manifest", 100,
	    "--print: not an option of run; see lh-verify run --help\n" },
	{ RUN "--function o/manifest", 100,
	    "--function: not an option of run; see lh-verify run --help\n" },
	/* 9p or not is what the kernel's symbols say */
	{ "echo symbols map >>o/manifest; echo 0 t p9_virtio_create >o/map; echo 1 t v9fs_mount "
	  ">>o/map; " BOOT "--share o o/manifest",
	    0, "-fsdev local,id=share,security_model=none,path=o -device virtio-9p-pci," },
	{ "echo symbols map >>o/manifest; : >o/map; " BOOT "--share o o/manifest | grep -c fsdev",
	    1, "0\n" },
	/* a disk that is kept: not made by --print, and refused when it is another image's */
	{ GPT BOOT "--disk 'a,b' o/manifest; [ ! -e a,b ]", 0,
	    "if=none,id=disk,format=raw,discard=unmap,file=a,,b " },
	{ GPT "cp o/disk x; " BOOT "--disk x o/manifest", 0, "format=raw,discard=unmap,file=x " },
	{ GPT "printf 'QFI\\373' >x; " BOOT "--disk x o/manifest", 0,
	    "format=qcow2,discard=unmap," },
	{ GPT "truncate -s 4K x; " BOOT "--disk x o/manifest", 100,
	    "fatal: --disk x: not a copy of this image, whose kernel would not find its root; name "
	    "another file, or remove it, then it is made anew\n" },
	{ GPT ": >x; " BOOT "--disk x o/manifest", 100, "--disk x: not a copy of this image" },
	{ GPT BOOT "--disk o o/manifest", 100, "--disk o: Is a directory\n" },
	{ GPT "mkfifo x; " BOOT "--disk x o/manifest", 100, "--disk x: not a regular file\n" },
	{ "$BISECT --help >/dev/full", 125, "lh-bisect: fatal: stdout: No space left" },
	{ "$VERIFY --version", 0, "lh-verify " LH_VERSION },
	{ "$BISECT --version", 0, "lh-bisect " LH_VERSION },
	{ "$VERIFY merge --cold -o x out", 100, "--cold: not an option of merge; see lh-verify" },
	{ "$VERIFY boot --help", 0, "  lh-verify boot    [MANIFEST] " },
	{ "$VERIFY boot --help | grep -c -e --cold", 1, "0\n" },
	{ "$VERIFY nothing --help", 100, "nothing: unknown command; see lh-verify --help\n" },
	/* ./make -n hands list what run gets */
	{ "$VERIFY list --cold -j 2 -o x --scenarios scenarios", 0,
	    "up               it comes up" },
	{ "$VERIFY nothing >/dev/full", 100, "nothing: unknown command; see lh-verify --help\n" },
	{ "printf 'scenario x \"y\"\\nrequires fooo bar\\nwait \"x\"\\n' >x.scn; "
	  "$VERIFY lint --scenarios scenarios x.scn",
	    100, "fatal: x.scn:2: requires fooo: unknown; one of arch " },
	{ "printf 'scenario ending \"y\"\\nproves klogd\\nwait \"x\"\\n' >scenarios/ending; "
	  "$VERIFY lint --scenarios scenarios",
	    100,
	    "fatal: scenarios/ending: `proves` has no effect here; write it into a scenario\n" },
	{ "printf 'scenario booted \"y\"\\nrequires net dhcp\\nwait \"x\"\\n' >scenarios/booted; "
	  "$VERIFY lint --scenarios scenarios",
	    100, "fatal: scenarios/booted: `requires net` has no effect here; " },
	{ "mv scenarios/up.scn .; ln -s ../up.scn scenarios/; $VERIFY lint --scenarios scenarios",
	    100, "fatal: scenarios/up.scn: is no regular file, so it would not be played; " },
	/* services beside the folder, however it is named */
	{ "mkdir -p layout/s6-rc/x; echo longrun >layout/s6-rc/x/type; "
	  "$VERIFY lint --scenarios scenarios/",
	    100, ": no scenario proves what these are for: x " },
	{ "mkdir -p layout/s6-rc/x; echo longrun >layout/s6-rc/x/type; cd scenarios; "
	  "$VERIFY lint --scenarios .",
	    100, ": no scenario proves what these are for: x " },
	{ "$VERIFY lint nothere", 100, "fatal: nothere: No such file or directory\n" },
	{ "$VERIFY mutants --scenarios scenarios nothere o/manifest", 100, "fatal: nothere: No" },
	{ "$VERIFY mutants --seed 2 --scenarios scenarios scenarios o/manifest", 100,
	    "--seed: only for mutants that are derived from one MANIFEST, not for those of a "
	    "folder\n" },
	{ MADE("append z", ""), 0, "mutant-a\n" },
	{ MADE("requires net static\\nappend z", ""), 0,
	    "mutant-a # SKIP requires net static, here it is dhcp\n" },
	{ MADE("remove rootfs /x", ""), 0, "mutant-a # SKIP there is no disk" },
	{ MADE("remove rootfs /x", GPT), 1, "mutant-a: b/a:2: " },
	{ "$VERIFY mutants --boot all --scenarios scenarios o/manifest", 100,
	    "--boot: only for the mutants of a folder, not for those that are derived from one " },
	{ MUTANTS "mkdir o/verify; cp $0 o/verify/results; $VERIFY mutants --trusted --list "
		  "--scenarios scenarios o/manifest; ls o/verify",
	    0, "word-removed b\nresults\n" },
	{ "$VERIFY list -s nosuch --scenarios scenarios", 100,
	    "scenario nosuch: no such scenario" },
	{ "$VERIFY list --lane long --scenarios scenarios | grep -c .", 1, "0\n" },
	{ "$VERIFY list --format json --scenarios scenarios", 100,
	    "list: --format json: needs a manifest\n" },
	{ RUN "--lane long o/manifest", 100, "lane long: no scenario is in it\n" },
	{ "$VERIFY mutants --sample 2 --scenarios scenarios scenarios o/manifest", 100,
	    "--sample: only for mutants that are derived" },
	{ "$VERIFY mutants --scenarios scenarios", 100, "mutants: needs a manifest; see" },
	{ MUTANTS "play --only word-removed", 1, "\n1 passed, 2 failed, 0 skipped\n" },
	{ MUTANTS "play | sort", 0,
	    "not ok 1 - word-removed console=ttyS0 # survived\n"
	    "not ok 3 - word-removed b # survived\n"
	    "ok 2 - word-removed a # killed by needs at scenarios/needs.scn:5: /line: " },
	{ MUTANTS "printf 'word-removed %s same\\n' console=ttyS0 b >scenarios/equivalent\nplay", 0,
	    "score 1.000: 1 killed, 0 survived, 2 equivalent\n" },
	{ MUTANTS "echo 'word-removed a same' >scenarios/equivalent\nplay --only word-removed", 1,
	    "word-removed a # no longer equivalent (scenarios/equivalent:1): killed by needs" },
	{ MUTANTS "echo 'word-removed c same' >scenarios/equivalent\nplay", 100,
	    "fatal: scenarios/equivalent:1: word-removed c: this image has no such mutant; " },
	{ MUTANTS "play >/dev/null; play", 1,
	    "ok 3 - word-removed b # survived (played before)\n" },
	/* what refuses the image itself has killed nothing */
	{ MUTANTS "echo 'expect /never/' >>scenarios/needs.scn\nplay; s=$?; ls out; exit $s", 125,
	    "needs refuses the image as it is: /never/ never appeared" },
	/* the machine was slow for once: that is no kill */
	{ MUTANTS "mv path/qemu-system-x86_64 path/qemu\n"
		  "echo '#!/bin/sh' >path/qemu-system-x86_64\n"
		  ": >silent; echo \"[ -e $PWD/seen ] || LH_FAKE=$PWD/silent\" "
		  ">>path/qemu-system-x86_64\n"
		  "echo \": >$PWD/seen\" >>path/qemu-system-x86_64\n"
		  "echo \"exec $PWD/path/qemu \"'\"$@\"' >>path/qemu-system-x86_64\n"
		  "chmod +x path/qemu-system-x86_64; play -j 1",
	    1, "word-removed console=ttyS0: needs refused it once, and then not: /line: " },
	/* it ends in order, and tells how it goes on */
	{ MUTANTS
	    "echo 'sleep 60s' >>scenarios/needs.scn\n"
	    "$VERIFY mutants --trusted -j 1 --accel tcg --scale 9 --scenarios scenarios -o out "
	    "o/manifest &\n"
	    "until [ -e out/mutant-1/needs/console ]; do kill -0 $! || exit; sleep 0.05; done\n"
	    "kill $!; wait $!; s=$?; ls out/mutant-1; exit $s",
	    125, "interrupted by signal 15: the same command goes on where this one was\n" },
	/* what was judged leaves no folder behind */
	{ MUTANTS "play >/dev/null; s=$?; ls out; exit $s", 1, "lock\nmutants\nmutants.html\n" },
	/* what an audit has refused is asked of guests when somebody wants to know */
	{ AUDITED "play --keep --only word-removed,mode-wider; ls out/mutant-4", 0, "\nmodes\n" },
	{ AUDITED "play --only word-removed,mode-wider", 1,
	    "# score 0.500: 2 killed, 2 survived, 0 equivalent\n# function at least 0.250: 1 "
	    "killed "
	    "by a guest, 1 by audits alone, of which no guest was asked (--function asks)\n" },
	{ AUDITED "play --keep --function --only word-removed,mode-wider; ls out/mutant-4", 0,
	    "\nmodes\nneeds\nup\n" },
	{ AUDITED "play --function --only word-removed,mode-wider", 1,
	    "# score 0.500: 2 killed, 2 survived, 0 equivalent\n# function 0.250: 1 killed by a "
	    "guest, 1 by audits alone\n" },
	/* a guest that refuses the image itself takes nothing from the audit's kill */
	{ AUDITED "sed -i 's/^expect.*/expect \\/never\\//' scenarios/needs.scn\n"
		  "play --function --only mode-wider",
	    0, "needs refuses the image as it is: " },
	{ AUDITED "play --function --only mode-wider >/dev/null; play --only mode-wider | grep -c "
		  "'played before'",
	    1, "0\n" },
	/* a PC's kernel has the signature of a boot sector, too */
	{ KERNEL "printf '\\037\\213' >r; printf '\\125\\252' | dd of=d bs=1 seek=510 2>/dev/null; "
		 "$VERIFY init d r k",
	    0, "\nkernel k\nkernel-sha256 " },
	{ KERNEL "printf 070701 >r; $VERIFY init k r", 0,
	    "\ninitrd r\nappend console=ttyS0 panic=-1" },
	{ KERNEL "printf '\\123\\357' | dd of=d bs=1 seek=1080 2>/dev/null; $VERIFY init d k", 0,
	    "\nappend console=ttyS0 panic=-1 root=/dev/vda ro" },
	{ KERNEL "$VERIFY init k >o/mine && cp k o/ && $VERIFY list --scenarios scenarios o/mine",
	    0, "q dhcp up" },
	{ KERNEL "$VERIFY init k", 0, "\nmemory 64\n" },
	/* our PC is older than others' kernels like it */
	{ KERNEL "printf 'cpu 486\ncpu-of-others new\n' >>sysdeps/t/facts; $VERIFY init k | grep "
		 "^cpu",
	    0, "cpu new\n" },
	{ KERNEL "echo cpu a15 >>sysdeps/t/facts; $VERIFY init k", 0, "\ncpu a15\n" },
	{ KERNEL "$VERIFY init k", 0, "warning: neither an initrd nor a disk: " },
	{ KERNEL "$VERIFY init k k", 100, "k: a kernel, and so is k: one of them" },
	{ KERNEL "echo text >t; $VERIFY init k t", 100,
	    "t: is neither a kernel of a triple that this knows, nor an initrd, nor a raw disk" },
	{ FACTS "printf 'QFI\\373' >q; $VERIFY init q", 100,
	    "qemu-img convert -O raw makes one of it" },
	{ FACTS "printf '\\037\\213' >r; $VERIFY init r", 100, "none of these is a kernel" },
	{ KERNEL "mv k 'k #1'; $VERIFY init 'k #1'", 100, "k #1: no manifest can name that" },
	{ "mkfifo f; $VERIFY init f", 100, "f: is not a regular file" },
	{ MUTANTS "play --only files", 100, "--only files: no mutant of this image" },
	{ MUTANTS "play --list --sample 2 --seed 1; ls out", 0, "word-removed " },
	{ "$VERIFY bisect", 100, "bisect: unknown command" },
	{ "$BISECT GOOD=1 BAD=2", 100, "fatal: name a scenario (-s NAME, " },
	{ "$BISECT --print", 100, "--print: unknown option; see lh-bisect --help\n" },
	{ "$VERIFY run --accel tcgg", 100, "--accel tcgg: one of tcg kvm auto\n" },
	{ "$VERIFY run -j", 100, "-j needs a value; see lh-verify --help\n" },
	{ "$VERIFY run -j 1.9", 100, "--jobs 1.9: needs a whole number from 1 to 1000\n" },
	{ "$VERIFY mutants --sample 2.5", 100, "--sample 2.5: needs a whole number from 1 to" },
	{ "$VERIFY mutants --seed 1.5", 100, "--seed 1.5: needs a whole number from 0 to" },
	{ "$VERIFY run --scale 0", 100, "--scale 0: needs a number from 0.1 to 1000\n" },
	{ "$VERIFY merge -o report out", 0, "1 passed, 0 failed, 0 skipped\n" },
	/* its report goes, its results are what is merged */
	{ "$VERIFY merge -o out out out; s=$?; ls out; exit $s", 100,
	    "both ? and out have it\nlock\nresults\n" },
	{ "$VERIFY merge -o out; s=$?; ls out; exit $s", 100, "results\n" },
	/* nor is what somebody else calls so */
	{ "rm out/lock; $VERIFY merge -o out out; s=$?; ls out; exit $s", 100,
	    "out: holds results, and no run of lh-verify; name another with -o\nindex.html\n"
	    "junit.xml\nresults\n" },
	/* a plan, and a part of it */
	{ PLAN RUN "--plan p/plan -o p/1 o/manifest >&2; $VERIFY merge -o report p", 0,
	    "1 passed, 0 failed, 0 skipped\n" },
	{ PLAN "$VERIFY merge -o report p", 125, "planned, and not played: p has no run of it\n" },
	{ PLAN RUN "--plan p/plan -o p/1 o/manifest >&2; $VERIFY merge -o report p/1", 100,
	    "p/1: is a part of plan 2" },
	{ PLAN "sed s/up/more/ scenarios/up.scn >scenarios/more.scn; " RUN
	       "--plan p/plan -o p/1 o/manifest",
	    100, "fatal: p/plan does not plan x86_64 dhcp more\n" },
	{ PLAN "echo x >>o/kernel; " SUM RUN "--plan p/plan -o p/1 o/manifest", 100,
	    "fatal: p/plan plans x86_64 dhcp with another image than o/manifest\n" },
	{ PLAN "sed -i 's/^version .*/version 0/' p/plan; " RUN "--plan p/plan -o p/1 o/manifest",
	    100, "fatal: p/plan: made by lh-verify 0, and this is " },
	{ RUN "--plan before -o out o/manifest", 100,
	    "fatal: before: No such file or directory\n" },
	{ "cp out/results old; " RUN "--plan old -o out o/manifest", 100,
	    "fatal: old: no plan; lh-verify matrix --format=plan makes one\n" },
	/* an array's task, which is begun twice */
	{ TASKS "task 7; task 8; ls runs/*; $VERIFY merge -o report runs/*", 0,
	    "1-7.0\nplan\nTAP version 13\n" },
	{ TASKS "task 7; sed -i 's/^verdict pass/verdict inconclusive/' runs/*/*/results; "
		"task 8; ls runs/*; $VERIFY merge -o report runs/*",
	    0, "1-7.0\n1-8.0\nplan\nTAP version 13\n" },
	{ TASKS ": >runs; task 7", 125, "cannot create directory" },
	{ "sed -i '1a requires tool nope' scenarios/up.scn; "
	  "$VERIFY matrix --format=slurm --scenarios scenarios o/manifest",
	    100, "fatal: --format slurm: every test case is skipped, there is no task\n" },
	{ "sed -i '1a requires tool nope' scenarios/up.scn; "
	  "$VERIFY matrix --format=gitlab --scenarios scenarios o/manifest",
	    100, "fatal: --format gitlab: every test case is skipped, there is no task\n" },
};

START_TEST(ends)
{
	struct arena *a = arena_new();
	const char *said;

	program_prepare(a, PASSES);
	said = program_ends(a, cases[_i].script, cases[_i].status, cases[_i].says);
	ck_assert_msg(!strstr(said, "old ") && !strstr(said, "made\n"), "%s", said);
	arena_free(a);
}
END_TEST

/* lh-bisect beside programs that build and judge in no time; b 3 is what breaks it */
static const struct {
	const char *words;
	int status;
	const char *says;
} bisections[] = {
	{ "-s x GOOD=old BAD=new", 0, "b 2 -> 3 broke it\n" },
	/* what is lh-verify's is handed on */
	{ "-s x --accel tcg --scale 2 -j 3 --cold --keep GOOD=old BAD=new && cat judged", 0,
	    " --scale=2 --jobs=3 --cold -s x --keep " },
	{ "-s x -s nosuch GOOD=old BAD=new; s=$?; ls out runs; exit $s", 100,
	    "fatal: scenario nosuch: no such scenario; one of x y\nls: " },
	{ "-s x GOOD=old BAD=new DRY_RUN=true && ! ls out", 0, "3 packages differ; " },
	{ "-s x GOOD=old BAD=new DRY_RUN=false && ls out", 0, "b 2 -> 3 broke it\n" },
	{ "-s x -o there GOOD=old BAD=new && ls there", 0, "report.html\n" },
	{ "-s x -o there GOOD=old BAD=new && ./lh-bisect -s x -o there GOOD=old BAD=new", 0,
	    " of them earlier; " },
	{ "--version; mkdir o; echo mine >o/report.html; ./lh-bisect -s x -o o GOOD=old BAD=new; "
	  "s=$?; cat o/report.html; exit $s",
	    100, "o: holds report.html, and no bisection; name another with -o\nmine\n" },
	{ "-s x DRY_RUN=1 GOOD=old BAD=new && ! ls out", 0, "3 packages differ; " },
	{ "-s x GOOD=old BAD=new >/dev/full", 125, "lh-bisect: fatal: stdout: " },
	{ "-s x GOOD=old BAD=old", 1, "GOOD and BAD name the same versions of everything\n" },
	{ "-s x PACKAGE=a GOOD=1 BAD=1", 1, "GOOD and BAD are one version\n" },
	{ "-s x PACKAGE=a GOOD=1 BAD=4", 1, "both ends pass: there is nothing to look for\n" },
	{ "-s x GOOD=new BAD=old", 100, "fatal: GOOD=new fails and BAD=old passes: " },
	{ "-s x GOOD=old BAD=none", 100, "fatal: BAD: SET none: no such set\n" },
	{ "-s x GOOD=old", 100, "fatal: name both ends with GOOD= and BAD=\n" },
	{ "GOOD=old BAD=new", 100, "fatal: name a scenario (-s NAME, " },
	{ "-s x --scenarios none GOOD=old BAD=new", 100, "none: no such folder" },
};

START_TEST(bisects)
{
	struct arena *a = arena_new();

	fake_programs(a, "[ $b -lt 3 ]", "true");
	program_ends(a, arena_printf(a, "cp $BISECT . && ./lh-bisect %s", bisections[_i].words),
	    bisections[_i].status, bisections[_i].says);
	arena_free(a);
}
END_TEST

/* what it cannot read is no answer on the ends */
START_TEST(no_answer)
{
	struct arena *a = arena_new();
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	fake_programs(a, "true", "true");
	snprintf(at.sun_path, sizeof at.sun_path, "%s/scenarios/a", test_dir());
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	close(fd);
	program_ends(a, "cp $BISECT . && ./lh-bisect -s x GOOD=old BAD=new", 125,
	    "scenarios/a: not a file, folder, symlink or fifo\n");
	arena_free(a);
}
END_TEST

/* killed in the middle: nothing of it is taken for a pass, nor of the run before, nor remembered */
START_TEST(killed)
{
	struct arena *a = arena_new();
	char *said;

	program_prepare(a, PASSES);
	program_put(a, "scenarios/xlong.scn",
	    "scenario xlong \"it takes its time\"\nimage pristine\nsleep 60s\n");
	/* once `up` has passed, `xlong` runs, or will */
	ck_assert_int_eq(
	    program_sh(a,
		RUN "-o out o/manifest >tap 2>log & p=$!\n"
		    "until grep -q 'up: pass' log; do kill -0 $p || exit; sleep 0.05; done\n"
		    "kill -9 $p; wait $p; ls out | grep -e junit -e html; "
		    "$VERIFY history add db out; "
		    "$VERIFY merge -o report out",
		&said),
	    125);
	ck_assert_msg(strstr(said, "lh-verify: warning: out: not finished: it is under way, or was "
				   "killed; left out\n"
				   "db: 0 runs added, 0 were there, 1 not finished\n"),
	    "%s", said);
	ck_assert_msg(strstr(said, "0 passed, 2 failed, 0 skipped\n"), "%s", said);
	ck_assert_msg(!strstr(said, "junit"), "%s", said);
	arena_free(a);
}
END_TEST

Suite *
program_suite(void)
{
	Suite *s = suite_of("program", (const TTest *[]){ no_answer, killed, NULL });

	tcase_add_loop_test(harness_case(s, "ends"), ends, 0, sizeof cases / sizeof *cases);
	tcase_add_loop_test(
	    harness_case(s, "bisects"), bisects, 0, sizeof bisections / sizeof *bisections);
	return s;
}
