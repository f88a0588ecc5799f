#!/usr/bin/env bash
# Leaving at every step, in the way that the variant names: no file is made or changed, the terminal is as
# it was, no process is left, and the exit status says how it ended.
# shellcheck disable=SC2034,SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
how=${3:?esc, interrupt, term, hup or closed}

start_provider
key=$(make_token)

# A home that is set up, so that there is something to change.
prepare_used() {
	use_provider anthropic
	onboard_key anthropic "$(make_key)" --method api-key
	ends_with 0 "setting up"
}

# Where Esc has something else to do first, it takes more of them; each is answered by a new screen.
leave_by_esc() {
	local i shown
	for ((i = 0; i < 20; i++)); do
		[ ! -e "$work/status" ] || return 0
		if [[ $(screen) == *"Leave setup?"* ]]; then
			keys y
			poll '[ -e "$work/status" ]' || fail "y did not leave"
			return 0
		fi
		shown=$(screen)
		keys Escape
		poll '[ -e "$work/status" ] || [ "$(screen)" != "$shown" ]' || fail "Esc did nothing"
	done
	fail "20 times Esc did not leave"
}

leave() {
	case $how in
	esc) leave_by_esc ;;
	interrupt)
		keys C-c
		see "Leave setup?"
		keys C-c
		;;
	term) kill -TERM "$pid" ;;
	hup) kill -HUP "$pid" ;;
	closed) tmux -L "$tmux_socket" kill-server ;;
	esac
}

# left NAME: what must be so afterwards
left() {
	case $how in
	esc | interrupt) ended 130 ;;
	term) ended 143 ;;
	hup) ended 129 ;;
	closed)
		poll '[ -e "$work/status" ]' || fail "$1: it did not end with its terminal"
		[ "$(cat "$work/status")" = 129 ] || fail "$1: exit status $(cat "$work/status"), wanted 129"
		;;
	esac
	# shellcheck disable=SC2086
	none_left $people
	unchanged "$before" "$1"
}

# quit_at STEP COMMAND...: in the home as it is
quit_at() {
	local step=$1
	shift
	before=$(home_state)
	open_screen 80 24 xterm-256color "$@"
	case $step in
	pasted)
		walk "" secret
		paste "$key"
		see "ends ${key: -4}"
		;;
	*) walk "$key" "$step" ;;
	esac
	people=$(family "$pid")
	leave
	left "$step"
}

prepare_used
for step in start provider method secret pasted check protect model review; do
	quit_at "$step" "$tfb" onboard
done

# While the provider is being asked: the probe goes too.
fresh_home
use_provider anthropic /stall
step_marks[check]="Verifying with"
quit_at check "$tfb" onboard
[ "$(wc -w <<<"$people")" = 2 ] || fail "the probe was not there: $people"

# On a host where nothing was set up, not even a folder is made. (Local only: nothing is sent anywhere.)
fresh_home
before=$(home_state)
open_screen 80 24 xterm-256color "$tfb" onboard
walk "" secret
paste "$key"
see "ends ${key: -4}"
people=$(family "$pid")
leave
left "a fresh home"
[ -z "$(ls -A "$HOME")" ] || fail "a fresh home: something was made: $(ls -A "$HOME")"
