/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/image/boot.h"

#include "build/base/arena.h"
#include "build/base/log.h"
#include "build/config/config.h"
#include "build/config/sysdeps.h"
#include "build/files/beneath.h"
#include "build/files/kconfig.h"
#include "build/files/lines.h"
#include "build/image/bios.h"

#include <string.h>

#define KERNEL_MOST ((size_t)256 << 20)
#define CONFIG_MOST ((size_t)4 << 20)

static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; n && (at = strstr(at, word)); at += n)
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	return false;
}

static const char *
without_word(struct arena *a, const char *list, const char *word)
{
	char *rest = arena_strdup(a, list), *w, *left = arena_strdup(a, "");

	while ((w = word_next(&rest)))
		if (strcmp(w, word) != 0)
			left = arena_printf(a, "%s%s%s", left, *left ? " " : "", w);
	return left;
}

bool
boot_has(const struct boot *b, const char *word)
{
	return has_word(b->words, word);
}

static void
add_file(struct boot *b, const char *path, const char *text)
{
	b->files[b->n++] = (struct fat_file){ path, text, strlen(text) };
}

static int
add_bios(struct arena *a, const char *want, struct boot *b, struct err *e)
{
	char *hex = arena_alloc(a, DIGEST_HEX);

	if (bios_digest(hex, e) < 0)
		return wrap(e, "BOOT %s", want);
	b->bios = hex;
	add_file(b, BIOS_CONFIG, arena_printf(a, BIOS_CONFIG_TEXT, b->kernel));
	return 0;
}

int
boot_decide(struct arena *a, const struct config *cfg, const struct sysdeps *sd, struct boot *out,
    struct err *e)
{
	const char *want = config_get(cfg, "BOOT"), *can = sysdeps_get(sd, "boot");
	const char *name = sysdeps_get(sd, "efi-file");

	*out = (struct boot){ .words = "" };
	if (!strcmp(want, "none") || !cfg->boot_mb)
		return 0;
	if (!can || !strcmp(can, "none"))
		can = "";
	if (!strcmp(want, "all"))
		out->words = can;
	else if (!strcmp(want, "nobios"))
		out->words = without_word(a, can, "bios");
	else if (has_word(can, want))
		out->words = want;
	else
		return fail_usage(e, "BOOT %s: %s has %s", want, sd->triple, *can ? can : "none");
	if (!*out->words)
		return 0;
	/* what UEFI looks for; without it, nobody asks for that name */
	out->kernel =
	    name && boot_has(out, "efi") ? arena_printf(a, "EFI/BOOT/%s", name) : "kernel";
	add_file(out, out->kernel, "");
	if (boot_has(out, "uboot"))
		add_file(
		    out, "extlinux/extlinux.conf", arena_printf(a, BOOT_UBOOT_TEXT, out->kernel));
	return boot_has(out, "bios") ? add_bios(a, want, out, e) : 0;
}

/* has its kernel what UEFI starts? */
static int
check_stub(struct arena *a, const struct config *cfg, const char *store, const struct boot *b,
    struct err *e)
{
	static const char stub[] = "EFI_STUB";
	char *text;

	if (!boot_has(b, "efi"))
		return 0;
	if (beneath_read(a, store, "out/kernel-config", CONFIG_MOST, &text, NULL, e) < 0)
		return -1;
	if (kconfig_get(text, stub, strlen(stub)) == 'y')
		return 0;
	if (!strcmp(config_get(cfg, "BOOT"), "efi"))
		return fail_usage(e, "BOOT efi: the kernel has no CONFIG_EFI_STUB=y; set it in "
				     "KERNEL_CONFIG");
	log_warn("BOOT %s: UEFI cannot start the kernel, which has no CONFIG_EFI_STUB=y",
	    config_get(cfg, "BOOT"));
	return 0;
}

int
boot_fill(
    struct arena *a, const struct config *cfg, const char *store, struct boot *b, struct err *e)
{
	char *kernel;

	if (!b->n)
		return 0;
	if (check_stub(a, cfg, store, b, e) < 0 ||
	    beneath_read(a, store, "out/kernel", KERNEL_MOST, &kernel, &b->files[0].n, e) < 0)
		return -1;
	b->files[0].bytes = kernel;
	/* syslinux does not tell when it finds no room */
	if (b->bios && b->files[0].n + BIOS_ROOM > (size_t)cfg->boot_mb << 20)
		return fail_usage(e,
		    "BOOT_SIZE %u: too small for the kernel and what a BIOS needs; set it to %zu "
		    "or more",
		    cfg->boot_mb, ((b->files[0].n + BIOS_ROOM) >> 20) + 1);
	return 0;
}
