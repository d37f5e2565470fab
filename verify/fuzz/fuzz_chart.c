/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what a guest says of its boot: drawn in the report, and remembered as figures */
#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/fuzz/fuzz.h"
#include "verify/report/chart.h"

#include <string.h>

/* a picture is of these, and whatever the guest calls its services is text */
static bool
is_ours(const char *tag)
{
	static const char *const ours[] = { "<div class=wide", "</div>", "<svg width=", "</svg>",
		"<text ", "</text>", "<rect", "</rect>", "<title>", "</title>" };

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!strncmp(tag, ours[i], strlen(ours[i])))
			return true;
	return false;
}

static bool
has_numbers(const char *tag, size_t n)
{
	return !memmem(tag, n, "nan", 3) && !memmem(tag, n, "inf", 3) && !memmem(tag, n, "=-", 2);
}

static void
look_at_picture(const struct buf *b)
{
	for (const char *p = b->p; p && (p = strchr(p, '<')); p++) {
		const char *end = strchr(p, '>');

		fuzz_must(is_ours(p), "a guest draws nothing of its own");
		fuzz_must(end && has_numbers(p, (size_t)(end - p)), "a bar is somewhere");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	char *text = arena_strndup(a, (const char *)p, n);
	struct chart_phase *phases;
	struct buf b = { 0 };
	bool drawn = chart_svg(&b, text);
	size_t nphases = chart_phases(a, text, &phases);

	fuzz_must(drawn == (b.n > 0), "nothing is drawn of nothing");
	fuzz_must(drawn == (nphases > 0), "there are figures of what can be drawn");
	for (size_t i = 0; i < nphases; i++)
		fuzz_must(phases[i].took > 0 && *phases[i].name, "a phase has a name and a time");
	look_at_picture(&b);
	buf_free(&b);
	arena_free(a);
	return 0;
}
