#!/usr/bin/env bash
# Every kind of provider through the wizard with real key presses, as somebody new does it: the wrong
# key first, which is refused in the provider's own words and saved nowhere, then the right one.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
at=http://127.0.0.1:$port/as # the documented answers of each
mkdir -p -m 700 "$state"
cat >"$config" <<-EOF2
	{
	  // the provider of the tests stands for all of them
	  "models": { "providers": {
	    "anthropic": { "baseUrl": "$at/anthropic" },
	    "openai": { "baseUrl": "$at/openai/v1" },
	    "openrouter": { "baseUrl": "$at/openrouter/api/v1" },
	    "google": { "baseUrl": "$at/google/v1beta" },
	    "groq": { "baseUrl": "$at/groq/openai/v1" },
	  } },
	}
EOF2
chmod 600 "$config"
own "$state"

# ask_key WRONG RIGHT WORDS: from the field for the key to the model
ask_key() {
	local wrong=$1 right=$2 words=$3 before
	before=$(home_state)
	paste "$wrong"
	see "ends ${wrong: -4}"
	keys Enter
	see "did not accept this key" "$words" "Nothing has been saved." "Paste the API key again"
	unseen "${wrong:14:12}"
	unchanged "$before" "after the wrong key"
	keys Enter
	see "(nothing pasted yet)"
	paste "$right"
	see "ends ${right: -4}"
	keys Enter
	see "Verified with" "✓ Sign-in       accepted, HTTP 200"
	unchanged "$before" "after the right key"
	keys Enter
	see "How should your keys be kept"
	keys Enter
}

# finish_setup [SEARCH FOUND]: from the model, perhaps searched for, to the end
finish_setup() {
	see "Which model should agents use"
	[ -z "${1:-}" ] || { type_text "$1"; see "▸ $2"; }
	keys Enter
	see "Review. Enter writes"
	keys Enter
	see "Setup complete."
	keys Escape
	ended 0
}

# one PROVIDER SEARCH LABEL PREFIX LENGTH WORDS CARRIER: a key is the prefix, so many characters, and
# for Anthropic its ending
one() {
	local provider=$1 search=$2 label=$3 prefix=$4 length=$5 words=$6 carrier=$7 end= wrong right
	[ "$provider" != anthropic ] || end=AA
	wrong=${prefix}REJECT$(random_text $((length - 6)))$end
	right=${prefix}$(random_text "$length")$end
	: >"$work/provider.log"
	open_screen 80 24 xterm-256color "$tfb" onboard
	see "Connect a model provider so"
	keys Enter
	see "Which provider do you want"
	type_text "$search"
	see "Find: $search" "▸ $label"
	keys Enter
	if [ "$provider" = anthropic ]; then
		see "How do you want to sign in"
		keys 2
	fi
	see "Paste your $label API key" "It will be sent to $at/$provider"
	ask_key "$wrong" "$right" "$words"
	finish_setup
	no_secret "$wrong"
	no_secret "$right"
	[ "$(grep -c " $carrier\$" "$work/provider.log")" = 2 ] ||
		fail "$provider: $(cat "$work/provider.log")"
	json_true "d['profiles']['$provider:default']['keyRef']['id'] == 'main/$provider:default/key'" \
		"$profiles" "$provider"
	resolve "main/$provider:default/key"
	json_true "d['values']['main/$provider:default/key'].endswith('${right: -10}')" "$work/answer" \
		"$provider: what the gateway gets"
}

one anthropic claud Anthropic sk-ant-api03- 93 "Anthropic says: invalid x-api-key" x-api-key
one openai chatgpt OpenAI sk-proj- 48 "OpenAI says: Incorrect API key provided" authorization
one openrouter openr OpenRouter sk-or-v1- 64 "OpenRouter says: No auth credentials found" authorization
one google gemini "Google Gemini" AIza 35 "Google Gemini says: API key not valid" x-goog-api-key
one groq groq Groq gsk_ 52 "Groq says: Invalid API Key" authorization

# --- an endpoint of one's own: what no provider is called becomes its name --------------------------
before=$(home_state)
wrong=REJECT$(random_text 40)
right=$(random_text 46)
open_screen 80 24 xterm-256color "$tfb" onboard
see "Connect a model provider so"
keys Enter
see "Which provider do you want"
type_text my-llm
see 'No provider is called "my-llm".' "custom OpenAI-compatible endpoint"
keys Enter
see "Where is your OpenAI-compatible endpoint?" "my-llm"
keys Enter
type_text "http://192.168.1.10:$port/v1"
see "http://192.168.1.10:$port/v1"
keys Enter
see "http is for this machine only"
keys C-u
type_text "$at/openai-compatible/v1"
see "$at/openai-compatible/v1"
keys Enter
see "Your key will be sent to 127.0.0.1:$port: it stays on this machine." "yes, this host"
: >"$work/provider.log"
keys Enter
see "How do you want to sign in to my-llm?"
keys Enter
see "Paste your my-llm API key"
ask_key "$wrong" "$right" "my-llm says: Invalid API key provided"
see "Which model should agents use" "my-llm/first-model"
type_text meta-llama/Llama-3.3
see "my-llm/meta-llama/Llama-3.3 is not among the models"
keys C-u
unchanged "$before" "before Apply"
finish_setup second my-llm/second-model
no_secret "$wrong"
no_secret "$right"
grep -q '// the provider of the tests stands for all of them' "$config" || fail "the comment is gone"
[ "$(grep -c "GET /as/openai-compatible/v1/models authorization" "$work/provider.log")" = 2 ] || fail "asked otherwise"
resolve main/my-llm:default/key
json_true "d['values']['main/my-llm:default/key'] == '$right'" "$work/answer" "what the gateway gets"
run_tfb models status --plain
[ "$(cat "$work/out")" = my-llm/second-model ] || fail "default model: $(cat "$work/out")"

# What works for a provider works for it: all of them find the address in the configuration.
run_tfb models status --probe --probe-provider my-llm --json
json_true 'd["auth"]["probes"]["results"][0]["status"] == "ok" and len(d["auth"]["probes"]["results"]) == 1' \
	"$work/out" probe
run_tfb run -- printenv MY_LLM_API_KEY
[ "$(cat "$work/out")" = "$right" ] || fail "run does not deliver it"
next=$(random_text 46)
status=0
printf '%s' "$next" | "$tfb" models auth rotate my-llm:default --key-stdin >"$work/out" 2>"$work/err" ||
	status=$?
ends_with 0 rotate
says "Verified with 127.0.0.1:$port" rotate
status=0
printf 'REJECT%s' "$next" | "$tfb" models auth rotate my-llm:default --key-stdin >"$work/out" \
	2>"$work/err" || status=$?
ends_with 1 "rotate to a wrong key"
says "my-llm did not accept this key: Invalid API key provided" "rotate to a wrong key"
run_tfb secrets audit --check
ends_with 0 audit
run_tfb doctor
ends_with 0 doctor
run_tfb models auth remove my-llm:default --yes my-llm:default
ends_with 0 remove
grep -q my-llm:default "$config" "$profiles" "$state/.env" && fail "something of the profile stayed" || true
grep -q "baseUrl\": \"$at/openai-compatible/v1\"" "$config" || fail "the endpoint is gone with its key"

# --- without a screen: other protocols, no key, plain text, what is refused -------------------------
fresh_home
onboard_key custom-anthropic "$right" --provider-id my-claude --method bearer \
	--base-url "http://127.0.0.1:$port" --model claude-haiku-4-5
ends_with 0 "a custom Anthropic endpoint"
tail -n 1 "$work/provider.log" | grep -q "GET /v1/models authorization" || fail "no bearer token"
json_true 'd["models"]["providers"]["my-claude"]["api"] == "anthropic-messages" and
	d["models"]["providers"]["my-claude"]["authHeader"] is True and
	"apiKey" not in d["models"]["providers"]["my-claude"] and
	d["agents"]["defaults"]["model"]["primary"] == "my-claude/claude-haiku-4-5"' "$config" "my-claude"
onboard_key my-claude "REJECT$right"
ends_with 1 "a wrong key for an endpoint that is set up"
says "my-claude did not accept this key" "a wrong key for an endpoint that is set up"
run_tfb onboard --non-interactive --provider custom-openai --provider-id here \
	--base-url "http://localhost:$port/v1"
ends_with 0 "no key on this machine"
json_true 'd["models"]["providers"]["here"]["apiKey"] == "n/a"' "$config" "no key on this machine"
onboard_key custom-openai "$right" --provider-id plain-one --base-url "http://127.0.0.1:$port/v1" \
	--keep plain
ends_with 0 "plain text"
# shellcheck disable=SC2016 # the text is not to be expanded
json_true 'd["models"]["providers"]["plain-one"]["apiKey"] == "${PLAIN_ONE_API_KEY}"' "$config" plain
grep -q "^PLAIN_ONE_API_KEY=$right\$" "$state/.env" || fail "the plain .env"
before=$(home_state)
onboard_key custom-openai "$right" --provider-id there --base-url "http://10.0.0.1:$port/v1"
ends_with 64 "http to another machine"
onboard_key custom-openai "$right" --provider-id openai --base-url "https://127.0.0.1:$port/v1"
ends_with 64 "a name that is taken"
onboard_key custom-openai "$right"
ends_with 64 "no address"
onboard_key custom-openai "$right" --provider-id unnamed --base-url "http://127.0.0.1:$port/empty" \
	--no-verify
ends_with 64 "no model"
says "name one with --model" "no model"
unchanged "$before" "after what was refused"
