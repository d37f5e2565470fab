/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/image/hardening.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/manifest.h"
#include "verify/image/elf.h"
#include "verify/test/suites.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

static void
note(void *arg, const char *what)
{
	buf_addf(arg, "%s\n", what);
}

static const struct {
	struct elf f;
	const char *excused; /* a measure, or NULL */
	const char *found;
} programs[] = {
	{ { .type = ET_DYN, .pie = true, .relro = true }, NULL, "" },
	{ { .type = ET_EXEC, .relro = true }, NULL, "is not position-independent\n" },
	{ { .type = ET_DYN, .relro = true }, NULL, "is not position-independent\n" },
	{ { .type = ET_EXEC, .relro = true }, "pie", "" },
	{ { .type = ET_DYN, .pie = true }, NULL,
	    "has no segment that is read-only after relocation\n" },
	{ { .type = ET_DYN, .pie = true, .relro = true, .stack_code = true }, NULL,
	    "has an executable stack\n" },
	{ { .type = ET_DYN, .pie = true, .relro = true, .writable_code = true }, NULL,
	    "has a segment that is writable and executable\n" },
	{ { .type = ET_DYN, .pie = true, .relro = true, .code_size = 700 << 10, .guards = 20 },
	    NULL,
	    "has hardly a function that checks its stack's guard (-fstack-protector-strong)\n" },
	{ { .type = ET_DYN, .pie = true, .relro = true, .code_size = 700 << 10, .guards = 120 },
	    NULL, "" },
	{ { .type = ET_DYN, .pie = true, .relro = true, .code_size = 9 << 10 }, NULL, "" },
	{ { .type = ET_EXEC, .stack_code = true }, "kaslr",
	    "is not position-independent\nhas no segment that is read-only after relocation\nhas "
	    "an executable stack\n" },
	{ { .type = ET_EXEC, .stack_code = true }, "programs", "" },
};

/* a manifest whose image does without that measure */
static struct manifest
without(struct man_differs *d, const char *measure)
{
	*d = (struct man_differs){ "hardening", measure, "it cannot" };
	return (struct manifest){ .differs = d, .ndiffers = measure ? 1 : 0 };
}

START_TEST(program)
{
	struct man_differs d;
	struct manifest m = without(&d, programs[_i].excused);
	struct buf b = { 0 };

	hardening_program(&m, &programs[_i].f, note, &b);
	ck_assert_str_eq(b.n ? b.p : "", programs[_i].found);
	buf_free(&b);
}
END_TEST

/* all that there is but for the lines of a row */
#define STACKS                                                                                     \
	"CONFIG_STACKPROTECTOR_STRONG=y\nCONFIG_VMAP_STACK=y\n"                                    \
	"CONFIG_RANDOMIZE_KSTACK_OFFSET_DEFAULT=y\n"
#define MEMORY                                                                                     \
	"CONFIG_STRICT_KERNEL_RWX=y\nCONFIG_HARDENED_USERCOPY=y\nCONFIG_FORTIFY_SOURCE=y\n"        \
	"CONFIG_SLAB_FREELIST_RANDOM=y\nCONFIG_SLAB_FREELIST_HARDENED=y\n"                         \
	"CONFIG_LIST_HARDENED=y\nCONFIG_BUG_ON_DATA_CORRUPTION=y\n"                                \
	"CONFIG_INIT_ON_ALLOC_DEFAULT_ON=y\n"
#define OTHERS                                                                                     \
	"CONFIG_UNMAP_KERNEL_AT_EL0=y\nCONFIG_SECCOMP_FILTER=y\nCONFIG_SYN_COOKIES=y\n"            \
	"CONFIG_SECURITY_DMESG_RESTRICT=y\n# CONFIG_DEVMEM is not set\n"
#define BRANCHES "CONFIG_HARDEN_BRANCH_PREDICTOR=y\n"
#define ABLE                                                                                       \
	"CONFIG_64BIT=y\nCONFIG_PCI_MSI=y\n"                                                       \
	"CONFIG_SMP=y\nCONFIG_KEYBOARD_GPIO=y\n"                                                   \
	"CONFIG_9P_FS=y\n"                                                                         \
	"CONFIG_ADVISE_SYSCALLS=y\n"                                                               \
	"CONFIG_AIO=y\n"                                                                           \
	"CONFIG_BINFMT_SCRIPT=y\n"                                                                 \
	"CONFIG_BLK_CGROUP=y\n"                                                                    \
	"CONFIG_BLK_DEV_INITRD=y\n"                                                                \
	"CONFIG_BLK_DEV_LOOP=y\n"                                                                  \
	"CONFIG_BLK_DEV_NVME=y\n"                                                                  \
	"CONFIG_BLK_DEV_WRITE_MOUNTED=y\n"                                                         \
	"CONFIG_CFS_BANDWIDTH=y\n"                                                                 \
	"CONFIG_CGROUPS=y\n"                                                                       \
	"CONFIG_CGROUP_PIDS=y\n"                                                                   \
	"CONFIG_CGROUP_SCHED=y\n"                                                                  \
	"CONFIG_COMPACTION=y\n"                                                                    \
	"CONFIG_COREDUMP=y\n"                                                                      \
	"CONFIG_CROSS_MEMORY_ATTACH=y\n"                                                           \
	"CONFIG_DEBUG_BUGVERBOSE=y\n"                                                              \
	"CONFIG_DNOTIFY=y\n"                                                                       \
	"CONFIG_ELF_CORE=y\n"                                                                      \
	"CONFIG_EPOLL=y\n"                                                                         \
	"CONFIG_EVENTFD=y\n"                                                                       \
	"CONFIG_EXT4_USE_FOR_EXT2=y\n"                                                             \
	"CONFIG_FAIR_GROUP_SCHED=y\n"                                                              \
	"CONFIG_FHANDLE=y\n"                                                                       \
	"CONFIG_FILE_LOCKING=y\n"                                                                  \
	"CONFIG_FUTEX=y\n"                                                                         \
	"CONFIG_HIGH_RES_TIMERS=y\n"                                                               \
	"CONFIG_HOTPLUG_PCI_PCIE=y\n"                                                              \
	"CONFIG_HW_RANDOM_VIRTIO=y\n"                                                              \
	"CONFIG_IKCONFIG_PROC=y\n"                                                                 \
	"CONFIG_INOTIFY_USER=y\n"                                                                  \
	"CONFIG_INPUT_EVDEV=y\n"                                                                   \
	"CONFIG_IPC_NS=y\n"                                                                        \
	"CONFIG_KALLSYMS=y\n"                                                                      \
	"CONFIG_MAGIC_SYSRQ=y\n"                                                                   \
	"CONFIG_MAGIC_SYSRQ_SERIAL=y\n"                                                            \
	"CONFIG_MEMBARRIER=y\n"                                                                    \
	"CONFIG_MEMCG=y\n"                                                                         \
	"CONFIG_MEMFD_CREATE=y\n"                                                                  \
	"CONFIG_MSDOS_PARTITION=y\n"                                                               \
	"CONFIG_NET_9P_VIRTIO=y\n"                                                                 \
	"CONFIG_NET_NS=y\n"                                                                        \
	"CONFIG_NLS_CODEPAGE_437=y\n"                                                              \
	"CONFIG_NLS_ISO8859_1=y\n"                                                                 \
	"CONFIG_NO_HZ_IDLE=y\n"                                                                    \
	"CONFIG_PACKET=y\n"                                                                        \
	"CONFIG_PID_NS=y\n"                                                                        \
	"CONFIG_POSIX_MQUEUE=y\n"                                                                  \
	"CONFIG_POSIX_TIMERS=y\n"                                                                  \
	"CONFIG_PRINTK_TIME=y\n"                                                                   \
	"CONFIG_PROC_PAGE_MONITOR=y\n"                                                             \
	"CONFIG_PVPANIC_MMIO=y\n"                                                                  \
	"CONFIG_PVPANIC_PCI=y\n"                                                                   \
	"CONFIG_RD_GZIP=y\n"                                                                       \
	"CONFIG_RSEQ=y\n"                                                                          \
	"CONFIG_RTC_HCTOSYS=y\n"                                                                   \
	"CONFIG_RTC_INTF_DEV=y\n"                                                                  \
	"CONFIG_RTC_INTF_PROC=y\n"                                                                 \
	"CONFIG_RTC_INTF_SYSFS=y\n"                                                                \
	"CONFIG_RTC_SYSTOHC=y\n"                                                                   \
	"CONFIG_SIGNALFD=y\n"                                                                      \
	"CONFIG_SWAP=y\n"                                                                          \
	"CONFIG_SYMBOLIC_ERRNAME=y\n"                                                              \
	"CONFIG_SYSVIPC=y\n"                                                                       \
	"CONFIG_TIMERFD=y\n"                                                                       \
	"CONFIG_TMPFS=y\n"                                                                         \
	"CONFIG_UNIX=y\n"                                                                          \
	"CONFIG_UTS_NS=y\n"                                                                        \
	"CONFIG_VFAT_FS=y\n"                                                                       \
	"CONFIG_VIRTIO_BLK=y\n"                                                                    \
	"CONFIG_VIRTIO_CONSOLE=y\n"                                                                \
	"CONFIG_VIRTIO_MMIO=y\n"                                                                   \
	"CONFIG_VIRTIO_NET=y\n"                                                                    \
	"CONFIG_VIRTIO_PCI=y\n"                                                                    \
	"CONFIG_VM_EVENT_COUNTERS=y\n"
#define MACHINES                                                                                   \
	"CONFIG_ATA=y\n"                                                                           \
	"CONFIG_ATA_BMDMA=y\n"                                                                     \
	"CONFIG_ATA_PIIX=y\n"                                                                      \
	"CONFIG_ATA_SFF=y\n"                                                                       \
	"CONFIG_BLK_DEV_SD=y\n"                                                                    \
	"CONFIG_E1000=y\n"                                                                         \
	"CONFIG_E1000E=y\n"                                                                        \
	"CONFIG_FB=y\n"                                                                            \
	"CONFIG_FB_EFI=y\n"                                                                        \
	"CONFIG_FRAMEBUFFER_CONSOLE=y\n"                                                           \
	"CONFIG_HID=y\n"                                                                           \
	"CONFIG_HID_GENERIC=y\n"                                                                   \
	"CONFIG_IGB=y\n"                                                                           \
	"CONFIG_MMC=y\n"                                                                           \
	"CONFIG_MMC_BLOCK=y\n"                                                                     \
	"CONFIG_MMC_SDHCI=y\n"                                                                     \
	"CONFIG_MMC_SDHCI_PCI=y\n"                                                                 \
	"CONFIG_R8169=y\n"                                                                         \
	"CONFIG_SATA_AHCI=y\n"                                                                     \
	"CONFIG_SCSI=y\n"                                                                          \
	"CONFIG_USB=y\n"                                                                           \
	"CONFIG_USB_EHCI_HCD=y\n"                                                                  \
	"CONFIG_USB_HID=y\n"                                                                       \
	"CONFIG_USB_OHCI_HCD=y\n"                                                                  \
	"CONFIG_USB_OHCI_HCD_PCI=y\n"                                                              \
	"CONFIG_USB_STORAGE=y\n"                                                                   \
	"CONFIG_USB_UAS=y\n"                                                                       \
	"CONFIG_USB_UHCI_HCD=y\n"                                                                  \
	"CONFIG_USB_XHCI_HCD=y\n"                                                                  \
	"CONFIG_VT_CONSOLE=y\n"
#define VMGENID "CONFIG_VMGENID=y\n"
#define LEAKS                                                                                      \
	"CONFIG_X86=y\nCONFIG_X86_UMIP=y\nCONFIG_MITIGATION_SPECTRE_V1=y\nCONFIG_MITIGATION_"      \
	"SPECTRE_BHI=y\n"                                                                          \
	"CONFIG_MITIGATION_SSB=y\nCONFIG_MITIGATION_L1TF=y\nCONFIG_MITIGATION_TAA=y\n"             \
	"CONFIG_MITIGATION_MMIO_STALE_DATA=y\nCONFIG_MITIGATION_SRBDS=y\n"                         \
	"CONFIG_MITIGATION_GDS=y\nCONFIG_MITIGATION_RFDS=y\nCONFIG_MITIGATION_RETPOLINE=y\n"
#define KASLR "CONFIG_RANDOMIZE_BASE=y\n"

static const struct {
	const char *config, *excused, *found;
} kernels[] = {
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR, NULL, "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES "# CONFIG_RANDOMIZE_BASE is not set\n", NULL,
	    "kaslr: has no CONFIG_RANDOMIZE_BASE=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES "# CONFIG_RANDOMIZE_BASE=y\n", NULL,
	    "kaslr: has no CONFIG_RANDOMIZE_BASE=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES, "kaslr", "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR, "kaslr",
	    "kaslr: has it, but `differs hardening` says: it cannot\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS "CONFIG_MITIGATION_SPECTRE_V2=y\n" KASLR, NULL, "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS KASLR, NULL,
	    "branch-speculation: has no CONFIG_MITIGATION_SPECTRE_V2=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR "CONFIG_DEVMEM=y\nCONFIG_USER_NS=y\n",
	    NULL, "no-user-namespaces: has CONFIG_USER_NS=y\nno-dev-mem: has CONFIG_DEVMEM=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR LEAKS "CONFIG_MITIGATION_MDS=y\n", NULL,
	    "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR LEAKS "CONFIG_BPF_SYSCALL=y\n", NULL,
	    "no-bpf-for-users: has CONFIG_BPF_SYSCALL=y\nmds: has no CONFIG_MITIGATION_MDS=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR MACHINES, NULL,
	    "machines: has no CONFIG_VT=y\n" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR MACHINES, "machines", "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR MACHINES "CONFIG_VT=y\n", NULL, "" },
	{ ABLE STACKS MEMORY OTHERS BRANCHES KASLR, NULL, "abilities: has no CONFIG_VMGENID=y\n" },
	{ ABLE STACKS MEMORY OTHERS BRANCHES KASLR, "abilities", "" },
	{ ABLE VMGENID STACKS MEMORY OTHERS BRANCHES KASLR
	    "CONFIG_ARM=y\nCONFIG_COMPAT=y\nCONFIG_BINFMT_MISC=y\n",
	    NULL,
	    "no-32-bit-programs: has CONFIG_COMPAT=y\n"
	    "no-other-formats: has CONFIG_BINFMT_MISC=y\n"
	    "branch-history: has no CONFIG_HARDEN_BRANCH_HISTORY=y\n"
	    "neon: has no CONFIG_NEON=y\nvdso: has no CONFIG_VDSO=y\n"
	    "helpers: has no CONFIG_KUSER_HELPERS=y\n" },
	{ "", "kernel", "" },
};

START_TEST(kernel)
{
	struct arena *a = arena_new();
	struct man_differs d;
	struct manifest m = without(&d, kernels[_i].excused);
	struct buf b = { 0 };
	struct err e;

	ck_assert_int_eq(hardening_kernel(a, &m, kernels[_i].config, note, &b, &e), 0);
	ck_assert_str_eq(b.n ? b.p : "", kernels[_i].found);
	buf_free(&b);
	arena_free(a);
}
END_TEST

/* what every kernel of a triple has must not look like half a machine */
START_TEST(triples)
{
	static const char *const names[] = { "aarch64-linux-musl", "arm-linux-musleabihf",
		"i486-linux-musl", "riscv64-linux-musl", "x86_64-linux-musl" };
	struct arena *a = arena_new();
	struct manifest m = { 0 };
	struct buf b = { 0 };
	struct err e;
	char *common, *own;

	ck_assert_int_eq(file_read(a, "recipes/linux/common.conf", &common, NULL, &e), 0);
	ck_assert_int_eq(
	    file_read(a, arena_printf(a, "sysdeps/%s/kernel.conf", names[_i]), &own, NULL, &e), 0);
	ck_assert_int_eq(
	    hardening_kernel(a, &m, arena_printf(a, "%s%s", common, own), note, &b, &e), 0);
	ck_assert_msg(b.n && !strstr(b.p, "machines:"), "%s: %s", names[_i],
	    b.n ? b.p : "nothing is missing");
	buf_free(&b);
	arena_free(a);
}
END_TEST

START_TEST(unknown_measure)
{
	struct arena *a = arena_new();
	struct man_differs d;
	struct manifest m = without(&d, "kasler");
	struct err e;

	ck_assert_int_eq(hardening_kernel(a, &m, "", note, NULL, &e), -1);
	ck_assert_str_eq(e.msg,
	    "manifest: differs hardening kasler: no measure has that name; they "
	    "are in verify/image/hardening.c");
	arena_free(a);
}
END_TEST

Suite *
hardening_suite(void)
{
	Suite *s = suite_create("hardening");
	TCase *t = harness_case(s, "measures");

	tcase_add_loop_test(t, program, 0, (int)(sizeof programs / sizeof *programs));
	tcase_add_loop_test(t, kernel, 0, (int)(sizeof kernels / sizeof *kernels));
	tcase_add_loop_test(t, triples, 0, 5);
	tcase_add_test(t, unknown_measure);
	return s;
}
