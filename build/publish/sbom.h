/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_PUBLISH_SBOM_H
#define BUILD_PUBLISH_SBOM_H

#include "build/base/err.h"

struct arena;
struct config;
struct plan;
struct request;

/*
 * The bill of materials of the image in dir (bom.h), beside its manifest: sbom.spdx.json
 * (SPDX 2.3) and sbom.cdx.json (CycloneDX 1.5).  Nothing in them is random or the time of
 * day: the same image has the same bytes.  The manifest is written again, with their
 * digests: who gets both can tell whether they fit.
 */
int sbom_write(struct arena *a, const struct config *cfg, const struct plan *p, const char *dir,
    struct err *e);
/* 1: what is there says the same, and is what the manifest means; 0 or -1 */
int sbom_is_there(struct arena *a, const struct config *cfg, const struct plan *p, const char *dir,
    struct err *e);
/* unless it is there */
int sbom_refresh(struct arena *a, const struct config *cfg, const struct plan *p, const char *dir,
    struct err *e);

/* lh-build sbom */
int sbom_command(const struct request *rq, struct err *e);

#endif
