#!/usr/bin/env bash
# The life of a profile after it was saved: listed, rotated by command, taken back, forgotten, removed.
# A rejected key and an unanswered question change nothing; a removed profile is nowhere any more.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
first=$(make_key)
second=$(make_key)
bad="sk-ant-api03-REJECT$(random_text 87)AA"
record=main/anthropic:default/key

# rotate KEY OPTION...
rotate() {
	local key=$1
	shift
	status=0
	printf '%s' "$key" | "$tfb" models auth rotate "$@" >"$work/out" 2>"$work/err" || status=$?
}

# in_force KEY: what a gateway gets
in_force() {
	resolve "$record"
	ends_with 0 resolver
	json_true "d['values'] == {'$record': '$1'}" "$work/answer" "the resolver"
}

revision() {
	json_true "[r['rev'] for r in d['records'] if r['id'] == '$record'] == [$1]" "$vault" "the revision"
}

previous() {
	json_true "len([r for r in d['records'] if r['id'] == '$record/prev']) == $1" "$vault" "the previous one"
}

onboard_key anthropic "$first"
ends_with 0 "the first key"

# --- rotating ------------------------------------------------------------------------------------------
before=$(home_state)
rotate "$bad" anthropic:default --key-stdin
ends_with 1 "a rejected key"
says "nothing was saved" "a rejected key"
rotate "$first" anthropic:default
ends_with 1 "the same key"
says "already in use" "the same key"
run_tfb models auth rotate anthropic:default --undo
ends_with 66 "undo without a previous revision"
rotate "$second" anthropic:other
ends_with 66 "an unknown profile"
rotate "$second" anthropic:default --undo --key-stdin
ends_with 64 "undo with a key"
unchanged "$before" "what must not change anything"
in_force "$first"

rotate "$second" anthropic:default
ends_with 0 "rotation"
says "revision 2" rotation
says "restart the gateway" rotation
says "revoke the old key at" rotation
in_force "$second"
revision 2
previous 1
run_tfb models auth rotate anthropic:default --undo --json
ends_with 0 undo
json_true 'd["ok"] and d["undo"] and d["revision"] == 3 and d["previousKept"]' "$work/out" undo
in_force "$first"
run_tfb models auth rotate anthropic:default --undo
ends_with 0 "undoing the undo"
in_force "$second"
revision 4
run_tfb models auth rotate anthropic:default --drop-previous
ends_with 0 "dropping the previous one"
previous 0
in_force "$second"
run_tfb models auth rotate anthropic:default --drop-previous
ends_with 66 "dropping it again"

# In plain text it stays in plain text, until it is asked to be sealed.
rotate "$second" anthropic:default --keep plain
ends_with 0 "to plain text"
[ "$(cat "$state/.env")" = "ANTHROPIC_API_KEY=$second" ] || fail "plain .env: $(cat "$state/.env")"
rotate "$first" ANTHROPIC_API_KEY
ends_with 0 "rotation in plain text"
[ "$(cat "$state/.env")" = "ANTHROPIC_API_KEY=$first" ] || fail "plain .env after rotation"
rotate "$second" ANTHROPIC_API_KEY --keep sealed
ends_with 0 "back into the vault"
no_secret "$first"
no_secret "$second"
in_force "$second"

# --- listing ---------------------------------------------------------------------------------------------
other=$(make_openai_key)
onboard_key openai "$other" --no-verify
ends_with 0 "a neighbour"
run_tfb models auth list
ends_with 0 list
says anthropic:default list
says openai:default list
says_not "$second" list
run_tfb models auth list --provider anthropic --json
ends_with 0 "list --json"
json_true '[(p["profile"], p["stored"]) for p in d["profiles"]] == [("anthropic:default", "sealed")]' "$work/out" \
	"list --json"

# --- removing --------------------------------------------------------------------------------------------
# Everything that can mention a profile does.
python3 - "$profiles" <<-'END'
	import json, sys
	d = json.load(open(sys.argv[1]))
	d["order"] = {"anthropic": ["anthropic:default"], "openai": ["openai:default"]}
	d["lastGood"] = {"anthropic": "anthropic:default"}
	d["usageStats"] = {"anthropic:default": {"errorCount": 2}, "openai:default": {"errorCount": 1}}
	open(sys.argv[1], "w").write(json.dumps(d, indent=2))
END
before=$(home_state)
run_tfb models auth remove anthropic:default --dry-run
ends_with 0 "dry run"
says "auth-profiles.json" "dry run"
says ".env" "dry run"
says "sealed record" "dry run"
run_tfb models auth remove anthropic:default --yes anthropic:defaul
ends_with 77 "another name"
run_tfb models auth remove anthropic:nobody --yes anthropic:nobody
ends_with 66 "an unknown profile"
setsid "$tfb" models auth remove anthropic:default </dev/null >"$work/out" 2>"$work/err" && fail "without an answer"
says "no terminal" "without an answer"
open_screen 80 24 xterm-256color "$tfb" models auth remove anthropic:default
see "Type the profile's name"
type_text "anthropic:wrong"
keys Enter
ended 77
unchanged "$before" "a removal that was not confirmed"

open_screen 80 24 xterm-256color "$tfb" models auth remove anthropic:default
see "Type the profile's name"
type_text "anthropic:default"
keys Enter
see "Removed anthropic:default" "revoke the key at" "last profile for anthropic"
ended 0
if grep -rn "anthropic:default" "$state" --include='*' --exclude='*.bak'; then fail "it is still mentioned"; fi
# The key that stood in plain text before it was replaced is sealed under the variable's name, and stays.
json_true '[r["id"] for r in d["records"]] == ["main/env:ANTHROPIC_API_KEY/key", "main/openai:default/key"]' \
	"$vault" "the vault"
json_true 'd["order"] == {"openai": ["openai:default"]} and list(d["profiles"]) == ["openai:default"]' "$profiles" \
	"the neighbour's order"
json_true 'd["usageStats"] == {"openai:default": {"errorCount": 1}} and not d.get("lastGood")' "$profiles" \
	"the neighbour's usage"
resolve main/openai:default/key "$record"
json_true "d['values'] == {'main/openai:default/key': '$other'} and '$record' in d['errors']" "$work/answer" \
	"the resolver afterwards"

# A profile of that name at another agent keeps the configuration's entry.
onboard_key openai "$other" --no-verify --agent second
ends_with 0 "another agent"
run_tfb models auth remove openai:default --yes openai:default --json
ends_with 0 "removal beside another agent"
json_true 'd["sharedWith"] == "second" and d["lastOfProvider"]' "$work/out" "removal beside another agent"
grep -q 'openai:default' "$config" || fail "the configuration's entry went although an agent uses it"
json_true '[r["id"] for r in d["records"]] == ["main/env:ANTHROPIC_API_KEY/key", "second/openai:default/key"]' \
	"$vault" "the other agent's record"
