/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_ARRIVAL_H
#define VERIFY_GUEST_ARRIVAL_H

struct arena;
struct guest;

/*
 * A state that was saved in a race, loaded into a QEMU where idle time passes as the host's.
 *
 * With -icount shift=N,sleep=on QEMU takes a processor that has never run for one that has been
 * idle since its clock was 0 (vm_clock_warp_start, softmmu/icount.c of QEMU 7.2).  A race knows no
 * idle time, so a state of it does not say otherwise, and with the first instruction behind
 * -loadvm all clocks of the guest leap by as long as it has ever run: half a minute, and on a busy
 * host more than the 32 bits of a HPET tell apart.  So the processor runs a little first.
 */

/* why NULL: the guest runs, else what QEMU says against it */
typedef void arrival_done(void *arg, const char *why);

/*
 * g: QEMU waits, qemu_opts.waits; told: as qemu_opts.told, or NULL.  done is called once, from the
 * loop; without a deadline.
 */
void arrival_begin(struct arena *a, struct guest *g, const char *state, const char *told,
    arrival_done *done, void *arg);

#endif
