/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/sieve.h"

#include <stdio.h>
#include <string.h>

/* ---- what the guest says, but for the echo ---- */

static void
let_echo_go(struct sieve *s)
{
	if (s->held.n)
		buf_add(&s->words, s->held.p, s->held.n);
	buf_clear(&s->held);
	s->echoed = 0;
	s->escape = s->taken = s->wraps = false;
}

/* a line editor breaks a long line, and colours it */
static bool
is_between(struct sieve *s, char c)
{
	if (!s->echoed)
		return false;
	if (s->escape) {
		s->escape = !((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
		return true;
	}
	s->escape = c == '\033';
	return s->escape || c == '\r' || c == '\n' || c == ' ' || c == '\b';
}

static void
say(struct sieve *s, char c)
{
	/* at a terminal's margin it writes the next byte, goes back, and writes it again */
	bool editors = s->escape || (s->wraps && c == s->echo[s->echoed - 1]);

	if (s->wraps && editors)
		s->wraps = false;
	else if (s->echoes && (editors || c != s->echo[s->echoed]) && !is_between(s, c))
		let_echo_go(s);
	if (!s->echoes || (!s->echoed && c != *s->echo)) {
		buf_add(&s->words, &c, 1);
		return;
	}
	buf_add(&s->held, &c, 1);
	s->wraps = s->taken && c == '\r';
	s->taken = !editors && c == s->echo[s->echoed];
	if (s->taken && !s->echo[++s->echoed]) {
		buf_clear(&s->held);
		s->echoes = false;
	}
}

void
sieve_expect_echo(struct sieve *s, const char *line)
{
	let_echo_go(s);
	snprintf(s->echo, sizeof s->echo, "%s", line);
	s->echoes = *line;
}

/* ---- frames ---- */

void
sieve_begin(struct sieve *s, const char *token)
{
	snprintf(s->head, sizeof s->head, "@lh:%s:", token);
}

static bool
is_of_frame(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == ':';
}

static void
end_frame(struct sieve *s)
{
	buf_add(&s->frames, s->frame.n ? s->frame.p : "", s->frame.n);
	buf_add(&s->frames, "", 1);
	s->framed = false;
}

/* it looked like the head of a frame */
static void
let_head_go(struct sieve *s)
{
	size_t n = s->matched;

	s->matched = 0;
	s->cut = false;
	for (size_t i = 0; i < n; i++)
		say(s, s->head[i]);
	s->foreign |= n && s->framed;
}

/* false: c is not of the head, which has been let go */
static bool
add_to_head(struct sieve *s, char c)
{
	if (s->cut && s->foreign) {
		say(s, c);
		s->foreign = c != '\n';
	} else if (c == s->head[s->matched]) {
		if (s->head[++s->matched])
			return true;
		s->matched = 0;
		s->framed = true;
		s->foreign = s->cut = false;
		buf_clear(&s->frame);
	} else if (c == '[' && !s->foreign) {
		s->cut = s->foreign = true;
		say(s, c);
	} else {
		let_head_go(s);
		return false;
	}
	return true;
}

static void
add(struct sieve *s, char c)
{
	if (s->matched && add_to_head(s, c))
		return;
	if (c == *s->head) {
		s->matched = 1;
	} else if (s->foreign || !s->framed) {
		say(s, c);
		s->foreign = s->foreign && c != '\n';
	} else if (c == '.') {
		end_frame(s);
	} else if (!is_of_frame(c)) {
		say(s, c);
		s->foreign = c != '\n';
	} else if (s->frame.n < SIEVE_FRAME_MAX) {
		buf_add(&s->frame, &c, 1);
	} else {
		s->framed = false;
	}
}

void
sieve_add(struct sieve *s, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (*s->head)
			add(s, p[i]);
		else
			say(s, p[i]);
}

bool
sieve_holds(const struct sieve *s)
{
	return s->matched || s->framed || s->held.n;
}

void
sieve_settle(struct sieve *s)
{
	s->framed = false;
	let_head_go(s);
	s->foreign = false;
	let_echo_go(s);
}

void
sieve_free(struct sieve *s)
{
	buf_free(&s->frame);
	buf_free(&s->held);
	buf_free(&s->words);
	buf_free(&s->frames);
}
