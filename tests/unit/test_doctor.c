/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "health/doctor.h"
#include "health/doctor_impl.h"
#include "store/checks.h"
#include "store/txn.h"
#include "tests/unit/survey_world.h"

#define KEY "sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLE4f2Q"
#define KEY_B "sk-ant-api03-EXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEEXAMPLEzz9Q"
#define PLAIN_STORE                                                                                \
	"{\"version\":1,\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\","                \
	"\"provider\":\"anthropic\",\"key\":\"" KEY "\"}}}\n"
#define SEALED_STORE                                                                               \
	"{\"version\":1,\n\"profiles\":{\n\"anthropic:default\":{\"type\":\"api_key\","            \
	"\"provider\":\"anthropic\",\"key\":\"\",\"keyRef\":{\"source\":\"exec\","                 \
	"\"provider\":\"thinkfleetbot\",\"id\":\"main/anthropic:default/key\"}}}}\n"

static void assert_severity(struct world *w, const char *check, enum severity want)
{
	const struct finding *f;

	world_take(w);
	f = world_finding(w, check);
	if (!f)
		fail_msg("%s did not apply", check);
	if (f->severity != want)
		fail_msg("%s: severity %d: %s", check, (int)f->severity, f->text);
}

/* Every message of the snapshot's findings with the same first words as the design's table. */
static void assert_fixes_are_commands(const struct world *w)
{
	/* tests/unit/test_cmd.c proves that the program has each of these. */
	static const char *const commands[] = { FIX_ONBOARD, FIX_DOCTOR, FIX_PROBE, FIX_ROTATE,
		FIX_VERIFY, FIX_KEYS, FIX_REMOVE, FIX_COOLDOWN, "chmod ", "mv ", "rm ", "unset ",
		"export ", "df -h ", "ls -ld ", "readlink -f ", "chown ", "sudo ", "loginctl ",
		"ulimit ", "printf ", "\"${EDITOR:-vi}\" " };

	for (size_t i = 0; i < w->s.finding_count; i++) {
		const struct finding *f = &w->s.findings[i];
		bool known = !f->fix[0];

		for (size_t k = 0; !known && k < ARRAY_LEN(commands); k++)
			known = str_starts(f->fix, commands[k]);
		if (!known)
			fail_msg("%s: no such command: %s", f->check, f->fix);
	}
}

static void write_resolver(struct world *w, unsigned mode)
{
	world_file(w, "bin/thinkfleetbot-resolve", "#!/bin/sh\n");
	world_mode(w, "bin/thinkfleetbot-resolve", mode);
}

static void write_config(struct world *w, const char *command)
{
	char text[4096];
	struct str out = STR_OF(text);

	str_fmt(&out,
		"{ secrets: { providers: { thinkfleetbot: { source: 'exec',\n"
		" command: '%s', args: ['--state-dir', '%s', '--key-dir', '%s'] } } } }\n",
		command, w->paths.state, w->paths.keys);
	world_file(w, WORLD_CONFIG, text);
}

/* A sealed key, delivered as it should be. */
static void make_healthy(struct world *w)
{
	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE, SEALED_STORE);
	write_resolver(w, 0700);
	write_config(w, w->paths.resolver);
}

static void a_healthy_host_has_no_failure_and_no_warning(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	world_take(w);
	for (size_t i = 0; i < w->s.finding_count; i++)
		if (w->s.findings[i].severity >= SEVERITY_WARN)
			fail_msg("%s: %s", w->s.findings[i].check, w->s.findings[i].text);
	assert_int_equal(world_finding(w, "vault")->severity, SEVERITY_OK);
	assert_int_equal(world_finding(w, "resolver")->severity, SEVERITY_OK);
	assert_int_equal(world_finding(w, "secrets-provider")->severity, SEVERITY_OK);
	assert_int_equal(world_finding(w, "models")->severity, SEVERITY_OK);
}

static void every_check_has_an_id_of_its_own(void **state)
{
	(void)state;
	assert_true(doctor_count() >= 10);
	for (size_t i = 0; i < doctor_count(); i++) {
		assert_non_null(doctor_at(i)->title);
		assert_non_null(doctor_at(i)->run);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(doctor_at(i)->id, doctor_at(k)->id);
	}
	assert_null(doctor_at(doctor_count()));
}

static void findings_come_worst_first(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE, PLAIN_STORE);
	world_mode(w, WORLD_STORE, 0644);
	world_take(w);
	for (size_t i = 1; i < w->s.finding_count; i++)
		assert_true(w->s.findings[i - 1].severity >= w->s.findings[i].severity);
	assert_int_equal(w->s.findings[0].severity, SEVERITY_FAIL);
	assert_fixes_are_commands(w);
}

static void nothing_set_up_leads_to_onboard(void **state)
{
	struct world *w = *state;

	assert_severity(w, "state", SEVERITY_WARN);
	assert_string_equal(world_finding(w, "state")->fix, "thinkfleetbot onboard");
	assert_severity(w, "models", SEVERITY_FAIL);
	assert_fixes_are_commands(w);
}

static void readable_plain_text_fails_and_readable_references_warn(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE, PLAIN_STORE);
	world_mode(w, WORLD_STORE, 0644);
	assert_severity(w, "modes", SEVERITY_FAIL);
	world_reset(w);
	make_healthy(w);
	world_mode(w, WORLD_STORE, 0644);
	assert_severity(w, "modes", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "modes")->text, "is 0644, should be 0600"));
}

static void an_interrupted_change_is_found_and_can_be_finished(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];
	struct err e = { 0 };

	make_healthy(w);
	assert_severity(w, "interrupted", SEVERITY_OK);
	assert_true(fs_join(path, sizeof(path), w->paths.txn, "0123456789abcdef", NULL));
	assert_ok(fs_mkdirs(path, &e), e);
	assert_severity(w, "interrupted", SEVERITY_WARN);
	assert_true(world_finding(w, "interrupted")->safe);
	assert_string_equal(world_finding(w, "interrupted")->fix, "thinkfleetbot doctor --fix");
	assert_ok(txn_recover(w->paths.txn, NULL, &e), e);
	assert_severity(w, "interrupted", SEVERITY_OK);
}

static void a_temporary_file_of_a_killed_write_is_found(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];
	struct fs_lock lock = { .fd = -1 };
	struct err e = { 0 };

	make_healthy(w);
	/* No process has this number: the kernel's are below 2^22. */
	assert_true(fs_join(path, sizeof(path), w->paths.state,
		"..env.thinkfleetbot.2000000000.0123456789abcdef.tmp", NULL));
	assert_ok(fs_replace(path, "A=1\n", 4, NULL, &e), e);
	assert_severity(w, "interrupted", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "interrupted")->evidence, "..env.thinkfleetbot."));
	assert_true(world_finding(w, "interrupted")->safe);
	assert_ok(txn_lock(&lock, &w->paths, NULL, &e), e);
	fs_unlock(&lock);
	assert_severity(w, "interrupted", SEVERITY_OK);
}

static void modes_of_every_file_are_looked_at(void **state)
{
	static const char *const names[] = { ".env", WORLD_CONFIG, WORLD_CONFIG ".bak",
		WORLD_CONFIG ".bak.3", "agents/main/agent/auth-state.json", "secrets/vault.json",
		"secrets/vault.json.bak", "secrets/checks.json", WORLD_STORE ".bak" };
	struct world *w = *state;

	make_healthy(w);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PATHS_CAP];

		world_path(w, names[i], path, sizeof(path));
		if (access(path, F_OK) != 0)
			world_file(w, names[i], "{}\n");
		world_mode(w, names[i], 0640);
		world_take(w);
		if (world_finding(w, "modes")->severity < SEVERITY_WARN)
			fail_msg("nobody noticed %s", names[i]);
		assert_string_equal(world_finding(w, "modes")->target, path);
		world_mode(w, names[i], 0600);
	}
}

static void fix_takes_permissions_away_and_looks_again(void **state)
{
	struct world *w = *state;
	struct finding f;
	struct stat st;
	struct err e = { 0 };

	world_file(w, WORLD_STORE, PLAIN_STORE);
	world_mode(w, WORLD_STORE, 0664);
	world_take(w);
	f = *world_finding(w, "modes");
	assert_true(f.safe);
	assert_true(doctor_can_fix(&f));
	assert_ok(doctor_fix(&f, &e), e);
	assert_int_equal(stat(f.target, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_severity(w, "modes", SEVERITY_OK);
}

static void fix_never_widens_a_mode(void **state)
{
	struct world *w = *state;
	struct finding f = { .check = "modes", .safe = true, .mode = 0600 };
	struct stat st;
	struct err e = { 0 };

	world_file(w, ".env", "A=b\n");
	world_mode(w, ".env", 0444);
	world_path(w, ".env", f.target, sizeof(f.target));
	assert_ok(doctor_fix(&f, &e), e);
	assert_int_equal(stat(f.target, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
}

static void fix_follows_the_users_own_link_to_its_file(void **state)
{
	struct world *w = *state;
	struct finding f = { .check = "modes", .safe = true, .mode = 0600 };
	char real[PATHS_CAP];
	struct stat st;
	struct err e = { 0 };

	world_file(w, "dotfiles/env", "A=b\n");
	world_mode(w, "dotfiles/env", 0644);
	world_path(w, "dotfiles/env", real, sizeof(real));
	world_path(w, ".env", f.target, sizeof(f.target));
	assert_int_equal(symlink(real, f.target), 0);
	assert_ok(doctor_fix(&f, &e), e);
	assert_int_equal(stat(real, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void fix_refuses_what_is_not_a_file_and_what_is_not_its_own(void **state)
{
	struct world *w = *state;
	struct finding f = { .check = "modes", .safe = true, .mode = 0600 };
	struct err e = { 0 };

	str_copy(f.target, sizeof(f.target), "/dev/null");
	assert_err(doctor_fix(&f, &e), e, ERR_REFUSED);
	world_path(w, "gone", f.target, sizeof(f.target));
	assert_err(doctor_fix(&f, &e), e, ERR_NOT_FOUND);
	f.safe = false;
	assert_err(doctor_fix(&f, &e), e, ERR_USAGE);
}

static void a_broken_env_is_a_finding(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "A=\xff\xfe\n");
	assert_severity(w, "env", SEVERITY_FAIL);
}

static void dropped_entries_are_named_with_their_line(void **state)
{
	struct world *w = *state;
	const struct finding *f;

	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\n"
		"\"a:1\":{\"type\":\"apikey\",\"provider\":\"a\",\"key\":\"x\"},\n"
		"\"a:2\":{\"type\":\"api_key\",\"key\":\"x\"}}}\n");
	assert_severity(w, "profiles", SEVERITY_WARN);
	f = world_finding(w, "profiles");
	assert_non_null(strstr(f->text, "a:1"));
	assert_non_null(strstr(f->evidence, "auth-profiles.json:2"));
}

static void a_store_in_the_wrong_place_can_be_moved(void **state)
{
	struct world *w = *state;

	world_file(w, "auth-profiles.json", PLAIN_STORE);
	assert_severity(w, "misplaced", SEVERITY_WARN);
	assert_true(str_starts(world_finding(w, "misplaced")->fix, "mv /tmp/"));
	world_file(w, WORLD_STORE, PLAIN_STORE);
	assert_severity(w, "misplaced", SEVERITY_WARN);
	/* Never onto another file: a person has to choose. */
	assert_true(str_starts(world_finding(w, "misplaced")->fix, "\"${EDITOR:-vi}\" /tmp/"));
}

static void an_older_gateways_store_is_a_note(void **state)
{
	struct world *w = *state;

	world_file(w, "agents/main/agent/auth.json", "{}\n");
	assert_severity(w, "misplaced", SEVERITY_INFO);
	world_file(w, WORLD_STORE, PLAIN_STORE);
	assert_severity(w, "misplaced", SEVERITY_OK);
}

static void a_missing_vault_names_its_backup(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	world_seal(w, "openai:default", "openai", KEY_B); /* the second save makes the backup */
	assert_int_equal(unlink(w->paths.vault), 0);
	assert_severity(w, "vault", SEVERITY_FAIL);
	assert_true(str_starts(world_finding(w, "vault")->fix, "mv /tmp/"));
	assert_fixes_are_commands(w);
}

static void a_damaged_vault_is_set_aside_and_never_overwritten(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	world_file(w, "secrets/vault.json", "{ \"format\": \"tfv\"");
	assert_severity(w, "vault", SEVERITY_FAIL);
	assert_true(str_ends(world_finding(w, "vault")->fix, "/vault.json.damaged"));
	world_file(w, "secrets/vault.json.bak", "{}");
	assert_severity(w, "vault", SEVERITY_FAIL);
	assert_true(str_ends(world_finding(w, "vault")->fix, "/vault.json.damaged"));
}

static void a_vault_of_a_newer_version_is_left_alone(void **state)
{
	struct world *w = *state;
	struct buf text = { 0 };
	struct err e = { 0 };
	char *v;

	make_healthy(w);
	assert_ok(fs_read(w->paths.vault, 0, &text, NULL, &e), e);
	v = strstr(text.p, "\"v\"");
	assert_non_null(v);
	*strchr(v, '1') = '2';
	world_file(w, "secrets/vault.json", text.p);
	buf_release(&text);
	assert_severity(w, "vault", SEVERITY_FAIL);
	assert_non_null(strstr(world_finding(w, "vault")->text, "newer"));
	assert_string_equal(world_finding(w, "vault")->fix, "thinkfleetbot secrets status");
}

static void an_open_key_file_is_refused_and_can_be_repaired(void **state)
{
	struct world *w = *state;
	char command[2300];
	struct err e = { 0 };

	make_healthy(w);
	snprintf(command, sizeof(command), "chmod 644 %s/*.key", w->paths.keys);
	assert_int_equal(system(command), 0);
	assert_severity(w, "vault", SEVERITY_FAIL);
	assert_true(str_starts(world_finding(w, "vault")->fix, "chmod 400 "));
	assert_ok(doctor_fix(world_finding(w, "vault"), &e), e);
	assert_severity(w, "vault", SEVERITY_OK);
}

static void a_record_of_another_provider_is_found(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "openai", KEY);
	world_file(w, WORLD_STORE, SEALED_STORE);
	assert_severity(w, "references", SEVERITY_FAIL);
	assert_non_null(strstr(world_finding(w, "references")->text, "is a key of openai"));
	assert_string_equal(world_finding(w, "references")->fix,
		"thinkfleetbot models auth rotate anthropic:default");
}

static void plain_text_is_stated_with_its_line(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "# mine\n\nOPENAI_API_KEY=" KEY "\n");
	assert_severity(w, "plain-text", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "plain-text")->evidence, ".env:3"));
	assert_non_null(strstr(world_finding(w, "plain-text")->text, "plain in .env"));
}

static void plain_text_beside_a_reference_is_found(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", KEY);
	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\"anthropic:default\":{\"type\":\"api_key\","
		"\"provider\":\"anthropic\",\"key\":\"" KEY
		"\",\"keyRef\":{\"source\":\"exec\","
		"\"provider\":\"thinkfleetbot\",\"id\":\"main/anthropic:default/key\"}}}}\n");
	assert_severity(w, "plain-text", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "plain-text")->text, "left behind"));
	assert_fixes_are_commands(w);
}

static void deep_finds_copies_of_sealed_keys(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];
	size_t copies = 0;
	FILE *f;

	make_healthy(w);
	snprintf(path, sizeof(path), "%s/.bash_history", w->home);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("ls\nexport ANTHROPIC_API_KEY=" KEY "\n", f);
	fclose(f);
	world_file(w, "thinkfleetbot.json.bak.2", "{ k: '" KEY "' }\n");
	world_file(w, "other.bak", "{ k: '" KEY_B "' }\n");
	world_take(w);
	assert_null(world_finding(w, "residue"));
	w->o.deep = true;
	world_take(w);
	for (size_t i = 0; i < w->s.finding_count; i++) {
		const struct finding *found = &w->s.findings[i];

		if (strcmp(found->check, "residue") != 0)
			continue;
		assert_int_equal(found->severity, SEVERITY_WARN);
		assert_null(strstr(found->text, "EXAMPLE"));
		copies += strstr(found->evidence, "~/.bash_history:2") != NULL;
		copies += strstr(found->evidence, "thinkfleetbot.json.bak.2:1") != NULL;
	}
	assert_int_equal(copies, 2);
}

static void the_resolver_must_be_there_ours_and_the_same(void **state)
{
	struct world *w = *state;
	char other[PATHS_CAP];

	make_healthy(w);
	write_resolver(w, 0777);
	assert_severity(w, "resolver", SEVERITY_FAIL);
	write_resolver(w, 0600);
	assert_severity(w, "resolver", SEVERITY_FAIL);
	write_resolver(w, 0700);
	world_file(w, "other", "#!/bin/sh\n");
	world_path(w, "other", other, sizeof(other));
	w->o.resolver = other;
	assert_severity(w, "resolver", SEVERITY_OK);
	world_file(w, "other", "#!/bin/bash\n");
	assert_severity(w, "resolver", SEVERITY_WARN);
	assert_int_equal(unlink(w->paths.resolver), 0);
	assert_severity(w, "resolver", SEVERITY_FAIL);
	assert_string_equal(world_finding(w, "resolver")->fix, "thinkfleetbot doctor --fix");
}

static void the_configuration_must_name_the_resolver(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	write_config(w, "/usr/bin/other");
	assert_severity(w, "secrets-provider", SEVERITY_FAIL);
	world_file(w, WORLD_CONFIG, "{}\n");
	assert_severity(w, "secrets-provider", SEVERITY_FAIL);
}

static void without_references_no_resolver_is_asked_for(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE, PLAIN_STORE);
	world_take(w);
	assert_null(world_finding(w, "resolver"));
	assert_null(world_finding(w, "secrets-provider"));
	assert_null(world_finding(w, "vault"));
}

static void write_dated(struct world *w, const char *type, const char *secret, int64_t expires_ms)
{
	char text[512];
	struct str out = STR_OF(text);

	str_fmt(&out,
		"{\"version\":1,\"profiles\":{\"anthropic:m\":{\"type\":\"%s\",\"provider\":"
		"\"anthropic\",%s,\"expires\":%lld}}}\n",
		type, secret, (long long)expires_ms);
	world_file(w, WORLD_STORE, text);
}

static void an_expired_token_fails_and_a_renewable_login_is_a_note(void **state)
{
	struct world *w = *state;

	write_dated(w, "token", "\"token\":\"t\"", WORLD_NOW - MS_DAY);
	assert_severity(w, "expiry", SEVERITY_FAIL);
	assert_non_null(strstr(world_finding(w, "expiry")->text, "expired 24h ago"));
	write_dated(w, "token", "\"token\":\"t\"", WORLD_NOW + MS_HOUR);
	assert_severity(w, "expiry", SEVERITY_WARN);
	write_dated(w, "oauth", "\"access\":\"a\",\"refresh\":\"r\"", WORLD_NOW - MS_HOUR);
	assert_severity(w, "expiry", SEVERITY_INFO);
	write_dated(w, "oauth", "\"access\":\"a\"", WORLD_NOW - MS_HOUR);
	assert_severity(w, "expiry", SEVERITY_FAIL);
	assert_fixes_are_commands(w);
}

static void a_rejected_key_fails_and_an_unchecked_one_is_a_note(void **state)
{
	struct world *w = *state;
	struct check_note note = { .credential = "anthropic:default",
		.fingerprint = "",
		.verdict = "rejected",
		.reason = "bad_key",
		.expires_source = "",
		.at_ms = WORLD_NOW - MS_HOUR,
		.latency_ms = 90 };
	struct err e = { 0 };

	world_file(w, WORLD_STORE, PLAIN_STORE);
	assert_severity(w, "accepted", SEVERITY_INFO);
	assert_ok(fs_mkdirs(w->paths.secrets, &e), e);
	assert_ok(checks_record(w->paths.checks, &note, &e), e);
	assert_severity(w, "accepted", SEVERITY_FAIL);
	assert_non_null(strstr(world_finding(w, "accepted")->text, "rejected"));
	assert_severity(w, "models", SEVERITY_FAIL);
	assert_fixes_are_commands(w);
}

static void a_hidden_line_and_a_double_line_are_warnings(void **state)
{
	struct world *w = *state;

	world_file(w, ".env", "OPENAI_API_KEY=" KEY "\nX=1\nOPENAI_API_KEY=" KEY_B "\n");
	assert_severity(w, "duplicates", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "duplicates")->evidence, ".env:1"));
	world_file(w, ".env", "OPENAI_API_KEY=" KEY "\n");
	assert_severity(w, "shadows", SEVERITY_OK);
	world_var(w, "OPENAI_API_KEY", KEY);
	assert_severity(w, "shadows", SEVERITY_OK); /* the same key: nobody is misled */
	w->vars[0].value = KEY_B;
	assert_severity(w, "shadows", SEVERITY_WARN);
}

static void a_plain_line_beside_a_sealed_one_is_a_warning(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	world_file(w, ".env",
		"THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n"
		"ANTHROPIC_API_KEY=" KEY_B "\n");
	assert_severity(w, "shadows", SEVERITY_WARN);
	assert_non_null(strstr(world_finding(w, "shadows")->evidence, ".env:2"));
}

static void a_gateway_that_cannot_answer_is_told(void **state)
{
	struct world *w = *state;
	bool told = false;

	world_file(w, WORLD_CONFIG, "{ agents: { defaults: { model: { primary: 'openai/x' } } } }");
	world_file(w, WORLD_STORE, PLAIN_STORE);
	assert_severity(w, "models", SEVERITY_FAIL);
	for (size_t i = 0; i < w->s.finding_count; i++)
		told |= strstr(w->s.findings[i].text, "the gateway will not answer") != NULL;
	assert_true(told);
}

static void a_clock_from_1970_is_a_failure(void **state)
{
	struct world *w = *state;

	w->o.now_ms = 86400000;
	assert_severity(w, "clock", SEVERITY_FAIL);
	w->o.now_ms = WORLD_NOW;
	assert_severity(w, "clock", SEVERITY_OK);
}

static void a_use_in_the_future_makes_the_clock_suspect(void **state)
{
	struct world *w = *state;
	char text[512];
	struct str out = STR_OF(text);

	str_fmt(&out,
		"{\"version\":1,\"profiles\":{\"a:1\":{\"type\":\"api_key\",\"provider\":\"a\","
		"\"key\":\"x\"}},\"usageStats\":{\"a:1\":{\"lastUsed\":%lld}}}",
		(long long)(WORLD_NOW + 3 * MS_DAY));
	world_file(w, WORLD_STORE, text);
	assert_severity(w, "clock", SEVERITY_WARN);
}

static void a_clock_that_the_last_check_saw_off_is_a_warning(void **state)
{
	static const char note[] =
		"{\"version\":1,\"checks\":{\"a:1\":{\"verdict\":\"accepted\","
		"\"at\":%lld,\"latencyMs\":5%s}}}";
	struct world *w = *state;
	char text[512];

	world_file(w, WORLD_STORE,
		"{\"version\":1,\"profiles\":{\"a:1\":{\"type\":\"api_key\",\"provider\":\"a\","
		"\"key\":\"x\"}}}");
	snprintf(text, sizeof(text), note, (long long)WORLD_NOW, ",\"skewMs\":-420000");
	world_file(w, "secrets/checks.json", text);
	assert_severity(w, "clock", SEVERITY_WARN);
	snprintf(text, sizeof(text), note, (long long)WORLD_NOW, "");
	world_file(w, "secrets/checks.json", text);
	assert_severity(w, "clock", SEVERITY_OK);
}

static void other_state_folders_are_a_note(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];

	snprintf(path, sizeof(path), "%s/.openclaw", w->home);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_severity(w, "other-states", SEVERITY_INFO);
}

static void a_git_work_tree_is_a_warning(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_STORE, PLAIN_STORE);
	world_file(w, ".git/HEAD", "ref: refs/heads/main\n");
	assert_severity(w, "git", SEVERITY_WARN);
}

static void a_home_of_somebody_else_is_a_failure(void **state)
{
	struct world *w = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(w->home, 12345, 12345), 0);
	assert_severity(w, "identity", SEVERITY_FAIL);
	assert_int_equal(chown(w->home, 0, 0), 0);
}

static void many_of_a_kind_are_folded(void **state)
{
	struct world *w = *state;
	struct buf env = { 0 };
	struct err e = { 0 };
	size_t found = 0;
	bool more = false;

	for (int i = 0; i < 100; i++)
		assert_ok(buf_text(&env, "TWICE=1\n", &e), e);
	world_file(w, ".env", env.p);
	buf_release(&env);
	world_take(w);
	for (size_t i = 0; i < w->s.finding_count; i++) {
		if (strcmp(w->s.findings[i].check, "duplicates") != 0)
			continue;
		found++;
		more |= strcmp(w->s.findings[i].text, "and 79 more like these") == 0;
	}
	assert_int_equal(found, 21);
	assert_true(more);
}

static void deep_looks_at_every_agent(void **state)
{
	struct world *w = *state;

	make_healthy(w);
	world_file(w, "agents/work/agent/auth-profiles.json", PLAIN_STORE);
	world_mode(w, "agents/work/agent/auth-profiles.json", 0644);
	assert_severity(w, "modes", SEVERITY_OK);
	w->o.deep = true;
	assert_severity(w, "modes", SEVERITY_FAIL);
}

static void a_fix_names_the_agent_when_it_is_not_the_usual_one(void **state)
{
	struct world *w = *state;

	world_file(w, "agents/work/agent/auth-profiles.json",
		"{\"version\":1,\"profiles\":{\"anthropic:x\":{\"type\":\"token\","
		"\"provider\":\"anthropic\",\"token\":\"t\",\"expires\":5}}}");
	w->o.agent = "work";
	assert_severity(w, "expiry", SEVERITY_FAIL);
	assert_string_equal(world_finding(w, "expiry")->fix,
		"thinkfleetbot models auth rotate anthropic:x --agent work");
}

static void odd_paths_are_quoted_in_commands(void **state)
{
	struct world *w = *state;

	world_file(w, "agents/main/agent/auth-profiles.json",
		"{\"version\":1,\"profiles\":{\"anthropic:it's me\":{\"type\":\"token\","
		"\"provider\":\"anthropic\",\"token\":\"t\",\"expires\":5}}}");
	assert_severity(w, "expiry", SEVERITY_FAIL);
	assert_string_equal(world_finding(w, "expiry")->fix,
		"thinkfleetbot models auth rotate 'anthropic:it'\\''s me'");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_healthy_host_has_no_failure_and_no_warning),
		TEST(every_check_has_an_id_of_its_own),
		TEST(findings_come_worst_first),
		TEST(nothing_set_up_leads_to_onboard),
		TEST(readable_plain_text_fails_and_readable_references_warn),
		TEST(an_interrupted_change_is_found_and_can_be_finished),
		TEST(a_temporary_file_of_a_killed_write_is_found),
		TEST(modes_of_every_file_are_looked_at),
		TEST(fix_takes_permissions_away_and_looks_again),
		TEST(fix_never_widens_a_mode),
		TEST(fix_follows_the_users_own_link_to_its_file),
		TEST(fix_refuses_what_is_not_a_file_and_what_is_not_its_own),
		TEST(a_broken_env_is_a_finding),
		TEST(dropped_entries_are_named_with_their_line),
		TEST(a_store_in_the_wrong_place_can_be_moved),
		TEST(an_older_gateways_store_is_a_note),
		TEST(a_missing_vault_names_its_backup),
		TEST(a_damaged_vault_is_set_aside_and_never_overwritten),
		TEST(a_vault_of_a_newer_version_is_left_alone),
		TEST(an_open_key_file_is_refused_and_can_be_repaired),
		TEST(a_record_of_another_provider_is_found),
		TEST(plain_text_is_stated_with_its_line),
		TEST(plain_text_beside_a_reference_is_found),
		TEST(deep_finds_copies_of_sealed_keys),
		TEST(the_resolver_must_be_there_ours_and_the_same),
		TEST(the_configuration_must_name_the_resolver),
		TEST(without_references_no_resolver_is_asked_for),
		TEST(an_expired_token_fails_and_a_renewable_login_is_a_note),
		TEST(a_rejected_key_fails_and_an_unchecked_one_is_a_note),
		TEST(a_hidden_line_and_a_double_line_are_warnings),
		TEST(a_plain_line_beside_a_sealed_one_is_a_warning),
		TEST(a_gateway_that_cannot_answer_is_told),
		TEST(a_clock_from_1970_is_a_failure),
		TEST(a_use_in_the_future_makes_the_clock_suspect),
		TEST(a_clock_that_the_last_check_saw_off_is_a_warning),
		TEST(other_state_folders_are_a_note),
		TEST(a_git_work_tree_is_a_warning),
		TEST(a_home_of_somebody_else_is_a_failure),
		TEST(many_of_a_kind_are_folded),
		TEST(deep_looks_at_every_agent),
		TEST(a_fix_names_the_agent_when_it_is_not_the_usual_one),
		TEST(odd_paths_are_quoted_in_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
