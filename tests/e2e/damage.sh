#!/usr/bin/env bash
# Damage: a record that does not open is entered again in its place, and costs no other; a file
# that is damaged as a whole says what to type; six failures are six messages and statuses.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

key=$(make_key)
other=$(make_openai_key)
new=$(make_key)
onboard_key anthropic "$key" --no-verify
ends_with 0 "first key"
onboard_key openai "$other" --no-verify
ends_with 0 "second key"
words="glad otter paints seven moons"
use_little_memory
run_tfb secrets slot add passphrase --new-passphrase-fd 3 3<<<"$words"
ends_with 0 "a passphrase"
cp "$vault" "$work/whole"
cp "$vault.bak" "$work/whole.bak"

# damage MEMBER PROFILE...: one character or number of these records
damage() {
	python3 - "$vault" "$@" <<-'EOF'
		import json, sys
		d = json.load(open(sys.argv[1]))
		for r in d["records"]:
		    if r["profile"] in sys.argv[3:]:
		        was = r[sys.argv[2]]
		        r[sys.argv[2]] = was + 1 if isinstance(was, int) else was[:9] + ("A" if was[9] != "A" else "B") + was[10:]
		open(sys.argv[1], "w").write(json.dumps(d, separators=(",", ":")) + "\n")
	EOF
}

restore() {
	cp "$work/whole" "$vault"
	cp "$work/whole.bak" "$vault.bak"
}

rotate() {
	status=0
	printf '%s' "$2" | "$tfb" models auth rotate "$1" --key-stdin --no-verify >"$work/out" 2>"$work/err" || status=$?
}

# record PROFILE: that record of the vault, as text
record() {
	python3 -c 'import json,sys; print([r for r in json.load(open(sys.argv[1]))["records"] if r["profile"] == sys.argv[2]])' \
		"$vault" "$1"
}

# --- one record of two, then both ------------------------------------------------------------------
damage c anthropic:default openai:default
run_tfb secrets status
ends_with 0 "status of a damaged vault"
says "Sealed   2, 0 of them open" "status"
says "thinkfleetbot models auth rotate anthropic:default" "status names the command"
says "the copy before the last change is whole: cp ~" "status names the copy"
run_tfb secrets status --json
json_true 'd["authentic"] is False and len(d["records"]["closed"]) == 2 and d["backup"]["opens"]' "$work/out"
neighbour=$(record openai:default)
rotate anthropic:default "$new"
ends_with 0 "rotate a damaged record"
[ "$(record openai:default)" = "$neighbour" ] || fail "the other damaged record was touched"
cmp -s "$vault.bak" "$work/whole.bak" || fail "the damaged generation replaced a whole copy"
run_tfb secrets status
says "Sealed   2, 1 of them open" "after the first"
says_not "not authentic" "after the first"
onboard_key openai "$other" --no-verify
ends_with 0 "onboard a damaged record"
run_tfb secrets verify
ends_with 0 "verify after mending"
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_API_KEY $OPENAI_API_KEY"'
[ "$(cat "$work/out")" = "$new $other" ] || fail "run gives other keys after mending"

# --- a change that no record explains is not written over -------------------------------------------
restore
damage ts openai:default
before=$(sha256sum "$vault")
rotate anthropic:default "$new"
ends_with 65 "rotate in a changed vault"
says "was changed by something else, not in main/anthropic:default/key" "rotate"
[ "$(sha256sum "$vault")" = "$before" ] || fail "a changed vault was written to"
rotate openai:default "$other"
[ "$(sha256sum "$vault")" = "$before" ] || [ "$status" = 0 ] || fail "openai"

# --- the file as a whole ------------------------------------------------------------------------------
restore
head -c 300 "$work/whole" >"$vault"
run_tfb secrets status
ends_with 65 "cut off"
says "is cut off after 300 bytes" "cut off"
says "cp ~/.thinkfleetbot/secrets/vault.json.bak ~/.thinkfleetbot/secrets/vault.json" "cut off"
(eval "$(sed -n 's/.*is whole: \(cp .*\)/\1/p' "$work/err")")
run_tfb secrets verify
says "Sealed   2, 2 of them open" "after the cp that was printed"

# --- six failures ----------------------------------------------------------------------------------------
restore
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys"
run_tfb secrets rekey vault --passphrase-fd 3 3<<<"not the words"
ends_with 77 "wrong passphrase"
says "wrong passphrase" "wrong passphrase"
if ! is_sanitized; then
	status=0
	prlimit --as=$((60 << 20)) "$tfb" secrets rekey vault --passphrase-fd 3 3<<<"$words" >"$work/out" 2>"$work/err" ||
		status=$?
	ends_with 71 "too little memory"
	says "not enough memory for the passphrase" "too little memory"
	says "says nothing about the passphrase" "too little memory"
fi
run_tfb secrets slot remove s1 --yes-offline --passphrase-fd 3 3<<<"$words"
ends_with 0 "the passphrase only"
status=0
setsid "$tfb" run -- true >"$work/out" 2>"$work/err" </dev/null || status=$?
ends_with 75 "locked"
says "the vault is locked" "locked"
sed 's/"v": *1/"v":9/' "$work/whole" >"$vault"
run_tfb secrets status
ends_with 76 "unknown version"
echo '{}' >"$vault"
run_tfb secrets status
ends_with 65 "damaged"
rm "$vault"
run_tfb secrets status
ends_with 66 "not found"

# --- memory that cannot be locked -----------------------------------------------------------------------
cp "$work/whole" "$vault"
rm -rf "$HOME/.local/share/thinkfleetbot/keys"
mv "$work/keys" "$HOME/.local/share/thinkfleetbot/keys"
status=0
prlimit --memlock=0:0 setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock "$tfb" secrets status >"$work/out" 2>"$work/err" ||
	status=$?
says "not locked: keys could be written to the swap" "memlock 0"
prlimit --memlock=0:0 setpriv --bounding-set -ipc_lock --inh-caps -ipc_lock "$tfb" secrets status --json >"$work/out"
json_true 'd["memoryLocked"] is False' "$work/out"
json_true 'd["weakest"]["words"] == "opens with a key file on this disk"' "$work/out"
no_secret "$new"
