/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/edit.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/digest.h"
#include "build/files/manifest.h"
#include "verify/test/suites.h"

#include <string.h>

#define MIB 1048576

/* a script with the test's folder as working directory; what it prints */
static const char *
sh(struct arena *a, const char *script)
{
	struct argv v = { .a = a };
	struct child_opts o = { .dir = test_dir() };
	struct buf b = { 0 };
	struct err e = { 0 };
	const char *said;
	int status;

	argv_pushv(
	    &v, "/bin/sh", "-euc", arena_printf(a, "PATH=$PATH:/sbin:/usr/sbin\n%s", script), NULL);
	ck_assert_msg(child_run(v.v, &o, &b, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "%s: %s", script, b.p);
	said = arena_strndup(a, b.n ? b.p : "", b.n);
	buf_free(&b);
	return said;
}

/* a disk with a filesystem behind 1 MiB, and a swap area behind 9 */
static void
make_disk(struct arena *a)
{
	sh(a, "umask 022; mkdir -p t/etc; printf 'one\\ntwo\\nthree' >t/etc/f; ln -s f t/etc/link\n"
	      "truncate -s 12M disk; truncate -s 2M swap\n"
	      "mke2fs -q -F -t ext4 -L root -E offset=1048576 -d t disk 8M\n"
	      "debugfs -w -R 'sif etc/f uid 0' 'disk?offset=1048576' 2>/dev/null\n"
	      "debugfs -w -R 'sif etc/f gid 0' 'disk?offset=1048576' 2>/dev/null\n"
	      "mkswap -q -L swap swap; dd if=swap of=disk bs=1M seek=9 conv=notrunc 2>/dev/null");
}

/* a kind, and what more it needs */
#define FILE_EDIT(...)                                                                             \
	{                                                                                          \
		.fs = "rootfs", .file = "/etc/f", .mode = 0640, .uid = 5, .gid = 7,                \
		.kind = __VA_ARGS__                                                                \
	}

/* IMG is the filesystem, in debugfs's words */
#define CAT "debugfs -R 'cat /etc/f' IMG 2>/dev/null"
#define STAT                                                                                       \
	"debugfs -R 'stat /etc/f' IMG 2>/dev/null | grep -Eo '(Mode|User|Group): *[0-9]+' | tr "   \
	"-d ' \\n'"
#define SUPER "dumpe2fs -h IMG 2>/dev/null | grep -Eo 'name: .*' | tr -s ' '"

static const struct {
	struct edit edit;
	const char *script, *says;
} edits[] = {
	{ FILE_EDIT(EDIT_PUT, .text = "x"), CAT, "x" },
	{ { .kind = EDIT_ADD, .fs = "rootfs", .file = "/etc/new", .mode = 0600, .text = "x" },
	    "debugfs -R 'cat /etc/new' IMG 2>/dev/null", "x" },
	{ FILE_EDIT(EDIT_LINE, .at = 2), CAT, "one\nthree" },
	{ FILE_EDIT(EDIT_LINE, .at = 2, .text = "2"), CAT, "one\n2\nthree" },
	{ FILE_EDIT(EDIT_LINE, .at = 3), CAT, "one\ntwo\n" },
	{ FILE_EDIT(EDIT_LINE, .at = 1, .text = "1"), CAT, "1\ntwo\nthree" },
	{ FILE_EDIT(EDIT_INSERT, .at = 1, .text = "x\ny\n"), CAT, "one\nx\ny\ntwo\nthree" },
	{ FILE_EDIT(EDIT_INSERT, .at = 3, .text = "x\n"), CAT, "one\ntwo\nthree\nx\n" },
	{ FILE_EDIT(EDIT_BYTES, .offset = 4, .text = "TW", .n = 2), CAT, "one\nTWo\nthree" },
	{ FILE_EDIT(EDIT_LINE, .at = 2), STAT, "Mode:0640User:0Group:0" },
	{ FILE_EDIT(EDIT_PUT, .text = "x"), STAT, "Mode:0640User:0Group:0" },
	{ FILE_EDIT(EDIT_SET), STAT, "Mode:0640User:5Group:7" },
	{ FILE_EDIT(EDIT_SET), CAT, "one\ntwo\nthree" },
	{ FILE_EDIT(EDIT_REMOVE),
	    "debugfs -R 'ls -p /etc' IMG 2>/dev/null | grep -c /f/ || :", "0\n" },
	{ { .kind = EDIT_LABEL, .fs = "rootfs", .text = "nobody" }, SUPER, "name: nobody\n" },
	{ { .kind = EDIT_READ_ONLY, .fs = "rootfs" },
	    "dumpe2fs -h IMG 2>/dev/null | grep -Eo 'features:.*' | tr ' ' '\\n' | grep -x "
	    "read-only",
	    "read-only\n" },
	{ { .kind = EDIT_WIPE, .fs = "rootfs" }, "dumpe2fs -h IMG 2>&1 | grep -c 'Bad magic'",
	    "1\n" },
	{ { .kind = EDIT_LABEL, .fs = "swap", .text = "nobody" },
	    "dd if=copy bs=1M skip=9 2>/dev/null >s; blkid -p -s LABEL -o value s", "nobody\n" },
	{ { .kind = EDIT_WIPE, .fs = "swap" },
	    "dd if=copy bs=1M skip=9 2>/dev/null >s; blkid -p s || echo none", "none\n" },
	{ { .kind = EDIT_POKE, .fs = "swap", .was = "SWAPSPACE2", .text = "SWAPSPACE3", .n = 10 },
	    "dd if=copy bs=1M skip=9 2>/dev/null >s; blkid -p s || echo none; grep -c SWAPSPACE3 s",
	    "none\n1\n" },
};

static struct man_part parts[] = { { "rootfs", "ext4", MIB, 8 * MIB, "" },
	{ "swap", "swap", 9 * MIB, 2 * MIB, "" }, { "empty", "ext4", 11 * MIB, MIB, "" },
	{ "behind", "ext4", 12 * MIB, MIB, "" } };
static const struct manifest m = { .parts = parts, .nparts = 4 };

/* IMG stands for the filesystem in the copy */
static const char *
named(struct arena *a, const char *script)
{
	const char *at = strstr(script, "IMG");

	return at ? arena_printf(
			a, "%.*s'copy?offset=1048576'%s", (int)(at - script), script, at + 3)
		  : script;
}

START_TEST(does)
{
	struct arena *a = arena_new();
	const char *disk = arena_printf(a, "%s/disk", test_dir()),
		   *copy = arena_printf(a, "%s/copy", test_dir());
	char before[DIGEST_HEX], after[DIGEST_HEX];
	struct err e = { 0 };

	make_disk(a);
	ck_assert_int_eq(digest_disk(disk, before, &e), 0);
	ck_assert_msg(edit_copy(&edits[_i].edit, 1, &m, disk, copy, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(sh(a, named(a, edits[_i].script)), edits[_i].says);
	/* the filesystem is as sound as before, but for one that is gone */
	if (edits[_i].edit.kind != EDIT_WIPE)
		sh(a, named(a, "e2fsck -fn IMG >e2fsck 2>&1"));
	ck_assert_int_eq(digest_disk(disk, after, &e), 0);
	ck_assert_str_eq(before, after);
	arena_free(a);
}
END_TEST

#define UUID "ffffffff-0123-4567-89ab-cdefffffffff"

/* both copies of the table, as others read it */
START_TEST(another_uuid)
{
	static struct man_part part = { "rootfs", "ext4", MIB, 2 * MIB, "" };
	static const struct manifest one = { .parts = &part, .nparts = 1 };
	static const struct edit edit = { .kind = EDIT_UUID, .fs = "rootfs", .text = UUID };
	struct arena *a = arena_new();
	const char *disk = arena_printf(a, "%s/disk", test_dir()),
		   *copy = arena_printf(a, "%s/copy", test_dir());
	struct err e = { 0 };

	sh(a, "truncate -s 8M disk; printf 'label: gpt\\nstart=2048, size=4096\\n' | "
	      "/sbin/sfdisk -q disk");
	ck_assert_msg(edit_copy(&edit, 1, &one, disk, copy, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(sh(a, "/sbin/sgdisk -v copy | grep -c 'No problems found'"), "1\n");
	ck_assert_str_eq(sh(a, "/sbin/sfdisk --part-uuid copy 1 | tr A-Z a-z"), UUID "\n");
	part.start = 2 * MIB;
	ck_assert_int_eq(edit_copy(&edit, 1, &one, disk, copy, &e), -1);
	ck_assert_ptr_nonnull(strstr(e.msg, ": no partition begins at 2097152"));
	arena_free(a);
}
END_TEST

#define NOTHING ": is so already: nothing would be broken"
/* with the permissions and the owner that /etc/f has */
#define AS_IT_IS(...)                                                                              \
	{                                                                                          \
		.fs = "rootfs", .file = "/etc/f", .mode = 0644, .kind = __VA_ARGS__                \
	}

static const struct {
	struct edit edit;
	const char *message; /* its end */
} refused[] = {
	{ FILE_EDIT(EDIT_LINE, .at = 4), "/etc/f: has no line 4" },
	{ FILE_EDIT(EDIT_BYTES, .offset = 12, .text = "TW", .n = 2), "/etc/f: has only 13 bytes" },
	{ { .kind = EDIT_REMOVE, .fs = "extra", .file = "/x" },
	    "the image has no partition extra" },
	{ { .kind = EDIT_REMOVE, .fs = "swap", .file = "/x" }, "swap: has no files" },
	{ { .kind = EDIT_LABEL, .fs = "rootfs", .text = "longer than it may be" },
	    "label longer than it may be: longer than 16 bytes" },
	/* the image itself is no mutant */
	{ { .kind = EDIT_PUT, .fs = "rootfs", .file = "/etc/g", .text = "x" },
	    "/etc/g: there is no such file" },
	{ { .kind = EDIT_REMOVE, .fs = "rootfs", .file = "/etc/g" },
	    "/etc/g: there is no such file" },
	{ { .kind = EDIT_SET, .fs = "rootfs", .file = "/etc/g" }, "/etc/g: there is no such file" },
	{ FILE_EDIT(EDIT_ADD, .text = "x"), "/etc/f: is there already, and not to be added" },
	{ { .kind = EDIT_PUT, .fs = "rootfs", .file = "/etc/link", .text = "x" },
	    "/etc/link: is a symlink, to f; remove it, and add a file" },
	{ AS_IT_IS(EDIT_PUT, .text = "one\ntwo\nthree"), "/etc/f" NOTHING },
	{ AS_IT_IS(EDIT_LINE, .at = 2, .text = "two"), "/etc/f" NOTHING },
	{ AS_IT_IS(EDIT_INSERT, .at = 1, .text = ""), "/etc/f" NOTHING },
	{ AS_IT_IS(EDIT_BYTES, .offset = 4, .text = "tw", .n = 2), "/etc/f" NOTHING },
	{ AS_IT_IS(EDIT_SET), "/etc/f" NOTHING },
	{ { .kind = EDIT_LABEL, .fs = "rootfs", .text = "root" }, "rootfs" NOTHING },
	{ { .kind = EDIT_LABEL, .fs = "swap", .text = "swap" }, "swap" NOTHING },
	{ { .kind = EDIT_WIPE, .fs = "empty" }, "empty" NOTHING },
	{ { .kind = EDIT_WIPE, .fs = "behind" }, "copy: ends within partition behind" },
	{ { .kind = EDIT_POKE, .fs = "swap", .was = "nowhere", .text = "NOWHERE", .n = 7 },
	    "swap: these bytes are nowhere in it" },
	{ { .kind = EDIT_UUID, .fs = "swap", .text = "" }, "swap" NOTHING },
	{ { .kind = EDIT_UUID, .fs = "swap", .text = "0123" }, "0123: not a UUID" },
	{ { .kind = EDIT_UUID, .fs = "swap", .text = UUID },
	    "no GPT of the usual size at sector 1" },
	{ FILE_EDIT(EDIT_LINE, .at = 4, .path = "case", .line = 3),
	    "case:3: /etc/f: has no line 4" },
};

START_TEST(refuses)
{
	struct arena *a = arena_new();
	const char *disk = arena_printf(a, "%s/disk", test_dir()),
		   *copy = arena_printf(a, "%s/copy", test_dir());
	size_t n = strlen(refused[_i].message);
	struct err e = { 0 };

	make_disk(a);
	ck_assert_int_eq(edit_copy(&refused[_i].edit, 1, &m, disk, copy, &e), -1);
	ck_assert_msg(strlen(e.msg) >= n, "%s", e.msg);
	ck_assert_str_eq(e.msg + strlen(e.msg) - n, refused[_i].message);
	arena_free(a);
}
END_TEST

Suite *
edit_suite(void)
{
	Suite *s = suite_create("edit");

	tcase_add_loop_test(harness_case(s, "does"), does, 0, sizeof edits / sizeof *edits);
	tcase_add_test(harness_case(s, "uuid"), another_uuid);
	tcase_add_loop_test(
	    harness_case(s, "refuses"), refuses, 0, sizeof refused / sizeof *refused);
	return s;
}
