/* SPDX-License-Identifier: MIT */

/*
 * Marks and line characters in three sets, and the folding of ordinary text
 * into what a set can show. A server without a UTF-8 locale must never see a
 * byte above 0x7E, also not from a sentence with a typographic quote in it.
 */
#include <string.h>

#include "tui/frame.h"

/* clang-format off */
static const char *const glyphs[GLYPH_COUNT][3] = {
	/*                      unicode cp437  ascii */
	[GLYPH_SELECT]       = { "▸",   "►",   ">" },
	[GLYPH_OK]           = { "✓",   "√",   "+" },
	[GLYPH_FAIL]         = { "✗",   "x",   "x" },
	[GLYPH_WARN]         = { "!",   "!",   "!" },
	[GLYPH_OFF]          = { "·",   "·",   "-" },
	[GLYPH_HLINE]        = { "─",   "─",   "-" },
	[GLYPH_VLINE]        = { "│",   "│",   "|" },
	[GLYPH_TOP_LEFT]     = { "┌",   "┌",   "+" },
	[GLYPH_TOP_RIGHT]    = { "┐",   "┐",   "+" },
	[GLYPH_BOTTOM_LEFT]  = { "└",   "└",   "+" },
	[GLYPH_BOTTOM_RIGHT] = { "┘",   "┘",   "+" },
	[GLYPH_TEE_LEFT]     = { "├",   "├",   "+" },
	[GLYPH_TEE_RIGHT]    = { "┤",   "┤",   "+" },
	[GLYPH_MASK]         = { "•",   "•",   "*" },
	[GLYPH_ELLIPSIS]     = { "…",   "…",   "..." },
	[GLYPH_DOWN]         = { "↓",   "↓",   "v" },
	[GLYPH_UP]           = { "↑",   "↑",   "^" },
	[GLYPH_LIVE]         = { "●",   "•",   "*" },
	[GLYPH_BUSY0]        = { "⠋",   "|",   "|" },
	[GLYPH_BUSY1]        = { "⠙",   "/",   "/" },
	[GLYPH_BUSY2]        = { "⠹",   "-",   "-" },
	[GLYPH_BUSY3]        = { "⠸",   "\\",  "\\" },
};

/*
 * Text that a set cannot show, longest first. cp437 NULL: it can. Two arrows
 * together become words, because "^v" would read as Ctrl-V.
 */
static const struct fold {
	const char *text;
	const char *cp437;
	const char *ascii;
} folds[] = {
	{ "↑↓",  NULL, "Up/Dn" },
	{ "↑ ↓", NULL, "Up Dn" },
	{ "←→",  NULL, "Left/Right" },
	{ "▸",   "►",  ">" },
	{ "✓",   "√",  "+" },
	{ "✗",   "x",  "x" },
	{ "·",   NULL, "-" },
	{ "─",   NULL, "-" },
	{ "│",   NULL, "|" },
	{ "•",   NULL, "*" },
	{ "●",   "•",  "*" },
	{ "…",   NULL, "..." },
	{ "↓",   NULL, "v" },
	{ "↑",   NULL, "^" },
	{ "→",   NULL, "->" },
	{ "←",   NULL, "<-" },
	{ "“",   "\"", "\"" },
	{ "”",   "\"", "\"" },
	{ "‘",   "'",  "'" },
	{ "’",   "'",  "'" },
	{ "–",   "-",  "-" },
	{ "—",   "-",  "-" },
	{ "×",   "x",  "x" },
	{ "≤",   NULL, "<=" },
	{ "≥",   NULL, ">=" },
	{ "≈",   NULL, "~" },
	{ "\u00A0", " ", " " },
	{ "⠋",   "|",  "|" },
	{ "⠙",   "/",  "/" },
	{ "⠹",   "-",  "-" },
	{ "⠸",   "\\", "\\" },
};
/* clang-format on */

const char *glyph_text(enum glyph_set set, enum glyph g)
{
	return glyphs[g][set];
}

const char *glyph_fold(enum glyph_set set, const char *text, size_t *used)
{
	if (set == GLYPHS_UNICODE || (unsigned char)text[0] < 0x80)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(folds); i++) {
		if (!str_starts(text, folds[i].text))
			continue;
		*used = strlen(folds[i].text);
		return set == GLYPHS_ASCII ? folds[i].ascii : folds[i].cp437;
	}
	return NULL;
}
