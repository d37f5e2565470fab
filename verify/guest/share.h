/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SHARE_H
#define VERIFY_GUEST_SHARE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the host's scheduler has given a process since its start, all its threads together, in
 * nanoseconds: the time that they ran, and the time that they could have run and waited for a
 * processor (schedstat, of proc(5)).
 */
struct share {
	uint64_t ran, waited;
};

/* as it is now; false: the process is gone, or the host does not tell */
bool share_of(pid_t pid, struct share *out);
/* what came between the two; a thread that has ended took its own with it: never below zero */
struct share share_between(const struct share *from, const struct share *to);
/* how many times longer its work took than on processors of its own: 1 and more */
double share_slowdown(const struct share *s);
/*
 * Was it so little that a verdict on what it did in that time says more of the host than of the
 * guest?  scale: by how much all timeouts were lengthened for this host.
 */
bool share_starved(const struct share *s, double scale);
/* does a guest say with this line that some time has run out, which it had not where it starved? */
bool share_tells(const char *line);

#endif
