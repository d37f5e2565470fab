/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/cli.h"

#include "build/base/arena.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const stage_names[NSTAGES] = {
	[UNTIL_SOURCES] = "sources",
	[UNTIL_PACKAGES] = "packages",
	[UNTIL_KERNEL] = "kernel",
	[UNTIL_IMAGE] = "image",
};

static int
take_net(struct request *rq, const char *mode, struct err *e)
{
	if (strcmp(mode, "dhcp") != 0 && strcmp(mode, "static") != 0)
		return fail_usage(e, "--net=%s: dhcp or static", mode);
	rq->nets[!strcmp(mode, "dhcp")] = true;
	return 0;
}

static int
take_until(struct request *rq, const char *name, struct err *e)
{
	for (enum stage s = 0; s < NSTAGES; s++)
		if (!strcmp(stage_names[s], name)) {
			rq->until = s;
			return 0;
		}
	return fail_usage(e, "--until=%s: one of sources packages kernel image", name);
}

/* the option that word is, as the letter commands know it by; *value: what follows = or the letter
 */
static char
option(const char *word, const char **value)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = { { "--dry-run", 'n' }, { "--keep-going", 'k' }, { "--jobs", 'j' },
		{ "--net", 'N' }, { "--until", 'U' }, { "--sources", 'S' }, { "--audit", 'A' },
		{ "--bytes", 'B' }, { "--check", 'T' }, { "--repair", 'R' }, { "--services", 'V' },
		{ "--force", 'F' }, { "--directory", 'C' } };

	*value = NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		size_t n = strlen(names[i].name);

		if (strncmp(word, names[i].name, n) != 0 || (word[n] && word[n] != '='))
			continue;
		if (word[n])
			*value = word + n + 1;
		return names[i].letter;
	}
	if (word[0] == '-' && word[1] && word[1] != '-') {
		if (word[2])
			*value = word + 2;
		return strchr("nkjC", word[1]) ? word[1] : '?';
	}
	return '?';
}

/* NAME=VALUE with a name that a variable could have */
static bool
is_var(const char *word)
{
	size_t n = strcspn(word, "=");

	return word[n] && n && (isalpha((unsigned char)*word) || *word == '_');
}

static int
take_value(struct request *rq, char letter, const char *value, struct err *e)
{
	switch (letter) {
	case 'j':
		rq->vars[rq->nvars++] = arena_printf(rq->a, "JOBS=%s", value);
		return 0;
	case 'C':
		rq->top = value;
		return 0;
	case 'N':
		return take_net(rq, value, e);
	default:
		return take_until(rq, value, e);
	}
}

/* options without a value; NULL: it is none of them */
static bool *
flag_of(struct request *rq, char letter)
{
	switch (letter) {
	case 'n':
		return &rq->dry;
	case 'k':
		return &rq->keep_going;
	case 'A':
		return &rq->audit;
	case 'B':
		return &rq->bytes;
	case 'S':
		return &rq->sources;
	case 'R':
		return &rq->repair;
	case 'F':
		return &rq->force;
	case 'T':
		return &rq->check;
	case 'V':
		return &rq->services;
	default:
		return NULL;
	}
}

/* one option; next is the word behind it, and *used is set when that is its value */
static int
take_option(struct request *rq, const char *word, const char *next, bool *used, struct err *e)
{
	const char *value;
	char letter = option(word, &value);
	bool *flag = flag_of(rq, letter);

	*used = false;
	if (letter == '?')
		return fail_usage(e, "%s: unknown option; see lh-build --help", word);
	if (flag && value)
		return fail_usage(e, "%s: takes no value", word);
	if (letter != 'C' && (!rq->command || !strchr(rq->command->options, letter)))
		return fail_usage(e, "%s: not an option of %s", word,
		    rq->command ? rq->command->name : "lh-build itself; put the command before it");
	if (flag) {
		*flag = true;
		return 0;
	}
	if (value)
		return take_value(rq, letter, value, e);
	if (!next)
		return fail_usage(e, "%s: needs a value", word);
	*used = true;
	return take_value(rq, letter, next, e);
}

static int
take_command(const struct command *commands, struct request *rq, const char *name, struct err *e)
{
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, name)) {
			rq->command = c;
			return 0;
		}
	return fail_usage(e, "%s: unknown command; see lh-build --help", name);
}

bool
cli_has(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], word))
			return true;
	return false;
}

bool
cli_wants_net(const struct request *rq, bool configured, bool dhcp)
{
	return rq->nets[0] || rq->nets[1] ? rq->nets[dhcp] : dhcp == configured;
}

int
cli_parse(int argc, char **argv, const struct command *commands, struct request *rq, struct err *e)
{
	rq->until = UNTIL_IMAGE;
	rq->vars = arena_array(rq->a, (size_t)argc + 1, sizeof *rq->vars);
	rq->words = arena_array(rq->a, (size_t)argc + 1, sizeof *rq->words);
	for (int i = 1; i < argc; i++) {
		bool used = false;
		int r = 0;

		if (argv[i][0] == '-')
			r = take_option(rq, argv[i], argv[i + 1], &used, e);
		else if (is_var(argv[i]))
			rq->vars[rq->nvars++] = argv[i];
		else if (!rq->command)
			r = take_command(commands, rq, argv[i], e);
		else
			rq->words[rq->nwords++] = argv[i];
		if (r < 0)
			return -1;
		i += used;
	}
	if (!rq->command)
		return fail_usage(e, "no command; see lh-build --help");
	if (rq->nwords > rq->command->words)
		return fail_usage(
		    e, "%s: does not take %s", rq->command->name, rq->words[rq->command->words]);
	return 0;
}

void
cli_help(const struct command *commands)
{
	puts("usage: lh-build COMMAND [OPTION...] [NAME=VALUE...]\n"
	     "\n"
	     "Compiles a Linux system from source and writes a disk image.  NAME=VALUE overrides\n"
	     "lh-config; every variable is explained in lh-config.dist.\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-9s %-11s %s\n", c->name, c->args, c->help);
	puts(
	    "\n"
	    "  -n            build, flash, gc, release: print what would be done, but do nothing\n"
	    "  -k            build: after a failure, build what can still be built\n"
	    "  -j N          build: the same as JOBS=N\n"
	    "  --until=WHAT  build: sources, packages, kernel or image (default)\n"
	    "  --net=MODE    build, manifests, release: an image for dhcp or static; may be given "
	    "twice;\n"
	    "                the mode that is not configured gets a folder of its own\n"
	    "  --audit       fetch: report origins that are dead, moved or changed; fetch "
	    "nothing\n"
	    "  --bytes       fetch --audit: download and compare the bytes, not only the size\n"
	    "  --check       outdated: fail if any recipe is outdated\n"
	    "  --repair      fsck: remove what is damaged, so that it is built or fetched again\n"
	    "  --force       flash: overwrite a file, or a disk that is not removable\n"
	    "  --services    graph: the services of layout/s6-rc instead of the packages\n"
	    "  TRIPLES=LIST  build, fetch, manifests, release: all, or a list of triples\n"
	    "  -C FOLDER     the checkout, if it is neither the working directory nor the\n"
	    "                folder above this program's\n"
	    "  --help, --version\n"
	    "\n"
	    "Exit status: 0 success, 1 build failed, 100 wrong usage or configuration, 111 system\n"
	    "error.");
}
