#!/usr/bin/env bash
# A second run replaces a key: a rejected one leaves everything as it was, an accepted one is in force at
# once, and nothing but the vault (and what is noted about the check) changes.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
old=$(make_token)
new=$(make_token)
bad="sk-ant-oat01-REJECT$(random_text 87)AA"
record=main/anthropic:default/token
onboard_key anthropic "$old" --model anthropic/claude-sonnet-4-5
ends_with 0 "the first key"
other=$(make_openai_key)
onboard_key openai "$other" --no-verify
ends_with 0 "a neighbour"

# in_force KEY: for run and for the resolver
in_force() {
	run_tfb run -- sh -c 'printf %s "$ANTHROPIC_OAUTH_TOKEN"'
	ends_with 0 run
	[ "$(cat "$work/out")" = "$1" ] || fail "run has another key"
	resolve "$record" main/openai:default/key
	ends_with 0 resolver
	json_true "d['values'] == {'$record': '$1', 'main/openai:default/key': '$other'}" "$work/answer" \
		"the resolver"
}

# Everything but the vault, the notes and the key folder's generation mark.
rest() {
	home_state | grep -vE 'secrets(/| )|keys( |/[^ ]*\.anchor)|vault\.json|checks\.json'
}

in_force "$old"
before=$(home_state)
rest_before=$(rest)

open_screen 80 24 xterm-256color "$tfb" onboard
see "Replace or rotate a key" "2 credentials configured"
keys 2
see "Rotate: which key do you want to replace?" "anthropic:default" "${old: -4}"
keys Enter
see "Paste the new setup-token for anthropic:default"
paste "$old"
see "This is the setup-token already in use. Create a new one first."
keys Enter
unseen "Verifying"
keys C-u
see "(nothing pasted yet)"
paste "$bad"
see "ends ${bad: -4}"
keys Enter
see "did not accept" "rejected, HTTP 401" "anthropic:default still uses the old key, ending ${old: -4}"
unseen "Save it without verifying"
unchanged "$before" "a rejected key"
in_force "$old"
keys Enter # paste again
see "(nothing pasted yet)"
paste "$new"
see "ends ${new: -4}"
keys Enter
see "Verified with"
unchanged "$before" "before the review"
keys Enter
see "Review. Enter writes" "replaces the old key ending ${old: -4}" "new revision"
unseen "auth-profiles.json"
unseen ".thinkfleetbot/.env"
keys Enter
see "Setup complete." "revoke the old key at"
in_force "$new"
keys Escape
ended 0

[ "$(rest)" = "$rest_before" ] || { diff <(echo "$rest_before") <(rest) >&2 || true; fail "another file changed"; }
json_true '[(r["id"], r["rev"]) for r in d["records"] if r["id"] == "main/anthropic:default/token"] ==
	[("main/anthropic:default/token", 2)]' "$vault" "the record's revision"
json_true 'd["gen"] == 3' "$vault" "the vault's generation"
no_secret "$old"
no_secret "$new"
no_secret "$bad"

# --- without a screen -----------------------------------------------------------------------------------
before=$(home_state)
onboard_key anthropic "$bad"
ends_with 1 "a rejected key without a screen"
says "nothing was saved" "a rejected key without a screen"
unchanged "$before" "a rejected key without a screen"
in_force "$new"
newest=$(make_token)
onboard_key anthropic "$newest"
ends_with 0 "rotation without a screen"
in_force "$newest"
[ "$(rest)" = "$rest_before" ] || fail "rotation without a screen: another file changed"
# The same again changes nothing in the vault.
cp "$vault" "$work/vault.was"
onboard_key anthropic "$newest"
ends_with 0 "the same key again"
cmp "$vault" "$work/vault.was" || fail "the same key made a new revision"

# --- from the panel ---------------------------------------------------------------------------
open_screen 80 24 xterm-256color "$tfb" status
see "Status and doctor  " "anthropic:default"
keys o
see "Paste the new setup-token for anthropic:default"
paste "$old"
see "ends ${old: -4}"
keys Enter
see "Verified with"
keys Enter
see "Review. Enter writes"
keys Enter
see "Setup complete."
keys Enter
see "Status and doctor  "
keys q
ended 0
in_force "$old"
