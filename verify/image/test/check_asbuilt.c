/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/asbuilt.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/filetable.h"
#include "build/files/manifest.h"
#include "verify/test/suites.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OFFSET 1048576
#define BYTES "#!/bin/sh\n"
#define OTHER "#!/bin/zh\n"

static void
sh(struct arena *a, const char *script)
{
	struct argv v = { .a = a };
	struct buf out = { 0 };
	struct err e = { 0 };
	int status;

	argv_pushv(&v, "/bin/sh", "-euc", NULL);
	argv_pushf(&v, "PATH=$PATH:/sbin:/usr/sbin; umask 022; cd %s; %s", test_dir(), script);
	ck_assert_msg(child_run(v.v, NULL, &out, &status, &e) == 0, "%s", e.msg);
	ck_assert_msg(status == 0, "%s", out.n ? out.p : script);
	buf_free(&out);
}

/* the table of an image that is as it should be */
static void
write_table(struct arena *a, const char *rows, char hex[DIGEST_HEX])
{
	const char *path = arena_printf(a, "%s/files", test_dir());
	char sum[DIGEST_HEX];
	struct buf b = { 0 };
	struct err e;
	struct filetable_row v[] = {
		{ "rootfs:/", S_IFDIR | 0755, .package = "lh-build" },
		{ "rootfs:/dev", S_IFDIR | 0755, .package = "layout" },
		{ "rootfs:/dev/null", S_IFCHR | 0666, .major = 1, .minor = 3, .package = "layout" },
		{ "rootfs:/etc", S_IFDIR | 0755, .package = "layout" },
		{ "rootfs:/etc/link", S_IFLNK | 0777, .target = "script", .package = "layout" },
		{ "rootfs:/etc/script", S_IFREG | 0755, 5, 70000, .size = sizeof BYTES - 1,
		    .sha256 = sum, .package = "layout" },
		{ "rootfs:/lost+found", S_IFDIR | 0700, .package = "lh-build" },
	};

	digest_bytes(BYTES, sizeof BYTES - 1, sum);
	filetable_begin(&b);
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		filetable_add(&b, &v[i]);
	buf_adds(&b, rows);
	ck_assert_int_eq(file_write(path, b.p, b.n, 0644, &e), 0);
	ck_assert_int_eq(digest_file(path, hex, &e), 0);
	buf_free(&b);
}

static void
make_image(struct arena *a, const char *script, const char *debugfs)
{
	sh(a,
	    arena_printf(a,
		"mkdir -p t/etc t/dev; printf '" BYTES "' >t/etc/script; chmod 755 t/etc/script; "
		"ln -s script t/etc/link; cd t; %s; cd ..; truncate -s 9M img; mke2fs -q -F -t "
		"ext4 -L rootfs -E offset=1048576,root_owner=0:0 -d t img 8M; (cd t && find . "
		"-mindepth 1 -printf 'sif %%P uid 0\\nsif %%P gid 0\\n') >commands; echo 'sif "
		"etc/script uid 5\nsif etc/script gid 70000\ncd "
		"dev\nmknod null c 1 3\nsif null mode 020666\ncd /\n%s' >>commands; debugfs -w -f "
		"commands 'img?offset=1048576'",
		script, debugfs));
}

struct told {
	struct arena *a;
	const char **v;
	size_t n;
};

static void
on_found(void *arg, const char *what)
{
	struct told *t = arg;

	t->v = arena_more(t->a, t->v, t->n, sizeof *t->v);
	t->v[t->n++] = arena_strdup(t->a, what);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct man_part part = { "rootfs", "ext4", OFFSET, 8 << 20, "" };

static int
compare(struct arena *a, const char *sha256, struct told *t, size_t *looked, struct err *e)
{
	const struct manifest m = { .dir = test_dir(),
		.files = "files",
		.files_sha256 = sha256,
		.parts = &part,
		.nparts = 1 };
	const char *image = arena_printf(a, "%s/img", test_dir());
	int r, disk = open(image, O_RDONLY | O_CLOEXEC);
	char *table;

	*t = (struct told){ .a = a };
	r = asbuilt_open(a, &m, &table, e);
	if (r == 0)
		r = asbuilt_compare(a, &m, table, disk, image, on_found, t, looked, e);
	close(disk);
	if (t->n)
		qsort(t->v, t->n, sizeof *t->v, by_text);
	return r;
}

/* what is done to the image, before and after it is made; what the table has more; what is told */
static const struct {
	const char *script, *debugfs, *rows, *found;
	size_t looked;
} cases[] = {
	{ ":", "", "", "", 7 },
	/* the digests are written below */
	{ "printf '" OTHER "' >etc/script", "", "", "sha256", 7 },
	{ "echo >>etc/script", "", "", "rootfs:/etc/script: size: expected 10, found 11\n", 7 },
	{ "chmod 775 etc/script", "", "", "rootfs:/etc/script: mode: expected 0755, found 0775\n",
	    7 },
	{ ":", "sif etc/script uid 0", "", "rootfs:/etc/script: owner: expected 5, found 0\n", 7 },
	{ ":", "sif etc/script gid 4464", "",
	    "rootfs:/etc/script: group: expected 70000, found 4464\n", 7 },
	{ "chmod 700 etc", "", "", "rootfs:/etc: mode: expected 0755, found 0700\n", 7 },
	{ "ln -sf other etc/link", "", "",
	    "rootfs:/etc/link: target: expected script, found other\n", 7 },
	{ "rm etc/link; cp etc/script etc/link", "", "",
	    "rootfs:/etc/link: type: expected a symlink, found a file\n", 7 },
	{ "rm etc/link", "", "",
	    "rootfs:/etc/link: name: expected a symlink of layout, found none\n", 6 },
	{ "mkdir etc/a; : >etc/a/b", "", "",
	    "rootfs:/etc/a/b: name: expected none, found a file 0644 0:0\n"
	    "rootfs:/etc/a: name: expected none, found a folder 0755 0:0\n",
	    9 },
	{ ":", "cd dev\nrm null\nmknod null c 1 5\nsif null mode 020666", "",
	    "rootfs:/dev/null: device: expected 1:3, found 1:5\n", 7 },
	{ ":", "cd dev\nrm null\nmknod null b 1 3\nsif null mode 060666", "",
	    "rootfs:/dev/null: type: expected a character device, found a block device\n", 7 },
	{ ":", "cd dev\nrm null\nmknod null c 1 259\nsif null mode 020666", "",
	    "rootfs:/dev/null: device: expected 1:3, found 1:259\n", 7 },
	{ ":", "rmdir lost+found", "",
	    "rootfs:/lost+found: name: expected a folder of lh-build, found none\n", 6 },
	/* a second name grants what the first does, wherever it lies */
	{ "ln etc/script dev/hidden", "sif dev/hidden links_count 1", "",
	    "rootfs:/dev/hidden: name: expected none, found a file 0755 5:70000\n"
	    "rootfs:/etc/script: inode: expected its own, found that of /dev/hidden\n",
	    8 },
	{ ":", "sif etc/script links_count 2", "",
	    "rootfs:/etc/script: names: expected 1, found 2\n", 7 },
	{ "printf cap >../value", "ea_set -f value etc/script security.capability", "",
	    "rootfs:/etc/script: extended attributes: expected none, found security.capability\n",
	    7 },
	{ ":", "sif etc/script flags 0x80010", "",
	    "rootfs:/etc/script: flags: expected none, found immutable\n", 7 },
	{ ":", "sif etc/script flags 0x800a0", "",
	    "rootfs:/etc/script: flags: expected none, found append-only 0x80\n", 7 },
	{ ":", "ssv volume_name nobody", "", "rootfs: label: expected rootfs, found nobody\n", 7 },
	{ ":", "feature read-only", "",
	    "rootfs: filesystem: expected one to write to, found one that says it is only for "
	    "reading\n",
	    7 },
	/* a partition that is not there has lost its files, too */
	{ ":", "", "rwfs:/ 040755 0 0 - - lh-build\n",
	    "rwfs:/: name: expected a folder of lh-build, found none\n", 7 },
	/* what is told is a line, whatever it has */
	{ "ln -sfn \"$(printf 'a b\\nc\\377')\" etc/link", "", "",
	    "rootfs:/etc/link: target: expected script, found a\\040b\\012c\\377\n", 7 },
};

START_TEST(tells)
{
	struct arena *a = arena_new();
	char hex[DIGEST_HEX], right[DIGEST_HEX], wrong[DIGEST_HEX];
	const char *expected = cases[_i].found;
	struct buf b = { 0 };
	struct told t;
	size_t looked;
	struct err e;

	digest_bytes(BYTES, sizeof BYTES - 1, right);
	digest_bytes(OTHER, sizeof OTHER - 1, wrong);
	if (!strcmp(expected, "sha256"))
		expected = arena_printf(
		    a, "rootfs:/etc/script: sha256: expected %s, found %s\n", right, wrong);
	write_table(a, cases[_i].rows, hex);
	make_image(a, cases[_i].script, cases[_i].debugfs);
	ck_assert_msg(compare(a, hex, &t, &looked, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < t.n; i++)
		buf_addf(&b, "%s\n", t.v[i]);
	ck_assert_str_eq(b.n ? b.p : "", expected);
	ck_assert_uint_eq(looked, cases[_i].looked);
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* neither the table nor the image can be exchanged without the manifest */
START_TEST(is_bound)
{
	struct arena *a = arena_new();
	const char *path = arena_printf(a, "%s/files", test_dir());
	char hex[DIGEST_HEX], other[DIGEST_HEX];
	struct told t;
	size_t looked;
	char *table;
	struct err e;

	write_table(a, "", hex);
	make_image(a, ":", "");
	write_table(a, "rwfs:/ 040755 0 0 - - lh-build\n", other);
	ck_assert_int_eq(compare(a, hex, &t, &looked, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a,
		       "%s is not the table of its manifest: sha256 %.12s, expected %.12s; build "
		       "again",
		       path, other, hex));
	ck_assert_int_eq(compare(a, NULL, &t, &looked, &e), -1);
	ck_assert_str_eq(e.msg, "manifest: missing required key files-sha256, which has the digest "
				"of the table of files");
	ck_assert_int_eq(
	    asbuilt_open(a, &(const struct manifest){ .dir = test_dir() }, &table, &e), -1);
	ck_assert_str_eq(
	    e.msg, "manifest: missing required key files, which names the build's table of files");
	arena_free(a);
}
END_TEST

/* a guest writes logs and keys: nobody can say whether those are its own */
START_TEST(not_of_a_used_disk)
{
	struct arena *a = arena_new();
	char hex[DIGEST_HEX];
	struct told t;
	size_t looked;
	struct err e;

	write_table(a, "", hex);
	make_image(a, ":", "ssv mnt_count 1");
	ck_assert_int_eq(compare(a, hex, &t, &looked, &e), -1);
	ck_assert_str_eq(e.msg,
	    "rootfs: was mounted for writing since it was built, and the table of files is about "
	    "an image before its first boot; build again");
	arena_free(a);
}
END_TEST

Suite *
asbuilt_suite(void)
{
	Suite *s = suite_of("asbuilt", (const TTest *[]){ is_bound, not_of_a_used_disk, NULL });

	tcase_add_loop_test(harness_case(s, "tells"), tells, 0, sizeof cases / sizeof *cases);
	return s;
}
