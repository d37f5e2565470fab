/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_CHANNEL_H
#define VERIFY_GUEST_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

struct loop;

/*
 * A stream socket, or two pipes, on the loop: what comes is handed on at once, what is to go waits
 * here until the other side takes it.  The descriptors belong to the channel.
 */
struct channel;

/* bytes have come; n 0: the other side is gone, nothing more will come (told once) */
typedef void channel_bytes(void *arg, const char *p, size_t n);

/* fd: a connected stream socket, made non-blocking */
struct channel *channel_new(struct loop *l, int fd, channel_bytes *bytes, void *arg);
/*
 * two named pipes: from is read, to is written; to is open for reading, too, so that a writer
 * never gets SIGPIPE
 */
struct channel *channel_of_pipes(struct loop *l, int from, int to, channel_bytes *bytes, void *arg);
/* never blocks; what the other side no longer takes is dropped */
void channel_send(struct channel *c, const void *p, size_t n);
/* hands on what is there now, without waiting for the loop: where the order of two channels matters
 */
void channel_pump(struct channel *c);
/* bytes that the other side has not taken yet */
size_t channel_waiting(const struct channel *c);
bool channel_ended(const struct channel *c);
/* the other side is gone, whether its last bytes have been read or not */
bool channel_hung_up(const struct channel *c);
/* may be called from its own callback */
void channel_free(struct channel *c); /* NULL is fine */

#endif
