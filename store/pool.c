/* SPDX-License-Identifier: MIT */
#include "store/pool.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 << 10)

struct pool_block {
	struct pool_block *next;
	size_t used, cap;
	_Alignas(max_align_t) char bytes[];
};

void pool_release(struct pool *p)
{
	while (p->blocks) {
		struct pool_block *next = p->blocks->next;

		free(p->blocks);
		p->blocks = next;
	}
}

char *pool_room(struct pool *p, size_t n)
{
	struct pool_block *b = p->blocks;

	if (!b || b->cap - b->used < n) {
		size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;

		b = malloc(sizeof(*b) + cap);
		if (!b)
			return NULL;
		*b = (struct pool_block){ .next = p->blocks, .cap = cap };
		p->blocks = b;
	}
	b->used += n;
	return b->bytes + b->used - n;
}

char *pool_copy(struct pool *p, const char *text)
{
	size_t n = strlen(text) + 1;
	char *to = pool_room(p, n);

	if (to)
		memcpy(to, text, n);
	return to;
}

const char *pool_text(struct pool *p, const struct doc *d, uint32_t node)
{
	size_t cap = doc_text_cap(d, node);
	char *to;

	if (doc_kind(d, node) != DOC_STRING)
		return "";
	to = pool_room(p, cap);
	if (to)
		doc_text(d, node, to, cap);
	return to;
}

const char *pool_key(struct pool *p, const struct doc *d, uint32_t node)
{
	size_t cap = doc_key_cap(d, node);
	char *to = pool_room(p, cap);

	if (to)
		doc_key(d, node, to, cap);
	return to;
}

char *pool_trimmed(struct pool *p, const struct doc *d, uint32_t node)
{
	size_t cap = doc_text_cap(d, node);
	char *to = pool_room(p, cap);
	size_t n;

	if (!to)
		return NULL;
	doc_text(d, node, to, cap);
	to += strspn(to, " \t\r\n");
	for (n = strlen(to); n && strchr(" \t\r\n", to[n - 1]); n--)
		to[n - 1] = '\0';
	return to;
}

const char **pool_pointers(struct pool *p, size_t n)
{
	size_t slack = _Alignof(char *) - 1;
	char *room;

	if (n > (SIZE_MAX - slack) / sizeof(char *))
		return NULL;
	room = pool_room(p, n * sizeof(char *) + slack);
	if (!room)
		return NULL;
	room += (_Alignof(char *) - (uintptr_t)room % _Alignof(char *)) % _Alignof(char *);
	return (const char **)(void *)room;
}
