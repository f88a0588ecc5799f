/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/service_view.h"
#include "tests/unit/survey_world.h"

/*
 * The login-shell import: asked only where a gateway would ask, exactly as it would, and never
 * longer than its deadline. The shell is a script that notes how it was called.
 */

#define KEY "sk-ant-api03-invented-0123456789abcdefghijklmnopqrstuvwxyz-A1b2"
#define ON "{env:{shellEnv:{enabled:true,timeoutMs:%d}}}"

static void path_of(const struct world *w, const char *name, char out[PATHS_CAP])
{
	struct err e = { 0 };

	assert_ok(fs_join(out, PATHS_CAP, w->home, name, &e), e);
}

/* A shell that writes its arguments and its process id, then does the rest. */
static void put_shell(struct world *w, const char *rest)
{
	static char shell[PATHS_CAP];
	char text[2048];
	FILE *f;

	path_of(w, "shell", shell);
	snprintf(text, sizeof(text),
		"#!/bin/sh\nprintf '%%s|' \"$@\" >%s/called\necho $$ >%s/pid\n%s\n", w->home,
		w->home, rest);
	f = fopen(shell, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(shell, 0700), 0);
	world_var(w, "SHELL", shell);
}

/* "" when it was never called. */
static void read_note(const struct world *w, const char *name, char out[64])
{
	char path[PATHS_CAP];
	FILE *f;

	out[0] = '\0';
	path_of(w, name, path);
	f = fopen(path, "r");
	if (!f)
		return;
	out[fread(out, 1, 63, f)] = '\0';
	fclose(f);
}

static void was_called(const struct world *w, bool want)
{
	char note[64];

	read_note(w, "called", note);
	assert_string_equal(note, want ? "-l|-c|env -0|" : "");
}

static void turn_on(struct world *w, int timeout_ms)
{
	char text[128];

	snprintf(text, sizeof(text), ON, timeout_ms);
	world_file(w, WORLD_CONFIG, text);
}

#define PRINT_KEY                                                                                  \
	"printf 'HOME=/x\\0ANTHROPIC_API_KEY=" KEY "\\0XAI_API_KEY=nope\\0OPENAI_API_KEY=\\0'"

static void the_keys_that_are_expected_come_from_the_shell(void **state)
{
	struct world *w = *state;
	const struct credential *c;

	turn_on(w, 5000);
	put_shell(w, PRINT_KEY);
	world_take(w);
	was_called(w, true);
	c = world_find(w, "ANTHROPIC_API_KEY");
	assert_true(c->from_shell);
	assert_string_equal(c->tail, "A1b2");
	assert_true(world_provider(w, "anthropic")->env_from_shell);
	assert_null(snapshot_find(&w->s, "XAI_API_KEY"));    /* not one that is expected */
	assert_null(snapshot_find(&w->s, "OPENAI_API_KEY")); /* empty */
	assert_int_equal(world_finding(w, "shell-import")->severity, SEVERITY_OK);
}

static void a_variable_turns_it_on_too(void **state)
{
	struct world *w = *state;

	put_shell(w, PRINT_KEY);
	world_var(w, "CLAWDBOT_LOAD_SHELL_ENV", "Yes");
	world_take(w);
	was_called(w, true);
	assert_true(w->s.shell_env);
}

static void no_shell_is_asked_unless_it_is_turned_on(void **state)
{
	struct world *w = *state;

	put_shell(w, PRINT_KEY);
	world_var(w, "OPENCLAW_LOAD_SHELL_ENV", "0");
	world_take(w);
	was_called(w, false);
	assert_false(w->s.shell_env);
	assert_null(world_finding(w, "shell-import"));
}

/* All or nothing: one expected key that is there keeps the gateway from asking for the others. */
static void no_shell_is_asked_when_an_expected_key_is_there(void **state)
{
	struct world *w = *state;

	turn_on(w, 5000);
	put_shell(w, PRINT_KEY);
	world_file(w, ".env", "TELEGRAM_BOT_TOKEN=123:invented\n");
	world_take(w);
	was_called(w, false);
}

static bool is_gone(const struct world *w)
{
	char note[64];
	pid_t pid;

	read_note(w, "pid", note);
	pid = (pid_t)strtol(note, NULL, 10);
	assert_true(pid > 1);
	return kill(pid, 0) != 0 && errno == ESRCH;
}

static void a_shell_that_hangs_is_killed_with_all_it_started(void **state)
{
	struct world *w = *state;
	int64_t began = clock_mono_ms();
	char note[64];

	turn_on(w, 300);
	put_shell(w, "sleep 600 & echo $! >\"${0%/*}/child\"; sleep 600");
	world_take(w);
	assert_true(clock_mono_ms() - began < 20 * MS_SECOND);
	assert_true(is_gone(w));
	read_note(w, "child", note);
	for (int tries = 0; tries < 200 && kill((pid_t)strtol(note, NULL, 10), 0) == 0; tries++)
		usleep(10000); /* its new parent reaps it */
	assert_int_equal(world_finding(w, "shell-import")->severity, SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "shell-import")->text, "within 300 ms"));
}

static void a_shell_that_fails_supplies_nothing(void **state)
{
	struct world *w = *state;

	turn_on(w, 5000);
	put_shell(w, PRINT_KEY "; exit 3");
	world_take(w);
	assert_null(snapshot_find(&w->s, "ANTHROPIC_API_KEY"));
	assert_non_null(strstr(world_finding(w, "shell-import")->text, "status 3"));
}

static void a_shell_that_writes_for_ever_is_stopped(void **state)
{
	struct world *w = *state;

	turn_on(w, 20000);
	put_shell(w, "exec cat /dev/zero");
	world_take(w);
	assert_non_null(strstr(world_finding(w, "shell-import")->text, "wrote too much"));
	assert_true(is_gone(w));
}

/* This shell has the key of its profile: the service gets it by the import, and no alarm is right.
 */
static void the_service_imports_what_this_shell_has_from_its_profile(void **state)
{
	struct world *w = *state;
	char unit[PATHS_CAP];
	struct err e = { 0 };
	FILE *f;

	path_of(w, ".config/systemd/user", unit);
	assert_ok(fs_mkdirs(unit, &e), e);
	path_of(w, ".config/systemd/user/openclaw-gateway.service", unit);
	f = fopen(unit, "w");
	assert_non_null(f);
	assert_true(fputs("[Service]\nExecStart=openclaw gateway\n"
			  "Environment=OPENCLAW_STATE_DIR=%h/.thinkfleetbot\n",
			    f) >= 0);
	assert_int_equal(fclose(f), 0);
	world_var(w, "ANTHROPIC_API_KEY", KEY);
	put_shell(w, PRINT_KEY);
	world_file(w, WORLD_CONFIG, "{}");
	world_take(w);
	was_called(w, false);
	assert_string_equal(world_finding(w, "service")->check, "service");
	assert_int_equal(world_finding(w, "service")->severity, SEVERITY_WARN);
	turn_on(w, 5000);
	world_take(w);
	was_called(w, true);
	assert_false(world_find(w, "ANTHROPIC_API_KEY")->from_shell);
	assert_int_equal(service_row(w->s.service, "ANTHROPIC_API_KEY")->wins, WINS_SHELL);
	assert_int_equal(world_finding(w, "service")->severity, SEVERITY_OK);
}

static void the_real_login_shell_is_asked_with_its_own_profile(void **state)
{
	struct world *w = *state;
	char home[PATHS_CAP + 8];
	char path[] = "PATH=/usr/bin:/bin";
	char *const environment[] = { home, path, NULL };
	char file[PATHS_CAP];
	FILE *f;

	snprintf(home, sizeof(home), "HOME=%s", w->home);
	path_of(w, ".profile", file);
	f = fopen(file, "w");
	assert_non_null(f);
	assert_true(fputs("export ANTHROPIC_API_KEY=" KEY "\n", f) >= 0);
	assert_int_equal(fclose(f), 0);
	turn_on(w, 15000);
	world_var(w, "SHELL", "/bin/sh");
	w->o.environ = environment;
	world_take(w);
	assert_string_equal(world_find(w, "ANTHROPIC_API_KEY")->tail, "A1b2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_keys_that_are_expected_come_from_the_shell,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_variable_turns_it_on_too, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			no_shell_is_asked_unless_it_is_turned_on, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(no_shell_is_asked_when_an_expected_key_is_there,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_shell_that_hangs_is_killed_with_all_it_started,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_shell_that_fails_supplies_nothing, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_shell_that_writes_for_ever_is_stopped, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			the_service_imports_what_this_shell_has_from_its_profile, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(the_real_login_shell_is_asked_with_its_own_profile,
			world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
