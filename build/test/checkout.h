/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_TEST_CHECKOUT_H
#define BUILD_TEST_CHECKOUT_H

/* the text of a facts file */
#define CHECKOUT_FACTS(short, gcc, elf)                                                            \
	"short " short "\ngcc " gcc                                                                \
		       "\nbinutils " short "-\ncflags -O1 -march=" short "\nelf " elf              \
									 "\nkernel-arch "          \
									 "x86\nkernel-image "      \
									 "bzImage\nqemu "          \
									 "qemu-" short "\nmachine" \
										       " pc\nmemo" \
										       "ry "       \
										       "64\nconso" \
										       "le "       \
										       "ttyS1\n"

struct arena;

/*
 * A small checkout in the folder of the running test: two triples, two sets, a profile.
 * HOME points into that folder too, and no variable of ours is left in the environment.
 */
char *checkout_new(struct arena *a);
/* writes top/rel, with its folders */
void checkout_file(struct arena *a, const char *top, const char *rel, const char *text);

#endif
