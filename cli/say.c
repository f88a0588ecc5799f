/* SPDX-License-Identifier: MIT */
#include "cli/say.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* Messages quote file names and providers' words: nothing in them may act on the terminal. */
static void say(const char *kind, const char *text)
{
	char clean[sizeof(((struct err *)0)->msg) + 16];
	struct str s = STR_OF(clean);

	text_clean(&s, text, strlen(text), sizeof(clean) - 8);
	fprintf(stderr, "thinkfleetbot: %s: %s\n", kind, clean);
}

void say_error(const struct err *e)
{
	say("error", e->msg);
	if (e->hint[0])
		say("hint", e->hint);
}

void say_warning(const char *fmt, ...)
{
	char text[320];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	say("warning", text);
}

void say_note(void *ctx, const char *text)
{
	(void)ctx;
	say("warning", text);
}
