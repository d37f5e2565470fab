/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/files/uuid.h"

#include "build/files/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
uuid_derived(const char *seed, const char *name, unsigned char uuid[16], char text[UUID_TEXT])
{
	char said[256], hex[DIGEST_HEX];

	snprintf(said, sizeof said, "lh-uuid 1 %s %s\n", seed, name);
	digest_bytes(said, strlen(said), hex);
	for (int i = 0; i < 16; i++) {
		char byte[3] = { hex[2 * i], hex[2 * i + 1], '\0' };

		uuid[i] = (unsigned char)strtoul(byte, NULL, 16);
	}
	uuid[6] = (unsigned char)((uuid[6] & 0x0f) | 0x80);
	uuid[8] = (unsigned char)((uuid[8] & 0x3f) | 0x80);
	if (!text)
		return;
	for (int i = 0; i < 16; i++)
		text += sprintf(
		    text, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", uuid[i]);
}
