/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_UNUSED_H
#define BUILD_COMMAND_UNUSED_H

struct arena;
struct config;
struct config_var;
struct plan;

/*
 * Why an OVERRIDE_name, VERSION_name or HEAD_name changes nothing in this plan, and what would
 * help; NULL when it does, when it is empty, and for any other variable.
 */
const char *unused_why(
    struct arena *a, const struct config *cfg, const struct plan *p, const struct config_var *var);

#endif
