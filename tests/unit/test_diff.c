/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <string.h>

#include "cli/diff.h"
#include "crypto/secret.h"

static struct buf of(const char *text)
{
	struct buf b = { 0 };

	assert_true(!text || buf_text(&b, text, NULL));
	return b;
}

static void expect(const char *old, const char *new, const char *summary, const char *want)
{
	struct diff_counts counts;
	struct buf a = of(old);
	struct buf b = of(new);
	struct buf out = { 0 };
	struct err e = { 0 };
	char text[64];
	struct str s = STR_OF(text);

	assert_ok(diff_lines(&a, &b, &counts, &out, &e), e);
	diff_summary(&s, &counts, old == NULL);
	assert_string_equal(text, summary);
	assert_string_equal(out.p ? out.p : "", want);
	buf_release(&a);
	buf_release(&b);
	buf_release(&out);
}

static void a_new_file_shows_all_its_lines(void **state)
{
	(void)state;
	expect(NULL, "a\nb\n", "new", "+ a\n+ b\n");
}

static void a_changed_line_stands_between_two_lines_of_context(void **state)
{
	(void)state;
	expect("1\n2\n3\n4\n5\n6\n7\n", "1\n2\n3\nfour\n5\n6\n7\n", "~1 line",
		"  2\n  3\n- 4\n+ four\n  5\n  6\n");
}

static void added_and_removed_lines_are_counted_apart(void **state)
{
	(void)state;
	expect("a\nb\n", "a\nx\nb\ny\n", "+2 lines", "  a\n+ x\n  b\n+ y\n");
	expect("a\nb\nc\n", "a\nc\n", "-1 line", "  a\n- b\n  c\n");
}

static void equal_texts_have_no_diff(void **state)
{
	(void)state;
	expect("a\n", "a\n", " line", "");
}

static void a_missing_final_newline_is_no_trap(void **state)
{
	(void)state;
	expect("a", "a\nb", "+1 line", "  a\n+ b\n");
}

static void every_credential_in_json_is_redacted(void **state)
{
	static const char canary[] = "sk-CANARY-0123456789abcdef";
	struct buf old =
		of("{\"key\": \"sk-CANARY-0123456789abcdef\", \"email\": \"me@x.org\"}\n"
		   "  key: 'sk-CANARY-0123456789abcdef',\n"
		   "  \"token\" : \"short\",\n"
		   "  \"note\": \"sk-CANARY-0123456789abcdef\",\n"
		   "\"sk-CANARY-0123456789abcdef\"\n"
		   "  apiKey: \"x\\\"y\",\n"
		   "  \"id\": \"main/anthropic:default/key\"\n");
	struct buf none = { 0 };
	struct diff_counts counts;
	struct buf out = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(diff_lines(&old, &none, &counts, &out, &e), e);
	assert_null(strstr(out.p, canary));
	assert_null(strstr(out.p, "short"));
	assert_null(strstr(out.p, "\\\"y"));
	assert_non_null(strstr(out.p, "me@x.org"));
	assert_non_null(strstr(out.p, "main/anthropic:default/key"));
	buf_release(&old);
	buf_release(&out);
}

static void every_value_of_a_dotenv_line_is_redacted_but_record_names(void **state)
{
	(void)state;
	expect("A_KEY=secret1\nexport B=\"se cret\"\n",
		"THINKFLEETBOT_SEALED_A_KEY=main/a:default/key\nexport B=\"se cret\"\n", "~1 line",
		"- A_KEY=...\n+ THINKFLEETBOT_SEALED_A_KEY=main/a:default/key\n  export B=...\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_file_shows_all_its_lines),
		cmocka_unit_test(a_changed_line_stands_between_two_lines_of_context),
		cmocka_unit_test(added_and_removed_lines_are_counted_apart),
		cmocka_unit_test(equal_texts_have_no_diff),
		cmocka_unit_test(a_missing_final_newline_is_no_trap),
		cmocka_unit_test(every_credential_in_json_is_redacted),
		cmocka_unit_test(every_value_of_a_dotenv_line_is_redacted_but_record_names),
	};

	if (!crypto_start(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
