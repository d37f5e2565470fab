/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BUILD_BASE_URL_H
#define BUILD_BASE_URL_H

struct arena;

/*
 * The text as anyone may see it: every URL in it is without its USER:PASSWORD@.  For one URL, for
 * the lists that MIRRORS takes, and for whole messages; whatever is printed or recorded and may
 * hold a URL goes through here.
 */
const char *url_shown(struct arena *a, const char *text);
/* whom the URL asks, without its port; "" when it names nobody, as file:///etc does */
const char *url_host(struct arena *a, const char *url);

#endif
