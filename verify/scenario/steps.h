/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_STEPS_H
#define VERIFY_SCENARIO_STEPS_H

struct err;
struct reading;

/* The steps of a scenario, and what follows them: what is wanted, alternatives, blocks, races. */

/* the line that begins with this verb, and its block; source: the line, as the report shows it */
int steps_read(struct reading *r, const char *verb, const char *source, struct err *e);
/* "| label /re/" belongs to the expect above it */
int steps_bar(struct reading *r, struct err *e);
/* the line that ends a race is a step, too: the guest calms down */
int steps_close_race(struct reading *r, struct err *e);

#endif
