/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_FILES_GIT_H
#define BUILD_FILES_GIT_H

#include "build/base/child.h"
#include "build/base/err.h"

#include <stdint.h>

struct arena;
struct buf;

/*
 * Local git clones as sources, through git(1).  A clone may be bare, have a work tree or be one of
 * several, and may belong to another user, as a mirror that root keeps does: git would refuse that,
 * because a clone's configuration names programs.  So git never sees the clone itself, but a folder
 * of ours with the clone's objects and references and a configuration of our own: no filter, hook,
 * alias or include of the clone is run, and neither it nor a replaced object changes the bytes.
 * What git would wait for or be led away by, fifos and symlinks among the references, is refused.
 * Attributes count only where they are part of what is archived.
 */

/* the id of what rev names (a commit, a tree: "v1.2^{tree}"), 40 or 64 hexadecimal characters */
int git_id(struct arena *a, const char *clone, const char *rev, char **id, struct err *e);
/* the same for a tag; the message says that the clone has no such tag */
int git_tag(struct arena *a, const char *clone, const char *tag, char **commit, struct err *e);
/*
 * The commits behind `from` up to `to`, along first parents, the oldest first, and before them
 * `from` itself: lines "ID SUBJECT".  An error unless `from` is an ancestor of `to`.
 */
int git_commits(struct arena *a, const char *clone, const char *from, const char *to, char **text,
    struct err *e);
/* names of all tags, one a line */
int git_tags(struct arena *a, const char *clone, char **tags, struct err *e);
/*
 * What git says of a work tree and its index: `status --porcelain`, where out is empty when all is
 * as in HEAD; `ls-files -z`.  What the user's own configuration excludes is not passed over.  A
 * submodule's files are not looked at; of a clone without a work tree nothing is said.
 */
int git_status(struct arena *a, const char *top, struct buf *out, struct err *e);
int git_files(struct arena *a, const char *top, struct buf *out, struct err *e);
/*
 * Lines, as of `status --porcelain`, of all that is not byte for byte as HEAD's commit has it,
 * whatever index, excludes and attributes are told of it.  Only what the commit's own .gitignore in
 * the top folder names may be there, too.
 */
int git_differences(struct arena *a, const char *top, struct buf *out, struct err *e);
/* an archive of a tag being made; one that was not started is { .child.pid = 0, .said = -1 } */
struct git_archive {
	struct child child; /* its pidfd can be read when it has ended */
	int said;	    /* what git says, a memfd */
	const char *view;   /* what git sees of the clone */
	const char *file;   /* that is written */
	uint64_t most;	    /* bytes of it */
};
/*
 * a .tar.gz of the tag, into file, of `most` bytes at most: a few trees that name each other, or
 * one blob of zeros, can be without end
 */
int git_archive_start(struct arena *a, struct git_archive *g, const char *clone, const char *tag,
    const char *prefix, const char *file, uint64_t most, struct err *e);
/* waits for its end; an error is that of git, too */
int git_archive_end(struct arena *a, struct git_archive *g, struct err *e);
/* gives it up; nothing happens to one that was not started */
void git_archive_kill(struct git_archive *g);

/*
 * the tree, or the commit, of that id as a .tar, into file; as bounded, 0: not.  Only a commit has
 * a time of its own, a tree has today's
 */
int git_export(struct arena *a, const char *clone, const char *tree, const char *file,
    uint64_t most, struct err *e);

#endif
