/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_CAPSULE_H
#define VERIFY_PLAY_CAPSULE_H

#include "build/base/err.h"
#include "verify/guest/lan.h"
#include "verify/guest/nonce.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct manifest;

/*
 * A guest as it was when its test case failed, kept in that one's folder until the next run makes
 * it anew: its memory is a state inside disk.qcow2.  Beside it there are
 *
 *   capsule          what it is, a `key value` a line
 *   capsule.base     what the disk lies on, when it is not the image itself; capsule.key,
 *                    capsule.key.pub: lets in by ssh
 *   capsule.console  what the guest had said
 */
#define CAPSULE_STATE "capsule" /* the name of the state */

struct capsule {
	const char *manifest;			  /* absolute */
	const char *digest;			  /* of its image */
	const char *qemu;			  /* version: another one may not know the state */
	const char *accel, *cpu;		  /* cpu or NULL */
	const char *where;			  /* the step that failed */
	const char *scenario;			  /* its name */
	const char *untrusted;			  /* "yes", or NULL */
	const char *pristine;			  /* "yes": without a guest agent; or NULL */
	const char *slot;			  /* as in struct testcase_job; or NULL */
	const char *nonce;			  /* on its kernel command line */
	const char *net, *router, *dns, *address; /* of its lan, or NULL */
};

/* how much all capsules of a run may take; in a struct testcase_job */
struct capsule_room {
	unsigned left;		/* so many more */
	unsigned long long mib; /* of guests' memory */
};
#define CAPSULE_ROOM ((struct capsule_room){ .left = 8, .mib = 4096 })
/* is there room for a guest of so much memory?  Then it is taken. */
bool capsule_take_room(struct capsule_room *r, unsigned mib);

/* base and key: files that are linked into the folder, or NULL */
int capsule_write(struct arena *a, const char *dir, const struct capsule *c, const char *base,
    const char *key, const char *console, size_t nconsole, struct err *e);
/* a folder without one is wrong usage */
int capsule_read(struct arena *a, const char *dir, struct capsule *out, struct err *e);
/* "QEMU emulator version 8.2.2" of the manifest's QEMU */
int capsule_qemu(struct arena *a, const struct manifest *m, const char **version, struct err *e);

#endif
