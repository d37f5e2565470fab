/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/audit.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/test/suites.h"
#include "verify/test/tiny.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET 1048576

/* push ebp; mov ebp,esp; int 0x80 */
#define FINE "\x55\x89\xe5\xcd\x80"
#define BAD FINE "\x0f\x44\xc1"

static const struct tiny fine = { 32, ET_EXEC, EM_386, 0, 0, FINE, 5 };
static const struct tiny dynamic = { 32, ET_EXEC, EM_386, 0, PT_INTERP, FINE, 5 };
static const struct tiny shared = { 32, ET_EXEC, EM_386, 0, PT_DYNAMIC, "\1\0\0\0\0\0\0\0", 8 };
/* of type ET_DYN are both: programs that lie anywhere say so (DT_FLAGS_1, DF_1_PIE) */
static const struct tiny library = { 32, ET_DYN, EM_386, 0, PT_DYNAMIC, "\0\0\0\0\0\0\0\0", 8 };
static const struct tiny pie = { 32, ET_DYN, EM_386, 0, PT_DYNAMIC,
	"\xfb\xff\xff\x6f\0\0\0\x08\0\0\0\0\0\0\0", 16 };
static const struct tiny bare = { 32, ET_DYN, EM_386, 0, 0, FINE, 5 };
static const struct tiny relocatable = { 32, ET_REL, EM_386, 0, 0, FINE, 5 };
static const struct tiny foreign = { 64, ET_EXEC, EM_AARCH64, 0, 0, FINE "\0\0\0", 8 };
static const struct tiny newer = { 32, ET_EXEC, EM_386, 0, 0, BAD, 8 };

/* what is done to a good image, which check is asked, and what it finds */
static const struct {
	const char *check;
	const struct tiny *program; /* becomes /bin/x; NULL: there is only the good one */
	const char *script;	    /* in the folder that becomes the filesystem */
	size_t looked;
	const char *found; /* a line each */
} cases[] = {
	{ "static", NULL, ":", 1, "" },
	{ "static", &newer, ":", 2, "" },
	{ "static", NULL, "rm bin/good", 0, "" },
	{ "hardening", NULL, ":", 1,
	    "config: no-modules: has CONFIG_MODULES=y\nrootfs:/bin/good: has an executable "
	    "stack\nrootfs:/bin/good: has no segment that is read-only after "
	    "relocation\nrootfs:/bin/good: is not position-independent\n" },
	{ "static", NULL, "printf '\\177ELF' >etc/stub", 2,
	    "rootfs:/etc/stub: damaged: ELF header: cut off\n" },
	{ "static", &dynamic, ":", 2, "rootfs:/bin/x: is not static: U???? would load it\n" },
	{ "static", &shared, ":", 2, "rootfs:/bin/x: is not static: it needs 1 shared library\n" },
	{ "static", &relocatable, ":", 2, "rootfs:/bin/x: not a program, but ELF type 1\n" },
	{ "static", &library, ":", 2, "rootfs:/bin/x: is a shared library\n" },
	{ "static", &bare, ":", 2, "rootfs:/bin/x: is a shared library\n" },
	{ "static", &pie, ":", 2, "" },
	{ "static", &foreign, ":", 2, "rootfs:/bin/x: is ELF64 AARCH64, not ELF32 386\n" },
	{ "baseline", NULL, ":", 1, "" },
	{ "baseline", NULL, "rm bin/good", 0, "" },
	{ "baseline", &newer, ":", 2, "rootfs:/bin/x: 0x100c9: cmove eax, ecx\n" },
	{ "baseline", &newer, "mv bin/x bin/guarded", 2, "" },
	{ "baseline", &newer, "mv bin/x bin/other", 2,
	    "rootfs:/bin/other: 0x100c9: cmove eax, ecx\n" },
	{ "baseline", &foreign, ":", 1, "rootfs:/bin/x: is ELF64 AARCH64, not ELF32 386\n" },
	{ "modes", NULL, ":", 5, "" },
	{ "modes", NULL, "ln -s good bin/link; chmod 4755 bin/good", 6,
	    "rootfs:/bin/good: is setuid, 0:0 4755; layout/owners does not list it\n" },
	{ "modes", NULL, "chmod 2755 bin/good", 5,
	    "rootfs:/bin/good: is setgid, 0:0 2755; layout/owners does not list it\n" },
	{ "modes", NULL, "chmod 666 bin/good", 5,
	    "rootfs:/bin/good: is writable by everyone, 0:0 0666; layout/owners does not list "
	    "it\n" },
	{ "modes", NULL, "chmod 777 tmp", 5,
	    "rootfs:/tmp: is writable by everyone, 0:0 0777; expected 0:0 1777\n" },
	{ "modes", NULL,
	    "echo 'mknod dev c 1 3' >>../debugfs; echo 'sif dev mode 020644' >>../debugfs", 6,
	    "rootfs:/dev: is a device, 0:0 0644; layout/owners does not list it\n" },
	{ "modes", NULL,
	    "echo capability >../value; echo 'ea_set -f value bin/good security.capability' "
	    ">>../debugfs; echo 'ea_set etc user.b c' >>../debugfs; echo 'ea_set etc user.a c' "
	    ">>../debugfs",
	    5,
	    "rootfs:/bin/good: has the extended attributes security.capability; lh-build sets "
	    "none\nrootfs:/etc: has the extended attributes user.b user.a; lh-build sets none\n" },
	{ "paths", NULL, ":", 1, "" },
	{ "paths", NULL,
	    "ln -s /lh/work/x etc/a; ln -s ../home/me/out etc/b; ln -s /lh etc/c; ln -s /lhx "
	    "etc/d; "
	    "ln -s ../lib/alh etc/e",
	    6,
	    "rootfs:/etc/a: points to /lh/work/x, which is in /lh/\nrootfs:/etc/b: points to "
	    "../home/me/out, which is in /home/me/out/\nrootfs:/etc/c: points to /lh, which is in "
	    "/lh/\n" },
	{ "paths", NULL,
	    "echo in /lh/work >etc/a; echo lh/ /home/me/outside >etc/b; printf "
	    "'x\\0/home/me/out/y' >etc/c",
	    4, "rootfs:/etc/a: has /lh/ at byte 3\nrootfs:/etc/c: has /home/me/out/ at byte 2\n" },
	{ "files", NULL, ":", 5, "" },
	{ "files", NULL,
	    "touch etc/a.o etc/lib.a etc/x.la etc/x.pc etc/x.h etc/oh etc/x.ha; mkdir etc/d.h", 13,
	    "rootfs:/etc/a.o: is for compiling only\nrootfs:/etc/lib.a: is for compiling "
	    "only\nrootfs:/etc/x.h: is for compiling only\nrootfs:/etc/x.la: is for compiling "
	    "only\nrootfs:/etc/x.pc: is for compiling only\n" },
	{ "files", NULL, "touch etc/ed25519_host_key etc/ssh_host_rsa_key etc/hostkey", 8,
	    "rootfs:/etc/ed25519_host_key: is a host key, and each machine makes its own\n" },
	{ "files", NULL,
	    "touch etc/l.so etc/l.so.1 etc/l.so.1.2.3 etc/l.so.conf etc/l.so.so.4 etc/lso "
	    "etc/x.source; mkdir etc/d.so; ln -s l.so etc/s.so.6",
	    14,
	    "rootfs:/etc/l.so.1.2.3: is a shared library, which no static program "
	    "loads\nrootfs:/etc/l.so.1: is a shared library, which no static program "
	    "loads\nrootfs:/etc/l.so.so.4: is a shared library, which no static program "
	    "loads\nrootfs:/etc/l.so: is a shared library, which no static program "
	    "loads\nrootfs:/etc/s.so.6: is a shared library, which no static program loads\n" },
};

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

static void
put_program(struct arena *a, const char *name, const struct tiny *t)
{
	struct err e;
	size_t n;
	const char *bytes = tiny_elf(a, t, &n);

	ck_assert_int_eq(
	    file_write(arena_printf(a, "%s/t/bin/%s", test_dir(), name), bytes, n, 0755, &e), 0);
}

static struct man_part parts[] = { { "rootfs", "ext4", OFFSET, 8 << 20, "" },
	{ "swap", "swap", 0, 0, "" }, { "extra", "ext4", OFFSET, 8 << 20, "" } };
static struct man_special specials[] = { { "rootfs:/tmp", 0, 0, 01777 } };
static const char *paths[] = { "/lh/", "/home/me/out/" };

/* it is about that one, and not about the others */
static struct man_differs differs[] = {
#define LACKS(name)                                                                                \
	{                                                                                          \
		"hardening", name, ""                                                              \
	}
	LACKS("all-memory"),
	LACKS("message-interrupts"),
	LACKS("stack-protector"),
	LACKS("stack-guard-pages"),
	LACKS("stack-offset"),
	LACKS("read-only-code"),
	LACKS("kaslr"),
	LACKS("usercopy"),
	LACKS("fortify"),
	LACKS("freelist-random"),
	LACKS("freelist-hardened"),
	LACKS("list-hardened"),
	LACKS("bug-on-corruption"),
	LACKS("init-on-alloc"),
	LACKS("branch-speculation"),
	LACKS("page-table-isolation"),
	LACKS("seccomp"),
	LACKS("syn-cookies"),
	LACKS("dmesg-restrict"),
	LACKS("processors"),
	LACKS("power-button"),
	LACKS("abilities"),
#undef LACKS
};

static const struct manifest manifest = { .elf = "ELF32 386",
	.refuse = "cmov",
	.guarded = "rootfs:/bin/other movzx rootfs:/bin/first rootfs:/bin/guarded movzx cmove",
	.kernel = "kernel",
	.kernel_config = "config",
	.differs = differs,
	.ndiffers = sizeof differs / sizeof *differs,
	.parts = parts,
	.nparts = 2,
	.specials = specials,
	.nspecials = 1,
	.paths = paths,
	.npaths = 2 };

/* the order of names is the filesystem's own */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

START_TEST(finds)
{
	struct arena *a = arena_new();
	struct manifest m = manifest;
	struct buf b = { 0 };
	struct audit r;
	struct err e;

	m.dir = test_dir();
	sh(a, "mkdir -p t/bin t/etc t/tmp; chmod 1777 t/tmp; echo CONFIG_MODULES=y >config");
	put_program(a, "good", &fine);
	if (cases[_i].program)
		put_program(a, "x", cases[_i].program);
	sh(a, arena_printf(a, "cd t; %s", cases[_i].script));
	/* whoever runs this test, root is the owner of all */
	sh(a, "truncate -s 9M img; mke2fs -q -F -t ext4 -E offset=1048576,root_owner=0:0 -d t img "
	      "8M; (cd t && find . -mindepth 1 -printf 'sif %P uid 0\nsif %P gid 0\n') >>debugfs; "
	      "echo 'rmdir lost+found' >>debugfs; debugfs -w -f debugfs 'img?offset=1048576'");
	ck_assert_msg(
	    audit_run(a, cases[_i].check, &m, arena_printf(a, "%s/img", test_dir()), &r, &e) == 0,
	    "%s", e.msg);
	if (r.nfound)
		qsort(r.found, r.nfound, sizeof *r.found, by_text);
	for (size_t i = 0; i < r.nfound; i++)
		buf_addf(&b, "%s\n", r.found[i]);
	ck_assert_str_eq(b.n ? b.p : "", cases[_i].found);
	ck_assert_uint_eq(r.looked, cases[_i].looked);
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* what a user gives for extra may have headers and paths, and no setuid file */
START_TEST(extra_is_the_users)
{
	static const struct {
		const char *check;
		size_t nfound;
	} rows[] = { { "paths", 0 }, { "files", 0 }, { "hardening", 0 }, { "modes", 1 } };
	struct arena *a = arena_new();
	struct manifest m = manifest;
	struct audit r;
	struct err e;

	m.dir = test_dir();
	m.parts = parts + 2;
	m.nparts = 1;
	sh(a, ": >config; mkdir -p t/bin");
	put_program(a, "good", &fine);
	sh(a, "echo /lh/ >t/x.h; chmod 4755 t/x.h; truncate -s 9M img; mke2fs -q -F -t "
	      "ext4 -E offset=1048576 -d t img 8M");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_msg(audit_run(a, rows[i].check, &m, arena_printf(a, "%s/img", test_dir()),
				  &r, &e) == 0,
		    "%s", e.msg);
		ck_assert_uint_eq(r.nfound, rows[i].nfound);
	}
	arena_free(a);
}
END_TEST

static const struct {
	const char *mark, *script; /* which makes the file kernel */
	const char *found;
} kernels[] = {
	{ "0x202=48647253 0x236=01/01",
	    "printf 'HdrS' | dd of=kernel bs=1 seek=514; printf '\\43' | dd of=kernel bs=1 "
	    "seek=566; truncate -s 1k kernel",
	    NULL },
	{ "0x202=48647253 0x236=00/01",
	    "printf 'HdrS' | dd of=kernel bs=1 seek=514; printf '\\42' | dd of=kernel bs=1 "
	    "seek=566; truncate -s 1k kernel",
	    NULL },
	{ "0x202=48647253 0x236=00/01",
	    "printf 'HdrS' | dd of=kernel bs=1 seek=514; printf '\\43' | dd of=kernel bs=1 "
	    "seek=566; truncate -s 1k kernel",
	    "0x236=00/01" },
	{ "0x202=48647253 0x236=01/01",
	    "printf 'HdrS' | dd of=kernel bs=1 seek=514; truncate -s 1k kernel", "0x236=01/01" },
	{ "0x24=18286f01", "printf '\\30\\50\\157\\1' | dd of=kernel bs=1 seek=36", NULL },
	{ "0x24=18286f01", "printf '\\30\\50\\157' | dd of=kernel bs=1 seek=36", "0x24=18286f01" },
	{ "0x38=41524d64", "printf 'ARMd' | dd of=kernel bs=1 seek=56", NULL },
	{ "0x38=41524d64", ": >kernel", "0x38=41524d64" },
};

START_TEST(knows_kernels)
{
	struct arena *a = arena_new();
	struct manifest m = manifest;
	struct audit r;
	struct err e;

	m.dir = test_dir();
	m.kernel_mark = kernels[_i].mark;
	sh(a, kernels[_i].script);
	ck_assert_msg(audit_run(a, "kernel", &m, NULL, &r, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(r.looked, 1);
	ck_assert_uint_eq(r.nfound, kernels[_i].found != NULL);
	if (r.nfound)
		ck_assert_str_eq(r.found[0],
		    arena_printf(a, "kernel: lacks what a kernel for this machine has: %s",
			kernels[_i].found));
	arena_free(a);
}
END_TEST

static const char *const no_marks[] = { "x", "0x24", "0x24=", "0x24=1", "0x24=1g", "0x24=01/",
	"0x24=01/0101", "0x24=0101/01", "0x24=010203040506070809" };

START_TEST(refuses_what_is_no_mark)
{
	struct arena *a = arena_new();
	struct manifest m = manifest;
	struct audit r;
	struct err e;

	m.dir = test_dir();
	m.kernel_mark = no_marks[_i];
	sh(a, ": >kernel");
	ck_assert_int_eq(audit_run(a, "kernel", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(
	    e.msg, arena_printf(a, "kernel-mark %s: not OFFSET=BYTES[/MASK], of up to 8 bytes",
		       no_marks[_i]));
	arena_free(a);
}
END_TEST

START_TEST(says_what_it_lacks)
{
	struct arena *a = arena_new();
	struct manifest m = { .elf = "ELF32 386" };
	struct audit r;
	struct err e;

	ck_assert_int_eq(audit_run(a, "baseline", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(e.msg,
	    "manifest: missing required key refuse, which names the instructions that "
	    "its processor lacks");
	ck_assert_int_eq(audit_run(a, "paths", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(
	    e.msg, "manifest: missing required key path, which names the folders of the build");
	ck_assert_int_eq(audit_run(a, "kernel", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(e.msg, "manifest: missing required key kernel");
	m.kernel = "kernel";
	ck_assert_int_eq(audit_run(a, "kernel", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(e.msg, "manifest: missing required key kernel-mark");
	m.elf = "ELF32 PDP11";
	ck_assert_int_eq(audit_run(a, "static", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(
	    e.msg, "manifest: elf ELF32 PDP11: unknown, so programs cannot be checked");
	m.elf = "ELF32 ARM";
	m.elf_flags = "0x6=4";
	ck_assert_int_eq(audit_run(a, "static", &m, NULL, &r, &e), -1);
	ck_assert_str_eq(e.msg, "manifest: elf-flags 0x6=4: not 0xMASK=0xVALUE");
	arena_free(a);
}
END_TEST

Suite *
audit_suite(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = harness_case(s, "images");

	tcase_add_loop_test(tc, finds, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_test(tc, extra_is_the_users);
	tcase_add_loop_test(tc, knows_kernels, 0, (int)(sizeof kernels / sizeof *kernels));
	tcase_add_loop_test(tc, refuses_what_is_no_mark, 0, sizeof no_marks / sizeof *no_marks);
	tcase_add_test(tc, says_what_it_lacks);
	return s;
}
