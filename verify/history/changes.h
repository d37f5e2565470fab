/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_HISTORY_CHANGES_H
#define VERIFY_HISTORY_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct past_image;

/* What differs in two manifests, package by package, and who is to blame for what came with it. */
struct change {
	const char *name;
	const char *from, *to; /* VERSION, or VERSION@COMMIT; NULL: it was not there, or is not */
	bool rebuilt;	       /* the same version from another recipe, or on another package */
};

/* packages in the order of the later manifest, those that are gone behind them; how many */
size_t changes_between(struct arena *a, const struct past_image *was, const struct past_image *is,
    struct change **out);

/* an image before and after; with what judged them */
struct turn {
	const struct past_image *was, *is;    /* NULL: not known */
	const char *was_program, *is_program; /* the same */
};

/*
 * What changed in every image that turned; of that, what did not change so in one that stayed as it
 * was is more likely.  What was only rebuilt is named when nothing else changed.
 */
struct suspects {
	struct change *v; /* the likely ones first */
	size_t n, likely;
	const char *was_program, *is_program; /* when it changed in every turn, else NULL */
	bool same_image;		      /* some turn was of one image */
	bool unknown;			      /* some manifest is not known */
};
void suspects_find(struct arena *a, const struct turn *turned, size_t nturned,
    const struct turn *steady, size_t nsteady, struct suspects *out);
/* do they have a suspect in common, or neither any? */
bool suspects_meet(const struct suspects *x, const struct suspects *y);

#endif
