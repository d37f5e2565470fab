/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/proofs.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#include <string.h>

static const char *const sources[][2] = { { "klogd", "longrun\n" }, { "lo", "oneshot\n" },
	{ "all", "bundle\n" } };

#define BROUGHT                                                                                    \
	{ .service = "s6-linux-init-early-getty" }, { .service = "s6-linux-init-runleveld" },      \
	    { .service = "s6-linux-init-shutdownd" }, { .service = "s6-svscan-log" },              \
	    { .service = "s6rc-fdholder" },                                                        \
	{                                                                                          \
		.service = "s6rc-oneshot-runner"                                                   \
	}

/* what two scenarios prove; said, behind the folder's name: NULL: all is well */
static const struct {
	struct proof first[8], second[2];
	const char *said;
} cases[] = {
	{ { BROUGHT, { .service = "lo" } }, { { .service = "klogd" } }, NULL },
	{ { BROUGHT }, { { .service = "lo" }, { .service = "klogd" } }, NULL },
	{ { BROUGHT }, { { .service = "lo" } },
	    ": no scenario proves what these are for: klogd; write one with a line `proves "
	    "SERVICE`" },
	{ { { .service = "lo" } }, { { .service = "klogd" } },
	    ": no scenario proves what these are for: s6-linux-init-early-getty "
	    "s6-linux-init-runleveld s6-linux-init-shutdownd s6-svscan-log s6rc-fdholder "
	    "s6rc-oneshot-runner; write one with a line `proves SERVICE`" },
	{ { BROUGHT, { .service = "lo" } },
	    { { .service = "klogd" }, { .service = "klogdd", .line = 7 } },
	    "b.scn:7: proves klogdd: no longrun or oneshot of that name in " },
	/* a bundle does nothing of its own */
	{ { BROUGHT, { .service = "lo" } },
	    { { .service = "klogd" }, { .service = "all", .line = 3 } },
	    "b.scn:3: proves all: no longrun or oneshot of that name in " },
};

static size_t
count(const struct proof *p, size_t most)
{
	size_t n = 0;

	while (n < most && p[n].service)
		n++;
	return n;
}

static void
write_sources(struct arena *a)
{
	struct err e = { 0 };

	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		char *dir = arena_printf(a, "%s/%s", test_dir(), sources[i][0]);

		ck_assert_int_eq(file_mkdirs(dir, 0755, &e), 0);
		ck_assert_int_eq(file_write(arena_printf(a, "%s/type", dir), sources[i][1],
				     strlen(sources[i][1]), 0644, &e),
		    0);
	}
}

START_TEST(proved)
{
	struct arena *a = arena_new();
	struct proof first[8], second[2];
	struct scenario s[2] = { { .path = "a.scn", .proofs = first },
		{ .path = "b.scn", .proofs = second } };
	struct err e = { 0 };
	int r;

	memcpy(first, cases[_i].first, sizeof first);
	memcpy(second, cases[_i].second, sizeof second);
	s[0].nproofs = count(first, 8);
	s[1].nproofs = count(second, 2);
	write_sources(a);
	r = proofs_lint(a, test_dir(), s, 2, &e);
	ck_assert_int_eq(r, cases[_i].said ? -1 : 0);
	if (cases[_i].said)
		ck_assert_msg(strstr(e.msg, cases[_i].said), "%s", e.msg);
	arena_free(a);
}
END_TEST

/* what is skipped where a service is missing proves nothing of an image that lacks it */
START_TEST(skipped)
{
	struct arena *a = arena_new();
	const char *klogd[] = { "lo", "klogd" };
	struct proof proofs[] = { BROUGHT, { .service = "klogd" }, { .service = "lo" } };
	struct require requires[] = { { .key = "profile", .values = klogd, .nvalues = 2 },
		{ .key = "service", .values = klogd + 1, .nvalues = 1, .line = 4 } };
	struct scenario s = { .path = "a.scn",
		.proofs = proofs,
		.nproofs = sizeof proofs / sizeof *proofs,
		.requires = requires,
		.nrequires = 1 };
	struct err e = { 0 };

	write_sources(a);
	ck_assert_int_eq(proofs_lint(a, test_dir(), &s, 1, &e), 0);
	s.nrequires = 2;
	ck_assert_int_eq(proofs_lint(a, test_dir(), &s, 1, &e), -1);
	ck_assert_str_eq(e.msg,
	    "a.scn:4: requires service klogd, and so proves nothing of an image that lacks it; "
	    "require its profile");
	arena_free(a);
}
END_TEST

Suite *
proofs_suite(void)
{
	Suite *s = suite_create("proofs");

	tcase_add_test(harness_case(s, "skipped"), skipped);
	tcase_add_loop_test(harness_case(s, "proved"), proved, 0, sizeof cases / sizeof *cases);
	return s;
}
