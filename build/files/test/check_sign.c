/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/sign.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "build/test/suites.h"

#include <string.h>
#include <sys/stat.h>

#define PEM(kind, base64) "-----BEGIN " kind " KEY-----\n" base64 "\n-----END " kind " KEY-----\n"

/* RFC 8032, 7.1, tests 2 and 3, as openssl and we write them */
static const struct {
	const char *pem, *public, *text, *signature;
} vectors[] = {
	{ PEM("PRIVATE", "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"),
	    "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=", "\x72",
	    "kqAJqfDUyrhyDoILX2QlQKKye1QWUD+Ps3YiI+vbadoIWsHkPhWZbkWPNhPQ8R2MOHsurrQwKu6w"
	    "DSkWErsMAA==" },
	{ PEM("PRIVATE", "MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
	    "/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=", "\xaf\x82",
	    "YpHWV97sJAJIJ+acOr4BowzlSKKEdDpEXjaA19taw6wY/5tTjRbykK5n92CYTcZZSnwV6XFu0o3A"
	    "J77O6h7ECg==" },
};

static const char *
put(struct arena *a, const char *text, mode_t mode)
{
	const char *path = arena_printf(a, "%s/key", test_dir());
	struct err e = { 0 };

	ck_assert_int_eq(file_write(path, text, strlen(text), mode, &e), 0);
	return path;
}

START_TEST(rfc8032)
{
	struct arena *a = arena_new();
	struct sign_key k;
	char signature[SIGN_SIGNATURE];
	const char *text = vectors[_i].text;
	size_t n = strlen(text);
	struct err e = { 0 };

	ck_assert_msg(sign_read(put(a, vectors[_i].pem, 0600), &k, &e) == 0, "%s", e.msg);
	ck_assert_str_eq(k.public, vectors[_i].public);
	sign_text(&k, text, n, signature);
	ck_assert_str_eq(signature, vectors[_i].signature);
	ck_assert(sign_holds(k.public, text, n, signature));
	/* of other bytes, by another key */
	ck_assert(!sign_holds(k.public, text, n - 1, signature));
	ck_assert(!sign_holds(vectors[!_i].public, text, n, signature));
	sign_forget(&k);
	ck_assert_str_eq(k.public, "");
	arena_free(a);
}
END_TEST

/* each byte of a signature counts, and only one spelling of it is taken */
START_TEST(no_signature)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char bad[SIGN_SIGNATURE];

	for (size_t i = 0; i < SIGN_SIGNATURE - 1; i++) {
		strcpy(bad, vectors[0].signature);
		bad[i] = bad[i] == '=' ? 'A' : letters[(strchr(letters, bad[i]) - letters) ^ 1];
		ck_assert_msg(!sign_holds(vectors[0].public, "\x72", 1, bad), "%s", bad);
		bad[i] = '\0';
		ck_assert(!sign_holds(vectors[0].public, "\x72", 1, bad));
	}
	ck_assert(!sign_holds("", "\x72", 1, vectors[0].signature));
	ck_assert(sign_is_public(vectors[0].public));
	ck_assert(!sign_is_public(vectors[0].public + 1));
	ck_assert(!sign_is_public("/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCV="));
	ck_assert(!sign_is_public(" FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU="));
}
END_TEST

#define PUBLIC_PEM PEM("PUBLIC", "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")
#define X25519 PEM("PRIVATE", "MC4CAQAwBQYDK2VuBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7")
#define LOCKED                                                                                     \
	PEM("ENCRYPTED PRIVATE",                                                                   \
	    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAgPZxN1G/MbnAICCAAwDAYI"                 \
	    "KoZIhvcNAgkFADAdBglghkgBZQMEAQIEEMfFGGl04RV/"                                         \
	    "d9e5FVZj2Q0EQK7JnILtxQux54fkt2tgY9Ils2ogqFOp"                                         \
	    "HRiWKUvPSRpgx0L5Sz50Hu7llEsUIskNByy+3wcInA8KeKdZt/5noC4=")

static const struct {
	const char *text;
	mode_t mode;
	bool public;
	const char *why; /* NULL: it is taken */
} files[] = {
	{ PUBLIC_PEM, 0644, true, NULL },
	{ PUBLIC_PEM "garbage\n", 0644, true, NULL },
	{ PUBLIC_PEM PUBLIC_PEM, 0644, true,
	    "holds several keys, of which only the first would count; one a file" },
	{ PUBLIC_PEM, 0664, true, "others may put another key there; chmod go-w it" },
	{ PUBLIC_PEM, 0646, true, "others may put another key there; chmod go-w it" },
	{ PEM("PRIVATE", "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"), 0640,
	    false, "others may read or change this private key; chmod 600 it" },
	{ PEM("PRIVATE", "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7"), 0602,
	    false, "others may read or change this private key; chmod 600 it" },
	{ LOCKED, 0600, false, "has a passphrase; a build cannot ask for one" },
	{ X25519, 0600, false,
	    "not a private key of Ed25519; openssl genpkey -algorithm ed25519 makes one" },
	{ PUBLIC_PEM, 0600, false,
	    "not a private key of Ed25519; openssl genpkey -algorithm ed25519 makes one" },
	{ "", 0600, false,
	    "not a private key of Ed25519; openssl genpkey -algorithm ed25519 makes one" },
	{ X25519, 0600, true,
	    "not a public key of Ed25519; openssl pkey -pubout makes one of a private key" },
	{ "ssh-ed25519 AAAA", 0600, true,
	    "not a public key of Ed25519; openssl pkey -pubout makes one of a private key" },
};

START_TEST(key_files)
{
	struct arena *a = arena_new();
	const char *path = put(a, files[_i].text, files[_i].mode), *why = files[_i].why;
	char public[SIGN_PUBLIC];
	struct sign_key k;
	struct err e = { 0 };
	int r = files[_i].public ? sign_read_public(path, public, &e) : sign_read(path, &k, &e);

	ck_assert_int_eq(r, why ? -1 : 0);
	if (why)
		ck_assert_str_eq(e.msg, arena_printf(a, "%s: %s", path, why));
	else
		ck_assert_str_eq(public, vectors[0].public);
	arena_free(a);
}
END_TEST

START_TEST(no_file)
{
	struct arena *a = arena_new();
	const char *fifo = arena_printf(a, "%s/fifo", test_dir());
	struct sign_key k;
	struct err e = { 0 };

	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	ck_assert_int_eq(sign_read(fifo, &k, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s: not a regular file", fifo));
	ck_assert_int_eq(sign_read("/dev/null", &k, &e), -1);
	ck_assert_str_eq(e.msg, "/dev/null: not a regular file");
	ck_assert_int_eq(sign_read("/nonexistent", &k, &e), -1);
	ck_assert_str_eq(e.msg, "/nonexistent: No such file or directory");
	arena_free(a);
}
END_TEST

Suite *
sign_suite(void)
{
	Suite *s = suite_of("sign", (const TTest *[]){ no_signature, no_file, NULL });

	tcase_add_loop_test(
	    harness_case(s, "RFC 8032"), rfc8032, 0, sizeof vectors / sizeof *vectors);
	tcase_add_loop_test(harness_case(s, "files"), key_files, 0, sizeof files / sizeof *files);
	return s;
}
