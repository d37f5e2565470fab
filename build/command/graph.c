/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/graph.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/files/lines.h"

#include <string.h>

const char *const service_types[NSERVICE_TYPES] = {
	[SERVICE_ONESHOT] = "oneshot", [SERVICE_LONGRUN] = "longrun", [SERVICE_BUNDLE] = "bundle"
};

static int
read_type(struct arena *a, const char *path, enum service_type *out, struct err *e)
{
	struct lines l;
	const char *word;

	if (lines_open(a, path, &l, e) < 0)
		return -1;
	word = lines_next_datum(&l);
	for (int t = 0; t < NSERVICE_TYPES; t++)
		if (word && !strcmp(service_types[t], word)) {
			*out = (enum service_type)t;
			return 0;
		}
	return fail_usage(e, "%s: one of oneshot longrun bundle", path);
}

/* the lines of a file that need not be there */
static int
read_names(struct arena *a, const char *path, char ***v, size_t *n, struct err *e)
{
	struct lines l;
	char *line;

	*n = 0;
	if (lines_open_if_there(a, path, &l, e) < 0)
		return -1;
	while ((line = lines_next_datum(&l))) {
		*v = arena_grow(a, *v, *n, *n + 1, sizeof **v);
		(*v)[(*n)++] = line;
	}
	return 0;
}

static int
read_service(struct arena *a, const char *dir, const char *name, struct service *out, struct err *e)
{
	const char *path = arena_printf(a, "%s/%s", dir, name), *needs;

	*out = (struct service){ .name = name };
	if (read_type(a, arena_printf(a, "%s/type", path), &out->type, e) < 0)
		return -1;
	needs = arena_printf(
	    a, "%s/%s", path, out->type == SERVICE_BUNDLE ? "contents.d" : "dependencies.d");
	if (file_names(a, needs, false, &out->needs, &out->nneeds, e) < 0)
		return -1;
	return read_names(
	    a, arena_printf(a, "%s/producer-for", path), &out->loggers, &out->nloggers, e);
}

static const struct service *
find(const struct services *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->v[i].name, name))
			return &s->v[i];
	return NULL;
}

/* NAME/pipeline-name makes a bundle of that logger and of all that it logs */
static int
add_pipeline(
    struct arena *a, const char *dir, struct services *s, const char *logger, struct err *e)
{
	struct service bundle = { .type = SERVICE_BUNDLE };
	char **name = NULL;
	size_t n, before = s->n;

	if (read_names(a, arena_printf(a, "%s/%s/pipeline-name", dir, logger), &name, &n, e) < 0)
		return -1;
	if (!n)
		return 0;
	bundle.name = name[0];
	if (read_names(a, arena_printf(a, "%s/%s/consumer-for", dir, logger), &bundle.needs,
		&bundle.nneeds, e) < 0)
		return -1;
	bundle.needs =
	    arena_grow(a, bundle.needs, bundle.nneeds, bundle.nneeds + 1, sizeof(char *));
	bundle.needs[bundle.nneeds++] = arena_strdup(a, logger);
	s->v = arena_grow(a, s->v, before, before + 1, sizeof *s->v);
	s->v[s->n++] = bundle;
	return 0;
}

static int
check_names(const struct services *s, const char *dir, const struct service *v, struct err *e)
{
	for (size_t i = 0; i < v->nneeds; i++)
		if (!find(s, v->needs[i]))
			return fail_usage(e, "%s/%s: %s %s: no such service", dir, v->name,
			    v->type == SERVICE_BUNDLE ? "contains" : "depends on", v->needs[i]);
	for (size_t i = 0; i < v->nloggers; i++)
		if (!find(s, v->loggers[i]))
			return fail_usage(e, "%s/%s: producer-for %s: no such service", dir,
			    v->name, v->loggers[i]);
	return 0;
}

int
services_read(struct arena *a, const char *dir, struct services *out, struct err *e)
{
	char **names;
	size_t n;

	*out = (struct services){ 0 };
	if (file_names(a, dir, false, &names, &n, e) < 0)
		return -1;
	out->v = arena_array(a, n + 1, sizeof *out->v);
	for (size_t i = 0; i < n; i++)
		if (read_service(a, dir, names[i], &out->v[out->n++], e) < 0)
			return -1;
	for (size_t i = 0; i < n; i++)
		if (add_pipeline(a, dir, out, names[i], e) < 0)
			return -1;
	for (size_t i = 0; i < out->n; i++)
		if (check_names(out, dir, &out->v[i], e) < 0)
			return -1;
	return 0;
}

void
services_graph(const struct services *s, struct buf *out)
{
	static const char *const shapes[NSERVICE_TYPES] = { [SERVICE_ONESHOT] = "shape=box",
		[SERVICE_LONGRUN] = "shape=ellipse",
		[SERVICE_BUNDLE] = "shape=folder, color=gray40, fontcolor=gray40" };
	static const char *const lines[NSERVICE_TYPES] = { [SERVICE_BUNDLE] =
							       " [style=dotted, color=gray40]" };

	buf_adds(out, "digraph services {\n\trankdir=LR;\n\tnode [fontname=sans, fontsize=11];\n");
	for (size_t i = 0; i < s->n; i++) {
		const struct service *v = &s->v[i];

		buf_addf(out, "\t\"%s\" [%s];\n", v->name, shapes[v->type]);
		for (size_t j = 0; j < v->nneeds; j++)
			buf_addf(out, "\t\"%s\" -> \"%s\"%s;\n", v->name, v->needs[j],
			    lines[v->type] ? lines[v->type] : "");
		for (size_t j = 0; j < v->nloggers; j++)
			buf_addf(out, "\t\"%s\" -> \"%s\" [style=bold, label=log];\n", v->name,
			    v->loggers[j]);
	}
	buf_adds(out, "}\n");
}
