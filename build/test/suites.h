/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_TEST_SUITES_H
#define BUILD_TEST_SUITES_H

#include "build/test/harness.h"

/*
 * one line a suite, in the order of the picture: what others stand on first; check_NAME.c defines
 * it
 */
#define SUITES(X)                                                                                  \
	X(err)                                                                                     \
	X(arena)                                                                                   \
	X(argv)                                                                                    \
	X(buf)                                                                                     \
	X(path)                                                                                    \
	X(url)                                                                                     \
	X(user)                                                                                    \
	X(lines)                                                                                   \
	X(kconfig)                                                                                 \
	X(clock)                                                                                   \
	X(log)                                                                                     \
	X(beneath)                                                                                 \
	X(startup)                                                                                 \
	X(file)                                                                                    \
	X(child)                                                                                   \
	X(confine)                                                                                 \
	X(digest)                                                                                  \
	X(sign)                                                                                    \
	X(elf)                                                                                     \
	X(manifest)                                                                                \
	X(cli)                                                                                     \
	X(config)                                                                                  \
	X(services)                                                                                \
	X(droproot)                                                                                \
	X(sysdeps)                                                                                 \
	X(triples)                                                                                 \
	X(tools)                                                                                   \
	X(recipe)                                                                                  \
	X(transfer)                                                                                \
	X(fetch)                                                                                   \
	X(unpack)                                                                                  \
	X(override)                                                                                \
	X(heads)                                                                                   \
	X(plan)                                                                                    \
	X(memo)                                                                                    \
	X(part)                                                                                    \
	X(local)                                                                                   \
	X(credentials)                                                                             \
	X(profile)                                                                                 \
	X(output)                                                                                  \
	X(why)                                                                                     \
	X(unused)                                                                                  \
	X(explain)                                                                                 \
	X(versions)                                                                                \
	X(graph)                                                                                   \
	X(lint)                                                                                    \
	X(licences)                                                                                \
	X(tree)                                                                                    \
	X(owners)                                                                                  \
	X(listen)                                                                                  \
	X(fsplan)                                                                                  \
	X(blockmap)                                                                                \
	X(bmap)                                                                                    \
	X(qcow2)                                                                                   \
	X(device)                                                                                  \
	X(flash)                                                                                   \
	X(blocks)                                                                                  \
	X(fs)                                                                                      \
	X(fat)                                                                                     \
	X(disk)                                                                                    \
	X(image)                                                                                   \
	X(filelist)                                                                                \
	X(filetable)                                                                               \
	X(compare)                                                                                 \
	X(tabled)                                                                                  \
	X(reproduce)                                                                               \
	X(sbom)                                                                                    \
	X(store)                                                                                   \
	X(stage)                                                                                   \
	X(patch)                                                                                   \
	X(sandbox)                                                                                 \
	X(debian)                                                                                  \
	X(system)                                                                                  \
	X(jobserver)                                                                               \
	X(toolchain)                                                                               \
	X(links)                                                                                   \
	X(work)                                                                                    \
	X(journal)                                                                                 \
	X(keydiff)                                                                                 \
	X(audit)                                                                                   \
	X(outdated)                                                                                \
	X(ready)                                                                                   \
	X(progress)                                                                                \
	X(timeline)                                                                                \
	X(gc)                                                                                      \
	X(downloads)                                                                               \
	X(fsck)                                                                                    \
	X(pack)                                                                                    \
	X(checkpoint)                                                                              \
	X(release)                                                                                 \
	X(sums)                                                                                    \
	X(shared)                                                                                  \
	X(run)

#define DECLARE(name) Suite *name##_suite(void);
SUITES(DECLARE)
#undef DECLARE

#endif
