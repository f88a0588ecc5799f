#!/usr/bin/env bash
# Every shell script of the tree passes shellcheck. It reads what a script sources anew for each script; of
# the library that three dozen of them share, they see here only which names it has, from a folder that
# holds nothing else and so is asked first.
command -v shellcheck >/dev/null || exit 77
root=$PWD
shared=tests/e2e/lib.sh
names=$(mktemp -d)
trap 'rm -rf "$names"' EXIT
mkdir -p "$names/${shared%/*}"
{
	echo "set -e"
	sed -nE 's/^declare -A ([a-z_]+)=.*/declare -A \1=/p' "$shared"
	sed -nE 's/^[[:space:]]*(export )?([a-z_]+)=.*/\2=/p' "$shared" | sort -u
	grep -oE '\$\{?[a-z_]+' "$shared" | tr -d '${' | sort -u | sed 's/.*/echo "${&[@]:-}"/'
	sed -nE 's/^([a-z_]+)\(\) \{.*/\1() { :; }/p' "$shared"
} >"$names/$shared"
{
	git ls-files '*.sh' '*.bash'
	git ls-files | xargs awk 'FNR == 1 { if (/^#!.*[ \/](ba)?sh( |$)/) print FILENAME; nextfile }'
} | sort -u | sed "s|^|$root/|" |
	(cd "$names" && xargs -r shellcheck -x -P "$root" -S style -e SC1091,SC2016)
