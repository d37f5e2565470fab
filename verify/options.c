/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/options.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/help.h"
#include "build/base/log.h"
#include "build/files/file.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* what a value may be, and what kind of member it is kept in */
enum kind { FLAG, TEXT, CHOICE, NUMBER, WHOLE, NAMES };

#define PLAYING (OF_RUN | OF_MUTANTS | LH_BISECT)
#define BY_HAND (OF_STEP | OF_RECORD)
#define READING (PLAYING | OF_MATRIX | OF_LIST | OF_LINT | OF_STEP)
#define ALL (LH_VERIFY | LH_BISECT)
#define MEMBER(name) offsetof(struct options, name)

static const struct row {
	int of;	     /* commands */
	char letter; /* or 0 */
	const char *name, *value;
	const char *what;
	enum kind kind;
	size_t member;
	const char *choices; /* of CHOICE, with a blank before and after each */
	double least, most;  /* of NUMBER and WHOLE */
} rows[] = {
	{ PLAYING | BY_HAND | OF_MERGE, 'o', "out", "DIR",
	    "output directory (default: beside the images)", TEXT, MEMBER(out), NULL, 0, 0 },
	{ PLAYING | OF_MATRIX | OF_LIST | OF_STEP, 's', "scenario", "NAME",
	    "play only this scenario, or mutant of a DIR; may be repeated", NAMES, MEMBER(only),
	    NULL, 0, 0 },
	{ OF_STEP, 0, "until", "LINE", "play up to this line of the scenario first", WHOLE,
	    MEMBER(until), NULL, 1, 1000000 },
	{ PLAYING, 'j', "jobs", "N", "guests at a time (default: limited by CPUs and memory)",
	    WHOLE, MEMBER(jobs), NULL, 1, 1000 },
	{ PLAYING | BY_HAND | OF_BOOT, 0, "accel", "WHICH",
	    "tcg, kvm or auto (default: auto; KVM if a probe guest boots)", CHOICE, MEMBER(accel),
	    " tcg kvm auto ", 0, 0 },
	{ PLAYING | BY_HAND | OF_RESUME, 0, "scale", "X",
	    "multiply all timeouts by X (default: from the host's load)", NUMBER, MEMBER(scale),
	    NULL, 0.1, 1000 },
	{ READING | OF_HISTORY, 0, "scenarios", "DIR", "directory of the *.scn files", TEXT,
	    MEMBER(scenarios), NULL, 0, 0 },
	{ READING, 0, "also", "DIR", "directory of further *.scn files; may be repeated", NAMES,
	    MEMBER(also), NULL, 0, 0 },
	{ PLAYING, 0, "cold", NULL, "always boot; never start from a saved state", FLAG,
	    MEMBER(cold), NULL, 0, 0 },
	{ PLAYING, 0, "keep", NULL, "keep disk overlays of passed test cases too", FLAG,
	    MEMBER(keep), NULL, 0, 0 },
	{ OF_RUN, 0, "capsule", NULL, "keep guests as they are when they fail, for resume", FLAG,
	    MEMBER(capsule), NULL, 0, 0 },
	{ OF_RUN, 0, "until-fail", "N", "play again while all passes, N times at most", WHOLE,
	    MEMBER(until_fail), NULL, 1, 1000000 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS | OF_BOOT | OF_STEP, 0, "boot", "WHICH",
	    "kernel (default), diskless, bios, efi, uboot, firmware for these three, or all",
	    CHOICE, MEMBER(boot), " kernel diskless bios efi uboot firmware all ", 0, 0 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS | OF_STEP, 0, "bus", "WHICH",
	    "what the disk hangs on: virtio, ahci, nvme, sd, usb or all", CHOICE, MEMBER(bus),
	    " virtio ahci nvme sd usb all ", 0, 0 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS | OF_STEP, 0, "nic", "WHICH",
	    "network card: virtio, e1000, e1000e, rtl8139 or all", CHOICE, MEMBER(nic),
	    " virtio e1000 e1000e rtl8139 all ", 0, 0 },
	{ OF_TRANSCRIPT, 0, "bless", NULL, "learn from these consoles, too", FLAG, MEMBER(bless),
	    NULL, 0, 0 },
	{ OF_MATRIX | OF_LIST, 0, "format", "WHICH",
	    "text, json, github, gitlab, slurm or plan (default: text)", CHOICE, MEMBER(format),
	    " text json github gitlab slurm plan ", 0, 0 },
	{ OF_RUN, 0, "plan", "FILE", "the results are a part of this plan's, for merge", TEXT,
	    MEMBER(plan), NULL, 0, 0 },
	{ OF_BOOT, 0, "disk", "FILE", "disk that keeps what the guest writes; made if absent", TEXT,
	    MEMBER(disk), NULL, 0, 0 },
	{ OF_BOOT, 0, "memory", "MIB", "instead of the manifest's", WHOLE, MEMBER(memory), NULL, 8,
	    1 << 20 },
	{ OF_BOOT, 0, "cpus", "N", "how many processors (default: 1)", WHOLE, MEMBER(cpus), NULL, 1,
	    255 },
	{ OF_BOOT | OF_WATCH, 0, "port", "N",
	    "port of 127.0.0.1, for ssh or the page (default: a free one)", WHOLE, MEMBER(port),
	    NULL, 1, 65535 },
	{ OF_BOOT, 0, "share", "DIR", "folder that the guest may mount, by 9p", TEXT, MEMBER(share),
	    NULL, 0, 0 },
	{ OF_BOOT, 0, "print", NULL, "print QEMU's command line, but do not run it", FLAG,
	    MEMBER(print), NULL, 0, 0 },
	{ OF_MUTANTS, 0, "only", "CLASS[,...]", "only those of a class or source", TEXT,
	    MEMBER(classes), NULL, 0, 0 },
	{ OF_MUTANTS, 0, "sample", "N", "draw N of them (default: all)", WHOLE, MEMBER(sample),
	    NULL, 1, 1000000 },
	{ OF_MUTANTS, 0, "seed", "S", "draw those of seed S (default: 0)", WHOLE, MEMBER(seed),
	    NULL, 0, UINT32_MAX },
	{ OF_MUTANTS, 0, "all-scenarios", NULL, "play on after a scenario has refused one", FLAG,
	    MEMBER(all), NULL, 0, 0 },
	{ OF_MUTANTS, 0, "list", NULL, "print which there are, but do not play them", FLAG,
	    MEMBER(list), NULL, 0, 0 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS | OF_BOOT | BY_HAND | OF_RESUME, 0, "trusted",
	    NULL, "the images are ours, wherever their manifests are", FLAG, MEMBER(trusted), NULL,
	    0, 0 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS | OF_BOOT | BY_HAND | OF_RESUME, 0, "untrusted",
	    NULL, "the images are a stranger's, though they lie in output/", FLAG,
	    MEMBER(untrusted), NULL, 0, 0 },
	{ OF_RUN | OF_MATRIX | OF_LIST | OF_MUTANTS, 0, "lane", "NAME",
	    "play those of this lane, quick (default), long or faults; may be repeated", NAMES,
	    MEMBER(lanes), NULL, 0, 0 },
	{ OF_MUTANTS, 0, "function", NULL,
	    "play on after an audit has refused one, until a guest does", FLAG, MEMBER(function),
	    NULL, 0, 0 },
	{ ALL, 0, "help", NULL, "print this help", FLAG, MEMBER(help), NULL, 0, 0 },
	{ ALL, 0, "words", NULL, "print what there is, for programs", FLAG, MEMBER(words_only),
	    NULL, 0, 0 },
	{ ALL, 0, "version", NULL, "print the version", FLAG, MEMBER(version), NULL, 0, 0 },
};

#define NROWS (sizeof rows / sizeof *rows)
#define BIT(r) (UINT64_C(1) << ((r)-rows))
_Static_assert(NROWS <= 64, "each has a bit of options.given");

void
options_print(enum options_of who)
{
	for (const struct row *r = rows; r < rows + NROWS; r++) {
		char left[48];

		if (!(r->of & (int)who))
			continue;
		snprintf(left, sizeof left, "  %c%c%c --%s%s%s", r->letter ? '-' : ' ',
		    r->letter ? r->letter : ' ', r->letter ? ',' : ' ', r->name,
		    r->value ? " " : "", r->value ? r->value : "");
		help_row(left, 25, r->what);
	}
}

void
options_words(enum options_of who, const char *name)
{
	for (const struct row *r = rows; r < rows + NROWS; r++) {
		const char *value = r->value ? r->value : "";

		if (!(r->of & (int)who))
			continue;
		printf("option\t%s\t--%s\t%s\t%s\n", name, r->name, value, r->what);
		if (r->letter)
			printf("letter\t%s\t-%c\t--%s\t%s\n", name, r->letter, r->name, r->what);
		for (const char *p = r->choices; p && p[1]; p = strchr(p + 1, ' '))
			printf("choice\t%s\t--%s\t%.*s\t\n", name, r->name,
			    (int)strcspn(p + 1, " "), p + 1);
	}
}

void
options_print_statuses(const struct exit_status *v)
{
	puts("\nexit status:");
	for (; v->what; v++)
		printf("  %3d  %s\n", v->status, v->what);
}

void
options_words_statuses(const struct exit_status *v)
{
	for (; v->what; v++)
		printf("status\t-\t%d\t\t%s\n", v->status, v->what);
}

/* ---- values ---- */

static int
take_choice(const struct row *r, const char *value, const char **member, struct err *e)
{
	char word[16];
	int n = snprintf(word, sizeof word, " %s ", value);

	*member = value;
	if (n < (int)sizeof word && !strchr(value, ' ') && strstr(r->choices, word))
		return 0;
	return fail_usage(
	    e, "--%s %s: one of%.*s", r->name, value, (int)strlen(r->choices) - 1, r->choices);
}

static int
take_number(const struct row *r, const char *value, double *member, struct err *e)
{
	char *end;

	*member = strtod(value, &end);
	/* digits and a point: strtod takes more, such as 0x1p3 and blanks in front */
	if (!value[strspn(value, "0123456789.")] && end != value && !*end && *member >= r->least &&
	    *member <= r->most)
		return 0;
	return fail_usage(
	    e, "--%s %s: needs a number from %.16g to %.16g", r->name, value, r->least, r->most);
}

static int
take_whole(const struct row *r, const char *value, unsigned *member, struct err *e)
{
	unsigned long n;
	char *end;

	errno = 0;
	n = strtoul(value, &end, 10);
	*member = (unsigned)n;
	if (*value >= '0' && *value <= '9' && !*end && !errno && (double)n >= r->least &&
	    (double)n <= r->most)
		return 0;
	return fail_usage(e, "--%s %s: needs a whole number from %.0f to %.0f", r->name, value,
	    r->least, r->most);
}

static int
take(struct arena *a, const struct row *r, const char *value, struct options *o, struct err *e)
{
	void *member = (char *)o + r->member;
	struct names *names;

	if (r->kind != FLAG && !*value)
		return fail_usage(e, "--%s: needs a value that is not empty", r->name);
	switch (r->kind) {
	case FLAG:
		*(bool *)member = true;
		return 0;
	case TEXT:
		*(const char **)member = value;
		return 0;
	case CHOICE:
		return take_choice(r, value, member, e);
	case NUMBER:
		return take_number(r, value, member, e);
	case WHOLE:
		return take_whole(r, value, member, e);
	case NAMES:
		names = member;
		names->v = arena_grow(a, names->v, names->n, names->n + 2, sizeof *names->v);
		names->v[names->n++] = value;
	}
	return 0;
}

/* ---- the command line ---- */

int
options_folder(struct arena *a, const char *name, const char **out, struct err *e)
{
	static const char *const places[] = { "..", "../share/lh-bootstrap" };

	*out = name;
	for (size_t i = 0; i < sizeof places / sizeof *places && !file_isdir(*out); i++) {
		const char *beside = NULL;

		if (options_beside(a, arena_printf(a, "%s/%s", places[i], name), &beside, e) < 0)
			return -1;
		if (file_isdir(beside))
			*out = beside;
	}
	return 0;
}

int
options_read(
    struct arena *a, enum options_of who, int argc, char **argv, struct options *out, struct err *e)
{
	const char *program = who == LH_BISECT ? "lh-bisect" : "lh-verify";
	struct option longs[NROWS + 1] = { { 0 } };
	char letters[2 * NROWS + 2] = ":";
	size_t n = 0;
	int opt;

	*out = (struct options){ .accel = "auto", .format = "text", .program = *argv };
	for (size_t i = 0; i < NROWS; i++) {
		if (!(rows[i].of & (int)who))
			continue;
		longs[n++] = (struct option){ rows[i].name,
			rows[i].value ? required_argument : no_argument, NULL, 256 + (int)i };
		if (rows[i].letter)
			snprintf(letters + strlen(letters), 3, "%c:", rows[i].letter);
	}
	opterr = 0;
	while ((opt = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		const struct row *r = opt >= 256 ? &rows[opt - 256] : NULL;

		for (size_t i = 0; !r && i < NROWS; i++)
			if (rows[i].letter && rows[i].letter == opt)
				r = &rows[i];
		if (!r && opt == '?' && optopt >= 256)
			return fail_usage(e, "--%s: takes no value", rows[optopt - 256].name);
		if (!r)
			return fail_usage(e, "%s%s; see %s --help", argv[optind - 1],
			    opt == ':' ? " needs a value" : ": unknown option", program);
		if (take(a, r, optarg, out, e) < 0)
			return -1;
		out->given |= BIT(r);
	}
	out->words = argv + optind;
	out->nwords = (size_t)(argc - optind);
	for (size_t i = 0; i < out->nwords; i++)
		if (!*out->words[i])
			return fail_usage(
			    e, "an empty word: a variable without a value? see %s --help", program);
	if (out->trusted && out->untrusted)
		return fail_usage(e, "--trusted and --untrusted: one of them");
	return out->scenarios ? 0 : options_folder(a, "scenarios", &out->scenarios, e);
}

int
options_fit(const struct options *o, enum options_of command, const char *name, struct err *e)
{
	int has = (int)command | (command & (OF_MATRIX | OF_LIST) ? OF_RUN : 0);

	for (const struct row *r = rows; r < rows + NROWS; r++)
		if (o->given & BIT(r) && !(r->of & has))
			return fail_usage(e, "--%s: not an option of %s; see lh-verify %s --help",
			    r->name, name, name);
	return 0;
}

const char *
options_of_mutants(const struct options *o, bool derived)
{
	for (const struct row *r = rows; r < rows + NROWS; r++) {
		bool of_lanes = r->member == MEMBER(boot) || r->member == MEMBER(bus) ||
				r->member == MEMBER(nic);

		if (o->given & BIT(r) && strcmp(r->name, "list") != 0 &&
		    (derived ? of_lanes : r->of == OF_MUTANTS))
			return r->name;
	}
	return NULL;
}

static void
add_again(struct arena *a, struct buf *b, const struct row *r, const struct options *o)
{
	const char *member = (const char *)o + r->member;
	const struct names *names = (const void *)member;

	switch (r->kind) {
	case FLAG:
		buf_addf(b, " --%s", r->name);
		break;
	case TEXT:
	case CHOICE:
		buf_addf(b, " --%s %s", r->name,
		    sh_quoted(a, *(const char *const *)(const void *)member));
		break;
	case NUMBER:
		buf_addf(b, " --%s %g", r->name, *(const double *)(const void *)member);
		break;
	case WHOLE:
		buf_addf(b, " --%s %u", r->name, *(const unsigned *)(const void *)member);
		break;
	case NAMES:
		for (size_t i = 0; i < names->n; i++)
			buf_addf(b, " --%s %s", r->name, sh_quoted(a, names->v[i]));
	}
}

char *
options_again(struct arena *a, const struct options *o, bool trusted)
{
	static const char *const told[] = { "accel", "scale", "scenarios", "also", "cold", "boot",
		"bus", "nic", "untrusted", "trusted" };
	struct buf b = { 0 };
	char *text;

	for (const struct row *r = rows; r < rows + NROWS; r++)
		for (size_t i = 0; i < sizeof told / sizeof *told - !trusted; i++)
			if (o->given & BIT(r) && !strcmp(r->name, told[i]))
				add_again(a, &b, r, o);
	text = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return text;
}

int
options_file(const char *path, struct err *e)
{
	return access(path, R_OK) < 0 ? fail_usage(e, "%s: %s", path, strerror(errno)) : 0;
}

/* ---- the program itself ---- */

int
options_beside(struct arena *a, const char *name, const char **out, struct err *e)
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

int
options_finish(int status, struct err *e)
{
	bool lost = ferror(stdout);

	errno = 0;
	if (fflush(stdout) != 0 || lost) {
		struct err out = { 0 };

		if (errno)
			fail_errno(&out, "stdout");
		else
			fail(&out, "stdout: output is incomplete");
		if (status >= 0) /* else what went wrong before tells more */
			*e = out;
		status = -1;
	}
	if (status >= 0)
		return status;
	return log_fatal(e) == EXIT_USAGE ? EXIT_USAGE : EXIT_NOJUDGE;
}
