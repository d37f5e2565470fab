/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/matrix.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lane.h"
#include "verify/guest/serial.h"
#include "verify/image/inject.h"
#include "verify/image/image.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- requirements ---- */

/* what the image has under a key, for comparing and for the reason; NULL: nothing */
static const char *
triple(const struct image *i)
{
	return i->m.triple;
}

static const char *
arch(const struct image *i)
{
	return i->m.arch;
}

static const char *
profile(const struct image *i)
{
	return i->m.profile;
}

static const char *
net(const struct image *i)
{
	return i->m.net;
}

static const char *
set(const struct image *i)
{
	return i->m.set;
}

static const char *
agent(const struct image *i)
{
	return inject_fits(&i->m) || serial_is_asked(&i->m) ? "yes" : "no";
}

static const char *
credentials(const struct image *i)
{
	return i->root_password && i->guest_password ? "yes" : "no";
}

/* does the manifest say what an image of its kind may have? */
static const char *
audit(const struct image *i)
{
	return i->base && i->m.elf && i->m.refuse && i->m.kernel_mark && i->m.npaths ? "yes" : "no";
}

/* does the manifest say who may listen? */
static const char *
listens(const struct image *i)
{
	return i->m.nlistens ? "yes" : "no";
}

/* does the manifest name a table of files? */
static const char *
files(const struct image *i)
{
	return i->base && i->m.files ? "yes" : "no";
}

/* does the manifest say whose keys open it? */
static const char *
authorized_keys(const struct image *i)
{
	return i->m.authorized_keys_sha256 ? "yes" : "no";
}

static const char *
disk(const struct image *i)
{
	return i->base ? "yes" : "no";
}

static const char *
root_login(const struct image *i)
{
	return i->m.root_login ? i->m.root_login : "password";
}

static const char *
boot(const struct image *i)
{
	return lane_of(&i->m);
}

static bool
has_service(const struct image *i, const char *name)
{
	for (size_t n = 0; n < i->m.nservices; n++)
		if (!strcmp(i->m.services[n].name, name))
			return true;
	return false;
}

static bool
has_package(const struct image *i, const char *name)
{
	for (size_t n = 0; n < i->m.npackages; n++)
		if (!strcmp(i->m.packages[n].name, name))
			return true;
	return false;
}

static bool
has_partition(const struct image *i, const char *name)
{
	for (size_t n = 0; n < i->m.nparts; n++)
		if (!strcmp(i->m.parts[n].name, name))
			return true;
	return false;
}

/* a program of this host */
static bool
has_tool(const struct image *i, const char *name)
{
	const char *path = getenv("PATH");
	char file[4096];

	(void)i;
	while (path && *path) {
		size_t n = strcspn(path, ":");

		if (snprintf(file, sizeof file, "%.*s/%s", (int)n, path, name) < (int)sizeof file &&
		    access(file, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

#define YES_NO " yes no "

static const struct key {
	const char *name;
	const char *(*is)(const struct image *i);	      /* one value, compared */
	bool (*has)(const struct image *i, const char *name); /* or many */
	const char *values; /* all that there may be, with a blank on each side; NULL: any */
} keys[] = {
	{ "arch", arch, NULL, NULL },
	{ "audit", audit, NULL, YES_NO },
	{ "authorized-keys", authorized_keys, NULL, YES_NO },
	{ "boot", boot, NULL, " kernel bios efi uboot diskless " },
	{ "credentials", credentials, NULL, YES_NO },
	{ "disk", disk, NULL, YES_NO },
	{ "agent", agent, NULL, YES_NO },
	{ "files", files, NULL, YES_NO },
	{ "listen", listens, NULL, YES_NO },
	{ "net", net, NULL, " dhcp static " },
	{ "package", NULL, has_package, NULL },
	{ "partition", NULL, has_partition, NULL },
	{ "profile", profile, NULL, " s6 minimal theirs " },
	{ "root-login", root_login, NULL, " key password " },
	{ "service", NULL, has_service, NULL },
	{ "set", set, NULL, NULL },
	{ "tool", NULL, has_tool, NULL },
	{ "triple", triple, NULL, NULL },
};

#define NKEYS (sizeof keys / sizeof *keys)

const char *
matrix_key(size_t i)
{
	return i < NKEYS ? keys[i].name : NULL;
}

static const char *
listed(struct arena *a, const char *const *v, size_t n, const char *between)
{
	struct buf b = { 0 };
	const char *s;

	for (size_t i = 0; i < n; i++)
		buf_addf(&b, "%s%s", i ? between : "", v[i]);
	s = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return s;
}

static int
unknown_key(struct arena *a, const char *key, struct err *e)
{
	const char *names[NKEYS];

	for (size_t i = 0; i < NKEYS; i++)
		names[i] = keys[i].name;
	return fail_usage(e, "requires %s: unknown; one of %s", key, listed(a, names, NKEYS, " "));
}

int
matrix_requires(struct arena *a, const struct image *i, const char *key, const char *const *values,
    size_t nvalues, const char **skip, struct err *e)
{
	const struct key *k = keys;
	const char *is;

	while (k < keys + NKEYS && strcmp(k->name, key))
		k++;
	if (k == keys + NKEYS)
		return unknown_key(a, key, e);
	/* what no image has would be skipped for ever */
	for (size_t v = 0; v < nvalues; v++)
		if (k->values && (strchr(values[v], ' ') ||
				     !strstr(k->values, arena_printf(a, " %s ", values[v]))))
			return fail_usage(e, "requires %s %s: unknown; one of%.*s", key, values[v],
			    (int)strlen(k->values) - 1, k->values);
	is = k->is ? k->is(i) : NULL;
	*skip = NULL;
	for (size_t v = 0; v < nvalues; v++)
		if (k->has ? k->has(i, values[v]) : is && !strcmp(is, values[v]))
			return 0;
	*skip = k->has ? arena_printf(a, "requires %s %s", key, listed(a, values, nvalues, " or "))
		       : arena_printf(a, "requires %s %s, here it is %s", key,
			     listed(a, values, nvalues, " or "), is ? is : "not known");
	return 0;
}

/* where the serial agent would be, somebody else types */
static bool
is_in_its_way(const struct image *i, const struct scenario *s)
{
	return serial_is_asked(&i->m) && scenario_needs(s, NEEDS_CONSOLE);
}

bool
matrix_has_agent(const struct image *i, const struct scenario *s)
{
	return i->has_agent && !s->pristine && !is_in_its_way(i, s);
}

/* of what an image has many of, each line wants one; a second line about the one is a mistake */
static int
refuse_second(const struct scenario *s, size_t at, struct err *e)
{
	const struct require *q = &s->requires[at];

	for (size_t k = 0; k < NKEYS; k++)
		if (!strcmp(keys[k].name, q->key) && keys[k].has)
			return 0;
	for (size_t r = 0; r < at; r++)
		if (!strcmp(s->requires[r].key, q->key))
			return fail_usage(
			    e, "%s:%u: requires %s: duplicate key", s->path, q->line, q->key);
	return 0;
}

/* the first requirement that is not met decides */
static int
find_skip(struct arena *a, const struct image *i, const struct scenario *s, const char **skip,
    struct err *e)
{
	*skip = s->offline ? NULL : lane_missing(a, &i->m);
	if (!s->offline && !*skip)
		*skip = hardware_missing(a, &i->m);
	for (size_t r = 0; r < s->nrequires; r++) {
		const struct require *q = &s->requires[r];
		const char *why;

		if (matrix_requires(a, i, q->key, q->values, q->nvalues, &why, e) < 0)
			return wrap(e, "%s:%u", s->path, q->line);
		if (refuse_second(s, r, e) < 0)
			return -1;
		if (!why && !strcmp(q->key, "agent") && is_in_its_way(i, s))
			why = "sends to the console, where the serial agent is";
		if (!*skip)
			*skip = why;
	}
	return 0;
}

/* ---- test cases ---- */

const struct scenario *
matrix_scenario(const struct scenario *scenarios, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	return NULL;
}

static int
check_only(
    struct arena *a, const struct scenario *s, size_t n, const char *const *only, struct err *e)
{
	const char **names = arena_array(a, n ? n : 1, sizeof *names);

	for (size_t i = 0; i < n; i++)
		names[i] = s[i].name;
	for (; only && *only; only++)
		if (!matrix_scenario(s, n, *only))
			return fail_usage(e, "scenario %s: no such scenario; one of %s", *only,
			    listed(a, names, n, " "));
	return 0;
}

static int
check_lanes(struct arena *a, const char *const *lanes, struct err *e)
{
	size_t n = 0;

	while (scenario_lanes[n])
		n++;
	for (; lanes && *lanes; lanes++)
		if (!scenario_is_lane(*lanes))
			return fail_usage(e, "lane %s: no such lane; one of %s", *lanes,
			    listed(a, scenario_lanes, n, " "));
	return 0;
}

int
matrix_check_choice(struct arena *a, const struct scenario *s, size_t n,
    const struct matrix_choice *choice, struct err *e)
{
	return check_only(a, s, n, choice->only, e) < 0 ? -1 : check_lanes(a, choice->lanes, e);
}

static bool
is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

bool
matrix_plays_lane(const struct scenario *s, const char *const *lanes)
{
	return lanes && *lanes ? is_one_of(s->lane, lanes) : !strcmp(s->lane, scenario_lanes[0]);
}

bool
matrix_wants(const struct scenario *s, const struct matrix_choice *w)
{
	return w->only && *w->only ? is_one_of(s->name, w->only) : matrix_plays_lane(s, w->lanes);
}

/* no test is no answer */
static int
nothing_to_play(
    struct arena *a, const struct image *images, const struct matrix_choice *w, struct err *e)
{
	size_t n = 0;

	if (w->only && *w->only)
		return fail_usage(e,
		    "scenario %s: looks at files alone, which the lane %s leaves to the lane "
		    "kernel",
		    *w->only, images->m.lane);
	while (w->lanes && w->lanes[n])
		n++;
	return fail_usage(e, "lane %s: no scenario is in it",
	    n ? listed(a, w->lanes, n, " or ") : *scenario_lanes);
}

int
matrix_make(struct arena *a, struct image *images, size_t nimages, const struct scenario *scenarios,
    size_t nscenarios, const struct matrix_choice *choice, struct matrix *out, struct err *e)
{
	*out = (struct matrix){ .images = images, .nimages = nimages };
	if (matrix_check_choice(a, scenarios, nscenarios, choice, e) < 0)
		return -1;
	out->v = arena_array(a, nimages * nscenarios + 1, sizeof *out->v);
	for (size_t i = 0; i < nimages; i++) {
		/* two of one name would write over each other's folders */
		for (size_t j = 0; j < i; j++)
			if (!strcmp(images[i].name, images[j].name))
				return fail_usage(e,
				    "%s and %s are both %s: verify them one by one, each with its "
				    "own -o",
				    images[j].path, images[i].path, images[i].name);
		for (size_t s = 0; s < nscenarios; s++) {
			struct matrix_testcase *c = &out->v[out->n];

			/* what looks at files has done so when the kernel was handed over */
			if (!matrix_wants(&scenarios[s], choice) ||
			    (images[i].m.lane && scenarios[s].offline))
				continue;
			*c = (struct matrix_testcase){ .image = &images[i],
				.scenario = &scenarios[s] };
			if (find_skip(a, &images[i], &scenarios[s], &c->skip, e) < 0)
				return -1;
			out->n++;
		}
	}
	return out->n ? 0 : nothing_to_play(a, images, choice, e);
}
