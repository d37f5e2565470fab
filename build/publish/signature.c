/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/signature.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/base/fd.h"
#include "build/files/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* runs it; said is its first line */
static int
run(struct arena *a, char *const *argv, const struct child_opts *o, const char **said,
    struct err *e)
{
	struct buf out = { 0 };
	int status, r = child_run(argv, o, &out, &status, e);

	if (r == 0) {
		*said = arena_strndup(a, out.n ? out.p : "", out.n ? strcspn(out.p, "\n") : 0);
		if (status != 0)
			r = fail(e, "%s", **said ? *said : child_status_text(a, status));
	}
	buf_free(&out);
	return r;
}

/*
 * With an empty passphrase, for there is nobody to be asked: a child of ours is in the background
 * of its terminal, which stops who reads from it.
 */
static void
begin_signing(struct argv *v, const char *key)
{
	argv_pushv(v, "ssh-keygen", "-q", "-P", "", "-Y", "sign", "-n", SIGNATURE_NAMESPACE, "-f",
	    key, NULL);
}

static int
signed_by(struct arena *a, const struct argv *v, const char *key, struct err *e)
{
	const char *said;

	if (run(a, v->v, NULL, &said, e) == 0)
		return 0;
	if (strstr(e->msg, "incorrect passphrase"))
		fail(e, "it has a passphrase; give it to ssh-agent, and name its public key");
	return wrap(e, "sign with %s", key);
}

int
signature_try(struct arena *a, const char *key, struct err *e)
{
	struct argv v = { .a = a };

	begin_signing(&v, key); /* nothing, which is what its stdin has */
	return signed_by(a, &v, key, e);
}

int
signature_make(struct arena *a, const char *key, const char *file, struct err *e)
{
	struct argv v = { .a = a };

	begin_signing(&v, key);
	argv_pushv(&v, file, NULL);
	return file_remove(arena_printf(a, "%s.sig", file), e) < 0 ? -1 : signed_by(a, &v, key, e);
}

/* a file that has no name, for a child */
static int
in_memory(const char *name, const void *p, size_t n, struct err *e)
{
	int fd = memfd_create(name, 0);

	if (fd < 0)
		return fail_errno(e, "memfd_create");
	if (fd_write(fd, p, n, name, e) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* the beginning of a command line: ssh-keygen reads what was signed from its stdin */
static void
begin(struct argv *v, const int fds[2])
{
	argv_pushv(v, "sh", "-c", "exec ssh-keygen \"$@\" <\"$0\"", NULL);
	argv_pushf(v, "/proc/self/fd/%d", fds[0]);
}

static int
check(struct arena *a, const int fds[2], const char *signers, const char **by, struct err *e)
{
	const struct child_opts o = { .keep = fds, .nkeep = 2 };
	const char *sig = arena_printf(a, "/proc/self/fd/%d", fds[1]), *said;
	struct argv any = { .a = a }, who = { .a = a }, his = { .a = a };

	if (!signers) {
		begin(&any, fds);
		argv_pushv(
		    &any, "-Y", "check-novalidate", "-n", SIGNATURE_NAMESPACE, "-s", sig, NULL);
		if (run(a, any.v, &o, &said, e) < 0)
			return -1;
		*by = arena_printf(a, "%s; nobody said whose key that is", said);
		return 0;
	}
	begin(&who, fds);
	argv_pushv(&who, "-Y", "find-principals", "-s", sig, "-f", signers, NULL);
	if (run(a, who.v, &o, by, e) < 0)
		return wrap(e, "by nobody whom %s allows", signers);
	*by = arena_strndup(a, *by, strcspn(*by, ",")); /* a key may have several names */
	begin(&his, fds);
	argv_pushv(&his, "-Y", "verify", "-n", SIGNATURE_NAMESPACE, "-s", sig, "-f", signers, "-I",
	    *by, NULL);
	return run(a, his.v, &o, &said, e);
}

int
signature_check(struct arena *a, const void *p, size_t n, const char *signature,
    const char *signers, const char **by, struct err *e)
{
	int fds[2] = { -1, -1 }, r = -1;

	fds[0] = in_memory("signed", p, n, e);
	if (fds[0] >= 0)
		fds[1] = in_memory("signature", signature, strlen(signature), e);
	if (fds[1] >= 0)
		r = check(a, fds, signers, by, e);
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return r;
}
