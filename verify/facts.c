/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/facts.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "verify/image.h"
#include "verify/names.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

/* the packages a scenario may ask the version of */
#define PACKAGES(X)                                                                                 \
	X("linux")                                                                                  \
	X("musl")                                                                                   \
	X("busybox") X("dropbear") X("skalibs") X("execline") X("s6") X("s6-rc") X("s6-linux-init") \
	    X("s6-portable-utils") X("s6-linux-utils") X("s6-dns") X("s6-networking") X("nsss") X("utmps") X("mdevd") X("bcnm")

/* partitions, whose size in MiB is ${rootfs.mib} ... */
#define PARTS(X) X("rootfs") X("swap") X("rwfs") X("userfs") X("extra")

/* members of struct manifest that are one text */
#define TEXTS(X)  \
	X(triple) \
	X(arch)   \
	X(profile) X(set) X(net) X(hostname) X(address) X(router) X(dns) X(country) X(qemu) X(machine) X(cpu) X(console) X(elf)

const char *const facts_known[] = {
#define NAME(member) #member,
	TEXTS(NAME)
#undef NAME
#define NAME(package) "version." package,
	    PACKAGES(NAME)
#undef NAME
#define NAME(part) part ".mib",
		PARTS(NAME)
#undef NAME
		    "memory",
	"services", "longruns", "oneshots", "partitions", "root.password", "guest.password", "nonce", "scale", "now", NULL
};

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

static void
set_versions(struct names *names, const struct manifest *m)
{
	static const char *const packages[] = {
#define NAME(package) package,
		PACKAGES(NAME)
#undef NAME
	};

	for (size_t i = 0; i < sizeof packages / sizeof *packages; i++)
		names_set(names, arena_printf(names->a, "version.%s", packages[i]), NULL);
	for (size_t i = 0; i < m->npackages; i++)
		names_set(names, arena_printf(names->a, "version.%s", m->packages[i].name), m->packages[i].version);
}

void
facts_set(struct names *names, const struct image *i, double scale)
{
	const struct manifest *m = &i->m;
	struct buf parts = { 0 };

#define SET(member) names_set(names, #member, m->member);
	TEXTS(SET)
#undef SET
	/* slirp's, when the image takes what DHCP offers */
	if (!m->router)
		names_set(names, "router", "10.0.2.2");
	if (!m->address)
		names_set(names, "address", "10.0.2.15");
	if (!m->dns)
		names_set(names, "dns", "10.0.2.3");
	set_versions(names, m);
	names_set(names, "memory", arena_printf(names->a, "%u", m->memory));
	set_services(names, m, "services", NULL);
	set_services(names, m, "longruns", "longrun");
	set_services(names, m, "oneshots", "oneshot");
#define NONE(part) names_set(names, part ".mib", NULL);
	PARTS(NONE)
#undef NONE
	for (size_t p = 0; p < m->nparts; p++) {
		add_word(&parts, m->parts[p].name);
		names_set(names, arena_printf(names->a, "%s.mib", m->parts[p].name), arena_printf(names->a, "%llu", (unsigned long long)m->parts[p].size >> 20));
	}
	set_buf(names, "partitions", &parts);
	names_set(names, "root.password", i->root_password);
	names_set(names, "guest.password", i->guest_password);
	names_set(names, "nonce", NULL);
	names_set(names, "scale", arena_printf(names->a, "%.1f", scale));
	names_set(names, "now", arena_printf(names->a, "%lld", (long long)time(NULL)));
}
