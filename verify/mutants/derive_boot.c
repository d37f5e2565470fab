/* SPDX-License-Identifier: GPL-2.0-or-later */
/* partitions that cannot be used as they should, and a kernel that is not told all */
#include "verify/mutants/derive.h"

#include "build/base/arena.h"
#include "build/files/lines.h"
#include "build/files/manifest.h"
#include "verify/mutants/edit.h"

#include <string.h>

static void
add_partition(struct derivation *d, const struct man_part *p)
{
	if (strcmp(p->type, "swap"))
		derive_one(d, "partition-read-only", p->name,
		    &(struct edit){ .kind = EDIT_READ_ONLY, .fs = p->name });
	derive_one(d, "partition-not-mounted", p->name,
	    &(struct edit){ .kind = EDIT_WIPE, .fs = p->name });
	derive_one(d, "partition-wrong-label", p->name,
	    &(struct edit){ .kind = EDIT_LABEL, .fs = p->name, .text = "nobody" });
}

int
derive_boot(struct derivation *d, struct err *e)
{
	const struct manifest *m = d->o->m;
	char *rest = m->append ? arena_strdup(d->a, m->append) : NULL;
	const char *word;

	(void)e;
	/* what a firmware reads is no filesystem of the guest's */
	for (size_t i = 0; i < m->nparts; i++)
		if (strcmp(m->parts[i].type, "vfat"))
			add_partition(d, &m->parts[i]);
	while (rest && (word = word_next(&rest))) {
		derive_add(d, "word-removed", word);
		d->v[d->n - 1].without = word;
	}
	return 0;
}
