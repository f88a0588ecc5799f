/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct str str_on(char *p, size_t cap)
{
	if (cap)
		p[0] = '\0';
	return (struct str){ .p = p, .cap = cap };
}

void str_addn(struct str *s, const char *text, size_t n)
{
	size_t room = s->cap ? s->cap - 1 - s->len : 0;

	if (n > room) {
		n = room;
		s->cut = true;
	}
	if (!s->cap)
		return;
	memcpy(s->p + s->len, text, n);
	s->len += n;
	s->p[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_fmt(struct str *s, const char *fmt, ...)
{
	size_t room = s->cap ? s->cap - s->len : 0;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(room ? s->p + s->len : NULL, room, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= room) {
		s->cut = true;
		s->len = s->cap ? s->cap - 1 : 0;
		return;
	}
	s->len += (size_t)n;
}

/* Never realloc: it may leave the old bytes behind. */
bool buf_reserve(struct buf *b, size_t more, struct err *e)
{
	size_t cap = b->cap ? b->cap : 256;
	size_t want;
	char *p;

	if (more < b->cap && b->len + more + 1 <= b->cap)
		return true;
	want = more > BUF_MAX ? BUF_MAX + 1 : b->len + more + 1;
	if (want > BUF_MAX)
		return err_set(e, ERR_MEMORY, "more than %zu MiB of text", BUF_MAX >> 20);
	while (cap < want)
		cap *= 2;
	p = malloc(cap);
	if (!p)
		return err_set(e, ERR_MEMORY, "out of memory for %zu bytes", cap);
	if (b->p) {
		memcpy(p, b->p, b->len);
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	p[b->len] = '\0';
	b->p = p;
	b->cap = cap;
	return true;
}

bool buf_add(struct buf *b, const void *p, size_t n, struct err *e)
{
	return buf_splice(b, b->len, 0, p, n, e);
}

bool buf_text(struct buf *b, const char *text, struct err *e)
{
	return buf_add(b, text, strlen(text), e);
}

bool buf_fmt(struct buf *b, struct err *e, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n, e)) {
		va_end(again);
		return n < 0 ? err_set(e, ERR_FAILED, "cannot format text") : false;
	}
	vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
	return true;
}

bool buf_splice(struct buf *b, size_t at, size_t n, const void *with, size_t with_n, struct err *e)
{
	size_t tail = b->len - at - n;

	if (!buf_reserve(b, with_n, e))
		return false;
	memmove(b->p + at + with_n, b->p + at + n, tail);
	if (with_n)
		memcpy(b->p + at, with, with_n);
	if (with_n < n)
		explicit_bzero(b->p + at + with_n + tail, n - with_n);
	b->len = at + with_n + tail;
	b->p[b->len] = '\0';
	return true;
}

void buf_release(struct buf *b)
{
	if (b->p) {
		explicit_bzero(b->p, b->cap);
		free(b->p);
	}
	*b = (struct buf){ 0 };
}

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t n = strlen(text);
	size_t m = strlen(suffix);

	return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool str_equal_nocase(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool str_copy(char *to, size_t cap, const char *from)
{
	struct str s = str_on(to, cap);

	str_add(&s, from);
	return !s.cut;
}
