/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SESSION_RECORDING_H
#define VERIFY_SESSION_RECORDING_H

#include <stddef.h>

struct arena;
struct names;

/*
 * Steps that do again what somebody has done.  What is known of the image stands there by its name,
 * as ${address}; where output has other numbers each time, the pattern takes any.
 */

/* a command that was run in the guest, with what came of it */
const char *recording_run(struct arena *a, const char *command, int status, const char *out,
    size_t n, const struct names *names);
/* the last line that programs said on the console, to be waited for; NULL: there is none */
const char *recording_seen(
    struct arena *a, const char *console, size_t n, const struct names *names);
/* a line that was typed on the console, where its last line had this prompt */
const char *recording_typed(
    struct arena *a, const char *prompt, const char *text, const struct names *names);

#endif
