/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_CONFIG_VALUE_H
#define BUILD_CONFIG_VALUE_H

#include "build/base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct config;

/* What the variables of lh-config may hold: one function a kind of value. */
struct valuing {
	struct arena *a;
	struct config *c; /* as far as it is known: earlier variables are checked already */
	const char *home; /* "" when there is none */
	bool root;	  /* we are the superuser */
};

struct variable;
/*
 * Checks *value and may put it into its final form: absolute, or a file's text for its
 * name.  The message names variable and value (but no password) and what is allowed.
 */
typedef int value_check(
    struct valuing *r, const struct variable *k, const char **value, struct err *e);

/* what is not the same everywhere when nobody gave it */
typedef const char *value_guess(struct valuing *r);

struct variable {
	const char *name;
	value_check *ok;
	const char *fallback;
	value_guess *guess; /* when fallback is NULL */
	size_t field;	    /* of struct config, or VALUE_NO_FIELD */
	const char
	    *allowed; /* value_choice: blank-separated; an empty fallback allows none of them too */
};

#define VALUE_NO_FIELD ((size_t)-1)

value_check value_text, value_word, value_name, value_bool, value_ipv4, value_size, value_count,
    value_epoch, value_choice, value_triple, value_set, value_path, value_output, value_folder,
    value_cross, value_user, value_kernel_config, value_console, value_mirrors, value_cache_url,
    value_git_mirror, value_keys;

#endif
