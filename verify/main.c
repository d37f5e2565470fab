/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Options, the phases in order, exit status. */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/file.h"
#include "build/base/log.h"
#include "build/base/startup.h"
#include "verify/play/mutants.h"
#include "verify/bisect/report.h"
#include "verify/play/facts.h"
#include "verify/guest/interactive.h"
#include "verify/bisect/run.h"
#include "verify/image/image.h"
#include "verify/play/listing.h"
#include "verify/play/matrix.h"
#include "verify/droproot.h"
#include "verify/report/report.h"
#include "verify/report/result.h"
#include "verify/report/results.h"
#include "verify/play/run.h"
#include "verify/scenario/scenario.h"
#include "verify/play/step.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* what the command line says */
struct options {
	struct run_opts run;
	const char *scenarios; /* folder */
	const char **only;     /* NULL-terminated, or NULL */
	size_t nonly;
	char **words; /* behind the options */
	int nwords;
	bool print, cold;
	void (*listing)(struct buf *out, const struct matrix *m); /* NULL: as text */
};

struct command {
	const char *name, *arguments, *what;
	int (*run)(struct arena *a, struct options *o, struct err *e); /* exit status, or -1 */
};

static const struct command *commands(void);

static const char help_options[] =
    "options:\n"
    "  -o, --out DIR          everything goes there (default: verify/ beside the image's folder)\n"
    "  -s, --scenario NAME    only this one; may repeat\n"
    "  -j, --jobs N           guests at a time (default: as many as the machine bears)\n"
    "      --accel WHICH      tcg, kvm or auto (default: auto; KVM only if a probe guest boots)\n"
    "      --scale X          stretch all timeouts (default: by how busy the machine is)\n"
    "      --scenarios DIR    where the *.scn files are\n"
    "      --cold             boot every guest, also where a scenario may start from a saved "
    "state\n"
    "      --keep             keep the overlays, also of what passed\n"
    "      --format WHICH     matrix: text, json, github, gitlab or slurm (default: text)\n"
    "      --print            boot: only print QEMU's command line\n"
    "      --help, --version\n"
    "exit status: 0 passed, 1 failed, 100 wrong usage, 125 could not be judged\n";

static void
print_help(void)
{
	printf("lh-verify: boots images and proves what they claim to be\n\n");
	for (const struct command *c = commands(); c->name; c++)
		printf("  lh-verify %-7s %-20s %s\n", c->name, c->arguments, c->what);
	printf("\n%s", help_options);
}

/* ---- what several commands begin with ---- */

/* ./scenarios, or those beside the program's bin/ */
static const char *
scenario_dir(struct arena *a, const struct options *o)
{
	char exe[PATH_MAX];
	ssize_t n;
	const char *beside;

	if (o->scenarios || file_isdir("scenarios"))
		return o->scenarios ? o->scenarios : "scenarios";
	n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n < 0)
		return "scenarios";
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	beside = arena_printf(a, "%s/../scenarios", exe);
	return file_isdir(beside) ? beside : "scenarios";
}

static int
read_scenarios(
    struct arena *a, const struct options *o, struct scenario **out, size_t *n, struct err *e)
{
	return scenario_read_all(a, scenario_dir(a, o), step_forms(a), facts_known(a), out, n, e);
}

static void
up(char *path)
{
	char *slash = strrchr(path, '/');

	slash[slash == path] = '\0';
}

/* OUTPUT/verify for OUTPUT/TRIPLE/manifest, and for OUTPUT/TRIPLE/static/manifest */
static const char *
default_out(struct arena *a, const char *manifest)
{
	char full[PATH_MAX];
	const char *folder;

	if (!realpath(manifest, full))
		return "verify";
	up(full);
	folder = strrchr(full, '/') + 1;
	if (!strcmp(folder, "static") || !strcmp(folder, "dhcp"))
		up(full);
	up(full);
	return arena_printf(a, "%s/verify", full);
}

/* QEMU is run elsewhere, so every path has to be absolute */
static int
choose_out(struct arena *a, struct options *o, const char *manifest, struct err *e)
{
	char full[PATH_MAX];
	const char *out = o->run.out ? o->run.out : default_out(a, manifest);

	if (file_mkdirs(out, 0755, e) < 0)
		return -1;
	if (!realpath(out, full))
		return fail_errno(e, "%s", out);
	o->run.out = arena_strdup(a, full);
	return 0;
}

static int
open_images(
    struct arena *a, char **manifests, int n, const char *out, struct image **images, struct err *e)
{
	*images = arena_array(a, (size_t)n, sizeof **images);
	for (int i = 0; i < n; i++)
		if (image_open(a, manifests[i], out, &(*images)[i], e) < 0)
			return -1;
	return 0;
}

static int
need_words(const struct options *o, int n, const char *what, struct err *e)
{
	return o->nwords >= n ? 0 : fail_usage(e, "%s; see lh-verify --help", what);
}

/* how the state is reached that `after booted` names: a file beside the scenarios, as watches is */
static int
read_state(struct arena *a, struct options *o, struct err *e)
{
	const char *dir = scenario_dir(a, o), *path = arena_printf(a, "%s/booted", dir),
		   *watches = arena_printf(a, "%s/watches", dir);
	struct scenario *s = arena_alloc(a, sizeof *s);

	if (!file_exists(path))
		return 0;
	if (scenario_read(a, path, file_exists(watches) ? watches : NULL, step_forms(a),
		facts_known(a), s, e) < 0)
		return -1;
	if (!o->cold)
		o->run.booted = s;
	return 0;
}

/* ---- run, mutants ---- */

static const char *
today(struct arena *a)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return arena_strdup(a, text);
}

static int
status_of(const struct testcase_result *r, size_t n)
{
	size_t count[NVERDICTS] = { 0 };

	for (size_t i = 0; i < n; i++)
		count[r[i].verdict]++;
	if (count[VERDICT_FAIL])
		return EXIT_WORK;
	/* a run that judged nothing proves nothing */
	return count[VERDICT_INCONCLUSIVE] || !count[VERDICT_PASS] ? EXIT_NOJUDGE : 0;
}

static int
play(struct arena *a, const struct options *o, struct matrix *m, struct err *e)
{
	const struct manifest *first = &m->images[0].m;
	struct report_head head = { .version = LH_VERSION,
		.set = first->set,
		.profile = first->profile,
		.why = first->why,
		.date = today(a) };
	const char *html = arena_printf(a, "%s/index.html", o->run.out);
	struct testcase_result *results;
	size_t n;

	/* so that a run that is not finished has none */
	if (file_remove(arena_printf(a, "%s/results", o->run.out), e) < 0)
		return -1;
	if (run_testcases(a, m, &o->run, &head, &results, &n, e) < 0)
		return -1;
	if (results_write(a, o->run.out, results, n, &head, e) < 0)
		return -1;
	if (report_junit(arena_printf(a, "%s/junit.xml", o->run.out), results, n, &head, e) < 0 ||
	    report_html(html, results, n, &head, e) < 0)
		return -1;
	(head.tty ? report_end : report_tap_end)(stdout, results, n, &head, html);
	if (fflush(stdout) != 0)
		return fail_errno(e, "stdout");
	return status_of(results, n);
}

static int
run(struct arena *a, struct options *o, struct err *e)
{
	struct scenario *scenarios;
	struct image *images;
	struct matrix m;
	size_t n;

	if (need_words(o, 1, "run: needs a manifest", e) < 0 ||
	    droproot_to_owner_of(o->words[0], o->run.out, e) < 0)
		return -1;
	if (read_scenarios(a, o, &scenarios, &n, e) < 0 || read_state(a, o, e) < 0 ||
	    choose_out(a, o, o->words[0], e) < 0)
		return -1;
	if (open_images(a, o->words, o->nwords, o->run.out, &images, e) < 0 ||
	    matrix_make(a, images, (size_t)o->nwords, scenarios, n, o->only, &m, e) < 0)
		return -1;
	return play(a, o, &m, e);
}

static int
run_mutants(struct arena *a, struct options *o, struct err *e)
{
	struct scenario *scenarios;
	struct mutant *mutant;
	struct image *images;
	struct matrix m;
	size_t n, nmutants;

	if (need_words(o, 2, "mutants: needs a folder (or a file) and a manifest", e) < 0 ||
	    droproot_to_owner_of(o->words[1], o->run.out, e) < 0)
		return -1;
	if (read_scenarios(a, o, &scenarios, &n, e) < 0 || choose_out(a, o, o->words[1], e) < 0)
		return -1;
	if (mutants_read_all(a, o->words[0], &mutant, &nmutants, e) < 0 ||
	    open_images(a, o->words + 1, o->nwords - 1, o->run.out, &images, e) < 0)
		return -1;
	if (mutants_matrix(
		a, images, (size_t)o->nwords - 1, mutant, nmutants, scenarios, n, &m, e) < 0)
		return -1;
	return play(a, o, &m, e);
}

/* ---- merge ---- */

static int
merge(struct arena *a, struct options *o, struct err *e)
{
	struct report_head head;
	struct testcase_result *results;
	const char *html;
	size_t n;

	if (need_words(o, 1, "merge: needs folders of runs", e) < 0)
		return -1;
	if (!o->run.out)
		return fail_usage(e, "merge: needs -o, the folder for the report");
	if (file_mkdirs(o->run.out, 0755, e) < 0 ||
	    results_merge(a, o->words, (size_t)o->nwords, &results, &n, &head, e) < 0)
		return -1;
	head.version = LH_VERSION;
	html = arena_printf(a, "%s/index.html", o->run.out);
	if (report_junit(arena_printf(a, "%s/junit.xml", o->run.out), results, n, &head, e) < 0 ||
	    report_html(html, results, n, &head, e) < 0)
		return -1;
	report_tap_start(stdout, n, &head);
	for (size_t i = 0; i < n; i++)
		report_tap_testcase(stdout, i + 1, &results[i]);
	report_tap_end(stdout, results, n, &head, html);
	if (fflush(stdout) != 0)
		return fail_errno(e, "stdout");
	return status_of(results, n);
}

/* ---- bisect ---- */

/* the other program, or this one: they lie beside each other */
static int
beside(struct arena *a, const char *name, const char **out, struct err *e)
{
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	if (n < 0)
		return fail_errno(e, "/proc/self/exe");
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	*out = arena_printf(a, "%s/%s", exe, name);
	return 0;
}

static int
bisect(struct arena *a, struct options *o, struct err *e)
{
	struct bisect_opts h = { .scenarios = scenario_dir(a, o),
		.only = o->only,
		.accel = o->run.accel,
		.scale = o->run.scale,
		.out = o->run.out };
	struct bisect bisect;

	if (!o->only)
		return fail_usage(e, "bisect: name a scenario (-s NAME, SCENARIO=NAME): its "
				     "verdict is what is asked for");
	if (beside(a, "lh-build", &h.lh_build, e) < 0 ||
	    beside(a, "lh-verify", &h.lh_verify, e) < 0)
		return -1;
	if (bisect_open(a, &h, o->words, (size_t)o->nwords, &bisect, e) < 0)
		return -1;
	bisect_report_plan(&bisect, stdout);
	if (bisect.q.dry)
		return 0;
	fflush(stdout);
	return bisect_run(&bisect, e) < 0 ? -1 : bisect_report(&bisect, stdout, e);
}

/* ---- list, lint ---- */

static int
matrix(struct arena *a, struct options *o, struct err *e)
{
	struct scenario *scenarios;
	struct image *images;
	struct buf b = { 0 };
	struct matrix m;
	size_t n;

	if (need_words(o, 1, "matrix: needs a manifest", e) < 0 ||
	    read_scenarios(a, o, &scenarios, &n, e) < 0)
		return -1;
	if (open_images(a, o->words, o->nwords, "", &images, e) < 0 ||
	    matrix_make(a, images, (size_t)o->nwords, scenarios, n, o->only, &m, e) < 0)
		return -1;
	(o->listing ? o->listing : listing_text)(&b, &m);
	fputs(b.n ? b.p : "", stdout);
	buf_free(&b);
	return fflush(stdout) == 0 ? 0 : fail_errno(e, "stdout");
}

static int
list(struct arena *a, struct options *o, struct err *e)
{
	struct scenario *scenarios;
	size_t n;

	if (o->nwords)
		return matrix(a, o, e);
	if (read_scenarios(a, o, &scenarios, &n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		printf("%-16s %s\n", scenarios[i].name, scenarios[i].title);
	return 0;
}

/* all of the folder, or the given files; the folder's watches in both cases */
static int
lint(struct arena *a, struct options *o, struct err *e)
{
	const char *watches = arena_printf(a, "%s/watches", scenario_dir(a, o));
	struct scenario *scenarios, s;
	struct image none = { 0 };
	struct matrix m;
	size_t n;

	for (int i = 0; i < o->nwords; i++)
		if (scenario_read(a, o->words[i], file_exists(watches) ? watches : NULL,
			step_forms(a), facts_known(a), &s, e) < 0)
			return -1;
	if (o->nwords)
		return 0;
	if (read_scenarios(a, o, &scenarios, &n, e) < 0 || read_state(a, o, e) < 0)
		return -1;
	/* the requirements, against an image that meets none */
	return matrix_make(a, &none, 1, scenarios, n, NULL, &m, e);
}

/* ---- boot ---- */

static int
boot(struct arena *a, struct options *o, struct err *e)
{
	if (need_words(o, 1, "boot: needs a manifest", e) < 0 ||
	    droproot_to_owner_of(o->words[0], NULL, e) < 0)
		return -1;
	/* no probe: a person sees whether it boots, and may choose otherwise */
	return interactive_boot(
	    a, o->words[0], strcmp(o->run.accel, "auto") ? o->run.accel : "tcg", o->print, e);
}

static const struct command *
commands(void)
{
	static const struct command table[] = {
		{ "run", "MANIFEST...", "play every scenario on every image", run },
		{ "matrix", "MANIFEST...", "say what would be played, and what is skipped why",
		    matrix },
		{ "list", "[MANIFEST...]", "the scenarios; or as matrix", list },
		{ "merge", "-o DIR RUN-DIR...",
		    "several runs, such as one a machine, as one report and one exit status",
		    merge },
		{ "lint", "[SCENARIO-FILE...]", "check scenarios without booting anything", lint },
		{ "mutants", "DIR MANIFEST...",
		    "are images broken on purpose refused, and for the right reason?",
		    run_mutants },
		{ "bisect", "GOOD=A BAD=B ...",
		    "find the version, or the commit, that broke a scenario; see README.md",
		    bisect },
		{ "boot", "[--print] MANIFEST",
		    "a guest for a person, with its console on this terminal", boot },
		{ NULL, NULL, NULL, NULL },
	};

	return table;
}

/* ---- the command line ---- */

static int
set_format(struct options *o, const char *name, struct err *e)
{
	static const struct {
		const char *name;
		void (*listing)(struct buf *out, const struct matrix *m);
	} formats[] = { { "text", listing_text }, { "json", listing_json },
		{ "github", listing_github }, { "gitlab", listing_gitlab },
		{ "slurm", listing_slurm } };

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
		if (!strcmp(name, formats[i].name)) {
			o->listing = formats[i].listing;
			return 0;
		}
	return fail_usage(e, "--format %s: one of text json github gitlab slurm", name);
}

static int
read_number(
    const char *option, const char *text, double least, double most, double *out, struct err *e)
{
	char *end;

	*out = strtod(text, &end);
	if (end == text || *end || !(*out >= least && *out <= most))
		return fail_usage(
		    e, "%s %s: needs a number from %g to %g", option, text, least, most);
	return 0;
}

static int
add_only(struct arena *a, struct options *o, const char *name)
{
	o->only = arena_grow(a, o->only, o->nonly, o->nonly + 2, sizeof *o->only);
	o->only[o->nonly++] = name;
	return 0;
}

static int
set_accel(struct options *o, const char *name, struct err *e)
{
	o->run.accel = name;
	if (!strcmp(name, "tcg") || !strcmp(name, "kvm") || !strcmp(name, "auto"))
		return 0;
	return fail_usage(e, "--accel %s: one of tcg kvm auto", name);
}

enum {
	OPT_ACCEL = 256,
	OPT_SCALE,
	OPT_SCENARIOS,
	OPT_COLD,
	OPT_KEEP,
	OPT_PRINT,
	OPT_FORMAT,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "out", required_argument, NULL, 'o' },
	{ "scenario", required_argument, NULL, 's' },
	{ "jobs", required_argument, NULL, 'j' },
	{ "accel", required_argument, NULL, OPT_ACCEL },
	{ "scale", required_argument, NULL, OPT_SCALE },
	{ "scenarios", required_argument, NULL, OPT_SCENARIOS },
	{ "cold", no_argument, NULL, OPT_COLD },
	{ "keep", no_argument, NULL, OPT_KEEP },
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "print", no_argument, NULL, OPT_PRINT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* 0; 1: answered, and nothing more to do */
static int
read_option(struct arena *a, struct options *o, int opt, char **argv, struct err *e)
{
	double number;

	switch (opt) {
	case 'o':
		o->run.out = optarg;
		return 0;
	case 's':
		return add_only(a, o, optarg);
	case 'j':
		if (read_number("--jobs", optarg, 1, 1000, &number, e) < 0)
			return -1;
		o->run.jobs = (unsigned)number;
		return 0;
	case OPT_ACCEL:
		return set_accel(o, optarg, e);
	case OPT_SCALE:
		return read_number("--scale", optarg, 0.1, 1000, &o->run.scale, e);
	case OPT_SCENARIOS:
		o->scenarios = optarg;
		return 0;
	case OPT_COLD:
		o->cold = true;
		return 0;
	case OPT_KEEP:
		o->run.keep = true;
		return 0;
	case OPT_FORMAT:
		return set_format(o, optarg, e);
	case OPT_PRINT:
		o->print = true;
		return 0;
	case OPT_HELP:
		print_help();
		return 1;
	case OPT_VERSION:
		printf("lh-verify %s\n", LH_VERSION);
		return 1;
	case ':':
		return fail_usage(e, "%s needs a value; see lh-verify --help", argv[optind - 1]);
	default:
		return fail_usage(e, "%s: unknown option; see lh-verify --help", argv[optind - 1]);
	}
}

static int
read_options(struct arena *a, struct options *o, int argc, char **argv, struct err *e)
{
	int opt, r = 0;

	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, ":o:s:j:", long_options, NULL)) != -1)
		r = read_option(a, o, opt, argv, e);
	o->words = argv + optind;
	o->nwords = argc - optind;
	return r;
}

static int
dispatch(struct arena *a, int argc, char **argv, struct err *e)
{
	struct options o = { .run.accel = "auto" };
	int r = read_options(a, &o, argc, argv, e);

	if (r)
		return r < 0 ? -1 : 0;
	if (!o.nwords)
		return fail_usage(e, "needs a command: run, merge, matrix, list, lint, mutants, "
				     "bisect or boot; see lh-verify --help");
	for (const struct command *c = commands(); c->name; c++)
		if (!strcmp(c->name, o.words[0])) {
			o.words++;
			o.nwords--;
			return c->run(a, &o, e);
		}
	return fail_usage(e,
	    "%s: unknown command; one of run merge matrix list lint mutants bisect boot",
	    o.words[0]);
}

int
main(int argc, char **argv)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	int status;

	startup("lh-verify");
	status = dispatch(a, argc, argv, &e);
	if (status < 0) {
		status = log_fatal(&e);
		if (status != EXIT_USAGE)
			status = EXIT_NOJUDGE;
	}
	arena_free(a);
	return status;
}
