#!/usr/bin/env bash
# Terminals, languages and sizes: usable, or a clear sentence; never broken.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
token=$(make_token)

# first_screen TERM LANGUAGE COLUMNS ROWS: two steps on, help, and out
first_screen() {
	local term=$1 language=$2 columns=$3 rows=$4 name="$1 $2 $3x$4" shown
	preset=(LC_ALL="$language")
	open_screen "$columns" "$rows" "$term" "$tfb" onboard
	see "Connect a provider" "Enter"
	shown=$(screen)
	if [ "$language" = C ] && LC_ALL=C grep -q '[^ -~]' <<<"$shown"; then
		fail "$name: more than ASCII"
	fi
	[ "$(wc -L <<<"$shown")" -le "$columns" ] || fail "$name: wider than the screen"
	keys Enter
	see "Find:" "Anthropic"
	keys F1
	see "Help"
	keys Escape
	poll '[[ $(screen) != *"Help"* ]]' || fail "$name: help stays"
	keys C-c
	see "Leave setup?"
	keys C-c
	ended 130
	[ ! -s "$work/screen.err" ] || fail "$name: on stderr: $(cat "$work/screen.err")"
}
for term in xterm-256color screen-256color linux vt100; do
	for language in C.UTF-8 C; do
		first_screen $term $language 80 24
	done
done
for size in "60 16" "40 12" "200 60"; do
	# shellcheck disable=SC2086
	first_screen xterm-256color C.UTF-8 $size
	# shellcheck disable=SC2086
	first_screen linux C $size
done

first_screen no-such-terminal C.UTF-8 80 24 # a new terminal on an old host

# --- a terminal that cannot is asked in lines (tests/e2e/lines.sh), and nobody is not asked --------------
preset=()
open_screen 80 24 dumb "$tfb" onboard
see "Plain mode (TERM=dumb)" "1. Connect a provider"
keys C-c
ended 130
run_tfb onboard </dev/null
ends_with 77 "no terminal at all"
says "nothing can be asked here: standard input is no terminal" "no terminal at all"
says "thinkfleetbot onboard --non-interactive" "no terminal at all"
[ ! -s "$work/out" ] || fail "no terminal at all: something was drawn"

# --- colour ------------------------------------------------------------------------------------------------

# colours: does the screen have a colour (SGR 30-37, 39 aside, 90-97)?
colours() {
	tmux -L "$tmux_socket" capture-pane -p -e | grep -qE $'\033\\[([0-9;]*;)?(3[0-7]|9[0-7])(;[0-9;]*)?m'
}
use_provider anthropic
chmod 644 "$config" # something to warn of
for choice in "+:NOTHING=" "-:NO_COLOR=1" "+:NO_COLOR="; do
	preset=("${choice#?:}")
	open_screen 80 24 xterm-256color "$tfb" onboard
	see "warn"
	if [ "${choice:0:1}" = + ]; then
		colours || fail "no colour with ${choice#?:}"
	elif colours; then
		fail "colour although ${choice#?:}"
	fi
	keys C-c
	see "Leave setup?"
	keys C-c
	ended 130
done
preset=()
open_screen 80 24 xterm-256color "$tfb" onboard --color never
see "warn"
if colours; then fail "colour although --color never"; fi
chmod 600 "$config"

# --- resizing ----------------------------------------------------------------------------------------------

# A paste in pieces while the window changes its size: the secret is whole, and so is the screen.
open_screen 80 24 xterm-256color "$tfb" onboard
walk "" secret
(
	for size in "100 30" "61 17" "200 60" "45 13" "80 24" "120 40" "60 16" "132 43" "80 24"; do
		# shellcheck disable=SC2086
		resize $size
	done
) &
tmux -L "$tmux_socket" send-keys -H 1b 5b 32 30 30 7e
for ((i = 0; i < 108; i += 6)); do type_text "${token:i:6}"; done
tmux -L "$tmux_socket" send-keys -H 1b 5b 32 30 31 7e
wait $!
resize 80 24
see "Anthropic setup-token, 108 characters, ends ${token: -4}" "step 3/7"
unseen "${token:20:8}"

# Too small to show anything: it says so, does nothing but leave, and comes back to where it was.
resize 30 8
see "too small"
unseen "${token: -4}"
keys Enter
resize 19 3
see "small"
resize 80 24
see "108 characters, ends ${token: -4}" "Enter verify"
keys Enter
walk "" panel check
see "✓ ok"
resize 39 11
see "too small"
resize 40 12
see "anthropic:default" "quit"
resize 200 60
see "anthropic:default" "Doctor" "Log"
keys q
ended 0
run_tfb run -- sh -c 'printf %s "$ANTHROPIC_OAUTH_TOKEN"'
[ "$(cat "$work/out")" = "$token" ] || fail "the secret was pasted while resizing, and is another one"

# ^Z and fg: the shell has its terminal in between, and the screen comes back.
open_screen 80 24 xterm-256color bash --norc -ic "set -m; '$tfb' onboard; stty -g >'$work/stty.stopped'; read -r; fg >/dev/null"
see "Connect a model provider so"
keys C-z
poll '[ -s "$work/stty.stopped" ]' || fail "^Z did not stop it"
unseen "Connect a model provider so"
keys Enter
see "Connect a model provider so"
keys C-c
see "Leave setup?"
keys C-c
poll '[ -e "$work/status" ]' || fail "it did not end after fg"
