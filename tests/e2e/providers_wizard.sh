#!/usr/bin/env bash
# Every kind of provider through the wizard with real key presses, as somebody new does it: the wrong
# key first, which is refused in the provider's own words and saved nowhere, then the right one.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
mkdir -p -m 700 "$state"
cat >"$config" <<-EOF2
	{
	  // the provider of the tests stands for all of them
	  "models": { "providers": {
	    "anthropic": { "baseUrl": "http://127.0.0.1:$port" },
	    "openai": { "baseUrl": "http://127.0.0.1:$port/v1" },
	    "openrouter": { "baseUrl": "http://127.0.0.1:$port/api/v1" },
	    "google": { "baseUrl": "http://127.0.0.1:$port/v1beta" },
	    "groq": { "baseUrl": "http://127.0.0.1:$port/openai/v1" },
	  } },
	}
EOF2
chmod 600 "$config"
own "$state"

# ask_key WRONG RIGHT WORDS: from the field for the key to the step after the check
ask_key() {
	local wrong=$1 right=$2 words=$3 before
	before=$(home_state)
	paste "$wrong"
	see "ends ${wrong: -4}"
	keys Enter
	see "did not accept this key" "$words" "Nothing has been saved." "Paste the API key again"
	unseen "${wrong:12:12}"
	unchanged "$before" "after the wrong key"
	keys Enter
	see "(nothing pasted yet)"
	paste "$right"
	see "ends ${right: -4}"
	keys Enter
	see "Verified with" "✓ Sign-in       accepted, HTTP 200" "available"
	unchanged "$before" "after the right key"
	keys Enter
}

# finish_setup FIRST: from Protect (asked only for the first vault) to the panel
finish_setup() {
	if [ -n "$1" ]; then
		see "How should your keys be kept"
		keys Enter
	fi
	see "Which model should agents use"
	[ -z "${2:-}" ] || { type_text "$2"; see "$3"; }
	keys Enter
	see "Review. Enter writes"
	keys Enter
	see "Setup complete."
	keys Escape
	ended 0
}

first=yes
# one PROVIDER SEARCH LABEL PREFIX WORDS CARRIER
one() {
	local provider=$1 search=$2 label=$3 prefix=$4 words=$5 carrier=$6 wrong right
	wrong=${prefix}REJECT$(random_text 40)
	right=${prefix}$(random_text 46)
	[ "$provider" != anthropic ] || { wrong=${prefix}REJECT$(random_text 87)AA right=$(make_key); }
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
	see "Paste your $label API key" "It will be sent to http://127.0.0.1:$port"
	ask_key "$wrong" "$right" "$words"
	finish_setup "$first"
	first=
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

one anthropic claud Anthropic sk-ant-api03- "invalid x-api-key" x-api-key
one openai chatgpt OpenAI sk-proj- "Incorrect API key provided" authorization
one openrouter openr OpenRouter sk-or-v1- "No auth credentials found" authorization
one google gemini "Google Gemini" AIza "API key not valid" x-goog-api-key
one groq groq Groq gsk_ "Incorrect API key provided" authorization

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
keys Enter
see "http is for this machine only"
keys C-u
type_text "http://127.0.0.1:$port/v1"
keys Enter
see "Your key will be sent to 127.0.0.1:$port: it stays on this machine." "yes, this host"
[ ! -s "$work/provider.log" ] || : >"$work/provider.log"
keys Enter
see "How do you want to sign in to my-llm?"
keys Enter
see "Paste your my-llm API key"
ask_key "$wrong" "$right" "Incorrect API key provided"
see "Which model should agents use" "my-llm/gpt-5.2"
type_text meta-llama/Llama-3.3
see "my-llm/meta-llama/Llama-3.3 is not among the models"
keys C-u
unchanged "$before" "before Apply"
finish_setup "" mini my-llm/gpt-5-mini
no_secret "$wrong"
no_secret "$right"
grep -q '// the provider of the tests stands for all of them' "$config" || fail "the comment is gone"
[ "$(grep -c "GET /v1/models authorization" "$work/provider.log")" = 2 ] || fail "asked otherwise"
resolve main/my-llm:default/key
json_true "d['values']['main/my-llm:default/key'] == '$right'" "$work/answer" "what the gateway gets"
run_tfb models status --plain
[ "$(cat "$work/out")" = my-llm/gpt-5-mini ] || fail "default model: $(cat "$work/out")"

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
says "my-llm did not accept this key: Incorrect API key provided" "rotate to a wrong key"
run_tfb secrets audit --check
ends_with 0 audit
run_tfb doctor
ends_with 0 doctor
run_tfb models auth remove my-llm:default --yes my-llm:default
ends_with 0 remove
grep -q my-llm:default "$config" "$profiles" "$state/.env" && fail "something of the profile stayed" || true
grep -q "baseUrl\": \"http://127.0.0.1:$port/v1\"" "$config" || fail "the endpoint is gone with its key"

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
