/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "store/sessions.h"
#include "temp.h"

/* As a gateway writes it, with members that are none of ours; CRLF and odd spacing on purpose. */
static const char gateway_file[] =
	"{\r\n"
	"  \"agent:main:telegram:42\": {\"sessionId\":\"t-1\",  "
	"\"skillsSnapshot\":{\"prompt\":\"a\\u00e9b\"},"
	"\"authProfileOverride\":\"openai:x\",\"authProfileOverrideSource\":\"auto\","
	"\"authProfileOverrideCompactionCount\":2,\"compactionCount\":3},\r\n"
	"  \"agent:main:main\": {\r\n"
	"    \"sessionId\": \"m-1\",\r\n"
	"    \"updatedAt\": 5,\r\n"
	"    \"channel\": \"cli\",\r\n"
	"    \"compactionCount\": 7,\r\n"
	"    \"unknown\": [1, {\"x\": 1e3}]\r\n"
	"  }\r\n"
	"}";

#define MAIN "agent:main:main"

struct fixture {
	char *dir;
	const char *path;
	struct sessions s;
};

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->dir = temp_new();
	f->path = temp_path(f->dir, "sessions.json");
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;

	sessions_release(&f->s);
	temp_free(f->dir);
	free(f);
	return 0;
}

static void load(struct fixture *f, const char *text)
{
	struct err e = { 0 };

	temp_write(f->path, text);
	sessions_release(&f->s);
	assert_ok(sessions_load(&f->s, f->path, &e), e);
}

static void put(struct fixture *f, struct session_change c)
{
	struct err e = { 0 };

	assert_ok(sessions_put(&f->s.doc, &c, &e), e);
}

/* The lists again, from the document as it is now. */
static const struct session_entry *again(struct fixture *f, const char *key)
{
	char *text = strdup(f->s.doc.text.p);

	load(f, text);
	free(text);
	return sessions_find(&f->s, key);
}

static struct session_change pinned(const char *key)
{
	return (struct session_change){ .key = key,
		.now_ms = 1000,
		.model = SESSION_SET,
		.provider_name = "anthropic",
		.model_name = "claude-opus-4-5",
		.pin = SESSION_SET,
		.profile = "anthropic:work",
		.source = "user" };
}

static void entries_are_read(void **state)
{
	struct fixture *f = *state;
	const struct session_entry *s;

	load(f, gateway_file);
	assert_int_equal(f->s.count, 2);
	s = sessions_find(&f->s, "agent:main:telegram:42");
	assert_string_equal(s->id, "t-1");
	assert_string_equal(s->profile, "openai:x");
	assert_string_equal(s->source, "auto");
	assert_true(s->counted);
	assert_int_equal(s->count, 2);
	assert_int_equal(s->compactions, 3);
	s = sessions_find(&f->s, MAIN);
	assert_string_equal(s->profile, "");
	assert_int_equal(s->updated_ms, 5);
	assert_null(sessions_find(&f->s, "agent:main:other"));
}

static void pin_changes_nothing_else(void **state)
{
	struct fixture *f = *state;
	const char *other_end;
	const char *was_end;

	load(f, gateway_file);
	put(f, pinned(MAIN));
	/* Everything before the entry, and every member of it that is not ours, byte for byte. */
	was_end = strstr(gateway_file, "    \"updatedAt\"");
	other_end = strstr(f->s.doc.text.p, "    \"updatedAt\"");
	assert_int_equal(was_end - gateway_file, other_end - f->s.doc.text.p);
	assert_memory_equal(gateway_file, f->s.doc.text.p, (size_t)(was_end - gateway_file));
	assert_non_null(strstr(f->s.doc.text.p,
		"    \"channel\": \"cli\",\r\n"
		"    \"compactionCount\": 7,\r\n"
		"    \"unknown\": [1, {\"x\": 1e3}],\r\n"));
	assert_string_equal(again(f, MAIN)->profile, "anthropic:work");
	assert_string_equal(sessions_find(&f->s, MAIN)->source, "user");
	assert_string_equal(sessions_find(&f->s, MAIN)->model, "claude-opus-4-5");
	assert_string_equal(sessions_find(&f->s, MAIN)->id, "m-1");
	assert_false(sessions_find(&f->s, MAIN)->counted);
}

static void clearing_takes_every_member_of_ours_away(void **state)
{
	struct fixture *f = *state;
	const struct session_entry *s;

	load(f, gateway_file);
	put(f, (struct session_change){ .key = "agent:main:telegram:42",
		       .now_ms = 9,
		       .model = SESSION_CLEAR,
		       .pin = SESSION_CLEAR });
	s = again(f, "agent:main:telegram:42");
	assert_string_equal(s->profile, "");
	assert_string_equal(s->source, "");
	assert_false(s->counted);
	assert_string_equal(s->id, "t-1");
	assert_null(strstr(f->s.doc.text.p, "authProfileOverride"));
}

static void kept_members_stay(void **state)
{
	struct fixture *f = *state;
	const struct session_entry *s;

	load(f, gateway_file);
	put(f, pinned(MAIN));
	put(f, (struct session_change){ .key = MAIN,
		       .now_ms = 2,
		       .model = SESSION_SET,
		       .provider_name = "anthropic",
		       .model_name = "claude-sonnet-4-5" });
	s = again(f, MAIN);
	assert_string_equal(s->model, "claude-sonnet-4-5");
	assert_string_equal(s->profile, "anthropic:work");
}

static void automatic_pin_notes_the_compactions(void **state)
{
	struct fixture *f = *state;
	struct session_change c = pinned(MAIN);
	const struct session_entry *s;

	load(f, gateway_file);
	c.source = "auto";
	c.model = SESSION_KEEP;
	put(f, c);
	s = again(f, MAIN);
	assert_true(s->counted);
	assert_int_equal(s->count, 7);
	assert_string_equal(s->model, "");
}

static void missing_file_begins_with_the_session(void **state)
{
	struct fixture *f = *state;
	const struct session_entry *s;
	struct err e = { 0 };

	assert_ok(sessions_load(&f->s, f->path, &e), e);
	assert_false(f->s.exists);
	put(f, pinned(MAIN));
	s = again(f, MAIN);
	assert_int_equal(strlen(s->id), SESSION_ID_CAP - 1);
	assert_int_equal(s->id[14], '4');
	assert_int_equal(s->updated_ms, 1000);
}

static void new_session_gets_a_new_id(void **state)
{
	struct fixture *f = *state;
	struct session_change c = { .key = MAIN, .now_ms = 1 };
	char id[SESSION_ID_CAP];
	char other[SESSION_ID_CAP];
	struct err e = { 0 };

	load(f, gateway_file);
	assert_ok(session_new_id(id, &e), e);
	assert_ok(session_new_id(other, &e), e);
	assert_string_not_equal(id, other);
	c.id = id;
	put(f, c);
	assert_string_equal(again(f, MAIN)->id, id);
}

static void damaged_file_is_never_empty(void **state)
{
	static const char *const texts[] = { "{\"a\": ", "[]", "null", "{} x", "{\"a\" 1}" };
	struct fixture *f = *state;
	struct err e = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		temp_write(f->path, texts[i]);
		assert_err(sessions_load(&f->s, f->path, &e), e, ERR_DAMAGED);
	}
}

static void session_that_is_no_object_is_refused(void **state)
{
	struct fixture *f = *state;
	struct session_change c = pinned(MAIN);
	struct err e = { 0 };

	load(f, "{\"agent:main:main\": 3}");
	assert_null(sessions_find(&f->s, MAIN));
	assert_err(sessions_put(&f->s.doc, &c, &e), e, ERR_DAMAGED);
	assert_string_equal(f->s.doc.text.p, "{\"agent:main:main\": 3}");
}

static void last_of_two_entries_with_a_key_counts(void **state)
{
	struct fixture *f = *state;

	load(f, "{\"k\": {\"sessionId\": \"old\"}, \"k\": {\"sessionId\": \"new\"}}");
	assert_int_equal(f->s.count, 1);
	assert_string_equal(sessions_find(&f->s, "k")->id, "new");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(entries_are_read, begin, end),
		cmocka_unit_test_setup_teardown(pin_changes_nothing_else, begin, end),
		cmocka_unit_test_setup_teardown(
			clearing_takes_every_member_of_ours_away, begin, end),
		cmocka_unit_test_setup_teardown(kept_members_stay, begin, end),
		cmocka_unit_test_setup_teardown(automatic_pin_notes_the_compactions, begin, end),
		cmocka_unit_test_setup_teardown(missing_file_begins_with_the_session, begin, end),
		cmocka_unit_test_setup_teardown(new_session_gets_a_new_id, begin, end),
		cmocka_unit_test_setup_teardown(damaged_file_is_never_empty, begin, end),
		cmocka_unit_test_setup_teardown(session_that_is_no_object_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(last_of_two_entries_with_a_key_counts, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
