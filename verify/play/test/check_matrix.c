/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/matrix.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/version.h"
#include "verify/image/image.h"
#include "verify/options.h"
#include "verify/play/listing.h"
#include "verify/play/run.h"
#include "verify/scenario/scenario.h"
#include "verify/test/suites.h"

#include <string.h>

static struct man_service services[] = { { "sshd", "longrun" }, { "eth0", "oneshot" } };
static struct man_part parts[] = { { "rootfs", "ext4", 0, 0, "" } };
static struct man_package packages[] = { { .name = "s6", .version = "2.13.1.0", .key = "" } };

static struct image
image(const char *name, const char *arch, const char *profile, const char *agent)
{
	return (struct image){ .path = name,
		.name = name,
		.net = "dhcp",
		.base = "/disk",
		.root_password = "r",
		.m = { .triple = "x",
		    .arch = arch,
		    .profile = profile,
		    .net = "dhcp",
		    .agent = agent,
		    .image = "disk",
		    .parts = parts,
		    .nparts = 1,
		    .packages = packages,
		    .npackages = 1,
		    .services = services,
		    .nservices = 2 } };
}

static const struct {
	const char *key, *values[3], *skip;
} requirements[] = {
	{ "arch", { "i486", "x86_64" }, NULL },
	{ "arch", { "i486", "armv7" }, "requires arch i486 or armv7, here it is x86_64" },
	{ "profile", { "minimal" }, "requires profile minimal, here it is s6" },
	{ "set", { "2024-10" }, "requires set 2024-10, here it is not known" },
	{ "net", { "dhcp" }, NULL },
	{ "agent", { "yes" }, NULL },
	{ "agent", { "no" }, "requires agent no, here it is yes" },
	{ "credentials", { "yes" },
	    "requires credentials yes, here it is no" }, /* guest has none */
	{ "disk", { "yes" }, NULL },
	{ "boot", { "kernel" }, NULL },
	{ "boot", { "efi", "uboot" }, "requires boot efi or uboot, here it is kernel" },
	{ "root-login", { "password" }, NULL }, /* who does not say may take it */
	{ "root-login", { "key" }, "requires root-login key, here it is password" },
	{ "service", { "nsssd", "sshd" }, NULL },
	{ "service", { "nsssd" }, "requires service nsssd" },
	{ "package", { "s6" }, NULL },
	{ "package", { "utmps" }, "requires package utmps" },
	{ "partition", { "extra" }, "requires partition extra" },
	{ "files", { "yes" }, "requires files yes, here it is no" }, /* no table of them */
	{ "tool", { "sh" }, NULL },
	{ "tool", { "no-such-tool" }, "requires tool no-such-tool" },
};

START_TEST(requires)
{
	struct arena *a = arena_new();
	struct image i = image("x", "x86_64", "s6", "s6-linux-init");
	const char *skip = "unset";
	size_t n = 0;
	struct err e;

	while (n < 3 && requirements[_i].values[n])
		n++;
	ck_assert_msg(matrix_requires(
			  a, &i, requirements[_i].key, requirements[_i].values, n, &skip, &e) == 0,
	    "%s", e.msg);
	ck_assert_pstr_eq(skip, requirements[_i].skip);
	arena_free(a);
}
END_TEST

START_TEST(multiplies)
{
	struct arena *a = arena_new();
	struct image i[] = { image("x86_64/dhcp", "x86_64", "s6", "s6-linux-init"),
		image("i486/dhcp", "i486", "minimal", "nothing we know") };
	const char *s6[] = { "s6" }, *yes[] = { "yes" };
	struct require r[] = { { "profile", s6, 1, 3 }, { "agent", yes, 1, 4 } };
	struct scenario s[] = { { .name = "boot", .lane = "quick" }, { .name = "services",
									 .lane = "quick",
									 .path = "services.scn",
									 .requires = r,
									 .nrequires = 2 } };
	const char *rootfs[] = { "rootfs" }, *extra[] = { "extra" };
	const char *only[] = { "services", NULL }, *none[] = { "bot", NULL };
	struct matrix m;
	struct err e;

	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), 0);
	ck_assert_uint_eq(m.n, 4);
	ck_assert_ptr_eq(m.v[1].image, &i[0]);
	ck_assert_ptr_eq(m.v[1].scenario, &s[1]);
	ck_assert_ptr_null(m.v[1].skip);
	ck_assert_ptr_null(m.v[2].skip);
	ck_assert_str_eq(
	    m.v[3].skip, "requires profile s6, here it is minimal"); /* the first that is not met */

	ck_assert_int_eq(
	    matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ .only = only }, &m, &e), 0);
	ck_assert_uint_eq(m.n, 2);
	ck_assert_ptr_eq(m.v[0].scenario, &s[1]);

	ck_assert_int_eq(
	    matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ .only = none }, &m, &e), -1);
	ck_assert_str_eq(e.msg, "scenario bot: no such scenario; one of boot services");
	i[1].name = "x86_64/dhcp";
	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), -1);
	ck_assert_str_eq(e.msg, "x86_64/dhcp and i486/dhcp are both x86_64/dhcp: verify them one "
				"by one, each with its own -o");
	i[1].name = "i486/dhcp";
	r[1].key = "dor";
	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), -1);
	ck_assert_str_eq(e.msg,
	    "services.scn:4: requires dor: unknown; one of arch audit authorized-keys boot "
	    "credentials disk agent files listen net package partition profile root-login service "
	    "set tool triple");
	ck_assert_int_eq(e.code, EXIT_USAGE);

	/* what no image has would be skipped for ever */
	r[1].key = "net";
	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), -1);
	ck_assert_str_eq(e.msg, "services.scn:4: requires net yes: unknown; one of dhcp static");

	/* of partitions it has many, and each line wants one; it has one profile */
	r[0].key = r[1].key = "partition";
	r[0].values = rootfs;
	r[1].values = extra;
	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), 0);
	ck_assert_str_eq(m.v[1].skip, "requires partition extra");
	r[0].key = r[1].key = "profile";
	r[0].values = r[1].values = s6;
	ck_assert_int_eq(matrix_make(a, i, 2, s, 2, &(struct matrix_choice){ 0 }, &m, &e), -1);
	ck_assert_str_eq(e.msg, "services.scn:4: requires profile: duplicate key");
	arena_free(a);
}
END_TEST

#define MANIFEST(n)                                                                                \
	"\"manifest\": \"" n "\", \"triple\": \"x\", \"arch\": \"x86_64\", \"profile\": \"s6\", "  \
	"\"set\": null, \"net\": \"dhcp\", \"boot\": \"kernel\", \"bus\": \"virtio\", \"nic\": "   \
	"\"virtio\", "
#define PLANNED "case\narch x86_64\nnet dhcp\nprofile s6\nscenario "
#define WAITS "\nreason not judged\nverdict inconclusive\ntook 0\n"
#define SKIPPED "\nreason requires \\\\ \\xc3\\xa9\nverdict skip\ntook 0\n"
#define PLAN                                                                                       \
	"lh-results 2\nversion VERSION\nplan P\njobs 0\nscale 0\ntook 0\n" PLANNED                 \
	"boot" WAITS PLANNED "ssh" SKIPPED PLANNED "boot" WAITS PLANNED "ssh" WAITS "end 4\n"
#define FIRST "the \\\"x\\\"\\u000a"

static const struct {
	listing *listing;
	const char *text;
} listings[] = {
	{ listing_text, "x86_64 dhcp boot\nx86_64 dhcp ssh   skip: requires \\ \303\251\nx86_64 "
			"dhcp boot\nx86_64 dhcp ssh\n" },
	{ listing_json,
	    "{\"test cases\": [\n"
	    "{" MANIFEST(
		FIRST) "\"scenario\": \"boot\", \"skip\": null},\n"
		       "{" MANIFEST(
			   FIRST) "\"scenario\": \"ssh\", \"skip\": \"requires \\\\ "
				  "\\u00c3\\u00a9\"},\n"
				  "{" MANIFEST(
				      "b") "\"scenario\": \"boot\", \"skip\": null},\n"
					   "{" MANIFEST(
					       "b") "\"scenario\": \"ssh\", \"skip\": null}\n"
						    "]}\n" },
	{ listing_github, "{\"include\": [{" MANIFEST(
			      FIRST) "\"scenario\": \"boot\"}, "
				     "{" MANIFEST("b") "\"scenario\": \"boot\"}, {" MANIFEST(
					 "b") "\"scenario\": \"ssh\"}]}\n" },
	{ listing_gitlab, "verify:\n"
			  "  script:\n"
			  "    - bin/lh-verify run -o \"runs/$CI_NODE_INDEX\" --boot \"$BOOT\" "
			  "--bus \"$BUS\" --nic \"$NIC\" -s \"$SCENARIO\" \"$MANIFEST\"\n"
			  "  artifacts:\n"
			  "    when: always\n"
			  "    paths: [runs]\n"
			  "    reports:\n"
			  "      junit: runs/*/junit.xml\n"
			  "  parallel:\n"
			  "    matrix:\n"
			  "      - MANIFEST: \"" FIRST "\"\n"
			  "        BOOT: kernel\n"
			  "        BUS: virtio\n"
			  "        NIC: virtio\n"
			  "        SCENARIO:\n"
			  "          - \"boot\"\n"
			  "      - MANIFEST: \"b\"\n"
			  "        BOOT: kernel\n"
			  "        BUS: virtio\n"
			  "        NIC: virtio\n"
			  "        SCENARIO:\n"
			  "          - \"boot\"\n"
			  "          - \"ssh\"\n" },
	{ listing_slurm,
	    "#!/bin/sh\n"
	    "#SBATCH --job-name=lh-verify\n"
	    "#SBATCH --array=1-3\n"
	    "#SBATCH --requeue\n"
	    "#SBATCH --output=/dev/null\n"
	    "# For sbatch(1), where the program and the images are, on a filesystem that all nodes "
	    "have.\n"
	    "# Each task has folders of its own.  Submitted again, it plays what has no verdict "
	    "yet.\n"
	    "# When all tasks have ended:\n"
	    "#   lh-verify merge -o report runs/P\n"
	    "task=$SLURM_ARRAY_TASK_ID runs=runs/P\n"
	    "case $task in\n"
	    "1) set -- -s boot --boot kernel --bus virtio --nic virtio 'the \"x\"\n' ;;\n"
	    "2) set -- -s boot --boot kernel --bus virtio --nic virtio b ;;\n"
	    "3) set -- -s ssh --boot kernel --bus virtio --nic virtio b ;;\n"
	    "*) exit 100 ;;\n"
	    "esac\n"
	    "if grep -Eqsx 'verdict (pass|fail)' \"$runs/$task\"-*/results; then exit 0; fi\n"
	    "own=$runs/$task-$SLURM_JOB_ID.${SLURM_RESTART_COUNT-0}\n"
	    "mkdir -p \"$own\" || exit 125\n"
	    "plan() {\n"
	    "\tcat >\"$own/plan\" && mv \"$own/plan\" \"$runs/plan\"\n"
	    "}\n"
	    "[ -s \"$runs/plan\" ] || plan <<'END' || exit 125\n" PLAN "END\n"
	    "exec bin/lh-verify run --plan \"$runs/plan\" -o \"$own\" \"$@\" >\"$own/log\" "
	    "2>&1\n" },
	{ listing_plan, PLAN },
};

START_TEST(is_listed)
{
	struct image i = image("the \"x\"\n", "x86_64", "s6", "s6-linux-init"),
		     j = image("b", "x86_64", "s6", "s6-linux-init");
	struct scenario s[] = { { .name = "boot", .lane = "quick" },
		{ .name = "ssh", .lane = "quick" } };
	struct matrix_testcase testcases[] = { { &i, &s[0], NULL, NULL },
		{ &i, &s[1], "requires \\ \303\251", NULL }, { &j, &s[0], NULL, NULL },
		{ &j, &s[1], NULL, NULL } };
	struct matrix m = { .v = testcases, .n = 4 };
	struct arena *a = arena_new();
	char program[] = "bin/lh-verify", boot[] = "--boot=all", bus[] = "--bus=all",
	     nic[] = "--nic=all", *argv[] = { program, boot, bus, nic, NULL };
	const char *text = listings[_i].text, *version = strstr(text, "VERSION");
	struct options o;
	struct buf b = { 0 };
	struct err e;

	ck_assert_int_eq(options_read(a, LH_VERIFY, 4, argv, &o, &e), 0);
	listings[_i].listing(&b, &m, &(struct listing_how){ &o, "P" });
	if (version)
		text = arena_printf(a, "%.*s%s%s", (int)(version - text), text, lh_version,
		    version + strlen("VERSION"));
	ck_assert_str_eq(b.p, text);
	buf_free(&b);
	arena_free(a);
}
END_TEST

static const struct {
	unsigned processors;
	unsigned long long mib;
	unsigned guest, jobs;
} loads[] = {
	{ 2, 24000, 256, 4 },
	{ 8, 1000, 256, 2 },
	{ 8, 100, 256, 1 },
	{ 1, 24000, 256, 2 },
};

START_TEST(does_not_take_too_much)
{
	ck_assert_uint_eq(
	    run_jobs(loads[_i].processors, loads[_i].mib, loads[_i].guest), loads[_i].jobs);
}
END_TEST

START_TEST(gives_a_busy_machine_time)
{
	ck_assert_double_eq(run_scale(2, 1.0, 4), 2.0);
	ck_assert_double_eq(run_scale(4, 0.9, 2), 1.0);
	ck_assert_double_eq(run_scale(2, 1.5, 4), 3.0);
	ck_assert_double_eq(run_scale(1, 100.0, 1), 8.0);
	/* what a boot shows counts when it is worse */
	ck_assert_double_eq(run_learn(2.0, 12 * NS_PER_S), 4.0);
	ck_assert_double_eq(run_learn(2.0, 3 * NS_PER_S), 2.0);
	ck_assert_double_eq(run_learn(2.0, 900 * NS_PER_S), 8.0);
}
END_TEST

/* a week is not for everybody who wants to know whether it boots */
START_TEST(lanes)
{
	struct arena *a = arena_new();
	struct image i = image("x86_64/dhcp", "x86_64", "s6", "s6-linux-init");
	struct scenario s[] = { { .name = "boot", .lane = "quick" },
		{ .name = "week", .lane = "long" } };
	const char *quick[] = { "quick", NULL }, *lengthy[] = { "long", NULL },
		   *both[] = { "quick", "long", NULL }, *week[] = { "week", NULL },
		   *other[] = { "fast", NULL };
	const struct {
		struct matrix_choice choice;
		size_t n, first;
	} rows[] = { { { NULL, NULL }, 1, 0 }, { { NULL, quick }, 1, 0 },
		{ { NULL, lengthy }, 1, 1 }, { { NULL, both }, 2, 0 }, { { week, NULL }, 1, 1 },
		{ { week, quick }, 1, 1 } };
	struct matrix m;
	struct err e;

	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		ck_assert_int_eq(matrix_make(a, &i, 1, s, 2, &rows[k].choice, &m, &e), 0);
		ck_assert_uint_eq(m.n, rows[k].n);
		ck_assert_ptr_eq(m.v[0].scenario, &s[rows[k].first]);
	}
	ck_assert_int_eq(
	    matrix_make(a, &i, 1, s, 2, &(struct matrix_choice){ .lanes = other }, &m, &e), -1);
	ck_assert_str_eq(e.msg, "lane fast: no such lane; one of quick long faults");
	ck_assert_int_eq(e.code, EXIT_USAGE);
	arena_free(a);
}
END_TEST

Suite *
matrix_suite(void)
{
	Suite *s = suite_create("matrix");
	TCase *tc = harness_case(s, "matrix");

	tcase_add_loop_test(tc, requires, 0, sizeof requirements / sizeof *requirements);
	tcase_add_test(tc, multiplies);
	tcase_add_test(harness_case(s, "lanes"), lanes);
	tcase_add_loop_test(tc, is_listed, 0, sizeof listings / sizeof *listings);
	tcase_add_loop_test(tc, does_not_take_too_much, 0, sizeof loads / sizeof *loads);
	tcase_add_test(tc, gives_a_busy_machine_time);
	return s;
}
