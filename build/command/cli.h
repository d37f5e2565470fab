/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_CLI_H
#define BUILD_COMMAND_CLI_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;

/*
 * The command line, taken apart: lh-build COMMAND [OPTION...] [NAME=VALUE...], in any
 * order behind the command.  Nothing is looked up or decided here.
 */
enum stage { UNTIL_SOURCES, UNTIL_PACKAGES, UNTIL_KERNEL, UNTIL_IMAGE, NSTAGES };

struct request {
	struct arena *a;
	const struct command *command;
	const char *top; /* -C, or NULL */
	char **vars;	 /* NAME=VALUE */
	size_t nvars;
	char **words; /* the others */
	size_t nwords;
	bool dry, keep_going;
	bool audit, bytes; /* fetch: ask origins only; and for all of a file */
	bool check;	   /* outdated: is it an error */
	bool sources;	   /* gc: these too */
	bool force;	   /* flash: what is no removable disk, too */
	bool repair;	   /* fsck: remove what is damaged */
	bool one_origin;   /* pin: is enough */
	bool services;	   /* graph: these instead of packages */
	bool make_folders; /* versions: OUTPUT and CACHE */
	enum stage until;
	bool nets[2]; /* asked for: static, DHCP; none: the one that is configured */
};

struct command {
	const char *name, *args, *help;
	const char *options; /* letters of those it takes; without C, it needs no checkout */
	size_t words;	     /* at most */
	int (*run)(const struct request *rq, struct err *e);
};

/* is the image with or without DHCP asked for; configured: the mode that is meant without --net */
bool cli_wants_net(const struct request *rq, bool configured, bool dhcp);
/* commands end with one without a name; rq->a is set already */
int cli_parse(
    int argc, char **argv, const struct command *commands, struct request *rq, struct err *e);

/* wherever the word stands: who asks for help is not told what else is wrong */
bool cli_has(int argc, char **argv, const char *word);
/*
 * --help, on stdout: of the command that is named its options, else the commands.  A command that
 * there is not is wrong usage.
 */
int cli_help(int argc, char **argv, const struct command *commands, struct err *e);
/*
 * --words, on stdout: a line for each command, option, variable, key of recipes and exit status, in
 * fields between tabs: KIND, OF, NAME, VALUE, WHAT.  The completion of shells asks for them, and
 * ci/manual compares them with the manual.
 */
void cli_words(const struct command *commands);

#endif
