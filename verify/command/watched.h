/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_COMMAND_WATCHED_H
#define VERIFY_COMMAND_WATCHED_H

struct buf;

/*
 * What a browser is told of a run, as http.h wants its answers; arg is a struct watched.
 *
 *   /                        the page (live.h)
 *   /live                    "AGE REPORT": seconds since it was written, and is the report there;
 *                            behind it the file of live.h
 *   /report                  index.html
 *   /console/NUMBER/OFFSET   of a test case, what its console has from there on
 *
 * Any user of this machine may ask, so no symlink in the folder is followed: it may lead to what
 * only we may read.  Whoever asks by another name than 127.0.0.1 or localhost is refused: it may be
 * a page of elsewhere whose name leads here.
 */
struct watched {
	const char *dir; /* of the run; its true name */
	unsigned port;
};

void watched_answer(void *arg, const char *path, const char *request, struct buf *out);

#endif
