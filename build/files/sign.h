/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_SIGN_H
#define BUILD_FILES_SIGN_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Ed25519 signatures (RFC 8032).  A public key is 32 bytes and a signature 64; both are kept here
 * as base64, with a NUL.
 */
#define SIGN_PUBLIC 45
#define SIGN_SIGNATURE 89

/* a private key, and the public one that goes with it; sign_forget() when it is no longer needed */
struct sign_key {
	unsigned char seed[32];
	char public[SIGN_PUBLIC];
};

/*
 * From a PEM file, as `openssl genpkey -algorithm ed25519` writes it.  One that others than its
 * owner may read or write, that has a passphrase or is of another kind is refused.
 */
int sign_read(const char *path, struct sign_key *out, struct err *e);
void sign_forget(struct sign_key *k);
/*
 * A public key from a PEM file, as `openssl pkey -pubout` writes it.  One that others than its
 * owner may write is refused: it says who is believed.
 */
int sign_read_public(const char *path, char public[SIGN_PUBLIC], struct err *e);
/* is it base64 of as many bytes as a public key has, written as we would */
bool sign_is_public(const char *text);

void sign_text(const struct sign_key *k, const void *p, size_t n, char signature[SIGN_SIGNATURE]);
/* is this the signature of these bytes by that key; whatever is no key or no signature is not */
bool sign_holds(const char *public, const void *p, size_t n, const char *signature);

#endif
