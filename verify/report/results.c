/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/results.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/report/report.h"
#include "verify/report/result.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOOK_MAX                                                                                   \
	(30 * 24 * 3600 * NS_PER_S) /* that a file may say of a run; sums of them are small */

/* test cases, and what they kept: each is compared with each, and no run has so many */
#define PARTS_MOST 20000

static const char first_line[] = "lh-results 2";

/* members that are one text each */
struct text_key {
	const char *name;
	size_t member;
};

static const struct text_key head_texts[] = {
	{ "version", offsetof(struct report_head, version) },
	{ "set", offsetof(struct report_head, set) },
	{ "profile", offsetof(struct report_head, profile) },
	{ "why", offsetof(struct report_head, why) },
	{ "sandbox", offsetof(struct report_head, sandbox) },
	{ "untrusted", offsetof(struct report_head, untrusted) },
	{ "cached", offsetof(struct report_head, cached) },
	{ "accel", offsetof(struct report_head, accel) },
	{ "date", offsetof(struct report_head, date) },
	{ "host", offsetof(struct report_head, host) },
	{ "cold", offsetof(struct report_head, cold) },
	{ "plan", offsetof(struct report_head, plan) },
};

static const struct text_key testcase_texts[] = {
	{ "arch", offsetof(struct testcase_result, arch) },
	{ "net", offsetof(struct testcase_result, net) },
	{ "profile", offsetof(struct testcase_result, profile) },
	{ "set", offsetof(struct testcase_result, set) },
	{ "scenario", offsetof(struct testcase_result, scenario) },
	{ "image", offsetof(struct testcase_result, image) },
	{ "kernel", offsetof(struct testcase_result, kernel) },
	{ "title", offsetof(struct testcase_result, title) },
	{ "path", offsetof(struct testcase_result, scenario_path) },
	{ "dir", offsetof(struct testcase_result, dir) },
	{ "from", offsetof(struct testcase_result, from) },
	{ "was", offsetof(struct testcase_result, was) },
	{ "reason", offsetof(struct testcase_result, reason) },
	{ "chart", offsetof(struct testcase_result, chart) },
	{ "where", offsetof(struct testcase_result, failure.where) },
	{ "what", offsetof(struct testcase_result, failure.what) },
	{ "expected", offsetof(struct testcase_result, failure.expected) },
	{ "got", offsetof(struct testcase_result, failure.got) },
	{ "guest", offsetof(struct testcase_result, failure.guest) },
	{ "nearest", offsetof(struct testcase_result, failure.nearest) },
	{ "console", offsetof(struct testcase_result, failure.console) },
	{ "look", offsetof(struct testcase_result, failure.look) },
	{ "again", offsetof(struct testcase_result, again) },
	{ "open", offsetof(struct testcase_result, open) },
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char **
text_of(const struct text_key *k, const void *p)
{
	return (const char **)((uintptr_t)p + k->member);
}

/* ---- values ---- */

static void
add_value(struct buf *b, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\n')
			buf_adds(b, "\\n");
		else if (s[i] == '\\')
			buf_adds(b, "\\\\");
		else if (s[i] < ' ' || s[i] > '~' ||
			 (i == 0 && s[i] == ' ')) /* a reader skips blanks before a value */
			buf_addf(b, "\\x%02x", (unsigned char)s[i]);
		else
			buf_add(b, &s[i], 1);
}

static void
add_line(struct buf *b, const char *key, const char *value)
{
	buf_addf(b, "%s ", key);
	add_value(b, value, strlen(value));
	buf_adds(b, "\n");
}

/* undoes it in place; returns the length */
static size_t
unescape(char *s)
{
	char *to = s, hex[3] = "";

	for (const char *p = s; *p; p++) {
		if (*p != '\\') {
			*to++ = *p;
		} else if (p[1] == 'x' && isxdigit((unsigned char)p[2]) &&
			   isxdigit((unsigned char)p[3])) {
			memcpy(hex, p + 2, 2);
			*to++ = (char)strtoul(hex, NULL, 16);
			p += 3;
		} else if (p[1]) {
			*to++ = *++p == 'n' ? '\n' : *p;
		}
	}
	*to = '\0';
	return (size_t)(to - s);
}

/* ---- writing ---- */

static void
add_texts(struct buf *b, const struct text_key *keys, size_t n, const void *p)
{
	for (size_t i = 0; i < n; i++)
		if (*text_of(&keys[i], p))
			add_line(b, keys[i].name, *text_of(&keys[i], p));
}

static void
add_kept(struct buf *b, struct arena *a, const struct kept *k)
{
	struct lines l;
	const char *line;

	buf_addf(b, "keep %s%s\n", k->subject, k->text ? "" : " nothing");
	if (!k->text)
		return;
	lines_text(a, k->subject, k->text, &l);
	while ((line = lines_next(&l)))
		add_line(b, "kept", line);
}

static void
add_testcase(struct buf *b, struct arena *a, const char *dir, const struct testcase_result *r)
{
	struct testcase_result c = *r;
	size_t n = strlen(dir);

	if (c.dir && !strncmp(c.dir, dir, n) && c.dir[n] == '/')
		c.dir += n + 1;
	buf_adds(b, "case\n");
	add_texts(b, testcase_texts, COUNT(testcase_texts), &c);
	buf_addf(b, "verdict %s\ntook %lld\n", verdict_names[c.verdict], (long long)c.took);
	if (c.booted)
		buf_addf(b, "booted %lld\n", (long long)c.booted);
	if (c.comparison)
		buf_adds(b, "comparison yes\n");
	for (size_t i = 0; i < c.nsteps; i++) {
		buf_addf(b, "step %u %s %lld ", c.steps[i].line, verdict_names[c.steps[i].verdict],
		    (long long)c.steps[i].took);
		add_value(b, c.steps[i].source, strlen(c.steps[i].source));
		buf_adds(b, "\n");
		if (c.steps[i].said)
			add_line(b, "said", c.steps[i].said);
	}
	for (size_t i = 0; i < c.nwarnings; i++)
		add_line(b, "warning", c.warnings[i]);
	for (size_t i = 0; i < c.nkept; i++)
		add_kept(b, a, &c.kept[i]);
	for (size_t i = 0; i < c.ndiffers; i++)
		buf_addf(b, "differs %s %s %s\n", c.differs[i].subject, c.differs[i].word,
		    c.differs[i].reason);
}

void
results_text(struct arena *a, const char *dir, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct buf *out)
{
	buf_addf(out, "%s\n", first_line);
	add_texts(out, head_texts, COUNT(head_texts), h);
	buf_addf(out, "jobs %u\nscale %g\ntook %lld\n", h->jobs, h->scale, (long long)h->took);
	for (size_t i = 0; i < n; i++)
		add_testcase(out, a, dir, &testcases[i]);
	buf_addf(out, "end %zu\n", n);
}

int
results_write(struct arena *a, const char *dir, const struct testcase_result *testcases, size_t n,
    const struct report_head *h, struct err *e)
{
	struct buf b = { 0 };
	int r;

	results_text(a, dir, testcases, n, h, &b);
	r = file_write(arena_printf(a, "%s/results", dir), b.p, b.n, 0644, e);
	buf_free(&b);
	return r;
}

/* ---- reading ---- */

struct reading {
	struct arena *a;
	struct lines l;
	struct report_head *head;
	struct testcase_result *testcases;
	size_t n, parts;
	struct buf kept; /* of the test case's last subject */
	unsigned seen;	 /* rows that the head, or the test case, has had */
	bool ended;
};

static int
number(struct reading *r, const char *word, long long *out, struct err *e)
{
	char *end = NULL;

	*out = word ? strtoll(word, &end, 10) : -1;
	return !word || end == word || *end || *out < 0
		   ? lines_fail(&r->l, e, "%s: not a number", word ? word : "")
		   : 0;
}

static int
duration(struct reading *r, const char *word, nstime *out, struct err *e)
{
	long long n;

	if (number(r, word, &n, e) < 0)
		return -1;
	if (n > TOOK_MAX)
		return lines_fail(&r->l, e, "%s: no run takes so many nanoseconds", word);
	*out = n;
	return 0;
}

static int
verdict(struct reading *r, const char *word, enum verdict *out, struct err *e)
{
	for (int v = 0; v < NVERDICTS; v++)
		if (word && !strcmp(verdict_names[v], word)) {
			*out = (enum verdict)v;
			return 0;
		}
	return lines_fail(&r->l, e, "%s: no verdict", word ? word : "");
}

static int
count_part(struct reading *r, struct err *e)
{
	return ++r->parts > PARTS_MOST
		   ? lines_fail(&r->l, e, "more than %d test cases and texts kept", PARTS_MOST)
		   : 0;
}

static struct testcase_result *
last(struct reading *r)
{
	return &r->testcases[r->n - 1];
}

/* the lines of a subject have all come */
static void
close_kept(struct reading *r)
{
	struct kept *k = r->n && last(r)->nkept ? &last(r)->kept[last(r)->nkept - 1] : NULL;

	if (k && k->text)
		k->text = arena_strndup(r->a, r->kept.n ? r->kept.p : "", r->kept.n);
	buf_clear(&r->kept);
}

static int
read_verdict(struct reading *r, char *value, struct err *e)
{
	return verdict(r, value, &last(r)->verdict, e);
}

static int
read_took(struct reading *r, char *value, struct err *e)
{
	return duration(r, value, r->n ? &last(r)->took : &r->head->took, e);
}

static int
read_booted(struct reading *r, char *value, struct err *e)
{
	return duration(r, value, &last(r)->booted, e);
}

static int
read_comparison(struct reading *r, char *value, struct err *e)
{
	(void)e;
	last(r)->comparison = !strcmp(value, "yes");
	return 0;
}

static int
read_step(struct reading *r, char *value, struct err *e)
{
	struct testcase_result *c = last(r);
	struct step_result p = { 0 };
	long long line;

	if (number(r, word_next(&value), &line, e) < 0 ||
	    verdict(r, word_next(&value), &p.verdict, e) < 0 ||
	    duration(r, word_next(&value), &p.took, e) < 0)
		return -1;
	unescape(value);
	p.line = (unsigned)line;
	p.source = value;
	c->steps = arena_more(r->a, c->steps, c->nsteps, sizeof p);
	c->steps[c->nsteps++] = p;
	return 0;
}

static int
read_said(struct reading *r, char *value, struct err *e)
{
	struct testcase_result *c = last(r);

	if (!c->nsteps)
		return lines_fail(&r->l, e, "said: there is no step yet");
	if (c->steps[c->nsteps - 1].said)
		return lines_fail(&r->l, e, "said: duplicate key");
	unescape(value);
	c->steps[c->nsteps - 1].said = value;
	return 0;
}

static int
read_warning(struct reading *r, char *value, struct err *e)
{
	struct testcase_result *c = last(r);

	(void)e;
	unescape(value);
	c->warnings = arena_more(r->a, c->warnings, c->nwarnings, sizeof *c->warnings);
	c->warnings[c->nwarnings++] = value;
	return 0;
}

static int
read_keep(struct reading *r, char *value, struct err *e)
{
	struct testcase_result *c = last(r);
	const char *subject = word_next(&value);

	if (!subject)
		return lines_fail(&r->l, e, "keep: of what?");
	if (count_part(r, e) < 0)
		return -1;
	close_kept(r);
	c->kept = arena_more(r->a, c->kept, c->nkept, sizeof *c->kept);
	c->kept[c->nkept++] = (struct kept){ .subject = subject, .text = *value ? NULL : "" };
	return 0;
}

static int
read_kept(struct reading *r, char *value, struct err *e)
{
	if (!last(r)->nkept)
		return lines_fail(&r->l, e, "kept: nothing is kept yet");
	buf_add(&r->kept, value, unescape(value));
	buf_adds(&r->kept, "\n");
	return 0;
}

static int
read_differs(struct reading *r, char *value, struct err *e)
{
	struct testcase_result *c = last(r);
	struct man_differs d, *all;

	d.subject = word_next(&value);
	d.word = word_next(&value);
	d.reason = value;
	if (!d.word)
		return lines_fail(&r->l, e, "differs: needs SUBJECT WORD REASON");
	all = arena_grow(r->a, c->differs, c->ndiffers, c->ndiffers + 1, sizeof d);
	all[c->ndiffers++] = d;
	c->differs = all;
	return 0;
}

static int
read_jobs(struct reading *r, char *value, struct err *e)
{
	long long n;

	if (number(r, value, &n, e) < 0)
		return -1;
	r->head->jobs = (unsigned)n;
	return 0;
}

static int
read_scale(struct reading *r, char *value, struct err *e)
{
	(void)e;
	r->head->scale = strtod(value, NULL);
	return 0;
}

static int
read_end(struct reading *r, char *value, struct err *e)
{
	long long n;

	if (number(r, value, &n, e) < 0)
		return -1;
	if ((size_t)n != r->n)
		return lines_fail(&r->l, e, "end %s: there are %zu test cases", value, r->n);
	r->ended = true;
	return 0;
}

static const struct row {
	const char *name;
	bool of_testcase, of_head, many;
	int (*read)(struct reading *r, char *value, struct err *e);
} rows[] = {
	{ "verdict", true, false, false, read_verdict },
	{ "took", true, true, false, read_took },
	{ "booted", true, false, false, read_booted },
	{ "comparison", true, false, false, read_comparison },
	{ "step", true, false, true, read_step },
	{ "said", true, false, true, read_said },
	{ "warning", true, false, true, read_warning },
	{ "keep", true, false, true, read_keep },
	{ "kept", true, false, true, read_kept },
	{ "differs", true, false, true, read_differs },
	{ "jobs", false, true, false, read_jobs },
	{ "scale", false, true, false, read_scale },
	{ "end", true, true, false, read_end },
};
_Static_assert(COUNT(rows) <= 32, "each has a bit of reading.seen");

/* of two lines that contradict each other, none is to be believed */
static int
read_row(struct reading *r, size_t row, char *value, struct err *e)
{
	if (!rows[row].many && r->seen & 1u << row)
		return lines_fail(&r->l, e, "%s: duplicate key", rows[row].name);
	r->seen |= 1u << row;
	return rows[row].read(r, value, e);
}

static int
read_line(struct reading *r, const char *key, char *value, struct err *e)
{
	const struct text_key *texts = r->n ? testcase_texts : head_texts;
	size_t n = r->n ? COUNT(testcase_texts) : COUNT(head_texts);

	if (r->ended)
		return lines_fail(&r->l, e, "%s: behind the end", key);
	if (!strcmp(key, "case")) {
		if (count_part(r, e) < 0)
			return -1;
		close_kept(r);
		r->testcases = arena_more(r->a, r->testcases, r->n, sizeof *r->testcases);
		r->testcases[r->n++] = (struct testcase_result){ .verdict = VERDICT_INCONCLUSIVE };
		r->seen = 0;
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		if (!strcmp(texts[i].name, key)) {
			const char **text =
			    text_of(&texts[i], r->n ? (void *)last(r) : (void *)r->head);

			if (*text)
				return lines_fail(&r->l, e, "%s: duplicate key", key);
			unescape(value);
			*text = value;
			return 0;
		}
	for (size_t i = 0; i < COUNT(rows); i++)
		if (!strcmp(rows[i].name, key) && (r->n ? rows[i].of_testcase : rows[i].of_head))
			return read_row(r, i, value, e);
	return lines_fail(&r->l, e, "%s: unknown key", key);
}

/* it is part of a path, and of a line that somebody reads */
static bool
is_name(const char *s)
{
	const char *p = s;

	while (*p > ' ' && *p <= '~' && *p != '/')
		p++;
	return *s && !*p && *s != '.';
}

static int
check_testcases(struct reading *r, const char *dir, struct err *e)
{
	if (!r->ended)
		return lines_fail(&r->l, e, "no end: the run is incomplete");
	for (size_t i = 0; i < r->n; i++) {
		struct testcase_result *c = &r->testcases[i];

		if (!c->arch || !c->net || !c->scenario)
			return fail_usage(
			    e, "%s: test case %zu lacks arch, net or scenario", r->l.path, i + 1);
		if (!is_name(c->arch) || !is_name(c->net))
			return fail_usage(e, "%s: test case %zu: %s, %s: no names of an image",
			    r->l.path, i + 1, c->arch, c->net);
		if (c->dir && *c->dir != '/')
			c->dir = arena_printf(r->a, "%s/%s", dir, c->dir);
	}
	return 0;
}

int
results_read(struct arena *a, const char *dir, struct testcase_result **testcases, size_t *n,
    struct report_head *h, struct err *e)
{
	return results_read_file(a, arena_printf(a, "%s/results", dir), testcases, n, h, e);
}

int
results_read_file(struct arena *a, const char *path, struct testcase_result **testcases, size_t *n,
    struct report_head *h, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *dir = slash ? arena_strndup(a, path, (size_t)(slash - path)) : ".";
	struct reading r = { .a = a, .head = h };
	char *line;
	int bad = 0;

	*h = (struct report_head){ 0 };
	if (lines_open(a, path, &r.l, e) < 0)
		return -1;
	line = lines_next(&r.l);
	if (!line || strcmp(line, first_line))
		return fail_usage(
		    e, "%s:1: not a results file: the first line must be \"%s\"", path, first_line);
	while (bad == 0 && (line = lines_next(&r.l))) {
		const char *key = word_next(&line);

		if (key)
			bad = read_line(&r, key, line, e);
	}
	close_kept(&r);
	buf_free(&r.kept);
	if (bad < 0 || check_testcases(&r, dir, e) < 0)
		return -1;
	*testcases = r.testcases;
	*n = r.n;
	return 0;
}

/* ---- several runs ---- */

/* what both say, or that they do not agree */
static const char *
agreed(const char *a, const char *b)
{
	return a && b && strcmp(a, b) ? "several" : a ? a : b;
}

void
results_join_heads(struct report_head *all, const struct report_head *h)
{
	for (size_t i = 0; i < COUNT(head_texts); i++) {
		const char **text = text_of(&head_texts[i], all);

		*text = agreed(*text, *text_of(&head_texts[i], h));
	}
	if (h->jobs > all->jobs)
		all->jobs = h->jobs;
	if (h->scale > all->scale)
		all->scale = h->scale;
	if (h->took > all->took) /* they ran side by side */
		all->took = h->took;
}

static bool
equal(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

bool
results_same_image(const struct testcase_result *a, const struct testcase_result *b)
{
	return equal(a->arch, b->arch) && equal(a->net, b->net) && equal(a->profile, b->profile) &&
	       equal(a->set, b->set);
}

bool
results_same_testcase(const struct testcase_result *a, const struct testcase_result *b)
{
	return a->comparison == b->comparison && results_same_image(a, b) &&
	       equal(a->scenario, b->scenario);
}

/* a digest that one of them does not tell differs from none */
static bool
other(const char *a, const char *b)
{
	return a && b && strcmp(a, b);
}

bool
results_other_image(const struct testcase_result *a, const struct testcase_result *b)
{
	return other(a->image, b->image) || other(a->kernel, b->kernel);
}
