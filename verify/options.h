/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_OPTIONS_H
#define VERIFY_OPTIONS_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * The command line of lh-verify and of lh-bisect: one table says which program and which command
 * has which option, how its value is checked, and what --help says of it.  A bit a command;
 * lh-bisect is one by itself.
 */
enum options_of {
	OF_RUN = 1,
	OF_MATRIX = 2,
	OF_LIST = 4,
	OF_MERGE = 8,
	OF_LINT = 16,
	OF_MUTANTS = 32,
	OF_BOOT = 64,
	OF_STEP = 128,
	OF_RECORD = 256,
	OF_RESUME = 512,
	OF_HISTORY = 1024,
	OF_INIT = 2048,
	OF_WATCH = 4096,
	OF_TRANSCRIPT = 8192,
	LH_VERIFY = 16383,
	LH_BISECT = 16384
};

/* values of an option that may be repeated, NULL behind the last; v is NULL when there is none */
struct names {
	const char **v;
	size_t n;
};

struct options {
	const char *out;	      /* folder for everything; NULL: not given */
	const char *scenarios;	      /* folder; when not given ./scenarios, or that beside bin/ */
	struct names also;	      /* folders of further scenarios */
	struct names only;	      /* names of scenarios; none: all */
	const char *accel;	      /* tcg, kvm, auto */
	double scale;		      /* of timeouts; 0: by how busy the machine is */
	unsigned jobs;		      /* 0: as CPUs and memory allow */
	const char *boot, *bus, *nic; /* image_lanes() has them; NULL: not given */
	const char *format;	      /* of a matrix */
	const char *plan;	      /* file of the plan that a run is a part of; or NULL */
	const char *disk, *share;     /* boot: as struct interactive_opts has them */
	unsigned memory, cpus, port;  /* the same, and watch's; 0: not given */
	unsigned until;		      /* a line; 0: not given */
	unsigned until_fail;	      /* so many runs at most; 0: one */
	const char *classes;	      /* of mutants; NULL: all */
	unsigned sample, seed;	      /* so many mutants, drawn with that; 0: all */
	struct names lanes;	      /* of scenarios; none: quick */
	bool bless;		      /* remember what is compared otherwise */
	bool function;		      /* play on after a refusal without a guest */
	bool all, list;		      /* play on after a refusal; only say which there are */
	bool cold, keep, print, capsule;
	bool trusted, untrusted; /* at most one; of the images: see trust.h */
	bool help, version, words_only;
	uint64_t given;	     /* rows of the table, as bits */
	const char *program; /* as it was called */
	char **words;	     /* behind the options */
	size_t nwords;
};

/* an option that this program does not have, or a value that does not fit, is wrong usage */
int options_read(struct arena *a, enum options_of who, int argc, char **argv, struct options *out,
    struct err *e);
/*
 * An option that was given and that this command does not have is wrong usage.  One of run is none
 * of matrix and list, which tell what run would do: they ignore it.
 */
int options_fit(const struct options *o, enum options_of command, const char *name, struct err *e);
/* ./NAME, or that beside the program's bin/, or where it is installed; none there: ./NAME */
int options_folder(struct arena *a, const char *name, const char **out, struct err *e);
/*
 * the name of an option that was given and that `mutants` has no use for, with those that are
 * derived or with those of a folder; NULL: there is none
 */
const char *options_of_mutants(const struct options *o, bool derived);
/* a line for each option of a command, or of all of these, on stdout */
void options_print(enum options_of who);
/* the same for programs, as lh-build --words: KIND, OF, NAME, VALUE, WHAT between tabs */
void options_words(enum options_of who, const char *name);
struct exit_status {
	int status;
	const char *what;
};
/* how --help, and --words, tell them; the last has no text */
void options_print_statuses(const struct exit_status *v);
void options_words_statuses(const struct exit_status *v);

/*
 * what another run of the same kind has to be told, each with a blank before it: how guests run and
 * where scenarios are, but not which are played, or where the results go; trusted: --trusted too
 */
char *options_again(struct arena *a, const struct options *o, bool trusted);

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
