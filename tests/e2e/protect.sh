#!/usr/bin/env bash
# The Protect step with real keys: a recovery code that is typed back, a passphrase beside a service,
# the system's key, and that none of it is on the disk before Apply.
# shellcheck disable=SC2015,SC2119,SC2174,SC2034 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

use_little_memory
start_provider
key_folder=$HOME/.local/share/thinkfleetbot/keys
step_names=(start secret check protect passphrase model review apply panel)
step_marks[passphrase]="asphrase"

# to_protect KEY [COLUMNS ROWS]: the wizard of one provider, up to Protect
to_protect() {
	open_screen "${2:-80}" "${3:-24}" xterm-256color "$tfb" onboard --provider anthropic --method api-key
	[ "${2:-80}" = 80 ] || return 0
	walk "$1" protect
}

# By hand: a burst would be a paste, and an Enter inside of one does not submit.
type_slowly() {
	type_text "$1"
	sleep 0.15
}

# The seven groups on the screen, as one code.
shown_code() {
	screen | sed -n 's/^ *[1-7]  \([0-9A-Z]\{5\}\) *$/\1/p' | tr '\n' - | sed 's|-$||'
}

# --- a recovery code beside the key file ---------------------------------------------------------
use_provider anthropic
key=$(make_key)
before=$(home_state)
to_protect "$key"
see "[ ] and a recovery code on paper, shown once" "Space recovery"
keys 2
see "Only a system service gets it"
keys Home Space
see "[x] and a recovery code"
keys Enter
see "Write it on paper" "Press Enter when all seven groups"
code=$(shown_code)
[ ${#code} = 41 ] || fail "the code was not shown whole: ${#code}"
keys Enter
see "Type it back"
unseen "${code:0:5}"
wrong=${code:0:13}$(tr '0-9A-Z' '1-9A-Z0' <<<"${code:13:1}" | tr 'ILOU' 'JMPV')${code:14}
type_text "$wrong"
keys Enter
see "group 3 of the recovery code has a typing mistake"
type_text "$(tr 'A-Z-' 'a-z ' <<<"$code")"
keys Enter
see "The recovery code was typed back. Enter goes on." "step 5/7"
keys C-c
see "Leave setup?"
keys C-c
ended 130
unchanged "$before" "a code before Apply"

to_protect "$key"
keys Space Enter
see "Press Enter when all seven groups"
keys C-c
poll '[ -e "$work/status" ]' || fail "^C on the code"
unchanged "$before" "^C on the code"
tmux -L "$tmux_socket" capture-pane -p -S - >"$work/back"
if grep -qE '^ +[1-7]  [0-9A-Z]{5} *$' "$work/back"; then fail "the code stayed on the terminal"; fi

to_protect "$key"
keys Space Enter
see "Press Enter when all seven groups"
code=$(shown_code)
keys Enter
see "Type it back"
type_text "$code"
keys Enter
see "typed back. Enter goes on."
keys Enter
walk "" review model
see "opens with a key file on this disk; also with the"
keys Enter
see "Setup complete." "also with the recovery code"
keys Escape
ended 0
no_secret "$key"
no_secret "$code"
run_tfb secrets slot list
ends_with 0 "slot list"
says "recovery code" "slot list"
says "opens with a key file on this disk" "slot list"
mv "$key_folder"/*.key "$work/lost.key"
run_tfb secrets verify --recovery-fd 3 3<<<"$code"
says "Sealed   1, 1 of them open" "verify with the code"
mv "$work/lost.key" "$key_folder/$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["vaultId"])' "$vault").key"
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_API_KEY"'
[ "$(cat "$work/out")" = "$key" ] || fail "run gave another key"

# --- a passphrase, where a service is installed ---------------------------------------------------
fresh_home
use_provider anthropic
mkdir -p "$HOME/.config/systemd/user"
: >"$HOME/.config/systemd/user/moltbot-gateway.service"
words="glad otter paints seven moons"
to_protect "$key"
keys 3
see "A gateway's service is installed" "offline after restart"
type_slowly "offline"
keys Enter
see 'Type "offline after restart", or Esc for another way.'
keys C-u
type_slowly "offline after restart"
keys Enter
see "Choose a passphrase for the vault"
type_slowly "short one"
keys Enter
see "ten characters or four words"
keys C-u
type_slowly "$words"
see "strong"
keys Enter
type_slowly "$words!"
keys Enter
see "The two are different"
unseen "otter"
type_slowly "$words"
keys Enter
walk "" review model
see "opens only when a passphrase is typed"
unseen ".key"
keys Enter
see "Setup complete." "thinkfleetbot run -- COMMAND asks"
keys Escape
ended 0
no_secret "$key"
no_secret "$words"
[ -z "$(find "$key_folder" -name '*.key')" ] || fail "a key file was made for a passphrase"
[ ! -e "$state/bin/thinkfleetbot-resolve" ] || fail "a resolver that can open nothing"
if grep -q keyRef "$profiles" 2>/dev/null; then fail "a reference that nothing can resolve"; fi
run_tfb secrets status
says "no; after a restart it waits for you" "status"
says "opens only when a passphrase is typed" "status"
status=0
setsid "$tfb" run -- true >"$work/out" 2>"$work/err" </dev/null || status=$?
[ "$status" != 0 ] || fail "run opened the vault without a person"
says "locked" "run without a terminal"
run_tfb run --passphrase-fd 3 -- sh -c 'printf %s "$ANTHROPIC_API_KEY"' 3<<<"$words"
[ "$(cat "$work/out")" = "$key" ] || { show_output; fail "run with the passphrase"; }
open_screen 80 24 xterm-256color "$tfb" run -- sh -c 'test -n "$ANTHROPIC_API_KEY"'
see "Passphrase of the vault:"
type_slowly "$words"
keys Enter
ended 0

# The next key goes into the same vault: its passphrase is asked for, a wrong one changes nothing.
other=$(make_key)
before=$(sha256sum "$vault")
to_protect "$other"
keys Enter
see "This vault opens with a passphrase"
type_slowly "not the passphrase"
keys Enter
see "Which model should agents use"
keys Enter
see "wrong passphrase" "Nothing has been written"
keys Escape
see "Which model should agents use"
keys Escape
see "This vault opens with a passphrase"
keys C-u
type_slowly "$words"
keys Enter
see "Which model should agents use"
keys Enter
see "Review. Enter writes" "new revision"
[ "$(sha256sum "$vault")" = "$before" ] || fail "the vault changed before Apply"
keys Enter
see "Setup complete."
keys Escape
ended 0
run_tfb run --passphrase-fd 3 -- sh -c 'printf %s "$ANTHROPIC_API_KEY"' 3<<<"$words"
[ "$(cat "$work/out")" = "$other" ] || fail "run gives the old key"

# --- the system's key: what systemd hands a unit is a folder of files ------------------------------
fresh_home
use_provider anthropic
mkdir -m 700 "$work/credentials"
head -c 32 /dev/urandom >"$work/credentials/thinkfleetbot.kek"
chmod 400 "$work/credentials/thinkfleetbot.kek"
preset=(CREDENTIALS_DIRECTORY="$work/credentials")
to_protect "$key"
see "needs administrator, system service"
keys 2
see "Press Enter when all seven groups"
code=$(shown_code)
keys Enter
see "Type it back"
type_slowly "$code"
keys Enter
see "typed back. Enter goes on."
keys Enter
walk "" review model
see "opens with a system credential"
keys Enter
see "Setup complete."
keys Escape
ended 0
preset=()
[ -z "$(find "$key_folder" -name '*.key')" ] || fail "a key file beside the system's key"
run_tfb secrets slot list
says "opens with a system credential, inside its service" "slot list"
run_tfb run -- true </dev/null
[ "$status" != 0 ] || fail "the vault opened without the credential"
ask='{"protocolVersion":1,"provider":"thinkfleetbot","ids":["main/anthropic:default/key"]}'
(cd / && env -i CREDENTIALS_DIRECTORY="$work/credentials" "$state/bin/thinkfleetbot-resolve" \
	--state-dir "$state" "${key_dir_words[@]}" <<<"$ask") >"$work/answer"
grep -qF "$key" "$work/answer" || fail "the resolver inside the unit"
(cd / && env -i "$state/bin/thinkfleetbot-resolve" --state-dir "$state" "${key_dir_words[@]}" <<<"$ask") \
	>"$work/answer" || true
if grep -qF "$key" "$work/answer"; then fail "the resolver outside the unit"; fi

# --- small windows, no colour, no UTF-8 ------------------------------------------------------------
fresh_home
use_provider anthropic
preset=(LANG=C LC_ALL=C NO_COLOR=1)
to_protect "$key" 40 12
see "Enter"
keys Enter
see "Anthropic API key"
paste "$key"
see "108 characters"
keys Enter
see "Verified"
keys Enter
see "How should keys be kept?" "[ ] recovery code, on paper"
keys 3
see "A passphrase for the vault"
type_slowly "$words"
see "strong" "> ************"
resize 60 16
see "Choose a passphrase" "Tab other field"
keys C-c
see "Leave setup?"
keys C-c
ended 130
