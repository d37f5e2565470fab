/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/test/fake.h"

#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/test/harness.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
fake_script(const char *text)
{
	char path[PATH_MAX];
	struct err e;

	snprintf(path, sizeof path, "%s/script", test_dir());
	ck_assert_msg(file_write(path, text, strlen(text), 0644, &e) == 0, "%s", e.msg);
	setenv("LH_FAKE", path, 1);
}

void
fake_manifest(struct manifest *m)
{
	static char qemu[PATH_MAX]; /* absolute: guests run in their own folder */
	const char *fake = getenv("LH_FAKE_QEMU");
	char cwd[PATH_MAX / 2];

	ck_assert_msg(fake, "LH_FAKE_QEMU is not set; `make check-unit` does that");
	ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
	snprintf(
	    qemu, sizeof qemu, "%s%s%s", *fake == '/' ? "" : cwd, *fake == '/' ? "" : "/", fake);
	*m = (struct manifest){ .dir = test_dir(),
		.triple = "x86_64-linux-musl",
		.arch = "x86_64",
		.profile = "s6",
		.net = "dhcp",
		.hostname = "lh",
		.qemu = qemu,
		.machine = "none",
		.memory = 8,
		.console = "ttyS0",
		.kernel = "kernel",
		.append = "console=ttyS0" };
}
