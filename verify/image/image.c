/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/image.h"

#include "build/base/arena.h"
#include "build/files/digest.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/guest/grammar.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lan.h"
#include "verify/guest/lane.h"
#include "verify/guest/serial.h"
#include "verify/guest/ssh.h"
#include "verify/guest/symbols.h"
#include "verify/image/inject.h"
#include "verify/image/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
read_credentials(struct arena *a, struct image *i, struct err *e)
{
	const char *path = manifest_path(a, &i->m, i->m.credentials);
	struct lines l;
	char *line;

	/* lh-build keeps them readable for their owner only: somebody else verifies without them */
	if (!path || access(path, R_OK) < 0)
		return 0;
	if (lines_open(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next(&l))) {
		char *user = word_next(&line);

		if (!user || *user == '#')
			continue;
		if (!strcmp(user, "root"))
			i->root_password =
			    word_next(&line); /* the salt behind it is the builder's */
		else if (!strcmp(user, "guest"))
			i->guest_password = word_next(&line);
	}
	return 0;
}

/* a login of whom credentials knows needs no password in the manifest */
static void
fill_login(struct arena *a, struct image *i)
{
	const char *user = i->m.login ? i->m.login : "root", *password = NULL;

	if (!strcmp(user, "root"))
		password = i->root_password;
	else if (!strcmp(user, "guest"))
		password = i->guest_password;
	if (password)
		i->m.login = arena_printf(a, "%s %s", user, password);
}

/* what: of its manifest */
static int
check_file(struct arena *a, const struct image *i, const char *what, const char *file,
    const char *sha256, struct err *e)
{
	const char *path = manifest_path(a, &i->m, file);
	char hex[DIGEST_HEX];

	if (!path)
		return 0;
	if (digest_file(path, hex, e) < 0)
		return -1;
	if (sha256 && strcmp(hex, sha256))
		return fail_usage(e,
		    "%s is not the %s of its manifest: sha256 %.12s, expected %.12s; build "
		    "again, or correct %s",
		    path, what, hex, sha256, i->path);
	return 0;
}

static int
check_kernel(struct arena *a, const struct image *i, struct err *e)
{
	return check_file(a, i, "kernel", i->m.kernel, i->m.kernel_sha256, e);
}

int
image_check_digest(const struct image *i, struct err *e)
{
	char hex[DIGEST_HEX];

	if (!i->base || !i->m.image_digest)
		return 0;
	if (digest_disk(i->base, hex, e) < 0)
		return -1;
	if (strcmp(hex, i->m.image_digest))
		return fail_usage(e,
		    "%s is not the image of its manifest: digest %.12s, expected %.12s; build "
		    "again, or correct %s",
		    i->base, hex, i->m.image_digest, i->path);
	return 0;
}

bool
image_unchanged(const struct image *i, struct err *e)
{
	struct stat now;

	if (!i->base)
		return true;
	if (stat(i->base, &now) < 0) {
		fail_errno(e, "%s", i->base);
		return false;
	}
	if (now.st_ino == i->as_read.st_ino && now.st_size == i->as_read.st_size &&
	    now.st_ctim.tv_sec == i->as_read.st_ctim.tv_sec &&
	    now.st_ctim.tv_nsec == i->as_read.st_ctim.tv_nsec)
		return true;
	/* somebody touched it; without a digest there is nothing to tell a chmod from a write by */
	if (!i->m.image_digest)
		fail(e, "%s was changed during the run", i->base);
	return i->m.image_digest && image_check_digest(i, e) == 0;
}

uint64_t
image_size(const char *path)
{
	struct stat st;

	return stat(path, &st) < 0 ? 0 : (uint64_t)st.st_size;
}

int
image_manifest_given(const char *manifest, struct err *e)
{
	struct stat st;

	if (access(manifest, R_OK) < 0)
		return fail_usage(e, "%s: %s%s", manifest, strerror(errno),
		    errno == ENOENT ? "; lh-build build makes one, and init, for files of others"
				    : "");
	if (file_isdir(manifest))
		return fail_usage(e, "%s: is a folder; name the manifest in it", manifest);
	return stat(manifest, &st) == 0 && S_ISREG(st.st_mode)
		   ? 0
		   : fail_usage(e, "%s: is not a regular file; name a manifest", manifest);
}

static struct lan *
draw(struct arena *a)
{
	struct lan *lan = arena_alloc(a, sizeof *lan);

	lan_draw(lan);
	return lan;
}

/* what is its own: two with the same would write over each other's folders */
static void
set_place(struct arena *a, struct image *i, const char *outdir)
{
	const struct manifest *m = &i->m;

	i->net =
	    arena_printf(a, "%s%s%s%s%s%s%s", m->net, m->lane ? "-" : "", m->lane ? m->lane : "",
		i->bus ? "-" : "", i->bus ? i->bus : "", i->nic ? "-" : "", i->nic ? i->nic : "");
	i->name = arena_printf(a, "%s/%s", m->arch, i->net);
	i->dir = arena_printf(a, "%s/%s", outdir, i->name);
	if (!m->address)
		i->lan = draw(a);
}

/*
 * Who builds says what an image has to be, and scenarios hold it to that; a promise that is not
 * there would skip them.  So one that has its table of files has the others as well.
 */
static int
check_promises(const struct manifest *m, const char *manifest, struct err *e)
{
	const struct {
		const char *key;
		bool given;
	} promises[] = {
		{ "authorized-keys-sha256", m->authorized_keys_sha256 },
		{ "elf", m->elf },
		{ "kernel-config", m->kernel_config },
		{ "kernel-mark", m->kernel_mark },
		{ "listen", m->nlistens },
		{ "path", m->npaths },
		{ "refuse", m->refuse },
		{ "symbols", m->symbols },
	};

	for (size_t i = 0; m->files && i < sizeof promises / sizeof *promises; i++)
		if (!promises[i].given)
			return fail_usage(e,
			    "%s: has the line `files`, and none of `%s`: a part of what it "
			    "promises is missing, and nothing could refuse an image for it; build "
			    "it again",
			    manifest, promises[i].key);
	return 0;
}

int
image_open(struct arena *a, const char *manifest, const char *outdir, enum trust trust,
    struct image *out, struct err *e)
{
	struct manifest *m = &out->m;
	const char *symbols;

	*out = (struct image){ .path = manifest };
	if (image_manifest_given(manifest, e) < 0 || manifest_read(a, manifest, m, e) < 0 ||
	    grammar_check(m, manifest, e) < 0 || trust_settle(m, manifest, trust, e) < 0)
		return -1;
	if (!m->arch)
		m->arch = arena_strndup(a, m->triple, strcspn(m->triple, "-"));
	if (!m->net)
		m->net = m->address ? "static" : "dhcp";
	set_place(a, out, outdir);
	out->base = manifest_path(a, m, m->image);
	if (out->base && stat(out->base, &out->as_read) < 0)
		return fail_errno(e, "%s", out->base);
	symbols = manifest_path(a, m, m->symbols);
	if ((m->symbols_sha256 &&
		check_file(a, out, "table of symbols", m->symbols, m->symbols_sha256, e) < 0) ||
	    check_file(
		a, out, "kernel configuration", m->kernel_config, m->kernel_config_sha256, e) < 0)
		return -1;
	if (symbols && symbols_read(a, symbols, &out->symbols, e) < 0)
		return -1;
	for (size_t i = 0; m->boot_diskless && i < m->nforms; i++)
		if (!strcmp(m->forms[i].file, m->boot_diskless) &&
		    check_file(a, out, "diskless form", m->boot_diskless, m->forms[i].sha256, e) <
			0)
			return -1;
	/* it need not be there; one of another image tells wrong what is in this one */
	for (size_t i = 0; i < m->nsboms; i++)
		if (file_exists(manifest_path(a, m, m->sboms[i].file)) &&
		    check_file(
			a, out, "bill of materials", m->sboms[i].file, m->sboms[i].sha256, e) < 0)
			return -1;
	if (check_kernel(a, out, e) < 0 || image_check_digest(out, e) < 0 ||
	    read_credentials(a, out, e) < 0 || check_promises(m, manifest, e) < 0)
		return -1;
	fill_login(a, out);
	return 0;
}

int
image_open_all(struct arena *a, char *const *manifests, size_t n, const char *outdir,
    enum trust trust, struct image **out, struct err *e)
{
	*out = arena_array(a, n, sizeof **out);
	for (size_t i = 0; i < n; i++)
		if (image_open(a, manifests[i], outdir, trust, &(*out)[i], e) < 0)
			return -1;
	return 0;
}

/* all that lies on a disk is not there; nor is a guest agent, so that one has to log in */
static void
take_disk(struct image *i)
{
	i->base = NULL;
	i->m.image = i->m.files = NULL;
	i->m.nparts = 0;
	i->m.agent = i->root_password ? "serial" : NULL;
}

/* an image that is all the same but for what it is started with; NULL leaves that as it is */
static void
add_way(struct arena *a, struct image **v, size_t *n, const struct image *i,
    const struct image_ways *w, const char *outdir)
{
	struct manifest *m;
	struct image *to;

	*v = arena_more(a, *v, *n, sizeof **v);
	to = &(*v)[(*n)++];
	*to = *i;
	m = &to->m;
	if (w->boot)
		m->lane = strcmp(w->boot, LANE_KERNEL) ? w->boot : NULL;
	if (lane_is_diskless(m))
		take_disk(to);
	if (w->bus && strcmp(w->bus, bus_of(m->disk_bus)->name))
		m->disk_bus = to->bus = w->bus;
	if (w->nic && strcmp(w->nic, nic_of(m->nic)->name))
		m->nic = to->nic = w->nic;
	set_place(a, to, outdir);
}

static bool
is_meant(const char *asked, const char *name)
{
	return !strcmp(asked, name) || !strcmp(asked, "all");
}

/* with each bus that is meant, and with each card of each */
static void
add_hardware(struct arena *a, struct image **v, size_t *n, const struct image *i,
    const struct image_ways *asked, const char *lane, const char *outdir)
{
	const struct bus *bus;
	const struct nic *nic;

	for (size_t b = 0; (bus = bus_at(b)); b++) {
		bool has_disk = !lane || strcmp(lane, LANE_DISKLESS);

		if (asked->bus && has_disk ? !is_meant(asked->bus, bus->name) : b > 0)
			continue;
		for (size_t c = 0; (nic = nic_at(c)); c++) {
			struct image_ways one = { lane, asked->bus ? bus->name : NULL,
				asked->nic ? nic->name : NULL };

			if (asked->nic ? is_meant(asked->nic, nic->name) : c == 0)
				add_way(a, v, n, i, &one, outdir);
		}
	}
}

int
image_lanes(struct arena *a, const struct image_ways *ways, const char *outdir,
    struct image **images, size_t *n, struct err *e)
{
	struct image *v = NULL;
	size_t nv = 0;

	if (!ways->boot && !ways->bus && !ways->nic)
		return 0;
	for (size_t i = 0; i < *n; i++) {
		const struct image *im = &(*images)[i];
		size_t before = nv;

		if (!ways->boot)
			add_hardware(a, &v, &nv, im, ways, NULL, outdir);
		for (size_t l = 0; ways->boot && lane_name(l); l++)
			if (lane_meant(ways->boot, lane_name(l)) && lane_fits(&im->m, lane_name(l)))
				add_hardware(a, &v, &nv, im, ways, lane_name(l), outdir);
		if (nv == before)
			return lane_unfit(ways->boot, im->path, e);
	}
	*images = v;
	*n = nv;
	return 0;
}

static int
make_keys(struct arena *a, struct image *i, struct err *e)
{
	i->key = arena_printf(a, "%s/key", i->dir);
	i->stranger = arena_printf(a, "%s/stranger", i->dir);
	unlink(i->key);
	unlink(i->stranger);
	return ssh_keygen(i->key, e) < 0 || ssh_keygen(i->stranger, e) < 0 ? -1 : 0;
}

/* the copy that gets the guest agent, for a child: it is read and changed, and may be anybody's */
struct injection {
	const struct image *image;
	const char *copy, *pubkey;
	int disk;
};

static int
open_copy(void *arg, struct err *e)
{
	struct injection *j = arg;

	j->disk = open(j->copy, O_RDWR | O_CLOEXEC);
	return j->disk < 0 ? fail_errno(e, "%s", j->copy) : 0;
}

static int
inject(void *arg, struct err *e)
{
	const struct injection *j = arg;

	return inject_agent(&j->image->m, j->disk, j->copy, j->pubkey, e);
}

int
image_make_agent(struct arena *a, struct image *i, struct err *e)
{
	const char *copy = arena_printf(a, "%s/agent.raw", i->dir);
	struct injection j;
	struct reading_opts o;
	char *pubkey;

	if (file_mkdirs(i->dir, 0755, e) < 0 || make_keys(a, i, e) < 0)
		return -1;
	if (serial_is_asked(&i->m)) {
		i->has_agent = true;
		i->agent = i->base;
	}
	if (!inject_fits(&i->m))
		return 0;
	if (file_read(a, arena_printf(a, "%s.pub", i->key), &pubkey, NULL, e) < 0)
		return -1;
	j = (struct injection){ .image = i, .copy = copy, .pubkey = trim(pubkey), .disk = -1 };
	o = (struct reading_opts){ .what = copy,
		.open = open_copy,
		.work = inject,
		.arg = &j,
		.mib = (image_size(i->base) >> 20) + 1 };
	if (file_copy(i->base, copy, 0644, e) < 0 || reading_run(&o, e) < 0)
		return -1;
	i->has_agent = true;
	i->agent = copy;
	return 0;
}
