/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "cli/commands.h"
#include "cli/complete.h"
#include "provider/provider.h"
#include "tests/unit/temp.h"

static char found[8192];

static void note(void *to, const char *word, const char *about)
{
	struct str *s = to;

	(void)about;
	str_fmt(s, "%s%s", s->len ? " " : "", word);
}

/* The candidates for a command line that ends at the cursor, in one text. */
static const char *at(const char *line)
{
	struct str s = STR_OF(found);
	char text[512];
	char *words[32];
	size_t n = 0;

	assert_true(str_copy(text, sizeof(text), line));
	found[0] = '\0';
	words[n++] = text;
	for (char *p = text; *p; p++)
		if (*p == ' ') {
			*p = '\0';
			words[n++] = p + 1;
		}
	complete_words(words, n, note, &s);
	return found;
}

static void the_first_word_is_a_command_and_each_stands_once(void **state)
{
	(void)state;
	assert_string_equal(at("sec"), "secrets");
	assert_string_equal(at("mod"), "models");
	assert_non_null(strstr(at(""), "onboard"));
}

static void a_command_that_is_also_the_beginning_of_others_goes_on(void **state)
{
	(void)state;
	assert_non_null(strstr(at("models "), "status"));
	assert_non_null(strstr(at("models "), "auth"));
	assert_non_null(strstr(at("models auth order "), "get"));
}

static void options_are_those_of_the_command_and_of_every_command(void **state)
{
	(void)state;
	assert_string_equal(at("models auth rotate --no-v"), "--no-verify");
	assert_non_null(strstr(at("doctor --"), "--fix"));
	assert_non_null(strstr(at("doctor --"), "--state-dir"));
	assert_null(strstr(at("doctor --"), "--rotate"));
}

static void a_value_is_completed_by_what_its_option_takes(void **state)
{
	(void)state;
	assert_string_equal(at("onboard --provider anth"), "anthropic");
	assert_string_equal(at("onboard --provider anthropic --method setup"), "setup-token");
	assert_string_equal(at("--color a"), "auto always");
	assert_string_equal(at("onboard --key-file "), COMPLETE_FILES);
	assert_string_equal(at("--state-dir "), COMPLETE_DIRS);
}

static void an_argument_is_completed_by_its_placeholder(void **state)
{
	(void)state;
	assert_string_equal(at("models auth explain openr"), "openrouter");
	assert_string_equal(at("secrets slot add rec"), "recovery");
	assert_string_equal(at("secrets import "), COMPLETE_FILES);
	assert_string_equal(at("completion f"), "fish");
	assert_string_equal(at("help secrets ver"), "verify");
}

static void no_more_arguments_are_offered_than_the_command_takes(void **state)
{
	(void)state;
	assert_string_equal(at("models auth explain openai "), "");
	assert_string_equal(at("doctor "), "");
}

static void the_words_after_run_belong_to_its_command(void **state)
{
	(void)state;
	assert_string_equal(at("run -- gate"), COMPLETE_FILES);
}

static void profiles_and_agents_come_from_the_state_folder_of_the_line(void **state)
{
	static const char store[] =
		"{\"version\":1,\"profiles\":{\"openai:spare\":"
		"{\"type\":\"api_key\",\"provider\":\"openai\"}}}";
	char *folder = temp_new();
	char path[200], line[200];

	(void)state;
	assert_true(fs_mkdirs(temp_path(folder, "agents/work/agent"), NULL));
	snprintf(path, sizeof(path), "%s/agents/work/agent/auth-profiles.json", folder);
	temp_write(path, store);
	snprintf(line, sizeof(line), "--state-dir %s models auth rotate --agent work ", folder);
	assert_string_equal(at(line), "openai:spare");
	snprintf(line, sizeof(line), "--state-dir %s models auth rotate --agent ", folder);
	assert_string_equal(at(line), "work main");
	snprintf(line, sizeof(line), "--state-dir %s chat --agent work --model opus@o", folder);
	assert_string_equal(at(line), "opus@openai:spare");
	assert_true(fs_mkdirs(temp_path(folder, "agents/work/sessions"), NULL));
	snprintf(path, sizeof(path), "%s/agents/work/sessions/sessions.json", folder);
	temp_write(path, "{\"agent:work:x\": {}}");
	snprintf(line, sizeof(line), "--state-dir %s chat --agent work --session ", folder);
	assert_string_equal(at(line), "agent:work:x");
	temp_free(folder);
}

/* Every placeholder of every row has values, or stands in the table as having none. */
static void every_placeholder_is_known(void **state)
{
	(void)state;
	for (const struct cmd *const *c = commands; *c; c++) {
		const struct opt *const tables[] = { (*c)->opts, (*c)->shared, global_opts };

		for (size_t i = 0; i < ARRAY_LEN(tables); i++)
			for (const struct opt *o = tables[i]; o && o->kind != OPT_END; o++) {
				char name[64];

				snprintf(name, sizeof(name), "--%s", o->name);
				if (o->arg && !complete_knows(o->arg) && !complete_knows(name))
					fail_msg("%s: --%s %s completes to nothing known",
						(*c)->name, o->name, o->arg);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_word_is_a_command_and_each_stands_once),
		cmocka_unit_test(a_command_that_is_also_the_beginning_of_others_goes_on),
		cmocka_unit_test(options_are_those_of_the_command_and_of_every_command),
		cmocka_unit_test(a_value_is_completed_by_what_its_option_takes),
		cmocka_unit_test(an_argument_is_completed_by_its_placeholder),
		cmocka_unit_test(no_more_arguments_are_offered_than_the_command_takes),
		cmocka_unit_test(the_words_after_run_belong_to_its_command),
		cmocka_unit_test(profiles_and_agents_come_from_the_state_folder_of_the_line),
		cmocka_unit_test(every_placeholder_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
