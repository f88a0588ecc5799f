#!/usr/bin/env bash
# The wizard is pure: its test programs link neither curses nor curl. Positive control: the program
# itself does link curses, so that an ldd which shows nothing cannot pass.
#   wizard_links.sh PROGRAM TEST-PROGRAM...
set -u
ldd "$1" | grep -q ncurses || {
	echo "control: $1 shows no ncurses"
	exit 1
}
shift
bad=0
for program; do
	if ldd "$program" | grep -E 'curses|curl'; then
		echo "$program links them"
		bad=1
	fi
done
exit $bad
