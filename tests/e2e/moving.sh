#!/usr/bin/env bash
# From one machine to another: export, rehearse, import, merge. The gateway of the other machine gets the
# same keys, every failure has its own status, and no file in between holds a key.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
first=$(make_key)
second=$(make_key)
token=$(make_token)
other=$(make_openai_key)
capsule=$work/all.capsule
umask 077
printf 'correct horse battery staple\n' >"$work/pass"
printf 'another horse battery staple\n' >"$work/wrong"
with_pass=(--passphrase-file "$work/pass")

onboard_key anthropic "$first"
ends_with 0 "a key"
onboard_key anthropic "$second"
ends_with 0 "its rotation"
onboard_key anthropic "$token" --method setup-token --profile-id anthropic:setup
ends_with 0 "a token"
onboard_key openai "$other" --no-verify --agent second
ends_with 0 "another agent's key"

# --- export ----------------------------------------------------------------------------------------------
run_tfb secrets verify
ends_with 0 verify
says "4, 4 of them open" verify
run_tfb secrets export "$work/by-fd" --passphrase-fd 7 7<"$work/pass"
ends_with 0 "a passphrase by descriptor, at its full cost"
use_little_memory
before=$(home_state)
run_tfb secrets export "$capsule" "${with_pass[@]}"
ends_with 0 export
says "4 records" export
unchanged "$before" export
[ "$(mode_of "$capsule")" = 600 ] || fail "mode of the capsule: $(mode_of "$capsule")"
for secret in "$first" "$second" "$token" "$other" "anthropic:default"; do
	if grep -qaF -- "$secret" "$capsule"; then fail "the capsule shows something"; fi
done
sum=$(sha256sum <"$capsule")
run_tfb secrets export "$capsule" "${with_pass[@]}"
ends_with 73 "a file that exists"
[ "$sum" = "$(sha256sum <"$capsule")" ] || fail "an existing file was changed"
printf 'short\n' >"$work/short"
run_tfb secrets export "$work/none" --passphrase-file "$work/short"
ends_with 64 "a short passphrase"
chmod 644 "$work/short"
run_tfb secrets export "$work/none" --passphrase-file "$work/short"
ends_with 77 "a passphrase that others can read"
[ ! -e "$work/none" ] || fail "a refused export left a file"

# Asked for on the terminal: masked, twice, and again when the two differ.
open_screen 80 24 xterm-256color "$tfb" secrets export "$work/asked"
see "Passphrase for the capsule:"
type_text "correct horse battery staple"
keys Enter
see "The same again:"
type_text "correct horse battery stapel"
keys Enter
poll '[ "$(screen | grep -c "Passphrase for the capsule:")" = 2 ]' || fail "it did not ask again"
type_text "correct horse battery staple"
keys Enter
poll '[ "$(screen | grep -c "The same again:")" = 2 ]' || fail "it did not ask twice"
type_text "correct horse battery staple"
keys Enter
see "It was read back and opens."
unseen "battery"
ended 0
open_screen 80 24 xterm-256color "$tfb" secrets export "$work/interrupted"
see "Passphrase for the capsule:"
type_text "correct"
keys C-c
poll '[ -e "$work/status" ]' || fail "^C did not end it"
cmp "$work/stty.before" "$work/stty.after" || fail "^C left the terminal without echo"
[ ! -e "$work/interrupted" ] || fail "an interrupted export left a file"

# --- six errors -------------------------------------------------------------------------------------------
# fails STATUS WORDS ARGUMENT...
fails() {
	local want=$1 words=$2
	shift 2
	run_tfb secrets verify --restore-test "$@"
	ends_with "$want" "$words"
	says "$words" "$words"
}

fails 77 "passphrase does not open" "$capsule" --passphrase-file "$work/wrong"
fails 66 "does not exist" "$work/nowhere" "${with_pass[@]}"
head -c 900 "$capsule" >"$work/cut"
fails 65 "cut off or damaged" "$work/cut" "${with_pass[@]}"
# remade OFFSET BYTE: the capsule with one byte changed and the sum that fits
remade() {
	python3 - "$capsule" "$work/changed" "$@" <<-'END'
		import hashlib, sys
		d = bytearray(open(sys.argv[1], "rb").read()[:-32])
		d[int(sys.argv[3])] = int(sys.argv[4])
		open(sys.argv[2], "wb").write(bytes(d) + hashlib.blake2b(d, digest_size=32).digest())
	END
}
remade 9 2
fails 76 "has version 2" "$work/changed" "${with_pass[@]}"
remade 19 1
fails 65 "was lowered" "$work/changed" "${with_pass[@]}"
remade 200 0
fails 65 "changed after it was made" "$work/changed" "${with_pass[@]}"
if ! is_sanitized; then
	status=0
	(
		ulimit -v 60000
		exec "$tfb" secrets verify --restore-test "$capsule" "${with_pass[@]}"
	) >"$work/out" 2>"$work/err" || status=$?
	ends_with 71 "too little memory"
	says "not enough memory for the passphrase" "too little memory"
fi
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys.away"
run_tfb secrets export "$work/none" "${with_pass[@]}"
ends_with 66 "a locked vault"
mv "$work/keys.away" "$HOME/.local/share/thinkfleetbot/keys"

# --- the rehearsal ------------------------------------------------------------------------------------------
mkdir "$work/tmp"
TMPDIR=$work/tmp run_tfb secrets verify --restore-test "$capsule" "${with_pass[@]}" --json
ends_with 0 "the rehearsal"
json_true 'd["records"] == d["restored"] == 4 and d["comparedWithVault"] ==
	{"same": 4, "differ": 0, "onlyInCapsule": 0, "onlyHere": 0}' "$work/out" "the rehearsal"
[ -z "$(ls -A "$work/tmp")" ] || fail "the rehearsal left something"

# --- the other machine ----------------------------------------------------------------------------------------
old_home=$HOME
old_state=$state
export HOME=$work/home2
mkdir -m 700 "$HOME"
state=$HOME/.thinkfleetbot
vault=$state/secrets/vault.json
key_dir_words=(--key-dir "$HOME/.local/share/thinkfleetbot/keys")
run_tfb secrets import "$capsule" --passphrase-file "$work/wrong"
ends_with 77 "import with a wrong passphrase"
run_tfb secrets import "$capsule" "${with_pass[@]}" --dry-run
ends_with 0 "import --dry-run"
says "add      main/anthropic:default/key" "import --dry-run"
[ -z "$(ls -A "$HOME")" ] || fail "nothing should be there yet: $(ls -A "$HOME")"
run_tfb secrets import "$capsule" "${with_pass[@]}"
ends_with 0 import
says "3 added, 0 replaced" import
# As after an interruption between the vault and what refers to it.
rm "$state/.env"
run_tfb secrets import "$capsule" "${with_pass[@]}"
ends_with 0 "the same import again"
says "0 added, 0 replaced, 3 were here already" "the same import again"
resolve main/anthropic:default/key main/anthropic:setup/token second/openai:default/key
json_true "d['values'] == {'main/anthropic:default/key': '$second', 'main/anthropic:setup/token': '$token',
	'second/openai:default/key': '$other'}" "$work/answer" "the resolver of the other machine"
run_tfb models auth list --json
json_true 'sorted(p["profile"] for p in d["profiles"] if p["stored"] == "sealed" and p["inStore"]) ==
	["anthropic:default", "anthropic:setup"]' "$work/out" "the profiles of the other machine"
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_API_KEY $ANTHROPIC_OAUTH_TOKEN"'
[ "$(cat "$work/out")" = "$second $token" ] || fail "run on the other machine"
# The two vaults share nothing: neither id nor key.
[ "$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["vaultId"])' "$vault")" != \
	"$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["vaultId"])' "$old_state/secrets/vault.json")" ] ||
	fail "the vaults have the same id"
run_tfb secrets verify --restore-test "$capsule" "${with_pass[@]}"
ends_with 0 "the rehearsal on the other machine"
says "4 the same" "the rehearsal on the other machine"
run_tfb models auth rotate anthropic:default --undo --no-verify
ends_with 0 "the previous revision came along"
resolve main/anthropic:default/key
json_true "d['values'] == {'main/anthropic:default/key': '$first'}" "$work/answer" "the previous revision"

# --- merging -----------------------------------------------------------------------------------------------------
run_tfb secrets import "$capsule" "${with_pass[@]}"
ends_with 77 "import into a vault without --merge"
run_tfb secrets verify --restore-test "$capsule" "${with_pass[@]}"
ends_with 1 "a capsule that is out of date"
says "not what the vault holds now" "a capsule that is out of date"
before=$(home_state)
run_tfb secrets import "$capsule" "${with_pass[@]}" --merge --dry-run --json
ends_with 0 "merge --dry-run"
json_true '[(r["record"], r["action"]) for r in d["records"]] == [("main/anthropic:default/key", "replace"),
	("main/anthropic:setup/token", "same"), ("second/openai:default/key", "same")]' "$work/out" "merge --dry-run"
setsid "$tfb" secrets import "$capsule" "${with_pass[@]}" --merge </dev/null >"$work/out" 2>"$work/err" &&
	fail "a merge without an answer"
unchanged "$before" "a merge without an answer"
mine=$(make_openai_key)
onboard_key openai "$mine" --no-verify
ends_with 0 "a key of this machine only"
run_tfb secrets import "$capsule" "${with_pass[@]}" --merge --yes
ends_with 0 merge
says "0 added, 1 replaced, 2 were here already" merge
resolve main/anthropic:default/key main/openai:default/key
json_true "d['values'] == {'main/anthropic:default/key': '$second', 'main/openai:default/key': '$mine'}" "$work/answer" \
	"after the merge"
run_tfb secrets import "$capsule" "${with_pass[@]}" --merge
ends_with 0 "the same merge again"
says "0 added, 0 replaced, 3 were here already" "the same merge again"

for secret in "$first" "$second" "$token" "$other" "$mine"; do
	no_secret "$secret"
	HOME=$old_home no_secret "$secret"
done
