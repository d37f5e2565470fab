/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/expect.h"
#include "verify/scenario/load.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#include <stdio.h>
#include <string.h>

/* the common watches, as every scenario gets them */
#define WATCHES "scenarios/watches"

static const struct verb_form forms[] = {
	{ .verb = "send", .form = "TEXT" },
	{ .verb = NULL },
};

static void
read_watches(struct arena *a, struct scenario *s)
{
	static const char text[] = "scenario t \"t\"\nsend \"x\"\n";
	char *path = arena_printf(a, "%s/t.scn", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, &e), 0);
	ck_assert_msg(
	    scenario_read(a, path, WATCHES, forms, (const char *const[]){ NULL }, s, &e) == 0, "%s",
	    e.msg);
}

/* what a console says, and the watches it wakes, in the order of the file */
static const struct {
	const char *text, *wakes;
} said[] = {
	{ "[    9.1] Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b",
	    "panic" },
	{ "[    9.1] Kernel panic - not syncing: VFS: Unable to mount root fs on "
	  "unknown-block(0,0)",
	    "panic" },
	{ "[    9.1] BUG: kernel NULL pointer dereference, address: 0000000000000000", "oops" },
	{ "[    9.1] Oops: 0002 [#1] PREEMPT", "oops" },
	{ "[    9.1] kernel BUG at fs/ext4/inode.c:1234!", "oops" },
	{ "[    9.1] 8<--- cut here ---\r\n[    9.1] Unable to handle kernel NULL pointer "
	  "dereference at virtual address 00000000",
	    "fault" },
	{ "[    9.1] Internal error: Oops: 5 [#1] ARM", "oops fault" },
	{ "[    9.1] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [swapper:1]",
	    "oops lockup" },
	{ "[    9.1] rcu: INFO: rcu_sched self-detected stall on CPU", "lockup" },
	{ "[    9.1] INFO: task jbd2/vda3:40 blocked for more than 120 seconds.", "hung" },
	{ "[    9.1] Out of memory: Killed process 31 (sh) total-vm:4000kB", "oom" },
	{ "[    9.1] VFS: Cannot open root device \"PARTUUID=x\" or unknown-block(0,0): error -6",
	    "rootfs" },
	{ "[    9.1] Starting init: /sbin/init exists but couldn't execute it (error -8)", "init" },
	{ "[    9.1] Warning: unable to open an initial console.", "devices" },
	{ "[    9.1] EXT4-fs error (device vda3): ext4_lookup:1858: inode #2: comm sh: deleted "
	  "inode referenced",
	    "disk" },
	{ "[    9.1] I/O error, dev vda, sector 2048 op 0x1:(WRITE)", "disk" },
	{ "[    9.1] traps: dropbear[31] trap invalid opcode ip:8048000 sp:bf8", "crash" },
	{ "[    9.1] mdevd[31]: segfault at 0 ip 0804 sp bf80 error 4", "segfault" },
	{ "s6-svscan: warning: unable to iopause: Function not implemented", "svscan s6" },
	{ "s6-svscan crashed. Rebooting.", "svscan" },
	{ "s6-svscan: fatal: unable to chdir to /run/service: No such file or directory", "fatal" },
	{ "s6-log: fatal: unable to mkdir /var/log/klogd: Read-only file system", "fatal" },
	{ "s6-supervise klogd: warning: unable to spawn ./run (waiting 60 seconds): Exec format "
	  "error",
	    "supervise" },
	{ "s6-supervise (child): fatal: unable to exec run: No such file or directory", "fatal" },
	{ "s6-rc-init: fatal: unable to supervise service directories in /run/service: Broken pipe",
	    "fatal" },
	{ "s6-rc: warning: unable to start service udhcpc: command exited 99", "service s6" },
	{ "s6-linux-init-shutdownd: warning: /etc/s6-linux-init/current/scripts/rc.shutdown exited "
	  "1",
	    "shutdown shutdownd s6" },
	{ "lh: default not up, s6-rc exited 1", "default" },
	{ "UEFI Interactive Shell v2.2", "firmware" },
	{ "EFI Internal Shell", "firmware" },
	{ "BdsDxe: failed to load Boot0001 \"UEFI Misc Device\" from PciRoot(0x0): Not Found",
	    "firmware" },
	{ "=> ", "firmware" },
	{ "No bootable device.", "firmware" },
	{ "boot: ", "loader" },
	{ "Could not find kernel image: /kernel", "loader" },
	{ "process '/sbin/getty 115200 ttyS0' (pid 31) exited. Scheduling for restart.",
	    "respawn" },
	{ "can't run '/etc/rc/up': No such file or directory", "respawn" },
	{ "[    9.1] WARNING: CPU: 0 PID: 1 at kernel/fork.c:1 foo+0x1", "kernel" },
	/* two on one line, and one that is only worth a warning does not hide what fails */
	{ "s6-test: warning: [    9.1] I/O error, dev vda, sector 2048", "disk s6" },

	{ "[    0.0] Linux version 6.12.107 (gcc 12.2) #1", "" },
	{ "[    0.1] tsc: Unable to calibrate against PIT", "" },
	{ "[    0.1] rcu: Hierarchical RCU implementation.", "" },
	{ "[    0.3] ODEBUG: selftest passed", "" },
	{ "[    0.9] EXT4-fs (vda3): mounted filesystem with ordered data mode. Quota mode: none.",
	    "" },
	{ "[    0.9] VFS: Mounted root (ext4 filesystem) readonly on device 254:1.", "" },
	{ "[    1.0] Run /sbin/init as init process", "" },
	{ "[    1.0] watchdog: Delayed init of the lockup detector", "" },
	{ "s6-rc: info: service klogd-log: starting", "" },
	{ "lh: default up", "" },
	{ "lh-x86_64 login: ", "" },
	{ "[    5.0] reboot: Power down", "" },
};

/* names of the watches that a text wakes */
static const char *
woken(struct arena *a, const struct scenario *s, const char *text)
{
	struct pattern **p = arena_array(a, s->nwatches, sizeof(struct pattern *));
	struct stream *stream = stream_new(65536);
	struct cursor *c;
	bool *hit = arena_array(a, s->nwatches, sizeof *hit);
	const char *names = "";
	struct hit h;
	struct err e;

	for (size_t i = 0; i < s->nwatches; i++)
		p[i] = s->watches[i].pattern;
	c = cursor_new(stream, p, s->nwatches);
	cursor_each(c);
	stream_add(stream, text, strlen(text));
	stream_eof(stream);
	while (cursor_find(a, c, &h, &e) == 1)
		hit[h.which] = true;
	for (size_t i = 0; i < s->nwatches; i++)
		if (hit[i] && s->watches[i].kind != WATCH_LOG) /* that has all lines */
			names =
			    arena_printf(a, "%s%s%s", names, *names ? " " : "", s->watches[i].name);
	cursor_free(c);
	stream_free(stream);
	return names;
}

START_TEST(wakes)
{
	struct arena *a = arena_new();
	struct scenario s;

	read_watches(a, &s);
	ck_assert_str_eq(woken(a, &s, said[_i].text), said[_i].wakes);
	ck_assert_str_eq(woken(a, &s, arena_printf(a, "before\r\n%s\r\nafter\r\n", said[_i].text)),
	    said[_i].wakes);
	arena_free(a);
}
END_TEST

/* a watch that no line above wakes is not known to work */
START_TEST(all_are_tried)
{
	struct arena *a = arena_new();
	struct scenario s;

	read_watches(a, &s);
	ck_assert_uint_gt(s.nwatches, 10);
	for (size_t i = 0; i < s.nwatches; i++) {
		bool tried = s.watches[i].kind == WATCH_LOG; /* by check_testcase: it has all */

		for (size_t k = 0; k < sizeof said / sizeof *said; k++)
			tried |= strstr(arena_printf(a, " %s ", said[k].wakes),
				     arena_printf(a, " %s ", s.watches[i].name)) != NULL;
		ck_assert_msg(tried, "no line wakes the watch %s", s.watches[i].name);
	}
	arena_free(a);
}
END_TEST

Suite *
watches_suite(void)
{
	Suite *s = suite_of("watches", (const TTest *[]){ all_are_tried, NULL });

	tcase_add_loop_test(harness_case(s, "wakes"), wakes, 0, sizeof said / sizeof *said);
	return s;
}
