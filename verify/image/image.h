/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_IMAGE_H
#define VERIFY_IMAGE_IMAGE_H

#include "build/base/err.h"
#include "build/files/manifest.h"
#include "verify/trust.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct arena;
struct island;
struct lan;
struct symbols;

/*
 * One image under test: refused when it is not what its manifest says, never written to.  Guests
 * run on overlays; those with a guest agent on an overlay of a copy that has one.
 */
struct image {
	struct manifest m;
	const char *path;      /* of the manifest */
	const char *net;       /* as results call it: "dhcp", "dhcp-efi", "dhcp-bios-nvme-e1000" */
	const char *bus, *nic; /* where these are not the manifest's own; or NULL */
	const char *name;      /* "x86_64/dhcp": its folder below the output folder */
	const char *dir;       /* that folder, absolute */
	const char *base;      /* as it is shipped, absolute; NULL: there is only a kernel */
	bool has_agent;	       /* its guests can have one */
	const char *agent;     /* the copy with it; the image itself when it needs none; or NULL */
	const char
	    *key; /* the throw-away private key that the guest agent lets in; KEY.pub; or NULL */
	const char *stranger;			    /* another key, which nothing lets in */
	const char *root_password, *guest_password; /* or NULL */
	struct symbols *symbols;		    /* or NULL */
	const struct lan *lan; /* where its guests ask for an address, drawn for this run; NULL: it
				  has one of its own */
	struct island *island; /* the network that its guests are in; NULL: this machine's */
	struct stat as_read;   /* of base */
};

/* reads the manifest and all it names; compares kernel and image with their digests */
int image_open(struct arena *a, const char *manifest, const char *outdir, enum trust trust,
    struct image *out, struct err *e);
/* the same for every one of n manifests */
int image_open_all(struct arena *a, char *const *manifests, size_t n, const char *outdir,
    enum trust trust, struct image **out, struct err *e);
/*
 * How they are started: boot is a lane (lane.h), "firmware" for all but the first, or "all"; bus
 * and nic are names of hardware.h, or "all"; NULL leaves them as they are.  There is an image then
 * for each of these of each; none for one of them is wrong usage.
 */
struct image_ways {
	const char *boot, *bus, *nic;
};

int image_lanes(struct arena *a, const struct image_ways *ways, const char *outdir,
    struct image **images, size_t *n, struct err *e);
/* a manifest that is not there, or no file, is wrong usage */
int image_manifest_given(const char *manifest, struct err *e);
/* makes the copy with the guest agent, and the keys; nothing when no guest agent fits */
int image_make_agent(struct arena *a, struct image *i, struct err *e);
/* cheap: size, change time and inode are as they were, else the digest decides */
bool image_unchanged(const struct image *i, struct err *e);
/* thorough: the digest is the manifest's */
int image_check_digest(const struct image *i, struct err *e);
uint64_t image_size(const char *path); /* 0: no such file */

#endif
