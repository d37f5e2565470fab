/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_INTERRUPT_H
#define VERIFY_INTERRUPT_H

#include "build/base/err.h"
#include "verify/loop.h"

#include <signal.h>

/* SIGINT, SIGTERM and SIGHUP, which come through the loop, as everything does. */
struct interrupt {
	int fd; /* -1: not taken */
	sigset_t old;
};

/* ready is called with arg when there is one to take */
int interrupt_begin(
    struct interrupt *i, struct loop *l, loop_ready *ready, void *arg, struct err *e);
/* the number of the signal, or 0: for ready, with its descriptor */
unsigned interrupt_take(int fd);
/* they do again what they did before */
void interrupt_end(struct interrupt *i);

#endif
