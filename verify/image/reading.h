/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_READING_H
#define VERIFY_IMAGE_READING_H

#include "build/base/child.h"

struct arena;
struct loop;

/*
 * Work on the bytes of an image, in a child that is confined as confine.h says.  First it opens
 * what it needs, then it is shut in, then it does its work.
 */
struct reading_opts {
	const char *what;	/* is read, as messages name it: the image */
	child_work *open;	/* parses nothing */
	child_work *work;	/* opens nothing; its stdout is out */
	void *arg;		/* of both; what they write to it stays in the child */
	int out;		/* 0: it is handed to `done` */
	unsigned long long mib; /* that it may write to a file; 0: CONFINE_WRITES */
};

/* to its end, and nothing that it writes is heard; an error, also of a child that met a limit,
 * names `what` */
int reading_run(const struct reading_opts *o, struct err *e);

/* on the loop */
struct reading;
struct reading_result {
	const char *trouble; /* NULL, or why it did not finish, which names `what` */
	const char *out;     /* when it finished, and opts.out is 0: what it wrote, with a NUL */
	size_t n;
};
/* r and what it has are valid in the callback */
typedef void reading_done(void *arg, const struct reading_result *r);
/* done is called once, from the loop; *o is copied, and what it points to stays */
int reading_start(struct loop *l, const struct reading_opts *o, reading_done *done, void *arg,
    struct reading **out, struct err *e);
/* killed and reaped; done is not called; NULL is nothing */
void reading_cancel(struct reading *r);

#endif
