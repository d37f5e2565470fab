/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/mount.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* cuts the last name off; false: there is only / left */
static bool
go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || !slash[1])
		return false;
	slash[slash == path] = '\0';
	return true;
}

bool
mount_of(char path[PATH_MAX])
{
	char above[PATH_MAX];
	struct stat st, st_above;

	while (stat(path, &st) < 0)
		if (!go_up(path))
			return false;
	memcpy(above, path, strlen(path) + 1);
	while (go_up(above) && stat(above, &st_above) == 0 && st_above.st_dev == st.st_dev)
		memcpy(path, above, strlen(above) + 1);
	return true;
}

bool
mount_is(const char *path)
{
	char at[PATH_MAX];

	return snprintf(at, sizeof at, "%s", path) < (int)sizeof at && mount_of(at) &&
	       !strcmp(at, path);
}
