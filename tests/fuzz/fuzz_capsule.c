/* SPDX-License-Identifier: MIT */

/*
 * The reader of a capsule. The first byte of the input chooses what is damaged:
 *
 *   'f'  the rest is a file: what anybody can send, with the sum as it is
 *   's'  the same, with the sum at its end made right, so that head and lengths are reached
 *   'b'  the rest is the contents of a capsule that somebody with the passphrase made
 *
 * No passphrase is tried for 's': the head decides its cost. What was read from 'b' must have
 * every text and value inside of the contents, and ids in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/capsule.h"
#include "store/capsule_body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_refusal(const struct err *e)
{
	return e->msg[0] && (e->code == ERR_DAMAGED || e->code == ERR_NEWER);
}

static void read_head(const char *p, size_t n)
{
	struct capsule_head head = { 0 };
	struct err e = { 0 };

	if (!capsule_check(&head, p, n, &e)) {
		check(is_refusal(&e));
		return;
	}
	check(head.version == CAPSULE_VERSION && kdf_cost_check(&head.cost, NULL));
	check(head.sealed_len >= SEAL_TAG_BYTES && head.sealed_len < n);
}

static void read_summed(const uint8_t *data, size_t size)
{
	struct buf file = { 0 };

	check(buf_add(&file, data, size, NULL));
	if (file.len >= MAC_BYTES)
		hash_of((unsigned char *)file.p + file.len - MAC_BYTES, file.p,
			file.len - MAC_BYTES);
	read_head(file.p ? file.p : "", file.len);
	buf_release(&file);
}

static bool inside(const struct capsule *c, const char *p, size_t n)
{
	return p >= c->body.bytes && n <= c->body.len &&
	       (size_t)(p - c->body.bytes) <= c->body.len - n;
}

static void check_text(const struct capsule *c, const char *p)
{
	check(inside(c, p, 1) && inside(c, p, strlen(p) + 1));
}

static void check_contents(const struct capsule *c)
{
	for (size_t i = 0; i < c->record_count; i++) {
		const struct capsule_record *r = &c->records[i];

		check_text(c, r->agent);
		check_text(c, r->field);
		check(vault_record_id_valid(r->id) && r->len && r->len <= SECRET_MAX);
		check(inside(c, r->value, r->len) && !r->value[r->len]);
		check(strlen(r->value) == r->len);
		check(!i || strcmp(c->records[i - 1].id, r->id) < 0);
		check(capsule_find(c, r->id) == r);
	}
	for (size_t i = 0; i < c->profile_count; i++)
		check_text(c, c->profiles[i].email);
	for (size_t i = 0; i < c->line_count; i++)
		check_text(c, c->lines[i].record);
}

/* As capsule_open() leaves it: the contents in guarded memory, with a NUL behind them. */
static void read_body(const uint8_t *data, size_t size)
{
	struct capsule c = { 0 };
	struct err e = { 0 };

	check(secret_init(&c.body, size + 1, NULL) && secret_set(&c.body, data, size));
	c.body.bytes[size] = '\0';
	if (body_read(&c, &e))
		check_contents(&c);
	else
		check(is_refusal(&e));
	capsule_release(&c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(crypto_start(NULL));
	if (!size)
		return 0;
	switch (data[0]) {
	case 'f':
		read_head((const char *)data + 1, size - 1);
		break;
	case 's':
		read_summed(data + 1, size - 1);
		break;
	default:
		read_body(data + 1, size - 1);
		break;
	}
	return 0;
}
