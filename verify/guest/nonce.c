/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/nonce.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/random.h>

void
nonce_make(char out[NONCE_SIZE])
{
	unsigned char random[NONCE_SIZE / 2];

	while (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
		; /* only a signal can come between */
	for (size_t i = 0; i < sizeof random; i++)
		sprintf(out + 2 * i, "%02x", random[i]);
}
