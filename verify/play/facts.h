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

#endif
