/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the same for programs, and for a browser */
#include "verify/mutants/tally.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/mutants/derive.h"
#include "verify/mutants/equivalent.h"
#include "verify/report/markup.h"
#include "verify/report/style.h"

#include <string.h>

/* ---- JSON ---- */

static void
add_string(struct buf *b, const char *s)
{
	buf_adds(b, "\"");
	for (; *s; s++)
		if (*s == '"' || *s == '\\')
			buf_addf(b, "\\%c", *s);
		else if ((unsigned char)*s < ' ' || (unsigned char)*s > '~')
			buf_addf(b, "\\u%04x", (unsigned char)*s);
		else
			buf_add(b, s, 1);
	buf_adds(b, "\"");
}

static void
add_member(struct buf *b, const char *name, const char *value)
{
	if (!value)
		return;
	buf_addf(b, ", \"%s\": ", name);
	add_string(b, value);
}

static void
add_outcome(struct buf *b, const struct outcome *o, const struct tally_head *h)
{
	buf_adds(b, "\n  {\"outcome\": ");
	add_string(b, outcome_names[o->kind]);
	add_member(b, "source", o->mutant->source);
	add_member(b, "class", o->mutant->class);
	add_member(b, "target", o->mutant->target);
	add_member(b, "proof", tally_proof(o, h));
	add_member(b, "equivalent", o->equivalent ? o->equivalent->reason : NULL);
	add_member(b, "where", o->where);
	add_member(b, "reason", o->reason);
	buf_addf(b, ", \"seconds\": %.1f, \"killers\": [", (double)o->took / NS_PER_S);
	for (size_t i = 0; i < o->nkillers; i++) {
		buf_adds(b, i ? ", " : "");
		add_string(b, o->killers[i]);
	}
	buf_adds(b, "]}");
}

static void
add_json_classes(struct buf *b, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct arena *a = arena_new();
	struct tally_class *c;
	size_t nc = tally_classes(a, v, n, h, &c);

	buf_adds(b, ",\n \"classes\": [");
	for (size_t i = 0; i < nc; i++) {
		buf_adds(b, i ? ",\n  {\"class\": " : "\n  {\"class\": ");
		add_string(b, c[i].name);
		buf_addf(b,
		    ", \"all\": %zu, \"killed_by_a_guest\": %zu, \"killed_by_audits_alone\": %zu, "
		    "\"survived\": %zu, \"equivalent\": %zu}",
		    c[i].t.all, c[i].t.by_guest, c[i].t.by_audit, c[i].t.survived,
		    c[i].t.equivalent);
	}
	buf_adds(b, "]");
	arena_free(a);
}

static void
add_json(struct buf *b, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct tally t;

	tally_count(v, n, h, &t);
	buf_adds(b, "{\"score\": ");
	if (tally_judged(&t))
		buf_addf(b, "%.4f", tally_score(&t));
	else
		buf_adds(b, "null");
	buf_addf(b,
	    ", \"killed\": %zu, \"survived\": %zu, \"equivalent\": %zu,\n"
	    " \"not_equivalent\": %zu, \"inconclusive\": %zu, \"not_played\": %zu,\n"
	    " \"function\": %.4f, \"killed_by_a_guest\": %zu, \"killed_by_audits_alone\": %zu,\n"
	    " \"derived\": %zu, \"sample\": %zu, \"seed\": %llu, \"all_scenarios\": %s,\n"
	    " \"guests_asked\": %s",
	    t.killed, t.survived, t.equivalent, t.not_equivalent, t.inconclusive, t.unplayed,
	    tally_function(&t), t.by_guest, t.by_audit, h->derived, h->sample,
	    (unsigned long long)h->seed, h->all_scenarios ? "true" : "false",
	    tally_asked(h) ? "true" : "false");
	add_member(b, "version", h->version);
	add_member(b, "date", h->date);
	add_member(b, "arch", h->arch);
	add_member(b, "profile", h->profile);
	add_member(b, "set", h->set);
	add_member(b, "net", h->net);
	add_member(b, "image", h->image);
	add_member(b, "kernel", h->kernel);
	add_member(b, "only", h->only);
	add_json_classes(b, v, n, h);
	buf_adds(b, ",\n \"mutants\": [");
	for (size_t i = 0; i < n; i++) {
		buf_adds(b, i ? "," : "");
		add_outcome(b, &v[i], h);
	}
	buf_adds(b, "\n]}\n");
}

/* ---- HTML ---- */

static void
add_cell(struct buf *b, const char *text)
{
	buf_adds(b, "<td>");
	markup_adds(b, text ? text : "");
}

/* survivors are what one looks for: they are failures, and in front */
static const char *
colour(const struct outcome *o)
{
	if (o->kind == OUTCOME_KILLED)
		return o->equivalent ? "fail" : "pass";
	if (o->kind == OUTCOME_SURVIVED)
		return o->equivalent ? "skip" : "fail";
	return "inconclusive";
}

static void
add_row(struct buf *b, const struct outcome *o, const struct tally_head *h)
{
	buf_adds(b, "<tr><th scope=row>");
	markup_adds(b, o->mutant->class);
	buf_adds(b, " ");
	markup_adds(b, o->mutant->target);
	buf_addf(b, "<td class=%s>%s", colour(o),
	    o->kind == OUTCOME_SURVIVED && o->equivalent ? "equivalent" : outcome_names[o->kind]);
	add_cell(b, tally_proof(o, h));
	buf_adds(b, "<td>");
	for (size_t i = 0; i < o->nkillers; i++) {
		buf_adds(b, i ? " " : "");
		markup_adds(b, o->killers[i]);
	}
	add_cell(b, o->where);
	add_cell(
	    b, o->kind == OUTCOME_SURVIVED && o->equivalent ? o->equivalent->reason : o->reason);
	buf_addf(b, "<td class=took>%.1f</tr>\n", (double)o->took / NS_PER_S);
}

static void
add_html_classes(struct buf *b, const struct outcome *v, size_t n, const struct tally_head *h)
{
	struct arena *a = arena_new();
	struct tally_class *c;
	size_t nc = tally_classes(a, v, n, h, &c);

	buf_adds(b, "<div class=wide tabindex=0 role=region aria-label=Classes><table><tr>"
		    "<th scope=col>class<th scope=col>all<th scope=col>killed by a guest"
		    "<th scope=col>by audits alone<th scope=col>survived<th scope=col>equivalent"
		    "</tr>\n");
	for (size_t i = 0; i < nc; i++) {
		buf_adds(b, "<tr><th scope=row>");
		markup_adds(b, c[i].name);
		buf_addf(b, "<td>%zu<td>%zu<td>%zu<td>%zu<td>%zu</tr>\n", c[i].t.all,
		    c[i].t.by_guest, c[i].t.by_audit, c[i].t.survived, c[i].t.equivalent);
	}
	buf_adds(b, "</table></div>\n");
	arena_free(a);
}

static void
add_html(struct buf *b, const struct outcome *v, size_t n, const struct tally_head *h)
{
	static const char *const order[] = { "fail", "inconclusive", "skip", "pass" };
	struct tally t;

	tally_count(v, n, h, &t);
	style_begin(b, "Mutation score");
	if (tally_judged(&t))
		buf_addf(b, "<h1>Mutation score %.3f%s</h1>\n<dl>", tally_score(&t),
		    tally_whole(&t) ? "" : " of those judged");
	else
		buf_adds(b, "<h1>No mutation score: no mutant was judged</h1>\n<dl>");
	style_row(b, "image", h->image);
	style_row(b, "profile", h->profile);
	style_row(b, "arch", h->arch);
	style_row(b, "network", h->net);
	style_row(b, "set", h->set);
	style_row(b, "date", h->date);
	style_row(b, "version", h->version);
	style_row(b, "only", h->only);
	buf_addf(b, "<dt>mutants<dd>%zu killed, %zu survived, %zu equivalent, %zu inconclusive",
	    t.killed, t.survived, t.equivalent, t.inconclusive + t.unplayed);
	buf_addf(b, "<dt>function<dd>%s%.3f: %zu killed by a guest, %zu by audits alone%s",
	    t.by_audit && !tally_asked(h) ? "at least " : "", tally_function(&t), t.by_guest,
	    t.by_audit, t.by_audit && !tally_asked(h) ? ", of which no guest was asked" : "");
	if (h->sample)
		buf_addf(b, "<dt>sample<dd>%zu of %zu, seed %llu", h->sample, h->derived,
		    (unsigned long long)h->seed);
	buf_adds(b, "</dl>\n");
	add_html_classes(b, v, n, h);
	buf_adds(b,
	    "<div class=wide tabindex=0 role=region aria-label=Mutants><table><tr>"
	    "<th scope=col>mutant<th scope=col>outcome<th scope=col>proof<th scope=col>by<th "
	    "scope=col>where"
	    "<th scope=col>reason<th scope=col>seconds</tr>\n");
	for (size_t k = 0; k < sizeof order / sizeof *order; k++)
		for (size_t i = 0; i < n; i++)
			if (!strcmp(colour(&v[i]), order[k]))
				add_row(b, &v[i], h);
	buf_adds(b, "</table></div>\n");
}

static int
write_one(struct arena *a, const char *dir, const char *name, struct buf *b, struct err *e)
{
	int r = file_write(arena_printf(a, "%s/%s", dir, name), b->p, b->n, 0644, e);

	buf_free(b);
	return r;
}

int
tally_files(struct arena *a, const char *dir, const struct outcome *v, size_t n,
    const struct tally_head *h, struct err *e)
{
	struct buf b = { 0 };

	add_json(&b, v, n, h);
	if (write_one(a, dir, "mutants.json", &b, e) < 0)
		return -1;
	add_html(&b, v, n, h);
	return write_one(a, dir, "mutants.html", &b, e);
}
