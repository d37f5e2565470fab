/* SPDX-License-Identifier: GPL-2.0-or-later */
/* what QEMU says: a line of QMP, and the parts of it that are asked for */
#include "build/base/arena.h"
#include "build/fuzz/fuzz.h"
#include "verify/guest/qmp.h"
#include "verify/guest/symbols.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena *a = arena_new();
	struct processor cpu;
	struct qmp_message m;
	struct err e = { 0 };
	char *text = arena_strndup(a, (const char *)p, n), *line;

	if (!fuzz_failed(qmp_parse(a, text, n, &m, &e), &e) && m.text) {
		qmp_string(a, m.text);
		qmp_member(a, m.text, "status");
	}
	processor_parse(text, "RIP", &cpu);
	/* what we say: any text is sent as a line that can be read back */
	qmp_hmp_arguments(a, text);
	line = qmp_format(a, 1, "human-monitor-command", text, &e);
	fuzz_failed(line ? 0 : -1, &e);
	arena_free(a);
	return 0;
}
