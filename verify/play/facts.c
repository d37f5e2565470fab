/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/play/facts.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lan.h"
#include "verify/image/image.h"
#include "verify/scenario/names.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* members of the manifest that are one text each, by their own name */
static const struct {
	const char *name;
	size_t member;
} texts[] = {
	{ "triple", offsetof(struct manifest, triple) },
	{ "arch", offsetof(struct manifest, arch) },
	{ "profile", offsetof(struct manifest, profile) },
	{ "set", offsetof(struct manifest, set) },
	{ "net", offsetof(struct manifest, net) },
	{ "hostname", offsetof(struct manifest, hostname) },
	{ "address", offsetof(struct manifest, address) },
	{ "router", offsetof(struct manifest, router) },
	{ "dns", offsetof(struct manifest, dns) },
	{ "country", offsetof(struct manifest, country) },
	{ "machine", offsetof(struct manifest, machine) },
	{ "cpu", offsetof(struct manifest, cpu) },
	{ "console", offsetof(struct manifest, console) },
	{ "elf", offsetof(struct manifest, elf) },
	{ "authorized-keys-sha256", offsetof(struct manifest, authorized_keys_sha256) },
	{ "kernel-sha256", offsetof(struct manifest, kernel_sha256) },
	{ "kernel-config-sha256", offsetof(struct manifest, kernel_config_sha256) },
};

/* whose version a scenario may ask for: ${version.linux} */
static const char *const packages[] = { "linux", "musl", "busybox", "dropbear", "skalibs",
	"execline", "s6", "s6-rc", "s6-linux-init", "s6-portable-utils", "s6-linux-utils", "s6-dns",
	"s6-networking", "nsss", "utmps", "mdevd", "bcnm" };

/* whose size in MiB, and whose name as a device: ${rootfs.mib}, ${rootfs.device} */
static const char *const parts[] = { "rootfs", "swap", "rwfs", "userfs", "extra", "boot" };

static const char *const others[] = { "memory", "services", "longruns", "oneshots", "partitions",
	"root.password", "guest.password", "root.quoted", "guest.quoted", "nonce", "scale", "now",
	"dies", "says", "listen", "overlay", "added", "modified" };

#define COUNT(table) (sizeof(table) / sizeof *(table))

const char *const *
facts_known(struct arena *a)
{
	const char **v = arena_array(
	    a, COUNT(texts) + COUNT(packages) + 2 * COUNT(parts) + COUNT(others) + 1, sizeof *v);
	size_t n = 0;

	for (size_t i = 0; i < COUNT(texts); i++)
		v[n++] = texts[i].name;
	for (size_t i = 0; i < COUNT(packages); i++)
		v[n++] = arena_printf(a, "version.%s", packages[i]);
	for (size_t i = 0; i < COUNT(parts); i++) {
		v[n++] = arena_printf(a, "%s.mib", parts[i]);
		v[n++] = arena_printf(a, "%s.device", parts[i]);
	}
	for (size_t i = 0; i < COUNT(others); i++)
		v[n++] = others[i];
	return v;
}

static void
add_word(struct buf *b, const char *word)
{
	buf_addf(b, "%s%s", b->n ? " " : "", word);
}

static void
set_buf(struct names *names, const char *name, struct buf *b)
{
	names_set(names, name, b->n ? b->p : "");
	buf_free(b);
}

/* type NULL: all of them */
static void
set_services(struct names *names, const struct manifest *m, const char *name, const char *type)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->nservices; i++)
		if (!type || !strcmp(m->services[i].type, type))
			add_word(&b, m->services[i].name);
	set_buf(names, name, &b);
}

/* "tcp/0.0.0.0/22" each */
static void
set_listens(struct names *names, const struct manifest *m)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->nlistens; i++)
		buf_addf(&b, "%s%s/%s/%u", b.n ? " " : "", m->listens[i].protocol,
		    m->listens[i].address, m->listens[i].port);
	set_buf(names, "listen", &b);
}

static void
set_texts(struct names *names, const struct manifest *m)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		const char *value = *(const char *const *)((uintptr_t)m + texts[i].member);

		names_set(names, texts[i].name, value);
	}
}

/* what an image takes from DHCP: as drawn, or what slirp has by itself */
static void
set_lan(struct names *names, const struct lan *lan)
{
	names_set(names, "address", lan ? lan->address : "10.0.2.15");
	names_set(names, "router", lan ? lan->router : "10.0.2.2");
	names_set(names, "dns", lan ? lan->dns : "10.0.2.3");
}

static void
set_parts(struct names *names, const struct manifest *m)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->nparts; i++) {
		add_word(&b, m->parts[i].name);
		names_set(names, arena_printf(names->a, "%s.mib", m->parts[i].name),
		    arena_printf(names->a, "%llu", (unsigned long long)m->parts[i].size >> 20));
		/* the machine's disk is the first, whatever else is plugged in */
		names_set(names, arena_printf(names->a, "%s.device", m->parts[i].name),
		    arena_printf(names->a, "%s%zu", bus_of(m->disk_bus)->part, i + 1));
	}
	set_buf(names, "partitions", &b);
}

/* as they are, and as a word of a shell's */
static void
set_password(struct names *names, const char *user, const char *password)
{
	names_set(names, arena_printf(names->a, "%s.password", user), password);
	names_set(names, arena_printf(names->a, "%s.quoted", user),
	    password ? sh_quoted(names->a, password) : NULL);
}

/* what is not ours: services, overlay, debug */
static void
set_added(struct names *names, const struct manifest *m)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->nadded; i++)
		add_word(&b, m->added[i].what);
	set_buf(names, "added", &b);
}

/* packages that were built from an override: they may call themselves as they like */
static void
set_modified(struct names *names, const struct manifest *m)
{
	struct buf b = { 0 };

	for (size_t i = 0; i < m->npackages; i++)
		if (m->packages[i].modified)
			add_word(&b, m->packages[i].name);
	set_buf(names, "modified", &b);
}

void
facts_set(struct names *names, const struct image *i, double scale)
{
	const struct manifest *m = &i->m;
	const char *const *known = facts_known(names->a);

	while (*known) /* known, and without a value until it has one */
		names_set(names, *known++, NULL);
	set_texts(names, m);
	if (!m->country)
		names_set(names, "country", "none");
	if (!m->address)
		set_lan(names, i->lan);
	set_parts(names, m);
	for (size_t p = 0; p < m->npackages; p++)
		names_set(names, arena_printf(names->a, "version.%s", m->packages[p].name),
		    m->packages[p].version);
	set_added(names, m);
	set_modified(names, m);
	set_listens(names, m);
	set_services(names, m, "services", NULL);
	set_services(names, m, "longruns", "longrun");
	set_services(names, m, "oneshots", "oneshot");
	/* do files of lh-config's own lie over ours? */
	names_set(names, "overlay", manifest_added(m, "overlay") ? "yes" : "no");
	names_set(names, "memory", arena_printf(names->a, "%u", m->memory));
	set_password(names, "root", i->root_password);
	set_password(names, "guest", i->guest_password);
	names_set(names, "scale", arena_printf(names->a, "%.1f", scale));
}

void
facts_tell_time(struct names *names, char told[FACTS_TIME])
{
	const char *is = names_get(names, "now");

	if (is && strcmp(is, told) != 0)
		return;
	snprintf(told, FACTS_TIME, "%lld", (long long)time(NULL));
	names_set(names, "now", told);
}
