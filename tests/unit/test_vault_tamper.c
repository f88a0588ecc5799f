/* SPDX-License-Identifier: MIT */

/*
 * Whatever is done to the text of a vault, it does not open: not one bit of it,
 * not one cut, and no edit that leaves it well-formed. The nightly run does the
 * same with random changes in the hundred thousands.
 */
#include <stdio.h>
#include <string.h>

#include "store/vault.h"
#include "store/vault_impl.h"
#include "tests/unit/vault_fixture.h"

/* The key is there, so that nothing but the text decides. */
struct tamper {
	struct fixture *fx;
	struct secret kek;
	struct buf text;
};

static struct tamper tamper_begin(void **state)
{
	struct tamper t = { .fx = *state };
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_ok(keyfile_path(path, sizeof(path), t.fx->keys, t.fx->v.id, &e), e);
	assert_ok(keyfile_read(path, &t.kek, &e), e);
	t.text = fixture_read(t.fx->path);
	return t;
}

static void tamper_end(struct tamper *t)
{
	secret_release(&t->kek);
	buf_release(&t->text);
}

static bool opens(const char *p, size_t n, const struct secret *kek, struct err *e)
{
	struct vault v;
	bool ok;

	*e = (struct err){ 0 };
	ok = vault_parse(&v, p, n, e) && vault_unlock_key(&v, kek, e);
	vault_release(&v);
	return ok;
}

/* Refused, and the reason is damage or a key that no longer fits. */
static void expect_refused(const struct tamper *t, const char *p, size_t n, const char *what)
{
	struct err e;

	if (opens(p, n, &t->kek, &e))
		fail_msg("it opens after: %s", what);
	if (e.code != ERR_DAMAGED && e.code != ERR_KEY && e.code != ERR_NEWER &&
		e.code != ERR_NOT_FOUND)
		fail_msg("%s gives code %d: %s", what, e.code, e.msg);
}

static void unchanged_text_opens(void **state)
{
	struct tamper t = tamper_begin(state);
	struct err e;

	assert_ok(opens(t.text.p, t.text.len, &t.kek, &e), e);
	tamper_end(&t);
}

static void every_flipped_bit_is_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	char what[64];

	for (size_t bit = 0; bit < 8 * t.text.len; bit++) {
		char *p = &t.text.p[bit / 8];

		*p = (char)(*p ^ 1 << bit % 8);
		snprintf(what, sizeof(what), "flipping bit %zu of byte %zu", bit % 8, bit / 8);
		expect_refused(&t, t.text.p, t.text.len, what);
		*p = (char)(*p ^ 1 << bit % 8);
	}
	tamper_end(&t);
}

static void every_truncation_is_refused_and_most_are_called_so(void **state)
{
	struct tamper t = tamper_begin(state);
	size_t called = 0;

	for (size_t n = 0; n < t.text.len; n++) {
		struct err e;

		assert_false(opens(t.text.p, n, &t.kek, &e));
		assert_int_equal(e.code, ERR_DAMAGED);
		called += strstr(e.msg, "cut off") != NULL;
	}
	/* Inside a base64 text or a number the end is the first thing that is missing, too. */
	assert_true(called > t.text.len * 95 / 100);
	tamper_end(&t);
}

static void every_removed_or_doubled_byte_is_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct buf changed = { 0 };
	struct err e = { 0 };
	char what[64];

	for (size_t at = 0; at < t.text.len; at++) {
		char c = t.text.p[at];

		/* Blanks are free, and say nothing. */
		if (c == ' ' || c == '\n')
			continue;
		changed.len = 0;
		assert_ok(buf_add(&changed, t.text.p, t.text.len, &e), e);
		assert_ok(buf_splice(&changed, at, 1, "", 0, &e), e);
		snprintf(what, sizeof(what), "removing byte %zu", at);
		expect_refused(&t, changed.p, changed.len, what);
		assert_ok(buf_splice(&changed, at, 0, (char[]){ c, c }, 2, &e), e);
		snprintf(what, sizeof(what), "doubling byte %zu", at);
		expect_refused(&t, changed.p, changed.len, what);
	}
	buf_release(&changed);
	tamper_end(&t);
}

/* Replaces the one occurrence of `from`; the test fails when there is none. */
static void expect_edit_refused(const struct tamper *t, const char *from, const char *to)
{
	const char *at = strstr(t->text.p, from);
	struct buf changed = { 0 };
	struct err e = { 0 };

	if (!at)
		fail_msg("%s is not in the text", from);
	assert_ok(buf_add(&changed, t->text.p, t->text.len, &e), e);
	assert_ok(buf_splice(&changed, (size_t)(at - t->text.p), strlen(from), to, strlen(to), &e),
		e);
	expect_refused(t, changed.p, changed.len, to);
	buf_release(&changed);
}

static void edited_numbers_and_names_are_refused(void **state)
{
	static const char *const edits[][2] = {
		{ "\"gen\":1", "\"gen\":2" },
		{ "\"gen\":1", "\"gen\":0" },
		{ "\"gen\":1", "\"gen\":18446744073709551617" },
		{ "\"epoch\":1", "\"epoch\":2" },
		{ "\"epoch\":1", "\"epoch\":4294967297" },
		{ "\"rev\":1", "\"rev\":2" },
		{ "\"rev\":1", "\"rev\":0" },
		{ "\"rev\":1", "\"rev\":01" },
		{ "\"rev\":1", "\"rev\":1.0" },
		{ "\"rev\":1", "\"rev\":-1" },
		{ "\"rev\":1", "\"rev\":1e0" },
		{ "\"rev\":1", "\"rev\":\"1\"" },
		{ "\"ts\":1760000000", "\"ts\":1760000001" },
		{ "\"profile\":\"a\"", "\"profile\":\"b\"" },
		{ "\"profile\":\"a\"", "\"profile\":\"\\u0061\"" },
		{ "\"provider\":\"example\"", "\"provider\":\"evil\"" },
		{ "\"agent\":\"main\"", "\"agent\":\"work\"" },
		{ "\"field\":\"key\"", "\"field\":\"token\"" },
		{ "main/a/key", "main/aa/key" },
		{ "\"ops\":0", "\"ops\":1" },
		{ "\"mem\":0", "\"mem\":1" },
		{ "\"name\":\"\"", "\"name\":\"x\"" },
		{ "\"type\":\"file\"", "\"type\":\"recovery\"" },
		{ "\"id\":\"s1\"", "\"id\":\"s2\"" },
	};
	struct tamper t = tamper_begin(state);

	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		expect_edit_refused(&t, edits[i][0], edits[i][1]);
	tamper_end(&t);
}

static void closed_schema_takes_nothing_else(void **state)
{
	static const char *const edits[][2] = {
		{ "\"v\":1,", "\"v\":1,\"v\":1," },
		{ "\"v\":1,", "\"v\":1,\"note\":\"x\"," },
		{ "\"v\":1,", "\"v\":2," },
		{ "\"v\":1,", "" },
		{ "\"epoch\":1,", "" },
		{ "\"rev\":1,", "" },
		{ "\"rev\":1,", "\"rev\":1,\"rev\":1," },
		{ "\"ops\":0,\"mem\":0", "\"mem\":0,\"ops\":0" },
		{ "\"name\":\"\",", "\"name\":\"\",\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA\"," },
		{ "\"slots\":[", "\"slots\":[[[[[[[[" },
		{ "\"slots\":[", "\"slots\":[{}," },
		{ "\"records\":[", "\"records\":{" },
		{ "\"records\":[", "\"records\":[null," },
		{ "\"format\":\"tfv\"", "\"format\":null" },
		{ "{\n", "{\t" },
		{ "}\n", "}}\n" },
		{ "\"v\":1,", "\"v\":1,/*x*/" },
	};
	struct tamper t = tamper_begin(state);

	for (size_t i = 0; i < ARRAY_LEN(edits); i++)
		expect_edit_refused(&t, edits[i][0], edits[i][1]);
	tamper_end(&t);
}

/* The well-formed text of a vault whose structure was changed with the old MAC kept. */
static void expect_rebuilt_refused(const struct tamper *t, const struct vault *v, const char *what)
{
	struct buf text = { 0 };
	struct err e = { 0 };

	assert_ok(vault_format(v, v->gen, v->mac, &text, &e), e);
	expect_refused(t, text.p, text.len, what);
	buf_release(&text);
}

static struct vault parsed(const struct tamper *t)
{
	struct err e = { 0 };
	struct vault v;

	assert_ok(vault_parse(&v, t->text.p, t->text.len, &e), e);
	return v;
}

static void swap(struct vault_record *a, struct vault_record *b)
{
	struct vault_record held = *a;

	*a = *b;
	*b = held;
}

static void reordered_doubled_and_deleted_records_are_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault v = parsed(&t);
	struct vault_record kept;

	for (size_t a = 0; a < 3; a++) {
		for (size_t b = a + 1; b < 3; b++) {
			swap(&v.records[a], &v.records[b]);
			expect_rebuilt_refused(&t, &v, "swapping records");
			swap(&v.records[a], &v.records[b]);
		}
		kept = v.records[a];
		v.records[a] = v.records[2];
		v.record_count = 2;
		expect_rebuilt_refused(&t, &v, "deleting a record");
		v.record_count = 3;
		v.records[a] = v.records[(a + 1) % 3];
		expect_rebuilt_refused(&t, &v, "doubling a record");
		v.records[a] = kept;
	}
	v.record_count = 0;
	expect_rebuilt_refused(&t, &v, "deleting all records");
	v.record_count = 3;
	vault_release(&v);
	tamper_end(&t);
}

/* Ciphertexts under other labels: the swap that a MAC-less format would miss. */
static void swapped_contents_are_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault v = parsed(&t);
	unsigned char *c = v.records[0].c;
	unsigned char n[SEAL_NONCE_BYTES];

	memcpy(n, v.records[0].n, sizeof(n));
	memcpy(v.records[0].n, v.records[1].n, sizeof(n));
	expect_rebuilt_refused(&t, &v, "a nonce from another record");
	v.records[0].c = v.records[1].c;
	expect_rebuilt_refused(&t, &v, "nonce and content from another record");
	v.records[0].c = c;
	memcpy(v.records[0].n, n, sizeof(n));
	vault_release(&v);
	tamper_end(&t);
}

static void added_and_stripped_slots_are_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault v = parsed(&t);

	v.slots[1] = v.slots[0];
	v.slot_count = 2;
	expect_rebuilt_refused(&t, &v, "doubling a slot");
	v.slots[1].id[1] = '2';
	expect_rebuilt_refused(&t, &v, "adding a slot");
	v.slot_count = 0;
	expect_rebuilt_refused(&t, &v, "stripping every slot");
	v.slot_count = 1;
	vault_release(&v);
	tamper_end(&t);
}

static void more_slots_than_there_is_room_for_are_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	const char *start = strstr(t.text.p, "\"slots\":[") + strlen("\"slots\":[");
	const char *end = strstr(start, "],");
	const char *name = strstr(start, "\"s1\"");
	struct buf text = { 0 };
	struct err e = { 0 };

	assert_ok(buf_add(&text, t.text.p, (size_t)(start - t.text.p), &e), e);
	for (unsigned i = 0; i <= VAULT_SLOTS_MAX; i++) {
		assert_ok(buf_add(&text, start, (size_t)(name - start), &e), e);
		assert_ok(buf_fmt(&text, &e, "\"s%u\"", i), e);
		assert_ok(buf_add(&text, name + 4, (size_t)(end - name - 4), &e), e);
		assert_ok(buf_text(&text, i < VAULT_SLOTS_MAX ? "," : "", &e), e);
	}
	assert_ok(buf_text(&text, end, &e), e);
	assert_false(opens(text.p, text.len, &t.kek, &e));
	assert_non_null(strstr(e.msg, "too many key slots"));
	buf_release(&text);
	tamper_end(&t);
}

static void text_beyond_the_limit_is_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct err e = { 0 };

	assert_ok(buf_reserve(&t.text, VAULT_TEXT_MAX, &e), e);
	memset(t.text.p + t.text.len, ' ', VAULT_TEXT_MAX);
	assert_false(opens(t.text.p, (size_t)VAULT_TEXT_MAX + 1, &t.kek, &e));
	assert_non_null(strstr(e.msg, "too large"));
	tamper_end(&t);
}

/* What a reader without the key sees is refused, too. */
static void expect_unreadable(const struct vault *v, const char *says)
{
	struct buf text = { 0 };
	struct err e = { 0 };
	struct vault back;

	assert_ok(vault_format(v, v->gen, v->mac, &text, &e), e);
	assert_err(vault_parse(&back, text.p, text.len, &e), e, ERR_DAMAGED);
	if (!strstr(e.msg, says))
		fail_msg("it says \"%s\", not \"%s\"", e.msg, says);
	buf_release(&text);
}

static void structure_is_checked_without_a_key(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault v = parsed(&t);
	struct keyslot slot = v.slots[0];

	swap(&v.records[0], &v.records[1]);
	expect_unreadable(&v, "not in order");
	swap(&v.records[0], &v.records[1]);
	v.slots[1] = slot;
	v.slot_count = 2;
	expect_unreadable(&v, "the same id");
	str_copy(v.slots[1].id, sizeof(v.slots[1].id), "\x1b[2J");
	expect_unreadable(&v, "\"id\"");
	str_copy(v.slots[1].id, sizeof(v.slots[1].id), "s 2");
	expect_unreadable(&v, "slot's id");
	v.slot_count = 0;
	expect_unreadable(&v, "slots are gone");
	v.slot_count = 1;
	v.scope.epoch = 0;
	expect_unreadable(&v, "start at 1");
	vault_release(&v);
	tamper_end(&t);
}

static void nothing_may_follow_the_end(void **state)
{
	static const char tails[][3] = { "\0\n", "x\n", "{\n", ",\n" };
	struct tamper t = tamper_begin(state);
	size_t n = t.text.len;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		t.text.len = n;
		assert_ok(buf_add(&t.text, tails[i], 2, &e), e);
		expect_refused(&t, t.text.p, t.text.len, "adding to the end");
	}
	tamper_end(&t);
}

static void record_of_an_older_generation_is_refused(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault old = parsed(&t);
	struct err e = { 0 };
	struct vault v;

	fixture_put(&t.fx->v, "a", "newer-a", false);
	assert_ok(vault_save(&t.fx->v, t.fx->path, &e), e);
	buf_release(&t.text);
	t.text = fixture_read(t.fx->path);
	v = parsed(&t);
	swap(&v.records[0], &old.records[0]);
	expect_rebuilt_refused(&t, &v, "replaying an old record");
	vault_release(&v);
	vault_release(&old);
	tamper_end(&t);
}

static void argon2_cost_cannot_be_lowered(void **state)
{
	struct tamper t = tamper_begin(state);
	struct vault v = parsed(&t);

	v.slots[1] = (struct keyslot){
		.id = "s2", .type = KEYSLOT_ARGON2ID, .cost = { .ops = 3, .mem = 64 << 20 }
	};
	v.slot_count = 2;
	v.slots[1].cost.mem = (19 << 20) - 1;
	expect_rebuilt_refused(&t, &v, "memory under the floor");
	v.slots[1].cost = (struct kdf_cost){ .ops = 1, .mem = 64 << 20 };
	expect_rebuilt_refused(&t, &v, "passes under the floor");
	v.slots[1].cost = (struct kdf_cost){ .ops = 3, .mem = UINT64_C(2) << 30 };
	expect_rebuilt_refused(&t, &v, "memory above the ceiling");
	vault_release(&v);
	tamper_end(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			structure_is_checked_without_a_key, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			nothing_may_follow_the_end, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(more_slots_than_there_is_room_for_are_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			text_beyond_the_limit_is_refused, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			unchanged_text_opens, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			every_flipped_bit_is_refused, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(every_truncation_is_refused_and_most_are_called_so,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(every_removed_or_doubled_byte_is_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(edited_numbers_and_names_are_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			closed_schema_takes_nothing_else, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(reordered_doubled_and_deleted_records_are_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			swapped_contents_are_refused, fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(added_and_stripped_slots_are_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(record_of_an_older_generation_is_refused,
			fixture_setup_three, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			argon2_cost_cannot_be_lowered, fixture_setup_three, fixture_teardown),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
