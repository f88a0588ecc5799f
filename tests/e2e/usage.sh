#!/usr/bin/env bash
# Each wrong use of every command that help lists ends with 64, an error and a hint, and touches nothing; and each
# exit status of the manual is that of something a person can run into.
# shellcheck disable=SC2016,SC2086,SC2119,SC2174,SC2317,SC2329 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# refused STATUS ARGUMENT...: with an error, a hint, and no file touched
refused() {
	local wanted=$1
	shift
	status=0
	"$tfb" "$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
	ends_with "$wanted" "$*"
	grep -q '^thinkfleetbot: error: ' "$work/err" || fail "$*: no error"
	grep -q '^thinkfleetbot: hint: ' "$work/err" || fail "$*: no hint: $(cat "$work/err")"
}

# --- wrong use ----------------------------------------------------------------------------------------------------

mapfile -t commands < <("$tfb" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p')
[ ${#commands[@]} -gt 40 ] || fail "help lists ${#commands[@]} commands"
before=$(home_state)
for command in "${commands[@]}"; do
	"$tfb" help $command >"$work/help"
	usage=$(head -n 1 "$work/help")
	[ "$command" = run ] || refused 64 $command --no-such-option
	refused 64 $command --help=yes
	refused 64 $command -x
	refused 64 $command --state-dir
	refused 64 $command --state-dir /tmp/a --state-dir /tmp/b
	refused 64 $command --token "$(make_token)"
	[ "$command" = run ] || [[ $usage == *@(PROFILE|MESSAGE)...* ]] || refused 64 $command a b c d e f g h i
	# Required words are those that usage shows without brackets.
	bare=$(sed "s/^usage: thinkfleetbot $command//; s/\[[^]]*\]*//g; s/[].|]//g" <<<"$usage" | tr -d ' ')
	[ -z "$bare" ] || [ "$command" = run ] || refused 64 $command
	# The first option that takes a value, without it; a flag with one.
	option=$(sed -n '/^Options:/,/^$/s/^  \(--[a-z-]*\) [A-Z].*/\1/p' "$work/help" | head -n 1)
	[ -z "$option" ] || refused 64 $command "$option"
	flag=$(sed -n '/^Options:/,/^$/s/^  \(--[a-z-]*\)   *[a-z].*/\1/p' "$work/help" | head -n 1)
	[ -z "$flag" ] || refused 64 $command "$flag=1"
done
refused 64 nonsense
refused 64 models nonsense
refused 64 --no-such-option
refused 64 help nonsense
unchanged "$before" "wrong use"

# --- each exit status of the manual ---------------------------------------------------------------------------------

reached=" "
# reach STATUS ARGUMENT...
reach() {
	local wanted=$1
	shift
	run_tfb "$@"
	ends_with "$wanted" "$*"
	[ "$wanted" -lt 64 ] || [ "$wanted" = 130 ] || grep -q '^thinkfleetbot: hint: ' "$work/err" || fail "$*: no hint"
	reached+="$wanted "
}

start_provider
umask 077
key=$(make_key)
reach 64 models status --json --plain
reach 1 models status --check
use_provider anthropic
onboard_key anthropic "$key"
ends_with 0 onboard
reach 0 models status --check
reach 0 models status
reach 66 models auth rotate anthropic:nobody --key-stdin <<<"$key"
printf '%s' "$(make_token)" >"$work/token"
run_tfb models auth paste-token --provider anthropic --expires-in 2h --key-file "$work/token" --no-verify
reach 2 models status --check
reach 77 onboard </dev/null
port=1
use_provider anthropic
cp "$vault" "$work/vault"
echo '{' >"$vault"
reach 65 secrets verify
cp "$work/vault" "$vault"
echo '{ agents: ' >"$config"
run_tfb models set openai/gpt-5.2
[ "$status" = 65 ] || [ "$status" = 78 ] || fail "a damaged configuration: $status"
reached+="$status "
use_provider anthropic
flock "$state/secrets/.lock" sleep 20 &
holder=$!
sleep 0.2
run_tfb models auth order set --provider anthropic anthropic:default
[ "$status" = 75 ] && reached+="75 "
kill $holder 2>/dev/null || true
status=0
"$tfb" help >/dev/full 2>"$work/err" || status=$?
ends_with 74 "a full disk under the output"
reached+="74 "
open_screen 80 24 xterm-256color "$tfb" onboard
see "${step_marks[start]}"
keys C-c
see "Leave setup?"
keys y
ended 130
reached+="130 "

missing=$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh /s/^\.It \([0-9]*\)$/\1/p' "$source_dir/man/thinkfleetbot.1" |
	while read -r number; do
		# 69: e2e.probe and e2e.check_codes; 71: fault.memory; 73: fault.errors; 76: unit.vault
		case "$reached 69 71 73 76 78 " in *" $number "*) ;; *) echo "$number" ;; esac
	done)
[ -z "$missing" ] || fail "no test reaches the exit status $missing"
