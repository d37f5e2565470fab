/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verify/guest/ending.h"

#include "build/base/arena.h"
#include "build/base/child.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

#define SHOWN 400

/* ": " and the last line of what QEMU said, or nothing */
static const char *
last_words(struct arena *a, const char *words)
{
	size_t n = strlen(words), from;

	while (n && strchr("\r\n ", words[n - 1]))
		n--;
	for (from = n; from && words[from - 1] != '\n'; from--)
		;
	if (n - from > SHOWN)
		n = from + SHOWN;
	return n > from ? arena_printf(a, ": %.*s", (int)(n - from), words + from) : "";
}

static bool
is_good(const struct ending *x)
{
	return WIFEXITED(x->status) && WEXITSTATUS(x->status) == 0;
}

const char *
ending_text(struct arena *a, const struct ending *x)
{
	const char *status = child_status_text(a, x->status), *words = last_words(a, x->words);

	if (x->shutdown && x->killed)
		return arena_printf(a, "%s, then it hung and was killed", x->shutdown);
	if (x->killed)
		return "killed: it did not end when asked to";
	if (x->shutdown && is_good(x))
		return x->shutdown;
	if (x->shutdown)
		return arena_printf(a, "%s, then qemu: %s%s", x->shutdown, status, words);
	if (is_good(x) && x->silent_exit)
		return x->silent_exit;
	/* the usual sender of that one */
	if (WIFSIGNALED(x->status) && WTERMSIG(x->status) == SIGKILL && !*words)
		words = "; dmesg of this machine may tell that it ran out of memory";
	return arena_printf(a, "qemu: %s%s", status, words);
}

const char *
ending_words(struct arena *a, const char *reason)
{
	static const char *const words[][2] = {
		{ "guest-shutdown", "it powered off" },
		{ "guest-reset", "it rebooted" },
		{ "guest-panic", "its kernel panicked" },
		{ "host-qmp-quit", "we ended it" },
		{ "host-qmp-system-reset", "we reset it" },
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (!strcmp(reason, words[i][0]))
			return arena_printf(a, "%s (%s)", reason, words[i][1]);
	return reason;
}

static bool
is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

static bool
says_one_of(const char *words, const char *const *list)
{
	for (; *list; list++)
		if (strstr(words, *list))
			return true;
	return false;
}

/* a signal that QEMU brings on itself by what it runs, and nobody sends */
static bool
is_crash(int sig)
{
	return sig == SIGABRT || sig == SIGSEGV || sig == SIGILL || sig == SIGFPE;
}

bool
ending_is_hosts(const struct ending *x)
{
	/* of what the guest did, whatever became of QEMU then */
	static const char *const guests[] = { "guest-panic", NULL };
	/* QEMU ends in order when it gets SIGTERM, SIGINT or SIGHUP */
	static const char *const hosts[] = { "host-signal", "host-error", NULL };
	/* QEMU reads the kernel before it runs anything */
	static const char *const refused[] = { "kernel header", "could not load kernel",
		"uncompressed kernel", "kernel too old", NULL };
	static const char *const memory[] = { "allocate", "out of memory", NULL };

	if (x->killed || (x->shutdown && is_one_of(x->shutdown, guests)))
		return false;
	if (x->shutdown && is_one_of(x->shutdown, hosts))
		return true;
	if (is_good(x))
		return !x->shutdown && !x->silent_exit;
	if (WIFSIGNALED(x->status) && is_crash(WTERMSIG(x->status)))
		return !x->ran || says_one_of(x->words, memory);
	return x->ran || !says_one_of(x->words, refused);
}
