/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef VERIFY_PLAY_TEST_STAGE_H
#define VERIFY_PLAY_TEST_STAGE_H

#include "verify/image/image.h"
#include "verify/play/testcase.h"
#include "verify/scenario/scenario.h"

#include <stdbool.h>

/* A test case on a fake guest, from its scenario's text to the verdict. */
struct stage {
	struct arena *a;
	struct loop *l;
	struct image image;
	struct scenario s;
	struct testcase_job job;
	struct testcase_result r;
	struct testcase *c;
	bool over;
};

/* script: of the fake guest (fake-qemu.c); steps: the scenario behind its head of six lines */
void set_stage(struct stage *t, const char *script, const char *steps, bool agent);
/* one round of the loop */
void once(struct stage *t);
/* to its end */
void play(struct stage *t);
/* the `done` of its test case */
void stage_over(void *arg);
void strike(struct stage *t);

#endif
