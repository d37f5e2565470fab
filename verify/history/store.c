/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/history/store.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define WAIT_S 60
/* numbers of rows are counted by one: more than these are no table of ours */
#define IDS_MOST (1 << 22)
/* of nanoseconds, or bytes: what a double can still tell from its neighbour, three months */
#define AMOUNT_MOST (1LL << 53)
/* in the file's head: whose it is, and which tables it has; "lhhi" */
#define APPLICATION 0x6c686869
#define TABLES 1

static const char tables[] =
    "CREATE TABLE run(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, night TEXT NOT NULL,"
    " began TEXT NOT NULL, took INTEGER NOT NULL, program TEXT, host TEXT, accel TEXT,"
    " dir TEXT NOT NULL);"
    "CREATE TABLE image(id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, arch TEXT NOT NULL,"
    " triple TEXT NOT NULL, net TEXT NOT NULL, profile TEXT NOT NULL, versions TEXT NOT NULL,"
    " image TEXT, kernel TEXT);"
    "CREATE TABLE package(image INTEGER NOT NULL REFERENCES image, name TEXT NOT NULL,"
    " version TEXT NOT NULL, key TEXT, revision TEXT);"
    "CREATE TABLE size(image INTEGER NOT NULL REFERENCES image, name TEXT NOT NULL,"
    " bytes INTEGER NOT NULL);"
    "CREATE TABLE testcase(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE result(run INTEGER NOT NULL REFERENCES run,"
    " testcase INTEGER NOT NULL REFERENCES testcase, image INTEGER REFERENCES image,"
    " verdict TEXT NOT NULL, took INTEGER NOT NULL, booted INTEGER NOT NULL, origin TEXT,"
    " what TEXT);"
    "CREATE TABLE phase(run INTEGER NOT NULL REFERENCES run,"
    " image INTEGER NOT NULL REFERENCES image, name TEXT NOT NULL, took INTEGER NOT NULL);";

struct store {
	const char *path;
	sqlite3 *db;
};

/* ---- what went wrong ---- */

static int
refused(struct store *s, struct err *e)
{
	const char *why = sqlite3_errmsg(s->db);
	int system = sqlite3_system_errno(s->db);

	switch (sqlite3_errcode(s->db) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return fail_usage(e,
		    "%s: damaged, or no database of nights (%s); keep it, and make another with "
		    "`history add` of the runs' folders",
		    s->path, why);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return fail(e,
		    "%s: another program has been writing to it for %d s; nothing was added: try "
		    "again",
		    s->path, WAIT_S);
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_READONLY:
		return fail_usage(e, "%s: %s", s->path, system ? strerror(system) : why);
	case SQLITE_FULL:
		system = ENOSPC;
		break;
	default:
		break;
	}
	if (system != ENOSPC && system != EDQUOT)
		return fail(e, "%s: %s", s->path, why);
	fail(e, "%s: no room for this run, of which nothing was added: %s", s->path,
	    strerror(system));
	e->code = EXIT_SYSTEM;
	err_full(e, system, s->path);
	return -1;
}

/* ---- statements ---- */

static int
bind(sqlite3_stmt *st, int i, char type, va_list *ap)
{
	const char *text;

	if (type == 'i')
		return sqlite3_bind_int64(st, i, va_arg(*ap, long long));
	text = va_arg(*ap, const char *);
	return text ? sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC) : SQLITE_OK;
}

/* one statement; types: t a text or NULL, i a long long.  1: it has a row, whose number is *out */
static int
sql(struct store *s, long long *out, struct err *e, const char *text, const char *types, ...)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(s->db, text, -1, &st, NULL);
	va_list ap;

	va_start(ap, types);
	for (int i = 0; rc == SQLITE_OK && types[i]; i++)
		rc = bind(st, i + 1, types[i], &ap);
	va_end(ap);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW && out)
		*out = sqlite3_column_int64(st, 0);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		refused(s, e); /* finalizing forgets why */
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : -1;
}

/* several at once */
static int
sql_all(struct store *s, const char *text, struct err *e)
{
	return sqlite3_exec(s->db, text, NULL, NULL, NULL) == SQLITE_OK ? 0 : refused(s, e);
}

/* ---- opening ---- */

static int
check_whole(struct store *s, struct err *e)
{
	sqlite3_stmt *st = NULL;
	const char *says, *last;
	int rc = sqlite3_prepare_v2(s->db, "PRAGMA quick_check(1)", -1, &st, NULL), r = 0;

	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	says = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(st, 0) : NULL;
	last = says ? strrchr(says, '\n') : NULL; /* behind which database it is */
	if (rc != SQLITE_ROW)
		r = refused(s, e);
	else if (!says || strcmp(says, "ok") != 0)
		r = fail_usage(e,
		    "%s: damaged (%s); keep it, and make another with `history add` of the runs' "
		    "folders",
		    s->path,
		    last   ? last + 1
		    : says ? says
			   : "?");
	sqlite3_finalize(st);
	return r;
}

static int
make_tables(struct store *s, struct err *e)
{
	char pragmas[96];

	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id=%d;PRAGMA user_version=%d;",
	    APPLICATION, TABLES);
	return sql_all(s, pragmas, e) < 0 ? -1 : sql_all(s, tables, e);
}

/*
 * A view instead of a table may have rows without end, a trigger change what is added, and columns
 * be counted by whoever made them.  Views and indices beside ours are somebody's own affair.
 */
static int
check_tables(struct store *s, struct err *e)
{
	long long ours = 0, triggers = 0, all = 0;

	for (const char *at = tables; (at = strchr(at, ';')); at++)
		all++;
	if (sql(s, &ours, e,
		"SELECT count(DISTINCT tbl_name) FROM sqlite_master WHERE type='table'"
		" AND instr(?,sql||';')",
		"t", tables) < 0 ||
	    sql(s, &triggers, e, "SELECT count(*) FROM sqlite_master WHERE type='trigger'", "") < 0)
		return -1;
	return ours == all && !triggers ? 0
					: fail_usage(e,
					      "%s: damaged: its tables are not those of nights; "
					      "keep it, and make another "
					      "with `history add` of the runs' folders",
					      s->path);
}

/* whose is it?  An empty one becomes ours, when it is written to */
static int
settle(struct store *s, bool write, struct err *e)
{
	long long application = 0, version = 0, objects = 0;

	if (sql(s, &application, e, "PRAGMA application_id", "") < 0 ||
	    sql(s, &version, e, "PRAGMA user_version", "") < 0 ||
	    sql(s, &objects, e, "SELECT count(*) FROM sqlite_master", "") < 0)
		return -1;
	if (write && !application && !objects)
		return make_tables(s, e);
	if (application != APPLICATION)
		return fail_usage(e, "%s: a database, but none of nights; name another", s->path);
	if (version != TABLES)
		return fail_usage(e,
		    "%s: has tables of version %lld, and this program those of %d; use the program "
		    "that wrote it",
		    s->path, version, TABLES);
	return check_tables(s, e);
}

static int
prepare(struct store *s, bool write, struct err *e)
{
	sqlite3_busy_timeout(s->db, WAIT_S * 1000);
	if (!write)
		return settle(s, false, e);
	if (sql_all(s, "BEGIN IMMEDIATE", e) < 0 || settle(s, true, e) < 0 || check_whole(s, e) < 0)
		return -1;
	return sql_all(s, "COMMIT", e);
}

int
store_open(struct arena *a, const char *path, bool write, struct store **out, struct err *e)
{
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
	struct store *s = arena_alloc(a, sizeof *s);
	struct stat st;

	*out = s;
	s->path = path;
	if (file_isdir(path))
		return fail_usage(e, "%s: a folder; name a file", path);
	/* whoever opens a fifo waits for its other end */
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return fail_usage(e, "%s: not a regular file", path);
	if (!write && !file_exists(path))
		return fail_usage(e, "%s: no such file; `lh-verify history add` makes it", path);
	if (sqlite3_open_v2(path, &s->db, flags, NULL) == SQLITE_OK) {
		if (prepare(s, write, e) == 0)
			return 0;
	} else if (s->db) {
		refused(s, e);
	} else {
		fail(e, "%s: no memory", path);
	}
	sqlite3_close(s->db); /* what was begun is undone */
	return -1;
}

void
store_close(struct store *s)
{
	sqlite3_close(s->db);
}

/* ---- adding ---- */

static int
add_image_parts(struct store *s, const struct past_image *im, long long id, struct err *e)
{
	for (size_t i = 0; i < im->npackages; i++) {
		const struct past_package *p = &im->packages[i];

		if (sql(s, NULL, e, "INSERT INTO package VALUES(?,?,?,?,?)", "itttt", id, p->name,
			p->version, p->key, p->commit) < 0)
			return -1;
	}
	for (size_t i = 0; i < im->nsizes; i++)
		if (sql(s, NULL, e, "INSERT INTO size VALUES(?,?,?)", "iti", id, im->sizes[i].name,
			im->sizes[i].bytes) < 0)
			return -1;
	return 0;
}

static int
add_image(struct store *s, const struct past_image *im, long long *id, struct err *e)
{
	int there = sql(s, id, e, "SELECT id FROM image WHERE digest=?", "t", im->digest);

	if (there)
		return there < 0 ? -1 : 0;
	if (sql(s, NULL, e, "INSERT INTO image VALUES(NULL,?,?,?,?,?,?,?,?)", "tttttttt",
		im->digest, im->arch, im->triple, im->net, im->profile, im->set, im->image,
		im->kernel) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return add_image_parts(s, im, *id, e);
}

static int
add_case(struct store *s, const char *name, long long *id, struct err *e)
{
	int there = sql(s, id, e, "SELECT id FROM testcase WHERE name=?", "t", name);

	if (there)
		return there < 0 ? -1 : 0;
	if (sql(s, NULL, e, "INSERT INTO testcase VALUES(NULL,?)", "t", name) < 0)
		return -1;
	*id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

static int
add_result(struct store *s, const struct past *p, const struct past_result *r, long long run,
    const long long *images, struct err *e)
{
	long long testcase;

	if (add_case(s, p->cases[r->testcase].name, &testcase, e) < 0)
		return -1;
	if (r->image == PAST_NONE)
		return sql(s, NULL, e, "INSERT INTO result VALUES(?,?,NULL,?,?,?,?,?)", "iitiitt",
		    run, testcase, verdict_names[r->verdict], (long long)r->took,
		    (long long)r->booted, r->from, r->what);
	return sql(s, NULL, e, "INSERT INTO result VALUES(?,?,?,?,?,?,?,?)", "iiitiitt", run,
	    testcase, images[r->image], verdict_names[r->verdict], (long long)r->took,
	    (long long)r->booted, r->from, r->what);
}

static int
add_all(struct store *s, const struct past *p, long long *images, struct err *e)
{
	const struct past_run *r = p->runs;
	long long run;

	for (size_t i = 0; i < p->nimages; i++)
		if (add_image(s, &p->images[i], &images[i], e) < 0)
			return -1;
	if (sql(s, NULL, e, "INSERT INTO run VALUES(NULL,?,?,?,?,?,?,?,?)", "tttitttt", r->digest,
		r->night, r->began, (long long)r->took, r->program, r->host, r->accel, r->dir) < 0)
		return -1;
	run = sqlite3_last_insert_rowid(s->db);
	for (size_t i = 0; i < p->nresults; i++)
		if (add_result(s, p, &p->results[i], run, images, e) < 0)
			return -1;
	for (size_t i = 0; i < p->nphases; i++)
		if (sql(s, NULL, e, "INSERT INTO phase VALUES(?,?,?,?)", "iiti", run,
			images[p->phases[i].image], p->phases[i].name,
			(long long)p->phases[i].took) < 0)
			return -1;
	return 0;
}

int
store_add(struct store *s, const struct past *p, struct err *e)
{
	struct arena *a = arena_new();
	long long *images = arena_array(a, p->nimages + 1, sizeof *images);
	int there = -1;

	if (sql_all(s, "BEGIN IMMEDIATE", e) < 0)
		goto out;
	there = sql(s, NULL, e, "SELECT id FROM run WHERE digest=?", "t", p->runs->digest);
	if (there == 0 && add_all(s, p, images, e) < 0)
		there = -1;
	if (there == 0 && sql_all(s, "COMMIT", e) < 0)
		there = -1;
	if (there != 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
out:
	arena_free(a);
	return there < 0 ? -1 : !there;
}

/* ---- loading ---- */

/* a table whose rows others name by their id, and where those rows went */
struct ids {
	size_t *at;
	size_t n;
};

struct loading {
	struct arena *a;
	struct store *s;
	struct past *p;
	sqlite3_stmt *st;
	struct ids runs, images, cases;
	bool lost; /* a row names one that is not there, or says what no run does */
};

static const char *
text(struct loading *l, int column)
{
	const char *t = (const char *)sqlite3_column_text(l->st, column);

	return t ? arena_strdup(l->a, t) : NULL;
}

/* one that may not be NULL, and is of one line: a name, a version, a folder */
static const char *
said(struct loading *l, int column)
{
	const char *t = text(l, column);

	for (const char *p = t; p && *p; p++)
		l->lost |= (unsigned char)*p < ' ' || *p == 0x7f;
	return t ? t : "?";
}

/* nanoseconds or bytes */
static long long
amount(struct loading *l, int column)
{
	long long n = sqlite3_column_int64(l->st, column);

	l->lost |= n < 0 || n > AMOUNT_MOST;
	return n;
}

static void
remember(struct loading *l, struct ids *ids, size_t place)
{
	long long told = sqlite3_column_int64(l->st, 0);
	size_t id = (size_t)told;

	if (told < 0 || told > IDS_MOST) {
		l->lost = true;
		return;
	}
	if (id >= ids->n) {
		size_t n = 2 * id + 16;

		ids->at = arena_grow(l->a, ids->at, ids->n, n, sizeof *ids->at);
		for (size_t i = ids->n; i < n; i++)
			ids->at[i] = PAST_NONE;
		ids->n = n;
	}
	ids->at[id] = place;
}

static size_t
place_of(struct loading *l, const struct ids *ids, int column)
{
	size_t id = (size_t)sqlite3_column_int64(l->st, column);
	size_t at = id < ids->n ? ids->at[id] : PAST_NONE;

	l->lost |= at == PAST_NONE;
	return at == PAST_NONE ? 0 : at;
}

static void
load_run(struct loading *l)
{
	struct past *p = l->p;
	char night[11];

	p->runs = arena_more(l->a, p->runs, p->nruns, sizeof *p->runs);
	remember(l, &l->runs, p->nruns);
	p->runs[p->nruns++] = (struct past_run){ .digest = said(l, 1),
		.night = said(l, 2),
		.began = said(l, 3),
		.took = amount(l, 4),
		.program = text(l, 5),
		.host = text(l, 6),
		.accel = text(l, 7),
		.dir = said(l, 8) };
	l->lost |= !past_night(said(l, 3), night) || strcmp(night, said(l, 2)) != 0;
}

static void
load_image(struct loading *l)
{
	struct past *p = l->p;

	p->images = arena_more(l->a, p->images, p->nimages, sizeof *p->images);
	remember(l, &l->images, p->nimages);
	p->images[p->nimages++] = (struct past_image){ .digest = said(l, 1),
		.arch = said(l, 2),
		.triple = said(l, 3),
		.net = said(l, 4),
		.profile = said(l, 5),
		.set = said(l, 6),
		.image = text(l, 7),
		.kernel = text(l, 8) };
}

static void
load_package(struct loading *l)
{
	size_t at = place_of(l, &l->images, 0);
	struct past_image *im;

	if (l->lost)
		return;
	im = &l->p->images[at];
	im->packages = arena_more(l->a, im->packages, im->npackages, sizeof *im->packages);
	im->packages[im->npackages++] =
	    (struct past_package){ said(l, 1), said(l, 2), text(l, 3), text(l, 4) };
}

static void
load_size(struct loading *l)
{
	size_t at = place_of(l, &l->images, 0);
	struct past_image *im;

	if (l->lost)
		return;
	im = &l->p->images[at];
	im->sizes = arena_more(l->a, im->sizes, im->nsizes, sizeof *im->sizes);
	im->sizes[im->nsizes++] = (struct past_size){ said(l, 1), amount(l, 2) };
}

static void
load_case(struct loading *l)
{
	struct past *p = l->p;

	p->cases = arena_more(l->a, p->cases, p->ncases, sizeof *p->cases);
	remember(l, &l->cases, p->ncases);
	p->cases[p->ncases++] = past_case_of(l->a, said(l, 1));
}

static void
load_result(struct loading *l)
{
	struct past *p = l->p;
	const char *verdict = (const char *)sqlite3_column_text(l->st, 3);
	struct past_result r = { .run = place_of(l, &l->runs, 0),
		.testcase = place_of(l, &l->cases, 1),
		.image = PAST_NONE,
		.verdict = NVERDICTS };

	if (sqlite3_column_type(l->st, 2) != SQLITE_NULL)
		r.image = place_of(l, &l->images, 2);
	for (int v = 0; v < NVERDICTS; v++)
		if (verdict && !strcmp(verdict_names[v], verdict))
			r.verdict = (enum verdict)v;
	l->lost |= r.verdict == NVERDICTS;
	r.took = amount(l, 4);
	r.booted = amount(l, 5);
	r.from = text(l, 6);
	r.what = text(l, 7);
	p->results = arena_more(l->a, p->results, p->nresults, sizeof r);
	p->results[p->nresults++] = r;
}

static void
load_phase(struct loading *l)
{
	struct past *p = l->p;

	p->phases = arena_more(l->a, p->phases, p->nphases, sizeof *p->phases);
	p->phases[p->nphases++] = (struct past_phase){ place_of(l, &l->runs, 0),
		place_of(l, &l->images, 1), said(l, 2), amount(l, 3) };
}

/* in an order in which what others name comes first */
static const struct {
	const char *rows;
	void (*row)(struct loading *l);
} loads[] = {
	{ "SELECT id,digest,night,began,took,program,host,accel,dir FROM run ORDER BY began,id",
	    load_run },
	{ "SELECT id,digest,arch,triple,net,profile,versions,image,kernel FROM image ORDER BY id",
	    load_image },
	{ "SELECT image,name,version,key,revision FROM package ORDER BY rowid", load_package },
	{ "SELECT image,name,bytes FROM size ORDER BY rowid", load_size },
	{ "SELECT id,name FROM testcase ORDER BY id", load_case },
	{ "SELECT run,testcase,image,verdict,took,booted,origin,what FROM result ORDER BY rowid",
	    load_result },
	{ "SELECT run,image,name,took FROM phase ORDER BY rowid", load_phase },
};

static int
load_table(struct loading *l, size_t i, struct err *e)
{
	int rc = sqlite3_prepare_v2(l->s->db, loads[i].rows, -1, &l->st, NULL), r = 0;

	while (rc == SQLITE_OK && !l->lost && (rc = sqlite3_step(l->st)) == SQLITE_ROW) {
		loads[i].row(l);
		rc = SQLITE_OK;
	}
	if (l->lost)
		r = fail_usage(e,
		    "%s: damaged: a row names one that is not there, or says what no run does; "
		    "keep it, and make another with `history add` of the runs' folders",
		    l->s->path);
	else if (rc != SQLITE_DONE)
		r = refused(l->s, e);
	sqlite3_finalize(l->st);
	return r;
}

int
store_load(struct arena *a, struct store *s, struct past *out, struct err *e)
{
	struct loading l = { .a = a, .s = s, .p = out };
	int r;

	*out = (struct past){ 0 };
	/* all tables as they were at one moment */
	r = sql_all(s, "BEGIN", e);
	for (size_t i = 0; r == 0 && i < sizeof loads / sizeof *loads; i++)
		r = load_table(&l, i, e);
	sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	if (r == 0)
		past_index(a, out);
	return r;
}
