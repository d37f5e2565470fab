/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Included before all else, in profile s6: where records of logins are.  Who writes one asks a
 * daemon; who reads who was logged in reads the file.
 */
#ifndef __ASSEMBLER__
#include <paths.h>
#include <string.h>
#include <utmp.h>

#undef _PATH_UTMPX
#define _PATH_UTMPX "/run/utmps/utmp"
#undef _PATH_WTMP
#define _PATH_WTMP "/var/log/wtmpd/wtmp"
#define _PATH_BTMP "/var/log/wtmpd/btmp"

struct tain_s;
int utmps_updwtmpx(
    const char *socket, const struct utmpx *u, const struct tain_s *deadline, struct tain_s *now);

/* that of utmps knows of one file only */
static inline void
updwtmpx_to(const char *file, const struct utmpx *u)
{
	utmps_updwtmpx(
	    strcmp(file, _PATH_BTMP) ? "/run/utmps/.wtmpd-socket" : "/run/utmps/.btmpd-socket", u,
	    NULL, NULL);
}
#define updwtmpx updwtmpx_to
#endif
