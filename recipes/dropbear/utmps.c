/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of logins for utmps' daemons, in profile s6.  dropbear itself knows who is logged in
 * (utmp); it would write who was (wtmp) into the file, and never tells who was refused (btmp).
 * Linked with --wrap for three of its functions, which are called as ever.
 */
#include "includes.h"
#include "auth.h"
#include "buffer.h"
#include "dbutil.h"
#include "runopts.h"
#include "session.h"

#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utmps/utmps.h>

struct utmpx *__real_pututxline(const struct utmpx *u);
struct utmpx *__wrap_pututxline(const struct utmpx *u);
void __real_send_msg_userauth_failure(int partial, int incrfail);
void __wrap_send_msg_userauth_failure(int partial, int incrfail);
void __real_recv_msg_userauth_request(void);
void __wrap_recv_msg_userauth_request(void);

struct utmpx *
__wrap_pututxline(const struct utmpx *u)
{
	updwtmpx(WTMPX_FILE, u);
	return __real_pututxline(u);
}

/* a field is full, or ends with a zero */
#define FILL(field, text) strncpy((field), (text) ? (text) : "", sizeof(field))

static void
record_refused(const char *user)
{
	struct utmpx u = { .ut_type = LOGIN_PROCESS, .ut_pid = getpid() };
	size_t i;

	FILL(u.ut_line, "ssh:notty");
	FILL(u.ut_user, user);
	/* last shows a stranger's words on root's terminal as they are */
	for (i = 0; i < sizeof(u.ut_user) && u.ut_user[i] != '\0'; i++)
		if (u.ut_user[i] < ' ' || u.ut_user[i] > '~')
			u.ut_user[i] = '?';
	FILL(u.ut_host, svr_ses.remotehost);
	u.ut_tv.tv_sec = time(NULL);
	utmps_updwtmpx("/run/utmps/.btmpd-socket", &u, NULL, NULL);
}

void
__wrap_send_msg_userauth_failure(int partial, int incrfail)
{
	/* what counts against the tries is a wrong password; keys are only offered */
	if (!partial && incrfail)
		record_refused(ses.authstate.username);
	__real_send_msg_userauth_failure(partial, incrfail);
}

/* With -g no password is looked at of root's, nor of a name that is nobody's, which has its uid. */
static int
is_refused_unseen(const char *user, const char *method)
{
	const struct passwd *pw;

	if (ses.authstate.authdone || strcmp(method, AUTH_METHOD_PASSWORD) != 0)
		return 0;
	return svr_opts.noauthpass ||
	       (svr_opts.norootpass && (!(pw = getpwnam(user)) || pw->pw_uid == 0));
}

void
__wrap_recv_msg_userauth_request(void)
{
	unsigned int start = ses.payload->pos, n;
	char *user = buf_getstring(ses.payload, &n), *service = buf_getstring(ses.payload, &n),
	     *method = buf_getstring(ses.payload, &n);

	buf_setpos(ses.payload, start);
	if (is_refused_unseen(user, method))
		record_refused(user);
	m_free(user);
	m_free(service);
	m_free(method);
	__real_recv_msg_userauth_request();
}
