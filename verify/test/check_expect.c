/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/expect.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/test/suites.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PATTERNS 32
#define WINDOW 65536

/* --- how a text is cut into reads, and what is seen of it --- */

/*
 * reads of `first` bytes once, `second` bytes once, then of `then` bytes; 0: all that is left;
 * seed: at random
 */
struct cut {
	size_t first, second, then;
	unsigned seed;
	bool late; /* the first look is after the end */
	bool each; /* as watches look */
};

static unsigned
roll(unsigned *seed, unsigned sides)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % sides;
}

static size_t
cut_next(const struct cut *c, unsigned *seed, size_t nth, size_t left)
{
	size_t n = c->then;

	if (c->seed) {
		static const unsigned sizes[] = { 1, 2, 7, 80, 700, 9000 };

		n = 1 + roll(seed, sizes[roll(seed, 6)]);
	} else if (nth == 0 && c->first) {
		n = c->first;
	} else if (nth == 1 && c->second) {
		n = c->second;
	}
	return !n || n > left ? left : n;
}

/* "1:3-7 0:9-9 !message ": what a reader sees, in order */
static void
look(struct arena *a, struct cursor *c, struct buf *seen)
{
	struct err e = { 0 };
	struct hit h;
	int r;

	while ((r = cursor_find(a, c, &h, &e))) {
		if (r < 0) {
			buf_addf(seen, "!%s ", e.msg);
			continue;
		}
		buf_addf(seen, "%zu:%llu-%llu ", h.which, (unsigned long long)h.start,
		    (unsigned long long)h.end);
		for (size_t i = 0; i < h.nvalues; i++)
			buf_addf(seen, "%s=%s ", h.names[i], h.values[i] ? h.values[i] : "(unset)");
	}
}

static char *
events(struct arena *a, struct pattern *const *v, size_t n, size_t window, const char *text,
    size_t len, const struct cut *cut)
{
	struct stream *s = stream_new(window);
	struct cursor *c = cursor_new(s, v, n);
	struct arena *scratch = arena_new();
	struct buf seen = { 0 };
	unsigned seed = cut->seed;
	char *result;

	if (cut->each)
		cursor_each(c);
	for (size_t at = 0, nth = 0, k; at < len; at += k, nth++) {
		k = cut_next(cut, &seed, nth, len - at);
		stream_add(s, text + at, k);
		if (!cut->late)
			look(scratch, c, &seen);
	}
	stream_eof(s);
	look(scratch, c, &seen);
	ck_assert_uint_eq(cursor_lost(c), 0);
	result = arena_strndup(a, seen.n ? seen.p : "", seen.n);
	buf_free(&seen);
	arena_free(scratch);
	cursor_free(c);
	stream_free(s);
	return result;
}

static void
same(struct arena *a, struct pattern *const *v, size_t n, size_t window, const char *text,
    size_t len, const char *want, const struct cut *cut)
{
	char *got = events(a, v, n, window, text, len, cut);

	if (!strcmp(got, want))
		return;
	printf("text:");
	for (size_t i = 0; i < len && i < 200; i++)
		printf(" %02x", (unsigned char)text[i]);
	printf("\n");
	for (size_t i = 0; i < n; i++)
		printf("pattern %zu: /%s/\n", i, pattern_text(v[i]));
	ck_abort_msg("reads %zu %zu %zu, seed %u%s:\n  %.300s\ninstead of\n  %.300s", cut->first,
	    cut->second, cut->then, cut->seed, cut->late ? ", late" : "", got, want);
}

/* every way of cutting that is worth its time */
static void
any_cut(struct arena *a, struct pattern *const *v, size_t n, size_t window, const char *text,
    size_t len, const char *want)
{
	same(a, v, n, window, text, len, want, &(struct cut){ .late = true });
	same(a, v, n, window, text, len, want, &(struct cut){ 0 });
	same(a, v, n, window, text, len, want, &(struct cut){ .then = 1 });
	for (size_t i = 1; i < len; i++) {
		same(a, v, n, window, text, len, want, &(struct cut){ .first = i });
		same(a, v, n, window, text, len, want, &(struct cut){ .first = i, .then = 1 });
		if (len <= 24)
			for (size_t k = 1; i + k < len; k++)
				same(a, v, n, window, text, len, want,
				    &(struct cut){ .first = i, .second = k });
	}
}

/* --- exact cases --- */

static const struct {
	const char *re[4];
	const char *text, *want;
} cases[] = {
	{ { "login: " }, "lh login: ", "0:3-10 " },
	{ { "login: " }, "login; log", "" },
	/* the earliest in the stream, not the first in the list; of equals the first in the list */
	{ { "b", "a" }, "ab", "1:0-1 0:1-2 " },
	{ { "abc", "ab" }, "abc", "0:0-3 " },
	{ { "ab", "abc" }, "abc", "0:0-2 " },
	{ { "abcd", "bc" }, "abce", "1:1-3 " },
	{ { "abcd", "bc" }, "abcd", "0:0-4 " },
	{ { "x", "a+b", "ab" }, "aab ab", "1:0-3 1:4-6 " },
	/* what could go on is certain when it did not */
	{ { "a+" }, "aaab aa", "0:0-3 0:5-7 " },
	{ { "a+?" }, "aa", "0:0-1 0:1-2 " },
	{ { "ab?" }, "aab", "0:0-1 0:1-3 " },
	{ { "dog(sbody)?" }, "dogsbod dogsbody", "0:0-3 0:8-16 " },
	{ { "panic: .*" }, "panic: a b\r\nc", "0:0-10 " },
	{ { "panic: (?<why>.*)|(?<up>login)" },
	    "panic: cut\r\nlogin:", "0:0-10 why=cut up=(unset) 0:12-17 why=(unset) up=login " },
	/* PCRE2 takes some bytes at once, and has not moved when there are too few */
	{ { "(?s).{3}" }, "abcd", "0:0-3 " },
	{ { "(?s)x|.{2}\\Qb|x" }, "aab|x", "0:0-5 " },
	{ { "(?xs) .{2} # two" }, "abc", "0:0-2 " },
	/* ends of lines, whoever makes them */
	{ { "^x$" }, "x\ny x\nx\r\nx\rx", "0:0-1 0:6-7 0:9-10 0:11-12 " },
	{ { "\\n^b" }, "a\nb", "0:1-3 " },
	{ { "^" }, "a\r\nb\n", "0:0-0 0:3-3 0:5-5 " },
	{ { "^$" }, "a\r\n\r\nb", "0:3-3 " },
	{ { "$" }, "a\r\nb", "0:1-1 0:4-4 " },
	{ { "\\r^" }, "a\r\n", "0:1-2 " },
	{ { ".*\\n" }, "bb\n\r\nab\n", "0:0-3 0:5-8 " },
	{ { "[^a]+" }, "a\r\nb", "0:1-4 " },
	/* the end of the stream is no end until it has come */
	{ { "# $" }, "# ls # ", "0:5-7 " },
	{ { "a\\z" }, "aa", "0:1-2 " },
	{ { "\\Aa" }, "aa", "0:0-1 " },
	{ { "b", "$" }, "a", "1:1-1 " },
	{ { "a\\Z", "b" }, "ba\n", "1:0-1 0:1-2 " },
	/* words and what stands behind */
	{ { "\\bBUG:" }, "ODEBUG: BUG:", "0:8-12 " },
	{ { "foo\\b" }, "foobar foo", "0:7-10 " },
	{ { "foo\\B" }, "foo foobar", "0:4-7 " },
	{ { "(?<=abc)def" }, "def abcdef", "0:7-10 " },
	{ { "(?<!O)DE" }, "ODE DE", "0:4-6 " },
	{ { "(?<=(?<!b)a)c" }, "bac ac", "0:5-6 " },
	{ { "a(?!b)" }, "abac", "0:2-3 " },
	{ { "a(?=bc)" }, "ababc", "0:2-3 " },
	{ { "(a+)-\\1" }, "aa-aaa-aaa", "0:0-5 0:5-8 " },
	{ { "ab\\Kcd" }, "xabcd", "0:3-5 " },
	{ { "ab\\Kc", "bc" }, "abc", "0:2-3 " },
	/* matches of nothing */
	{ { "(?=ab)a" }, "abb", "0:0-1 " },
	{ { "(?=ab)a{1,2}", "z" }, "abb", "0:0-1 " },
	{ { "x*" }, "axx", "0:0-0 0:1-3 0:3-3 " },
	{ { "(?<=# )" }, "# ls\n# ", "0:2-2 0:7-7 " },
	/* bytes */
	{ { "\\xff\\x00?" }, "\xff\xc3\xa9", "0:0-1 " },
	{ { "." }, "\xc3\xa9", "0:0-1 0:1-2 " },
	{ { "(?i)OOPS" }, "oOpS", "0:0-4 " },
	{ { ".*foo" }, "a\nbfoo foo\nfo", "0:2-10 " },
	{ { "(?s).*foo" }, "a\nbfoo\nfo", "0:0-6 " },
	/* the kernel in the middle of a prompt, and the prompt after it */
	{ { "login: ", "\\[ *[0-9.]+\\] .*" },
	    "lo[    3.2] random: crng init done\r\ngin: \r\nlogin: ", "1:2-34 0:43-50 " },
};

START_TEST(exact)
{
	struct arena *a = arena_new();
	struct pattern *v[4];
	struct err e = { 0 };
	size_t n = 0;

	for (; n < 4 && cases[_i].re[n]; n++)
		ck_assert_msg(pattern_compile(a, cases[_i].re[n], &v[n], &e) == 0, "%s", e.msg);
	any_cut(a, v, n, WINDOW, cases[_i].text, strlen(cases[_i].text), cases[_i].want);
	arena_free(a);
}
END_TEST

/* --- patterns and texts at random, against PCRE2 on the whole text --- */

#ifndef ROUNDS
#define ROUNDS 24
#endif
#define TEXTS 12

static void
random_pattern(unsigned *seed, unsigned depth, struct buf *re)
{
	static const char *const atoms[] = { "a", "b", "c", "a", "b", "ab", " ", "\\n", "\\r",
		"\\r\\n", ".", "[ab]", "[^a]", "[^\\r\\n]", "\\w", "\\s", "\\N" };
	static const char *const asserts[] = { "^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z",
		"(?<=a)", "(?<!b)", "(?<=[ab] )", "(?<=\\n)", "(?<=(?<!b)a)", "\\K" };
	static const char *const opens[] = { "(", "(?:", "(?=", "(?!", "(?>", "(?<g>", "(?i:" };
	static const char *const counts[] = { "*", "+", "?", "{1,2}", "{2}", "*?", "+?", "??", "*+",
		"++" };
	unsigned n = 1 + roll(seed, 4);

	for (unsigned i = 0; i < n; i++) {
		switch (roll(seed, depth ? 8 : 6)) {
		case 0:
			buf_adds(re, asserts[roll(seed, sizeof asserts / sizeof *asserts)]);
			continue;
		case 6:
		case 7:
			buf_adds(re, opens[roll(seed, sizeof opens / sizeof *opens)]);
			random_pattern(seed, depth - 1, re);
			buf_adds(re, ")");
			break;
		default:
			buf_adds(re, atoms[roll(seed, sizeof atoms / sizeof *atoms)]);
		}
		if (roll(seed, 3) == 0)
			buf_adds(re, counts[roll(seed, sizeof counts / sizeof *counts)]);
	}
	if (depth && roll(seed, 3) == 0) {
		buf_adds(re, "|");
		random_pattern(seed, depth - 1, re);
	}
}

/* what a reader with the whole text before it sees; NULL: a match was too much for PCRE2 */
static char *
tester(struct arena *a, struct pattern *const *v, size_t n, const char *text, size_t len)
{
	pcre2_compile_context *cc = pcre2_compile_context_create(NULL);
	pcre2_match_context *mc = pcre2_match_context_create(NULL);
	pcre2_code *code[MAX_PATTERNS];
	pcre2_match_data *md[MAX_PATTERNS];
	bool between[MAX_PATTERNS];
	struct buf seen = { 0 };
	char *result = NULL;
	size_t at = 0;

	pcre2_set_newline(cc, PCRE2_NEWLINE_ANYCRLF);
	pcre2_set_match_limit(mc, 10000);
	for (size_t i = 0; i < n; i++) {
		const unsigned char *re = (const unsigned char *)pattern_text(v[i]);
		pcre2_code *shortcuts;
		PCRE2_SIZE where;
		uint32_t type, line_ends;
		int error;

		code[i] = pcre2_compile(re, PCRE2_ZERO_TERMINATED,
		    PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX | PCRE2_NO_START_OPTIMIZE, &error,
		    &where, cc);
		ck_assert_ptr_nonnull(code[i]);
		md[i] = pcre2_match_data_create_from_pattern(code[i], NULL);
		/* may a match begin between CR and LF? */
		shortcuts = pcre2_compile(re, PCRE2_ZERO_TERMINATED,
		    PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX, &error, &where, cc);
		pcre2_pattern_info(shortcuts, PCRE2_INFO_HASCRORLF, &line_ends);
		pcre2_pattern_info(shortcuts, PCRE2_INFO_FIRSTCODETYPE, &type);
		between[i] = line_ends && type != 2;
		pcre2_code_free(shortcuts);
	}
	while (at <= len) {
		size_t best = n, start = 0;

		for (size_t i = 0; i < n; i++) {
			size_t from = at, to;
			int r;

			for (;; from = to + 1) {
				r = pcre2_match(
				    code[i], (const unsigned char *)text, len, from, 0, md[i], mc);
				to = r < 0 ? 0 : pcre2_get_startchar(md[i]);
				if (!to || to == len || text[to - 1] != '\r' || text[to] != '\n' ||
				    between[i])
					break;
			}
			if (r == PCRE2_ERROR_NOMATCH)
				continue;
			if (r < 0)
				goto out;
			if (best == n || pcre2_get_startchar(md[i]) < start) {
				best = i;
				start = pcre2_get_startchar(md[i]);
			}
		}
		if (best == n)
			break;
		buf_addf(&seen, "%zu:%zu-%zu ", best,
		    (size_t)pcre2_get_ovector_pointer(md[best])[0],
		    (size_t)pcre2_get_ovector_pointer(md[best])[1]);
		for (size_t i = 0; pattern_names(v[best])[i]; i++) {
			int group = pcre2_substring_number_from_name(
			    code[best], (const unsigned char *)pattern_names(v[best])[i]);
			const size_t *ov = pcre2_get_ovector_pointer(md[best]) + 2 * (size_t)group;

			buf_addf(&seen, "%s=", pattern_names(v[best])[i]);
			if (ov[0] == PCRE2_UNSET)
				buf_adds(&seen, "(unset)");
			else
				buf_add(&seen, text + ov[0], ov[1] - ov[0]);
			buf_adds(&seen, " ");
		}
		at = pcre2_get_ovector_pointer(md[best])[1];
		if (at <= start)
			at = start + 1;
	}
	result = arena_strndup(a, seen.n ? seen.p : "", seen.n);
out:
	for (size_t i = 0; i < n; i++) {
		pcre2_match_data_free(md[i]);
		pcre2_code_free(code[i]);
	}
	pcre2_match_context_free(mc);
	pcre2_compile_context_free(cc);
	buf_free(&seen);
	return result;
}

START_TEST(at_random)
{
	unsigned seed = (unsigned)_i * 2654435761u + 1;
	struct arena *a = arena_new();
	struct pattern *v[MAX_PATTERNS];
	size_t n = 0, want_n = 1 + roll(&seed, 3), judged = 0;
	struct err e;

	while (n < want_n) {
		struct buf re = { 0 };

		random_pattern(&seed, 2, &re);
		/* two groups of one name, a \K where it may not be: not every try is a pattern */
		n += pattern_compile(a, re.p, &v[n], &e) == 0;
		buf_free(&re);
	}
	for (unsigned t = 0; t < TEXTS; t++) {
		static const char letters[] = "aaaabbbc  \n\n\r";
		char text[32];
		size_t len = roll(&seed, sizeof text + 1);
		char *want;

		for (size_t i = 0; i < len; i++)
			text[i] = letters[roll(&seed, sizeof letters - 1)];
		want = tester(a, v, n, text, len);
		if (!want)
			continue;
		judged++;
		any_cut(a, v, n, WINDOW, text, len, want);
		want =
		    events(a, v, n, WINDOW, text, len, &(struct cut){ .late = true, .each = true });
		same(a, v, n, WINDOW, text, len, want, &(struct cut){ .then = 1, .each = true });
		for (size_t i = 1; i < len; i++)
			same(a, v, n, WINDOW, text, len, want,
			    &(struct cut){ .first = i, .each = true });
	}
	ck_assert_uint_gt(judged, 0);
	arena_free(a);
}
END_TEST

/* --- watches: none may hide what another looks for --- */

static const struct {
	const char *re[3];
	const char *text, *want;
} watched[] = {
	{ { "s6-\\w+: warning: .*", "I/O error" }, "s6-log: warning: I/O error\r\n",
	    "0:0-26 1:17-26 " },
	{ { "abcd", "bc", "c" }, "abcd", "0:0-4 1:1-3 2:2-3 " },
	{ { "abcd", "bc", "c" }, "abce", "1:1-3 2:2-3 " },
	{ { "a+", "a" }, "aab", "0:0-2 1:0-1 1:1-2 " },
	{ { "a*", "b" }, "ab", "0:0-1 0:1-1 1:1-2 0:2-2 " },
	{ { "(?s)x.*y", "a" }, "axa", "1:0-1 1:2-3 " },
};

START_TEST(each)
{
	struct arena *a = arena_new();
	struct pattern *v[3];
	const char *text = watched[_i].text;
	struct err e = { 0 };
	size_t n = 0;

	for (; n < 3 && watched[_i].re[n]; n++)
		ck_assert_msg(pattern_compile(a, watched[_i].re[n], &v[n], &e) == 0, "%s", e.msg);
	same(a, v, n, WINDOW, text, strlen(text), watched[_i].want,
	    &(struct cut){ .late = true, .each = true });
	same(a, v, n, WINDOW, text, strlen(text), watched[_i].want,
	    &(struct cut){ .then = 1, .each = true });
	for (size_t i = 1; i < strlen(text); i++)
		same(a, v, n, WINDOW, text, strlen(text), watched[_i].want,
		    &(struct cut){ .first = i, .each = true });
	arena_free(a);
}
END_TEST

/* --- a hostile console --- */

static const char *const watches[MAX_PATTERNS] = {
	"Kernel panic - not syncing: (?<why>.*)",
	"(?:Oops|Unable to handle kernel)[ :].*",
	"\\bBUG: .*",
	"Unable to mount root fs",
	"s6-(?:svscan|supervise|rc)[^:]*: (?:fatal|warning): .*",
	"unable to start service (?<service>[^ :]+)",
	"rc\\.shutdown exited [1-9][0-9]*",
	"Out of memory: Killed process (?<pid>[0-9]+)",
	"EXT4-fs error .*",
	"blocked for more than [0-9]+ seconds",
	"soft lockup",
	"I/O error, dev (?<dev>[a-z0-9]+)",
	"^[a-z]+ login: ",
	"login: \\r",
	"(?<=\\] )random: crng init done",
	"reboot: (?:Power down|Restarting system)",
	"segfault at [0-9a-f]+ ip",
	"Call Trace:",
	"---\\[ end (?:trace|Kernel panic)",
	"init: (?!started).*",
	"[0-9]+ input overrun",
	"\\x00{3}",
	"(?i)fatal error",
	"No space left on device",
	"Read-only file system",
	"Segmentation fault$",
	"respawning too fast",
	"watchdog: .*",
	"\\x1b\\[6n",
	"hung_task",
	"refused connect from (?<who>.*)",
	"\\[ *(?<at>[0-9]+\\.[0-9]+)\\] Run /sbin/init",
};

/* what a guest may say, and which watch it must wake, or -1 */
static const struct {
	const char *text;
	int wakes;
} says[] = {
	{ "[    1.203944] EXT4-fs (vda3): mounted filesystem r/o\r\n", -1 },
	{ "s6-rc: info: service klogd: starting\r\n", -1 },
	{ "\r\r\r\r\r\r\r\r\r\r\n", -1 },
	{ "\xff\xfe\xc3(\x01\x02\x7f\r\n", -1 },
	{ "[    3.200000] ODEBUG: is on\r\n", -1 },
	{ "Kernel panic - not sync\r\ning\r\n", -1 },
	{ "progress 10%\rprogress 20%\rprogress 100%\r\n", -1 },
	{ "init: started\r\n", -1 },
	{ "[    9.000000] Kernel panic - not syncing: Attempted to kill init!\r\n", 0 },
	{ "[    9.000000] Oops: 0002 [#1]\r\n", 1 },
	{ "s6-svscan: warning: unable to iopause: Function not implemented\r\n", 4 },
	{ "s6-rc: unable to start service udhcpc-eth0: exited 99\r\n", 5 },
	{ "lo[    3.2] random: crng init done\r\ngin: \r\r\n", 14 },
	{ "[    4.000000] I/O error, dev vda, sector 8\r\n", 11 },
	{ "sh: Segmentation fault\r\n", 25 },
	{ "FATAL ERROR\r\n", 22 },
	{ "init: no more processes\r\n", 19 },
};
#define NSAYS (sizeof says / sizeof *says)

static size_t
compile_watches(struct arena *a, struct pattern **v)
{
	struct err e;

	for (size_t i = 0; i < MAX_PATTERNS; i++)
		ck_assert_msg(pattern_compile(a, watches[i], &v[i], &e) == 0, "%s", e.msg);
	return MAX_PATTERNS;
}

/* size bytes of it; NULs and endless lines in between.  *wakes: how many watches it must wake */
static struct buf
hostile(unsigned seed, size_t size, size_t *wakes)
{
	struct buf text = { 0 };

	*wakes = 0;
	while (text.n < size) {
		unsigned what = roll(&seed, 40);

		if (what == 0) {
			char noise[5000];
			size_t n = roll(&seed, sizeof noise);

			memset(noise, 'y', n);
			buf_add(&text, noise, n);
			buf_adds(&text, "\r\n");
		} else if (what == 1) {
			buf_add(&text, "\0\0 ", 3);
		} else {
			size_t k = roll(&seed, what < 8 ? NSAYS : 8);

			buf_adds(&text, says[k].text);
			*wakes += says[k].wakes >= 0;
		}
	}
	return text;
}

/* each line of it alone wakes what it should; otherwise the floods below would prove little */
START_TEST(sayings)
{
	struct arena *a = arena_new();
	struct pattern *v[MAX_PATTERNS];
	size_t n = compile_watches(a, v);
	char *seen =
	    events(a, v, n, WINDOW, says[_i].text, strlen(says[_i].text), &(struct cut){ 0 });

	if (says[_i].wakes < 0)
		ck_assert_str_eq(seen, "");
	else
		ck_assert_int_eq(atoi(seen), says[_i].wakes);
	any_cut(a, v, n, WINDOW, says[_i].text, strlen(says[_i].text), seen);
	arena_free(a);
}
END_TEST

static size_t
count_hits(const char *seen)
{
	unsigned long long which, from, to;
	size_t n = 0;

	for (const char *p = seen; p; p = strchr(p, ' ')) {
		p += *p == ' ';
		n += sscanf(p, "%llu:%llu-%llu", &which, &from, &to) == 3;
	}
	return n;
}

START_TEST(floods)
{
	static const size_t sizes[] = { 15000, 60000, 300000, 5 << 20 };
	struct arena *a = arena_new();
	struct pattern *v[MAX_PATTERNS];
	size_t n = compile_watches(a, v), wakes;
	struct buf text = hostile((unsigned)_i + 7, sizes[_i], &wakes);
	char *want = events(a, v, n, WINDOW, text.p, text.n, &(struct cut){ .late = true });

	ck_assert_uint_gt(wakes, 5);
	ck_assert_uint_eq(count_hits(want), wakes);
	same(a, v, n, WINDOW, text.p, text.n, want, &(struct cut){ 0 });
	same(a, v, n, WINDOW, text.p, text.n, want, &(struct cut){ .then = 4096 });
	/* a byte at a time the endless lines are looked through again for each */
	same(a, v, n, WINDOW, text.p, text.n, want,
	    &(struct cut){ .then = sizes[_i] > 100000 ? 61 : 1 });
	for (unsigned seed = 1; seed <= 5; seed++)
		same(a, v, n, WINDOW, text.p, text.n, want, &(struct cut){ .seed = seed });
	buf_free(&text);
	arena_free(a);
}
END_TEST

/* --- what has a bound --- */

static const struct {
	const char *re[3];
	const char *text;
	size_t times;	  /* the text again and again */
	const char *want; /* with a window of 64 bytes */
} bounds[] = {
	/* as long as the window: taken as if the stream ended there */
	{ { "a+" }, "a", 150, "0:0-64 0:64-128 0:128-150 " },
	{ { "Oops.*$" }, "Oops at", 20, "0:0-64 0:70-134 " },
	/* no match in a window, and perhaps one behind it: not silently none, and told once */
	{ { "b.*foo", "c" }, "b........c", 7,
	    "!pattern /b.*foo/: needs over 64 bytes of lookahead at byte 0 1:9-10 1:19-20 "
	    "1:29-30 1:39-40 1:49-50 1:59-60 1:69-70 " },
	{ { "(?s)panic.*end", "!" }, "panic\n...!", 6,
	    "1:9-10 1:19-20 1:29-30 1:39-40 1:49-50 1:59-60 " },
	{ { "(?s)panic.*end", "!" },
	    "panic\n...........................................................!", 2,
	    "!pattern /(?s)panic.*end/: needs over 64 bytes of lookahead at byte 0 1:65-66 "
	    "1:131-132 " },
	/* nor is what looks ahead so far for each byte */
	{ { "a(.*foo)?", "!" }, "aaaaaaaaaaaaaaaaaaaaaaa!", 3,
	    "!pattern /a(.*foo)?/: needs over 64 bytes of lookahead at byte 0 1:23-24 1:47-48 "
	    "1:71-72 " },
	/* the end of the stream may not have been known when the window was full */
	{ { "a{65}" }, "a", 63, "" },
	{ { "a{65}" }, "a", 64, "!pattern /a{65}/: needs over 64 bytes of lookahead at byte 0 " },
	{ { "a{64}" }, "a", 65, "0:0-64 " },
	/* PCRE2 does not try where the first byte is another, and behind the last one it may */
	{ { "(?=(?R)?a)b" }, "a", 65,
	    "!pattern /(?=(?R)?a)b/: nested recursion at the same subject position at byte 65: "
	    "make it simpler " },
};

START_TEST(bounded)
{
	struct arena *a = arena_new();
	struct pattern *v[3];
	struct buf text = { 0 };
	struct err e;
	size_t n = 0;

	for (; n < 3 && bounds[_i].re[n]; n++)
		ck_assert_int_eq(pattern_compile(a, bounds[_i].re[n], &v[n], &e), 0);
	for (size_t i = 0; i < bounds[_i].times; i++)
		buf_adds(&text, bounds[_i].text);
	any_cut(a, v, n, 64, text.p, text.n,
	    events(a, v, n, 64, text.p, text.n, &(struct cut){ .late = true }));
	ck_assert_str_eq(events(a, v, n, 64, text.p, text.n, &(struct cut){ 0 }), bounds[_i].want);
	buf_free(&text);
	arena_free(a);
}
END_TEST

/* what backtracks without end is told, at its place, whatever the reads; and once */
START_TEST(endless)
{
	static const struct {
		const char *re, *text, *want;
	} rows[] = {
		{ "(a+)+b", "x aaaaaaaaaaaaaaaaaaac \n",
		    "!pattern /(a+)+b/: match limit exceeded at byte 2: make it simpler " },
		{ "(?:c|(?:a|aa)+$)", "caaaaaaaaaaaaaaaaaaaaaaaaaaaaa! c",
		    "0:0-1 !pattern /(?:c|(?:a|aa)+$)/: match limit exceeded at byte 1: make it "
		    "simpler 1:30-31 " },
		/* whether a CR that came alone is one of a CRLF, between which nothing begins */
		{ "(?<=[^a])(?R)", "a\r\nb",
		    "!pattern /(?<=[^a])(?R)/: nested recursion at the same subject position at "
		    "byte 3: make it simpler " },
	};
	struct arena *a = arena_new();
	struct pattern *v[2];
	struct err e;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *want;

		ck_assert_int_eq(pattern_compile(a, rows[i].re, &v[0], &e), 0);
		ck_assert_int_eq(pattern_compile(a, "!", &v[1], &e), 0);
		want = events(a, v, 2, WINDOW, rows[i].text, strlen(rows[i].text),
		    &(struct cut){ .late = true });
		ck_assert_str_eq(want, rows[i].want);
		same(a, v, 2, WINDOW, rows[i].text, strlen(rows[i].text), want, &(struct cut){ 0 });
		same(a, v, 2, WINDOW, rows[i].text, strlen(rows[i].text), want,
		    &(struct cut){ .then = 1 });
		same(a, v, 2, WINDOW, rows[i].text, strlen(rows[i].text), want,
		    &(struct cut){ .first = 20 });
	}
	ck_assert_int_eq(pattern_match(a, v[1], "a!", 2, NULL, &e), 1);
	ck_assert_int_eq(pattern_compile(a, rows[0].re, &v[0], &e), 0);
	ck_assert_int_eq(pattern_match(a, v[0], "aaaaaaaaaaaaaaaaaaaaaac b", 25, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "pattern /(a+)+b/: match limit exceeded: make it simpler");
	arena_free(a);
}
END_TEST

/* a match as long as can be, with much to remember, is none of those */
START_TEST(deep)
{
	struct arena *a = arena_new();
	struct pattern *v[2];
	struct buf text = { 0 };
	struct err e;

	ck_assert_int_eq(pattern_compile(a, "<(?:(a)|(?:b))*>", &v[0], &e), 0);
	ck_assert_int_eq(pattern_compile(a, "!", &v[1], &e), 0);
	buf_adds(&text, "! <");
	for (size_t i = 0; i < 6000; i++)
		buf_adds(&text, "ab");
	buf_adds(&text, "> <a> !");
	for (size_t then = 0; then < 6000; then = 2 * then + 499)
		same(a, v, 2, WINDOW, text.p, text.n,
		    "1:0-1 0:2-12004 0:12005-12008 1:12009-12010 ", &(struct cut){ .then = then });
	buf_free(&text);
	arena_free(a);
}
END_TEST

static const struct {
	const char *re, *why;
} refused[] = {
	{ "", "pattern //: matches everywhere" },
	{ "a(b", "pattern /a(b/: missing closing parenthesis at column 4" },
	{ "[b-a]", "pattern /[b-a]/: range out of order in character class at column 4" },
	{ "*", "pattern /*/: quantifier does not follow a repeatable item at column 1" },
	{ "x\\Gy", "pattern /x\\Gy/: \\G has no meaning on a stream at column 2" },
	{ "x\\R?",
	    "pattern /x\\R?/: \\R and \\X are not certain on a stream, \\r?\\n is at column 2" },
	{ "a(*COMMIT)b", "pattern /a(*COMMIT)b/: verbs such as (*COMMIT) have no meaning on a "
			 "stream at column 2" },
	{ "(*UTF)a",
	    "pattern /(*UTF)a/: verbs such as (*COMMIT) have no meaning on a stream at column 1" },
	{ "[]](*:x)",
	    "pattern /[]](*:x)/: verbs such as (*COMMIT) have no meaning on a stream at column 4" },
	{ "(?<=a{1025})b",
	    "pattern /(?<=a{1025})b/: looks back 1025 bytes, at most 1024 can be kept" },
	{ "(?<x>a)(?<x>b)", "pattern /(?<x>a)(?<x>b)/: two named subpatterns have the same name "
			    "(PCRE2_DUPNAMES not set) at column 13" },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	struct pattern *p;
	struct err e = { 0 };

	ck_assert_int_eq(pattern_compile(a, refused[_i].re, &p, &e), -1);
	ck_assert_str_eq(e.msg, refused[_i].why);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* what looks like the refused, and is not */
START_TEST(accepts)
{
	static const char *const fine[] = { "\\(*COMMIT", "[(*A]", "[](*A]", "[^](*A]",
		"\\Q\\G(*F\\E", "(?#(*F)x", "[[:alpha:](*A]", "(*pla:a)", "\\\\G" };
	struct arena *a = arena_new();
	struct pattern *p;
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		ck_assert_msg(pattern_compile(a, fine[i], &p, &e) == 0, "%s", e.msg);
	arena_free(a);
}
END_TEST

START_TEST(literal)
{
	static const char bytes[] = "a.\0\r\n(?:";
	struct arena *a = arena_new();
	struct pattern *p;
	struct err e;
	struct hit h;

	ck_assert_int_eq(pattern_literal(a, bytes, sizeof bytes - 1, &p, &e), 0);
	any_cut(a, &p, 1, WINDOW, "xa.\0\r\n(?:y", 11, "0:1-9 ");
	ck_assert_int_eq(pattern_literal(a, "", 0, &p, &e), -1);

	ck_assert_str_eq(pattern_quote(a, "10.0.2.1\n$x_Y"), "10\\.0\\.2\\.1\\\n\\$x\\_Y");
	for (unsigned c = 1; c < 256; c++) {
		char text[4] = { 'x', (char)c, 'y', '\0' };

		ck_assert_msg(pattern_compile(a, pattern_quote(a, text), &p, &e) == 0,
		    "byte %u: %s", c, e.msg);
		ck_assert_int_eq(pattern_match(a, p, text, 3, &h, &e), 1);
		ck_assert_uint_eq(h.start, 0);
		ck_assert_uint_eq(h.end, 3);
	}
	arena_free(a);
}
END_TEST

START_TEST(names)
{
	struct arena *a = arena_new();
	struct pattern *p;
	struct err e;
	struct hit h;

	ck_assert_int_eq(pattern_compile(a, "(?<zeta>a)(b)(?<alpha>c)?(?<beta>d*)", &p, &e), 0);
	ck_assert_str_eq(pattern_text(p), "(?<zeta>a)(b)(?<alpha>c)?(?<beta>d*)");
	ck_assert_str_eq(pattern_names(p)[0], "zeta");
	ck_assert_str_eq(pattern_names(p)[1], "alpha");
	ck_assert_str_eq(pattern_names(p)[2], "beta");
	ck_assert_ptr_null(pattern_names(p)[3]);
	ck_assert_int_eq(pattern_match(a, p, "xabdd", 5, &h, &e), 1);
	ck_assert_uint_eq(h.nvalues, 3);
	ck_assert_str_eq(h.values[0], "a");
	ck_assert_ptr_null(h.values[1]);
	ck_assert_str_eq(h.values[2], "dd");
	ck_assert_int_eq(pattern_match(a, p, "xa", 2, &h, &e), 0);
	ck_assert_int_eq(pattern_match(a, p, NULL, 0, NULL, &e), 0);
	arena_free(a);
}
END_TEST

/*
 * several readers of one stream, each for itself; other patterns from where it stands; back to the
 * start
 */
START_TEST(readers)
{
	struct arena *a = arena_new();
	struct pattern *p, *q;
	struct stream *s = stream_new(WINDOW);
	struct cursor *c, *d;
	struct buf seen = { 0 };
	struct err e;

	ck_assert_int_eq(pattern_compile(a, "a", &p, &e), 0);
	ck_assert_int_eq(pattern_compile(a, "b", &q, &e), 0);
	c = cursor_new(s, &p, 1);
	d = cursor_new(s, &q, 1);
	stream_add(s, "abab", 4);
	look(a, d, &seen);
	ck_assert_str_eq(seen.p, "0:1-2 0:3-4 ");
	buf_clear(&seen);
	ck_assert_int_eq(cursor_find(a, c, &(struct hit){ 0 }, &e), 1);
	ck_assert_uint_eq(cursor_offset(c), 1);
	cursor_patterns(c, (struct pattern *[]){ q, p }, 2);
	look(a, c, &seen);
	ck_assert_str_eq(seen.p, "0:1-2 1:2-3 0:3-4 ");
	buf_clear(&seen);
	cursor_seek(c, 2);
	look(a, c, &seen);
	ck_assert_str_eq(seen.p, "1:2-3 0:3-4 ");
	ck_assert_uint_eq(stream_size(s), 4);
	cursor_patterns(c, NULL, 0);
	ck_assert_int_eq(cursor_find(a, c, &(struct hit){ 0 }, &e), 0);
	buf_free(&seen);
	cursor_free(c);
	cursor_free(d);
	stream_free(s);
	arena_free(a);
}
END_TEST

/*
 * a flood without a newline leaves a window; who did not look is told what it missed, who did
 * missed nothing
 */
START_TEST(forgets)
{
	struct arena *a = arena_new();
	struct pattern *p;
	struct stream *s = stream_new(4096);
	struct cursor *eager, *lazy;
	char line[1000];
	struct hit h;
	struct err e;
	size_t n, hits = 0;
	uint64_t lost = 0;

	ck_assert_int_eq(pattern_compile(a, "here", &p, &e), 0);
	eager = cursor_new(s, &p, 1);
	lazy = cursor_new(s, &p, 1);
	memset(line, 'x', sizeof line);
	memcpy(line, "here", 4);
	for (size_t i = 0; i < 1000; i++) {
		stream_add(s, line, sizeof line);
		while (cursor_find(a, eager, &h, &e))
			hits++;
	}
	ck_assert_uint_eq(hits, 1000);
	ck_assert_uint_eq(cursor_lost(eager), 0);
	ck_assert_uint_eq(stream_size(s), 1000000);
	stream_text(a, s, 0, UINT64_MAX, &n);
	ck_assert_uint_ge(n, 4096);
	ck_assert_uint_le(n, 16384);

	for (hits = 0; cursor_find(a, lazy, &h, &e); hits++)
		ck_assert_uint_eq(h.start % 1000, 0);
	ck_assert_uint_ge(hits, 4);
	ck_assert_uint_ge(cursor_lost(lazy), 980000);
	ck_assert_uint_le(cursor_lost(lazy), 996000);
	ck_assert_uint_ge(1000000 - cursor_lost(lazy), hits * 1000);
	ck_assert_uint_lt(1000000 - cursor_lost(lazy), (hits + 1) * 1000);

	/* where it begins again is not where a line begins */
	ck_assert_int_eq(pattern_compile(a, "^x|\\Ax|(?<!x)x", &p, &e), 0);
	cursor_seek(lazy, 0);
	cursor_patterns(lazy, &p, 1);
	while (cursor_find(a, lazy, &h, &e))
		ck_assert_uint_eq(h.start % 1000, 4);

	/* and told once, though other patterns are sought from there */
	ck_assert_int_eq(pattern_compile(a, "there", &p, &e), 0);
	cursor_seek(lazy, 900000);
	for (int i = 0; i < 3; i++) {
		cursor_patterns(lazy, &p, 1);
		ck_assert_int_eq(cursor_find(a, lazy, &h, &e), 0);
		lost = i ? lost : cursor_lost(lazy);
		ck_assert_uint_eq(cursor_lost(lazy), lost);
	}
	ck_assert_uint_gt(lost, 2000000);
	cursor_free(eager);
	cursor_free(lazy);
	stream_free(s);
	arena_free(a);
}
END_TEST

static const struct {
	const char *re, *text;
	int found;
	unsigned start;
} prompts[] = {
	{ "login: $", "lh login: ", 1, 3 },
	{ "login: $", "lh login: \r\n", 0, 0 },
	{ "login: $", "lh login: x", 0, 0 },
	{ "login: ", "login: login: ", 1, 7 },
	{ "^[a-z]+ login: ", "noise\r\nlh login: ", 1, 7 },
	{ "[#$] $", "# ls\r\na b\r\n# ", 1, 11 },
	{ "# ", "# ls", 0, 0 },
	{ "(?<who>\\w+) login: $", "x\nlh login: ", 1, 2 },
};

START_TEST(prompt)
{
	struct arena *a = arena_new();
	struct pattern *p;
	struct stream *s = stream_new(WINDOW);
	struct cursor *c = cursor_new(s, NULL, 0);
	struct hit h;
	struct err e;

	ck_assert_int_eq(pattern_compile(a, prompts[_i].re, &p, &e), 0);
	ck_assert_int_eq(prompt_find(a, c, p, &h, &e), 0);
	stream_add(s, prompts[_i].text, strlen(prompts[_i].text));
	ck_assert_int_eq(prompt_find(a, c, p, &h, &e), prompts[_i].found);
	if (prompts[_i].found) {
		ck_assert_uint_eq(h.start, prompts[_i].start);
		ck_assert_uint_eq(h.end, strlen(prompts[_i].text));
		ck_assert_uint_eq(cursor_offset(c), h.end);
		if (h.nvalues)
			ck_assert_str_eq(h.values[0], "lh");
		/* it was taken: the same prompt is not seen twice */
		ck_assert_int_eq(prompt_find(a, c, p, &h, &e), 0);
	} else {
		ck_assert_uint_eq(cursor_offset(c), 0);
	}
	cursor_free(c);
	stream_free(s);
	arena_free(a);
}
END_TEST

/* far into a stream */
START_TEST(prompt_late)
{
	struct arena *a = arena_new();
	struct pattern *p;
	struct stream *s = stream_new(WINDOW);
	struct cursor *c = cursor_new(s, NULL, 0);
	struct hit h;
	struct err e;

	for (size_t i = 0; i < 500000; i++)
		stream_add(s, "x", 1);
	stream_add(s, "\n# ", 3);
	ck_assert_int_eq(pattern_compile(a, "^# $", &p, &e), 0);
	ck_assert_int_eq(prompt_find(a, c, p, &h, &e), 1);
	ck_assert_uint_eq(h.start, 500001);
	ck_assert_uint_eq(h.end, 500003);
	cursor_seek(c, 0);
	ck_assert_int_eq(pattern_compile(a, "(?s)x.+", &p, &e), 0);
	ck_assert_int_eq(prompt_find(a, c, p, &h, &e), 1);
	ck_assert_uint_eq(h.end - h.start, 16384);
	cursor_free(c);
	stream_free(s);
	arena_free(a);
}
END_TEST

/* what is certain is told at once: nobody may be going to say more */
static const struct {
	const char *re, *text;
	int found; /* hits before the end is known */
} certain[] = {
	{ "login: ", "lh login: ", 1 },
	{ "(?<=# )", "ls\n# ", 1 },
	{ "^", "", 0 },
	{ "\\n^", "a\n", 1 },
	{ "^|\\n", "a\n", 3 },
	{ "\\n|^", "a\n", 2 },
	{ "a+", "aa", 0 },
	{ "a+?", "a", 1 },
	{ "a+b?c", "aabc", 1 },
	{ "x$", "x", 0 },
	{ "x$", "x\r", 1 },
	{ "foo\\b", "foo", 0 },
	{ "foo\\b", "foo ", 1 },
	{ "x.*", "x y", 0 },
	{ "x.*", "x y\r", 1 },
	{ "ab|abc", "ab", 1 },
	{ "abc|ab", "ab", 0 },
};

START_TEST(at_once)
{
	const char *text = certain[_i].text;

	/* read at once, or byte by byte */
	for (size_t n = strlen(text) ? strlen(text) : 1;; n = 1) {
		struct arena *a = arena_new();
		struct pattern *p;
		struct stream *s = stream_new(WINDOW);
		struct cursor *c;
		struct err e;
		struct hit h;
		int found = 0;

		ck_assert_int_eq(pattern_compile(a, certain[_i].re, &p, &e), 0);
		c = cursor_new(s, &p, 1);
		for (size_t at = 0; at < strlen(text); at += n) {
			stream_add(s, text + at, n);
			while (cursor_find(a, c, &h, &e) == 1)
				found++;
		}
		ck_assert_int_eq(found, certain[_i].found);
		cursor_free(c);
		stream_free(s);
		arena_free(a);
		if (n == 1)
			break;
	}
}
END_TEST

static const struct {
	const char *text;
	size_t n, max;
	const char *line;
} lines[] = {
	{ "", 0, 80, "" },
	{ " \r\n\n", 4, 80, "" },
	{ "one\r\ntwo\r\n \r\n", 13, 80, "two" },
	{ "one\ntwo three", 13, 5, "three" },
	{ "a\0b\0\0", 5, 80, "a" },
	{ "10%\r20%\r", 8, 80, "20%" },
	{ "  [ 1.0] x\t\n", 12, 80, "  [ 1.0] x" },
};

START_TEST(last_line)
{
	struct arena *a = arena_new();
	struct stream *s = stream_new(WINDOW);

	if (lines[_i].n)
		stream_add(s, lines[_i].text, lines[_i].n);
	ck_assert_str_eq(stream_last_line(a, s, lines[_i].max), lines[_i].line);
	stream_free(s);
	arena_free(a);
}
END_TEST

START_TEST(text)
{
	struct arena *a = arena_new();
	struct stream *s = stream_new(WINDOW);
	size_t n;

	ck_assert_str_eq(stream_text(a, s, 0, 10, &n), "");
	stream_add(s, "a\0bcd", 5);
	ck_assert_mem_eq(stream_text(a, s, 1, 4, &n), "\0bc", 3);
	ck_assert_uint_eq(n, 3);
	ck_assert_str_eq(stream_text(a, s, 3, 100, &n), "cd");
	ck_assert_uint_eq(n, 2);
	stream_text(a, s, 100, 200, &n);
	ck_assert_uint_eq(n, 0);
	stream_text(a, s, 4, 2, &n);
	ck_assert_uint_eq(n, 0);
	stream_free(s);
	arena_free(a);
}
END_TEST

/* a guest may print a line in which a match could begin, and go on, everywhere */
START_TEST(at_once_is_finite)
{
	struct arena *a = arena_new();
	size_t n = 1 << 19;
	char *line = arena_alloc(a, n);
	struct pattern *p;
	struct err e;

	for (size_t i = 0; i < n; i++)
		line[i] = "inet "[i % 5];
	ck_assert_int_eq(pattern_compile(a, "inet .*/24", &p, &e), 0);
	ck_assert_int_eq(pattern_match(a, p, line, n, NULL, &e), -1);
	ck_assert_str_eq(e.msg, "pattern /inet .*/24/: match limit exceeded: make it simpler");
	/* many short lines are none */
	for (size_t i = 0; i < n; i += 100)
		line[i] = '\n';
	memcpy(line + n - 16, "\ninet 10.0.2.15/24", 16);
	ck_assert_int_eq(pattern_match(a, p, line, n, NULL, &e), 0);
	memcpy(line + n - 19, "\ninet 10.0.2.15/24\n", 19);
	ck_assert_int_eq(pattern_match(a, p, line, n, NULL, &e), 1);
	arena_free(a);
}
END_TEST

#define ROWS(table) (int)(sizeof(table) / sizeof *(table))

Suite *
expect_suite(void)
{
	const TTest *const plain[] = { prompt_late, endless, deep, accepts, literal, names, readers,
		forgets, text, at_once_is_finite };
	Suite *s = suite_create("expect");
	TCase *tc = harness_case(s, "expect");

	tcase_add_loop_test(tc, exact, 0, ROWS(cases));
	tcase_add_loop_test(tc, at_random, 0, ROUNDS);
	tcase_add_loop_test(tc, each, 0, ROWS(watched));
	tcase_add_loop_test(tc, sayings, 0, ROWS(says));
	tcase_add_loop_test(tc, floods, 0, 4);
	tcase_add_loop_test(tc, bounded, 0, ROWS(bounds));
	tcase_add_loop_test(tc, refuses, 0, ROWS(refused));
	tcase_add_loop_test(tc, prompt, 0, ROWS(prompts));
	tcase_add_loop_test(tc, at_once, 0, ROWS(certain));
	tcase_add_loop_test(tc, last_line, 0, ROWS(lines));
	for (int i = 0; i < ROWS(plain); i++)
		tcase_add_test(tc, plain[i]);
	return s;
}
