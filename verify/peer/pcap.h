/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PEER_PCAP_H
#define VERIFY_PEER_PCAP_H

#include "build/base/err.h"

#include <stddef.h>

/*
 * A file of frames as tcpdump(8) and wireshark(1) read it, with the host's time in nanoseconds.
 * The first 16 MiB are kept: a guest that floods does not fill the disk.
 */
struct pcap {
	int fd; /* -1: not open */
	size_t n;
};

/* made anew */
int pcap_open(struct pcap *p, const char *path, struct err *e);
void pcap_add(struct pcap *p, const unsigned char *frame, size_t n);
void pcap_close(struct pcap *p);

#endif
