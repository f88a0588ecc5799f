/* SPDX-License-Identifier: MIT */
#include "health/audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/dotenv.h"
#include "store/profiles.h"
#include "tests/unit/survey_world.h"

#define SEALED "sk-ant-api03-SealedInTheVault0123456789abcdefAA"
#define PLAIN "sk-proj-PlainOneThatIsNotInTheVault0123456789"
#define REF                                                                                        \
	"\"keyRef\": { \"source\": \"exec\", \"provider\": \"thinkfleetbot\","                     \
	" \"id\": \"main/anthropic:default/key\" }"

/* --- a world with an audit ---------------------------------------------------------------------
 */

static struct audit a;
static char root[PATHS_CAP]; /* stands in front of /etc, /proc and /tmp */

static int setup(void **state)
{
	struct world *w;

	world_setup(state);
	w = *state;
	snprintf(root, sizeof(root), "%s/root", w->home);
	return 0;
}

static int teardown(void **state)
{
	audit_release(&a);
	return world_teardown(state);
}

static void take(struct world *w, bool deep)
{
	const struct audit_options o = {
		.paths = &w->paths, .env = &w->env, .root = root, .deep = deep
	};
	struct err e = { 0 };

	audit_release(&a);
	assert_ok(audit_take(&a, &o, &e), e);
}

static bool fix(struct world *w, const struct audit_finding *f, struct err *e)
{
	const struct audit_options o = { .paths = &w->paths, .env = &w->env, .root = root };

	return audit_fix(f, &o, e);
}

/* A file anywhere below the home folder. */
static void plant(const struct world *w, const char *name, const char *text)
{
	char path[PATHS_CAP];
	char dir[PATHS_CAP];
	struct err e = { 0 };
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", w->home, name);
	fs_dirname(dir, sizeof(dir), path);
	assert_ok(fs_mkdirs(dir, &e), e);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

static const struct audit_finding *at(const char *name, const char *path)
{
	for (size_t i = 0; i < a.count; i++)
		if (str_ends(a.findings[i].file, name) && strcmp(a.findings[i].path, path) == 0)
			return &a.findings[i];
	fail_msg("nothing found at %s %s", name, path);
	return NULL;
}

static size_t count_in(const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < a.count; i++)
		n += str_ends(a.findings[i].file, name);
	return n;
}

static bool noted(const char *name, const char *why)
{
	for (size_t i = 0; i < a.note_count; i++)
		if (str_ends(a.notes[i].path, name) && strstr(a.notes[i].why, why))
			return true;
	return false;
}

static void seal(struct world *w)
{
	world_seal(w, "anthropic:default", "anthropic", SEALED);
	world_file(w, WORLD_STORE,
		"{ \"version\": 1, \"profiles\": { \"anthropic:default\": { \"type\": "
		"\"api_key\",\n"
		" \"provider\": \"anthropic\", \"key\": \"\", " REF " } } }\n");
}

/* --- one thing at a time -----------------------------------------------------------------------
 */

static void an_empty_home_is_clean(void **state)
{
	take(*state, false);
	assert_int_equal(a.count, 0);
	assert_int_equal(audit_status(&a, true), 0);
	assert_int_equal(a.locked.code, ERR_NONE);
}

static void a_sealed_key_without_copies_is_clean(void **state)
{
	seal(*state);
	take(*state, false);
	assert_int_equal(a.count, 0);
	assert_int_equal(a.sealed, 1);
	assert_int_equal(a.refs_checked, 1);
	assert_true(a.file_count >= 2);
}

static void copies_are_found_wherever_they_are_made(void **state)
{
	static const char *const places[] = { ".bash_history", ".zshrc.bak", "..bashrc.swp",
		".profile~", ".local/share/fish/fish_history", ".config/environment.d/k.conf",
		".config/systemd/user/g.service", ".config/systemd/user/g.service.d/k.conf",
		".thinkfleetbot/thinkfleetbot.json.bak.2",
		".thinkfleetbot/agents/x/sessions/1.jsonl", ".thinkfleetbot/credentials/any.json",
		".openclaw/.env", "root/etc/systemd/system/g.service",
		"root/etc/systemd/system/g.service.d/override.conf", "root/etc/environment",
		"root/run/systemd/transient/run-1.service" };
	struct world *w = *state;

	seal(w);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		plant(w, places[i], "first line\nKEY=" SEALED "\n");
	take(w, false);
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		const struct audit_finding *f = at(places[i], "");

		assert_int_equal(f->code, AUDIT_SEALED_COPY);
		assert_int_equal(f->line, 2);
		assert_string_equal(f->profile, "anthropic:default");
		assert_null(strstr(f->message, "SealedInTheVault"));
	}
	assert_int_equal(a.count, ARRAY_LEN(places));
	assert_int_equal(audit_status(&a, false), 0);
	assert_int_equal(audit_status(&a, true), 1);
}

static void environment_files_that_units_name_are_read(void **state)
{
	struct world *w = *state;

	seal(w);
	plant(w, ".config/systemd/user/gateway.service",
		"[Service]\nEnvironmentFile=-%h/keys/one.env\r\n");
	plant(w, "root/etc/systemd/system/gateway.service.d/k.conf",
		"[Service]\n  EnvironmentFile=\"/srv/two.env\"\nEnvironmentFile=/srv/*.env\n");
	plant(w, "keys/one.env", "A=" SEALED "\n");
	plant(w, "root/srv/two.env", "A=" SEALED "\n");
	plant(w, "root/srv/three.env", "A=" SEALED "\n");
	take(w, false);
	assert_int_equal(count_in("keys/one.env"), 1);
	assert_int_equal(count_in("srv/two.env"), 1);
	assert_int_equal(count_in("srv/three.env"), 0);
	assert_true(noted("k.conf", "pattern"));
}

static void deep_looks_at_temporary_files_and_processes(void **state)
{
	struct world *w = *state;

	seal(w);
	plant(w, "root/tmp/notes/x.txt", SEALED);
	plant(w, "root/proc/4711/environ", "A=b\0KEY=" SEALED);
	plant(w, "root/proc/4712/cmdline", "prog --key " SEALED);
	take(w, false);
	assert_int_equal(a.count, 0);
	take(w, true);
	assert_int_equal(at("tmp/notes/x.txt", "")->severity, SEVERITY_WARN);
	assert_int_equal(at("4712/cmdline", "")->severity, SEVERITY_INFO);
}

static void a_plain_key_is_found_once_by_name_and_everywhere_by_value(void **state)
{
	struct world *w = *state;
	const struct audit_finding *f;

	world_file(w, WORLD_STORE,
		"{ \"profiles\": { \"openai:default\": { \"type\": \"api_key\",\n"
		"  \"provider\": \"openai\",\n  \"key\": \"" PLAIN "\" } } }\n");
	plant(w, ".bash_history", "export OPENAI_API_KEY=" PLAIN "\n");
	take(w, false);
	f = at("auth-profiles.json", "profiles.openai:default.key");
	assert_int_equal(f->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(f->line, 3);
	assert_int_equal(f->mend, AUDIT_KEEP);
	assert_int_equal(count_in("auth-profiles.json"), 1);
	assert_int_equal(at(".bash_history", "")->code, AUDIT_PLAINTEXT_FOUND);
	assert_true(at(".bash_history", "")->rotate);
	assert_int_equal(a.count, 2);
}

static void every_kind_of_document_is_read(void **state)
{
	struct world *w = *state;

	world_file(w, WORLD_CONFIG,
		"{ env: { vars: { OPENAI_API_KEY: 'sk-config-env-0123456789' } }, models: { "
		"providers: {\n"
		" groq: { apiKey: 'gsk-config-0123456789',\n"
		"  headers: { 'X-Api-Key': 'header-0123456789', Accept: 'application/json' } },\n"
		" xai: { apiKey: '${XAI_API_KEY}' } } } }\n");
	world_file(w, "agents/main/agent/models.json",
		"{ \"providers\": { \"groq\": { \"apiKey\": \"gsk-generated-0123456789\" },\n"
		" \"ollama\": { \"apiKey\": \"ollama-local\" },\n"
		" \"openai\": { \"apiKey\": \"OPENAI_API_KEY\" } } }\n");
	world_file(w, "agents/ops/agent/auth.json",
		"{ \"anthropic\": { \"type\": \"api_key\", \"key\": \"sk-legacy-0123456789\" } "
		"}\n");
	world_file(w, "credentials/oauth.json",
		"{ \"google\": { \"access\": \"ya29.login-0123456789\" } }\n");
	world_file(w, ".env", "GEMINI_API_KEY=AIza-env-0123456789\nOTHER=sk-not-a-known-name\n");
	take(w, false);
	assert_int_equal(
		at(WORLD_CONFIG, "models.providers.groq.apiKey")->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(at(WORLD_CONFIG, "models.providers.groq.headers.X-Api-Key")->code,
		AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(at(WORLD_CONFIG, "env.OPENAI_API_KEY")->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(at("models.json", "providers.groq.apiKey")->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(at("auth.json", "anthropic.key")->code, AUDIT_LEGACY_RESIDUE);
	assert_int_equal(at("oauth.json", "google.access")->code, AUDIT_LEGACY_RESIDUE);
	assert_int_equal(at(".env", "$env.GEMINI_API_KEY")->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(a.count, 7);
}

static void references_that_lead_nowhere_are_two(void **state)
{
	struct world *w = *state;

	seal(w);
	world_file(w, WORLD_STORE,
		"{ \"profiles\": {\n"
		" \"a\": { \"type\": \"api_key\", \"provider\": \"anthropic\", " REF
		" },\n"
		" \"b\": { \"type\": \"api_key\", \"provider\": \"openai\", " REF
		" },\n"
		" \"c\": { \"type\": \"api_key\", \"provider\": \"openai\", \"keyRef\": { "
		"\"source\":"
		" \"exec\", \"provider\": \"thinkfleetbot\", \"id\": \"main/none/key\" } },\n"
		" \"d\": { \"type\": \"api_key\", \"provider\": \"openai\", \"keyRef\": { "
		"\"source\":"
		" \"env\", \"provider\": \"default\", \"id\": \"NOT_SET_ANYWHERE\" } },\n"
		" \"e\": { \"type\": \"api_key\", \"provider\": \"openai\", \"keyRef\": { "
		"\"source\":"
		" \"exec\", \"provider\": \"other\", \"id\": \"x\" } } } }\n");
	world_file(w, ".env", "THINKFLEETBOT_SEALED_OPENAI_API_KEY=main/gone/key\n");
	take(w, false);
	at(WORLD_STORE, "profiles.b.keyRef");
	at(WORLD_STORE, "profiles.c.keyRef");
	at(WORLD_STORE, "profiles.d.keyRef");
	at(".env", "$env.THINKFLEETBOT_SEALED_OPENAI_API_KEY");
	assert_int_equal(audit_count(&a, AUDIT_REF_UNRESOLVED), 4);
	assert_int_equal(a.refs_checked, 5);
	assert_int_equal(a.refs_skipped, 1);
	assert_int_equal(audit_status(&a, false), 2);
}

static void a_vault_that_does_not_open_is_said_and_two(void **state)
{
	struct world *w = *state;

	seal(w);
	str_copy(w->paths.keys, sizeof(w->paths.keys), "/nowhere");
	take(w, false);
	assert_int_not_equal(a.locked.code, ERR_NONE);
	assert_int_equal(a.sealed, 0);
	assert_int_equal(audit_status(&a, false), 2);
}

static void a_plain_line_beside_a_sealed_one_shadows_it(void **state)
{
	struct world *w = *state;

	seal(w);
	world_file(w, ".env",
		"THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n"
		"ANTHROPIC_API_KEY=sk-ant-another-0123456789\n");
	take(w, false);
	assert_int_equal(at(".env", "$env.THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY")->code,
		AUDIT_REF_SHADOWED);
	assert_int_equal(at(".env", "$env.ANTHROPIC_API_KEY")->code, AUDIT_PLAINTEXT_FOUND);
	assert_int_equal(at(".env", "$env.ANTHROPIC_API_KEY")->mend, AUDIT_KEEP);
}

static void links_out_of_the_folder_are_noted_not_followed(void **state)
{
	struct world *w = *state;
	char path[PATHS_CAP];
	char target[PATHS_CAP];

	seal(w);
	plant(w, "elsewhere/copy", SEALED);
	plant(w, ".thinkfleetbot/inside", SEALED);
	snprintf(target, sizeof(target), "%s/elsewhere", w->home);
	world_path(w, "link", path, sizeof(path));
	assert_int_equal(symlink(target, path), 0);
	world_path(w, "inside", target, sizeof(target));
	world_path(w, "link2", path, sizeof(path));
	assert_int_equal(symlink(target, path), 0);
	take(w, false);
	assert_true(noted("/link", "link out of"));
	assert_false(noted("/link2", ""));
	assert_int_equal(a.count, 1);
	assert_int_equal(count_in("/inside"), 1);
}

/* --- mending -----------------------------------------------------------------------------------
 */

static char *text_of(const struct world *w, const char *name)
{
	static char text[4096];
	char path[PATHS_CAP];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", w->home, name);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static void a_sealed_line_of_env_is_taken_out_and_nothing_else(void **state)
{
	struct world *w = *state;
	const struct audit_finding *f;
	struct err e = { 0 };

	seal(w);
	world_file(w, ".env", "# mine\r\nA=b\nANTHROPIC_API_KEY='" SEALED "' # old\nC=d");
	take(w, false);
	f = at(".env", "$env.ANTHROPIC_API_KEY");
	assert_int_equal(f->code, AUDIT_SEALED_COPY);
	assert_int_equal(f->mend, AUDIT_DROP_LINE);
	assert_ok(fix(w, f, &e), e);
	assert_string_equal(text_of(w, ".thinkfleetbot/.env"), "# mine\r\nA=b\nC=d");
	take(w, false);
	assert_int_equal(a.count, 0);
}

static void a_sealed_value_that_nothing_delivers_stays(void **state)
{
	struct world *w = *state;

	world_seal(w, "anthropic:default", "anthropic", SEALED); /* and no profile */
	world_file(w, ".env", "ANTHROPIC_API_KEY=" SEALED "\n");
	take(w, false);
	assert_int_equal(at(".env", "$env.ANTHROPIC_API_KEY")->code, AUDIT_SEALED_COPY);
	assert_int_equal(at(".env", "$env.ANTHROPIC_API_KEY")->mend, AUDIT_KEEP);
}

static void a_line_that_changed_meanwhile_is_refused(void **state)
{
	struct world *w = *state;
	struct audit_finding f;
	struct err e = { 0 };

	seal(w);
	world_file(w, ".env", "ANTHROPIC_API_KEY=" SEALED "\n");
	take(w, false);
	f = *at(".env", "$env.ANTHROPIC_API_KEY");
	world_file(w, ".env", "ANTHROPIC_API_KEY=sk-ant-new-0123456789\n");
	assert_err(fix(w, &f, &e), e, ERR_REFUSED);
	assert_string_equal(
		text_of(w, ".thinkfleetbot/.env"), "ANTHROPIC_API_KEY=sk-ant-new-0123456789\n");
}

static void a_copy_beside_its_reference_is_taken_out(void **state)
{
	struct world *w = *state;
	const struct audit_finding *f;
	struct err e = { 0 };

	seal(w);
	world_file(w, WORLD_STORE,
		"{\n  \"version\": 1,\n  \"profiles\": {\n    \"anthropic:default\": {\n"
		"      \"type\": \"api_key\",\n      \"provider\": \"anthropic\",\n      \"key\": "
		"\"" SEALED "\",\n      " REF ",\n      \"mine\": 1\n    }\n  }\n}\n");
	take(w, false);
	f = at(WORLD_STORE, "profiles.anthropic:default.key");
	assert_int_equal(f->mend, AUDIT_DROP_VALUE);
	assert_ok(fix(w, f, &e), e);
	assert_null(strstr(text_of(w, ".thinkfleetbot/" WORLD_STORE), SEALED));
	assert_non_null(strstr(text_of(w, ".thinkfleetbot/" WORLD_STORE), "\"mine\": 1"));
	take(w, false);
	assert_int_equal(a.count, 0);
	assert_int_equal(a.refs_checked, 1);
}

/* Another value than the sealed one: which of them is right only a person knows. */
static void a_different_value_beside_a_reference_stays(void **state)
{
	struct world *w = *state;

	seal(w);
	world_file(w, WORLD_STORE,
		"{ \"profiles\": { \"anthropic:default\": { \"type\": \"api_key\",\n"
		" \"provider\": \"anthropic\", \"key\": \"" PLAIN "\", " REF " } } }\n");
	take(w, false);
	assert_int_equal(at(WORLD_STORE, "profiles.anthropic:default.key")->mend, AUDIT_KEEP);
}

static void our_stale_temporary_files_are_removed(void **state)
{
	struct world *w = *state;
	char name[128];
	struct err e = { 0 };

	seal(w);
	/* No process has this number: it is above every pid_max. */
	plant(w, ".thinkfleetbot/..env.thinkfleetbot.99999999.0123456789abcdef.tmp", "A=b\n");
	snprintf(name, sizeof(name), ".thinkfleetbot/..env.thinkfleetbot.%ld.0123456789abcdef.tmp",
		(long)getpid());
	plant(w, name, "A=b\n");
	take(w, false);
	assert_int_equal(a.count, 1);
	assert_int_equal(a.findings[0].code, AUDIT_STALE_TEMP);
	assert_ok(fix(w, &a.findings[0], &e), e);
	take(w, false);
	assert_int_equal(a.count, 0);
}

/* --- criterion 6: an independent scanner agrees ------------------------------------------------
 */

static uint32_t seed = 61803398;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525U + 1013904223U;
	return (uint32_t)((uint64_t)seed * below >> 32);
}

static void random_key(char *out, size_t cap)
{
	static const char *const prefixes[] = { "sk-ant-api03-", "sk-proj-", "AIza", "gsk_", "" };
	struct str s = str_on(out, cap);

	str_add(&s, prefixes[draw(5)]);
	for (uint32_t n = 12 + draw(40); n; n--) {
		char c = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[draw(62)];

		str_addn(&s, &c, 1);
	}
}

#define KEYS 4

/* Counts by itself: every file below the home folder. No key is part of another. */
static size_t plain_count(const char *dir, char keys[KEYS][80])
{
	char command[PATHS_CAP];
	struct str s = STR_OF(command);
	size_t n = 0;
	FILE *out;

	str_add(&s, "grep -raohF");
	for (size_t i = 0; i < KEYS; i++)
		str_fmt(&s, " -e '%s'", keys[i]);
	str_fmt(&s, " -- '%s' | wc -l", dir);
	out = popen(command, "r");
	assert_non_null(out);
	if (fscanf(out, "%zu", &n) != 1)
		n = 0;
	pclose(out);
	return n;
}

static const char *const names[] = { ".bash_history", ".zsh_history", ".profile", ".bashrc.bak",
	".config/environment.d/a.conf", ".config/systemd/user/u.service",
	".config/systemd/user/u.service.d/o.conf", ".thinkfleetbot/old.bak",
	".thinkfleetbot/agents/ops/sessions/1.jsonl", ".thinkfleetbot/logs/x.log",
	".thinkfleetbot/thinkfleetbot.json.bak.1", ".clawdbot/credentials/c.json",
	"root/etc/environment", "root/etc/systemd/system/s.service" };

/* A tree of 2 to 12 files with words, near misses and true copies. */
static void random_tree(struct world *w, char keys[KEYS][80])
{
	for (uint32_t n = 2 + draw(11); n; n--) {
		char text[4000];
		struct str s = STR_OF(text);

		for (uint32_t words = 1 + draw(30); words; words--) {
			char key[80];

			str_copy(key, sizeof(key), keys[draw(KEYS)]);
			switch (draw(4)) {
			case 0: /* the key */
				break;
			case 1: /* cut off */
				key[strlen(key) - 1 - draw(3)] = '\0';
				break;
			case 2: /* one character is another */
				key[draw((uint32_t)strlen(key))] = '#';
				break;
			default:
				random_key(key, sizeof(key));
			}
			str_fmt(&s, "%s%c", key, "\n =\"\t,"[draw(6)]);
		}
		plant(w, names[draw(ARRAY_LEN(names))], text);
	}
}

static void random_keys(struct world *w, char keys[KEYS][80])
{
	world_reset(w);
	for (size_t k = 0; k < KEYS; k++) {
		char profile[32];

		random_key(keys[k], sizeof(keys[k]));
		snprintf(profile, sizeof(profile), "anthropic:k%zu", k);
		world_seal(w, profile, "anthropic", keys[k]);
	}
}

static void remove_tree(const struct world *w)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char path[PATHS_CAP];

		snprintf(path, sizeof(path), "%s/%s", w->home, names[i]);
		unlink(path);
	}
}

static void two_hundred_random_trees_are_counted_right(void **state)
{
	struct world *w = *state;
	char keys[KEYS][80];
	size_t total = 0;

	for (int round = 0; round < 200; round++) {
		size_t want;

		/* New keys every 40 trees: a save waits for the disk. */
		if (round % 40 == 0)
			random_keys(w, keys);
		random_tree(w, keys);
		want = plain_count(w->home, keys);
		take(w, false);
		assert_int_equal(audit_count(&a, AUDIT_SEALED_COPY), want);
		total += want;
		remove_tree(w);
	}
	assert_true(total > 1000); /* the control: there was something to count */
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(an_empty_home_is_clean),
		T(a_sealed_key_without_copies_is_clean),
		T(copies_are_found_wherever_they_are_made),
		T(environment_files_that_units_name_are_read),
		T(deep_looks_at_temporary_files_and_processes),
		T(a_plain_key_is_found_once_by_name_and_everywhere_by_value),
		T(every_kind_of_document_is_read),
		T(references_that_lead_nowhere_are_two),
		T(a_vault_that_does_not_open_is_said_and_two),
		T(a_plain_line_beside_a_sealed_one_shadows_it),
		T(links_out_of_the_folder_are_noted_not_followed),
		T(a_sealed_line_of_env_is_taken_out_and_nothing_else),
		T(a_sealed_value_that_nothing_delivers_stays),
		T(a_line_that_changed_meanwhile_is_refused),
		T(a_copy_beside_its_reference_is_taken_out),
		T(a_different_value_beside_a_reference_stays),
		T(our_stale_temporary_files_are_removed),
		T(two_hundred_random_trees_are_counted_right),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
