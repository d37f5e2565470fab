/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/prepare.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/image/image.h"
#include "verify/island.h"
#include "verify/play/accel.h"

int
prepare_island(struct arena *a, struct image *im, struct err *e)
{
	struct island *island = arena_alloc(a, sizeof *island);

	if (island_open(island, e) < 0)
		return wrap(e, "%s", im->path);
	im->island = island;
	return 0;
}

int
prepare_image(
    struct arena *a, const char *wanted, struct image *im, struct accel *accel, struct err *e)
{
	if (file_mkdirs(im->dir, 0755, e) < 0)
		return wrap(e, "%s", im->path);
	if (im->m.untrusted && prepare_island(a, im, e) < 0)
		return -1;
	if (accel_choose(a, wanted, im, accel, e) < 0 || image_make_agent(a, im, e) < 0)
		return wrap(e, "%s", im->path);
	return 0;
}

void
prepare_undo(struct image *im)
{
	if (im->island)
		island_close(im->island);
	im->island = NULL;
}
