/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_GUEST_SNAPSHOT_H
#define VERIFY_GUEST_SNAPSHOT_H

/*
 * QEMU's clock when a state was saved, in seconds, of what `info snapshots` says, such as "-- TAG
 * 85.3 MiB 2026-11-28 13:40:59 00:00:20.123"; negative: that state is not there
 */
double snapshot_clock(const char *text, const char *tag);

#endif
