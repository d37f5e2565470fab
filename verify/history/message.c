/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/message.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "verify/history/night.h"
#include "verify/history/quarantine.h"
#include "verify/history/words.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* places that are named; the rest are counted */
#define FEW 3

struct message {
	struct arena *a;
	const struct past *p;
	const struct night *n;
	struct buf *out;
	size_t lines, unsaid; /* findings that had no room */
};

static size_t
count_lines(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->n; i++)
		n += b->p[i] == '\n';
	return n;
}

/* a finding as a whole, or not at all; one line is kept for how many there are not */
static void
put(struct message *m, struct buf *finding)
{
	size_t n = count_lines(finding);

	if (m->unsaid || m->lines + n + 1 > MESSAGE_LINES) {
		m->unsaid++;
	} else {
		buf_add(m->out, finding->p, finding->n);
		m->lines += n;
	}
	buf_free(finding);
}

/* "    name       text", no longer than a line may be */
static void
row(struct buf *b, const char *name, const char *text)
{
	int most = MESSAGE_COLUMNS - 15;

	if ((int)strlen(text) > most)
		buf_addf(b, "    %-10s %.*s...\n", name, most - 3, text);
	else
		buf_addf(b, "    %-10s %s\n", name, text);
}

/* a command is whole, or of no use */
static void
command(struct buf *b, const char *name, const char *text)
{
	buf_addf(b, "    %-10s %s\n", name, text);
}

/* ---- who is to blame ---- */

static void
put_suspects(struct message *m, struct buf *b, const struct suspects *s)
{
	const char *likely = words_changes(m->a, s->v, s->likely),
		   *also = words_changes(m->a, s->v + s->likely, s->n - s->likely);

	if (s->n)
		row(b, s->likely == 1 ? "changed" : "one of", likely);
	if (s->n > s->likely)
		row(b, "hardly", arena_printf(m->a, "%s: harmless elsewhere", also));
	if (s->was_program)
		row(b, s->n ? "also" : "changed",
		    arena_printf(
			m->a, "lh-verify and scenarios, %s -> %s", s->was_program, s->is_program));
	if (!s->n && !s->was_program)
		row(b, "changed",
		    s->same_image ? "nothing: the same image passed before"
		    : s->unknown  ? "not known: it never passed, or a manifest is missing"
				  : "nothing that the manifests have in common");
}

/* ---- red ---- */

static const char *
scenario_of(const struct past_case *c)
{
	return c->scenario;
}

static const char *
place_of(const struct past_case *c)
{
	return c->place;
}

/* what its cases have of that, each once, and of more than `most` how many are left out */
static const char *
each_once(struct message *m, const struct night_red *r, const char *of(const struct past_case *),
    size_t most)
{
	struct buf b = { 0 };
	size_t n = 0;
	const char *text;

	for (size_t i = 0; i < r->n; i++) {
		const char *s = of(&m->p->cases[r->cases[i]]);
		bool known = false;

		for (size_t k = 0; k < i; k++)
			known |= !strcmp(of(&m->p->cases[r->cases[k]]), s);
		if (!known && n++ < most)
			buf_addf(&b, "%s%s", b.n ? ", " : "", s);
	}
	if (n > most)
		buf_addf(&b, " and %zu more", n - most);
	text = arena_strdup(m->a, b.p);
	buf_free(&b);
	return text;
}

static const struct past_result *
failure_of(const struct past *p, size_t testcase, size_t night)
{
	for (size_t i = 0; i < past_tries(p, testcase, night); i++)
		if (past_result(p, testcase, night, i)->verdict == VERDICT_FAIL)
			return past_result(p, testcase, night, i);
	return NULL;
}

static void
put_sure(struct message *m, struct buf *b, const struct night_red *r)
{
	const struct standing *s = &m->n->standings[r->cases[0]];

	for (size_t i = 1; i < r->n; i++)
		if (m->n->standings[r->cases[i]].chance > s->chance)
			s = &m->n->standings[r->cases[i]];
	if (!s->runs)
		row(b, "sure",
		    arena_printf(m->a, "failed %u of %u; never judged before", s->fails, s->fails));
	else
		row(b, "sure",
		    arena_printf(m->a, "%s: failed %u of %u tonight, %u of %u before",
			words_percent(m->a, 1 - s->chance), s->fails, s->fails, s->bad, s->runs));
}

/* of the first run with that verdict: the others of a night are repetitions */
static const char *
manifest_of(struct message *m, size_t testcase, size_t night, enum verdict v)
{
	const struct past_case *c = &m->p->cases[testcase];

	for (size_t i = 0; i < past_tries(m->p, testcase, night); i++) {
		const struct past_result *r = past_result(m->p, testcase, night, i);

		if (r->verdict == v && r->image != PAST_NONE)
			return arena_printf(
			    m->a, "%s/%s/%s/manifest", m->p->runs[r->run].dir, c->arch, c->net);
	}
	return NULL;
}

static void
put_commands(struct message *m, struct buf *b, const struct night_red *r)
{
	const struct past_case *c = &m->p->cases[r->cases[0]];
	const struct standing *s = &m->n->standings[r->cases[0]];
	const struct past_image *im = past_image_of(m->p, r->cases[0], s->since, VERDICT_FAIL);
	const char *good,
	    *bad = manifest_of(m, r->cases[0], s->since, VERDICT_FAIL),
	    *cold = strstr(c->scenario, PAST_COLD),
	    *scenario = sh_quoted(m->a, arena_strndup(m->a, c->scenario,
					    strlen(c->scenario) - (cold ? strlen(PAST_COLD) : 0)));

	if (!im || !bad)
		return;
	command(b, "again",
	    arena_printf(m->a, "./make verify TRIPLE=%s PROFILE=%s SET=%s NETS=%s SCENARIO=%s%s",
		sh_quoted(m->a, im->triple), sh_quoted(m->a, c->profile), sh_quoted(m->a, c->set),
		sh_quoted(m->a, c->net), scenario, cold ? " VFLAGS=--cold" : ""));
	good = s->good == PAST_NONE ? NULL : manifest_of(m, r->cases[0], s->good, VERDICT_PASS);
	if (good && r->suspects.n)
		command(b, "bisect",
		    arena_printf(m->a, "lh-bisect%s -s %s GOOD=%s BAD=%s", cold ? " --cold" : "",
			scenario, sh_quoted(m->a, good), sh_quoted(m->a, bad)));
}

static void
put_red(struct message *m, const struct night_red *r)
{
	const struct standing *s = &m->n->standings[r->cases[0]];
	const struct past_result *f = failure_of(m->p, r->cases[0], m->n->night);
	struct buf b = { 0 };

	buf_addf(&b, "RED %s\n", each_once(m, r, scenario_of, SIZE_MAX));
	row(&b, "on", each_once(m, r, place_of, FEW));
	row(&b, "since",
	    s->good == PAST_NONE ? arena_printf(m->a, "%s; it never passed", m->p->nights[s->since])
				 : arena_printf(m->a, "%s; passed on %s", m->p->nights[s->since],
				       m->p->nights[s->good]));
	if (f && f->what)
		row(&b, "what", words_line(m->a, f->what));
	put_suspects(m, &b, &r->suspects);
	put_sure(m, &b, r);
	put_commands(m, &b, r);
	put(m, &b);
}

/* ---- what moved ---- */

static void
put_move(struct message *m, const struct night_move *v)
{
	struct buf b = { 0 };
	bool size = v->noise <= 0;

	buf_addf(&b, "%s %s: %+.1f %%, %s -> %s\n",
	    size		   ? v->after > v->before ? "LARGER" : "SMALLER"
	    : v->after > v->before ? "SLOWER"
				   : "FASTER",
	    v->what, 100 * (v->after / v->before - 1), words_amount(m->a, v->before, size),
	    words_amount(m->a, v->after, size));
	row(&b, "on",
	    arena_printf(m->a, "%s%s%s%s", v->places[0],
		v->n > 1 ? arena_printf(m->a, " and %zu more", v->n - 1) : "",
		v->of ? arena_printf(m->a, ", of %zu where it is measured", v->of) : "", ""));
	if (!size && v->since < m->n->night)
		row(&b, "since",
		    arena_printf(m->a, "%s, about; that night alone was not enough to tell",
			m->p->nights[v->since]));
	if (!size)
		row(&b, "sure",
		    arena_printf(m->a,
			"%.0f times the noise of %.1f %% (median absolute deviation)", v->times,
			100 * v->noise));
	put_suspects(m, &b, &v->suspects);
	put(m, &b);
}

/* ---- the rest ---- */

static void
put_list(struct message *m, const char *head, const size_t *cases, size_t n)
{
	struct buf b = { 0 };

	if (!n)
		return;
	buf_addf(&b, "%s\n", head);
	for (size_t i = 0; i < n && i < FEW; i++)
		row(&b, m->p->nights[m->n->standings[cases[i]].since], m->p->cases[cases[i]].name);
	if (n > FEW)
		buf_addf(&b, "    and %zu more\n", n - FEW);
	put(m, &b);
}

static void
put_flakes(struct message *m)
{
	struct buf b = { 0 };

	if (!m->n->nflakes)
		return;
	buf_addf(&b, "FLAKY, and failed tonight\n");
	for (size_t i = 0; i < m->n->nflakes && i < FEW; i++) {
		const struct standing *s = &m->n->standings[m->n->flakes[i]];

		row(&b, words_percent(m->a, s->rate),
		    arena_printf(m->a, "%s: failed %u of %u", m->p->cases[m->n->flakes[i]].name,
			s->bad, s->runs));
	}
	if (m->n->nflakes > FEW)
		buf_addf(&b, "    and %zu more\n", m->n->nflakes - FEW);
	put(m, &b);
}

static void
put_excused(struct message *m, const char *head, const struct night_excused *v, size_t n)
{
	struct buf b = { 0 };

	if (!n)
		return;
	buf_addf(&b, "%s\n", head);
	for (size_t i = 0; i < n && i < FEW; i++)
		row(&b, v[i].q->until,
		    arena_printf(m->a, "%s, %c tonight: %s (%s)", m->p->cases[v[i].testcase].name,
			m->n->standings[v[i].testcase].letter, v[i].q->reason, v[i].q->where));
	if (n > FEW)
		buf_addf(&b, "    and %zu more\n", n - FEW);
	put(m, &b);
}

static void
put_head(struct message *m)
{
	const struct night *n = m->n;
	struct buf b = { 0 };
	size_t red = 0;

	for (size_t i = 0; i < n->nreds; i++)
		red += n->reds[i].n;
	buf_addf(&b,
	    "night of %s: %zu newly red, %zu red before, %zu mended, %zu flaky, %zu moved\n",
	    m->p->nights[n->night], red, n->nstill, n->nmended, n->nflakes, n->nmoves);
	buf_addf(&b,
	    "%zu passed, %zu failed, %zu both, %zu skipped, %zu inconclusive, %zu not played\n",
	    n->passed, n->failed, n->flaky, n->skipped, n->inconclusive, n->absent);
	if (n->host > 1.25 || n->host < 0.8)
		buf_addf(&b,
		    "everything took %.2f times as long as usual, which is taken off below\n",
		    n->host);
	put(m, &b);
}

void
message_text(struct arena *a, const struct past *p, const struct night *n, struct buf *out)
{
	struct message m = { .a = a, .p = p, .n = n, .out = out };

	put_head(&m);
	for (size_t i = 0; i < n->nreds; i++)
		put_red(&m, &n->reds[i]);
	put_excused(
	    &m, "QUARANTINE is over: mend it, or give another date", n->expired, n->nexpired);
	for (size_t i = 0; i < n->nmoves; i++)
		put_move(&m, &n->moves[i]);
	put_list(&m, "STILL RED, since", n->still, n->nstill);
	put_flakes(&m);
	put_list(&m, "MENDED tonight", n->mended, n->nmended);
	put_excused(&m, "in quarantine, until", n->excused, n->nexcused);
	if (m.unsaid)
		buf_addf(out,
		    "and %zu more, without room here: lh-verify history show, or the site\n",
		    m.unsaid);
}
