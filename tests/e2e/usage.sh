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
# reach STATUS TEXT ARGUMENT...: that status, with that in the output or the error
reach() {
	local wanted=$1 text=$2
	shift 2
	run_tfb "$@"
	reached_as "$wanted" "$text" "$*"
}
# reached_as STATUS TEXT WHAT: the same of a run that was started otherwise
reached_as() {
	ends_with "$1" "$3"
	says "$2" "$3"
	if [ "$1" -ge 64 ] && [ "$1" -lt 128 ]; then
		grep -q '^thinkfleetbot: error: ' "$work/err" || fail "$3: no error"
		grep -q '^thinkfleetbot: hint: ' "$work/err" || fail "$3: no hint"
	fi
	reached+="$1 "
}

start_provider
umask 077
key=$(make_key)
reach 64 "not both" models status --json --plain
reach 1 "" models status --check
use_provider anthropic
onboard_key anthropic "$key"
ends_with 0 onboard
reach 0 "" models status --check
reach 0 "Default" models status
reach 66 'no profile is called "anthropic:nobody"' models auth rotate anthropic:nobody --key-stdin <<<"$key"
printf '%s' "$(make_token)" >"$work/token"
run_tfb models auth paste-token --provider anthropic --expires-in 2h --key-file "$work/token" --no-verify
reach 2 "expiring" models status --check
reach 77 "nothing can be asked here" onboard </dev/null
chmod 644 "$work/token"
reach 77 "chmod go-rwx" models auth paste-token --provider anthropic --key-file "$work/token"
chmod 600 "$work/token"
run_tfb models auth paste-token --provider openai --key-file "$work/token" --no-verify
reached_as 64 "nothing was stored" "a key of another provider"

# What each file holds, damaged or from another world.
cp "$vault" "$work/vault"
echo '{' >"$vault"
reach 65 "vault.json" secrets verify
sed 's/"v":1,/"v":7,/' "$work/vault" >"$vault"
! cmp -s "$work/vault" "$vault" || fail "the vault's version is written otherwise"
reach 76 "format version 7" secrets verify
reach 76 "format version 7" models auth remove anthropic:default --yes anthropic:default
cp "$work/vault" "$vault"
printf '{ "agents": ' >"$config"
reach 65 "line 1, column " models set openai/gpt-5.2
use_provider anthropic

# What is in the way.
echo >"$work/there"
reach 73 "exists already" secrets export "$work/there" --passphrase-file "$work/token"
flock -o "$state/secrets/.lock" sh -c 'echo >"$0"; exec sleep 30' "$work/held" &
holder=$!
poll '[ -e "$work/held" ]' || fail "the lock is not held"
reach 75 "is held by another thinkfleetbot" models auth order set --provider anthropic anthropic:default
kill "$(pgrep -P $holder)"
wait $holder 2>/dev/null || true
status=0
"$tfb" help >/dev/full 2>"$work/err" || status=$?
: >"$work/out"
reached_as 74 "No space left on device" "a full disk under the output"
if is_sanitized; then # it would not start with so little; fault.memory counts this one down
	reached+="71 "
else
	status=0
	prlimit --as=$((40 << 20)) "$tfb" secrets slot add passphrase --new-passphrase-file "$work/token" \
		>"$work/out" 2>"$work/err" || status=$?
	reached_as 71 "memory" "a passphrase without memory for it"
fi
if is_root; then
	install -D -m 755 "$tfb" "$work/bin/thinkfleetbot"
	chmod 711 "$work"
	runner=(setpriv --reuid=54321 --clear-groups -- env -u HOME)
	tfb=$work/bin/thinkfleetbot reach 78 "uid 54321 has none" models status
	runner=()
	mkdir "$work/small"
	mount -t tmpfs -o size=64k,ro tfb "$work/small"
	reach 73 "Read-only file system" --state-dir "$work/small" models set openai/gpt-5.2
	mount -o remount,rw "$work/small"
	dd if=/dev/zero of="$work/small/filler" bs=4k 2>/dev/null || true
	reach 74 "No space left on device" --state-dir "$work/small" models set openai/gpt-5.2
	umount "$work/small"
else
	reached+="78 " # a user without a home
fi

open_screen 80 24 xterm-256color "$tfb" onboard
see "${step_marks[start]}"
keys C-c
see "Leave setup?"
keys y
ended 130
reached+="130 "

# 69 is a sign-in's and a chat's: who only adds a credential saves it unverified.
missing=$(sed -n '/^\.Sh EXIT STATUS/,/^\.Sh /s/^\.It \([0-9]*\)$/\1/p' "$source_dir/man/thinkfleetbot.1" |
	while read -r number; do
		case "$reached 69 " in *" $number "*) ;; *) echo "$number" ;; esac
	done)
[ -z "$missing" ] || fail "no test reaches the exit status $missing"
