/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "health/service_impl.h"
#include "tests/unit/test.h"

/* The grammars: unit files, EnvironmentFile=, property lists, command lines. */

/* --- unit files --- */

struct seen {
	char text[1024]; /* "section/key@line=value|" */
	struct str s;
};

static bool take(void *ctx, const struct unit_setting *s, struct err *e)
{
	struct seen *seen = ctx;

	(void)e;
	str_fmt(&seen->s, "%s/%s@%u=%s|", s->section, s->key, s->line, s->value);
	return true;
}

static void parses_to(const char *text, const char *want)
{
	struct seen seen;
	struct err e = { 0 };

	seen.s = STR_OF(seen.text);
	assert_ok(unit_parse(text, strlen(text), take, &seen, &e), e);
	assert_string_equal(seen.text, want);
}

static void assignments_of_sections_are_given_with_their_lines(void **state)
{
	(void)state;
	parses_to("[Unit]\nDescription = A gateway \n\n[Service]\nUser=gw\n",
		"Unit/Description@2=A gateway|Service/User@5=gw|");
	parses_to("User=nobody\n[Service]\nUser=gw", "Service/User@3=gw|");
	parses_to("\xEF\xBB\xBF[Service]\r\nUser=gw\r\n", "Service/User@2=gw|");
}

static void a_backslash_at_the_end_joins_lines_and_becomes_a_blank(void **state)
{
	(void)state;
	parses_to("[Service]\nExecStart=/bin/a \\\n   b \\\n   c\nUser=x\n",
		"Service/ExecStart@2=/bin/a  b  c|Service/User@5=x|");
	parses_to("[Service]\nUser=a\\\\\nGroup=b\n", "Service/User@2=a\\\\|Service/Group@3=b|");
}

static void comments_are_skipped_even_inside_a_joined_line(void **state)
{
	(void)state;
	parses_to("[Service]\n# ExecStart=/x\n; User=y\nEnvironment=A=1 \\\n# no\n  B=2\n",
		"Service/Environment@4=A=1  B=2|");
	parses_to("[Service]\nEnvironment=A=1 # not a comment\n",
		"Service/Environment@2=A=1 # not a comment|");
}

static void lines_that_systemd_ignores_are_ignored(void **state)
{
	(void)state;
	parses_to("[Service]\nno assignment\n\xFF=x\n[broken\nUser=gw\n[Install]\nA=b\n",
		"Install/A@7=b|");
}

static void words_are(const char *text, const char *want, enum unit_word end)
{
	char all[512];
	struct str s = STR_OF(all);
	struct buf word = { 0 };
	const char *at = text;
	enum unit_word r;

	while ((r = unit_word(&at, &word)) == UNIT_WORD)
		str_fmt(&s, "%s|", word.p);
	buf_release(&word);
	assert_string_equal(all, want);
	assert_int_equal(r, end);
}

static void quotes_group_words_and_are_removed_anywhere(void **state)
{
	(void)state;
	words_are("A=1 \"B=two words\" C='three four'", "A=1|B=two words|C=three four|", UNIT_END);
	words_are("a\"b c\"d ''", "ab cd||", UNIT_END);
	words_are("  ", "", UNIT_END);
}

static void escapes_are_those_of_c(void **state)
{
	(void)state;
	words_are("\\x41\\102 \\u00e9\\s\\t\\\"", "AB|\xc3\xa9 \t\"|", UNIT_END);
	words_are("good bad\\q", "good|", UNIT_INVALID);
	words_are("good \\x0", "good|", UNIT_INVALID);
	words_are("good \\000", "good|", UNIT_INVALID);
	words_are("good \"open", "good|", UNIT_INVALID);
	words_are("good end\\", "good|", UNIT_INVALID);
}

static void expands_to(const char *word, const char *want)
{
	const struct unit_specifiers s = { .name = "open-claw@work.service",
		.user = "ann",
		.home = "/home/ann",
		.uid = "1000",
		.runtime = "/run/user/1000",
		.config = "/home/ann/.config",
		.host = "box.lan" };
	struct buf out = { 0 };
	struct err e = { 0 };
	bool known = unit_expand(&out, word, &s, &e);

	assert_int_equal(known, want != NULL);
	assert_int_equal(e.code, ERR_NONE);
	if (want)
		assert_string_equal(out.p, want);
	buf_release(&out);
}

static void specifiers_stand_for_the_manager_and_the_unit(void **state)
{
	(void)state;
	expands_to("%h/%u/%U", "/home/ann/ann/1000");
	expands_to("%t %E %l %H", "/run/user/1000 /home/ann/.config box box.lan");
	expands_to("%n|%N|%p|%i|%j", "open-claw@work.service|open-claw@work|open-claw|work|claw");
	expands_to("100%% %", "100% %");
	expands_to("%z stays", "%z stays");
}

static void a_specifier_that_is_not_known_here_is_said(void **state)
{
	(void)state;
	expands_to("%m", NULL); /* the machine id */
	expands_to("%S", NULL); /* not given */
}

/* --- EnvironmentFile= --- */

static void prints_of(const char *value, char out[FINGERPRINT_CAP])
{
	const struct secret view = { .bytes = (char *)value, .len = strlen(value) };

	secret_fingerprint(out, &view);
}

static void holds(const struct service_vars *v, const char *name, const char *value)
{
	const struct service_var *var = vars_find(v, name);
	char want[FINGERPRINT_CAP];

	if (!value) {
		assert_null(var);
		return;
	}
	if (!var)
		fail_msg("%s is not set", name);
	prints_of(value, want);
	if (strcmp(var->fingerprint, value[0] ? want : "") != 0)
		fail_msg("%s is not %s", name, value);
}

static void envfile(const char *text, const char *value)
{
	struct service_vars v = { 0 };
	struct err e = { 0 };

	assert_ok(vars_envfile(&v, text, strlen(text), "/x", &e), e);
	holds(&v, "K", value);
	vars_release(&v);
}

static void an_environment_file_is_read_as_systemd_reads_it(void **state)
{
	(void)state;
	envfile("K=plain\n", "plain");
	envfile("K = plain  \n", "plain");
	envfile("K=two words # not a comment", "two words # not a comment");
	envfile("K='single \\ quoted'\n", "single \\ quoted");
	envfile("K=\"a\\\"b\\$c\\nd\"\n", "a\"b$c\\nd");
	envfile("K='a'\"b\"c\n", "abc");
	envfile("K=a\\\nb\n", "ab");
	envfile("K=\"a\nb\"\n", "a\nb");
	envfile("K=1\nK=2\n", "2");
	envfile("K=\n", "");
	envfile("; K=1\n#K=2\n", NULL);
}

static void export_is_no_part_of_an_environment_file(void **state)
{
	(void)state;
	envfile("export K=1\n", NULL);
	envfile("no value\nK=1\n", "1");
}

/* systemd issue 27975: 252 (Debian 12) joins the comment with the next line. */
static void a_comment_that_ends_in_a_backslash_swallows_the_next_line(void **state)
{
	(void)state;
	envfile("# comment \\\nK=1\n", NULL);
	envfile("# comment \\x\nK=1\n", "1");
}

static void only_names_without_secrets_keep_their_values(void **state)
{
	static const char block[] =
		"HOME=/home/ann\0ANTHROPIC_API_KEY=sk-ant-invented-1234\0"
		"OPENCLAW_STATE_DIR=/srv/claw\0no assignment\0EMPTY=";
	struct service_vars v = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(vars_block(&v, block, sizeof(block) - 1, &e), e);
	assert_string_equal(vars_value(&v, "HOME"), "/home/ann");
	assert_string_equal(vars_value(&v, "OPENCLAW_STATE_DIR"), "/srv/claw");
	assert_null(vars_value(&v, "ANTHROPIC_API_KEY"));
	assert_null(memmem(v.list, v.cap * sizeof(v.list[0]), "invented", 8));
	holds(&v, "ANTHROPIC_API_KEY", "sk-ant-invented-1234");
	assert_true(vars_find(&v, "EMPTY")->blank);
	assert_int_equal(v.count, 4);
	vars_release(&v);
}

static void unset_takes_a_name_or_one_value_of_it(void **state)
{
	static const char block[] = "A=1\0B=2\0C=3";
	struct service_vars v = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(vars_block(&v, block, sizeof(block) - 1, &e), e);
	vars_drop(&v, "A", 1);
	vars_drop(&v, "B=9", 3);
	vars_drop(&v, "C=3", 3);
	vars_drop(&v, "D", 1);
	holds(&v, "A", NULL);
	holds(&v, "B", "2");
	holds(&v, "C", NULL);
	vars_release(&v);
}

/* --- property lists --- */

static const char plist[] =
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	"<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"x\">\n"
	"<plist version=\"1.0\">\n"
	"  <dict>\n"
	"    <key>Label</key><string>bot.molt.gateway</string>\n"
	"    <!-- <key>UserName</key><string>nobody</string> -->\n"
	"    <key>UserName</key><string>gw</string>\n"
	"    <key>KeepAlive</key><true/>\n"
	"    <key>ProgramArguments</key>\n"
	"    <array><string>/usr/local/bin/node</string>\n"
	"      <string>/opt/moltbot/dist/entry.js</string><string>gateway</string></array>\n"
	"    <key>EnvironmentVariables</key>\n"
	"    <dict>\n"
	"      <key>OPENAI_API_KEY</key>\n"
	"      <string>sk&amp;&#x41;&#66;&lt;</string>\n"
	"      <key>NESTED</key><dict><key>HOME</key><string>/no</string></dict>\n"
	"      <key>EMPTY</key><string/>\n"
	"    </dict>\n"
	"    <key>WorkingDirectory</key><string>/srv</string>\n"
	"  </dict>\n"
	"</plist>\n";

static void a_property_list_says_variables_user_and_command(void **state)
{
	struct service s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(launchd_parse(&s, plist, strlen(plist), "/x.plist", &e), e);
	holds(&s.vars, "OPENAI_API_KEY", "sk&AB<");
	assert_int_equal(vars_find(&s.vars, "OPENAI_API_KEY")->line, 15);
	holds(&s.vars, "HOME", NULL);
	assert_true(vars_find(&s.vars, "EMPTY")->blank);
	assert_string_equal(s.user, "gw");
	assert_string_equal(s.dir, "/srv");
	assert_true(s.command.gateway);
	assert_string_equal(s.command.family->name, "moltbot");
	service_release(&s);
}

static void every_cut_of_a_property_list_ends(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(plist) - 1; n++) {
		struct service s = { 0 };
		struct err e = { 0 };

		assert_ok(launchd_parse(&s, plist, n, "/x.plist", &e), e);
		service_release(&s);
	}
}

static void a_binary_property_list_is_said(void **state)
{
	struct service s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_ok(launchd_parse(&s, "bplist00\1\2", 10, "/x.plist", &e), e);
	assert_non_null(strstr(s.gap, "binary property list"));
	service_release(&s);
}

/* --- command lines --- */

/* Words separated by "|". */
static struct service_command judged(const char *line)
{
	struct service_command c;
	char words[512];
	size_t n = strlen(line) + 1;

	memcpy(words, line, n);
	for (size_t i = 0; i < n; i++)
		if (line[i] == '|')
			words[i] = '\0';
	command_judge(&c, words, n);
	return c;
}

static void gateways_are_known_by_their_entry_and_their_verb(void **state)
{
	static const char *const good[] = {
		"/usr/bin/moltbot|gateway",
		"moltbot|gateway|--port|18789",
		"/usr/bin/node|/usr/lib/node_modules/openclaw/dist/entry.js|gateway",
		"node|--disable-warning=ExperimentalWarning|/opt/clawdbot/dist/index.js|gateway",
		"/usr/bin/node|/usr/lib/node_modules/moltbot/moltbot.mjs|gateway|run",
		"openclaw-gateway",
		"openclaw-gateway   ",
	};
	static const char *const bad[] = { "/usr/bin/moltbot|status", "moltbot", "node|gateway",
		"/usr/bin/vim|moltbot|notes", "gateway", "openclaw-gatewayd",
		"/usr/lib/api/dist/index.js|gateway", "grep|openclaw|x" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (!judged(good[i]).gateway)
			fail_msg("not known: %s", good[i]);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (judged(bad[i]).gateway)
			fail_msg("taken for a gateway: %s", bad[i]);
}

static void our_run_in_front_is_seen_with_its_state_folder(void **state)
{
	struct service_command c =
		judged("/usr/bin/thinkfleetbot|--state-dir|/srv/s|run|--|moltbot|gateway");

	(void)state;
	assert_true(c.run);
	assert_true(c.gateway);
	assert_string_equal(c.state_dir, "/srv/s");
	assert_string_equal(c.family->name, "moltbot");
	c = judged("/usr/bin/thinkfleetbot|run|--state-dir=/t|--|/opt/other");
	assert_true(c.run);
	assert_false(c.gateway);
	assert_string_equal(c.state_dir, "/t");
	assert_false(judged("/usr/bin/thinkfleetbot|status").run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(assignments_of_sections_are_given_with_their_lines),
		cmocka_unit_test(a_backslash_at_the_end_joins_lines_and_becomes_a_blank),
		cmocka_unit_test(comments_are_skipped_even_inside_a_joined_line),
		cmocka_unit_test(lines_that_systemd_ignores_are_ignored),
		cmocka_unit_test(quotes_group_words_and_are_removed_anywhere),
		cmocka_unit_test(escapes_are_those_of_c),
		cmocka_unit_test(specifiers_stand_for_the_manager_and_the_unit),
		cmocka_unit_test(a_specifier_that_is_not_known_here_is_said),
		cmocka_unit_test(an_environment_file_is_read_as_systemd_reads_it),
		cmocka_unit_test(export_is_no_part_of_an_environment_file),
		cmocka_unit_test(a_comment_that_ends_in_a_backslash_swallows_the_next_line),
		cmocka_unit_test(only_names_without_secrets_keep_their_values),
		cmocka_unit_test(unset_takes_a_name_or_one_value_of_it),
		cmocka_unit_test(a_property_list_says_variables_user_and_command),
		cmocka_unit_test(every_cut_of_a_property_list_ends),
		cmocka_unit_test(a_binary_property_list_is_said),
		cmocka_unit_test(gateways_are_known_by_their_entry_and_their_verb),
		cmocka_unit_test(our_run_in_front_is_seen_with_its_state_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
