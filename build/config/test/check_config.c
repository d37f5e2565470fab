/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* what the command line would hand over */
static char **
words_of(struct arena *a, const char *const *v, size_t *n)
{
	char **out = arena_array(a, 5, sizeof *out);

	for (*n = 0; v[*n]; ++*n)
		out[*n] = arena_strdup(a, v[*n]);
	return out;
}

/* what lh-config holds and what the command line says; then one variable's value and origin */
static const struct {
	const char *file;
	const char *args[4];
	const char *name, *value, *from;
} good[] = {
	{ "", { NULL }, "TRIPLE", "x86_64-linux-musl", "default" },
	{ "", { NULL }, "SET", "2026-07", "default" },
	{ "", { NULL }, "ROOTFS_SIZE", "1024", "default" },
	{ "", { NULL }, "EXTRA_SIZE", "0", "default" },
	{ "", { NULL }, "USE_DHCP", "true", "default" },
	{ "", { NULL }, "CONSOLE", "ttyS1", "default" }, /* what the facts say */
	{ "", { NULL }, "DNS_IP", "10.0.2.3", "default" },
	{ "ROUTER_IP=10.0.2.1", { NULL }, "DNS_IP", "10.0.2.1", "default" },
	{ "DNS_IP=9.9.9.9", { NULL }, "DNS_IP", "9.9.9.9", "lh-config" },
	{ "DNS_IP=", { NULL }, "DNS_IP", "10.0.2.3", "lh-config" },
	{ "SWAP_SIZE=0\n", { NULL }, "SWAP_SIZE", "0", "lh-config" },
	{ "SWAP_SIZE=0\n", { "SWAP_SIZE=7", NULL }, "SWAP_SIZE", "7", "command line" },
	{ "# a comment\n\nexport SWAP_SIZE=3 # MiB\n", { NULL }, "SWAP_SIZE", "3", "lh-config" },
	{ "", { "SWAP_SIZE=1", "SWAP_SIZE=2", NULL }, "SWAP_SIZE", "2", "command line" },
	/* it is shell */
	{ "BUILD_CC='gcc -m64'", { NULL }, "BUILD_CC", "gcc -m64", "lh-config" },
	{ "n=4\nSWAP_SIZE=$((n * 2))", { NULL }, "SWAP_SIZE", "8", "lh-config" },
	{ "PACKAGES=\"one\n\"; PACKAGES=\"one two\"", { NULL }, "PACKAGES", "one two",
	    "lh-config" },
	{ "if [ -d / ]; then SWAP_SIZE=5; fi", { NULL }, "SWAP_SIZE", "5", "lh-config" },
	{ "echo hello; echo to stderr >&2; SWAP_SIZE=6", { NULL }, "SWAP_SIZE", "6", "lh-config" },
	{ "SWAP_SIZE=1 RWFS_SIZE=2", { NULL }, "RWFS_SIZE", "2", "lh-config" },
	/* what it derives follows the command line */
	{ "PACKAGES=$TRIPLE", { NULL }, "PACKAGES", "x86_64-linux-musl", "lh-config" },
	{ "PACKAGES=$TRIPLE", { "TRIPLE=i486-linux-musl", NULL }, "PACKAGES", "i486-linux-musl",
	    "lh-config" },
	{ "TRIPLE=x86_64-linux-musl\nPACKAGES=$TRIPLE", { "TRIPLE=i486-linux-musl", NULL },
	    "PACKAGES", "i486-linux-musl", "lh-config" },
	{ "TRIPLE=i486-linux-musl\nPACKAGES=$TRIPLE", { NULL }, "PACKAGES", "i486-linux-musl",
	    "lh-config" },
	{ "  export TRIPLE=x86_64-linux-musl SWAP_SIZE=9\n", { "TRIPLE=i486-linux-musl", NULL },
	    "SWAP_SIZE", "9", "lh-config" },
	{ "PACKAGES=$SET", { "SET=2026-07", "SET=2024-10", NULL }, "PACKAGES", "2024-10",
	    "lh-config" },
	{ "PACKAGES=$HOME\nPACKAGES=${PACKAGES##*/}", { NULL }, "PACKAGES", "home", "lh-config" },
	/* one variable a package */
	{ "VERSION_s6_rc=0.5", { NULL }, "VERSION_s6_rc", "0.5", "lh-config" },
	{ "", { "VERSION_s6-rc=0.5", NULL }, "VERSION_s6_rc", "0.5", "command line" },
	{ "", { "OVERRIDE_one=/usr/../usr/./bin/", NULL }, "OVERRIDE_one", "/usr/bin",
	    "command line" },
	{ "", { "OVERRIDE_one=git:/usr/./bin@origin/x", NULL }, "OVERRIDE_one",
	    "git:/usr/bin@origin/x", "command line" },
	{ "", { "OVERRIDE_one=git:/usr", NULL }, "OVERRIDE_one", "git:/usr", "command line" },
	{ "", { "OVERRIDE_one=", NULL }, "OVERRIDE_one", "", "command line" },
	/* the verifier's are no business of ours */
	{ "", { "TRIPLES=all", "SETS=x", NULL }, "TRIPLES", "", NULL },
	{ "", { "CACHE=/a/b/../c//", NULL }, "CACHE", "/a/c", "command line" },
	{ "", { "COUNTRY_CODE=", NULL }, "COUNTRY_CODE", "", "command line" },
	{ "", { NULL }, "SSH_ROOT_PASSWORD", "false", "default" },
	{ "", { "SSH_AUTHORIZED_KEYS=ssh-ed25519 AAAAC3Nz me@here", NULL }, "SSH_AUTHORIZED_KEYS",
	    "ssh-ed25519 AAAAC3Nz me@here\n", "command line" },
	{ "SSH_AUTHORIZED_KEYS='# mine\n\n restrict,pty ssh-rsa AAAAB3 a b\necdsa-sha2-nistp256 "
	  "AAAAE2Vj\n'",
	    { NULL }, "SSH_AUTHORIZED_KEYS",
	    "restrict,pty ssh-rsa AAAAB3 a b\necdsa-sha2-nistp256 AAAAE2Vj\n", "lh-config" },
};

static const struct config_var *
find(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->nvars; i++)
		if (!strcmp(c->vars[i].name, name))
			return &c->vars[i];
	return NULL;
}

START_TEST(values)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	const struct config_var *v;
	size_t nargs;
	char **args = words_of(a, good[_i].args, &nargs);
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, "lh-config", good[_i].file);
	ck_assert_msg(config_read(a, top, args, nargs, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(config_get(&c, good[_i].name), good[_i].value);
	v = find(&c, good[_i].name);
	if (good[_i].from) {
		ck_assert_ptr_nonnull(v);
		ck_assert_str_eq(v->from, good[_i].from);
	} else {
		ck_assert_ptr_null(v);
	}
	for (size_t i = 1; i < c.nvars; i++)
		ck_assert_str_lt(c.vars[i - 1].name, c.vars[i].name);
	arena_free(a);
}
END_TEST

/* TOP in a message stands for the checkout's folder */
static const struct {
	const char *file;
	const char *args[4];
	const char *message;
} bad[] = {
	{ "", { "TRIPLE=mips-linux-musl", NULL },
	    "TRIPLE mips-linux-musl: not supported; one of i486-linux-musl x86_64-linux-musl" },
	{ "", { "TRIPLE=../sysdeps/i486-linux-musl", NULL },
	    "TRIPLE ../sysdeps/i486-linux-musl: not supported; one of i486-linux-musl "
	    "x86_64-linux-musl" },
	{ "", { "SET=1999", NULL }, "SET 1999: no such set; one of 2024-10 2026-07" },
	{ "", { "PROFILE=systemd", NULL },
	    "PROFILE systemd: not supported; one of s6 minimal auto" },
	{ "", { "PROFILE=", NULL }, "PROFILE is empty: not supported; one of s6 minimal auto" },
	{ "", { "COUNTRY_CODE=de", NULL },
	    "COUNTRY_CODE de: not supported; one of uk fr rs vn cn, or empty" },
	{ "", { "COUNTRY_CODE=u", NULL },
	    "COUNTRY_CODE u: not supported; one of uk fr rs vn cn, or empty" },
	{ "", { "TRIPEL=x", NULL },
	    "command line: TRIPEL: unknown variable; did you mean TRIPLE?" },
	{ "ROOTFSSIZE=1\n", { NULL },
	    "lh-config: ROOTFSSIZE: unknown variable; did you mean ROOTFS_SIZE?" },
	{ "triple=1\n", { NULL }, "lh-config: triple: unknown variable; did you mean TRIPLE?" },
	{ "PATH=/x\n", { NULL },
	    "lh-config: PATH: unknown variable; every variable is explained in lh-config.dist" },
	{ "", { "FROBNICATE=1", NULL },
	    "command line: FROBNICATE: unknown variable; every variable is explained in "
	    "lh-config.dist" },
	{ "", { "ROOT_HASH=1", NULL },
	    "command line: ROOT_HASH: unknown variable; every variable is explained in "
	    "lh-config.dist" },
	{ "TRIPLES=all", { NULL },
	    "lh-config: TRIPLES: is no variable; it is a word for the command line of lh-build" },
	{ "", { "NETS=dhcp", NULL },
	    "command line: NETS: is no variable; it is a word for the command line of ./make "
	    "verify" },
	{ "", { "METRIC=booted", NULL },
	    "command line: METRIC: is no variable; it is a word for the command line of "
	    "lh-bisect" },
	{ "", { "OVERRIDE_=1", NULL },
	    "command line: OVERRIDE_: unknown variable; every variable is explained in "
	    "lh-config.dist" },
	{ "", { "nonsense", NULL }, "command line: nonsense: not NAME=VALUE" },
	{ "", { "=x", NULL }, "command line: =x: not NAME=VALUE" },
	/* sizes */
	{ "", { "ROOTFS_SIZE=1024M", NULL },
	    "ROOTFS_SIZE 1024M: a plain number of MiB up to 16777215, 0 for none" },
	{ "", { "SWAP_SIZE=-1", NULL },
	    "SWAP_SIZE -1: a plain number of MiB up to 16777215, 0 for none" },
	{ "", { "SWAP_SIZE=", NULL },
	    "SWAP_SIZE is empty: a plain number of MiB up to 16777215, 0 for none" },
	{ "", { "SWAP_SIZE=99999999999999999999", NULL },
	    "SWAP_SIZE 99999999999999999999: a plain number of MiB up to 16777215, 0 for none" },
	{ "", { "ROOTFS_SIZE=0", NULL }, "ROOTFS_SIZE 0: a system needs a root filesystem" },
	{ "", { "JOBS=0", NULL }, "JOBS 0: a number from 1 to 1024" },
	{ "", { "STEP_LIMIT=1h", NULL },
	    "STEP_LIMIT 1h: seconds, from 1 to 604800, or 0 for no limit" },
	{ "", { "EPOCH=0", NULL }, "EPOCH 0: seconds since 1970, from 1 to 2147483647" },
	{ "", { "DEBUG=strace gdb", NULL }, "DEBUG gdb: not supported; some of strace" },
	{ "", { "FORMS=raw zip", NULL },
	    "FORMS zip: not supported; some of raw tar tar.zst qcow2 bmap cpio" },
	{ "", { "FORMS=tar", NULL }, "FORMS tar: needs raw, which is what is verified" },
	{ "", { "FORMS=", NULL }, "FORMS is empty: needs raw, which is what is verified" },
	/* the network */
	{ "", { "LOCAL_IP=10.0.3.15", NULL },
	    "LOCAL_IP 10.0.3.15, ROUTER_IP 10.0.2.2: not in one /24; only the last number may "
	    "differ" },
	{ "", { "LOCAL_IP=10.0.2.2", NULL },
	    "LOCAL_IP 10.0.2.2: same as ROUTER_IP; guest and router need different addresses" },
	{ "", { "LOCAL_IP=10.0.2", NULL },
	    "LOCAL_IP 10.0.2: not an IPv4 address, such as 10.0.2.15" },
	{ "", { "LOCAL_IP=10.0.2.255", NULL },
	    "LOCAL_IP 10.0.2.255: the address of a network, not of a machine in it" },
	{ "", { "USE_DHCP=yes", NULL }, "USE_DHCP yes: true or false" },
	{ "", { "CONSOLE=/dev/ttyS0", NULL },
	    "CONSOLE /dev/ttyS0: the name of a device in /dev, such as ttyS0" },
	/* folders */
	{ "", { "OUTPUT=/", NULL },
	    "OUTPUT /: clean would remove everything; name a folder used for nothing else" },
	{ "", { "OUTPUT=//.", NULL },
	    "OUTPUT /: clean would remove everything; name a folder used for nothing else" },
	{ "", { "OUTPUT=.", NULL },
	    "OUTPUT TOP: contains the checkout TOP; name a folder used for nothing else" },
	{ "", { "OUTPUT=..", NULL },
	    "OUTPUT DIR: contains the checkout TOP; name a folder used for nothing else" },
	{ "", { "OUTPUT=home", NULL },
	    "OUTPUT TOP/home: contains the home folder TOP/home; name a folder used for nothing "
	    "else" },
	{ "", { "OUTPUT=link", NULL },
	    "OUTPUT /: clean would remove everything; name a folder used for nothing else" },
	{ "", { "OUTPUT=", NULL }, "OUTPUT: is empty; name a folder" },
	{ "", { "OUTPUT=/nowhere", "CACHE=/nowhere", NULL },
	    "CACHE /nowhere: is OUTPUT, too; name another folder" },
	{ "", { "OUTPUT=/nowhere/store", "CACHE=/nowhere", NULL },
	    "OUTPUT /nowhere/store: is in CACHE /nowhere; name another folder" },
	/* steps would see what is nobody's compiler */
	{ "", { "BUILD_CC=/opt/gcc", NULL },
	    "BUILD_CC /opt/gcc: a compiler that is not in /usr has to be in a folder bin, beside "
	    "what it needs; build steps see nothing else" },
	{ "BUILD_CC=$HOME/bin/gcc", { NULL },
	    "BUILD_CC TOP/home/bin/gcc: build steps would see all of TOP/home; move the compiler "
	    "to a folder of its own" },
	{ "", { "CROSS_BASE=/nowhere", NULL }, "CROSS_BASE /nowhere: no such folder" },
	{ "", { "CROSS_BASE=/usr", NULL },
	    "CROSS_BASE /usr: has no bin/x86_64-linux-musl-gcc; leave it empty to have a toolchain "
	    "built" },
	{ "", { "HOST_HOST_BASE=/nowhere", NULL }, "HOST_HOST_BASE /nowhere: no such folder" },
	{ "", { "SERVICES=. nowhere", NULL }, "SERVICES nowhere: no such folder" },
	{ "", { "OVERLAY=lh-config", NULL }, "OVERLAY lh-config: not a folder" },
	{ "", { "KERNEL_CONFIG=/nowhere", NULL },
	    "KERNEL_CONFIG: /nowhere: No such file or directory" },
	{ "", { "OVERRIDE_one=/nowhere", NULL },
	    "OVERRIDE_one /nowhere: no such folder: /nowhere" },
	{ "", { "OVERRIDE_one=git:nowhere@v1", NULL },
	    "OVERRIDE_one git:nowhere@v1: no such folder: TOP/nowhere" },
	{ "", { "HEAD_one=--all", NULL }, "HEAD_one --all: not the name of a branch" },
	{ "", { "HEAD_one=a b", NULL }, "HEAD_one: contains a blank; use another character" },
	{ "", { "VERSION_one=1 2", NULL },
	    "VERSION_one 1 2: a version is made of letters, digits and . _ + -" },
	/* sources */
	{ "", { "CACHE_URL=cache.example", NULL },
	    "CACHE_URL cache.example: not a URL that begins with https:// or http://" },
	{ "", { "CACHE_KEY=/nonexistent/key", NULL },
	    "CACHE_KEY: /nonexistent/key: No such file or directory" },
	{ "", { "CACHE_KEY=/dev/null", NULL }, "CACHE_KEY: /dev/null: not a regular file" },
	{ "", { "CACHE_TRUST=PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw= /nonexistent", NULL },
	    "CACHE_TRUST: /nonexistent: No such file or directory" },
	/* a digit too few: no key, so it is a file */
	{ "", { "CACHE_TRUST=/UAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zg==", NULL },
	    "CACHE_TRUST: /UAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zg==: No such file or "
	    "directory" },
	{ "", { "MIRRORS=https://a.example/ b.example", NULL },
	    "MIRRORS b.example: not a URL that begins with https://, http:// or file://" },
	{ "", { "MIRRORS=ftp://user:pass@word@host/", NULL },
	    "MIRRORS ftp://host/: not a URL that begins with https://, http:// or file://" },
	{ "", { "GIT_MIRROR=/srv/git", NULL },
	    "GIT_MIRROR /srv/git: needs exactly one %s, where the package's name goes" },
	{ "", { "GIT_MIRROR=/srv/%s/%s", NULL },
	    "GIT_MIRROR /srv/%s/%s: needs exactly one %s, where the package's name goes" },
	{ "", { "GIT_MIRROR=/srv/%d", NULL },
	    "GIT_MIRROR /srv/%d: needs exactly one %s, where the package's name goes" },
	/* secrets stay out of messages */
	{ "", { "ROOT_PASSWORD=a b", NULL },
	    "ROOT_PASSWORD: contains a blank; use another character" },
	{ "ROOT_PASSWORD='a\nb'", { NULL }, "ROOT_PASSWORD: contains a control character" },
	{ "", { "KERNEL_CONFIG=/dev/zero", NULL }, "KERNEL_CONFIG: /dev/zero: not a regular file" },
	{ "", { "SSH_AUTHORIZED_KEYS=/dev/zero", NULL },
	    "SSH_AUTHORIZED_KEYS: /dev/zero: not a regular file" },
	{ "", { "SSH_AUTHORIZED_KEYS=nowhere.pub", NULL },
	    "SSH_AUTHORIZED_KEYS: TOP/nowhere.pub: No such file or directory" },
	{ "", { "SSH_AUTHORIZED_KEYS=key", NULL },
	    "SSH_AUTHORIZED_KEYS: key:2: no public ssh key" },
	/* mistakes in the file; what sh says begins alike in all of them */
	{ "SWAP_SIZE=1\nTRIPLE = x\n", { NULL }, "lh-config:2: TRIPLE: *not found" },
	{ "a=1\nif true; then\n\nfi fi\n", { NULL }, "lh-config:4: *" },
	{ "exit 0\n", { NULL }, "lh-config: ends the shell before its last line" },
	{ "exit 3\n", { NULL },
	    "lh-config: a command in it fails and says nothing: exit status 3" },
};

/* * in the pattern stands for any text */
static bool
like(const char *text, const char *pattern)
{
	for (; *pattern; text++, pattern++) {
		if (*pattern == '*') {
			for (; *text; text++)
				if (like(text, pattern + 1))
					return true;
			return !pattern[1];
		}
		if (*text != *pattern)
			return false;
	}
	return !*text;
}

static char *
replace(struct arena *a, const char *text, const char *what, const char *with)
{
	const char *at = strstr(text, what);

	return at ? arena_printf(a, "%.*s%s%s", (int)(at - text), text, with,
			replace(a, at + strlen(what), what, with))
		  : arena_strdup(a, text);
}

START_TEST(refused)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	size_t nargs;
	char **args = words_of(a, bad[_i].args, &nargs);
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, "lh-config", bad[_i].file);
	checkout_file(a, top, "key", "ssh-ed25519 AAAAC3Nz\n-----BEGIN OPENSSH PRIVATE KEY-----\n");
	ck_assert_int_eq(symlink("/", arena_printf(a, "%s/link", top)), 0);
	ck_assert_int_eq(config_read(a, top, args, nargs, &c, &e), -1);
	ck_assert_msg(
	    like(e.msg, replace(a, replace(a, bad[_i].message, "TOP", top), "DIR", test_dir())),
	    "%s", e.msg);
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

/* a shell would take a part of it for the whole, or none of it */
START_TEST(no_text_for_a_shell)
{
	struct arena *a = arena_new();
	const char *top = checkout_new(a), *path = arena_printf(a, "%s/lh-config", top);
	char *large = arena_alloc(a, 70000);
	struct config c;
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, "SET=2024\0-10\n", 13, 0644, &e), 0);
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), -1);
	ck_assert_str_eq(e.msg, "lh-config: contains a NUL byte: not a text file");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_int_eq(file_write(path, "\xef\xbb\xbfSET=2024-10\n", 15, 0644, &e), 0);
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), -1);
	ck_assert_str_eq(e.msg,
	    "lh-config: begins with a byte order mark, which sh takes for a part of the first "
	    "word; save it without");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	memset(large, '#', 70000);
	ck_assert_int_eq(file_write(path, large, 70000, 0644, &e), 0);
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), -1);
	ck_assert_str_eq(e.msg, "lh-config: larger than the limit of 65536 bytes");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

START_TEST(members_follow_variables)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	char *args[] = { arena_strdup(a, "USE_DHCP=false"), arena_strdup(a, "RWFS_SIZE=77"),
		arena_strdup(a, "OUTPUT=out"), arena_strdup(a, "JOBS=3"),
		arena_strdup(a, "OFFLINE=true") };
	struct config c;
	struct err e = { 0 };

	ck_assert_msg(config_read(a, top, args, 5, &c, &e) == 0, "%s", e.msg);
	ck_assert(!c.use_dhcp);
	ck_assert(c.offline);
	ck_assert_uint_eq(c.rwfs_mb, 77);
	ck_assert_uint_eq(c.userfs_mb, 512);
	ck_assert_uint_eq(c.jobs, 3);
	ck_assert_str_eq(c.output, arena_printf(a, "%s/out", top));
	ck_assert_str_eq(c.top, top);
	ck_assert_str_eq(c.console, "ttyS1");
	ck_assert_str_eq(c.cross_base, "");
	arena_free(a);
}
END_TEST

START_TEST(personal_file_comes_before_the_project_s)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a),
	     *personal = arena_printf(a, "%s/home/.config/lh-bootstrap/lh-config", top);
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, "home/.config/lh-bootstrap/lh-config",
	    "MIRRORS=https://near.example/\nCACHE=/big/$TRIPLE\nSWAP_SIZE=1\n");
	checkout_file(a, top, "lh-config", "SWAP_SIZE=2\nPACKAGES=$MIRRORS\n");
	ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(c.mirrors, "https://near.example/");
	ck_assert_str_eq(find(&c, "MIRRORS")->from, personal);
	ck_assert_str_eq(c.cache, "/big/x86_64-linux-musl");
	ck_assert_uint_eq(c.swap_mb, 2);
	ck_assert_str_eq(config_get(&c, "PACKAGES"), "https://near.example/");

	checkout_file(a, top, "home/.config/lh-bootstrap/lh-config", "MIRROR=x\n");
	ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a, "%s: MIRROR: unknown variable; did you mean MIRRORS?", personal));
	arena_free(a);
}
END_TEST

START_TEST(environment_comes_between)
{
	struct arena *a = arena_new();
	char *args[] = { (char[]){ "RWFS_SIZE=3" } };
	char *top = checkout_new(a);
	struct config cfg;
	struct err e = { 0 };

	checkout_file(
	    a, top, "lh-config", "SWAP_SIZE=1\nRWFS_SIZE=1\nPACKAGES=\"$SET $RWFS_SIZE\"\n");
	setenv("SWAP_SIZE", "2", 1);
	setenv("RWFS_SIZE", "2", 1);
	setenv("SET", "2024-10", 1);
	ck_assert_msg(config_read(a, top, args, 1, &cfg, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(config_get(&cfg, "SWAP_SIZE"), "2");
	ck_assert_str_eq(config_get(&cfg, "RWFS_SIZE"), "3");
	ck_assert_str_eq(config_get(&cfg, "PACKAGES"), "2024-10 3");
	arena_free(a);
}
END_TEST

/* what each leads to, and which word it comes from: as `SET=2024-10 ./make` */
START_TEST(packages_in_the_environment)
{
	static const struct {
		const char *given, *arg, *name, *value, *from, *message;
	} rows[] = {
		{ "VERSION_one=2", NULL, "VERSION_one", "2", "environment", NULL },
		{ "HEAD_one=next", NULL, "HEAD_one", "next", "environment", NULL },
		{ "OVERRIDE_one=/usr/./bin", NULL, "OVERRIDE_one", "/usr/bin", "environment",
		    NULL },
		{ "VERSION_s6-rc=2", NULL, "VERSION_s6_rc", "2", "environment", NULL },
		{ "VERSION_two=2", NULL, "VERSION_two", "2", "environment",
		    NULL }, /* lh-config: 1 */
		/* as make has it in both, the environment's without the $ */
		{ "VERSION_one=2", "VERSION_one=3", "VERSION_one", "3", "command line", NULL },
		{ "VERSIONS=2", NULL, "VERSIONS", "", NULL, NULL },
		{ "OVERRIDE_one=/nowhere", NULL, NULL, NULL, NULL,
		    "OVERRIDE_one /nowhere: no such folder: /nowhere" },
		/* another program's */
		{ "VERSION_=1", NULL, "VERSION_", "", NULL, NULL },
		{ "VERSION_ID=12 (bookworm)", NULL, "VERSION_ID", "", NULL, NULL },
		{ "HEAD_../recipes/one=1", NULL, "HEAD_../recipes/one", "", NULL, NULL },
	};
	struct arena *a = arena_new();
	char *top = checkout_new(a);

	checkout_file(a, top, "lh-config", "VERSION_two=1\n");
	checkout_file(a, top, "recipes/one/recipe", "");
	checkout_file(a, top, "recipes/two/recipe", "");
	checkout_file(a, top, "recipes/s6-rc/recipe", "");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *given = arena_strdup(a, rows[i].given),
		     *arg = rows[i].arg ? arena_strdup(a, rows[i].arg) : NULL;
		const char *from = NULL;
		struct config cfg;
		struct err e = { 0 };
		int r;

		putenv(given);
		r = config_read(a, top, &arg, arg != NULL, &cfg, &e);
		unsetenv(arena_strndup(a, given, strcspn(given, "=")));
		if (rows[i].message) {
			ck_assert_int_eq(r, -1);
			ck_assert_str_eq(e.msg, rows[i].message);
			continue;
		}
		ck_assert_msg(r == 0, "%s", e.msg);
		ck_assert_str_eq(config_get(&cfg, rows[i].name), rows[i].value);
		for (size_t k = 0; k < cfg.nvars; k++)
			if (!strcmp(cfg.vars[k].name, rows[i].name))
				from = cfg.vars[k].from;
		ck_assert_pstr_eq(from, rows[i].from);
	}
	arena_free(a);
}
END_TEST

START_TEST(home_is_not_needed)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, "lh-config", "SWAP_SIZE=${HOME-5}\n");
	for (int i = 0; i < 3; i++) {
		unsetenv("HOME");
		if (i)
			setenv("HOME", i == 1 ? "" : "here", 1);
		ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
		ck_assert_uint_eq(c.swap_mb, 5);
		ck_assert_str_eq(c.cache, geteuid() == 0 ? "/var/cache/lh-bootstrap"
							 : arena_printf(a, "%s/output/cache", top));
	}
	arena_free(a);
}
END_TEST

/* only root has somebody else to become */
START_TEST(normaluser)
{
	static const struct {
		const char *arg, *message;
	} users[] = {
		{ "NORMALUSER=nobody", NULL },
		{ "NORMALUSER=root", "NORMALUSER root: is the superuser; name an ordinary user" },
		{ "NORMALUSER=no-such-user", "NORMALUSER no-such-user: no such user" },
	};
	struct arena *a = arena_new();
	char *top = checkout_new(a);

	for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
		char *args[] = { arena_strdup(a, users[i].arg) };
		struct config c;
		struct err e = { 0 };
		int r = config_read(a, top, args, 1, &c, &e);

		if (geteuid() == 0 && users[i].message) {
			ck_assert_int_eq(r, -1);
			ck_assert_str_eq(e.msg, users[i].message);
		} else {
			ck_assert_msg(r == 0, "%s", e.msg);
			ck_assert(geteuid() == 0 ? c.uid != 0 : c.uid == geteuid());
		}
	}
	arena_free(a);
}
END_TEST

START_TEST(kernel_config_becomes_text)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *args[] = { arena_strdup(a, "KERNEL_CONFIG=my config") };
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, "my config", "CONFIG_X=y\n");
	ck_assert_msg(config_read(a, top, args, 1, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(c.kernel_config, arena_printf(a, "%s/my config", top));
	ck_assert_str_eq(config_get(&c, "KERNEL_CONFIG_TEXT"), "CONFIG_X=y\n");
	arena_free(a);
}
END_TEST

START_TEST(package_names_may_have_hyphens)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *args[] = { arena_strdup(a, "OVERRIDE_s6_rc=/usr"),
		arena_strdup(a, "VERSION_one=3"), arena_strdup(a, "OVERRIDE_one=") };
	struct config c;
	struct err e = { 0 };

	ck_assert_msg(config_read(a, top, args, 3, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(config_override(&c, "s6-rc"), "/usr");
	ck_assert_ptr_null(config_override(&c, "s6"));
	ck_assert_ptr_null(config_override(&c, "one")); /* empty: as if it were not there */
	ck_assert_str_eq(config_version(&c, "one"), "3");
	ck_assert_ptr_null(config_version(&c, "s6-rc"));
	arena_free(a);
}
END_TEST

/* a folder that is read whole, in which there is what the build writes to */
static const struct {
	const char *args[2], *msg; /* of the folder, of what is in it */
} circles[] = {
	{ { "OVERRIDE_one=a", "CACHE=a/b/c" },
	    "OVERRIDE_one %s/a: CACHE %s/a/b/c is in it, which a build writes to while it reads "
	    "the former; move one of them" },
	{ { "OVERRIDE_one=a", "OUTPUT=a/b" },
	    "OVERRIDE_one %s/a: OUTPUT %s/a/b is in it, which a build writes to while it reads the "
	    "former; move one of them" },
	{ { "OVERLAY=link", "OUTPUT=a/b" },
	    "OVERLAY %s/link: OUTPUT %s/a/b is in it, which a build writes to while it reads the "
	    "former; move one of them" },
	{ { "HOST_HOST_BASE=a", "CACHE=a" },
	    "HOST_HOST_BASE %s/a: CACHE %s/a is in it, which a build writes to while it reads the "
	    "former; move one of them" },
	{ { "JOBS=1", "OUTPUT=sysdeps/out" },
	    "the checkout's folder %s/sysdeps: OUTPUT %s/sysdeps/out is in it, which a build "
	    "writes to while it reads the former; move one of them" },
	{ { "HOST_HOST_BASE=a", "CACHE=ab" }, NULL },
	{ { "OVERRIDE_one=git:a", "CACHE=a/b/c" }, NULL },
	{ { "OVERRIDE_one=a/b", "CACHE=a/c" }, NULL },
};

START_TEST(circles_are_refused)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *args[2];
	const char *msg = circles[_i].msg;
	struct config c;
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++)
		args[i] = arena_strdup(a, circles[_i].args[i]);
	checkout_file(a, top, "a/b/file", "");
	ck_assert_int_eq(symlink("a", arena_printf(a, "%s/link", top)), 0);
	ck_assert_int_eq(config_read(a, top, args, 2, &c, &e), msg ? -1 : 0);
	if (msg) {
		const char *in = strstr(msg, "%s") + 2, *second = strstr(in, "%s") + 2;

		ck_assert_str_eq(e.msg, arena_printf(a, "%.*s%s%.*s%s%s", (int)(in - 2 - msg), msg,
					    top, (int)(second - 2 - in), in, top, second));
	}
	arena_free(a);
}
END_TEST

/* a folder's name, relative to the checkout; then OVERRIDE_one and what becomes of it */
static const struct {
	const char *folder, *value, *is;
} revisions[] = {
	{ "a@b/c", "git:a@b/c", "git:%s/a@b/c" },
	{ "a@b/c", "git:a@b/c@v1", "git:%s/a@b/c@v1" },
	{ "a", "git:a@b/c", "git:%s/a@b/c" },
	{ "a", "git:a@HEAD@{1}", "git:%s/a@HEAD@{1}" },
	{ "a@b", "a@b", "%s/a@b" },
};

START_TEST(a_folder_may_have_an_at)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a), *arg = arena_printf(a, "OVERRIDE_one=%s", revisions[_i].value);
	struct config c;
	struct err e = { 0 };

	checkout_file(a, top, arena_printf(a, "%s/file", revisions[_i].folder), "");
	ck_assert_msg(config_read(a, top, &arg, 1, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(config_override(&c, "one"),
	    arena_printf(a, "%s%s%s", *revisions[_i].is == 'g' ? "git:" : "", top,
		strchr(revisions[_i].is, '/')));
	arena_free(a);
}
END_TEST

START_TEST(recipes_may_name)
{
	static const struct {
		const char *name;
		bool known;
	} names[] = { { "TRIPLE", true }, { "ROOT_HASH", true }, { "KERNEL_CONFIG_TEXT", true },
		{ "TRIPLES", false }, { "OVERRIDE_one", false }, { "HOME", false } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		ck_assert_msg(config_known(names[i].name) == names[i].known, "%s", names[i].name);
}
END_TEST

START_TEST(later_findings)
{
	struct arena *a = arena_new();
	char *top = checkout_new(a);
	struct config c;
	struct err e = { 0 };
	size_t before;

	ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
	before = c.nvars;
	config_set(a, &c, "ROOT_HASH", "$6$x", "credentials");
	config_set(a, &c, "ROOT_HASH", "$6$y", "credentials");
	ck_assert_uint_eq(c.nvars, before + 1);
	ck_assert_str_eq(config_get(&c, "ROOT_HASH"), "$6$y");
	ck_assert_str_eq(config_get(&c, "SET"), "2026-07");
	arena_free(a);
}
END_TEST

/* lh-config.dist explains every variable there is, and no other, with its default */
START_TEST(dist_tells_all)
{
	struct arena *a = arena_new();
	char *line, *text, *top = checkout_new(a);
	struct config c, defaults;
	struct lines l;
	struct err e = { 0 };
	size_t i = 0;

	ck_assert_msg(lines_open(a, "lh-config.dist", &l, &e) == 0, "%s", e.msg);
	while ((line = lines_next(&l))) {
		size_t n = strspn(line + (*line == '#'), "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

		if (*line != '#' || !n || line[1 + n] != '=')
			continue;
		line[1 + n] = '\0';
		ck_assert_msg(config_name(i) && !strcmp(line + 1, config_name(i)),
		    "lh-config.dist:%u: %s where %s is expected", l.no, line + 1,
		    config_name(i) ? config_name(i) : "the end");
		i++;
	}
	ck_assert_msg(!config_name(i), "lh-config.dist: tells nothing of %s", config_name(i));

	/* as it is, and with every line taken out of its comment, it says what the defaults say */
	ck_assert_msg(file_read(a, "lh-config.dist", &text, NULL, &e) == 0, "%s", e.msg);
	ck_assert_msg(config_read(a, top, NULL, 0, &defaults, &e) == 0, "%s", e.msg);
	for (unsigned pass = 0; pass < 2; pass++) {
		checkout_file(a, top, "lh-config", text);
		ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
		for (i = 0; config_name(i); i++)
			ck_assert_str_eq(
			    config_get(&c, config_name(i)), config_get(&defaults, config_name(i)));
		for (char *p = text; (p = strstr(p, "\n#")); p++)
			if (p[2 + strspn(p + 2, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '=')
				p[1] = ' ';
	}
	arena_free(a);
}
END_TEST

/* root runs nothing that others have written as root */
START_TEST(as_root_the_file_runs_as_its_owner)
{
	struct arena *a = arena_new();
	const char *top = checkout_new(a), *file = arena_printf(a, "%s/lh-config", top);
	struct err e = { 0 };
	struct config c;

	checkout_file(a, top, "lh-config", "PACKAGES=u$(id -u)-g$(id -g)\n");
	if (geteuid() == 0) {
		ck_assert_int_eq(chmod(test_dir(), 0755), 0);
		ck_assert_int_eq(lchown(file, 12345, 23456), 0);
	}
	ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(config_get(&c, "PACKAGES"),
	    geteuid() == 0 ? "u12345-g23456" : arena_printf(a, "u%u-g%u", geteuid(), getegid()));
	if (geteuid() == 0) {
		/* a folder of theirs, a symlink of theirs: the content may be ours, the choice is
		 * not */
		ck_assert_int_eq(lchown(file, 0, 0), 0);
		ck_assert_int_eq(lchown(top, 12345, 23456), 0);
		ck_assert_msg(config_read(a, top, NULL, 0, &c, &e) == 0, "%s", e.msg);
		ck_assert_str_eq(config_get(&c, "PACKAGES"), "u12345-g23456");
		ck_assert_int_eq(lchown(top, 0, 0), 0);
		ck_assert_int_eq(chmod(file, 0666), 0);
		ck_assert_int_eq(config_read(a, top, NULL, 0, &c, &e), -1);
		ck_assert_msg(strstr(e.msg, "everybody may change it, and root runs it; chmod o-w"),
		    "%s", e.msg);
	}
	arena_free(a);
}
END_TEST

Suite *
config_suite(void)
{
	Suite *s = suite_create("config");
	TCase *tc = harness_case(s, "config");

	tcase_add_loop_test(tc, values, 0, sizeof good / sizeof *good);
	tcase_add_loop_test(tc, circles_are_refused, 0, sizeof circles / sizeof *circles);
	tcase_add_loop_test(tc, a_folder_may_have_an_at, 0, sizeof revisions / sizeof *revisions);
	tcase_add_loop_test(tc, refused, 0, sizeof bad / sizeof *bad);
	tcase_add_test(tc, no_text_for_a_shell);
	tcase_add_test(tc, members_follow_variables);
	tcase_add_test(tc, personal_file_comes_before_the_project_s);
	tcase_add_test(tc, environment_comes_between);
	tcase_add_test(tc, packages_in_the_environment);
	tcase_add_test(tc, home_is_not_needed);
	tcase_add_test(tc, normaluser);
	tcase_add_test(tc, as_root_the_file_runs_as_its_owner);
	tcase_add_test(tc, kernel_config_becomes_text);
	tcase_add_test(tc, package_names_may_have_hyphens);
	tcase_add_test(tc, recipes_may_name);
	tcase_add_test(tc, later_findings);
	tcase_add_test(tc, dist_tells_all);
	return s;
}
