/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TEST_CHECKOUT_H
#define TEST_CHECKOUT_H

struct arena;

/*
 * A small checkout in the folder of the running test: two triples, two sets, a profile.
 * HOME points into that folder too, and no variable of ours is left in the environment.
 */
char *checkout_new(struct arena *a);
/* writes top/rel, with its folders */
void checkout_file(struct arena *a, const char *top, const char *rel, const char *text);

#endif
