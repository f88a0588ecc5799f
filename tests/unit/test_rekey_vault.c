/* SPDX-License-Identifier: MIT */

/* A new master key: every slot opens it, nothing opens with the old one. */

#include "store/vault_rekey.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "tests/unit/vault_fixture.h"

struct ring {
	struct slot_key keys[3];
	struct secret code;
};

/* The key file's slot s1, a second one s2 for a key of 0x44, a recovery code s3. */
static void ring_make(struct ring *r, struct fixture *fx)
{
	struct secret file = fixture_key_of(fx, ".key");
	struct secret kek = fixture_key(0x44);
	struct err e = { 0 };

	*r = (struct ring){ 0 };
	assert_ok(slot_key_for(&r->keys[0], &fx->v, vault_slot(&fx->v, "s1"), &file, &e), e);
	assert_ok(slot_key_file(&r->keys[1], &kek, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &r->keys[1], &e), e);
	assert_ok(recovery_new(&r->code, &e), e);
	assert_ok(slot_key_recovery(&r->keys[2], &r->code, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &r->keys[2], &e), e);
	secret_release(&file);
	secret_release(&kek);
}

static void ring_release(struct ring *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->keys); i++)
		slot_key_release(&r->keys[i]);
	secret_release(&r->code);
}

static void new_master_key_opens_through_every_slot(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x44);
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 3 };
	struct err e = { 0 };
	struct secret before = { 0 };
	struct vault v;

	fixture_put(&fx->v, "b", "newer-b", true);
	fixture_put(&fx->v, "b", "value-of-b", true);
	ring_make(&r, fx);
	assert_ok(secret_copy(&before, &fx->v.vmk, &e), e);
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	assert_int_equal(fx->v.scope.epoch, 2);
	assert_false(secret_equal(&before, &fx->v.vmk));

	v = fixture_reopen(fx);
	assert_int_equal(v.scope.epoch, 2);
	assert_int_equal(v.slot_count, 3);
	assert_int_equal(v.age, VAULT_AGE_CURRENT);
	assert_int_equal(vault_find(&v, "main/b/key")->rev, 3);
	assert_int_equal(vault_find(&v, "main/b/key")->ts, 1760000000);
	fixture_expect(&v, "main/b/key/prev", "newer-b");
	vault_release(&v);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_recovery(&v, &r.code, &e), e);
	vault_release(&v);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_key(&v, &kek, &e), e);
	assert_string_equal(v.opened_by, "s2");
	vault_release(&v);
	secret_release(&kek);
	secret_release(&before);
	ring_release(&r);
}

static void old_master_key_opens_nothing_new(void **state)
{
	struct fixture *fx = *state;
	struct secret old = { 0 };
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 3 };
	struct err e = { 0 };
	struct vault v;

	ring_make(&r, fx);
	assert_ok(secret_copy(&old, &fx->v.vmk, &e), e);
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	v = fixture_reopen(fx);
	for (size_t i = 0; i < v.record_count; i++) {
		struct vault with_old = { .scope = v.scope, .open = true };
		struct secret key = { 0 };
		struct secret value = { 0 };
		struct canon aad;
		const struct vault_record *rec = &v.records[i];
		const struct sealed sealed = { rec->n, rec->c, rec->c_len };

		canon_start(&aad, "tfv1/record", &with_old.scope);
		canon_text(&aad, rec->id);
		canon_text(&aad, rec->agent);
		canon_text(&aad, rec->profile);
		canon_text(&aad, rec->provider);
		canon_text(&aad, rec->field);
		canon_u64(&aad, rec->rev);
		/* The control: the new key opens with these very bytes. */
		assert_true(key_derive(&key, &v.vmk, 1, "tfvRecrd", &e));
		assert_true(open_secret(&value, &sealed, &key, &aad, NULL));
		secret_release(&key);
		assert_true(key_derive(&key, &old, 1, "tfvRecrd", &e));
		assert_false(open_secret(&value, &sealed, &key, &aad, NULL));
		secret_release(&key);
		secret_release(&value);
	}
	vault_release(&v);
	secret_release(&old);
	ring_release(&r);
}

static void backup_of_the_old_epoch_stays_unless_it_is_compromised(void **state)
{
	struct fixture *fx = *state;
	struct ring r;
	struct rekey how = { .keys = r.keys, .count = 3 };
	struct err e = { 0 };
	struct vault v;

	ring_make(&r, fx);
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	assert_ok(vault_load(&v, fx->bak, &e), e);
	assert_int_equal(v.scope.epoch, 1);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	vault_release(&v);
	how.compromised = true;
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	assert_int_equal(access(fx->bak, F_OK), -1);
	v = fixture_reopen(fx);
	assert_int_equal(v.scope.epoch, 3);
	vault_release(&v);
	ring_release(&r);
}

static void slot_without_its_key_is_dropped(void **state)
{
	struct fixture *fx = *state;
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 1 };
	const struct rekey nothing = { .keys = r.keys };
	struct err e = { 0 };
	struct vault v;

	ring_make(&r, fx);
	assert_err(vault_rekey_master(&fx->v, fx->path, &nothing, &e), e, ERR_REFUSED);
	assert_int_equal(fx->v.scope.epoch, 1);
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	v = fixture_reopen(fx);
	assert_int_equal(v.slot_count, 1);
	assert_string_equal(v.slots[0].id, "s1");
	assert_err(vault_unlock_recovery(&v, &r.code, &e), e, ERR_NOT_FOUND);
	vault_release(&v);
	ring_release(&r);
}

static void wrong_key_for_a_slot_changes_nothing(void **state)
{
	struct fixture *fx = *state;
	struct buf before;
	struct buf after;
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 3 };
	struct err e = { 0 };
	struct vault v;

	ring_make(&r, fx);
	before = fixture_read(fx->path);
	r.keys[1].kek.len--;
	assert_false(vault_rekey_master(&fx->v, fx->path, &how, &e));
	r.keys[1].kek.len++;
	assert_int_equal(fx->v.scope.epoch, 1);
	after = fixture_read(fx->path);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.p, after.p, before.len);
	v = fixture_reopen(fx);
	vault_release(&v);
	buf_release(&before);
	buf_release(&after);
	ring_release(&r);
}

/* Whoever still has the vault open with the old key must not write it back. */
static void writer_with_the_old_key_is_stopped(void **state)
{
	struct fixture *fx = *state;
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 3 };
	struct err e = { 0 };
	struct vault other;
	struct vault v;

	ring_make(&r, fx);
	other = fixture_reopen(fx);
	assert_ok(vault_rekey_master(&fx->v, fx->path, &how, &e), e);
	fixture_put(&other, "d", "late", false);
	assert_err(vault_save(&other, fx->path, &e), e, ERR_BUSY);
	assert_err(vault_reload(&other, fx->path, &e), e, ERR_BUSY);
	v = fixture_reopen(fx);
	assert_null(vault_find(&v, "main/d/key"));
	vault_release(&v);
	vault_release(&other);
	ring_release(&r);
}

static void locked_and_damaged_vaults_get_no_new_key(void **state)
{
	struct fixture *fx = *state;
	struct ring r;
	const struct rekey how = { .keys = r.keys, .count = 3 };
	struct buf text;
	struct err e = { 0 };
	struct vault v;

	ring_make(&r, fx);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_err(vault_rekey_master(&v, fx->path, &how, &e), e, ERR_KEY);
	vault_release(&v);

	/* A time stamp that the MAC does not fit: the file still parses, and serves. */
	text = fixture_read(fx->path);
	memcpy(strstr(text.p, "1760000000"), "1760000001", 10);
	assert_ok(vault_parse(&v, text.p, text.len, &e), e);
	vault_tolerate(&v);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_err(vault_rekey_master(&v, fx->path, &how, &e), e, ERR_DAMAGED);
	assert_int_equal(v.scope.epoch, 1);
	vault_release(&v);
	buf_release(&text);
	ring_release(&r);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup_three, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(new_master_key_opens_through_every_slot),
		TEST(old_master_key_opens_nothing_new),
		TEST(backup_of_the_old_epoch_stays_unless_it_is_compromised),
		TEST(slot_without_its_key_is_dropped),
		TEST(wrong_key_for_a_slot_changes_nothing),
		TEST(writer_with_the_old_key_is_stopped),
		TEST(locked_and_damaged_vaults_get_no_new_key),
	};
#undef TEST
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
