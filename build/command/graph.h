/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_COMMAND_GRAPH_H
#define BUILD_COMMAND_GRAPH_H

#include "build/base/err.h"

#include <stddef.h>

struct arena;
struct buf;

/*
 * The sources of a database of s6-rc: a folder a service, as s6-rc-compile(1) reads them.  What
 * the compiler refuses is refused there; here, only what cannot be drawn.
 */
enum service_type { SERVICE_ONESHOT, SERVICE_LONGRUN, SERVICE_BUNDLE, NSERVICE_TYPES };

struct service {
	const char *name;
	enum service_type type;
	char **needs; /* dependencies; of a bundle, its contents */
	size_t nneeds;
	char **loggers; /* consumers of what it writes */
	size_t nloggers;
};

struct services {
	struct service *v; /* sorted by name; pipelines that have a name come last, as bundles */
	size_t n;
};

extern const char *const service_types[NSERVICE_TYPES];

int services_read(struct arena *a, const char *dir, struct services *out, struct err *e);
/* a graph for dot(1): who needs whom; bundles and what they contain; pipes to loggers */
void services_graph(const struct services *s, struct buf *out);

#endif
