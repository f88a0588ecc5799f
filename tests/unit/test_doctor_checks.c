/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/user.h"
#include "health/doctor.h"
#include "tests/unit/survey_world.h"

/* What the doctor promises, and its checks of .env, leftovers, pauses and the session. */

#define KEY "sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE4f2Q"
#define STORE(profiles, more) "{\"version\":1,\"profiles\":{" profiles "}" more "}\n"
#define API_KEY                                                                                    \
	"\"anthropic:default\":{\"type\":\"api_key\",\"provider\":\"anthropic\",\"key\":\"" KEY    \
	"\"}"

/*
 * What issue 5, the family's doctor (gateway-family.md 13) and user-pains.md promise, and the check
 * that keeps it. A promise whose check goes away is seen here.
 */
static const struct {
	const char *promise;
	const char *check;
} promised[] = {
	{ "13.2 invalid configuration, with line and column", "config" },
	{ "13.2 external CLI profiles", "deprecated" },
	{ "13.2 cooldowns and disabled profiles", "cooldowns" },
	{ "13.2 expired, expiring and missing logins", "expiry" },
	{ "13.2 legacy state", "misplaced" },
	{ "13.2 linger", "linger" },
	{ "13.3 state folder missing, not ours, not writable", "state" },
	{ "13.3 permissions of the state folder and the configuration", "modes" },
	{ "13.3 several state folders", "other-states" },
	{ "13.6 fs.auth_profiles.perms, fs.credentials_dir.perms", "modes" },
	{ "13.6 fs.state_dir.symlink, fs.config.symlink", "links" },
	{ "13.6 fs.synced_dir", "synced" },
	{ "vault opens, and by what", "vault" },
	{ "rollback", "vault" },
	{ "references that open their own record", "references" },
	{ "keys in plain text", "plain-text" },
	{ "residue", "residue" },
	{ "the resolver and its entry", "resolver" },
	{ "the resolver and its entry", "secrets-provider" },
	{ "clock", "clock" },
	{ "TERM", "term" },
	{ "terminal size", "window" },
	{ "locale", "locale" },
	{ "disk space", "disk" },
	{ "wrong user or HOME, root against service user", "identity" },
	{ "hand-written stores in the wrong shape", "profiles" },
	{ "hand-written stores in the wrong place", "misplaced" },
	{ "unverified and rejected", "accepted" },
	{ "duplicates in .env", "duplicates" },
	{ "four readers of .env", "env-readers" },
	{ ".env that cannot be read", "env" },
	{ "stale variables that shadow a key", "shadows" },
	{ "leftover locks", "locks" },
	{ "temporary files and journals", "interrupted" },
	{ "models without a credential", "models" },
	{ "swap", "memory" },
	{ "version control", "git" },
};

static bool is_check(const char *id)
{
	for (size_t i = 0; i < doctor_count(); i++)
		if (strcmp(doctor_at(i)->id, id) == 0)
			return true;
	return false;
}

static void every_promise_has_a_check(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(promised); i++)
		if (!is_check(promised[i].check))
			fail_msg("%s: no check %s", promised[i].promise, promised[i].check);
	assert_false(is_check("no-such-check"));
}

/* The first finding of a check; it must apply. */
static const struct finding *judged(struct world *w, const char *check)
{
	const struct finding *f;

	world_take(w);
	f = world_finding(w, check);
	if (!f)
		fail_msg("%s did not apply", check);
	return f;
}

/*
 * What systemd 252, a POSIX shell and docker's --env-file make of the same bytes, by their sources.
 * said: a part of the finding's words for each reader that differs.
 */
static const struct {
	const char *env;
	const char *said[4]; /* NULL ends; none: all agree */
} dialects[] = {
	{ "OPENAI_API_KEY=sk-a1\n", { NULL } },
	{ "OPENAI_API_KEY=\n", { NULL } },
	{ "OPENAI_API_KEY=sk-a1", { NULL } },
	{ "# note\nOPENAI_API_KEY=sk-a1\n", { NULL } },
	{ "OPENAI_API_KEY=\"sk-a1\"\n", { "docker keeps the quotes", NULL } },
	{ "OPENAI_API_KEY='sk-a1'\n", { "docker keeps the quotes", NULL } },
	{ "OPENAI_API_KEY=`sk-a1`\n",
		{ "systemd reads another value", "a shell replaces a part of it",
			"docker keeps the quotes", NULL } },
	{ "export OPENAI_API_KEY=sk-a1\n",
		{ "systemd ignores the line", "docker refuses the whole file for it", NULL } },
	{ "OPENAI_API_KEY=sk-a1 # work\n",
		{ "systemd reads another value", "docker keeps blanks and comments", NULL } },
	{ "OPENAI_API_KEY=sk-a1#x\n",
		{ "systemd reads another value", "a shell reads another value",
			"docker keeps blanks and comments", NULL } },
	{ "OPENAI_API_KEY = sk-a1\n",
		{ "a shell runs it as a command", "docker refuses the whole file", NULL } },
	{ "OPENAI_API_KEY: sk-a1\n", { "systemd ignores the line", "a shell runs it as a command",
					     "docker refuses the whole file", NULL } },
	{ "OPENAI_API_KEY=sk-$a1\n", { "a shell replaces a part of it", NULL } },
	{ "OPENAI_API_KEY=\"sk-$a1\"\n",
		{ "a shell replaces a part of it", "docker keeps the quotes", NULL } },
	{ "OPENAI_API_KEY='sk-$a1'\n", { "docker keeps the quotes", NULL } },
	{ "OPENAI_API_KEY=sk-a1;x\n", { "a shell replaces a part of it", NULL } },
	{ "OPENAI_API_KEY=sk a1\n", { "a shell reads another value", NULL } },
	{ "OPENAI_API_KEY=sk-a\\1\n",
		{ "systemd reads another value", "a shell reads another value", NULL } },
	{ "OPENAI_API_KEY=sk-a1\r\n", { "a shell reads another value", NULL } },
	{ "# c:\\\nOPENAI_API_KEY=sk-a1\n",
		{ "systemd takes it for a part of the comment above", NULL } },
	{ "x=1\\\nOPENAI_API_KEY=sk-a1\n", { NULL } },
};

static void readers_of_env_that_differ_are_named(void **state)
{
	static const char *const programs[] = { "systemd ", "a shell ", "docker " };
	struct world *w = *state;

	for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
		const struct finding *f;
		const char *text;
		size_t said = 0;

		world_reset(w);
		world_file(w, ".env", dialects[i].env);
		f = judged(w, "env-readers");
		text = f->severity == SEVERITY_OK || !strstr(f->text, "OPENAI") ? "" : f->text;
		for (; dialects[i].said[said]; said++)
			if (!strstr(text, dialects[i].said[said]))
				fail_msg("%s: %s", dialects[i].env, f->text);
		for (size_t p = 0; p < ARRAY_LEN(programs); p++)
			said -= strstr(text, programs[p]) != NULL;
		if (said)
			fail_msg("%s: of more readers than these: %s", dialects[i].env, f->text);
		assert_null(strstr(f->text, "a1"));
	}
}

static void docker_alone_and_foreign_variables_are_notes(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "OPENAI_API_KEY=\"sk-a1\"\n");
	assert_int_equal(judged(w, "env-readers")->severity, SEVERITY_INFO);
	world_file(w, ".env", "export OPENAI_API_KEY=sk-a1\n");
	assert_int_equal(judged(w, "env-readers")->severity, SEVERITY_WARN);
	assert_string_equal(judged(w, "env-readers")->evidence, "~/.thinkfleetbot/.env:1");
	world_file(w, ".env", "export GREETING='good day'\n");
	assert_int_equal(judged(w, "env-readers")->severity, SEVERITY_INFO);
}

static void an_old_lock_is_found_and_a_fresh_one_is_not(void **state)
{
	static const char *const kinds[] = { "file", "folder" };
	struct world *w = *state;
	struct timespec old[2] = { { .tv_sec = 1700000000 }, { .tv_sec = 1700000000 } };
	char path[PATHS_CAP];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		world_reset(w);
		world_file(w, WORLD_STORE, STORE(API_KEY, ""));
		world_path(w, WORLD_STORE ".lock", path, sizeof(path));
		if (i == 0)
			world_file(w, WORLD_STORE ".lock", "{}");
		else
			assert_int_equal(mkdir(path, 0700), 0);
		assert_int_equal(judged(w, "locks")->severity, SEVERITY_OK);
		assert_int_equal(utimensat(AT_FDCWD, path, old, 0), 0);
		assert_int_equal(judged(w, "locks")->severity, SEVERITY_WARN);
		assert_true(judged(w, "locks")->safe);
	}
}

static void a_disabled_profile_warns_and_a_cooldown_is_a_note(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE,
		STORE(API_KEY,
			",\"usageStats\":{\"anthropic:default\":{\"cooldownUntil\":"
			"1795330600000}}"));
	assert_int_equal(judged(w, "cooldowns")->severity, SEVERITY_INFO);
	assert_non_null(strstr(judged(w, "cooldowns")->text, "cooldown (10m)"));
	world_file(w, WORLD_STORE,
		STORE(API_KEY,
			",\"usageStats\":{\"anthropic:default\":{\"disabledUntil\":"
			"1795348000000,\"disabledReason\":\"billing\"}}"));
	assert_int_equal(judged(w, "cooldowns")->severity, SEVERITY_WARN);
	assert_non_null(strstr(judged(w, "cooldowns")->text, "disabled:billing (5h)"));
	assert_string_equal(judged(w, "cooldowns")->fix,
		"thinkfleetbot models auth cooldown clear anthropic:default");
	world_file(w, WORLD_STORE,
		STORE(API_KEY, ",\"usageStats\":{\"anthropic:default\":{\"disabledUntil\":1}}"));
	assert_int_equal(judged(w, "cooldowns")->severity, SEVERITY_OK);
}

static void a_borrowed_profile_is_to_be_removed(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE,
		STORE("\"anthropic:claude-cli\":{\"type\":\"token\",\"provider\":\"anthropic\","
		      "\"token\":\"t\"}",
			""));
	assert_int_equal(judged(w, "deprecated")->severity, SEVERITY_WARN);
	assert_string_equal(judged(w, "deprecated")->fix,
		"thinkfleetbot models auth remove anthropic:claude-cli");
}

static void a_terminal_that_is_not_described_is_a_warning(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];

	world_file(w, ".env", "");
	world_take(w);
	assert_null(world_finding(w, "term")); /* a service has none */
	world_var(w, "TERM", "dumb");
	world_take(w);
	assert_null(world_finding(w, "term"));
	w->vars[0].value = "xterm-nosuch";
	assert_int_equal(judged(w, "term")->severity, SEVERITY_WARN);
	w->vars[0].value = "../../../../etc/passwd";
	assert_int_equal(judged(w, "term")->severity, SEVERITY_WARN);
	world_file(w, "t/x/xterm-nosuch", "");
	world_path(w, "t", path, sizeof(path));
	w->vars[0].value = "xterm-nosuch";
	world_var(w, "TERMINFO_DIRS", path);
	assert_int_equal(judged(w, "term")->severity, SEVERITY_OK);
}

static void a_locale_that_is_not_installed_is_a_warning(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "");
	world_take(w);
	assert_null(world_finding(w, "locale"));
	world_var(w, "LANG", "C.UTF-8");
	assert_int_equal(judged(w, "locale")->severity, SEVERITY_OK);
	w->vars[0].value = "C";
	assert_int_equal(judged(w, "locale")->severity, SEVERITY_INFO);
	world_var(w, "LC_ALL", "xx_YY.UTF-8");
	assert_int_equal(judged(w, "locale")->severity, SEVERITY_WARN);
	assert_string_equal(judged(w, "locale")->fix, "export LC_ALL=C.UTF-8");
}

/* The account's machine under the home folder: struct survey_options, root. */
static void an_enabled_service_needs_lingering(void **state)
{
	struct world *w = *state;
	struct user me;
	char path[PATHS_CAP];
	char units[PATHS_CAP];
	char root[PATHS_CAP];

	assert_true(user_find(&me, geteuid(), NULL));
	world_file(w, "etc/systemd/user/default.target.wants/moltbot-gateway.service", "");
	world_path(w, "etc", units, sizeof(units));
	world_var(w, "XDG_CONFIG_HOME", units);
	world_path(w, "root", root, sizeof(root));
	w->o.root = root;
	world_take(w);
	assert_null(world_finding(w, "linger")); /* no systemd */
	world_file(w, "root/run/systemd/system/x", "");
	assert_int_equal(judged(w, "linger")->severity, SEVERITY_WARN);
	assert_non_null(strstr(judged(w, "linger")->fix, "loginctl enable-linger "));
	snprintf(path, sizeof(path), "root/var/lib/systemd/linger/%s", me.name);
	world_file(w, path, "");
	assert_int_equal(judged(w, "linger")->severity, SEVERITY_OK);
}

static void a_linked_file_is_a_note(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];

	world_file(w, "elsewhere", "X=1\n");
	world_path(w, ".env", path, sizeof(path));
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_int_equal(judged(w, "links")->severity, SEVERITY_INFO);
	assert_string_equal(judged(w, "links")->text, ".env is a symbolic link");
}

static void what_git_ignores_it_does_not_take_along(void **state)
{
	struct world *w = *state;

	world_file(w, ".git/HEAD", "");
	assert_int_equal(judged(w, "git")->severity, SEVERITY_WARN);
	world_file(w, ".gitignore", "a*\n*.bak\n");
	assert_int_equal(judged(w, "git")->severity, SEVERITY_WARN);
	world_file(w, ".gitignore", "# all\n*\n");
	assert_int_equal(judged(w, "git")->severity, SEVERITY_OK);
}

static void damage_is_shown_with_its_line(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_CONFIG, "{\n  a: 1,\n  b: ]\n}\n");
	assert_int_equal(judged(w, "config")->severity, SEVERITY_FAIL);
	assert_string_equal(judged(w, "config")->evidence, "~/.thinkfleetbot/thinkfleetbot.json:3");
	assert_non_null(strstr(judged(w, "config")->text, "line 3"));
	assert_non_null(strstr(judged(w, "config")->fix, "\"${EDITOR:-vi}\" +3 /tmp/"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_promise_has_a_check),
		TEST(readers_of_env_that_differ_are_named),
		TEST(docker_alone_and_foreign_variables_are_notes),
		TEST(an_old_lock_is_found_and_a_fresh_one_is_not),
		TEST(a_disabled_profile_warns_and_a_cooldown_is_a_note),
		TEST(a_borrowed_profile_is_to_be_removed),
		TEST(a_terminal_that_is_not_described_is_a_warning),
		TEST(a_locale_that_is_not_installed_is_a_warning),
		TEST(an_enabled_service_needs_lingering),
		TEST(a_linked_file_is_a_note),
		TEST(what_git_ignores_it_does_not_take_along),
		TEST(damage_is_shown_with_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
