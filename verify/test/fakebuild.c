/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/test/fakebuild.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/test/suites.h"

#include <string.h>

/* a thousand of each are started: what the shell can do, no program does */
static const char build[] =
    "#!/bin/sh\n"
    "here=${0%/*}\n"
    "SET=old VERSION_a= VERSION_b= VERSION_c= OVERRIDE_a=\n"
    "for w; do case $w in *=*) eval \"${w%%=*}=\\${w#*=}\";; esac; done\n"
    "case $SET in old) v=1;; new) v=4;; *) echo \"lh-build: fatal: SET $SET: no such "
    "set\"; exit 100;; esac\n"
    "a=${VERSION_a:-$v} b=${VERSION_b:-$v} c=${VERSION_c:-$v}\n"
    "if [ \"$1\" = versions ]; then\n"
    "printf "
    "'checkout\\t%s\\ntriple\\tx86_64-linux-musl\\nprofile\\ts6\\nset\\t%s\\noutput\\t%s/"
    "out\\nowner\\t0\\t0\\n' \"$here\" $SET \"$here\"\n"
    "printf 'package\\ta\\t%s%s\\npackage\\tb\\t%s\\npackage\\tc\\t%s\\npackage\\td\\t9\\n' $a "
    "\"${OVERRIDE_a:+\t$OVERRIDE_a}\" $b $c\n"
    "for p in a b c; do for v in 4 3 2 1; do printf 'version\\t%s\\t%s\\n' $p $v; done; done\n"
    "printf 'minimum\\tc\\t4\\tb\\t4\\n'; exit; fi\n"
    "echo >>\"$here/builds\"\n"
    "a=${OVERRIDE_a:-$a}; a=${a##*@}\n"
    ". \"$here/refuse\" || { echo 'lh-build: fatal: c: does not compile'; exit 1; }\n"
    "top=$OUTPUT/x86_64-linux-musl; [ -d \"$top/rootfs/bin\" ] || mkdir -p \"$top/rootfs/bin\"\n"
    "cd \"$top\"\n"
    "for p in a b c; do eval \"echo $p \\$$p\" >rootfs/bin/$p; done\n"
    "printf 'lh-manifest 2\\ntriple x86_64-linux-musl\\nnet dhcp\\nqemu q\\nmachine m\\nconsole "
    "c\\nimage i\\nimage-digest %s %s %s\\n%s\\n' $a $b $c \"${more-}\" >manifest\n";

static const char judge[] =
    "#!/bin/sh\n"
    "here=${0%/*}\n"
    "[ \"$1\" != list ] || { printf 'x title\\ny title\\n'; exit; }\n"
    "echo \"$*\" >\"$here/judged\"\n"
    "echo >>\"$here/runs\"; n=0; while read -r _; do n=$((n + 1)); done <\"$here/runs\"\n"
    "while [ $# -gt 1 ]; do [ \"$1\" = -o ] && out=$2; [ \"$1\" = -s ] && s=$2; shift; done\n"
    "while read -r word a b c && [ \"$word\" != image-digest ]; do :; done <\"$1\"\n"
    "dir=$out/x86_64/dhcp/$s; [ -d \"$dir\" ] || mkdir -p \"$dir\"\n"
    "echo \"console of $a $b $c\" >\"$dir/console\"\n"
    "printf 'lh-results 2\\ncase\\narch x86_64\\nnet dhcp\\nscenario x\\npath "
    "%s/scenarios/x.scn\\nverdict pass\\nstep 3 pass 1 run\\nsaid up, in %s\\nend 1\\n' \"$here\" "
    "$a >\"$out/results\"\n"
    "where=$(. \"$here/rule\"); status=$?\n"
    "[ $status != 1 ] || printf 'fail\\nwhere      %s/scenarios/x.scn:%s\\nexpected   up\\ngot     "
    " "
    "  down, in \\033[1m%s\\n' \"$here\" ${where:-3} $a >\"$dir/verdict\"\n"
    "exit $status\n";

static void
put(struct arena *a, const char *name, const char *text, unsigned mode)
{
	const char *path = arena_printf(a, "%s/%s", test_dir(), name);
	struct err e = { 0 };

	ck_assert_msg(file_mkparent(path, &e) == 0 &&
			  file_write(path, text, strlen(text), (mode_t)mode, &e) == 0,
	    "%s", e.msg);
}

void
fake_programs(struct arena *a, const char *rule, const char *refuse)
{
	put(a, "lh-build", build, 0755);
	put(a, "lh-verify", judge, 0755);
	put(a, "rule", arena_printf(a, "%s\n", rule), 0644);
	put(a, "refuse", arena_printf(a, "%s\n", refuse), 0644);
	put(a, "scenarios/x.scn", "scenario x\n\nrun \"thing\" -> up\n", 0644);
}

unsigned
fake_count(struct arena *a, const char *name)
{
	const char *path = arena_printf(a, "%s/%s", test_dir(), name);
	struct err e = { 0 };
	unsigned n = 0;
	char *text;

	if (!file_exists(path))
		return 0;
	ck_assert_msg(file_read(a, path, &text, NULL, &e) == 0, "%s", e.msg);
	for (; *text; text++)
		n += *text == '\n';
	return n;
}
