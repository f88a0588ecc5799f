/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/profiles.h"

struct folder {
	char dir[32];
	char store[64];
	char state[64];
};

static int make_folder(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	str_copy(f->dir, sizeof(f->dir), "/tmp/tfb-profiles-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_true(fs_join(f->store, sizeof(f->store), f->dir, "auth-profiles.json", NULL));
	assert_true(fs_join(f->state, sizeof(f->state), f->dir, "auth-state.json", NULL));
	*state = f;
	return 0;
}

static int remove_folder(void **state)
{
	struct folder *f = *state;

	unlink(f->store);
	unlink(f->state);
	rmdir(f->dir);
	free(f);
	return 0;
}

static void write_file(const char *path, const char *text)
{
	struct err e = { 0 };

	assert_ok(fs_replace(path, text, strlen(text), NULL, &e), e);
}

static struct profiles load(const struct folder *f, const char *text)
{
	struct profiles p = { 0 };
	struct err e = { 0 };

	write_file(f->store, text);
	assert_ok(profiles_load(&p, f->store, f->state, &e), e);
	return p;
}

static struct doc parsed(const char *text)
{
	struct doc d = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(doc_parse(&d, &b, DOC_JSON, "auth-profiles.json", &e), e);
	return d;
}

static void expect_text(struct doc *d, const char *want)
{
	assert_string_equal(d->text.p, want);
	doc_release(d);
}

/* --- reading --- */

static void a_january_store_is_read(void **state)
{
	struct profiles p = { 0 };
	const struct profile *a;
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_load(&p, TFB_SOURCE_DIR "/tests/unit/data/profiles-january.before.json",
			  NULL, &e),
		e);
	assert_true(p.exists);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.problem_count, 0);
	a = profiles_find(&p, "anthropic:default");
	assert_non_null(a);
	assert_int_equal(a->kind, PROFILE_API_KEY);
	assert_string_equal(a->provider, "anthropic");
	assert_string_equal(a->email, "me@example.org");
	assert_true(a->has_key && !a->has_ref && !a->expires_present);
	assert_int_equal(a->line, 4);
	assert_true(a->usage.present);
	assert_int_equal(a->usage.cooldown_until_ms, 1795329733788);
	assert_int_equal(a->usage.error_count, 2);
	assert_ok(profiles_secret(&p.doc, "anthropic:default", &s, &e), e);
	assert_string_equal(s.bytes, "sk-ant-api03-EXAMPLE-EXAMPLE");
	secret_release(&s);
	a = profiles_find(&p, "openai-codex:default");
	assert_int_equal(a->kind, PROFILE_OAUTH);
	assert_true(a->has_key && a->expires_valid);
	assert_int_equal(a->expires_ms, 1795329682788);
	assert_null(profiles_find(&p, "nobody"));
	profiles_release(&p);
	profiles_release(&p);
}

static void aliases_and_misplaced_references_are_understood(void **state)
{
	struct profiles p = load(*state,
		"{\"profiles\":{"
		"\"a\":{\"mode\":\"apiKey\",\"provider\":\" Z.AI \",\"apiKey\":\"k\"},"
		"\"b\":{\"type\":\"token\",\"provider\":\"x\",\"token\":{\"source\":\"env\","
		"\"provider\":\"default\",\"id\":\"X\"}},"
		"\"c\":{\"type\":\"api_key\",\"provider\":\"x\",\"key\":\" "
		"\",\"keyRef\":{\"source\":"
		"\"exec\",\"provider\":\"thinkfleetbot\",\"id\":\"main/c/"
		"key\"},\"expires\":\"soon\"},"
		"\"d\":{\"type\":\"api_key\",\"provider\":\"x\",\"keyRef\":{\"source\":\"exec\"}}}"
		"}");
	const struct profile *a = profiles_find(&p, "a");
	const struct profile *b = profiles_find(&p, "b");
	const struct profile *c = profiles_find(&p, "c");

	assert_int_equal(a->kind, PROFILE_API_KEY);
	assert_string_equal(a->provider, "zai");
	assert_string_equal(a->provider_raw, " Z.AI ");
	assert_true(a->has_key);
	assert_true(b->has_ref && !b->ref_ours && !b->has_key);
	assert_string_equal(b->ref_source, "env");
	assert_true(c->has_ref && c->ref_ours && !c->has_key);
	assert_string_equal(c->ref_id, "main/c/key");
	assert_true(c->expires_present && !c->expires_valid);
	assert_false(profiles_find(&p, "d")->has_ref);
	profiles_release(&p);
}

static void entries_no_gateway_would_use_are_counted_with_their_line(void **state)
{
	struct profiles p = load(*state,
		"{\n\"profiles\": {\n\"a\": 5,\n\"b\": {\"type\":\"apikey\",\n"
		"\"provider\":\"x\"},\n\"c\": {\"type\":\"token\"},\n"
		"\"d\": {\"provider\":\"x\"},\n"
		"\"e\": {\"type\":\"token\",\"provider\":\"x\",\"token\":\"t\"}\n}}");

	assert_int_equal(p.count, 1);
	assert_int_equal(p.problem_count, 4);
	assert_string_equal(p.problems[0].id, "a");
	assert_int_equal(p.problems[0].line, 3);
	assert_int_equal(p.problems[1].line, 4);
	assert_non_null(strstr(p.problems[1].why, "none of api_key"));
	assert_int_equal(p.problems[2].line, 6);
	assert_non_null(strstr(p.problems[2].why, "no provider"));
	assert_non_null(strstr(p.problems[3].why, "has no type"));
	profiles_release(&p);
}

static void the_old_flat_form_is_reported(void **state)
{
	struct profiles p = load(*state, "{\n\"openrouter\": {\"apiKey\":\"k\"}\n}\n");

	assert_int_equal(p.count, 0);
	assert_int_equal(p.problem_count, 1);
	assert_string_equal(p.problems[0].id, "openrouter");
	assert_int_equal(p.problems[0].line, 2);
	profiles_release(&p);
}

static void of_duplicate_entries_the_last_counts_in_the_first_place(void **state)
{
	struct profiles p = load(*state,
		"{\"profiles\":{\"a\":{\"type\":\"token\",\"provider\":\"x\"},"
		"\"b\":{\"type\":\"token\",\"provider\":\"x\"},"
		"\"a\":{\"type\":\"api_key\",\"provider\":\"y\"}}}");

	assert_int_equal(p.count, 2);
	assert_string_equal(p.list[0].id, "a");
	assert_int_equal(p.list[0].kind, PROFILE_API_KEY);
	assert_string_equal(p.list[1].id, "b");
	profiles_release(&p);
}

static void the_state_file_beside_wins(void **state)
{
	struct folder *f = *state;
	struct profiles p;
	const struct profile_order *o;

	write_file(f->state,
		"{\"order\":{\"x\":[\"b\"],\"z\":[]},\"lastGood\":{\"x\":\"b\"},"
		"\"usageStats\":{\"a\":{\"errorCount\":3,\"disabledReason\":\"billing\"}}}");
	p = load(f,
		"{\"profiles\":{\"a\":{\"type\":\"token\",\"provider\":\"x\"},"
		"\"b\":{\"type\":\"token\",\"provider\":\"X\"}},"
		"\"order\":{\"x\":[\"a\"],\"z-ai\":[\" q \",\"\"]},\"lastGood\":{\"x\":\"a\"},"
		"\"usageStats\":{\"a\":{\"cooldownUntil\":9},\"b\":{\"lastUsed\":7}}}");
	o = profiles_order(&p, "x");
	assert_int_equal(o->count, 1);
	assert_string_equal(o->ids[0], "b");
	o = profiles_order(&p, "zai");
	assert_int_equal(o->count, 1);
	assert_string_equal(o->ids[0], "q");
	assert_null(profiles_order(&p, "z"));
	assert_false(profiles_find(&p, "a")->last_good);
	assert_true(profiles_find(&p, "b")->last_good);
	assert_int_equal(profiles_find(&p, "a")->usage.error_count, 3);
	assert_int_equal(profiles_find(&p, "a")->usage.cooldown_until_ms, 0);
	assert_string_equal(profiles_find(&p, "a")->usage.disabled_reason, "billing");
	assert_int_equal(profiles_find(&p, "b")->usage.last_used_ms, 7);
	profiles_release(&p);
}

static void a_missing_store_is_empty_and_a_damaged_one_is_not(void **state)
{
	struct folder *f = *state;
	struct profiles p = { 0 };
	struct err e = { 0 };

	assert_ok(profiles_load(&p, f->store, f->state, &e), e);
	assert_false(p.exists);
	assert_int_equal(p.count, 0);
	assert_string_equal(p.doc.text.p, PROFILES_FRESH);
	profiles_release(&p);
	write_file(f->store, "{\"profiles\": {\"a\": {\"type\"");
	assert_err(profiles_load(&p, f->store, f->state, &e), e, ERR_DAMAGED);
	write_file(f->store, "[]");
	assert_err(profiles_load(&p, f->store, f->state, &e), e, ERR_DAMAGED);
	write_file(f->store, "{\"profiles\":[]}");
	assert_err(profiles_load(&p, f->store, f->state, &e), e, ERR_DAMAGED);
	write_file(f->store, "{\"profiles\":{}}");
	write_file(f->state, "{");
	assert_err(profiles_load(&p, f->store, f->state, &e), e, ERR_DAMAGED);
}

static void a_profile_without_a_plain_secret_has_none_to_give(void **state)
{
	struct doc d = parsed(
		"{\"profiles\":{\"a\":{\"type\":\"token\",\"provider\":\"x\",\"token\":\"\"}}}");
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_err(profiles_secret(&d, "a", &s, &e), e, ERR_NOT_FOUND);
	assert_err(profiles_secret(&d, "b", &s, &e), e, ERR_NOT_FOUND);
	assert_null(s.bytes);
	doc_release(&d);
}

/* --- editing --- */

static const struct profile_seal seal_key = { "anthropic:default", "anthropic", PROFILE_API_KEY,
	"main/anthropic:default/key", 0 };
static const struct profile_seal seal_token = { "anthropic:setup", "anthropic", PROFILE_TOKEN,
	"main/anthropic:setup/token", INT64_C(1795347683788) };

static void a_january_store_keeps_every_other_byte(void **state)
{
	static const char *const order[] = { "anthropic:setup", "anthropic:default" };
	struct buf after = { 0 };
	struct err e = { 0 };
	struct doc d = { 0 };

	(void)state;
	assert_ok(doc_load(&d, TFB_SOURCE_DIR "/tests/unit/data/profiles-january.before.json",
			  DOC_JSON, NULL, NULL, &e),
		e);
	assert_ok(fs_read(TFB_SOURCE_DIR "/tests/unit/data/profiles-january.after.json", 0, &after,
			  NULL, &e),
		e);
	assert_ok(profiles_put_sealed(&d, &seal_key, &e), e);
	assert_ok(profiles_put_sealed(&d, &seal_token, &e), e);
	assert_ok(profiles_clear_failures(&d, "anthropic:default", &e), e);
	assert_ok(profiles_order_set(&d, "anthropic", order, 2, &e), e);
	assert_string_equal(d.text.p, after.p);
	/* Doing it again changes nothing. */
	assert_ok(profiles_put_sealed(&d, &seal_key, &e), e);
	assert_ok(profiles_put_sealed(&d, &seal_token, &e), e);
	assert_ok(profiles_clear_failures(&d, "anthropic:default", &e), e);
	expect_text(&d, after.p);
	buf_release(&after);
}

static void a_new_store_looks_as_a_gateway_would_write_it(void **state)
{
	struct doc d = parsed(PROFILES_FRESH);
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_put_sealed(&d, &seal_key, &e), e);
	expect_text(&d,
		"{\n"
		"  \"version\": 1,\n"
		"  \"profiles\": {\n"
		"    \"anthropic:default\": {\n"
		"      \"type\": \"api_key\",\n"
		"      \"provider\": \"anthropic\",\n"
		"      \"key\": \"\",\n"
		"      \"keyRef\": {\n"
		"        \"source\": \"exec\",\n"
		"        \"provider\": \"thinkfleetbot\",\n"
		"        \"id\": \"main/anthropic:default/key\"\n"
		"      }\n"
		"    }\n"
		"  }\n"
		"}\n");
}

static void sealing_leaves_no_plain_copy_behind(void **state)
{
	struct doc d =
		parsed("{\"profiles\":{"
		       "\"anthropic:default\":{\"type\":\"token\",\"token\":\"PLAIN1\"},"
		       "\"anthropic:default\":{\"mode\":\"apiKey\",\"provider\":\"Anthropic\","
		       "\"key\":\"PLAIN2\",\"key\":\"PLAIN3\",\"apiKey\":\"PLAIN4\","
		       "\"token\":\"PLAIN5\",\"keyRef\":7,\"mine\":1}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_put_sealed(&d, &seal_key, &e), e);
	assert_null(strstr(d.text.p, "PLAIN"));
	expect_text(&d,
		"{\"profiles\":{\"anthropic:default\":{\"mode\":\"api_key\",\"provider\":"
		"\"Anthropic\","
		"\"key\":\"\",\"keyRef\":{\"source\":\"exec\",\"provider\":\"thinkfleetbot\","
		"\"id\":\"main/anthropic:default/key\"},\"mine\":1,\"type\":\"api_key\"}}}");
}

static void a_new_token_without_expiry_loses_the_old_one(void **state)
{
	struct profile_seal s = seal_token;
	struct doc d =
		parsed("{\"profiles\":{\"anthropic:setup\":{\"type\":\"token\",\"provider\":"
		       "\"anthropic\",\"token\":\"x\",\"expires\":5}}}");
	struct err e = { 0 };

	(void)state;
	s.expires_ms = 0;
	assert_ok(profiles_put_sealed(&d, &s, &e), e);
	assert_null(strstr(d.text.p, "expires"));
	doc_release(&d);
}

static void a_sign_in_is_not_overwritten(void **state)
{
	static const char before[] =
		"{\"profiles\":{\"anthropic:default\":{\"type\":\"oauth\","
		"\"provider\":\"anthropic\",\"refresh\":\"r\"}}}";
	struct doc d = parsed(before);
	struct err e = { 0 };

	(void)state;
	assert_err(profiles_put_sealed(&d, &seal_key, &e), e, ERR_REFUSED);
	expect_text(&d, before);
}

static void removing_a_profile_removes_what_names_it(void **state)
{
	struct doc d =
		parsed("{\"profiles\":{\"a\":{\"x\":1},\"b\":{}},\"order\":{\"p\":[\"a\"],"
		       "\"q\":[\"b\",\"a\"]},\"lastGood\":{\"p\":\"a\",\"q\":\"b\"},"
		       "\"usageStats\":{\"a\":{},\"b\":{}}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_remove(&d, "a", &e), e);
	expect_text(&d,
		"{\"profiles\":{\"b\":{}},\"order\":{\"q\":[\"b\"]},\"lastGood\":{\"q\":\"b\"},"
		"\"usageStats\":{\"b\":{}}}");
}

static void orders_are_found_however_the_provider_is_written(void **state)
{
	static const char *const ids[] = { "zai:default" };
	struct doc d = parsed("{\"order\":{\"Z.AI\":[\"old\"]},\"profiles\":{}}");
	struct err e = { 0 };

	(void)state;
	assert_ok(profiles_order_set(&d, "zai", ids, 1, &e), e);
	assert_string_equal(d.text.p, "{\"order\":{\"Z.AI\":[\"zai:default\"]},\"profiles\":{}}");
	assert_ok(profiles_order_clear(&d, "zai", &e), e);
	assert_ok(profiles_order_clear(&d, "zai", &e), e);
	expect_text(&d, "{\"profiles\":{}}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_january_store_is_read),
		cmocka_unit_test_setup_teardown(aliases_and_misplaced_references_are_understood,
			make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			entries_no_gateway_would_use_are_counted_with_their_line, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			the_old_flat_form_is_reported, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			of_duplicate_entries_the_last_counts_in_the_first_place, make_folder,
			remove_folder),
		cmocka_unit_test_setup_teardown(
			the_state_file_beside_wins, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(a_missing_store_is_empty_and_a_damaged_one_is_not,
			make_folder, remove_folder),
		cmocka_unit_test(a_profile_without_a_plain_secret_has_none_to_give),
		cmocka_unit_test(a_january_store_keeps_every_other_byte),
		cmocka_unit_test(a_new_store_looks_as_a_gateway_would_write_it),
		cmocka_unit_test(sealing_leaves_no_plain_copy_behind),
		cmocka_unit_test(a_new_token_without_expiry_loses_the_old_one),
		cmocka_unit_test(a_sign_in_is_not_overwritten),
		cmocka_unit_test(removing_a_profile_removes_what_names_it),
		cmocka_unit_test(orders_are_found_however_the_provider_is_written),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests_name("profiles", tests, NULL, NULL);
}
