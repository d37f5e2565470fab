/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/hardening.h"

#include "build/base/arena.h"
#include "build/files/kconfig.h"
#include "build/files/manifest.h"
#include "verify/image/elf.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

#define PROGRAMS "programs"
#define KERNEL "kernel"
#define ABILITIES "abilities"
#define MACHINES "machines"
#define COUNT(table) (sizeof(table) / sizeof *(table))

/* the lines of a .config; any of them will do; one that begins with ! must not be there */
#define SYMBOLS 3

static const struct kernel_measure {
	const char *name;
	const char *symbols[SYMBOLS];
} of_kernel[] = {
	{ "stack-protector", { "STACKPROTECTOR_STRONG" } },
	{ "stack-guard-pages", { "VMAP_STACK" } },
	{ "stack-offset", { "RANDOMIZE_KSTACK_OFFSET_DEFAULT" } },
	{ "read-only-code", { "STRICT_KERNEL_RWX" } },
	{ "kaslr", { "RANDOMIZE_BASE" } },
	{ "usercopy", { "HARDENED_USERCOPY" } },
	{ "fortify", { "FORTIFY_SOURCE" } },
	{ "freelist-random", { "SLAB_FREELIST_RANDOM" } },
	{ "freelist-hardened", { "SLAB_FREELIST_HARDENED" } },
	{ "list-hardened", { "LIST_HARDENED" } },
	{ "bug-on-corruption", { "BUG_ON_DATA_CORRUPTION" } },
	{ "init-on-alloc", { "INIT_ON_ALLOC_DEFAULT_ON" } },
	{ "branch-speculation", { "MITIGATION_SPECTRE_V2", "MITIGATE_SPECTRE_BRANCH_HISTORY",
				    "HARDEN_BRANCH_PREDICTOR" } },
	{ "page-table-isolation", { "MITIGATION_PAGE_TABLE_ISOLATION", "UNMAP_KERNEL_AT_EL0" } },
	{ "seccomp", { "SECCOMP_FILTER" } },
	{ "syn-cookies", { "SYN_COOKIES" } },
	{ "dmesg-restrict", { "SECURITY_DMESG_RESTRICT" } },
	{ "no-user-namespaces", { "!USER_NS" } },
	{ "no-dev-mem", { "!DEVMEM" } },
	{ "no-fixed-heap", { "!COMPAT_BRK" } },
	{ "no-modules", { "!MODULES" } },
	{ "no-typing-for-others", { "!LEGACY_TIOCSTI" } },
	{ "no-bpf-for-users", { "!BPF_SYSCALL", "BPF_UNPRIV_DEFAULT_OFF" } },
	{ "no-io-uring", { "!IO_URING" } },
	{ "no-page-faults-for-users", { "!USERFAULTFD" } },
	{ "no-other-kernel", { "!KEXEC" } },
	{ "no-other-kernel-file", { "!KEXEC_FILE" } },
	{ "no-image-of-memory", { "!HIBERNATION" } },
	{ "no-kernel-memory", { "!PROC_KCORE" } },
	{ "no-debugfs", { "!DEBUG_FS" } },
	{ "no-vsyscall", { "LEGACY_VSYSCALL_NONE", "!X86_64" } },
	{ "memory-map-random", { "RANDOMIZE_MEMORY", "!X86_64" } },
	{ "umip", { "X86_UMIP", "!X86" } },
	{ "no-32-bit-programs", { "!COMPAT" } },
	{ "no-old-interface", { "!OABI_COMPAT" } },
	{ "no-own-segments", { "!MODIFY_LDT_SYSCALL" } },
	{ "no-ports-for-programs", { "!X86_IOPL_IOPERM" } },
	{ "no-kernel-cryptography", { "!CRYPTO_USER_API" } },
	{ "no-other-formats", { "!BINFMT_MISC" } },
	{ "no-checkpoints", { "!CHECKPOINT_RESTORE" } },
	{ "no-slab-debugging", { "!SLUB_DEBUG_ON" } },
	{ "no-data-symbols", { "!KALLSYMS_ALL" } },
	/* ARM's */
	{ "branch-history", { "HARDEN_BRANCH_HISTORY", "!ARM" } },
	{ "pan", { "ARM64_PAN", "!ARM64" } },
	{ "e0pd", { "ARM64_E0PD", "!ARM64" } },
	/* what processors of Intel's and AMD's leak, each by its name in the kernel */
	{ "spectre-v1", { "MITIGATION_SPECTRE_V1", "!X86" } },
	{ "bhi", { "MITIGATION_SPECTRE_BHI", "!X86" } },
	{ "ssb", { "MITIGATION_SSB", "!X86" } },
	{ "l1tf", { "MITIGATION_L1TF", "!X86" } },
	{ "mds", { "MITIGATION_MDS", "!X86" } },
	{ "taa", { "MITIGATION_TAA", "!X86" } },
	{ "mmio", { "MITIGATION_MMIO_STALE_DATA", "!X86" } },
	{ "srbds", { "MITIGATION_SRBDS", "!X86" } },
	{ "gds", { "MITIGATION_GDS", "!X86" } },
	{ "rfds", { "MITIGATION_RFDS", "!X86" } },
	{ "retpoline", { "MITIGATION_RETPOLINE", "!X86" } },
	{ "retbleed", { "MITIGATION_RETBLEED", "!X86_64" } },
	{ "retbleed-thunk", { "MITIGATION_RETHUNK", "!X86_64" } },
	{ "retbleed-untrained", { "MITIGATION_UNRET_ENTRY", "!X86_64" } },
	{ "retbleed-barrier", { "MITIGATION_IBPB_ENTRY", "!X86_64" } },
	{ "retbleed-restricted", { "MITIGATION_IBRS_ENTRY", "!X86_64" } },
	{ "srso", { "MITIGATION_SRSO", "!X86_64" } },
	{ "its", { "MITIGATION_ITS", "!X86_64" } },
	{ "tsa", { "MITIGATION_TSA", "!X86_64" } },
	/* no protection, and as easily lost unseen; a 486 has no fellow, RISC-V no button */
	{ "processors", { "SMP", "X86_32" } },
	{ "all-memory", { "HIGHMEM4G", "HIGHMEM", "64BIT" } },
	{ "neon", { "NEON", "!ARM" } },
	{ "vdso", { "VDSO", "!ARM" } },
	{ "helpers", { "KUSER_HELPERS", "!ARM" } },
	{ "message-interrupts", { "PCI_MSI", "X86_32" } },
	{ "clock-of-the-host", { "KVM_GUEST", "!X86_64" } },
	{ "power-button", { "ACPI_BUTTON", "KEYBOARD_GPIO", "RISCV" } },
};

/* what programs and devices wait for a kernel to have: one measure, and each that lacks is told */
static const char *const abilities[] = { "9P_FS", "ADVISE_SYSCALLS", "AIO", "BINFMT_SCRIPT",
	"BLK_CGROUP", "BLK_DEV_INITRD", "BLK_DEV_LOOP", "BLK_DEV_NVME", "BLK_DEV_WRITE_MOUNTED",
	"CFS_BANDWIDTH", "CGROUPS", "CGROUP_PIDS", "CGROUP_SCHED", "COMPACTION", "COREDUMP",
	"CROSS_MEMORY_ATTACH", "DEBUG_BUGVERBOSE", "DNOTIFY", "ELF_CORE", "EPOLL", "EVENTFD",
	"EXT4_USE_FOR_EXT2", "FAIR_GROUP_SCHED", "FHANDLE", "FILE_LOCKING", "FUTEX",
	"HIGH_RES_TIMERS", "HOTPLUG_PCI_PCIE", "HW_RANDOM_VIRTIO", "IKCONFIG_PROC", "INOTIFY_USER",
	"INPUT_EVDEV", "IPC_NS", "KALLSYMS", "MAGIC_SYSRQ", "MAGIC_SYSRQ_SERIAL", "MEMBARRIER",
	"MEMCG", "MEMFD_CREATE", "MSDOS_PARTITION", "NET_9P_VIRTIO", "NET_NS", "NLS_CODEPAGE_437",
	"NLS_ISO8859_1", "NO_HZ_IDLE", "PACKET", "PID_NS", "POSIX_MQUEUE", "POSIX_TIMERS",
	"PRINTK_TIME", "PROC_PAGE_MONITOR", "PVPANIC_MMIO", "PVPANIC_PCI", "RD_GZIP", "RSEQ",
	"RTC_HCTOSYS", "RTC_INTF_DEV", "RTC_INTF_PROC", "RTC_INTF_SYSFS", "RTC_SYSTOHC", "SIGNALFD",
	"SWAP", "SYMBOLIC_ERRNAME", "SYSVIPC", "TIMERFD", "TMPFS", "UNIX", "UTS_NS", "VFAT_FS",
	"VIRTIO_BLK", "VIRTIO_CONSOLE", "VIRTIO_MMIO", "VIRTIO_NET", "VIRTIO_PCI", "VMGENID",
	"VM_EVENT_COUNTERS" };

/*
 * What a real machine needs, by HARDWARE=true: a kernel that has one of them has them all.  None is
 * in the kernel.conf of a triple, which every kernel has.
 */
static const char *const machines[] = { "ATA", "ATA_BMDMA", "ATA_PIIX", "ATA_SFF", "BLK_DEV_SD",
	"E1000", "E1000E", "FB", "FB_EFI", "FRAMEBUFFER_CONSOLE", "HID", "HID_GENERIC", "IGB",
	"MMC", "MMC_BLOCK", "MMC_SDHCI", "MMC_SDHCI_PCI", "R8169", "SATA_AHCI", "SCSI", "USB",
	"USB_EHCI_HCD", "USB_HID", "USB_OHCI_HCD", "USB_OHCI_HCD_PCI", "USB_STORAGE", "USB_UAS",
	"USB_UHCI_HCD", "USB_XHCI_HCD", "VT", "VT_CONSOLE" };

static bool
lies_anywhere(const struct elf *f)
{
	return f->type == ET_DYN && f->pie;
}

static bool
relocated_read_only(const struct elf *f)
{
	return f->relro;
}

static bool
stack_without_code(const struct elf *f)
{
	return !f->stack_code;
}

static bool
code_read_only(const struct elf *f)
{
	return !f->writable_code;
}

/*
 * x86 alone shows it in the code.  Of what GCC makes with -fstack-protector-strong each program of
 * 12 KiB of code or more has a check in 2.5 KiB; without it there are none.
 */
static bool
stack_guarded(const struct elf *f)
{
	return f->code_size < (12 << 10) || f->guards >= f->code_size / (6 << 10);
}

static const struct program_measure {
	const char *name;
	bool (*has)(const struct elf *f);
	const char *otherwise;
} of_program[] = {
	{ "pie", lies_anywhere, "is not position-independent" },
	{ "relro", relocated_read_only, "has no segment that is read-only after relocation" },
	{ "no-stack-code", stack_without_code, "has an executable stack" },
	{ "no-writable-code", code_read_only, "has a segment that is writable and executable" },
	{ "stack-guards", stack_guarded,
	    "has hardly a function that checks its stack's guard (-fstack-protector-strong)" },
};

/* why the image may do without it, or NULL */
static const char *
excuse(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->ndiffers; i++)
		if (!strcmp(m->differs[i].subject, "hardening") &&
		    !strcmp(m->differs[i].word, name))
			return m->differs[i].reason;
	return NULL;
}

void
hardening_program(const struct manifest *m, const struct elf *f, hardening_found *found, void *arg)
{
	if (excuse(m, PROGRAMS))
		return;
	for (size_t i = 0; i < COUNT(of_program); i++)
		if (!of_program[i].has(f) && !excuse(m, of_program[i].name))
			found(arg, of_program[i].otherwise);
}

static bool
is_set(const char *text, const char *symbol)
{
	return kconfig_get(text, symbol, strlen(symbol)) == 'y';
}

static bool
kernel_has(const char *text, const struct kernel_measure *k)
{
	for (size_t i = 0; i < SYMBOLS && k->symbols[i]; i++) {
		bool no = *k->symbols[i] == '!';
		const char *symbol = k->symbols[i] + no;

		if (is_set(text, symbol) != no)
			return true;
	}
	return false;
}

static bool
is_measure(const char *name)
{
	for (size_t i = 0; i < COUNT(of_kernel); i++)
		if (!strcmp(of_kernel[i].name, name))
			return true;
	for (size_t i = 0; i < COUNT(of_program); i++)
		if (!strcmp(of_program[i].name, name))
			return true;
	return !strcmp(name, PROGRAMS) || !strcmp(name, KERNEL) || !strcmp(name, ABILITIES) ||
	       !strcmp(name, MACHINES);
}

/* each name of a list that a kernel lacks; in a list of which it may have none, if it has any */
static void
find_lacking(struct arena *a, const char *list, const char *const *names, size_t n, bool optional,
    const char *text, hardening_found *found, void *arg)
{
	size_t has = 0;

	for (size_t i = 0; i < n; i++)
		has += is_set(text, names[i]);
	if (optional && !has)
		return;
	for (size_t i = 0; i < n; i++)
		if (!is_set(text, names[i]))
			found(arg, arena_printf(a, "%s: has no CONFIG_%s=y", list, names[i]));
}

int
hardening_kernel(struct arena *a, const struct manifest *m, const char *text,
    hardening_found *found, void *arg, struct err *e)
{
	for (size_t i = 0; i < m->ndiffers; i++)
		if (!strcmp(m->differs[i].subject, "hardening") && !is_measure(m->differs[i].word))
			return fail_usage(e,
			    "manifest: differs hardening %s: no measure has that name; they are in "
			    "verify/image/hardening.c",
			    m->differs[i].word);
	for (size_t i = 0; i < COUNT(of_kernel) && !excuse(m, KERNEL); i++) {
		const struct kernel_measure *k = &of_kernel[i];
		const char *why = excuse(m, k->name), *no = *k->symbols[0] == '!' ? "" : " no";
		bool has = kernel_has(text, k);

		if (!has && !why)
			found(arg, arena_printf(a, "%s: has%s CONFIG_%s=y", k->name, no,
				       k->symbols[0] + !*no));
		else if (has && why)
			found(arg, arena_printf(a, "%s: has it, but `differs hardening` says: %s",
				       k->name, why));
	}
	if (excuse(m, KERNEL))
		return 0;
	if (!excuse(m, ABILITIES))
		find_lacking(a, ABILITIES, abilities, COUNT(abilities), false, text, found, arg);
	if (!excuse(m, MACHINES))
		find_lacking(a, MACHINES, machines, COUNT(machines), true, text, found, arg);
	return 0;
}
