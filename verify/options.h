/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_OPTIONS_H
#define VERIFY_OPTIONS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The command line of lh-verify and of lh-bisect: one table says which program has which option,
 * how its value is checked, and what --help says of it.
 */
enum program { LH_VERIFY = 1, LH_BISECT = 2 };

/* values of an option that may be repeated, NULL behind the last; v is NULL when there is none */
struct names {
	const char **v;
	size_t n;
};

struct options {
	const char *out;	     /* folder for everything; NULL: not given */
	const char *scenarios;	     /* folder; when not given ./scenarios, or that beside bin/ */
	struct names also;	     /* folders of further scenarios */
	struct names lanes;	     /* of scenarios; none: quick */
	struct names only;	     /* names of scenarios; none: all */
	const char *accel;	     /* tcg, kvm, auto */
	double scale;		     /* of timeouts; 0: by how busy the machine is */
	double jobs;		     /* 0: as CPUs and memory allow */
	const char *format;	     /* of a matrix */
	const char *disk, *share;    /* boot: as struct interactive_opts has them */
	unsigned memory, cpus, port; /* the same; 0: not given */
	const char *classes;	     /* of mutants; NULL: all */
	double sample, seed;	     /* so many mutants, drawn with that; 0: all */
	bool all, list;		     /* play on after a refusal; only say which there are */
	bool function;		     /* play on after a refusal without a guest */
	bool cold, keep, print;
	bool trusted, untrusted; /* at most one; of the images: see trust.h */
	bool help, version;
	char **words; /* behind the options */
	size_t nwords;
};

/* an option that this program does not have, or a value that does not fit, is wrong usage */
int options_read(
    struct arena *a, enum program who, int argc, char **argv, struct options *out, struct err *e);
/* a line for each option of the program, on stdout */
void options_print(enum program who);

/* the name of an option that only `boot` has, and that was given; NULL: there is none */
const char *options_of_boot(const struct options *o);
/* a file or folder that the command line names, and that is not there, is wrong usage */
int options_file(const char *path, struct err *e);
/* a file named from the folder that the running program is in */
int options_beside(struct arena *a, const char *name, const char **out, struct err *e);
/*
 * How both programs end: an error is told in one line, and so is output that did not arrive.
 * status < 0: e has the error.  Returns the exit status.
 */
int options_finish(int status, struct err *e);

#endif
