/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_CREDENTIALS_H
#define BUILD_CONFIG_CREDENTIALS_H

#include "build/base/err.h"

#include <stdbool.h>

struct arena;
struct config;
struct memo;

/*
 * Who may log in.  OUTPUT/credentials (mode 0600) has `user password salt` lines for
 * root and guest; where lh-config sets no password, a random one is made once and from
 * then on is an input of the image.  One whose variable is CREDENTIALS_LOCKED has no password that
 * opens it, and the file does not tell so.
 */
#define CREDENTIALS_LOCKED "*" /* in place of a hash, too, as in shadow(5) */

struct credentials {
	const char *root_password, *guest_password; /* NULL: locked */
	const char *root_hash, *guest_hash;	    /* SHA-512 crypt(3) */
};

/*
 * Reads the file, or makes it; ROOT_PASSWORD and GUEST_PASSWORD of the configuration win.
 * keep: what is new is written to the file, else it is only for now.  m, or NULL, spares hashing
 * again.
 */
int credentials_get(struct arena *a, const struct config *cfg, struct memo *m, bool keep,
    struct credentials *out, struct err *e);

#endif
