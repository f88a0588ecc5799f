/* SPDX-License-Identifier: MIT */
#include "tests/unit/wizard_scenes.h"

#include <string.h>

#include "base/clock.h"

static void report(enum verdict v, enum reason r, int status)
{
	walk_to("check");
	answer(v, r, status);
}

void scene_start(void)
{
	world_fresh();
	play();
}

void scene_start_used(void)
{
	world_used();
	play();
}

void scene_provider(void)
{
	scene_start_used();
	walk_to("provider");
}

void scene_provider_filter(void)
{
	scene_provider();
	type("open");
}

void scene_provider_elsewhere(void)
{
	scene_provider();
	type("github");
	press(KEYS_ENTER);
}

void scene_secret_first(void)
{
	scene_provider();
	type("hugging");
	press(KEYS_ENTER);
}

void scene_provider_none(void)
{
	scene_provider();
	type("acme");
}

void scene_provider_paste(void)
{
	scene_provider();
	paste(sample_key("sk-or-v1-", 73));
}

void scene_profile(void)
{
	scene_start_used();
	type("2");
}

void scene_method(void)
{
	scene_start_used();
	walk_to("method");
}

void scene_secret(void)
{
	scene_start_used();
	walk_to("secret");
}

void scene_secret_good(void)
{
	char wrapped[128];
	struct str s = STR_OF(wrapped);

	scene_secret();
	str_addn(&s, sample_token(2, 108), 80);
	str_fmt(&s, "\n%s", sample_token(2, 108) + 80);
	paste(wrapped);
}

void scene_secret_other(void)
{
	scene_secret();
	paste(sample_key("sk-proj-", 164));
}

void scene_secret_cut(void)
{
	char cut[80];

	scene_secret();
	str_copy(cut, sizeof(cut), sample_token(2, 108));
	paste(cut);
}

void scene_secret_anyway(void)
{
	scene_secret_cut();
	press(KEYS_ENTER);
}

void scene_secret_same(void)
{
	scene_start_used();
	assert_true(wizard_rotate(player.w, "anthropic:default", NULL));
	paste(sample_token(1, 108));
}

void scene_secret_paste_only(void)
{
	scene_start_used();
	assert_true(wizard_paste_only(player.w, "anthropic", NULL, 0, NULL));
	paste(sample_token(2, 108));
}

void scene_check(void)
{
	scene_start_used();
	walk_to("check");
	wizard_stage(player.w, STAGE_ANSWER, player.now_ms + 60);
	player.now_ms += 3000;
}

void scene_check_slow(void)
{
	scene_check();
	player.now_ms += 6000;
}

void scene_check_accepted(void)
{
	scene_start_used();
	report(VERDICT_ACCEPTED, REASON_NONE, 200);
}

/* All that an answer can tell, by way of a company's proxy. */
void scene_check_account(void)
{
	struct check_result r = result_of(VERDICT_ACCEPTED, REASON_NONE, 200);

	scene_start_used();
	walk_to("check");
	r.address[0] = '\0';
	str_copy(r.proxy, sizeof(r.proxy), "proxy.corp.example:3128");
	str_copy(r.account, sizeof(r.account), "Acme Robotics");
	str_copy(r.credit, sizeof(r.credit), "74.50 USD left");
	str_copy(r.limits, sizeof(r.limits), "49 of 50 requests left");
	wizard_checked(player.w, &r, NULL);
}

void scene_check_rejected(void)
{
	scene_start_used();
	report(VERDICT_REJECTED, REASON_BAD_KEY, 401);
}

void scene_check_rejected_rotate(void)
{
	scene_start_used();
	assert_true(wizard_rotate(player.w, "anthropic:default", NULL));
	report(VERDICT_REJECTED, REASON_BAD_KEY, 401);
}

void scene_check_unreachable(void)
{
	scene_start_used();
	report(VERDICT_UNKNOWN, REASON_DNS, 0);
}

void scene_check_clock(void)
{
	struct check_result r = result_of(VERDICT_LIMITED, REASON_RATE_LIMIT, 429);

	scene_start_used();
	walk_to("check");
	r.skew_ms = 7 * MS_MINUTE;
	wizard_checked(player.w, &r, NULL);
}

void scene_check_claude_code(void)
{
	scene_start_used();
	report(VERDICT_REJECTED, REASON_CLAUDE_CODE, 400);
}

void scene_protect(void)
{
	scene_start_used();
	walk_to("protect");
}

void scene_protect_plain(void)
{
	scene_protect();
	type("4");
}

void scene_protect_new(void)
{
	scene_start();
	str_copy(host.no_system_key, sizeof(host.no_system_key), NO_SYSTEM_KEY);
	wizard_custody(player.w, &host);
	walk_to("protect");
	type(" ");
}

void scene_protect_weaker(void)
{
	scene_protect_new();
	host.weak_passphrase = true;
	wizard_custody(player.w, &host);
	type("3");
}

void scene_recovery_done(void)
{
	struct secret code = { 0 };

	scene_protect_new();
	press(KEYS_ENTER);
	assert_true(secret_from(&code, SAMPLE_CODE, strlen(SAMPLE_CODE), NULL));
	wizard_recovery(player.w, &code, NULL);
}

void scene_offline(void)
{
	scene_start();
	host.always_on = true;
	wizard_custody(player.w, &host);
	walk_to("protect");
	type("3");
}

void scene_passphrase(void)
{
	scene_start();
	wizard_custody(player.w, &host);
	walk_to("protect");
	type("3");
}

void scene_passphrase_again(void)
{
	scene_passphrase();
	type(SAMPLE_PASSPHRASE);
	press(KEYS_ENTER);
	type("another one");
	press(KEYS_ENTER);
}

void scene_passphrase_asked(void)
{
	scene_start_used();
	host.asks = true;
	str_copy(host.opens, sizeof(host.opens), "opens only when a passphrase is typed");
	wizard_custody(player.w, &host);
	walk_to("protect");
	press(KEYS_ENTER);
}

void scene_model(void)
{
	scene_start_used();
	walk_to("model");
	press(KEYS_DOWN);
}

void scene_model_compiled(void)
{
	scene_start();
	report(VERDICT_LIMITED, REASON_RATE_LIMIT, 429);
	walk_to("model");
}

void scene_model_typed(void)
{
	scene_model();
	type("claude-next");
}

void scene_review(void)
{
	scene_start_used();
	walk_to("model");
	press(KEYS_DOWN);
	press(KEYS_ENTER);
	plan_ready();
}

void scene_review_waiting(void)
{
	scene_start_used();
	walk_to("review");
}

void scene_review_failed(void)
{
	struct err e = { 0 };

	scene_review_waiting();
	err_set(&e, ERR_REFUSED, "/home/fleet/.thinkfleetbot: the folder is writable by others");
	err_hint(&e, "chmod go-w /home/fleet/.thinkfleetbot, then try again");
	wizard_planned(player.w, NULL, &e);
}

void scene_review_diff(void)
{
	scene_review();
	type("d");
}

void scene_apply(void)
{
	scene_review();
	press(KEYS_ENTER);
	wizard_file(player.w, 0, true, NULL);
	wizard_file(player.w, 1, true, NULL);
}

void scene_apply_done(void)
{
	scene_apply();
	written();
}

void scene_apply_failed(void)
{
	struct err e = { 0 };

	scene_apply();
	err_set(&e, ERR_IO, "thinkfleetbot.json: no space left on device");
	err_hint(&e, "free some space on /home, then try again");
	wizard_file(player.w, 2, false, &e);
	wizard_applied(player.w, &e);
}

void scene_quit(void)
{
	scene_secret_good();
	press(KEYS_CTRL('C'));
}

void scene_help(void)
{
	scene_secret_good();
	press(KEYS_CTRL('G'));
}

void scene_details(void)
{
	scene_check_rejected();
	type("d");
}

void scene_custom(void)
{
	scene_start();
	walk_to("provider");
	type("custom-openai");
	press(KEYS_ENTER);
}

void scene_custom_name(void)
{
	scene_custom();
	type("anthropic");
	press(KEYS_ENTER);
	type("https://llm.example.org/v1");
	press(KEYS_ENTER);
}

void scene_custom_refused(void)
{
	scene_custom();
	type("my-llm");
	press(KEYS_ENTER);
	type("http://llm.example.org/v1");
	press(KEYS_ENTER);
}

static void endpoint(const char *address)
{
	scene_custom();
	type("my-llm");
	press(KEYS_ENTER);
	type(address);
	press(KEYS_ENTER);
}

void scene_custom_host(void)
{
	endpoint("https://llm.example.org:8443/v1");
}

void scene_custom_here(void)
{
	endpoint("http://127.0.0.1:8080/v1");
}

void scene_custom_letters(void)
{
	endpoint("https://xn--opnai-9va.example/v1");
}

static void to_check(void)
{
	scene_custom_host();
	press(KEYS_ENTER);
	assert_string_equal(at(), "method");
	press(KEYS_ENTER); /* with a key */
	paste(sample_key("", 40));
	press(KEYS_ENTER);
	assert_string_equal(at(), "check");
}

void scene_custom_rejected(void)
{
	to_check();
	answer(VERDICT_REJECTED, REASON_BAD_KEY, 401);
}

/* Somebody else's key may be what a proxy wants: a warning, no refusal. */
void scene_custom_other_key(void)
{
	scene_custom_host();
	press(KEYS_ENTER);
	press(KEYS_ENTER);
	paste(sample_key("sk-proj-", 164));
}

void scene_custom_unlisted(void)
{
	struct check_result r = result_of(VERDICT_ACCEPTED, REASON_NONE, 200);

	to_check();
	r.model_count = 0;
	r.models[0][0] = '\0';
	wizard_checked(player.w, &r, NULL);
	for (int i = 0; i < 4 && strcmp(at(), "model") != 0; i++)
		press(KEYS_ENTER);
}

void scene_custom_model(void)
{
	to_check();
	answer(VERDICT_ACCEPTED, REASON_NONE, 200);
	walk_to("model");
	type("meta-llama/Llama-3.3");
}

const struct scene scenes[] = {
	{ "start-fresh", scene_start, false },
	{ "start-used", scene_start_used, true },
	{ "provider", scene_provider, true },
	{ "provider-filter", scene_provider_filter, false },
	{ "provider-elsewhere", scene_provider_elsewhere, false },
	{ "secret-first", scene_secret_first, false },
	{ "provider-none", scene_provider_none, false },
	{ "provider-paste", scene_provider_paste, false },
	{ "rotate-choose", scene_profile, false },
	{ "method", scene_method, false },
	{ "custom", scene_custom, true },
	{ "custom-name", scene_custom_name, false },
	{ "custom-refused", scene_custom_refused, false },
	{ "custom-host", scene_custom_host, false },
	{ "custom-here", scene_custom_here, false },
	{ "custom-letters", scene_custom_letters, false },
	{ "custom-other-key", scene_custom_other_key, false },
	{ "custom-rejected", scene_custom_rejected, false },
	{ "custom-unlisted", scene_custom_unlisted, false },
	{ "custom-model", scene_custom_model, false },
	{ "secret", scene_secret, true },
	{ "secret-good", scene_secret_good, false },
	{ "secret-other", scene_secret_other, false },
	{ "secret-cut", scene_secret_cut, false },
	{ "secret-anyway", scene_secret_anyway, false },
	{ "rotate-same", scene_secret_same, false },
	{ "paste-only", scene_secret_paste_only, false },
	{ "check", scene_check, false },
	{ "check-slow", scene_check_slow, false },
	{ "check-accepted", scene_check_accepted, true },
	{ "check-account", scene_check_account, false },
	{ "check-rejected", scene_check_rejected, false },
	{ "rotate-rejected", scene_check_rejected_rotate, false },
	{ "check-unreachable", scene_check_unreachable, false },
	{ "check-clock", scene_check_clock, false },
	{ "check-claude-code", scene_check_claude_code, false },
	{ "protect", scene_protect, false },
	{ "protect-plain", scene_protect_plain, false },
	{ "protect-new", scene_protect_new, true },
	{ "protect-weaker", scene_protect_weaker, false },
	{ "recovery-done", scene_recovery_done, false },
	{ "offline", scene_offline, false },
	{ "passphrase", scene_passphrase, false },
	{ "passphrase-again", scene_passphrase_again, false },
	{ "passphrase-asked", scene_passphrase_asked, false },
	{ "model", scene_model, true },
	{ "model-compiled", scene_model_compiled, false },
	{ "model-typed", scene_model_typed, false },
	{ "review", scene_review, true },
	{ "review-waiting", scene_review_waiting, false },
	{ "review-failed", scene_review_failed, false },
	{ "review-diff", scene_review_diff, false },
	{ "apply", scene_apply, false },
	{ "apply-done", scene_apply_done, false },
	{ "apply-failed", scene_apply_failed, false },
	{ "quit", scene_quit, false },
	{ "help", scene_help, false },
	{ "details", scene_details, false },
};

const size_t scene_count = ARRAY_LEN(scenes);
