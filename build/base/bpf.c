/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/base/bpf.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

/* whose system calls the numbers are; any other's would pass for ours */
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
#error "bpf.c: say which AUDIT_ARCH this machine's system calls have"
#endif

/* x32 programs say that they are of AUDIT_ARCH_X86_64 and have numbers from here on */
#define X32_BIT 0x40000000

static void
add(struct bpf *p, uint16_t code, uint32_t k, unsigned yes, unsigned no)
{
	assert(p->n < BPF_MOST);
	p->v[p->n++] = (struct sock_filter){ code, (uint8_t)yes, (uint8_t)no, k };
}

static void
load(struct bpf *p, size_t offset)
{
	add(p, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* the lower half of an argument: all the machines above are little-endian */
static void
load_argument(struct bpf *p, unsigned i)
{
	load(p, offsetof(struct seccomp_data, args) + i * sizeof(uint64_t));
}

uint32_t
bpf_error(int why)
{
	return SECCOMP_RET_ERRNO | (uint32_t)why;
}

void
bpf_end(struct bpf *p, uint32_t result)
{
	add(p, BPF_RET | BPF_K, result, 0, 0);
}

void
bpf_begin(struct bpf *p)
{
	p->n = 0;
	load(p, offsetof(struct seccomp_data, arch));
	add(p, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	bpf_end(p, bpf_error(ENOSYS));
	load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	add(p, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
	bpf_end(p, bpf_error(ENOSYS));
#endif
}

void
bpf_calls(struct bpf *p, const unsigned *calls, size_t n, uint32_t result)
{
	for (size_t i = 0; i < n; i++) {
		add(p, BPF_JMP | BPF_JEQ | BPF_K, calls[i], 0, 1);
		bpf_end(p, result);
	}
}

void
bpf_call_bits(struct bpf *p, unsigned call, unsigned argument, uint32_t bits, uint32_t result)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, 4);
	load_argument(p, argument);
	add(p, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	bpf_end(p, result);
	bpf_end(p, SECCOMP_RET_ALLOW);
}

void
bpf_call_among(struct bpf *p, unsigned call, unsigned argument, const unsigned *values, size_t n,
    uint32_t result)
{
	add(p, BPF_JMP | BPF_JEQ | BPF_K, call, 0, (unsigned)n + 3);
	load_argument(p, argument);
	for (size_t i = 0; i < n; i++)
		add(p, BPF_JMP | BPF_JEQ | BPF_K, values[i], (unsigned)(n - i), 0);
	bpf_end(p, result);
	bpf_end(p, SECCOMP_RET_ALLOW);
}

int
bpf_install(const struct bpf *p)
{
	struct sock_filter copy[BPF_MOST];
	struct sock_fprog program = { .len = (unsigned short)p->n, .filter = copy };

	for (size_t i = 0; i < p->n; i++)
		copy[i] = p->v[i];
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
