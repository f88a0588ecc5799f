#!/usr/bin/env bash
# Every shell script of the tree passes shellcheck.
command -v shellcheck >/dev/null || exit 77
{
	git ls-files '*.sh' '*.bash'
	git ls-files | while read -r file; do
		head -n 1 "$file" 2>/dev/null | grep -qE '^#!.*\b(ba)?sh\b' && echo "$file"
	done
} 2>/dev/null | sort -u | xargs -r shellcheck -x -S style -e SC1091,SC2016
