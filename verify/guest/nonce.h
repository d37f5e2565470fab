/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_NONCE_H
#define VERIFY_GUEST_NONCE_H

/*
 * A word that no other guest, command or run has: 16 hexadecimal characters and a NUL.  On the
 * kernel command line it proves that an answer comes from this boot.
 */
#define NONCE_SIZE 17

void nonce_make(char out[NONCE_SIZE]);

#endif
