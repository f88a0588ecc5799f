/* SPDX-License-Identifier: MIT */
#include "cli/line_answer.h"

enum {
	BACKSPACE = 8,
	CTRL_U = 21,
	DELETE = 127
};

void answer_add(struct answer *a, char c)
{
	a->total++;
	if (a->total == a->text->len + 1)
		secret_insert(a->text, a->text->len, &c, 1);
}

void answer_clear(struct answer *a)
{
	secret_clear(a->text);
	a->total = 0;
}

/* Back over a whole UTF-8 character. */
static void answer_erase(struct answer *a)
{
	struct secret *s = a->text;
	size_t n = s->len;

	if (a->total > s->len)
		return; /* it is too long already */
	while (n > 0 && ((unsigned char)s->bytes[n - 1] & 0xC0) == 0x80)
		n--;
	n = n ? n - 1 : 0;
	secret_remove(s, n, s->len - n);
	a->total = s->len;
}

bool answer_edit(struct answer *a, char c)
{
	switch (c) {
	case BACKSPACE:
	case DELETE:
		answer_erase(a);
		return true;
	case CTRL_U:
		answer_clear(a);
		return true;
	default:
		return false;
	}
}
