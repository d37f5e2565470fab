/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/fsplan.h"

#include "build/base/arena.h"
#include "build/image/fsindex.h"

#include <stdlib.h>
#include <string.h>

/* the next free block, going once through all of them */
struct cursor {
	const struct fs_run *free;
	size_t n, i;
	uint64_t used; /* of free[i] */
};

unsigned
fs_dirent(const char *name)
{
	return (8 + (unsigned)strlen(name) + 3) & ~3u;
}

static struct fs_run *
push_run(struct arena *a, struct fs_plan *p)
{
	if (p->nruns == p->cap) {
		size_t cap = p->cap ? 2 * p->cap : 256;

		p->runs = arena_grow(a, p->runs, p->nruns, cap, sizeof *p->runs);
		p->cap = cap;
	}
	return &p->runs[p->nruns++];
}

/* up to n blocks in a row; 0 when there are no more */
static uint64_t
take(struct cursor *c, uint64_t n, uint64_t *start)
{
	while (c->i < c->n && c->used == c->free[c->i].len) {
		c->i++;
		c->used = 0;
	}
	if (c->i == c->n)
		return 0;
	if (n > c->free[c->i].len - c->used)
		n = c->free[c->i].len - c->used;
	*start = c->free[c->i].start + c->used;
	c->used += n;
	return n;
}

/* gives a node its blocks, and those for its extents */
static int
place(struct arena *a, struct fs_plan *p, struct cursor *c, struct fs_node *n, struct err *e)
{
	n->run = p->nruns;
	for (uint64_t left = n->blocks; left && p->fits;) {
		struct fs_run *r = push_run(a, p);

		r->len = take(c, left < FS_EXTENT_MAX ? left : FS_EXTENT_MAX, &r->start);
		p->fits = r->len > 0;
		left -= r->len;
	}
	n->nruns = p->nruns - n->run;
	p->blocks += n->blocks;
	if (n->nruns > FS_LEAF_EXTENTS)
		return fail(e, "%s: too large for one file", n->name);
	if (n->nruns > FS_ROOT_EXTENTS) {
		p->blocks++;
		p->fits = p->fits && take(c, 1, &n->leaf) == 1;
	}
	return 0;
}

/* what is being filled while the entries are gone through */
struct folder {
	size_t last;   /* child */
	unsigned used; /* of the last block */
};

static void
enter(struct fs_plan *p, struct folder *f, size_t parent, size_t child)
{
	struct fs_node *dir = &p->v[parent];
	unsigned len = fs_dirent(p->v[child].name);

	if (f[parent].last)
		p->v[f[parent].last].next = child;
	else
		dir->child = child;
	f[parent].last = child;
	p->v[child].parent = parent;
	if (f[parent].used + len > FS_DIR_ROOM) {
		dir->blocks++;
		f[parent].used = 0;
	}
	f[parent].used += len;
}

static void
start_folder(struct fs_plan *p, struct folder *f, size_t i)
{
	p->v[i].blocks = 1;
	p->v[i].links = 2;
	f[i].used = fs_dirent(".") + fs_dirent("..");
}

static bool
holds(const char *dir, size_t len, const char *path)
{
	return len == 0 || (!strncmp(dir, path, len) && path[len] == '/');
}

/* names, folders, sizes; the tree is sorted, so one pass with the folders we are inside of will do
 */
static int
survey(struct arena *a, const struct tree *t, struct fs_plan *p, struct err *e)
{
	struct folder *f = arena_array(a, t->n + 1, sizeof *f);
	size_t dir = 0;

	start_folder(p, f, 0);
	p->v[0].ino = FS_INO_ROOT;
	p->v[t->n] = (struct fs_node){
		.name = "lost+found", .ino = FS_INO_LOST, .links = 2, .blocks = FS_LOST_BLOCKS
	};
	p->v[t->n + 1] = (struct fs_node){ .name = "journal", .ino = FS_INO_JOURNAL, .links = 1 };
	enter(p, f, 0, t->n);
	p->v[0].links++;
	for (size_t i = 1; i < t->n; i++) {
		const struct entry *n = &t->v[i];
		struct fs_node *node = &p->v[i];

		while (!holds(t->v[dir].path, strlen(t->v[dir].path), n->path))
			dir = p->v[dir].parent;
		node->name = n->path + strlen(t->v[dir].path) + (dir != 0);
		if (strchr(node->name, '/'))
			return fail(e, "%s: /%s: its parent is not a folder", t->name, n->path);
		if (dir == 0 && !strcmp(node->name, "lost+found"))
			return fail(e, "%s: /lost+found from %s: the filesystem makes its own",
			    t->name, n->package);
		node->ino = (uint32_t)(FS_INO_FIRST + i - 1);
		node->links = 1;
		enter(p, f, dir, i);
		switch (n->type) {
		case ENTRY_DIR:
			start_folder(p, f, i);
			p->v[dir].links++;
			dir = i;
			break;
		case ENTRY_FILE:
			node->bytes = n->size;
			node->blocks = (n->size + FS_BLOCK - 1) / FS_BLOCK;
			break;
		case ENTRY_LINK:
			node->bytes = strlen(n->target);
			node->blocks = node->bytes >= FS_FAST_LINK;
			break;
		case ENTRY_FIFO:
		case ENTRY_CHAR:
		case ENTRY_BLOCK:
			break;
		}
	}
	return 0;
}

_Static_assert(FS_INDEX_BLOCK + 0 == FS_BLOCK + 0, "a block is a block");

/* a name in a folder that gets an index */
struct hashed {
	uint32_t hash, minor;
	size_t child;
};

static int
hashed_cmp(const void *a, const void *b)
{
	const struct hashed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->minor != y->minor)
		return x->minor < y->minor ? -1 : 1;
	return x->child < y->child ? -1 : x->child > y->child;
}

/* in which order its names stand, and how many blocks that takes: none is cut in two */
static int
add_index(
    struct fs_plan *p, const struct fs_space *space, const char *fs, size_t dir, struct err *e)
{
	struct fs_node *d = &p->v[dir];
	struct hashed *v;
	uint64_t leaves = 1;
	unsigned used = 0;
	size_t n = 0;

	for (size_t c = d->child; c; c = p->v[c].next)
		n++;
	v = xmalloc(n * sizeof *v);
	n = 0;
	for (size_t c = d->child; c; c = p->v[c].next, n++) {
		v[n].child = c;
		v[n].hash = space->hash(space->seed, p->v[c].name, &v[n].minor);
		p->v[c].hash = v[n].hash;
	}
	qsort(v, n, sizeof *v, hashed_cmp);
	d->child = v[0].child;
	for (size_t i = 0; i < n; i++) {
		struct fs_node *c = &p->v[v[i].child];
		unsigned len = fs_dirent(c->name);

		c->next = i + 1 < n ? v[i + 1].child : 0;
		leaves += used + len > FS_DIR_ROOM;
		used = used + len > FS_DIR_ROOM ? len : used + len;
	}
	free(v);
	d->index = fs_index_blocks(leaves);
	d->blocks = d->index + leaves;
	return d->index ? 0
			: fail(e, "%s: a folder has %zu names, more than ext4 can index", fs, n);
}

static int
add_indexes(struct fs_plan *p, const struct fs_space *space, const struct tree *t, struct err *e)
{
	for (size_t i = 0; i < t->n && space->hash; i++)
		if (t->v[i].type == ENTRY_DIR && p->v[i].blocks > 1 &&
		    add_index(p, space, t->name, i, e) < 0)
			return -1;
	return 0;
}

int
fs_plan_make(struct arena *a, const struct tree *t, const struct fs_space *space,
    struct fs_plan *out, struct err *e)
{
	struct cursor c = { .free = space->free, .n = space->nfree };
	struct fs_plan *p = out;

	*p = (struct fs_plan){
		.v = arena_array(a, t->n + 2, sizeof *p->v), .n = t->n, .fits = true
	};
	for (size_t i = 0; i < space->nfree; i++)
		p->room += space->free[i].len;
	if (survey(a, t, p, e) < 0 || add_indexes(p, space, t, e) < 0)
		return -1;
	p->v[t->n + 1].blocks = space->journal;
	if (place(a, p, &c, &p->v[t->n + 1], e) < 0 || place(a, p, &c, &p->v[t->n], e) < 0)
		return -1;
	/* folders together, then what they hold in their order: a boot reads much the same way */
	for (int dirs = 1; dirs >= 0; dirs--)
		for (size_t i = 0; i < t->n; i++)
			if ((t->v[i].type == ENTRY_DIR) == dirs && place(a, p, &c, &p->v[i], e) < 0)
				return -1;
	for (size_t i = 0; i < t->n + 2; i++)
		if (i >= t->n || t->v[i].type == ENTRY_DIR)
			p->v[i].bytes = p->v[i].blocks * FS_BLOCK;
	return 0;
}
