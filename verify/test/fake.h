/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_FAKE_H
#define VERIFY_TEST_FAKE_H

struct manifest;

/* The fake guest (fake-qemu.c) for tests: $LH_FAKE_QEMU is where it was built. */

/* what the next one plays: a file in test_dir(), and the environment that names it */
void fake_script(const char *text);
/* a manifest by which the fake is QEMU; without an image */
void fake_manifest(struct manifest *m);

#endif
