#!/usr/bin/env bash
# Completion in the real shells: commands, options, providers, and profiles with their colons.
# shellcheck disable=SC2016 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

onboard_key anthropic "$(make_key)" --no-verify
ends_with 0 "a profile"
export PATH=$bin:$PATH

# in_bash LINE WANTED: what bash would put in place of what follows the last colon
in_bash() {
	local got
	got=$(bash --norc -c 'source <(thinkfleetbot completion bash)
		compopt() { echo "compopt $*"; }
		COMP_LINE=$1 COMP_POINT=${#1}
		_thinkfleetbot
		echo "${COMPREPLY[*]}"' bash "$1" | sed '/^$/d')
	[ "$got" = "$2" ] || fail "bash completes \"$1\" to \"$got\", not to \"$2\""
}
in_bash "thinkfleetbot models auth o" order
in_bash "thinkfleetbot doctor --fi" --fix
in_bash "thinkfleetbot models auth rotate anth" anthropic:default
in_bash "thinkfleetbot models auth rotate anthropic:d" default
in_bash "thinkfleetbot secrets import " "compopt -o default"
in_bash "thinkfleetbot nonsense " ""

if command -v fish >/dev/null; then
	got=$(fish -c 'thinkfleetbot completion fish | source
		complete -C "thinkfleetbot models auth rotate anthropic:d"' | cut -f1)
	[ "$got" = anthropic:default ] || fail "fish completes a profile to \"$got\""
fi
if command -v zsh >/dev/null; then
	thinkfleetbot completion zsh >"$work/_thinkfleetbot"
	zsh -n "$work/_thinkfleetbot" || fail "zsh does not read its script"
fi

# What is asked at every Tab neither writes nor says anything on stderr, even for a damaged store.
find "$HOME" -type f -exec sha256sum {} + | sort >"$work/before"
cp "$profiles" "$work/good"
echo '{' >"$profiles"
run_tfb completion words -- models auth rotate ""
ends_with 0 "a damaged store"
[ ! -s "$work/err" ] || fail "completion writes to stderr"
cp "$work/good" "$profiles"
find "$HOME" -type f -exec sha256sum {} + | sort | diff "$work/before" - || fail "completion changed a file"
run_tfb completion tcsh
ends_with 64 "a shell that is not known"
