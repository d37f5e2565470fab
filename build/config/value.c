/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/value.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/path.h"
#include "build/base/url.h"
#include "build/config/sysdeps.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/sign.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* for a message: "SET is empty: ..", as "SET 1999-01: .." */
static const char *
shown(const char *value)
{
	return *value ? value : "is empty";
}

int
value_text(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	for (const char *p = *value; *p; p++)
		if (iscntrl((unsigned char)*p))
			return fail_usage(e, "%s: contains a control character", k->name);
	return 0;
}

/* the value is a secret and stays out of messages */
int
value_word(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_text(r, k, value, e) < 0)
		return -1;
	if (strchr(*value, ' '))
		return fail_usage(e, "%s: contains a blank; use another character", k->name);
	return 0;
}

int
value_name(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	for (const char *p = *value; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._+-", *p))
			return fail_usage(e,
			    "%s %s: a version is made of letters, digits and . _ + -", k->name,
			    shown(*value));
	return 0;
}

/* what git takes for a revision, and no option */
int
value_branch(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_word(r, k, value, e) < 0)
		return -1;
	return **value == '-' ? fail_usage(e, "%s %s: not the name of a branch", k->name, *value)
			      : 0;
}

int
value_bool(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	if (strcmp(*value, "true") && strcmp(*value, "false"))
		return fail_usage(e, "%s %s: true or false", k->name, shown(*value));
	return 0;
}

int
value_ipv4(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	struct in_addr addr;
	unsigned last;

	(void)r;
	if (inet_pton(AF_INET, *value, &addr) != 1)
		return fail_usage(
		    e, "%s %s: not an IPv4 address, such as 10.0.2.15", k->name, shown(*value));
	last = ntohl(addr.s_addr) & 255;
	if (last == 0 || last == 255)
		return fail_usage(e, "%s %s: the address of a network, not of a machine in it",
		    k->name, shown(*value));
	return 0;
}

/* a plain integer from lowest to highest; -1 when it is none */
static long
integer(const char *s, long lowest, long highest)
{
	long n;

	if (!*s || strspn(s, "0123456789") != strlen(s))
		return -1;
	errno = 0;
	n = strtol(s, NULL, 10);
	return errno || n < lowest || n > highest ? -1 : n;
}

int
value_size(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	/* ext4 with 4 KiB blocks and no 64bit feature has fewer than 2^32 of them: below 16 TiB */
	long highest = 16 * 1024 * 1024 - 1;

	(void)r;
	if (integer(*value, 0, highest) < 0)
		return fail_usage(e, "%s %s: a plain number of MiB up to %ld, 0 for none", k->name,
		    shown(*value), highest);
	if (!strcmp(k->name, "ROOTFS_SIZE") && integer(*value, 1, highest) < 0)
		return fail_usage(e, "%s 0: a system needs a root filesystem", k->name);
	return 0;
}

int
value_count(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	if (integer(*value, 1, 1024) < 0)
		return fail_usage(e, "%s %s: a number from 1 to 1024", k->name, shown(*value));
	return 0;
}

int
value_seconds(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	if (integer(*value, 0, 604800) < 0)
		return fail_usage(e, "%s %s: seconds, from 1 to 604800, or 0 for no limit", k->name,
		    shown(*value));
	return 0;
}

int
value_epoch(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	if (integer(*value, 1, INT32_MAX) < 0)
		return fail_usage(e, "%s %s: seconds since 1970, from 1 to %d", k->name,
		    shown(*value), INT32_MAX);
	return 0;
}

/* is word one of the blank-separated words */
static bool
listed(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; *p; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (len == n && !memcmp(p, word, n))
			return true;
		p += len;
	}
	return false;
}

/* a choice whose fallback is empty may be left empty */
int
value_choice(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	if (**value ? listed(k->allowed, *value) : !*k->fallback)
		return 0;
	return fail_usage(e, "%s %s: not supported; one of %s%s", k->name, shown(*value),
	    k->allowed, *k->fallback ? "" : ", or empty");
}

/* several of those allowed, or none */
int
value_words(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *rest = arena_strdup(r->a, *value), *word;

	if (value_text(r, k, value, e) < 0)
		return -1;
	while ((word = word_next(&rest)))
		if (!listed(k->allowed, word))
			return fail_usage(
			    e, "%s %s: not supported; some of %s", k->name, word, k->allowed);
	return 0;
}

/* raw is one of them */
int
value_forms(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_words(r, k, value, e) < 0)
		return -1;
	return listed(*value, "raw") ? 0
				     : fail_usage(e, "%s %s: needs raw, which is what is verified",
					   k->name, shown(*value));
}

int
value_triple(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	const char *triple = sysdeps_resolve(r->a, r->top, *value);
	struct sysdeps sd;

	(void)k;
	if (triple)
		*value = triple;
	r->triple = *value;
	return sysdeps_read(r->a, r->top, *value, &sd, e);
}

int
value_set(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *dir = arena_printf(r->a, "%s/recipes/sets", r->top);
	struct dirent **v = NULL;
	struct buf known = { 0 };
	bool found = false;
	int n = scandir(dir, &v, NULL, alphasort);

	if (n < 0 && errno != ENOENT) {
		fail_errno(e, "%s %s: %s", k->name, shown(*value), dir);
		return -1;
	}
	for (int i = 0; i < n; i++) {
		if (v[i]->d_name[0] != '.') {
			buf_addf(&known, " %s", v[i]->d_name);
			found |= !strcmp(v[i]->d_name, *value);
		}
		free(v[i]);
	}
	free(v);
	if (!found)
		fail_usage(e, "%s %s: no such set; %s%s", k->name, shown(*value),
		    known.n ? "one of" : "recipes/sets/ has none", known.n ? known.p : "");
	buf_free(&known);
	return found ? 0 : -1;
}

const char *
value_revision(struct arena *a, const char *top, const char *text)
{
	const char *last = strrchr(text, '@'), *at = last;

	if (!last || file_isdir(path_absolute(a, top, text)))
		return NULL;
	while (
	    at && !file_isdir(path_absolute(a, top, arena_strndup(a, text, (size_t)(at - text)))))
		at = memrchr(text, '@', (size_t)(at - text));
	return at ? at : last;
}

int
value_path(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_text(r, k, value, e) < 0)
		return -1;
	if (!**value)
		return fail_usage(e, "%s: is empty; name a folder", k->name);
	*value = path_absolute(r->a, r->top, *value);
	return 0;
}

/* it need not be there yet */
int
value_place(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_path(r, k, value, e) < 0)
		return -1;
	if (file_exists(*value) && !file_isdir(*value))
		return fail_usage(e, "%s %s: not a folder; name another", k->name, *value);
	return 0;
}

/* inner is outer, or lies in it */
static bool
within(const char *inner, const char *outer)
{
	size_t n = strlen(outer);

	return !strcmp(outer, "/") || (!strncmp(inner, outer, n) && (!inner[n] || inner[n] == '/'));
}

/* which a symlink may have led to */
static const char *
real_home(const struct valuing *r)
{
	char *real = realpath(r->home, NULL);
	const char *home = real ? arena_strdup(r->a, real) : r->home;

	free(real);
	return home;
}

char *
value_compiler_folder(struct arena *a, const char *compiler)
{
	char *path = arena_strndup(a, compiler, strcspn(compiler, " \t")), *bin;
	size_t n;

	if (*path != '/' || !strncmp(path, "/usr/", 5) || !strncmp(path, "/bin/", 5))
		return NULL;
	path = path_absolute(a, "/", path);
	bin = strrchr(path, '/');
	*bin = '\0';
	n = strlen(path);
	if (n <= 4 || strcmp(path + n - 4, "/bin") != 0)
		return NULL;
	path[n - 4] = '\0';
	return path;
}

int
value_compiler(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	const char *dir;

	if (value_text(r, k, value, e) < 0)
		return -1;
	dir = value_compiler_folder(r->a, *value);
	if (!dir && **value == '/' && strncmp(*value, "/usr/", 5) && strncmp(*value, "/bin/", 5))
		return fail_usage(e,
		    "%s %s: a compiler that is not in /usr has to be in a folder bin, beside what "
		    "it needs; build steps see nothing else",
		    k->name, *value);
	if (dir && (within(r->top, dir) || (*r->home && within(r->home, dir))))
		return fail_usage(e,
		    "%s %s: build steps would see all of %s; move the compiler to a folder of its "
		    "own",
		    k->name, *value, dir);
	return 0;
}

/* clean and distclean remove what is in it */
int
value_output(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *real;

	if (value_place(r, k, value, e) < 0)
		return -1;
	real = realpath(*value, NULL); /* a link to / is / */
	if (real) {
		*value = arena_strdup(r->a, real);
		free(real);
	}
	if (!strcmp(*value, "/"))
		return fail_usage(e,
		    "%s /: clean would remove everything; name a folder used for nothing else",
		    k->name);
	if (within(r->top, *value))
		return fail_usage(e,
		    "%s %s: contains the checkout %s; name a folder used for nothing else", k->name,
		    *value, r->top);
	if (*r->home && (within(r->home, *value) || within(real_home(r), *value)))
		return fail_usage(e,
		    "%s %s: contains the home folder %s; name a folder used for nothing else",
		    k->name, *value, r->home);
	return 0;
}

/* why that is none */
static const char *
no_folder(const char *path)
{
	return file_exists(path) ? "not a folder" : "no such folder";
}

int
value_folder(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (!**value)
		return 0;
	if (value_path(r, k, value, e) < 0)
		return -1;
	if (!file_isdir(*value))
		return fail_usage(e, "%s %s: %s", k->name, *value, no_folder(*value));
	return 0;
}

/* blank-separated folders; a step is told of them in the same way */
int
value_folders(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *rest = arena_strdup(r->a, *value), *word;
	struct buf all = { 0 };

	if (value_text(r, k, value, e) < 0)
		return -1;
	while ((word = word_next(&rest))) {
		const char *dir = path_absolute(r->a, r->top, word);

		if (!file_isdir(dir)) {
			fail_usage(e, "%s %s: %s", k->name, word, no_folder(dir));
			goto give_up;
		}
		if (strchr(dir, ' ')) {
			fail_usage(e,
			    "%s %s: its path %s has a blank, which separates folders here; move it",
			    k->name, word, dir);
			goto give_up;
		}
		buf_addf(&all, "%s%s", all.n ? " " : "", dir);
	}
	*value = all.n ? arena_strdup(r->a, all.p) : "";
	buf_free(&all);
	return 0;

give_up:
	buf_free(&all);
	return -1;
}

int
value_cross(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (!**value)
		return 0;
	if (value_folder(r, k, value, e) < 0)
		return -1;
	if (access(arena_printf(r->a, "%s/bin/%s-gcc", *value, r->triple), X_OK) < 0)
		return fail_usage(e,
		    "%s %s: has no bin/%s-gcc; leave it empty to have a toolchain built", k->name,
		    *value, r->triple);
	return 0;
}

int
value_user(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	const struct passwd *pw;

	r->uid = getuid();
	r->gid = getgid();
	if (!r->root) /* nobody to become */
		return value_text(r, k, value, e);
	errno = 0;
	pw = getpwnam(*value);
	if (!pw && (errno == ENOMEM || errno == EIO || errno == EMFILE || errno == ENFILE))
		return fail_errno(e, "%s %s", k->name, *value); /* nobody could look for it */
	if (!pw)
		return fail_usage(e, "%s %s: no such user", k->name, shown(*value));
	if (pw->pw_uid == 0)
		return fail_usage(
		    e, "%s %s: is the superuser; name an ordinary user", k->name, shown(*value));
	r->uid = pw->pw_uid;
	r->gid = pw->pw_gid;
	return 0;
}

int
value_kernel_config(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *text = arena_strdup(r->a, "");

	if (**value) {
		if (value_path(r, k, value, e) < 0)
			return -1;
		if (file_read(r->a, *value, &text, NULL, e) < 0) {
			e->code = EXIT_USAGE;
			return wrap(e, "%s", k->name);
		}
	}
	r->kernel_config = text;
	return 0;
}

int
value_console(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	(void)r;
	for (const char *p = *value; *p; p++)
		if (!isalnum((unsigned char)*p))
			return fail_usage(e, "%s %s: the name of a device in /dev, such as ttyS0",
			    k->name, shown(*value));
	return **value
		   ? 0
		   : fail_usage(e, "%s: is empty; name a device in /dev, such as ttyS0", k->name);
}

int
value_mirrors(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	static const char *const schemes[] = { "https://", "http://", "file://" };
	char *rest = arena_strdup(r->a, *value), *word;

	if (value_text(r, k, value, e) < 0)
		return -1;
	while ((word = word_next(&rest))) {
		bool known = false;

		for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
			known |= !strncmp(word, schemes[i], strlen(schemes[i]));
		if (!known)
			return fail_usage(e,
			    "%s %s: not a URL that begins with https://, http:// or file://",
			    k->name, url_shown(r->a, word));
	}
	return 0;
}

int
value_cache_url(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	if (value_word(r, k, value, e) < 0)
		return -1;
	if (**value && strncmp(*value, "http://", 7) && strncmp(*value, "https://", 8))
		return fail_usage(e, "%s %s: not a URL that begins with https:// or http://",
		    k->name, url_shown(r->a, *value));
	return 0;
}

/* the file's name: who it is that may read it is known when all variables are */
int
value_cache_key(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	return **value ? value_path(r, k, value, e) : 0;
}

/* public keys in base64, or files of one, become a list of the former */
int
value_cache_trust(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	char *rest = arena_strdup(r->a, *value), *word;
	const char *all = "";

	if (value_text(r, k, value, e) < 0)
		return -1;
	while ((word = word_next(&rest))) {
		char public[SIGN_PUBLIC];

		if (!sign_is_public(word)) {
			word = path_absolute(r->a, r->top, word);
			if (sign_read_public(word, public, e) < 0) {
				e->code = EXIT_USAGE;
				return wrap(e, "%s", k->name);
			}
			word = public;
		}
		all = arena_printf(r->a, "%s%s%s", all, *all ? " " : "", word);
	}
	*value = all;
	return 0;
}

int
value_git_mirror(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	const char *percent = strchr(*value, '%');

	if (value_text(r, k, value, e) < 0)
		return -1;
	if (**value && (!percent || percent[1] != 's' || strchr(percent + 1, '%')))
		return fail_usage(e, "%s %s: needs exactly one %%s, where the package's name goes",
		    k->name, shown(*value));
	return 0;
}

/* a line of authorized_keys: options, then the type, then the key itself in base64 */
static bool
is_key_line(const char *line)
{
	static const char *const types[] = { "ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-", "sk-ssh-",
		"sk-ecdsa-" };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const char *type = strstr(line, types[i]);

		if (type && (type == line || type[-1] == ' ') && (type = strchr(type, ' ')) &&
		    !strncmp(type, " AAAA", 5))
			return true;
	}
	return false;
}

/* the text of keys, or a file that holds some */
int
value_keys(struct valuing *r, const struct variable *k, const char **value, struct err *e)
{
	const char *name = k->name;
	char *text = arena_strdup(r->a, *value), *line;
	struct buf all = { 0 };
	struct lines l;

	if (!**value)
		return 0;
	if (!strchr(text, '\n') && !is_key_line(text)) {
		name = path_absolute(r->a, r->top, *value);
		if (file_read(r->a, name, &text, NULL, e) < 0) {
			e->code = EXIT_USAGE;
			return wrap(e, "%s", k->name);
		}
		name = arena_printf(r->a, "%s: %s", k->name, *value);
	}
	lines_text(r->a, name, text, &l);
	while ((line = lines_next(&l))) {
		line = trim(line);
		if (!*line || *line == '#')
			continue;
		if (!is_key_line(line)) {
			buf_free(&all);
			return lines_fail(&l, e, "no public ssh key");
		}
		buf_addf(&all, "%s\n", line);
	}
	if (!all.n)
		return fail_usage(
		    e, "%s: contains no public ssh key; leave it empty for none", name);
	*value = arena_strdup(r->a, all.p);
	buf_free(&all);
	return 0;
}
