#!/usr/bin/env bash
# T9 where a person types: the wizard with its live check, and the panel with a recheck, in a terminal
# (tmux) under the tracer. Every process is searched when it ends: the program, the probe, the resolver.
# The shapes that are looked for, and the control that they are found, are those of scan.py.
#   screens.sh BIN-FOLDER SOURCE-FOLDER
# shellcheck disable=SC2016,SC2119,SC2154 source=tests/e2e/lib.sh
source "$(dirname "$0")/../e2e/lib.sh"

is_root || skip "reading the memory of an undumpable process takes root"
is_sanitized && skip "a sanitizer's quarantine keeps what was freed"
command -v tmux >/dev/null || skip "tmux is missing"
scan=(python3 -B "$source_dir/tests/fault/scan.py" "$bin")

begin() { # NAME SECRETS-FILE COMMAND...: on the screen, under the tracer
	name=$1
	"${scan[@]}" --needles "$2" "$work/needles"
	shift 2
	rm -f "$work/report"
	open_screen 80 24 xterm-256color "$bin/fault_trace" --report "$work/report" scan "$work/needles" -- "$@"
}

judge() { # PROCESSES: at least so many were searched
	poll '[ -e "$work/status" ]' || fail "$name: it did not end"
	poll '[ -s "$work/report" ]' || fail "$name: no report"
	"${scan[@]}" --judge "$name" "$work/report" "$1" || fail "$name: a copy of a secret is left"
}

start_provider
use_provider anthropic
key=$(make_token)
printf '%s\n' "$key" >"$work/secrets"
begin "wizard with a live check" "$work/secrets" "$tfb" onboard
walk "$key" panel
see "✓ ok"
keys q
judge 3

# The panel opens the vault for its rechecks: the key of the key file counts too.
sed -n 's/^tfkey1_\([A-Za-z0-9_-]*\)_[A-Za-z0-9_-]\{8\}$/\1/p' \
	"$HOME"/.local/share/thinkfleetbot/keys/*.key >>"$work/secrets"
[ "$(wc -l <"$work/secrets")" = 2 ] || fail "no key file"
begin "panel with a recheck" "$work/secrets" "$tfb" status
see "Status and doctor  "
keys r
poll '[ "$(wc -l <"$work/provider.log")" -ge 2 ]' || fail "the provider was not asked"
see "✓ ok"
keys q
judge 2
