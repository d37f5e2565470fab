/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of logins for utmps' daemons, in profile s6.  dropbear itself knows who is logged in
 * (utmp); it would write who was (wtmp) into the file, and never tells who was refused (btmp).
 * Linked with --wrap for two of its functions, which are called as ever.
 */
#include "includes.h"
#include "auth.h"
#include "session.h"

#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utmps/utmps.h>

struct utmpx *__real_pututxline(const struct utmpx *u);
struct utmpx *__wrap_pututxline(const struct utmpx *u);
void __real_send_msg_userauth_failure(int partial, int incrfail);
void __wrap_send_msg_userauth_failure(int partial, int incrfail);

struct utmpx *
__wrap_pututxline(const struct utmpx *u)
{
	updwtmpx(WTMPX_FILE, u);
	return __real_pututxline(u);
}

/* a field is full, or ends with a zero */
#define FILL(field, text) strncpy((field), (text) ? (text) : "", sizeof(field))

void
__wrap_send_msg_userauth_failure(int partial, int incrfail)
{
	struct utmpx u = { .ut_type = LOGIN_PROCESS, .ut_pid = getpid() };
	size_t i;

	/* what counts against the tries is a wrong password; keys are only offered */
	if (!partial && incrfail) {
		FILL(u.ut_line, "ssh:notty");
		FILL(u.ut_user, ses.authstate.username);
		/* last shows a stranger's words on root's terminal as they are */
		for (i = 0; i < sizeof(u.ut_user) && u.ut_user[i] != '\0'; i++)
			if (u.ut_user[i] < ' ' || u.ut_user[i] > '~')
				u.ut_user[i] = '?';
		FILL(u.ut_host, svr_ses.remotehost);
		u.ut_tv.tv_sec = time(NULL);
		utmps_updwtmpx("/run/utmps/.btmpd-socket", &u, NULL, NULL);
	}
	__real_send_msg_userauth_failure(partial, incrfail);
}
