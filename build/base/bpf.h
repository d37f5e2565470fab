/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_BPF_H
#define BUILD_BASE_BPF_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A seccomp program: which system calls a process and its children may make.  It is written from
 * its first instruction to its last: bpf_begin(), then what becomes of calls, the first that fits
 * deciding, then bpf_end() with what becomes of all others.  A result is a SECCOMP_RET_ of
 * <linux/seccomp.h>.
 */
#define BPF_MOST 320 /* instructions; who writes more has made a mistake, and is ended */

struct bpf {
	struct sock_filter v[BPF_MOST];
	size_t n;
};

/* makes the call fail with that errno */
uint32_t bpf_error(int why);

/* nothing but the number of the call is loaded; other machines' numbers are no calls */
void bpf_begin(struct bpf *p);
void bpf_end(struct bpf *p, uint32_t result);
/* each of these n calls has that result */
void bpf_calls(struct bpf *p, const unsigned *calls, size_t n, uint32_t result);
/* this one has it when its argument, counted from 0, has one of these bits, and else is allowed */
void bpf_call_bits(struct bpf *p, unsigned call, unsigned argument, uint32_t bits, uint32_t result);
/* this one is allowed when that argument is one of these, and else has that result */
void bpf_call_among(struct bpf *p, unsigned call, unsigned argument, const unsigned *values,
    size_t n, uint32_t result);

/* for this process, for ever, and whatever it executes; -1: errno */
int bpf_install(const struct bpf *p);

#endif
