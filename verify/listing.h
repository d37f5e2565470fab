/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_LISTING_H
#define VERIFY_LISTING_H

struct buf;
struct matrix;

/* What would be played, for a person and for a program that divides it among machines. */

/* "arch net scenario", and "   skip: WHY" */
void listing_text(struct buf *out, const struct matrix *m);
/*
 * {"cells": [{"manifest": ..., "triple": ..., "arch": ..., "profile": ..., "set": ..., "net": ..., "scenario": ...,
 * "skip": WHY}]}; what an image does not have is null, as is skip where it is played
 */
void listing_json(struct buf *out, const struct matrix *m);

#endif
