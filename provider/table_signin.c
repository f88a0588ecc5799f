/* SPDX-License-Identifier: MIT */

/* Signed in by a browser or a device code: by provider/oauth_table.c, or with the gateway itself.
 * Known here so that they are named in every list and their variables are seen. */

#include "base/str.h"
#include "provider/table.h"

static const struct provider rows[] = {
	{
		.id = "openai-codex",
		.aliases = "chatgpt codex plus pro subscription",
		.label = "OpenAI Codex",
		.models_hint = "GPT",
		.group = "OpenAI",
		.base_url = "https://chatgpt.com/backend-api",
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "ChatGPT sign-in",
			.note = "sign in with thinkfleetbot models auth login --provider "
				"openai-codex",
			.noun = "ChatGPT sign-in",
			.how = { "sign in with thinkfleetbot models auth login --provider "
				 "openai-codex" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "openai-codex/gpt-5.2" },
		.source = "FAMILY 12.3, 12.4, 14.1, 16",
	},
	{
		.id = "github-copilot",
		.aliases = "github copilot gh",
		.label = "GitHub Copilot",
		.models_hint = "GPT, Claude, Gemini",
		.group = "Copilot",
		.before = "An active Copilot subscription; classic ghp_ tokens are refused.",
		.base_url = "https://api.individual.githubcopilot.com",
		.vars = { "COPILOT_GITHUB_TOKEN", "GH_TOKEN", "GITHUB_TOKEN" },
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "device sign-in",
			.note = "sign in with thinkfleetbot models auth login-github-copilot",
			.noun = "device sign-in",
			.how = { "sign in with thinkfleetbot models auth login-github-copilot" },
			.profile_name = "github",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "github-copilot/gpt-4o" },
		.source = "FAMILY 6.4, 12.4, 14.5, 16",
	},
	{
		.id = "qwen-portal",
		.aliases = "qwen coder alibaba",
		.label = "Qwen Portal",
		.models_hint = "Qwen",
		.group = "Qwen",
		.base_url = "https://portal.qwen.ai/v1",
		.vars = { "QWEN_OAUTH_TOKEN", "QWEN_PORTAL_API_KEY" },
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "device sign-in",
			.note = "sign in with thinkfleetbot models auth login --provider "
				"qwen-portal",
			.noun = "device sign-in",
			.how = { "sign in with thinkfleetbot models auth login --provider "
				 "qwen-portal" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "qwen-portal/coder-model" },
		.source = "FAMILY 2.3, 6.4, 12.3, 12.4, 14.4, 16",
	},
	{
		.id = "minimax-portal",
		.aliases = "minimax m2 coding plan",
		.label = "MiniMax Portal",
		.models_hint = "MiniMax",
		.group = "MiniMax",
		.base_url = "https://api.minimax.io/anthropic",
		.vars = { "MINIMAX_OAUTH_TOKEN" },
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "device sign-in",
			.note = "sign in with thinkfleetbot models auth login --provider "
				"minimax-portal",
			.noun = "device sign-in",
			.how = { "sign in with thinkfleetbot models auth login --provider "
				 "minimax-portal" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "minimax-portal/MiniMax-M2.1" },
		.api = API_ANTHROPIC,
		.source = "FAMILY 14.7",
	},
	{
		.id = "google-gemini-cli",
		.aliases = "gemini cli google account",
		.label = "Gemini CLI",
		.models_hint = "Gemini",
		.group = "Google",
		.base_url = "https://cloudcode-pa.googleapis.com",
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "Google sign-in",
			.note = "sign in with the gateway: models auth login --provider "
				"google-gemini-cli",
			.noun = "Google sign-in",
			.how = { "sign in with the gateway: models auth login --provider "
				 "google-gemini-cli" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "google-gemini-cli/gemini-3-pro-preview" },
		.api = API_GOOGLE,
		.source = "FAMILY 12.3, 12.4, 14.6, 16",
	},
	{
		.id = "google-antigravity",
		.aliases = "antigravity google account",
		.label = "Google Antigravity",
		.models_hint = "Gemini, Claude",
		.group = "Google",
		.base_url = "https://daily-cloudcode-pa.sandbox.googleapis.com",
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "Google sign-in",
			.note = "sign in with the gateway: models auth login --provider "
				"google-antigravity",
			.noun = "Google sign-in",
			.how = { "sign in with the gateway: models auth login --provider "
				 "google-antigravity" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "google-antigravity/claude-opus-4-5-thinking" },
		.api = API_GOOGLE,
		.source = "FAMILY 12.3, 12.4, 14.6, 16",
	},
	{
		.id = "google-vertex",
		.aliases = "vertex gcloud google cloud adc",
		.label = "Google Vertex AI",
		.models_hint = "Gemini",
		.group = "Google",
		.before = "GOOGLE_CLOUD_PROJECT and GOOGLE_CLOUD_LOCATION must be set.",
		.base_url = "https://aiplatform.googleapis.com",
		.methods = { {
			.id = "sign-in",
			.kind = CRED_OAUTH,
			.label = "gcloud sign-in",
			.note = "sign in on the host: gcloud auth application-default login",
			.noun = "gcloud sign-in",
			.how = { "sign in on the host: gcloud auth application-default login" },
			.profile_name = "default",
			.auth = AUTH_BEARER,
			.judge = JUDGE_STATUS,
		} },
		.models = { "google-vertex/gemini-3-pro-preview" },
		.api = API_GOOGLE,
		.source = "FAMILY 6.4, 16: the host has the location in front of it; the model "
			  "list needs a project",
	},
};

const struct table_part table_signin = { rows, ARRAY_LEN(rows) };
