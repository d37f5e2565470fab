/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_SEARCH_H
#define VERIFY_BISECT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * Which version broke it: the search, without any reading, building or booting.  Given the
 * packages that differ between a good and a bad mixture, and what is known so far, it says
 * what to judge next, or what broke it.  It starts from the beginning at every call, so
 * that an interrupted search goes on with nothing but its verdicts.
 *
 * A mixture is one version of every package, as an index: 0 is the good end's, the last
 * one the bad end's.  First a minimal set of packages is looked for which fails when it is
 * taken from the bad end: 1-minimal, as in delta debugging (Zeller and Hildebrandt, IEEE
 * Transactions on Software Engineering 28(2), 2002), but found by binary searches over sets
 * that hold all that their members need, log2 n + 1 probes for each member.  Then the
 * versions inside it are searched in two, those of packages that only come together as one.
 * Of such, at last, each is taken back alone to versions that still fit.
 */
enum search_verdict {
	BISECT_UNKNOWN, /* not judged yet */
	BISECT_GOOD,
	BISECT_BAD,
	BISECT_SKIP
}; /* cannot be built or judged; never counts as bad */

struct search_package {
	const char *name;
	const char **versions;
	size_t nversions; /* 2 at least */
};

/* package at version goes only with on at from..to */
struct search_need {
	size_t package, version;
	size_t on, from, to;
};

struct search_space {
	struct search_package *packages;
	size_t npackages;
	struct search_need *needs;
	size_t nneeds;
};

typedef enum search_verdict search_tester(void *arg, const size_t *version_set);

enum search_state {
	BISECT_PROBE, /* judge .probe, then ask again */
	BISECT_FOUND,
	BISECT_SAME,	/* the ends have one verdict: .end */
	BISECT_SWAPPED, /* the good end is bad, and the bad one good */
	BISECT_BLIND,	/* an end cannot be judged: .end is BISECT_SKIP, .probe is that end */
	BISECT_STUCK
}; /* narrowed to what .role and .low to .bad say, and no further */

enum search_role {
	ROLE_NONE,
	ROLE_GUILTY, /* without it, it is good */
	ROLE_NEEDED, /* a guilty or suspected one cannot come without it */
	ROLE_SUSPECT
};

struct search_answer {
	enum search_state state;
	size_t *probe;
	enum search_verdict end;
	enum search_role *role; /* by package */
	bool *joined;		/* by package: it and others only come together */
	size_t *bad;		/* the smallest mixture that is bad */
	size_t *low;		/* by package: with this version instead, the bad mixture is good */
	size_t *good;		/* the good mixture next to it */
};

/* out is on the arena */
void search_next(struct arena *a, const struct search_space *w, search_tester *tester, void *arg,
    struct search_answer *out);
/* probes that a search takes when one package is guilty and nothing is skipped: at most */
size_t search_expected(struct arena *a, const struct search_space *w);
/* does every package have what it needs */
bool search_fits(const struct search_space *w, const size_t *version_set);

#endif
