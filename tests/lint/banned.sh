#!/usr/bin/env bash
# Functions that are never right here, and words that never land.
set -u
bad=0
ban() { # REGEX WHY
	local hits
	hits=$(git ls-files '*.c' '*.h' | xargs -r grep -nE -- "$1") && {
		echo "$hits"
		echo "^ $2"
		bad=1
	}
}
ban '\b(strcpy|strcat|sprintf|vsprintf|strncpy|strncat|strtok|gets|atoi|atol|alloca)\(' \
	'use struct str, struct buf, or strtol with checks'
ban '\b(TODO|FIXME|XXX)\b' 'an issue holds it, not the code'
hits=$(git ls-files '*.c' '*.h' ':!tests/' | xargs -r grep -nE '\b(system|popen|setenv|putenv)\(') && {
	echo "$hits"
	echo "^ no shell, ever; and glibc keeps what setenv() got for ever (security.md 2.5)"
	bad=1
}
hits=$(git ls-files 'base/*.c' 'crypto/*.c' 'store/*.c' 'provider/*.c' 'health/*.c' 'chat/*.c' 'wizard/*.c' |
	xargs -r grep -nE '\b(printf|puts|fputs|fprintf|exit|abort)\(') && {
	echo "$hits"
	echo "^ nothing below cli/ prints or exits"
	bad=1
}
exit $bad
