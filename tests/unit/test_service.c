/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/service_view.h"
#include "tests/unit/survey_world.h"

/*
 * A service double under systemd's rules, in prepared folders: unit, drop-in, EnvironmentFile,
 * other user, other HOME, started before the rotation; and one real process.
 */

#define NEW_KEY "sk-ant-api03-new-invented-0123456789abcdefghijklmnopqrstuv-A1b2"
#define OLD_KEY "sk-ant-api03-old-invented-0123456789abcdefghijklmnopqrstuv-Y8z9"
#define VAR "ANTHROPIC_API_KEY"
#define UNIT "openclaw-gateway.service"
#define USER_UNITS ".config/systemd/user/"
#define BOOT_S (WORLD_NOW / 1000 - 100000)
#define PID 4242

/* --- preparing --- */

/* A file below the home folder, which is also what stands in front of /etc and /proc. */
static void put_bytes(struct world *w, const char *name, const char *bytes, size_t n)
{
	char path[PATHS_CAP];
	char dir[PATHS_CAP];
	struct err e = { 0 };
	FILE *f;

	assert_ok(fs_join(path, sizeof(path), w->home, name, &e), e);
	fs_dirname(dir, sizeof(dir), path);
	assert_ok(fs_mkdirs(dir, &e), e);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void put_file(struct world *w, const char *name, const char *text)
{
	put_bytes(w, name, text, strlen(text));
}

/* openclaw in front of our state folder: both gateways' variables say so. */
static void put_unit(struct world *w, const char *name, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"[Unit]\nDescription=Gateway\n[Service]\n"
		"ExecStart=/usr/bin/node /opt/openclaw/dist/entry.js gateway\n"
		"Environment=OPENCLAW_STATE_DIR=%%h/.thinkfleetbot\n%s\n",
		more);
	put_file(w, name, text);
}

/* The same through `thinkfleetbot run`, which opens sealed lines. */
static void put_run_unit(struct world *w, const char *more)
{
	char text[2048];

	snprintf(text, sizeof(text),
		"[Service]\nExecStart=/usr/bin/thinkfleetbot run -- /usr/bin/openclaw "
		"gateway\n%s\n",
		more);
	put_file(w, USER_UNITS UNIT, text);
}

static void put_profile(struct world *w)
{
	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\","
		"\"provider\":\"anthropic\",\"keyRef\":{\"source\":\"exec\","
		"\"provider\":\"thinkfleetbot\",\"id\":\"main/anthropic:default/key\"}}}}");
	world_seal(w, "anthropic:default", "anthropic", NEW_KEY);
}

/* Sealed, and delivered by `run` alone. */
static void put_sealed_line(struct world *w)
{
	world_file(w, ".env", "THINKFLEETBOT_SEALED_" VAR "=main/anthropic:default/key\n");
	world_seal(w, "anthropic:default", "anthropic", NEW_KEY);
}

/* A process of /proc that started so long before (or after) the key was sealed. */
static void put_process(struct world *w, int64_t started_ms, const char *unit, const char *key)
{
	char text[1024];
	long hz = sysconf(_SC_CLK_TCK);
	int n;

	snprintf(text, sizeof(text), "cpu 1 2\nbtime %lld\n", (long long)BOOT_S);
	put_file(w, "proc/stat", text);
	snprintf(text, sizeof(text),
		"4242 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %lld 20\n",
		(long long)((started_ms - BOOT_S * 1000) * hz / 1000));
	put_file(w, "proc/4242/stat", text);
	put_bytes(w, "proc/4242/cmdline", "openclaw-gateway\0\0", 18);
	snprintf(text, sizeof(text),
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/%s\n", unit);
	put_file(w, "proc/4242/cgroup", text);
	n = snprintf(text, sizeof(text), "HOME=%s%cOPENCLAW_STATE_DIR=%s%c", w->home, 0,
		w->paths.state, 0);
	if (key)
		n += snprintf(text + n, sizeof(text) - (size_t)n, VAR "=%s%c", key, 0);
	put_bytes(w, "proc/4242/environ", text, (size_t)n);
}

/* --- asking --- */

static const struct service_view *view(struct world *w)
{
	world_take(w);
	if (!w->s.service)
		fail_msg("no service was found");
	return w->s.service;
}

static void print_of(const char *value, char out[FINGERPRINT_CAP])
{
	const struct secret s = { .bytes = (char *)value, .len = strlen(value) };

	secret_fingerprint(out, &s);
}

/* What the service will hold, and from where. value NULL: nothing. */
static void next_is(struct world *w, const char *value, enum service_wins wins)
{
	const struct service_row *row = service_row(view(w), VAR);
	char want[FINGERPRINT_CAP] = "";

	if (!value && !row)
		return;
	assert_non_null(row);
	if (value)
		print_of(value, want);
	assert_string_equal(row->next.fingerprint, want);
	assert_string_equal(service_wins_name(row->wins), service_wins_name(wins));
}

static const struct finding *finding_with(const struct world *w, const char *words)
{
	for (size_t i = 0; i < w->s.finding_count; i++)
		if (strcmp(w->s.findings[i].check, "service") == 0 &&
			strstr(w->s.findings[i].text, words))
			return &w->s.findings[i];
	return NULL;
}

static void finds(const struct world *w, const char *words, enum severity severity)
{
	const struct finding *f = finding_with(w, words);

	if (!f)
		fail_msg("not found: %s", words);
	assert_int_equal(f->severity, severity);
}

static void finds_nothing(const struct world *w)
{
	const struct finding *f = world_finding(w, "service");

	assert_non_null(f);
	if (f->severity != SEVERITY_OK)
		fail_msg("found: %s", f->text);
}

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
