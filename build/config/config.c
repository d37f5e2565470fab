/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/config.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/base/path.h"
#include "build/config/configfile.h"
#include "build/config/sysdeps.h"
#include "build/config/value.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/sign.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* what is not the same everywhere when nobody gave it */
typedef const char *value_guess(const struct valuing *r, const struct config *c);

static value_guess jobs_guess, cache_guess, dns_guess, console_guess;

#define F(member) offsetof(struct config, member)
#define ONLY_VAR ((size_t)-1)
#define COMMAND_LINE "command line"
#define ENVIRONMENT "environment"

/* a later row may look at the result of an earlier one */
static const struct key {
	struct variable is;
	value_guess *guess; /* when it has no fallback */
	size_t field;	    /* of struct config, or ONLY_VAR */
} keys[] = {
	{ { "OUTPUT", value_output, "output", NULL }, NULL, F(output) },
	{ { "CACHE", value_place, NULL, NULL }, cache_guess, F(cache) },
	{ { "CACHE_URL", value_cache_url, "", NULL }, NULL, ONLY_VAR },
	{ { "CACHE_KEY", value_cache_key, "", NULL }, NULL, ONLY_VAR },
	{ { "CACHE_TRUST", value_cache_trust, "", NULL }, NULL, ONLY_VAR },
	{ { "NORMALUSER", value_user, "nobody", NULL }, NULL, F(normaluser) },
	{ { "JOBS", value_count, NULL, NULL }, jobs_guess, F(jobs) },
	{ { "STEP_LIMIT", value_seconds, "14400", NULL }, NULL, F(step_limit) },
	{ { "UNPACK_LIMIT", value_size, "16384", NULL }, NULL, F(unpack_limit) },

	{ { "TRIPLE", value_triple, "", NULL }, NULL, F(triple) },
	{ { "PROFILE", value_choice, "auto", "s6 minimal auto" }, NULL, F(profile) },
	{ { "SET", value_set, "2026-07", NULL }, NULL, F(set) },
	{ { "PACKAGES", value_text, "", NULL }, NULL, ONLY_VAR },
	{ { "DEBUG", value_words, "", "strace" }, NULL, ONLY_VAR },
	{ { "SERVICES", value_folders, "", NULL }, NULL, ONLY_VAR },
	{ { "OVERLAY", value_folders, "", NULL }, NULL, ONLY_VAR },
	{ { "SCENARIOS", value_folders, "", NULL }, NULL, ONLY_VAR },

	{ { "BUILD_CC", value_compiler, "gcc", NULL }, NULL, F(build_cc) },
	{ { "CROSS_BASE", value_cross, "", NULL }, NULL, F(cross_base) },
	{ { "HOST_HOST_BASE", value_folder, "", NULL }, NULL, F(host_host_base) },

	{ { "MIRRORS", value_mirrors, "", NULL }, NULL, F(mirrors) },
	{ { "GIT_MIRROR", value_git_mirror, "", NULL }, NULL, F(git_mirror) },
	{ { "OFFLINE", value_bool, "false", NULL }, NULL, F(offline) },

	{ { "COUNTRY_CODE", value_choice, "", "uk fr rs vn cn" }, NULL, F(country) },
	{ { "USE_DHCP", value_bool, "true", NULL }, NULL, F(use_dhcp) },
	{ { "LOCAL_IP", value_ipv4, "10.0.2.15", NULL }, NULL, F(local_ip) },
	{ { "ROUTER_IP", value_ipv4, "10.0.2.2", NULL }, NULL, F(router_ip) },
	{ { "DNS_IP", value_ipv4, NULL, NULL }, dns_guess, F(dns_ip) },

	{ { "ROOTFS_SIZE", value_size, "1024", NULL }, NULL, F(rootfs_mb) },
	{ { "SWAP_SIZE", value_size, "256", NULL }, NULL, F(swap_mb) },
	{ { "RWFS_SIZE", value_size, "512", NULL }, NULL, F(rwfs_mb) },
	{ { "USERFS_SIZE", value_size, "512", NULL }, NULL, F(userfs_mb) },
	{ { "EXTRA_SIZE", value_size, "0", NULL }, NULL, F(extra_mb) },
	{ { "BOOT", value_choice, "all", "none bios efi uboot nobios all" }, NULL, ONLY_VAR },
	{ { "BOOT_SIZE", value_size, "32", NULL }, NULL, F(boot_mb) },

	{ { "FORMS", value_forms, "raw", "raw tar tar.zst qcow2 bmap cpio" }, NULL, ONLY_VAR },

	{ { "ROOT_PASSWORD", value_word, "", NULL }, NULL, ONLY_VAR },
	{ { "GUEST_PASSWORD", value_word, "", NULL }, NULL, ONLY_VAR },
	{ { "SSH_AUTHORIZED_KEYS", value_keys, "", NULL }, NULL, ONLY_VAR },
	{ { "SSH_ROOT_PASSWORD", value_bool, "false", NULL }, NULL, ONLY_VAR },

	{ { "CONSOLE", value_console, NULL, NULL }, console_guess, F(console) },
	{ { "KERNEL_CONFIG", value_kernel_config, "", NULL }, NULL, F(kernel_config) },
	{ { "HARDWARE", value_bool, "false", NULL }, NULL, ONLY_VAR },
	{ { "EPOCH", value_epoch, "1784000000", NULL }, NULL, ONLY_VAR },

	{ { "RELEASE_KEY", value_cache_key, "", NULL }, NULL, ONLY_VAR },

	{ { "KERNEL", value_choice, "anew", "anew cached" }, NULL, ONLY_VAR },
	{ { "SECOND", value_text, "", NULL }, NULL, ONLY_VAR },
};

#define NKEYS (sizeof keys / sizeof *keys)

/* made by lh-build itself, for recipes */
static const char *const found_out[] = { "ROOT_HASH", "GUEST_HASH", "KERNEL_CONFIG_TEXT",
	"PROFILE_WHY", "ROOT_PARTUUID" };

/*
 * Words of a command line that are no variables: those of lh-build are for the commands that have
 * them (cli_parse), the others for whom they name.
 */
static const struct word {
	const char *name, *whose;
} others[] = {
	{ "TRIPLES", NULL },
	{ "SETS", NULL },
	{ "SCENARIO", "./make verify" },
	{ "LANES", "./make verify" },
	{ "NETS", "./make verify" },
	{ "GOOD", "lh-bisect" },
	{ "BAD", "lh-bisect" },
	{ "PACKAGE", "lh-bisect" },
	{ "REPO", "lh-bisect" },
	{ "DRY_RUN", "lh-bisect" },
	{ "REPEAT", "lh-bisect" },
	{ "FAILURE", "lh-bisect" },
	{ "METRIC", "lh-bisect" },
};

/* one a package; checked by value_name and, that there is such a package, by plan.c */
static const struct variable override = { "OVERRIDE_", value_text, NULL, NULL };
static const struct variable branch = { "HEAD_", value_branch, NULL, NULL };
static const struct variable version = { "VERSION_", value_name, NULL, NULL };

static bool
among(const char *name, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(name, v[i]))
			return true;
	return false;
}

#define AMONG(name, table) among(name, table, sizeof(table) / sizeof *(table))

static const struct variable *
prefix_of(const char *name)
{
	static const struct variable *const all[] = { &override, &version, &branch };

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (!strncmp(name, all[i]->name, strlen(all[i]->name)))
			return all[i];
	return NULL;
}

static const struct variable *
key_find(const char *name)
{
	const struct variable *prefix;

	for (size_t i = 0; i < NKEYS; i++)
		if (!strcmp(keys[i].is.name, name))
			return &keys[i].is;
	prefix = prefix_of(name);
	return prefix && name[strlen(prefix->name)] ? prefix : NULL;
}

bool
config_secret(const char *name)
{
	size_t n = strlen(name);

	return strstr(name, "PASSWORD") || (n > 5 && !strcmp(name + n - 5, "_HASH"));
}

bool
config_known(const char *name)
{
	const struct variable *k = key_find(name);

	return k ? k != &override && k != &version && k != &branch : AMONG(name, found_out);
}

bool
config_of_package(const char *variable, const char *package)
{
	const struct variable *prefix = prefix_of(variable);
	const char *name = prefix ? variable + strlen(prefix->name) : NULL;

	if (!name || !package)
		return name;
	while (*name && *name == (*package == '-' ? '_' : *package))
		name++, package++;
	return !*name && !*package;
}

bool
config_once(const struct config_var *v)
{
	return !strcmp(v->from, COMMAND_LINE) || !strcmp(v->from, ENVIRONMENT);
}

bool
config_is_folders(const char *name)
{
	const struct variable *k = key_find(name);

	return k && k->ok == value_folders;
}

const char **
config_folders(struct arena *a, const struct config *c, const char *name, size_t *n)
{
	char *rest = arena_strdup(a, config_get(c, name)), *word;
	const char **v = NULL;

	*n = 0;
	while ((word = word_next(&rest))) {
		v = arena_more(a, v, *n, sizeof *v);
		v[(*n)++] = word;
	}
	return v;
}

const char *
config_name(size_t i)
{
	return i < NKEYS ? keys[i].is.name : NULL;
}

const char *
config_default(size_t i)
{
	const char *fallback = keys[i].is.fallback;

	return fallback && *fallback ? fallback : NULL;
}

/* ---- values nobody gave ---- */

static const char *
jobs_guess(const struct valuing *r, const struct config *c)
{
	cpu_set_t cpus;
	int n = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? CPU_COUNT(&cpus) : 1;

	(void)c;
	return arena_printf(r->a, "%d", n);
}

static const char *
cache_guess(const struct valuing *r, const struct config *c)
{
	const char *base = getenv("XDG_CACHE_HOME");

	if (r->root)
		return "/var/cache/lh-bootstrap";
	if (base && *base == '/')
		return arena_printf(r->a, "%s/lh-bootstrap", base);
	if (*r->home)
		return arena_printf(r->a, "%s/.cache/lh-bootstrap", r->home);
	return arena_printf(r->a, "%s/cache", c->output);
}

/* QEMU's user network has its name server beside its router */
static const char *
dns_guess(const struct valuing *r, const struct config *c)
{
	(void)r;
	return strcmp(c->router_ip, "10.0.2.2") ? c->router_ip : "10.0.2.3";
}

static const char *
console_guess(const struct valuing *r, const struct config *c)
{
	struct sysdeps sd;
	const char *console = NULL;

	(void)c;
	if (sysdeps_read(r->a, r->top, r->triple, &sd, &(struct err){ 0 }) == 0)
		console = sysdeps_get(&sd, "console");
	return console ? console : "";
}

/* ---- names ---- */

/*
 * how many letters are to be added, removed, replaced or swapped with a neighbour; capitals do not
 * count
 */
static size_t
distance(const char *a, const char *b)
{
	enum { MAX = 32 };
	size_t d[MAX + 1][MAX + 1], na = strlen(a), nb = strlen(b);

	if (na > MAX || nb > MAX)
		return MAX;
	for (size_t i = 0; i <= na; i++)
		for (size_t j = 0; j <= nb; j++) {
			size_t best;

			if (!i || !j) {
				d[i][j] = i + j;
				continue;
			}
			best = d[i - 1][j - 1] + (toupper((unsigned char)a[i - 1]) !=
						     toupper((unsigned char)b[j - 1]));
			if (d[i - 1][j] + 1 < best)
				best = d[i - 1][j] + 1;
			if (d[i][j - 1] + 1 < best)
				best = d[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < best)
				best = d[i - 2][j - 2] + 1;
			d[i][j] = best;
		}
	return d[na][nb];
}

static const char *
closest(const char *name)
{
	size_t best = strlen(name) / 2 + 1; /* further away, it is another word */
	const char *found = NULL;

	for (size_t i = 0; i < NKEYS; i++) {
		size_t d = distance(name, keys[i].is.name);

		if (d < best) {
			best = d;
			found = keys[i].is.name;
		}
	}
	return found;
}

static const struct word *
other(const char *name)
{
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (!strcmp(others[i].name, name))
			return &others[i];
	return NULL;
}

static int
unknown(const char *from, const char *name, struct err *e)
{
	const struct word *word = other(name);
	const char *close = closest(name);

	if (word)
		return fail_usage(e,
		    "%s: %s: is no variable; it is a word for the command line of %s", from, name,
		    word->whose ? word->whose : "lh-build");
	if (close)
		return fail_usage(
		    e, "%s: %s: unknown variable; did you mean %s?", from, name, close);
	return fail_usage(e,
	    "%s: %s: unknown variable; every variable is explained in lh-config.dist", from, name);
}

/* ---- reading ---- */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct config_var *)a)->name, ((const struct config_var *)b)->name);
}

static struct config_var *
find(const struct config *c, const char *name)
{
	struct config_var want = { .name = name };

	return c->nvars ? bsearch(&want, c->vars, c->nvars, sizeof *c->vars, by_name) : NULL;
}

const char *
config_get(const struct config *c, const char *name)
{
	const struct config_var *v = find(c, name);

	return v ? v->value : "";
}

void
config_set(struct arena *a, struct config *c, const char *name, const char *value, const char *from)
{
	struct config_var *v = find(c, name);

	if (!v) {
		c->vars = arena_grow(a, c->vars, c->nvars, c->nvars + 1, sizeof *c->vars);
		v = &c->vars[c->nvars++];
		v->name = arena_strdup(a, name);
	}
	v->value = arena_strdup(a, value);
	v->from = from;
	qsort(c->vars, c->nvars, sizeof *c->vars, by_name);
}

void
config_with_dhcp(struct arena *a, const struct config *c, bool dhcp, struct config *out)
{
	*out = *c;
	out->use_dhcp = dhcp;
	out->vars = arena_grow(a, c->vars, c->nvars, c->nvars, sizeof *c->vars);
	config_set(a, out, "USE_DHCP", dhcp ? "true" : "false", "--net");
}

/* a member and its variable stay the same thing */
static void
store(struct config *c, const struct key *k, const char *value)
{
	char *member;

	if (k->field == ONLY_VAR)
		return;
	member = (char *)c + k->field;
	if (k->is.ok == value_bool)
		*(bool *)(void *)member = !strcmp(value, "true");
	else if (k->is.ok == value_size || k->is.ok == value_count || k->is.ok == value_seconds)
		*(unsigned *)(void *)member = (unsigned)strtoul(value, NULL, 10);
	else
		*(const char **)(void *)member = value;
}

static int
assign(
    struct arena *a, struct config *c, const struct assignment *v, const char *from, struct err *e)
{
	const struct word *word = other(v->name);

	/* our own have been taken there */
	if (word && !word->whose && !strcmp(from, COMMAND_LINE))
		return 0;
	if (!key_find(v->name))
		return unknown(from, v->name, e);
	config_set(a, c, v->name, v->value, from);
	return 0;
}

static void
add_assignment(struct arena *a, struct assignments *out, const char *name, const char *value)
{
	out->v = arena_more(a, out->v, out->n, sizeof *out->v);
	out->v[out->n++] = (struct assignment){ name, value };
}

/* NAME=VALUE, at = ; s6-rc may be written with its hyphen */
static void
read_word(struct arena *a, const char *word, const char *equals, struct assignments *out)
{
	char *name = arena_strndup(a, word, (size_t)(equals - word));

	for (char *p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	add_assignment(a, out, name, equals + 1);
}

static int
read_args(struct arena *a, char *const *args, size_t nargs, struct assignments *out, struct err *e)
{
	for (size_t i = 0; i < nargs; i++) {
		const char *equals = strchr(args[i], '=');

		if (!equals || equals == args[i])
			return fail_usage(e, "command line: %s: not NAME=VALUE", args[i]);
		read_word(a, args[i], equals, out);
	}
	return 0;
}

/* lower-case names are private to lh-config, unless it is one of ours spelt that way */
static bool
is_private(const char *name)
{
	if (!islower((unsigned char)*name) && *name != '_')
		return false;
	for (size_t i = 0; i < NKEYS; i++)
		if (!strcasecmp(name, keys[i].is.name))
			return false;
	return true;
}

static void
give(struct assignments *out, const char *name, const char *value)
{
	for (size_t i = 0; i < out->n; i++)
		if (!strcmp(out->v[i].name, name))
			return;
	out->v[out->n++] = (struct assignment){ name, value };
}

/*
 * it sees what command line and environment fix, then what was set before it, then what a shell
 * wants
 */
static int
read_file(struct valuing *r, struct config *c, const char *path, const char *shown,
    const struct assignments *fixed, struct err *e)
{
	struct configfile f = { .path = path, .shown = shown, .dir = c->top };
	const char *path_var = getenv("PATH");
	struct assignments set;
	int there = file_is_there(path, e);

	/* a home folder that we may not enter is not ours, as after su(1), and has nothing for us
	 */
	if (there < 0 && errno == EACCES && shown == path)
		there = 0;
	if (there <= 0)
		return there;
	f.given.v = arena_array(r->a, fixed->n + c->nvars + 2, sizeof *f.given.v);
	for (size_t i = fixed->n; i-- > 0;) /* the last one counts */
		give(&f.given, fixed->v[i].name, fixed->v[i].value);
	f.nfixed = f.given.n;
	for (size_t i = 0; i < c->nvars; i++)
		give(&f.given, c->vars[i].name, c->vars[i].value);
	give(&f.given, "PATH", path_var ? path_var : "/usr/bin:/bin");
	if (*r->home)
		give(&f.given, "HOME", r->home);
	if (configfile_read(r->a, &f, &set, e) < 0)
		return -1;
	r->files[r->nfiles++] = (struct teller){ shown, f.owner };
	for (size_t i = 0; i < set.n; i++)
		if (!is_private(set.v[i].name) && assign(r->a, c, &set.v[i], shown, e) < 0)
			return -1;
	return 0;
}

/* gc removes from CACHE what is none of it, and clean from OUTPUT everything */
static int
two_places(const struct config *c, struct err *e)
{
	size_t n = strlen(c->cache);

	if (!strcmp(c->output, c->cache))
		return fail_usage(e, "CACHE %s: is OUTPUT, too; name another folder", c->cache);
	if (!strncmp(c->output, c->cache, n) && c->output[n] == '/')
		return fail_usage(
		    e, "OUTPUT %s: is in CACHE %s; name another folder", c->output, c->cache);
	return 0;
}

static int
one_network(const struct config *c, struct err *e)
{
	struct in_addr local, router;

	inet_pton(AF_INET, c->local_ip, &local);
	inet_pton(AF_INET, c->router_ip, &router);
	if (local.s_addr == router.s_addr)
		return fail_usage(e,
		    "LOCAL_IP %s: same as ROUTER_IP; guest and router need different addresses",
		    c->local_ip);
	if ((ntohl(local.s_addr) ^ ntohl(router.s_addr)) & 0xffffff00)
		return fail_usage(e,
		    "LOCAL_IP %s, ROUTER_IP %s: not in one /24; only the last number may differ",
		    c->local_ip, c->router_ip);
	return 0;
}

/* as far as it is there, without symlinks */
static const char *
real_path(struct arena *a, const char *path)
{
	char real[PATH_MAX];

	return realpath(path, real) ? arena_strdup(a, real) : path;
}

/* is what a build writes to in the folder that is read, or copied, whole: it would never end */
static int
no_circle(struct arena *a, const struct config *c, const char *name, const char *dir, struct err *e)
{
	const char *const written[][2] = { { "OUTPUT", c->output }, { "CACHE", c->cache } };
	const char *outer = real_path(a, dir);
	size_t n = strcmp(outer, "/") ? strlen(outer) : 0;

	for (size_t i = 0; i < sizeof written / sizeof *written; i++) {
		const char *inner = real_path(a, written[i][1]);

		if (!strncmp(inner, outer, n) && (inner[n] == '/' || !inner[n]))
			return fail_usage(e,
			    "%s %s: %s %s is in it, which a build writes to while it reads the "
			    "former; move one of them",
			    name, dir, written[i][0], written[i][1]);
	}
	return 0;
}

static int
no_circles(struct arena *a, const struct config *c, struct err *e)
{
	static const char *const names[] = { "HOST_HOST_BASE", "CROSS_BASE", "OVERLAY",
		"SERVICES" };
	static const char *const ours[] = { "recipes", "patches", "sysdeps", "layout" };

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (no_circle(a, c, "the checkout's folder",
			arena_printf(a, "%s/%s", c->top, ours[i]), e) < 0)
			return -1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *const one[] = { config_get(c, names[i]) }, *const *v = one;
		size_t n = **one != '\0';

		if (config_is_folders(names[i]))
			v = config_folders(a, c, names[i], &n);
		for (size_t k = 0; k < n; k++)
			if (no_circle(a, c, names[i], v[k], e) < 0)
				return -1;
	}
	return 0;
}

/* OVERRIDE_name: DIR, or git:DIR, or git:DIR@REV; the folder is made absolute */
static int
override_path(struct arena *a, const struct config *c, struct config_var *v, struct err *e)
{
	bool git = !strncmp(v->value, "git:", 4);
	const char *dir = v->value + (git ? 4 : 0),
		   *rev = git ? value_revision(a, c->top, dir) : NULL;

	if (rev)
		dir = arena_strndup(a, dir, (size_t)(rev - dir));
	dir = path_absolute(a, c->top, dir);
	if (!file_isdir(dir))
		return fail_usage(e, "%s %s: no such folder: %s", v->name, v->value, dir);
	v->value = arena_printf(a, "%s%s%s", git ? "git:" : "", dir, rev ? rev : "");
	return git ? 0 : no_circle(a, c, v->name, dir, e);
}

/* ---- whose word it is ---- */

/* what the command line and the environment say is root's wish; what nobody says, the checkout's */
static struct user
teller_of(const struct valuing *r, const char *from)
{
	for (size_t i = 0; i < r->nfiles; i++)
		if (r->files[i].from == from)
			return r->files[i].who;
	return (struct user){ 0 };
}

struct checking {
	struct valuing *r;
	const struct variable *k;
	const char **value;
};

static int
check_value(void *arg, struct err *e)
{
	const struct checking *c = arg;

	return c->k->ok(c->r, c->k, c->value, e);
}

/*
 * A value may name a file, whose text goes into the image and into keys: root reads none that
 * whoever named it could not.
 */
static int
check_as(struct valuing *r, const struct variable *k, const char **value, const char *from,
    struct err *e)
{
	struct user who = teller_of(r, from);

	if (k->ok == value_triple) /* it reads the checkout */
		who = r->checkout;
	if (user_as(&who, check_value, &(struct checking){ r, k, value }, e) < 0)
		return -1;
	/* whose files would the build be able to read? */
	if (k->ok == value_user && who.uid && r->uid != who.uid && strcmp(*value, k->fallback))
		return fail_usage(e,
		    "%s %s: %s is user %u's, who may not say whom root becomes; give it on the "
		    "command line",
		    k->name, *value, from, (unsigned)who.uid);
	return 0;
}

/* what lies in the checkout may be a symlink that its owner has put there */
static struct user
place_teller(const struct valuing *r, const char *value, const char *from)
{
	const char *path = path_absolute(r->a, r->top, value);
	size_t n = strlen(r->top);

	return !strncmp(path, r->top, n) && (!path[n] || path[n] == '/') ? r->checkout
									 : teller_of(r, from);
}

void
config_root_uuid(const char *triple, char text[UUID_TEXT])
{
	unsigned char ignored[16];

	uuid_derived(triple, "rootfs", ignored, text);
}

/* each variable that there is, in the order of the table; those nobody gave get their value */
static int
check_keys(struct config *c, struct valuing *r, struct err *e)
{
	char root[UUID_TEXT];

	for (const struct key *k = keys; k < keys + NKEYS; k++) {
		const struct config_var *v = find(c, k->is.name);
		const char *value = v ? v->value : k->is.fallback, *from = v ? v->from : "default";
		struct user by = { 0 };

		/* of what can be guessed, nothing said and said to be empty are the same */
		if (k->guess && (!value || !*value))
			value = k->guess(r, c);
		else if (r->root)
			by = place_teller(r, value, from);
		if (check_as(r, &k->is, &value, from, e) < 0)
			return -1;
		if (k->field == F(output))
			c->output_by = by;
		else if (k->field == F(cache))
			c->cache_by = by;
		config_set(r->a, c, k->is.name, value, from);
		store(c, k, config_get(c, k->is.name));
	}
	c->uid = r->uid;
	c->gid = r->gid;
	config_set(r->a, c, "KERNEL_CONFIG_TEXT", r->kernel_config, "KERNEL_CONFIG");
	config_root_uuid(c->triple, root);
	config_set(r->a, c, "ROOT_PARTUUID", arena_strdup(r->a, root), "TRIPLE");
	return 0;
}

/* OVERRIDE_name, VERSION_name and HEAD_name */
static int
check_packages(struct config *c, struct valuing *r, struct err *e)
{
	for (struct config_var *v = c->vars; v < c->vars + c->nvars; v++) {
		const struct variable *k = key_find(v->name);
		struct variable named;

		if (!k || (k != &override && k != &version && k != &branch))
			continue;
		named = *k;
		named.name = v->name;
		if (check_as(r, &named, &v->value, v->from, e) < 0)
			return -1;
		if (k == &override && *v->value && override_path(r->a, c, v, e) < 0)
			return -1;
	}
	return 0;
}

static int
read_signer(void *path, struct err *e)
{
	struct sign_key key;

	if (sign_read(path, &key, e) < 0) {
		e->code = EXIT_USAGE;
		return wrap(e, "CACHE_KEY");
	}
	sign_forget(&key);
	return 0;
}

/* by who signs with it, whoever has named it: NORMALUSER */
static int
check_signer(struct arena *a, const struct config *c, struct err *e)
{
	const char *path = config_get(c, "CACHE_KEY");

	return *path ? config_as_normaluser(c, read_signer, arena_strdup(a, path), e) : 0;
}

/* is there a recipe of that name, which has its hyphens as _ */
static bool
is_package(struct arena *a, const char *top, const char *name, size_t n)
{
	char *recipe = arena_strndup(a, name, n);

	for (char *p = recipe; *p; p++)
		if (*p == '_')
			*p = '-';
	return *recipe && !strchr(recipe, '/') &&
	       file_exists(arena_printf(a, "%s/recipes/%s/recipe", top, recipe));
}

/*
 * `SET=2024-10 ./make` means what `./make SET=2024-10` does.  HEAD_REF or VERSION_ID may be another
 * program's: it is told, and no mistake.
 */
static void
read_environment(struct arena *a, const char *top, struct assignments *out)
{
	for (size_t i = 0; i < NKEYS; i++) {
		const char *value = getenv(keys[i].is.name);

		if (value)
			add_assignment(a, out, keys[i].is.name, value);
	}
	for (char *const *v = environ; *v; v++) {
		const struct variable *prefix = prefix_of(*v);
		const char *equals = strchr(*v, '='), *name;

		if (!equals || !prefix)
			continue;
		name = *v + strlen(prefix->name);
		if (is_package(a, top, name, (size_t)(equals - name)))
			read_word(a, *v, equals, out);
		else
			log_warn("environment: %.*s: left out: recipes/ has no such package",
			    (int)(equals - *v), *v);
	}
}

/* ~/.config/lh-bootstrap/lh-config; NULL: there is no home folder */
static char *
personal_file(const struct valuing *r)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");

	if (xdg && *xdg == '/')
		return arena_printf(r->a, "%s/lh-bootstrap/lh-config", xdg);
	if (*r->home)
		return arena_printf(r->a, "%s/.config/lh-bootstrap/lh-config", r->home);
	return NULL;
}

struct defaulting {
	struct arena *a;
	const char *top, *triple;
};

/* it is in the checkout: root would read whatever its owner has a symlink lead to */
static int
read_default(void *arg, struct err *e)
{
	struct defaulting *d = arg;

	return sysdeps_default(d->a, d->top, &d->triple, e);
}

int
config_read(struct arena *a, const char *top, char *const *args, size_t nargs, struct config *out,
    struct err *e)
{
	const char *home = getenv("HOME"), *personal;
	struct valuing r = { .a = a,
		.top = arena_strdup(a, top),
		.home = home && *home == '/' ? home : "", /* from where would it be? */
		.root = geteuid() == 0 };
	struct assignments fixed = { 0 };
	struct defaulting def = { a, top, "" };
	size_t nenv;

	*out = (struct config){ .top = r.top };
	if (r.root)
		r.checkout = user_of(top);
	read_environment(a, top, &fixed);
	nenv = fixed.n; /* what comes later counts */
	if (read_args(a, args, nargs, &fixed, e) < 0)
		return -1;
	/* before lh-config, which may ask for it */
	if (user_as(&r.checkout, read_default, &def, e) < 0)
		return -1;
	config_set(a, out, "TRIPLE", def.triple, "default");
	personal = personal_file(&r);
	if (personal && read_file(&r, out, personal, personal, &fixed, e) < 0)
		return -1;
	if (read_file(&r, out, arena_printf(a, "%s/lh-config", top), "lh-config", &fixed, e) < 0)
		return -1;
	for (size_t i = 0; i < fixed.n; i++)
		if (assign(a, out, &fixed.v[i], i < nenv ? ENVIRONMENT : COMMAND_LINE, e) < 0)
			return -1;
	if (check_keys(out, &r, e) < 0 || check_packages(out, &r, e) < 0 ||
	    check_signer(a, out, e) < 0 || two_places(out, e) < 0 || no_circles(a, out, e) < 0)
		return -1;
	return one_network(out, e);
}

/* ---- one variable a package ---- */

/* "OVERRIDE_s6_rc", on the arena */
static const char *
variable_of(struct arena *a, const char *prefix, const char *package)
{
	char *name = arena_printf(a, "%s%s", prefix, package);

	for (char *p = name; (p = strchr(p, '-'));)
		*p = '_';
	return name;
}

static const char *
of_package(const struct config *c, const char *prefix, const char *package)
{
	char name[256];
	const struct config_var *v;
	char *p = stpcpy(name, prefix);

	if (strlen(package) >= sizeof name - 16)
		return NULL;
	for (const char *s = package; *s; s++)
		*p++ = *s == '-' ? '_' : *s;
	*p = '\0';
	v = find(c, name);
	return v && *v->value ? v->value : NULL;
}

const char *
config_override(const struct config *c, const char *package)
{
	return of_package(c, override.name, package);
}

const char *
config_version(const struct config *c, const char *package)
{
	return of_package(c, version.name, package);
}

const char *
config_branch(const struct config *c, const char *package)
{
	return of_package(c, branch.name, package);
}

void
config_set_override(
    struct arena *a, struct config *c, const char *package, const char *value, const char *from)
{
	config_set(a, c, variable_of(a, override.name, package), value, from);
}
