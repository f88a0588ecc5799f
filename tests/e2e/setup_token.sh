#!/usr/bin/env bash
# models auth setup-token: takes the token from what `claude setup-token` prints (wrapped, coloured, slowly, in
# pieces), shows none of it, and opens the paste page when there is no token or no claude.
# shellcheck disable=SC2016,SC2119 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
start_provider
use_provider anthropic

mkdir "$work/path"
token=
# claude BODY: a program of that name; $1 is the token, on its standard input is the person
claude() {
	token=$(make_token)
	(umask 077 && printf %s "$token" >"$work/token")
	{
		echo '#!/bin/bash'
		echo "[ \"\$*\" = setup-token ] && [ -t 0 ] && [ -t 1 ] || { echo 'no terminal'; exit 9; }"
		echo 'env >"$HOME/claude.env"'
		echo "set -- \"\$(cat '$work/token')\""
		echo "$1"
	} >"$work/path/claude"
	chmod 755 "$work/path/claude"
}

# sealed WHAT: the vault has that token
sealed() {
	resolve main/anthropic:manual/token
	json_true "d['values']['main/anthropic:manual/token'] == '$token'" "$work/answer" "$1: the token"
}

# captured WHAT: runs it in a terminal whose every byte is kept; the token is sealed and was never shown
captured() {
	rm -rf "$state/agents" "$state/secrets" "$HOME/claude.env"
	preset=("PATH=$work/path:/usr/bin:/bin" "ANTHROPIC_API_KEY=$(make_key)")
	open_screen 80 24 xterm-256color "$tfb" models auth setup-token
	tmux -L "$tmux_socket" pipe-pane "cat >$work/bytes"
	poll '[ -s "$work/status" ]' || fail "$1: it did not end"
	[ "$(cat "$work/status")" = 0 ] || fail "$1: status $(cat "$work/status" "$work/screen.err")"
	see "anthropic:manual (anthropic/token)"
	sealed "$1"
	screen | tr -d '\n ' >"$work/shown"
	grep -qF 'sk-ant-oat01-*****' "$work/shown" || fail "$1: nothing was masked"
	grep -qF "${token:13:30}" "$work/shown" "$work/bytes" && fail "$1: the token was shown"
	grep -q '^ANTHROPIC_API_KEY=' "$HOME/claude.env" && fail "$1: claude got a key in its environment"
	return 0
}

claude 'echo "Your OAuth token (valid for 1 year):"; echo; echo "$1"; echo; echo "Store this token securely."'
captured plain
claude 'sleep 0.3; printf "\033[33m%s\033[0m\r\n\r\nStore it.\n" "$1"'
captured coloured
claude 'for ((i = 0; i < ${#1}; i++)); do printf %s "${1:i:1}"; sleep 0.005; done; echo; echo; echo Done'
captured slowly
claude 'printf %s "${1:0:50}"; sleep 0.5; printf "%s\n\n" "${1:50}"'
captured "in two pieces"
claude 'printf "  %s\n  %s\n\nStore it.\n" "${1:0:60}" "${1:60}"'
captured wrapped
claude 'printf "Code: "; read -r code; echo "$code" >"$HOME/code"; echo "$1"; echo'
preset=("PATH=$work/path:/usr/bin:/bin")
open_screen 80 24 xterm-256color "$tfb" models auth setup-token
see "Code:"
keys x y Enter
poll '[ -s "$work/status" ]' || fail "a question: it did not end"
[ "$(cat "$HOME/code")" = xy ] || fail "claude did not get what was typed"
sealed "a question"

# No token, or no claude: the paste page, and what is needed.
claude 'echo "Login failed"; exit 1'
open_screen 80 24 xterm-256color "$tfb" models auth setup-token
see "nothing pasted yet"
preset=("PATH=/usr/bin:/bin")
open_screen 80 24 xterm-256color "$tfb" models auth setup-token
see "nothing pasted yet"
paste "$(make_token)"
see "108 characters"

run_tfb models auth setup-token --provider openai
ends_with 64 "another provider"
says "Only --provider anthropic is supported for setup-token." err
run_tfb models auth setup-token --key-file "$work/token" --no-verify
ends_with 0 "a token in a file"
