/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* what a child that became NORMALUSER, or stayed who it was, has to tell */
struct told {
	int result;
	struct err e;
	uid_t uid;
	bool back; /* it could become root again */
};

static struct told
drop_in_child(const struct config *c, bool write_too)
{
	struct told t = { 0 };
	int ends[2], status;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child == 0) {
		t.result = config_drop_root(c, write_too, &t.e);
		t.uid = getuid();
		t.back = geteuid() != 0 && seteuid(0) == 0;
		_exit(write(ends[1], &t, sizeof t) != (ssize_t)sizeof t);
	}
	close(ends[1]);
	ck_assert_int_eq(read(ends[0], &t, sizeof t), sizeof t);
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	return t;
}

/* who we would become */
static struct config
config_for(struct arena *a)
{
	const struct passwd *pw = getpwnam("nobody");
	bool root = geteuid() == 0;

	ck_assert_ptr_nonnull(pw);
	ck_assert_int_eq(chmod(test_dir(), 0755), 0); /* the harness makes it 0700 */
	return (struct config){
		.top = checkout_new(a),
		.output = arena_printf(a, "%s/a/output", test_dir()),
		.cache = arena_printf(a, "%s/b/cache", test_dir()),
		.normaluser = "nobody",
		.uid = root ? pw->pw_uid : getuid(),
		.gid = root ? pw->pw_gid : getgid(),
	};
}

START_TEST(folders_are_made_and_root_is_gone)
{
	struct arena *a = arena_new();
	struct config c = config_for(a);
	struct told t = drop_in_child(&c, true);
	struct stat st;

	ck_assert_msg(t.result == 0, "%s", t.e.msg);
	ck_assert_uint_eq(t.uid, c.uid);
	ck_assert(!t.back);
	ck_assert_int_eq(stat(c.output, &st), 0);
	ck_assert_uint_eq(st.st_uid, c.uid);
	ck_assert_uint_eq(st.st_mode & 07777, 0755);
	ck_assert_int_eq(stat(c.cache, &st), 0);
	ck_assert_uint_eq(st.st_uid, c.uid);
	/* the way there is nobody's business */
	ck_assert_int_eq(stat(arena_printf(a, "%s/a", test_dir()), &st), 0);
	ck_assert_uint_eq(st.st_uid, geteuid());
	/* and once more, with what is there now */
	t = drop_in_child(&c, true);
	ck_assert_msg(t.result == 0, "%s", t.e.msg);
	arena_free(a);
}
END_TEST

START_TEST(looking_makes_nothing)
{
	struct arena *a = arena_new();
	struct config c = config_for(a);
	struct told t = drop_in_child(&c, false);

	ck_assert_msg(t.result == 0, "%s", t.e.msg);
	ck_assert_uint_eq(t.uid, c.uid);
	ck_assert(!file_exists(arena_printf(a, "%s/a", test_dir())));
	arena_free(a);
}
END_TEST

START_TEST(a_closed_folder_is_named)
{
	struct arena *a = arena_new();
	struct config c = config_for(a);
	char *closed = arena_printf(a, "%s/closed", test_dir());
	const char *who = geteuid() == 0 ? "nobody" : "this user";
	struct told t;

	ck_assert_int_eq(mkdir(closed, 0000), 0);
	c.output = arena_printf(a, "%s/x/out", closed);
	t = drop_in_child(&c, true);
	ck_assert_int_eq(t.result, -1);
	ck_assert_str_eq(t.e.msg,
	    arena_printf(a, "OUTPUT %s: %s may not enter %s; chmod o+x %s, or move elsewhere",
		c.output, who, closed, closed));
	ck_assert_int_eq(t.e.code, EXIT_USAGE);
	ck_assert(!file_exists(c.cache)); /* nothing was made */

	/* it does not matter to who only looks */
	t = drop_in_child(&c, false);
	ck_assert_msg(t.result == 0, "%s", t.e.msg);
	ck_assert_int_eq(chmod(closed, 0755), 0);
	arena_free(a);
}
END_TEST

START_TEST(a_folder_of_somebody_else_stays_theirs)
{
	struct arena *a = arena_new();
	struct config c = config_for(a);
	struct stat st;
	struct told t;

	checkout_file(a, c.output, "theirs", "");
	if (geteuid() != 0)
		ck_assert_int_eq(chmod(c.output, 0555), 0);
	t = drop_in_child(&c, true);
	ck_assert_int_eq(t.result, -1);
	ck_assert_str_eq(t.e.msg,
	    arena_printf(a, "OUTPUT %s: %s may not write to it; chown it, or name another folder",
		c.output, geteuid() == 0 ? "nobody" : "this user"));
	ck_assert_int_eq(stat(c.output, &st), 0);
	ck_assert_uint_eq(st.st_uid, geteuid());
	ck_assert_int_eq(chmod(c.output, 0755), 0);
	arena_free(a);
}
END_TEST

/* what others may write to could hold anything by the time it is used */
START_TEST(a_folder_that_others_may_change_is_refused)
{
	struct arena *a = arena_new();
	struct config c = config_for(a);
	struct told t;

	ck_assert_int_eq(drop_in_child(&c, true).result, 0);
	ck_assert_int_eq(chmod(c.cache, 0777), 0);
	t = drop_in_child(&c, true);
	ck_assert_int_eq(t.result, -1);
	ck_assert_str_eq(t.e.msg,
	    arena_printf(a,
		"CACHE %s: others may change what is in it; chmod go-w it, or name another folder",
		c.cache));
	ck_assert_int_eq(t.e.code, EXIT_USAGE);
	ck_assert_int_eq(chmod(c.cache, 0775), 0); /* its group is this user's own */
	ck_assert_int_eq(drop_in_child(&c, true).result, 0);
	if (geteuid() == 0) {
		checkout_file(a, c.output, "theirs", "");
		ck_assert_int_eq(chown(c.output, 12345, (gid_t)-1), 0);
		ck_assert_int_eq(chmod(c.output, 0777), 0);
		t = drop_in_child(&c, true);
		ck_assert_int_eq(t.result, -1);
		ck_assert_str_eq(t.e.msg, arena_printf(a,
					      "OUTPUT %s: belongs to user 12345, who may change "
					      "what is in it; chown it, or "
					      "name another folder",
					      c.output));
	}
	arena_free(a);
}
END_TEST

Suite *
droproot_suite(void)
{
	return suite_of(
	    "droproot", (const TTest *[]){ folders_are_made_and_root_is_gone, looking_makes_nothing,
			    a_closed_folder_is_named, a_folder_of_somebody_else_stays_theirs,
			    a_folder_that_others_may_change_is_refused, NULL });
}
