/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/grammar.h"

#include "build/base/arena.h"
#include "build/base/path.h"
#include "build/files/manifest.h"
#include "verify/guest/hardware.h"
#include "verify/guest/lane.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define ALNUM "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/* the program is looked up in PATH, as for everybody */
static bool
is_qemu(const char *s)
{
	static const char head[] = "qemu-system-";

	return !strncmp(s, head, sizeof head - 1) && path_is_name(s);
}

/* properties that change what the machine is, and nothing on the host */
static bool
is_harmless(const char *property, size_t n)
{
	static const char *const names[] = { "acpi", "aclint", "aia", "gic-version", "highmem",
		"hpet", "its", "pit", "secure", "smm", "usb", "virtualization", "vmport" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strlen(names[i]) == n && !strncmp(property, names[i], n))
			return true;
	return false;
}

/* NAME[,PROPERTY=VALUE...] */
static bool
is_machine(const char *s)
{
	size_t n = strcspn(s, ",");
	bool good = *s != '-' && n && strspn(s, ALNUM "._-") == n;

	for (s += n; good && *s == ','; s += n) {
		size_t name = strcspn(++s, "=,");

		n = strcspn(s, ",");
		good = s[name] == '=' && is_harmless(s, name) &&
		       strspn(s + name + 1, ALNUM "._-") == n - name - 1;
	}
	return good;
}

/* a model and its features; none of them names a file */
static bool
is_cpu(const char *s)
{
	return *s != '-' && s[strspn(s, ALNUM "._-,=+")] == '\0';
}

static bool
is_address(const char *s)
{
	struct in_addr ignored;

	return inet_pton(AF_INET, s, &ignored) == 1;
}

static bool
is_panic(const char *s)
{
	return !strcmp(s, "pvpanic") || !strcmp(s, "pvpanic-pci");
}

static bool
is_generation(const char *s)
{
	return !strcmp(s, "vmgenid,guid=auto");
}

/* of the qtest protocol: it may write to the machine's memory, which is the guest's */
static bool
is_write(const char *s)
{
	static const char *const commands[] = { "writeb ", "writew ", "writel ", "writeq " };

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (!strncmp(s, commands[i], 7))
			return s[7 + strspn(s + 7, "0123456789abcdefABCDEFx ")] == '\0';
	return false;
}

static bool
is_screen(const char *s)
{
	return !strcmp(s, "VGA") || !strcmp(s, "ramfb");
}

/* HOST [CPU] */
static bool
is_kvm(const char *s)
{
	size_t n = strcspn(s, " ");

	return n && strspn(s, ALNUM "._-") == n && is_cpu(s + n + strspn(s + n, " "));
}

static bool
is_agent(const char *s)
{
	return !strcmp(s, "s6-linux-init") || !strcmp(s, "inittab") || !strcmp(s, "serial");
}

/* USER [PASSWORD]: what is typed is a line, and no key that does something */
static bool
is_login(const char *s)
{
	const char *p = s;

	while (*p && (unsigned char)*p >= ' ' && *p != '\177')
		p++;
	return *s != '-' && *s != ' ' && !*p && strlen(s) <= 160;
}

static const struct rule {
	const char *key;
	size_t member;
	bool (*fits)(const char *value);
	const char *allowed;
} rules[] = {
#define RULE(key, member, fits, allowed)                                                           \
	{                                                                                          \
		key, offsetof(struct manifest, member), fits, allowed                              \
	}
#define FIRMWARE                                                                                   \
	"bios or kernel, a file of /usr/share or /usr/lib, the package that it is from, "          \
	"and which buses it does not know"
#define NAME "a name: letters, digits, and . _ - behind the first"
	RULE("triple", triple, path_is_name, NAME),
	RULE("arch", arch, path_is_name, NAME),
	RULE("profile", profile, path_is_name, NAME),
	RULE("set", set, path_is_name, NAME),
	RULE("net", net, path_is_name, NAME),
	RULE("hostname", hostname, path_is_name, NAME),
	RULE("country", country, path_is_name, NAME),
	RULE("console", console, path_is_name, NAME),
	RULE("panic", panic, is_panic, "pvpanic or pvpanic-pci"),
	RULE("vm-generation", generation, is_generation, "vmgenid,guid=auto"),
	RULE("after-loadvm", after_loadvm, is_write,
	    "writeb, writew, writel or writeq ADDRESS VALUE"),
	RULE("kvm", kvm, is_kvm, "HOST [CPU], as uname -m and -cpu have them"),
	RULE("disk-bus", disk_bus, bus_is, "virtio, ahci, nvme, sd or usb"),
	RULE("nic", nic, nic_is, "virtio, e1000, e1000e or rtl8139"),
	RULE("agent", agent, is_agent, "s6-linux-init, inittab or serial"),
	RULE("login", login, is_login, "USER [PASSWORD], of printable characters"),
	RULE("boot-bios", boot_bios, lane_is_firmware, FIRMWARE),
	RULE("boot-efi", boot_efi, lane_is_firmware, FIRMWARE),
	RULE("boot-uboot", boot_uboot, lane_is_firmware, FIRMWARE),
	RULE("screen", screen, is_screen, "VGA or ramfb"),
	RULE("address", address, is_address, "an IPv4 address"),
	RULE("router", router, is_address, "an IPv4 address"),
	RULE("dns", dns, is_address, "an IPv4 address"),
	RULE("qemu", qemu, is_qemu, "qemu-system-ARCH, which is looked up in PATH"),
	RULE("machine", machine, is_machine,
	    "NAME[,PROPERTY=VALUE...], and no property that names a file"),
	RULE("cpu", cpu, is_cpu, "MODEL[,FEATURE...]"),
#undef NAME
#undef FIRMWARE
#undef RULE
};

static const struct file {
	const char *key;
	size_t member;
} files[] = {
	{ "firmware", offsetof(struct manifest, firmware) },
	{ "kernel", offsetof(struct manifest, kernel) },
	{ "initrd", offsetof(struct manifest, initrd) },
	{ "boot-diskless", offsetof(struct manifest, boot_diskless) },
	{ "image", offsetof(struct manifest, image) },
	{ "symbols", offsetof(struct manifest, symbols) },
	{ "kernel-config", offsetof(struct manifest, kernel_config) },
};

static const char *const *
member(const struct manifest *m, size_t at)
{
	return (const char *const *)(const void *)((const char *)m + at);
}

static int
check_file(struct arena *a, const struct manifest *m, const char *path, const char *key,
    const char *file, struct err *e)
{
	const char *full = manifest_path(a, m, file);
	struct stat st;

	if (!full)
		return 0;
	if (stat(full, &st) < 0) {
		fail_errno(e, "%s: %s %s", path, key, full);
		e->code = EXIT_USAGE;
		return -1;
	}
	if (!S_ISREG(st.st_mode))
		return fail_usage(e, "%s: %s %s: is not a regular file", path, key, full);
	return 0;
}

/* they may be missing, or another user's; what is there is a file */
static int
check_credentials(struct arena *a, const struct manifest *m, const char *path, struct err *e)
{
	const char *full = manifest_path(a, m, m->credentials);
	struct stat st;

	return !full || stat(full, &st) < 0
		   ? 0
		   : check_file(a, m, path, "credentials", m->credentials, e);
}

int
grammar_check(const struct manifest *m, const char *path, struct err *e)
{
	struct arena *a = arena_new();
	int r = 0;

	for (size_t i = 0; i < sizeof rules / sizeof *rules && r == 0; i++) {
		const char *value = *member(m, rules[i].member);

		if (value && !rules[i].fits(value))
			r = fail_usage(e, "%s: %s %s: has to be %s", path, rules[i].key, value,
			    rules[i].allowed);
	}
	for (const struct file *f = files; f < files + sizeof files / sizeof *files && r == 0; f++)
		r = check_file(a, m, path, f->key, *member(m, f->member), e);
	if (r == 0)
		r = check_credentials(a, m, path, e);
	arena_free(a);
	return r;
}
