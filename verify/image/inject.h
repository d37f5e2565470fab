/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_IMAGE_INJECT_H
#define VERIFY_IMAGE_INJECT_H

#include "build/base/err.h"

#include <stdbool.h>

struct manifest;

/*
 * The guest's side of the guest agent (guest/agent.h): what is put into a copy of an image so that
 * lh-verify can run commands in it and log in.
 */

/* can a guest agent be put into this image? */
bool inject_fits(const struct manifest *m);
/*
 * Puts the guest agent and the public key (for root and guest) into disk, an open copy of the
 * manifest's image, which messages call so; pubkey NULL: no key.
 */
int inject_agent(
    const struct manifest *m, int disk, const char *image, const char *pubkey, struct err *e);

#endif
