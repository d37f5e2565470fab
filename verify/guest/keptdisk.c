/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/keptdisk.h"

#include "build/files/file.h"
#include "build/files/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define ENTRIES 1024 /* byte at which the table of partitions begins, after GPT's header */
#define UNIQUE 16    /* where an entry has the UUID of its partition */

/* the order of GPT: three numbers with the lowest byte first, then bytes */
static void
uuid_text(const unsigned char *u, char out[37])
{
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
	    u[3], u[2], u[1], u[0], u[5], u[4], u[7], u[6], u[8], u[9], u[10], u[11], u[12], u[13],
	    u[14], u[15]);
}

/* head: its first bytes */
static int
check_root(
    const struct manifest *m, const char *file, const unsigned char *head, size_t n, struct err *e)
{
	const struct man_part *root = manifest_part(m, "rootfs");
	char uuid[37] = "";

	if (!root)
		return 0;
	if (n >= ENTRIES + UNIQUE + 16 && !memcmp(head + 512, "EFI PART", 8))
		uuid_text(head + ENTRIES + UNIQUE, uuid);
	if (strcasecmp(uuid, root->uuid))
		return fail_usage(e,
		    "--disk %s: not a copy of this image, whose kernel would not find its root; "
		    "name another file, or remove it, then it is made anew",
		    file);
	return 0;
}

int
keptdisk_look(
    const struct manifest *m, const char *file, const char **format, bool *made, struct err *e)
{
	unsigned char head[4096];
	struct stat st;
	ssize_t n;
	int fd;

	*format = "raw";
	*made = stat(file, &st) < 0 && errno == ENOENT;
	if (*made)
		return m->image
			   ? 0
			   : fail_usage(e, "--disk %s: the manifest names no image to copy", file);
	fd = open(file, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		fail_usage(e, "--disk %s: %s", file, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	n = S_ISREG(st.st_mode) ? pread(fd, head, sizeof head, 0) : -1;
	close(fd);
	if (n < 0)
		return fail_usage(e, "--disk %s: not a regular file", file);
	if (n >= 4 && !memcmp(head, "QFI\xfb", 4)) {
		*format = "qcow2";
		return 0;
	}
	return check_root(m, file, head, (size_t)n, e);
}

int
keptdisk_make(const char *image, const char *file, struct err *e)
{
	return file_copy(image, file, 0644, e) < 0 ? wrap(e, "--disk") : 0;
}
