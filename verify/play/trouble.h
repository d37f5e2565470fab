/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_TROUBLE_H
#define VERIFY_PLAY_TROUBLE_H

struct arena;
struct subprocess_result;

/* why a program of the host did not do its work, one line, on the arena */
const char *trouble_of(struct arena *a, const struct subprocess_result *r);

#endif
