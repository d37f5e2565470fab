/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/audit.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/base/url.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/files/git.h"
#include "build/source/aptmirror.h"
#include "build/source/origins.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *const verdict_names[NVERDICTS] = {
	[AUDIT_GOOD] = "good",
	[AUDIT_MOVED] = "moved",
	[AUDIT_CHANGED] = "changed",
	[AUDIT_DEAD] = "dead",
	[AUDIT_UNKNOWN] = "unknown",
};

enum verdict
audit_judge(struct arena *a, const struct source *form, const struct transfer *rq, const char **why)
{
	bool bytes = rq->verb == TRANSFER_GET;
	int64_t size = bytes ? (int64_t)rq->have : rq->length;

	*why = NULL;
	if (rq->failed) {
		*why = rq->failed;
		return rq->end == TRANSFER_WRONG ? AUDIT_CHANGED : AUDIT_DEAD;
	}
	if (rq->status >= 400) {
		*why = arena_printf(a, "HTTP status %ld", rq->status);
		/* gone, or kept from us; the others say nothing of the file */
		return rq->status == 403 || rq->status == 404 || rq->status == 410 ? AUDIT_DEAD
										   : AUDIT_UNKNOWN;
	}
	if (!strncmp(rq->type, "text/html", 9)) {
		*why = "answers with a web page";
		return AUDIT_CHANGED;
	}
	if (form->size && size >= 0 && (uint64_t)size != form->size) {
		*why =
		    arena_printf(a, "has %" PRId64 " bytes, expected %" PRIu64, size, form->size);
		return AUDIT_CHANGED;
	}
	if (bytes && strcmp(rq->sha256, form->sha256) != 0) {
		*why = arena_printf(a, "sha256 is %s, expected %s", rq->sha256, form->sha256);
		return AUDIT_CHANGED;
	}
	if (rq->moved) {
		*why = arena_printf(a, "is at %s", url_shown(a, rq->moved));
		return AUDIT_MOVED;
	}
	return AUDIT_GOOD;
}

/* one origin of one form */
struct question {
	const struct recipe *recipe;
	const struct version *version;
	const struct place *place;
	enum verdict verdict;
	const char *why;
	size_t asks; /* its request, or NOT_ASKED */
};
#define NOT_ASKED ((size_t)-1)

struct audit {
	struct arena *a;
	struct config cfg;
	bool bytes;
	struct aptmirror apt;
	struct question *v;
	size_t n;
	struct transfer *rq;
	size_t nrq;
};

static void
ask_git(struct audit *t, struct question *q)
{
	struct err e;
	char *commit;

	if (git_tag(t->a, q->place->clone, q->place->where, &commit, &e) == 0) {
		q->verdict = AUDIT_GOOD;
	} else {
		q->verdict = AUDIT_DEAD;
		q->why = arena_strdup(t->a, e.msg);
	}
}

static void
add_question(
    struct audit *t, const struct recipe *r, const struct version *v, const struct place *p)
{
	struct question q = { .recipe = r,
		.version = v,
		.place = p,
		.verdict = AUDIT_UNKNOWN,
		.why = p->closed,
		.asks = NOT_ASKED };
	struct transfer rq = { .verb = t->bytes ? TRANSFER_GET : TRANSFER_HEAD,
		.url = p->url,
		.proxy = p->proxy,
		.fd = -1,
		.most = t->bytes ? p->form->size : 0 };

	if (!q.why && p->kind == PLACE_GIT) {
		ask_git(t, &q);
	} else if (!q.why) {
		q.asks = t->nrq;
		t->rq = arena_more(t->a, t->rq, t->nrq, sizeof *t->rq);
		t->rq[t->nrq++] = rq;
	}
	t->v = arena_more(t->a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = q;
}

static void
add_all(struct audit *t, const struct recipes *rs)
{
	for (size_t i = 0; i < rs->n; i++)
		for (size_t k = 0; k < rs->v[i].nversions; k++) {
			const struct version *v = &rs->v[i].versions[k];
			struct places places =
			    origins_list(t->a, &t->cfg, rs->v[i].name, v->forms, v->nforms);

			for (size_t p = 0; p < places.n; p++) {
				origins_resolve(t->a, &places.v[p], &t->apt);
				add_question(t, &rs->v[i], v, &places.v[p]);
			}
		}
}

/* returns how many sources nothing is left for; counts[] is filled */
static unsigned
print_verdicts(const struct audit *t, unsigned counts[NVERDICTS])
{
	unsigned lost = 0;

	for (size_t i = 0; i < t->n;) {
		const struct version *v = t->v[i].version;
		const struct recipe *r = t->v[i].recipe;
		bool left = false;

		for (; i < t->n && t->v[i].version == v; i++) {
			const struct question *q = &t->v[i];

			counts[q->verdict]++;
			left |= q->verdict == AUDIT_GOOD || q->verdict == AUDIT_MOVED;
			if (q->verdict != AUDIT_GOOD)
				log_stdout(arena_printf(t->a, "%-8s %s %s: %s: %s\n",
				    verdict_names[q->verdict], r->name, v->version,
				    origins_text(t->a, q->place), q->why));
		}
		if (left)
			continue;
		printf("lost     %s %s: no origin serves it\n", r->name, v->version);
		lost++;
	}
	return lost;
}

int
audit_command(const struct request *rq, struct err *e)
{
	struct audit t = { .a = rq->a, .bytes = rq->bytes };
	unsigned counts[NVERDICTS] = { 0 }, lost;
	struct recipes recipes;

	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &t.cfg, e) < 0)
		return -1;
	if (t.cfg.offline)
		return fail_usage(
		    e, "fetch --audit asks servers, but OFFLINE is true; set it to false");
	if (config_drop_root(&t.cfg, false, e) < 0 ||
	    recipe_read_all(rq->a, rq->top, &recipes, e) < 0)
		return -1;
	t.cfg.mirrors = ""; /* they need not have everything */
	add_all(&t, &recipes);
	transfer_all(rq->a, &transfer_usual, t.rq, t.nrq);
	for (size_t i = 0; i < t.n; i++)
		if (t.v[i].asks != NOT_ASKED)
			t.v[i].verdict =
			    audit_judge(rq->a, t.v[i].place->form, &t.rq[t.v[i].asks], &t.v[i].why);
	lost = print_verdicts(&t, counts);
	printf("%zu origins: %u good, %u moved, %u changed, %u dead, %u unknown\n", t.n,
	    counts[AUDIT_GOOD], counts[AUDIT_MOVED], counts[AUDIT_CHANGED], counts[AUDIT_DEAD],
	    counts[AUDIT_UNKNOWN]);
	if (counts[AUDIT_CHANGED] || lost)
		return fail(e,
		    "fetch --audit: %u origins have changed, %u sources have no origin left",
		    counts[AUDIT_CHANGED], lost);
	return 0;
}
