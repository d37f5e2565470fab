/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/memo.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/stamp.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* raise the number when a key gets another value than before, such as by another digest_tree
 */
#define HEAD "lh-memo 1\n"
#define SUM "sum "
/* values that nobody asked for are kept as long as there are fewer of all kinds */
#define MOST 500

struct fact {
	const char *key; /* its digest */
	const char *value;
	bool asked;
};

struct memo {
	struct arena *a;
	const char *path;
	struct fact *v; /* the oldest first */
	size_t n;
	bool learned;
};

static void
add(struct memo *m, const char *key, const char *value, bool asked)
{
	m->v = arena_more(m->a, m->v, m->n, sizeof *m->v);
	m->v[m->n++] = (struct fact){ key, value, asked };
}

/* the lines between the first and the last, when that vouches for them; else NULL */
static char *
vouched(char *text, size_t n)
{
	char *last, hex[DIGEST_HEX];
	size_t tail = strlen(SUM) + DIGEST_HEX; /* with its newline */

	if (n < strlen(HEAD) + tail || strlen(text) != n || strncmp(text, HEAD, strlen(HEAD)) != 0)
		return NULL;
	last = text + n - tail;
	digest_bytes(text, (size_t)(last - text), hex);
	if (strncmp(last, SUM, strlen(SUM)) != 0 ||
	    strncmp(last + strlen(SUM), hex, DIGEST_HEX - 1) != 0)
		return NULL;
	*last = '\0';
	return text + strlen(HEAD);
}

struct memo *
memo_open(struct arena *a, const char *path)
{
	struct memo *m = arena_alloc(a, sizeof *m);
	char *text, *line, *end;
	struct err ignored;
	size_t n;

	*m = (struct memo){ .a = a, .path = arena_strdup(a, path) };
	if (file_read(a, path, &text, &n, &ignored) < 0)
		return m;
	for (line = vouched(text, n); line && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		line[DIGEST_HEX - 1] = '\0'; /* we wrote it: a digest, a blank, a value */
		add(m, line, line + DIGEST_HEX, false);
	}
	return m;
}

static struct fact *
find(struct memo *m, const char *key_hex)
{
	for (size_t i = m->n; i-- > 0;)
		if (!strcmp(m->v[i].key, key_hex))
			return &m->v[i];
	return NULL;
}

const char *
memo_get(struct memo *m, const char *key)
{
	char hex[DIGEST_HEX];
	struct fact *f;

	if (!m)
		return NULL;
	digest_bytes(key, strlen(key), hex);
	f = find(m, hex);
	if (!f)
		return NULL;
	f->asked = true;
	return f->value;
}

void
memo_put(struct memo *m, const char *key, const char *value)
{
	char hex[DIGEST_HEX];

	if (!m || strchr(value, '\n'))
		return;
	digest_bytes(key, strlen(key), hex);
	add(m, arena_strdup(m->a, hex), arena_strdup(m->a, value), true);
	m->learned = true;
}

int
memo_save(const struct memo *m, struct err *e)
{
	struct buf out = { 0 };
	size_t over = m->n > MOST ? m->n - MOST : 0;
	char hex[DIGEST_HEX];
	int r;

	if (!m->learned)
		return 0;
	buf_adds(&out, HEAD);
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].asked || !over)
			buf_addf(&out, "%s %s\n", m->v[i].key, m->v[i].value);
		else
			over--;
	digest_bytes(out.p, out.n, hex);
	buf_addf(&out, SUM "%s\n", hex);
	r = file_write(m->path, out.p, out.n, 0600, e);
	buf_free(&out);
	return r;
}

/* what a disk held is not believed after a restart of the machine until it has been read again */
static const char *
boot_id(void)
{
	static char id[64];
	int fd;

	if (!*id && (fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)) >= 0) {
		ssize_t n = read(fd, id, sizeof id - 1);

		id[n > 0 ? n : 0] = '\0';
		close(fd);
	}
	return id;
}

int
memo_digest(struct memo *m, const struct memo_kind *kind, const char *path, char hex[DIGEST_HEX],
    struct err *e)
{
	struct arena *a;
	const char *key, *known;
	struct stamp stamp;
	int r = 0;

	if (!m)
		return kind->digest(path, hex, e);
	if (stamp_all(path, kind->skip, &stamp, e) < 0)
		return -1;
	a = arena_new();
	key = arena_printf(a, "%s%s%s %s %s", kind->name, kind->until_boot ? ", boot " : "",
	    kind->until_boot ? boot_id() : "", stamp.hex, path);
	known = memo_get(m, key);
	if (known && strlen(known) == DIGEST_HEX - 1)
		memcpy(hex, known, DIGEST_HEX);
	else
		r = kind->digest(path, hex, e);
	if (r == 0 && !known && stamp.settled)
		memo_put(m, key, hex);
	arena_free(a);
	return r;
}

static int
any(const char *path, char *hex, struct err *e)
{
	return file_isdir(path) ? digest_tree(path, hex, e) : digest_file(path, hex, e);
}

const struct memo_kind memo_plain = { .name = "digest", .digest = any };
