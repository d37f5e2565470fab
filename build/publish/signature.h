/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_SIGNATURE_H
#define BUILD_PUBLISH_SIGNATURE_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;

/*
 * Signatures by keys of ssh, through ssh-keygen(1): who releases has such a key already, and who
 * checks, its public part.  A signature of another namespace, as one of a mail or a commit, is none
 * of a release.
 */
#define SIGNATURE_NAMESPACE "lh-release"
#define SIGNATURE_MOST 65536 /* bytes */

/* could it sign?  A key with a passphrase cannot: there is nobody to be asked for it */
int signature_try(struct arena *a, const char *key, struct err *e);
/* FILE.sig; key: a private key, or a public one whose private one is with ssh-agent(1) */
int signature_make(struct arena *a, const char *key, const char *file, struct err *e);
/*
 * Is this the signature of these n bytes, by one of whom the file `signers` allows (ssh-keygen(1),
 * ALLOWED SIGNERS)?  *by: who, as that file calls him; without signers, which key, and that nobody
 * said whose it is.
 */
int signature_check(struct arena *a, const void *p, size_t n, const char *signature,
    const char *signers, const char **by, struct err *e);

#endif
