#!/usr/bin/env bash
# A vault that only a person opens: every command that writes to it asks for the passphrase where there is a
# terminal (hidden, three times), takes it from a descriptor or a file, and elsewhere says how to hand it over.
# shellcheck disable=SC2016,SC2119 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
umask 077
cheap=()
is_sanitized || cheap=(prlimit --as=$((190 << 20))) # what a passphrase costs: the floor
words="seven random words in a row please"
printf '%s\n' "$words" >"$work/pass"
printf 'not the passphrase\n' >"$work/wrong"
key=$(make_key)
other=$(make_key)

# alone ARGUMENT...: without a terminal to ask on; standard input is that of the caller
alone() {
	status=0
	setsid -w "${cheap[@]}" "$tfb" "$@" >"$work/out" 2>"$work/err" || status=$?
}
# asked COMMAND...: on a screen
asked() { open_screen 100 30 xterm-256color "${cheap[@]}" "$tfb" "$@"; }
opens_as() { # KEY WHAT
	alone run --passphrase-file "$work/pass" -- sh -c 'printf %s "$ANTHROPIC_API_KEY"'
	[ "$(cat "$work/out")" = "$1" ] || { show_output && fail "$2"; }
}

# --- it says what is missing, and changes nothing ------------------------------------------------------------

alone onboard --non-interactive --provider anthropic --key-stdin --no-verify --passphrase-file "$work/pass" <<<"$key"
ends_with 66 "a passphrase for no vault"
says "onboard --opens-with passphrase" "a passphrase for no vault"
alone onboard --non-interactive --provider anthropic --key-stdin --no-verify --opens-with passphrase \
	--weak-passphrase --passphrase-file "$work/pass" <<<"$key"
ends_with 0 "a vault with a passphrase"
opens_as "$key" "the first key"

printf %s "$other" >"$work/new"
alone secrets export "$work/capsule" --passphrase-file "$work/pass" --vault-passphrase-file "$work/pass" --low-memory
ends_with 0 "an export"
before=$(home_state)
# Each command that writes, with all but the passphrase of the vault.
for command in \
	"onboard --non-interactive --provider anthropic --no-verify --key-file $work/new" \
	"models auth add --provider anthropic --no-verify --key-file $work/new" \
	"models auth paste-token --provider anthropic --no-verify --key-file $work/new" \
	"models auth rotate anthropic:default --no-verify --key-file $work/new" \
	"models auth rotate anthropic:default --undo" \
	"models auth rotate anthropic:default --drop-previous" \
	"models auth remove anthropic:default --yes anthropic:default" \
	"secrets rekey vault --yes-offline" \
	"secrets slot add recovery"; do
	# shellcheck disable=SC2086
	alone $command </dev/null
	ends_with 75 "$command"
	says "the vault is locked" "$command"
	says "hint: hand it over: --passphrase-fd N" "$command"
	unchanged "$before" "$command"
done
alone models auth rotate anthropic:default --undo --no-verify --passphrase-file "$work/wrong"
ends_with 77 "a wrong passphrase"
says "wrong passphrase" "a wrong passphrase"
unchanged "$before" "a wrong passphrase"
alone secrets import "$work/capsule" --merge --passphrase-file "$work/pass"
ends_with 75 "import, locked"
says "hint: hand it over: --vault-passphrase-fd N" "import, locked"
rm "$work/capsule"

# --- handed over ----------------------------------------------------------------------------------------------

alone models auth rotate anthropic:default --key-file "$work/new" --no-verify --passphrase-fd 3 3<"$work/pass"
ends_with 0 "rotate"
opens_as "$other" "rotate"
alone models auth rotate anthropic:default --undo --no-verify --passphrase-file "$work/pass"
ends_with 0 "undo"
opens_as "$key" "undo"
alone models auth rotate anthropic:default --drop-previous --passphrase-file "$work/pass"
ends_with 0 "drop-previous"
make_openai_key >"$work/new"
alone models auth paste-token --provider openai --no-verify --key-file "$work/new" --passphrase-file "$work/pass"
ends_with 0 "paste-token"
alone secrets export "$work/capsule" --passphrase-file "$work/pass" --vault-passphrase-file "$work/pass" --low-memory
ends_with 0 "a second export"
alone models auth remove openai:manual --yes openai:manual --passphrase-file "$work/pass"
ends_with 0 "remove"
alone secrets import "$work/capsule" --merge --passphrase-file "$work/pass" --vault-passphrase-file "$work/pass"
ends_with 0 "import"
says "1 added, 0 replaced, 1 were here already" "import"
alone secrets rekey vault --passphrase-file "$work/pass"
ends_with 0 "rekey"
opens_as "$key" "all of it"

# --- asked ----------------------------------------------------------------------------------------------------

before=$(sha256sum "$vault")
asked models auth rotate anthropic:default --no-verify --key-file "$work/wrong"
see "Passphrase of the vault:"
keys C-c
poll '[ -e "$work/status" ]' || fail "^C on the question"
cmp -s "$work/stty.before" "$work/stty.after" || fail "stty differs after ^C"

asked models auth remove openai:manual
see "Type the profile's name"
type_text openai:manual
keys Enter
for try in 1 2 3; do
	see "Passphrase of the vault:"
	type_text "wrong $try"
	keys Enter
	poll "[ \$(grep -c 'wrong passphrase' '$work/screen.err') = $try ]" || fail "try $try: no answer"
	unseen "wrong $try"
done
ended 77
[ "$(sha256sum "$vault")" = "$before" ] || fail "three wrong tries changed the vault"

asked models auth remove openai:manual --yes openai:manual
see "Passphrase of the vault:"
type_text "$words"
keys Enter
see "Removed openai:manual"
unseen "$words"
ended 0

# A passphrase needs memory; what is missing is not told as a wrong one.
if ! is_sanitized; then
	status=0
	prlimit --as=$((40 << 20)) "$tfb" models auth rotate anthropic:default --undo \
		--passphrase-file "$work/pass" >"$work/out" 2>"$work/err" || status=$?
	ends_with 71 "too little memory"
	says "memory" "too little memory"
	says_not "wrong passphrase" "too little memory"
fi
