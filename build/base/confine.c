/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/confine.h"

#include "build/base/arena.h"
#include "build/base/bpf.h"
#include "build/base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define MIB (1024ull * 1024)

/* a call that a machine does not have is not there to be named */
static const unsigned allowed[] = {
	/* what is open already */
	SYS_read,
	SYS_readv,
	SYS_pread64,
	SYS_write,
	SYS_writev,
	SYS_pwrite64,
	SYS_lseek,
#ifdef SYS__llseek
	SYS__llseek,
#endif
	SYS_fsync,
	SYS_fdatasync,
	SYS_close,
	SYS_dup,
	SYS_fstat,
#ifdef SYS_fstat64
	SYS_fstat64,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_fstatat64
	SYS_fstatat64,
#endif
	SYS_statx,
	/* memory */
	SYS_brk,
#ifdef SYS_mmap
	SYS_mmap,
#endif
#ifdef SYS_mmap2
	SYS_mmap2,
#endif
	SYS_mremap,
	SYS_munmap,
	SYS_mprotect,
	SYS_madvise,
	/* the process itself, and the time */
	SYS_futex,
	SYS_getpid,
	SYS_gettid,
	SYS_getrandom,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_sched_yield,
	SYS_uname,
	SYS_clock_gettime,
	SYS_gettimeofday,
	SYS_exit,
	SYS_exit_group,
};

/* of fcntl(2): what a descriptor is, not what becomes of it */
static const unsigned asks[] = { F_GETFD, F_GETFL };

/* nobody who reads an image does this by mistake: the process is ended on the spot */
static const unsigned hostile[] = {
#ifdef SYS_open
	SYS_open,
	SYS_creat,
	SYS_unlink,
	SYS_rename,
	SYS_fork,
	SYS_vfork,
#endif
	SYS_openat,
	SYS_unlinkat,
	SYS_execve,
	SYS_execveat,
	SYS_clone,
	SYS_socket,
	SYS_connect,
	SYS_ptrace,
	SYS_kill,
};

/* of whoever may open what lies beside an image */
static const unsigned looks[] = {
#ifdef SYS_access
	SYS_access,
	SYS_stat,
	SYS_readlink,
#endif
	SYS_faccessat,
	SYS_readlinkat,
	SYS_getcwd,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_fadvise64,
};

static const unsigned of_a_reader[] = {
#ifdef SYS_lstat
	SYS_lstat,
#endif
	SYS_getdents64,
	SYS_sysinfo,
};

/* what a dynamic program does beyond that, from its exec on */
static const unsigned of_a_program[] = {
	SYS_execve,
#ifdef SYS_arch_prctl
	SYS_arch_prctl,
#endif
	SYS_set_tid_address,
	SYS_set_robust_list,
#ifdef SYS_rseq
	SYS_rseq,
#endif
	SYS_getrusage,
	SYS_times,
	SYS_umask,
};

/*
 * A thread, as the C libraries ask clone(2) for one, is no other process: e2fsck reads a filesystem
 * of gigabytes in several.
 */
#define THREAD                                                                                     \
	(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND | CLONE_THREAD |        \
	    CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID)
static const unsigned threads[] = { THREAD, THREAD | CLONE_DETACHED };

/* other than for reading what is there; O_RDONLY is no bit */
#define CHANGES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)

enum who { OF_IMAGES, READER, PROGRAM };

/* nothing but reading is meant; the rest of the open calls is refused */
static void
may_look(struct bpf *p)
{
	bpf_calls(p, looks, COUNT(looks), SECCOMP_RET_ALLOW);
#ifdef SYS_open
	bpf_call_bits(p, SYS_open, 1, CHANGES, bpf_error(EACCES));
#endif
	bpf_call_bits(p, SYS_openat, 2, CHANGES, bpf_error(EACCES));
}

/* what is in neither table fails, as it would on an older kernel: a libc may only be curious */
static void
make(struct bpf *p, enum who who)
{
	bpf_begin(p);
	bpf_calls(p, allowed, COUNT(allowed), SECCOMP_RET_ALLOW);
	bpf_call_among(p, SYS_fcntl, 1, asks, COUNT(asks), bpf_error(EPERM));
	if (who != OF_IMAGES)
		may_look(p);
	if (who == READER)
		bpf_calls(p, of_a_reader, COUNT(of_a_reader), SECCOMP_RET_ALLOW);
	if (who == PROGRAM) {
		bpf_calls(p, of_a_program, COUNT(of_a_program), SECCOMP_RET_ALLOW);
#ifdef SYS_clone3
		/* its flags are out of sight: without it, clone(2) is asked */
		bpf_calls(p, (const unsigned[]){ SYS_clone3 }, 1, bpf_error(ENOSYS));
#endif
		bpf_call_among(p, SYS_clone, 0, threads, COUNT(threads), SECCOMP_RET_KILL_PROCESS);
	}
	bpf_calls(p, hostile, COUNT(hostile), SECCOMP_RET_KILL_PROCESS);
	bpf_end(p, bpf_error(EPERM));
}

static void
limit(int resource, rlim_t soft, rlim_t hard)
{
	struct rlimit r;

	if (getrlimit(resource, &r) < 0)
		return;
	if (r.rlim_max > hard)
		r.rlim_max = hard;
	if (r.rlim_cur > soft)
		r.rlim_cur = soft;
	setrlimit(resource, &r);
}

void
confine_limits(unsigned long long mib)
{
/* AddressSanitizer's shadow alone takes terabytes of addresses */
#ifndef __SANITIZE_ADDRESS__
	limit(RLIMIT_AS, (rlim_t)(CONFINE_MEMORY * MIB), (rlim_t)(CONFINE_MEMORY * MIB));
#endif
	/* the soft one sends SIGXCPU, which says what it was */
	limit(RLIMIT_CPU, CONFINE_SECONDS, CONFINE_SECONDS + 5);
	limit(RLIMIT_FSIZE, (rlim_t)(mib * MIB), (rlim_t)(mib * MIB));
	limit(RLIMIT_CORE, 0, 0);
}

int
confine_calls(struct err *e)
{
	struct bpf p;

	make(&p, OF_IMAGES);
	return bpf_install(&p) < 0 ? fail_errno(e, "seccomp") : 0;
}

int
confine_reader(struct err *e)
{
	struct bpf p;

	confine_limits(CONFINE_WRITES);
	make(&p, READER);
/* whose leaks are looked for by another process, at the end */
#ifdef __SANITIZE_ADDRESS__
	(void)e;
	return 0;
#else
	return bpf_install(&p) < 0 ? fail_errno(e, "seccomp") : 0;
#endif
}

const struct bpf *
confine_program(const struct child_limit **limits, size_t *n)
{
	static const struct child_limit v[] = {
		{ RLIMIT_AS, CONFINE_MEMORY * MIB },
		{ RLIMIT_CPU, CONFINE_SECONDS },
		{ RLIMIT_FSIZE, CONFINE_WRITES * MIB },
		{ RLIMIT_CORE, 0 },
	};
	static struct bpf p;

	make(&p, PROGRAM);
	*limits = v;
	*n = COUNT(v);
	return &p;
}

const char *
confine_trouble(struct arena *a, int status)
{
	int sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	switch (sig) {
	case SIGSYS:
		return "did what nobody has to who reads an image, and was ended";
	case SIGXCPU:
		return arena_printf(a, "took more than %d s of processor time, which is the limit",
		    CONFINE_SECONDS);
	case SIGXFSZ:
		return "wrote more than the limit";
	default:
		return child_status_text(a, status);
	}
}
