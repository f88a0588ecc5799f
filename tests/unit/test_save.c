/* SPDX-License-Identifier: MIT */
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/save.h"
#include "cli/vault_files.h"
#include "crypto/recovery.h"
#include "store/dotenv.h"
#include "store/txn_impl.h"
#include "store/vault_rekey.h"
#include "tests/unit/temp.h"

#define KEY_A "sk-ant-api03-AAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaaAAAAaaaaAA"
#define KEY_B "sk-ant-api03-BBBBbbbbBBBBbbbbBBBBbbbbBBBBbbbbBBBBbbbbBBBBbbbbBBBBbbbbBBBBbbbbAA"

struct fixture {
	char *dir;
	struct paths paths;
	char agent_dir[1024];
	struct secret key;
	struct save save;
	char seen[4096]; /* what progress was told, in order */
};

static const char *no_variable(void *ctx, const char *name)
{
	return strcmp(name, "HOME") == 0 ? ctx : NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct paths_env env = { .get = no_variable };
	struct err e = { 0 };

	assert_non_null(f);
	crypto_start(NULL);
	f->dir = temp_new();
	env.ctx = f->dir;
	assert_ok(paths_resolve(&f->paths, NULL, &env, &e), e);
	assert_ok(paths_agent_dir(f->agent_dir, sizeof(f->agent_dir), &f->paths, "main", NULL, &e),
		e);
	assert_ok(secret_from(&f->key, KEY_A, strlen(KEY_A), &e), e);
	f->save = (struct save){ .paths = &f->paths,
		.agent = "main",
		.agent_dir = f->agent_dir,
		.profile_id = "anthropic:default",
		.provider = provider_find("anthropic"),
		.key = &f->key };
	f->save.method = provider_method(f->save.provider, "api-key");
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	secret_release(&f->key);
	temp_free(f->dir);
	free(f);
	return 0;
}

static void on_file(void *ctx, const char *path, bool done, const struct err *failed)
{
	struct fixture *f = ctx;
	size_t n = strlen(f->seen);

	if (done)
		snprintf(f->seen + n, sizeof(f->seen) - n, "%s%s ", fs_basename(path),
			failed ? "!" : "");
}

static bool apply(struct fixture *f, struct err *e)
{
	struct save_progress progress = { .file = on_file, .ctx = f };

	f->seen[0] = '\0';
	return save_apply(&f->save, &progress, e);
}

static void set_key(struct fixture *f, const char *key)
{
	struct err e = { 0 };

	secret_release(&f->key);
	assert_ok(secret_from(&f->key, key, strlen(key), &e), e);
}

static void put_file(const struct fixture *f, const char *name, const char *text)
{
	struct err e = { 0 };
	char path[1200];
	char dir[1200];

	snprintf(path, sizeof(path), "%s/.thinkfleetbot/%s", f->dir, name);
	fs_dirname(dir, sizeof(dir), path);
	assert_ok(fs_mkdirs(dir, &e), e);
	temp_write(path, text);
}

static char *get_file(const struct fixture *f, const char *name)
{
	char path[1200];

	snprintf(path, sizeof(path), "%s/.thinkfleetbot/%s", f->dir, name);
	return temp_read(path);
}

static void expect_file(const struct fixture *f, const char *name, const char *want)
{
	char *text = get_file(f, name);

	assert_non_null(text);
	assert_string_equal(text, want);
	free(text);
}

static void expect_record(const struct fixture *f, const char *id, const char *want)
{
	struct vault v = { 0 };
	struct secret s = { 0 };
	struct err e = { 0 };

	assert_ok(vault_load(&v, f->paths.vault, &e), e);
	assert_ok(vault_unlock_keyfile(&v, f->paths.keys, &e), e);
	if (want) {
		assert_ok(vault_get(&v, id, &s, &e), e);
		assert_string_equal(s.bytes, want);
	} else {
		assert_null(vault_find(&v, id));
	}
	secret_release(&s);
	vault_release(&v);
}

static void planning_writes_nothing_and_lists_what_would_be(void **state)
{
	struct fixture *f = *state;
	struct plan plan;
	struct err e = { 0 };

	f->save.model = "anthropic/claude-sonnet-4-5";
	assert_ok(save_plan(&f->save, &plan, &e), e);
	assert_int_equal(temp_count(f->dir), 0);
	assert_int_equal(plan.count, 6);
	assert_non_null(strstr(plan.files[0].path, ".key"));
	assert_int_equal(plan.files[0].mode, 0400);
	assert_non_null(strstr(plan.files[1].path, "vault.json"));
	assert_string_equal(plan.files[1].change, "new");
	assert_non_null(strstr(plan.diff.p, "claude-sonnet-4-5"));
	assert_null(strstr(plan.diff.p, "aaaa"));
	plan_release(&plan);
}

static void what_is_referred_to_is_written_before_what_refers_to_it(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	assert_non_null(strstr(f->seen,
		"vault.json thinkfleetbot-resolve thinkfleetbot.json auth-profiles.json .env "));
	expect_record(f, "main/anthropic:default/key", KEY_A);
	expect_file(
		f, ".env", "THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n");
}

static void the_same_key_again_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct plan plan;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	assert_ok(save_plan(&f->save, &plan, &e), e);
	assert_int_equal(plan.count, 0);
	plan_release(&plan);
	assert_ok(apply(f, &e), e);
	assert_string_equal(f->seen, "");
}

static void rotating_changes_the_vault_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	assert_string_equal(f->seen, "vault.json ");
	expect_record(f, "main/anthropic:default/key", KEY_B);
	expect_record(f, "main/anthropic:default/key/prev", KEY_A);
}

static void plain_text_of_the_profile_is_sealed_before_it_goes(void **state)
{
	struct fixture *f = *state;
	char *text;
	struct err e = { 0 };

	put_file(f, "agents/main/agent/auth-profiles.json",
		"{ \"version\": 1, \"mine\": 12345678901234567890,\n  \"profiles\": {\n"
		"    \"anthropic:default\": { \"type\": \"api_key\", \"provider\": \"anthropic\",\n"
		"      \"key\": \"" KEY_A "\", \"email\": \"me@x.org\" } } }\n");
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_B);
	expect_record(f, "main/anthropic:default/key/prev", KEY_A);
	text = get_file(f, "agents/main/agent/auth-profiles.json");
	assert_null(strstr(text, "aaaa"));
	assert_non_null(strstr(text, "12345678901234567890"));
	assert_non_null(strstr(text, "me@x.org"));
	free(text);
}

static void a_plain_line_of_the_variable_becomes_the_sealed_one_and_nothing_is_lost(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	put_file(f, ".env", "# mine\r\nexport ANTHROPIC_API_KEY=\"" KEY_A "\"\r\nOTHER=1");
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	expect_file(f, ".env",
		"# "
		"mine\r\nOTHER=1\r\nTHINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/"
		"key\r\n");
	expect_record(f, "main/anthropic:default/key", KEY_B);
	expect_record(f, "main/env:ANTHROPIC_API_KEY/key", KEY_A);
}

static void a_second_profile_leaves_the_variable_with_the_first(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	f->save.profile_id = "anthropic:work";
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	expect_file(
		f, ".env", "THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n");
	expect_record(f, "main/anthropic:work/key", KEY_B);
}

static void plain_keeping_writes_the_line_first_and_drops_the_sealed_copy_last(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	f->save.keep = KEEP_PLAIN;
	assert_ok(apply(f, &e), e);
	assert_int_equal(strncmp(f->seen, ".env ", 5), 0);
	assert_non_null(strstr(f->seen, "auth-profiles.json vault.json"));
	expect_file(f, ".env", "ANTHROPIC_API_KEY=" KEY_A "\n");
	expect_record(f, "main/anthropic:default/key", NULL);
}

static void a_january_gateway_gets_no_member_it_would_refuse(void **state)
{
	struct fixture *f = *state;
	char *text;
	struct err e = { 0 };

	put_file(f, "moltbot.json", "{ gateway: { mode: 'local' } }\n");
	snprintf(
		f->paths.config, sizeof(f->paths.config), "%s/.thinkfleetbot/moltbot.json", f->dir);
	assert_ok(apply(f, &e), e);
	text = get_file(f, "moltbot.json");
	assert_null(strstr(text, "secrets"));
	assert_non_null(strstr(text, "anthropic:default"));
	free(text);
	assert_null(strstr(f->seen, "thinkfleetbot-resolve"));
}

/* The whole tree as one text: names, modes, contents. */
static void snapshot_tree(const struct fixture *f, char *out, size_t cap)
{
	char command[1400];
	FILE *p;
	size_t n;

	snprintf(command, sizeof(command),
		"cd '%s' && find . -printf '%%p %%m %%s\\n' | sort; find . -type f -exec sha256sum "
		"{} + | sort",
		f->dir);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(out, 1, cap - 1, p);
	out[n] = '\0';
	pclose(p);
}

static void what_cannot_be_written_is_found_before_anything_is(void **state)
{
	struct fixture *f = *state;
	char before[16384];
	char after[16384];
	char other[1200];
	char path[1200];
	struct err e;

	put_file(f, ".env", "A=1\n");
	snprintf(path, sizeof(path), "%s/.thinkfleetbot/.env", f->dir);
	snprintf(other, sizeof(other), "%s/second-name", f->dir);
	assert_int_equal(link(path, other), 0);
	snapshot_tree(f, before, sizeof(before));
	assert_err(apply(f, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, ".env"));
	snapshot_tree(f, after, sizeof(after));
	assert_string_equal(before, after);
}

static void a_damaged_file_stops_everything_untouched(void **state)
{
	static const char *const names[] = { "thinkfleetbot.json",
		"agents/main/agent/auth-profiles.json", "secrets/vault.json" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct fixture *f = *state;
		char before[16384];
		char after[16384];
		struct err e;

		put_file(f, names[i], "{ \"version\": 1, ");
		snapshot_tree(f, before, sizeof(before));
		assert_err(apply(f, &e), e, ERR_DAMAGED);
		assert_non_null(strstr(e.msg, fs_basename(names[i])));
		snapshot_tree(f, after, sizeof(after));
		assert_string_equal(before, after);
		teardown(state);
		setup(state);
	}
}

static void a_vault_without_its_key_file_stops_everything_untouched(void **state)
{
	struct fixture *f = *state;
	char before[16384];
	char after[16384];
	char moved[1200];
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	snprintf(moved, sizeof(moved), "%s/elsewhere", f->dir);
	assert_int_equal(rename(f->paths.keys, moved), 0);
	set_key(f, KEY_B);
	snapshot_tree(f, before, sizeof(before));
	assert_err(apply(f, &e), e, ERR_NOT_FOUND);
	assert_non_null(strstr(e.msg, ".key"));
	snapshot_tree(f, after, sizeof(after));
	assert_string_equal(before, after);
}

/* --- transactions ----------------------------------------------------------------------- */

/* The second transaction needs the gateways' lock on the profiles, and this is none. */
static void a_failure_after_the_vault_was_written_takes_the_vault_back(void **state)
{
	struct fixture *f = *state;
	char before[16384];
	char after[16384];
	char lock[1200];
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	set_key(f, KEY_B);
	put_file(f, "agents/main/agent/auth-profiles.json", "{\"version\":1,\"profiles\":{}}\n");
	snprintf(lock, sizeof(lock), "%s/auth-profiles.json.lock", f->agent_dir);
	assert_int_equal(mkfifo(lock, 0600), 0);
	snapshot_tree(f, before, sizeof(before));
	assert_err(apply(f, &e), e, ERR_REFUSED);
	assert_non_null(strstr(e.msg, "auth-profiles.json.lock"));
	assert_non_null(strstr(e.msg, "nothing was changed"));
	assert_non_null(strstr(f->seen, "!"));
	assert_null(strstr(f->seen, "vault.json "));
	snapshot_tree(f, after, sizeof(after));
	assert_string_equal(before, after);
	/* The anchor did not move: the vault is not an older copy now. */
	assert_int_equal(unlink(lock), 0);
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_B);
}

static void a_first_save_that_fails_leaves_no_vault_and_no_key(void **state)
{
	struct fixture *f = *state;
	char lock[1200];
	struct err e = { 0 };

	assert_ok(fs_mkdirs(f->agent_dir, &e), e);
	snprintf(lock, sizeof(lock), "%s/auth-profiles.json.lock", f->agent_dir);
	assert_int_equal(mkfifo(lock, 0600), 0);
	assert_err(apply(f, &e), e, ERR_REFUSED);
	assert_int_not_equal(access(f->paths.vault, F_OK), 0);
	assert_int_not_equal(access(f->paths.resolver, F_OK), 0);
	assert_int_not_equal(access(f->paths.env, F_OK), 0);
	/* .gitignore and .nobackup */
	assert_int_equal(temp_count(f->paths.keys), 2);
}

/* A gateway that writes its configuration while we are about to. */
struct meddler {
	struct fixture *f;
	unsigned times; /* how often it still will */
	unsigned seen;
};

static void meddle(void *ctx, const char *path, bool done, const struct err *failed)
{
	struct meddler *m = ctx;
	char text[80];

	(void)failed;
	if (done || strcmp(fs_basename(path), "thinkfleetbot.json") != 0 || !m->times)
		return;
	m->times--;
	snprintf(text, sizeof(text), "{ \"theirs\": %u }\n", ++m->seen);
	put_file(m->f, "thinkfleetbot.json", text);
}

static void what_a_gateway_wrote_meanwhile_is_merged_not_lost(void **state)
{
	struct fixture *f = *state;
	struct meddler m = { .f = f, .times = 4 };
	struct save_progress progress = { .file = meddle, .ctx = &m };
	struct err e = { 0 };
	char *text;

	assert_ok(save_apply(&f->save, &progress, &e), e);
	assert_int_equal(m.seen, 4);
	text = get_file(f, "thinkfleetbot.json");
	assert_non_null(strstr(text, "\"theirs\": 4"));
	assert_non_null(strstr(text, "thinkfleetbot-resolve"));
	free(text);
	expect_record(f, "main/anthropic:default/key", KEY_A);
	/* One vault, one key, although it was begun five times. */
	assert_int_equal(temp_count(f->paths.keys), 4);
}

static void a_gateway_that_never_stops_writing_is_named_in_the_end(void **state)
{
	struct fixture *f = *state;
	struct meddler m = { .f = f, .times = 100000 };
	struct save_progress progress = { .file = meddle, .ctx = &m };
	struct err e = { 0 };
	char theirs[48];

	assert_err(save_apply(&f->save, &progress, &e), e, ERR_BUSY);
	assert_true(m.seen >= 8);
	assert_non_null(strstr(e.msg, "thinkfleetbot.json was changed by another program"));
	assert_non_null(strstr(e.msg, "nothing was changed"));
	assert_int_not_equal(access(f->paths.vault, F_OK), 0);
	snprintf(theirs, sizeof(theirs), "{ \"theirs\": %u }\n", m.seen);
	expect_file(f, "thinkfleetbot.json", theirs);
}

static void on_note(void *ctx, const char *text)
{
	struct fixture *f = ctx;

	snprintf(f->seen, sizeof(f->seen), "%s", text);
}

static void an_interrupted_change_is_finished_before_the_next_one(void **state)
{
	struct fixture *f = *state;
	struct save_progress progress = { .note = on_note, .ctx = f };
	struct err e = { 0 };
	char other[1200];
	struct txn t;

	put_file(f, ".env", "A=1\n");
	put_file(f, "secrets/other", "old\n");
	snprintf(other, sizeof(other), "%s/other", f->paths.secrets);
	txn_begin(&t, f->paths.txn);
	assert_ok(
		txn_add(&t, &(struct txn_change){ .path = f->paths.env, .p = "A=2\n", .n = 4 }, &e),
		e);
	assert_ok(txn_add(&t, &(struct txn_change){ .path = other, .p = "new\n", .n = 4 }, &e), e);
	assert_ok(journal_stage(&t, &e), e);
	assert_ok(journal_write(&t, &e), e);
	txn_release(&t);
	assert_ok(save_apply(&f->save, &progress, &e), e);
	assert_string_equal(f->seen, "an interrupted change was completed");
	expect_file(f, ".env",
		"A=2\nTHINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n");
	expect_file(f, "secrets/other", "new\n");
	assert_int_equal(temp_count(f->paths.txn), 0);
}

static void nothing_of_the_transaction_stays_behind(void **state)
{
	struct fixture *f = *state;
	char before[16384];
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	snapshot_tree(f, before, sizeof(before));
	assert_null(strstr(before, ".tmp"));
	assert_null(strstr(before, "auth-profiles.json.lock"));
	assert_int_equal(temp_count(f->paths.txn), 0);
}

/* The one before this, whole and sealed. */
static void the_previous_vault_is_kept_beside_it(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char *first;
	char *bak;

	assert_ok(apply(f, &e), e);
	first = temp_read(f->paths.vault);
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	bak = temp_read(f->paths.vault_bak);
	assert_non_null(bak);
	assert_string_equal(first, bak);
	free(first);
	free(bak);
}

static void a_resolver_that_lost_its_mode_gets_it_back(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	struct stat sb;

	assert_ok(apply(f, &e), e);
	assert_int_equal(chmod(f->paths.resolver, 0600), 0);
	assert_ok(apply(f, &e), e);
	assert_int_equal(stat(f->paths.resolver, &sb), 0);
	assert_int_equal(sb.st_mode & 0777, 0700);
}

static void a_local_provider_sets_the_model_only(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	f->save.provider = provider_find("ollama");
	f->save.method = &f->save.provider->methods[0];
	f->save.profile_id = "ollama:local";
	f->save.model = "ollama/llama3.3";
	secret_clear(&f->key);
	assert_ok(apply(f, &e), e);
	assert_string_equal(f->seen, "thinkfleetbot.json ");
}

/* The recovery code is a slot of the same first write, and opens the vault alone. */
static void a_new_vault_opens_with_its_recovery_code_too(void **state)
{
	struct fixture *f = *state;
	struct secret code = { 0 };
	struct vault v = { 0 };
	struct err e = { 0 };

	assert_ok(recovery_new(&code, &e), e);
	f->save.recovery = &code;
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_A);
	assert_ok(vault_load(&v, f->paths.vault, &e), e);
	assert_int_equal(v.gen, 1);
	assert_int_equal(v.slot_count, 2);
	assert_ok(vault_unlock_recovery(&v, &code, &e), e);
	vault_release(&v);
	secret_release(&code);
	f->save.recovery = NULL;
}

/* One character of the sealed value of the first record that has this profile. */
static void damage(const struct fixture *f, const char *profile)
{
	char *text = get_file(f, "secrets/vault.json");
	char *at = strstr(text, profile);

	assert_non_null(at);
	at = strstr(at, "\"c\":\"");
	assert_non_null(at);
	at[12] = at[12] == 'A' ? 'B' : 'A';
	put_file(f, "secrets/vault.json", text);
	free(text);
}

static void a_damaged_record_is_entered_again_and_its_neighbour_stays(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };
	char *before;
	char *bak;

	assert_ok(apply(f, &e), e);
	f->save.profile_id = "anthropic:work";
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	bak = get_file(f, "secrets/vault.json.bak");
	damage(f, "anthropic:work");
	f->save.profile_id = "anthropic:default";
	before = get_file(f, "secrets/vault.json");
	assert_err(apply(f, &e), e, ERR_DAMAGED);
	assert_non_null(strstr(e.msg, "not in main/anthropic:default/key"));
	expect_file(f, "secrets/vault.json", before);
	free(before);
	f->save.profile_id = "anthropic:work";
	e = (struct err){ 0 };
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_A);
	expect_record(f, "main/anthropic:work/key", KEY_B);
	/* Two generations are kept apart: the copy from before the damage is still there. */
	expect_file(f, "secrets/vault.json.bak", bak);
	free(bak);
}

static void two_damaged_records_are_mended_one_after_the_other(void **state)
{
	struct fixture *f = *state;
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	f->save.profile_id = "anthropic:work";
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	damage(f, "anthropic:work");
	damage(f, "anthropic:default");
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:work/key", KEY_B);
	f->save.profile_id = "anthropic:default";
	set_key(f, KEY_A);
	assert_ok(apply(f, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_A);
	expect_record(f, "main/anthropic:work/key", KEY_B);
}

#define with_home(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static bool has_key_file(const struct fixture *f, const char *id)
{
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_ok(keyfile_path(path, sizeof(path), f->paths.keys, id, &e), e);
	return access(path, F_OK) == 0;
}

static void a_key_file_whose_vault_was_never_written_goes_at_the_next_start(void **state)
{
	struct fixture *f = *state;
	struct fs_lock lock = { .fd = -1 };
	struct vault v;
	char id[VAULT_ID_CAP];
	struct err e = { 0 };

	assert_ok(vault_lock(&lock, &f->paths, NULL, &e), e);
	assert_ok(vault_new(&v, &f->paths, &e), e);
	str_copy(id, sizeof(id), v.id);
	vault_release(&v);
	fs_unlock(&lock);
	assert_true(has_key_file(f, id));
	assert_true(vault_unsettled(&f->paths, f->agent_dir));
	assert_ok(vault_lock(&lock, &f->paths, NULL, &e), e);
	fs_unlock(&lock);
	assert_false(has_key_file(f, id));
	assert_false(vault_unsettled(&f->paths, f->agent_dir));
}

static void a_key_file_whose_vault_was_written_or_moved_away_stays(void **state)
{
	struct fixture *f = *state;
	struct fs_lock lock = { .fd = -1 };
	struct vault v = { 0 };
	struct err e = { 0 };

	assert_ok(vault_lock(&lock, &f->paths, NULL, &e), e);
	assert_ok(vault_new(&v, &f->paths, &e), e);
	assert_ok(vault_save(&v, f->paths.vault, &e), e);
	assert_int_equal(unlink(f->paths.vault), 0);
	vault_settle(&f->paths);
	assert_true(has_key_file(f, v.id));
	fs_unlock(&lock);
	vault_release(&v);
}

static void many_credentials_are_one_change(void **state)
{
	struct fixture *f = *state;
	struct secret other = { 0 };
	struct vault v = { 0 };
	struct err e = { 0 };
	struct save list[3] = { f->save, f->save, f->save };
	const struct save_all all = { .paths = &f->paths, .list = list, .count = 3 };
	char *text;

	assert_ok(secret_from(&other, KEY_B, strlen(KEY_B), &e), e);
	list[1].key = &other; /* of the same profile: the first becomes its previous one */
	list[2].profile_id = "anthropic:work";
	assert_ok(save_apply_all(&all, NULL, &e), e);
	expect_record(f, "main/anthropic:default/key", KEY_B);
	expect_record(f, "main/anthropic:default/key/prev", KEY_A);
	expect_record(f, "main/anthropic:work/key", KEY_A);
	assert_ok(vault_load(&v, f->paths.vault, &e), e);
	assert_int_equal(v.gen, 1);
	vault_release(&v);
	text = get_file(f, "agents/main/agent/auth-profiles.json");
	assert_non_null(strstr(text, "anthropic:work"));
	assert_non_null(strstr(text, "anthropic:default"));
	free(text);

	/* One that cannot be written: none is. */
	list[2].profile_id = "anthropic:third";
	list[0].profile_id = "anthropic:fourth";
	put_file(f, ".env", "torn\"");
	put_file(f, "agents/main/agent/auth-profiles.json", "{ torn");
	assert_err(save_apply_all(&all, NULL, &e), e, ERR_DAMAGED);
	expect_record(f, "main/anthropic:fourth/key", NULL);
	secret_release(&other);
}

static void a_save_finishes_an_interrupted_change_of_the_key_file(void **state)
{
	struct fixture *f = *state;
	struct secret next = { 0 };
	struct slot_key k = { 0 };
	struct vault v = { 0 };
	char path[FS_PATH_MAX];
	struct err e = { 0 };

	assert_ok(apply(f, &e), e);
	assert_ok(vault_load(&v, f->paths.vault, &e), e);
	assert_ok(vault_unlock_keyfile(&v, f->paths.keys, &e), e);
	assert_ok(keyfile_create_next(f->paths.keys, v.id, &next, &e), e);
	assert_ok(slot_key_file(&k, &next, &e), e);
	assert_ok(vault_slot_install(&v, f->paths.vault, &k, &e), e);
	assert_ok(keyfile_next_path(path, sizeof(path), f->paths.keys, v.id, &e), e);
	set_key(f, KEY_B);
	assert_ok(apply(f, &e), e);
	assert_int_equal(access(path, F_OK), -1);
	vault_release(&v);
	assert_ok(vault_load(&v, f->paths.vault, &e), e);
	assert_int_equal(v.slot_count, 1);
	expect_record(f, "main/anthropic:default/key", KEY_B);
	vault_release(&v);
	slot_key_release(&k);
	secret_release(&next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_home(a_new_vault_opens_with_its_recovery_code_too),
		with_home(a_damaged_record_is_entered_again_and_its_neighbour_stays),
		with_home(two_damaged_records_are_mended_one_after_the_other),
		with_home(planning_writes_nothing_and_lists_what_would_be),
		with_home(what_is_referred_to_is_written_before_what_refers_to_it),
		with_home(the_same_key_again_changes_nothing),
		with_home(a_key_file_whose_vault_was_never_written_goes_at_the_next_start),
		with_home(a_key_file_whose_vault_was_written_or_moved_away_stays),
		with_home(many_credentials_are_one_change),
		with_home(a_save_finishes_an_interrupted_change_of_the_key_file),
		with_home(rotating_changes_the_vault_and_nothing_else),
		with_home(plain_text_of_the_profile_is_sealed_before_it_goes),
		with_home(a_plain_line_of_the_variable_becomes_the_sealed_one_and_nothing_is_lost),
		with_home(a_second_profile_leaves_the_variable_with_the_first),
		with_home(plain_keeping_writes_the_line_first_and_drops_the_sealed_copy_last),
		with_home(a_january_gateway_gets_no_member_it_would_refuse),
		with_home(what_cannot_be_written_is_found_before_anything_is),
		with_home(a_damaged_file_stops_everything_untouched),
		with_home(a_vault_without_its_key_file_stops_everything_untouched),
		with_home(a_failure_after_the_vault_was_written_takes_the_vault_back),
		with_home(a_first_save_that_fails_leaves_no_vault_and_no_key),
		with_home(what_a_gateway_wrote_meanwhile_is_merged_not_lost),
		with_home(a_gateway_that_never_stops_writing_is_named_in_the_end),
		with_home(an_interrupted_change_is_finished_before_the_next_one),
		with_home(nothing_of_the_transaction_stays_behind),
		with_home(the_previous_vault_is_kept_beside_it),
		with_home(a_resolver_that_lost_its_mode_gets_it_back),
		with_home(a_local_provider_sets_the_model_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
