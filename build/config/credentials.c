/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/config/credentials.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/config/config.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "build/files/memo.h"

#include <crypt.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

/* no 0 O 1 l I: passwords are read off a screen; 56 letters, so 16 of them are 92 bits */
static const char letters[] = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
static const char salt_letters[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

enum { LENGTH = 16 };

struct account {
	const char *user;
	const char *variable; /* of lh-config */
	const char *password, *salt;
	const char *hash;
	bool locked; /* no password opens it */
};

static int
random_word(struct arena *a, const char *from, const char **out, struct err *e)
{
	char *word = arena_alloc(a, LENGTH + 1);
	size_t n = strlen(from),
	       most = 256 / n * n; /* above it, some letters would come more often */

	for (size_t i = 0; i < LENGTH;) {
		unsigned char byte;

		if (getrandom(&byte, 1, 0) != 1)
			return fail_errno(e, "random bytes");
		if (byte < most)
			word[i++] = from[byte % n];
	}
	*out = word;
	return 0;
}

/* `user password salt` lines */
static int
read_file(struct arena *a, const char *path, struct account *v, size_t n, struct err *e)
{
	struct lines l;
	char *line;

	if (lines_open_if_there(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next(&l))) {
		char *w[3];
		size_t i;

		line = trim(line);
		if (!*line || *line == '#')
			continue;
		if (words(line, w, 3) != 3)
			return lines_fail(&l, e, "expected `user password salt`");
		for (i = 0; i < n && strcmp(v[i].user, w[0]) != 0; i++)
			;
		if (i == n)
			return lines_fail(&l, e, "%s: no such user in the image", w[0]);
		if (v[i].password)
			return lines_fail(&l, e, "%s: duplicate key", w[0]);
		if (strlen(w[2]) > LENGTH || strspn(w[2], salt_letters) != strlen(w[2]))
			return lines_fail(&l, e,
			    "%s: the salt is up to %d of the characters . / 0-9 A-Z a-z", w[0],
			    LENGTH);
		v[i].password = w[1];
		v[i].salt = w[2];
	}
	return 0;
}

static int
write_file(const char *path, const struct account *v, size_t n, struct err *e)
{
	struct buf b = { 0 };
	int r;

	buf_adds(
	    &b, "# Who may log in: user, password, salt of its hash.  An input of the image.\n");
	for (size_t i = 0; i < n; i++)
		if (v[i].password)
			buf_addf(&b, "%s %s %s\n", v[i].user, v[i].password, v[i].salt);
	r = file_write_durable(path, b.p, b.n, 0600, e);
	buf_free(&b);
	return r;
}

/* slow on purpose */
static int
make_hash(struct arena *a, struct memo *m, struct account *v, struct err *e)
{
	const char *question = arena_printf(a, "crypt $6$%s$ %s", v->salt, v->password),
		   *hash = memo_get(m, question);
	struct crypt_data *data;

	if (!hash) {
		data = arena_alloc(a, sizeof *data);
		hash = crypt_r(v->password, arena_printf(a, "$6$%s$", v->salt), data);
		if (!hash || strncmp(hash, "$6$", 3) != 0)
			return fail(e, "crypt(3) of this machine cannot make SHA-512 hashes");
		memo_put(m, question, hash);
	}
	v->hash = hash;
	return 0;
}

int
credentials_get(struct arena *a, const struct config *cfg, struct memo *m, bool keep,
    struct credentials *out, struct err *e)
{
	struct account v[] = { { .user = "root", .variable = "ROOT_PASSWORD" },
		{ .user = "guest", .variable = "GUEST_PASSWORD" } };
	size_t n = sizeof v / sizeof *v;
	char *path = arena_printf(a, "%s/credentials", cfg->output);
	bool changed = false;

	if (read_file(a, path, v, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		const char *asked = config_get(cfg, v[i].variable);

		v[i].locked = !strcmp(asked, CREDENTIALS_LOCKED);
		if (v[i].locked) /* what the file says of it is for another time */
			continue;
		if (v[i].password && (!*asked || !strcmp(asked, v[i].password)))
			continue;
		changed = true;
		v[i].password = asked;
		if (!*asked && random_word(a, letters, &v[i].password, e) < 0)
			return -1;
		if (!v[i].salt && random_word(a, salt_letters, &v[i].salt, e) < 0)
			return -1;
	}
	if (changed && keep && write_file(path, v, n, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (v[i].locked) {
			v[i].password = NULL;
			v[i].hash = CREDENTIALS_LOCKED;
		} else if (make_hash(a, m, &v[i], e) < 0) {
			return -1;
		}
	}
	*out = (struct credentials){ v[0].password, v[1].password, v[0].hash, v[1].hash };
	return 0;
}
