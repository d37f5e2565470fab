/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_FACTS_H
#define VERIFY_PLAY_FACTS_H

struct arena;
struct image;
struct names;

/*
 * The names every scenario may use, before any step: what the manifest says of the image
 * (${arch} ${profile} ${address} ${services} ${version.linux} ...), who may log in
 * (${root.password} ${guest.password}), and the run (${nonce} ${scale} ${now}); ${dies} is the
 * scenario's.
 */
const char *const *facts_known(struct arena *a); /* NULL-terminated; for scenario_read */

/* sets all of them; what this image does not have has no value */
void facts_set(struct names *names, const struct image *i, double scale);
/*
 * ${now} as it is now, before each step: what was told last is kept in told, empty at first.  When
 * ${now} is something else, a scenario has captured that.
 */
#define FACTS_TIME 24
void facts_tell_time(struct names *names, char told[FACTS_TIME]);

#endif
