#!/usr/bin/env bash
# Every header compiles alone, and its guard is its path. One that a source file includes before anything
# else has shown the first with every build, so only the others are compiled here.
set -u
bad=0
first=$(git ls-files '*.c' | xargs awk '/^#include/ { print $2; nextfile }' | tr -d '"' | sort -u)
for header in $(git ls-files '*.h'); do
	grep -qxF "$header" <<<"$first" || printf '#include "%s"\n' "$header" |
		${CC:-gcc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I. -x c - || bad=1
	guard=${header^^}
	guard=${guard//[\/.-]/_}
	grep -q "^#ifndef $guard\$" "$header" || {
		echo "$header: the guard is not $guard"
		bad=1
	}
done
exit $bad
