/* SPDX-License-Identifier: MIT */

/* What the service will get: its unit, drop-ins, files of variables, and the order of them. */

#include "tests/unit/service_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- units --- */

static void a_variable_of_the_unit_is_what_the_service_gets(void **state)
{
	struct world *w = *state;
	const struct service_row *row;

	put_unit(w, USER_UNITS UNIT, "Environment=\"" VAR "=" OLD_KEY "\"");
	next_is(w, OLD_KEY, WINS_UNIT);
	row = service_row(w->s.service, VAR);
	assert_string_equal(row->unit.from, "~/.config/systemd/user/" UNIT ":6");
	assert_string_equal(w->s.service->kind, "systemd-user");
	assert_true(w->s.service->ours);
}

static void a_drop_in_replaces_what_the_unit_says(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "Environment=" VAR "=" OLD_KEY);
	put_file(w, USER_UNITS UNIT ".d/50-key.conf",
		"[Service]\nEnvironment=" VAR "=" NEW_KEY "\n");
	next_is(w, NEW_KEY, WINS_UNIT);
	put_file(w, USER_UNITS UNIT ".d/60-reset.conf", "[Service]\nEnvironment=\n");
	put_file(w, USER_UNITS UNIT ".d/70-state.conf",
		"[Service]\nEnvironment=OPENCLAW_STATE_DIR=%h/.thinkfleetbot\n");
	next_is(w, NULL, WINS_NOTHING);
	assert_true(w->s.service->ours);
}

static void drop_ins_count_by_name_and_the_better_folder_hides_the_other(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "");
	put_file(w, "etc/systemd/user/" UNIT ".d/90-z.conf",
		"[Service]\nEnvironment=" VAR "=from-etc\n");
	put_file(w, USER_UNITS UNIT ".d/10-a.conf", "[Service]\nEnvironment=" VAR "=from-home\n");
	next_is(w, "from-etc", WINS_UNIT);
	put_file(w, USER_UNITS UNIT ".d/90-z.conf", "[Service]\nEnvironment=" VAR "=better\n");
	next_is(w, "better", WINS_UNIT);
	put_file(w, "etc/systemd/user/openclaw-.service.d/95-prefix.conf",
		"[Service]\nEnvironment=" VAR "=prefix\n");
	next_is(w, "prefix", WINS_UNIT);
	/* An empty one with its name takes it away. */
	put_file(w, USER_UNITS UNIT ".d/95-prefix.conf", "");
	next_is(w, "better", WINS_UNIT);
}

static void an_environment_file_wins_over_environment(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "EnvironmentFile=%h/gw.env\nEnvironment=" VAR "=" OLD_KEY);
	put_file(w, "gw.env", "# a comment\n" VAR "='" NEW_KEY "'\n");
	next_is(w, NEW_KEY, WINS_UNIT);
	assert_string_equal(service_row(w->s.service, VAR)->unit.from, "~/gw.env:2");
}

static void environment_files_come_in_order_and_patterns_by_name(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "EnvironmentFile=-/etc/gw/*.env\nEnvironmentFile=-/nowhere");
	put_file(w, "etc/gw/2.env", VAR "=second\n");
	put_file(w, "etc/gw/1.env", VAR "=first\n");
	next_is(w, "second", WINS_UNIT);
	assert_string_equal(w->s.service->gap, "");
}

static void a_missing_environment_file_is_said_unless_it_is_optional(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_unit(w, USER_UNITS UNIT, "EnvironmentFile=-%h/none.env");
	view(w);
	finds_nothing(w);
	put_unit(w, USER_UNITS UNIT, "EnvironmentFile=%h/none.env");
	view(w);
	finds(w, "none.env cannot be read: the service does not start", SEVERITY_INFO);
}

static void unset_environment_comes_last(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT,
		"UnsetEnvironment=" VAR "\nEnvironmentFile=%h/gw.env\nEnvironment=" VAR "=x");
	put_file(w, "gw.env", VAR "=y\n");
	next_is(w, NULL, WINS_NOTHING);
}

static void environment_d_reaches_services_of_the_user(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "");
	put_file(w, ".config/environment.d/10-keys.conf", VAR "=" OLD_KEY "\n");
	next_is(w, OLD_KEY, WINS_UNIT);
}

/* --- the order of the sources --- */

static void the_sources_win_in_the_order_of_the_gateway(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "");
	world_file(w, WORLD_CONFIG, "{env:{vars:{" VAR ":\"config\"}}}");
	next_is(w, "config", WINS_CONFIG);
	world_file(w, ".env", VAR "=dotenv\n");
	next_is(w, "dotenv", WINS_DOTENV);
	put_unit(w, USER_UNITS UNIT, "Environment=" VAR "=unit");
	next_is(w, "unit", WINS_UNIT);
	/* Set to nothing: .env does not replace that, the configuration does. */
	put_unit(w, USER_UNITS UNIT, "Environment=" VAR "=");
	next_is(w, "config", WINS_CONFIG);
}

static void a_january_gateway_reads_the_env_of_its_working_folder(void **state)
{
	static const char unit[] =
		"[Service]\nExecStart=moltbot gateway\nWorkingDirectory=%h/work\n"
		"Environment=MOLTBOT_STATE_DIR=%h/.thinkfleetbot\n";
	struct world *w = *state;

	put_file(w, USER_UNITS "moltbot-gateway.service", unit);
	put_file(w, "work/.env", VAR "=" OLD_KEY "\n");
	world_file(w, ".env", VAR "=" NEW_KEY "\n");
	next_is(w, OLD_KEY, WINS_DIR_ENV);
	assert_string_equal(service_row(w->s.service, VAR)->next.from, "~/work/.env:1");
}

static void run_in_front_delivers_the_sealed_line(void **state)
{
	struct world *w = *state;

	put_sealed_line(w);
	put_run_unit(w, "");
	next_is(w, NEW_KEY, WINS_SEALED);
	finds_nothing(w);
}

/* --- findings --- */

static void a_sealed_line_without_run_is_not_delivered(void **state)
{
	struct world *w = *state;

	put_sealed_line(w);
	put_unit(w, USER_UNITS UNIT, "");
	next_is(w, NULL, WINS_NOTHING);
	finds(w, "does not start the gateway through thinkfleetbot run", SEVERITY_FAIL);
}

static void a_variable_of_the_unit_that_hides_the_sealed_key_is_found(void **state)
{
	struct world *w = *state;

	put_sealed_line(w);
	put_run_unit(w, "Environment=" VAR "=" OLD_KEY);
	next_is(w, OLD_KEY, WINS_UNIT);
	finds(w, "is another key than the one that is stored, and wins", SEVERITY_WARN);
	assert_string_equal(
		finding_with(w, "and wins")->evidence, "~/.config/systemd/user/" UNIT ":3");
	assert_string_equal(finding_with(w, "and wins")->fix, "systemctl --user edit " UNIT);
}

static void a_variable_of_this_shell_alone_is_found(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "");
	world_var(w, VAR, OLD_KEY);
	next_is(w, NULL, WINS_NOTHING);
	assert_int_equal(service_row(w->s.service, VAR)->shell.state, CELL_SET);
	finds(w, "is set in this shell only", SEVERITY_WARN);
}

static void two_keys_of_one_name_here_and_there_are_found(void **state)
{
	struct world *w = *state;

	put_unit(w, USER_UNITS UNIT, "Environment=" VAR "=" OLD_KEY);
	world_var(w, VAR, NEW_KEY);
	view(w);
	finds(w, "is one key in this shell and another one for the service", SEVERITY_WARN);
}

static void another_home_of_the_unit_is_another_state_folder(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_file(w, USER_UNITS UNIT,
		"[Service]\nExecStart=openclaw gateway\nEnvironment=HOME=/srv/gw\n");
	assert_false(view(w)->ours);
	assert_string_equal(w->s.service->state, "/srv/gw/.openclaw");
	finds(w, "uses another state folder than this one: /srv/gw/.openclaw", SEVERITY_WARN);
}

static void a_system_unit_of_another_user_is_seen_with_his_home(void **state)
{
	struct world *w = *state;

	put_profile(w);
	put_file(w, "etc/passwd", "root:x:0:0::/root:/bin/sh\ngw:x:64321:64321::/srv/gw:/bin/sh\n");
	put_file(w, "etc/systemd/system/" UNIT,
		"[Service]\nUser=gw\nExecStart=openclaw gateway\nWorkingDirectory=~\n");
	assert_string_equal(view(w)->kind, "systemd-system");
	assert_string_equal(w->s.service->user, "gw");
	assert_string_equal(w->s.service->dir, "/srv/gw");
	finds(w, "(user gw) uses another state folder", SEVERITY_WARN);
}

static void another_user_with_our_folder_cannot_read_it(void **state)
{
	struct world *w = *state;
	char unit[PATHS_CAP + 200];

	put_profile(w);
	put_file(w, "etc/passwd", "gw:x:64321:64321::/srv/gw:/bin/sh\n");
	snprintf(unit, sizeof(unit),
		"[Service]\nUser=gw\nExecStart=openclaw "
		"gateway\nEnvironment=OPENCLAW_STATE_DIR=%s\n",
		w->paths.state);
	put_file(w, "etc/systemd/system/" UNIT, unit);
	assert_true(view(w)->ours);
	finds(w, "runs as gw, who cannot read the files here", SEVERITY_FAIL);
	assert_string_equal(finding_with(w, "who cannot")->fix, "systemctl edit " UNIT);
}

/* In a unit of the system %h is root's home, whatever User= says. */
static void h_in_a_system_unit_is_not_the_home_of_its_user(void **state)
{
	struct world *w = *state;

	put_file(w, "etc/passwd", "root:x:0:0::/root:/bin/sh\ngw:x:64321:64321::/srv/gw:/bin/sh\n");
	put_unit(w, "etc/systemd/system/" UNIT, "User=gw");
	assert_string_equal(view(w)->state, "/root/.thinkfleetbot");
}

static void of_two_gateways_the_one_of_this_folder_is_meant(void **state)
{
	struct world *w = *state;

	put_file(w, USER_UNITS "moltbot-gateway.service", "[Service]\nExecStart=moltbot gateway\n");
	put_unit(w, "etc/systemd/user/" UNIT, "");
	put_file(w, USER_UNITS "unrelated.service", "[Service]\nExecStart=/bin/true\n");
	assert_string_equal(view(w)->name, UNIT);
	assert_true(w->s.service->ours);
}

static void a_unit_with_another_name_is_known_by_its_command(void **state)
{
	struct world *w = *state;

	put_file(w, USER_UNITS "my-bot.service",
		"[Service]\nExecStart=/usr/bin/thinkfleetbot run -- /opt/my-bot\n");
	assert_string_equal(view(w)->name, "my-bot.service");
	assert_true(w->s.service->run);
	assert_true(w->s.service->ours);
}

static void a_launch_agent_is_seen_like_a_unit(void **state)
{
	struct world *w = *state;

	put_file(w, "Library/LaunchAgents/ai.openclaw.gateway.plist",
		"<plist><dict><key>ProgramArguments</key><array><string>openclaw</string>"
		"<string>gateway</string></array><key>EnvironmentVariables</key><dict>"
		"<key>OPENCLAW_STATE_DIR</key><string>~/.thinkfleetbot</string>"
		"<key>" VAR "</key><string>" OLD_KEY "</string></dict></dict></plist>");
	next_is(w, OLD_KEY, WINS_UNIT);
	assert_string_equal(w->s.service->kind, "launchd");
	assert_true(w->s.service->ours);
}

static void without_any_gateway_the_check_says_nothing(void **state)
{
	struct world *w = *state;

	put_profile(w);
	world_take(w);
	assert_null(w->s.service);
	assert_null(world_finding(w, "service"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_variable_of_the_unit_is_what_the_service_gets,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_drop_in_replaces_what_the_unit_says, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			drop_ins_count_by_name_and_the_better_folder_hides_the_other, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			an_environment_file_wins_over_environment, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			environment_files_come_in_order_and_patterns_by_name, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			a_missing_environment_file_is_said_unless_it_is_optional, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			unset_environment_comes_last, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			environment_d_reaches_services_of_the_user, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			the_sources_win_in_the_order_of_the_gateway, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_january_gateway_reads_the_env_of_its_working_folder, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			run_in_front_delivers_the_sealed_line, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_sealed_line_without_run_is_not_delivered, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_variable_of_the_unit_that_hides_the_sealed_key_is_found, world_setup,
			world_teardown),
		cmocka_unit_test_setup_teardown(
			a_variable_of_this_shell_alone_is_found, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			two_keys_of_one_name_here_and_there_are_found, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(another_home_of_the_unit_is_another_state_folder,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_system_unit_of_another_user_is_seen_with_his_home,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			another_user_with_our_folder_cannot_read_it, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(h_in_a_system_unit_is_not_the_home_of_its_user,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(of_two_gateways_the_one_of_this_folder_is_meant,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(a_unit_with_another_name_is_known_by_its_command,
			world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			a_launch_agent_is_seen_like_a_unit, world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(
			without_any_gateway_the_check_says_nothing, world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
