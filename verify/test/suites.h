/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_TEST_SUITES_H
#define VERIFY_TEST_SUITES_H

#include "build/test/harness.h"

/* one line a suite, in the order of the picture in CONTRIBUTING.md; check_NAME.c defines it */
#define SUITES(X)                                                                                  \
	X(expect)                                                                                  \
	X(heads)                                                                                   \
	X(view)                                                                                    \
	X(printk)                                                                                  \
	X(scenario)                                                                                \
	X(watches)                                                                                 \
	X(loop)                                                                                    \
	X(island)                                                                                  \
	X(qmp)                                                                                     \
	X(grammar)                                                                                 \
	X(hardware)                                                                                \
	X(qemu)                                                                                    \
	X(agent)                                                                                   \
	X(serial)                                                                                  \
	X(share)                                                                                   \
	X(snapshot)                                                                                \
	X(ending)                                                                                  \
	X(guest)                                                                                   \
	X(want)                                                                                    \
	X(explain)                                                                                 \
	X(flood)                                                                                   \
	X(facts)                                                                                   \
	X(testcase)                                                                                \
	X(failures)                                                                                \
	X(session)                                                                                 \
	X(recording)                                                                               \
	X(capsule)                                                                                 \
	X(image)                                                                                   \
	X(matrix)                                                                                  \
	X(written)                                                                                 \
	X(edit)                                                                                    \
	X(derive)                                                                                  \
	X(schedule)                                                                                \
	X(equivalent)                                                                              \
	X(progress)                                                                                \
	X(tally)                                                                                   \
	X(score)                                                                                   \
	X(compare)                                                                                 \
	X(results)                                                                                 \
	X(merge)                                                                                   \
	X(chart)                                                                                   \
	X(history)                                                                                 \
	X(nights)                                                                                  \
	X(watched)                                                                                 \
	X(before)                                                                                  \
	X(live)                                                                                    \
	X(table)                                                                                   \
	X(transcript)                                                                              \
	X(run)                                                                                     \
	X(ntp)                                                                                     \
	X(frame)                                                                                   \
	X(wire)                                                                                    \
	X(dhcp)                                                                                    \
	X(dns)                                                                                     \
	X(peer)                                                                                    \
	X(http)                                                                                    \
	X(program)                                                                                 \
	X(proofs)                                                                                  \
	X(report)                                                                                  \
	X(search)                                                                                  \
	X(odds)                                                                                    \
	X(trials)                                                                                  \
	X(arguments)                                                                               \
	X(bisect_run)                                                                              \
	X(reading)                                                                                 \
	X(guestfs)                                                                                 \
	X(fsck)                                                                                    \
	X(elf)                                                                                     \
	X(disasm)                                                                                  \
	X(hardening)                                                                               \
	X(audit)                                                                                   \
	X(asbuilt)                                                                                 \
	X(ssh)

#define DECLARE_SUITE(name) Suite *name##_suite(void);
SUITES(DECLARE_SUITE)
#undef DECLARE_SUITE

#endif
