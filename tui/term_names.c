/* SPDX-License-Identifier: MIT */
#include "tui/term_names.h"

#include <stdlib.h>
#include <string.h>

static const struct term_family families[] = {
	{ "xterm", .title = true, .sync = true },
	{ "tmux", .title = true, .sync = true },
	{ "screen", .title = true, .sync = true },
	{ "rxvt", .title = true },
	{ "alacritty", .title = true, .sync = true },
	{ "kitty", .title = true, .sync = true },
	{ "foot", .title = true, .sync = true },
	{ "ghostty", .title = true, .sync = true },
	{ "wezterm", .title = true, .sync = true },
	{ "contour", .title = true, .sync = true },
	{ "linux", .console = true },
	{ "vt", .ascii = true },
	{ "ansi", .ascii = true },
	{ "pcansi", .ascii = true },
	{ "cons25", .ascii = true },
	{ "sun", .ascii = true },
};

const struct term_family *term_family_of(const char *term)
{
	static const struct term_family stranger = { "" };

	for (size_t i = 0; i < ARRAY_LEN(families); i++) {
		if (str_starts(term, families[i].name))
			return &families[i];
	}
	return &stranger;
}

bool term_name_is_plain(const char *term)
{
	static const char *const plain[] = { "", "dumb", "unknown", "emacs" };

	for (size_t i = 0; term && i < ARRAY_LEN(plain); i++) {
		if (!strcmp(term, plain[i]))
			return true;
	}
	return !term;
}

static bool is_modern(const char *term)
{
	static const char *const names[] = { "kitty", "alacritty", "foot", "ghostty", "wezterm" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strstr(term, names[i]))
			return true;
	}
	return str_ends(term, "-256color");
}

const char *term_name_fallback(const char *term)
{
	const char *next = "vt100";

	if (!strcmp(term, "vt100"))
		return NULL;
	if (is_modern(term))
		next = "xterm-256color";
	else if (str_starts(term, "xterm"))
		next = "xterm";
	else if (str_starts(term, "screen") || str_starts(term, "tmux"))
		next = "screen";
	if (strcmp(next, term) != 0)
		return next;
	return str_ends(term, "-256color") ? "xterm" : "vt100";
}

bool term_locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		const char *codeset = value ? strchr(value, '.') : NULL;

		if (!value || !*value)
			continue;
		codeset = codeset ? codeset + 1 : value;
		return str_equal_nocase(codeset, "UTF-8") || str_equal_nocase(codeset, "UTF8") ||
		       (strchr(codeset, '@') &&
			       (str_starts(codeset, "UTF-8@") || str_starts(codeset, "utf8@")));
	}
	return false;
}

enum glyph_set term_choose_glyphs(const char *term)
{
	const struct term_family *family = term_family_of(term);

	if (!term_locale_is_utf8() || family->ascii)
		return GLYPHS_ASCII;
	return family->console ? GLYPHS_CP437 : GLYPHS_UNICODE;
}
