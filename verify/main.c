/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lh-verify:
 *
 *     scenarios/ -> suite --.
 *     manifest  ->  image --+-> matrix -> run -> results -> report, exit status
 */
#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/base/help.h"
#include "build/base/startup.h"
#include "build/base/version.h"
#include "verify/command/command.h"
#include "verify/command/suite.h"
#include "verify/droproot.h"
#include "verify/image/image.h"
#include "verify/image/record.h"
#include "verify/mutants/written.h"
#include "verify/options.h"
#include "verify/outdir.h"
#include "verify/play/matrix.h"
#include "verify/play/plan.h"
#include "verify/play/run.h"
#include "verify/report/before.h"
#include "verify/report/report.h"
#include "verify/report/results.h"
#include "verify/trust.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

/* before anything can fail: nobody runs QEMU as root, or takes an earlier result for this run's */
static int
begin(struct arena *a, struct options *o, const char *manifest, struct err *e)
{
	const char *owner = manifest ? manifest : o->out;

	if (!owner)
		return 0;
	if (droproot_to_owner_of(owner, manifest ? o->out : NULL, e) < 0)
		return -1;
	o->out = outdir_choose(a, o->out, manifest);
	if (outdir_fits(a, o->out, e) < 0 || before_keep(a, o->out, e) < 0)
		return -1;
	if (outdir_clear(a, o->out, e) == 0)
		return 0;
	/* who may not read the manifest has named the wrong one, and no folder at all */
	if (manifest && access(manifest, R_OK) < 0 && errno == EACCES)
		return fail_usage(e, "%s: %s", manifest, strerror(errno));
	return -1;
}

/* results that others signed, of all images, and who did; NULL: there are none */
static const char *
cached_in(struct arena *a, const struct matrix *all)
{
	const char *signers = "";
	size_t n = 0;

	for (size_t i = 0; i < all->nimages; i++) {
		const struct manifest *m = &all->images[i].m;

		n += m->ncached;
		for (size_t k = 0; k < m->ncached; k++)
			if (!strstr(signers, m->cached[k].signer))
				signers = arena_printf(a, "%s%s%s", signers, *signers ? ", " : "",
				    m->cached[k].signer);
	}
	return n ? arena_printf(
		       a, "%zu results were taken from a shared cache, signed by %s", n, signers)
		 : NULL;
}

static struct report_head
head_of(struct arena *a, const struct matrix *all)
{
	const struct manifest *m = &all->images[0].m;
	const char *sandbox = NULL;
	bool untrusted = false;
	time_t now = time(NULL);
	struct utsname host;
	char date[32];
	struct tm tm;

	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	for (size_t i = 0; i < all->nimages; i++) {
		const char *told = all->images[i].m.sandbox;

		if (told && !strcmp(told, "no"))
			sandbox = told;
	}
	for (size_t i = 0; i < all->nimages; i++)
		untrusted |= all->images[i].m.untrusted;
	return (struct report_head){ .untrusted = untrusted ? "yes" : NULL,
		.cached = cached_in(a, all),
		.version = lh_version,
		.set = m->set,
		.profile = m->profile,
		.why = m->why,
		.sandbox = sandbox,
		.date = arena_strdup(a, date),
		.host = uname(&host) == 0 ? arena_strdup(a, host.nodename) : NULL };
}

/* matrix -> run -> results -> report */
static int
play(struct arena *a, const struct options *o, const struct suite *s, struct matrix *m,
    struct err *e)
{
	struct run_opts how = { .out = o->out,
		.jobs = o->jobs,
		.scale = o->scale,
		.accel = o->accel,
		.keep = o->keep,
		.capsule = o->capsule,
		.asked = o,
		.booted = o->cold ? NULL : s->booted };
	struct report_head head = head_of(a, m);
	struct testcase_result *results;
	size_t n;

	head.cold = o->cold ? "yes" : NULL;
	if (o->plan &&
	    (options_file(o->plan, e) < 0 || plan_join(a, o->plan, m, &head.plan, e) < 0))
		return -1;
	if (outdir_make(o->out, e) < 0)
		return -1;
	for (size_t i = 0; i < m->nimages; i++)
		if (record_image(a, &m->images[i], e) < 0)
			return -1;
	if (run_testcases(a, m, &how, &head, &results, &n, e) < 0)
		return -1;
	before_compare(a, o->out, results, n);
	if (results_write(a, o->out, results, n, &head, e) < 0 ||
	    report_files(a, o->out, results, n, &head, e) < 0)
		return -1;
	(head.tty ? report_end : report_tap_end)(
	    stdout, results, n, &head, arena_printf(a, "%s/index.html", o->out));
	return report_status(results, n);
}

/* scenarios/ -> suite, manifest -> image, both -> matrix */
static int
run_once(struct arena *a, struct options *o, struct err *e)
{
	struct suite suite;
	struct image *images;
	struct matrix m;
	size_t n = o->nwords;

	if (begin(a, o, o->nwords ? o->words[0] : NULL, e) < 0)
		return -1;
	if (!o->nwords)
		return fail_usage(e, "run: needs a manifest; see lh-verify --help");
	if (suite_read(a, o, &suite, e) < 0)
		return -1;
	if (image_open_all(a, o->words, n, o->out, trust_asked(o), &images, e) < 0 ||
	    image_lanes(
		a, &(struct image_ways){ o->boot, o->bus, o->nic }, o->out, &images, &n, e) < 0)
		return -1;
	if (matrix_make(a, images, n, suite.v, suite.n,
		&(struct matrix_choice){ o->only.v, o->lanes.v }, &m, e) < 0)
		return -1;
	return play(a, o, &suite, &m, e);
}

/* what fails once in a hundred runs leaves its results, console and capsule; those before do not */
static int
run(struct arena *a, struct options *o, struct err *e)
{
	(void)a;
	for (unsigned i = 1;; i++) {
		struct arena *once = arena_new();
		struct options asked = *o;
		int r = run_once(once, &asked, e);

		arena_free(once);
		if (r == 0 && i < o->until_fail) {
			log_info("run %u of %u: passed; once more", i, o->until_fail);
			continue;
		}
		if (r >= 0 && o->until_fail)
			log_info("run %u of %u: %s", i, o->until_fail,
			    r ? "not passed" : "passed; there will be no other");
		return r;
	}
}

/*
 * the same with mutants, copies of the images that are broken on purpose: each has to be refused;
 * those of a folder are a matrix, those that come from the image itself a score
 */
static int
mutants(struct arena *a, struct options *o, struct err *e)
{
	static const char *const every_lane[] = { "quick", "long", "faults", NULL };
	struct suite suite;
	struct mutant *mutant;
	const char *only;
	struct image *images;
	struct matrix m;
	size_t n, nimages = o->nwords - 1;
	bool derived = o->nwords == 1;

	if (!o->nwords)
		return fail_usage(e, "mutants: needs a manifest; see lh-verify --help");
	if ((only = options_of_mutants(o, derived)))
		return fail_usage(e,
		    derived ? "--%s: only for the mutants of a folder, not for those that "
			      "are derived from one MANIFEST"
			    : "--%s: only for mutants that are derived from one MANIFEST, "
			      "not for those of a folder",
		    only);
	/* which of them there are is told, and nothing written */
	if (!(derived && o->list) && begin(a, o, o->words[!derived], e) < 0)
		return -1;
	if (derived)
		return command_mutants(a, o, e);
	if (suite_read(a, o, &suite, e) < 0)
		return -1;
	suite.booted = NULL; /* each of them is an image of its own */
	if (options_file(o->words[0], e) < 0 ||
	    written_read_all(a, o->words[0], &mutant, &n, e) < 0 ||
	    written_choose(mutant, &n, o->only.v, e) < 0 ||
	    image_open_all(a, o->words + 1, nimages, o->out, trust_asked(o), &images, e) < 0 ||
	    image_lanes(a, &(struct image_ways){ o->boot, o->bus, o->nic }, o->out, &images,
		&nimages, e) < 0)
		return -1;
	for (size_t i = 0; i < nimages; i++)
		if (trust_needed(&images[i].m, images[i].path, "mutants", e) < 0)
			return -1;
	if (written_matrix(a, images, nimages, mutant, n, suite.v, suite.n,
		o->list ? every_lane : o->lanes.v, &m, e) < 0)
		return -1;
	return o->list ? command_made(a, o, &m, e) : play(a, o, &suite, &m, e);
}

static const struct command {
	enum options_of bit;
	const char *name, *arguments, *what;
	int (*run)(struct arena *a, struct options *o, struct err *e); /* exit status, or -1 */
} commands[] = {
	{ OF_RUN, "run", "MANIFEST...", "play every scenario on every image", run },
	{ OF_MATRIX, "matrix", "MANIFEST...", "print the test cases, and why any is skipped",
	    command_matrix },
	{ OF_LIST, "list", "[MANIFEST...]", "list the scenarios; with a manifest, as matrix",
	    command_list },
	{ OF_MERGE, "merge", "-o DIR RUN-DIR...",
	    "merge several runs into one report and one exit status", command_merge },
	{ OF_LINT, "lint", "[SCENARIO-FILE...]", "check scenarios without booting anything",
	    command_lint },
	{ OF_MUTANTS, "mutants", "MANIFEST",
	    "break each thing in an image in turn: is that refused?", mutants },
	{ OF_MUTANTS, "mutants", "DIR MANIFEST...",
	    "check that each mutant that DIR describes is refused for the right reason", mutants },
	{ OF_STEP, "step", "-s NAME MANIFEST",
	    "play a scenario line by line, console on this terminal", command_step },
	{ OF_RESUME, "resume", "DIR", "open the guest of a case that failed in a run --capsule",
	    command_resume },
	{ OF_RECORD, "record", "FILE MANIFEST", "write a scenario from what is done with a guest",
	    command_record },
	{ OF_WATCH, "watch", "DIR", "show a run in a browser while it is played", command_watch },
	{ OF_HISTORY, "history", "add DB RUN-DIR...", "remember finished runs in a database",
	    command_history },
	{ OF_HISTORY, "history", "show DB [CASE]",
	    "print how each case stands, and since when; of CASE all nights", command_history },
	{ OF_HISTORY, "history", "night DB [DATE]",
	    "print what is new of the last night, or of that one", command_history },
	{ OF_HISTORY, "history", "site DB DIR", "write the history as a folder of pages",
	    command_history },
	{ OF_TRANSCRIPT, "transcript", "FILE CONSOLE...",
	    "compare consoles with what was said before; --bless: remember them",
	    command_transcript },
	{ OF_INIT, "init", "FILE...",
	    "print a manifest for a kernel, an initrd, a disk of somebody else", command_init },
	{ OF_BOOT, "boot", "[MANIFEST]", "boot interactively, console on this terminal",
	    command_boot },
};

static const size_t ncommands = sizeof commands / sizeof *commands;

static const struct exit_status statuses[] = { { 0, "passed" }, { EXIT_WORK, "failed" },
	{ EXIT_USAGE, "wrong usage" }, { EXIT_NOJUDGE, "inconclusive" }, { 0, NULL } };

/* of one command, or of all */
static int
help(const struct command *of)
{
	if (!of)
		printf("lh-verify: boots disk images under QEMU and tests them\n\n");
	for (const struct command *c = commands; c < commands + ncommands; c++)
		if (!of || c->bit == of->bit) {
			char left[64];

			snprintf(left, sizeof left, "  lh-verify %-7s %s", c->name, c->arguments);
			help_row(left, 41, c->what);
		}
	printf("\noptions%s:\n",
	    of ? "" : " (lh-verify COMMAND --help prints those of one; see also lh-verify(1))");
	options_print(of ? of->bit : LH_VERIFY);
	options_print_statuses(statuses);
	return 0;
}

/* see options.h */
static int
print_words(struct arena *a)
{
	for (const struct command *c = commands; c < commands + ncommands; c++) {
		printf("command\t-\t%s\t%s\t%s\n", c->name, c->arguments, c->what);
		if (c == commands || c[-1].bit != c->bit)
			options_words(c->bit, c->name);
	}
	command_words(a);
	options_words_statuses(statuses);
	return 0;
}

static int
version(void)
{
	printf("lh-verify %s\n", lh_version);
	return 0;
}

/* whose files a command reads that starts no guest; NULL: it finds that out itself */
static const char *
reads(enum options_of bit, const struct options *o)
{
	switch (bit) {
	case OF_MERGE:
		return o->out;
	case OF_HISTORY:
		return o->nwords > 1 ? o->words[1] : NULL;
	case OF_TRANSCRIPT:
	case OF_MATRIX:
	case OF_LIST:
	case OF_LINT:
	case OF_INIT:
		return o->nwords ? o->words[0] : o->scenarios;
	default:
		return NULL;
	}
}

static int
dispatch(struct arena *a, int argc, char **argv, struct err *e)
{
	const struct command *c = NULL;
	struct options o;
	const char *owner;

	if (options_read(a, LH_VERIFY, argc, argv, &o, e) < 0)
		return -1;
	for (size_t i = 0; i < ncommands && o.nwords && !c; i++)
		if (!strcmp(commands[i].name, o.words[0]))
			c = &commands[i];
	if (o.version || o.words_only)
		return o.version ? version() : print_words(a);
	if (o.nwords && !c)
		return fail_usage(e, "%s: unknown command; see lh-verify --help", o.words[0]);
	if (o.help)
		return help(c);
	if (!c)
		return fail_usage(e, "needs a command; see lh-verify --help");
	if (options_fit(&o, c->bit, c->name, e) < 0)
		return -1;
	o.words++;
	o.nwords--;
	owner = reads(c->bit, &o);
	if (owner && droproot_to_read(owner, e) < 0)
		return -1;
	return c->run(a, &o, e);
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;

	startup("lh-verify");
	status = options_finish(dispatch(a, argc, argv, &e), &e);
	arena_free(a);
	return status;
}
