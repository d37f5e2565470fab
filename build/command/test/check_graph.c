/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/command/graph.h"

#include "build/base/arena.h"
#include "build/base/buf.h"
#include "build/files/file.h"
#include "build/test/checkout.h"
#include "build/test/suites.h"

#include <string.h>

static const struct {
	const char *rel, *text;
} files[] = {
	{ "s/a/type", "oneshot\n" },
	{ "s/b/type", "longrun\n" },
	{ "s/b/dependencies.d/a", "" },
	{ "s/b/producer-for", "b-log\n" },
	{ "s/b-log/type", "longrun\n" },
	{ "s/b-log/consumer-for", "b\n" },
	{ "s/b-log/pipeline-name", "b-pipeline\n" },
	{ "s/all/type", "bundle\n" },
	{ "s/all/contents.d/b-pipeline", "" },
};

static char *
begin(struct arena *a)
{
	char *top = checkout_new(a);

	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		checkout_file(a, top, files[i].rel, files[i].text);
	return top;
}

START_TEST(drawn)
{
	struct arena *a = arena_new();
	char *top = begin(a);
	struct services s;
	struct buf out = { 0 };
	struct err e = { 0 };

	ck_assert_msg(services_read(a, arena_printf(a, "%s/s", top), &s, &e) == 0, "%s", e.msg);
	services_graph(&s, &out);
	ck_assert_str_eq(out.p,
	    "digraph services {\n\trankdir=LR;\n\tnode [fontname=sans, fontsize=11];\n"
	    "\t\"a\" [shape=box];\n"
	    "\t\"all\" [shape=folder, color=gray40, fontcolor=gray40];\n"
	    "\t\"all\" -> \"b-pipeline\" [style=dotted, color=gray40];\n"
	    "\t\"b\" [shape=ellipse];\n"
	    "\t\"b\" -> \"a\";\n"
	    "\t\"b\" -> \"b-log\" [style=bold, label=log];\n"
	    "\t\"b-log\" [shape=ellipse];\n"
	    "\t\"b-pipeline\" [shape=folder, color=gray40, fontcolor=gray40];\n"
	    "\t\"b-pipeline\" -> \"b\" [style=dotted, color=gray40];\n"
	    "\t\"b-pipeline\" -> \"b-log\" [style=dotted, color=gray40];\n"
	    "}\n");
	buf_free(&out);
	arena_free(a);
}
END_TEST

/* a file more, and what is told; TOP: the folder of the services */
static const struct {
	const char *rel, *text, *told;
} wrong[] = {
	{ "s/c/type", "service\n", "TOP/c/type: one of oneshot longrun bundle" },
	{ "s/c/type", "", "TOP/c/type: one of oneshot longrun bundle" },
	{ "s/c/up", "", "TOP/c/type: No such file or directory" },
	{ "s/b/dependencies.d/c", "", "TOP/b: depends on c: no such service" },
	{ "s/all/contents.d/c", "", "TOP/all: contains c: no such service" },
	{ "s/b/producer-for", "c\n", "TOP/b: producer-for c: no such service" },
};

START_TEST(refused)
{
	struct arena *a = arena_new();
	char *top = begin(a), *dir = arena_printf(a, "%s/s", top);
	struct services s;
	struct err e = { 0 };

	checkout_file(a, top, wrong[_i].rel, wrong[_i].text);
	ck_assert_int_eq(services_read(a, dir, &s, &e), -1);
	ck_assert_str_eq(e.msg, arena_printf(a, "%s%s", dir, wrong[_i].told + 3));
	arena_free(a);
}
END_TEST

static char *
text_of(struct arena *a, const char *path)
{
	char *text;
	size_t n;
	struct err e = { 0 };

	ck_assert_msg(file_read(a, path, &text, &n, &e) == 0, "%s", e.msg);
	return text;
}

/* as dot(1) writes a name into a picture */
static const char *
drawn_name(struct arena *a, const char *name)
{
	struct buf b = { 0 };
	const char *text;

	for (const char *p = name; *p; p++)
		buf_adds(&b, *p == '-' ? "&#45;" : (char[]){ *p, '\0' });
	text = arena_printf(a, ">%s</text>", b.p);
	buf_free(&b);
	return text;
}

/* the table in doc/guest.md has a row for each service, and for nothing else; so has the picture */
START_TEST(told_in_the_guide)
{
	struct arena *a = arena_new();
	char *guide = text_of(a, "doc/guest.md"), *picture;
	struct services s;
	struct buf graph = { 0 };
	struct err e = { 0 };
	size_t rows = 0, services = 0;

	ck_assert_msg(services_read(a, "layout/s6-rc", &s, &e) == 0, "%s", e.msg);
	for (size_t i = 0; i < s.n; i++) {
		const struct service *v = &s.v[i];
		const char *row =
		    arena_printf(a, "\n| `%s` | %s |", v->name, service_types[v->type]);

		if (v->type == SERVICE_BUNDLE)
			continue;
		services++;
		ck_assert_msg(strstr(guide, row), "doc/guest.md: has no row%s", row + 1);
	}
	for (int t = 0; t < SERVICE_BUNDLE; t++)
		for (const char *p = guide, *end = arena_printf(a, "` | %s |", service_types[t]);
		     (p = strstr(p, end)); p++)
			rows++;
	ck_assert_msg(rows == services, "doc/guest.md: has a row for what is no service");
	picture = text_of(a, "doc/services.svg");
	for (size_t i = 0; i < s.n; i++)
		ck_assert_msg(strstr(picture, drawn_name(a, s.v[i].name)),
		    "doc/services.svg: %s is not in the picture", s.v[i].name);
	services_graph(&s, &graph);
	ck_assert_msg(!strcmp(text_of(a, "doc/services.dot"), graph.p),
	    "doc/services.dot is not what lh-build graph --services prints");
	buf_free(&graph);
	arena_free(a);
}
END_TEST

Suite *
graph_suite(void)
{
	Suite *s = suite_create("graph");
	TCase *tc = harness_case(s, "services");

	tcase_add_test(tc, drawn);
	tcase_add_loop_test(tc, refused, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tc, told_in_the_guide);
	return s;
}
