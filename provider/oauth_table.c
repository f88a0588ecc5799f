/* SPDX-License-Identifier: MIT */
#include "provider/oauth.h"

#include <string.h>

#include "provider/provider.h"

#define FIVE_MINUTES_MS (INT64_C(5) * 60 * 1000)

/* gateway-family.md 14; what each writes beside the profile: 12.4 */
static const struct oauth rows[] = {
	{
		.provider = "openai-codex",
		.names = "codex chatgpt",
		.method = "oauth",
		.method_label = "ChatGPT OAuth",
		.label = "OpenAI Codex (ChatGPT)",
		.flow = OAUTH_BROWSER,
		.client_id = "app_EMoamEEZ73f0CkXaXp7hrann",
		.ask_url = "https://auth.openai.com/oauth/authorize",
		.token_url = "https://auth.openai.com/oauth/token",
		.redirect_uri = "http://localhost:1455/auth/callback",
		.scope = "openid profile email offline_access",
		.extra = "id_token_add_organizations=true&codex_cli_simplified_flow=true"
			 "&originator=pi",
		.claim = "https://api.openai.com/auth",
		.account = "chatgpt_account_id",
		.pkce = true,
		.renews = true,
		.wait_s = 600,
		.profile_name = "default",
		.model = "openai-codex/gpt-5.2",
	},
	{
		.provider = "qwen-portal",
		.names = "qwen",
		.method = "device",
		.method_label = "Qwen OAuth",
		.label = "Qwen Portal",
		.flow = OAUTH_DEVICE,
		.client_id = "f0304373b74a44d2b584a3fb70ca9e56",
		.ask_url = "https://chat.qwen.ai/api/v1/oauth2/device/code",
		.token_url = "https://chat.qwen.ai/api/v1/oauth2/token",
		.scope = "openid profile email model.completion",
		.pkce = true,
		.renews = true,
		.wait_s = 2,
		.profile_name = "default",
		.model = "qwen-portal/coder-model",
		.endpoint = { .base_url = "https://portal.qwen.ai/v1",
			.api = "openai-completions",
			.key = "qwen-oauth",
			.models = { "coder-model", "vision-model" } },
	},
	{
		.provider = "github-copilot",
		.names = "copilot github",
		.method = "device",
		.method_label = "GitHub device login",
		.label = "GitHub Copilot",
		.flow = OAUTH_DEVICE,
		.client_id = "Iv1.b507a08c87ecfe98",
		.ask_url = "https://github.com/login/device/code",
		.token_url = "https://github.com/login/oauth/access_token",
		.scope = "read:user",
		.token_only = true,
		.wait_s = 5,
		.slower_ms = 2000,
		.profile_name = "github",
		.model = "github-copilot/gpt-4o",
	},
	{
		.provider = "minimax-portal",
		.names = "minimax",
		.method = "oauth",
		.method_label = "MiniMax OAuth (Global)",
		.label = "MiniMax Portal",
		.flow = OAUTH_USER_CODE,
		.client_id = "78257093-7e40-4613-99e0-527b14b39113",
		.ask_url = "https://api.minimax.io/oauth/code",
		.token_url = "https://api.minimax.io/oauth/token",
		.scope = "group_id profile model.completion",
		.pkce = true,
		.wait_s = 2,
		.profile_name = "default",
		.model = "minimax-portal/MiniMax-M2.1",
		.endpoint = { .base_url = "https://api.minimax.io/anthropic",
			.api = "anthropic-messages",
			.key = "minimax-oauth",
			.models = { "MiniMax-M2.1" } },
	},
	{
		.provider = "chutes",
		.method = "oauth",
		.method_label = "Chutes (OAuth)",
		.label = "Chutes",
		.flow = OAUTH_BROWSER,
		.ask_url = "https://api.chutes.ai/idp/authorize",
		.token_url = "https://api.chutes.ai/idp/token",
		.user_url = "https://api.chutes.ai/idp/userinfo",
		.redirect_uri = "http://127.0.0.1:1456/oauth-callback",
		.scope = "openid profile chutes:invoke",
		.pkce = true,
		.renews = true,
		.keeps_client = true,
		.wait_s = 600,
		.margin_ms = FIVE_MINUTES_MS,
		.profile_name = "default",
	},
	{
		.provider = "google-gemini-cli",
		.names = "gemini-cli",
		.method = "oauth",
		.method_label = "Google OAuth",
		.label = "Gemini CLI (Google)",
		.instead = "it needs Google's client secret, which nobody else may ship: sign in "
			   "with the gateway's own plugin, or use an API key of "
			   "aistudio.google.com: thinkfleetbot models auth add --provider google",
	},
	{
		.provider = "google-antigravity",
		.names = "antigravity",
		.method = "oauth",
		.method_label = "Google OAuth",
		.label = "Antigravity (Google)",
		.instead = "it needs Google's client secret, which nobody else may ship: sign in "
			   "with the gateway's own plugin, or use an API key of "
			   "aistudio.google.com: thinkfleetbot models auth add --provider google",
	},
	{
		.provider = "anthropic",
		.names = "claude claude-code",
		.method = "oauth",
		.method_label = "Claude OAuth",
		.label = "Anthropic",
		.instead = "the gateways sign in by a setup-token: thinkfleetbot models auth "
			   "setup-token",
	},
};

size_t oauth_count(void)
{
	return ARRAY_LEN(rows);
}

const struct oauth *oauth_at(size_t i)
{
	return &rows[i];
}

static bool is_named(const struct oauth *o, const char *name)
{
	const char *p = o->names ? o->names : "";
	char word[32];

	if (str_equal_nocase(o->provider, name))
		return true;
	for (size_t n; *p; p += n + (p[n] == ' ')) {
		n = strcspn(p, " ");
		str_copy(word, n + 1, p);
		if (str_equal_nocase(word, name))
			return true;
	}
	return false;
}

const struct oauth *oauth_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (is_named(&rows[i], name))
			return &rows[i];
	return NULL;
}

bool oauth_is_only_way(const char *provider)
{
	const struct oauth *o = oauth_find(provider);
	const struct provider *p = provider_find(provider);

	return o && p && o->flow != OAUTH_ELSEWHERE && strcmp(o->provider, provider) == 0 &&
	       p->methods[0].kind == CRED_OAUTH;
}

bool oauth_has_method(const struct oauth *o, const char *method)
{
	/* What the table of providers calls all of them; the completions offer it. */
	return str_equal_nocase(method, "sign-in") || str_equal_nocase(o->method, method) ||
	       str_equal_nocase(o->method_label, method);
}
