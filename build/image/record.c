/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/record.h"

#include "build/base/arena.h"
#include "build/cache/store.h"
#include "build/config/config.h"
#include "build/config/credentials.h"
#include "build/config/sysdeps.h"
#include "build/files/beneath.h"
#include "build/files/digest.h"
#include "build/files/lines.h"
#include "build/files/memo.h"
#include "build/image/boot.h"
#include "build/image/diskplan.h"
#include "build/image/listen.h"
#include "build/image/overlay.h"
#include "build/image/tree.h"
#include "build/plan/plan.h"
#include "build/plan/tools.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SERVICES_MOST ((size_t)1 << 20) /* bytes of the list of them */

/* NULL where the manifest leaves the line out */
static const char *
some(const char *s)
{
	return s && *s ? s : NULL;
}

static void
record_network(const struct config *cfg, struct manifest *m)
{
	m->net = cfg->use_dhcp ? "dhcp" : "static";
	if (cfg->use_dhcp)
		return;
	m->address = cfg->local_ip;
	m->router = cfg->router_ip;
	m->dns = cfg->dns_ip;
}

/* a fact that may be `none`, for all triples have the same facts; then NULL */
static const char *
unless_none(const struct sysdeps *sd, const char *key)
{
	const char *value = sysdeps_get(sd, key);

	return value && strcmp(value, "none") ? value : NULL;
}

/* sysdeps.c has seen to it that the facts are there */
static void
record_machine(const struct config *cfg, const struct sysdeps *sd, struct manifest *m)
{
	m->arch = sysdeps_get(sd, "short");
	m->qemu = sysdeps_get(sd, "qemu");
	m->machine = sysdeps_get(sd, "machine");
	m->cpu = sysdeps_get(sd, "cpu");
	m->memory = (unsigned)strtoul(sysdeps_get(sd, "memory"), NULL, 10);
	m->panic = sysdeps_get(sd, "panic-device");
	m->generation = unless_none(sd, "vm-generation");
	m->silent_exit = unless_none(sd, "silent-exit");
	m->after_loadvm = unless_none(sd, "after-loadvm");
	m->pc_register = sysdeps_get(sd, "pc-register");
	m->kvm = unless_none(sd, "kvm");
	m->kernel_mark = sysdeps_get(sd, "kernel-mark");
	m->elf = sysdeps_get(sd, "elf");
	m->elf_flags = unless_none(sd, "elf-flags");
	m->differs = sd->differs;
	m->ndiffers = sd->ndiffers;
	m->refuse = sysdeps_get(sd, "refuse");
	m->guarded = sysdeps_get(sd, "guarded");
	m->console = *cfg->console ? cfg->console : sysdeps_get(sd, "console");
}

static const char *
filesystem_of(const struct disk_part *p)
{
	return !strcmp(p->type, "swap") ? "swap" : !strcmp(p->type, "esp") ? "vfat" : "ext4";
}

static void
record_parts(struct arena *a, const struct diskplan *l, struct manifest *m)
{
	m->nparts = l->nparts;
	m->parts = arena_array(a, l->nparts, sizeof *m->parts);
	for (size_t i = 0; i < l->nparts; i++) {
		const struct disk_part *p = &l->parts[i];

		m->parts[i] = (struct man_part){
			.name = p->name,
			.type = filesystem_of(p),
			.start = p->start,
			.size = p->size,
			.uuid = arena_strdup(a, p->uuid),
		};
	}
}

void
record_boot(const struct sysdeps *sd, const struct boot *b, struct manifest *m)
{
	m->boot_efi = boot_has(b, "efi") ? unless_none(sd, "boot-efi") : NULL;
	m->boot_bios = boot_has(b, "bios") ? unless_none(sd, "boot-bios") : NULL;
	m->boot_uboot = boot_has(b, "uboot") ? unless_none(sd, "boot-uboot") : NULL;
	m->screen = m->boot_efi || m->boot_bios || m->boot_uboot ? unless_none(sd, "screen") : NULL;
}

/* git:CLONE@COMMIT, whose id is written out */
static const char *
commit_of(const char *override)
{
	const char *at = override ? strrchr(override, '@') : NULL;
	size_t n = at ? strlen(at + 1) : 0;

	return at && !strncmp(override, "git:", 4) && (n == 40 || n == 64) &&
		       strspn(at + 1, "0123456789abcdef") == n
		   ? at + 1
		   : NULL;
}

static void
record_packages(struct arena *a, const struct plan *p, struct manifest *m)
{
	m->packages = arena_array(a, p->n, sizeof *m->packages);
	for (size_t i = 0; i < p->n; i++) {
		const struct node *n = &p->v[i];

		if (n->variant == VARIANT_HOST) /* the C library comes with the toolchain, and is in
						   every program */
			continue;
		m->packages[m->npackages++] = (struct man_package){
			.name = n->recipe->name,
			.version = n->version ? n->version->version : "-",
			.key = n->key,
			.modified = n->override != NULL,
			.commit = commit_of(n->override),
		};
	}
}

/* what was made elsewhere, host programs that made the rest included */
static void
record_cached(struct arena *a, const struct plan *p, struct manifest *m)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct node *n = &p->v[i];
		const char *signer = n->store ? store_signer(a, n->store) : NULL;

		if (!signer)
			continue;
		m->cached = arena_more(a, m->cached, m->ncached, sizeof *m->cached);
		m->cached[m->ncached++] = (struct man_cached){ .node = n->id, .signer = signer };
	}
}

/* a package says them, and they are shown on terminals and become parts of paths */
static bool
is_service(const char *name, const char *type)
{
	static const char *const types[] = { "longrun", "oneshot", "bundle" };
	bool known = false;

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		known |= !strcmp(type, types[i]);
	for (const char *p = name; *p; p++)
		known &= *p > ' ' && *p < 0x7f && *p != '/';
	return known && *name != '.' && strlen(name) <= NAME_MAX;
}

/* out/services of whichever package makes the service database: `NAME TYPE` a line */
static int
record_services(struct arena *a, const struct plan *p, struct manifest *m, struct err *e)
{
	for (size_t i = 0; i < p->n; i++) {
		const char *entry = p->v[i].store;
		char *text, *line, *w[2];
		struct lines l;

		if (beneath_type(entry, "out/services") == BENEATH_NONE)
			continue;
		if (beneath_read(a, entry, "out/services", SERVICES_MOST, &text, NULL, e) < 0)
			return -1;
		lines_text(a, arena_printf(a, "%s/out/services", entry), text, &l);
		while ((line = lines_next_datum(&l))) {
			if (words(line, w, 2) != 2)
				return lines_fail(&l, e, "needs NAME TYPE");
			if (!is_service(w[0], w[1]))
				return lines_fail(&l, e,
				    "a service is a word of printable ASCII without / that does "
				    "not begin with a dot, and longrun, oneshot or bundle");
			m->services = arena_more(a, m->services, m->nservices, sizeof *m->services);
			m->services[m->nservices++] =
			    (struct man_service){ .name = w[0], .type = w[1] };
		}
		return 0;
	}
	return 0;
}

static void
add(struct arena *a, struct manifest *m, const char *what, const char *is)
{
	m->added = arena_more(a, m->added, m->nadded, sizeof *m->added);
	m->added[m->nadded++] = (struct man_added){ .what = what, .is = arena_strdup(a, is) };
}

static int
add_folder(struct arena *a, struct manifest *m, struct memo *memo, const char *what,
    const char *folder, struct err *e)
{
	char hex[DIGEST_HEX];

	if (!some(folder))
		return 0;
	if (memo_digest(memo, &memo_plain, folder, hex, e) < 0)
		return -1;
	add(a, m, what, hex);
	return 0;
}

int
record_added(struct arena *a, const struct config *cfg, struct memo *memo, const struct overlays *o,
    struct manifest *m, struct err *e)
{
	size_t n;
	const char **v = config_folders(a, cfg, "SERVICES", &n);
	char hex[DIGEST_HEX], *rest = arena_strdup(a, config_get(cfg, "DEBUG")), *word;

	for (size_t i = 0; i < n; i++) {
		if (memo_digest(memo, &memo_plain, v[i], hex, e) < 0)
			return wrap(e, "SERVICES");
		add(a, m, "services", hex);
	}
	for (size_t i = 1; i < o->n; i++)
		add(a, m, "overlay", o->digests[i]);
	if (add_folder(a, m, memo, "toolchain", cfg->cross_base, e) < 0)
		return wrap(e, "CROSS_BASE");
	if (add_folder(a, m, memo, "native", cfg->host_host_base, e) < 0)
		return wrap(e, "HOST_HOST_BASE");
	if (some(cfg->kernel_config)) {
		digest_bytes(cfg->kernel_config, strlen(cfg->kernel_config), hex);
		add(a, m, "kernel-config", hex);
	}
	while ((word = word_next(&rest)))
		add(a, m, "debug", word);
	return 0;
}

/* a manifest ends where a comment begins; who looks for less of the name finds all of it, too */
static const char *
without_comment(struct arena *a, const char *dir)
{
	char *path = arena_printf(a, "%s/", dir), *mark = strstr(path, " #");

	if (mark)
		*mark = '\0';
	return path;
}

/*
 * Where the build happens, and what no byte of the image should tell.  One folder's name alone,
 * such as /src, may be what compilers are told to say instead.
 */
static void
record_paths(struct arena *a, const struct config *cfg, struct manifest *m)
{
	const char *const folders[] = { cfg->top, cfg->output, cfg->cache };

	m->paths = arena_array(a, 1 + sizeof folders / sizeof *folders, sizeof *m->paths);
	m->paths[m->npaths++] = "/lh/"; /* as a step sees them: sandbox.h */
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (strchr(folders[i] + 1, '/'))
			m->paths[m->npaths++] = without_comment(a, folders[i]);
}

static void
record_specials(struct arena *a, struct tree *const *trees, size_t ntrees, struct manifest *m)
{
	for (size_t t = 0; t < ntrees; t++)
		for (size_t i = 0; i < trees[t]->n; i++) {
			const struct entry *n = &trees[t]->v[i];
			bool device = n->type == ENTRY_CHAR || n->type == ENTRY_BLOCK;

			if (n->type == ENTRY_LINK ||
			    (!device && !(n->mode & (S_ISUID | S_ISGID | S_IWOTH))))
				continue;
			m->specials = arena_more(a, m->specials, m->nspecials, sizeof *m->specials);
			m->specials[m->nspecials++] = (struct man_special){
				.name = arena_printf(a, "%s:/%s", trees[t]->name, n->path),
				.uid = n->uid,
				.gid = n->gid,
				.mode = n->mode
			};
		}
}

static void
add_differs(struct arena *a, struct manifest *m, const char *word, const char *reason)
{
	struct man_differs *v = arena_array(a, m->ndiffers + 1, sizeof *v);

	if (m->ndiffers) /* those of the triple are not ours to add to */
		memcpy(v, m->differs, m->ndiffers * sizeof *v);
	v[m->ndiffers++] = (struct man_differs){ "hardening", word, reason };
	m->differs = v;
}

/* what the user gave is as the user made it */
static void
record_given(struct arena *a, const struct config *cfg, struct manifest *m)
{
	if (some(cfg->cross_base))
		add_differs(a, m, "programs", "CROSS_BASE decides how they are compiled");
	if (some(cfg->kernel_config))
		add_differs(a, m, "kernel", "KERNEL_CONFIG decides what it has");
}

void
record_audit(struct arena *a, const struct config *cfg, struct tree *const *trees, size_t ntrees,
    struct manifest *m)
{
	record_specials(a, trees, ntrees, m);
	record_paths(a, cfg, m);
}

/* OUTPUT/credentials as seen from dir, which is below OUTPUT; absolute if it is not */
static char *
credentials_from(struct arena *a, const struct config *cfg, const char *dir)
{
	char *path = arena_strdup(a, "credentials");
	size_t n = strlen(cfg->output);

	if (strncmp(dir, cfg->output, n) || (dir[n] && dir[n] != '/'))
		return arena_printf(a, "%s/credentials", cfg->output);
	for (const char *s = dir + n; *s; s++)
		if (*s == '/' && s[1] && s[1] != '/')
			path = arena_printf(a, "../%s", path);
	return path;
}

/* one of whom is locked has nobody who could log in as both */
static bool
has_passwords(const struct config *cfg)
{
	const char *root = config_get(cfg, "ROOT_PASSWORD"),
		   *guest = config_get(cfg, "GUEST_PASSWORD");

	return !(root && !strcmp(root, CREDENTIALS_LOCKED)) &&
	       !(guest && !strcmp(guest, CREDENTIALS_LOCKED));
}

/* as layout_copy writes it; NULL where an overlay may bring others */
static const char *
authorized_keys(struct arena *a, const struct config *cfg)
{
	const char *keys = config_get(cfg, "SSH_AUTHORIZED_KEYS"), *text;
	char *hex = arena_alloc(a, DIGEST_HEX);

	if (some(config_get(cfg, "OVERLAY")))
		return NULL;
	text = arena_printf(a, "%s\n", keys ? keys : "");
	digest_bytes(text, strlen(text), hex);
	return hex;
}

int
record_make(struct arena *a, const struct config *cfg, const struct sysdeps *sd,
    const struct plan *p, const struct diskplan *l, const char *dir, struct manifest *out,
    struct err *e)
{
	struct manifest *m = out;
	const char *more = unless_none(sd, "append");

	*m = (struct manifest){
		.dir = dir,
		.triple = cfg->triple,
		.profile = p->profile,
		.why = some(config_get(cfg, "PROFILE_WHY")),
		.set = cfg->set,
		.sandbox = p->tools && p->tools->unboxed ? "no" : "yes",
		.country = some(cfg->country),
		.kernel = "kernel",
		.symbols = "System.map",
		.kernel_config = "kernel-config",
		.image = "disk-image.raw",
		.files = "files",
		.credentials = has_passwords(cfg) ? credentials_from(a, cfg, dir) : NULL,
		.agent = strcmp(p->profile, "s6") ? "inittab" : "s6-linux-init",
	};
	record_network(cfg, m);
	record_machine(cfg, sd, m);
	record_given(a, cfg, m);
	m->root_login = some(config_get(cfg, "SSH_ROOT_PASSWORD")) &&
				!strcmp(config_get(cfg, "SSH_ROOT_PASSWORD"), "true")
			    ? "password"
			    : "key";
	m->authorized_keys_sha256 = authorized_keys(a, cfg);
	if (record_services(a, p, m, e) < 0 ||
	    listen_read(a, arena_printf(a, "%s/layout/listen", cfg->top), p->profile, &m->listens,
		&m->nlistens, e) < 0)
		return -1;
	m->hostname = arena_printf(a, "lh-%s", m->arch);
	record_parts(a, l, m);
	record_packages(a, p, m);
	record_cached(a, p, m);
	m->append = arena_printf(a,
	    "root=PARTUUID=%s rootfstype=ext4 ro rootwait=10 panic=-1 console=%s,115200%s%s",
	    l->parts[0].uuid, m->console, more ? " " : "", more ? more : "");
	return 0;
}
