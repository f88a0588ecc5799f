#!/usr/bin/env bash
# An API key: the provider is found by typing, the method is the second, and a key that belongs to
# another provider takes its provider with it.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
sed -i 's|"anthropic": |"openai": { "baseUrl": "http://127.0.0.1:'"$port"'" }, "anthropic": |' "$config"

# --- typed search, second method ------------------------------------------------------------------
key=$(make_key)
open_screen 80 24 xterm-256color "$tfb" onboard
walk "" provider
type_text zzz
see 'No provider is called "zzz"' "0 of"
keys Escape
see "47 providers"
type_text claud
see "Find: claud" "3 of" "▸ Anthropic"
unseen "OpenRouter"
keys Enter
see "How do you want to sign in to Anthropic?" "2  API key"
keys 2
see "Paste your Anthropic API key"
paste "$key"
see "Anthropic API key, 108 characters, ends ${key: -4}"
keys Enter
walk "" model check
type_text haiku
see "Find: haiku" "anthropic/claude-haiku-4-5"
unseen "claude-opus"
keys Enter
walk "" panel review
see "anthropic:default" "api_key" "✓ ok"
keys q
ended 0
no_secret "$key"
[ "$(cat "$state/.env")" = "THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key" ] ||
	fail ".env holds: $(cat "$state/.env")"
json_true 'd["profiles"] == {"anthropic:default": {"type": "api_key", "provider": "anthropic",
	"key": "", "keyRef": {"source": "exec", "provider": "thinkfleetbot",
	"id": "main/anthropic:default/key"}}}' "$profiles"
run_tfb models status --plain
[ "$(cat "$work/out")" = anthropic/claude-haiku-4-5 ] || fail "default model: $(cat "$work/out")"
[ "$(grep -c x-api-key "$work/provider.log")" -ge 1 ] || fail "the key did not go out as x-api-key"
if grep -q authorization "$work/provider.log"; then fail "the API key went out as a bearer"; fi

# --- the same key again, another provider's, and what is no key --------------------------------------
other=$(make_openai_key)
open_screen 80 24 xterm-256color "$tfb" onboard
see "Connect a model provider so" "Replace or rotate a key" "1 profile"
keys 1
see "Which provider do you want" "in use"
keys Enter
see "How do you want to sign in"
keys 2
see "Paste your Anthropic API key"
keys Enter
see "Nothing pasted yet."
paste "https://console.anthropic.com/settings/keys"
see "This is an address, not a key."
keys Enter
see "This is an address, not a key." "step 3/7"
paste "$other"
see "OpenAI project key" "^T" "use it for OpenAI instead"
unseen "${other:20:8}"
keys C-t
see "Now setting up OpenAI." "Paste your OpenAI API key" "ends ${other: -4}"
keys Enter
walk "" model check
see "keep the current default"
type_text mini
see "Find: mini" "openai/gpt-5-mini" "keep the old default as a fallback"
keys Enter
see "Review. Enter writes" "OpenAI, API key ending ${other: -4}, verified" "openai:default" "fallback anthropic/claude-haiku-4-5"
keys d
see "thinkfleetbot.json" "openai:default"
unseen "${other: -4}\""
keys Escape
see "Review. Enter writes"
keys Enter
walk "" panel apply
see "openai:default" "anthropic:default"
keys q
ended 0
no_secret "$other"
json_true 'sorted(d["profiles"]) == ["anthropic:default", "openai:default"]' "$profiles"
sort "$state/.env" | cmp - <(
	echo THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key
	echo THINKFLEETBOT_SEALED_OPENAI_API_KEY=main/openai:default/key
) || fail ".env holds: $(cat "$state/.env")"
run_tfb models status --json
json_true 'd["defaultModel"] == "openai/gpt-5-mini" and d["fallbacks"] == ["anthropic/claude-haiku-4-5"]' \
	"$work/out"

# --- plain text is a choice that asks once more -------------------------------------------------------
fresh_home
use_provider anthropic
open_screen 80 24 xterm-256color "$tfb" onboard --provider anthropic --method api-key
see "Connect a model provider so"
keys Enter
see "Paste your Anthropic API key"
paste "$key"
see "ends ${key: -4}"
keys Enter
walk "" protect check
keys 4
see "unencrypted"
keys n
see "How should your keys be kept"
keys 4
see "unencrypted"
keys y
walk "" review model
see "Plain text"
keys Enter
see "Setup complete." "Plain text, anyone who reads"
keys Escape
ended 0
[ "$(cat "$state/.env")" = "ANTHROPIC_API_KEY=$key" ] || fail "the plain .env"
[ "$(mode_of "$state/.env")" = 600 ] || fail ".env has mode $(mode_of "$state/.env")"
[ ! -e "$vault" ] || fail "a vault was made for a plain key"
