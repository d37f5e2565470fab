/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_WIRE_H
#define VERIFY_PEER_WIRE_H

#include <stddef.h>

struct loop;

/*
 * Frames that come from QEMU, or go there, as its filter-redirector has them on a stream socket:
 * each behind its length, 32 bits, big-endian.  What waits for QEMU is bounded: a frame that finds
 * no room is dropped, as on any network.
 */
struct wire;

#define WIRE_FRAME_MAX (68 * 1024) /* bytes; QEMU's own limit; a longer one is skipped */

/* a whole frame has come; it lives only during the call */
typedef void wire_frame(void *arg, const unsigned char *p, size_t n);

/* fd: our end of a socketpair, which belongs to the wire; frame NULL: nothing comes here */
struct wire *wire_new(struct loop *l, int fd, wire_frame *frame, void *arg);
void wire_send(struct wire *w, const unsigned char *p, size_t n);
void wire_free(struct wire *w); /* NULL is fine */

#endif
