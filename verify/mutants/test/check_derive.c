/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/manifest.h"
#include "verify/image/guestfs.h"
#include "verify/mutants/draw.h"
#include "verify/mutants/edit.h"
#include "verify/test/suites.h"

#include <string.h>
#include <sys/stat.h>

#define DIRS "/etc/s6-rc/compiled/boot/servicedirs"
#define EARLY "/etc/s6-linux-init/current/run-image/service"

/* n of a text with NULs in it */
#define BYTES(s) s, sizeof(s) - 1

/* the words of two oneshots, a and b, as the compiled database has them */
static const char db[] = "s6rc-db: start\n"
			 "\0a\0if\0 x\0b\0/long/name\0c\0d";

/* a root as it could be: path, type and mode, where a symlink leads, bytes */
static const struct {
	const char *path;
	mode_t mode;
	const char *target, *bytes;
	size_t n;
} files[] = {
	{ "/bin", S_IFDIR | 0755, NULL, NULL, 0 },
	{ "/bin/busybox", S_IFREG | 0755, NULL, BYTES("\177ELF\0") },
	{ "/bin/cat", S_IFLNK | 0777, "busybox", NULL, 0 },
	{ "/bin/execline", S_IFREG | 0755, NULL, BYTES("\177ELF\0") },
	{ "/bin/execlineb", S_IFLNK | 0777, "execline", NULL, 0 },
	{ "/bin/notes", S_IFREG | 0644, NULL, BYTES("no program\n") },
	{ "/etc/a", S_IFREG | 0644, NULL, BYTES("# comment\n\none az\n") },
	{ "/etc/closed", S_IFREG | 0400, NULL, BYTES("") },
	{ "/etc/data", S_IFREG | 0640, NULL, BYTES("x\0y") },
	{ "/etc/link", S_IFLNK | 0777, "a", NULL, 0 },
	{ "/etc/s6-rc/compiled/boot/db", S_IFREG | 0644, NULL, BYTES(db) },
	{ DIRS "/c/run", S_IFREG | 0755, NULL, BYTES("#!/bin/execlineb -P\nrun.user\n") },
	{ DIRS "/c/run.user", S_IFREG | 0755, NULL,
	    BYTES("#!/bin/execlineb -P\nfdmove 1 0\ns6-setuidgid log\nlogger\n") },
	{ DIRS "/c/notification-fd", S_IFREG | 0644, NULL, BYTES("3\n") },
	{ "/etc/s6-rc/source/a/up", S_IFREG | 0644, NULL, BYTES("# why\nif { x }\n") },
	{ "/etc/s6-rc/source/b/up", S_IFREG | 0644, NULL, BYTES("/long/name y\n") },
	{ EARLY "/d/run", S_IFREG | 0755, NULL, BYTES("#!/bin/sh\nexec d\n") },
	{ "/sbin/x", S_IFREG | 0755, NULL, BYTES("\177ELF") },
};

#define NFILES (sizeof files / sizeof *files)

static int
read_fake(struct arena *a, void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	(void)arg;
	for (size_t i = 0; i < NFILES; i++)
		if (!strcmp(files[i].path, path)) {
			*text = arena_strndup(a, files[i].bytes, files[i].n);
			if (n)
				*n = files[i].n;
			return 0;
		}
	return fail(e, "%s: not there", path);
}

static void
derive_fake(struct arena *a, struct derived **v, size_t *n)
{
	static struct man_part parts[] = { { "rootfs", "ext4", 0, 0, "" },
		{ "swap", "swap", 0, 0, "" } };
	static struct man_service services[] = { { "a", "oneshot" }, { "b", "oneshot" },
		{ "c", "longrun" } };
	static const struct manifest m = { .append = "ro  quiet",
		.parts = parts,
		.nparts = 2,
		.services = services,
		.nservices = 3 };
	struct guestfs_entry entries[NFILES];
	struct origin o = { .m = &m, .v = entries, .n = NFILES, .read = read_fake };
	struct err e = { 0 };

	/* in another order than they are wanted in */
	for (size_t i = 0; i < NFILES; i++)
		entries[NFILES - 1 - i] = (struct guestfs_entry){
			.path = files[i].path, .mode = files[i].mode, .target = files[i].target
		};
	ck_assert_msg(derive_all(a, &o, v, n, &e) == 0, "%s", e.msg);
}

/* an edit as one line */
static const char *
told(struct arena *a, const struct edit *d)
{
	static const char *const kinds[] = { "put", "add", "replace", "bytes", "remove", "line",
		"insert", "set", "label", "read-only", "wipe" };
	const char *text = d->text ? arena_strdup(a, d->text) : "";

	for (char *p = arena_strdup(a, text); *p; p++)
		if (*p == '\n') {
			*p = '|';
			text = arena_printf(a, "%.*s|%s", (int)(strchr(text, '\n') - text), text,
			    strchr(text, '\n') + 1);
		}
	return arena_printf(a, "%s %s %04o %u@%zu %s", kinds[d->kind], d->file ? d->file : d->fs,
	    (unsigned)d->mode, (unsigned)d->uid, d->at + d->offset, text);
}

static const struct {
	const char *class, *target;
	const char *edits[2]; /* none: there is no such mutant */
} wanted[] = {
	{ "partition-read-only", "rootfs", { "read-only rootfs 0000 0@0 " } },
	{ "partition-read-only", "swap", { NULL } },
	{ "partition-not-mounted", "swap", { "wipe swap 0000 0@0 " } },
	{ "partition-wrong-label", "swap", { "label swap 0000 0@0 nobody" } },
	{ "line-removed", "/etc/a:3", { "line /etc/a 0644 0@3 " } },
	{ "line-changed", "/etc/a:3", { "line /etc/a 0644 0@3 onf az" } },
	{ "line-removed", "/etc/a:1", { NULL } },
	{ "emptied", "/etc/a", { "put /etc/a 0644 0@0 " } },
	{ "emptied", "/etc/closed", { NULL } },
	{ "emptied", "/etc/link", { NULL } },
	{ "emptied", "/etc/data", { "put /etc/data 0640 0@0 " } },
	{ "line-removed", "/etc/data:1", { NULL } },
	{ "mode-wider", "/etc/a", { "set /etc/a 0666 0@0 " } },
	{ "mode-wider", "/etc/closed", { "set /etc/closed 0444 0@0 " } },
	{ "mode-narrower", "/etc/a", { "set /etc/a 0600 0@0 " } },
	{ "mode-narrower", "/etc/closed", { NULL } },
	{ "other-owner", "/etc/a", { "set /etc/a 0644 65534@0 " } },
	{ "emptied", "/etc/s6-rc/source/a/up", { NULL } },
	{ "emptied", DIRS "/c/notification-fd", { NULL } },
	{ "emptied", DIRS "/c/run", { "put " DIRS "/c/run 0755 0@0 " } },
	{ "program-does-nothing", "/bin/cat",
	    { "remove /bin/cat 0000 0@0 ", "add /bin/cat 0755 0@0 #!/bin/execlineb -P|" } },
	{ "program-does-nothing", "/bin/execlineb",
	    { "remove /bin/execlineb 0000 0@0 ",
		"add /bin/execlineb 0755 0@0 #!/bin/busybox true|" } },
	{ "program-does-nothing", "/sbin/x", { "put /sbin/x 0755 0@0 #!/bin/execlineb -P|" } },
	{ "program-does-nothing", "/bin/notes", { NULL } },
	{ "service-exits", "c",
	    { "put " DIRS "/c/run.user 0755 0@1 #!/bin/execlineb -P|exit 1|" } },
	{ "service-dies-20s", "c",
	    { "insert " DIRS "/c/run.user 0755 0@1 getpid -E pid|"
	      "background -d { if { sleep 20 } kill -9 $pid }|" } },
	{ "service-dies-5s", "d",
	    { "insert " EARLY "/d/run 0755 0@1 { sleep 5; kill -9 $$; } &|" } },
	{ "service-never-ready", "c",
	    { "insert " DIRS "/c/run.user 0755 0@1 redirfd -w 3 /dev/null|" } },
	{ "service-never-ready", "d", { NULL } },
	{ "service-idle", "c",
	    { "put " DIRS "/c/run.user 0755 0@1 #!/bin/execlineb -P|"
	      "foreground { fdmove 1 3 echo }|sleep 1000000|" } },
	{ "service-idle", "d",
	    { "put " EARLY "/d/run 0755 0@1 #!/bin/execlineb -P|sleep 1000000|" } },
	{ "service-wrong-user", "c", { "line " DIRS "/c/run.user 0755 0@3 s6-setuidgid root" } },
	{ "service-wrong-user", "d", { NULL } },
	{ "oneshot-fails", "a",
	    { "bytes /etc/s6-rc/compiled/boot/db 0644 0@18 zz",
		"add /bin/zz 0755 0@0 #!/bin/execlineb -P|exit 1|" } },
	{ "oneshot-does-nothing", "b",
	    { "bytes /etc/s6-rc/compiled/boot/db 0644 0@26 /bin/zzzzz",
		"add /bin/zzzzz 0755 0@0 #!/bin/execlineb -P|" } },
	{ "word-removed", "quiet", { "without quiet" } },
};

START_TEST(derives)
{
	struct arena *a = arena_new();
	const struct derived *m;
	struct derived *v;
	size_t n, at;

	derive_fake(a, &v, &n);
	at = derive_find(v, n, wanted[_i].class, wanted[_i].target);
	if (!wanted[_i].edits[0]) {
		ck_assert_uint_eq(at, SIZE_MAX);
		arena_free(a);
		return;
	}
	ck_assert_msg(at < n, "no %s %s", wanted[_i].class, wanted[_i].target);
	m = &v[at];
	if (m->without)
		ck_assert_str_eq(arena_printf(a, "without %s", m->without), wanted[_i].edits[0]);
	ck_assert_uint_eq(m->nedits + (m->without != NULL), 1 + (wanted[_i].edits[1] != NULL));
	for (size_t i = 0; i < m->nedits; i++)
		ck_assert_str_eq(told(a, &m->edits[i]), wanted[_i].edits[i]);
	arena_free(a);
}
END_TEST

/* a name is one mutant's, and has no blank: reports, resuming and `equivalent` go by it */
START_TEST(names_are_unique)
{
	struct arena *a = arena_new();
	struct derived *v;
	size_t n;

	derive_fake(a, &v, &n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(derive_find(v, n, v[i].class, v[i].target), i);
		ck_assert_msg(!strpbrk(v[i].target, " \t\n"), "%s", v[i].target);
		ck_assert_msg(!strpbrk(v[i].class, " ,"), "%s", v[i].class);
	}
	arena_free(a);
}
END_TEST

/* ---- the compiled database ---- */

static void
add_words(struct buf *b, const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char bytes[4] = { (char)(v[i] >> 24), (char)(v[i] >> 16), (char)(v[i] >> 8),
			(char)v[i] };

		buf_add(b, bytes, sizeof bytes);
	}
}

#define ADD_WORDS(b, ...)                                                                          \
	add_words(b, (const uint32_t[]){ __VA_ARGS__ },                                            \
	    sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t))

struct database {
	struct buf n, db, names;
};

static void
add_record(struct buf *b, const char *name, const uint32_t *v, size_t n)
{
	const char head[8] = { (char)strlen(name), 0, 0, 0, (char)(4 * n) };

	buf_add(b, head, sizeof head);
	buf_adds(b, name);
	add_words(b, v, n);
}

/*
 * three longruns, of which f and r are s6-rc's own, and a oneshot o, for each of whose command
 * lines there are two words: d needs f and o
 */
static void
make_database(struct database *d, size_t lines)
{
	static const char zeros[2048];
	static const uint32_t words[8];

	*d = (struct database){ 0 };
	ADD_WORDS(&d->n, 1, 3, 8, 0, 2, 0);
	buf_adds(&d->db, "s6rc-db: start\n");
	buf_add(&d->db, "r\0f\0d\0o\0", 8);
	ADD_WORDS(&d->db, 2, 2); /* who needs it */
	ADD_WORDS(&d->db, 3, 1); /* what it needs */
	/* name, flags, two timeouts, how many each way, from where each way, and the rest */
	ADD_WORDS(&d->db, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	buf_adds(&d->db, "\xfe");
	ADD_WORDS(&d->db, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
	buf_adds(&d->db, "\xfe");
	ADD_WORDS(&d->db, 4, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0);
	buf_adds(&d->db, "\xfe");
	ADD_WORDS(&d->db, 6, 0, 0, 0, 1, 0, 1, 2);
	add_words(&d->db, words, 2 * lines);
	buf_adds(&d->db, "\xfe\ns6rc-db: end\n");
	buf_add(&d->names, zeros, sizeof zeros);
	add_record(&d->names, "o", (const uint32_t[]){ 3 }, 1);
	add_record(&d->names, "d", (const uint32_t[]){ 2 }, 1);
	add_record(&d->names, "default", (const uint32_t[]){ 2, 3 }, 2);
}

static int
read_database(struct arena *a, void *arg, const char *path, char **text, size_t *n, struct err *e)
{
	const struct database *d = arg;
	const char *name = strrchr(path, '/') + 1;
	const struct buf *b = !strcmp(name, "n") ? &d->n : !strcmp(name, "db") ? &d->db : &d->names;

	(void)e;
	*text = arena_strndup(a, b->p, b->n);
	if (n)
		*n = b->n;
	return 0;
}

/* what is cut off, and what that leaves: no harm, and never a mutant that would do nothing */
static const struct {
	size_t lines;	     /* s6-rc 0.7 has three */
	size_t n, db, names; /* bytes less */
	size_t mutants;
} cuts[] = {
	{ 2, 0, 0, 0, 3 },
	{ 3, 0, 0, 0, 3 },
	{ 1, 0, 0, 0, 0 },
	{ 4, 0, 0, 0, 0 },
	{ 2, 4, 0, 0, 0 },
	{ 2, 0, 1, 0, 0 },
	{ 3, 0, 1, 0, 0 },
	{ 2, 0, 40, 0, 0 },
	{ 2, 0, 100, 0, 0 },
	{ 2, 0, 0, 4, 1 },
	{ 2, 0, 0, 60, 1 },
};

START_TEST(database)
{
	static struct man_service services[] = { { "d", "longrun" }, { "o", "oneshot" } };
	static const struct manifest m = { .services = services, .nservices = 2 };
	const struct guestfs_entry entries[] = {
		{ .path = "/etc/s6-rc/compiled/boot/n", .mode = S_IFREG | 0644 },
		{ .path = "/etc/s6-rc/compiled/boot/db", .mode = S_IFREG | 0644 },
		{ .path = "/etc/s6-rc/compiled/boot/resolve.cdb", .mode = S_IFREG | 0644 },
	};
	struct arena *a = arena_new();
	struct database d;
	struct origin o = { .m = &m, .v = entries, .n = 3, .read = read_database, .arg = &d };
	struct derivation made = { .a = a, .o = &o };
	struct err e = { 0 };

	make_database(&d, cuts[_i].lines);
	d.n.n -= cuts[_i].n;
	d.db.n -= cuts[_i].db;
	d.names.n -= cuts[_i].names;
	ck_assert_msg(derive_database(&made, &e) == 0, "%s", e.msg);
	ck_assert_uint_eq(made.n, cuts[_i].mutants);
	if (made.n == 3) {
		/* f is not what it loses: that is there in any case */
		ck_assert_str_eq(made.v[0].class, "service-loses-dependency");
		ck_assert_str_eq(made.v[0].target, "d");
		ck_assert_uint_eq(made.v[0].edits[0].offset, 15 + 8 + 8);
		ck_assert_mem_eq(made.v[0].edits[0].text, "\0\0\0\0", 4);
		/* the bundle has the other one twice */
		ck_assert_str_eq(made.v[1].class, "service-absent");
		ck_assert_str_eq(made.v[1].target, "d");
		ck_assert_uint_eq(made.v[1].edits[0].offset, d.names.n - 8);
		ck_assert_mem_eq(made.v[1].edits[0].text, "\0\0\0\3", 4);
		ck_assert_str_eq(made.v[2].target, "o");
		ck_assert_mem_eq(made.v[2].edits[0].text, "\0\0\0\2", 4);
	}
	buf_free(&d.n);
	buf_free(&d.db);
	buf_free(&d.names);
	arena_free(a);
}
END_TEST

/* ---- drawing ---- */

static const struct {
	struct draw draw;
	size_t n;	     /* SIZE_MAX: all there are */
	const char *message; /* NULL: it is no mistake */
} draws[] = {
	{ { .sample = 0 }, SIZE_MAX, NULL },
	{ { .sample = 5, .seed = 1 }, 5, NULL },
	{ { .sample = 100000, .seed = 1 }, SIZE_MAX, NULL },
	{ { .only = "word-removed" }, 2, NULL },
	{ { .only = "boot" }, 7, NULL },
	{ { .only = "word-removed,partition-wrong-label", .sample = 3 }, 3, NULL },
	{ { .only = "word" }, 0,
	    "--only word: no mutant of this image is of that class or source; sources are boot "
	    "services oneshots files programs, and --list has the classes" },
};

START_TEST(draws_them)
{
	struct arena *a = arena_new();
	struct derived *v;
	size_t n, *got, *again, ngot, nagain;
	struct err e = { 0 };
	int r;

	derive_fake(a, &v, &n);
	r = draw_mutants(a, v, n, &draws[_i].draw, &got, &ngot, &e);
	if (draws[_i].message) {
		ck_assert_int_eq(r, -1);
		ck_assert_str_eq(e.msg, draws[_i].message);
		ck_assert_int_eq(e.code, EXIT_USAGE);
		arena_free(a);
		return;
	}
	ck_assert_uint_eq(ngot, draws[_i].n == SIZE_MAX ? n : draws[_i].n);
	for (size_t i = 1; i < ngot; i++) /* in order, and none twice */
		ck_assert_uint_lt(got[i - 1], got[i]);
	ck_assert_int_eq(draw_mutants(a, v, n, &draws[_i].draw, &again, &nagain, &e), 0);
	ck_assert_mem_eq(got, again, ngot * sizeof *got);
	arena_free(a);
}
END_TEST

/* over many seeds each mutant is drawn, and another seed draws others */
START_TEST(draws_any)
{
	struct arena *a = arena_new();
	struct derived *v;
	size_t n, seen[200] = { 0 };
	struct err e;

	derive_fake(a, &v, &n);
	ck_assert_uint_lt(n, 200);
	for (uint64_t seed = 0; seed < 200; seed++) {
		size_t *got, ngot;

		ck_assert_int_eq(
		    draw_mutants(
			a, v, n, &(struct draw){ .sample = n / 4, .seed = seed }, &got, &ngot, &e),
		    0);
		for (size_t i = 0; i < ngot; i++)
			seen[got[i]]++;
	}
	for (size_t i = 0; i < n; i++) /* 50 are expected of each */
		ck_assert_msg(seen[i] > 20 && seen[i] < 90, "%zu: %zu times", i, seen[i]);
	arena_free(a);
}
END_TEST

Suite *
derive_suite(void)
{
	Suite *s = suite_of("derive", (const TTest *[]){ names_are_unique, draws_any, NULL });

	tcase_add_loop_test(harness_case(s, "derives"), derives, 0, sizeof wanted / sizeof *wanted);
	tcase_add_loop_test(harness_case(s, "database"), database, 0, sizeof cuts / sizeof *cuts);
	tcase_add_loop_test(harness_case(s, "draws"), draws_them, 0, sizeof draws / sizeof *draws);
	return s;
}
