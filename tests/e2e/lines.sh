#!/usr/bin/env bash
# The wizard line by line: on a terminal that cannot move its cursor, for a screen reader, at 40
# columns, without UTF-8, and with its answers piped in; and the same setup from an answers file.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
token=$(make_token)

# reply TEXT: an answer and Enter, and nothing of it may be waited for
reply() {
	[ -z "$1" ] || type_text "$1"
	keys Enter
}

# transcript: all that was ever said, without the blanks at the ends of its lines
transcript() {
	tmux -L "$tmux_socket" capture-pane -p -J -S - | sed 's/ *$//'
}

# to_secret: from the first question to the one for the token
to_secret() {
	see "1. Connect a provider" "[1]:"
	reply ""
	see "Which provider" "m. More" "Number or name"
	reply anth
	see "How do you want to sign in to Anthropic?"
	reply 1
	see "Setup-token (not shown"
}

# to_review: from the question for the token to the last one
to_review() {
	reply "$token"
	see "How should your keys be kept"
	reply ""
	see "Which model should agents use"
	reply haiku
	see "Write these changes? yes or no"
}

# --- a dumb terminal: every step, words, and a wrapped token ---------------------------------------
preset=()
open_screen 80 60 dumb "$tfb" onboard
see "Plain mode (TERM=dumb). Nothing is written before you confirm."
see "1. Connect a provider"
reply 7
see "Error: the numbers go from 1 to 2."
reply '?'
see "Where this program works" "b, back"
reply more
reply 1
see "Which provider"
reply m
see " 10. "
reply zzz
see 'No provider is called "zzz".'
reply anth
see "How do you want to sign in"
reply back
see "Which provider"
reply anth
see "Step 2 of 7"
reply 1
see "not shown"
reply ""
see "Error: Nothing pasted yet."
reply ":back"
reply 1
poll '[ "$(screen | grep -c "not shown")" = 3 ]' || fail "the secret was not asked for again"
type_text "${token:0:60}"$'\n'"${token:60}"
keys Enter
see "OK: Anthropic setup-token, 108 characters, ends ${token: -4}" "OK: Joined 2 lines"
see "Verified with 127.0.0.1" "Step 5 of 7"
reply 4
see "Store the secret unencrypted?" "yes or no [no]:"
reply ""
see "Number, recovery [1]:"
reply 1
see "Step 6 of 7" "1. anthropic/claude-opus-4-5: recommended"
reply back
see "Step 5 of 7"
reply ""
reply 2
see "Step 7 of 7" "Model: anthropic/claude-sonnet-4-5" "Write these changes? yes or no"
[ ! -e "$vault" ] || fail "written before the yes"
reply d
see "Changes (secrets are never shown)." "claude-sonnet-4-5"
reply perhaps
see "Error: yes or no is asked here."
reply no
see "Leave setup?" "yes or no [no]:"
reply ""
reply yes
see "OK: anthropic:default is stored" "Next: thinkfleetbot status"
ended 0
transcript >"$work/transcript"
grep -qF "${token:20:12}" "$work/transcript" && fail "the token was shown"
grep -q $'\033' "$work/transcript" && fail "an escape sequence"
no_secret "$token"
json_true 'd["profiles"]["anthropic:default"]["tokenRef"]["id"] == "main/anthropic:default/token"' "$profiles"
grep -q claude-sonnet-4-5 "$config" || fail "the model was not set"
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_OAUTH_TOKEN"'
[ "$(cat "$work/out")" = "$token" ] || fail "the token is another one"

# --- leaving: Ctrl-C while the echo is off, quit, and the end of the input --------------------------
before=$(home_state)
open_screen 80 40 xterm-256color "$tfb" --plain models auth rotate anthropic:default
see "Plain mode (--plain)" "Paste the new setup-token for anthropic:default" "not shown"
keys C-c
ended 130
see "Left. Nothing was written."
open_screen 80 40 dumb "$tfb" models auth paste-token --provider anthropic
see "not shown"
reply ":quit"
see "Leave setup?"
reply yes
ended 130
open_screen 80 40 dumb "$tfb" models auth setup-token --paste
see "not shown"
keys C-d
ended 130
open_screen 80 40 dumb "$tfb" models auth paste-token --provider anthropic
see "not shown"
kill -TERM "$pid"
ended 143
unchanged "$before" "leaving in lines"

# --- a recovery code where nothing can be cleared: no escape sequence, and it is said ---------------------
fresh_home
use_provider anthropic
open_screen 80 70 dumb "$tfb" onboard
to_secret
reply "$token"
see "Number, recovery [1]:"
reply recovery
see "[x] and a recovery code on paper"
reply 1
see "the code stays on it" "Press Enter when all seven groups are on paper"
code=$(screen | sed -n 's/^ \{4\}[1-7]  \([0-9A-Za-z]*\) *$/\1/p' | tr '\n' ' ')
reply ""
see "Type it back"
reply "$code"
see "Done: The recovery code was typed back."
reply ""
see "Which model should agents use"
reply ""
see "Write these changes? yes or no"
reply yes
see "also with the recovery code" "Next: thinkfleetbot status"
ended 0
run_tfb secrets slot list
says "recovery" "the slot of the code"

# --- rotate, at 40 columns, without UTF-8 ------------------------------------------------------------
new=$(make_token)
preset=(LC_ALL=C ACCESSIBLE=1)
open_screen 40 60 xterm-256color "$tfb" models auth rotate anthropic:default
see "Plain mode (ACCESSIBLE is set)."
see "not shown"
reply "$token"
see "This is the setup-token already"
reply "$new"
see "Write these changes?"
reply yes
see "Next: thinkfleetbot status"
ended 0
transcript >"$work/transcript"
LC_ALL=C grep -q '[^ -~]' "$work/transcript" && fail "not only ASCII without UTF-8"
preset=()
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_OAUTH_TOKEN"'
[ "$(cat "$work/out")" = "$new" ] || fail "the rotated token is another one"

# --- other reasons for lines, and status -------------------------------------------------------------
open_screen 30 10 xterm-256color "$tfb" onboard
poll 'transcript | grep -q "(the window is"' || fail "30x10 is not asked in lines"
see "[1]:"
keys C-c
ended 130
open_screen 80 30 xterm-256color "$tfb" --plain status
see "Auth overview"
ended 0
run_tfb onboard </dev/null
ends_with 77 "no terminal and no --plain"
says "nothing can be asked here: standard input is no terminal" "no terminal and no --plain"

# --- answers from a pipe: one line each, and its end leaves -------------------------------------------
fresh_home
use_provider anthropic
status=0
printf '1\nanthropic\n1\n%s\n\n' "$token" | "$tfb" onboard --plain >"$work/out" 2>"$work/err" || status=$?
ends_with 130 "a pipe that ends"
says "Left. Nothing was written." "a pipe that ends"
[ ! -e "$vault" ] || fail "a pipe that ended wrote"
status=0
printf '1\nanthropic\n1\n%s\n\nhaiku\nyes\n' "$token" |
	"$tfb" onboard --plain --print-answers >"$work/out" 2>"$work/err" || status=$?
ends_with 0 "answers from a pipe"
says_not "$token" "answers from a pipe"
sed -n '/^{/,/^}/p' "$work/out" >"$work/answers.json"
json_true 'd == {"version": 1, "provider": "anthropic", "method": "setup-token",
	"profile-id": "anthropic:default", "keep": "sealed", "model": "anthropic/claude-haiku-4-5",
	"keep-fallback": True, "key-env": "ANTHROPIC_OAUTH_TOKEN"}' "$work/answers.json"

# --- standard output redirected: it has the answers alone, the talk is on the terminal ------------------
fresh_home
use_provider anthropic
open_screen 80 60 xterm-256color bash -c "'$tfb' onboard --print-answers >'$work/answers.tty'"
see "Plain mode (standard output is no terminal)."
to_secret
to_review
reply yes
ended 0
cmp -s "$work/answers.tty" "$work/answers.json" || fail "redirected: $(cat "$work/answers.tty")"

# --- the printed answers give the same files --------------------------------------------------------
cp "$config" "$work/config.asked"
cp "$profiles" "$work/profiles.asked"
cp "$state/.env" "$work/env.asked"
fresh_home
use_provider anthropic
export ANTHROPIC_OAUTH_TOKEN=$token
before=$(home_state)
run_tfb onboard --answers "$work/answers.json" --dry-run
ends_with 0 "a dry run"
says "Dry run: nothing was written." "a dry run"
says "auth-profiles.json  0600  new" "a dry run"
unchanged "$before" "a dry run"
run_tfb onboard --answers "$work/answers.json" --print-answers
ends_with 0 "answers from a file"
cmp -s "$work/out" "$work/answers.json" || fail "the answers printed again differ: $(cat "$work/out")"
for pair in "$config:config" "$profiles:profiles" "$state/.env:env"; do
	cmp -s "${pair%:*}" "$work/${pair##*:}.asked" || fail "${pair##*:} differs from the asked one"
done
printf '{ "provider": "anthropic",\n  "key-env": "%s" }\n' "$token" >"$work/wrong.json"
run_tfb onboard --answers "$work/wrong.json"
ends_with 64 "a key in the answers"
says "line 2 holds what looks like a key" "a key in the answers"
says_not "${token:14:20}" "a key in the answers"
run_tfb onboard --answers "$work/answers.json" --json --print-answers
ends_with 64 "two documents"

# --- a vault that opens with a passphrase, without a screen -----------------------------------------
use_little_memory
fresh_home
use_provider anthropic
printf 'seven random words in a row please\n' >"$work/passphrase"
chmod 600 "$work/passphrase"
run_tfb onboard --answers "$work/answers.json" --opens-with passphrase
ends_with 64 "a passphrase that is missing"
if grep -rqs "gateway" /etc/systemd/system /etc/systemd/user 2>/dev/null; then offline=(--yes-offline); else offline=(); fi
run_tfb onboard --answers "$work/answers.json" --opens-with passphrase --passphrase-file "$work/passphrase" \
	"${offline[@]}"
ends_with 0 "a passphrase from a file"
run_tfb secrets slot list
says "passphrase" "its slot"
ls "$HOME/.local/share/thinkfleetbot/keys"/*.key >/dev/null 2>&1 && fail "a key file beside the passphrase"
run_tfb onboard --answers "$work/answers.json" --opens-with passphrase --passphrase-file "$work/passphrase"
ends_with 64 "a vault that is there"
says "secrets slot add" "a vault that is there"
