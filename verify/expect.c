/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/expect.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/heads.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * PCRE2 is used without its JIT compiler, which is up to five times as fast and at times
 * wrong: 10.42 misses
 * ((?>[^\r\n]+?)|cc)ab in "xxacab", and leaves in a group what it had at an earlier start.  The
 * interpreter looks for 32 patterns in 30 MB a second and more, and is asked only where a match may
 * begin, by heads.h.
 *
 * Nor are its shortcuts trusted that ask for a byte that must be somewhere: (?=ab)a is not found in
 * "abb", for there is no second a.  They are off while a match may go on, and in a second program
 * that is used at the end.
 */

/*
 * How far a match may go on.  A pattern that wants to see more to be sure is given up, and one that
 * backtracks without end is: told once, never asked again.  Else a guest could make it cost that
 * much for every byte, and this makes the work for a byte finite.
 */
#define MATCH_MAX ((size_t)16384)
/* how far a pattern sees back from where its match begins */
#define BEHIND ((size_t)1024)
/* a search that backtracks more than this would never end */
#define MATCH_LIMIT 1000000
#define HEAP_LIMIT_KIB 16384
/*
 * What is searched at once has a budget for all its starts together, or a line with many of them
 * would cost the square of its length; a start may always have the least.
 */
#define ONCE_BUDGET ((size_t)1 << 28)
#define ONCE_LEAST 512
/* less than this is looked through for first bytes before PCRE2 is asked */
#define FEW 64
/* what is asked for a report looks at so many places at most */
#define REACH_LOOKS 2000000

struct pattern {
	pcre2_code *code; /* for what may go on */
	pcre2_code *last; /* for what has its end */
	const char *text;
	const char **names;
	uint32_t *groups; /* numbers of the named ones */
	size_t nnames;
	unsigned char first[32]; /* bytes a match can begin with, as a bitmap */
	struct heads heads;	 /* and the next ones */
	bool empty;		 /* it can match nothing, so it needs no first byte */
	bool between;		 /* its matches may begin between CR and LF */
};

struct stream {
	struct buf b;
	uint64_t base; /* offset of b.p[0] */
	size_t window, match_max;
	bool eof;
};

enum state {
	OPEN,	 /* no match begins before from */
	MATCHED, /* the next one: from..end */
	STUCK,	 /* the one that begins at from can't be judged */
	GIVEN_UP /* that was told */
};

struct slot {
	struct pattern *pattern;
	pcre2_match_data *md;
	enum state state;
	uint64_t from, end;
	uint64_t subject; /* offset of the bytes that md is relative to */
	uint64_t seen; /* the search came to the end of a stream of this size: nothing new, nothing
			  to do */
	bool seen_eof;
	int error; /* STUCK: PCRE2's; 0: it wants to see more than MATCH_MAX */
};

/* a bit for each of the first slots, in the bytes with which its matches may begin */
#define SWEPT 64
struct table {
	uint64_t at[HEADS][256];
};

struct cursor {
	struct stream *s;
	uint64_t offset, lost;
	struct slot *slots;
	size_t n;
	uint64_t swept; /* slots that the table has */
	struct table *table;
	bool each; /* a match moves only the slot that found it */
	pcre2_general_context *general;
	pcre2_match_context *mc;
};

/* --- patterns --- */

static void *
from_arena(size_t n, void *a)
{
	return arena_alloc(a, n);
}

static void
leave(void *p, void *a)
{
	(void)p;
	(void)a;
}

static void *
from_heap(size_t n, void *unused)
{
	(void)unused;
	return xmalloc(n);
}

static void
to_heap(void *p, void *unused)
{
	(void)unused;
	free(p);
}

/*
 * What doesn't mean the same for a stream that comes in pieces: \G is where a search began, verbs
 * such as (*COMMIT) say whether another start is tried, and a repeated \R takes a CR at the end of
 * what there is without asking for the LF behind it.  NULL: nothing of that.
 */
static const char *
unfit(const char *re, size_t *at)
{
	const char *p = re, *end;

	for (; *p; p++) {
		*at = (size_t)(p - re);
		if (*p == '\\' && p[1] == 'Q') {
			end = strstr(p, "\\E");
			if (!end)
				return NULL;
			p = end + 1;
		} else if (*p == '\\' && p[1] == 'G') {
			return "\\G has no meaning on a stream";
		} else if (*p == '\\' && (p[1] == 'R' || p[1] == 'X')) {
			return "\\R and \\X are not certain on a stream, \\r?\\n is";
		} else if (*p == '\\' && p[1]) {
			p++;
		} else if (*p == '[') {
			p++;
			if (*p == '^')
				p++;
			if (*p == ']')
				p++;
			for (; *p && *p != ']'; p++)
				if (*p == '\\' && p[1]) {
					p++;
				} else if (*p == '[' && p[1] == ':' && (end = strstr(p, ":]"))) {
					p = end + 1;
				}
			if (!*p)
				return NULL;
		} else if (!strncmp(p, "(?#", 3)) {
			end = strchr(p, ')');
			if (!end)
				return NULL;
			p = end;
		} else if (p[0] == '(' && p[1] == '*' &&
			   (isupper((unsigned char)p[2]) || p[2] == ':')) {
			return "verbs such as (*COMMIT) have no meaning on a stream";
		}
	}
	return NULL;
}

static void
add_first(struct pattern *p, unsigned char c)
{
	p->first[c / 8] |= (unsigned char)(1u << c % 8);
}

static void
find_first(struct pattern *p)
{
	const unsigned char *map = NULL;
	uint32_t type = 0, c = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODETYPE, &type);
	pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODEUNIT, &c);
	pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTBITMAP, &map);
	/* PCRE2 goes to where lines begin (type 2) without looking between CR and LF */
	p->between = p->between && type != 2;
	if (type == 1) {
		/* PCRE2 doesn't tell whether it is without case */
		add_first(p, (unsigned char)tolower((int)c));
		add_first(p, (unsigned char)toupper((int)c));
	} else if (map) {
		memcpy(p->first, map, sizeof p->first);
	} else {
		memset(p->first, 0xff, sizeof p->first);
	}
}

static void
find_names(struct arena *a, struct pattern *p)
{
	const unsigned char *table = NULL;
	uint32_t n = 0, size = 0;

	pcre2_pattern_info(p->code, PCRE2_INFO_NAMECOUNT, &n);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
	pcre2_pattern_info(p->code, PCRE2_INFO_NAMETABLE, &table);
	p->names = arena_array(a, (size_t)n + 1, sizeof *p->names);
	p->groups = arena_array(a, (size_t)n + 1, sizeof *p->groups);
	/* the table is in the order of names; ours, by insertion, in that of groups */
	for (uint32_t i = 0; i < n; i++) {
		const unsigned char *entry = table + (size_t)i * size;
		uint32_t group = (uint32_t)entry[0] << 8 | entry[1];
		size_t k = p->nnames++;

		for (; k && p->groups[k - 1] > group; k--) {
			p->groups[k] = p->groups[k - 1];
			p->names[k] = p->names[k - 1];
		}
		p->groups[k] = group;
		p->names[k] = arena_strdup(a, (const char *)entry + 2);
	}
}

/*
 * For one byte and (?s).{2} PCRE2 10.42 says "no match" where it means "more bytes are needed", as
 * it has not moved yet; it does not if the pattern has a place that looks back.  So one is put
 * where it is never come to: behind what matches nothing, 0.
 */
static pcre2_code *
compile_to_go_on(const char *text, size_t n, uint32_t options, pcre2_compile_context *cc)
{
	/* the newline ends a comment that began with #, if it was not reached */
	static const char *const never[] = { "\\E(?:|\\b)", "\n\\E(?:|\\b)" };
	pcre2_code *code = NULL;
	uint32_t back = 0;

	for (size_t i = 0; i < 2 && !back; i++) {
		struct buf b = { 0 };
		PCRE2_SIZE at;
		int error;

		buf_add(&b, text, n);
		buf_adds(&b, never[i]);
		code = pcre2_compile((unsigned char *)b.p, b.n, options, &error, &at, cc);
		if (code)
			pcre2_pattern_info(code, PCRE2_INFO_MAXLOOKBEHIND, &back);
		buf_free(&b);
	}
	return code;
}

static int
compile(struct arena *a, const char *text, size_t n, uint32_t options, struct pattern **out,
    struct err *e)
{
	pcre2_general_context *g = pcre2_general_context_create(from_arena, leave, a);
	pcre2_compile_context *cc = pcre2_compile_context_create(g);
	struct pattern *p = arena_alloc(a, sizeof *p);
	char why[160];
	PCRE2_SIZE at;
	uint32_t yes = 0;
	int error;

	p->text = arena_strndup(a, text, n);
	if (!n)
		return fail_usage(e, "pattern //: matches everywhere");
	pcre2_set_newline(cc, PCRE2_NEWLINE_ANYCRLF);
	/* the offset limit lets one start be tried by itself */
	options |= PCRE2_USE_OFFSET_LIMIT;
	p->last = pcre2_compile(
	    (const unsigned char *)text, n, options | PCRE2_NO_START_OPTIMIZE, &error, &at, cc);
	p->code = options & PCRE2_LITERAL
		      ? pcre2_compile((const unsigned char *)text, n, options, &error, &at, cc)
		      : compile_to_go_on(text, n, options, cc);
	if (!p->code || !p->last) {
		pcre2_get_error_message(error, (unsigned char *)why, sizeof why);
		return fail_usage(e, "pattern /%s/: %s at column %zu", p->text, why, at + 1);
	}
	pcre2_pattern_info(p->code, PCRE2_INFO_HASCRORLF, &yes);
	p->between = yes;
	pcre2_pattern_info(p->code, PCRE2_INFO_MATCHEMPTY, &yes);
	p->empty = yes;
	pcre2_pattern_info(p->code, PCRE2_INFO_MAXLOOKBEHIND, &yes);
	if (yes > BEHIND)
		return fail_usage(e, "pattern /%s/: looks back %u bytes, at most %zu can be kept",
		    p->text, yes, BEHIND);
	find_first(p);
	(options & PCRE2_LITERAL ? heads_of_literal : heads_of_regex)(p->text, n, &p->heads);
	find_names(a, p);
	*out = p;
	return 0;
}

/* with ALT_CIRCUMFLEX ^ only looks back: what follows a newline may not have come yet */
#define REGEX (PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_UTF)

int
pattern_compile(struct arena *a, const char *re, struct pattern **out, struct err *e)
{
	size_t at;
	const char *why = unfit(re, &at);

	if (why)
		return fail_usage(e, "pattern /%s/: %s at column %zu", re, why, at + 1);
	return compile(a, re, strlen(re), REGEX, out, e);
}

int
pattern_literal(struct arena *a, const void *p, size_t n, struct pattern **out, struct err *e)
{
	return compile(a, p, n, PCRE2_LITERAL, out, e);
}

char *
pattern_quote(struct arena *a, const char *text)
{
	char *quoted = arena_alloc(a, 2 * strlen(text) + 1), *q = quoted;

	for (; *text; text++) {
		if (!isalnum((unsigned char)*text) && (unsigned char)*text < 128)
			*q++ = '\\';
		*q++ = *text;
	}
	return quoted;
}

const char *
pattern_text(const struct pattern *p)
{
	return p->text;
}

const char *const *
pattern_names(const struct pattern *p)
{
	return p->names;
}

/* --- the stream --- */

struct stream *
stream_new(size_t window)
{
	struct stream *s = xmalloc(sizeof *s);

	*s = (struct stream){ .window = window,
		.match_max = window < MATCH_MAX ? window : MATCH_MAX };
	return s;
}

void
stream_free(struct stream *s)
{
	if (!s)
		return;
	buf_free(&s->b);
	free(s);
}

void
stream_add(struct stream *s, const void *p, size_t n)
{
	size_t keep = s->window + BEHIND;

	/*
	 * forget before adding: what is new must be seen first; and not each time, or every byte
	 * moves them all
	 */
	if (s->b.n > 2 * keep) {
		s->base += s->b.n - keep;
		buf_drop(&s->b, s->b.n - keep);
	}
	buf_add(&s->b, p, n);
}

void
stream_eof(struct stream *s)
{
	s->eof = true;
}

uint64_t
stream_size(const struct stream *s)
{
	return s->base + s->b.n;
}

/* the first byte with all that a pattern may look back to */
static uint64_t
stream_oldest(const struct stream *s)
{
	return s->base ? s->base + BEHIND : 0;
}

static char
byte_at(const struct stream *s, uint64_t offset)
{
	return s->b.p[offset - s->base];
}

char *
stream_last_line(struct arena *a, const struct stream *s, size_t max)
{
	static const char blanks[] = " \t\r\n";
	const char *p = s->b.p;
	size_t to = s->b.n, from;

	while (to && (!p[to - 1] || strchr(blanks, p[to - 1])))
		to--;
	from = to;
	while (from && p[from - 1] != '\n' && p[from - 1] != '\r' && to - from < max)
		from--;
	return arena_strndup(a, p ? p + from : "", to - from);
}

char *
stream_text(struct arena *a, const struct stream *s, uint64_t from, uint64_t to, size_t *n)
{
	uint64_t size = stream_size(s);

	if (from < s->base)
		from = s->base;
	if (to > size)
		to = size;
	if (from > to)
		from = to;
	*n = (size_t)(to - from);
	return arena_strndup(a, *n ? s->b.p + (from - s->base) : "", *n);
}

/* --- searching --- */

static pcre2_match_context *
match_context(pcre2_general_context *g)
{
	pcre2_match_context *mc = pcre2_match_context_create(g);

	pcre2_set_match_limit(mc, MATCH_LIMIT);
	pcre2_set_depth_limit(mc, MATCH_LIMIT);
	pcre2_set_heap_limit(mc, HEAP_LIMIT_KIB);
	return mc;
}

static bool
is_error(int r)
{
	return r < 0 && r != PCRE2_ERROR_NOMATCH && r != PCRE2_ERROR_PARTIAL;
}

/* starts from..last, in the bytes up to limit */
static int
match(
    struct cursor *c, struct slot *t, uint64_t from, uint64_t last, uint64_t limit, uint32_t flags)
{
	const struct stream *s = c->s;

	/* never from a match's first byte: \A and ^ would take it for the beginning */
	t->subject = from - s->base < BEHIND ? s->base : from - BEHIND;
	pcre2_set_offset_limit(c->mc, last < limit ? (size_t)(last - t->subject) : PCRE2_UNSET);
	return pcre2_match(flags & PCRE2_PARTIAL_HARD ? t->pattern->code : t->pattern->last,
	    (const unsigned char *)(s->b.p ? s->b.p : "") + (t->subject - s->base),
	    (size_t)(limit - t->subject), (size_t)(from - t->subject), flags, t->md, c->mc);
}

/* a search from..limit ended in an error: at which start */
static uint64_t
locate(struct cursor *c, struct slot *t, uint64_t from, uint64_t limit)
{
	uint64_t lo = from, hi = limit;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (is_error(match(c, t, from, mid, limit, PCRE2_PARTIAL_HARD)))
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static bool
ends(const struct cursor *c, uint64_t limit)
{
	return c->s->eof && limit == stream_size(c->s);
}

static void
found(struct slot *t, uint64_t start)
{
	t->state = MATCHED;
	t->from = start;
	t->end = t->subject + pcre2_get_ovector_pointer(t->md)[1];
}

static void
stuck(struct slot *t, uint64_t start, int error)
{
	t->state = STUCK;
	t->from = start;
	t->error = error;
}

/* PCRE2 doesn't try between CR and LF; a CR that came alone may be one of them */
static bool
may_be_between(const struct cursor *c, const struct slot *t, uint64_t start, uint64_t limit)
{
	return start == limit && !ends(c, limit) && !t->pattern->between && start > c->s->base &&
	       byte_at(c->s, start - 1) == '\r';
}

/* error 0: the match in md, which begins at start; else why that one can't be judged */
static void
decided(const struct cursor *c, struct slot *t, uint64_t start, uint64_t limit, int error)
{
	/* what can't be judged without a byte may not even be tried with one */
	if (may_be_between(c, t, start, limit) || (error && start == limit && !ends(c, limit)))
		t->from = limit;
	else if (error)
		stuck(t, start, error);
	else
		found(t, start);
}

/* the match that may begin at start wants to see more than there is */
static void
undecided(struct cursor *c, struct slot *t, uint64_t start, uint64_t limit)
{
	bool too_long = limit - start == c->s->match_max;
	int r;

	t->from = start;
	if (!too_long && !ends(c, limit))
		return;
	r = match(c, t, start, start, limit, 0);
	/* a line that is too long is cut; what only looked so far ahead would for each byte */
	if (r >= 0 && (!too_long || t->subject + pcre2_get_ovector_pointer(t->md)[1] == limit)) {
		found(t, start);
	} else if (r >= 0) {
		stuck(t, start, 0);
	} else if (r != PCRE2_ERROR_NOMATCH) {
		stuck(t, start, r);
	} else if (too_long) {
		stuck(t, start, 0);
	} else {
		t->from = start + 1;
		t->seen = UINT64_MAX;
	}
}

static bool
can_begin(const struct slot *t, uint64_t size, const struct stream *s)
{
	for (uint64_t at = t->from; at < size; at++) {
		unsigned char b = (unsigned char)byte_at(s, at);

		if (t->pattern->first[b / 8] & 1u << b % 8)
			return true;
	}
	return false;
}

/*
 * Goes on until there is a match, or none can begin before stop, or more bytes are needed.  Every
 * start is judged by the bytes behind it alone, never by where a read or a search ended; the rest
 * follows.
 */
static void
search(struct cursor *c, struct slot *t, uint64_t stop)
{
	const struct stream *s = c->s;
	uint64_t size = stream_size(s), limit;

	while (t->state == OPEN && t->from < stop && t->from <= size &&
	       !(t->seen == size && t->seen_eof == s->eof)) {
		int r;

		if (!t->pattern->between && t->from < size && t->from > s->base &&
		    byte_at(s, t->from) == '\n' && byte_at(s, t->from - 1) == '\r') {
			t->from++;
			continue;
		}
		if (!s->eof && !t->pattern->empty && size - t->from <= FEW &&
		    !can_begin(t, size, s)) {
			t->from = size;
			return;
		}
		limit = size - t->from > s->match_max ? t->from + s->match_max : size;
		t->seen = limit;
		t->seen_eof = s->eof;
		r = match(c, t, t->from, limit, limit, PCRE2_PARTIAL_HARD);
		if (r >= 0)
			decided(c, t, t->subject + pcre2_get_startchar(t->md), limit, 0);
		else if (r == PCRE2_ERROR_PARTIAL)
			undecided(c, t, t->subject + pcre2_get_ovector_pointer(t->md)[0], limit);
		else if (r == PCRE2_ERROR_NOMATCH)
			t->from = ends(c, limit) ? limit + 1 : limit;
		else
			decided(c, t, locate(c, t, t->from, limit), limit, r);
	}
}

/* ---- searching for many at once ---- */

/* where the first match begins of those that are known, or what can't be judged */
static uint64_t
first_decided(const struct cursor *c)
{
	uint64_t first = UINT64_MAX;

	for (const struct slot *t = c->slots; t < c->slots + c->n; t++)
		if ((t->state == MATCHED || t->state == STUCK) && t->from < first)
			first = t->from;
	return first;
}

/* those of the table that have bytes to look at, and in *at the first of these */
static uint64_t
unsearched(const struct cursor *c, uint64_t size, uint64_t *at)
{
	uint64_t wanted = 0;

	*at = size;
	for (size_t i = 0; i < c->n && i < SWEPT; i++) {
		const struct slot *t = &c->slots[i];

		if (!(c->swept >> i & 1) || t->state != OPEN || t->from >= size ||
		    (t->seen == size && t->seen_eof == c->s->eof))
			continue;
		wanted |= (uint64_t)1 << i;
		*at = t->from < *at ? t->from : *at;
	}
	return wanted;
}

/* the first byte from at on with which one of those may begin, and in *wanted which ones */
static uint64_t
next_start(const struct cursor *c, uint64_t at, uint64_t end, uint64_t *wanted)
{
	const struct stream *s = c->s;
	const unsigned char *p = (const unsigned char *)s->b.p;
	const struct table *t = c->table;
	uint64_t m;

	for (size_t i = (size_t)(at - s->base), stop = (size_t)(end - s->base); i < stop; i++) {
		if (i + HEADS <= s->b.n) {
			m = t->at[0][p[i]] & t->at[1][p[i + 1]] & *wanted;
			if (m)
				m &= t->at[2][p[i + 2]] & t->at[3][p[i + 3]];
		} else {
			m = *wanted;
			for (size_t k = 0; i + k < s->b.n; k++)
				m &= t->at[k][p[i + k]];
		}
		if (m) {
			*wanted = m;
			return s->base + i;
		}
	}
	return end;
}

/* one start of one pattern, as search() would judge it */
static void
try_start(struct cursor *c, struct slot *t, uint64_t start)
{
	const struct stream *s = c->s;
	uint64_t size = stream_size(s), limit;
	int r;

	t->from = start + 1;
	if (!t->pattern->between && start > s->base && byte_at(s, start) == '\n' &&
	    byte_at(s, start - 1) == '\r')
		return;
	limit = size - start > s->match_max ? start + s->match_max : size;
	t->seen = limit;
	t->seen_eof = s->eof;
	r = match(c, t, start, start, limit, PCRE2_PARTIAL_HARD);
	if (r == PCRE2_ERROR_PARTIAL)
		undecided(c, t, start, limit);
	else if (r == PCRE2_ERROR_NOMATCH)
		t->seen = UINT64_MAX;
	else
		decided(c, t, start, limit, r >= 0 ? 0 : r);
}

/* for those of the table, what search() does for one: up to the first start that is decided */
static void
sweep(struct cursor *c, uint64_t stop)
{
	uint64_t size = stream_size(c->s), end = stop < size ? stop + 1 : size, at,
		 wanted = unsearched(c, size, &at), here = 0;
	bool over = false;

	for (; wanted && !over && at < end; at += !over) {
		here = wanted;
		at = next_start(c, at, end, &here);
		for (; at < end && here && !over; here &= here - 1) {
			struct slot *t = &c->slots[__builtin_ctzll(here)];

			if (t->from > at)
				continue;
			try_start(c, t, at);
			over = t->state != OPEN;
			if (!over && t->from == at) /* it waits for more bytes */
				wanted &= ~(here & -here);
		}
	}
	/* here: what may begin at at, and was not tried there any more */
	for (size_t i = 0; i < c->n && i < SWEPT; i++) {
		uint64_t to = over ? at + !(here >> i & 1) : end;

		if (wanted >> i & 1 && c->slots[i].state == OPEN && c->slots[i].from < to)
			c->slots[i].from = to;
		/* none of them matches nothing, so at the end there is no match */
		if (c->swept >> i & 1 && c->slots[i].from == size && c->s->eof)
			c->slots[i].from++;
	}
}

static void
restart(struct slot *t, uint64_t offset)
{
	t->state = OPEN;
	t->from = offset;
	t->seen = UINT64_MAX;
}

/* own: whose match it was, NULL: nobody's */
static void
advance(struct cursor *c, struct slot *own, uint64_t offset)
{
	c->offset = offset;
	for (struct slot *t = c->slots; t < c->slots + c->n; t++)
		if (t->state != GIVEN_UP && t->from < offset && (t == own || !c->each))
			restart(t, offset);
}

/* named groups of the match in md, relative to subject */
static void
fill_names(struct arena *a, const struct pattern *p, pcre2_match_data *md, const char *subject,
    struct hit *h)
{
	const PCRE2_SIZE *ov = pcre2_get_ovector_pointer(md);

	if (!p->nnames)
		return;
	h->nvalues = p->nnames;
	h->names = p->names;
	h->values = arena_array(a, p->nnames + 1, sizeof *h->values);
	for (size_t i = 0; i < p->nnames; i++) {
		size_t k = 2 * (size_t)p->groups[i];

		if (ov[k] != PCRE2_UNSET)
			h->values[i] = arena_strndup(a, subject + ov[k], ov[k + 1] - ov[k]);
	}
}

static int
fail_match(struct err *e, const struct pattern *p, int error, const char *where)
{
	char why[160];

	pcre2_get_error_message(error, (unsigned char *)why, sizeof why);
	return fail(e, "pattern /%s/: %s%s: make it simpler", p->text, why, where);
}

int
cursor_find(struct arena *a, struct cursor *c, struct hit *h, struct err *e)
{
	uint64_t oldest = stream_oldest(c->s), least = oldest, first;
	struct slot *best = NULL;
	size_t max = c->s->match_max;
	char where[48];

	for (size_t i = 0; i < c->n; i++)
		if (c->slots[i].state != GIVEN_UP && c->slots[i].from < oldest) {
			least = c->slots[i].from < least ? c->slots[i].from : least;
			restart(&c->slots[i], oldest);
		}
	c->lost += oldest - least;
	if (c->offset < oldest)
		c->offset = oldest;

	sweep(c, first_decided(c));
	first = first_decided(c);
	for (size_t i = 0; i < c->n; i++) {
		struct slot *t = &c->slots[i];

		if (i >= SWEPT || !(c->swept >> i & 1))
			search(c, t, best ? best->from : first == UINT64_MAX ? first : first + 1);
		if (t->state != OPEN && t->state != GIVEN_UP && (!best || t->from < best->from))
			best = t;
	}
	if (!best)
		return 0;
	for (struct slot *t = c->slots; t < c->slots + c->n; t++)
		if (t->state == OPEN &&
		    (t->from < best->from || (t->from == best->from && t < best)))
			return 0;

	if (best->state == STUCK) {
		best->state = GIVEN_UP;
		if (c->offset < best->from)
			c->offset = best->from;
		snprintf(where, sizeof where, " at byte %llu", (unsigned long long)best->from);
		if (best->error)
			return fail_match(e, best->pattern, best->error, where);
		if (max % 1024)
			return fail(e, "pattern /%s/: needs over %zu bytes of lookahead%s",
			    best->pattern->text, max, where);
		return fail(e, "pattern /%s/: needs over %zu KiB of lookahead%s",
		    best->pattern->text, max / 1024, where);
	}
	*h = (struct hit){ .which = (size_t)(best - c->slots),
		.start = best->subject + pcre2_get_ovector_pointer(best->md)[0],
		.end = best->end };
	fill_names(a, best->pattern, best->md,
	    (c->s->b.p ? c->s->b.p : "") + (best->subject - c->s->base), h);
	advance(c, best, best->end > best->from ? best->end : best->from + 1);
	return 1;
}

/* --- cursors --- */

static void
drop_slots(struct cursor *c)
{
	for (size_t i = 0; i < c->n; i++)
		pcre2_match_data_free(c->slots[i].md);
	free(c->slots);
	free(c->table);
}

/* one that begins with a frequent byte is found sooner by PCRE2 itself */
static void
make_table(struct cursor *c)
{
	c->swept = 0;
	c->table = NULL;
	for (size_t i = 0; i < c->n && i < SWEPT; i++) {
		const struct pattern *p = c->slots[i].pattern;
		uint64_t bit = (uint64_t)1 << i;

		if (p->empty || !p->heads.rare)
			continue;
		if (!c->table)
			*(c->table = xmalloc(sizeof *c->table)) = (struct table){ 0 };
		c->swept |= bit;
		for (size_t k = 0; k < HEADS; k++)
			for (unsigned b = 0; b < 256; b++)
				if (heads_has(&p->heads, k, (unsigned char)b))
					c->table->at[k][b] |= bit;
	}
}

void
cursor_patterns(struct cursor *c, struct pattern *const *patterns, size_t n)
{
	drop_slots(c);
	c->n = n;
	c->slots = xmalloc(n * sizeof *c->slots);
	for (size_t i = 0; i < n; i++) {
		struct slot *t = &c->slots[i];

		*t = (struct slot){ .pattern = patterns[i],
			.md = pcre2_match_data_create_from_pattern(patterns[i]->code, c->general) };
		restart(t, c->offset);
	}
	make_table(c);
}

struct cursor *
cursor_new(struct stream *s, struct pattern *const *patterns, size_t n)
{
	struct cursor *c = xmalloc(sizeof *c);

	*c = (struct cursor){ .s = s };
	c->general = pcre2_general_context_create(from_heap, to_heap, NULL);
	c->mc = match_context(c->general);
	cursor_patterns(c, patterns, n);
	return c;
}

void
cursor_free(struct cursor *c)
{
	if (!c)
		return;
	drop_slots(c);
	pcre2_match_context_free(c->mc);
	pcre2_general_context_free(c->general);
	free(c);
}

void
cursor_each(struct cursor *c)
{
	c->each = true;
}

uint64_t
cursor_offset(const struct cursor *c)
{
	return c->offset;
}

void
cursor_seek(struct cursor *c, uint64_t offset)
{
	c->offset = offset;
	for (size_t i = 0; i < c->n; i++)
		restart(&c->slots[i], offset);
}

uint64_t
cursor_lost(const struct cursor *c)
{
	return c->lost;
}

/* --- at once --- */

static uint32_t
limit_once(size_t starts)
{
	size_t limit = starts ? ONCE_BUDGET / starts : MATCH_LIMIT;

	return limit > MATCH_LIMIT  ? MATCH_LIMIT
	       : limit < ONCE_LEAST ? ONCE_LEAST
				    : (uint32_t)limit;
}

static int
match_once(struct arena *a, struct pattern *p, const char *s, size_t n, size_t from, uint32_t flags,
    struct hit *h, struct err *e)
{
	pcre2_general_context *g = pcre2_general_context_create(from_heap, to_heap, NULL);
	pcre2_match_context *mc = match_context(g);
	pcre2_match_data *md = pcre2_match_data_create_from_pattern(p->code, g);
	int r, found = 0;

	pcre2_set_match_limit(mc, limit_once(n - from));
	r = pcre2_match(p->last, (const unsigned char *)s, n, from, flags, md, mc);
	if (is_error(r)) {
		found = fail_match(e, p, r, "");
	} else if (r >= 0) {
		found = 1;
		if (h) {
			*h = (struct hit){ .start = pcre2_get_ovector_pointer(md)[0],
				.end = pcre2_get_ovector_pointer(md)[1] };
			fill_names(a, p, md, s, h);
		}
	}
	pcre2_match_data_free(md);
	pcre2_match_context_free(mc);
	pcre2_general_context_free(g);
	return found;
}

int
pattern_match(
    struct arena *a, struct pattern *p, const void *s, size_t n, struct hit *h, struct err *e)
{
	return match_once(a, p, n ? s : "", n, 0, 0, h, e);
}

int
prompt_find(struct arena *a, struct cursor *c, struct pattern *p, struct hit *h, struct err *e)
{
	const struct stream *s = c->s;
	uint64_t size = stream_size(s), from = c->offset;
	int r;

	if (from > size)
		return 0;
	/* so much is always there */
	if (size - from > s->match_max)
		from = size - s->match_max;
	r = match_once(
	    a, p, s->b.p ? s->b.p : "", s->b.n, (size_t)(from - s->base), PCRE2_ENDANCHORED, h, e);
	if (r > 0) {
		h->start += s->base;
		h->end += s->base;
		advance(c, NULL, size);
	}
	return r;
}

/* --- how far it fits --- */

struct reaching {
	struct reach *best;
	size_t score;
	unsigned looks;
};

/* a class that takes much says as little as a long piece of the pattern that took nothing */
static int
note_reach(pcre2_callout_block *b, void *arg)
{
	struct reaching *r = arg;
	size_t fits =
	    b->current_position > b->start_match ? b->current_position - b->start_match : 0;
	size_t score = fits < b->pattern_position ? fits : b->pattern_position;

	if (score && score >= r->score) {
		r->score = score;
		*r->best =
		    (struct reach){ b->start_match, b->current_position, b->pattern_position };
	}
	return ++r->looks > REACH_LOOKS ? PCRE2_ERROR_CALLOUT : 0;
}

bool
pattern_reach(const struct pattern *p, const void *s, size_t n, struct reach *out)
{
	pcre2_general_context *g = pcre2_general_context_create(from_heap, to_heap, NULL);
	pcre2_compile_context *cc = pcre2_compile_context_create(g);
	pcre2_match_context *mc = match_context(g);
	struct reaching r = { .best = out };
	PCRE2_SIZE at;
	int error;
	pcre2_code *code;

	pcre2_set_newline(cc, PCRE2_NEWLINE_ANYCRLF);
	code = pcre2_compile((const unsigned char *)p->text, strlen(p->text),
	    REGEX | PCRE2_AUTO_CALLOUT | PCRE2_NO_AUTO_POSSESS | PCRE2_NO_START_OPTIMIZE, &error,
	    &at, cc);
	if (code) {
		pcre2_match_data *md = pcre2_match_data_create_from_pattern(code, g);

		pcre2_set_callout(mc, note_reach, &r);
		pcre2_match(code, n ? s : "", n, 0, 0, md, mc);
		pcre2_match_data_free(md);
	}
	pcre2_code_free(code);
	pcre2_match_context_free(mc);
	pcre2_compile_context_free(cc);
	pcre2_general_context_free(g);
	return r.score > 0;
}
