/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_SCENARIO_SCENARIO_H
#define VERIFY_SCENARIO_SCENARIO_H

#include "build/base/clock.h"
#include "build/base/err.h"
#include "verify/scenario/templ.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct pattern;
struct step;
struct verb;

/*
 * scenarios/NAME.scn: one statement a line, `verb words... [-> what] [@time]`; a word of several
 * lines is a block, `<<END`, see block.h.  No loops, no nesting: logic belongs in guest shell or
 * in C.  An unknown verb, a name that nothing defines, a bad pattern are errors with file:line
 * before anything boots.
 *
 *   scenario NAME "what it shows"
 *   requires KEY VALUE...     arch, profile, net, agent ...: else skip
 *   proves   SERVICE...       it fails when one of these does not do what it is for
 *   dies     SERVICE...  # why they die, or are restarted, in this scenario
 *   says     TEXT        # why a service says so to its log in it
 *   after    booted           may start from the snapshot that the file `booted` leads to
 *   image    pristine         as it is shipped, without the guest agent that others get
 *   image    offline          and no guest is started: only audit, and keep files
 *   clock    instructions     the guest's clock counts those that it executes
 *   lane     long             only played where that lane is asked for; else it is quick
 *   timeout  10s              per step, scaled
 *   limit    120s             all of it, scaled
 *   watch    fail NAME /re/   from the first console byte to the last; warn only reports;
 *                             kernel: fails when it was the kernel that said it; log: of the
 *                             kernel's own log, what is an error or worse, at the end
 *   allow    NAME /re/  # why what a watch may see
 *   section  setup            also steps, teardown
 *   race     <<END            the steps up to a line END race; once, or a `vm skip`
 *
 * Steps: play/verb.h, and lh-scenario(5).  Those of the file `ending` beside the scenarios
 * are the last ones of each scenario that leaves a guest agent running.
 */
enum want_kind {
	WANT_NONE,
	WANT_RE,   /* -> /re/   search in the output */
	WANT_TEXT, /* -> "text" the output contains it */
	WANT_ALL,  /* -> all a b c   the output's words are exactly this set */
	WANT_HAS,  /* -> has a b c   they are among its words */
	WANT_EMPTY
}; /* -> empty */

struct step {
	const struct verb_form *form; /* the row that it fits */
	const char *ending; /* the file of that name, which it is from: only played while the guest
			       runs; or NULL */
	unsigned line;
	const char *source; /* the line as written, trimmed, for reports */
	const char *verb;   /* "run" */
	struct templ *args; /* words and quoted strings after the verb */
	size_t nargs;
	struct expect_alt { /* expect/prompt: the verb line's own pattern, which is wanted, then
			       those of the | lines */
		const char *label;  /* NULL on the first line; one with a label that comes first
				       fails the step with it */
		const char *re;	    /* as written */
		struct templ templ; /* the same, cut at its names */
		bool has_names; /* re has ${name}: compiled when the step runs, pattern is NULL */
		struct pattern *pattern;
	} * alts;
	size_t nalts;
	enum want_kind want;
	struct templ want_text;	  /* WANT_RE (source), WANT_TEXT */
	struct pattern *want_re;  /* WANT_RE without ${name} */
	struct templ *want_words; /* WANT_ALL, WANT_HAS */
	size_t nwant_words;
	int status;	 /* status N: default 0; -1: any */
	bool has_status; /* it says so */
	nstime timeout;	 /* 0: the scenario's */
	bool races;	 /* within a race */
	enum { SECTION_SETUP, SECTION_STEPS, SECTION_TEARDOWN } section;
};

struct watch {
	const char *name;
	enum watch_kind {
		WATCH_FAIL,
		WATCH_WARN,
		WATCH_KERNEL, /* of the console; a program may write the words, too */
		WATCH_LOG     /* not of the console */
	} kind;
	struct pattern *pattern;
	unsigned line;
};

struct allow {
	const char *name; /* of the watch */
	struct pattern *pattern;
	unsigned line;
};

struct require {
	const char *key;
	const char **values;
	size_t nvalues;
	unsigned line;
};

struct proof {
	const char *service;
	unsigned line;
};

struct scenario {
	const char *path, *name, *title;
	struct require *requires;
	size_t nrequires;
	struct proof *proofs;
	size_t nproofs;
	const char *dies;  /* services, a blank between two; ${dies} */
	const char *says;  /* what logs may have, a line each; ${says} */
	const char *after; /* NULL: cold boot */
	bool pristine;	   /* no guest agent */
	bool offline;	   /* and no guest either */
	bool races;	   /* a step of it makes the guest's time race */
	bool counts;	   /* the guest's clock counts instructions */
	const char *lane;  /* one of scenario_lanes */
	nstime timeout, limit;
	struct watch *watches; /* the common ones (scenarios/watches) first */
	size_t nwatches;
	struct allow *allows;
	size_t nallows;
	struct step *steps;
	size_t nsteps;
};

/*
 * What reading needs to know of a verb, a row a form: the head of a struct verb (play/verb.h).
 * A form is the words a verb takes, blank separated: lower case is literal, UPPER case stands
 * for any word.
 */
struct verb_form {
	const char *verb;
	const char *form;    /* "ssh USER key COMMAND" */
	bool takes_patterns; /* /re/ as its argument, | lines allowed */
	bool takes_want;     /* -> and status allowed */
	const char *defines; /* name suffix it defines when it ends in `as NAME`: ".port" or "" */
	enum {
		ON_GUEST, /* a guest has to run: not with `image offline` */
		ON_FILES, /* only with `image offline` */
		ON_EITHER
	} on;
	enum needs {		  /* from the start; bits */
		NEEDS_SLOT = 1,	  /* a place to plug a device into */
		NEEDS_FAULTS = 2, /* a disk that can be made to fail */
		NEEDS_PEER = 4,	  /* somebody between the guest and its network */
		NEEDS_CONSOLE = 8 /* a console on which nobody else types */
	} needs;
	enum {
		RACE_NEVER, /* not while a guest's time races: it waits by the host's clock */
		RACE_MAY,
		RACE_ALONE, /* may, and races by itself when nothing else does */
		RACE_OPENS, /* its block is no text, but the steps of a race */
		RACE_CLOSES /* stands behind them, where the block ends; nobody writes it */
	} race;
	/* what else can be seen to be wrong before anything boots; NULL: nothing */
	int (*parse)(struct arena *a, const struct step *s, struct err *e);
	const struct verb *row; /* that plays it */
};

/* what is quick is played unless others are asked for; NULL-terminated */
extern const char *const scenario_lanes[];
bool scenario_is_lane(const char *name);
/* has it a step that needs one of these */
bool scenario_needs(const struct scenario *s, enum needs what);
/* an emulated processor */
bool scenario_needs_tcg(const struct scenario *s);
/* a word that has no ${name} in it, and is not empty; else NULL */
const char *scenario_word_text(const struct templ *t);
/* is it the word, when the form's word stands for itself */
bool scenario_word_fits(const char *form_word, const struct templ *t);

#endif
