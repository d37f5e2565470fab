/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/neighbour.h"

#include "verify/peer/words.h"

#include <string.h>

/* where things are in a frame; ARP for IPv4 over Ethernet, RFC 826 */
#define FROM_MAC 6
#define ARP 12 /* its type, and all of ARP up to what is asked or answered */
#define SENDER_MAC 22
#define SENDER 28
#define ASKED_MAC 32
#define ASKED 38
#define END 42

static const unsigned char question[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 1 },
			   answer[] = { 8, 6, 0, 1, 8, 0, 6, 4, 0, 2 },
			   mac[6] = { 0x52, 0x54, 0, 0xad, 0xd2, 0x55 };

int
neighbour_tell(struct neighbour *s, const char *address, struct err *e)
{
	s->there = strcmp(address, "none") != 0;
	return s->there ? words_address(address, s->address, e) : 0;
}

bool
neighbour_answer(
    const struct neighbour *s, const unsigned char *p, size_t n, unsigned char out[NEIGHBOUR_FRAME])
{
	if (!s->there || n < END || memcmp(p + ARP, question, sizeof question) != 0 ||
	    memcmp(p + ASKED, s->address, sizeof s->address) != 0)
		return false;
	memset(out, 0, NEIGHBOUR_FRAME);
	memcpy(out, p + FROM_MAC, 6);
	memcpy(out + FROM_MAC, mac, 6);
	memcpy(out + ARP, answer, sizeof answer);
	memcpy(out + SENDER_MAC, mac, 6);
	memcpy(out + SENDER, s->address, 4);
	memcpy(out + ASKED_MAC, p + SENDER_MAC, 6);
	memcpy(out + ASKED, p + SENDER, 4);
	return true;
}
