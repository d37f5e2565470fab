/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/wire.h"

#include "build/base/arena.h"
#include "verify/guest/channel.h"
#include "verify/peer/frame.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH 4 /* bytes in front of a frame */
/* a window of TCP, so that a download is not cut short by what QEMU has not read yet */
#define WAITING_MAX (512 * 1024)

struct wire {
	struct channel *channel;
	wire_frame *frame;
	void *arg;
	size_t have; /* bytes of in */
	size_t skip; /* bytes of a frame that is too long, still to come */
	unsigned char in[LENGTH + WIRE_FRAME_MAX];
};

/* puts bytes in front of `until` into in; how many were taken */
static size_t
fill(struct wire *w, const char *p, size_t n, size_t until)
{
	size_t want = until - w->have;

	if (n > want)
		n = want;
	memcpy(w->in + w->have, p, n);
	w->have += n;
	return n;
}

/* one piece: of what is skipped, of a length, of a frame; how many bytes it had */
static size_t
take(struct wire *w, const char *p, size_t n)
{
	size_t taken, length;

	if (w->skip) {
		taken = n < w->skip ? n : w->skip;
		w->skip -= taken;
		return taken;
	}
	if (w->have < LENGTH) {
		taken = fill(w, p, n, LENGTH);
		if (w->have == LENGTH && frame_get32(w->in) > WIRE_FRAME_MAX) {
			w->skip = frame_get32(w->in);
			w->have = 0;
		}
		return taken;
	}
	length = frame_get32(w->in);
	taken = fill(w, p, n, LENGTH + length);
	if (w->have == LENGTH + length) {
		w->have = 0;
		if (length)
			w->frame(w->arg, w->in + LENGTH, length);
	}
	return taken;
}

static void
on_bytes(void *arg, const char *p, size_t n)
{
	struct wire *w = arg;

	while (n && w->frame) {
		size_t taken = take(w, p, n);

		p += taken;
		n -= taken;
	}
}

struct wire *
wire_new(struct loop *l, int fd, wire_frame *frame, void *arg)
{
	struct wire *w = xmalloc(sizeof *w);

	w->frame = frame;
	w->arg = arg;
	w->have = w->skip = 0;
	w->channel = channel_new(l, fd, on_bytes, w);
	return w;
}

void
wire_send(struct wire *w, const unsigned char *p, size_t n)
{
	unsigned char length[LENGTH];

	if (!n || channel_waiting(w->channel) + LENGTH + n > WAITING_MAX)
		return;
	frame_put32(length, (uint32_t)n);
	channel_send(w->channel, length, LENGTH);
	channel_send(w->channel, p, n);
}

void
wire_free(struct wire *w)
{
	if (!w)
		return;
	channel_free(w->channel);
	free(w);
}
