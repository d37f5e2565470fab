/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/test/program.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/test/harness.h"
#include "verify/test/fake.h"

#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* bin/ beside the test program's folder, or in it when it is not the default one */
static const char *
bin(struct arena *a)
{
	char exe[PATH_MAX], *path;
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	ck_assert_int_gt(n, 0);
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	path = arena_printf(a, "%s/bin", exe);
	if (file_isdir(path))
		return path;
	*strrchr(exe, '/') = '\0';
	return arena_printf(a, "%s/bin", exe);
}

int
program_sh(struct arena *a, const char *script, char **said)
{
	char *text =
		 arena_printf(a, "VERIFY=%s/lh-verify BISECT=%s/lh-bisect PATH=$PWD/path:$PATH\n%s",
		     bin(a), bin(a), script),
	     sh_[] = "/bin/sh", c[] = "-c", *argv[] = { sh_, c, text, NULL };
	struct child_opts o = { .dir = test_dir() };
	struct buf b = { 0 };
	struct err e = { 0 };
	int status;

	ck_assert_msg(child_run(argv, &o, &b, &status, &e) == 0, "%s", e.msg);
	*said = arena_strdup(a, b.n ? b.p : "");
	buf_free(&b);
	return WEXITSTATUS(status);
}

const char *
program_ends(struct arena *a, const char *script, int status, const char *says)
{
	char *said;
	int is = program_sh(a, script, &said);

	ck_assert_msg(is == status, "status %d: %s", is, said);
	ck_assert_msg(strstr(said, says), "%s", said);
	return said;
}

void
program_put(struct arena *a, const char *name, const char *text)
{
	const char *path = arena_printf(a, "%s/%s", test_dir(), name);
	struct err e = { 0 };

	ck_assert_msg(
	    file_mkparent(path, &e) == 0 && file_write(path, text, strlen(text), 0644, &e) == 0,
	    "%s", e.msg);
}

void
program_prepare(struct arena *a, const char *guest)
{
	struct manifest m;

	fake_manifest(&m);
	program_put(a, "path/x", "");
	ck_assert_int_eq(
	    symlink(m.qemu, arena_printf(a, "%s/path/qemu-system-x86_64", test_dir())), 0);
	program_put(a, "o/manifest",
	    "lh-manifest 2\ntriple x86_64-linux-musl\nprofile s6\nset 1\nnet dhcp\n"
	    "qemu qemu-system-x86_64\nmachine none\nmemory 8\nconsole ttyS0\nkernel kernel\nappend "
	    "console=ttyS0\n");
	program_put(a, "o/kernel", "");
	program_put(
	    a, "scenarios/up.scn", "scenario up \"it comes up\"\nimage pristine\nexpect /up/\n");
	program_put(a, "out/lock", "");
	program_put(a, "out/results",
	    "lh-results 2\ncase\narch x86_64\nnet dhcp\nscenario up\nverdict pass\nend 1\n");
	program_put(a, "out/junit.xml", "");
	program_put(a, "out/index.html", "");
	fake_script(guest);
}
