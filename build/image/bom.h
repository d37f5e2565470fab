/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_IMAGE_BOM_H
#define BUILD_IMAGE_BOM_H

#include "build/base/err.h"
#include "build/files/digest.h"
#include "build/files/manifest.h"
#include "build/plan/recipe.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;
struct plan;

/*
 * What an image is made of, whatever format it is told in (sbom.h): packages, files, and
 * what the linker put into each program.
 */
struct bom_patch {
	const char *name;
	char sha256[DIGEST_HEX];
};

struct bom_package {
	const char *id; /* "target/dropbear" */
	const char *name, *version;
	enum variant variant;
	const char *licence; /* SPDX expression */
	const char *file, *sha256,
	    *url; /* of the source that was used; NULL: none, or none of its origins is a URL */
	const struct licence_file *licences; /* of that source */
	size_t nlicences;
	bool modified; /* built from an override instead */
	struct bom_patch *patches;
	size_t npatches;
};

struct bom_input {
	const char *whose; /* package id, own, system, unknown: as in links.h */
	const char *name;
};

struct bom_file {
	const char *path; /* "rootfs/bin/busybox" */
	const char *sha256;
	char sha1[41];
	const struct bom_package *package; /* NULL: of none */
	struct bom_input *inputs;	   /* of a program, else none */
	size_t ninputs;
};

struct bom {
	const char *triple, *profile, *set, *version; /* of the image; version: of lh-build */
	const char *image_digest, *key;
	struct manifest said; /* which names its bills */
	char id[DIGEST_HEX];  /* of all that the bill depends on: the same one says the same */
	const char *compiler; /* as it calls itself */
	bool unboxed;	      /* packages were built without a sandbox */
	long long epoch;      /* seconds; the only time that is told */
	struct bom_package *packages;
	size_t npackages;
	struct bom_file *files;
	size_t nfiles;
};

/*
 * of the image whose manifest and file list are in dir; all of the plan must be built.  Files are
 * left out: see bom_files
 */
int bom_gather(struct arena *a, const struct config *cfg, const struct plan *p, const char *dir,
    struct bom *out, struct err *e);
/* what is slow: every file of the image is read */
int bom_files(struct arena *a, const struct plan *p, const char *dir, struct bom *b, struct err *e);
/* NULL when there is no such package */
const struct bom_package *bom_package(const struct bom *b, const char *id);

#endif
