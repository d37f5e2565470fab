/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How failures are told, whole, as a person gets to read them: data/failures has a block for each,
 * of what the guest does, the steps, and the text, which ends with an empty line:
 *
 *	== TITLE
 *	a line for fake-qemu.c, behind the kernel's command line
 *	--
 *	steps, with the guest agent when one is called `agent`; those of line 8, and 7 with it
 *	--
 *	not ok ...
 *
 * $LH_FAILURES is a file to which all are written as they are now, to be read by somebody.
 */
#include "verify/play/test/stage.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "verify/report/report.h"
#include "verify/test/suites.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA "verify/play/test/data/failures"

/* one block of the file, cut up */
struct block {
	char *title, *script, *steps, *text;
};

static char *
cut(char **rest, const char *at)
{
	char *from = *rest, *end = strstr(from, at);

	ck_assert_msg(end, "%s: no %s behind: %.60s", DATA, at, from);
	end[1] = '\0';
	*rest = end + strlen(at);
	return from;
}

static size_t
read_blocks(struct arena *a, struct block *v, size_t max)
{
	struct err e;
	size_t n = 0;
	char *p;

	ck_assert_msg(file_read(a, DATA, &p, NULL, &e) == 0, "%s", e.msg);
	while ((p = strstr(p, "== "))) {
		ck_assert_uint_lt(n, max);
		p += 3;
		v[n].title = strsep(&p, "\n");
		v[n].script = cut(&p, "\n--\n");
		v[n].steps = cut(&p, "\n--\n");
		v[n].text = cut(&p, "\n\n");
		n++;
	}
	return n;
}

/* figures that are another run's business */
static void
add_stable(struct buf *b, const char *text, const char *dir)
{
	static const char *const before[] = { "silent for ", "load ", "has run for ", " took ",
		"   for ", "lh.nonce=" };

	static const char busy[] = "host CPU contention: ";

	while (*text) {
		bool figure = false;

		if (!strncmp(text, busy, sizeof busy - 1) && strstr(text, "; "))
			text = strstr(text, "; ") + 2;
		for (size_t i = 0; i < sizeof before / sizeof *before && !figure; i++) {
			size_t n = strlen(before[i]);

			if (strncmp(text, before[i], n) != 0 || !isxdigit((unsigned char)text[n]))
				continue;
			buf_addf(b, "%sN", before[i]);
			text += n + strspn(text + n, "0123456789abcdef.");
			figure = true;
		}
		if (figure)
			continue;
		if (!strncmp(text, dir, strlen(dir))) {
			buf_adds(b, "DIR");
			text += strlen(dir);
		} else {
			buf_add(b, text++, 1);
		}
	}
}

static char *
told(struct arena *a, const struct block *x)
{
	bool agent = strstr(x->script, "agent\n") || strstr(x->title, "the guest agent");
	struct stage t;
	struct buf b = { 0 };
	char *text = NULL;
	size_t n = 0;
	FILE *f;

	set_stage(&t,
	    arena_printf(a,
		"registers RIP=ffffffff81000000 HLT=1\nsay Command line: "
		"$cmdline\\n\n%s",
		x->script),
	    x->steps, agent);
	t.image.m.pc_register = "RIP";
	if (strstr(x->title, "limit"))
		t.s.limit = 500 * NS_PER_MS;
	if (strstr(x->script, "deaf"))
		t.job.scale = 0.1;
	t.r.arch = "x86_64";
	t.r.net = "dhcp";
	t.r.scenario = "test";
	t.r.dir = t.job.dir;
	t.r.again = "lh-verify run -s test output/manifest";
	play(&t);
	f = open_memstream(&text, &n);
	report_testcase(f, 1, &t.r, 0);
	fclose(f);
	add_stable(&b, text, test_dir());
	free(text);
	text = arena_strndup(a, b.p, b.n - 1);
	buf_free(&b);
	strike(&t);
	return text;
}

START_TEST(are_told_in_full)
{
	struct arena *a = arena_new();
	struct block v[64] = { 0 };
	size_t n = read_blocks(a, v, 64);
	const char *out = getenv("LH_FAILURES");
	struct buf b = { 0 };
	struct err e;

	ck_assert_uint_ge(n, 20);
	for (size_t i = 0; i < n; i++) {
		const char *text = told(a, &v[i]);

		buf_addf(&b, "== %s\n%s--\n%s--\n%s\n", v[i].title, v[i].script, v[i].steps, text);
		if (!out)
			ck_assert_msg(!strcmp(text, v[i].text), "%s:\n%s", v[i].title, text);
	}
	if (out)
		ck_assert_msg(file_write(out, b.p, b.n, 0644, &e) == 0, "%s", e.msg);
	buf_free(&b);
	arena_free(a);
}
END_TEST

Suite *
failures_suite(void)
{
	return suite_of("failures", (const TTest *[]){ are_told_in_full, NULL });
}
