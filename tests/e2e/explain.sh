#!/usr/bin/env bash
# "Which credential is actually used?": every source in the gateway's order, the winner, and why each other
# one lost. The answer changes with what the gateway would do, and shows no key.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

explain() {
	run_tfb models auth explain anthropic --json
}

# order RANKS: source and rank of those that would be tried
order() {
	json_true "[(s['source'], s['rank']) for s in d['sources'] if s['rank']] == $1" "$work/out" "the order"
}

# why SOURCE WORDS
why() {
	json_true "any(s['source'] == '$1' and '$2' in s['why'] for s in d['sources'])" "$work/out" "why $1: $2"
}

explain
ends_with 1 "nothing at all"
json_true 'd["winner"] is None' "$work/out" "nothing at all"
why ANTHROPIC_API_KEY "not set"
why models.providers.anthropic.apiKey "not there"

key=$(make_key)
token=$(make_token)
plain=$(make_key)
onboard_key anthropic "$key" --no-verify
ends_with 0 "a key"
onboard_key anthropic "$token" --method setup-token --profile-id anthropic:setup --no-verify
ends_with 0 "a token"

# Without an explicit order tokens come before keys.
explain
ends_with 0 "two profiles"
order "[('anthropic:setup', 1), ('anthropic:default', 2)]"
why anthropic:setup wins
why anthropic:default "behind anthropic:setup"

run_tfb models auth order set --provider anthropic anthropic:default
ends_with 0 "an explicit order"
explain
order "[('anthropic:default', 1)]"
why anthropic:setup "excluded by the order in auth-profiles.json"

ANTHROPIC_API_KEY=$plain run_tfb models auth explain anthropic --json
ends_with 0 "a variable"
order "[('anthropic:default', 1), ('ANTHROPIC_API_KEY', 2)]"
why ANTHROPIC_API_KEY "behind anthropic:default"
run_tfb models auth explain anthropic
says "A gateway uses anthropic:default for anthropic" text
says_not "$key" text
says_not "${token:14:20}" text

# A winner that cannot be opened is still the one the gateway tries, and it fails.
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys.away"
explain
ends_with 1 "a winner that does not open"
json_true 'd["winner"] == "anthropic:default" and d["winnerOpens"] is False' "$work/out" "a winner that does not open"
why anthropic:default "but does not open"
mv "$work/keys.away" "$HOME/.local/share/thinkfleetbot/keys"

run_tfb models auth explain "no such provider" --json
ends_with 1 "an unknown provider"
run_tfb models auth explain
ends_with 64 "no provider"
