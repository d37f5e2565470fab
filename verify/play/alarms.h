/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_ALARMS_H
#define VERIFY_PLAY_ALARMS_H

#include "build/base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct guest;
struct scenario;
struct watch;

/*
 * Words of the kernel on the console (`watch kernel`): has the kernel said them, or a program?  The
 * kernel's own log is asked through the guest agent.  It was the kernel when the log has them, and
 * when there is no answer, for a kernel that has panicked gives none: a reset or the end of the
 * guest settles it so too.  Without a guest agent the stamp of printk decides.
 */
struct alarm {
	struct alarm *next;
	const struct watch *watch;
	const char *line; /* on the arena */
	uint64_t at;	  /* where on the console */
	bool asked;	  /* the question under way came after it */
};

struct alarms {
	struct arena *a;
	const struct scenario *scenario;
	struct guest *guest;
	nstime deadline; /* of the answer */
	/* called once for each, maybe from alarms_raise(); real: by the kernel */
	void (*settled)(void *arg, const struct alarm *x, bool real);
	void *arg;

	struct alarm *open;
	unsigned questions; /* in this boot */
	unsigned number;    /* of the boot: an answer to another one comes too late */
	bool asking;
	bool closed; /* nobody is asked any more */
};

/* another guest, about which nothing is open */
void alarms_renew(struct alarms *s, struct guest *g, nstime deadline);
void alarms_raise(struct alarms *s, const struct watch *w, const char *line, uint64_t at);
/* the whole log has been read at the end: what nobody was asked about is judged */
void alarms_read(struct alarms *s);
/* nobody can be asked any more: what is open is real */
void alarms_confirm(struct alarms *s);

#endif
