/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/pcap.h"

#include "build/base/fd.h"
#include "verify/peer/wire.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAGIC 0xa1b23c4du /* times are in nanoseconds */
#define ETHERNET 1
#define KEPT_MAX (16u << 20)

/* in this machine's byte order, which the magic number tells */
struct file_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, longest, link;
};

struct frame_head {
	uint32_t seconds, nanoseconds, kept, length;
};

int
pcap_open(struct pcap *p, const char *path, struct err *e)
{
	const struct file_head head = {
		.magic = MAGIC, .major = 2, .minor = 4, .longest = WIRE_FRAME_MAX, .link = ETHERNET
	};

	p->n = sizeof head;
	p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (p->fd < 0)
		return fail_errno(e, "%s", path);
	if (fd_write(p->fd, &head, sizeof head, path, e) == 0)
		return 0;
	pcap_close(p);
	return -1;
}

void
pcap_add(struct pcap *p, const unsigned char *frame, size_t n)
{
	unsigned char record[sizeof(struct frame_head) + WIRE_FRAME_MAX];
	struct frame_head head = { .kept = (uint32_t)n, .length = (uint32_t)n };
	struct timespec now;
	struct err full; /* a full disk shows when the verdict is written */

	if (p->fd < 0 || n > WIRE_FRAME_MAX)
		return;
	/* the first that has no room is the last: there is no gap in what is kept */
	if (p->n + sizeof head + n > KEPT_MAX) {
		pcap_close(p);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	head.seconds = (uint32_t)now.tv_sec;
	head.nanoseconds = (uint32_t)now.tv_nsec;
	memcpy(record, &head, sizeof head);
	memcpy(record + sizeof head, frame, n);
	p->n += sizeof head + n;
	/* what stands behind half a record would be read as nonsense */
	if (fd_write(p->fd, record, sizeof head + n, "pcap", &full) < 0)
		pcap_close(p);
}

void
pcap_close(struct pcap *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}
