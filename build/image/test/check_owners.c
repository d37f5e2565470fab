/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/image/tree.h"
#include "build/test/suites.h"

#include <string.h>

/* two small filesystems */
static const struct {
	const char *fs, *path;
	enum entry_type type;
	mode_t mode;
} entries[] = {
	{ "rootfs", "bin", ENTRY_DIR, 0755 },
	{ "rootfs", "bin/busybox", ENTRY_FILE, 0755 },
	{ "rootfs", "bin/su", ENTRY_LINK, 0777 },
	{ "rootfs", "etc", ENTRY_DIR, 0755 },
	{ "rootfs", "etc/shadow", ENTRY_FILE, 0644 },
	{ "rootfs", "tmp", ENTRY_DIR, 01777 },
	{ "rwfs", "log", ENTRY_DIR, 0755 },
	{ "rwfs", "log/klogd", ENTRY_DIR, 0755 },
	{ "rwfs", "log/sshd", ENTRY_DIR, 0755 },
	{ "rwfs", "log/sshd/current", ENTRY_FILE, 0644 },
	{ "rwfs", "log/.hidden", ENTRY_FILE, 0644 },
};

struct world {
	struct arena *a;
	struct tree t[2], *trees[2];
};

static struct world
world(void)
{
	struct world w = { .a = arena_new() };
	struct err e = { 0 };

	tree_init(w.a, "rootfs", &w.t[0]);
	tree_init(w.a, "rwfs", &w.t[1]);
	for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
		tree_push(&w.t[strcmp(entries[i].fs, "rwfs") == 0],
		    &(struct entry){ .path = entries[i].path,
			.type = entries[i].type,
			.mode = entries[i].mode,
			.from = "/dev/null",
			.target = "busybox",
			.package = "busybox" });
	ck_assert_int_eq(tree_sort(&w.t[0], &e), 0);
	ck_assert_int_eq(tree_sort(&w.t[1], &e), 0);
	return w;
}

/* the file is called owners in the messages */
static int
apply(struct world *w, const char *text, const char *profile, struct err *e)
{
	char *path = arena_printf(w->a, "%s/owners", test_dir());
	int r;

	/* not in the returned struct: it may have moved */
	w->trees[0] = &w->t[0];
	w->trees[1] = &w->t[1];
	ck_assert_int_eq(file_write(path, text, strlen(text), 0644, e), 0);
	r = owners_apply(w->a, (const char *[]){ path }, 1, profile, w->trees, 2, e);
	if (r < 0 && !strncmp(e->msg, test_dir(), strlen(test_dir())))
		memmove(
		    e->msg, e->msg + strlen(test_dir()) + 1, strlen(e->msg) - strlen(test_dir()));
	return r;
}

static char *
show(struct world *w, int fs, const char *path)
{
	const struct entry *n = tree_find(&w->t[fs], path);

	return arena_printf(
	    w->a, "%u:%u %04o", (unsigned)n->uid, (unsigned)n->gid, (unsigned)n->mode);
}

static const char good[] = "# who owns what\n"
			   "rootfs:/            0:1    0751\n"
			   "rootfs:/bin/busybox 0:0    4755   minimal # su needs it\n"
			   "rootfs:/bin/su      3:4    0755\n"
			   "rootfs:/etc/shadow  0:42   640\n"
			   "rwfs:/log/*         102:61 02700  # s6-log\n"
			   "rwfs:/log/*/cur*t   103:62 0600\n";

START_TEST(applies)
{
	struct world w = world();
	struct err e = { 0 };

	ck_assert_msg(apply(&w, good, "s6", &e) == 0, "%s", e.msg);
	ck_assert_str_eq(show(&w, 0, ""), "0:1 0751");
	ck_assert_str_eq(show(&w, 0, "bin"), "0:0 0755");
	ck_assert_str_eq(show(&w, 0, "bin/busybox"), "0:0 0755");
	ck_assert_str_eq(show(&w, 0, "bin/su"), "3:4 0777");
	ck_assert_str_eq(show(&w, 0, "etc/shadow"), "0:42 0640");
	ck_assert_str_eq(show(&w, 0, "tmp"), "0:0 1777");
	ck_assert_str_eq(show(&w, 1, "log"), "0:0 0755");
	ck_assert_str_eq(show(&w, 1, "log/klogd"), "102:61 2700");
	ck_assert_str_eq(show(&w, 1, "log/.hidden"), "102:61 2700");
	ck_assert_str_eq(show(&w, 1, "log/sshd"), "102:61 2700");
	ck_assert_str_eq(show(&w, 1, "log/sshd/current"), "103:62 0600");
	arena_free(w.a);
}
END_TEST

START_TEST(line_for_one_profile)
{
	struct world w = world();
	struct err e = { 0 };

	ck_assert_msg(apply(&w, good, "minimal", &e) == 0, "%s", e.msg);
	ck_assert_str_eq(show(&w, 0, "bin/busybox"), "0:0 4755");
	/* another profile's line may match nothing here */
	ck_assert_msg(
	    apply(&w, "rootfs:/none 0:0 0755 s6\n", "minimal", &e) == -1, "nothing was wrong");
	ck_assert_str_eq(e.msg, "owners: rootfs:/bin/busybox from busybox is setuid: if that is "
				"intended, add the line \"rootfs:/bin/busybox 0:0 4755\"");
	arena_free(w.a);
}
END_TEST

/* lines may repeat what others say, not contradict it */
START_TEST(agreement_is_fine)
{
	struct world w = world();
	struct err e = { 0 };

	ck_assert_msg(apply(&w, "rwfs:/log/* 1:1 0750\nrwfs:/log/sshd 1:1 0750\n", "s6", &e) == 0,
	    "%s", e.msg);
	arena_free(w.a);
}
END_TEST

static const struct {
	const char *text, *message;
	int code;
} wrong[] = {
	{ "rwfs:/log/none 0:0 0755\n",
	    "owners:1: rwfs:/log/none: matches nothing in the image; remove the line or correct "
	    "the path",
	    EXIT_USAGE },
	{ "\nrwfs:/log/*/*/* 0:0 0755\n",
	    "owners:2: rwfs:/log/*/*/*: matches nothing in the image; remove the line or correct "
	    "the path",
	    EXIT_USAGE },
	{ "rwfs:/log* 0:0 0755\nrwfs:/log/ 0:0 0755\n",
	    "owners:2: rwfs:/log/: matches nothing in the image; remove the line or correct the "
	    "path",
	    EXIT_USAGE },
	{ "rwfs:/log/* 1:1 0750\nrwfs:/log/sshd 1:2 0750\n",
	    "owners:2: rwfs:/log/sshd: line 1 says 1:1 0750", EXIT_USAGE },
	{ "rwfs:/log/sshd 1:1 0750\nrwfs:/log/s* 1:1 0700\n",
	    "owners:2: rwfs:/log/sshd: line 1 says 1:1 0750", EXIT_USAGE },
	{ "rwfs:/log\n", "owners:1: needs FS:/PATH UID:GID MODE [PROFILE]", EXIT_USAGE },
	{ "rwfs:/log 0:0 0755 s6 x\n", "owners:1: needs FS:/PATH UID:GID MODE [PROFILE]",
	    EXIT_USAGE },
	{ "/log 0:0 0755\n", "owners:1: /log: not FS:/PATH, such as rootfs:/bin/su", EXIT_USAGE },
	{ "rwfs:log 0:0 0755\n", "owners:1: rwfs:log: not FS:/PATH, such as rootfs:/bin/su",
	    EXIT_USAGE },
	{ "boot:/log 0:0 0755\n", "owners:1: boot: no such filesystem", EXIT_USAGE },
	{ "rwfs:/log root:root 0755\n",
	    "owners:1: root:root: not UID:GID, two numbers from 0 to 65534", EXIT_USAGE },
	{ "rwfs:/log 0 0755\n", "owners:1: 0: not UID:GID, two numbers from 0 to 65534",
	    EXIT_USAGE },
	{ "rwfs:/log 0:65535 0755\n", "owners:1: 0:65535: not UID:GID, two numbers from 0 to 65534",
	    EXIT_USAGE },
	{ "rwfs:/log 0:0 0785\n", "owners:1: 0785: not a mode, an octal number up to 7777",
	    EXIT_USAGE },
	{ "rwfs:/log 0:0 17777\n", "owners:1: 17777: not a mode, an octal number up to 7777",
	    EXIT_USAGE },
	{ "rwfs:/log 0:0 u+s\n", "owners:1: u+s: not a mode, an octal number up to 7777",
	    EXIT_USAGE },
	{ "rwfs:/log 0:0 0755 s7\n", "owners:1: s7: no such profile: s6 or minimal", EXIT_USAGE },
};

START_TEST(wrong_line)
{
	struct world w = world();
	struct err e = { 0 };

	ck_assert_int_eq(apply(&w, wrong[_i].text, "s6", &e), -1);
	ck_assert_str_eq(e.msg, wrong[_i].message);
	ck_assert_int_eq(e.code, wrong[_i].code);
	arena_free(w.a);
}
END_TEST

static const struct {
	const char *path;
	mode_t mode;
	const char *message; /* NULL: harmless */
} unspoken[] = {
	{ "bin/busybox", 04755,
	    "owners: rootfs:/bin/busybox from busybox is setuid: if that is intended, add the line "
	    "\"rootfs:/bin/busybox 0:0 4755\"" },
	{ "bin/busybox", 02755,
	    "owners: rootfs:/bin/busybox from busybox is setgid: if that is intended, add the line "
	    "\"rootfs:/bin/busybox 0:0 2755\"" },
	{ "etc/shadow", 0646,
	    "owners: rootfs:/etc/shadow from busybox is writable by everyone: if that is intended, "
	    "add the line \"rootfs:/etc/shadow 0:0 0646\"" },
	{ "etc", 0777,
	    "owners: rootfs:/etc from busybox is writable by everyone: if that is intended, add "
	    "the line \"rootfs:/etc 0:0 0777\"" },
	{ "etc", 02755,
	    "owners: rootfs:/etc from busybox is setgid: if that is intended, add the line "
	    "\"rootfs:/etc 0:0 2755\"" },
	{ "etc/shadow", 01666,
	    "owners: rootfs:/etc/shadow from busybox is writable by everyone: if that is intended, "
	    "add the line \"rootfs:/etc/shadow 0:0 1666\"" },
	{ "etc", 01777, NULL },
	{ "etc", 0775, NULL },
};

START_TEST(danger_without_a_line)
{
	struct world w = world();
	struct err e = { 0 };

	tree_find(&w.t[0], unspoken[_i].path)->mode = unspoken[_i].mode;
	ck_assert_int_eq(apply(&w, "", "s6", &e), unspoken[_i].message ? -1 : 0);
	ck_assert_str_eq(e.msg, unspoken[_i].message ? unspoken[_i].message : "");
	/* a line that says so settles it */
	ck_assert_int_eq(apply(&w,
			     arena_printf(w.a, "rootfs:/%s 0:0 %04o\n", unspoken[_i].path,
				 (unsigned)unspoken[_i].mode),
			     "s6", &e),
	    0);
	arena_free(w.a);
}
END_TEST

Suite *
owners_suite(void)
{
	Suite *s = suite_of(
	    "owners", (const TTest *[]){ applies, line_for_one_profile, agreement_is_fine, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, wrong_line, 0, sizeof wrong / sizeof *wrong);
	tcase_add_loop_test(tc, danger_without_a_line, 0, sizeof unspoken / sizeof *unspoken);
	return s;
}
