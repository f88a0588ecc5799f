#!/usr/bin/env bash
# Every form that asks a person, in every rough place: standard input closed or empty, standard output closed or
# a pipe, no HOME, no TERM, no environment; and, followed to the save, a full disk and a read-only state folder.
# Each asks or says why it cannot, ends as the manual says, leaves the terminal as it was and every file whole.
# shellcheck disable=SC2119 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
use_fresh_user # root may write anything
umask 077
start_provider
use_provider anthropic
key=$(make_key)
onboard_key anthropic "$key" --model anthropic/claude-opus-4-5
ends_with 0 "a stored key"
cp -a "$HOME" "$work/good"

# The form, what is on the screen when it asks, and when it asks line by line. "-": it only shows.
forms=(
	"onboard|Connect a model provider so|Connect a model provider so"
	"--plain onboard|Plain mode (--plain)|Plain mode (--plain)"
	"status|Status and doctor|-"
	"--plain status|-|-"
	"models auth add|Which provider do you want|Which provider do you want"
	"models auth paste-token --provider openai|Paste a token|Step 1 of 3: Paste."
	"models auth setup-token --paste|Paste a token|Step 1 of 3: Paste."
	"models auth rotate anthropic:default|Rotate a key|Paste the new API key for"
	"models auth remove anthropic:default|Type the profile's name|Type the profile's name"
	"doctor --fix|? [Y/n]|? [Y/n]"
	"secrets slot add passphrase|New passphrase|New passphrase"
	"secrets export $HOME/capsule|assphrase|assphrase"
)

# Each runs "$@" with something taken away. What follows is how it asks there: full, lines, or by what it still has.
on_screen() { open_screen 80 30 xterm-256color "$@"; }
in_closed() { on_screen bash -c 'exec "$@" <&-' - "$@"; }
in_empty() { on_screen bash -c 'exec "$@" </dev/null' - "$@"; }
out_closed() { on_screen bash -c 'exec "$@" >&-' - "$@"; }
out_pipe() { on_screen bash -c '"$@" | cat; exit "${PIPESTATUS[0]}"' - "$@"; }
no_home() { on_screen env -u HOME "$@"; }
no_term() { on_screen env -u TERM "$@"; }
no_environment() { on_screen env -i LC_ALL=C.UTF-8 "$@"; }
places=("in_closed -" "in_empty -" "out_closed lines" "out_pipe lines" "no_home full" "no_term lines" "no_environment lines")

# Whatever else happened: no file but what a look at the providers notes.
whole() { # WHAT
	diff -r -x .lock -x checks.json "$work/good" "$HOME" >"$work/diff" || fail "$1: files changed: $(cat "$work/diff")"
}
finished() { # WHAT STATUS...
	local what=$1 rc
	shift
	poll '[ -e "$work/status" ]' || fail "$what: it does not end"
	rc=$(cat "$work/status")
	cmp -s "$work/stty.before" "$work/stty.after" || fail "$what: stty differs"
	case " $* " in *" $rc "*) ;; *) fail "$what: exit status $rc, not $*: $(cat "$work/screen.err")" ;; esac
	[ "$rc" -lt 64 ] || [ "$rc" -gt 78 ] || grep -q '^thinkfleetbot: hint: ' "$work/screen.err" || fail "$what: no hint"
	grep -qE 'Sanitizer|runtime error' "$work/screen.err" && fail "$what: $(cat "$work/screen.err")"
	whole "$what"
}
# It asks: it is left, and nothing was done.
leave() { # WHAT MARK STATUS...
	local what=$1 mark=$2
	shift 2
	poll '[[ $(screen; cat "$work/screen.err") == *"$mark"* ]]' || fail "$what: never saw: $mark"
	keys C-c
	poll '[ -e "$work/status" ] || [[ $(screen) == *"Leave setup?"* ]]' || fail "$what: ^C does nothing"
	[ -e "$work/status" ] || keys y
	finished "$what" "$@"
}

# Without a terminal to ask on it does what is safe; with one it asks first.
leave_doctor() { # WHAT
	poll '[ -e "$work/status" ] || [[ $(screen; cat "$work/screen.err") == *"? [Y/n]"* ]]' || fail "$1: no question"
	[ -e "$work/status" ] || keys C-c
	finished "$1" 0 1 130
}

for place in "${places[@]}"; do
	read -r place how <<<"$place"
	for form in "${forms[@]}"; do
		IFS='|' read -r command full lines <<<"$form"
		what="$place: $command"
		mark=$lines
		[ "$how" != full ] || mark=$full
		chmod 644 "$profiles" # what the doctor asks about
		# shellcheck disable=SC2086
		"$place" "$tfb" $command
		case $how:$command in
		-:*remove* | -:*"slot add"* | -:*export*) leave "$what" "$lines" 130 ;; # they ask on the terminal itself
		-:"--plain onboard") finished "$what" 130 ;;
		*:"doctor --fix") leave_doctor "$what" ;;
		-:*status | *:"--plain status" | lines:status) finished "$what" 0 ;;
		-:*) finished "$what" 64 77 ;;
		*:status) leave "$what" "$mark" 0 ;;
		*) leave "$what" "$mark" 130 ;;
		esac
	done
	echo "$place: ${#forms[@]} forms"
done

# --- followed to the save, which cannot be done ---------------------------------------------------------------------

chmod 600 "$profiles"
other=$(make_key)
# told WHAT TEXT...: the save failed, says so, and the person leaves
told() {
	local what=$1
	shift
	see "$@"
	keys C-c
	poll '[ -e "$work/status" ] || [[ $(screen) == *"Leave setup?"* ]]' || fail "$what: ^C does nothing"
	[ -e "$work/status" ] || keys y
	finished "$what" 130 74 77
}
# Each form to its end; what has to be said there.
to_the_end() { # PLACE TEXT...
	local place=$1
	shift
	on_screen "$tfb" onboard
	walk_to_review
	keys Enter
	told "$place: onboard" "Could not finish" "$@"
	on_screen "$tfb" models auth rotate anthropic:default
	see "Paste the new API key"
	paste "$other"
	see "${other: -4}"
	keys Enter
	see "Verified with"
	keys Enter
	see "Review. Enter writes"
	keys Enter
	told "$place: rotate" "Could not finish" "$@"
	on_screen "$tfb" --plain models auth rotate anthropic:default
	see "not shown"
	type_text "$other"
	keys Enter
	see "Write these changes?"
	type_text yes
	keys Enter
	told "$place: rotate, line by line" "$@"
	on_screen "$tfb" models auth remove anthropic:default
	see "Type the profile's name"
	type_text anthropic:default
	keys Enter
	poll '[ -e "$work/status" ]' || fail "$place: remove: it does not end"
	grep -qF -- "$1" "$work/screen.err" || fail "$place: remove: $(cat "$work/screen.err")"
	finished "$place: remove" 73 74 77
}
walk_to_review() { # with the second method, an API key
	see "${step_marks[start]}"
	keys Enter
	see "${step_marks[provider]}"
	keys Enter
	see "${step_marks[method]}"
	keys 2
	see "${step_marks[secret]}"
	paste "$other"
	see "${other: -4}"
	keys Enter
	see "${step_marks[check]}"
	keys Enter
	see "${step_marks[protect]}"
	keys Enter
	see "${step_marks[model]}"
	keys Enter
	see "${step_marks[review]}"
}

find "$state" "$HOME/.local" -type d -exec chmod a-w {} +
to_the_end "read-only" "Permission denied" "ls -ld"
find "$state" "$HOME/.local" -type d -exec chmod u+w {} +

mount -t tmpfs -o "size=900k,mode=700,uid=$(id -u "$test_user"),gid=$(id -g "$test_user")" tfb "$HOME"
cp -a "$work/good/." "$HOME"
dd if=/dev/zero of="$HOME/filler" bs=4k 2>/dev/null || true
cp "$HOME/filler" "$work/good/filler"
to_the_end "full disk" "No space left on device" "free some space"
umount "$HOME"
