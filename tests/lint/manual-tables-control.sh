#!/usr/bin/env bash
# Positive control: manual-tables.sh and readme-screens.sh must refuse a tree in which one thing is
# missing, for each kind.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir "$tree/tests" "$tree/base"
cp -r cli wizard man README.md "$tree"
cp -r tests/vectors tests/golden "$tree/tests"
cp base/err.h "$tree/base"

# offend FILE SED-SCRIPT [TEST]: that one change alone must make the test fail
offend() {
	cp "$tree/$1" "$tree/before"
	sed -i "$2" "$tree/$1"
	if cmp -s "$tree/$1" "$tree/before"; then
		echo "the control changes nothing: $1 with $2"
		exit 1
	fi
	if "$here/${3:-manual-tables.sh}" "$tree" >/dev/null; then
		echo "not noticed: $1 with $2"
		exit 1
	fi
	mv "$tree/before" "$tree/$1"
}

# The manual lags behind the tables ...
offend man/thinkfleetbot.1 '/^\.Ss run$/d'
offend man/thinkfleetbot.1 '/^\.It Fl -warn-within/d'
offend man/thinkfleetbot.1 '/^\.It Fl -key-fd/d'
offend man/thinkfleetbot.1 '/^\.It Fl -state-dir/d'
offend man/thinkfleetbot.1 's/^\.It Fl -keep Ar how$/.It Fl -keep/'
offend man/thinkfleetbot.1 '/^\.It 76$/d'
offend man/thinkfleetbot.1 '/^\.It Ic \^T$/d'
offend man/thinkfleetbot.1 '/^\.It Ic o$/d'
# ... or ahead of them,
offend man/thinkfleetbot.1 's/^\.It Fl -deep$/.It Fl -deeper/'
offend man/thinkfleetbot.1 's/^\.It 65$/.It 68/'
# a table gets a row,
offend cli/cmd.c 's/^\t&cmd_run,$/&\n\t\&cmd_new,/'
offend cli/cmd_run.c 's/^static const struct opt opts.*/&\n\t{ "new", NULL, "new", OPT_FLAG, { 0 } },/'
offend cli/cmd_run.c 's/^static const struct opt opts.*/&\n\t{ "new",\n\t\t"NEW", "new", OPT_TEXT, { 0 } },/'
offend base/err.h 's/^\tX(CONFIG, 78/\tX(CONFIG, 79/'
offend wizard/panel.c 's/KEYS_NONE, .p., PANEL_PAUSE, "p"/KEYS_NONE, '"'P'"', PANEL_PAUSE, "P"/'
# the format changes,
offend man/thinkfleetbot-vault.5 's/^mac  .*/mac        ni_x/'
offend tests/vectors/example.key 's/.$/x/'
# or somebody promises what is not there.
# shellcheck disable=SC2016
offend README.md '$s/$/ `thinkfleetbot teleport`/'
# shellcheck disable=SC2016
offend README.md '$s/$/ `thinkfleetbot status --teleport`/'
offend README.md 's/Tab pane/Tab paint/' readme-screens.sh
offend README.md 's/^<!-- tests.*//' readme-screens.sh

"$here/manual-tables.sh" "$tree" && "$here/readme-screens.sh" "$tree"
