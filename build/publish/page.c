/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/publish/page.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/kconfig.h"
#include "build/files/manifest.h"
#include "build/publish/given.h"
#include "build/publish/signature.h"

#include <stdbool.h>
#include <string.h>

const char *
page_folder(struct arena *a, const struct manifest *m)
{
	return arena_printf(a, "lh-%s-%s-%s", m->triple, m->set, m->net);
}

/* ---- under QEMU ---- */

/* a static image has an address, and the network is made to fit */
static void
add_nic(struct buf *out, const struct manifest *m)
{
	buf_adds(out, "-nic user,model=virtio-net-pci");
	if (m->address)
		buf_addf(out, ",net=%s/24,host=%s,hostfwd=tcp:127.0.0.1:2222-%s:22", m->address,
		    m->router ? m->router : "10.0.2.2", m->address);
	else
		buf_adds(out, ",hostfwd=tcp:127.0.0.1:2222-:22");
}

/* the console is the terminal */
static void
add_qemu(struct buf *out, const struct manifest *m, const char *folder)
{
	buf_addf(out, "%s -machine %s", m->qemu, m->machine);
	if (m->cpu)
		buf_addf(out, " -cpu %s", m->cpu);
	if (m->kvm)
		buf_adds(out, " -accel kvm -accel tcg");
	buf_addf(out, " -m %u -nographic \\\n      -kernel %s/%s \\\n      -append \"%s\" \\\n",
	    m->memory, folder, m->kernel, m->append);
	buf_addf(out,
	    "      -drive file=%s/%s,format=raw,if=virtio -device virtio-rng-pci \\\n      ",
	    folder, m->image);
	add_nic(out, m);
	buf_adds(out, "\n");
}

/* ---- on a disk ---- */

static const struct driver {
	const char *symbol, *what;
} disks[] = { { "SATA_AHCI", "SATA (AHCI)" }, { "BLK_DEV_NVME", "NVMe" },
	{ "MMC_SDHCI", "SD cards" }, { "USB_STORAGE", "USB" }, { "VIRTIO_BLK", "virtio" } },
  cards[] = { { "E1000E", "Intel (e1000e)" }, { "IGB", "Intel (igb)" },
	  { "R8169", "Realtek (r8169)" }, { "VIRTIO_NET", "virtio" } };

static void
add_drivers(struct buf *out, const char *config, const struct driver *v, size_t n)
{
	bool any = false;

	for (size_t i = 0; i < n; i++)
		if (kconfig_get(config, v[i].symbol, strlen(v[i].symbol)) == 'y') {
			buf_addf(out, "%s %s", any ? "," : "", v[i].what);
			any = true;
		}
	if (!any)
		buf_adds(out, " none");
}

static bool
boots_itself(const struct manifest *m)
{
	return manifest_part(m, "boot") != NULL;
}

static void
add_disk(struct buf *out, const struct manifest *m, const char *folder, const char *config)
{
	const struct {
		const char *firmware, *name;
	} v[] = { { m->boot_bios, "BIOS" }, { m->boot_efi, "UEFI" }, { m->boot_uboot, "U-Boot" } };
	bool any = false;

	if (!boots_itself(m))
		return;
	buf_adds(
	    out, "\n  From a disk, which loses all that it has, by the firmware of the machine");
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		if (v[i].firmware) {
			buf_addf(out, "%s%s", any ? ", " : " (", v[i].name);
			any = true;
		}
	buf_addf(out,
	    "%s:\n\n"
	    "    zstd -d %s/%s.zst\n"
	    "    sudo dd if=%s/%s of=/dev/sdX bs=4M conv=fsync\n"
	    "    sudo sh first-login -d /dev/sdX %s\n\n",
	    any ? ")" : "", folder, m->image, folder, m->image, folder);
	buf_adds(out, "  Its kernel has drivers for disks:");
	add_drivers(out, config, disks, sizeof disks / sizeof *disks);
	buf_adds(out, "; network cards:");
	add_drivers(out, config, cards, sizeof cards / sizeof *cards);
	buf_addf(out, ".\n  Its console is %s, a serial line.\n", m->console);
}

/* ---- the page ---- */

static const char preface[] =
    "Nobody can log in to these images as they are: they have no password and no key.  "
    "first-login\n"
    "makes passwords of your own in your copy, and prints them once; root's is for the console.  "
    "With\n"
    "-k KEY.pub both users may also come by ssh with that key:  ssh -p 2222 guest@127.0.0.1\n"
    "\n"
    "What you need: zstd, debugfs (of e2fsprogs), openssl, QEMU.  In QEMU, Ctrl-A x ends it; what "
    "the\n"
    "system writes is kept in disk-image.raw.\n";

static void
add_rest(struct buf *out, const struct release *r)
{
	buf_addf(out,
	    "\nWhat else is here\n\n"
	    "  SHA256SUMS           of every file:  sha256sum --check --quiet SHA256SUMS\n");
	if (*r->key)
		buf_adds(out,
		    "  SHA256SUMS.sig       its signature; with a file of allowed signers,\n"
		    "                       ssh-keygen(1):  ssh-keygen -Y verify -f SIGNERS -I "
		    "WHO\n"
		    "                       -n " SIGNATURE_NAMESPACE
		    " -s SHA256SUMS.sig <SHA256SUMS\n");
	else
		buf_adds(out,
		    "                       It is not signed: it shows what was damaged, and\n"
		    "                       nothing of who made it.\n");
	buf_adds(out,
	    "  lh-*/manifest, files what an image is made of, and every file in it\n"
	    "  lh-*/sbom.*.json     bills of materials, SPDX and CycloneDX\n"
	    "  provenance.json      which commit, sources and programs all of it was built from\n"
	    "  verify/              the scenarios that these images have passed\n"
	    "  legal/, sources/     the licence and source of each package; legal/index tells\n"
	    "                       which is whose, and sources/lh-bootstrap-* has what built\n"
	    "                       them: unpack it into a folder, move the others of sources/\n"
	    "                       to sources/ in there, and see its README.md\n"
	    "\n  lh-build verify-release checks all of that.\n");
}

int
page_write(struct arena *a, const struct release *r, const char *to, struct err *e)
{
	struct buf out = { 0 };
	int done = -1;

	buf_addf(&out, "Small Linux systems, built from source by lh-bootstrap, commit %.12s\n\n",
	    r->commit);
	buf_adds(&out, preface);
	for (size_t i = 0; i < r->nimages; i++) {
		const struct manifest *m = &r->images[i];
		const char *folder = page_folder(a, m);
		char *config;

		buf_addf(&out, "\n%s: profile %s, set %s, network %s\n\n", m->arch, m->profile,
		    m->set, m->address ? m->address : "by DHCP");
		buf_addf(&out, "    zstd -d %s/%s.zst\n    sh first-login %s\n    ", folder,
		    m->image, folder);
		add_qemu(&out, m, folder);
		if (file_read(a, manifest_path(a, m, m->kernel_config), &config, NULL, e) < 0)
			goto free_out;
		add_disk(&out, m, folder, config);
	}
	add_rest(&out, r);
	done = file_write(arena_printf(a, "%s/README", to), out.p, out.n, 0644, e);

free_out:
	buf_free(&out);
	return done;
}
