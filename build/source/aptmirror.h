/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_SOURCE_APTMIRROR_H
#define BUILD_SOURCE_APTMIRROR_H

#include "build/base/err.h"

struct arena;

/* The Debian archive that this machine installs from, as its apt knows it. */
struct aptmirror {
	const char *base;  /* URL without a slash at its end; NULL: there is none */
	const char *proxy; /* apt's proxy; "" none at all; NULL: apt has no opinion */
	const char *why;   /* when base is NULL */
};

/* asks apt-get(8) and apt-config(8), which takes half a second; having no apt is no error */
void aptmirror_ask(struct arena *a, struct aptmirror *out);

#endif
