/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/flash.h"

#include "build/base/arena.h"
#include "build/base/clock.h"
#include "build/base/log.h"
#include "build/command/cli.h"
#include "build/config/config.h"
#include "build/config/output.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "build/form/blockmap.h"
#include "build/form/bmap.h"
#include "build/form/device.h"
#include "build/form/flash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

/* the image that is to be written, checked against what is said of it */
struct source {
	struct manifest m;
	const char *image;
	struct bmap map;
};

static int
check(const char *path, int (*digest)(const char *, char *, struct err *), const char *told,
    struct err *e)
{
	char hex[DIGEST_HEX];

	if (digest(path, hex, e) < 0)
		return -1;
	return told && !strcmp(hex, told)
		   ? 0
		   : fail(e, "%s: not what its manifest says; build the image again", path);
}

static int
read_source(struct arena *a, const struct config *cfg, struct source *s, struct err *e)
{
	const char *dir = output_dir(a, cfg, cfg->use_dhcp), *file;
	const struct man_form *form = NULL;

	if (manifest_read(a, arena_printf(a, "%s/manifest", dir), &s->m, e) < 0)
		return wrap(e, "flash: there is no image");
	for (size_t i = 0; i < s->m.nforms; i++)
		if (!strcmp(s->m.forms[i].name, "bmap"))
			form = &s->m.forms[i];
	if (!form || !s->m.image)
		return fail_usage(
		    e, "flash: the image has no block map; build it with bmap in FORMS");
	s->image = manifest_path(a, &s->m, s->m.image);
	file = manifest_path(a, &s->m, form->file);
	if (check(file, digest_file, form->sha256, e) < 0 ||
	    check(s->image, digest_disk, s->m.image_digest, e) < 0)
		return -1;
	return bmap_read(a, file, &s->map, e);
}

/* the one that was looked at, and for us alone: the kernel refuses what others have in use */
static int
open_device(const struct device *d, struct err *e)
{
	int fd = open(d->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (d->block ? O_EXCL : 0));
	struct stat st;

	if (fd < 0) {
		int why = errno;

		fail_errno(e, "DEVICE %s", d->path);
		return why == EACCES || why == EBUSY
			   ? fail_usage(e, "DEVICE %s: %s", d->path,
				 why == EBUSY ? "in use; free it, or name another disk"
					      : "permission denied; start ./make flash as root, "
						"or as who may write to it")
			   : -1;
	}
	if (fstat(fd, &st) == 0 && (d->block ? st.st_rdev : st.st_dev) == d->dev &&
	    st.st_ino == d->ino)
		return fd;
	close(fd);
	return fail(e, "DEVICE %s: became another one meanwhile; try again", d->path);
}

static int
write_device(struct arena *a, const struct source *s, const struct device *d, int fd, struct err *e)
{
	nstime began = clock_now();
	struct flash f = { .image = s->image,
		.device = d->path,
		.from = file_open(s->image, O_NOFOLLOW, e),
		.to = fd,
		.room = d->size,
		.map = &s->map };
	int r;

	if (f.from < 0)
		return -1;
	r = flash_judge(&f, e);
	if (r == 0)
		r = flash_write(&f, e);
	if (r == 0)
		r = flash_check(&f, e);
	close(f.from);
	if (r == 0)
		log_info("flash: %s: %" PRIu64 " of %s written, read back and equal, in %s",
		    d->path, s->map.mapped * MAP_BLOCK / MIB, device_size(a, s->map.size),
		    clock_stamp(a, clock_now() - began));
	return r;
}

static int
same_file(const struct source *s, const struct device *d, struct err *e)
{
	struct stat st, shown;

	if (stat(s->image, &st) < 0)
		return fail_errno(e, "%s", s->image);
	if (!d->block && st.st_dev == d->dev && st.st_ino == d->ino)
		return fail_usage(e, "DEVICE %s: is the image itself", d->path);
	/* its beginning is cleared first, and would be gone before it is read */
	if (d->backing && stat(d->backing, &shown) == 0 && st.st_dev == shown.st_dev &&
	    st.st_ino == shown.st_ino)
		return fail_usage(e, "DEVICE %s: shows the image itself, %s", d->path, d->backing);
	return 0;
}

static void
tell(struct arena *a, const struct device *d, const char *verb)
{
	char *told = device_told(a, d), *more = strchr(told, '\n');

	if (more)
		*more++ = '\0';
	log_info("flash: %s %s%s", verb, told, more ? ", with" : "");
	if (more)
		log_text(arena_printf(a, "%s\n", more));
}

static int
flash(const struct request *rq, const struct config *cfg, const struct device *d, int fd,
    struct err *e)
{
	struct source s;

	if (read_source(rq->a, cfg, &s, e) < 0 || same_file(&s, d, e) < 0 ||
	    device_fit(d, s.map.size, rq->force, e) < 0)
		return -1;
	tell(rq->a, d, rq->dry ? "would overwrite" : "overwrites");
	log_info("flash: with the image %s %s, profile %s, set %s",
	    s.m.arch ? s.m.arch : s.m.triple, s.m.net ? s.m.net : "-",
	    s.m.profile ? s.m.profile : "-", s.m.set ? s.m.set : "-");
	return rq->dry ? 0 : write_device(rq->a, &s, d, fd, e);
}

int
flash_command(const struct request *rq, struct err *e)
{
	struct config cfg;
	struct device d;
	int fd = -1, lock = -1, r = -1;

	if (!rq->nwords || !*rq->words[0])
		return fail_usage(e, "flash: which disk? ./make flash DEVICE=/dev/..");
	if (config_read(rq->a, rq->top, rq->vars, rq->nvars, &cfg, e) < 0 ||
	    device_look(rq->a, "", rq->words[0], &d, e) < 0 || device_fit(&d, 0, rq->force, e) < 0)
		return -1;
	if (!rq->dry && (fd = open_device(&d, e)) < 0)
		return -1;
	if (config_drop_root(&cfg, !rq->dry, e) < 0 ||
	    (!rq->dry && output_lock(rq->a, &cfg, &lock, e) < 0))
		goto close_device;
	r = flash(rq, &cfg, &d, fd, e);
	if (lock >= 0)
		close(lock);
close_device:
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = fail_errno(e, "%s", d.path);
	return r;
}
