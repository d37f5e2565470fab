/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/source/part.h"

#include "build/base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum part_open
part_open(
    struct arena *a, struct part *p, const char *file, bool fresh, uint64_t *had, struct err *e)
{
	struct stat st, now;
	int named;

	p->path = arena_printf(a, "%s.part", file);
	p->fd = open(p->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (p->fd < 0) {
		fail_errno(e, "%s", p->path);
		return PART_ERROR;
	}
	if (flock(p->fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK) { /* a filesystem without locks would be waited for */
			fail_errno(e, "%s: cannot be locked", p->path);
			part_close(p, true);
			return PART_ERROR;
		}
		part_close(p, true);
		return PART_TAKEN;
	}
	if (fstat(p->fd, &st) < 0 || ((named = lstat(p->path, &now)) < 0 && errno != ENOENT)) {
		fail_errno(e, "%s", p->path);
		part_close(p, true);
		return PART_ERROR;
	}
	if (named < 0 || st.st_ino != now.st_ino) {
		part_close(p, true); /* renamed by whoever had it locked */
		return PART_TAKEN;
	}
	if (fresh && ftruncate(p->fd, 0) < 0) {
		fail_errno(e, "%s", p->path);
		return PART_ERROR;
	}
	*had = fresh ? 0 : (uint64_t)st.st_size;
	return PART_OURS;
}

void
part_close(struct part *p, bool keep)
{
	if (p->fd < 0)
		return;
	if (!keep)
		unlink(p->path);
	close(p->fd);
	p->fd = -1;
}

bool
part_is_web_page(const struct part *p)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<!--", "<?xml" };
	char text[512];
	ssize_t n = pread(p->fd, text, sizeof text - 1, 0);
	const char *s = text;

	if (n <= 0)
		return false;
	text[n] = '\0';
	if (!strncmp(s, "\xef\xbb\xbf", 3))
		s += 3;
	s += strspn(s, " \t\r\n");
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (!strncasecmp(s, starts[i], strlen(starts[i])))
			return true;
	return false;
}
