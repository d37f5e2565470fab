/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/config/config.h"
#include "build/config/output.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct config
config_in(struct arena *a)
{
	return (struct config){ .top = test_dir(),
		.output = arena_printf(a, "%s/out", test_dir()),
		.triple = "x86_64-linux-musl",
		.use_dhcp = true };
}

/* makes folders and files of OUTPUT, ended by NULL */
static void
put(struct arena *a, const struct config *c, const char *const *rels)
{
	for (; *rels; rels++)
		checkout_file(a, c->output, *rels,
		    strcmp(*rels, "lock") ? "x" : "lh-build OUTPUT, process 1\n");
}

/* where another OUTPUT has an image there is no room for the links to ours */
START_TEST(no_folder_of_an_image)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	char *link = arena_printf(a, "%s/manifest", c.output);
	int lock;

	put(a, &c, (const char *const[]){ "manifest", NULL });
	ck_assert_int_eq(output_lock(a, &c, &lock, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a,
		"OUTPUT %s: is the folder of an image, in another OUTPUT; name another folder",
		c.output));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert_int_eq(unlink(link), 0);
	put(a, &c, (const char *const[]){ "lock", NULL });
	ck_assert_int_eq(symlink("x86_64-linux-musl/manifest", link), 0);
	ck_assert_msg(output_lock(a, &c, &lock, &e) == 0, "%s", e.msg);
	close(lock);
	arena_free(a);
}
END_TEST

/* a lock in it would be leave to clean it */
START_TEST(no_folder_of_others)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	int lock;

	c.cache = arena_printf(a, "%s/my/cache", c.output);
	put(a, &c,
	    (const char *const[]){
		"sources/a.tar", "lost+found/x", "credentials", "my/cache/x", "thesis.tex", NULL });
	ck_assert_int_eq(output_lock(a, &c, &lock, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(a,
		"OUTPUT %s: holds files of others, such as thesis.tex, and clean would remove "
		"them; name a folder used for nothing else",
		c.output));
	ck_assert_int_eq(e.code, EXIT_USAGE);
	ck_assert(!file_exists(arena_printf(a, "%s/lock", c.output)));
	ck_assert_int_eq(unlink(arena_printf(a, "%s/thesis.tex", c.output)), 0);
	/* what was put there beforehand, and a disk that is mounted there, is nobody's harm */
	ck_assert_msg(output_lock(a, &c, &lock, &e) == 0, "%s", e.msg);
	close(lock);
	arena_free(a);
}
END_TEST

START_TEST(one_builder_at_a_time)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	int lock, status;
	pid_t other;

	ck_assert_int_eq(file_mkdirs(c.output, 0755, &e), 0);
	ck_assert_msg(output_lock(a, &c, &lock, &e) == 0, "%s", e.msg);
	other = fork();
	if (other == 0) {
		int second;

		_exit(output_lock(a, &c, &second, &e) == -1 && e.code == EXIT_SYSTEM &&
			      !strcmp(e.msg, arena_printf(a,
						 "OUTPUT %s: in use by lh-build, process %ld; "
						 "wait for it, or set another OUTPUT",
						 c.output, (long)getppid()))
			  ? 0
			  : 1);
	}
	ck_assert_int_eq(waitpid(other, &status, 0), other);
	ck_assert_int_eq(status, 0);
	close(lock);
	/* what a killed one was writing goes, and nothing else */
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/credentials.lh-a1B2c3", c.output), "x", 1, 0600, &e), 0);
	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/notes.backup", c.output), "x", 1, 0600, &e), 0);
	put(a, &c,
	    (const char *const[]){ "T/keys/target-x.lh-a1B2c3", "T/keys/target-x.lh-a1B2c",
		"T/manifest.lh-a1B2c3", NULL });
	ck_assert_msg(output_lock(a, &c, &lock, &e) == 0, "%s", e.msg);
	ck_assert(!file_exists(arena_printf(a, "%s/credentials.lh-a1B2c3", c.output)));
	ck_assert(file_exists(arena_printf(a, "%s/notes.backup", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/T/keys/target-x.lh-a1B2c3", c.output)));
	ck_assert(file_exists(arena_printf(a, "%s/T/keys/target-x.lh-a1B2c", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/T/manifest.lh-a1B2c3", c.output)));
	close(lock);
	arena_free(a);
}
END_TEST

/* a lock whose file a distclean has removed, after it was opened, keeps nobody out */
START_TEST(a_lock_without_a_name)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	int lock, others = 0;

	ck_assert_int_eq(file_mkdirs(c.output, 0755, &e), 0);
	for (int i = 0; i < 4; i++) {
		pid_t pid = fork();

		for (int k = 0; pid == 0 && k < 300; k++) {
			struct stat held, named;

			if (output_lock(a, &c, &lock, &e) < 0)
				continue;
			if (fstat(lock, &held) < 0 ||
			    lstat(arena_printf(a, "%s/lock", c.output), &named) < 0 ||
			    held.st_ino != named.st_ino)
				_exit(1);
			unlink(arena_printf(a, "%s/lock", c.output));
			close(lock);
		}
		if (pid == 0)
			_exit(0);
	}
	for (int i = 0, status; i < 4; i++) {
		ck_assert_int_gt(wait(&status), 0);
		others += status != 0;
	}
	ck_assert_int_eq(others, 0);
	arena_free(a);
}
END_TEST

START_TEST(folders_of_the_two_modes)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);

	ck_assert_str_eq(
	    output_dir(a, &c, true), arena_printf(a, "%s/x86_64-linux-musl", c.output));
	ck_assert_str_eq(
	    output_dir(a, &c, false), arena_printf(a, "%s/x86_64-linux-musl/static", c.output));
	c.use_dhcp = false;
	ck_assert_str_eq(
	    output_dir(a, &c, false), arena_printf(a, "%s/x86_64-linux-musl", c.output));
	ck_assert_str_eq(
	    output_dir(a, &c, true), arena_printf(a, "%s/x86_64-linux-musl/dhcp", c.output));
	arena_free(a);
}
END_TEST

START_TEST(links)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	char *text;

	put(a, &c,
	    (const char *const[]){ "x86_64-linux-musl/kernel",
		"x86_64-linux-musl/rootfs/etc/passwd", "other/kernel", NULL });
	ck_assert_msg(output_link(a, &c, &e) == 0, "%s", e.msg);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "%s/rootfs/etc/passwd", c.output), &text, NULL, &e), 0);
	ck_assert(file_exists(arena_printf(a, "%s/kernel", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/manifest", c.output)));
	/* another triple: what it lacks is not linked to the old one */
	c.triple = "other";
	ck_assert_msg(output_link(a, &c, &e) == 0, "%s", e.msg);
	ck_assert(file_exists(arena_printf(a, "%s/kernel", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/rootfs", c.output)));
	arena_free(a);
}
END_TEST

START_TEST(cleaning)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };

	ck_assert_msg(output_clean(a, &c, true, &e) == 0, "%s", e.msg); /* there is none: fine */

	/* somebody else's folder */
	put(a, &c, (const char *const[]){ "thesis.tex", NULL });
	for (int all = 0; all < 2; all++) {
		ck_assert_int_eq(output_clean(a, &c, all, &e), -1);
		ck_assert_str_eq(e.msg, arena_printf(a,
					    "OUTPUT %s: was not created by lh-build: its "
					    "file `lock` is missing, or another's; remove it "
					    "yourself",
					    c.output));
		ck_assert_int_eq(e.code, EXIT_USAGE);
	}
	ck_assert(file_exists(arena_printf(a, "%s/thesis.tex", c.output)));

	put(a, &c,
	    (const char *const[]){ "lock", "sources/a.tar", "credentials",
		"x86_64-linux-musl/rootfs/bin/sh", "sourcesx", NULL });
	ck_assert_int_eq(chmod(arena_printf(a, "%s/x86_64-linux-musl/rootfs", c.output), 0555), 0);
	ck_assert_int_eq(symlink(test_dir(), arena_printf(a, "%s/link", c.output)), 0);
	checkout_file(a, test_dir(), "precious", "");
	ck_assert_msg(output_clean(a, &c, false, &e) == 0, "%s", e.msg);
	ck_assert(file_exists(arena_printf(a, "%s/sources/a.tar", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/sourcesx", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/credentials", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/x86_64-linux-musl", c.output)));
	ck_assert(!file_exists(arena_printf(a, "%s/link", c.output)));
	ck_assert(
	    file_exists(arena_printf(a, "%s/precious", test_dir()))); /* links are not followed */

	ck_assert_msg(output_clean(a, &c, true, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(test_entries(c.output), 0);
	arena_free(a);
}
END_TEST

/* whose folder it is when it has a file that is called `lock`, with that in it */
static const struct {
	const char *lock, *other; /* that is there */
	const char *why;	  /* of a build's refusal, or NULL */
	bool cleaned;
} locks[] = {
	{ "lh-build OUTPUT, process 1\n", "thesis.tex", NULL, true }, { "", "sub/x", "sub", false },
	{ "my own\n", "sub/x", "lock", false },
	{ "my own\n", "x86_64-linux-musl/keys/x", "lock", false },
	{ "", "x86_64-linux-musl", "x86_64-linux-musl", false },
	/* of earlier versions */
	{ "1234\n", "thesis.tex", "thesis.tex", false }, { "1234\n", "sources/a.tar", NULL, true },
	{ "1234\n", "x86_64-linux-musl/keys/x", NULL, true },
	{ "", "x86_64-linux-musl/keys/x", NULL, true }, /* a power cut left it so */
};

START_TEST(whose_lock)
{
	for (size_t i = 0; i < sizeof locks / sizeof *locks; i++) {
		struct arena *a = arena_new();
		struct config c = config_in(a);
		struct err e = { 0 };
		int lock;

		for (int built = 0; built < 2; built++) {
			ck_assert_int_eq(file_remove(c.output, &e), 0);
			put(a, &c, (const char *const[]){ locks[i].other, NULL });
			checkout_file(a, c.output, "lock", locks[i].lock);
			if (built)
				continue;
			ck_assert_int_eq(output_lock(a, &c, &lock, &e), locks[i].why ? -1 : 0);
			if (locks[i].why)
				ck_assert_ptr_nonnull(strstr(
				    e.msg, arena_printf(a, "such as %s, and", locks[i].why)));
			else
				close(lock);
		}
		ck_assert_int_eq(output_clean(a, &c, true, &e), locks[i].cleaned ? 0 : -1);
		ck_assert_uint_eq(test_entries(c.output), locks[i].cleaned ? 0 : 2);
		arena_free(a);
	}
}
END_TEST

/* what scripts and other programs make in an OUTPUT before anything is built in it */
START_TEST(made_before_the_first_build)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	int lock;

	put(a, &c,
	    (const char *const[]){
		"nights/lock", "bump/a-1.patch", "bisect/steps/x", "verify/results", NULL });
	ck_assert_msg(output_lock(a, &c, &lock, &e) == 0, "%s", e.msg);
	close(lock);
	arena_free(a);
}
END_TEST

START_TEST(nothing_is_cleaned_under_a_builder)
{
	struct arena *a = arena_new();
	struct config c = config_in(a);
	struct err e = { 0 };
	int lock;

	put(a, &c, (const char *const[]){ "lock", "kernel", NULL });
	ck_assert_int_eq(output_lock(a, &c, &lock, &e), 0);
	ck_assert_int_eq(output_clean(a, &c, true, &e), -1);
	ck_assert_int_eq(e.code, EXIT_SYSTEM);
	ck_assert(file_exists(arena_printf(a, "%s/kernel", c.output)));
	close(lock);
	arena_free(a);
}
END_TEST

Suite *
output_suite(void)
{
	return suite_of("output",
	    (const TTest *[]){ one_builder_at_a_time, no_folder_of_an_image, no_folder_of_others,
		a_lock_without_a_name, folders_of_the_two_modes, links, cleaning, whose_lock,
		made_before_the_first_build, nothing_is_cleaned_under_a_builder, NULL });
}
