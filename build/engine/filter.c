/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/filter.h"

#include "build/base/bpf.h"
#include "build/base/fd.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static void
make(struct bpf *p)
{
	bpf_begin(p);
	bpf_calls(p, refused, COUNT(refused), bpf_error(EPERM));
	bpf_calls(p, unknown, COUNT(unknown), bpf_error(ENOSYS));
	bpf_call_among(p, SYS_socket, 0, families, COUNT(families), bpf_error(EAFNOSUPPORT));
	bpf_call_bits(p, SYS_clone, 0, NAMESPACES, bpf_error(EPERM));
	bpf_call_bits(p, SYS_unshare, 0, NAMESPACES, bpf_error(EPERM));
	bpf_end(p, SECCOMP_RET_ALLOW);
}

int
filter_open(struct err *e)
{
	struct bpf p;
	int fd = memfd_create("lh-filter", MFD_CLOEXEC);
	size_t size;

	if (fd < 0)
		return fail_errno(e, "memfd_create");
	make(&p);
	size = p.n * sizeof *p.v;
	if (fd_write(fd, p.v, size, "system call filter", e) == 0) {
		if (lseek(fd, 0, SEEK_SET) == 0)
			return fd;
		fail_errno(e, "system call filter");
	}
	close(fd);
	return -1;
}
