#!/usr/bin/env bash
# Every command that help lists, in every rough place: a closed standard input, a pipe, no standard output, no
# HOME, no TERM, no environment, no room, a read-only state folder, LANG=C. It ends soon, with an exit status of
# the table, says why when it fails, and leaves every file whole.
# shellcheck disable=SC2015,SC2016,SC2119,SC2174,SC2317,SC2329 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
use_fresh_user # root may write anything

onboard_key anthropic "$(make_key)" --no-verify --model anthropic/claude-opus-4-5
ends_with 0 "a stored key"
new_key=$(make_openai_key)
# Something to remove, to import and to undo; what the places hand over is the passphrase of it all.
run_tfb models aliases add quick anthropic/claude-opus-4-5
run_tfb models fallbacks add anthropic/claude-opus-4-5
run_tfb models image-fallbacks add anthropic/claude-opus-4-5
run_tfb secrets slot add recovery --code-fd 1
ends_with 0 "a second slot"
run_tfb secrets export "$HOME/capsule" --passphrase-fd 3 --low-memory 3<<<"$new_key"
ends_with 0 "a capsule"
cp -a "$HOME" "$work/good"

# What each command gets so that it has something to do. The others need nothing.
declare -A words=(
	[onboard]="--non-interactive --provider openai --key-stdin --no-verify"
	[status]="--once"
	["models set"]="openai/gpt-5.2"
	["models set-image"]="openai/gpt-5.2"
	["models aliases add"]="fast openai/gpt-5.2"
	["models aliases remove"]="quick"
	["models fallbacks add"]="openai/gpt-5.2"
	["models fallbacks remove"]="anthropic/claude-opus-4-5"
	["models image-fallbacks add"]="openai/gpt-5.2"
	["models image-fallbacks remove"]="anthropic/claude-opus-4-5"
	["models auth add"]="--provider openai --key-stdin --no-verify"
	["models auth setup-token"]="--key-stdin --no-verify"
	["models auth paste-token"]="--provider openai --key-stdin --no-verify"
	["models auth explain"]="anthropic"
	["models auth rotate"]="anthropic:default --key-stdin --no-verify"
	["models auth remove"]="anthropic:default --yes anthropic:default"
	["models auth order get"]="--provider anthropic"
	["models auth order set"]="--provider anthropic anthropic:default"
	["models auth order clear"]="--provider anthropic"
	["models auth cooldown clear"]="--all"
	["secrets export"]="$state/capsule --passphrase-fd 0 --low-memory"
	["secrets import"]="$HOME/capsule --passphrase-fd 0 --yes"
	["secrets slot add"]="passphrase --new-passphrase-fd 0 --low-memory"
	["secrets slot remove"]="s2"
	["secrets rekey vault"]="--drop s2"
	[chat]="/model anthropic/claude-opus-4-5"
	[run]="-- true"
	[completion]="bash"
)
mapfile -t commands < <("$tfb" help | sed -n 's/^  \([a-z][a-z -]*[a-z]\)  .*/\1/p')
[ ${#commands[@]} -gt 40 ] || fail "help lists ${#commands[@]} commands"

# The exit statuses of the manual, and that of a command which asks on a terminal and gets no answer.
statuses=" 0 1 2 64 65 66 69 71 73 74 75 76 77 78 130 "

# --- the places ---------------------------------------------------------------------------------------------------

# Each runs "$@" with its standard streams; the program is in it. Output is in $work/out and $work/err.
closed_stdin() { "$@" <&- >"$work/out" 2>"$work/err"; }
piped() { # a program that does not read its input may end before that is written
	(trap '' PIPE && printf '%s\n' "$new_key" 2>/dev/null || true) |
		{ "$@" 2>"$work/err" || echo $? >"$work/rc"; } | cat >"$work/out"
	[ ! -e "$work/rc" ] || { rc=$(cat "$work/rc") && rm "$work/rc" && return "$rc"; }
}
closed_stdout() { : >"$work/out" && "$@" </dev/null >&- 2>"$work/err"; }
full_stdout() { : >"$work/out" && "$@" </dev/null >/dev/full 2>"$work/err"; }
no_home() { env -u HOME "$@" </dev/null >"$work/out" 2>"$work/err"; }
no_term() { env -u TERM "$@" </dev/null >"$work/out" 2>"$work/err"; }
no_environment() { env -i "$@" <<<"$new_key" >"$work/out" 2>"$work/err"; }
plain_c() { env -u LC_ALL LANG=C "$@" <<<"$new_key" >"$work/out" 2>"$work/err"; }
# A small disk in place of the home, filled to the last byte.
no_room() {
	local rc=0
	mount -t tmpfs -o "size=600k,mode=700,uid=$(id -u "$test_user"),gid=$(id -g "$test_user")" tfb "$HOME"
	cp -a "$work/good/." "$HOME"
	dd if=/dev/zero of="$HOME/filler" bs=4k 2>/dev/null || true
	"$@" <<<"$new_key" >"$work/out" 2>"$work/err" || rc=$?
	rm "$HOME/filler"
	diff -r -x .lock "$work/good" "$HOME" >"$work/diff" || echo "(the disk was full)" >>"$work/diff"
	umount "$HOME"
	[ ! -s "$work/diff" ] || fail "no_room: $*: files changed: $(cat "$work/diff")"
	return $rc
}
read_only() {
	local rc=0
	find "$state" "$HOME/.local" -type d -exec chmod a-w {} +
	"$@" <<<"$new_key" >"$work/out" 2>"$work/err" || rc=$?
	find "$state" "$HOME/.local" -type d -exec chmod u+w {} +
	return $rc
}
places=(closed_stdin piped closed_stdout full_stdout no_home no_term no_environment plain_c no_room read_only)

# Where a command cannot have written, the files are as they were; elsewhere each is whole and no other is left.
whole() { # PLACE COMMAND
	local file left
	case $1 in
	no_room) return ;;
	read_only)
		diff -r -x .lock "$work/good" "$HOME" >"$work/diff" || fail "$1: $2: files changed: $(cat "$work/diff")"
		return
		;;
	esac
	left=$(find "$HOME" -name '*.tmp*' -o -name '.tfb*' -o -name '*.new')
	[ -z "$left" ] || fail "$1: $2: left $left"
	for file in "$profiles" "$vault"; do
		[ ! -e "$file" ] || cmp -s "$file" "$work/good${file#"$HOME"}" || python3 -c 'import json,sys; json.load(open(sys.argv[1]))' "$file" ||
			fail "$1: $2: $file is not whole"
	done
}

judge() { # PLACE COMMAND STATUS
	[ "$3" != 64 ] || grep -qE 'handed over is empty|gave nothing|not an open descriptor|no key was given|nothing was stored' "$work/err" ||
		fail "$1: $2: this is no use of it: $(cat "$work/err")"
	case $statuses in
	*" $3 "*) ;;
	*) fail "$1: $2: exit status $3: $(tail -n 3 "$work/err")" ;;
	esac
	! grep -qE 'Sanitizer|runtime error|core dumped' "$work/err" || fail "$1: $2: $(cat "$work/err")"
	# --check and doctor say in their output what is wrong.
	[ "$3" = 0 ] || [ -s "$work/err" ] || [ -s "$work/out" ] || [ "$1" = closed_stdout ] || [ "$1" = full_stdout ] ||
		fail "$1: $2: status $3 without a word"
	if [ "$3" -ge 64 ] && [ "$3" -le 78 ]; then
		grep -q '^thinkfleetbot: error: ' "$work/err" || fail "$1: $2: status $3 and no error"
		grep -q '^thinkfleetbot: hint: ' "$work/err" || echo "$1: $2: no hint: $(cat "$work/err")" >>"$work/hints"
	fi
	case $3 in 0) [ "$1" != full_stdout ] || [ "$2" = run ] || fail "$1: $2: lost its output and said nothing" ;; esac
}

# The variant: some places for every day, all of them at night; or one by its name.
case ${3:-all} in
few) places=(closed_stdin no_environment no_room read_only) ;;
all) ;;
*) places=("$3") ;;
esac
for place in "${places[@]}"; do
	for command in "${commands[@]}"; do
		rc=0
		# shellcheck disable=SC2086
		"$place" "${runner[@]}" timeout -k 1 10 "$tfb" $command ${words[$command]:-} || rc=$?
		[ $rc != 124 ] && [ $rc != 137 ] || fail "$place: $command: it hangs"
		judge "$place" "$command" $rc
		whole "$place" "$command"
		if ! diff -r "$work/good" "$HOME" >/dev/null 2>&1; then
			fresh_home
			cp -a "$work/good/." "$HOME"
		fi
	done
	echo "$place: ${#commands[@]} commands"
done
[ ! -s "$work/hints" ] || fail "errors without a hint:
$(cat "$work/hints")"
