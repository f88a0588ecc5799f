/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"
#include "store/paths.h"

/* An environment in a table: name, value, name, value, ..., NULL. */
static const char *table_get(void *ctx, const char *name)
{
	for (const char *const *row = ctx; *row; row += 2) {
		if (strcmp(row[0], name) == 0)
			return row[1];
	}
	return NULL;
}

static struct paths resolved(const char *state_dir, const char **table)
{
	struct paths_env env = { .get = table_get, .ctx = (void *)table };
	struct paths p;
	struct err e = { 0 };

	assert_ok(paths_resolve(&p, state_dir, &env, &e), e);
	return p;
}

static void defaults_hang_under_home(void **state)
{
	const char *env[] = { "HOME", "/home/u/", NULL };
	struct paths p = resolved(NULL, env);

	(void)state;
	assert_string_equal(p.home, "/home/u");
	assert_string_equal(p.state, "/home/u/.thinkfleetbot");
	assert_string_equal(p.real, p.state);
	assert_string_equal(p.config, "/home/u/.thinkfleetbot/thinkfleetbot.json");
	assert_string_equal(p.env, "/home/u/.thinkfleetbot/.env");
	assert_string_equal(p.vault, "/home/u/.thinkfleetbot/secrets/vault.json");
	assert_string_equal(p.vault_bak, "/home/u/.thinkfleetbot/secrets/vault.json.bak");
	assert_string_equal(p.lock, "/home/u/.thinkfleetbot/secrets/.lock");
	assert_string_equal(p.txn, "/home/u/.thinkfleetbot/secrets/.txn");
	assert_string_equal(p.checks, "/home/u/.thinkfleetbot/secrets/checks.json");
	assert_string_equal(p.resolver, "/home/u/.thinkfleetbot/bin/thinkfleetbot-resolve");
	assert_string_equal(p.keys, "/home/u/.local/share/thinkfleetbot/keys");
	assert_false(p.foreign);
}

static void variables_and_the_option_override_in_order(void **state)
{
	const char *env[] = { "HOME", "/home/u", "THINKFLEETBOT_STATE_DIR", " ~/s ",
		"THINKFLEETBOT_CONFIG_PATH", "/etc/c.json", "THINKFLEETBOT_KEY_DIR", "~/keys",
		"XDG_DATA_HOME", "/data", NULL };
	struct paths p = resolved(NULL, env);

	(void)state;
	assert_string_equal(p.state, "/home/u/s");
	assert_string_equal(p.config, "/etc/c.json");
	assert_string_equal(p.keys, "/home/u/keys");
	p = resolved("/opt//x/./y/../z/", env);
	assert_string_equal(p.state, "/opt/x/z");
	env[3] = "  ";
	env[7] = "";
	p = resolved(NULL, env);
	assert_string_equal(p.state, "/home/u/.thinkfleetbot");
	assert_string_equal(p.keys, "/data/thinkfleetbot/keys");
	env[9] = "relative";
	p = resolved(NULL, env);
	assert_string_equal(p.keys, "/home/u/.local/share/thinkfleetbot/keys");
}

static void a_relative_state_folder_is_made_absolute(void **state)
{
	const char *env[] = { "HOME", "/home/u", NULL };
	struct paths p = resolved("sub/dir", env);
	char cwd[PATHS_CAP];
	char want[PATHS_CAP + 16];

	(void)state;
	assert_non_null(getcwd(cwd, sizeof(cwd)));
	snprintf(want, sizeof(want), "%s/sub/dir", cwd);
	assert_string_equal(p.state, want);
}

static void without_a_usable_home_the_user_database_is_asked(void **state)
{
	const char *none[] = { NULL };
	const char *relative[] = { "HOME", "here", NULL };
	struct paths p = resolved("/s", none);

	(void)state;
	assert_int_equal(p.home[0], '/');
	p = resolved("/s", relative);
	assert_int_equal(p.home[0], '/');
	assert_null(strstr(p.home, "here"));
}

static void a_foreign_folder_keeps_its_own_configuration(void **state)
{
	char dir[] = "/tmp/tfb-paths-XXXXXX";
	const char *env[] = { "HOME", dir, NULL };
	char file[64];
	char link_path[64];
	char target[64];
	struct paths p;
	struct err e = { 0 };

	(void)state;
	assert_non_null(mkdtemp(dir));
	p = resolved("~/.openclaw", env);
	assert_true(p.foreign);
	assert_true(str_ends(p.config, "/.openclaw/openclaw.json"));
	assert_true(fs_join(file, sizeof(file), dir, "clawdbot.json", &e));
	assert_ok(fs_replace(file, "{}", 2, NULL, &e), e);
	p = resolved(dir, env);
	assert_true(p.foreign);
	assert_true(str_ends(p.config, "/clawdbot.json"));
	/* ~/.clawdbot -> ~/.moltbot, as the January gateway leaves it */
	assert_true(fs_join(target, sizeof(target), dir, ".moltbot", &e));
	assert_true(fs_join(link_path, sizeof(link_path), dir, ".clawdbot", &e));
	assert_int_equal(mkdir(target, 0700), 0);
	assert_int_equal(symlink(".moltbot", link_path), 0);
	p = resolved("~/.clawdbot", env);
	assert_true(str_ends(p.state, "/.clawdbot"));
	assert_true(str_ends(p.real, "/.moltbot"));
	assert_true(str_ends(p.config, "/.clawdbot/moltbot.json"));
	unlink(link_path);
	rmdir(target);
	unlink(file);
	rmdir(dir);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
	char lengthy[PATHS_CAP + 100];
	const char *env[] = { "HOME", "/home/u", "THINKFLEETBOT_CONFIG_PATH", lengthy, NULL };
	struct paths_env get = { .get = table_get, .ctx = (void *)env };
	struct paths p;
	struct err e = { 0 };

	(void)state;
	memset(lengthy, 'a', sizeof(lengthy) - 1);
	lengthy[0] = '/';
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_err(paths_resolve(&p, NULL, &get, &e), e, ERR_USAGE);
	env[2] = "X";
	assert_err(paths_resolve(&p, lengthy, &get, &e), e, ERR_USAGE);
}

static void agent_ids_are_normalised_as_in_the_family(void **state)
{
	static const char *const rows[][2] = { { "", "main" }, { "  ", "main" }, { "Main", "main" },
		{ " Ops_1 ", "ops_1" }, { "Two Words", "two-words" }, { "--a  &b--", "a-b" },
		{ "a - b", "a---b" }, { "\xC3\xA4\xC3\xB6", "main" }, { "x\xC3\xA4y", "x-y" },
		{ "../../etc", "etc" }, { "_x", "_x" }, { "-", "main" } };
	char out[AGENT_CAP];
	char lengthy[101];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		agent_normalise(out, rows[i][0]);
		assert_string_equal(out, rows[i][1]);
	}
	agent_normalise(out, NULL);
	assert_string_equal(out, "main");
	memset(lengthy, 'A', 100);
	lengthy[100] = '\0';
	agent_normalise(out, lengthy);
	assert_int_equal(strlen(out), 64);
}

static void agent_folders_come_from_the_configuration_or_the_state_folder(void **state)
{
	const char *env[] = { "HOME", "/home/u", NULL };
	struct paths p = resolved("/s", env);
	struct err e = { 0 };
	char dir[PATHS_CAP];
	char file[PATHS_CAP];

	(void)state;
	assert_ok(paths_agent_dir(dir, sizeof(dir), &p, "main", NULL, &e), e);
	assert_string_equal(dir, "/s/agents/main/agent");
	assert_ok(paths_profiles(file, sizeof(file), dir, &e), e);
	assert_string_equal(file, "/s/agents/main/agent/auth-profiles.json");
	assert_ok(paths_auth_state(file, sizeof(file), dir, &e), e);
	assert_string_equal(file, "/s/agents/main/agent/auth-state.json");
	assert_ok(paths_agent_dir(dir, sizeof(dir), &p, "main", "~/bot", &e), e);
	assert_string_equal(dir, "/home/u/bot");
}

static void root_through_sudo_is_refused_with_the_command_to_run(void **state)
{
	const char *sudo[] = { "HOME", "/root", "SUDO_UID", "1000", NULL };
	struct paths_env env = { .get = table_get, .ctx = (void *)sudo };
	struct paths p = resolved("/s", sudo);
	struct err e = { 0 };

	(void)state;
	assert_err(paths_check(&p, 0, &env, "thinkfleetbot onboard", &e), e, ERR_REFUSED);
	assert_string_equal(e.hint, "run it as yourself, without sudo: thinkfleetbot onboard");
}

static void somebody_else_s_home_is_refused_with_its_owner(void **state)
{
	const char *table[] = { "HOME", "/", NULL };
	struct paths_env env = { .get = table_get, .ctx = (void *)table };
	struct paths p = resolved("/s", table);
	struct err e = { 0 };

	(void)state;
	assert_err(paths_check(&p, 4242, &env, "thinkfleetbot status", &e), e, ERR_REFUSED);
	assert_string_equal(e.hint, "run it as its owner: sudo -u 'root' -H thinkfleetbot status");
	assert_ok(paths_check(&p, 0, &env, "x", &e), e);
	str_copy(p.home, sizeof(p.home), "/tmp/tfb-no-such-home");
	assert_ok(paths_check(&p, 4242, &env, "x", &e), e);
}

/* A gateway runs the resolver with an empty environment. */
static void key_folder_is_found_without_any_variable(void **state)
{
	const char *nothing[] = { NULL };
	const char *data[] = { "XDG_DATA_HOME", "/data", NULL };
	const char *relative[] = { "HOME", "/home/u", "XDG_DATA_HOME", "data", NULL };
	const char *own[] = { "HOME", "/home/u", "THINKFLEETBOT_KEY_DIR", "/run/keys", NULL };
	const struct {
		const char **table;
		const char *keys;
	} cases[] = {
		{ data, "/data/thinkfleetbot/keys" },
		{ relative, "/home/u/.local/share/thinkfleetbot/keys" },
		{ own, "/run/keys" },
	};
	char want[PATHS_CAP];
	char keys[PATHS_CAP];
	struct err e = { 0 };
	struct user user;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct paths_env env = { .get = table_get, .ctx = (void *)cases[i].table };

		assert_ok(paths_keys(keys, sizeof(keys), &env, &e), e);
		assert_string_equal(keys, cases[i].keys);
	}
	assert_ok(user_find(&user, geteuid(), &e), e);
	assert_true(
		fs_join(want, sizeof(want), user.home, ".local/share/thinkfleetbot/keys", NULL));
	assert_ok(paths_keys(keys, sizeof(keys),
			  &(struct paths_env){ .get = table_get, .ctx = (void *)nothing }, &e),
		e);
	assert_string_equal(keys, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_hang_under_home),
		cmocka_unit_test(key_folder_is_found_without_any_variable),
		cmocka_unit_test(variables_and_the_option_override_in_order),
		cmocka_unit_test(a_relative_state_folder_is_made_absolute),
		cmocka_unit_test(without_a_usable_home_the_user_database_is_asked),
		cmocka_unit_test(a_foreign_folder_keeps_its_own_configuration),
		cmocka_unit_test(a_path_that_is_too_long_is_refused),
		cmocka_unit_test(agent_ids_are_normalised_as_in_the_family),
		cmocka_unit_test(agent_folders_come_from_the_configuration_or_the_state_folder),
		cmocka_unit_test(root_through_sudo_is_refused_with_the_command_to_run),
		cmocka_unit_test(somebody_else_s_home_is_refused_with_its_owner),
	};

	return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
