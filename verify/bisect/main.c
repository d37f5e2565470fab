/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lh-bisect:
 *
 *     arguments -> search -> run (lh-build, lh-verify) -> finding -> report, exit status
 *                    `--<---'
 */
#include "build/base/arena.h"
#include "build/base/help.h"
#include "build/base/startup.h"
#include "build/base/user.h"
#include "build/base/version.h"
#include "build/files/file.h"
#include "verify/bisect/arguments.h"
#include "verify/bisect/report.h"
#include "verify/bisect/run.h"
#include "verify/options.h"
#include "verify/outdir.h"

#include <stdio.h>
#include <unistd.h>

static const char usage[] =
    "lh-bisect: finds the package version, or the commit, that broke a scenario\n\n"
    "  lh-bisect -s SCENARIO GOOD=SET BAD=SET\n"
    "  lh-bisect -s SCENARIO GOOD=MANIFEST BAD=MANIFEST\n"
    "  lh-bisect -s SCENARIO PACKAGE=NAME GOOD=VERSION BAD=VERSION\n"
    "  lh-bisect -s SCENARIO PACKAGE=NAME REPO=DIR GOOD=REVISION BAD=REVISION\n\n"
    "words:\n";

static const struct exit_status statuses[] = { { 0, "found, or printed for DRY_RUN" },
	{ EXIT_WORK, "the ends do not differ" }, { EXIT_USAGE, "wrong usage" },
	{ EXIT_NOJUDGE, "not narrowed down" }, { 0, NULL } };

static int
help(void)
{
	fputs(usage, stdout);
	for (const struct argument *w = arguments_all; w->name; w++) {
		char left[32];

		snprintf(left, sizeof left, "  %s=%s", w->name, w->value);
		help_row(left, 22, w->what);
	}
	puts("  NAME=VALUE          anything else is a variable for lh-build, at every step\n"
	     "options:");
	options_print(LH_BISECT);
	options_print_statuses(statuses);
	return 0;
}

/* see verify/options.h */
static int
print_words(void)
{
	options_words(LH_BISECT, "-");
	for (const struct argument *w = arguments_all; w->name; w++)
		printf("variable\t-\t%s\t%s\t%s\n", w->name, w->value, w->what);
	options_words_statuses(statuses);
	return 0;
}

static int
version(void)
{
	printf("lh-bisect %s\n", lh_version);
	return 0;
}

struct work {
	struct arena *a;
	const struct options *o;
	const struct bisect_opts *how;
};

static int
bisect(void *arg, struct err *e)
{
	const struct work *w = arg;
	struct bisect bisect;
	int status, same = bisect_open(w->a, w->how, w->o->words, w->o->nwords, &bisect, e);

	if (same < 0)
		return -1;
	if (same) {
		puts(bisect.args.same);
		return EXIT_WORK;
	}
	bisect_print_plan(&bisect, stdout);
	if (bisect.args.dry)
		return 0;
	fflush(stdout);
	status = bisect_run(&bisect, e) < 0 ? -1 : bisect_report(&bisect, stdout, e);
	bisect_close(&bisect);
	return status;
}

/* root may name a folder where who builds could make none */
static int
make_for(const struct user *u, const char *out, struct err *e)
{
	if (!out || !u->uid || file_exists(out))
		return 0;
	if (file_mkdirs(out, 0755, e) < 0)
		return -1;
	return chown(out, u->uid, u->gid) < 0 ? fail_errno(e, "%s", out) : 0;
}

/* OUTPUT, clones and manifests are somebody's: nothing of them is read or written as root */
static int
as_builder(struct work *w, struct err *e)
{
	struct user u;

	if (arguments_builder(w->a, w->how->lh_build, w->o->words, w->o->nwords, &u, e) < 0 ||
	    make_for(&u, w->how->out, e) < 0)
		return -1;
	return user_as(&u, bisect, w, e);
}

static int
run(struct arena *a, int argc, char **argv, struct err *e)
{
	struct options o;
	struct bisect_opts how;

	if (options_read(a, LH_BISECT, argc, argv, &o, e) < 0)
		return -1;
	if (o.help || o.version)
		return o.help ? help() : version();
	if (o.words_only)
		return print_words();
	if (!o.only.n)
		return fail_usage(e, "name a scenario (-s NAME, or SCENARIO=NAME with ./make): its "
				     "verdict is what is bisected");
	how = (struct bisect_opts){ .scenarios = o.scenarios,
		.also = o.also,
		.only = o.only.v,
		.accel = o.accel,
		.scale = o.scale,
		.jobs = o.jobs,
		.cold = o.cold,
		.keep = o.keep,
		.out = o.out ? outdir_choose(a, o.out, NULL) : NULL };
	if (options_beside(a, "lh-build", &how.lh_build, e) < 0 ||
	    options_beside(a, "lh-verify", &how.lh_verify, e) < 0)
		return -1;
	return as_builder(&(struct work){ a, &o, &how }, e);
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;

	startup("lh-bisect");
	status = options_finish(run(a, argc, argv, &e), &e);
	arena_free(a);
	return status;
}
