#!/usr/bin/env bash
# Every header compiles alone, and its guard is its path.
set -u
bad=0
for header in $(git ls-files '*.h'); do
	printf '#include "%s"\n' "$header" |
		${CC:-gcc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -I. -x c - || bad=1
	guard=$(echo "$header" | tr 'a-z/.-' 'A-Z___')
	grep -q "^#ifndef $guard\$" "$header" || {
		echo "$header: the guard is not $guard"
		bad=1
	}
done
exit $bad
