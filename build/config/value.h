/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_VALUE_H
#define BUILD_CONFIG_VALUE_H

#include "build/base/err.h"
#include "build/base/user.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct arena;

/* What the variables of lh-config may hold: one function a kind of value. */
struct valuing {
	struct arena *a;
	const char *top;  /* the checkout */
	const char *home; /* "" when there is none */
	bool root;	  /* we are the superuser */

	struct user checkout; /* whose that is; nobody's, as below, when it is root's */
	struct teller {
		const char *from; /* where the value is from: config.h */
		struct user who;
	} files[2]; /* that were read: what they name is not root's wish */
	size_t nfiles;

	/* what checks find out, for those that come later and for whoever asked */
	const char *triple; /* value_triple */
	uid_t uid;	    /* value_user: who runs foreign code */
	gid_t gid;
	const char *kernel_config; /* value_kernel_config: text of the file, "" for none */
};

struct variable;
/*
 * Checks *value and may put it into its final form: absolute, or a file's text for its
 * name.  The message names variable and value (but no password) and what is allowed.
 */
typedef int value_check(
    struct valuing *r, const struct variable *k, const char **value, struct err *e);

struct variable {
	const char *name;
	value_check *ok;
	const char *fallback; /* when nobody gave one; NULL: it is found out */
	const char *allowed;  /* value_choice, value_forms, value_words: blank-separated;
				value_choice: "" too if  it is  the fallback */
};

value_check value_text, value_word, value_name, value_bool, value_ipv4, value_size, value_count,
    value_seconds, value_epoch, value_choice, value_triple, value_set, value_path, value_place,
    value_output, value_folder, value_cross, value_user, value_kernel_config, value_console,
    value_mirrors, value_cache_url, value_git_mirror, value_keys, value_folders, value_cache_key,
    value_cache_trust, value_forms, value_branch, value_words, value_compiler;

/*
 * DIR or DIR@REV: the @ in front of REV, NULL when there is none.  A folder's name and a revision
 * may both hold an @, so DIR is the longest that is a folder; when none is, the last @ counts.
 */
const char *value_revision(struct arena *a, const char *top, const char *text);
/*
 * The folder above bin/ of a compiler that is not among the system's programs: steps see all of it.
 * NULL: it is among them, or in no bin/.
 */
char *value_compiler_folder(struct arena *a, const char *compiler);

#endif
