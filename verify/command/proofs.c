/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/command/proofs.h"

#include "build/base/arena.h"
#include "build/files/file.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>
#include <string.h>

/* those that no source in the folder defines */
static const char *const brought[] = { "s6-linux-init-early-getty", "s6-linux-init-runleveld",
	"s6-linux-init-shutdownd", "s6-svscan-log", "s6rc-fdholder", "s6rc-oneshot-runner", NULL };

static bool
is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

static bool
is_proved(const struct scenario *v, size_t n, const char *service)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].nproofs; k++)
			if (!strcmp(v[i].proofs[k].service, service))
				return true;
	return false;
}

/* the longruns and oneshots of the folder */
static int
read_services(struct arena *a, const char *dir, const char ***out, struct err *e)
{
	char **names, *type;
	size_t n = 0;

	if (file_names(a, dir, false, &names, NULL, e) < 0)
		return -1;
	*out = arena_array(a, 1, sizeof **out);
	for (; *names; names++) {
		if (file_read(a, arena_printf(a, "%s/%s/type", dir, *names), &type, NULL, e) < 0)
			return -1;
		if (!strncmp(type, "bundle", strlen("bundle")))
			continue;
		*out = arena_more(a, *out, n + 1, sizeof **out);
		(*out)[n++] = *names;
		(*out)[n] = NULL;
	}
	return 0;
}

static int
check_known(const char *dir, const char *const *known, const struct scenario *s, struct err *e)
{
	for (size_t i = 0; i < s->nproofs; i++) {
		const struct proof *p = &s->proofs[i];

		if (!is_among(known, p->service) && !is_among(brought, p->service))
			return fail_usage(e,
			    "%s:%u: proves %s: no longrun or oneshot of that name in %s", s->path,
			    p->line, p->service, dir);
	}
	return 0;
}

/* an image without the service would pass: nobody would play what proves it */
static int
check_played(const struct scenario *s, struct err *e)
{
	for (size_t i = 0; i < s->nrequires; i++) {
		const struct require *r = &s->requires[i];

		for (size_t v = 0; v < r->nvalues; v++)
			for (size_t k = 0; k < s->nproofs; k++)
				if (!strcmp(r->key, "service") &&
				    !strcmp(r->values[v], s->proofs[k].service))
					return fail_usage(e,
					    "%s:%u: requires service %s, and so proves nothing of "
					    "an image that lacks it; require its profile",
					    s->path, r->line, r->values[v]);
	}
	return 0;
}

static const char *
unproved(struct arena *a, const char *const *names, const struct scenario *v, size_t n)
{
	const char *list = "";

	for (; *names; names++)
		if (!is_proved(v, n, *names))
			list = arena_printf(a, "%s %s", list, *names);
	return list;
}

int
proofs_lint(
    struct arena *a, const char *services, const struct scenario *v, size_t n, struct err *e)
{
	const char **known, *list;

	if (read_services(a, services, &known, e) < 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (check_known(services, known, &v[i], e) < 0 || check_played(&v[i], e) < 0)
			return -1;
	list = arena_printf(a, "%s%s", unproved(a, known, v, n), unproved(a, brought, v, n));
	return *list ? fail_usage(e,
			   "%s: no scenario proves what these are for:%s; write one with a line "
			   "`proves SERVICE`",
			   services, list)
		     : 0;
}
