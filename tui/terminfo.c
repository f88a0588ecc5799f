/* SPDX-License-Identifier: MIT */

/* The terminal's entry in terminfo: which one, what it can do, and its bytes. */
#include <curses.h>
#include <stdlib.h>
#include <term.h>
#include <unistd.h>

#include "tui/term_names.h"
#include "tui/term_parts.h"

/* The first name of the ladder that terminfo knows, left set up; NULL: none. */
const char *terminfo_find(const char *name)
{
	int found;

	while (name && (setupterm(name, STDERR_FILENO, &found) != OK || found != 1))
		name = term_name_fallback(name);
	return name;
}

bool terminfo_has(const char *name)
{
	const char *value = tigetstr(name);

	/* (char *)-1: not a string capability; curses says so in its own way. */
	return value && value != (const char *)(intptr_t)-1; // NOLINT(performance-no-int-to-ptr)
}

const char *term_unusable(void)
{
	static char why[64];
	const char *name = getenv("TERM");
	struct str text = STR_OF(why);
	bool able;

	if (term_name_is_plain(name)) {
		str_fmt(&text, name ? "TERM=%.32s" : "TERM is not set", name);
		return why;
	}
	if (!terminfo_find(name)) {
		str_fmt(&text, "TERM=%.32s is not in terminfo", name);
		return why;
	}
	able = terminfo_has("cup") && terminfo_has("el");
	del_curterm(cur_term);
	if (able)
		return NULL;
	str_fmt(&text, "TERM=%.32s cannot move its cursor", name);
	return why;
}

static struct str *collecting;

static int collect(int c)
{
	char byte = (char)c;

	str_addn(collecting, &byte, 1);
	return c;
}

/* Through tputs(): a raw capability holds "$<2>" paddings that an old terminal would show. */
void terminfo_add(struct str *out, const char *name)
{
	collecting = out;
	if (terminfo_has(name))
		tputs(tigetstr(name), 1, collect);
}
