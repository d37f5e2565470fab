/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_STATE_H
#define VERIFY_PLAY_STATE_H

#include "build/base/clock.h"
#include "verify/guest/guest.h"
#include "verify/guest/share.h"
#include "verify/play/alarms.h"
#include "verify/play/facts.h"
#include "verify/play/identity.h"
#include "verify/play/saved.h"
#include "verify/report/result.h"
#include "verify/scenario/names.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct cursor;
struct http;
struct image;
struct loop;
struct ntp;
struct peer;
struct step_state;
struct subprocess;
struct watches;

/* A test case under way: what its parts know of it, and the verbs.  See testcase.h. */

/* somebody who says which step comes next, instead of the scenario; see testcase_do() */
struct conductor {
	/* no step is under way, at the beginning and after each; never from testcase_do() */
	void (*ready)(void *arg);
	/* the console has said more, or has ended */
	void (*console)(void *arg);
	/* something that a person should know, one line */
	void (*note)(void *arg, const char *text);
};

struct testcase_job {
	struct image *image;
	const struct scenario *scenario;
	const char *dir;	  /* of the test case, made fresh */
	const char *base;	  /* what the overlay lies on, NULL: the image has no disk */
	bool agent;		  /* base has a guest agent */
	const char *append;	  /* more kernel words, or NULL */
	const char *accel, *cpu;  /* as for struct qemu_opts */
	double scale;		  /* of timeouts */
	bool keep;		  /* the overlay, also after a pass */
	struct saved *save;	  /* filled by `vm save`, which keeps the overlay, or NULL */
	const struct saved *from; /* started from this, or NULL: booted */
	const struct conductor *conductor; /* or NULL */
	void *conducting;		   /* its argument */
	struct capsule_room
	    *capsules;	  /* keeps its guest when it fails, if there is room; or NULL */
	const char *qemu; /* version of QEMU; for a capsule */
	size_t room;	  /* with a conductor: so many steps more may come to be in the scenario */
	bool slot;	  /* a device may be plugged in, whatever the scenario does */
};

/* of the guest's kernel, which a race changes */
#define LAPSE_SETTINGS 3

enum testcase_state {
	TESTCASE_PREPARING, /* qemu-img */
	TESTCASE_STEPPING,
	TESTCASE_EXPLAINING, /* a step has failed: what is the guest doing? */
	TESTCASE_KEEPING,    /* and then it is kept as it is */
	TESTCASE_CLOSING,    /* all steps have passed: what does the kernel's log say? */
	TESTCASE_STOPPING,   /* all steps are over, the guest is not */
	TESTCASE_DONE
};

typedef void testcase_done(void *arg);

struct testcase {
	struct arena *a; /* its own: what a guest makes it remember ends with it */
	struct arena *results;
	struct loop *loop;
	const struct testcase_job *job;
	struct testcase_result *result;
	testcase_done *done;
	void *arg;

	enum testcase_state state;
	struct names names;
	char told_time[FACTS_TIME];
	struct identity identity;
	const char *disk; /* the overlay, or NULL */
	const char *flat; /* overlay and image as one raw file, once a step asked for it */
	struct testcase_server {
		struct testcase_server *next;
		struct http *http; /* one of them */
		struct ntp *ntp;
	} * servers;	     /* until the end of the test case */
	struct peer *peer;   /* between guest and network, in all its boots; NULL: nobody is */
	struct guest *guest; /* NULL before the first, and between two */
	struct cursor *read; /* where expect stands */
	struct cursor *view; /* and where that is in the guest's view, while it looks there */
	const char *sent;    /* what was sent to the console last, or NULL */
	struct watches *watches;
	nstime console_at;  /* last byte */
	nstime booted_from; /* start of QEMU */
	unsigned boots;	    /* so far */
	enum qemu_pace pace;
	struct lapse {				/* of lapse.c: what a race changes in the guest */
		double uptime;			/* when it was last asked, in seconds */
		unsigned tuned[LAPSE_SETTINGS]; /* what was there before; see there */
		bool is_tuned[LAPSE_SETTINGS];
	} lapse;
	struct alarms alarms;
	const struct watch *forbidden; /* what it saw made it fail, in this boot; or NULL */
	uint64_t forbidden_at;	       /* on the console */
	bool awaiting_reboot;	       /* reset, and the kernel has not shown itself since */
	unsigned firmware_resets;      /* meanwhile */
	unsigned resets;	       /* that no step has awaited yet */
	const char *reset_reason;      /* of the last one */
	const char
	    *awaited; /* the end that a step has seen and wanted; NULL: it should still run */

	size_t at;	    /* the step */
	uint64_t step_from; /* console offset at its beginning */
	nstime began, step_began, step_deadline;
	struct step_state *step; /* of the verb, on the arena */
	unsigned ticket;	 /* of the step: an answer with another one comes too late */
	bool step_open;		 /* it has not ended yet */
	bool failed;
	struct share before; /* what QEMU had got of the host when it began */
	const char *starved; /* why its failure says nothing of the image; or NULL */
	bool failed_going;   /* when the guest was about to end: it may have failed of that */
	unsigned next_alarm, step_alarm, limit_alarm;
	struct subprocess *subprocess; /* qemu-img */
	/* what comes next when its disk is there (overlay.h), when its failure is (aftermath.h) */
	void (*disk_ready)(struct testcase *c, const char *why);
	void (*after)(struct testcase *c);
};

#endif
