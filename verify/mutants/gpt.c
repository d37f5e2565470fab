/* SPDX-License-Identifier: GPL-2.0-or-later */
/* the layout is that of the UEFI specification, 2.10, section 5.3 */
#include "verify/mutants/gpt.h"

#include "build/base/le.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, ENTRY = 128, ENTRIES = 128, HEADER = 92 };

static void
put_sum(unsigned char *p, const unsigned char *bytes, size_t n)
{
	uint32_t c = 0xffffffff;

	while (n--) {
		c ^= *bytes++;
		for (int i = 0; i < 8; i++)
			c = c & 1 ? c >> 1 ^ 0xedb88320 : c >> 1;
	}
	for (int i = 0; i < 4; i++)
		p[i] = (unsigned char)(~c >> 8 * i);
}

/* its first three fields are numbers, the rest is bytes */
static bool
parse(const char *text, unsigned char out[16])
{
	static const unsigned char at[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14,
		15 };

	for (int i = 0; i < 16; i++) {
		unsigned byte;

		text += *text == '-';
		if (sscanf(text, "%2x", &byte) != 1)
			return false;
		out[at[i]] = (unsigned char)byte;
		text += 2;
	}
	return !*text;
}

/* the copy whose header is at sector *at; then *at is that of the other */
static int
change_copy(int fd, uint64_t *at, uint64_t start, const unsigned char uuid[16], struct err *e)
{
	unsigned char header[SECTOR], v[ENTRIES * ENTRY];
	off_t where = (off_t)(*at * SECTOR), entries;
	bool found = false;

	if (pread(fd, header, sizeof header, where) != sizeof header ||
	    memcmp(header, "EFI PART", 8) != 0 || le_get(header + 12, 4) != HEADER ||
	    le_get(header + 80, 4) != ENTRIES || le_get(header + 84, 4) != ENTRY)
		return fail(e, "no GPT of the usual size at sector %llu", (unsigned long long)*at);
	entries = (off_t)(le_get(header + 72, 8) * SECTOR);
	if (pread(fd, v, sizeof v, entries) != sizeof v)
		return fail(e, "its table ends early");
	for (int i = 0; i < ENTRIES; i++)
		if (le_get(v + i * ENTRY + 32, 8) * SECTOR == start) {
			memcpy(v + i * ENTRY + 16, uuid, 16);
			found = true;
		}
	if (!found)
		return fail(e, "no partition begins at %llu", (unsigned long long)start);
	put_sum(header + 88, v, sizeof v);
	memset(header + 16, 0, 4);
	put_sum(header + 16, header, HEADER);
	*at = le_get(header + 32, 8);
	return pwrite(fd, v, sizeof v, entries) == sizeof v &&
		       pwrite(fd, header, sizeof header, where) == sizeof header
		   ? 0
		   : fail_errno(e, "write");
}

int
gpt_set_uuid(const char *disk, uint64_t start, const char *text, struct err *e)
{
	unsigned char uuid[16];
	uint64_t at = 1;
	int fd, r;

	if (!parse(text, uuid))
		return fail_usage(e, "%s: not a UUID", text);
	fd = open(disk, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return fail_errno(e, "%s", disk);
	r = change_copy(fd, &at, start, uuid, e) < 0 || change_copy(fd, &at, start, uuid, e) < 0
		? wrap(e, "%s", disk)
		: 0;
	if (close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", disk);
	return r;
}
