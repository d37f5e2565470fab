/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/report/table.h"

#include "build/base/arena.h"
#include "build/base/buf.h"

#include <stdio.h>
#include <string.h>

#define INDENT 2
#define MARK 4	  /* room that every mark needs */
#define SECONDS 7 /* " 1234 s" at the end of a row */
#define NAME_MAX_SHOWN 16
#define LETTERS_MIN 16 /* a row that goes on below has as many a line, or it is a mere column */

static const struct mark {
	const char *word;
	char letter; /* where there is no room for words */
	const char *colour;
} waiting = { ".", '.', "2" }, verdicts[NVERDICTS] = {
	[VERDICT_PASS] = { "ok", '+', "32" },
	[VERDICT_FAIL] = { "FAIL", 'F', "1;31" },
	[VERDICT_SKIP] = { "skip", '-', "2" },
	[VERDICT_INCONCLUSIVE] = { "incl", 'I', "1;35" },
};

/* what was found out before the first line is written */
struct table {
	const struct table_testcase *testcases;
	size_t n;
	const struct table_look *look;
	struct arena *a;
	size_t *rows, nrows;	   /* the first test case of each */
	size_t *columns, ncolumns; /* the first test case of each */
	bool *shown;		   /* rows there is room for */
	size_t left_out;
	bool with_net;	     /* rows differ in it */
	size_t name_width;   /* of the rows' names */
	size_t *width;	     /* of the columns */
	const char **titles; /* of the columns; NULL: one letter a test case */
	size_t letters;	     /* without titles: so many a line, then the row goes on below */
};

/* ---- rows and columns ---- */

static bool
same_row(const struct table_testcase *a, const struct table_testcase *b)
{
	return !strcmp(a->arch, b->arch) && !strcmp(a->net, b->net);
}

static bool
same_column(const struct table_testcase *a, const struct table_testcase *b)
{
	return !strcmp(a->scenario, b->scenario);
}

/* the first of each kind, in order of appearance */
static size_t
firsts(const struct table *t,
    bool same(const struct table_testcase *, const struct table_testcase *), size_t *out)
{
	size_t n = 0, k;

	for (size_t i = 0; i < t->n; i++) {
		for (k = 0; k < n && !same(&t->testcases[out[k]], &t->testcases[i]); k++)
			;
		if (k == n)
			out[n++] = i;
	}
	return n;
}

static const char *
row_name(const struct table *t, const struct table_testcase *c)
{
	return t->with_net ? arena_printf(t->a, "%s %s", c->arch, c->net) : c->arch;
}

static void
find_rows(struct table *t)
{
	t->rows = arena_array(t->a, t->n, sizeof *t->rows);
	t->columns = arena_array(t->a, t->n, sizeof *t->columns);
	t->nrows = firsts(t, same_row, t->rows);
	t->ncolumns = firsts(t, same_column, t->columns);
	t->shown = arena_array(t->a, t->nrows, sizeof *t->shown);
	for (size_t i = 1; i < t->nrows; i++)
		t->with_net |=
		    strcmp(t->testcases[t->rows[i]].net, t->testcases[t->rows[0]].net) != 0;
	for (size_t i = 0; i < t->nrows; i++) {
		size_t n = strlen(row_name(t, &t->testcases[t->rows[i]]));

		if (n > t->name_width)
			t->name_width = n;
	}
}

/* ---- how wide ---- */

/* "net-static" is told from "net-dhcp" by its end */
static const char *
shortened(const struct table *t, size_t column, size_t width)
{
	const char *name = t->testcases[t->columns[column]].scenario, *dash = strrchr(name, '-');
	char *s;
	unsigned number = 2;

	if (strlen(name) <= width)
		return name;
	s = arena_printf(t->a, "%.*s", (int)width, dash && dash[1] ? dash + 1 : name);
	for (size_t i = 0; i < column; i++)
		if (!strcmp(t->titles[i], s)) {
			s = arena_printf(t->a, "%.*s%u", (int)width - 1 - (number > 9), s, number);
			number++;
			i = SIZE_MAX; /* from the first again */
		}
	return s;
}

static bool
try_width(struct table *t, size_t most, size_t room)
{
	size_t used = 0;

	for (size_t i = 0; i < t->ncolumns; i++) {
		size_t n = strlen(t->testcases[t->columns[i]].scenario);

		t->width[i] = n > most ? most : n < MARK ? MARK : n;
		used += 1 + t->width[i];
	}
	if (used > room)
		return false;
	t->titles = arena_array(t->a, t->ncolumns, sizeof *t->titles);
	for (size_t i = 0; i < t->ncolumns; i++)
		t->titles[i] = shortened(t, i, most);
	return true;
}

/* the widest columns that fit; false: not even letters do */
static bool
choose_widths(struct table *t)
{
	size_t taken = INDENT + t->name_width + SECONDS + 1,
	       room = t->look->columns > taken ? t->look->columns - taken : 0;

	t->width = arena_array(t->a, t->ncolumns, sizeof *t->width);
	for (size_t most = NAME_MAX_SHOWN; most >= MARK; most--)
		if (try_width(t, most, room))
			return true;
	t->letters = room > t->ncolumns ? t->ncolumns : room ? room - 1 : 0;
	return t->letters == t->ncolumns || t->letters >= LETTERS_MIN;
}

/* ---- how low ---- */

/* lines that a row takes */
static size_t
height(const struct table *t)
{
	return t->titles ? 1 : (t->ncolumns + t->letters - 1) / t->letters;
}

static bool
has_news(const struct table *t, size_t row)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct table_testcase *c = &t->testcases[i];

		if (same_row(c, &t->testcases[t->rows[row]]) &&
		    (c->state == TABLE_RUNNING ||
			(c->state == TABLE_OVER && c->verdict != VERDICT_PASS &&
			    c->verdict != VERDICT_SKIP)))
			return true;
	}
	return false;
}

/* rows with news first, then the others, as long as there is room */
static void
choose_rows(struct table *t, size_t room)
{
	for (int news = 1; news >= 0; news--)
		for (size_t i = 0; i < t->nrows && room >= height(t); i++)
			if (has_news(t, i) == news) {
				t->shown[i] = true;
				room -= height(t);
			}
	for (size_t i = 0; i < t->nrows; i++)
		t->left_out += !t->shown[i];
}

/* ---- writing ---- */

static void
add_coloured(struct buf *b, const struct table *t, const char *colour, const char *text, size_t n)
{
	if (t->look->colour)
		buf_addf(b, "\033[%sm%.*s\033[m", colour, (int)n, text);
	else
		buf_add(b, text, n);
}

static void
add_blanks(struct buf *b, size_t n)
{
	while (n--)
		buf_add(b, " ", 1);
}

static const struct table_testcase *
testcase_at(const struct table *t, size_t row, size_t column)
{
	for (size_t i = 0; i < t->n; i++)
		if (same_row(&t->testcases[i], &t->testcases[t->rows[row]]) &&
		    same_column(&t->testcases[i], &t->testcases[t->columns[column]]))
			return &t->testcases[i];
	return NULL;
}

static void
add_mark(struct buf *b, const struct table *t, const struct table_testcase *c, size_t width)
{
	struct mark m = { "", ' ', "" };
	char seconds[16];
	size_t n;

	if (c && c->state == TABLE_RUNNING) {
		snprintf(seconds, sizeof seconds, "%llds", (long long)(c->took / NS_PER_S) % 1000);
		m = (struct mark){ seconds, '>', "33" };
	} else if (c) {
		m = c->state == TABLE_WAITING ? waiting : verdicts[c->verdict];
	}
	if (!t->titles) {
		add_coloured(b, t, m.colour, &m.letter, 1);
		return;
	}
	n = strlen(m.word);
	add_blanks(b, 1 + (width - n + 1) / 2);
	if (n)
		add_coloured(b, t, m.colour, m.word, n);
	add_blanks(b, (width - n) / 2);
}

static void
add_titles(struct buf *b, const struct table *t)
{
	add_blanks(b, INDENT + t->name_width);
	for (size_t i = 0; i < t->ncolumns; i++)
		buf_addf(b, " %-*s", (int)t->width[i], t->titles[i]);
	while (b->n && b->p[b->n - 1] == ' ')
		b->n--;
	buf_adds(b, "\n");
}

static void
add_row(struct buf *b, const struct table *t, size_t row)
{
	nstime took = 0;

	buf_addf(
	    b, "%*s%-*s", INDENT, "", (int)t->name_width, row_name(t, &t->testcases[t->rows[row]]));
	if (!t->titles)
		buf_adds(b, " ");
	for (size_t i = 0; i < t->ncolumns; i++) {
		const struct table_testcase *c = testcase_at(t, row, i);

		if (!t->titles && i && i % t->letters == 0)
			buf_addf(b, "\n%*s", (int)(INDENT + t->name_width + 1), "");
		add_mark(b, t, c, t->width[i]);
		if (c)
			took += c->took;
	}
	buf_addf(b, " %4lld s\n", (long long)(took / NS_PER_S) % 10000);
}

/* cut at the terminal's edge; a byte that a terminal might obey, or show wide, is a question mark
 */
static void
add_line(struct buf *b, const struct table *t, const char *text)
{
	char *s =
	    arena_printf(t->a, "%.*s", t->look->columns > 1 ? (int)t->look->columns - 1 : 1, text);

	for (char *p = s; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	buf_addf(b, "%s\n", s);
}

static size_t
count_running(const struct table *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		n += t->testcases[i].state == TABLE_RUNNING;
	return n;
}

static nstime
usual_of(const struct table_testcase *c, nstime mean)
{
	return c->usual ? c->usual : mean;
}

/*
 * How long the rest takes, if it takes what it took the last time and as many guests go on beside
 * each other as now; 0: not known.  One that is new is taken for the mean of the others, unless
 * most are new.
 */
static nstime
time_left(const struct table *t, size_t running)
{
	nstime mean = 0, sum = 0, longest = 0;
	size_t known = 0, played = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct table_testcase *c = &t->testcases[i];

		mean += c->usual;
		known += c->usual > 0;
		played += c->state != TABLE_OVER || c->verdict != VERDICT_SKIP;
	}
	if (!known || 2 * known < played)
		return 0;
	mean /= (nstime)known;
	for (size_t i = 0; i < t->n; i++) {
		const struct table_testcase *c = &t->testcases[i];
		nstime left = c->state == TABLE_OVER ? 0 : usual_of(c, mean);

		if (c->state == TABLE_RUNNING)
			left = left > c->took ? left - c->took : 0;
		sum += left;
		longest = left > longest ? left : longest;
	}
	sum = running ? sum / (nstime)running : 0;
	return sum > longest ? sum : longest;
}

static void
add_summary(struct buf *b, const struct table *t)
{
	size_t over = 0, bad = 0, running = count_running(t);
	unsigned long long left;
	char *s;

	for (size_t i = 0; i < t->n; i++) {
		const struct table_testcase *c = &t->testcases[i];

		over += c->state == TABLE_OVER;
		bad += c->state == TABLE_OVER && c->verdict != VERDICT_PASS &&
		       c->verdict != VERDICT_SKIP;
	}
	s = arena_printf(t->a, "%*s%zu of %zu over", INDENT, "", over, t->n);
	if (running)
		s = arena_printf(t->a, "%s, %zu running", s, running);
	if (bad)
		s = arena_printf(t->a, "%s, %zu failed", s, bad);
	left = running ? (unsigned long long)(time_left(t, running) / NS_PER_S) : 0;
	if (left)
		s = arena_printf(t->a, "%s, about %llu:%02llu left", s, left / 60, left % 60);
	if (t->left_out && t->left_out < t->nrows)
		s = arena_printf(
		    t->a, "%s; %zu row%s not shown", s, t->left_out, t->left_out == 1 ? "" : "s");
	add_line(b, t, s);
}

static void
add_doing(struct buf *b, const struct table *t, size_t room)
{
	for (size_t i = 0; i < t->n && room; i++) {
		const struct table_testcase *c = &t->testcases[i];
		const char *took = "";

		if (c->state != TABLE_RUNNING || !c->doing)
			continue;
		if (!t->titles)
			took = arena_printf(t->a, " %lld s", (long long)(c->took / NS_PER_S));
		add_line(b, t,
		    arena_printf(t->a, "%*s%s %s%s: %s", INDENT, "", row_name(t, c), c->scenario,
			took, c->doing));
		room--;
	}
}

void
table_format(struct buf *out, const struct table_testcase *testcases, size_t n,
    const struct table_look *look)
{
	struct table t = { .testcases = testcases, .n = n, .look = look, .a = arena_new() };
	/* the cursor stands below the last line */
	size_t room = look->lines > 2 ? look->lines - 2 : 0, head;

	if (!n) {
		arena_free(t.a);
		return;
	}
	find_rows(&t);
	if (choose_widths(&t) && room >= 1 + height(&t)) {
		head = t.titles != NULL;
		choose_rows(&t, room - head);
		if (head)
			add_titles(out, &t);
		for (size_t i = 0; i < t.nrows; i++)
			if (t.shown[i])
				add_row(out, &t, i);
		room -= head + (t.nrows - t.left_out) * height(&t);
	} else {
		room = 0;
		t.left_out = t.nrows;
	}
	if (count_running(&t) || t.left_out)
		add_summary(out, &t);
	add_doing(out, &t, room);
	arena_free(t.a);
}
