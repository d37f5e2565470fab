/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/sign.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PUBLIC 32
#define SIGNATURE 64
#define LARGEST 4096 /* bytes of a PEM file */

static void
must(bool ok)
{
	digest_must(ok, "a signature failed");
}

/* n bytes from base64 that is written as we would write it */
static bool
decode(const char *text, unsigned char *out, size_t n)
{
	unsigned char raw[SIGNATURE + 3], again[SIGN_SIGNATURE];
	size_t len = strlen(text);

	if (len != (n + 2) / 3 * 4 || EVP_DecodeBlock(raw, (const void *)text, (int)len) < 0)
		return false;
	EVP_EncodeBlock(again, raw, (int)n);
	memcpy(out, raw, n);
	return !memcmp(again, text, len);
}

static void
encode(const unsigned char *raw, size_t n, char *text)
{
	EVP_EncodeBlock((void *)text, raw, (int)n);
}

/* instead of asking at the terminal */
static int
no_passphrase(char *buf, int size, int writing, void *asked)
{
	(void)buf, (void)size, (void)writing;
	*(bool *)asked = true;
	return -1;
}

static bool
private_half(const char *pem, size_t n, struct sign_key *out, bool *asked)
{
	BIO *b = BIO_new_mem_buf(pem, (int)n);
	EVP_PKEY *key = PEM_read_bio_PrivateKey(b, NULL, no_passphrase, asked);
	size_t len = sizeof out->seed, publen = PUBLIC;
	unsigned char raw[PUBLIC];
	bool ok = key && EVP_PKEY_is_a(key, "ED25519") &&
		  EVP_PKEY_get_raw_private_key(key, out->seed, &len) == 1 &&
		  EVP_PKEY_get_raw_public_key(key, raw, &publen) == 1;

	if (ok)
		encode(raw, PUBLIC, out->public);
	EVP_PKEY_free(key);
	BIO_free(b);
	return ok;
}

static bool
public_half(const char *pem, size_t n, char *public)
{
	BIO *b = BIO_new_mem_buf(pem, (int)n);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(b, NULL, NULL, NULL);
	unsigned char raw[PUBLIC];
	size_t len = PUBLIC;
	bool ok = key && EVP_PKEY_is_a(key, "ED25519") &&
		  EVP_PKEY_get_raw_public_key(key, raw, &len) == 1;

	if (ok)
		encode(raw, PUBLIC, public);
	EVP_PKEY_free(key);
	BIO_free(b);
	return ok;
}

static bool
holds_several(const char *pem)
{
	static const char begin[] = "-----BEGIN ";
	const char *first = strstr(pem, begin);

	return first && strstr(first + 1, begin);
}

/* why: what is said of a file with one of the forbidden bits */
static int
read_pem(struct arena *a, const char *path, mode_t forbidden, const char *why, char **pem,
    size_t *n, struct err *e)
{
	int fd = file_open(path, 0, e), r;
	struct stat st;

	if (fd < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		r = fail_errno(e, "%s", path);
	else if (st.st_mode & forbidden)
		r = fail(e, "%s: %s", path, why);
	else
		r = fd_read(a, fd, LARGEST, path, pem, n, e);
	close(fd);
	if (r == 0 && holds_several(*pem))
		r = fail(e,
		    "%s: holds several keys, of which only the first would count; one a file",
		    path);
	return r;
}

int
sign_read(const char *path, struct sign_key *out, struct err *e)
{
	struct arena *a = arena_new();
	bool asked = false;
	char *pem;
	size_t n;
	int r = read_pem(
	    a, path, 077, "others may read or change this private key; chmod 600 it", &pem, &n, e);

	if (r == 0 && !private_half(pem, n, out, &asked))
		r = fail(e,
		    asked ? "%s: has a passphrase; a build cannot ask for one"
			  : "%s: not a private key of Ed25519; openssl genpkey -algorithm ed25519 "
			    "makes one",
		    path);
	if (r == 0)
		OPENSSL_cleanse(pem, n);
	arena_free(a);
	return r;
}

void
sign_forget(struct sign_key *k)
{
	OPENSSL_cleanse(k, sizeof *k);
}

int
sign_read_public(const char *path, char public[SIGN_PUBLIC], struct err *e)
{
	struct arena *a = arena_new();
	char *pem;
	size_t n;
	int r =
	    read_pem(a, path, 022, "others may put another key there; chmod go-w it", &pem, &n, e);

	if (r == 0 && !public_half(pem, n, public))
		r = fail(e,
		    "%s: not a public key of Ed25519; openssl pkey -pubout makes one of a private "
		    "key",
		    path);
	arena_free(a);
	return r;
}

bool
sign_is_public(const char *text)
{
	unsigned char raw[PUBLIC];

	return decode(text, raw, PUBLIC);
}

void
sign_text(const struct sign_key *k, const void *p, size_t n, char signature[SIGN_SIGNATURE])
{
	EVP_PKEY *key =
	    EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, k->seed, sizeof k->seed);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char raw[SIGNATURE];
	size_t len = sizeof raw;

	must(key && ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestSign(ctx, raw, &len, p, n) == 1);
	encode(raw, SIGNATURE, signature);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
}

bool
sign_holds(const char *public, const void *p, size_t n, const char *signature)
{
	unsigned char raw[PUBLIC], sig[SIGNATURE];
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	bool ok;

	if (!decode(public, raw, PUBLIC) || !decode(signature, sig, SIGNATURE))
		return false;
	key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, PUBLIC);
	ctx = EVP_MD_CTX_new();
	must(ctx != NULL);
	ok = key && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1 &&
	     EVP_DigestVerify(ctx, sig, SIGNATURE, p, n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return ok;
}
