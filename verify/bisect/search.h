/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_BISECT_SEARCH_H
#define VERIFY_BISECT_SEARCH_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The search for the version that broke it; it reads, builds and boots nothing.  Given the
 * packages that differ between a good and a bad version set, and the verdicts so far, it says
 * which version set to test next, or which packages and versions are the cause.  Every call
 * starts from the beginning, so an interrupted search needs nothing but its verdicts.
 *
 * A version set has one version of every package, as an index: 0 is the good end's, the last
 * the bad end's.  First comes a minimal set of packages that fails when only these are taken
 * from the bad end: 1-minimal, as in delta debugging (Zeller and Hildebrandt, IEEE Transactions
 * on Software Engineering 28(2), 2002), but by binary searches over sets closed under what their
 * members need, log2 n + 1 tests for each member.  Then a binary search over the versions of
 * each; packages that need each other move together.  Of those, at last, each is moved back
 * alone, to versions that satisfy the needs, to single out the cause.
 */
enum search_verdict {
	BISECT_UNKNOWN, /* not judged yet */
	BISECT_GOOD,
	BISECT_BAD,
	BISECT_SKIP /* cannot be built, or is inconclusive; never counts as bad */
};

struct search_package {
	const char *name;
	const char **versions;
	size_t nversions; /* 2 at least */
};

/* package at version needs package `on` at from..to */
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
	BISECT_PROBE, /* test .probe, then call again */
	BISECT_FOUND,
	BISECT_SAME,	   /* both ends have the same verdict, .end */
	BISECT_SWAPPED,	   /* the good end is bad, and the bad one good */
	BISECT_UNTESTABLE, /* an end was skipped: .end is BISECT_SKIP, .probe is that end */
	BISECT_STUCK	   /* narrowed down to .role and .low to .bad, and no further */
};

enum search_role {
	ROLE_NONE,
	ROLE_CAUSE,  /* without it, it is good */
	ROLE_NEEDED, /* a cause, or a suspect, needs it */
	ROLE_SUSPECT
};

struct search_answer {
	enum search_state state;
	size_t *probe;
	enum search_verdict end;
	enum search_role *role; /* by package */
	bool *joined;		/* by package: it and others need each other */
	size_t *bad;		/* the smallest version set that is bad */
	size_t *low;  /* by package: with this version instead, the bad version set is good */
	size_t *good; /* the good version set closest to it */
};

/* out is on the arena */
void search_next(struct arena *a, const struct search_space *space, search_tester *tester,
    void *arg, struct search_answer *out);
/* the most tests a search takes when one package is the cause and nothing is skipped */
size_t search_expected(struct arena *a, const struct search_space *space);
/* are all needs satisfied? */
bool search_fits(const struct search_space *space, const size_t *version_set);

#endif
