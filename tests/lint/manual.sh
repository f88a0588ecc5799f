#!/usr/bin/env bash
# The manual pages are clean mdoc, and their references lead somewhere.
set -u
command -v mandoc >/dev/null || exit 77
mapfile -t pages < <(git ls-files 'man/*.[0-9]')
[ ${#pages[@]} -gt 0 ] || exit 77

# mandoc looks for what .Xr names in MANPATH: our own pages have to be there.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
for page in "${pages[@]}"; do
	mkdir -p "$tree/man${page##*.}"
	cp "$page" "$tree/man${page##*.}/"
done
makewhatis "$tree"

MANPATH=$tree mandoc -T lint -W style "${pages[@]}" || exit 1

# Positive control: a page with a wrong heading and a reference to nowhere is refused for both.
sed 's/^\.Sh EXAMPLES$/.Sh EXAMPLE/; s/thinkfleetbot-vault 5/thinkfleetbot-volt 5/' \
	man/thinkfleetbot.1 >"$tree/broken.1"
found=$(MANPATH=$tree mandoc -T lint -W style "$tree/broken.1")
[[ $found == *"EXAMPLE instead of EXAMPLES"* && $found == *thinkfleetbot-volt* ]] || {
	echo "manual.sh: the control page was not refused: $found"
	exit 1
}
