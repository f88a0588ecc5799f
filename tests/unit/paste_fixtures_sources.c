/* SPDX-License-Identifier: MIT */

/* Where people copy keys from: files, commands, documents, chats. */
#include "base/str.h"
#include "tests/unit/paste_fixtures.h"

static const struct fixture rows[] = {

	/* shells */
	{ "set MISTRAL_API_KEY=" MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN | PROSE },
	{ "set \"MISTRAL_API_KEY=" MISTRAL "\"", MIST, PASTE_GOOD, MISTRAL, ASSIGN | PROSE },
	{ "setx MISTRAL_API_KEY \"" MISTRAL "\"", MIST, PASTE_GOOD, MISTRAL, ASSIGN | QUOTE },
	{ "set -gx MISTRAL_API_KEY " MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN },
	{ "set -x COHERE_API_KEY '" COHERE "'", COHERE_, PASTE_GOOD, COHERE, ASSIGN | QUOTE },
	{ "setenv DEEPGRAM_API_KEY " DEEPGRAM "\n", DG, PASTE_GOOD, DEEPGRAM, ASSIGN | TRIM },
	{ "$env:COHERE_API_KEY = '" COHERE "'", COHERE_, PASTE_GOOD, COHERE,
		ASSIGN | QUOTE | PROSE },
	{ "[Environment]::SetEnvironmentVariable(\"GROQ_API_KEY\", \"" GSK "\", \"User\")", GROQ,
		PASTE_GOOD, GSK, QUOTE | PROSE },
	{ "declare -x XAI_API_KEY=\"" XAI "\"", XAI_, PASTE_GOOD, XAI, ASSIGN | QUOTE | PROSE },
	{ "$ export OPENROUTER_API_KEY=" OR, OPENROUTER, PASTE_GOOD, OR, ASSIGN | PROSE },
	{ "user@gateway-01:~$ echo " OR "\n", OPENROUTER, PASTE_GOOD, OR, PROSE | TRIM },
	{ "MISTRAL_API_KEY=" MISTRAL " thinkfleetbot onboard", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | PROSE },
	{ "export A_KEY=" MISTRAL "; export B=1", MIST, PASTE_GOOD, MISTRAL, ASSIGN | PROSE },
	{ "export GROQ_API_KEY=" GSK " # from console.groq.com", GROQ, PASTE_GOOD, GSK,
		ASSIGN | PROSE },
	{ "ollama launch --api-key " OR, OPENROUTER, PASTE_GOOD, OR, PROSE },
	{ "tool --token=" TOKEN, SETUP, PASTE_GOOD, TOKEN, PROSE },
	/* .env, unit files, compose files */
	{ "# keys\nGROQ_API_KEY=" GSK "\nDEBUG=1\n", GROQ, PASTE_GOOD, GSK, ASSIGN | TRIM | PROSE },
	{ "GROQ_API_KEY=\"" GSK "\"\r\n", GROQ, PASTE_GOOD, GSK, ASSIGN | QUOTE | TRIM },
	{ "\xEF\xBB\xBFGROQ_API_KEY=" GSK, GROQ, PASTE_GOOD, GSK, ASSIGN | INV },
	{ "Environment=GROQ_API_KEY=" GSK, GROQ, PASTE_GOOD, GSK, PROSE },
	{ "Environment=\"MISTRAL_API_KEY=" MISTRAL "\"", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | PROSE },
	{ "      - MISTRAL_API_KEY=" MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN | TRIM | PROSE },
	{ "    MISTRAL_API_KEY: " MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN | TRIM },
	{ "    MISTRAL_API_KEY: \"" MISTRAL "\"", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | TRIM | QUOTE },
	/* settings in other formats */
	{ "api_key: " MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN },
	{ "apiKey: '" MISTRAL "',", MIST, PASTE_GOOD, MISTRAL, ASSIGN | QUOTE },
	{ "provider:\n  name: mistral\n  api_key: " MISTRAL "\n", MIST, PASTE_GOOD, MISTRAL,
		ASSIGN | TRIM | PROSE },
	{ "[mistral]\napi_key = \"" MISTRAL "\"\nmodel = \"mistral-large\"\n", MIST, PASTE_GOOD,
		MISTRAL, ASSIGN | QUOTE | TRIM | PROSE },
	{ "mistral_api_key = " MISTRAL, MIST, PASTE_GOOD, MISTRAL, ASSIGN },
	{ "os.environ[\"GROQ_API_KEY\"] = \"" GSK "\"", GROQ, PASTE_GOOD, GSK, QUOTE | PROSE },
	{ "client = OpenAI(api_key=\"" PROJ "\")", OPENAI, PASTE_GOOD, PROJ,
		ASSIGN | QUOTE | PROSE },
	{ "const key = \"" GSK "\";", GROQ, PASTE_GOOD, GSK, QUOTE | PROSE },
	{ "machine api.mistral.ai login me password " MISTRAL, MIST, PASTE_GOOD, MISTRAL, PROSE },
	/* JSON */
	{ "{\"claudeAiOauth\":{\"accessToken\":\"" TOKEN "\",\"expiresAt\":1760000000000}}", SETUP,
		PASTE_GOOD, TOKEN, JSON },
	{ "{\"claudeAiOauth\":{\"accessToken\":\"" TOKEN "\",\"refreshToken\":\"" REFRESH "\"}}",
		SETUP, PASTE_TWO, "", JSON },
	{ "{ \"version\": 1, \"profiles\": { \"mistral:default\": { \"type\": \"api_key\","
	  " \"key\": \"" MISTRAL "\" } } }",
		MIST, PASTE_GOOD, MISTRAL, JSON },
	{ "{'apiKey': '" MISTRAL "'}", MIST, PASTE_GOOD, MISTRAL, JSON },
	{ "{\"secret\":\"" COHERE "\"}", COHERE_, PASTE_GOOD, COHERE, JSON },
	{ "{\"COHERE_API_KEY\" : \"" COHERE "\"}", COHERE_, PASTE_GOOD, COHERE, JSON },
	{ "{\"key\":\"" MISTRAL "\",\"token\":\"" COHERE "\"}", MIST, PASTE_TWO, "", JSON },
	/* requests */
	{ "curl https://api.deepgram.com/v1/projects -H \"Authorization: Token " DEEPGRAM "\"", DG,
		PASTE_GOOD, DEEPGRAM, HEADER | PROSE },
	{ "xi-api-key: " ELEVEN, LABS, PASTE_GOOD, ELEVEN, HEADER },
	{ "curl -H 'xi-api-key: " ELEVEN "' https://api.elevenlabs.io/v1/user", LABS, PASTE_GOOD,
		ELEVEN, HEADER | PROSE },
	{ "--header \"authorization: Bearer " COHERE "\"", COHERE_, PASTE_GOOD, COHERE,
		HEADER | PROSE },
	{ "\"Authorization\": \"Bearer " GSK "\"", GROQ, PASTE_GOOD, GSK, HEADER | PROSE },
	{ "headers = {\"x-api-key\": \"" API "\"}", APIKEY, PASTE_GOOD, API, QUOTE | PROSE },
	{ "https://generativelanguage.googleapis.com/v1beta/models?key=" AIZA, GOOGLE,
		PASTE_ADDRESS, "", 0 },
	{ "https://user:" MISTRAL "@api.mistral.ai/", MIST, PASTE_ADDRESS, "", 0 },
	/* documents and chats */
	{ "```\n" GSK "\n```", GROQ, PASTE_GOOD, GSK, 0 },
	{ "> " OR "\n", OPENROUTER, PASTE_GOOD, OR, TRIM },
	{ "* " OR, OPENROUTER, PASTE_GOOD, OR, PROSE },
	{ "1. " OR, OPENROUTER, PASTE_GOOD, OR, PROSE },
	{ "| prod | " GSK " |", GROQ, PASTE_GOOD, GSK, PROSE },
	{ "<code>" GSK "</code>", GROQ, PASTE_GOOD, GSK, PROSE },
	{ "**" GSK "**", GROQ, PASTE_GOOD, GSK, PROSE },
	{ "Mistral key (prod): " MISTRAL, MIST, PASTE_GOOD, MISTRAL, PROSE },
	{ "Hi, use " PROJ " for the bot, thanks!", OPENAI, PASTE_GOOD, PROJ, PROSE },
	{ "[key](" GSK ")", GROQ, PASTE_GOOD, GSK, PROSE },
	{ "key\t" GSK "\tactive", GROQ, PASTE_GOOD, GSK, PROSE },
	{ "Name: bot\nKey: " GSK "\nCreated: 2026-11-22\n", GROQ, PASTE_GOOD, GSK, TRIM | PROSE },
};

const struct fixture_set fixtures_sources = { rows, ARRAY_LEN(rows) };
