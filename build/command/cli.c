/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/cli.h"

#include "build/base/arena.h"
#include "build/base/help.h"
#include "build/config/config.h"
#include "build/plan/recipe.h"

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

/* what commands know an option by, how it is written, and what is said of it */
static const struct row {
	char letter;
	bool brief; /* -n, too; else the letter is only for the table of commands */
	const char *name;
	const char *value;   /* what it is called; NULL: there is none */
	const char *choices; /* blank-separated, in the order of their enum; NULL: anything */
	size_t flag;	     /* of struct request, when it has no value */
	const char *help;
} rows[] = {
#define FLAG(member) NULL, NULL, offsetof(struct request, member)
	{ 'n', true, "--dry-run", FLAG(dry), "print what would be done, and why, but do nothing" },
	{ 'k', true, "--keep-going", FLAG(keep_going),
	    "after a failure, build what can still be built" },
	{ 'j', true, "--jobs", "N", NULL, 0, "the same as JOBS=N" },
	{ 'U', false, "--until", "WHAT", "sources packages kernel image", 0,
	    "stop earlier: sources, packages, kernel or image (default)" },
	{ 'N', false, "--net", "MODE", "dhcp static", 0,
	    "an image for dhcp or static; may be given twice" },
	{ 'A', false, "--audit", FLAG(audit),
	    "report origins that are dead, moved or changed; fetch nothing" },
	{ 'B', false, "--bytes", FLAG(bytes),
	    "with --audit: download and compare the bytes, not only the size" },
	{ 'T', false, "--check", FLAG(check), "fail if any recipe is outdated" },
	{ 'O', false, "--one-origin", FLAG(one_origin),
	    "believe a checksum that only one origin has" },
	{ 'S', false, "--sources", FLAG(sources), "remove source files as well" },
	{ 'R', false, "--repair", FLAG(repair),
	    "remove what is damaged, so that it is built or fetched again" },
	{ 'V', false, "--services", FLAG(services),
	    "the services of layout/s6-rc instead of the packages" },
	{ 'M', false, "--make-folders", FLAG(make_folders),
	    "make OUTPUT and CACHE, for the user that builds" },
	{ 'F', false, "--force", FLAG(force),
	    "overwrite a file, or a disk that is not removable, too" },
	{ 'L', false, "TRIPLES", "LIST", NULL, 0, "for all, or a list of triples" },
	{ 'E', false, "SETS", "LIST", NULL, 0, "of a list of sets" },
	{ 'C', true, "--directory", "FOLDER", NULL, 0,
	    "the checkout; default: this folder, or the one above the program's" },
#undef FLAG
};

#define NROWS (sizeof rows / sizeof *rows)

static const struct {
	int status;
	const char *what;
} statuses[] = {
	{ 0, "success" },
	{ EXIT_WORK, "the build failed, or what was compared or checked is not good" },
	{ EXIT_USAGE, "wrong usage or configuration" },
	{ EXIT_SYSTEM, "system error" },
};

/* the option that word is, or NULL; *value: what follows = or the letter */
static const struct row *
option(const char *word, const char **value)
{
	*value = NULL;
	for (const struct row *r = rows; r < rows + NROWS; r++) {
		size_t n = strlen(r->name);

		if (strncmp(word, r->name, n) != 0 || (word[n] && word[n] != '='))
			continue;
		if (word[n])
			*value = word + n + 1;
		return r;
	}
	if (word[0] != '-' || !word[1] || word[1] == '-')
		return NULL;
	if (word[2])
		*value = word + 2;
	for (const struct row *r = rows; r < rows + NROWS; r++)
		if (r->brief && r->letter == word[1])
			return r;
	return NULL;
}

/* NAME=VALUE with a name that a variable could have */
static bool
is_var(const char *word)
{
	size_t n = strcspn(word, "=");

	return word[n] && n && (isalpha((unsigned char)*word) || *word == '_');
}

/* before the command there is only -C */
static bool
takes(const struct command *c, char letter)
{
	return c ? strchr(c->options, letter) != NULL : letter == 'C';
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

/* one option; next is the word behind it, and *used is set when that is its value */
static int
take_option(struct request *rq, const char *word, const char *next, bool *used, struct err *e)
{
	const char *value;
	const struct row *o = option(word, &value);

	*used = false;
	if (!o)
		return fail_usage(e, "%s: unknown option; see lh-build --help", word);
	if (!o->value && value)
		return fail_usage(e, "%s: takes no value", word);
	if (!takes(rq->command, o->letter))
		return rq->command
			   ? fail_usage(e, "%s: not an option of %s; see lh-build %s --help", word,
				 rq->command->name, rq->command->name)
			   : fail_usage(e,
				 "%s: not an option of lh-build itself; put the command before it",
				 word);
	if (!o->value) {
		*(bool *)((char *)rq + o->flag) = true;
		return 0;
	}
	if (value)
		return take_value(rq, o->letter, value, e);
	if (!next)
		return fail_usage(e, "%s: needs a value", word);
	*used = true;
	return take_value(rq, o->letter, next, e);
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

/* what is given, and that the command would not look at */
static int
check_var(const struct command *c, const char *var, struct err *e)
{
	const char *value;
	const struct row *word = option(var, &value);
	int n = (int)strcspn(var, "=");

	if (word && !takes(c, word->letter))
		return fail_usage(
		    e, "%.*s: not a word of %s; see lh-build %s --help", n, var, c->name, c->name);
	if (!takes(c, 'C'))
		return fail_usage(e, "%.*s: %s has no variables; leave it out", n, var, c->name);
	return 0;
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

		if (!argv[i][0])
			r = fail_usage(
			    e, "an empty word: a variable without a value? see lh-build --help");
		else if (argv[i][0] == '-')
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
	for (size_t i = 0; i < rq->nvars; i++)
		if (check_var(rq->command, rq->vars[i], e) < 0)
			return -1;
	return 0;
}

/* ---- what there is ---- */

/* the first word that could be a command; NULL: there is none */
static const char *
command_word(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value;
		const struct row *o = argv[i][0] == '-' ? option(argv[i], &value) : NULL;

		if (o && o->value && !value)
			i++;
		else if (argv[i][0] != '-' && !is_var(argv[i]))
			return argv[i];
	}
	return NULL;
}

static void
print_row(const struct row *o)
{
	char left[32];

	snprintf(left, sizeof left, "  %c%c%s%s%s%s", o->brief ? '-' : ' ',
	    o->brief ? o->letter : ' ', o->brief ? ", " : "  ", o->name, o->value ? "=" : "",
	    o->value ? o->value : "");
	help_row(left, 29, o->help);
}

static void
print_statuses(void)
{
	puts("\nexit status:");
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		printf("  %3d  %s\n", statuses[i].status, statuses[i].what);
}

static void
help_of(const struct command *c)
{
	char what[160];

	printf("usage: lh-build %s%s%s%s\n\n", c->name, *c->args ? " " : "", c->args,
	    takes(c, 'C') ? " [OPTION...] [NAME=VALUE...]" : "");
	snprintf(what, sizeof what, "%c%s.", toupper((unsigned char)*c->help), c->help + 1);
	help_row("", 0, what);
	putchar('\n');
	for (const struct row *o = rows; o < rows + NROWS; o++)
		if (takes(c, o->letter))
			print_row(o);
	if (takes(c, 'C'))
		puts("      NAME=VALUE             a variable of lh-config(5), for this once");
	print_statuses();
}

int
cli_help(int argc, char **argv, const struct command *commands, struct err *e)
{
	const char *name = command_word(argc, argv);
	struct request rq = { 0 };

	if (name) {
		if (take_command(commands, &rq, name, e) < 0)
			return -1;
		help_of(rq.command);
		return 0;
	}
	puts("usage: lh-build COMMAND [OPTION...] [NAME=VALUE...]\n\n"
	     "Compiles a Linux system from source and writes a disk image.  NAME=VALUE\n"
	     "overrides lh-config; lh-config(5) explains every variable, lh-build(1) every\n"
	     "command, and lh-build COMMAND --help prints the options of one.\n");
	for (const struct command *c = commands; c->name; c++) {
		char left[48];

		snprintf(left, sizeof left, "  %-9s %s", c->name, c->args);
		help_row(left, 24, c->help);
	}
	puts("");
	print_row(&rows[NROWS - 1]);
	puts("      --help                 of a command: its options\n"
	     "      --version\n"
	     "      --words                what there is, for programs: see lh-build(1)");
	print_statuses();
	return 0;
}

static void
word(const char *kind, const char *of, const char *name, const char *value, const char *what)
{
	printf("%s\t%s\t%s\t%s\t%s\n", kind, of, name, value ? value : "", what);
}

static void
option_words(const struct command *c, const struct row *o)
{
	char letter[3] = { '-', o->letter, '\0' };

	word("option", c->name, o->name, o->value, o->help);
	if (o->brief)
		word("letter", c->name, letter, o->name, o->help);
	for (const char *p = o->choices; p; p = strchr(p, ' ') ? strchr(p, ' ') + 1 : NULL)
		printf("choice\t%s\t%s\t%.*s\t\n", c->name, o->name, (int)strcspn(p, " "), p);
}

void
cli_words(const struct command *commands)
{
	for (const struct command *c = commands; c->name; c++) {
		word("command", "-", c->name, c->args, c->help);
		for (const struct row *o = rows; o < rows + NROWS; o++)
			if (takes(c, o->letter))
				option_words(c, o);
	}
	for (size_t i = 0; config_name(i); i++)
		word("variable", "-", config_name(i), config_default(i), "");
	for (size_t i = 0; recipe_key(i); i++)
		word("key", "recipe", recipe_key(i), NULL, "");
	for (size_t i = 0; i < NSECTIONS; i++)
		word("section", "recipe", section_names[i], NULL, "");
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
		printf("status\t-\t%d\t\t%s\n", statuses[i].status, statuses[i].what);
}
