/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ending.h"

#include "build/base/arena.h"
#include "verify/test/suites.h"

#include <signal.h>

#define KILLED                                                                                     \
	"qemu: killed by signal 9 (Killed); dmesg of this machine may tell that it ran out of "    \
	"memory"

#define EXIT(n) ((n) << 8) /* as waitpid gives it; a signal is its number */
#define PANIC "guest-panic"
#define OFF "guest-shutdown"

static const struct {
	struct ending x;
	const char *text;
	bool hosts;
} endings[] = {
	/* told by SHUTDOWN */
	{ { 0, OFF, true, false, "", NULL }, OFF, false },
	{ { 0, "guest-reset", true, false, "", NULL }, "guest-reset", false },
	{ { 0, PANIC, true, false, "", NULL }, PANIC, false },
	{ { 0, "host-qmp-quit", true, false, "", NULL }, "host-qmp-quit", false },
	{ { 0, "host-signal", true, false, "", NULL }, "host-signal", true },
	{ { 0, "host-error", true, false, "", NULL }, "host-error", true },
	/* a guest that panicked has, whatever happens to QEMU then */
	{ { EXIT(7), PANIC, true, false, "x\n", NULL }, PANIC ", then qemu: exit status 7: x",
	    false },
	{ { SIGKILL, PANIC, true, false, "", NULL },
	    PANIC ", then qemu: killed by signal 9 (Killed)", false },
	{ { EXIT(7), OFF, true, false, "x\n", NULL }, OFF ", then qemu: exit status 7: x", true },
	{ { SIGKILL, OFF, true, false, "", NULL }, OFF ", then qemu: killed by signal 9 (Killed)",
	    true },
	/* by us, for it would not end: a guest may be why */
	{ { SIGKILL, NULL, true, true, "", NULL }, "killed: it did not end when asked to", false },
	{ { SIGKILL, OFF, true, true, "", NULL }, OFF ", then it hung and was killed", false },
	/* by others */
	{ { SIGKILL, NULL, true, false, "", NULL }, KILLED, true },
	{ { SIGTRAP, NULL, true, false, "", NULL },
	    "qemu: killed by signal 5 (Trace/breakpoint trap)", true },
	{ { SIGBUS, NULL, true, false, "", NULL }, "qemu: killed by signal 7 (Bus error)", true },
	/* nothing was told */
	{ { 0, NULL, true, false, "", NULL }, "qemu: exit status 0", true },
	{ { 0, NULL, true, false, "", OFF }, OFF, false },
	{ { EXIT(1), NULL, true, false, "a\nno memory \r\n", OFF },
	    "qemu: exit status 1: no memory", true },
	{ { EXIT(1), NULL, false, false, "failed to initialize kvm: Permission denied\n", NULL },
	    "qemu: exit status 1: failed to initialize kvm: Permission denied", true },
	{ { EXIT(1), NULL, false, false, "cannot set up guest memory 'ram'\n", NULL },
	    "qemu: exit status 1: cannot set up guest memory 'ram'", true },
	/* an image's kernel is the image's */
	{ { EXIT(1), NULL, false, false, "qemu: invalid kernel header\n", NULL },
	    "qemu: exit status 1: qemu: invalid kernel header", false },
	{ { EXIT(1), NULL, false, false, "qemu: could not load kernel 'k': No such file\n", NULL },
	    "qemu: exit status 1: qemu: could not load kernel 'k': No such file", false },
	{ { EXIT(1), NULL, true, false, "qemu: invalid kernel header\n", NULL },
	    "qemu: exit status 1: qemu: invalid kernel header", true },
	/* a guest that jumps to where there is nothing */
	{ { SIGABRT, NULL, true, false, "qemu: fatal: code outside RAM or ROM\n", NULL },
	    "qemu: killed by signal 6 (Aborted): qemu: fatal: code outside RAM or ROM", false },
	{ { SIGSEGV, NULL, true, false, "", NULL },
	    "qemu: killed by signal 11 (Segmentation fault)", false },
	{ { SIGSEGV, NULL, false, false, "", NULL },
	    "qemu: killed by signal 11 (Segmentation fault)", true },
	{ { SIGABRT, NULL, true, false, "qemu_memalign: failed to allocate 9 bytes\n", NULL },
	    "qemu: killed by signal 6 (Aborted): qemu_memalign: failed to allocate 9 bytes", true },
};

START_TEST(tells_whose_doing_it_was)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(ending_text(a, &endings[_i].x), endings[_i].text);
	ck_assert_int_eq(ending_is_hosts(&endings[_i].x), endings[_i].hosts);
	arena_free(a);
}
END_TEST

Suite *
ending_suite(void)
{
	Suite *s = suite_create("ending");

	tcase_add_loop_test(harness_case(s, "ending"), tells_whose_doing_it_was, 0,
	    sizeof endings / sizeof *endings);
	return s;
}
