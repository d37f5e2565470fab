/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_STARTUP_H
#define BUILD_BASE_STARTUP_H

/*
 * What every program of ours does first.  Descriptors 0 to 2 are open afterwards (a closed one
 * would be taken by the next file, and messages would go into it), and no other descriptor that we
 * were started with is inherited by a child: a build step or a guest's QEMU gets what it is given,
 * and nothing that the caller's shell happened to have open.  They stay open here, as make's
 * jobserver comes that way.  Of PATH what is no absolute folder is gone, and a PATH without any is
 * none, so that exec(3) and all who ask for it take the system's.  Messages are said in the name of
 * `program`.
 */
void startup(const char *program);

#endif
