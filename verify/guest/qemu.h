/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_QEMU_H
#define VERIFY_GUEST_QEMU_H

#include "build/base/argv.h"

#include <stdbool.h>

struct island;
struct lan;
struct manifest;

/*
 * With qemu_opts.faults an overlay is two nodes of QEMU's, the upper one without a mind of its own:
 * what makes a disk fail can be put between them, and taken away, while the guest runs.  Not in
 * others: with QEMU 7.2 a guest that goes on from a saved state waits for such a disk for ever.
 */
#define QEMU_DISK "upper"
#define QEMU_DISK_BELOW "lower"

/* who stands between a guest and its network, has an end of four stream sockets */
enum {
	QEMU_NET_FROM_GUEST,
	QEMU_NET_TO_NET, /* for what came from the guest, and may pass */
	QEMU_NET_FROM_NET,
	QEMU_NET_TO_GUEST,
	QEMU_NET_ENDS
};

/*
 * How a guest's time goes by.  One that races jumps to its next timer whenever it is idle.  QEMU
 * can load a guest that was saved at HOST into a RACE, and that into a CALM; nothing else.
 */
enum qemu_pace {
	PACE_HOST, /* as the host's */
	PACE_RACE,
	PACE_CALM, /* as the host's while it is idle, else by instructions: after a race, or to know
		      how many there were */
};

/*
 * One guest as a QEMU command line: pure, comparable with a text file before anything is
 * forked.  -nodefaults -no-user-config; QMP and agent are inherited descriptors.
 */
struct qemu_opts {
	const char *disk; /* qcow2 overlay, or NULL */
	bool raw;	  /* disk is the raw image itself, and what is written to it is forgotten */
	const char *kept; /* format of a disk that keeps what is written to it; or NULL */
	/*
	 * the console's named pipes are CONSOLE.in and CONSOLE.out; NULL: a person at the terminal,
	 * no QMP, no guest agent
	 */
	const char *console;
	/* our ends are elsewhere; these numbers the child inherits */
	int qmp_fd;
	int agent_fd;	   /* -1: no guest agent */
	const char *nonce; /* lh.nonce= on the kernel command line, or the serial number of the disk
			      where a firmware starts the kernel; NULL: none */
	const char *append; /* more kernel words, or NULL */
	const char *accel;  /* "tcg" "kvm" */
	const char *cpu;    /* instead of the manifest's, or NULL */
	unsigned memory;    /* MiB instead of the manifest's, or 0 */
	unsigned cpus;	    /* 0: one */
	const char *share;  /* a folder that the guest may mount as `share`, or NULL */
	const char *loadvm; /* state to start from, or NULL */
	const char *told;   /* loadvm: the file told.in has the manifest's after-loadvm, and
			       told.out is for the answer; NULL: there is none */
	bool waits;	    /* it begins without a state, and stands still: arrival.h */
	unsigned leap;	    /* in a race: ms on QEMU's clock, to which it leaps from 0; 0: 65536 */
	bool faults;	    /* the overlay is two nodes, see QEMU_DISK */
	bool slot;	    /* a device may be plugged in while it runs, into qemu_slot() */
	enum qemu_pace pace;
	bool reboot;	       /* a reset reboots; else it ends QEMU */
	const struct lan *lan; /* what its DHCP server gives; NULL, or the image has an address: see
				  push_net() */
	const struct island *island; /* the network that QEMU is in; NULL: this machine's */
	bool ssh;		     /* forward a port of 127.0.0.1 to the guest's 22 */
	unsigned ssh_port;	     /* that port; 0: the kernel chooses */
	const int *net; /* QEMU_NET_ENDS descriptors, which the child inherits: each frame goes
			   this way; NULL: nobody stands between */
};

/* has it a screen?  One that a firmware starts may have: it may fail before a kernel can say so */
bool qemu_has_screen(const struct manifest *m);
/* the bus that takes a device while the guest runs, where qemu_opts.slot was set */
const char *qemu_slot(const struct manifest *m);
void qemu_argv(struct argv *v, const struct manifest *m, const struct qemu_opts *o);

#endif
