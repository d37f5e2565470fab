/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/form/bmap.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/form/blockmap.h"
#include "build/form/whole.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)
/* the digest of the file is made with this in its place */
#define NO_DIGEST "0000000000000000000000000000000000000000000000000000000000000000"

/* ---- writing ---- */

/* the last block may end with the image, within the block */
static int
digest_run(int fd, const char *image, const struct map_run *run, uint64_t size, unsigned char *buf,
    char hex[DIGEST_HEX], struct err *e)
{
	struct digest *d = digest_new();
	uint64_t at = run->start * MAP_BLOCK, end = (run->start + run->len) * MAP_BLOCK;
	int r = 0;

	if (end > size)
		end = size;
	while (at < end && r == 0) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;

		r = whole_read(fd, buf, n, at, image, e);
		digest_add(d, buf, n);
		at += n;
	}
	digest_end(d, hex);
	return r;
}

static int
format(int fd, const char *image, const struct blockmap *m, uint64_t size, struct buf *b,
    struct err *e)
{
	unsigned char *chunk = xmalloc(CHUNK);
	char hex[DIGEST_HEX];
	int r = 0;

	buf_addf(b,
	    "<?xml version=\"1.0\" ?>\n"
	    "<bmap version=\"2.0\">\n"
	    "\t<ImageSize> %" PRIu64 " </ImageSize>\n"
	    "\t<BlockSize> %d </BlockSize>\n"
	    "\t<BlocksCount> %" PRIu64 " </BlocksCount>\n"
	    "\t<MappedBlocksCount> %" PRIu64 " </MappedBlocksCount>\n"
	    "\t<ChecksumType> sha256 </ChecksumType>\n"
	    "\t<BmapFileChecksum> " NO_DIGEST " </BmapFileChecksum>\n"
	    "\t<BlockMap>\n",
	    size, MAP_BLOCK, (size + MAP_BLOCK - 1) / MAP_BLOCK, blockmap_blocks(m));
	for (size_t i = 0; i < m->n && r == 0; i++) {
		const struct map_run *run = &m->v[i];

		r = digest_run(fd, image, run, size, chunk, hex, e);
		buf_addf(b, "\t\t<Range chksum=\"%s\"> %" PRIu64, hex, run->start);
		if (run->len > 1)
			buf_addf(b, "-%" PRIu64, run->start + run->len - 1);
		buf_adds(b, " </Range>\n");
	}
	buf_adds(b, "\t</BlockMap>\n</bmap>\n");
	free(chunk);
	return r;
}

int
bmap_write(const char *image, const struct blockmap *m, const char *path, struct err *e)
{
	int fd = file_open(image, O_NOFOLLOW, e), r;
	struct buf b = { 0 };
	char hex[DIGEST_HEX];
	struct stat st;

	if (fd < 0)
		return -1;
	r = fstat(fd, &st) < 0 ? fail_errno(e, "%s", image)
			       : format(fd, image, m, (uint64_t)st.st_size, &b, e);
	close(fd);
	if (r == 0) {
		digest_bytes(b.p, b.n, hex);
		memcpy(strstr(b.p, NO_DIGEST), hex, DIGEST_HEX - 1);
		r = file_write(path, b.p, b.n, 0644, e);
	}
	buf_free(&b);
	return r;
}

/* ---- reading ---- */

/* an element with text and nothing else in it; names and text are on the arena */
struct element {
	const char *name, *chksum, *text;
};

static char *
trimmed(struct arena *a, const char *s, size_t n)
{
	while (n && isspace((unsigned char)*s)) {
		s++;
		n--;
	}
	while (n && isspace((unsigned char)s[n - 1]))
		n--;
	return arena_strndup(a, s, n);
}

/* the value of the one attribute that means something, or NULL */
static const char *
chksum_of(struct arena *a, const char *head, size_t n)
{
	static const char name[] = "chksum=\"";
	const char *at = memmem(head, n, name, sizeof name - 1), *end;

	if (!at)
		return NULL;
	at += sizeof name - 1;
	end = memchr(at, '"', n - (size_t)(at - head));
	return end ? arena_strndup(a, at, (size_t)(end - at)) : NULL;
}

/* the next one from *at on; false: there are no more */
static bool
next_element(struct arena *a, const char **at, struct element *out)
{
	const char *p = *at, *close, *end;

	while ((p = strchr(p, '<'))) {
		if (!strncmp(p, "<!--", 4)) {
			p = strstr(p, "-->");
			if (!p)
				return false;
			continue;
		}
		close = strchr(p, '>');
		if (!close)
			return false;
		end = strchr(close, '<');
		if (p[1] != '/' && p[1] != '?' && end && end[1] == '/') {
			size_t n = strcspn(p + 1, " \t\r\n>");

			*out = (struct element){ arena_strndup(a, p + 1, n),
				chksum_of(a, p, (size_t)(close - p)),
				trimmed(a, close + 1, (size_t)(end - close - 1)) };
			*at = end;
			return true;
		}
		p = close;
	}
	return false;
}

/* digits, and then what end says */
static bool
number(const char **s, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(*s, &end, 10);
	if (!isdigit((unsigned char)**s) || errno)
		return false;
	*s = end;
	return true;
}

static bool
is_sha256(const char *s)
{
	return s && strlen(s) == DIGEST_HEX - 1 && strspn(s, "0123456789abcdef") == DIGEST_HEX - 1;
}

static int
take_range(
    struct arena *a, const struct element *el, const char *path, struct bmap *m, struct err *e)
{
	const struct bmap_range *before = m->n ? &m->v[m->n - 1] : NULL;
	const char *s = el->text;
	struct bmap_range r;
	bool ok = number(&s, &r.first);

	r.last = r.first;
	if (ok && *s == '-') {
		s++;
		ok = number(&s, &r.last);
	}
	if (!ok || *s || r.last < r.first || r.last >= m->blocks ||
	    (before && r.first <= before->last))
		return fail_usage(
		    e, "%s: range %s: not ascending blocks of the image", path, el->text);
	if (!is_sha256(el->chksum))
		return fail_usage(e, "%s: range %s: has no sha256", path, el->text);
	memcpy(r.sha256, el->chksum, DIGEST_HEX);
	m->v = arena_more(a, m->v, m->n, sizeof *m->v);
	m->v[m->n++] = r;
	return 0;
}

/* the numbers and names of the head, each once, before any range */
struct head {
	uint64_t size, block, blocks, mapped;
	const char *type, *digest;
};

static int
take(struct arena *a, const struct element *el, const char *path, struct head *h, struct bmap *m,
    struct err *e)
{
	const struct {
		const char *name;
		uint64_t *number;
		const char **text;
	} heads[] = { { "ImageSize", &h->size, NULL }, { "BlockSize", &h->block, NULL },
		{ "BlocksCount", &h->blocks, NULL }, { "MappedBlocksCount", &h->mapped, NULL },
		{ "ChecksumType", NULL, &h->type }, { "BmapFileChecksum", NULL, &h->digest } };
	const char *s = el->text;

	if (!strcmp(el->name, "Range")) {
		m->size = h->size;
		m->blocks = h->blocks;
		return take_range(a, el, path, m, e);
	}
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		if (strcmp(heads[i].name, el->name) != 0)
			continue;
		if (heads[i].text)
			*heads[i].text = el->text;
		else if (!number(&s, heads[i].number) || *s)
			return fail_usage(e, "%s: %s: not a number: %s", path, el->name, el->text);
	}
	return 0;
}

/* of all its bytes, those of the digest as zeros */
static bool
digest_holds(char *text, size_t n, const char *told)
{
	char hex[DIGEST_HEX], *at;

	if (!is_sha256(told) || !(at = strstr(text, told)))
		return false;
	memset(at, '0', DIGEST_HEX - 1);
	digest_bytes(text, n, hex);
	return !strcmp(hex, told);
}

int
bmap_read(struct arena *a, const char *path, struct bmap *out, struct err *e)
{
	struct head h = { 0 };
	struct element el;
	const char *at;
	char *text;
	size_t n;

	*out = (struct bmap){ 0 };
	if (file_read(a, path, &text, &n, e) < 0)
		return -1;
	at = text;
	while (next_element(a, &at, &el))
		if (take(a, &el, path, &h, out, e) < 0)
			return -1;
	if (!digest_holds(text, n, h.digest))
		return fail_usage(e, "%s: its own digest is wrong, or missing", path);
	if (h.block != MAP_BLOCK || !h.type || strcmp(h.type, "sha256") != 0)
		return fail_usage(e, "%s: not blocks of %d bytes with a sha256", path, MAP_BLOCK);
	*out = (struct bmap){ h.size, h.blocks, h.mapped, out->v, out->n };
	for (size_t i = 0; i < out->n; i++)
		h.mapped -= out->v[i].last - out->v[i].first + 1;
	if (h.mapped || h.size == 0 || h.blocks != (h.size - 1) / MAP_BLOCK + 1)
		return fail_usage(e, "%s: its counts of blocks contradict one another", path);
	return 0;
}
