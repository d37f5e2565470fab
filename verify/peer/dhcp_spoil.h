/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_DHCP_SPOIL_H
#define VERIFY_PEER_DHCP_SPOIL_H

#include "verify/peer/frame.h"

/*
 * Sends, in place of a good DHCP message, one for each way of being wrong that no client may take
 * for an answer: a row of the table in dhcp_spoil.c.  out: the bytes that d->p has, which are
 * written over.
 */
void dhcp_spoil(
    const struct datagram *d, unsigned char out[FRAME_PAYLOAD_MAX], frame_reply *reply, void *arg);
/* how many that is */
unsigned dhcp_spoils(void);

#endif
