/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/fsplan.h"
#include "build/base/arena.h"
#include "build/test/suites.h"

#include <string.h>

static struct fs_node *
node(struct fs_plan *p, const struct tree *t, const char *path)
{
	return &p->v[tree_find(t, path) - t->v];
}

static void
push(struct tree *t, const char *path, enum entry_type type, uint64_t size)
{
	tree_push(t, &(struct entry){
			 .path = path, .type = type, .size = size, .target = "t", .package = "p" });
}

static int
plan(struct arena *a, const struct tree *t, const struct fs_run *free, size_t nfree,
    struct fs_plan *p, struct err *e)
{
	return fs_plan_make(
	    a, t, &(struct fs_space){ .free = free, .nfree = nfree, .journal = 3 }, p, e);
}

START_TEST(numbers_links_and_blocks)
{
	static const struct {
		const char *path;
		enum entry_type type;
		uint64_t size;
		unsigned ino, links;
		uint64_t blocks, first;
		const char *child, *next;
	} rows[] = {
		{ "", ENTRY_DIR, 0, 2, 4, 1, 17, "lost+found", NULL },
		{ "a", ENTRY_DIR, 0, 12, 3, 1, 18, "b", "a-b" },
		{ "a/b", ENTRY_DIR, 0, 13, 2, 1, 19, "c", "z" },
		{ "a/b/c", ENTRY_FILE, 4097, 14, 1, 2, 30, NULL, NULL },
		{ "a/z", ENTRY_FILE, 0, 15, 1, 0, 0, NULL, NULL },
		{ "a-b", ENTRY_LINK, 0, 16, 1, 0, 0, NULL, "a.b" },
		{ "a.b", ENTRY_FILE, 4096, 17, 1, 1, 32, NULL, NULL },
	};
	static const struct fs_run free[] = { { 10, 10 }, { 30, 1000 } };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct fs_plan p;
	struct tree t;

	tree_init(a, "rwfs", &t);
	for (size_t i = sizeof rows / sizeof *rows; i-- > 1;)
		push(&t, rows[i].path, rows[i].type, rows[i].size);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	/* the journal takes 10 to 12, lost+found 13 to 16 */
	ck_assert_int_eq(plan(a, &t, free, 2, &p, &e), 0);
	ck_assert(p.fits);
	ck_assert_uint_eq(p.room, 1010);
	ck_assert_uint_eq(p.blocks, 3 + 4 + 3 + 3);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct fs_node *n = node(&p, &t, rows[i].path);

		ck_assert_uint_eq(n->ino, rows[i].ino);
		ck_assert_uint_eq(n->links, rows[i].links);
		ck_assert_uint_eq(n->blocks, rows[i].blocks);
		if (n->blocks)
			ck_assert_uint_eq(p.runs[n->run].start, rows[i].first);
		ck_assert_pstr_eq(n->child ? p.v[n->child].name : NULL, rows[i].child);
		ck_assert_pstr_eq(n->next ? p.v[n->next].name : NULL, rows[i].next);
	}
	arena_free(a);
}
END_TEST

/* one block short is short, and says by how much */
START_TEST(the_last_block)
{
	static const struct fs_run enough[] = { { 10, 7 }, { 100, 11 } },
				   short_of[] = { { 10, 7 }, { 100, 10 } };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct fs_plan p;
	struct tree t;

	tree_init(a, "rwfs", &t);
	push(&t, "f", ENTRY_FILE, 10 * FS_BLOCK);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	ck_assert_int_eq(plan(a, &t, enough, 2, &p, &e), 0);
	ck_assert(p.fits);
	ck_assert_int_eq(plan(a, &t, short_of, 2, &p, &e), 0);
	ck_assert(!p.fits);
	ck_assert_uint_eq(p.blocks, p.room + 1);
	arena_free(a);
}
END_TEST

/* a map longer than an inode, and than its leaf: free blocks two by two */
static const struct {
	unsigned extents, leaves;
	const char *error;
} fragments[] = {
	{ 4, 0, NULL },
	{ 5, 1, NULL },
	{ 340, 1, NULL },
	{ 341, 0, "f: too large for one file" },
};

START_TEST(fragmented)
{
	static struct fs_run free[2000];
	unsigned extents = fragments[_i].extents;
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct fs_plan p;
	struct tree t;
	struct fs_node *n;

	free[0] = (struct fs_run){ 0, 8 };
	for (uint64_t i = 1; i < 2000; i++)
		free[i] = (struct fs_run){ 10 * i, 2 };
	tree_init(a, "rwfs", &t);
	push(&t, "f", ENTRY_FILE, 2 * (uint64_t)extents * FS_BLOCK);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	if (fragments[_i].error) {
		ck_assert_int_eq(plan(a, &t, free, 2000, &p, &e), -1);
		ck_assert_str_eq(e.msg, fragments[_i].error);
		arena_free(a);
		return;
	}
	ck_assert_int_eq(plan(a, &t, free, 2000, &p, &e), 0);
	ck_assert(p.fits);
	n = node(&p, &t, "f");
	ck_assert_uint_eq(n->nruns, extents);
	ck_assert_uint_eq(n->leaf, fragments[_i].leaves ? 10 * (extents + 1) : 0);
	ck_assert_uint_eq(p.blocks, 8 + 2 * extents + fragments[_i].leaves);
	/* room for the data alone */
	ck_assert_int_eq(plan(a, &t, free, extents + 1, &p, &e), 0);
	ck_assert(p.fits == !fragments[_i].leaves);
	ck_assert_uint_eq(p.blocks, p.room + fragments[_i].leaves);
	arena_free(a);
}
END_TEST

/* an extent maps 32768 blocks and no more */
START_TEST(long_runs)
{
	static const struct fs_run free[] = { { 0, 200000 } };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct fs_plan p;
	struct tree t;
	struct fs_node *n;

	tree_init(a, "rwfs", &t);
	push(&t, "f", ENTRY_FILE, UINT64_C(98305) * FS_BLOCK);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	ck_assert_int_eq(plan(a, &t, free, 1, &p, &e), 0);
	n = node(&p, &t, "f");
	ck_assert_uint_eq(n->nruns, 4);
	ck_assert_uint_eq(p.runs[n->run].len, 32768);
	ck_assert_uint_eq(p.runs[n->run + 3].len, 1);
	arena_free(a);
}
END_TEST

/* names fill a folder's block to the last byte, which one byte more overflows */
static const struct {
	unsigned names, last; /* of 16 bytes of room each; the last one's length */
	unsigned blocks;
} folders[] = {
	{ 253, 4, 1 }, /* 12 + 12 + 253 * 16 + 12 = 4084 */
	{ 253, 5, 2 },
	{ 254, 8, 2 },
};

START_TEST(folder_blocks)
{
	static const struct fs_run free[] = { { 0, 1000 } };
	struct arena *a = arena_new();
	struct err e = { 0 };
	struct fs_plan p;
	struct tree t;

	tree_init(a, "rwfs", &t);
	push(&t, "d", ENTRY_DIR, 0);
	for (unsigned i = 0; i < folders[_i].names; i++)
		push(&t, arena_printf(a, "d/name%03u", i), ENTRY_FIFO, 0);
	push(&t, arena_printf(a, "d/%.*s", (int)folders[_i].last, "zzzzzzzz"), ENTRY_FIFO, 0);
	ck_assert_int_eq(tree_sort(&t, &e), 0);
	ck_assert_int_eq(plan(a, &t, free, 1, &p, &e), 0);
	ck_assert_uint_eq(node(&p, &t, "d")->blocks, folders[_i].blocks);
	ck_assert_uint_eq(node(&p, &t, "d")->bytes, folders[_i].blocks * FS_BLOCK);
	arena_free(a);
}
END_TEST

Suite *
fsplan_suite(void)
{
	Suite *s = suite_of("fsplan",
	    (const TTest *[]){ numbers_links_and_blocks, the_last_block, long_runs, NULL });
	TCase *tc = harness_case(s, "tables");

	tcase_add_loop_test(tc, fragmented, 0, sizeof fragments / sizeof *fragments);
	tcase_add_loop_test(tc, folder_blocks, 0, sizeof folders / sizeof *folders);
	return s;
}
