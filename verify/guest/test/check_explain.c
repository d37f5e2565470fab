/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/explain.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/guest/symbols.h"
#include "verify/scenario/nearest.h"
#include "verify/test/suites.h"

#include <string.h>

/* ---- symbols ---- */

static const char map[] = "ffffffff81000000 T _stext\n"
			  "ffffffff81000000 T startup_64\n"
			  "ffffffff81000100 t default_idle\n"
			  "ffffffff81000100 d $x\n"
			  "ffffffff81000200 t calibrate_delay\n"
			  "ffffffff81000300 T _etext\n"
			  "ffffffff81000400 D jiffies\n";

static struct symbols *
symbols(struct arena *a, const char *text, struct err *e)
{
	const char *path = arena_printf(a, "%s/System.map", test_dir());
	struct symbols *s;

	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, e), 0);
	return symbols_read(a, path, &s, e) == 0 ? s : NULL;
}

static const struct {
	uint64_t address;
	const char *name;
} addresses[] = {
	{ 0xffffffff81000000, "startup_64" },
	{ 0xffffffff810000ff, "startup_64" },
	{ 0xffffffff81000100, "default_idle" },
	{ 0xffffffff810002fe, "calibrate_delay" },
	{ 0xffffffff81000300, NULL }, /* the end of the text */
	{ 0xffffffff80ffffff, NULL },
	{ 0, NULL },
};

START_TEST(names_addresses)
{
	struct arena *a = arena_new();
	struct err e;
	struct symbols *s = symbols(a, map, &e);

	ck_assert_pstr_eq(symbols_name(s, addresses[_i].address), addresses[_i].name);
	arena_free(a);
}
END_TEST

/* a kernel of 5 MiB of text, which begins at 0xffffffff81000000 */
static const char moved[] = "ffffffff81000000 T _stext\n"
			    "ffffffff81500000 T _etext\n"
			    "ffffffff81600060 D linux_banner\n";

static const struct {
	uint64_t address;
	unsigned n;
	bool there;
	uint64_t slide;
} slides[] = {
	{ 0xffffffff81000000, 0, true, 0 },
	{ 0xffffffff81000000, 1, false, 0 },
	{ 0xffffffff80ffffff, 0, false, 0 },
	{ 0xffffffff81234567, 0, true, 0x200000 },
	{ 0xffffffff81234567, 1, true, 0 },
	{ 0xffffffff81234567, 2, false, 0 },
	{ 0xffffffff9f7fffff, 0, true, 0x1e600000 },
	{ 0xffffffff9f7fffff, 1, true, 0x1e400000 },
	{ 0xffffffff9f7fffff, 2, false, 0 }, /* it would be behind the text */
	{ 0xffffffff9f600000, 2, true, 0x1e200000 },
	{ 0xffffffff9f600000, 3, false, 0 },
	{ 0x1000, 0, false, 0 },
};

START_TEST(slides_by_steps)
{
	struct arena *a = arena_new();
	struct err e;
	struct symbols *s = symbols(a, moved, &e);
	uint64_t slide = 0;

	ck_assert_uint_eq(symbols_banner(s), 0xffffffff81600060);
	ck_assert_int_eq(
	    symbols_slide(s, slides[_i].address, slides[_i].n, &slide), slides[_i].there);
	ck_assert_uint_eq(slide, slides[_i].slide);
	arena_free(a);
}
END_TEST

START_TEST(refuses_what_is_no_map)
{
	struct arena *a = arena_new();
	struct err e;

	ck_assert_ptr_null(symbols(a, "ffffffff81000000 T _stext\nhello\n", &e));
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "%s/System.map:2: not a line of a System.map", test_dir()));
	ck_assert_ptr_null(symbols(a, "ffffffff81000400 D jiffies\n", &e));
	ck_assert_str_eq(e.msg, arena_printf(a, "%s/System.map: names no function", test_dir()));
	ck_assert_ptr_null(symbols_name(NULL, 0xffffffff81000000));
	arena_free(a);
}
END_TEST

static const struct {
	const char *pc_register, *text;
	uint64_t pc;
	bool good, halted;
} registers[] = {
	{ "RIP",
	    "RAX=0000 RBX=0001\r\nRIP=ffffffff81000105 RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 "
	    "SMM=0 "
	    "HLT=1\r\n",
	    0xffffffff81000105, true, true },
	{ "EIP", "EAX=0\r\nEIP=c1001234 EFL=00000246 HLT=0\r\n", 0xc1001234, true, false },
	{ "PC", " PC=ffffffc008010000 X00=0000 X01=0\r\n", 0xffffffc008010000, true, false },
	{ "R15", "R00=00000000 R01=1\r\nR14=c0100000 R15=c0108a10\r\n", 0xc0108a10, true, false },
	{ "PC", "no processor", 0, false, false },
	{ "pc",
	    " V      =   0\r\n pc       ffffffff80003a52\r\n mhartid  0000000000000000\r\n "
	    "mepc     0000000000001000\r\n",
	    0xffffffff80003a52, true, false },
	{ "pc", " mepc     0000000000001000\r\n", 0, false, false },
	{ NULL, "RIP=ffffffff81000105", 0, false, false },
	{ "RIP", "RIP=", 0, false, false },
};

START_TEST(reads_registers)
{
	struct processor p = { 0 };

	ck_assert_int_eq(
	    processor_parse(registers[_i].text, registers[_i].pc_register, &p), registers[_i].good);
	if (registers[_i].good) {
		ck_assert_uint_eq(p.pc, registers[_i].pc);
		ck_assert_int_eq(p.halted, registers[_i].halted);
	}
}
END_TEST

/* ---- words ---- */

#define CALM .silent = 8.2, .load = 0.1, .contention = 0.01
#define TAIL ", console silent for 8.2 s, load 0.1"

static const struct {
	struct sighting s;
	const char *text;
} sightings[] = {
	{ { .status = "running", .nlooks = 2, .symbol = { "cpu_do_idle", "cpu_do_idle" }, CALM },
	    "idle (cpu_do_idle)" TAIL },
	{ { .status = "running", .nlooks = 2, .halted = { true, true }, CALM }, "idle" TAIL },
	{ { .status = "running",
	      .nlooks = 2,
	      .halted = { true, true },
	      .symbol = { "pv_native_safe_halt", "pv_native_safe_halt" },
	      CALM },
	    "idle (pv_native_safe_halt)" TAIL },
	{ { .status = "running",
	      .nlooks = 2,
	      .symbol = { "calibrate_delay", "calibrate_delay" },
	      CALM },
	    "spinning in calibrate_delay" TAIL },
	{ { .status = "running", .nlooks = 2, .symbol = { "cpu_do_idle", "do_sys_poll" }, CALM },
	    "busy, first in cpu_do_idle, then in do_sys_poll" TAIL },
	{ { .status = "running",
	      .nlooks = 2,
	      .symbol = { "do_exit" },
	      .user = { false, true },
	      CALM },
	    "busy, first in do_exit, then in a user program" TAIL },
	{ { .status = "running", .nlooks = 1, CALM }, "busy in an unknown place" TAIL },
	{ { .status = "running", CALM }, "unknown: QEMU reports nothing about its CPU" TAIL },
	{ { .status = "running",
	      .nlooks = 2,
	      .halted = { true, true },
	      .contention = 0.84,
	      .silent = 8.2,
	      .load = 9 },
	    "host CPU contention: runnable but not scheduled 84 %; idle, "
	    "console silent for 8.2 s, load 9.0" },
	{ { .status = "guest-panicked", CALM }, "panicked" TAIL },
	{ { .status = "io-error", CALM }, "not running: io-error" TAIL },
	{ { CALM }, "QEMU does not answer" TAIL },
	{ { .gone = true, .reason = "guest-panic", CALM }, "gone: guest-panic" },
	{ { .gone = true, CALM }, "gone: ending" },
};

START_TEST(finds_words)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(explain_text(a, &sightings[_i].s), sightings[_i].text);
	arena_free(a);
}
END_TEST

/* ---- nearest ---- */

static const struct {
	const char *text, *re, *sent, *nearest;
} nears[] = {
	{ "Linux version 6.12\nlo[   3.2] random: crng init done\ngin: ", "login: ", NULL, "gin:" },
	{ "one\nsshd: fatal: unable to bind\nthree\n", NULL, NULL, "sshd: fatal: unable to bind" },
	{ "one\nsshd: fatal: unable to bind\nthree\n", "quite another thing", NULL,
	    "sshd: fatal: unable to bind" },
	{ "one\ntwo\n\n  \n", "login: ", NULL, "two" },
	{ "two\n[ 6.1] random: crng reseeded due to virtual machine fork\n", NULL, NULL, "two" },
	{ "Command line: panic=-1 panic_on_oops=1\ntwo\n", NULL, NULL, "two" },
	{ " \n", "x", NULL, NULL },
	/* what people get wrong, and guests */
	{ "eth0: link up, 100 Mbit\n", "link up, 1000 Mbit", NULL,
	    "eth0: link up, 100 Mbit   (the same with another number)" },
	{ "eth0 7 up\n", "^eth0 (?<n2>[0-9]{1,3}) up$|12", NULL,
	    "eth0 7 up   (that fits, but more came behind it)" },
	{ "\nLH Login: ", "lh login: ", NULL,
	    "LH Login:   (the same but for upper and lower case)" },
	{ "one  two\n", "one two", NULL,
	    "one two   (the same but for blanks, or for where lines end)" },
	{ "one\r\ntwo\r\n", "one\\ two", NULL,
	    "one two   (the same but for blanks, or for where lines end)" },
	{ "a\nlh: default upp\nlh: bye\n", "lh: default up$", NULL,
	    "lh: default upp   (the same, but there is more on the line)" },
	{ "x\nlh login: ", "login: $", NULL,
	    "lh login:   (that fits; that nothing follows it, `prompt` would wait for)" },
	{ "# ls\n", "# ", NULL, "# ls   (that fits, but more came behind it)" },
	{ "s6-rc: info: klogd up\ns6-rc: warning: klogd down\n", "s6-rc: info: sshd up", NULL,
	    "s6-rc: info: klogd up   (fits as far as /s6-rc: info: /)" },
	{ "addr 10.0.2.15 on eth0\n", "addr (?<a>[0-9.]+) on (?:eth1|wlan[0-9])", NULL,
	    "addr 10.0.2.15 on eth0   (the same with another number)" },
	/* a class that takes anything is no sign */
	{ "some text\n", ".*login", NULL, "some text" },
	/* the echo of what was sent is no answer */
	{ "up\n# uname -r\r\n", "^6\\.", "uname -r\n", "up" },
	{ "# uname -r\r\n", "^6\\.", "uname -r\n",
	    "# uname -r   (only the echo of what was sent)" },
};

START_TEST(finds_the_nearest_line)
{
	struct arena *a = arena_new();
	struct nearest r =
	    nearest_in(a, nears[_i].text, strlen(nears[_i].text), nears[_i].re, nears[_i].sent);

	ck_assert_pstr_eq(r.miss ? r.miss : r.telling, nears[_i].nearest);
	ck_assert_int_eq(r.miss != NULL, nears[_i].nearest && strchr(nears[_i].nearest, '('));
	arena_free(a);
}
END_TEST

Suite *
explain_suite(void)
{
	Suite *s = suite_create("explain");
	TCase *tc = harness_case(s, "explain");

	tcase_add_loop_test(tc, names_addresses, 0, sizeof addresses / sizeof *addresses);
	tcase_add_loop_test(tc, slides_by_steps, 0, (int)(sizeof slides / sizeof *slides));
	tcase_add_test(tc, refuses_what_is_no_map);
	tcase_add_loop_test(tc, reads_registers, 0, sizeof registers / sizeof *registers);
	tcase_add_loop_test(tc, finds_words, 0, sizeof sightings / sizeof *sightings);
	tcase_add_loop_test(tc, finds_the_nearest_line, 0, sizeof nears / sizeof *nears);
	return s;
}
