/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/session.h"

#include "build/base/arena.h"
#include "build/base/file.h"
#include "build/credentials.h"
#include "build/gc.h"
#include "build/job.h"
#include "build/output.h"
#include "build/profile.h"

#include <string.h>
#include <unistd.h>

/* what recipes get to know of who may log in */
static int
hash_passwords(struct session *s, bool keep, struct err *e)
{
	struct credentials c;

	if (credentials_get(s->a, &s->cfg, keep, &c, e) < 0)
		return -1;
	config_set(s->a, &s->cfg, "ROOT_HASH", c.root_hash, "credentials");
	config_set(s->a, &s->cfg, "GUEST_HASH", c.guest_hash, "credentials");
	return 0;
}

static int
plan_for(struct session *s, const char *profile, struct err *e)
{
	if (plan_make(s->a, &s->cfg, &s->recipes, &s->set, profile, &s->plan, e) < 0)
		return -1;
	s->plan.tools = &s->tools;
	return 0;
}

static bool
is_auto(const struct session *s)
{
	return !strcmp(s->cfg.profile, "auto");
}

/* all that files of the checkout say, and so whether they and lh-config fit */
static int
read_checkout(struct session *s, struct err *e)
{
	const char *top = s->cfg.top, *profile = is_auto(s) ? "s6" : s->cfg.profile;

	if (sysdeps_read(s->a, top, s->cfg.triple, &s->sd, e) < 0)
		return -1;
	if (recipe_read_all(s->a, top, &s->recipes, e) < 0)
		return -1;
	if (set_read(s->a, top, s->cfg.set, &s->set, e) < 0)
		return -1;
	if (is_auto(s))
		config_set(s->a, &s->cfg, "PROFILE", profile, "auto");
	return plan_for(s, profile, e);
}

/* auto: what is built already needs no source, so that origins are asked only when something is missing */
static int
choose_profile(struct session *s, struct err *e)
{
	const char *profile, *ignored;
	size_t missing;

	if (!is_auto(s))
		return 0;
	if (job_count(s->a, &s->cfg, &s->sd, &s->plan, &s->store, NULL, &missing, &ignored, e) < 0)
		return -1;
	if (!missing)
		return 0;
	if (profile_decide(s->a, &s->cfg, &s->plan, &profile, &s->why, e) < 0)
		return -1;
	if (!s->why)
		return 0;
	config_set(s->a, &s->cfg, "PROFILE", profile, "auto");
	config_set(s->a, &s->cfg, "PROFILE_WHY", s->why, "auto");
	return plan_for(s, profile, e);
}

int
session_open(struct arena *a, const char *top, char *const *args, size_t nargs, bool write, struct session *s, struct err *e)
{
	*s = (struct session){ .a = a, .lock = -1, .hold = -1 };
	if (config_read(a, top, args, nargs, &s->cfg, e) < 0 || read_checkout(s, e) < 0)
		return -1;
	if (config_drop_root(&s->cfg, write, e) < 0)
		return -1;
	if (write && output_lock(a, &s->cfg, &s->lock, e) < 0)
		return -1;
	s->store.dir = arena_printf(a, "%s/store", s->cfg.cache);
	if (write && gc_hold(a, &s->cfg, &s->hold, e) < 0)
		goto close_session;
	if (write && store_open(a, s->cfg.cache, &s->store, e) < 0)
		goto close_session;
	if (tools_ask(a, &s->cfg, &s->sd, &s->tools, e) < 0 || hash_passwords(s, write, e) < 0 || choose_profile(s, e) < 0)
		goto close_session;
	return 0;

close_session:
	session_close(s);
	return -1;
}

void
session_close(struct session *s)
{
	if (s->lock >= 0)
		close(s->lock);
	if (s->hold >= 0)
		close(s->hold);
	s->lock = s->hold = -1;
}

int
session_with_net(const struct session *s, bool dhcp, struct session *out, struct err *e)
{
	*out = *s;
	config_with_dhcp(s->a, &s->cfg, dhcp, &out->cfg);
	return plan_for(out, s->plan.profile, e);
}
