/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/digest.h"

#include "build/base/arena.h"
#include "build/files/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 4096
#define RUN (16 * BLOCK) /* bytes read at a time, into pages that are there already */

struct digest {
	EVP_MD_CTX *ctx;
};

void
digest_must(bool ok, const char *what)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());

	if (ok)
		return;
	fprintf(stderr, "%s: fatal: libcrypto: %s: %s\n", program_invocation_short_name, what,
	    why ? why : "out of memory");
	_Exit(111);
}

static void
must(int ok)
{
	digest_must(ok == 1, "a digest failed");
}

static struct digest *
new_of(const EVP_MD *kind)
{
	struct digest *d = xmalloc(sizeof *d);

	d->ctx = EVP_MD_CTX_new();
	must(d->ctx != NULL);
	must(EVP_DigestInit_ex(d->ctx, kind, NULL));
	return d;
}

struct digest *
digest_new(void)
{
	return new_of(EVP_sha256());
}

void
digest_add(struct digest *d, const void *p, size_t n)
{
	must(EVP_DigestUpdate(d->ctx, p, n));
}

void
digest_end(struct digest *d, char *hex)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n;

	must(EVP_DigestFinal_ex(d->ctx, sum, &n));
	for (unsigned i = 0; i < n; i++)
		sprintf(hex + 2 * i, "%02x", sum[i]);
	EVP_MD_CTX_free(d->ctx);
	free(d);
}

void
digest_bytes(const void *p, size_t n, char hex[DIGEST_HEX])
{
	struct digest *d = digest_new();

	digest_add(d, p, n);
	digest_end(d, hex);
}

/* the bytes that follow, for one digest or two */
static int
add_fd(
    struct digest *d, struct digest *also, int fd, uint64_t most, const char *name, struct err *e)
{
	static char block[RUN];
	ssize_t n;

	while ((n = read(fd, block, RUN)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (uint64_t)n > most)
			break;
		most -= (uint64_t)n;
		digest_add(d, block, (size_t)n);
		if (also)
			digest_add(also, block, (size_t)n);
	}
	if (n < 0)
		fail_errno(e, "%s", name);
	else if (n > 0)
		fail(e, "%s: grows while it is read", name);
	return n ? -1 : 0;
}

static int
add_file(struct digest *d, struct digest *also, const char *path, int flags, struct err *e)
{
	int fd = file_open(path, flags, e), r;

	if (fd < 0)
		return -1;
	r = add_fd(d, also, fd, UINT64_MAX, path, e);
	close(fd);
	return r;
}

int
digest_fd(int fd, uint64_t most, const char *name, char hex[DIGEST_HEX], struct err *e)
{
	struct digest *d = digest_new();
	int r = add_fd(d, NULL, fd, most, name, e);

	digest_end(d, hex);
	return r;
}

int
digest_file(const char *path, char hex[DIGEST_HEX], struct err *e)
{
	struct digest *d = digest_new();
	int r = add_file(d, NULL, path, 0, e);

	digest_end(d, hex);
	return r;
}

int
digest_file_both(const char *path, char hex[DIGEST_HEX], char sha1[41], struct err *e)
{
	struct digest *d = digest_new(), *also = new_of(EVP_sha1());
	int r = add_file(d, also, path, 0, e);

	digest_end(d, hex);
	digest_end(also, sha1);
	return r;
}

/* the blocks of [pos, end) that are not all zero */
static int
add_blocks(
    struct digest *d, int fd, off_t pos, off_t end, char *run, const char *path, struct err *e)
{
	static const char zero[BLOCK];

	while (pos < end) {
		size_t want = end - pos < RUN ? (size_t)(end - pos) : RUN;
		ssize_t n = pread(fd, run, want, pos);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_errno(e, "%s", path);
		if (n == 0)
			return fail(e, "%s: was truncated while it was read", path);
		if (n % BLOCK &&
		    pos + n < end) /* a short read: whole blocks only, the rest next time */
			n -= n % BLOCK;
		if (n == 0)
			continue;
		for (ssize_t i = 0; i < n; i += BLOCK) {
			size_t len = n - i < BLOCK ? (size_t)(n - i) : BLOCK;
			uint64_t index = (uint64_t)(pos + i) / BLOCK;
			unsigned char le[8];

			if (!memcmp(run + i, zero, len))
				continue;
			for (int b = 0; b < 8; b++)
				le[b] = (unsigned char)(index >> 8 * b);
			digest_add(d, le, sizeof le);
			digest_add(d, run + i, len);
		}
		pos += n;
	}
	return 0;
}

int
digest_disk(const char *path, char hex[DIGEST_HEX], struct err *e)
{
	int fd = file_open(path, 0, e), r = -1;
	struct digest *d;
	struct stat st;
	off_t pos = 0;
	static char run[RUN];
	char head[64];

	if (fd < 0)
		return -1;
	d = digest_new();
	if (fstat(fd, &st) < 0) {
		fail_errno(e, "%s", path);
		goto out;
	}
	snprintf(head, sizeof head, "lh-disk 1 %jd\n", (intmax_t)st.st_size);
	digest_add(d, head, strlen(head));
	while (pos < st.st_size) {
		off_t end;

		pos = lseek(fd, pos, SEEK_DATA);
		if (pos < 0 && errno == ENXIO)
			break;
		if (pos < 0 || (end = lseek(fd, pos, SEEK_HOLE)) < 0) {
			fail_errno(e, "%s", path);
			goto out;
		}
		/* a filesystem with small blocks may put a hole's edge inside a block of ours */
		pos -= pos % BLOCK;
		if (end % BLOCK)
			end += BLOCK - end % BLOCK;
		if (end > st.st_size)
			end = st.st_size;
		if (add_blocks(d, fd, pos, end, run, path, e) < 0)
			goto out;
		pos = end;
	}
	r = 0;
out:
	digest_end(d, hex);
	close(fd);
	return r;
}

struct tree_walk {
	struct digest *d;
	const char *dir;
};

static int
add_entry(void *arg, const char *rel, const struct stat *st, struct err *e)
{
	struct tree_walk *w = arg;
	char path[PATH_MAX], text[PATH_MAX + 64];
	ssize_t n;

	snprintf(path, sizeof path, "%s/%s", w->dir, rel);
	/* a folder's and a file's bits; sizes separate one file's bytes from the next entry */
	switch (st->st_mode & S_IFMT) {
	case S_IFREG:
		snprintf(text, sizeof text, "file %04o %jd %s", (unsigned)st->st_mode & 07777,
		    (intmax_t)st->st_size, rel);
		digest_add(w->d, text, strlen(text) + 1);
		/* the walk saw a regular file there, whatever it is by now */
		return add_file(w->d, NULL, path, O_NOFOLLOW, e);
	case S_IFDIR:
		snprintf(text, sizeof text, "dir %04o %s", (unsigned)st->st_mode & 07777, rel);
		break;
	case S_IFLNK:
		snprintf(text, sizeof text, "link %s", rel);
		digest_add(w->d, text, strlen(text) + 1);
		n = readlink(path, text, sizeof text - 1);
		if (n < 0)
			return fail_errno(e, "%s", path);
		text[n] = '\0';
		break;
	case S_IFIFO:
		snprintf(text, sizeof text, "fifo %04o %s", (unsigned)st->st_mode & 07777, rel);
		break;
	default:
		return fail(e, "%s: not a file, folder, symlink or fifo", path);
	}
	digest_add(w->d, text, strlen(text) + 1);
	return 0;
}

int
digest_tree(const char *dir, char hex[DIGEST_HEX], struct err *e)
{
	struct tree_walk w = { .d = digest_new(), .dir = dir };
	int r = file_walk(dir, add_entry, &w, e);

	digest_end(w.d, hex);
	return r;
}
