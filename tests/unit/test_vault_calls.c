/* SPDX-License-Identifier: MIT */

/* A vault whose text was touched, or whose key was, or whose write fails: what is said, and kept.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/recovery.h"
#include "store/vault_impl.h"
#include "store/vault_rekey.h"
#include "tests/unit/fault.h"
#include "tests/unit/vault_fixture.h"

static int setup_group(void **state)
{
	(void)state;
	return crypto_start(NULL) ? 0 : -1;
}

static struct vault opened(const struct fixture *fx)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	return v;
}

static void key_path(const struct fixture *fx, const char *end, char out[FS_PATH_MAX])
{
	snprintf(out, FS_PATH_MAX, "%s/%s.key%s", fx->keys, fx->v.id, end);
}

/* --- the text ------------------------------------------------------------------------- */

/* The first `what` after the first `after` becomes `with`. */
static struct buf edited(
	const struct fixture *fx, const char *after, const char *what, const char *with)
{
	struct buf was = fixture_read(fx->path);
	struct buf out = { 0 };
	const char *at = strstr(was.p, after);

	at = at ? strstr(at, what) : NULL;
	if (!at)
		fail_msg("no %s after %s in %s", what, after, was.p);
	assert_true(buf_add(&out, was.p, (size_t)(at - was.p), NULL) &&
		    buf_text(&out, with, NULL) && buf_text(&out, at + strlen(what), NULL));
	buf_release(&was);
	return out;
}

static void each_break_of_the_text_is_named(void **state)
{
	static const struct {
		const char *after;
		const char *what;
		const char *with;
		const char *says;
	} rows[] = {
		{ "\"epoch\"", ",", " ", "a comma must be here" },
		{ "\"slots\"", ",", " ", "a comma must be here" },
		{ "\"records\"", ",", " ", "a comma must be here" },
		{ "\"slots\"", "{", " ", "an object must be here" },
		{ "\"records\"", "{", " ", "an object must be here" },
		{ "\"slots\"", "[", " ", "a list must be here" },
		{ "\"slots\"", "]", "}", "] must be here" },
		{ "\"slots\"", "}", " ", "} must be here" },
		{ "\"records\"", "\"rev\":1", "\"rev\":0", "has an impossible number" },
		{ "\"gen\"", ":", ":0", "\"gen\" has an impossible value" },
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf text = edited(fx, rows[i].after, rows[i].what, rows[i].with);
		struct vault v;
		struct err e;

		assert_err(vault_parse(&v, text.p, text.len, &e), e, ERR_DAMAGED);
		if (!strstr(e.msg, rows[i].says))
			fail_msg("row %zu: %s", i, e.msg);
		vault_release(&v);
		buf_release(&text);
	}
}

static void the_largest_number_is_one(void **state)
{
	static const struct {
		const char *name;
		const char *most;
		const char *more;
	} rows[] = {
		{ "\"gen\":", "\"gen\":9007199254740991,\"x", "\"gen\":9007199254740992,\"x" },
		{ "\"epoch\":", "\"epoch\":4294967295,\"x", "\"epoch\":4294967296,\"x" },
	};
	struct fixture *fx = *state;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		for (int more = 0; more < 2; more++) {
			struct buf text = edited(
				fx, rows[i].name, rows[i].name, more ? rows[i].more : rows[i].most);
			struct vault v;
			struct err e = { 0 };

			/* What follows it is what the number was, and no member: it stops there. */
			assert_false(vault_parse(&v, text.p, text.len, &e));
			assert_int_equal(strstr(e.msg, "has an impossible value") != NULL, more);
			vault_release(&v);
			buf_release(&text);
		}
}

static void a_vault_is_as_large_as_its_own_text(void **state)
{
	struct fixture *fx = *state;
	struct buf out = { 0 };
	struct err e = { 0 };

	assert_true(buf_reserve(&out, VAULT_TEXT_MAX, NULL));
	memset(out.p, ' ', VAULT_TEXT_MAX);
	out.len = VAULT_TEXT_MAX;
	assert_ok(vault_encode(&fx->v, &out, &e), e);
	buf_release(&out);
}

/* --- what was opened, and by what ------------------------------------------------------ */

static void a_key_file_of_another_vault_is_named_with_this_one(void **state)
{
	struct fixture *fx = *state;
	char path[FS_PATH_MAX];
	char other[FS_PATH_MAX];
	struct vault v;
	struct buf text;
	struct err e = { 0 };

	assert_ok(vault_create(&v, fx->keys, &e), e);
	snprintf(other, sizeof(other), "%s/%s.key", fx->keys, v.id);
	vault_release(&v);
	text = fixture_read(other);
	key_path(fx, "", path);
	fixture_write(path, text.p, text.len, 0600);
	buf_release(&text);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_KEY);
	assert_non_null(strstr(e.msg, path));
	assert_non_null(strstr(e.msg, fx->path));
	assert_non_null(strstr(e.hint, "belongs to another vault"));
	vault_release(&v);
	text = fixture_read(fx->path);
	assert_ok(vault_parse(&v, text.p, text.len, &e), e);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_KEY);
	assert_non_null(strstr(e.msg, "does not open this vault"));
	vault_release(&v);
	buf_release(&text);
}

static void a_code_that_fits_no_slot_is_named_as_one(void **state)
{
	struct fixture *fx = *state;
	struct secret codes[2];
	struct slot_key k;
	struct vault v;
	struct err e = { 0 };

	for (size_t i = 0; i < 2; i++)
		assert_ok(recovery_new(&codes[i], &e), e);
	assert_ok(slot_key_recovery(&k, &codes[0], &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_err(vault_unlock_recovery(&v, &codes[1], &e), e, ERR_KEY);
	assert_non_null(strstr(e.msg, "the recovery code does not open this vault"));
	assert_ok(vault_unlock_recovery(&v, &codes[0], &e), e);
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&codes[0]);
	secret_release(&codes[1]);
}

static void a_key_opens_a_credential_slot_too(void **state)
{
	struct fixture *fx = *state;
	struct secret key = fixture_key(9);
	struct slot_key k;
	struct vault v;
	struct err e = { 0 };
	char path[FS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/bot", fx->dir);
	fixture_write(path, key.bytes, key.len, 0400);
	assert_ok(slot_key_credential(&k, fx->dir, "bot", &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_ok(vault_unlock_key(&v, &key, &e), e);
	assert_string_equal(v.opened_by, k.slot.id);
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&key);
}

static void reloading_and_a_new_master_key_keep_what_opened_it(void **state)
{
	struct fixture *fx = *state;
	struct secret file = { 0 };
	struct vault v = opened(fx);
	struct vault other = opened(fx);
	struct slot_key k;
	struct rekey how = { .keys = &k, .count = 1 };
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_string_equal(v.opened_by, "s1");
	assert_ok(vault_reload(&v, fx->path, &e), e);
	assert_string_equal(v.opened_by, "s1");
	key_path(fx, "", path);
	assert_ok(keyfile_read(path, &file, &e), e);
	assert_ok(slot_key_for(&k, &v, &v.slots[0], &file, &e), e);
	assert_ok(vault_rekey_master(&v, fx->path, &how, &e), e);
	assert_string_equal(v.opened_by, "s1");
	assert_err(vault_reload(&other, fx->path, &e), e, ERR_BUSY);
	assert_string_equal(e.hint, "nothing was changed; run the command again");
	vault_release(&v);
	vault_release(&other);
	slot_key_release(&k);
	secret_release(&file);
}

static void a_reload_that_is_no_race_says_no_such_thing(void **state)
{
	struct fixture *fx = *state;
	struct buf text = edited(fx, "\"records\"", "main/a/key", "main/a/kex");
	struct vault v = opened(fx);
	struct err e;

	fixture_write(fx->path, text.p, text.len, 0600);
	assert_err(vault_reload(&v, fx->path, &e), e, ERR_DAMAGED);
	assert_null(strstr(e.hint, "run the command again"));
	vault_release(&v);
	buf_release(&text);
}

/* --- slots and key files --------------------------------------------------------------- */

static void a_slot_that_cannot_go_is_named_with_its_vault(void **state)
{
	struct vault v = opened(*state);
	struct fixture *fx = *state;
	struct err e;

	assert_err(vault_slot_remove(&v, "s9", &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, fx->path));
	assert_err(vault_slot_remove(&v, "s1", &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, fx->path));
	vault_release(&v);
}

static void a_successor_of_the_key_file_is_noticed(void **state)
{
	struct fixture *fx = *state;
	char next[FS_PATH_MAX];

	assert_false(vault_rekey_pending(&fx->v, fx->keys));
	key_path(fx, ".new", next);
	fixture_write(next, "", 0, 0600);
	assert_true(vault_rekey_pending(&fx->v, fx->keys));
}

static void a_damaged_key_file_is_not_a_missing_one(void **state)
{
	struct fixture *fx = *state;
	char path[FS_PATH_MAX];
	struct vault v = opened(fx);
	struct err e;

	key_path(fx, "", path);
	fixture_write(path, "short", 5, 0600);
	assert_err(vault_rekey_file(&v, fx->path, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, path));
	vault_release(&v);
}

/* The vault still has the slot: its key file is where it was. */
static void a_slot_that_could_not_go_keeps_its_key_file(void **state)
{
	struct fixture *fx = *state;
	struct secret key = fixture_key(5);
	struct slot_key k;
	char path[FS_PATH_MAX];
	struct vault v;
	struct err e = { 0 };

	assert_ok(slot_key_file(&k, &key, &e), e);
	assert_ok(vault_slot_install(&fx->v, fx->path, &k, &e), e);
	v = opened(fx);
	str_copy(v.opened_by, sizeof(v.opened_by), k.slot.id);
	fault_only("renameat");
	fault_at(1, EIO);
	fault_on();
	assert_err(vault_slot_discard(&v, fx->path, "s1", &e), e, ERR_IO);
	assert_true(fault_end());
	key_path(fx, "", path);
	assert_int_equal(access(path, F_OK), 0);
	assert_false(vault_rekey_pending(&v, fx->keys));
	vault_release(&v);
	v = opened(fx);
	assert_string_equal(v.opened_by, "s1");
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&key);
}

static void only_a_record_that_does_not_open_is_mended(void **state)
{
	struct fixture *fx = *state;
	struct vault v = opened(fx);
	struct err e = { 0 };

	v.mac_ok = false;
	v.records[0].c[0] ^= 1;
	assert_ok(vault_mend(&v, v.records[0].id, &e), e);
	assert_true(v.mended);
	assert_err(vault_mend(&v, v.records[1].id, &e), e, ERR_DAMAGED);
	assert_false(v.mended);
	assert_err(vault_mend(&v, "main/none/key", &e), e, ERR_DAMAGED);
	v.mac_ok = true;
	assert_ok(vault_mend(&v, v.records[1].id, &e), e);
	assert_false(v.mended);
	vault_release(&v);
}

/* --- what is written -------------------------------------------------------------------- */

/* Nobody can open it, so nobody can say what it holds: only the same bytes are the same. */
static void a_record_that_does_not_open_equals_only_its_very_bytes(void **state)
{
	struct vault a = opened(*state);
	struct vault b = opened(*state);
	struct vault_record *mine = &a.records[0];
	struct vault_record *theirs = &b.records[0];
	const struct vault_record kept = *theirs;

	mine->c[0] ^= 1;
	assert_false(vault_records_equal(&a, &b, NULL));
	theirs->c[0] ^= 1;
	assert_true(vault_records_equal(&a, &b, NULL));
	theirs->rev++;
	assert_false(vault_records_equal(&a, &b, NULL));
	*theirs = kept;
	theirs->ts++;
	assert_false(vault_records_equal(&a, &b, NULL));
	*theirs = kept;
	theirs->c_len--;
	assert_false(vault_records_equal(&a, &b, NULL));
	*theirs = kept;
	theirs->n[0] ^= 1;
	assert_false(vault_records_equal(&a, &b, NULL));
	*theirs = kept;
	theirs->c[1] ^= 1;
	assert_false(vault_records_equal(&a, &b, NULL));
	theirs->c[1] ^= 1;
	mine->fresh = true;
	assert_false(vault_records_equal(&a, &b, NULL));
	mine->fresh = false;
	assert_true(vault_records_equal(&a, &b, NULL));
	mine->c[0] ^= 1;
	assert_false(vault_records_equal(&a, &b, NULL));
	vault_release(&a);
	vault_release(&b);
}

static void a_locked_vault_is_not_mended(void **state)
{
	struct fixture *fx = *state;
	struct vault v;
	struct err e = { 0 };

	assert_ok(vault_load(&v, fx->path, &e), e);
	assert_err(vault_mend(&v, v.records[0].id, &e), e, ERR_KEY);
	assert_false(v.mended);
	vault_release(&v);
}

/* Memory runs out at each of the first 256 characters: in the head, in a name, in a number. */
static void a_text_without_memory_stops_where_it_is(void **state)
{
	struct fixture *fx = *state;

	for (size_t before = 0; before < 256; before++) {
		struct buf out = { 0 };
		struct err e = { 0 };

		assert_true(buf_reserve(&out, 255, NULL));
		assert_int_equal(out.cap, 256);
		memset(out.p, ' ', before);
		out.len = before;
		fault_only("malloc");
		fault_at(1, ENOMEM);
		assert_err(vault_format(&fx->v, 2, fx->v.mac, &out, &e), e, ERR_MEMORY);
		assert_true(fault_end());
		assert_true(out.len < 256);
		buf_release(&out);
	}
}

#define with_vault(test)                                                                           \
	cmocka_unit_test_setup_teardown(test, fixture_setup_three, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_vault(each_break_of_the_text_is_named),
		with_vault(the_largest_number_is_one),
		with_vault(a_vault_is_as_large_as_its_own_text),
		with_vault(a_key_file_of_another_vault_is_named_with_this_one),
		with_vault(a_code_that_fits_no_slot_is_named_as_one),
		with_vault(a_key_opens_a_credential_slot_too),
		with_vault(reloading_and_a_new_master_key_keep_what_opened_it),
		with_vault(a_reload_that_is_no_race_says_no_such_thing),
		with_vault(a_slot_that_cannot_go_is_named_with_its_vault),
		with_vault(a_successor_of_the_key_file_is_noticed),
		with_vault(a_damaged_key_file_is_not_a_missing_one),
		with_vault(a_slot_that_could_not_go_keeps_its_key_file),
		with_vault(only_a_record_that_does_not_open_is_mended),
		with_vault(a_record_that_does_not_open_equals_only_its_very_bytes),
		with_vault(a_locked_vault_is_not_mended),
		with_vault(a_text_without_memory_stops_where_it_is),
	};

	return cmocka_run_group_tests(tests, setup_group, NULL);
}
