/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_DIGEST_H
#define BUILD_FILES_DIGEST_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4) as 64 lower-case hexadecimal characters and a NUL. */
#define DIGEST_HEX 65

struct digest; /* a running digest */

struct digest *digest_new(void);
void digest_add(struct digest *d, const void *p, size_t n);
/* writes the result and frees d */
void digest_end(struct digest *d, char *hex);

/*
 * Ends the program when libcrypto has failed, and says why: for want of memory, or of what its
 * configuration forbids.  what: what failed.
 */
void digest_must(bool ok, const char *what);

void digest_bytes(const void *p, size_t n, char hex[DIGEST_HEX]);
/* of what follows in fd; more than `most` bytes are an error, for it grows; name for the message */
int digest_fd(int fd, uint64_t most, const char *name, char hex[DIGEST_HEX], struct err *e);
int digest_file(const char *path, char hex[DIGEST_HEX], struct err *e);
/* and SHA-1 (FIPS 180-4) of the same bytes, 40 digits: for who asks for it, not to be trusted */
int digest_file_both(const char *path, char hex[DIGEST_HEX], char sha1[41], struct err *e);
/*
 * Of a disk image: sha256 over "lh-disk 1 SIZE\n" and, for every 4096-byte block
 * that is not all zero, its index (u64, little endian) and its bytes.  Holes and
 * zeros give the same digest, and holes cost nothing.
 */
int digest_disk(const char *path, char hex[DIGEST_HEX], struct err *e);
/*
 * Of a tree: type, permission bits, name, bytes or link target of everything below
 * dir in strcmp order; no owners, no times.
 */
int digest_tree(const char *dir, char hex[DIGEST_HEX], struct err *e);

#endif
