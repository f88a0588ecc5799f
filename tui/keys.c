/* SPDX-License-Identifier: MIT */

/*
 * Key sequences of xterm, linux, rxvt, vt220 and their relatives. Accepted
 * whatever TERM says: serial consoles, web terminals and nested multiplexers
 * send the form of some other terminal often enough. Modifiers are ignored.
 */
#include "tui/keys.h"

#include "base/str.h"

struct key_row {
	char final;
	int number; /* of "number ~"; 0: the final byte decides */
	enum keysym key;
};

static const struct key_row csi_keys[] = {
	{ 'A', 0, KEYS_UP },
	{ 'B', 0, KEYS_DOWN },
	{ 'C', 0, KEYS_RIGHT },
	{ 'D', 0, KEYS_LEFT },
	{ 'a', 0, KEYS_UP }, /* rxvt with Shift */
	{ 'b', 0, KEYS_DOWN },
	{ 'c', 0, KEYS_RIGHT },
	{ 'd', 0, KEYS_LEFT },
	{ 'H', 0, KEYS_HOME },
	{ 'F', 0, KEYS_END },
	{ 'P', 0, KEYS_F1 },
	{ 'Z', 0, KEYS_BACKTAB },
	{ '~', 1, KEYS_HOME },
	{ '~', 3, KEYS_DELETE },
	{ '~', 4, KEYS_END },
	{ '~', 5, KEYS_PAGE_UP },
	{ '~', 6, KEYS_PAGE_DOWN },
	{ '~', 7, KEYS_HOME },
	{ '~', 8, KEYS_END },
	{ '~', 11, KEYS_F1 },
};

static const struct key_row ss3_keys[] = {
	{ 'A', 0, KEYS_UP }, { 'B', 0, KEYS_DOWN }, { 'C', 0, KEYS_RIGHT }, { 'D', 0, KEYS_LEFT },
	{ 'a', 0, KEYS_UP }, /* rxvt with Ctrl */
	{ 'b', 0, KEYS_DOWN }, { 'c', 0, KEYS_RIGHT }, { 'd', 0, KEYS_LEFT }, { 'H', 0, KEYS_HOME },
	{ 'F', 0, KEYS_END }, { 'P', 0, KEYS_F1 },
	{ 'M', 0, KEYS_ENTER }, /* of the numeric keypad */
};

static enum keysym find(const struct key_row *rows, size_t n, char final, int number)
{
	for (size_t i = 0; i < n; i++) {
		if (rows[i].final == final && rows[i].number == number)
			return rows[i].key;
	}
	return KEYS_NONE;
}

enum keysym key_of_control(unsigned char c)
{
	switch (c) {
	case '\r':
	case '\n':
		return KEYS_ENTER;
	case '\t':
		return KEYS_TAB;
	case 0x08:
	case 0x7F:
		return KEYS_BACKSPACE;
	default:
		return c >= 1 && c <= 26 ? (enum keysym)(KEYS_CTRL_A + c - 1) : KEYS_NONE;
	}
}

enum keysym key_of_csi(const char *body, size_t n)
{
	char final = body[n - 1];
	int number = 0;

	if (n == 2 && body[0] == '[') /* the Linux console's function keys */
		return final == 'A' ? KEYS_F1 : KEYS_NONE;
	if (body[0] >= '<' && body[0] <= '?') /* an answer of the terminal, not a key */
		return KEYS_NONE;
	/* rxvt marks Shift, Ctrl and both with a final byte of their own. */
	if (n > 1 && (final == '$' || final == '^' || final == '@'))
		final = '~';
	for (size_t i = 0; final == '~' && body[i] >= '0' && body[i] <= '9' && i < 3; i++)
		number = number * 10 + (body[i] - '0');
	return find(csi_keys, ARRAY_LEN(csi_keys), final, number);
}

enum keysym key_of_ss3(char final, uint32_t *ch)
{
	/* The keypad in application mode, j to y. */
	static const char keypad[] = "*+,-./0123456789";

	*ch = 0;
	if (final >= 'j' && final <= 'y')
		*ch = (unsigned char)keypad[final - 'j'];
	return find(ss3_keys, ARRAY_LEN(ss3_keys), final, 0);
}
