/* SPDX-License-Identifier: GPL-2.0-or-later */
/* step, resume, record: somebody and one guest */
#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/files/file.h"
#include "build/files/lines.h"
#include "verify/command/command.h"
#include "verify/command/suite.h"
#include "verify/droproot.h"
#include "verify/image/image.h"
#include "verify/image/inject.h"
#include "verify/options.h"
#include "verify/guest/lan.h"
#include "verify/guest/serial.h"
#include "verify/outdir.h"
#include "verify/play/accel.h"
#include "verify/play/capsule.h"
#include "verify/play/matrix.h"
#include "verify/play/prepare.h"
#include "verify/play/run.h"
#include "verify/play/saved.h"
#include "verify/scenario/scenario.h"
#include "verify/session/session.h"
#include "verify/trust.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* beside that of a run, which may be in use, and keeps its report */
static const char *
choose_out(struct arena *a, const char *out, const char *manifest)
{
	const char *verify = outdir_choose(a, out, manifest);

	return out ? verify
		   : arena_printf(a, "%.*s/step", (int)(strrchr(verify, '/') - verify), verify);
}

/* reads the one image, whatever it is for */
static int
open_image(
    struct arena *a, struct options *o, const char *manifest, struct image **im, struct err *e)
{
	size_t n = 1;

	if (image_manifest_given(manifest, e) < 0 || droproot_to_owner_of(manifest, o->out, e) < 0)
		return -1;
	o->out = choose_out(a, o->out, manifest);
	if (image_open_all(a, (char *const[]){ arena_strdup(a, manifest) }, 1, o->out,
		trust_asked(o), im, e) < 0)
		return -1;
	return image_lanes(a, &(struct image_ways){ o->boot, o->bus, o->nic }, o->out, im, &n,
	    e); /* of several, the first one */
}

static int
play(struct arena *a, const struct options *o, struct image *im, struct session_opts *how,
    struct err *e)
{
	struct accel accel = { .name = "tcg" };
	int locked, status = -1;

	if (outdir_make(o->out, e) < 0 || (locked = outdir_lock(a, o->out, e)) < 0)
		return -1;
	how->image = im;
	how->dir = arena_printf(a, "%s/%s", im->dir, how->scenario->name);
	how->scale = o->scale > 0 ? o->scale : run_scale(run_processors(), run_contention(), 1);
	if (prepare_image(a, scenario_needs_tcg(how->scenario) ? "tcg" : o->accel, im, &accel, e) ==
	    0) {
		how->accel = accel.name;
		how->cpu = accel.cpu;
		status = session_run(a, how, e);
	}
	prepare_undo(im);
	close(locked);
	return status;
}

int
command_step(struct arena *a, struct options *o, struct err *e)
{
	struct session_opts how = { .until = o->until };
	struct suite suite;
	struct image *im;
	struct matrix m;

	if (o->nwords != 1)
		return fail_usage(e, "step: needs one manifest; see lh-verify step --help");
	if (o->only.n != 1)
		return fail_usage(e, "step: needs -s NAME, one scenario; lh-verify list has them");
	if (open_image(a, o, o->words[0], &im, e) < 0 || suite_read(a, o, &suite, e) < 0 ||
	    matrix_make(a, im, 1, suite.v, suite.n,
		&(struct matrix_choice){ o->only.v, o->lanes.v }, &m, e) < 0)
		return -1;
	if (m.v[0].skip)
		return fail_usage(e, "step: %s: %s", o->only.v[0], m.v[0].skip);
	how.scenario = m.v[0].scenario;
	how.start = arena_printf(a, "%s: `help` tells the words", how.scenario->path);
	return play(a, o, im, &how, e);
}

/* ---- resume ---- */

static struct lan *
lan_of_capsule(struct arena *a, const struct capsule *x)
{
	struct lan *lan = arena_alloc(a, sizeof *lan);
	const char *const from[] = { x->net, x->router, x->dns, x->address };
	char *const to[] = { lan->net, lan->router, lan->dns, lan->address };

	for (size_t i = 0; i < sizeof from / sizeof *from; i++)
		snprintf(to[i], INET_ADDRSTRLEN, "%s", from[i] ? from[i] : "");
	return lan;
}

/* the image and the QEMU that it was made with, and no other */
static int
fits(struct arena *a, const char *dir, const struct capsule *x, const struct image *im,
    struct err *e)
{
	const char *qemu;

	if (!im->m.image_digest || strcmp(im->m.image_digest, x->digest) != 0)
		return fail_usage(e,
		    "resume %s: it is of another image, %.12s, and %s has now %.12s; play the case "
		    "again",
		    dir, x->digest, x->manifest, im->m.image_digest ? im->m.image_digest : "none");
	if (capsule_qemu(a, &im->m, &qemu, e) < 0)
		return -1;
	if (strcmp(qemu, x->qemu) != 0)
		return fail_usage(e,
		    "resume %s: it was made by %s, and this is %s, which may not know its state; "
		    "play the case again",
		    dir, x->qemu, qemu);
	return 0;
}

/* the folder may have moved, or its base been replaced: the disk lies on the capsule's own */
static int
rebase(struct arena *a, const char *disk, const char *base, struct err *e)
{
	struct argv v = { .a = a };
	struct buf said = { 0 };
	int status, r;

	argv_pushv(
	    &v, "qemu-img", "rebase", "-u", "-f", "qcow2", "-F", "raw", "-b", base, disk, NULL);
	r = child_run(v.v, &(struct child_opts){ 0 }, &said, &status, e);
	if (r == 0 && status)
		r = fail(e, "qemu-img rebase: %s", said.n ? trim(said.p) : "failed");
	buf_free(&said);
	return r;
}

static int
resume(struct arena *a, const char *dir, const struct options *o, const struct capsule *x,
    struct image *im, struct err *e)
{
	const char *base = x->pristine ? im->base : arena_printf(a, "%s/capsule.base", dir);
	struct scenario s = { .dies = "",
		.says = "",
		.name = x->scenario,
		.title = x->scenario,
		.path = x->where,
		.pristine = x->pristine != NULL,
		.timeout = 10 * NS_PER_S,
		.limit = 600 * NS_PER_S };
	struct saved from = { .state = CAPSULE_STATE,
		.disk = arena_printf(a, "%s/disk.qcow2", dir) };
	struct session_opts how = { .image = im,
		.scenario = &s,
		.head = arena_printf(a, "scenario %s \"%s\"\n%s\n", x->scenario, x->scenario,
		    x->pristine ? "image pristine\n" : "requires agent yes\n"),
		.dir = arena_printf(a, "%s/resume", dir),
		.accel = x->accel,
		.cpu = x->cpu,
		.scale = o->scale > 0 ? o->scale : run_scale(run_processors(), run_contention(), 1),
		.from = &from,
		.slot = x->slot != NULL,
		.start = arena_printf(a,
		    "after %s failed: `console` types on its console, "
		    "`! COMMAND` runs in it, `quit` ends it",
		    x->where) };
	char *console;
	int status = -1;

	snprintf(from.nonce, sizeof from.nonce, "%s", x->nonce);
	im->agent = x->pristine ? NULL : base;
	im->has_agent = !x->pristine;
	im->key = arena_printf(a, "%s/capsule.key", dir);
	if (x->net)
		im->lan = lan_of_capsule(a, x);
	if (file_read(a, arena_printf(a, "%s/capsule.console", dir), &console, &from.nconsole, e) <
		0 ||
	    rebase(a, from.disk, base, e) < 0)
		return -1;
	from.console = console;
	status = session_run(a, &how, e);
	file_remove(how.dir, &(struct err){ 0 });
	return status;
}

int
command_resume(struct arena *a, struct options *o, struct err *e)
{
	enum trust trust = trust_asked(o);
	struct capsule x;
	struct image *im;
	const char *dir;
	int locked, status = -1;

	if (o->nwords != 1)
		return fail_usage(
		    e, "resume: needs the folder of one test case; see lh-verify resume --help");
	dir = outdir_choose(a, o->words[0], NULL);
	if (capsule_read(a, dir, &x, e) < 0)
		return -1;
	/* its disk may lead to any file, and its state into QEMU: so it is believed only where
	 * nobody else has put it */
	if (trust != TRUST_YES && !trust_place(dir))
		return fail_usage(e,
		    "resume %s: it is not in OUTPUT, and a capsule of somebody else's could do "
		    "anything here; if it is yours, say --trusted",
		    dir);
	if (image_manifest_given(x.manifest, e) < 0 ||
	    droproot_to_owner_of(x.manifest, NULL, e) < 0)
		return -1;
	if (trust == TRUST_BY_PLACE)
		trust = x.untrusted ? TRUST_NO : TRUST_YES;
	if (image_open_all(
		a, (char *const[]){ arena_strdup(a, x.manifest) }, 1, dir, trust, &im, e) < 0 ||
	    fits(a, o->words[0], &x, im, e) < 0 || (locked = outdir_lock(a, dir, e)) < 0)
		return -1;
	if (!im->m.untrusted || prepare_island(a, im, e) == 0)
		status = resume(a, dir, o, &x, im, e);
	prepare_undo(im);
	close(locked);
	return status;
}

/* ---- record ---- */

/* the scenario's name is the file's */
static const char *
name_of(struct arena *a, const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	size_t n = strlen(name);

	if (n < 5 || strcmp(name + n - 4, ".scn") != 0 ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != n - 4)
		return NULL;
	return arena_strndup(a, name, n - 4);
}

/* nobody is to hear of that when all is typed */
static int
can_make(struct arena *a, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	const char *folder = slash ? arena_strndup(a, path, (size_t)(slash - path) + 1) : ".";

	return access(folder, W_OK | X_OK) < 0
		   ? fail_usage(e, "record: %s: %s; name another", path, strerror(errno))
		   : 0;
}

int
command_record(struct arena *a, struct options *o, struct err *e)
{
	struct scenario s = {
		.dies = "", .says = "", .timeout = 60 * NS_PER_S, .limit = 600 * NS_PER_S
	};
	struct session_opts how = { .scenario = &s };
	struct image *im;

	if (o->nwords != 2)
		return fail_usage(e,
		    "record: needs a file to write, and a manifest; see lh-verify record --help");
	how.record = s.path = o->words[0];
	s.name = s.title = name_of(a, s.path);
	if (!s.name)
		return fail_usage(
		    e, "record: %s: not a name such as motto.scn, of a-z, 0-9 and -", s.path);
	if (file_exists(s.path))
		return fail_usage(e, "record: %s: is there already; name another", s.path);
	if (open_image(a, o, o->words[1], &im, e) < 0 || can_make(a, s.path, e) < 0)
		return -1;
	s.pristine = !inject_fits(&im->m) && !serial_is_asked(&im->m);
	how.head = arena_printf(a,
	    "scenario %s \"what was recorded\"\n%s\ntimeout  60s\nlimit    600s\n\n", s.name,
	    s.pristine ? "image    pristine" : "requires agent yes");
	how.start = "a line is a command for the guest; `:help` tells what else there is, and "
		    "`:quit` writes the scenario";
	return play(a, o, im, &how, e);
}
