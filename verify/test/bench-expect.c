/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How fast is a console looked through?  Prints the seconds of processor time that 32 patterns
 * take for 100 MB in reads of 4 KiB: ours, and for comparison those of a bare loop around PCRE2's
 * JIT compiler, which looks at each read by itself and so misses what lies across two of them.
 * Medians of rounds that take turns.
 *
 *	bench-expect [ROUNDS]
 */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/expect.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TOTAL 100000000
#define READ 4096
#define MOST_ROUNDS 99

static const char *const patterns[] = {
	"Kernel panic - not syncing: (?<why>.*)",
	"\\bOops\\b|Oops:|\\bBUG: |kernel BUG at",
	"Unable to handle kernel|general protection fault|Internal error:",
	"watchdog: BUG: soft lockup|rcu: INFO: rcu_\\w+ (?:self-)?detected stall",
	"blocked for more than \\d+ seconds",
	"Out of memory: Killed process|invoked oom-killer",
	"VFS: Cannot open root device|No working init found",
	"Requested init \\S+ failed|Starting init: \\S+ exists but couldn't exec",
	"unable to open an initial console|devtmpfs: error mounting",
	"EXT4-fs error|I/O error, dev |Buffer I/O error|JBD2: .{0,200}abort",
	"invalid opcode|undefined instruction|traps: .{0,200} trap ",
	": segfault at |unhandled .{0,80}fault",
	"\\b(?:s6|s6rc|execline|mdevd|nsss|utmps)[a-z0-9-]*(?: \\S+)?: fatal: .*",
	"s6-svscan: warning: .*|s6-svscan (?:crashed|exited)",
	"s6-supervise \\S+: warning: .*",
	"s6-rc: warning: unable to (?:start|stop) service .*",
	"lh: (?:\\S+ not up|/etc/fstab )",
	"rc\\.(?:shutdown|init)\\b.* (?:exited|crashed)",
	"s6-linux-init-shutdownd: warning: .*",
	"^can't run '|process '[^']*' \\(pid \\d+\\) exited\\. Scheduling for restart",
	"WARNING: CPU: .*",
	"^s6-[a-z-]+: warning: .*",
	"login: ",
	"[Pp]assword: ",
	"lh: default up",
	"reboot: Power down",
	"reboot: Restarting system",
	"Linux version (?<version>\\S+)",
	"Run /sbin/init as init process",
	"eth0: link becomes ready",
	"random: crng init done",
	"EXT4-fs \\(\\S+\\): mounted filesystem",
};
#define N (sizeof patterns / sizeof *patterns)

/* lines as a kernel and its services write them, none of which is looked for */
static void
write_console(struct buf *b)
{
	static const char *const lines[][3] = {
		{ "pci 0000:00:", ".0: [8086:", "] type 00 class 0x060000" },
		{ "virtio_blk virtio", ": [vda] ", " 512-byte logical blocks" },
		{ "s6-rc: info: service udhcpc-", ": starting, ", " ms" },
		{ "clocksource: tsc-", ": mask: 0xffffffffffffffff max_cycles: ", "" },
		{ "systemd-udevd: device node ", ": ", ", nothing to be done" },
	};
	unsigned seed = 1;

	for (unsigned i = 0; b->n < READ * 1024; i++) {
		const char *const *line;

		seed = seed * 1103515245u + 12345u;
		line = lines[(seed >> 16) % (sizeof lines / sizeof *lines)];
		buf_addf(b, "[%5u.%06u] %s%u%s%u%s\r\n", i / 100, seed % 1000000, line[0],
		    seed >> 28, line[1], seed % 65521, line[2]);
	}
}

static double
cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
ours(struct pattern *const *v, const struct buf *text)
{
	struct stream *s = stream_new(65536);
	struct cursor *c = cursor_new(s, v, N);
	struct arena *a = arena_new();
	double began = cpu();

	for (size_t done = 0; done < TOTAL; done += READ) {
		struct hit h;
		struct err e;

		stream_add(s, text->p + done % (READ * 1024), READ);
		while (cursor_find(a, c, &h, &e))
			;
	}
	began = cpu() - began;
	arena_free(a);
	cursor_free(c);
	stream_free(s);
	return began;
}

static double
bare(pcre2_code *const *v, const struct buf *text)
{
	pcre2_match_data *md = pcre2_match_data_create(10, NULL);
	double began = cpu();

	for (size_t done = 0; done < TOTAL; done += READ)
		for (size_t i = 0; i < N; i++)
			pcre2_match(v[i], (const unsigned char *)text->p + done % (READ * 1024),
			    READ, 0, 0, md, NULL);
	pcre2_match_data_free(md);
	return cpu() - began;
}

static int
by_value(const void *x, const void *y)
{
	double d = *(const double *)x - *(const double *)y;

	return d < 0 ? -1 : d > 0;
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof *v, by_value);
	return v[n / 2];
}

int
main(int argc, char **argv)
{
	long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 5;
	double mine[MOST_ROUNDS], theirs[MOST_ROUNDS];
	struct arena *a = arena_new();
	struct pattern *v[N];
	pcre2_code *jit[N];
	struct buf text = { 0 };
	struct err e;

	if (rounds < 1 || rounds > MOST_ROUNDS)
		rounds = 5;
	for (size_t i = 0; i < N; i++) {
		PCRE2_SIZE at;
		int error;

		jit[i] = pcre2_compile((const unsigned char *)patterns[i], strlen(patterns[i]),
		    PCRE2_MULTILINE, &error, &at, NULL);
		if (!jit[i] || pcre2_jit_compile(jit[i], PCRE2_JIT_COMPLETE) < 0 ||
		    pattern_compile(a, patterns[i], &v[i], &e) < 0) {
			fprintf(stderr, "bench-expect: /%s/: cannot be compiled\n", patterns[i]);
			return 111;
		}
	}
	write_console(&text);
	for (long i = 0; i < rounds; i++) {
		mine[i] = ours(v, &text);
		theirs[i] = bare(jit, &text);
	}
	printf("%.3f\t%.3f\n", median(mine, (size_t)rounds), median(theirs, (size_t)rounds));
	for (size_t i = 0; i < N; i++)
		pcre2_code_free(jit[i]);
	buf_free(&text);
	arena_free(a);
	return 0;
}
