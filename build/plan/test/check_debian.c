/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/debian.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

#define PACKAGE(name, more)                                                                        \
	"Package: " name "\nStatus: install ok installed\nArchitecture: amd64\n" more "\n"

static const char status[] =
    PACKAGE("make", "Depends: libc6 (>= 2.36), guile | libguile (>= 3)\nDescription: a\n b\n")
	PACKAGE("libc6", "Pre-Depends: libgcc-s1\nDepends: absent | debconf-2.0\n") PACKAGE(
	    "libgcc-s1", "") PACKAGE("libguile", "") PACKAGE("cdebconf",
	    "Provides: x, "
	    "debconf-2.0 (= 2)\n") PACKAGE("git", "Depends: libc6\n")
	    PACKAGE("libc6-dev", "Depends: libc6:any\n") "Package: gone\nStatus: deinstall ok "
							 "config-files\nArchitecture: amd64\n\n";

static const struct {
	const char *rel, *text;
} lists[] = {
	{ "make.list", "/.\n/usr\n/usr/bin\n/usr/bin/make\n/usr/share/man/man1/make.1.gz\n" },
	{ "libc6:amd64.list", "/lib\n/lib/x86/libc.so.6\n/usr\n/etc/ld.so.conf.d/x.conf\n" },
	{ "libgcc-s1:amd64.list", "/lib/x86/libgcc_s.so.1\n" },
	{ "libguile.list", "/usr/lib/guile\n" },
	{ "cdebconf.list", "/usr/share/debconf\n/usr/share/doc/cdebconf/copyright\n" },
	{ "git.list", "/usr/bin/git\n" },
	{ "libc6-dev.list", "/usr/include/stdio.h\n" },
	{ "gone.list", "/usr/bin/gone\n" },
};

static const struct {
	const char *wanted[3];
	const char *files;
} cases[] = {
	{ { "/usr/bin/git" },
	    "/usr/bin/git /usr/lib /usr/lib/x86/libc.so.6 /usr/lib/x86/libgcc_s.so.1 "
	    "/usr/share/debconf" },
	/* the first alternative that is there; no manuals */
	{ { "/usr/bin/make" },
	    "/usr/bin /usr/bin/make /usr/lib /usr/lib/guile /usr/lib/x86/libc.so.6 "
	    "/usr/lib/x86/libgcc_s.so.1 /usr/share/debconf" },
	/* /lib is /usr/lib, for those who look for it there */
	{ { "/usr/lib/x86/libgcc_s.so.1" }, "/usr/lib/x86/libgcc_s.so.1" },
	{ { "/usr/bin/gone", "/usr/local/bin/x" }, "" },
	{ { "/usr/include/stdio.h", "/usr/lib/guile" },
	    "/usr/include/stdio.h /usr/lib /usr/lib/guile /usr/lib/x86/libc.so.6 "
	    "/usr/lib/x86/libgcc_s.so.1 /usr/share/debconf" },
};

START_TEST(packages_of_programs)
{
	struct arena *a = arena_new();
	const char *db = arena_printf(a, "%s/dpkg", test_dir());
	struct buf b = { 0 };
	struct err e = { 0 };
	size_t n = 0, count;
	char **paths;

	checkout_file(a, db, "status", status);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		checkout_file(a, db, arena_printf(a, "info/%s", lists[i].rel), lists[i].text);
	while (n < 3 && cases[_i].wanted[n])
		n++;
	ck_assert_msg(
	    debian_files(a, db, cases[_i].wanted, n, &paths, &count, &e) == 1, "%s", e.msg);
	for (size_t i = 0; i < count; i++)
		if (strcmp(paths[i], "/usr") != 0)
			buf_addf(&b, "%s%s", b.n ? " " : "", paths[i]);
	ck_assert_str_eq(b.n ? b.p : "", cases[_i].files);
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(another_distribution)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	char **paths;
	size_t n;

	ck_assert_int_eq(debian_files(a, test_dir(), NULL, 0, &paths, &n, &e), 0);
	arena_free(a);
}
END_TEST

/* a database that was written half, or mended by hand */
static const struct {
	const char *status, *wanted, *message; /* NULL: that is no error */
} broken[] = {
	{ "", "/usr/bin/make",
	    "DIR/status: says that no package is installed; DIR/status-old may be the one before "
	    "it" },
	{ PACKAGE("make", "Depends: libc6 (>= 2.36), x\n"), "/usr/bin/make",
	    "DIR/status: make depends on libc6, which is not installed; apt-get --fix-broken "
	    "install mends that" },
	{ PACKAGE("make", "Depends: a | b:any\n"), "/usr/bin/make",
	    "DIR/status: make depends on a, which is not installed; apt-get --fix-broken install "
	    "mends that" },
	{ PACKAGE("make", "Depends: bare\n") PACKAGE("bare", ""), "/usr/bin/make",
	    "DIR/info: there is no list of the files of bare; apt-get install --reinstall bare "
	    "makes one" },
	/* nobody wants it; and one that waits for a trigger is there */
	{ PACKAGE("make", "") PACKAGE("bare", ""), "/usr/bin/make", NULL },
	{ PACKAGE("make", "Depends: git\n") "Package: git\nStatus: install ok triggers-awaited\n"
					    "Architecture: amd64\n\n",
	    "/usr/bin/make", NULL },
	/* two that need each other */
	{ PACKAGE("make", "Depends: git\n") PACKAGE("git", "Depends: make | bare\n"),
	    "/usr/bin/git", NULL },
	/* cut off within a line */
	{ PACKAGE("make", "") "Package: gi", "/usr/bin/make", NULL },
};

START_TEST(a_broken_database)
{
	struct arena *a = arena_new();
	struct err e = { 0 };
	const char *message = broken[_i].message, *said, *dir = test_dir();
	char **paths;
	size_t n;
	int r;

	checkout_file(a, dir, "status", broken[_i].status);
	checkout_file(a, dir, "info/make.list", "/usr/bin/make\n/usr/../etc/shadow\n");
	checkout_file(a, dir, "info/git.list", "/usr/bin/git\n");
	r = debian_files(a, dir, &broken[_i].wanted, 1, &paths, &n, &e);
	ck_assert_int_eq(r, message ? -1 : 1);
	for (said = e.msg; message && *message; message++)
		if (strncmp(message, "DIR", 3)) {
			ck_assert_msg(*said++ == *message, "%s", e.msg);
		} else {
			ck_assert_msg(!strncmp(said, dir, strlen(dir)), "%s", e.msg);
			said += strlen(dir);
			message += 2;
		}
	for (size_t i = 0; r == 1 && i < n; i++)
		ck_assert(strstr(paths[i], "..") == NULL);
	arena_free(a);
}
END_TEST

Suite *
debian_suite(void)
{
	Suite *s = suite_create("debian");
	TCase *tc = harness_case(s, "debian");

	tcase_add_loop_test(tc, packages_of_programs, 0, sizeof cases / sizeof *cases);
	tcase_add_test(tc, another_distribution);
	tcase_add_loop_test(tc, a_broken_database, 0, sizeof broken / sizeof *broken);
	return s;
}
