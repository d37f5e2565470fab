/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_UUID_H
#define BUILD_FILES_UUID_H

#define UUID_TEXT 37

/*
 * An identifier that is not random: RFC 9562 version 8, its bits the sha256 of
 * "lh-uuid 1 SEED NAME\n".  text may be NULL.
 */
void uuid_derived(const char *seed, const char *name, unsigned char uuid[16], char text[UUID_TEXT]);

#endif
