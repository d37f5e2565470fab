/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_GIVEN_H
#define BUILD_PUBLISH_GIVEN_H

#include "build/publish/traces.h"

#include <stddef.h>

struct manifest;
struct recipes;
struct tools;
struct want;

/* what is given away: all that a released folder is made from, found fit for it */
struct release {
	const char *top;    /* the checkout.. */
	const char *commit; /* ..which is this and nothing but it */
	const struct manifest *images;
	size_t nimages;
	const char *reports; /* lh-verify's, OUTPUT/verify */
	const struct recipes *recipes;
	const struct want *sources; /* of all images; each is there */
	size_t nsources;
	const struct tools *tools; /* of this machine, one of these a triple */
	size_t ntools;
	unsigned unpack_limit; /* MiB */
	const char *key;       /* of ssh, that signs; "": none does */
	struct traces traces;  /* what nothing of it may say */
};

#endif
