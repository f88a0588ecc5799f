/* SPDX-License-Identifier: MIT */

/* What runs: the process that systemd, a lock or a control group names, and what it holds. */

#include "tests/unit/service_world.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* --- systemctl --- */

/* It notes how it was asked, and answers. */
static void put_systemctl(struct world *w, const char *answer)
{
	char path[PATHS_CAP];
	char text[1024];
	struct err e = { 0 };

	snprintf(text, sizeof(text), "#!/bin/sh\necho \"$@\" >%s/asked\n%s\n", w->home, answer);
	put_file(w, "usr/bin/systemctl", text);
	assert_ok(fs_join(path, sizeof(path), w->home, "usr/bin/systemctl", &e), e);
	assert_int_equal(chmod(path, 0700), 0);
	snprintf(text, sizeof(text), "run/user/%u/systemd/private", (unsigned)geteuid());
	put_file(w, text, "");
	w->o.ask_systemd = true;
}

static void systemd_says_which_process_and_whether_it_read_the_files(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_process(w, WORLD_NOW + MS_MINUTE, "moved.slice", NULL);
	put_bytes(w, "proc/4242/cmdline", "node\0/opt/any.js", 17);
	put_systemctl(w, "echo MainPID=4242; echo ActiveState=failed; echo NeedDaemonReload=yes");
	view(w);
	assert_int_equal(w->s.service->pid, PID);
	assert_true(w->s.service->own_unit);
	finds(w, "systemd has not read that", SEVERITY_WARN);
	assert_string_equal(finding_with(w, "not read")->fix, "systemctl --user daemon-reload");
	finds(w, "has failed", SEVERITY_WARN);
}

static void a_drop_in_that_systemd_does_not_list_needs_a_reload(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_unit(w, USER_UNITS UNIT ".d/10-a.conf", "");
	put_unit(w, USER_UNITS UNIT ".d/20-b.conf", "");
	put_systemctl(w, "echo NeedDaemonReload=no; echo DropInPaths=/x/10-a.conf /x/20-b.conf");
	view(w);
	assert_null(finding_with(w, "not read"));
	put_systemctl(w, "echo NeedDaemonReload=no; echo DropInPaths=/x/10-a.conf");
	view(w);
	finds(w, "systemd has not read that", SEVERITY_WARN);
}

static void a_systemd_that_does_not_answer_is_said_and_waited_for_no_longer(void **state)
{
	struct world *w = *state;
	int64_t began = clock_mono_ms();

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_systemctl(w, "exit 1");
	view(w);
	finds(w, "systemd was not heard", SEVERITY_INFO);
	assert_true(clock_mono_ms() - began < 20 * MS_SECOND);
}

static void nobody_asks_systemd_unless_told_to(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];
	struct err e = { 0 };

	put_unit(w, USER_UNITS UNIT, "");
	put_systemctl(w, "exit 1");
	w->o.ask_systemd = false;
	view(w);
	assert_ok(fs_join(path, sizeof(path), w->home, "asked", &e), e);
	assert_int_not_equal(access(path, F_OK), 0);
	assert_string_equal(w->s.service->gap, "");
}

/* --- what runs --- */

static void in_use(struct world *w, const char *id, enum in_use want)
{
	view(w);
	assert_string_equal(in_use_name(world_find(w, id)->in_use), in_use_name(want));
}

static void a_gateway_from_before_the_rotation_holds_an_older_key(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_process(w, WORLD_NOW - MS_HOUR, UNIT, NULL);
	in_use(w, "anthropic:default", IN_USE_OLDER);
	assert_int_equal(w->s.service->pid, PID);
	assert_true(w->s.service->own_unit);
	assert_int_equal(w->s.service->started_ms, WORLD_NOW - MS_HOUR);
	finds(w, "holds an older anthropic:default: restart it", SEVERITY_WARN);
	assert_string_equal(
		finding_with(w, "holds an older")->fix, "systemctl --user restart " UNIT);
}

static void a_gateway_that_started_later_holds_this_key(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_process(w, WORLD_NOW + MS_MINUTE, UNIT, NULL);
	in_use(w, "anthropic:default", IN_USE_CURRENT);
	finds_nothing(w);
}

/* The vault's dates are whole seconds. */
static void within_the_second_of_the_rotation_nobody_knows(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_process(w, WORLD_NOW + 500, UNIT, NULL);
	in_use(w, "anthropic:default", IN_USE_UNKNOWN);
}

static void a_delivered_key_is_compared_by_its_fingerprint(void **state)
{
	struct world *w = *state;

	put_sealed_line(w);
	put_run_unit(w, "");
	put_process(w, WORLD_NOW - MS_HOUR, UNIT, NEW_KEY);
	in_use(w, VAR, IN_USE_CURRENT);
	put_process(w, WORLD_NOW - MS_HOUR, UNIT, OLD_KEY);
	in_use(w, VAR, IN_USE_OLDER);
	finds(w, "holds an older " VAR, SEVERITY_WARN);
	put_run_unit(w, "Environment=" VAR "=" OLD_KEY);
	in_use(w, VAR, IN_USE_OTHER);
}

static void a_unit_that_changed_after_the_start_is_found(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "Environment=" VAR "=" NEW_KEY);
	put_process(w, WORLD_NOW - MS_HOUR, UNIT, OLD_KEY);
	view(w);
	finds(w, "has another " VAR " than its unit says", SEVERITY_WARN);
}

static void a_gateway_of_another_folder_says_nothing_about_this_one(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_process(w, WORLD_NOW + MS_HOUR, "x.service", NULL);
	put_bytes(w, "proc/4242/environ", "HOME=/srv/else", 15);
	world_take(w);
	assert_null(w->s.service);
	assert_int_equal(world_find(w, "anthropic:default")->in_use, IN_USE_UNKNOWN);
}

static void a_gateway_that_was_started_by_hand_is_said(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "");
	put_process(w, WORLD_NOW + MS_MINUTE, "session-1.scope", NULL);
	view(w);
	finds(w, "was not started by " UNIT, SEVERITY_INFO);
}

/* Its title alone ("moltbot") is that of every command; its lock tells them apart. */
static void the_lock_file_names_the_gateway(void **state)
{
	struct world *w = *state;
	char name[64];

	put_profile(w);
	put_process(w, WORLD_NOW + MS_MINUTE, "session-1.scope", NULL);
	put_bytes(w, "proc/4242/cmdline", "moltbot", 8);
	world_take(w);
	assert_null(w->s.service);
	snprintf(name, sizeof(name), "tmp/moltbot-%u/gateway.0a1b2c3d.lock", (unsigned)geteuid());
	put_file(w, name, "{\"pid\":4242,\"createdAt\":\"x\",\"configPath\":\"y\"}");
	assert_int_equal(view(w)->pid, PID);
	/* The number was given to another process since. */
	put_file(w, name, "{\"pid\":4242,\"startTime\":7}");
	world_take(w);
	assert_null(w->s.service);
}

/* What `run` starts may be any program: the unit's control group says that it is the service. */
static void the_control_group_of_the_unit_names_the_gateway(void **state)
{
	struct world *w = *state;
	char name[256];

	put_sealed_line(w);
	put_run_unit(w, "");
	put_process(w, WORLD_NOW + MS_MINUTE, UNIT, NEW_KEY);
	put_bytes(w, "proc/4242/cmdline", "/opt/my-bot", 12);
	world_take(w);
	assert_int_equal(w->s.service->pid, 0);
	snprintf(name, sizeof(name),
		"sys/fs/cgroup/user.slice/user-%u.slice/user@%u.service/app.slice/" UNIT
		"/cgroup.procs",
		(unsigned)geteuid(), (unsigned)geteuid());
	put_file(w, name, "4241\n4242\n");
	in_use(w, VAR, IN_USE_CURRENT);
	assert_int_equal(w->s.service->pid, PID);
}

static void no_value_is_in_the_view(void **state)
{
	struct world *w = *state;
	const struct service_view *v;

	put_sealed_line(w);
	put_run_unit(w, "Environment=" VAR "=" OLD_KEY);
	put_process(w, WORLD_NOW, UNIT, OLD_KEY);
	world_var(w, VAR, OLD_KEY);
	v = view(w);
	assert_true(v->row_count >= 1);
	assert_null(memmem(v, sizeof(*v) + v->row_count * sizeof(v->rows[0]), "old-invented", 12));
	for (size_t i = 0; i < w->s.finding_count; i++)
		assert_null(memmem(&w->s.findings[i], sizeof(w->s.findings[i]), "invented", 8));
}

/* --- a real one --- */

static pid_t start_double(const struct world *w, const char *key)
{
	char home[PATHS_CAP + 32], state[PATHS_CAP + 32], var[256];
	char name[] = "openclaw-gateway";
	char seconds[] = "30";
	char *const argv[] = { name, seconds, NULL };
	char *const envp[] = { home, state, var, NULL };
	pid_t pid;

	snprintf(home, sizeof(home), "HOME=%s", w->home);
	snprintf(state, sizeof(state), "OPENCLAW_STATE_DIR=%s", w->paths.state);
	snprintf(var, sizeof(var), VAR "=%s", key);
	pid = fork();
	if (pid == 0) {
		execve("/bin/sleep", argv, envp);
		_exit(127);
	}
	assert_true(pid > 0);
	return pid;
}

/* Until the child is what it will be: its command line is that of the double. */
static bool is_started(pid_t pid)
{
	char path[64];
	char text[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	for (int tries = 0; tries < 500; tries++) {
		FILE *f = fopen(path, "r");

		if (f) {
			text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
			fclose(f);
		}
		if (strcmp(text, "openclaw-gateway") == 0)
			return true;
		usleep(2000);
	}
	return false;
}

static void the_environment_of_a_real_process_is_read(void **state)
{
	struct world *w = *state;
	pid_t pid;
	bool started;

	put_sealed_line(w);
	w->o.root = NULL;
	w->o.now_ms = clock_now_ms();
	pid = start_double(w, OLD_KEY);
	started = is_started(pid);
	if (started)
		world_take(w);
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	assert_true(started);
	assert_non_null(w->s.service);
	assert_int_equal(w->s.service->pid, pid);
	assert_true(w->s.service->readable);
	assert_true(llabs(w->s.service->started_ms - w->o.now_ms) < 30 * MS_SECOND);
	assert_int_equal(world_find(w, VAR)->in_use, IN_USE_OLDER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			systemd_says_which_process_and_whether_it_read_the_files, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(a_drop_in_that_systemd_does_not_list_needs_a_reload,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_systemd_that_does_not_answer_is_said_and_waited_for_no_longer,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			nobody_asks_systemd_unless_told_to, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_gateway_from_before_the_rotation_holds_an_older_key, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			a_gateway_that_started_later_holds_this_key, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(within_the_second_of_the_rotation_nobody_knows,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_delivered_key_is_compared_by_its_fingerprint,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_unit_that_changed_after_the_start_is_found, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_gateway_of_another_folder_says_nothing_about_this_one, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			a_gateway_that_was_started_by_hand_is_said, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			the_lock_file_names_the_gateway, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(the_control_group_of_the_unit_names_the_gateway,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			no_value_is_in_the_view, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			the_environment_of_a_real_process_is_read, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
