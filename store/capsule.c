/* SPDX-License-Identifier: MIT */
#include "store/capsule.h"

#include <stdlib.h>
#include <string.h>

#include "store/capsule_body.h"

static const unsigned char magic[8] = { 0x89, 'T', 'F', 'C', '\r', '\n', 0x1a, '\n' };

enum {
	AT_VERSION = 8,
	AT_RESERVED = 10,
	AT_OPS = 12,
	AT_MEM = 20,
	AT_SALT = 28,
	AT_VAULT = 44,
	AT_MADE = 60,
	AT_NONCE = 68,
	AT_LENGTH = 92,
	AT_KC = 100,
};

_Static_assert(AT_KC + MAC_BYTES == CAPSULE_HEAD_BYTES, "the head ends with kc");

enum {
	SUBKEY_BODY = 1,
	SUBKEY_COMMIT = 2
};

static const char context_body[] = "tfcBodyK";
static const char context_commit[] = "tfcCommt";

/* --- head ------------------------------------------------------------------------------------ */

static void put_be(unsigned char *to, uint64_t x, size_t n)
{
	while (n--) {
		to[n] = (unsigned char)(x & 0xff);
		x >>= 8;
	}
}

static uint64_t get_be(const unsigned char *from, size_t n)
{
	uint64_t x = 0;

	while (n--)
		x = x << 8 | *from++;
	return x;
}

static void write_head(unsigned char out[CAPSULE_HEAD_BYTES], const struct capsule_head *h)
{
	memcpy(out, magic, sizeof(magic));
	put_be(out + AT_VERSION, h->version, 2);
	put_be(out + AT_RESERVED, 0, 2);
	put_be(out + AT_OPS, h->cost.ops, 8);
	put_be(out + AT_MEM, h->cost.mem, 8);
	memcpy(out + AT_SALT, h->salt, sizeof(h->salt));
	memcpy(out + AT_VAULT, h->vault_id, sizeof(h->vault_id));
	put_be(out + AT_MADE, h->made_s, 8);
	memcpy(out + AT_NONCE, h->nonce, sizeof(h->nonce));
	put_be(out + AT_LENGTH, h->sealed_len, 8);
	memcpy(out + AT_KC, h->kc, sizeof(h->kc));
}

static void read_head(struct capsule_head *h, const unsigned char *p)
{
	h->version = (unsigned)get_be(p + AT_VERSION, 2);
	h->cost.ops = get_be(p + AT_OPS, 8);
	h->cost.mem = get_be(p + AT_MEM, 8);
	memcpy(h->salt, p + AT_SALT, sizeof(h->salt));
	memcpy(h->vault_id, p + AT_VAULT, sizeof(h->vault_id));
	h->made_s = get_be(p + AT_MADE, 8);
	memcpy(h->nonce, p + AT_NONCE, sizeof(h->nonce));
	h->sealed_len = get_be(p + AT_LENGTH, 8);
	memcpy(h->kc, p + AT_KC, sizeof(h->kc));
}

bool capsule_check(struct capsule_head *head, const char *p, size_t n, struct err *e)
{
	const unsigned char *bytes = (const unsigned char *)p;
	unsigned char sum[MAC_BYTES];

	if (n < sizeof(magic) || memcmp(p, magic, sizeof(magic)) != 0)
		return err_set(e, ERR_DAMAGED,
			n ? "this is no capsule, or its beginning is damaged" : "it is empty");
	if (n < CAPSULE_HEAD_BYTES + SEAL_TAG_BYTES + MAC_BYTES)
		return err_set(e, ERR_DAMAGED, "the capsule is cut off");
	hash_of(sum, p, n - MAC_BYTES);
	if (!bytes_equal(sum, p + n - MAC_BYTES, MAC_BYTES)) {
		err_set(e, ERR_DAMAGED, "the capsule is cut off or damaged");
		return err_hint(e,
			"copy it again from where it came from; the passphrase was not "
			"tried");
	}
	read_head(head, bytes);
	if (head->version != CAPSULE_VERSION)
		return err_set(e, ERR_NEWER, "the capsule has version %u, known here is %d",
			head->version, CAPSULE_VERSION);
	if (get_be(bytes + AT_RESERVED, 2) ||
		head->sealed_len != n - CAPSULE_HEAD_BYTES - MAC_BYTES || n > CAPSULE_MAX)
		return err_set(e, ERR_DAMAGED, "the capsule's head is damaged");
	return kdf_cost_check(&head->cost, e);
}

/* --- keys ------------------------------------------------------------------------------------ */

struct capsule_keys {
	struct secret body;
	struct secret commit;
};

static void keys_release(struct capsule_keys *k)
{
	secret_release(&k->body);
	secret_release(&k->commit);
}

static bool keys_derive(struct capsule_keys *k, const struct capsule_head *h,
	const struct secret *passphrase, struct err *e)
{
	struct secret master = { 0 };
	bool ok;

	*k = (struct capsule_keys){ 0 };
	ok = kdf_passphrase(&master, passphrase, h->salt, &h->cost, e) &&
	     key_derive(&k->body, &master, SUBKEY_BODY, context_body, e) &&
	     key_derive(&k->commit, &master, SUBKEY_COMMIT, context_commit, e);
	secret_release(&master);
	return ok;
}

/* --- making ------------------------------------------------------------------------------------
 */

static bool seal_body(struct buf *out, struct capsule_head *h, const struct capsule_keys *k,
	const struct secret *body, struct err *e)
{
	unsigned char head[CAPSULE_HEAD_BYTES];
	struct aead cipher = {
		.key = &k->body, .nonce = h->nonce, .aad = head, .aad_len = sizeof(head)
	};
	size_t start = out->len;
	unsigned char sum[MAC_BYTES];

	h->sealed_len = body->len + SEAL_TAG_BYTES;
	write_head(head, h);
	if (!mac_of(h->kc, &k->commit, head, AT_KC))
		return err_set(e, ERR_FAILED, "the capsule could not be sealed");
	write_head(head, h);
	if (!buf_reserve(out, sizeof(head) + h->sealed_len + MAC_BYTES, e) ||
		!buf_add(out, head, sizeof(head), e))
		return false;
	if (!aead_seal(&cipher, (unsigned char *)out->p + out->len, body->bytes, body->len))
		return err_set(e, ERR_FAILED, "the capsule could not be sealed");
	out->len += h->sealed_len;
	hash_of(sum, out->p + start, out->len - start);
	return buf_add(out, sum, sizeof(sum), e);
}

bool capsule_make(struct buf *out, const struct capsule_contents *in,
	const struct secret *passphrase, const struct kdf_cost *cost, struct err *e)
{
	struct capsule_head head = {
		.version = CAPSULE_VERSION, .cost = *cost, .made_s = in->made_s
	};
	struct capsule_keys keys = { 0 };
	struct secret body = { 0 };
	bool ok = false;

	if (passphrase->len < CAPSULE_PASSPHRASE_MIN)
		return err_set(e, ERR_USAGE, "a capsule's passphrase has at least %d characters",
			CAPSULE_PASSPHRASE_MIN);
	memcpy(head.vault_id, in->vault->scope.vault_id, sizeof(head.vault_id));
	random_bytes(head.salt, sizeof(head.salt));
	random_bytes(head.nonce, sizeof(head.nonce));
	ok = body_write(&body, in, e) && keys_derive(&keys, &head, passphrase, e) &&
	     seal_body(out, &head, &keys, &body, e);
	keys_release(&keys);
	secret_release(&body);
	return ok;
}

/* --- opening -----------------------------------------------------------------------------------
 */

static bool open_body(struct secret *body, const struct capsule_head *h, const char *p,
	const struct capsule_keys *k, struct err *e)
{
	const unsigned char *head = (const unsigned char *)p;
	const struct aead cipher = {
		.key = &k->body, .nonce = h->nonce, .aad = head, .aad_len = CAPSULE_HEAD_BYTES
	};
	unsigned char kc[MAC_BYTES];
	size_t len = h->sealed_len - SEAL_TAG_BYTES;

	if (!mac_of(kc, &k->commit, head, AT_KC) || !bytes_equal(kc, h->kc, MAC_BYTES))
		return err_set(e, ERR_KEY, "the passphrase does not open this capsule");
	if (!secret_init(body, len, e))
		return false;
	if (!aead_open(&cipher, body->bytes, head + CAPSULE_HEAD_BYTES, h->sealed_len))
		return err_set(e, ERR_DAMAGED, "the capsule was changed after it was made");
	body->len = len;
	body->bytes[len] = '\0';
	return true;
}

bool capsule_open(
	struct capsule *c, const char *p, size_t n, const struct secret *passphrase, struct err *e)
{
	struct capsule_keys keys = { 0 };
	bool ok;

	*c = (struct capsule){ 0 };
	ok = capsule_check(&c->head, p, n, e) && keys_derive(&keys, &c->head, passphrase, e) &&
	     open_body(&c->body, &c->head, p, &keys, e) && body_read(c, e);
	keys_release(&keys);
	if (!ok)
		capsule_release(c);
	return ok;
}

void capsule_release(struct capsule *c)
{
	free(c->records);
	free(c->profiles);
	free(c->lines);
	secret_release(&c->body);
	*c = (struct capsule){ 0 };
}

/* --- asking --------------------------------------------------------------------------------------
 */

const struct capsule_record *capsule_find(const struct capsule *c, const char *id)
{
	for (size_t i = 0; i < c->record_count; i++)
		if (strcmp(c->records[i].id, id) == 0)
			return &c->records[i];
	return NULL;
}

/* Every text with its NUL, so that no two records run together to the same bytes. */
static bool hash_record(
	unsigned char out[MAC_BYTES], const struct secret *key, const struct capsule_record *r)
{
	const char *const texts[] = { r->id, r->agent, r->profile, r->provider, r->field };
	struct mac m;

	if (!mac_begin(&m, key))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		mac_add(&m, texts[i], strlen(texts[i]) + 1);
	mac_add(&m, r->value, r->len);
	mac_end(&m, out);
	return true;
}

enum capsule_match capsule_compare(
	const struct capsule_record *r, const struct vault *v, const struct secret *key)
{
	const struct vault_record *there = vault_find(v, r->id);
	enum capsule_match match = CAPSULE_UNREADABLE;
	unsigned char mine[MAC_BYTES];
	unsigned char theirs[MAC_BYTES];
	struct secret value = { 0 };

	if (!there)
		return CAPSULE_MISSING;
	if (vault_get(v, r->id, &value, NULL)) {
		const struct capsule_record other = { .id = there->id,
			.agent = there->agent,
			.profile = there->profile,
			.provider = there->provider,
			.field = there->field,
			.value = value.bytes,
			.len = value.len };

		if (hash_record(mine, key, r) && hash_record(theirs, key, &other))
			match = bytes_equal(mine, theirs, MAC_BYTES) ? CAPSULE_SAME
								     : CAPSULE_DIFFERS;
	}
	secret_release(&value);
	return match;
}
