/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/ready.h"

#include "build/engine/task.h"
#include "build/test/suites.h"

#define MOST 600

START_TEST(the_heaviest_first)
{
	static struct task tasks[MOST], *room[MOST];
	struct ready q = { .v = room };
	const struct task *last = NULL, *t;
	size_t n = 0;

	for (size_t i = 0; i < MOST; i++) {
		size_t j = i * 7 % MOST; /* in no order: 7 and MOST have no common divisor */

		tasks[j].weight = (double)(j * 37 % 101);
		ready_add(&q, &tasks[j]);
		if (i % 3 == 0) { /* taken while others come */
			t = ready_take(&q);
			for (size_t k = 0; k < q.n; k++)
				ck_assert(t->weight > q.v[k]->weight ||
					  (t->weight == q.v[k]->weight && t < q.v[k]));
			n++;
		}
	}
	for (; (t = ready_take(&q)); last = t, n++)
		ck_assert(
		    !last || last->weight > t->weight || (last->weight == t->weight && last < t));
	ck_assert_uint_eq(n, MOST);
	ck_assert_ptr_null(ready_take(&q));
}
END_TEST

Suite *
ready_suite(void)
{
	return suite_of("ready", (const TTest *[]){ the_heaviest_first, NULL });
}
