/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/plan/toolchain.h"

#include "build/base/arena.h"
#include "build/base/argv.h"
#include "build/base/buf.h"
#include "build/base/child.h"
#include "build/config/sysdeps.h"
#include "build/files/beneath.h"
#include "build/files/elf.h"
#include "build/files/elf_name.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* bytes of what a compiler that may be anybody's makes of it */
#define PROGRAM_MOST (16 << 20)

/* musl says of itself nothing on purpose; all the others do */
static const char program[] =
    "#include <stdio.h>\n"
    "#if defined(__GLIBC__) || defined(__UCLIBC__) || defined(__BIONIC__) || defined(__NEWLIB__)\n"
    "#error another libc\n"
    "#endif\n"
    "int main(int argc, char **argv) { return printf(\"%s %d\\n\", argv[0], argc / 3) < 0; }\n";

/* the line that tells most of what the compiler said: the first with an error, else the first */
static const char *
first_error(struct arena *a, const struct buf *said)
{
	const char *line = said->n ? said->p : "no output", *error = strstr(line, "error:");

	while (error && error > line && error[-1] != '\n')
		error--;
	return arena_strndup(a, error ? error : line, strcspn(error ? error : line, "\n"));
}

/* 0: it went well; 1: the compiler said no, said tells; -1: could not be run */
static int
compile(struct arena *a, const struct toolchain *t, const char *const words[], struct buf *said,
    struct err *e)
{
	struct argv v = { .a = a };
	struct child_opts o = {
		.dir = t->dir, .env = t->env, .keep = &t->filter, .nkeep = t->wrap && t->wrap->n
	};
	int status;

	if (o.nkeep && lseek(t->filter, 0, SEEK_SET) < 0)
		return fail_errno(e, "system call filter");
	for (size_t i = 0; t->wrap && i < t->wrap->n; i++)
		argv_push(&v, t->wrap->v[i]);
	argv_push(&v, t->gcc);
	for (size_t i = 0; words[i]; i++)
		argv_push(&v, words[i]);
	buf_clear(said);
	if (child_run(v.v, &o, said, &status, e) < 0)
		return -1;
	return status != 0;
}

/* " (it is for i686-linux-gnu)": often all there is to know; empty when it does not tell */
static const char *
machine_text(struct arena *a, const struct toolchain *t)
{
	struct buf said = { 0 };
	struct err ignored;
	const char *text = "";

	if (compile(a, t, (const char *const[]){ "-dumpmachine", NULL }, &said, &ignored) == 0 &&
	    said.n > 1)
		text = arena_printf(a, " (it is for %.*s)", (int)strcspn(said.p, "\n"), said.p);
	buf_free(&said);
	return text;
}

static int
make_program(struct arena *a, const struct toolchain *t, struct err *e)
{
	const char *source = arena_printf(a, "%s/program.c", t->inside),
		   *object = arena_printf(a, "%s/program.o", t->inside),
		   *linked = arena_printf(a, "%s/program", t->inside);
	struct buf said = { 0 };
	int r;

	if (file_write(
		arena_printf(a, "%s/program.c", t->dir), program, sizeof program - 1, 0644, e) < 0)
		return -1;
	r = compile(a, t, (const char *const[]){ "-c", "-o", object, source, NULL }, &said, e);
	if (r > 0 && strstr(said.p ? said.p : "", "another libc"))
		r = fail(e, "%s does not compile against musl", t->gcc);
	else if (r > 0)
		r = fail(e, "%s%s cannot compile: %s", t->gcc, machine_text(a, t),
		    first_error(a, &said));
	if (r == 0) {
		r = compile(
		    a, t, (const char *const[]){ "-static", "-o", linked, object, NULL }, &said, e);
		if (r > 0)
			r = fail(e, "%s cannot link a static program: %s", t->gcc,
			    first_error(a, &said));
	}
	buf_free(&said);
	return r;
}

int
toolchain_check(struct arena *a, const struct toolchain *t, const struct sysdeps *sd, struct err *e)
{
	const char *wanted = sysdeps_get(sd, "elf"), *made;
	struct elf_file f;
	char *bytes;
	size_t n;

	if (make_program(a, t, e) < 0 ||
	    beneath_read(a, t->dir, "program", PROGRAM_MOST, &bytes, &n, e) < 0)
		return -1;
	if (!elf_is(bytes, n))
		return fail(e, "%s does not produce ELF programs", t->gcc);
	if (elf_open(a, bytes, n, &f, e) < 0)
		return wrap(e, "%s produces damaged programs", t->gcc);
	made = elf_name(a, f.bits, f.machine);
	if (!wanted)
		return fail_usage(e, "%s/facts: missing required key elf", sd->dir);
	if (strcasecmp(made, wanted))
		return fail(
		    e, "%s produces %s programs; %s needs %s", t->gcc, made, sd->triple, wanted);
	if (f.interp)
		return fail(e, "%s produces dynamic programs when asked for static ones", t->gcc);
	return 0;
}
