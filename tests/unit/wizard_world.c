/* SPDX-License-Identifier: MIT */
#include "tests/unit/wizard_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/fs.h"

struct snapshot world;
struct custody host;
struct player player;
struct frame frame;

static struct credential credentials[5];
static struct provider_state states[4];
static struct finding findings[10];
static struct buf printed;

static void common(void)
{
	memset(&world, 0, sizeof(world));
	str_copy(world.user, sizeof(world.user), "fleet");
	str_copy(world.home, sizeof(world.home), "/home/fleet");
	str_copy(world.host, sizeof(world.host), "gateway-01");
	str_copy(world.state_dir, sizeof(world.state_dir), "/home/fleet/.thinkfleetbot");
	world.now_ms = NOW;
}

void world_fresh(void)
{
	common();
}

static struct credential sample(
	const char *id, const char *provider, enum cred_kind kind, enum stored stored)
{
	struct credential c = { .kind = kind, .stored = stored, .in_store = true };

	str_copy(c.id, sizeof(c.id), id);
	str_copy(c.provider, sizeof(c.provider), provider);
	c.opens = stored == STORED_SEALED ? OPENS_YES : OPENS_UNTRIED;
	c.in_use = IN_USE_CURRENT;
	return c;
}

static void checked(struct credential *c, enum verdict v, enum reason r, int ms, int64_t ago)
{
	c->accepted = v;
	c->accepted_reason = r;
	c->accepted_latency_ms = ms;
	c->accepted_at_ms = NOW - ago;
}

static void fill_credentials(void)
{
	struct secret s = { 0 };
	const char *token = sample_token(1, 108);

	credentials[0] = sample("anthropic:default", "anthropic", CRED_TOKEN, STORED_SEALED);
	assert_true(secret_from(&s, token, strlen(token), NULL));
	secret_fingerprint(credentials[0].fingerprint, &s);
	secret_tail(credentials[0].tail, &s);
	secret_release(&s);
	str_copy(credentials[0].prefix, sizeof(credentials[0].prefix), "sk-ant-oat01-");
	credentials[0].expires_ms = NOW + 41 * MS_DAY + MS_HOUR;
	credentials[0].expires_source = EXPIRY_ESTIMATE;
	checked(&credentials[0], VERDICT_ACCEPTED, REASON_NONE, 212, 42 * MS_SECOND);
	credentials[1] = sample("openai:default", "openai", CRED_API_KEY, STORED_SEALED);
	str_copy(credentials[1].tail, sizeof(credentials[1].tail), "Zk3f");
	checked(&credentials[1], VERDICT_ACCEPTED, REASON_NONE, 188, 42 * MS_SECOND);
	credentials[2] = sample("google:work", "google", CRED_OAUTH, STORED_PLAIN_PROFILES);
	credentials[2].expires_ms = NOW + 42 * MS_MINUTE + 10 * MS_SECOND;
	credentials[2].expires_source = EXPIRY_PROVIDER;
	credentials[3] = sample("openrouter:default", "openrouter", CRED_API_KEY, STORED_PLAIN_ENV);
	str_copy(credentials[3].tail, sizeof(credentials[3].tail), "9dd0");
	credentials[3].in_use = IN_USE_UNKNOWN;
	checked(&credentials[3], VERDICT_REJECTED, REASON_BAD_KEY, 198, 2 * MS_MINUTE);
	credentials[4] = sample("ollama:local", "ollama", CRED_NONE, STORED_NOT_NEEDED);
	checked(&credentials[4], VERDICT_UNKNOWN, REASON_CONNECT, 0, 11 * MS_SECOND);
	world.credentials = credentials;
	world.credential_count = ARRAY_LEN(credentials);
}

static void state_row(size_t i, const char *id, unsigned profiles, const char *var, bool in_use)
{
	states[i] = (struct provider_state){ .profiles = profiles, .in_use = in_use };
	str_copy(states[i].id, sizeof(states[i].id), id);
	str_copy(states[i].env_var, sizeof(states[i].env_var), var);
}

static void finding_row(
	size_t i, const char *check, enum severity s, const char *text, const char *fix)
{
	findings[i] = (struct finding){ .check = check, .severity = s };
	str_copy(findings[i].text, sizeof(findings[i].text), text);
	str_copy(findings[i].fix, sizeof(findings[i].fix), fix);
}

void world_used(void)
{
	common();
	fill_credentials();
	state_row(0, "anthropic", 1, "", true);
	state_row(1, "groq", 0, "GROQ_API_KEY", false);
	state_row(2, "openai", 1, "", true);
	state_row(3, "openrouter", 1, "", false);
	world.providers = states;
	world.provider_count = ARRAY_LEN(states);
	finding_row(0, "accepted", SEVERITY_FAIL, "openrouter:default was rejected (HTTP 401)",
		"thinkfleetbot models auth rotate openrouter:default");
	finding_row(1, "modes", SEVERITY_WARN, "auth-profiles.json is 0644, should be 0600",
		"chmod 600 ~/.thinkfleetbot/agents/main/agent/auth-profiles.json");
	for (size_t i = 2; i < ARRAY_LEN(findings); i++)
		finding_row(i, "ok", SEVERITY_OK, "as it should be", "");
	world.findings = findings;
	world.finding_count = ARRAY_LEN(findings);
	world.state_exists = world.config_exists = world.store_exists = world.vault_exists = true;
	str_copy(world.protection, sizeof(world.protection),
		"sealed, opens with a key file on this disk");
	str_copy(world.default_model, sizeof(world.default_model), "openai/gpt-5.2");
	str_copy(world.default_raw, sizeof(world.default_raw), "openai/gpt-5.2");
}

void world_clear(void)
{
	memset(&world, 0, sizeof(world));
}

static const char *invent(const char *prefix, const char *end, unsigned seed, size_t len)
{
	static char out[512];
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	size_t n = strlen(prefix);

	memcpy(out, prefix, n);
	for (; n < len; n++) {
		seed = seed * 1103515245u + 12345u;
		out[n] = letters[(seed >> 16) % 62];
	}
	memcpy(out + len - strlen(end), end, strlen(end));
	out[len] = '\0';
	return out;
}

const char *sample_token(unsigned seed, size_t len)
{
	return invent("sk-ant-oat01-", seed == 1 ? "7QAA" : "c1AA", seed, len);
}

const char *sample_key(const char *prefix, size_t len)
{
	return invent(prefix, "Zk3f", 77, len);
}

/* --- playing ----------------------------------------------------------------------------- */

void play(void)
{
	struct err e = { 0 };

	play_end();
	host = (struct custody){ 0 };
	player = (struct player){ .now_ms = 1000 };
	player.w = wizard_new(&world, &e);
	if (!player.w)
		fail_msg("%s", e.msg);
}

void play_end(void)
{
	wizard_free(player.w);
	player.w = NULL;
}

enum effect press(enum keysym key)
{
	struct event ev = { .type = EVENT_KEY, .key = key };

	player.keys++;
	player.now_ms += 40;
	player.fx = wizard_handle(player.w, &ev, player.now_ms);
	return player.fx;
}

enum effect type(const char *text)
{
	for (; *text; text++) {
		struct event ev = { .type = EVENT_CHAR, .ch = (unsigned char)*text };

		player.keys++;
		player.now_ms += 40;
		player.fx = wizard_handle(player.w, &ev, player.now_ms);
	}
	return player.fx;
}

enum effect paste_bytes(const char *text, size_t n, size_t total)
{
	struct secret s = { 0 };
	struct event ev = { .type = EVENT_PASTE, .paste = &s, .paste_total = total };

	assert_true(secret_init(&s, PASTE_CAP, NULL));
	assert_true(secret_set(&s, text, n));
	player.pastes++;
	player.fx = wizard_handle(player.w, &ev, player.now_ms);
	secret_release(&s);
	return player.fx;
}

enum effect paste(const char *text)
{
	return paste_bytes(text, strlen(text), strlen(text));
}

struct check_result result_of(enum verdict v, enum reason r, int status)
{
	struct check_result c = { .verdict = v, .reason = r, .status = status };
	bool reached = status != 0;

	c.at_ms = NOW - MS_MINUTE;
	c.latency_ms = reached ? 412 : 5000;
	c.dns_ms = reached ? 12 : -1;
	c.tls_ms = reached ? 48 : -1;
	c.answer_ms = reached ? 212 : -1;
	c.skew_ms = reached ? 100 : INT64_MIN;
	str_copy(c.host, sizeof(c.host), "api.anthropic.com");
	if (reached)
		str_copy(c.address, sizeof(c.address), "192.0.2.10");
	else
		str_copy(c.text, sizeof(c.text), "could not resolve host");
	if (v == VERDICT_REJECTED)
		str_copy(c.text, sizeof(c.text), "invalid bearer token");
	if (v == VERDICT_ACCEPTED) {
		static const char *const models[] = { "claude-sonnet-4-5", "claude-opus-4-5",
			"claude-haiku-4-5", "claude-opus-4-1", "claude-sonnet-4" };

		for (size_t i = 0; i < ARRAY_LEN(models); i++)
			str_copy(c.models[i], CHECK_MODEL_CAP, models[i]);
		c.model_count = ARRAY_LEN(models);
	}
	return c;
}

void answer(enum verdict v, enum reason r, int status)
{
	struct check_result c = result_of(v, r, status);

	wizard_checked(player.w, &c, NULL);
}

void plan_ready(void)
{
	static const struct {
		const char *path;
		const char *change;
	} files[] = {
		{ "~/.thinkfleetbot/secrets/vault.json", "new revision" },
		{ "~/.thinkfleetbot/bin/thinkfleetbot-resolve", "new" },
		{ "~/.thinkfleetbot/thinkfleetbot.json", "~2 lines" },
		{ "~/.thinkfleetbot/agents/main/agent/auth-profiles.json", "+1" },
		{ "~/.thinkfleetbot/.env", "+1" },
	};
	struct plan plan = { .count = ARRAY_LEN(files), .note_count = 1 };

	for (size_t i = 0; i < plan.count; i++) {
		str_copy(plan.files[i].path, sizeof(plan.files[i].path), files[i].path);
		str_copy(plan.files[i].change, sizeof(plan.files[i].change), files[i].change);
		plan.files[i].mode = i == 1 ? 0700 : 0600;
	}
	str_copy(plan.notes[0], sizeof(plan.notes[0]),
		"The running gateway (pid 4121) needs a restart.");
	assert_true(buf_text(&plan.diff,
		"thinkfleetbot.json\n   \"model\": {\n-    \"primary\": \"openai/gpt-5.2\"\n"
		"+    \"primary\": \"anthropic/claude-sonnet-4-5\",\n"
		"+    \"fallbacks\": [\"openai/gpt-5.2\"]\n   }\n\n.env\n"
		"+THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/token\n",
		NULL));
	wizard_planned(player.w, &plan, NULL);
}

void written(void)
{
	for (size_t i = 0; i < 5; i++) {
		wizard_file(player.w, i, false, NULL);
		wizard_file(player.w, i, true, NULL);
	}
	wizard_applied(player.w, NULL);
}

/* What the driver does with the effect of the last event, as if all went well. */
static void go_well(void)
{
	if (player.fx == FX_CHECK)
		answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	else if (player.fx == FX_PLAN)
		plan_ready();
	else if (player.fx == FX_APPLY)
		written();
}

void walk_to(const char *id)
{
	for (int i = 0; i < 20 && strcmp(wizard_at(player.w), id) != 0; i++) {
		if (strcmp(wizard_at(player.w), "secret") == 0)
			paste(sample_token(2, 108));
		press(KEYS_ENTER);
		if (strcmp(wizard_at(player.w), id) != 0)
			go_well();
	}
	assert_string_equal(wizard_at(player.w), id);
}

/* --- looking ----------------------------------------------------------------------------- */

const char *screen_of(const struct frame *f)
{
	struct err e = { 0 };

	buf_release(&printed);
	assert_ok(frame_print(f, &printed, &e), e);
	return printed.p ? printed.p : "";
}

const char *screen(int rows, int cols)
{
	struct err e = { 0 };

	assert_ok(frame_resize(&frame, rows, cols, &e), e);
	if (player.w) {
		wizard_size(player.w, rows, cols);
		wizard_draw(player.w, &frame, player.now_ms);
	}
	return screen_of(&frame);
}

const char *at(void)
{
	return wizard_at(player.w);
}

const struct draft *draft(void)
{
	return wizard_draft(player.w);
}

bool sees(const char *text)
{
	return strstr(screen(24, 80), text) != NULL;
}

void fresh(void)
{
	world_fresh();
	play();
}

void used(void)
{
	world_used();
	play();
}

void golden_text(const char *name, const char *got)
{
	const char *update = getenv("UPDATE_GOLDEN");
	char path[512];
	struct buf want = { 0 };
	struct err e = { 0 };

	snprintf(path, sizeof(path), "%s/tests/golden/%s.txt", TFB_SOURCE_DIR, name);
	if (update && update[0] == '1') {
		FILE *out = fopen(path, "w");

		assert_non_null(out);
		assert_int_equal(fputs(got, out) >= 0, 1);
		fclose(out);
		return;
	}
	if (!fs_read(path, 0, &want, NULL, &e))
		fail_msg("%s (UPDATE_GOLDEN=1 writes it)", e.msg);
	if (strcmp(want.p ? want.p : "", got) != 0) {
		fprintf(stderr, "%s differs, now:\n%s", path, got);
		buf_release(&want);
		fail_msg("%s: the screen changed (UPDATE_GOLDEN=1 accepts it)", name);
	}
	buf_release(&want);
}

void golden(const char *name, const struct frame *f)
{
	char file[120];

	snprintf(file, sizeof(file), "wizard/%s-%dx%d", name, f->cols, f->rows);
	golden_text(file, screen_of(f));
}

int world_setup(void **state)
{
	struct err e = { 0 };

	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	return crypto_start(&e) ? 0 : -1;
}

int world_teardown(void **state)
{
	(void)state;
	play_end();
	frame_release(&frame);
	buf_release(&printed);
	return 0;
}
