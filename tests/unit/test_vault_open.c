/* SPDX-License-Identifier: MIT */
#include "store/vault.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/vault_impl.h"
#include "tests/unit/fake_random.h"
#include "tests/unit/vault_fixture.h"

#define EXAMPLE_MAC "ni_wqrhRvJJHmzUdSTp3Y1PoQrIrUdwE7Qt0FOVP4KU"

static const char vectors[] = TFB_SOURCE_DIR "/tests/vectors";

static struct vault load(struct fixture *fx)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	return v;
}

static void save(struct vault *v, struct fixture *fx)
{
	struct err e = { 0 };

	assert_ok(vault_save(v, fx->path, &e), e);
}

/* The example of vault-format.md as this program writes it, with the vectors' random bytes. */
static struct vault example_vault(void)
{
	static const char secret[] = "sk-ant-EXAMPLE-not-a-real-key-000000000000";
	const struct vault_put put = {
		.id = "main/anthropic:default/key",
		.agent = "main",
		.profile = "anthropic:default",
		.provider = "anthropic",
		.field = "key",
		.ts = 1760000000,
	};
	struct secret value = fixture_secret(secret);
	struct secret kek = fixture_key(0x80);
	struct err e = { 0 };
	struct vault v;

	fake_random_begin();
	fake_random_queue(0xa0, VAULT_ID_BYTES);
	fake_random_queue(0x00, SEAL_KEY_BYTES);
	fake_random_queue(0x60, SEAL_NONCE_BYTES);
	fake_random_queue(0x40, SEAL_NONCE_BYTES);
	assert_ok(vault_create_with_key(&v, &kek, &e), e);
	assert_ok(vault_put(&v, &put, &value, NULL, &e), e);
	assert_int_equal(fake_random_end(), 4);
	secret_release(&kek);
	secret_release(&value);
	return v;
}

static void example_matches_every_vector(void **state)
{
	static const char *const parts[] = {
		"\"vaultId\":\"oKGio6SlpqeoqaqrrK2urw\"",
		"\"gen\":42,",
		"\"kc\":\"p_7D_tYLgoQkZquejY7EwaMcwYgSPEB7piHnP8ufGtc\"",
		"\"kc\":\"EutXglx4SQnbRmYUBL_fw4u31noNTY4XkBlrTWHN2sc\"",
		"\"w\":\"nZz5-WP51pIlVOdlfn0okKT1LcTs0sFDkeXshvZI8C7mh7dpYUV721uBDgbH0pnB\"",
		"\"c\":\"0NrECcAcfdkCSSQT95_T5QsMibC_i8T06TraYcPdtN-dYOFwFq6XgK2rzt5ortPe8_"
		"vEgzEaBz9QPlrszdEi2WSOEc6ItUNGAclra0gX8Lo\"",
		"\"mac\":\"" EXAMPLE_MAC "\"",
	};
	struct vault v = example_vault();
	struct buf text = { 0 };
	struct err e = { 0 };

	(void)state;
	v.gen = 41;
	assert_ok(vault_encode(&v, &text, &e), e);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (!strstr(text.p, parts[i]))
			fail_msg("%s is not in %s", parts[i], text.p);
	}
	buf_release(&text);
	vault_release(&v);
}

static struct vault vector(const char *name, struct err *e)
{
	struct secret kek = fixture_key(0x80);
	char path[FS_PATH_MAX];
	struct vault v;

	assert_ok(fs_join(path, sizeof(path), vectors, name, e), *e);
	assert_ok(vault_load(&v, path, e), *e);
	assert_ok(vault_unlock_key(&v, &kek, e), *e);
	secret_release(&kek);
	return v;
}

static void vaults_of_the_second_implementation_open(void **state)
{
	struct err e = { 0 };
	struct vault v = vector("example.vault.json", &e);
	struct secret s = { 0 };

	(void)state;
	fixture_expect(
		&v, "main/anthropic:default/key", "sk-ant-EXAMPLE-not-a-real-key-000000000000");
	vault_release(&v);

	v = vector("other.vault.json", &e);
	assert_int_equal(v.scope.epoch, 7);
	assert_int_equal(v.slot_count, 4);
	assert_int_equal(v.slots[0].type, KEYSLOT_ARGON2ID);
	assert_string_equal(v.slots[1].name, "thinkfleetbot.kek");
	assert_int_equal(v.record_count, 4);
	assert_string_equal(v.records[0].profile, "google\xc3\xbc@\"a\\b\"");
	fixture_expect(&v, v.records[0].id, "x");
	assert_ok(vault_get(&v, "main/openai:default/key", &s, &e), e);
	assert_int_equal(s.len, strlen("sk-EXAMPLE-") + 3000 * strlen("long-"));
	secret_release(&s);
	vault_release(&v);
}

/* Reading and writing again keeps every byte that is not the generation's. */
static void rewriting_a_foreign_vault_keeps_its_records(void **state)
{
	struct err e = { 0 };
	struct vault v = vector("other.vault.json", &e);
	struct buf text = { 0 };
	struct vault back;

	(void)state;
	assert_ok(vault_encode(&v, &text, &e), e);
	assert_ok(vault_parse(&back, text.p, text.len, &e), e);
	assert_int_equal(back.gen, v.gen + 1);
	assert_int_equal(back.record_count, v.record_count);
	for (size_t i = 0; i < v.record_count; i++) {
		assert_string_equal(back.records[i].profile, v.records[i].profile);
		assert_memory_equal(back.records[i].c, v.records[i].c, v.records[i].c_len);
	}
	buf_release(&text);
	vault_release(&back);
	vault_release(&v);
}

static void each_kind_of_wrong_file_has_its_own_text(void **state)
{
	static const struct {
		const char *text;
		enum err_code code;
		const char *says;
	} rows[] = {
		{ "", ERR_DAMAGED, "empty" },
		{ "\n\n", ERR_DAMAGED, "empty" },
		{ "{\"version\":1,\"profiles\":{}}\n", ERR_DAMAGED, "not a thinkfleetbot vault" },
		{ "hello\n", ERR_DAMAGED, "not a thinkfleetbot vault" },
		{ "{\"format\":\"tfx\",\"v\":1}\n", ERR_DAMAGED, "not a thinkfleetbot vault" },
		{ "{\"format\":\"tfv\",\"v\":1,\"vaultId\":\"oKGi", ERR_DAMAGED, "cut off" },
		{ "{\"format\":\"tfv\",\"v\":2,\"anything\":[{}]}\n", ERR_NEWER, "version 2" },
		{ "{\"format\":\"tfv\",\"v\":0}\n", ERR_DAMAGED, "\"v\"" },
		{ "{\"format\":\"tfv\",\"v\":1,\"id\":1}\n", ERR_DAMAGED, "damaged at byte" },
	};
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		fixture_write(fx->path, rows[i].text, strlen(rows[i].text), 0600);
		assert_err(vault_load(&v, fx->path, &e), e, rows[i].code);
		assert_non_null(strstr(e.msg, fx->path));
		if (!strstr(e.msg, rows[i].says))
			fail_msg("row %zu says \"%s\"", i, e.msg);
		vault_release(&v);
	}
	assert_int_equal(unlink(fx->path), 0);
	assert_err(vault_load(&v, fx->path, &e), e, ERR_NOT_FOUND);
}

static void file_of_zeros_after_a_crash_is_empty(void **state)
{
	static const char zeros[4096];
	struct err e = { 0 };
	struct vault v;

	(void)state;
	assert_err(vault_parse(&v, zeros, sizeof(zeros), &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "empty"));
}

static void loading_never_touches_the_file(void **state)
{
	static const char newer[] = "{\"format\":\"tfv\",\"v\":9}\n";
	struct fixture *fx = *state;
	struct fs_stamp before;
	struct fs_stamp after;
	struct err e = { 0 };
	struct vault v;

	fixture_write(fx->path, newer, strlen(newer), 0600);
	assert_ok(fs_stat(fx->path, &before, &e), e);
	assert_err(vault_load(&v, fx->path, &e), e, ERR_NEWER);
	assert_err(vault_save(&fx->v, fx->path, &e), e, ERR_BUSY);
	assert_ok(fs_stat(fx->path, &after, &e), e);
	assert_true(fs_same(&before, &after));
}

static char *key_path(struct fixture *fx)
{
	static char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_ok(keyfile_path(path, sizeof(path), fx->keys, fx->v.id, &e), e);
	return path;
}

static void missing_key_wrong_key_and_damage_are_three_errors(void **state)
{
	static const char other[] = "tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K\n";
	struct fixture *fx = *state;
	struct vault v = load(fx);
	struct err e = { 0 };

	assert_int_equal(unlink(key_path(fx)), 0);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, key_path(fx)));
	fixture_write(key_path(fx), other, strlen(other), 0400);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_KEY);
	assert_non_null(strstr(e.msg, key_path(fx)));
	fixture_write(key_path(fx), other, strlen(other) - 9, 0400);
	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_DAMAGED);
	assert_false(v.open);
	vault_release(&v);
}

static void copy_of_the_state_folder_opens_nothing(void **state)
{
	struct fixture *fx = *state;
	struct vault v = load(fx);
	struct err e = { 0 };

	assert_err(vault_unlock_keyfile(&v, "/nonexistent/keys", &e), e, ERR_NOT_FOUND);
	for (size_t i = 0; i < v.record_count; i++)
		assert_false(vault_record_opens(&v, &v.records[i]));
	vault_release(&v);
}

static void passphrase_slot_tells_wrong_from_right(void **state)
{
	struct fixture *fx = *state;
	struct secret right = fixture_secret("correct horse");
	struct secret wrong = fixture_secret("correct horse ");
	struct keyslot *slot = &fx->v.slots[fx->v.slot_count];
	struct secret kek = { 0 };
	struct err e = { 0 };
	struct vault v;

	assert_err(vault_unlock_passphrase(&fx->v, &right, &e), e, ERR_NOT_FOUND);
	*slot = (struct keyslot){
		.id = "s2",
		.type = KEYSLOT_ARGON2ID,
		.salt = { 1, 2, 3 },
		.cost = { .ops = 2, .mem = 19 << 20 },
	};
	assert_ok(kdf_passphrase(&kek, &right, slot->salt, &slot->cost, &e), e);
	assert_ok(keyslot_wrap(slot, &fx->v.scope, &kek, &fx->v.vmk, &e), e);
	fx->v.slot_count++;
	save(&fx->v, fx);
	v = load(fx);
	assert_err(vault_unlock_passphrase(&v, &wrong, &e), e, ERR_KEY);
	assert_ok(vault_unlock_passphrase(&v, &right, &e), e);
	fixture_expect(&v, "main/a/key", "value-of-a");
	vault_release(&v);
	secret_release(&kek);
	secret_release(&right);
	secret_release(&wrong);
}

/* A vault on disk in which the content of record b was changed by one bit. */
static struct vault with_damaged_b(struct fixture *fx)
{
	struct buf text = { 0 };
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_load(&v, fx->path, &e), e);
	v.records[1].c[7] ^= 1;
	assert_ok(vault_format(&v, v.gen, v.mac, &text, &e), e);
	fixture_write(fx->path, text.p, text.len, 0600);
	buf_release(&text);
	vault_release(&v);
	assert_ok(vault_load(&v, fx->path, &e), e);
	return v;
}

static void damaged_record_closes_the_vault_by_default(void **state)
{
	struct fixture *fx = *state;
	struct vault v = with_damaged_b(fx);
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_err(vault_unlock_keyfile(&v, fx->keys, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.hint, ".bak"));
	assert_err(vault_get(&v, "main/a/key", &s, &e), e, ERR_KEY);
	vault_release(&v);
}

static void damaged_record_does_not_cost_the_others_when_tolerated(void **state)
{
	struct fixture *fx = *state;
	struct vault v = with_damaged_b(fx);
	struct secret s = { 0 };
	struct err e = { 0 };

	vault_tolerate(&v);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_false(v.mac_ok);
	fixture_expect(&v, "main/a/key", "value-of-a");
	fixture_expect(&v, "main/c/key", "value-of-c");
	assert_err(vault_get(&v, "main/b/key", &s, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "main/b/key"));
	assert_true(vault_record_opens(&v, &v.records[0]));
	assert_false(vault_record_opens(&v, &v.records[1]));
	vault_release(&v);
}

static void tolerated_vault_is_never_written(void **state)
{
	struct fixture *fx = *state;
	struct vault v = with_damaged_b(fx);
	struct err e = { 0 };

	vault_tolerate(&v);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_ok(vault_remove(&v, "main/b/key", &e), e);
	assert_err(vault_save(&v, fx->path, &e), e, ERR_DAMAGED);
	vault_release(&v);
}

/* A rotation repairs a record; but what does not open cannot be kept. */
static void damaged_value_can_be_replaced_but_not_kept(void **state)
{
	struct fixture *fx = *state;
	struct vault_put put = { "main/b/key", "main", "b", "example", "key", 1, true };
	struct vault v = with_damaged_b(fx);
	struct secret s = fixture_secret("new-b");
	struct err e = { 0 };

	vault_tolerate(&v);
	assert_ok(vault_unlock_keyfile(&v, fx->keys, &e), e);
	assert_err(vault_put(&v, &put, &s, NULL, &e), e, ERR_DAMAGED);
	assert_int_equal(vault_find(&v, "main/b/key")->rev, 1);
	put.keep_previous = false;
	assert_ok(vault_put(&v, &put, &s, NULL, &e), e);
	fixture_expect(&v, "main/b/key", "new-b");
	secret_release(&s);
	vault_release(&v);
}

static void vault_without_a_fitting_slot_says_so(void **state)
{
	struct fixture *fx = *state;
	struct secret kek = fixture_key(0x80);
	struct err e = { 0 };

	fx->v.slots[0].type = KEYSLOT_RECOVERY;
	assert_err(vault_unlock_key(&fx->v, &kek, &e), e, ERR_NOT_FOUND);
	secret_release(&kek);
}

static void refused_key_folder_makes_no_vault(void **state)
{
	struct fixture *fx = *state;
	struct err e = { 0 };
	struct vault v;

	assert_int_equal(chmod(fx->keys, 0755), 0);
	assert_err(vault_create(&v, fx->keys, &e), e, ERR_REFUSED);
	assert_false(v.open);
	assert_null(v.vmk.bytes);
	vault_release(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(example_matches_every_vector),
		cmocka_unit_test(vaults_of_the_second_implementation_open),
		cmocka_unit_test(rewriting_a_foreign_vault_keeps_its_records),
		cmocka_unit_test(file_of_zeros_after_a_crash_is_empty),
		cmocka_unit_test_setup_teardown(each_kind_of_wrong_file_has_its_own_text,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			loading_never_touches_the_file, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(missing_key_wrong_key_and_damage_are_three_errors,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(copy_of_the_state_folder_opens_nothing,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(passphrase_slot_tells_wrong_from_right,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(damaged_record_closes_the_vault_by_default,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			damaged_record_does_not_cost_the_others_when_tolerated, fixture_setup_three,
			fixture_teardown),
		cmocka_unit_test_setup_teardown(
			tolerated_vault_is_never_written, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(damaged_value_can_be_replaced_but_not_kept,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(vault_without_a_fitting_slot_says_so,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			refused_key_folder_makes_no_vault, fixture_setup_three, fixture_teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
