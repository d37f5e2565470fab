/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_ARRIVAL_H
#define VERIFY_GUEST_ARRIVAL_H

#include <stdbool.h>

struct arena;
struct guest;

/*
 * A state that was saved in another QEMU: in a race, and idle time passes here as the host's, or
 * the other way round.
 *
 * With -icount shift=N,sleep=on QEMU takes a processor that has never run for one that has been
 * idle since its clock was 0 (vm_clock_warp_start, softmmu/icount.c of QEMU 7.2).  A race knows no
 * idle time, so a state of it does not say otherwise, and with the first instruction behind
 * -loadvm all clocks of the guest leap by as long as it has ever run: half a minute, and on a busy
 * host more than the 32 bits of a HPET tell apart.  So the processor runs a little first.
 *
 * In a race, the clock of a state that knows nothing of races begins at 0, until a timer is due:
 * one of the guest, or that which virtio-rng has armed when the state was loaded, after 65.5 s or
 * qemu_opts.leap.  A HPET that leaps by more than 21 s is taken for one that has gone back.
 * Who is asleep does not see it, if nobody but that timer wakes him: what comes from a host would,
 * if it were there by the time that QEMU goes on.  A kernel that sees it may take the time of its
 * scheduler for years ahead, which stands still from then on: no program is interrupted any more.
 * So it is asked what its clock is.  If that is behind, an interrupt has waited already: the guest
 * goes on until it is right, and then the state is loaded again, as nothing puts QEMU's clock back.
 */

/* why NULL: the guest runs, else what QEMU says against it */
typedef void arrival_done(void *arg, const char *why);

/*
 * g: QEMU waits, qemu_opts.waits; told: as qemu_opts.told, or NULL; asleep: the processor is, and
 * done is not called before it has been woken.  done is called once, from the loop; without a
 * deadline.
 */
void arrival_begin(struct arena *a, struct guest *g, const char *state, const char *told,
    bool asleep, arrival_done *done, void *arg);

#endif
