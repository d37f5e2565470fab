/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_TESTCASE_H
#define VERIFY_PLAY_TESTCASE_H

#include "build/base/clock.h"
#include "build/base/err.h"
#include "verify/guest/guest.h"
#include "verify/scenario/names.h"
#include "verify/guest/nonce.h"
#include "verify/report/result.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cursor;
struct http;
struct image;
struct loop;
struct step_state;

/*
 * One cell: a scenario played on a guest of one image, from the overlay to the verdict.  A step
 * ends once, by cell_pass(), cell_fail() or cell_broken(); what comes next is decided from the loop,
 * so a step may end wherever it likes.
 */
/*
 * A booted guest, kept for others to start from.  What it said until then is theirs too: every watch
 * of theirs sees it, and a step may expect it.
 */
struct saved {
	const char *state; /* its name, also inside the disk */
	const char *disk;  /* the overlay that has it; NULL: the image has no disk */
	const char *console;
	size_t nconsole;
	char nonce[NONCE_SIZE]; /* on the kernel command line of that boot */
	nstime booted;		/* as in struct cell_result */
	const char *why_not;	/* QEMU cannot save such a guest: its words; else NULL */
};

struct cell_job {
	struct image *image;
	const struct scenario *scenario;
	const char *dir;	  /* of the cell, made fresh */
	const char *base;	  /* what the overlay lies on, NULL: the image has no disk */
	bool door;		  /* base has a door */
	const char *append;	  /* more kernel words, or NULL */
	const char *accel, *cpu;  /* as for struct qemu_opts */
	double scale;		  /* of timeouts */
	bool keep;		  /* the overlay, also after a pass */
	struct saved *save;	  /* filled by `vm save`, which keeps the overlay, or NULL */
	const struct saved *from; /* started from this, or NULL: booted */
};

enum cell_state { CELL_PREPARING, /* qemu-img */
	CELL_STEPPING,
	CELL_EXPLAINING, /* a step has failed: what is the guest doing? */
	CELL_STOPPING,	 /* all steps are over, the guest is not */
	CELL_DONE };

typedef void cell_done(void *arg);

struct cell {
	struct arena *a; /* of the results, too */
	struct loop *loop;
	const struct cell_job *job;
	struct cell_result *result;
	cell_done *done;
	void *arg;

	enum cell_state state;
	struct names names;
	char nonce[NONCE_SIZE];
	bool nonce_inside;     /* /proc/cmdline, through the door, has it */
	bool nonce_on_console; /* the guest's kernel has printed it */
	unsigned nonce_alarm;
	const char *asleep; /* why a restored guest gave no answer */
	const char *disk;   /* the overlay, or NULL */
	const char *flat;   /* overlay and image as one raw file, once a step asked for it */
	struct cell_server {
		struct cell_server *next;
		struct http *http;
	} * servers;	      /* until the end of the cell */
	struct guest *guest;  /* NULL before the first, and between two */
	struct cursor *read;  /* where expect stands */
	struct cursor *watch; /* where the watches stand */
	nstime console_at;    /* last byte */
	nstime booted_from;   /* start of QEMU */
	unsigned boots;	      /* so far */
	bool trip;	      /* a watch made it fail, by what begins at trip_at */
	uint64_t trip_at;
	bool reborn;		  /* reset, and the kernel has not shown itself since */
	unsigned resets;	  /* that no step has awaited yet */
	const char *reset_reason; /* of the last one */
	const char *awaited;	  /* the end that a step has seen and wanted; NULL: it should still run */

	size_t at;	    /* the step */
	uint64_t step_from; /* console offset at its beginning */
	nstime began, step_began, step_deadline;
	struct step_state *step; /* of the verb, on the arena */
	unsigned ticket;	 /* of the step: an answer with another one comes too late */
	bool step_open;		 /* it has not ended yet */
	bool failed;
	unsigned next_alarm, step_alarm, limit_alarm;
	struct prog *prog; /* qemu-img */
};

/*
 * a, job, result: live until the report; the cell itself until cell_free().  done is called once,
 * from the loop, when the verdict stands and QEMU is gone.
 */
struct cell *cell_start(struct arena *a, struct loop *l, const struct cell_job *job, struct cell_result *result, cell_done *done, void *arg);
/* ends it as broken */
void cell_interrupt(struct cell *c, const char *why);
void cell_free(struct cell *c); /* after done */
/* the step under way as it is written, or NULL */
const char *cell_doing(const struct cell *c);
/* its scenario sleeps: nothing is wanted of the guest */
bool cell_rests(const struct cell *c);

/* ---- for the verbs ---- */

void cell_pass(struct cell *c);
void cell_pass_saying(struct cell *c, const char *said); /* one line, for who compares it with another run's */
/* expected, got: one line each, or NULL */
void cell_fail(struct cell *c, const char *expected, const char *got, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* it could not be judged */
void cell_broken(struct cell *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* the text with its names filled in; NULL: the step has failed over it */
const char *cell_fill(struct cell *c, const struct templ *t);
/* "10.0 s", on the arena */
const char *cell_seconds(struct cell *c, nstime t);
/* starts QEMU on the cell's disk; an error is broken */
int cell_boot(struct cell *c, struct err *e);
/* the deadline of the step under way has passed; arg is the cell: for loop_at */
void cell_overdue(void *arg);
const struct step *cell_step(const struct cell *c); /* the one under way */
/* n bytes for the comparison across triples: in the cell's result, and in its folder */
int cell_keep(struct cell *c, const char *subject, const char *text, size_t n, struct err *e);
bool cell_guest_runs(const struct cell *c);

#endif
