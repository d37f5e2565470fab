/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/heads.h"

#include <ctype.h>
#include <string.h>

/* of all pairs of bytes, as many may begin a match that is rare */
#define RARE 512

struct parser {
	const char *p, *end;
	bool lost; /* something is in it that is not understood here */
};

static void
add(unsigned char set[32], unsigned char b)
{
	set[b / 8] |= (unsigned char)(1u << b % 8);
}

static size_t
count(const unsigned char set[32])
{
	size_t n = 0;

	for (int i = 0; i < 32; i++)
		n += (size_t)__builtin_popcount(set[i]);
	return n;
}

static bool
is_at(const struct parser *r, const char *text)
{
	size_t n = strlen(text);

	return (size_t)(r->end - r->p) >= n && !memcmp(r->p, text, n);
}

/* ---- reading over what is not of interest ---- */

/* to the last byte of what looks like [:alpha:], and has to be that */
static void
skip_named(struct parser *r)
{
	r->p += 2;
	while (r->p < r->end && (isalpha((unsigned char)*r->p) || *r->p == '^'))
		r->p++;
	if (is_at(r, ":]"))
		r->p++;
	else
		r->lost = true;
}

/* behind a class, whose [ is here */
static void
skip_class(struct parser *r)
{
	r->p++;
	if (is_at(r, "^"))
		r->p++;
	if (is_at(r, "]"))
		r->p++;
	while (r->p < r->end && *r->p != ']') {
		if (is_at(r, "[:"))
			skip_named(r);
		else if (is_at(r, "\\Q") || is_at(r, "\\c"))
			r->lost = true;
		r->p += *r->p == '\\' ? 2 : 1;
	}
	r->p++;
}

/*
 * Behind one atom or other sign that is neither a parenthesis nor a bar.  Quoting and control
 * characters may hide one.
 */
static void
skip_atom(struct parser *r)
{
	if (*r->p == '[') {
		skip_class(r);
		return;
	}
	if (is_at(r, "\\Q") || is_at(r, "\\E") || is_at(r, "\\c"))
		r->lost = true;
	r->p += *r->p == '\\' ? 2 : 1;
}

/* to the bar or parenthesis that ends this alternative */
static void
skip_alternative(struct parser *r)
{
	int depth = 0;

	while (r->p < r->end && !r->lost) {
		if (!depth && (*r->p == '|' || *r->p == ')'))
			return;
		if (*r->p == '(')
			depth++;
		else if (*r->p == ')')
			depth--;
		if (strchr("(|)", *r->p))
			r->p++;
		else
			skip_atom(r);
	}
}

/* ---- what an alternative begins with ---- */

static bool
is_quantifier(const struct parser *r)
{
	return r->p < r->end && strchr("*+?{", *r->p);
}

/* behind a byte that stands for itself, which b becomes; false: here is something else */
static bool
take_literal(struct parser *r, unsigned char *b)
{
	const char *p = r->p;

	if (*p == '\\' && p + 1 < r->end && !isalnum((unsigned char)p[1])) {
		*b = (unsigned char)p[1];
		r->p = p + 2;
		return true;
	}
	if (strchr("\\[](){}|*+?.^$", *p))
		return false;
	*b = (unsigned char)*p;
	r->p = p + 1;
	return true;
}

/* to what a group holds, when it is one that only groups */
static bool
enter_group(struct parser *r)
{
	if (is_at(r, "(?:")) {
		r->p += 3;
		return true;
	}
	if (is_at(r, "(?<") && !is_at(r, "(?<=") && !is_at(r, "(?<!")) {
		while (r->p < r->end && *r->p != '>')
			r->p++;
		r->p++;
		return true;
	}
	if (is_at(r, "(") && !is_at(r, "(?") && !is_at(r, "(*")) {
		r->p++;
		return true;
	}
	return false;
}

static void read_alternatives(struct parser *r, size_t at, struct heads *out);

/* what a group adds from at on; nothing is said of what is behind it */
static void
read_group(struct parser *r, size_t at, struct heads *out)
{
	struct heads inner = { 0 };

	read_alternatives(r, at, &inner);
	r->p++; /* the parenthesis */
	if (is_quantifier(r) && *r->p != '+')
		memset(inner.set[at], 0xff, (HEADS - at) * sizeof inner.set[at]);
	for (size_t i = at; i < HEADS; i++)
		memcpy(out->set[i], inner.set[i], sizeof out->set[i]);
}

/* from the at-th byte of a match on */
static void
read_alternative(struct parser *r, size_t at, struct heads *out)
{
	memset(out->set[at], 0xff, (HEADS - at) * sizeof out->set[at]);
	while (at < HEADS && r->p < r->end) {
		unsigned char b;

		if (is_at(r, "^") || is_at(r, "\\b")) {
			r->p += *r->p == '^' ? 1 : 2;
			if (is_quantifier(r))
				break;
			continue;
		}
		if (enter_group(r)) {
			read_group(r, at, out);
			break;
		}
		if (!take_literal(r, &b) || (is_quantifier(r) && *r->p != '+'))
			break;
		memset(out->set[at], 0, sizeof out->set[at]);
		add(out->set[at++], b);
		if (is_quantifier(r))
			break;
	}
	skip_alternative(r);
}

/* to the parenthesis behind them, or the end */
static void
read_alternatives(struct parser *r, size_t at, struct heads *out)
{
	for (;;) {
		struct heads one = { 0 };

		read_alternative(r, at, &one);
		for (size_t i = at; i < HEADS; i++)
			for (int k = 0; k < 32; k++)
				out->set[i][k] |= one.set[i][k];
		if (r->lost || r->p >= r->end || *r->p != '|')
			return;
		r->p++;
	}
}

/* options such as (?i) change what a byte means; a comment or a verb may hold anything */
static bool
has_options(const char *re, size_t n)
{
	for (size_t i = 0; i + 2 < n; i++)
		if (re[i] == '(' &&
		    (re[i + 1] == '*' || (re[i + 1] == '?' && !strchr(":<=!>|", re[i + 2]))))
			return true;
	return false;
}

static void
judge(struct heads *h)
{
	h->rare = count(h->set[0]) * count(h->set[1]) <= RARE;
}

void
heads_of_regex(const char *re, size_t n, struct heads *out)
{
	struct parser r = { .p = re, .end = re + n };

	*out = (struct heads){ 0 };
	if (!has_options(re, n))
		read_alternatives(&r, 0, out);
	if (r.p != r.end || r.lost)
		memset(out->set, 0xff, sizeof out->set);
	judge(out);
}

void
heads_of_literal(const char *text, size_t n, struct heads *out)
{
	memset(out->set, 0xff, sizeof out->set);
	for (size_t i = 0; i < HEADS && i < n; i++) {
		memset(out->set[i], 0, sizeof out->set[i]);
		add(out->set[i], (unsigned char)text[i]);
	}
	judge(out);
}
