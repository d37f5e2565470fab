/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "build/image/diskplan.h"
#include "build/image/forms.h"
#include "build/image/image.h"
#include "build/plan/plan.h"
#include "build/plan/tools.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* two packages, a kernel and a library; what lh-config and sysdeps/ say of them */
static const char outputs[] =
    "set -e; umask 022; mkdir -p top/layout store; cd store;"
    " mkdir -p linux/out busybox/out/rootfs/bin layout/out/rootfs layout/out/rwfs/log/klogd "
    "layout/out/userfs/guest skalibs/out/sdk skalibs/out/rootfs/lib toolchain/out/rootfs/no;"
    " echo kernel >linux/out/kernel; echo map >linux/out/System.map;"
    " echo config >linux/out/kernel-config;"
    " echo busybox >busybox/out/rootfs/bin/busybox; chmod 4555 busybox/out/rootfs/bin/busybox; ln "
    "-s busybox busybox/out/rootfs/bin/sh;"
    " cd layout/out; mkdir rootfs/dev rootfs/proc rootfs/run rootfs/sys rootfs/tmp rootfs/var "
    "rootfs/home; echo hello >userfs/guest/motd;"
    " printf 'mount-proc oneshot\\nsshd longrun\\n' >services";

static const char owners[] =
    "rootfs:/bin/busybox 0:0 4755\nrwfs:/log/klogd 102:61 2700 s6\nuserfs:/guest 1000:100 2755\n";

static const char *const names[] = { "toolchain", "skalibs", "linux", "busybox", "layout" };

#define NNODES (sizeof names / sizeof *names)

struct world {
	struct arena *a;
	struct config cfg;
	struct config_var vars[5];
	struct sysdeps sd;
	struct fact facts[16];
	struct plan plan;
	struct node nodes[NNODES];
	struct recipe recipes[NNODES];
	struct version versions[NNODES];
	char *dir;
};

static void
sh(struct arena *a, const char *script)
{
	ck_assert_int_eq(system(arena_printf(a, "cd %s; %s", test_dir(), script)), 0);
}

/* as a build would find out again */
static void
digest_outputs(struct world *w)
{
	struct err e = { 0 };

	for (size_t i = 0; i < NNODES; i++)
		ck_assert_msg(digest_tree(arena_printf(w->a, "%s/out", w->nodes[i].store),
				  w->nodes[i].output, &e) == 0,
		    "%s", e.msg);
}

static void
world_new(struct world *w)
{
	static const struct fact facts[] = { { "short", "x86_64" },
		{ "qemu", "qemu-system-x86_64" }, { "machine", "q35" }, { "cpu", "qemu64" },
		{ "memory", "256" }, { "panic-device", "pvpanic" }, { "console", "ttyS9" },
		{ "elf", "ELF64 X86_64" }, { "gcc", "gcc" },
		{ "vm-generation", "vmgenid,guid=auto" }, { "pc-register", "RIP" },
		{ "kvm", "none" }, { "kernel-mark", "0x202=48647253" }, { "boot", "efi uboot" },
		{ "efi-file", "BOOTX64.EFI" }, { "boot-efi", "bios /usr/share/f f" } };
	struct arena *a = arena_new();

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	*w = (struct world){ .a = a,
		.dir = arena_printf(a, "%s/output/x86_64-linux-musl", test_dir()) };
	sh(a, outputs);
	checkout_file(a, test_dir(), "top/layout/owners", owners);
	memcpy(w->facts, facts, sizeof facts);
	w->sd = (struct sysdeps){
		.triple = "x86_64-linux-musl", .dir = "sysdeps", .facts = w->facts, .nfacts = 16
	};
	w->vars[1] = (struct config_var){ "EPOCH", "1784000000", "default" };
	w->vars[2] = (struct config_var){ "FORMS", "raw", "default" };
	w->vars[3] = (struct config_var){ "OVERLAY", "", "default" };
	w->vars[4] = (struct config_var){ "PROFILE_WHY", "", "auto" };
	w->vars[0] = (struct config_var){ "BOOT", "all", "default" };
	w->cfg = (struct config){
		.top = arena_printf(a, "%s/top", test_dir()),
		.output = arena_printf(a, "%s/output", test_dir()),
		.cache = "/cache",
		.triple = "x86_64-linux-musl",
		.set = "2026-07",
		.host_host_base = "",
		.country = "fr",
		.local_ip = "10.0.3.15",
		.router_ip = "10.0.3.1",
		.dns_ip = "10.0.3.9",
		.rootfs_mb = 8,
		.swap_mb = 4,
		.rwfs_mb = 7,
		.userfs_mb = 6,
		.boot_mb = 4,
		.console = "ttyS0",
		.vars = w->vars,
		.nvars = 5,
	};
	for (size_t i = 0; i < NNODES; i++) {
		w->recipes[i] =
		    (struct recipe){ .name = names[i], .image = strcmp(names[i], "skalibs") != 0 };
		w->versions[i] = (struct version){ .version = arena_printf(a, "%zu.0", i) };
		w->nodes[i] = (struct node){ .recipe = &w->recipes[i],
			.variant = i ? VARIANT_TARGET : VARIANT_TOOLCHAIN,
			.version = &w->versions[i],
			.id = arena_printf(a, "%s/%s", i ? "target" : "toolchain", names[i]),
			.store = arena_printf(a, "%s/store/%s", test_dir(), names[i]) };
		snprintf(w->nodes[i].key, sizeof w->nodes[i].key, "%064zu", i);
	}
	w->nodes[3].override = "/home/me/busybox";
	w->nodes[4].version = NULL;
	w->plan = (struct plan){ .v = w->nodes, .n = NNODES, .profile = "s6" };
	digest_outputs(w);
}

static int
build(struct world *w, struct err *e)
{
	return image_build(w->a, &w->cfg, &w->sd, &w->plan, w->dir, e);
}

static void
must_build(struct world *w)
{
	struct err e = { 0 };

	ck_assert_msg(build(w, &e) == 0, "%s", e.msg);
}

static char *
in_dir(struct world *w, const char *name)
{
	return arena_printf(w->a, "%s/%s", w->dir, name);
}

/* instead of the libraries' own: the golden key is the same on every machine */
static const char *ext2fs_version = "1.47.0", *fdisk_version = "2.38.1";
int ext2fs_get_library_version(const char **version, const char **date);
int fdisk_get_library_version(const char **version);

/* done when the key has been computed, and nothing is written yet */
static const char *meanwhile = "true";

int
ext2fs_get_library_version(const char **version, const char **date)
{
	const char *script = meanwhile;

	(void)date;
	meanwhile = "true";
	ck_assert_int_eq(system(script), 0);
	*version = ext2fs_version;
	return 0;
}

int
fdisk_get_library_version(const char **version)
{
	*version = fdisk_version;
	return 0;
}

static struct manifest
manifest_of(struct world *w)
{
	struct manifest m;
	struct err e = { 0 };

	ck_assert_msg(manifest_read(w->a, in_dir(w, "manifest"), &m, &e) == 0, "%s", e.msg);
	return m;
}

/*
 * the manifest without the digest of the disk, whose bytes libext2fs has a say in, and without this
 * test's folder
 */
static char *
manifest_text(struct world *w)
{
	char *text, *digest, *end;
	struct err e = { 0 };

	ck_assert_int_eq(file_read(w->a, in_dir(w, "manifest"), &text, NULL, &e), 0);
	digest = strstr(text, "image-digest ");
	ck_assert_ptr_nonnull(digest);
	end = strchr(digest, '\n') + 1;
	memmove(digest, end, strlen(end) + 1);
	end = strstr(text, "path /lh/\n");
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end, arena_printf(w->a, "path /lh/\npath %s/top/\npath %s/output/\n",
				  test_dir(), test_dir()));
	*end = '\0';
	return text;
}

START_TEST(lays_out)
{
	static const struct config cfg = { .triple = "x86_64-linux-musl",
		.rootfs_mb = 24,
		.rwfs_mb = 7,
		.extra_mb = 100,
		.boot_mb = 3 };
	static const struct {
		const char *name, *type;
		uint64_t start, size;
		const char *uuid;
	} rows[] = {
		{ "rootfs", "linux", 4, 24, "8197c0ef-f350-8e42-bd0d-0213869adfc4" },
		{ "rwfs", "linux", 28, 7, "25767151-6b44-8aca-8799-9e565f615496" },
		{ "extra", "linux", 35, 100, "4acb98f2-8a5f-8a09-a74b-ebd53e26e25e" },
		{ "boot", "esp", 1, 3, "a7404ea4-6602-8464-84f7-4203b05dff83" },
	};
	char root[UUID_TEXT];
	struct diskplan l;
	struct err e = { 0 };

	ck_assert_int_eq(diskplan_make(&cfg, false, "00ff", &l, &e), 0);
	ck_assert_uint_eq(l.size, 133 * MIB);
	ck_assert_uint_eq(l.nparts, 3);
	ck_assert_uint_eq(l.parts[0].start, MIB);
	/* what boots comes first on the disk, and last in the table */
	ck_assert_int_eq(diskplan_make(&cfg, true, "00ff", &l, &e), 0);
	ck_assert_uint_eq(l.size, 136 * MIB);
	ck_assert_uint_eq(l.nparts, 4);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_str_eq(l.parts[i].name, rows[i].name);
		ck_assert_str_eq(l.parts[i].type, rows[i].type);
		ck_assert_uint_eq(l.parts[i].start, rows[i].start * MIB);
		ck_assert_uint_eq(l.parts[i].size, rows[i].size * MIB);
		ck_assert_str_eq(l.parts[i].uuid, rows[i].uuid);
	}
	ck_assert_int_eq(
	    diskplan_make(&(struct config){ .rwfs_mb = 7 }, false, "00ff", &l, &e), -1);
	ck_assert_str_eq(e.msg, "ROOTFS_SIZE 0: an image needs a root filesystem");
	/* the kernel has it built in, whatever else the image is made of */
	config_root_uuid("x86_64-linux-musl", root);
	ck_assert_str_eq(root, l.parts[0].uuid);
}
END_TEST

START_TEST(writes_all_and_tells)
{
	struct world w;
	struct manifest m;
	struct stat st;
	struct err e = { 0 };
	char hex[DIGEST_HEX], *golden;

	world_new(&w);
	umask(077); /* no part of what comes out */
	must_build(&w);
	umask(022);
	ck_assert_msg(file_read(w.a, "build/test/data/image-manifest.txt", &golden, NULL, &e) == 0,
	    "%s", e.msg);
	ck_assert_msg(!strcmp(manifest_text(&w), golden), "%s", manifest_text(&w));
	m = manifest_of(&w);
	ck_assert_int_eq(digest_disk(in_dir(&w, "disk-image.raw"), hex, &e), 0);
	ck_assert_str_eq(hex, m.image_digest);
	ck_assert_int_eq(digest_file(in_dir(&w, "kernel"), hex, &e), 0);
	ck_assert_str_eq(hex, m.kernel_sha256);
	ck_assert_int_eq(stat(in_dir(&w, "disk-image.raw"), &st), 0);
	ck_assert_int_eq(st.st_size, (off_t)(31 * MIB));
	ck_assert_int_lt(st.st_blocks * 512, (blkcnt_t)MIB);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	ck_assert(!file_exists(in_dir(&w, "disk-image.raw.tmp")));
	sh(w.a, "cd output/x86_64-linux-musl; cmp System.map ../../store/linux/out/System.map; "
		"test \"$(cat rootfs/bin/sh)\" = busybox; test -d rwfs/log/klogd; test -f "
		"userfs/guest/motd; test ! -e rootfs/lib; test ! -e rootfs/no");
	sh(w.a,
	    "test $(stat -c %a output/x86_64-linux-musl/manifest output/x86_64-linux-musl/kernel "
	    "output/x86_64-linux-musl/rootfs/proc | tr '\\n' ,) = 644,644,755,");
	arena_free(w.a);
}
END_TEST

START_TEST(other_facts)
{
	struct world w;
	struct manifest m;

	world_new(&w);
	w.cfg.use_dhcp = true;
	w.cfg.country = "";
	w.cfg.console = "";
	w.plan.profile = "minimal";
	w.vars[4].value = "s6 2.13 can't be had";
	w.plan.tools = &(const struct tools){ .unboxed = "no bwrap" };
	sh(w.a, "sed -i s/s6/minimal/ top/layout/owners");
	w.dir = in_dir(&w, "dhcp");
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_str_eq(m.net, "dhcp");
	ck_assert_ptr_null(m.address);
	ck_assert_ptr_null(m.router);
	ck_assert_ptr_null(m.dns);
	ck_assert_ptr_null(m.country);
	ck_assert_str_eq(m.console, "ttyS9");
	ck_assert_str_eq(m.agent, "inittab");
	ck_assert_str_eq(m.why, "s6 2.13 can't be had");
	ck_assert_str_eq(m.credentials, "../../credentials");
	ck_assert_str_eq(m.sandbox, "no");
	/* nobody can log in as both, so nobody is told how */
	config_set(w.a, &w.cfg, "GUEST_PASSWORD", "*", "test");
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_ptr_null(m.credentials);
	arena_free(w.a);
}
END_TEST

/* each makes the image be written again; "" does not */
static const struct {
	const char *script;
	bool again, disk; /* is another disk, too */
} changes[] = {
	{ "", false, false },
	{ "touch -d 2001-01-01 output/x86_64-linux-musl/kernel", false, false },
	/* as if a clock had been set back between the manifest and what is done to the image */
	{ "cd output/x86_64-linux-musl; echo evil >>kernel; touch manifest", true, false },
	{ "cd output/x86_64-linux-musl; echo evil | dd of=disk-image.raw seek=9 conv=notrunc "
	  "2>&1; touch manifest",
	    true, false },
	{ "cd output/x86_64-linux-musl; echo evil >>files; touch manifest", true, false },
	{ "echo evil >>output/x86_64-linux-musl/userfs/guest/motd", true, false },
	{ "echo evil >output/x86_64-linux-musl/rootfs/bin/evil", true, false },
	{ "chmod 711 output/x86_64-linux-musl/rootfs/run", true, false },
	{ "ln -sf evil output/x86_64-linux-musl/rootfs/bin/sh", true, false },
	{ "cd output/x86_64-linux-musl; mv kernel k; ln -s k kernel", true, false },
	{ "cd output/x86_64-linux-musl; mv userfs u; ln -s u userfs", true, false },
	{ "cd output/x86_64-linux-musl; yes | head -c 9000 >old; touch -d 2001-01-01 old; mv old "
	  "kernel",
	    true, false },
	{ "echo boot >>output/x86_64-linux-musl/disk-image.raw", true, false },
	{ "touch output/x86_64-linux-musl/kernel", false, false },
	{ "touch -d tomorrow output/x86_64-linux-musl/kernel", false, false },
	{ "rm output/x86_64-linux-musl/System.map", true, false },
	{ "rm -r output/x86_64-linux-musl/userfs", true, false },
	{ "rm output/x86_64-linux-musl/manifest", true, false },
	{ "echo '#' >>output/x86_64-linux-musl/manifest; sed -i 's/^key ./key x/' "
	  "output/x86_64-linux-musl/manifest",
	    true, false },
	{ "rm output/x86_64-linux-musl/manifest; yes | head -c 30000000 "
	  ">output/x86_64-linux-musl/disk-image.raw.tmp",
	    true, false },
	{ "echo new >store/linux/out/kernel", true, true },
	{ "echo 'late longrun' >>store/layout/out/services", true, true },
	{ "echo Hello >store/layout/out/userfs/guest/motd", true, true },
	{ "chmod 711 store/layout/out/rootfs/run", true, true },
	{ "sed -i s/102/103/ top/layout/owners", true, true },
	{ "echo '# remark' >store/skalibs/out/sdk/h", false, false },
};

START_TEST(written_again)
{
	struct world w;
	struct stat before, after;
	struct manifest old, new;
	int held;

	world_new(&w);
	must_build(&w);
	old = manifest_of(&w);
	ck_assert_int_eq(stat(in_dir(&w, "manifest"), &before), 0);
	held = open(in_dir(&w, "manifest"),
	    O_RDONLY | O_CLOEXEC); /* so that no other file gets its inode */
	ck_assert_int_ge(held, 0);
	usleep(20000); /* a time stamp is told from the next by the kernel's tick */
	sh(w.a, changes[_i].script);
	digest_outputs(&w);
	must_build(&w);
	ck_assert_int_eq(stat(in_dir(&w, "manifest"), &after), 0);
	new = manifest_of(&w);
	ck_assert_int_eq(before.st_ino != after.st_ino, changes[_i].again);
	ck_assert_int_eq(strcmp(old.image_digest, new.image_digest) != 0, changes[_i].disk);
	ck_assert_str_eq(old.append, new.append); /* its root is that of any image of the triple */
	close(held);
	arena_free(w.a);
}
END_TEST

/* what is half written has no manifest that vouches for it */
START_TEST(failure_leaves_no_manifest)
{
	struct world w;
	struct err e = { 0 };

	world_new(&w);
	must_build(&w);
	sh(w.a, "rm store/linux/out/System.map");
	digest_outputs(&w);
	ck_assert_int_eq(build(&w, &e), -1);
	ck_assert_str_eq(e.msg,
	    arena_printf(w.a, "image: %s/store/linux/out/System.map: No such file or directory",
		test_dir()));
	ck_assert(!file_exists(in_dir(&w, "manifest")));
	arena_free(w.a);
}
END_TEST

/* another library may write other bytes, so the image is written again, and need not be another */
static void
another_key(const char **version)
{
	struct world w;
	struct manifest one, two;

	world_new(&w);
	must_build(&w);
	one = manifest_of(&w);
	*version = "9.9";
	must_build(&w);
	two = manifest_of(&w);
	ck_assert_str_ne(one.key, two.key);
	ck_assert_str_eq(one.image_digest, two.image_digest);
	arena_free(w.a);
}

START_TEST(another_ext2fs_another_key)
{
	another_key(&ext2fs_version);
}
END_TEST

START_TEST(another_fdisk_another_key)
{
	another_key(&fdisk_version);
}
END_TEST

/* each of which may write other bytes of that form */
START_TEST(libraries_of_forms)
{
	static const struct {
		const char *form, *keyed; /* names of lines of the key */
	} rows[] = {
		{ "raw", "" },
		{ "bmap", "" },
		{ "tar", "libarchive " },
		{ "tar.zst", "libarchive libzstd " },
		{ "qcow2", "zlib qcow2 " },
		{ "cpio", "libarchive zlib init " },
		{ "raw tar qcow2", "libarchive zlib qcow2 " },
	};
	struct arena *a = arena_new();
	char *init;
	struct err e = { 0 };

	checkout_file(a, test_dir(), "init", "");
	init = arena_printf(a, "%s/init", test_dir());
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct manifest m = { 0 };
		struct buf key = { 0 }, told = { 0 };
		char *name, *version, *rest;

		forms_decide(a, rows[i].form, &m);
		ck_assert_msg(forms_depend(a, init, &m, &key, &e) == 0, "%s", e.msg);
		rest = arena_strndup(a, key.n ? key.p : "", key.n);
		for (char *p = rest; (p = strchr(p, '\n'));)
			*p = ' ';
		while ((name = word_next(&rest)) && (version = word_next(&rest))) {
			ck_assert(isxdigit((unsigned char)*version));
			buf_addf(&told, "%s ", name);
		}
		ck_assert_str_eq(told.n ? told.p : "", rows[i].keyed);
		buf_free(&key);
		buf_free(&told);
	}
	arena_free(a);
}
END_TEST

/* as it is written it is read, though a # behind a blank begins a comment */
START_TEST(folder_with_a_comment)
{
	struct world w;
	struct manifest m;
	char *text;
	struct err e = { 0 };

	world_new(&w);
	w.cfg.cache = "/home/a #b";
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_str_eq(m.paths[m.npaths - 1], "/home/a");
	ck_assert_int_eq(
	    file_read(w.a, arena_printf(w.a, "%s/manifest", w.dir), &text, NULL, &e), 0);
	ck_assert(!strchr(text, '#'));
	arena_free(w.a);
}
END_TEST

/* another folder, other times, other order of reading: the same image */
START_TEST(same_content_same_image)
{
	struct world w;
	struct manifest one, two;

	world_new(&w);
	must_build(&w);
	one = manifest_of(&w);
	sleep(1);
	sh(w.a,
	    "mv store old; mkdir store; for p in layout busybox linux skalibs toolchain; do cp -R "
	    "old/$p store; rm -rf old/$p; done; chmod u+s store/busybox/out/rootfs/bin/busybox");
	w.cfg.output = arena_printf(w.a, "%s/elsewhere", test_dir());
	w.dir = arena_printf(w.a, "%s/x86_64-linux-musl", w.cfg.output);
	must_build(&w);
	two = manifest_of(&w);
	ck_assert_str_eq(one.image_digest, two.image_digest);
	ck_assert_str_eq(one.key, two.key);
	arena_free(w.a);
}
END_TEST

/* tar(1) tells the owners, modes and names of the image; the same image, the same bytes */
START_TEST(tarballs)
{
	struct world w;

	world_new(&w);
	sh(w.a, "cd store/busybox/out/rootfs; mkfifo fifo; echo x >\"$(printf 'a\\377')\"; cd bin; "
		"ln -s $(printf %0180d 7) long; echo y >$(printf %0200d 8)");
	digest_outputs(&w);
	must_build(&w);
	ck_assert(!file_exists(in_dir(&w, "rootfs.tar")));
	w.vars[2].value = "raw tar";
	must_build(&w);
	sh(w.a, "cd output/*; TZ=UTC tar --numeric-owner --full-time -tvf rootfs.tar | tr -s ' ' "
		">list; "
		"tar --numeric-owner -tvf rwfs.tar | tr -s ' ' >>list; tar --numeric-owner -tvf "
		"userfs.tar | tr -s ' ' >>list; for want in 'drwxr-xr-x 0/0 0 2026-07-14 03:33:20 "
		"./' '-rwsr-xr-x 0/0 8 2026-07-14 03:33:20 ./bin/busybox' 'lrwxrwxrwx 0/0 0 "
		"2026-07-14 03:33:20 ./bin/sh -> busybox' 'prw-r--r-- 0/0 0 2026-07-14 03:33:20 "
		"./fifo' './a.377' 'drwx--S--- 102/61 0 .* ./log/klogd/' 'drwxr-sr-x 1000/100 0 .* "
		"./guest/'; do grep -q -e \"^$want\" -e \" $want\" list || { cat list; echo \"no "
		"$want\"; exit 1; }; "
		"done >&2; sleep 1; rm manifest; mv rootfs.tar first");
	must_build(&w);
	sh(w.a, "cd output/*; cmp first rootfs.tar; rm rwfs.tar");
	must_build(&w); /* what is missing is made again */
	ck_assert(file_exists(in_dir(&w, "rwfs.tar")));
	w.vars[2].value = "raw";
	sh(w.a, "echo 2 >store/layout/out/rootfs/new; cd output/*; touch disk-image.qcow2.tmp "
		"sbom.spdx.json sbom.cdx.json");
	digest_outputs(&w);
	must_build(&w); /* and what would be of another image is not left */
	ck_assert(!file_exists(in_dir(&w, "rwfs.tar")));
	ck_assert(!file_exists(in_dir(&w, "disk-image.qcow2.tmp")));
	ck_assert(!file_exists(in_dir(&w, "sbom.spdx.json")));
	ck_assert(!file_exists(in_dir(&w, "sbom.cdx.json")));
	arena_free(w.a);
}
END_TEST

/* each when it is asked for, told with its digest, and gone when it is not */
START_TEST(forms)
{
	static const char *const all[] = { "rootfs.tar", "rwfs.tar", "userfs.tar", "rootfs.tar.zst",
		"rwfs.tar.zst", "userfs.tar.zst", "disk-image.qcow2", "disk-image.bmap" };
	struct world w;
	struct manifest m, first;
	struct err e = { 0 };
	char hex[DIGEST_HEX];

	world_new(&w);
	w.vars[2].value = "bmap raw qcow2 tar tar.zst tar";
	must_build(&w);
	first = manifest_of(&w);
	ck_assert_uint_eq(first.nforms, 8);
	for (size_t i = 0; i < 8; i++) {
		ck_assert_str_eq(first.forms[i].file, all[i]);
		ck_assert_int_eq(digest_file(in_dir(&w, all[i]), hex, &e), 0);
		ck_assert_str_eq(first.forms[i].sha256, hex);
	}
	sh(w.a,
	    "set -e; cd output/*; ! command -v zstd >/dev/null || zstd -dc rootfs.tar.zst | cmp - "
	    "rootfs.tar; test $(stat -c %a rootfs.tar rwfs.tar.zst disk-image.qcow2 | tr '\n' "
	    ",) = 600,600,600,; ! command -v qemu-img >/dev/null || { qemu-img compare -q "
	    "disk-image.raw disk-image.qcow2 && qemu-img check -q disk-image.qcow2; }");
	sh(w.a, "cd output/*; rm userfs.tar.zst");
	must_build(&w); /* what is missing is made again, and is the same */
	m = manifest_of(&w);
	for (size_t i = 0; i < 8; i++)
		ck_assert_str_eq(m.forms[i].sha256, first.forms[i].sha256);
	ck_assert_str_eq(m.image_digest, first.image_digest);
	usleep(20000); /* a time stamp is told from the next by the kernel's tick */
	sh(w.a, "cd output/*; echo boot >>disk-image.qcow2");
	must_build(&w);
	ck_assert_str_eq(manifest_of(&w).forms[6].sha256, first.forms[6].sha256);
	ck_assert_int_eq(digest_file(in_dir(&w, "disk-image.qcow2"), hex, &e), 0);
	ck_assert_str_eq(first.forms[6].sha256, hex);
	w.vars[2].value = "raw bmap";
	must_build(&w);
	ck_assert_uint_eq(manifest_of(&w).nforms, 1);
	for (size_t i = 0; i < 8; i++)
		ck_assert_msg(file_exists(in_dir(&w, all[i])) == (i == 7), "%s", all[i]);
	arena_free(w.a);
}
END_TEST

/* one file of a cpio archive, as Linux reads it: 13 fields of 8 hexadecimal digits, name, bytes */
struct member {
	unsigned long mode, uid, gid, mtime, size;
	const char *name, *bytes;
};

/* the one at p, which then is the next */
static struct member
member(struct arena *a, const char **p)
{
	unsigned long f[13];
	struct member m;

	ck_assert_int_eq(memcmp(*p, "070701", 6), 0);
	for (size_t i = 0; i < 13; i++)
		f[i] = strtoul(arena_strndup(a, *p + 6 + 8 * i, 8), NULL, 16);
	m = (struct member){ f[1], f[2], f[3], f[5], f[6], *p + 110,
		*p + (110 + f[11] + 3) / 4 * 4 };
	*p = m.bytes + (m.size + 3) / 4 * 4;
	return m;
}

/* what is in memory has the owners and modes of what is on a disk, and /init */
START_TEST(diskless)
{
	static const struct {
		const char *name, *bytes;
		unsigned long mode, uid, gid;
	} want[] = {
		{ "./", NULL, 040755, 0, 0 },
		{ "./bin/busybox", "busybox\n", 0104755, 1, 2 },
		{ "./bin/sh", "busybox", 0120777, 0, 0 },
		{ "./fifo", NULL, 010640, 0, 0 },
		{ "./init", "#!/bin/sh\n", 0100755, 0, 0 },
	};
	struct world w;
	struct manifest m;
	const char *p, *text, *first;
	char *bytes;
	size_t n, found = 0;
	struct err e;

	world_new(&w);
	checkout_file(w.a, test_dir(), "top/layout/owners",
	    arena_printf(w.a, "%s%s", "rootfs:/bin/busybox 1:2 4755\nrootfs:/fifo 0:0 0640\n",
		strchr(owners, '\n') + 1));
	checkout_file(w.a, test_dir(), "top/layout/diskless/init", "#!/bin/sh\n");
	sh(w.a, "mkfifo store/busybox/out/rootfs/fifo");
	digest_outputs(&w);
	w.vars[2].value = "raw cpio";
	ck_assert_int_eq(build(&w, &e), -1);
	ck_assert_str_eq(e.msg, "image: FORMS has cpio, whose guest has no disk: SWAP_SIZE and "
				"EXTRA_SIZE have to be 0");
	w.cfg.swap_mb = 0;
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_str_eq(m.boot_diskless, "diskless.cpio.gz");
	first = m.forms[0].sha256;
	sh(w.a, "cd output/*; test $(stat -c %a diskless.cpio.gz) = 600; gzip -dc diskless.cpio.gz "
		">cpio; sleep 1; rm manifest");
	ck_assert_int_eq(file_read(w.a, in_dir(&w, "cpio"), &bytes, &n, &e), 0);
	for (p = bytes; p < bytes + n;) {
		struct member x = member(w.a, &p);

		if (!strcmp(x.name, "TRAILER!!!"))
			break;
		ck_assert_uint_eq(x.mtime, 1784000000);
		for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
			if (strcmp(x.name, want[i].name))
				continue;
			found++;
			text = arena_strndup(w.a, x.bytes, x.size);
			ck_assert_msg(x.mode == want[i].mode && x.uid == want[i].uid &&
					  x.gid == want[i].gid &&
					  !strcmp(text, want[i].bytes ? want[i].bytes : ""),
			    "%s: %lo %lu:%lu %s", x.name, x.mode, x.uid, x.gid, text);
		}
	}
	ck_assert_uint_eq(found, sizeof want / sizeof *want);
	must_build(&w); /* the same, an hour or a second later */
	ck_assert_str_eq(manifest_of(&w).forms[0].sha256, first);
	checkout_file(w.a, test_dir(), "top/layout/diskless/init", "#!/bin/sh -e\n");
	must_build(&w);
	ck_assert_str_ne(manifest_of(&w).forms[0].sha256, first);
	arena_free(w.a);
}
END_TEST

/*
 * on a disk that was full of something else, what the map says is enough: the same table, and
 * filesystems in which nothing is wrong
 */
START_TEST(map_is_enough)
{
	struct world w;

	world_new(&w);
	w.vars[2].value = "raw bmap";
	must_build(&w);
	sh(w.a, "set -e; cd output/*; head -c 31M /dev/zero | tr '\\0' '\\377' >disk; "
		"sed -n 's/.*> \\([0-9]*\\)-\\{0,1\\}\\([0-9]*\\) <.Range.*/\\1 \\2/p' "
		"disk-image.bmap | while read first last; do dd if=disk-image.raw of=disk bs=4096 "
		"conv=notrunc skip=$first seek=$first count=$((${last:-$first} - first + 1)) "
		"status=none; done; ! cmp -s disk disk-image.raw; "
		"for at in 5 17 24; do /sbin/e2fsck -fn disk?offset=$((at << 20)) >log 2>&1; done; "
		"dd if=disk of=boot bs=1M skip=1 count=4 status=none; /sbin/fsck.fat -n boot >log "
		"2>&1; "
		"/sbin/sfdisk -q --verify disk; /sbin/sfdisk -d disk | sed s/disk//g >one; "
		"/sbin/sfdisk -d disk-image.raw | sed s/disk-image.raw//g | cmp - one; "
		"! command -v sgdisk >/dev/null || sgdisk -v disk | grep -q 'No problems found'");
	sh(w.a, "set -e; command -v bmaptool >/dev/null || exit 0; cd output/*; bmaptool -q copy "
		"--bmap disk-image.bmap disk-image.raw copy; cmp copy disk-image.raw");
	arena_free(w.a);
}
END_TEST

/* what else the user gave is told, by its digest */
START_TEST(given)
{
	static const char *const what[] = { "native", "kernel-config" };
	struct world w;
	struct manifest m;

	world_new(&w);
	sh(w.a, "mkdir native; echo cc >native/cc");
	w.cfg.host_host_base = arena_printf(w.a, "%s/native", test_dir());
	w.cfg.extra_mb = 8;
	w.cfg.kernel_config = "CONFIG_X=y";
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_int_eq(m.nadded, sizeof what / sizeof *what);
	for (size_t i = 0; i < m.nadded; i++) {
		ck_assert_str_eq(m.added[i].what, what[i]);
		ck_assert_int_eq(strlen(m.added[i].is), 64);
	}
	arena_free(w.a);
}
END_TEST

/* two folders laid over it: what the later has counts, and its own lines say whose it is */
START_TEST(laid_over)
{
	struct world w;
	struct manifest one, two;
	char *files;

	world_new(&w);
	must_build(&w);
	one = manifest_of(&w);
	w.vars[3].value = arena_printf(w.a, "%s/a %s/b", test_dir(), test_dir());
	sh(w.a,
	    "mkdir -p a/rootfs/bin a/rootfs/etc b/rootfs/etc b/rwfs/data; chmod 700 a/rootfs/bin; "
	    "echo busybox >b/rootfs/etc/same; echo first >a/rootfs/etc/it; echo second "
	    ">b/rootfs/etc/it; ln -s /etc/it a/rootfs/bin/sh; echo x >\"$(printf "
	    "'b/rootfs/etc/two words\\n\\377')\"; printf 'rwfs:/data 7:8 0750 "
	    "s6\\nrootfs:/etc/two* 0:9 0711\\n' >b/owners");
	must_build(&w);
	two = manifest_of(&w);
	ck_assert_str_ne(one.image_digest, two.image_digest);
	ck_assert_int_eq(two.nadded, 2);
	ck_assert_str_eq(two.added[1].what, "overlay");
	ck_assert_int_eq(file_read(w.a, in_dir(&w, "files"), &files, NULL, &(struct err){ 0 }), 0);
	for (const char *const *line =
		 (const char *const[]){ "rootfs:/bin 040755 0 0 - - busybox\n",
		     "rootfs:/bin/sh 120777 0 0 - /etc/it overlay", "rootfs:/etc/it 100644 0 0 7 ",
		     "rootfs:/etc/same 100644 0 0 8 ",
		     "rootfs:/etc/two\\040words\\012\\377 100711 0 9 2 ",
		     "rwfs:/data 040750 7 8 - - overlay\n", NULL };
	     *line; line++)
		ck_assert_msg(strstr(files, *line), "no %s in %s", *line, files);
	/* another content is another image, another place is not */
	sh(w.a, "mv a c; mv b d");
	w.vars[3].value = arena_printf(w.a, "%s/c %s/d", test_dir(), test_dir());
	must_build(&w);
	ck_assert_str_eq(manifest_of(&w).key, two.key);
	sh(w.a, "echo third >c/rootfs/etc/new");
	must_build(&w);
	ck_assert_str_ne(manifest_of(&w).key, two.key);
	arena_free(w.a);
}
END_TEST

/* what a guest has in memory in place of a partition: all that the partition would have */
START_TEST(stands_in)
{
	struct world w;
	char *files;

	world_new(&w);
	w.vars[3].value = arena_printf(w.a, "%s/a", test_dir());
	sh(w.a, "mkdir -p store/layout/out/rootfs/etc/s6-rc/trees a/rwfs/data a/userfs/guest; ln "
		"-s data "
		"a/rwfs/link; echo 12 >a/rwfs/data/su; chmod 4755 a/rwfs/data/su; echo mine "
		">a/userfs/guest/motd; printf 'rwfs:/data/s* 7:8 6711\\n' >a/owners");
	digest_outputs(&w);
	must_build(&w);
	ck_assert_int_eq(file_read(w.a, in_dir(&w, "files"), &files, NULL, &(struct err){ 0 }), 0);
	for (const char *const *line = (const char *const[]){ "rwfs:/data/su 106711 7 8 3 ",
		 "rootfs:/etc/s6-rc/trees/rwfs 040755 0 0 - - ",
		 "rootfs:/etc/s6-rc/trees/rwfs/data/su 100711 0 0 3 ",
		 "rootfs:/etc/s6-rc/trees/rwfs/link 120777 0 0 - data ",
		 "rootfs:/etc/s6-rc/trees/rwfs/log/klogd 040700 0 0 - - layout\n",
		 "rootfs:/etc/s6-rc/trees/userfs/guest/motd 100644 0 0 5 ",
		 "rootfs:/etc/s6-rc/trees/owners.00 100644 0 0 ",
		 "rootfs:/etc/s6-rc/trees/owners.01 100644 0 0 23 ", NULL };
	     *line; line++)
		ck_assert_msg(strstr(files, *line), "no %s in %s", *line, files);
	arena_free(w.a);
}
END_TEST

static const struct {
	const char *script, *message;
} bad_overlays[] = {
	{ "ln -s ../../.. mine/rootfs/etc/up", "image: OVERLAY: DIR/mine/rootfs/etc/up: a symlink "
					       "to ../../.., out of the folder; give "
					       "a path that starts at the image's /" },
	{ "rm -r mine/rootfs; ln -s /etc mine/rootfs",
	    "image: OVERLAY: DIR/mine/rootfs: is a symlink, not a folder" },
	{ "mkfifo mine/rootfs/etc/f",
	    "image: OVERLAY: DIR/mine/rootfs/etc/f: neither file, folder nor symlink; remove it" },
	/* one that would be read for hours; another whose bytes never end */
	{ "truncate -s 8T mine/rootfs/etc/f",
	    "image: OVERLAY: DIR/mine/rootfs/etc/f: with it, rootfs needs 8388609 MiB, more than "
	    "ROOTFS_SIZE allows; remove it, or set ROOTFS_SIZE" },
	{ "mkdir -p mine/rwfs && truncate -s 8T mine/rwfs/f",
	    "image: OVERLAY: DIR/mine/rwfs/f: with it, rwfs needs 8388609 MiB, more than "
	    "RWFS_SIZE allows; remove it, or set RWFS_SIZE" },
	{ "mknod mine/rootfs/etc/f c 1 5 2>/dev/null || mkfifo mine/rootfs/etc/f",
	    "image: OVERLAY: DIR/mine/rootfs/etc/f: neither file, folder nor symlink; remove it" },
	{ "mkdir mine/etc",
	    "image: OVERLAY: DIR/mine/etc: files belong in rootfs/, rwfs/ or userfs/, and their "
	    "owners in the file owners; move it" },
	{ "mkdir mine/owners", "image: OVERLAY: DIR/mine/owners: is a folder, not a regular file" },
	{ "touch mine/rootfs/etc/su; chmod 4755 mine/rootfs/etc/su",
	    "image: DIR/mine/owners: rootfs:/etc/su from overlay is setuid: if that is intended, "
	    "add the line \"rootfs:/etc/su 0:0 4755\"" },
	{ "touch 'mine/rootfs/etc/a b'; echo 'rootfs:/etc/a?b 0:0 4755' >mine/owners",
	    "image: DIR/mine/owners: rootfs:/etc/a b from overlay is setuid, so its name may have "
	    "no blank and no line break; rename it" },
	{ "touch mine/rootfs/bin",
	    "image: rootfs: /bin is a folder in busybox and a file in overlay" },
	{ "mkdir -p mine/rootfs/bin/sh",
	    "image: rootfs: /bin/sh is a symlink in busybox and a folder in overlay" },
	{ "echo rootfs:/etc/none 0:0 0644 >mine/owners",
	    "image: DIR/mine/owners:1: rootfs:/etc/none: matches nothing in the image; remove the "
	    "line or correct the path" },
	{ "echo rootfs:/bin/busybox 0:0 0755 >mine/owners",
	    "image: DIR/mine/owners:1: rootfs:/bin/busybox: DIR/top/layout/owners:1 says 0:0 "
	    "4755" },
};

START_TEST(refuses_overlay)
{
	struct world w;
	struct err e = { 0 };
	const char *at, *shown = "", *msg = e.msg;

	world_new(&w);
	w.vars[3].value = arena_printf(w.a, "%s/mine", test_dir());
	sh(w.a, "mkdir -p mine/rootfs/etc");
	sh(w.a, bad_overlays[_i].script);
	ck_assert_int_eq(build(&w, &e), -1);
	for (; (at = strstr(msg, test_dir())); msg = at + strlen(test_dir()))
		shown = arena_printf(w.a, "%s%.*sDIR", shown, (int)(at - msg), msg);
	ck_assert_str_eq(arena_printf(w.a, "%s%s", shown, msg), bad_overlays[_i].message);
	ck_assert(!file_exists(in_dir(&w, "manifest")));
	arena_free(w.a);
}
END_TEST

/* what an image of ours cannot hold beside owner and mode; who may set it depends on the host */
static const struct {
	const char *name, *value;
	size_t n;
	const char *message;
} attributes[] = {
	/* revision 2, cap_net_bind_service+ep */
	{ "security.capability",
	    "\1\0\0\2"
	    "\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	    20, "has file capabilities, which no image keeps; remove them with setcap -r" },
	/* user:1:r-- beside the mode */
	{ "system.posix_acl_access",
	    "\2\0\0\0"
	    "\1\0\6\0\377\377\377\377"
	    "\2\0\4\0\1\0\0\0"
	    "\4\0\4\0\377\377\377\377"
	    "\20\0\4\0\377\377\377\377"
	    "\40\0\4\0\377\377\377\377",
	    44, "has an access control list, which no image keeps; remove it with setfacl -b" },
};

START_TEST(refuses_attributes)
{
	struct world w;
	struct err e = { 0 };
	const char *file;

	world_new(&w);
	w.vars[3].value = arena_printf(w.a, "%s/mine", test_dir());
	sh(w.a, "mkdir -p mine/rootfs/etc; echo 1 >mine/rootfs/etc/f");
	must_build(&w);
	file = arena_printf(w.a, "%s/mine/rootfs/etc/f", test_dir());
	if (setxattr(file, attributes[_i].name, attributes[_i].value, attributes[_i].n, 0) == 0) {
		ck_assert_int_eq(build(&w, &e), -1);
		ck_assert_str_eq(e.msg,
		    arena_printf(w.a, "image: OVERLAY: %s: %s", file, attributes[_i].message));
		ck_assert_int_eq(e.code, EXIT_USAGE);
		ck_assert(file_exists(in_dir(&w, "manifest")));
	}
	arena_free(w.a);
}
END_TEST

static const struct {
	const char *script;
	unsigned rootfs, extra;
	const char *host_host_base, *message;
	int code;
} wrong[] = {
	{ "rmdir store/layout/out/rootfs/proc", 8, 0, "",
	    "image: rootfs: /proc is missing, but a filesystem is mounted there; create it in "
	    "layout/",
	    EXIT_WORK },
	{ "rmdir store/layout/out/rootfs/var; echo >store/layout/out/rootfs/var", 8, 0, "",
	    "image: rootfs: /var is not a folder, but a filesystem is mounted there; create it in "
	    "layout/",
	    EXIT_WORK },
	{ "truncate -s 5M store/layout/out/rootfs/big", 8, 0, "",
	    "image: rootfs needs 10 MiB, ROOTFS_SIZE allows 8: big 5, rest 5; set ROOTFS_SIZE to "
	    "10 or more",
	    EXIT_USAGE },
	{ "", 0, 0, "", "image: ROOTFS_SIZE 0: an image needs a root filesystem", EXIT_USAGE },
	{ "mkdir native; truncate -s 9M native/gcc", 8, 0, "native",
	    "image: HOST_HOST_BASE native is to be copied to extra, but EXTRA_SIZE is 0; set "
	    "EXTRA_SIZE to 14 or more",
	    EXIT_USAGE },
	{ "mkdir native; truncate -s 9M native/gcc", 8, 12, "native",
	    "image: extra needs 14 MiB, EXTRA_SIZE allows 12: gcc 9, rest 5; set EXTRA_SIZE to 14 "
	    "or more",
	    EXIT_USAGE },
	{ "echo other >store/layout/out/rootfs/bin; :", 8, 0, "",
	    "image: rootfs: /bin is a folder in busybox and a file in layout", EXIT_WORK },
	{ "mkdir output; : >output/x86_64-linux-musl", 8, 0, "",
	    "image: output/x86_64-linux-musl: is a regular file, not a folder", EXIT_WORK },
};

START_TEST(refuses)
{
	struct world w;
	struct err e = { 0 };

	world_new(&w);
	sh(w.a, wrong[_i].script);
	digest_outputs(&w);
	w.cfg.rootfs_mb = wrong[_i].rootfs;
	w.cfg.extra_mb = wrong[_i].extra;
	w.cfg.host_host_base = wrong[_i].host_host_base;
	ck_assert_int_eq(chdir(test_dir()), 0);
	w.cfg.output = "output";
	w.dir = arena_strdup(w.a, "output/x86_64-linux-musl");
	ck_assert_int_eq(build(&w, &e), -1);
	ck_assert_str_eq(e.msg, wrong[_i].message);
	ck_assert_int_eq(e.code, wrong[_i].code);
	ck_assert(!file_exists("output/x86_64-linux-musl/disk-image.raw"));
	ck_assert(!file_exists("output/x86_64-linux-musl/disk-image.raw.tmp"));
	arena_free(w.a);
}
END_TEST

START_TEST(extra_is_filled)
{
	struct world w;
	struct manifest m;

	world_new(&w);
	sh(w.a, "mkdir -p native/bin; echo cc >native/bin/gcc");
	w.cfg.host_host_base = arena_printf(w.a, "%s/native", test_dir());
	w.cfg.extra_mb = 6;
	must_build(&w);
	m = manifest_of(&w);
	ck_assert_uint_eq(m.nparts, 6);
	ck_assert_str_eq(m.parts[4].name, "extra");
	sh(w.a, "! test -x /sbin/debugfs || test \"$(/sbin/debugfs -R 'cat /bin/gcc' "
		"'output/x86_64-linux-musl/disk-image.raw?offset=31457280' 2>/dev/null)\" = cc");
	arena_free(w.a);
}
END_TEST

/* what is in none of it when it is written again next time */
static const struct {
	const char *script, *name;
} edits[] = {
	{ "true", NULL },
	{ "echo dd >native/bin/gcc", "HOST_HOST_BASE: DIR/native" },
	{ "echo dd >native/bin/gcc; echo cc >native/bin/gcc", "HOST_HOST_BASE: DIR/native" },
	{ "echo >>top/layout/owners", "layout: DIR/top/layout/owners" },
	{ "echo >>mine/rootfs/f", "OVERLAY: DIR/mine" },
};

START_TEST(edited_meanwhile)
{
	const char *name = edits[_i].name;
	struct world w;
	struct err e = { 0 };

	world_new(&w);
	sh(w.a, "mkdir -p native/bin mine/rootfs; echo cc >native/bin/gcc; echo >mine/rootfs/f");
	w.vars[3].value = arena_printf(w.a, "%s/mine", test_dir());
	w.cfg.host_host_base = arena_printf(w.a, "%s/native", test_dir());
	w.cfg.extra_mb = 6;
	meanwhile = arena_printf(w.a, "cd %s; sleep 0.02; %s", test_dir(), edits[_i].script);
	ck_assert_int_eq(build(&w, &e), name ? -1 : 0);
	ck_assert_int_eq(file_exists(in_dir(&w, "manifest")), !name);
	if (name)
		ck_assert_str_eq(
		    e.msg, arena_printf(w.a,
			       "image: %.*s%s%s changed while the image was written; build again",
			       (int)(strstr(name, "DIR") - name), name, test_dir(),
			       strstr(name, "DIR") + 3));
	arena_free(w.a);
}
END_TEST

Suite *
image_suite(void)
{
	Suite *s = suite_of(
	    "image", (const TTest *[]){ lays_out, writes_all_and_tells, other_facts,
			 failure_leaves_no_manifest, same_content_same_image,
			 another_ext2fs_another_key, another_fdisk_another_key, libraries_of_forms,
			 folder_with_a_comment, extra_is_filled, given, laid_over, stands_in,
			 tarballs, forms, diskless, map_is_enough, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, written_again, 0, sizeof changes / sizeof *changes);
	tcase_add_loop_test(tc, edited_meanwhile, 0, sizeof edits / sizeof *edits);
	tcase_add_loop_test(tc, refuses, 0, sizeof wrong / sizeof *wrong);
	tcase_add_loop_test(tc, refuses_attributes, 0, sizeof attributes / sizeof *attributes);
	tcase_add_loop_test(tc, refuses_overlay, 0, sizeof bad_overlays / sizeof *bad_overlays);
	return s;
}
