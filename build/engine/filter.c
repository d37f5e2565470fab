/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/filter.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* whose system calls the numbers below are; any other's would pass for ours */
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__i386__)
#define ARCHITECTURE AUDIT_ARCH_I386
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__arm__)
#define ARCHITECTURE AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE AUDIT_ARCH_PPC64LE
#else
#error "filter.c: say which AUDIT_ARCH this machine's system calls have"
#endif

/* x32 programs say that they are of AUDIT_ARCH_X86_64 and have numbers from here on */
#define X32_BIT 0x40000000

/* what makes a namespace; of clone(2) and unshare(2), in the first argument */
#define NAMESPACES                                                                                 \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |             \
	    CLONE_NEWPID | CLONE_NEWNET)

/* refused with EPERM; a call that is younger than our headers is not there to be named */
static const unsigned refused[] = {
	/* mounts */
	SYS_mount,
	SYS_umount2,
	SYS_pivot_root,
	SYS_chroot,
	SYS_setns,
#ifdef SYS_fsopen
	SYS_fsopen,
	SYS_fsconfig,
	SYS_fsmount,
	SYS_fspick,
	SYS_move_mount,
	SYS_open_tree,
#endif
#ifdef SYS_mount_setattr
	SYS_mount_setattr,
#endif
	SYS_open_by_handle_at,
	SYS_swapon,
	SYS_swapoff,
	SYS_quotactl,
	/* other processes */
	SYS_ptrace,
	SYS_process_vm_readv,
	SYS_process_vm_writev,
	SYS_kcmp,
#ifdef SYS_pidfd_getfd
	SYS_pidfd_getfd,
#endif
	/* keys, which namespaces do not part */
	SYS_add_key,
	SYS_request_key,
	SYS_keyctl,
	/* the kernel itself */
	SYS_bpf,
	SYS_perf_event_open,
	SYS_userfaultfd,
	SYS_init_module,
	SYS_finit_module,
	SYS_delete_module,
#ifdef SYS_kexec_load
	SYS_kexec_load,
#endif
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
	SYS_reboot,
	SYS_syslog,
	SYS_acct,
	SYS_vhangup,
	SYS_settimeofday,
	SYS_clock_settime,
	SYS_clock_adjtime,
	SYS_adjtimex,
#ifdef SYS_iopl
	SYS_iopl,
	SYS_ioperm,
#endif
};

/* refused with ENOSYS: whoever calls them has another way, where there is no such call */
static const unsigned unknown[] = {
#ifdef SYS_clone3
	SYS_clone3, /* its flags are in memory, where a filter can't look */
#endif
#ifdef SYS_io_uring_setup
	SYS_io_uring_setup,
	SYS_io_uring_enter,
	SYS_io_uring_register,
#endif
};

/* the network namespace holds these; it does not hold AF_VSOCK, and AF_ALG leads into the kernel */
static const unsigned families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

#define COUNT(table) (sizeof(table) / sizeof *(table))

struct program {
	struct sock_filter v[16 + 2 * COUNT(refused) + 2 * COUNT(unknown) + COUNT(families)];
	size_t n;
};

static void
add(struct program *p, uint16_t code, uint32_t k, unsigned yes, unsigned no)
{
	p->v[p->n++] = (struct sock_filter){ code, (uint8_t)yes, (uint8_t)no, k };
}

static void
end(struct program *p, uint32_t result)
{
	add(p, BPF_RET | BPF_K, result, 0, 0);
}

static uint32_t
error(int why)
{
	return SECCOMP_RET_ERRNO | (uint32_t)why;
}

static void
load(struct program *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void
refuse(struct program *p, const unsigned *calls, size_t n, int why)
{
	for (size_t i = 0; i < n; i++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		end(p, error(why));
	}
}

/* the lower half of the first argument: all the machines above are little-endian */
static void
load_argument(struct program *p)
{
	load(p, offsetof(struct seccomp_data, args));
}

static void
make(struct program *p)
{
	load(p, offsetof(struct seccomp_data, arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	end(p, error(ENOSYS));
	load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	add(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	end(p, error(ENOSYS));
#endif
	refuse(p, refused, COUNT(refused), EPERM);
	refuse(p, unknown, COUNT(unknown), ENOSYS);
	/* not a socket: to clone and unshare, over what is done with its first argument */
	add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, COUNT(families) + 3);
	load_argument(p);
	for (size_t i = 0; i < COUNT(families); i++)
		add(p, BPF_JMP | BPF_JEQ | BPF_K, families[i], COUNT(families) - i, 0);
	end(p, error(EAFNOSUPPORT));
	end(p, SECCOMP_RET_ALLOW);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0);
	add(p, BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 3);
	load_argument(p);
	add(p, BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1);
	end(p, error(EPERM));
	end(p, SECCOMP_RET_ALLOW);
}

int
filter_open(struct err *e)
{
	struct program p = { .n = 0 };
	int fd = memfd_create("lh-filter", MFD_CLOEXEC);
	size_t size;

	if (fd < 0)
		return fail_errno(e, "memfd_create");
	make(&p);
	size = p.n * sizeof *p.v;
	if (write(fd, p.v, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0) {
		fail_errno(e, "system call filter");
		close(fd);
		return -1;
	}
	return fd;
}
