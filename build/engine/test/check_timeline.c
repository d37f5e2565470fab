/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "build/engine/timeline.h"

#include "build/base/buf.h"
#include "build/test/suites.h"

#include <string.h>

START_TEST(a_chart)
{
	struct timeline_step musl[] = { { "unpack", 0, 1, 0.5 }, { "build", 1, 8, 7 } },
			     image[] = { { "image", 8, 10, 1 } };
	struct timeline_bar bars[] = { { "i486 a<b>&\"c", true, musl, 2 },
		{ "image", false, image, 1 } };
	struct timeline t = { .title = "2 & more",
		.cores = 2,
		.wall = 10,
		.cpu = 17.9,
		.own = 0.1,
		.bars = bars,
		.nbars = 2 };
	struct buf b = { 0 };

	timeline_html(&t, &b);
	ck_assert_ptr_nonnull(
	    strstr(b.p, "<h1>2 &amp; more</h1>\n<p>2 actions in 10.0 s on 2 cores, which were 90 % "
			"busy: 18.0 s of processor, 0.10 s (0.6 %) of it lh-build's own.\n"));
	ck_assert_ptr_nonnull(strstr(b.p,
	    "<g class=\"k\"><text x=\"0\" y=\"13\">i486 a&lt;b&gt;&amp;&quot;c</text>"
	    "<rect class=\"u\" x=\"220.0\" y=\"2\" width=\"90.0\" height=\"14\"><title>i486 "
	    "a&lt;b&gt;&amp;&quot;c unpack: 1.0 s from 0.0, 0.5 s of processor</title></rect>"
	    "<rect class=\"b\" x=\"310.0\" y=\"2\" width=\"630.0\" height=\"14\"><title>i486 "
	    "a&lt;b&gt;&amp;&quot;c build: 7.0 s from 1.0, 7.0 s of "
	    "processor</title></rect></g>\n"));
	ck_assert_ptr_nonnull(
	    strstr(b.p, "<g><text x=\"0\" y=\"31\">image</text><rect class=\"m\" x=\"940.0\" "
			"y=\"20\" width=\"180.0\" height=\"14\"><title>image image: 2.0 s from "
			"8.0, 1.0 s of processor</title></rect></g>\n</svg>\n</html>\n"));
	ck_assert_ptr_null(strstr(b.p, "<script"));
	ck_assert_ptr_nonnull(strstr(b.p, "color-scheme:light dark"));
	buf_free(&b);
}
END_TEST

Suite *
timeline_suite(void)
{
	return suite_of("timeline", (const TTest *[]){ a_chart, NULL });
}
