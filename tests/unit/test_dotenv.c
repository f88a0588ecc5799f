/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "store/dotenv.h"

static struct dotenv parsed(const char *text)
{
	struct dotenv env = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	assert_ok(buf_text(&b, text, &e), e);
	assert_ok(dotenv_parse(&env, &b, ".env", &e), e);
	return env;
}

static struct buf data_file(const char *name)
{
	struct buf b = { 0 };
	struct err e = { 0 };
	char path[FS_PATH_MAX];

	assert_ok(fs_join(path, sizeof(path), TFB_SOURCE_DIR "/tests/unit/data", name, &e), e);
	assert_ok(fs_read(path, 0, &b, NULL, &e), e);
	return b;
}

static void set(struct dotenv *env, const char *key, const char *value)
{
	struct err e = { 0 };

	assert_ok(dotenv_set(env, key, value, strlen(value), &e), e);
}

static void expect_text(struct dotenv *env, const char *want)
{
	assert_string_equal(env->text.p, want);
	dotenv_release(env);
}

static void values_read_as_dotenv_17_reads_them(void **state)
{
	static const struct {
		const char *text, *key, *value; /* value NULL: not set */
	} rows[] = {
		{ "A=1\nA=2\n", "A", "2" },
		{ "A=1 # note\n", "A", "1" },
		{ "A=1#note\n", "A", "1" },
		{ "A= spaced out  \n", "A", "spaced out" },
		{ "A='x # y' # z\n", "A", "x # y" },
		{ "A=\"a\\nb\\t\"\n", "A", "a\nb\\t" },
		{ "A='a\\nb'\n", "A", "a\\nb" },
		{ "A='x' y\n", "A", "'x' y" },
		{ "A='x' y'\n", "A", "x' y" },
		{ "A=`it's \"q\"`\n", "A", "it's \"q\"" },
		{ "A='two\r\nlines'\r\n", "A", "two\nlines" },
		{ "  export  A = 1\n", "A", "1" },
		{ "export = 5\n", "export", "5" },
		{ "A: yaml\n", "A", "yaml" },
		{ "A:no\n", "A", NULL },
		{ "#A=1\n", "A", NULL },
		{ "A=\nB=2\n", "A", "" },
		{ "A=\nB=2\n", "B", "2" },
		{ "A=\n'next'\n", "A", "next" },
		{ "A:\nB=2\n", "B", NULL },
		{ "A\n=1\n", "A", "1" },
		{ "A='open\nB=2\n", "A", "'open" },
		{ "A='open\nB=2\n", "B", "2" },
		{ "A='a\\'\nB='x'\n", "A", "a\\" },
		{ "\xEF\xBB\xBF"
		  "A=1\n",
			"A", "1" },
		{ "a.b-c=1", "a.b-c", "1" },
		{ "A=1\rB=2", "B", "2" },
		{ "A=$X ${Y}\n", "A", "$X ${Y}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dotenv env = parsed(rows[i].text);
		struct secret s = { 0 };
		bool found = dotenv_get(&env, rows[i].key, &s, NULL);

		if (found != (rows[i].value != NULL) ||
			(found && strcmp(s.bytes, rows[i].value) != 0))
			fail_msg("row %zu gave %s", i, found ? s.bytes : "nothing");
		secret_release(&s);
		dotenv_release(&env);
	}
}

static void entries_know_line_quote_export_and_shadow(void **state)
{
	struct dotenv env = parsed("# c\nexport A='1'\n\nB=2\nA=3\n");

	(void)state;
	assert_int_equal(env.count, 3);
	assert_int_equal(env.entries[0].line, 2);
	assert_int_equal(env.entries[0].quote, '\'');
	assert_true(env.entries[0].exported && env.entries[0].shadowed);
	assert_int_equal(env.entries[1].line, 4);
	assert_false(env.entries[1].exported || env.entries[1].shadowed || env.entries[1].quote);
	assert_int_equal(env.entries[2].line, 5);
	assert_int_equal(dotenv_find(&env, "A"), 2);
	dotenv_release(&env);
}

static void a_real_file_keeps_every_other_byte(void **state)
{
	struct buf before = data_file("env.before");
	struct buf after = data_file("env.after");
	struct dotenv env = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(dotenv_parse(&env, &before, "env.before", &e), e);
	set(&env, "ANTHROPIC_API_KEY", "sk-ant-new-3");
	set(&env, "OPENAI_API_KEY", "sk-new-0002");
	set(&env, "THINKFLEETBOT_SEALED_GROQ_API_KEY", "main/groq:default/key");
	assert_string_equal(env.text.p, after.p);
	assert_int_equal(env.text.len, after.len);
	buf_release(&after);
	dotenv_release(&env);
}

static void setting_what_is_set_changes_no_byte(void **state)
{
	struct buf after = data_file("env.after");
	struct buf copy = { 0 };
	struct dotenv env = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_true(buf_add(&copy, after.p, after.len, &e));
	assert_ok(dotenv_parse(&env, &copy, "env.after", &e), e);
	set(&env, "ANTHROPIC_API_KEY", "sk-ant-new-3");
	set(&env, "NOTE", "two\nlines");
	assert_string_equal(env.text.p, after.p);
	buf_release(&after);
	dotenv_release(&env);
}

static void new_lines_follow_the_file(void **state)
{
	struct dotenv env = parsed("");

	(void)state;
	set(&env, "A", "1");
	expect_text(&env, "A=1\n");
	env = parsed("B=2");
	set(&env, "A", "1");
	expect_text(&env, "B=2\nA=1\n");
	env = parsed("B=2\r\n");
	set(&env, "A", "1");
	expect_text(&env, "B=2\r\nA=1\r\n");
	env = parsed("B=2\n\n");
	set(&env, "A", "1");
	expect_text(&env, "B=2\n\nA=1\n");
	env = parsed("\xEF\xBB\xBF");
	set(&env, "A", "1");
	expect_text(&env,
		"\xEF\xBB\xBF"
		"A=1\n");
}

static void values_are_quoted_only_when_they_must_be(void **state)
{
	static const char *const rows[][2] = { { "sk-ant_1./+=:@,~-", "A=sk-ant_1./+=:@,~-\n" },
		{ "a b", "A='a b'\n" }, { "it's", "A=\"it's\"\n" }, { "", "A=''\n" },
		{ "$HOME", "A='$HOME'\n" }, { "a#b", "A='a#b'\n" }, { "'\"", "A=`'\"`\n" },
		{ "'\\", "A=`'\\`\n" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct dotenv env = parsed("");

		set(&env, "A", rows[i][0]);
		expect_text(&env, rows[i][1]);
	}
}

static void a_comment_stays_apart_from_a_new_value(void **state)
{
	struct dotenv env = parsed("A=#note\nB=x#y\n");

	(void)state;
	set(&env, "A", "1");
	set(&env, "B", "2");
	expect_text(&env, "A=1 #note\nB=2 #y\n");
}

static void what_no_quoting_carries_is_refused(void **state)
{
	struct dotenv env = parsed("B=1\n");
	struct err e = { 0 };

	(void)state;
	assert_err(dotenv_set(&env, "A", "'\"`", 3, &e), e, ERR_REFUSED);
	assert_err(dotenv_set(&env, "A", "a\0b", 3, &e), e, ERR_REFUSED);
	assert_err(dotenv_set(&env, "A", "\xFF", 1, &e), e, ERR_REFUSED);
	assert_err(dotenv_set(&env, "A B", "1", 1, &e), e, ERR_USAGE);
	expect_text(&env, "B=1\n");
}

/* "B:" takes the next line as its value, whatever that is. */
static void an_edit_that_changes_another_variable_is_refused(void **state)
{
	struct dotenv env = parsed("B:\n");
	struct err e = { 0 };

	(void)state;
	assert_err(dotenv_set(&env, "A", "1", 1, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "A cannot be set"));
	expect_text(&env, "B:\n");
	env = parsed("B:\n\nA=1\n");
	assert_ok(dotenv_remove(&env, "A", &e), e);
	expect_text(&env, "B:\n\n");
}

static void removing_takes_whole_lines_and_all_duplicates(void **state)
{
	struct dotenv env =
		parsed("\xEF\xBB\xBF"
		       "A=1 # x\r\nB=2\r\n  export A='a\r\nb'\r\n# A=3\r\nA=4");
	struct err e = { 0 };

	(void)state;
	assert_ok(dotenv_remove(&env, "A", &e), e);
	assert_ok(dotenv_remove(&env, "NOT_THERE", &e), e);
	expect_text(&env,
		"\xEF\xBB\xBF"
		"B=2\r\n# A=3\r\n");
}

static void damage_is_named_with_its_line(void **state)
{
	struct dotenv env = { 0 };
	struct buf b = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_true(buf_text(&b, "A=1\nB=\xC3\n", &e));
	assert_err(dotenv_parse(&env, &b, ".env", &e), e, ERR_DAMAGED);
	assert_string_equal(e.msg, ".env: line 2: a byte that is not UTF-8");
	assert_true(buf_add(&b, "A\0", 2, &e));
	assert_err(dotenv_parse(&env, &b, ".env", &e), e, ERR_DAMAGED);
	assert_string_equal(e.msg, ".env: line 1: a NUL byte");
}

static void a_missing_file_is_an_empty_one(void **state)
{
	struct dotenv env = { 0 };
	struct fs_stamp st;
	struct err e = { 0 };

	(void)state;
	assert_ok(dotenv_load(&env, "/tmp/tfb-no-such-folder/.env", &st, &e), e);
	assert_false(st.exists);
	assert_int_equal(env.count, 0);
	assert_int_equal(e.code, ERR_NONE);
	set(&env, "A", "1");
	expect_text(&env, "A=1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_read_as_dotenv_17_reads_them),
		cmocka_unit_test(entries_know_line_quote_export_and_shadow),
		cmocka_unit_test(a_real_file_keeps_every_other_byte),
		cmocka_unit_test(setting_what_is_set_changes_no_byte),
		cmocka_unit_test(new_lines_follow_the_file),
		cmocka_unit_test(values_are_quoted_only_when_they_must_be),
		cmocka_unit_test(a_comment_stays_apart_from_a_new_value),
		cmocka_unit_test(what_no_quoting_carries_is_refused),
		cmocka_unit_test(an_edit_that_changes_another_variable_is_refused),
		cmocka_unit_test(removing_takes_whole_lines_and_all_duplicates),
		cmocka_unit_test(damage_is_named_with_its_line),
		cmocka_unit_test(a_missing_file_is_an_empty_one),
	};
	struct err e = { 0 };

	if (!crypto_start(&e))
		return 1;
	return cmocka_run_group_tests_name("dotenv", tests, NULL, NULL);
}
