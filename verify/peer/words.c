/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/peer/words.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 63

char *
words_next(char **text)
{
	char *word = *text + strspn(*text, " \t");
	size_t n = strcspn(word, " \t");

	if (!n)
		return NULL;
	*text = word + n;
	if (**text)
		*(*text)++ = '\0';
	return word;
}

int
words_address(const char *text, unsigned char out[4], struct err *e)
{
	return inet_pton(AF_INET, text, out) == 1
		   ? 0
		   : fail_usage(e, "%s: not an IPv4 address, such as 192.0.2.1", text);
}

int
words_number(
    const char *text, uint32_t least, uint32_t most, const char *name, uint32_t *out, struct err *e)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || n < least || n > most)
		return fail_usage(e, "%s: not %s, from %u to %u", text, name, least, most);
	*out = (uint32_t)n;
	return 0;
}

int
words_time(const char *text, nstime *out, struct err *e)
{
	*out = clock_parse(text);
	return *out > 0 ? 0 : fail_usage(e, "%s: not a time, such as 5s or 250ms", text);
}

int
words_name(const char *text, unsigned char out[WORDS_NAME_MAX], struct err *e)
{
	size_t n = 0;

	for (const char *p = text; *p; p += p[0] == '.') {
		size_t label = strcspn(p, ".");

		if (!label || label > LABEL_MAX || n + label + 2 > WORDS_NAME_MAX)
			return fail_usage(e, "%s: not a name of DNS, such as www.example", text);
		out[n++] = (unsigned char)label;
		while (label--)
			out[n++] = (unsigned char)tolower((unsigned char)*p++);
	}
	if (!n)
		return fail_usage(e, "%s: not a name of DNS, such as www.example", text);
	out[n++] = 0;
	return (int)n;
}

int
words_names(char *text, unsigned char out[255], struct err *e)
{
	unsigned char name[WORDS_NAME_MAX];
	int n = 0, length;
	char *word;

	while ((word = words_next(&text))) {
		length = words_name(word, name, e);
		if (length < 0)
			return -1;
		if (n + length > 255)
			return fail_usage(e, "%s: an option has room for 255 bytes", word);
		memcpy(out + n, name, (size_t)length);
		n += length;
	}
	return n;
}
